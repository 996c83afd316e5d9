/* SPDX-License-Identifier: Apache-2.0 */
/* qcow2_io.c -- reading, writing, zeros, and giving clusters back. */
#include <errno.h>
#include <string.h>

#include "img/qcow2.h"

/* So many ranges wait for their release before it is done unasked, and so many
 * clusters at most are taken for one write. */
enum { GONE_MOST = 4096, ROW_MOST = 1024 };

/* -- reading ---------------------------------------------------------------- */

static int
read_span(struct disk *d, const struct qcow2_span *p, uint64_t offset, struct scatter *s)
{
	struct qcow2 *q = d->qcow2;
	const uint8_t *bytes;
	int rc;

	switch (p->kind) {
	case QCOW2_NONE: return format_below(d, offset, s, p->n);
	case QCOW2_ZEROS: scatter_fill(s, p->n); return 0;
	case QCOW2_PLAIN: return platter_readv(q->platter, p->host, s, p->n);
	case QCOW2_PACK:
		rc = qcow2_unpack(q, p->entry, &bytes);
		if (rc == 0)
			scatter_put(s, bytes + (offset & (q->cluster - 1)), p->n);
		return rc;
	}
	return -EIO;
}

int
qcow2_read(struct disk *d, uint64_t offset, struct scatter *s, uint64_t n)
{
	struct qcow2_span p;

	for (uint64_t end = offset + n; offset < end; offset += p.n) {
		int rc = qcow2_find(d->qcow2, offset, end, &p);
		if (rc < 0)
			return rc;
		struct scatter part = *s;
		rc = read_span(d, &p, offset, &part);
		if (rc < 0)
			return rc;
		scatter_skip(s, p.n);
	}
	return 0;
}

/* -- writing ------------------------------------------------------------------ */

static int
touches_metadata(struct qcow2 *q, uint64_t host, uint64_t n)
{
	for (uint64_t c = host >> q->cluster_bits; c <= (host + n - 1) >> q->cluster_bits; c++)
		if (qcow2_claim_has(&q->claim, c))
			return qcow2_broken(q, "the guest's data lies on a table",
			                    c << q->cluster_bits);
	return 0;
}

/* Bytes of the guest that a write leaves as they are go along to the new place. */
static int
carry(struct disk *d, uint64_t offset, uint64_t n, uint64_t host, bool fresh)
{
	struct qcow2 *q = d->qcow2;
	struct qcow2_span p;

	if (n == 0)
		return 0;
	int rc = qcow2_find(q, offset, offset + n, &p);
	if (rc < 0)
		return rc;
	bool zeros = p.kind == QCOW2_ZEROS ||
	             (p.kind == QCOW2_NONE && (!d->backing || offset >= d->backing->size));
	if (zeros && fresh)
		return 0;
	/* The last cluster of a disk may go on behind its end, where nothing is below. */
	struct iovec v = { q->bounce, n };
	struct scatter s = scatter_of(&v, 1);
	p.n = n;
	rc = read_span(d, &p, offset, &s);
	return rc < 0 ? rc : platter_write(q->platter, host, q->bounce, n);
}

/* Write n bytes at offset into clusters at `host`, which are to become theirs. */
static int
fill_new(struct disk *d, uint64_t offset, struct scatter *s, uint64_t n, uint64_t host, bool fresh)
{
	struct qcow2 *q = d->qcow2;
	uint64_t before = offset & (q->cluster - 1), end = offset + n;
	uint64_t behind = -end & (q->cluster - 1);

	int rc = carry(d, offset - before, before, host, fresh);
	if (rc == 0)
		rc = platter_writev(q->platter, host + before, s, n);
	return rc == 0 ? carry(d, end, behind, host + before + n, fresh) : rc;
}

