/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/harsh.h"
#include "layer/lang/heap.h"

/* Graphs are built in a heap and in a model of it beside, nodes of which never move.
 * Each object holds the number of its node; after collections both are walked
 * together from the roots. */

enum { GLOBALS = 8, TABLE = 40, SEGMENT = 6, VALUES = 6, HANDLES = 4 };
enum { ROOTS = GLOBALS + TABLE + SEGMENT + VALUES + HANDLES + 1 };
enum { EDGES = 5, NULL_NODE = -1 };
enum kind { PAIR, WIDE, REFS, BYTES, EXCEPTION, KINDS };

struct node {
	enum kind kind;
	uint32_t length;     /* of arrays */
	int64_t edge[EDGES]; /* node, or what `plain` says */
	bool plain[EDGES];   /* edge is the bits of a reference to no object */
	uint64_t seen;       /* reference in this walk */
	unsigned walk;
};

struct world {
	struct wasm_store *s;
	struct thread *t;
	struct module module;
	struct elemdef elem;
	struct instance *i;
	struct table *table;
	struct global *global[GLOBALS];
	struct run_values values;
	uint64_t value[VALUES];
	uint8_t is_ref[VALUES];
	uint64_t handle[HANDLES];
	uint32_t type[KINDS];
	struct tag *tag;

	struct node *node; /* own */
	size_t nnode, cap;
	int64_t root[ROOTS]; /* nodes */
	unsigned walk;
	uint64_t random;
};

static uint64_t
next(struct world *w, uint64_t n)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random % n;
}

