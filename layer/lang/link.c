/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "layer/lang/heap.h"
#include "layer/lang/help.h"
#include "layer/lang/leb.h"
#include "layer/lang/store.h"

/* Instances out of modules (Core specification 4.7.2): imports are matched, then
 * all that the module defines is made, then what initialises it runs in order. */

/* -- constant expressions ----------------------------------------------------------------- */

/* The value stack is a root while an aggregate is made: it stands on the thread's
 * own list of values (run_values). */
struct eval {
	struct thread *t;
	struct instance *i;
	const uint8_t *p;
	struct run_values values;
	uint64_t *v;  /* own */
	uint8_t *ref; /* own: which of them are references */
	uint32_t n, cap;
	enum trap trap;
};

static void
put(struct eval *x, uint64_t v, bool ref)
{
	if (x->n + 2 > x->cap) {
		x->cap = x->cap ? x->cap * 2 : 16;
		x->v = xrealloc(x->v, x->cap * sizeof *x->v);
		x->ref = xrealloc(x->ref, x->cap);
	}
	x->ref[x->n] = ref;
	x->v[x->n++] = v;
	x->values.v = x->v;
	x->values.ref = x->ref;
	x->values.n = x->n;
}

static void
arithmetic(struct eval *x, enum op op)
{
	uint64_t b = x->v[--x->n], a = x->v[--x->n], v;
	switch (op) {
	case OP_i32_add:
	case OP_i64_add: v = a + b; break;
	case OP_i32_sub:
	case OP_i64_sub: v = a - b; break;
	default: v = a * b; break;
	}
	put(x, op == OP_i32_add || op == OP_i32_sub || op == OP_i32_mul ? (uint32_t)v : v, false);
}

/* An aggregate: as the running program would make it. */
static bool
make(struct eval *x, enum op op)
{
	uint64_t imm[3] = { (uint64_t)(uintptr_t)x->i, leb_u(&x->p), 0 };
	const struct type *t = type_of(x->i->module->type[imm[1]]);
	uint32_t takes = 0;
	switch (op) {
	case OP_struct_new:
		for (uint32_t i = 0; i < t->nfield; i++)
			takes += type_slots(t->field[i].type);
		break;
	case OP_array_new: takes = type_slots(t->field->type) + 1; break;
	case OP_array_new_default: takes = 1; break;
	case OP_array_new_fixed:
		imm[2] = leb_u(&x->p);
		takes = (uint32_t)imm[2] * type_slots(t->field->type);
		break;
	default: break;
	}
	if (!takes) {
		put(x, 0, false);
		takes = 1;
	}
	int r = aggregate_help(op)(x->t, x->v + x->n - takes, imm);
	x->n -= takes - 1;
	x->ref[x->n - 1] = true;
	x->values.n = x->n;
	x->trap = (enum trap)r;
	return r == TRAP_none;
}

static bool
step(struct eval *x, enum op op)
{
	uint32_t w;
	uint64_t d[2];
	switch (op) {
	case OP_i32_const: put(x, (uint32_t)leb_s(&x->p), false); return true;
	case OP_i64_const: put(x, (uint64_t)leb_s(&x->p), false); return true;
	case OP_f32_const:
		memcpy(&w, x->p, 4);
		x->p += 4;
		put(x, w, false);
		return true;
	case OP_f64_const:
		memcpy(d, x->p, 8);
		x->p += 8;
		put(x, d[0], false);
		return true;
	case OP_v128_const:
		memcpy(d, x->p, 16);
		x->p += 16;
		put(x, d[0], false);
		put(x, d[1], false);
		return true;
	case OP_global_get: {
		const struct global *g = x->i->global[leb_u(&x->p)];
		put(x, g->v[0], type_is_ref(g->type));
		if (g->type == T_V128)
			put(x, g->v[1], false);
		return true;
	}
	case OP_ref_null:
		leb_s(&x->p);
		put(x, 0, true);
		return true;
	case OP_ref_func:
		put(x, store_ref(x->i->store, instance_func(x->i, (uint32_t)leb_u(&x->p))), true);
		return true;
	case OP_ref_i31:
		x->v[x->n - 1] = (x->v[x->n - 1] & 0x7fffffff) << 1 | 1;
		x->ref[x->n - 1] = true;
		return true;
	case OP_any_convert_extern:
	case OP_extern_convert_any: return true;
	case OP_struct_new:
	case OP_struct_new_default:
	case OP_array_new:
	case OP_array_new_default:
	case OP_array_new_fixed: return make(x, op);
	default: arithmetic(x, op); return true;
	}
}

