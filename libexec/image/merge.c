/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/merge.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <linux/fs.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/str.h"
#include "libexec/image/options.h"

enum { LINKS = 4096, XATTRS = 64 << 10, DEEP = 400 };

struct link {
	dev_t dev;
	ino_t ino;
	char *path; /* own; below the top of `to` */
	struct link *next;
};

struct merge {
	int top; /* lent */
	struct link *links[LINKS];
	struct err *e;
};

static int
bad(struct merge *m, const char *path)
{
	fail(m->e, errno, "copying '%.200s': %s", path, strerror(errno));
	if (m->e && m->e->code == ENOSPC)
		err_hint(m->e, "free some space (joist rmi --unused), or put the store elsewhere: "
		               "--root DIR");
	return -1;
}

static bool
opaque(int dir)
{
	char c;

	return (fgetxattr(dir, "trusted.overlay.opaque", &c, 1) == 1 && c == 'y') ||
	       (fgetxattr(dir, "user.overlay.opaque", &c, 1) == 1 && c == 'y');
}

static void
xattrs(int from, const char *name, int to)
{
	char src[PATH_MAX], dst[PATH_MAX];
	char *list = xmalloc(XATTRS), *value = xmalloc(XATTRS);

	snprintf(src, sizeof src, "/proc/self/fd/%d/%s", from, name);
	snprintf(dst, sizeof dst, "/proc/self/fd/%d/%s", to, name);
	ssize_t n = llistxattr(src, list, XATTRS);
	for (char *key = list; n > 0 && key < list + n; key += strlen(key) + 1) {
		if (str_starts(key, "trusted.overlay.") || str_starts(key, "user.overlay."))
			continue;
		ssize_t k = lgetxattr(src, key, value, XATTRS);
		/* What this user or file system cannot have is left out. */
		if (k >= 0 && lsetxattr(dst, key, value, (size_t)k, 0) < 0)
			continue;
	}
	free(list);
	free(value);
}

static int
attributes(struct merge *m, int from, int to, const char *name, const char *path,
           const struct stat *st)
{
	struct timespec both[2] = { st->st_atim, st->st_mtim };

	if (fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 && errno != EPERM &&
	    errno != EINVAL)
		return bad(m, path);
	if (!S_ISLNK(st->st_mode) && fchmodat(to, name, st->st_mode & 07777, 0) < 0)
		return bad(m, path);
	xattrs(from, name, to);
	utimensat(to, name, both, AT_SYMLINK_NOFOLLOW);
	return 0;
}

/* Holes stay holes; a file system that can share blocks does. */
static int
contents(struct merge *m, int in, int out, const struct stat *st, const char *path)
{
	off_t at = 0;

	if (ioctl(out, FICLONE, in) == 0)
		return 0;
	if (ftruncate(out, st->st_size) < 0)
		return bad(m, path);
	while (at < st->st_size) {
		off_t data = lseek(in, at, SEEK_DATA), end;
		if (data < 0)
			return errno == ENXIO ? 0 : bad(m, path);
		end = lseek(in, data, SEEK_HOLE);
		if (end <= data)
			end = st->st_size;
		off_t from = data, to = data;
		while (from < end) {
			ssize_t n = copy_file_range(in, &from, out, &to, (size_t)(end - from), 0);
			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				return bad(m, path);
			if (n == 0)
				return 0;
		}
		at = end;
	}
	return 0;
}

static int
regular(struct merge *m, int from, int to, const char *name, const char *path,
        const struct stat *st)
{
	int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int out = in < 0 ? -1
	                 : openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	                          0600);
	int rc = out < 0 ? bad(m, path) : contents(m, in, out, st, path);

	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return rc;
}

