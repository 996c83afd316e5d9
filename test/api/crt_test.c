/* SPDX-License-Identifier: Apache-2.0 */
/* The machinery of the C run-time: formats, scanning, multibyte characters, time. */
#include "test/unit.h"

#include <math.h>
#include <string.h>

#include "layer/api/nt/crt/crt_format.h"
#include "layer/api/nt/crt/crt_scan.h"
#include "layer/api/nt/crt/crt_time.h"

struct text_out {
	struct crt_out out;
	char *at;
};

static int
keep(struct crt_out *o, const void *p, size_t n)
{
	struct text_out *t = (struct text_out *)o;
	for (size_t i = 0; i < n; i++)
		*t->at++ = o->wide ? (char)((const WCHAR *)p)[i] : ((const char *)p)[i];
	return 0;
}

static struct crt_locale c_locale = { .pctype = crt_ctype_c + 1, .mb_cur_max = 1 };
static struct crt_locale utf8_locale = { .pctype = crt_ctype_c + 1,
	                                 .mb_cur_max = 4,
	                                 .codepage = 65001 };

static uint64_t
bits(double v)
{
	uint64_t b;
	memcpy(&b, &v, sizeof b);
	return b;
}

static void
expect(const char *want, uint64_t options, const char *format, const uint64_t *args)
{
	char got[2048] = "";
	struct text_out t = { { false, keep }, got };
	int n = crt_format(&t.out, options, format, &c_locale, args);
	*t.at = 0;
	assert_string_equal(got, want);
	assert_int_equal(n, strlen(want));
	/* the same, wide: the format is ASCII */
	WCHAR w[256];
	size_t i = 0;
	if (strpbrk(format, "sScCZ"))
		return;
	do
		w[i] = (unsigned char)format[i];
	while (format[i++]);
	t = (struct text_out){ { true, keep }, got };
	crt_format(&t.out, options, w, &c_locale, args);
	*t.at = 0;
	assert_string_equal(got, want);
}

#define F(want, format, ...)           expect(want, 0, format, (uint64_t[]){ __VA_ARGS__ })
#define FO(want, options, format, ...) expect(want, options, format, (uint64_t[]){ __VA_ARGS__ })
#define S(s)                           (uintptr_t)(s)

static void
formats_integers(void **state)
{
	(void)state;
	F("42 -7 +5  5", "%d %i %+d % d", 42, (uint64_t)-7, 5, 5);
	F("00042|42   |   42|00042", "%05d|%-5d|%5d|%.5d", 42, 42, 42, 42);
	F("ff FF 0xff 0XFF 377 0377", "%x %X %#x %#X %o %#o", 255, 255, 255, 255, 255, 255);
	F("||0", "|%.0d|%d", 0, 0);
	F("4294967295 -1", "%u %d", UINT64_MAX, UINT64_MAX);
	F("-1 255 -1 65535", "%hhd %hhu %hd %hu", 255, 255, 65535, 65535);
	F("-9223372036854775808", "%I64d", 1ull << 63);
	F("18446744073709551615", "%llu", UINT64_MAX);
	F("18446744073709551615", "%zu", UINT64_MAX);
	F("-1 7 8", "%I32d %Id %ld", 0xffffffff, 7, 8);
	F("00000000DEADBEEF", "%p", 0xdeadbeef);
	F("   3|3   |0003", "%*d|%*d|%0*d", 4, 3, (uint64_t)-4, 3, 4, 3);
	F("100%", "%d%%", 100);
	FO("2 1", CRT_FORMAT_POSITIONAL, "%2$d %1$d", 1, 2);
}

