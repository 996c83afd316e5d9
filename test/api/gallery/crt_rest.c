/* SPDX-License-Identifier: Apache-2.0 */
// Formatted output by its many names, locales, time, memory, start-up, floating-point control.
// needs: joist mingw
// test: of ucrtbase
// run: joist run --rm $GUEST ucrtbase.dll 'a b' c
// expect: all right
// test: of msvcrt
// run: joist run --rm $GUEST msvcrt.dll 'a b' c
// expect: all right
#include "../crt_call.h"

#include <stdarg.h>

struct tm_ {
	int sec, min, hour, mday, mon, year, wday, yday, isdst;
};

static void
ignore(const wchar_t *e, const wchar_t *f, const wchar_t *file, unsigned line, uintptr_t r)
{
	(void)e, (void)f, (void)file, (void)line, (void)r;
}

/* The same by a va_list. */
static int
by_list(const char *name, void *out, size_t room, const void *format, ...)
{
	va_list ap;
	va_start(ap, format);
	int n = ((int (*)(void *, size_t, const void *, va_list))find(name))(out, room, format, ap);
	va_end(ap);
	return n;
}

static int
common(unsigned long long options, char *out, size_t room, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	int n = ((int (*)(unsigned long long, char *, size_t, const char *, void *, va_list))find(
	        "__stdio_common_vsprintf"))(options, out, room, format, NULL, ap);
	va_end(ap);
	return n;
}

static void
formats(void)
{
	char b[64];
	wchar_t w[64];
	int v;
	if (find("__stdio_common_vsprintf")) {
		check("vsnprintf", common(2, b, 4, "%d", 12345), 5, __LINE__);
		AFTER("vsnprintf", "123", b);
		check("_vsnprintf", common(1, b, 4, "%d", 12345), -1, __LINE__);
		check("_vsnprintf", memcmp(b, "1234", 4), 0, __LINE__);
		check("vsprintf", common(0, b, 64, "%s %5.1f|%c", "x", 2.25, 'y'), 9, __LINE__);
		AFTER("vsprintf", "x   2.3|y", b);
		check("_vscprintf", common(2, NULL, 0, "%d%%", 100), 4, __LINE__);
		INT(_set_printf_count_output, 0, 1);
		INT(_get_printf_count_output, 1);
	} else {
		INT(sprintf, 6, b, "%s-%d", "abc", 42);
		AFTER("sprintf", "abc-42", b);
		INT(_snprintf, -1, b, (size_t)3, "abcdef");
		INT(_snprintf, 5, b, (size_t)64, "%05d", 42);
		AFTER("_snprintf", "00042", b);
		INT(_scprintf, 3, "%d", 123);
		INT(_snprintf_s, -1, b, (size_t)4, (size_t)-1, "abcdef");
		AFTER("_snprintf_s", "abc", b);
		INT(sprintf_s, 2, b, (size_t)8, "%x", 255);
		INT(_sprintf_p_l, 3, b, (size_t)8, "%2$d %1$d", NULL, 1, 2);
		INT(swprintf, 4, w, L"%s%d", L"abc", 1);
		WAFTER("swprintf", L"abc1", w);
		INT(_snwprintf, 3, w, (size_t)64, L"%S", "abc");
		INT(_scwprintf, 1, L"%c", L'x');
		check("_vsnprintf", by_list("_vsnprintf", b, 64, "%e", 1.5), 13, __LINE__);
		AFTER("_vsnprintf", "1.500000e+000", b);
		check("_vsnwprintf", by_list("_vsnwprintf", w, 64, L"%I64d", 1LL << 40), 13,
		      __LINE__);
		INT(sscanf, 1, "77", "%d", &v);
		check("sscanf", v, 77, __LINE__);
		INT(swscanf, 2, L"x 5", L"%c%d", w, &v);
		check("swscanf", v, 5, __LINE__);
		INT(_snscanf, 1, "12345", (size_t)2, "%d", &v);
		check("_snscanf", v, 12, __LINE__);
		INT(swscanf_s, 1, L"word", L"%s", w, 64);
		WAFTER("swscanf_s", L"word", w);
	}
}

