/* soft.h -- floating point in whole numbers, to check the machine's by.
 *
 * A number is sign, whole number and power of two; every operation is done exactly
 * (or with a bit that says "and a little more") and rounded once, to nearest, ties to
 * even (Core specification 4.3.3).  Nothing here uses float or double.  Operands and
 * results are bit patterns of the format.
 */
#ifndef TEST_LANG_SOFT_H
#define TEST_LANG_SOFT_H

#include <stdbool.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 soft_wide;

struct soft_format {
	int bits, mant; /* mant: of the number with its leading one */
	int least;      /* power of two of the lowest bit of subnormals */
};
static const struct soft_format soft_f32 = { 32, 24, -149 }, soft_f64 = { 64, 53, -1074 };

struct soft {
	bool nan, inf, neg;
	uint64_t m;
	int e;
};

static inline uint64_t soft_sign(const struct soft_format *f) { return 1ULL << (f->bits - 1); }
static inline uint64_t soft_inf(const struct soft_format *f) { return soft_sign(f) - (1ULL << (f->mant - 1)); }
static inline uint64_t soft_quiet(const struct soft_format *f) { return 1ULL << (f->mant - 2); }
static inline uint64_t soft_canon(const struct soft_format *f) { return soft_inf(f) | soft_quiet(f); }
static inline bool
soft_is_nan(const struct soft_format *f, uint64_t v)
{
	return (v & ~soft_sign(f)) > soft_inf(f);
}

static inline struct soft
soft_open(const struct soft_format *f, uint64_t v)
{
	struct soft s = { .neg = v & soft_sign(f) };
	uint64_t size = v & ~soft_sign(f), one = 1ULL << (f->mant - 1), exp = size / one;

	s.nan = size > soft_inf(f);
	s.inf = size == soft_inf(f);
	s.m = size % one + (exp ? one : 0);
	s.e = f->least + (int)(exp ? exp - 1 : 0);
	return s;
}

/* m * 2^e, and a little more than that if more. */
static inline uint64_t
soft_round(const struct soft_format *f, bool neg, soft_wide m, int e, bool more)
{
	uint64_t sign = neg ? soft_sign(f) : 0, one = 1ULL << (f->mant - 1);
	int top = 0, low;

	if (!m)
		return sign;
	for (soft_wide t = m; t; t >>= 1)
		top++;
	low = e + top - f->mant; /* power of two of the last bit kept */
	if (low < f->least)
		low = f->least;
	if (low <= e)
		m <<= e - low;
	for (bool half = false; e < low; e++) {
		more |= half;
		half = m & 1;
		m >>= 1;
		if (e + 1 == low && half && (more || m & 1))
			m++;
	}
	if (m < one)
		return sign | (uint64_t)m;
	uint64_t size = (uint64_t)(low - f->least + 1) * one + ((uint64_t)m - one);
	if (low > 2100 || size > soft_inf(f))
		size = soft_inf(f);
	return sign | size;
}

static inline uint64_t
soft_add(const struct soft_format *f, uint64_t x, uint64_t y)
{
	struct soft a = soft_open(f, x), b = soft_open(f, y);

	if (a.nan || b.nan || (a.inf && b.inf && a.neg != b.neg))
		return soft_canon(f);
	if (a.inf || b.inf)
		return a.inf ? x : y;
	if (!a.m && !b.m)
		return a.neg && b.neg ? soft_sign(f) : 0;
	if (!a.m || !b.m)
		return a.m ? x : y;
	if (a.e < b.e) {
		struct soft t = a;
		a = b;
		b = t;
	}
	/* Far below the last bit every number is "a little". */
	if (a.e - b.e > 64) {
		b.m = 1;
		b.e = a.e - 64;
	}
	soft_wide m = (soft_wide)a.m << (a.e - b.e), n = b.m;
	if (a.neg == b.neg)
		return soft_round(f, a.neg, m + n, b.e, false);
	if (m == n)
		return 0;
	return m > n ? soft_round(f, a.neg, m - n, b.e, false) : soft_round(f, b.neg, n - m, b.e, false);
}

static inline uint64_t
soft_sub(const struct soft_format *f, uint64_t x, uint64_t y)
{
	return soft_add(f, x, y ^ soft_sign(f));
}

static inline uint64_t
soft_mul(const struct soft_format *f, uint64_t x, uint64_t y)
{
	struct soft a = soft_open(f, x), b = soft_open(f, y);
	bool neg = a.neg != b.neg;

	if (a.nan || b.nan || (a.inf && !b.inf && !b.m) || (b.inf && !a.inf && !a.m))
		return soft_canon(f);
	if (a.inf || b.inf)
		return soft_inf(f) | (neg ? soft_sign(f) : 0);
	return soft_round(f, neg, (soft_wide)a.m * b.m, a.e + b.e, false);
}

static inline uint64_t
soft_div(const struct soft_format *f, uint64_t x, uint64_t y)
{
	struct soft a = soft_open(f, x), b = soft_open(f, y);
	uint64_t sign = a.neg != b.neg ? soft_sign(f) : 0;

	if (a.nan || b.nan || (a.inf && b.inf) || (!a.inf && !b.inf && !a.m && !b.m))
		return soft_canon(f);
	if (a.inf || (!b.inf && !b.m))
		return soft_inf(f) | sign;
	if (b.inf || !a.m)
		return sign;
	soft_wide m = a.m;
	while (!(m >> 126)) {
		m <<= 1;
		a.e--;
	}
	return soft_round(f, sign, m / b.m, a.e - b.e, m % b.m);
}

