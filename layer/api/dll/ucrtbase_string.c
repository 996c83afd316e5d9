/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"
#include "layer/api/nt/text/nls.h"

#include <stdlib.h>
#include <string.h>

static inline char
lower(const struct crt_locale *l, char c)
{
	return (char)l->lower[(unsigned char)c];
}

static inline char
upper(const struct crt_locale *l, char c)
{
	return (char)l->upper[(unsigned char)c];
}

static int
collate(const struct crt_locale *l, const char *a, size_t n, const char *b, size_t m, bool caseless)
{
	if (!l->bcp[CRT_LC_COLLATE][0]) {
		for (size_t i = 0; i < n && i < m; i++) {
			int x = (unsigned char)(caseless ? lower(l, a[i]) : a[i]);
			int y = (unsigned char)(caseless ? lower(l, b[i]) : b[i]);
			if (x != y)
				return x < y ? -1 : 1;
		}
		return n < m ? -1 : n > m;
	}
	WCHAR *x = calloc(n + 1, sizeof *x), *y = calloc(m + 1, sizeof *y);
	int r = INT32_MAX;
	if (x && y) {
		int i = nls_decode(l->codepage, 0, a, (int)n, x, (int)n);
		int j = nls_decode(l->codepage, 0, b, (int)m, y, (int)m);
		r = nls_collate(caseless ? 1 /* NORM_IGNORECASE */ : 0, x, i < 0 ? 0 : (size_t)i, y,
		                j < 0 ? 0 : (size_t)j);
	}
	free(x);
	free(y);
	return r;
}

static size_t
transform(const struct crt_locale *l, char *d, const char *s, size_t length, size_t n)
{
	if (!l->bcp[CRT_LC_COLLATE][0]) {
		if (length < n)
			memcpy(d, s, length + 1);
		else if (n > 0)
			d[0] = 0;
		return length;
	}
	WCHAR *x = calloc(length + 1, sizeof *x);
	if (!x)
		return INT32_MAX;
	int i = nls_decode(l->codepage, 0, s, (int)length, x, (int)length);
	size_t need = nls_sort_key(0, x, i < 0 ? 0 : (size_t)i, (BYTE *)d, d ? n : 0);
	free(x);
	/* the key has its final zero in it */
	if (need > n && n > 0)
		d[0] = 0;
	return need > 0 ? need - 1 : 0;
}

#define UNIT               char
#define NAME(narrow, wide) ucrtbase_##narrow
#define LOWER(l, c)        (unsigned char)lower(l, c)
#define UPPER(l, c)        upper(l, c)
#define LENGTH(s)          strlen(s)
#define COLLATE            collate
#define TRANSFORM          transform
#include "layer/api/dll/ucrtbase_string.inc"

WINAPI char *
ucrtbase_strtok(char *s, const char *set)
{
	REQUIRE(set, NULL);
	return ucrtbase_token(s, set, &crt_thread.strtok);
}

WINAPI int
ucrtbase__memicmp_l(const void *a, const void *b, size_t n, const struct crt_locale_pointers *l)
{
	const struct crt_locale *locale = crt_locale_of(l);
	const unsigned char *p = a, *q = b;
	REQUIRE((a && b) || n == 0, INT32_MAX);
	for (size_t i = 0; i < n; i++)
		if (locale->lower[p[i]] != locale->lower[q[i]])
			return locale->lower[p[i]] - locale->lower[q[i]];
	return 0;
}

WINAPI int
ucrtbase__memicmp(const void *a, const void *b, size_t n)
{
	return ucrtbase__memicmp_l(a, b, n, NULL);
}

WINAPI int
ucrtbase_memcpy_s(void *d, size_t room, const void *s, size_t n)
{
	if (n == 0)
		return 0;
	REQUIRE(d, EINVAL);
	if (!s || room < n) {
		memset(d, 0, room);
		return crt_invalid(s ? ERANGE : EINVAL);
	}
	memcpy(d, s, n);
	return 0;
}

WINAPI int
ucrtbase_memmove_s(void *d, size_t room, const void *s, size_t n)
{
	if (n == 0)
		return 0;
	REQUIRE(d && s, EINVAL);
	if (room < n)
		return crt_invalid(ERANGE);
	memmove(d, s, n);
	return 0;
}

WINAPI void
ucrtbase__swab(char *from, char *to, int n)
{
	if (!from || !to || n < 0) {
		crt_invalid(EINVAL);
		return;
	}
	for (; n > 1; n -= 2, from += 2, to += 2) {
		char a = from[0], b = from[1];
		to[0] = b;
		to[1] = a;
	}
}

WINAPI size_t
ucrtbase___strncnt(const char *s, size_t n)
{
	return strnlen(s, n);
}
