/* SPDX-License-Identifier: Apache-2.0 */
/* qcow2_count.c -- how often each cluster is named, and taking and releasing them. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "img/qcow2.h"

uint64_t
qcow2_count_peek(const struct qcow2 *q, const uint8_t *block, uint64_t i)
{
	unsigned order = q->count_order;
	uint16_t v16;
	uint32_t v32;
	uint64_t v64;

	switch (order) {
	case 3: return block[i];
	case 4: memcpy(&v16, block + 2 * i, 2); return be16toh(v16);
	case 5: memcpy(&v32, block + 4 * i, 4); return be32toh(v32);
	case 6: memcpy(&v64, block + 8 * i, 8); return be64toh(v64);
	default: {
		/* 1, 2 or 4 bits, the lowest first */
		unsigned bits = 1U << order, per = 8 / bits;
		return block[i / per] >> (i % per * bits) & ((1U << bits) - 1);
	}
	}
}

void
qcow2_count_poke(const struct qcow2 *q, uint8_t *block, uint64_t i, uint64_t count)
{
	unsigned order = q->count_order;
	uint16_t v16 = htobe16((uint16_t)count);
	uint32_t v32 = htobe32((uint32_t)count);
	uint64_t v64 = htobe64(count);

	switch (order) {
	case 3: block[i] = (uint8_t)count; break;
	case 4: memcpy(block + 2 * i, &v16, 2); break;
	case 5: memcpy(block + 4 * i, &v32, 4); break;
	case 6: memcpy(block + 8 * i, &v64, 8); break;
	default: {
		unsigned bits = 1U << order, per = 8 / bits, at = i % per * bits;
		unsigned mask = ((1U << bits) - 1) << at;
		block[i / per] = (uint8_t)((block[i / per] & ~mask) | ((unsigned)count << at));
	}
	}
}

/* -- the table of blocks ------------------------------------------------------- */

/* Counts from where a block device has nothing in use any more. */
static int
find_tail(struct qcow2 *q)
{
	uint64_t per = qcow2_count_per(q), i;

	if (q->platter->regular) {
		q->tail = qcow2_clusters(q, q->platter->size);
		return 0;
	}
	for (uint64_t b = q->counts_n; b-- > 0;) {
		struct qcow2_table *t;
		if (!q->counts[b])
			continue;
		int rc = qcow2_cache_get(q, &q->blocks, q->counts[b], false, &t);
		if (rc < 0)
			return rc;
		for (i = per; i > 0 && qcow2_count_peek(q, t->bytes, i - 1) == 0; i--)
			;
		if (i > 0) {
			q->tail = b * per + i;
			return 0;
		}
	}
	return 0;
}

int
qcow2_count_load(struct qcow2 *q, struct err *e)
{
	int rc = q->counts_n ? qcow2_load(q, q->counts_offset, q->counts_n, &q->counts) : -EIO;

	for (uint64_t i = 0; rc == 0 && i < q->counts_n; i++) {
		q->counts[i] &= ~UINT64_C(511);
		if (q->counts[i] == 0 || qcow2_inside(q, q->counts[i], q->cluster))
			continue;
		fail(e, EIO, "disk '%s' is damaged: refcount block %llu is at %#llx", q->path,
		     (unsigned long long)i, (unsigned long long)q->counts[i]);
		return err_hint(e, "try: joist disk check -r all %s", q->path);
	}
	if (rc == 0)
		rc = find_tail(q);
	return rc < 0 ? fail(e, -rc, "disk '%s': its refcount table: %s", q->path, strerror(-rc))
	              : 0;
}

int
qcow2_count_get(struct qcow2 *q, uint64_t cluster, uint64_t *count)
{
	uint64_t per = qcow2_count_per(q), b = cluster / per;
	struct qcow2_table *t;

	*count = 0;
	if (b >= q->counts_n || !q->counts[b])
		return 0;
	int rc = qcow2_cache_get(q, &q->blocks, q->counts[b], false, &t);
	if (rc < 0)
		return rc;
	*count = qcow2_count_peek(q, t->bytes, cluster % per);
	return 0;
}

