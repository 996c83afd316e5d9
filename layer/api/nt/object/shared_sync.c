/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/object/shared_sync.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/object/wait.h"

static uint32_t
waits(void)
{
	return shared->nwait < SHARED_WAITS ? shared->nwait : SHARED_WAITS;
}

static void
wake(struct shared_wait *w)
{
	uint32_t process = atomic_load(&w->process);
	int saved = errno;

	if (w->bell && process && process <= SHARED_PROCESSES)
		shared_ring(&shared->process[process - 1]);
	else
		syscall(SYS_futex, &w->state, FUTEX_WAKE, 1, NULL, NULL, 0);
	errno = saved;
}

/* Which of its things t is; -1: none. */
static int
place_of(const struct shared_wait *w, uint32_t thing)
{
	for (uint32_t i = 0; i < w->n && i < SHARED_WAIT_MOST; i++)
		if (w->thing[i] == thing)
			return (int)i;
	return -1;
}

/* -- handing over ---------------------------------------------------------------------------- */

static void
do_redo(void)
{
	uint32_t wait = atomic_load(&shared->redo.wait), thing = atomic_load(&shared->redo.thing);

	if (!wait || wait > SHARED_WAITS || thing >= SHARED_THINGS)
		return;
	struct shared_wait *w = &shared->wait[wait - 1];
	struct shared_thing *t = &shared->thing[thing];
	atomic_store(&t->state, atomic_load(&shared->redo.state));
	atomic_store(&t->owner, atomic_load(&shared->redo.owner));
	atomic_store(&t->abandoned, 0);
	w->result = atomic_load(&shared->redo.result);
	atomic_store(&w->state, SHARED_GRANTED);
	atomic_store(&shared->redo.wait, 0);
	wake(w);
}

static void
hand(struct shared_thing *t, struct shared_wait *w, int place)
{
	int32_t state = atomic_load(&t->state);
	uint32_t owner = atomic_load(&t->owner), result = (uint32_t)place;

	if (t->kind == SHARED_EVENT && !(atomic_load(&t->flags) & SHARED_MANUAL))
		state = 0;
	else if (t->kind == SHARED_SEMAPHORE)
		state--;
	else if (t->kind == SHARED_MUTEX) {
		owner = atomic_load(&w->process);
		result |= atomic_load(&t->abandoned) ? SHARED_ABANDONED : 0;
	}
	atomic_store(&shared->redo.thing, (uint32_t)(t - shared->thing));
	atomic_store(&shared->redo.state, state);
	atomic_store(&shared->redo.owner, owner);
	atomic_store(&shared->redo.result, result);
	atomic_store(&shared->redo.wait, (uint32_t)(w - shared->wait) + 1);
	do_redo();
}

static bool
available(const struct shared_thing *t)
{
	return t->kind == SHARED_MUTEX ? !atomic_load(&t->owner) : atomic_load(&t->state) > 0;
}

/* Is the process that waits there still? */
static bool
waits_really(struct shared_wait *w)
{
	uint32_t process = atomic_load(&w->process);

	if (process && process <= SHARED_PROCESSES && shared_lives(&shared->process[process - 1]))
		return true;
	atomic_store(&w->process, 0);
	return false;
}

static struct shared_wait *
longest(uint32_t thing, int *place)
{
	struct shared_wait *best;
	uint32_t n = waits();

	do {
		best = NULL;
		for (uint32_t i = 0; i < n; i++) {
			struct shared_wait *w = &shared->wait[i];
			int at;
			if (!atomic_load(&w->process) || w->all ||
			    atomic_load(&w->state) != SHARED_WAITING ||
			    (best && w->turn > best->turn) || (at = place_of(w, thing)) < 0)
				continue;
			best = w;
			*place = at;
		}
	} while (best && !waits_really(best));
	return best;
}

/* It may be available: give it to those who wait. */
static void
deliver(struct shared_thing *t)
{
	uint32_t thing = (uint32_t)(t - shared->thing), n = waits();
	struct shared_wait *w;
	int place = 0;

	if (!n || !available(t))
		return;
	while (available(t) && (w = longest(thing, &place)) != NULL)
		hand(t, w, place);
	for (uint32_t i = 0; i < n; i++) {
		w = &shared->wait[i];
		if (atomic_load(&w->process) && w->all && place_of(w, thing) >= 0) {
			atomic_store(&w->state, SHARED_LOOK);
			wake(w);
		}
	}
}

