/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <stdlib.h>

#include "test/hal/fp_host.h"

/* Three witnesses: answers worked out by hand from the specification; the host (fp_host.h); and,
 * for ties away from zero, which hosts lack, exact arithmetic of singles done with doubles. */

/* -- every operation, by three ways: as the interpreter does, by fp.h, in software ------------ */

enum op { ADD, SUB, MUL, DIV, SQRT, FMA, OPS };
static const char *const op_name[OPS] = { "add", "sub", "mul", "div", "sqrt", "fma" };
enum way { FAST, PLAIN, SOFT, WAYS };

static uint64_t
do64(enum way way, enum op op, uint64_t a, uint64_t b, uint64_t c, unsigned rm, uint8_t *f)
{
	switch (op * WAYS + way) {
	case ADD *WAYS + FAST: return fp_fast_add64(a, b, rm, f);
	case ADD *WAYS + PLAIN: return fp_add64(a, b, rm, f);
	case ADD *WAYS + SOFT: return fp_soft_add(64, a, b, rm, f);
	case SUB *WAYS + FAST: return fp_fast_sub64(a, b, rm, f);
	case SUB *WAYS + PLAIN: return fp_sub64(a, b, rm, f);
	case SUB *WAYS + SOFT: return fp_soft_sub(64, a, b, rm, f);
	case MUL *WAYS + FAST: return fp_fast_mul64(a, b, rm, f);
	case MUL *WAYS + PLAIN: return fp_mul64(a, b, rm, f);
	case MUL *WAYS + SOFT: return fp_soft_mul(64, a, b, rm, f);
	case DIV *WAYS + FAST: return fp_fast_div64(a, b, rm, f);
	case DIV *WAYS + PLAIN: return fp_div64(a, b, rm, f);
	case DIV *WAYS + SOFT: return fp_soft_div(64, a, b, rm, f);
	case SQRT *WAYS + FAST: return fp_fast_sqrt64(a, rm, f);
	case SQRT *WAYS + PLAIN: return fp_sqrt64(a, rm, f);
	case SQRT *WAYS + SOFT: return fp_soft_sqrt(64, a, rm, f);
	case FMA *WAYS + FAST: return fp_fast_fma64(a, b, c, rm, f);
	case FMA *WAYS + PLAIN: return fp_fma64(a, b, c, rm, f);
	default: return fp_soft_fma(64, a, b, c, rm, f);
	}
}

static uint32_t
do32(enum way way, enum op op, uint32_t a, uint32_t b, uint32_t c, unsigned rm, uint8_t *f)
{
	switch (op * WAYS + way) {
	case ADD *WAYS + FAST: return fp_fast_add32(a, b, rm, f);
	case ADD *WAYS + PLAIN: return fp_add32(a, b, rm, f);
	case ADD *WAYS + SOFT: return (uint32_t)fp_soft_add(32, a, b, rm, f);
	case SUB *WAYS + FAST: return fp_fast_sub32(a, b, rm, f);
	case SUB *WAYS + PLAIN: return fp_sub32(a, b, rm, f);
	case SUB *WAYS + SOFT: return (uint32_t)fp_soft_sub(32, a, b, rm, f);
	case MUL *WAYS + FAST: return fp_fast_mul32(a, b, rm, f);
	case MUL *WAYS + PLAIN: return fp_mul32(a, b, rm, f);
	case MUL *WAYS + SOFT: return (uint32_t)fp_soft_mul(32, a, b, rm, f);
	case DIV *WAYS + FAST: return fp_fast_div32(a, b, rm, f);
	case DIV *WAYS + PLAIN: return fp_div32(a, b, rm, f);
	case DIV *WAYS + SOFT: return (uint32_t)fp_soft_div(32, a, b, rm, f);
	case SQRT *WAYS + FAST: return fp_fast_sqrt32(a, rm, f);
	case SQRT *WAYS + PLAIN: return fp_sqrt32(a, rm, f);
	case SQRT *WAYS + SOFT: return (uint32_t)fp_soft_sqrt(32, a, rm, f);
	case FMA *WAYS + FAST: return fp_fast_fma32(a, b, c, rm, f);
	case FMA *WAYS + PLAIN: return fp_fma32(a, b, c, rm, f);
	default: return (uint32_t)fp_soft_fma(32, a, b, c, rm, f);
	}
}

