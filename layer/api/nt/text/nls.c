/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/text/nls.h"

#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/text/nls_table.h"

static WCHAR
other_case(WCHAR c, const uint8_t *page, const uint16_t *table)
{
	return (WCHAR)(c + table[page[c >> 8] * 256 + (c & 255)]);
}

WCHAR
nls_up(WCHAR c)
{
	if (c < 128)
		return c >= 'a' && c <= 'z' ? (WCHAR)(c - 32) : c;
	return other_case(c, nls_table_up_page, nls_table_up);
}

WCHAR
nls_low(WCHAR c)
{
	if (c < 128)
		return c >= 'A' && c <= 'Z' ? (WCHAR)(c + 32) : c;
	return other_case(c, nls_table_low_page, nls_table_low);
}

const uint16_t *
nls_type(WCHAR c)
{
	return nls_table_types[nls_table_type[nls_table_type_page[c >> 8] * 256 + (c & 255)]];
}

size_t
nls_length(const WCHAR *s)
{
	size_t n = 0;
	while (s[n])
		n++;
	return n;
}

int
nls_compare(const WCHAR *a, size_t n, const WCHAR *b, size_t m)
{
	for (size_t i = 0; i < n && i < m; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return n < m ? -1 : n > m;
}

int
nls_compare_case(const WCHAR *a, size_t n, const WCHAR *b, size_t m)
{
	for (size_t i = 0; i < n && i < m; i++) {
		if (a[i] == b[i])
			continue;
		WCHAR x = nls_up(a[i]), y = nls_up(b[i]);
		if (x != y)
			return x < y ? -1 : 1;
	}
	return n < m ? -1 : n > m;
}

bool
nls_equal(const WCHAR *a, const WCHAR *b)
{
	return nls_compare_case(a, nls_length(a), b, nls_length(b)) == 0;
}

bool
nls_equal_ascii(const WCHAR *a, const char *b)
{
	for (; *b; a++, b++)
		if (nls_up(*a) != nls_up((uint8_t)*b))
			return false;
	return *a == 0;
}

WCHAR *
nls_dup(const WCHAR *s)
{
	size_t n = (nls_length(s) + 1) * sizeof *s;
	WCHAR *d = malloc(n);
	if (d)
		memcpy(d, s, n);
	return d;
}

/* One character; how many bytes it is.  A wrong one is as long as it could have been right
 * (Unicode 3.9, "maximal subpart"). */
static size_t
utf8_point(const uint8_t *s, size_t n, uint32_t *c)
{
	uint8_t low = 0x80, high = 0xbf;
	size_t more;
	if (s[0] < 0x80) {
		*c = s[0];
		return 1;
	}
	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		more = 1;
		*c = s[0] & 31;
	} else if (s[0] >= 0xe0 && s[0] <= 0xef) {
		more = 2;
		*c = s[0] & 15;
		if (s[0] == 0xe0)
			low = 0xa0;
		if (s[0] == 0xed)
			high = 0x9f;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		more = 3;
		*c = s[0] & 7;
		if (s[0] == 0xf0)
			low = 0x90;
		if (s[0] == 0xf4)
			high = 0x8f;
	} else {
		*c = UINT32_MAX;
		return 1;
	}
	for (size_t i = 1; i <= more; i++) {
		if (i >= n || s[i] < low || s[i] > high) {
			*c = UINT32_MAX;
			return i;
		}
		*c = *c << 6 | (s[i] & 63);
		low = 0x80, high = 0xbf;
	}
	return more + 1;
}

size_t
nls_16_of_8(const char *text, size_t n, WCHAR *out, size_t room, bool *bad)
{
	const uint8_t *s = (const uint8_t *)text;
	size_t o = 0;
	if (!out)
		room = 0;
	for (size_t i = 0; i < n;) {
		uint32_t c;
		if (s[i] < 0x80) {
			if (o < room)
				out[o] = s[i];
			o++, i++;
			continue;
		}
		i += utf8_point(s + i, n - i, &c);
		if (c == UINT32_MAX) {
			if (bad)
				*bad = true;
			c = 0xfffd;
		}
		if (c >= 0x10000) {
			if (o < room)
				out[o] = (WCHAR)(0xd7c0 + (c >> 10));
			o++;
			c = 0xdc00 | (c & 0x3ff);
		}
		if (o < room)
			out[o] = (WCHAR)c;
		o++;
	}
	return o;
}

size_t
nls_8_of_16(const WCHAR *s, size_t n, char *out, size_t room, bool *bad)
{
	size_t o = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t c = s[i];
		char b[4];
		size_t k;
		if (c >= 0xd800 && c < 0xe000) {
			if (c < 0xdc00 && i + 1 < n && s[i + 1] >= 0xdc00 && s[i + 1] < 0xe000) {
				c = 0x10000 + ((c & 0x3ff) << 10) + (s[++i] & 0x3ff);
			} else {
				if (bad)
					*bad = true;
				c = 0xfffd;
			}
		}
		if (c < 0x80) {
			b[0] = (char)c;
			k = 1;
		} else if (c < 0x800) {
			b[0] = (char)(0xc0 | c >> 6);
			b[1] = (char)(0x80 | (c & 63));
			k = 2;
		} else if (c < 0x10000) {
			b[0] = (char)(0xe0 | c >> 12);
			b[1] = (char)(0x80 | (c >> 6 & 63));
			b[2] = (char)(0x80 | (c & 63));
			k = 3;
		} else {
			b[0] = (char)(0xf0 | c >> 18);
			b[1] = (char)(0x80 | (c >> 12 & 63));
			b[2] = (char)(0x80 | (c >> 6 & 63));
			b[3] = (char)(0x80 | (c & 63));
			k = 4;
		}
		/* never a part of a character */
		if (out && o + k <= room)
			memcpy(out + o, b, k);
		else
			room = 0;
		o += k;
	}
	return o;
}

WCHAR *
nls_wide(const char *utf8)
{
	size_t n = strlen(utf8), m = nls_16_of_8(utf8, n, NULL, 0, NULL);
	WCHAR *w = malloc((m + 1) * sizeof *w);
	if (!w)
		return NULL;
	nls_16_of_8(utf8, n, w, m, NULL);
	w[m] = 0;
	return w;
}

char *
nls_utf8(const WCHAR *s)
{
	size_t n = nls_length(s), m = nls_8_of_16(s, n, NULL, 0, NULL);
	char *p = malloc(m + 1);
	if (!p)
		return NULL;
	nls_8_of_16(s, n, p, m, NULL);
	p[m] = 0;
	return p;
}

WCHAR *
nls_wide_ansi(const char *s)
{
	return s ? nls_wide(s) : NULL;
}
char *nls_ansi(const WCHAR *s) { return s ? nls_utf8(s) : NULL; }

size_t
nls_ansi_to(const WCHAR *s, char *out, size_t room)
{
	size_t n = nls_length(s), m = nls_8_of_16(s, n, NULL, 0, NULL);
	if (room) {
		nls_8_of_16(s, n, out, room - 1, NULL);
		out[m < room ? m : 0] = 0;
	}
	return m;
}
