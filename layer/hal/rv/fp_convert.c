/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "layer/hal/rv/fp.h"
#include "layer/hal/rv/fp_fast.h"
#include "layer/hal/rv/fp_soft.h"

/* -- to integers ----------------------------------------------------------------------------- */

uint64_t
fp_to_i32_32(uint32_t a, unsigned rm, uint8_t *flags)
{
	return fp_soft_to_int(32, a, 32, true, rm, flags);
}
uint64_t
fp_to_u32_32(uint32_t a, unsigned rm, uint8_t *flags)
{
	return fp_soft_to_int(32, a, 32, false, rm, flags);
}
uint64_t
fp_to_i64_32(uint32_t a, unsigned rm, uint8_t *flags)
{
	return fp_soft_to_int(32, a, 64, true, rm, flags);
}
uint64_t
fp_to_u64_32(uint32_t a, unsigned rm, uint8_t *flags)
{
	return fp_soft_to_int(32, a, 64, false, rm, flags);
}
uint64_t
fp_to_i32_64(uint64_t a, unsigned rm, uint8_t *flags)
{
	return fp_soft_to_int(64, a, 32, true, rm, flags);
}
uint64_t
fp_to_u32_64(uint64_t a, unsigned rm, uint8_t *flags)
{
	return fp_soft_to_int(64, a, 32, false, rm, flags);
}
uint64_t
fp_to_i64_64(uint64_t a, unsigned rm, uint8_t *flags)
{
	return fp_soft_to_int(64, a, 64, true, rm, flags);
}
uint64_t
fp_to_u64_64(uint64_t a, unsigned rm, uint8_t *flags)
{
	return fp_soft_to_int(64, a, 64, false, rm, flags);
}

/* Zfa's fcvtmod.w.d: the low 32 bits of the integer that is meant, the flags of fcvt.w.d. */
uint64_t
fp_to_mod32(uint64_t a, uint8_t *flags)
{
	int exp = (int)(a >> 52 & 0x7ff) - 1023;
	uint64_t sig = (a & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52, whole = 0;
	fp_soft_to_int(64, a, 32, true, FP_RTZ, flags);
	/* from 2^84 on all of the 32 bits are 0; infinities and NaNs are beyond that */
	if (exp >= 0 && exp < 84)
		whole = exp < 52 ? sig >> (52 - exp) : sig << (exp - 52);
	if (a >> 63)
		whole = -whole;
	return (uint64_t)(int32_t)whole;
}

/* -- from integers --------------------------------------------------------------------------- */

/* The host's result r of a conversion is right; is it exact?  It is when the bits from the
 * first to the last that is set are no more than a significand has. */
static inline bool
settle(unsigned digits, uint64_t magnitude, unsigned rm, uint8_t *flags)
{
	if (!FP_FAST_HOST || rm != FP_RNE)
		return false;
	if (magnitude && magnitude >> __builtin_ctzll(magnitude) >> digits)
		*flags |= FP_NX;
	return true;
}
static inline uint64_t magnitude(int64_t a) { return a < 0 ? -(uint64_t)a : (uint64_t)a; }

uint64_t
fp_of_i64_64(int64_t a, unsigned rm, uint8_t *flags)
{
	if (settle(53, magnitude(a), rm, flags))
		return fp_fast_bits64((double)a);
	return fp_soft_of_int(64, a < 0, magnitude(a), rm, flags);
}
uint64_t
fp_of_u64_64(uint64_t a, unsigned rm, uint8_t *flags)
{
	if (settle(53, a, rm, flags))
		return fp_fast_bits64((double)a);
	return fp_soft_of_int(64, false, a, rm, flags);
}
uint32_t
fp_of_i64_32(int64_t a, unsigned rm, uint8_t *flags)
{
	if (settle(24, magnitude(a), rm, flags))
		return fp_fast_bits32((float)a);
	return (uint32_t)fp_soft_of_int(32, a < 0, magnitude(a), rm, flags);
}
uint32_t
fp_of_u64_32(uint64_t a, unsigned rm, uint8_t *flags)
{
	if (settle(24, a, rm, flags))
		return fp_fast_bits32((float)a);
	return (uint32_t)fp_soft_of_int(32, false, a, rm, flags);
}

uint64_t
fp_of_i32_64(int32_t a, unsigned rm, uint8_t *flags)
{
	return fp_of_i64_64(a, rm, flags);
}
uint64_t
fp_of_u32_64(uint32_t a, unsigned rm, uint8_t *flags)
{
	return fp_of_u64_64(a, rm, flags);
}
uint32_t
fp_of_i32_32(int32_t a, unsigned rm, uint8_t *flags)
{
	return fp_of_i64_32(a, rm, flags);
}
uint32_t
fp_of_u32_32(uint32_t a, unsigned rm, uint8_t *flags)
{
	return fp_of_u64_32(a, rm, flags);
}

/* -- between the formats --------------------------------------------------------------------- */

uint32_t
fp_narrow(uint64_t a, unsigned rm, uint8_t *flags)
{
	if (FP_FAST_HOST && rm == FP_RNE) {
		double x = fp_fast_real64(a);
		float r = (float)x;
		if (fp_fast_ordinary32(fp_fast_bits32(r))) {
			if (r != x)
				*flags |= FP_NX;
			return fp_fast_bits32(r);
		}
	}
	return (uint32_t)fp_soft_convert(64, 32, a, rm, flags);
}

uint64_t
fp_widen(uint32_t a, uint8_t *flags)
{
	return fp_soft_convert(32, 64, a, FP_RNE, flags);
}

/* -- Zfa ------------------------------------------------------------------------------------- */

uint32_t
fp_round32(uint32_t a, unsigned rm, bool inexact, uint8_t *flags)
{
	return (uint32_t)fp_soft_round(32, a, rm, inexact, flags);
}
uint64_t
fp_round64(uint64_t a, unsigned rm, bool inexact, uint8_t *flags)
{
	return fp_soft_round(64, a, rm, inexact, flags);
}

/* The table of fli: the same numbers in both formats but for 1, the least
 * normal number. */
static const float constants[32] = {
	-1,    0,       0x1p-16f, 0x1p-15f, 0x1p-8f, 0x1p-7f, 0.0625f,  0.125f,
	0.25f, 0.3125f, 0.375f,   0.4375f,  0.5f,    0.625f,  0.75f,    0.875f,
	1,     1.25f,   1.5f,     1.75f,    2,       2.5f,    3,        4,
	8,     16,      128,      256,      0x1p15f, 0x1p16f, INFINITY, 0,
};

uint32_t
fp_imm32(unsigned n)
{
	switch (n & 31) {
	case 1: return UINT32_C(0x00800000);
	case 31: return FP_NAN32;
	default: return fp_fast_bits32(constants[n & 31]);
	}
}

uint64_t
fp_imm64(unsigned n)
{
	switch (n & 31) {
	case 1: return UINT64_C(0x0010000000000000);
	case 31: return FP_NAN64;
	default: return fp_fast_bits64(constants[n & 31]);
	}
}
