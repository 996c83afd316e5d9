/* cxx.h -- C++ exceptions as Microsoft's compilers make them.
 *
 * A function with states has a table of them, in one of two formats: FuncInfo (cxx_func3.c) and
 * the compressed FuncInfo4 (cxx_func4.c).  Both are read here as the same questions: which state
 * belongs to an address, what undoes a state, which try blocks and catches there are.  A state
 * numbers what is alive at a moment; -1 is nothing.  Catch blocks are functions of their own
 * ("funclets") that work on the frame of the function that they belong to.  Tables are read
 * within their module only.
 */
#ifndef LAYER_API_NT_EXCEPT_CXX_H
#define LAYER_API_NT_EXCEPT_CXX_H

#include "layer/api/nt/except/unwind.h"

enum { CXX_CODE = (int)0xe06d7363, CXX_MAGIC = 0x19930520 };

struct cxx_func {
	struct image im;
	struct bounds stack;
	uint32_t begin;         /* the function, or the catch block: an RVA */
	uint64_t frame;         /* of the function */
	bool four;
	bool noexcept;          /* no exception may leave it */
	bool sync;              /* catch (...) is for C++ exceptions only */
	/* a catch block's own states are above `floor`, up to `ceiling` */
	int floor, ceiling;
	uint32_t nstate, ntry, nip;
	uint32_t states, tries, ips;    /* RVAs; of FuncInfo4 without their counts */
};

struct cxx_action {
	int to;                 /* the state after it */
	enum { CXX_NOTHING, CXX_DESTROY, CXX_DESTROY_POINTED, CXX_FUNCLET } kind;
	uint32_t action;        /* an RVA */
	uint32_t object;        /* in the frame */
};

struct cxx_try {
	int low, high, catch_high;
	uint32_t ncatch, catches;
};

enum {
	CATCH_CONST = 1, CATCH_VOLATILE = 2, CATCH_UNALIGNED = 4, CATCH_REFERENCE = 8, CATCH_ALL = 0x40,
};

struct cxx_catch {
	uint32_t adjectives;
	uint32_t type;          /* RVA of its descriptor; 0: all */
	int32_t object;         /* where in the frame; 0: nowhere */
	uint32_t handler;       /* RVA */
	uint32_t ngo_on;        /* FuncInfo4: where the function goes on, up to two RVAs */
	uint32_t go_on[2];
};

/* The tables of a frame that __CxxFrameHandler3 or 4 is called for.  false: they are bad. */
bool cxx_func3(struct cxx_func *f, const struct DISPATCHER_CONTEXT *dc, uint64_t establisher);
bool cxx_func4(struct cxx_func *f, const struct DISPATCHER_CONTEXT *dc, uint64_t establisher);
int cxx_state(const struct cxx_func *f, uint64_t pc);
bool cxx_action(const struct cxx_func *f, int state, struct cxx_action *a);

/* Their try blocks and catches one after the other; at: begin with 0. */
struct cxx_cursor {
	uint32_t i, at;
};
bool cxx_next_try(const struct cxx_func *f, struct cxx_cursor *c, struct cxx_try *t);
bool cxx_next_catch(const struct cxx_func *f, const struct cxx_try *t, struct cxx_cursor *c, struct cxx_catch *k);

bool cxx_read(const struct image *im, uint32_t rva, void *out, size_t n);

int cxx_state3(const struct cxx_func *f, uint64_t pc);
bool cxx_action3(const struct cxx_func *f, int state, struct cxx_action *a);
bool cxx_try3(const struct cxx_func *f, struct cxx_cursor *c, struct cxx_try *t);
bool cxx_catch3(const struct cxx_func *f, const struct cxx_try *t, struct cxx_cursor *c, struct cxx_catch *k);
int cxx_state4(const struct cxx_func *f, uint64_t pc);
bool cxx_action4(const struct cxx_func *f, int state, struct cxx_action *a);
bool cxx_try4(const struct cxx_func *f, struct cxx_cursor *c, struct cxx_try *t);
bool cxx_catch4(const struct cxx_func *f, const struct cxx_try *t, struct cxx_cursor *c, struct cxx_catch *k);

/* -- what is thrown: cxx_match.c --------------------------------------------------------------- */

struct cxx_type {       /* CatchableType, read */
	uint32_t properties, descriptor;
	int32_t mdisp, pdisp, vdisp;
	uint32_t size, copy;
};

bool cxx_is(const struct EXCEPTION_RECORD *r);  /* a C++ exception */
/* Does this catch take the exception?  as: by which of its types. */
bool cxx_match(const struct cxx_func *f, const struct cxx_catch *k, const struct EXCEPTION_RECORD *r,
               struct cxx_type *as, bool *any);
/* Give the catch block its object. */
void cxx_give(const struct cxx_func *f, const struct cxx_catch *k, const struct EXCEPTION_RECORD *r,
              const struct cxx_type *as);
void cxx_destroy(const struct EXCEPTION_RECORD *r);     /* the exception object */

/* -- cxx.c ------------------------------------------------------------------------------------------ */

WINAPI int cxx_handler3(struct EXCEPTION_RECORD *r, void *frame, struct CONTEXT *c, struct DISPATCHER_CONTEXT *dc);
WINAPI int cxx_handler4(struct EXCEPTION_RECORD *r, void *frame, struct CONTEXT *c, struct DISPATCHER_CONTEXT *dc);

typedef void(WINAPI cxx_translator)(unsigned code, struct EXCEPTION_POINTERS *p);

/* A thread's. */
struct cxx_thread {
	struct EXCEPTION_RECORD *current;       /* what the innermost catch block has caught */
	struct CONTEXT *context;
	struct cxx_caught *caught;
	int throwing;
	cxx_translator *translator;
	void(WINAPI *terminate)(void);
	void(WINAPI *unexpected)(void);
};
struct cxx_thread *cxx_thread(void);
void cxx_throwing(bool again);          /* _CxxThrowException begins */
_Noreturn void cxx_terminate(void);

/* f(a); false: an exception of C++ has left it, and `take` has said that it ends here.  `passed` is
 * called when one goes on, through this frame. */
bool cxx_attempt(void (*f)(void *a), bool (*take)(void *a), void (*passed)(void *a), void *a);

/* __C_specific_handler (seh.c) */
WINAPI int seh_handler(struct EXCEPTION_RECORD *r, void *frame, struct CONTEXT *c, struct DISPATCHER_CONTEXT *dc);

#endif