static void
formats_floats(void **state)
{
	(void)state;
	F("3.141593 3.14 3", "%f %.2f %.0f", bits(M_PI), bits(M_PI), bits(M_PI));
	F("1.500000e+10 1.5E-07", "%e %.1E", bits(1.5e10), bits(1.5e-7));
	F("0.0001 1e-05 1e+06 123456", "%g %g %g %g", bits(1e-4), bits(1e-5), bits(1e6),
	  bits(123456));
	F("1.50000", "%#g", bits(1.5));
	F("inf -inf INF nan -nan(ind)", "%f %f %F %f %f", bits(INFINITY), bits(-INFINITY),
	  bits(INFINITY), 0x7ff8000000000001, 0xfff8000000000000);
	F("0x1.8000000000000p+1", "%a", bits(3));
	F("-0.000000", "%f", bits(-0.0));
	F("0.1000000000000000055511151231257827021181583404541015625", "%.55f", bits(0.1));
	/* ties: away from zero, unless the program asks for the standard */
	F("3 1 2 -3", "%.0f %.0f %.0f %.0f", bits(2.5), bits(0.5), bits(1.5), bits(-2.5));
	FO("2 0 2", CRT_FORMAT_STANDARD_ROUNDING, "%.0f %.0f %.0f", bits(2.5), bits(0.5),
	   bits(1.5));
	F("0.13 0.38 3e+00", "%.2f %.2f %.0e", bits(0.125), bits(0.375), bits(2.5));
	F("1.3 3e+01", "%.2g %.1g", bits(1.25), bits(25));
	F("0.3 9.995", "%.1f %.3f", bits(0.25), bits(9.995));
	/* msvcrt.dll */
	FO("1.500000e+010 1e-005", CRT_FORMAT_MSVCRT, "%e %g", bits(1.5e10), bits(1e-5));
	FO("1.#INF00 -1.#INF00 1.#QNAN0 -1.#IND00", CRT_FORMAT_MSVCRT, "%f %f %f %f",
	   bits(INFINITY), bits(-INFINITY), 0x7ff8000000000001, 0xfff8000000000000);
	FO("1.#J 1.#INF", CRT_FORMAT_MSVCRT, "%.2f %g", bits(INFINITY), bits(INFINITY));
}

static void
formats_text(void **state)
{
	struct ANSI_STRING a = { 3, 4, "abc" };
	(void)state;
	F("hello|   hi|hi   |he", "%s|%5s|%-5s|%.2s", S("hello"), S("hi"), S("hi"), S("hello"));
	F("(null)", "%s", 0);
	F("x y", "%c %c", 'x', 'y');
	F("wide wide abc", "%S %ls %Z", S(u"wide"), S(u"wide"), S(&a));
	F("narrow", "%hs", S("narrow"));
}

static void
refuses_counting(void **state)
{
	char got[64];
	int n = 5;
	struct text_out t = { { false, keep }, got };
	(void)state;
	crt_lenient = true;
	assert_int_equal(crt_format(&t.out, 0, "abc%n", &c_locale, (uint64_t[]){ S(&n) }), -1);
	assert_int_equal(n, 5);
	crt_format_count_output = true;
	assert_int_equal(crt_format(&t.out, 0, "abc%n", &c_locale, (uint64_t[]){ S(&n) }), 3);
	assert_int_equal(n, 3);
	crt_format_count_output = false;
}

struct text_in {
	struct crt_in in;
	const char *at;
};

static int get(struct crt_in *in) { return *((struct text_in *)in)->at ? (unsigned char)*((struct text_in *)in)->at++ : -1; }

static void
unget(struct crt_in *in, int c)
{
	(void)c;
	((struct text_in *)in)->at--;
}

static int
scan(const char *text, const char *format, const uint64_t *args)
{
	struct text_in in = { { false, get, unget }, text };
	return crt_scan(&in.in, 0, format, &c_locale, args);
}

#define SCAN(text, format, ...) scan(text, format, (uint64_t[]){ __VA_ARGS__ })

static void
scans(void **state)
{
	int a = 0, b = 0;
	int64_t big = 0;
	char s[32], t[32];
	WCHAR w[32];
	double d;
	float f;
	(void)state;
	assert_int_equal(SCAN("12 -34", "%d%d", S(&a), S(&b)), 2);
	assert_int_equal(a, 12);
	assert_int_equal(b, -34);
	assert_int_equal(SCAN("0x1f 017", "%i %i", S(&a), S(&b)), 2);
	assert_int_equal(a, 31);
	assert_int_equal(b, 15);
	assert_int_equal(SCAN("9223372036854775807", "%I64d", S(&big)), 1);
	assert_true(big == INT64_MAX);
	assert_int_equal(SCAN("abc def", "%s %3s", S(s), S(t)), 2);
	assert_string_equal(s, "abc");
	assert_string_equal(t, "def");
	assert_int_equal(SCAN("key=value;", "%[^=]=%[a-z]", S(s), S(t)), 2);
	assert_string_equal(t, "value");
	assert_int_equal(SCAN("1.5e2 0.25", "%lf%f", S(&d), S(&f)), 2);
	assert_true(d == 150 && f == 0.25f);
	assert_int_equal(SCAN("12345", "%2d%*1d%d%n", S(&a), S(&b), S(&b)), 2);
	assert_int_equal(a, 12);
	assert_int_equal(b, 5);
	assert_int_equal(SCAN("wide", "%ls", S(w)), 1);
	assert_int_equal(w[3], 'e');
	assert_int_equal(SCAN("x", "%d", S(&a)), 0);
	assert_int_equal(SCAN("", "%d", S(&a)), -1);
	assert_int_equal(SCAN("50%", "%d%%%n", S(&a), S(&b)), 1);
}