/* How far does what must be written elsewhere go on?  Bytes. */
static int
elsewhere(struct qcow2 *q, uint64_t offset, uint64_t end, uint64_t *n)
{
	uint64_t span = qcow2_l1_span(q), most = span - (offset & (span - 1));
	struct qcow2_span p;

	if (most > end - offset)
		most = end - offset;
	for (*n = 0; *n < most; *n += p.n) {
		int rc = qcow2_find(q, offset + *n, offset + most, &p);
		if (rc < 0)
			return *n ? 0 : rc;
		if (p.ours)
			break;
		if (*n + p.n > (uint64_t)ROW_MOST << q->cluster_bits) {
			*n = (uint64_t)ROW_MOST << q->cluster_bits;
			*n -= offset & (q->cluster - 1);
			return 0;
		}
	}
	return 0;
}

/* Write to clusters of our own, at most n bytes of which *done are. */
static int
write_new(struct disk *d, uint64_t offset, struct scatter *s, uint64_t n, uint64_t *done)
{
	struct qcow2 *q = d->qcow2;
	uint64_t in = offset & (q->cluster - 1), host, got;
	struct qcow2_table *t;
	bool fresh;

	/* the table first: a place that cannot be entered is of no use */
	int rc = qcow2_l2_ours(q, offset, &t);
	if (rc == 0)
		rc = elsewhere(q, offset, offset + n, &n);
	if (rc == 0)
		rc = qcow2_take(q, qcow2_clusters(q, in + n), &host, &got, &fresh);
	if (rc < 0)
		return rc;
	if (in + n > got << q->cluster_bits)
		n = (got << q->cluster_bits) - in;
	rc = fill_new(d, offset, s, n, host, fresh);
	if (rc == 0)
		rc = qcow2_enter(q, offset - in, got, host | QCOW2_COPIED, q->cluster, false);
	if (rc < 0)
		qcow2_untake(q, host, got);
	*done = n;
	return rc;
}

/* A place was kept for a cluster of zeros. */
static int
write_kept(struct disk *d, const struct qcow2_span *p, uint64_t offset, struct scatter *s,
           uint64_t n)
{
	struct qcow2 *q = d->qcow2;
	uint64_t in = offset & (q->cluster - 1), host = p->host - in;

	int rc = fill_new(d, offset, s, n, host, false);
	return rc < 0 ? rc
	              : qcow2_enter(q, offset - in, qcow2_clusters(q, in + n), host | QCOW2_COPIED,
	                            q->cluster, false);
}

static int
tidy(struct qcow2 *q)
{
	return q->gone_n >= GONE_MOST ? qcow2_settle(q) : 0;
}

int
qcow2_write(struct disk *d, uint64_t offset, struct scatter *s, uint64_t n)
{
	struct qcow2 *q = d->qcow2;
	uint64_t end = offset + n, done;

	while (offset < end) {
		struct qcow2_span p;
		if (q->corrupt)
			return -EIO;
		int rc = qcow2_find(q, offset, end, &p);
		if (rc < 0)
			return rc;
		struct scatter part = *s;
		done = p.n;
		if (p.ours)
			rc = touches_metadata(q, p.host, p.n);
		if (rc < 0)
			return rc;
		/* A table that a snapshot has too may say that we may, and be wrong. */
		bool alone = q->l1[offset >> (q->cluster_bits + q->l2_bits)] & QCOW2_COPIED;
		if (p.ours && alone && p.kind == QCOW2_PLAIN)
			rc = platter_writev(q->platter, p.host, &part, p.n);
		else if (p.ours && alone)
			rc = write_kept(d, &p, offset, &part, p.n);
		else
			rc = write_new(d, offset, &part, end - offset, &done);
		if (rc < 0)
			return rc;
		scatter_skip(s, done);
		offset += done;
		if ((rc = tidy(q)) < 0)
			return rc;
	}
	return 0;
}

/* -- zeros and less -------------------------------------------------------------- */

