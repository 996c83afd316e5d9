/* SPDX-License-Identifier: Apache-2.0 */
/* Run the test suite of the WebAssembly specification.
 *
 *   spec FILE.wast|FOLDER...
 *
 * Each directive that fails is a line "FILE:LINE: what"; the last line is
 * "N passed, M failed".  A file is run in a process of its own, so that a crash
 * or a loop costs only the rest of that file. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/harsh.h"
#include "base/str.h"
#include "base/vec.h"
#include "layer/lang/heap.h"
#include "layer/lang/module.h"
#include "layer/lang/save.h"
#include "layer/lang/store.h"
#include "layer/lang/text/script.h"
#include "layer/lang/text/text.h"

enum { SECONDS = 300 }; /* for one file */

/* Seen by the parent even when the child is gone. */
struct count {
	unsigned passed, failed;
	uint32_t line; /* at work on */
};
static struct count *count;

/* -- what a script has made ------------------------------------------------------- */

struct known {
	struct script_name name;
	struct module *module;     /* lent: a definition */
	struct instance *instance; /* lent */
	struct run *thread;        /* own */
};

struct names {
	struct known *v; /* own */
	size_t n, cap;
};

/* One thread of a script: commands, and the names that they gave. */
struct run {
	const char *file;
	struct wasm_store *store; /* lent */
	struct thread *thread;    /* lent */
	struct script script;
	struct names instances, definitions, registered, threads;
	struct instance *last; /* what an action without a name means */
	struct module *last_definition;
	pthread_t host; /* of a script's thread */
};

/* Modules and their bytes live as long as the process: instances point to them. */
static struct vec kept;
/* Threads share the store; only their calls run side by side. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool
same(struct script_name a, struct script_name b)
{
	return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

static struct known *
find(struct names *l, struct script_name name)
{
	for (size_t i = l->n; i-- > 0;)
		if (same(l->v[i].name, name))
			return &l->v[i];
	return NULL;
}

static void
add(struct names *l, struct known k)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 8;
		l->v = xrealloc(l->v, l->cap * sizeof *l->v);
	}
	l->v[l->n++] = k;
}

/* -- saying what happened ------------------------------------------------------------ */

