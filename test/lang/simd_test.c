/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <string.h>

#include "layer/lang/simd.h"
#include "test/lang/soft.h"
#include "test/lang/values.h"

/* Every row of op_simd.def that touches no memory, against a second answer written
 * from the specification: one lane at a time, in bytes, with whole numbers and
 * soft.h.  A row without a second answer does not compile. */

struct operands {
	uint8_t v[3][16];
	uint64_t s; /* the scalar operand, as bits */
	unsigned lane;
};

struct answer {
	uint8_t v[16];
	uint64_t s;
	/* lanes that are floating-point results, where a NaN may be one of many */
	const struct soft_format *format;
	bool odd[4]; /* an operand of that lane was a NaN, and not the canonical one */
};

static uint64_t
get(const uint8_t *v, int bits, int lane)
{
	uint64_t r = 0;
	for (int i = bits / 8 - 1; i >= 0; i--)
		r = r << 8 | v[lane * bits / 8 + i];
	return r;
}

static void
set(uint8_t *v, int bits, int lane, uint64_t to)
{
	for (int i = 0; i < bits / 8; i++, to >>= 8)
		v[lane * bits / 8 + i] = to & 255;
}

static int64_t
with_sign(int bits, uint64_t v)
{
	if (bits == 64)
		return v >> 63 ? -(int64_t)(~v) - 1 : (int64_t)v;
	v %= 1ULL << bits;
	return v >> (bits - 1) ? (int64_t)v - (1LL << bits) : (int64_t)v;
}

