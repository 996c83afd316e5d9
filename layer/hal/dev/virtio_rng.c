/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/virtio_rng.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/arena.h"

enum { QUEUE = 64, MOST = 4096 };

/* Fill the first buffers of a chain; returns how many bytes. */
static uint32_t
fill(const struct chain *c)
{
	uint32_t done = 0;
	for (unsigned i = 0; i < c->nin && done < MOST; i++) {
		size_t n = c->in[i].iov_len < MOST - done ? c->in[i].iov_len : MOST - done;
		uint8_t *p = c->in[i].iov_base;
		while (n > 0) {
			ssize_t k = getrandom(p, n, 0);
			if (k < 0 && errno == EINTR)
				continue;
			if (k < 0)
				return done;
			p += k;
			n -= (size_t)k;
			done += (uint32_t)k;
		}
	}
	return done;
}

static void
notify(struct virtio *v, unsigned queue)
{
	struct chain *c = v->self;
	while (virtio_pop(v, queue, c) > 0)
		virtio_push(v, queue, c, fill(c));
	virtio_signal(v, queue);
}

static void
destroy(struct virtio *v)
{
	free(v->self);
}

static const struct virtio_ops rng_ops = { .type = "virtio-rng",
	                                   .id = 4,
	                                   .queues = 1,
	                                   .size = QUEUE,
	                                   .notify = notify,
	                                   .destroy = destroy };

struct virtio *
virtio_rng_new(struct board *b, const char *name)
{
	return virtio_new(b, &rng_ops, name, xcalloc(1, sizeof(struct chain)));
}
