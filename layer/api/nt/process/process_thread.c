/* SPDX-License-Identifier: Apache-2.0 */
/* process_thread.c -- threads as other processes know them.
 *
 * A thread that a handle of goes to another process gets an event of the machine, which is set when
 * it ends, and where its exit code stands; the process' own end sets it, too, in whoever looks.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "layer/api/nt/object/shared.h"
#include "layer/api/nt/object/shared_sync.h"
#include "layer/api/nt/object/sync_share.h"
#include "layer/api/nt/process/process.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/thread/thread.h"

enum { STILL_ACTIVE = 259 };

/* One object of this process for each event. */
static _Atomic uint32_t list_lock;
static struct process_thread *list; /* lent */

static void
destroy(struct object *o)
{
	struct process_thread *t = (struct process_thread *)o;

	if (o->thing) {
		steady_lock(&list_lock);
		for (struct process_thread **at = &list; *at; at = &(*at)->next)
			if (*at == t) {
				*at = t->next;
				shared_close(o->thing);
				break;
			}
		steady_unlock(&list_lock);
	}
	object_unref(&t->process->object);
	free(t);
}

/* -- what goes to another process ----------------------------------------------------------------- */

/* The event of a thread of ours; NULL: there is no room. */
static struct shared_thing *
event_of(struct thread *t)
{
	struct shared_first first = { .flags = SHARED_MANUAL };
	bool made = false;

	steady_lock(&t->object.lock);
	if (!t->end) {
		struct shared_thing *end;
		first.state = atomic_load(&t->ended);
		if (shared_open(SHARED_EVENT, NULL, &first, &end, &made) >= 0 && made) {
			atomic_store(&end->limit, (int64_t)atomic_load(&t->exit_code));
			t->end = end;
		}
	}
	steady_unlock(&t->object.lock);
	return t->end;
}

bool
process_thread_give(struct object *o, struct inherit *i)
{
	struct shared_thing *end;

	if (process_share(NULL) < 0)
		return false;
	if (o->class == &thread_class) {
		struct thread *t = (struct thread *)o;
		if (!(end = event_of(t)))
			return false;
		i->number[0] = process_self()->id;
		i->number[1] = t->number;
	} else {
		struct process_thread *t = (struct process_thread *)o;
		end = o->thing;
		i->number[0] = t->process->id;
		i->number[1] = t->id;
	}
	if (end) {
		shared_use(end, i->child);
		i->number[2] = shared_number(end);
	}
	return true;
}

void
process_thread_ended(struct shared_thing *end, uint32_t code)
{
	atomic_store(&end->limit, (int64_t)code);
	shared_sync_event(end, SHARED_SET, NULL);
}

/* -- what comes from one ---------------------------------------------------------------------------- */

static struct process_thread *
watch(struct shared_process *slot, uint32_t id)
{
	struct process_thread *t;
	int pidfd = (int)syscall(SYS_pidfd_open, atomic_load(&slot->pid), 0);

	if (pidfd < 0)
		return NULL;
	struct process *p = process_watch(slot, pidfd, NULL, &t);
	if (!p)
		return NULL;
	t->id = id;
	object_unref(&p->object);
	return t;
}

/* The one of an event that there is, counted.  Under the lock. */
static struct process_thread *
known(const struct shared_thing *end)
{
	for (struct process_thread *t = list; t; t = t->next)
		if (t->object.thing == end && object_try_ref(&t->object))
			return t;
	return NULL;
}

struct object *
process_thread_remake(const struct inherit *i)
{
	struct shared_process *slot = shared_find_process((uint32_t)i->number[0]);
	struct shared_thing *end = shared_at(i->number[2], SHARED_EVENT);
	uint32_t id = (uint32_t)i->number[1];
	struct process_thread *t;

	if (i->number[0] == process_self()->id) {
		struct thread *own = thread_find(id);
		return own ? &own->object : NULL;
	}
	if (!slot || (i->number[2] && !end))
		return NULL;
	if (!end)
		return (t = watch(slot, id)) ? &t->object : NULL;
	steady_lock(&list_lock);
	t = known(end);
	if (!t && (t = watch(slot, id)) != NULL) {
		shared_use(end, shared_index());
		sync_share_as_event(&t->object, end);
		t->next = list;
		list = t;
	}
	steady_unlock(&list_lock);
	return t ? &t->object : NULL;
}

uint32_t
process_thread_code(struct process_thread *t)
{
	const struct shared_thing *end = t->object.thing;
	uint32_t code = process_code(t->process);

	/* a thread that its process' end has ended has that code */
	if (end && atomic_load(&end->limit) != STILL_ACTIVE)
		code = (uint32_t)atomic_load(&end->limit);
	return code;
}

const struct object_class process_thread_class = {
	.name = "Thread",
	.destroy = destroy,
	.give = process_thread_give,
	.remake = process_thread_remake,
};
