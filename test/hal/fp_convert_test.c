/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include "test/hal/fp_host.h"

/* -- by hand ---------------------------------------------------------------------- */

/* The table of 20.7: what is out of range, and what is just within it. */
static const struct {
	double from;
	unsigned rm;
	uint64_t i32, u32, i64, u64;
	unsigned fi32, fu32, fi64, fu64;
} to_int[] = {
	{ -INFINITY, RNE, UINT64_C(0xffffffff80000000), 0, UINT64_C(1) << 63, 0, NV, NV, NV, NV },
	{ INFINITY, RUP, 0x7fffffff, UINT64_MAX, INT64_MAX, UINT64_MAX, NV, NV, NV, NV },
	{ NAN, RTZ, 0x7fffffff, UINT64_MAX, INT64_MAX, UINT64_MAX, NV, NV, NV, NV },
	{ -0.0, RDN, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ -0.5, RTZ, 0, 0, 0, 0, NX, NX, NX, NX },
	{ -0.5, RNE, 0, 0, 0, 0, NX, NX, NX, NX },
	{ -0.5, RMM, -1ULL, 0, -1ULL, 0, NX, NV, NX, NV },
	{ -0.25, RDN, -1ULL, 0, -1ULL, 0, NX, NV, NX, NV },
	{ -0x1p-1074, RDN, -1ULL, 0, -1ULL, 0, NX, NV, NX, NV },
	{ 0x1p-1074, RUP, 1, 1, 1, 1, NX, NX, NX, NX },
	{ -1, RTZ, -1ULL, 0, -1ULL, 0, 0, NV, 0, NV },
	{ 2.5, RNE, 2, 2, 2, 2, NX, NX, NX, NX },
	{ 3.5, RNE, 4, 4, 4, 4, NX, NX, NX, NX },
	{ 2.5, RMM, 3, 3, 3, 3, NX, NX, NX, NX },
	{ 2147483647, RNE, 0x7fffffff, 0x7fffffff, 0x7fffffff, 0x7fffffff, 0, 0, 0, 0 },
	{ 2147483647.5, RTZ, 0x7fffffff, 0x7fffffff, 0x7fffffff, 0x7fffffff, NX, NX, NX, NX },
	{ 2147483647.5, RNE, 0x7fffffff, UINT64_C(0xffffffff80000000), UINT64_C(0x80000000),
	  UINT64_C(0x80000000), NV, NX, NX, NX },
	{ -2147483648.5, RTZ, UINT64_C(0xffffffff80000000), 0, UINT64_C(0xffffffff80000000), 0, NX,
	  NV, NX, NV },
	{ -2147483648.75, RNE, UINT64_C(0xffffffff80000000), 0, UINT64_C(0xffffffff7fffffff), 0, NV,
	  NV, NX, NV },
	{ 4294967295, RNE, 0x7fffffff, UINT64_MAX, UINT64_C(0xffffffff), UINT64_C(0xffffffff), NV,
	  0, 0, 0 },
	{ 4294967295.5, RTZ, 0x7fffffff, UINT64_MAX, UINT64_C(0xffffffff), UINT64_C(0xffffffff), NV,
	  NX, NX, NX },
	{ 4294967296, RTZ, 0x7fffffff, UINT64_MAX, UINT64_C(1) << 32, UINT64_C(1) << 32, NV, NV, 0,
	  0 },
	{ 0x1p63, RTZ, 0x7fffffff, UINT64_MAX, INT64_MAX, UINT64_C(1) << 63, NV, NV, NV, 0 },
	{ -0x1p63, RTZ, UINT64_C(0xffffffff80000000), 0, UINT64_C(1) << 63, 0, NV, NV, 0, NV },
	{ 0x1.fffffffffffffp63, RUP, 0x7fffffff, UINT64_MAX, INT64_MAX,
	  UINT64_C(0xfffffffffffff800), NV, NV, NV, 0 },
	{ 0x1p64, RTZ, 0x7fffffff, UINT64_MAX, INT64_MAX, UINT64_MAX, NV, NV, NV, NV },
};

