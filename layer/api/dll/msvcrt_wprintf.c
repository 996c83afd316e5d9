/* SPDX-License-Identifier: Apache-2.0 */
/* msvcrt_wprintf.c -- the wide ones of msvcrt_printf.c. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/msvcrt.h"
#include "layer/api/dll/ucrtbase_printf.h"

#define OPTIONS CRT_FORMAT_MSVCRT
#define STDOUT  &ucrtbase_iob[1]
#define LOCALE  const struct crt_locale_pointers *l
#define ARGS    const uint64_t *args

WINAPI int
msvcrt_vwprintf(const WCHAR *f, ARGS)
{
	return ucrtbase_printf_stream(OPTIONS, STDOUT, true, f, NULL, args);
}

WINAPI int
msvcrt_wprintf(const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt_vwprintf(f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt_vfwprintf(FILE_ *s, const WCHAR *f, ARGS)
{
	return ucrtbase_printf_stream(OPTIONS, s, true, f, NULL, args);
}

WINAPI int
msvcrt_fwprintf(FILE_ *s, const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt_vfwprintf(s, f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vwprintf_l(const WCHAR *f, LOCALE, ARGS)
{
	return ucrtbase_printf_stream(OPTIONS, STDOUT, true, f, l, args);
}

WINAPI int
msvcrt__wprintf_l(const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vwprintf_l(f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vfwprintf_l(FILE_ *s, const WCHAR *f, LOCALE, ARGS)
{
	return ucrtbase_printf_stream(OPTIONS, s, true, f, l, args);
}

WINAPI int
msvcrt__fwprintf_l(FILE_ *s, const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vfwprintf_l(s, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt_vwprintf_s(const WCHAR *f, ARGS)
{
	return ucrtbase_printf_stream(OPTIONS | CRT_FORMAT_SECURE, STDOUT, true, f, NULL, args);
}

WINAPI int
msvcrt_wprintf_s(const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt_vwprintf_s(f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt_vfwprintf_s(FILE_ *s, const WCHAR *f, ARGS)
{
	return ucrtbase_printf_stream(OPTIONS | CRT_FORMAT_SECURE, s, true, f, NULL, args);
}

WINAPI int
msvcrt_fwprintf_s(FILE_ *s, const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt_vfwprintf_s(s, f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vwprintf_s_l(const WCHAR *f, LOCALE, ARGS)
{
	return ucrtbase_printf_stream(OPTIONS | CRT_FORMAT_SECURE, STDOUT, true, f, l, args);
}

WINAPI int
msvcrt__wprintf_s_l(const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vwprintf_s_l(f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vfwprintf_s_l(FILE_ *s, const WCHAR *f, LOCALE, ARGS)
{
	return ucrtbase_printf_stream(OPTIONS | CRT_FORMAT_SECURE, s, true, f, l, args);
}

WINAPI int
msvcrt__fwprintf_s_l(FILE_ *s, const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vfwprintf_s_l(s, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vwprintf_p(const WCHAR *f, ARGS)
{
	return ucrtbase_printf_stream(OPTIONS | CRT_FORMAT_POSITIONAL, STDOUT, true, f, NULL, args);
}

WINAPI int
msvcrt__wprintf_p(const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt__vwprintf_p(f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vfwprintf_p(FILE_ *s, const WCHAR *f, ARGS)
{
	return ucrtbase_printf_stream(OPTIONS | CRT_FORMAT_POSITIONAL, s, true, f, NULL, args);
}

WINAPI int
msvcrt__fwprintf_p(FILE_ *s, const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt__vfwprintf_p(s, f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vwprintf_p_l(const WCHAR *f, LOCALE, ARGS)
{
	return ucrtbase_printf_stream(OPTIONS | CRT_FORMAT_POSITIONAL, STDOUT, true, f, l, args);
}

WINAPI int
msvcrt__wprintf_p_l(const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vwprintf_p_l(f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vfwprintf_p_l(FILE_ *s, const WCHAR *f, LOCALE, ARGS)
{
	return ucrtbase_printf_stream(OPTIONS | CRT_FORMAT_POSITIONAL, s, true, f, l, args);
}

WINAPI int
msvcrt__fwprintf_p_l(FILE_ *s, const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vfwprintf_p_l(s, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt_vswprintf(WCHAR *out, const WCHAR *f, ARGS)
{
	return ucrtbase_printf_buffer(OPTIONS, out, INT32_MAX, true, f, NULL, args);
}

WINAPI int
msvcrt_swprintf(WCHAR *out, const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt_vswprintf(out, f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt_vswprintf_s(WCHAR *out, size_t room, const WCHAR *f, ARGS)
{
	return ucrtbase_printf_secure(OPTIONS, out, room, true, f, NULL, args);
}

WINAPI int
msvcrt_swprintf_s(WCHAR *out, size_t room, const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt_vswprintf_s(out, room, f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vswprintf_p(WCHAR *out, size_t room, const WCHAR *f, ARGS)
{
	return ucrtbase_printf_secure(OPTIONS | CRT_FORMAT_POSITIONAL, out, room, true, f, NULL,
	                              args);
}

WINAPI int
msvcrt__swprintf_p(WCHAR *out, size_t room, const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt__vswprintf_p(out, room, f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vsnwprintf(WCHAR *out, size_t room, const WCHAR *f, ARGS)
{
	return ucrtbase_printf_buffer(OPTIONS | CRT_FORMAT_LEGACY_TERMINATION, out, room, true, f,
	                              NULL, args);
}

WINAPI int
msvcrt__snwprintf(WCHAR *out, size_t room, const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt__vsnwprintf(out, room, f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vswprintf_c(WCHAR *out, size_t room, const WCHAR *f, ARGS)
{
	return ucrtbase_printf_buffer(OPTIONS, out, room, true, f, NULL, args);
}

WINAPI int
msvcrt__swprintf_c(WCHAR *out, size_t room, const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt__vswprintf_c(out, room, f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vsnwprintf_s(WCHAR *out, size_t room, size_t count, const WCHAR *f, ARGS)
{
	return ucrtbase_printf_counted(OPTIONS, out, room, count, true, f, NULL, args);
}

WINAPI int
msvcrt__snwprintf_s(WCHAR *out, size_t room, size_t count, const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt__vsnwprintf_s(out, room, count, f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vscwprintf(const WCHAR *f, ARGS)
{
	return ucrtbase_printf_buffer(OPTIONS, NULL, 0, true, f, NULL, args);
}

WINAPI int
msvcrt__scwprintf(const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt__vscwprintf(f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vscwprintf_p(const WCHAR *f, ARGS)
{
	return ucrtbase_printf_buffer(OPTIONS | CRT_FORMAT_POSITIONAL, NULL, 0, true, f, NULL,
	                              args);
}

WINAPI int
msvcrt__scwprintf_p(const WCHAR *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt__vscwprintf_p(f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vswprintf_l(WCHAR *out, const WCHAR *f, LOCALE, ARGS)
{
	return ucrtbase_printf_buffer(OPTIONS, out, INT32_MAX, true, f, l, args);
}

WINAPI int
msvcrt__swprintf_l(WCHAR *out, const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vswprintf_l(out, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vswprintf_s_l(WCHAR *out, size_t room, const WCHAR *f, LOCALE, ARGS)
{
	return ucrtbase_printf_secure(OPTIONS, out, room, true, f, l, args);
}

WINAPI int
msvcrt__swprintf_s_l(WCHAR *out, size_t room, const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vswprintf_s_l(out, room, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vswprintf_p_l(WCHAR *out, size_t room, const WCHAR *f, LOCALE, ARGS)
{
	return ucrtbase_printf_secure(OPTIONS | CRT_FORMAT_POSITIONAL, out, room, true, f, l, args);
}

WINAPI int
msvcrt__swprintf_p_l(WCHAR *out, size_t room, const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vswprintf_p_l(out, room, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vsnwprintf_l(WCHAR *out, size_t room, const WCHAR *f, LOCALE, ARGS)
{
	return ucrtbase_printf_buffer(OPTIONS | CRT_FORMAT_LEGACY_TERMINATION, out, room, true, f,
	                              l, args);
}

WINAPI int
msvcrt__snwprintf_l(WCHAR *out, size_t room, const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vsnwprintf_l(out, room, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vswprintf_c_l(WCHAR *out, size_t room, const WCHAR *f, LOCALE, ARGS)
{
	return ucrtbase_printf_buffer(OPTIONS, out, room, true, f, l, args);
}

WINAPI int
msvcrt__swprintf_c_l(WCHAR *out, size_t room, const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vswprintf_c_l(out, room, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vsnwprintf_s_l(WCHAR *out, size_t room, size_t count, const WCHAR *f, LOCALE, ARGS)
{
	return ucrtbase_printf_counted(OPTIONS, out, room, count, true, f, l, args);
}

WINAPI int
msvcrt__snwprintf_s_l(WCHAR *out, size_t room, size_t count, const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vsnwprintf_s_l(out, room, count, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vscwprintf_l(const WCHAR *f, LOCALE, ARGS)
{
	return ucrtbase_printf_buffer(OPTIONS, NULL, 0, true, f, l, args);
}

WINAPI int
msvcrt__scwprintf_l(const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vscwprintf_l(f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vscwprintf_p_l(const WCHAR *f, LOCALE, ARGS)
{
	return ucrtbase_printf_buffer(OPTIONS | CRT_FORMAT_POSITIONAL, NULL, 0, true, f, l, args);
}

WINAPI int
msvcrt__scwprintf_p_l(const WCHAR *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vscwprintf_p_l(f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}
