/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "layer/api/nt/image/ldr.h"
#include "layer/api/nt/thread/pool.h"
#include "layer/api/nt/object/port.h"
#include "layer/api/nt/status.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/object/sync.h"
#include "layer/api/nt/thread/thread.h"

enum {
	THREADS_MOST = 500,
	LOOK_AGAIN = 20000000, /* ns: does the queue stand still? */
};

#define IDLE_MOST UINT64_C(10000000000) /* ns that a thread waits for work */

struct pool {
	_Atomic uint32_t refs;
	struct object *port; /* own (a count) */
	_Atomic uint32_t threads, most, least;
	_Atomic bool closed;
	_Atomic uint32_t taken; /* counts packets: whether it goes on */
	size_t reserve, commit;
	_Atomic uint32_t lock; /* of the timer that looks again */
	bool looking;
	uint32_t seen;
	struct reactor_timer look;
};

static struct pool *_Atomic standard;

/* -- pools ------------------------------------------------------------------------- */

struct pool *
pool_new(void)
{
	struct pool *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->port = port_new(0);
	if (!p->port) {
		free(p);
		return NULL;
	}
	p->refs = 1;
	p->most = THREADS_MOST;
	return p;
}

struct pool *
pool_default(void)
{
	struct pool *p = atomic_load(&standard), *none = NULL;

	if (p)
		return p;
	p = pool_new();
	if (p && !atomic_compare_exchange_strong(&standard, &none, p)) {
		pool_close(p);
		p = none;
	}
	return p;
}

static void
pool_unref(struct pool *p)
{
	if (atomic_fetch_sub(&p->refs, 1) != 1)
		return;
	object_unref(p->port);
	free(p);
}

void
pool_close(struct pool *p)
{
	atomic_store(&p->closed, true);
	pool_unref(p);
}

void
pool_limit(struct pool *p, uint32_t most)
{
	atomic_store(&p->most, most ? most : 1);
}

void
pool_stack(struct pool *p, size_t *reserve, size_t *commit, bool set)
{
	if (set) {
		p->reserve = *reserve;
		p->commit = *commit;
	} else {
		*reserve = p->reserve;
		*commit = p->commit;
	}
}

static void run_packet(const struct packet *k);

static WINAPI DWORD
worker(void *argument)
{
	struct pool *p = argument;

	for (;;) {
		struct packet k;
		ULONG n;
		NTSTATUS s = port_take(p->port, &k, 1, &n, false, wait_now() + IDLE_MOST);

		if (n) {
			atomic_fetch_add(&p->taken, 1);
			run_packet(&k);
		} else if (s == STATUS_TIMEOUT &&
		           (atomic_load(&p->closed) ||
		            atomic_load(&p->threads) > atomic_load(&p->least)))
			break;
	}
	atomic_fetch_sub(&p->threads, 1);
	pool_unref(p);
	return 0;
}

static bool
grow(struct pool *p, uint32_t limit)
{
	uint32_t n = atomic_load(&p->threads);
	struct thread *t;

	do
		if (n >= limit || n >= atomic_load(&p->most))
			return false;
	while (!atomic_compare_exchange_weak(&p->threads, &n, n + 1));
	atomic_fetch_add(&p->refs, 1);
	if (thread_new((void *)(uintptr_t)worker, p, p->reserve, false, &t) < 0) {
		atomic_fetch_sub(&p->threads, 1);
		pool_unref(p);
		return false;
	}
	object_unref(&t->object);
	return true;
}

bool
pool_least(struct pool *p, uint32_t least)
{
	atomic_store(&p->least, least);
	while (atomic_load(&p->threads) < least)
		if (!grow(p, least))
			return false;
	return true;
}

