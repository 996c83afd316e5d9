/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_convert.c -- strings to numbers and numbers to strings. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LOCALE const struct crt_locale_pointers *l

static unsigned
unit(const void *s, bool wide, size_t i)
{
	return wide ? ((const WCHAR *)s)[i] : ((const unsigned char *)s)[i];
}

static unsigned
digit_of(unsigned c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return 99;
}

static bool
is_space(unsigned c, bool wide)
{
	return wide ? crt_ctype_wide((WCHAR)c) & CRT_SPACE
	            : crt_locale()->pctype[c & 0xff] & CRT_SPACE;
}

/* An integer; *used is 0 where there is none.  most: the largest of an unsigned type. */
static uint64_t
integer(const void *s, bool wide, int base, bool is_signed, uint64_t most, size_t *used)
{
	size_t i = 0, digits;
	uint64_t v = 0, limit;
	bool negative = false, over = false;
	*used = 0;
	if (!s || (base != 0 && (base < 2 || base > 36))) {
		crt_invalid(EINVAL);
		return 0;
	}
	while (is_space(unit(s, wide, i), wide))
		i++;
	if (unit(s, wide, i) == '-' || unit(s, wide, i) == '+')
		negative = unit(s, wide, i++) == '-';
	if ((base == 0 || base == 16) && unit(s, wide, i) == '0' &&
	    (unit(s, wide, i + 1) | 0x20) == 'x' && digit_of(unit(s, wide, i + 2)) < 16) {
		i += 2;
		base = 16;
	} else if (base == 0) {
		base = unit(s, wide, i) == '0' ? 8 : 10;
	}
	for (digits = i; digit_of(unit(s, wide, i)) < (unsigned)base; i++) {
		uint64_t next;
		over |= __builtin_mul_overflow(v, (uint64_t)base, &next) ||
		        __builtin_add_overflow(next, digit_of(unit(s, wide, i)), &next);
		v = next;
	}
	if (i == digits)
		return 0;
	*used = i;
	limit = is_signed ? most / 2 + negative : most;
	if (over || v > limit) {
		crt_thread.error = ERANGE;
		return is_signed && negative ? 0 - limit : limit;
	}
	return negative ? 0 - v : v;
}

/* A floating-point number, by the host's exact conversion. */
static double
floating(const void *s, bool wide, bool single, size_t *used)
{
	char local[128], *text = local, *end;
	double v;
	int before = errno;
	size_t n = 0;
	*used = 0;
	if (!s) {
		crt_invalid(EINVAL);
		return 0;
	}
	if (wide) {
		const WCHAR *w = s;
		while (is_space(w[n], true))
			n++;
		size_t skip = n;
		while (w[n] > ' ' && w[n] < 127)
			n++;
		n -= skip;
		if (n >= sizeof local && !(text = malloc(n + 1)))
			return 0;
		for (size_t i = 0; i < n; i++)
			text[i] = (char)w[skip + i];
		text[n] = 0;
		n = skip;
	} else {
		text = (char *)s;
	}
	errno = 0;
	v = single ? strtof(text, &end) : strtod(text, &end);
	if (errno == ERANGE)
		crt_thread.error = ERANGE;
	errno = before;
	if (end != text)
		*used = n + (size_t)(end - text);
	if (wide && text != local)
		free(text);
	return v;
}

WINAPI int32_t
ucrtbase_strtol(const char *s, char **end, int base)
{
	size_t used;
	int32_t v = (int32_t)integer(s, false, base, true, UINT32_MAX, &used);
	if (end)
		*end = (char *)s + used;
	return v;
}

WINAPI int32_t
ucrtbase__strtol_l(const char *s, char **end, int base, LOCALE)
{
	(void)l;
	return ucrtbase_strtol(s, end, base);
}

WINAPI int32_t
ucrtbase_wcstol(const WCHAR *s, WCHAR **end, int base)
{
	size_t used;
	int32_t v = (int32_t)integer(s, true, base, true, UINT32_MAX, &used);
	if (end)
		*end = (WCHAR *)s + used;
	return v;
}

WINAPI int32_t
ucrtbase__wcstol_l(const WCHAR *s, WCHAR **end, int base, LOCALE)
{
	(void)l;
	return ucrtbase_wcstol(s, end, base);
}

WINAPI uint32_t
ucrtbase_strtoul(const char *s, char **end, int base)
{
	size_t used;
	uint32_t v = (uint32_t)integer(s, false, base, false, UINT32_MAX, &used);
	if (end)
		*end = (char *)s + used;
	return v;
}

