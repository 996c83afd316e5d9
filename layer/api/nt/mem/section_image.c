/* SPDX-License-Identifier: Apache-2.0 */
/* "PE Format" of Microsoft's documentation. */
#include "layer/api/nt/mem/section_image.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/api/nt/image/pe.h"
#include "layer/api/nt/mem/vm.h"

enum { OPTIONAL = 24, SECTION = 40, MOST_SIZE = 1 << 30, RELOC_HIGHLOW = 3, RELOC_DIR64 = 10 };

/* What of the headers is needed, checked against their size and the image's. */
struct layout {
	bool wide; /* PE32+ */
	uint64_t base;
	uint32_t size, headers;
	uint32_t reloc, reloc_size;
	uint32_t table; /* of the sections, in the headers */
	uint16_t n;
};

struct part {
	uint32_t size, rva, file_size, offset, flags;
};

static uint32_t
get(const uint8_t *p, int bytes)
{
	uint32_t v = 0;
	memcpy(&v, p, (size_t)bytes);
	return v;
}

static bool
read_layout(const uint8_t *head, size_t n, struct layout *l)
{
	if (n < 64 || get(head, 2) != 0x5a4d)
		return false;
	uint32_t at = get(head + 0x3c, 4);
	if (at > n - OPTIONAL || at + OPTIONAL + 120 > n || get(head + at, 4) != 0x4550)
		return false;
	const uint8_t *o = head + at + OPTIONAL;
	uint32_t magic = get(o, 2), optional = get(head + at + 20, 2);
	if ((magic != 0x10b && magic != 0x20b) || optional < 96)
		return false;
	*l = (struct layout){ .wide = magic == 0x20b,
		              .size = get(o + 56, 4),
		              .headers = get(o + 60, 4),
		              .table = at + OPTIONAL + optional,
		              .n = (uint16_t)get(head + at + 6, 2) };
	memcpy(&l->base, o + (l->wide ? 24 : 28), l->wide ? 8 : 4);
	uint32_t count = get(o + (l->wide ? 108 : 92), 4), from = l->wide ? 112 : 96;
	if (count > PE_RELOC && from + (PE_RELOC + 1) * 8 <= optional &&
	    at + OPTIONAL + optional <= n) {
		l->reloc = get(o + from + PE_RELOC * 8, 4);
		l->reloc_size = get(o + from + PE_RELOC * 8 + 4, 4);
	}
	return l->size && l->size <= MOST_SIZE && l->headers <= n && l->headers <= l->size &&
	       l->n <= PE_MOST_SECTIONS && l->table + (uint64_t)l->n * SECTION <= l->headers &&
	       (uint64_t)l->reloc + l->reloc_size <= l->size;
}

static bool
read_part(const uint8_t *head, const struct layout *l, unsigned i, struct part *p)
{
	const uint8_t *s = head + l->table + i * SECTION;
	*p = (struct part){ get(s + 8, 4), get(s + 12, 4), get(s + 16, 4), get(s + 20, 4),
		            get(s + 36, 4) };
	if (!p->size)
		p->size = p->file_size;
	if (p->file_size > ((p->size + VM_PAGE - 1) & ~(uint32_t)(VM_PAGE - 1)))
		p->file_size = (p->size + VM_PAGE - 1) & ~(uint32_t)(VM_PAGE - 1);
	return p->rva % VM_PAGE == 0 && p->rva >= l->headers &&
	       (uint64_t)p->rva + p->size <= l->size &&
	       (uint64_t)p->rva + p->file_size <=
	               ((uint64_t)l->size + VM_PAGE - 1) / VM_PAGE * VM_PAGE;
}

static NTSTATUS
lay_out(int fd, int memory, const uint8_t *head, const struct layout *l, uint64_t size)
{
	NTSTATUS status = STATUS_SUCCESS;
	char *to = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	if (to == MAP_FAILED)
		return STATUS_NO_MEMORY;
	memcpy(to, head, l->headers);
	for (unsigned i = 0; i < l->n && status >= 0; i++) {
		struct part p;
		if (!read_part(head, l, i, &p)) {
			status = STATUS_INVALID_IMAGE_FORMAT;
			break;
		}
		/* what the file does not have is zero */
		for (uint32_t done = 0; done < p.file_size;) {
			ssize_t k = pread(fd, to + p.rva + done, p.file_size - done,
			                  (off_t)p.offset + done);
			if (k <= 0)
				break;
			done += (uint32_t)k;
		}
	}
	munmap(to, size);
	return status;
}

