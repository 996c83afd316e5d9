/* num.h -- arithmetic of single numbers (Core specification 4.3).
 *
 * One function per row of op.def, num_ROW: i32 and i64 are unsigned here, and
 * signed where the row says _s.  Those that can trap give false and say why.  A
 * NaN that comes out of an operation is quiet and, where an operand was one, has
 * its payload (4.3.3); what only looks at the sign works on the bits.
 */
#ifndef LAYER_LANG_NUM_H
#define LAYER_LANG_NUM_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "layer/lang/store.h"

#define NUM static inline

/* -- whole numbers ------------------------------------------------------------------- */

/* clang-format off */
#define NUM_INTEGER(w, U, S, bits) \
	NUM U num_##w##_add(U a, U b) { return a + b; } \
	NUM U num_##w##_sub(U a, U b) { return a - b; } \
	NUM U num_##w##_mul(U a, U b) { return a * b; } \
	NUM U num_##w##_and(U a, U b) { return a & b; } \
	NUM U num_##w##_or(U a, U b) { return a | b; } \
	NUM U num_##w##_xor(U a, U b) { return a ^ b; } \
	NUM U num_##w##_shl(U a, U b) { return a << (b & (bits - 1)); } \
	NUM U num_##w##_shr_u(U a, U b) { return a >> (b & (bits - 1)); } \
	NUM U num_##w##_shr_s(U a, U b) { return (U)((S)a >> (b & (bits - 1))); } \
	NUM U num_##w##_rotl(U a, U b) { return a << (b & (bits - 1)) | a >> (-b & (bits - 1)); } \
	NUM U num_##w##_rotr(U a, U b) { return a >> (b & (bits - 1)) | a << (-b & (bits - 1)); } \
	NUM uint32_t num_##w##_eqz(U a) { return a == 0; } \
	NUM uint32_t num_##w##_eq(U a, U b) { return a == b; } \
	NUM uint32_t num_##w##_ne(U a, U b) { return a != b; } \
	NUM uint32_t num_##w##_lt_s(U a, U b) { return (S)a < (S)b; } \
	NUM uint32_t num_##w##_lt_u(U a, U b) { return a < b; } \
	NUM uint32_t num_##w##_gt_s(U a, U b) { return (S)a > (S)b; } \
	NUM uint32_t num_##w##_gt_u(U a, U b) { return a > b; } \
	NUM uint32_t num_##w##_le_s(U a, U b) { return (S)a <= (S)b; } \
	NUM uint32_t num_##w##_le_u(U a, U b) { return a <= b; } \
	NUM uint32_t num_##w##_ge_s(U a, U b) { return (S)a >= (S)b; } \
	NUM uint32_t num_##w##_ge_u(U a, U b) { return a >= b; } \
	NUM bool num_##w##_div_u(U a, U b, U *out, enum trap *why) \
	{ \
		if (b == 0) { \
			*why = TRAP_divide; \
			return false; \
		} \
		*out = a / b; \
		return true; \
	} \
	NUM bool num_##w##_rem_u(U a, U b, U *out, enum trap *why) \
	{ \
		if (b == 0) { \
			*why = TRAP_divide; \
			return false; \
		} \
		*out = a % b; \
		return true; \
	} \
	NUM bool num_##w##_div_s(U a, U b, U *out, enum trap *why) \
	{ \
		if (b == 0 || (b == (U)-1 && a == (U)1 << (bits - 1))) { \
			*why = b ? TRAP_overflow : TRAP_divide; \
			return false; \
		} \
		*out = (U)((S)a / (S)b); \
		return true; \
	} \
	NUM bool num_##w##_rem_s(U a, U b, U *out, enum trap *why) \
	{ \
		if (b == 0) { \
			*why = TRAP_divide; \
			return false; \
		} \
		*out = b == (U)-1 ? 0 : (U)((S)a % (S)b); \
		return true; \
	}
NUM_INTEGER(i32, uint32_t, int32_t, 32)
NUM_INTEGER(i64, uint64_t, int64_t, 64)

NUM uint32_t num_i32_clz(uint32_t a) { return a ? (uint32_t)__builtin_clz(a) : 32; }
NUM uint32_t num_i32_ctz(uint32_t a) { return a ? (uint32_t)__builtin_ctz(a) : 32; }
NUM uint64_t num_i64_clz(uint64_t a) { return a ? (uint64_t)__builtin_clzll(a) : 64; }
NUM uint64_t num_i64_ctz(uint64_t a) { return a ? (uint64_t)__builtin_ctzll(a) : 64; }