/* All ways, with no flag accrued and with NX accrued, give this. */
static void
expect64(enum op op, uint64_t a, uint64_t b, uint64_t c, unsigned rm, uint64_t want, unsigned flags)
{
	for (unsigned i = 0; i < 2 * WAYS; i++) {
		uint8_t f = i & FP_NX;
		uint64_t r = do64(i / 2, op, a, b, c, rm, &f);
		if (r != want || f != (flags | (i & FP_NX)))
			fail_msg("%s64(%016" PRIx64 ", %016" PRIx64 ", %016" PRIx64
			         ") mode %u way %u:"
			         " %016" PRIx64 " flags %02x, not %016" PRIx64 " flags %02x",
			         op_name[op], a, b, c, rm, i / 2, r, f, want, flags);
	}
}

static void
expect32(enum op op, uint32_t a, uint32_t b, uint32_t c, unsigned rm, uint32_t want, unsigned flags)
{
	for (unsigned i = 0; i < 2 * WAYS; i++) {
		uint8_t f = i & FP_NX;
		uint32_t r = do32(i / 2, op, a, b, c, rm, &f);
		if (r != want || f != (flags | (i & FP_NX)))
			fail_msg("%s32(%08x, %08x, %08x) mode %u way %u:"
			         " %08x flags %02x, not %08x flags %02x",
			         op_name[op], a, b, c, rm, i / 2, r, f, want, flags);
	}
}

/* -- by hand ---------------------------------------------------------------------------------- */

/* The answer in each mode, in the order of their numbers. */
struct hand64 {
	enum op op;
	uint64_t a, b, c, want[MODES];
	unsigned flags[MODES];
};

#define EACH(v)                                                                                    \
	{                                                                                          \
		v, v, v, v, v                                                                      \
	}
#define ALL(v, f) EACH(v), EACH(f)

