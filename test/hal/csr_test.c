/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <stdlib.h>
#include <string.h>

#include "layer/hal/rv/core.h"
#include "layer/hal/rv/csr.h"
#include "layer/hal/rv/map.h"
#include "layer/hal/rv/rv.h"

/* Control registers, by every row of layer/hal/rv/csr.def: who may, and what they keep. */

static struct board *board;
static struct rv *rv;
static struct hart *h;

static int
begin(void **state)
{
	(void)state;
	board = board_new(MAP_RAM, 1 << 20, NULL);
	rv = rv_new(board, 2, true, NULL);
	h = rv->hart[0];
	return rv ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	rv_leave(rv);
	board_free(board);
	rv_free(rv);
	return 0;
}

static const struct {
	const char *name;
	uint16_t first, last;
} rows[] = {
#define CSR(number, name)              { #name, number, number },
#define CSR_FIELD(number, name, mask)  { #name, number, number },
#define CSR_CONST(number, name, value) { #name, number, number },
#define CSR_RANGE(first, last, name)   { #name, first, last },
#include "layer/hal/rv/csr.def"
#undef CSR
#undef CSR_FIELD
#undef CSR_CONST
#undef CSR_RANGE
};

static bool
allowed(enum mode m, unsigned csr, bool write)
{
	uint64_t old;
	h->mode = (uint8_t)m;
	bool ok = csr_access(h, csr, 2, 0, write, &old);
	h->mode = MODE_M;
	return ok;
}

/* 2.1: the number says the lowest mode, and what is read-only. */
static void
the_number_says_who_may(void **state)
{
	(void)state;
	h->mstatus |= MSTATUS_FS;
	h->mcounteren = h->scounteren = UINT32_MAX;
	h->menvcfg |= MENVCFG_STCE;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (unsigned n = rows[i].first; n <= rows[i].last; n++) {
			static const enum mode modes[] = { MODE_U, MODE_S, MODE_M };
			for (unsigned k = 0; k < 3; k++) {
				bool read = allowed(modes[k], n, false),
				     write = allowed(modes[k], n, true);
				bool may = modes[k] >= (n >> 8 & 3);
				if (read != may || write != (may && n >> 10 != 3))
					fail_msg("%s (0x%x) in mode %d", rows[i].name, n, modes[k]);
			}
		}
	assert_false(allowed(MODE_M, 0x7c0, false));
	assert_false(allowed(MODE_M, 0xc80, false)); /* of 32 bits */
}

static void
expect(unsigned csr, uint64_t write, uint64_t read)
{
	uint64_t v;
	assert_true(hart_csr_write(h, csr, write));
	assert_true(hart_csr_read(h, csr, &v));
	if (v != read)
		fail_msg("csr 0x%x: wrote 0x%llx, read 0x%llx", csr, (unsigned long long)write,
		         (unsigned long long)v);
}

static void
what_they_keep(void **state)
{
	(void)state;
	expect(CSR_mepc, 0x80000003, 0x80000002);
	expect(CSR_sepc, UINT64_MAX, UINT64_MAX - 1);
	expect(CSR_mtvec, 0x80000003, 0x80000001);
	expect(CSR_stvec, 0x80000002, 0x80000000);
	expect(CSR_medeleg, UINT64_MAX, 0xb3ff);
	expect(CSR_mideleg, UINT64_MAX, 0x2222);
	expect(CSR_mie, UINT64_MAX, 0x2aaa);
	expect(CSR_misa, 0, UINT64_C(0x800000000014112d));
	expect(CSR_satp, UINT64_C(8) << 60 | 5, UINT64_C(8) << 60 | 5);
	expect(CSR_satp, UINT64_C(5) << 60 | 9,
	       UINT64_C(8) << 60 | 5); /* no such scheme: as before */
	expect(CSR_mscratch, UINT64_MAX, UINT64_MAX);
	expect(CSR_mseccfg, UINT64_MAX, 0);
	/* UXL and SXL say 64; FS off has no SD */
	expect(CSR_mstatus, 0, UINT64_C(0xa00000000));
	expect(CSR_mstatus, MSTATUS_FS, UINT64_C(0x8000000a00006000));
	expect(CSR_mstatus, MSTATUS_MPP, UINT64_C(0xa00001800));
	expect(CSR_mstatus, UINT64_C(2) << 11, UINT64_C(0xa00001800)); /* no mode 2 */
	expect(CSR_mstatus, MSTATUS_FS, UINT64_C(0x8000000a00006000) & ~MSTATUS_MPP);
	expect(CSR_fcsr, 0xffff, 0xff);
	expect(CSR_frm, 3, 3);
	expect(CSR_fcsr, 0, 0);
	expect(CSR_menvcfg, UINT64_MAX, UINT64_C(0xe0000000000000d1) | 0x20);
	expect(CSR_menvcfg, 0x20, 0x30); /* a cache block's invalidation cannot be 2 */
}

