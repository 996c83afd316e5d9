/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/rv/fp_soft.h"

__extension__ typedef unsigned __int128 u128;

#define TOP (UINT64_C(1) << 63)

enum kind { ZERO, FINITE, INFINITE, NOT_A_NUMBER };

/* An operand, taken apart.  A finite one is sig / 2^63 * 2^exp, bit 63 of sig is set. */
struct num {
	enum kind kind;
	bool minus;
	int exp;
	uint64_t sig;
};

/* A format: its significand has `digits` bits with the one that is not stored. */
static inline unsigned digits(unsigned bits) { return bits == 64 ? 53 : 24; }
static inline int bias(unsigned bits) { return bits == 64 ? 1023 : 127; }

static inline uint64_t
infinity(unsigned bits, bool minus)
{
	uint64_t most = 2 * (uint64_t)bias(bits) + 1;
	return (uint64_t)minus << (bits - 1) | most << (digits(bits) - 1);
}
static inline uint64_t zero(unsigned bits, bool minus) { return (uint64_t)minus << (bits - 1); }
static inline uint64_t nan_of(unsigned bits) { return bits == 64 ? FP_NAN64 : FP_NAN32; }

static inline uint64_t
invalid(unsigned bits, uint8_t *flags)
{
	*flags |= FP_NV;
	return nan_of(bits);
}

/* Every operation but the comparisons raises NV for a signalling NaN. */
static inline struct num
take(unsigned bits, uint64_t v, uint8_t *flags)
{
	unsigned stored = digits(bits) - 1;
	uint64_t fraction = v & ((UINT64_C(1) << stored) - 1);
	int most = 2 * bias(bits) + 1, exp = (int)(v >> stored) & most;
	struct num n = { .kind = FINITE, .minus = v >> (bits - 1) & 1, .exp = exp - bias(bits) };
	if (exp == most) {
		n.kind = fraction ? NOT_A_NUMBER : INFINITE;
		if (fraction && !(fraction >> (stored - 1)))
			*flags |= FP_NV;
	} else if (exp) {
		n.sig = TOP | fraction << (63 - stored);
	} else if (fraction) {
		int up = __builtin_clzll(fraction);
		n.sig = fraction << up;
		n.exp = 1 - bias(bits) + (63 - (int)stored) - up;
	} else {
		n.kind = ZERO;
	}
	return n;
}

/* Does what is below the last bit, `rest` with the weight of that bit at 2 * half, round up? */
static inline bool
up(bool minus, bool odd, uint64_t rest, uint64_t half, unsigned rm)
{
	switch (rm) {
	case FP_RNE: return rest > half || (rest == half && odd);
	case FP_RMM: return rest >= half;
	case FP_RDN: return rest && minus;
	case FP_RUP: return rest && !minus;
	default: return false;
	}
}

/* Shift right; what falls off leaves its mark in the last bit. */
static inline uint64_t
jam64(uint64_t v, unsigned n)
{
	if (n > 63)
		return v != 0;
	return v >> n | (n && v << (64 - n));
}
static inline u128
jam128(u128 v, unsigned n)
{
	if (n > 127)
		return v != 0;
	return v >> n | (n && v << (128 - n));
}
static inline uint64_t jam_half(u128 v) { return (uint64_t)(v >> 64) | ((uint64_t)v != 0); }

static uint64_t
overflow(unsigned bits, bool minus, unsigned rm, uint8_t *flags)
{
	*flags |= FP_OF | FP_NX;
	bool away = rm == FP_RNE || rm == FP_RMM || rm == (minus ? FP_RDN : FP_RUP);
	return infinity(bits, minus) - !away;
}

/* The number sig / 2^63 * 2^exp, bit 63 of sig set, rounded.  Bits of an exact result that
 * have no room in sig are in its last bit, or-ed together. */
