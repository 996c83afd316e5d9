/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "core/snap.h"
#include "layer/hal/rv/core.h"
#include "layer/hal/rv/plic.h"

/* RISC-V Platform-Level Interrupt Controller 1.0.0, from a driver's and a device's side. */

#define RAM  UINT64_C(0x80000000)
#define PLIC UINT64_C(0xc000000)
enum { LAST = PLIC_SOURCES - 1 };

struct machine {
	struct board *board;
	struct bus *bus;
	struct rv *rv;
	struct plic *plic;
};

static struct machine *
machine(unsigned harts)
{
	struct err e = { 0 };
	struct machine *m = xcalloc(1, sizeof *m);
	m->board = board_new(RAM, 1 << 16, &e);
	m->bus = board_bus(m->board);
	m->rv = rv_new(m->board, harts, true, &e);
	m->plic = m->rv ? plic_new(m->rv, PLIC, &e) : NULL;
	if (!m->plic)
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

static uint32_t
get(struct machine *m, uint64_t at)
{
	uint64_t v = 0;
	assert_true(bus_read(m->bus, PLIC + at, 4, &v));
	return (uint32_t)v;
}

static void
set(struct machine *m, uint64_t at, uint32_t v)
{
	assert_true(bus_write(m->bus, PLIC + at, 4, v));
}

static void
wire(struct machine *m, unsigned source, bool level)
{
	struct irq i = plic_wire(m->plic, source);
	pthread_mutex_lock(&m->bus->lock);
	irq_set(&i, level);
	pthread_mutex_unlock(&m->bus->lock);
}

static void priority(struct machine *m, unsigned source, uint32_t v) { set(m, 4 * source, v); }
static uint32_t claim(struct machine *m, unsigned c) { return get(m, 0x200004 + 0x1000 * c); }
static void
complete(struct machine *m, unsigned c, uint32_t source)
{
	set(m, 0x200004 + 0x1000 * c, source);
}
static void threshold(struct machine *m, unsigned c, uint32_t v) { set(m, 0x200000 + 0x1000 * c, v); }

static void
enable(struct machine *m, unsigned c, unsigned source, bool on)
{
	uint64_t at = 0x2000 + 0x80 * c + source / 32 * 4;
	uint32_t bit = UINT32_C(1) << source % 32, v = get(m, at);
	set(m, at, on ? v | bit : v & ~bit);
}

static bool
pending(struct machine *m, unsigned source)
{
	return get(m, 0x1000 + source / 32 * 4) >> source % 32 & 1;
}

/* Is the context's interrupt at its hart?  2h is M mode of hart h, 2h + 1 S mode. */
static bool
asks(struct machine *m, unsigned c)
{
	uint64_t wires = atomic_load(&m->rv->hart[c / 2]->wires);
	return wires >> (c % 2 ? IRQ_SEI : IRQ_MEI) & 1;
}

static void
registers(void **state)
{
	(void)state;
	struct machine *m = machine(2);
	/* source 0 is none: its priority and its bits stay 0 */
	for (unsigned i = 0; i < PLIC_SOURCES; i++) {
		assert_int_equal(get(m, 4 * i), 0);
		priority(m, i, UINT32_MAX);
		assert_int_equal(get(m, 4 * i), i ? 7 : 0);
	}
	for (unsigned c = 0; c < 4; c++)
		for (unsigned w = 0; w < 3; w++) {
			uint64_t at = 0x2000 + 0x80 * c + 4 * w;
			assert_int_equal(get(m, at), 0);
			set(m, at, UINT32_MAX);
			assert_int_equal(get(m, at), w ? UINT32_MAX : UINT32_MAX - 1);
		}
	for (unsigned c = 0; c < 4; c++) {
		assert_int_equal(get(m, 0x200000 + 0x1000 * c), 0);
		threshold(m, c, UINT32_MAX - 2);
		assert_int_equal(get(m, 0x200000 + 0x1000 * c), 5);
	}
	/* what is pending cannot be written */
	set(m, 0x1000, UINT32_MAX);
	assert_int_equal(get(m, 0x1000), 0);
	for (unsigned c = 0; c < 4; c++) {
		assert_false(asks(m, c));
		assert_int_equal(claim(m, c), 0);
	}
	/* reset takes it all back */
	board_reset(m->board);
	assert_int_equal(get(m, 4 * 5), 0);
	assert_int_equal(get(m, 0x2004), 0);
	assert_int_equal(get(m, 0x201000), 0);
	done(m);
}

/* Chapter 5: 0 is never, the highest goes first, of two alike the lower number. */
static void
priorities(void **state)
{
	(void)state;
	struct machine *m = machine(1);
	static const struct {
		unsigned source, priority;
	} rows[] = { { 33, 7 }, { 95, 7 }, { 1, 6 }, { 64, 6 }, { 31, 2 }, { 32, 2 }, { 2, 1 } };
	for (unsigned i = 1; i <= LAST; i++) {
		enable(m, 0, i, true);
		wire(m, i, true);
		assert_true(pending(m, i));
	}
	assert_false(asks(m, 0)); /* all have priority 0 */
	assert_int_equal(claim(m, 0), 0);
	for (size_t i = sizeof rows / sizeof *rows; i-- > 0;)
		priority(m, rows[i].source, rows[i].priority);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(asks(m, 0));
		assert_int_equal(claim(m, 0), rows[i].source);
		assert_false(pending(m, rows[i].source));
	}
	assert_false(asks(m, 0));
	assert_int_equal(claim(m, 0), 0);
	done(m);
}

