/* SPDX-License-Identifier: Apache-2.0 */
/* wait.c -- a wait is a block on the waiter's stack, and a waiter on each object's list.
 *
 * Whoever wants to end a wait claims its block (WAITING to BUSY) first, so that only one does.
 * An object that is signalled is handed to its first waiter by the signaller, who takes it in
 * the waiter's name: so an event that is set and reset at once has still released whoever
 * waited.  Only a wait for all objects is told to try itself (RETRY): no object but the
 * signalled one is locked then.
 *
 * Nothing is lost between the quick ways, which take no lock, and the lists: who signals
 * changes the state and then looks for waiters; who waits stands on the list first and
 * then looks at the state.
 *
 * Objects of the machine (sync_share.h) have no list here.  Who waits for some stands in their
 * lines with a record in the shared memory, and sleeps on the record and on the block at once:
 * what was handed to the record counts when the block could be claimed, and is given back
 * else.
 */
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "layer/api/nt/object/object.h"
#include "layer/api/nt/object/port.h"
#include "layer/api/nt/object/reactor.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/status.h"
#include "layer/api/nt/object/shared_sync.h"
#include "layer/api/nt/object/sync.h"
#include "layer/api/nt/object/sync_share.h"
#include "layer/api/nt/thread/thread.h"
#include "layer/api/nt/object/wait.h"

enum {
	/* A wait for the machine's objects looks around after this time: whoever was to wake it, or
	 * owned what it waits for, may have been killed. */
	PATIENCE = 250000000,
	NO_RECORD = 5000000,
};

struct apc {
	struct apc *next;
	void *f, *a, *b, *c;
};

uint64_t
wait_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t
wait_deadline_ms(DWORD ms)
{
	if (ms == INFINITE)
		return WAIT_FOREVER;
	return ms ? wait_now() + (uint64_t)ms * 1000000 : 0;
}

uint64_t
wait_deadline_nt(const LONGLONG *when)
{
	const int64_t epoch = 11644473600; /* seconds from 1601 to 1970 */
	struct timespec t;
	int64_t left;

	if (!when)
		return WAIT_FOREVER;
	if (*when == 0)
		return 0;
	if (*when < 0) {
		if (*when < -(INT64_MAX / 200)) /* 1,400 years, or INT64_MIN, which is for ever */
			return WAIT_FOREVER;
		return wait_now() + (uint64_t) - *when * 100;
	}
	clock_gettime(CLOCK_REALTIME, &t);
	left = *when - ((t.tv_sec + epoch) * 10000000 + t.tv_nsec / 100);
	if (left <= 0)
		return 0;
	return left > INT64_MAX / 200 ? WAIT_FOREVER : wait_now() + (uint64_t)left * 100;
}

bool
wait_claim(struct wait_block *b)
{
	for (uint32_t spins = 0;; spins++) {
		uint32_t s = WAIT_WAITING;

		if (atomic_compare_exchange_strong(&b->state, &s, WAIT_BUSY))
			return true;
		if (s != WAIT_BUSY)
			return false;
		if (spins > 100)
			sched_yield();
		__builtin_ia32_pause();
	}
}

void
wait_finish(struct wait_block *b, NTSTATUS result)
{
	_Atomic uint32_t *word = &b->state;
	bool leads = b->leads;

	b->result = result;
	if (b->ended) {
		atomic_store(word, WAIT_DONE);
		b->ended(b);
		return;
	}
	/* the block may be gone after this; waking its word is harmless then */
	if (atomic_exchange(word, WAIT_DONE) != WAIT_BUSY)
		return;
	if (leads)
		reactor_rouse();
	else
		steady_futex_wake(word, 1);
}

static void
retry(struct wait_block *b)
{
	_Atomic uint32_t *word = &b->state;

	atomic_store(word, WAIT_RETRY);
	steady_futex_wake(word, 1);
}