/* Returns false, so that a check can end with it. */
static bool wrong(struct run *r, const struct script_item *i, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

static bool
wrong(struct run *r, const struct script_item *i, const char *fmt, ...)
{
	va_list ap;

	flockfile(stdout);
	printf("%s:%u: %s: ", r->file, (unsigned)i->line, i->word ? i->word : "script");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	funlockfile(stdout);
	return false;
}

/* Is that the error which the script expects?  Some scripts are of an older version
 * of the specification, or have the words of one program. */
static bool
means(const char *ours, const char *expected)
{
	static const char *const alike[][2] = {
		/* Limits have 64 bits in version 3; too much is invalid, not malformed. */
		{ "i32 constant out of range", "memory size" },
		{ "type mismatch: block requires [] but stack has [i32]", "type mismatch" },
	};

	if (strstr(ours, expected))
		return true;
	for (size_t i = 0; i < sizeof alike / sizeof alike[0]; i++)
		if (strcmp(expected, alike[i][0]) == 0 && strstr(ours, alike[i][1]))
			return true;
	return false;
}

/* What was an error before version 3. */
static bool
outdated(const char *expected)
{
	return strcmp(expected, "multiple memories") == 0 ||
	       strcmp(expected, "multiple tables") == 0;
}

/* -- values ------------------------------------------------------------------------------ */

static uint64_t host_ref(uint64_t number) { return number << 3 | 4; }

static bool
is_nan(uint64_t bits, unsigned width, enum script_nan how)
{
	uint64_t v = width == 32 ? bits & 0x7fffffff : bits & INT64_MAX;
	uint64_t canonical = width == 32 ? UINT64_C(0x7fc00000) : UINT64_C(0x7ff8000000000000);

	return how == SCRIPT_CANONICAL ? v == canonical : v >= canonical;
}

static bool
is_object(struct run *r, uint64_t ref, uint32_t heap)
{
	return heap_is(r->store, ref, heap);
}

static bool
reference_matches(struct run *r, uint64_t v, const struct script_value *e)
{
	switch (e->type) {
	case SCRIPT_NULL: return v == 0;
	case SCRIPT_EXTERN:
	case SCRIPT_HOST: return e->given ? v == host_ref(e->bits[0]) : v != 0;
	case SCRIPT_FUNC: return (v & 7) == 2;
	case SCRIPT_ANY: return v != 0;
	case SCRIPT_EQ: return v != 0 && is_object(r, v, HEAP_EQ);
	case SCRIPT_I31: return (v & 1) != 0;
	case SCRIPT_STRUCT: return v != 0 && is_object(r, v, HEAP_STRUCT);
	case SCRIPT_ARRAY: return v != 0 && is_object(r, v, HEAP_ARRAY);
	case SCRIPT_EXN:
		return v != 0 && (v & 7) == 0 &&
		       heap_object(r->store->heap, v)->type == HEAP_EXCEPTION;
	default: return false;
	}
}

static bool
vector_matches(const uint64_t *v, const struct script_value *e)
{
	unsigned width = e->lanes ? 128 / e->lanes : 64;

	for (unsigned i = 0; i < 128 / width; i++) {
		uint64_t mask = UINT64_MAX >> (64 - width);
		uint64_t ours = v[i * width / 64] >> (i * width % 64) & mask;
		uint64_t theirs = e->bits[i * width / 64] >> (i * width % 64) & mask;
		if (e->lanes && e->nan[i] ? !is_nan(ours, width, e->nan[i]) : ours != theirs)
			return false;
	}
	return true;
}

static bool
matches(struct run *r, valtype type, const uint64_t *v, const struct script_value *e)
{
	switch (e->type) {
	case SCRIPT_I32: return type == T_I32 && (uint32_t)*v == (uint32_t)e->bits[0];
	case SCRIPT_I64: return type == T_I64 && *v == e->bits[0];
	case SCRIPT_F32:
		return type == T_F32 && (e->nan[0] ? is_nan(*v, 32, e->nan[0])
		                                   : (uint32_t)*v == (uint32_t)e->bits[0]);
	case SCRIPT_F64:
		return type == T_F64 && (e->nan[0] ? is_nan(*v, 64, e->nan[0]) : *v == e->bits[0]);
	case SCRIPT_V128: return type == T_V128 && vector_matches(v, e);
	case SCRIPT_EITHER:
		for (uint32_t i = 0; i < e->neither; i++)
			if (matches(r, type, v, &e->either[i]))
				return true;
		return false;
	default: return type_is_ref(type) && reference_matches(r, *v, e);
	}
}

/* The slots of an argument; false: it cannot be one. */
static bool
argument(const struct script_value *a, valtype type, uint64_t *slots)
{
	static const valtype types[] = {
		[SCRIPT_I32] = T_I32, [SCRIPT_I64] = T_I64,   [SCRIPT_F32] = T_F32,
		[SCRIPT_F64] = T_F64, [SCRIPT_V128] = T_V128,
	};

	slots[0] = a->bits[0];
	if (a->type <= SCRIPT_V128) {
		if (a->type == SCRIPT_V128 && type == T_V128)
			slots[1] = a->bits[1];
		return types[a->type] == type;
	}
	if (!type_is_ref(type))
		return false;
	slots[0] = a->type == SCRIPT_NULL ? 0 : host_ref(a->bits[0]);
	return a->type == SCRIPT_NULL || a->type == SCRIPT_EXTERN || a->type == SCRIPT_HOST;
}

/* -- modules -------------------------------------------------------------------------------- */

enum refused { NOT_REFUSED, REFUSED_TEXT, REFUSED_BINARY };

/* What an item's module is, or who refuses it and why. */
static struct module *
read_module(struct run *r, const struct script_item *i, enum refused *by, struct err *e)
{
	struct buf b = { 0 };

	*by = REFUSED_TEXT;
	if (script_module(&r->script, i, &b, e) < 0) {
		buf_free(&b);
		return NULL;
	}
	/* (module binary) is no bytes at all */
	struct module *m = module_read(b.p ? b.p : (const uint8_t *)"", b.n, e);
	if (!m) {
		*by = REFUSED_BINARY;
		buf_free(&b);
		return NULL;
	}
	*by = NOT_REFUSED;
	vec_push(&kept, b.p);
	return m;
}

static enum link
instantiate(struct run *r, struct module *m, struct instance **out, struct err *e)
{
	struct external *import = xcalloc(m->nimport + 1, sizeof *import);

	for (uint32_t k = 0; k < m->nimport; k++) {
		const struct import *want = &m->import[k];
		struct known *from = find(&r->registered,
		                          (struct script_name){ want->module.p, want->module.n });
		if (!from || !link_export(from->instance, want->name.p, want->name.n, &import[k]))
			import[k] = (struct external){ .kind = want->kind };
	}
	enum link answer = link_instance(r->thread, m, import, NULL, out, e);
	free(import);
	return answer;
}

static const char *
trap_text(const struct thread *t)
{
	static _Thread_local char text[512];

	snprintf(text, sizeof text, "%s%s%s", store_trap_text[t->trap], t->err.what[0] ? ": " : "",
	         t->err.what);
	return text;
}

static bool
instance(struct run *r, const struct script_item *i, struct module *m, struct script_name name)
{
	struct err e = { 0 };
	struct instance *made = NULL;

	switch (instantiate(r, m, &made, &e)) {
	case LINK_OK: break;
	case LINK_TRAP: return wrong(r, i, "trap: %s", trap_text(r->thread));
	case LINK_EXIT: return wrong(r, i, "the start function ended the program");
	default: return wrong(r, i, "%s", e.what);
	}
	r->last = made;
	if (name.p)
		add(&r->instances, (struct known){ name, m, made, NULL });
	return true;
}

static bool
define(struct run *r, const struct script_item *i)
{
	struct err e = { 0 };
	enum refused by;
	struct module *m = read_module(r, i, &by, &e);

	if (!m) {
		/* What follows must not run on the one before. */
		if (!i->definition)
			r->last = NULL;
		return wrong(r, i, "%s", e.what);
	}
	r->last_definition = m;
	if (i->module.p)
		add(&r->definitions, (struct known){ .name = i->module, .module = m });
	return i->definition || instance(r, i, m, i->module);
}

static bool
instance_of(struct run *r, const struct script_item *i)
{
	struct known *k = i->module.p ? find(&r->definitions, i->module) : NULL;
	struct module *m = i->module.p ? (k ? k->module : NULL) : r->last_definition;

	return m ? instance(r, i, m, i->instance) : wrong(r, i, "no such module");
}

static struct instance *
instance_named(struct run *r, struct script_name name)
{
	struct known *k = name.p ? find(&r->instances, name) : NULL;

	return name.p ? (k ? k->instance : NULL) : r->last;
}

static bool
register_instance(struct run *r, const struct script_item *i)
{
	struct instance *it = instance_named(r, i->module);

	if (!it)
		return wrong(r, i, "no such instance");
	add(&r->registered, (struct known){ .name = i->name, .instance = it });
	return true;
}

/* A module that is not to be taken. */
static bool
assert_refused(struct run *r, const struct script_item *i)
{
	struct err e = { 0 };
	enum refused by;

	if (read_module(r, i, &by, &e))
		return outdated(i->text) || wrong(r, i, "taken; expected: %s", i->text);
	if (!means(e.what, i->text))
		return wrong(r, i, "\"%s\"; expected: %s", e.what, i->text);
	/* Invalid is what has a binary; of annotations nothing is left in that. */
	if (i->command == SCRIPT_ASSERT_INVALID && by == REFUSED_TEXT && e.what[0] != '@')
		return wrong(r, i, "malformed, not invalid: %s", e.what);
	return true;
}

static bool
assert_unlinked(struct run *r, const struct script_item *i)
{
	struct err e = { 0 };
	enum refused by;
	struct instance *made;
	struct module *m = read_module(r, i, &by, &e);
	bool trap = i->command == SCRIPT_ASSERT_TRAP;

	if (!m)
		return wrong(r, i, "%s", e.what);
	enum link answer = instantiate(r, m, &made, &e);
	if (answer == LINK_OK)
		return wrong(r, i, "instantiated; expected: %s", i->text);
	const char *why = answer == LINK_TRAP ? trap_text(r->thread) : e.what;
	if (answer != (trap ? LINK_TRAP : LINK_UNLINKABLE) || !means(why, i->text))
		return wrong(r, i, "\"%s\"; expected: %s", why, i->text);
	return true;
}

/* -- a harsh build: nothing stays as it was ----------------------------------------------------- */

enum { LARGE = 64 << 20 }; /* bytes of memory: writing more each time takes too long */

struct old {
	struct module **module; /* own: by instance */
	uint32_t n;
};

static struct module *
module_of(void *ctx, uint32_t instance, const char *name)
{
	struct old *o = ctx;

	(void)name;
	return instance < o->n ? o->module[instance] : NULL;
}

static void
found_again(struct run *r, struct names *l, struct wasm_store *now)
{
	(void)r;
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].instance)
			l->v[i].instance = now->instance.p[l->v[i].instance->number];
}

