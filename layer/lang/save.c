/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/save.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "core/pages.h"
#include "layer/lang/run.h"
#include "layer/lang/savetype.h"

/* Order of the chunks: what there is, then each thing, then the frames. */
enum {
	CHUNK_STORE = SNAP_TAG('W', 'S', 'T', 'O'),
	CHUNK_FUNCS = SNAP_TAG('W', 'F', 'U', 'N'),
	CHUNK_THINGS = SNAP_TAG('W', 'T', 'H', 'G'),
	CHUNK_INSTANCES = SNAP_TAG('W', 'I', 'N', 'S'),
	CHUNK_MEMORY = SNAP_TAG('W', 'M', 'E', 'M'),
	CHUNK_HEAP = SNAP_TAG('W', 'H', 'E', 'A'),
	CHUNK_OBJECTS = SNAP_TAG('W', 'O', 'B', 'J'),
	CHUNK_THREADS = SNAP_TAG('W', 'T', 'H', 'R'),
};

static int
damaged(struct err *e, const char *what)
{
	return fail(e, EBADMSG, "the snapshot is damaged: %s", what);
}

/* -- small parts ---------------------------------------------------------------------------- */

static void
put_text(struct buf *b, const char *s)
{
	uint32_t n = s ? (uint32_t)strlen(s) : 0;
	buf_u32(b, s ? n + 1 : 0);
	buf_put(b, s, n);
}

/* NULL when there was none; own. */
static char *
get_text(struct cur *c)
{
	uint32_t n = cur_u32(c);
	if (!n)
		return NULL;
	const uint8_t *p = cur_bytes(c, n - 1);
	if (!p)
		return NULL;
	char *s = xmalloc(n);
	memcpy(s, p, n - 1);
	s[n - 1] = '\0';
	return s;
}

static void
put_limits(struct buf *b, const struct limits *l)
{
	buf_u64(b, l->min);
	buf_u64(b, l->max);
	buf_u8(b, (uint8_t)(l->has_max | l->is64 << 1 | l->shared << 2));
	buf_u8(b, l->page);
}

static struct limits
get_limits(struct cur *c)
{
	struct limits l = { .min = cur_u64(c), .max = cur_u64(c) };
	uint8_t flags = cur_u8(c);
	l.has_max = flags & 1;
	l.is64 = flags & 2;
	l.shared = flags & 4;
	l.page = cur_u8(c);
	return l;
}

static uint64_t
func_number(const struct wasm_store *s, const struct func *f)
{
	return (uint64_t)(f - s->func);
}

/* -- saving ------------------------------------------------------------------------------------ */

/* The function table in order: a row of an instance's, or one of the host's. */
static int
put_funcs(struct savetype *types, struct buf *b, struct err *e)
{
	struct wasm_store *s = types->store;
	for (size_t i = 1; i < s->nfunc;) {
		struct func *f = &s->func[i];
		if (f->inst) {
			uint32_t n = f->inst->module->nfunc - f->inst->module->func_imports;
			buf_u8(b, 0);
			buf_u32(b, f->inst->number);
			buf_u32(b, n);
			i += n;
			continue;
		}
		buf_u8(b, 1);
		put_text(b, f->host_name ? f->host_name : "");
		if (savetype_put(types, b, f->type, e) < 0)
			return -1;
		i++;
	}
	return 0;
}

static int
put_things(struct savetype *types, struct buf *b, struct err *e)
{
	struct wasm_store *s = types->store;
	for (uint32_t i = 0; i < s->tag.n; i++)
		if (savetype_put(types, b, ((struct tag *)s->tag.p[i])->type, e) < 0)
			return -1;
	for (uint32_t i = 0; i < s->global.n; i++) {
		const struct global *g = s->global.p[i];
		if (savetype_put_value(types, b, g->type, e) < 0)
			return -1;
		buf_u8(b, g->mut);
		buf_u64(b, g->v[0]);
		buf_u64(b, g->v[1]);
	}
	for (uint32_t i = 0; i < s->table.n; i++) {
		const struct table *t = s->table.p[i];
		if (savetype_put_value(types, b, t->type, e) < 0)
			return -1;
		put_limits(b, &t->limits);
		buf_u64(b, t->size);
		buf_put(b, t->elem, t->size * sizeof *t->elem);
	}
	for (uint32_t i = 0; i < s->memory.n; i++) {
		const struct memory *m = s->memory.p[i];
		put_limits(b, &m->limits);
		buf_u64(b, atomic_load(&m->size));
	}
	return 0;
}

