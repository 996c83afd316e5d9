/* fp_fast.h -- the common cases of fp.h, inline.
 *
 * Rounding to nearest, NX accrued already, and a result that says by itself that no other
 * flag could be due: then the host's bits are ours and no flag changes.  All else is
 * fp.h's.  The host's own flags are never looked at and its rounding mode is never changed
 * (it must be to nearest, without flushing to zero: fp_thread).
 */
#ifndef LAYER_HAL_RV_FP_FAST_H
#define LAYER_HAL_RV_FP_FAST_H

#include <float.h>
#include <string.h>

#include "layer/hal/rv/fp.h"

/* float and double are the formats of IEEE 754, and evaluated as such. */
enum {
	FP_FAST_HOST = FLT_EVAL_METHOD == 0 && FLT_RADIX == 2 && FLT_MANT_DIG == 24 &&
	               FLT_MAX_EXP == 128 && DBL_MANT_DIG == 53 && DBL_MAX_EXP == 1024
};

static inline double
fp_fast_real64(uint64_t v)
{
	double x;
	memcpy(&x, &v, sizeof x);
	return x;
}
static inline float
fp_fast_real32(uint32_t v)
{
	float x;
	memcpy(&x, &v, sizeof x);
	return x;
}
static inline uint64_t
fp_fast_bits64(double x)
{
	uint64_t v;
	memcpy(&v, &x, sizeof v);
	return v;
}
static inline uint32_t
fp_fast_bits32(float x)
{
	uint32_t v;
	memcpy(&v, &x, sizeof v);
	return v;
}

/* Neither infinite nor NaN. */
static inline bool
fp_fast_finite64(uint64_t v)
{
	return (v >> 52 & 0x7ff) != 0x7ff;
}
static inline bool
fp_fast_finite32(uint32_t v)
{
	return (v >> 23 & 0xff) != 0xff;
}
/* Finite, and so large that it was not tiny before it was rounded: the least normal number
 * may have been. */
static inline bool
fp_fast_ordinary64(uint64_t v)
{
	return (v >> 52 & 0x7ff) - 2 < 0x7fd;
}
static inline bool
fp_fast_ordinary32(uint32_t v)
{
	return (v >> 23 & 0xff) - 2 < 0xfd;
}

/* Is the host asked at all? */
static inline bool
fp_fast_now(unsigned rm, const uint8_t *flags)
{
	return FP_FAST_HOST && __builtin_expect(rm == FP_RNE && *flags & FP_NX, 1);
}

