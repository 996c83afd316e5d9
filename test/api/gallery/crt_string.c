/* SPDX-License-Identifier: Apache-2.0 */
// Strings of the C run-times: narrow, wide, with a room, by locale, multibyte.
// needs: joist mingw
// test: of ucrtbase
// run: joist run --rm $GUEST ucrtbase.dll
// expect: all right
// test: of msvcrt
// run: joist run --rm $GUEST msvcrt.dll
// expect: all right
#include "../crt_call.h"

enum { TRUNCATE = -1, RANGE = 34, INVALID = 22, TRUNCATED = 80 };

static void
ignore(const wchar_t *e, const wchar_t *f, const wchar_t *file, unsigned line, uintptr_t r)
{
	(void)e, (void)f, (void)file, (void)line, (void)r;
}

static void
plain(void)
{
	static char long_a[300], long_b[300];
	char b[64];
	const char *s = "hello, world";
	LONG(strlen, 12, s);
	LONG(strnlen, 5, s, (size_t)5);
	LONG(strchr, s + 4, s, 'o');
	LONG(strchr, s + 12, s, 0);
	LONG(strchr, 0, s, 'z');
	LONG(strrchr, s + 8, s, 'o');
	LONG(strstr, s + 7, s, "world");
	LONG(strstr, 0, s, "worlds");
	LONG(strpbrk, s + 2, s, "xl");
	LONG(strcspn, 2, s, "ol");
	LONG(strspn, 5, s, "ehlo");
	INT(strcmp, 0, "abc", "abc");
	INT(strcmp, -1, "abb", "abc");
	INT(strcmp, 1, "\xff", "a");
	INT(strncmp, 0, "abcd", "abcx", (size_t)3);
	INT(memcmp, 1, "abcd", "abcc", (size_t)4);
	memset(long_a, 'q', 299);
	memset(long_b, 'q', 299);
	INT(memcmp, 0, long_a, long_b, (size_t)300);
	long_b[290] = 'r';
	INT(memcmp, -1, long_a, long_b, (size_t)300);
	INT(strcmp, -1, long_a, long_b);
	LONG(memchr, long_b + 290, long_b, 'r', (size_t)300);
	LONG(memset, long_a, long_a, 'z', (size_t)299);
	check("memset", long_a[0] + long_a[298] + long_a[150], 3 * 'z', __LINE__);
	LONG(memcpy, long_b, long_b, long_a, (size_t)300);
	LONG(memmove, long_b + 1, long_b + 1, long_b, (size_t)200);
	memcpy(b, "0123456789", sizeof "0123456789");
	LONG(memmove, b + 2, b + 2, b, (size_t)8);
	AFTER("memmove", "0101234567", b);
	LONG(memmove, b, b, b + 2, (size_t)8);
	AFTER("memmove", "0123456767", b);
	LONG(strcpy, b, b, "abc");
	LONG(strcat, b, b, "def");
	LONG(strncat, b, b, "ghijk", (size_t)2);
	AFTER("strncat", "abcdefgh", b);
	LONG(strncpy, b, b, "xy", (size_t)4);
	AFTER("strncpy", "xy", b);
	LONG(_memccpy, b + 2, b, "a:b", 0x3a, (size_t)3);
	TEXT_(_strdup, "copy", "copy");
	memcpy(b, "MiXed 1", sizeof "MiXed 1");
	TEXT_(_strlwr, "mixed 1", b);
	TEXT_(_strupr, "MIXED 1", b);
	TEXT_(_strrev, "1 DEXIM", b);
	TEXT_(_strnset, "-- DEXIM", memcpy(b, "1- DEXIM", sizeof "1- DEXIM"), '-', (size_t)1);
	TEXT_(_strset, "........", b, '.');
	INT(_stricmp, 0, "HeLLo", "hEllO");
	INT(_strcmpi, 0, "HeLLo", "hEllO");
	INT(_strnicmp, 0, "HELp", "helm", (size_t)3);
	INT(_memicmp, 0, "AB\0C", "ab\0c", (size_t)4);
	INT(strcoll, -1, "a", "b");
	INT(_stricoll, 0, "A", "a");
	INT(_strncoll, 0, "abx", "aby", (size_t)2);
	INT(_strnicoll, 0, "aBx", "AbY", (size_t)2);
	LONG(strxfrm, 3, b, "abc", sizeof b);
	AFTER("strxfrm", "abc", b);
	memcpy(b, "one,two;;three", sizeof "one,two;;three");
	TEXT_(strtok, "one", b, ",;");
	TEXT_(strtok, "two", NULL, ",;");
	TEXT_(strtok, "three", NULL, ",;");
	TEXT_(strtok, NULL, NULL, ",;");
	memcpy(b, "abcdef", 7);
	((void (*)())find("_swab"))(b, b + 10, 6);
	check("_swab", memcmp(b + 10, "badcfe", 6), 0, __LINE__);
}