static void
put_instance(struct buf *b, const struct instance *i)
{
	const struct module *m = i->module;
	const struct wasm_store *s = i->store;
	put_text(b, i->name);
	for (uint32_t k = 0; k < m->func_imports; k++)
		buf_u64(b, func_number(s, i->func_import[k]));
	for (uint32_t k = 0; k < m->ntable; k++)
		buf_u32(b, i->table[k] ? i->table[k]->number : UINT32_MAX);
	for (uint32_t k = 0; k < m->nmemory; k++)
		buf_u32(b, i->memory[k] ? i->memory[k]->number : UINT32_MAX);
	for (uint32_t k = 0; k < m->nglobal; k++)
		buf_u32(b, i->global[k] ? i->global[k]->number : UINT32_MAX);
	for (uint32_t k = 0; k < m->ntag; k++)
		buf_u32(b, i->tag[k] ? i->tag[k]->number : UINT32_MAX);
	for (uint32_t k = 0; k < m->nelem; k++) {
		buf_u32(b, i->elem[k] ? i->elem_n[k] : 0);
		if (i->elem[k])
			buf_put(b, i->elem[k], i->elem_n[k] * sizeof **i->elem);
	}
	buf_put(b, i->data_dropped, m->ndata);
}

/* Objects as they stand; their types are said once each, by the id that is in them. */
static int
put_heap(struct savetype *types, struct snap *snap, struct err *e)
{
	struct heap *h = types->store->heap;
	struct buf b = { 0 };
	int rc = 0;
	buf_u8(&b, h != NULL);
	if (h) {
		heap_collect(h, 0);
		buf_u64(&b, h->low);
		buf_u64(&b, h->top);
		buf_u64(&b, h->max);
		uint32_t *seen = NULL, n = 0;
		for (uint64_t at = heap_first(h); at < h->top;
		     at += heap_size(heap_object(h, at))) {
			uint32_t id = heap_object(h, at)->type, k = 0;
			while (k < n && seen[k] != id)
				k++;
			if (k == n && id != HEAP_EXCEPTION) {
				seen = xrealloc(seen, (n + 1) * sizeof *seen);
				seen[n++] = id;
			}
		}
		buf_u32(&b, n);
		for (uint32_t k = 0; k < n && rc == 0; k++) {
			buf_u32(&b, seen[k]);
			rc = savetype_put(types, &b, seen[k], e);
		}
		free(seen);
	}
	if (rc == 0)
		rc = snap_put_buf(snap, CHUNK_HEAP, &b, e);
	if (rc == 0 && h)
		rc = pages_put(snap, CHUNK_OBJECTS, 0, h->base + h->low, h->top - h->low, e);
	buf_free(&b);
	return rc;
}

/* -- frames ---------------------------------------------------------------------------------------- */

static int
put_frame(struct buf *b, const struct wasm_store *s, const struct activation *a, struct err *e)
{
	struct place p;
	struct locals l;
	if (a->func->host)
		return fail(e, EBUSY, "a function of the host is being called");
	if (!code_place(a->func, a->pc, a->returning, &p))
		return fail(e, EBUSY, "function %u is between two of its places", a->func->index);
	code_locals(a->func, &l);
	buf_u64(b, func_number(s, a->func));
	buf_u8(b, (uint8_t)p.kind);
	buf_u32(b, p.offset);
	buf_u32(b, l.n);
	for (uint32_t i = 0; i < l.n; i++) {
		bool set = p.kind != PLACE_ENTRY || l.slot[i] < l.pslots;
		for (uint32_t k = 0; k < type_slots(l.type[i]); k++)
			buf_u64(b, set ? a->fp[l.slot[i] + k] : 0);
	}
	buf_u32(b, p.n);
	for (uint32_t i = 0; i < p.n; i++) {
		const struct entry *x = &p.entry[i];
		buf_u64(b, x->kept == KEPT_CONST ? x->k : a->fp[x->slot]);
		if (x->type == 'v')
			buf_u64(b, x->kept == KEPT_CONST ? 0 : a->fp[x->slot + 1]);
	}
	code_locals_free(&l);
	code_place_free(&p);
	return 0;
}