/* Save the store, end it, make it again out of what was saved. */
static bool
anew(struct run *r, struct err *e)
{
	struct snap *out = snap_new(), *in = NULL;
	struct wasm_store *s = r->store, *now = NULL;
	struct old old = { xcalloc(s->instance.n + 1, sizeof *old.module), s->instance.n };
	struct save_world world = { module_of, NULL, &old };

	for (uint32_t i = 0; i < old.n; i++)
		old.module[i] = ((struct instance *)s->instance.p[i])->module;
	if (save_store(s, out, e) == 0 && snap_finish(out, e) == 0) {
		in = snap_of(snap_bytes(out)->p, snap_bytes(out)->n);
		now = save_load(in, NULL, &world, e);
	}
	if (now) {
		found_again(r, &r->instances, now);
		found_again(r, &r->registered, now);
		if (r->last)
			r->last = now->instance.p[r->last->number];
		r->thread = now->thread.p[r->thread->number];
		r->store = now;
		store_free(s);
	}
	snap_free(in);
	snap_free(out);
	free(old.module);
	return now != NULL;
}

/* As run_call, and at rest again and again, each time in another store. */
static enum stop
harsh_call(struct run *r, struct func *f, const uint64_t *args, uint64_t *results, struct err *e)
{
	uint32_t rslots = type_of(f->type)->rslots, patience = 2;
	bool small = atomic_load(&r->store->memory_used) < LARGE;

	if (!harsh_on() || r->threads.n || r->store->thread.n > 1 || !small)
		return run_call(r->thread, f, args, results);
	if (run_begin(r->thread, f, args, e) < 0)
		return STOP_TRAP;
	for (;;) {
		atomic_store(&r->thread->pending, patience);
		enum stop stop = run_go(r->thread);
		atomic_store(&r->thread->pending, 0);
		if (stop == STOP_DONE)
			memcpy(results, r->thread->stack, rslots * sizeof *results);
		if (stop != STOP_KICK)
			return stop;
		if (atomic_load(&r->store->memory_used) < LARGE && !anew(r, e)) {
			printf("%s: a store cannot be saved and loaded: %s\n", r->file, e->what);
			return STOP_EXIT;
		}
		patience = patience < 1 << 24 ? patience * 4 : patience;
	}
}

