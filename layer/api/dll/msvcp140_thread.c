/* SPDX-License-Identifier: Apache-2.0 */
/* msvcp140_thread.c -- the C++ library's threads (<xthreads.h>), and what happens at their end. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ntdll_lock.h"
#include "layer/api/nt/clock.h"
#include "layer/api/nt/crt/crt.h"
#include "layer/api/nt/thread/thread.h"

enum { THREAD_SUCCESS, THREAD_NOMEM, THREAD_TIMEDOUT, THREAD_BUSY, THREAD_ERROR };

struct thrd { /* _Thrd_t */
	HANDLE handle;
	DWORD id;
};

struct xtime {
	int64_t seconds;
	int32_t nanoseconds;
};

WINAPI uintptr_t ucrtbase__beginthreadex(void *security, unsigned stack,
                                         unsigned(WINAPI *f)(void *), void *x, unsigned flags,
                                         unsigned *id);
WINAPI _Noreturn void ucrtbase__endthreadex(unsigned code);
WINAPI DWORD kernel32_WaitForSingleObjectEx(HANDLE h, DWORD ms, BOOL alertable);
WINAPI BOOL kernel32_GetExitCodeThread(HANDLE h, DWORD *code);
WINAPI BOOL kernel32_CloseHandle(HANDLE h);
WINAPI void kernel32_Sleep(DWORD ms);
WINAPI BOOL kernel32_SwitchToThread(void);
WINAPI DWORD kernel32_GetActiveProcessorCount(WORD group);
WINAPI int msvcp140__Mtx_unlock(void *m);
WINAPI int msvcp140__Cnd_broadcast(void *c);

WINAPI int
msvcp140__Thrd_start(struct thrd *t, unsigned(WINAPI *f)(void *), void *x)
{
	t->handle = (HANDLE)ucrtbase__beginthreadex(NULL, 0, f, x, 0, &t->id);
	return t->handle ? THREAD_SUCCESS : THREAD_ERROR;
}

/* _Thrd_t is larger than a register: it comes by its address. */
WINAPI int
msvcp140__Thrd_join(const struct thrd *t, int *code)
{
	DWORD got;
	if (kernel32_WaitForSingleObjectEx(t->handle, INFINITE, FALSE) != 0 ||
	    !kernel32_GetExitCodeThread(t->handle, &got))
		return THREAD_ERROR;
	if (code)
		*code = (int)got;
	return kernel32_CloseHandle(t->handle) ? THREAD_SUCCESS : THREAD_ERROR;
}

WINAPI int
msvcp140__Thrd_detach(const struct thrd *t)
{
	return kernel32_CloseHandle(t->handle) ? THREAD_SUCCESS : THREAD_ERROR;
}

WINAPI _Noreturn void
msvcp140__Thrd_exit(int code)
{
	ucrtbase__endthreadex((unsigned)code);
}

WINAPI void
msvcp140__Thrd_yield(void)
{
	kernel32_SwitchToThread();
}

WINAPI int
msvcp140__Thrd_equal(const struct thrd *a, const struct thrd *b)
{
	return a->id == b->id;
}

WINAPI int
msvcp140__Thrd_lt(const struct thrd *a, const struct thrd *b)
{
	return a->id < b->id;
}

WINAPI struct thrd *
msvcp140__Thrd_current(struct thrd *out)
{
	*out = (struct thrd){ NULL, (DWORD)(intptr_t)teb()->ClientId.UniqueThread };
	return out;
}

WINAPI unsigned
msvcp140__Thrd_hardware_concurrency(void)
{
	return kernel32_GetActiveProcessorCount(0xffff);
}

/* -- times -------------------------------------------------------------------------------------------- */

WINAPI int
msvcp140_xtime_get(struct xtime *t, int base)
{
	if (base != 1 || !t)
		return 0;
	int64_t now = clock_now() - CLOCK_UNIX;
	*t = (struct xtime){ now / 10000000, (int32_t)(now % 10000000 * 100) };
	return base;
}

/* Milliseconds from the second to the first, 0 when it is over. */
WINAPI int
msvcp140__Xtime_diff_to_millis2(const struct xtime *to, const struct xtime *from)
{
	int64_t ms = (to->seconds - from->seconds) * 1000 +
	             (to->nanoseconds - from->nanoseconds + 999999) / 1000000;
	return ms < 0 ? 0 : ms > INT32_MAX ? INT32_MAX : (int)ms;
}

WINAPI int
msvcp140__Xtime_diff_to_millis(const struct xtime *to)
{
	struct xtime now;
	msvcp140_xtime_get(&now, 1);
	return msvcp140__Xtime_diff_to_millis2(to, &now);
}