int
qcow2_count_set(struct qcow2 *q, uint64_t cluster, uint64_t count)
{
	uint64_t per = qcow2_count_per(q), b = cluster / per;
	struct qcow2_table *t;

	if (b >= q->counts_n || !q->counts[b] || count > q->count_most)
		return -EIO;
	int rc = qcow2_cache_get(q, &q->blocks, q->counts[b], false, &t);
	if (rc < 0)
		return rc;
	qcow2_count_poke(q, t->bytes, cluster % per, count);
	qcow2_cache_dirty(&q->blocks, t);
	if (count == 0 && cluster < q->hint)
		q->hint = cluster;
	return 0;
}

int
qcow2_count_add(struct qcow2 *q, uint64_t cluster, int64_t more)
{
	uint64_t count;
	int rc = qcow2_count_get(q, cluster, &count);

	if (rc < 0)
		return rc;
	if (more < 0 ? count < (uint64_t)-more : q->count_most - count < (uint64_t)more)
		return more < 0 ? qcow2_broken(q, "the count of a cluster in use is 0",
		                               cluster << q->cluster_bits)
		                : -ERANGE;
	return qcow2_count_set(q, cluster, count + (uint64_t)more);
}

static void
enter_block(struct qcow2 *q, uint64_t b, uint64_t offset)
{
	q->counts[b] = offset;
	if (q->counts_first == q->counts_last) {
		q->counts_first = b;
		q->counts_last = b + 1;
	}
	if (b < q->counts_first)
		q->counts_first = b;
	if (b >= q->counts_last)
		q->counts_last = b + 1;
}

/* Taken clusters lie within the file, so that what is behind its end is free and
 * full of zeros. */
static int
reach(struct qcow2 *q, uint64_t end)
{
	uint64_t size = end << q->cluster_bits;
	if (end > (QCOW2_PLACE + 512) >> q->cluster_bits)
		return -EFBIG;
	if (size > q->platter->size) {
		int rc = platter_resize(q->platter, size);
		if (rc < 0)
			return rc;
	}
	if (end > q->tail)
		q->tail = end;
	return 0;
}

/* Clusters that are not free though nobody counts them: the counts are wrong. */
static int
unclaimed(struct qcow2 *q, uint64_t first, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		if (qcow2_claim_has(&q->claim, first + i))
			return qcow2_broken(q, "a table lies in a cluster that is free",
			                    (first + i) << q->cluster_bits);
	return 0;
}

/* A block for counts that were all 0.  It lies in the first cluster it counts. */
static int
new_block(struct qcow2 *q, uint64_t b)
{
	uint64_t first = b * qcow2_count_per(q), offset = first << q->cluster_bits;
	struct qcow2_table *t;
	int rc = unclaimed(q, first, 1);

	if (rc < 0 || (rc = reach(q, first + 1)) < 0 ||
	    (rc = qcow2_cache_get(q, &q->blocks, offset, true, &t)) < 0)
		return rc;
	qcow2_count_poke(q, t->bytes, 0, 1);
	qcow2_claim_add(&q->claim, first);
	qcow2_pack_forget(q, first, 1);
	enter_block(q, b, offset);
	return 0;
}

/* How many blocks are missing to count the clusters first..first+n-1, and so many
 * more as they need themselves, before them. */
static uint64_t
missing_blocks(struct qcow2 *q, uint64_t first, uint64_t n)
{
	uint64_t per = qcow2_count_per(q), missing = 0, before;
	do {
		before = missing;
		missing = 0;
		for (uint64_t b = first / per; b <= (first + n + before - 1) / per; b++)
			missing += b >= q->counts_n || !q->counts[b];
	} while (missing != before);
	return missing;
}

/* Write a longer table of blocks behind the end of the file, with the blocks that
 * count it, and let the header name it. */
