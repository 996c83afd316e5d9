/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "layer/hal/rv/core.h"
#include "layer/hal/rv/csr.h"
#include "layer/hal/rv/sbi.h"

#define RAM UINT64_C(0x80000000)

enum { SIZE = 4 << 20 };
enum {
	BASE = 0x10,
	TIME = 0x54494d45,
	IPI = 0x735049,
	RFENCE = 0x52464e43,
	HSM = 0x48534d,
	SRST = 0x53525354,
	DBCN = 0x4442434e,
	PMU = 0x504d55,
};
enum {
	SUCCESS = 0,
	NOT_SUPPORTED = -2,
	INVALID_PARAM = -3,
	INVALID_ADDRESS = -5,
	ALREADY_AVAILABLE = -6,
	ALREADY_STARTED = -7,
	ALREADY_STOPPED = -8,
};

/* A computer of four harts of which none runs: they are called from here. */
struct machine {
	struct board *board;
	struct bus *bus;
	struct rv *rv;
	struct sbi_console console;
	char out[200], in[200];
	size_t nout, nin, room;
};

static size_t
console_out(void *ctx, const void *bytes, size_t n)
{
	struct machine *m = ctx;
	if (n > m->room)
		n = m->room;
	memcpy(m->out + m->nout, bytes, n);
	m->nout += n;
	m->room -= n;
	return n;
}

static size_t
console_in(void *ctx, void *bytes, size_t n)
{
	struct machine *m = ctx;
	if (n > m->nin)
		n = m->nin;
	memcpy(bytes, m->in, n);
	memmove(m->in, m->in + n, m->nin - n);
	m->nin -= n;
	return n;
}

static struct machine *
machine_of(unsigned harts)
{
	struct err e = { 0 };
	struct machine *m = xcalloc(1, sizeof *m);
	m->board = board_new(RAM, SIZE, &e);
	m->bus = board_bus(m->board);
	m->rv = rv_new(m->board, harts, true, &e);
	if (!m->rv)
		fail_msg("%s", e.what);
	m->console = (struct sbi_console){ console_out, console_in, m };
	m->room = sizeof m->out;
	for (unsigned i = 0; i < harts; i++)
		hart_reset(m->rv->hart[i]);
	sbi_attach(m->rv, &m->console);
	hart_start(m->rv->hart[0], RAM, MODE_S, 0, 0);
	return m;
}

static struct machine *machine(void) { return machine_of(4); }

static void
done(struct machine *m)
{
	rv_leave(m->rv);
	board_free(m->board);
	rv_free(m->rv);
	free(m);
}

struct answer {
	int64_t error;
	uint64_t value;
};

/* A call of hart n, as the ecall at its pc would make it. */
static struct answer
call_of(struct machine *m, unsigned n, uint64_t ext, uint64_t function, const uint64_t a[5])
{
	struct hart *h = m->rv->hart[n];
	uint64_t before[33];
	for (unsigned i = 1; i < 32; i++)
		h->x[i] = 0x1000 + i;
	memcpy(&h->x[10], a, 5 * sizeof *a);
	h->x[16] = function;
	h->x[17] = ext;
	memcpy(before, h->x, sizeof before);
	h->pc += 4;
	h->instret++;
	m->rv->sbi(h, m->rv->sbi_ctx);
	/* chapter 3: all registers except a0 and a1 are preserved */
	before[10] = h->x[10];
	before[11] = h->x[11];
	if (!(ext == HSM && function == 0))
		assert_memory_equal(before, h->x, sizeof before);
	return (struct answer){ (int64_t)h->x[10], h->x[11] };
}
#define CALL(m, ext, function, ...) call_of(m, 0, ext, function, (const uint64_t[5]){ __VA_ARGS__ })
#define IS(answer_, error_, value_)                                                                \
	do {                                                                                       \
		struct answer got = answer_;                                                       \
		assert_int_equal(got.error, error_);                                               \
		assert_int_equal(got.value, value_);                                               \
	} while (0)