static void
append(struct object *o, struct waiter *w)
{
	struct waiter *first = atomic_load_explicit(&o->waiters, memory_order_relaxed);

	if (first) {
		w->next = first;
		w->prev = first->prev;
		first->prev->next = w;
		first->prev = w;
	} else {
		w->next = w->prev = w;
		atomic_store(&o->waiters, w);
	}
	w->queued = true;
	atomic_thread_fence(memory_order_seq_cst);
}

static void
take_off(struct object *o, struct waiter *w)
{
	if (w->next == w) {
		atomic_store_explicit(&o->waiters, NULL, memory_order_relaxed);
	} else {
		w->next->prev = w->prev;
		w->prev->next = w->next;
		if (atomic_load_explicit(&o->waiters, memory_order_relaxed) == w)
			atomic_store_explicit(&o->waiters, w->next, memory_order_relaxed);
	}
	w->queued = false;
}

static bool
there(struct object *o, struct thread *t)
{
	if (o->class->due)
		return o->class->due(o, false) <= wait_now();
	if (o->kind == OBJECT_SHARED)
		return sync_share_there(o, t);
	if (o->kind == OBJECT_MUTANT)
		return atomic_load(&o->state) > 0 || ((struct sync_mutant *)o)->owner == t;
	return atomic_load(&o->state) != 0;
}

void
object_wake(struct object *o)
{
	struct waiter *w, *next, *last;

	if (o->kind == OBJECT_SHARED) {
		sync_share_wake(o);
		return;
	}
	steady_lock(&o->lock);
	if (o->kind == OBJECT_SHARED) { /* by now */
		steady_unlock(&o->lock);
		sync_share_wake(o);
		return;
	}
	w = atomic_load_explicit(&o->waiters, memory_order_relaxed);
	last = w ? w->prev : NULL;
	for (; w; w = next) {
		struct wait_block *b = w->block;
		NTSTATUS s = STATUS_SUCCESS;

		next = w == last ? NULL : w->next;
		if (o->kind != OBJECT_ASKS && atomic_load(&o->state) == 0)
			break;
		if (!wait_claim(b))
			continue; /* it has another end already, and leaves */
		if (b->all) {
			retry(b);
			continue;
		}
		if (!sync_take(o, b->thread, &s)) {
			atomic_store(&b->state, WAIT_WAITING);
			break;
		}
		take_off(o, w);
		wait_finish(b, s + (NTSTATUS)(s >= 0 ? w->index : 0));
	}
	steady_unlock(&o->lock);
}

/* Undo sync_take(). */
static void
give_back(struct object *o)
{
	switch ((enum object_kind)o->kind) {
	case OBJECT_ONE: atomic_store(&o->state, 1); break;
	case OBJECT_COUNT: atomic_fetch_add(&o->state, 1); break;
	case OBJECT_MUTANT: sync_unlock(o, NULL); return;
	case OBJECT_SHARED: sync_share_back(o); return;
	default: return;
	}
	if (atomic_load(&o->waiters))
		object_wake(o);
}

/* All or, when another thread was quicker, none: then *undo of them are to be given back, which
 * may wake others, so that the caller's block must not be BUSY then.  Those of the mask are
 * the machine's: they are taken last, at once, and are not among those to be given back. */
static bool
take_all(size_t n, struct object *const *o, uint64_t mask, struct thread *t, NTSTATUS *status,
         size_t *undo)
{
	NTSTATUS worst = STATUS_SUCCESS;

	*undo = 0;
	for (size_t i = 0; i < n; i++)
		if (!there(o[i], t))
			return false;
	for (size_t i = 0; i < n; i++) {
		NTSTATUS s = STATUS_SUCCESS;

		if (mask >> i & 1)
			continue;
		if (!sync_take(o[i], t, &s)) {
			*undo = i;
			return false;
		}
		if (s)
			worst = s;
	}
	if (mask && !sync_share_take_all(n, o, mask, t, &worst)) {
		*undo = n;
		return false;
	}
	*status = worst;
	return true;
}

static void
give_all_back(size_t n, struct object *const *o, uint64_t mask)
{
	while (n--)
		if (!(mask >> n & 1))
			give_back(o[n]);
}