/* Chapter 6: what is not above it does not interrupt; chapter 7: it can be claimed. */
static void
thresholds(void **state)
{
	(void)state;
	struct machine *m = machine(1);
	priority(m, 10, 3);
	enable(m, 1, 10, true);
	wire(m, 10, true);
	for (uint32_t t = 0; t <= 7; t++) {
		threshold(m, 1, t);
		assert_int_equal(asks(m, 1), t < 3);
		assert_false(asks(m, 0));
	}
	assert_int_equal(claim(m, 1), 10);
	complete(m, 1, 10);
	assert_false(asks(m, 1));
	priority(m, 10, 7);
	assert_false(asks(m, 1));
	threshold(m, 1, 6);
	assert_true(asks(m, 1));
	done(m);
}

/* Once claimed it is nobody's until it is completed; then again while the wire is high. */
static void
claim_and_complete(void **state)
{
	(void)state;
	struct machine *m = machine(1);
	priority(m, 40, 1);
	priority(m, 41, 1);
	enable(m, 0, 40, true);
	enable(m, 0, 41, true);
	wire(m, 40, true);
	assert_int_equal(claim(m, 0), 40);
	assert_false(asks(m, 0));
	assert_false(pending(m, 40));
	assert_int_equal(claim(m, 0), 0);
	/* the other is not held up by it */
	wire(m, 41, true);
	assert_true(asks(m, 0));
	assert_int_equal(claim(m, 0), 41);
	wire(m, 41, false);
	complete(m, 0, 41);
	assert_false(asks(m, 0));
	/* still high */
	complete(m, 0, 40);
	assert_true(asks(m, 0));
	assert_true(pending(m, 40));
	assert_int_equal(claim(m, 0), 40);
	/* low and high again meanwhile is one more, after completion */
	wire(m, 40, false);
	wire(m, 40, true);
	assert_false(asks(m, 0));
	assert_int_equal(claim(m, 0), 0);
	complete(m, 0, 40);
	assert_true(asks(m, 0));
	assert_int_equal(claim(m, 0), 40);
	/* low: it is over */
	wire(m, 40, false);
	complete(m, 0, 40);
	assert_false(asks(m, 0));
	assert_int_equal(claim(m, 0), 0);
	/* to complete what was not claimed does nothing */
	complete(m, 0, 40);
	assert_false(asks(m, 0));
	wire(m, 40, true);
	complete(m, 0, 40);
	assert_int_equal(claim(m, 0), 40);
	done(m);
}

/* Chapter 8: a completion by who has it not enabled is ignored. */
static void
strange_completions(void **state)
{
	(void)state;
	struct machine *m = machine(2);
	priority(m, 50, 1);
	enable(m, 0, 50, true);
	enable(m, 3, 50, true);
	wire(m, 50, true);
	assert_int_equal(claim(m, 0), 50);
	static const uint32_t others[] = { 0, 51, 95, 96, 127, 128, 1024, UINT32_MAX };
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		complete(m, 0, others[i]);
	complete(m, 1, 50);
	assert_false(asks(m, 0));
	assert_false(asks(m, 3));
	enable(m, 0, 50, false);
	complete(m, 0, 50);
	assert_false(asks(m, 3));
	/* any context that has it enabled may */
	complete(m, 3, 50);
	assert_false(asks(m, 0));
	assert_true(asks(m, 3));
	done(m);
}

/* Each context has what it enabled; the first to claim gets it, the others nothing. */
static void
many_contexts(void **state)
{
	(void)state;
	struct machine *m = machine(RV_HARTS);
	priority(m, 60, 2);
	priority(m, 61, 1);
	for (unsigned c = 0; c < 2 * RV_HARTS; c++) {
		enable(m, c, 60, true);
		if (c % 3 == 0)
			enable(m, c, 61, true);
	}
	wire(m, 60, true);
	for (unsigned c = 0; c < 2 * RV_HARTS; c++)
		assert_true(asks(m, c));
	assert_int_equal(claim(m, 2 * RV_HARTS - 1), 60);
	for (unsigned c = 0; c < 2 * RV_HARTS; c++)
		assert_false(asks(m, c));
	assert_int_equal(claim(m, 0), 0);
	wire(m, 61, true);
	for (unsigned c = 0; c < 2 * RV_HARTS; c++)
		assert_int_equal(asks(m, c), c % 3 == 0);
	assert_int_equal(claim(m, 1), 0);
	complete(m, 0, 60);
	for (unsigned c = 0; c < 2 * RV_HARTS; c++)
		assert_true(asks(m, c));
	assert_int_equal(claim(m, 0), 60);
	assert_int_equal(claim(m, 0), 61);
	done(m);
}

