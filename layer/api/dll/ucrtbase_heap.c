/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"
#include "layer/api/nt/mem/heap.h"

#include <string.h>

WINAPI void *
ucrtbase_malloc(size_t n)
{
	void *p = heap_alloc(heap_process(), 0, n ? n : 1);
	return p ? p : crt_alloc(n);
}

WINAPI void *
ucrtbase_calloc(size_t n, size_t size)
{
	size_t all;
	if (__builtin_mul_overflow(n, size, &all)) {
		crt_error(ENOMEM);
		return NULL;
	}
	return crt_zalloc(all);
}

WINAPI void *
ucrtbase_realloc(void *p, size_t n)
{
	return crt_realloc(p, n);
}

WINAPI void
ucrtbase_free(void *p)
{
	crt_free(p);
}

WINAPI size_t
ucrtbase__msize(void *p)
{
	if (!p) {
		crt_invalid(EINVAL);
		return (size_t)-1;
	}
	return heap_size(heap_process(), 0, p);
}

WINAPI void *
ucrtbase__recalloc(void *p, size_t n, size_t size)
{
	size_t all, old = p ? heap_size(heap_process(), 0, p) : 0;
	if (__builtin_mul_overflow(n, size, &all)) {
		crt_error(ENOMEM);
		return NULL;
	}
	char *q = crt_realloc(p, all);
	if (q && all > old)
		memset(q + old, 0, all - old);
	return q;
}

WINAPI void *
ucrtbase__expand(void *p, size_t n)
{
	if (!p) {
		crt_invalid(EINVAL);
		return NULL;
	}
	return heap_realloc(heap_process(), HEAP_REALLOC_IN_PLACE_ONLY, p, n);
}

/* -- aligned: the block's true start stands just before it ---------------------- */

static void *
aligned(size_t n, size_t align, size_t offset)
{
	char *block;
	if (align == 0 || align & (align - 1) || (offset && offset >= n)) {
		crt_invalid(EINVAL);
		return NULL;
	}
	if (align < sizeof(void *))
		align = sizeof(void *);
	if (n > SIZE_MAX - align - sizeof(void *) - offset ||
	    !(block = crt_alloc(n + align + 2 * sizeof(void *)))) {
		crt_error(ENOMEM);
		return NULL;
	}
	uintptr_t p = ((uintptr_t)block + sizeof(void *) + offset + align - 1) & ~(align - 1);
	if (p - offset - sizeof(void *) < (uintptr_t)block)
		p += align;
	p -= offset;
	memcpy((char *)((p & ~(uintptr_t)7) - sizeof(void *)), &block, sizeof block);
	return (void *)p;
}

static char *
aligned_block(const void *p)
{
	char *block;
	memcpy(&block, (char *)(((uintptr_t)p & ~(uintptr_t)7) - sizeof(void *)), sizeof block);
	return block;
}

static size_t
aligned_size(const void *p)
{
	char *block = aligned_block(p);
	return heap_size(heap_process(), 0, block) - (size_t)((const char *)p - block);
}

static void *
aligned_again(void *p, size_t n, size_t align, size_t offset, bool zero)
{
	char *q;
	size_t old;
	if (!p) {
		q = aligned(n, align, offset);
		if (q && zero)
			memset(q, 0, n);
		return q;
	}
	if (n == 0) {
		crt_free(aligned_block(p));
		return NULL;
	}
	q = aligned(n, align, offset);
	if (!q)
		return NULL;
	old = aligned_size(p);
	memcpy(q, p, old < n ? old : n);
	if (zero && n > old)
		memset(q + old, 0, n - old);
	crt_free(aligned_block(p));
	return q;
}

WINAPI void *
ucrtbase__aligned_malloc(size_t n, size_t align)
{
	return aligned(n, align, 0);
}

WINAPI void *
ucrtbase__aligned_offset_malloc(size_t n, size_t align, size_t offset)
{
	return aligned(n, align, offset);
}

WINAPI void *
ucrtbase__aligned_realloc(void *p, size_t n, size_t align)
{
	return aligned_again(p, n, align, 0, false);
}

WINAPI void *
ucrtbase__aligned_offset_realloc(void *p, size_t n, size_t align, size_t offset)
{
	return aligned_again(p, n, align, offset, false);
}

WINAPI void *
ucrtbase__aligned_recalloc(void *p, size_t n, size_t size, size_t align)
{
	size_t all;
	if (__builtin_mul_overflow(n, size, &all)) {
		crt_error(ENOMEM);
		return NULL;
	}
	return aligned_again(p, all, align, 0, true);
}

WINAPI void *
ucrtbase__aligned_offset_recalloc(void *p, size_t n, size_t size, size_t align, size_t offset)
{
	size_t all;
	if (__builtin_mul_overflow(n, size, &all)) {
		crt_error(ENOMEM);
		return NULL;
	}
	return aligned_again(p, all, align, offset, true);
}

WINAPI size_t
ucrtbase__aligned_msize(void *p, size_t align, size_t offset)
{
	(void)align;
	(void)offset;
	if (!p) {
		crt_invalid(EINVAL);
		return (size_t)-1;
	}
	return aligned_size(p);
}

WINAPI void
ucrtbase__aligned_free(void *p)
{
	if (p)
		crt_free(aligned_block(p));
}

/* -- the heap as a whole -------------------------------------------------------- */

WINAPI intptr_t
ucrtbase__get_heap_handle(void)
{
	return (intptr_t)heap_process();
}

enum { HEAPOK = -2, HEAPBADNODE = -4, HEAPEND = -5 };

struct heapinfo {
	int *entry;
	size_t size;
	int used;
};

WINAPI int
ucrtbase__heapchk(void)
{
	return heap_valid(heap_process(), 0, NULL) ? HEAPOK : HEAPBADNODE;
}

WINAPI int
ucrtbase__heapmin(void)
{
	heap_compact(heap_process());
	return 0;
}

WINAPI int
ucrtbase__heapwalk(struct heapinfo *info)
{
	struct PROCESS_HEAP_ENTRY e = { 0 };
	if (!info) {
		crt_invalid(EINVAL);
		return -6; /* _HEAPBADPTR */
	}
	e.lpData = info->entry;
	e.wFlags = info->entry ? 4 /* PROCESS_HEAP_ENTRY_BUSY */ : 0;
	do
		if (heap_walk(heap_process(), &e) < 0)
			return HEAPEND;
	while (e.wFlags & 3); /* regions are none of its entries */
	info->entry = e.lpData;
	info->size = e.cbData;
	info->used = e.wFlags & 4 ? 1 : 0;
	return HEAPOK;
}

WINAPI crt_new_handler
ucrtbase__set_new_handler(crt_new_handler f)
{
	crt_new_handler before = crt_new_process;
	crt_new_process = f;
	return before;
}

WINAPI crt_new_handler
ucrtbase__query_new_handler(void)
{
	return crt_new_process;
}

WINAPI int
ucrtbase__callnewh(size_t n)
{
	crt_new_handler f = crt_new_process;
	return f ? f(n) != 0 : 0;
}

WINAPI int
ucrtbase__set_new_mode(int mode)
{
	int before = crt_new_mode;
	if (mode != 0 && mode != 1) {
		crt_invalid(EINVAL);
		return -1;
	}
	crt_new_mode = mode;
	return before;
}

WINAPI int
ucrtbase__query_new_mode(void)
{
	return crt_new_mode;
}