static bool
try(size_t n, struct object *const *o, bool all, struct thread *t, NTSTATUS *status)
{
	NTSTATUS s = STATUS_SUCCESS;
	size_t undo;

	if (all) {
		uint64_t mask = sync_share_mask(n, o);

		if (take_all(n, o, mask, t, status, &undo))
			return true;
		give_all_back(undo, o, mask);
		return false;
	}
	for (size_t i = 0; i < n; i++)
		if (sync_take(o[i], t, &s)) {
			*status = s < 0 ? s : s + (NTSTATUS)i;
			return true;
		}
	return false;
}

bool
wait_begin(struct wait_block *b, struct thread *t, bool all, bool alertable)
{
	bool apcs;

	atomic_init(&b->state, WAIT_WAITING);
	b->thread = t;
	b->all = all;
	b->alertable = alertable;
	b->leads = false;
	b->ended = NULL;
	steady_lock(&t->object.lock);
	apcs = alertable && t->apcs;
	if (!apcs && !t->dying)
		t->block = b;
	steady_unlock(&t->object.lock);
	if (t->dying)
		thread_die();
	return !apcs;
}

/* Until it is DONE or RETRY, or the record (or NULL) tells something; true: the time is over,
 * and the caller has claimed it. */
static bool
sleep_on(struct wait_block *b, struct shared_wait *record, uint64_t deadline)
{
	for (;;) {
		uint32_t s = atomic_load_explicit(&b->state, memory_order_acquire);
		int r;

		if (s == WAIT_DONE || s == WAIT_RETRY)
			return false;
		if (s == WAIT_BUSY) {
			__builtin_ia32_pause();
			continue;
		}
		if (record && atomic_load(&record->state) != SHARED_WAITING)
			return false;
		r = record     ? shared_sync_sleep(&b->state, WAIT_WAITING, record, deadline)
		    : b->leads ? reactor_look(&b->state, WAIT_WAITING, deadline)
		               : steady_futex_wait(&b->state, WAIT_WAITING, deadline);
		if (r == ETIMEDOUT && wait_claim(b))
			return true;
	}
}

static bool
sleep_until(struct wait_block *b, struct shared_wait *record, uint64_t deadline)
{
	bool paused = port_pause(), late = sleep_on(b, record, deadline);

	port_resume(paused);
	return late;
}

void
wait_sleep_on(struct wait_block *b, uint64_t deadline)
{
	if (sleep_until(b, NULL, deadline)) {
		b->result = STATUS_TIMEOUT;
		atomic_store(&b->state, WAIT_DONE);
	}
}

void
wait_end(struct wait_block *b)
{
	struct thread *t = b->thread;

	steady_lock(&t->object.lock);
	t->block = NULL;
	steady_unlock(&t->object.lock);
	if (t->dying)
		thread_die();
}

/* Stand on the lists; true when the wait has ended meanwhile. */
static size_t
line_up(size_t n, struct object *const *o, struct waiter *w, struct wait_block *b)
{
	size_t i;
	bool done = false;

	for (i = 0; i < n && !done; i++) {
		NTSTATUS s = STATUS_SUCCESS;

		w[i].block = b;
		w[i].index = (uint32_t)i;
		w[i].queued = false;
		steady_lock(&o[i]->lock);
		if (o[i]->kind == OBJECT_SHARED) { /* join() is for those */
			steady_unlock(&o[i]->lock);
			continue;
		}
		append(o[i], &w[i]);
		if (!b->all) {
			if (!wait_claim(b)) {
				done = true;
			} else if (sync_take(o[i], b->thread, &s)) {
				take_off(o[i], &w[i]);
				b->result = s < 0 ? s : s + (NTSTATUS)i;
				atomic_store(&b->state, WAIT_DONE);
				done = true;
			} else
				atomic_store(&b->state, WAIT_WAITING);
		}
		steady_unlock(&o[i]->lock);
	}
	return i;
}

