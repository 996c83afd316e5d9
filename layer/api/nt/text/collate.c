/* SPDX-License-Identifier: Apache-2.0 */
/* collate.c -- the order in which people expect words, and keys that sort so.
 *
 * A key has four parts, as LCMAP_SORTKEY's: letters, marks, case, and what a word sort passes
 * over (hyphen and apostrophe) with its place.  Weights of letters come from the table of
 * decompositions and from code points, scripts in the order of their blocks; it is not
 * Microsoft's table, so keys may be compared with each other only.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/text/nls.h"

enum {
	NORM_IGNORECASE = 1,
	NORM_IGNORENONSPACE = 2,
	NORM_IGNORESYMBOLS = 4,
	SORT_DIGITSASNUMBERS = 8,
	LINGUISTIC_IGNORECASE = 0x10,
	LINGUISTIC_IGNOREDIACRITIC = 0x20,
	SORT_STRINGSORT = 0x1000,
	NORM_IGNOREKANATYPE = 0x10000,
	NORM_IGNOREWIDTH = 0x20000,
	IGNORE_CASE = NORM_IGNORECASE | LINGUISTIC_IGNORECASE,
	IGNORE_MARKS = NORM_IGNORENONSPACE | LINGUISTIC_IGNOREDIACRITIC,
};

enum { CLASS_MARK = 6, CLASS_DIGIT = 12, CLASS_LATIN = 14, CLASS_OTHER = 15 };
enum { PARTS = 4, LETTERS = 0, MARKS, CASES, PASSED };

struct part {
	BYTE *p;
	size_t n, cap, last; /* last: up to here it is more than the least weight */
};

struct key {
	struct part part[PARTS];
	DWORD flags;
	size_t letters;
	bool failed;
};

static void
put(struct key *k, int part, BYTE b)
{
	struct part *p = &k->part[part];
	if (p->n == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 64;
		BYTE *q = realloc(p->p, cap);
		if (!q) {
			k->failed = true;
			return;
		}
		p->p = q;
		p->cap = cap;
	}
	p->p[p->n++] = b;
	if (b > 2 || part == LETTERS)
		p->last = p->n;
}

/* A letter: its class and weight, neither of which may hold 0 or 1; case 2 is small. */
static void
letter(struct key *k, BYTE class, uint32_t weight, BYTE mark, BYTE kind)
{
	put(k, LETTERS, class);
	if (weight >= 253 * 253) {
		put(k, LETTERS, 255);
		put(k, LETTERS, (BYTE)(weight / (253 * 253) % 253 + 2));
	}
	put(k, LETTERS, (BYTE)(weight / 253 % 253 + 2));
	put(k, LETTERS, (BYTE)(weight % 253 + 2));
	if (!(k->flags & IGNORE_MARKS))
		put(k, MARKS, mark);
	put(k, CASES, kind);
	k->letters++;
}

/* Latin letters that no table takes apart: as two letters, or one with a mark. */
static bool
latin(struct key *k, uint32_t c, BYTE kind)
{
	static const struct {
		WCHAR c;
		char text[3];
		BYTE mark;
	} table[] = { { 0xdf, "ss", 3 },    { 0xe6, "ae", 3 },    { 0x153, "oe", 3 },
		      { 0xf8, "o", 0x21 },  { 0xf0, "d", 0x68 },  { 0x111, "d", 0x22 },
		      { 0x142, "l", 0x21 }, { 0xfe, "th", 3 },    { 0x127, "h", 0x21 },
		      { 0x131, "i", 3 },    { 0x167, "t", 0x21 }, { 0x14b, "n", 0x90 },
		      { 0x138, "q", 0x90 }, { 0x17f, "s", 3 } };
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (table[i].c != c)
			continue;
		for (const char *s = table[i].text; *s; s++)
			letter(k, CLASS_LATIN, (uint32_t)(*s - 'a') * 4, table[i].mark, kind);
		return true;
	}
	return false;
}

