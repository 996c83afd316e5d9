/* SPDX-License-Identifier: Apache-2.0 */
/* pool_group.c -- cleanup groups: closing many items at once. */
#include <stdatomic.h>
#include <stdlib.h>

#include "layer/api/nt/thread/pool.h"
#include "layer/api/nt/thread/steady.h"

struct pool_group {
	_Atomic uint32_t lock;
	struct pool_item *members; /* a count each */
};

struct pool_group *
pool_group_new(void)
{
	return calloc(1, sizeof(struct pool_group));
}

void
pool_group_add(struct pool_group *g, struct pool_item *i)
{
	i->group = g;
	atomic_fetch_add(&i->refs, 1);
	steady_lock(&g->lock);
	i->next = g->members;
	g->members = i;
	steady_unlock(&g->lock);
}

/* It is closed by itself. */
void
pool_group_remove(struct pool_item *i)
{
	struct pool_group *g = i->group;
	struct pool_item **at;
	bool found;

	if (!g)
		return;
	steady_lock(&g->lock);
	for (at = &g->members; *at && *at != i; at = &(*at)->next)
		;
	found = *at;
	if (found)
		*at = i->next;
	steady_unlock(&g->lock);
	i->group = NULL;
	if (found)
		pool_item_unref(i);
}

void
pool_group_close_members(struct pool_group *g, bool cancel, void *context)
{
	struct pool_item *i, *next;

	steady_lock(&g->lock);
	i = g->members;
	g->members = NULL;
	steady_unlock(&g->lock);
	for (; i; i = next) {
		bool waiting = atomic_load(&i->pending) > 0;

		next = i->next;
		i->group = NULL;
		if (i->kind == POOL_TIMER)
			pool_timer(i, WAIT_FOREVER, 0);
		if (i->kind == POOL_WAIT)
			pool_wait(i, NULL, 0);
		pool_settle(i, cancel);
		if (cancel && waiting && i->group_cancel)
			((void(WINAPI *)(void *, void *))(uintptr_t)i->group_cancel)(i->context,
			                                                             context);
		if (i->kind != POOL_SIMPLE)
			pool_item_unref(i); /* its maker's: he must not close it any more */
		pool_item_unref(i);
	}
}

void
pool_group_free(struct pool_group *g)
{
	free(g);
}