static void
locked_memory_protection(void **state)
{
	(void)state;
	expect(CSR_pmpaddr, UINT64_MAX, (UINT64_C(1) << 54) - 1);
	expect(CSR_pmpcfg0, 0x0a, 0);            /* writable and not readable is reserved */
	expect(CSR_pmpcfg0, 0x99001f, 0x99001f); /* entry 2 is locked */
	expect(CSR_pmpcfg0, 0, 0x990000);
	expect(CSR_pmpaddr + 2, 5, 0);
	assert_true(mmu_pmp(h, MAP_RAM, 8, ACCESS_READ, MODE_M));
	/* entry 0: all of memory, read and execute, for S */
	expect(CSR_pmpcfg0, 0x99001d, 0x99001d);
	assert_true(mmu_pmp(h, MAP_RAM, 8, ACCESS_READ, MODE_S));
	assert_false(mmu_pmp(h, MAP_RAM, 8, ACCESS_WRITE, MODE_S));
	/* a range that begins inside an access matches it in part: refused for all */
	expect(CSR_pmpaddr, MAP_RAM >> 2, MAP_RAM >> 2);
	expect(CSR_pmpcfg0, 0x990017, 0x990017); /* NA4 */
	assert_false(mmu_pmp(h, MAP_RAM, 8, ACCESS_READ, MODE_M));
	assert_true(mmu_pmp(h, MAP_RAM, 4, ACCESS_WRITE, MODE_S));
	assert_false(mmu_pmp(h, MAP_RAM + 4, 4, ACCESS_READ, MODE_S));
}

static void
counters_stand_and_run(void **state)
{
	(void)state;
	uint64_t v;
	h->instret = 1000;
	expect(CSR_mcycle, 50, 49); /* the writing instruction itself comes on top */
	h->instret += 10;
	assert_true(hart_csr_read(h, CSR_cycle, &v));
	assert_int_equal(v, 59);
	assert_true(hart_csr_write(h, CSR_mcountinhibit, 1));
	h->instret += 10;
	assert_true(hart_csr_read(h, CSR_cycle, &v));
	assert_int_equal(v, 59);
	assert_true(hart_csr_read(h, CSR_instret, &v));
	assert_int_equal(v, 1020);
	assert_true(hart_csr_write(h, CSR_mhpmevent, 2));
	assert_true(hart_csr_write(h, CSR_mhpmcounter, 0));
	h->instret += 5;
	assert_true(hart_csr_read(h, CSR_mhpmcounter, &v));
	assert_int_equal(v, 4);
}

/* 3.1.6.1, 3.1.9: which of several goes first, and where to. */
static void
interrupts_in_their_order(void **state)
{
	(void)state;
	h->mtvec = 0x1001;
	h->stvec = 0x2001;
	h->mideleg = BIT(IRQ_SSI) | BIT(IRQ_SEI);
	h->mie = UINT64_MAX;
	h->mode = MODE_S;
	h->pc = 0x500;
	hart_irq(h, IRQ_SSI, true);
	assert_false(trap_interrupt(h)); /* SIE is off */
	h->mstatus |= MSTATUS_SIE;
	hart_irq(h, IRQ_SEI, true);
	assert_true(trap_interrupt(h));
	assert_int_equal(h->scause, UINT64_C(1) << 63 | IRQ_SEI);
	assert_int_equal(h->pc, 0x2000 + 4 * IRQ_SEI);
	assert_int_equal(h->sepc, 0x500);
	assert_false(trap_interrupt(h));
	hart_irq(h, IRQ_MTI, true); /* machine mode's comes whatever S says */
	assert_true(trap_interrupt(h));
	assert_int_equal(h->pc, 0x1000 + 4 * IRQ_MTI);
	assert_int_equal(h->mode, MODE_M);
	assert_true(trap_mret(h));
	assert_int_equal(h->mode, MODE_S);
	assert_true(trap_sret(h));
	assert_int_equal(h->pc, 0x500);
	assert_false(trap_mret(h));
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, begin, end)
UNIT_MAIN(ROW(the_number_says_who_may), ROW(what_they_keep), ROW(locked_memory_protection),
          ROW(counters_stand_and_run), ROW(interrupts_in_their_order))
