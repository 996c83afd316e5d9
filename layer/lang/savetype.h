/* savetype.h -- types in a snapshot: an id belongs to this process, so a type is
 * written as "type I of instance N", or, for a host's own, as what it is. */
#ifndef LAYER_LANG_SAVETYPE_H
#define LAYER_LANG_SAVETYPE_H

#include "base/buf.h"
#include "base/cur.h"
#include "layer/lang/store.h"

struct savetype {
	struct wasm_store *store; /* lent */
	uint64_t *place;          /* own: by id; instance << 32 | index, plus 1 */
	uint32_t n;
};

/* What all instances of the store define. */
void savetype_init(struct savetype *s, struct wasm_store *store);
void savetype_free(struct savetype *s);

int savetype_put(struct savetype *s, struct buf *b, uint32_t id, struct err *e);
int savetype_put_value(struct savetype *s, struct buf *b, valtype t, struct err *e);

/* modules: by instance. */
int
savetype_get(struct cur *c, struct module *const *modules, uint32_t n, uint32_t *id, struct err *e);
int savetype_get_value(struct cur *c, struct module *const *modules, uint32_t n, valtype *t,
                       struct err *e);

#endif
