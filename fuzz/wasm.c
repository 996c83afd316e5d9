/* SPDX-License-Identifier: Apache-2.0 */
/* A binary module: read, validated; if it is valid, made an instance of with imports
 * of the right kinds, and each function that it exports called with zeros, within
 * limits of fuel, memory, stack and heap.  What has come to rest on its way is saved
 * and loaded.  Its names and lines are looked up. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layer/lang/line.h"
#include "layer/lang/module.h"
#include "layer/lang/names.h"
#include "layer/lang/save.h"
#include "layer/lang/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static enum host
nothing(struct thread *t, void *env, uint64_t *slots)
{
	(void)t, (void)env, (void)slots;
	return HOST_OK;
}

static bool
give(struct wasm_store *s, const struct module *m, const struct import *x, struct external *out)
{
	const uint64_t zero[2] = { 0, 0 };

	out->kind = x->kind;
	switch (x->kind) {
	case EXTERN_FUNC: {
		const struct type *t = type_of(m->func[x->index]);
		/* nothing leaves its arguments as results: only numbers may be made up so */
		for (uint32_t i = 0; i < t->nresult; i++)
			if (type_is_ref(t->result[i]))
				return false;
		out->func = store_host(s, t->id, nothing, NULL, "fuzz.nothing");
		return out->func != NULL;
	}
	case EXTERN_TABLE:
		if (!type_defaultable(m->table[x->index].elem))
			return false;
		out->table =
		        table_new(s, m->table[x->index].elem, &m->table[x->index].limits, 0, NULL);
		return out->table != NULL;
	case EXTERN_MEMORY:
		out->memory = memory_new(s, &m->memory[x->index].limits, NULL);
		return out->memory != NULL;
	case EXTERN_GLOBAL:
		if (!type_defaultable(m->global[x->index].type))
			return false;
		out->global =
		        store_global(s, m->global[x->index].type, m->global[x->index].mut, zero);
		return true;
	default: out->tag = store_tag(s, m->tag[x->index]); return true;
	}
}

static struct module *
module_again(void *ctx, uint32_t i, const char *name)
{
	(void)i, (void)name;
	return ctx;
}

static struct func *
host_again(void *ctx, struct wasm_store *s, const char *name, uint32_t type, struct err *e)
{
	(void)ctx, (void)name, (void)e;
	return store_host(s, type, nothing, NULL, "fuzz.nothing");
}

/* The store at rest, written and read back; what was is gone. */
static struct wasm_store *
again(struct wasm_store *s, struct module *m, const struct store_limits *l)
{
	struct snap *out = snap_new();
	struct err e = { 0 };
	struct save_world w = { module_again, host_again, m };

	if (save_store(s, out, &e) == 0 && snap_finish(out, &e) == 0) {
		struct snap *in = snap_of(snap_bytes(out)->p, snap_bytes(out)->n);
		struct wasm_store *now = save_load(in, l, &w, &e);
		snap_free(in);
		if (!now)
			abort();
		store_free(s);
		s = now;
	}
	snap_free(out);
	return s;
}

static struct wasm_store *
call(struct wasm_store *s, struct module *m, struct func *f, const struct store_limits *l)
{
	const struct type *type = type_of(f->type);
	uint64_t *args = calloc(type->pslots + 1, sizeof *args);
	struct thread *t = s->thread.p[0];
	bool ok = args != NULL;

	for (uint32_t i = 0; i < type->nparam; i++)
		ok = ok && type_defaultable(type->param[i]);
	t->fuel = 20000;
	if (ok && run_begin(t, f, args, NULL) == 0) {
		atomic_store(&t->pending, 5);
		if (run_go(t) == STOP_KICK) {
			s = again(s, m, l);
			t = s->thread.p[0];
			while (run_go(t) == STOP_KICK)
				;
		}
		atomic_store(&t->pending, 0);
	}
	free(args);
	return s;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct err e = { 0 };
	struct module *m = module_read(data, n, &e);
	if (!m) {
		if (!strstr(e.what, " at offset "))
			abort();
		return 0;
	}
	struct line line;
	names_function(m, 0);
	for (uint32_t at = 0; at < n; at += 7)
		line_of(m, at, &line);
	struct store_limits l = {
		.memory = 4 << 20, .heap = 1 << 20, .table = 10000, .stack = 64 << 10, .meter = true
	};
	struct wasm_store *s = store_new(&l);
	struct thread *t = store_thread(s, &e);
	struct external *imports = calloc((size_t)m->nimport + 1, sizeof *imports);
	bool ok = t && imports;
	for (uint32_t i = 0; ok && i < m->nimport; i++)
		ok = give(s, m, &m->import[i], &imports[i]);
	struct instance *made = NULL;
	if (ok) {
		t->fuel = 20000;
		if (link_instance(t, m, imports, NULL, &made, &e) == LINK_OK)
			for (uint32_t i = 0; i < m->nexport; i++)
				if (m->export[i].kind == EXTERN_FUNC) {
					struct instance *now = s->instance.p[0];
					s = call(s, m, instance_func(now, m->export[i].index), &l);
				}
	}
	free(imports);
	store_free(s);
	module_free(m);
	return 0;
}
