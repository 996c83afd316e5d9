/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_memory.c -- memory and plain strings, the hot ones.
 *
 * They are called with Microsoft's convention, where xmm6 to xmm15 belong to the caller: the
 * C library's own, which use them, would have to be wrapped by ten saves.  These need only
 * xmm0 to xmm5, and nothing else is called.  Reading whole aligned blocks of 16 bytes around
 * a string never leaves its pages.
 */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"

#include <emmintrin.h>

/* The compiler must not make calls of memcpy() and strlen() out of these loops. */
#pragma GCC optimize("no-tree-loop-distribute-patterns")

enum { STRING_MOVE = 1024 }; /* from here the processor's own copying is the fastest */

static inline __m128i
load(const void *p)
{
	return _mm_loadu_si128((const __m128i_u *)p);
}

static inline void
store(void *p, __m128i v)
{
	_mm_storeu_si128((__m128i_u *)p, v);
}

/* Up to 64 bytes: all is read before anything is written. */
static inline void
move_few(char *d, const char *s, size_t n)
{
	if (n > 32) {
		__m128i a = load(s), b = load(s + 16), c = load(s + n - 32), e = load(s + n - 16);
		store(d, a);
		store(d + 16, b);
		store(d + n - 32, c);
		store(d + n - 16, e);
	} else if (n >= 16) {
		__m128i a = load(s), b = load(s + n - 16);
		store(d, a);
		store(d + n - 16, b);
	} else if (n >= 8) {
		uint64_t a, b;
		__builtin_memcpy(&a, s, 8);
		__builtin_memcpy(&b, s + n - 8, 8);
		__builtin_memcpy(d, &a, 8);
		__builtin_memcpy(d + n - 8, &b, 8);
	} else if (n >= 4) {
		uint32_t a, b;
		__builtin_memcpy(&a, s, 4);
		__builtin_memcpy(&b, s + n - 4, 4);
		__builtin_memcpy(d, &a, 4);
		__builtin_memcpy(d + n - 4, &b, 4);
	} else if (n > 0) {
		char a = s[0], b = s[n / 2], c = s[n - 1];
		d[0] = a;
		d[n / 2] = b;
		d[n - 1] = c;
	}
}

WINAPI void *
ucrtbase_memmove(void *to, const void *from, size_t n)
{
	char *d = to;
	const char *s = from;
	if (n <= 64) {
		move_few(d, s, n);
	} else if ((size_t)(d - s) >= n) { /* forwards, which is right unless d is inside s */
		if (n >= STRING_MOVE && (size_t)(s - d) >= 64) {
			void *copy = d;
			__asm__ volatile("rep movsb" : "+D"(copy), "+S"(s), "+c"(n)::"memory");
			return to;
		}
		__m128i e0 = load(s + n - 64), e1 = load(s + n - 48), e2 = load(s + n - 32),
		        e3 = load(s + n - 16);
		char *end = d + n;
		for (; n > 64; n -= 64, s += 64, d += 64) {
			__m128i a = load(s), b = load(s + 16);
			store(d, a);
			a = load(s + 32);
			store(d + 16, b);
			b = load(s + 48);
			store(d + 32, a);
			store(d + 48, b);
		}
		store(end - 64, e0);
		store(end - 48, e1);
		store(end - 32, e2);
		store(end - 16, e3);
	} else {
		__m128i b0 = load(s), b1 = load(s + 16), b2 = load(s + 32), b3 = load(s + 48);
		for (; n > 64; n -= 64) {
			__m128i a = load(s + n - 16), b = load(s + n - 32);
			store(d + n - 16, a);
			a = load(s + n - 48);
			store(d + n - 32, b);
			b = load(s + n - 64);
			store(d + n - 48, a);
			store(d + n - 64, b);
		}
		store(d, b0);
		store(d + 16, b1);
		store(d + 32, b2);
		store(d + 48, b3);
	}
	return to;
}

