/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/crt/crt_scan.h"

#include <stdlib.h>
#include <string.h>

enum size { SIZE_NONE, SIZE_CHAR, SIZE_SHORT, SIZE_LONG, SIZE_8, SIZE_WIDE };
enum { FAILED = -1, ENDED = -2 }; /* it does not match; there is no more */
enum { NUMBER_MOST = 1024 };

struct scan {
	struct crt_in *in;
	const struct crt_locale *locale;
	uint64_t options;
	const void *at;
	const uint64_t *args;
	int64_t read; /* units */
	bool suppress;
	int width; /* 0: none */
	enum size size;
};

static uint32_t
peek(const struct scan *s)
{
	return s->in->wide ? *(const WCHAR *)s->at : *(const unsigned char *)s->at;
}

static void
skip(struct scan *s)
{
	s->at = (const char *)s->at + (s->in->wide ? 2 : 1);
}

static int
get(struct scan *s)
{
	int c = s->in->get(s->in);
	if (c >= 0)
		s->read++;
	return c;
}

static void
unget(struct scan *s, int c)
{
	if (c < 0)
		return;
	s->read--;
	s->in->unget(s->in, c);
}

static bool
is_space(const struct scan *s, int c)
{
	if (c < 0)
		return false;
	if (s->in->wide)
		return crt_ctype_wide((WCHAR)c) & CRT_SPACE;
	return c < 256 && s->locale->pctype[c] & CRT_SPACE;
}

static int
skip_space(struct scan *s)
{
	int c;
	do
		c = get(s);
	while (is_space(s, c));
	unget(s, c);
	return c < 0 ? ENDED : 0;
}

/* -- numbers ------------------------------------------------------------------- */

struct digits {
	char text[NUMBER_MOST];
	size_t n;
	int left; /* of the width */
	int c;    /* read, not taken */
};

static void
look(struct scan *s, struct digits *d)
{
	d->c = d->left > 0 ? get(s) : -1;
}

static void
take(struct scan *s, struct digits *d)
{
	if (d->n + 1 < sizeof d->text)
		d->text[d->n++] = (char)d->c;
	d->left--;
	look(s, d);
}

static int
value_of(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return 99;
}

static void
begin(struct scan *s, struct digits *d)
{
	d->n = 0;
	d->left = s->width ? s->width : INT32_MAX;
	look(s, d);
}

static int
scan_integer(struct scan *s, int base, bool is_signed)
{
	struct digits d;
	uint64_t v = 0;
	bool negative = false, any = false;
	if (skip_space(s) == ENDED)
		return ENDED;
	begin(s, &d);
	if (d.c == '-' || d.c == '+') {
		negative = d.c == '-';
		take(s, &d);
	}
	if (d.c == '0' && (base == 0 || base == 16)) {
		any = true;
		take(s, &d);
		if (d.c == 'x' || d.c == 'X') {
			take(s, &d);
			base = 16;
		} else if (base == 0) {
			base = 8;
		}
	}
	if (base == 0)
		base = 10;
	while (value_of(d.c) < base) {
		v = v * (unsigned)base + (unsigned)value_of(d.c);
		any = true;
		take(s, &d);
	}
	unget(s, d.c);
	if (!any)
		return FAILED;
	if (s->suppress)
		return 0;
	if (negative)
		v = 0 - v;
	(void)is_signed;
	void *p = (void *)(uintptr_t)*s->args++;
	switch (s->size) {
	case SIZE_CHAR: *(uint8_t *)p = (uint8_t)v; break;
	case SIZE_SHORT: *(uint16_t *)p = (uint16_t)v; break;
	case SIZE_8: *(uint64_t *)p = v; break;
	default: *(uint32_t *)p = (uint32_t)v; break;
	}
	return 1;
}

/* A word, whatever its letters' case, as far as it comes. */
static size_t
word(struct scan *s, struct digits *d, const char *w)
{
	size_t n = 0;
	while (w[n] && (d->c | 0x20) == w[n]) {
		take(s, d);
		n++;
	}
	return n;
}

static bool
scan_special(struct scan *s, struct digits *d)
{
	if (d->c == 'i' || d->c == 'I') {
		size_t n = word(s, d, "infinity");
		return n == 3 || n == 8;
	}
	if (word(s, d, "nan") != 3)
		return false;
	if (d->c != '(')
		return true;
	take(s, d);
	while (value_of(d->c) < 36 || d->c == '_')
		take(s, d);
	if (d->c != ')')
		return false;
	take(s, d);
	return true;
}

