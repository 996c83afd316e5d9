/* SPDX-License-Identifier: Apache-2.0 */
/* Handles, objects, waits, ports, threads and the reactor, without a program: the test's own
 * functions are what its threads run. */
#include "test/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "layer/api/nt/thread/fls.h"
#include "layer/api/nt/object/handle.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/object/name.h"
#include "layer/api/nt/object/port.h"
#include "layer/api/nt/object/reactor.h"
#include "layer/api/nt/status.h"
#include "layer/api/nt/object/sync.h"
#include "layer/api/nt/thread/thread.h"
#include "layer/api/nt/object/wait.h"

enum { ALL = 0x1fffff };

static struct object *
get(HANDLE h)
{
	struct object *o = NULL;

	assert_int_equal(handle_get(h, NULL, &o), STATUS_SUCCESS);
	return o;
}

/* Run f(a) in a thread of the program and wait for its end. */
static HANDLE
begin(DWORD(WINAPI *f)(void *), void *a)
{
	struct thread *t;

	assert_int_equal(thread_new((void *)(uintptr_t)f, a, 0, false, &t), STATUS_SUCCESS);
	return handle_new(&t->object, ALL, false);
}

static uint32_t
join(HANDLE h)
{
	struct object *o = get(h);
	uint32_t code;

	assert_int_equal(wait_handles(1, &h, false, false, WAIT_FOREVER), 0);
	code = ((struct thread *)o)->exit_code;
	object_unref(o);
	assert_int_equal(handle_close(h), STATUS_SUCCESS);
	return code;
}

static void
handles_are_looked_up_and_closed(void)
{
	HANDLE h = handle_new(sync_event(true, false), ALL, false), other;
	struct object *o = get(h);
	bool inherit = true;

	assert_int_equal((uintptr_t)h & 3, 0);
	assert_int_equal(o->refs, 2);
	assert_int_equal(handle_get(h, &sync_mutant_class, &o), STATUS_OBJECT_TYPE_MISMATCH);
	assert_int_equal(handle_flags(h, NULL, &inherit), STATUS_SUCCESS);
	assert_false(inherit);
	handle_inherit(h, true);
	handle_flags(h, NULL, &inherit);
	assert_true(inherit);
	handle_protect(h, true);
	assert_int_equal(handle_close(h), STATUS_HANDLE_NOT_CLOSABLE);
	handle_protect(h, false);
	assert_int_equal(handle_close(h), STATUS_SUCCESS);
	assert_int_equal(handle_close(h), STATUS_INVALID_HANDLE);
	assert_int_equal(o->refs, 1);
	object_unref(o);
	other = (HANDLE)0x4440;
	assert_int_equal(handle_put(other, sync_event(true, true), ALL, true), STATUS_SUCCESS);
	o = get(other);
	assert_int_equal(o->state, 1);
	object_unref(o);
	assert_int_equal(handle_put(other, sync_event(true, true), ALL, true),
	                 STATUS_INVALID_HANDLE);
	assert_int_equal(handle_close(other), STATUS_SUCCESS);
	assert_int_equal(handle_get((HANDLE)0x7ffffffc, NULL, &o), STATUS_INVALID_HANDLE);
}

/* -- a look-up while the handle is closed ------------------------------------------- */

static _Atomic int destroyed, stop;
static HANDLE _Atomic contended;

struct counted {
	struct object object;
	uint32_t magic;
};

static void
counted_destroy(struct object *o)
{
	struct counted *c = (struct counted *)o;

	assert_int_equal(c->magic, 0x600d);
	c->magic = 0xdead;
	atomic_fetch_add(&destroyed, 1);
	free(c);
}

static const struct object_class counted_class = { .name = "Counted", .destroy = counted_destroy };

static DWORD WINAPI
look(void *a)
{
	int *found = a;

	while (!stop) {
		struct object *o;

		if (handle_get(contended, &counted_class, &o) < 0)
			continue;
		assert_int_equal(((struct counted *)o)->magic, 0x600d);
		object_unref(o);
		++*found;
	}
	return 0;
}

