/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/crypto/der.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *
grow(struct der *d, size_t n)
{
	if (n > SIZE_MAX / 4 - d->n)
		d->bad = true;
	if (d->bad)
		return NULL;
	if (!d->p || d->n + n > d->room) {
		size_t room = 2 * (d->n + n) + 64;
		uint8_t *p = malloc(room);
		if (!p) {
			d->bad = true;
			return NULL;
		}
		if (d->n)
			memcpy(p, d->p, d->n);
		if (d->p)
			explicit_bzero(d->p, d->n);
		free(d->p);
		d->p = p;
		d->room = room;
	}
	d->n += n;
	return d->p + d->n - n;
}

void
der_raw(struct der *d, const void *p, size_t n)
{
	uint8_t *to = grow(d, n);
	if (to && n)
		memcpy(to, p, n);
}

void
der_begin(struct der *d, uint8_t tag)
{
	der_raw(d, &tag, 1);
	if (d->depth == sizeof d->open / sizeof *d->open)
		d->bad = true;
	if (!d->bad)
		d->open[d->depth++] = d->n;
}

/* X.690 10.1: the length in as few bytes as it needs. */
static size_t
length(size_t n, uint8_t out[9])
{
	size_t k = 0;
	if (n < 128) {
		out[0] = (uint8_t)n;
		return 1;
	}
	for (size_t v = n; v; v >>= 8)
		k++;
	out[0] = (uint8_t)(0x80 | k);
	for (size_t i = 0; i < k; i++)
		out[1 + i] = (uint8_t)(n >> (8 * (k - 1 - i)));
	return 1 + k;
}

void
der_end(struct der *d)
{
	uint8_t text[9];
	if (d->bad || !d->depth) {
		d->bad = true;
		return;
	}
	size_t at = d->open[--d->depth], n = d->n - at, k = length(n, text);
	if (!grow(d, k))
		return;
	memmove(d->p + at + k, d->p + at, n);
	memcpy(d->p + at, text, k);
}

void
der_put(struct der *d, uint8_t tag, const void *p, size_t n)
{
	uint8_t text[9];
	size_t k = length(n, text);
	der_raw(d, &tag, 1);
	der_raw(d, text, k);
	der_raw(d, p, n);
}

void
der_integer(struct der *d, const uint8_t *p, size_t n)
{
	for (; n && !*p; p++)
		n--;
	der_begin(d, DER_INTEGER);
	if (!n || *p & 0x80)
		der_raw(d, "", 1);
	der_raw(d, p, n);
	der_end(d);
}

void
der_number(struct der *d, uint64_t v)
{
	uint8_t b[8];
	for (int i = 0; i < 8; i++)
		b[i] = (uint8_t)(v >> (56 - 8 * i));
	der_integer(d, b, sizeof b);
}

/* 7 bits a byte, the highest first. */
static void
arc(struct der *d, uint64_t v)
{
	uint8_t b[10];
	size_t k = sizeof b;
	b[--k] = v & 127;
	while (v >>= 7)
		b[--k] = (uint8_t)(0x80 | (v & 127));
	der_raw(d, b + k, sizeof b - k);
}

void
der_oid(struct der *d, const char *text)
{
	uint64_t first = 0;
	int i = 0;
	der_begin(d, DER_OID);
	for (const char *s = text; *s; i++) {
		uint64_t v = 0;
		size_t digits = 0;
		for (; *s >= '0' && *s <= '9' && digits < 18; s++, digits++)
			v = v * 10 + (uint64_t)(*s - '0');
		if (!digits || (*s && *s != '.') || (*s == '.' && !s[1]) || (i == 0 && v > 2) ||
		    (i == 1 && first < 2 && v > 39))
			break;
		if (i == 0)
			first = v;
		else
			arc(d, i == 1 ? first * 40 + v : v);
		if (!*s)
			goto whole;
		s++;
	}
	d->bad = true;
whole:
	if (i < 1)
		d->bad = true;
	der_end(d);
}

void
der_algorithm(struct der *d, const char *oid)
{
	der_begin(d, DER_SEQUENCE);
	der_oid(d, oid);
	der_put(d, DER_NULL, NULL, 0);
	der_end(d);
}

void
der_bits(struct der *d, const uint8_t *p, size_t n, unsigned unused)
{
	uint8_t rest = (uint8_t)(n ? unused & 7 : 0);
	der_begin(d, DER_BITS);
	der_raw(d, &rest, 1);
	der_raw(d, p, n);
	der_end(d);
}

void
der_time(struct der *d, int64_t t)
{
	int64_t s = t / 10000000, days = s / 86400;
	char text[24];
	s %= 86400;
	if (t < 0 || days > 3067671) { /* the end of 9999 */
		d->bad = true;
		return;
	}
	/* days of 400, 100, 4 and 1 years, from 1601 on */
	int64_t q = days / 146097, r = days % 146097;
	int64_t c = r / 36524 < 4 ? r / 36524 : 3;
	r -= c * 36524;
	int64_t f = r / 1461;
	r -= f * 1461;
	int64_t y = r / 365 < 4 ? r / 365 : 3;
	r -= y * 365;
	int64_t year = 1601 + q * 400 + c * 100 + f * 4 + y;
	bool leap = year % 4 == 0 && (year % 100 || year % 400 == 0);
	int month = 0;
	for (;; month++) {
		static const int8_t month_days[] = {
			31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
		};
		int n = month_days[month] + (month == 1 && leap);
		if (r < n)
			break;
		r -= n;
	}
	bool utc = year >= 1950 && year < 2050;
	int n = utc ? snprintf(text, sizeof text, "%02d", (int)(year % 100))
	            : snprintf(text, sizeof text, "%04d", (int)year);
	snprintf(text + n, sizeof text - (size_t)n, "%02d%02d%02d%02d%02dZ", month + 1, (int)r + 1,
	         (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
	der_put(d, utc ? DER_UTC : DER_TIME, text, strlen(text));
}

void
der_free(struct der *d)
{
	if (d->p)
		explicit_bzero(d->p, d->n);
	free(d->p);
	*d = (struct der){ 0 };
}
