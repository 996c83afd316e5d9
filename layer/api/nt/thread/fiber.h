/* fiber.h -- fibers: stacks that one thread changes between by itself.
 *
 * What a switch changes: the stack and its limits in the TEB, the registers that functions
 * keep, the fiber's data, and its values of fiber-local storage.
 */
#ifndef LAYER_API_NT_THREAD_FIBER_H
#define LAYER_API_NT_THREAD_FIBER_H

#include "layer/api/nt/status.h"
#include "layer/api/nt/thread/thread.h"

struct fiber {
	void *parameter;                /* first: GetFiberData() reads it */
	void *stack_pointer;            /* while it does not run */
	void *start;
	char *map;                      /* own; NULL: a thread's stack */
	size_t map_size;
	void *base, *limit, *deallocation;      /* of the TEB */
	void *exceptions;
	struct fls_values *fls;         /* own, while it does not run */
	ULONG guarantee;
	bool thread;                    /* made of a thread */
};

/* NULL: no memory. */
struct fiber *fiber_of_thread(void *parameter);         /* the calling one, which is none yet */
struct fiber *fiber_new(size_t stack, void *start, void *parameter);
bool fiber_to_thread(void);             /* false: it is no fiber */
void fiber_switch(struct fiber *to);
void fiber_delete(struct fiber *f);     /* the calling thread ends when it is its own */
bool fiber_is(void);

#endif
