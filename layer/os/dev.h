/* dev.h -- what stands in a container's /dev.
 *
 * The file system of /dev itself is one of the spec's mounts; these calls fill
 * it as config-linux.md#default-devices says.  They run in the child, inside
 * the container's root.
 */
#ifndef LAYER_OS_DEV_H
#define LAYER_OS_DEV_H

#include <stdbool.h>

#include "base/err.h"
#include "core/spec.h"

/* Default devices, links, and the spec's own devices.  In a user namespace
 * nodes cannot be made; the host's are shown instead, from `host_root`. */
int dev_fill(const struct spec *s, bool user_ns, int host_root, struct err *e);

/* Make a terminal in the container's own devpts, show it as /dev/console,
 * make it standard input, output and error and the controlling terminal.
 * Returns the master's descriptor. */
int dev_console(const struct process *p, bool show, struct err *e);

#endif
