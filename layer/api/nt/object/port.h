/* port.h -- I/O completion ports, and how an operation on a file ends.
 *
 * port_post() may be called by any thread, also by the reactor's.  port_done() is the one way in
 * which an overlapped operation ends: it fills the status block, sets the event, queues the
 * APC and posts to the port, whichever there are.
 */
#ifndef LAYER_API_NT_OBJECT_PORT_H
#define LAYER_API_NT_OBJECT_PORT_H

#include "layer/api/nt/object/object.h"
#include "layer/api/nt/thread/steady.h"

extern const struct object_class port_class;

struct packet {
	ULONG_PTR key;
	void *apc_context;      /* of Win32: the OVERLAPPED */
	NTSTATUS status;
	ULONG_PTR information;
};

/* concurrency: how many threads may run with packets of it at once; 0: as many as there are
 * processors, which the host sees to. */
struct object *port_new(uint32_t concurrency);
void port_for_files(struct object *port);       /* operations of files will end there */
NTSTATUS port_post(struct object *port, const struct packet *p);
/* Up to n packets, at least one, until the deadline. */
NTSTATUS port_take(struct object *port, struct packet *p, ULONG n, ULONG *taken, bool alertable,
                   uint64_t deadline);

/* Take back the first packet that is like this one; false: it is gone. */
bool port_remove(struct object *port, const struct packet *p);
uint32_t port_depth(struct object *port);        /* packets that nobody has taken yet */

/* A thread that has taken a packet of a port with a limit runs for it until it takes another one, of
 * whichever port, or ends; it does not while it waits for something else.  Whatever lets a
 * thread of the program wait pauses it. */
struct port;
extern _Thread_local struct port_mine {
	struct port *port;      /* own (a count): what it ran for last, of those with a limit; or NULL */
	bool runs;
} port_mine __attribute__((tls_model("initial-exec")));

void port_pause_it(void);
void port_resume(bool paused);
void port_leave(void);          /* it runs for no port any more: the thread ends */

static inline bool
port_pause(void)
{
	if (__builtin_expect(!port_mine.runs, 1))
		return false;
	port_pause_it();
	return true;
}

/* steady_futex_wait() of the program's own. */
static inline int
port_sleep(_Atomic uint32_t *word, uint32_t value, uint64_t deadline)
{
	bool paused = port_pause();
	int r = steady_futex_wait(word, value, deadline);

	port_resume(paused);
	return r;
}

/* What is to be told when an operation ends. */
struct io {
	struct IO_STATUS_BLOCK *iosb;   /* lent by the program */
	struct object *event;           /* own (a count), or NULL */
	struct object *file;            /* own (a count): signalled too; or NULL */
	struct object *port;            /* own (a count), or NULL */
	ULONG_PTR key;
	void *apc, *apc_context;        /* apc NULL: none */
	struct thread *thread;          /* own (a count): whose APC it is; NULL without one */
	bool skip_port;                 /* FILE_SKIP_COMPLETION_PORT_ON_SUCCESS and it was at once */
};

void port_done(struct io *io, NTSTATUS status, ULONG_PTR information);   /* gives back the counts */

#endif
