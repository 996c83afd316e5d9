/* SPDX-License-Identifier: Apache-2.0 */
/* qcow2_pack.c -- reading compressed clusters.
 *
 * A guest reads a cluster in many small pieces, mostly in order: the last few are
 * kept unpacked.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/arena.h"
#include "img/qcow2.h"

enum { KEPT = 4 };

struct qcow2_pack {
	struct {
		uint64_t entry; /* 0: none */
		uint8_t *bytes; /* own */
	} kept[KEPT];
	int next;
	uint8_t *packed; /* own: two clusters */
	ZSTD_DCtx *zstd; /* own */
};

void
qcow2_pack_free(struct qcow2 *q)
{
	struct qcow2_pack *p = q->pack;
	if (!p)
		return;
	for (int i = 0; i < KEPT; i++)
		free(p->kept[i].bytes);
	free(p->packed);
	ZSTD_freeDCtx(p->zstd);
	free(p);
	q->pack = NULL;
}

void
qcow2_pack_forget(struct qcow2 *q, uint64_t first, uint64_t n)
{
	struct qcow2_pack *p = q->pack;
	uint64_t offset, length, next = q->pack_next >> q->cluster_bits;

	/* nor is there room in it any more */
	if (next >= first && next < first + n)
		q->pack_next = 0;
	for (int i = 0; p && i < KEPT; i++) {
		if (!p->kept[i].entry)
			continue;
		qcow2_packed_place(q, p->kept[i].entry, &offset, &length);
		if (offset >> q->cluster_bits < first + n &&
		    (offset + length - 1) >> q->cluster_bits >= first)
			p->kept[i].entry = 0;
	}
}

/* Raw deflate.  The window of the writer may be small, ours is the largest; sectors
 * behind the end of the stream are somebody else's. */
static int
inflate_cluster(const uint8_t *in, size_t n, uint8_t *out, size_t size)
{
	z_stream z = { .next_in = (uint8_t *)(uintptr_t)in,
		       .avail_in = (uInt)n,
		       .next_out = out,
		       .avail_out = (uInt)size };

	if (inflateInit2(&z, -15) != Z_OK)
		return -ENOMEM;
	int rc = inflate(&z, Z_FINISH);
	bool whole = (rc == Z_STREAM_END || rc == Z_BUF_ERROR) && z.avail_out == 0;
	inflateEnd(&z);
	return whole ? 0 : -EIO;
}

static int
zstd_cluster(struct qcow2_pack *p, const uint8_t *in, size_t n, uint8_t *out, size_t size)
{
	if (!p->zstd && !(p->zstd = ZSTD_createDCtx()))
		return -ENOMEM;
	ZSTD_DCtx_reset(p->zstd, ZSTD_reset_session_only);
	ZSTD_inBuffer from = { in, n, 0 };
	ZSTD_outBuffer to = { out, size, 0 };
	/* Several frames may make one cluster. */
	while (to.pos < to.size) {
		size_t had = from.pos + to.pos;
		size_t rc = ZSTD_decompressStream(p->zstd, &to, &from);
		if (ZSTD_isError(rc) || from.pos + to.pos == had)
			return -EIO;
	}
	return 0;
}

int
qcow2_unpack(struct qcow2 *q, uint64_t entry, const uint8_t **bytes)
{
	uint64_t offset, n;

	if (!q->pack) {
		q->pack = xcalloc(1, sizeof *q->pack);
		q->pack->packed = xmalloc(2 * q->cluster + 512);
	}
	struct qcow2_pack *p = q->pack;
	entry &= ~QCOW2_COPIED;
	for (int i = 0; i < KEPT; i++)
		if (p->kept[i].entry == entry) {
			*bytes = p->kept[i].bytes;
			return 0;
		}
	qcow2_packed_place(q, entry, &offset, &n);
	int rc = platter_read(q->platter, offset, p->packed, n);
	if (rc < 0)
		return rc;
	int i = p->next;
	if (!p->kept[i].bytes)
		p->kept[i].bytes = xmalloc(q->cluster);
	p->kept[i].entry = 0;
	rc = q->compression ? zstd_cluster(p, p->packed, n, p->kept[i].bytes, q->cluster)
	                    : inflate_cluster(p->packed, n, p->kept[i].bytes, q->cluster);
	if (rc < 0)
		return rc;
	p->kept[i].entry = entry;
	p->next = (i + 1) % KEPT;
	*bytes = p->kept[i].bytes;
	return 0;
}
