/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "all/wasm/thing.h"
#include "base/arena.h"
#include "include/wasm.h"

/* Types are plain trees that their holders own and copy. */

struct wasm_valtype_t {
	valtype type;
};

struct wasm_externtype_t {
	wasm_externkind_t kind;
	uint32_t id; /* of a function's or tag's type; UINT32_MAX: look it up */
	wasm_valtype_vec_t params, results;
	wasm_valtype_t *content; /* own: of a global or table */
	wasm_mutability_t mutability;
	wasm_limits_t limits;
};

struct wasm_importtype_t {
	wasm_name_t module, name;
	wasm_externtype_t *type;
};

struct wasm_exporttype_t {
	wasm_name_t name;
	wasm_externtype_t *type;
};

/* -- values -------------------------------------------------------------------------------- */

valtype
thing_valtype(const wasm_valtype_t *t)
{
	return t->type;
}

wasm_valtype_t *
thing_valtype_of(valtype t)
{
	wasm_valtype_t *v = xmalloc(sizeof *v);
	v->type = t;
	return v;
}

wasm_valtype_t *
wasm_valtype_new(wasm_valkind_t kind)
{
	static const valtype of[] = { T_I32, T_I64, T_F32, T_F64, T_V128 };
	if (kind < sizeof of / sizeof *of)
		return thing_valtype_of(of[kind]);
	return thing_valtype_of(kind == WASM_FUNCREF ? T_FUNCREF : T_EXTERNREF);
}

void
wasm_valtype_delete(wasm_valtype_t *t)
{
	free(t);
}

wasm_valtype_t *
wasm_valtype_copy(const wasm_valtype_t *t)
{
	return thing_valtype_of(t->type);
}

wasm_valkind_t
wasm_valtype_kind(const wasm_valtype_t *t)
{
	switch (t->type) {
	case T_I32: return WASM_I32;
	case T_I64: return WASM_I64;
	case T_F32: return WASM_F32;
	case T_F64: return WASM_F64;
	case T_V128: return WASM_V128;
	default: return type_top(t->type & T_HEAP) == HEAP_FUNC ? WASM_FUNCREF : WASM_EXTERNREF;
	}
}

/* -- externals ------------------------------------------------------------------------------ */

static wasm_externtype_t *new (wasm_externkind_t kind)
{
	wasm_externtype_t *t = xcalloc(1, sizeof *t);
	t->kind = kind;
	t->id = UINT32_MAX;
	return t;
}

void
wasm_externtype_delete(wasm_externtype_t *t)
{
	if (!t)
		return;
	wasm_valtype_vec_delete(&t->params);
	wasm_valtype_vec_delete(&t->results);
	wasm_valtype_delete(t->content);
	free(t);
}

wasm_externtype_t *
wasm_externtype_copy(const wasm_externtype_t *t)
{
	wasm_externtype_t *c = new (t->kind);
	*c = *t;
	wasm_valtype_vec_copy(&c->params, &t->params);
	wasm_valtype_vec_copy(&c->results, &t->results);
	c->content = t->content ? wasm_valtype_copy(t->content) : NULL;
	return c;
}

wasm_externkind_t
wasm_externtype_kind(const wasm_externtype_t *t)
{
	return t->kind;
}

