/* mount.h -- the mounts of a container.
 *
 * All of these run in the child, which has its own mount namespace and has
 * already made the container's root its "/" (root.h), while the host's root
 * is still there behind it for the kernel to look at.  A destination is looked
 * up with the container's root as the top and without following magic links,
 * so that no link in an image leads out of it.
 */
#ifndef LAYER_OS_MOUNT_H
#define LAYER_OS_MOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "core/spec.h"

struct cgroup;

/* The options of one mount, taken apart. */
struct mountopt {
	uint64_t set, clear;            /* MOUNT_ATTR_* of this mount */
	uint64_t rset, rclear;          /* and of all below */
	unsigned long super;            /* MS_* of the file system */
	unsigned long propagation;      /* MS_* or 0 */
	bool bind, recursive, idmap;
	char data[2048];                /* the rest, comma separated */
};

int mount_options(char *const *options, struct mountopt *o, struct err *e);

/* Is there a row of this name?  (The others belong to the file system.) */
bool mount_knows(const char *option);

bool mount_is_bind(const struct mount_spec *m);

/* Before the root is changed: take the source of a bind mount as a detached
 * mount.  Returns its descriptor, or -1 with *e; `idmap` is a user namespace
 * whose mapping its owners take, or -1. */
int mount_take(const struct mount_spec *m, int idmap, struct err *e);

/* Put one mount in its place; `taken` is from mount_take, or -1.  `host_root`
 * is a descriptor of the host's "/". */
int mount_put(const struct mount_spec *m, int taken, const struct cgroup *cg, int host_root,
              struct err *e);

/* Make `path` in the container exist: a folder, or an empty file. */
int mount_point(const char *path, bool folder, struct err *e);

/* linux.maskedPaths and linux.readonlyPaths; what is not there is fine. */
int mount_mask(char *const *paths, struct err *e);
int mount_readonly(char *const *paths, struct err *e);

#endif
