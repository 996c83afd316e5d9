/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "all/wasm/thing.h"
#include "base/arena.h"
#include "include/wasm.h"

/* Globals, tables, memories, and the instances that export them. */

static const wasm_ref_t *
ref(const void *handle)
{
	return handle;
}

static struct external
external_of(const wasm_ref_t *r)
{
	static const enum extern_kind kind[] = {
		[THING_FUNC] = EXTERN_FUNC,     [THING_TABLE] = EXTERN_TABLE,
		[THING_MEMORY] = EXTERN_MEMORY, [THING_GLOBAL] = EXTERN_GLOBAL,
		[THING_TAG] = EXTERN_TAG,
	};
	struct external x = { .kind = kind[r->kind] };
	x.func = r->func;
	return x;
}

wasm_externkind_t
wasm_extern_kind(const wasm_extern_t *x)
{
	return (wasm_externkind_t)ref(x)->kind;
}

wasm_externtype_t *
wasm_extern_type(const wasm_extern_t *x)
{
	struct external e = external_of(ref(x));
	return thing_externtype_of(&e);
}

/* -- globals ------------------------------------------------------------------------------- */

wasm_global_t *
wasm_global_new(wasm_store_t *s, const wasm_globaltype_t *type, const wasm_val_t *v)
{
	valtype t = thing_valtype(wasm_globaltype_content(type));
	uint64_t slot[2];
	if (!thing_slot(s, t, v, slot))
		return NULL;
	bool mut = wasm_globaltype_mutability(type) == WASM_VAR;
	return (wasm_global_t *)thing_of(s, THING_GLOBAL, store_global(s->store, t, mut, slot));
}

wasm_globaltype_t *
wasm_global_type(const wasm_global_t *g)
{
	return (wasm_globaltype_t *)wasm_extern_type((const wasm_extern_t *)g);
}

void
wasm_global_get(const wasm_global_t *g, wasm_val_t *out)
{
	const struct global *own = ref(g)->global;
	thing_value(ref(g)->store, own->type, own->v, out);
}

void
wasm_global_set(wasm_global_t *g, const wasm_val_t *v)
{
	struct global *own = ref(g)->global;
	uint64_t slot[2];
	if (!own->mut || !thing_slot(ref(g)->store, own->type, v, slot))
		return;
	own->v[0] = slot[0];
	own->v[1] = slot[1];
}

/* -- tables --------------------------------------------------------------------------------- */

static struct limits
limits_of(const wasm_limits_t *l)
{
	return (struct limits){ .min = l->min,
		                .max = l->max,
		                .has_max = l->max != wasm_limits_max_default };
}

wasm_table_t *
wasm_table_new(wasm_store_t *s, const wasm_tabletype_t *type, wasm_ref_t *init)
{
	valtype t = thing_valtype(wasm_tabletype_element(type));
	struct limits l = limits_of(wasm_tabletype_limits(type));
	uint64_t slot;
	if ((l.has_max && l.max < l.min) || !thing_ref_slot(s, t, init, &slot))
		return NULL;
	struct table *table = table_new(s->store, t, &l, slot, NULL);
	return table ? (wasm_table_t *)thing_of(s, THING_TABLE, table) : NULL;
}

wasm_tabletype_t *
wasm_table_type(const wasm_table_t *t)
{
	return (wasm_tabletype_t *)wasm_extern_type((const wasm_extern_t *)t);
}

wasm_ref_t *
wasm_table_get(const wasm_table_t *t, wasm_table_size_t index)
{
	const struct table *own = ref(t)->table;
	return index < own->size ? thing_of_slot(ref(t)->store, own->elem[index]) : NULL;
}

bool
wasm_table_set(wasm_table_t *t, wasm_table_size_t index, wasm_ref_t *v)
{
	struct table *own = ref(t)->table;
	uint64_t slot;
	if (index >= own->size || !thing_ref_slot(ref(t)->store, own->type, v, &slot))
		return false;
	own->elem[index] = slot;
	return true;
}

wasm_table_size_t
wasm_table_size(const wasm_table_t *t)
{
	uint64_t n = ref(t)->table->size;
	return n < UINT32_MAX ? (wasm_table_size_t)n : UINT32_MAX;
}

