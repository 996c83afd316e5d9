/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/text/number.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 32) >= 'a' && (c | 32) <= 'f')
		return (c | 32) - 'a' + 10;
	return 16;
}

/* Digits with single underscores between them; where they end, or i: none. */
static size_t
digits(const char *p, size_t n, size_t i, int base)
{
	size_t begin = i;

	while (i < n) {
		if (digit(p[i]) < base)
			i++;
		else if (p[i] == '_' && i > begin && i + 1 < n && digit(p[i + 1]) < base)
			i += 2;
		else
			break;
	}
	return i;
}

static bool
is(const char *p, size_t n, const char *text)
{
	return n == strlen(text) && memcmp(p, text, n) == 0;
}

static bool starts_hex(const char *p, size_t n) { return n > 2 && p[0] == '0' && p[1] == 'x'; }

enum number
number_kind(const char *p, size_t n)
{
	enum number kind = NUMBER_NAT;
	size_t i = 0, end;

	if (n && (p[0] == '+' || p[0] == '-')) {
		kind = NUMBER_INT;
		p++, n--;
	}
	if (is(p, n, "inf") || is(p, n, "nan"))
		return NUMBER_FLOAT;
	if (n > 6 && memcmp(p, "nan:0x", 6) == 0)
		return digits(p, n, 6, 16) == n ? NUMBER_FLOAT : NUMBER_NONE;

	int base = starts_hex(p, n) ? 16 : 10;
	i = base == 16 ? 2 : 0;
	end = digits(p, n, i, base);
	if (end == i)
		return NUMBER_NONE;
	i = end;
	if (i == n)
		return kind;
	if (p[i] == '.')
		i = digits(p, n, i + 1, base);
	if (i < n && (p[i] | 32) == (base == 16 ? 'p' : 'e')) {
		i++;
		if (i < n && (p[i] == '+' || p[i] == '-'))
			i++;
		end = digits(p, n, i, 10);
		if (end == i)
			return NUMBER_NONE;
		i = end;
	}
	return i == n ? NUMBER_FLOAT : NUMBER_NONE;
}

bool
number_nat(const char *p, size_t n, uint64_t *out)
{
	unsigned base = starts_hex(p, n) ? 16 : 10;
	uint64_t v = 0;

	for (size_t i = base == 16 ? 2 : 0; i < n; i++) {
		if (p[i] == '_')
			continue;
		unsigned d = (unsigned)digit(p[i]);
		if (v > (UINT64_MAX - d) / base)
			return false;
		v = v * base + d;
	}
	*out = v;
	return true;
}

bool
number_int(const char *p, size_t n, unsigned bits, uint64_t *out)
{
	bool sign = *p == '+' || *p == '-', minus = *p == '-';
	uint64_t v, all = UINT64_MAX >> (64 - bits), half = (uint64_t)1 << (bits - 1);

	if (!number_nat(p + sign, n - sign, &v))
		return false;
	/* 6.3.1: +n and plain n are unsigned or signed, -n is signed. */
	if (v > (minus ? half : all))
		return false;
	*out = (minus ? -v : v) & all;
	return true;
}

/* The payload of nan or nan:0x...; false: it is no such thing or too large. */
static bool
payload(const char *p, size_t n, unsigned bits, uint64_t *out)
{
	if (n == 3) {
		*out = (uint64_t)1 << (bits - 1);
		return true;
	}
	return number_nat(p + 4, n - 4, out) && *out != 0 && *out >> bits == 0;
}

/* For strtod, which knows no underscores, as a string; the caller frees it. */
static char *
plain(const char *p, size_t n)
{
	char *s = xmalloc(n + 1);
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (p[i] != '_')
			s[k++] = p[i];
	s[k] = '\0';
	return s;
}

/* Does v have exactly n significant bits? */
static bool
bits_are(long double v, int n)
{
	int exponent;
	long double m = ldexpl(frexpl(v, &exponent), n);
	uint64_t whole = (uint64_t)m;

	return (long double)whole == m && (whole & 1);
}

/* strtof and strtod round to the nearest, ties to even, as 6.3.2 asks; but glibc (2.36)
 * forgets the first bit behind the mantissa when the result is subnormal, and takes
 * what that bit alone lifts above a tie for one.  Such a number is exact in the next
 * wider type, and is rounded from there. */
static float
single(const char *s)
{
	float v = strtof(s, NULL);

	if (v < FLT_MIN) {
		double exact = strtod(s, NULL);
		if (bits_are(exact, FLT_MANT_DIG + 1))
			v = (float)exact;
	}
	return v;
}

static double
twice(const char *s)
{
	double v = strtod(s, NULL);

	if (v < DBL_MIN) {
		long double exact = strtold(s, NULL);
		if (bits_are(exact, DBL_MANT_DIG + 1))
			v = (double)exact;
	}
	return v;
}

static uint64_t
plain_bits(const char *s, bool wide)
{
	uint64_t bits;
	uint32_t half;

	if (wide) {
		double v = twice(s);
		memcpy(&bits, &v, sizeof bits);
		return bits;
	}
	float v = single(s);
	memcpy(&half, &v, sizeof half);
	return half;
}

/* The bits of a word of the token class float. */
static bool
number(const char *p, size_t n, bool wide, uint64_t *out)
{
	bool sign = *p == '+' || *p == '-', minus = *p == '-';
	uint64_t infinity = wide ? UINT64_C(0x7ff0000000000000) : 0x7f800000, bits = infinity;

	p += sign, n -= sign;
	if (*p == 'n') {
		if (!payload(p, n, wide ? 52 : 23, &bits))
			return false;
		bits |= infinity;
	} else if (*p != 'i') {
		char *s = plain(p, n);
		bits = plain_bits(s, wide);
		free(s);
		if (bits == infinity)
			return false;
	}
	*out = bits | (uint64_t)minus << (wide ? 63 : 31);
	return true;
}

bool
number_f32(const char *p, size_t n, uint32_t *out)
{
	uint64_t bits;
	bool ok = number(p, n, false, &bits);
	if (ok)
		*out = (uint32_t)bits;
	return ok;
}

bool
number_f64(const char *p, size_t n, uint64_t *out)
{
	return number(p, n, true, out);
}
