/* SPDX-License-Identifier: Apache-2.0 */
/* qcow2_squeeze.c -- writing compressed clusters, for a copy that takes less room.
 *
 * They lie byte after byte, across the borders of clusters where two are neighbours.
 * The host's cluster is then counted once for each that has bytes in it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/arena.h"
#include "img/qcow2.h"

/* Bytes of the result, less than size; 0: it does not become smaller. */
static size_t
deflate_cluster(const uint8_t *in, uint8_t *out, size_t size)
{
	z_stream z = { .next_in = (uint8_t *)(uintptr_t)in,
		       .avail_in = (uInt)size,
		       .next_out = out,
		       .avail_out = (uInt)size - 1 };

	/* A window of 4 KiB: what others expect who read it. */
	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -12, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		return 0;
	int rc = deflate(&z, Z_FINISH);
	size_t n = z.total_out;
	deflateEnd(&z);
	return rc == Z_STREAM_END ? n : 0;
}

static size_t
zstd_cluster(const uint8_t *in, uint8_t *out, size_t size)
{
	size_t n = ZSTD_compress(out, size - 1, in, size, ZSTD_CLEVEL_DEFAULT);
	return ZSTD_isError(n) ? 0 : n;
}

/* A place for n bytes.  Of the clusters taken for it only the caller knows. */
static int
place(struct qcow2 *q, size_t n, uint64_t *offset)
{
	uint64_t mask = q->cluster - 1, at = q->pack_next, room = -at & mask, fresh, got, count;

	if (room > 0) {
		int rc = qcow2_count_get(q, at >> q->cluster_bits, &count);
		if (rc < 0)
			return rc;
		/* 0: everything in it was released meanwhile */
		if (count == 0 || count >= q->count_most)
			room = 0;
	}
	if (room < n) {
		int rc = qcow2_take(q, 1, &fresh, &got, NULL);
		if (rc < 0)
			return rc;
		if (room > 0 && fresh == (at & ~mask) + q->cluster) {
			rc = qcow2_count_add(q, at >> q->cluster_bits, 1);
			if (rc < 0) {
				qcow2_untake(q, fresh, 1);
				return rc;
			}
		} else {
			at = fresh;
		}
	} else {
		int rc = qcow2_count_add(q, at >> q->cluster_bits, 1);
		if (rc < 0)
			return rc;
	}
	*offset = at;
	q->pack_next = at + n;
	return 0;
}

int
qcow2_squeeze(struct disk *d, uint64_t offset, const void *bytes, size_t n)
{
	struct qcow2 *q = d->qcow2;
	unsigned bits = 62 - (q->cluster_bits - 8);
	uint64_t at, sectors;

	if (offset & (q->cluster - 1) || n > q->cluster ||
	    (n < q->cluster && offset + n != d->size))
		return -EINVAL;
	uint8_t *in = xmalloc(2 * q->cluster), *out = in + q->cluster;
	memcpy(in, bytes, n);
	memset(in + n, 0, q->cluster - n);
	size_t small = q->compression ? zstd_cluster(in, out, q->cluster)
	                              : deflate_cluster(in, out, q->cluster);
	int rc;
	if (small == 0) {
		struct iovec v = { in, n };
		struct scatter s = scatter_of(&v, 1);
		rc = qcow2_write(d, offset, &s, n);
		goto out;
	}
	if ((rc = place(q, small, &at)) < 0)
		goto out;
	sectors = ((at + small - 1) >> 9) - (at >> 9);
	uint64_t entry = QCOW2_PACKED | sectors << bits | at;
	if (at >> bits)
		rc = -EFBIG;
	if (rc == 0)
		rc = platter_write(q->platter, at, out, small);
	if (rc == 0)
		rc = qcow2_enter(q, offset, 1, entry, 0, false);
	if (rc < 0) {
		qcow2_release_entry(q, entry, false);
		q->pack_next = 0;
	}
out:
	free(in);
	return rc;
}
