/* rv.h -- the harts of a RISC-V computer, and their threads.
 *
 * One thread per hart; rv_run starts them and comes back when one of them, the
 * board or rv_kick gives a reason; then all are at rest.  With `deterministic`
 * one thread runs the harts in turn and time is counted in instructions.
 */
#ifndef LAYER_HAL_RV_RV_H
#define LAYER_HAL_RV_RV_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "layer/hal/dev/board.h"
#include "layer/hal/rv/hart.h"

struct layer;
extern const struct layer rv_layer; /* layer.c */

enum { RV_HARTS = 64, RV_TIMEBASE = 10000000 }; /* Hz of mtime */

struct snap;

struct rv {
	struct board *board;         /* lent */
	struct bus *bus;             /* lent: board_bus */
	struct hart *hart[RV_HARTS]; /* own */
	unsigned nhart;
	bool deterministic;
	/* SBI of ours: called by a hart's thread at an ecall from S mode, with nothing
	 * held.  NULL: such calls trap to M mode, where firmware stands. */
	void (*sbi)(struct hart *h, void *ctx);
	void *sbi_ctx;
	FILE *trace;       /* lent: a line per instruction, or NULL */
	_Atomic bool stop; /* harts leave hart_run and their threads end */
	bool debug;        /* ebreak is the debugger's */
	/* own by whoever looks at what the harts do, for a debugger or a trace (debug.h) */
	struct debug *debugger;

	/* by page of RAM: has a hart decoded code from it; how often was it changed then */
	uint64_t pages;                /* of RAM */
	uint8_t *code;                 /* own */
	_Atomic uint32_t *version;     /* own */
	_Atomic uint32_t code_changes; /* of all pages */
	struct turn *turns;            /* own: reserve.h; NULL for one hart */
	struct threads *threads;       /* own: rv.c */
};

struct rv *rv_new(struct board *b, unsigned nhart, bool deterministic, struct err *e);
/* The board is about to go, and then the harts: forget it. */
void rv_leave(struct rv *r);
void rv_free(struct rv *r);

enum rv_why { RV_KICKED, RV_RAISED, RV_DEBUG };
enum rv_why rv_run(struct rv *r); /* RV_RAISED: see board_raised */
void rv_kick(struct rv *r);       /* any thread, signal-safe */

uint64_t rv_time(const struct rv *r);              /* mtime: board_now in ticks */
void rv_timer(struct hart *h);                     /* its stimecmp changed: drive STIP (Sstc) */
void rv_code_changed(struct rv *r, uint64_t page); /* a marked page was written */

/* Do fn(h) on every hart whose bit is set in mask, on its own thread between two
 * instructions, and wait for it (rfence, IPI); the caller may be a hart's thread. */
void rv_each(struct rv *r, uint64_t mask, void (*fn)(struct hart *h, const void *arg),
             const void *arg, struct hart *caller);

int rv_save(struct rv *r, struct snap *s, struct err *e);
int rv_load(struct rv *r, struct snap *s, struct err *e);

#endif
