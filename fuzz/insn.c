/* SPDX-License-Identifier: Apache-2.0 */
/* Words of any kind as instructions.  The decoder agrees with a plain search through
 * insn.def, the disassembler keeps inside its buffer, and a small hart runs them: x0
 * stays 0, and blocks of instructions leave it as one instruction after the other does.
 *
 * The first byte chooses the mode and what is on, the second how registers are filled;
 * what follows are the words. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cur.h"
#include "layer/hal/rv/core.h"
#include "layer/hal/rv/csr.h"
#include "layer/hal/rv/rv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define RAM UINT64_C(0x80000000)
enum { SIZE = 64 << 10, HANDLER = 0x1000, DATA = 0x8000, CODE_MOST = 512, STEPS = 300 };

/* -- the decoder ---------------------------------------------------------------------- */

enum legal { ANY, RD, RS1, IMM };

/* All rows of 16-bit forms, and where their immediates stand that must not be 0. */
static const struct {
	uint16_t match, mask;
	uint16_t base;
	uint8_t legal;
} forms[] = {
#define INSN(name, text, operands, match, mask, ext)
#define CINSN(name, text, match, mask, base, rd, rs1, rs2, imm, legal)                             \
	{ match, mask, INSN_##base, legal },
#include "layer/hal/rv/insn.def"
#undef INSN
#undef CINSN
};

/* The row of a word, or -1. */
static int
row_of(uint32_t word)
{
	for (int i = 0; i < INSN_COUNT; i++) {
		unsigned rm = word >> 12 & 7;
		if ((word & insn_rows[i].mask) != insn_rows[i].match)
			continue;
		return strchr(insn_rows[i].operands, 'm') && (rm == 5 || rm == 6) ? -1 : i;
	}
	return -1;
}

static int
form_of(uint32_t half)
{
	for (int i = 0; i < CINSN_COUNT; i++) {
		if ((half & forms[i].mask) != forms[i].match)
			continue;
		uint32_t constant = (half & 3) == 0 ? 0x1fe0 : 0x107c;
		if ((forms[i].legal == RD || forms[i].legal == RS1) && !(half >> 7 & 31))
			return -1;
		return forms[i].legal == IMM && !(half & constant) ? -1 : i;
	}
	return -1;
}

static void
decode(uint32_t word)
{
	struct insn i;
	bool ok = insn_decode(word, &i);
	if ((word & 3) != 3) {
		int form = form_of(word & 0xffff);
		if (i.length != 2 || ok != (form >= 0))
			abort();
		if (ok && (i.compressed != form || i.id != forms[form].base))
			abort();
	} else {
		int row = row_of(word);
		if (i.length != 4 || ok != (row >= 0) || i.compressed != -1)
			abort();
		if (ok && (i.id != row || i.rd != (word >> 7 & 31) || i.rs1 != (word >> 15 & 31) ||
		           i.rs2 != (word >> 20 & 31)))
			abort();
	}
	if (i.rd > 31 || i.rs1 > 31 || i.rs2 > 31 || i.rs3 > 31 || i.rm > 7)
		abort();
}

static void
disassemble(uint32_t word, uint64_t pc, size_t size)
{
	char whole[256];
	unsigned length = insn_text(word, pc, whole, sizeof whole);
	if (length != ((word & 3) == 3 ? 4 : 2) || !whole[0] || strlen(whole) >= 64)
		abort();
	/* of that size, so that a sanitizer sees what lies behind it */
	char *part = xmalloc(size + 1);
	part[0] = 1;
	if (insn_text(word, pc, part, size) != length)
		abort();
	if (size && (strlen(part) >= size || strncmp(part, whole, strlen(part)) ||
	             (strlen(whole) < size && strcmp(part, whole))))
		abort();
	if (!size && part[0] != 1)
		abort();
	free(part);
}

/* -- the hart --------------------------------------------------------------------------- */

/* A trap is returned from behind what trapped, as if that were 4 bytes. */
static const uint32_t handler[] = {
	0x340f9ff3, /* csrrw t6,mscratch,t6 */
	0x34102ff3, /* csrrs t6,mepc,zero */
	0x004f8f93, /* addi t6,t6,4 */
	0x341f9073, /* csrrw zero,mepc,t6 */
	0x340f9ff3, /* csrrw t6,mscratch,t6 */
	0x30200073, /* mret */
};

struct machine {
	struct board *board;
	struct rv *rv;
	uint8_t *ram;
	void *page_of; /* a sanitizer does not look for pointers where the hart's stands */
};

static struct machine
machine_new(void)
{
	struct err e = { 0 };
	struct machine m = { .board = board_new(RAM, SIZE, &e) };
	m.rv = m.board ? rv_new(m.board, 1, true, &e) : NULL;
	if (!m.rv)
		abort();
	m.ram = bus_ram(board_bus(m.board), RAM, SIZE);
	m.page_of = m.rv->hart[0]->core->page_of;
	return m;
}

static uint64_t
mix(uint64_t *seed)
{
	uint64_t v = *seed += UINT64_C(0x9e3779b97f4a7c15);
	v = (v ^ v >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	return v ^ v >> 31;
}

static void
prepare(struct machine *m, uint8_t how, uint8_t fill, const uint8_t *code, size_t n)
{
	static const enum mode modes[] = { MODE_M, MODE_S, MODE_U, MODE_M };
	struct hart *h = m->rv->hart[0];
	uint64_t seed = fill;
	memset(m->ram, 0, SIZE);
	memcpy(m->ram, code, n);
	memcpy(m->ram + HANDLER, handler, sizeof handler);
	memset(m->rv->code, 0, m->rv->pages);
	hart_reset(h);
	for (unsigned i = 1; i < 32; i++) {
		uint64_t v = mix(&seed);
		/* addresses, small numbers, anything */
		h->x[i] = v % 4 == 0   ? RAM + DATA + (v >> 8 & 0x7ff8)
		          : v % 4 == 1 ? (uint64_t)((int64_t)v >> 56)
		                       : mix(&seed);
		h->f[i] = v % 3 ? mix(&seed) : mix(&seed) | UINT64_C(0xffffffff00000000);
	}
	h->mtvec = h->stvec = RAM + HANDLER;
	hart_start(h, RAM, modes[how & 3], RAM + DATA, mix(&seed));
	h->mstatus |= how & 4 ? MSTATUS_FS : 0;
	h->frm = how >> 3 & 7;
	h->menvcfg = how & 0x40 ? ENVCFG_CBIE | ENVCFG_CBCFE | ENVCFG_CBZE | MENVCFG_STCE : 0;
	h->senvcfg = h->menvcfg;
	h->mcounteren = h->scounteren = how & 0x80 ? 7 : 0;
	mmu_space(h);
}

/* Until so many instructions and traps are behind it, or it waits; as many as those were. */
static uint64_t
run(struct hart *h, uint64_t steps)
{
	h->core->limit = steps;
	atomic_store(&h->limit, steps);
	while (h->instret < h->core->limit && hart_run(h) != HART_WAIT)
		;
	if (h->x[0] || h->pc & 1 || h->mode == 2 || h->mode > MODE_M || h->fflags > 31 ||
	    h->frm > 7)
		abort();
	/* traps take from the limit */
	return h->instret + (steps - h->core->limit);
}

static void
execute(uint8_t how, uint8_t fill, const uint8_t *code, size_t n)
{
	static struct machine m;
	static uint8_t memory[SIZE];
	struct buf blocks = { 0 }, singles = { 0 };
	if (!m.board)
		m = machine_new();
	struct hart *h = m.rv->hart[0];

	prepare(&m, how, fill, code, n);
	uint32_t changes = atomic_load(&m.rv->code_changes);
	uint64_t steps = run(h, STEPS);
	if (steps > 2 * STEPS + BLOCK_OPS)
		abort();
	field_save(&blocks, hart_fields, h);
	memcpy(memory, m.ram, SIZE);
	bool changed = atomic_load(&m.rv->code_changes) != changes;

	prepare(&m, how, fill, code, n);
	h->core->block_most = 1;
	if (h->instret < steps)
		run(h, steps);
	field_save(&singles, hart_fields, h);
	/* Code that was written and tables of pages may be seen at different times. */
	if (!changed && atomic_load(&m.rv->code_changes) == changes && !h->satp &&
	    (blocks.n != singles.n || memcmp(blocks.p, singles.p, blocks.n) ||
	     memcmp(memory, m.ram, SIZE)))
		abort();
	buf_free(&blocks);
	buf_free(&singles);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct cur c = cur_of(data, n);
	uint8_t how = cur_u8(&c), fill = cur_u8(&c);
	size_t left = cur_left(&c) < CODE_MOST ? cur_left(&c) : CODE_MOST;
	const uint8_t *code = cur_bytes(&c, left);
	if (!left)
		return 0;
	for (size_t i = 0; i + 4 <= left; i += 2) {
		uint32_t word;
		memcpy(&word, code + i, sizeof word);
		decode(word);
		disassemble(word, (uint64_t)fill << 56 | RAM, how % 40);
	}
	execute(how, fill, code, left);
	return 0;
}
