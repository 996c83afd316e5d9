/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layer/hal/rv/insn.h"

/* Every row of layer/hal/rv/insn.def is found again by the decoder, whatever its operands are; and
 * words of which the architecture says what they are. */

static uint32_t
next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	return *seed ^= *seed << 5;
}

static bool
reserved(const struct insn_row *r, uint32_t word)
{
	unsigned rm = word >> 12 & 7;
	return strchr(r->operands, 'm') && (rm == 5 || rm == 6);
}

static void
every_row_is_found(void **state)
{
	(void)state;
	uint32_t seed = 1;
	for (unsigned id = 0; id < INSN_COUNT; id++) {
		const struct insn_row *r = &insn_rows[id];
		assert_int_equal(r->match & ~r->mask, 0);
		for (int k = 0; k < 200; k++) {
			uint32_t word = r->match | (next(&seed) & ~r->mask);
			struct insn i;
			bool ok = insn_decode(word, &i);
			if (reserved(r, word)) {
				assert_false(ok);
				continue;
			}
			if (!ok || (word & insn_rows[i.id].mask) != insn_rows[i.id].match ||
			    i.id > id)
				fail_msg("%s: 0x%08x is decoded as %s", r->text, word,
				         ok ? insn_rows[i.id].text : "nothing");
			assert_int_equal(i.length, 4);
			assert_int_equal(i.compressed, -1);
		}
	}
}

/* Encoded by hand from the manual's figures. */
static void
operands_of_all_formats(void **state)
{
	(void)state;
	static const struct {
		uint32_t word;
		uint16_t id;
		uint8_t rd, rs1, rs2;
		int32_t imm;
	} known[] = {
		{ 0x00c58533, INSN_add, 10, 11, 12, 0 },
		{ 0xfff50513, INSN_addi, 10, 10, 31, -1 },
		{ 0x43f55513, INSN_srai, 10, 10, 31, 63 },
		{ 0x12345537, INSN_lui, 10, 8, 3, 0x12345000 },
		{ 0xfedff0ef, INSN_jal, 1, 31, 13, -20 },
		{ 0xfe0518e3, INSN_bne, 17, 10, 0, -16 },
		{ 0xfeb53c23, INSN_sd, 24, 10, 11, -8 },
		{ 0x30529073, INSN_csrrw, 0, 5, 5, 0x305 },
		{ 0x1005272f, INSN_lr_w, 14, 10, 0, 0 },
		{ 0x02a5f553, INSN_fadd_d, 10, 11, 10, 0 },
		{ 0x0ff0000f, INSN_fence, 0, 0, 31, 0xff },
	};
	for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
		struct insn i;
		assert_true(insn_decode(known[k].word, &i));
		assert_int_equal(i.id, known[k].id);
		assert_int_equal(i.rd, known[k].rd);
		assert_int_equal(i.rs1, known[k].rs1);
		assert_int_equal(i.rs2, known[k].rs2);
		assert_int_equal(i.imm, known[k].imm);
	}
}

