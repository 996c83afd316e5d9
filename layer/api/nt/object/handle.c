/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "layer/api/nt/object/handle.h"
#include "layer/api/nt/object/handle_gift.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/process/process.h"
#include "layer/api/nt/status.h"
#include "layer/api/nt/thread/thread.h"

/* A place is used again only when so many others are free: a stale handle is found out. */
enum { SPARE = 32 };

struct handle_entry *_Atomic handle_chunk[HANDLE_CHUNKS];

static _Atomic uint32_t table_lock;
static uint32_t top = 1;                      /* never used from here on */
static uint32_t gifts_top = HANDLE_GIFTS;     /* no gift was taken from here on */
static uint32_t free_first, free_last, nfree; /* a queue; 0 is none */

static struct handle_entry *
entry_at(uint32_t i)
{
	struct handle_entry *c =
	        atomic_load_explicit(&handle_chunk[i / HANDLE_CHUNK], memory_order_acquire);

	if (!c) {
		c = calloc(HANDLE_CHUNK, sizeof *c);
		if (!c)
			return NULL;
		atomic_store_explicit(&handle_chunk[i / HANDLE_CHUNK], c, memory_order_release);
	}
	return c + i % HANDLE_CHUNK;
}

static void
put_free(uint32_t i)
{
	struct handle_entry *e = entry_at(i);

	e->flags = 0;
	if (free_last)
		entry_at(free_last)->flags = i;
	else
		free_first = i;
	free_last = i;
	nfree++;
}

static uint32_t
take_free(void)
{
	uint32_t i = free_first;

	free_first = entry_at(i)->flags;
	if (!free_first)
		free_last = 0;
	nfree--;
	return i;
}

/* It is counted before anybody can find it. */
static void
fill(struct handle_entry *e, struct object *o, ACCESS_MASK access, bool inherit)
{
	uint64_t w = atomic_load_explicit(&e->word, memory_order_relaxed);

	atomic_fetch_add(&o->handles, 1);
	atomic_store_explicit(&e->access, access, memory_order_relaxed);
	atomic_store_explicit(&e->flags, inherit ? HANDLE_INHERIT : 0, memory_order_relaxed);
	atomic_store_explicit(&e->word,
	                      (w & HANDLE_GENERATION) | (uintptr_t)o >> 4 |
	                              (o->stable ? HANDLE_STABLE : 0),
	                      memory_order_release);
}

HANDLE
handle_new(struct object *o, ACCESS_MASK access, bool inherit)
{
	struct handle_entry *e = NULL;
	uint32_t i = 0;

	steady_lock(&table_lock);
	if (nfree > SPARE || (top == (uint32_t)HANDLE_GIFTS && nfree))
		i = take_free();
	else if (top < (uint32_t)HANDLE_GIFTS && entry_at(top))
		i = top++;
	if (i) {
		e = entry_at(i);
		fill(e, o, access, inherit);
	}
	steady_unlock(&table_lock);
	if (!e) {
		object_unref(o);
		return NULL;
	}
	return (HANDLE)((uintptr_t)i * 4);
}

/* Take place i out of the queue of free ones, or raise top above it. */
static bool
claim(uint32_t i)
{
	uint32_t before = 0;

	while (top <= i) {
		if (!entry_at(top))
			return false;
		put_free(top++);
	}
	for (uint32_t at = free_first; at; before = at, at = entry_at(at)->flags) {
		if (at != i)
			continue;
		if (before)
			entry_at(before)->flags = entry_at(at)->flags;
		else
			free_first = entry_at(at)->flags;
		if (free_last == at)
			free_last = before;
		nfree--;
		return true;
	}
	return false;
}

NTSTATUS
handle_put(HANDLE h, struct object *o, ACCESS_MASK access, bool inherit)
{
	uintptr_t i = (uintptr_t)h >> 2;
	bool done = false;

	steady_lock(&table_lock);
	/* a child's child may inherit what was a gift */
	if (i >= HANDLE_GIFTS && i < (uintptr_t)HANDLE_CHUNK * HANDLE_CHUNKS) {
		struct handle_entry *e = entry_at((uint32_t)i);

		if (e && !handle_object(atomic_load(&e->word))) {
			fill(e, o, access, inherit);
			if (gifts_top <= i)
				gifts_top = (uint32_t)i + 1;
			done = true;
		}
	} else if (i && i < HANDLE_GIFTS && claim((uint32_t)i)) {
		fill(entry_at((uint32_t)i), o, access, inherit);
		done = true;
	}
	steady_unlock(&table_lock);
	if (done)
		return STATUS_SUCCESS;
	object_unref(o);
	return STATUS_INVALID_HANDLE;
}

WINAPI void
handle_closed(struct object *o)
{
	object_unref(o);
}