WINAPI uint32_t
ucrtbase__strtoul_l(const char *s, char **end, int base, LOCALE)
{
	(void)l;
	return ucrtbase_strtoul(s, end, base);
}

WINAPI uint32_t
ucrtbase_wcstoul(const WCHAR *s, WCHAR **end, int base)
{
	size_t used;
	uint32_t v = (uint32_t)integer(s, true, base, false, UINT32_MAX, &used);
	if (end)
		*end = (WCHAR *)s + used;
	return v;
}

WINAPI uint32_t
ucrtbase__wcstoul_l(const WCHAR *s, WCHAR **end, int base, LOCALE)
{
	(void)l;
	return ucrtbase_wcstoul(s, end, base);
}

WINAPI int64_t
ucrtbase_strtoll(const char *s, char **end, int base)
{
	size_t used;
	int64_t v = (int64_t)integer(s, false, base, true, UINT64_MAX, &used);
	if (end)
		*end = (char *)s + used;
	return v;
}

WINAPI int64_t
ucrtbase__strtoll_l(const char *s, char **end, int base, LOCALE)
{
	(void)l;
	return ucrtbase_strtoll(s, end, base);
}

WINAPI int64_t
ucrtbase_wcstoll(const WCHAR *s, WCHAR **end, int base)
{
	size_t used;
	int64_t v = (int64_t)integer(s, true, base, true, UINT64_MAX, &used);
	if (end)
		*end = (WCHAR *)s + used;
	return v;
}

WINAPI int64_t
ucrtbase__wcstoll_l(const WCHAR *s, WCHAR **end, int base, LOCALE)
{
	(void)l;
	return ucrtbase_wcstoll(s, end, base);
}

WINAPI uint64_t
ucrtbase_strtoull(const char *s, char **end, int base)
{
	size_t used;
	uint64_t v = (uint64_t)integer(s, false, base, false, UINT64_MAX, &used);
	if (end)
		*end = (char *)s + used;
	return v;
}

WINAPI uint64_t
ucrtbase__strtoull_l(const char *s, char **end, int base, LOCALE)
{
	(void)l;
	return ucrtbase_strtoull(s, end, base);
}

WINAPI uint64_t
ucrtbase_wcstoull(const WCHAR *s, WCHAR **end, int base)
{
	size_t used;
	uint64_t v = (uint64_t)integer(s, true, base, false, UINT64_MAX, &used);
	if (end)
		*end = (WCHAR *)s + used;
	return v;
}

WINAPI uint64_t
ucrtbase__wcstoull_l(const WCHAR *s, WCHAR **end, int base, LOCALE)
{
	(void)l;
	return ucrtbase_wcstoull(s, end, base);
}

WINAPI int64_t
ucrtbase__strtoi64(const char *s, char **end, int base)
{
	return ucrtbase_strtoll(s, end, base);
}

WINAPI int64_t
ucrtbase__strtoi64_l(const char *s, char **end, int base, LOCALE)
{
	(void)l;
	return ucrtbase_strtoll(s, end, base);
}

WINAPI int64_t
ucrtbase__wcstoi64(const WCHAR *s, WCHAR **end, int base)
{
	return ucrtbase_wcstoll(s, end, base);
}

WINAPI int64_t
ucrtbase__wcstoi64_l(const WCHAR *s, WCHAR **end, int base, LOCALE)
{
	(void)l;
	return ucrtbase_wcstoll(s, end, base);
}

WINAPI uint64_t
ucrtbase__strtoui64(const char *s, char **end, int base)
{
	return ucrtbase_strtoull(s, end, base);
}

WINAPI uint64_t
ucrtbase__strtoui64_l(const char *s, char **end, int base, LOCALE)
{
	(void)l;
	return ucrtbase_strtoull(s, end, base);
}

WINAPI uint64_t
ucrtbase__wcstoui64(const WCHAR *s, WCHAR **end, int base)
{
	return ucrtbase_wcstoull(s, end, base);
}

WINAPI uint64_t
ucrtbase__wcstoui64_l(const WCHAR *s, WCHAR **end, int base, LOCALE)
{
	(void)l;
	return ucrtbase_wcstoull(s, end, base);
}

WINAPI int64_t
ucrtbase_strtoimax(const char *s, char **end, int base)
{
	return ucrtbase_strtoll(s, end, base);
}

WINAPI int64_t
ucrtbase__strtoimax_l(const char *s, char **end, int base, LOCALE)
{
	(void)l;
	return ucrtbase_strtoll(s, end, base);
}

WINAPI int64_t
ucrtbase_wcstoimax(const WCHAR *s, WCHAR **end, int base)
{
	return ucrtbase_wcstoll(s, end, base);
}

