/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/mem/movable.h"

#include <pthread.h>
#include <stdlib.h>

#include "layer/api/nt/mem/heap.h"

enum { ENTRY = 0x45564f4d, MOST_LOCKS = 255, SLAB = 256, ERROR_NOT_LOCKED = 158 };

struct entry {
	uint32_t magic;
	uint8_t locks;
	bool discardable;
	/* the handle is this field's address: 8 above a multiple of 16 */
	void *block; /* own; NULL: discarded */
	struct entry *next, *prev;
};

_Static_assert(offsetof(struct entry, block) == 8, "handles are told from blocks by it");

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct entry *used, *unused; /* under mutex */

/* Under the mutex; NULL: h is no handle of movable memory. */
static struct entry *
entry_of(HANDLE h)
{
	if ((uintptr_t)h % 16 != 8)
		return NULL;
	struct entry *e = (struct entry *)((char *)h - offsetof(struct entry, block));
	return e->magic == ENTRY ? e : NULL;
}

static bool
is_block(const void *p)
{
	return (uintptr_t)p % 16 == 0 && heap_size(heap_process(), 0, p) != SIZE_MAX;
}

static DWORD
entry_new(struct entry **out)
{
	if (!unused) {
		struct entry *slab = aligned_alloc(16, SLAB * sizeof *slab);
		if (!slab)
			return ERROR_NOT_ENOUGH_MEMORY;
		for (size_t i = 0; i < SLAB; i++) {
			slab[i].magic = 0;
			slab[i].next = unused;
			unused = slab + i;
		}
	}
	struct entry *e = unused;
	unused = e->next;
	*e = (struct entry){ .magic = ENTRY, .next = used };
	if (used)
		used->prev = e;
	used = e;
	*out = e;
	return 0;
}

static void
entry_free(struct entry *e)
{
	if (e->prev)
		e->prev->next = e->next;
	else
		used = e->next;
	if (e->next)
		e->next->prev = e->prev;
	*e = (struct entry){ .next = unused };
	unused = e;
}

DWORD
movable_alloc(UINT flags, SIZE_T n, HANDLE *out)
{
	DWORD zero = flags & GMEM_ZEROINIT ? HEAP_ZERO_MEMORY : 0;
	*out = NULL;
	if (!(flags & GMEM_MOVEABLE))
		return (*out = heap_alloc(heap_process(), zero, n)) ? 0 : ERROR_NOT_ENOUGH_MEMORY;
	/* Movable memory of no bytes is discarded from the start. */
	void *block = n ? heap_alloc(heap_process(), zero, n) : NULL;
	if (n && !block)
		return ERROR_NOT_ENOUGH_MEMORY;
	struct entry *e;
	pthread_mutex_lock(&mutex);
	DWORD error = entry_new(&e);
	if (!error) {
		e->block = block;
		e->discardable = flags & GMEM_DISCARDABLE;
		*out = &e->block;
	}
	pthread_mutex_unlock(&mutex);
	if (error)
		heap_free(heap_process(), 0, block);
	return error;
}

/* Under the mutex. */
static DWORD
resize(struct entry *e, SIZE_T n, DWORD zero)
{
	if (!n) { /* discard */
		if (e->locks)
			return ERROR_INVALID_PARAMETER;
		heap_free(heap_process(), 0, e->block);
		e->block = NULL;
		return 0;
	}
	DWORD how = zero | (e->locks ? HEAP_REALLOC_IN_PLACE_ONLY : 0);
	void *p = e->block ? heap_realloc(heap_process(), how, e->block, n)
	                   : heap_alloc(heap_process(), zero, n);
	if (!p)
		return ERROR_NOT_ENOUGH_MEMORY;
	e->block = p;
	return 0;
}

