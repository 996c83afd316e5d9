/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "core/snap.h"
#include "layer/hal/dev/rtc.h"

/* Goldfish RTC as Linux's driver uses it: most with a clock that we move, some by the host's. */

#define RAM  UINT64_C(0x80000000)
#define RTC  UINT64_C(0x101000)
#define Y2K  UINT64_C(946684800000000000)
#define LONG UINT64_C(1000000000) /* a second */
enum {
	TIME_LOW = 0,
	TIME_HIGH = 4,
	ALARM_LOW = 8,
	ALARM_HIGH = 12,
	IRQ_ENABLED = 16,
	CLEAR_ALARM = 20,
	ALARM_STATUS = 24,
	CLEAR_INTERRUPT = 28
};

struct machine {
	struct board *board;
	struct bus *bus;
	int64_t now;
	_Atomic bool level;
};

static int64_t
now(void *ctx)
{
	const struct machine *m = ctx;
	return m->now;
}

static void
wire(void *ctx, unsigned line, bool level)
{
	struct machine *m = ctx;
	assert_int_equal(line, 11);
	m->level = level;
}

static struct machine *
machine(bool fixed)
{
	struct err e = { 0 };
	struct machine *m = xcalloc(1, sizeof *m);
	m->board = board_new(RAM, 4096, &e);
	m->bus = board_bus(m->board);
	if (fixed)
		board_clock(m->board, now, m);
	if (rtc_new(m->board, RTC, (struct irq){ wire, m, 11 }, fixed, &e) < 0)
		fail_msg("%s", e.what);
	board_reset(m->board);
	return m;
}

static void
done(struct machine *m)
{
	board_rest(m->board);
	board_free(m->board);
	free(m);
}

static uint32_t
get(struct machine *m, uint64_t at)
{
	uint64_t v = 0;
	assert_true(bus_read(m->bus, RTC + at, 4, &v));
	return (uint32_t)v;
}

static void
set(struct machine *m, uint64_t at, uint32_t v)
{
	assert_true(bus_write(m->bus, RTC + at, 4, v));
}

/* The order in which Linux's driver does each. */
static uint64_t
time_of(struct machine *m)
{
	uint64_t low = get(m, TIME_LOW);
	return (uint64_t)get(m, TIME_HIGH) << 32 | low;
}

static void
set_time(struct machine *m, uint64_t t)
{
	set(m, TIME_HIGH, (uint32_t)(t >> 32));
	set(m, TIME_LOW, (uint32_t)t);
}

static void
set_alarm(struct machine *m, uint64_t t)
{
	set(m, ALARM_HIGH, (uint32_t)(t >> 32));
	set(m, ALARM_LOW, (uint32_t)t);
	set(m, IRQ_ENABLED, 1);
}

static void
pass(struct machine *m, int64_t to)
{
	pthread_mutex_lock(&m->bus->lock);
	m->now = to;
	board_ring(m->board);
	pthread_mutex_unlock(&m->bus->lock);
}

static int64_t
next(struct machine *m)
{
	pthread_mutex_lock(&m->bus->lock);
	int64_t at = board_next(m->board);
	pthread_mutex_unlock(&m->bus->lock);
	return at;
}

static void
the_time(void **state)
{
	(void)state;
	struct machine *m = machine(true);
	assert_int_equal(time_of(m), Y2K);
	m->now = 123456789012345;
	assert_int_equal(time_of(m), Y2K + 123456789012345);
	/* the halves belong together, whatever happens between them */
	m->now = (int64_t)(UINT64_C(0x100000000) - Y2K % UINT64_C(0x100000000)) - 1;
	uint64_t low = get(m, TIME_LOW);
	assert_int_equal(low, UINT32_MAX);
	m->now++;
	assert_int_equal((uint64_t)get(m, TIME_HIGH) << 32 | low, Y2K + (uint64_t)m->now - 1);
	assert_int_equal(time_of(m), Y2K + (uint64_t)m->now);
	done(m);
}

static void
the_time_is_set(void **state)
{
	(void)state;
	struct machine *m = machine(true);
	static const uint64_t times[] = { Y2K + 1, 0, Y2K * 2, UINT64_C(0x1234567890abcdef), LONG };
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		set_time(m, times[i]);
		assert_int_equal(time_of(m), times[i]);
		m->now += 55;
		assert_int_equal(time_of(m), times[i] + 55);
	}
	/* the high half alone is not yet a time */
	set(m, TIME_HIGH, 77);
	assert_int_equal(time_of(m), LONG + 55);
	board_reset(m->board);
	assert_int_equal(time_of(m), Y2K + (uint64_t)m->now);
	done(m);
}