static int
grow_counts(struct qcow2 *q, uint64_t least)
{
	uint64_t per = qcow2_count_per(q), first, clusters, blocks = 0, n, old_n = q->counts_n;
	uint64_t old = q->counts_offset;
	struct qcow2_table *t;
	int rc;

	/* What the old table names must be there when the new one names it too. */
	if ((rc = qcow2_cache_write(q, &q->blocks)) < 0)
		return rc;
	first = q->tail;
	n = least + least / 2;
	do {
		clusters = qcow2_clusters(q, n * 8);
		n = clusters << q->cluster_bits >> 3;
		blocks = missing_blocks(q, first, clusters);
		least = (first + blocks + clusters - 1) / per + 1;
	} while (least > n && (n = least));
	if (n * 8 > QCOW2_MOST_COUNTS)
		return -EFBIG;
	if ((rc = unclaimed(q, first, blocks + clusters)) < 0 ||
	    (rc = reach(q, first + blocks + clusters)) < 0)
		return rc;

	uint64_t *wide = xcalloc(n, sizeof *wide), at = first;
	memcpy(wide, q->counts, old_n * sizeof *wide);
	for (uint64_t b = first / per; b <= (first + blocks + clusters - 1) / per; b++)
		if (wide[b] == 0)
			wide[b] = at++ << q->cluster_bits;
	uint64_t *was = q->counts;
	q->counts = wide;
	q->counts_n = n;
	for (uint64_t i = 0; rc == 0 && i < blocks; i++)
		rc = qcow2_cache_get(q, &q->blocks, (first + i) << q->cluster_bits, true, &t);
	for (uint64_t i = 0; rc == 0 && i < blocks + clusters; i++)
		rc = qcow2_count_set(q, first + i, 1);
	if (rc == 0)
		rc = qcow2_cache_write(q, &q->blocks);
	uint64_t table = (first + blocks) << q->cluster_bits;
	for (uint64_t i = 0; i < n; i++)
		wide[i] = htobe64(wide[i]);
	if (rc == 0)
		rc = platter_write(q->platter, table, wide, n * 8);
	for (uint64_t i = 0; i < n; i++)
		wide[i] = be64toh(wide[i]);
	if (rc == 0)
		rc = platter_sync(q->platter);
	if (rc == 0) {
		uint64_t offset = htobe64(table);
		uint32_t length = htobe32((uint32_t)clusters);
		uint8_t field[12];
		memcpy(field, &offset, 8);
		memcpy(field + 8, &length, 4);
		rc = qcow2_header_put(q, QCOW2_AT_COUNTS, field, sizeof field);
	}
	if (rc < 0) {
		/* What is behind the old end is nobody's. */
		for (uint64_t i = 0; i < blocks; i++)
			qcow2_cache_drop(&q->blocks, (first + i) << q->cluster_bits);
		q->counts = was;
		q->counts_n = old_n;
		free(wide);
		return rc;
	}
	free(was);
	q->counts_offset = table;
	q->counts_first = q->counts_last = 0;
	for (uint64_t i = 0; i < blocks + clusters; i++)
		qcow2_claim_add(&q->claim, first + i);
	for (uint64_t i = 0; i < qcow2_clusters(q, old_n * 8); i++)
		qcow2_claim_drop(&q->claim, (old >> q->cluster_bits) + i);
	return qcow2_release(q, old, qcow2_clusters(q, old_n * 8), false);
}

/* -- taking ---------------------------------------------------------------------- */

/* With lazy counts the header says first that they are not to be trusted. */
static int
begin(struct qcow2 *q)
{
	if (q->corrupt)
		return -EIO;
	return q->lazy && !(q->incompatible & QCOW2_DIRTY) ? qcow2_header_flags(q, QCOW2_DIRTY, 0)
	                                                   : 0;
}

/* Count one for each of n clusters that lie in one block and are free. */
static int
count_new(struct qcow2 *q, struct qcow2_table *t, uint64_t first, uint64_t n)
{
	uint64_t per = qcow2_count_per(q);
	int rc = unclaimed(q, first, n);

	if (rc < 0 || (rc = reach(q, first + n)) < 0)
		return rc;
	for (uint64_t i = 0; i < n; i++)
		qcow2_count_poke(q, t->bytes, (first + i) % per, 1);
	qcow2_cache_dirty(&q->blocks, t);
	qcow2_pack_forget(q, first, n);
	return 0;
}

