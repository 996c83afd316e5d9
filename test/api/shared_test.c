/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's shared memory, as a broken process may leave it: whatever stands there, nobody
 * who uses it reads or writes anywhere else, and nobody waits for ever. */
#include "test/unit.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "layer/api/nt/process/process.h"
#include "layer/api/nt/object/shared.h"
#include "layer/api/nt/object/shared_sync.h"
#include "layer/api/nt/object/wait.h"

static struct shared_thing *
make(enum shared_kind kind, const WCHAR *name, int32_t state, int64_t limit)
{
	const struct shared_first first = { .state = state, .limit = limit };
	struct shared_thing *t;
	bool made;

	assert_int_equal(shared_open(kind, name, &first, &t, &made), STATUS_SUCCESS);
	return t;
}

static void
names_end_with_their_users(void **unused)
{
	struct shared_thing *t, *other;
	bool made;

	(void)unused;
	t = make(SHARED_EVENT, u"a name", 0, 0);
	assert_int_equal(shared_open(SHARED_EVENT, u"a name", NULL, &other, &made), 0);
	assert_ptr_equal(t, other);
	assert_int_equal(shared_open(SHARED_MUTEX, u"a name", NULL, &other, &made),
	                 STATUS_OBJECT_TYPE_MISMATCH);
	shared_nameless(t);
	assert_false(shared_named(u"a name"));
	assert_int_equal(t->kind, SHARED_EVENT);
	shared_close(t);
	assert_int_equal(t->kind, SHARED_NOTHING);
}

static void
who_waits_longest_is_served_first(void **unused)
{
	struct shared_thing *t = make(SHARED_SEMAPHORE, NULL, 1, 5), *two[2] = { t, t };
	struct shared_wait *a, *b, *c;

	(void)unused;
	assert_int_equal(shared_sync_wait(1, &t, false, false, &a), 0); /* there is one */
	assert_int_equal(shared_sync_wait(1, &t, false, false, &a), -1);
	assert_int_equal(shared_sync_wait(2, two, true, false, &c), -1);
	assert_int_equal(shared_sync_wait(1, &t, false, false, &b), -1);
	assert_int_equal(shared_sync_release(t, 1, NULL), STATUS_SUCCESS);
	assert_int_equal(atomic_load(&a->state), SHARED_GRANTED);
	assert_int_equal(atomic_load(&b->state), SHARED_WAITING);
	assert_int_equal(atomic_load(&c->state), SHARED_LOOK);
	assert_int_equal(shared_sync_leave(a), 0);
	assert_int_equal(shared_sync_leave(b), -1);
	assert_int_equal(shared_sync_leave(c), -1);
	assert_int_equal(shared_sync_release(t, 6, NULL), STATUS_SEMAPHORE_LIMIT_EXCEEDED);
	shared_close(t);
}

/* Its holder is killed: in the midst of handing over, and with a mutex. */
static void
what_the_killed_leave_is_repaired(void **unused)
{
	struct shared_thing *t = make(SHARED_EVENT, NULL, 1, 0),
	                    *m = make(SHARED_MUTEX, NULL, 0, 0);
	struct shared_process *p = shared_new_process(u"x.exe", 8);
	uint32_t index = (uint32_t)(p - shared->process);
	struct shared_wait *w;
	bool abandoned;
	pid_t child = fork();

	(void)unused;
	if (child == 0)
		pause();
	assert_true(child > 0);
	atomic_store(&p->pid, child);
	atomic_store(&p->state, SHARED_ALIVE);
	atomic_store(&t->state, 0);
	assert_int_equal(shared_sync_wait(1, &t, false, false, &w), -1);
	atomic_store(&t->state, 1);
	atomic_store(&m->owner, index + 1);
	atomic_store(&shared->redo.thing, (uint32_t)(t - shared->thing));
	atomic_store(&shared->redo.state, 0);
	atomic_store(&shared->redo.owner, 0);
	atomic_store(&shared->redo.result, 0);
	atomic_store(&shared->redo.wait, (uint32_t)(w - shared->wait) + 1);
	atomic_store(&shared->lock, index + 1);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_true(shared_sync_take(m, &abandoned));
	assert_true(abandoned);
	assert_int_equal(atomic_load(&shared->redo.wait), 0);
	assert_int_equal(atomic_load(&t->state), 0);
	assert_int_equal(shared_sync_leave(w), 0);
	shared_gone(p, 0);
	atomic_store(&p->state, SHARED_FREE);
	shared_close(t);
	shared_close(m);
}

static uint64_t seed = 88172645463325252;

static uint32_t
chance(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)seed;
}

/* Garbage where one who has gone mad may write, but for the numbers of the host's processes, which
 * would be signalled, and our own place. */
static void
scribble(void)
{
	static const size_t ends[] = { offsetof(struct shared, process), sizeof(struct shared) };
	size_t from = offsetof(struct shared, nthing);

	for (int i = 0; i < 40; i++) {
		size_t at = from + chance() % (ends[0] - from - 4);
		memcpy((char *)shared + (at & ~(size_t)3), &(uint32_t){ chance() }, 4);
	}
	for (int i = 0; i < 2000; i++) {
		size_t a = offsetof(struct shared, wait), room = i & 1 ? 65536 : ends[1] - a - 4;
		uint32_t v = i & 2 ? chance() : chance() % 8;
		memcpy((char *)shared + ((a + chance() % room) & ~(size_t)3), &v, 4);
		a = offsetof(struct shared, thing);
		memcpy((char *)shared + ((a + chance() % 65536) & ~(size_t)3), &v, 4);
	}
}

static void
garbage_harms_nobody(void **unused)
{
	struct shared *whole = malloc(sizeof *whole);
	struct shared_thing *t[4];
	bool flag;

	(void)unused;
	assert_non_null(whole);
	memcpy(whole, shared, sizeof *whole);
	for (int round = 0; round < 300; round++) {
		t[0] = make(SHARED_EVENT, NULL, 0, 0);
		t[1] = make(SHARED_MUTEX, NULL, 0, 0);
		t[2] = make(SHARED_SEMAPHORE, NULL, 1, 3);
		t[3] = make(SHARED_EVENT, u"named", 0, 0);
		scribble();
		if (round % 3 == 0)
			atomic_store(&shared->lock, SHARED_PROCESSES + 1 + chance() % 100000);
		for (int i = 0; i < 8; i++) {
			struct shared_thing *x = t[i % 4];
			struct shared_wait *w = NULL;
			struct shared_gift g;
			shared_sync_event(x, (enum shared_sync_change)(chance() % 3), NULL);
			shared_sync_release(x, 1, NULL);
			shared_sync_take_all(4, t, &flag);
			shared_sync_wait(4, t, chance() & 1, chance() & 1, &w);
			shared_sync_back(x, true);
			if (w)
				assert_true(shared_sync_leave(w) <
				            SHARED_WAIT_MOST + SHARED_ABANDONED);
			shared_sync_unlock(x, false);
			shared_named(u"named");
			shared_at(chance() % 8192, SHARED_NOTHING);
			shared_gift(chance() % 8, &g);
			shared_give(shared_self(), &(struct shared_gift){ .thing = chance() });
			shared_nameless(x);
			shared_close(x);
		}
		shared_lock();
		shared_sync_repair();
		shared_thing_gone(chance() % SHARED_PROCESSES);
		shared_unlock();
		memcpy(shared, whole, sizeof *whole);
	}
	free(whole);
}

UNIT_MAIN(TEST(names_end_with_their_users), TEST(who_waits_longest_is_served_first),
          TEST(what_the_killed_leave_is_repaired), TEST(garbage_harms_nobody))