static void
converted(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof to_int / sizeof *to_int; i++) {
		uint64_t a = fp_fast_bits64(to_int[i].from);
		unsigned rm = to_int[i].rm;
		HOLDS(fp_to_i32_64(a, rm, &f), to_int[i].i32, to_int[i].fi32);
		HOLDS(fp_to_u32_64(a, rm, &f), to_int[i].u32, to_int[i].fu32);
		HOLDS(fp_to_i64_64(a, rm, &f), to_int[i].i64, to_int[i].fi64);
		HOLDS(fp_to_u64_64(a, rm, &f), to_int[i].u64, to_int[i].fu64);
		HOLDS(fp_fast_to_i32_64(a, rm, &f), to_int[i].i32, to_int[i].fi32);
		HOLDS(fp_fast_to_u32_64(a, rm, &f), to_int[i].u32, to_int[i].fu32);
		HOLDS(fp_fast_to_i64_64(a, rm, &f), to_int[i].i64, to_int[i].fi64);
		HOLDS(fp_fast_to_u64_64(a, rm, &f), to_int[i].u64, to_int[i].fu64);
		if ((float)to_int[i].from != to_int[i].from && to_int[i].from == to_int[i].from)
			continue;
		uint32_t b = fp_fast_bits32((float)to_int[i].from);
		HOLDS(fp_to_i32_32(b, rm, &f), to_int[i].i32, to_int[i].fi32);
		HOLDS(fp_to_u32_32(b, rm, &f), to_int[i].u32, to_int[i].fu32);
		HOLDS(fp_to_i64_32(b, rm, &f), to_int[i].i64, to_int[i].fi64);
		HOLDS(fp_to_u64_32(b, rm, &f), to_int[i].u64, to_int[i].fu64);
		HOLDS(fp_fast_to_i32_32(b, rm, &f), to_int[i].i32, to_int[i].fi32);
		HOLDS(fp_fast_to_u32_32(b, rm, &f), to_int[i].u32, to_int[i].fu32);
		HOLDS(fp_fast_to_i64_32(b, rm, &f), to_int[i].i64, to_int[i].fi64);
		HOLDS(fp_fast_to_u64_32(b, rm, &f), to_int[i].u64, to_int[i].fu64);
	}
	for (unsigned rm = 0; rm < MODES; rm++) {
		HOLDS(fp_of_i32_64(INT32_MIN, rm, &f), UINT64_C(0xc1e0000000000000), 0);
		HOLDS(fp_of_u32_64(UINT32_MAX, rm, &f), UINT64_C(0x41efffffffe00000), 0);
		HOLDS(fp_of_i64_64(0, rm, &f), 0, 0);
		HOLDS(fp_of_i64_64(INT64_MIN, rm, &f), UINT64_C(0xc3e0000000000000), 0);
		HOLDS(fp_of_u64_64(UINT64_MAX, rm, &f),
		      rm == RTZ || rm == RDN ? UINT64_C(0x43efffffffffffff)
		                             : UINT64_C(0x43f0000000000000),
		      NX);
		HOLDS(fp_of_i32_32(-16777217, rm, &f),
		      UINT32_C(0xcb800000) + (rm == RDN || rm == RMM), NX);
		HOLDS(fp_of_u32_32(16777219, rm, &f),
		      UINT32_C(0x4b800001) + (rm != RTZ && rm != RDN), NX);
		HOLDS(fp_of_i64_32(INT64_MIN, rm, &f), UINT32_C(0xdf000000), 0);
		HOLDS(fp_of_u64_32(1, rm, &f), ONE32, 0);

		HOLDS(fp_widen(1, &f), UINT64_C(0x36a0000000000000), 0); /* 2^-149 */
		HOLDS(fp_widen(NEG32 | SNAN32, &f), NAN64, NV);
		HOLDS(fp_widen(NEG32 | NAN32, &f), NAN64, 0);
		HOLDS(fp_widen(NEG32 | INF32, &f), NEG64 | INF64, 0);
		HOLDS(fp_fast_widen(NEG32, &f), NEG64, 0);
		HOLDS(fp_narrow(SNAN64, rm, &f), NAN32, NV);
		HOLDS(fp_narrow(NEG64 | NAN64 | 1, rm, &f), NAN32, 0);
		HOLDS(fp_narrow(NEG64 | INF64, rm, &f), NEG32 | INF32, 0);
		HOLDS(fp_narrow(NEG64, rm, &f), NEG32, 0);
		HOLDS(fp_narrow(MAX64, rm, &f), rm == RTZ || rm == RDN ? MAX32 : INF32, OF);
		HOLDS(fp_narrow(1, rm, &f), rm == RUP, UF);
		/* 2^-126 (1 - 2^-24) and (1 - 2^-25): tiny, and not tiny when it goes up */
		bool down = rm == RTZ || rm == RDN;
		HOLDS(fp_narrow(UINT64_C(0x380fffffe0000000), rm, &f), down ? SUB32 : LEAST32, UF);
		HOLDS(fp_narrow(UINT64_C(0x380ffffff0000000), rm, &f), down ? SUB32 : LEAST32,
		      down ? UF : NX);
	}
}

