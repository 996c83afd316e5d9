/* handle_gift.h -- handles that one process puts into the table of another (DuplicateHandle).
 *
 * The table of handles is in a process' own memory, and nobody there need be disturbed: the
 * giver writes the handle down in the machine's memory, with a number that the receiver never
 * gives out itself, and the receiver makes it when it is first used.  That is enough for what
 * has no descriptor: events, mutants, semaphores and processes.
 */
#ifndef LAYER_API_NT_OBJECT_HANDLE_GIFT_H
#define LAYER_API_NT_OBJECT_HANDLE_GIFT_H

#include "layer/api/nt/object/handle.h"
#include "layer/api/nt/process/process.h"

bool handle_gift_can(const struct object *o);   /* else it is post.h's to give */
NTSTATUS handle_gift_give(struct process *to, struct object *o, ACCESS_MASK access, bool inherit,
                          HANDLE *out);

/* It may be one that was given and is not there yet.  true: now it is. */
bool handle_gift_make(HANDLE h);

static inline bool
handle_gift_take(HANDLE h)
{
	return (uintptr_t)h >> 2 >= HANDLE_GIFTS && handle_gift_make(h);
}

#endif
