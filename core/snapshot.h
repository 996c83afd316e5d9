/* snapshot.h -- the snapshots of a machine: snap/LABEL in its folder.
 *
 * A snapshot is taken at rest and seen whole or not at all.  It begins with the
 * floor that made it and the configuration that it belongs to; what follows is
 * the layer's (core/snap.h).  A label obeys machine_name_ok.
 */
#ifndef CORE_SNAPSHOT_H
#define CORE_SNAPSHOT_H

#include <jansson.h>

#include "core/layer.h"
#include "core/machine.h"

/* Can this layer come back from a snapshot?  Else the error says so. */
int snapshot_can(const struct layer *l, struct err *e);

/* Write guest g, which is at rest; an older one of that label is replaced. */
int snapshot_take(struct machine *m, const struct layer *l, struct guest *g, const char *label, struct err *e);

/* Load it into a fresh guest. */
int snapshot_load(struct machine *m, const struct layer *l, struct guest *g, const char *label, struct err *e);

/* Is it there? */
int snapshot_find(struct machine *m, const char *label, struct err *e);

/* Is it there, whole as far as can be seen at its two ends, and of this layer? */
int snapshot_check(struct machine *m, const struct layer *l, const char *label, struct err *e);

/* [{"machine": .., "label": .., "created": ns, "size": bytes}], oldest first. */
json_t *snapshot_list(struct machine *m);
int snapshot_remove(struct machine *m, const char *label, struct err *e);
/* The same snapshot for another machine of the same configuration. */
int snapshot_copy(struct machine *from, struct machine *to, const char *label, struct err *e);

/* A harsh build: save, destroy, create, load.  *g is the new guest; -1: *g is gone. */
int snapshot_anew(const struct layer *l, const struct spec *s, const struct home *h, struct guest **g,
                  struct err *e);

#endif
