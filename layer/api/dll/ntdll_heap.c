/* SPDX-License-Identifier: Apache-2.0 */
/* Heaps; kernel32's functions of this kind are the same ones. */
#include "layer/api/dll/dll.h"
#include "layer/api/nt/mem/heap.h"

#include <string.h>

enum { HEAP_COMPATIBILITY_INFORMATION = 0, LOW_FRAGMENTATION = 2 };

WINAPI HANDLE
ntdll_RtlCreateHeap(ULONG flags, void *base, SIZE_T reserve, SIZE_T commit, void *lock,
                    void *parameters)
{
	(void)base;
	(void)lock;
	(void)parameters;
	/* HEAP_GROWABLE is 2 here; without it, the reservation is all that there will be. */
	SIZE_T most = flags & 2 || !reserve ? 0 : reserve;
	return heap_create(flags & ~2u, most ? (commit < most ? commit : most) : commit, most);
}

WINAPI HANDLE
ntdll_RtlDestroyHeap(HANDLE heap)
{
	return heap_destroy(heap) ? NULL : heap;
}

WINAPI void *
ntdll_RtlAllocateHeap(HANDLE heap, ULONG flags, SIZE_T size)
{
	return heap_alloc(heap, flags, size);
}

WINAPI void *
ntdll_RtlReAllocateHeap(HANDLE heap, ULONG flags, void *p, SIZE_T size)
{
	return heap_realloc(heap, flags, p, size);
}

WINAPI BOOL
ntdll_RtlFreeHeap(HANDLE heap, ULONG flags, void *p)
{
	if (__builtin_expect(heap_free(heap, flags, p), 1))
		return TRUE;
	return refuse(ERROR_INVALID_PARAMETER);
}

WINAPI SIZE_T
ntdll_RtlSizeHeap(HANDLE heap, ULONG flags, const void *p)
{
	return heap_size(heap, flags, p);
}

WINAPI BOOLEAN
ntdll_RtlValidateHeap(HANDLE heap, ULONG flags, const void *p)
{
	return heap_valid(heap, flags, p);
}

WINAPI BOOLEAN
ntdll_RtlLockHeap(HANDLE heap)
{
	return heap_lock(heap);
}

WINAPI BOOLEAN
ntdll_RtlUnlockHeap(HANDLE heap)
{
	return heap_unlock(heap);
}

WINAPI ULONG
ntdll_RtlGetProcessHeaps(ULONG n, HANDLE *list)
{
	return heap_all(n, list);
}

WINAPI SIZE_T
ntdll_RtlCompactHeap(HANDLE heap, ULONG flags)
{
	(void)flags;
	return heap_compact(heap);
}

WINAPI NTSTATUS
ntdll_RtlSetHeapInformation(HANDLE heap, int class, const void *information, SIZE_T size)
{
	(void)heap;
	/* Low fragmentation, ending on corruption, giving memory back: it is so already. */
	switch (class) {
	case HEAP_COMPATIBILITY_INFORMATION:
		if (size < sizeof(ULONG) || !information)
			return STATUS_BUFFER_TOO_SMALL;
		return *(const ULONG *)information <= LOW_FRAGMENTATION ? STATUS_SUCCESS
		                                                        : STATUS_UNSUCCESSFUL;
	case 1: return STATUS_SUCCESS; /* HeapEnableTerminationOnCorruption */
	case 3: return STATUS_SUCCESS; /* HeapOptimizeResources */
	default: return STATUS_INVALID_PARAMETER;
	}
}

WINAPI NTSTATUS
ntdll_RtlQueryHeapInformation(HANDLE heap, int class, void *information, SIZE_T size,
                              SIZE_T *returned)
{
	(void)heap;
	if (class != HEAP_COMPATIBILITY_INFORMATION)
		return STATUS_INVALID_PARAMETER;
	if (returned)
		*returned = sizeof(ULONG);
	if (size < sizeof(ULONG))
		return STATUS_BUFFER_TOO_SMALL;
	*(ULONG *)information = LOW_FRAGMENTATION;
	return STATUS_SUCCESS;
}