static void
point(struct key *k, uint32_t c)
{
	static const char order[] = " \t\n\v\f\r!\"#$%&()*,./:;?@[\\]^_`{|}~+<=>";
	const uint16_t *type = nls_type(c < 0x10000 ? (WCHAR)c : 0x4e00);
	const char *at;
	uint32_t low = c < 0x10000 ? nls_low((WCHAR)c) : c;
	BYTE kind = low != c ? 18 : 2;

	if (nls_class(c)) { /* a mark belongs to the letter before it */
		if (k->flags & IGNORE_MARKS)
			return;
		if (k->part[MARKS].n)
			k->part[MARKS].n--;
		put(k, MARKS, (BYTE)(3 + c % 250));
		return;
	}
	if (k->flags & IGNORE_CASE)
		kind = 2;
	if ((c == '-' || c == '\'') && !(k->flags & SORT_STRINGSORT)) {
		if (k->flags & NORM_IGNORESYMBOLS)
			return;
		put(k, PASSED, (BYTE)(k->letters / 253 % 253 + 3));
		put(k, PASSED, (BYTE)(k->letters % 253 + 2));
		put(k, PASSED, c == '-' ? 0x82 : 0x80);
		return;
	}
	if (c < 128 && c && (c == '-' || c == '\'' || (at = strchr(order, (int)c)))) {
		if (k->flags & NORM_IGNORESYMBOLS)
			return;
		letter(k, CLASS_MARK,
		       c == '\''  ? 1
		       : c == '-' ? 2
		                  : 3 + (uint32_t)(at - order),
		       2, 2);
	} else if (c == 0 || (c < 128 && (type[0] & 0x20)) || c == 0xad || c == 0xfeff) {
		return; /* controls weigh nothing */
	} else if (c < 128 && (type[0] & 4)) {
		letter(k, CLASS_DIGIT, c - '0', 2, 2);
	} else if (low >= 'a' && low <= 'z') {
		letter(k, CLASS_LATIN, (low - 'a') * 4, 2, kind);
	} else if ((type[0] & 0x10) && !(type[0] & 0x100)) {
		if (!(k->flags & NORM_IGNORESYMBOLS))
			letter(k, CLASS_MARK, 64 + c, 2, 2);
	} else if (!latin(k, low, kind)) {
		letter(k, CLASS_OTHER, low, 2, kind);
	}
}

static size_t
number(struct key *k, const WCHAR *s, size_t n)
{
	size_t i = 0, start;
	while (i < n && s[i] == '0')
		i++;
	for (start = i; i < n && s[i] >= '0' && s[i] <= '9';)
		i++;
	letter(k, CLASS_DIGIT, 16 + (uint32_t)(i - start), 2, 2);
	for (size_t j = start; j < i; j++)
		put(k, LETTERS, (BYTE)(s[j] - '0' + 2));
	return i;
}

/* A full-width form weighs more than what it stands for. */
static void
wider(struct part *cases)
{
	cases->p[cases->n - 1] |= 1;
	cases->last = cases->n;
}

static void
build(struct key *k, DWORD flags, const WCHAR *s, size_t n)
{
	memset(k, 0, sizeof *k);
	k->flags = flags;
	for (size_t i = 0; i < n; i++) {
		uint32_t c = s[i], d[18];
		if (c < 128) {
			if ((flags & SORT_DIGITSASNUMBERS) && c >= '0' && c <= '9')
				i += number(k, s + i, n - i) - 1;
			else
				point(k, c);
			continue;
		}
		if (c >= 0xd800 && c < 0xdc00 && i + 1 < n && s[i + 1] >= 0xdc00 &&
		    s[i + 1] < 0xe000)
			c = 0x10000 + ((c & 0x3ff) << 10) + (s[++i] & 0x3ff);
		if ((flags & NORM_IGNOREKANATYPE) && c >= 0x30a1 && c <= 0x30f6)
			c -= 0x60;
		bool wide = c >= 0xff00 && c < 0xfff0;
		size_t m = nls_decompose(c, wide, d);
		for (size_t j = 0; j < m; j++)
			point(k, d[j]);
		if (wide && !(flags & NORM_IGNOREWIDTH) && k->part[CASES].n)
			wider(&k->part[CASES]);
	}
	for (int i = 0; i < PARTS; i++)
		k->part[i].n = k->part[i].last;
}

