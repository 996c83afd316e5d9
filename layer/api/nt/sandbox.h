/* sandbox.h -- what the process may do on the host, from before the program's first instruction.
 *
 * Three fences: Landlock lets exactly the folders of the birth be seen; a seccomp list lets
 * only the system calls be made that layer/api needs; and system calls are refused unless
 * they come from our own code (syscall user dispatch), so that a program's own `syscall`
 * instruction - a Windows number, or an attack - has Windows' answer.  No capability is kept
 * but root's over files, and no privilege can be gained.  Processes that it starts are inside the first two already.
 */
#ifndef LAYER_API_NT_SANDBOX_H
#define LAYER_API_NT_SANDBOX_H

#include "layer/api/nt/process/birth.h"

/* A network of its own, in which it reaches only itself; false when the host refuses. */
bool sandbox_loopback(void);
int sandbox_enter(const struct birth *b, struct err *e);
/* The third fence stands around each thread; called by it. */
void sandbox_thread(void);

#endif