static void
additional(void **state)
{
	(void)state;
	static const double table[32] = {
		-1,   0x1p-1022, 0x1p-16, 0x1p-15, 0x1p-8, 0x1p-7, 0.0625,   0.125,
		0.25, 0.3125,    0.375,   0.4375,  0.5,    0.625,  0.75,     0.875,
		1,    1.25,      1.5,     1.75,    2,      2.5,    3,        4,
		8,    16,        128,     256,     32768,  65536,  INFINITY, 0,
	};
	for (unsigned n = 0; n < 31; n++) {
		assert_int_equal(fp_imm64(n), fp_fast_bits64(table[n]));
		assert_int_equal(fp_imm32(n), n == 1 ? LEAST32 : fp_fast_bits32((float)table[n]));
	}
	assert_int_equal(fp_imm64(31), NAN64);
	assert_int_equal(fp_imm32(31), NAN32);

	static const struct {
		double from;
		int64_t to;
		unsigned flags;
	} mod[] = {
		{ 0, 0, 0 },
		{ -1.5, -1, NX },
		{ 0.99, 0, NX },
		{ 2147483647.5, 2147483647, NX },
		{ 2147483648, -2147483648, NV },
		{ -2147483648.5, -2147483648, NX },
		{ -2147483649, 2147483647, NV },
		{ 4294967297.5, 1, NV },
		{ -4294967297, -1, NV },
		{ 0x1.0000000000001p52, 1, NV },
		{ 0x1.0000000000001p53, 2, NV },
		{ -0x1.0000000000001p83, -2147483648, NV },
		{ 0x1.0000000000001p84, 0, NV },
		{ 0x1.fffffffffffffp1023, 0, NV },
		{ INFINITY, 0, NV },
		{ -INFINITY, 0, NV },
		{ NAN, 0, NV },
		{ 0x1p-1074, 0, NX },
	};
	for (unsigned i = 0; i < sizeof mod / sizeof *mod; i++)
		HOLDS(fp_to_mod32(fp_fast_bits64(mod[i].from), &f), (uint64_t)mod[i].to,
		      mod[i].flags);

	static const struct {
		double from, to[MODES];
	} whole[] = {
		{ 0.5, { 0, 0, 0, 1, 1 } },
		{ -0.5, { -0.0, -0.0, -1, -0.0, -1 } },
		{ 1.5, { 2, 1, 1, 2, 2 } },
		{ 2.5, { 2, 2, 2, 3, 3 } },
		{ -0.25, { -0.0, -0.0, -1, -0.0, -0.0 } },
		{ 0x1p-140, { 0, 0, 0, 1, 0 } },
		{ 8388607.5, { 8388608, 8388607, 8388607, 8388608, 8388608 } },
	};
	for (unsigned i = 0; i < sizeof whole / sizeof *whole; i++)
		for (unsigned rm = 0; rm < MODES; rm++) {
			uint64_t a = fp_fast_bits64(whole[i].from),
			         w = fp_fast_bits64(whole[i].to[rm]);
			uint32_t b = fp_fast_bits32((float)whole[i].from);
			uint32_t v = fp_fast_bits32((float)whole[i].to[rm]);
			HOLDS(fp_round64(a, rm, true, &f), w, NX);
			HOLDS(fp_round64(a, rm, false, &f), w, 0);
			HOLDS(fp_round32(b, rm, true, &f), v, NX);
			HOLDS(fp_round32(b, rm, false, &f), v, 0);
		}
}

