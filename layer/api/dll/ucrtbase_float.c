/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_float.c -- the other functions on floating-point numbers: rounding to integers,
 * taking apart, classes, and the long double names, whose numbers are doubles on Windows. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"

#include <math.h>
#include <string.h>

WINAPI int32_t
ucrtbase_lround(double x)
{
	return (int32_t)lround(x);
}

WINAPI int32_t
ucrtbase_lroundf(float x)
{
	return (int32_t)lroundf(x);
}

WINAPI int32_t
ucrtbase_lroundl(double x)
{
	return (int32_t)lround(x);
}

WINAPI int64_t
ucrtbase_llround(double x)
{
	return (int64_t)llround(x);
}

WINAPI int64_t
ucrtbase_llroundf(float x)
{
	return (int64_t)llroundf(x);
}

WINAPI int64_t
ucrtbase_llroundl(double x)
{
	return (int64_t)llround(x);
}

WINAPI int32_t
ucrtbase_lrint(double x)
{
	return (int32_t)lrint(x);
}

WINAPI int32_t
ucrtbase_lrintf(float x)
{
	return (int32_t)lrintf(x);
}

WINAPI int32_t
ucrtbase_lrintl(double x)
{
	return (int32_t)lrint(x);
}

WINAPI int64_t
ucrtbase_llrint(double x)
{
	return (int64_t)llrint(x);
}

WINAPI int64_t
ucrtbase_llrintf(float x)
{
	return (int64_t)llrintf(x);
}

WINAPI int64_t
ucrtbase_llrintl(double x)
{
	return (int64_t)llrint(x);
}

WINAPI int
ucrtbase_ilogb(double x)
{
	return ilogb(x);
}

WINAPI double
ucrtbase_scalbn(double x, int n)
{
	return scalbn(x, n);
}

WINAPI double
ucrtbase_scalbln(double x, int32_t n)
{
	return scalbln(x, n);
}

WINAPI double
ucrtbase_nan(const char *tag)
{
	return nan(tag);
}

WINAPI double
ucrtbase_remquo(double x, double y, int *q)
{
	return remquo(x, y, q);
}

WINAPI double
ucrtbase_fma(double x, double y, double z)
{
	return fma(x, y, z);
}

WINAPI double
ucrtbase_nexttoward(double x, double y)
{
	return nexttoward(x, y);
}

WINAPI int
ucrtbase_ilogbf(float x)
{
	return ilogbf(x);
}

WINAPI float
ucrtbase_scalbnf(float x, int n)
{
	return scalbnf(x, n);
}

WINAPI float
ucrtbase_scalblnf(float x, int32_t n)
{
	return scalblnf(x, n);
}

WINAPI float
ucrtbase_nanf(const char *tag)
{
	return nanf(tag);
}

WINAPI float
ucrtbase_remquof(float x, float y, int *q)
{
	return remquof(x, y, q);
}

WINAPI float
ucrtbase_fmaf(float x, float y, float z)
{
	return fmaf(x, y, z);
}

WINAPI float
ucrtbase_nexttowardf(float x, double y)
{
	return nexttowardf(x, y);
}

WINAPI int
ucrtbase_ilogbl(double x)
{
	return ilogb(x);
}

WINAPI double
ucrtbase_scalbnl(double x, int n)
{
	return scalbn(x, n);
}

WINAPI double
ucrtbase_scalblnl(double x, int32_t n)
{
	return scalbln(x, n);
}

WINAPI double
ucrtbase_nanl(const char *tag)
{
	return nan(tag);
}

WINAPI double
ucrtbase_remquol(double x, double y, int *q)
{
	return remquo(x, y, q);
}

WINAPI double
ucrtbase_fmal(double x, double y, double z)
{
	return fma(x, y, z);
}

WINAPI double
ucrtbase_nexttowardl(double x, double y)
{
	return nexttoward(x, y);
}

WINAPI double
ucrtbase_frexp(double x, int *e)
{
	return frexp(x, e);
}

