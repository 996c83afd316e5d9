/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/mem/heap.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/except/except.h"
#include "layer/api/nt/mem/vm.h"

enum {
	BLOCK = 0x4b4c4248, /* "HBLK": a block in use */
	FREED = 0x44454546,
	HEAP = 0x50414548,
	MOST = 4096, /* heaps */
	PAGE = 4096,
	EXECUTABLE = 1, /* block.bits: pages of its own */
};

/* In front of each block; 16 bytes, so that the alignment stays. */
struct block {
	uint64_t size;
	uint32_t magic;
	uint16_t heap; /* its number; 0: the process' */
	uint16_t bits;
};

/* In front of that in heaps that the program made. */
struct link {
	struct link *prev, *next;
};

struct heap {
	uint32_t magic;
	uint16_t number;
	DWORD flags;
	SIZE_T maximum;        /* 0: it grows */
	pthread_mutex_t mutex; /* recursive: HeapLock is */
	/* under mutex */
	struct link blocks; /* a ring */
	SIZE_T used;
};

static struct heap process = {
	.magic = HEAP,
	.mutex = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP,
	.blocks = { &process.blocks, &process.blocks },
};
static pthread_mutex_t all_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct heap *all[MOST] = { &process }; /* under all_mutex; read without it */

HANDLE
heap_process(void) { return &process; }

static struct heap *
heap_of(HANDLE h)
{
	struct heap *p = h;
	if (p == &process)
		return p;
	return p && p->magic == HEAP ? p : NULL;
}

static struct block *
block_of(const struct heap *h, const void *p)
{
	if (!h || !p || (uintptr_t)p % 16)
		return NULL;
	struct block *b = (struct block *)p - 1;
	return b->magic == BLOCK && b->heap == h->number ? b : NULL;
}

static struct link *
link_of(struct block *b)
{
	return (struct link *)b - 1;
}

HANDLE
heap_create(DWORD flags, SIZE_T initial, SIZE_T maximum)
{
	if (maximum && initial > maximum)
		return NULL;
	struct heap *h = calloc(1, sizeof *h);
	if (!h)
		return NULL;
	pthread_mutexattr_t a;
	pthread_mutexattr_init(&a);
	pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&h->mutex, &a);
	pthread_mutexattr_destroy(&a);
	h->magic = HEAP;
	h->flags = flags;
	h->maximum = maximum ? (maximum + PAGE - 1) & ~(SIZE_T)(PAGE - 1) : 0;
	h->blocks.prev = h->blocks.next = &h->blocks;
	pthread_mutex_lock(&all_mutex);
	for (uint16_t i = 1; i < MOST && !h->number; i++) {
		if (all[i])
			continue;
		all[i] = h;
		h->number = i;
	}
	pthread_mutex_unlock(&all_mutex);
	if (h->number)
		return h;
	pthread_mutex_destroy(&h->mutex);
	free(h);
	return NULL;
}

/* The memory of a block, with what stands in front of it. */
static void
give_back(struct heap *h, struct block *b)
{
	b->magic = FREED;
	void *p = h == &process ? (void *)b : (void *)link_of(b);
	if (b->bits & EXECUTABLE) {
		SIZE_T size = 0;
		vm_free(&p, &size, MEM_RELEASE);
	} else {
		free(p);
	}
}

bool
heap_destroy(HANDLE heap)
{
	struct heap *h = heap_of(heap);
	if (!h || h == &process)
		return false;
	pthread_mutex_lock(&all_mutex);
	all[h->number] = NULL;
	pthread_mutex_unlock(&all_mutex);
	for (struct link *l = h->blocks.next, *next; l != &h->blocks; l = next) {
		next = l->next;
		give_back(h, (struct block *)(l + 1));
	}
	h->magic = FREED;
	pthread_mutex_destroy(&h->mutex);
	free(h);
	return true;
}

