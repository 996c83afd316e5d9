/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/rv/insn.h"

#include <pthread.h>
#include <string.h>

const struct insn_row insn_rows[INSN_COUNT] = {
#define INSN(name, text, operands, match, mask, ext) { text, operands, match, mask },
#define CINSN(name, text, match, mask, base, rd, rs1, rs2, imm, legal)
#include "layer/hal/rv/insn.def"
#undef INSN
#undef CINSN
};

/* What an immediate looks like in a word. */
enum imm {
	IMM_NONE,
	IMM_I,
	IMM_S,
	IMM_B,
	IMM_U,
	IMM_J,
	IMM_SH6,
	IMM_SH5,
	IMM_CSR,
	IMM_PREFETCH,
	IMM_FENCE,
	IMM_FLI
};

/* Rows by opcode and funct3, in their order; made at the first use. */
static uint8_t bucket[1024][16];
static uint8_t imm_of[INSN_COUNT];
static bool has_rm[INSN_COUNT];

static enum imm
immediate(const char *operands)
{
	static const struct {
		char letter;
		enum imm imm;
	} kinds[] = { { 'j', IMM_I },        { 'q', IMM_S },     { 'p', IMM_B },   { 'u', IMM_U },
		      { 'a', IMM_J },        { '>', IMM_SH6 },   { '<', IMM_SH5 }, { 'E', IMM_CSR },
		      { 'f', IMM_PREFETCH }, { 'P', IMM_FENCE }, { 'e', IMM_FLI } };
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strchr(operands, kinds[i].letter))
			return kinds[i].imm;
	return IMM_NONE;
}

static unsigned
bucket_of(uint32_t word)
{
	return (word >> 2 & 31) << 3 | (word >> 12 & 7);
}

static void
prepare(void)
{
	uint8_t n[256] = { 0 };
	for (unsigned id = 0; id < INSN_COUNT; id++) {
		const struct insn_row *r = &insn_rows[id];
		imm_of[id] = (uint8_t)immediate(r->operands);
		has_rm[id] = strchr(r->operands, 'm') != NULL;
		for (unsigned k = 0; k < 256; k++) {
			uint32_t word = 3 | (k >> 3) << 2 | (k & 7) << 12;
			if ((word ^ r->match) & r->mask & 0x707f)
				continue;
			/* a bucket holds 16 rows and says where the rest are: the floating-point
			 * opcode has many */
			unsigned at = k;
			unsigned i = n[k]++;
			bucket[at | (i >> 4) << 8][i & 15] = (uint8_t)(id + 1);
		}
	}
}

static int32_t
sext(uint32_t v, unsigned bits)
{
	return (int32_t)(v << (32 - bits)) >> (32 - bits);
}

static uint32_t
bits(uint32_t w, unsigned from, unsigned n, unsigned to)
{
	return (w >> from & ((1U << n) - 1)) << to;
}

static int32_t
imm_value(enum imm imm, uint32_t w)
{
	switch (imm) {
	case IMM_I: return (int32_t)w >> 20;
	case IMM_PREFETCH:
	case IMM_S: return sext(bits(w, 25, 7, 5) | (imm == IMM_S ? bits(w, 7, 5, 0) : 0), 12);
	case IMM_B:
		return sext(bits(w, 31, 1, 12) | bits(w, 7, 1, 11) | bits(w, 25, 6, 5) |
		                    bits(w, 8, 4, 1),
		            13);
	case IMM_U: return (int32_t)(w & 0xfffff000);
	case IMM_J:
		return sext(bits(w, 31, 1, 20) | bits(w, 12, 8, 12) | bits(w, 20, 1, 11) |
		                    bits(w, 21, 10, 1),
		            21);
	case IMM_SH6: return (int32_t)(w >> 20 & 63);
	case IMM_SH5: return (int32_t)(w >> 20 & 31);
	case IMM_CSR: return (int32_t)(w >> 20);
	case IMM_FENCE: return (int32_t)(w >> 20 & 0xfff);
	case IMM_FLI: return (int32_t)(w >> 15 & 31);
	default: return 0;
	}
}

/* -- compressed instructions ---------------------------------------------------------------- */

enum cimm { NONE, CIW, CL_W, CL_D, CI, CI_SH, CI_LUI, CI_16SP, CI_W, CI_D, CSS_W, CSS_D, CJ, CB };
enum creg { Z, ra, sp, A, B, P, Q };
enum legal { ANY, RD, RS1, IMM };

