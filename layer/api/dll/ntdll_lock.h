/* ntdll_lock.h -- locks that live in the program's memory, of Windows' size and at rest of its value.
 *
 * A critical section's LockCount is -1 when it is free, -2 when it is held and -6 when somebody
 * may wait besides, which is how Windows counts, too.  A slim lock's word is 0 when it is free.
 */
#ifndef LAYER_API_DLL_NTDLL_LOCK_H
#define LAYER_API_DLL_NTDLL_LOCK_H

#include "layer/api/nt/types.h"

struct CRITICAL_SECTION {
	void *DebugInfo;
	_Atomic LONG LockCount;
	LONG RecursionCount;
	HANDLE OwningThread;
	HANDLE LockSemaphore;
	ULONG_PTR SpinCount;
};

_Static_assert(sizeof(struct CRITICAL_SECTION) == 40, "CRITICAL_SECTION of x64");

union RTL_SRWLOCK {
	void *Ptr;
	_Atomic uint32_t word;          /* the low half; the other one stays 0 */
};

/* As long as a program's word is 0 nobody waits and nothing was ever signalled. */
struct CONDITION_VARIABLE {
	_Atomic uint32_t turn;          /* futex: counts the wakes */
	_Atomic uint32_t sleepers;
};

WINAPI NTSTATUS ntdll_RtlEnterCriticalSection(struct CRITICAL_SECTION *c);
WINAPI NTSTATUS ntdll_RtlLeaveCriticalSection(struct CRITICAL_SECTION *c);
WINAPI NTSTATUS ntdll_RtlInitializeCriticalSectionEx(struct CRITICAL_SECTION *c, ULONG spin, ULONG flags);
WINAPI void ntdll_RtlAcquireSRWLockExclusive(union RTL_SRWLOCK *l);
WINAPI void ntdll_RtlAcquireSRWLockShared(union RTL_SRWLOCK *l);
WINAPI void ntdll_RtlReleaseSRWLockExclusive(union RTL_SRWLOCK *l);
WINAPI void ntdll_RtlReleaseSRWLockShared(union RTL_SRWLOCK *l);
WINAPI ULONG ntdll_RtlTryAcquireSRWLockExclusive(union RTL_SRWLOCK *l);
WINAPI void ntdll_RtlWakeConditionVariable(struct CONDITION_VARIABLE *v);
WINAPI void ntdll_RtlWakeAllConditionVariable(struct CONDITION_VARIABLE *v);

/* They differ in how time is told; deadline as wait.h's. */
NTSTATUS ntdll_lock_sleep_cs(struct CONDITION_VARIABLE *v, struct CRITICAL_SECTION *c, uint64_t deadline);
NTSTATUS ntdll_lock_sleep_srw(struct CONDITION_VARIABLE *v, union RTL_SRWLOCK *l, uint64_t deadline,
                              ULONG flags);

#endif
