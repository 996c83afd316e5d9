/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/thread/fls.h"
#include "layer/api/nt/thread/steady.h"

struct slot {
	_Atomic bool used;
	fls_callback f;
};

static _Atomic uint32_t slots_lock;
static struct slot slots[FLS_MOST];
static _Atomic DWORD top = 1; /* none at or above it is used; 0 is never given */

DWORD
fls_alloc(fls_callback f)
{
	DWORD i;

	steady_lock(&slots_lock);
	for (i = 1; i < FLS_MOST && atomic_load(&slots[i].used); i++)
		;
	if (i < FLS_MOST) {
		slots[i].f = f;
		atomic_store(&slots[i].used, true);
		if (i >= top)
			top = i + 1;
	} else
		i = (DWORD)FLS_OUT;
	steady_unlock(&slots_lock);
	return i;
}

static bool
valid(DWORD i)
{
	return i < FLS_MOST && atomic_load_explicit(&slots[i].used, memory_order_relaxed);
}

/* Where a value stands; NULL: its place was never made. */
static void **
place(struct thread *t, DWORD i)
{
	struct fls_values *v = atomic_load_explicit(&t->fls, memory_order_acquire);
	void **high;

	if (!v)
		return NULL;
	if (i < sizeof v->low / sizeof *v->low)
		return &v->low[i];
	high = atomic_load_explicit(&v->high, memory_order_acquire);
	return high ? &high[i] : NULL;
}

static void **
make_place(struct thread *t, DWORD i)
{
	struct fls_values *v = t->fls;

	if (!v) {
		v = calloc(1, sizeof *v);
		if (!v)
			return NULL;
		atomic_store_explicit(&t->fls, v, memory_order_release);
	}
	if (i >= sizeof v->low / sizeof *v->low && !v->high) {
		void **high = calloc(FLS_MOST, sizeof *high);

		if (!high)
			return NULL;
		atomic_store_explicit(&v->high, high, memory_order_release);
	}
	return place(t, i);
}

/* Other threads' values are theirs: here only the calling thread's goes, and those of others
 * are forgotten before the slot is used again. */
static void
clear(struct thread *t, void *ctx)
{
	void **p = place(t, *(DWORD *)ctx);

	if (p)
		*p = NULL;
}

bool
fls_free(DWORD i)
{
	fls_callback f = NULL;
	void *value = NULL;
	bool was;

	steady_lock(&slots_lock);
	was = i && valid(i);
	if (was)
		f = slots[i].f;
	steady_unlock(&slots_lock);
	if (!was)
		return false;
	fls_get(i, &value);
	if (value && f)
		f(value);
	fls_set(i, NULL);
	thread_each(clear, &i);
	atomic_store(&slots[i].used, false);
	return true;
}

bool
fls_get(DWORD i, void **value)
{
	void **p;

	if (i >= FLS_MOST)
		return false;
	p = place(thread_self(), i);
	*value = p ? *p : NULL;
	return true;
}

bool
fls_set(DWORD i, void *value)
{
	void **p;

	if (!i || !valid(i))
		return false;
	p = place(thread_self(), i);
	if (!p && !value)
		return true;
	if (!p) {
		steady_on();
		p = make_place(thread_self(), i);
		steady_off();
	}
	if (p)
		*p = value;
	return p != NULL;
}

static void
drop(void **p, DWORD i)
{
	void *value = *p;
	fls_callback f = valid(i) ? slots[i].f : NULL;

	*p = NULL;
	if (value && f)
		f(value);
}

void
fls_drop(struct fls_values *v)
{
	const DWORD low = sizeof v->low / sizeof *v->low;

	if (!v)
		return;
	for (DWORD i = 1; i < top; i++)
		if (i < low)
			drop(&v->low[i], i);
		else if (v->high)
			drop(&v->high[i], i);
	free(v->high);
	free(v);
}

void
fls_thread_end(struct thread *t)
{
	struct fls_values *v = t->fls;

	if (!v)
		return;
	/* the functions may read the values of others, so they stay where they are until all
	 * have gone; thread_each looks at them under its lock */
	for (DWORD i = 1; i < top; i++) {
		void **p = place(t, i);

		if (p)
			drop(p, i);
	}
	steady_on();
	v = thread_take_fls(t);
	steady_off();
	fls_drop(v);
}