static void
locales(void)
{
	char b[16];
	wchar_t w[16];
	size_t n;
	TEXT_(setlocale, "C", 0, NULL);
	INT(___mb_cur_max_func, 1);
	INT(___lc_codepage_func, 0);
	INT(mbtowc, 1, w, "\xe9", (size_t)1);
	check("mbtowc", w[0], 0xe9, __LINE__);
	INT(wctomb, -1, b, 0x20ac);
	TEXT_(setlocale, "English_United States.utf8", 0, ".UTF8");
	INT(___mb_cur_max_func, 4);
	INT(___lc_codepage_func, 65001);
	LONG(mbstowcs, 2, w, "\xe2\x82\xac!", (size_t)16);
	check("mbstowcs", w[0], 0x20ac, __LINE__);
	LONG(wcstombs, 4, b, L"\u20ac!", (size_t)16);
	INT(mbstowcs_s, 0, &n, w, (size_t)16, "abc", (size_t)-1);
	check("mbstowcs_s", n, 4, __LINE__);
	INT(wcstombs_s, 34, &n, b, (size_t)2, L"abc", (size_t)5);
	INT(mblen, 3, "\xe2\x82\xac", (size_t)3);
	LONG(mbrlen, -2, "\xe2\x82", (size_t)2, (long long[]){ 0 });
	LONG(wcrtomb, 3, b, 0x20ac, NULL);
	check("towupper", ((unsigned short (*)())find("towupper"))(0xe9), 0xc9, __LINE__);
	INT(btowc, 'a', 'a');
	INT(wctob, -1, 0xe9);
	check_text("localeconv", *((char **(*)(void))find("localeconv"))(), ".", __LINE__);
	TEXT_(setlocale, NULL, 0, "no such place");
	TEXT_(setlocale, "C", 0, "C");
	void *(*create)() = find("_create_locale");
	void *l = create ? create(0, "en_US.UTF-8") : NULL;
	if (l) {
		INT(_mbtowc_l, 3, w, "\xe2\x82\xac", (size_t)3, l);
		INT(_toupper_l, 'A', 'a', l);
		INT(_strcoll_l, -1, "a", "B", l);
		((void (*)())find("_free_locale"))(l);
	}
	INT(_configthreadlocale, 2, 0);
}

static void
times(void)
{
	char b[64];
	wchar_t w[64];
	long long t = 951782400;
	struct tm_ tm, *p = ((struct tm_ * (*)()) find("_gmtime64"))(&t);
	tm = *p;
	check("_gmtime64", tm.mday * 100 + tm.mon, 2901, __LINE__);
	TEXT_(asctime, "Tue Feb 29 00:00:00 2000\n", &tm);
	LONG(strftime, 19, b, sizeof b, "%Y-%m-%dT%H:%M:%S", &tm);
	AFTER("strftime", "2000-02-29T00:00:00", b);
	LONG(wcsftime, 8, w, (size_t)64, L"%a%#d%y%%", &tm);
	LONG(_mkgmtime64, t, &tm);
	((void (*)())find("_putenv"))("TZ=EST5EDT");
	((void (*)())find("_tzset"))();
	t = 1720000000;
	tm = *((struct tm_ * (*)()) find("_localtime64"))(&t);
	check("_localtime64", tm.hour * 10 + tm.isdst, 51, __LINE__);
	LONG(_mktime64, t, &tm);
	TEXT_(_ctime64, "Wed Jul 03 05:46:40 2024\n", &t);
	if (find("_difftime64"))
		check_double("_difftime64",
		             ((double (*)(long long, long long))find("_difftime64"))(5, 3), 2,
		             __LINE__);
	check("_time64", ((long long (*)())find("_time64"))(&t) == t && t > 1700000000, 1,
	      __LINE__);
	if (find("_gmtime64_s")) {
		INT(_gmtime64_s, 0, &tm, &t);
		INT(_localtime64_s, 0, &tm, &t);
	}
	check("clock", ((int (*)())find("clock"))() >= 0, 1, __LINE__);
	TEXT_(strerror, "No such file or directory", 2);
	TEXT_(strerror, "Illegal byte sequence", 42);
	WIDE(_wcserror, L"Permission denied", 13);
}

