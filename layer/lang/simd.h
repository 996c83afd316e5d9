/* simd.h -- arithmetic of vectors (Core specification 4.3.8), a function per row.
 *
 * simd_ROW for each row of op_simd.def that touches no memory: vectors come and go
 * by value, a lane's number is the last argument.  They are written for whole
 * vectors wherever the compiler's own can say it, because the interpreter is built
 * without the vectorizer; the answers are the same on every host.  The relaxed rows
 * give what the strict ones give.
 */
#ifndef LAYER_LANG_SIMD_H
#define LAYER_LANG_SIMD_H

#include "layer/lang/num.h"

/* clang-format off */
#define SIMD static inline
#define SIMD_TYPE(T) T __attribute__((vector_size(16)))

union v128 {
	SIMD_TYPE(int8_t) i8;
	SIMD_TYPE(uint8_t) u8;
	SIMD_TYPE(int16_t) i16;
	SIMD_TYPE(uint16_t) u16;
	SIMD_TYPE(int32_t) i32;
	SIMD_TYPE(uint32_t) u32;
	SIMD_TYPE(int64_t) i64;
	SIMD_TYPE(uint64_t) u64;
	SIMD_TYPE(float) f32;
	SIMD_TYPE(double) f64;
};

/* r's member out of an expression in a and b, whole vectors at once. */
#define SIMD_ALL1(name, out, expr) \
	SIMD union v128 simd_##name(union v128 a) { union v128 r; r.out = expr; return r; }
#define SIMD_ALL2(name, out, expr) \
	SIMD union v128 simd_##name(union v128 a, union v128 b) { union v128 r; r.out = expr; return r; }

/* A comparison is a mask, all ones where it holds: take x there, y elsewhere. */
#define SIMD_MASK(m, holds) ((__typeof__(m))(holds))
#define SIMD_PICK(mask, x, y) (((mask) & (x)) | (~(mask) & (y)))

/* The halves of two vectors with their lanes in turns; one lane of two. */
#define SIMD_LOW8(x, y) __builtin_shufflevector(x, y, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define SIMD_HIGH8(x, y) __builtin_shufflevector(x, y, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define SIMD_EVEN8(x, y) __builtin_shufflevector(x, y, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
#define SIMD_LOW16(x, y) __builtin_shufflevector(x, y, 0, 8, 1, 9, 2, 10, 3, 11)
#define SIMD_HIGH16(x, y) __builtin_shufflevector(x, y, 4, 12, 5, 13, 6, 14, 7, 15)
#define SIMD_EVEN16(x, y) __builtin_shufflevector(x, y, 0, 2, 4, 6, 8, 10, 12, 14)
#define SIMD_LOW32(x, y) __builtin_shufflevector(x, y, 0, 4, 1, 5)
#define SIMD_HIGH32(x, y) __builtin_shufflevector(x, y, 2, 6, 3, 7)

/* -- bits -------------------------------------------------------------------------------- */

SIMD_ALL1(v128_not, u64, ~a.u64)
SIMD_ALL2(v128_and, u64, a.u64 & b.u64)
SIMD_ALL2(v128_andnot, u64, a.u64 & ~b.u64)
SIMD_ALL2(v128_or, u64, a.u64 | b.u64)
SIMD_ALL2(v128_xor, u64, a.u64 ^ b.u64)
SIMD union v128
simd_v128_bitselect(union v128 a, union v128 b, union v128 c)
{
	union v128 r;
	r.u64 = (a.u64 & c.u64) | (b.u64 & ~c.u64);
	return r;
}
SIMD uint32_t simd_v128_any_true(union v128 a) { return (a.u64[0] | a.u64[1]) != 0; }

/* -- moving lanes -------------------------------------------------------------------------- */

/* Two chains of eight bytes, unrolled: stores of single bytes would have to leave the
 * processor's store buffer before the vector can be read back. */
