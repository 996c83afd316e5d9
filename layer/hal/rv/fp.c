/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/rv/fp.h"

#include <fenv.h>

#include "layer/hal/rv/fp_fast.h"
#include "layer/hal/rv/fp_soft.h"

void fp_thread(void) { fesetenv(FE_DFL_ENV); }

/* -- what the host's answer is worth --------------------------------------------------------
 *
 * Each function takes the host's result r, rounded to nearest, and says whether it is the
 * answer; if so it has accrued NX where that is due, and no other flag is.  Where it cannot
 * tell, software does the operation anew. */

static inline unsigned stored(unsigned bits) { return bits == 64 ? 52 : 23; }
static inline unsigned most(unsigned bits) { return bits == 64 ? 0x7ff : 0xff; }
static inline unsigned
exponent(unsigned bits, uint64_t v)
{
	return (unsigned)(v >> stored(bits)) & most(bits);
}
static inline uint64_t
sig(unsigned bits, uint64_t v)
{
	uint64_t hidden = UINT64_C(1) << stored(bits);
	return (v & (hidden - 1)) | hidden;
}

/* Is a * b = r, when r is the product rounded, or a the quotient r / b, or a = b the root of
 * r?  All three are normal.  Then the product of the significands and that of r, shifted to
 * its place, differ by less than 2^54 and are equal when their low 64 bits are. */
static inline bool
exact(unsigned bits, uint64_t a, uint64_t b, uint64_t r)
{
	unsigned up = exponent(bits, r) - exponent(bits, a) - exponent(bits, b) + most(bits) / 2 +
	              stored(bits);
	return sig(bits, a) * sig(bits, b) == sig(bits, r) << (up & 63);
}

/* r is a * b. */
static inline bool
product(unsigned bits, uint64_t a, uint64_t b, uint64_t r, uint8_t *flags)
{
	/* The least normal number may be the rounded product of what was tiny. */
	if (exponent(bits, r) - 2 >= most(bits) - 2)
		return false;
	if (*flags & FP_NX)
		return true;
	if (!exponent(bits, a) || !exponent(bits, b))
		return false;
	if (!exact(bits, a, b, r))
		*flags |= FP_NX;
	return true;
}

/* r is a / b. */
static inline bool
quotient(unsigned bits, uint64_t a, uint64_t b, uint64_t r, uint8_t *flags)
{
	if (exponent(bits, r) - 2 >= most(bits) - 2)
		return false;
	if (*flags & FP_NX)
		return true;
	if (!exponent(bits, a) || !exponent(bits, b))
		return false;
	if (!exact(bits, r, b, a))
		*flags |= FP_NX;
	return true;
}

/* r is the square root of a, which is positive and normal. */
static inline bool
root(unsigned bits, uint64_t a, uint64_t r, uint8_t *flags)
{
	if (a >> (bits - 1) || exponent(bits, a) - 1 >= most(bits) - 1)
		return false;
	if (!exact(bits, r, r, a))
		*flags |= FP_NX;
	return true;
}

/* s is x + y.  A sum that is tiny is exact.  What rounding took from another comes out (D. E.
 * Knuth, The Art of Computer Programming 4.2.2, theorem B): 0 if nothing; anything else, or a
 * NaN where s - x overflows, if something. */
static inline bool
sum64(double x, double y, double s, uint8_t *flags)
{
	if (!fp_fast_finite64(fp_fast_bits64(s)))
		return false;
	if (*flags & FP_NX)
		return true;
	double t = s - x;
	if ((x - (s - t)) + (y - t) != 0)
		*flags |= FP_NX;
	return true;
}
static inline bool
sum32(float x, float y, float s, uint8_t *flags)
{
	if (!fp_fast_finite32(fp_fast_bits32(s)))
		return false;
	if (*flags & FP_NX)
		return true;
	float t = s - x;
	if ((x - (s - t)) + (y - t) != 0)
		*flags |= FP_NX;
	return true;
}

static inline bool asked(unsigned rm) { return FP_FAST_HOST && rm == FP_RNE; }

/* -- doubles -------------------------------------------------------------------------------- */

uint64_t
fp_add64(uint64_t a, uint64_t b, unsigned rm, uint8_t *flags)
{
	double x = fp_fast_real64(a), y = fp_fast_real64(b), s = x + y;
	if (asked(rm) && sum64(x, y, s, flags))
		return fp_fast_bits64(s);
	return fp_soft_add(64, a, b, rm, flags);
}

