/* SPDX-License-Identifier: Apache-2.0 */
/* qcow2_size.c -- a disk that becomes longer or shorter. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "img/qcow2.h"

int
qcow2_l1_replace(struct qcow2 *q, uint64_t *l1, uint32_t n, uint64_t size)
{
	uint64_t clusters = qcow2_clusters(q, n * UINT64_C(8)), offset = 0, be;
	uint64_t old = q->l1_offset, old_clusters = qcow2_clusters(q, q->l1_size * UINT64_C(8));
	uint8_t field[24] = { 0 };
	int rc = clusters ? qcow2_take_row(q, clusters, &offset) : 0;

	if (rc == 0) {
		uint64_t *row = xcalloc(clusters << q->cluster_bits >> 3, 8);
		for (uint32_t i = 0; i < n; i++)
			row[i] = htobe64(l1[i]);
		/* What it names, and the count of its own clusters, are safe before it is. */
		rc = platter_write(q->platter, offset, row, clusters << q->cluster_bits);
		if (rc == 0)
			rc = qcow2_settle(q);
		free(row);
	}
	if (rc < 0) {
		if (clusters && offset)
			qcow2_untake(q, offset, clusters);
		free(l1);
		return rc;
	}
	be = htobe64(size);
	memcpy(field, &be, 8); /* then no encryption */
	uint32_t be_n = htobe32(n);
	memcpy(field + 12, &be_n, 4);
	be = htobe64(offset);
	memcpy(field + 16, &be, 8);
	rc = qcow2_header_put(q, QCOW2_AT_SIZE, field, sizeof field);
	if (rc < 0) {
		/* Which of the two the header names nobody knows now. */
		q->corrupt = true;
		free(l1);
		return rc;
	}
	free(q->l1);
	q->l1 = l1;
	q->l1_size = n;
	q->l1_offset = offset;
	q->l1_first = q->l1_last = 0;
	for (uint64_t i = 0; i < old_clusters; i++)
		qcow2_claim_drop(&q->claim, (old >> q->cluster_bits) + i);
	for (uint64_t i = 0; i < clusters; i++)
		qcow2_claim_add(&q->claim, (offset >> q->cluster_bits) + i);
	return old_clusters ? qcow2_release(q, old, old_clusters, false) : 0;
}

static int
put_size(struct qcow2 *q, uint64_t size)
{
	uint64_t be = htobe64(size);
	return qcow2_header_put(q, QCOW2_AT_SIZE, &be, sizeof be);
}

static int
grow(struct disk *d, uint64_t size)
{
	struct qcow2 *q = d->qcow2;
	uint64_t old = d->size, span = qcow2_l1_span(q), last;
	uint64_t n = size / span + (size % span != 0);
	int rc = 0;

	if (n > QCOW2_MOST_L1 / 8)
		return -EFBIG;
	if (n > q->l1_size) {
		uint64_t *l1 = xcalloc(n, sizeof *l1);
		if (q->l1_size)
			memcpy(l1, q->l1, q->l1_size * sizeof *l1);
		if ((rc = qcow2_l1_replace(q, l1, (uint32_t)n, old)) < 0)
			return rc;
	}
	/* What comes reads as zeros: also where the last cluster had something behind
	 * the end, or the disk below has. */
	last = (old + q->cluster - 1) & ~(q->cluster - 1);
	if (d->backing && d->backing->size > last)
		last = d->backing->size;
	if (last > size)
		last = size;
	d->size = size;
	if (last > old)
		rc = qcow2_zero(d, old, last - old, true);
	if (rc == 0)
		rc = qcow2_settle(q);
	if (rc == 0)
		rc = put_size(q, size);
	if (rc < 0)
		d->size = old;
	return rc;
}

/* An L1 entry of which nothing is left. */
static int
shrink(struct disk *d, uint64_t size)
{
	struct qcow2 *q = d->qcow2;
	uint64_t from = (size + q->cluster - 1) & ~(q->cluster - 1);
	struct qcow2_span p;
	int rc = 0;

	for (uint64_t at = from; at < d->size && rc == 0; at += p.n) {
		rc = qcow2_find(q, at, d->size, &p);
		if (rc == 0 && p.entry != 0)
			rc = qcow2_enter(q, at, qcow2_clusters(q, p.n), 0, 0, true);
	}
	if (rc == 0)
		rc = qcow2_settle(q);
	if (rc == 0)
		rc = put_size(q, size);
	if (rc == 0) {
		d->size = size;
		rc = qcow2_trim(q);
	}
	return rc;
}

int
qcow2_resize(struct disk *d, uint64_t size, struct err *e)
{
	struct qcow2 *q = d->qcow2;

	if (size > INT64_MAX)
		return fail(e, EFBIG, "disk '%s': %llu bytes are too many", d->path,
		            (unsigned long long)size);
	/* There a snapshot does not know how long the disk was. */
	if (q->snapshots > 0 && q->version < 3) {
		fail(e, ENOTSUP, "disk '%s' has snapshots and cannot change its size", d->path);
		return err_hint(e, "remove them with: joist disk snapshot -d NAME %s", d->path);
	}
	int rc = size > d->size ? grow(d, size) : size < d->size ? shrink(d, size) : 0;
	if (rc == 0)
		rc = qcow2_settle(q);
	if (rc == -EFBIG) {
		fail(e, EFBIG, "disk '%s' cannot become so long with clusters of %llu bytes",
		     d->path, (unsigned long long)q->cluster);
		return err_hint(e, "make a copy with larger ones: joist disk convert -O qcow2 "
		                   "-o cluster_size=2M");
	}
	return rc < 0 ? fail(e, -rc, "disk '%s': %s", d->path, strerror(-rc)) : 0;
}