static bool
wire(struct machine *m, unsigned n, unsigned bit)
{
	return atomic_load(&m->rv->hart[n]->wires) >> bit & 1;
}

/* Harts whose software interrupt is pending; it is taken away. */
static unsigned
ipis(struct machine *m)
{
	unsigned set = 0;
	for (unsigned i = 0; i < m->rv->nhart && i < 32; i++) {
		set |= (unsigned)wire(m, i, IRQ_SSI) << i;
		hart_irq(m->rv->hart[i], IRQ_SSI, false);
	}
	return set;
}

/* -- tests ------------------------------------------------------------------------------------ */

static void
base(void **state)
{
	(void)state;
	struct machine *m = machine();
	IS(CALL(m, BASE, 0, 0), SUCCESS, 0x2000000);
	for (unsigned f = 1; f <= 6; f++)
		assert_int_equal(CALL(m, BASE, f, BASE).error, SUCCESS);
	static const uint64_t there[] = { BASE, TIME, IPI, RFENCE, HSM, SRST, DBCN, PMU, 0,
		                          1,    2,    3,   4,      5,   6,    7,    8 };
	static const uint64_t absent[] = { 9,        0xf,        0x11,      0x4e41434c,
		                           0x535441, 0x53555350, UINT64_MAX };
	for (unsigned i = 0; i < sizeof there / sizeof *there; i++)
		IS(CALL(m, BASE, 3, there[i]), SUCCESS, 1);
	for (unsigned i = 0; i < sizeof absent / sizeof *absent; i++) {
		IS(CALL(m, BASE, 3, absent[i]), SUCCESS, 0);
		IS(CALL(m, absent[i], 0, 0), NOT_SUPPORTED, 0);
	}
	/* functions that no extension has */
	for (unsigned i = 0; i < 8; i++)
		IS(CALL(m, there[i], 77, 0), NOT_SUPPORTED, 0);
	done(m);
}

static void
timer(void **state)
{
	(void)state;
	struct machine *m = machine();
	IS(CALL(m, TIME, 0, 0), SUCCESS, 0);
	assert_true(wire(m, 0, IRQ_STI));
	IS(CALL(m, TIME, 0, UINT64_MAX), SUCCESS, 0);
	assert_false(wire(m, 0, IRQ_STI));
	IS(CALL(m, TIME, 0, 1000), SUCCESS, 0);
	assert_int_equal(m->rv->hart[0]->stimecmp, 1000);
	assert_int_equal(CALL(m, 0, 0, 2000).error, 0); /* legacy */
	assert_int_equal(m->rv->hart[0]->stimecmp, 2000);
	assert_int_equal(board_next(m->board), 200000);
	/* a hart that begins anew is not rung by what it asked for before */
	hart_irq(m->rv->hart[0], IRQ_SSI, true);
	sbi_prepare(m->rv->hart[0]);
	assert_int_equal(board_next(m->board), INT64_MAX);
	assert_false(wire(m, 0, IRQ_SSI));
	done(m);
}

/* Nor after power off and on with firmware, which has Sstc off at first. */
static void
timer_of_a_former_life(void **state)
{
	(void)state;
	struct machine *m = machine();
	CALL(m, TIME, 0, 2000);
	hart_reset(m->rv->hart[0]);
	rv_timer(m->rv->hart[0]);
	assert_int_equal(board_next(m->board), INT64_MAX);
	done(m);
}