int
qcow2_take(struct qcow2 *q, uint64_t want, uint64_t *offset, uint64_t *got, bool *fresh)
{
	uint64_t per = qcow2_count_per(q), k;
	struct qcow2_table *t;
	int rc = begin(q);

	while (rc == 0) {
		uint64_t b = q->hint / per, i = q->hint % per;
		if (b >= q->counts_n) {
			rc = grow_counts(q, b + 1);
			continue;
		}
		if (!q->counts[b]) {
			rc = new_block(q, b);
			continue;
		}
		rc = qcow2_cache_get(q, &q->blocks, q->counts[b], false, &t);
		if (rc < 0)
			break;
		while (i < per && qcow2_count_peek(q, t->bytes, i) != 0)
			i++;
		uint64_t first = b * per + i;
		if (i == per) {
			q->hint = first;
			continue;
		}
		/* New clusters in a row are all fresh or all used before. */
		uint64_t end = qcow2_clusters(q, q->platter->size);
		bool behind = first >= end;
		uint64_t most = behind ? want : end - first;
		if (behind && !q->platter->regular)
			return -ENOSPC;
		for (k = 1; k < want && k < most && i + k < per &&
		            qcow2_count_peek(q, t->bytes, i + k) == 0;)
			k++;
		rc = count_new(q, t, first, k);
		if (rc < 0)
			break;
		q->hint = first + k;
		*offset = first << q->cluster_bits;
		*got = k;
		if (fresh)
			*fresh = behind;
		return 0;
	}
	return rc;
}

int
qcow2_take_row(struct qcow2 *q, uint64_t n, uint64_t *offset)
{
	uint64_t per = qcow2_count_per(q), blocks;
	struct qcow2_table *t;
	int rc = begin(q);

	if (rc < 0)
		return rc;
	uint64_t first;
	do {
		first = q->tail;
		blocks = missing_blocks(q, first, n);
		uint64_t least = (first + blocks + n - 1) / per + 1;
		rc = least > q->counts_n ? grow_counts(q, least) : 0;
	} while (rc == 0 && first != q->tail);
	if (rc < 0 || (rc = unclaimed(q, first, blocks + n)) < 0 ||
	    (rc = reach(q, first + blocks + n)) < 0)
		return rc;
	uint64_t at = first;
	for (uint64_t b = first / per; b <= (first + blocks + n - 1) / per; b++) {
		if (q->counts[b])
			continue;
		rc = qcow2_cache_get(q, &q->blocks, at << q->cluster_bits, true, &t);
		if (rc < 0)
			return rc;
		qcow2_claim_add(&q->claim, at);
		enter_block(q, b, at++ << q->cluster_bits);
	}
	for (uint64_t i = 0; i < blocks + n; i++)
		if ((rc = qcow2_count_set(q, first + i, 1)) < 0)
			return rc;
	qcow2_pack_forget(q, first, blocks + n);
	*offset = (first + blocks) << q->cluster_bits;
	return 0;
}

void
qcow2_untake(struct qcow2 *q, uint64_t offset, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		qcow2_count_add(q, (offset >> q->cluster_bits) + i, -1);
}

/* -- releasing ---------------------------------------------------------------------- */

int
qcow2_release(struct qcow2 *q, uint64_t offset, uint64_t clusters, bool punch)
{
	uint64_t first = offset >> q->cluster_bits;
	struct qcow2_gone *g = q->gone_n ? &q->gone[q->gone_n - 1] : NULL;

	/* Neighbours go together; the same again is another naming. */
	if (g && g->punch == punch && g->first + g->n == first) {
		g->n += clusters;
		return 0;
	}
	if (q->gone_n == q->gone_cap) {
		q->gone_cap = q->gone_cap ? q->gone_cap * 2 : 64;
		q->gone = xrealloc(q->gone, q->gone_cap * sizeof *q->gone);
	}
	q->gone[q->gone_n++] = (struct qcow2_gone){ first, clusters, punch };
	return 0;
}

