/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "layer/lang/heap.h"
#include "layer/lang/run.h"

/* Frames, innermost first; and exceptions, which look for a handler in them. */

void
unwind_top(const struct thread *t, struct activation *a)
{
	*a = (struct activation){ t->func, t->fp, t->pc, false, false };
	a->outermost = a->func->host ||
	               a->fp[a->func->pslots + HEADER_PC] == (uint64_t)(uintptr_t)run_exit_word;
}

bool
unwind_up(struct activation *a)
{
	if (a->outermost)
		return false;
	const uint64_t *header = a->fp + a->func->pslots;
	a->pc = (const uint64_t *)(uintptr_t)header[HEADER_PC];
	a->fp = (uint64_t *)(uintptr_t)header[HEADER_FP];
	a->func = (struct func *)(uintptr_t)header[HEADER_FUNC];
	a->returning = true;
	a->outermost = a->fp[a->func->pslots + HEADER_PC] == (uint64_t)(uintptr_t)run_exit_word;
	return true;
}

uint64_t
unwind_new(struct thread *t, struct tag *tag, const uint64_t *values)
{
	uint32_t slots = type_of(tag->type)->pslots;
	uint64_t ref = heap_new_object(t->store, HEAP_EXCEPTION, slots, 8 + 8 * (uint64_t)slots);
	if (!ref)
		return 0;
	struct object *o = heap_object(t->store->heap, ref);
	uint64_t number = tag->number;
	memcpy(o->bytes, &number, 8);
	memcpy(o->bytes + 8, values, slots * sizeof *values);
	return ref;
}

static const struct handler *
handler_of(const struct activation *a, const struct tag *tag)
{
	const struct code *c = a->func->translation;
	uint32_t at = (uint32_t)(a->pc - c->word) + !a->returning, level = UINT32_MAX;
	for (uint32_t i = 0; i < c->nhandler; i++) {
		const struct handler *h = &c->handler[i];
		if (at <= h->start || at > h->end || h->level > level)
			continue;
		if (h->delegate)
			level = h->level;
		else if (!h->tag || h->tag == tag)
			return h;
	}
	return NULL;
}

bool
unwind_throw(struct thread *t)
{
	const struct object *o = heap_object(t->store->heap, t->exception);
	uint64_t number;
	memcpy(&number, o->bytes, 8);
	const struct tag *tag = t->store->tag.p[number];
	struct activation a;
	unwind_top(t, &a);
	do {
		if (a.func->host)
			continue;
		const struct handler *h = handler_of(&a, tag);
		if (!h)
			continue;
		uint32_t n = h->tag ? o->length : 0;
		memcpy(a.fp + h->slot, o->bytes + 8, n * sizeof *a.fp);
		if (h->ref)
			a.fp[h->slot + n] = t->exception;
		if (h->keep != 0xffff)
			a.fp[h->keep] = t->exception;
		t->fp = a.fp;
		t->func = a.func;
		t->pc = a.func->code + h->pc;
		t->exception = 0;
		return true;
	} while (unwind_up(&a));
	return false;
}
