/* virtio_input.h -- a keyboard or a tablet (VIRTIO 1.2, 5.8).
 *
 * Codes are those of Linux's input events.  What happens before the guest's driver
 * is there is lost; what happens while it has no buffers waits, up to a number of
 * events, and a group of events comes whole or not at all.
 */
#ifndef LAYER_HAL_DEV_VIRTIO_INPUT_H
#define LAYER_HAL_DEV_VIRTIO_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "layer/hal/dev/virtio.h"

enum virtio_input_kind { VIRTIO_INPUT_KEYBOARD, VIRTIO_INPUT_TABLET };
enum { VIRTIO_INPUT_RANGE = 32767 }; /* of a tablet, both ways */

struct virtio *
virtio_input_new(struct board *b, const char *name, enum virtio_input_kind kind);

/* All under the lock.  A key of the keyboard goes down or up: KEY_A is 30. */
void virtio_input_key(struct virtio *v, uint16_t code, bool down);
/* The pointer of the tablet: where it is, which buttons are down (1 left, 2 middle,
 * 4 right), and by how much the wheel turned (up is positive). */
void virtio_input_point(struct virtio *v, uint32_t x, uint32_t y, unsigned buttons, int wheel);

#endif
