/* hook.h -- OCI hooks, config.md#posix-platform-hooks.
 *
 * A hook reads the container's state as JSON from its standard input, has a
 * time limit, and at the points before the start its failure is the
 * container's.  Nothing is allocated: hooks also run in the child.
 */
#ifndef LAYER_OS_HOOK_H
#define LAYER_OS_HOOK_H

#include "base/err.h"
#include "core/spec.h"

/* Run all hooks of a point in order; stop at the first that fails.  `state`
 * may be NULL.  dir is the working folder's descriptor, or -1. */
int hook_run(const struct spec *s, enum hook_point at, const char *state, int dir, struct err *e);

#endif