WINAPI void *
ucrtbase_memset(void *to, int c, size_t n)
{
	char *d = to;
	__m128i v = _mm_set1_epi8((char)c);
	if (n >= 64) {
		if (n >= STRING_MOVE) {
			void *copy = d;
			__asm__ volatile("rep stosb" : "+D"(copy), "+c"(n) : "a"(c) : "memory");
			return to;
		}
		char *end = d + n;
		for (; n > 64; n -= 64, d += 64) {
			store(d, v);
			store(d + 16, v);
			store(d + 32, v);
			store(d + 48, v);
		}
		store(end - 64, v);
		store(end - 48, v);
		store(end - 32, v);
		store(end - 16, v);
	} else if (n >= 16) {
		store(d, v);
		store(d + n - 16, v);
		if (n > 32) {
			store(d + 16, v);
			store(d + n - 32, v);
		}
	} else {
		uint64_t word = (unsigned char)c * 0x0101010101010101ull;
		if (n >= 8) {
			__builtin_memcpy(d, &word, 8);
			__builtin_memcpy(d + n - 8, &word, 8);
		} else if (n >= 4) {
			__builtin_memcpy(d, &word, 4);
			__builtin_memcpy(d + n - 4, &word, 4);
		} else if (n > 0) {
			d[0] = d[n / 2] = d[n - 1] = (char)c;
		}
	}
	return to;
}

static inline unsigned
unequal(const void *a, const void *b)
{
	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(load(a), load(b))) ^ 0xffff;
}

WINAPI int
ucrtbase_memcmp(const void *one, const void *two, size_t n)
{
	const unsigned char *a = one, *b = two;
	size_t i = 0;
	for (; i + 16 <= n; i += 16) {
		unsigned m = unequal(a + i, b + i);
		if (m) {
			i += (unsigned)__builtin_ctz(m);
			return a[i] < b[i] ? -1 : 1;
		}
	}
	for (; i < n; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

WINAPI void *
ucrtbase_memchr(const void *s, int c, size_t n)
{
	const char *p = s;
	__m128i v = _mm_set1_epi8((char)c);
	for (; n >= 16; p += 16, n -= 16) {
		unsigned m = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(load(p), v));
		if (m)
			return (char *)p + __builtin_ctz(m);
	}
	for (; n > 0; p++, n--)
		if (*p == (char)c)
			return (char *)p;
	return NULL;
}

WINAPI size_t
ucrtbase_strlen(const char *s)
{
	const char *p = (const char *)((uintptr_t)s & ~(uintptr_t)15);
	__m128i zero = _mm_setzero_si128();
	unsigned m = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(*(const __m128i *)p, zero));
	m = m >> (s - p) << (s - p);
	while (!m) {
		p += 16;
		m = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(*(const __m128i *)p, zero));
	}
	return (size_t)(p + __builtin_ctz(m) - s);
}

WINAPI size_t
ucrtbase_wcslen(const WCHAR *s)
{
	if ((uintptr_t)s & 1) {
		size_t n = 0;
		while (s[n])
			n++;
		return n;
	}
	const char *p = (const char *)((uintptr_t)s & ~(uintptr_t)15);
	__m128i zero = _mm_setzero_si128();
	unsigned m = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi16(*(const __m128i *)p, zero));
	unsigned skip = (unsigned)((const char *)s - p);
	m = m >> skip << skip;
	while (!m) {
		p += 16;
		m = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi16(*(const __m128i *)p, zero));
	}
	return (size_t)(p + __builtin_ctz(m) - (const char *)s) / 2;
}

