/* SPDX-License-Identifier: Apache-2.0 */
/* ntdll_lock.c -- critical sections, slim locks, condition variables.
 *
 * The ways without contention are one atomic instruction each and call nothing of the host's
 * convention: a call of that would make the compiler save ten vector registers first.
 */
#include <errno.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "layer/api/dll/dll.h"
#include "layer/api/dll/ntdll_lock.h"
#include "layer/api/nt/object/port.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/object/wait.h"

enum {
	FREE = -1,
	HELD = -2,
	WAITED = -6,
	SPIN = 60,
	SPIN_MOST = 1000, /* more is worse than sleeping, whatever was asked for */
};

static inline __attribute__((always_inline)) HANDLE
self(void)
{
	return teb()->ClientId.UniqueThread;
}

static __attribute__((noinline)) WINAPI NTSTATUS
enter_slowly(struct CRITICAL_SECTION *c)
{
	ULONG_PTR spin = c->SpinCount & 0xffffff;

	spin = spin < SPIN ? SPIN : spin > SPIN_MOST ? SPIN_MOST : spin;
	for (; spin; spin--) {
		LONG was = atomic_load_explicit(&c->LockCount, memory_order_relaxed);

		if (was == FREE && atomic_compare_exchange_weak(&c->LockCount, &was, HELD))
			goto mine;
		if (was == WAITED)
			break;
		__builtin_ia32_pause();
	}
	while (atomic_exchange(&c->LockCount, WAITED) != FREE)
		port_sleep((_Atomic uint32_t *)&c->LockCount, (uint32_t)WAITED, WAIT_FOREVER);
mine:
	c->OwningThread = self();
	c->RecursionCount = 1;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_RtlEnterCriticalSection(struct CRITICAL_SECTION *c)
{
	LONG was = FREE;

	if (atomic_compare_exchange_strong_explicit(&c->LockCount, &was, HELD, memory_order_acquire,
	                                            memory_order_relaxed)) {
		c->OwningThread = self();
		c->RecursionCount = 1;
		return STATUS_SUCCESS;
	}
	if (c->OwningThread == self()) {
		c->RecursionCount++;
		return STATUS_SUCCESS;
	}
	return enter_slowly(c);
}

WINAPI ULONG
ntdll_RtlTryEnterCriticalSection(struct CRITICAL_SECTION *c)
{
	LONG was = FREE;

	if (atomic_compare_exchange_strong_explicit(&c->LockCount, &was, HELD, memory_order_acquire,
	                                            memory_order_relaxed)) {
		c->OwningThread = self();
		c->RecursionCount = 1;
		return TRUE;
	}
	if (c->OwningThread != self())
		return FALSE;
	c->RecursionCount++;
	return TRUE;
}

static __attribute__((noinline)) WINAPI NTSTATUS
wake_word(_Atomic uint32_t *word, int n)
{
	steady_futex_wake(word, n);
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_RtlLeaveCriticalSection(struct CRITICAL_SECTION *c)
{
	if (--c->RecursionCount > 0)
		return STATUS_SUCCESS;
	c->RecursionCount = 0;
	c->OwningThread = NULL;
	if (atomic_exchange_explicit(&c->LockCount, FREE, memory_order_release) == WAITED)
		return wake_word((_Atomic uint32_t *)&c->LockCount, 1);
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_RtlInitializeCriticalSectionEx(struct CRITICAL_SECTION *c, ULONG spin, ULONG flags)
{
	(void)flags;
	/* -1: it has no debugging information, as Windows does it by default now */
	c->DebugInfo = (void *)(intptr_t)-1;
	c->RecursionCount = 0;
	c->OwningThread = NULL;
	c->LockSemaphore = NULL;
	c->SpinCount = spin & 0xffffff;
	atomic_store(&c->LockCount, FREE);
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_RtlInitializeCriticalSection(struct CRITICAL_SECTION *c)
{
	return ntdll_RtlInitializeCriticalSectionEx(c, 0, 0);
}

WINAPI NTSTATUS
ntdll_RtlInitializeCriticalSectionAndSpinCount(struct CRITICAL_SECTION *c, ULONG spin)
{
	return ntdll_RtlInitializeCriticalSectionEx(c, spin, 0);
}

WINAPI NTSTATUS
ntdll_RtlDeleteCriticalSection(struct CRITICAL_SECTION *c)
{
	c->DebugInfo = NULL;
	c->RecursionCount = 0;
	c->OwningThread = NULL;
	c->LockSemaphore = NULL;
	c->SpinCount = 0;
	atomic_store(&c->LockCount, FREE);
	return STATUS_SUCCESS;
}

WINAPI ULONG
ntdll_RtlSetCriticalSectionSpinCount(struct CRITICAL_SECTION *c, ULONG spin)
{
	ULONG before = (ULONG)c->SpinCount;

	c->SpinCount = spin & 0xffffff;
	return before;
}

WINAPI ULONG
ntdll_RtlIsCriticalSectionLocked(struct CRITICAL_SECTION *c)
{
	return c->RecursionCount != 0;
}

WINAPI ULONG
ntdll_RtlIsCriticalSectionLockedByThread(struct CRITICAL_SECTION *c)
{
	return c->OwningThread == self() && c->RecursionCount != 0;
}

/* -- slim locks ------------------------------------------------------------------ */

enum {
	WRITER = 1, /* one has it */
	WRITERS_WAIT = 2,
	READERS_WAIT = 4,
	READER = 16,     /* each that has it */
	FOR_WRITERS = 1, /* whom a wake is for: futex bit sets */
	FOR_READERS = 2,
};

static void
sleep_on(_Atomic uint32_t *word, uint32_t value, uint32_t who)
{
	syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, value, NULL, NULL, who);
}

/* The lock is free and the word is 0: all that waited try again, one writer of them. */
static __attribute__((noinline)) WINAPI void
wake_waiters(_Atomic uint32_t *word, uint32_t waited)
{
	int saved = errno;

	if (waited & READERS_WAIT)
		syscall(SYS_futex, word, FUTEX_WAKE_BITSET_PRIVATE, INT32_MAX, NULL, NULL,
		        FOR_READERS);
	if (waited & WRITERS_WAIT)
		syscall(SYS_futex, word, FUTEX_WAKE_BITSET_PRIVATE, 1, NULL, NULL, FOR_WRITERS);
	errno = saved;
}

static __attribute__((noinline)) WINAPI void
write_slowly(union RTL_SRWLOCK *l)
{
	uint32_t others = 0; /* who has slept answers for writers that still do */
	int saved = errno;

	for (int spin = 0;; spin++) {
		uint32_t s = atomic_load_explicit(&l->word, memory_order_relaxed);

		if (s < READER && !(s & WRITER)) {
			if (atomic_compare_exchange_weak(&l->word, &s, s | WRITER | others))
				break;
			continue;
		}
		if (spin < SPIN && !(s & (WRITERS_WAIT | READERS_WAIT))) {
			__builtin_ia32_pause();
			continue;
		}
		if (!(s & WRITERS_WAIT) &&
		    !atomic_compare_exchange_weak(&l->word, &s, s | WRITERS_WAIT))
			continue;
		sleep_on(&l->word, s | WRITERS_WAIT, FOR_WRITERS);
		others = WRITERS_WAIT;
	}
	errno = saved;
}

WINAPI void
ntdll_RtlAcquireSRWLockExclusive(union RTL_SRWLOCK *l)
{
	uint32_t was = 0;

	if (!atomic_compare_exchange_strong_explicit(&l->word, &was, WRITER, memory_order_acquire,
	                                             memory_order_relaxed))
		write_slowly(l);
}

WINAPI ULONG
ntdll_RtlTryAcquireSRWLockExclusive(union RTL_SRWLOCK *l)
{
	uint32_t was = 0;

	return atomic_compare_exchange_strong_explicit(&l->word, &was, WRITER, memory_order_acquire,
	                                               memory_order_relaxed);
}

WINAPI void
ntdll_RtlReleaseSRWLockExclusive(union RTL_SRWLOCK *l)
{
	uint32_t was = atomic_exchange_explicit(&l->word, 0, memory_order_release);

	if (was != WRITER)
		wake_waiters(&l->word, was);
}

static inline __attribute__((always_inline)) bool
read_quickly(union RTL_SRWLOCK *l)
{
	uint32_t s = atomic_load_explicit(&l->word, memory_order_relaxed);

	while (!(s & (WRITER | WRITERS_WAIT)))
		if (atomic_compare_exchange_weak_explicit(
		            &l->word, &s, s + READER, memory_order_acquire, memory_order_relaxed))
			return true;
	return false;
}

static __attribute__((noinline)) WINAPI void
read_slowly(union RTL_SRWLOCK *l)
{
	int saved = errno;

	for (int spin = 0; !read_quickly(l); spin++) {
		uint32_t s = atomic_load_explicit(&l->word, memory_order_relaxed);

		if (spin < SPIN && !(s & (WRITERS_WAIT | READERS_WAIT))) {
			__builtin_ia32_pause();
			continue;
		}
		/* somebody must have it, or nobody would wake us */
		if (!(s & WRITER) && s < READER)
			continue;
		if (!(s & READERS_WAIT) &&
		    !atomic_compare_exchange_weak(&l->word, &s, s | READERS_WAIT))
			continue;
		sleep_on(&l->word, s | READERS_WAIT, FOR_READERS);
	}
	errno = saved;
}

WINAPI void
ntdll_RtlAcquireSRWLockShared(union RTL_SRWLOCK *l)
{
	if (!read_quickly(l))
		read_slowly(l);
}

WINAPI ULONG
ntdll_RtlTryAcquireSRWLockShared(union RTL_SRWLOCK *l)
{
	return read_quickly(l);
}

WINAPI void
ntdll_RtlReleaseSRWLockShared(union RTL_SRWLOCK *l)
{
	uint32_t s = atomic_fetch_sub_explicit(&l->word, READER, memory_order_release) - READER;

	/* The last one that read lets those in who wait; unless another one has it by now. */
	while (s && s < READER && !(s & WRITER))
		if (atomic_compare_exchange_weak(&l->word, &s, 0)) {
			wake_waiters(&l->word, s);
			return;
		}
}

WINAPI void
ntdll_RtlInitializeSRWLock(union RTL_SRWLOCK *l)
{
	l->Ptr = NULL;
}

/* -- condition variables ----------------------------------------------------------- */

WINAPI void
ntdll_RtlInitializeConditionVariable(struct CONDITION_VARIABLE *v)
{
	atomic_store(&v->turn, 0);
	atomic_store(&v->sleepers, 0);
}

WINAPI void
ntdll_RtlWakeConditionVariable(struct CONDITION_VARIABLE *v)
{
	if (!atomic_load(&v->sleepers))
		return;
	atomic_fetch_add(&v->turn, 1);
	wake_word(&v->turn, 1);
}

WINAPI void
ntdll_RtlWakeAllConditionVariable(struct CONDITION_VARIABLE *v)
{
	if (!atomic_load(&v->sleepers))
		return;
	atomic_fetch_add(&v->turn, 1);
	wake_word(&v->turn, INT32_MAX);
}

/* The lock is not the caller's any more; turn is what it was when it still was. */
static NTSTATUS
sleep_turn(struct CONDITION_VARIABLE *v, uint32_t turn, uint64_t deadline)
{
	NTSTATUS s = STATUS_SUCCESS;

	if (!deadline)
		s = atomic_load(&v->turn) == turn ? STATUS_TIMEOUT : STATUS_SUCCESS;
	else if (port_sleep(&v->turn, turn, deadline) == ETIMEDOUT)
		s = STATUS_TIMEOUT;
	atomic_fetch_sub(&v->sleepers, 1);
	return s;
}

NTSTATUS
ntdll_lock_sleep_cs(struct CONDITION_VARIABLE *v, struct CRITICAL_SECTION *c, uint64_t deadline)
{
	uint32_t turn;
	NTSTATUS s;

	atomic_fetch_add(&v->sleepers, 1);
	turn = atomic_load(&v->turn);
	ntdll_RtlLeaveCriticalSection(c);
	s = sleep_turn(v, turn, deadline);
	ntdll_RtlEnterCriticalSection(c);
	return s;
}

NTSTATUS
ntdll_lock_sleep_srw(struct CONDITION_VARIABLE *v, union RTL_SRWLOCK *l, uint64_t deadline,
                     ULONG flags)
{
	bool shared = flags & 1; /* CONDITION_VARIABLE_LOCKMODE_SHARED */
	uint32_t turn;
	NTSTATUS s;

	if (flags & ~1u)
		return STATUS_INVALID_PARAMETER;
	atomic_fetch_add(&v->sleepers, 1);
	turn = atomic_load(&v->turn);
	if (shared)
		ntdll_RtlReleaseSRWLockShared(l);
	else
		ntdll_RtlReleaseSRWLockExclusive(l);
	s = sleep_turn(v, turn, deadline);
	if (shared)
		ntdll_RtlAcquireSRWLockShared(l);
	else
		ntdll_RtlAcquireSRWLockExclusive(l);
	return s;
}

WINAPI NTSTATUS
ntdll_RtlSleepConditionVariableCS(struct CONDITION_VARIABLE *v, struct CRITICAL_SECTION *c,
                                  const LONGLONG *timeout)
{
	return ntdll_lock_sleep_cs(v, c, wait_deadline_nt(timeout));
}

WINAPI NTSTATUS
ntdll_RtlSleepConditionVariableSRW(struct CONDITION_VARIABLE *v, union RTL_SRWLOCK *l,
                                   const LONGLONG *timeout, ULONG flags)
{
	return ntdll_lock_sleep_srw(v, l, wait_deadline_nt(timeout), flags);
}
