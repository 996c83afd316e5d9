/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdlib.h>

#include "all/wasm/thing.h"
#include "base/arena.h"
#include "include/wasm.h"

/* Configuration, engine, store; and what all handles have in common. */

struct wasm_config_t {
	char nothing; /* to be set yet */
};

wasm_config_t *
wasm_config_new(void)
{
	return xcalloc(1, sizeof(wasm_config_t));
}

void
wasm_config_delete(wasm_config_t *c)
{
	free(c);
}

wasm_engine_t *
wasm_engine_new(void)
{
	wasm_engine_t *e = xcalloc(1, sizeof *e);
	atomic_init(&e->users, 1);
	type_hold(); /* functions of the host have types, too */
	return e;
}

wasm_engine_t *
wasm_engine_new_with_config(wasm_config_t *c)
{
	wasm_config_delete(c);
	return wasm_engine_new();
}

void
wasm_engine_delete(wasm_engine_t *e)
{
	if (!e || atomic_fetch_sub(&e->users, 1) > 1)
		return;
	type_drop();
	free(e);
}

wasm_store_t *
wasm_store_new(wasm_engine_t *e)
{
	/* A store of the interface's may hold any number of instances. */
	const struct store_limits limits = { .instances = UINT32_MAX };
	wasm_store_t *s = xcalloc(1, sizeof *s);
	s->store = store_new(&limits);
	s->store->host = s;
	s->thread = store_thread(s->store, NULL);
	if (!s->thread) {
		store_free(s->store);
		free(s);
		return NULL;
	}
	atomic_fetch_add(&e->users, 1);
	s->engine = e;
	return s;
}

void
wasm_store_delete(wasm_store_t *s)
{
	if (!s)
		return;
	s->deleted = true;
	thing_store_drop(s);
}

/* -- values -------------------------------------------------------------------------------- */

void
wasm_val_delete(wasm_val_t *v)
{
	if (wasm_valkind_is_ref(v->kind)) {
		thing_drop(v->of.ref);
		v->of.ref = NULL;
	}
}

void
wasm_val_copy(wasm_val_t *out, const wasm_val_t *v)
{
	*out = *v;
	if (wasm_valkind_is_ref(v->kind))
		thing_hold(v->of.ref);
}

/* -- handles --------------------------------------------------------------------------------- */

static bool
same(const wasm_ref_t *a, const wasm_ref_t *b)
{
	return a == b || (a && b && a->kind == THING_HEAP && b->kind == THING_HEAP &&
	                  a->store == b->store && a->slot == b->slot);
}

static void
set_info(wasm_ref_t *r, void *info, void (*finalizer)(void *))
{
	r->info = info;
	r->finalizer = finalizer;
}

/* clang-format off */
#define BASE(name)                                                                                 \
	void wasm_##name##_delete(wasm_##name##_t *r) { thing_drop((wasm_ref_t *)r); }             \
	wasm_##name##_t *wasm_##name##_copy(const wasm_##name##_t *r)                              \
	{ return (wasm_##name##_t *)thing_hold((const wasm_ref_t *)r); }                           \
	bool wasm_##name##_same(const wasm_##name##_t *a, const wasm_##name##_t *b)                \
	{ return same((const wasm_ref_t *)a, (const wasm_ref_t *)b); }                             \
	void *wasm_##name##_get_host_info(const wasm_##name##_t *r)                                \
	{ return ((const wasm_ref_t *)r)->info; }                                                  \
	void wasm_##name##_set_host_info(wasm_##name##_t *r, void *info)                           \
	{ set_info((wasm_ref_t *)r, info, NULL); }                                                 \
	void wasm_##name##_set_host_info_with_finalizer(wasm_##name##_t *r, void *info,            \
	                                                void (*finalizer)(void *))                 \
	{ set_info((wasm_ref_t *)r, info, finalizer); }
#define REF(name, is)                                                                              \
	BASE(name)                                                                                 \
	wasm_ref_t *wasm_##name##_as_ref(wasm_##name##_t *r) { return (wasm_ref_t *)r; }           \
	const wasm_ref_t *wasm_##name##_as_ref_const(const wasm_##name##_t *r)                     \
	{ return (const wasm_ref_t *)r; }                                                          \
	wasm_##name##_t *wasm_ref_as_##name(wasm_ref_t *r)                                         \
	{ return r && (is) ? (wasm_##name##_t *)r : NULL; }                                        \
	const wasm_##name##_t *wasm_ref_as_##name##_const(const wasm_ref_t *r)                     \
	{ return r && (is) ? (const wasm_##name##_t *)r : NULL; }
#define EXTERN(name, KIND)                                                                         \
	REF(name, r->kind == KIND)                                                                 \
	wasm_extern_t *wasm_##name##_as_extern(wasm_##name##_t *r) { return (wasm_extern_t *)r; }  \
	const wasm_extern_t *wasm_##name##_as_extern_const(const wasm_##name##_t *r)               \
	{ return (const wasm_extern_t *)r; }                                                       \
	wasm_##name##_t *wasm_extern_as_##name(wasm_extern_t *r)                                   \
	{ return wasm_ref_as_##name((wasm_ref_t *)r); }                                            \
	const wasm_##name##_t *wasm_extern_as_##name##_const(const wasm_extern_t *r)               \
	{ return wasm_ref_as_##name##_const((const wasm_ref_t *)r); }
/* clang-format on */

BASE(ref)
EXTERN(func, THING_FUNC)
EXTERN(global, THING_GLOBAL)
EXTERN(table, THING_TABLE)
EXTERN(memory, THING_MEMORY)
REF(extern, r->kind <= THING_TAG)
REF(instance, r->kind == THING_INSTANCE)
REF(module, r->kind == THING_MODULE)
REF(trap, r->kind == THING_TRAP)
/* What a module made itself can be passed on like something of the host's. */
REF(foreign, r->kind == THING_FOREIGN || r->kind == THING_HEAP)

wasm_foreign_t *
wasm_foreign_new(wasm_store_t *s)
{
	return (wasm_foreign_t *)thing_new(s, THING_FOREIGN);
}
