/* SPDX-License-Identifier: Apache-2.0 */
/* msvcp140_math.c -- what <cmath>, <complex> and <string> of the C++ library call, with names of its
 * own; a long double is a double. */
#include <math.h>
#include <stdlib.h>

#include "layer/api/dll/msvcp140.h"

/* _Dconst, _Fconst: constants as their bits */
const uint64_t msvcp140_math_inf = 0x7ff0000000000000, msvcp140_math_nan = 0x7ff8000000000000,
               msvcp140_math_snan = 0x7ff0000000000001, msvcp140_math_denorm = 1,
               msvcp140_math_eps = 0x3ca0000000000000, msvcp140_math_rteps = 0x3e46a09e667f3bcd,
               msvcp140_math_xbig = 0x4086200000000000;
const uint32_t msvcp140_math_finf = 0x7f800000, msvcp140_math_fnan = 0x7fc00000,
               msvcp140_math_fsnan = 0x7f800001, msvcp140_math_fdenorm = 1,
               msvcp140_math_feps = 0x33800000, msvcp140_math_frteps = 0x39800000;

enum { KIND_DENORM = -2, KIND_FINITE = -1, KIND_ZERO, KIND_INF, KIND_NAN };

static int16_t
kind(int class)
{
	return class == FP_NAN        ? KIND_NAN
	       : class == FP_INFINITE ? KIND_INF
	       : class == FP_ZERO     ? KIND_ZERO
	       : class == FP_NORMAL   ? KIND_FINITE
	                              : KIND_DENORM;
}

WINAPI int16_t
msvcp140__Dtest(const double *x)
{
	return kind(fpclassify(*x));
}

WINAPI int16_t
msvcp140__FDtest(const float *x)
{
	return kind(fpclassify(*x));
}

/* y * e^x * 2^n in x's place, and what that is */
WINAPI int16_t
msvcp140__Exp(double *x, double y, int16_t n)
{
	*x = y == 0 ? y : ldexp(y * exp(*x / 2) * exp(*x / 2), n);
	return kind(fpclassify(*x));
}

WINAPI int16_t
msvcp140__FExp(float *x, float y, int16_t n)
{
	double v = *x;
	msvcp140__Exp(&v, y, n);
	*x = (float)v;
	return kind(fpclassify(*x));
}

WINAPI double
msvcp140__Cosh(double x, double y)
{
	return y == 0 ? y : cosh(x) * y;
}

WINAPI float
msvcp140__FCosh(float x, float y)
{
	return (float)msvcp140__Cosh(x, y);
}

WINAPI double
msvcp140__Sinh(double x, double y)
{
	return y == 0 ? y : sinh(x) * y;
}

WINAPI float
msvcp140__FSinh(float x, float y)
{
	return (float)msvcp140__Sinh(x, y);
}

/* -- numbers in text: error is set when they do not fit -------------------------------------------------- */

WINAPI double ucrtbase_strtod(const char *s, char **end);
WINAPI float ucrtbase_strtof(const char *s, char **end);
WINAPI double ucrtbase_wcstod(const WCHAR *s, WCHAR **end);
WINAPI float ucrtbase_wcstof(const WCHAR *s, WCHAR **end);
WINAPI int64_t ucrtbase_strtoll(const char *s, char **end, int base);
WINAPI uint64_t ucrtbase_strtoull(const char *s, char **end, int base);
WINAPI int32_t ucrtbase_strtol(const char *s, char **end, int base);
WINAPI uint32_t ucrtbase_strtoul(const char *s, char **end, int base);

static double
tens(double v, int32_t n)
{
	for (; n > 0; n--)
		v *= 10;
	for (; n < 0; n++)
		v /= 10;
	return v;
}

/* What the call says in errno; who does not ask keeps what is there. */
#define SAYING(type, expression)                                                                   \
	int kept = crt_thread.error;                                                               \
	crt_thread.error = 0;                                                                      \
	type v = expression;                                                                       \
	if (error)                                                                                 \
		*error = crt_thread.error;                                                         \
	if (!crt_thread.error)                                                                     \
		crt_thread.error = kept;                                                           \
	return v

