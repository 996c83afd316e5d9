/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "layer/api/nt/object/bell.h"
#include "layer/api/nt/object/reactor.h"
#include "layer/api/nt/object/sync_share.h"
#include "layer/api/nt/status.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/thread/thread.h"
#include "layer/api/nt/object/timer.h"
#include "layer/api/nt/object/wait.h"

struct timer {
	struct object object; /* state is not used: the time is */
	bool manual;          /* fixed */
	/* under `lock` */
	_Atomic uint32_t lock;
	uint64_t due;    /* 0: it is signalled; WAIT_FOREVER: it is not set */
	uint64_t period; /* ns */
	bool watched;    /* by a completion packet or a registered wait */
	bool armed;      /* the reactor has it, and a count */
	uint32_t seen;   /* how often the machine's had been set */
	void *f, *argument;
	struct thread *thread; /* own (a count), with f */
	struct reactor_timer alarm;
};

static void
destroy(struct object *o)
{
	struct timer *t = (struct timer *)o;

	if (t->thread)
		object_unref(&t->thread->object);
	if (o->thing)
		sync_share_leave(o);
	free(t);
}

/* With what it is, which may be the machine's; then settle(), and what needs only the process'
 * lock; then steady_unlock(). */
static void
enter(struct timer *t)
{
	steady_lock(&t->lock);
	struct shared_thing *thing = t->object.thing;
	if (thing) {
		shared_lock();
		t->due = (uint64_t)atomic_load(&thing->limit);
		t->period = (uint64_t)atomic_load(&thing->recursion) * 1000000;
	}
}

static void
settle(struct timer *t)
{
	struct shared_thing *thing = t->object.thing;

	if (thing) {
		atomic_store(&thing->limit, (int64_t)t->due);
		atomic_store(&thing->recursion, (uint32_t)(t->period / 1000000));
		shared_unlock();
	}
}

static void
leave(struct timer *t)
{
	settle(t);
	steady_unlock(&t->lock);
}

/* It is signalled by now.  Under the lock. */
static bool
passed(const struct timer *t)
{
	return t->due != WAIT_FOREVER && (!t->due || t->due <= wait_now());
}

static bool
take(struct object *o, struct thread *who, NTSTATUS *status)
{
	struct timer *t = (struct timer *)o;
	bool yes;

	(void)who;
	(void)status;
	enter(t);
	yes = passed(t);
	if (yes && !t->manual) {
		/* what was missed meanwhile is one signal */
		if (t->period && t->due) {
			uint64_t late = wait_now() - t->due;

			t->due += t->period * (late / t->period + 1);
		} else if (t->period)
			t->due = wait_now() + t->period;
		else
			t->due = WAIT_FOREVER;
	}
	leave(t);
	return yes;
}

static void arm(struct timer *t);

static uint64_t
due(struct object *o, bool watched)
{
	struct timer *t = (struct timer *)o;
	uint64_t when;

	enter(t);
	when = t->due;
	settle(t);
	if (watched) {
		t->watched = true;
		arm(t);
	}
	steady_unlock(&t->lock);
	return when;
}

const struct object_class timer_class = {
	.name = "Timer",
	.destroy = destroy,
	.take = take,
	.due = due,
	.give = sync_share_to_child,
	.remake = sync_share_remake,
};

/* In the reactor. */
static void
ring(struct reactor_timer *alarm)
{
	struct timer *t = (struct timer *)((char *)alarm - offsetof(struct timer, alarm));
	uint64_t now = wait_now();
	struct thread *who = NULL;
	struct timespec real;
	void *f, *argument;
	bool again = false;

	enter(t);
	f = t->f;
	argument = t->argument;
	if (f && passed(t)) {
		who = t->thread;
		object_ref(&who->object);
		if (t->period && t->due) { /* the next call is due then */
			t->due += t->period * ((now - t->due) / t->period + 1);
			again = true;
		} else
			t->f = NULL;
	}
	settle(t);
	if (again)
		arm(t);
	steady_unlock(&t->lock);
	if (who) {
		uint64_t at;

		clock_gettime(CLOCK_REALTIME, &real);
		at = ((uint64_t)real.tv_sec + 11644473600u) * 10000000 +
		     (uint64_t)real.tv_nsec / 100;
		wait_apc_queue(who, f, argument, (void *)(at & 0xffffffff), (void *)(at >> 32));
		object_unref(&who->object);
	}
	object_wake(&t->object);
	/* an event that goes on periodically has its next time now, when somebody took it */
	enter(t);
	settle(t);
	if (t->watched && atomic_load(&t->object.waiters))
		arm(t);
	steady_unlock(&t->lock);
	object_unref(&t->object);
}

