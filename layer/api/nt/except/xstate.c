/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/except/xstate.h"

#include <cpuid.h>
#include <stdatomic.h>
#include <string.h>

/* The features by number: how large they are, everywhere. */
static const struct {
	unsigned number;
	uint16_t size;
} feature[] = { { 2, 256 }, { 5, 64 }, { 6, 512 }, { 7, 1024 } };

enum { FEATURES = sizeof feature / sizeof *feature };
enum { MAGIC = 0x46505853 }; /* FP_XSTATE_MAGIC1 of <asm/sigcontext.h> */
enum { SW_MAGIC = 464, SW_FEATURES = 472, SW_SIZE = 480 }; /* struct _fpx_sw_bytes */
enum { HEADER = 512, FIRST = 576 }; /* of the standard format; where AVX is */
static const uint64_t compacted = UINT64_C(1) << 63, asked = UINT64_C(1) << 62;

static uint64_t
ask(void)
{
	unsigned a, b, c, d, low, high;
	__cpuid(1, a, b, c, d);
	if (!(c & bit_OSXSAVE))
		return 0;
	__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	uint64_t on = low & XSTATE_FEATURES;
	return (on & XSTATE_AVX512) == XSTATE_AVX512 ? on : on & XSTATE_AVX;
}

uint64_t
xstate_enabled(void)
{
	static _Atomic uint64_t known;
	uint64_t k = atomic_load_explicit(&known, memory_order_relaxed);
	if (!k) {
		k = ask() | asked;
		atomic_store_explicit(&known, k, memory_order_relaxed);
	}
	return k & ~asked;
}

/* Where the processor has it in the standard format; 0: nowhere. */
static size_t
standard(size_t i)
{
	static _Atomic uint32_t place[FEATURES];
	unsigned a, b, c, d;
	if (!i)
		return FIRST;
	uint32_t at = atomic_load_explicit(&place[i], memory_order_relaxed);
	if (!at && xstate_enabled() >> feature[i].number & 1) {
		__cpuid_count(0xd, feature[i].number, a, b, c, d);
		at = a == feature[i].size && b >= FIRST && b <= XSTATE_AREA - a ? b : 0;
		atomic_store_explicit(&place[i], at, memory_order_relaxed);
	}
	return at;
}

size_t
xstate_size(uint64_t features)
{
	size_t n = sizeof(struct XSTATE);
	for (size_t i = 0; i < FEATURES; i++)
		n += features >> feature[i].number & 1 ? feature[i].size : 0;
	return n;
}

void
xstate_attach(struct CONTEXT *c, struct CONTEXT_EX *ex, struct XSTATE *area, LONG offset,
              uint64_t features)
{
	const LONG whole = -(LONG)sizeof *c;
	size_t size = xstate_size(features);
	memset(area, 0, size);
	area->CompactionMask = features | compacted;
	*ex = (struct CONTEXT_EX){
		.All = { whole, (DWORD)(offset - whole) + (DWORD)size },
		.Legacy = { whole, sizeof *c },
		.XState = { offset, (DWORD)size },
	};
	c->ContextFlags |= CONTEXT_XSTATE;
}

struct XSTATE *
xstate_of(const struct CONTEXT *c)
{
	const struct CONTEXT_EX *ex = (const struct CONTEXT_EX *)(c + 1);
	if ((c->ContextFlags & CONTEXT_XSTATE) != CONTEXT_XSTATE)
		return NULL;
	/* one that was copied without it has anything there */
	if (ex->Legacy.Offset != -(LONG)sizeof *c || ex->XState.Offset < (LONG)sizeof *ex - 8 ||
	    ex->XState.Offset > XSTATE_AREA || ex->XState.Offset % 8)
		return NULL;
	struct XSTATE *x = (struct XSTATE *)((char *)ex + ex->XState.Offset);
	if (ex->XState.Length < sizeof *x || !(x->CompactionMask & compacted) ||
	    ex->XState.Length < xstate_size(x->CompactionMask))
		return NULL;
	return x;
}

