/* wait.h -- waiting for objects, for time, and for calls that others queue (APCs).
 *
 * A wait ends by one object, by all, by an APC when it is alertable, or by time.  Times are
 * nanoseconds of CLOCK_MONOTONIC; WAIT_FOREVER never comes.
 */
#ifndef LAYER_API_NT_OBJECT_WAIT_H
#define LAYER_API_NT_OBJECT_WAIT_H

#include <stdatomic.h>

#include "layer/api/nt/object/object.h"

#define WAIT_FOREVER UINT64_MAX
enum { WAIT_MOST = 64 };

uint64_t wait_now(void);
/* From a relative time in milliseconds (INFINITE), or an NT time in 100 ns: negative is
 * relative, positive absolute since 1601, NULL for ever. */
uint64_t wait_deadline_ms(DWORD ms);
uint64_t wait_deadline_nt(const LONGLONG *when);

/* STATUS_WAIT_0 + i, STATUS_ABANDONED_WAIT_0 + i, STATUS_TIMEOUT, STATUS_USER_APC (its APCs
 * have run). */
NTSTATUS wait_objects(size_t n, struct object *const *o, bool all, bool alertable, uint64_t deadline);
NTSTATUS wait_handles(size_t n, const HANDLE *h, bool all, bool alertable, uint64_t deadline);
NTSTATUS wait_sleep(bool alertable, uint64_t deadline);

/* Queue a call for a thread: f(a, b, c) with Microsoft's convention, run in its next alertable
 * wait.  STATUS_UNSUCCESSFUL: the thread has ended. */
NTSTATUS wait_apc_queue(struct thread *t, void *f, void *a, void *b, void *c);
bool wait_apc_run(void);     /* those of the calling thread; false: there were none */
void wait_apc_drop(struct thread *t);        /* it ends: forget them */

/* -- for those who let threads wait for something of their own (port.c) -------------- */

enum { SYNCHRONIZE = 0x100000 };

enum wait_state { WAIT_WAITING, WAIT_BUSY, WAIT_RETRY, WAIT_DONE };

/* On the stack of who waits.  It is ended by who has claimed it, once. */
struct wait_block {
	_Atomic uint32_t state;         /* futex: enum wait_state */
	NTSTATUS result;                /* when it is DONE */
	struct thread *thread;          /* fixed */
	bool all, alertable;            /* fixed */
	_Atomic bool leads;             /* its thread sleeps in reactor_look() */
	/* NULL: its thread sleeps.  Else it is called instead of waking one, with the object
	 * locked. */
	void (*ended)(struct wait_block *b);
};

struct waiter {
	struct waiter *next, *prev;     /* under the object's lock: a ring */
	struct wait_block *block;
	uint32_t index;
	bool queued;
};

/* An object is waited for by no thread: block.ended() is called when it could be taken. */
struct wait_watch {
	struct wait_block block;        /* block.ended is the caller's; the rest wait.c's */
	struct waiter waiter;
	struct object *object;          /* own (a count) */
};

/* Takes the count over when it is true.  *at_once: it was taken here, and ended() not called. */
NTSTATUS wait_watch_begin(struct wait_watch *w, struct object *o, bool *at_once);
/* false: ended() has been called.  Once; gives the object back in both cases. */
bool wait_watch_end(struct wait_watch *w);
/* When a timed object's time has changed: whoever waits looks again. */
void wait_again(struct object *o);
/* With object.lock: an object has become the machine's, and this was its list. */
void wait_moved(struct waiter *first);

/* false: there are APCs to be run instead, and it has not begun. */
bool wait_begin(struct wait_block *b, struct thread *t, bool all, bool alertable);
bool wait_claim(struct wait_block *b);          /* false: it has ended already */
void wait_finish(struct wait_block *b, NTSTATUS result);        /* by who claimed it */
void wait_sleep_on(struct wait_block *b, uint64_t deadline);    /* until it is DONE (or RETRY) */
void wait_end(struct wait_block *b);            /* after it: by who waited */

#endif
