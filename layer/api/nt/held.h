/* held.h -- moments at which a thread of the program must not be stopped.
 *
 * A suspended thread may stand anywhere, also in our code; were it suspended with one of our
 * locks, whoever suspended it would wait for ever.  So a lock is taken inside a hold: the
 * signal that suspends a thread looks at held_self.depth first, and when it is not 0 sets
 * held_self.late and goes away; the end of the hold stops the thread then.  Holds are short,
 * nest, and are the thread's own: threads of the host that are none of the program's have
 * them too.
 */
#ifndef LAYER_API_NT_HELD_H
#define LAYER_API_NT_HELD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct held {
	uint32_t depth;
	_Atomic bool late;
};

extern _Thread_local struct held held_self __attribute__((tls_model("initial-exec")));

/* Stops the calling thread, whose late is set: suspend.c's, put here by except_start(). */
extern void (*held_stop)(void);
void held_late(void);

static inline void
held_on(void)
{
	held_self.depth++;
	atomic_signal_fence(memory_order_seq_cst);
}

static inline void
held_off(void)
{
	atomic_signal_fence(memory_order_seq_cst);
	held_self.depth--;
	atomic_signal_fence(memory_order_seq_cst);
	if (held_self.depth == 0 && atomic_load_explicit(&held_self.late, memory_order_relaxed))
		held_late();
}

/* A lock inside a hold: 0 free, 1 held, 2 held and waited for. */
void held_wait(_Atomic uint32_t *lock);
void held_wake(_Atomic uint32_t *lock);

static inline void
held_lock(_Atomic uint32_t *lock)
{
	uint32_t was = 0;

	held_on();
	if (!atomic_compare_exchange_strong_explicit(lock, &was, 1, memory_order_acquire,
	                                             memory_order_relaxed))
		held_wait(lock);
}

static inline void
held_unlock(_Atomic uint32_t *lock)
{
	if (atomic_exchange_explicit(lock, 0, memory_order_release) == 2)
		held_wake(lock);
	held_off();
}

/* futex(2) within the process.  wait: until the absolute time of CLOCK_MONOTONIC, UINT64_MAX for
 * ever; 0, or the error: EAGAIN, EINTR, ETIMEDOUT. */
int hold_futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t deadline);
void hold_futex_wake(_Atomic uint32_t *word, int n);

#endif