static int
write_zeros(struct disk *d, uint64_t offset, uint64_t n)
{
	static const uint8_t zeros[65536];
	while (n > 0) {
		uint64_t k = n < sizeof zeros ? n : sizeof zeros;
		struct iovec v = { (void *)zeros, k };
		struct scatter s = scatter_of(&v, 1);
		int rc = qcow2_write(d, offset, &s, k);
		if (rc < 0)
			return rc;
		offset += k;
		n -= k;
	}
	return 0;
}

/* A part of one cluster. */
static int
zero_part(struct disk *d, uint64_t offset, uint64_t n)
{
	struct qcow2_span p;
	int rc = qcow2_find(d->qcow2, offset, offset + n, &p);

	if (rc < 0)
		return rc;
	bool zeros = p.kind == QCOW2_ZEROS ||
	             (p.kind == QCOW2_NONE && (!d->backing || offset >= d->backing->size));
	return zeros ? 0 : write_zeros(d, offset, n);
}

/* Does the disk below say anything there? */
static bool
covered(struct disk *d, uint64_t offset)
{
	return d->backing && offset < d->backing->size;
}

/* Whole clusters, all as p says.  Nothing is kept for them but where `keep` is set. */
static int
zero_span(struct disk *d, const struct qcow2_span *p, uint64_t offset, bool keep)
{
	struct qcow2 *q = d->qcow2;
	uint64_t clusters = qcow2_clusters(q, p->n);
	bool below = covered(d, offset);

	if (p->kind == QCOW2_NONE && !below)
		return 0;
	if (p->kind == QCOW2_ZEROS && (p->host == 0 || keep))
		return 0;
	if (q->version < 3)
		return below ? write_zeros(d, offset, p->n)
		             : qcow2_enter(q, offset, clusters, 0, 0, true);
	if (keep && p->kind == QCOW2_PLAIN && p->ours)
		return qcow2_enter(q, offset, clusters, p->host | QCOW2_COPIED | QCOW2_ZERO,
		                   q->cluster, false);
	return qcow2_enter(q, offset, clusters, below ? QCOW2_ZERO : 0, 0, true);
}

/* Call for each span of whole clusters in a range, and for the parts at its ends. */
static int
zero_range(struct disk *d, uint64_t offset, uint64_t n, bool keep, bool parts)
{
	struct qcow2 *q = d->qcow2;
	uint64_t end = offset + n, mask = q->cluster - 1;
	struct qcow2_span p;
	int rc = 0;

	while (offset < end && rc == 0) {
		uint64_t in = offset & mask,
		         k = q->cluster - in < end - offset ? q->cluster - in : end - offset;
		/* The last cluster is whole where the disk ends in it. */
		bool whole = in == 0 && (k == q->cluster || offset + k == d->size);
		if (q->corrupt)
			return -EIO;
		if (!whole) {
			rc = parts ? zero_part(d, offset, k) : 0;
			offset += k;
			continue;
		}
		uint64_t stop = end == d->size ? end : end & ~mask;
		rc = qcow2_find(q, offset, stop, &p);
		if (rc == 0) {
			rc = zero_span(d, &p, offset, keep);
			offset += p.n;
		}
		if (rc == 0)
			rc = tidy(q);
	}
	return rc;
}

int
qcow2_zero(struct disk *d, uint64_t offset, uint64_t n, bool unmap)
{
	return zero_range(d, offset, n, !unmap, true);
}

int
qcow2_discard(struct disk *d, uint64_t offset, uint64_t n)
{
	/* In version 2 the disk below would show through, with what was there long ago. */
	if (d->qcow2->version < 3 && covered(d, offset))
		return 0;
	return zero_range(d, offset, n, false, false);
}

int
qcow2_extent(struct disk *d, uint64_t offset, uint64_t end, uint64_t *n)
{
	struct qcow2_span p;
	int rc = qcow2_find(d->qcow2, offset, end, &p);

	if (rc < 0)
		return rc;
	*n = p.n;
	return p.kind == QCOW2_NONE ? FORMAT_BELOW : p.kind == QCOW2_ZEROS ? DISK_ZERO : DISK_DATA;
}
