/* SPDX-License-Identifier: Apache-2.0 */
/* nls_page.c -- code pages: UTF-8, UTF-7, and those of a byte or two for each character. */
#include "layer/api/nt/text/nls.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/text/nls_table.h"

enum {
	MB_COMPOSITE = 2,
	MB_ERR_INVALID_CHARS = 8,
	WC_ERR_INVALID_CHARS = 0x80,
	WC_NO_BEST_FIT_CHARS = 0x400,
};

UINT
nls_page(UINT page)
{
	switch (page) {
	case 0:                  /* CP_ACP */
	case 3: return NLS_ANSI; /* CP_THREAD_ACP */
	case 1: return NLS_OEM;
	case 2: return 10000; /* CP_MACCP: not here */
	default: return page;
	}
}

static const struct nls_page *
find(UINT page)
{
	for (size_t i = 0; i < nls_table_codepages; i++)
		if (nls_table_codepage[i].page == page)
			return &nls_table_codepage[i];
	return NULL;
}

static const struct nls_double *
find_double(UINT page)
{
	for (size_t i = 0; i < nls_double_pages; i++)
		if (nls_double_page[i].page == page)
			return &nls_double_page[i];
	return NULL;
}

bool
nls_page_valid(UINT page)
{
	return page == NLS_UTF8 || page == NLS_UTF7 || page == 20127 || find(page) ||
	       find_double(page);
}

/* In UTF-8 no byte leads in this sense. */
bool
nls_page_lead(UINT page, BYTE c)
{
	const struct nls_double *d = find_double(nls_page(page));
	return d && c >= 128 && d->row[c - 128];
}

bool
nls_page_double(UINT page, WCHAR *otherwise)
{
	const struct nls_double *d = find_double(nls_page(page));
	if (d && otherwise)
		*otherwise = d->otherwise;
	return d != NULL;
}

/* -- two bytes ------------------------------------------------------------------------------ */

/* The character of a byte or of two: how many they are; *c 0: they are none. */
static int
double_read(const struct nls_double *d, const uint8_t *s, int n, WCHAR *c)
{
	*c = s[0];
	if (s[0] < 128)
		return 1;
	uint8_t row = d->row[s[0] - 128];
	if (!row) {
		*c = d->high[s[0] - 128];
		return 1;
	}
	*c = 0;
	if (n < 2 || !s[1]) /* its trail is missing */
		return 1;
	if (s[1] >= 0x40 && s[1] <= 0xfe)
		*c = nls_double_row[d->base + row - 1][s[1] - 0x40];
	return 2;
}

/* From characters to codes: made when it is first needed, and kept. */
static const uint16_t *
double_codes(const struct nls_double *d)
{
	static uint16_t *_Atomic made[8];
	uint16_t *_Atomic *slot = &made[d - nls_double_page];
	uint16_t *t = atomic_load(slot), *none = NULL;
	if (t || !(t = calloc(0x10000, sizeof *t)))
		return t;
	for (unsigned c = 1; c < 128; c++)
		t[c] = (uint16_t)c;
	for (unsigned i = 0; i < 128; i++)
		if (d->high[i] && !t[d->high[i]])
			t[d->high[i]] = (uint16_t)(i + 128);
	for (unsigned lead = 128; lead < 256; lead++) {
		uint8_t row = d->row[lead - 128];
		for (unsigned trail = 0x40; row && trail < 0xff; trail++) {
			uint16_t c = nls_double_row[d->base + row - 1][trail - 0x40];
			unsigned code = lead << 8 | trail;
			bool one_way = !c || t[c];
			for (int i = 0; i < 16 && d->one_way[i][0]; i++)
				one_way |= code >= d->one_way[i][0] && code <= d->one_way[i][1];
			if (!one_way)
				t[c] = (uint16_t)code;
		}
	}
	if (!atomic_compare_exchange_strong(slot, &none, t)) {
		free(t);
		t = none;
	}
	return t;
}

/* UTF-7 (RFC 2152) */

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static size_t
utf7_decode(const char *s, size_t n, WCHAR *out, size_t room)
{
	size_t o = 0;
	for (size_t i = 0; i < n; i++) {
		if (s[i] != '+') {
			if (o < room)
				out[o] = (uint8_t)s[i];
			o++;
			continue;
		}
		if (i + 1 < n && s[i + 1] == '-') {
			if (o < room)
				out[o] = '+';
			o++, i++;
			continue;
		}
		uint32_t bits = 0, have = 0;
		while (i + 1 < n && base64_value(s[i + 1]) >= 0) {
			bits = bits << 6 | (uint32_t)base64_value(s[++i]);
			have += 6;
			if (have >= 16) {
				have -= 16;
				if (o < room)
					out[o] = (WCHAR)(bits >> have);
				o++;
			}
		}
		if (i + 1 < n && s[i + 1] == '-')
			i++;
	}
	return o;
}

