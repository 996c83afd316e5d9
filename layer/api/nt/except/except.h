/* except.h -- exceptions: from a signal or a call to the handlers of the program.
 *
 * A signal becomes an exception record and a CONTEXT on the program's own stack, and the
 * thread goes on in the dispatcher: vectored handlers, then the frames by their unwind codes
 * (unwind.h), then the unhandled filter, then a report and the end of the process.  A fault
 * in our own code that a bad pointer of the program caused takes the same way: unwind.c
 * crosses our frames by their .eh_frame.
 */
#ifndef LAYER_API_NT_EXCEPT_EXCEPT_H
#define LAYER_API_NT_EXCEPT_EXCEPT_H

#include <ucontext.h>

#include "layer/api/nt/status.h"
#include "layer/api/nt/thread/thread.h"

enum {
	EXCEPTION_NONCONTINUABLE = 1,
	EXCEPTION_UNWINDING = 2,
	EXCEPTION_EXIT_UNWIND = 4,
	EXCEPTION_STACK_INVALID = 8,
	EXCEPTION_NESTED_CALL = 0x10,
	EXCEPTION_TARGET_UNWIND = 0x20,
	EXCEPTION_COLLIDED_UNWIND = 0x40,
};

/* What a filter answers. */
enum { EXCEPTION_EXECUTE_HANDLER = 1, EXCEPTION_CONTINUE_SEARCH = 0, EXCEPTION_CONTINUE_EXECUTION = -1 };

typedef LONG(WINAPI except_filter)(struct EXCEPTION_POINTERS *p);

void except_start(void);                /* once, before the program's first instruction */
int except_thread(struct thread *t);    /* its alternate stack; in the thread itself */
void except_thread_end(struct thread *t);
bool except_reset_stack(void);          /* its yellow pages are guarded again (_resetstkoflw) */
struct thread *except_self(void);       /* the program's thread that runs, or NULL: for signal handlers */

/* Raise in the calling thread, as RtlRaiseException; comes back when a handler continues. */
void except_raise(DWORD code, DWORD flags, DWORD n, const ULONG_PTR *args);
extern const char except_standing[];    /* in RaiseException (except_entry.S) */
_Noreturn void except_raise_record(struct EXCEPTION_RECORD *r, struct CONTEXT *c);     /* there */
_Noreturn void except_second_chance(struct EXCEPTION_RECORD *r, struct CONTEXT *c);
_Noreturn void except_fatal(struct EXCEPTION_POINTERS *p);     /* nobody handled it: say so, end */

/* The handler of handlers: the filter of SetUnhandledExceptionFilter, or the report. */
except_filter *except_set_filter(except_filter *f);    /* and which there was */
LONG except_unhandled(struct EXCEPTION_POINTERS *p);

void except_context_of(struct CONTEXT *c, const ucontext_t *u);
void except_context_to(const struct CONTEXT *c, ucontext_t *u);
/* Those parts of a context that the flags name, in whole; not the upper parts of vector registers. */
void except_context_parts(struct CONTEXT *to, const struct CONTEXT *from, DWORD flags);
WINAPI void except_capture(struct CONTEXT *c);          /* RtlCaptureContext */
_Noreturn void except_resume(const struct CONTEXT *c);  /* its parts by ContextFlags, the rest as it is */
/* RtlRestoreContext: r may be one of the two special ones (unwind.c). */
_Noreturn void except_restore(struct CONTEXT *c, struct EXCEPTION_RECORD *r, DWORD scope);

/* Try f(a); false when it faulted (a bad pointer of the program). */
bool except_try(void (*f)(void *a), void *a);
/* As memcpy(), to or from memory of the program that may be bad; false: it was.  For moments at
 * which no exception may begin: with a lock held, in a callback of the reactor. */
bool except_copy(void *to, const void *from, size_t n);

/* fault.c: what a signal says.  false: it is no exception (sent by somebody). */
bool fault_record(int sig, const siginfo_t *si, struct CONTEXT *c, const ucontext_t *u,
                  struct EXCEPTION_RECORD *r);
bool fault_is_access(const ucontext_t *u, bool *write, bool *execute);

/* dispatch.c */
_Noreturn void dispatch(struct EXCEPTION_RECORD *r, struct CONTEXT *c, bool exact);
/* vector.c: vectored handlers, and continue handlers */
void *vector_add(bool go_on, bool first, except_filter *f);
bool vector_remove(bool go_on, void *handle);
bool vector_call(bool go_on, struct EXCEPTION_RECORD *r, struct CONTEXT *c);
/* crash.c */
const char *crash_name(DWORD code);
void crash_report(const struct EXCEPTION_RECORD *r, const struct CONTEXT *c);

/* suspend.c */
void suspend_start(void);
extern int suspend_signal;
NTSTATUS suspend_thread(struct thread *t, ULONG *before);
NTSTATUS suspend_resume(struct thread *t, ULONG *before);
NTSTATUS suspend_get(struct thread *t, struct CONTEXT *c);
NTSTATUS suspend_set(struct thread *t, const struct CONTEXT *c);

#endif
