/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_complex.c -- complex numbers.
 *
 * _Dcomplex and _Lcomplex are structures of two doubles, which are passed and returned by
 * reference; _Fcomplex is 8 bytes in a register.
 */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"

#include <complex.h>
#include <math.h>
#include <string.h>

struct dcomplex {
	double re, im;
};

struct fcomplex {
	float re, im;
};

/* C11, 6.2.5: a complex number is two of its parts in a row.  (CMPLX is not everywhere.) */
static double complex
in(struct dcomplex z)
{
	double complex c;
	memcpy(&c, &z, sizeof c);
	return c;
}

static float complex
fin(struct fcomplex z)
{
	float complex c;
	memcpy(&c, &z, sizeof c);
	return c;
}

static struct dcomplex
out(double complex z)
{
	return (struct dcomplex){ creal(z), cimag(z) };
}
static struct fcomplex
fout(float complex z)
{
	return (struct fcomplex){ crealf(z), cimagf(z) };
}

WINAPI struct dcomplex
ucrtbase_cacos(struct dcomplex z)
{
	return out(cacos(in(z)));
}

WINAPI struct fcomplex
ucrtbase_cacosf(struct fcomplex z)
{
	return fout(cacosf(fin(z)));
}

WINAPI struct dcomplex
ucrtbase_cacosh(struct dcomplex z)
{
	return out(cacosh(in(z)));
}

WINAPI struct fcomplex
ucrtbase_cacoshf(struct fcomplex z)
{
	return fout(cacoshf(fin(z)));
}

WINAPI struct dcomplex
ucrtbase_casin(struct dcomplex z)
{
	return out(casin(in(z)));
}

WINAPI struct fcomplex
ucrtbase_casinf(struct fcomplex z)
{
	return fout(casinf(fin(z)));
}

WINAPI struct dcomplex
ucrtbase_casinh(struct dcomplex z)
{
	return out(casinh(in(z)));
}

WINAPI struct fcomplex
ucrtbase_casinhf(struct fcomplex z)
{
	return fout(casinhf(fin(z)));
}

WINAPI struct dcomplex
ucrtbase_catan(struct dcomplex z)
{
	return out(catan(in(z)));
}

WINAPI struct fcomplex
ucrtbase_catanf(struct fcomplex z)
{
	return fout(catanf(fin(z)));
}

WINAPI struct dcomplex
ucrtbase_catanh(struct dcomplex z)
{
	return out(catanh(in(z)));
}

WINAPI struct fcomplex
ucrtbase_catanhf(struct fcomplex z)
{
	return fout(catanhf(fin(z)));
}

WINAPI struct dcomplex
ucrtbase_ccos(struct dcomplex z)
{
	return out(ccos(in(z)));
}

WINAPI struct fcomplex
ucrtbase_ccosf(struct fcomplex z)
{
	return fout(ccosf(fin(z)));
}

WINAPI struct dcomplex
ucrtbase_ccosh(struct dcomplex z)
{
	return out(ccosh(in(z)));
}

WINAPI struct fcomplex
ucrtbase_ccoshf(struct fcomplex z)
{
	return fout(ccoshf(fin(z)));
}

WINAPI struct dcomplex
ucrtbase_cexp(struct dcomplex z)
{
	return out(cexp(in(z)));
}

WINAPI struct fcomplex
ucrtbase_cexpf(struct fcomplex z)
{
	return fout(cexpf(fin(z)));
}

WINAPI struct dcomplex
ucrtbase_clog(struct dcomplex z)
{
	return out(clog(in(z)));
}

WINAPI struct fcomplex
ucrtbase_clogf(struct fcomplex z)
{
	return fout(clogf(fin(z)));
}

WINAPI struct dcomplex
ucrtbase_clog10(struct dcomplex z)
{
	return out(clog(in(z)) / M_LN10);
}

WINAPI struct fcomplex
ucrtbase_clog10f(struct fcomplex z)
{
	return fout(clogf(fin(z)) / (float)M_LN10);
}

WINAPI struct dcomplex
ucrtbase_conj(struct dcomplex z)
{
	return out(conj(in(z)));
}

