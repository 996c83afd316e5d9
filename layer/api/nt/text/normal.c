/* SPDX-License-Identifier: Apache-2.0 */
/* normal.c -- what characters are made of, and Unicode's normalisation forms (UAX 15). */
#include <stdlib.h>

#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/text/nls_table.h"

enum { HANGUL = 0xac00, HANGUL_L = 0x1100, HANGUL_V = 0x1161, HANGUL_T = 0x11a7 };

unsigned
nls_class(uint32_t c)
{
	size_t low = 0, high = nls_table_classes;
	if (c < 0x300)
		return 0;
	while (low < high) {
		size_t mid = (low + high) / 2;
		const struct nls_class *k = &nls_table_class[mid];
		if (c < k->first)
			high = mid;
		else if (c >= k->first + k->count)
			low = mid + 1;
		else
			return k->class;
	}
	return 0;
}

static const struct nls_decomposition *
parts(uint32_t c)
{
	size_t low = 0, high = nls_table_decompositions;
	if (c < 0xa0)
		return NULL;
	while (low < high) {
		size_t mid = (low + high) / 2;
		if (nls_table_decomposition[mid].c < c)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < nls_table_decompositions && nls_table_decomposition[low].c == c)
		return &nls_table_decomposition[low];
	return NULL;
}

static size_t
split(uint32_t c, bool compat, uint32_t *out, size_t n)
{
	if (c >= HANGUL && c < HANGUL + 11172) {
		uint32_t s = c - HANGUL;
		if (n + 3 > 18)
			return n;
		out[n++] = HANGUL_L + s / 588;
		out[n++] = HANGUL_V + s % 588 / 28;
		if (s % 28)
			out[n++] = HANGUL_T + s % 28;
		return n;
	}
	const struct nls_decomposition *d = parts(c);
	if (!d || ((d->n & NLS_PART_COMPAT) && !compat)) {
		if (n < 18)
			out[n++] = c;
		return n;
	}
	const uint16_t *s = nls_table_pool + d->at;
	for (unsigned i = 0; i < (d->n & NLS_PART_LENGTH); i++) {
		uint32_t p = s[i];
		if (p >= 0xd800 && p < 0xdc00)
			p = 0x10000 + ((p & 0x3ff) << 10) + (s[++i] & 0x3ff);
		n = split(p, compat, out, n);
	}
	return n;
}

size_t
nls_decompose(uint32_t c, bool compat, uint32_t out[18])
{
	return split(c, compat, out, 0);
}

uint32_t
nls_compose(uint32_t a, uint32_t b)
{
	size_t low = 0, high = nls_table_pairs;
	if (a >= HANGUL_L && a < HANGUL_L + 19 && b >= HANGUL_V && b < HANGUL_V + 21)
		return HANGUL + ((a - HANGUL_L) * 21 + (b - HANGUL_V)) * 28;
	if (a >= HANGUL && a < HANGUL + 11172 && (a - HANGUL) % 28 == 0 && b > HANGUL_T &&
	    b < HANGUL_T + 28)
		return a + (b - HANGUL_T);
	while (low < high) {
		size_t mid = (low + high) / 2;
		const struct nls_pair *p = &nls_table_pair[mid];
		if (p->a < a || (p->a == a && p->b < b))
			low = mid + 1;
		else if (p->a == a && p->b == b)
			return p->c;
		else
			high = mid;
	}
	return 0;
}

/* Marks that follow a letter, in the order of their classes. */
static void
order(uint32_t *p, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		unsigned k = nls_class(p[i]);
		uint32_t c = p[i];
		size_t j = i;
		if (k == 0)
			continue;
		for (; j > 0 && nls_class(p[j - 1]) > k; j--)
			p[j] = p[j - 1];
		p[j] = c;
	}
}

static size_t
join(uint32_t *p, size_t n)
{
	size_t o = 0, starter = SIZE_MAX;
	unsigned last = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned k = nls_class(p[i]);
		uint32_t c;
		bool blocked = starter != SIZE_MAX && o > starter + 1 && last >= k;
		if (starter != SIZE_MAX && !blocked && (c = nls_compose(p[starter], p[i]))) {
			p[starter] = c;
			continue;
		}
		if (k == 0)
			starter = o;
		last = k;
		p[o++] = p[i];
	}
	return o;
}

WCHAR *
nls_normalize(unsigned form, const WCHAR *s, size_t n, size_t *count, size_t *bad_at)
{
	bool compat = form >= 5, compose = form == 1 || form == 5;
	size_t k = 0, o = 0, cap = n * 2 + 18;
	uint32_t *p = malloc(cap * sizeof *p);
	WCHAR *out = NULL;

	*bad_at = SIZE_MAX;
	for (size_t i = 0; p && i < n; i++) {
		uint32_t c = s[i];
		if (c >= 0xd800 && c < 0xe000) {
			if (c >= 0xdc00 || i + 1 >= n || s[i + 1] < 0xdc00 || s[i + 1] > 0xdfff) {
				*bad_at = i;
				free(p);
				return NULL;
			}
			c = 0x10000 + ((c & 0x3ff) << 10) + (s[++i] & 0x3ff);
		}
		if (k + 18 > cap) {
			uint32_t *q = realloc(p, (cap *= 2) * sizeof *p);
			if (!q)
				free(p);
			if (!(p = q))
				return NULL;
		}
		k += nls_decompose(c, compat, p + k);
	}
	if (!p)
		return NULL;
	order(p, k);
	if (compose)
		k = join(p, k);
	out = malloc((k * 2 + 1) * sizeof *out);
	for (size_t i = 0; out && i < k; i++) {
		if (p[i] >= 0x10000) {
			out[o++] = (WCHAR)(0xd7c0 + (p[i] >> 10));
			out[o++] = (WCHAR)(0xdc00 | (p[i] & 0x3ff));
		} else {
			out[o++] = (WCHAR)p[i];
		}
	}
	if (out)
		out[o] = 0;
	*count = o;
	free(p);
	return out;
}