static void
abandon(struct shared_thing *t)
{
	atomic_store(&t->abandoned, 1);
	atomic_store(&t->owner, 0);
	deliver(t);
}

/* -- changes --------------------------------------------------------------------------------- */

void
shared_sync_event(struct shared_thing *t, enum shared_sync_change how, LONG *before)
{
	shared_lock();
	LONG was = atomic_load(&t->state) != 0;
	if (t->kind == SHARED_EVENT) {
		if (how != SHARED_RESET) {
			atomic_store(&t->state, 1);
			deliver(t);
		}
		if (how != SHARED_SET)
			atomic_store(&t->state, 0);
	}
	shared_unlock();
	if (before)
		*before = was;
}

NTSTATUS
shared_sync_release(struct shared_thing *t, int32_t n, LONG *before)
{
	NTSTATUS s = STATUS_SEMAPHORE_LIMIT_EXCEEDED;

	shared_lock();
	int32_t was = atomic_load(&t->state);
	if (t->kind == SHARED_SEMAPHORE && n > 0 && was >= 0 &&
	    (int64_t)was + n <= atomic_load(&t->limit) && (int64_t)was + n <= INT32_MAX) {
		atomic_store(&t->state, was + n);
		deliver(t);
		s = STATUS_SUCCESS;
	}
	shared_unlock();
	if (s >= 0 && before)
		*before = was;
	return s;
}

/* Under the lock. */
static void
unlock(struct shared_thing *t, bool abandoned)
{
	if (t->kind != SHARED_MUTEX || atomic_load(&t->owner) != shared_index() + 1)
		return;
	if (abandoned)
		atomic_store(&t->abandoned, 1);
	atomic_store(&t->owner, 0);
	deliver(t);
}

void
shared_sync_unlock(struct shared_thing *t, bool abandoned)
{
	shared_lock();
	unlock(t, abandoned);
	shared_unlock();
}

void
shared_sync_back(struct shared_thing *t, bool abandoned)
{
	shared_lock();
	if (t->kind == SHARED_MUTEX) {
		unlock(t, abandoned);
	} else if (t->kind == SHARED_EVENT) {
		if (!(atomic_load(&t->flags) & SHARED_MANUAL))
			atomic_store(&t->state, 1);
		deliver(t);
	} else if (t->kind == SHARED_SEMAPHORE) {
		if (atomic_load(&t->state) < INT32_MAX)
			atomic_fetch_add(&t->state, 1);
		deliver(t);
	}
	shared_unlock();
}

/* -- taking ---------------------------------------------------------------------------------- */

/* A mutex whose owner was killed is found out here, at the latest. */
static bool
there(struct shared_thing *t)
{
	uint32_t owner = atomic_load(&t->owner);

	if (t->kind == SHARED_MUTEX && owner && owner != shared_index() + 1 &&
	    (owner > SHARED_PROCESSES || shared_dead(&shared->process[owner - 1])))
		abandon(t);
	return available(t);
}

/* It is there. */
static void
take(struct shared_thing *t, bool *abandoned)
{
	if (t->kind == SHARED_EVENT && !(atomic_load(&t->flags) & SHARED_MANUAL))
		atomic_store(&t->state, 0);
	else if (t->kind == SHARED_SEMAPHORE)
		atomic_fetch_sub(&t->state, 1);
	else if (t->kind == SHARED_MUTEX) {
		atomic_store(&t->owner, shared_index() + 1);
		if (atomic_exchange(&t->abandoned, 0))
			*abandoned = true;
	}
}

bool
shared_sync_there(struct shared_thing *t)
{
	shared_lock();
	bool yes = there(t);
	shared_unlock();
	return yes;
}

bool
shared_sync_take(struct shared_thing *t, bool *abandoned)
{
	return shared_sync_take_all(1, &t, abandoned);
}

bool
shared_sync_take_all(size_t n, struct shared_thing *const *t, bool *abandoned)
{
	bool yes = true;

	*abandoned = false;
	shared_lock();
	for (size_t i = 0; i < n && yes; i++)
		yes = there(t[i]);
	for (size_t i = 0; i < n && yes; i++)
		take(t[i], abandoned);
	shared_unlock();
	return yes;
}

/* -- waiting --------------------------------------------------------------------------------- */