static inline uint64_t
put(unsigned bits, bool minus, int exp, uint64_t sig, unsigned rm, uint8_t *flags)
{
	unsigned extra = 64 - digits(bits);
	uint64_t half = UINT64_C(1) << (extra - 1), mask = 2 * half - 1;
	int least = 1 - bias(bits);
	bool tiny = false;

	if (exp > bias(bits))
		return overflow(bits, minus, rm, flags);
	if (exp < least) {
		/* Tiny after rounding (unprivileged 20.2, IEEE 754 7.5 a): would it be below
		 * the least normal number if exponents had no bounds? */
		tiny = exp < least - 1 || sig < ~mask || !up(minus, true, sig & mask, half, rm);
		sig = jam64(sig, (unsigned)(least - exp));
		exp = least - 1;
	}
	uint64_t rest = sig & mask;
	uint64_t v = (uint64_t)(exp + bias(bits)) << (digits(bits) - 1);
	/* a carry goes where it should: into the exponent */
	v += (sig & ~TOP) >> extra;
	if (rest) {
		*flags |= tiny ? FP_UF | FP_NX : FP_NX;
		v += up(minus, sig >> extra & 1, rest, half, rm);
		if (v == infinity(bits, false))
			return overflow(bits, minus, rm, flags);
	}
	return zero(bits, minus) | v;
}

/* The sum of two that are sig / 2^126 * 2^exp, where bit 126 or 125 of sig is set and the 21
 * last bits are not: so one is shifted by more than 21 when it loses bits, it is much the
 * smaller, their difference has at most two leading zeros, and what was lost only rounds. */
static inline uint64_t
sum(unsigned bits, bool am, int ae, u128 a, bool bm, int be, u128 b, unsigned rm, uint8_t *flags)
{
	int exp = ae > be ? ae : be;
	a = jam128(a, (unsigned)(exp - ae));
	b = jam128(b, (unsigned)(exp - be));
	bool minus = am;
	if (am == bm) {
		a += b;
	} else if (a >= b) {
		a -= b;
	} else {
		a = b - a;
		minus = bm;
	}
	if (!a)
		return zero(bits, rm == FP_RDN);
	uint64_t high = (uint64_t)(a >> 64);
	int by = high ? __builtin_clzll(high) : 64 + __builtin_clzll((uint64_t)a);
	return put(bits, minus, exp + 1 - by, jam_half(a << by), rm, flags);
}

uint64_t
fp_soft_add(unsigned bits, uint64_t a, uint64_t b, unsigned rm, uint8_t *flags)
{
	struct num x = take(bits, a, flags), y = take(bits, b, flags);
	if (x.kind == NOT_A_NUMBER || y.kind == NOT_A_NUMBER)
		return nan_of(bits);
	if (x.kind == INFINITE && y.kind == INFINITE && x.minus != y.minus)
		return invalid(bits, flags);
	if (x.kind == INFINITE || y.kind == INFINITE)
		return infinity(bits, x.kind == INFINITE ? x.minus : y.minus);
	if (x.kind == ZERO && y.kind == ZERO)
		return zero(bits, x.minus == y.minus ? x.minus : rm == FP_RDN);
	if (x.kind == ZERO)
		return put(bits, y.minus, y.exp, y.sig, rm, flags);
	if (y.kind == ZERO)
		return put(bits, x.minus, x.exp, x.sig, rm, flags);
	return sum(bits, x.minus, x.exp, (u128)x.sig << 63, y.minus, y.exp, (u128)y.sig << 63, rm,
	           flags);
}

uint64_t
fp_soft_sub(unsigned bits, uint64_t a, uint64_t b, unsigned rm, uint8_t *flags)
{
	return fp_soft_add(bits, a, b ^ zero(bits, true), rm, flags);
}

uint64_t
fp_soft_mul(unsigned bits, uint64_t a, uint64_t b, unsigned rm, uint8_t *flags)
{
	struct num x = take(bits, a, flags), y = take(bits, b, flags);
	bool minus = x.minus != y.minus;
	if (x.kind == NOT_A_NUMBER || y.kind == NOT_A_NUMBER)
		return nan_of(bits);
	if (x.kind == INFINITE || y.kind == INFINITE) {
		if (x.kind == ZERO || y.kind == ZERO)
			return invalid(bits, flags);
		return infinity(bits, minus);
	}
	if (x.kind == ZERO || y.kind == ZERO)
		return zero(bits, minus);
	u128 product = (u128)x.sig * y.sig; /* in [2^126, 2^128) */
	bool two = product >> 127;
	return put(bits, minus, x.exp + y.exp + two, jam_half(two ? product : product << 1), rm,
	           flags);
}

