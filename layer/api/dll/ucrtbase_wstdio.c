/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_wstdio.c -- streams of wide characters. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"

enum { WEOF_ = 0xffff };

static WCHAR
put_nolock(WCHAR c, FILE_ *f)
{
	return ucrtbase_stream_write_wide(f, &c, 1) < 0 || ucrtbase_stream_done(f) < 0 ? WEOF_ : c;
}

static WCHAR
get_nolock(FILE_ *f)
{
	int c = ucrtbase_stream_get_wide(f);
	return c < 0 ? WEOF_ : (WCHAR)c;
}

WINAPI WCHAR
ucrtbase_fputwc(WCHAR c, FILE_ *f)
{
	REQUIRE(f, WEOF_);
	ucrtbase_stream_lock(f);
	WCHAR r = put_nolock(c, f);
	ucrtbase_stream_unlock(f);
	return r;
}

WINAPI WCHAR
ucrtbase__fputwc_nolock(WCHAR c, FILE_ *f)
{
	REQUIRE(f, WEOF_);
	return put_nolock(c, f);
}

WINAPI WCHAR
ucrtbase_putwchar(WCHAR c)
{
	return ucrtbase_fputwc(c, &ucrtbase_iob[1]);
}

WINAPI WCHAR
ucrtbase_fgetwc(FILE_ *f)
{
	REQUIRE(f, WEOF_);
	ucrtbase_stream_lock(f);
	WCHAR r = get_nolock(f);
	ucrtbase_stream_unlock(f);
	return r;
}

WINAPI WCHAR
ucrtbase__fgetwc_nolock(FILE_ *f)
{
	REQUIRE(f, WEOF_);
	return get_nolock(f);
}

WINAPI WCHAR
ucrtbase_getwchar(void)
{
	return ucrtbase_fgetwc(&ucrtbase_iob[0]);
}

WINAPI WCHAR
ucrtbase_ungetwc(WCHAR c, FILE_ *f)
{
	REQUIRE(f, WEOF_);
	ucrtbase_stream_lock(f);
	int r = ucrtbase_stream_unget_wide(f, c);
	ucrtbase_stream_unlock(f);
	return r < 0 ? WEOF_ : c;
}

WINAPI WCHAR
ucrtbase__ungetwc_nolock(WCHAR c, FILE_ *f)
{
	REQUIRE(f, WEOF_);
	return ucrtbase_stream_unget_wide(f, c) < 0 ? WEOF_ : c;
}

WINAPI int
ucrtbase_fputws(const WCHAR *s, FILE_ *f)
{
	REQUIRE(s && f, -1);
	ucrtbase_stream_lock(f);
	int r = ucrtbase_stream_write_wide(f, s, crt_wcslen(s)) < 0 || ucrtbase_stream_done(f) < 0
	                ? -1
	                : 0;
	ucrtbase_stream_unlock(f);
	return r;
}

WINAPI int
ucrtbase__putws(const WCHAR *s)
{
	FILE_ *f = &ucrtbase_iob[1];
	REQUIRE(s, -1);
	ucrtbase_stream_lock(f);
	int r = ucrtbase_stream_write_wide(f, s, crt_wcslen(s)) < 0 ||
	                        ucrtbase_stream_write_wide(f, u"\n", 1) < 0 ||
	                        ucrtbase_stream_done(f) < 0
	                ? -1
	                : 0;
	ucrtbase_stream_unlock(f);
	return r;
}

WINAPI WCHAR *
ucrtbase_fgetws(WCHAR *s, int n, FILE_ *f)
{
	int i = 0, c = 0;
	REQUIRE((s || n == 0) && n >= 0 && f, NULL);
	if (n == 0)
		return NULL;
	ucrtbase_stream_lock(f);
	while (i < n - 1 && (c = ucrtbase_stream_get_wide(f)) >= 0) {
		s[i++] = (WCHAR)c;
		if (c == '\n')
			break;
	}
	ucrtbase_stream_unlock(f);
	if (i == 0 && c < 0)
		return NULL;
	s[i] = 0;
	return s;
}

static WCHAR *
get_line(WCHAR *s, size_t room)
{
	FILE_ *f = &ucrtbase_iob[0];
	size_t n = 0;
	int c;
	bool fits = true;
	ucrtbase_stream_lock(f);
	while ((c = ucrtbase_stream_get_wide(f)) >= 0 && c != '\n') {
		if (n + 1 >= room)
			fits = false;
		else
			s[n++] = (WCHAR)c;
	}
	ucrtbase_stream_unlock(f);
	if (c < 0 && n == 0)
		return NULL;
	if (!fits) {
		s[0] = 0;
		crt_invalid(ERANGE);
		return NULL;
	}
	s[n] = 0;
	return s;
}

WINAPI WCHAR *
ucrtbase__getws(WCHAR *s)
{
	REQUIRE(s, NULL);
	return get_line(s, SIZE_MAX);
}

WINAPI WCHAR *
ucrtbase__getws_s(WCHAR *s, size_t room)
{
	REQUIRE(s && room > 0, NULL);
	return get_line(s, room);
}
