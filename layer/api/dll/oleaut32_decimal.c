/* SPDX-License-Identifier: Apache-2.0 */
/* oleaut32_decimal.c -- DECIMAL: 96 bits, a sign, and how many of the digits are decimals.
 *
 * What does not fit loses decimals, the last one rounded to the nearest, to an even one when it is
 * in the middle; what has none left to lose is an overflow.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"

#define E_INVALIDARG     ((HRESULT)0x80070057)
#define DISP_E_OVERFLOW  ((HRESULT)0x8002000a)
#define DISP_E_DIVBYZERO ((HRESULT)0x80020012)

enum { WORDS = 12, FITS = 3, MOST_SCALE = 28, CY_SCALE = 4, NEGATIVE = 0x80 };
enum { VARCMP_LT, VARCMP_EQ, VARCMP_GT };

struct DECIMAL {
	WORD reserved;
	BYTE scale, sign;
	uint32_t high;
	uint64_t low;
};

_Static_assert(sizeof(struct DECIMAL) == 16, "DECIMAL");

/* -- numbers of 384 bits, the lowest word first ------------------------------------------------- */

struct big {
	uint32_t w[WORDS];
};

static struct big
wide(const struct DECIMAL *d)
{
	return (struct big){ { (uint32_t)d->low, (uint32_t)(d->low >> 32), d->high } };
}

static bool
fits(const struct big *b)
{
	for (int i = FITS; i < WORDS; i++)
		if (b->w[i])
			return false;
	return true;
}

static bool
zero(const struct big *b)
{
	return fits(b) && !(b->w[0] | b->w[1] | b->w[2]);
}

static int
compare(const struct big *a, const struct big *b)
{
	for (int i = WORDS; i-- > 0;)
		if (a->w[i] != b->w[i])
			return a->w[i] < b->w[i] ? -1 : 1;
	return 0;
}

static void
multiply_add(struct big *a, uint32_t factor, uint32_t more)
{
	uint64_t carry = more;
	for (int i = 0; i < WORDS; i++) {
		carry += (uint64_t)a->w[i] * factor;
		a->w[i] = (uint32_t)carry;
		carry >>= 32;
	}
}

static void
powers(struct big *a, int n)
{
	while (n-- > 0)
		multiply_add(a, 10, 0);
}

static uint32_t
divide_small(struct big *a, uint32_t by)
{
	uint64_t rest = 0;
	for (int i = WORDS; i-- > 0;) {
		rest = rest << 32 | a->w[i];
		a->w[i] = (uint32_t)(rest / by);
		rest %= by;
	}
	return (uint32_t)rest;
}

static void
add(struct big *a, const struct big *b)
{
	uint64_t carry = 0;
	for (int i = 0; i < WORDS; i++) {
		carry += (uint64_t)a->w[i] + b->w[i];
		a->w[i] = (uint32_t)carry;
		carry >>= 32;
	}
}

/* b is not larger. */
static void
subtract(struct big *a, const struct big *b)
{
	int64_t borrow = 0;
	for (int i = 0; i < WORDS; i++) {
		borrow += (int64_t)a->w[i] - b->w[i];
		a->w[i] = (uint32_t)borrow;
		borrow >>= 32;
	}
}

static struct big
product(const struct big *a, const struct big *b)
{
	struct big r = { { 0 } };
	for (int i = 0; i < FITS; i++) {
		uint64_t carry = 0;
		for (int k = 0; i + k < WORDS; k++) {
			carry += (uint64_t)a->w[i] * b->w[k] + r.w[i + k];
			r.w[i + k] = (uint32_t)carry;
			carry >>= 32;
		}
	}
	return r;
}

/* a becomes the quotient; the rest. */
static struct big
divide(struct big *a, const struct big *by)
{
	struct big q = { { 0 } }, rest = { { 0 } };
	for (int bit = WORDS * 32; bit-- > 0;) {
		add(&rest, &rest);
		rest.w[0] |= a->w[bit / 32] >> bit % 32 & 1;
		if (compare(&rest, by) >= 0) {
			subtract(&rest, by);
			q.w[bit / 32] |= 1u << bit % 32;
		}
	}
	*a = q;
	return rest;
}

/* -- results --------------------------------------------------------------------------------------- */

static HRESULT
put(struct DECIMAL *out, const struct big *b, int scale, bool negative)
{
	out->high = b->w[2];
	out->low = (uint64_t)b->w[1] << 32 | b->w[0];
	out->scale = (BYTE)scale;
	out->sign = negative ? NEGATIVE : 0;
	return 0;
}

