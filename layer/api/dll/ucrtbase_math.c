/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_math.c -- mathematics, by the host's library.
 *
 * errno and the handler of __setusermatherr() are told of domain and range errors. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"

#include <fenv.h>
#include <math.h>

/* _matherr's structure */
struct exception {
	int type;
	const char *name;
	double arg1, arg2, result;
};

enum { DOMAIN_ERROR = 1, POLE_ERROR = 2, OVERFLOW_ERROR = 3, UNDERFLOW_ERROR = 4 };

static int(WINAPI *user_error)(struct exception *);

WINAPI void
ucrtbase___setusermatherr(int(WINAPI *f)(struct exception *))
{
	user_error = f;
}

/* After a function of the host: what it complains of. */
static double
told(const char *name, double a, double b, double result)
{
	int error = errno;
	if (__builtin_expect(error == 0, 1))
		return result;
	errno = 0;
	if (error != EDOM && error != ERANGE)
		return result;
	if (user_error) {
		struct exception e = { error == EDOM                ? DOMAIN_ERROR
			               : !isinf(result)             ? UNDERFLOW_ERROR
			               : fetestexcept(FE_DIVBYZERO) ? POLE_ERROR
			                                            : OVERFLOW_ERROR,
			               name, a, b, result };
		if (user_error(&e))
			return e.result;
		result = e.result;
	}
	crt_thread.error = error;
	return result;
}

WINAPI double
ucrtbase_sin(double x)
{
	errno = 0;
	return told("sin", x, 0, sin(x));
}

WINAPI float
ucrtbase_sinf(float x)
{
	errno = 0;
	return (float)told("sinf", x, 0, sinf(x));
}

WINAPI double
ucrtbase_cos(double x)
{
	errno = 0;
	return told("cos", x, 0, cos(x));
}

WINAPI float
ucrtbase_cosf(float x)
{
	errno = 0;
	return (float)told("cosf", x, 0, cosf(x));
}

WINAPI double
ucrtbase_tan(double x)
{
	errno = 0;
	return told("tan", x, 0, tan(x));
}

WINAPI float
ucrtbase_tanf(float x)
{
	errno = 0;
	return (float)told("tanf", x, 0, tanf(x));
}

WINAPI double
ucrtbase_asin(double x)
{
	errno = 0;
	return told("asin", x, 0, asin(x));
}

WINAPI float
ucrtbase_asinf(float x)
{
	errno = 0;
	return (float)told("asinf", x, 0, asinf(x));
}

WINAPI double
ucrtbase_acos(double x)
{
	errno = 0;
	return told("acos", x, 0, acos(x));
}

WINAPI float
ucrtbase_acosf(float x)
{
	errno = 0;
	return (float)told("acosf", x, 0, acosf(x));
}

WINAPI double
ucrtbase_atan(double x)
{
	errno = 0;
	return told("atan", x, 0, atan(x));
}

WINAPI float
ucrtbase_atanf(float x)
{
	errno = 0;
	return (float)told("atanf", x, 0, atanf(x));
}

WINAPI double
ucrtbase_sinh(double x)
{
	errno = 0;
	return told("sinh", x, 0, sinh(x));
}

WINAPI float
ucrtbase_sinhf(float x)
{
	errno = 0;
	return (float)told("sinhf", x, 0, sinhf(x));
}

WINAPI double
ucrtbase_cosh(double x)
{
	errno = 0;
	return told("cosh", x, 0, cosh(x));
}

WINAPI float
ucrtbase_coshf(float x)
{
	errno = 0;
	return (float)told("coshf", x, 0, coshf(x));
}

WINAPI double
ucrtbase_tanh(double x)
{
	errno = 0;
	return told("tanh", x, 0, tanh(x));
}

WINAPI float
ucrtbase_tanhf(float x)
{
	errno = 0;
	return (float)told("tanhf", x, 0, tanhf(x));
}

WINAPI double
ucrtbase_asinh(double x)
{
	errno = 0;
	return told("asinh", x, 0, asinh(x));
}

WINAPI float
ucrtbase_asinhf(float x)
{
	errno = 0;
	return (float)told("asinhf", x, 0, asinhf(x));
}

WINAPI double
ucrtbase_acosh(double x)
{
	errno = 0;
	return told("acosh", x, 0, acosh(x));
}

