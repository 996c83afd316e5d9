/* hart.h -- the state of one RISC-V hart, and what others may do to it.
 *
 * Implements RV64GC with the extensions of insn.def, the privileged architecture
 * 1.13 (M, S and U mode, Sv39/48/57, PMP).  All state of the architecture is in
 * struct hart's first part and stands in hart_fields: a snapshot holds exactly
 * that.  What follows it (translation caches, decoded code) can be dropped at
 * any time and is.
 *
 * A hart belongs to the thread that is inside hart_run; others change only
 * `pending`, through hart_irq and hart_poke.
 */
#ifndef LAYER_HAL_RV_HART_H
#define LAYER_HAL_RV_HART_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "layer/hal/dev/bus.h"
#include "layer/hal/dev/field.h"

enum mode { MODE_U = 0, MODE_S = 1, MODE_M = 3 };

/* Bits of mip and mie (privileged 3.1.9). */
enum {
	IRQ_SSI = 1,
	IRQ_MSI = 3,
	IRQ_STI = 5,
	IRQ_MTI = 7,
	IRQ_SEI = 9,
	IRQ_MEI = 11,
	IRQ_LCOFI = 13,
};

/* Causes of exceptions (privileged 3.1.15). */
enum {
	CAUSE_FETCH_MISALIGNED,
	CAUSE_FETCH_ACCESS,
	CAUSE_ILLEGAL,
	CAUSE_BREAKPOINT,
	CAUSE_LOAD_MISALIGNED,
	CAUSE_LOAD_ACCESS,
	CAUSE_STORE_MISALIGNED,
	CAUSE_STORE_ACCESS,
	CAUSE_ECALL_U,
	CAUSE_ECALL_S,
	CAUSE_ECALL_M = 11,
	CAUSE_FETCH_PAGE,
	CAUSE_LOAD_PAGE,
	CAUSE_STORE_PAGE = 15,
};

enum hart_state { HART_STOPPED, HART_STARTED, HART_SUSPENDED }; /* SBI's HSM names */

struct rv;

struct hart {
	/* -- state of the architecture: hart_fields ------------------------------ */
	uint64_t x[33]; /* x[0] is 0; x[32] takes what is written to x0 */
	uint64_t f[32]; /* singles are NaN-boxed */
	uint64_t pc;
	uint8_t mode;  /* enum mode */
	uint8_t state; /* enum hart_state */
	bool waiting;  /* inside wfi or wrs */
	uint8_t fflags, frm;
	uint64_t mstatus, medeleg, mideleg, mie, mtvec, mscratch, mepc, mcause, mtval;
	uint64_t menvcfg, mcounteren, mcountinhibit, mseccfg;
	uint64_t stvec, scounteren, senvcfg, sscratch, sepc, scause, stval, satp, stimecmp;
	uint64_t mhpmevent[32];    /* [3..31] */
	uint64_t counter_base[32]; /* of mcycle, minstret, mhpmcounter3 ..: what they have
	                                 * beyond instret; or, of one that stands, its value */
	uint64_t instret;          /* instructions retired since reset */
	uint8_t pmpcfg[16];
	uint64_t pmpaddr[16];
	uint64_t reserved_addr, reserved_value; /* LR/SC: physical address */
	uint8_t reserved_size;                  /* 0: no reservation */
	uint64_t soft_mip; /* bits of mip that software wrote; wires are in `wires` */

	/* -- not state ----------------------------------------------------------- */
	uint32_t id;            /* mhartid */
	struct rv *rv;          /* lent: the computer */
	uint64_t reserved_turn; /* of the line at reserved_addr (reserve.h) */
	bool held;              /* a debugger lets it stand while others run */
	struct bus *bus;        /* lent */
	_Atomic uint64_t wires; /* bits of mip that are driven from outside */
	_Atomic uint32_t poked; /* reasons to leave the fast path: enum hart_poke_reason */
	_Atomic uint64_t limit; /* of instret: the fast path is left there; 0 when poked */
	struct core *core;      /* own: translation caches, decoded code; see core.h */
};

extern const struct field hart_fields[];

/* Drive a bit of mip from outside; wakes a hart that waits.  Any thread. */
void hart_irq(struct hart *h, unsigned bit, bool level);
/* Make it look up soon.  Any thread, signal-safe. */
enum hart_poke_reason {
	POKE_IRQ = 1,  /* an interrupt may be due; hart_run goes on by itself */
	POKE_STOP = 2, /* hart_run comes back with HART_POKED */
};
void hart_poke(struct hart *h, enum hart_poke_reason why);

struct hart *hart_new(struct rv *r, struct bus *b, uint32_t id);
void hart_free(struct hart *h);
bool hart_pending(const struct hart *h); /* would an interrupt end a wfi? */

/* As after power on, except for what hart_start sets. */
void hart_reset(struct hart *h);
/* Begin at pc in a mode with a0 and a1, everything else as SBI's HSM says
 * (satp 0, interrupts off).  The hart is at rest, or the caller is its own thread. */
void hart_start(struct hart *h, uint64_t pc, enum mode mode, uint64_t a0, uint64_t a1);

/* Why hart_run came back. */
enum hart_stop {
	HART_POKED, /* POKE_STOP, or the limit was reached */
	HART_SBI,   /* ecall from S mode and rv->sbi is set; pc is behind it */
	HART_BREAK, /* a debugger's breakpoint or step (debug.h) */
	HART_WAIT,  /* wfi: nothing is pending; pc is behind it */
};

/* Run until there is a reason.  Precise: state is between two instructions. */
enum hart_stop hart_run(struct hart *h);

/* Raise an exception at the current pc, as an instruction would. */
void hart_trap(struct hart *h, uint64_t cause, uint64_t tval);

/* Memory as the hart sees it in its current mode, for debuggers and SBI: translated,
 * no side effects on A and D bits; false where an access would fault. */
bool hart_peek(struct hart *h, uint64_t vaddr, void *to, uint64_t n);
bool hart_write(struct hart *h, uint64_t vaddr, const void *from, uint64_t n);
/* virtual to physical without side effects; false: no mapping. */
bool hart_translate(struct hart *h, uint64_t vaddr, uint64_t *paddr);

/* Forget cached translations / decoded code; own thread or at rest. */
void hart_flush_tlb(struct hart *h);
void hart_flush_code(struct hart *h);

/* A control register; false: it does not exist for that mode. */
bool hart_csr_read(struct hart *h, unsigned csr, uint64_t *value);
bool hart_csr_write(struct hart *h, unsigned csr, uint64_t value);

#endif