uint64_t
fp_soft_fma(unsigned bits, uint64_t a, uint64_t b, uint64_t c, unsigned rm, uint8_t *flags)
{
	struct num x = take(bits, a, flags), y = take(bits, b, flags), z = take(bits, c, flags);
	bool minus = x.minus != y.minus;
	/* Invalid even when a quiet NaN is added (unprivileged 20.6). */
	if ((x.kind == INFINITE && y.kind == ZERO) || (x.kind == ZERO && y.kind == INFINITE))
		return invalid(bits, flags);
	if (x.kind == NOT_A_NUMBER || y.kind == NOT_A_NUMBER || z.kind == NOT_A_NUMBER)
		return nan_of(bits);
	if (x.kind == INFINITE || y.kind == INFINITE) {
		if (z.kind == INFINITE && z.minus != minus)
			return invalid(bits, flags);
		return infinity(bits, minus);
	}
	if (z.kind == INFINITE)
		return infinity(bits, z.minus);
	if (x.kind == ZERO || y.kind == ZERO) {
		if (z.kind == ZERO)
			return zero(bits, minus == z.minus ? minus : rm == FP_RDN);
		return put(bits, z.minus, z.exp, z.sig, rm, flags);
	}
	/* At most 106 bits of it are not zero, the upper ones: to halve it is exact. */
	u128 product = (u128)x.sig * y.sig >> 1;
	if (z.kind == ZERO) {
		bool two = product >> 126;
		return put(bits, minus, x.exp + y.exp + two, jam_half(product << (two ? 1 : 2)), rm,
		           flags);
	}
	return sum(bits, minus, x.exp + y.exp + 1, product, z.minus, z.exp, (u128)z.sig << 63, rm,
	           flags);
}

uint64_t
fp_soft_div(unsigned bits, uint64_t a, uint64_t b, unsigned rm, uint8_t *flags)
{
	struct num x = take(bits, a, flags), y = take(bits, b, flags);
	bool minus = x.minus != y.minus;
	if (x.kind == NOT_A_NUMBER || y.kind == NOT_A_NUMBER)
		return nan_of(bits);
	if (x.kind == y.kind && x.kind != FINITE)
		return invalid(bits, flags); /* 0 / 0, infinity / infinity */
	if (x.kind == INFINITE)
		return infinity(bits, minus);
	if (x.kind == ZERO || y.kind == INFINITE)
		return zero(bits, minus);
	if (y.kind == ZERO) {
		*flags |= FP_DZ;
		return infinity(bits, minus);
	}
	u128 dividend = (u128)x.sig << 63;
	uint64_t quotient = (uint64_t)(dividend / y.sig); /* in (2^62, 2^64) */
	uint64_t rest = (uint64_t)dividend - quotient * y.sig;
	bool one = quotient >> 63;
	if (!one)
		quotient <<= 1;
	return put(bits, minus, x.exp - y.exp - !one, quotient | (rest != 0), rm, flags);
}

uint64_t
fp_soft_sqrt(unsigned bits, uint64_t a, unsigned rm, uint8_t *flags)
{
	struct num x = take(bits, a, flags);
	if (x.kind == NOT_A_NUMBER)
		return nan_of(bits);
	if (x.kind == ZERO)
		return zero(bits, x.minus);
	if (x.minus)
		return invalid(bits, flags);
	if (x.kind == INFINITE)
		return infinity(bits, false);
	/* An even exponent, and the significand in [1, 4) as a fixed point number with 62 bits
	 * behind the point; then the root, digit by digit: two more than the result has and a
	 * mark for the rest.  `rest` is what the square of `root` leaves, `bit` the digit. */
	bool odd = x.exp & 1;
	u128 rest = (u128)x.sig << (odd ? 62 : 61);
	uint64_t root = 0;
	for (unsigned i = 0; i < digits(bits) + 2; i++) {
		uint64_t bit = TOP >> (i + 1);
		/* (root + bit)^2 - root^2 = bit * (2 * root + bit) */
		u128 more = (u128)bit * (2 * root + bit);
		if (rest >= more) {
			rest -= more;
			root |= bit;
		}
	}
	return put(bits, false, (x.exp - odd) / 2, root << 1 | (rest != 0), rm, flags);
}