/* 1: made as another name of a file that is there already. */
static int
linked(struct merge *m, int to, const char *name, const char *path, const struct stat *st)
{
	struct link **at = &m->links[(st->st_ino ^ st->st_dev) % LINKS];

	for (struct link *l = *at; l; l = l->next)
		if (l->ino == st->st_ino && l->dev == st->st_dev)
			return linkat(m->top, l->path, to, name, 0) == 0 ? 1 : 0;
	struct link *l = xcalloc(1, sizeof *l);
	*l = (struct link){ st->st_dev, st->st_ino, xstrdup(path), *at };
	*at = l;
	return 0;
}

static int
other(struct merge *m, int from, int to, const char *name, const char *path, const struct stat *st)
{
	char target[PATH_MAX];
	int rc = 0;

	if (file_remove(to, name, m->e) < 0)
		return -1;
	/* A whiteout has done its work. */
	if (S_ISCHR(st->st_mode) && st->st_rdev == 0)
		return 0;
	if (st->st_nlink > 1 && linked(m, to, name, path, st) == 1)
		return 0;
	if (S_ISREG(st->st_mode)) {
		rc = regular(m, from, to, name, path, st);
	} else if (S_ISLNK(st->st_mode)) {
		ssize_t n = readlinkat(from, name, target, sizeof target - 1);
		target[n < 0 ? 0 : n] = '\0';
		rc = n < 0 || symlinkat(target, to, name) < 0 ? bad(m, path) : 0;
	} else if (mknodat(to, name, st->st_mode, st->st_rdev) < 0) {
		/* Devices are root's to make; the container's /dev is another. */
		return errno == EPERM ? 0 : bad(m, path);
	}
	return rc < 0 ? -1 : attributes(m, from, to, name, path, st);
}

static int walk(struct merge *m, int from, int to, const char *path, int depth);

static int
folder(struct merge *m, int from, int to, const char *name, const char *path, const struct stat *st,
       int depth)
{
	struct stat old;
	int rc = -1, in, out = -1;

	in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in < 0)
		return bad(m, path);
	bool there = fstatat(to, name, &old, AT_SYMLINK_NOFOLLOW) == 0;
	if (there && (!S_ISDIR(old.st_mode) || opaque(in))) {
		if (file_remove(to, name, m->e) < 0)
			goto out;
		there = false;
	}
	if (!there && mkdirat(to, name, 0700) < 0) {
		bad(m, path);
		goto out;
	}
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0) {
		bad(m, path);
		goto out;
	}
	rc = walk(m, in, out, path, depth + 1);
	if (rc == 0)
		rc = attributes(m, from, to, name, path, st);
out:
	close(in);
	if (out >= 0)
		close(out);
	return rc;
}

static int
walk(struct merge *m, int from, int to, const char *path, int depth)
{
	struct dirent *ent;
	struct stat st;
	int rc = 0, fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d || depth > DEEP) {
		if (d)
			errno = ELOOP;
		rc = bad(m, path);
	}
	while (rc == 0 && (ent = readdir(d))) {
		const char *name = ent->d_name;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		char *inner = *path ? xprintf("%s/%s", path, name) : xstrdup(name);
		if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			rc = bad(m, inner);
		else if (S_ISDIR(st.st_mode))
			rc = folder(m, from, to, name, inner, &st, depth);
		else
			rc = other(m, from, to, name, inner, &st);
		free(inner);
		if (rc == 0 && atomic_load(&options_stop))
			rc = fail(m->e, EINTR, "interrupted");
	}
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
	return rc;
}

int
merge_layer(int from, int to, struct err *e)
{
	struct merge *m = xcalloc(1, sizeof *m);
	struct stat st;

	m->top = to;
	m->e = e;
	int rc = walk(m, from, to, "", 0);
	if (rc == 0 && fstat(from, &st) == 0)
		rc = attributes(m, from, to, ".", ".", &st);
	for (size_t i = 0; i < LINKS; i++)
		for (struct link *l = m->links[i], *next; l; l = next) {
			next = l->next;
			free(l->path);
			free(l);
		}
	free(m);
	return rc;
}
