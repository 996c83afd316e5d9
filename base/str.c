/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

static void
room(struct str *s, size_t more)
{
	if (s->cap - s->n > more)
		return;
	size_t cap = s->cap ? s->cap : 64;
	while (cap - s->n <= more)
		cap *= 2;
	s->p = xrealloc(s->p, cap);
	s->cap = cap;
}

void
str_addn(struct str *s, const void *bytes, size_t n)
{
	room(s, n);
	if (n)
		memcpy(s->p + s->n, bytes, n);
	s->n += n;
	s->p[s->n] = '\0';
}

void
str_add(struct str *s, const char *text)
{
	str_addn(s, text, strlen(text));
}

void
str_addc(struct str *s, char c)
{
	str_addn(s, &c, 1);
}

void
str_printf(struct str *s, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	room(s, (size_t)n);
	va_start(ap, fmt);
	vsnprintf(s->p + s->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	s->n += (size_t)n;
}

void
str_cut(struct str *s, size_t n)
{
	if (n < s->n) {
		s->n = n;
		s->p[n] = '\0';
	}
}

const char *
str_text(const struct str *s)
{
	return s->p ? s->p : "";
}

char *
str_take(struct str *s)
{
	char *p = s->p ? s->p : xstrdup("");
	*s = (struct str){ 0 };
	return p;
}

void
str_free(struct str *s)
{
	free(s->p);
	*s = (struct str){ 0 };
}

bool
str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), k = strlen(suffix);
	return n >= k && memcmp(s + n - k, suffix, k) == 0;
}

/* Bytes of the UTF-8 character at p (Unicode 15, table 3-7), 0 if it is none. */
static size_t
utf8(const unsigned char *p)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	for (size_t i = 1; i < n; i++, low = 0x80, high = 0xbf)
		if (p[i] < low || p[i] > high) /* also the final zero */
			return 0;
	return n;
}

void
str_printable(char *s)
{
	unsigned char *p = (unsigned char *)s;

	while (*p) {
		size_t n = utf8(p);
		/* U+0080 to U+009F are controls to a terminal as well. */
		bool control = *p < 0x20 || *p == 0x7f || (*p == 0xc2 && n == 2 && p[1] < 0xa0);
		if (n == 0 || control) {
			*p = *p == '\n' || *p == '\t' ? ' ' : '?';
			n = 1;
		}
		p += n;
	}
}

bool
str_u64(const char *s, uint64_t max, uint64_t *out)
{
	char *end;

	if (!isdigit((unsigned char)*s))
		return false;
	errno = 0;
	unsigned long long v = strtoull(s, &end, 10);
	if (errno || *end || v > max)
		return false;
	*out = v;
	return true;
}

bool
str_i64(const char *s, int64_t min, int64_t max, int64_t *out)
{
	char *end;

	if (!isdigit((unsigned char)*s) && !(*s == '-' && isdigit((unsigned char)s[1])))
		return false;
	errno = 0;
	long long v = strtoll(s, &end, 10);
	if (errno || *end || v < min || v > max)
		return false;
	*out = v;
	return true;
}

/* A decimal number at *s ("12", "1.5"); *s moves behind it. */
static bool
number(const char **s, double *v)
{
	char *end;

	if (!isdigit((unsigned char)**s))
		return false;
	*v = strtod(*s, &end);
	/* strtod would take "0x1p3", "1e9", "inf"; a size has none of them. */
	for (const char *p = *s; p < end; p++)
		if (!isdigit((unsigned char)*p) && *p != '.')
			return false;
	*s = end;
	return true;
}

bool
str_size(const char *s, uint64_t *bytes)
{
	static const char unit[] = "bkmgtp";
	double v;

	if (!number(&s, &v))
		return false;
	if (*s) {
		const char *u = strchr(unit, tolower((unsigned char)*s));
		if (!u)
			return false;
		v *= (double)(UINT64_C(1) << (10 * (u - unit)));
		s++;
		if (u > unit) {
			if (tolower((unsigned char)*s) == 'i')
				s++;
			if (tolower((unsigned char)*s) == 'b')
				s++;
		}
		if (*s)
			return false;
	}
	if (!(v < 9e18))
		return false;
	*bytes = (uint64_t)v;
	return true;
}

bool
str_duration(const char *s, int64_t *ns)
{
	static const struct {
		const char *name;
		double ns;
	} unit[] = {
		{ "ns", 1 },  { "us", 1e3 }, { "ms", 1e6 },
		{ "s", 1e9 }, { "m", 60e9 }, { "h", 3600e9 },
	};
	double total = 0, v;

	if (!*s)
		return false;
	while (*s) {
		if (!number(&s, &v))
			return false;
		size_t k = 0;
		while (isalpha((unsigned char)s[k]))
			k++;
		if (k == 0 && !*s) {
			total += v * 1e9;
			break;
		}
		size_t i = 0, n = sizeof unit / sizeof unit[0];
		while (i < n && (strlen(unit[i].name) != k || memcmp(unit[i].name, s, k) != 0))
			i++;
		if (i == n)
			return false;
		total += v * unit[i].ns;
		s += k;
	}
	if (!(total < 9e18))
		return false;
	*ns = (int64_t)total;
	return true;
}

uint64_t
str_hash(const char *text, uint64_t before)
{
	for (; *text; text++)
		before = (before ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return before;
}

const char *
str_human(uint64_t bytes, char buf[16])
{
	static const char unit[] = "BKMGTPE";
	double v = (double)bytes;
	int i = 0;

	while (v >= 1024 && unit[i + 1]) {
		v /= 1024;
		i++;
	}
	if (i == 0)
		snprintf(buf, 16, "%dB", (int)bytes);
	else
		snprintf(buf, 16, v < 10 ? "%.1f%c" : "%.0f%c", v, unit[i]);
	return buf;
}