WINAPI int64_t
ucrtbase__wcstoimax_l(const WCHAR *s, WCHAR **end, int base, LOCALE)
{
	(void)l;
	return ucrtbase_wcstoll(s, end, base);
}

WINAPI uint64_t
ucrtbase_strtoumax(const char *s, char **end, int base)
{
	return ucrtbase_strtoull(s, end, base);
}

WINAPI uint64_t
ucrtbase__strtoumax_l(const char *s, char **end, int base, LOCALE)
{
	(void)l;
	return ucrtbase_strtoull(s, end, base);
}

WINAPI uint64_t
ucrtbase_wcstoumax(const WCHAR *s, WCHAR **end, int base)
{
	return ucrtbase_wcstoull(s, end, base);
}

WINAPI uint64_t
ucrtbase__wcstoumax_l(const WCHAR *s, WCHAR **end, int base, LOCALE)
{
	(void)l;
	return ucrtbase_wcstoull(s, end, base);
}

WINAPI double
ucrtbase_strtod(const char *s, char **end)
{
	size_t used;
	double v = floating(s, false, false, &used);
	if (end)
		*end = (char *)s + used;
	return v;
}

WINAPI double
ucrtbase__strtod_l(const char *s, char **end, LOCALE)
{
	(void)l;
	return ucrtbase_strtod(s, end);
}

WINAPI double
ucrtbase_wcstod(const WCHAR *s, WCHAR **end)
{
	size_t used;
	double v = floating(s, true, false, &used);
	if (end)
		*end = (WCHAR *)s + used;
	return v;
}

WINAPI double
ucrtbase__wcstod_l(const WCHAR *s, WCHAR **end, LOCALE)
{
	(void)l;
	return ucrtbase_wcstod(s, end);
}

WINAPI float
ucrtbase_strtof(const char *s, char **end)
{
	size_t used;
	double v = floating(s, false, true, &used);
	if (end)
		*end = (char *)s + used;
	return (float)v;
}

WINAPI float
ucrtbase__strtof_l(const char *s, char **end, LOCALE)
{
	(void)l;
	return ucrtbase_strtof(s, end);
}

WINAPI float
ucrtbase_wcstof(const WCHAR *s, WCHAR **end)
{
	size_t used;
	double v = floating(s, true, true, &used);
	if (end)
		*end = (WCHAR *)s + used;
	return (float)v;
}

WINAPI float
ucrtbase__wcstof_l(const WCHAR *s, WCHAR **end, LOCALE)
{
	(void)l;
	return ucrtbase_wcstof(s, end);
}

WINAPI double
ucrtbase_strtold(const char *s, char **end)
{
	size_t used;
	double v = floating(s, false, false, &used);
	if (end)
		*end = (char *)s + used;
	return v;
}

WINAPI double
ucrtbase__strtold_l(const char *s, char **end, LOCALE)
{
	(void)l;
	return ucrtbase_strtold(s, end);
}

WINAPI double
ucrtbase_wcstold(const WCHAR *s, WCHAR **end)
{
	size_t used;
	double v = floating(s, true, false, &used);
	if (end)
		*end = (WCHAR *)s + used;
	return v;
}

WINAPI double
ucrtbase__wcstold_l(const WCHAR *s, WCHAR **end, LOCALE)
{
	(void)l;
	return ucrtbase_wcstold(s, end);
}

WINAPI int32_t
ucrtbase_atoi(const char *s)
{
	return ucrtbase_strtol(s, NULL, 10);
}

WINAPI int32_t
ucrtbase__atoi_l(const char *s, LOCALE)
{
	(void)l;
	return ucrtbase_strtol(s, NULL, 10);
}

WINAPI int32_t
ucrtbase_atol(const char *s)
{
	return ucrtbase_strtol(s, NULL, 10);
}

WINAPI int32_t
ucrtbase__atol_l(const char *s, LOCALE)
{
	(void)l;
	return ucrtbase_strtol(s, NULL, 10);
}

WINAPI int64_t
ucrtbase_atoll(const char *s)
{
	return ucrtbase_strtoll(s, NULL, 10);
}

WINAPI int64_t
ucrtbase__atoll_l(const char *s, LOCALE)
{
	(void)l;
	return ucrtbase_strtoll(s, NULL, 10);
}

WINAPI int64_t
ucrtbase__atoi64(const char *s)
{
	return ucrtbase_strtoll(s, NULL, 10);
}

WINAPI int64_t
ucrtbase__atoi64_l(const char *s, LOCALE)
{
	(void)l;
	return ucrtbase_strtoll(s, NULL, 10);
}

