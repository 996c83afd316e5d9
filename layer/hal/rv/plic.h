/* plic.h -- the platform-level interrupt controller.
 *
 * RISC-V Platform-Level Interrupt Controller 1.0.0: 95 sources, a context for M
 * and one for S mode of every hart.  A wire that is high is pending until it is
 * claimed, and again after its completion while it is still high.
 */
#ifndef LAYER_HAL_RV_PLIC_H
#define LAYER_HAL_RV_PLIC_H

#include "base/err.h"
#include "layer/hal/dev/board.h"
#include "layer/hal/rv/rv.h"

enum { PLIC_SOURCES = 96, PLIC_SIZE = 0x600000 };

struct plic;

struct plic *plic_new(struct rv *r, uint64_t address, struct err *e);

/* The wire into source n (1..95). */
struct irq plic_wire(struct plic *p, unsigned n);

#endif
