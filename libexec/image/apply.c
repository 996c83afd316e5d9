/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/apply.h"

#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/host_linux.h"
#include "base/str.h"
#include "base/vec.h"
#include "libexec/image/tree.h"

#define TOO_MUCH "the layer unpacks to more than a hundred times its size"

enum { HOLE = 32 << 10, DEVICES_MOST = 4096 };

struct folder {
	char *path;                  /* own */
	struct archive_entry *entry; /* own; its attributes, set last */
};

struct state {
	struct apply *p;    /* lent */
	struct tree *tree;  /* own */
	struct vec folders; /* of struct folder, in the order of the stream */
};

/* -- limits ----------------------------------------------------------------- */

struct apply_limits
apply_limits(int root, int64_t compressed)
{
	struct apply_limits l = {
		.bytes = INT64_MAX, .file = INT64_MAX, .entries = 10 << 20, .devices = DEVICES_MOST
	};
	const char *wish = getenv("JOIST_UNPACK_MOST");
	struct statvfs fs;
	uint64_t most;

	if (wish && str_size(wish, &most) && most < INT64_MAX) {
		l.bytes = l.file = (int64_t)most;
		return l;
	}
	/* Programs and text compress to a third, logs to a twentieth. */
	l.bytes = compressed > INT64_MAX / 200 ? INT64_MAX : compressed * 100;
	if (l.bytes < 1 << 30)
		l.bytes = 1 << 30;
	if (fstatvfs(root, &fs) == 0) {
		uint64_t unit = fs.f_frsize ? fs.f_frsize : 1;
		if (fs.f_blocks < INT64_MAX / unit)
			l.file = (int64_t)(fs.f_blocks * unit);
		if (fs.f_bavail < INT64_MAX / unit)
			l.room = (int64_t)(fs.f_bavail * unit);
	}
	return l;
}

static int
bomb(struct err *e, const char *name, const char *why)
{
	fail(e, EFBIG, "'%.120s' is refused: %s", name, why);
	return err_hint(e, "if you trust it, say how large it may be: JOIST_UNPACK_MOST=200G");
}

static int
no_space(struct err *e, const char *name, int why)
{
	fail(e, why, "'%.200s': %s", name, strerror(why));
	if (why == ENOSPC)
		err_hint(e, "free some space (joist rmi --unused), or put the store elsewhere: "
		            "--root DIR");
	return -1;
}

static int
count(struct apply *p, struct archive_entry *a, const char *name, struct err *e)
{
	mode_t type = archive_entry_filetype(a);
	int64_t size = archive_entry_size(a);

	if (++p->entries > p->limits.entries)
		return bomb(e, name, "the layer has too many files");
	if ((type == AE_IFCHR || type == AE_IFBLK) && ++p->devices > p->limits.devices)
		return bomb(e, name, "the layer has too many device files");
	if (type != AE_IFREG || archive_entry_hardlink(a))
		return 0;
	if (size < 0 || (size > p->limits.file && archive_entry_sparse_count(a) > 0))
		return bomb(e, name, "it is larger than the disk");
	if (archive_entry_sparse_count(a) > 0)
		return 0;
	if (size > p->limits.bytes - p->bytes)
		return bomb(e, name, TOO_MUCH);
	return size > p->limits.room - p->bytes ? no_space(e, name, ENOSPC) : 0;
}

/* -- regular files ------------------------------------------------------------- */