/* clang-format off */
#define SAME(name, KIND)                                                                           \
	void wasm_##name##_delete(wasm_##name##_t *t)                                              \
	{ wasm_externtype_delete((wasm_externtype_t *)t); }                                        \
	wasm_##name##_t *wasm_##name##_copy(const wasm_##name##_t *t)                              \
	{ return (wasm_##name##_t *)wasm_externtype_copy((const wasm_externtype_t *)t); }          \
	wasm_externtype_t *wasm_##name##_as_externtype(wasm_##name##_t *t)                         \
	{ return (wasm_externtype_t *)t; }                                                         \
	const wasm_externtype_t *wasm_##name##_as_externtype_const(const wasm_##name##_t *t)       \
	{ return (const wasm_externtype_t *)t; }                                                   \
	wasm_##name##_t *wasm_externtype_as_##name(wasm_externtype_t *t)                           \
	{ return t->kind == KIND ? (wasm_##name##_t *)t : NULL; }                                  \
	const wasm_##name##_t *wasm_externtype_as_##name##_const(const wasm_externtype_t *t)       \
	{ return t->kind == KIND ? (const wasm_##name##_t *)t : NULL; }
/* clang-format on */
SAME(functype, WASM_EXTERN_FUNC)
SAME(globaltype, WASM_EXTERN_GLOBAL)
SAME(tabletype, WASM_EXTERN_TABLE)
SAME(memorytype, WASM_EXTERN_MEMORY)

wasm_functype_t *
wasm_functype_new(wasm_valtype_vec_t *params, wasm_valtype_vec_t *results)
{
	wasm_externtype_t *t = new (WASM_EXTERN_FUNC);
	t->params = *params;
	t->results = *results;
	return (wasm_functype_t *)t;
}

const wasm_valtype_vec_t *
wasm_functype_params(const wasm_functype_t *t)
{
	return &((const wasm_externtype_t *)t)->params;
}

const wasm_valtype_vec_t *
wasm_functype_results(const wasm_functype_t *t)
{
	return &((const wasm_externtype_t *)t)->results;
}

wasm_globaltype_t *
wasm_globaltype_new(wasm_valtype_t *content, wasm_mutability_t mutability)
{
	wasm_externtype_t *t = new (WASM_EXTERN_GLOBAL);
	t->content = content;
	t->mutability = mutability;
	return (wasm_globaltype_t *)t;
}

const wasm_valtype_t *
wasm_globaltype_content(const wasm_globaltype_t *t)
{
	return ((const wasm_externtype_t *)t)->content;
}

wasm_mutability_t
wasm_globaltype_mutability(const wasm_globaltype_t *t)
{
	return ((const wasm_externtype_t *)t)->mutability;
}

wasm_tabletype_t *
wasm_tabletype_new(wasm_valtype_t *element, const wasm_limits_t *limits)
{
	wasm_externtype_t *t = new (WASM_EXTERN_TABLE);
	t->content = element;
	t->limits = *limits;
	return (wasm_tabletype_t *)t;
}

const wasm_valtype_t *
wasm_tabletype_element(const wasm_tabletype_t *t)
{
	return ((const wasm_externtype_t *)t)->content;
}

const wasm_limits_t *
wasm_tabletype_limits(const wasm_tabletype_t *t)
{
	return &((const wasm_externtype_t *)t)->limits;
}

wasm_memorytype_t *
wasm_memorytype_new(const wasm_limits_t *limits)
{
	wasm_externtype_t *t = new (WASM_EXTERN_MEMORY);
	t->limits = *limits;
	return (wasm_memorytype_t *)t;
}

const wasm_limits_t *
wasm_memorytype_limits(const wasm_memorytype_t *t)
{
	return &((const wasm_externtype_t *)t)->limits;
}

/* -- imports and exports ------------------------------------------------------------------------ */

wasm_importtype_t *
wasm_importtype_new(wasm_name_t *module, wasm_name_t *name, wasm_externtype_t *type)
{
	wasm_importtype_t *t = xmalloc(sizeof *t);
	t->module = *module;
	t->name = *name;
	t->type = type;
	return t;
}

void
wasm_importtype_delete(wasm_importtype_t *t)
{
	if (!t)
		return;
	wasm_name_delete(&t->module);
	wasm_name_delete(&t->name);
	wasm_externtype_delete(t->type);
	free(t);
}

wasm_importtype_t *
wasm_importtype_copy(const wasm_importtype_t *t)
{
	wasm_name_t module, name;
	wasm_name_copy(&module, &t->module);
	wasm_name_copy(&name, &t->name);
	return wasm_importtype_new(&module, &name, wasm_externtype_copy(t->type));
}

const wasm_name_t *
wasm_importtype_module(const wasm_importtype_t *t)
{
	return &t->module;
}

const wasm_name_t *
wasm_importtype_name(const wasm_importtype_t *t)
{
	return &t->name;
}

const wasm_externtype_t *
wasm_importtype_type(const wasm_importtype_t *t)
{
	return t->type;
}

wasm_exporttype_t *
wasm_exporttype_new(wasm_name_t *name, wasm_externtype_t *type)
{
	wasm_exporttype_t *t = xmalloc(sizeof *t);
	t->name = *name;
	t->type = type;
	return t;
}

void
wasm_exporttype_delete(wasm_exporttype_t *t)
{
	if (!t)
		return;
	wasm_name_delete(&t->name);
	wasm_externtype_delete(t->type);
	free(t);
}

wasm_exporttype_t *
wasm_exporttype_copy(const wasm_exporttype_t *t)
{
	wasm_name_t name;
	wasm_name_copy(&name, &t->name);
	return wasm_exporttype_new(&name, wasm_externtype_copy(t->type));
}

const wasm_name_t *
wasm_exporttype_name(const wasm_exporttype_t *t)
{
	return &t->name;
}

const wasm_externtype_t *
wasm_exporttype_type(const wasm_exporttype_t *t)
{
	return t->type;
}

/* -- from and to the engine ----------------------------------------------------------------------- */

static void
list_of(wasm_valtype_vec_t *out, const valtype *v, uint32_t n)
{
	wasm_valtype_vec_new_uninitialized(out, n);
	for (uint32_t i = 0; i < n; i++)
		out->data[i] = thing_valtype_of(v[i]);
}

static wasm_externtype_t *
of_function(wasm_externkind_t kind, uint32_t id)
{
	const struct type *type = type_of(id);
	wasm_externtype_t *t = new (kind);
	t->id = id;
	list_of(&t->params, type->param, type->nparam);
	list_of(&t->results, type->result, type->nresult);
	return t;
}

wasm_functype_t *
thing_functype_of(uint32_t id)
{
	return (wasm_functype_t *)of_function(WASM_EXTERN_FUNC, id);
}

wasm_externtype_t *
thing_tagtype_of(uint32_t id)
{
	return of_function(WASM_EXTERN_TAG, id);
}

static valtype *
numbers(const wasm_valtype_vec_t *v)
{
	valtype *t = xcalloc(v->size + 1, sizeof *t);
	for (size_t i = 0; i < v->size; i++)
		t[i] = v->data[i]->type;
	return t;
}

uint32_t
thing_functype(const wasm_functype_t *f)
{
	const wasm_externtype_t *t = (const wasm_externtype_t *)f;
	if (t->id != UINT32_MAX)
		return t->id;
	valtype *param = numbers(&t->params), *result = numbers(&t->results);
	uint32_t id = type_func(param, (uint32_t)t->params.size, result, (uint32_t)t->results.size);
	free(param);
	free(result);
	return id;
}

wasm_externtype_t *
thing_globaltype_of(valtype type, bool mut)
{
	return (wasm_externtype_t *)wasm_globaltype_new(thing_valtype_of(type),
	                                                mut ? WASM_VAR : WASM_CONST);
}

static uint32_t
narrow(uint64_t n)
{
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static wasm_limits_t
limits_of(const struct limits *l)
{
	return (wasm_limits_t){ narrow(l->min),
		                l->has_max ? narrow(l->max) : wasm_limits_max_default };
}

wasm_externtype_t *
thing_tabletype_of(valtype type, const struct limits *l)
{
	wasm_limits_t limits = limits_of(l);
	return (wasm_externtype_t *)wasm_tabletype_new(thing_valtype_of(type), &limits);
}

wasm_externtype_t *
thing_memorytype_of(const struct limits *l)
{
	wasm_limits_t limits = limits_of(l);
	return (wasm_externtype_t *)wasm_memorytype_new(&limits);
}

wasm_externtype_t *
thing_externtype_of(const struct external *x)
{
	struct limits l; /* of what exists: it has grown to its least size (4.2.8) */
	switch (x->kind) {
	case EXTERN_FUNC: return of_function(WASM_EXTERN_FUNC, x->func->type);
	case EXTERN_GLOBAL: return thing_globaltype_of(x->global->type, x->global->mut);
	case EXTERN_TABLE:
		l = x->table->limits;
		l.min = x->table->size;
		return thing_tabletype_of(x->table->type, &l);
	case EXTERN_MEMORY:
		l = x->memory->limits;
		l.min = memory_pages(x->memory);
		return thing_memorytype_of(&l);
	default: return thing_tagtype_of(x->tag->type);
	}
}
