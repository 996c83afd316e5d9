/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

/* Requests under way at once: fewer interrupts, and none waits long for the others.
 * Bytes: those behind a large one are not held up by it. */
enum { BATCH = 16, BATCH_BYTES = 256 << 10 };

struct worker {
	struct virtio *v; /* lent */
	unsigned queues;
	worker_fn *fn;
	pthread_t thread;
	bool started;

	/* under the bus's lock */
	pthread_cond_t work, idle;
	bool busy;    /* the thread has requests */
	bool resting; /* take none */
	bool stuck;   /* the first in a queue cannot be done now */
	bool stop;    /* end the thread */

	/* any thread, atomically: begin no other request */
	_Atomic bool hurry;

	/* the thread only */
	unsigned first; /* the queue that is asked first, modulo queues */
	unsigned queue[BATCH];
	uint32_t written[BATCH];
	struct chain chain[BATCH];
};

/* Pop what is done in one go. */
static unsigned
take(struct worker *w)
{
	uint64_t bytes = 0;
	unsigned n = 0;
	/* each queue is the first in turn */
	w->first++;
	for (unsigned i = 0; i < w->queues; i++) {
		unsigned q = (w->first + i) % w->queues;
		while (n < BATCH && bytes < BATCH_BYTES && virtio_pop(w->v, q, &w->chain[n]) > 0) {
			bytes += w->chain[n].in_bytes + w->chain[n].out_bytes;
			w->queue[n++] = q;
		}
	}
	return n;
}

static void
serve(struct worker *w, unsigned n)
{
	pthread_mutex_t *lock = &w->v->bus->lock;
	unsigned done = 0;
	bool stuck = false;
	w->busy = true;
	pthread_mutex_unlock(lock);
	while (done < n && !stuck && !atomic_load(&w->hurry)) {
		w->written[done] = 0;
		if (w->fn(w->v, w->queue[done], &w->chain[done], &w->written[done]))
			done++;
		else
			stuck = true;
	}
	pthread_mutex_lock(lock);
	for (unsigned i = 0; i < done; i++)
		virtio_push(w->v, w->queue[i], &w->chain[i], w->written[i]);
	for (unsigned i = done; i < n; i++)
		virtio_unpop(w->v, w->queue[i]);
	for (unsigned q = 0; q < w->queues; q++)
		virtio_signal(w->v, q);
	w->stuck = w->stuck || stuck;
	w->busy = false;
	pthread_cond_broadcast(&w->idle);
}

static void *
worker_main(void *arg)
{
	struct worker *w = arg;
	pthread_mutex_t *lock = &w->v->bus->lock;
	pthread_mutex_lock(lock);
	while (!w->stop) {
		bool may = !w->resting && !w->stuck && !atomic_load(&w->hurry);
		unsigned n = may ? take(w) : 0;
		if (n > 0)
			serve(w, n);
		else
			pthread_cond_wait(&w->work, lock);
	}
	pthread_mutex_unlock(lock);
	return NULL;
}

struct worker *
worker_new(struct virtio *v, unsigned queues, worker_fn *fn)
{
	struct worker *w = xcalloc(1, sizeof *w);
	w->v = v;
	w->queues = queues;
	w->fn = fn;
	w->resting = true;
	pthread_cond_init(&w->work, NULL);
	pthread_cond_init(&w->idle, NULL);
	return w;
}

void
worker_notify(struct worker *w)
{
	if (!w->busy)
		pthread_cond_signal(&w->work);
}

void
worker_drain(struct worker *w)
{
	atomic_store(&w->hurry, true);
	while (w->busy)
		pthread_cond_wait(&w->idle, &w->v->bus->lock);
	atomic_store(&w->hurry, false);
	w->stuck = false;
	pthread_cond_signal(&w->work);
}

void
worker_rest(struct worker *w)
{
	pthread_mutex_lock(&w->v->bus->lock);
	w->resting = true;
	worker_drain(w);
	pthread_mutex_unlock(&w->v->bus->lock);
}

/* Signals are for the threads of the program, not for ours. */
static bool
start(struct worker *w)
{
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	int rc = pthread_create(&w->thread, NULL, worker_main, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc == 0)
		return true;
	pthread_mutex_lock(&w->v->bus->lock);
	board_raise(w->v->board, BOARD_FAULT, 0, "no thread for a device can be started");
	pthread_mutex_unlock(&w->v->bus->lock);
	return false;
}

void
worker_wake(struct worker *w)
{
	if (!w->started)
		w->started = start(w);
	pthread_mutex_lock(&w->v->bus->lock);
	w->resting = w->stuck = false;
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->v->bus->lock);
}

void
worker_free(struct worker *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->v->bus->lock);
	w->stop = true;
	atomic_store(&w->hurry, true);
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->v->bus->lock);
	if (w->started)
		pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->work);
	pthread_cond_destroy(&w->idle);
	free(w);
}