/* clang-format off */
static const struct hand64 hands[] = {
	/* zeros and their signs */
	{ ADD, 0, 0, 0, ALL(0, 0) },
	{ ADD, NEG64, NEG64, 0, ALL(NEG64, 0) },
	{ ADD, 0, NEG64, 0, { 0, 0, NEG64, 0, 0 }, EACH(0) },
	{ ADD, ONE64, NEG64 | ONE64, 0, { 0, 0, NEG64, 0, 0 }, EACH(0) },
	{ SUB, ONE64, ONE64, 0, { 0, 0, NEG64, 0, 0 }, EACH(0) },
	{ SUB, NEG64, NEG64, 0, { 0, 0, NEG64, 0, 0 }, EACH(0) },
	{ SUB, NEG64, 0, 0, ALL(NEG64, 0) },
	{ ADD, NEG64, LEAST64, 0, ALL(LEAST64, 0) },
	{ MUL, NEG64, ONE64, 0, ALL(NEG64, 0) },
	{ MUL, NEG64, NEG64 | ONE64, 0, ALL(0, 0) },
	{ DIV, NEG64, ONE64, 0, ALL(NEG64, 0) },
	{ SQRT, NEG64, 0, 0, ALL(NEG64, 0) },
	{ SQRT, 0, 0, 0, ALL(0, 0) },
	/* NaNs */
	{ ADD, NEG64 | NAN64 | 5, ONE64, 0, ALL(NAN64, 0) },
	{ SUB, ONE64, NAN64 | 7, 0, ALL(NAN64, 0) },
	{ MUL, SNAN64, ONE64, 0, ALL(NAN64, NV) },
	{ DIV, ONE64, NEG64 | SNAN64, 0, ALL(NAN64, NV) },
	{ ADD, NAN64, SNAN64, 0, ALL(NAN64, NV) },
	{ SQRT, NEG64 | NAN64 | 1, 0, 0, ALL(NAN64, 0) },
	{ SQRT, SNAN64, 0, 0, ALL(NAN64, NV) },
	{ FMA, ONE64, ONE64, SNAN64, ALL(NAN64, NV) },
	{ FMA, ONE64, ONE64, NAN64 | 1, ALL(NAN64, 0) },
	{ FMA, INF64, 0, NAN64, ALL(NAN64, NV) }, /* 20.6: even if the addend is a quiet NaN */
	{ FMA, NEG64, INF64, ONE64, ALL(NAN64, NV) },
	{ FMA, NAN64, 0, ONE64, ALL(NAN64, 0) },
	/* infinities */
	{ ADD, INF64, NEG64 | INF64, 0, ALL(NAN64, NV) },
	{ ADD, INF64, INF64, 0, ALL(INF64, 0) },
	{ SUB, INF64, INF64, 0, ALL(NAN64, NV) },
	{ SUB, NEG64 | ONE64, INF64, 0, ALL(NEG64 | INF64, 0) },
	{ MUL, INF64, 0, 0, ALL(NAN64, NV) },
	{ MUL, NEG64 | INF64, ONE64, 0, ALL(NEG64 | INF64, 0) },
	{ DIV, INF64, INF64, 0, ALL(NAN64, NV) },
	{ DIV, ONE64, NEG64 | INF64, 0, ALL(NEG64, 0) },
	{ DIV, INF64, 0, 0, ALL(INF64, 0) },
	{ DIV, 0, NEG64, 0, ALL(NAN64, NV) },
	{ DIV, ONE64, NEG64, 0, ALL(NEG64 | INF64, DZ) },
	{ SQRT, INF64, 0, 0, ALL(INF64, 0) },
	{ SQRT, NEG64 | INF64, 0, 0, ALL(NAN64, NV) },
	{ SQRT, NEG64 | 1, 0, 0, ALL(NAN64, NV) },
	{ FMA, INF64, ONE64, NEG64 | INF64, ALL(NAN64, NV) },
	{ FMA, INF64, ONE64, INF64, ALL(INF64, 0) },
	{ FMA, ONE64, ONE64, NEG64 | INF64, ALL(NEG64 | INF64, 0) },
	/* a tie: 1 + 2^-53, and 1 + 2^-52 + 2^-53 */
	{ ADD, ONE64, UINT64_C(0x3ca0000000000000), 0,
	  { ONE64, ONE64, ONE64, ONE64 + 1, ONE64 + 1 }, EACH(NX) },
	{ ADD, NEG64 | ONE64, UINT64_C(0xbca0000000000000), 0,
	  { NEG64 | ONE64, NEG64 | ONE64, NEG64 | (ONE64 + 1),
	    NEG64 | ONE64, NEG64 | (ONE64 + 1) }, EACH(NX) },
	{ ADD, ONE64 + 1, UINT64_C(0x3ca0000000000000), 0,
	  { ONE64 + 2, ONE64 + 1, ONE64 + 1, ONE64 + 2, ONE64 + 2 }, EACH(NX) },
	/* 1 and the least of all: far away but not without effect */
	{ ADD, ONE64, 1, 0, { ONE64, ONE64, ONE64, ONE64 + 1, ONE64 }, EACH(NX) },
	{ SUB, ONE64, 1, 0, { ONE64, ONE64 - 1, ONE64 - 1, ONE64, ONE64 }, EACH(NX) },
	/* 1 - 2^-54: a tie below 1 */
	{ SUB, ONE64, UINT64_C(0x3c90000000000000), 0,
	  { ONE64, ONE64 - 1, ONE64 - 1, ONE64, ONE64 }, EACH(NX) },
	{ SUB, ONE64, UINT64_C(0x3ca0000000000000), 0, ALL(ONE64 - 1, 0) },
	/* sums of subnormals are exact, whatever becomes of them */
	{ ADD, SUB64, 1, 0, ALL(LEAST64, 0) },
	{ SUB, LEAST64, 1, 0, ALL(SUB64, 0) },
	{ SUB, LEAST64 + 1, LEAST64, 0, ALL(1, 0) },
	/* overflow */
	{ ADD, MAX64, MAX64, 0, { INF64, MAX64, MAX64, INF64, INF64 }, EACH(OF) },
	{ MUL, NEG64 | MAX64, TWO64, 0,
	  { NEG64 | INF64, NEG64 | MAX64, NEG64 | INF64, NEG64 | MAX64, NEG64 | INF64 }, EACH(OF) },
	{ DIV, MAX64, HALF64, 0, { INF64, MAX64, MAX64, INF64, INF64 }, EACH(OF) },
	/* half of the last place above the greatest: a tie that overflows, and one below it */
	{ ADD, MAX64, UINT64_C(0x7c90000000000000), 0, { INF64, MAX64, MAX64, INF64, INF64 },
	  { OF, NX, NX, OF, OF } },
	{ ADD, MAX64, UINT64_C(0x7c8fffffffffffff), 0, { MAX64, MAX64, MAX64, INF64, MAX64 },
	  { NX, NX, NX, OF, NX } },
	/* the greatest less one and a half of its last place: a tie, from where there is no way
	 * back to the greatest without overflow */
	{ ADD, UINT64_C(0xfca8000000000000), MAX64, 0,
	  { MAX64 - 1, MAX64 - 2, MAX64 - 2, MAX64 - 1, MAX64 - 1 }, EACH(NX) },
	{ ADD, UINT64_C(0xfca0000000000000), MAX64, 0, ALL(MAX64 - 1, 0) },
	/* 2^-1023 * (1 + 2^-52): half of the last place more than the subnormal */
	{ MUL, LEAST64 + 1, HALF64, 0,
	  { LEAST64 / 2, LEAST64 / 2, LEAST64 / 2, LEAST64 / 2 + 1, LEAST64 / 2 + 1 }, EACH(UF) },
	{ MUL, LEAST64, HALF64, 0, ALL(LEAST64 / 2, 0) }, /* exact: no underflow */
	{ MUL, 1, 1, 0, { 0, 0, 0, 1, 0 }, EACH(UF) },
	{ MUL, 1, HALF64, 0, { 0, 0, 0, 1, 1 }, EACH(UF) }, /* a tie with 0 */
	{ MUL, 3, HALF64, 0, { 2, 1, 1, 2, 2 }, EACH(UF) },
	/* Tininess after rounding: 2^-1022 * (1 - 2^-53) has a unit more of precision than a
	 * subnormal.  Rounded to 53 bits it is still below the least normal one in every mode:
	 * it is 53 ones.  So it is tiny though it becomes the least normal number. */
	{ MUL, LEAST64, ONE64 - 1, 0, { LEAST64, SUB64, SUB64, LEAST64, LEAST64 }, EACH(UF) },
	/* 2^-1022 * (1 - 2^-54), got as (1 + 2^-27)(1 - 2^-27): 54 ones: rounded to 53 bits
	 * without bounds it is the least normal number where it goes up: not tiny. */
	{ MUL, UINT64_C(0x0010000002000000), UINT64_C(0x3feffffffc000000), 0,
	  { LEAST64, SUB64, SUB64, LEAST64, LEAST64 }, { NX, UF, UF, NX, NX } },
	/* quotients and roots */
	{ DIV, ONE64, UINT64_C(0x4008000000000000), 0,
	  { UINT64_C(0x3fd5555555555555), UINT64_C(0x3fd5555555555555), UINT64_C(0x3fd5555555555555),
	    UINT64_C(0x3fd5555555555556), UINT64_C(0x3fd5555555555555) }, EACH(NX) },
	{ DIV, TWO64, NEG64 | UINT64_C(0x4008000000000000), 0,
	  { UINT64_C(0xbfe5555555555555), UINT64_C(0xbfe5555555555555), UINT64_C(0xbfe5555555555556),
	    UINT64_C(0xbfe5555555555555), UINT64_C(0xbfe5555555555555) }, EACH(NX) },
	{ DIV, ONE64, 1, 0, { INF64, MAX64, MAX64, INF64, INF64 }, EACH(OF) },
	{ DIV, 1, TWO64, 0, { 0, 0, 0, 1, 1 }, EACH(UF) },
	{ DIV, 1, 1, 0, ALL(ONE64, 0) },
	{ SQRT, UINT64_C(0x4022000000000000), 0, 0, ALL(UINT64_C(0x4008000000000000), 0) }, /* 9 */
	{ SQRT, TWO64, 0, 0,
	  { UINT64_C(0x3ff6a09e667f3bcd), UINT64_C(0x3ff6a09e667f3bcc), UINT64_C(0x3ff6a09e667f3bcc),
	    UINT64_C(0x3ff6a09e667f3bcd), UINT64_C(0x3ff6a09e667f3bcd) }, EACH(NX) },
	{ SQRT, 1, 0, 0, ALL(UINT64_C(0x1e60000000000000), 0) }, /* 2^-1074 = (2^-537)^2 */
	/* a * b + c is rounded once: (1 + 2^-52)(1 - 2^-53) - 1 = 2^-53 - 2^-105 */
	{ FMA, ONE64 + 1, ONE64 - 1, NEG64 | ONE64, ALL(UINT64_C(0x3c9ffffffffffffe), 0) },
	{ FMA, ONE64, ONE64, NEG64 | ONE64, { 0, 0, NEG64, 0, 0 }, EACH(0) },
	{ FMA, 0, NEG64 | ONE64, 0, { 0, 0, NEG64, 0, 0 }, EACH(0) },
	{ FMA, 0, NEG64 | ONE64, NEG64, ALL(NEG64, 0) },
	{ FMA, 0, ONE64, NEG64 | 1, ALL(NEG64 | 1, 0) },
	{ FMA, 1, 1, ONE64, { ONE64, ONE64, ONE64, ONE64 + 1, ONE64 }, EACH(NX) },
	{ FMA, MAX64, MAX64, NEG64 | MAX64, { INF64, MAX64, MAX64, INF64, INF64 }, EACH(OF) },
	{ FMA, MAX64, TWO64, NEG64 | MAX64, ALL(MAX64, 0) }, /* no overflow on the way */
	{ FMA, LEAST64, ONE64 - 1, 0, { LEAST64, SUB64, SUB64, LEAST64, LEAST64 }, EACH(UF) },
};
/* clang-format on */

