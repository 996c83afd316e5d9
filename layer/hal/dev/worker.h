/* worker.h -- a thread that does the requests of virtio queues.
 *
 * For devices whose work takes time: files.  Requests are popped and given back
 * under bus->lock and done without it, those of a queue in the order in which they
 * came, so that a request which cannot be done now can be put back with all behind
 * it.
 */
#ifndef LAYER_HAL_DEV_WORKER_H
#define LAYER_HAL_DEV_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "layer/hal/dev/virtio.h"

struct worker;

/* Do one request, without the lock; *written as for virtio_push.  False: not now; it
 * is tried again after the next rest and wake, or forgotten by a reset. */
typedef bool
worker_fn(struct virtio *v, unsigned queue, struct chain *c, uint32_t *written);

/* For the first `queues` of the device.  The thread begins with the first worker_wake. */
struct worker *worker_new(struct virtio *v, unsigned queues, worker_fn *fn);
void worker_free(struct worker *w); /* at rest; NULL is allowed */

void worker_notify(struct worker *w); /* lock held: there is something to do */
/* Lock held, but given up while waiting: nothing is in flight when it returns.  What
 * was not begun stays in the queue.  For a reset. */
void worker_drain(struct worker *w);
/* Without the lock. */
void worker_rest(struct worker *w);
void worker_wake(struct worker *w);

#endif
