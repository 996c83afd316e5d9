/* heap.h -- the heaps of the program: the C library's allocator behind a small header.
 *
 * A block remembers its exact size, its heap and that it is a block at all, so that a wild
 * pointer is refused instead of freed.  The process' heap takes no lock of its own; a heap that
 * the program makes keeps its blocks in a list, so that destroying it frees all of them.
 * Blocks are aligned to 16 bytes.
 */
#ifndef LAYER_API_NT_MEM_HEAP_H
#define LAYER_API_NT_MEM_HEAP_H

#include "layer/api/nt/status.h"
#include "layer/api/nt/types.h"

enum {
	HEAP_NO_SERIALIZE = 1,
	HEAP_GENERATE_EXCEPTIONS = 4,
	HEAP_ZERO_MEMORY = 8,
	HEAP_REALLOC_IN_PLACE_ONLY = 0x10,
	HEAP_CREATE_ENABLE_EXECUTE = 0x40000,
};

struct PROCESS_HEAP_ENTRY {
	void *lpData;
	DWORD cbData;
	BYTE cbOverhead, iRegionIndex;
	WORD wFlags;
	union {
		struct {
			HANDLE hMem;
			DWORD dwReserved[3];
		} Block;
		struct {
			DWORD dwCommittedSize, dwUnCommittedSize;
			void *lpFirstBlock, *lpLastBlock;
		} Region;
	};
};

HANDLE heap_process(void); /* the process' heap: always there */
/* maximum 0: it grows.  NULL: no memory. */
HANDLE heap_create(DWORD flags, SIZE_T initial, SIZE_T maximum);
bool heap_destroy(HANDLE heap); /* false: it is the process' one, or none */
/* Up to n heaps into list; how many there are. */
ULONG heap_all(ULONG n, HANDLE *list);

void *heap_alloc(HANDLE heap, DWORD flags, SIZE_T n);            /* NULL: no memory, or no heap */
void *heap_realloc(HANDLE heap, DWORD flags, void *p, SIZE_T n); /* NULL: p is as before */
bool heap_end(HANDLE heap, DWORD flags, void *p); /* false: no block of this heap; NULL is true */
SIZE_T heap_length(HANDLE heap, DWORD flags, const void *p); /* SIZE_MAX: no block of this heap */
bool heap_valid(HANDLE heap, DWORD flags, const void *p);    /* p NULL: all of it */
bool heap_lock(HANDLE heap);
bool heap_unlock(HANDLE heap);
/* The next block behind e->lpData (NULL: the first). STATUS_NO_MORE_ENTRIES at the end. */
NTSTATUS heap_walk(HANDLE heap, struct PROCESS_HEAP_ENTRY *e);
SIZE_T heap_compact(HANDLE heap); /* gives back what is free; the largest free block */

/* Their names in layer/lang are those of another heap. */
static inline bool
heap_free(HANDLE heap, DWORD flags, void *p)
{
	return heap_end(heap, flags, p);
}

static inline SIZE_T
heap_size(HANDLE heap, DWORD flags, const void *p)
{
	return heap_length(heap, flags, p);
}

#endif
