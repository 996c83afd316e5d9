/* save.h -- a store as chunks of a snapshot, and back (core/snap.h).
 *
 * Nothing in it is of this host: functions are numbers, heap references are
 * offsets, a type is said by the module that defines it, and a frame is what the
 * specification calls one: a function, a place in its bytes, its locals and its
 * operands.  Whoever loads has the same modules; their bytes are not in it.
 */
#ifndef LAYER_LANG_SAVE_H
#define LAYER_LANG_SAVE_H

#include "core/snap.h"
#include "layer/lang/guest.h"
#include "layer/lang/store.h"

/* Every thread must be at rest, and in no function that the host called back. */
int save_store(struct wasm_store *s, struct snap *snap, struct err *e);

/* What the loader must provide: the module of an instance, and a host function
 * by the name that it was made with (store_host must append it to s). */
struct save_world {
	struct module *(*module)(void *ctx, uint32_t instance, const char *name);
	struct func *(*host)(void *ctx, struct wasm_store *s, const char *name, uint32_t type,
	                     struct err *e);
	void *ctx;
};

/* A new store with all that was saved; NULL with e filled. */
struct wasm_store *save_load(struct snap *snap, const struct store_limits *l,
                             const struct save_world *w, struct err *e);

/* The whole guest. */
int guest_save(struct guest *g, struct snap *s, struct err *e);
int guest_load(struct guest *g, struct snap *s, struct err *e);

#endif