static void
ipi(void **state)
{
	(void)state;
	struct machine *m = machine();
	IS(CALL(m, IPI, 0, 5, 0), SUCCESS, 0);
	assert_int_equal(ipis(m), 5);
	IS(CALL(m, IPI, 0, 3, 2), SUCCESS, 0);
	assert_int_equal(ipis(m), 0xc);
	IS(CALL(m, IPI, 0, 0, UINT64_MAX), SUCCESS, 0);
	assert_int_equal(ipis(m), 0xf);
	IS(CALL(m, IPI, 0, 0, 0), SUCCESS, 0);
	assert_int_equal(ipis(m), 0);
	static const uint64_t bad[][2] = { { 16, 0 },
		                           { 2, 3 },
		                           { 1, 4 },
		                           { 1, 64 },
		                           { 1, UINT64_MAX - 1 },
		                           { UINT64_MAX, 0 },
		                           { UINT64_C(1) << 63, 1 } };
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		IS(CALL(m, IPI, 0, bad[i][0], bad[i][1]), INVALID_PARAM, 0);
	assert_int_equal(ipis(m), 0);
	done(m);

	m = machine_of(64);
	IS(CALL(m, IPI, 0, UINT64_MAX, 0), SUCCESS, 0);
	for (unsigned i = 0; i < 64; i++)
		assert_true(wire(m, i, IRQ_SSI));
	IS(CALL(m, IPI, 0, 1, 63), SUCCESS, 0);
	IS(CALL(m, IPI, 0, 3, 63), INVALID_PARAM, 0);
	done(m);
}

static void
rfence(void **state)
{
	(void)state;
	struct machine *m = machine();
	for (unsigned f = 0; f <= 2; f++) {
		IS(CALL(m, RFENCE, f, 15, 0, 0, 0, 0), SUCCESS, 0);
		IS(CALL(m, RFENCE, f, 0, UINT64_MAX, 0x1000, UINT64_MAX, 0), SUCCESS, 0);
		/* over the end of all addresses */
		IS(CALL(m, RFENCE, f, 1, 0, UINT64_MAX & ~4095, 0x3000, 0), SUCCESS, 0);
		IS(CALL(m, RFENCE, f, 1, 0, UINT64_MAX, 0x10000, 0), SUCCESS, 0);
		IS(CALL(m, RFENCE, f, 1, 0, 0x1fff, 2, 0), SUCCESS, 0);
		IS(CALL(m, RFENCE, f, 16, 0, 0, 0, 0), INVALID_PARAM, 0);
	}
	for (unsigned f = 3; f <= 6; f++)
		IS(CALL(m, RFENCE, f, 15, 0, 0, 0, 0), NOT_SUPPORTED, 0);
	done(m);
}

static void
hsm(void **state)
{
	(void)state;
	struct machine *m = machine();
	struct hart *h = m->rv->hart[2];
	IS(CALL(m, HSM, 2, 0), SUCCESS, 0);
	IS(CALL(m, HSM, 2, 2), SUCCESS, 1);
	IS(CALL(m, HSM, 2, 4), INVALID_PARAM, 0);
	IS(CALL(m, HSM, 2, UINT64_MAX), INVALID_PARAM, 0);
	IS(CALL(m, HSM, 0, 4, RAM, 0), INVALID_PARAM, 0);
	IS(CALL(m, HSM, 0, 2, RAM + SIZE, 0), INVALID_ADDRESS, 0);
	IS(CALL(m, HSM, 0, 2, 0, 0), INVALID_ADDRESS, 0);
	IS(CALL(m, HSM, 0, 2, UINT64_MAX, 0), INVALID_ADDRESS, 0);
	h->satp = 1;
	h->mstatus |= MSTATUS_SIE;
	hart_irq(h, IRQ_SSI, true);
	IS(CALL(m, HSM, 0, 2, RAM + 0x100, 77), SUCCESS, 0);
	assert_int_equal(h->pc, RAM + 0x100);
	assert_int_equal(h->mode, MODE_S);
	assert_int_equal(h->x[10], 2);
	assert_int_equal(h->x[11], 77);
	assert_int_equal(h->satp, 0);
	assert_int_equal(h->mstatus & MSTATUS_SIE, 0);
	assert_false(wire(m, 2, IRQ_SSI));
	IS(CALL(m, HSM, 2, 2), SUCCESS, 0);
	IS(CALL(m, HSM, 0, 2, RAM, 0), ALREADY_AVAILABLE, 0);
	IS(CALL(m, HSM, 0, 0, RAM, 0), ALREADY_AVAILABLE, 0);
	assert_int_equal(h->pc, RAM + 0x100);
	call_of(m, 2, HSM, 1, (const uint64_t[5]){ 0 });
	assert_int_equal(h->state, HART_STOPPED);
	IS(CALL(m, HSM, 2, 2), SUCCESS, 1);
	/* odd addresses are no address of an instruction */
	IS(CALL(m, HSM, 0, 2, RAM + 0x101, 0), SUCCESS, 0);
	assert_int_equal(h->pc, RAM + 0x100);

	IS(CALL(m, HSM, 3, 0), SUCCESS, 0);
	assert_true(m->rv->hart[0]->waiting);
	IS(CALL(m, HSM, 3, 1), INVALID_PARAM, 0);
	IS(CALL(m, HSM, 3, 0x80000001), INVALID_PARAM, 0);
	IS(CALL(m, HSM, 3, 0x80000000, RAM, 0), NOT_SUPPORTED, 0);
	IS(CALL(m, HSM, 3, 0x10000000), NOT_SUPPORTED, 0);
	done(m);
}

