/* bell.h -- the thread that hears what other processes of the machine tell this one.
 *
 * Whoever changes what another process looks at rings its bell (shared.h).  The thread starts
 * when something is first looked at; it runs no code of the program.
 */
#ifndef LAYER_API_NT_OBJECT_BELL_H
#define LAYER_API_NT_OBJECT_BELL_H

#include <stdbool.h>

/* f is called whenever the bell has rung, whoever it was for.  The same one is there once.
 * false: there is no thread for it. */
bool bell_answer(void (*f)(void));

#endif
