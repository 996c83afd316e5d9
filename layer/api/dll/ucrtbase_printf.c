/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_printf.c -- __stdio_common_v*printf: where all of ucrt's printf functions end.
 *
 * What a buffer that is too small does depends on the function and its options; msvcrt's
 * functions are these with options of their own.
 */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase_printf.h"

#include <string.h>

struct stream_out {
	struct crt_out out;
	FILE_ *f;
};

static int
put_stream(struct crt_out *o, const void *p, size_t n)
{
	FILE_ *f = ((struct stream_out *)o)->f;
	return o->wide ? ucrtbase_stream_write_wide(f, p, n) : ucrtbase_stream_write(f, p, n);
}

int
ucrtbase_printf_stream(uint64_t options, FILE_ *f, bool wide, const void *format,
                       const struct crt_locale_pointers *l, const uint64_t *args)
{
	struct stream_out o = { { wide, put_stream }, f };
	REQUIRE(f && format, -1);
	ucrtbase_stream_lock(f);
	int r = -1;
	if (!wide && !ucrtbase_stream_narrow(f))
		crt_invalid(EINVAL);
	else
		r = crt_format(&o.out, options, format, crt_locale_of(l), args);
	if (ucrtbase_stream_done(f) < 0)
		r = -1;
	ucrtbase_stream_unlock(f);
	return r;
}

struct buffer_out {
	struct crt_out out;
	char *at;
	size_t room; /* units */
};

/* What does not fit is only counted. */
static int
put_buffer(struct crt_out *o, const void *p, size_t n)
{
	struct buffer_out *b = (struct buffer_out *)o;
	size_t some = n < b->room ? n : b->room, unit = o->wide ? 2 : 1;
	if (some)
		memcpy(b->at, p, some * unit);
	b->at += some * unit;
	b->room -= some;
	return 0;
}

/* The length it has, or -1; at most room units are stored, and no zero. */
static int
to_buffer(uint64_t options, void *out, size_t room, bool wide, const void *format,
          const struct crt_locale_pointers *l, const uint64_t *args)
{
	struct buffer_out b = { { wide, put_buffer }, out, room };
	return crt_format(&b.out, options, format, crt_locale_of(l), args);
}

static void
end(void *out, size_t at, bool wide)
{
	if (wide)
		((WCHAR *)out)[at] = 0;
	else
		((char *)out)[at] = 0;
}

int
ucrtbase_printf_buffer(uint64_t options, void *out, size_t room, bool wide, const void *format,
                       const struct crt_locale_pointers *l, const uint64_t *args)
{
	REQUIRE(format && (out || room == 0), -1);
	int n = to_buffer(options, out, out ? room : 0, wide, format, l, args);
	if (n < 0) {
		if (out && room > 0)
			end(out, 0, wide);
		return -1;
	}
	if (!out)
		return n;
	if ((size_t)n < room) {
		end(out, (size_t)n, wide);
		return n;
	}
	if (options & CRT_FORMAT_LEGACY_TERMINATION)
		return (size_t)n == room ? n : -1;
	if (room > 0)
		end(out, room - 1, wide);
	return options & CRT_FORMAT_STANDARD_SNPRINTF ? n : -1;
}

/* sprintf_s: what does not fit is an invalid parameter. */
int
ucrtbase_printf_secure(uint64_t options, void *out, size_t room, bool wide, const void *format,
                       const struct crt_locale_pointers *l, const uint64_t *args)
{
	REQUIRE(format && out && room > 0, -1);
	int n = to_buffer(options, out, room, wide, format, l, args);
	if (n >= 0 && (size_t)n < room) {
		end(out, (size_t)n, wide);
		return n;
	}
	end(out, 0, wide);
	if (n >= 0)
		crt_invalid(ERANGE);
	return -1;
}

/* _snprintf_s: at most count units, or with _TRUNCATE what fits. */
int
ucrtbase_printf_counted(uint64_t options, void *out, size_t room, size_t count, bool wide,
                        const void *format, const struct crt_locale_pointers *l,
                        const uint64_t *args)
{
	if (count == 0 && !out && room == 0)
		return 0;
	REQUIRE(format && out && room > 0, -1);
	size_t most = count < room ? count : room;
	int n = to_buffer(options, out, most, wide, format, l, args);
	if (n < 0) {
		end(out, 0, wide);
		return -1;
	}
	if ((size_t)n < room && (size_t)n <= count) {
		end(out, (size_t)n, wide);
		return n;
	}
	if (count < room) {
		end(out, count, wide);
		return -1;
	}
	if (count == CRT_TRUNCATE) {
		end(out, room - 1, wide);
		return -1;
	}
	end(out, 0, wide);
	crt_invalid(ERANGE);
	return -1;
}

