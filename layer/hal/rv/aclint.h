/* aclint.h -- timers and software interrupts of the harts, as a SiFive CLINT.
 *
 * RISC-V ACLINT 1.0 in the CLINT's layout: MSIP at 0, MTIMECMP at 0x4000, MTIME at
 * 0xbff8.  They drive MSIP and MTIP of mip; stimecmp (Sstc) is the hart's own.
 */
#ifndef LAYER_HAL_RV_ACLINT_H
#define LAYER_HAL_RV_ACLINT_H

#include "base/err.h"
#include "layer/hal/rv/rv.h"

enum { ACLINT_SIZE = 0x10000 };

int aclint_new(struct rv *r, uint64_t address, struct err *e);

#endif