uint64_t
fp_sub64(uint64_t a, uint64_t b, unsigned rm, uint8_t *flags)
{
	double x = fp_fast_real64(a), y = -fp_fast_real64(b), s = x + y;
	if (asked(rm) && sum64(x, y, s, flags))
		return fp_fast_bits64(s);
	return fp_soft_sub(64, a, b, rm, flags);
}

uint64_t
fp_mul64(uint64_t a, uint64_t b, unsigned rm, uint8_t *flags)
{
	uint64_t r = fp_fast_bits64(fp_fast_real64(a) * fp_fast_real64(b));
	if (asked(rm) && product(64, a, b, r, flags))
		return r;
	return fp_soft_mul(64, a, b, rm, flags);
}

uint64_t
fp_div64(uint64_t a, uint64_t b, unsigned rm, uint8_t *flags)
{
	if (!asked(rm))
		return fp_soft_div(64, a, b, rm, flags);
	uint64_t r = fp_fast_bits64(fp_fast_real64(a) / fp_fast_real64(b));
	if (quotient(64, a, b, r, flags))
		return r;
	return fp_soft_div(64, a, b, rm, flags);
}

uint64_t
fp_sqrt64(uint64_t a, unsigned rm, uint8_t *flags)
{
	if (!asked(rm))
		return fp_soft_sqrt(64, a, rm, flags);
	uint64_t r = fp_fast_bits64(__builtin_sqrt(fp_fast_real64(a)));
	if (root(64, a, r, flags))
		return r;
	return fp_soft_sqrt(64, a, rm, flags);
}

/* Whether a sum of three products of significands was exact is not worth asking: few are, and
 * software tells soon. */
uint64_t
fp_fma64(uint64_t a, uint64_t b, uint64_t c, unsigned rm, uint8_t *flags)
{
	if (fp_fast_now(rm, flags)) {
		uint64_t r = fp_fast_bits64(
		        __builtin_fma(fp_fast_real64(a), fp_fast_real64(b), fp_fast_real64(c)));
		if (fp_fast_ordinary64(r))
			return r;
	}
	return fp_soft_fma(64, a, b, c, rm, flags);
}

/* -- singles -------------------------------------------------------------------------------- */

uint32_t
fp_add32(uint32_t a, uint32_t b, unsigned rm, uint8_t *flags)
{
	float x = fp_fast_real32(a), y = fp_fast_real32(b), s = x + y;
	if (asked(rm) && sum32(x, y, s, flags))
		return fp_fast_bits32(s);
	return (uint32_t)fp_soft_add(32, a, b, rm, flags);
}

uint32_t
fp_sub32(uint32_t a, uint32_t b, unsigned rm, uint8_t *flags)
{
	float x = fp_fast_real32(a), y = -fp_fast_real32(b), s = x + y;
	if (asked(rm) && sum32(x, y, s, flags))
		return fp_fast_bits32(s);
	return (uint32_t)fp_soft_sub(32, a, b, rm, flags);
}

uint32_t
fp_mul32(uint32_t a, uint32_t b, unsigned rm, uint8_t *flags)
{
	uint32_t r = fp_fast_bits32(fp_fast_real32(a) * fp_fast_real32(b));
	if (asked(rm) && product(32, a, b, r, flags))
		return r;
	return (uint32_t)fp_soft_mul(32, a, b, rm, flags);
}

uint32_t
fp_div32(uint32_t a, uint32_t b, unsigned rm, uint8_t *flags)
{
	if (!asked(rm))
		return (uint32_t)fp_soft_div(32, a, b, rm, flags);
	uint32_t r = fp_fast_bits32(fp_fast_real32(a) / fp_fast_real32(b));
	if (quotient(32, a, b, r, flags))
		return r;
	return (uint32_t)fp_soft_div(32, a, b, rm, flags);
}

uint32_t
fp_sqrt32(uint32_t a, unsigned rm, uint8_t *flags)
{
	if (!asked(rm))
		return (uint32_t)fp_soft_sqrt(32, a, rm, flags);
	uint32_t r = fp_fast_bits32(__builtin_sqrtf(fp_fast_real32(a)));
	if (root(32, a, r, flags))
		return r;
	return (uint32_t)fp_soft_sqrt(32, a, rm, flags);
}

uint32_t
fp_fma32(uint32_t a, uint32_t b, uint32_t c, unsigned rm, uint8_t *flags)
{
	if (fp_fast_now(rm, flags)) {
		uint32_t r = fp_fast_bits32(
		        __builtin_fmaf(fp_fast_real32(a), fp_fast_real32(b), fp_fast_real32(c)));
		if (fp_fast_ordinary32(r))
			return r;
	}
	return (uint32_t)fp_soft_fma(32, a, b, c, rm, flags);
}