static void
by_hand(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof hands / sizeof *hands; i++)
		for (unsigned rm = 0; rm < MODES; rm++)
			expect64(hands[i].op, hands[i].a, hands[i].b, hands[i].c, rm,
			         hands[i].want[rm], hands[i].flags[rm]);
}

static void
by_hand_single(void **state)
{
	(void)state;
	for (unsigned rm = 0; rm < MODES; rm++) {
		bool up = rm == RUP, down = rm == RDN;
		expect32(ADD, ONE32, NEG32 | ONE32, 0, rm, down ? NEG32 : 0, 0);
		expect32(ADD, NAN32 | 3, 0, 0, rm, NAN32, 0);
		expect32(MUL, SNAN32, 0, 0, rm, NAN32, NV);
		expect32(MUL, INF32, NEG32, 0, rm, NAN32, NV);
		expect32(DIV, NEG32 | ONE32, 0, 0, rm, NEG32 | INF32, DZ);
		expect32(DIV, 0, 0, 0, rm, NAN32, NV);
		expect32(SQRT, NEG32 | ONE32, 0, 0, rm, NAN32, NV);
		expect32(FMA, 0, INF32, NAN32, rm, NAN32, NV);
		/* 1 + 2^-24, a tie */
		expect32(ADD, ONE32, UINT32_C(0x33800000), 0, rm, ONE32 + (up || rm == RMM), NX);
		/* 16777216 + 1, as every programmer learns it */
		expect32(ADD, UINT32_C(0x4b800000), ONE32, 0, rm,
		         UINT32_C(0x4b800000) + (up || rm == RMM), NX);
		expect32(MUL, MAX32, TWO32, 0, rm, rm == RTZ || down ? MAX32 : INF32, OF);
		/* tiny after rounding or not, as with doubles: 24 ones, and 25 by
		 * (1 + 2^-12)(1 - 2^-12) with one place to spare */
		expect32(MUL, LEAST32, ONE32 - 1, 0, rm, rm == RTZ || down ? SUB32 : LEAST32, UF);
		expect32(FMA, LEAST32, ONE32 - 1, UINT32_C(0x00000000), rm,
		         rm == RTZ || down ? SUB32 : LEAST32, UF);
		expect32(SUB, LEAST32, 1, 0, rm, SUB32, 0);
		expect32(DIV, ONE32, UINT32_C(0x40400000), 0, rm,
		         rm == RTZ || down ? UINT32_C(0x3eaaaaaa) : UINT32_C(0x3eaaaaab), NX);
		expect32(SQRT, TWO32, 0, 0, rm, UINT32_C(0x3fb504f3) + up, NX);
	}
	/* (1 + 2^-12)(1 - 2^-13) 2^-126 = (1 + 2^-13 - 2^-25) 2^-126: not tiny, inexact */
	expect32(MUL, UINT32_C(0x00800800), UINT32_C(0x3f7ff800), 0, RNE, UINT32_C(0x00800400), NX);
	/* (1 + 2^-12)(1 - 2^-12) 2^-126 = (1 - 2^-24) 2^-126: 24 ones, tiny */
	expect32(MUL, UINT32_C(0x00800800), UINT32_C(0x3f7ff000), 0, RNE, LEAST32, UF);
	/* (1 + 2^-13)(1 - 2^-13) 2^-126 = (1 - 2^-26) 2^-126: rounds to the least normal */
	expect32(MUL, UINT32_C(0x00800400), UINT32_C(0x3f7ff800), 0, RNE, LEAST32, NX);
	expect32(MUL, UINT32_C(0x00800400), UINT32_C(0x3f7ff800), 0, RTZ, SUB32, UF);
}

