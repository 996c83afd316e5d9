/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "core/snap.h"
#include "layer/hal/rv/aclint.h"
#include "layer/hal/rv/core.h"

/* RISC-V ACLINT 1.0 in the CLINT's layout, with a clock that we move. */

#define RAM    UINT64_C(0x80000000)
#define ACLINT UINT64_C(0x2000000)
enum { MSIP = 0, MTIMECMP = 0x4000, MTIME = 0xbff8, TICK = 100 };

struct machine {
	struct board *board;
	struct bus *bus;
	struct rv *rv;
	int64_t now; /* ns */
};

static int64_t
now(void *ctx)
{
	const struct machine *m = ctx;
	return m->now;
}

static struct machine *
machine(unsigned harts)
{
	struct err e = { 0 };
	struct machine *m = xcalloc(1, sizeof *m);
	m->board = board_new(RAM, 1 << 16, &e);
	m->bus = board_bus(m->board);
	m->rv = rv_new(m->board, harts, true, &e);
	board_clock(m->board, now, m);
	if (aclint_new(m->rv, ACLINT, &e) < 0)
		fail_msg("%s", e.what);
	board_reset(m->board);
	return m;
}

static void
done(struct machine *m)
{
	rv_leave(m->rv);
	board_free(m->board);
	rv_free(m->rv);
	free(m);
}

static uint64_t
get(struct machine *m, uint64_t at, unsigned size)
{
	uint64_t v = 0;
	assert_true(bus_read(m->bus, ACLINT + at, size, &v));
	return v;
}

static void
set(struct machine *m, uint64_t at, unsigned size, uint64_t v)
{
	assert_true(bus_write(m->bus, ACLINT + at, size, v));
}