SIMD union v128
simd_i8x16_shuffle(union v128 a, union v128 b, const uint8_t lanes[16])
{
	uint8_t both[32];
	uint64_t low = 0, high = 0;
	memcpy(both, &a, 16);
	memcpy(both + 16, &b, 16);
	_Pragma("GCC unroll 8") for (int i = 7; i >= 0; i--)
	{
		low = low << 8 | both[lanes[i] & 31];
		high = high << 8 | both[lanes[i + 8] & 31];
	}
	union v128 r = { .u64 = { low, high } };
	return r;
}

SIMD union v128
simd_i8x16_swizzle(union v128 a, union v128 b)
{
	uint8_t lanes[32] = { 0 };
	uint64_t low = 0, high = 0;
	memcpy(lanes, &a, 16);
	b.u8 = (b.u8 | SIMD_MASK(b.u8, b.u8 > 15)) & 31;
	uint64_t l = b.u64[0], h = b.u64[1];
	_Pragma("GCC unroll 8") for (int i = 0; i < 64; i += 8)
	{
		low |= (uint64_t)lanes[l >> i & 255] << i;
		high |= (uint64_t)lanes[h >> i & 255] << i;
	}
	union v128 r = { .u64 = { low, high } };
	return r;
}

#define SIMD_LANES(shape, in, n, T, V) \
	SIMD union v128 simd_##shape##_splat(V x) \
	{ \
		union v128 r; \
		for (int i = 0; i < n; i++) \
			r.in[i] = (T)x; \
		return r; \
	} \
	SIMD union v128 simd_##shape##_replace_lane(union v128 a, V x, unsigned lane) \
	{ \
		a.in[lane] = (T)x; \
		return a; \
	}
SIMD_LANES(i8x16, u8, 16, uint8_t, uint32_t)
SIMD_LANES(i16x8, u16, 8, uint16_t, uint32_t)
SIMD_LANES(i32x4, u32, 4, uint32_t, uint32_t)
SIMD_LANES(i64x2, u64, 2, uint64_t, uint64_t)
SIMD_LANES(f32x4, f32, 4, float, float)
SIMD_LANES(f64x2, f64, 2, double, double)
SIMD uint32_t simd_i8x16_extract_lane_s(union v128 a, unsigned lane) { return (uint32_t)a.i8[lane]; }
SIMD uint32_t simd_i8x16_extract_lane_u(union v128 a, unsigned lane) { return a.u8[lane]; }
SIMD uint32_t simd_i16x8_extract_lane_s(union v128 a, unsigned lane) { return (uint32_t)a.i16[lane]; }
SIMD uint32_t simd_i16x8_extract_lane_u(union v128 a, unsigned lane) { return a.u16[lane]; }
SIMD uint32_t simd_i32x4_extract_lane(union v128 a, unsigned lane) { return a.u32[lane]; }
SIMD uint64_t simd_i64x2_extract_lane(union v128 a, unsigned lane) { return a.u64[lane]; }
SIMD float simd_f32x4_extract_lane(union v128 a, unsigned lane) { return a.f32[lane]; }
SIMD double simd_f64x2_extract_lane(union v128 a, unsigned lane) { return a.f64[lane]; }

/* -- comparisons ------------------------------------------------------------------------------ */

