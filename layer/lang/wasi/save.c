/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/wasi/wasi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "layer/lang/wasi/inner.h"

enum { MAGIC = 0x31495357 /* WSI1 */, FDS = 1 << 20 };

/* -- saving ------------------------------------------------------------------------- */

static void
put_bytes(struct buf *b, const void *p, size_t n)
{
	buf_u32(b, (uint32_t)n);
	buf_put(b, p, n);
}

static void
put_strings(struct buf *b, const struct wasi_strings *s)
{
	buf_u32(b, s->count);
	put_bytes(b, s->p, s->n);
}

static bool
leads_to(const struct wasi *w, const struct wasi_file *f, const char *path)
{
	struct stat a, b;
	int fd = wasi_beneath(w, w->dir[f->number].fd, path, O_PATH, 0);
	bool same = fd >= 0 && fstat(fd, &a) == 0 && fstat(f->fd, &b) == 0 &&
	            a.st_dev == b.st_dev && a.st_ino == b.st_ino;
	if (fd >= 0)
		close(fd);
	return same;
}

/* The name that the kernel has for it now, beneath its folder; "" when none. */
static void
kernel_name(const struct wasi *w, const struct wasi_file *f, char out[PATH_MAX])
{
	char link[64], root[PATH_MAX], path[PATH_MAX];
	snprintf(link, sizeof link, "/proc/self/fd/%d", w->dir[f->number].fd);
	ssize_t n = readlink(link, root, sizeof root - 1);
	snprintf(link, sizeof link, "/proc/self/fd/%d", f->fd);
	ssize_t m = readlink(link, path, sizeof path - 1);
	out[0] = '\0';
	if (n <= 0 || m <= 0)
		return;
	if (root[n - 1] == '/')
		n--;
	if (m > n + 1 && memcmp(path, root, (size_t)n) == 0 && path[n] == '/') {
		memcpy(out, path + n + 1, (size_t)(m - n - 1));
		out[m - n - 1] = '\0';
	}
}

static int
put_path(const struct wasi *w, struct buf *b, const struct wasi_file *f, struct err *e)
{
	char now[PATH_MAX];
	const char *path = f->path;
	if (!leads_to(w, f, path)) {
		/* Moved while it was open. */
		kernel_name(w, f, now);
		path = now;
		if (!*now || !leads_to(w, f, now)) {
			fail(e, ENOENT, "the open file '%s' beneath '%s' was removed or moved away",
			     f->path, w->dir[f->number].guest);
			return err_hint(
			        e, "a snapshot keeps the names of open files, not what is in them");
		}
	}
	put_bytes(b, path, strlen(path));
	buf_u8(b, (uint8_t)f->access);
	off_t at = f->kind == KIND_FILE ? lseek(f->fd, 0, SEEK_CUR) : 0;
	buf_u64(b, at < 0 ? 0 : (uint64_t)at);
	return 0;
}

static void
put_listing(struct buf *b, const struct wasi_listing *l)
{
	buf_u8(b, l != NULL);
	if (!l)
		return;
	buf_u32(b, (uint32_t)l->n);
	for (size_t i = 0; i < l->n; i++) {
		buf_u64(b, l->entry[i].ino);
		buf_u8(b, l->entry[i].type);
		put_bytes(b, l->names.p + l->entry[i].at, l->entry[i].n);
	}
}

int
wasi_save(struct wasi *w, struct buf *b, struct err *e)
{
	uint32_t open = 0;
	buf_u32(b, MAGIC);
	put_strings(b, &w->args);
	put_strings(b, &w->env);
	buf_u64(b, wasi_clock_now(w, false));
	buf_u64(b, w->random);
	buf_u32(b, atomic_load(&w->tid));
	buf_u32(b, (uint32_t)w->nsleep);
	for (size_t i = 0; i < w->nsleep; i++) {
		const struct wasi_sleep *s = &w->sleep[i];
		buf_u32(b, s->thread);
		buf_u64(b, s->in);
		buf_u64(b, s->out);
		buf_u64(b, s->n);
		buf_u64(b, s->since);
	}
	buf_u32(b, (uint32_t)w->ndir);
	for (size_t i = 0; i < w->ndir; i++)
		put_bytes(b, w->dir[i].guest, strlen(w->dir[i].guest));
	for (size_t i = 0; i < w->nfile; i++)
		open += w->file[i] != NULL;
	buf_u32(b, open);
	for (size_t i = 0; i < w->nfile; i++) {
		const struct wasi_file *f = w->file[i];
		if (!f)
			continue;
		if (f->source == SOURCE_ACCEPTED)
			return fail(e, EBUSY,
			            "descriptor %zu of the program is a connection, "
			            "which cannot be saved",
			            i);
		buf_u32(b, (uint32_t)i);
		buf_u8(b, f->source);
		buf_u32(b, f->number);
		buf_u8(b, (uint8_t)f->kind);
		buf_u64(b, f->base);
		buf_u64(b, f->inheriting);
		buf_u16(b, f->flags);
		if (f->source == SOURCE_PATH && put_path(w, b, f, e) < 0)
			return -1;
		put_listing(b, f->listing);
	}
	return 0;
}

