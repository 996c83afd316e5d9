/* run.h -- inside of the interpreter: run.c, call.c, unwind.c, roots.c, save.c.
 *
 * fp, pc and func of a thread are true whenever somebody else may look: at rest,
 * in a host function, in help.
 */
#ifndef LAYER_LANG_RUN_H
#define LAYER_LANG_RUN_H

#include "layer/lang/code.h"

/* Run t from t->pc until there is a reason.  t NULL: only fill code_go. */
enum stop run_loop(struct thread *t);

/* The handlers' addresses are known behind this. */
void run_ready(void);

/* A thread is kicked, and it was the last call or loop to let pass. */
bool run_pending(struct thread *t);

/* What a nested run interrupted: the host function that called back. */
struct run_outer {
	uint64_t *fp;
	const uint64_t *pc;
	struct func *func;
	struct instance *caller;
	struct run_outer *outer;
	bool running; /* nothing did otherwise */
};

/* A run of its own on top of whatever runs on t, for run_begin and run_go; and back. */
void run_nest(struct thread *t, struct run_outer *outer);
void run_unnest(struct thread *t, const struct run_outer *outer);
/* Where its arguments go and its results will be. */
uint64_t *run_base(const struct thread *t);

/* The word that a frame entered by the host returns to. */
extern uint64_t run_exit_word[2];

/* unwind.c: throw t->exception from t->pc.  true: a handler was found, fp, pc and
 * func say where to go on; false: nobody in this run. */
bool unwind_throw(struct thread *t);
/* An exception object of a tag with these values; 0: out of memory. */
uint64_t unwind_new(struct thread *t, struct tag *tag, const uint64_t *values);

/* One frame and then its callers, innermost first. */
struct activation {
	struct func *func;
	uint64_t *fp;
	const uint64_t *pc;
	bool returning; /* pc is where it goes on when its callee is done */
	bool outermost; /* entered by the host */
};
void unwind_top(const struct thread *t, struct activation *a);
bool unwind_up(struct activation *a); /* false: there is no caller in this run */

#endif
