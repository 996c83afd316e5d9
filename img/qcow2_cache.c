/* SPDX-License-Identifier: Apache-2.0 */
/* qcow2_cache.c -- the tables that were used last, in memory.
 *
 * A second chance for each, by a clock: a table that was used since the hand came
 * by stays.  Those to be written do not leave before all have been, in order.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "img/qcow2.h"

enum { LEAST = 4 };

void
qcow2_cache_init(struct qcow2 *q, struct qcow2_cache *c, uint64_t bytes)
{
	uint64_t n = bytes >> q->cluster_bits;

	c->most = n < LEAST ? LEAST : (int)n;
	c->last = -1;
}

void
qcow2_cache_forget(struct qcow2_cache *c)
{
	for (int i = 0; i < c->n; i++)
		free(c->table[i].bytes);
	if (c->bucket)
		memset(c->bucket, -1, sizeof *c->bucket << c->bits);
	c->n = c->hand = c->dirty = 0;
	c->last = -1;
}

void
qcow2_cache_free(struct qcow2_cache *c)
{
	qcow2_cache_forget(c);
	free(c->table);
	free(c->bucket);
	*c = (struct qcow2_cache){ 0 };
}

static int *
bucket(const struct qcow2_cache *c, uint64_t offset)
{
	return &c->bucket[(offset >> 9) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - c->bits)];
}

static void
unlink_table(struct qcow2_cache *c, int i)
{
	int *p = bucket(c, c->table[i].offset);
	while (*p != i)
		p = &c->table[*p].next;
	*p = c->table[i].next;
	if (c->last == i)
		c->last = -1;
}

/* More places; most images never need all of them. */
static void
widen(struct qcow2_cache *c)
{
	c->cap = c->cap ? c->cap * 2 : 16;
	if (c->cap > c->most)
		c->cap = c->most;
	c->table = xrealloc(c->table, (size_t)c->cap * sizeof *c->table);
	memset(c->table + c->n, 0, (size_t)(c->cap - c->n) * sizeof *c->table);
	for (c->bits = 2; (1 << c->bits) < c->cap;)
		c->bits++;
	free(c->bucket);
	c->bucket = xmalloc(sizeof *c->bucket << c->bits);
	memset(c->bucket, -1, sizeof *c->bucket << c->bits);
	for (int i = 0; i < c->n; i++) {
		if (c->table[i].offset == 0)
			continue;
		c->table[i].next = *bucket(c, c->table[i].offset);
		*bucket(c, c->table[i].offset) = i;
	}
}

/* A place for one more; -1: all must be written first. */
static int
room(struct qcow2 *q, struct qcow2_cache *c)
{
	if (c->n == c->cap && c->cap < c->most)
		widen(c);
	if (c->n < c->cap) {
		c->table[c->n] = (struct qcow2_table){ .bytes = xmalloc(q->cluster) };
		return c->n++;
	}
	for (int tries = 0; tries < 2 * c->n; tries++) {
		int i = c->hand;
		struct qcow2_table *t = &c->table[i];
		c->hand = (c->hand + 1) % c->n;
		if (t->dirty)
			continue;
		if (t->used) {
			t->used = false;
			continue;
		}
		if (t->offset)
			unlink_table(c, i);
		t->offset = 0;
		return i;
	}
	return -1;
}

int
qcow2_cache_get(struct qcow2 *q, struct qcow2_cache *c, uint64_t offset, bool fresh,
                struct qcow2_table **out)
{
	int i = c->last;

	if ((i < 0 || c->table[i].offset != offset) && c->n > 0)
		for (i = *bucket(c, offset); i >= 0 && c->table[i].offset != offset;)
			i = c->table[i].next;
	if (i < 0) {
		i = room(q, c);
		if (i < 0) {
			/* A block of counts may be written at any time, a table must wait
			 * for what it names. */
			int rc = c == &q->blocks ? qcow2_cache_write(q, c) : qcow2_settle(q);
			if (rc < 0)
				return rc;
			i = room(q, c);
			if (i < 0)
				return -EIO;
		}
		struct qcow2_table *t = &c->table[i];
		if (!fresh) {
			int rc = platter_read(q->platter, offset, t->bytes, q->cluster);
			if (rc < 0)
				return rc;
		}
		t->offset = offset;
		t->dirty = false;
		t->next = *bucket(c, offset);
		*bucket(c, offset) = i;
	}
	struct qcow2_table *t = &c->table[i];
	if (fresh) {
		memset(t->bytes, 0, q->cluster);
		qcow2_cache_dirty(c, t);
	}
	t->used = true;
	c->last = i;
	*out = t;
	return 0;
}

void
qcow2_cache_drop(struct qcow2_cache *c, uint64_t offset)
{
	int i = c->n > 0 ? *bucket(c, offset) : -1;
	while (i >= 0 && c->table[i].offset != offset)
		i = c->table[i].next;
	if (i < 0)
		return;
	struct qcow2_table *t = &c->table[i];
	unlink_table(c, i);
	c->dirty -= t->dirty;
	t->offset = 0;
	t->dirty = t->used = false;
}

int
qcow2_cache_write(struct qcow2 *q, struct qcow2_cache *c)
{
	for (int i = 0; i < c->n && c->dirty > 0; i++) {
		struct qcow2_table *t = &c->table[i];
		if (!t->dirty)
			continue;
		int rc = platter_write(q->platter, t->offset, t->bytes, q->cluster);
		if (rc < 0)
			return rc;
		t->dirty = false;
		c->dirty--;
	}
	return 0;
}