/* Lower the count of each, and give the host back what is free then. */
static int
forget(struct qcow2 *q, const struct qcow2_gone *g)
{
	uint64_t count, run = 0;
	int rc = 0;

	for (uint64_t i = 0; i < g->n && rc == 0; i++) {
		rc = qcow2_count_add(q, g->first + i, -1);
		if (rc == 0)
			rc = qcow2_count_get(q, g->first + i, &count);
		bool ends = rc < 0 || count > 0;
		if (rc == 0 && count == 0) {
			qcow2_cache_drop(&q->l2, (g->first + i) << q->cluster_bits);
			qcow2_pack_forget(q, g->first + i, 1);
			run++;
		}
		if (g->punch && run > 0 && (ends || i + 1 == g->n))
			platter_discard(q->platter, (g->first + i + !ends - run) << q->cluster_bits,
			                run << q->cluster_bits);
		if (ends)
			run = 0;
	}
	return rc;
}

static int
counts_write(struct qcow2 *q)
{
	uint64_t first = q->counts_first, n = q->counts_last - first;

	if (n == 0)
		return 0;
	/* the blocks before the table that names them */
	int rc = platter_barrier(q->platter);
	uint64_t *row = xmalloc(n * 8);
	for (uint64_t i = 0; i < n; i++)
		row[i] = htobe64(q->counts[first + i]);
	if (rc == 0)
		rc = platter_write(q->platter, q->counts_offset + first * 8, row, n * 8);
	free(row);
	if (rc == 0)
		q->counts_first = q->counts_last = 0;
	return rc;
}

int
qcow2_settle(struct qcow2 *q)
{
	int rc = 0;

	if (q->corrupt)
		return -EIO;
	/* 1. counts; with lazy ones what is dirty may stay so until the end */
	if (!(q->incompatible & QCOW2_DIRTY) &&
	    ((rc = qcow2_cache_write(q, &q->blocks)) < 0 || (rc = counts_write(q)) < 0))
		return rc;
	/* 2. L2 tables, behind data and counts */
	if (q->l2.dirty > 0 &&
	    ((rc = platter_barrier(q->platter)) < 0 || (rc = qcow2_cache_write(q, &q->l2)) < 0))
		return rc;
	/* 3. the L1 table */
	if (q->l1_first < q->l1_last &&
	    ((rc = platter_barrier(q->platter)) < 0 || (rc = qcow2_l1_write(q)) < 0))
		return rc;
	/* 4. what is named less */
	if (q->gone_n > 0) {
		if ((rc = platter_barrier(q->platter)) < 0)
			return rc;
		for (size_t i = 0; rc == 0 && i < q->gone_n; i++)
			rc = forget(q, &q->gone[i]);
		q->gone_n = 0;
		if (rc == 0 && !(q->incompatible & QCOW2_DIRTY))
			rc = qcow2_cache_write(q, &q->blocks);
	}
	return rc;
}

int
qcow2_make_clean(struct qcow2 *q)
{
	int rc = qcow2_settle(q);

	if (rc < 0 || !(q->incompatible & QCOW2_DIRTY))
		return rc;
	if ((rc = qcow2_cache_write(q, &q->blocks)) < 0 || (rc = counts_write(q)) < 0)
		return rc;
	return qcow2_header_flags(q, 0, QCOW2_DIRTY);
}

int
qcow2_trim(struct qcow2 *q)
{
	uint64_t count;
	uint64_t end = q->tail;

	if (!q->platter->regular)
		return 0;
	while (end > 1) {
		int rc = qcow2_count_get(q, end - 1, &count);
		if (rc < 0)
			return rc;
		if (count > 0)
			break;
		end--;
	}
	if (end == q->tail)
		return 0;
	int rc = platter_resize(q->platter, end << q->cluster_bits);
	if (rc == 0)
		q->tail = end;
	return rc;
}