/* -- actions ------------------------------------------------------------------------------------ */

struct outcome {
	enum stop stop;
	uint32_t n;
	const valtype *type;
	valtype of_global;
	uint64_t *slots; /* own */
};

static bool
call(struct run *r, const struct script_item *i, struct func *f, struct outcome *o)
{
	const struct type *t = type_of(f->type);
	uint64_t *args = xcalloc(t->pslots + 1, sizeof *args), *slot = args;

	if (i->narg != t->nparam) {
		free(args);
		return wrong(r, i, "%u arguments for %u parameters", (unsigned)i->narg,
		             (unsigned)t->nparam);
	}
	for (uint32_t k = 0; k < i->narg; k++) {
		if (!argument(&i->arg[k], t->param[k], slot)) {
			free(args);
			return wrong(r, i, "argument %u is of another type", (unsigned)k);
		}
		slot += type_slots(t->param[k]);
	}
	o->n = t->nresult;
	o->type = t->result;
	o->slots = xcalloc(t->rslots + 1, sizeof *o->slots);
	pthread_mutex_unlock(&lock);
	struct err e = { 0 };
	o->stop = harsh_call(r, f, args, o->slots, &e);
	pthread_mutex_lock(&lock);
	free(args);
	return true;
}

/* Do it; false: it could not even begin, and that was said. */
static bool
act(struct run *r, const struct script_item *i, struct outcome *o)
{
	struct instance *it = instance_named(r, i->module);
	struct external x;

	*o = (struct outcome){ .stop = STOP_DONE };
	if (!it)
		return wrong(r, i, "no such instance");
	if (!link_export(it, i->name.p, i->name.n, &x))
		return wrong(r, i, "no export \"%.*s\"", (int)i->name.n, i->name.p);
	if (x.kind != (i->get ? EXTERN_GLOBAL : EXTERN_FUNC))
		return wrong(r, i, "export \"%.*s\" is of another kind", (int)i->name.n, i->name.p);
	if (!i->get)
		return call(r, i, x.func, o);
	o->n = 1;
	o->of_global = x.global->type;
	o->slots = xcalloc(2, sizeof *o->slots);
	memcpy(o->slots, x.global->v, sizeof x.global->v);
	return true;
}

