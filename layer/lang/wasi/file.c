/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/wasi/inner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "layer/lang/wasi/wasi.h"

/* -- what kinds there are ---------------------------------------------------- */

uint64_t
wasi_file_rights(char kind)
{
	static const char *const kinds[] = {
#define RIGHT(name, k) k,
#include "layer/lang/wasi/right.def"
#undef RIGHT
	};
	uint64_t rights = 0;
	for (size_t i = 0; i < BIT_COUNT; i++)
		if (strchr(kinds[i], kind))
			rights |= (uint64_t)1 << i;
	return rights;
}

uint8_t
wasi_file_type(const struct stat *st, int fd)
{
	int type = 0;
	socklen_t n = sizeof type;
	switch (st->st_mode & S_IFMT) {
	case S_IFREG: return TYPE_REGULAR;
	case S_IFDIR: return TYPE_DIRECTORY;
	case S_IFCHR: return TYPE_CHARACTER;
	case S_IFBLK: return TYPE_BLOCK;
	case S_IFLNK: return TYPE_LINK;
	case S_IFSOCK:
		if (fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) == 0 &&
		    type != SOCK_STREAM)
			return TYPE_DGRAM;
		return TYPE_STREAM;
	default: return TYPE_UNKNOWN; /* a pipe: preview 1 has no word for it */
	}
}

static char
kind_of(uint8_t type, int fd)
{
	int listens = 0;
	socklen_t n = sizeof listens;
	switch (type) {
	case TYPE_REGULAR:
	case TYPE_BLOCK: return KIND_FILE;
	case TYPE_DIRECTORY: return KIND_DIR;
	case TYPE_DGRAM:
	case TYPE_STREAM:
		getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n);
		return listens ? KIND_LISTENER : KIND_CONNECTION;
	/* A program takes a character device that cannot seek for a terminal. */
	case TYPE_CHARACTER: return isatty(fd) ? KIND_STREAM : KIND_FILE;
	default: return KIND_STREAM;
	}
}

/* -- open files --------------------------------------------------------------- */

struct wasi_file *
wasi_file_new(int fd, enum wasi_source source, uint32_t number)
{
	struct stat st;
	int got;
	if (fd < 0 || fstat(fd, &st) < 0 || (got = fcntl(fd, F_GETFL)) < 0) {
		int error = errno;
		if (fd >= 0)
			close(fd);
		errno = error;
		return NULL;
	}
	struct wasi_file *f = xcalloc(1, sizeof *f);
	f->fd = fd;
	f->type = wasi_file_type(&st, fd);
	f->kind = kind_of(f->type, fd);
	f->source = (uint8_t)source;
	f->number = number;
	f->access = got & O_ACCMODE;
	f->refs = 1;
	f->flags = (uint16_t)((got & O_APPEND ? FDFLAG_APPEND : 0) |
	                      ((got & O_SYNC) == O_SYNC ? FDFLAG_SYNC
	                       : got & O_DSYNC          ? FDFLAG_DSYNC
	                                                : 0));
	f->base = wasi_file_rights(f->kind);
	f->inheriting =
	        f->kind == KIND_DIR ? wasi_file_rights(KIND_DIR) | wasi_file_rights(KIND_FILE) : 0;
	pthread_mutex_init(&f->lock, NULL);
	return f;
}

void
wasi_listing_free(struct wasi_listing *l)
{
	if (!l)
		return;
	free(l->entry);
	buf_free(&l->names);
	free(l);
}

