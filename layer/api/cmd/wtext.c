/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/cmd/wtext.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

static void
room(struct wtext *t, size_t n)
{
	if (t->n + n + 1 <= t->cap)
		return;
	t->cap = (t->n + n + 1) * 2;
	t->p = xrealloc(t->p, t->cap * sizeof *t->p);
}

void
wtext_addn(struct wtext *t, const WCHAR *s, size_t n)
{
	room(t, n);
	if (n)
		memcpy(t->p + t->n, s, n * sizeof *s);
	t->n += n;
	t->p[t->n] = 0;
}

void
wtext_add(struct wtext *t, const WCHAR *s)
{
	if (s)
		wtext_addn(t, s, wtext_len(s));
}

void
wtext_addc(struct wtext *t, WCHAR c)
{
	wtext_addn(t, &c, 1);
}

void
wtext_ascii(struct wtext *t, const char *s)
{
	for (; *s; s++)
		wtext_addc(t, (BYTE)*s);
}

/* One character of UTF-8; what is none is taken byte by byte. */
static uint32_t
decode(const BYTE **p, const BYTE *end)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	const BYTE *s = *p;
	uint32_t c = *s++;
	int more = c >= 0xf0 && c < 0xf8 ? 3 : c >= 0xe0 ? 2 : 1, n;

	*p = s;
	if (c < 0x80)
		return c;
	if (c < 0xc2 || c >= 0xf8)
		return c;
	uint32_t v = c & (0x3fu >> more);
	for (n = 0; n < more && s < end && (*s & 0xc0) == 0x80; n++)
		v = v << 6 | (*s++ & 0x3f);
	if (n < more || v < least[more] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
		return c;
	*p = s;
	return v;
}

void
wtext_utf8(struct wtext *t, const char *s, size_t n)
{
	const BYTE *p = (const BYTE *)s, *end = p + n;

	room(t, n);
	while (p < end) {
		uint32_t c = decode(&p, end);
		if (c >= 0x10000) {
			wtext_addc(t, (WCHAR)(0xd800 + ((c - 0x10000) >> 10)));
			wtext_addc(t, (WCHAR)(0xdc00 + (c & 0x3ff)));
		} else {
			wtext_addc(t, (WCHAR)c);
		}
	}
	t->p[t->n] = 0;
}

void
wtext_number(struct wtext *t, int64_t n)
{
	char digits[24];
	size_t i = sizeof digits;
	uint64_t v = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

	digits[--i] = 0;
	do
		digits[--i] = (char)('0' + v % 10);
	while (v /= 10);
	if (n < 0)
		digits[--i] = '-';
	wtext_ascii(t, digits + i);
}

void
wtext_cut(struct wtext *t, size_t n)
{
	if (n < t->n) {
		t->n = n;
		t->p[n] = 0;
	}
}

const WCHAR *
wtext_of(const struct wtext *t)
{
	return t->p ? t->p : u"";
}

WCHAR *
wtext_take(struct wtext *t)
{
	room(t, 0);
	t->p[t->n] = 0;
	WCHAR *p = t->p;
	*t = (struct wtext){ 0 };
	return p;
}

void
wtext_free(struct wtext *t)
{
	free(t->p);
	*t = (struct wtext){ 0 };
}

size_t
wtext_len(const WCHAR *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

WCHAR *
wtext_dupn(const WCHAR *s, size_t n)
{
	WCHAR *p = xmalloc((n + 1) * sizeof *p);

	memcpy(p, s, n * sizeof *p);
	p[n] = 0;
	return p;
}

WCHAR *
wtext_dup(const WCHAR *s)
{
	return s ? wtext_dupn(s, wtext_len(s)) : NULL;
}

WCHAR
wtext_upper(WCHAR c)
{
	if (c < 0x80)
		return c >= 'a' && c <= 'z' ? c - 32 : c;
	if ((c >= 0xe0 && c <= 0xfe && c != 0xf7) || (c >= 0x3b1 && c <= 0x3c9 && c != 0x3c2) ||
	    (c >= 0x430 && c <= 0x44f))
		return c - 32;
	if (c == 0xff)
		return 0x178;
	if (c >= 0x450 && c <= 0x45f)
		return c - 80;
	if ((c >= 0x100 && c <= 0x137 && c != 0x131) || (c >= 0x14a && c <= 0x177) ||
	    (c >= 0x460 && c <= 0x481))
		return c & 0xfffe;
	if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e))
		return c & 1 ? c : c - 1;
	return c;
}

int
wtext_cmp(const WCHAR *a, const WCHAR *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	return *a - *b;
}

