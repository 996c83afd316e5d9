/* SPDX-License-Identifier: Apache-2.0 */
/* msvcrt_conio.c -- _cprintf and _cscanf with all their endings. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/msvcrt.h"
#include "layer/api/dll/ucrtbase_printf.h"

#define LOCALE const struct crt_locale_pointers *l
#define ARGS   const uint64_t *args

WINAPI int ucrtbase___conio_common_vcprintf(uint64_t options, const char *f, LOCALE, ARGS);
WINAPI int ucrtbase___conio_common_vcprintf_p(uint64_t options, const char *f, LOCALE, ARGS);
WINAPI int ucrtbase___conio_common_vcscanf(uint64_t options, const char *f, LOCALE, ARGS);
WINAPI int ucrtbase___conio_common_vcwprintf(uint64_t options, const WCHAR *f, LOCALE, ARGS);
WINAPI int ucrtbase___conio_common_vcwprintf_p(uint64_t options, const WCHAR *f, LOCALE, ARGS);
WINAPI int ucrtbase___conio_common_vcwscanf(uint64_t options, const WCHAR *f, LOCALE, ARGS);

WINAPI int
msvcrt__vcprintf(const char *f, ARGS)
{
	return ucrtbase___conio_common_vcprintf(CRT_FORMAT_MSVCRT, f, NULL, args);
}

WINAPI int
msvcrt__cprintf(const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = ucrtbase___conio_common_vcprintf(CRT_FORMAT_MSVCRT, f, NULL,
	                                         (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vcprintf_l(const char *f, LOCALE, ARGS)
{
	return ucrtbase___conio_common_vcprintf(CRT_FORMAT_MSVCRT, f, l, args);
}

WINAPI int
msvcrt__cprintf_l(const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = ucrtbase___conio_common_vcprintf(CRT_FORMAT_MSVCRT, f, l,
	                                         (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vcprintf_p(const char *f, ARGS)
{
	return ucrtbase___conio_common_vcprintf_p(CRT_FORMAT_MSVCRT, f, NULL, args);
}

WINAPI int
msvcrt__cprintf_p(const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = ucrtbase___conio_common_vcprintf_p(CRT_FORMAT_MSVCRT, f, NULL,
	                                           (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vcprintf_p_l(const char *f, LOCALE, ARGS)
{
	return ucrtbase___conio_common_vcprintf_p(CRT_FORMAT_MSVCRT, f, l, args);
}

WINAPI int
msvcrt__cprintf_p_l(const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = ucrtbase___conio_common_vcprintf_p(CRT_FORMAT_MSVCRT, f, l,
	                                           (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__cscanf(const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = ucrtbase___conio_common_vcscanf(CRT_SCAN_LEGACY_WIDE, f, NULL,
	                                        (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__cscanf_l(const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = ucrtbase___conio_common_vcscanf(CRT_SCAN_LEGACY_WIDE, f, l,
	                                        (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__cscanf_s(const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = ucrtbase___conio_common_vcscanf(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_SECURE, f, NULL,
	                                        (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__cscanf_s_l(const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = ucrtbase___conio_common_vcscanf(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_SECURE, f, l,
	                                        (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vcwprintf(const WCHAR *f, ARGS)
{
	return ucrtbase___conio_common_vcwprintf(CRT_FORMAT_MSVCRT, f, NULL, args);
}

WINAPI int
msvcrt__cwprintf(const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = ucrtbase___conio_common_vcwprintf(CRT_FORMAT_MSVCRT, f, NULL,
	                                          (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vcwprintf_l(const WCHAR *f, LOCALE, ARGS)
{
	return ucrtbase___conio_common_vcwprintf(CRT_FORMAT_MSVCRT, f, l, args);
}

WINAPI int
msvcrt__cwprintf_l(const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = ucrtbase___conio_common_vcwprintf(CRT_FORMAT_MSVCRT, f, l,
	                                          (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vcwprintf_p(const WCHAR *f, ARGS)
{
	return ucrtbase___conio_common_vcwprintf_p(CRT_FORMAT_MSVCRT, f, NULL, args);
}

WINAPI int
msvcrt__cwprintf_p(const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = ucrtbase___conio_common_vcwprintf_p(CRT_FORMAT_MSVCRT, f, NULL,
	                                            (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vcwprintf_p_l(const WCHAR *f, LOCALE, ARGS)
{
	return ucrtbase___conio_common_vcwprintf_p(CRT_FORMAT_MSVCRT, f, l, args);
}

WINAPI int
msvcrt__cwprintf_p_l(const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = ucrtbase___conio_common_vcwprintf_p(CRT_FORMAT_MSVCRT, f, l,
	                                            (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__cwscanf(const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = ucrtbase___conio_common_vcwscanf(CRT_SCAN_LEGACY_WIDE, f, NULL,
	                                         (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__cwscanf_l(const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = ucrtbase___conio_common_vcwscanf(CRT_SCAN_LEGACY_WIDE, f, l,
	                                         (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__cwscanf_s(const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = ucrtbase___conio_common_vcwscanf(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_SECURE, f, NULL,
	                                         (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__cwscanf_s_l(const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = ucrtbase___conio_common_vcwscanf(CRT_SCAN_LEGACY_WIDE | CRT_SCAN_SECURE, f, l,
	                                         (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}
