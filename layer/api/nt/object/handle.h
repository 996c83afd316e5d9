/* handle.h -- how a handle becomes its object without a lock.
 *
 * An entry of the table is one word: the object's address, a generation, and how many are
 * looking at the object just now.  Looking adds one to the word and takes it away again; who
 * closes the handle meanwhile turns what he finds there into counts of the object, and a
 * looker who finds the word changed gives such a count back.  So a look-up is two atomic
 * operations, needs nothing of the object's memory, and waits for nobody.
 *
 * Memory of events, mutants and semaphores is never used for anything but objects of the same
 * class (sync.c), which their entries say (HANDLE_STABLE): handle_stable() gives such an object
 * without any of that.  A program that closes a handle while it uses it may then hit another
 * object of that class, as with a handle that was given out again; it cannot hit memory.
 */
#ifndef LAYER_API_NT_OBJECT_HANDLE_H
#define LAYER_API_NT_OBJECT_HANDLE_H

#include <stdatomic.h>

#include "layer/api/nt/object/object.h"

enum {
	HANDLE_CHUNK = 1024,
	HANDLE_CHUNKS = 16384,
	HANDLE_INHERIT = 1,
	HANDLE_PROTECT = 2,             /* from being closed */
	/* Places from here on are filled by other processes (handle_gift.h). */
	HANDLE_GIFTS = HANDLE_CHUNK * (HANDLE_CHUNKS - 64),
};

struct handle_entry {
	_Atomic uint64_t word;
	_Atomic uint32_t access;
	_Atomic uint32_t flags;         /* HANDLE_...; of a free one: the next free one */
};

extern struct handle_entry *_Atomic handle_chunk[HANDLE_CHUNKS];

/* the word: 43 bits of address (16-aligned, 47 bits), 8 of generation, HANDLE_STABLE, 12 of lookers */
#define HANDLE_ONE (UINT64_C(1) << 52)
#define HANDLE_ADDRESS ((UINT64_C(1) << 43) - 1)
#define HANDLE_IDENTITY (HANDLE_ONE - 1)
#define HANDLE_STABLE (UINT64_C(1) << 51)
#define HANDLE_GENERATION (HANDLE_STABLE - 1 - HANDLE_ADDRESS)

static inline __attribute__((always_inline)) struct object *
handle_object(uint64_t word)
{
	return (struct object *)((word & HANDLE_ADDRESS) << 4);
}

static inline __attribute__((always_inline)) struct handle_entry *
handle_entry(HANDLE h)
{
	uintptr_t i = (uintptr_t)h >> 2;
	struct handle_entry *c;

	if (i >= (uintptr_t)HANDLE_CHUNK * HANDLE_CHUNKS)
		return NULL;
	c = atomic_load_explicit(&handle_chunk[i / HANDLE_CHUNK], memory_order_acquire);
	return c ? c + i % HANDLE_CHUNK : NULL;
}

/* An object whose memory is stable, and the entry; NULL: no such handle, or another object. */
static inline __attribute__((always_inline)) struct object *
handle_stable(HANDLE h, struct handle_entry **e)
{
	uint64_t w;

	*e = handle_entry(h);
	if (!*e)
		return NULL;
	w = atomic_load_explicit(&(*e)->word, memory_order_acquire);
	return w & HANDLE_STABLE ? handle_object(w) : NULL;
}

/* Look at it: the object is there until handle_return(e, word).  NULL: no such handle. */
static inline __attribute__((always_inline)) struct object *
handle_borrow(HANDLE h, struct handle_entry **e, uint64_t *word)
{
	uint64_t w;

	*e = handle_entry(h);
	if (!*e)
		return NULL;
	w = atomic_load_explicit(&(*e)->word, memory_order_relaxed);
	do {
		if (!handle_object(w))
			return NULL;
	} while (!atomic_compare_exchange_weak_explicit(
	        &(*e)->word, &w, w + HANDLE_ONE, memory_order_acquire, memory_order_relaxed));
	*word = w + HANDLE_ONE;
	return handle_object(w);
}

/* It was closed meanwhile: our look is a count of the object now.  ms_abi, so that a function
 * of the program's convention can call it without saving registers. */
WINAPI void handle_closed(struct object *o);

static inline __attribute__((always_inline)) void
handle_return(struct handle_entry *e, uint64_t word)
{
	uint64_t w = word;

	while (!atomic_compare_exchange_weak_explicit(&e->word, &w, w - HANDLE_ONE,
	                                              memory_order_release, memory_order_relaxed))
		if ((w & HANDLE_IDENTITY) != (word & HANDLE_IDENTITY)) {
			handle_closed(handle_object(word));
			return;
		}
}

#endif
