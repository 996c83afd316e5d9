/* cgdir.h -- the inside of a struct cgroup, for the files of that module:
 * cgroup.c (life), cglimit.c (limits), cgstat.c (use). */
#ifndef LAYER_OS_CGDIR_H
#define LAYER_OS_CGDIR_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

/* Controllers, by their names in both versions. */
enum controller { C_CPU, C_CPUACCT, C_CPUSET, C_MEMORY, C_PIDS, C_IO, C_HUGETLB, C_FREEZER,
	C_NET_CLS, C_NET_PRIO, C_RDMA, C_DEVICES, C_COUNT };

struct cgroup {
	char *rel;              /* own: "joist/NAME", below each hierarchy's root */
	int v2;                 /* own: our folder in version 2, -1 */
	unsigned v2_has;        /* bits of controllers that v2 gives us */
	int v1[C_COUNT];        /* own: our folders in version 1, -1 until used */
	int procs[C_COUNT];     /* own: their cgroup.procs, open for the child */
	bool rootless;
	bool theirs;            /* the user named it: it may hold what is not ours */
	bool shared;            /* our devices are those of the folder above (devices.c) */
};

extern const char *const cgdir_names[C_COUNT][2];       /* in version 1 and 2 */

/* The folder where a controller's files are: in version 2, or in version 1
 * (made at first use).  -1 when this host has none; *v2 says which it is. */
int cgdir_of(struct cgroup *c, enum controller which, bool *v2, struct err *e);

/* cglimit.c */
int cglimit_apply(struct cgroup *c, const json_t *resources, struct err *e);
bool cglimit_any(const json_t *resources);      /* is a limit asked for at all? */

#endif
