/* fp_host.h -- operands for tests of floating point, and the host as a witness.
 *
 * The host computes between host_begin and host_end, told to round as we do and asked for
 * its flags: both are what the code under test never does.
 */
#ifndef TEST_HAL_FP_HOST_H
#define TEST_HAL_FP_HOST_H

#include <fenv.h>
#include <inttypes.h>
#include <math.h>

#include "layer/hal/rv/fp_fast.h"
#include "layer/hal/rv/fp_soft.h"

enum { NX = FP_NX, UF = FP_UF | FP_NX, OF = FP_OF | FP_NX, DZ = FP_DZ, NV = FP_NV };
enum { RNE = FP_RNE, RTZ = FP_RTZ, RDN = FP_RDN, RUP = FP_RUP, RMM = FP_RMM, MODES };

#define NAN64   FP_NAN64
#define SNAN64  UINT64_C(0x7ff0000000000001)
#define INF64   UINT64_C(0x7ff0000000000000)
#define MAX64   UINT64_C(0x7fefffffffffffff)
#define LEAST64 UINT64_C(0x0010000000000000) /* the least normal */
#define SUB64   UINT64_C(0x000fffffffffffff) /* the greatest subnormal */
#define ONE64   UINT64_C(0x3ff0000000000000)
#define TWO64   UINT64_C(0x4000000000000000)
#define HALF64  UINT64_C(0x3fe0000000000000)
#define NEG64   UINT64_C(0x8000000000000000)
#define NAN32   FP_NAN32
#define SNAN32  UINT32_C(0x7f800001)
#define INF32   UINT32_C(0x7f800000)
#define MAX32   UINT32_C(0x7f7fffff)
#define LEAST32 UINT32_C(0x00800000)
#define SUB32   UINT32_C(0x007fffff)
#define ONE32   UINT32_C(0x3f800000)
#define TWO32   UINT32_C(0x40000000)
#define NEG32   UINT32_C(0x80000000)

/* A call with &f gives a result and accrues flags. */
#define HOLDS(call, want, accrued)                                                                 \
	do {                                                                                       \
		uint8_t f = 0;                                                                     \
		uint64_t got = (call);                                                             \
		if (got != (want) || f != (accrued))                                               \
			fail_msg("%s: %016" PRIx64 " flags %02x, not %016" PRIx64 " flags %02x",   \
			         #call, got, f, (uint64_t)(want), (unsigned)(accrued));            \
	} while (0)

static inline uint64_t
random64(void)
{
	static uint64_t s = UINT64_C(0x9e3779b97f4a7c15);
	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return s * UINT64_C(0x2545f4914f6cdd1d);
}

/* Bits in runs, exponents at the ends or near those of `near`, and now and then anything. */
static inline uint64_t
operand(unsigned bits, uint64_t near)
{
	unsigned stored = bits == 64 ? 52 : 23, how = (unsigned)(random64() >> 32);
	uint64_t most = bits == 64 ? 2047 : 255, mask = (UINT64_C(1) << stored) - 1;
	uint64_t fraction = random64() & mask, exp = random64() % (most + 1);
	uint64_t sign = (random64() >> 63) << (bits - 1);
	switch (how & 7) {
	case 0: fraction = 0; break;
	case 1: fraction = mask; break;
	case 2: fraction = mask >> (random64() % (stored + 1)); break;
	case 3: fraction = mask << (random64() % (stored + 1)) & mask; break;
	case 4: fraction = UINT64_C(1) << (random64() % stored); break;
	default: break;
	}
	switch (how >> 3 & 7) {
	case 0: exp = random64() % 4; break;
	case 1: exp = most - random64() % 4; break;
	case 2: exp = most / 2 - 2 + random64() % 5; break;
	case 3:
	case 4: exp = ((near >> stored) + random64() % (2 * stored + 8) - stored) & most; break;
	case 5: exp = (most - 1 - (near >> stored) + random64() % 5) & most; break; /* a product */
	default: break;
	}
	return sign | exp << stored | fraction;
}

enum { HOST_MODES = 4 }; /* it cannot round ties away */

/* Between the two the host computes what is to be compared. */
static inline void
host_begin(unsigned rm)
{
	static const int mode[] = { FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD };
	fesetround(mode[rm]);
	feclearexcept(FE_ALL_EXCEPT);
}
static inline unsigned
host_end(void)
{
	int e = fetestexcept(FE_ALL_EXCEPT);
	fesetround(FE_TONEAREST);
	return (e & FE_INVALID ? FP_NV : 0U) | (e & FE_DIVBYZERO ? FP_DZ : 0U) |
	       (e & FE_OVERFLOW ? FP_OF : 0U) | (e & FE_UNDERFLOW ? FP_UF : 0U) |
	       (e & FE_INEXACT ? FP_NX : 0U);
}

/* volatile: stays between them. */
static volatile double x64, r64;
static volatile float x32, r32;

/* Underflow may be detected before rounding (IEEE 754 7.5): does it say so of 2^-1022 (1 - 2^-54),
 * (1 + 2^-27)(1 - 2^-27) times 2^-1022?  Then its flags are worth nothing for what
 * became the least normal number. */
static inline bool
host_differs(bool least)
{
	static int before = -1;
	if (before < 0) {
		volatile double a = 0x1.0000002p-1022, b = 0x1.ffffffcp-1;
		host_begin(RNE);
		r64 = a * b;
		before = host_end() & FP_UF;
	}
	return before && least;
}

#endif
