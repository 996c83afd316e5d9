/* fls.h -- fiber-local storage: slots with a function that is told when a value goes.
 *
 * A thread's values are in thread->fls, a fiber's travel with it (fiber.c).
 */
#ifndef LAYER_API_NT_THREAD_FLS_H
#define LAYER_API_NT_THREAD_FLS_H

#include "layer/api/nt/thread/thread.h"

enum { FLS_MOST = 4080, FLS_OUT = -1 };

struct fls_values {
	void *low[128];
	void **_Atomic high;            /* own: the others; NULL until there is one */
};

typedef void(WINAPI *fls_callback)(void *value);

DWORD fls_alloc(fls_callback f);        /* FLS_OUT: there is none left */
bool fls_free(DWORD i);
bool fls_get(DWORD i, void **value);
bool fls_set(DWORD i, void *value);     /* false: no such slot, or no memory */

void fls_thread_end(struct thread *t);  /* each value that is not NULL goes */
/* The same for values that are no running thread's (a deleted fiber's); frees them. */
void fls_drop(struct fls_values *v);

#endif
