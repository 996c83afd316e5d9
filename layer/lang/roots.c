/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/arena.h"
#include "layer/lang/run.h"

/* Which slots of a frame are references, exactly: a collection moves what they
 * point at.  Asking the translator is slow, so its answers are kept beside the
 * code. */

struct refmap {
	struct refmap *next; /* own */
	uint32_t pc;
	bool returning;
	uint32_t n;
	uint16_t slot[];
};

void
roots_free(struct refmap *r)
{
	while (r) {
		struct refmap *next = r->next;
		free(r);
		r = next;
	}
}

static struct refmap *
make(const struct activation *a)
{
	struct locals l;
	struct place p;
	if (!code_locals(a->func, &l))
		return NULL;
	bool known = code_place(a->func, a->pc, a->returning, &p);
	if (!known)
		p.n = 0;
	struct refmap *m = xcalloc(1, sizeof *m + (l.n + p.n + 1) * sizeof *m->slot);
	m->pc = (uint32_t)(a->pc - a->func->code);
	m->returning = a->returning;
	for (uint32_t i = 0; i < l.n; i++)
		if (type_is_ref(l.type[i]) &&
		    (l.slot[i] < l.pslots || !known || p.kind != PLACE_ENTRY))
			m->slot[m->n++] = l.slot[i];
	for (uint32_t i = 0; i < p.n; i++)
		if (p.entry[i].type == 'r' && p.entry[i].kept == KEPT_SLOT)
			m->slot[m->n++] = p.entry[i].slot;
	if (known)
		code_place_free(&p);
	code_locals_free(&l);
	return m;
}

static const struct refmap *
map_of(const struct activation *a)
{
	struct code *c = a->func->translation;
	uint32_t pc = (uint32_t)(a->pc - a->func->code);
	for (struct refmap *m = c->refmap; m; m = m->next)
		if (m->pc == pc && m->returning == a->returning)
			return m;
	struct refmap *m = make(a);
	if (m) {
		m->next = c->refmap;
		c->refmap = m;
	}
	return m;
}

static void
frames(struct activation a, void (*visit)(void *ctx, uint64_t *slot), void *ctx)
{
	do {
		if (a.func->host) {
			const struct type *t = type_of(a.func->type);
			for (uint32_t i = 0, s = 0; i < t->nparam;
			     s += type_slots(t->param[i]), i++)
				if (type_is_ref(t->param[i]))
					visit(ctx, a.fp + s);
			continue;
		}
		const struct refmap *m = map_of(&a);
		for (uint32_t i = 0; m && i < m->n; i++)
			visit(ctx, a.fp + m->slot[i]);
	} while (unwind_up(&a));
}

void
run_roots(struct thread *t, void (*visit)(void *ctx, uint64_t *slot), void *ctx)
{
	struct activation a;
	if (t->exception)
		visit(ctx, &t->exception);
	for (const struct run_values *v = t->values; v; v = v->next)
		for (uint32_t i = 0; i < v->n; i++)
			if (v->ref[i])
				visit(ctx, v->v + i);
	if (t->running) {
		unwind_top(t, &a);
		frames(a, visit, ctx);
	}
	for (const struct run_outer *o = t->outer; o; o = o->outer) {
		struct thread below = { .fp = o->fp, .pc = o->pc, .func = o->func };
		unwind_top(&below, &a);
		frames(a, visit, ctx);
	}
}
