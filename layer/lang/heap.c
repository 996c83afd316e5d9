/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/heap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/arena.h"
#include "base/harsh.h"

/* Two halves of one reservation.  Objects are taken from one; when it has used up
 * what it may, the living are copied into the other, in the order in which they
 * are found, and every reference to them is put right. */

enum { LEAST_OBJECT = 16 };
enum { FIRST = 16, STEP = 32 << 20 }; /* first offset; the least between collections */
enum { LEAST = 64 << 10 };            /* bytes of a half, and what they are a multiple of */

static uint64_t
whole(uint64_t n, uint64_t least)
{
	n &= ~(uint64_t)(LEAST - 1);
	return n < least ? least : n;
}

struct heap *
heap_new(struct wasm_store *s, struct err *e)
{
	return heap_new_sized(s, s->limits.heap, e);
}

struct heap *
heap_new_sized(struct wasm_store *s, uint64_t most, struct err *e)
{
	struct heap *h = xcalloc(1, sizeof *h);
	h->store = s;
	if (most > (uint64_t)1 << 46)
		most = (uint64_t)1 << 46;
	for (h->max = whole(most, LEAST); h->max >= LEAST; h->max = whole(h->max / 2, 0)) {
		h->reserved = 2 * h->max;
		h->base = mmap(NULL, h->reserved, PROT_READ | PROT_WRITE,
		               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (h->base != MAP_FAILED)
			break;
		h->base = NULL;
	}
	if (!h->base) {
		fail(e, ENOMEM, "no address space for a heap");
		free(h);
		return NULL;
	}
	h->low = 0;
	h->high = h->max;
	h->top = FIRST;
	h->limit = h->max < STEP ? h->max : STEP;
	return h;
}

void
heap_free(struct heap *h)
{
	if (!h)
		return;
	munmap(h->base, h->reserved);
	free(h->starts);
	free(h);
}

/* Room for an object of `bytes` behind its header; 0 when it does not fit without a
 * collection.  Fresh pages are zero, and the old half is given back after each. */
static uint64_t
take(struct heap *h, uint32_t type, uint32_t length, uint64_t bytes)
{
	if (h->limit - h->top < 24 + bytes)
		return 0;
	uint64_t ref = h->top;
	struct object *o = heap_object(h, ref);
	o->type = type;
	o->length = length;
	h->top += (sizeof *o + (bytes < 8 ? 8 : bytes) + 7) & ~(uint64_t)7;
	return ref;
}

/* -- copying ---------------------------------------------------------------------------- */

static bool
is_object(uint64_t ref)
{
	return ref && (ref & 7) == 0;
}

uint64_t
heap_size(const struct object *o)
{
	uint64_t n;
	if (o->type == HEAP_EXCEPTION) {
		n = 8 + 8 * (uint64_t)o->length;
	} else {
		const struct type *t = type_of(o->type);
		n = t->kind == TYPE_STRUCT ? t->size
		                           : (uint64_t)o->length * type_bytes(t->field->type);
	}
	return (sizeof *o + (n < 8 ? 8 : n) + 7) & ~(uint64_t)7;
}

/* A copied object says where it went; so none is smaller than 16 bytes. */
enum { FORWARD = 0xfffffd };

static void
visit(void *heap, uint64_t *slot)
{
	struct heap *h = heap;
	uint64_t ref = *slot;
	if (!is_object(ref) || (ref >= h->low && ref < h->high))
		return;
	struct object *o = heap_object(h, ref);
	uint64_t *forward = (uint64_t *)(void *)o->bytes;
	if (o->type == FORWARD) {
		*slot = *forward;
		return;
	}
	uint64_t n = heap_size(o), to = h->top;
	memcpy(heap_object(h, to), o, n);
	h->top += n;
	o->type = FORWARD;
	*forward = to;
	*slot = to;
}

static void
visit_fields(struct heap *h, uint8_t *bytes, const struct type *t)
{
	for (uint32_t i = 0; i < t->nfield; i++)
		if (type_is_ref(t->field[i].type))
			visit(h, (uint64_t *)(void *)(bytes + t->field[i].offset));
}

static void
visit_slots(struct heap *h, uint64_t *slot, const valtype *t, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (type_is_ref(t[i]))
			visit(h, slot);
		slot += type_slots(t[i]);
	}
}

static void
visit_object(struct heap *h, struct object *o)
{
	if (o->type == HEAP_EXCEPTION) {
		uint64_t *slot = (uint64_t *)(void *)o->bytes;
		const struct tag *tag = h->store->tag.p[*slot];
		const struct type *t = type_of(tag->type);
		visit_slots(h, slot + 1, t->param, t->nparam);
		return;
	}
	const struct type *t = type_of(o->type);
	if (t->kind == TYPE_STRUCT) {
		visit_fields(h, o->bytes, t);
	} else if (type_is_ref(t->field->type)) {
		uint64_t *slot = (uint64_t *)(void *)o->bytes;
		for (uint32_t i = 0; i < o->length; i++)
			visit(h, slot + i);
	}
}