static void
converts_characters(void **state)
{
	uint32_t c;
	char b[4];
	(void)state;
	assert_int_equal(crt_decode(65001, "\xe2\x82\xac", 3, &c), 3);
	assert_int_equal(c, 0x20ac);
	assert_int_equal(crt_decode(65001, "\xf0\x9f\x98\x80", 4, &c), 4);
	assert_int_equal(c, 0x1f600);
	assert_int_equal(crt_decode(65001, "\xe2\x82", 2, &c), -2);
	assert_int_equal(crt_decode(65001, "\xc0\x80", 2, &c), -1);
	assert_int_equal(crt_decode(65001, "\xed\xa0\x80", 3, &c), -1);
	assert_int_equal(crt_decode(0, "\xe9", 1, &c), 1);
	assert_int_equal(c, 0xe9);
	assert_int_equal(crt_decode(1252, "\x80", 1, &c), 1);
	assert_int_equal(c, 0x20ac);
	assert_int_equal(crt_encode(65001, 0x1f600, b), 4);
	assert_memory_equal(b, "\xf0\x9f\x98\x80", 4);
	assert_int_equal(crt_encode(0, 0x20ac, b), -1);
	assert_int_equal(crt_encode(1252, 0x20ac, b), 1);
	assert_int_equal((unsigned char)b[0], 0x80);
	/* wide text in narrow output, by the locale */
	char got[32];
	struct text_out t = { { false, keep }, got };
	assert_int_equal(crt_format(&t.out, 0, "%ls", &utf8_locale, (uint64_t[]){ S(u"\u20ac1") }),
	                 4);
	assert_memory_equal(got,
	                    "\xe2\x82\xac"
	                    "1",
	                    4);
	assert_int_equal(crt_format(&t.out, 0, "%ls", &c_locale, (uint64_t[]){ S(u"\u20ac") }), -1);
	assert_int_equal(crt_thread.error, CRT_EILSEQ);
}

static void
knows_time(void **state)
{
	struct crt_tm tm;
	struct crt_zone z;
	char s[128];
	(void)state;
	crt_time_civil(951782400, &tm); /* 29 February 2000 */
	assert_int_equal(tm.year, 100);
	assert_int_equal(tm.mon, 1);
	assert_int_equal(tm.mday, 29);
	assert_int_equal(tm.wday, 2);
	assert_int_equal(tm.yday, 59);
	assert_true(crt_time_seconds(&tm) == 951782400);
	assert_true(crt_time_zone_parse(&z, "EST5EDT"));
	assert_int_equal(z.offset, 5 * 3600);
	crt_time_local(&z, 1720000000, &tm); /* 3 July 2024, 09:46:40 UTC */
	assert_int_equal(tm.hour, 5);
	assert_int_equal(tm.isdst, 1);
	assert_true(crt_time_make(&z, &tm) == 1720000000);
	crt_time_local(&z, 1704067200, &tm); /* new year 2024 */
	assert_int_equal(tm.isdst, 0);
	assert_int_equal(tm.mday, 31);
	/* the night of 10 March 2024: 2 o'clock is 3 */
	crt_time_local(&z, 1710054000 - 1, &tm);
	assert_int_equal(tm.hour, 1);
	crt_time_local(&z, 1710054000, &tm);
	assert_int_equal(tm.hour, 3);
	crt_time_text(&tm, s);
	assert_string_equal(s, "Sun Mar 10 03:00:00 2024\n");
	assert_int_equal(crt_time_format(&z, &tm, 'F', false, s), 10);
	assert_string_equal(s, "2024-03-10");
	crt_time_format(&z, &tm, 'd', true, s);
	assert_string_equal(s, "10");
	crt_time_format(&z, &tm, 'm', true, s);
	assert_string_equal(s, "3");
	crt_time_format(&z, &tm, 'z', false, s);
	assert_string_equal(s, "-0400");
	crt_time_format(&z, &tm, 'V', false, s);
	assert_string_equal(s, "10");
	assert_int_equal(crt_time_format(&z, &tm, 'Q', false, s), -1);
}

UNIT_MAIN(TEST(formats_integers), TEST(formats_floats), TEST(formats_text), TEST(refuses_counting),
          TEST(scans), TEST(converts_characters), TEST(knows_time))