/* The block is claimed: take what is waited for, or let it be WAITING (RETRY) again. */
static void
try_claimed(size_t n, struct object *const *o, struct wait_block *b)
{
	struct thread *t = b->thread;
	uint64_t mask = sync_share_mask(n, o);
	size_t undo = 0;
	bool called;

	if (b->all ? take_all(n, o, mask, t, &b->result, &undo) : try(n, o, false, t, &b->result)) {
		atomic_store(&b->state, WAIT_DONE);
		return;
	}
	atomic_store(&b->state, undo ? WAIT_RETRY : WAIT_WAITING);
	give_all_back(undo, o, mask);
	/* a call, or the thread's end, that came while it could not be claimed */
	steady_lock(&t->object.lock);
	called = (b->alertable && t->apcs) || t->dying;
	steady_unlock(&t->object.lock);
	if (called && atomic_load(&b->state) == WAIT_WAITING && wait_claim(b)) {
		b->result = STATUS_USER_APC;
		atomic_store(&b->state, WAIT_DONE);
	}
}

/* Something has changed (RETRY, which only the waiter leaves). */
static void
try_again(size_t n, struct object *const *o, struct wait_block *b)
{
	atomic_store(&b->state, WAIT_WAITING);
	if (wait_claim(b))
		try_claimed(n, o, b);
}

/* The first time at which one of the objects may be there without anybody signalling it. */
static uint64_t
first_due(size_t n, struct object *const *o)
{
	uint64_t first = WAIT_FOREVER;

	for (size_t i = 0; i < n; i++)
		if (o[i]->class->due) {
			uint64_t due = o[i]->class->due(o[i], false);

			if (due < first)
				first = due;
		}
	return first;
}

/* Some of the objects are the machine's, or have become so: stand in their lines. */
static void
join(size_t n, struct object *const *o, struct wait_block *b, uint64_t mask,
     struct sync_share_wait *s)
{
	if (!wait_claim(b))
		return;
	if (sync_share_part(o, b->thread, s, &b->result) ||
	    sync_share_enter(n, o, b->all, mask, b->thread, s, &b->result))
		atomic_store(&b->state, WAIT_DONE);
	else /* somebody may have signalled before we stood there */
		atomic_store(&b->state, b->all ? WAIT_RETRY : WAIT_WAITING);
}

/* The record tells something. */
static void
hear(size_t n, struct object *const *o, struct wait_block *b, struct sync_share_wait *s)
{
	uint32_t look = SHARED_LOOK;

	atomic_compare_exchange_strong(&s->record->state, &look, SHARED_WAITING);
	if (!wait_claim(b))
		return;
	if (look == SHARED_LOOK)
		try_claimed(n, o, b);
	else if (sync_share_part(o, b->thread, s, &b->result))
		atomic_store(&b->state, WAIT_DONE);
	else
		atomic_store(&b->state, WAIT_WAITING);
}

static void
sleep_for(size_t n, struct object *const *o, struct wait_block *b, uint64_t deadline)
{
	struct sync_share_wait s = { .record = NULL, .mask = 0 };
	NTSTATUS late;

	while (atomic_load(&b->state) != WAIT_DONE) {
		uint64_t until, mask = sync_share_mask(n, o);

		if (atomic_load(&b->state) == WAIT_RETRY) {
			try_again(n, o, b);
			continue;
		}
		if (mask != s.mask) {
			join(n, o, b, mask, &s);
			continue;
		}
		if (s.record && atomic_load(&s.record->state) != SHARED_WAITING) {
			hear(n, o, b, &s);
			continue;
		}
		until = first_due(n, o);
		if (mask) {
			uint64_t look = wait_now() + (s.record ? PATIENCE : NO_RECORD);

			until = until < look ? until : look;
		}
		if (!sleep_until(b, s.record, until < deadline ? until : deadline))
			continue;
		if (until < deadline) {
			try_claimed(n, o, b);
			continue;
		}
		b->result = STATUS_TIMEOUT;
		atomic_store(&b->state, WAIT_DONE);
	}
	if (!s.mask || !sync_share_part(o, b->thread, &s, &late))
		return;
	/* handed over at the last moment */
	if (b->result == STATUS_TIMEOUT)
		b->result = late;
	else
		sync_share_refuse(o, late);
}