ULONG
heap_all(ULONG n, HANDLE *list)
{
	ULONG count = 0;
	pthread_mutex_lock(&all_mutex);
	for (size_t i = 0; i < MOST; i++) {
		if (!all[i])
			continue;
		if (count < n)
			list[count] = all[i];
		count++;
	}
	pthread_mutex_unlock(&all_mutex);
	return count;
}

static void
enter(struct heap *h, DWORD flags)
{
	if (!((h->flags | flags) & HEAP_NO_SERIALIZE))
		pthread_mutex_lock(&h->mutex);
}

static void
leave(struct heap *h, DWORD flags)
{
	if (!((h->flags | flags) & HEAP_NO_SERIALIZE))
		pthread_mutex_unlock(&h->mutex);
}

static __attribute__((noinline)) void *
no_memory(const struct heap *h, DWORD flags)
{
	if ((h->flags | flags) & HEAP_GENERATE_EXCEPTIONS)
		except_raise((DWORD)STATUS_NO_MEMORY, 0, 0, NULL);
	return NULL;
}

/* A block of a heap that the program made. */
static void *
alloc_private(struct heap *h, DWORD flags, SIZE_T n)
{
	SIZE_T whole = n + sizeof(struct block) + sizeof(struct link);
	bool executable = h->flags & HEAP_CREATE_ENABLE_EXECUTE;
	void *memory = NULL;
	/* HeapCreate: a heap that does not grow holds no block of 0x7fff8 bytes or more. */
	if (whole < n || (h->maximum && n >= 0x7fff8))
		return no_memory(h, flags);
	enter(h, flags);
	if (h->maximum && (whole > h->maximum || h->used > h->maximum - whole)) {
		/* no room */
	} else if (executable) {
		SIZE_T size = whole;
		if (vm_alloc(&memory, &size, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE,
		             NULL) < 0)
			memory = NULL;
	} else {
		memory = (h->flags | flags) & HEAP_ZERO_MEMORY ? calloc(1, whole) : malloc(whole);
	}
	if (memory) {
		struct link *l = memory;
		l->next = &h->blocks;
		l->prev = h->blocks.prev;
		l->prev->next = l->next->prev = l;
		h->used += whole;
	}
	leave(h, flags);
	if (!memory)
		return no_memory(h, flags);
	struct block *b = (struct block *)((struct link *)memory + 1);
	*b = (struct block){ n, BLOCK, h->number, executable ? EXECUTABLE : 0 };
	return b + 1;
}

void *
heap_alloc(HANDLE heap, DWORD flags, SIZE_T n)
{
	struct heap *h = heap_of(heap);
	if (__builtin_expect(h != &process, 0))
		return h ? alloc_private(h, flags, n) : NULL;
	if (n > (SIZE_T)PTRDIFF_MAX - sizeof(struct block))
		return no_memory(h, flags);
	struct block *b =
	        flags & HEAP_ZERO_MEMORY ? calloc(1, n + sizeof *b) : malloc(n + sizeof *b);
	if (__builtin_expect(!b, 0))
		return no_memory(h, flags);
	*b = (struct block){ n, BLOCK, 0, 0 };
	return b + 1;
}

bool
heap_end(HANDLE heap, DWORD flags, void *p)
{
	if (!p)
		return true;
	struct heap *h = heap_of(heap);
	struct block *b = block_of(h, p);
	if (!b)
		return false;
	if (__builtin_expect(h == &process, 1)) {
		b->magic = FREED;
		free(b);
		return true;
	}
	enter(h, flags);
	struct link *l = link_of(b);
	l->prev->next = l->next;
	l->next->prev = l->prev;
	h->used -= b->size + sizeof *b + sizeof *l;
	give_back(h, b);
	leave(h, flags);
	return true;
}

/* Larger or smaller where it stands, by what the allocator gave. */
static bool
in_place(struct heap *h, struct block *b, SIZE_T n)
{
	void *base = h == &process ? (void *)b : (void *)link_of(b);
	size_t front = (size_t)((char *)(b + 1) - (char *)base);
	size_t room = b->bits & EXECUTABLE ? ((b->size + front + PAGE - 1) & ~(size_t)(PAGE - 1))
	                                   : malloc_usable_size(base);
	return n <= room - front;
}

