/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/object/handle_gift.h"

#include "layer/api/nt/object/shared.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/object/sync_share.h"

/* Numbers begin again when so many were given: the first ones have long been closed. */
enum { NUMBERS = HANDLE_CHUNK * HANDLE_CHUNKS - HANDLE_GIFTS };

bool
handle_gift_can(const struct object *o)
{
	return o->class == &process_class || sync_share_can(o->class);
}

NTSTATUS
handle_gift_give(struct process *to, struct object *o, ACCESS_MASK access, bool inherit,
                 HANDLE *out)
{
	struct shared_gift g = { .access = access, .inherit = inherit };

	if (o->class == &process_class)
		g.process = ((struct process *)o)->id;
	if (process_share(NULL) < 0)
		return STATUS_INSUFFICIENT_RESOURCES;
	if (!to->slot || !shared_lives(to->slot) || atomic_load(&to->slot->id) != to->id)
		return STATUS_PROCESS_IS_TERMINATING;
	if (!g.process && !sync_share(o))
		return STATUS_INSUFFICIENT_RESOURCES;
	if (o->thing)
		g.thing = shared_number(o->thing);
	uint32_t number = shared_give(to->slot, &g);
	if (!number)
		return STATUS_INSUFFICIENT_RESOURCES;
	*out = (HANDLE)((uintptr_t)(HANDLE_GIFTS + (number - 1) % NUMBERS) * 4);
	return STATUS_SUCCESS;
}

static bool
given(uint32_t i, struct shared_gift *g)
{
	/* the number is the one whose rest this is: try the turns that can have been */
	uint32_t gifts = shared_self() ? atomic_load(&shared_self()->gifts) : 0;

	for (uint32_t number = i + 1; number <= gifts; number += NUMBERS)
		if (shared_gift(number, g))
			return true;
	return false;
}

bool
handle_gift_make(HANDLE h)
{
	static _Atomic uint32_t lock;
	uintptr_t i = ((uintptr_t)h >> 2) - HANDLE_GIFTS;
	struct handle_entry *e = handle_entry(h);
	struct object *o = NULL;
	struct shared_gift g;
	struct process *p;
	bool there;

	if (!shared || i >= NUMBERS || (e && handle_object(atomic_load(&e->word))))
		return false;
	steady_lock(&lock);
	e = handle_entry(h);
	there = e && handle_object(atomic_load(&e->word)); /* another thread was quicker */
	if (!there && given((uint32_t)i, &g)) {
		if (g.thing)
			o = sync_share_at(g.thing);
		else if (process_open(g.process, &p) >= 0)
			o = &p->object;
		h = (HANDLE)((uintptr_t)h & ~(uintptr_t)3);
		there = o && handle_put(h, o, g.access, g.inherit) >= 0;
	}
	steady_unlock(&lock);
	return there;
}
