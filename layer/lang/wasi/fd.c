/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/wasi/inner.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "layer/lang/wasi/wasi.h"

/* -- the disk ------------------------------------------------------------------------ */

static int
sync_with(struct wasi_call *c, uint64_t fd, uint64_t right, int (*call)(int fd))
{
	struct wasi_file *f;
	int r = wasi_hold(c, fd, right, &f);
	if (r)
		return r;
	while (call(f->fd) < 0)
		if ((r = wasi_wait_again(c, f, errno)) != 0)
			return r;
	return 0;
}

int
wasi_fd_sync(struct wasi_call *c, const uint64_t *a)
{
	return sync_with(c, a[0], RIGHT_(FD_SYNC), fsync);
}

int
wasi_fd_datasync(struct wasi_call *c, const uint64_t *a)
{
	return sync_with(c, a[0], RIGHT_(FD_DATASYNC), fdatasync);
}

int
wasi_fd_advise(struct wasi_call *c, const uint64_t *a)
{
	static const int advice[] = {
		POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
		POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE
	};
	struct wasi_file *f;
	uint32_t how = (uint32_t)a[3];
	int r = wasi_hold(c, a[0], 0, &f);
	if (r)
		return r;
	if (f->kind != KIND_FILE)
		return f->kind == KIND_DIR ? EBADF : ESPIPE;
	if (!(f->base & RIGHT_(FD_ADVISE)))
		return ENOTCAPABLE;
	if (how >= sizeof advice / sizeof advice[0] || a[1] > INT64_MAX || a[2] > INT64_MAX)
		return EINVAL;
	return posix_fadvise(f->fd, (off_t)a[1], (off_t)a[2], advice[how]);
}

/* A file that may be changed in that way; `other` is the errno of what has no size. */
static int
to_change(struct wasi_call *c, uint64_t fd, uint64_t right, int other, struct wasi_file **f)
{
	int r = wasi_hold(c, fd, 0, f);
	if (r)
		return r;
	if ((*f)->kind != KIND_FILE)
		return (*f)->kind == KIND_DIR ? EISDIR : other;
	if (!((*f)->base & right))
		return ENOTCAPABLE;
	return (*f)->readonly ? EROFS : 0;
}

int
wasi_fd_allocate(struct wasi_call *c, const uint64_t *a)
{
	struct wasi_file *f;
	int r = to_change(c, a[0], RIGHT_(FD_ALLOCATE), ESPIPE, &f);
	if (r)
		return r;
	if (a[1] > INT64_MAX || a[2] > INT64_MAX)
		return EFBIG;
	while (fallocate(f->fd, 0, (off_t)a[1], (off_t)a[2]) < 0)
		if ((r = wasi_wait_again(c, f, errno)) != 0)
			return r;
	return 0;
}

/* -- what a descriptor is --------------------------------------------------------------- */

int
wasi_fd_fdstat_get(struct wasi_call *c, const uint64_t *a)
{
	struct wasi_file *f;
	int r = wasi_hold(c, a[0], 0, &f);
	if (r)
		return r;
	uint8_t *p = wasi_mem(c, a[1], 24);
	if (!p)
		return EFAULT;
	memset(p, 0, 24);
	p[0] = f->type;
	wasi_put16(p + 2, f->flags);
	wasi_put64(p + 8, f->base);
	wasi_put64(p + 16, f->inheriting);
	return 0;
}

int
wasi_fd_fdstat_set_flags(struct wasi_call *c, const uint64_t *a)
{
	struct wasi_file *f;
	uint32_t flags = (uint32_t)a[1];
	int r = wasi_hold(c, a[0], RIGHT_(FD_FDSTAT_SET_FLAGS), &f);
	if (r)
		return r;
	uint16_t changed = (uint16_t)(flags ^ f->flags);
	if (flags & ~31U)
		return EINVAL;
	/* Linux takes these only when it opens. */
	if (changed & (FDFLAG_DSYNC | FDFLAG_RSYNC | FDFLAG_SYNC))
		return EOPNOTSUPP;
	if (changed & FDFLAG_APPEND) {
		/* The open file behind it is also somebody else's. */
		if (f->lent)
			return EOPNOTSUPP;
		int host = fcntl(f->fd, F_GETFL);
		host = flags & FDFLAG_APPEND ? host | O_APPEND : host & ~O_APPEND;
		if (fcntl(f->fd, F_SETFL, host) < 0)
			return errno;
	}
	/* FDFLAG_NONBLOCK is ours alone: see wait.c. */
	f->flags = (uint16_t)flags;
	return 0;
}

