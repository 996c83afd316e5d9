/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/rv/fp.h"

/* Everything here is done on the bits: those of a number, without its sign, are in the order
 * of the numbers. */

static inline uint64_t sign(unsigned bits) { return UINT64_C(1) << (bits - 1); }
static inline uint64_t
infinity(unsigned bits)
{
	return bits == 64 ? UINT64_C(0x7ff0000000000000) : UINT64_C(0x7f800000);
}
static inline uint64_t magnitude(unsigned bits, uint64_t v) { return v & ~sign(bits); }
static inline bool is_nan(unsigned bits, uint64_t v) { return magnitude(bits, v) > infinity(bits); }
static inline bool
signalling(unsigned bits, uint64_t v)
{
	uint64_t quiet = bits == 64 ? UINT64_C(1) << 51 : UINT64_C(1) << 22;
	return is_nan(bits, v) && !(v & quiet);
}

/* Raise NV if there is a signalling NaN, or a NaN at all where quiet ones are refused; true if
 * the operands have an order. */
static inline bool
ordered(unsigned bits, uint64_t a, uint64_t b, bool quiet, uint8_t *flags)
{
	if (!is_nan(bits, a) && !is_nan(bits, b))
		return true;
	if (!quiet || signalling(bits, a) || signalling(bits, b))
		*flags |= FP_NV;
	return false;
}

/* A key that has the order of the numbers, but for a step from -0 to 0. */
static inline int64_t
key(unsigned bits, uint64_t v)
{
	int64_t m = (int64_t)magnitude(bits, v);
	return v & sign(bits) ? -m - 1 : m;
}

static inline bool
equal(unsigned bits, uint64_t a, uint64_t b)
{
	return a == b || !magnitude(bits, a | b);
}
static inline bool
less(unsigned bits, uint64_t a, uint64_t b)
{
	return key(bits, a) < key(bits, b) && magnitude(bits, a | b);
}

/* clang-format off */
bool fp_eq64(uint64_t a, uint64_t b, uint8_t *flags) { return ordered(64, a, b, true, flags) && equal(64, a, b); }
bool fp_lt64(uint64_t a, uint64_t b, uint8_t *flags) { return ordered(64, a, b, false, flags) && less(64, a, b); }
bool fp_le64(uint64_t a, uint64_t b, uint8_t *flags) { return ordered(64, a, b, false, flags) && !less(64, b, a); }
bool fp_ltq64(uint64_t a, uint64_t b, uint8_t *flags) { return ordered(64, a, b, true, flags) && less(64, a, b); }
bool fp_leq64(uint64_t a, uint64_t b, uint8_t *flags) { return ordered(64, a, b, true, flags) && !less(64, b, a); }
bool fp_eq32(uint32_t a, uint32_t b, uint8_t *flags) { return ordered(32, a, b, true, flags) && equal(32, a, b); }
bool fp_lt32(uint32_t a, uint32_t b, uint8_t *flags) { return ordered(32, a, b, false, flags) && less(32, a, b); }
bool fp_le32(uint32_t a, uint32_t b, uint8_t *flags) { return ordered(32, a, b, false, flags) && !less(32, b, a); }
bool fp_ltq32(uint32_t a, uint32_t b, uint8_t *flags) { return ordered(32, a, b, true, flags) && less(32, a, b); }
bool fp_leq32(uint32_t a, uint32_t b, uint8_t *flags) { return ordered(32, a, b, true, flags) && !less(32, b, a); }
/* clang-format on */

/* -- the lesser, the greater: -0 is less than 0 here (unprivileged 20.6) ---------------------- */

static inline uint64_t canonical(unsigned bits) { return bits == 64 ? FP_NAN64 : FP_NAN32; }

/* Of one NaN and one number it is the number. */
static inline uint64_t
number(unsigned bits, uint64_t a, uint64_t b, bool greater, uint8_t *flags)
{
	if (ordered(bits, a, b, true, flags))
		return (key(bits, a) < key(bits, b)) != greater ? a : b;
	if (is_nan(bits, a))
		return is_nan(bits, b) ? canonical(bits) : b;
	return a;
}

/* Of one NaN and one number it is the NaN. */
static inline uint64_t
either(unsigned bits, uint64_t a, uint64_t b, bool greater, uint8_t *flags)
{
	if (ordered(bits, a, b, true, flags))
		return (key(bits, a) < key(bits, b)) != greater ? a : b;
	return canonical(bits);
}

/* clang-format off */
uint64_t fp_min64(uint64_t a, uint64_t b, uint8_t *flags) { return number(64, a, b, false, flags); }
uint64_t fp_max64(uint64_t a, uint64_t b, uint8_t *flags) { return number(64, a, b, true, flags); }
uint64_t fp_minm64(uint64_t a, uint64_t b, uint8_t *flags) { return either(64, a, b, false, flags); }
uint64_t fp_maxm64(uint64_t a, uint64_t b, uint8_t *flags) { return either(64, a, b, true, flags); }
uint32_t fp_min32(uint32_t a, uint32_t b, uint8_t *flags) { return (uint32_t)number(32, a, b, false, flags); }
uint32_t fp_max32(uint32_t a, uint32_t b, uint8_t *flags) { return (uint32_t)number(32, a, b, true, flags); }
uint32_t fp_minm32(uint32_t a, uint32_t b, uint8_t *flags) { return (uint32_t)either(32, a, b, false, flags); }
uint32_t fp_maxm32(uint32_t a, uint32_t b, uint8_t *flags) { return (uint32_t)either(32, a, b, true, flags); }
/* clang-format on */

/* -- fclass (unprivileged 20.9) ---------------------------------------------------------------- */

static inline unsigned class(unsigned bits, uint64_t v)
{
	uint64_t m = magnitude(bits, v), normal = infinity(bits) & -infinity(bits);
	if (is_nan(bits, v))
		return signalling(bits, v) ? 1U << 8 : 1U << 9;
	unsigned distance = m == infinity(bits) ? 3 : m >= normal ? 2 : m ? 1 : 0;
	return 1U << (v & sign(bits) ? 3 - distance : 4 + distance);
}

unsigned fp_class64(uint64_t a) { return class(64, a); }
unsigned fp_class32(uint32_t a) { return class(32, a); }
