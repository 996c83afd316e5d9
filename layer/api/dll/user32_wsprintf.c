/* SPDX-License-Identifier: Apache-2.0 */
/* user32_wsprintf.c -- wsprintf's few formats, at most 1024 characters. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/text/nls.h"

enum { MOST = 1024 };

struct out {
	WCHAR p[MOST];
	int n;
};

static void
put(struct out *o, WCHAR c)
{
	if (o->n < MOST - 1)
		o->p[o->n++] = c;
}

static void
fill(struct out *o, int n, WCHAR c)
{
	while (n-- > 0)
		put(o, c);
}

struct spec {
	bool left, zero, alternate;
	int width, most;
	int size; /* 1: h, 2: l or w, 8: I64 */
	WCHAR kind;
};

static const WCHAR *
parse(const WCHAR *p, struct spec *s)
{
	*s = (struct spec){ .most = -1 };
	for (;; p++) {
		if (*p == '-')
			s->left = true;
		else if (*p == '#')
			s->alternate = true;
		else if (*p == '0')
			s->zero = true;
		else
			break;
	}
	for (; *p >= '0' && *p <= '9'; p++)
		s->width = s->width < 2000 ? s->width * 10 + (*p - '0') : s->width;
	if (*p == '.')
		for (s->most = 0, p++; *p >= '0' && *p <= '9'; p++)
			s->most = s->most < 2000 ? s->most * 10 + (*p - '0') : s->most;
	if (*p == 'h')
		s->size = 1, p++;
	else if (*p == 'l' && p[1] == 'l')
		s->size = 8, p += 2;
	else if (*p == 'l' || *p == 'w')
		s->size = 2, p++;
	else if (*p == 'I' && p[1] == '6' && p[2] == '4')
		s->size = 8, p += 3;
	else if (*p == 'I' && p[1] == '3' && p[2] == '2')
		p += 3;
	else if (*p == 'I')
		s->size = 8, p++;
	s->kind = *p;
	return *p ? p + 1 : p;
}

static void
number(struct out *o, const struct spec *s, uint64_t v, bool minus)
{
	char b[32];
	int n = snprintf(b, sizeof b,
	                 s->kind == 'x' || s->kind == 'p' ? "%llx"
	                 : s->kind == 'X'                 ? "%llX"
	                                                  : "%llu",
	                 (unsigned long long)v);
	int zeros = s->most > n ? s->most - n : 0, sign = minus ? 1
	                                                  : s->alternate && (s->kind | 32) == 'x'
	                                                          ? 2
	                                                          : 0;
	int pad = s->width - n - zeros - sign;
	if (s->zero && !s->left && s->most < 0 && pad > 0) {
		zeros += pad;
		pad = 0;
	}
	if (!s->left)
		fill(o, pad, ' ');
	if (minus)
		put(o, '-');
	else if (sign)
		put(o, '0'), put(o, s->kind);
	fill(o, zeros, '0');
	for (int i = 0; i < n; i++)
		put(o, (WCHAR)b[i]);
	if (s->left)
		fill(o, pad, ' ');
}

static void
string(struct out *o, const struct spec *s, const void *p, bool wide)
{
	WCHAR *own = NULL;
	const WCHAR *w = !p ? u"(null)" : wide ? p : (own = nls_wide_ansi(p));
	int n = 0;
	while (w && (s->most < 0 || n < s->most) && w[n])
		n++;
	if (!s->left)
		fill(o, s->width - n, ' ');
	for (int i = 0; i < n; i++)
		put(o, w[i]);
	if (s->left)
		fill(o, s->width - n, ' ');
	free(own);
}

static int
format(struct out *o, const WCHAR *f, __builtin_ms_va_list args, bool wide)
{
	struct spec s;
	o->n = 0;
	while (*f) {
		if (*f != '%') {
			put(o, *f++);
			continue;
		}
		if (*++f == '%') {
			put(o, *f++);
			continue;
		}
		f = parse(f, &s);
		switch (s.kind) {
		case 0: break;
		case 'c':
		case 'C': put(o, (WCHAR) __builtin_va_arg(args, int)); break;
		case 's':
		case 'S':
			string(o, &s, __builtin_va_arg(args, const void *),
			       s.size == 1   ? false
			       : s.size == 2 ? true
			                     : (s.kind == 's') == wide);
			break;
		case 'd':
		case 'i': {
			int64_t v = s.size == 8 ? __builtin_va_arg(args, int64_t)
			                        : __builtin_va_arg(args, int);
			if (s.size == 1)
				v = (int16_t)v;
			number(o, &s, v < 0 ? -(uint64_t)v : (uint64_t)v, v < 0);
			break;
		}
		case 'p':
			s.size = 8;
			s.most = 16;
			s.kind = 'X';
			/* fall through */
		case 'u':
		case 'x':
		case 'X': {
			uint64_t v = s.size == 8 ? __builtin_va_arg(args, uint64_t)
			                         : __builtin_va_arg(args, unsigned);
			number(o, &s, s.size == 1 ? (uint16_t)v : v, false);
			break;
		}
		default: put(o, s.kind); break;
		}
	}
	o->p[o->n] = 0;
	return o->n;
}

WINAPI int
user32_wvsprintfW(WCHAR *out, const WCHAR *f, __builtin_ms_va_list args)
{
	struct out o;
	int n = format(&o, f, args, true);
	memcpy(out, o.p, (size_t)(n + 1) * sizeof *out);
	return n;
}

WINAPI int
user32_wvsprintfA(char *out, const char *f, __builtin_ms_va_list args)
{
	struct out o;
	WCHAR *w = nls_wide_ansi(f);
	if (!w)
		return 0;
	format(&o, w, args, false);
	free(w);
	size_t n = nls_8_of_16(o.p, (size_t)o.n, out, MOST - 1, NULL);
	if (n > MOST - 1)
		n = MOST - 1;
	out[n] = 0;
	return (int)n;
}

WINAPI int
user32_wsprintfW(WCHAR *out, const WCHAR *f, ...)
{
	__builtin_ms_va_list args;
	__builtin_ms_va_start(args, f);
	int n = user32_wvsprintfW(out, f, args);
	__builtin_ms_va_end(args);
	return n;
}

WINAPI int
user32_wsprintfA(char *out, const char *f, ...)
{
	__builtin_ms_va_list args;
	__builtin_ms_va_start(args, f);
	int n = user32_wvsprintfA(out, f, args);
	__builtin_ms_va_end(args);
	return n;
}
