/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/mem/section_share.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/file/file.h"
#include "layer/api/nt/object/shared.h"

/* The file of a thing. */
static bool
path_of(const struct shared_thing *t, char *path, size_t room)
{
	int n = snprintf(path, room, "%s/section.%zu", birth.store ? birth.store : "",
	                 (size_t)(t - shared->thing));

	errno = ENAMETOOLONG;
	return birth.store && n > 0 && (size_t)n < room;
}

/* flags 0: take it away. */
static int
open_file(const struct shared_thing *t, int flags)
{
	char path[4096];

	if (!path_of(t, path, sizeof path))
		return -1;
	return flags ? open(path, flags | O_CLOEXEC | (flags & O_CREAT ? O_RDWR : 0), 0600)
	             : unlink(path);
}

/* The first of the name.  What a file shows is found by a link to the file. */
static NTSTATUS
begin(struct section *x, struct shared_thing *t)
{
	int fd = -1;

	open_file(t, 0);
	if (x->file) {
		char name[4096];
		pthread_mutex_lock(&x->file->lock);
		if (x->file->path && path_of(t, name, sizeof name))
			fd = symlink(x->file->path, name);
		pthread_mutex_unlock(&x->file->lock);
		if (fd < 0) /* others cannot open it */
			return STATUS_SUCCESS;
	} else {
		fd = open_file(t, O_CREAT | O_EXCL);
		if (fd < 0)
			return status_errno(errno);
		if (ftruncate(fd, (off_t)((x->size + VM_PAGE - 1) & ~(uint64_t)(VM_PAGE - 1))) <
		    0) {
			close(fd);
			return STATUS_COMMITMENT_LIMIT;
		}
		close(x->fd);
		x->fd = fd;
	}
	atomic_store(&t->flags, x->protect);
	atomic_store(&t->recursion, x->file ? SEC_COMMIT | SEC_FILE : SEC_COMMIT);
	atomic_store(&t->limit, (int64_t)x->size);
	return STATUS_SUCCESS;
}

/* Another one has made it: what it is and how large. */
static NTSTATUS
look(const struct shared_thing *t, struct section *x)
{
	int64_t size = atomic_load(&t->limit);
	DWORD protect = atomic_load(&t->flags);

	if (size <= 0 || vm_prot(protect) < 0)
		return STATUS_OBJECT_NAME_NOT_FOUND;
	x->fd = open_file(t, O_RDWR);
	if (x->fd < 0 && (errno == EACCES || errno == EROFS) && !(vm_prot(protect) & PROT_WRITE))
		x->fd = open_file(t, O_CLOEXEC);
	if (x->fd < 0)
		return STATUS_OBJECT_NAME_NOT_FOUND;
	x->size = (uint64_t)size;
	x->protect = protect;
	x->attributes = atomic_load(&t->recursion) & SEC_FILE ? SEC_COMMIT | SEC_FILE : SEC_COMMIT;
	return STATUS_SUCCESS;
}

NTSTATUS
section_share(struct section *x, const WCHAR *name)
{
	if (!birth.store)
		return STATUS_SUCCESS; /* no machine: the process' own names are enough */
	const struct shared_first first = { 0 };
	struct shared_thing *t;
	bool made;
	NTSTATUS s = shared_open(SHARED_SECTION, name, &first, &t, &made);
	if (s < 0)
		return s;
	struct section other;
	shared_lock(); /* nobody sees it before it has its memory */
	/* its maker may have been killed */
	if (made || !atomic_load(&t->limit))
		s = begin(x, t);
	else if ((s = look(t, &other)) >= 0)
		s = STATUS_OBJECT_NAME_EXISTS;
	shared_unlock();
	if (s < 0) {
		shared_close(t);
		return s;
	}
	x->thing = t;
	if (s == STATUS_SUCCESS)
		return s;
	if (x->file)
		object_unref(&x->file->object);
	else
		close(x->fd);
	x->file = NULL;
	x->fd = other.fd;
	x->size = other.size;
	x->protect = other.protect;
	x->attributes = other.attributes;
	return s;
}

NTSTATUS
section_share_open(const WCHAR *name, struct object **out)
{
	if (!shared || !birth.store)
		return STATUS_OBJECT_NAME_NOT_FOUND;
	struct shared_thing *t;
	bool made;
	NTSTATUS s = shared_open(SHARED_SECTION, name, NULL, &t, &made);
	if (s < 0)
		return s;
	struct section *x = calloc(1, sizeof *x);
	s = STATUS_NO_MEMORY;
	if (x) {
		shared_lock();
		s = look(t, x);
		shared_unlock();
	}
	if (s < 0) {
		free(x);
		shared_close(t);
		return s;
	}
	x->thing = t;
	object_init(&x->object, &section_class, 0);
	*out = &x->object;
	return STATUS_SUCCESS;
}

void
section_share_closed(struct section *x)
{
	if (x->thing && !atomic_load(&x->object.handles))
		shared_nameless(x->thing);
}

/* The last one takes the file along. */
static void
take_along(const struct shared_thing *t)
{
	open_file(t, 0);
}

void
section_share_leave(struct section *x)
{
	if (!x->thing)
		return;
	shared_close_with(x->thing, take_along);
}