WINAPI double
msvcp140__Stodx(const char *s, char **end, int32_t ten, int *error)
{
	SAYING(double, tens(ucrtbase_strtod(s, end), ten));
}

WINAPI double
msvcp140__Stod(const char *s, char **end, int32_t ten)
{
	return msvcp140__Stodx(s, end, ten, NULL);
}

WINAPI float
msvcp140__Stofx(const char *s, char **end, int32_t ten, int *error)
{
	SAYING(float, (float)tens(ucrtbase_strtof(s, end), ten));
}

WINAPI float
msvcp140__Stof(const char *s, char **end, int32_t ten)
{
	return msvcp140__Stofx(s, end, ten, NULL);
}

WINAPI double
msvcp140__WStodx(const WCHAR *s, WCHAR **end, int32_t ten, int *error)
{
	SAYING(double, tens(ucrtbase_wcstod(s, end), ten));
}

WINAPI double
msvcp140__WStod(const WCHAR *s, WCHAR **end, int32_t ten)
{
	return msvcp140__WStodx(s, end, ten, NULL);
}

WINAPI float
msvcp140__WStof(const WCHAR *s, WCHAR **end, int32_t ten)
{
	return (float)tens(ucrtbase_wcstof(s, end), ten);
}

WINAPI int64_t
msvcp140__Stollx(const char *s, char **end, int base, int *error)
{
	SAYING(int64_t, ucrtbase_strtoll(s, end, base));
}

WINAPI int64_t
msvcp140__Stoll(const char *s, char **end, int base)
{
	return msvcp140__Stollx(s, end, base, NULL);
}

WINAPI uint64_t
msvcp140__Stoullx(const char *s, char **end, int base, int *error)
{
	SAYING(uint64_t, ucrtbase_strtoull(s, end, base));
}

WINAPI uint64_t
msvcp140__Stoull(const char *s, char **end, int base)
{
	return msvcp140__Stoullx(s, end, base, NULL);
}

WINAPI int32_t
msvcp140__Stolx(const char *s, char **end, int base, int *error)
{
	SAYING(int32_t, ucrtbase_strtol(s, end, base));
}

WINAPI uint32_t
msvcp140__Stoulx(const char *s, char **end, int base, int *error)
{
	SAYING(uint32_t, ucrtbase_strtoul(s, end, base));
}

/* -- case, as the C run-time's old helper ------------------------------------------------------------------ */

enum { LOWER = 0x100, UPPER = 0x200 };

WINAPI int
kernel32_LCMapStringEx(const WCHAR *locale, DWORD flags, const WCHAR *s, int n, WCHAR *to, int room,
                       void *version, void *reserved, LONG_PTR handle);
WINAPI int
kernel32_CompareStringEx(const WCHAR *locale, DWORD flags, const WCHAR *a, int n, const WCHAR *b,
                         int m, void *version, void *reserved, LONG_PTR parameter);

WINAPI int
msvcp140___crtLCMapStringW(const WCHAR *locale, DWORD flags, const WCHAR *s, int n, WCHAR *to,
                           int room)
{
	return kernel32_LCMapStringEx(locale, flags, s, n, to, room, NULL, NULL, 0);
}

/* Bytes change as ASCII does: the "C" locale's. */
WINAPI int
msvcp140___crtLCMapStringA(const WCHAR *locale, DWORD flags, const char *s, int n, char *to,
                           int room, int page, BOOL error)
{
	(void)locale, (void)page, (void)error;
	if (!to || !room)
		return n;
	if (n > room)
		return 0;
	for (int i = 0; i < n; i++) {
		bool up = s[i] >= 'A' && s[i] <= 'Z', low = s[i] >= 'a' && s[i] <= 'z';
		to[i] = (char)(flags & LOWER && up    ? s[i] + 32
		               : flags & UPPER && low ? s[i] - 32
		                                      : s[i]);
	}
	return n;
}

WINAPI int
msvcp140___crtCompareStringW(const WCHAR *locale, DWORD flags, const WCHAR *a, int n,
                             const WCHAR *b, int m)
{
	return kernel32_CompareStringEx(locale, flags, a, n, b, m, NULL, NULL, 0);
}