/* The value, one slot or two of a vector, of the expression at *at, which is moved
 * behind it. */
static bool
evaluate(struct thread *t, struct instance *i, uint32_t *at, uint64_t out[2])
{
	struct eval x = { .t = t, .i = i, .p = i->module->bytes + *at };
	x.values.next = t->values;
	t->values = &x.values;
	bool ok = true;
	while (ok && *x.p != 0x0b) {
		uint8_t b = *x.p++;
		ok = step(&x, (enum op)(b < 0xfb ? op_decode(0, b)
		                                 : op_decode(b, (uint32_t)leb_u(&x.p))));
	}
	t->values = x.values.next;
	*at = (uint32_t)(x.p + 1 - i->module->bytes);
	out[0] = x.n ? x.v[0] : 0;
	out[1] = x.n > 1 ? x.v[1] : 0;
	if (!ok)
		t->trap = x.trap;
	free(x.v);
	free(x.ref);
	return ok;
}

static bool
offset(struct thread *t, struct instance *i, struct expr e, bool is64, uint64_t *out)
{
	uint64_t v[2];
	if (!evaluate(t, i, &e.offset, v))
		return false;
	*out = is64 ? v[0] : (uint32_t)v[0];
	return true;
}

/* -- imports (4.7.2.1: matching, 3.3.13 ..) --------------------------------------------------- */

static bool
limits_match(uint64_t size, const struct limits *have, const struct limits *want)
{
	if (have->is64 != want->is64 || have->shared != want->shared)
		return false;
	return size >= want->min && (!want->has_max || (have->has_max && have->max <= want->max));
}

static bool
is_there(const struct external *x)
{
	switch (x->kind) {
	case EXTERN_FUNC: return x->func != NULL;
	case EXTERN_TABLE: return x->table != NULL;
	case EXTERN_MEMORY: return x->memory != NULL;
	case EXTERN_GLOBAL: return x->global != NULL;
	case EXTERN_TAG: return x->tag != NULL;
	}
	return false;
}

static bool
matches(const struct module *m, const struct import *x, const struct external *have)
{
	if (have->kind != x->kind)
		return false;
	switch (x->kind) {
	case EXTERN_FUNC: return type_heap_matches(have->func->type, m->func[x->index]);
	case EXTERN_TABLE:
		return have->table->type == m->table[x->index].elem &&
		       limits_match(have->table->size, &have->table->limits,
		                    &m->table[x->index].limits);
	case EXTERN_MEMORY:
		return have->memory->limits.page == m->memory[x->index].limits.page &&
		       limits_match(memory_pages(have->memory), &have->memory->limits,
		                    &m->memory[x->index].limits);
	case EXTERN_GLOBAL: {
		const struct globaldef *g = &m->global[x->index];
		if (have->global->mut != g->mut)
			return false;
		return g->mut ? have->global->type == g->type
		              : type_matches(have->global->type, g->type);
	}
	default: return have->tag->type == m->tag[x->index];
	}
}

static int
check_imports(const struct module *m, const struct external *imports, struct err *e)
{
	for (uint32_t k = 0; k < m->nimport; k++) {
		const struct import *x = &m->import[k];
		const char *bad = !is_there(&imports[k])        ? "unknown import"
		                  : !matches(m, x, &imports[k]) ? "incompatible import type for"
		                                                : NULL;
		if (bad)
			return fail(e, EINVAL, "%s %.*s.%.*s", bad, (int)x->module.n, x->module.p,
			            (int)x->name.n, x->name.p);
	}
	return 0;
}