static void
reset(void **state)
{
	(void)state;
	static const struct {
		uint64_t type, reason;
		int error;
		enum board_event what;
		int status;
	} rows[] = {
		{ 0, 0, SUCCESS, BOARD_POWEROFF, 0 },
		{ 0, 1, SUCCESS, BOARD_POWEROFF, 1 },
		{ 1, 0, SUCCESS, BOARD_RESET, 0 },
		{ 2, 0, SUCCESS, BOARD_RESET, 0 },
		{ 0, 0xe0000001, SUCCESS, BOARD_POWEROFF, 1 },
		{ 3, 0, INVALID_PARAM, 0, 0 },
		{ 0xefffffff, 0, INVALID_PARAM, 0, 0 },
		{ 0, 2, INVALID_PARAM, 0, 0 },
		{ 0, 0xdfffffff, INVALID_PARAM, 0, 0 },
		{ 0xf0000000, 0, NOT_SUPPORTED, 0, 0 },
	};
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct machine *m = machine();
		struct err e = { 0 };
		enum board_event what = 0;
		int status = -1;
		int64_t error = CALL(m, SRST, 0, rows[i].type, rows[i].reason).error;
		assert_int_equal(error, rows[i].error);
		assert_int_equal(board_raised(m->board, &what, &status, &e), error == 0);
		if (error == 0) {
			assert_int_equal(what, rows[i].what);
			assert_int_equal(status, rows[i].status);
		}
		done(m);
	}
}

