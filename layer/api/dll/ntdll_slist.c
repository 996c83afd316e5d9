/* SPDX-License-Identifier: Apache-2.0 */
/* ntdll_slist.c -- interlocked lists: SLIST_HEADER of x64 is Depth:16, Sequence:48, then
 * Reserved:4, NextEntry:60 (the address over 16), changed with cmpxchg16b. */
#include "layer/api/dll/dll.h"

struct SLIST_ENTRY {
	struct SLIST_ENTRY *Next;
};

struct SLIST_HEADER {
	uint64_t low, high;
};

static inline bool
exchange(struct SLIST_HEADER *h, struct SLIST_HEADER *was, uint64_t low, uint64_t high)
{
	bool done;

	__asm__ volatile("lock cmpxchg16b %1"
	                 : "=@ccz"(done), "+m"(*h), "+a"(was->low), "+d"(was->high)
	                 : "b"(low), "c"(high)
	                 : "memory");
	return done;
}

static inline struct SLIST_HEADER
look(struct SLIST_HEADER *h)
{
	struct SLIST_HEADER v;

	/* in this order: a change between the two is seen by the exchange */
	v.low = __atomic_load_n(&h->low, __ATOMIC_ACQUIRE);
	v.high = __atomic_load_n(&h->high, __ATOMIC_ACQUIRE);
	return v;
}

static inline struct SLIST_ENTRY *
first(const struct SLIST_HEADER *v)
{
	return (struct SLIST_ENTRY *)(v->high & ~UINT64_C(15));
}

/* The depth changes by `by`, the sequence by one. */
static inline uint64_t
next_low(uint64_t low, int by)
{
	return ((low & 0xffff) + (uint64_t)by) % 0x10000 + ((low & ~UINT64_C(0xffff)) + 0x10000);
}

WINAPI void
ntdll_RtlInitializeSListHead(struct SLIST_HEADER *h)
{
	h->low = h->high = 0;
}

WINAPI struct SLIST_ENTRY *
ntdll_RtlFirstEntrySList(const struct SLIST_HEADER *h)
{
	return first(h);
}

WINAPI struct SLIST_ENTRY *
ntdll_RtlInterlockedPushListSListEx(struct SLIST_HEADER *h, struct SLIST_ENTRY *list,
                                    struct SLIST_ENTRY *end, ULONG n)
{
	struct SLIST_HEADER v = look(h);

	do
		end->Next = first(&v);
	while (!exchange(h, &v, next_low(v.low, (int)(n & 0xffff)), (uintptr_t)list));
	return first(&v);
}

WINAPI struct SLIST_ENTRY *
ntdll_RtlInterlockedPushEntrySList(struct SLIST_HEADER *h, struct SLIST_ENTRY *e)
{
	return ntdll_RtlInterlockedPushListSListEx(h, e, e, 1);
}

WINAPI struct SLIST_ENTRY *
ntdll_RtlInterlockedPopEntrySList(struct SLIST_HEADER *h)
{
	struct SLIST_HEADER v = look(h);
	struct SLIST_ENTRY *e;

	do {
		e = first(&v);
		if (!e)
			return NULL;
	} while (!exchange(h, &v, next_low(v.low, -1),
	                   (uintptr_t)__atomic_load_n(&e->Next, __ATOMIC_RELAXED)));
	return e;
}

WINAPI struct SLIST_ENTRY *
ntdll_RtlInterlockedFlushSList(struct SLIST_HEADER *h)
{
	struct SLIST_HEADER v = look(h);

	do
		if (!first(&v))
			return NULL;
	while (!exchange(h, &v, (v.low & ~UINT64_C(0xffff)) + 0x10000, 0));
	return first(&v);
}

WINAPI USHORT
ntdll_RtlQueryDepthSList(const struct SLIST_HEADER *h)
{
	return (USHORT)__atomic_load_n(&h->low, __ATOMIC_RELAXED);
}