static void
take_imports(struct instance *i, const struct external *imports)
{
	const struct module *m = i->module;
	for (uint32_t k = 0; k < m->nimport; k++) {
		const struct import *x = &m->import[k];
		switch (x->kind) {
		case EXTERN_FUNC: i->func_import[x->index] = imports[k].func; break;
		case EXTERN_TABLE: i->table[x->index] = imports[k].table; break;
		case EXTERN_MEMORY: i->memory[x->index] = imports[k].memory; break;
		case EXTERN_GLOBAL: i->global[x->index] = imports[k].global; break;
		case EXTERN_TAG: i->tag[x->index] = imports[k].tag; break;
		}
	}
}

/* -- what the module defines --------------------------------------------------------------------- */

struct instance *
link_bare(struct wasm_store *s, struct module *m)
{
	struct instance *i = xcalloc(1, sizeof *i);
	i->store = s;
	i->module = m;
	i->func_import = xcalloc((size_t)m->func_imports + 1, sizeof *i->func_import);
	i->table = xcalloc((size_t)m->ntable + 1, sizeof *i->table);
	i->memory = xcalloc((size_t)m->nmemory + 1, sizeof *i->memory);
	i->global = xcalloc((size_t)m->nglobal + 1, sizeof *i->global);
	i->tag = xcalloc((size_t)m->ntag + 1, sizeof *i->tag);
	i->elem = xcalloc((size_t)m->nelem + 1, sizeof *i->elem);
	i->elem_n = xcalloc((size_t)m->nelem + 1, sizeof *i->elem_n);
	i->data_dropped = xcalloc((size_t)m->ndata + 1, 1);
	return i;
}

int
link_functions(struct instance *i, struct err *e)
{
	const struct module *m = i->module;
	uint32_t n = m->nfunc - m->func_imports;
	i->func = store_funcs(i->store, n, e);
	if (!i->func)
		return -1;
	for (uint32_t k = 0; k < n; k++) {
		struct func *f = &i->func[k];
		f->inst = i;
		f->index = m->func_imports + k;
		f->type = m->func[f->index];
		f->pslots = type_of(f->type)->pslots;
	}
	return 0;
}

static int
make_memories(struct instance *i, struct err *e)
{
	const struct module *m = i->module;
	for (uint32_t k = m->memory_imports; k < m->nmemory; k++) {
		i->memory[k] = memory_new(i->store, &m->memory[k].limits, e);
		if (!i->memory[k])
			return -1;
	}
	return 0;
}

static int
make_tables(struct instance *i, struct err *e)
{
	const struct module *m = i->module;
	for (uint32_t k = m->table_imports; k < m->ntable; k++) {
		i->table[k] = table_new(i->store, m->table[k].elem, &m->table[k].limits, 0, e);
		if (!i->table[k])
			return -1;
	}
	return 0;
}

/* What can fail for want of room comes first, while nobody knows of the instance. */
static int
make_things(struct instance *i, struct err *e)
{
	const struct module *m = i->module;
	if (link_functions(i, e) < 0 || make_memories(i, e) < 0 || make_tables(i, e) < 0)
		return -1;
	for (uint32_t k = m->tag_imports; k < m->ntag; k++)
		i->tag[k] = store_tag(i->store, m->tag[k]);
	return 0;
}

/* Of an instance that cannot be.  What came between into the store's lists makes ours stay
 * there, whole and used by nobody. */
static void
unmake(struct instance *i)
{
	struct wasm_store *s = i->store;
	const struct module *m = i->module;
	for (uint32_t k = m->ntable; k-- > m->table_imports;)
		if (i->table[k] && store_take_back(s, &s->table, i->table[k])) {
			atomic_fetch_sub(&s->table_used, i->table[k]->size);
			table_free(i->table[k]);
		}
	for (uint32_t k = m->nmemory; k-- > m->memory_imports;)
		if (i->memory[k] && store_take_back(s, &s->memory, i->memory[k])) {
			atomic_fetch_sub(&s->memory_used, atomic_load(&i->memory[k]->size));
			memory_free(i->memory[k]);
		}
	if (i->func)
		store_funcs_take_back(s, i->func, m->nfunc - m->func_imports);
	store_instance_free(i);
}