/* Until a time of the wall clock. */
WINAPI void
msvcp140__Thrd_sleep(const struct xtime *until)
{
	struct xtime now;
	do {
		kernel32_Sleep((DWORD)msvcp140__Xtime_diff_to_millis(until));
		msvcp140_xtime_get(&now, 1);
	} while (now.seconds < until->seconds ||
	         (now.seconds == until->seconds && now.nanoseconds < until->nanoseconds));
}

WINAPI void
msvcp140__Thrd_sleep_for(unsigned ms)
{
	kernel32_Sleep(ms);
}

/* -- locks and conditions that the library allocates ---------------------------------------------------- */

enum { MUTEX_SIZE = 80, CONDITION_SIZE = 72 };
WINAPI void msvcp140__Mtx_init_in_situ(void *m, int type);
WINAPI void msvcp140__Cnd_init_in_situ(void *c);

WINAPI int
msvcp140__Mtx_init(void **m, int type)
{
	*m = crt_zalloc(MUTEX_SIZE);
	if (!*m)
		return THREAD_NOMEM;
	msvcp140__Mtx_init_in_situ(*m, type);
	return THREAD_SUCCESS;
}

WINAPI void
msvcp140__Mtx_destroy(void *m)
{
	crt_free(m);
}

WINAPI int
msvcp140__Cnd_init(void **c)
{
	*c = crt_zalloc(CONDITION_SIZE);
	if (!*c)
		return THREAD_NOMEM;
	msvcp140__Cnd_init_in_situ(*c);
	return THREAD_SUCCESS;
}

WINAPI void
msvcp140__Cnd_destroy(void *c)
{
	crt_free(c);
}

/* std::shared_mutex: one word */
WINAPI void
msvcp140__Smtx_lock_exclusive(union RTL_SRWLOCK *l)
{
	ntdll_RtlAcquireSRWLockExclusive(l);
}

WINAPI void
msvcp140__Smtx_lock_shared(union RTL_SRWLOCK *l)
{
	ntdll_RtlAcquireSRWLockShared(l);
}

WINAPI int
msvcp140__Smtx_try_lock_exclusive(union RTL_SRWLOCK *l)
{
	return ntdll_RtlTryAcquireSRWLockExclusive(l) & 1;
}

WINAPI ULONG ntdll_RtlTryAcquireSRWLockShared(union RTL_SRWLOCK *l);

WINAPI int
msvcp140__Smtx_try_lock_shared(union RTL_SRWLOCK *l)
{
	return ntdll_RtlTryAcquireSRWLockShared(l) & 1;
}

WINAPI void
msvcp140__Smtx_unlock_exclusive(union RTL_SRWLOCK *l)
{
	ntdll_RtlReleaseSRWLockExclusive(l);
}

WINAPI void
msvcp140__Smtx_unlock_shared(union RTL_SRWLOCK *l)
{
	ntdll_RtlReleaseSRWLockShared(l);
}

/* -- at a thread's end: std::notify_all_at_thread_exit -------------------------------------------------- */

struct at_exit {
	struct at_exit *next;
	DWORD thread;
	void *condition, *mutex;
	int *done;
};

static struct at_exit *at_exit;
static struct CRITICAL_SECTION lock = { .LockCount = -1 };

static DWORD
self(void)
{
	return (DWORD)(intptr_t)teb()->ClientId.UniqueThread;
}

WINAPI void
msvcp140__Cnd_register_at_thread_exit(void *condition, void *mutex, int *done)
{
	struct at_exit *a = crt_zalloc(sizeof *a);
	if (!a)
		return;
	*a = (struct at_exit){ NULL, self(), condition, mutex, done };
	ntdll_RtlEnterCriticalSection(&lock);
	a->next = at_exit;
	at_exit = a;
	ntdll_RtlLeaveCriticalSection(&lock);
}

/* The first that fits is taken out of the list. */
static struct at_exit *
take(DWORD thread, const void *mutex)
{
	ntdll_RtlEnterCriticalSection(&lock);
	struct at_exit **at = &at_exit, *a;
	while ((a = *at) && (mutex ? a->mutex != mutex : a->thread != thread))
		at = &a->next;
	if (a)
		*at = a->next;
	ntdll_RtlLeaveCriticalSection(&lock);
	return a;
}

WINAPI void
msvcp140__Cnd_unregister_at_thread_exit(void *mutex)
{
	struct at_exit *a;
	while ((a = take(0, mutex)))
		crt_free(a);
}

WINAPI void
msvcp140__Cnd_do_broadcast_at_thread_exit(void)
{
	struct at_exit *a;
	while ((a = take(self(), NULL))) {
		if (a->done)
			*a->done = 1;
		msvcp140__Mtx_unlock(a->mutex);
		msvcp140__Cnd_broadcast(a->condition);
		crt_free(a);
	}
}
