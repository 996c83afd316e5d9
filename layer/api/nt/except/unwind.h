/* unwind.h -- from a frame of the stack to the one that called it, with its handlers.
 *
 * Frames of the program are described by the unwind codes of its modules (pdata.c) or of what
 * it has registered (functable.c), frames of our own binary by its .eh_frame (cfi.c); both are
 * crossed alike, so that an exception of the program passes through what we called it from.
 * A guard is a frame of ours that has something to say when it is passed: a handler, or that
 * another context lies beneath it.  Tables of the program are read within its module, and the
 * stack within the bounds of the thread that is dispatching; what leads out of them ends the
 * walk.
 */
#ifndef LAYER_API_NT_EXCEPT_UNWIND_H
#define LAYER_API_NT_EXCEPT_UNWIND_H

#include "layer/api/nt/status.h"
#include "layer/api/nt/types.h"

enum {
	UNW_FLAG_NHANDLER = 0,
	UNW_FLAG_EHANDLER = 1,
	UNW_FLAG_UHANDLER = 2,
	UNW_FLAG_CHAININFO = 4,
};

/* What a handler answers: EXCEPTION_DISPOSITION. */
enum disposition {
	ExceptionContinueExecution,
	ExceptionContinueSearch,
	ExceptionNestedException,
	ExceptionCollidedUnwind,
};

struct RUNTIME_FUNCTION {
	DWORD BeginAddress, EndAddress, UnwindData;
};

struct KNONVOLATILE_CONTEXT_POINTERS {
	struct M128A *FloatingContext[16];
	DWORD64 *IntegerContext[16];
};

struct DISPATCHER_CONTEXT;

typedef int(WINAPI exception_routine)(struct EXCEPTION_RECORD *r, void *frame, struct CONTEXT *c,
                                      struct DISPATCHER_CONTEXT *dc);

struct DISPATCHER_CONTEXT {
	DWORD64 ControlPc, ImageBase;
	struct RUNTIME_FUNCTION *FunctionEntry;
	DWORD64 EstablisherFrame, TargetIp;
	struct CONTEXT *ContextRecord;
	exception_routine *LanguageHandler;
	void *HandlerData, *HistoryTable;
	/* Of __C_specific_handler: which scope is next.  Of C++: the state (cxx.h). */
	DWORD ScopeIndex, Fill0;
};

/* Memory that may be read: from low up to high. */
struct bounds {
	uint64_t low, high;
};

bool unwind_read(const struct bounds *b, uint64_t address, void *out, size_t n);
struct bounds unwind_stack(void);               /* of the calling thread */

/* -- guards ------------------------------------------------------------------------------ */

struct guard;
typedef int(guard_handler)(struct EXCEPTION_RECORD *r, struct guard *g, struct DISPATCHER_CONTEXT *dc);

struct guard {
	guard_handler *handler;                 /* or NULL */
	void *data;
	const struct CONTEXT *beneath;          /* the frame below this one; NULL: who called */
	DWORD scope;                            /* and its ScopeIndex */
};

/* f(a), with g in the frame. */
uint64_t unwind_guard(uint64_t (*f)(void *a), void *a, struct guard *g);
extern const char unwind_guard_return[];        /* where it goes on, with f's result */

/* -- one frame ---------------------------------------------------------------------------- */

/* Where one frame is left for the one that called it. */
struct unwind_frame {
	uint64_t pc, image, establisher;
	struct RUNTIME_FUNCTION *function;      /* NULL: a leaf, or ours */
	exception_routine *handler;             /* NULL: none of the asked kind */
	void *data;
	struct guard *guard;                    /* of ours, or NULL */
	DWORD scope;                            /* for the next frame: its ScopeIndex */
	bool exact;                             /* pc is where it stands, not where it returns to */
};

/* Leave a frame: *c becomes its caller's context.  kind: UNW_FLAG_... of the handler wanted.
 * false: there is no way on (a bad stack, bad codes, the end). */
bool unwind_step(struct CONTEXT *c, DWORD kind, const struct bounds *stack, struct unwind_frame *f);

/* Leave a frame of ours; the same as unwind_step, with where registers were found in p. */
bool unwind_ours(struct CONTEXT *c, struct KNONVOLATILE_CONTEXT_POINTERS *p, const struct bounds *stack,
                 struct unwind_frame *f);

/* RtlUnwindEx, from the given context on (which is used up). */
_Noreturn void unwind_to(struct CONTEXT *from, void *frame, void *ip, struct EXCEPTION_RECORD *r,
                         void *value, void *history);
/* Call a language handler, so that an exception in it is seen as nested, or collided. */
int unwind_call(struct EXCEPTION_RECORD *r, struct CONTEXT *c, struct DISPATCHER_CONTEXT *dc, bool unwinding);
/* RtlCaptureStackBackTrace, from a context on; exact as in unwind_frame. */
ULONG unwind_trace(const struct CONTEXT *from, bool exact, ULONG skip, ULONG most, void **out);

/* -- pdata.c ----------------------------------------------------------------------------------- */

/* The tables of a module: what is read of it lies within size bytes. */
struct image {
	uint64_t base, size;
	const struct RUNTIME_FUNCTION *functions;
	uint32_t nfunction;
};

bool pdata_image(uint64_t base, uint64_t size, struct image *im);       /* by its headers */
struct RUNTIME_FUNCTION *pdata_find(const struct image *im, uint64_t pc);
/* The entry of the function's beginning, whatever piece of it f is. */
const struct RUNTIME_FUNCTION *pdata_primary(const struct image *im, const struct RUNTIME_FUNCTION *f);
bool pdata_step(const struct image *im, const struct RUNTIME_FUNCTION *f, uint64_t pc, struct CONTEXT *c,
                struct KNONVOLATILE_CONTEXT_POINTERS *p, DWORD kind, const struct bounds *stack,
                exception_routine **handler, void **data, uint64_t *establisher);

/* -- cfi.c ------------------------------------------------------------------------------------- */

void cfi_start(void);
bool cfi_ours(uint64_t pc);             /* code of our binary (or of its libraries) */
bool cfi_step(struct CONTEXT *c, struct KNONVOLATILE_CONTEXT_POINTERS *p, bool exact,
              const struct bounds *stack);

/* -- functable.c: RtlLookupFunctionEntry ------------------------------------------------------ */

/* For a pc of ours: an entry that unwinds nothing, which RtlVirtualUnwind knows. */
extern struct RUNTIME_FUNCTION functable_ours[1];
struct RUNTIME_FUNCTION *functable_find(uint64_t pc, struct image *im);

BOOLEAN functable_add(struct RUNTIME_FUNCTION *table, DWORD n, uint64_t base);
typedef struct RUNTIME_FUNCTION *(WINAPI function_callback)(DWORD64 pc, void *context);
BOOLEAN functable_add_callback(uint64_t id, uint64_t base, DWORD size, function_callback *f, void *context);
bool functable_delete(uint64_t id);
NTSTATUS functable_add_growable(void **out, struct RUNTIME_FUNCTION *table, DWORD n, DWORD most,
                                uint64_t low, uint64_t high);
void functable_grow(void *dynamic, DWORD n);

#endif
