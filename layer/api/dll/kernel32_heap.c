/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/dll/dll.h"
#include "layer/api/nt/mem/heap.h"

WINAPI HANDLE
kernel32_HeapCreate(DWORD flags, SIZE_T initial, SIZE_T maximum)
{
	HANDLE h = heap_create(flags, initial, maximum);
	if (!h)
		last_error(maximum && initial > maximum ? ERROR_INVALID_PARAMETER
		                                        : ERROR_NOT_ENOUGH_MEMORY);
	return h;
}

WINAPI BOOL
kernel32_HeapDestroy(HANDLE heap)
{
	return heap_destroy(heap) ? TRUE : refuse(ERROR_INVALID_HANDLE);
}

WINAPI HANDLE
kernel32_GetProcessHeap(void)
{
	return teb()->ProcessEnvironmentBlock->ProcessHeap;
}

WINAPI SIZE_T
kernel32_HeapCompact(HANDLE heap, DWORD flags)
{
	(void)flags;
	SIZE_T n = heap_compact(heap);
	if (!n)
		last_error(ERROR_INVALID_HANDLE);
	return n;
}

WINAPI BOOL
kernel32_HeapValidate(HANDLE heap, DWORD flags, const void *p)
{
	return heap_valid(heap, flags, p);
}

WINAPI BOOL
kernel32_HeapLock(HANDLE heap)
{
	return heap_lock(heap) ? TRUE : refuse(ERROR_INVALID_HANDLE);
}

WINAPI BOOL
kernel32_HeapUnlock(HANDLE heap)
{
	return heap_unlock(heap) ? TRUE : refuse(ERROR_INVALID_HANDLE);
}

WINAPI BOOL
kernel32_HeapWalk(HANDLE heap, struct PROCESS_HEAP_ENTRY *e)
{
	return succeed(heap_walk(heap, e));
}

WINAPI NTSTATUS ntdll_RtlSetHeapInformation(HANDLE heap, int class, const void *information,
                                            SIZE_T size);
WINAPI NTSTATUS ntdll_RtlQueryHeapInformation(HANDLE heap, int class, void *information,
                                              SIZE_T size, SIZE_T *returned);

WINAPI BOOL
kernel32_HeapSetInformation(HANDLE heap, int class, const void *information, SIZE_T size)
{
	return succeed(ntdll_RtlSetHeapInformation(heap, class, information, size));
}

WINAPI BOOL
kernel32_HeapQueryInformation(HANDLE heap, int class, void *information, SIZE_T size,
                              SIZE_T *returned)
{
	return succeed(ntdll_RtlQueryHeapInformation(heap, class, information, size, returned));
}