uint64_t
fp_soft_convert(unsigned from, unsigned to, uint64_t a, unsigned rm, uint8_t *flags)
{
	struct num x = take(from, a, flags);
	switch (x.kind) {
	case NOT_A_NUMBER: return nan_of(to);
	case INFINITE: return infinity(to, x.minus);
	case ZERO: return zero(to, x.minus);
	default: return put(to, x.minus, x.exp, x.sig, rm, flags);
	}
}

uint64_t
fp_soft_of_int(unsigned bits, bool minus, uint64_t magnitude, unsigned rm, uint8_t *flags)
{
	if (!magnitude)
		return 0;
	int by = __builtin_clzll(magnitude);
	return put(bits, minus, 63 - by, magnitude << by, rm, flags);
}

uint64_t
fp_soft_to_int(unsigned bits, uint64_t a, unsigned width, bool is_signed, unsigned rm,
               uint8_t *flags)
{
	uint64_t largest = UINT64_MAX >> (64 - width + is_signed); /* the greatest integer */
	uint8_t ignored = 0; /* a signalling NaN is no more invalid than a quiet one */
	struct num x = take(bits, a, &ignored);
	uint64_t whole = 0, rest = 0; /* x as a fixed point number; rest may be jammed */
	bool over = x.kind == INFINITE || x.kind == NOT_A_NUMBER;
	if (x.kind == NOT_A_NUMBER)
		x.minus = false;
	if (x.kind == FINITE) {
		if (x.exp > 63) {
			over = true;
		} else if (x.exp >= 0) {
			whole = x.sig >> (63 - x.exp);
			rest = x.exp == 63 ? 0 : x.sig << (x.exp + 1);
		} else {
			rest = x.exp == -1 ? x.sig : 1;
		}
		/* with a rest, whole has at most 53 bits: no overflow */
		whole += up(x.minus, whole & 1, rest, TOP, rm);
	}
	uint64_t limit = x.minus ? (is_signed ? largest + 1 : 0) : largest;
	if (over || whole > limit) {
		*flags |= FP_NV;
		whole = limit;
	} else if (rest) {
		*flags |= FP_NX;
	}
	if (x.minus)
		whole = -whole;
	return width == 32 ? (uint64_t)(int32_t)whole : whole;
}

uint64_t
fp_soft_round(unsigned bits, uint64_t a, unsigned rm, bool inexact, uint8_t *flags)
{
	struct num x = take(bits, a, flags);
	if (x.kind == NOT_A_NUMBER)
		return nan_of(bits);
	a &= UINT64_MAX >> (64 - bits);
	int stored = (int)digits(bits) - 1;
	if (x.kind != FINITE || x.exp >= stored)
		return a;
	uint64_t v = zero(bits, x.minus), one = (uint64_t)bias(bits) << stored, rest;
	if (x.exp < 0) {
		rest = x.exp == -1 ? x.sig : 1;
		v |= up(x.minus, false, rest, TOP, rm) ? one : 0;
	} else {
		uint64_t last = UINT64_C(1) << (stored - x.exp);
		rest = a & (last - 1);
		v = a - rest;
		/* For 1, whose last bit is not stored, this is the exponent's: odd as well.  A
		 * carry goes into the exponent. */
		v += up(x.minus, v & last, rest, last / 2, rm) ? last : 0;
	}
	if (rest && inexact)
		*flags |= FP_NX;
	return v;
}
