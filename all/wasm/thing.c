/* SPDX-License-Identifier: Apache-2.0 */
#include "all/wasm/thing.h"

#include <search.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/arena.h"
#include "include/wasm.h"
#include "layer/lang/heap.h"
#include "layer/lang/module.h"

/* -- records ------------------------------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
	const wasm_ref_t *x = a, *y = b;
	return (x->key > y->key) - (x->key < y->key);
}

static bool
is_engines(enum thing_kind kind)
{
	return kind <= THING_INSTANCE;
}

wasm_ref_t *
thing_hold(const wasm_ref_t *r)
{
	wasm_ref_t *w = (wasm_ref_t *)r;
	if (w) {
		w->handles++;
		w->store->handles++;
	}
	return w;
}

wasm_ref_t *
thing_new(wasm_store_t *s, enum thing_kind kind)
{
	wasm_ref_t *r = xcalloc(1, sizeof *r);
	r->kind = kind;
	r->store = s;
	return thing_hold(r);
}

wasm_ref_t *
thing_of(wasm_store_t *s, enum thing_kind kind, const void *key)
{
	wasm_ref_t look = { .key = key };
	wasm_ref_t **found = tfind(&look, &s->records, compare);
	if (found)
		return thing_hold(*found);
	wasm_ref_t *r = thing_new(s, kind);
	r->key = key;
	tsearch(r, &s->records, compare);
	return r;
}

wasm_ref_t *
thing_external(wasm_store_t *s, const struct external *x)
{
	static const enum thing_kind kind[] = {
		[EXTERN_FUNC] = THING_FUNC,     [EXTERN_TABLE] = THING_TABLE,
		[EXTERN_MEMORY] = THING_MEMORY, [EXTERN_GLOBAL] = THING_GLOBAL,
		[EXTERN_TAG] = THING_TAG,
	};
	return thing_of(s, kind[x->kind], x->func);
}

wasm_ref_t *
thing_instance(wasm_store_t *s, struct instance *i)
{
	wasm_ref_t *r = thing_of(s, THING_INSTANCE, i);
	r->kept = true;
	thing_drop(r);
	return r;
}

static void
finalize(wasm_ref_t *r)
{
	void (*finalizer)(void *) = r->finalizer;
	r->finalizer = NULL;
	if (finalizer)
		finalizer(r->info);
}

static void
unroot(wasm_ref_t *r)
{
	struct vec *v = &r->store->rooted;
	wasm_ref_t *last = v->p[--v->n];
	v->p[r->place] = last;
	v->p[v->n] = NULL;
	last->place = r->place;
}

/* Nobody can ask for it any more. */
static void
end(wasm_ref_t *r)
{
	finalize(r);
	switch (r->kind) {
	case THING_MODULE: thing_module_drop(r->module); break;
	case THING_HEAP: unroot(r); break;
	case THING_TRAP:
		free(r->trap->message);
		wasm_frame_vec_delete(&r->trap->trace);
		free(r->trap);
		break;
	default: break;
	}
	free(r);
}

void
thing_drop(wasm_ref_t *r)
{
	if (!r)
		return;
	wasm_store_t *s = r->store;
	if (--r->handles == 0 && !r->kept) {
		if (!is_engines(r->kind)) {
			end(r);
		} else if (!r->info && !r->finalizer) {
			tdelete(r, &s->records, compare);
			free(r);
		}
	}
	s->handles--;
	if (s->deleted)
		thing_store_drop(s);
}

struct thing_module *
thing_module_hold(struct thing_module *m)
{
	atomic_fetch_add(&m->users, 1);
	return m;
}

void
thing_module_drop(struct thing_module *m)
{
	if (atomic_fetch_sub(&m->users, 1) > 1)
		return;
	module_free(m->module);
	free(m->bytes);
	free(m);
}

/* The store is gone: its records are the last that know of each other. */
static void
forget(void *record)
{
	wasm_ref_t *r = record;
	finalize(r);
	free(r);
}

