/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "layer/api/nt/hold.h"

_Thread_local struct hold hold_self;
void (*hold_stop)(void);

void
hold_late(void)
{
	atomic_store_explicit(&hold_self.late, false, memory_order_relaxed);
	if (hold_stop)
		hold_stop();
}

int
hold_futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t deadline)
{
	struct timespec t = { (time_t)(deadline / 1000000000), (long)(deadline % 1000000000) };
	int saved = errno, r;

	r = (int)syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, value,
	                 deadline == UINT64_MAX ? NULL : &t, NULL, FUTEX_BITSET_MATCH_ANY);
	if (r < 0)
		r = errno;
	errno = saved;
	return r;
}

void
hold_futex_wake(_Atomic uint32_t *word, int n)
{
	int saved = errno;

	/* the word may be gone by now: whoever was woken has left */
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
	errno = saved;
}

void
hold_wait(_Atomic uint32_t *lock)
{
	for (int i = 0; i < 64; i++) {
		uint32_t free = 0;

		if (atomic_compare_exchange_strong(lock, &free, 1))
			return;
		__builtin_ia32_pause();
	}
	while (atomic_exchange_explicit(lock, 2, memory_order_acquire))
		hold_futex_wait(lock, 2, UINT64_MAX);
}

void
hold_wake(_Atomic uint32_t *lock)
{
	hold_futex_wake(lock, 1);
}