/* Globals may refer to those before them, tables' first values to all. */
static enum link
make_values(struct thread *t, struct instance *i)
{
	const struct module *m = i->module;
	uint64_t v[2] = { 0 };
	bool ok = true;
	/* The instance is whole even when one of them traps. */
	for (uint32_t k = m->global_imports; k < m->nglobal; k++) {
		uint32_t at = m->global[k].init.offset;
		if (ok && !evaluate(t, i, &at, v)) {
			ok = false;
			v[0] = v[1] = 0;
		}
		i->global[k] = store_global(i->store, m->global[k].type, m->global[k].mut, v);
	}
	if (!ok)
		return LINK_TRAP;
	for (uint32_t k = m->table_imports; k < m->ntable; k++) {
		uint32_t at = m->table[k].init.offset;
		if (!m->table[k].init.size)
			continue;
		if (!evaluate(t, i, &at, v))
			return LINK_TRAP;
		for (uint64_t j = 0; j < i->table[k]->size; j++)
			i->table[k]->elem[j] = v[0];
	}
	return LINK_OK;
}

/* -- segments -------------------------------------------------------------------------------------- */

/* An active segment of plain functions goes straight into its table. */
static enum link
fill_table(struct thread *t, struct instance *i, const struct elemdef *d)
{
	struct table *table = i->table[d->table];
	uint64_t at;
	if (!offset(t, i, d->at, table->limits.is64, &at))
		return LINK_TRAP;
	if (d->n > table->size || at > table->size - d->n) {
		t->trap = TRAP_table;
		return LINK_TRAP;
	}
	struct eval x = { .p = i->module->bytes + d->offset };
	for (uint32_t k = 0; k < d->n; k++)
		table->elem[at + k] = store_ref(i->store, instance_func(i, (uint32_t)leb_u(&x.p)));
	return LINK_OK;
}

static bool
elements(struct thread *t, struct instance *i, uint32_t k)
{
	const struct elemdef *d = &i->module->elem[k];
	uint32_t at = d->offset;
	uint64_t v[2];
	i->elem[k] = xcalloc((size_t)d->n + 1, sizeof **i->elem);
	i->elem_n[k] = d->n;
	struct eval x = { .i = i, .p = i->module->bytes + d->offset };
	for (uint32_t j = 0; j < d->n; j++) {
		if (!d->exprs) {
			i->elem[k][j] =
			        store_ref(i->store, instance_func(i, (uint32_t)leb_u(&x.p)));
			continue;
		}
		if (!evaluate(t, i, &at, v))
			return false;
		i->elem[k][j] = v[0];
	}
	return true;
}

static enum link
init_elements(struct thread *t, struct instance *i)
{
	const struct module *m = i->module;
	/* All are evaluated before the first is used: a table may be read by none. */
	for (uint32_t k = 0; k < m->nelem; k++)
		if ((m->elem[k].mode == SEGMENT_PASSIVE ||
		     (m->elem[k].mode == SEGMENT_ACTIVE && m->elem[k].exprs)) &&
		    !elements(t, i, k))
			return LINK_TRAP;
	for (uint32_t k = 0; k < m->nelem; k++) {
		const struct elemdef *d = &m->elem[k];
		if (d->mode != SEGMENT_ACTIVE)
			continue;
		if (!d->exprs) {
			enum link r = fill_table(t, i, d);
			if (r != LINK_OK)
				return r;
			continue;
		}
		struct table *table = i->table[d->table];
		uint64_t at;
		if (!offset(t, i, d->at, table->limits.is64, &at))
			return LINK_TRAP;
		if (d->n > table->size || at > table->size - d->n) {
			t->trap = TRAP_table;
			return LINK_TRAP;
		}
		if (d->n)
			memcpy(table->elem + at, i->elem[k], d->n * sizeof *table->elem);
		free(i->elem[k]);
		i->elem[k] = NULL;
		i->elem_n[k] = 0;
	}
	return LINK_OK;
}

