/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/object/sync_share.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/object/address.h"
#include "layer/api/nt/process/process.h"
#include "layer/api/nt/object/shared_sync.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/object/sync.h"
#include "layer/api/nt/object/timer.h"
#include "layer/api/nt/object/wait.h"

static _Atomic uint32_t here_lock;
static struct object *here[SHARED_THINGS]; /* lent: the object of a thing, or NULL */

/* Stands for the waiters that other processes may have. */
static struct waiter others;

static enum shared_kind
kind_of(const struct object_class *class)
{
	return class == &sync_event_class       ? SHARED_EVENT
	       : class == &sync_mutant_class    ? SHARED_MUTEX
	       : class == &sync_semaphore_class ? SHARED_SEMAPHORE
	       : class == &timer_class          ? SHARED_TIMER
	       : class == &address_keyed_class  ? SHARED_KEYED
	                                        : SHARED_NOTHING;
}

static bool
is_sync(uint32_t kind)
{
	return kind == SHARED_EVENT || kind == SHARED_MUTEX || kind == SHARED_SEMAPHORE;
}

bool
sync_share_can(const struct object_class *class)
{
	return kind_of(class) != SHARED_NOTHING;
}

/* What the thing of an object begins with, but for what is signalled. */
static struct shared_first
first_of(const struct object *o)
{
	struct shared_first f = { 0 };

	if (o->class == &sync_event_class)
		f.flags = o->kind == OBJECT_STAYS ? SHARED_MANUAL : 0;
	if (o->class == &sync_semaphore_class)
		f.limit = ((const struct sync_semaphore *)o)->limit;
	f.owned = o->class == &sync_mutant_class;
	if (o->class == &timer_class)
		timer_first(o, &f);
	return f;
}

/* From here on o is the thing, with what is still in its state.  fresh: nobody else has it.
 * Under here_lock. */
static void
attach(struct object *o, struct shared_thing *t, bool fresh)
{
	here[shared_number(t) - 1] = o;
	o->named = true; /* its handles count */
	if (o->class == &timer_class) {
		timer_share(o, t, fresh);
		return;
	}
	atomic_store(&o->thing, t);
	if (!is_sync(t->kind))
		return;
	atomic_store(&o->waiters, &others);
	o->kind = OBJECT_SHARED;
}

bool
sync_share(struct object *o)
{
	struct shared_first first;
	struct shared_thing *t;
	struct waiter *waiters;
	bool made = false;

	if (o->thing)
		return true;
	if (process_share(NULL) < 0)
		return false;
	steady_lock(&o->lock);
	if (!o->thing) {
		steady_lock(&here_lock);
		first = first_of(o);
		waiters = atomic_load(&o->waiters);
		shared_open(kind_of(o->class), NULL, &first, &t, &made);
		if (made)
			attach(o, t, true);
		steady_unlock(&here_lock);
		if (made && o->kind == OBJECT_SHARED) {
			sync_share_wake(o);
			wait_moved(waiters);
		}
	}
	steady_unlock(&o->lock);
	return o->thing;
}

static void
set_name(struct object *o, const WCHAR *name)
{
	size_t n = 0;

	while (n < MAX_PATH && name[n])
		n++;
	o->name = n ? calloc(n + 1, sizeof *name) : NULL;
	if (o->name)
		memcpy(o->name, name, n * sizeof *name);
}

static struct object *
make(struct shared_thing *t)
{
	struct object *o = NULL;
	int64_t limit = atomic_load(&t->limit);
	WCHAR name[SHARED_NAME];

	switch (t->kind) {
	case SHARED_EVENT: o = sync_event(true, false); break;
	case SHARED_MUTEX: o = sync_mutant(false); break;
	case SHARED_SEMAPHORE:
		o = sync_semaphore(0, limit > 0 && limit <= INT32_MAX ? (int32_t)limit : 1);
		break;
	case SHARED_TIMER: o = timer_new(atomic_load(&t->flags) & SHARED_MANUAL); break;
	case SHARED_KEYED: o = address_keyed(); break;
	default: break;
	}
	if (!o)
		return NULL;
	memcpy(name, t->name, sizeof name);
	name[SHARED_NAME - 1] = 0;
	set_name(o, name);
	atomic_store(&o->state, 0);
	attach(o, t, false);
	return o;
}

