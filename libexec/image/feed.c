/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/feed.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"

struct feed {
	int fd; /* lent */

	/* under lock */
	pthread_mutex_t lock;
	pthread_cond_t news;
	int64_t have;
	bool ended, good, dropped;
};

struct feed *
feed_new(int fd, int64_t have)
{
	struct feed *f = xcalloc(1, sizeof *f);

	f->fd = fd;
	f->have = have;
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->news, NULL);
	return f;
}

void
feed_free(struct feed *f)
{
	if (!f)
		return;
	pthread_mutex_destroy(&f->lock);
	pthread_cond_destroy(&f->news);
	free(f);
}

void
feed_more(struct feed *f, int64_t have)
{
	pthread_mutex_lock(&f->lock);
	f->have = have;
	pthread_cond_signal(&f->news);
	pthread_mutex_unlock(&f->lock);
}

void
feed_end(struct feed *f, bool good)
{
	pthread_mutex_lock(&f->lock);
	f->ended = true;
	f->good = good;
	pthread_cond_signal(&f->news);
	pthread_mutex_unlock(&f->lock);
}

bool
feed_dropped(struct feed *f)
{
	pthread_mutex_lock(&f->lock);
	bool dropped = f->dropped;
	pthread_mutex_unlock(&f->lock);
	return dropped;
}

ssize_t
feed_read(struct feed *f, void *buf, size_t n, int64_t at)
{
	pthread_mutex_lock(&f->lock);
	while (f->have <= at && !f->ended)
		pthread_cond_wait(&f->news, &f->lock);
	int64_t left = f->have - at;
	bool bad = f->ended && !f->good;
	pthread_mutex_unlock(&f->lock);
	if (bad || left <= 0)
		return bad ? -1 : 0;
	if ((uint64_t)left < n)
		n = (size_t)left;
	for (;;) {
		ssize_t got = pread(f->fd, buf, n, at);
		if (got >= 0 || errno != EINTR)
			return got;
	}
}

void
feed_drop(struct feed *f)
{
	pthread_mutex_lock(&f->lock);
	f->dropped = true;
	pthread_mutex_unlock(&f->lock);
}
