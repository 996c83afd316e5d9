/* SPDX-License-Identifier: Apache-2.0 */
/* raw.c -- the file is the disk. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "img/format.h"

static int
raw_open(struct disk *d, struct err *e)
{
	(void)e;
	d->size = d->platter->size;
	return 0;
}

static int
raw_read(struct disk *d, uint64_t offset, struct scatter *s, uint64_t n)
{
	return platter_readv(d->platter, offset, s, n);
}

/* A guest that writes the header of another format into its first sector would be
 * given any file of the host as backing image, the next time somebody looks. */
static bool
disguise(struct disk *d, uint64_t offset, struct scatter s)
{
	uint8_t head[512];
	if (!d->guessed || offset >= sizeof head ||
	    platter_read(d->platter, 0, head, sizeof head) < 0)
		return false;
	scatter_get(&s, head + offset, sizeof head - offset);
	return qcow2_format.probe(head, sizeof head);
}

static int
raw_write(struct disk *d, uint64_t offset, struct scatter *s, uint64_t n)
{
	struct scatter copy = *s;
	uint8_t first[512];

	if (!d->guessed || offset >= sizeof first)
		return platter_writev(d->platter, offset, s, n);
	/* The memory is a guest's: what was looked at must be what is written. */
	uint64_t k = sizeof first - offset < n ? sizeof first - offset : n;
	scatter_get(s, first, k);
	struct iovec v = { first, k };
	if (disguise(d, offset, scatter_of(&v, 1)))
		return -EPERM;
	int rc = platter_write(d->platter, offset, first, k);
	scatter_skip(&copy, k);
	return rc < 0 || k == n ? rc : platter_writev(d->platter, offset + k, &copy, n - k);
}

static int
raw_flush(struct disk *d)
{
	return platter_sync(d->platter);
}

static int
raw_discard(struct disk *d, uint64_t offset, uint64_t n)
{
	return platter_discard(d->platter, offset, n);
}

static int
raw_zero(struct disk *d, uint64_t offset, uint64_t n, bool unmap)
{
	return platter_zero(d->platter, offset, n, unmap);
}

static int
raw_resize(struct disk *d, uint64_t size, struct err *e)
{
	int rc = platter_resize(d->platter, size);
	if (rc < 0)
		return fail(e, -rc, "disk '%s': %s", d->path,
		            rc == -ENOSPC ? "a block device does not grow" : strerror(-rc));
	d->size = size;
	return 0;
}

static int
raw_extent(struct disk *d, uint64_t offset, uint64_t end, uint64_t *n)
{
	return platter_data(d->platter, offset, end, n) ? DISK_DATA : DISK_HOLE;
}

static int
raw_create(struct platter *p, const char *path, uint64_t size, const struct disk_options *o,
           struct err *e)
{
	const char *room = o->preallocation ? o->preallocation : "off";

	if (o->backing) {
		fail(e, EINVAL, "disk '%s': a raw image stands on no other", path);
		return err_hint(e, "make it with -f qcow2");
	}
	int rc = platter_resize(p, size);
	if (rc == 0 && strcmp(room, "falloc") == 0)
		rc = platter_reserve(p, 0, size);
	else if (rc == 0 && strcmp(room, "full") == 0)
		rc = platter_zero(p, 0, size, false);
	else if (strcmp(room, "off") != 0 && rc == 0)
		return fail(e, EINVAL, "a raw image has no preallocation '%s'", room);
	return rc < 0 ? fail(e, -rc, "disk '%s': %s", path, strerror(-rc)) : 0;
}

const struct format raw_format = {
	.name = "raw",
	.open = raw_open,
	.read = raw_read,
	.write = raw_write,
	.flush = raw_flush,
	.discard = raw_discard,
	.zero = raw_zero,
	.resize = raw_resize,
	.extent = raw_extent,
	.create = raw_create,
};