/* By hand: without an instruction for it gcc would call a function of its library,
 * and the interpreter's loop would have to save its registers around that. */
NUM uint64_t
num_i64_popcnt(uint64_t a)
{
	a -= a >> 1 & 0x5555555555555555U;
	a = (a & 0x3333333333333333U) + (a >> 2 & 0x3333333333333333U);
	return ((a + (a >> 4)) & 0x0f0f0f0f0f0f0f0fU) * 0x0101010101010101U >> 56;
}
NUM uint32_t num_i32_popcnt(uint32_t a) { return (uint32_t)num_i64_popcnt(a); }

NUM uint32_t num_i32_wrap_i64(uint64_t a) { return (uint32_t)a; }
NUM uint64_t num_i64_extend_i32_s(uint32_t a) { return (uint64_t)(int32_t)a; }
NUM uint64_t num_i64_extend_i32_u(uint32_t a) { return a; }
NUM uint32_t num_i32_extend8_s(uint32_t a) { return (uint32_t)(int8_t)a; }
NUM uint32_t num_i32_extend16_s(uint32_t a) { return (uint32_t)(int16_t)a; }
NUM uint64_t num_i64_extend8_s(uint64_t a) { return (uint64_t)(int8_t)a; }
NUM uint64_t num_i64_extend16_s(uint64_t a) { return (uint64_t)(int16_t)a; }
NUM uint64_t num_i64_extend32_s(uint64_t a) { return (uint64_t)(int32_t)a; }

/* -- floating point -------------------------------------------------------------------- */

NUM uint32_t num_i32_reinterpret_f32(float a) { uint32_t b; memcpy(&b, &a, 4); return b; }
NUM uint64_t num_i64_reinterpret_f64(double a) { uint64_t b; memcpy(&b, &a, 8); return b; }
NUM float num_f32_reinterpret_i32(uint32_t a) { float b; memcpy(&b, &a, 4); return b; }
NUM double num_f64_reinterpret_i64(uint64_t a) { double b; memcpy(&b, &a, 8); return b; }

/* `whole` is where the numbers have no fraction any more: adding and taking away
 * rounds to the nearest whole number, ties to even. */
