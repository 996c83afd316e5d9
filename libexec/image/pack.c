/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"
#include "libexec/image/options.h"

enum { DEEP = 400, BUFFER = 256 << 10 };

/* Files with several names, by device and inode. */
struct link {
	dev_t dev;
	ino_t ino;
	char *path;        /* own */
	struct link *next; /* own */
};

enum { LINKS = 4096 };

struct packer {
	struct archive *a; /* own */
	pack_put *put;
	void *ctx;
	struct err *e;
	struct link *links[LINKS];
	char *buf; /* own */
	dev_t dev;
	locale_t ours, before; /* own; 0 */
};

static la_ssize_t
written(struct archive *a, void *ctx, const void *bytes, size_t n)
{
	struct packer *p = ctx;

	if (p->put(p->ctx, bytes, n, p->e) == 0)
		return (la_ssize_t)n;
	archive_set_error(a, EIO, "it could not be written");
	return -1;
}

static int
refused(struct packer *p)
{
	if (p->e && p->e->code)
		return -1;
	return fail(p->e, EIO, "%s", archive_error_string(p->a));
}

static const char *
linked(struct packer *p, const struct stat *st, const char *path)
{
	struct link **at = &p->links[(st->st_ino ^ st->st_dev) % LINKS];

	for (struct link *l = *at; l; l = l->next)
		if (l->ino == st->st_ino && l->dev == st->st_dev)
			return l->path;
	struct link *l = xcalloc(1, sizeof *l);
	*l = (struct link){ st->st_dev, st->st_ino, xstrdup(path), *at };
	*at = l;
	return NULL;
}

static void
xattrs(struct archive_entry *entry, int dir, const char *name)
{
	char path[PATH_MAX], list[64 << 10], value[64 << 10];

	snprintf(path, sizeof path, "/proc/self/fd/%d/%s", dir, name);
	ssize_t n = llistxattr(path, list, sizeof list);
	for (char *key = list; n > 0 && key < list + n; key += strlen(key) + 1) {
		if (str_starts(key, "trusted.overlay.") || str_starts(key, "user.overlay.") ||
		    strcmp(key, "security.selinux") == 0)
			continue;
		ssize_t k = lgetxattr(path, key, value, sizeof value);
		if (k >= 0)
			archive_entry_xattr_add_entry(entry, key, value, (size_t)k);
	}
}

static void
holes(struct archive_entry *entry, int fd, const struct stat *st)
{
	off_t at = 0;

	if (st->st_blocks * 512 >= st->st_size)
		return;
	while (at < st->st_size) {
		off_t data = lseek(fd, at, SEEK_DATA);
		if (data < 0)
			break;
		off_t hole = lseek(fd, data, SEEK_HOLE);
		if (hole <= data)
			hole = st->st_size;
		archive_entry_sparse_add_entry(entry, data, hole - data);
		at = hole;
	}
	/* All of it is one hole: the end says how long. */
	if (archive_entry_sparse_count(entry) == 0)
		archive_entry_sparse_add_entry(entry, st->st_size, 0);
	lseek(fd, 0, SEEK_SET);
}

static int
contents(struct packer *p, int fd, int64_t size, const char *path)
{
	while (size > 0) {
		ssize_t n = read(fd, p->buf, size < BUFFER ? (size_t)size : BUFFER);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(p->e, errno, "'%s': %s", path, strerror(errno));
		if (n == 0) {
			/* It shrank while we read: the header said otherwise. */
			memset(p->buf, 0, BUFFER);
			n = size < BUFFER ? (ssize_t)size : BUFFER;
		}
		if (archive_write_data(p->a, p->buf, (size_t)n) < 0)
			return refused(p);
		size -= n;
		if (atomic_load(&options_stop))
			return fail(p->e, EINTR, "interrupted");
	}
	return 0;
}

static int
one(struct packer *p, int dir, const char *name, const char *path, const struct stat *st)
{
	struct archive_entry *entry = archive_entry_new();
	char target[PATH_MAX];
	const char *first = NULL;
	int fd = -1, rc = 0;

	archive_entry_copy_stat(entry, st);
	archive_entry_set_pathname(entry, path);
	archive_entry_set_uname(entry, "");
	archive_entry_set_gname(entry, "");
	archive_entry_unset_atime(entry);
	archive_entry_unset_ctime(entry);
	archive_entry_unset_birthtime(entry);
	if (S_ISLNK(st->st_mode)) {
		ssize_t n = readlinkat(dir, name, target, sizeof target - 1);
		target[n < 0 ? 0 : n] = '\0';
		archive_entry_set_symlink(entry, target);
	}
	if (!S_ISDIR(st->st_mode) && st->st_nlink > 1 && (first = linked(p, st, path))) {
		archive_entry_set_hardlink(entry, first);
		archive_entry_unset_size(entry);
	} else {
		xattrs(entry, dir, name);
	}
	if (!first && S_ISREG(st->st_mode) && st->st_size > 0) {
		fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0)
			rc = fail(p->e, errno, "'%s': %s", path, strerror(errno));
		else
			holes(entry, fd, st);
	}
	if (rc == 0 && archive_write_header(p->a, entry) < ARCHIVE_WARN)
		rc = refused(p);
	if (rc == 0 && fd >= 0)
		rc = contents(p, fd, st->st_size, path);
	if (fd >= 0)
		close(fd);
	archive_entry_free(entry);
	return rc;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
