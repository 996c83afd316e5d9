/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdlib.h>

#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/thread/tls.h"

static _Atomic uint32_t slots_lock;
/* A program that takes 0 for "none" is not disappointed. */
static uint64_t used[(TLS_MINIMUM + TLS_EXPANSION) / 64] = { 1 };

DWORD
tls_alloc(void)
{
	DWORD i = (DWORD)TLS_OUT;

	steady_lock(&slots_lock);
	for (size_t w = 0; w < sizeof used / sizeof *used; w++)
		if (~used[w]) {
			unsigned bit = (unsigned)__builtin_ctzll(~used[w]);

			used[w] |= UINT64_C(1) << bit;
			i = (DWORD)(w * 64 + bit);
			break;
		}
	steady_unlock(&slots_lock);
	return i;
}

static void
clear(struct thread *t, void *ctx)
{
	DWORD i = *(DWORD *)ctx;

	if (i < TLS_MINIMUM)
		t->teb->TlsSlots[i] = NULL;
	else if (t->teb->TlsExpansionSlots)
		t->teb->TlsExpansionSlots[i - TLS_MINIMUM] = NULL;
}

bool
tls_free(DWORD i)
{
	bool was = false;

	if (i >= TLS_MINIMUM + TLS_EXPANSION)
		return false;
	steady_lock(&slots_lock);
	was = i && (used[i / 64] & UINT64_C(1) << i % 64);
	if (was) {
		thread_each(clear, &i);
		used[i / 64] &= ~(UINT64_C(1) << i % 64);
	}
	steady_unlock(&slots_lock);
	return was;
}

bool
tls_set_high(DWORD i, void *value)
{
	struct TEB *t = teb();

	i -= TLS_MINIMUM;
	if (i >= TLS_EXPANSION)
		return false;
	if (!t->TlsExpansionSlots) {
		void **new;

		if (!value)
			return true;
		steady_on();
		new = calloc(TLS_EXPANSION, sizeof *new);
		__atomic_store_n(&t->TlsExpansionSlots, new, __ATOMIC_RELEASE);
		steady_off();
		if (!new)
			return false;
	}
	t->TlsExpansionSlots[i] = value;
	return true;
}
