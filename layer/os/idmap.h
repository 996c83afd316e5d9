/* idmap.h -- the numbers of a user namespace and those of the host.
 *
 * Root writes any mapping itself.  Others map their own user, or, where the
 * host gives them ranges in /etc/subuid and /etc/subgid, the whole of these
 * through newuidmap and newgidmap, which are trusted to check.
 */
#ifndef LAYER_OS_IDMAP_H
#define LAYER_OS_IDMAP_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "core/spec.h"

/* Our user's ranges as one mapping of 0..n: ourselves first, then the range.
 * False when there are none or the programs are missing. */
bool idmap_ranges(struct idmap uid[2], struct idmap gid[2]);

/* Write the maps of a child that waits for them.  `helper` uses newuidmap. */
int idmap_write(pid_t pid, const struct spec *s, bool helper, struct err *e);

/* A descriptor of a user namespace with these maps, for id-mapped mounts. */
int idmap_namespace(const struct idmap *uid, size_t nuid, const struct idmap *gid, size_t ngid,
                    struct err *e);

/* A mount_spec's own mapping, or the container's when it has none of its own. */
int idmap_of_mount(const struct spec *s, const struct mount_spec *m, struct err *e);

#endif
