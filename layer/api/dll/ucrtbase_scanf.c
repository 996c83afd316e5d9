/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_scanf.c -- __stdio_common_v*scanf, out of streams and strings. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase_printf.h"

struct stream_in {
	struct crt_in in;
	FILE_ *f;
};

static int
get_stream(struct crt_in *in)
{
	FILE_ *f = ((struct stream_in *)in)->f;
	return in->wide ? ucrtbase_stream_get_wide(f) : ucrtbase_stream_get(f);
}

static void
unget_stream(struct crt_in *in, int c)
{
	FILE_ *f = ((struct stream_in *)in)->f;
	if (in->wide)
		ucrtbase_stream_unget_wide(f, c);
	else
		ucrtbase_stream_unget(f, c);
}

int
ucrtbase_scanf_stream(uint64_t options, FILE_ *f, bool wide, const void *format,
                      const struct crt_locale_pointers *l, const uint64_t *args)
{
	struct stream_in in = { { wide, get_stream, unget_stream }, f };
	REQUIRE(f && format, -1);
	ucrtbase_stream_lock(f);
	int r = crt_scan(&in.in, options, format, crt_locale_of(l), args);
	ucrtbase_stream_unlock(f);
	return r;
}

struct string_in {
	struct crt_in in;
	const char *at;
	size_t left; /* units */
};

static int
get_string(struct crt_in *in)
{
	struct string_in *s = (struct string_in *)in;
	if (s->left == 0)
		return -1;
	int c = in->wide ? *(const WCHAR *)(const void *)s->at : *(const unsigned char *)s->at;
	if (c == 0)
		return -1;
	s->at += in->wide ? 2 : 1;
	s->left--;
	return c;
}

static void
unget_string(struct crt_in *in, int c)
{
	struct string_in *s = (struct string_in *)in;
	(void)c;
	s->at -= in->wide ? 2 : 1;
	s->left++;
}

int
ucrtbase_scanf_buffer(uint64_t options, const void *s, size_t n, bool wide, const void *format,
                      const struct crt_locale_pointers *l, const uint64_t *args)
{
	struct string_in in = { { wide, get_string, unget_string }, s, n };
	REQUIRE(s && format, -1);
	return crt_scan(&in.in, options, format, crt_locale_of(l), args);
}

WINAPI int
ucrtbase___stdio_common_vfscanf(uint64_t options, FILE_ *f, const char *format,
                                const struct crt_locale_pointers *l, const uint64_t *args)
{
	return ucrtbase_scanf_stream(options, f, false, format, l, args);
}

WINAPI int
ucrtbase___stdio_common_vfwscanf(uint64_t options, FILE_ *f, const WCHAR *format,
                                 const struct crt_locale_pointers *l, const uint64_t *args)
{
	return ucrtbase_scanf_stream(options, f, true, format, l, args);
}

WINAPI int
ucrtbase___stdio_common_vsscanf(uint64_t options, const char *s, size_t n, const char *format,
                                const struct crt_locale_pointers *l, const uint64_t *args)
{
	return ucrtbase_scanf_buffer(options, s, n, false, format, l, args);
}

WINAPI int
ucrtbase___stdio_common_vswscanf(uint64_t options, const WCHAR *s, size_t n, const WCHAR *format,
                                 const struct crt_locale_pointers *l, const uint64_t *args)
{
	return ucrtbase_scanf_buffer(options, s, n, true, format, l, args);
}
