/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/type.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

/* The registry: types by id in chunks that never move, and a hash table of
 * recursion groups by what they look like. */

enum { CHUNK = 1024, CHUNKS = HEAP_ABSTRACT / CHUNK };
enum { DEEPEST = 63 }; /* supertypes above a type, as in other engines */

struct group {
	struct group *next; /* own */
	uint64_t hash;
	uint32_t first, n;
	uint32_t nword;
	uint32_t word[]; /* the definitions, with places inside the group relative */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct type *chunk[CHUNKS]; /* own */
static uint32_t ntype;
static struct group **slot; /* own: hash table */
static uint32_t nslot, ngroup;
static uint32_t holders;

/* -- lookup ----------------------------------------------------------------------------- */

static struct type *
at(uint32_t id)
{
	return &chunk[id / CHUNK][id % CHUNK];
}

const struct type *
type_of(uint32_t id)
{
	return at(id);
}

uint32_t
type_bytes(valtype t)
{
	switch (t) {
	case T_I8: return 1;
	case T_I16: return 2;
	case T_I32:
	case T_F32: return 4;
	case T_V128: return 16;
	default: return 8;
	}
}

/* -- what a definition looks like --------------------------------------------------------- */

struct words {
	uint32_t *p; /* own */
	uint32_t n, cap;
};

static void
word(struct words *w, uint32_t v)
{
	if (w->n == w->cap) {
		w->cap = w->cap ? w->cap * 2 : 64;
		w->p = xrealloc(w->p, w->cap * sizeof *w->p);
	}
	w->p[w->n++] = v;
}

static uint32_t
values(const struct typedefn *d)
{
	return d->kind == TYPE_FUNC ? d->nparam + d->nresult : d->nfield;
}

static void
describe(struct words *w, const struct typedefn *d, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++, d++) {
		word(w, (uint32_t)d->kind | (uint32_t)d->final << 8);
		word(w, d->super);
		word(w, d->kind == TYPE_FUNC ? d->nparam : d->nfield);
		word(w, d->nresult);
		for (uint32_t j = 0; j < values(d); j++) {
			word(w, d->v[j]);
			if (d->kind != TYPE_FUNC)
				word(w, d->mut[j]);
		}
	}
}

static uint64_t
hash(const struct words *w)
{
	uint64_t h = 0xcbf29ce484222325;
	for (uint32_t i = 0; i < w->n; i++) {
		h = (h ^ w->p[i]) * 0x9e3779b97f4a7c15;
		h ^= h >> 29;
	}
	return h;
}

static struct group *
find(const struct words *w, uint64_t h, uint32_t n)
{
	for (struct group *g = nslot ? slot[h & (nslot - 1)] : NULL; g; g = g->next)
		if (g->hash == h && g->n == n && g->nword == w->n &&
		    memcmp(g->word, w->p, w->n * sizeof *w->p) == 0)
			return g;
	return NULL;
}

static void
remember(const struct words *w, uint64_t h, uint32_t first, uint32_t n)
{
	if (ngroup >= nslot) {
		uint32_t bigger = nslot ? nslot * 2 : 256;
		struct group **s = xcalloc(bigger, sizeof *s);
		for (uint32_t i = 0; i < nslot; i++)
			for (struct group *g = slot[i], *next; g; g = next) {
				next = g->next;
				g->next = s[g->hash & (bigger - 1)];
				s[g->hash & (bigger - 1)] = g;
			}
		free(slot);
		slot = s;
		nslot = bigger;
	}
	struct group *g = xmalloc(sizeof *g + w->n * sizeof *g->word);
	*g = (struct group){ slot[h & (nslot - 1)], h, first, n, w->n };
	memcpy(g->word, w->p, w->n * sizeof *g->word);
	slot[h & (nslot - 1)] = g;
	ngroup++;
}

/* -- building ------------------------------------------------------------------------------- */

/* A heap type as it is once the group begins at `first`. */
static uint32_t
resolved(uint32_t heap, uint32_t first)
{
	return heap < HEAP_ABSTRACT && heap & TYPE_LOCAL ? first + (heap & ~TYPE_LOCAL) : heap;
}

static valtype
resolve(valtype t, uint32_t first)
{
	if (!type_is_ref(t))
		return t;
	return (t & ~T_HEAP) | resolved(t & T_HEAP, first);
}

static void
build_function(struct type *t, const struct typedefn *d, uint32_t first)
{
	valtype *v = xmalloc((values(d) + 1) * sizeof *v);
	for (uint32_t i = 0; i < values(d); i++)
		v[i] = resolve(d->v[i], first);
	t->nparam = d->nparam;
	t->nresult = d->nresult;
	t->param = v;
	t->result = v + d->nparam;
	for (uint32_t i = 0; i < d->nparam; i++)
		t->pslots += type_slots(v[i]);
	for (uint32_t i = 0; i < d->nresult; i++)
		t->rslots += type_slots(t->result[i]);
}