/* A thread may take the lock of the locales again: std::locale does. */
static void
locales_lock(void)
{
	if (!find("_lock_locales"))
		return;
	for (int i = 0; i < 3; i++)
		((void (*)())find("_lock_locales"))();
	for (int i = 0; i < 3; i++)
		((void (*)())find("_unlock_locales"))();
}

static void
memory(void)
{
	locales_lock();

	char *p = ((char *(*)())find("malloc"))((size_t)10);
	check("malloc", ((size_t)p & 15) == 0 && p, 1, __LINE__);
	LONG(_msize, 10, p);
	p = ((char *(*)())find("realloc"))(p, (size_t)100000);
	LONG(_msize, 100000, p);
	((void (*)())find("free"))(p);
	p = ((char *(*)())find("calloc"))((size_t)100, (size_t)7);
	check("calloc", p[0] | p[699], 0, __LINE__);
	if (find("_recalloc")) {
		p = ((char *(*)())find("_recalloc"))(p, (size_t)200, (size_t)7);
		check("_recalloc", p[1399], 0, __LINE__);
	}
	((void (*)())find("free"))(p);
	check("calloc", (long long)((void *(*)())find("calloc"))((size_t)-1, (size_t)2), 0,
	      __LINE__);
	p = ((char *(*)())find("_aligned_malloc"))((size_t)100, (size_t)256);
	check("_aligned_malloc", (size_t)p & 255, 0, __LINE__);
	memset(p, 7, 100);
	p = ((char *(*)())find("_aligned_realloc"))(p, (size_t)1000, (size_t)512);
	check("_aligned_realloc", ((size_t)p & 511) == 0 && p[99] == 7, 1, __LINE__);
	((void (*)())find("_aligned_free"))(p);
	INT(_heapchk, -2);
}

static void
machine(char **argv)
{
	unsigned (*control)(unsigned, unsigned) = find("_controlfp");
	control(0x300, 0x300);
	volatile double a = 1, b = 3;
	volatile double down = a / b;
	control(0x200, 0x300);
	volatile double up = a / b;
	control(0, 0x300);
	check("_controlfp", down < up, 1, __LINE__);
	((unsigned (*)(void))find("_clearfp"))();
	check("_controlfp", control(0, 0) & 0x300, 0, __LINE__);
	if (find("fesetround")) {
		INT(fesetround, 0, 0x100);
		INT(fegetround, 0x100);
		INT(fesetround, 0, 0);
	}
	int argc = 0;
	char **v = NULL, **env = NULL, info[8] = { 0 };
	if (find("__getmainargs")) {
		((int (*)())find("__getmainargs"))(&argc, &v, &env, 0, info);
	} else {
		INT(_configure_narrow_argv, 0, 1);
		argc = *((int *(*)(void))find("__p___argc"))();
		v = *((char ***(*)(void))find("__p___argv"))();
	}
	check("argc", argc, 4, __LINE__);
	AFTER("argv", argv[2], v[2]);
	AFTER("argv", "a b", v[2]);
	check("_getpid", ((int (*)())find("_getpid"))(), GetCurrentProcessId(), __LINE__);
}

int
main(int argc, char **argv)
{
	if (!load(argc, argv))
		return 1;
	void (*set)(void *) = find("_set_invalid_parameter_handler");
	if (set)
		set((void *)ignore);
	formats();
	locales();
	times();
	memory();
	machine(argv);
	return result(60);
}
