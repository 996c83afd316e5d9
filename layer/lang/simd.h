/* simd.h -- arithmetic of vectors (Core specification 4.3.8), a function per row.
 *
 * simd_ROW for each row of op_simd.def that touches no memory: vectors come and go
 * by value, a lane's number is the last argument.  The compiler's vectors are used
 * where they say what the specification says, lanes one by one where not; either
 * way the same on every host.  The relaxed rows give what the strict ones give.
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
/* The same lane by lane: x and y are lane i of a and b. */
#define SIMD_EACH1(name, in, out, n, expr) \
	SIMD union v128 simd_##name(union v128 a) \
	{ \
		union v128 r; \
		for (int i = 0; i < n; i++) { \
			__typeof__(a.in[0]) x = a.in[i]; \
			r.out[i] = (__typeof__(r.out[0]))(expr); \
		} \
		return r; \
	}
#define SIMD_EACH2(name, in, out, n, expr) \
	SIMD union v128 simd_##name(union v128 a, union v128 b) \
	{ \
		union v128 r; \
		for (int i = 0; i < n; i++) { \
			__typeof__(a.in[0]) x = a.in[i], y = b.in[i]; \
			r.out[i] = (__typeof__(r.out[0]))(expr); \
		} \
		return r; \
	}
#define SIMD_CLAMP(v, low, high) ((v) < (low) ? (low) : (v) > (high) ? (high) : (v))

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

SIMD union v128
simd_i8x16_shuffle(union v128 a, union v128 b, const uint8_t lanes[16])
{
	uint8_t both[32];
	union v128 r;
	memcpy(both, &a, 16);
	memcpy(both + 16, &b, 16);
	for (int i = 0; i < 16; i++)
		r.u8[i] = both[lanes[i] & 31];
	return r;
}

