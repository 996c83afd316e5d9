/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/wasi/inner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "layer/lang/wasi/wasi.h"

/* A folder is listed at once when the program begins to read it, and a cookie is
 * the place in that list.  The host's own cookies shift on some file systems
 * when an entry is removed, and `rm -r` would miss some. */

static uint8_t
type_of_entry(int dir, const struct dirent *d)
{
	struct stat st;
	switch (d->d_type) {
	case DT_REG: return TYPE_REGULAR;
	case DT_DIR: return TYPE_DIRECTORY;
	case DT_LNK: return TYPE_LINK;
	case DT_CHR: return TYPE_CHARACTER;
	case DT_BLK: return TYPE_BLOCK;
	case DT_SOCK: return TYPE_STREAM;
	case DT_UNKNOWN:
		if (fstatat(dir, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return wasi_file_type(&st, -1);
		return TYPE_UNKNOWN;
	default: return TYPE_UNKNOWN;
	}
}

static int
by_name(const void *a, const void *b, void *names)
{
	const struct wasi_entry *x = a, *y = b;
	const uint8_t *p = ((struct buf *)names)->p;
	int d = memcmp(p + x->at, p + y->at, x->n < y->n ? x->n : y->n);
	return d ? d : (x->n > y->n) - (x->n < y->n);
}

/* The folder above a given one is not the program's to know. */
static bool
is_given(const struct wasi *w, const struct wasi_file *f)
{
	struct stat mine, root;
	return f->number < w->ndir && fstat(f->fd, &mine) == 0 &&
	       fstat(w->dir[f->number].fd, &root) == 0 && mine.st_dev == root.st_dev &&
	       mine.st_ino == root.st_ino;
}

static int
list(const struct wasi *w, struct wasi_file *f)
{
	struct stat st;
	int fd = openat(f->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d || fstat(fd, &st) < 0) {
		int error = errno;
		if (d)
			closedir(d);
		else if (fd >= 0)
			close(fd);
		return error;
	}
	struct wasi_listing *l = xcalloc(1, sizeof *l);
	struct dirent *x;
	size_t cap = 0;
	bool top = is_given(w, f);
	for (errno = 0; (x = readdir(d)) != NULL; errno = 0) {
		if (l->n == cap) {
			cap = cap ? cap * 2 : 16;
			l->entry = xrealloc(l->entry, cap * sizeof *l->entry);
		}
		l->entry[l->n++] =
		        (struct wasi_entry){ .ino = top && strcmp(x->d_name, "..") == 0 ? st.st_ino
			                                                                : x->d_ino,
			                     .at = (uint32_t)l->names.n,
			                     .n = (uint32_t)strlen(x->d_name),
			                     .type = type_of_entry(fd, x) };
		buf_put(&l->names, x->d_name, strlen(x->d_name));
	}
	int error = errno;
	closedir(d);
	if (error) {
		wasi_listing_free(l);
		return error;
	}
	if (w->deterministic && l->n)
		qsort_r(l->entry, l->n, sizeof *l->entry, by_name, &l->names);
	wasi_listing_free(f->listing);
	f->listing = l;
	return 0;
}

/* As much as there is room for; the last entry may be cut off, and a full buffer
 * says that there may be more. */
static uint32_t
fill(const struct wasi_listing *l, uint64_t from, uint8_t *to, uint32_t room)
{
	uint32_t used = 0;
	for (uint64_t i = from; i < l->n && used < room; i++) {
		const struct wasi_entry *x = &l->entry[i];
		uint8_t head[24] = { 0 };
		wasi_put64(head, i + 1);
		wasi_put64(head + 8, x->ino);
		wasi_put32(head + 16, x->n);
		head[20] = x->type;
		uint32_t n = room - used < 24 ? room - used : 24;
		memcpy(to + used, head, n);
		used += n;
		n = room - used < x->n ? room - used : x->n;
		memcpy(to + used, l->names.p + x->at, n);
		used += n;
	}
	return used;
}

/* fd, buffer, its size, cookie, where to say how much was used */
int
wasi_fd_readdir(struct wasi_call *c, const uint64_t *a)
{
	struct wasi_file *f;
	uint32_t room = (uint32_t)a[2];
	int r = wasi_hold(c, a[0], 0, &f);
	if (r)
		return r;
	if (f->kind != KIND_DIR)
		return ENOTDIR;
	if (!(f->base & RIGHT_(FD_READDIR)))
		return ENOTCAPABLE;
	uint8_t *to = wasi_mem(c, a[1], room), *said = wasi_mem(c, a[4], 4);
	if (!to || !said)
		return EFAULT;
	pthread_mutex_lock(&f->lock);
	if (a[3] == 0 || !f->listing)
		r = list(c->w, f);
	uint32_t used = r ? 0 : fill(f->listing, a[3], to, room);
	pthread_mutex_unlock(&f->lock);
	if (!r)
		wasi_put32(said, used);
	return r;
}
