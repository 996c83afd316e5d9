/* SPDX-License-Identifier: Apache-2.0 */
/* qcow2_map.c -- where the guest's bytes are: the L1 and L2 tables. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "img/qcow2.h"

static uint64_t
entry_at(const struct qcow2_table *t, uint64_t i)
{
	uint64_t v;
	memcpy(&v, t->bytes + i * 8, 8);
	return be64toh(v);
}

static void
entry_put(struct qcow2_table *t, uint64_t i, uint64_t entry)
{
	uint64_t v = htobe64(entry);
	memcpy(t->bytes + i * 8, &v, 8);
}

int
qcow2_load(struct qcow2 *q, uint64_t offset, uint64_t n, uint64_t **out)
{
	*out = NULL;
	if (n == 0)
		return 0;
	if (!qcow2_inside(q, offset, n * 8))
		return -EIO;
	uint64_t *v = xmalloc(n * 8);
	int rc = platter_read(q->platter, offset, v, n * 8);
	if (rc < 0) {
		free(v);
		return rc;
	}
	for (uint64_t i = 0; i < n; i++)
		v[i] = be64toh(v[i]);
	*out = v;
	return 0;
}

void
qcow2_packed_place(const struct qcow2 *q, uint64_t entry, uint64_t *offset, uint64_t *n)
{
	unsigned bits = 62 - (q->cluster_bits - 8);
	uint64_t sectors = (entry & ~(QCOW2_COPIED | QCOW2_PACKED)) >> bits;
	*offset = entry & ((UINT64_C(1) << bits) - 1);
	*n = (sectors + 1) * 512 - (*offset & 511);
}

/* What one entry means; -EIO when it means nothing. */
static int
decode(struct qcow2 *q, uint64_t entry, struct qcow2_span *s)
{
	uint64_t place = entry & QCOW2_PLACE, packed;

	s->entry = entry;
	s->ours = false;
	s->host = 0;
	if (entry & QCOW2_PACKED) {
		s->kind = QCOW2_PACK;
		qcow2_packed_place(q, entry, &s->host, &packed);
		return s->host >= q->cluster && s->host + packed <= qcow2_end(q) ? 0 : -EIO;
	}
	s->kind = q->version >= 3 && (entry & QCOW2_ZERO) ? QCOW2_ZEROS
	          : place                                 ? QCOW2_PLAIN
	                                                  : QCOW2_NONE;
	if (place && !qcow2_inside(q, place, 1))
		return -EIO;
	s->host = place;
	s->ours = place && (entry & QCOW2_COPIED);
	return 0;
}

/* Does the entry i clusters further go on with what s began? */
static bool
goes_on(struct qcow2 *q, const struct qcow2_span *s, uint64_t entry, uint64_t i)
{
	struct qcow2_span next;
	if (s->kind == QCOW2_PACK || decode(q, entry, &next) < 0 || next.kind != s->kind ||
	    next.ours != s->ours)
		return false;
	return s->host == 0 ? next.host == 0 : next.host == s->host + (i << q->cluster_bits);
}

int
qcow2_find(struct qcow2 *q, uint64_t offset, uint64_t end, struct qcow2_span *s)
{
	uint64_t index = offset >> (q->cluster_bits + q->l2_bits), span = qcow2_l1_span(q);
	uint64_t most = span - (offset & (span - 1)), in = offset & (q->cluster - 1);
	struct qcow2_table *t;

	*s = (struct qcow2_span){ .n = most < end - offset ? most : end - offset };
	if (index >= q->l1_size)
		return -EIO;
	uint64_t l2 = q->l1[index] & QCOW2_PLACE;
	if (l2 == 0)
		return 0;
	if (!qcow2_inside(q, l2, q->cluster))
		return qcow2_broken(q, "an L2 table is outside of the file", l2);
	int rc = qcow2_cache_get(q, &q->l2, l2, false, &t);
	if (rc < 0)
		return rc;
	uint64_t i = offset >> q->cluster_bits & ((UINT64_C(1) << q->l2_bits) - 1);
	if (decode(q, entry_at(t, i), s) < 0)
		return qcow2_broken(q, "a cluster is outside of the file", s->host);
	uint64_t n = q->cluster - in, k = 1;
	for (; n < s->n && goes_on(q, s, entry_at(t, i + k), k); k++)
		n += q->cluster;
	if (n < s->n)
		s->n = n;
	if (s->host && s->kind != QCOW2_PACK)
		s->host += in;
	return 0;
}

