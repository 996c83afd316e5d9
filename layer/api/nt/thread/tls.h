/* tls.h -- thread-local storage by number: 64 slots in the TEB, 1024 more beside it.
 *
 * Compilers and run-times read TEB.TlsSlots themselves, so a number is a place there.
 */
#ifndef LAYER_API_NT_THREAD_TLS_H
#define LAYER_API_NT_THREAD_TLS_H

#include "layer/api/nt/thread/thread.h"

enum { TLS_OUT = -1 };

DWORD tls_alloc(void);                  /* TLS_OUT: there is none left */
bool tls_free(DWORD i);                 /* its values in all threads go */
bool tls_set_high(DWORD i, void *value);        /* i >= TLS_MINIMUM; false: no memory, or too high */

#endif