SIMD union v128
simd_i8x16_swizzle(union v128 a, union v128 b)
{
	union v128 r;
	for (int i = 0; i < 16; i++)
		r.u8[i] = b.u8[i] < 16 ? a.u8[b.u8[i]] : 0;
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

#define SIMD_ORDER(shape, s, u) \
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
SIMD_ORDER(i8x16, i8, u8)
SIMD_ORDER(i16x8, i16, u16)
SIMD_ORDER(i32x4, i32, u32)
SIMD_ORDER(i64x2, i64, u64)
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

#define SIMD_WHOLE(shape, s, u, n, bits) \
	SIMD_ALL2(shape##_add, u, a.u + b.u) \
	SIMD_ALL2(shape##_sub, u, a.u - b.u) \
	SIMD_ALL1(shape##_neg, u, -a.u) \
	SIMD_EACH1(shape##_abs, u, u, n, (a.s[i] < 0 ? -x : x)) \
	SIMD union v128 simd_##shape##_shl(union v128 a, uint32_t by) { a.u = a.u << (by & (bits - 1)); return a; } \
	SIMD union v128 simd_##shape##_shr_u(union v128 a, uint32_t by) { a.u = a.u >> (by & (bits - 1)); return a; } \
	SIMD union v128 simd_##shape##_shr_s(union v128 a, uint32_t by) { a.s = a.s >> (by & (bits - 1)); return a; } \
	SIMD uint32_t simd_##shape##_all_true(union v128 a) \
	{ \
		uint32_t all = 1; \
		for (int i = 0; i < n; i++) \
			all &= a.u[i] != 0; \
		return all; \
	} \
	SIMD uint32_t simd_##shape##_bitmask(union v128 a) \
	{ \
		uint32_t mask = 0; \
		for (int i = 0; i < n; i++) \
			mask |= (uint32_t)(a.s[i] < 0) << i; \
		return mask; \
	}
SIMD_WHOLE(i8x16, i8, u8, 16, 8)
SIMD_WHOLE(i16x8, i16, u16, 8, 16)
SIMD_WHOLE(i32x4, i32, u32, 4, 32)
SIMD_WHOLE(i64x2, i64, u64, 2, 64)
SIMD_ALL2(i16x8_mul, u16, a.u16 * b.u16)
SIMD_ALL2(i32x4_mul, u32, a.u32 * b.u32)
SIMD_ALL2(i64x2_mul, u64, a.u64 * b.u64)
SIMD_EACH1(i8x16_popcnt, u8, u8, 16, __builtin_popcount(x))

/* A comparison is a mask: take x where it holds. */
#define SIMD_PICK(m, c) (((__typeof__(r.m))(c) & a.m) | (~(__typeof__(r.m))(c) & b.m))
#define SIMD_MINMAX(shape, s, u) \
	SIMD_ALL2(shape##_min_s, s, SIMD_PICK(s, a.s < b.s)) \
	SIMD_ALL2(shape##_max_s, s, SIMD_PICK(s, a.s > b.s)) \
	SIMD_ALL2(shape##_min_u, u, SIMD_PICK(u, a.u < b.u)) \
	SIMD_ALL2(shape##_max_u, u, SIMD_PICK(u, a.u > b.u))
SIMD_MINMAX(i8x16, i8, u8)
SIMD_MINMAX(i16x8, i16, u16)
SIMD_MINMAX(i32x4, i32, u32)

#define SIMD_SATURATE(shape, s, u, n, low, high, top) \
	SIMD_EACH2(shape##_add_sat_s, s, s, n, SIMD_CLAMP(x + y, low, high)) \
	SIMD_EACH2(shape##_add_sat_u, u, u, n, SIMD_CLAMP(x + y, 0, top)) \
	SIMD_EACH2(shape##_sub_sat_s, s, s, n, SIMD_CLAMP(x - y, low, high)) \
	SIMD_EACH2(shape##_sub_sat_u, u, u, n, SIMD_CLAMP(x - y, 0, top)) \
	SIMD_EACH2(shape##_avgr_u, u, u, n, (x + y + 1) >> 1)
SIMD_SATURATE(i8x16, i8, u8, 16, -128, 127, 255)
SIMD_SATURATE(i16x8, i16, u16, 8, -32768, 32767, 65535)
SIMD_EACH2(i16x8_q15mulr_sat_s, i16, i16, 8, SIMD_CLAMP((x * y + 0x4000) >> 15, -32768, 32767))

#define SIMD_NARROW(name, in, out, n, low, high) \
	SIMD union v128 simd_##name(union v128 a, union v128 b) \
	{ \
		union v128 r; \
		for (int i = 0; i < n; i++) { \
			r.out[i] = (__typeof__(r.out[0]))SIMD_CLAMP(a.in[i], low, high); \
			r.out[i + n] = (__typeof__(r.out[0]))SIMD_CLAMP(b.in[i], low, high); \
		} \
		return r; \
	}
SIMD_NARROW(i8x16_narrow_i16x8_s, i16, i8, 8, -128, 127)
SIMD_NARROW(i8x16_narrow_i16x8_u, i16, u8, 8, 0, 255)
SIMD_NARROW(i16x8_narrow_i32x4_s, i32, i16, 4, -32768, 32767)
SIMD_NARROW(i16x8_narrow_i32x4_u, i32, u16, 4, 0, 65535)

/* Lanes to twice the width; W is wide enough for their product. */
#define SIMD_WIDEN(shape, from, sign, in, out, n, W) \
	SIMD_EACH1(shape##_extend_low_##from##_##sign, out, out, n, ((void)x, a.in[i])) \
	SIMD_EACH1(shape##_extend_high_##from##_##sign, out, out, n, ((void)x, a.in[i + n])) \
	SIMD_EACH2(shape##_extmul_low_##from##_##sign, out, out, n, ((void)x, (void)y, (W)a.in[i] * (W)b.in[i])) \
	SIMD_EACH2(shape##_extmul_high_##from##_##sign, out, out, n, \
	           ((void)x, (void)y, (W)a.in[i + n] * (W)b.in[i + n]))
SIMD_WIDEN(i16x8, i8x16, s, i8, i16, 8, int32_t)
SIMD_WIDEN(i16x8, i8x16, u, u8, u16, 8, uint32_t)
SIMD_WIDEN(i32x4, i16x8, s, i16, i32, 4, int32_t)
SIMD_WIDEN(i32x4, i16x8, u, u16, u32, 4, uint32_t)
SIMD_WIDEN(i64x2, i32x4, s, i32, i64, 2, int64_t)
SIMD_WIDEN(i64x2, i32x4, u, u32, u64, 2, uint64_t)
SIMD_EACH1(i16x8_extadd_pairwise_i8x16_s, i16, i16, 8, ((void)x, a.i8[2 * i] + a.i8[2 * i + 1]))
SIMD_EACH1(i16x8_extadd_pairwise_i8x16_u, u16, u16, 8, ((void)x, a.u8[2 * i] + a.u8[2 * i + 1]))
SIMD_EACH1(i32x4_extadd_pairwise_i16x8_s, i32, i32, 4, ((void)x, a.i16[2 * i] + a.i16[2 * i + 1]))
SIMD_EACH1(i32x4_extadd_pairwise_i16x8_u, u32, u32, 4, ((void)x, a.u16[2 * i] + a.u16[2 * i + 1]))
SIMD_EACH2(i32x4_dot_i16x8_s, u32, u32, 4,
           ((void)x, (void)y, (uint32_t)(a.i16[2 * i] * b.i16[2 * i]) + (uint32_t)(a.i16[2 * i + 1] * b.i16[2 * i + 1])))

/* -- floating point ------------------------------------------------------------------------------------ */

#define SIMD_FLOAT(shape, w, f, u, n, sign) \
	SIMD_ALL2(shape##_add, f, a.f + b.f) \
	SIMD_ALL2(shape##_sub, f, a.f - b.f) \
	SIMD_ALL2(shape##_mul, f, a.f * b.f) \
	SIMD_ALL2(shape##_div, f, a.f / b.f) \
	SIMD_ALL1(shape##_abs, u, a.u & ~(sign)) \
	SIMD_ALL1(shape##_neg, u, a.u ^ (sign)) \
	SIMD_EACH1(shape##_sqrt, f, f, n, num_##w##_sqrt(x)) \
	SIMD_EACH1(shape##_ceil, f, f, n, num_##w##_ceil(x)) \
	SIMD_EACH1(shape##_floor, f, f, n, num_##w##_floor(x)) \
	SIMD_EACH1(shape##_trunc, f, f, n, num_##w##_trunc(x)) \
	SIMD_EACH1(shape##_nearest, f, f, n, num_##w##_nearest(x)) \
	SIMD_EACH2(shape##_min, f, f, n, num_##w##_min(x, y)) \
	SIMD_EACH2(shape##_max, f, f, n, num_##w##_max(x, y)) \
	SIMD_EACH2(shape##_pmin, f, u, n, ((y < x) ? b.u[i] : a.u[i])) \
	SIMD_EACH2(shape##_pmax, f, u, n, ((x < y) ? b.u[i] : a.u[i])) \
	SIMD union v128 simd_canon_##shape(union v128 a) \
	{ \
		for (int i = 0; i < n; i++) \
			a.f[i] = num_canon_##w(a.f[i]); \
		return a; \
	}
SIMD_FLOAT(f32x4, f32, f32, u32, 4, 0x80000000U)
SIMD_FLOAT(f64x2, f64, f64, u64, 2, 0x8000000000000000U)

SIMD_EACH1(i32x4_trunc_sat_f32x4_s, f32, u32, 4, num_i32_trunc_sat_f32_s(x))
SIMD_EACH1(i32x4_trunc_sat_f32x4_u, f32, u32, 4, num_i32_trunc_sat_f32_u(x))
SIMD_EACH1(f32x4_convert_i32x4_s, i32, f32, 4, (float)x)
SIMD_EACH1(f32x4_convert_i32x4_u, u32, f32, 4, (float)x)
SIMD_EACH1(f64x2_convert_low_i32x4_s, i32, f64, 2, (double)x)
SIMD_EACH1(f64x2_convert_low_i32x4_u, u32, f64, 2, (double)x)
SIMD_EACH1(f64x2_promote_low_f32x4, f32, f64, 2, (double)x)
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
SIMD_EACH2(i16x8_relaxed_dot_i8x16_i7x16_s, i16, i16, 8,
           ((void)x, (void)y,
            SIMD_CLAMP(a.i8[2 * i] * b.i8[2 * i] + a.i8[2 * i + 1] * b.i8[2 * i + 1], -32768, 32767)))
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