static NTSTATUS
wait_slowly(size_t n, struct object *const *o, bool all, bool alertable, uint64_t deadline,
            struct waiter *w)
{
	struct wait_block b;
	size_t lined;

	if (!wait_begin(&b, thread_self(), all, alertable)) {
		wait_apc_run();
		return STATUS_USER_APC;
	}
	lined = line_up(n, o, w, &b);
	if (all && wait_claim(&b)) /* somebody may have signalled before we stood there */
		atomic_store(&b.state, WAIT_RETRY);
	sleep_for(n, o, &b, deadline);
	/* The only list of a wait for one object was left by who ended it, if it did that. */
	for (size_t i = 0; i < lined; i++) {
		if (n == 1 && !w[i].queued)
			break;
		steady_lock(&o[i]->lock);
		if (w[i].queued)
			take_off(o[i], &w[i]);
		steady_unlock(&o[i]->lock);
	}
	wait_end(&b);
	if (b.result == STATUS_USER_APC)
		wait_apc_run();
	return b.result;
}

/* So that a wait for one has a small frame. */
static __attribute__((noinline)) NTSTATUS
wait_for_many(size_t n, struct object *const *o, bool all, bool alertable, uint64_t deadline)
{
	struct waiter w[WAIT_MOST];

	return wait_slowly(n, o, all, alertable, deadline, w);
}

NTSTATUS
wait_objects(size_t n, struct object *const *o, bool all, bool alertable, uint64_t deadline)
{
	struct thread *t = thread_self();
	struct waiter w;
	NTSTATUS s;

	if (n && try(n, o, all, t, &s))
		return s;
	if (!deadline) {
		if (alertable && wait_apc_run())
			return STATUS_USER_APC;
		return STATUS_TIMEOUT;
	}
	if (n <= 1)
		return wait_slowly(n, o, false, alertable, deadline, &w);
	return n <= WAIT_MOST ? wait_for_many(n, o, all, alertable, deadline)
	                      : STATUS_INVALID_PARAMETER;
}

NTSTATUS
wait_handles(size_t n, const HANDLE *h, bool all, bool alertable, uint64_t deadline)
{
	struct object *o[WAIT_MOST];
	NTSTATUS s = STATUS_SUCCESS;
	size_t i;

	if (!n || n > WAIT_MOST)
		return STATUS_INVALID_PARAMETER;
	for (i = 0; i < n; i++) {
		ACCESS_MASK access = 0;

		s = handle_get(h[i], NULL, &o[i]);
		if (s < 0)
			break;
		if (o[i]->kind != OBJECT_STAYS && o[i]->kind != OBJECT_ASKS &&
		    handle_flags(h[i], &access, NULL) >= 0 && !(access & SYNCHRONIZE)) {
			object_unref(o[i]);
			s = STATUS_ACCESS_DENIED;
			break;
		}
	}
	if (s >= 0 && all)
		for (size_t j = 1; j < n && s >= 0; j++)
			for (size_t k = 0; k < j; k++)
				if (o[j] == o[k])
					s = STATUS_INVALID_PARAMETER_MIX;
	if (s >= 0)
		s = wait_objects(n, o, all, alertable, deadline);
	while (i--)
		object_unref(o[i]);
	return s;
}

NTSTATUS
wait_sleep(bool alertable, uint64_t deadline)
{
	NTSTATUS s;

	if (!deadline) {
		if (alertable && wait_apc_run())
			return STATUS_USER_APC;
		sched_yield();
		return STATUS_SUCCESS;
	}
	s = wait_objects(0, NULL, false, alertable, deadline);
	return s == STATUS_TIMEOUT ? STATUS_SUCCESS : s;
}

void
wait_again(struct object *o)
{
	struct waiter *w, *last;

	steady_lock(&o->lock);
	w = atomic_load_explicit(&o->waiters, memory_order_relaxed);
	last = w ? w->prev : NULL;
	for (; w; w = w == last ? NULL : w->next)
		if (!w->block->ended && wait_claim(w->block))
			retry(w->block);
	steady_unlock(&o->lock);
}

