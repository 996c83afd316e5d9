/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/ninep_fid.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/host_linux.h"

/* What a guest can make us keep. */
enum { FIDS = 1 << 18, BYTES = 64 << 20, XATTR = 65536 };

/* Open flags of 9P2000.L: the numbers of Linux on most machines. */
enum {
	P_ACCMODE = 3,
	P_EXCL = 0200,
	P_TRUNC = 01000,
	P_APPEND = 02000,
	P_DSYNC = 010000,
	P_DIRECTORY = 0200000,
	P_SYNC = 04000000,
};

struct ninep_fid *
ninep_fid_find(struct ninep_fids *t, uint32_t number)
{
	struct ninep_fid *f = t->bucket[number % NINEP_BUCKETS];
	while (f && f->number != number)
		f = f->next;
	return f;
}

struct ninep_fid *
ninep_fid_add(struct ninep_fids *t, uint32_t number, const char *path, uint32_t uid)
{
	if (t->n >= FIDS || t->bytes >= BYTES || ninep_fid_find(t, number))
		return NULL;
	struct ninep_fid *f = xcalloc(1, sizeof *f);
	f->number = number;
	f->uid = uid;
	f->fd = -1;
	f->path = xstrdup(path);
	f->next = t->bucket[number % NINEP_BUCKETS];
	t->bucket[number % NINEP_BUCKETS] = f;
	t->n++;
	t->bytes += strlen(path) + sizeof *f;
	return f;
}

void
ninep_fid_drop(struct ninep_fids *t, struct ninep_fid *f)
{
	struct ninep_fid **at = &t->bucket[f->number % NINEP_BUCKETS];
	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	t->n--;
	t->bytes -= strlen(f->path) + sizeof *f + f->size;
	if (f->fd >= 0) {
		close(f->fd);
		t->opened--;
	}
	buf_free(&f->value);
	free(f->name);
	free(f->path);
	free(f);
}

void
ninep_fid_clear(struct ninep_fids *t)
{
	for (size_t i = 0; i < NINEP_BUCKETS; i++)
		while (t->bucket[i])
			ninep_fid_drop(t, t->bucket[i]);
}

void
ninep_fid_set_path(struct ninep_fids *t, struct ninep_fid *f, const char *path)
{
	char *copy = xstrdup(path);
	t->bytes += strlen(copy);
	t->bytes -= strlen(f->path);
	free(f->path);
	f->path = copy;
}

void
ninep_fid_moved(struct ninep_fids *t, const char *from, const char *to)
{
	size_t n = strlen(from);
	for (size_t i = 0; i < NINEP_BUCKETS; i++) {
		for (struct ninep_fid *f = t->bucket[i]; f; f = f->next) {
			if (strncmp(f->path, from, n) != 0 || (f->path[n] && f->path[n] != '/'))
				continue;
			char *path = xprintf("%s%s", to, f->path + n);
			ninep_fid_set_path(t, f, path);
			free(path);
		}
	}
}

