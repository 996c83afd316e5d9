/* wasi_wait.h -- a guest that waits: what kicks it, and the lists of poll_oneoff.
 *
 * Subscriptions are at DATA and events at EVENTS, by number.
 */
#ifndef TEST_LANG_WASI_WAIT_H
#define TEST_LANG_WASI_WAIT_H

#include "test/lang/wasi_guest.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

/* A thread that kicks another, as the engine does. */
struct kicker {
	struct guest *g;
	pthread_t whom;
	int ms;
};

static inline void *
kick(void *p)
{
	struct kicker *k = p;
	struct timespec ts = { .tv_nsec = k->ms * 1000000L };
	nanosleep(&ts, NULL);
	atomic_store(&k->g->t.pending, 1);
	pthread_kill(k->whom, SIGURG);
	return NULL;
}

/* The call waits until it is kicked, and then has done nothing. */
static inline void
kicked(struct guest *g, int fn, const uint64_t *args)
{
	for (int ms = 0; ms < 60; ms += 30) {
		struct kicker k = { .g = g, .whom = pthread_self(), .ms = ms };
		pthread_t t;
		g->t.pending = 0;
		assert_int_equal(pthread_create(&t, NULL, kick, &k), 0);
		int r = guest_call(g, fn, args, false);
		pthread_join(t, NULL);
		if (r != AGAIN)
			fail_msg("%s gave %d", wasi_row[fn].name[0], r);
	}
	g->t.pending = 0;
}

/* The i-th subscription at DATA. */
static inline void
sub_fd(struct guest *g, int i, uint64_t data, int what, uint32_t fd)
{
	uint8_t *q = at(g, DATA + 48 * (uint32_t)i);
	memset(q, 0, 48);
	wasi_put64(q, data);
	q[8] = (uint8_t)what;
	wasi_put32(q + 16, fd);
}

static inline void
sub_clock(struct guest *g, int i, uint64_t data, uint32_t id, uint64_t timeout, int flags)
{
	uint8_t *q = at(g, DATA + 48 * (uint32_t)i);
	memset(q, 0, 48);
	wasi_put64(q, data);
	wasi_put32(q + 16, id);
	wasi_put64(q + 24, timeout);
	q[40] = (uint8_t)flags;
}

/* How many events there are. */
static inline int
polled(struct guest *g, int n)
{
	int r = CALL(g, poll_oneoff, DATA, EVENTS, n, OUT);
	if (r)
		fail_msg("poll_oneoff: %d", r);
	return (int)get32(g, OUT);
}

static inline void
event_is(struct guest *g, int i, uint64_t data, int error, int what, uint64_t bytes, int flags)
{
	uint32_t e = EVENTS + 32 * (uint32_t)i;
	assert_int_equal(get64(g, e), data);
	assert_int_equal(get16(g, e + 8), error);
	assert_int_equal(at(g, e)[10], what);
	assert_int_equal(get64(g, e + 16), bytes);
	assert_int_equal(get16(g, e + 24), flags);
}

#endif