uint64_t
xstate_features(const struct XSTATE *x)
{
	return x->CompactionMask & XSTATE_FEATURES;
}

static char *
place(const struct XSTATE *x, size_t i)
{
	uint64_t before = xstate_features(x) & ((UINT64_C(1) << feature[i].number) - 1);
	return xstate_features(x) >> feature[i].number & 1 ? (char *)x + xstate_size(before) : NULL;
}

void *
xstate_feature(const struct XSTATE *x, unsigned number, DWORD *size)
{
	for (size_t i = 0; i < FEATURES; i++)
		if (feature[i].number == number) {
			*size = feature[i].size;
			return place(x, i);
		}
	return NULL;
}

void
xstate_copy(struct XSTATE *to, const struct XSTATE *from, uint64_t features)
{
	features &= xstate_features(to) & xstate_features(from);
	to->Mask = (to->Mask & ~features) | (from->Mask & features);
	for (size_t i = 0; i < FEATURES; i++)
		if (features & from->Mask & UINT64_C(1) << feature[i].number)
			memcpy(place(to, i), place(from, i), feature[i].size);
}

/* How large the host's area is; 0: it is none. */
static size_t
frame_size(const char *frame)
{
	uint32_t magic, size;
	if (!frame)
		return 0;
	memcpy(&magic, frame + SW_MAGIC, 4);
	memcpy(&size, frame + SW_SIZE, 4);
	return magic == MAGIC && size >= FIRST ? size : 0;
}

/* Where a feature is in an area of so many bytes; NULL: not there. */
static char *
within(char *area, size_t size, size_t i)
{
	size_t at = standard(i);
	return at && at + feature[i].size <= size ? area + at : NULL;
}

uint64_t
xstate_there(const void *frame)
{
	uint64_t enabled = 0;
	if (frame_size(frame))
		memcpy(&enabled, (const char *)frame + SW_FEATURES, 8);
	return enabled & XSTATE_FEATURES;
}

void
xstate_load(struct XSTATE *x, const void *frame)
{
	uint64_t used = 0, there = xstate_there(frame);
	size_t size = frame_size(frame);
	if (there)
		memcpy(&used, (const char *)frame + HEADER, 8);
	used &= there;
	x->Mask = 0;
	for (size_t i = 0; i < FEATURES; i++) {
		char *from = within((char *)frame, size, i), *to = place(x, i);
		if (!from || !to || !(used >> feature[i].number & 1))
			continue;
		memcpy(to, from, feature[i].size);
		x->Mask |= UINT64_C(1) << feature[i].number;
	}
}

/* Into an area of the standard format; which of them have a place there. */
static uint64_t
unpack(const struct XSTATE *x, char *area, size_t size)
{
	uint64_t present, done = 0;
	memcpy(&present, area + HEADER, 8);
	for (size_t i = 0; i < FEATURES; i++) {
		const uint64_t bit = UINT64_C(1) << feature[i].number;
		char *to = within(area, size, i), *from = place(x, i);
		if (!to || !from)
			continue;
		done |= bit;
		present &= ~bit;
		if (x->Mask & bit) {
			memcpy(to, from, feature[i].size);
			present |= bit;
		}
	}
	memcpy(area + HEADER, &present, 8);
	return done;
}

void
xstate_store(const struct XSTATE *x, void *frame)
{
	size_t size = frame_size(frame);
	if (size)
		unpack(x, frame, size);
}

uint64_t
xstate_unpack(const struct XSTATE *x, void *area)
{
	const uint32_t mxcsr = 0x1f80; /* XRSTOR looks at it: what it is comes later */
	memset(area, 0, FIRST);
	memcpy((char *)area + offsetof(struct XMM_SAVE_AREA32, MxCsr), &mxcsr, sizeof mxcsr);
	return unpack(x, area, XSTATE_AREA);
}