int
wtext_icmp(const WCHAR *a, const WCHAR *b)
{
	for (; *a && wtext_upper(*a) == wtext_upper(*b); a++, b++)
		;
	return wtext_upper(*a) - wtext_upper(*b);
}

int
wtext_nicmp(const WCHAR *a, const WCHAR *b, size_t n)
{
	for (; n && *a && wtext_upper(*a) == wtext_upper(*b); a++, b++, n--)
		;
	return n ? wtext_upper(*a) - wtext_upper(*b) : 0;
}

WCHAR *
wtext_chr(const WCHAR *s, WCHAR c)
{
	for (; *s != c; s++)
		if (!*s)
			return NULL;
	return (WCHAR *)(uintptr_t)s;
}

WCHAR *
wtext_rchr(const WCHAR *s, WCHAR c)
{
	const WCHAR *found = NULL;

	for (; *s; s++)
		if (*s == c)
			found = s;
	return (WCHAR *)(uintptr_t)found;
}

bool
wtext_is(const WCHAR *s, const char *ascii)
{
	for (; *s && wtext_upper(*s) == wtext_upper((BYTE)*ascii); s++, ascii++)
		;
	return !*s && !*ascii;
}

static bool
match(const WCHAR *p, const WCHAR *n)
{
	const WCHAR *star = NULL, *mark = NULL;

	for (;;) {
		if (*p == '*') {
			star = ++p;
			mark = n;
		} else if (*n && (*p == '?' || wtext_upper(*p) == wtext_upper(*n))) {
			p++, n++;
		} else if (!*n && *p == '?') {
			p++; /* a ? at the end may be nothing */
		} else if (!*n && *p == '.' && (!p[1] || (p[1] == '*' && !p[2]))) {
			return true; /* name. and name.* match a name without a dot */
		} else if (!*n && !*p) {
			return true;
		} else if (star && *mark) {
			p = star;
			n = ++mark;
		} else {
			return false;
		}
	}
}

bool
wtext_match(const WCHAR *pattern, const WCHAR *name)
{
	if (wtext_is(pattern, "*.*") || wtext_is(pattern, "*"))
		return true;
	return match(pattern, name);
}

char *
wtext_to_utf8(const WCHAR *s, size_t n, size_t *size)
{
	BYTE *out = xmalloc(n * 3 + 1), *o = out;

	for (size_t i = 0; i < n; i++) {
		uint32_t c = s[i];
		if (c >= 0xd800 && c < 0xdc00 && i + 1 < n && s[i + 1] >= 0xdc00 &&
		    s[i + 1] < 0xe000)
			c = 0x10000 + ((c - 0xd800) << 10) + (s[++i] - 0xdc00u);
		if (c < 0x80) {
			*o++ = (BYTE)c;
		} else if (c < 0x800) {
			*o++ = (BYTE)(0xc0 | c >> 6);
			*o++ = (BYTE)(0x80 | (c & 0x3f));
		} else if (c < 0x10000) {
			*o++ = (BYTE)(0xe0 | c >> 12);
			*o++ = (BYTE)(0x80 | (c >> 6 & 0x3f));
			*o++ = (BYTE)(0x80 | (c & 0x3f));
		} else {
			*o++ = (BYTE)(0xf0 | c >> 18);
			*o++ = (BYTE)(0x80 | (c >> 12 & 0x3f));
			*o++ = (BYTE)(0x80 | (c >> 6 & 0x3f));
			*o++ = (BYTE)(0x80 | (c & 0x3f));
		}
	}
	*o = 0;
	if (size)
		*size = (size_t)(o - out);
	return (char *)out;
}

bool
wtext_int(const WCHAR *s, int32_t *out)
{
	bool minus = *s == '-';
	uint32_t base = 10;
	uint64_t v = 0;

	if (*s == '-' || *s == '+')
		s++;
	if (*s == '0' && (s[1] == 'x' || s[1] == 'X'))
		base = 16, s += 2;
	else if (*s == '0' && s[1])
		base = 8, s++;
	if (!*s)
		return false;
	for (; *s; s++) {
		uint32_t d = *s >= '0' && *s <= '9' ? *s - (uint32_t)'0'
		             : wtext_upper(*s) >= 'A' && wtext_upper(*s) <= 'F'
		                     ? wtext_upper(*s) - 'A' + 10u
		                     : 99;
		if (d >= base)
			return false;
		v = v * base + d;
		if (v > 0xffffffff)
			return false;
	}
	if (base == 10 && v > 0x7fffffffu + (minus ? 1u : 0u))
		return false;
	*out = minus ? (int32_t)(0 - (uint32_t)v) : (int32_t)(uint32_t)v;
	return true;
}