static int
put_thread(struct buf *b, struct thread *t, struct err *e)
{
	if (t->depth)
		return fail(e, EBUSY, "a function of the host has called back");
	buf_u64(b, (uint64_t)t->fuel);
	buf_u64(b, t->exception);
	buf_u8(b, t->running);
	if (!t->running)
		return 0;
	/* outermost first */
	struct activation a, *all = NULL;
	uint32_t n = 0;
	unwind_top(t, &a);
	do {
		if ((n & (n - 1)) == 0)
			all = xrealloc(all, (n ? 2 * n : 1) * sizeof *all);
		all[n++] = a;
	} while (unwind_up(&a));
	buf_u32(b, n);
	int rc = 0;
	while (n-- && rc == 0)
		rc = put_frame(b, t->store, &all[n], e);
	free(all);
	return rc;
}

static int
put_chunk(struct snap *snap, uint32_t tag, struct buf *b, struct err *e)
{
	int rc = snap_put_buf(snap, tag, b, e);
	b->n = 0;
	return rc;
}

static int
write_all(struct savetype *types, struct snap *snap, struct buf *b, struct err *e)
{
	struct wasm_store *s = types->store;
	uint32_t counts[] = { s->instance.n, s->tag.n,    s->global.n,
		              s->table.n,    s->memory.n, s->thread.n };
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		buf_u32(b, counts[i]);
	buf_u64(b, s->nfunc);
	for (uint32_t i = 0; i < s->instance.n; i++)
		put_text(b, ((struct instance *)s->instance.p[i])->name);
	if (put_chunk(snap, CHUNK_STORE, b, e) < 0)
		return -1;
	/* The heap first: it moves what the rest refers to. */
	if (put_heap(types, snap, e) < 0)
		return -1;
	if (put_funcs(types, b, e) < 0 || put_chunk(snap, CHUNK_FUNCS, b, e) < 0)
		return -1;
	if (put_things(types, b, e) < 0 || put_chunk(snap, CHUNK_THINGS, b, e) < 0)
		return -1;
	for (uint32_t i = 0; i < s->memory.n; i++) {
		const struct memory *m = s->memory.p[i];
		if (pages_put(snap, CHUNK_MEMORY, i, m->base, atomic_load(&m->size), e) < 0)
			return -1;
	}
	for (uint32_t i = 0; i < s->instance.n; i++)
		put_instance(b, s->instance.p[i]);
	if (put_chunk(snap, CHUNK_INSTANCES, b, e) < 0)
		return -1;
	for (uint32_t i = 0; i < s->thread.n; i++)
		if (put_thread(b, s->thread.p[i], e) < 0)
			return -1;
	return put_chunk(snap, CHUNK_THREADS, b, e);
}

int
save_store(struct wasm_store *s, struct snap *snap, struct err *e)
{
	struct savetype types;
	struct buf b = { 0 };
	savetype_init(&types, s);
	int rc = write_all(&types, snap, &b, e);
	buf_free(&b);
	savetype_free(&types);
	return rc;
}

/* -- loading ------------------------------------------------------------------------------------------ */

struct load {
	struct wasm_store *s; /* own until it is whole */
	struct snap *snap;
	const struct save_world *world;
	struct module **module; /* own: by instance */
	uint32_t ninstance, ntag, nglobal, ntable, nmemory, nthread;
	uint64_t nfunc;
	struct err *e;
};

