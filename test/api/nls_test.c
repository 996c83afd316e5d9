/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/text/nls.h"
#include "test/unit.h"

static void
case_pairs(void **state)
{
	(void)state;
	assert_int_equal(nls_up('a'), 'A');
	assert_int_equal(nls_up(0xe9), 0xc9);
	assert_int_equal(nls_up(0xff), 0x178);
	assert_int_equal(nls_low(0x416), 0x436);
	assert_int_equal(nls_up(0x131), 0x131); /* never comes back as itself */
	assert_int_equal(nls_up(0xdf), 0xdf);
	assert_true(nls_equal(u"KERNEL32.dll", u"kernel32.DLL"));
	assert_true(nls_equal_ascii(u"Path", "PATH"));
	assert_false(nls_equal_ascii(u"Path", "PATHS"));
	assert_int_equal(nls_compare_case(u"ab", 2, u"AC", 2), -1);
}

static size_t
units(const char *s, WCHAR out[16], bool *bad)
{
	*bad = false;
	return nls_16_of_8(s, strlen(s), out, 16, bad);
}

static void
utf8(void **state)
{
	WCHAR w[16];
	bool bad;
	char b[16];
	(void)state;
	assert_int_equal(units("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", w, &bad), 5);
	assert_false(bad);
	assert_memory_equal(w, u"a\u00e9\u20ac\U0001f600", 10);
	/* one replacement for each maximal subpart */
	assert_int_equal(units("\xe2\x82|\xc0\xaf|\xed\xa0\x80|\xf5", w, &bad), 10);
	assert_true(bad);
	assert_memory_equal(w, u"\ufffd|\ufffd\ufffd|\ufffd\ufffd\ufffd|\ufffd", 20);
	bad = false;
	assert_int_equal(nls_8_of_16((const WCHAR[]){ 0xd800, 'x' }, 2, b, 16, &bad), 4);
	assert_true(bad);
	assert_memory_equal(b, "\xef\xbf\xbdx", 4);
	/* a character is never cut */
	assert_int_equal(nls_8_of_16(u"\u00e9\u00e9", 2, b, 3, NULL), 4);
	assert_memory_equal(b, "\xc3\xa9", 2);
}

static void
pages(void **state)
{
	WCHAR w[16];
	char b[16];
	BOOL used;
	(void)state;
	assert_int_equal(nls_decode(1252, 0, "\x80\xe9\x81", 3, w, 16), 3);
	assert_memory_equal(w, u"\u20ac\u00e9\x81", 6);
	assert_int_equal(nls_decode(437, 0, "\x82\xe1", 2, w, 16), 2);
	assert_memory_equal(w, u"\u00e9\u00df", 4);
	assert_int_equal(nls_encode(1252, 0, u"\u20ac\u0100\u4e00", 3, b, 16, NULL, &used), 3);
	assert_memory_equal(b,
	                    "\x80"
	                    "A?",
	                    3);
	assert_true(used);
	assert_int_equal(nls_encode(1252, 0x400, u"\u0100", 1, b, 16, "_", &used), 1);
	assert_int_equal(b[0], '_');
	assert_int_equal(nls_encode(65001, 0, u"x", 1, b, 16, NULL, &used), -87);
	assert_int_equal(nls_encode(65001, 0x80, (const WCHAR[]){ 0xd800 }, 1, b, 16, NULL, NULL),
	                 -1113);
	assert_int_equal(nls_encode(65001, 0, u"\u00e9", 1, b, 1, NULL, NULL), -122);
	assert_int_equal(nls_decode(65001, 8, "\xff", 1, w, 16), -1113);
	assert_int_equal(nls_decode(65001, 1, "a", 1, w, 16), -1004);
	assert_int_equal(nls_decode(4711, 0, "a", 1, w, 16), -87);
	assert_int_equal(nls_encode(65000, 0, u"a+\u20ac!", 4, b, 16, NULL, NULL), 11);
	assert_memory_equal(b, "a+-+IKwAIQ-", 11);
	assert_int_equal(nls_decode(65000, 0, "a+-+IKwAIQ-", 11, w, 16), 4);
	assert_memory_equal(w, u"a+\u20ac!", 8);
}

static void
form(unsigned f, const WCHAR *in, const WCHAR *out)
{
	size_t n, bad;
	WCHAR *w = nls_normalize(f, in, nls_length(in), &n, &bad);
	assert_non_null(w);
	assert_int_equal(n, nls_length(out));
	assert_memory_equal(w, out, n * 2);
	free(w);
}

static void
forms(void **state)
{
	size_t n, bad;
	(void)state;
	form(2, u"\u00e9\ud55c", u"e\u0301\u1112\u1161\u11ab");
	form(1, u"e\u0301\u1112\u1161\u11ab", u"\u00e9\ud55c");
	form(5, u"\ufb01\u00b2", u"fi2");
	form(1, u"\u0958", u"\u0915\u093c"); /* excluded from composition */
	form(1, u"a\u0323\u0302", u"\u1ead");
	form(1, u"a\u0302\u0323", u"\u1ead");
	assert_null(nls_normalize(1, (const WCHAR[]){ 'a', 0xdc00 }, 2, &n, &bad));
	assert_int_equal(bad, 1);
}

static int
cmp(DWORD flags, const WCHAR *a, const WCHAR *b)
{
	return nls_collate(flags, a, nls_length(a), b, nls_length(b));
}

static void
words(void **state)
{
	(void)state;
	assert_int_equal(cmp(0, u"a", u"B"), -1);
	assert_int_equal(cmp(0, u"a", u"A"), -1);
	assert_int_equal(cmp(0, u"A", u"b"), -1);
	assert_int_equal(cmp(1, u"Stra\u00dfe", u"STRASSE"), 1); /* marks differ */
	assert_int_equal(cmp(3, u"Stra\u00dfe", u"STRASSE"), 0);
	assert_int_equal(cmp(0, u"resume", u"r\u00e9sum\u00e9"), -1);
	assert_int_equal(cmp(0, u"r\u00e9sum\u00e9", u"resumf"), -1);
	assert_int_equal(cmp(0, u"coop", u"co-op"), -1);
	assert_int_equal(cmp(0, u"co-op", u"coops"), -1); /* a word sort passes over it */
	assert_int_equal(cmp(0x1000, u"co-op", u"coop"), -1);
	assert_int_equal(cmp(0, u"9", u"a"), -1);
	assert_int_equal(cmp(0, u"_", u"0"), -1);
	assert_int_equal(cmp(8, u"file10", u"file9"), 1);
	assert_int_equal(cmp(0, u"file10", u"file9"), -1);
	assert_int_equal(cmp(0x20000, u"\uff21", u"A"), 0);
	assert_int_equal(cmp(0, u"", u""), 0);
}

UNIT_MAIN(TEST(case_pairs), TEST(utf8), TEST(pages), TEST(forms), TEST(words))