/* -- comparisons, by hand ---------------------------------------------------------------------- */

/* From the least to the greatest; equal ones have one rank. */
static const struct {
	uint64_t wide;
	uint32_t single;
	int rank;
	unsigned class;
} ladder[] = {
	{ NEG64 | INF64, NEG32 | INF32, 0, 1 << 0 },
	{ NEG64 | MAX64, NEG32 | MAX32, 1, 1 << 1 },
	{ NEG64 | ONE64, NEG32 | ONE32, 2, 1 << 1 },
	{ NEG64 | LEAST64, NEG32 | LEAST32, 3, 1 << 1 },
	{ NEG64 | SUB64, NEG32 | SUB32, 4, 1 << 2 },
	{ NEG64 | 1, NEG32 | 1, 5, 1 << 2 },
	{ NEG64, NEG32, 6, 1 << 3 },
	{ 0, 0, 6, 1 << 4 },
	{ 1, 1, 7, 1 << 5 },
	{ SUB64, SUB32, 8, 1 << 5 },
	{ LEAST64, LEAST32, 9, 1 << 6 },
	{ ONE64, ONE32, 10, 1 << 6 },
	{ MAX64, MAX32, 11, 1 << 6 },
	{ INF64, INF32, 12, 1 << 7 },
	{ SNAN64, SNAN32, 13, 1 << 8 },
	{ NEG64 | SNAN64, NEG32 | SNAN32, 13, 1 << 8 },
	{ NEG64 | UINT64_C(0x7ff7ffffffffffff), NEG32 | UINT32_C(0x7fbfffff), 13, 1 << 8 },
	{ NAN64, NAN32, 14, 1 << 9 },
	{ ~UINT64_C(0), ~UINT32_C(0), 14, 1 << 9 },
};
enum { STEPS = sizeof ladder / sizeof *ladder };

