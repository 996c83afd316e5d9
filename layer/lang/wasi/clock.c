/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/wasi/inner.h"

#include <errno.h>
#include <sched.h>
#include <sys/random.h>
#include <time.h>

#include "layer/lang/wasi/wasi.h"

static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID,
	                            CLOCK_THREAD_CPUTIME_ID };

static uint64_t
nanoseconds(struct timespec t)
{
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t
wasi_clock_host(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return nanoseconds(t);
}

uint64_t
wasi_clock_now(const struct wasi *w, bool realtime)
{
	struct timespec t;
	if (!realtime)
		return wasi_clock_host() + w->offset;
	clock_gettime(CLOCK_REALTIME, &t);
	return nanoseconds(t);
}

/* What a clock says, or how fine it is. */
static int
ask(struct wasi_call *c, uint64_t id, uint64_t where, bool time)
{
	struct timespec t;
	if ((uint32_t)id >= sizeof clocks / sizeof clocks[0])
		return EINVAL;
	if (!c->w->clocks)
		return EOPNOTSUPP;
	clockid_t clock = clocks[(uint32_t)id];
	uint8_t *to = wasi_mem(c, where, 8);
	if (!to)
		return EFAULT;
	if ((time ? clock_gettime(clock, &t) : clock_getres(clock, &t)) < 0)
		return errno;
	uint64_t offset = time && clock == CLOCK_MONOTONIC ? c->w->offset : 0;
	wasi_put64(to, nanoseconds(t) + offset);
	return 0;
}

int
wasi_clock_res_get(struct wasi_call *c, const uint64_t *a)
{
	return ask(c, a[0], a[1], false);
}

/* id, precision (which we always keep), where to say it */
int
wasi_clock_time_get(struct wasi_call *c, const uint64_t *a)
{
	return ask(c, a[0], a[2], true);
}

int
wasi_sched_yield(struct wasi_call *c, const uint64_t *a)
{
	(void)c, (void)a;
	sched_yield();
	return 0;
}

/* splitmix64: good enough to be no pattern, and the same everywhere. */
static uint64_t
next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

int
wasi_random_get(struct wasi_call *c, const uint64_t *a)
{
	uint32_t n = (uint32_t)a[1];
	uint8_t *to = wasi_mem(c, a[0], n);
	if (!to)
		return EFAULT;
	if (c->w->deterministic) {
		pthread_mutex_lock(&c->w->lock);
		for (uint32_t i = 0; i < n;) {
			uint64_t v = next(&c->w->random);
			for (int k = 0; k < 8 && i < n; k++, v >>= 8)
				to[i++] = (uint8_t)v;
		}
		pthread_mutex_unlock(&c->w->lock);
		return 0;
	}
	while (n) {
		ssize_t got = getrandom(to, n, 0);
		if (got < 0 && errno != EINTR)
			return errno;
		if (got > 0) {
			to += got;
			n -= (uint32_t)got;
		}
	}
	return 0;
}
