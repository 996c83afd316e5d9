/* debug.h -- somebody looks at the harts: breakpoints, watchpoints, single steps, a trace.
 *
 * Knows no protocol.  While there is a struct debug (rv->debugger) the harts run through
 * debug_run.  A breakpoint is no byte in the guest's memory: code that is decoded at an
 * address whose place in its page is a breakpoint's begins with a question to debug_hit,
 * and all other code runs as fast as ever.  A watchpoint, a trace, and a hart that makes
 * a step let each instruction be looked at before it runs.
 *
 * What is shown of a hart is the state before the instruction at its pc.  A hart that
 * goes on from where it was shown runs that instruction without being asked again, so
 * that an ebreak is first the debugger's and then the guest's.  A single step takes no
 * interrupt.
 *
 * But for what debug_run calls, all functions want the harts at rest.
 */
#ifndef LAYER_HAL_RV_DEBUG_H
#define LAYER_HAL_RV_DEBUG_H

#include <stdbool.h>
#include <stdint.h>

#include "layer/hal/rv/hart.h"

enum { DEBUG_BREAKS = 4096, DEBUG_WATCHES = 64 };

enum debug_watch { DEBUG_WRITE = 1, DEBUG_READ = 2, DEBUG_ACCESS = 3 };

/* What a hart does when the others go on. */
enum debug_go {
	DEBUG_GO,
	DEBUG_STEP, /* one instruction, then all stop */
	DEBUG_STAY,
	DEBUG_STEPPED, /* ours: made, and not said yet */
};

enum debug_reason { DEBUG_BREAK, DEBUG_EBREAK, DEBUG_STEP_MADE, DEBUG_WATCHED };

struct debug_stop {
	struct hart *hart;
	enum debug_reason reason;
	enum debug_watch watch; /* DEBUG_WATCHED: which kind it was that met an access */
	uint64_t addr;          /* DEBUG_WATCHED: the first byte of it that is watched */
};

struct debug;

/* Begin to look at the harts: for a debugger, whose ebreak is, or only for rv->trace. */
struct debug *debug_new(struct rv *r);
void debug_free(struct debug *d); /* all harts go on as if nobody had been there */

/* A debugger comes and goes; what it leaves is taken away. */
void debug_attach(struct debug *d, bool attached);

/* false: there are too many, or there is none. */
bool debug_break(struct debug *d, uint64_t addr, bool set);
bool debug_watch(struct debug *d, enum debug_watch kind, uint64_t addr, uint64_t size, bool set);

/* Before they run again: all harts go, or as said after that. */
void debug_resume(struct debug *d);
void debug_go(struct debug *d, unsigned hart, enum debug_go how);

/* Why they stopped, once; false: for no reason of ours. */
bool debug_stopped(struct debug *d, struct debug_stop *why);

/* Its pc was changed, or memory that may be code. */
void debug_moved(struct debug *d, struct hart *h);
void debug_wrote(struct debug *d);

/* -- of the harts ----------------------------------------------------------------------- */

enum hart_stop debug_run(struct hart *h);              /* instead of hart_run */
bool debug_near(const struct debug *d, uint64_t addr); /* may a breakpoint be there? */
bool debug_hit(const struct debug *d, uint64_t addr);  /* is one there? */

/* Four bytes at h->pc, two for a short instruction; false: it cannot be read. */
bool debug_word(struct hart *h, uint32_t *word);

#endif
