/* SPDX-License-Identifier: Apache-2.0 */
/* msvcp140.c -- the C++ library's locks and conditions, as programs of Visual C++ 2015 to 2022
 * use them: std::mutex and std::condition_variable hand over their own memory (80 and 72
 * bytes), which is all zeros, but for the type, before its first use. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ntdll_lock.h"
#include "layer/api/nt/clock.h"
#include "layer/api/nt/thread/thread.h"
#include "layer/api/nt/object/wait.h"

/* xthreads.h */
enum { THREAD_SUCCESS, THREAD_NOMEM, THREAD_TIMEDOUT, THREAD_BUSY, THREAD_ERROR };
enum { MUTEX_RECURSIVE = 0x100 };

struct mutex {
	int type;
	void *unused;
	union RTL_SRWLOCK lock;
	BYTE rest[48];
	LONG thread;
	int count;
};

struct condition {
	void *unused;
	struct CONDITION_VARIABLE variable;
	BYTE rest[56];
};

_Static_assert(sizeof(struct mutex) == 80, "_Mtx_internal_imp_t");
_Static_assert(sizeof(struct condition) == 72, "_Cnd_internal_imp_t");

static LONG
self(void)
{
	return (LONG)(intptr_t)teb()->ClientId.UniqueThread;
}

WINAPI void
msvcp140__Mtx_init_in_situ(struct mutex *m, int type)
{
	*m = (struct mutex){ .type = type };
}

WINAPI void
msvcp140__Mtx_destroy_in_situ(struct mutex *m)
{
	(void)m;
}

WINAPI int
msvcp140__Mtx_current_owns(struct mutex *m)
{
	return m->count && m->thread == self();
}

WINAPI int
msvcp140__Mtx_lock(struct mutex *m)
{
	if (!msvcp140__Mtx_current_owns(m)) {
		ntdll_RtlAcquireSRWLockExclusive(&m->lock);
		m->thread = self();
	} else if (!(m->type & MUTEX_RECURSIVE)) {
		return THREAD_BUSY; /* it would wait for itself */
	}
	m->count++;
	return THREAD_SUCCESS;
}

WINAPI int
msvcp140__Mtx_trylock(struct mutex *m)
{
	if (msvcp140__Mtx_current_owns(m)) {
		if (!(m->type & MUTEX_RECURSIVE))
			return THREAD_BUSY;
	} else if (!ntdll_RtlTryAcquireSRWLockExclusive(&m->lock)) {
		return THREAD_BUSY;
	}
	m->thread = self();
	m->count++;
	return THREAD_SUCCESS;
}

WINAPI int
msvcp140__Mtx_unlock(struct mutex *m)
{
	if (--m->count == 0) {
		m->thread = -1;
		ntdll_RtlReleaseSRWLockExclusive(&m->lock);
	}
	return THREAD_SUCCESS;
}

WINAPI void
msvcp140__Cnd_init_in_situ(struct condition *c)
{
	*c = (struct condition){ 0 };
}

WINAPI void
msvcp140__Cnd_destroy_in_situ(struct condition *c)
{
	(void)c;
}

static int
wait_for(struct condition *c, struct mutex *m, uint64_t deadline)
{
	/* the mutex is given up as a whole, and taken again as it was */
	m->thread = -1;
	m->count--;
	NTSTATUS s = ntdll_lock_sleep_srw(&c->variable, &m->lock, deadline, 0);
	m->thread = self();
	m->count++;
	return s == STATUS_TIMEOUT ? THREAD_TIMEDOUT : THREAD_SUCCESS;
}

WINAPI int
msvcp140__Cnd_wait(struct condition *c, struct mutex *m)
{
	return wait_for(c, m, WAIT_FOREVER);
}

/* Until a time of the wall clock (xtime: seconds and nanoseconds). */
WINAPI int
msvcp140__Cnd_timedwait(struct condition *c, struct mutex *m, const int64_t until[2])
{
	int64_t left = until[0] * 1000000000 + (int32_t)until[1] - (clock_now() - CLOCK_UNIX) * 100;
	return wait_for(c, m, wait_now() + (left > 0 ? (uint64_t)left : 0));
}

WINAPI int
msvcp140__Cnd_signal(struct condition *c)
{
	ntdll_RtlWakeConditionVariable(&c->variable);
	return THREAD_SUCCESS;
}

WINAPI int
msvcp140__Cnd_broadcast(struct condition *c)
{
	ntdll_RtlWakeAllConditionVariable(&c->variable);
	return THREAD_SUCCESS;
}

WINAPI DWORD
msvcp140__Thrd_id(void)
{
	return (DWORD)self();
}

/* 100 ns since 1970. */
WINAPI int64_t
msvcp140__Xtime_get_ticks(void)
{
	return clock_now() - CLOCK_UNIX;
}

WINAPI int64_t
msvcp140__Query_perf_frequency(void)
{
	return CLOCK_FREQUENCY;
}

WINAPI int64_t
msvcp140__Query_perf_counter(void)
{
	return (int64_t)clock_counter();
}

/* Until a time of the wall clock, in turns: the lock itself knows no time. */
WINAPI int
msvcp140__Mtx_timedlock(struct mutex *m, const int64_t until[2])
{
	for (;;) {
		if (msvcp140__Mtx_trylock(m) == THREAD_SUCCESS)
			return THREAD_SUCCESS;
		int64_t left = until[0] * 1000000000 + (int32_t)until[1] -
		               (clock_now() - CLOCK_UNIX) * 100;
		if (left <= 0)
			return THREAD_TIMEDOUT;
		wait_sleep(false, wait_now() + (uint64_t)(left < 1000000 ? left : 1000000));
	}
}

/* For who waits on the lock by other means: nobody's now, and this thread's again. */
WINAPI void
msvcp140__Mtx_clear_owner(struct mutex *m)
{
	m->thread = -1;
	m->count--;
}

WINAPI void
msvcp140__Mtx_reset_owner(struct mutex *m)
{
	m->thread = self();
	m->count++;
}

WINAPI void *
msvcp140__Mtx_getconcrtcs(struct mutex *m)
{
	return &m->lock;
}