WINAPI int32_t
ucrtbase__wtoi(const WCHAR *s)
{
	return ucrtbase_wcstol(s, NULL, 10);
}

WINAPI int32_t
ucrtbase__wtoi_l(const WCHAR *s, LOCALE)
{
	(void)l;
	return ucrtbase_wcstol(s, NULL, 10);
}

WINAPI int32_t
ucrtbase__wtol(const WCHAR *s)
{
	return ucrtbase_wcstol(s, NULL, 10);
}

WINAPI int32_t
ucrtbase__wtol_l(const WCHAR *s, LOCALE)
{
	(void)l;
	return ucrtbase_wcstol(s, NULL, 10);
}

WINAPI int64_t
ucrtbase__wtoll(const WCHAR *s)
{
	return ucrtbase_wcstoll(s, NULL, 10);
}

WINAPI int64_t
ucrtbase__wtoll_l(const WCHAR *s, LOCALE)
{
	(void)l;
	return ucrtbase_wcstoll(s, NULL, 10);
}

WINAPI int64_t
ucrtbase__wtoi64(const WCHAR *s)
{
	return ucrtbase_wcstoll(s, NULL, 10);
}

WINAPI int64_t
ucrtbase__wtoi64_l(const WCHAR *s, LOCALE)
{
	(void)l;
	return ucrtbase_wcstoll(s, NULL, 10);
}

WINAPI double
ucrtbase_atof(const char *s)
{
	return ucrtbase_strtod(s, NULL);
}

WINAPI double
ucrtbase__atof_l(const char *s, LOCALE)
{
	(void)l;
	return ucrtbase_strtod(s, NULL);
}

WINAPI double
ucrtbase__wtof(const WCHAR *s)
{
	return ucrtbase_wcstod(s, NULL);
}

WINAPI double
ucrtbase__wtof_l(const WCHAR *s, LOCALE)
{
	(void)l;
	return ucrtbase_wcstod(s, NULL);
}

enum { CVT_UNDERFLOW = 4, CVT_OVERFLOW = 3 };

static int
special(double v)
{
	return isinf(v) ? CVT_OVERFLOW : 0;
}

WINAPI int
ucrtbase__atodbl(double *out, const char *s)
{
	*out = ucrtbase_strtod(s, NULL);
	return special(*out);
}

WINAPI int
ucrtbase__atodbl_l(double *out, const char *s, LOCALE)
{
	(void)l;
	return ucrtbase__atodbl(out, s);
}

WINAPI int
ucrtbase__atoflt(float *out, const char *s)
{
	*out = ucrtbase_strtof(s, NULL);
	return special(*out);
}

WINAPI int
ucrtbase__atoflt_l(float *out, const char *s, LOCALE)
{
	(void)l;
	return ucrtbase__atoflt(out, s);
}

/* _LDOUBLE: the 80 bits of the processor, which the host has too. */
WINAPI int
ucrtbase__atoldbl(void *out, const char *s)
{
	long double v = strtold(s, NULL);
	memcpy(out, &v, 10);
	return isinf(v) ? CVT_OVERFLOW : 0;
}

WINAPI int
ucrtbase__atoldbl_l(void *out, const char *s, LOCALE)
{
	(void)l;
	return ucrtbase__atoldbl(out, s);
}

/* -- integers to strings ------------------------------------------------------------------ */

static size_t
digits(char *out, uint64_t v, unsigned radix, bool negative)
{
	char s[66];
	size_t n = sizeof s, len;
	do
		s[--n] = "0123456789abcdefghijklmnopqrstuvwxyz"[v % radix];
	while ((v /= radix) != 0);
	if (negative)
		s[--n] = '-';
	len = sizeof s - n;
	memcpy(out, s + n, len);
	out[len] = 0;
	return len;
}

/* room SIZE_MAX: not checked. */
static int
write_number(void *out, bool wide, size_t room, uint64_t v, int radix, bool negative)
{
	char s[70];
	REQUIRE(out && room > 0, EINVAL);
	if (wide)
		*(WCHAR *)out = 0;
	else
		*(char *)out = 0;
	REQUIRE(radix >= 2 && radix <= 36, EINVAL);
	size_t n = digits(s, negative ? 0 - v : v, (unsigned)radix, negative);
	if (n >= room)
		return crt_invalid(ERANGE);
	for (size_t i = 0; i <= n; i++)
		if (wide)
			((WCHAR *)out)[i] = (WCHAR)s[i];
		else
			((char *)out)[i] = s[i];
	return 0;
}

WINAPI char *
ucrtbase__itoa(int32_t v, char *out, int radix)
{
	write_number(out, false, SIZE_MAX, radix == 10 ? (uint64_t)(int64_t)v : (uint32_t)v, radix,
	             radix == 10 && v < 0);
	return out;
}