static void
a_lookup_is_safe_while_it_is_closed(void)
{
	enum { TIMES = 100000 };
	int found[2] = { 0 };
	HANDLE t[2];

	stop = 0;
	destroyed = 0;
	for (int i = 0; i < 2; i++)
		t[i] = begin(look, &found[i]);
	for (int i = 0; i < TIMES; i++) {
		struct counted *c = calloc(1, sizeof *c);

		object_init(&c->object, &counted_class, 0);
		c->magic = 0x600d;
		contended = handle_new(&c->object, ALL, false);
		if (i % 2048 == 0)
			sched_yield();
		assert_int_equal(handle_close(contended), STATUS_SUCCESS);
	}
	stop = 1;
	for (int i = 0; i < 2; i++)
		join(t[i]);
	assert_int_equal(destroyed, TIMES);
}

/* -- waits ------------------------------------------------------------------------- */

static HANDLE ping, pong;

static DWORD WINAPI
answer(void *a)
{
	for (int i = 0; i < *(int *)a; i++) {
		assert_int_equal(wait_handles(1, &ping, false, false, WAIT_FOREVER), 0);
		sync_set(get(pong), NULL);
	}
	return 77;
}

static void
events_go_to_and_fro(void)
{
	int n = 2000;
	HANDLE t;

	ping = handle_new(sync_event(false, false), ALL, false);
	pong = handle_new(sync_event(false, false), ALL, false);
	t = begin(answer, &n);
	for (int i = 0; i < n; i++) {
		sync_set(get(ping), NULL);
		assert_int_equal(wait_handles(1, &pong, false, false, WAIT_FOREVER), 0);
	}
	assert_int_equal(join(t), 77);
	assert_int_equal(wait_handles(1, &pong, false, false, 0), STATUS_TIMEOUT);
	assert_int_equal(wait_handles(1, &pong, false, false, wait_deadline_ms(5)), STATUS_TIMEOUT);
}

static struct object *gate, *count;

static DWORD WINAPI
wait_at_gate(void *a)
{
	NTSTATUS s;

	(void)a;
	sync_release(count, 1, NULL);
	s = wait_objects(1, &gate, false, false, WAIT_FOREVER);
	sync_release(count, 1, NULL);
	return (DWORD)s;
}

/* Until n threads stand on the gate's list. */
static void
until_waiting(int n)
{
	for (int i = 0; i < n; i++)
		assert_int_equal(wait_objects(1, &count, false, false, WAIT_FOREVER), 0);
	usleep(20000);
}

static void
what_is_set_and_reset_at_once_has_released(void)
{
	HANDLE t[4];

	count = sync_semaphore(0, 1000);
	gate = sync_event(true, false);
	for (int i = 0; i < 4; i++)
		t[i] = begin(wait_at_gate, NULL);
	until_waiting(4);
	sync_set(gate, NULL);
	sync_reset(gate, NULL);
	for (int i = 0; i < 4; i++)
		assert_int_equal(join(t[i]), 0);
	object_unref(gate);
	/* and an event that goes to one: two sets are two */
	gate = sync_event(false, false);
	for (int i = 0; i < 2; i++)
		t[i] = begin(wait_at_gate, NULL);
	until_waiting(4 + 2);
	sync_set(gate, NULL);
	sync_set(gate, NULL);
	for (int i = 0; i < 2; i++)
		assert_int_equal(join(t[i]), 0);
	object_unref(gate);
	object_unref(count);
}

static _Atomic int inside, worst;
static struct object *mutex;
static long shared_sum;

