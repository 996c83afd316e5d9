/* SPDX-License-Identifier: Apache-2.0 */
/* msvcp140_wait.c -- MSVCP140_ATOMIC_WAIT.dll: std::atomic::wait, latches and semaphores, and the
 * threads of parallel algorithms. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ntdll_lock.h"
#include "layer/api/nt/crt/crt.h"
#include "layer/api/nt/object/wait.h"

WINAPI BOOL kernel32_WaitOnAddress(const volatile void *p, const void *compare, SIZE_T size,
                                   DWORD ms);
WINAPI void ntdll_RtlWakeAddressAll(const void *p);
WINAPI void ntdll_RtlWakeAddressSingle(const void *p);
WINAPI uint64_t kernel32_GetTickCount64(void);
WINAPI unsigned msvcp140__Thrd_hardware_concurrency(void);

/* TRUE: woken, or not equal; FALSE: the time is over. */
WINAPI int
msvcp140___std_atomic_wait_direct(const void *p, void *compare, size_t size, DWORD ms)
{
	return kernel32_WaitOnAddress(p, compare, size, ms);
}

WINAPI void
msvcp140___std_atomic_notify_one_direct(const void *p)
{
	ntdll_RtlWakeAddressSingle(p);
}

WINAPI void
msvcp140___std_atomic_notify_all_direct(const void *p)
{
	ntdll_RtlWakeAddressAll(p);
}

/* -- values that are not of 1, 2, 4 or 8 bytes: the program compares them itself -------------------------- */

enum { PLACES = 64 };

static struct place {
	union RTL_SRWLOCK lock;
	struct CONDITION_VARIABLE changed;
} places[PLACES];

static struct place *
place_of(const void *p)
{
	uintptr_t at = (uintptr_t)p >> 3;
	return &places[(at ^ at >> 6 ^ at >> 12) % PLACES];
}

WINAPI int
msvcp140___std_atomic_wait_indirect(const void *p, void *compare, size_t size, void *x,
                                    bool(WINAPI *equal)(const void *, void *, size_t, void *),
                                    DWORD ms)
{
	struct place *at = place_of(p);
	uint64_t deadline = ms == INFINITE ? WAIT_FOREVER : wait_now() + (uint64_t)ms * 1000000;
	NTSTATUS s = STATUS_SUCCESS;
	bool same;
	ntdll_RtlAcquireSRWLockExclusive(&at->lock);
	while ((same = equal(p, compare, size, x)) && s != STATUS_TIMEOUT)
		s = ntdll_lock_sleep_srw(&at->changed, &at->lock, deadline, 0);
	ntdll_RtlReleaseSRWLockExclusive(&at->lock);
	return !same;
}

/* Others may wait at the same place. */
WINAPI void
msvcp140___std_atomic_notify_all_indirect(const void *p)
{
	struct place *at = place_of(p);
	ntdll_RtlAcquireSRWLockExclusive(&at->lock);
	ntdll_RtlWakeAllConditionVariable(&at->changed);
	ntdll_RtlReleaseSRWLockExclusive(&at->lock);
}

WINAPI union RTL_SRWLOCK *
msvcp140___std_atomic_get_mutex(const void *p)
{
	static union RTL_SRWLOCK locks[256];
	uintptr_t at = (uintptr_t)p;
	return &locks[(at ^ at >> 8 ^ at >> 16) % 256];
}

/* -- what older programs ask -------------------------------------------------------------------------------- */

enum { HAS_WAIT_ON_ADDRESS = 3 };

WINAPI DWORD
msvcp140___std_atomic_set_api_level(DWORD level)
{
	(void)level;
	return HAS_WAIT_ON_ADDRESS;
}

WINAPI char
msvcp140___std_atomic_has_cmpxchg16b(void)
{
	return 1;
}

WINAPI unsigned char
msvcp140___std_atomic_compare_exchange_128(int64_t *p, int64_t high, int64_t low, int64_t *expected)
{
	unsigned char same;
	__asm__ volatile("lock cmpxchg16b %1"
	                 : "=@ccz"(same), "+m"(*(char(*)[16])p), "+a"(expected[0]),
	                   "+d"(expected[1])
	                 : "b"(low), "c"(high)
	                 : "memory");
	return same;
}

WINAPI uint64_t
msvcp140___std_atomic_wait_get_deadline(uint64_t ms)
{
	return ms == UINT64_MAX ? ms : kernel32_GetTickCount64() + ms;
}

WINAPI DWORD
msvcp140___std_atomic_wait_get_remaining_timeout(uint64_t deadline)
{
	const DWORD ten_days = 864000000;
	uint64_t now = kernel32_GetTickCount64();
	if (deadline == UINT64_MAX)
		return INFINITE;
	if (now >= deadline)
		return 0;
	return deadline - now > ten_days ? ten_days : (DWORD)(deadline - now);
}

/* -- parallel algorithms -------------------------------------------------------------------------------------- */

WINAPI void *kernel32_CreateThreadpoolWork(void *f, void *x, void *environ);
WINAPI void kernel32_SubmitThreadpoolWork(void *work);

WINAPI unsigned
msvcp140___std_parallel_algorithms_hw_threads(void)
{
	return msvcp140__Thrd_hardware_concurrency();
}

WINAPI void
msvcp140___std_bulk_submit_threadpool_work(void *work, size_t n)
{
	while (n--)
		kernel32_SubmitThreadpoolWork(work);
}

WINAPI void
msvcp140___std_execution_wait_on_uchar(const volatile unsigned char *p, unsigned char compare)
{
	kernel32_WaitOnAddress(p, &compare, 1, INFINITE);
}

WINAPI void *
msvcp140___std_calloc_crt(size_t n, size_t size)
{
	size_t all;
	return __builtin_mul_overflow(n, size, &all) ? NULL : crt_zalloc(all);
}

WINAPI void
msvcp140___std_free_crt(void *p)
{
	crt_free(p);
}
