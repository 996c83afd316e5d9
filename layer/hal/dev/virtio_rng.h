/* virtio_rng.h -- random numbers for the guest (VIRTIO 1.2, 5.4).
 *
 * They are the host kernel's.  A request for many bytes is answered with some:
 * it is made under the bus's lock and may not take long.
 */
#ifndef LAYER_HAL_DEV_VIRTIO_RNG_H
#define LAYER_HAL_DEV_VIRTIO_RNG_H

#include "layer/hal/dev/virtio.h"

struct virtio *virtio_rng_new(struct board *b, const char *name);

#endif