/* In the reactor: the queue is not empty and nobody has taken from it since. */
static void
look(struct reactor_timer *timer)
{
	struct pool *p = (struct pool *)((char *)timer - offsetof(struct pool, look));
	uint32_t taken = atomic_load(&p->taken);
	bool again;

	steady_lock(&p->lock);
	again = port_depth(p->port) > 0;
	if (again && taken == p->seen)
		grow(p, UINT32_MAX);
	p->seen = taken;
	p->looking = again;
	if (again)
		reactor_at(&p->look, wait_now() + LOOK_AGAIN);
	steady_unlock(&p->lock);
	if (!again)
		pool_unref(p);
}

static uint32_t
processors(void)
{
	static _Atomic uint32_t known;
	uint32_t n = known;
	cpu_set_t set;

	if (n)
		return n;
	CPU_ZERO(&set);
	n = sched_getaffinity(0, sizeof set, &set) == 0 ? (uint32_t)CPU_COUNT(&set) : 1;
	n = n < 4 ? 4 : n;
	known = n;
	return n;
}

/* There is something to take: have somebody who does. */
static void
attend(struct pool *p)
{
	if (!port_depth(p->port) || grow(p, processors()))
		return;
	steady_lock(&p->lock);
	if (!p->looking && atomic_load(&p->threads) < atomic_load(&p->most)) {
		p->looking = true;
		p->seen = atomic_load(&p->taken);
		p->look.due = look;
		atomic_fetch_add(&p->refs, 1);
		reactor_at(&p->look, wait_now() + LOOK_AGAIN);
	}
	steady_unlock(&p->lock);
}

/* -- items ------------------------------------------------------------------------------ */

struct pool_item *
pool_item_new(struct pool *p, enum pool_kind kind, void *f, void *context)
{
	struct pool_item *i = calloc(1, sizeof *i);

	if (!p)
		p = pool_default();
	if (!i || !p) {
		free(i);
		return NULL;
	}
	atomic_fetch_add(&p->refs, 1);
	i->pool = p;
	i->kind = kind;
	i->f = f;
	i->context = context;
	i->refs = 1;
	i->timeout = UINT64_MAX;
	return i;
}

void
pool_item_ref(struct pool_item *i)
{
	atomic_fetch_add(&i->refs, 1);
}

void
pool_item_unref(struct pool_item *i)
{
	if (atomic_fetch_sub(&i->refs, 1) != 1)
		return;
	if (i->target)
		object_unref(i->target);
	pool_unref(i->pool);
	free(i);
}

static void
idle(struct pool_item *i)
{
	if (atomic_fetch_sub(&i->busy, 1) == 1)
		steady_futex_wake(&i->busy, INT32_MAX);
}

/* A packet, with a count. */
static void
post(struct pool_item *i, ULONG_PTR result)
{
	struct packet k = { (ULONG_PTR)i, (void *)result, STATUS_SUCCESS, 0 };
	struct pool *p = i->pool;

	/* the callback may run before we come back, and let go of the item */
	atomic_fetch_add(&p->refs, 1);
	atomic_fetch_add(&i->refs, 1);
	atomic_fetch_add(&i->busy, 1);
	atomic_fetch_add(&i->pending, 1);
	port_post(p->port, &k);
	attend(p);
	pool_unref(p);
}

void
pool_submit(struct pool_item *i)
{
	post(i, 0);
}

/* One of the pending ones is ours; false: they were cancelled. */
static bool
claim(struct pool_item *i)
{
	uint32_t n = atomic_load(&i->pending);

	while (n)
		if (atomic_compare_exchange_weak(&i->pending, &n, n - 1))
			return true;
	return false;
}

