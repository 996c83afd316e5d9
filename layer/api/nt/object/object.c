/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdlib.h>

#include "layer/api/nt/object/name.h"
#include "layer/api/nt/object/object.h"

void
object_init(struct object *o, const struct object_class *class, int32_t state)
{
	o->class = class;
	o->kind = class->take ? OBJECT_ASKS : OBJECT_STAYS;
	o->stable = false;
	o->named = false;
	atomic_init(&o->refs, 1);
	atomic_init(&o->handles, 0);
	atomic_init(&o->state, state);
	atomic_init(&o->lock, 0);
	atomic_init(&o->waiters, NULL);
	o->name = NULL;
	atomic_init(&o->thing, NULL);
}

struct object *
object_ref(struct object *o)
{
	atomic_fetch_add_explicit(&o->refs, 1, memory_order_relaxed);
	return o;
}

bool
object_try_ref(struct object *o)
{
	uint32_t n = atomic_load(&o->refs);

	while (n)
		if (atomic_compare_exchange_weak(&o->refs, &n, n + 1))
			return true;
	return false;
}

void
object_unref(struct object *o)
{
	if (atomic_fetch_sub_explicit(&o->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (o->named)
		name_forget(o);
	free(o->name);
	o->class->destroy(o);
}

void
object_close(struct object *o)
{
	if (atomic_fetch_sub(&o->handles, 1) == 1) {
		if (o->named)
			name_forget(o);
		if (o->class->close)
			o->class->close(o);
	}
	object_unref(o);
}

void
object_signal(struct object *o)
{
	/* set already, it has woken who waited */
	if (atomic_load(&o->state) != 1)
		atomic_exchange(&o->state, 1);
	if (atomic_load(&o->waiters))
		object_wake(o);
}

void
object_reset(struct object *o)
{
	atomic_store(&o->state, 0);
}