static uint32_t
aggregate(enum type_kind kind, const valtype *v, uint32_t n)
{
	uint8_t mut[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	valtype copy[8];
	memcpy(copy, v, n * sizeof *v);
	struct typedefn d = {
		.kind = kind, .super = TYPE_NOSUPER, .v = copy, .mut = mut, .nfield = n
	};
	uint32_t id;
	assert_int_equal(type_group(&d, 1, &id, NULL), 0);
	return id;
}

static void
handles(void *ctx, void (*visit)(void *h, uint64_t *slot), void *h)
{
	struct world *w = ctx;
	for (int i = 0; i < HANDLES; i++)
		visit(h, &w->handle[i]);
}

#define ANYREF (T_REF | T_NULL | HEAP_ANY)

/* PAIR: number as i64, a byte before each reference.  WIDE: v128s around them.  REFS:
 * element 0 is an i31 of the number.  BYTES: i16, no references.  EXCEPTION: v128, four. */
static struct world *
begin(uint64_t heap)
{
	struct world *w = xcalloc(1, sizeof *w);
	w->random = 0x9e3779b97f4a7c15;
	w->s = store_new(&(struct store_limits){ .heap = heap });
	w->t = store_thread(w->s, NULL);
	w->type[PAIR] =
	        aggregate(TYPE_STRUCT, (valtype[]){ T_I64, T_I8, ANYREF, T_I16, ANYREF }, 5);
	w->type[WIDE] = aggregate(
	        TYPE_STRUCT,
	        (valtype[]){ T_V128, ANYREF, T_F32, T_V128, T_EXTERNREF, ANYREF, T_FUNCREF, T_I8 },
	        8);
	w->type[REFS] = aggregate(TYPE_ARRAY, (valtype[]){ ANYREF }, 1);
	w->type[BYTES] = aggregate(TYPE_ARRAY, (valtype[]){ T_I16 }, 1);
	valtype param[] = {
		T_V128, ANYREF, T_I32, T_EXTERNREF, T_REF | T_NULL | HEAP_EQ, T_EXNREF
	};
	w->type[EXCEPTION] = type_func(param, 6, NULL, 0);
	store_tag(w->s, type_func(NULL, 0, NULL, 0));
	w->tag = store_tag(w->s, w->type[EXCEPTION]);
	for (int i = 0; i < GLOBALS; i++) {
		w->global[i] = store_global(w->s, i & 1 ? T_EXTERNREF : ANYREF, true,
		                            (uint64_t[]){ 0, 0 });
		store_global(w->s, T_I64, true, (uint64_t[]){ 24, 0 });
	}
	struct limits l = { .min = TABLE };
	w->table = table_new(w->s, ANYREF, &l, 0, NULL);
	w->module.nelem = 1;
	w->module.elem = &w->elem;
	w->i = xcalloc(1, sizeof *w->i);
	w->i->module = &w->module;
	w->i->elem = xcalloc(1, sizeof *w->i->elem);
	w->i->elem[0] = xcalloc(SEGMENT, sizeof **w->i->elem);
	w->i->elem_n = xcalloc(1, sizeof *w->i->elem_n);
	w->i->elem_n[0] = SEGMENT;
	store_add(w->s, &w->s->instance, w->i, &w->i->number);
	/* the even ones are references */
	for (int i = 0; i < VALUES; i++)
		w->is_ref[i] = i % 2 == 0;
	for (int i = 1; i < VALUES; i += 2)
		w->value[i] = 32;
	w->values = (struct run_values){ .v = w->value, .ref = w->is_ref, .n = VALUES };
	w->t->values = &w->values;
	for (int i = 0; i < ROOTS; i++)
		w->root[i] = NULL_NODE;
	w->s->heap = heap_new(w->s, NULL);
	assert_non_null(w->s->heap);
	w->s->heap->host_roots = handles;
	w->s->heap->host_ctx = w;
	return w;
}

static void
end(struct world *w)
{
	for (int i = 1; i < VALUES; i += 2)
		assert_int_equal(w->value[i], 32);
	for (uint32_t i = 1; i < w->s->global.n; i += 2)
		assert_int_equal(((struct global *)w->s->global.p[i])->v[0], 24);
	w->t->values = NULL;
	store_free(w->s);
	free(w->node);
	free(w);
}

/* The slot of a root, or NULL where none is. */
static uint64_t *
root(struct world *w, int i)
{
	if (i < GLOBALS)
		return w->global[i]->v;
	if ((i -= GLOBALS) < TABLE)
		return w->table->elem + i;
	if ((i -= TABLE) < SEGMENT)
		return w->i->elem[0] + i;
	if ((i -= SEGMENT) < VALUES)
		return w->is_ref[i] ? &w->value[i] : NULL;
	if ((i -= VALUES) < HANDLES)
		return &w->handle[i];
	return &w->t->exception;
}

/* -- objects --------------------------------------------------------------------------------- */

/* Where the number and the references of an object are. */
static void
layout(const struct world *w, const struct node *n, uint32_t *number, uint32_t *nedge,
       uint32_t edge[EDGES])
{
	const struct field *f =
	        n->kind == PAIR || n->kind == WIDE ? type_of(w->type[n->kind])->field : NULL;
	*nedge = 0;
	*number = 0;
	switch (n->kind) {
	case PAIR:
		edge[(*nedge)++] = f[2].offset;
		edge[(*nedge)++] = f[4].offset;
		break;
	case WIDE:
		*number = f[3].offset + 8;
		edge[(*nedge)++] = f[1].offset;
		edge[(*nedge)++] = f[4].offset;
		edge[(*nedge)++] = f[5].offset;
		break;
	case REFS:
		for (uint32_t i = 1; i < n->length; i++)
			edge[(*nedge)++] = 8 * i;
		break;
	case EXCEPTION:
		*number = 8 + 8;
		edge[(*nedge)++] = 8 + 16;
		edge[(*nedge)++] = 8 + 32;
		edge[(*nedge)++] = 8 + 40;
		edge[(*nedge)++] = 8 + 48;
		break;
	default: break;
	}
}

static uint64_t
body(const struct world *w, const struct node *n)
{
	switch (n->kind) {
	case PAIR:
	case WIDE: return type_of(w->type[n->kind])->size;
	case REFS: return 8 * (uint64_t)n->length;
	case BYTES: return 2 * (uint64_t)n->length;
	default: return 8 + 8 * 7;
	}
}

static uint64_t
whole_size(const struct world *w, const struct node *n)
{
	uint64_t bytes = body(w, n);
	return (8 + (bytes < 8 ? 8 : bytes) + 7) & ~(uint64_t)7;
}

static uint64_t *
at(struct world *w, uint64_t ref, uint32_t offset)
{
	return (uint64_t *)(void *)(heap_object(w->s->heap, ref)->bytes + offset);
}

static uint64_t
number_of(const struct node *n, size_t i)
{
	return n->kind == REFS ? i << 1 | 1 : i;
}

static bool
zero(const uint8_t *p, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

/* An edge to what root r holds, or to a reference that is no object. */
static void
connect(struct world *w, struct node *n, uint64_t ref, uint32_t e, uint32_t offset)
{
	static const uint64_t plain[] = { 0, 2 + 64, 4 + 8 * 5, 0x7fffffff, 1 };
	int r;
	do
		r = (int)next(w, ROOTS);
	while (!root(w, r));
	n->plain[e] = next(w, 4) == 0;
	if (n->plain[e]) {
		n->edge[e] = (int64_t)plain[next(w, 5)];
		*at(w, ref, offset) = (uint64_t)n->edge[e];
	} else {
		n->edge[e] = w->root[r];
		*at(w, ref, offset) = *root(w, r);
	}
}

static bool
allocate(struct world *w, enum kind kind, uint32_t length, int to)
{
	if (w->nnode == w->cap) {
		w->cap = w->cap ? 2 * w->cap : 1024;
		w->node = xrealloc(w->node, w->cap * sizeof *w->node);
	}
	struct node *n = &w->node[w->nnode];
	*n = (struct node){ .kind = kind,
		            .length = kind == PAIR || kind == WIDE ? 0
		                      : kind == EXCEPTION          ? 7
		                                                   : length };
	uint64_t bytes = body(w, n);
	uint64_t ref = heap_new_object(w->s, kind == EXCEPTION ? HEAP_EXCEPTION : w->type[kind],
	                               n->length, bytes);
	if (!ref)
		return false;
	if (!zero(heap_object(w->s->heap, ref)->bytes, bytes))
		fail_msg("an object is not cleared");
	if (kind == EXCEPTION)
		*at(w, ref, 0) = w->tag->number;
	uint32_t number, nedge, edge[EDGES];
	layout(w, n, &number, &nedge, edge);
	if (kind == BYTES)
		memset(heap_object(w->s->heap, ref)->bytes, (int)(w->nnode % 251), bytes);
	else
		*at(w, ref, number) = number_of(n, w->nnode);
	for (uint32_t e = 0; e < nedge; e++)
		connect(w, n, ref, e, edge[e]);
	*root(w, to) = ref;
	w->root[to] = (int64_t)w->nnode++;
	return true;
}

/* -- comparing -------------------------------------------------------------------------------- */

static void
same(struct world *w, uint64_t ref, int64_t i, int64_t **todo, size_t *n, size_t *cap,
     uint64_t *bytes)
{
	if (i == NULL_NODE) {
		assert_int_equal(ref, 0);
		return;
	}
	struct node *x = &w->node[i];
	if (x->walk == w->walk) {
		if (x->seen != ref)
			fail_msg("node %d is two objects", (int)i);
		return;
	}
	const struct heap *h = w->s->heap;
	if (ref & 7 || ref < h->low + 16 || ref >= h->top)
		fail_msg("node %d is at %#llx", (int)i, (unsigned long long)ref);
	x->walk = w->walk;
	x->seen = ref;
	*bytes += whole_size(w, x);
	if (*n == *cap) {
		*cap = *cap ? 2 * *cap : 1024;
		*todo = xrealloc(*todo, *cap * sizeof **todo);
	}
	(*todo)[(*n)++] = i;
}

static void
same_object(struct world *w, const struct node *x, size_t i)
{
	const struct object *o = heap_object(w->s->heap, x->seen);
	if (o->type != (x->kind == EXCEPTION ? HEAP_EXCEPTION : w->type[x->kind]) ||
	    o->length != x->length)
		fail_msg("node %zu has another type or length", i);
	if (x->kind == BYTES) {
		for (uint64_t k = 0; k < 2 * (uint64_t)x->length; k++)
			if (o->bytes[k] != i % 251)
				fail_msg("node %zu has other bytes", i);
		return;
	}
	uint32_t number, nedge, edge[EDGES];
	layout(w, x, &number, &nedge, edge);
	if (*at(w, x->seen, number) != number_of(x, i))
		fail_msg("node %zu is another", i);
	if (x->kind == EXCEPTION)
		assert_int_equal(*at(w, x->seen, 0), w->tag->number);
}

/* Bytes of all that can be reached. */
static uint64_t
compare(struct world *w)
{
	int64_t *todo = NULL;
	size_t n = 0, cap = 0;
	uint64_t bytes = 0;
	w->walk++;
	for (int r = 0; r < ROOTS; r++)
		if (root(w, r))
			same(w, *root(w, r), w->root[r], &todo, &n, &cap, &bytes);
	while (n) {
		int64_t i = todo[--n];
		const struct node *x = &w->node[i];
		same_object(w, x, (size_t)i);
		uint32_t number, nedge, edge[EDGES];
		layout(w, x, &number, &nedge, edge);
		for (uint32_t e = 0; e < nedge; e++) {
			uint64_t ref = *at(w, x->seen, edge[e]);
			if (!x->plain[e])
				same(w, ref, x->edge[e], &todo, &n, &cap, &bytes);
			else if (ref != (uint64_t)x->edge[e])
				fail_msg("node %d has another reference", (int)i);
		}
	}
	free(todo);
	return bytes;
}

static void
collect_and_compare(struct world *w)
{
	assert_true(heap_collect(w->s->heap, 0));
	/* Nothing that is dead is kept. */
	assert_int_equal(compare(w) + 16, w->s->heap->live);
}

/* -- tests --------------------------------------------------------------------------------------- */

static void
churn(struct world *w, size_t objects)
{
	for (size_t i = 0; i < objects; i++) {
		int r;
		do
			r = (int)next(w, ROOTS);
		while (!root(w, r));
		/* an exception is nowhere but where they may be */
		bool exception = r == ROOTS - 1;
		enum kind kind = exception ? EXCEPTION : (enum kind)next(w, KINDS);
		uint32_t length =
		        kind == REFS ? 1 + (uint32_t)next(w, EDGES) : (uint32_t)next(w, 40);
		assert_true(allocate(w, kind, length, r));
		if (next(w, 30) == 0) {
			*root(w, r) = 0;
			w->root[r] = NULL_NODE;
		}
		/* a cycle now and then: what a root holds points at what another holds */
		int from = (int)next(w, ROOTS);
		if (!root(w, from) || w->root[from] == NULL_NODE)
			continue;
		struct node *n = &w->node[w->root[from]];
		uint32_t number, nedge, edge[EDGES];
		layout(w, n, &number, &nedge, edge);
		if (nedge) {
			uint32_t e = (uint32_t)next(w, nedge);
			connect(w, n, *root(w, from), e, edge[e]);
		}
	}
}

static void
random_graphs(void **state)
{
	(void)state;
	struct world *w = begin(0);
	for (int i = 0; i < 50; i++) {
		churn(w, 400);
		compare(w);
		collect_and_compare(w);
	}
	end(w);
}

static void
a_million_objects(void **state)
{
	(void)state;
	/* small, so that it is collected of itself */
	struct world *w = begin(8 << 20);
	/* in a harsh build each allocation collects */
	churn(w, harsh_on() ? 10000 : 1000000);
	assert_true(w->s->heap->collections > 5);
	compare(w);
	collect_and_compare(w);
	end(w);
}

/* All of them alive: a list, which a recursive collector would not survive. */
static void
a_long_list(void **state)
{
	(void)state;
	const uint64_t all = harsh_on() ? 1000 : 1000000;
	struct world *w = begin(0);
	const uint32_t to = type_of(w->type[PAIR])->field[2].offset;
	uint64_t *head = w->global[0]->v;
	for (uint64_t i = 0; i < all; i++) {
		uint64_t ref =
		        heap_new_object(w->s, w->type[PAIR], 0, type_of(w->type[PAIR])->size);
		assert_int_not_equal(ref, 0);
		*at(w, ref, 0) = i;
		*at(w, ref, to) = *head;
		*head = ref;
	}
	for (int k = 0; k < 3; k++) {
		uint64_t n = 0;
		for (uint64_t ref = *head; ref; ref = *at(w, ref, to), n++)
			if (*at(w, ref, 0) != all - 1 - n)
				fail_msg("element %d is another", (int)n);
		assert_int_equal(n, all);
		heap_collect(w->s->heap, 0);
		assert_true(w->s->heap->live >= all * 40);
	}
	*head = 0;
	heap_collect(w->s->heap, 0);
	assert_int_equal(w->s->heap->live, 16);
	end(w);
}

static void
out_of_memory_and_back(void **state)
{
	(void)state;
	for (uint64_t limit = 1000; limit <= (harsh_on() ? 1 << 14 : 4 << 20); limit *= 16) {
		struct world *w = begin(limit);
		uint64_t *head = w->global[0]->v, n = 0, ref;
		while ((ref = heap_new_object(w->s, w->type[REFS], 2, 16)) != 0) {
			*at(w, ref, 0) = *head;
			*head = ref;
			n++;
		}
		assert_true(n * 24 + 100 > w->s->heap->max && n * 24 <= w->s->heap->max);
		for (ref = *head; ref; ref = *at(w, ref, 0))
			n--;
		assert_int_equal(n, 0);
		*head = 0;
		assert_int_not_equal(heap_new_object(w->s, w->type[REFS], 2, 16), 0);
		assert_int_equal(w->s->heap->live, 16);
		/* what never fits says so */
		assert_int_equal(
		        heap_new_object(w->s, w->type[REFS], UINT32_MAX, 8 * (uint64_t)UINT32_MAX),
		        0);
		assert_int_equal(heap_new_object(w->s, w->type[REFS], UINT32_MAX, UINT64_MAX), 0);
		assert_int_equal(heap_new_object(w->s, w->type[REFS], 1, w->s->heap->max), 0);
		assert_int_not_equal(heap_new_object(w->s, w->type[BYTES], 100, 200), 0);
		end(w);
	}
	struct world *w = begin(UINT64_MAX);
	assert_int_not_equal(heap_new_object(w->s, w->type[BYTES], 100, 200), 0);
	end(w);
}

static void
is_of_a_heap_type(void **state)
{
	(void)state;
	struct world *w = begin(0);
	struct func *f = store_host(w->s, type_func(NULL, 0, NULL, 0), NULL, NULL, "f");
	uint64_t func = store_ref(w->s, f), i31 = 5 << 1 | 1, host = 9 << 3 | 4;
	assert_ptr_equal(store_func(w->s, func), f);
	uint64_t *pair = root(w, 0), *refs = root(w, 1), *thrown = root(w, ROOTS - 1);
	*pair = heap_new_object(w->s, w->type[PAIR], 0, type_of(w->type[PAIR])->size);
	*refs = heap_new_object(w->s, w->type[REFS], 3, 24);
	*thrown = heap_new_object(w->s, HEAP_EXCEPTION, 7, 64);
	*at(w, *thrown, 0) = w->tag->number;
	const struct {
		uint32_t heap;
		char is[7]; /* func, i31, host, pair, refs, thrown */
	} row[] = {
		{ HEAP_FUNC, "y....." },     { f->type, "y....." },
		{ HEAP_NOFUNC, "......" },   { HEAP_ANY, ".yyyy." },
		{ HEAP_EQ, ".y.yy." },       { HEAP_I31, ".y...." },
		{ HEAP_STRUCT, "...y.." },   { HEAP_ARRAY, "....y." },
		{ w->type[PAIR], "...y.." }, { w->type[WIDE], "......" },
		{ w->type[REFS], "....y." }, { HEAP_NONE, "......" },
		{ HEAP_EXN, ".....y" },      { HEAP_NOEXN, "......" },
		{ HEAP_NOEXTERN, "......" },
	};
	const uint64_t ref[] = { func, i31, host, *pair, *refs, *thrown };
	for (size_t r = 0; r < sizeof row / sizeof *row; r++)
		for (int i = 0; i < 6; i++)
			if (heap_is(w->s, ref[i], row[r].heap) != (row[r].is[i] == 'y'))
				fail_msg("row %zu, column %d", r, i);
	/* whatever became external is that */
	for (int i = 1; i < 5; i++)
		assert_true(heap_is(w->s, ref[i], HEAP_EXTERN));
	end(w);
}

/* -- threads ------------------------------------------------------------------------------------ */

struct taker {
	struct world *w;
	uint64_t ref[20000];
};

static void *
take_many(void *arg)
{
	struct taker *x = arg;
	for (uint64_t i = 0; i < 20000; i++) {
		x->ref[i] = heap_new_object(x->w->s, x->w->type[REFS], 1, 8);
		if (x->ref[i])
			*at(x->w, x->ref[i], 0) = (uintptr_t)x;
	}
	return NULL;
}

static void
threads_take_and_nothing_moves(void **state)
{
	(void)state;
	struct world *w = begin(0);
	struct thread *other = store_thread(w->s, NULL);
	static struct taker x[2];
	pthread_t t[2];
	for (int i = 0; i < 2; i++) {
		x[i].w = w;
		assert_int_equal(pthread_create(&t[i], NULL, take_many, &x[i]), 0);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < 2; i++)
		for (int k = 0; k < 20000; k++)
			if (!x[i].ref[k] || *at(w, x[i].ref[k], 0) != (uintptr_t)&x[i])
				fail_msg("object %d of %d", k, i);
	assert_int_equal(w->s->heap->collections, 0);
	/* what they have is more than would be taken before a collection */
	assert_int_not_equal(heap_new_object(w->s, w->type[BYTES], 30 << 20, 60 << 20), 0);
	assert_int_equal(w->s->heap->collections, 0);
	store_thread_free(other);
	while (!w->s->heap->collections)
		assert_int_not_equal(heap_new_object(w->s, w->type[BYTES], 256 << 20, 512 << 20),
		                     0);
	end(w);
}

UNIT_MAIN(TEST(random_graphs), TEST(a_million_objects), TEST(a_long_list),
          TEST(out_of_memory_and_back), TEST(is_of_a_heap_type),
          TEST(threads_take_and_nothing_moves))
