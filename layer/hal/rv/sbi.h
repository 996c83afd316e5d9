/* sbi.h -- the supervisor's environment, built in: no firmware stands below the kernel.
 *
 * RISC-V Supervisor Binary Interface 2.0: base, TIME, sPI, RFENCE, HSM, SRST, DBCN,
 * a PMU with its fixed counters, and the legacy console, timer and shutdown.
 */
#ifndef LAYER_HAL_RV_SBI_H
#define LAYER_HAL_RV_SBI_H

#include "layer/hal/rv/rv.h"

/* The debug console.  out writes n bytes; in reads up to n that are there; both return how
 * many, any thread. */
struct sbi_console {
	size_t (*out)(void *ctx, const void *bytes, size_t n);
	size_t (*in)(void *ctx, void *bytes, size_t n);
	void *ctx;
};

/* Take the calls of all harts (rv->sbi).  What machine mode would have been asked for is
 * set for a supervisor: traps delegated, counters open, Sstc, Svadu, Svpbmt and the cache block
 * operations on, PMP not in use.  The console is lent. */
void sbi_attach(struct rv *r, const struct sbi_console *console);

/* What a hart of a fresh or restarted computer is given before hart_start. */
void sbi_prepare(struct hart *h);

#endif