/* Our object of a thing that we use, counted.  Under here_lock. */
static struct object *
object_of(struct shared_thing *t)
{
	struct object *o = here[shared_number(t) - 1];

	if (o && object_try_ref(o))
		return o;
	o = make(t);
	if (!o)
		shared_close(t);
	return o;
}

void
sync_share_each(const struct object_class *class, void (*f)(struct object *o))
{
	for (uint32_t i = 0; i < shared->nthing && i < SHARED_THINGS; i++) {
		steady_lock(&here_lock);
		struct object *o = here[i];
		if (o && (o->class != class || !object_try_ref(o)))
			o = NULL;
		steady_unlock(&here_lock);
		if (o) {
			f(o);
			object_unref(o);
		}
	}
}

/* -- names ------------------------------------------------------------------------------------ */

NTSTATUS
sync_share_give(struct object **o, const WCHAR *name)
{
	struct object *mine = *o, *other = NULL;
	struct shared_first first = first_of(mine);
	struct shared_thing *t;
	bool made;

	/* nobody but us knows the object yet */
	first.state = atomic_load(&mine->state);
	first.owned &= !first.state;
	steady_lock(&here_lock);
	NTSTATUS s = shared_open(kind_of(mine->class), name, &first, &t, &made);
	if (s >= 0 && made) {
		atomic_store(&mine->state, 0);
		attach(mine, t, true);
		set_name(mine, name);
	} else if (s >= 0)
		other = object_of(t);
	steady_unlock(&here_lock);
	if (s >= 0 && made)
		return s;
	object_unref(mine);
	*o = other;
	return s < 0 ? s : other ? STATUS_OBJECT_NAME_EXISTS : STATUS_NO_MEMORY;
}

NTSTATUS
sync_share_open(const struct object_class *class, const WCHAR *name, struct object **out)
{
	struct shared_thing *t;
	bool made;

	steady_lock(&here_lock);
	NTSTATUS s = shared_open(kind_of(class), name, NULL, &t, &made);
	if (s >= 0 && (*out = object_of(t)) == NULL)
		s = STATUS_NO_MEMORY;
	steady_unlock(&here_lock);
	return s;
}

void
sync_share_closed(struct object *o)
{
	steady_lock(&here_lock);
	/* it may have been opened again meanwhile */
	if (!atomic_load(&o->handles) && here[shared_number(o->thing) - 1] == o)
		shared_nameless(o->thing);
	steady_unlock(&here_lock);
}

void
sync_share_leave(struct object *o)
{
	struct object **at = &here[shared_number(o->thing) - 1];

	steady_lock(&here_lock);
	if (*at == o) {
		*at = NULL;
		shared_close(o->thing);
	}
	steady_unlock(&here_lock);
}

/* -- inheritance ------------------------------------------------------------------------------- */

bool
sync_share_to_child(struct object *o, struct inherit *i)
{
	if (!sync_share(o))
		return false;
	shared_use(o->thing, i->child);
	i->number[0] = shared_number(o->thing);
	return true;
}

struct object *
sync_share_at(uint64_t number)
{
	struct shared_thing *t = shared_at(number, SHARED_NOTHING);
	struct object *o = NULL;

	if (!t || (!is_sync(t->kind) && t->kind != SHARED_TIMER && t->kind != SHARED_KEYED))
		return NULL;
	steady_lock(&here_lock);
	shared_use(t, shared_index());
	o = object_of(t);
	steady_unlock(&here_lock);
	return o;
}

struct object *
sync_share_remake(const struct inherit *i)
{
	return sync_share_at(i->number[0]);
}

void
sync_share_as_event(struct object *o, struct shared_thing *event)
{
	atomic_store(&o->thing, event);
	atomic_store(&o->waiters, &others);
	o->kind = OBJECT_SHARED;
}

/* -- taking -------------------------------------------------------------------------------------- */

void
sync_share_wake(struct object *o)
{
	struct sync_mutant *m = (struct sync_mutant *)o;
	int32_t n = atomic_exchange(&o->state, 0);

	if (n <= 0)
		return;
	if (o->thing->kind == SHARED_EVENT) {
		shared_sync_event(o->thing, SHARED_SET, NULL);
	} else if (o->class == &sync_semaphore_class) {
		while (n > 0 && shared_sync_release(o->thing, n, NULL) < 0)
			n--;
	} else {
		bool abandoned = m->abandoned;
		m->abandoned = false;
		shared_sync_unlock(o->thing, abandoned);
	}
}

