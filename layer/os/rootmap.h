/* rootmap.h -- the layers of an image, shown with other owners.
 *
 * Layers on disk belong to the numbers that the image names.  A container in a
 * user namespace of root's making sees them through id-mapped mounts, so one
 * copy serves every mapping (mount_setattr(2), MOUNT_ATTR_IDMAP).
 */
#ifndef LAYER_OS_ROOTMAP_H
#define LAYER_OS_ROOTMAP_H

#include "base/err.h"

struct guest;

/* Make the overlay root of g with its owners mapped, as a detached mount in
 * g->root.mount.  Leaves it at -1 where the file system has no such mounts:
 * the child then tries without. */
int rootmap(struct guest *g, struct err *e);

#endif
