/* halt.h -- pause without a freezer: SIGSTOP and SIGCONT to every process of a
 * pid namespace.  For users who may not make cgroups; the guest could notice. */
#ifndef LAYER_OS_HALT_H
#define LAYER_OS_HALT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Stop or continue all processes in the pid namespace of `pid`. */
int halt_all(pid_t pid, bool stop, struct err *e);

#endif
