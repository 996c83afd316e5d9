/* SPDX-License-Identifier: Apache-2.0 */
#include "img/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"
#include "img/format.h"

/* More than this many images on each other are a mistake, or a trap. */
enum { DEEPEST = 100, PIECES = 64 };

/* In the order in which they are asked; raw says no to nothing. */
static const struct format *const formats[] = { &qcow2_format, &raw_format };

enum { FORMATS = sizeof formats / sizeof *formats };

static const struct format *
named(const char *name, struct err *e)
{
	for (int i = 0; i < FORMATS; i++)
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	fail(e, EINVAL, "there is no disk format '%s'", name);
	err_hint(e, "the formats are raw and qcow2");
	return NULL;
}

static const struct format *
guess(struct platter *p)
{
	uint8_t head[512];

	if (platter_read(p, 0, head, sizeof head) == 0)
		for (int i = 0; i < FORMATS; i++)
			if (formats[i]->probe && formats[i]->probe(head, sizeof head))
				return formats[i];
	return &raw_format;
}

static struct disk *
bare(const char *path, unsigned flags)
{
	struct disk *d = xcalloc(1, sizeof *d);
	pthread_mutex_init(&d->lock, NULL);
	d->path = xstrdup(path);
	d->flags = flags;
	return d;
}

static void
drop(struct disk *d)
{
	if (d->backing)
		drop(d->backing);
	if (d->format && d->format->close && d->qcow2)
		d->format->close(d);
	platter_close(d->platter);
	pthread_mutex_destroy(&d->lock);
	free(d->path);
	free(d);
}

/* One image; `above` is what stands on it. */
static struct disk *
open_one(int dir, const char *path, const struct format *format, unsigned flags,
         const struct disk *above, struct err *e)
{
	struct disk *d = bare(path, flags);

	d->dir = dir;
	d->above = above;
	d->writable = flags & DISK_WRITE;
	d->platter = platter_open(dir, path,
	                          (d->writable ? PLATTER_WRITE : 0) |
	                                  (flags & DISK_UNLOCKED ? PLATTER_UNLOCKED : 0),
	                          e);
	if (!d->platter)
		goto undo;
	d->guessed = !format;
	d->format = format ? format : guess(d->platter);
	if (d->format->open(d, e) < 0)
		goto undo;
	d->above = NULL;
	return d;
undo:
	drop(d);
	return NULL;
}

/* Writes go to a nameless qcow2 image that stands on this one. */
static struct disk *
scratch(struct disk *below, struct err *e)
{
	struct disk *d = bare(below->path, DISK_SCRATCH | DISK_WRITE);
	struct disk_options o = { .format = "qcow2" };

	d->backing = below;
	d->writable = true;
	d->format = &qcow2_format;
	d->platter = platter_scratch(e);
	if (d->platter && qcow2_format.create(d->platter, d->path, below->size, &o, e) == 0 &&
	    qcow2_format.open(d, e) == 0)
		return d;
	drop(d);
	return NULL;
}

struct disk *
disk_open(int dir, const char *path, unsigned flags, struct err *e)
{
	const struct format *f = flags & DISK_RAW     ? &raw_format
	                         : flags & DISK_QCOW2 ? &qcow2_format
	                                              : NULL;
	bool over = flags & DISK_SCRATCH;
	struct disk *d =
	        open_one(dir, path, f,
	                 over ? flags & ~(unsigned)(DISK_WRITE | DISK_SCRATCH) : flags, NULL, e);
	return d && over ? scratch(d, e) : d;
}

int
disk_close(struct disk *d)
{
	if (!d)
		return 0;
	int rc = disk_flush(d);
	if (d->format->close) {
		int ended = d->format->close(d);
		rc = rc < 0 ? rc : ended;
	}
	d->format = NULL;
	drop(d);
	return rc;
}

/* -- what it stands on ------------------------------------------------------- */

