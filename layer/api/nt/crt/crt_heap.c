/* SPDX-License-Identifier: Apache-2.0 */
/* crt_heap.c -- the C run-time's memory: the process heap's, with the handler of failures. */
#include "layer/api/nt/crt/crt.h"

#include "layer/api/nt/mem/heap.h"

crt_new_handler _Atomic crt_new_process;
_Atomic int crt_new_mode;

/* After a failure: whether to try again. */
static bool
again(size_t n)
{
	crt_new_handler f = crt_new_process;
	return crt_new_mode && f && f(n);
}

static void *
allocate(size_t n, DWORD flags)
{
	void *p;
	if (n > SIZE_MAX - 64) {
		crt_error(ENOMEM);
		return NULL;
	}
	do
		p = heap_alloc(heap_process(), flags, n ? n : 1);
	while (!p && again(n));
	if (!p)
		crt_error(ENOMEM);
	return p;
}

void *crt_alloc(size_t n) { return allocate(n, 0); }
void *crt_zalloc(size_t n) { return allocate(n, HEAP_ZERO_MEMORY); }

void *
crt_realloc(void *p, size_t n)
{
	void *q;
	if (!p)
		return crt_alloc(n);
	if (n == 0) {
		crt_free(p);
		return NULL;
	}
	do
		q = heap_realloc(heap_process(), 0, p, n);
	while (!q && again(n));
	if (!q)
		crt_error(ENOMEM);
	return q;
}

void
crt_free(void *p)
{
	if (p)
		heap_free(heap_process(), 0, p);
}