WINAPI float
ucrtbase_acoshf(float x)
{
	errno = 0;
	return (float)told("acoshf", x, 0, acoshf(x));
}

WINAPI double
ucrtbase_atanh(double x)
{
	errno = 0;
	return told("atanh", x, 0, atanh(x));
}

WINAPI float
ucrtbase_atanhf(float x)
{
	errno = 0;
	return (float)told("atanhf", x, 0, atanhf(x));
}

WINAPI double
ucrtbase_exp(double x)
{
	errno = 0;
	return told("exp", x, 0, exp(x));
}

WINAPI float
ucrtbase_expf(float x)
{
	errno = 0;
	return (float)told("expf", x, 0, expf(x));
}

WINAPI double
ucrtbase_exp2(double x)
{
	errno = 0;
	return told("exp2", x, 0, exp2(x));
}

WINAPI float
ucrtbase_exp2f(float x)
{
	errno = 0;
	return (float)told("exp2f", x, 0, exp2f(x));
}

WINAPI double
ucrtbase_expm1(double x)
{
	errno = 0;
	return told("expm1", x, 0, expm1(x));
}

WINAPI float
ucrtbase_expm1f(float x)
{
	errno = 0;
	return (float)told("expm1f", x, 0, expm1f(x));
}

WINAPI double
ucrtbase_log(double x)
{
	errno = 0;
	return told("log", x, 0, log(x));
}

WINAPI float
ucrtbase_logf(float x)
{
	errno = 0;
	return (float)told("logf", x, 0, logf(x));
}

WINAPI double
ucrtbase_log2(double x)
{
	errno = 0;
	return told("log2", x, 0, log2(x));
}

WINAPI float
ucrtbase_log2f(float x)
{
	errno = 0;
	return (float)told("log2f", x, 0, log2f(x));
}

WINAPI double
ucrtbase_log10(double x)
{
	errno = 0;
	return told("log10", x, 0, log10(x));
}

WINAPI float
ucrtbase_log10f(float x)
{
	errno = 0;
	return (float)told("log10f", x, 0, log10f(x));
}

WINAPI double
ucrtbase_log1p(double x)
{
	errno = 0;
	return told("log1p", x, 0, log1p(x));
}

WINAPI float
ucrtbase_log1pf(float x)
{
	errno = 0;
	return (float)told("log1pf", x, 0, log1pf(x));
}

WINAPI double
ucrtbase_sqrt(double x)
{
	errno = 0;
	return told("sqrt", x, 0, sqrt(x));
}

WINAPI float
ucrtbase_sqrtf(float x)
{
	errno = 0;
	return (float)told("sqrtf", x, 0, sqrtf(x));
}

WINAPI double
ucrtbase_cbrt(double x)
{
	errno = 0;
	return told("cbrt", x, 0, cbrt(x));
}

WINAPI float
ucrtbase_cbrtf(float x)
{
	errno = 0;
	return (float)told("cbrtf", x, 0, cbrtf(x));
}

WINAPI double
ucrtbase_tgamma(double x)
{
	errno = 0;
	return told("tgamma", x, 0, tgamma(x));
}

WINAPI float
ucrtbase_tgammaf(float x)
{
	errno = 0;
	return (float)told("tgammaf", x, 0, tgammaf(x));
}

WINAPI double
ucrtbase_lgamma(double x)
{
	errno = 0;
	return told("lgamma", x, 0, lgamma(x));
}

WINAPI float
ucrtbase_lgammaf(float x)
{
	errno = 0;
	return (float)told("lgammaf", x, 0, lgammaf(x));
}

WINAPI double
ucrtbase_erf(double x)
{
	errno = 0;
	return told("erf", x, 0, erf(x));
}

WINAPI float
ucrtbase_erff(float x)
{
	errno = 0;
	return (float)told("erff", x, 0, erff(x));
}

WINAPI double
ucrtbase_erfc(double x)
{
	errno = 0;
	return told("erfc", x, 0, erfc(x));
}

WINAPI float
ucrtbase_erfcf(float x)
{
	errno = 0;
	return (float)told("erfcf", x, 0, erfcf(x));
}

