/* sysctl.h -- kernel parameters of a container, config-linux.md#sysctl.
 *
 * Only those that belong to a namespace which is the container's own: any
 * other would be the host's.
 */
#ifndef LAYER_OS_SYSCTL_H
#define LAYER_OS_SYSCTL_H

#include <jansson.h>

#include "base/err.h"

struct spec;

int sysctl_check(const struct spec *s, struct err *e);  /* in the monitor */
int sysctl_apply(const json_t *all, struct err *e);     /* in the child, with /proc mounted */

#endif
