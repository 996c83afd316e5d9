/* init.h -- a first process for programs that are not made to be one
 * (--init): it reaps orphans and forwards signals, and ends as its child does.
 *
 * It is the child itself, confined like the program, that stays behind a fork.
 */
#ifndef LAYER_OS_INIT_H
#define LAYER_OS_INIT_H

/* Returns in the new process, which is to become the program; the caller's own
 * process stays in here until that has ended.  `sock` is closed in it. */
void init_run(int sock);

#endif