#define SIMD_ORDER(shape, s) \
	SIMD_ALL2(shape##_eq, s, (__typeof__(r.s))(a.s == b.s)) \
	SIMD_ALL2(shape##_ne, s, (__typeof__(r.s))(a.s != b.s)) \
	SIMD_ALL2(shape##_lt_s, s, (__typeof__(r.s))(a.s < b.s)) \
	SIMD_ALL2(shape##_gt_s, s, (__typeof__(r.s))(a.s > b.s)) \
	SIMD_ALL2(shape##_le_s, s, (__typeof__(r.s))(a.s <= b.s)) \
	SIMD_ALL2(shape##_ge_s, s, (__typeof__(r.s))(a.s >= b.s))
#define SIMD_ORDER_U(shape, u) \
	SIMD_ALL2(shape##_lt_u, u, (__typeof__(r.u))(a.u < b.u)) \
	SIMD_ALL2(shape##_gt_u, u, (__typeof__(r.u))(a.u > b.u)) \
	SIMD_ALL2(shape##_le_u, u, (__typeof__(r.u))(a.u <= b.u)) \
	SIMD_ALL2(shape##_ge_u, u, (__typeof__(r.u))(a.u >= b.u))
SIMD_ORDER(i8x16, i8)
SIMD_ORDER(i16x8, i16)
SIMD_ORDER(i32x4, i32)
SIMD_ORDER(i64x2, i64)
SIMD_ORDER_U(i8x16, u8)
SIMD_ORDER_U(i16x8, u16)
SIMD_ORDER_U(i32x4, u32)

#define SIMD_FORDER(shape, f, i) \
	SIMD_ALL2(shape##_eq, i, (__typeof__(r.i))(a.f == b.f)) \
	SIMD_ALL2(shape##_ne, i, (__typeof__(r.i))(a.f != b.f)) \
	SIMD_ALL2(shape##_lt, i, (__typeof__(r.i))(a.f < b.f)) \
	SIMD_ALL2(shape##_gt, i, (__typeof__(r.i))(a.f > b.f)) \
	SIMD_ALL2(shape##_le, i, (__typeof__(r.i))(a.f <= b.f)) \
	SIMD_ALL2(shape##_ge, i, (__typeof__(r.i))(a.f >= b.f))
SIMD_FORDER(f32x4, f32, i32)
SIMD_FORDER(f64x2, f64, i64)

/* -- whole numbers -------------------------------------------------------------------------------- */

#define SIMD_WHOLE(shape, s, u, bits) \
	SIMD_ALL2(shape##_add, u, a.u + b.u) \
	SIMD_ALL2(shape##_sub, u, a.u - b.u) \
	SIMD_ALL1(shape##_neg, u, -a.u) \
	SIMD_ALL1(shape##_abs, u, (a.u ^ SIMD_MASK(a.u, a.s < 0)) - SIMD_MASK(a.u, a.s < 0)) \
	SIMD union v128 simd_##shape##_shl(union v128 a, uint32_t by) { a.u = a.u << (by & (bits - 1)); return a; } \
	SIMD union v128 simd_##shape##_shr_u(union v128 a, uint32_t by) { a.u = a.u >> (by & (bits - 1)); return a; } \
	SIMD union v128 simd_##shape##_shr_s(union v128 a, uint32_t by) { a.s = a.s >> (by & (bits - 1)); return a; } \
	SIMD uint32_t simd_##shape##_all_true(union v128 a) \
	{ \
		a.u = SIMD_MASK(a.u, a.u == 0); \
		return (a.u64[0] | a.u64[1]) == 0; \
	}
SIMD_WHOLE(i8x16, i8, u8, 8)
SIMD_WHOLE(i16x8, i16, u16, 16)
SIMD_WHOLE(i32x4, i32, u32, 32)
SIMD_WHOLE(i64x2, i64, u64, 64)
SIMD_ALL2(i16x8_mul, u16, a.u16 * b.u16)
SIMD_ALL2(i32x4_mul, u32, a.u32 * b.u32)
SIMD_ALL2(i64x2_mul, u64, a.u64 * b.u64)

/* The signs of half a vector, gathered at the top of a product: sign k stands at
 * bit 8k (or 16k), the factor has a bit that brings it to 56 + k (48 + k), and no
 * other two bits meet. */
SIMD uint32_t
simd_i8x16_bitmask(union v128 a)
{
	a.u64 = (a.u64 >> 7) & 0x0101010101010101U;
	return (uint32_t)(a.u64[0] * 0x0102040810204080U >> 56 | a.u64[1] * 0x0102040810204080U >> 56 << 8);
}
SIMD uint32_t
simd_i16x8_bitmask(union v128 a)
{
	a.u64 = (a.u64 >> 15) & 0x0001000100010001U;
	return (uint32_t)((a.u64[0] * 0x0001000200040008U >> 48 & 15) | (a.u64[1] * 0x0001000200040008U >> 48 & 15) << 4);
}
SIMD uint32_t
simd_i32x4_bitmask(union v128 a)
{
	uint64_t x = a.u64[0], y = a.u64[1];
	return (uint32_t)((x >> 31 & 1) | (x >> 62 & 2) | (y >> 29 & 4) | (y >> 60 & 8));
}
SIMD uint32_t simd_i64x2_bitmask(union v128 a) { return (uint32_t)(a.u64[0] >> 63 | a.u64[1] >> 63 << 1); }

SIMD union v128
simd_i8x16_popcnt(union v128 a)
{
	a.u64 = a.u64 - ((a.u64 >> 1) & 0x5555555555555555U);
	a.u64 = (a.u64 & 0x3333333333333333U) + ((a.u64 >> 2) & 0x3333333333333333U);
	a.u64 = (a.u64 + (a.u64 >> 4)) & 0x0f0f0f0f0f0f0f0fU;
	return a;
}

#define SIMD_MINMAX(shape, s, u) \
	SIMD_ALL2(shape##_min_s, s, SIMD_PICK(SIMD_MASK(a.s, a.s < b.s), a.s, b.s)) \
	SIMD_ALL2(shape##_max_s, s, SIMD_PICK(SIMD_MASK(a.s, a.s > b.s), a.s, b.s)) \
	SIMD_ALL2(shape##_min_u, u, SIMD_PICK(SIMD_MASK(a.u, a.u < b.u), a.u, b.u)) \
	SIMD_ALL2(shape##_max_u, u, SIMD_PICK(SIMD_MASK(a.u, a.u > b.u), a.u, b.u))
SIMD_MINMAX(i8x16, i8, u8)
SIMD_MINMAX(i16x8, i16, u16)
SIMD_MINMAX(i32x4, i32, u32)

/* Unsigned, the sum or difference wrapped if it is on the wrong side of a.  Signed,
 * it wrapped if its sign is neither operand's (for a difference: a's, where b's is
 * another); then the answer is the end of the range on a's side. */
#define SIMD_SATURATE(shape, s, u, most) \
	SIMD union v128 simd_##shape##_end(union v128 a, union v128 wrapped, union v128 r) \
	{ \
		r.s = SIMD_PICK(SIMD_MASK(a.s, wrapped.s < 0), (a.s < 0) ^ (most), r.s); \
		return r; \
	} \
	SIMD union v128 simd_##shape##_add_sat_s(union v128 a, union v128 b) \
	{ \
		union v128 r, wrapped; \
		r.u = a.u + b.u; \
		wrapped.u = (a.u ^ r.u) & (b.u ^ r.u); \
		return simd_##shape##_end(a, wrapped, r); \
	} \
	SIMD union v128 simd_##shape##_sub_sat_s(union v128 a, union v128 b) \
	{ \
		union v128 r, wrapped; \
		r.u = a.u - b.u; \
		wrapped.u = (a.u ^ r.u) & (a.u ^ b.u); \
		return simd_##shape##_end(a, wrapped, r); \
	} \
	SIMD_ALL2(shape##_add_sat_u, u, (a.u + b.u) | SIMD_MASK(a.u, a.u + b.u < a.u)) \
	SIMD_ALL2(shape##_sub_sat_u, u, (a.u - b.u) & SIMD_MASK(a.u, a.u >= b.u)) \
	SIMD_ALL2(shape##_avgr_u, u, (a.u | b.u) - ((a.u ^ b.u) >> 1))
SIMD_SATURATE(i8x16, i8, u8, 127)
SIMD_SATURATE(i16x8, i16, u16, 32767)

/* Clamp, then keep the lower half of each lane. */
#define SIMD_NARROW(name, s, half, even, low, high) \
	SIMD union v128 simd_##name##_clamp(union v128 a) \
	{ \
		union v128 under, over; \
		under.s = a.s < (low); \
		over.s = a.s > (high); \
		a.s = (under.s & (low)) | (over.s & (high)) | (~(under.s | over.s) & a.s); \
		return a; \
	} \
	SIMD_ALL2(name, half, even(simd_##name##_clamp(a).half, simd_##name##_clamp(b).half))
SIMD_NARROW(i8x16_narrow_i16x8_s, i16, u8, SIMD_EVEN8, -128, 127)
SIMD_NARROW(i8x16_narrow_i16x8_u, i16, u8, SIMD_EVEN8, 0, 255)
SIMD_NARROW(i16x8_narrow_i32x4_s, i32, u16, SIMD_EVEN16, -32768, 32767)
SIMD_NARROW(i16x8_narrow_i32x4_u, i32, u16, SIMD_EVEN16, 0, 65535)

/* Lanes to twice the width: their upper halves are copies of the sign, or zero. */
#define SIMD_WIDEN(shape, from, s, u, w, bits) \
	SIMD_ALL1(shape##_extend_low_##from##_s, u, SIMD_LOW##bits(a.u, SIMD_MASK(a.u, a.s < 0))) \
	SIMD_ALL1(shape##_extend_high_##from##_s, u, SIMD_HIGH##bits(a.u, SIMD_MASK(a.u, a.s < 0))) \
	SIMD_ALL1(shape##_extend_low_##from##_u, u, SIMD_LOW##bits(a.u, a.u ^ a.u)) \
	SIMD_ALL1(shape##_extend_high_##from##_u, u, SIMD_HIGH##bits(a.u, a.u ^ a.u)) \
	SIMD_EXTMUL(shape, low_##from##_s, w) \
	SIMD_EXTMUL(shape, high_##from##_s, w) \
	SIMD_EXTMUL(shape, low_##from##_u, w) \
	SIMD_EXTMUL(shape, high_##from##_u, w)
#define SIMD_EXTMUL(shape, which, w) \
	SIMD_ALL2(shape##_extmul_##which, w, simd_##shape##_extend_##which(a).w * simd_##shape##_extend_##which(b).w)
SIMD_WIDEN(i16x8, i8x16, i8, u8, u16, 8)
SIMD_WIDEN(i32x4, i16x8, i16, u16, u32, 16)
SIMD_WIDEN(i64x2, i32x4, i32, u32, u64, 32)

#define SIMD_PAIRWISE(name, s, u, half) \
	SIMD_ALL1(name##_s, s, ((__typeof__(a.s))(a.u << half) >> half) + (a.s >> half)) \
	SIMD_ALL1(name##_u, u, ((a.u << half) >> half) + (a.u >> half))
SIMD_PAIRWISE(i16x8_extadd_pairwise_i8x16, i16, u16, 8)
SIMD_PAIRWISE(i32x4_extadd_pairwise_i16x8, i32, u32, 16)
SIMD union v128
simd_i32x4_dot_i16x8_s(union v128 a, union v128 b)
{
	union v128 even, odd;
	even.u32 = a.u32 << 16;
	odd.u32 = b.u32 << 16;
	even.i32 = even.i32 >> 16;
	odd.i32 = odd.i32 >> 16;
	even.u32 = even.u32 * odd.u32;
	odd.i32 = a.i32 >> 16;
	b.i32 = b.i32 >> 16;
	even.u32 = even.u32 + odd.u32 * b.u32;
	return even;
}

/* Only the least number times itself leaves the range: its product is -32768 when
 * cut to 16 bits, and all bits of that turned are 32767. */
SIMD union v128
simd_i16x8_q15mulr_sat_s(union v128 a, union v128 b)
{
	union v128 low = simd_i32x4_extmul_low_i16x8_s(a, b), high = simd_i32x4_extmul_high_i16x8_s(a, b), r;
	low.u32 = (low.u32 + 0x4000) >> 15;
	high.u32 = (high.u32 + 0x4000) >> 15;
	r.i16 = SIMD_EVEN16(low.i16, high.i16) ^ ((a.i16 == INT16_MIN) & (b.i16 == INT16_MIN));
	return r;
}

/* -- floating point ------------------------------------------------------------------------------------ */

/* Whole numbers: beyond `whole` there are no fractions, and adding and taking away
 * nothing makes a NaN quiet; below, adding `whole` and taking it away rounds to the
 * nearest, ties to even.  The others are at most one off.  What became zero keeps
 * its sign. */
#define SIMD_FLOAT(shape, f, u, sign, whole, whole_bits, one_bits, canon) \
	SIMD_ALL2(shape##_add, f, a.f + b.f) \
	SIMD_ALL2(shape##_sub, f, a.f - b.f) \
	SIMD_ALL2(shape##_mul, f, a.f * b.f) \
	SIMD_ALL2(shape##_div, f, a.f / b.f) \
	SIMD_ALL1(shape##_abs, u, a.u & ~(sign)) \
	SIMD_ALL1(shape##_neg, u, a.u ^ (sign)) \
	SIMD union v128 simd_##shape##_nearest(union v128 a) \
	{ \
		union v128 r, size, big; \
		size.u = a.u & ~(sign); \
		big.u = SIMD_MASK(a.u, size.f < (whole)) & ((a.u & (sign)) | (whole_bits)); \
		r.f = a.f + big.f; \
		r.f = r.f - big.f; \
		r.u = r.u | (a.u & (sign)); \
		return r; \
	} \
	SIMD union v128 simd_##shape##_floor(union v128 a) \
	{ \
		union v128 r = simd_##shape##_nearest(a), off; \
		off.u = SIMD_MASK(a.u, r.f > a.f) & (one_bits); \
		r.f = r.f - off.f; \
		return r; \
	} \
	SIMD union v128 simd_##shape##_ceil(union v128 a) \
	{ \
		union v128 r = simd_##shape##_nearest(a), off; \
		off.u = SIMD_MASK(a.u, r.f < a.f) & (one_bits); \
		r.f = r.f + off.f; \
		r.u = r.u | (a.u & (sign)); \
		return r; \
	} \
	SIMD union v128 simd_##shape##_trunc(union v128 a) \
	{ \
		union v128 r, size; \
		size.u = a.u & ~(sign); \
		r = simd_##shape##_floor(size); \
		r.u = r.u | (a.u & (sign)); \
		return r; \
	} \
	SIMD union v128 simd_##shape##_min(union v128 a, union v128 b) \
	{ \
		union v128 r, nan; \
		nan.f = a.f + b.f; \
		r.u = SIMD_PICK(SIMD_MASK(a.u, a.f < b.f), a.u, b.u); \
		r.u = r.u | (SIMD_MASK(a.u, a.f == b.f) & a.u); \
		r.u = SIMD_PICK(SIMD_MASK(a.u, a.f == a.f) & SIMD_MASK(a.u, b.f == b.f), r.u, nan.u); \
		return r; \
	} \
	SIMD union v128 simd_##shape##_max(union v128 a, union v128 b) \
	{ \
		union v128 r, nan; \
		nan.f = a.f + b.f; \
		r.u = SIMD_PICK(SIMD_MASK(a.u, a.f > b.f), a.u, b.u); \
		r.u = r.u & (SIMD_MASK(a.u, a.f != b.f) | a.u); \
		r.u = SIMD_PICK(SIMD_MASK(a.u, a.f == a.f) & SIMD_MASK(a.u, b.f == b.f), r.u, nan.u); \
		return r; \
	} \
	SIMD_ALL2(shape##_pmin, u, SIMD_PICK(SIMD_MASK(a.u, b.f < a.f), b.u, a.u)) \
	SIMD_ALL2(shape##_pmax, u, SIMD_PICK(SIMD_MASK(a.u, a.f < b.f), b.u, a.u)) \
	SIMD union v128 simd_canon_##shape(union v128 a) \
	{ \
		a.u = (SIMD_MASK(a.u, a.f != a.f) & (canon)) | (SIMD_MASK(a.u, a.f == a.f) & a.u); \
		return a; \
	}
SIMD_FLOAT(f32x4, f32, u32, 0x80000000U, 8388608.0f, 0x4b000000U, 0x3f800000U, 0x7fc00000U)
SIMD_FLOAT(f64x2, f64, u64, 0x8000000000000000U, 4503599627370496.0, 0x4330000000000000U,
           0x3ff0000000000000U, 0x7ff8000000000000U)

SIMD_ALL1(f32x4_sqrt, f32,
          ((__typeof__(a.f32)){ num_f32_sqrt(a.f32[0]), num_f32_sqrt(a.f32[1]), num_f32_sqrt(a.f32[2]),
                                num_f32_sqrt(a.f32[3]) }))
SIMD_ALL1(f64x2_sqrt, f64, ((__typeof__(a.f64)){ num_f64_sqrt(a.f64[0]), num_f64_sqrt(a.f64[1]) }))

/* Only what fits is converted; the rest is zero until its end of the range is put
 * in.  Unsigned, the upper half of the range goes through the lower. */
SIMD union v128
simd_i32x4_trunc_sat_f32x4_s(union v128 a)
{
	union v128 r;
	r.i32 = (a.f32 >= -2147483648.0f) & (a.f32 < 2147483648.0f) & a.i32;
	r.i32 = __builtin_convertvector(r.f32, __typeof__(r.i32));
	r.i32 = r.i32 | ((a.f32 >= 2147483648.0f) & INT32_MAX) | ((a.f32 < -2147483648.0f) & INT32_MIN);
	return r;
}
SIMD union v128
simd_i32x4_trunc_sat_f32x4_u(union v128 a)
{
	union v128 r, half;
	half.i32 = (a.f32 >= 2147483648.0f) & (int32_t)0x4f000000; /* 2^31 */
	r.f32 = a.f32 - half.f32;
	r.i32 = (a.f32 > -1.0f) & (a.f32 < 4294967296.0f) & r.i32;
	r.i32 = __builtin_convertvector(r.f32, __typeof__(r.i32));
	r.i32 = r.i32 ^ ((a.f32 >= 2147483648.0f) & INT32_MIN);
	r.i32 = r.i32 | (a.f32 >= 4294967296.0f);
	return r;
}
SIMD_ALL1(f32x4_convert_i32x4_s, f32, __builtin_convertvector(a.i32, __typeof__(a.f32)))
/* Two halves that fit exactly: only their sum is rounded. */
SIMD union v128
simd_f32x4_convert_i32x4_u(union v128 a)
{
	union v128 low, high;
	low.u32 = a.u32 & 0xffff;
	high.u32 = a.u32 >> 16;
	low.f32 = __builtin_convertvector(low.i32, __typeof__(a.f32));
	high.f32 = __builtin_convertvector(high.i32, __typeof__(a.f32));
	high.f32 = high.f32 * 65536.0f;
	low.f32 = high.f32 + low.f32;
	return low;
}
/* n in the lowest bits of 2^52 is 2^52 + n. */
SIMD union v128
simd_f64x2_convert_low_i32x4_u(union v128 a)
{
	a.u32 = SIMD_LOW32(a.u32, (a.u32 ^ a.u32) + 0x43300000U);
	a.f64 = a.f64 - 4503599627370496.0;
	return a;
}
SIMD union v128
simd_f64x2_convert_low_i32x4_s(union v128 a)
{
	a.u32 = SIMD_LOW32(a.u32 ^ 0x80000000U, (a.u32 ^ a.u32) + 0x43300000U);
	a.f64 = a.f64 - 4503601774854144.0; /* 2^52 + 2^31 */
	return a;
}
SIMD_ALL1(f64x2_promote_low_f32x4, f64, ((__typeof__(a.f64)){ (double)a.f32[0], (double)a.f32[1] }))
SIMD union v128
simd_f32x4_demote_f64x2_zero(union v128 a)
{
	union v128 r = { .u64 = { 0, 0 } };
	r.f32[0] = (float)a.f64[0];
	r.f32[1] = (float)a.f64[1];
	return r;
}
#define SIMD_TRUNC_ZERO(name, how) \
	SIMD union v128 simd_##name(union v128 a) \
	{ \
		union v128 r = { .u64 = { 0, 0 } }; \
		r.u32[0] = how(a.f64[0]); \
		r.u32[1] = how(a.f64[1]); \
		return r; \
	}
SIMD_TRUNC_ZERO(i32x4_trunc_sat_f64x2_s_zero, num_i32_trunc_sat_f64_s)
SIMD_TRUNC_ZERO(i32x4_trunc_sat_f64x2_u_zero, num_i32_trunc_sat_f64_u)

/* -- relaxed: as the strict ones, on every host (4.3.8, profile "deterministic") ------------------------ */

#define SIMD_SAME1(name, as) SIMD union v128 simd_##name(union v128 a) { return simd_##as(a); }
#define SIMD_SAME2(name, as) SIMD union v128 simd_##name(union v128 a, union v128 b) { return simd_##as(a, b); }
#define SIMD_SAME3(name, as) \
	SIMD union v128 simd_##name(union v128 a, union v128 b, union v128 c) { return simd_##as(a, b, c); }
SIMD_SAME2(i8x16_relaxed_swizzle, i8x16_swizzle)
SIMD_SAME1(i32x4_relaxed_trunc_f32x4_s, i32x4_trunc_sat_f32x4_s)
SIMD_SAME1(i32x4_relaxed_trunc_f32x4_u, i32x4_trunc_sat_f32x4_u)
SIMD_SAME1(i32x4_relaxed_trunc_f64x2_s_zero, i32x4_trunc_sat_f64x2_s_zero)
SIMD_SAME1(i32x4_relaxed_trunc_f64x2_u_zero, i32x4_trunc_sat_f64x2_u_zero)
SIMD_SAME3(i8x16_relaxed_laneselect, v128_bitselect)
SIMD_SAME3(i16x8_relaxed_laneselect, v128_bitselect)
SIMD_SAME3(i32x4_relaxed_laneselect, v128_bitselect)
SIMD_SAME3(i64x2_relaxed_laneselect, v128_bitselect)
SIMD_SAME2(f32x4_relaxed_min, f32x4_min)
SIMD_SAME2(f32x4_relaxed_max, f32x4_max)
SIMD_SAME2(f64x2_relaxed_min, f64x2_min)
SIMD_SAME2(f64x2_relaxed_max, f64x2_max)
SIMD_SAME2(i16x8_relaxed_q15mulr_s, i16x8_q15mulr_sat_s)
#define SIMD_MADD(shape, f) \
	SIMD union v128 simd_##shape##_relaxed_madd(union v128 a, union v128 b, union v128 c) \
	{ \
		a.f = a.f * b.f; \
		a.f = a.f + c.f; \
		return a; \
	} \
	SIMD union v128 simd_##shape##_relaxed_nmadd(union v128 a, union v128 b, union v128 c) \
	{ \
		a.f = a.f * b.f; \
		a.f = c.f - a.f; \
		return a; \
	}
SIMD_MADD(f32x4, f32)
SIMD_MADD(f64x2, f64)
/* A sum of two products leaves 16 bits at one place, 2 * 128 * 128. */
SIMD union v128
simd_i16x8_relaxed_dot_i8x16_i7x16_s(union v128 a, union v128 b)
{
	union v128 even, odd;
	even.u16 = a.u16 << 8;
	odd.u16 = b.u16 << 8;
	even.i16 = even.i16 >> 8;
	odd.i16 = odd.i16 >> 8;
	even.u16 = even.u16 * odd.u16;
	odd.i16 = a.i16 >> 8;
	b.i16 = b.i16 >> 8;
	even.u16 = even.u16 + odd.u16 * b.u16;
	even.i16 = even.i16 ^ (even.i16 == INT16_MIN);
	return even;
}
SIMD union v128
simd_i32x4_relaxed_dot_i8x16_i7x16_add_s(union v128 a, union v128 b, union v128 c)
{
	union v128 d = simd_i16x8_relaxed_dot_i8x16_i7x16_s(a, b);
	d = simd_i32x4_extadd_pairwise_i16x8_s(d);
	d.u32 = d.u32 + c.u32;
	return d;
}

#endif
/* clang-format on */