/* One source at a time: every one has its own bits, and they do not touch another. */
static void
every_source(void **state)
{
	(void)state;
	struct machine *m = machine(1);
	for (unsigned i = 1; i <= LAST; i++) {
		wire(m, i, true);
		for (unsigned w = 0; w < 3; w++)
			assert_int_equal(get(m, 0x1000 + 4 * w),
			                 w == i / 32 ? UINT32_C(1) << i % 32 : 0);
		assert_false(asks(m, 1));
		priority(m, i, 1);
		assert_false(asks(m, 1));
		enable(m, 1, i, true);
		assert_true(asks(m, 1));
		enable(m, 1, i, false);
		assert_false(asks(m, 1));
		enable(m, 1, i, true);
		assert_int_equal(claim(m, 1), i);
		wire(m, i, false);
		complete(m, 1, i);
		assert_false(asks(m, 1));
	}
	done(m);
}

/* What is beyond reads as 0 and takes nothing; only words. */
static void
out_of_range(void **state)
{
	(void)state;
	struct machine *m = machine(1);
	uint64_t v;
	static const uint64_t places[] = {
		4 * PLIC_SOURCES, /* priority */
		0xffc,            /* likewise, the last */
		0x100c,           /* pending */
		0x1ffc,
		0x200c,            /* enable of context 0, word 3 */
		0x2000 + 0x80 * 2, /* of one that is not there */
		0x1ffffc,
		0x200008, /* behind claim */
		0x200ffc,
		0x202000, /* threshold of one that is not there */
		0x202004, /* claim likewise */
		PLIC_SIZE - 4,
	};
	wire(m, 1, true);
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		assert_int_equal(get(m, places[i]), 0);
		set(m, places[i], UINT32_MAX);
		assert_int_equal(get(m, places[i]), 0);
	}
	for (unsigned size = 1; size <= 8; size++)
		if (size != 4 && (size & (size - 1)) == 0) {
			assert_false(bus_read(m->bus, PLIC, size, &v));
			assert_false(bus_write(m->bus, PLIC, size, 0));
		}
	assert_false(bus_read(m->bus, PLIC + PLIC_SIZE, 4, &v));
	assert_false(asks(m, 0));
	assert_false(asks(m, 1));
	done(m);
}

/* A wire that is high stays so through a reset. */
static void
reset_with_a_wire_high(void **state)
{
	(void)state;
	struct machine *m = machine(1);
	priority(m, 10, 1);
	enable(m, 1, 10, true);
	wire(m, 10, true);
	assert_int_equal(claim(m, 1), 10);
	board_reset(m->board);
	assert_false(asks(m, 1));
	priority(m, 10, 1);
	enable(m, 1, 10, true);
	assert_true(asks(m, 1));
	assert_int_equal(claim(m, 1), 10);
	done(m);
}

/* Between claim and completion, into another computer. */
static void
saved_while_claimed(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct machine *m = machine(2), *n = machine(2);
	for (unsigned i = 70; i < 73; i++) {
		priority(m, i, i - 69);
		enable(m, 3, i, true);
		wire(m, i, true);
	}
	threshold(m, 3, 1);
	assert_int_equal(claim(m, 3), 72);
	struct snap *s = snap_new(), *r;
	assert_int_equal(board_save(m->board, s, &e), 0);
	assert_int_equal(snap_finish(s, &e), 0);
	r = snap_of(snap_bytes(s)->p, snap_bytes(s)->n);
	if (board_load(n->board, r, &e) < 0)
		fail_msg("%s", e.what);
	snap_free(r);
	snap_free(s);
	assert_int_equal(get(n, 0x203000), 1);
	assert_true(asks(n, 3));
	assert_int_equal(claim(n, 3), 71);
	assert_false(asks(n, 3)); /* 70 is not above the threshold */
	complete(n, 3, 72);
	assert_true(asks(n, 3)); /* its wire is high there, too */
	assert_int_equal(claim(n, 3), 72);
	wire(n, 72, false);
	complete(n, 3, 72);
	assert_false(asks(n, 3));
	assert_int_equal(claim(n, 3), 70);
	done(m);
	done(n);
}

UNIT_MAIN(TEST(registers), TEST(priorities), TEST(thresholds), TEST(claim_and_complete),
          TEST(strange_completions), TEST(many_contexts), TEST(every_source), TEST(out_of_range),
          TEST(reset_with_a_wire_high), TEST(saved_while_claimed))
