/* sched.h -- scheduling of the first process: config.md#linux-process,
 * `scheduler` and `ioPriority`.  Runs in the child. */
#ifndef LAYER_OS_SCHED_H
#define LAYER_OS_SCHED_H

#include "base/err.h"
#include "core/spec.h"

int sched_apply(const struct process *p, struct err *e);

#endif