static bool
zeros(const unsigned char *p, size_t n)
{
	return p[0] == 0 && p[n - 1] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

static int
put(int fd, const unsigned char *p, size_t n, int64_t at)
{
	while (n > 0) {
		ssize_t did = pwrite(fd, p, n, at);
		if (did < 0 && errno == EINTR)
			continue;
		if (did < 0)
			return -1;
		p += did;
		n -= (size_t)did;
		at += did;
	}
	return 0;
}

/* Write a block; long runs of zeros stay holes. */
static int
put_block(int fd, const unsigned char *p, size_t n, int64_t at, int64_t *end)
{
	while (n > 0) {
		size_t k = n;
		if (n >= HOLE) {
			size_t z = 0;
			while (z + HOLE <= n && zeros(p + z, HOLE))
				z += HOLE;
			if (z) {
				p += z;
				n -= z;
				at += (int64_t)z;
				continue;
			}
			for (k = HOLE; k + HOLE <= n && !zeros(p + k, HOLE); k += HOLE)
				;
			if (k + HOLE > n)
				k = n;
		}
		if (put(fd, p, k, at) < 0)
			return -1;
		p += k;
		n -= k;
		at += (int64_t)k;
		*end = at;
	}
	return 0;
}

static int
broken(struct archive *a, struct err *e)
{
	const char *text = archive_error_string(a);

	return fail(e, EINVAL, "the tar stream is broken: %s", text ? text : "it ends too early");
}

static int
contents(struct apply *p, struct archive *a, struct archive_entry *entry, int fd, const char *name,
         struct err *e)
{
	int64_t size = archive_entry_size(entry), end = 0, at;
	const void *block;
	size_t n;
	int rc;

	if (size == 0)
		return 0;
	while ((rc = archive_read_data_block(a, &block, &n, &at)) == ARCHIVE_OK) {
		if (n == 0)
			continue;
		if (at < 0 || at > size || (int64_t)n > size - at)
			return fail(e, EINVAL, "'%.200s' has more contents than its size says",
			            name);
		p->bytes += (int64_t)n;
		if (p->bytes > p->limits.bytes)
			return bomb(e, name, TOO_MUCH);
		if (put_block(fd, block, n, at, &end) < 0)
			return no_space(e, name, errno);
		if (p->stop && atomic_load(p->stop))
			return fail(e, EINTR, "interrupted");
	}
	if (rc != ARCHIVE_EOF)
		return broken(a, e);
	if (end != size && ftruncate(fd, size) < 0)
		return no_space(e, name, errno);
	return 0;
}

static int
regular(struct state *s, struct archive *a, struct archive_entry *entry, int dir, const char *name,
        struct err *e)
{
	mode_t mode = archive_entry_perm(entry) & 0777;

	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return errno == ENOSPC || errno == EDQUOT
		               ? no_space(e, name, errno)
		               : fail(e, errno, "'%.200s': %s", name, strerror(errno));
	int rc = contents(s->p, a, entry, fd, name, e);
	if (rc == 0)
		rc = node_attributes(&s->p->policy, dir, name, fd, entry, e);
	close(fd);
	return rc;
}

/* -- the other kinds ----------------------------------------------------------- */

static int
hard_link(struct state *s, struct archive_entry *entry, const char *path, struct err *e)
{
	char target[TREE_PATH + 1];
	const char *from, *name;

	/* Names of targets count from the root, with or without a '/'. */
	if (tree_plain(archive_entry_hardlink(entry), true, target, e) < 0)
		return err_prefix(e, "hard link '%.100s'", path);
	int dir = tree_parent(s->tree, target, false, &from, e);
	if (dir < 0)
		return err_prefix(e, "hard link '%.100s'", path);
	int held = fcntl(dir, F_DUPFD_CLOEXEC, 3);
	int to = tree_parent(s->tree, path, true, &name, e);
	int rc = -1;
	if (to >= 0) {
		rc = linkat(held, from, to, name, 0);
		if (rc < 0)
			fail(e, errno, "hard link '%.100s' to '%.100s': %s", path, target,
			     strerror(errno));
	}
	close(held);
	return rc;
}

static int
folder(struct state *s, struct archive_entry *entry, int dir, const char *name, const char *path,
       struct err *e)
{
	struct stat st;

	/* Open to us until all is in it; its mode and time come last. */
	if (mkdirat(dir, name, 0700) < 0) {
		if (errno != EEXIST)
			return no_space(e, path, errno);
		if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return fail(e, errno, "'%.200s': %s", path, strerror(errno));
		if (!S_ISDIR(st.st_mode)) {
			bool hides = s->p->layer && S_ISCHR(st.st_mode) && st.st_rdev == 0;
			if (tree_remove(s->tree, path, e) < 0)
				return -1;
			dir = tree_parent(s->tree, path, true, &name, e);
			if (dir < 0 || mkdirat(dir, name, 0700) < 0)
				return fail(e, errno, "'%.200s': %s", path, strerror(errno));
			if (hides && node_opaque(&s->p->policy, dir, name, e) < 0)
				return -1;
		}
	}
	struct folder *f = xcalloc(1, sizeof *f);
	f->path = xstrdup(path);
	f->entry = archive_entry_clone(entry);
	vec_push(&s->folders, f);
	return 0;
}

/* ".wh.NAME" hides NAME of the layers below, ".wh..wh..opq" all of them in its
 * folder.  1: it was one of these. */
static int
whiteout(struct state *s, int dir, const char *name, const char *path, struct err *e)
{
	struct stat st;

	if (!s->p->layer || !str_starts(name, ".wh."))
		return 0;
	if (strcmp(name, ".wh..wh..opq") == 0)
		return node_opaque(&s->p->policy, dir, "", e) < 0 ? -1 : 1;
	if (str_starts(name, ".wh..wh."))
		return 1; /* bookkeeping of an older union file system */
	name += 4;
	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return fail(e, EINVAL, "'%.200s' is not a valid whiteout", path);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		/* This layer has it too: what lies below stays hidden. */
		if (S_ISDIR(st.st_mode))
			return node_opaque(&s->p->policy, dir, name, e) < 0 ? -1 : 1;
		return 1;
	}
	return node_whiteout(dir, name, e) < 0 ? -1 : 1;
}

