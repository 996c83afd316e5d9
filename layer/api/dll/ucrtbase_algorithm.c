/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_algorithm.c -- sorting and searching, random numbers, integers. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"

#include <string.h>
#include <sys/random.h>

typedef int(WINAPI *compare)(const void *, const void *);
typedef int(WINAPI *compare_with)(void *, const void *, const void *);

/* What a comparison is called with: either kind. */
struct order {
	compare plain;
	compare_with with;
	void *context;
};

static int
ask(const struct order *o, const void *a, const void *b)
{
	return o->plain ? o->plain(a, b) : o->with(o->context, a, b);
}

static void
swap(char *a, char *b, size_t size)
{
	char t[64];
	while (size > 0) {
		size_t n = size < sizeof t ? size : sizeof t;
		memcpy(t, a, n);
		memcpy(a, b, n);
		memcpy(b, t, n);
		a += n;
		b += n;
		size -= n;
	}
}

static void
sift(char *base, size_t i, size_t n, size_t size, const struct order *o)
{
	for (size_t child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && ask(o, base + child * size, base + (child + 1) * size) < 0)
			child++;
		if (ask(o, base + i * size, base + child * size) >= 0)
			return;
		swap(base + i * size, base + child * size, size);
	}
}

static void
heap_sort(char *base, size_t n, size_t size, const struct order *o)
{
	for (size_t i = n / 2; i-- > 0;)
		sift(base, i, n, size, o);
	while (n-- > 1) {
		swap(base, base + n * size, size);
		sift(base, 0, n, size, o);
	}
}

/* Quicksort of medians, which gives up for a heap when it goes too deep; an order that is none
 * never leads outside of the array. */
static void
sort(char *base, size_t n, size_t size, const struct order *o, int depth)
{
	while (n > 8) {
		if (depth-- == 0) {
			heap_sort(base, n, size, o);
			return;
		}
		char *low = base, *mid = base + n / 2 * size, *high = base + (n - 1) * size;
		if (ask(o, mid, low) < 0)
			swap(mid, low, size);
		if (ask(o, high, mid) < 0) {
			swap(high, mid, size);
			if (ask(o, mid, low) < 0)
				swap(mid, low, size);
		}
		swap(mid, high - size, size);
		char *pivot = high - size;
		size_t i = 1, j = n - 2;
		for (;;) {
			while (i < n - 2 && ask(o, base + i * size, pivot) < 0)
				i++;
			while (j > i && ask(o, pivot, base + (j - 1) * size) < 0)
				j--;
			if (i + 1 >= j)
				break;
			swap(base + i * size, base + (j - 1) * size, size);
			i++;
			j--;
		}
		swap(base + i * size, pivot, size);
		/* the smaller part by a call, the larger one goes on here */
		size_t right = n - i - 1;
		if (i < right) {
			sort(base, i, size, o, depth);
			base += (i + 1) * size;
			n = right;
		} else {
			sort(base + (i + 1) * size, right, size, o, depth);
			n = i;
		}
	}
	for (size_t i = 1; i < n; i++)
		for (size_t j = i; j > 0 && ask(o, base + j * size, base + (j - 1) * size) < 0; j--)
			swap(base + j * size, base + (j - 1) * size, size);
}

static void
begin_sort(void *base, size_t n, size_t size, const struct order *o)
{
	int depth = 2;
	for (size_t m = n; m > 1; m /= 2)
		depth += 2;
	sort(base, n, size, o, depth);
}

WINAPI void
ucrtbase_qsort(void *base, size_t n, size_t size, compare f)
{
	struct order o = { f, NULL, NULL };
	REQUIRE((base || n == 0) && size > 0 && f, );
	begin_sort(base, n, size, &o);
}

WINAPI void
ucrtbase_qsort_s(void *base, size_t n, size_t size, compare_with f, void *context)
{
	struct order o = { NULL, f, context };
	REQUIRE((base || n == 0) && size > 0 && f, );
	begin_sort(base, n, size, &o);
}

static void *
binary(const void *key, const void *base, size_t n, size_t size, const struct order *o)
{
	const char *p = base;
	while (n > 0) {
		const char *mid = p + n / 2 * size;
		int r = ask(o, key, mid);
		if (r == 0)
			return (void *)mid;
		if (r > 0) {
			p = mid + size;
			n -= n / 2 + 1;
		} else {
			n /= 2;
		}
	}
	return NULL;
}

WINAPI void *
ucrtbase_bsearch(const void *key, const void *base, size_t n, size_t size, compare f)
{
	struct order o = { f, NULL, NULL };
	REQUIRE((base || n == 0) && size > 0 && f, NULL);
	return binary(key, base, n, size, &o);
}

WINAPI void *
ucrtbase_bsearch_s(const void *key, const void *base, size_t n, size_t size, compare_with f,
                   void *context)
{
	struct order o = { NULL, f, context };
	REQUIRE((base || n == 0) && size > 0 && f, NULL);
	return binary(key, base, n, size, &o);
}

