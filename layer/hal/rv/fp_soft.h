/* fp_soft.h -- the arithmetic of fp.h with integers alone.
 *
 * Every answer is right for every operand and every rounding mode, whatever the host's
 * floating point does: fp.c asks the host only where it can prove the host's answer.
 * `bits` is the width of the format, 32 or 64; a single stands in the low half and the
 * high half is ignored in operands and zero in results.
 */
#ifndef LAYER_HAL_RV_FP_SOFT_H
#define LAYER_HAL_RV_FP_SOFT_H

#include <stdbool.h>
#include <stdint.h>

#include "layer/hal/rv/fp.h"

uint64_t fp_soft_add(unsigned bits, uint64_t a, uint64_t b, unsigned rm, uint8_t *flags);
uint64_t fp_soft_sub(unsigned bits, uint64_t a, uint64_t b, unsigned rm, uint8_t *flags);
uint64_t fp_soft_mul(unsigned bits, uint64_t a, uint64_t b, unsigned rm, uint8_t *flags);
uint64_t fp_soft_div(unsigned bits, uint64_t a, uint64_t b, unsigned rm, uint8_t *flags);
uint64_t fp_soft_sqrt(unsigned bits, uint64_t a, unsigned rm, uint8_t *flags);
uint64_t
fp_soft_fma(unsigned bits, uint64_t a, uint64_t b, uint64_t c, unsigned rm, uint8_t *flags);

/* From one format to another, or to itself. */
uint64_t fp_soft_convert(unsigned from, unsigned to, uint64_t a, unsigned rm, uint8_t *flags);
/* To an integer of `width` bits, 32 or 64, sign-extended to 64; out of range saturates. */
uint64_t fp_soft_to_int(unsigned bits, uint64_t a, unsigned width, bool is_signed, unsigned rm,
                        uint8_t *flags);
/* From magnitude, negated if minus. */
uint64_t fp_soft_of_int(unsigned bits, bool minus, uint64_t magnitude, unsigned rm, uint8_t *flags);
/* To an integral value of the same format; NX only if inexact. */
uint64_t fp_soft_round(unsigned bits, uint64_t a, unsigned rm, bool inexact, uint8_t *flags);

#endif
