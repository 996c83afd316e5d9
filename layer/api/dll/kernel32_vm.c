/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual memory. */
#include <errno.h>
#include <sys/mman.h>

#include "layer/api/dll/dll.h"
#include "layer/api/dll/ntdll_vm.h"
#include "layer/api/nt/mem/vm.h"

WINAPI NTSTATUS ntdll_NtReadVirtualMemory(HANDLE process, const void *from, void *to, SIZE_T n,
                                          SIZE_T *done);
WINAPI NTSTATUS ntdll_NtWriteVirtualMemory(HANDLE process, void *to, const void *from, SIZE_T n,
                                           SIZE_T *done);
WINAPI NTSTATUS ntdll_NtQueryVirtualMemory(HANDLE process, const void *address, int class,
                                           void *out, SIZE_T room, SIZE_T *returned);
WINAPI NTSTATUS ntdll_NtLockVirtualMemory(HANDLE process, void **base, SIZE_T *size, ULONG type);
WINAPI NTSTATUS ntdll_NtUnlockVirtualMemory(HANDLE process, void **base, SIZE_T *size, ULONG type);

WINAPI void *
kernel32_VirtualAlloc(void *base, SIZE_T size, DWORD type, DWORD protect)
{
	/* An address that is given must not be in the first 64 KiB. */
	if (base && (ULONG_PTR)base < VM_GRAIN) {
		last_error(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	NTSTATUS s = type & (MEM_RESERVE_PLACEHOLDER |
	                     (type & MEM_RESERVE ? MEM_REPLACE_PLACEHOLDER : 0))
	                     ? STATUS_INVALID_PARAMETER
	                     : vm_alloc(&base, &size, type, protect, NULL);
	return succeed(s) ? base : NULL;
}

WINAPI void *
kernel32_VirtualAllocEx(HANDLE process, void *base, SIZE_T size, DWORD type, DWORD protect)
{
	struct post_memory m = { .what = POST_ALLOC, .type = type, .protect = protect };

	if (process == INVALID_HANDLE_VALUE)
		return kernel32_VirtualAlloc(base, size, type, protect);
	m.base = base;
	m.size = size;
	NTSTATUS s = (base && (ULONG_PTR)base < VM_GRAIN) ||
	                             type & (MEM_RESERVE_PLACEHOLDER |
	                                     (type & MEM_RESERVE ? MEM_REPLACE_PLACEHOLDER : 0))
	                     ? STATUS_INVALID_PARAMETER
	                     : ntdll_vm_do(process, &m);
	return succeed(s) ? m.base : NULL;
}

WINAPI void *
kernel32_VirtualAllocExNuma(HANDLE process, void *base, SIZE_T size, DWORD type, DWORD protect,
                            DWORD node)
{
	if (node != 0xffffffff && node > 0) { /* NUMA_NO_PREFERRED_NODE, or the one that there is */
		last_error(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	return kernel32_VirtualAllocEx(process, base, size, type, protect);
}

WINAPI void *
kernel32_VirtualAllocFromApp(void *base, SIZE_T size, ULONG type, ULONG protect)
{
	return kernel32_VirtualAlloc(base, size, type, protect);
}

WINAPI void *
kernel32_VirtualAlloc2(HANDLE process, void *base, SIZE_T size, ULONG type, ULONG protect,
                       struct MEM_EXTENDED_PARAMETER *parameters, ULONG n)
{
	struct post_memory m = { .what = POST_ALLOC, .type = type, .protect = protect };
	NTSTATUS s = ntdll_vm_where(parameters, n, &m.where);
	if (s >= 0 && base && (m.where.low || m.where.high || m.where.align))
		s = STATUS_INVALID_PARAMETER;
	m.base = base;
	m.size = size;
	if (s >= 0)
		s = ntdll_vm_do(process ? process : INVALID_HANDLE_VALUE, &m);
	return succeed(s) ? m.base : NULL;
}

WINAPI BOOL
kernel32_VirtualFree(void *base, SIZE_T size, DWORD type)
{
	if (type == MEM_RELEASE && size)
		return refuse(ERROR_INVALID_PARAMETER);
	return succeed(vm_free(&base, &size, type));
}

WINAPI BOOL
kernel32_VirtualFreeEx(HANDLE process, void *base, SIZE_T size, DWORD type)
{
	struct post_memory m = { .what = POST_FREE, .type = type };

	if (type == MEM_RELEASE && size)
		return refuse(ERROR_INVALID_PARAMETER);
	m.base = base;
	m.size = size;
	return succeed(ntdll_vm_do(process, &m));
}

WINAPI BOOL
kernel32_VirtualProtect(void *base, SIZE_T size, DWORD protect, DWORD *old)
{
	if (!old)
		return refuse(998); /* ERROR_NOACCESS */
	DWORD was = 0;
	if (!succeed(vm_protect(&base, &size, protect, &was)))
		return FALSE;
	*old = was;
	return TRUE;
}

WINAPI BOOL
kernel32_VirtualProtectEx(HANDLE process, void *base, SIZE_T size, DWORD protect, DWORD *old)
{
	struct post_memory m = { .what = POST_PROTECT, .protect = protect };

	if (!old)
		return refuse(998); /* ERROR_NOACCESS */
	m.base = base;
	m.size = size;
	if (!succeed(ntdll_vm_do(process, &m)))
		return FALSE;
	*old = m.protect;
	return TRUE;
}

WINAPI SIZE_T
kernel32_VirtualQuery(const void *address, struct MEMORY_BASIC_INFORMATION *out, SIZE_T size)
{
	struct MEMORY_BASIC_INFORMATION m;
	if (size < sizeof m) {
		last_error(ERROR_BAD_LENGTH);
		return 0;
	}
	if (!succeed(vm_query(address, &m)))
		return 0;
	*out = m;
	return sizeof m;
}

WINAPI SIZE_T
kernel32_VirtualQueryEx(HANDLE process, const void *address, struct MEMORY_BASIC_INFORMATION *out,
                        SIZE_T size)
{
	struct post_memory m = { .what = POST_QUERY, .base = (void *)address };

	if (size < sizeof m.found) {
		last_error(ERROR_BAD_LENGTH);
		return 0;
	}
	if (!succeed(ntdll_vm_do(process, &m)))
		return 0;
	*out = m.found;
	return sizeof m.found;
}

WINAPI BOOL
kernel32_QueryVirtualMemoryInformation(HANDLE process, const void *address, int class, void *out,
                                       SIZE_T size, SIZE_T *returned)
{
	/* MemoryRegionInfo is all that it knows */
	return succeed(
	        class ? STATUS_INVALID_PARAMETER
	              : ntdll_NtQueryVirtualMemory(process, address, 3, out, size, returned));
}

WINAPI BOOL
kernel32_VirtualLock(void *base, SIZE_T size)
{
	return succeed(ntdll_NtLockVirtualMemory(INVALID_HANDLE_VALUE, &base, &size, 1));
}

WINAPI BOOL
kernel32_VirtualUnlock(void *base, SIZE_T size)
{
	return succeed(ntdll_NtUnlockVirtualMemory(INVALID_HANDLE_VALUE, &base, &size, 1));
}

struct WIN32_MEMORY_RANGE_ENTRY {
	void *VirtualAddress;
	SIZE_T NumberOfBytes;
};

WINAPI BOOL
kernel32_PrefetchVirtualMemory(HANDLE process, ULONG_PTR n,
                               const struct WIN32_MEMORY_RANGE_ENTRY *r, ULONG flags)
{
	if (flags || !n)
		return refuse(ERROR_INVALID_PARAMETER);
	if (!succeed(ntdll_vm_own(process)))
		return FALSE;
	for (ULONG_PTR i = 0; i < n; i++) {
		ULONG_PTR at = (ULONG_PTR)r[i].VirtualAddress & ~(ULONG_PTR)(VM_PAGE - 1);
		madvise((void *)at, (ULONG_PTR)r[i].VirtualAddress + r[i].NumberOfBytes - at,
		        MADV_WILLNEED);
	}
	return TRUE;
}

/* Whole pages of committed private memory that can be written: what these take. */
static DWORD
writable(void *base, SIZE_T size)
{
	struct MEMORY_BASIC_INFORMATION m;
	if (!size || (ULONG_PTR)base % VM_PAGE || size % VM_PAGE)
		return ERROR_INVALID_PARAMETER;
	for (char *at = base, *end = at + size; at < end;
	     at = (char *)m.BaseAddress + m.RegionSize) {
		if (vm_query(at, &m) < 0 || m.State != MEM_COMMIT || m.Type != MEM_PRIVATE ||
		    !(m.Protect & (PAGE_READWRITE | PAGE_EXECUTE_READWRITE)))
			return ERROR_INVALID_PARAMETER;
	}
	return ERROR_SUCCESS;
}

WINAPI DWORD
kernel32_DiscardVirtualMemory(void *base, SIZE_T size)
{
	DWORD error = writable(base, size);
	if (!error && madvise(base, size, MADV_DONTNEED) < 0)
		error = status_error(status_errno(errno));
	return error;
}

WINAPI DWORD
kernel32_OfferVirtualMemory(void *base, SIZE_T size, int priority)
{
	/* 1 to 4; what is offered is taken when memory is short, which here it never is */
	return priority < 1 || priority > 4 ? ERROR_INVALID_PARAMETER : writable(base, size);
}

WINAPI DWORD
kernel32_ReclaimVirtualMemory(void *base, SIZE_T size)
{
	return writable(base, size);
}

WINAPI SIZE_T
kernel32_GetLargePageMinimum(void)
{
	return VM_LARGE_PAGE;
}

WINAPI BOOL
kernel32_AllocateUserPhysicalPages(HANDLE process, ULONG_PTR *n, ULONG_PTR *pages)
{
	(void)process;
	(void)n;
	(void)pages;
	return refuse(1314); /* ERROR_PRIVILEGE_NOT_HELD: an ordinary user may not */
}

/* 0, or (UINT)-1 with the reason: not as other functions. */
WINAPI UINT
kernel32_GetWriteWatch(DWORD flags, void *base, SIZE_T size, void **addresses, ULONG_PTR *count,
                       DWORD *granularity)
{
	if (!succeed(vm_watch_get(flags, base, size, addresses, count)))
		return (UINT)-1;
	if (granularity)
		*granularity = VM_PAGE;
	return 0;
}

WINAPI UINT
kernel32_ResetWriteWatch(void *base, SIZE_T size)
{
	return succeed(vm_watch_reset(base, size)) ? 0 : (UINT)-1;
}

WINAPI BOOL
kernel32_ReadProcessMemory(HANDLE process, const void *from, void *to, SIZE_T n, SIZE_T *done)
{
	return succeed(ntdll_NtReadVirtualMemory(process, from, to, n, done));
}

WINAPI BOOL
kernel32_WriteProcessMemory(HANDLE process, void *to, const void *from, SIZE_T n, SIZE_T *done)
{
	return succeed(ntdll_NtWriteVirtualMemory(process, to, from, n, done));
}

WINAPI BOOL
kernel32_FlushInstructionCache(HANDLE process, const void *base, SIZE_T n)
{
	(void)base;
	(void)n;
	return succeed(ntdll_vm_own(process)); /* x86 sees its own writes */
}