int
wasi_fd_fdstat_set_rights(struct wasi_call *c, const uint64_t *a)
{
	struct wasi_file *f;
	int r = wasi_hold(c, a[0], 0, &f);
	if (r)
		return r;
	if (a[1] & ~f->base || a[2] & ~f->inheriting)
		return ENOTCAPABLE;
	f->base = a[1];
	f->inheriting = a[2];
	return 0;
}

int
wasi_fd_filestat_get(struct wasi_call *c, const uint64_t *a)
{
	struct wasi_file *f;
	struct stat st;
	int r = wasi_hold(c, a[0], RIGHT_(FD_FILESTAT_GET), &f);
	if (r)
		return r;
	uint8_t *p = wasi_mem(c, a[1], c->unstable ? WASI_FILESTAT_UNSTABLE : WASI_FILESTAT);
	if (!p)
		return EFAULT;
	if (fstat(f->fd, &st) < 0)
		return errno;
	wasi_file_stat(p, &st, f->type, c->unstable);
	return 0;
}

int
wasi_fd_filestat_set_size(struct wasi_call *c, const uint64_t *a)
{
	struct wasi_file *f;
	int r = to_change(c, a[0], RIGHT_(FD_FILESTAT_SET_SIZE), EINVAL, &f);
	if (r)
		return r;
	if (a[1] > INT64_MAX)
		return EFBIG;
	while (ftruncate(f->fd, (off_t)a[1]) < 0)
		if ((r = wasi_wait_again(c, f, errno)) != 0)
			return r;
	return 0;
}

int
wasi_fd_filestat_set_times(struct wasi_call *c, const uint64_t *a)
{
	struct wasi_file *f;
	struct timespec ts[2];
	int r = wasi_hold(c, a[0], RIGHT_(FD_FILESTAT_SET_TIMES), &f);
	if (r || (r = wasi_file_times(a[1], a[2], (uint32_t)a[3], ts)) != 0)
		return r;
	if (f->readonly)
		return EROFS;
	return futimens(f->fd, ts) < 0 ? errno : 0;
}

/* -- the folders that were given ----------------------------------------------------------- */

static int
given(struct wasi_call *c, uint64_t fd, const char **name, size_t *n)
{
	struct wasi_file *f;
	int r = wasi_hold(c, fd, 0, &f);
	if (r)
		return r;
	if (f->source != SOURCE_DIR)
		return EBADF;
	*name = c->w->dir[f->number].guest;
	*n = strlen(*name);
	return 0;
}

int
wasi_fd_prestat_get(struct wasi_call *c, const uint64_t *a)
{
	const char *name;
	size_t n;
	int r = given(c, a[0], &name, &n);
	if (r)
		return r;
	uint8_t *p = wasi_mem(c, a[1], 8);
	if (!p)
		return EFAULT;
	wasi_put32(p, 0); /* the only tag: a folder */
	wasi_put32(p + 4, (uint32_t)n);
	return 0;
}

int
wasi_fd_prestat_dir_name(struct wasi_call *c, const uint64_t *a)
{
	const char *name;
	size_t n;
	int r = given(c, a[0], &name, &n);
	if (r)
		return r;
	uint8_t *p = wasi_mem(c, a[1], (uint32_t)a[2]);
	if (!p)
		return EFAULT;
	if ((uint32_t)a[2] < n)
		return ENAMETOOLONG;
	memcpy(p, name, n);
	return 0;
}