static void
drop(struct key *k)
{
	for (int i = 0; i < PARTS; i++)
		free(k->part[i].p);
}

/* -- ASCII, without keys ------------------------------------------------------------------- */

enum { SMALL = 2, QUICK_PASSED = 1 };

/* Of a character: what its letter begins with, in order, and its case.  0: it weighs nothing. */
static uint32_t
quick(WCHAR c)
{
	static _Atomic uint32_t table[128];
	static _Atomic bool made;

	if (!atomic_load_explicit(&made, memory_order_acquire)) {
		for (uint32_t i = 0; i < 128; i++) {
			struct key k = { .flags = 0 };
			point(&k, i);
			const BYTE *l = k.part[LETTERS].p;
			uint32_t w = k.part[PASSED].n ? QUICK_PASSED : 0;
			if (l)
				w = (uint32_t)l[0] << 24 | (uint32_t)l[1] << 16 |
				    (uint32_t)l[2] << 8 | k.part[CASES].p[0];
			atomic_store_explicit(&table[i], w, memory_order_relaxed);
			drop(&k);
		}
		atomic_store_explicit(&made, true, memory_order_release);
	}
	return atomic_load_explicit(&table[c], memory_order_relaxed);
}

/* The next letter: 0 at the end, or UINT32_MAX where keys have to say.  *passed: what was passed
 * over on the way, with its place. */
static uint32_t
next(const WCHAR *s, size_t n, size_t *i, uint32_t *passed)
{
	while (*i < n) {
		uint32_t w = s[*i] < 128 ? quick(s[*i]) : UINT32_MAX;
		++*i;
		if (w > QUICK_PASSED)
			return w;
		if (w == QUICK_PASSED)
			*passed = *passed * 31 + s[*i - 1];
	}
	return 0;
}

/* false: keys have to say. */
static bool
quickly(DWORD flags, const WCHAR *a, size_t n, const WCHAR *b, size_t m, int *r)
{
	size_t i = 0, j = 0;
	int cases = 0;

	if (flags & (NORM_IGNORESYMBOLS | SORT_DIGITSASNUMBERS | SORT_STRINGSORT))
		return false;
	for (bool same = true;;) {
		uint32_t p = 0, q = 0;
		uint32_t x = next(a, n, &i, &p), y = next(b, m, &j, &q);
		same &= p == q && p < 31 * 31; /* one hyphen in a row: two are for keys */
		if (x == UINT32_MAX || y == UINT32_MAX)
			return false;
		if (x >> 8 != y >> 8) {
			*r = x >> 8 < y >> 8 ? -1 : 1;
			return true;
		}
		if (x && !cases && !(flags & IGNORE_CASE))
			cases = (int)(x & 0xff) - (int)(y & 0xff);
		if (x)
			continue;
		*r = cases < 0 ? -1 : cases > 0;
		return cases || same;
	}
}

int
nls_collate(DWORD flags, const WCHAR *a, size_t n, const WCHAR *b, size_t m)
{
	struct key x, y;
	int r = 0;
	if (quickly(flags, a, n, b, m, &r))
		return r;
	build(&x, flags, a, n);
	build(&y, flags, b, m);
	for (int i = 0; i < PARTS && r == 0; i++) {
		size_t p = x.part[i].n, q = y.part[i].n;
		r = p && q ? memcmp(x.part[i].p, y.part[i].p, p < q ? p : q) : 0;
		if (r == 0)
			r = p < q ? -1 : p > q;
	}
	drop(&x);
	drop(&y);
	return r < 0 ? -1 : r > 0;
}

size_t
nls_sort_key(DWORD flags, const WCHAR *s, size_t n, BYTE *out, size_t room)
{
	struct key k;
	size_t o = 0;
	build(&k, flags, s, n);
	for (int i = 0; i < PARTS; i++) {
		for (size_t j = 0; j < k.part[i].n; j++, o++)
			if (o < room)
				out[o] = k.part[i].p[j];
		if (o < room)
			out[o] = i + 1 < PARTS ? 1 : 0;
		o++;
	}
	drop(&k);
	return o;
}
