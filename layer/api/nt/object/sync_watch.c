/* SPDX-License-Identifier: Apache-2.0 */
/* sync_watch.c -- watches of the machine's objects: nobody sleeps, the thread that hears the bell
 * looks at them all. */
#include <stdatomic.h>
#include <stdlib.h>

#include "layer/api/nt/object/bell.h"
#include "layer/api/nt/object/shared_sync.h"
#include "layer/api/nt/object/sync_share.h"
#include "layer/api/nt/object/wait.h"
#include "layer/api/nt/thread/steady.h"

struct watched {
	struct watched *next;
	struct wait_watch *watch;
	struct shared_wait *record;
};

static _Atomic uint32_t watched_lock;
static struct watched *watched;

/* One that has been handed over: counted. */
static struct wait_watch *
due(struct object **o)
{
	struct wait_watch *found = NULL;

	steady_lock(&watched_lock);
	for (struct watched *x = watched; x && !found; x = x->next)
		if (atomic_load(&x->record->state) != SHARED_WAITING) {
			found = x->watch;
			*o = object_ref(found->object);
		}
	steady_unlock(&watched_lock);
	return found;
}

/* Take it off; NULL: it is not there any more. */
static struct watched *
unwatch(struct wait_watch *w)
{
	struct watched *x = NULL;

	steady_lock(&watched_lock);
	for (struct watched **at = &watched; *at; at = &(*at)->next)
		if ((*at)->watch == w) {
			x = *at;
			*at = x->next;
			break;
		}
	steady_unlock(&watched_lock);
	return x;
}

/* The process' bell has rung. */
static void
heard(void)
{
	struct wait_watch *w;
	struct object *o;

	while ((w = due(&o)) != NULL) {
		steady_lock(&o->lock);
		struct watched *x = unwatch(w);
		if (x && shared_sync_leave(x->record) >= 0) {
			w->waiter.queued = false;
			if (wait_claim(&w->block))
				wait_finish(&w->block, STATUS_SUCCESS);
		}
		free(x);
		steady_unlock(&o->lock);
		object_unref(o);
	}
}

bool
sync_watch_begin(struct wait_watch *w)
{
	struct shared_thing *t = w->object->thing;
	struct watched *x = bell_answer(heard) ? calloc(1, sizeof *x) : NULL;
	bool taken = true;

	w->waiter.queued = false;
	/* without memory it is over at once, as something that cannot be waited for */
	if (!x)
		return true;
	x->watch = w;
	steady_lock(&watched_lock);
	taken = shared_sync_wait(1, &t, false, true, &x->record) >= 0 || !x->record;
	if (!taken) {
		x->next = watched;
		watched = x;
		w->waiter.queued = true;
	}
	steady_unlock(&watched_lock);
	if (taken)
		free(x);
	return taken;
}

bool
sync_watch_end(struct wait_watch *w)
{
	struct watched *x = w->object->kind == OBJECT_SHARED ? unwatch(w) : NULL;

	if (!x)
		return false;
	if (shared_sync_leave(x->record) >= 0)
		shared_sync_back(w->object->thing, false);
	w->waiter.queued = false;
	free(x);
	return true;
}