static void
call(struct pool_item *i, struct pool_instance *n, const struct packet *k)
{
	uintptr_t f = (uintptr_t)i->f;
	void *c = i->context;
	ULONG_PTR result = (ULONG_PTR)k->apc_context;
	DWORD error = status_error(k->status);

	switch (i->kind) {
	case POOL_SIMPLE: ((void(WINAPI *)(void *, void *))f)(n, c); break;
	case POOL_WORK:
	case POOL_TIMER: ((void(WINAPI *)(void *, void *, void *))f)(n, c, i); break;
	case POOL_WAIT:
		((void(WINAPI *)(void *, void *, void *, ULONG_PTR))f)(n, c, i, result);
		break;
	case POOL_IO:
		((void(WINAPI *)(void *, void *, void *, ULONG, ULONG_PTR, void *))f)(
		        n, c, k->apc_context, error, k->information, i);
		break;
	case POOL_OLD_WORK: ((DWORD(WINAPI *)(void *))f)(c); break;
	case POOL_OLD_CALL:
		/* a timer's second argument is TRUE, too: STATUS_TIMEOUT stands for both */
		((void(WINAPI *)(void *, BOOLEAN))f)(c, result == STATUS_TIMEOUT);
		break;
	case POOL_OLD_IO:
		((void(WINAPI *)(DWORD, DWORD, void *))f)((DWORD)k->status, (DWORD)k->information,
		                                          k->apc_context);
		break;
	}
}

WINAPI NTSTATUS ntdll_RtlLeaveCriticalSection(struct CRITICAL_SECTION *c);

static void
after(struct pool_instance *n)
{
	if (n->section)
		ntdll_RtlLeaveCriticalSection(n->section);
	if (n->mutex) {
		sync_unlock(n->mutex, NULL);
		object_unref(n->mutex);
	}
	if (n->semaphore) {
		sync_release(n->semaphore, n->count, NULL);
		object_unref(n->semaphore);
	}
	if (n->event) {
		sync_set(n->event, NULL);
		object_unref(n->event);
	}
	if (n->library)
		ldr_unload(ldr_of(n->library));
}

static void rearm(struct pool_item *i);

static void
run_packet(const struct packet *k)
{
	struct pool_item *i = (struct pool_item *)k->key;
	struct pool_instance n = { .item = i };
	bool io = i->kind == POOL_IO || i->kind == POOL_OLD_IO;

	if (io && i->kind == POOL_OLD_IO) {
		call(i, &n, k); /* of a file's whole life: nothing counts them */
		return;
	}
	if (claim(i)) {
		call(i, &n, k);
		if (i->finalize)
			((void(WINAPI *)(void *, void *))(uintptr_t)i->finalize)(&n, i->context);
		if (i->kind == POOL_OLD_CALL && i->target)
			rearm(i);
		after(&n);
	}
	if (!n.left)
		idle(i);
	pool_item_unref(i);
}

void
pool_settle(struct pool_item *i, bool cancel)
{
	uint32_t n;

	if (cancel) {
		uint32_t was = atomic_exchange(&i->pending, 0);

		/* their packets come to a thread some time, and are nothing then */
		(void)was;
	}
	while ((n = atomic_load(&i->busy)) != 0)
		steady_futex_wait(&i->busy, n, WAIT_FOREVER);
}

bool
pool_may_run_long(struct pool_instance *n)
{
	struct pool *p = n->item->pool;

	return grow(p, UINT32_MAX) || atomic_load(&p->threads) > 1;
}

void
pool_leave(struct pool_instance *n)
{
	if (!n->left)
		idle(n->item);
	n->left = true;
}

/* -- timers --------------------------------------------------------------------------------- */

/* In the reactor. */
static void
timer_due(struct reactor_timer *t)
{
	struct pool_item *i = (struct pool_item *)((char *)t - offsetof(struct pool_item, timer));
	uint64_t period = atomic_load(&i->period);

	if (period && atomic_load(&i->set)) {
		uint64_t now = wait_now(), next = t->when + period;

		if (next <= now) /* what was missed is left out */
			next = now + period;
		post(i, STATUS_TIMEOUT);
		reactor_at(t, next);
		return;
	}
	if (atomic_exchange(&i->set, false))
		post(i, STATUS_TIMEOUT);
	pool_item_unref(i);
}

