/* SPDX-License-Identifier: Apache-2.0 */
/* qcow2_claim.c -- which clusters hold metadata, so that no data is written there. */
#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"
#include "img/qcow2.h"

enum { EMPTY = 0, REMOVED = 1, FIRST = 2 };

static size_t
home(const struct qcow2_claim *c, uint64_t key)
{
	return (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (c->cap - 1);
}

static uint64_t *
find(const struct qcow2_claim *c, uint64_t key)
{
	if (c->cap == 0)
		return NULL;
	for (size_t i = home(c, key);; i = (i + 1) & (c->cap - 1)) {
		if (c->slot[i] == key)
			return &c->slot[i];
		if (c->slot[i] == EMPTY)
			return NULL;
	}
}

static void
place(struct qcow2_claim *c, uint64_t key)
{
	size_t i = home(c, key);
	while (c->slot[i] > REMOVED)
		i = (i + 1) & (c->cap - 1);
	c->used += c->slot[i] == EMPTY;
	c->slot[i] = key;
	c->n++;
}

static void
grow(struct qcow2_claim *c)
{
	struct qcow2_claim old = *c;
	c->cap = old.n * 4 < 64 ? 64 : old.cap;
	while (c->cap < old.n * 3)
		c->cap *= 2;
	c->slot = xcalloc(c->cap, sizeof *c->slot);
	c->n = c->used = 0;
	for (size_t i = 0; i < old.cap; i++)
		if (old.slot[i] >= FIRST)
			place(c, old.slot[i]);
	free(old.slot);
}

bool
qcow2_claim_has(const struct qcow2_claim *c, uint64_t cluster)
{
	return find(c, cluster + FIRST) != NULL;
}

bool
qcow2_claim_add(struct qcow2_claim *c, uint64_t cluster)
{
	if (find(c, cluster + FIRST))
		return false;
	if ((c->used + 1) * 3 > c->cap * 2)
		grow(c);
	place(c, cluster + FIRST);
	return true;
}

void
qcow2_claim_drop(struct qcow2_claim *c, uint64_t cluster)
{
	uint64_t *slot = find(c, cluster + FIRST);
	if (slot) {
		*slot = REMOVED;
		c->n--;
	}
}

void
qcow2_claim_free(struct qcow2_claim *c)
{
	free(c->slot);
	*c = (struct qcow2_claim){ 0 };
}

static int
claim(struct qcow2 *q, const char *what, uint64_t offset, uint64_t bytes, struct err *e)
{
	uint64_t first = offset >> q->cluster_bits, n = qcow2_clusters(q, bytes);

	if (bytes > 0 && !qcow2_inside(q, offset, bytes)) {
		fail(e, EIO, "disk '%s' is damaged: its %s is at %#llx, outside of the file",
		     q->path, what, (unsigned long long)offset);
		return err_hint(e, "try: joist disk check -r all %s", q->path);
	}
	for (uint64_t i = 0; i < n; i++) {
		if (qcow2_claim_add(&q->claim, first + i))
			continue;
		fail(e, EIO, "disk '%s' is damaged: its %s at %#llx overlaps other tables", q->path,
		     what, (unsigned long long)offset);
		return err_hint(e, "try: joist disk check -r all %s", q->path);
	}
	return 0;
}

int
qcow2_claim_all(struct qcow2 *q, struct err *e)
{
	qcow2_claim_add(&q->claim, 0);
	if (claim(q, "L1 table", q->l1_offset, q->l1_size * UINT64_C(8), e) < 0 ||
	    claim(q, "refcount table", q->counts_offset, q->counts_n * 8, e) < 0 ||
	    claim(q, "snapshot table", q->snapshots_offset, q->snapshots_bytes, e) < 0)
		return -1;
	for (uint64_t i = 0; i < q->counts_n; i++)
		if (q->counts[i] && claim(q, "refcount block", q->counts[i], q->cluster, e) < 0)
			return -1;
	for (uint32_t i = 0; i < q->snapshots; i++)
		if (claim(q, "snapshot's L1 table", q->snapshot[i].l1_offset,
		          q->snapshot[i].l1_size * UINT64_C(8), e) < 0)
			return -1;
	for (uint32_t i = 0; i < q->l1_size; i++)
		if (q->l1[i] & QCOW2_PLACE &&
		    claim(q, "L2 table", q->l1[i] & QCOW2_PLACE, q->cluster, e) < 0)
			return -1;
	return 0;
}
