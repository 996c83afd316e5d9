/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "layer/lang/code.h"
#include "layer/lang/heap.h"

_Static_assert(sizeof(struct func) == 64, "a function reference is a multiple of 64, and 2");

const char *const store_trap_text[TRAP_COUNT] = {
#define TRAP(name, text) text,
#include "layer/lang/trap.def"
#undef TRAP
};

enum { FUNCTIONS = 4 << 20 }; /* address space for so many: 256 MiB */

static struct store_limits
defaults(const struct store_limits *l)
{
	struct store_limits d = l ? *l : (struct store_limits){ 0 };
	if (!d.memory)
		d.memory = UINT64_MAX;
	if (!d.heap)
		d.heap = (uint64_t)4 << 30;
	if (!d.table)
		d.table = 10000000;
	if (!d.stack)
		d.stack = 8 << 20;
	if (!d.instances)
		d.instances = 100000;
	if (!d.threads)
		d.threads = 1000;
	return d;
}

struct wasm_store *
store_new(const struct store_limits *l)
{
	struct wasm_store *s = xcalloc(1, sizeof *s);
	s->limits = defaults(l);
	pthread_mutex_init(&s->lock, NULL);
	type_hold();
	/* Under a limit on address space we take what there is. */
	for (s->func_cap = FUNCTIONS; s->func_cap > 16; s->func_cap /= 2) {
		s->func = mmap(NULL, s->func_cap * sizeof *s->func, PROT_READ | PROT_WRITE,
		               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (s->func != MAP_FAILED)
			break;
		s->func = NULL;
	}
	if (!s->func)
		s->func_cap = 0;
	s->nfunc = 1; /* offset 0 would be null */
	return s;
}

void
store_instance_free(struct instance *i)
{
	const struct module *m = i->module;
	for (uint32_t k = 0; i->elem && k < m->nelem; k++)
		free(i->elem[k]);
	free(i->elem);
	free(i->elem_n);
	free(i->data_dropped);
	free(i->func_import);
	free(i->table);
	free(i->memory);
	free(i->global);
	free(i->tag);
	free(i->name);
	free(i);
}

void
store_free(struct wasm_store *s)
{
	if (!s)
		return;
	while (s->thread.n)
		store_thread_free(s->thread.p[s->thread.n - 1]);
	for (size_t i = 1; i < s->nfunc; i++)
		if (s->func[i].translation)
			code_free(s->func[i].translation);
	for (uint32_t i = 0; i < s->instance.n; i++)
		store_instance_free(s->instance.p[i]);
	for (uint32_t i = 0; i < s->memory.n; i++)
		memory_free(s->memory.p[i]);
	for (uint32_t i = 0; i < s->table.n; i++)
		table_free(s->table.p[i]);
	for (uint32_t i = 0; i < s->global.n; i++)
		free(s->global.p[i]);
	for (uint32_t i = 0; i < s->tag.n; i++)
		free(s->tag.p[i]);
	struct list *lists[] = { &s->instance, &s->table, &s->memory,
		                 &s->global,   &s->tag,   &s->thread };
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		free(lists[i]->p);
	heap_free(s->heap);
	if (s->func)
		munmap(s->func, s->func_cap * sizeof *s->func);
	pthread_mutex_destroy(&s->lock);
	type_drop();
	free(s);
}

static void
append(struct list *l, void *thing)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 8;
		l->p = xrealloc(l->p, l->cap * sizeof *l->p);
	}
	l->p[l->n++] = thing;
}

void
store_add(struct wasm_store *s, struct list *l, void *thing, uint32_t *number)
{
	pthread_mutex_lock(&s->lock);
	*number = l->n;
	append(l, thing);
	pthread_mutex_unlock(&s->lock);
}

bool
store_take_back(struct wasm_store *s, struct list *l, const void *thing)
{
	pthread_mutex_lock(&s->lock);
	bool last = l->n && l->p[l->n - 1] == thing;
	l->n -= last;
	pthread_mutex_unlock(&s->lock);
	return last;
}

