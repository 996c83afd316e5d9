/* xstate.h -- the parts of vector registers that CONTEXT has no place for.
 *
 * Learn: "Working with XState Context"; SDM volume 1, 13.4.  A CONTEXT whose flags have
 * CONTEXT_XSTATE is followed by a CONTEXT_EX, which says where its features are: behind a header,
 * one after the other in the order of their numbers (the compacted format).  The host keeps them
 * at places of the processor's (the standard format): behind the FXSAVE area of a signal's frame,
 * and where XRSTOR takes them from.
 */
#ifndef LAYER_API_NT_EXCEPT_XSTATE_H
#define LAYER_API_NT_EXCEPT_XSTATE_H

#include "layer/api/nt/types.h"

enum {
	XSTATE_LEGACY = 3, /* x87 and SSE, which are in CONTEXT itself */
	XSTATE_AVX = 1 << 2,
	XSTATE_AVX512 = 7 << 5, /* masks, the upper halves of 16, the other 16 */
	XSTATE_FEATURES = XSTATE_AVX | XSTATE_AVX512,
	XSTATE_SPACE = 256 + 64 + 512 + 1024, /* of them all */
	XSTATE_AREA = 2688,                   /* what XRSTOR takes: to the end of feature 7 */
};

struct CONTEXT_CHUNK {
	LONG Offset; /* from the CONTEXT_EX */
	DWORD Length;
};

struct CONTEXT_EX {
	struct CONTEXT_CHUNK All, Legacy, XState, KernelCet;
};

/* The header; the features' places follow. */
struct XSTATE {
	DWORD64 Mask;           /* features that are not as at the start */
	DWORD64 CompactionMask; /* features that have a place; bit 63 */
	DWORD64 Reserved[6];
};

/* Features beyond XSTATE_LEGACY that processor and host have. */
uint64_t xstate_enabled(void);
/* Bytes of an area with these features. */
size_t xstate_size(uint64_t features);
/* Make c one with an empty area that has room for the features, `offset` bytes behind ex, which is
 * where the context ends. */
void xstate_attach(struct CONTEXT *c, struct CONTEXT_EX *ex, struct XSTATE *area, LONG offset,
                   uint64_t features);
/* The area of a context, or NULL: it has none, or none that can be. */
struct XSTATE *xstate_of(const struct CONTEXT *c);
uint64_t xstate_features(const struct XSTATE *x); /* that have a place */
/* A feature's place, by number; NULL: it has none. */
void *xstate_feature(const struct XSTATE *x, unsigned number, DWORD *size);
/* Those of `features` that both have: where from is as at the start, to becomes that. */
void xstate_copy(struct XSTATE *to, const struct XSTATE *from, uint64_t features);

/* The frame of a signal (its fpregs; NULL is nothing): which of the features are there; from there,
 * and back. */
uint64_t xstate_there(const void *frame);
void xstate_load(struct XSTATE *x, const void *frame);
void xstate_store(const struct XSTATE *x, void *frame);
/* For XRSTOR: writes XSTATE_AREA bytes; which features it is to restore. */
uint64_t xstate_unpack(const struct XSTATE *x, void *area);

#endif