static DWORD WINAPI
add(void *a)
{
	(void)a;
	for (int i = 0; i < 20000; i++) {
		assert_int_equal(wait_objects(1, &mutex, false, false, WAIT_FOREVER), 0);
		if (atomic_fetch_add(&inside, 1))
			worst = 1;
		shared_sum++;
		atomic_fetch_sub(&inside, 1);
		assert_int_equal(sync_unlock(mutex, NULL), STATUS_SUCCESS);
	}
	return 0;
}

static DWORD WINAPI
abandon(void *a)
{
	(void)a;
	assert_int_equal(wait_objects(1, &mutex, false, false, WAIT_FOREVER), 0);
	return 0;
}

static void
a_mutant_has_one_owner(void)
{
	HANDLE t[4];
	LONG before;

	mutex = sync_mutant(false);
	shared_sum = 0;
	for (int i = 0; i < 4; i++)
		t[i] = begin(add, NULL);
	for (int i = 0; i < 4; i++)
		join(t[i]);
	assert_int_equal(worst, 0);
	assert_int_equal(shared_sum, 80000);
	assert_int_equal(sync_unlock(mutex, NULL), STATUS_MUTANT_NOT_OWNED);
	join(begin(abandon, NULL));
	assert_int_equal(wait_objects(1, &mutex, false, false, 0), STATUS_ABANDONED_WAIT_0);
	assert_int_equal(wait_objects(1, &mutex, false, false, 0), 0);
	assert_int_equal(sync_unlock(mutex, &before), STATUS_SUCCESS);
	assert_int_equal(before, -1);
	assert_int_equal(sync_unlock(mutex, &before), STATUS_SUCCESS);
	assert_int_equal(before, 0);
	assert_int_equal(mutex->refs, 1);
	object_unref(mutex);
}

/* Each waiter needs two of the three semaphores, all at once. */
static struct object *three[3];
static _Atomic long got;

static DWORD WINAPI
need_two(void *a)
{
	intptr_t k = (intptr_t)a;
	struct object *two[2] = { three[k % 3], three[(k + 1) % 3] };

	for (int i = 0; i < 3000; i++) {
		assert_int_equal(wait_objects(2, two, true, false, WAIT_FOREVER), 0);
		atomic_fetch_add(&got, 1);
		sync_release(two[0], 1, NULL);
		sync_release(two[1], 1, NULL);
	}
	return 0;
}

static void
waiting_for_all_does_not_lock_up(void)
{
	HANDLE t[3];

	for (int i = 0; i < 3; i++)
		three[i] = sync_semaphore(1, 1);
	for (intptr_t i = 0; i < 3; i++)
		t[i] = begin(need_two, (void *)i);
	for (int i = 0; i < 3; i++)
		join(t[i]);
	assert_int_equal(got, 9000);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(three[i]->state, 1);
		object_unref(three[i]);
	}
}

static int called;

static WINAPI void
call(void *a, void *b, void *c)
{
	called += (int)(intptr_t)a + (int)(intptr_t)b + (int)(intptr_t)c;
}

static DWORD WINAPI
call_me(void *a)
{
	(void)a;
	return (DWORD)wait_sleep(true, WAIT_FOREVER);
}

static void
calls_come_in_alertable_waits(void)
{
	struct thread *t;
	HANDLE h;

	wait_apc_queue(thread_self(), (void *)(uintptr_t)call, (void *)1, (void *)2, (void *)3);
	assert_int_equal(wait_sleep(false, wait_deadline_ms(1)), STATUS_SUCCESS);
	assert_int_equal(called, 0);
	assert_int_equal(wait_sleep(true, 0), STATUS_USER_APC);
	assert_int_equal(called, 6);
	assert_int_equal(thread_new((void *)(uintptr_t)call_me, NULL, 0, false, &t),
	                 STATUS_SUCCESS);
	object_ref(&t->object);
	h = handle_new(&t->object, ALL, false);
	usleep(20000);
	assert_int_equal(wait_apc_queue(t, (void *)(uintptr_t)call, (void *)10, NULL, NULL),
	                 STATUS_SUCCESS);
	assert_int_equal(join(h), (uint32_t)STATUS_USER_APC);
	assert_int_equal(called, 16);
	assert_int_equal(wait_apc_queue(t, (void *)(uintptr_t)call, NULL, NULL, NULL),
	                 STATUS_UNSUCCESSFUL);
	object_unref(&t->object);
}