void
wait_moved(struct waiter *first)
{
	struct waiter *w = first, *next, *last = first ? first->prev : NULL;

	for (; w; w = next) {
		struct wait_block *b = w->block;
		struct wait_watch *x = (struct wait_watch *)(void *)b;
		bool claimed;

		next = w == last ? NULL : w->next;
		if (b->ended) {
			if (sync_watch_begin(x) && wait_claim(b))
				wait_finish(b, STATUS_SUCCESS);
			continue;
		}
		claimed = wait_claim(b);
		w->queued = false; /* when it has another end, its thread may leave now */
		if (claimed)
			retry(b);
	}
}

NTSTATUS
wait_watch_begin(struct wait_watch *w, struct object *o, bool *at_once)
{
	struct wait_block *b = &w->block;

	*at_once = false;
	if (o->kind == OBJECT_MUTANT) /* whose would it be? */
		return STATUS_INVALID_PARAMETER;
	atomic_store(&b->state, WAIT_BUSY);
	b->result = STATUS_SUCCESS;
	b->thread = NULL;
	b->all = b->alertable = false;
	w->object = o;
	w->waiter.block = b;
	w->waiter.index = 0;
	steady_lock(&o->lock);
	if (o->kind == OBJECT_SHARED) {
		NTSTATUS s = STATUS_SUCCESS;

		if (o->class == &sync_mutant_class)
			s = STATUS_INVALID_PARAMETER;
		else {
			atomic_store(&b->state, WAIT_WAITING);
			if ((*at_once = sync_watch_begin(w)))
				atomic_store(&b->state, WAIT_DONE);
		}
		steady_unlock(&o->lock);
		return s;
	}
	append(o, &w->waiter);
	if (sync_take(o, NULL, &b->result)) {
		take_off(o, &w->waiter);
		atomic_store(&b->state, WAIT_DONE);
		*at_once = true;
	} else
		atomic_store(&b->state, WAIT_WAITING);
	steady_unlock(&o->lock);
	if (!*at_once && o->class->due)
		o->class->due(o, true);
	return STATUS_SUCCESS;
}

bool
wait_watch_end(struct wait_watch *w)
{
	struct object *o = w->object;
	bool cancelled;

	steady_lock(&o->lock);
	cancelled = w->waiter.queued;
	if (cancelled && !sync_watch_end(w))
		take_off(o, &w->waiter);
	steady_unlock(&o->lock);
	object_unref(o);
	return cancelled;
}

NTSTATUS
wait_apc_queue(struct thread *t, void *f, void *a, void *b, void *c)
{
	struct apc *new = malloc(sizeof *new), **at;

	if (!new)
		return STATUS_NO_MEMORY;
	*new = (struct apc){ NULL, f, a, b, c };
	steady_lock(&t->object.lock);
	if (atomic_load(&t->ended)) {
		steady_unlock(&t->object.lock);
		free(new);
		return STATUS_UNSUCCESSFUL;
	}
	for (at = &t->apcs; *at; at = &(*at)->next)
		;
	*at = new;
	if (t->block && t->block->alertable && wait_claim(t->block))
		wait_finish(t->block, STATUS_USER_APC);
	steady_unlock(&t->object.lock);
	return STATUS_SUCCESS;
}

bool
wait_apc_run(void)
{
	struct thread *t = thread_self();
	bool any = false;

	for (;;) {
		struct apc *a, apc;

		steady_lock(&t->object.lock);
		a = t->apcs;
		if (a)
			t->apcs = a->next;
		steady_unlock(&t->object.lock);
		if (!a)
			return any;
		any = true;
		apc = *a;
		free(a);
		((void(WINAPI *)(void *, void *, void *))(uintptr_t)apc.f)(apc.a, apc.b, apc.c);
	}
}

void
wait_apc_drop(struct thread *t)
{
	struct apc *a, *next;

	steady_lock(&t->object.lock);
	a = t->apcs;
	t->apcs = NULL;
	steady_unlock(&t->object.lock);
	for (; a; a = next) {
		next = a->next;
		free(a);
	}
}