bool
wasm_table_grow(wasm_table_t *t, wasm_table_size_t delta, wasm_ref_t *init)
{
	struct table *own = ref(t)->table;
	wasm_store_t *s = ref(t)->store;
	uint64_t slot;
	return thing_ref_slot(s, own->type, init, &slot) &&
	       table_grow(s->store, own, delta, slot) != UINT64_MAX;
}

/* -- memories ---------------------------------------------------------------------------------- */

wasm_memory_t *
wasm_memory_new(wasm_store_t *s, const wasm_memorytype_t *type)
{
	enum { MOST = 65536 }; /* pages (3.2.8) */
	struct limits l = limits_of(wasm_memorytype_limits(type));
	l.page = 16;
	if (l.min > MOST || (l.has_max && (l.max > MOST || l.max < l.min)))
		return NULL;
	struct memory *m = memory_new(s->store, &l, NULL);
	return m ? (wasm_memory_t *)thing_of(s, THING_MEMORY, m) : NULL;
}

wasm_memorytype_t *
wasm_memory_type(const wasm_memory_t *m)
{
	return (wasm_memorytype_t *)wasm_extern_type((const wasm_extern_t *)m);
}

byte_t *
wasm_memory_data(wasm_memory_t *m)
{
	return (byte_t *)ref(m)->memory->base;
}

size_t
wasm_memory_data_size(const wasm_memory_t *m)
{
	return ref(m)->memory->size;
}

wasm_memory_pages_t
wasm_memory_size(const wasm_memory_t *m)
{
	return (wasm_memory_pages_t)memory_pages(ref(m)->memory);
}

bool
wasm_memory_grow(wasm_memory_t *m, wasm_memory_pages_t delta)
{
	return memory_grow(ref(m)->store->store, ref(m)->memory, delta) != UINT64_MAX;
}

/* -- instances ------------------------------------------------------------------------------------ */

/* What the module imports, out of what is given; or why not. */
static const char *
imports_of(wasm_store_t *s, const struct module *m, const wasm_extern_vec_t *v,
           struct external *out)
{
	if ((v ? v->size : 0) < m->nimport)
		return "fewer imports are given than the module has";
	for (uint32_t i = 0; i < m->nimport; i++) {
		if (!v->data[i])
			return "an import is missing";
		if (ref(v->data[i])->store != s)
			return "an import is of another store";
		out[i] = external_of(ref(v->data[i]));
	}
	return NULL;
}

static wasm_trap_t *
make(wasm_store_t *s, struct module *m, const struct external *x, struct instance **out)
{
	struct err e = { 0 };
	uint64_t none = 0;
	*out = NULL;
	switch (link_make(s->thread, m, x, NULL, out, &e)) {
	case LINK_OK:
		return m->has_start ? thing_call(s, instance_func(*out, m->start), &none) : NULL;
	case LINK_UNLINKABLE: return thing_trap(s, e.what);
	default: return thing_trap(s, store_trap_text[s->thread->trap]);
	}
}

wasm_instance_t *
wasm_instance_new(wasm_store_t *s, const wasm_module_t *module, const wasm_extern_vec_t *imports,
                  wasm_trap_t **trap)
{
	struct thing_module *m = ref(module)->module;
	struct external *x = xcalloc((size_t)m->module->nimport + 1, sizeof *x);
	struct instance *i = NULL;
	const char *why = imports_of(s, m->module, imports, x);
	wasm_trap_t *failed = why ? thing_trap(s, why) : make(s, m->module, x, &i);
	free(x);
	/* What exists, exists, also when its start function trapped. */
	if (i && (!s->modules.n || s->modules.p[s->modules.n - 1] != m))
		vec_push(&s->modules, thing_module_hold(m));
	if (trap)
		*trap = failed;
	else
		thing_drop((wasm_ref_t *)failed);
	return failed ? NULL : (wasm_instance_t *)thing_of(s, THING_INSTANCE, i);
}

void
wasm_instance_exports(const wasm_instance_t *handle, wasm_extern_vec_t *out)
{
	const struct instance *i = ref(handle)->instance;
	const struct module *m = i->module;
	wasm_extern_vec_new_uninitialized(out, m->nexport);
	for (uint32_t k = 0; k < m->nexport; k++) {
		struct external x = { 0 };
		link_export(i, m->export[k].name.p, m->export[k].name.n, &x);
		out->data[k] = (wasm_extern_t *)thing_external(ref(handle)->store, &x);
	}
}
