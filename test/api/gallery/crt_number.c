/* SPDX-License-Identifier: Apache-2.0 */
// Numbers of the C run-times: conversion, characters, mathematics, sorting.
// needs: joist mingw
// test: of ucrtbase
// run: joist run --rm $GUEST ucrtbase.dll
// expect: all right
// test: of msvcrt
// run: joist run --rm $GUEST msvcrt.dll
// expect: all right
#include "../crt_call.h"

static void
parse(void)
{
	char b[80], *end;
	wchar_t w[80];
	const char *s = "  -123xyz";
	INT(atoi, -123, s);
	INT(atol, -123, s);
	LONG(atoll, -123, s);
	LONG(_atoi64, 1234567890123456789, "1234567890123456789");
	INT(strtol, -123, s, &end, 10);
	check("strtol", end - s, 6, __LINE__);
	INT(strtol, 255, "0xff", NULL, 0);
	INT(strtol, 8, "010", NULL, 0);
	INT(strtol, 2147483647, "99999999999", NULL, 10);
	INT(strtol, -2147483647 - 1, "-99999999999", NULL, 10);
	INT(strtol, 35, "z", NULL, 36);
	INT(strtoul, -1, "4294967295", NULL, 10);
	LONG(strtoll, -9223372036854775807LL, "-9223372036854775807", NULL, 10);
	LONG(strtoull, -1, "18446744073709551615", NULL, 10);
	LONG(_strtoi64, 0x123456789abcdef, "123456789abcdef", NULL, 16);
	LONG(_strtoui64, -1, "99999999999999999999999", NULL, 10);
	INT(_wtoi, 77, L"77");
	INT(_wtol, -77, L"-77");
	LONG(_wtoi64, 1LL << 40, L"1099511627776");
	INT(wcstol, 255, L"ff", NULL, 16);
	INT(wcstoul, 7, L"7", NULL, 10);
	LONG(_wcstoi64, -5, L"-5", NULL, 0);
	LONG(_wcstoui64, 5, L"5", NULL, 0);
	if (find("strtod")) {
		double (*f)(const char *, char **) = find("strtod");
		check_double("strtod", f("1.5e3x", &end), 1500, __LINE__);
		check("strtod", *end, 'x', __LINE__);
		check_double("strtod", f("2.2250738585072011e-308", NULL), 2.2250738585072011e-308,
		             __LINE__);
		check_double("strtod", f("0x1.8p1", NULL), 3, __LINE__);
	}
	if (find("wcstod"))
		check_double("wcstod",
		             ((double (*)(const wchar_t *, void *))find("wcstod"))(L" 2.5", NULL),
		             2.5, __LINE__);
	if (find("atof"))
		check_double("atof", ((double (*)(const char *))find("atof"))("-0.125"), -0.125,
		             __LINE__);
	TEXT_(_itoa, "-42", -42, b, 10);
	TEXT_(_itoa, "ffffffff", -1, b, 16);
	TEXT_(_ltoa, "101", 5, b, 2);
	TEXT_(_ultoa, "4294967295", -1, b, 10);
	TEXT_(_i64toa, "-9223372036854775808", 1ULL << 63, b, 10);
	TEXT_(_ui64toa, "zz", 35LL * 36 + 35, b, 36);
	WIDE(_itow, L"-42", -42, w, 10);
	WIDE(_ltow, L"7", 7, w, 8);
	WIDE(_ultow, L"7", 7, w, 10);
	WIDE(_i64tow, L"-1", -1LL, w, 10);
	WIDE(_ui64tow, L"1", 1LL, w, 10);
	INT(_itoa_s, 0, 12345, b, (size_t)6, 10);
	AFTER("_itoa_s", "12345", b);
	INT(_i64toa_s, 0, 12345LL, b, (size_t)6, 10);
	INT(_ltow_s, 0, 12, w, (size_t)6, 10);
	WAFTER("_ltow_s", L"12", w);
	if (find("_ecvt")) {
		int point, sign;
		char *(*f)(double, int, int *, int *) = find("_ecvt");
		check_text("_ecvt", f(-123.456, 5, &point, &sign), "12346", __LINE__);
		check("_ecvt", point * 10 + sign, 31, __LINE__);
		f = find("_fcvt");
		check_text("_fcvt", f(123.456, 2, &point, &sign), "12346", __LINE__);
		check("_fcvt", point, 3, __LINE__);
		check_text("_fcvt", f(0.00123, 4, &point, &sign), "12", __LINE__);
		check("_fcvt", point, -2, __LINE__);
		check_text("_gcvt", ((char *(*)(double, int, char *))find("_gcvt"))(3.25, 5, b),
		           "3.25", __LINE__);
	}
}

