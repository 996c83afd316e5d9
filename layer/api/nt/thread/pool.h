/* pool.h -- the thread pool: items whose callbacks run on the pool's threads.
 *
 * A pool is a completion port and threads that take from it: an item that is due is a packet
 * whose key it is.  Threads are made while fewer than there are processors run, then one at a
 * time when the queue stands still.  An item lives while it has counts: its maker's, one per
 * packet and per thing that may make one.
 */
#ifndef LAYER_API_NT_THREAD_POOL_H
#define LAYER_API_NT_THREAD_POOL_H

#include "layer/api/nt/object/object.h"
#include "layer/api/nt/object/reactor.h"
#include "layer/api/nt/object/wait.h"

struct pool;
struct pool_group;
struct pool_item;
struct CRITICAL_SECTION;

/* TP_CALLBACK_INSTANCE: one run of a callback; what is to be done when it has returned. */
struct pool_instance {
	struct pool_item *item;
	struct object *event, *semaphore, *mutex;       /* own (counts), or NULL */
	LONG count;
	struct CRITICAL_SECTION *section;
	void *library;
	bool left;              /* DisassociateCurrentThreadFromCallback */
};

/* How it is called, in Microsoft's convention. */
enum pool_kind {
	POOL_SIMPLE,            /* f(instance, context) */
	POOL_WORK,              /* f(instance, context, item) */
	POOL_TIMER,             /* f(instance, context, item) */
	POOL_WAIT,              /* f(instance, context, item, result) */
	POOL_IO,                /* f(instance, context, overlapped, error, bytes, item) */
	POOL_OLD_WORK,          /* f(context) */
	POOL_OLD_CALL,          /* f(context, timed out): timer queues, registered waits */
	POOL_OLD_IO,            /* f(error, bytes, overlapped) */
};

struct pool_item {
	/* fixed */
	enum pool_kind kind;
	struct pool *pool;              /* own (a count) */
	void *f, *context;
	void *finalize;                 /* f(instance, context), or NULL */
	void *library;                  /* RaceDll */
	struct pool_group *group;       /* lent */
	void *group_cancel;             /* f(context, cleanup context), or NULL */
	bool once;                      /* POOL_OLD_CALL of a wait: WT_EXECUTEONLYONCE */

	_Atomic uint32_t refs;
	_Atomic uint32_t pending;       /* packets that are to run it */
	_Atomic uint32_t busy;          /* futex: pending and running ones */

	/* timers; a wait's time-out */
	struct reactor_timer timer;
	_Atomic uint64_t period;        /* ns */
	_Atomic bool set;

	/* waits: lock guards whether the watch is in use */
	_Atomic uint32_t lock;
	bool watching;
	_Atomic bool armed;             /* whoever takes it away may post */
	struct wait_watch watch;
	struct object *target;          /* own (a count): to be waited for again */
	uint64_t timeout;               /* ns; UINT64_MAX none */

	struct pool_item *next;         /* of the group or timer queue, under its lock */
	struct pool_queue *queue;       /* lent: of a timer queue's */
	struct object *finished;        /* own (a count): an event that is set when it is idle */
};

struct pool *pool_default(void);        /* lent; NULL: no memory */
struct pool *pool_new(void);
void pool_close(struct pool *p);
void pool_limit(struct pool *p, uint32_t most);
bool pool_least(struct pool *p, uint32_t least);
void pool_stack(struct pool *p, size_t *reserve, size_t *commit, bool set);

/* pool NULL: the default one.  One count.  NULL: no memory. */
struct pool_item *pool_item_new(struct pool *p, enum pool_kind kind, void *f, void *context);
void pool_item_ref(struct pool_item *i);
void pool_item_unref(struct pool_item *i);
/* Run it once. */
void pool_submit(struct pool_item *i);
/* Until it neither runs nor is to run; cancel: what has not begun does not. */
void pool_settle(struct pool_item *i, bool cancel);

/* when: of CLOCK_MONOTONIC, WAIT_FOREVER unsets it; true: it had been set. */
bool pool_timer(struct pool_item *i, uint64_t when, uint64_t period);
/* target NULL: none any more.  timeout in ns from now, UINT64_MAX none; true: it had been set. */
bool pool_wait(struct pool_item *i, struct object *target, uint64_t timeout);
/* Its operations end in the pool. */
NTSTATUS pool_io(struct pool_item *i, struct object *file);
void pool_io_start(struct pool_item *i);
void pool_io_cancel(struct pool_item *i);

/* In a callback. */
bool pool_may_run_long(struct pool_instance *n);
void pool_leave(struct pool_instance *n);

/* -- cleanup groups (pool_group.c) ---------------------------------------------------- */

struct pool_group *pool_group_new(void);
void pool_group_add(struct pool_group *g, struct pool_item *i);
void pool_group_remove(struct pool_item *i);
void pool_group_close_members(struct pool_group *g, bool cancel, void *context);
void pool_group_free(struct pool_group *g);

#endif
