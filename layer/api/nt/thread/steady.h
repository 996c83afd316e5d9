/* steady.h -- moments at which a thread of the program must not be stopped.
 *
 * A suspended thread may stand anywhere, also in our code; were it suspended with one of our
 * locks, whoever suspended it would wait for ever.  So a lock is taken while the thread is steady: the
 * signal that suspends a thread looks at steady_self.depth first, and when it is not 0 sets
 * steady_self.late and goes away; the last steady_off() stops the thread then.  Such moments
 * are short, nest, and are the thread's own: threads of the host that are none of the
 * program's have them too.
 */
#ifndef LAYER_API_NT_THREAD_STEADY_H
#define LAYER_API_NT_THREAD_STEADY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct steady {
	uint32_t depth;
	_Atomic bool late;
};

extern _Thread_local struct steady steady_self __attribute__((tls_model("initial-exec")));

/* Stops the calling thread, whose late is set: suspend.c's, put here by except_start(). */
extern void (*steady_stop)(void);
void steady_late(void);

static inline void
steady_on(void)
{
	steady_self.depth++;
	atomic_signal_fence(memory_order_seq_cst);
}

static inline void
steady_off(void)
{
	atomic_signal_fence(memory_order_seq_cst);
	steady_self.depth--;
	atomic_signal_fence(memory_order_seq_cst);
	if (steady_self.depth == 0 && atomic_load_explicit(&steady_self.late, memory_order_relaxed))
		steady_late();
}

/* A lock that makes steady: 0 free, 1 held, 2 held and waited for. */
void steady_wait(_Atomic uint32_t *lock);
void steady_wake(_Atomic uint32_t *lock);

static inline void
steady_lock(_Atomic uint32_t *lock)
{
	uint32_t was = 0;

	steady_on();
	if (!atomic_compare_exchange_strong_explicit(lock, &was, 1, memory_order_acquire,
	                                             memory_order_relaxed))
		steady_wait(lock);
}

static inline void
steady_unlock(_Atomic uint32_t *lock)
{
	if (atomic_exchange_explicit(lock, 0, memory_order_release) == 2)
		steady_wake(lock);
	steady_off();
}

/* futex(2) within the process.  wait: until the absolute time of CLOCK_MONOTONIC, UINT64_MAX for
 * ever; 0, or the error: EAGAIN, EINTR, ETIMEDOUT. */
int steady_futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t deadline);
void steady_futex_wake(_Atomic uint32_t *word, int n);

#endif
