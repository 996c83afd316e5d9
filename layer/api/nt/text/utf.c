/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/text/utf.h"

#include <emmintrin.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/text/nls.h"

/* Sixteen aligned bytes at once never leave the page of the text. */
__attribute__((no_sanitize("address"))) size_t
utf_length(const WCHAR *s)
{
	const WCHAR *p = s;
	for (; (uintptr_t)p & 15; p++)
		if (!*p || (uintptr_t)p & 1)
			goto slowly;
	for (;; p += 8) {
		__m128i x = _mm_load_si128((const __m128i *)(const void *)p);
		int zeros = _mm_movemask_epi8(_mm_cmpeq_epi16(x, _mm_setzero_si128()));
		if (zeros)
			return (size_t)(p - s) + (size_t)__builtin_ctz((unsigned)zeros) / 2;
	}
slowly:
	while (*p)
		p++;
	return (size_t)(p - s);
}

size_t
utf_to_8(char *to, const WCHAR *from, size_t n)
{
	char *t = to;
	for (size_t i = 0; i < n; i++) {
		uint32_t c = from[i];
		if (c < 0x80) {
			*t++ = (char)c;
		} else if (c < 0x800) {
			*t++ = (char)(0xc0 | c >> 6);
			*t++ = (char)(0x80 | (c & 0x3f));
		} else if (c >= 0xd800 && c < 0xdc00 && i + 1 < n &&
		           (from[i + 1] & 0xfc00) == 0xdc00) {
			c = 0x10000 + ((c & 0x3ff) << 10) + (from[++i] & 0x3ffu);
			*t++ = (char)(0xf0 | c >> 18);
			*t++ = (char)(0x80 | (c >> 12 & 0x3f));
			*t++ = (char)(0x80 | (c >> 6 & 0x3f));
			*t++ = (char)(0x80 | (c & 0x3f));
		} else if (c >= 0xdc80 && c <= 0xdcff) {
			*t++ = (char)(c & 0xff); /* a byte that was no UTF-8 */
		} else {
			*t++ = (char)(0xe0 | c >> 12);
			*t++ = (char)(0x80 | (c >> 6 & 0x3f));
			*t++ = (char)(0x80 | (c & 0x3f));
		}
	}
	return (size_t)(t - to);
}

/* The character at p, of at most n bytes: how many it has, 0 when it is no UTF-8.  Surrogates
 * are taken, but not those that stand for bytes. */
static size_t
decode(const unsigned char *p, size_t n, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t k = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || n < k)
		return 0;
	uint32_t v = p[0] & (0xffu >> (k + 1));
	for (size_t i = 1; i < k; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (p[i] & 0x3f);
	}
	if (v < least[k] || v > 0x10ffff || (v >= 0xdc80 && v <= 0xdcff))
		return 0;
	*c = v;
	return k;
}

size_t
utf_to_16(WCHAR *to, const char *from, size_t n)
{
	const unsigned char *p = (const unsigned char *)from;
	WCHAR *t = to;
	for (size_t i = 0; i < n;) {
		uint32_t c;
		size_t k;
		if (p[i] < 0x80) {
			*t++ = p[i++];
		} else if (!(k = decode(p + i, n - i, &c))) {
			*t++ = (WCHAR)(0xdc00 | p[i++]);
		} else if (i += k, c >= 0x10000) {
			*t++ = (WCHAR)(0xd800 + ((c - 0x10000) >> 10));
			*t++ = (WCHAR)(0xdc00 + (c & 0x3ff));
		} else {
			*t++ = (WCHAR)c;
		}
	}
	return (size_t)(t - to);
}

char *
utf_narrow_n(const WCHAR *s, size_t n)
{
	char *t = malloc(n * 3 + 1);
	if (t)
		t[utf_to_8(t, s, n)] = 0;
	return t;
}

char *
utf_narrow(const WCHAR *s)
{
	return utf_narrow_n(s, utf_length(s));
}

WCHAR *
utf_wide_n(const char *s, size_t n)
{
	WCHAR *t = malloc((n + 1) * sizeof *t);
	if (t)
		t[utf_to_16(t, s, n)] = 0;
	return t;
}

WCHAR *
utf_wide(const char *s)
{
	return utf_wide_n(s, strlen(s));
}

WCHAR *
utf_copy(const WCHAR *s, size_t n)
{
	WCHAR *t = malloc((n + 1) * sizeof *t);
	if (t) {
		memcpy(t, s, n * sizeof *t);
		t[n] = 0;
	}
	return t;
}

WCHAR
utf_upper(WCHAR c)
{
	if (c < 0x80)
		return c >= 'a' && c <= 'z' ? c - 32 : c;
	return nls_up(c);
}

int
utf_compare_n(const WCHAR *a, const WCHAR *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int d = utf_upper(a[i]) - utf_upper(b[i]);
		if (d || !a[i])
			return d;
	}
	return 0;
}

int
utf_compare(const WCHAR *a, const WCHAR *b)
{
	return utf_compare_n(a, b, SIZE_MAX);
}