#define LOCALE const struct crt_locale_pointers *l
#define ARGS   const uint64_t *args

WINAPI int
ucrtbase___stdio_common_vfprintf(uint64_t options, FILE_ *f, const char *format, LOCALE, ARGS)
{
	return ucrtbase_printf_stream(options, f, false, format, l, args);
}

WINAPI int
ucrtbase___stdio_common_vfprintf_s(uint64_t options, FILE_ *f, const char *format, LOCALE, ARGS)
{
	return ucrtbase_printf_stream(options | CRT_FORMAT_SECURE, f, false, format, l, args);
}

WINAPI int
ucrtbase___stdio_common_vfprintf_p(uint64_t options, FILE_ *f, const char *format, LOCALE, ARGS)
{
	return ucrtbase_printf_stream(options | CRT_FORMAT_POSITIONAL, f, false, format, l, args);
}

WINAPI int
ucrtbase___stdio_common_vfwprintf(uint64_t options, FILE_ *f, const WCHAR *format, LOCALE, ARGS)
{
	return ucrtbase_printf_stream(options, f, true, format, l, args);
}

WINAPI int
ucrtbase___stdio_common_vfwprintf_s(uint64_t options, FILE_ *f, const WCHAR *format, LOCALE, ARGS)
{
	return ucrtbase_printf_stream(options | CRT_FORMAT_SECURE, f, true, format, l, args);
}

WINAPI int
ucrtbase___stdio_common_vfwprintf_p(uint64_t options, FILE_ *f, const WCHAR *format, LOCALE, ARGS)
{
	return ucrtbase_printf_stream(options | CRT_FORMAT_POSITIONAL, f, true, format, l, args);
}

WINAPI int
ucrtbase___stdio_common_vsprintf(uint64_t options, char *out, size_t room, const char *format,
                                 LOCALE, ARGS)
{
	return ucrtbase_printf_buffer(options, out, room, false, format, l, args);
}

WINAPI int
ucrtbase___stdio_common_vswprintf(uint64_t options, WCHAR *out, size_t room, const WCHAR *format,
                                  LOCALE, ARGS)
{
	return ucrtbase_printf_buffer(options, out, room, true, format, l, args);
}

WINAPI int
ucrtbase___stdio_common_vsprintf_s(uint64_t options, char *out, size_t room, const char *format,
                                   LOCALE, ARGS)
{
	return ucrtbase_printf_secure(options | CRT_FORMAT_SECURE, out, room, false, format, l,
	                              args);
}

WINAPI int
ucrtbase___stdio_common_vswprintf_s(uint64_t options, WCHAR *out, size_t room, const WCHAR *format,
                                    LOCALE, ARGS)
{
	return ucrtbase_printf_secure(options | CRT_FORMAT_SECURE, out, room, true, format, l,
	                              args);
}

WINAPI int
ucrtbase___stdio_common_vsprintf_p(uint64_t options, char *out, size_t room, const char *format,
                                   LOCALE, ARGS)
{
	return ucrtbase_printf_secure(options | CRT_FORMAT_POSITIONAL, out, room, false, format, l,
	                              args);
}

WINAPI int
ucrtbase___stdio_common_vswprintf_p(uint64_t options, WCHAR *out, size_t room, const WCHAR *format,
                                    LOCALE, ARGS)
{
	return ucrtbase_printf_secure(options | CRT_FORMAT_POSITIONAL, out, room, true, format, l,
	                              args);
}

WINAPI int
ucrtbase___stdio_common_vsnprintf_s(uint64_t options, char *out, size_t room, size_t count,
                                    const char *format, LOCALE, ARGS)
{
	return ucrtbase_printf_counted(options | CRT_FORMAT_SECURE, out, room, count, false, format,
	                               l, args);
}

WINAPI int
ucrtbase___stdio_common_vsnwprintf_s(uint64_t options, WCHAR *out, size_t room, size_t count,
                                     const WCHAR *format, LOCALE, ARGS)
{
	return ucrtbase_printf_counted(options | CRT_FORMAT_SECURE, out, room, count, true, format,
	                               l, args);
}

WINAPI int
ucrtbase__set_printf_count_output(int allow)
{
	bool before = crt_format_count_output;
	crt_format_count_output = allow != 0;
	return before;
}

WINAPI int
ucrtbase__get_printf_count_output(void)
{
	return crt_format_count_output;
}