static void *
linear(const void *key, const void *base, unsigned *n, unsigned size, const struct order *o,
       bool add)
{
	char *p = (char *)base;
	for (unsigned i = 0; i < *n; i++, p += size)
		if (ask(o, key, p) == 0)
			return p;
	if (!add)
		return NULL;
	memcpy(p, key, size);
	++*n;
	return p;
}

WINAPI void *
ucrtbase__lfind(const void *key, const void *base, unsigned *n, unsigned size, compare f)
{
	struct order o = { f, NULL, NULL };
	REQUIRE(key && n && (base || *n == 0) && size > 0 && f, NULL);
	return linear(key, base, n, size, &o, false);
}

WINAPI void *
ucrtbase__lfind_s(const void *key, const void *base, unsigned *n, size_t size, compare_with f,
                  void *context)
{
	struct order o = { NULL, f, context };
	REQUIRE(key && n && (base || *n == 0) && size > 0 && f, NULL);
	return linear(key, base, n, (unsigned)size, &o, false);
}

WINAPI void *
ucrtbase__lsearch(const void *key, void *base, unsigned *n, unsigned size, compare f)
{
	struct order o = { f, NULL, NULL };
	REQUIRE(key && n && base && size > 0 && f, NULL);
	return linear(key, base, n, size, &o, true);
}

WINAPI void *
ucrtbase__lsearch_s(const void *key, void *base, unsigned *n, size_t size, compare_with f,
                    void *context)
{
	struct order o = { NULL, f, context };
	REQUIRE(key && n && base && size > 0 && f, NULL);
	return linear(key, base, n, (unsigned)size, &o, true);
}

/* -- random numbers --------------------------------------------------------------------------- */

WINAPI void
ucrtbase_srand(unsigned seed)
{
	crt_thread.rand = seed;
	crt_thread.seeded = true;
}

WINAPI int
ucrtbase_rand(void)
{
	if (!crt_thread.seeded)
		ucrtbase_srand(1);
	crt_thread.rand = crt_thread.rand * 214013 + 2531011;
	return crt_thread.rand >> 16 & 0x7fff;
}

WINAPI int
ucrtbase_rand_s(unsigned *out)
{
	REQUIRE(out, EINVAL);
	*out = 0;
	return getrandom(out, sizeof *out, 0) == sizeof *out ? 0 : (crt_thread.error = ENOMEM);
}

/* -- integers ------------------------------------------------------------------------------------ */

WINAPI int
ucrtbase_abs(int v)
{
	return v < 0 ? (int)(0u - (unsigned)v) : v;
}

WINAPI int
ucrtbase_labs(int v)
{
	return ucrtbase_abs(v);
}

WINAPI int64_t
ucrtbase_llabs(int64_t v)
{
	return v < 0 ? (int64_t)(0ull - (uint64_t)v) : v;
}

WINAPI int64_t
ucrtbase__abs64(int64_t v)
{
	return ucrtbase_llabs(v);
}

WINAPI int64_t
ucrtbase_imaxabs(int64_t v)
{
	return ucrtbase_llabs(v);
}

struct quotient {
	int quot, rem;
};

struct quotient64 {
	int64_t quot, rem;
};

WINAPI struct quotient
ucrtbase_div(int a, int b)
{
	return (struct quotient){ a / b, a % b };
}

WINAPI struct quotient
ucrtbase_ldiv(int a, int b)
{
	return (struct quotient){ a / b, a % b };
}

WINAPI struct quotient64
ucrtbase_lldiv(int64_t a, int64_t b)
{
	return (struct quotient64){ a / b, a % b };
}

WINAPI struct quotient64
ucrtbase_imaxdiv(int64_t a, int64_t b)
{
	return (struct quotient64){ a / b, a % b };
}

WINAPI uint32_t
ucrtbase__rotl(uint32_t v, int n)
{
	n &= 31;
	return n ? v << n | v >> (32 - n) : v;
}

WINAPI uint32_t
ucrtbase__rotr(uint32_t v, int n)
{
	n &= 31;
	return n ? v >> n | v << (32 - n) : v;
}

WINAPI uint64_t
ucrtbase__rotl64(uint64_t v, int n)
{
	n &= 63;
	return n ? v << n | v >> (64 - n) : v;
}

WINAPI uint64_t
ucrtbase__rotr64(uint64_t v, int n)
{
	n &= 63;
	return n ? v >> n | v << (64 - n) : v;
}

WINAPI uint32_t
ucrtbase__lrotl(uint32_t v, int n)
{
	return ucrtbase__rotl(v, n);
}

WINAPI uint32_t
ucrtbase__lrotr(uint32_t v, int n)
{
	return ucrtbase__rotr(v, n);
}

WINAPI uint16_t
ucrtbase__byteswap_ushort(uint16_t v)
{
	return __builtin_bswap16(v);
}

WINAPI uint32_t
ucrtbase__byteswap_ulong(uint32_t v)
{
	return __builtin_bswap32(v);
}

WINAPI uint64_t
ucrtbase__byteswap_uint64(uint64_t v)
{
	return __builtin_bswap64(v);
}
