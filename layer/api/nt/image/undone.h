/* undone.h -- functions that are not done, and calls that are traced.
 *
 * Every import resolves.  What no table has becomes a stub that ends the program with one
 * sentence naming DLL and function.  With a trace each import goes through a thunk that
 * writes the call and jumps on.
 */
#ifndef LAYER_API_NT_IMAGE_UNDONE_H
#define LAYER_API_NT_IMAGE_UNDONE_H

#include <stddef.h>

/* A stub for a function; the names are copied.  NULL: no memory. */
void *undone_stub(const char *dll, const char *function);

/* A thunk in front of a function of ours when calls are traced; else the function, or what is a
 * variable. */
void *undone_trace(const char *dll, const char *function, void *target);

#endif
