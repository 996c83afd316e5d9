/* cgroup.h -- a container's control groups, on hosts with version 2, version
 * 1, or both side by side.
 *
 * The version 2 hierarchy, wherever it is, holds the container's processes: a
 * child is born into it (CLONE_INTO_CGROUP), one write kills or freezes all.
 * A version 1 hierarchy is touched only when a limit of its controller is
 * asked for and version 2 does not have that controller.  Folders are named
 * joist/NAME below the hierarchy's root, or below our own cgroup where we may
 * not write there (a user's delegated part).
 *
 * All calls are the monitor's, but for cgroup_join_self and cgroup_mount.
 */
#ifndef LAYER_OS_CGROUP_H
#define LAYER_OS_CGROUP_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct cgroup;

/* Make the groups and write the limits of linux.resources (may be NULL).
 * `path` is linux.cgroupsPath or NULL: a way down from the hierarchy's root,
 * with or without a slash before it; a group of that name is taken over as it
 * is, unless a process is in it.  Without any right to make groups *out is NULL
 * and, when limits were asked for, the user is warned (rootless) or refused. */
int cgroup_open(const char *name, const char *path, const json_t *resources, bool rootless,
                struct cgroup **out, struct err *e);
void cgroup_close(struct cgroup *c);    /* removes the folders; everything in them has ended */

int cgroup_fd(const struct cgroup *c);  /* for CLONE_INTO_CGROUP; -1: join instead */

/* In the child: enter the groups that birth did not put us into. */
int cgroup_join_self(const struct cgroup *c, struct err *e);

int cgroup_freeze(struct cgroup *c, struct err *e);     /* returns when all are at rest */
int cgroup_thaw(struct cgroup *c, struct err *e);
void cgroup_kill(struct cgroup *c);                     /* SIGKILL to all in it */

/* {"cpu": {"usec", "throttledUsec"}, "memory": {"current", "peak", "limit"},
 *  "pids": {"current", "limit"}, "io": {"rbytes", "wbytes"}} */
json_t *cgroup_stats(struct cgroup *c);
int cgroup_oom_kills(struct cgroup *c);

/* Mount what the container may see of them on `dest` (type "cgroup"). */
int cgroup_mount(const struct cgroup *c, const char *dest, unsigned long flags, struct err *e);

/* Kill and remove what a killed monitor left. */
void cgroup_recover(const char *name, const char *path);

#endif