static int
get_counts(struct load *l)
{
	struct cur c;
	if (snap_get(l->snap, CHUNK_STORE, &c, l->e) < 0)
		return -1;
	uint32_t *counts[] = { &l->ninstance, &l->ntag,    &l->nglobal,
		               &l->ntable,    &l->nmemory, &l->nthread };
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		*counts[i] = cur_u32(&c);
	l->nfunc = cur_u64(&c);
	if (c.bad || l->ninstance > l->s->limits.instances || l->nfunc > l->s->func_cap ||
	    l->nthread > l->s->limits.threads)
		return damaged(l->e, "more of something than there can be");
	l->module = xcalloc((size_t)l->ninstance + 1, sizeof *l->module);
	for (uint32_t i = 0; i < l->ninstance; i++) {
		char *name = get_text(&c);
		l->module[i] = l->world->module(l->world->ctx, i, name);
		free(name);
		if (!l->module[i])
			return damaged(l->e, "it has an instance of an unknown module");
		struct instance *x = link_bare(l->s, l->module[i]);
		store_add(l->s, &l->s->instance, x, &x->number);
	}
	return 0;
}

static int
get_heap(struct load *l)
{
	struct cur c;
	if (snap_get(l->snap, CHUNK_HEAP, &c, l->e) < 0)
		return -1;
	if (!cur_u8(&c))
		return 0;
	uint64_t low = cur_u64(&c), top = cur_u64(&c), max = cur_u64(&c);
	uint32_t n = cur_u32(&c);
	if (c.bad || n > cur_left(&c) || max & 7 || (low != 0 && low != max) || top < low ||
	    top - low > max)
		return damaged(l->e, "its heap");
	l->s->heap = heap_new_sized(l->s, max, l->e);
	if (!l->s->heap)
		return -1;
	uint32_t *from = xcalloc((size_t)n + 1, sizeof *from),
	         *to = xcalloc((size_t)n + 1, sizeof *to);
	int rc = 0;
	for (uint32_t i = 0; i < n && rc == 0; i++) {
		from[i] = cur_u32(&c);
		rc = savetype_get(&c, l->module, l->ninstance, &to[i], l->e);
	}
	if (rc == 0)
		rc = pages_get(l->snap, CHUNK_OBJECTS, 0, l->s->heap->base + low, top - low, l->e);
	if (rc == 0 && !heap_adopt(l->s->heap, low, top, from, to, n))
		rc = damaged(l->e, "an object of its heap");
	free(from);
	free(to);
	return rc;
}

static int
get_funcs(struct load *l)
{
	struct cur c;
	if (snap_get(l->snap, CHUNK_FUNCS, &c, l->e) < 0)
		return -1;
	while (l->s->nfunc < l->nfunc) {
		uint8_t kind = cur_u8(&c);
		uint64_t before = l->s->nfunc;
		if (kind == 0) {
			uint32_t i = cur_u32(&c), n = cur_u32(&c);
			if (c.bad || i >= l->ninstance ||
			    n != l->module[i]->nfunc - l->module[i]->func_imports)
				return damaged(l->e, "a function of no instance");
			struct instance *x = l->s->instance.p[i];
			if (x->func || link_functions(x, l->e) < 0)
				return damaged(l->e, "the functions of an instance");
			if (n == 0)
				continue;
		} else {
			uint32_t type;
			char *name = get_text(&c);
			int rc = name && !c.bad
			                 ? savetype_get(&c, l->module, l->ninstance, &type, l->e)
			                 : damaged(l->e, "the name of a function");
			struct func *f =
			        rc == 0 ? l->world->host(l->world->ctx, l->s, name, type, l->e)
			                : NULL;
			free(name);
			if (!f)
				return -1;
		}
		if (l->s->nfunc <= before)
			return damaged(l->e, "its functions");
	}
	for (uint32_t i = 0; i < l->ninstance; i++) {
		struct instance *x = l->s->instance.p[i];
		if (!x->func && link_functions(x, l->e) < 0)
			return -1;
	}
	return 0;
}

/* A reference out of a snapshot: nothing that would lead out of the store. */
static bool
ref_ok(const struct load *l, uint64_t v)
{
	switch (v & 7) {
	case 0: return v == 0 || (l->s->heap && heap_has(l->s->heap, v));
	case 2: return (v & 63) == 2 && v / 64 >= 1 && v / 64 < l->nfunc;
	default: return true;
	}
}

