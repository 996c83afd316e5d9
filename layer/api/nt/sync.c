/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "layer/api/nt/steady.h"
#include "layer/api/nt/sync.h"
#include "layer/api/nt/wait.h"

static void
destroy(struct object *o)
{
	free(o);
}

const struct object_class sync_event_class = { .name = "Event", .destroy = destroy };
const struct object_class sync_mutant_class = { .name = "Mutant", .destroy = destroy };
const struct object_class sync_semaphore_class = { .name = "Semaphore", .destroy = destroy };

struct object *
sync_event(bool manual, bool set)
{
	struct object *o = calloc(1, sizeof *o);

	if (!o)
		return NULL;
	object_init(o, &sync_event_class, set);
	o->kind = manual ? OBJECT_STAYS : OBJECT_ONE;
	return o;
}

struct object *
sync_mutant(bool owned)
{
	struct sync_mutant *m = calloc(1, sizeof *m);

	if (!m)
		return NULL;
	object_init(&m->object, &sync_mutant_class, !owned);
	m->object.kind = OBJECT_MUTANT;
	if (owned)
		sync_own(m, thread_self());
	return &m->object;
}

struct object *
sync_semaphore(int32_t count, int32_t limit)
{
	struct sync_semaphore *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	object_init(&s->object, &sync_semaphore_class, count);
	s->object.kind = OBJECT_COUNT;
	s->limit = limit;
	return &s->object;
}

void
sync_set(struct object *event, LONG *before)
{
	int32_t was = atomic_exchange(&event->state, 1);

	if (atomic_load(&event->waiters))
		object_wake(event);
	if (before)
		*before = was;
}

void
sync_reset(struct object *event, LONG *before)
{
	int32_t was = atomic_exchange(&event->state, 0);

	if (before)
		*before = was;
}

void
sync_pulse(struct object *event, LONG *before)
{
	int32_t was = atomic_exchange(&event->state, 1);

	/* Those who wait now have it; who comes later finds it reset. */
	if (atomic_load(&event->waiters))
		object_wake(event);
	atomic_store(&event->state, 0);
	if (before)
		*before = was;
}

NTSTATUS
sync_release(struct object *o, int32_t n, LONG *before)
{
	struct sync_semaphore *s = (struct sync_semaphore *)o;
	int32_t was = atomic_load(&o->state);

	do {
		if (n <= 0 || was > s->limit - n)
			return STATUS_SEMAPHORE_LIMIT_EXCEEDED;
	} while (!atomic_compare_exchange_weak(&o->state, &was, was + n));
	if (atomic_load(&o->waiters))
		object_wake(o);
	if (before)
		*before = was;
	return STATUS_SUCCESS;
}

static void
let_go(struct sync_mutant *m)
{
	sync_disown(m);
	atomic_exchange(&m->object.state, 1);
	if (atomic_load(&m->object.waiters))
		object_wake(&m->object);
}

NTSTATUS
sync_unlock(struct object *o, LONG *before)
{
	struct sync_mutant *m = (struct sync_mutant *)o;

	if (atomic_load_explicit(&m->owner, memory_order_relaxed) != thread_self())
		return STATUS_MUTANT_NOT_OWNED;
	if (before)
		*before = 1 - (LONG)m->count;
	if (--m->count)
		return STATUS_SUCCESS;
	let_go(m);
	object_unref(o);
	return STATUS_SUCCESS;
}

void
sync_abandon(struct thread *t)
{
	while (t->mutants) {
		struct sync_mutant *m = t->mutants;

		m->count = 0;
		m->abandoned = true;
		let_go(m);
		object_unref(&m->object);
	}
}

NTSTATUS
sync_signal_and_wait(HANDLE signal, HANDLE wait, bool alertable, uint64_t deadline)
{
	struct object *o, *w;
	NTSTATUS s = handle_get(signal, NULL, &o);

	if (s < 0)
		return s;
	s = handle_get(wait, NULL, &w);
	if (s < 0) {
		object_unref(o);
		return s;
	}
	if (o->class == &sync_event_class)
		sync_set(o, NULL);
	else if (o->class == &sync_semaphore_class)
		s = sync_release(o, 1, NULL);
	else if (o->class == &sync_mutant_class)
		s = sync_unlock(o, NULL);
	else
		s = STATUS_OBJECT_TYPE_MISMATCH;
	object_unref(o);
	if (s >= 0)
		s = wait_objects(1, &w, false, alertable, deadline);
	object_unref(w);
	return s;
}