DWORD
movable_realloc(HANDLE h, SIZE_T n, UINT flags, HANDLE *out)
{
	DWORD error = 0, zero = flags & GMEM_ZEROINIT ? HEAP_ZERO_MEMORY : 0;
	*out = NULL;
	pthread_mutex_lock(&mutex);
	struct entry *e = entry_of(h);
	if (e) {
		if (flags & GMEM_MODIFY)
			e->discardable = flags & GMEM_DISCARDABLE;
		else
			error = resize(e, n, zero);
		*out = error ? NULL : h;
	} else if (!is_block(h)) {
		error = ERROR_INVALID_HANDLE;
	} else if (flags & GMEM_MODIFY) {
		/* fixed memory may become movable */
		struct entry *new;
		*out = h;
		if (flags & GMEM_MOVEABLE && !(error = entry_new(&new))) {
			new->block = h;
			*out = &new->block;
		}
	} else {
		/* Fixed memory stays where it is unless it is allowed to move. */
		DWORD how = zero | (flags & GMEM_MOVEABLE ? 0 : HEAP_REALLOC_IN_PLACE_ONLY);
		*out = heap_realloc(heap_process(), how, h, n);
		error = *out ? 0 : ERROR_NOT_ENOUGH_MEMORY;
	}
	pthread_mutex_unlock(&mutex);
	return error;
}

DWORD
movable_free(HANDLE h)
{
	if (!h)
		return 0;
	if ((uintptr_t)h % 16 == 0)
		return heap_free(heap_process(), 0, h) ? 0 : ERROR_INVALID_HANDLE;
	pthread_mutex_lock(&mutex);
	struct entry *e = entry_of(h);
	void *block = e ? e->block : NULL;
	if (e)
		entry_free(e);
	pthread_mutex_unlock(&mutex);
	heap_free(heap_process(), 0, block);
	return e ? 0 : ERROR_INVALID_HANDLE;
}

DWORD
movable_lock(HANDLE h, void **out)
{
	if ((uintptr_t)h % 16 == 0) {
		*out = h && is_block(h) ? h : NULL;
		return *out ? 0 : ERROR_INVALID_HANDLE;
	}
	pthread_mutex_lock(&mutex);
	struct entry *e = entry_of(h);
	*out = e ? e->block : NULL;
	if (*out && e->locks < MOST_LOCKS)
		e->locks++;
	pthread_mutex_unlock(&mutex);
	return *out ? 0 : e ? 157 : ERROR_INVALID_HANDLE; /* ERROR_DISCARDED */
}

bool
movable_unlock(HANDLE h, DWORD *error)
{
	*error = 0;
	if ((uintptr_t)h % 16 == 0) {
		/* fixed memory is locked always */
		if (!h || !is_block(h))
			*error = ERROR_INVALID_HANDLE;
		return !*error;
	}
	pthread_mutex_lock(&mutex);
	struct entry *e = entry_of(h);
	bool more = false;
	if (!e)
		*error = ERROR_INVALID_HANDLE;
	else if (!e->locks)
		*error = ERROR_NOT_LOCKED;
	else
		more = --e->locks;
	pthread_mutex_unlock(&mutex);
	return more;
}

DWORD
movable_size(HANDLE h, SIZE_T *out)
{
	*out = 0;
	if ((uintptr_t)h % 16 == 0) {
		SIZE_T n = heap_size(heap_process(), 0, h);
		if (n == SIZE_MAX)
			return ERROR_INVALID_HANDLE;
		*out = n;
		return 0;
	}
	pthread_mutex_lock(&mutex);
	struct entry *e = entry_of(h);
	if (e && e->block)
		*out = heap_size(heap_process(), 0, e->block);
	pthread_mutex_unlock(&mutex);
	return e ? 0 : ERROR_INVALID_HANDLE;
}

UINT
movable_flags(HANDLE h)
{
	if ((uintptr_t)h % 16 == 0)
		return h && is_block(h) ? 0 : GMEM_INVALID_HANDLE;
	pthread_mutex_lock(&mutex);
	struct entry *e = entry_of(h);
	UINT f = e ? e->locks | (e->discardable ? GMEM_DISCARDABLE : 0u) |
	                         (e->block ? 0 : GMEM_DISCARDED)
	           : GMEM_INVALID_HANDLE;
	pthread_mutex_unlock(&mutex);
	return f;
}

DWORD
movable_handle(const void *p, HANDLE *out)
{
	*out = NULL;
	pthread_mutex_lock(&mutex);
	for (struct entry *e = used; e && !*out; e = e->next) {
		if (e->block == p || &e->block == (void *const *)p)
			*out = &e->block;
	}
	pthread_mutex_unlock(&mutex);
	if (!*out && p && is_block(p))
		*out = (HANDLE)p;
	return *out ? 0 : ERROR_INVALID_HANDLE;
}