static const char *
ending(struct run *r, const struct outcome *o)
{
	switch (o->stop) {
	case STOP_DONE: return "it returned";
	case STOP_TRAP: return trap_text(r->thread);
	case STOP_THROW: return "uncaught exception";
	case STOP_EXIT: return "it ended the program";
	default: return "it stopped";
	}
}

static bool
check_results(struct run *r, const struct script_item *i, const struct outcome *o)
{
	const uint64_t *slot = o->slots;

	if (o->stop != STOP_DONE)
		return wrong(r, i, "\"%.*s\": %s", (int)i->name.n, i->name.p, ending(r, o));
	if (o->n != i->nresult)
		return wrong(r, i, "%u results", (unsigned)o->n);
	for (uint32_t k = 0; k < o->n; k++) {
		valtype t = o->type ? o->type[k] : o->of_global;
		char text[48];
		if (!matches(r, t, slot, &i->result[k]))
			return wrong(r, i,
			             "\"%.*s\": result %u is %s 0x%llx 0x%llx, not 0x%llx 0x%llx",
			             (int)i->name.n, i->name.p, (unsigned)k, type_text(t, text),
			             (unsigned long long)slot[0],
			             (unsigned long long)(t == T_V128 ? slot[1] : 0),
			             (unsigned long long)i->result[k].bits[0],
			             (unsigned long long)i->result[k].bits[1]);
		slot += type_slots(t);
	}
	return true;
}

static bool
check_outcome(struct run *r, const struct script_item *i, const struct outcome *o)
{
	enum stop want = i->command == SCRIPT_ASSERT_EXCEPTION ? STOP_THROW : STOP_TRAP;

	if (i->command == SCRIPT_ACTION && o->stop == STOP_DONE)
		return true;
	if (i->command == SCRIPT_ACTION || o->stop != want)
		return wrong(r, i, "\"%.*s\": %s", (int)i->name.n, i->name.p, ending(r, o));
	if (i->command == SCRIPT_ASSERT_EXCEPTION)
		return true;
	if (i->command == SCRIPT_ASSERT_EXHAUSTION && r->thread->trap != TRAP_stack)
		return wrong(r, i, "\"%s\"; expected: %s", ending(r, o), i->text);
	/* "uninitialized element 2": the number is more than we promise. */
	if (!means(ending(r, o), i->text) && !str_starts(i->text, store_trap_text[r->thread->trap]))
		return wrong(r, i, "\"%s\"; expected: %s", ending(r, o), i->text);
	return true;
}