/* -- loading --------------------------------------------------------------------------- */

static const uint8_t *
get_bytes(struct cur *c, uint32_t *n)
{
	*n = cur_u32(c);
	return cur_bytes(c, *n);
}

static int
get_strings(struct cur *c, struct wasi_strings *s)
{
	uint32_t count = cur_u32(c), n, ends = 0;
	const uint8_t *p = get_bytes(c, &n);
	for (uint32_t i = 0; !c->bad && i < n; i++)
		ends += p[i] == 0;
	if (c->bad || ends != count || (n && p[n - 1] != 0))
		return -1;
	free(s->p);
	*s = (struct wasi_strings){ .p = n ? xmalloc(n) : NULL, .n = n, .count = count };
	if (n)
		memcpy(s->p, p, n);
	return 0;
}

static int
get_listing(struct cur *c, struct wasi_file *f)
{
	if (!cur_u8(c))
		return 0;
	uint32_t n = cur_u32(c);
	/* each takes 13 bytes at least */
	if (c->bad || n > cur_left(c) / 13)
		return -1;
	struct wasi_listing *l = xcalloc(1, sizeof *l);
	l->entry = xcalloc(n ? n : 1, sizeof *l->entry);
	for (; l->n < n && !c->bad; l->n++) {
		struct wasi_entry *x = &l->entry[l->n];
		x->ino = cur_u64(c);
		x->type = cur_u8(c);
		x->at = (uint32_t)l->names.n;
		const uint8_t *name = get_bytes(c, &x->n);
		if (name)
			buf_put(&l->names, name, x->n);
	}
	wasi_listing_free(f->listing);
	f->listing = l;
	return c->bad ? -1 : 0;
}

static struct wasi_file *
reopen(struct wasi *w, uint32_t dir, char kind, uint16_t flags, struct cur *c, struct err *e)
{
	char path[PATH_MAX];
	uint32_t n;
	const uint8_t *p = get_bytes(c, &n);
	int access = cur_u8(c);
	uint64_t at = cur_u64(c);
	if (c->bad || n >= PATH_MAX || access > O_RDWR || dir >= w->ndir) {
		fail(e, EINVAL, "the list of open files is damaged");
		return NULL;
	}
	memcpy(path, p, n);
	path[n] = '\0';
	const struct wasi_given *d = &w->dir[dir];
	int host = access | O_NONBLOCK | O_NOCTTY | (kind == KIND_DIR ? O_DIRECTORY : 0) |
	           (flags & FDFLAG_APPEND ? O_APPEND : 0) | (flags & FDFLAG_DSYNC ? O_DSYNC : 0) |
	           (flags & (FDFLAG_SYNC | FDFLAG_RSYNC) ? O_SYNC : 0);
	int fd = -1;
	if (d->readonly && access != O_RDONLY)
		errno = EROFS;
	else
		fd = wasi_beneath(w, d->fd, path, host, 0);
	struct wasi_file *f = wasi_file_new(fd, SOURCE_PATH, dir);
	if (!f) {
		fail(e, errno, "the program's open file '%s' beneath '%s': %s", path, d->guest,
		     errno == ENOTCAPABLE ? "it is not beneath it" : strerror(errno));
		return NULL;
	}
	f->path = xstrdup(path);
	f->readonly = d->readonly;
	if (f->kind != kind) {
		fail(e, EINVAL, "the program's open file '%s' beneath '%s' is something else now",
		     path, d->guest);
		wasi_file_put(f);
		return NULL;
	}
	if (kind == KIND_FILE && at <= INT64_MAX)
		lseek(f->fd, (off_t)at, SEEK_SET);
	return f;
}

/* What the fresh guest was given, once. */
static struct wasi_file *
take(struct wasi *w, uint8_t source, uint32_t number, struct err *e)
{
	size_t i = source == SOURCE_STDIO    ? number
	           : source == SOURCE_SOCKET ? 3 + (size_t)number
	                                     : 3 + w->nsocket + number;
	size_t end = source == SOURCE_STDIO    ? 3
	             : source == SOURCE_SOCKET ? 3 + w->nsocket
	                                       : 3 + w->nsocket + w->ndir;
	struct wasi_file *f = i < end ? w->file[i] : NULL;
	if (f)
		w->file[i] = NULL;
	else
		fail(e, ENOENT, "the program had %s %u, which is not given now",
		     source == SOURCE_STDIO    ? "descriptor"
		     : source == SOURCE_SOCKET ? "listening socket"
		                               : "folder",
		     number);
	return f;
}