/* 16-bit forms, and what they stand for. */
static void
compressed_forms(void **state)
{
	(void)state;
	static const struct {
		uint16_t half;
		uint16_t id;
		uint8_t rd, rs1, rs2;
		int32_t imm;
	} known[] = {
		{ 0x0001, INSN_addi, 0, 0, 0, 0 },       /* c.nop */
		{ 0x1141, INSN_addi, 2, 2, 0, -16 },     /* c.addi sp,-16 */
		{ 0x7179, INSN_addi, 2, 2, 0, -48 },     /* c.addi16sp -48 */
		{ 0x0808, INSN_addi, 10, 2, 0, 16 },     /* c.addi4spn a0,16 */
		{ 0x4505, INSN_addi, 10, 0, 0, 1 },      /* c.li a0,1 */
		{ 0x67c1, INSN_lui, 15, 0, 0, 0x10000 }, /* c.lui a5,0x10 */
		{ 0x8082, INSN_jalr, 0, 1, 0, 0 },       /* c.jr ra */
		{ 0x9782, INSN_jalr, 1, 15, 0, 0 },      /* c.jalr a5 */
		{ 0x852e, INSN_add, 10, 0, 11, 0 },      /* c.mv a0,a1 */
		{ 0x952e, INSN_add, 10, 10, 11, 0 },     /* c.add a0,a1 */
		{ 0x60e2, INSN_ld, 1, 2, 0, 24 },        /* c.ldsp ra,24 */
		{ 0xec06, INSN_sd, 0, 2, 1, 24 },        /* c.sdsp ra,24 */
		{ 0x4108, INSN_lw, 10, 10, 0, 0 },       /* c.lw a0,0(a0) */
		{ 0xe588, INSN_sd, 0, 11, 10, 8 },       /* c.sd a0,8(a1) */
		{ 0xbfe5, INSN_jal, 0, 0, 0, -8 },       /* c.j -8 */
		{ 0xc119, INSN_beq, 0, 10, 0, 6 },       /* c.beqz a0,6 */
		{ 0x9002, INSN_ebreak, 0, 0, 0, 0 },
	};
	for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
		struct insn i;
		if (!insn_decode(known[k].half | 0xdead0000U, &i))
			fail_msg("0x%04x is decoded as nothing", known[k].half);
		assert_int_equal(i.length, 2);
		assert_int_equal(i.id, known[k].id);
		assert_int_equal(i.rd, known[k].rd);
		assert_int_equal(i.rs1, known[k].rs1);
		assert_int_equal(i.rs2, known[k].rs2);
		if (i.imm != known[k].imm)
			fail_msg("0x%04x: immediate %d, expected %d", known[k].half, i.imm,
			         known[k].imm);
	}
}

static void
what_is_illegal(void **state)
{
	(void)state;
	static const uint32_t words[] = {
		0,
		0xffffffff,
		0x4002 /* c.lwsp x0 */,
		0x8002 /* c.jr x0 */,
		0x2001 /* c.addiw x0 */,
		0x0000707f,
		0x02a5d553 /* fadd.d, rm 5 */,
		0x9c41 /* c.subw's reserved kin */,
	};
	for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
		struct insn i;
		if (insn_decode(words[k], &i))
			fail_msg("0x%08x is decoded as %s", words[k], insn_rows[i.id].text);
	}
	/* every word is taken apart or refused, and says its length */
	uint32_t seed = 7;
	for (int k = 0; k < 1000000; k++) {
		uint32_t w = next(&seed);
		struct insn i;
		insn_decode(w, &i);
		assert_int_equal(i.length, (w & 3) == 3 ? 4 : 2);
	}
}

/* As GNU's and LLVM's assemblers write them, without aliases. */
static void
as_text(void **state)
{
	(void)state;
	static const struct {
		uint32_t word;
		const char *text;
	} known[] = {
		{ 0x00c58533, "add a0,a1,a2" },          { 0xfff50513, "addi a0,a0,-1" },
		{ 0x43f55513, "srai a0,a0,0x3f" },       { 0x12345537, "lui a0,0x12345" },
		{ 0xfedff0ef, "jal ra,0x80000fec" },     { 0xfeb53c23, "sd a1,-8(a0)" },
		{ 0x30529073, "csrrw zero,mtvec,t0" },   { 0x3b029073, "csrrw zero,pmpaddr0,t0" },
		{ 0x7c0fd073, "csrrwi zero,0x7c0,31" },  { 0x1005272f, "lr.w a4,(a0)" },
		{ 0x0085302f, "amoadd.d zero,s0,(a0)" }, { 0x02a5f553, "fadd.d fa0,fa1,fa0,dyn" },
		{ 0x0ff0000f, "fence iorw,iorw" },       { 0x10500073, "wfi" },
		{ 0x8082, "c.jr zero,0(ra)" },           { 0x0000, ".half 0x0000" },
		{ 0xffffffff, ".word 0xffffffff" },
	};
	for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
		char text[64];
		insn_text(known[k].word, 0x80001000, text, sizeof text);
		assert_string_equal(text, known[k].text);
	}
	char few[4];
	assert_int_equal(insn_text(0x00c58533, 0, few, sizeof few), 4);
	assert_string_equal(few, "add");
}

UNIT_MAIN(TEST(every_row_is_found), TEST(operands_of_all_formats), TEST(compressed_forms),
          TEST(what_is_illegal), TEST(as_text))