static bool
wire(struct machine *m, unsigned n, unsigned bit)
{
	return atomic_load(&m->rv->hart[n]->wires) >> bit & 1;
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
pass(struct machine *m, int64_t to)
{
	pthread_mutex_lock(&m->bus->lock);
	m->now = to;
	board_ring(m->board);
	pthread_mutex_unlock(&m->bus->lock);
}

static void
time_is_ticks(void **state)
{
	(void)state;
	struct machine *m = machine(1);
	assert_int_equal(get(m, MTIME, 8), 0);
	m->now = 99;
	assert_int_equal(get(m, MTIME, 8), 0);
	m->now = INT64_C(0x123456789a) * TICK + 50;
	assert_int_equal(get(m, MTIME, 8), 0x123456789a);
	assert_int_equal(get(m, MTIME, 4), 0x3456789a);
	assert_int_equal(get(m, MTIME + 4, 4), 0x12);
	assert_int_equal(rv_time(m->rv), 0x123456789a);
	done(m);
}

static void
time_can_be_set(void **state)
{
	(void)state;
	struct machine *m = machine(2);
	m->now = 1000 * TICK;
	set(m, MTIMECMP + 8, 8, 5000);
	set(m, MTIME, 8, UINT64_C(0xfedcba9876543210));
	assert_int_equal(get(m, MTIME, 8), UINT64_C(0xfedcba9876543210));
	/* the hart is asked about its own at once */
	assert_true(wire(m, 1, IRQ_MTI));
	assert_false(wire(m, 0, IRQ_MTI));
	m->now += 16 * TICK;
	assert_int_equal(get(m, MTIME, 8), UINT64_C(0xfedcba9876543220));
	set(m, MTIME, 4, 4000);
	assert_int_equal(get(m, MTIME, 8), UINT64_C(0xfedcba9800000fa0));
	assert_true(wire(m, 1, IRQ_MTI));
	set(m, MTIME + 4, 4, 0);
	assert_int_equal(get(m, MTIME, 8), 4000);
	assert_false(wire(m, 1, IRQ_MTI));
	assert_int_equal(next(m), m->now + 1000 * TICK);
	/* time of SBI and of the time register is not touched by that */
	assert_int_equal(rv_time(m->rv), 1016);
	board_reset(m->board);
	assert_int_equal(get(m, MTIME, 8), 1016);
	done(m);
}

static void
timers_of_several_harts(void **state)
{
	(void)state;
	struct machine *m = machine(3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(get(m, MTIMECMP + 8 * i, 8), UINT64_MAX);
		assert_false(wire(m, i, IRQ_MTI));
	}
	assert_true(next(m) == INT64_MAX);
	set(m, MTIMECMP + 0, 8, 300);
	set(m, MTIMECMP + 8, 8, 100);
	set(m, MTIMECMP + 16, 8, 200);
	static const unsigned order[] = { 1, 2, 0 };
	for (unsigned k = 0; k < 3; k++) {
		int64_t at = (int64_t)(k + 1) * 100 * TICK;
		assert_int_equal(next(m), at);
		pass(m, at - 1);
		assert_false(wire(m, order[k], IRQ_MTI));
		pass(m, at);
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(wire(m, order[i], IRQ_MTI), i <= k);
	}
	assert_true(next(m) == INT64_MAX);
	/* only a later time takes it away (3.2.1) */
	set(m, MTIMECMP, 8, 301);
	assert_false(wire(m, 0, IRQ_MTI));
	assert_true(wire(m, 1, IRQ_MTI));
	set(m, MTIMECMP, 8, 300);
	assert_true(wire(m, 0, IRQ_MTI)); /* now is enough */
	set(m, MTIMECMP, 8, 0);
	assert_true(wire(m, 0, IRQ_MTI));
	set(m, MTIMECMP, 8, UINT64_MAX);
	assert_false(wire(m, 0, IRQ_MTI));
	board_reset(m->board);
	for (unsigned i = 0; i < 3; i++) {
		assert_false(wire(m, i, IRQ_MTI));
		assert_int_equal(get(m, MTIMECMP + 8 * i, 8), UINT64_MAX);
	}
	done(m);
}

/* As a 32-bit hart sets it (3.2.1): no interrupt on the way. */
static void
timers_by_halves(void **state)
{
	(void)state;
	struct machine *m = machine(1);
	m->now = INT64_C(0x500000000) * TICK;
	set(m, MTIMECMP, 4, UINT32_MAX);
	assert_false(wire(m, 0, IRQ_MTI));
	set(m, MTIMECMP + 4, 4, 5);
	assert_false(wire(m, 0, IRQ_MTI));
	set(m, MTIMECMP, 4, 7);
	assert_false(wire(m, 0, IRQ_MTI));
	assert_int_equal(get(m, MTIMECMP, 8), 0x500000007);
	assert_int_equal(get(m, MTIMECMP, 4), 7);
	assert_int_equal(get(m, MTIMECMP + 4, 4), 5);
	assert_int_equal(next(m), m->now + 7 * TICK);
	pass(m, m->now + 7 * TICK);
	assert_true(wire(m, 0, IRQ_MTI));
	done(m);
}

/* Times that no clock reaches are not near because a number is too small for them. */
static void
far_away(void **state)
{
	(void)state;
	struct machine *m = machine(1);
	m->now = INT64_C(1) << 60;
	for (unsigned bit = 56; bit < 64; bit++) {
		set(m, MTIMECMP, 8, UINT64_C(1) << bit);
		assert_false(wire(m, 0, IRQ_MTI));
		assert_true(next(m) > m->now);
		pass(m, m->now + 1);
		assert_false(wire(m, 0, IRQ_MTI));
	}
	/* mtime just before its own end: the timer is 5 ticks away, not 2^64 */
	set(m, MTIME, 8, UINT64_MAX - 10);
	set(m, MTIMECMP, 8, UINT64_MAX - 5);
	assert_false(wire(m, 0, IRQ_MTI));
	assert_int_equal((next(m) - m->now) / TICK, 5);
	done(m);
}

static void
software_interrupts(void **state)
{
	(void)state;
	struct machine *m = machine(4);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(get(m, MSIP + 4 * i, 4), 0);
		set(m, MSIP + 4 * i, 4, UINT32_MAX);
		assert_int_equal(get(m, MSIP + 4 * i, 4), 1); /* of it only bit 0 is there */
		for (unsigned k = 0; k < 4; k++)
			assert_int_equal(wire(m, k, IRQ_MSI), k == i);
		set(m, MSIP + 4 * i, 4, 2);
		assert_int_equal(get(m, MSIP + 4 * i, 4), 0);
		assert_false(wire(m, i, IRQ_MSI));
	}
	set(m, MSIP + 8, 4, 1);
	assert_false(wire(m, 2, IRQ_MTI));
	assert_false(wire(m, 2, IRQ_SSI));
	board_reset(m->board);
	assert_false(wire(m, 2, IRQ_MSI));
	assert_int_equal(get(m, MSIP + 8, 4), 0);
	done(m);
}

