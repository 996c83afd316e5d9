/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "all/wasm/thing.h"
#include "base/arena.h"
#include "include/wasm.h"
#include "layer/lang/run.h"

/* Functions: those of modules called by the host, and the host's called by modules. */

/* -- the host's ------------------------------------------------------------------------------ */

static void
arguments(wasm_store_t *s, const struct type *type, const uint64_t *slots, wasm_val_vec_t *out)
{
	wasm_val_vec_new_uninitialized(out, type->nparam);
	for (uint32_t i = 0; i < type->nparam; i++) {
		thing_value(s, type->param[i], slots, &out->data[i]);
		slots += type_slots(type->param[i]);
	}
}

/* What the callback filled in; false: it is not of the function's type. */
static bool
results(wasm_store_t *s, const struct type *type, const wasm_val_vec_t *v, uint64_t *slots)
{
	bool ok = v->size == type->nresult;
	for (uint32_t i = 0; ok && i < type->nresult; i++) {
		uint64_t slot[2];
		ok = thing_slot(s, type->result[i], &v->data[i], slot);
		slots[0] = slot[0];
		if (type_slots(type->result[i]) > 1)
			slots[1] = slot[1];
		slots += type_slots(type->result[i]);
	}
	return ok;
}

static enum host throw(struct thread * t, wasm_store_t *s, wasm_trap_t *trap) {
	thing_drop(s->thrown); s->thrown = (wasm_ref_t *)trap; t->trap = TRAP_host;
	return HOST_TRAP;
}

static enum host
call_back(struct thread *t, void *env, uint64_t *slots)
{
	const struct thing_callback *c = env;
	wasm_store_t *s = c->store;
	const struct type *type = type_of(c->type);
	wasm_val_vec_t in, out;
	arguments(s, type, slots, &in);
	wasm_val_vec_new_uninitialized(&out, type->nresult);
	for (size_t i = 0; i < out.size; i++)
		out.data[i] = (wasm_val_t)WASM_INIT_VAL;
	wasm_trap_t *trap = c->with_env ? c->with_env(c->env, &in, &out) : c->plain(&in, &out);
	if (!trap && !results(s, type, &out, slots))
		trap = thing_trap(s, "a callback returned values that are not of its type");
	wasm_val_vec_delete(&in);
	wasm_val_vec_delete(&out);
	return trap ? throw(t, s, trap) : HOST_OK;
}

static wasm_func_t *new (wasm_store_t *s, const wasm_functype_t *type, struct thing_callback c)
{
	struct thing_callback *own = xmalloc(sizeof *own);
	*own = c;
	own->type = thing_functype(type);
	struct func *f = store_host(s->store, own->type, call_back, own, "callback");
	if (!f) {
		free(own);
		return NULL;
	}
	vec_push(&s->callbacks, own);
	return (wasm_func_t *)thing_of(s, THING_FUNC, f);
}

wasm_func_t *
wasm_func_new(wasm_store_t *s, const wasm_functype_t *type, wasm_func_callback_t fn)
{
	return new (s, type, (struct thing_callback){ .store = s, .plain = fn });
}

wasm_func_t *
wasm_func_new_with_env(wasm_store_t *s, const wasm_functype_t *type,
                       wasm_func_callback_with_env_t fn, void *env, void (*finalizer)(void *))
{
	return new (s, type,
	            (struct thing_callback){
	                    .store = s, .with_env = fn, .env = env, .finalizer = finalizer });
}

/* -- calls ------------------------------------------------------------------------------------- */

static wasm_trap_t *
trap_of_stop(wasm_store_t *s, enum stop stop)
{
	const struct thread *t = s->thread;
	if (s->thrown && stop == STOP_TRAP && t->trap == TRAP_host) {
		wasm_ref_t *thrown = s->thrown;
		s->thrown = NULL;
		return (wasm_trap_t *)thrown;
	}
	if (stop == STOP_THROW)
		return thing_trap(s, store_trap_text[TRAP_exception]);
	return thing_trap(s, t->err.code ? t->err.what : store_trap_text[t->trap]);
}

wasm_trap_t *
thing_call(wasm_store_t *s, struct func *f, uint64_t *slots)
{
	struct thread *t = s->thread;
	struct run_outer outer;
	struct err e = { 0 };
	wasm_trap_t *trap = NULL;
	run_nest(t, &outer);
	const uint64_t *top = run_base(t);
	if (run_begin(t, f, slots, &e) < 0) {
		trap = thing_trap(s, e.what);
	} else {
		enum stop stop;
		do
			stop = run_go(t);
		while (stop == STOP_KICK);
		if (stop == STOP_DONE)
			memcpy(slots, top, type_of(f->type)->rslots * sizeof *slots);
		else
			trap = trap_of_stop(s, stop);
	}
	run_unnest(t, &outer);
	return trap;
}

wasm_functype_t *
wasm_func_type(const wasm_func_t *f)
{
	return thing_functype_of(((const wasm_ref_t *)f)->func->type);
}

size_t
wasm_func_param_arity(const wasm_func_t *f)
{
	return type_of(((const wasm_ref_t *)f)->func->type)->nparam;
}

size_t
wasm_func_result_arity(const wasm_func_t *f)
{
	return type_of(((const wasm_ref_t *)f)->func->type)->nresult;
}

static const char *
wrong(wasm_store_t *s, const struct type *type, const wasm_val_vec_t *args, uint64_t *slots)
{
	if (args->size != type->nparam)
		return "wrong number of arguments";
	for (uint32_t i = 0; i < type->nresult; i++)
		if (type->result[i] == T_V128)
			return "a v128 cannot be passed through this interface";
	for (uint32_t i = 0; i < type->nparam; i++) {
		uint64_t slot[2];
		if (!thing_slot(s, type->param[i], &args->data[i], slot))
			return "an argument is not of its type";
		*slots++ = slot[0];
	}
	return NULL;
}

wasm_trap_t *
wasm_func_call(const wasm_func_t *func, const wasm_val_vec_t *args, wasm_val_vec_t *out)
{
	const wasm_ref_t *r = (const wasm_ref_t *)func;
	wasm_store_t *s = r->store;
	const struct type *type = type_of(r->func->type);
	uint64_t few[16], *slots = few;
	size_t n = type->pslots > type->rslots ? type->pslots : type->rslots;
	if (n > sizeof few / sizeof *few)
		slots = xcalloc(n, sizeof *slots);
	const char *why = wrong(s, type, args, slots);
	wasm_trap_t *trap = why ? thing_trap(s, why) : thing_call(s, r->func, slots);
	for (uint32_t i = 0; !trap && i < type->nresult && i < out->size; i++)
		thing_value(s, type->result[i], &slots[i], &out->data[i]);
	if (slots != few)
		free(slots);
	return trap;
}
