/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/mem/section.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/api/nt/file/file.h"
#include "layer/api/nt/mem/section_image.h"
#include "layer/api/nt/mem/section_share.h"
#include "layer/api/nt/object/shared.h"

/* Of a file that grows up to the size. */
static NTSTATUS
of_file(HANDLE h, uint64_t *size, DWORD protect, struct file **file)
{
	int fd;
	struct stat st;
	NTSTATUS s = file_descriptor(h, file, &fd);
	if (s < 0)
		return s;
	bool write = vm_prot(protect) & PROT_WRITE &&
	             !((protect & 0xff) & (PAGE_WRITECOPY | PAGE_EXECUTE_WRITECOPY));
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		s = STATUS_INVALID_FILE_FOR_SECTION;
	else if (!((*file)->access & FILE_READ_DATA) ||
	         (write && !((*file)->access & FILE_WRITE_DATA)))
		s = STATUS_ACCESS_DENIED;
	else if (!*size && !st.st_size)
		s = STATUS_MAPPED_FILE_SIZE_ZERO;
	else if (!*size)
		*size = (uint64_t)st.st_size;
	else if (*size > (uint64_t)st.st_size && !write)
		s = STATUS_SECTION_TOO_BIG;
	else if (*size > (uint64_t)st.st_size && ftruncate(fd, (off_t)*size) < 0)
		s = errno == EFBIG || errno == EINVAL ? STATUS_SECTION_TOO_BIG
		                                      : status_errno(errno);
	if (s < 0) {
		object_unref(&(*file)->object);
		*file = NULL;
	}
	return s;
}

NTSTATUS
section_new(HANDLE h, uint64_t size, DWORD protect, DWORD attributes, struct object **out)
{
	DWORD kind = attributes & (SEC_IMAGE | SEC_RESERVE | SEC_COMMIT);
	DWORD known = SEC_IMAGE | SEC_RESERVE | SEC_COMMIT | SEC_NOCACHE | SEC_WRITECOMBINE |
	              SEC_FILE | (DWORD)SEC_LARGE_PAGES;
	DWORD base = protect & 0xff;
	if (vm_prot(protect) < 0 || base == PAGE_NOACCESS || protect & PAGE_GUARD)
		return STATUS_INVALID_PAGE_PROTECTION;
	if (attributes & ~known || (kind & (kind - 1)) || size > (uint64_t)INT64_MAX)
		return STATUS_INVALID_PARAMETER;
	if (attributes & (DWORD)SEC_LARGE_PAGES)
		return STATUS_PRIVILEGE_NOT_HELD;
	if (kind == SEC_IMAGE && !h)
		return STATUS_INVALID_FILE_FOR_SECTION;
	struct section *x = calloc(1, sizeof *x);
	if (!x)
		return STATUS_NO_MEMORY;
	*x = (struct section){ .fd = -1, .protect = protect, .attributes = attributes };
	NTSTATUS s = STATUS_SUCCESS;
	if (h) {
		s = of_file(h, &size, protect, &x->file);
		x->fd = x->file ? x->file->fd : -1;
		x->attributes |= SEC_FILE;
		if (s >= 0 && kind == SEC_IMAGE)
			s = section_image_make(x->fd, &x->fd, &size);
	} else if (!size) {
		s = STATUS_INVALID_PARAMETER;
	} else {
		x->fd = memfd_create("section", MFD_CLOEXEC);
		if (x->fd < 0)
			s = status_errno(errno);
		else if (ftruncate(x->fd,
		                   (off_t)((size + VM_PAGE - 1) & ~(uint64_t)(VM_PAGE - 1))) < 0)
			s = STATUS_COMMITMENT_LIMIT;
	}
	if (s < 0) {
		if (x->file)
			object_unref(&x->file->object);
		else if (x->fd >= 0)
			close(x->fd);
		free(x);
		return s;
	}
	x->size = size;
	object_init(&x->object, &section_class, 0);
	*out = &x->object;
	return STATUS_SUCCESS;
}

static void
destroy(struct object *o)
{
	struct section *x = (struct section *)o;
	if (!x->file || x->attributes & SEC_IMAGE)
		close(x->fd);
	if (x->file)
		object_unref(&x->file->object);
	section_share_leave(x);
	vm_pages_free(&x->pages);
	free(x);
}

static bool
give(struct object *o, struct inherit *i)
{
	struct section *x = (struct section *)o;
	atomic_store(&x->elsewhere, true);
	if (x->thing) {
		shared_use(x->thing, i->child);
		i->number[3] = shared_number(x->thing);
	}
	i->fd[0] = x->fd;
	i->number[0] = x->size;
	i->number[1] = x->protect;
	i->number[2] = x->attributes;
	return true;
}

static struct object *
remake(const struct inherit *i)
{
	struct section *x = calloc(1, sizeof *x);
	if (!x)
		return NULL;
	*x = (struct section){
		.elsewhere = true,
		.fd = i->fd[0],
		.size = i->number[0],
		.protect = (DWORD)i->number[1],
		.attributes = (DWORD)i->number[2],
		.thing = shared_at(i->number[3], SHARED_SECTION),
	};
	if (x->thing)
		shared_use(x->thing, shared_index());
	object_init(&x->object, &section_class, 0);
	return &x->object;
}

/* The name goes with the last handle, also while there are views. */
static void
closed(struct object *o)
{
	section_share_closed((struct section *)o);
}

const struct object_class section_class = {
	.name = "Section",
	.destroy = destroy,
	.close = closed,
	.give = give,
	.remake = remake,
};

