/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "layer/api/nt/thread/steady.h"

_Thread_local struct steady steady_self;
void (*steady_stop)(void);

void
steady_late(void)
{
	atomic_store_explicit(&steady_self.late, false, memory_order_relaxed);
	if (steady_stop)
		steady_stop();
}

int
steady_futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t deadline)
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
steady_futex_wake(_Atomic uint32_t *word, int n)
{
	int saved = errno;

	/* the word may be gone by now: whoever was woken has left */
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
	errno = saved;
}

void
steady_wait(_Atomic uint32_t *lock)
{
	for (int i = 0; i < 64; i++) {
		uint32_t free = 0;

		if (atomic_compare_exchange_strong(lock, &free, 1))
			return;
		__builtin_ia32_pause();
	}
	while (atomic_exchange_explicit(lock, 2, memory_order_acquire))
		steady_futex_wait(lock, 2, UINT64_MAX);
}

void
steady_wake(_Atomic uint32_t *lock)
{
	steady_futex_wake(lock, 1);
}