static void
rounded_by_hand(void **state)
{
	(void)state;
	for (unsigned rm = 0; rm < MODES; rm++)
		for (unsigned minus = 0; minus < 2; minus++) {
			uint64_t n = minus ? NEG64 : 0;
			uint32_t m = minus ? NEG32 : 0;
			HOLDS(fp_round64(n, rm, true, &f), n, 0);
			HOLDS(fp_round32(m, rm, true, &f), m, 0);
			HOLDS(fp_round64(n | ONE64, rm, true, &f), n | ONE64, 0);
			HOLDS(fp_round32(m | ONE32, rm, true, &f), m | ONE32, 0);
			HOLDS(fp_round64(n | MAX64, rm, true, &f), n | MAX64, 0);
			HOLDS(fp_round32(m | MAX32, rm, true, &f), m | MAX32, 0);
			HOLDS(fp_round64(n | INF64, rm, true, &f), n | INF64, 0);
			HOLDS(fp_round32(m | INF32, rm, true, &f), m | INF32, 0);
			HOLDS(fp_round64(n | NAN64 | 1, rm, true, &f), NAN64, 0);
			HOLDS(fp_round32(m | NAN32 | 1, rm, true, &f), NAN32, 0);
			HOLDS(fp_round64(n | SNAN64, rm, false, &f), NAN64, NV);
			HOLDS(fp_round32(m | SNAN32, rm, false, &f), NAN32, NV);
		}
}

/* -- beside the host -------------------------------------------------------------------------- */

static void
narrowed(uint64_t a, unsigned rm)
{
	x64 = fp_fast_real64(a);
	host_begin(rm);
	r32 = (float)x64;
	unsigned flags = host_end();
	uint32_t r = r32 == r32 ? fp_fast_bits32(r32) : NAN32;
	if (host_differs((r & ~NEG32) == LEAST32))
		return;
	HOLDS(fp_narrow(a, rm, &f), r, flags);
	HOLDS((f = FP_NX, fp_fast_narrow(a, rm, &f)), r, flags | FP_NX);
	HOLDS(fp_soft_convert(64, 32, a, rm, &f), r, flags);
}

static void
widened(uint32_t a)
{
	x32 = fp_fast_real32(a);
	host_begin(RNE);
	r64 = x32;
	unsigned flags = host_end();
	uint64_t r = r64 == r64 ? fp_fast_bits64(r64) : NAN64;
	HOLDS(fp_widen(a, &f), r, flags);
	HOLDS(fp_fast_widen(a, &f), r, flags);
}

/* A compiler that is not told of rounding modes puts something else into its place. */
static double (*volatile host_rint)(double) = rint;
static float (*volatile host_rintf)(float) = rintf;

