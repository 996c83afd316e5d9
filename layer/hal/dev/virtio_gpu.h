/* virtio_gpu.h -- a graphics card for pictures in two dimensions (VIRTIO 1.2, 5.7).
 *
 * One screen, whose picture is in screen.h, and a cursor.  Pictures that
 * the guest makes are bounded by a number of bytes; they are in a snapshot.
 */
#ifndef LAYER_HAL_DEV_VIRTIO_GPU_H
#define LAYER_HAL_DEV_VIRTIO_GPU_H

#include <stdint.h>

#include "layer/hal/dev/screen.h"
#include "layer/hal/dev/virtio.h"

/* width and height: what the guest should choose first. */
struct virtio *
virtio_gpu_new(struct board *b, const char *name, uint32_t width, uint32_t height);
struct screen *virtio_gpu_screen(struct virtio *v); /* lent, as long as the device is */
/* The window has another size now: the guest is asked to follow (lock held). */
void virtio_gpu_resize(struct virtio *v, uint32_t width, uint32_t height);

#endif