char *
format_beside(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');
	if (str_starts(name, "file:"))
		name += 5;
	if (*name == '/' || !slash)
		return xstrdup(name);
	return xprintf("%.*s%s", (int)(slash + 1 - path), path, name);
}

/* "nbd:", "json:", "rbd://": other places than files. */
static bool
elsewhere(const char *name)
{
	size_t n = strcspn(name, ":/");
	return name[n] == ':' && n > 1 && !str_starts(name, "file:");
}

static bool
same_file(const struct disk *d, const char *path)
{
	struct stat mine, its;
	return fstat(d->platter->fd, &mine) == 0 && fstatat(d->dir, path, &its, 0) == 0 &&
	       mine.st_dev == its.st_dev && mine.st_ino == its.st_ino;
}

int
format_stand(struct disk *d, const char *name, const char *format, struct err *e)
{
	const struct format *f = NULL;
	const struct disk *up;

	if (elsewhere(name)) {
		fail(e, ENOTSUP, "disk '%s' stands on '%s', which is no file", d->path, name);
		return err_hint(e, "only files and block devices can be below a disk");
	}
	if (format && !(f = named(format, e)))
		return err_prefix(e, "disk '%s'", d->path);
	char *path = format_beside(d->path, name);
	int depth = 0;
	for (up = d; up && !same_file(up, path); up = up->above)
		depth++;
	if (up)
		fail(e, ELOOP, "disk '%s' stands on '%s', which stands on itself", d->path, name);
	else if (depth >= DEEPEST)
		fail(e, ELOOP, "disk '%s': more than %d images on each other", d->path, DEEPEST);
	else
		d->backing =
		        open_one(d->dir, path, f, d->flags & (DISK_UNLOCKED | DISK_REPAIR), d, e);
	free(path);
	return d->backing ? 0 : -1;
}

int
format_below(struct disk *d, uint64_t offset, struct scatter *s, uint64_t n)
{
	struct disk *b = d->backing;
	uint64_t there = !b || offset >= b->size ? 0 : b->size - offset;

	if (there > n)
		there = n;
	if (there > 0) {
		struct scatter part = *s;
		pthread_mutex_lock(&b->lock);
		int rc = b->format->read(b, offset, &part, there);
		pthread_mutex_unlock(&b->lock);
		if (rc < 0)
			return rc;
		scatter_skip(s, there);
	}
	scatter_fill(s, n - there);
	return 0;
}

/* -- questions ---------------------------------------------------------------- */

uint64_t
disk_size(const struct disk *d)
{
	return d->size;
}

bool
disk_writable(const struct disk *d)
{
	return d->writable;
}

const char *
disk_format(const struct disk *d)
{
	return d->format->name;
}

uint32_t
disk_cluster(const struct disk *d)
{
	return d->format->cluster ? d->format->cluster(d) : 0;
}

static bool
inside(const struct disk *d, uint64_t offset, uint64_t n)
{
	return offset <= d->size && n <= d->size - offset;
}

int
disk_extent_own(struct disk *d, uint64_t offset, uint64_t end, uint64_t *n, bool *own)
{
	if (end > d->size)
		end = d->size;
	if (offset >= end)
		return -EINVAL;
	pthread_mutex_lock(&d->lock);
	int what = d->format->extent(d, offset, end, n);
	pthread_mutex_unlock(&d->lock);
	*own = what != FORMAT_BELOW;
	return what == FORMAT_BELOW ? DISK_HOLE : what;
}

static int
extent(struct disk *d, uint64_t offset, uint64_t end, uint64_t *n)
{
	struct disk *b = d->backing;
	int what = d->format->extent(d, offset, end, n);
	if (what != FORMAT_BELOW)
		return what;
	if (!b || offset >= b->size)
		return DISK_HOLE;
	end = offset + *n < b->size ? offset + *n : b->size;
	pthread_mutex_lock(&b->lock);
	what = extent(b, offset, end, n);
	pthread_mutex_unlock(&b->lock);
	return what;
}