/* With no more decimals than `most`.  more: it was a little larger than it says. */
static HRESULT
rounded(struct DECIMAL *out, struct big *b, int scale, int most, bool negative, bool more)
{
	uint32_t last = 0;
	for (; scale < 0; scale++) {
		multiply_add(b, 10, 0);
		if (!fits(b))
			return DISP_E_OVERFLOW;
	}
	while (scale > most || (!fits(b) && scale > 0)) {
		more |= last != 0;
		last = divide_small(b, 10);
		scale--;
	}
	if (last > 5 || (last == 5 && (more || b->w[0] & 1)))
		add(b, &(struct big){ { 1 } });
	if (!fits(b)) {
		/* by that one, or by too much */
		if (!scale)
			return DISP_E_OVERFLOW;
		last = divide_small(b, 10);
		scale--;
		if (last >= 5)
			add(b, &(struct big){ { 1 } });
	}
	return put(out, b, scale, negative);
}

static void
without_zeros(struct DECIMAL *d)
{
	struct big b = wide(d);
	while (d->scale) {
		struct big less = b;
		if (divide_small(&less, 10))
			break;
		b = less;
		d->scale--;
	}
	put(d, &b, d->scale, d->sign);
}

static HRESULT
sum(const struct DECIMAL *x, const struct DECIMAL *y, bool minus, struct DECIMAL *out)
{
	struct big a = wide(x), b = wide(y);
	int scale = x->scale > y->scale ? x->scale : y->scale;
	bool negative = x->sign, other = (y->sign != 0) != minus;
	powers(&a, scale - x->scale);
	powers(&b, scale - y->scale);
	if (negative == other) {
		add(&a, &b);
	} else if (compare(&a, &b) >= 0) {
		subtract(&a, &b);
	} else {
		subtract(&b, &a);
		a = b;
		negative = other;
	}
	return rounded(out, &a, scale, MOST_SCALE, negative && !zero(&a), false);
}

WINAPI HRESULT
oleaut32_VarDecAdd(const struct DECIMAL *x, const struct DECIMAL *y, struct DECIMAL *out)
{
	return sum(x, y, false, out);
}

WINAPI HRESULT
oleaut32_VarDecSub(const struct DECIMAL *x, const struct DECIMAL *y, struct DECIMAL *out)
{
	return sum(x, y, true, out);
}

WINAPI HRESULT
oleaut32_VarDecMul(const struct DECIMAL *x, const struct DECIMAL *y, struct DECIMAL *out)
{
	struct big a = wide(x), b = wide(y), r = product(&a, &b);
	return rounded(out, &r, x->scale + y->scale, MOST_SCALE, (x->sign != y->sign) && !zero(&r),
	               false);
}

WINAPI HRESULT
oleaut32_VarDecDiv(const struct DECIMAL *x, const struct DECIMAL *y, struct DECIMAL *out)
{
	struct big a = wide(x), b = wide(y);
	int scale = x->scale - y->scale;
	bool negative = x->sign != y->sign;
	if (zero(&b))
		return DISP_E_DIVBYZERO;
	struct big whole = a, rest = divide(&whole, &b);
	if (zero(&rest)) /* nothing is to be cut off, and no decimal to be added */
		return rounded(out, &whole, scale, MOST_SCALE, negative && !zero(&whole), false);
	powers(&a, MOST_SCALE - scale);
	rest = divide(&a, &b);
	/* half of the last decimal or more: as a digit behind it */
	multiply_add(&rest, 10, 0);
	struct big digit = rest;
	rest = divide(&digit, &b);
	multiply_add(&a, 10, digit.w[0]);
	HRESULT r = rounded(out, &a, MOST_SCALE + 1, MOST_SCALE, negative, !zero(&rest));
	if (r == 0)
		without_zeros(out);
	return r;
}

WINAPI HRESULT
oleaut32_VarDecNeg(const struct DECIMAL *x, struct DECIMAL *out)
{
	struct big a = wide(x);
	return put(out, &a, x->scale, !x->sign);
}

WINAPI HRESULT
oleaut32_VarDecAbs(const struct DECIMAL *x, struct DECIMAL *out)
{
	struct big a = wide(x);
	return put(out, &a, x->scale, false);
}

/* Without its decimals: towards zero, or down. */
static HRESULT
whole(const struct DECIMAL *x, struct DECIMAL *out, bool down)
{
	struct big a = wide(x);
	bool cut = false, negative = x->sign;
	for (int i = 0; i < x->scale; i++)
		cut |= divide_small(&a, 10) != 0;
	if (down && cut && negative)
		add(&a, &(struct big){ { 1 } });
	return put(out, &a, 0, negative && !zero(&a));
}

WINAPI HRESULT
oleaut32_VarDecFix(const struct DECIMAL *x, struct DECIMAL *out)
{
	return whole(x, out, false);
}

WINAPI HRESULT
oleaut32_VarDecInt(const struct DECIMAL *x, struct DECIMAL *out)
{
	return whole(x, out, true);
}

