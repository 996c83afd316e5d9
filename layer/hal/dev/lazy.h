/* lazy.h -- RAM that comes out of a snapshot when it is wanted.
 *
 * A restored guest goes on at once: each page that it, or a device, looks at for the
 * first time is read from the snapshot's file by a thread that answers page faults
 * (userfaultfd(2), only for faults of ours, which needs no rights).  What is never
 * looked at stays in the file.
 */
#ifndef LAYER_HAL_DEV_LAZY_H
#define LAYER_HAL_DEV_LAZY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/pages.h"
#include "layer/hal/dev/bus.h"

struct lazy;

/* Give b->ram, which is all zero, the pages of p; b->lazy is set.  `damaged` is called
 * once, by the thread, when a page cannot be read: the guest saw zeros and must not go on.
 * false: this host cannot do that, and p is still the caller's. */
bool lazy_begin(struct bus *b, struct pages *p, void (*damaged)(void *ctx), void *ctx);
/* At rest: what did not come stays away; b->lazy is NULL.  It may be NULL before. */
void lazy_end(struct bus *b);

/* Was a page damaged?  -1 and the error. */
int lazy_error(struct lazy *l, struct err *e);

/* Pages are zero now, whatever the snapshot has: n bytes at an offset into RAM. */
int lazy_discard(struct lazy *l, uint64_t at, uint64_t n);

#endif