static inline uint64_t
soft_sqrt(const struct soft_format *f, uint64_t x)
{
	struct soft a = soft_open(f, x);

	if (a.nan || (a.neg && (a.inf || a.m)))
		return soft_canon(f);
	if (a.inf || !a.m)
		return x;
	soft_wide m = a.m, root = 0;
	while (m >> 124 == 0 || a.e % 2) {
		m <<= 1;
		a.e--;
	}
	for (int bit = 63; bit >= 0; bit--) {
		soft_wide next = root | (soft_wide)1 << bit;
		if (next <= m / next)
			root = next;
	}
	return soft_round(f, false, root, a.e / 2, root * root != m);
}

/* Numbers that are no NaNs, in their order: -0 and 0 are one. */
static inline int64_t
soft_order(const struct soft_format *f, uint64_t v)
{
	int64_t size = (int64_t)(v & ~soft_sign(f));
	return v & soft_sign(f) ? -size : size;
}
static inline bool
soft_less(const struct soft_format *f, uint64_t x, uint64_t y)
{
	return !soft_is_nan(f, x) && !soft_is_nan(f, y) && soft_order(f, x) < soft_order(f, y);
}
static inline bool
soft_same(const struct soft_format *f, uint64_t x, uint64_t y)
{
	return !soft_is_nan(f, x) && !soft_is_nan(f, y) && soft_order(f, x) == soft_order(f, y);
}

static inline uint64_t
soft_min(const struct soft_format *f, uint64_t x, uint64_t y)
{
	if (soft_is_nan(f, x) || soft_is_nan(f, y))
		return soft_canon(f);
	if (soft_order(f, x) == soft_order(f, y))
		return x & soft_sign(f) ? x : y;
	return soft_less(f, x, y) ? x : y;
}
static inline uint64_t
soft_max(const struct soft_format *f, uint64_t x, uint64_t y)
{
	return soft_min(f, x ^ soft_sign(f), y ^ soft_sign(f)) ^ soft_sign(f);
}

/* To a whole number: 'c'eil, 'f'loor, 't'runc, 'n'earest. */
static inline uint64_t
soft_whole(const struct soft_format *f, uint64_t x, char how)
{
	struct soft a = soft_open(f, x);

	if (a.nan)
		return soft_canon(f);
	if (a.inf || !a.m || a.e >= 0)
		return x;
	int cut = -a.e < 60 ? -a.e : 60;
	uint64_t whole = a.m >> cut, rest = a.m - (whole << cut), half = 1ULL << (cut - 1);
	bool up = (how == 'c' && !a.neg && rest) || (how == 'f' && a.neg && rest) ||
	          (how == 'n' && (rest > half || (rest == half && whole & 1)));
	return soft_round(f, a.neg, whole + up, 0, false);
}

/* From and to whole numbers of `bits`, with sign or without. */
static inline uint64_t
soft_from(const struct soft_format *f, uint64_t v, bool sign)
{
	bool neg = sign && v >> 63;
	return soft_round(f, neg, neg ? -v : v, 0, false);
}

enum soft_fit { SOFT_FITS, SOFT_NAN, SOFT_BEYOND };

/* Gives the number cut to a whole one, or the end of the range that is nearest. */
static inline enum soft_fit
soft_to(const struct soft_format *f, uint64_t x, int bits, bool sign, uint64_t *out)
{
	struct soft a = soft_open(f, x);
	soft_wide most = ((soft_wide)1 << (bits - sign)) - 1, least = sign ? most + 1 : 0, m = a.m;
	enum soft_fit fit = SOFT_FITS;

	*out = 0;
	if (a.nan)
		return SOFT_NAN;
	if (a.inf || (a.e > 64 && a.m))
		m = (soft_wide)1 << 100;
	else if (a.e > 0)
		m <<= a.m ? a.e : 0;
	else
		m = -a.e < 64 ? m >> -a.e : 0;
	if (m > (a.neg ? least : most)) {
		m = a.neg ? least : most;
		fit = SOFT_BEYOND;
	}
	*out = (uint64_t)(a.neg ? -m : m);
	if (bits == 32)
		*out = (uint32_t)*out;
	return fit;
}

/* From one format to another. */
static inline uint64_t
soft_change(const struct soft_format *from, const struct soft_format *to, uint64_t x)
{
	struct soft a = soft_open(from, x);
	uint64_t sign = a.neg ? soft_sign(to) : 0;

	if (a.nan)
		return soft_canon(to);
	return a.inf ? soft_inf(to) | sign : soft_round(to, a.neg, a.m, a.e, false);
}

/* May `got` come out where soft gave `want`?  Of NaNs: the canonical one of either
 * sign, and where an operand was another NaN, any that is quiet. */
static inline bool
soft_may(const struct soft_format *f, uint64_t got, uint64_t want, bool other_nan)
{
	if (!soft_is_nan(f, want))
		return got == want;
	if (other_nan)
		return soft_is_nan(f, got) && got & soft_quiet(f);
	return (got & ~soft_sign(f)) == soft_canon(f);
}

/* A NaN that is not the canonical one. */
static inline bool
soft_odd_nan(const struct soft_format *f, uint64_t v)
{
	return soft_is_nan(f, v) && (v & ~soft_sign(f)) != soft_canon(f);
}

#endif
