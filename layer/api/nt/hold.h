/* hold.h -- moments at which a thread of the program must not be stopped.
 *
 * A suspended thread may stand anywhere, also in our code; were it suspended with one of our
 * locks, whoever suspended it would wait for ever.  So a lock is taken inside a hold: the
 * signal that suspends a thread looks at hold_self.depth first, and when it is not 0 sets
 * hold_self.late and goes away; the end of the hold stops the thread then.  Holds are short,
 * nest, and are the thread's own: threads of the host that are none of the program's have
 * them too.
 */
#ifndef LAYER_API_NT_HOLD_H
#define LAYER_API_NT_HOLD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct hold {
	uint32_t depth;
	_Atomic bool late;
};

extern _Thread_local struct hold hold_self __attribute__((tls_model("initial-exec")));

/* Stops the calling thread, whose late is set: suspend.c's, put here by except_start(). */
extern void (*hold_stop)(void);
void hold_late(void);

static inline void
hold_on(void)
{
	hold_self.depth++;
	atomic_signal_fence(memory_order_seq_cst);
}

static inline void
hold_off(void)
{
	atomic_signal_fence(memory_order_seq_cst);
	hold_self.depth--;
	atomic_signal_fence(memory_order_seq_cst);
	if (hold_self.depth == 0 && atomic_load_explicit(&hold_self.late, memory_order_relaxed))
		hold_late();
}

/* A lock inside a hold: 0 free, 1 held, 2 held and waited for. */
void hold_wait(_Atomic uint32_t *lock);
void hold_wake(_Atomic uint32_t *lock);

static inline void
hold_lock(_Atomic uint32_t *lock)
{
	uint32_t was = 0;

	hold_on();
	if (!atomic_compare_exchange_strong_explicit(lock, &was, 1, memory_order_acquire,
	                                             memory_order_relaxed))
		hold_wait(lock);
}

static inline void
hold_unlock(_Atomic uint32_t *lock)
{
	if (atomic_exchange_explicit(lock, 0, memory_order_release) == 2)
		hold_wake(lock);
	hold_off();
}

/* futex(2) within the process.  wait: until the absolute time of CLOCK_MONOTONIC, UINT64_MAX for
 * ever; 0, or the error: EAGAIN, EINTR, ETIMEDOUT. */
int hold_futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t deadline);
void hold_futex_wake(_Atomic uint32_t *word, int n);

#endif