static void
build_fields(struct type *t, const struct typedefn *d, uint32_t first)
{
	struct field *f = xcalloc(d->nfield + 1, sizeof *f);
	uint32_t end = 0;
	for (uint32_t i = 0; i < d->nfield; i++) {
		f[i].type = resolve(d->v[i], first);
		f[i].mut = d->mut[i];
		uint32_t bytes = type_bytes(f[i].type), align = bytes < 8 ? bytes : 8;
		f[i].offset = (end + align - 1) & ~(align - 1);
		end = f[i].offset + bytes;
	}
	t->nfield = d->nfield;
	t->field = f;
	t->size = d->kind == TYPE_STRUCT ? end : 0;
}

static void
build(struct type *t, const struct typedefn *d, uint32_t id, uint32_t first)
{
	*t = (struct type){ .kind = d->kind, .final = d->final, .id = id };
	if (d->kind == TYPE_FUNC)
		build_function(t, d, first);
	else
		build_fields(t, d, first);
	const struct type *super = d->super == TYPE_NOSUPER ? NULL : at(resolved(d->super, first));
	t->depth = super ? super->depth + 1 : 0;
	uint32_t *supers = xmalloc((t->depth + 1) * sizeof *supers);
	if (super)
		memcpy(supers, super->supers, t->depth * sizeof *supers);
	supers[t->depth] = id;
	t->supers = supers;
}

static void
unbuild(struct type *t)
{
	free((void *)(uintptr_t)t->param);
	free((void *)(uintptr_t)t->field);
	free((void *)(uintptr_t)t->supers);
	*t = (struct type){ 0 };
}

/* -- matching (3.3) ---------------------------------------------------------------------------- */

static bool
field_matches(const struct field *a, const struct field *b)
{
	if (a->mut != b->mut)
		return false;
	return a->mut ? a->type == b->type : type_matches(a->type, b->type);
}

/* Has a the form that b promises?  3.3.10 */
static bool
form_matches(const struct type *a, const struct type *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case TYPE_FUNC:
		if (a->nparam != b->nparam || a->nresult != b->nresult)
			return false;
		for (uint32_t i = 0; i < a->nparam; i++)
			if (!type_matches(b->param[i], a->param[i]))
				return false;
		for (uint32_t i = 0; i < a->nresult; i++)
			if (!type_matches(a->result[i], b->result[i]))
				return false;
		return true;
	case TYPE_STRUCT:
		if (a->nfield < b->nfield)
			return false;
		for (uint32_t i = 0; i < b->nfield; i++)
			if (!field_matches(&a->field[i], &b->field[i]))
				return false;
		return true;
	default: return field_matches(a->field, b->field);
	}
}

uint32_t
type_top(uint32_t heap)
{
	switch (heap) {
	case HEAP_FUNC:
	case HEAP_NOFUNC: return HEAP_FUNC;
	case HEAP_EXTERN:
	case HEAP_NOEXTERN: return HEAP_EXTERN;
	case HEAP_EXN:
	case HEAP_NOEXN: return HEAP_EXN;
	default: return heap < HEAP_ABSTRACT && at(heap)->kind == TYPE_FUNC ? HEAP_FUNC : HEAP_ANY;
	}
}

bool
type_heap_matches(uint32_t a, uint32_t b)
{
	if (a == b)
		return true;
	if (b < HEAP_ABSTRACT) {
		if (a == HEAP_NONE || a == HEAP_NOFUNC)
			return type_top(a) == type_top(b);
		if (a >= HEAP_ABSTRACT)
			return false;
		const struct type *x = at(a), *y = at(b);
		return x->depth > y->depth && x->supers[y->depth] == b;
	}
	switch (b) {
	case HEAP_ANY: return type_top(a) == HEAP_ANY;
	case HEAP_EQ:
		return a == HEAP_I31 || a == HEAP_STRUCT || a == HEAP_ARRAY || a == HEAP_NONE ||
		       (a < HEAP_ABSTRACT && at(a)->kind != TYPE_FUNC);
	case HEAP_I31: return a == HEAP_NONE;
	case HEAP_STRUCT:
		return a == HEAP_NONE || (a < HEAP_ABSTRACT && at(a)->kind == TYPE_STRUCT);
	case HEAP_ARRAY: return a == HEAP_NONE || (a < HEAP_ABSTRACT && at(a)->kind == TYPE_ARRAY);
	case HEAP_FUNC: return type_top(a) == HEAP_FUNC;
	case HEAP_EXTERN: return a == HEAP_NOEXTERN;
	case HEAP_EXN: return a == HEAP_NOEXN;
	default: return false;
	}
}

bool
type_matches(valtype a, valtype b)
{
	if (a == b || a == T_BOT)
		return true;
	if (!type_is_ref(a) || !type_is_ref(b) || (a & T_NULL && !(b & T_NULL)))
		return false;
	return type_heap_matches(a & T_HEAP, b & T_HEAP);
}

