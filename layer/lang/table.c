/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"
#include "layer/lang/store.h"

static uint64_t
most(const struct table *t)
{
	uint64_t hard = t->limits.is64 ? UINT64_MAX : UINT32_MAX;
	return t->limits.has_max && t->limits.max < hard ? t->limits.max : hard;
}

static bool
make_room(struct table *t, uint64_t n)
{
	if (n <= t->cap - t->size)
		return true;
	uint64_t cap = t->size + n;
	if (cap > SIZE_MAX / sizeof *t->elem)
		return false;
	if (cap < t->cap * 2)
		cap = t->cap * 2;
	uint64_t *p = realloc(t->elem, (size_t)cap * sizeof *p);
	if (!p)
		return false;
	t->elem = p;
	t->cap = cap;
	return true;
}

/* More elements out of what the store may have; false: that is beyond it. */
static bool
take(struct wasm_store *s, struct table *t, uint64_t n)
{
	uint64_t used = atomic_load(&s->table_used);
	do
		if (n > s->limits.table || used > s->limits.table - n)
			return false;
	while (!atomic_compare_exchange_weak(&s->table_used, &used, used + n));
	if (make_room(t, n))
		return true;
	atomic_fetch_sub(&s->table_used, n);
	return false;
}

static void
extend(struct table *t, uint64_t n, uint64_t init)
{
	for (uint64_t i = 0; i < n; i++)
		t->elem[t->size + i] = init;
	t->size += n;
}

struct table *
table_new(struct wasm_store *s, valtype type, const struct limits *l, uint64_t init, struct err *e)
{
	struct table *t = xcalloc(1, sizeof *t);
	t->type = type;
	t->limits = *l;
	if (!take(s, t, l->min)) {
		fail(e, ENOMEM, "a table of %llu elements is beyond the limit",
		     (unsigned long long)l->min);
		free(t);
		return NULL;
	}
	extend(t, l->min, init);
	store_add(s, &s->table, t, &t->number);
	return t;
}

void
table_free(struct table *t)
{
	if (!t)
		return;
	free(t->elem);
	free(t);
}

uint64_t
table_grow(struct wasm_store *s, struct table *t, uint64_t n, uint64_t init)
{
	uint64_t old = t->size;
	if (n > most(t) - old || !take(s, t, n))
		return UINT64_MAX;
	extend(t, n, init);
	return old;
}
