/* SPDX-License-Identifier: Apache-2.0 */
// DECIMAL: what is added, divided, rounded and compared, and what does not fit.
// needs: joist mingw
// libs: -loleaut32
// run: joist run --rm $GUEST
// expect: decimal: all right
#include "right.h"

#include <oleauto.h>

/* "-12.50" */
static DECIMAL
of(const char *s)
{
	DECIMAL d = { 0 };
	unsigned __int128 v = 0;
	int point = 0;
	d.sign = *s == '-' ? DECIMAL_NEG : 0;
	for (s += *s == '-'; *s; s++) {
		if (*s == '.') {
			point = 1;
			continue;
		}
		v = v * 10 + (unsigned)(*s - '0');
		d.scale += point;
	}
	d.Hi32 = (ULONG)(v >> 64);
	d.Lo64 = (ULONGLONG)v;
	return d;
}

static int
is(DECIMAL d, const char *s)
{
	DECIMAL e = of(s);
	int same = d.scale == e.scale && d.sign == e.sign && d.Hi32 == e.Hi32 && d.Lo64 == e.Lo64;
	if (!same)
		printf("not %s: %s%lx:%llx scale %d\n", s, d.sign ? "-" : "", d.Hi32, d.Lo64,
		       d.scale);
	return same;
}

typedef HRESULT(WINAPI *two)(LPDECIMAL, LPDECIMAL, LPDECIMAL);
typedef HRESULT(WINAPI *one)(LPDECIMAL, LPDECIMAL);

static int
gives(two f, const char *a, const char *b, const char *r)
{
	DECIMAL x = of(a), y = of(b), z;
	memset(&z, 0, sizeof z);
	return f(&x, &y, &z) == S_OK && is(z, r);
}

static HRESULT
fails(two f, const char *a, const char *b)
{
	DECIMAL x = of(a), y = of(b), z;
	return f(&x, &y, &z);
}

static int
turns(one f, const char *a, const char *r)
{
	DECIMAL x = of(a), z;
	return f(&x, &z) == S_OK && is(z, r);
}

static int
to(const char *a, int decimals, const char *r)
{
	DECIMAL x = of(a), z;
	return VarDecRound(&x, decimals, &z) == S_OK && is(z, r);
}

static HRESULT
order(const char *a, const char *b)
{
	DECIMAL x = of(a), y = of(b);
	return VarDecCmp(&x, &y);
}

static int
real(double v, const char *r)
{
	DECIMAL z;
	return VarDecFromR8(v, &z) == S_OK && is(z, r);
}

#define MOST "79228162514264337593543950335"

int
main(void)
{
	DECIMAL d;
	CY cy;
	LONG l;
	float f;
	double g;
	two add = (two)VarDecAdd, sub = (two)VarDecSub, mul = (two)VarDecMul, div = (two)VarDecDiv;
	IS(gives(add, "1.10", "2.205", "3.305") && gives(add, "1", "-1.00", "0.00"));
	IS(gives(sub, "1.5", "3", "-1.5") && gives(sub, "-1.5", "-3", "1.5"));
	IS(gives(add, MOST, "0.4", MOST) && fails(add, MOST, "0.5") == DISP_E_OVERFLOW);
	IS(fails(add, MOST, "1") == DISP_E_OVERFLOW &&
	   gives(sub, MOST, "1", "79228162514264337593543950334"));
	IS(gives(mul, "1.5", "-2.50", "-3.750") && gives(mul, "0.0", "5.25", "0.000"));
	IS(gives(mul, "0.0000000000000000000000000001", "0.5", "0.0000000000000000000000000000"));
	IS(gives(mul, "0.0000000000000000000000000003", "0.5", "0.0000000000000000000000000002"));
	IS(gives(mul, "1234567890123456789.123456789", "9.87654321",
	         "12193263112482853212.345679001"));
	IS(fails(mul, MOST, "1.1") == DISP_E_OVERFLOW);
	IS(gives(div, "1", "3", "0.3333333333333333333333333333") &&
	   gives(div, "2", "-3", "-0.6666666666666666666666666667"));
	IS(gives(div, "10", "4", "2.5") && gives(div, "1.00", "1", "1.00") &&
	   gives(div, "1", "0.01", "100"));
	IS(gives(div, MOST, "10", "7922816251426433759354395033.5"));
	IS(fails(div, "1", "0.0") == DISP_E_DIVBYZERO &&
	   fails(div, MOST, "0.1") == DISP_E_OVERFLOW);
	IS(turns((one)VarDecNeg, "1.5", "-1.5") && turns((one)VarDecAbs, "-1.5", "1.5"));
	IS(turns((one)VarDecFix, "-1.75", "-1") && turns((one)VarDecInt, "-1.75", "-2") &&
	   turns((one)VarDecInt, "1.75", "1") && turns((one)VarDecFix, "-0.5", "0"));
	IS(to("2.5", 0, "2") && to("3.5", 0, "4") && to("2.51", 0, "3") &&
	   to("1.2345", 2, "1.23") && to("1.5", 9, "1.5"));
	d = of("1");
	IS(VarDecRound(&d, -1, &d) == E_INVALIDARG);
	IS(order("1.0", "1") == (HRESULT)VARCMP_EQ && order("-1", "0.5") == (HRESULT)VARCMP_LT &&
	   order("-1", "-2.5") == (HRESULT)VARCMP_GT && order("0", "-0.0") == (HRESULT)VARCMP_EQ);
	IS(real(0.1, "0.1") && real(-1234.5, "-1234.5") && real(1e15, "1000000000000000") &&
	   real(0, "0"));
	IS(real(1.0 / 3, "0.333333333333333") && real(1e28, "10000000000000000000000000000") &&
	   VarDecFromR8(1e30, &d) == DISP_E_OVERFLOW && real(1e-30, "0"));
	IS(VarDecFromR4(0.1f, &d) == S_OK && is(d, "0.1"));
	IS(VarDecFromI4(-2147483647 - 1, &d) == S_OK && is(d, "-2147483648"));
	cy.int64 = -12345678;
	IS(VarDecFromCy(cy, &d) == S_OK && is(d, "-1234.5678"));
	d = of("-1.00005");
	IS(VarCyFromDec(&d, &cy) == S_OK && cy.int64 == -10000);
	d = of(MOST);
	IS(VarCyFromDec(&d, &cy) == DISP_E_OVERFLOW && VarI4FromDec(&d, &l) == DISP_E_OVERFLOW);
	d = of("-2147483648.4");
	IS(VarI4FromDec(&d, &l) == S_OK && l == -2147483647 - 1);
	d = of("12.25");
	IS(VarR4FromDec(&d, &f) == S_OK && f == 12.25f && VarR8FromDec(&d, &g) == S_OK &&
	   g == 12.25);
	IS(GetProcAddress(LoadLibraryA("oleaut32"), (char *)204) ==
	   GetProcAddress(LoadLibraryA("oleaut32"), "VarDecCmp"));
	return done("decimal");
}