static bool
action(struct run *r, const struct script_item *i)
{
	struct outcome o;
	bool good = act(r, i, &o);

	if (good)
		good = i->command == SCRIPT_ASSERT_RETURN ? check_results(r, i, &o)
		                                          : check_outcome(r, i, &o);
	free(o.slots);
	return good;
}

/* -- threads of a script --------------------------------------------------------------------------- */

static void commands(struct run *r);

static void *
thread_main(void *arg)
{
	struct run *r = arg;

	pthread_mutex_lock(&lock);
	commands(r);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static bool
thread(struct run *r, const struct script_item *i)
{
	struct err e = { 0 };
	struct run *t = xcalloc(1, sizeof *t);

	*t = (struct run){ .file = r->file, .store = r->store };
	t->script = script_inside(&r->script, i);
	for (uint32_t k = 0; k < i->nshared; k++) {
		struct known *from = find(&r->instances, i->shared[k]);
		if (from)
			add(&t->instances, *from);
	}
	/* spectest */
	add(&t->registered, r->registered.v[0]);
	t->thread = store_thread(r->store, &e);
	if (!t->thread || pthread_create(&t->host, NULL, thread_main, t) != 0) {
		free(t);
		return wrong(r, i, "no thread: %s", e.what);
	}
	add(&r->threads, (struct known){ .name = i->instance, .thread = t });
	return true;
}

static bool
wait_for(struct run *r, const struct script_item *i)
{
	struct known *k = find(&r->threads, i->instance);

	if (!k)
		return wrong(r, i, "no such thread");
	struct run *t = k->thread;
	pthread_mutex_unlock(&lock);
	pthread_join(t->host, NULL);
	pthread_mutex_lock(&lock);
	store_thread_free(t->thread);
	free(t->instances.v);
	free(t->definitions.v);
	free(t->registered.v);
	free(t->threads.v);
	free(t);
	*k = r->threads.v[--r->threads.n];
	return true;
}

/* -- commands ---------------------------------------------------------------------------------------- */

static bool
command(struct run *r, const struct script_item *i)
{
	switch (i->command) {
	case SCRIPT_MODULE: return define(r, i);
	case SCRIPT_INSTANCE: return instance_of(r, i);
	case SCRIPT_REGISTER: return register_instance(r, i);
	case SCRIPT_ASSERT_MALFORMED:
	case SCRIPT_ASSERT_INVALID: return assert_refused(r, i);
	case SCRIPT_ASSERT_UNLINKABLE: return assert_unlinked(r, i);
	case SCRIPT_THREAD: return thread(r, i);
	case SCRIPT_WAIT: return wait_for(r, i);
	default: return i->has_module ? assert_unlinked(r, i) : action(r, i);
	}
}

static void
commands(struct run *r)
{
	for (;;) {
		struct script_item i;
		struct err e = { 0 };
		int more = script_next(&r->script, &i, &e);
		if (more == 0)
			break;
		count->line = i.line;
		bool good = more > 0 ? command(r, &i) : wrong(r, &i, "%s", e.what);
		if (good)
			count->passed++;
		else
			count->failed++;
	}
}

/* What every script may import (test/harness and interpreter/host/spectest.ml). */
static const char spectest[] = "(module"
                               "  (func (export \"print\"))"
                               "  (func (export \"print_i32\") (param i32))"
                               "  (func (export \"print_i64\") (param i64))"
                               "  (func (export \"print_f32\") (param f32))"
                               "  (func (export \"print_f64\") (param f64))"
                               "  (func (export \"print_i32_f32\") (param i32 f32))"
                               "  (func (export \"print_f64_f64\") (param f64 f64))"
                               "  (global (export \"global_i32\") i32 (i32.const 666))"
                               "  (global (export \"global_i64\") i64 (i64.const 666))"
                               "  (global (export \"global_f32\") f32 (f32.const 666.6))"
                               "  (global (export \"global_f64\") f64 (f64.const 666.6))"
                               "  (table (export \"table\") 10 20 funcref)"
                               "  (table (export \"table64\") i64 10 20 funcref)"
                               "  (memory (export \"memory\") 1 2)"
                               "  (memory (export \"shared_memory\") 1 2 shared))";

static int
add_spectest(struct run *r, struct err *e)
{
	struct buf b = { 0 };
	struct instance *made;

	if (text_module(spectest, sizeof spectest - 1, &b, e) < 0)
		return -1;
	struct module *m = module_read(b.p, b.n, e);
	if (!m || link_instance(r->thread, m, NULL, NULL, &made, e) != LINK_OK)
		return -1;
	vec_push(&kept, b.p);
	add(&r->registered, (struct known){ { "spectest", 8 }, m, made, NULL });
	return 0;
}

static char *
read_file(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	struct str s = { 0 };
	char block[65536];
	size_t k;

	if (!f)
		return NULL;
	str_add(&s, "");
	while ((k = fread(block, 1, sizeof block, f)) > 0)
		str_addn(&s, block, k);
	fclose(f);
	*n = s.n;
	return str_take(&s);
}

static int
run_file(const char *path)
{
	struct run r = { .file = path };
	struct err e = { 0 };
	size_t n = 0;
	char *src = read_file(path, &n);

	if (!src) {
		printf("%s: %s\n", path, strerror(errno));
		return 1;
	}
	r.store = store_new(NULL);
	r.thread = store_thread(r.store, &e);
	if (!r.thread || add_spectest(&r, &e) < 0 || script_open(&r.script, src, n, &e) < 0) {
		printf("%s: %s\n", path, e.what);
		return 1;
	}
	pthread_mutex_lock(&lock);
	commands(&r);
	pthread_mutex_unlock(&lock);
	script_close(&r.script);
	store_thread_free(r.thread);
	store_free(r.store);
	free(src);
	return 0;
}

/* -- files ---------------------------------------------------------------------------------------------- */

static void
file(const char *path)
{
	int status;

	fflush(stdout);
	count->line = 0;
	pid_t pid = fork();
	if (pid == 0) {
		alarm(SECONDS);
		status = run_file(path);
		fflush(stdout);
		_exit(status);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		printf("%s: %s\n", path, strerror(errno));
		count->failed++;
	} else if (WIFSIGNALED(status)) {
		printf("%s:%u: ended by signal %d (%s)\n", path, (unsigned)count->line,
		       WTERMSIG(status), strsignal(WTERMSIG(status)));
		count->failed++;
	} else if (WEXITSTATUS(status)) {
		printf("%s:%u: ended with status %d\n", path, (unsigned)count->line,
		       WEXITSTATUS(status));
		count->failed++;
	}
}

static int
not_hidden(const struct dirent *d)
{
	/* Of the proposals that are here only this one is not ours. */
	return d->d_name[0] != '.' && strcmp(d->d_name, "custom-descriptors") != 0;
}

static void
walk(const char *path)
{
	struct stat st;
	struct dirent **list;

	if (stat(path, &st) < 0) {
		printf("%s: %s\n", path, strerror(errno));
		count->failed++;
		return;
	}
	if (!S_ISDIR(st.st_mode)) {
		file(path);
		return;
	}
	int n = scandir(path, &list, not_hidden, alphasort);
	for (int i = 0; i < n; i++) {
		char *below = xprintf("%s/%s", path, list[i]->d_name);
		if (str_ends(below, ".wast") || (stat(below, &st) == 0 && S_ISDIR(st.st_mode)))
			walk(below);
		free(below);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

int
main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: spec FILE.wast|FOLDER...\n");
		return 2;
	}
	count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
	             0);
	if (count == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	for (int i = 1; i < argc; i++)
		walk(argv[i]);
	printf("%u passed, %u failed\n", count->passed, count->failed);
	return count->failed != 0;
}
