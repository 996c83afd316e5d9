/* reactor.h -- one thread that waits for descriptors and times, so that programs need not.
 *
 * It starts when it is first asked for something and runs no code of the program: a callback
 * does what never blocks, and posts.  All functions may be called by any thread.
 *
 * A thread of the program that has nothing to do but wait may look for descriptors as well: it
 * leads.  The host wakes who came last for each event, so that what such a thread waits for is
 * done in itself, and nobody has to wake it; the reactor's own thread is there all the while,
 * for when nobody leads.
 */
#ifndef LAYER_API_NT_OBJECT_REACTOR_H
#define LAYER_API_NT_OBJECT_REACTOR_H

#include <stdatomic.h>

#include "layer/api/nt/types.h"

/* Embedded in what waits; zero it first. */
struct reactor_wait {
	/* EPOLLIN ...; in the reactor, or in who leads */
	void (*ready)(struct reactor_wait *w, uint32_t events);
	int fd;                 /* lent until it has been ready or cancelled */
	uint32_t events;        /* EPOLLIN, EPOLLOUT ... */
	/* For one who waits again and again: the host is told of it once, not each time, and tells of
	 * changes only.  So what is waited for is tried first, after reactor_expect(), and
	 * reactor_end() is called before the descriptor is closed. */
	bool edge;
	/* the reactor's */
	struct reactor_wait *next;
	bool armed, known;
	_Atomic bool missed;
};

/* Several may wait for one descriptor.  Once; -1 and errno; 1: it is not armed, something has
 * changed since reactor_expect(), so try again. */
int reactor_arm(struct reactor_wait *w);
void reactor_expect(struct reactor_wait *w);
void reactor_end(struct reactor_wait *w);
/* true: it was armed and will not be ready any more; false: it was or will be. */
bool reactor_cancel(struct reactor_wait *w);

struct reactor_timer {
	void (*due)(struct reactor_timer *t);   /* in the reactor, or in who leads */
	uint64_t when;          /* CLOCK_MONOTONIC, nanoseconds */
	/* the reactor's */
	uint32_t place;         /* in its heap */
	bool armed;
};

/* Wait until no callback runs that has begun before: then what was cancelled in vain may be
 * freed.  Of its own callback nobody waits for the end. */
void reactor_settle(void);

int reactor_at(struct reactor_timer *t, uint64_t when); /* again moves it */
bool reactor_forget(struct reactor_timer *t);           /* as reactor_cancel */

/* Lead from now on.  false: another thread does, or there is nothing to look for.  Either way
 * reactor_follow() is called in the end. */
bool reactor_lead(void);
/* Who leads: as steady_futex_wait(), and do what is ready meanwhile; it may come back early. */
int reactor_look(_Atomic uint32_t *word, uint32_t value, uint64_t deadline);
void reactor_follow(bool led);
/* After a word has changed: whoever looks with reactor_look() sees it. */
void reactor_rouse(void);

#endif