/* -- groups --------------------------------------------------------------------------------------- */

/* 3.2.12: the supertype, which comes before, is open and is kept to. */
static int
check_super(const struct typedefn *d, uint32_t i, uint32_t first, struct err *e)
{
	if (d->super == TYPE_NOSUPER)
		return 0;
	uint32_t super = resolved(d->super, first);
	if (at(super)->final)
		return fail(e, EINVAL, "sub type does not match super type: that is final");
	if (!form_matches(at(first + i), at(super)))
		return fail(e, EINVAL, "sub type does not match super type");
	return 0;
}

static void
drop_group(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		unbuild(at(ntype + i));
}

static int
add_group(const struct typedefn *d, uint32_t n, uint32_t *first, struct err *e)
{
	if (n > HEAP_ABSTRACT / 2 - ntype)
		return fail(e, ENOMEM, "too many types in this process");
	/* All are built before any is checked: they may name each other. */
	for (uint32_t i = 0; i < n; i++) {
		uint32_t id = ntype + i;
		if (!chunk[id / CHUNK])
			chunk[id / CHUNK] = xcalloc(CHUNK, sizeof **chunk);
		if (d[i].super != TYPE_NOSUPER && resolved(d[i].super, ntype) >= id) {
			drop_group(i);
			return fail(e, EINVAL, "unknown type: the supertype is not defined before");
		}
		build(at(id), &d[i], id, ntype);
		if (at(id)->depth > DEEPEST) {
			drop_group(i + 1);
			return fail(e, EINVAL, "sub type hierarchy is deeper than %d", DEEPEST);
		}
	}
	for (uint32_t i = 0; i < n; i++)
		if (check_super(&d[i], i, ntype, e) < 0) {
			drop_group(n);
			return -1;
		}
	*first = ntype;
	ntype += n;
	return 0;
}

int
type_group(const struct typedefn *d, uint32_t n, uint32_t *first, struct err *e)
{
	struct words w = { 0 };
	int r = 0;
	*first = 0;
	describe(&w, d, n);
	uint64_t h = hash(&w);
	pthread_mutex_lock(&lock);
	struct group *g = n ? find(&w, h, n) : NULL;
	if (g) {
		*first = g->first;
	} else if (n) {
		r = add_group(d, n, first, e);
		if (r == 0)
			remember(&w, h, *first, n);
	}
	pthread_mutex_unlock(&lock);
	free(w.p);
	return r;
}

uint32_t
type_func(const valtype *param, uint32_t nparam, const valtype *result, uint32_t nresult)
{
	struct typedefn d = { .kind = TYPE_FUNC,
		              .final = true,
		              .super = TYPE_NOSUPER,
		              .nparam = nparam,
		              .nresult = nresult };
	d.v = xmalloc((nparam + nresult + 1) * sizeof *d.v);
	for (uint32_t i = 0; i < nparam; i++)
		d.v[i] = param[i];
	for (uint32_t i = 0; i < nresult; i++)
		d.v[nparam + i] = result[i];
	uint32_t id;
	type_group(&d, 1, &id, NULL);
	free(d.v);
	return id;
}

void
type_hold(void)
{
	pthread_mutex_lock(&lock);
	holders++;
	pthread_mutex_unlock(&lock);
}

void
type_drop(void)
{
	pthread_mutex_lock(&lock);
	if (--holders == 0) {
		for (uint32_t i = 0; i < ntype; i++)
			unbuild(at(i));
		for (uint32_t i = 0; i < CHUNKS; i++) {
			free(chunk[i]);
			chunk[i] = NULL;
			if (i * CHUNK > ntype)
				break;
		}
		for (uint32_t i = 0; i < nslot; i++)
			for (struct group *g = slot[i], *next; g; g = next) {
				next = g->next;
				free(g);
			}
		free(slot);
		slot = NULL;
		ntype = nslot = ngroup = 0;
	}
	pthread_mutex_unlock(&lock);
}

/* -- text ---------------------------------------------------------------------------------------------- */

static const char *
heap_text(uint32_t h)
{
	static const char *const name[] = { "exn",  "array",    "struct", "i31",
		                            "eq",   "any",      "extern", "func",
		                            "none", "noextern", "nofunc", "noexn" };
	return name[h - HEAP_EXN];
}

const char *
type_text(valtype t, char *buf)
{
	switch (t) {
	case T_I32: return "i32";
	case T_I64: return "i64";
	case T_F32: return "f32";
	case T_F64: return "f64";
	case T_V128: return "v128";
	case T_I8: return "i8";
	case T_I16: return "i16";
	case T_BOT: return "any";
	default: break;
	}
	const char *null = t & T_NULL ? "null " : "";
	if ((t & T_HEAP) < HEAP_ABSTRACT)
		snprintf(buf, 48, "(ref %s%u)", null, t & T_HEAP);
	else
		snprintf(buf, 48, "(ref %s%s)", null, heap_text(t & T_HEAP));
	return buf;
}
