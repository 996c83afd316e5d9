/* heap.h -- structures, arrays and exceptions, collected.
 *
 * An object is an 8-byte header (type id, length) and its fields; its reference
 * is the offset from the heap's base, which never moves, so the heap can be
 * written out as it stands.  Allocation takes the next bytes; when they are used
 * up the living are copied to the other half (Cheney), so nothing dead is ever
 * visited and cycles need no care.  Objects move at a collection: whoever holds
 * a reference across one must be known to it as a root.
 *
 * A heap belongs to one store; with several threads its lock is the store's, and
 * nothing is collected until there is one again.
 */
#ifndef LAYER_LANG_HEAP_H
#define LAYER_LANG_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layer/lang/store.h"

enum { HEAP_EXCEPTION = 0xfffffe }; /* "type" of an exception object */

struct object {
	uint32_t type;   /* id, or HEAP_EXCEPTION */
	uint32_t length; /* array: elements; exception: slots behind the tag */
	/* structure: fields at their offsets; array: elements; exception: the tag's number
	 * as 8 bytes, then the slots of its parameters */
	uint8_t bytes[];
};

struct heap {
	uint8_t *base;       /* of both halves */
	uint64_t top, limit; /* offsets: next free, end of what may be used now */
	uint64_t low, high;  /* offsets: the half in use */
	uint64_t max;        /* bytes of a half at most */
	uint64_t live;       /* bytes after the last collection */
	size_t reserved;
	struct wasm_store *store; /* lent */
	uint64_t collections;
	uint64_t *starts; /* own: bit per 8 bytes where an object begins, while loading */
	/* the host's roots: handles of the embedder */
	void (*host_roots)(void *ctx, void (*visit)(void *h, uint64_t *slot), void *h);
	void *host_ctx;
};

struct heap *heap_new(struct wasm_store *s, struct err *e); /* NULL: no address space */
void heap_free(struct heap *h);

static inline struct object *
heap_object(const struct heap *h, uint64_t ref)
{
	return (struct object *)(h->base + ref);
}

/* Make room for `bytes` more; every root must be where run_roots, globals,
 * tables and segments find it.  false: out of memory. */
bool heap_collect(struct heap *h, uint64_t bytes);

/* An object of `bytes` behind its header, cleared; a collection makes room when needed.
 * 0: out of memory.  *store->heap is made. */
uint64_t heap_new_object(struct wasm_store *s, uint32_t type, uint32_t length, uint64_t bytes);

/* For save.c: the first object's reference and an object's bytes, to walk over all;
 * a heap with room for what another had; the objects that are then at low .. top
 * taken over, with their types renamed (from[i] is to[i] now).  false: they are no
 * heap.  heap_has: is there an object at this reference?  Only until heap_settle. */
uint64_t heap_first(const struct heap *h);
uint64_t heap_size(const struct object *o);
struct heap *heap_new_sized(struct wasm_store *s, uint64_t max, struct err *e);
bool heap_adopt(struct heap *h, uint64_t low, uint64_t top, const uint32_t *from,
                const uint32_t *to, uint32_t n);
bool heap_has(const struct heap *h, uint64_t ref);
void heap_settle(struct heap *h);

/* Does a reference have that heap type? (null is the caller's affair) */
bool heap_is(const struct wasm_store *s, uint64_t ref, uint32_t heaptype);

#endif
