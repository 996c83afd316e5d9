/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/ring.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"

struct ring {
	unsigned char *buf[RING_BUFFERS]; /* own */

	/* under lock */
	pthread_mutex_t lock;
	pthread_cond_t news;
	size_t size[RING_BUFFERS];
	size_t filled, drained; /* buffers since the start */
	bool lent;              /* the drainer holds the buffer `drained` */
	bool broken;
};

struct ring *
ring_new(void)
{
	struct ring *r = xcalloc(1, sizeof *r);

	for (size_t i = 0; i < RING_BUFFERS; i++)
		r->buf[i] = xmalloc(RING_SIZE);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->news, NULL);
	return r;
}

void
ring_free(struct ring *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < RING_BUFFERS; i++)
		free(r->buf[i]);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->news);
	free(r);
}

unsigned char *
ring_empty(struct ring *r)
{
	unsigned char *p = NULL;

	pthread_mutex_lock(&r->lock);
	while (!r->broken && r->filled - r->drained == RING_BUFFERS)
		pthread_cond_wait(&r->news, &r->lock);
	if (!r->broken)
		p = r->buf[r->filled % RING_BUFFERS];
	pthread_mutex_unlock(&r->lock);
	return p;
}

void
ring_put(struct ring *r, size_t n)
{
	pthread_mutex_lock(&r->lock);
	r->size[r->filled % RING_BUFFERS] = n;
	r->filled++;
	pthread_cond_signal(&r->news);
	pthread_mutex_unlock(&r->lock);
}

const unsigned char *
ring_full(struct ring *r, size_t *n)
{
	const unsigned char *p = NULL;

	pthread_mutex_lock(&r->lock);
	if (r->lent) {
		r->drained++;
		pthread_cond_signal(&r->news);
	}
	r->lent = false;
	while (!r->broken && r->filled == r->drained)
		pthread_cond_wait(&r->news, &r->lock);
	if (!r->broken) {
		p = r->buf[r->drained % RING_BUFFERS];
		*n = r->size[r->drained % RING_BUFFERS];
		/* The end stays where it is and can be asked for again. */
		r->lent = *n > 0;
	}
	pthread_mutex_unlock(&r->lock);
	return p;
}

void
ring_break(struct ring *r)
{
	pthread_mutex_lock(&r->lock);
	r->broken = true;
	pthread_cond_broadcast(&r->news);
	pthread_mutex_unlock(&r->lock);
}
