/* thread.h -- the threads of the program.
 *
 * Each is a thread of the host with a stack, a TEB and an alternate stack for signals.  It
 * begins and ends by thread_begin's base: ending never unwinds the C library's frames, it
 * jumps back to the base.  The process ends with its last thread.
 *
 * A thread of the host outlives the program's and waits for the next one: between the two its
 * TEB's `thread` is NULL, and the host is steady (steady.h).  Whoever sends a signal to a
 * thread looks at `started` before and at `ended` under object.lock.
 */
#ifndef LAYER_API_NT_THREAD_THREAD_H
#define LAYER_API_NT_THREAD_THREAD_H

#include <pthread.h>
#include <signal.h>
#include <sys/types.h>

#include "layer/api/nt/object/object.h"
#include "layer/api/nt/teb.h"

extern const struct object_class thread_class;

struct apc;
struct sync_mutant;
struct thread_host;
struct wait_block;

/* A stack, from its lowest address (TEB.DeallocationStack): pages that are never there; pages
 * that are not there until the stack overflows, when the handler of the fault makes them
 * writable and the program is told; then up to TEB.StackBase what is the program's
 * (TEB.StackLimit is its low end). */
enum {
	THREAD_GUARD = 4096,
	THREAD_YELLOW = 16 * 4096,
	THREAD_SIGNAL_STACK = 64 * 1024,        /* of thread->signal_stack */
};

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
	struct thread_host *host;       /* lent */
	uint32_t number;                /* its id, as the program sees it: a multiple of 4 */
	uint64_t created;               /* FILETIME */

	/* any thread, atomically */
	_Atomic uint32_t exit_code;     /* STILL_ACTIVE is 259 */
	_Atomic int32_t suspend_count;
	_Atomic bool ended;
	_Atomic bool dying;             /* TerminateThread: it ends at its next wait */
	_Atomic uint32_t started;       /* futex: 1 when tid is known */
	_Atomic uint32_t alerted;       /* NtAlertThreadByThreadId */

	struct object *token;           /* whom it impersonates, or NULL; advapi32_token.h's lock */

	/* under object.lock */
	struct apc *apcs;
	struct wait_block *block;       /* what it waits on, or NULL */
	WCHAR *description;             /* own, or NULL */
	struct shared_thing *end;       /* own, or NULL: tells other processes of its end */
	int32_t priority;
	uint8_t ideal;                  /* processor */
	bool no_boost;
	uint64_t cpu_before;            /* ns of its host's clock when it began */
	uint64_t cpu, ended_at;         /* ns, FILETIME: when it has ended */

	/* suspend.c: where the thread stands while it is suspended */
	void *_Atomic suspended;        /* its ucontext_t */

	/* the thread only */
	struct sync_mutant *mutants;    /* that it owns; who hands it one, for it */
	struct fls_values *_Atomic fls; /* own (fls.c); NULL until it has one */
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
struct fls_values *thread_take_fls(struct thread *t);  /* nobody's thread_each sees them any more */
uint32_t thread_count(void);

/* Make one; it waits when `suspended`.  stack 0: the program's own size. */
NTSTATUS thread_new(void *start, void *argument, size_t stack, bool suspended, struct thread **out);
/* The first: the calling thread of the host becomes it, on a stack of its own, and runs
 * start(argument).  Comes back when it has ended with its code. */
NTSTATUS thread_first(void *start, void *argument, size_t stack, uint32_t *code);
_Noreturn void thread_exit(uint32_t code);
_Noreturn void thread_die(void);        /* the calling thread was terminated: its exit_code is set */
/* End another one, without its help if need be. */
NTSTATUS thread_terminate(struct thread *t, uint32_t code);

/* Before thread_first: what all threads have. */
extern struct PEB *thread_peb;
extern size_t thread_stack_default;     /* bytes; the program's SizeOfStackReserve */
extern uint32_t thread_process_id;

/* Let GS point at the thread's TEB (host threads have none). */
void thread_set_gs(struct TEB *t);

#endif
