/* help.h -- instructions that are a C function: too long, or too rare, for run.c.
 *
 * s points at the operands, bottom first, and there the results go.  imm[0] is
 * the instance, imm[1] and imm[2] the instruction's immediates in order (a lane
 * stands in the high half of imm[1]).  The thread is at rest as far as others
 * can see: a function may collect, and read its operands again behind it.
 */
#ifndef LAYER_LANG_HELP_H
#define LAYER_LANG_HELP_H

#include "layer/lang/op.h"
#include "layer/lang/store.h"

/* Not done: kicked while waiting.  Call it again. */
enum { HELP_AGAIN = TRAP_COUNT };

typedef int help_fn(struct thread *t, uint64_t *s, const uint64_t *imm);

/* NULL: the instruction is not of this kind. */
help_fn *help_of(enum op op);

help_fn *bulk_help(enum op op);      /* bulk.c: memories and tables */
help_fn *aggregate_help(enum op op); /* aggregate.c: structures, arrays, casts */
help_fn *atomic_help(enum op op);    /* atomic.c */
help_fn *lane_help(enum op op);      /* lane.c: vector loads and stores that are not plain */

/* Any plain load or store, of any memory: the address in the operand. */
int bulk_load(enum op op, struct memory *m, uint64_t address, uint64_t offset, uint64_t *out);
int bulk_store(enum op op, struct memory *m, uint64_t address, uint64_t offset, const uint64_t *v);

#endif