/* The whole of an image, whatever rights were asked for: it has its own. */
static NTSTATUS
map_image(struct section *x, void **base, uint64_t offset, SIZE_T *size,
          const struct vm_where *where)
{
	struct vm_view v = { .section = &x->object,
		             .fd = x->fd,
		             .copy = true,
		             .image = true,
		             .most = PAGE_EXECUTE_WRITECOPY };
	struct object *held;
	if (offset || *size > x->size)
		return STATUS_INVALID_VIEW_SIZE;
	bool anywhere = !*base;
	if (anywhere && !where)
		*base = (void *)(uintptr_t)section_image_base(x->fd);
	object_ref(&x->object);
	SIZE_T n = x->size;
	NTSTATUS s = vm_map(base, &n, 0, PAGE_EXECUTE_WRITECOPY, where, &v);
	if (s < 0 && anywhere) {
		*base = NULL;
		n = x->size;
		s = vm_map(base, &n, 0, PAGE_EXECUTE_WRITECOPY, where, &v);
	}
	if (s < 0) {
		object_unref(&x->object);
		return s;
	}
	*size = n;
	s = section_image_settle(*base, n);
	if (s < 0 && vm_unmap(*base, false, &held) >= 0 && held)
		object_unref(held);
	return s;
}

NTSTATUS
section_map(struct object *o, void **base, uint64_t offset, SIZE_T *size, DWORD type, DWORD protect,
            const struct vm_where *where)
{
	struct section *x = (struct section *)o;
	DWORD b = protect & 0xff;
	bool copy = b == PAGE_WRITECOPY || b == PAGE_EXECUTE_WRITECOPY;
	uint64_t grain = type & MEM_REPLACE_PLACEHOLDER ? VM_PAGE : VM_GRAIN;
	if (vm_prot(protect) < 0 || protect & PAGE_GUARD)
		return STATUS_INVALID_PAGE_PROTECTION;
	if (x->attributes & SEC_IMAGE)
		return map_image(x, base, offset, size, where);
	int prot = vm_prot(protect), most = vm_prot(x->protect);
	bool readonly =
	        !(most & PROT_WRITE) || x->protect & (PAGE_WRITECOPY | PAGE_EXECUTE_WRITECOPY);
	if ((prot & PROT_WRITE && !copy && readonly) || (prot & PROT_EXEC && !(most & PROT_EXEC)))
		return STATUS_SECTION_PROTECTION;
	if (offset % grain || (uint64_t)*base % grain)
		return STATUS_MAPPED_ALIGNMENT;
	if (offset >= x->size)
		return STATUS_INVALID_VIEW_SIZE;
	uint64_t whole = (x->size + VM_PAGE - 1) & ~(uint64_t)(VM_PAGE - 1);
	SIZE_T n = *size ? *size : x->size - offset;
	if (n > whole - offset)
		return STATUS_INVALID_VIEW_SIZE;
	struct vm_view v = {
		.section = o,
		.fd = x->fd,
		.offset = offset,
		.copy = copy,
		.most = readonly && !copy ? (most & PROT_EXEC ? PAGE_EXECUTE_READ : PAGE_READONLY)
		                          : x->protect,
	};
	/* What another process has committed we do not know; the host gives a page when it is
	 * touched, so all of a section that others may have are committed from the beginning. */
	if (x->attributes & SEC_RESERVE && !x->file) {
		type |= MEM_RESERVE;
		v.pages = x->thing || atomic_load(&x->elsewhere) ? NULL : &x->pages;
	}
	object_ref(o);
	NTSTATUS s = vm_map(base, &n, type, protect, where, &v);
	if (s < 0) {
		object_unref(o);
		return s;
	}
	*size = n;
	return s;
}

NTSTATUS
section_unmap(void *address, bool placeholder)
{
	struct object *o;
	NTSTATUS s = vm_unmap(address, placeholder, &o);
	if (o)
		object_unref(o);
	return s;
}

NTSTATUS
section_flush(const void *address, SIZE_T *size)
{
	void *base;
	SIZE_T whole;
	struct object *o;
	NTSTATUS s = vm_view_at(address, &base, &whole, &o);
	if (s < 0)
		return s;
	uintptr_t from = (uintptr_t)address & ~(uintptr_t)(VM_PAGE - 1),
	          end = (uintptr_t)base + whole;
	uintptr_t to = *size && *size < end - (uintptr_t)address ? (uintptr_t)address + *size : end;
	/* FlushViewOfFile starts the writing and does not wait for the disk. */
	if (msync((void *)from, to - from, MS_ASYNC) < 0)
		s = status_errno(errno);
	*size = to - from;
	object_unref(o);
	return s;
}

NTSTATUS
section_extend(struct object *o, uint64_t *size)
{
	struct section *x = (struct section *)o;
	if (x->size >= *size) {
		*size = x->size;
		return STATUS_SUCCESS;
	}
	if (!x->file || !(vm_prot(x->protect) & PROT_WRITE))
		return STATUS_SECTION_NOT_EXTENDED;
	struct stat st;
	if (fstat(x->fd, &st) < 0)
		return status_errno(errno);
	if ((uint64_t)st.st_size < *size && ftruncate(x->fd, (off_t)*size) < 0)
		return STATUS_SECTION_NOT_EXTENDED;
	x->size = *size;
	return STATUS_SUCCESS;
}

char *
section_path(const void *address)
{
	void *base;
	SIZE_T size;
	struct object *o;
	if (vm_view_at(address, &base, &size, &o) < 0)
		return NULL;
	struct file *f = ((struct section *)o)->file;
	char *path = NULL;
	if (f) {
		pthread_mutex_lock(&f->lock);
		path = f->path ? strdup(f->path) : NULL;
		pthread_mutex_unlock(&f->lock);
	}
	object_unref(o);
	return path;
}
