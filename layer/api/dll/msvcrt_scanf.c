/* SPDX-License-Identifier: Apache-2.0 */
/* msvcrt_scanf.c -- the old run-time's names of formatted input. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/msvcrt.h"
#include "layer/api/dll/ucrtbase_printf.h"

#define LOCALE const struct crt_locale_pointers *l
#define STDIN  &ucrtbase_iob[0]

WINAPI int
msvcrt_scanf(const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = ucrtbase_scanf_stream(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT, STDIN, false,
	                              f, NULL, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt_fscanf(FILE_ *s, const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = ucrtbase_scanf_stream(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT, s, false, f,
	                              NULL, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt_sscanf(const char *s, const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = ucrtbase_scanf_buffer(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT, s, SIZE_MAX,
	                              false, f, NULL, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__snscanf(const char *s, size_t n, const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = ucrtbase_scanf_buffer(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT, s, n, false, f,
	                              NULL, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__scanf_l(const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = ucrtbase_scanf_stream(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT, STDIN, false,
	                              f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__fscanf_l(FILE_ *s, const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = ucrtbase_scanf_stream(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT, s, false, f, l,
	                              (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__sscanf_l(const char *s, const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = ucrtbase_scanf_buffer(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT, s, SIZE_MAX,
	                              false, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__snscanf_l(const char *s, size_t n, const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = ucrtbase_scanf_buffer(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT, s, n, false, f,
	                              l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt_scanf_s(const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = ucrtbase_scanf_stream(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT |
	                                      CRT_SCAN_SECURE,
	                              STDIN, false, f, NULL, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt_fscanf_s(FILE_ *s, const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = ucrtbase_scanf_stream(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT |
	                                      CRT_SCAN_SECURE,
	                              s, false, f, NULL, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt_sscanf_s(const char *s, const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = ucrtbase_scanf_buffer(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT |
	                                      CRT_SCAN_SECURE,
	                              s, SIZE_MAX, false, f, NULL, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__snscanf_s(const char *s, size_t n, const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = ucrtbase_scanf_buffer(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT |
	                                      CRT_SCAN_SECURE,
	                              s, n, false, f, NULL, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__scanf_s_l(const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = ucrtbase_scanf_stream(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT |
	                                      CRT_SCAN_SECURE,
	                              STDIN, false, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__fscanf_s_l(FILE_ *s, const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = ucrtbase_scanf_stream(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT |
	                                      CRT_SCAN_SECURE,
	                              s, false, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__sscanf_s_l(const char *s, const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = ucrtbase_scanf_buffer(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT |
	                                      CRT_SCAN_SECURE,
	                              s, SIZE_MAX, false, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__snscanf_s_l(const char *s, size_t n, const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = ucrtbase_scanf_buffer(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT |
	                                      CRT_SCAN_SECURE,
	                              s, n, false, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt_wscanf(const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = ucrtbase_scanf_stream(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT, STDIN, true, f,
	                              NULL, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt_fwscanf(FILE_ *s, const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = ucrtbase_scanf_stream(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT, s, true, f,
	                              NULL, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt_swscanf(const WCHAR *s, const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = ucrtbase_scanf_buffer(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT, s, SIZE_MAX,
	                              true, f, NULL, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__snwscanf(const WCHAR *s, size_t n, const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = ucrtbase_scanf_buffer(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT, s, n, true, f,
	                              NULL, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__wscanf_l(const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = ucrtbase_scanf_stream(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT, STDIN, true, f,
	                              l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__fwscanf_l(FILE_ *s, const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = ucrtbase_scanf_stream(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT, s, true, f, l,
	                              (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__swscanf_l(const WCHAR *s, const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = ucrtbase_scanf_buffer(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT, s, SIZE_MAX,
	                              true, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__snwscanf_l(const WCHAR *s, size_t n, const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = ucrtbase_scanf_buffer(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT, s, n, true, f,
	                              l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt_wscanf_s(const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = ucrtbase_scanf_stream(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT |
	                                      CRT_SCAN_SECURE,
	                              STDIN, true, f, NULL, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt_fwscanf_s(FILE_ *s, const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = ucrtbase_scanf_stream(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT |
	                                      CRT_SCAN_SECURE,
	                              s, true, f, NULL, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt_swscanf_s(const WCHAR *s, const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = ucrtbase_scanf_buffer(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT |
	                                      CRT_SCAN_SECURE,
	                              s, SIZE_MAX, true, f, NULL, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__snwscanf_s(const WCHAR *s, size_t n, const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = ucrtbase_scanf_buffer(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT |
	                                      CRT_SCAN_SECURE,
	                              s, n, true, f, NULL, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__wscanf_s_l(const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = ucrtbase_scanf_stream(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT |
	                                      CRT_SCAN_SECURE,
	                              STDIN, true, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__fwscanf_s_l(FILE_ *s, const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = ucrtbase_scanf_stream(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT |
	                                      CRT_SCAN_SECURE,
	                              s, true, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__swscanf_s_l(const WCHAR *s, const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = ucrtbase_scanf_buffer(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT |
	                                      CRT_SCAN_SECURE,
	                              s, SIZE_MAX, true, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__snwscanf_s_l(const WCHAR *s, size_t n, const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = ucrtbase_scanf_buffer(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_LEGACY_MSVCRT |
	                                      CRT_SCAN_SECURE,
	                              s, n, true, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}