static void
console(void **state)
{
	(void)state;
	struct machine *m = machine();
	memcpy(bus_ram(m->bus, RAM + 0x1000, 5), "hello", 5);
	IS(CALL(m, DBCN, 0, 5, RAM + 0x1000, 0), SUCCESS, 5);
	assert_memory_equal(m->out, "hello", 5);
	IS(CALL(m, DBCN, 0, 0, RAM + 0x1000, 0), SUCCESS, 0);
	/* what is not memory, in part or at all */
	IS(CALL(m, DBCN, 0, 5, RAM + SIZE - 4, 0), INVALID_PARAM, 0);
	IS(CALL(m, DBCN, 0, 5, 0, 0), INVALID_PARAM, 0);
	IS(CALL(m, DBCN, 0, 5, UINT64_MAX - 2, 0), INVALID_PARAM, 0);
	IS(CALL(m, DBCN, 0, 5, RAM, 1), INVALID_PARAM, 0);
	IS(CALL(m, DBCN, 0, UINT64_MAX, RAM + SIZE - 4096, 0), INVALID_PARAM, 0);
	IS(CALL(m, DBCN, 1, 5, RAM - 1, 0), INVALID_PARAM, 0);
	IS(CALL(m, DBCN, 1, UINT64_MAX, RAM - 1, 0), INVALID_PARAM, 0);
	assert_int_equal(m->nout, 5);
	/* as much as is there */
	memcpy(m->in, "keys", 4);
	m->nin = 4;
	IS(CALL(m, DBCN, 1, 3, RAM + 0x2000, 0), SUCCESS, 3);
	IS(CALL(m, DBCN, 1, UINT64_MAX / 2, RAM, 0), SUCCESS, 1);
	IS(CALL(m, DBCN, 1, 3, RAM + 0x2000, 0), SUCCESS, 0);
	assert_memory_equal(bus_ram(m->bus, RAM + 0x2000, 3), "key", 3);
	/* as much as is taken */
	m->room = 2;
	IS(CALL(m, DBCN, 0, 5, RAM + 0x1000, 0), SUCCESS, 2);
	m->room = 9;
	IS(CALL(m, DBCN, 2, 0xffff21), SUCCESS, 0);
	assert_memory_equal(m->out, "hellohe!", 8);
	/* legacy */
	assert_int_equal(CALL(m, 1, 0, '?').error, 0);
	assert_memory_equal(m->out, "hellohe!?", 9);
	memcpy(m->in, "\xff", 1);
	m->nin = 1;
	assert_int_equal(CALL(m, 2, 0, 0).error, 0xff);
	assert_int_equal(CALL(m, 2, 0, 0).error, -1);
	done(m);
}

/* A byte that nothing takes yet is not lost: the call is made again. */
static void
console_full(void **state)
{
	(void)state;
	struct machine *m = machine();
	struct hart *h = m->rv->hart[0];
	m->room = 0;
	for (unsigned legacy = 0; legacy < 2; legacy++) {
		uint64_t pc = h->pc, count = h->instret;
		call_of(m, 0, legacy ? 1 : DBCN, 2, (const uint64_t[5]){ 'x' });
		assert_int_equal(h->pc, pc);
		assert_int_equal(h->instret, count);
		assert_int_equal(h->x[10], 'x');
		m->room = 1;
		call_of(m, 0, legacy ? 1 : DBCN, 2, (const uint64_t[5]){ 'x' });
		assert_int_equal(h->pc, pc + 4);
		assert_int_equal(h->x[10], 0);
	}
	assert_memory_equal(m->out, "xx", 2);
	done(m);
}

static void
legacy(void **state)
{
	(void)state;
	struct machine *m = machine();
	uint64_t mask = UINT64_C(0xf00000000000000a);
	memcpy(bus_ram(m->bus, RAM + 0x1000, 8), &mask, 8);
	assert_int_equal(CALL(m, 4, 0, RAM + 0x1000).error, 0);
	assert_int_equal(ipis(m), 0xa);
	assert_int_equal(CALL(m, 4, 0, 0).error, 0);
	assert_int_equal(ipis(m), 0xf);
	/* a mask where no memory is */
	assert_int_equal(CALL(m, 4, 0, 8).error, 0);
	assert_int_equal(ipis(m), 0);
	hart_irq(m->rv->hart[0], IRQ_SSI, true);
	assert_int_equal(CALL(m, 3, 0, 0).error, 1);
	assert_int_equal(CALL(m, 3, 0, 0).error, 0);
	assert_false(wire(m, 0, IRQ_SSI));
	for (uint64_t ext = 5; ext <= 7; ext++) {
		assert_int_equal(CALL(m, ext, 0, RAM + 0x1000, 0, 0x1000, 0).error, 0);
		assert_int_equal(CALL(m, ext, 0, 0, 0, 0, 0).error, 0);
	}
	struct err e = { 0 };
	enum board_event what;
	int status;
	CALL(m, 8, 0, 0);
	assert_true(board_raised(m->board, &what, &status, &e));
	assert_int_equal(what, BOARD_POWEROFF);
	assert_int_equal(status, 0);
	done(m);
}

