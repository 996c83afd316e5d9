/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_lock.c -- what of the locks Win32 words otherwise than ntdll. */
#include <errno.h>
#include <stdatomic.h>

#include "layer/api/dll/dll.h"
#include "layer/api/dll/ntdll_lock.h"
#include "layer/api/dll/ntdll_once.h"
#include "layer/api/nt/object/port.h"
#include "layer/api/nt/object/address.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/object/wait.h"

WINAPI BOOL
kernel32_InitializeCriticalSectionEx(struct CRITICAL_SECTION *c, DWORD spin, DWORD flags)
{
	/* RTL_CRITICAL_SECTION_FLAG_...: debugging, resources; nothing that a lock would differ by */
	if (spin & 0xff000000)
		return refuse(ERROR_INVALID_PARAMETER);
	return succeed(ntdll_RtlInitializeCriticalSectionEx(c, spin, flags));
}

WINAPI BOOL
kernel32_InitializeCriticalSectionAndSpinCount(struct CRITICAL_SECTION *c, DWORD spin)
{
	return succeed(ntdll_RtlInitializeCriticalSectionEx(c, spin, 0));
}

static BOOL
slept(NTSTATUS s)
{
	if (s == STATUS_TIMEOUT)
		return refuse(ERROR_TIMEOUT);
	return succeed(s);
}

WINAPI BOOL
kernel32_SleepConditionVariableCS(struct CONDITION_VARIABLE *v, struct CRITICAL_SECTION *c,
                                  DWORD ms)
{
	return slept(ntdll_lock_sleep_cs(v, c, wait_deadline_ms(ms)));
}

WINAPI BOOL
kernel32_SleepConditionVariableSRW(struct CONDITION_VARIABLE *v, union RTL_SRWLOCK *l, DWORD ms,
                                   ULONG flags)
{
	return slept(ntdll_lock_sleep_srw(v, l, wait_deadline_ms(ms), flags));
}

WINAPI BOOL
kernel32_WaitOnAddress(const volatile void *p, const void *compare, SIZE_T size, DWORD ms)
{
	NTSTATUS s = address_wait(p, compare, size, wait_deadline_ms(ms));

	if (s == STATUS_TIMEOUT)
		return refuse(ERROR_TIMEOUT);
	return succeed(s);
}

WINAPI BOOL
kernel32_InitOnceBeginInitialize(ntdll_once *o, DWORD flags, BOOL *pending, void **context)
{
	NTSTATUS s = ntdll_RtlRunOnceBeginInitialize(o, flags, context);

	if (s < 0)
		return succeed(s);
	*pending = s == STATUS_PENDING;
	return TRUE;
}

WINAPI BOOL
kernel32_InitOnceComplete(ntdll_once *o, DWORD flags, void *context)
{
	return succeed(ntdll_RtlRunOnceComplete(o, flags, context));
}

WINAPI BOOL
kernel32_InitOnceExecuteOnce(ntdll_once *o, ntdll_once_function f, void *parameter, void **context)
{
	/* the function has set the last error when it failed */
	return ntdll_RtlRunOnceExecuteOnce(o, f, parameter, context) >= 0;
}

/* -- barriers ------------------------------------------------------------------------ */

/* SYNCHRONIZATION_BARRIER: 32 bytes that are nobody else's business. */
struct SYNCHRONIZATION_BARRIER {
	_Atomic uint32_t left; /* to come in this round */
	uint32_t total;
	_Atomic uint32_t round;  /* futex */
	_Atomic uint32_t inside; /* that have not left the last round */
	ULONG_PTR reserved;
	DWORD spin, reserved2;
};

_Static_assert(sizeof(struct SYNCHRONIZATION_BARRIER) == 32, "SYNCHRONIZATION_BARRIER of x64");

WINAPI BOOL
kernel32_InitializeSynchronizationBarrier(struct SYNCHRONIZATION_BARRIER *b, LONG total, LONG spin)
{
	if (!b || total <= 0 || spin < -1)
		return refuse(ERROR_INVALID_PARAMETER);
	b->total = (uint32_t)total;
	b->spin = (DWORD)spin;
	atomic_store(&b->left, (uint32_t)total);
	atomic_store(&b->round, 0);
	atomic_store(&b->inside, 0);
	return TRUE;
}

WINAPI BOOL
kernel32_EnterSynchronizationBarrier(struct SYNCHRONIZATION_BARRIER *b, DWORD flags)
{
	uint32_t round = atomic_load(&b->round);
	bool last;

	(void)flags;
	atomic_fetch_add(&b->inside, 1);
	last = atomic_fetch_sub(&b->left, 1) == 1;
	if (last) {
		atomic_store(&b->left, b->total);
		atomic_fetch_add(&b->round, 1);
		steady_futex_wake(&b->round, INT32_MAX);
	} else {
		while (atomic_load(&b->round) == round)
			port_sleep(&b->round, round, WAIT_FOREVER);
	}
	if (atomic_fetch_sub(&b->inside, 1) == 1)
		steady_futex_wake(&b->inside, INT32_MAX);
	return last;
}

WINAPI BOOL
kernel32_DeleteSynchronizationBarrier(struct SYNCHRONIZATION_BARRIER *b)
{
	uint32_t n;

	/* It may be deleted by the first that leaves it: wait for the others. */
	while ((n = atomic_load(&b->inside)) != 0)
		port_sleep(&b->inside, n, WAIT_FOREVER);
	return TRUE;
}