static void
an_alarm(void **state)
{
	(void)state;
	struct machine *m = machine(true);
	assert_int_equal(get(m, ALARM_STATUS), 0);
	assert_int_equal(get(m, IRQ_ENABLED), 0);
	set_alarm(m, Y2K + 5 * LONG);
	assert_int_equal(get(m, ALARM_LOW), (uint32_t)(Y2K + 5 * LONG));
	assert_int_equal(get(m, ALARM_HIGH), (Y2K + 5 * LONG) >> 32);
	assert_int_equal(get(m, ALARM_STATUS), 1);
	assert_int_equal(get(m, IRQ_ENABLED), 1);
	assert_int_equal(next(m), 5 * LONG);
	pass(m, 5 * LONG - 1);
	assert_false(m->level);
	assert_int_equal(get(m, ALARM_STATUS), 1);
	pass(m, 5 * LONG);
	assert_true(m->level);
	assert_int_equal(get(m, ALARM_STATUS), 0); /* it rings once */
	assert_true(next(m) == INT64_MAX);
	pass(m, 6 * LONG);
	assert_true(m->level);
	set(m, CLEAR_INTERRUPT, 1);
	assert_false(m->level);
	pass(m, 7 * LONG);
	assert_false(m->level);
	/* one in the past rings at once */
	set_alarm(m, Y2K + LONG);
	assert_true(m->level);
	assert_int_equal(get(m, ALARM_STATUS), 0);
	done(m);
}

static void
an_alarm_is_cancelled(void **state)
{
	(void)state;
	struct machine *m = machine(true);
	set_alarm(m, Y2K + LONG);
	set(m, CLEAR_ALARM, 1);
	assert_int_equal(get(m, ALARM_STATUS), 0);
	assert_true(next(m) == INT64_MAX);
	pass(m, 2 * LONG);
	assert_false(m->level);
	/* another one in its place */
	set_alarm(m, Y2K + 3 * LONG);
	set_alarm(m, Y2K + 5 * LONG);
	pass(m, 4 * LONG);
	assert_false(m->level);
	pass(m, 5 * LONG);
	assert_true(m->level);
	board_reset(m->board);
	assert_false(m->level);
	assert_int_equal(get(m, IRQ_ENABLED), 0);
	assert_int_equal(get(m, ALARM_LOW), 0);
	set(m, IRQ_ENABLED, 1);
	assert_false(m->level);
	done(m);
}

/* Whether it interrupts can be said before and after it rings. */
static void
interrupts_on_and_off(void **state)
{
	(void)state;
	struct machine *m = machine(true);
	set_alarm(m, Y2K + LONG);
	set(m, IRQ_ENABLED, 0);
	pass(m, LONG);
	assert_false(m->level);
	assert_int_equal(get(m, ALARM_STATUS), 0);
	set(m, IRQ_ENABLED, 1);
	assert_true(m->level);
	set(m, IRQ_ENABLED, 2); /* of it only bit 0 is there */
	assert_false(m->level);
	assert_int_equal(get(m, IRQ_ENABLED), 0);
	set(m, CLEAR_INTERRUPT, 1);
	set(m, IRQ_ENABLED, 1);
	assert_false(m->level);
	done(m);
}

/* Who sets the time moves towards the alarm, or away from it. */
static void
the_time_is_set_before_an_alarm(void **state)
{
	(void)state;
	struct machine *m = machine(true);
	set_alarm(m, Y2K + 100 * LONG);
	set_time(m, Y2K + 90 * LONG);
	assert_int_equal(next(m), 10 * LONG);
	set_time(m, Y2K - 90 * LONG);
	assert_int_equal(next(m), 190 * LONG);
	assert_false(m->level);
	set_time(m, Y2K + 100 * LONG);
	assert_true(m->level);
	done(m);
}

static void
far_away(void **state)
{
	(void)state;
	struct machine *m = machine(true);
	m->now = INT64_C(1) << 60;
	set_alarm(m, INT64_MAX);
	assert_false(m->level);
	assert_true(next(m) > m->now);
	pass(m, m->now + 1);
	assert_false(m->level);
	assert_int_equal(get(m, ALARM_STATUS), 1);
	done(m);
}