/* -- changing ------------------------------------------------------------------- */

void
qcow2_enter_l1(struct qcow2 *q, uint32_t i, uint64_t entry)
{
	q->l1[i] = entry;
	if (q->l1_first == q->l1_last) {
		q->l1_first = i;
		q->l1_last = i + 1;
	}
	if (i < q->l1_first)
		q->l1_first = i;
	if (i >= q->l1_last)
		q->l1_last = i + 1;
}

int
qcow2_l1_write(struct qcow2 *q)
{
	uint64_t first = q->l1_first, n = q->l1_last - first;
	uint64_t *row = xmalloc(n * 8 + 1);

	for (uint64_t i = 0; i < n; i++)
		row[i] = htobe64(q->l1[first + i]);
	int rc = platter_write(q->platter, q->l1_offset + first * 8, row, n * 8);
	free(row);
	if (rc == 0)
		q->l1_first = q->l1_last = 0;
	return rc;
}

int
qcow2_l2_ours(struct qcow2 *q, uint64_t offset, struct qcow2_table **t)
{
	uint32_t i = (uint32_t)(offset >> (q->cluster_bits + q->l2_bits));
	uint64_t entry = q->l1[i], old = entry & QCOW2_PLACE, place, got;
	uint8_t *copy = NULL;
	int rc;

	if (old && !qcow2_inside(q, old, q->cluster))
		return qcow2_broken(q, "an L2 table is outside of the file", old);
	if (old && (entry & QCOW2_COPIED))
		return qcow2_cache_get(q, &q->l2, old, false, t);
	if (old) {
		/* A snapshot has it too. */
		if ((rc = qcow2_cache_get(q, &q->l2, old, false, t)) < 0)
			return rc;
		copy = xmalloc(q->cluster);
		memcpy(copy, (*t)->bytes, q->cluster);
		/* and what it names is then named by both */
		for (uint64_t k = 0; k < q->cluster; k += 8)
			copy[k] &= 0x7f;
	}
	rc = qcow2_take(q, 1, &place, &got, NULL);
	if (rc == 0 && (rc = qcow2_cache_get(q, &q->l2, place, true, t)) < 0)
		qcow2_untake(q, place, 1);
	if (rc == 0) {
		if (copy)
			memcpy((*t)->bytes, copy, q->cluster);
		qcow2_claim_add(&q->claim, place >> q->cluster_bits);
		qcow2_enter_l1(q, i, place | QCOW2_COPIED);
		if (old) {
			qcow2_claim_drop(&q->claim, old >> q->cluster_bits);
			rc = qcow2_release(q, old, 1, false);
		}
	}
	free(copy);
	return rc;
}

int
qcow2_release_entry(struct qcow2 *q, uint64_t entry, bool punch)
{
	uint64_t offset = entry & QCOW2_PLACE, n = 1;

	if (entry & QCOW2_PACKED) {
		qcow2_packed_place(q, entry, &offset, &n);
		n = ((offset + n - 1) >> q->cluster_bits) - (offset >> q->cluster_bits) + 1;
	} else if (offset == 0) {
		return 0;
	}
	return qcow2_release(q, offset & ~(q->cluster - 1), n, punch);
}

int
qcow2_enter(struct qcow2 *q, uint64_t offset, uint64_t n, uint64_t entry, uint64_t step, bool punch)
{
	struct qcow2_table *t;
	int rc = qcow2_l2_ours(q, offset, &t);

	if (rc < 0)
		return rc;
	uint64_t i = offset >> q->cluster_bits & ((UINT64_C(1) << q->l2_bits) - 1);
	for (uint64_t k = 0; k < n && rc == 0; k++, entry += step) {
		uint64_t old = entry_at(t, i + k);
		if (old == entry)
			continue;
		entry_put(t, i + k, entry);
		/* What stays where it was is still named. */
		bool stays = !(old & QCOW2_PACKED) && (old & QCOW2_PLACE) == (entry & QCOW2_PLACE);
		if (!stays)
			rc = qcow2_release_entry(q, old, punch);
	}
	qcow2_cache_dirty(&q->l2, t);
	return rc;
}