NTSTATUS
handle_get(HANDLE h, const struct object_class *class, struct object **out)
{
	struct handle_entry *e;
	struct object *o;
	uint64_t word;

	if (h == (HANDLE)-1)
		o = object_ref(&process_self()->object);
	else if (h == (HANDLE)-2)
		o = object_ref(&thread_self()->object);
	else {
		o = handle_borrow(h, &e, &word);
		if (!o && handle_gift_take(h))
			o = handle_borrow(h, &e, &word);
		if (!o)
			return STATUS_INVALID_HANDLE;
		object_ref(o);
		handle_return(e, word);
	}
	if (class && o->class != class) {
		object_unref(o);
		return STATUS_OBJECT_TYPE_MISMATCH;
	}
	*out = o;
	return STATUS_SUCCESS;
}

/* The entry becomes empty, of another generation; whoever looks at the object has a count. */
static struct object *
empty(struct handle_entry *e, uint64_t w)
{
	uint64_t next = (w + HANDLE_ADDRESS + 1) & HANDLE_GENERATION;
	struct object *o = handle_object(w);
	uint32_t lookers;

	if (w < HANDLE_ONE && atomic_compare_exchange_strong(&e->word, &w, next))
		return o;
	/* They may give their counts back before we have added them: have enough there. */
	atomic_fetch_add(&o->refs, 4096);
	while (!atomic_compare_exchange_weak(&e->word, &w, next))
		;
	lookers = (uint32_t)(w >> 52);
	atomic_fetch_sub(&o->refs, 4096 - lookers);
	return o;
}

NTSTATUS
handle_close(HANDLE h)
{
	struct handle_entry *e;
	struct object *o;
	uint64_t w;

	if (h == (HANDLE)-1 || h == (HANDLE)-2)
		return STATUS_SUCCESS;
	handle_gift_take(h);
	e = handle_entry(h);
	if (!e)
		return STATUS_INVALID_HANDLE;
	steady_lock(&table_lock);
	w = atomic_load(&e->word);
	if (!handle_object(w) || (atomic_load(&e->flags) & HANDLE_PROTECT)) {
		steady_unlock(&table_lock);
		return handle_object(w) ? STATUS_HANDLE_NOT_CLOSABLE : STATUS_INVALID_HANDLE;
	}
	o = empty(e, w);
	if ((uintptr_t)h >> 2 < HANDLE_GIFTS)
		put_free((uint32_t)((uintptr_t)h >> 2));
	steady_unlock(&table_lock);
	object_close(o);
	return STATUS_SUCCESS;
}

NTSTATUS
handle_flags(HANDLE h, ACCESS_MASK *access, bool *inherit)
{
	bool pseudo = h == (HANDLE)-1 || h == (HANDLE)-2;
	struct handle_entry *e;

	if (!pseudo)
		handle_gift_take(h);
	e = handle_entry(h);

	if (!pseudo && (!e || !handle_object(atomic_load_explicit(&e->word, memory_order_acquire))))
		return STATUS_INVALID_HANDLE;
	if (access)
		*access = pseudo ? 0x1fffff : atomic_load(&e->access);
	if (inherit)
		*inherit = !pseudo && (atomic_load(&e->flags) & HANDLE_INHERIT);
	return STATUS_SUCCESS;
}

static NTSTATUS
set_flag(HANDLE h, uint32_t flag, bool on)
{
	struct handle_entry *e;
	NTSTATUS s = STATUS_INVALID_HANDLE;

	handle_gift_take(h);
	e = handle_entry(h);
	if (!e)
		return s;
	steady_lock(&table_lock);
	if (handle_object(atomic_load(&e->word))) {
		if (on)
			atomic_fetch_or(&e->flags, flag);
		else
			atomic_fetch_and(&e->flags, ~flag);
		s = STATUS_SUCCESS;
	}
	steady_unlock(&table_lock);
	return s;
}

NTSTATUS
handle_inherit(HANDLE h, bool inherit) { return set_flag(h, HANDLE_INHERIT, inherit); }

NTSTATUS
handle_protect(HANDLE h, bool protect) { return set_flag(h, HANDLE_PROTECT, protect); }

bool
handle_protected(HANDLE h)
{
	struct handle_entry *e = handle_entry(h);

	return e && (atomic_load(&e->flags) & HANDLE_PROTECT);
}

void
handle_each(bool (*f)(void *ctx, HANDLE h, struct object *o, ACCESS_MASK a, bool inherit),
            void *ctx)
{
	for (uint32_t i = 1; i < gifts_top; i++) {
		if (i == top)
			i = HANDLE_GIFTS;
		if (i == gifts_top)
			return;
		HANDLE h = (HANDLE)((uintptr_t)i * 4);
		struct handle_entry *e;
		struct object *o;
		uint64_t word;
		bool go;

		o = handle_borrow(h, &e, &word);
		if (!o)
			continue;
		go = !(atomic_load(&e->flags) & HANDLE_INHERIT) ||
		     f(ctx, h, o, atomic_load(&e->access), true);
		handle_return(e, word);
		if (!go)
			return;
	}
}

uint32_t
handle_count(void)
{
	uint32_t n;

	steady_lock(&table_lock);
	n = top - 1 - nfree;
	steady_unlock(&table_lock);
	return n;
}