static void
characters(void)
{
	INT(isalpha, 1, 'A');
	INT(isalpha, 2, 'z');
	INT(isalpha, 0, '1');
	INT(isdigit, 4, '7');
	INT(isspace, 8, '\t');
	INT(ispunct, 16, '!');
	INT(iscntrl, 32, 1);
	INT(isxdigit, 128, 'f');
	INT(isupper, 0, 'a');
	INT(islower, 2, 'a');
	INT(isprint, 64, ' ');
	INT(isgraph, 0, ' ');
	INT(isalnum, 0, '_');
	INT(isalpha, 0, 200);
	INT(__isascii, 1, 'a');
	INT(__iscsym, 1, '_');
	INT(__iscsymf, 0, '1');
	INT(__toascii, 0x41, 0xc1);
	INT(_isctype, 4, '1', 4);
	INT(tolower, 'a', 'A');
	INT(toupper, 'A', 'a');
	INT(toupper, -1, -1);
	INT(_tolower, 'b', 'B');
	INT(_toupper, 'B', 'b');
	INT(iswalpha, 0x101, L'A');
	INT(iswalpha, 0x102, 0xe9);
	INT(iswdigit, 4, L'3');
	INT(iswspace, 8, 0x3000);
	INT(iswupper, 1, 0x416);
	INT(iswlower, 0, 0x416);
	INT(iswpunct, 0, L'a');
	INT(iswxdigit, 128, L'a');
	INT(iswalnum, 0, L' ');
	INT(iswprint, 0, 1);
	INT(iswcntrl, 32, 2);
	INT(iswgraph, 0, L' ');
	INT(iswascii, 0, 0x100);
	INT(iswctype, 4, L'9', 4);
	INT(towlower, 'q', L'Q');
	INT(towupper, 'Q', L'q');
	/* in the "C" locale no other letter has a case */
	INT(towupper, 0xe9, 0xe9);
	INT(wctype, 4, "digit");
	INT(iswblank, 64, L'\t');
}

static void
mathematics(void)
{
	int e;
	DOUBLE1(sin, 0.8414709848078965, 1);
	DOUBLE1(cos, 0.5403023058681398, 1);
	DOUBLE1(tan, 1.5574077246549023, 1);
	DOUBLE1(asin, 1.5707963267948966, 1);
	DOUBLE1(acos, 0, 1);
	DOUBLE1(atan, 0.7853981633974483, 1);
	DOUBLE1(sinh, 1.1752011936438014, 1);
	DOUBLE1(cosh, 1.5430806348152437, 1);
	DOUBLE1(tanh, 0.7615941559557649, 1);
	DOUBLE1(exp, 2.718281828459045, 1);
	DOUBLE1(log, 0.6931471805599453, 2);
	DOUBLE1(log10, 3, 1000);
	DOUBLE1(log2, 10, 1024);
	DOUBLE1(sqrt, 1.4142135623730951, 2);
	DOUBLE1(cbrt, 3, 27);
	DOUBLE1(ceil, 3, 2.1);
	DOUBLE1(floor, -3, -2.1);
	DOUBLE1(trunc, -2, -2.9);
	DOUBLE1(round, 3, 2.5);
	DOUBLE1(rint, 2, 2.5);
	DOUBLE1(nearbyint, 4, 3.5);
	DOUBLE1(fabs, 2, -2);
	DOUBLE1(exp2, 8, 3);
	DOUBLE1(expm1, 1.718281828459045, 1);
	DOUBLE1(log1p, 0.6931471805599453, 1);
	DOUBLE1(tgamma, 24, 5);
	DOUBLE1(lgamma, 3.1780538303479458, 5);
	DOUBLE1(erf, 0.8427007929497149, 1);
	DOUBLE1(erfc, 0.15729920705028513, 1);
	DOUBLE1(asinh, 0.881373587019543, 1);
	DOUBLE1(acosh, 1.3169578969248166, 2);
	DOUBLE1(atanh, 0.5493061443340549, 0.5);
	DOUBLE1(logb, 3, 8);
	DOUBLE1(_logb, 3, 8);
	DOUBLE1(_j0, 0.7651976865579666, 1);
	DOUBLE1(_chgsign, -1, 1);
	DOUBLE2(pow, 1024, 2, 10);
	DOUBLE2(fmod, 1.5, 5.5, 2);
	DOUBLE2(atan2, 0.7853981633974483, 1, 1);
	DOUBLE2(_hypot, 5, 3, 4);
	DOUBLE2(hypot, 5, 3, 4);
	DOUBLE2(fmax, 4, 3, 4);
	DOUBLE2(fmin, 3, 3, 4);
	DOUBLE2(fdim, 1, 4, 3);
	DOUBLE2(remainder, -1, 5, 3);
	DOUBLE2(_copysign, -2, 2, -1);
	DOUBLE2(copysign, -2, 2, -1);
	DOUBLE2(_nextafter, 1.0000000000000002, 1, 2);
	FLOAT1(sinf, 0.84147, 1);
	FLOAT1(sqrtf, 1.41421, 2);
	FLOAT1(floorf, 2, 2.5f);
	FLOAT1(truncf, 2, 2.5f);
	FLOAT1(roundf, 3, 2.5f);
	FLOAT1(expf, 2.71828, 1);
	if (find("frexp")) {
		check_double("frexp", ((double (*)(double, int *))find("frexp"))(12, &e), 0.75,
		             __LINE__);
		check("frexp", e, 4, __LINE__);
		check_double("ldexp", ((double (*)(double, int))find("ldexp"))(0.75, 4), 12,
		             __LINE__);
		double whole;
		check_double("modf", ((double (*)(double, double *))find("modf"))(2.5, &whole), 0.5,
		             __LINE__);
		check_double("modf", whole, 2, __LINE__);
	}
	if (find("lround"))
		check("lround", ((int (*)(double))find("lround"))(-2.5), -3, __LINE__);
	if (find("fma"))
		check_double("fma", ((double (*)(double, double, double))find("fma"))(2, 3, 4), 10,
		             __LINE__);
	if (find("_isnan")) {
		check("_isnan", ((int (*)(double))find("_isnan"))(NAN), 1, __LINE__);
		check("_finite", ((int (*)(double))find("_finite"))(INFINITY), 0, __LINE__);
		check("_fpclass", ((int (*)(double))find("_fpclass"))(-INFINITY), 4, __LINE__);
		check("_fpclass", ((int (*)(double))find("_fpclass"))(0.0), 0x40, __LINE__);
	}
	if (find("_dclass")) {
		check("_dclass", ((short (*)(double))find("_dclass"))(INFINITY), 1, __LINE__);
		check("_dsign", ((int (*)(double))find("_dsign"))(-1.0) != 0, 1, __LINE__);
		check("_fdclass", ((short (*)(float))find("_fdclass"))(1.0f), -1, __LINE__);
	}
}

