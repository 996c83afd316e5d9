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
#include <stdbool.h>

#include "base/err.h"

struct cgroup;

/* The folder, below joist's own, of containers with the usual devices; its
 * number changes when the rules do. */
#define DEVICES_USUAL "usual-1"

/* Are these rules the ones that every container made by Joist has? */
bool devices_are_usual(const json_t *rules);

/* `rules` NULL: nothing is restricted.  The devices that every container has
 * are allowed behind any list (runtime-spec, "default devices"). */
int devices_apply(struct cgroup *c, const json_t *rules, struct err *e);

#endif