static void
compared(void **state)
{
	(void)state;
	for (unsigned i = 0; i < STEPS; i++) {
		assert_int_equal(fp_class64(ladder[i].wide), ladder[i].class);
		assert_int_equal(fp_class32(ladder[i].single), ladder[i].class);
	}
	for (unsigned i = 0; i < STEPS * STEPS; i++) {
		unsigned j = i / STEPS, k = i % STEPS;
		uint64_t a = ladder[j].wide, b = ladder[k].wide;
		uint32_t c = ladder[j].single, d = ladder[k].single;
		int x = ladder[j].rank, y = ladder[k].rank;
		unsigned sig = x == 13 || y == 13 ? FP_NV : 0, any = x > 12 || y > 12 ? FP_NV : 0;
		bool lt = !any && x < y, le = !any && x <= y, eq = !any && x == y;
		HOLDS(fp_eq64(a, b, &f), eq, sig);
		HOLDS(fp_eq32(c, d, &f), eq, sig);
		HOLDS(fp_lt64(a, b, &f), lt, any);
		HOLDS(fp_lt32(c, d, &f), lt, any);
		HOLDS(fp_le64(a, b, &f), le, any);
		HOLDS(fp_le32(c, d, &f), le, any);
		HOLDS(fp_ltq64(a, b, &f), lt, sig);
		HOLDS(fp_ltq32(c, d, &f), lt, sig);
		HOLDS(fp_leq64(a, b, &f), le, sig);
		HOLDS(fp_leq32(c, d, &f), le, sig);
		HOLDS(fp_fast_eq64(a, b, &f), eq, sig);
		HOLDS(fp_fast_eq32(c, d, &f), eq, sig);
		HOLDS(fp_fast_lt64(a, b, &f), lt, any);
		HOLDS(fp_fast_lt32(c, d, &f), lt, any);
		HOLDS(fp_fast_le64(a, b, &f), le, any);
		HOLDS(fp_fast_le32(c, d, &f), le, any);

		/* the step of the lesser and of the greater; -0 stands before 0 */
		unsigned low = j < k ? j : k, high = j < k ? k : j;
		uint64_t min = ladder[low].wide, max = ladder[high].wide;
		uint32_t smin = ladder[low].single, smax = ladder[high].single;
		if (any) {
			bool both = ladder[low].rank > 12;
			min = max = both ? NAN64 : ladder[low].wide;
			smin = smax = both ? NAN32 : ladder[low].single;
		}
		HOLDS(fp_min64(a, b, &f), min, sig);
		HOLDS(fp_max64(a, b, &f), max, sig);
		HOLDS(fp_min32(c, d, &f), smin, sig);
		HOLDS(fp_max32(c, d, &f), smax, sig);
		HOLDS(fp_fast_min64(a, b, &f), min, sig);
		HOLDS(fp_fast_max64(a, b, &f), max, sig);
		HOLDS(fp_fast_min32(c, d, &f), smin, sig);
		HOLDS(fp_fast_max32(c, d, &f), smax, sig);
		HOLDS(fp_minm64(a, b, &f), any ? NAN64 : min, sig);
		HOLDS(fp_maxm64(a, b, &f), any ? NAN64 : max, sig);
		HOLDS(fp_minm32(c, d, &f), any ? NAN32 : smin, sig);
		HOLDS(fp_maxm32(c, d, &f), any ? NAN32 : smax, sig);
	}
}