/* -- ports ------------------------------------------------------------------------- */

static struct object *port;
static _Atomic long sum;

static DWORD WINAPI
drain(void *a)
{
	struct packet p[4];
	ULONG n;

	(void)a;
	for (;;) {
		if (port_take(port, p, 4, &n, false, WAIT_FOREVER) != STATUS_SUCCESS)
			return 1;
		for (ULONG i = 0; i < n; i++) {
			if (!p[i].key)
				return 0;
			atomic_fetch_add(&sum, (long)p[i].key);
		}
	}
}

static void
each_packet_is_taken_once(void)
{
	enum { N = 50000 };
	struct packet p = { 0 };
	HANDLE t[3];
	ULONG n;

	port = port_new(0);
	assert_int_equal(port_take(port, &p, 1, &n, false, 0), STATUS_TIMEOUT);
	for (int i = 0; i < 3; i++)
		t[i] = begin(drain, NULL);
	for (int i = 1; i <= N; i++) {
		p.key = (ULONG_PTR)i;
		assert_int_equal(port_post(port, &p), STATUS_SUCCESS);
	}
	while (sum < (long)N * (N + 1) / 2)
		sched_yield();
	p.key = 0;
	for (int i = 0; i < 3 * 4; i++) /* a thread takes up to four */
		port_post(port, &p);
	for (int i = 0; i < 3; i++)
		join(t[i]);
	assert_int_equal(sum, (long)N * (N + 1) / 2);
	object_unref(port);
}

/* -- threads ------------------------------------------------------------------------ */

static DWORD WINAPI
code(void *a)
{
	if ((intptr_t)a & 1)
		thread_exit((uint32_t)(intptr_t)a);
	return (DWORD)(intptr_t)a;
}

static void
threads_end_with_their_codes(void)
{
	HANDLE t[30];

	for (intptr_t round = 0; round < 10; round++) {
		for (intptr_t i = 0; i < 30; i++)
			t[i] = begin(code, (void *)(round * 100 + i));
		for (intptr_t i = 0; i < 30; i++)
			assert_int_equal(join(t[i]), round * 100 + i);
	}
	assert_int_equal(thread_count(), 1);
}

static int gone;

static WINAPI void
goes(void *value)
{
	gone += (int)(intptr_t)value;
}

static DWORD slot;

static DWORD WINAPI
keep(void *a)
{
	void *value = &gone;

	assert_true(fls_get(slot, &value));
	assert_null(value);
	assert_true(fls_set(slot, a));
	assert_true(fls_get(slot, &value));
	assert_ptr_equal(value, a);
	return 0;
}

static void
values_of_fibers_go_with_the_thread(void)
{
	DWORD first = fls_alloc(goes);

	for (int i = 0; i < 2; i++) {
		slot = i ? fls_alloc(goes) : first;
		for (int k = 0; k < 200 && i; k++)
			slot = fls_alloc(goes); /* beyond the first 128 */
		gone = 0;
		join(begin(keep, (void *)7));
		assert_int_equal(gone, 7);
		assert_true(fls_set(slot, (void *)5));
		assert_true(fls_free(slot));
		assert_int_equal(gone, 12);
		assert_false(fls_set(slot, (void *)5));
	}
}

/* -- the reactor --------------------------------------------------------------------- */

static struct object *told;

static void
ready(struct reactor_wait *w, uint32_t events)
{
	(void)w;
	if (events & (EPOLLIN | EPOLLOUT))
		sync_release(told, 1, NULL);
}

static void
due(struct reactor_timer *t)
{
	(void)t;
	sync_release(told, 1, NULL);
}