static bool
scan_digits(struct scan *s, struct digits *d)
{
	bool any = false, hex = false;
	if (d->c == '0') {
		any = true;
		take(s, d);
		if (d->c == 'x' || d->c == 'X') {
			hex = true;
			take(s, d);
		}
	}
	int base = hex ? 16 : 10;
	for (; value_of(d->c) < base; any = true)
		take(s, d);
	if (d->c == '.') {
		take(s, d);
		for (; value_of(d->c) < base; any = true)
			take(s, d);
	}
	if (any && (d->c | 0x20) == (hex ? 'p' : 'e')) {
		take(s, d);
		if (d->c == '+' || d->c == '-')
			take(s, d);
		while (value_of(d->c) < 10)
			take(s, d);
	}
	return any;
}

static int
scan_float(struct scan *s)
{
	struct digits d;
	bool good;
	if (skip_space(s) == ENDED)
		return ENDED;
	begin(s, &d);
	if (d.c == '-' || d.c == '+')
		take(s, &d);
	if (d.c >= 0 && strchr("iInN", d.c))
		good = scan_special(s, &d);
	else
		good = scan_digits(s, &d);
	unget(s, d.c);
	if (!good)
		return FAILED;
	if (s->suppress)
		return 0;
	d.text[d.n] = 0;
	void *p = (void *)(uintptr_t)*s->args++;
	if (s->size == SIZE_LONG || s->size == SIZE_8)
		*(double *)p = strtod(d.text, NULL);
	else
		*(float *)p = strtof(d.text, NULL);
	return 1;
}

/* -- text ---------------------------------------------------------------------- */

struct set {
	bool negated;
	const void *from, *to; /* in the format, between the brackets */
};

static uint32_t
unit_at(const struct scan *s, const void *p)
{
	return s->in->wide ? *(const WCHAR *)p : *(const unsigned char *)p;
}

static bool
in_set(const struct scan *s, const struct set *set, uint32_t c)
{
	size_t unit = s->in->wide ? 2 : 1;
	for (const char *p = set->from; p < (const char *)set->to; p += unit) {
		uint32_t a = unit_at(s, p);
		if (p + 2 * unit < (const char *)set->to && unit_at(s, p + unit) == '-') {
			uint32_t b = unit_at(s, p + 2 * unit);
			if (a > b) {
				uint32_t swap = a;
				a = b;
				b = swap;
			}
			if (c >= a && c <= b)
				return !set->negated;
			p += 2 * unit;
		} else if (c == a) {
			return !set->negated;
		}
	}
	return set->negated;
}

static bool
read_set(struct scan *s, struct set *set)
{
	set->negated = peek(s) == '^';
	if (set->negated)
		skip(s);
	set->from = s->at;
	if (peek(s) == ']')
		skip(s);
	while (peek(s) != ']') {
		if (peek(s) == 0)
			return false;
		skip(s);
	}
	set->to = s->at;
	skip(s);
	return true;
}

/* Where text goes: units of its own width, `room` of them when that is checked. */
struct target {
	bool wide;
	char *at;
	uint64_t room;
	char partial[4]; /* bytes of a character that is not whole yet */
	size_t have;
};

static bool
store(struct scan *s, struct target *t, int c)
{
	char bytes[4];
	WCHAR units[2];
	const void *from = units;
	int n = 1;
	if (s->suppress)
		return true;
	if (t->wide == s->in->wide) {
		units[0] = (WCHAR)c;
		bytes[0] = (char)c;
		if (!t->wide)
			from = bytes;
	} else if (t->wide) {
		uint32_t point;
		t->partial[t->have++] = (char)c;
		int used = crt_decode(s->locale->codepage, t->partial, t->have, &point);
		if (used == -2 && t->have < 4)
			return true;
		n = crt_encode16(used < 0 ? '?' : point, units);
		t->have = 0;
	} else {
		n = crt_encode(s->locale->codepage, (uint32_t)c, bytes);
		if (n < 0) {
			bytes[0] = '?';
			n = 1;
		}
		from = bytes;
	}
	if (t->room < (uint64_t)n)
		return false;
	t->room -= (uint64_t)n;
	memcpy(t->at, from, (size_t)n * (t->wide ? 2 : 1));
	t->at += (size_t)n * (t->wide ? 2 : 1);
	return true;
}

/* kind: 'c', 's' or '['. */
static int
scan_text(struct scan *s, char kind, bool wide, const struct set *set)
{
	struct target t = { .wide = wide, .room = UINT64_MAX };
	int left = s->width ? s->width : kind == 'c' ? 1 : INT32_MAX, c = 0, n = 0;
	char *start;
	if (kind == 's' && skip_space(s) == ENDED)
		return ENDED;
	if (!s->suppress) {
		t.at = (char *)(uintptr_t)*s->args++;
		if (s->options & CRT_SCAN_SECURE) {
			t.room = (uint32_t)*s->args++;
			if (kind != 'c' && t.room > 0)
				t.room--; /* of its zero */
		}
	}
	start = t.at;
	for (; left > 0; left--, n++) {
		c = get(s);
		if (c < 0)
			break;
		if (kind == 's'   ? is_space(s, c)
		    : kind == '[' ? !in_set(s, set, (uint32_t)c)
		                  : false) {
			unget(s, c);
			break;
		}
		if (!store(s, &t, c)) {
			if (start)
				memset(start, 0, wide ? 2 : 1);
			crt_thread.error = ENOMEM;
			return FAILED;
		}
	}
	if (n == 0 || (kind == 'c' && left > 0 && s->width == 0))
		return c < 0 ? ENDED : FAILED;
	if (s->suppress)
		return 0;
	if (kind != 'c')
		memset(t.at, 0, wide ? 2 : 1);
	return 1;
}