WINAPI double
ucrtbase_ldexp(double x, int e)
{
	double r = ldexp(x, e);
	if (isinf(r) && !isinf(x))
		crt_thread.error = ERANGE;
	return r;
}

WINAPI double
ucrtbase_modf(double x, double *whole)
{
	return modf(x, whole);
}

WINAPI float
ucrtbase_modff(float x, float *whole)
{
	return modff(x, whole);
}

WINAPI double
ucrtbase__copysign(double x, double y)
{
	return copysign(x, y);
}

WINAPI float
ucrtbase__copysignf(float x, float y)
{
	return copysignf(x, y);
}

WINAPI double
ucrtbase__nextafter(double x, double y)
{
	return nextafter(x, y);
}

WINAPI float
ucrtbase__nextafterf(float x, float y)
{
	return nextafterf(x, y);
}

WINAPI double
ucrtbase__hypot(double x, double y)
{
	return hypot(x, y);
}

WINAPI float
ucrtbase__hypotf(float x, float y)
{
	return hypotf(x, y);
}

WINAPI double
ucrtbase__logb(double x)
{
	return logb(x);
}

WINAPI float
ucrtbase__logbf(float x)
{
	return logbf(x);
}

WINAPI double
ucrtbase__scalb(double x, int32_t n)
{
	return scalbn(x, n);
}

WINAPI float
ucrtbase__scalbf(float x, int32_t n)
{
	return scalbnf(x, n);
}

WINAPI double
ucrtbase__chgsign(double x)
{
	return -x;
}

WINAPI float
ucrtbase__chgsignf(float x)
{
	return -x;
}

WINAPI double
ucrtbase__j0(double x)
{
	return j0(x);
}

WINAPI double
ucrtbase__j1(double x)
{
	return j1(x);
}

WINAPI double
ucrtbase__jn(int n, double x)
{
	return jn(n, x);
}

WINAPI double
ucrtbase__y0(double x)
{
	if (x < 0)
		crt_thread.error = EDOM;
	return y0(x);
}

WINAPI double
ucrtbase__y1(double x)
{
	if (x < 0)
		crt_thread.error = EDOM;
	return y1(x);
}

WINAPI double
ucrtbase__yn(int n, double x)
{
	if (x < 0)
		crt_thread.error = EDOM;
	return yn(n, x);
}

struct complex_ {
	double re, im;
};

WINAPI double
ucrtbase__cabs(struct complex_ z)
{
	return hypot(z.re, z.im);
}

WINAPI int
ucrtbase__finite(double x)
{
	return isfinite(x) != 0;
}

WINAPI int
ucrtbase__finitef(float x)
{
	return isfinite(x) != 0;
}

WINAPI int
ucrtbase__isnan(double x)
{
	return isnan(x) != 0;
}

WINAPI int
ucrtbase__isnanf(float x)
{
	return isnan(x) != 0;
}

/* classes of math.h: FP_INFINITE 1, FP_NAN 2, FP_NORMAL -1, FP_SUBNORMAL -2, FP_ZERO 0 */
static int
class_of(int c)
{
	switch (c) {
	case FP_INFINITE: return 1;
	case FP_NAN: return 2;
	case FP_SUBNORMAL: return -2;
	case FP_ZERO: return 0;
	default: return -1;
	}
}

WINAPI int16_t
ucrtbase__dclass(double x)
{
	return (int16_t)class_of(fpclassify(x));
}

WINAPI int16_t
ucrtbase__ldclass(double x)
{
	return (int16_t)class_of(fpclassify(x));
}

WINAPI int16_t
ucrtbase__fdclass(float x)
{
	return (int16_t)class_of(fpclassify(x));
}

WINAPI int16_t
ucrtbase__dtest(double *x)
{
	return (int16_t)class_of(fpclassify(*x));
}

WINAPI int16_t
ucrtbase__ldtest(double *x)
{
	return (int16_t)class_of(fpclassify(*x));
}

WINAPI int16_t
ucrtbase__fdtest(float *x)
{
	return (int16_t)class_of(fpclassify(*x));
}

