/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/object/address.h"
#include "layer/api/nt/object/sync_share.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/thread/thread.h"
#include "layer/api/nt/object/wait.h"

enum { BUCKETS = 256 };

/* Why one waits: two of KEY_... meet. */
enum kind { A_WORD, KEY_WAIT, KEY_RELEASE };

struct sleeper {
	struct sleeper *next;
	const volatile void *address;
	const void *event;
	enum kind kind;
	bool queued; /* under the bucket's lock */
	struct wait_block block;
};

static struct bucket {
	_Alignas(64) _Atomic uint32_t lock;
	struct sleeper *_Atomic first;
	struct sleeper *last;
} buckets[BUCKETS];

static struct bucket *
bucket_of(const volatile void *p)
{
	uint64_t h = (uintptr_t)p * UINT64_C(0x9e3779b97f4a7c15);

	return &buckets[h >> 56];
}

static void
append(struct bucket *b, struct sleeper *s)
{
	s->next = NULL;
	s->queued = true;
	if (b->last)
		b->last->next = s;
	else
		atomic_store(&b->first, s);
	b->last = s;
	atomic_thread_fence(memory_order_seq_cst);
}

static void
take_off(struct bucket *b, struct sleeper *s, struct sleeper *before)
{
	if (before)
		before->next = s->next;
	else
		atomic_store(&b->first, s->next);
	if (b->last == s)
		b->last = before;
	s->queued = false;
}

static void
leave(struct bucket *b, struct sleeper *s)
{
	struct sleeper *before = NULL;

	steady_lock(&b->lock);
	if (s->queued) {
		for (struct sleeper *at = b->first; at != s; at = at->next)
			before = at;
		take_off(b, s, before);
	}
	steady_unlock(&b->lock);
}

static bool
same(const volatile void *p, const void *compare, size_t size)
{
	switch (size) {
	case 1: return *(const volatile uint8_t *)p == *(const uint8_t *)compare;
	case 2: return *(const volatile uint16_t *)p == *(const uint16_t *)compare;
	case 4: return *(const volatile uint32_t *)p == *(const uint32_t *)compare;
	default: return *(const volatile uint64_t *)p == *(const uint64_t *)compare;
	}
}

NTSTATUS
address_wait(const volatile void *p, const void *compare, size_t size, uint64_t deadline)
{
	struct sleeper s = { .address = p, .kind = A_WORD };
	struct bucket *b = bucket_of(p);

	if (size != 1 && size != 2 && size != 4 && size != 8)
		return STATUS_INVALID_PARAMETER;
	if (!same(p, compare, size))
		return STATUS_SUCCESS;
	if (!deadline)
		return STATUS_TIMEOUT;
	wait_begin(&s.block, thread_self(), false, false);
	steady_lock(&b->lock);
	append(b, &s);
	steady_unlock(&b->lock);
	/* from here on a wake is not missed: look again */
	if (same(p, compare, size)) {
		wait_sleep_on(&s.block, deadline);
	} else if (wait_claim(&s.block)) {
		s.block.result = STATUS_SUCCESS;
		atomic_store(&s.block.state, WAIT_DONE);
	}
	leave(b, &s);
	wait_end(&s.block);
	return s.block.result;
}

void
address_wake(const void *p, bool all)
{
	struct bucket *b = bucket_of(p);
	struct sleeper *s, *next, *before = NULL;

	atomic_thread_fence(memory_order_seq_cst);
	if (!atomic_load(&b->first))
		return;
	steady_lock(&b->lock);
	for (s = b->first; s; s = next) {
		next = s->next;
		if (s->address != p || s->kind != A_WORD || !wait_claim(&s->block)) {
			before = s;
			continue;
		}
		take_off(b, s, before);
		wait_finish(&s->block, STATUS_SUCCESS);
		if (!all)
			break;
	}
	steady_unlock(&b->lock);
}

NTSTATUS
address_meet(const void *event, const void *key, bool release, bool alertable, uint64_t deadline)
{
	struct sleeper me = { .address = key,
		              .event = event,
		              .kind = release ? KEY_RELEASE : KEY_WAIT };
	enum kind other = release ? KEY_WAIT : KEY_RELEASE;
	struct bucket *b = bucket_of(key);
	struct sleeper *s, *before = NULL;

	if (!wait_begin(&me.block, thread_self(), false, alertable)) {
		wait_apc_run();
		return STATUS_USER_APC;
	}
	steady_lock(&b->lock);
	for (s = b->first; s; before = s, s = s->next) {
		if (s->address != key || s->event != event || s->kind != other ||
		    !wait_claim(&s->block))
			continue;
		take_off(b, s, before);
		wait_finish(&s->block, STATUS_SUCCESS);
		steady_unlock(&b->lock);
		wait_end(&me.block);
		return STATUS_SUCCESS;
	}
	if (deadline)
		append(b, &me);
	steady_unlock(&b->lock);
	if (!deadline) {
		wait_end(&me.block);
		return STATUS_TIMEOUT;
	}
	wait_sleep_on(&me.block, deadline);
	leave(b, &me);
	wait_end(&me.block);
	if (me.block.result == STATUS_USER_APC)
		wait_apc_run();
	return me.block.result;
}

/* -- keyed events: what waits there is found by the key -------------------------------------- */

static void
destroy(struct object *o)
{
	if (o->thing)
		sync_share_leave(o);
	free(o);
}

const struct object_class address_keyed_class = {
	.name = "KeyedEvent",
	.destroy = destroy,
	.give = sync_share_to_child,
	.remake = sync_share_remake,
};

struct object *
address_keyed(void)
{
	struct object *o = calloc(1, sizeof *o);

	if (o)
		object_init(o, &address_keyed_class, 0);
	return o;
}
