/* trace.h -- a line for each instruction that a hart ran.
 *
 *   HART MODE PC WORD INSTRUCTION  REGISTER=VALUE
 *
 * in hexadecimal; the register is the one that the instruction names as its result.  What
 * ended in an exception has "trap CAUSE TVAL" there instead.  An interrupt has no line.
 */
#ifndef LAYER_HAL_RV_TRACE_H
#define LAYER_HAL_RV_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "layer/hal/rv/hart.h"

struct trace_line {
	uint64_t pc, instret;
	uint32_t word;
	uint8_t mode;
	bool there; /* word could be read */
};

void trace_before(struct trace_line *l, const struct hart *h, bool there, uint32_t word);
void trace_after(FILE *to, const struct trace_line *l, const struct hart *h, enum hart_stop end);

#endif