/* -- the format ---------------------------------------------------------------- */

static void
size(struct scan *s)
{
	s->size = SIZE_NONE;
	for (;; skip(s))
		switch (peek(s)) {
		case 'h': s->size = s->size == SIZE_SHORT ? SIZE_CHAR : SIZE_SHORT; break;
		case 'l': s->size = s->size == SIZE_LONG ? SIZE_8 : SIZE_LONG; break;
		case 'L': s->size = SIZE_8; break;
		case 'w': s->size = SIZE_WIDE; break;
		case 'j':
		case 'z':
		case 't': s->size = SIZE_8; break;
		case 'I': {
			skip(s);
			const void *start = s->at;
			uint32_t a = peek(s);
			s->size = SIZE_8;
			if (a == '6' || a == '3') {
				skip(s);
				if (peek(s) == (a == '6' ? '4' : '2')) {
					s->size = a == '6' ? SIZE_8 : SIZE_NONE;
					break;
				}
			}
			s->at = start;
			return;
		}
		default: return;
		}
}

static bool
is_wide(const struct scan *s, bool other)
{
	if (s->size == SIZE_SHORT)
		return false;
	if (s->size == SIZE_LONG || s->size == SIZE_WIDE)
		return true;
	if (!s->in->wide)
		return other;
	return s->options & CRT_SCAN_LEGACY_WIDE ? !other : other;
}

static int
conversion(struct scan *s)
{
	uint32_t c = peek(s);
	struct set set;
	if (c == 0)
		return FAILED;
	skip(s);
	switch (c) {
	case 'd': return scan_integer(s, 10, true);
	case 'i': return scan_integer(s, 0, true);
	case 'u': return scan_integer(s, 10, false);
	case 'o': return scan_integer(s, 8, false);
	case 'x':
	case 'X': return scan_integer(s, 16, false);
	case 'p': s->size = SIZE_8; return scan_integer(s, 16, false);
	case 'e':
	case 'E':
	case 'f':
	case 'F':
	case 'g':
	case 'G':
	case 'a':
	case 'A': return scan_float(s);
	case 'c':
	case 'C': return scan_text(s, 'c', is_wide(s, c == 'C'), NULL);
	case 's':
	case 'S': return scan_text(s, 's', is_wide(s, c == 'S'), NULL);
	case '[': return read_set(s, &set) ? scan_text(s, '[', is_wide(s, false), &set) : FAILED;
	case 'n':
		if (!s->suppress) {
			void *p = (void *)(uintptr_t)*s->args++;
			if (s->size == SIZE_8)
				*(int64_t *)p = s->read;
			else if (s->size == SIZE_SHORT)
				*(int16_t *)p = (int16_t)s->read;
			else
				*(int32_t *)p = (int32_t)s->read;
		}
		return 0;
	default: return FAILED;
	}
}

int
crt_scan(struct crt_in *in, uint64_t options, const void *format, const struct crt_locale *l,
         const uint64_t *args)
{
	struct scan s = { .in = in, .locale = l, .options = options, .at = format, .args = args };
	int assigned = 0, converted = 0, r;
	for (uint32_t c; (c = peek(&s)) != 0;) {
		if (is_space(&s, (int)c)) {
			skip(&s);
			skip_space(&s);
			continue;
		}
		skip(&s);
		if (c == '%' && peek(&s) == '%') {
			skip(&s);
			skip_space(&s);
		} else if (c == '%') {
			s.suppress = peek(&s) == '*';
			if (s.suppress)
				skip(&s);
			for (s.width = 0; (c = peek(&s)) >= '0' && c <= '9'; skip(&s))
				if (s.width < 100000000)
					s.width = s.width * 10 + (int)(c - '0');
			size(&s);
			r = conversion(&s);
			if (r == ENDED)
				return converted ? assigned : -1;
			if (r < 0)
				return assigned;
			assigned += r;
			converted++;
			continue;
		}
		int got = get(&s);
		if (got < 0)
			return converted ? assigned : -1;
		if (got != (int)c) {
			unget(&s, got);
			return assigned;
		}
	}
	return assigned;
}