static void
with_room(void)
{
	char b[8], *rest = NULL;
	INT(strcpy_s, 0, b, sizeof b, "1234567");
	AFTER("strcpy_s", "1234567", b);
	INT(strcpy_s, RANGE, b, sizeof b, "12345678");
	AFTER("strcpy_s", "", b);
	INT(strcpy_s, INVALID, b, sizeof b, NULL);
	memcpy(b, "abc", sizeof "abc");
	INT(strcat_s, 0, b, sizeof b, "def");
	INT(strcat_s, RANGE, b, sizeof b, "gh");
	AFTER("strcat_s", "", b);
	INT(strncpy_s, 0, b, sizeof b, "abcdefghij", (size_t)3);
	AFTER("strncpy_s", "abc", b);
	INT(strncpy_s, TRUNCATED, b, sizeof b, "abcdefghij", (size_t)TRUNCATE);
	AFTER("strncpy_s", "abcdefg", b);
	memcpy(b, "ab", sizeof "ab");
	INT(strncat_s, 0, b, sizeof b, "cdef", (size_t)2);
	AFTER("strncat_s", "abcd", b);
	INT(strncat_s, TRUNCATED, b, sizeof b, "efghi", (size_t)TRUNCATE);
	AFTER("strncat_s", "abcdefg", b);
	memcpy(b, "A-B", sizeof "A-B");
	INT(_strlwr_s, 0, b, sizeof b);
	AFTER("_strlwr_s", "a-b", b);
	INT(_strupr_s, 0, b, sizeof b);
	AFTER("_strupr_s", "A-B", b);
	INT(_strset_s, 0, b, sizeof b, 'x');
	INT(_strnset_s, 0, b, sizeof b, 'y', (size_t)1);
	AFTER("_strnset_s", "yxx", b);
	TEXT_(strtok_s, "yxx", b, " ", &rest);
	INT(memcpy_s, 0, b, sizeof b, "123", (size_t)4);
	INT(memcpy_s, RANGE, b, (size_t)2, "123", (size_t)4);
	INT(memmove_s, 0, b, sizeof b, "456", (size_t)4);
	if (find("memmove_s"))
		AFTER("memmove_s", "456", b);
}