static void
visit_roots(struct heap *h)
{
	struct wasm_store *s = h->store;
	for (uint32_t i = 0; i < s->global.n; i++) {
		struct global *g = s->global.p[i];
		if (type_is_ref(g->type))
			visit(h, g->v);
	}
	for (uint32_t i = 0; i < s->table.n; i++) {
		struct table *t = s->table.p[i];
		if (type_top(t->type & T_HEAP) == HEAP_FUNC)
			continue;
		for (uint64_t k = 0; k < t->size; k++)
			visit(h, t->elem + k);
	}
	for (uint32_t i = 0; i < s->instance.n; i++) {
		struct instance *x = s->instance.p[i];
		for (uint32_t k = 0; k < x->module->nelem; k++)
			for (uint32_t j = 0; x->elem[k] && j < x->elem_n[k]; j++)
				visit(h, x->elem[k] + j);
	}
	for (uint32_t i = 0; i < s->thread.n; i++)
		run_roots(s->thread.p[i], visit, h);
	if (h->host_roots)
		h->host_roots(h->host_ctx, visit, h);
}

bool
heap_collect(struct heap *h, uint64_t bytes)
{
	uint64_t old_low = h->low, old_top = h->top;
	h->low = h->low ? 0 : h->max;
	h->high = h->low + h->max;
	h->top = h->low + FIRST;
	uint64_t scan = h->top;
	visit_roots(h);
	while (scan < h->top) {
		struct object *o = heap_object(h, scan);
		visit_object(h, o);
		scan += heap_size(o);
	}
	madvise(h->base + old_low, old_top - old_low, MADV_DONTNEED);
	h->collections++;
	h->live = h->top - h->low;
	uint64_t next = h->live * 2 > STEP ? h->live * 2 : STEP;
	if (next < h->live + bytes + FIRST)
		next = h->live + bytes + FIRST;
	h->limit = next > h->max ? h->high : h->low + next;
	return h->limit - h->top >= bytes;
}

/* While there are several threads nobody knows where the others hold references:
 * nothing is collected, and all that there is may be used. */
static uint64_t
take_among(struct wasm_store *s, uint32_t type, uint32_t length, uint64_t bytes)
{
	uint64_t ref = 0;
	pthread_mutex_lock(&s->lock);
	if (!s->heap)
		s->heap = heap_new(s, NULL);
	struct heap *h = s->heap;
	if (h && bytes <= h->max - FIRST - 32) {
		ref = take(h, type, length, bytes);
		if (!ref) {
			h->limit = h->high;
			ref = take(h, type, length, bytes);
		}
	}
	pthread_mutex_unlock(&s->lock);
	return ref;
}

uint64_t
heap_new_object(struct wasm_store *s, uint32_t type, uint32_t length, uint64_t bytes)
{
	if (__atomic_load_n(&s->thread.n, __ATOMIC_RELAXED) > 1)
		return take_among(s, type, length, bytes);
	if (!s->heap && (s->heap = heap_new(s, NULL)) == NULL)
		return 0;
	struct heap *h = s->heap;
	if (bytes > h->max - FIRST - 32)
		return 0;
	if (harsh_on())
		heap_collect(h, bytes + 32);
	uint64_t ref = take(h, type, length, bytes);
	if (!ref && heap_collect(h, bytes + 32))
		ref = take(h, type, length, bytes);
	return ref;
}

bool
heap_is(const struct wasm_store *s, uint64_t ref, uint32_t heaptype)
{
	/* Validation asks it only of an external reference, and that all may be. */
	if (heaptype == HEAP_EXTERN)
		return true;
	switch (ref & 7) {
	case 0: {
		const struct object *o = heap_object(s->heap, ref);
		return o->type == HEAP_EXCEPTION ? heaptype == HEAP_EXN
		                                 : type_heap_matches(o->type, heaptype);
	}
	case 2: return type_heap_matches(store_func(s, ref)->type, heaptype);
	case 4: return heaptype == HEAP_ANY;
	default: return type_heap_matches(HEAP_I31, heaptype);
	}
}

/* -- out of a snapshot --------------------------------------------------------------------- */

uint64_t
heap_first(const struct heap *h)
{
	return h->low + FIRST;
}

static bool
rename_type(struct object *o, const uint32_t *from, const uint32_t *to, uint32_t n)
{
	if (o->type == HEAP_EXCEPTION)
		return true;
	for (uint32_t i = 0; i < n; i++)
		if (o->type == from[i]) {
			o->type = to[i];
			return type_of(to[i])->kind != TYPE_FUNC;
		}
	return false;
}

bool
heap_adopt(struct heap *h, uint64_t low, uint64_t top, const uint32_t *from, const uint32_t *to,
           uint32_t n)
{
	if ((low != 0 && low != h->max) || top < low + FIRST || top > low + h->max || top & 7)
		return false;
	h->low = low;
	h->high = low + h->max;
	h->top = top;
	h->live = top - low;
	h->limit = h->live * 2 + STEP > h->max ? h->high : low + h->live * 2 + STEP;
	h->starts = xcalloc((top - low) / 512 + 2, sizeof *h->starts);
	for (uint64_t at = heap_first(h), size; at < top; at += size) {
		struct object *o = heap_object(h, at);
		if (top - at < LEAST_OBJECT || !rename_type(o, from, to, n))
			return false;
		size = heap_size(o);
		if (size > top - at)
			return false;
		h->starts[(at - low) / 512] |= (uint64_t)1 << (at - low) / 8 % 64;
	}
	return true;
}

bool
heap_has(const struct heap *h, uint64_t ref)
{
	if (ref < heap_first(h) || ref >= h->top || ref & 7 || !h->starts)
		return false;
	uint64_t at = ref - h->low;
	return h->starts[at / 512] >> at / 8 % 64 & 1;
}

void
heap_settle(struct heap *h)
{
	free(h->starts);
	h->starts = NULL;
}
