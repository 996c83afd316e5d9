/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <stdlib.h>
#include <time.h>

#include "core/snap.h"
#include "layer/hal/dev/board.h"

/* The board's clock: it stands at rest, goes through a snapshot, and rings timers. */

#define RAM  UINT64_C(0x80000000)
#define LONG INT64_C(1000000000) /* a second */

static struct board *
board(void)
{
	struct err e = { 0 };
	struct board *b = board_new(RAM, 4096, &e);
	if (!b)
		fail_msg("%s", e.what);
	return b;
}

static void
nap(unsigned ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = (long)ms * 1000000 }, NULL);
}

/* A snapshot of a board without devices whose guest has lived so long. */
static int
age(struct board *b, int64_t ns, struct err *e)
{
	struct snap *s = snap_new(), *r;
	struct buf c = { 0 };
	buf_u64(&c, (uint64_t)ns);
	buf_u32(&c, 0);
	assert_int_equal(snap_put_buf(s, SNAP_TAG('C', 'L', 'C', 'K'), &c, e), 0);
	assert_int_equal(snap_finish(s, e), 0);
	r = snap_of(snap_bytes(s)->p, snap_bytes(s)->n);
	int rc = board_load(b, r, e);
	snap_free(r);
	snap_free(s);
	buf_free(&c);
	return rc;
}

static void
time_stands_at_rest(void **state)
{
	(void)state;
	struct board *b = board();
	assert_int_equal(board_now(b), 0);
	board_wake(b);
	nap(2);
	board_rest(b);
	int64_t t = board_now(b);
	assert_true(t >= 2000000);
	nap(2);
	assert_int_equal(board_now(b), t);
	board_wake(b);
	assert_true(board_now(b) >= t);
	board_rest(b);
	board_free(b);
}

static void
count(void *ctx, uint32_t events)
{
	_Atomic unsigned *n = ctx;
	assert_int_equal(events, 0);
	++*n;
}

/* Does a timer ring after 20 ms, once, and not before? */
static void
rings(struct board *b)
{
	_Atomic unsigned n = 0;
	struct bus *bus = board_bus(b);
	board_wake(b);
	pthread_mutex_lock(&bus->lock);
	struct board_source *s = board_timer(b, count, (void *)&n);
	int64_t at = board_now(b) + LONG / 50;
	board_at(s, at);
	pthread_mutex_unlock(&bus->lock);
	for (int i = 0; i < 5000 && !n; i++) {
		unsigned before = n;
		assert_true(before == 0 || board_now(b) >= at);
		nap(1);
	}
	assert_int_equal(n, 1);
	assert_true(board_now(b) >= at);
	nap(30);
	assert_int_equal(n, 1);
	pthread_mutex_lock(&bus->lock);
	board_remove(s);
	pthread_mutex_unlock(&bus->lock);
	board_rest(b);
}

/* A guest may have lived for longer than the host is up: restored after a crash of the
 * host, or on another one. */
static void
timers_of_an_old_guest(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct timespec up;
	clock_gettime(CLOCK_MONOTONIC, &up);
	static const int64_t years[] = { 0, 1, 10, 140 };
	for (size_t i = 0; i < sizeof years / sizeof *years; i++) {
		struct board *b = board();
		int64_t lived = years[i] * 365 * 86400 * LONG;
		assert_int_equal(age(b, lived, &e), 0);
		assert_int_equal(board_now(b), lived);
		rings(b);
		assert_true(board_now(b) > lived);
		/* and so does one that is set, and stands, through a pause */
		rings(b);
		board_free(b);
	}
	assert_true(up.tv_sec < 365 * 86400 * INT64_C(140));
}

/* A time near the end of what is counted is nobody's life. */
static void
no_guest_is_that_old(void **state)
{
	(void)state;
	static const int64_t ages[] = { -1, INT64_MIN, INT64_MAX, INT64_MAX - LONG,
		                        INT64_MAX / 2 + 1 };
	for (size_t i = 0; i < sizeof ages / sizeof *ages; i++) {
		struct err e = { 0 };
		struct board *b = board();
		assert_int_equal(age(b, ages[i], &e), -1);
		assert_true(e.what[0] && e.hint[0]);
		assert_int_equal(board_now(b), 0);
		board_free(b);
	}
}

UNIT_MAIN(TEST(time_stands_at_rest), TEST(timers_of_an_old_guest), TEST(no_guest_is_that_old))