/* -- the host --------------------------------------------------------------------------------- */

static volatile double y64, z64;
static volatile float y32, z32;

static uint64_t
host64(enum op op, uint64_t a, uint64_t b, uint64_t c, unsigned rm, unsigned *flags)
{
	x64 = fp_fast_real64(a), y64 = fp_fast_real64(b), z64 = fp_fast_real64(c);
	host_begin(rm);
	switch (op) {
	case ADD: r64 = x64 + y64; break;
	case SUB: r64 = x64 - y64; break;
	case MUL: r64 = x64 * y64; break;
	case DIV: r64 = x64 / y64; break;
	case SQRT: r64 = sqrt(x64); break;
	default: r64 = fma(x64, y64, z64); break;
	}
	*flags = host_end();
	return r64 == r64 ? fp_fast_bits64(r64) : NAN64;
}

static uint32_t
host32(enum op op, uint32_t a, uint32_t b, uint32_t c, unsigned rm, unsigned *flags)
{
	x32 = fp_fast_real32(a), y32 = fp_fast_real32(b), z32 = fp_fast_real32(c);
	host_begin(rm);
	switch (op) {
	case ADD: r32 = x32 + y32; break;
	case SUB: r32 = x32 - y32; break;
	case MUL: r32 = x32 * y32; break;
	case DIV: r32 = x32 / y32; break;
	case SQRT: r32 = sqrtf(x32); break;
	default: r32 = fmaf(x32, y32, z32); break;
	}
	*flags = host_end();
	return r32 == r32 ? fp_fast_bits32(r32) : NAN32;
}

