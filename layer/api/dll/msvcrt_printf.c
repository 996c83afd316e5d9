/* SPDX-License-Identifier: Apache-2.0 */
/* msvcrt_printf.c -- the old run-time's many names of formatted output: with a locale (_l), with
 * arguments by number (_p), with checks (_s), to streams, buffers and counters (_sc). */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/msvcrt.h"
#include "layer/api/dll/ucrtbase_printf.h"

#define OPTIONS CRT_FORMAT_MSVCRT
#define STDOUT  &ucrtbase_iob[1]
#define LOCALE  const struct crt_locale_pointers *l
#define ARGS    const uint64_t *args

WINAPI int
msvcrt_vprintf(const char *f, ARGS)
{
	return ucrtbase_printf_stream(OPTIONS, STDOUT, false, f, NULL, args);
}

WINAPI int
msvcrt_printf(const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt_vprintf(f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt_vfprintf(FILE_ *s, const char *f, ARGS)
{
	return ucrtbase_printf_stream(OPTIONS, s, false, f, NULL, args);
}

WINAPI int
msvcrt_fprintf(FILE_ *s, const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt_vfprintf(s, f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vprintf_l(const char *f, LOCALE, ARGS)
{
	return ucrtbase_printf_stream(OPTIONS, STDOUT, false, f, l, args);
}

WINAPI int
msvcrt__printf_l(const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vprintf_l(f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vfprintf_l(FILE_ *s, const char *f, LOCALE, ARGS)
{
	return ucrtbase_printf_stream(OPTIONS, s, false, f, l, args);
}

WINAPI int
msvcrt__fprintf_l(FILE_ *s, const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vfprintf_l(s, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt_vprintf_s(const char *f, ARGS)
{
	return ucrtbase_printf_stream(OPTIONS | CRT_FORMAT_SECURE, STDOUT, false, f, NULL, args);
}

WINAPI int
msvcrt_printf_s(const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt_vprintf_s(f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt_vfprintf_s(FILE_ *s, const char *f, ARGS)
{
	return ucrtbase_printf_stream(OPTIONS | CRT_FORMAT_SECURE, s, false, f, NULL, args);
}

WINAPI int
msvcrt_fprintf_s(FILE_ *s, const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt_vfprintf_s(s, f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vprintf_s_l(const char *f, LOCALE, ARGS)
{
	return ucrtbase_printf_stream(OPTIONS | CRT_FORMAT_SECURE, STDOUT, false, f, l, args);
}

WINAPI int
msvcrt__printf_s_l(const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vprintf_s_l(f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vfprintf_s_l(FILE_ *s, const char *f, LOCALE, ARGS)
{
	return ucrtbase_printf_stream(OPTIONS | CRT_FORMAT_SECURE, s, false, f, l, args);
}

WINAPI int
msvcrt__fprintf_s_l(FILE_ *s, const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vfprintf_s_l(s, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vprintf_p(const char *f, ARGS)
{
	return ucrtbase_printf_stream(OPTIONS | CRT_FORMAT_POSITIONAL, STDOUT, false, f, NULL,
	                              args);
}

WINAPI int
msvcrt__printf_p(const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt__vprintf_p(f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vfprintf_p(FILE_ *s, const char *f, ARGS)
{
	return ucrtbase_printf_stream(OPTIONS | CRT_FORMAT_POSITIONAL, s, false, f, NULL, args);
}

WINAPI int
msvcrt__fprintf_p(FILE_ *s, const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt__vfprintf_p(s, f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vprintf_p_l(const char *f, LOCALE, ARGS)
{
	return ucrtbase_printf_stream(OPTIONS | CRT_FORMAT_POSITIONAL, STDOUT, false, f, l, args);
}

WINAPI int
msvcrt__printf_p_l(const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vprintf_p_l(f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vfprintf_p_l(FILE_ *s, const char *f, LOCALE, ARGS)
{
	return ucrtbase_printf_stream(OPTIONS | CRT_FORMAT_POSITIONAL, s, false, f, l, args);
}

WINAPI int
msvcrt__fprintf_p_l(FILE_ *s, const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vfprintf_p_l(s, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt_vsprintf(char *out, const char *f, ARGS)
{
	return ucrtbase_printf_buffer(OPTIONS, out, INT32_MAX, false, f, NULL, args);
}

WINAPI int
msvcrt_sprintf(char *out, const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt_vsprintf(out, f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt_vsprintf_s(char *out, size_t room, const char *f, ARGS)
{
	return ucrtbase_printf_secure(OPTIONS, out, room, false, f, NULL, args);
}

WINAPI int
msvcrt_sprintf_s(char *out, size_t room, const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt_vsprintf_s(out, room, f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vsprintf_p(char *out, size_t room, const char *f, ARGS)
{
	return ucrtbase_printf_secure(OPTIONS | CRT_FORMAT_POSITIONAL, out, room, false, f, NULL,
	                              args);
}

WINAPI int
msvcrt__sprintf_p(char *out, size_t room, const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt__vsprintf_p(out, room, f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vsnprintf(char *out, size_t room, const char *f, ARGS)
{
	return ucrtbase_printf_buffer(OPTIONS | CRT_FORMAT_LEGACY_TERMINATION, out, room, false, f,
	                              NULL, args);
}

WINAPI int
msvcrt__snprintf(char *out, size_t room, const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt__vsnprintf(out, room, f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vsnprintf_c(char *out, size_t room, const char *f, ARGS)
{
	return ucrtbase_printf_buffer(OPTIONS, out, room, false, f, NULL, args);
}

WINAPI int
msvcrt__snprintf_c(char *out, size_t room, const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt__vsnprintf_c(out, room, f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vsnprintf_s(char *out, size_t room, size_t count, const char *f, ARGS)
{
	return ucrtbase_printf_counted(OPTIONS, out, room, count, false, f, NULL, args);
}

WINAPI int
msvcrt__snprintf_s(char *out, size_t room, size_t count, const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt__vsnprintf_s(out, room, count, f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vscprintf(const char *f, ARGS)
{
	return ucrtbase_printf_buffer(OPTIONS, NULL, 0, false, f, NULL, args);
}

WINAPI int
msvcrt__scprintf(const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt__vscprintf(f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vscprintf_p(const char *f, ARGS)
{
	return ucrtbase_printf_buffer(OPTIONS | CRT_FORMAT_POSITIONAL, NULL, 0, false, f, NULL,
	                              args);
}

WINAPI int
msvcrt__scprintf_p(const char *f, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, f);
	int r = msvcrt__vscprintf_p(f, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vsprintf_l(char *out, const char *f, LOCALE, ARGS)
{
	return ucrtbase_printf_buffer(OPTIONS, out, INT32_MAX, false, f, l, args);
}

WINAPI int
msvcrt__sprintf_l(char *out, const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vsprintf_l(out, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vsprintf_s_l(char *out, size_t room, const char *f, LOCALE, ARGS)
{
	return ucrtbase_printf_secure(OPTIONS, out, room, false, f, l, args);
}

WINAPI int
msvcrt__sprintf_s_l(char *out, size_t room, const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vsprintf_s_l(out, room, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vsprintf_p_l(char *out, size_t room, const char *f, LOCALE, ARGS)
{
	return ucrtbase_printf_secure(OPTIONS | CRT_FORMAT_POSITIONAL, out, room, false, f, l,
	                              args);
}

WINAPI int
msvcrt__sprintf_p_l(char *out, size_t room, const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vsprintf_p_l(out, room, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vsnprintf_l(char *out, size_t room, const char *f, LOCALE, ARGS)
{
	return ucrtbase_printf_buffer(OPTIONS | CRT_FORMAT_LEGACY_TERMINATION, out, room, false, f,
	                              l, args);
}

WINAPI int
msvcrt__snprintf_l(char *out, size_t room, const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vsnprintf_l(out, room, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vsnprintf_c_l(char *out, size_t room, const char *f, LOCALE, ARGS)
{
	return ucrtbase_printf_buffer(OPTIONS, out, room, false, f, l, args);
}

WINAPI int
msvcrt__snprintf_c_l(char *out, size_t room, const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vsnprintf_c_l(out, room, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vsnprintf_s_l(char *out, size_t room, size_t count, const char *f, LOCALE, ARGS)
{
	return ucrtbase_printf_counted(OPTIONS, out, room, count, false, f, l, args);
}

WINAPI int
msvcrt__snprintf_s_l(char *out, size_t room, size_t count, const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vsnprintf_s_l(out, room, count, f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vscprintf_l(const char *f, LOCALE, ARGS)
{
	return ucrtbase_printf_buffer(OPTIONS, NULL, 0, false, f, l, args);
}

WINAPI int
msvcrt__scprintf_l(const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vscprintf_l(f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI int
msvcrt__vscprintf_p_l(const char *f, LOCALE, ARGS)
{
	return ucrtbase_printf_buffer(OPTIONS | CRT_FORMAT_POSITIONAL, NULL, 0, false, f, l, args);
}

WINAPI int
msvcrt__scprintf_p_l(const char *f, LOCALE, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, l);
	int r = msvcrt__vscprintf_p_l(f, l, (const uint64_t *)(void *)ap);
	__builtin_ms_va_end(ap);
	return r;
}
