/* post.h -- what a process of the machine asks of another one: to give an object, or to take one,
 * and to do something with its memory.
 *
 * Handles and what is behind them live in a process' own memory and among its descriptors: nobody
 * else can look into its table.  So a process that is asked listens on a socket in the machine's
 * folder, and its reactor answers.  One that was never asked has neither: the first who
 * asks sends it a signal, and the handler, in a thread that holds no lock, opens.  A letter
 * describes one object as a child would inherit it (object.h), with its descriptors; who is not
 * a process of the machine is not answered.  Who waits for an answer is told when the other one
 * ends.
 */
#ifndef LAYER_API_NT_OBJECT_POST_H
#define LAYER_API_NT_OBJECT_POST_H

#include "layer/api/nt/host.h"
#include "layer/api/nt/mem/vm.h"
#include "layer/api/nt/process/process.h"

enum { DUPLICATE_CLOSE_SOURCE = 1, DUPLICATE_SAME_ACCESS = 2, DUPLICATE_SAME_ATTRIBUTES = 4 };

/* This process can be asked from now on; it has its place in the table. */
void post_start(void);
void post_close(void);  /* it ends */

/* What a handle shall be like. */
struct post_terms {
	ACCESS_MASK access;
	bool inherit;
	ULONG options;          /* DUPLICATE_... */
	bool moved;             /* of post_put(): our last handle is closed then */
};

/* A handle of o in the table of another process.  STATUS_NOT_SUPPORTED: its class cannot go. */
NTSTATUS post_put(struct process *to, struct object *o, const struct post_terms *t, HANDLE *out);
/* What is behind a handle of another process: o made here (a count), and what the handle was like
 * in *t; out NULL: it is only closed. */
NTSTATUS post_get(struct process *from, HANDLE h, struct post_terms *t, struct object **out);
/* A second handle in another process of what it has. */
NTSTATUS post_within(struct process *p, HANDLE h, const struct post_terms *t, HANDLE *out);

/* What can be done with the memory of a process. */
struct post_memory {
	enum { POST_ALLOC, POST_FREE, POST_PROTECT, POST_QUERY, POST_USE } what;
	DWORD type, protect; /* of POST_PROTECT protect is what it was, then */
	union {
		struct {
			void *base;
			SIZE_T size;
			struct vm_where where;
		};
		struct MEMORY_BASIC_INFORMATION found;
		struct host_use use;
	};
};

NTSTATUS post_memory_do(struct post_memory *m);                    /* in our own */
NTSTATUS post_memory(struct process *p, struct post_memory *m);    /* in another one's */

#endif
