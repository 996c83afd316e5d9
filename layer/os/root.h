/* root.h -- the container's root becomes "/".
 *
 * Runs in the child, in its own mount namespace.  The overlay of a machine is
 * mounted there and nowhere else: the host never sees it, and it goes with the
 * namespace, however that ends.
 */
#ifndef LAYER_OS_ROOT_H
#define LAYER_OS_ROOT_H

#include "base/err.h"

struct guest;

/* Mount the root and stand in it.  ENOTSUP: this kernel or this folder
 * refuses an overlay here; flatten and call root_flat. */
int root_mount(const struct guest *g, struct err *e);
int root_flat(const struct guest *g, struct err *e);

/* Make where we stand the root: no path leads out of it any more, whatever
 * links the image has.  The host's root (`host_root`, opened before) stays
 * mounted in our namespace until root_leave: the kernel shows proc and sysfs
 * only where one is in sight. */
int root_enter(struct err *e);
int root_leave(const struct guest *g, int host_root, struct err *e);

#endif
