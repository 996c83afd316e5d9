/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/section_share.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/api/nt/birth.h"
#include "layer/api/nt/shared.h"

/* The file of a thing. */
static int
open_file(const struct shared_thing *t, int flags)
{
	char path[4096];
	int n = snprintf(path, sizeof path, "%s/section.%zu", birth.store ? birth.store : "",
	                 (size_t)(t - shared->thing));
	if (!birth.store || n < 0 || (size_t)n >= sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (!flags)
		return unlink(path);
	return open(path, flags | O_RDWR | O_CLOEXEC, 0600);
}

NTSTATUS
section_share(struct section *x, const WCHAR *name)
{
	if (!shared || !birth.store)
		return STATUS_SUCCESS; /* one process: its own names are enough */
	struct shared_thing *t;
	bool made;
	NTSTATUS s = shared_open(SHARED_SECTION, name, true, &t, &made);
	if (s < 0)
		return s;
	x->thing = t;
	if (x->file) /* a file is shared by itself */
		return made ? STATUS_SUCCESS : STATUS_OBJECT_NAME_EXISTS;
	int fd = open_file(t, made ? O_CREAT | O_TRUNC : O_CREAT);
	if (fd < 0)
		return status_errno(errno);
	struct stat st;
	if (fstat(fd, &st) < 0 ||
	    (!st.st_size &&
	     ftruncate(fd, (off_t)((x->size + VM_PAGE - 1) & ~(uint64_t)(VM_PAGE - 1))) < 0)) {
		close(fd);
		return STATUS_COMMITMENT_LIMIT;
	}
	if (made)
		atomic_store(&t->limit, (int64_t)x->size);
	else if (atomic_load(&t->limit))
		x->size = (uint64_t)atomic_load(&t->limit);
	close(x->fd);
	x->fd = fd;
	return made ? STATUS_SUCCESS : STATUS_OBJECT_NAME_EXISTS;
}

NTSTATUS
section_share_open(const WCHAR *name, struct object **out)
{
	if (!shared || !birth.store)
		return STATUS_OBJECT_NAME_NOT_FOUND;
	struct shared_thing *t;
	bool made;
	NTSTATUS s = shared_open(SHARED_SECTION, name, false, &t, &made);
	if (s < 0)
		return s;
	int64_t size = atomic_load(&t->limit);
	int fd = size > 0 ? open_file(t, O_NOFOLLOW) : -1;
	struct section *x = fd >= 0 ? calloc(1, sizeof *x) : NULL;
	if (!x) {
		if (fd >= 0)
			close(fd);
		shared_close(t);
		return fd >= 0 ? STATUS_NO_MEMORY : STATUS_OBJECT_NAME_NOT_FOUND;
	}
	*x = (struct section){
		.fd = fd,
		.size = (uint64_t)size,
		.protect = PAGE_READWRITE,
		.attributes = SEC_COMMIT,
		.thing = t,
	};
	object_init(&x->object, &section_class, 0);
	*out = &x->object;
	return STATUS_SUCCESS;
}

void
section_share_leave(struct section *x)
{
	if (!x->thing)
		return;
	/* The last one takes the file along; another process that makes the name anew empties it. */
	shared_lock();
	bool last = x->thing->refs <= 1;
	shared_unlock();
	if (last && !x->file)
		open_file(x->thing, 0);
	shared_close(x->thing);
}