static bool
utf7_direct(WCHAR c)
{
	return c < 128 && (c == 0 || c == '\t' || c == '\n' || c == '\r' || c == ' ' ||
	                   (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	                   (c >= '0' && c <= '9') || strchr("'(),-./:?", c));
}

static size_t
utf7_encode(const WCHAR *s, size_t n, char *out, size_t room)
{
	static const char digit[] =
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t o = 0;
#define PUT(b)                                                                                     \
	do {                                                                                       \
		if (o < room)                                                                      \
			out[o] = (char)(b);                                                        \
		o++;                                                                               \
	} while (0)
	for (size_t i = 0; i < n;) {
		if (utf7_direct(s[i])) {
			PUT(s[i]);
			i++;
			continue;
		}
		PUT('+');
		if (s[i] == '+') {
			PUT('-');
			i++;
			continue;
		}
		uint32_t bits = 0, have = 0;
		for (; i < n && !utf7_direct(s[i]); i++) {
			bits = bits << 16 | s[i];
			have += 16;
			while (have >= 6) {
				have -= 6;
				PUT(digit[bits >> have & 63]);
			}
		}
		if (have)
			PUT(digit[bits << (6 - have) & 63]);
		PUT('-');
	}
#undef PUT
	return o;
}

static int
finish(size_t count, int room)
{
	if (room && count > (size_t)room)
		return -ERROR_INSUFFICIENT_BUFFER;
	return count > INT32_MAX ? -ERROR_INVALID_PARAMETER : (int)count;
}

int
nls_decode(UINT page, DWORD flags, const char *s, int n, WCHAR *out, int room)
{
	const struct nls_page *p = NULL;
	bool bad = false;
	size_t o = 0, r = room > 0 ? (size_t)room : 0;

	/* Who asks for the system's page cannot know that it is UTF-8: flags that belong to
	 * others mean nothing then, as under a manifest that chooses it. */
	if (page <= 3 && nls_page(page) == NLS_UTF8)
		flags &= MB_ERR_INVALID_CHARS;
	page = nls_page(page);
	if (!nls_page_valid(page))
		return -ERROR_INVALID_PARAMETER;
	if (page == NLS_UTF7) {
		if (flags)
			return -ERROR_INVALID_FLAGS;
		return finish(utf7_decode(s, (size_t)n, out, r), room);
	}
	if (page == NLS_UTF8) {
		if (flags & ~(DWORD)MB_ERR_INVALID_CHARS)
			return -ERROR_INVALID_FLAGS;
		o = nls_16_of_8(s, (size_t)n, r ? out : NULL, r, &bad);
		if (bad && flags)
			return -ERROR_NO_UNICODE_TRANSLATION;
		return finish(o, room);
	}
	if ((flags & ~15u) || (flags & 3) == 3)
		return -ERROR_INVALID_FLAGS;
	p = find(page);
	const struct nls_double *two = find_double(page);
	for (int i = 0; i < n; i++) {
		uint8_t b = (uint8_t)s[i];
		WCHAR c = b < 128 ? b : p ? p->high[b - 128] : (WCHAR)(b & 127);
		bool none = c >= 0xf700 && c < 0xf800;
		if (two) {
			i += double_read(two, (const uint8_t *)s + i, n - i, &c) - 1;
			none = !c && b;
			c = none ? two->otherwise : c;
		}
		uint32_t d[18] = { c };
		size_t k = 1;
		if ((flags & MB_ERR_INVALID_CHARS) && none)
			return -ERROR_NO_UNICODE_TRANSLATION;
		if (flags & MB_COMPOSITE)
			k = nls_decompose(c, false, d);
		for (size_t j = 0; j < k; j++, o++)
			if (o < r)
				out[o] = (WCHAR)d[j];
	}
	return finish(o, room);
}

/* What is written to: one of them, or neither for ASCII. */
struct target {
	const struct nls_page *one;
	const uint16_t *two;
};

/* The byte of a character, or its two, or -1. */
static int
code_of(const struct target *t, uint32_t c)
{
	if (c < 128)
		return (int)c;
	if (t->two)
		return c < 0x10000 && t->two[c] ? t->two[c] : -1;
	for (int i = 0; t->one && i < 128; i++)
		if (t->one->high[i] == c)
			return 128 + i;
	return -1;
}

/* What looks most like it: its base letter, or what it stands for. */
static int
best_fit(const struct target *t, uint32_t c)
{
	static const WCHAR like[][2] = {
		{ 0x2018, '\'' }, { 0x2019, '\'' }, { 0x201a, ',' },  { 0x201c, '"' },
		{ 0x201d, '"' },  { 0x201e, '"' },  { 0x2013, '-' },  { 0x2014, '-' },
		{ 0x2010, '-' },  { 0x2011, '-' },  { 0x2212, '-' },  { 0x2022, 0x7 },
		{ 0x2044, '/' },  { 0x2215, '/' },  { 0x2032, '\'' }, { 0x2033, '"' },
		{ 0x00d0, 'D' },  { 0x00d8, 'O' },  { 0x00f8, 'o' },  { 0x0110, 'D' },
		{ 0x0111, 'd' },  { 0x0131, 'i' },  { 0x0141, 'L' },  { 0x0142, 'l' },
		{ 0x00ab, '<' },  { 0x00bb, '>' },  { 0x00a9, 'c' },  { 0x00ae, 'R' },
		{ 0x00d7, 'x' },  { 0x2026, '.' },  { 0x00a5, '\\' }, { 0x203e, '~' }
	};
	uint32_t d[18];
	for (size_t i = 0; i < sizeof like / sizeof *like; i++)
		if (like[i][0] == c)
			return code_of(t, like[i][1]);
	size_t n = nls_decompose(c, true, d);
	if (n == 0 || d[0] == c)
		return -1;
	for (size_t i = 1; i < n; i++)
		if (nls_class(d[i]) == 0)
			return -1;
	return code_of(t, d[0]);
}

int
nls_encode(UINT page, DWORD flags, const WCHAR *s, int n, char *out, int room,
           const char *otherwise, BOOL *used)
{
	struct target t = { 0 };
	bool bad = false;
	size_t o = 0, r = room > 0 ? (size_t)room : 0;

	if (page <= 3 && nls_page(page) == NLS_UTF8) { /* as in nls_decode */
		flags &= WC_ERR_INVALID_CHARS;
		if (used)
			*used = FALSE;
		otherwise = NULL;
		used = NULL;
	}
	page = nls_page(page);
	if (!nls_page_valid(page))
		return -ERROR_INVALID_PARAMETER;
	if (page == NLS_UTF7 || page == NLS_UTF8) {
		if (otherwise || used)
			return -ERROR_INVALID_PARAMETER;
		if (flags & ~(DWORD)(page == NLS_UTF8 ? WC_ERR_INVALID_CHARS : 0))
			return -ERROR_INVALID_FLAGS;
		if (page == NLS_UTF7)
			return finish(utf7_encode(s, (size_t)n, out, r), room);
		o = nls_8_of_16(s, (size_t)n, r ? out : NULL, r, &bad);
		if (bad && flags)
			return -ERROR_NO_UNICODE_TRANSLATION;
		return finish(o, room);
	}
	if (flags & ~0x6f0u)
		return -ERROR_INVALID_FLAGS;
	t.one = find(page);
	const struct nls_double *two = find_double(page);
	if (two && !(t.two = double_codes(two)))
		return -ERROR_NOT_ENOUGH_MEMORY;
	if (used)
		*used = FALSE;
	for (int i = 0; i < n; i++) {
		uint32_t c = s[i];
		if (c >= 0xd800 && c < 0xdc00 && i + 1 < n && s[i + 1] >= 0xdc00 &&
		    s[i + 1] < 0xe000)
			c = 0x10000 + ((c & 0x3ff) << 10) + (s[++i] & 0x3ff);
		int b = code_of(&t, c);
		if (b < 0 && !(flags & WC_NO_BEST_FIT_CHARS))
			b = best_fit(&t, c);
		if (b > 255) {
			/* both or neither */
			if (o + 1 < r) {
				out[o] = (char)(b >> 8);
				out[o + 1] = (char)b;
			}
			o += 2;
			continue;
		}
		for (int k = b < 0 && c >= 0x10000 ? 2 : 1; k > 0; k--) {
			if (o < r)
				out[o] = (char)(b >= 0 ? b : otherwise ? *otherwise : '?');
			o++;
		}
		if (b < 0 && used)
			*used = TRUE;
	}
	return finish(o, room);
}