struct func *
store_funcs(struct wasm_store *s, size_t n, struct err *e)
{
	struct func *f = NULL;
	pthread_mutex_lock(&s->lock);
	if (n <= s->func_cap && s->nfunc <= s->func_cap - n) {
		f = s->func + s->nfunc;
		s->nfunc += n;
	}
	pthread_mutex_unlock(&s->lock);
	if (!f)
		fail(e, ENOMEM, "no address space for %zu more functions", n);
	return f;
}

void
store_funcs_take_back(struct wasm_store *s, struct func *f, size_t n)
{
	pthread_mutex_lock(&s->lock);
	memset(f, 0, n * sizeof *f);
	if (f + n == s->func + s->nfunc)
		s->nfunc -= n;
	pthread_mutex_unlock(&s->lock);
}

struct func *
store_host(struct wasm_store *s, uint32_t type, host_fn *fn, void *env, const char *name)
{
	struct func *f = store_funcs(s, 1, NULL);
	if (!f)
		return NULL;
	f->type = type;
	f->pslots = type_of(type)->pslots;
	f->host = fn;
	f->env = env;
	f->host_name = name;
	return f;
}

struct global *
store_global(struct wasm_store *s, valtype t, bool mut, const uint64_t v[2])
{
	struct global *g = xcalloc(1, sizeof *g);
	g->type = t;
	g->mut = mut;
	memcpy(g->v, v, sizeof g->v);
	store_add(s, &s->global, g, &g->number);
	return g;
}

struct tag *
store_tag(struct wasm_store *s, uint32_t type)
{
	struct tag *t = xcalloc(1, sizeof *t);
	t->type = type;
	store_add(s, &s->tag, t, &t->number);
	return t;
}

/* -- threads ---------------------------------------------------------------------------- */

static size_t
page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

struct thread *
store_thread(struct wasm_store *s, struct err *e)
{
	if (s->thread.n >= s->limits.threads) {
		fail(e, EAGAIN, "the limit of %u threads is reached", s->limits.threads);
		return NULL;
	}
	struct thread *t = xcalloc(1, sizeof *t);
	size_t guard = page();
	t->stack_bytes = (s->limits.stack + guard - 1) & ~(guard - 1);
	/* Nobody touches the pages at the ends: a bug shows as a fault, not as damage. */
	uint8_t *p = mmap(NULL, t->stack_bytes + 2 * guard, PROT_NONE,
	                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED || mprotect(p + guard, t->stack_bytes, PROT_READ | PROT_WRITE) < 0) {
		fail(e, errno, "no room for a stack of %zu bytes: %s", t->stack_bytes,
		     strerror(errno));
		if (p != MAP_FAILED)
			munmap(p, t->stack_bytes + 2 * guard);
		free(t);
		return NULL;
	}
	t->store = s;
	t->stack = (uint64_t *)(void *)(p + guard);
	t->stack_end = t->stack + t->stack_bytes / sizeof *t->stack;
	/* Threads go, and the others keep their numbers: the next is above all of them. */
	pthread_mutex_lock(&s->lock);
	const struct list *l = &s->thread;
	t->number = l->n ? ((const struct thread *)l->p[l->n - 1])->number + 1 : 0;
	append(&s->thread, t);
	pthread_mutex_unlock(&s->lock);
	return t;
}

void
store_thread_free(struct thread *t)
{
	if (!t)
		return;
	struct list *l = &t->store->thread;
	pthread_mutex_lock(&t->store->lock);
	uint32_t i = 0;
	while (l->p[i] != t)
		i++;
	memmove(l->p + i, l->p + i + 1, (--l->n - i) * sizeof *l->p);
	pthread_mutex_unlock(&t->store->lock);
	munmap((uint8_t *)t->stack - page(), t->stack_bytes + 2 * page());
	free(t);
}
