/* exec.h -- another program in a running container, with the same confinement
 * as its first. */
#ifndef LAYER_OS_EXEC_H
#define LAYER_OS_EXEC_H

#include "base/err.h"

struct guest;
struct process;

/* As layer.exec (core/layer.h). */
int exec_start(struct guest *g, const struct process *p, const int fd[3], int *console,
               struct err *e);
int exec_reap(struct guest *g, int fd);
void exec_cancel(struct guest *g, int fd);

#endif
