/* SPDX-License-Identifier: Apache-2.0 */
/* convert.c -- a copy of a disk, in another format or without its holes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "img/disk.h"
#include "img/format.h"

enum { CHUNK = 2 << 20 };

struct job {
	struct disk *from, *to;
	const struct disk_convert *how;
	uint64_t size;
	bool over;  /* the target stands on another */
	bool blank; /* the target is full of zeros */
	bool packed;
	uint8_t *bytes; /* own */
};

static bool
zeros(const uint8_t *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/* Zeros need not be written to what is full of them. */
static int
put_zeros(struct job *j, uint64_t at, uint64_t n)
{
	return j->blank && !j->over ? 0 : disk_zero(j->to, at, n, j->how->sparse > 0);
}

static int
put_packed(struct job *j, uint64_t at, const uint8_t *p, size_t n)
{
	struct disk *d = j->to;
	uint32_t cluster = disk_cluster(d);
	int rc = 0;

	for (size_t k; n > 0 && rc == 0; p += k, at += k, n -= k) {
		k = n < cluster ? n : cluster;
		if (zeros(p, k)) {
			rc = put_zeros(j, at, k);
			continue;
		}
		pthread_mutex_lock(&d->lock);
		rc = d->format->squeeze(d, at, p, k);
		pthread_mutex_unlock(&d->lock);
	}
	return rc;
}

static int
put(struct job *j, uint64_t at, uint8_t *p, size_t n)
{
	struct iovec v = { p, n };
	return disk_write(j->to, at, &v, 1);
}

/* In runs of data and of zeros, which are looked for in steps of `sparse`. */
static int
put_data(struct job *j, uint64_t at, uint8_t *p, size_t n)
{
	size_t step = j->how->sparse;
	int rc = 0;

	if (j->packed)
		return put_packed(j, at, p, n);
	if (step == 0)
		return put(j, at, p, n);
	for (size_t i = 0; i < n && rc == 0;) {
		size_t begin = i;
		bool empty = zeros(p + i, n - i < step ? n - i : step);
		do
			i = n - i < step ? n : i + step;
		while (i < n && zeros(p + i, n - i < step ? n - i : step) == empty);
		rc = empty ? put_zeros(j, at + begin, i - begin)
		           : put(j, at + begin, p + begin, i - begin);
	}
	return rc;
}

/* What has to be done from `at` on, for *n bytes: DISK_DATA copies, DISK_ZERO writes
 * zeros, DISK_HOLE does nothing. */
static int
look(struct job *j, uint64_t at, uint64_t *n)
{
	bool own;
	int what;

	if (!j->over) {
		what = disk_extent(j->from, at, j->size, n);
		return what == DISK_HOLE ? DISK_ZERO : what;
	}
	what = disk_extent_own(j->from, at, j->size, n, &own);
	return what < 0 ? what : !own ? DISK_HOLE : what == DISK_HOLE ? DISK_ZERO : what;
}

/* Compressed data is written a cluster at a time: ends become those of clusters. */
static void
align(const struct job *j, uint64_t at, int *what, uint64_t *n)
{
	uint64_t cluster = disk_cluster(j->to), left = j->size - at;

	if (*what != DISK_DATA && *n >= cluster)
		*n -= *n < left ? *n % cluster : 0;
	else if (*n < left)
		*what = DISK_DATA;
	if (*what == DISK_DATA)
		*n += -*n & (cluster - 1);
	if (*n > left)
		*n = left;
}

static int
copy(struct job *j, const char **side)
{
	uint64_t n;
	int rc = 0;

	for (uint64_t at = 0; at < j->size && rc == 0; at += n) {
		*side = "reading";
		int what = look(j, at, &n);
		if (what < 0)
			return what;
		if (j->how->sparse == 0 && !j->over)
			what = DISK_DATA;
		if (j->packed)
			align(j, at, &what, &n);
		if (what == DISK_DATA) {
			n = n < CHUNK ? n : CHUNK;
			struct iovec v = { j->bytes, n };
			rc = disk_read(j->from, at, &v, 1);
			if (rc == 0) {
				*side = "writing";
				rc = put_data(j, at, j->bytes, n);
			}
		} else if (what == DISK_ZERO) {
			*side = "writing";
			rc = put_zeros(j, at, n);
		}
		if (j->how->progress)
			j->how->progress(j->how->arg, at + n, j->size);
	}
	return rc;
}

static bool
same(const struct disk *d, int dir, const char *path)
{
	struct stat mine, its;
	return fstat(d->platter->fd, &mine) == 0 && fstatat(dir, path, &its, 0) == 0 &&
	       mine.st_dev == its.st_dev && mine.st_ino == its.st_ino;
}

int
disk_convert(struct disk *from, int dir, const char *to, const struct disk_options *o,
             const struct disk_convert *how, struct err *e)
{
	struct job j = { .from = from, .how = how, .size = from->size, .over = o->backing };
	bool qcow2 = o->format && strcmp(o->format, "qcow2") == 0;
	const char *side = "writing";

	if (how->compress && !qcow2 && (o->format || !how->existing)) {
		fail(e, EINVAL, "a raw image cannot be compressed");
		return err_hint(e, "make it a qcow2 image with -O qcow2");
	}
	if (same(from, dir, to))
		return fail(e, EINVAL, "'%s' is the image to be copied", to);
	if (!how->existing && disk_create(dir, to, j.size, o, e) < 0)
		return -1;
	unsigned format = qcow2 ? DISK_QCOW2 : DISK_RAW;
	j.to = disk_open(dir, to, DISK_WRITE | (o->format || !how->existing ? format : 0), e);
	if (!j.to)
		return -1;
	qcow2 = strcmp(disk_format(j.to), "qcow2") == 0;
	int rc = 0;
	if (j.to->size < j.size) {
		rc = fail(e, ENOSPC, "disk '%s' of %llu bytes is too short for one of %llu", to,
		          (unsigned long long)j.to->size, (unsigned long long)j.size);
		disk_close(j.to);
		return rc;
	}
	j.blank = !how->existing && (qcow2 || j.to->platter->regular);
	j.packed = how->compress && qcow2;
	j.bytes = xmalloc(CHUNK);
	rc = copy(&j, &side);
	free(j.bytes);
	int end = disk_close(j.to);
	rc = rc < 0 ? rc : end;
	return rc < 0 ? fail(e, -rc, "%s '%s': %s", side,
	                     strcmp(side, "reading") == 0 ? from->path : to, strerror(-rc))
	              : 0;
}