/* c or the end, whichever is first. */
static inline const char *
find(const char *s, char c)
{
	const char *p = (const char *)((uintptr_t)s & ~(uintptr_t)15);
	__m128i zero = _mm_setzero_si128(), v = _mm_set1_epi8(c);
	__m128i b = *(const __m128i *)p;
	unsigned m = (unsigned)_mm_movemask_epi8(
	        _mm_or_si128(_mm_cmpeq_epi8(b, zero), _mm_cmpeq_epi8(b, v)));
	m = m >> (s - p) << (s - p);
	while (!m) {
		p += 16;
		b = *(const __m128i *)p;
		m = (unsigned)_mm_movemask_epi8(
		        _mm_or_si128(_mm_cmpeq_epi8(b, zero), _mm_cmpeq_epi8(b, v)));
	}
	return p + __builtin_ctz(m);
}

WINAPI char *
ucrtbase_strchr(const char *s, int c)
{
	const char *p = find(s, (char)c);
	return *p == (char)c ? (char *)p : NULL;
}

WINAPI char *
ucrtbase_strrchr(const char *s, int c)
{
	const char *last = NULL;
	for (;; s++) {
		s = find(s, (char)c);
		if (*s == (char)c)
			last = s;
		if (*s == 0)
			return (char *)last;
	}
}

WINAPI int
ucrtbase_strcmp(const char *a, const char *b)
{
	const unsigned char *p = (const unsigned char *)a, *q = (const unsigned char *)b;
	for (;;) {
		/* 16 at once where neither side can touch its next page */
		while (((uintptr_t)p & 4095) <= 4080 && ((uintptr_t)q & 4095) <= 4080) {
			__m128i x = load(p), y = load(q);
			unsigned differ =
			        (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(x, y)) ^ 0xffff;
			unsigned m = differ | (unsigned)_mm_movemask_epi8(
			                              _mm_cmpeq_epi8(x, _mm_setzero_si128()));
			if (m) {
				unsigned i = (unsigned)__builtin_ctz(m);
				return p[i] == q[i] ? 0 : p[i] < q[i] ? -1 : 1;
			}
			p += 16;
			q += 16;
		}
		if (*p != *q)
			return *p < *q ? -1 : 1;
		if (*p == 0)
			return 0;
		p++;
		q++;
	}
}

WINAPI int
ucrtbase_strncmp(const char *a, const char *b, size_t n)
{
	const unsigned char *p = (const unsigned char *)a, *q = (const unsigned char *)b;
	for (; n > 0; n--, p++, q++) {
		if (*p != *q)
			return *p < *q ? -1 : 1;
		if (*p == 0)
			return 0;
	}
	return 0;
}

WINAPI char *
ucrtbase_strcpy(char *d, const char *s)
{
	return ucrtbase_memmove(d, s, ucrtbase_strlen(s) + 1);
}

WINAPI char *
ucrtbase_strcat(char *d, const char *s)
{
	ucrtbase_strcpy(d + ucrtbase_strlen(d), s);
	return d;
}

WINAPI char *
ucrtbase_strncpy(char *d, const char *s, size_t n)
{
	size_t i = 0;
	for (; i < n && s[i]; i++)
		d[i] = s[i];
	ucrtbase_memset(d + i, 0, n - i);
	return d;
}

WINAPI char *
ucrtbase_strncat(char *d, const char *s, size_t n)
{
	char *p = d + ucrtbase_strlen(d);
	while (n-- > 0 && *s)
		*p++ = *s++;
	*p = 0;
	return d;
}

WINAPI size_t
ucrtbase_strnlen(const char *s, size_t n)
{
	const char *p = ucrtbase_memchr(s, 0, n);
	return p ? (size_t)(p - s) : n;
}

WINAPI char *
ucrtbase_strstr(const char *s, const char *what)
{
	size_t n = ucrtbase_strlen(what);
	if (n == 0)
		return (char *)s;
	for (; (s = ucrtbase_strchr(s, what[0])); s++)
		if (ucrtbase_strncmp(s, what, n) == 0)
			return (char *)s;
	return NULL;
}

WINAPI void *
ucrtbase__memccpy(void *to, const void *from, int c, size_t n)
{
	char *d = to;
	const char *s = from;
	while (n-- > 0)
		if ((*d++ = *s++) == (char)c)
			return d;
	return NULL;
}
