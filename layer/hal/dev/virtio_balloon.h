/* virtio_balloon.h -- memory that the guest lends back (VIRTIO 1.2, 5.5).
 *
 * Pages in the balloon, and free pages that the guest reports, are given back to
 * the host: they read as zeros when the guest takes them again.  The guest's own
 * counters (what is free, what is cache) come when they are asked for.
 */
#ifndef LAYER_HAL_DEV_VIRTIO_BALLOON_H
#define LAYER_HAL_DEV_VIRTIO_BALLOON_H

#include <stdbool.h>
#include <stdint.h>

#include "layer/hal/dev/virtio.h"

/* interval: nanoseconds between two questions for counters; 0: never. */
struct virtio *virtio_balloon_new(struct board *b, const char *name, int64_t interval);
/* How many bytes the guest should lend (lock held); and how many it does. */
void virtio_balloon_target(struct virtio *v, uint64_t bytes);
uint64_t virtio_balloon_actual(const struct virtio *v);

/* Counters of the guest's, bytes or events (5.5.6.3). */
enum virtio_balloon_stat {
	VIRTIO_BALLOON_SWAP_IN,
	VIRTIO_BALLOON_SWAP_OUT,
	VIRTIO_BALLOON_MAJOR_FAULTS,
	VIRTIO_BALLOON_MINOR_FAULTS,
	VIRTIO_BALLOON_FREE,
	VIRTIO_BALLOON_TOTAL,
	VIRTIO_BALLOON_AVAILABLE,
	VIRTIO_BALLOON_CACHES,
	VIRTIO_BALLOON_HUGE_GOT,
	VIRTIO_BALLOON_HUGE_FAILED,
	VIRTIO_BALLOON_STATS,
};
/* False: the guest has not said (lock held). */
bool virtio_balloon_stat(const struct virtio *v, enum virtio_balloon_stat s, uint64_t *value);

#endif