static void
wide(void)
{
	wchar_t b[64], *rest = NULL;
	const wchar_t *s = L"hello, world";
	LONG(wcslen, 12, s);
	LONG(wcsnlen, 5, s, (size_t)5);
	LONG(wcschr, s + 4, s, L'o');
	LONG(wcsrchr, s + 8, s, L'o');
	LONG(wcsstr, s + 7, s, L"world");
	LONG(wcspbrk, s + 2, s, L"xl");
	LONG(wcscspn, 2, s, L"ol");
	LONG(wcsspn, 5, s, L"ehlo");
	INT(wcscmp, -1, L"abb", L"abc");
	INT(wcsncmp, 0, L"abcd", L"abcx", (size_t)3);
	LONG(wcscpy, b, b, L"abc");
	LONG(wcscat, b, b, L"def");
	LONG(wcsncat, b, b, L"ghijk", (size_t)2);
	WAFTER("wcsncat", L"abcdefgh", b);
	LONG(wcsncpy, b, b, L"xy", (size_t)4);
	WAFTER("wcsncpy", L"xy", b);
	WIDE(_wcsdup, L"copy", L"copy");
	wcscpy(b, L"MiXed 1");
	WIDE(_wcslwr, L"mixed 1", b);
	WIDE(_wcsupr, L"MIXED 1", b);
	WIDE(_wcsrev, L"1 DEXIM", b);
	WIDE(_wcsnset, L"-- DEXIM", wcscpy(b, L"1- DEXIM"), L'-', (size_t)1);
	WIDE(_wcsset, L"........", b, L'.');
	INT(_wcsicmp, 0, L"HeLLo", L"hEllO");
	INT(_wcsnicmp, 0, L"HELp", L"helm", (size_t)3);
	INT(wcscoll, -1, L"a", L"b");
	INT(_wcsicoll, 0, L"A", L"a");
	INT(_wcsncoll, 0, L"abx", L"aby", (size_t)2);
	INT(_wcsnicoll, 0, L"aBx", L"AbY", (size_t)2);
	LONG(wcsxfrm, 3, b, L"abc", (size_t)64);
	INT(wcscpy_s, 0, b, (size_t)8, L"1234567");
	INT(wcscpy_s, RANGE, b, (size_t)8, L"12345678");
	wcscpy(b, L"abc");
	INT(wcscat_s, 0, b, (size_t)8, L"def");
	INT(wcsncpy_s, TRUNCATED, b, (size_t)8, L"abcdefghij", (size_t)TRUNCATE);
	INT(wcsncat_s, TRUNCATED, b, (size_t)8, L"abcdefghij", (size_t)TRUNCATE);
	WAFTER("wcsncat_s", L"abcdefg", b);
	INT(_wcslwr_s, 0, b, (size_t)8);
	INT(_wcsupr_s, 0, b, (size_t)8);
	INT(_wcsnset_s, 0, b, (size_t)8, L'.', (size_t)2);
	WAFTER("_wcsnset_s", L"..CDEFG", b);
	INT(_wcsset_s, 0, b, (size_t)8, L'.');
	wcscpy(b, L"one,two");
	WIDE(wcstok_s, L"one", b, L",", &rest);
	WIDE(wcstok_s, L"two", NULL, L",", &rest);
	INT(wmemcpy_s, 0, b, (size_t)8, L"123", (size_t)4);
	INT(wmemmove_s, 0, b + 1, (size_t)7, b, (size_t)4);
	if (find("wmemmove_s"))
		WAFTER("wmemmove_s", L"1123", b);
}

static void
multibyte(void)
{
	unsigned char b[16] = "a.b", *s = b;
	LONG(_mbschr, s + 1, s, '.');
	LONG(_mbsrchr, s + 1, s, '.');
	INT(_mbscmp, 0, s, "a.b");
	INT(_mbsicmp, 0, s, "A.B");
	INT(_mbsnbcmp, 0, s, "a.c", (size_t)2);
	INT(_mbsnbcpy_s, 0, b, sizeof b, "xyz", (size_t)2);
	AFTER("_mbsnbcpy_s", "xy", (char *)b);
	LONG(_mbslen, 2, b);
	LONG(_mbsinc, s + 1, s);
	LONG(_mbsdec, s, s, s + 1);
	LONG(_mbsnbcnt, 2, s, (size_t)5);
	LONG(_mbsnccnt, 1, s, (size_t)1);
	INT(_ismbblead, 0, 0x81);
	INT(_ismbcalpha, 2, 'x');
	INT(_mbctoupper, 'X', 'x');
	TEXT_(_mbstok, "xy", s, ".");
	TEXT_(_mbsupr, "XY", s);
	INT(_mbsbtype, 0, s, (size_t)0);
	INT(_mbsnextc, 'X', s);
}

int
main(int argc, char **argv)
{
	if (!load(argc, argv))
		return 1;
	void (*set)(void *) = find("_set_invalid_parameter_handler");
	if (set)
		set((void *)ignore);
	plain();
	with_room();
	wide();
	multibyte();
	return result(140);
}