static const struct {
	uint16_t match, mask;
	uint8_t base, rd, rs1, rs2, imm, legal;
} compressed[CINSN_COUNT] = {
#define INSN(name, text, operands, match, mask, ext)
#define CINSN(name, text, match, mask, base, rd, rs1, rs2, imm, legal)                             \
	{ match, mask, INSN_##base, rd, rs1, rs2, imm, legal },
#include "layer/hal/rv/insn.def"
#undef INSN
#undef CINSN
};

static uint8_t
creg(enum creg r, uint32_t w)
{
	switch (r) {
	case A: return (uint8_t)bits(w, 7, 5, 0);
	case B: return (uint8_t)bits(w, 2, 5, 0);
	case P: return (uint8_t)(8 + bits(w, 7, 3, 0));
	case Q: return (uint8_t)(8 + bits(w, 2, 3, 0));
	default: return (uint8_t)r;
	}
}

static int32_t
cimm(enum cimm imm, uint32_t w)
{
	uint32_t five = bits(w, 2, 5, 0), six = bits(w, 12, 1, 5) | five;
	switch (imm) {
	case CIW:
		return (int32_t)(bits(w, 11, 2, 4) | bits(w, 7, 4, 6) | bits(w, 6, 1, 2) |
		                 bits(w, 5, 1, 3));
	case CL_W: return (int32_t)(bits(w, 10, 3, 3) | bits(w, 6, 1, 2) | bits(w, 5, 1, 6));
	case CL_D: return (int32_t)(bits(w, 10, 3, 3) | bits(w, 5, 2, 6));
	case CI: return sext(six, 6);
	case CI_SH: return (int32_t)six;
	case CI_LUI: return sext(six, 6) * 4096;
	case CI_16SP:
		return sext(bits(w, 12, 1, 9) | bits(w, 6, 1, 4) | bits(w, 5, 1, 6) |
		                    bits(w, 3, 2, 7) | bits(w, 2, 1, 5),
		            10);
	case CI_W: return (int32_t)(bits(w, 12, 1, 5) | bits(w, 4, 3, 2) | bits(w, 2, 2, 6));
	case CI_D: return (int32_t)(bits(w, 12, 1, 5) | bits(w, 5, 2, 3) | bits(w, 2, 3, 6));
	case CSS_W: return (int32_t)(bits(w, 9, 4, 2) | bits(w, 7, 2, 6));
	case CSS_D: return (int32_t)(bits(w, 10, 3, 3) | bits(w, 7, 3, 6));
	case CJ:
		return sext(bits(w, 12, 1, 11) | bits(w, 11, 1, 4) | bits(w, 9, 2, 8) |
		                    bits(w, 8, 1, 10) | bits(w, 7, 1, 6) | bits(w, 6, 1, 7) |
		                    bits(w, 3, 3, 1) | bits(w, 2, 1, 5),
		            12);
	case CB:
		return sext(bits(w, 12, 1, 8) | bits(w, 10, 2, 3) | bits(w, 5, 2, 6) |
		                    bits(w, 3, 2, 1) | bits(w, 2, 1, 5),
		            9);
	default: return 0;
	}
}

static bool
decode_short(uint32_t word, struct insn *out)
{
	uint32_t w = word & 0xffff;
	out->length = 2;
	for (unsigned i = 0; i < CINSN_COUNT; i++) {
		if ((w & compressed[i].mask) != compressed[i].match)
			continue;
		out->id = compressed[i].base;
		out->compressed = (int8_t)i;
		out->rd = creg(compressed[i].rd, w);
		out->rs1 = creg(compressed[i].rs1, w);
		out->rs2 = creg(compressed[i].rs2, w);
		out->imm = cimm(compressed[i].imm, w);
		switch (compressed[i].legal) {
		case RD: return out->rd != 0;
		case RS1: return out->rs1 != 0;
		case IMM: return out->imm != 0;
		default: return true;
		}
	}
	return false;
}

/* -- all of them ---------------------------------------------------------------------------------- */

bool
insn_decode(uint32_t word, struct insn *out)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, prepare);
	*out = (struct insn){ .compressed = -1 };
	if ((word & 3) != 3)
		return decode_short(word, out);
	out->length = 4;
	unsigned k = bucket_of(word);
	for (unsigned i = 0;; i++) {
		unsigned id = bucket[k | (i >> 4) << 8][i & 15];
		if (!id)
			return false;
		const struct insn_row *r = &insn_rows[--id];
		if ((word & r->mask) != r->match)
			continue;
		out->id = (uint16_t)id;
		out->rd = (uint8_t)(word >> 7 & 31);
		out->rs1 = (uint8_t)(word >> 15 & 31);
		out->rs2 = (uint8_t)(word >> 20 & 31);
		out->rs3 = (uint8_t)(word >> 27);
		out->rm = (uint8_t)(word >> 12 & 7);
		out->imm = imm_value(imm_of[id], word);
		/* rounding modes 5 and 6 are reserved */
		return !has_rm[id] || (out->rm != 5 && out->rm != 6);
	}
}
