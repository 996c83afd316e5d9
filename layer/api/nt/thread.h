/* thread.h -- the threads of the program.
 *
 * Each is a thread of the host with a stack, a TEB and an alternate stack for signals.  It
 * begins and ends by thread_begin's base: ending never unwinds the C library's frames, it
 * jumps back to the base.  The process ends with its last thread.
 */
#ifndef LAYER_API_NT_THREAD_H
#define LAYER_API_NT_THREAD_H

#include <pthread.h>
#include <signal.h>
#include <sys/types.h>

#include "layer/api/nt/object.h"
#include "layer/api/nt/teb.h"

extern const struct object_class thread_class;

struct apc;

struct thread {
	struct object object;           /* first: signalled when it has ended */

	/* fixed when it runs */
	struct TEB *teb;                /* own */
	pid_t tid;
	pthread_t id;
	void *start, *argument;         /* of the program */
	char *stack;                    /* own: lowest address, guard pages first */
	size_t stack_size;
	char *signal_stack;             /* own */
	void *base;                     /* its lowest frame: thread_exit goes there */

	/* any thread, atomically */
	_Atomic uint32_t exit_code;     /* STILL_ACTIVE is 259 */
	_Atomic int32_t suspend_count;
	_Atomic bool ended;
	_Atomic uint32_t wake;          /* futex of its waits */

	/* under object.lock */
	struct apc *apcs;
	WCHAR *description;             /* own, or NULL */
	int32_t priority;

	/* suspend.c: where the thread stands while it is suspended */
	void *_Atomic suspended;        /* its ucontext_t */

	/* the thread only */
	void **fls;                     /* own */
	bool alertable;
	struct thread *next;            /* of all, under the list's lock (thread.c) */
};

static inline struct thread *
thread_self(void)
{
	return teb()->thread;
}

struct thread *thread_find(DWORD id);   /* counted; NULL: there is none */
/* Each living thread, under the list's lock. */
void thread_each(void (*f)(struct thread *t, void *ctx), void *ctx);
uint32_t thread_count(void);

/* Make one; it waits when `suspended`.  stack 0: the program's own size. */
NTSTATUS thread_new(void *start, void *argument, size_t stack, bool suspended, struct thread **out);
/* The first: the calling thread of the host becomes it, on a stack of its own, and runs
 * start(argument).  Comes back when it has ended with its code. */
NTSTATUS thread_first(void *start, void *argument, size_t stack, uint32_t *code);
_Noreturn void thread_exit(uint32_t code);

/* Let GS point at the thread's TEB (host threads have none). */
void thread_set_gs(struct TEB *t);

#endif
