/* fp.h -- exact IEEE 754 arithmetic as RISC-V defines it.
 *
 * Every function takes operands as bits, a rounding mode (0..4, as in frm) and
 * a pointer to the flags it accrues (as in fflags: NV 16, DZ 8, OF 4, UF 2, NX 1;
 * tininess is detected after rounding), and returns bits.  A NaN that results is
 * canonical.  Singles are unboxed here: the caller checks and makes NaN boxes.
 *
 * The host's floating point is used to round to nearest where it can be proved to give
 * the same answer; whether that was exact is found with integers and error-free sums.  So
 * neither its flags nor its rounding mode matter.  The rest is done in software (fp_soft.h).
 */
#ifndef LAYER_HAL_RV_FP_H
#define LAYER_HAL_RV_FP_H

#include <stdbool.h>
#include <stdint.h>

enum { FP_NX = 1, FP_UF = 2, FP_OF = 4, FP_DZ = 8, FP_NV = 16 };
enum { FP_RNE, FP_RTZ, FP_RDN, FP_RUP, FP_RMM };

#define FP_NAN32 UINT32_C(0x7fc00000)
#define FP_NAN64 UINT64_C(0x7ff8000000000000)

/* A thread that calls the functions of this header has the host's default floating-point
 * environment: to nearest, nothing flushed to zero.  This sets it. */
void fp_thread(void);

uint32_t fp_add32(uint32_t a, uint32_t b, unsigned rm, uint8_t *flags);
uint32_t fp_sub32(uint32_t a, uint32_t b, unsigned rm, uint8_t *flags);
uint32_t fp_mul32(uint32_t a, uint32_t b, unsigned rm, uint8_t *flags);
uint32_t fp_div32(uint32_t a, uint32_t b, unsigned rm, uint8_t *flags);
uint32_t fp_sqrt32(uint32_t a, unsigned rm, uint8_t *flags);
uint32_t fp_fma32(uint32_t a, uint32_t b, uint32_t c, unsigned rm, uint8_t *flags); /* a * b + c */
uint64_t fp_add64(uint64_t a, uint64_t b, unsigned rm, uint8_t *flags);
uint64_t fp_sub64(uint64_t a, uint64_t b, unsigned rm, uint8_t *flags);
uint64_t fp_mul64(uint64_t a, uint64_t b, unsigned rm, uint8_t *flags);
uint64_t fp_div64(uint64_t a, uint64_t b, unsigned rm, uint8_t *flags);
uint64_t fp_sqrt64(uint64_t a, unsigned rm, uint8_t *flags);
uint64_t fp_fma64(uint64_t a, uint64_t b, uint64_t c, unsigned rm, uint8_t *flags);

/* feq is quiet, flt and fle signal. */
bool fp_eq32(uint32_t a, uint32_t b, uint8_t *flags);
bool fp_lt32(uint32_t a, uint32_t b, uint8_t *flags);
bool fp_le32(uint32_t a, uint32_t b, uint8_t *flags);
bool fp_eq64(uint64_t a, uint64_t b, uint8_t *flags);
bool fp_lt64(uint64_t a, uint64_t b, uint8_t *flags);
bool fp_le64(uint64_t a, uint64_t b, uint8_t *flags);
/* Zfa: quiet comparisons. */
bool fp_ltq32(uint32_t a, uint32_t b, uint8_t *flags);
bool fp_leq32(uint32_t a, uint32_t b, uint8_t *flags);
bool fp_ltq64(uint64_t a, uint64_t b, uint8_t *flags);
bool fp_leq64(uint64_t a, uint64_t b, uint8_t *flags);

/* fmin, fmax (minimumNumber, maximumNumber), and Zfa's fminm, fmaxm (minimum, maximum). */
uint32_t fp_min32(uint32_t a, uint32_t b, uint8_t *flags);
uint32_t fp_max32(uint32_t a, uint32_t b, uint8_t *flags);
uint32_t fp_minm32(uint32_t a, uint32_t b, uint8_t *flags);
uint32_t fp_maxm32(uint32_t a, uint32_t b, uint8_t *flags);
uint64_t fp_min64(uint64_t a, uint64_t b, uint8_t *flags);
uint64_t fp_max64(uint64_t a, uint64_t b, uint8_t *flags);
uint64_t fp_minm64(uint64_t a, uint64_t b, uint8_t *flags);
uint64_t fp_maxm64(uint64_t a, uint64_t b, uint8_t *flags);

/* fclass: one bit of ten. */
unsigned fp_class32(uint32_t a);
unsigned fp_class64(uint64_t a);

/* Conversions; integer results saturate as the table in 20.7 says.  32-bit results of
 * a conversion to integer are sign-extended to 64, unsigned ones too. */
uint64_t fp_to_i32_32(uint32_t a, unsigned rm, uint8_t *flags);
uint64_t fp_to_u32_32(uint32_t a, unsigned rm, uint8_t *flags);
uint64_t fp_to_i64_32(uint32_t a, unsigned rm, uint8_t *flags);
uint64_t fp_to_u64_32(uint32_t a, unsigned rm, uint8_t *flags);
uint64_t fp_to_i32_64(uint64_t a, unsigned rm, uint8_t *flags);
uint64_t fp_to_u32_64(uint64_t a, unsigned rm, uint8_t *flags);
uint64_t fp_to_i64_64(uint64_t a, unsigned rm, uint8_t *flags);
uint64_t fp_to_u64_64(uint64_t a, unsigned rm, uint8_t *flags);
uint32_t fp_of_i32_32(int32_t a, unsigned rm, uint8_t *flags);
uint32_t fp_of_u32_32(uint32_t a, unsigned rm, uint8_t *flags);
uint32_t fp_of_i64_32(int64_t a, unsigned rm, uint8_t *flags);
uint32_t fp_of_u64_32(uint64_t a, unsigned rm, uint8_t *flags);
uint64_t fp_of_i32_64(int32_t a, unsigned rm, uint8_t *flags);
uint64_t fp_of_u32_64(uint32_t a, unsigned rm, uint8_t *flags);
uint64_t fp_of_i64_64(int64_t a, unsigned rm, uint8_t *flags);
uint64_t fp_of_u64_64(uint64_t a, unsigned rm, uint8_t *flags);
uint32_t fp_narrow(uint64_t a, unsigned rm, uint8_t *flags); /* fcvt.s.d */
uint64_t fp_widen(uint32_t a, uint8_t *flags);               /* fcvt.d.s */

/* Zfa. */
uint32_t fp_round32(uint32_t a, unsigned rm, bool inexact, uint8_t *flags); /* fround(nx) */
uint64_t fp_round64(uint64_t a, unsigned rm, bool inexact, uint8_t *flags);
uint64_t fp_to_mod32(uint64_t a, uint8_t *flags); /* fcvtmod.w.d */
uint32_t fp_imm32(unsigned n);                    /* fli.s: constant n of the table, 0..31 */
uint64_t fp_imm64(unsigned n);

#endif