int
disk_extent(struct disk *d, uint64_t offset, uint64_t end, uint64_t *n)
{
	if (end > d->size)
		end = d->size;
	if (offset >= end)
		return -EINVAL;
	pthread_mutex_lock(&d->lock);
	int what = extent(d, offset, end, n);
	pthread_mutex_unlock(&d->lock);
	return what;
}

/* -- reading and writing ------------------------------------------------------ */

int
disk_read(struct disk *d, uint64_t offset, const struct iovec *v, int n)
{
	uint64_t bytes = scatter_size(v, n);
	struct scatter s = scatter_of(v, n);

	pthread_mutex_lock(&d->lock);
	int rc = !inside(d, offset, bytes) ? -EINVAL
	         : bytes == 0              ? 0
	                                   : d->format->read(d, offset, &s, bytes);
	pthread_mutex_unlock(&d->lock);
	return rc;
}

/* May n bytes be changed?  1: yes; 0: there are none. */
static int
ready(struct disk *d, uint64_t offset, uint64_t n)
{
	if (!inside(d, offset, n))
		return -EINVAL;
	if (!d->writable || d->flags & DISK_REPAIR)
		return -EROFS;
	return n > 0;
}

int
disk_write(struct disk *d, uint64_t offset, const struct iovec *v, int n)
{
	uint64_t bytes = scatter_size(v, n);
	struct scatter s = scatter_of(v, n);

	pthread_mutex_lock(&d->lock);
	int rc = ready(d, offset, bytes);
	if (rc > 0)
		rc = d->format->write(d, offset, &s, bytes);
	pthread_mutex_unlock(&d->lock);
	return rc;
}

int
disk_flush(struct disk *d)
{
	if (!d->writable || (d->flags & DISK_SCRATCH))
		return 0;
	pthread_mutex_lock(&d->lock);
	int rc = d->format->flush(d);
	pthread_mutex_unlock(&d->lock);
	return rc;
}

int
disk_discard(struct disk *d, uint64_t offset, uint64_t n)
{
	pthread_mutex_lock(&d->lock);
	int rc = ready(d, offset, n);
	if (rc > 0)
		rc = d->format->discard(d, offset, n);
	pthread_mutex_unlock(&d->lock);
	return rc;
}

int
disk_zero(struct disk *d, uint64_t offset, uint64_t n, bool unmap)
{
	pthread_mutex_lock(&d->lock);
	int rc = ready(d, offset, n);
	if (rc > 0)
		rc = d->format->zero(d, offset, n, unmap);
	pthread_mutex_unlock(&d->lock);
	return rc;
}

int
disk_resize(struct disk *d, uint64_t size, struct err *e)
{
	if (!d->writable)
		return fail(e, EROFS, "disk '%s' is open for reading only", d->path);
	pthread_mutex_lock(&d->lock);
	int rc = d->format->resize(d, size, e);
	pthread_mutex_unlock(&d->lock);
	return rc;
}

/* -- looking after --------------------------------------------------------------- */

static int
cannot(const struct disk *d, const char *what, struct err *e)
{
	return fail(e, ENOTSUP, "disk '%s': a %s image cannot %s", d->path, d->format->name, what);
}

int
disk_check(struct disk *d, unsigned repair, struct disk_check *out, struct err *e)
{
	if (!d->format->check)
		return cannot(d, "be checked: there is nothing in it to check", e);
	pthread_mutex_lock(&d->lock);
	int rc = d->format->check(d, repair, out, e);
	pthread_mutex_unlock(&d->lock);
	return rc;
}

static int
snapshot(struct disk *d, int (*f)(struct disk *, const char *, struct err *), bool writes,
         const char *name, struct err *e)
{
	if (!f)
		return cannot(d, "have snapshots in it", e);
	if (writes && !d->writable)
		return fail(e, EROFS, "disk '%s' is open for reading only", d->path);
	pthread_mutex_lock(&d->lock);
	int rc = f(d, name, e);
	pthread_mutex_unlock(&d->lock);
	return rc;
}

