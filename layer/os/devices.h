/* devices.h -- which device files a container may open or make:
 * config-linux.md#allowed-device-list.
 *
 * In version 2 of cgroups, which every host with one has, it is a small BPF
 * program attached to the group; where BPF is not to be had, version 1's
 * `devices` controller.  Rules are tried from the last to the first, as the
 * list says "later overrides earlier".
 */
#ifndef LAYER_OS_DEVICES_H
#define LAYER_OS_DEVICES_H

#include <jansson.h>

#include "base/err.h"

struct cgroup;

/* `rules` NULL: nothing is restricted.  The devices that every container has
 * are allowed behind any list (runtime-spec, "default devices"). */
int devices_apply(struct cgroup *c, const json_t *rules, struct err *e);

#endif