not_dots(const struct dirent *d)
{
	return strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

/* The same folder gives the same bytes: entries are sorted. */
static int
walk(struct packer *p, int dir, const char *path, int depth)
{
	struct dirent **list;
	struct stat st;
	int rc = 0;

	if (depth > DEEP)
		return fail(p->e, ENAMETOOLONG, "'%.200s...' is too deep", path);
	int n = scandirat(dir, ".", &list, not_dots, by_name);
	if (n < 0)
		return fail(p->e, errno, "'%s': %s", *path ? path : ".", strerror(errno));
	for (int i = 0; i < n; i++) {
		const char *name = list[i]->d_name;
		if (rc == 0 && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
			rc = fail(p->e, errno, "'%s/%s': %s", path, name, strerror(errno));
		else if (rc == 0 && !S_ISSOCK(st.st_mode)) {
			char *inner = *path ? xprintf("%s/%s", path, name) : xstrdup(name);
			rc = one(p, dir, name, inner, &st);
			/* What is mounted there is not of this root. */
			if (rc == 0 && S_ISDIR(st.st_mode) && st.st_dev == p->dev) {
				int sub = openat(dir, name,
				                 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
				rc = sub < 0 ? fail(p->e, errno, "'%s': %s", inner, strerror(errno))
				             : walk(p, sub, inner, depth + 1);
				if (sub >= 0)
					close(sub);
			}
			free(inner);
		}
		free(list[i]);
	}
	free(list);
	return rc;
}

/* -- piece by piece --------------------------------------------------------------------- */

struct packer *
pack_begin(pack_put *put, void *ctx, struct err *e)
{
	struct packer *p = xcalloc(1, sizeof *p);

	/* Where names are UTF-8 the archive says so; other bytes are marked as
	 * such.  (Reading is done in the C locale: there, in a UTF-8 one, the
	 * library would compose accents and so change names.) */
	p->ours = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (p->ours)
		p->before = uselocale(p->ours);
	p->put = put;
	p->ctx = ctx;
	p->e = e;
	p->buf = xmalloc(BUFFER);
	p->a = archive_write_new();
	/* Not the restricted form: it drops parts of a second. */
	archive_write_set_format_pax(p->a);
	archive_write_set_options(p->a, "pax:xattrheader=SCHILY");
	archive_write_set_bytes_per_block(p->a, 64 << 10);
	archive_write_set_bytes_in_last_block(p->a, 1);
	if (archive_write_open(p->a, p, NULL, written, NULL) == ARCHIVE_OK)
		return p;
	pack_end(p, refused(p));
	return NULL;
}

int
pack_text(struct packer *p, const char *as, const char *text)
{
	struct archive_entry *entry = archive_entry_new();
	size_t n = strlen(text);

	archive_entry_set_pathname(entry, as);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0600);
	archive_entry_set_size(entry, (la_int64_t)n);
	int rc = archive_write_header(p->a, entry) < ARCHIVE_WARN ||
	                         archive_write_data(p->a, text, n) < 0
	                 ? refused(p)
	                 : 0;
	archive_entry_free(entry);
	return rc;
}

int
pack_one(struct packer *p, int dir, const char *name, const char *as)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(p->e, errno, "'%s': %s", name, strerror(errno));
	if (one(p, dir, name, as, &st) < 0)
		return -1;
	if (!S_ISDIR(st.st_mode))
		return 0;
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail(p->e, errno, "'%s': %s", name, strerror(errno));
	p->dev = st.st_dev;
	int rc = walk(p, fd, as, 0);
	close(fd);
	return rc;
}

int
pack_end(struct packer *p, int rc)
{
	if (rc == 0 && archive_write_close(p->a) != ARCHIVE_OK)
		rc = refused(p);
	archive_write_free(p->a);
	if (p->ours) {
		uselocale(p->before);
		freelocale(p->ours);
	}
	for (size_t i = 0; i < LINKS; i++)
		for (struct link *l = p->links[i], *next; l; l = next) {
			next = l->next;
			free(l->path);
			free(l);
		}
	free(p->buf);
	free(p);
	return rc;
}

/* -- all at once ------------------------------------------------------------------------ */

static int
pack(int fd, bool itself, pack_put *put, void *ctx, struct err *e)
{
	struct packer *p = pack_begin(put, ctx, e);
	struct stat st;

	if (!p)
		return -1;
	int rc = fstat(fd, &st) < 0 ? fail(e, errno, "the root folder: %s", strerror(errno)) : 0;
	p->dev = rc == 0 ? st.st_dev : 0;
	if (rc == 0 && itself)
		rc = one(p, fd, ".", "./", &st);
	if (rc == 0)
		rc = walk(p, fd, "", 0);
	return pack_end(p, rc);
}

int
pack_folder(int fd, pack_put *put, void *ctx, struct err *e)
{
	return pack(fd, true, put, ctx, e);
}

int
pack_entries(int fd, pack_put *put, void *ctx, struct err *e)
{
	return pack(fd, false, put, ctx, e);
}
