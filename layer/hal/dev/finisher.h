/* finisher.h -- a register that ends or restarts the computer (SiFive's test finisher). */
#ifndef LAYER_HAL_DEV_FINISHER_H
#define LAYER_HAL_DEV_FINISHER_H

#include "base/err.h"
#include "layer/hal/dev/board.h"

enum { FINISHER_SIZE = 0x1000 };

/* 0x5555 powers off, 0x3333 | status << 16 with a status, 0x7777 restarts. */
int finisher_new(struct board *b, uint64_t address, struct err *e);

#endif