enum { ROUNDS = 1500000 };

/* IEEE 754 7.2: infinity * 0 + a quiet NaN may be invalid or not; here it is. */
static bool doubtful(enum op op, bool is_nan) { return op == FMA && is_nan; }

static void
beside_the_host(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t a = operand(64, random64() >> 1), b = operand(64, a);
		uint64_t c = operand(64, (i & 1 ? a : a + b - ONE64) & ~NEG64);
		enum op op = i % OPS;
		unsigned rm = i / OPS % HOST_MODES, f;
		uint64_t r = host64(op, a, b, c, rm, &f);
		if (!host_differs((r & ~NEG64) == LEAST64) && !doubtful(op, r == NAN64))
			expect64(op, a, b, c, rm, r, f);
	}
}

static void
beside_the_host_single(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t a = (uint32_t)operand(32, random64() & ~NEG32);
		uint32_t b = (uint32_t)operand(32, a);
		uint32_t c = (uint32_t)operand(32, (i & 1 ? a : a + b - ONE32) & ~NEG32);
		enum op op = i % OPS;
		unsigned rm = i / OPS % HOST_MODES, f;
		uint32_t r = host32(op, a, b, c, rm, &f);
		if (!host_differs((r & ~NEG32) == LEAST32) && !doubtful(op, r == NAN32))
			expect32(op, a, b, c, rm, r, f);
	}
}

/* Ties away from zero: of the two singles around an exact result in a double the nearer, and the
 * greater of two as near. */
static uint32_t
away(double exact)
{
	x64 = exact;
	host_begin(RTZ);
	r32 = (float)x64;
	host_end();
	float low = r32;
	float high = nextafterf(low, exact < 0 ? -INFINITY : INFINITY);
	if (fabs(exact) >= 0x1.ffffffp127)
		return fp_fast_bits32(exact < 0 ? -INFINITY : INFINITY);
	if (isinf(high) || exact == low)
		return fp_fast_bits32(low);
	return fp_fast_bits32(fabs(exact - low) < fabs(high - exact) ? low : high);
}

static void
ties_away(void **state)
{
	(void)state;
	unsigned ties = 0;
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t a = (uint32_t)operand(32, random64() & ~NEG32);
		uint32_t b = (uint32_t)operand(32, a);
		float x = fp_fast_real32(a), y = fp_fast_real32(b);
		if (!isfinite(x) || !isfinite(y) || x == 0 || y == 0)
			continue;
		double exact = (double)x * y; /* of 48 bits */
		uint8_t f = 0;
		uint32_t r = fp_mul32(a, b, RMM, &f);
		if (r != away(exact))
			fail_msg("%08x * %08x: %08x", a, b, r);
		ties += r != fp_mul32(a, b, RNE, &f);
		int apart = (int)(a >> 23 & 255) - (int)(b >> 23 & 255);
		if (abs(apart) > 27)
			continue;
		exact = (double)x + y;
		r = fp_add32(a, b, RMM, &f);
		if (exact != 0 && r != away(exact))
			fail_msg("%08x + %08x: %08x", a, b, r);
		ties += r != fp_add32(a, b, RNE, &f);
	}
	assert_true(ties > ROUNDS / 500); /* there were some */
}

/* The host's environment may be anything when a thread begins with this. */
static void
a_thread_begins(void **state)
{
	(void)state;
	fesetround(FE_UPWARD);
	fp_thread();
	assert_int_equal(fegetround(), FE_TONEAREST);
}

UNIT_MAIN(TEST(by_hand), TEST(by_hand_single), TEST(compared), TEST(beside_the_host),
          TEST(beside_the_host_single), TEST(ties_away), TEST(a_thread_begins))
