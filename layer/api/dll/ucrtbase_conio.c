/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_conio.c -- the console, past all streams: CONIN$ and CONOUT$.
 *
 * Without a console each of these fails, whatever standard input and output are.
 */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase_printf.h"

enum { WEOF_ = 0xffff, KEY_EVENT = 1 };

static HANDLE input, output;
static int pushed = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static HANDLE
console(HANDLE *h, const WCHAR *name)
{
	if (!*h)
		*h = kernel32_CreateFileW(name, 0xc0000000, 3, NULL, 3, 0, NULL);
	return *h;
}

static bool
write_units(const WCHAR *s, size_t n)
{
	DWORD done;
	HANDLE h = console(&output, u"CONOUT$");
	return h != INVALID_HANDLE_VALUE &&
	       ucrtbase_late_WriteConsoleW(h, s, (DWORD)n, &done, NULL);
}

/* One key, without echo and without waiting for a line. */
static int
read_key(bool echo)
{
	WCHAR c = 0;
	DWORD mode, n = 0;
	HANDLE h = console(&input, u"CONIN$");
	if (pushed >= 0) {
		int r = pushed;
		pushed = -1;
		return r;
	}
	if (h == INVALID_HANDLE_VALUE || !ucrtbase_late_GetConsoleMode(h, &mode))
		return -1;
	ucrtbase_late_SetConsoleMode(h, 0);
	BOOL good = ucrtbase_late_ReadConsoleW(h, &c, 1, &n, NULL);
	ucrtbase_late_SetConsoleMode(h, mode);
	if (!good || n == 0)
		return -1;
	if (echo)
		write_units(&c, 1);
	return c;
}

static int
key(bool echo)
{
	pthread_mutex_lock(&lock);
	int c = read_key(echo);
	pthread_mutex_unlock(&lock);
	return c;
}

static int
put_back(int c)
{
	int r = -1;
	pthread_mutex_lock(&lock);
	if (pushed < 0 && c >= 0)
		r = pushed = c;
	pthread_mutex_unlock(&lock);
	return r;
}

WINAPI int
ucrtbase__getch(void)
{
	return key(false);
}

WINAPI int
ucrtbase__getche(void)
{
	return key(true);
}

WINAPI WCHAR
ucrtbase__getwch(void)
{
	int c = key(false);
	return c < 0 ? WEOF_ : (WCHAR)c;
}

WINAPI WCHAR
ucrtbase__getwche(void)
{
	int c = key(true);
	return c < 0 ? WEOF_ : (WCHAR)c;
}

WINAPI int
ucrtbase__ungetch(int c)
{
	return put_back(c);
}

WINAPI WCHAR
ucrtbase__ungetwch(WCHAR c)
{
	return put_back(c == WEOF_ ? -1 : c) < 0 ? WEOF_ : c;
}

struct input_record {
	WORD type;
	BOOL down;
	WORD repeat, code, scan;
	WCHAR c;
	DWORD state;
};

WINAPI int
ucrtbase__kbhit(void)
{
	static _Atomic uintptr_t known;
	struct input_record r[64];
	DWORD n = 0;
	if (pushed >= 0)
		return 1;
	HANDLE h = console(&input, u"CONIN$");
	uintptr_t f = ucrtbase_late_find(&known, "PeekConsoleInputW");
	if (h == INVALID_HANDLE_VALUE || !f ||
	    !((BOOL(WINAPI *)(HANDLE, void *, DWORD, DWORD *))f)(h, r, 64, &n))
		return 0;
	for (DWORD i = 0; i < n; i++)
		if (r[i].type == KEY_EVENT && r[i].down && r[i].c)
			return 1;
	return 0;
}

WINAPI int
ucrtbase__putch(int c)
{
	WCHAR w = (unsigned char)c;
	return write_units(&w, 1) ? c : -1;
}

WINAPI WCHAR
ucrtbase__putwch(WCHAR c)
{
	return write_units(&c, 1) ? c : WEOF_;
}

WINAPI int
ucrtbase__cputws(const WCHAR *s)
{
	REQUIRE(s, -1);
	return write_units(s, crt_wcslen(s)) ? 0 : -1;
}

WINAPI int
ucrtbase__cputs(const char *s)
{
	REQUIRE(s, -1);
	WCHAR *w = crt_wide(crt_acp(), s);
	int r = w && write_units(w, crt_wcslen(w)) ? 0 : -1;
	crt_free(w);
	return r;
}

static int
put_console(struct crt_out *o, const void *p, size_t n)
{
	WCHAR w[128];
	if (o->wide)
		return write_units(p, n) ? 0 : -1;
	for (size_t i = 0; i < n;) {
		size_t some = 0;
		for (; i < n && some < 127; i++) {
			uint32_t c = ((const unsigned char *)p)[i];
			int used = crt_decode(crt_acp(), (const char *)p + i, n - i, &c);
			if (used > 1)
				i += (size_t)used - 1;
			some += (size_t)crt_encode16(c, w + some);
		}
		if (!write_units(w, some))
			return -1;
	}
	return 0;
}

#define LOCALE const struct crt_locale_pointers *l
#define ARGS   const uint64_t *args

static int
print(uint64_t options, bool wide, const void *format, LOCALE, ARGS)
{
	struct crt_out o = { wide, put_console };
	REQUIRE(format, -1);
	return crt_format(&o, options, format, crt_locale_of(l), args);
}

WINAPI int
ucrtbase___conio_common_vcprintf(uint64_t options, const char *format, LOCALE, ARGS)
{
	return print(options, false, format, l, args);
}

WINAPI int
ucrtbase___conio_common_vcprintf_s(uint64_t options, const char *format, LOCALE, ARGS)
{
	return print(options | CRT_FORMAT_SECURE, false, format, l, args);
}

WINAPI int
ucrtbase___conio_common_vcprintf_p(uint64_t options, const char *format, LOCALE, ARGS)
{
	return print(options | CRT_FORMAT_POSITIONAL, false, format, l, args);
}

WINAPI int
ucrtbase___conio_common_vcwprintf(uint64_t options, const WCHAR *format, LOCALE, ARGS)
{
	return print(options, true, format, l, args);
}

WINAPI int
ucrtbase___conio_common_vcwprintf_s(uint64_t options, const WCHAR *format, LOCALE, ARGS)
{
	return print(options | CRT_FORMAT_SECURE, true, format, l, args);
}

WINAPI int
ucrtbase___conio_common_vcwprintf_p(uint64_t options, const WCHAR *format, LOCALE, ARGS)
{
	return print(options | CRT_FORMAT_POSITIONAL, true, format, l, args);
}

static int
get_key(struct crt_in *in)
{
	(void)in;
	return key(true);
}

static void
unget_key(struct crt_in *in, int c)
{
	(void)in;
	put_back(c);
}

WINAPI int
ucrtbase___conio_common_vcscanf(uint64_t options, const char *format, LOCALE, ARGS)
{
	struct crt_in in = { false, get_key, unget_key };
	REQUIRE(format, -1);
	return crt_scan(&in, options, format, crt_locale_of(l), args);
}

WINAPI int
ucrtbase___conio_common_vcwscanf(uint64_t options, const WCHAR *format, LOCALE, ARGS)
{
	struct crt_in in = { true, get_key, unget_key };
	REQUIRE(format, -1);
	return crt_scan(&in, options, format, crt_locale_of(l), args);
}
