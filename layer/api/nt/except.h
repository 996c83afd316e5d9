/* except.h -- exceptions: from a signal or a call to the handlers of the program.
 *
 * A signal becomes an exception record and a CONTEXT on the program's own stack, and the
 * thread goes on in the dispatcher: vectored handlers, then the frames by their unwind codes
 * (unwind.h), then the unhandled filter, then a report and the end of the process.  A fault
 * in our own code that a bad pointer of the program caused takes the same way: unwind.c
 * crosses our frames by their .eh_frame.
 */
#ifndef LAYER_API_NT_EXCEPT_H
#define LAYER_API_NT_EXCEPT_H

#include <ucontext.h>

#include "layer/api/nt/status.h"
#include "layer/api/nt/thread.h"

enum {
	EXCEPTION_NONCONTINUABLE = 1,
	EXCEPTION_UNWINDING = 2,
	EXCEPTION_EXIT_UNWIND = 4,
	EXCEPTION_TARGET_UNWIND = 0x20,
	EXCEPTION_COLLIDED_UNWIND = 0x40,
};

void except_start(void);                /* once, before the program's first instruction */
int except_thread(struct thread *t);    /* its alternate stack; in the thread itself */
void except_thread_end(struct thread *t);

/* Raise in the calling thread, as RtlRaiseException; comes back when a handler continues. */
void except_raise(DWORD code, DWORD flags, DWORD n, const ULONG_PTR *args);
_Noreturn void except_fatal(struct EXCEPTION_POINTERS *p);     /* nobody handled it: say so, end */

void except_context_of(struct CONTEXT *c, const ucontext_t *u);
void except_context_to(const struct CONTEXT *c, ucontext_t *u);
_Noreturn void except_resume(const struct CONTEXT *c);  /* RtlRestoreContext */

/* Try f(a); false when it faulted (a bad pointer of the program). */
bool except_try(void (*f)(void *a), void *a);

/* suspend.c */
NTSTATUS suspend_thread(struct thread *t, ULONG *before);
NTSTATUS suspend_resume(struct thread *t, ULONG *before);
NTSTATUS suspend_get(struct thread *t, struct CONTEXT *c);
NTSTATUS suspend_set(struct thread *t, const struct CONTEXT *c);

#endif