static int by_value(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

static int
by_context(void *context, const void *a, const void *b)
{
	++*(int *)context;
	return by_value(a, b);
}

static void
sorting(void)
{
	static int v[1000];
	int key = 500, calls = 0;
	unsigned n = 3, small[4] = { 5, 6, 7 };
	unsigned x = 1;
	for (int i = 0; i < 1000; i++) {
		x = x * 1103515245 + 12345;
		v[i] = (int)(x >> 16 & 1023);
	}
	((void (*)())find("qsort"))(v, (size_t)1000, sizeof *v, by_value);
	int bad = 0;
	for (int i = 1; i < 1000; i++)
		bad += v[i] < v[i - 1];
	check("qsort", bad, 0, __LINE__);
	for (int i = 0; i < 1000; i++)
		v[i] = 999 - i;
	if (find("qsort_s")) {
		((void (*)())find("qsort_s"))(v, (size_t)1000, sizeof *v, by_context, &calls);
		for (int i = 0; i < 1000; i++)
			bad += v[i] != i;
		check("qsort_s", bad == 0 && calls > 1000 && calls < 40000, 1, __LINE__);
	} else {
		((void (*)())find("qsort"))(v, (size_t)1000, sizeof *v, by_value);
	}
	LONG(bsearch, v + 500, &key, v, (size_t)1000, sizeof *v, by_value);
	key = 5000;
	LONG(bsearch, 0, &key, v, (size_t)1000, sizeof *v, by_value);
	key = 6;
	LONG(_lfind, small + 1, &key, small, &n, 4, by_value);
	key = 8;
	LONG(_lsearch, small + 3, &key, small, &n, 4, by_value);
	check("_lsearch", n, 4, __LINE__);
	/* the numbers that Microsoft's generator has always given */
	((void (*)())find("srand"))(1);
	INT(rand, 41);
	INT(rand, 18467);
	INT(rand, 6334);
	INT(abs, 3, -3);
	INT(labs, 3, -3);
	LONG(_abs64, 3, -3LL);
	INT(_rotl, (int)0x80000001, 0xc0000000, 1);
	INT(_rotr, (int)0x80000000, 1, 1);
	LONG(_rotl64, 2, 1LL, 1);
	INT(_byteswap_ulong, 0x78563412, 0x12345678);
	INT(_byteswap_ushort, 0x3412, 0x1234);
	LONG(div, 2 | 1LL << 32, 7, 3);
}

int
main(int argc, char **argv)
{
	if (!load(argc, argv))
		return 1;
	parse();
	characters();
	mathematics();
	sorting();
	return result(140);
}