static int
get_things(struct load *l)
{
	struct cur c;
	uint32_t id;
	valtype type;
	if (snap_get(l->snap, CHUNK_THINGS, &c, l->e) < 0)
		return -1;
	for (uint32_t i = 0; i < l->ntag; i++) {
		if (savetype_get(&c, l->module, l->ninstance, &id, l->e) < 0)
			return -1;
		store_tag(l->s, id);
	}
	for (uint32_t i = 0; i < l->nglobal; i++) {
		if (savetype_get_value(&c, l->module, l->ninstance, &type, l->e) < 0)
			return -1;
		bool mut = cur_u8(&c);
		uint64_t v[2] = { cur_u64(&c), cur_u64(&c) };
		if (c.bad || (type_is_ref(type) && !ref_ok(l, v[0])))
			return damaged(l->e, "a global");
		store_global(l->s, type, mut, v);
	}
	for (uint32_t i = 0; i < l->ntable; i++) {
		if (savetype_get_value(&c, l->module, l->ninstance, &type, l->e) < 0)
			return -1;
		struct limits limits = get_limits(&c), now = limits;
		now.min = cur_u64(&c);
		if (c.bad || now.min > cur_left(&c) / 8)
			return damaged(l->e, "a table");
		struct table *t = table_new(l->s, type, &now, 0, l->e);
		if (!t)
			return -1;
		t->limits = limits;
		for (uint64_t k = 0; k < now.min; k++) {
			t->elem[k] = cur_u64(&c);
			if (!ref_ok(l, t->elem[k]))
				return damaged(l->e, "an element of a table");
		}
	}
	uint64_t *size = xcalloc((size_t)l->nmemory + 1, sizeof *size);
	int rc = 0;
	for (uint32_t i = 0; i < l->nmemory && rc == 0; i++) {
		struct limits limits = get_limits(&c), now = limits;
		size[i] = cur_u64(&c);
		if (c.bad || (limits.page != 0 && limits.page != 16)) {
			rc = damaged(l->e, "a memory");
			break;
		}
		now.min = size[i] >> limits.page;
		struct memory *m = memory_new(l->s, &now, l->e);
		if (!m)
			rc = -1;
		else
			m->limits = limits;
	}
	for (uint32_t i = 0; i < l->nmemory && rc == 0; i++) {
		struct memory *m = l->s->memory.p[i];
		rc = pages_get(l->snap, CHUNK_MEMORY, i, m->base, atomic_load(&m->size), l->e);
	}
	free(size);
	return rc;
}

static void *
numbered(const struct list *list, uint32_t i)
{
	return i < list->n ? list->p[i] : NULL;
}

/* One whose making ended in a trap may lack some; nobody reaches it, but it is whole
 * in memory. */
static struct table *
a_table(struct load *l, uint32_t n, const struct tabledef *d)
{
	struct limits none = { .is64 = d->limits.is64 };
	struct table *t = n == UINT32_MAX ? table_new(l->s, d->elem, &none, 0, NULL)
	                                  : numbered(&l->s->table, n);
	return t && t->type == d->elem && t->limits.is64 == d->limits.is64 ? t : NULL;
}

static struct global *
a_global(struct load *l, uint32_t n, const struct globaldef *d)
{
	const uint64_t zero[2] = { 0, 0 };
	struct global *g = n == UINT32_MAX ? store_global(l->s, d->type, d->mut, zero)
	                                   : numbered(&l->s->global, n);
	return g && g->mut == d->mut && type_matches(g->type, d->type) ? g : NULL;
}