/* Let the reactor look at it, which has a count then.  Under the lock. */
static void
arm(struct timer *t)
{
	if (t->due == WAIT_FOREVER)
		return;
	if (!reactor_forget(&t->alarm))
		object_ref(&t->object); /* ring() gives it back */
	t->alarm.due = ring;
	if (reactor_at(&t->alarm, t->due) < 0)
		object_unref(&t->object); /* never the last: who calls us has one */
}

/* With the machine's lock: others of the machine see that it was set. */
static void
changed(struct timer *t)
{
	if (t->object.thing)
		t->seen = atomic_fetch_add(&t->object.thing->owner, 1) + 1;
}

struct object *
timer_new(bool manual)
{
	struct timer *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	object_init(&t->object, &timer_class, 0);
	t->manual = manual;
	t->due = WAIT_FOREVER;
	return &t->object;
}

NTSTATUS
timer_set(struct object *o, uint64_t when, uint32_t period, void *f, void *argument, bool *was)
{
	struct timer *t = (struct timer *)o;
	struct thread *old;
	bool count;

	if (f)
		object_ref(&thread_self()->object);
	enter(t);
	if (was)
		*was = passed(t);
	t->due = when;
	t->period = (uint64_t)period * 1000000;
	old = t->thread;
	t->f = f;
	t->argument = argument;
	t->thread = f ? thread_self() : NULL;
	changed(t);
	settle(t);
	count = reactor_forget(&t->alarm);
	if (f || t->watched)
		arm(t);
	steady_unlock(&t->lock);
	if (o->thing)
		shared_ring_users(o->thing);
	if (count)
		object_unref(o);
	if (old)
		object_unref(&old->object);
	if (atomic_load(&o->waiters))
		wait_again(o);
	return STATUS_SUCCESS;
}

void
timer_cancel(struct object *o, bool *was)
{
	struct timer *t = (struct timer *)o;
	bool count, signalled;

	enter(t);
	signalled = passed(t);
	/* what has been signalled stays so */
	t->due = signalled ? 0 : WAIT_FOREVER;
	t->period = 0;
	t->f = NULL;
	changed(t);
	settle(t);
	count = reactor_forget(&t->alarm);
	steady_unlock(&t->lock);
	if (o->thing)
		shared_ring_users(o->thing);
	if (was)
		*was = signalled;
	if (count)
		object_unref(o);
}

void
timer_query(struct object *o, int64_t *left, bool *signalled)
{
	struct timer *t = (struct timer *)o;

	enter(t);
	*signalled = passed(t);
	*left = t->due == WAIT_FOREVER ? 0 : (int64_t)(t->due - wait_now()) / 100;
	leave(t);
}

/* -- of several processes ---------------------------------------------------------------------- */

void
timer_first(const struct object *o, struct shared_first *f)
{
	f->flags = ((const struct timer *)o)->manual ? SHARED_MANUAL : 0;
	f->limit = (int64_t)WAIT_FOREVER;
}

/* Another process may have set it: whoever waits looks again, and a call that was to come when
 * it was due does not come. */
static void
heard(struct object *o)
{
	struct timer *t = (struct timer *)o;
	uint32_t now = atomic_load(&o->thing->owner);
	bool count = false;

	steady_lock(&t->lock);
	bool other = t->seen != now;
	steady_unlock(&t->lock);
	if (!other)
		return;
	enter(t);
	settle(t);
	t->seen = now;
	t->f = NULL;
	count = reactor_forget(&t->alarm);
	if (t->watched)
		arm(t);
	steady_unlock(&t->lock);
	if (count)
		object_unref(o);
	wait_again(o);
}

static void
rung(void)
{
	sync_share_each(&timer_class, heard);
}

void
timer_share(struct object *o, struct shared_thing *thing, bool fresh)
{
	struct timer *t = (struct timer *)o;

	(void)bell_answer(rung);
	steady_lock(&t->lock);
	t->seen = atomic_load(&thing->owner);
	if (fresh) {
		atomic_store(&thing->limit, (int64_t)t->due);
		atomic_store(&thing->recursion, (uint32_t)(t->period / 1000000));
	}
	atomic_store(&o->thing, thing);
	steady_unlock(&t->lock);
}