static int64_t
clamp(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

static int64_t
halve_down(int64_t v, uint64_t times)
{
	for (; times; times--)
		v = (v - (v < 0 && v % 2 != 0)) / 2;
	return v;
}

static uint64_t
ones(uint64_t v)
{
	uint64_t n = 0;
	for (; v; v /= 2)
		n += v % 2;
	return n;
}

/* -- the second answers ------------------------------------------------------------ */

#define REF(name) static void ref_##name(const struct operands *o, struct answer *r)

/* Lane i of the answer from x, y, z, lanes i of the operands; X and Y with sign. */
#define LANES(name, bits, expr)                                                                    \
	REF(name)                                                                                  \
	{                                                                                          \
		for (int i = 0; i < 128 / (bits); i++) {                                           \
			uint64_t x = get(o->v[0], bits, i), y = get(o->v[1], bits, i);             \
			int64_t X = with_sign(bits, x), Y = with_sign(bits, y);                    \
			(void)x, (void)y, (void)X, (void)Y;                                        \
			set(r->v, bits, i, (uint64_t)(expr));                                      \
		}                                                                                  \
	}
/* A scalar from all lanes: r->s, which is 0, and x and X in turn. */
#define GATHER(name, bits, statement)                                                              \
	REF(name)                                                                                  \
	{                                                                                          \
		for (int i = 0; i < 128 / (bits); i++) {                                           \
			uint64_t x = get(o->v[0], bits, i);                                        \
			int64_t X = with_sign(bits, x);                                            \
			(void)x, (void)X;                                                          \
			statement;                                                                 \
		}                                                                                  \
	}
/* A floating-point answer. */
#define FLOATS(name, w, bits, expr)                                                                \
	REF(name)                                                                                  \
	{                                                                                          \
		const struct soft_format *f = &soft_##w;                                           \
		r->format = f;                                                                     \
		for (int i = 0; i < 128 / (bits); i++) {                                           \
			uint64_t x = get(o->v[0], bits, i), y = get(o->v[1], bits, i);             \
			uint64_t z = get(o->v[2], bits, i);                                        \
			(void)y, (void)z;                                                          \
			r->odd[i] =                                                                \
			        soft_odd_nan(f, x) || soft_odd_nan(f, y) || soft_odd_nan(f, z);    \
			set(r->v, bits, i, expr);                                                  \
		}                                                                                  \
	}
#define ALIAS(name, as)                                                                            \
	REF(name) { ref_##as(o, r); }

/* bits */
LANES(v128_not, 8, 255 - x)
LANES(v128_and, 8, ~(~x | ~y))
LANES(v128_andnot, 8, x - (x & y))
LANES(v128_or, 8, x + y - (x & y))
LANES(v128_xor, 8, (x | y) - (x & y))
REF(v128_bitselect)
{
	for (int i = 0; i < 128; i++) {
		const uint8_t *from = o->v[2][i / 8] >> i % 8 & 1 ? o->v[0] : o->v[1];
		r->v[i / 8] |= (uint8_t)((from[i / 8] >> i % 8 & 1) << i % 8);
	}
}
GATHER(v128_any_true, 8, r->s |= x != 0)
LANES(i8x16_swizzle, 8, y < 16 ? get(o->v[0], 8, (int)y) : 0)

#define SPLAT_REF(shape, bits)                                                                     \
	LANES(shape##_splat, bits, o->s)                                                           \
	LANES(shape##_replace_lane, bits, (unsigned)i == o->lane ? o->s : x)
SPLAT_REF(i8x16, 8)
SPLAT_REF(i16x8, 16)
SPLAT_REF(i32x4, 32)
SPLAT_REF(i64x2, 64)
SPLAT_REF(f32x4, 32)
SPLAT_REF(f64x2, 64)
GATHER(i8x16_extract_lane_s, 8, if ((unsigned)i == o->lane) r->s = (uint32_t)X)
GATHER(i8x16_extract_lane_u, 8, if ((unsigned)i == o->lane) r->s = x)
GATHER(i16x8_extract_lane_s, 16, if ((unsigned)i == o->lane) r->s = (uint32_t)X)
GATHER(i16x8_extract_lane_u, 16, if ((unsigned)i == o->lane) r->s = x)
GATHER(i32x4_extract_lane, 32, if ((unsigned)i == o->lane) r->s = x)
GATHER(i64x2_extract_lane, 64, if ((unsigned)i == o->lane) r->s = x)
GATHER(f32x4_extract_lane, 32, if ((unsigned)i == o->lane) r->s = x)
GATHER(f64x2_extract_lane, 64, if ((unsigned)i == o->lane) r->s = x)

/* whole numbers */
#define ORDER_REF(shape, bits)                                                                     \
	LANES(shape##_eq, bits, x == y ? ~0ULL : 0)                                                \
	LANES(shape##_ne, bits, x == y ? 0 : ~0ULL)                                                \
	LANES(shape##_lt_s, bits, X < Y ? ~0ULL : 0)                                               \
	LANES(shape##_gt_s, bits, X > Y ? ~0ULL : 0)                                               \
	LANES(shape##_le_s, bits, X > Y ? 0 : ~0ULL)                                               \
	LANES(shape##_ge_s, bits, X < Y ? 0 : ~0ULL)
#define ORDER_U_REF(shape, bits)                                                                   \
	LANES(shape##_lt_u, bits, x < y ? ~0ULL : 0)                                               \
	LANES(shape##_gt_u, bits, x > y ? ~0ULL : 0)                                               \
	LANES(shape##_le_u, bits, x > y ? 0 : ~0ULL)                                               \
	LANES(shape##_ge_u, bits, x < y ? 0 : ~0ULL)                                               \
	LANES(shape##_min_s, bits, X < Y ? X : Y)                                                  \
	LANES(shape##_max_s, bits, X < Y ? Y : X)                                                  \
	LANES(shape##_min_u, bits, x < y ? x : y)                                                  \
	LANES(shape##_max_u, bits, x < y ? y : x)
#define WHOLE_REF(shape, bits)                                                                     \
	LANES(shape##_add, bits, x + y)                                                            \
	LANES(shape##_sub, bits, x - y)                                                            \
	LANES(shape##_neg, bits, ~x + 1)                                                           \
	LANES(shape##_abs, bits, X < 0 ? 0 - x : x)                                                \
	LANES(shape##_shl, bits, x << o->s % (bits))                                               \
	LANES(shape##_shr_u, bits, x >> o->s % (bits))                                             \
	LANES(shape##_shr_s, bits, halve_down(X, o->s % (bits)))                                   \
	GATHER(shape##_all_true, bits, r->s = (i == 0 || r->s) && x)                               \
	GATHER(shape##_bitmask, bits, r->s += X < 0 ? 1ULL << i : 0)
ORDER_REF(i8x16, 8)
ORDER_REF(i16x8, 16)
ORDER_REF(i32x4, 32)
ORDER_REF(i64x2, 64)
ORDER_U_REF(i8x16, 8)
ORDER_U_REF(i16x8, 16)
ORDER_U_REF(i32x4, 32)
WHOLE_REF(i8x16, 8)
WHOLE_REF(i16x8, 16)
WHOLE_REF(i32x4, 32)
WHOLE_REF(i64x2, 64)
LANES(i16x8_mul, 16, x *y)
LANES(i32x4_mul, 32, x *y)
LANES(i64x2_mul, 64, x *y)
LANES(i8x16_popcnt, 8, ones(x))
#define SATURATE_REF(shape, bits)                                                                  \
	LANES(shape##_add_sat_s, bits, clamp(X + Y, -(1 << (bits - 1)), (1 << (bits - 1)) - 1))    \
	LANES(shape##_sub_sat_s, bits, clamp(X - Y, -(1 << (bits - 1)), (1 << (bits - 1)) - 1))    \
	LANES(shape##_add_sat_u, bits, clamp((int64_t)(x + y), 0, (1 << bits) - 1))                \
	LANES(shape##_sub_sat_u, bits, x < y ? 0 : x - y)                                          \
	LANES(shape##_avgr_u, bits, (x + y + 1) / 2)
SATURATE_REF(i8x16, 8)
SATURATE_REF(i16x8, 16)
LANES(i16x8_q15mulr_sat_s, 16, clamp(halve_down(X *Y + 16384, 15), -32768, 32767))

/* Lane i of the two operands one after the other, n lanes each. */
#define BOTH(bits) with_sign(bits, get(o->v[i / (128 / (bits))], bits, i % (128 / (bits))))
LANES(i8x16_narrow_i16x8_s, 8, clamp(BOTH(16), -128, 127))
LANES(i8x16_narrow_i16x8_u, 8, clamp(BOTH(16), 0, 255))
LANES(i16x8_narrow_i32x4_s, 16, clamp(BOTH(32), -32768, 32767))
LANES(i16x8_narrow_i32x4_u, 16, clamp(BOTH(32), 0, 65535))

/* A lane of operand k at half the width, without sign and with. */
#define HALF(k, bits, lane)   get(o->v[k], bits, lane)
#define HALF_S(k, bits, lane) (uint64_t) with_sign(bits, get(o->v[k], bits, lane))
#define WIDEN_REF(shape, from, half, n)                                                            \
	LANES(shape##_extend_low_##from##_s, 2 * half, HALF_S(0, half, i))                         \
	LANES(shape##_extend_high_##from##_s, 2 * half, HALF_S(0, half, i + n))                    \
	LANES(shape##_extend_low_##from##_u, 2 * half, HALF(0, half, i))                           \
	LANES(shape##_extend_high_##from##_u, 2 * half, HALF(0, half, i + n))                      \
	LANES(shape##_extmul_low_##from##_s, 2 * half, HALF_S(0, half, i) * HALF_S(1, half, i))    \
	LANES(shape##_extmul_high_##from##_s, 2 * half,                                            \
	      HALF_S(0, half, i + n) * HALF_S(1, half, i + n))                                     \
	LANES(shape##_extmul_low_##from##_u, 2 * half, HALF(0, half, i) * HALF(1, half, i))        \
	LANES(shape##_extmul_high_##from##_u, 2 * half, HALF(0, half, i + n) * HALF(1, half, i + n))
WIDEN_REF(i16x8, i8x16, 8, 8)
WIDEN_REF(i32x4, i16x8, 16, 4)
WIDEN_REF(i64x2, i32x4, 32, 2)
LANES(i16x8_extadd_pairwise_i8x16_s, 16, HALF_S(0, 8, 2 * i) + HALF_S(0, 8, 2 * i + 1))
LANES(i16x8_extadd_pairwise_i8x16_u, 16, HALF(0, 8, 2 * i) + HALF(0, 8, 2 * i + 1))
LANES(i32x4_extadd_pairwise_i16x8_s, 32, HALF_S(0, 16, 2 * i) + HALF_S(0, 16, 2 * i + 1))
LANES(i32x4_extadd_pairwise_i16x8_u, 32, HALF(0, 16, 2 * i) + HALF(0, 16, 2 * i + 1))
#define PRODUCT(bits, lane) HALF_S(0, bits, lane) * HALF_S(1, bits, lane)
LANES(i32x4_dot_i16x8_s, 32, PRODUCT(16, 2 * i) + PRODUCT(16, 2 * i + 1))

/* floating point */
#define FLOAT_REF(shape, w, bits)                                                                  \
	FLOATS(shape##_add, w, bits, soft_add(f, x, y))                                            \
	FLOATS(shape##_sub, w, bits, soft_sub(f, x, y))                                            \
	FLOATS(shape##_mul, w, bits, soft_mul(f, x, y))                                            \
	FLOATS(shape##_div, w, bits, soft_div(f, x, y))                                            \
	FLOATS(shape##_sqrt, w, bits, soft_sqrt(f, x))                                             \
	FLOATS(shape##_min, w, bits, soft_min(f, x, y))                                            \
	FLOATS(shape##_max, w, bits, soft_max(f, x, y))                                            \
	FLOATS(shape##_ceil, w, bits, soft_whole(f, x, 'c'))                                       \
	FLOATS(shape##_floor, w, bits, soft_whole(f, x, 'f'))                                      \
	FLOATS(shape##_trunc, w, bits, soft_whole(f, x, 't'))                                      \
	FLOATS(shape##_nearest, w, bits, soft_whole(f, x, 'n'))                                    \
	FLOATS(shape##_relaxed_madd, w, bits, soft_add(f, soft_mul(f, x, y), z))                   \
	FLOATS(shape##_relaxed_nmadd, w, bits, soft_add(f, soft_mul(f, x, y) ^ soft_sign(f), z))   \
	LANES(shape##_abs, bits, x % (1ULL << (bits - 1)))                                         \
	LANES(shape##_neg, bits, x + (1ULL << (bits - 1)))                                         \
	LANES(shape##_pmin, bits, soft_less(&soft_##w, y, x) ? y : x)                              \
	LANES(shape##_pmax, bits, soft_less(&soft_##w, x, y) ? y : x)                              \
	LANES(shape##_eq, bits, soft_same(&soft_##w, x, y) ? ~0ULL : 0)                            \
	LANES(shape##_ne, bits, soft_same(&soft_##w, x, y) ? 0 : ~0ULL)                            \
	LANES(shape##_lt, bits, soft_less(&soft_##w, x, y) ? ~0ULL : 0)                            \
	LANES(shape##_gt, bits, soft_less(&soft_##w, y, x) ? ~0ULL : 0)                            \
	LANES(shape##_le, bits,                                                                    \
	      soft_less(&soft_##w, x, y) || soft_same(&soft_##w, x, y) ? ~0ULL : 0)                \
	LANES(shape##_ge, bits,                                                                    \
	      soft_less(&soft_##w, y, x) || soft_same(&soft_##w, x, y) ? ~0ULL : 0)                \
	ALIAS(shape##_relaxed_min, shape##_min)                                                    \
	ALIAS(shape##_relaxed_max, shape##_max)
FLOAT_REF(f32x4, f32, 32)
FLOAT_REF(f64x2, f64, 64)

static uint64_t
to_whole(const struct soft_format *f, uint64_t v, bool sign)
{
	uint64_t out;
	soft_to(f, v, 32, sign, &out);
	return out;
}
LANES(i32x4_trunc_sat_f32x4_s, 32, to_whole(&soft_f32, x, true))
LANES(i32x4_trunc_sat_f32x4_u, 32, to_whole(&soft_f32, x, false))
#define DOUBLE get(o->v[0], 64, i % 2)
LANES(i32x4_trunc_sat_f64x2_s_zero, 32, i < 2 ? to_whole(&soft_f64, DOUBLE, true) : 0)
LANES(i32x4_trunc_sat_f64x2_u_zero, 32, i < 2 ? to_whole(&soft_f64, DOUBLE, false) : 0)
LANES(f32x4_convert_i32x4_s, 32, soft_from(&soft_f32, (uint64_t)X, true))
LANES(f32x4_convert_i32x4_u, 32, soft_from(&soft_f32, x, false))
LANES(f64x2_convert_low_i32x4_s, 64, soft_from(&soft_f64, HALF_S(0, 32, i), true))
LANES(f64x2_convert_low_i32x4_u, 64, soft_from(&soft_f64, HALF(0, 32, i), false))
REF(f32x4_demote_f64x2_zero)
{
	r->format = &soft_f32;
	for (int i = 0; i < 2; i++) {
		r->odd[i] = soft_odd_nan(&soft_f64, DOUBLE);
		set(r->v, 32, i, soft_change(&soft_f64, &soft_f32, DOUBLE));
	}
}
REF(f64x2_promote_low_f32x4)
{
	r->format = &soft_f64;
	for (int i = 0; i < 2; i++) {
		r->odd[i] = soft_odd_nan(&soft_f32, HALF(0, 32, i));
		set(r->v, 64, i, soft_change(&soft_f32, &soft_f64, HALF(0, 32, i)));
	}
}

/* relaxed: the answer of the strict ones; the dot products with sign, saturating */
ALIAS(i8x16_relaxed_swizzle, i8x16_swizzle)
ALIAS(i32x4_relaxed_trunc_f32x4_s, i32x4_trunc_sat_f32x4_s)
ALIAS(i32x4_relaxed_trunc_f32x4_u, i32x4_trunc_sat_f32x4_u)
ALIAS(i32x4_relaxed_trunc_f64x2_s_zero, i32x4_trunc_sat_f64x2_s_zero)
ALIAS(i32x4_relaxed_trunc_f64x2_u_zero, i32x4_trunc_sat_f64x2_u_zero)
ALIAS(i8x16_relaxed_laneselect, v128_bitselect)
ALIAS(i16x8_relaxed_laneselect, v128_bitselect)
ALIAS(i32x4_relaxed_laneselect, v128_bitselect)
ALIAS(i64x2_relaxed_laneselect, v128_bitselect)
ALIAS(i16x8_relaxed_q15mulr_s, i16x8_q15mulr_sat_s)
#define DOT(i) clamp((int64_t)(PRODUCT(8, 2 * (i)) + PRODUCT(8, 2 * (i) + 1)), -32768, 32767)
LANES(i16x8_relaxed_dot_i8x16_i7x16_s, 16, DOT(i))
LANES(i32x4_relaxed_dot_i8x16_i7x16_add_s, 32,
      (uint64_t)DOT(2 * i) + (uint64_t)DOT(2 * i + 1) + get(o->v[2], 32, i))

/* -- calling ours, whatever its type ------------------------------------------------- */

typedef void any(void);
typedef void call(any *f, const struct operands *o, struct answer *r);

static union v128
vector(const uint8_t *bytes)
{
	union v128 v;
	memcpy(&v, bytes, 16);
	return v;
}
static void put_v(struct answer *r, union v128 v) { memcpy(r->v, &v, 16); }
static void put_i(struct answer *r, uint32_t v) { r->s = v; }
static void
put_I(struct answer *r, uint64_t v)
{
	r->s = v;
}
static void put_f(struct answer *r, float v) { r->s = num_i32_reinterpret_f32(v); }
static void
put_F(struct answer *r, double v)
{
	r->s = num_i64_reinterpret_f64(v);
}

#define V0  vector(o->v[0])
#define V1  vector(o->v[1])
#define V2  vector(o->v[2])
#define S_f num_f32_reinterpret_i32((uint32_t)o->s)
#define S_F num_f64_reinterpret_i64(o->s)
#define CALLER(type, put, ...)                                                                     \
	static void call_##type(any *f, const struct operands *o, struct answer *r)                \
	{                                                                                          \
		put(r, ((type *)f)(__VA_ARGS__));                                                  \
	}
typedef union v128 v_v(union v128), v_vv(union v128, union v128);
typedef union v128 v_vvv(union v128, union v128, union v128);
typedef union v128 v_vi(union v128, uint32_t), v_i(uint32_t), v_I(uint64_t), v_f(float),
        v_F(double);
typedef union v128 v_vil(union v128, uint32_t, unsigned), v_vIl(union v128, uint64_t, unsigned);
typedef union v128 v_vfl(union v128, float, unsigned), v_vFl(union v128, double, unsigned);
typedef uint32_t i_v(union v128), i_vl(union v128, unsigned);
typedef uint64_t I_vl(union v128, unsigned);
typedef float f_vl(union v128, unsigned);
typedef double F_vl(union v128, unsigned);
CALLER(v_v, put_v, V0)
CALLER(v_vv, put_v, V0, V1)
CALLER(v_vvv, put_v, V0, V1, V2)
CALLER(v_vi, put_v, V0, (uint32_t)o->s)
CALLER(v_i, put_v, (uint32_t)o->s)
CALLER(v_I, put_v, o->s)
CALLER(v_f, put_v, S_f)
CALLER(v_F, put_v, S_F)
CALLER(v_vil, put_v, V0, (uint32_t)o->s, o->lane)
CALLER(v_vIl, put_v, V0, o->s, o->lane)
CALLER(v_vfl, put_v, V0, S_f, o->lane)
CALLER(v_vFl, put_v, V0, S_F, o->lane)
CALLER(i_v, put_i, V0)
CALLER(i_vl, put_i, V0, o->lane)
CALLER(I_vl, put_I, V0, o->lane)
CALLER(f_vl, put_f, V0, o->lane)
CALLER(F_vl, put_F, V0, o->lane)
#define HOW(type) type * : call_##type
#define CALL_OF(f)                                                                                 \
	_Generic((f), HOW(v_v), HOW(v_vv), HOW(v_vvv), HOW(v_vi), HOW(v_i), HOW(v_I), HOW(v_f),    \
	         HOW(v_F), HOW(v_vil), HOW(v_vIl), HOW(v_vfl), HOW(v_vFl), HOW(i_v), HOW(i_vl),    \
	         HOW(I_vl), HOW(f_vl), HOW(F_vl))

/* -- the rows ------------------------------------------------------------------------- */

static const struct row {
	const char *name, *in;
	unsigned lanes; /* that the immediate may name */
	call *call;
	any *ours;
	void (*ref)(const struct operands *o, struct answer *r);
} rows[] = {
#define ROW_NONE(name, in, n)                                                                      \
	{ #name, in, 1, CALL_OF(simd_##name), (any *)simd_##name, ref_##name },
#define ROW_LANE(name, in, n)                                                                      \
	{ #name, in, n, CALL_OF(simd_##name), (any *)simd_##name, ref_##name },
#define ROW_SHUFFLE(name, in, n)
#define ROW_V128(name, in, n)
#define ROW_MEMARG(name, in, n)
#define ROW_MEMARG_LANE(name, in, n)
#define OP(name, text, prefix, code, in, out, imm, n) ROW_##imm(name, in, n)
#include "layer/lang/op_simd.def"
#undef OP
};

static bool
agree(const struct answer *got, const struct answer *want)
{
	if (got->s != want->s)
		return false;
	if (!want->format)
		return memcmp(got->v, want->v, 16) == 0;
	int bits = want->format->bits;
	for (int i = 0; i < 128 / bits; i++)
		if (!soft_may(want->format, get(got->v, bits, i), get(want->v, bits, i),
		              want->odd[i]))
			return false;
	return true;
}

static void
show(const char *what, const uint8_t *v)
{
	print_error("  %s %016llx %016llx\n", what, (unsigned long long)get(v, 64, 1),
	            (unsigned long long)get(v, 64, 0));
}

static void
check(const struct row *row, const struct operands *o)
{
	struct answer got = { 0 }, want = { 0 };

	row->call(row->ours, o, &got);
	row->ref(o, &want);
	if (agree(&got, &want))
		return;
	show("a   ", o->v[0]);
	show("b   ", o->v[1]);
	show("c   ", o->v[2]);
	show("got ", got.v);
	show("want", want.v);
	fail_msg("%s: scalar %#llx lane %u gave %#llx, not %#llx", row->name,
	         (unsigned long long)o->s, o->lane, (unsigned long long)got.s,
	         (unsigned long long)want.s);
}

/* Vectors of one kind of lanes; the kinds in turn. */
static void
fill(struct operands *o, int kind)
{
	static const int widths[] = { 8, 16, 32, 64, 32, 64 };
	int bits = widths[kind];

	for (int k = 0; k < 3; k++)
		for (int i = 0; i < 128 / bits; i++)
			set(o->v[k], bits, i, values_any("iIIIfF"[kind]));
	/* some lanes alike, or nearly: equal, or a difference that cancels out */
	for (int i = 0; i < 128 / bits; i++)
		if (values_chance() % 8 == 0)
			set(o->v[1], bits, i, get(o->v[0], bits, i) ^ (values_chance() & 3));
	o->s = values_any("iIIIfF"[kind]);
}

static void
each_row_gives_what_the_specification_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int k = 0; k < 6000; k++) {
			struct operands o = { 0 };
			fill(&o, k % 6);
			/* what is not an operand is 0: no NaN in it may excuse another */
			for (int v = 2; v >= 0 && (size_t)v >= strspn(rows[i].in, "v"); v--)
				memset(o.v[v], 0, 16);
			o.lane = (unsigned)k / 6 % rows[i].lanes;
			check(&rows[i], &o);
		}
}

/* All pairs of bytes. */
static void
every_byte_with_every_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (strcmp(rows[i].in, "vv") != 0 && strcmp(rows[i].in, "v") != 0)
			continue;
		for (int k = 0; k < 65536; k += 16) {
			struct operands o = { 0 };
			for (int j = 0; j < 16; j++) {
				o.v[0][j] = (uint8_t)(k + j);
				o.v[1][j] = (uint8_t)((k + j) >> 8);
			}
			o.lane = (unsigned)k / 16 % rows[i].lanes;
			check(&rows[i], &o);
		}
	}
}

/* All 16-bit lanes: what takes one vector of them. */
static void
every_half_word(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!strstr(rows[i].name, "i16x8") || rows[i].in[1] == 'v')
			continue;
		for (int k = 0; k < 65536; k += 8) {
			struct operands o = { .s = (uint64_t)k / 8 };
			for (int j = 0; j < 8; j++)
				set(o.v[0], 16, j, (uint64_t)(k + j));
			o.lane = (unsigned)k / 8 % rows[i].lanes;
			check(&rows[i], &o);
		}
	}
}

static void
a_shuffle_takes_from_both(void **state)
{
	(void)state;
	for (int k = 0; k < 2000; k++) {
		struct operands o;
		uint8_t lanes[16], want[16];
		fill(&o, 0);
		for (int i = 0; i < 16; i++) {
			lanes[i] = k < 32 ? (uint8_t)((k + i) % 32) : values_chance() % 32;
			want[i] = o.v[lanes[i] / 16][lanes[i] % 16];
		}
		union v128 got = simd_i8x16_shuffle(vector(o.v[0]), vector(o.v[1]), lanes);
		assert_memory_equal(&got, want, 16);
	}
}

static void
the_one_nan_stands_for_all(void **state)
{
	(void)state;
	for (int k = 0; k < 6000; k++) {
		struct operands o;
		fill(&o, k % 6);
		union v128 four = simd_canon_f32x4(vector(o.v[0])),
		           two = simd_canon_f64x2(vector(o.v[0]));
		for (int i = 0; i < 4; i++) {
			uint64_t v = get(o.v[0], 32, i);
			assert_int_equal(four.u32[i], soft_is_nan(&soft_f32, v) ? 0x7fc00000 : v);
		}
		for (int i = 0; i < 2; i++) {
			uint64_t v = get(o.v[0], 64, i);
			assert_int_equal(two.u64[i],
			                 soft_is_nan(&soft_f64, v) ? 0x7ff8000000000000 : v);
		}
	}
}

UNIT_MAIN(TEST(each_row_gives_what_the_specification_says), TEST(every_byte_with_every_byte),
          TEST(every_half_word), TEST(a_shuffle_takes_from_both), TEST(the_one_nan_stands_for_all))