static struct shared_wait *
place(void)
{
	uint32_t n = waits();

	for (uint32_t i = 0; i < n; i++)
		if (!atomic_load(&shared->wait[i].process))
			return &shared->wait[i];
	if (n < SHARED_WAITS) {
		shared->nwait = n + 1;
		return &shared->wait[n];
	}
	for (uint32_t i = 0; i < n; i++)
		if (!waits_really(&shared->wait[i]))
			return &shared->wait[i];
	return NULL;
}

int
shared_sync_wait(size_t n, struct shared_thing *const *t, bool all, bool bell,
                 struct shared_wait **out)
{
	struct shared_wait *w = NULL;
	int taken = -1;

	shared_lock();
	for (size_t i = 0; i < n && !all && taken < 0; i++) {
		bool abandoned = false;
		if (!there(t[i]))
			continue;
		take(t[i], &abandoned);
		taken = (int)i | (abandoned ? SHARED_ABANDONED : 0);
	}
	if (taken < 0 && (w = place()) != NULL) {
		w->turn = ++shared->turn;
		w->n = (uint16_t)n;
		w->all = all;
		w->bell = bell;
		w->result = 0;
		for (size_t i = 0; i < n; i++)
			w->thing[i] = (uint16_t)(t[i] - shared->thing);
		atomic_store(&w->state, SHARED_WAITING);
		atomic_store(&w->process, shared_index() + 1);
	}
	shared_unlock();
	*out = w;
	return taken;
}

int
shared_sync_leave(struct shared_wait *w)
{
	int granted = -1;

	shared_lock();
	if (atomic_load(&w->process) == shared_index() + 1) {
		uint32_t result = w->result;
		if (atomic_load(&w->state) == SHARED_GRANTED &&
		    (result & ~(uint32_t)SHARED_ABANDONED) < w->n)
			granted = (int)(result & (SHARED_ABANDONED | (SHARED_WAIT_MOST - 1)));
		atomic_store(&w->process, 0);
	}
	shared_unlock();
	return granted;
}

int
shared_sync_sleep(_Atomic uint32_t *word, uint32_t value, struct shared_wait *w, uint64_t deadline)
{
	static _Atomic bool missing; /* before Linux 5.16 */
	struct futex_waitv v[2] = {
		{ .val = value, .uaddr = (uintptr_t)word, .flags = FUTEX_32 | FUTEX_PRIVATE_FLAG },
		{ .val = SHARED_WAITING, .uaddr = (uintptr_t)&w->state, .flags = FUTEX_32 },
	};
	struct timespec t = { (time_t)(deadline / 1000000000), (long)(deadline % 1000000000) };
	int saved = errno, r = 0;

	if (!atomic_load(&missing)) {
		if (syscall(SYS_futex_waitv, v, 2, 0, deadline == UINT64_MAX ? NULL : &t,
		            CLOCK_MONOTONIC) < 0)
			r = errno;
		errno = saved;
		if (r != ENOSYS)
			return r;
		atomic_store(&missing, true);
	}
	uint64_t soon = wait_now() + 1000000;
	r = steady_futex_wait(word, value, soon < deadline ? soon : deadline);
	return r == ETIMEDOUT && soon < deadline ? EAGAIN : r;
}

/* -- the dead --------------------------------------------------------------------------------- */

void
shared_sync_gone(uint32_t index)
{
	for (uint32_t i = 0, n = waits(); i < n; i++)
		if (atomic_load(&shared->wait[i].process) == index + 1)
			atomic_store(&shared->wait[i].process, 0);
	for (uint32_t i = 0; i < shared->nthing && i < SHARED_THINGS; i++) {
		struct shared_thing *t = &shared->thing[i];
		if (t->kind == SHARED_MUTEX && atomic_load(&t->owner) == index + 1)
			abandon(t);
	}
}

void
shared_sync_repair(void)
{
	do_redo();
	for (uint32_t i = 0; i < shared->nthing && i < SHARED_THINGS; i++) {
		struct shared_thing *t = &shared->thing[i];
		if (t->kind == SHARED_EVENT || t->kind == SHARED_MUTEX ||
		    t->kind == SHARED_SEMAPHORE)
			deliver(t);
	}
	/* it may have died before it woke them */
	for (uint32_t i = 0, n = waits(); i < n; i++)
		if (atomic_load(&shared->wait[i].process) &&
		    atomic_load(&shared->wait[i].state) != SHARED_WAITING)
			wake(&shared->wait[i]);
}