static void
pmu(void **state)
{
	(void)state;
	enum { START = 3, STOP = 4, CYCLES = 1, INSTRUCTIONS = 2 };
	struct machine *m = machine();
	struct hart *h = m->rv->hart[0];
	uint64_t v;
	IS(CALL(m, PMU, 0, 0), SUCCESS, 32);
	for (unsigned i = 0; i < 32; i++)
		if (i != 1)
			IS(CALL(m, PMU, 1, i), SUCCESS, (0xc00 + i) | 63 << 12);
	IS(CALL(m, PMU, 1, 1), INVALID_PARAM, 0);
	IS(CALL(m, PMU, 1, 32), INVALID_PARAM, 0);
	IS(CALL(m, PMU, 1, UINT64_MAX), INVALID_PARAM, 0);
	/* each event has its counter, and any has the others */
	IS(CALL(m, PMU, 2, 0, UINT32_MAX, 0, CYCLES), SUCCESS, 0);
	IS(CALL(m, PMU, 2, 0, UINT32_MAX, 0, INSTRUCTIONS), SUCCESS, 2);
	IS(CALL(m, PMU, 2, 0, 0xf8, 0, INSTRUCTIONS), SUCCESS, 3);
	IS(CALL(m, PMU, 2, 0, UINT32_MAX, 0, 3), NOT_SUPPORTED, 0);
	IS(CALL(m, PMU, 2, UINT64_MAX, UINT32_MAX, 0, CYCLES), NOT_SUPPORTED, 0);
	IS(CALL(m, PMU, 2, 32, 1, 0, CYCLES), NOT_SUPPORTED, 0);
	IS(CALL(m, PMU, 2, 1, 1, 0, CYCLES), NOT_SUPPORTED, 0);
	/* stop, and start from a value */
	IS(CALL(m, PMU, STOP, 0, 5, 0), SUCCESS, 0);
	IS(CALL(m, PMU, STOP, 0, 5, 0), ALREADY_STOPPED, 0);
	IS(CALL(m, PMU, START, 0, 4, 1, 12345), SUCCESS, 0);
	assert_true(hart_csr_read(h, CSR_minstret, &v));
	/* one less: the register is written as by an instruction, which is counted then */
	assert_in_range(v, 12344, 12345 + 10);
	IS(CALL(m, PMU, START, 0, 4, 0, 0), ALREADY_STARTED, 0);
	IS(CALL(m, PMU, START, 0, 2, 0, 0), INVALID_PARAM, 0);
	IS(CALL(m, PMU, START, 31, 2, 0, 0), INVALID_PARAM, 0);
	IS(CALL(m, PMU, STOP, UINT64_MAX, 3, 0), INVALID_PARAM, 0);
	IS(CALL(m, PMU, 5, 0), INVALID_PARAM, 0);
	done(m);
}

/* What firmware would have set up for a supervisor. */
static void
prepared(void **state)
{
	(void)state;
	struct machine *m = machine();
	struct hart *h = m->rv->hart[3];
	assert_int_equal(h->medeleg >> CAUSE_ECALL_S & 1, 0);
	assert_int_equal(h->medeleg >> CAUSE_ECALL_U & 1, 1);
	assert_int_equal(h->medeleg >> CAUSE_STORE_PAGE & 1, 1);
	assert_int_equal(h->mideleg >> IRQ_SEI & 1, 1);
	assert_int_equal(h->mideleg >> IRQ_MTI & 1, 0);
	assert_int_equal(h->mcounteren & 7, 7);
	assert_true(h->menvcfg & MENVCFG_STCE);
	done(m);
}

UNIT_MAIN(TEST(base), TEST(timer), TEST(timer_of_a_former_life), TEST(ipi), TEST(rfence), TEST(hsm),
          TEST(reset), TEST(console), TEST(console_full), TEST(legacy), TEST(pmu), TEST(prepared))
