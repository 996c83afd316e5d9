/* reactor.h -- one thread that waits for descriptors and times, so that programs need not.
 *
 * It starts when it is first asked for something and runs no code of the program: a callback
 * does what never blocks, and posts.  All functions may be called by any thread.
 */
#ifndef LAYER_API_NT_REACTOR_H
#define LAYER_API_NT_REACTOR_H

#include "layer/api/nt/types.h"

/* Embedded in what waits; zero it first. */
struct reactor_wait {
	void (*ready)(struct reactor_wait *w, uint32_t events); /* EPOLLIN ...; in the reactor */
	int fd;                 /* lent until it has been ready or cancelled */
	uint32_t events;        /* EPOLLIN, EPOLLOUT ... */
	/* the reactor's */
	struct reactor_wait *next;
	bool armed;
};

/* Several may wait for one descriptor. */
int reactor_arm(struct reactor_wait *w);        /* once; -1 and errno */
/* true: it was armed and will not be ready any more; false: it was or will be. */
bool reactor_cancel(struct reactor_wait *w);

struct reactor_timer {
	void (*due)(struct reactor_timer *t);   /* in the reactor */
	uint64_t when;          /* CLOCK_MONOTONIC, nanoseconds */
	/* the reactor's */
	uint32_t place;         /* in its heap */
	bool armed;
};

/* Wait until no callback runs that has begun before: then what was cancelled in vain may be
 * freed.  In the reactor itself it does nothing. */
void reactor_settle(void);

int reactor_at(struct reactor_timer *t, uint64_t when); /* again moves it */
bool reactor_forget(struct reactor_timer *t);           /* as reactor_cancel */

#endif