static void
the_reactor_tells_of_descriptors_and_times(void)
{
	struct reactor_wait in = { .ready = ready, .events = EPOLLIN }, again = in;
	struct reactor_timer late = { .due = due }, soon = { .due = due };
	uint64_t t0 = wait_now();
	int fd[2];

	told = sync_semaphore(0, 100);
	assert_int_equal(pipe(fd), 0);
	in.fd = again.fd = fd[0];
	assert_int_equal(reactor_arm(&in), 0);
	assert_int_equal(reactor_arm(&again), 0);
	assert_int_equal(wait_objects(1, &told, false, false, wait_deadline_ms(10)),
	                 STATUS_TIMEOUT);
	assert_true(reactor_cancel(&again));
	assert_false(reactor_cancel(&again));
	assert_int_equal(write(fd[1], "x", 1), 1);
	assert_int_equal(wait_objects(1, &told, false, false, WAIT_FOREVER), 0);
	assert_int_equal(reactor_arm(&again), 0);
	assert_int_equal(wait_objects(1, &told, false, false, WAIT_FOREVER), 0);
	assert_int_equal(reactor_at(&late, t0 + UINT64_C(3600000000000)), 0);
	assert_int_equal(reactor_at(&soon, wait_now() + 20000000), 0);
	assert_int_equal(wait_objects(1, &told, false, false, WAIT_FOREVER), 0);
	assert_true(wait_now() >= t0 + 30000000);
	assert_true(reactor_forget(&late));
	assert_false(reactor_forget(&soon));
	assert_int_equal(wait_objects(1, &told, false, false, 0), STATUS_TIMEOUT);
	reactor_settle();
	close(fd[0]);
	close(fd[1]);
	object_unref(told);
}

/* -- names --------------------------------------------------------------------------- */

static void
a_name_is_one_object(void)
{
	WCHAR local[] = u"Local\\one", plain[] = u"one";
	struct UNICODE_STRING a = { sizeof local - 2, sizeof local, local },
	                      b = { sizeof plain - 2, sizeof plain, plain };
	struct object *o = sync_event(true, false), *p = sync_event(true, false), *q;
	HANDLE h;

	assert_int_equal(name_give(&o, &a), STATUS_SUCCESS);
	h = handle_new(o, ALL, false);
	assert_int_equal(name_give(&p, &b), STATUS_OBJECT_NAME_EXISTS);
	assert_ptr_equal(o, p);
	object_unref(p);
	q = sync_mutant(false);
	assert_int_equal(name_give(&q, &b), STATUS_OBJECT_TYPE_MISMATCH);
	assert_int_equal(name_open(&sync_mutant_class, &b, &q), STATUS_OBJECT_TYPE_MISMATCH);
	assert_int_equal(name_open(&sync_event_class, &b, &q), STATUS_SUCCESS);
	object_unref(q);
	handle_close(h);
	assert_int_equal(name_open(&sync_event_class, &b, &q), STATUS_OBJECT_NAME_NOT_FOUND);
}

static DWORD WINAPI
all_tests(void *a)
{
	(void)a;
	handles_are_looked_up_and_closed();
	a_lookup_is_safe_while_it_is_closed();
	events_go_to_and_fro();
	what_is_set_and_reset_at_once_has_released();
	a_mutant_has_one_owner();
	waiting_for_all_does_not_lock_up();
	calls_come_in_alertable_waits();
	each_packet_is_taken_once();
	threads_end_with_their_codes();
	values_of_fibers_go_with_the_thread();
	the_reactor_tells_of_descriptors_and_times();
	a_name_is_one_object();
	return 42;
}

static void
what_threads_of_the_program_do(void **state)
{
	uint32_t end = 0;

	(void)state;
	assert_int_equal(thread_first((void *)(uintptr_t)all_tests, NULL, 0, &end), STATUS_SUCCESS);
	assert_int_equal(end, 42);
}

UNIT_MAIN(TEST(what_threads_of_the_program_do))
