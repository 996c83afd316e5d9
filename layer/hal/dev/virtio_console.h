/* virtio_console.h -- a console with one port (VIRTIO 1.2, 5.3).
 *
 * What the guest writes goes to one descriptor, what comes from another one is
 * the guest's input; they can be the same.  Both must be such that epoll takes
 * them and do not block.  Output that cannot be written now waits in the guest's
 * buffers; what can never be written (EPIPE) is dropped.
 */
#ifndef LAYER_HAL_DEV_VIRTIO_CONSOLE_H
#define LAYER_HAL_DEV_VIRTIO_CONSOLE_H

#include <stdint.h>

#include "base/err.h"
#include "layer/hal/dev/virtio.h"

/* The descriptors are duplicated; -1: no input, no output. */
struct virtio *
virtio_console_new(struct board *b, const char *name, int in, int out, struct err *e);
/* The terminal has another size now (lock held). */
void virtio_console_resize(struct virtio *v, uint16_t columns, uint16_t rows);

#endif