static void
out_of_range(void **state)
{
	(void)state;
	struct machine *m = machine(true);
	uint64_t v;
	for (uint64_t at = CLEAR_INTERRUPT; at < RTC_SIZE; at += 4) {
		assert_int_equal(get(m, at), 0);
		set(m, at, UINT32_MAX);
	}
	assert_int_equal(get(m, CLEAR_ALARM), 0);
	assert_false(bus_read(m->bus, RTC, 1, &v));
	assert_false(bus_read(m->bus, RTC, 2, &v));
	assert_false(bus_read(m->bus, RTC, 8, &v));
	assert_false(bus_write(m->bus, RTC, 8, 0));
	assert_false(bus_read(m->bus, RTC + RTC_SIZE, 4, &v));
	assert_int_equal(time_of(m), Y2K);
	assert_false(m->level);
	done(m);
}

static uint64_t
host(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * LONG + (uint64_t)t.tv_nsec;
}

static void
nap(unsigned ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = (long)ms * 1000000 }, NULL);
}

static bool
rings_within(struct machine *m, unsigned ms)
{
	for (unsigned i = 0; i < ms && !m->level; i++)
		nap(1);
	return m->level;
}

static void
by_the_host(void **state)
{
	(void)state;
	struct machine *m = machine(false);
	board_wake(m->board);
	uint64_t before = host(), t = time_of(m), after = host();
	assert_true(t >= before && t <= after);
	uint64_t alarm = host() + LONG / 20;
	set_alarm(m, alarm);
	assert_true(rings_within(m, 5000));
	assert_true(host() >= alarm);
	set(m, CLEAR_INTERRUPT, 1);
	assert_false(m->level);
	done(m);
}

/* At rest the guest's time stands, but this clock is the host's: what was due meanwhile
 * rings when the guest goes on. */
static void
an_alarm_during_a_pause(void **state)
{
	(void)state;
	struct machine *m = machine(false);
	board_wake(m->board);
	set_alarm(m, host() + 2 * LONG);
	board_rest(m->board);
	nap(999);
	nap(999);
	nap(200);
	assert_false(m->level);
	board_wake(m->board);
	assert_true(rings_within(m, 1000));
	done(m);
}

static struct snap *
save(struct machine *m)
{
	struct err e = { 0 };
	struct snap *s = snap_new();
	board_rest(m->board);
	assert_int_equal(board_save(m->board, s, &e), 0);
	assert_int_equal(snap_finish(s, &e), 0);
	return s;
}

static void
load(struct machine *m, struct snap *saved)
{
	struct err e = { 0 };
	struct snap *s = snap_of(snap_bytes(saved)->p, snap_bytes(saved)->n);
	if (board_load(m->board, s, &e) < 0)
		fail_msg("%s", e.what);
	snap_free(s);
	snap_free(saved);
}

static void
saved_and_loaded(void **state)
{
	(void)state;
	struct machine *m = machine(true), *n = machine(true);
	m->now = n->now = 1000;
	set_time(m, 42 * LONG);
	set_alarm(m, 50 * LONG);
	uint32_t low = get(m, TIME_LOW);
	load(n, save(m));
	/* between the halves, too */
	assert_int_equal((uint64_t)get(n, TIME_HIGH) << 32 | low, 42 * LONG);
	assert_int_equal(time_of(n), 42 * LONG);
	assert_int_equal(get(n, ALARM_STATUS), 1);
	assert_int_equal(next(n), 1000 + 8 * LONG);
	pass(n, 1000 + 8 * LONG);
	assert_true(n->level);
	/* and one that rang and was not answered */
	load(m, save(n));
	assert_true(m->level);
	set(m, CLEAR_INTERRUPT, 1);
	assert_false(m->level);
	done(m);
	done(n);
}

UNIT_MAIN(TEST(the_time), TEST(the_time_is_set), TEST(an_alarm), TEST(an_alarm_is_cancelled),
          TEST(interrupts_on_and_off), TEST(the_time_is_set_before_an_alarm), TEST(far_away),
          TEST(out_of_range), TEST(by_the_host), TEST(an_alarm_during_a_pause),
          TEST(saved_and_loaded))
