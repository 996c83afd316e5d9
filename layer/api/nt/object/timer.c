/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "layer/api/nt/object/reactor.h"
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
	free(t);
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
	steady_lock(&t->lock);
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
	steady_unlock(&t->lock);
	return yes;
}

static void arm(struct timer *t);

static uint64_t
due(struct object *o, bool watched)
{
	struct timer *t = (struct timer *)o;
	uint64_t when;

	steady_lock(&t->lock);
	when = t->due;
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

	steady_lock(&t->lock);
	f = t->f;
	argument = t->argument;
	if (f && passed(t)) {
		who = t->thread;
		object_ref(&who->object);
		if (t->period && t->due) { /* the next call is due then */
			t->due += t->period * ((now - t->due) / t->period + 1);
			arm(t);
		} else
			t->f = NULL;
	}
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
	steady_lock(&t->lock);
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
	steady_lock(&t->lock);
	if (was)
		*was = passed(t);
	count = reactor_forget(&t->alarm);
	t->due = when;
	t->period = (uint64_t)period * 1000000;
	old = t->thread;
	t->f = f;
	t->argument = argument;
	t->thread = f ? thread_self() : NULL;
	if (f || t->watched)
		arm(t);
	steady_unlock(&t->lock);
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

	steady_lock(&t->lock);
	signalled = passed(t);
	count = reactor_forget(&t->alarm);
	/* what has been signalled stays so */
	t->due = signalled ? 0 : WAIT_FOREVER;
	t->period = 0;
	t->f = NULL;
	steady_unlock(&t->lock);
	if (was)
		*was = signalled;
	if (count)
		object_unref(o);
}

void
timer_query(struct object *o, int64_t *left, bool *signalled)
{
	struct timer *t = (struct timer *)o;

	steady_lock(&t->lock);
	*signalled = passed(t);
	*left = t->due == WAIT_FOREVER ? 0 : (int64_t)(t->due - wait_now()) / 100;
	steady_unlock(&t->lock);
}