void
thing_store_drop(wasm_store_t *s)
{
	if (s->handles)
		return;
	/* A finalizer may still look at its store, but not find what ended before. */
	s->deleted = false;
	s->handles = 1;
	for (size_t i = 0; i < s->numbered.n; i++) {
		wasm_ref_t *r = s->numbered.p[i];
		if (!is_engines(r->kind))
			end(r);
	}
	tdestroy(s->records, forget);
	store_free(s->store);
	for (size_t i = 0; i < s->modules.n; i++)
		thing_module_drop(s->modules.p[i]);
	for (size_t i = 0; i < s->callbacks.n; i++) {
		struct thing_callback *c = s->callbacks.p[i];
		if (c->finalizer)
			c->finalizer(c->env);
		free(c);
	}
	vec_free(&s->numbered);
	vec_free(&s->rooted);
	vec_free(&s->modules);
	vec_free(&s->callbacks);
	wasm_engine_delete(s->engine);
	free(s);
}

/* -- values ----------------------------------------------------------------------------------- */

static void
roots(void *ctx, void (*visit)(void *h, uint64_t *slot), void *h)
{
	wasm_store_t *s = ctx;
	for (size_t i = 0; i < s->rooted.n; i++)
		visit(h, &((wasm_ref_t *)s->rooted.p[i])->slot);
}

static wasm_ref_t *
of_heap(wasm_store_t *s, uint64_t slot)
{
	wasm_ref_t *r = thing_new(s, THING_HEAP);
	r->slot = slot;
	r->place = (uint32_t)s->rooted.n;
	vec_push(&s->rooted, r);
	if (s->store->heap) {
		s->store->heap->host_roots = roots;
		s->store->heap->host_ctx = s;
	}
	return r;
}

wasm_ref_t *
thing_of_slot(wasm_store_t *s, uint64_t slot)
{
	if (!slot)
		return NULL;
	switch (slot & 7) {
	case 2: return thing_of(s, THING_FUNC, store_func(s->store, slot));
	case 4: return thing_hold(s->numbered.p[slot >> 3]);
	default: return of_heap(s, slot);
	}
}

/* Any record can be an external reference: by its number. */
static uint64_t
numbered(wasm_store_t *s, wasm_ref_t *r)
{
	if (r->kind == THING_HEAP)
		return r->slot;
	if (!r->number) {
		vec_push(&s->numbered, r);
		r->number = (uint32_t)s->numbered.n;
		r->kept = true;
	}
	return ((uint64_t)r->number - 1) << 3 | 4;
}

bool
thing_ref_slot(wasm_store_t *s, valtype t, const wasm_ref_t *r, uint64_t *slot)
{
	*slot = 0;
	if (!type_is_ref(t))
		return false;
	if (!r)
		return (t & T_NULL) != 0;
	if (r->store != s)
		return false;
	uint32_t heap = t & T_HEAP;
	if (type_top(heap) == HEAP_FUNC) {
		if (r->kind != THING_FUNC)
			return false;
		*slot = store_ref(s->store, r->func);
	} else {
		*slot = numbered(s, (wasm_ref_t *)r);
	}
	return heap_is(s->store, *slot, heap);
}

bool
thing_slot(wasm_store_t *s, valtype t, const wasm_val_t *v, uint64_t slot[2])
{
	slot[0] = slot[1] = 0;
	switch (t) {
	case T_I32: slot[0] = (uint32_t)v->of.i32; return v->kind == WASM_I32;
	case T_I64: slot[0] = (uint64_t)v->of.i64; return v->kind == WASM_I64;
	case T_F32: memcpy(slot, &v->of.f32, 4); return v->kind == WASM_F32;
	case T_F64: memcpy(slot, &v->of.f64, 8); return v->kind == WASM_F64;
	default: return wasm_valkind_is_ref(v->kind) && thing_ref_slot(s, t, v->of.ref, slot);
	}
}

void
thing_value(wasm_store_t *s, valtype t, const uint64_t slot[2], wasm_val_t *out)
{
	*out = (wasm_val_t)WASM_INIT_VAL;
	switch (t) {
	case T_I32: out->kind = WASM_I32, out->of.i32 = (int32_t)slot[0]; break;
	case T_I64: out->kind = WASM_I64, out->of.i64 = (int64_t)slot[0]; break;
	case T_F32: out->kind = WASM_F32, memcpy(&out->of.f32, slot, 4); break;
	case T_F64: out->kind = WASM_F64, memcpy(&out->of.f64, slot, 8); break;
	case T_V128: out->kind = WASM_V128; break;
	default:
		if (type_top(t & T_HEAP) == HEAP_FUNC)
			out->kind = WASM_FUNCREF;
		out->of.ref = thing_of_slot(s, slot[0]);
	}
}