static int
get_file(struct wasi *w, struct cur *c, const uint32_t *dirs, uint32_t ndir,
         struct wasi_file **table, struct err *e)
{
	uint32_t fd = cur_u32(c);
	uint8_t source = cur_u8(c);
	uint32_t number = cur_u32(c);
	char kind = (char)cur_u8(c);
	uint64_t base = cur_u64(c), inheriting = cur_u64(c);
	uint16_t flags = cur_u16(c);
	bool beneath = source == SOURCE_DIR || source == SOURCE_PATH;
	if (c->bad || fd >= FDS || table[fd] || source >= SOURCE_ACCEPTED ||
	    (beneath && number >= ndir))
		return fail(e, EINVAL, "the list of open files is damaged");
	if (beneath)
		number = dirs[number];
	struct wasi_file *f = source == SOURCE_PATH ? reopen(w, number, kind, flags, c, e)
	                                            : take(w, source, number, e);
	if (!f)
		return -1;
	table[fd] = f;
	/* What is given now may be able to do less: standard input a pipe that was a file. */
	f->base = base & f->base;
	f->inheriting = inheriting & f->inheriting;
	f->flags = source == SOURCE_PATH
	                   ? flags & 31
	                   : (f->flags & ~FDFLAG_NONBLOCK) | (flags & FDFLAG_NONBLOCK);
	if (get_listing(c, f) < 0)
		return fail(e, EINVAL, "the list of open files is damaged");
	return 0;
}

/* The saved folders, each as a number of ours. */
static int
get_dirs(struct wasi *w, struct cur *c, uint32_t *dirs, uint32_t n, struct err *e)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t len;
		const char *name = (const char *)get_bytes(c, &len);
		if (c->bad)
			return fail(e, EINVAL, "the list of folders is damaged");
		for (dirs[i] = 0; dirs[i] < w->ndir; dirs[i]++) {
			const char *guest = w->dir[dirs[i]].guest;
			if (strlen(guest) == len && memcmp(guest, name, len) == 0)
				break;
		}
		if (dirs[i] == w->ndir)
			return fail(e, ENOENT,
			            "the program had a folder '%.*s', which is not given now",
			            (int)len, name);
	}
	return 0;
}

static int
get_rest(struct wasi *w, struct cur *c, struct wasi_file **table, struct err *e)
{
	uint32_t nsleep = cur_u32(c);
	if (c->bad || nsleep > cur_left(c) / 36)
		return fail(e, EINVAL, "the list of sleeping threads is damaged");
	w->sleep = xrealloc(w->sleep, (nsleep ? nsleep : 1) * sizeof *w->sleep);
	for (w->nsleep = 0; w->nsleep < nsleep; w->nsleep++) {
		struct wasi_sleep *s = &w->sleep[w->nsleep];
		s->thread = cur_u32(c);
		s->in = cur_u64(c);
		s->out = cur_u64(c);
		s->n = cur_u64(c);
		s->since = cur_u64(c);
	}
	uint32_t ndir = cur_u32(c);
	if (c->bad || ndir > cur_left(c) / 4)
		return fail(e, EINVAL, "the list of folders is damaged");
	uint32_t *dirs = xcalloc(ndir ? ndir : 1, sizeof *dirs);
	int r = get_dirs(w, c, dirs, ndir, e);
	uint32_t n = r ? 0 : cur_u32(c);
	while (n-- > 0 && r == 0)
		r = get_file(w, c, dirs, ndir, table, e);
	free(dirs);
	if (r == 0 && c->bad)
		r = fail(e, EINVAL, "the list of open files is damaged");
	return r;
}

int
wasi_load(struct wasi *w, struct cur *c, struct err *e)
{
	if (cur_u32(c) != MAGIC || get_strings(c, &w->args) < 0 || get_strings(c, &w->env) < 0)
		return fail(e, EINVAL, "this is not the state of a WASI program");
	uint64_t now = cur_u64(c);
	w->random = cur_u64(c);
	atomic_store(&w->tid, cur_u32(c));
	/* Its clock goes on where it was, on another host too. */
	w->offset = now - wasi_clock_host();

	struct wasi_file **table = xcalloc(FDS, sizeof(struct wasi_file *));
	int r = get_rest(w, c, table, e);
	for (size_t i = 0; i < w->nfile; i++)
		wasi_file_put(w->file[i]);
	free(w->file);
	size_t n = FDS;
	while (n > 0 && !table[n - 1])
		n--;
	w->file = xrealloc(table, (n ? n : 1) * sizeof *table);
	w->nfile = n;
	return r;
}
