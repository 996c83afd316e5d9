/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/wasi/inner.h"

#include "layer/lang/wasi/wasi.h"

/* wasi-threads: numbers are 1 .. 2^29 - 1, so that a program can keep bits beside
 * them, and what is not positive is an error. */
enum { TID_MAX = 0x1fffffff, FAILED = -1 };

/* The argument of the new thread; gives its number. */
int
wasi_thread_spawn(struct wasi_call *c, const uint64_t *a)
{
	struct wasi *w = c->w;
	if (!w->spawn)
		return FAILED;
	uint32_t tid = atomic_load(&w->tid), next;
	do
		next = tid + 1;
	while (next <= TID_MAX && !atomic_compare_exchange_weak(&w->tid, &tid, next));
	/* Numbers are not used again: 2^29 threads are more than there will be. */
	if (next > TID_MAX || w->spawn(w->spawn_ctx, c->t, (uint32_t)a[0], next) < 0)
		return FAILED;
	return (int)next;
}