WINAPI HRESULT
oleaut32_VarDecRound(const struct DECIMAL *x, int decimals, struct DECIMAL *out)
{
	struct big a = wide(x);
	if (decimals < 0)
		return E_INVALIDARG;
	return rounded(out, &a, x->scale, decimals < MOST_SCALE ? decimals : MOST_SCALE, x->sign,
	               false);
}

WINAPI HRESULT
oleaut32_VarDecCmp(const struct DECIMAL *x, const struct DECIMAL *y)
{
	struct big a = wide(x), b = wide(y);
	int scale = x->scale > y->scale ? x->scale : y->scale;
	bool minus = x->sign && !zero(&a), other = y->sign && !zero(&b);
	if (minus != other)
		return minus ? VARCMP_LT : VARCMP_GT;
	powers(&a, scale - x->scale);
	powers(&b, scale - y->scale);
	int c = minus ? compare(&b, &a) : compare(&a, &b);
	return c < 0 ? VARCMP_LT : c > 0 ? VARCMP_GT : VARCMP_EQ;
}

/* -- from and to others ------------------------------------------------------------------------------- */

static HRESULT
from_integer(uint64_t v, bool negative, int scale, struct DECIMAL *out)
{
	return put(out, &(struct big){ { (uint32_t)v, (uint32_t)(v >> 32) } }, scale, negative);
}

WINAPI HRESULT
oleaut32_VarDecFromI4(LONG v, struct DECIMAL *out)
{
	return from_integer(v < 0 ? -(uint64_t)v : (uint64_t)v, v < 0, 0, out);
}

WINAPI HRESULT
oleaut32_VarDecFromCy(int64_t v, struct DECIMAL *out)
{
	return from_integer(v < 0 ? -(uint64_t)v : (uint64_t)v, v < 0, CY_SCALE, out);
}

/* As many digits as are sure of that kind of number. */
static HRESULT
from_real(double v, int digits, struct DECIMAL *out)
{
	char text[64];
	struct big b = { { 0 } };
	if (!isfinite(v) || fabs(v) > 7.9228162514264338e28)
		return DISP_E_OVERFLOW;
	snprintf(text, sizeof text, "%.*e", digits - 1, fabs(v));
	char *e = strchr(text, 'e');
	for (const char *p = text; p < e; p++)
		if (*p != '.')
			multiply_add(&b, 10, (uint32_t)(*p - '0'));
	HRESULT r = rounded(out, &b, digits - 1 - (int)strtol(e + 1, NULL, 10), MOST_SCALE, v < 0,
	                    false);
	if (r == 0) {
		without_zeros(out);
		if (!out->low && !out->high)
			out->scale = out->sign = 0;
	}
	return r;
}

WINAPI HRESULT
oleaut32_VarDecFromR4(float v, struct DECIMAL *out)
{
	return from_real((double)v, 7, out);
}

WINAPI HRESULT
oleaut32_VarDecFromR8(double v, struct DECIMAL *out)
{
	return from_real(v, 15, out);
}

static double
real(const struct DECIMAL *x)
{
	double v = ((double)x->high * 0x1p64 + (double)x->low) / pow(10, x->scale);
	return x->sign ? -v : v;
}

WINAPI HRESULT
oleaut32_VarR4FromDec(const struct DECIMAL *x, float *out)
{
	*out = (float)real(x);
	return 0;
}

WINAPI HRESULT
oleaut32_VarR8FromDec(const struct DECIMAL *x, double *out)
{
	*out = real(x);
	return 0;
}

/* Of so many decimals, as an integer of which none is lost. */
static HRESULT
integer(const struct DECIMAL *x, int scale, uint64_t most, int64_t *out)
{
	struct DECIMAL d;
	struct big a = wide(x);
	HRESULT r = rounded(&d, &a, x->scale, scale, x->sign, false);
	if (r)
		return r;
	a = wide(&d);
	powers(&a, scale - d.scale);
	uint64_t v = (uint64_t)a.w[1] << 32 | a.w[0];
	if (!fits(&a) || a.w[2] || v > most + (x->sign ? 1 : 0))
		return DISP_E_OVERFLOW;
	*out = x->sign ? (int64_t)-v : (int64_t)v;
	return 0;
}

WINAPI HRESULT
oleaut32_VarCyFromDec(const struct DECIMAL *x, int64_t *out)
{
	return integer(x, CY_SCALE, INT64_MAX, out);
}

WINAPI HRESULT
oleaut32_VarI4FromDec(const struct DECIMAL *x, LONG *out)
{
	int64_t v;
	HRESULT r = integer(x, 0, INT32_MAX, &v);
	if (r == 0)
		*out = (LONG)v;
	return r;
}