static void
rounded(uint64_t a, unsigned rm)
{
	x64 = fp_fast_real64(a);
	host_begin(rm % HOST_MODES);
	r64 = rm == RMM ? round(x64) : host_rint(x64);
	unsigned flags = host_end() & FP_NV;
	uint64_t r = r64 == r64 ? fp_fast_bits64(r64) : NAN64;
	HOLDS(fp_round64(a, rm, false, &f), r, flags);
	HOLDS(fp_round64(a, rm, true, &f), r, flags | (r64 == r64 && r64 != x64 ? FP_NX : 0));
}
static void
rounded_single(uint32_t a, unsigned rm)
{
	x32 = fp_fast_real32(a);
	host_begin(rm % HOST_MODES);
	r32 = rm == RMM ? roundf(x32) : host_rintf(x32);
	unsigned flags = host_end() & FP_NV;
	uint32_t r = r32 == r32 ? fp_fast_bits32(r32) : NAN32;
	HOLDS(fp_round32(a, rm, false, &f), r, flags);
	HOLDS(fp_round32(a, rm, true, &f), r, flags | (r32 == r32 && r32 != x32 ? FP_NX : 0));
}

/* To integers.  The host knows one kind; the others have its answers where they hold them. */
static void
counted(uint64_t a, unsigned rm)
{
	double x = fp_fast_real64(a);
	bool in = x >= -0x1p63 && x < 0x1p63;
	uint64_t low = x < 0 ? UINT64_C(1) << 63 : INT64_MAX;
	unsigned flags = FP_NV;
	int64_t r = (int64_t)low;
	if (in) {
		x64 = x;
		host_begin(rm % HOST_MODES);
		r = rm == RMM ? llround(x64) : llrint(x64);
		host_end();
		flags = (double)r == x ? 0 : FP_NX;
	}
	bool signed32 = in && r == (int32_t)r, unsigned32 = in && r >= 0 && r <= UINT32_MAX;
	bool large = x >= 0x1p63 && x < 0x1p64, unsigned64 = in && r >= 0;
	uint64_t i32 = signed32 ? (uint64_t)r : x < 0 ? (uint64_t)INT32_MIN : INT32_MAX;
	uint64_t u32 = unsigned32 ? (uint64_t)(int32_t)r : x < 0 ? 0 : UINT64_MAX;
	uint64_t u64 = unsigned64 ? (uint64_t)r : x < 0 ? 0 : UINT64_MAX;
	unsigned f64 = unsigned64 ? flags : FP_NV;
	if (large) /* an integer: its bits are there */
		u64 = (a << 11) | UINT64_C(1) << 63, f64 = 0;
	HOLDS(fp_to_i64_64(a, rm, &f), (uint64_t)r, flags);
	HOLDS(fp_to_i32_64(a, rm, &f), i32, signed32 ? flags : FP_NV);
	HOLDS(fp_to_u32_64(a, rm, &f), u32, unsigned32 ? flags : FP_NV);
	HOLDS(fp_to_u64_64(a, rm, &f), u64, f64);
	HOLDS(fp_fast_to_i64_64(a, rm, &f), (uint64_t)r, flags);
	HOLDS(fp_fast_to_i32_64(a, rm, &f), i32, signed32 ? flags : FP_NV);
	HOLDS(fp_fast_to_u32_64(a, rm, &f), u32, unsigned32 ? flags : FP_NV);
	HOLDS(fp_fast_to_u64_64(a, rm, &f), u64, f64);
	uint32_t b = fp_fast_bits32((float)x);
	if ((float)x != x)
		return;
	HOLDS(fp_to_i64_32(b, rm, &f), (uint64_t)r, flags);
	HOLDS(fp_to_i32_32(b, rm, &f), i32, signed32 ? flags : FP_NV);
	HOLDS(fp_to_u32_32(b, rm, &f), u32, unsigned32 ? flags : FP_NV);
	HOLDS(fp_to_u64_32(b, rm, &f), u64, f64);
	HOLDS(fp_fast_to_i64_32(b, rm, &f), (uint64_t)r, flags);
	HOLDS(fp_fast_to_i32_32(b, rm, &f), i32, signed32 ? flags : FP_NV);
	HOLDS(fp_fast_to_u32_32(b, rm, &f), u32, unsigned32 ? flags : FP_NV);
	HOLDS(fp_fast_to_u64_32(b, rm, &f), u64, f64);
}

