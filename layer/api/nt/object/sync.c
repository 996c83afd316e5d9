/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/object/shared_sync.h"
#include "layer/api/nt/object/sync.h"
#include "layer/api/nt/object/sync_share.h"
#include "layer/api/nt/object/wait.h"

/* -- memory that stays of one class -------------------------------------------------------- */

enum { SLOTS = 64 };

struct slot {
	union {
		struct object object;
		struct sync_mutant mutant;
		struct sync_semaphore semaphore;
	};
	struct slot *next; /* of the free ones */
};

static struct slab {
	_Atomic uint32_t lock;
	struct slot *free;
} events, mutants, semaphores;

static struct slot *
slot_new(struct slab *a)
{
	struct slot *s, *more;

	steady_lock(&a->lock);
	s = a->free;
	if (s)
		a->free = s->next;
	steady_unlock(&a->lock);
	if (s)
		return s;
	more = calloc(SLOTS, sizeof *more);
	if (!more)
		return NULL;
	steady_lock(&a->lock);
	for (int i = 1; i < SLOTS; i++) {
		more[i].next = a->free;
		a->free = &more[i];
	}
	steady_unlock(&a->lock);
	return more;
}

/* It is not signalled: who still looks at it by a closed handle cannot take it. */
static void
slot_free(struct slab *a, struct object *o)
{
	struct slot *s = (struct slot *)o;

	if (o->thing)
		sync_share_leave(o);
	atomic_store(&o->state, 0);
	steady_lock(&a->lock);
	s->next = a->free;
	a->free = s;
	steady_unlock(&a->lock);
}

static void destroy_event(struct object *o) { slot_free(&events, o); }
static void destroy_mutant(struct object *o) { slot_free(&mutants, o); }
static void destroy_semaphore(struct object *o) { slot_free(&semaphores, o); }

const struct object_class sync_event_class = {
	.name = "Event",
	.destroy = destroy_event,
	.give = sync_share_to_child,
	.remake = sync_share_remake,
};

const struct object_class sync_mutant_class = {
	.name = "Mutant",
	.destroy = destroy_mutant,
	.give = sync_share_to_child,
	.remake = sync_share_remake,
};

const struct object_class sync_semaphore_class = {
	.name = "Semaphore",
	.destroy = destroy_semaphore,
	.give = sync_share_to_child,
	.remake = sync_share_remake,
};

static struct object *
init(struct slot *s, const struct object_class *class, int32_t state, enum object_kind kind)
{
	object_init(&s->object, class, state);
	s->object.kind = (uint8_t)kind;
	s->object.stable = true;
	return &s->object;
}

struct object *
sync_event(bool manual, bool set)
{
	struct slot *s = slot_new(&events);

	return s ? init(s, &sync_event_class, set, manual ? OBJECT_STAYS : OBJECT_ONE) : NULL;
}

struct object *
sync_mutant(bool owned)
{
	struct slot *s = slot_new(&mutants);

	if (!s)
		return NULL;
	s->mutant.count = 0;
	s->mutant.abandoned = false;
	atomic_store(&s->mutant.owner, NULL);
	init(s, &sync_mutant_class, !owned, OBJECT_MUTANT);
	if (owned)
		sync_own(&s->mutant, thread_self());
	return &s->object;
}

struct object *
sync_semaphore(int32_t count, int32_t limit)
{
	struct slot *s = slot_new(&semaphores);

	if (!s)
		return NULL;
	s->semaphore.limit = limit;
	return init(s, &sync_semaphore_class, count, OBJECT_COUNT);
}

void
sync_set(struct object *event, LONG *before)
{
	if (event->kind == OBJECT_SHARED) {
		shared_sync_event(event->thing, SHARED_SET, before);
		return;
	}
	int32_t was = atomic_exchange(&event->state, 1);

	if (atomic_load(&event->waiters))
		object_wake(event);
	if (before)
		*before = was;
}

void
sync_reset(struct object *event, LONG *before)
{
	if (event->kind == OBJECT_SHARED) {
		shared_sync_event(event->thing, SHARED_RESET, before);
		return;
	}
	int32_t was = atomic_exchange(&event->state, 0);

	/* it may have become another's too just then */
	if (event->kind == OBJECT_SHARED)
		shared_sync_event(event->thing, SHARED_RESET, NULL);
	if (before)
		*before = was;
}

void
sync_pulse(struct object *event, LONG *before)
{
	if (event->kind == OBJECT_SHARED) {
		shared_sync_event(event->thing, SHARED_PULSE, before);
		return;
	}
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

	if (o->kind == OBJECT_SHARED)
		return shared_sync_release(o->thing, n, before);
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

bool
sync_is_manual(struct object *o)
{
	return o->kind == OBJECT_SHARED ? atomic_load(&o->thing->flags) & SHARED_MANUAL
	                                : o->kind == OBJECT_STAYS;
}

int32_t
sync_state(struct object *o)
{
	if (o->kind != OBJECT_SHARED)
		return atomic_load(&o->state);
	return o->class == &sync_mutant_class ? shared_sync_there(o->thing)
	                                      : atomic_load(&o->thing->state);
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