WINAPI double
ucrtbase_logb(double x)
{
	errno = 0;
	return told("logb", x, 0, logb(x));
}

WINAPI float
ucrtbase_logbf(float x)
{
	errno = 0;
	return (float)told("logbf", x, 0, logbf(x));
}

WINAPI double
ucrtbase_ceil(double x)
{
	return ceil(x);
}

WINAPI float
ucrtbase_ceilf(float x)
{
	return ceilf(x);
}

WINAPI double
ucrtbase_floor(double x)
{
	return floor(x);
}

WINAPI float
ucrtbase_floorf(float x)
{
	return floorf(x);
}

WINAPI double
ucrtbase_trunc(double x)
{
	return trunc(x);
}

WINAPI float
ucrtbase_truncf(float x)
{
	return truncf(x);
}

WINAPI double
ucrtbase_round(double x)
{
	return round(x);
}

WINAPI float
ucrtbase_roundf(float x)
{
	return roundf(x);
}

WINAPI double
ucrtbase_rint(double x)
{
	return rint(x);
}

WINAPI float
ucrtbase_rintf(float x)
{
	return rintf(x);
}

WINAPI double
ucrtbase_nearbyint(double x)
{
	return nearbyint(x);
}

WINAPI float
ucrtbase_nearbyintf(float x)
{
	return nearbyintf(x);
}

WINAPI double
ucrtbase_fabs(double x)
{
	return fabs(x);
}

WINAPI float
ucrtbase_fabsf(float x)
{
	return fabsf(x);
}

WINAPI double
ucrtbase_pow(double x, double y)
{
	errno = 0;
	return told("pow", x, y, pow(x, y));
}

WINAPI float
ucrtbase_powf(float x, float y)
{
	errno = 0;
	return (float)told("powf", x, y, powf(x, y));
}

WINAPI double
ucrtbase_fmod(double x, double y)
{
	errno = 0;
	return told("fmod", x, y, fmod(x, y));
}

WINAPI float
ucrtbase_fmodf(float x, float y)
{
	errno = 0;
	return (float)told("fmodf", x, y, fmodf(x, y));
}

WINAPI double
ucrtbase_atan2(double x, double y)
{
	errno = 0;
	return told("atan2", x, y, atan2(x, y));
}

WINAPI float
ucrtbase_atan2f(float x, float y)
{
	errno = 0;
	return (float)told("atan2f", x, y, atan2f(x, y));
}

WINAPI double
ucrtbase_remainder(double x, double y)
{
	errno = 0;
	return told("remainder", x, y, remainder(x, y));
}

WINAPI float
ucrtbase_remainderf(float x, float y)
{
	errno = 0;
	return (float)told("remainderf", x, y, remainderf(x, y));
}

WINAPI double
ucrtbase_hypot(double x, double y)
{
	errno = 0;
	return told("hypot", x, y, hypot(x, y));
}

WINAPI float
ucrtbase_hypotf(float x, float y)
{
	errno = 0;
	return (float)told("hypotf", x, y, hypotf(x, y));
}

WINAPI double
ucrtbase_nextafter(double x, double y)
{
	errno = 0;
	return told("nextafter", x, y, nextafter(x, y));
}

WINAPI float
ucrtbase_nextafterf(float x, float y)
{
	errno = 0;
	return (float)told("nextafterf", x, y, nextafterf(x, y));
}

WINAPI double
ucrtbase_fdim(double x, double y)
{
	errno = 0;
	return told("fdim", x, y, fdim(x, y));
}

WINAPI float
ucrtbase_fdimf(float x, float y)
{
	errno = 0;
	return (float)told("fdimf", x, y, fdimf(x, y));
}

WINAPI double
ucrtbase_fmax(double x, double y)
{
	return fmax(x, y);
}

WINAPI float
ucrtbase_fmaxf(float x, float y)
{
	return fmaxf(x, y);
}

WINAPI double
ucrtbase_fmin(double x, double y)
{
	return fmin(x, y);
}

WINAPI float
ucrtbase_fminf(float x, float y)
{
	return fminf(x, y);
}

WINAPI double
ucrtbase_copysign(double x, double y)
{
	return copysign(x, y);
}

WINAPI float
ucrtbase_copysignf(float x, float y)
{
	return copysignf(x, y);
}