static int
make(struct state *s, struct archive *a, struct archive_entry *entry, const char *path,
     struct err *e)
{
	const char *name;
	mode_t type = archive_entry_filetype(entry);
	struct stat st;

	int dir = tree_parent(s->tree, path, true, &name, e);
	if (dir < 0)
		return -1;
	int rc = whiteout(s, dir, name, path, e);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (type == AE_IFDIR && !archive_entry_hardlink(entry))
		return folder(s, entry, dir, name, path, e);
	/* A later entry of the same name wins. */
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (tree_remove(s->tree, path, e) < 0 ||
		    (dir = tree_parent(s->tree, path, true, &name, e)) < 0)
			return -1;
	}
	if (archive_entry_hardlink(entry))
		return hard_link(s, entry, path, e);
	switch (type) {
	case AE_IFREG: return regular(s, a, entry, dir, name, e);
	case AE_IFLNK: {
		const char *to = archive_entry_symlink(entry);
		if (!to || symlinkat(to, dir, name) < 0)
			return no_space(e, path, to ? errno : EINVAL);
		break;
	}
	case AE_IFCHR:
	case AE_IFBLK:
	case AE_IFIFO:
	case AE_IFSOCK:
		rc = node_special(&s->p->policy, dir, name, entry, e);
		if (rc != 0)
			return rc < 0 ? -1 : 0;
		break;
	default: return fail(e, EINVAL, "'%.200s' is of an unknown kind", path);
	}
	return node_attributes(&s->p->policy, dir, name, -1, entry, e);
}

/* -- the end ------------------------------------------------------------------- */

/* Modes and times of folders, innermost first: making files changed them. */
static int
finish(struct state *s, struct err *e)
{
	for (size_t i = s->folders.n; i-- > 0;) {
		struct folder *f = s->folders.p[i];
		int fd = host_openat2(s->p->root, *f->path ? f->path : ".",
		                      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0,
		                      RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
		/* A later entry may have taken its place. */
		if (fd < 0)
			continue;
		int rc = node_attributes(&s->p->policy, s->p->root, f->path, fd, f->entry, e);
		close(fd);
		if (rc < 0)
			return -1;
	}
	return 0;
}

int
apply_archive(struct apply *p, struct archive *a, struct err *e)
{
	struct state s = { .p = p, .tree = tree_open(p->root) };
	struct archive_entry *entry;
	char path[TREE_PATH + 1];
	int rc = 0, got;

	for (;;) {
		got = archive_read_next_header(a, &entry);
		if (got == ARCHIVE_EOF)
			break;
		if (got == ARCHIVE_RETRY || got == ARCHIVE_FATAL || got == ARCHIVE_FAILED) {
			rc = broken(a, e);
			break;
		}
		const char *name = archive_entry_pathname(entry);
		if (!name) {
			rc = fail(e, EINVAL, "the tar stream has an entry without a name");
			break;
		}
		if ((rc = tree_plain(name, false, path, e)) < 0 ||
		    (rc = count(p, entry, path, e)) < 0)
			break;
		if (*path)
			rc = make(&s, a, entry, path, e);
		else if (archive_entry_filetype(entry) == AE_IFDIR)
			vec_push(&s.folders,
			         memcpy(xcalloc(1, sizeof(struct folder)),
			                &(struct folder){ xstrdup(""), archive_entry_clone(entry) },
			                sizeof(struct folder)));
		if (rc < 0)
			break;
		if (p->stop && atomic_load(p->stop)) {
			rc = fail(e, EINTR, "interrupted");
			break;
		}
	}
	if (rc == 0)
		rc = finish(&s, e);
	for (size_t i = 0; i < s.folders.n; i++) {
		struct folder *f = s.folders.p[i];
		free(f->path);
		archive_entry_free(f->entry);
		free(f);
	}
	vec_free(&s.folders);
	tree_close(s.tree);
	return rc;
}