NTSTATUS
section_image_make(int fd, int *memory, uint64_t *size)
{
	struct layout l;
	struct stat st;
	uint8_t *head = malloc(PE_MOST_HEADERS);
	ssize_t n = head && fstat(fd, &st) == 0 ? pread(fd, head, PE_MOST_HEADERS, 0) : -1;
	NTSTATUS s = !head                                        ? STATUS_NO_MEMORY
	             : n < 0 || !read_layout(head, (size_t)n, &l) ? STATUS_INVALID_IMAGE_FORMAT
	                                                          : STATUS_SUCCESS;
	*memory = -1;
	if (s >= 0) {
		*size = ((uint64_t)l.size + VM_PAGE - 1) / VM_PAGE * VM_PAGE;
		*memory = memfd_create("image", MFD_CLOEXEC);
		s = *memory < 0 || ftruncate(*memory, (off_t)*size) < 0
		            ? STATUS_COMMITMENT_LIMIT
		            : lay_out(fd, *memory, head, &l, *size);
	}
	if (s < 0 && *memory >= 0) {
		close(*memory);
		*memory = -1;
	}
	free(head);
	return s;
}

uint64_t
section_image_base(int memory)
{
	uint8_t head[4096];
	struct layout l;
	uint32_t at;
	uint64_t base = 0;
	if (pread(memory, head, sizeof head, 0) != sizeof head)
		return 0;
	memcpy(&at, head + 0x3c, 4);
	if (at > sizeof head - OPTIONAL - 64)
		return 0;
	l.wide = get(head + at + OPTIONAL, 2) == 0x20b;
	memcpy(&base, head + at + OPTIONAL + (l.wide ? 24 : 28), l.wide ? 8 : 4);
	return base % VM_GRAIN ? 0 : base;
}

/* Blocks of a page each.  What reaches outside is left alone. */
static void
relocate(uint8_t *base, const struct layout *l)
{
	uint64_t delta = (uintptr_t)base - l->base;
	for (uint32_t at = l->reloc, end = l->reloc + l->reloc_size; end - at >= 8;) {
		uint32_t page = get(base + at, 4), size = get(base + at + 4, 4);
		if (size < 8 || size > end - at)
			return;
		for (uint32_t i = 8; i + 2 <= size; i += 2) {
			uint32_t entry = get(base + at + i, 2);
			uint64_t where = (uint64_t)page + (entry & 0xfff), v = 0;
			size_t bytes = entry >> 12 == RELOC_DIR64     ? 8
			               : entry >> 12 == RELOC_HIGHLOW ? 4
			                                              : 0;
			if (!bytes || where + bytes > l->size)
				continue;
			memcpy(&v, base + where, bytes);
			v += delta;
			memcpy(base + where, &v, bytes);
		}
		at += size;
	}
}

static NTSTATUS
give_rights(uint8_t *base, uint32_t rva, uint32_t size, uint32_t flags)
{
	bool w = flags & (uint32_t)PE_SCN_WRITE, x = flags & PE_SCN_EXECUTE;
	void *at = base + rva;
	SIZE_T n = size;
	DWORD old;
	return size ? vm_protect(&at, &n,
	                         x   ? (w ? PAGE_EXECUTE_WRITECOPY : PAGE_EXECUTE_READ)
	                         : w ? PAGE_WRITECOPY
	                             : PAGE_READONLY,
	                         &old)
	            : STATUS_SUCCESS;
}

NTSTATUS
section_image_settle(void *view, uint64_t size)
{
	struct layout l;
	uint8_t *base = view;
	size_t n = size < PE_MOST_HEADERS ? size : PE_MOST_HEADERS;
	if (!read_layout(base, n, &l) || l.size > size)
		return STATUS_INVALID_IMAGE_FORMAT;
	bool moved = (uintptr_t)base != l.base;
	/* the headers may be written by a relocation that lies: what is needed is taken before */
	struct part *parts = calloc(l.n + 1u, sizeof *parts);
	if (!parts)
		return STATUS_NO_MEMORY;
	for (unsigned i = 0; i < l.n; i++)
		if (!read_part(base, &l, i, &parts[i]))
			parts[i].size = 0;
	if (moved)
		relocate(base, &l);
	NTSTATUS s = give_rights(base, 0, l.headers, 0);
	for (unsigned i = 0; i < l.n && s >= 0; i++)
		s = give_rights(base, parts[i].rva, parts[i].size, parts[i].flags);
	free(parts);
	return s < 0 ? s : moved ? STATUS_IMAGE_NOT_AT_BASE : STATUS_SUCCESS;
}