#define NUM_FLOAT(w, F, U, bits_of, of_bits, sign, whole, I, root) \
	NUM F num_##w##_abs(F a) { return of_bits(bits_of(a) & ~(sign)); } \
	NUM F num_##w##_neg(F a) { return of_bits(bits_of(a) ^ (sign)); } \
	NUM F num_##w##_copysign(F a, F b) \
	{ \
		return of_bits((bits_of(a) & ~(sign)) | (bits_of(b) & (sign))); \
	} \
	NUM F num_##w##_add(F a, F b) { return a + b; } \
	NUM F num_##w##_sub(F a, F b) { return a - b; } \
	NUM F num_##w##_mul(F a, F b) { return a * b; } \
	NUM F num_##w##_div(F a, F b) { return a / b; } \
	NUM F num_##w##_sqrt(F a) { return root(a); } \
	NUM F num_##w##_min(F a, F b) \
	{ \
		if (a != a || b != b) \
			return a + b; \
		if (a == b) \
			return of_bits(bits_of(a) | bits_of(b)); \
		return a < b ? a : b; \
	} \
	NUM F num_##w##_max(F a, F b) \
	{ \
		if (a != a || b != b) \
			return a + b; \
		if (a == b) \
			return of_bits(bits_of(a) & bits_of(b)); \
		return a > b ? a : b; \
	} \
	NUM F num_##w##_whole(F a) { return a != a ? a + a : a; } \
	NUM F num_##w##_trunc(F a) \
	{ \
		if (!(num_##w##_abs(a) < (whole))) \
			return num_##w##_whole(a); \
		return num_##w##_copysign((F)(I)a, a); \
	} \
	NUM F num_##w##_ceil(F a) \
	{ \
		if (!(num_##w##_abs(a) < (whole))) \
			return num_##w##_whole(a); \
		F t = (F)(I)a; \
		return num_##w##_copysign(t < a ? t + 1 : t, a); \
	} \
	NUM F num_##w##_floor(F a) \
	{ \
		if (!(num_##w##_abs(a) < (whole))) \
			return num_##w##_whole(a); \
		F t = (F)(I)a; \
		return num_##w##_copysign(t > a ? t - 1 : t, a); \
	} \
	NUM F num_##w##_nearest(F a) \
	{ \
		if (!(num_##w##_abs(a) < (whole))) \
			return num_##w##_whole(a); \
		F big = num_##w##_copysign((whole), a); \
		return num_##w##_copysign((a + big) - big, a); \
	} \
	NUM uint32_t num_##w##_eq(F a, F b) { return a == b; } \
	NUM uint32_t num_##w##_ne(F a, F b) { return a != b; } \
	NUM uint32_t num_##w##_lt(F a, F b) { return a < b; } \
	NUM uint32_t num_##w##_gt(F a, F b) { return a > b; } \
	NUM uint32_t num_##w##_le(F a, F b) { return a <= b; } \
	NUM uint32_t num_##w##_ge(F a, F b) { return a >= b; }
NUM_FLOAT(f32, float, uint32_t, num_i32_reinterpret_f32, num_f32_reinterpret_i32, 0x80000000U, 8388608.0f, int32_t,
          __builtin_sqrtf)
NUM_FLOAT(f64, double, uint64_t, num_i64_reinterpret_f64, num_f64_reinterpret_i64, 0x8000000000000000U,
          4503599627370496.0, int64_t, __builtin_sqrt)

/* Deterministic mode: the one NaN. */
NUM float num_canon_f32(float a) { return a != a ? num_f32_reinterpret_i32(0x7fc00000) : a; }
NUM double num_canon_f64(double a) { return a != a ? num_f64_reinterpret_i64(0x7ff8000000000000) : a; }

NUM float num_f32_demote_f64(double a) { return (float)a; }
NUM double num_f64_promote_f32(float a) { return (double)a; }
NUM float num_f32_convert_i32_s(uint32_t a) { return (float)(int32_t)a; }
NUM float num_f32_convert_i32_u(uint32_t a) { return (float)a; }
NUM float num_f32_convert_i64_s(uint64_t a) { return (float)(int64_t)a; }
NUM float num_f32_convert_i64_u(uint64_t a) { return (float)a; }
NUM double num_f64_convert_i32_s(uint32_t a) { return (double)(int32_t)a; }
NUM double num_f64_convert_i32_u(uint32_t a) { return (double)a; }
NUM double num_f64_convert_i64_s(uint64_t a) { return (double)(int64_t)a; }
NUM double num_f64_convert_i64_u(uint64_t a) { return (double)a; }

/* To whole numbers: strictly between low and high it fits; beyond, trunc traps and
 * trunc_sat gives the nearest that there is. */
#define NUM_TRUNC(to, from, U, I, F, low, high, least, most) \
	NUM bool num_##to##_trunc_##from(F a, U *out, enum trap *why) \
	{ \
		if (!(a > (low) && a < (high))) { \
			*why = a != a ? TRAP_conversion : TRAP_overflow; \
			return false; \
		} \
		*out = (U)(I)a; \
		return true; \
	} \
	NUM U num_##to##_trunc_sat_##from(F a) \
	{ \
		if (a > (low) && a < (high)) \
			return (U)(I)a; \
		return a != a ? 0 : a < 0 ? (U)(least) : (U)(most); \
	}
NUM_TRUNC(i32, f32_s, uint32_t, int32_t, float, -2147483904.0f, 2147483648.0f, INT32_MIN, INT32_MAX)
NUM_TRUNC(i32, f32_u, uint32_t, uint32_t, float, -1.0f, 4294967296.0f, 0, UINT32_MAX)
NUM_TRUNC(i32, f64_s, uint32_t, int32_t, double, -2147483649.0, 2147483648.0, INT32_MIN, INT32_MAX)
NUM_TRUNC(i32, f64_u, uint32_t, uint32_t, double, -1.0, 4294967296.0, 0, UINT32_MAX)
NUM_TRUNC(i64, f32_s, uint64_t, int64_t, float, -9223373136366403584.0f, 9223372036854775808.0f, INT64_MIN,
          INT64_MAX)
NUM_TRUNC(i64, f32_u, uint64_t, uint64_t, float, -1.0f, 18446744073709551616.0f, 0, UINT64_MAX)
NUM_TRUNC(i64, f64_s, uint64_t, int64_t, double, -9223372036854777856.0, 9223372036854775808.0, INT64_MIN,
          INT64_MAX)
NUM_TRUNC(i64, f64_u, uint64_t, uint64_t, double, -1.0, 18446744073709551616.0, 0, UINT64_MAX)

#endif
/* clang-format on */