WINAPI int
ucrtbase__itoa_s(int32_t v, char *out, size_t room, int radix)
{
	return write_number(out, false, room, radix == 10 ? (uint64_t)(int64_t)v : (uint32_t)v,
	                    radix, radix == 10 && v < 0);
}

WINAPI WCHAR *
ucrtbase__itow(int32_t v, WCHAR *out, int radix)
{
	write_number(out, true, SIZE_MAX, radix == 10 ? (uint64_t)(int64_t)v : (uint32_t)v, radix,
	             radix == 10 && v < 0);
	return out;
}

WINAPI int
ucrtbase__itow_s(int32_t v, WCHAR *out, size_t room, int radix)
{
	return write_number(out, true, room, radix == 10 ? (uint64_t)(int64_t)v : (uint32_t)v,
	                    radix, radix == 10 && v < 0);
}

WINAPI char *
ucrtbase__ltoa(int32_t v, char *out, int radix)
{
	write_number(out, false, SIZE_MAX, radix == 10 ? (uint64_t)(int64_t)v : (uint32_t)v, radix,
	             radix == 10 && v < 0);
	return out;
}

WINAPI int
ucrtbase__ltoa_s(int32_t v, char *out, size_t room, int radix)
{
	return write_number(out, false, room, radix == 10 ? (uint64_t)(int64_t)v : (uint32_t)v,
	                    radix, radix == 10 && v < 0);
}

WINAPI WCHAR *
ucrtbase__ltow(int32_t v, WCHAR *out, int radix)
{
	write_number(out, true, SIZE_MAX, radix == 10 ? (uint64_t)(int64_t)v : (uint32_t)v, radix,
	             radix == 10 && v < 0);
	return out;
}

WINAPI int
ucrtbase__ltow_s(int32_t v, WCHAR *out, size_t room, int radix)
{
	return write_number(out, true, room, radix == 10 ? (uint64_t)(int64_t)v : (uint32_t)v,
	                    radix, radix == 10 && v < 0);
}

WINAPI char *
ucrtbase__ultoa(uint32_t v, char *out, int radix)
{
	write_number(out, false, SIZE_MAX, v, radix, false);
	return out;
}

WINAPI int
ucrtbase__ultoa_s(uint32_t v, char *out, size_t room, int radix)
{
	return write_number(out, false, room, v, radix, false);
}

WINAPI WCHAR *
ucrtbase__ultow(uint32_t v, WCHAR *out, int radix)
{
	write_number(out, true, SIZE_MAX, v, radix, false);
	return out;
}

WINAPI int
ucrtbase__ultow_s(uint32_t v, WCHAR *out, size_t room, int radix)
{
	return write_number(out, true, room, v, radix, false);
}

WINAPI char *
ucrtbase__i64toa(int64_t v, char *out, int radix)
{
	write_number(out, false, SIZE_MAX, radix == 10 ? (uint64_t)v : (uint64_t)v, radix,
	             radix == 10 && v < 0);
	return out;
}

WINAPI int
ucrtbase__i64toa_s(int64_t v, char *out, size_t room, int radix)
{
	return write_number(out, false, room, radix == 10 ? (uint64_t)v : (uint64_t)v, radix,
	                    radix == 10 && v < 0);
}

WINAPI WCHAR *
ucrtbase__i64tow(int64_t v, WCHAR *out, int radix)
{
	write_number(out, true, SIZE_MAX, radix == 10 ? (uint64_t)v : (uint64_t)v, radix,
	             radix == 10 && v < 0);
	return out;
}

WINAPI int
ucrtbase__i64tow_s(int64_t v, WCHAR *out, size_t room, int radix)
{
	return write_number(out, true, room, radix == 10 ? (uint64_t)v : (uint64_t)v, radix,
	                    radix == 10 && v < 0);
}

WINAPI char *
ucrtbase__ui64toa(uint64_t v, char *out, int radix)
{
	write_number(out, false, SIZE_MAX, v, radix, false);
	return out;
}

WINAPI int
ucrtbase__ui64toa_s(uint64_t v, char *out, size_t room, int radix)
{
	return write_number(out, false, room, v, radix, false);
}

WINAPI WCHAR *
ucrtbase__ui64tow(uint64_t v, WCHAR *out, int radix)
{
	write_number(out, true, SIZE_MAX, v, radix, false);
	return out;
}

WINAPI int
ucrtbase__ui64tow_s(uint64_t v, WCHAR *out, size_t room, int radix)
{
	return write_number(out, true, room, v, radix, false);
}