void *
heap_realloc(HANDLE heap, DWORD flags, void *p, SIZE_T n)
{
	struct heap *h = heap_of(heap);
	struct block *b = block_of(h, p);
	if (!b)
		return NULL;
	SIZE_T old = b->size;
	bool zero = (h->flags | flags) & HEAP_ZERO_MEMORY;
	if (flags & HEAP_REALLOC_IN_PLACE_ONLY || h != &process || b->bits) {
		if (in_place(h, b, n)) {
			enter(h, flags);
			h->used += n - old;
			b->size = n;
			leave(h, flags);
			if (zero && n > old)
				memset((char *)p + old, 0, n - old);
			return p;
		}
		if (flags & HEAP_REALLOC_IN_PLACE_ONLY)
			return no_memory(h, flags);
		void *new = heap_alloc(heap, flags, n);
		if (!new)
			return NULL;
		memcpy(new, p, old < n ? old : n);
		heap_end(heap, flags, p);
		return new;
	}
	if (n > (SIZE_T)PTRDIFF_MAX - sizeof *b)
		return no_memory(h, flags);
	b = realloc(b, n + sizeof *b);
	if (!b)
		return no_memory(h, flags);
	b->size = n;
	if (zero && n > old)
		memset((char *)(b + 1) + old, 0, n - old);
	return b + 1;
}

SIZE_T
heap_length(HANDLE heap, DWORD flags, const void *p)
{
	(void)flags;
	const struct block *b = block_of(heap_of(heap), p);
	return b ? b->size : SIZE_MAX;
}

bool
heap_valid(HANDLE heap, DWORD flags, const void *p)
{
	struct heap *h = heap_of(heap);
	if (!h)
		return false;
	if (p)
		return block_of(h, p) != NULL;
	bool good = true;
	enter(h, flags);
	for (struct link *l = h->blocks.next; good && l != &h->blocks; l = l->next)
		good = l->next->prev == l && block_of(h, (struct block *)(l + 1) + 1);
	leave(h, flags);
	return good;
}

bool
heap_lock(HANDLE heap)
{
	struct heap *h = heap_of(heap);
	if (!h || h->flags & HEAP_NO_SERIALIZE)
		return false;
	pthread_mutex_lock(&h->mutex);
	return true;
}

bool
heap_unlock(HANDLE heap)
{
	struct heap *h = heap_of(heap);
	return h && !(h->flags & HEAP_NO_SERIALIZE) && !pthread_mutex_unlock(&h->mutex);
}

NTSTATUS
heap_walk(HANDLE heap, struct PROCESS_HEAP_ENTRY *e)
{
	struct heap *h = heap_of(heap);
	if (!h)
		return STATUS_INVALID_HANDLE;
	struct link *l = h->blocks.next;
	if (e->lpData && h == &process) /* its blocks are in no list: it has none to show */
		return STATUS_NO_MORE_ENTRIES;
	if (e->lpData) {
		struct block *b = block_of(h, e->lpData);
		if (!b)
			return STATUS_INVALID_PARAMETER;
		l = link_of(b)->next;
	}
	if (l == &h->blocks)
		return STATUS_NO_MORE_ENTRIES;
	struct block *b = (struct block *)(l + 1);
	memset(e, 0, sizeof *e);
	e->lpData = b + 1;
	e->cbData = b->size > UINT32_MAX ? UINT32_MAX : (DWORD)b->size;
	e->cbOverhead = sizeof *b + sizeof *l;
	e->wFlags = 4; /* PROCESS_HEAP_ENTRY_BUSY */
	return STATUS_SUCCESS;
}

SIZE_T
heap_compact(HANDLE heap)
{
	struct heap *h = heap_of(heap);
	if (!h)
		return 0;
	malloc_trim(0);
	struct mallinfo2 m = mallinfo2();
	SIZE_T room = h->maximum ? h->maximum - h->used : m.fordblks;
	return room ? room : PAGE;
}