/* Registers of harts that are not there; sizes that are none. */
static void
out_of_range(void **state)
{
	(void)state;
	struct machine *m = machine(2);
	uint64_t v;
	static const uint64_t places[] = { MSIP + 8,          0x3ffc, MTIMECMP + 16,
		                           MTIMECMP + 8 * 64, 0xbff0, 0xbff4 };
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		assert_int_equal(get(m, places[i], 4), 0);
		set(m, places[i], 4, 1);
		assert_int_equal(get(m, places[i], 4), 0);
	}
	for (unsigned size = 1; size <= 2; size++) {
		assert_false(bus_read(m->bus, ACLINT + MTIME, size, &v));
		assert_false(bus_write(m->bus, ACLINT + MSIP, size, 1));
	}
	assert_false(bus_read(m->bus, ACLINT + ACLINT_SIZE, 4, &v));
	assert_false(bus_read(m->bus, ACLINT + MTIME + 4, 8, &v));
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(atomic_load(&m->rv->hart[i]->wires), 0);
	done(m);
}

/* In another computer time goes on where it stood, and what is due then comes then. */
static void
saved_and_loaded(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct machine *m = machine(2), *n = machine(2);
	m->now = 5000 * TICK;
	set(m, MTIME, 8, 100);
	set(m, MTIMECMP, 8, 90);
	set(m, MTIMECMP + 8, 8, 150);
	set(m, MSIP + 4, 4, 1);
	struct snap *s = snap_new(), *r;
	assert_int_equal(board_save(m->board, s, &e), 0);
	assert_int_equal(snap_finish(s, &e), 0);
	n->now = m->now;
	/* what it was before is forgotten */
	set(n, MTIMECMP + 8, 8, 1);
	set(n, MSIP, 4, 1);
	r = snap_of(snap_bytes(s)->p, snap_bytes(s)->n);
	if (board_load(n->board, r, &e) < 0)
		fail_msg("%s", e.what);
	snap_free(r);
	snap_free(s);
	assert_int_equal(get(n, MTIME, 8), 100);
	assert_int_equal(get(n, MTIMECMP + 8, 8), 150);
	assert_true(wire(n, 0, IRQ_MTI));
	assert_false(wire(n, 1, IRQ_MTI));
	assert_false(wire(n, 0, IRQ_MSI));
	assert_true(wire(n, 1, IRQ_MSI));
	assert_int_equal(next(n), 5050 * TICK);
	pass(n, 5050 * TICK);
	assert_true(wire(n, 1, IRQ_MTI));
	done(m);
	done(n);
}

UNIT_MAIN(TEST(time_is_ticks), TEST(time_can_be_set), TEST(timers_of_several_harts),
          TEST(timers_by_halves), TEST(far_away), TEST(software_interrupts), TEST(out_of_range),
          TEST(saved_and_loaded))
