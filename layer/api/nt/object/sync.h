/* sync.h -- events, mutants and semaphores: what is waited for and signalled by hand.
 *
 * What happens when nobody waits is done without a lock and inline, by the program's own call
 * (kernel32_sync.c): a change of `state`, then a look whether there are waiters.  One that other
 * processes have too (sync_share.h) always looks as if it had some, and its `state` is 0.
 */
#ifndef LAYER_API_NT_OBJECT_SYNC_H
#define LAYER_API_NT_OBJECT_SYNC_H

#include <stdatomic.h>

#include "layer/api/nt/object/object.h"
#include "layer/api/nt/status.h"
#include "layer/api/nt/thread/thread.h"

extern const struct object_class sync_event_class, sync_mutant_class, sync_semaphore_class;

struct sync_mutant {
	struct object object;           /* state 1: free */
	struct thread *_Atomic owner;   /* lent; it is told apart by its address */
	/* the owner's only */
	uint32_t count;
	bool abandoned;
	struct sync_mutant *next, **link;       /* of those that the owner has */
};

struct sync_semaphore {
	struct object object;           /* state: the count */
	int32_t limit;                  /* fixed */
};

/* One count, no handle; NULL: no memory. */
struct object *sync_event(bool manual, bool set);
struct object *sync_mutant(bool owned);
struct object *sync_semaphore(int32_t count, int32_t limit);

/* before may be NULL. */
void sync_set(struct object *event, LONG *before);
void sync_reset(struct object *event, LONG *before);
void sync_pulse(struct object *event, LONG *before);
NTSTATUS sync_release(struct object *semaphore, int32_t n, LONG *before);
NTSTATUS sync_unlock(struct object *mutant, LONG *before);
/* Set, release, unlock what the first is, and wait for the second. */
NTSTATUS sync_signal_and_wait(HANDLE signal, HANDLE wait, bool alertable, uint64_t deadline);
/* The thread ends: what it has is abandoned. */
void sync_abandon(struct thread *t);
/* For queries. */
bool sync_is_manual(struct object *event);
int32_t sync_state(struct object *o);   /* an event's, a semaphore's count; a mutant: 1 is free */

/* sync_share.c's */
bool sync_share_take(struct object *o, struct thread *t, NTSTATUS *status);

/* The mutant is t's now. */
static inline __attribute__((always_inline)) void
sync_own(struct sync_mutant *m, struct thread *t)
{
	m->count = 1;
	m->next = t->mutants;
	m->link = &t->mutants;
	if (m->next)
		m->next->link = &m->next;
	t->mutants = m;
	atomic_fetch_add_explicit(&m->object.refs, 1, memory_order_relaxed);
	atomic_store_explicit(&m->owner, t, memory_order_relaxed);
}

/* It is nobody's; then its state may be 1 again. */
static inline __attribute__((always_inline)) void
sync_disown(struct sync_mutant *m)
{
	*m->link = m->next;
	if (m->next)
		m->next->link = m->link;
	atomic_store_explicit(&m->owner, NULL, memory_order_relaxed);
}

/* Take an object for a wait of t, when it is there to be taken; not for OBJECT_ASKS. */
static inline __attribute__((always_inline)) bool
sync_take_quick(struct object *o, struct thread *t, NTSTATUS *status)
{
	struct sync_mutant *m = (struct sync_mutant *)o;
	int32_t s;

	switch ((enum object_kind)o->kind) {
	case OBJECT_STAYS: return atomic_load(&o->state) != 0;
	case OBJECT_ONE:
		s = 1;
		return atomic_compare_exchange_strong(&o->state, &s, 0);
	case OBJECT_COUNT:
		s = atomic_load(&o->state);
		while (s > 0)
			if (atomic_compare_exchange_weak(&o->state, &s, s - 1))
				return true;
		return false;
	case OBJECT_MUTANT:
		if (atomic_load_explicit(&m->owner, memory_order_relaxed) == t) {
			if (m->count < INT32_MAX) {
				m->count++;
				return true;
			}
			*status = STATUS_MUTANT_LIMIT_EXCEEDED;
			return true;
		}
		s = 1;
		if (!atomic_compare_exchange_strong(&o->state, &s, 0))
			return false;
		sync_own(m, t);
		if (m->abandoned) {
			m->abandoned = false;
			*status = STATUS_ABANDONED_WAIT_0;
		}
		return true;
	default: return false;
	}
}

static inline bool
sync_take(struct object *o, struct thread *t, NTSTATUS *status)
{
	uint8_t kind = o->kind;

	return kind == OBJECT_ASKS     ? o->class->take(o, t, status)
	       : kind == OBJECT_SHARED ? sync_share_take(o, t, status)
	                               : sync_take_quick(o, t, status);
}

#endif
