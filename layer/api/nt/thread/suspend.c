/* SPDX-License-Identifier: Apache-2.0 */
/* suspend.c -- stopping another thread, and its registers while it is stopped.
 *
 * The thread stands in the handler of a signal, waiting for its count to become 0; its
 * registers are those that the host has saved there, and what is changed in them holds when
 * the handler returns.  A thread that is steady (steady.h) stops when it no longer is.  Whoever
 * suspends waits until the thread stands.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "layer/api/nt/except/except.h"
#include "layer/api/nt/except/xstate.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/object/wait.h"

enum {
	MAXIMUM_SUSPEND_COUNT = 127,
	SUSPEND_COUNT_EXCEEDED = (int)0xc000004a,
	THREAD_IS_TERMINATING = (int)0xc000004b,
	LOOK_AGAIN = 1000000, /* nanoseconds: has it ended meanwhile? */
};

int suspend_signal;

/* Wakes those who wait for a thread to stand. */
static _Atomic uint32_t stood;
static _Atomic uint32_t waiting;

static uint32_t
count(struct thread *t)
{
	return (uint32_t)atomic_load(&t->suspend_count);
}

/* In the thread: stand until nobody wants it any more. */
static void
stand(struct thread *t, ucontext_t *u)
{
	uint32_t n;
	while (count(t)) {
		atomic_store(&t->suspended, u);
		atomic_fetch_add(&stood, 1);
		if (atomic_load(&waiting))
			steady_futex_wake(&stood, INT32_MAX);
		while ((n = count(t)) != 0)
			steady_futex_wait((_Atomic uint32_t *)&t->suspend_count, n, UINT64_MAX);
		/* Whoever suspends it again at this moment sees it still standing, or is
		 * seen by the loop: the count is raised before `suspended` is looked at. */
		atomic_store(&t->suspended, NULL);
	}
}

static _Thread_local struct thread *self __attribute__((tls_model("initial-exec")));

static void
on_suspend(int sig, siginfo_t *si, void *ctx)
{
	int saved = errno;
	(void)sig;
	if (si->si_code == SI_TKILL && steady_self.depth)
		atomic_store_explicit(&steady_self.late, true, memory_order_relaxed);
	else if (si->si_code == SI_TKILL && (self = except_self()))
		stand(self, ctx);
	errno = saved;
}

/* The thread is steady no more, or suspends itself: go to the handler. */
static void
stop_here(void)
{
	syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), suspend_signal);
}

void
suspend_start(void)
{
	suspend_signal = SIGRTMIN + 6;
	steady_stop = stop_here;
	struct sigaction a = { .sa_sigaction = on_suspend,
		               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART };
	sigfillset(&a.sa_mask);
	static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		sigdelset(&a.sa_mask, faults[i]);
	sigaction(suspend_signal, &a, NULL);
}

/* Let it come to the handler.  false: it has ended. */
static bool
knock(struct thread *t)
{
	bool there;
	steady_lock(&t->object.lock);
	there = !atomic_load(&t->ended) &&
	        (!atomic_load(&t->started) ||
	         syscall(SYS_tgkill, getpid(), t->tid, suspend_signal) == 0);
	steady_unlock(&t->object.lock);
	return there;
}

/* Wait until it stands; false: it has ended. */
static bool
await(struct thread *t)
{
	bool stands = false;
	if (!atomic_load(&t->started))
		return true; /* it has not begun: its count holds it */
	atomic_fetch_add(&waiting, 1);
	while (!stands && !atomic_load(&t->ended)) {
		uint32_t n = atomic_load(&stood);
		stands = atomic_load(&t->suspended) || !count(t);
		if (!stands)
			steady_futex_wait(&stood, n, wait_now() + LOOK_AGAIN);
	}
	atomic_fetch_sub(&waiting, 1);
	return stands;
}

NTSTATUS
suspend_thread(struct thread *t, ULONG *before)
{
	int32_t n = atomic_load(&t->suspend_count);
	if (atomic_load(&t->ended))
		return (NTSTATUS)THREAD_IS_TERMINATING;
	do {
		if (n >= MAXIMUM_SUSPEND_COUNT)
			return (NTSTATUS)SUSPEND_COUNT_EXCEEDED;
	} while (!atomic_compare_exchange_weak(&t->suspend_count, &n, n + 1));
	if (before)
		*before = (ULONG)n;
	if (t == thread_self()) {
		stop_here();
		return STATUS_SUCCESS;
	}
	if (!atomic_load(&t->suspended) && !(knock(t) && await(t))) {
		atomic_fetch_sub(&t->suspend_count, 1);
		return (NTSTATUS)THREAD_IS_TERMINATING;
	}
	return STATUS_SUCCESS;
}

NTSTATUS
suspend_resume(struct thread *t, ULONG *before)
{
	int32_t n = atomic_load(&t->suspend_count);
	do
		if (n == 0)
			break;
	while (!atomic_compare_exchange_weak(&t->suspend_count, &n, n - 1));
	if (before)
		*before = (ULONG)n;
	if (n == 1)
		steady_futex_wake((_Atomic uint32_t *)&t->suspend_count, INT32_MAX);
	return STATUS_SUCCESS;
}

/* The registers of a thread that stands: NULL when it has ended. */
static ucontext_t *
registers(struct thread *t)
{
	while (!atomic_load(&t->started) && !atomic_load(&t->ended))
		steady_futex_wait(&t->started, 0, wait_now() + LOOK_AGAIN);
	ucontext_t *u = atomic_load(&t->suspended);
	if (!u && knock(t) && await(t))
		u = atomic_load(&t->suspended);
	return u;
}

/* A thread that is not suspended is stopped for the moment. */
NTSTATUS
suspend_get(struct thread *t, struct CONTEXT *c)
{
	struct CONTEXT now = { 0 };
	ULONG before;
	if (t == thread_self()) {
		except_capture(&now);
		except_context_parts(c, &now, c->ContextFlags);
		return STATUS_SUCCESS;
	}
	NTSTATUS s = suspend_thread(t, &before);
	if (s < 0)
		return s;
	ucontext_t *u = registers(t);
	if (u) {
		except_context_of(&now, u);
		except_context_parts(c, &now, c->ContextFlags);
		struct XSTATE *x = xstate_of(c);
		if (x)
			xstate_load(x, u->uc_mcontext.fpregs);
	}
	suspend_resume(t, &before);
	return u ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

NTSTATUS
suspend_set(struct thread *t, const struct CONTEXT *c)
{
	ULONG before;
	if (t == thread_self()) {
		if ((c->ContextFlags & CONTEXT_CONTROL) == CONTEXT_CONTROL)
			except_resume(c);
		return STATUS_SUCCESS; /* its other registers are this function's */
	}
	NTSTATUS s = suspend_thread(t, &before);
	if (s < 0)
		return s;
	ucontext_t *u = registers(t);
	if (u)
		except_context_to(c, u);
	suspend_resume(t, &before);
	return u ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}