bool
pool_timer(struct pool_item *i, uint64_t when, uint64_t period)
{
	bool was = atomic_exchange(&i->set, false);

	if (reactor_forget(&i->timer))
		pool_item_unref(i);
	else
		reactor_settle();      /* it is just due: let it finish */
	if (reactor_forget(&i->timer)) /* a period that went on meanwhile */
		pool_item_unref(i);
	if (when == WAIT_FOREVER)
		return was;
	atomic_store(&i->period, period);
	atomic_store(&i->set, true);
	atomic_fetch_add(&i->refs, 1);
	i->timer.due = timer_due;
	reactor_at(&i->timer, when);
	return was;
}

/* -- waits ------------------------------------------------------------------------------------ */

static void
wait_ended(struct wait_block *b)
{
	struct pool_item *i =
	        (struct pool_item *)((char *)b - offsetof(struct pool_item, watch.block));

	if (atomic_exchange(&i->armed, false))
		post(i, b->result >= 0 ? (ULONG_PTR)b->result : 0);
}

/* In the reactor: it lasts too long. */
static void
wait_due(struct reactor_timer *t)
{
	struct pool_item *i = (struct pool_item *)((char *)t - offsetof(struct pool_item, timer));

	if (atomic_exchange(&i->armed, false))
		post(i, STATUS_TIMEOUT);
	pool_item_unref(i);
}

/* Nothing of an earlier wait is left. */
static bool
unwait(struct pool_item *i)
{
	bool was = atomic_exchange(&i->armed, false);

	if (reactor_forget(&i->timer))
		pool_item_unref(i);
	steady_lock(&i->lock);
	if (i->watching)
		wait_watch_end(&i->watch);
	i->watching = false;
	steady_unlock(&i->lock);
	return was;
}

static void
begin_wait(struct pool_item *i, struct object *target, uint64_t timeout)
{
	bool at_once = false;

	atomic_store(&i->armed, true);
	steady_lock(&i->lock);
	i->watch.block.ended = wait_ended;
	i->watching = wait_watch_begin(&i->watch, object_ref(target), &at_once) >= 0;
	if (!i->watching)
		object_unref(target);
	steady_unlock(&i->lock);
	if (at_once && atomic_exchange(&i->armed, false)) {
		post(i, 0);
		return;
	}
	if (timeout != UINT64_MAX) {
		atomic_fetch_add(&i->refs, 1);
		i->timer.due = wait_due;
		reactor_at(&i->timer, wait_now() + timeout);
	}
}

/* A registered wait goes on after its callback. */
static void
rearm(struct pool_item *i)
{
	if (i->once || !atomic_load(&i->set))
		return;
	unwait(i);
	begin_wait(i, i->target, i->timeout);
	/* Who unregisters clears `set` and then ends the wait: one of us sees the other. */
	if (!atomic_load(&i->set)) {
		unwait(i);
		atomic_exchange(&i->pending, 0);
	}
}

bool
pool_wait(struct pool_item *i, struct object *target, uint64_t timeout)
{
	bool was;

	atomic_store(&i->set, target != NULL);
	was = unwait(i);
	if (i->kind == POOL_OLD_CALL && target && !i->target) {
		i->target = object_ref(target);
		i->timeout = timeout;
	}
	if (target)
		begin_wait(i, target, timeout);
	return was;
}

/* -- files --------------------------------------------------------------------------------------- */

NTSTATUS
pool_io(struct pool_item *i, struct object *file)
{
	NTSTATUS s = file->class->associate
	                     ? file->class->associate(file, i->pool->port, (ULONG_PTR)i)
	                     : STATUS_INVALID_PARAMETER;

	/* for old I/O nobody says when it begins: have a thread */
	if (s >= 0 && i->kind == POOL_OLD_IO)
		pool_least(i->pool, 1);
	return s;
}

void
pool_io_start(struct pool_item *i)
{
	atomic_fetch_add(&i->refs, 1);
	atomic_fetch_add(&i->busy, 1);
	atomic_fetch_add(&i->pending, 1);
	pool_least(i->pool, 1);
}

void
pool_io_cancel(struct pool_item *i)
{
	if (!claim(i))
		return;
	idle(i);
	pool_item_unref(i);
}
