/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_wstring.c -- wide strings. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"
#include "layer/api/nt/text/nls.h"

#include <string.h>

/* In the "C" locale only ASCII letters have another case. */
static inline WCHAR
lower(const struct crt_locale *l, WCHAR c)
{
	if (!l->bcp[CRT_LC_CTYPE][0])
		return c >= 'A' && c <= 'Z' ? (WCHAR)(c + 32) : c;
	return crt_ctype_lower(c);
}

static inline WCHAR
upper(const struct crt_locale *l, WCHAR c)
{
	if (!l->bcp[CRT_LC_CTYPE][0])
		return c >= 'a' && c <= 'z' ? (WCHAR)(c - 32) : c;
	return crt_ctype_upper(c);
}

static int
collate(const struct crt_locale *l, const WCHAR *a, size_t n, const WCHAR *b, size_t m,
        bool caseless)
{
	if (l->bcp[CRT_LC_COLLATE][0])
		return nls_collate(caseless ? 1 : 0, a, n, b, m);
	for (size_t i = 0; i < n && i < m; i++) {
		WCHAR x = caseless ? lower(l, a[i]) : a[i], y = caseless ? lower(l, b[i]) : b[i];
		if (x != y)
			return x < y ? -1 : 1;
	}
	return n < m ? -1 : n > m;
}

static size_t
transform(const struct crt_locale *l, WCHAR *d, const WCHAR *s, size_t length, size_t n)
{
	if (!l->bcp[CRT_LC_COLLATE][0]) {
		if (length < n)
			memcpy(d, s, (length + 1) * sizeof *d);
		else if (n > 0)
			d[0] = 0;
		return length;
	}
	size_t need = nls_sort_key(0, s, length, NULL, 0);
	if (need > n) {
		if (n > 0)
			d[0] = 0;
		return need > 0 ? need - 1 : 0;
	}
	/* bytes, spread from the end so that none is overwritten before it is read */
	nls_sort_key(0, s, length, (BYTE *)d, need);
	for (size_t i = need; i-- > 0;)
		d[i] = ((BYTE *)d)[i];
	return need > 0 ? need - 1 : 0;
}

#define UNIT               WCHAR
#define NAME(narrow, wide) ucrtbase_##wide
#define LOWER(l, c)        lower(l, c)
#define UPPER(l, c)        upper(l, c)
#define LENGTH(s)          crt_wcslen(s)
#define COLLATE            collate
#define TRANSFORM          transform
#include "layer/api/dll/ucrtbase_string.inc"

/* rest NULL: the thread's, as msvcrt's and old ucrt programs have it */
WINAPI WCHAR *
ucrtbase_wcstok(WCHAR *s, const WCHAR *set, WCHAR **rest)
{
	REQUIRE(set, NULL);
	return ucrtbase_wtoken(s, set, rest ? rest : &crt_thread.wcstok);
}

WINAPI size_t
ucrtbase_wcsnlen(const WCHAR *s, size_t n)
{
	return crt_wcsnlen(s, n);
}

WINAPI size_t
ucrtbase___wcsncnt(const WCHAR *s, size_t n)
{
	return crt_wcsnlen(s, n);
}

WINAPI WCHAR *
ucrtbase_wcscpy(WCHAR *d, const WCHAR *s)
{
	return memcpy(d, s, (crt_wcslen(s) + 1) * sizeof *s);
}

WINAPI WCHAR *
ucrtbase_wcscat(WCHAR *d, const WCHAR *s)
{
	ucrtbase_wcscpy(d + crt_wcslen(d), s);
	return d;
}

WINAPI WCHAR *
ucrtbase_wcsncpy(WCHAR *d, const WCHAR *s, size_t n)
{
	size_t i = 0;
	for (; i < n && s[i]; i++)
		d[i] = s[i];
	for (; i < n; i++)
		d[i] = 0;
	return d;
}

WINAPI WCHAR *
ucrtbase_wcsncat(WCHAR *d, const WCHAR *s, size_t n)
{
	WCHAR *p = d + crt_wcslen(d);
	while (n-- > 0 && *s)
		*p++ = *s++;
	*p = 0;
	return d;
}

WINAPI int
ucrtbase_wcscmp(const WCHAR *a, const WCHAR *b)
{
	for (; *a == *b; a++, b++)
		if (!*a)
			return 0;
	return *a < *b ? -1 : 1;
}

WINAPI int
ucrtbase_wcsncmp(const WCHAR *a, const WCHAR *b, size_t n)
{
	for (; n > 0; n--, a++, b++) {
		if (*a != *b)
			return *a - *b;
		if (!*a)
			break;
	}
	return 0;
}

WINAPI WCHAR *
ucrtbase_wcschr(const WCHAR *s, WCHAR c)
{
	for (; *s != c; s++)
		if (!*s)
			return NULL;
	return (WCHAR *)s;
}

WINAPI WCHAR *
ucrtbase_wcsrchr(const WCHAR *s, WCHAR c)
{
	const WCHAR *last = NULL;
	for (;; s++) {
		if (*s == c)
			last = s;
		if (!*s)
			return (WCHAR *)last;
	}
}

WINAPI WCHAR *
ucrtbase_wcsstr(const WCHAR *s, const WCHAR *what)
{
	size_t n = crt_wcslen(what);
	if (n == 0)
		return (WCHAR *)s;
	for (; *s; s++)
		if (*s == *what && ucrtbase_wcsncmp(s, what, n) == 0)
			return (WCHAR *)s;
	return NULL;
}

WINAPI int
ucrtbase_wmemcpy_s(WCHAR *d, size_t room, const WCHAR *s, size_t n)
{
	if (n == 0)
		return 0;
	REQUIRE(d, EINVAL);
	if (!s || room < n) {
		memset(d, 0, room * sizeof *d);
		return crt_invalid(s ? ERANGE : EINVAL);
	}
	memcpy(d, s, n * sizeof *d);
	return 0;
}

WINAPI int
ucrtbase_wmemmove_s(WCHAR *d, size_t room, const WCHAR *s, size_t n)
{
	if (n == 0)
		return 0;
	REQUIRE(d && s, EINVAL);
	if (room < n)
		return crt_invalid(ERANGE);
	memmove(d, s, n * sizeof *d);
	return 0;
}

WINAPI WCHAR
ucrtbase__towlower_l(WCHAR c, const struct crt_locale_pointers *l)
{
	return lower(crt_locale_of(l), c);
}

WINAPI WCHAR
ucrtbase__towupper_l(WCHAR c, const struct crt_locale_pointers *l)
{
	return upper(crt_locale_of(l), c);
}

WINAPI WCHAR
ucrtbase_towlower(WCHAR c)
{
	return lower(crt_locale(), c);
}

WINAPI WCHAR
ucrtbase_towupper(WCHAR c)
{
	return upper(crt_locale(), c);
}
