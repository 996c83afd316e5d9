/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_oldpool.c -- the thread pool API of Windows 2000: work items, registered waits, timer
 * queues, completion callbacks.  What is given out as a handle is an item of the pool. */
#include <stdatomic.h>
#include <stdlib.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/thread/pool.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/object/sync.h"
#include "layer/api/nt/object/wait.h"

enum { WT_EXECUTEONLYONCE = 8 };

/* A timer queue. */
struct pool_queue {
	_Atomic uint32_t lock;
	struct pool_item *items; /* a count each */
};

static struct pool_queue standard;

WINAPI BOOL
kernel32_QueueUserWorkItem(void *f, void *context, ULONG flags)
{
	struct pool_item *i = pool_item_new(NULL, POOL_OLD_WORK, f, context);

	(void)flags; /* which thread of the pool is all the same here */
	if (!i)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	pool_submit(i);
	pool_item_unref(i);
	return TRUE;
}

WINAPI BOOL
kernel32_BindIoCompletionCallback(HANDLE file, void *f, ULONG flags)
{
	struct pool_item *i;
	struct object *o;
	NTSTATUS s;

	if (flags)
		return refuse(ERROR_INVALID_PARAMETER);
	s = handle_get(file, NULL, &o);
	if (s < 0)
		return succeed(s);
	i = pool_item_new(NULL, POOL_OLD_IO, f, NULL);
	s = i ? pool_io(i, o) : STATUS_NO_MEMORY;
	object_unref(o);
	/* when it worked, the item stays as long as the file may come to it */
	if (s < 0 && i)
		pool_item_unref(i);
	return succeed(s);
}

/* Wait for the callbacks, or have an event set when they are over.  Takes the count. */
static WINAPI DWORD
finish(void *argument)
{
	struct pool_item *i = argument;

	pool_settle(i, false);
	sync_set(i->finished, NULL);
	object_unref(i->finished);
	i->finished = NULL;
	pool_item_unref(i);
	return 0;
}

static BOOL
end(struct pool_item *i, HANDLE event)
{
	struct pool_item *waiter;
	struct object *o;
	bool busy;

	if (event == INVALID_HANDLE_VALUE) {
		pool_settle(i, false);
		pool_item_unref(i);
		return TRUE;
	}
	busy = atomic_load(&i->busy) != 0;
	if (event && handle_get(event, &sync_event_class, &o) >= 0) {
		if (!busy) {
			sync_set(o, NULL);
			object_unref(o);
		} else {
			waiter = pool_item_new(NULL, POOL_OLD_WORK, (void *)(uintptr_t)finish, i);
			if (waiter) {
				atomic_fetch_add(&i->refs, 1);
				i->finished = o;
				pool_submit(waiter);
				pool_item_unref(waiter);
			}
		}
	}
	pool_item_unref(i);
	return busy ? refuse(ERROR_IO_PENDING) : TRUE;
}

/* -- registered waits ------------------------------------------------------------------ */

WINAPI BOOL
kernel32_RegisterWaitForSingleObject(HANDLE *out, HANDLE h, void *f, void *context, ULONG ms,
                                     ULONG flags)
{
	struct pool_item *i;
	struct object *o;
	NTSTATUS s = handle_get(h, NULL, &o);

	if (s < 0)
		return succeed(s);
	i = pool_item_new(NULL, POOL_OLD_CALL, f, context);
	if (!i) {
		object_unref(o);
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	}
	i->once = flags & WT_EXECUTEONLYONCE;
	*out = i; /* the callback may want it, and may unregister it before we come back */
	pool_item_ref(i);
	pool_wait(i, o, ms == INFINITE ? UINT64_MAX : (uint64_t)ms * 1000000);
	pool_item_unref(i);
	object_unref(o);
	return TRUE;
}

WINAPI BOOL
kernel32_UnregisterWaitEx(HANDLE h, HANDLE event)
{
	struct pool_item *i = h;

	if (!i)
		return refuse(ERROR_INVALID_HANDLE);
	pool_wait(i, NULL, 0);
	return end(i, event);
}

WINAPI BOOL
kernel32_UnregisterWait(HANDLE h)
{
	return kernel32_UnregisterWaitEx(h, NULL);
}

/* -- timer queues ------------------------------------------------------------------------ */

WINAPI HANDLE
kernel32_CreateTimerQueue(void)
{
	struct pool_queue *q = calloc(1, sizeof *q);

	if (!q)
		last_error(ERROR_NOT_ENOUGH_MEMORY);
	return q;
}

static uint64_t
from_now(DWORD ms)
{
	return wait_now() + (uint64_t)ms * 1000000;
}

WINAPI BOOL
kernel32_CreateTimerQueueTimer(HANDLE *out, HANDLE queue, void *f, void *context, DWORD due,
                               DWORD period, ULONG flags)
{
	struct pool_queue *q = queue ? queue : &standard;
	struct pool_item *i = pool_item_new(NULL, POOL_OLD_CALL, f, context);

	if (!i)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	if (flags & WT_EXECUTEONLYONCE)
		period = 0;
	i->queue = q;
	steady_lock(&q->lock);
	i->next = q->items;
	q->items = i;
	steady_unlock(&q->lock);
	*out = i;
	if (due != INFINITE)
		pool_timer(i, from_now(due), (uint64_t)period * 1000000);
	return TRUE;
}

WINAPI BOOL
kernel32_ChangeTimerQueueTimer(HANDLE queue, HANDLE timer, ULONG due, ULONG period)
{
	(void)queue;
	if (!timer)
		return refuse(ERROR_INVALID_HANDLE);
	pool_timer(timer, due == INFINITE ? WAIT_FOREVER : from_now(due),
	           (uint64_t)period * 1000000);
	return TRUE;
}

WINAPI BOOL
kernel32_DeleteTimerQueueTimer(HANDLE queue, HANDLE timer, HANDLE event)
{
	struct pool_queue *q = queue ? queue : &standard;
	struct pool_item *i = timer, **at;

	if (!i)
		return refuse(ERROR_INVALID_HANDLE);
	steady_lock(&q->lock);
	for (at = &q->items; *at && *at != i; at = &(*at)->next)
		;
	if (*at)
		*at = i->next;
	steady_unlock(&q->lock);
	pool_timer(i, WAIT_FOREVER, 0);
	return end(i, event);
}

WINAPI BOOL
kernel32_DeleteTimerQueueEx(HANDLE queue, HANDLE event)
{
	struct pool_queue *q = queue;
	struct pool_item *i, *next;
	bool busy = false;

	if (!q)
		return refuse(ERROR_INVALID_HANDLE);
	steady_lock(&q->lock);
	i = q->items;
	q->items = NULL;
	steady_unlock(&q->lock);
	for (; i; i = next) {
		next = i->next;
		pool_timer(i, WAIT_FOREVER, 0);
		/* with an event: all are waited for, and the event says so at once */
		busy |= !end(i, event ? INVALID_HANDLE_VALUE : NULL);
	}
	free(q);
	if (event && event != INVALID_HANDLE_VALUE) {
		struct object *o;

		if (handle_get(event, &sync_event_class, &o) >= 0) {
			sync_set(o, NULL);
			object_unref(o);
		}
	}
	return busy ? refuse(ERROR_IO_PENDING) : TRUE;
}

WINAPI BOOL
kernel32_DeleteTimerQueue(HANDLE queue)
{
	return kernel32_DeleteTimerQueueEx(queue, NULL);
}