static int
get_instances(struct load *l)
{
	struct cur c;
	if (snap_get(l->snap, CHUNK_INSTANCES, &c, l->e) < 0)
		return -1;
	for (uint32_t n = 0; n < l->ninstance; n++) {
		struct instance *i = l->s->instance.p[n];
		const struct module *m = i->module;
		i->name = get_text(&c);
		for (uint32_t k = 0; k < m->func_imports; k++) {
			uint64_t f = cur_u64(&c);
			if (c.bad || f == 0 || f >= l->nfunc ||
			    !type_heap_matches(l->s->func[f].type, m->func[k]))
				return damaged(l->e, "an import");
			i->func_import[k] = &l->s->func[f];
		}
		for (uint32_t k = 0; k < m->ntable; k++)
			if (!(i->table[k] = a_table(l, cur_u32(&c), &m->table[k])))
				return damaged(l->e, "a table of an instance");
		for (uint32_t k = 0; k < m->nmemory; k++)
			if (!(i->memory[k] = numbered(&l->s->memory, cur_u32(&c))))
				return damaged(l->e, "a memory of an instance");
		for (uint32_t k = 0; k < m->nglobal; k++)
			if (!(i->global[k] = a_global(l, cur_u32(&c), &m->global[k])))
				return damaged(l->e, "a global of an instance");
		for (uint32_t k = 0; k < m->ntag; k++)
			if (!(i->tag[k] = numbered(&l->s->tag, cur_u32(&c))))
				return damaged(l->e, "a tag of an instance");
		for (uint32_t k = 0; k < m->nelem; k++) {
			uint32_t count = cur_u32(&c);
			if (c.bad || count > cur_left(&c) / 8)
				return damaged(l->e, "a segment");
			i->elem_n[k] = count;
			i->elem[k] = count ? xcalloc(count, sizeof **i->elem) : NULL;
			for (uint32_t j = 0; j < count; j++)
				if (!ref_ok(l, i->elem[k][j] = cur_u64(&c)))
					return damaged(l->e, "an element of a segment");
		}
		const uint8_t *dropped = cur_bytes(&c, m->ndata);
		if (!dropped && m->ndata)
			return damaged(l->e, "the segments of an instance");
		if (m->ndata)
			memcpy(i->data_dropped, dropped, m->ndata);
	}
	return c.bad ? damaged(l->e, "its instances") : 0;
}

/* One frame at fp; where its callee's frame begins comes back in *next. */
static int
get_frame(struct load *l, struct thread *t, struct cur *c, uint64_t *fp,
          const struct activation *caller, struct activation *out, uint64_t **next)
{
	uint64_t number = cur_u64(c);
	enum place_kind kind = (enum place_kind)cur_u8(c);
	uint32_t offset = cur_u32(c), nlocal = cur_u32(c);
	if (c->bad || number == 0 || number >= l->nfunc || !l->s->func[number].inst)
		return damaged(l->e, "the function of a frame");
	struct func *f = &l->s->func[number];
	struct place p;
	struct locals locals;
	if (!f->code && !code_make(t, f))
		return fail(l->e, E2BIG, "%s", t->err.what);
	if ((size_t)(t->stack_end - fp) < f->frame + CODE_HEADER)
		return damaged(l->e, "its frames need a larger stack");
	if (!code_find(f, kind, offset, &p))
		return damaged(l->e, "a frame stands where none can");
	code_locals(f, &locals);
	int rc = locals.n == nlocal ? 0 : damaged(l->e, "the locals of a frame");
	for (uint32_t i = 0; i < locals.n && rc == 0; i++) {
		for (uint32_t k = 0; k < type_slots(locals.type[i]); k++)
			fp[locals.slot[i] + k] = cur_u64(c);
		if (type_is_ref(locals.type[i]) && !ref_ok(l, fp[locals.slot[i]]))
			rc = damaged(l->e, "a local");
	}
	if (rc == 0 && (cur_u32(c) != p.n || c->bad))
		rc = damaged(l->e, "the operands of a frame");
	for (uint32_t i = 0; i < p.n && rc == 0; i++) {
		const struct entry *x = &p.entry[i];
		uint64_t v[2] = { cur_u64(c), x->type == 'v' ? cur_u64(c) : 0 };
		if (x->kept != KEPT_SLOT)
			continue;
		if (x->type == 'r' && !ref_ok(l, v[0]))
			rc = damaged(l->e, "an operand");
		fp[x->slot] = v[0];
		if (x->type == 'v')
			fp[x->slot + 1] = v[1];
	}
	uint64_t *header = fp + f->pslots;
	header[HEADER_PC] = (uint64_t)(uintptr_t)(caller ? caller->pc : run_exit_word);
	header[HEADER_FP] = (uint64_t)(uintptr_t)(caller ? caller->fp : fp);
	header[HEADER_FUNC] = (uint64_t)(uintptr_t)(caller ? caller->func : f);
	*out = (struct activation){ f, fp, f->code + p.pc, kind == PLACE_RETURN, !caller };
	*next = fp + p.top;
	code_locals_free(&locals);
	code_place_free(&p);
	return rc;
}

