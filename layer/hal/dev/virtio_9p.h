/* virtio_9p.h -- a folder of the host for the guest (VIRTIO 1.2, 5.15; ninep.h).
 *
 * In the guest: mount -t 9p -o trans=virtio,version=9p2000.L TAG /mnt
 */
#ifndef LAYER_HAL_DEV_VIRTIO_9P_H
#define LAYER_HAL_DEV_VIRTIO_9P_H

#include <stdbool.h>

#include "base/err.h"
#include "layer/hal/dev/virtio.h"

/* The folder is duplicated. */
struct virtio *virtio_9p_new(struct board *b, const char *name, const char *tag, int folder,
                             bool readonly, struct err *e);

#endif