/* A tiny sum is exact: it is enough that it is finite. */
#define FP_FAST(name, value, size, fits)                                                           \
	static inline uint##size##_t fp_fast_##name##size(uint##size##_t a, uint##size##_t b,      \
	                                                  unsigned rm, uint8_t *flags)             \
	{                                                                                          \
		if (fp_fast_now(rm, flags)) {                                                      \
			uint##size##_t r = fp_fast_bits##size(                                     \
			        fp_fast_real##size(a) value fp_fast_real##size(b));                \
			if (__builtin_expect(fp_fast_##fits##size(r), 1))                          \
				return r;                                                          \
		}                                                                                  \
		return fp_##name##size(a, b, rm, flags);                                           \
	}

FP_FAST(add, +, 64, finite)
FP_FAST(sub, -, 64, finite)
FP_FAST(mul, *, 64, ordinary)
FP_FAST(div, /, 64, ordinary)
FP_FAST(add, +, 32, finite)
FP_FAST(sub, -, 32, finite)
FP_FAST(mul, *, 32, ordinary)
FP_FAST(div, /, 32, ordinary)

#undef FP_FAST

/* Of one operand; a compiler makes it an instruction when it need not set errno. */
static inline uint64_t
fp_fast_sqrt64(uint64_t a, unsigned rm, uint8_t *flags)
{
	if (fp_fast_now(rm, flags) && a < UINT64_C(0x7ff0000000000000))
		return fp_fast_bits64(__builtin_sqrt(fp_fast_real64(a)));
	return fp_sqrt64(a, rm, flags);
}
static inline uint32_t
fp_fast_sqrt32(uint32_t a, unsigned rm, uint8_t *flags)
{
	if (fp_fast_now(rm, flags) && a < UINT32_C(0x7f800000))
		return fp_fast_bits32(__builtin_sqrtf(fp_fast_real32(a)));
	return fp_sqrt32(a, rm, flags);
}

/* A call where the host of the compiler has no instruction for it. */
static inline uint64_t
fp_fast_fma64(uint64_t a, uint64_t b, uint64_t c, unsigned rm, uint8_t *flags)
{
	if (fp_fast_now(rm, flags)) {
		uint64_t r = fp_fast_bits64(
		        __builtin_fma(fp_fast_real64(a), fp_fast_real64(b), fp_fast_real64(c)));
		if (__builtin_expect(fp_fast_ordinary64(r), 1))
			return r;
	}
	return fp_fma64(a, b, c, rm, flags);
}
static inline uint32_t
fp_fast_fma32(uint32_t a, uint32_t b, uint32_t c, unsigned rm, uint8_t *flags)
{
	if (fp_fast_now(rm, flags)) {
		uint32_t r = fp_fast_bits32(
		        __builtin_fmaf(fp_fast_real32(a), fp_fast_real32(b), fp_fast_real32(c)));
		if (__builtin_expect(fp_fast_ordinary32(r), 1))
			return r;
	}
	return fp_fma32(a, b, c, rm, flags);
}

/* Without a NaN there are no flags. */
static inline bool
fp_fast_eq64(uint64_t a, uint64_t b, uint8_t *flags)
{
	double x = fp_fast_real64(a), y = fp_fast_real64(b);
	return __builtin_expect(__builtin_isunordered(x, y), 0) ? fp_eq64(a, b, flags) : x == y;
}
static inline bool
fp_fast_lt64(uint64_t a, uint64_t b, uint8_t *flags)
{
	double x = fp_fast_real64(a), y = fp_fast_real64(b);
	return __builtin_expect(__builtin_isunordered(x, y), 0) ? fp_lt64(a, b, flags) : x < y;
}
static inline bool
fp_fast_le64(uint64_t a, uint64_t b, uint8_t *flags)
{
	double x = fp_fast_real64(a), y = fp_fast_real64(b);
	return __builtin_expect(__builtin_isunordered(x, y), 0) ? fp_le64(a, b, flags) : x <= y;
}
static inline bool
fp_fast_eq32(uint32_t a, uint32_t b, uint8_t *flags)
{
	float x = fp_fast_real32(a), y = fp_fast_real32(b);
	return __builtin_expect(__builtin_isunordered(x, y), 0) ? fp_eq32(a, b, flags) : x == y;
}
static inline bool
fp_fast_lt32(uint32_t a, uint32_t b, uint8_t *flags)
{
	float x = fp_fast_real32(a), y = fp_fast_real32(b);
	return __builtin_expect(__builtin_isunordered(x, y), 0) ? fp_lt32(a, b, flags) : x < y;
}
static inline bool
fp_fast_le32(uint32_t a, uint32_t b, uint8_t *flags)
{
	float x = fp_fast_real32(a), y = fp_fast_real32(b);
	return __builtin_expect(__builtin_isunordered(x, y), 0) ? fp_le32(a, b, flags) : x <= y;
}

/* Of numbers that differ. */
#define FP_FAST(name, less, size)                                                                  \
	static inline uint##size##_t fp_fast_##name##size(uint##size##_t a, uint##size##_t b,      \
	                                                  uint8_t *flags)                          \
	{                                                                                          \
		if (fp_fast_real##size(a) less fp_fast_real##size(b))                              \
			return a;                                                                  \
		if (fp_fast_real##size(b) less fp_fast_real##size(a))                              \
			return b;                                                                  \
		return fp_##name##size(a, b, flags);                                               \
	}

FP_FAST(min, <, 64)
FP_FAST(max, >, 64)
FP_FAST(min, <, 32)
FP_FAST(max, >, 32)

#undef FP_FAST

/* C's own conversion, where the integer fits into 64 bits or fewer.  A single goes by the
 * double that it is. */
#define FP_FAST(name, size, type, from, to)                                                        \
	static inline uint64_t fp_fast_to_##name##_##size(uint##size##_t a, unsigned rm,           \
	                                                  uint8_t *flags)                          \
	{                                                                                          \
		double x = (double)fp_fast_real##size(a);                                          \
		if (FP_FAST_HOST && rm == FP_RTZ && x > from && x < to) {                          \
			int64_t i = (int64_t)x;                                                    \
			if ((double)i != x)                                                        \
				*flags |= FP_NX;                                                   \
			return (uint64_t)(type)i;                                                  \
		}                                                                                  \
		return fp_to_##name##_##size(a, rm, flags);                                        \
	}

FP_FAST(i32, 64, int32_t, -0x1.00000002p31, 0x1p31)
FP_FAST(u32, 64, int32_t, -1, 0x1p32)
FP_FAST(i64, 64, int64_t, -0x1p63, 0x1p63)
FP_FAST(u64, 64, int64_t, -1, 0x1p63)
FP_FAST(i32, 32, int32_t, -0x1.00000002p31, 0x1p31)
FP_FAST(u32, 32, int32_t, -1, 0x1p32)
FP_FAST(i64, 32, int64_t, -0x1p63, 0x1p63)
FP_FAST(u64, 32, int64_t, -1, 0x1p63)

#undef FP_FAST

/* Exact. */
static inline uint64_t
fp_fast_of_i32_64(int32_t a, unsigned rm, uint8_t *flags)
{
	return FP_FAST_HOST ? fp_fast_bits64(a) : fp_of_i32_64(a, rm, flags);
}
static inline uint64_t
fp_fast_of_u32_64(uint32_t a, unsigned rm, uint8_t *flags)
{
	return FP_FAST_HOST ? fp_fast_bits64(a) : fp_of_u32_64(a, rm, flags);
}

#define FP_FAST(name, size, real, type)                                                            \
	static inline uint##size##_t fp_fast_of_##name##_##size(type a, unsigned rm,               \
	                                                        uint8_t *flags)                    \
	{                                                                                          \
		return fp_fast_now(rm, flags) ? fp_fast_bits##size((real)a)                        \
		                              : fp_of_##name##_##size(a, rm, flags);               \
	}

FP_FAST(i64, 64, double, int64_t)
FP_FAST(u64, 64, double, uint64_t)
FP_FAST(i32, 32, float, int32_t)
FP_FAST(u32, 32, float, uint32_t)
FP_FAST(i64, 32, float, int64_t)
FP_FAST(u64, 32, float, uint64_t)

#undef FP_FAST

static inline uint64_t
fp_fast_widen(uint32_t a, uint8_t *flags)
{
	if (FP_FAST_HOST && __builtin_expect(fp_fast_ordinary32(a), 1))
		return fp_fast_bits64(fp_fast_real32(a));
	return fp_widen(a, flags);
}
static inline uint32_t
fp_fast_narrow(uint64_t a, unsigned rm, uint8_t *flags)
{
	if (fp_fast_now(rm, flags)) {
		uint32_t r = fp_fast_bits32((float)fp_fast_real64(a));
		if (__builtin_expect(fp_fast_ordinary32(r), 1))
			return r;
	}
	return fp_narrow(a, rm, flags);
}

#endif
