/* os.h -- the operating system floor: its interface is the system calls of
 * this host's kernel, and what stands on it is a container's processes. */
#ifndef LAYER_OS_OS_H
#define LAYER_OS_OS_H

#include "core/layer.h"

extern const struct layer os_layer;

#endif