static bool
owns(const struct object *o, const struct thread *t)
{
	return o->class == &sync_mutant_class &&
	       atomic_load_explicit(&((const struct sync_mutant *)o)->owner,
	                            memory_order_relaxed) == t;
}

/* It has become the calling process': t's. */
static void
accept(struct object *o, struct thread *t)
{
	if (o->class == &sync_mutant_class)
		sync_own((struct sync_mutant *)o, t);
}

bool
sync_share_there(struct object *o, struct thread *t)
{
	return owns(o, t) || shared_sync_there(o->thing);
}

bool
sync_share_take(struct object *o, struct thread *t, NTSTATUS *status)
{
	struct sync_mutant *m = (struct sync_mutant *)o;
	bool abandoned;

	if (owns(o, t)) {
		if (m->count < INT32_MAX)
			m->count++;
		else
			*status = STATUS_MUTANT_LIMIT_EXCEEDED;
		return true;
	}
	if (!shared_sync_take(o->thing, &abandoned))
		return false;
	accept(o, t);
	if (abandoned)
		*status = STATUS_ABANDONED_WAIT_0;
	return true;
}

bool
sync_share_take_all(size_t n, struct object *const *o, uint64_t mask, struct thread *t,
                    NTSTATUS *status)
{
	struct shared_thing *things[WAIT_MOST];
	uint64_t own = 0;
	size_t m = 0;
	bool abandoned = false;

	for (size_t i = 0; i < n; i++) {
		if (!(mask >> i & 1))
			continue;
		if (!owns(o[i], t))
			things[m++] = o[i]->thing;
		else
			own |= UINT64_C(1) << i;
	}
	if (m && !shared_sync_take_all(m, things, &abandoned))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (own >> i & 1) {
			if (((struct sync_mutant *)o[i])->count < INT32_MAX)
				((struct sync_mutant *)o[i])->count++;
			else
				*status = STATUS_MUTANT_LIMIT_EXCEEDED;
		} else if (mask >> i & 1)
			accept(o[i], t);
	}
	if (abandoned && *status >= 0)
		*status = STATUS_ABANDONED_WAIT_0;
	return true;
}

void
sync_share_back(struct object *o)
{
	if (o->class == &sync_mutant_class)
		sync_unlock(o, NULL);
	else
		shared_sync_back(o->thing, false);
}

/* -- waiting --------------------------------------------------------------------------------------- */

uint64_t
sync_share_mask(size_t n, struct object *const *o)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < n; i++)
		if (o[i]->kind == OBJECT_SHARED)
			mask |= UINT64_C(1) << i;
	return mask;
}

static NTSTATUS
status_of(const struct sync_share_wait *s, int taken)
{
	return (taken & SHARED_ABANDONED ? STATUS_ABANDONED_WAIT_0 : STATUS_SUCCESS) +
	       (NTSTATUS)s->index[taken & (WAIT_MOST - 1)];
}

bool
sync_share_enter(size_t n, struct object *const *o, bool all, uint64_t mask, struct thread *t,
                 struct sync_share_wait *s, NTSTATUS *status)
{
	struct shared_thing *things[WAIT_MOST];
	size_t m = 0;
	int taken;

	for (size_t i = 0; i < n; i++)
		if (mask >> i & 1) {
			s->index[m] = (uint8_t)i;
			things[m++] = o[i]->thing;
		}
	s->mask = mask;
	taken = shared_sync_wait(m, things, all, false, &s->record);
	if (taken < 0)
		return false;
	s->mask = 0;
	*status = status_of(s, taken);
	accept(o[s->index[taken & (WAIT_MOST - 1)]], t);
	return true;
}

bool
sync_share_part(struct object *const *o, struct thread *t, struct sync_share_wait *s,
                NTSTATUS *status)
{
	int taken = s->record ? shared_sync_leave(s->record) : -1;

	s->record = NULL;
	s->mask = 0;
	if (taken < 0)
		return false;
	*status = status_of(s, taken);
	accept(o[s->index[taken & (WAIT_MOST - 1)]], t);
	return true;
}

void
sync_share_refuse(struct object *const *o, NTSTATUS status)
{
	bool abandoned = status >= STATUS_ABANDONED_WAIT_0;
	struct object *x = o[status & (WAIT_MOST - 1)];

	if (abandoned && x->class == &sync_mutant_class)
		((struct sync_mutant *)x)->abandoned = true; /* as it was */
	sync_share_back(x);
}
