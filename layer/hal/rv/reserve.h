/* reserve.h -- what lr and sc see of the other harts' atomic accesses.
 *
 * A sc stores when the memory is as the lr found it, by one compare-and-swap. That alone would
 * take a value that came back for one that never went away, which lr and sc exist to tell
 * apart. So every line of 64 bytes has a turn (lines share them by a hash): each atomic
 * access that may write takes the turn it found, works, and gives the next one; a sc whose
 * lr saw another turn fails. The turn is odd while somebody works.
 *
 * Stores that are not atomic take no turn: a sc sees them by the value alone, so one that
 * puts the same value back between lr and sc is not noticed. A computer of one hart has no
 * turns, as a trap ends its reservation.
 */
#ifndef LAYER_HAL_RV_RESERVE_H
#define LAYER_HAL_RV_RESERVE_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { RESERVE_LINE = 64, RESERVE_TURNS = 256, RESERVE_PATIENCE = 100 };

struct turn {
	_Alignas(RESERVE_LINE) _Atomic uint64_t n;
};

static inline struct turn *
reserve_turn(struct turn *all, uint64_t offset)
{
	return &all[offset / RESERVE_LINE & (RESERVE_TURNS - 1)];
}

/* For an access that cannot fail. */
static inline void
reserve_take(struct turn *t)
{
	for (unsigned i = 1;; i++) {
		uint64_t n = atomic_load_explicit(&t->n, memory_order_relaxed) & ~UINT64_C(1);
		if (atomic_compare_exchange_weak_explicit(&t->n, &n, n + 1, memory_order_acquire,
		                                          memory_order_relaxed))
			return;
		/* who has it may not be running */
		if (i % RESERVE_PATIENCE == 0)
			sched_yield();
	}
}

static inline void
reserve_give(struct turn *t)
{
	atomic_fetch_add_explicit(&t->n, 1, memory_order_release);
}

/* The turn of a lr, before it loads; odd, its sc will fail. */
static inline uint64_t
reserve_look(const struct turn *t)
{
	return atomic_load_explicit(&t->n, memory_order_acquire);
}

/* For a sc: is it still that turn?  Then it is taken. */
static inline bool
reserve_retake(struct turn *t, uint64_t n)
{
	return !(n & 1) && atomic_compare_exchange_strong_explicit(
	                           &t->n, &n, n + 1, memory_order_acquire, memory_order_relaxed);
}

#endif