/* Whole pages that lie alike in the file and in memory are mapped from the file,
 * to be copied when they are written; the rest is copied now. */
static void
place(const struct module *m, const struct datadef *d, uint8_t *to)
{
	uint64_t from = d->offset, n = d->size, page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t head = (page - (uintptr_t)to % page) % page;
	if (m->fd >= 0 && n > head + 16 * page && ((uintptr_t)to - from) % page == 0) {
		uint64_t whole = (n - head) & ~(page - 1);
		if (mmap(to + head, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, m->fd,
		         (off_t)(from + head)) != MAP_FAILED) {
			memcpy(to, m->bytes + from, head);
			memcpy(to + head + whole, m->bytes + from + head + whole, n - head - whole);
			return;
		}
	}
	memcpy(to, m->bytes + from, n);
}

static enum link
init_data(struct thread *t, struct instance *i)
{
	const struct module *m = i->module;
	for (uint32_t k = 0; k < m->ndata; k++) {
		const struct datadef *d = &m->data[k];
		if (d->mode != SEGMENT_ACTIVE)
			continue;
		struct memory *memory = i->memory[d->memory];
		uint64_t at, size = atomic_load(&memory->size);
		if (!offset(t, i, d->at, memory->limits.is64, &at))
			return LINK_TRAP;
		if (d->size > size || at > size - d->size) {
			t->trap = TRAP_memory;
			return LINK_TRAP;
		}
		if (d->size)
			place(m, d, memory->base + at);
		i->data_dropped[k] = 1;
	}
	return LINK_OK;
}

static enum link
start(struct thread *t, struct instance *i)
{
	if (!i->module->has_start)
		return LINK_OK;
	const uint64_t none = 0;
	switch (run_call(t, instance_func(i, i->module->start), &none, NULL)) {
	case STOP_DONE: return LINK_OK;
	case STOP_EXIT: return LINK_EXIT;
	case STOP_THROW: t->trap = TRAP_exception; return LINK_TRAP;
	default: return LINK_TRAP;
	}
}

/* -- the whole ------------------------------------------------------------------------------------- */

enum link
link_make(struct thread *t, struct module *m, const struct external *imports, const char *name,
          struct instance **out, struct err *e)
{
	struct wasm_store *s = t->store;
	*out = NULL;
	if (s->instance.n >= s->limits.instances) {
		fail(e, EAGAIN, "the limit of %u instances is reached", s->limits.instances);
		return LINK_UNLINKABLE;
	}
	if (check_imports(m, imports, e) < 0)
		return LINK_UNLINKABLE;
	struct instance *i = link_bare(s, m);
	i->name = name ? xstrdup(name) : NULL;
	take_imports(i, imports);
	if (make_things(i, e) < 0) {
		unmake(i);
		return LINK_UNLINKABLE;
	}
	store_add(s, &s->instance, i, &i->number);
	*out = i;
	enum link r = make_values(t, i);
	if (r == LINK_OK)
		r = init_elements(t, i);
	if (r == LINK_OK)
		r = init_data(t, i);
	return r;
}

enum link
link_instance(struct thread *t, struct module *m, const struct external *imports, const char *name,
              struct instance **out, struct err *e)
{
	enum link r = link_make(t, m, imports, name, out, e);
	return r == LINK_OK ? start(t, *out) : r;
}

bool
link_export(const struct instance *i, const char *name, size_t n, struct external *out)
{
	const struct export *x = module_export(i->module, name, n);
	if (!x)
		return false;
	out->kind = x->kind;
	switch (x->kind) {
	case EXTERN_FUNC: out->func = instance_func(i, x->index); break;
	case EXTERN_TABLE: out->table = i->table[x->index]; break;
	case EXTERN_MEMORY: out->memory = i->memory[x->index]; break;
	case EXTERN_GLOBAL: out->global = i->global[x->index]; break;
	case EXTERN_TAG: out->tag = i->tag[x->index]; break;
	}
	return true;
}
