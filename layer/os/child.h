/* child.h -- the life of a container's first process before its program.
 *
 * Everything here runs after clone3 in a copy of the monitor: it decides
 * nothing, allocates nothing, and either becomes the program or reports one
 * error through the socket and ends.
 */
#ifndef LAYER_OS_CHILD_H
#define LAYER_OS_CHILD_H

#include "base/err.h"

struct guest;
struct process;

/* First steps of every child: its own session and signals, and no life after
 * the monitor. */
void child_alone(void);

_Noreturn void child_run(struct guest *g, int sock);

/* The last steps, which exec shares: working folder, identity, capabilities,
 * seccomp, and the program.  Returns only with an error. */
int child_become(struct guest *g, const struct process *p, int sock, struct err *e);

/* Send an error and end with its status. */
_Noreturn void child_die(int sock, const struct err *e);

#endif
