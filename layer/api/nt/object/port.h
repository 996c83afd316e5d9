/* port.h -- I/O completion ports, and how an operation on a file ends.
 *
 * port_post() may be called by any thread, also by the reactor's.  port_done() is the one way in
 * which an overlapped operation ends: it fills the status block, sets the event, queues the
 * APC and posts to the port, whichever there are.
 */
#ifndef LAYER_API_NT_OBJECT_PORT_H
#define LAYER_API_NT_OBJECT_PORT_H

#include "layer/api/nt/object/object.h"

extern const struct object_class port_class;

struct packet {
	ULONG_PTR key;
	void *apc_context;      /* of Win32: the OVERLAPPED */
	NTSTATUS status;
	ULONG_PTR information;
};

struct object *port_new(uint32_t concurrency);
void port_for_files(struct object *port);       /* operations of files will end there */
NTSTATUS port_post(struct object *port, const struct packet *p);
/* Up to n packets, at least one, until the deadline. */
NTSTATUS port_take(struct object *port, struct packet *p, ULONG n, ULONG *taken, bool alertable,
                   uint64_t deadline);

/* Take back the first packet that is like this one; false: it is gone. */
bool port_remove(struct object *port, const struct packet *p);
uint32_t port_depth(struct object *port);        /* packets that nobody has taken yet */

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