void
wasi_file_put(struct wasi_file *f)
{
	if (!f || atomic_fetch_sub(&f->refs, 1) != 1)
		return;
	close(f->fd);
	free(f->path);
	wasi_listing_free(f->listing);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

/* -- descriptors --------------------------------------------------------------- */

struct wasi_file *
wasi_file_ref(struct wasi *w, uint32_t fd)
{
	struct wasi_file *f = NULL;
	pthread_mutex_lock(&w->lock);
	if (fd < w->nfile && w->file[fd]) {
		f = w->file[fd];
		atomic_fetch_add(&f->refs, 1);
	}
	pthread_mutex_unlock(&w->lock);
	return f;
}

int
wasi_hold(struct wasi_call *c, uint64_t fd, uint64_t rights, struct wasi_file **out)
{
	struct wasi_file *f = wasi_file_ref(c->w, (uint32_t)fd);
	if (!f)
		return EBADF;
	c->held[c->held[0] ? 1 : 0] = f;
	*out = f;
	return (f->base & rights) == rights ? 0 : ENOTCAPABLE;
}

int
wasi_file_add(struct wasi *w, struct wasi_file *f, uint32_t *fd)
{
	size_t i = 3;
	pthread_mutex_lock(&w->lock);
	while (i < w->nfile && w->file[i])
		i++;
	if (i >= w->nfile) {
		/* As many as the host lets us have, and so not many. */
		size_t n = i + i / 2 + 8;
		struct wasi_file **list = realloc(w->file, n * sizeof(struct wasi_file *));
		if (!list) {
			pthread_mutex_unlock(&w->lock);
			wasi_file_put(f);
			return ENFILE;
		}
		memset(list + w->nfile, 0, (n - w->nfile) * sizeof *list);
		w->file = list;
		w->nfile = n;
	}
	w->file[i] = f;
	*fd = (uint32_t)i;
	pthread_mutex_unlock(&w->lock);
	return 0;
}

int
wasi_fd_close(struct wasi_call *c, const uint64_t *a)
{
	struct wasi *w = c->w;
	uint32_t fd = (uint32_t)a[0];
	struct wasi_file *f = NULL;
	pthread_mutex_lock(&w->lock);
	if (fd < w->nfile) {
		f = w->file[fd];
		w->file[fd] = NULL;
	}
	pthread_mutex_unlock(&w->lock);
	wasi_file_put(f);
	return f ? 0 : EBADF;
}

int
wasi_fd_renumber(struct wasi_call *c, const uint64_t *a)
{
	struct wasi *w = c->w;
	uint32_t from = (uint32_t)a[0], to = (uint32_t)a[1];
	struct wasi_file *over = NULL;
	int r = EBADF;
	pthread_mutex_lock(&w->lock);
	if (from < w->nfile && w->file[from] && to < w->nfile && w->file[to]) {
		r = 0;
		if (from != to) {
			over = w->file[to];
			w->file[to] = w->file[from];
			w->file[from] = NULL;
		}
	}
	pthread_mutex_unlock(&w->lock);
	wasi_file_put(over);
	return r;
}

/* -- what several calls speak ----------------------------------------------------- */

static uint64_t
nanoseconds(struct timespec t)
{
	/* WASI's times do not go before 1970. */
	return t.tv_sec < 0 ? 0 : (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void
wasi_file_stat(uint8_t *to, const struct stat *st, uint8_t type, bool unstable)
{
	uint8_t *p = to;
	memset(to, 0, unstable ? WASI_FILESTAT_UNSTABLE : WASI_FILESTAT);
	wasi_put64(p, st->st_dev);
	wasi_put64(p + 8, st->st_ino);
	p[16] = type;
	if (unstable) {
		wasi_put32(p + 20, (uint32_t)st->st_nlink);
		p += 24;
	} else {
		wasi_put64(p + 24, st->st_nlink);
		p += 32;
	}
	wasi_put64(p, type == TYPE_REGULAR || type == TYPE_LINK || type == TYPE_DIRECTORY
	                      ? (uint64_t)st->st_size
	                      : 0);
	wasi_put64(p + 8, nanoseconds(st->st_atim));
	wasi_put64(p + 16, nanoseconds(st->st_mtim));
	wasi_put64(p + 24, nanoseconds(st->st_ctim));
}

int
wasi_file_times(uint64_t atim, uint64_t mtim, uint32_t flags, struct timespec ts[2])
{
	const uint64_t ns[2] = { atim, mtim };
	if (flags & ~15U)
		return EINVAL;
	for (int i = 0; i < 2; i++, flags >>= 2) {
		if ((flags & 3) == 3)
			return EINVAL;
		ts[i] = (struct timespec){ .tv_nsec = UTIME_OMIT };
		if (flags & 2)
			ts[i].tv_nsec = UTIME_NOW;
		else if (flags & 1)
			ts[i] = (struct timespec){ .tv_sec = (time_t)(ns[i] / 1000000000),
				                   .tv_nsec = (long)(ns[i] % 1000000000) };
	}
	return 0;
}

int
wasi_iov(struct wasi_call *c, uint64_t at, uint64_t n, struct iovec *iov, int *count)
{
	n = (uint32_t)n;
	const uint8_t *p = wasi_mem(c, at, n * 8);
	if (!p)
		return EFAULT;
	*count = n > IOV_MAX ? IOV_MAX : (int)n;
	for (int i = 0; i < *count; i++, p += 8) {
		uint64_t len = wasi_get_le(p + 4, 4);
		iov[i].iov_base = wasi_mem(c, wasi_get_le(p, 4), len);
		iov[i].iov_len = len;
		if (!iov[i].iov_base)
			return EFAULT;
	}
	return 0;
}