WINAPI struct fcomplex
ucrtbase_conjf(struct fcomplex z)
{
	return fout(conjf(fin(z)));
}

WINAPI struct dcomplex
ucrtbase_cproj(struct dcomplex z)
{
	return out(cproj(in(z)));
}

WINAPI struct fcomplex
ucrtbase_cprojf(struct fcomplex z)
{
	return fout(cprojf(fin(z)));
}

WINAPI struct dcomplex
ucrtbase_csin(struct dcomplex z)
{
	return out(csin(in(z)));
}

WINAPI struct fcomplex
ucrtbase_csinf(struct fcomplex z)
{
	return fout(csinf(fin(z)));
}

WINAPI struct dcomplex
ucrtbase_csinh(struct dcomplex z)
{
	return out(csinh(in(z)));
}

WINAPI struct fcomplex
ucrtbase_csinhf(struct fcomplex z)
{
	return fout(csinhf(fin(z)));
}

WINAPI struct dcomplex
ucrtbase_csqrt(struct dcomplex z)
{
	return out(csqrt(in(z)));
}

WINAPI struct fcomplex
ucrtbase_csqrtf(struct fcomplex z)
{
	return fout(csqrtf(fin(z)));
}

WINAPI struct dcomplex
ucrtbase_ctan(struct dcomplex z)
{
	return out(ctan(in(z)));
}

WINAPI struct fcomplex
ucrtbase_ctanf(struct fcomplex z)
{
	return fout(ctanf(fin(z)));
}

WINAPI struct dcomplex
ucrtbase_ctanh(struct dcomplex z)
{
	return out(ctanh(in(z)));
}

WINAPI struct fcomplex
ucrtbase_ctanhf(struct fcomplex z)
{
	return fout(ctanhf(fin(z)));
}

WINAPI double
ucrtbase_cabs(struct dcomplex z)
{
	return cabs(in(z));
}

WINAPI float
ucrtbase_cabsf(struct fcomplex z)
{
	return cabsf(fin(z));
}

WINAPI double
ucrtbase_carg(struct dcomplex z)
{
	return carg(in(z));
}

WINAPI float
ucrtbase_cargf(struct fcomplex z)
{
	return cargf(fin(z));
}

WINAPI double
ucrtbase_cimag(struct dcomplex z)
{
	return cimag(in(z));
}

WINAPI float
ucrtbase_cimagf(struct fcomplex z)
{
	return cimagf(fin(z));
}

WINAPI double
ucrtbase_creal(struct dcomplex z)
{
	return creal(in(z));
}

WINAPI float
ucrtbase_crealf(struct fcomplex z)
{
	return crealf(fin(z));
}

WINAPI struct dcomplex
ucrtbase_cpow(struct dcomplex a, struct dcomplex b)
{
	return out(cpow(in(a), in(b)));
}

WINAPI struct fcomplex
ucrtbase_cpowf(struct fcomplex a, struct fcomplex b)
{
	return fout(cpowf(fin(a), fin(b)));
}

WINAPI double
ucrtbase_norm(struct dcomplex z)
{
	return z.re * z.re + z.im * z.im;
}

WINAPI float
ucrtbase_normf(struct fcomplex z)
{
	return z.re * z.re + z.im * z.im;
}

WINAPI struct dcomplex
ucrtbase__Cbuild(double re, double im)
{
	return (struct dcomplex){ re, im };
}

WINAPI struct fcomplex
ucrtbase__FCbuild(float re, float im)
{
	return (struct fcomplex){ re, im };
}

WINAPI struct dcomplex
ucrtbase__Cmulcc(struct dcomplex a, struct dcomplex b)
{
	return out(in(a)*in(b));
}

WINAPI struct fcomplex
ucrtbase__FCmulcc(struct fcomplex a, struct fcomplex b)
{
	return fout(fin(a) * fin(b));
}

WINAPI struct dcomplex
ucrtbase__Cmulcr(struct dcomplex a, double b)
{
	return (struct dcomplex){ a.re * b, a.im * b };
}

WINAPI struct fcomplex
ucrtbase__FCmulcr(struct fcomplex a, float b)
{
	return (struct fcomplex){ a.re * b, a.im * b };
}
