/* fp_fast.h -- the common cases of fp.h, inline.
 *
 * Rounding to nearest, a result that is an ordinary number, and NX accrued already: then
 * the host's result is right and no flag changes.  All else is fp.h's.
 */
#ifndef LAYER_HAL_RV_FP_FAST_H
#define LAYER_HAL_RV_FP_FAST_H

#include <string.h>

#include "layer/hal/rv/fp.h"

/* Neither zero, subnormal, infinite nor NaN. */
static inline bool
fp_fast_ordinary64(uint64_t v)
{
	return (v >> 52 & 0x7ff) - 1 < 0x7fe;
}
static inline bool
fp_fast_ordinary32(uint32_t v)
{
	return (v >> 23 & 0xff) - 1 < 0xfe;
}

#define FP_FAST(name, op, bits, type)                                                              \
	static inline uint##bits##_t fp_fast_##name##bits(uint##bits##_t a, uint##bits##_t b,      \
	                                                  unsigned rm, uint8_t *flags)             \
	{                                                                                          \
		if (__builtin_expect(rm == FP_RNE && *flags & FP_NX, 1)) {                         \
			type x, y;                                                                 \
			uint##bits##_t r;                                                          \
			memcpy(&x, &a, sizeof x);                                                  \
			memcpy(&y, &b, sizeof y);                                                  \
			x = x op y;                                                                \
			memcpy(&r, &x, sizeof r);                                                  \
			if (__builtin_expect(fp_fast_ordinary##bits(r), 1))                        \
				return r;                                                          \
		}                                                                                  \
		return fp_##name##bits(a, b, rm, flags);                                           \
	}

FP_FAST(add, +, 64, double)
FP_FAST(sub, -, 64, double)
FP_FAST(mul, *, 64, double)
FP_FAST(div, /, 64, double)
FP_FAST(add, +, 32, float)
FP_FAST(sub, -, 32, float)
FP_FAST(mul, *, 32, float)
FP_FAST(div, /, 32, float)

#undef FP_FAST

#endif
