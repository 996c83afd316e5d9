/* terminal.h -- a terminal for whoever has a line discipline of his own: raw (pty(7)).
 */
#ifndef LAYER_HAL_DEV_TERMINAL_H
#define LAYER_HAL_DEV_TERMINAL_H

#include "base/err.h"

/* Both sides are the caller's, close-on-exec.  rows 0: its size is not known. */
int terminal_open(unsigned rows, unsigned cols, int *master, int *slave, struct err *e);

#endif