WINAPI int
ucrtbase__dsign(double x)
{
	return signbit(x) ? 0x8000 : 0;
}

WINAPI int
ucrtbase__ldsign(double x)
{
	return signbit(x) ? 0x8000 : 0;
}

WINAPI int
ucrtbase__fdsign(float x)
{
	return signbit(x) ? 0x8000 : 0;
}

/* _FPCLASS_ bits: signalling and quiet NaN, then from minus to plus infinity */
static int
fpclass_of(int c, bool negative, bool quiet)
{
	switch (c) {
	case FP_NAN: return quiet ? 2 : 1;
	case FP_INFINITE: return negative ? 4 : 0x200;
	case FP_NORMAL: return negative ? 8 : 0x100;
	case FP_SUBNORMAL: return negative ? 0x10 : 0x80;
	default: return negative ? 0x20 : 0x40;
	}
}

WINAPI int
ucrtbase__fpclass(double x)
{
	uint64_t bits;
	memcpy(&bits, &x, sizeof bits);
	return fpclass_of(fpclassify(x), signbit(x), bits >> 51 & 1);
}

WINAPI int
ucrtbase__fpclassf(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	return fpclass_of(fpclassify(x), signbit(x), bits >> 22 & 1);
}

/* How two numbers stand: _FP_LT 1, _FP_EQ 2, _FP_GT 4. */
static int
compare(double x, double y)
{
	return x < y ? 1 : x == y ? 2 : x > y ? 4 : 0;
}

WINAPI int
ucrtbase__dpcomp(double x, double y)
{
	return compare(x, y);
}

WINAPI int
ucrtbase__ldpcomp(double x, double y)
{
	return compare(x, y);
}

WINAPI int
ucrtbase__fdpcomp(float x, float y)
{
	return compare(x, y);
}

WINAPI double
ucrtbase_acoshl(double x)
{
	return acosh(x);
}

WINAPI double
ucrtbase_asinhl(double x)
{
	return asinh(x);
}

WINAPI double
ucrtbase_atanhl(double x)
{
	return atanh(x);
}

WINAPI double
ucrtbase_cbrtl(double x)
{
	return cbrt(x);
}

WINAPI double
ucrtbase_copysignl(double x, double y)
{
	return copysign(x, y);
}

WINAPI double
ucrtbase_erfl(double x)
{
	return erf(x);
}

WINAPI double
ucrtbase_erfcl(double x)
{
	return erfc(x);
}

WINAPI double
ucrtbase_exp2l(double x)
{
	return exp2(x);
}

WINAPI double
ucrtbase_expm1l(double x)
{
	return expm1(x);
}

WINAPI double
ucrtbase_fdiml(double x, double y)
{
	return fdim(x, y);
}

WINAPI double
ucrtbase_fmaxl(double x, double y)
{
	return fmax(x, y);
}

WINAPI double
ucrtbase_fminl(double x, double y)
{
	return fmin(x, y);
}

WINAPI double
ucrtbase_lgammal(double x)
{
	return lgamma(x);
}

WINAPI double
ucrtbase_log1pl(double x)
{
	return log1p(x);
}

WINAPI double
ucrtbase_log2l(double x)
{
	return log2(x);
}

WINAPI double
ucrtbase_logbl(double x)
{
	return logb(x);
}

WINAPI double
ucrtbase_nearbyintl(double x)
{
	return nearbyint(x);
}

WINAPI double
ucrtbase_nextafterl(double x, double y)
{
	return nextafter(x, y);
}

WINAPI double
ucrtbase_remainderl(double x, double y)
{
	return remainder(x, y);
}

WINAPI double
ucrtbase_rintl(double x)
{
	return rint(x);
}

WINAPI double
ucrtbase_roundl(double x)
{
	return round(x);
}

WINAPI double
ucrtbase_tgammal(double x)
{
	return tgamma(x);
}

WINAPI double
ucrtbase_truncl(double x)
{
	return trunc(x);
}