int
disk_snapshot_make(struct disk *d, const char *name, struct err *e)
{
	return snapshot(d, d->format->snapshot_make, true, name, e);
}

int
disk_snapshot_apply(struct disk *d, const char *name, struct err *e)
{
	return snapshot(d, d->format->snapshot_apply, true, name, e);
}

int
disk_snapshot_drop(struct disk *d, const char *name, struct err *e)
{
	return snapshot(d, d->format->snapshot_drop, true, name, e);
}

int
disk_snapshot_look(struct disk *d, const char *name, struct err *e)
{
	if (d->writable)
		return fail(e, EBUSY, "disk '%s' is open for writing", d->path);
	return snapshot(d, d->format->snapshot_look, false, name, e);
}

json_t *
disk_snapshots(struct disk *d)
{
	if (!d->format->snapshots)
		return json_array();
	pthread_mutex_lock(&d->lock);
	json_t *list = d->format->snapshots(d);
	pthread_mutex_unlock(&d->lock);
	return list;
}

static json_t *
text_of(const char *s)
{
	char *copy = xstrdup(s);
	str_printable(copy);
	json_t *v = json_string(copy);
	free(copy);
	return v;
}

json_t *
disk_info(struct disk *d, struct err *e)
{
	json_t *o = json_object(), *list;

	(void)e;
	pthread_mutex_lock(&d->lock);
	json_object_set_new(o, "virtual-size", json_integer((json_int_t)d->size));
	json_object_set_new(o, "filename", text_of(d->path));
	if (d->format->cluster)
		json_object_set_new(o, "cluster-size", json_integer(d->format->cluster(d)));
	json_object_set_new(o, "format", json_string(d->format->name));
	json_object_set_new(o, "actual-size", json_integer((json_int_t)platter_used(d->platter)));
	json_object_set_new(o, "dirty-flag", json_false());
	if (d->format->info)
		d->format->info(d, o);
	pthread_mutex_unlock(&d->lock);
	list = disk_snapshots(d);
	if (json_array_size(list) > 0)
		json_object_set(o, "snapshots", list);
	json_decref(list);
	return o;
}

/* -- making -------------------------------------------------------------------- */

/* See that what it shall stand on is there and, when asked, how long it is. */
static int
ask_backing(int dir, const char *path, struct disk_options *o, uint64_t *size, struct err *e)
{
	unsigned flags = DISK_UNLOCKED;
	const struct format *f = o->backing_format ? named(o->backing_format, e) : NULL;

	if (o->backing_format && !f)
		return -1;
	if (elsewhere(o->backing)) {
		fail(e, ENOTSUP, "'%s' is no file for a disk to stand on", o->backing);
		return err_hint(e, "only files and block devices can be below a disk");
	}
	char *beside = format_beside(path, o->backing);
	struct disk *d = open_one(dir, beside, f, flags, NULL, e);
	free(beside);
	if (!d)
		return -1;
	if (*size == 0)
		*size = d->size;
	o->backing_format = d->format->name;
	drop(d);
	return 0;
}

int
disk_create(int dir, const char *path, uint64_t size, const struct disk_options *options,
            struct err *e)
{
	struct disk_options o = *options;
	const struct format *f = named(o.format ? o.format : "raw", e);

	if (!f)
		return -1;
	if (size > INT64_MAX)
		return fail(e, EFBIG, "disk '%s': %llu bytes are too many", path,
		            (unsigned long long)size);
	if (o.backing && ask_backing(dir, path, &o, &size, e) < 0)
		return -1;
	struct platter *p = platter_open(dir, path, PLATTER_CREATE, e);
	if (!p)
		return -1;
	int rc = f->create(p, path, size, &o, e);
	int late = rc < 0 ? 0 : platter_sync(p);
	if (late < 0)
		rc = fail(e, -late, "disk '%s': %s", path, strerror(-late));
	platter_close(p);
	return rc;
}