/* From integers: all of 32 bits are some of 64, and a great unsigned one is twice its half with a
 * mark for what that lost. */
static void
made(uint64_t v, unsigned rm)
{
	static volatile int64_t i;
	int64_t half = (int64_t)(v >> 1 | (v & 1));
	bool great = v >> 63;
	uint64_t d[2];
	uint32_t s[2];
	unsigned fd[2], fs[2];
	for (unsigned k = 0; k < 2; k++) {
		i = k && great ? half : (int64_t)v;
		host_begin(rm);
		r64 = (double)i;
		fd[k] = host_end();
		host_begin(rm);
		r32 = (float)i;
		fs[k] = host_end();
		d[k] = fp_fast_bits64(k && great ? 2 * r64 : r64);
		s[k] = fp_fast_bits32(k && great ? 2 * r32 : r32);
	}
	for (unsigned nx = 0; nx < 2; nx++) {
		HOLDS((f = nx, fp_of_i64_64((int64_t)v, rm, &f)), d[0], fd[0] | nx);
		HOLDS((f = nx, fp_of_i64_32((int64_t)v, rm, &f)), s[0], fs[0] | nx);
		HOLDS((f = nx, fp_of_u64_64(v, rm, &f)), d[1], fd[1] | nx);
		HOLDS((f = nx, fp_of_u64_32(v, rm, &f)), s[1], fs[1] | nx);
		HOLDS((f = nx, fp_fast_of_i64_64((int64_t)v, rm, &f)), d[0], fd[0] | nx);
		HOLDS((f = nx, fp_fast_of_i64_32((int64_t)v, rm, &f)), s[0], fs[0] | nx);
		HOLDS((f = nx, fp_fast_of_u64_64(v, rm, &f)), d[1], fd[1] | nx);
		HOLDS((f = nx, fp_fast_of_u64_32(v, rm, &f)), s[1], fs[1] | nx);
		if ((int64_t)v == (int32_t)v) {
			HOLDS((f = nx, fp_of_i32_64((int32_t)v, rm, &f)), d[0], nx);
			HOLDS((f = nx, fp_of_i32_32((int32_t)v, rm, &f)), s[0], fs[0] | nx);
			HOLDS((f = nx, fp_fast_of_i32_64((int32_t)v, rm, &f)), d[0], nx);
			HOLDS((f = nx, fp_fast_of_i32_32((int32_t)v, rm, &f)), s[0], fs[0] | nx);
		}
		if (v <= UINT32_MAX) {
			HOLDS((f = nx, fp_of_u32_64((uint32_t)v, rm, &f)), d[1], nx);
			HOLDS((f = nx, fp_of_u32_32((uint32_t)v, rm, &f)), s[1], fs[1] | nx);
			HOLDS((f = nx, fp_fast_of_u32_64((uint32_t)v, rm, &f)), d[1], nx);
			HOLDS((f = nx, fp_fast_of_u32_32((uint32_t)v, rm, &f)), s[1], fs[1] | nx);
		}
	}
}

enum { ROUNDS = 200000 };

static void
beside_the_host(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned rm = i % HOST_MODES, any = i % MODES;
		uint64_t near = UINT64_C(0x4100000000000000), wide = operand(64, near);
		uint32_t single = (uint32_t)operand(32, UINT32_C(0x4a000000));
		double of_single = (double)fp_fast_real32(single);
		narrowed(wide, rm);
		narrowed(fp_fast_bits64(of_single) ^ (random64() & 0x3fffffff), rm);
		widened(single);
		rounded(wide, any);
		rounded_single(single, any);
		counted(wide, any);
		counted(fp_fast_bits64(of_single), any);
		made(random64() >> (random64() & 63), rm);
		made((uint64_t)((int64_t)random64() >> (random64() & 63)), rm);
		made(random64() << (random64() & 63), rm);
	}
	made(0, RDN);
}

UNIT_MAIN(TEST(converted), TEST(additional), TEST(rounded_by_hand), TEST(beside_the_host))