static int
get_thread(struct load *l, struct cur *c)
{
	struct thread *t = store_thread(l->s, l->e);
	if (!t)
		return -1;
	t->fuel = (int64_t)cur_u64(c);
	t->exception = cur_u64(c);
	if (!ref_ok(l, t->exception))
		return damaged(l->e, "an exception");
	if (!cur_u8(c))
		return 0;
	uint32_t n = cur_u32(c);
	struct activation a = { 0 }, caller;
	uint64_t *fp = t->stack, *next = fp;
	for (uint32_t i = 0; i < n; i++) {
		caller = a;
		if (i > 0 && !caller.returning)
			return damaged(l->e, "a frame calls nothing");
		if (get_frame(l, t, c, next, i ? &caller : NULL, &a, &next) < 0)
			return -1;
	}
	if (n == 0 || a.returning)
		return damaged(l->e, "the frames of a thread");
	t->fp = a.fp;
	t->pc = a.pc;
	t->func = a.func;
	t->running = true;
	(void)fp;
	return 0;
}

static bool
slots_ok(const struct load *l, const uint64_t *slot, const valtype *t, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (type_is_ref(t[i]) && !ref_ok(l, *slot))
			return false;
		slot += type_slots(t[i]);
	}
	return true;
}

static bool
object_ok(const struct load *l, const struct object *o)
{
	const uint64_t *slot = (const uint64_t *)(const void *)o->bytes;
	if (o->type == HEAP_EXCEPTION) {
		if (*slot >= l->s->tag.n)
			return false;
		const struct type *t = type_of(((struct tag *)l->s->tag.p[*slot])->type);
		return o->length == t->pslots && slots_ok(l, slot + 1, t->param, t->nparam);
	}
	const struct type *t = type_of(o->type);
	if (t->kind == TYPE_ARRAY && type_is_ref(t->field->type)) {
		for (uint32_t i = 0; i < o->length; i++)
			if (!ref_ok(l, slot[i]))
				return false;
		return true;
	}
	for (uint32_t i = 0; t->kind == TYPE_STRUCT && i < t->nfield; i++) {
		uint64_t v;
		memcpy(&v, o->bytes + t->field[i].offset, type_is_ref(t->field[i].type) ? 8 : 0);
		if (type_is_ref(t->field[i].type) && !ref_ok(l, v))
			return false;
	}
	return true;
}

static bool
objects_ok(const struct load *l)
{
	const struct heap *h = l->s->heap;
	for (uint64_t at = heap_first(h); at < h->top; at += heap_size(heap_object(h, at)))
		if (!object_ok(l, heap_object(h, at)))
			return false;
	return true;
}

static int
read_all(struct load *l)
{
	struct cur c;
	if (get_counts(l) < 0 || get_heap(l) < 0 || get_funcs(l) < 0 || get_things(l) < 0 ||
	    get_instances(l) < 0 || snap_get(l->snap, CHUNK_THREADS, &c, l->e) < 0)
		return -1;
	run_ready();
	for (uint32_t i = 0; i < l->nthread; i++)
		if (get_thread(l, &c) < 0)
			return -1;
	if (l->s->heap && !objects_ok(l))
		return damaged(l->e, "a reference in its heap");
	if (l->s->heap)
		heap_settle(l->s->heap);
	return c.bad ? damaged(l->e, "its threads") : 0;
}

struct wasm_store *
save_load(struct snap *snap, const struct store_limits *limits, const struct save_world *w,
          struct err *e)
{
	struct load l = { .s = store_new(limits), .snap = snap, .world = w, .e = e };
	int rc = read_all(&l);
	free(l.module);
	if (rc == 0)
		return l.s;
	store_free(l.s);
	return NULL;
}