int
ninep_fid_join(const char *path, const char *name, char *to)
{
	if (strcmp(name, "..") == 0) {
		const char *end = strrchr(path, '/');
		size_t n = end ? (size_t)(end - path) : 0;
		memcpy(to, path, n);
		to[n] = '\0';
		return 0;
	}
	int n = snprintf(to, PATH_MAX, "%s%s%s", path, *path ? "/" : "", name);
	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* -- from paths to files --------------------------------------------------------------- */

static int
beneath(int root, const char *path, uint64_t flags)
{
	uint64_t resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
	int fd = -1;
	/* EAGAIN: something was renamed while the kernel looked; it cannot tell. */
	for (int i = 0; i < 16; i++) {
		fd = host_openat2(root, *path ? path : ".", flags | O_CLOEXEC, 0, resolve);
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd >= 0 ? fd : -errno;
}

int
ninep_fid_point(const struct ninep_fids *t, const char *path)
{
	return beneath(t->root, path, O_PATH | O_NOFOLLOW);
}

int
ninep_fid_parent(const struct ninep_fids *t, const char *path, const char **name)
{
	char folder[PATH_MAX];
	const char *end = strrchr(path, '/');
	if (!*path)
		return -EBUSY;
	*name = end ? end + 1 : path;
	ninep_fid_join(path, "..", folder);
	return beneath(t->root, folder, O_PATH | O_NOFOLLOW | O_DIRECTORY);
}

int
ninep_fid_flags(uint32_t flags)
{
	static const struct {
		uint32_t theirs;
		int ours;
	} map[] = { { P_EXCL, O_EXCL },   { P_TRUNC, O_TRUNC },         { P_APPEND, O_APPEND },
		    { P_DSYNC, O_DSYNC }, { P_DIRECTORY, O_DIRECTORY }, { P_SYNC, O_SYNC } };
	int to = (flags & P_ACCMODE) == 1 ? O_WRONLY : (flags & P_ACCMODE) ? O_RDWR : O_RDONLY;
	for (size_t i = 0; i < sizeof map / sizeof map[0]; i++)
		if ((flags & map[i].theirs) == map[i].theirs)
			to |= map[i].ours;
	return to;
}

bool
ninep_fid_room(const struct ninep_fids *t)
{
	return t->opened < t->max_opened;
}

int
ninep_fid_open(struct ninep_fids *t, const char *path, uint32_t flags, bool *folder)
{
	struct stat st = { 0 };
	char link[32];
	if (!ninep_fid_room(t))
		return -EMFILE;
	int point = ninep_fid_point(t, path);
	if (point < 0)
		return point;
	if (fstat(point, &st) < 0 || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))) {
		close(point);
		return S_ISLNK(st.st_mode) ? -ELOOP : -EACCES;
	}
	*folder = S_ISDIR(st.st_mode);
	/* What was looked at is what is opened. */
	snprintf(link, sizeof link, "/proc/self/fd/%d", point);
	int fd = open(link, (ninep_fid_flags(flags) & ~O_EXCL) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int code = errno;
	close(point);
	return fd >= 0 ? fd : -code;
}

void
ninep_fid_opened(struct ninep_fids *t, struct ninep_fid *f, int fd, uint32_t flags)
{
	f->fd = fd;
	f->kind = NINEP_FILE;
	f->flags = flags & ~(uint32_t)(P_TRUNC | P_EXCL);
	t->opened += fd >= 0;
}

/* -- snapshots --------------------------------------------------------------------------- */

static void
put_bytes(struct buf *b, const void *p, size_t n)
{
	buf_u32(b, (uint32_t)n);
	buf_put(b, p, n);
}

void
ninep_fid_save(const struct ninep_fids *t, struct buf *b)
{
	buf_u32(b, (uint32_t)t->n);
	for (size_t i = 0; i < NINEP_BUCKETS; i++) {
		for (const struct ninep_fid *f = t->bucket[i]; f; f = f->next) {
			buf_u32(b, f->number);
			buf_u32(b, f->uid);
			buf_u8(b, f->kind);
			buf_u32(b, f->flags);
			buf_u32(b, f->size);
			buf_u32(b, f->done);
			buf_u32(b, f->how);
			put_bytes(b, f->path, strlen(f->path));
			put_bytes(b, f->name, f->name ? strlen(f->name) : 0);
			put_bytes(b, f->value.p, f->value.n);
		}
	}
}

/* A string without a zero in it; own, NULL when it is none. */
static char *
get_text(struct cur *c)
{
	uint32_t n = cur_u32(c);
	const uint8_t *p = cur_bytes(c, n);
	if (!p || n >= PATH_MAX || memchr(p, 0, n))
		return NULL;
	char *s = xmalloc(n + 1);
	memcpy(s, p, n);
	s[n] = '\0';
	return s;
}

static bool
load_one(struct ninep_fids *t, struct cur *c)
{
	struct ninep_fid *f = NULL;
	uint32_t number = cur_u32(c), uid = cur_u32(c);
	uint8_t kind = cur_u8(c);
	uint32_t flags = cur_u32(c), size = cur_u32(c), done = cur_u32(c), how = cur_u32(c);
	char *path = get_text(c), *name = get_text(c);
	uint32_t n = cur_u32(c);
	const uint8_t *value = cur_bytes(c, n);
	bool ok = !c->bad && path && name && kind <= NINEP_XATTR_WRITE && size <= XATTR &&
	          n <= size && done <= size && (kind != NINEP_XATTR_WRITE || n == size);
	if (ok)
		f = ninep_fid_add(t, number, path, uid);
	if (f) {
		f->kind = kind;
		f->size = size;
		f->done = done;
		f->how = how;
		f->name = name;
		name = NULL;
		t->bytes += size;
		buf_put(&f->value, value, n);
		if (kind == NINEP_FILE) {
			int fd = ninep_fid_open(t, path, flags & ~(uint32_t)P_TRUNC, &f->folder);
			ninep_fid_opened(t, f, fd < 0 ? -1 : fd, flags);
		}
	}
	free(path);
	free(name);
	return f != NULL;
}

bool
ninep_fid_load(struct ninep_fids *t, struct cur *c)
{
	uint32_t n = cur_u32(c);
	ninep_fid_clear(t);
	for (uint32_t i = 0; i < n; i++)
		if (!load_one(t, c))
			return false;
	return !c->bad;
}
