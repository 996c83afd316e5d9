/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_fp.c -- the floating-point unit's control and status, in the words of float.h.
 *
 * On x64 that is MXCSR; the x87's words follow it for what still uses that unit.
 */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase_printf.h"

#include <stdlib.h>
#include <string.h>

enum {
	EM_INEXACT = 1,
	EM_UNDERFLOW = 2,
	EM_OVERFLOW = 4,
	EM_ZERODIVIDE = 8,
	EM_INVALID = 0x10,
	EM_DENORMAL = 0x80000,
	MCW_EM = 0x8001f,
	MCW_RC = 0x300,
	MCW_DN = 0x3000000,
	PC_64 = 0,
};

static uint32_t
get_mxcsr(void)
{
	uint32_t v;
	__asm__ volatile("stmxcsr %0" : "=m"(v));
	return v;
}

static void
set_mxcsr(uint32_t v)
{
	__asm__ volatile("ldmxcsr %0" : : "m"(v));
}

/* Bits of MXCSR for exceptions, as flags and (7 higher) as masks. */
static const struct {
	uint32_t word;
	uint8_t bit;
} bits[] = {
	{ EM_INVALID, 0 },  { EM_DENORMAL, 1 },  { EM_ZERODIVIDE, 2 },
	{ EM_OVERFLOW, 3 }, { EM_UNDERFLOW, 4 }, { EM_INEXACT, 5 },
};

static uint32_t
words(uint32_t mxcsr, int shift)
{
	uint32_t w = 0;
	for (size_t i = 0; i < 6; i++)
		if (mxcsr >> (bits[i].bit + shift) & 1)
			w |= bits[i].word;
	return w;
}

static uint32_t
control(uint32_t mxcsr)
{
	uint32_t w = words(mxcsr, 7) | (mxcsr >> 13 & 3) << 8;
	bool ftz = mxcsr & 0x8000, daz = mxcsr & 0x40;
	if (ftz)
		w |= daz ? 0x1000000 : 0x3000000;
	else if (daz)
		w |= 0x2000000;
	return w;
}

static uint32_t
mxcsr_of(uint32_t w, uint32_t flags)
{
	uint32_t m = flags & 0x3f;
	for (size_t i = 0; i < 6; i++)
		if (w & bits[i].word)
			m |= 1u << (bits[i].bit + 7);
	m |= (w >> 8 & 3) << 13;
	switch (w & MCW_DN) {
	case 0x1000000: m |= 0x8040; break;
	case 0x2000000: m |= 0x40; break;
	case 0x3000000: m |= 0x8000; break;
	}
	return m;
}

WINAPI unsigned
ucrtbase__control87(unsigned value, unsigned mask)
{
	uint32_t m = get_mxcsr(), w = control(m);
	mask &= MCW_EM | MCW_RC | MCW_DN;
	if (mask) {
		w = (w & ~mask) | (value & mask);
		set_mxcsr(mxcsr_of(w, m));
	}
	return w;
}

WINAPI unsigned
ucrtbase__controlfp(unsigned value, unsigned mask)
{
	return ucrtbase__control87(value, mask & ~(unsigned)EM_DENORMAL);
}

WINAPI int
ucrtbase__controlfp_s(unsigned *now, unsigned value, unsigned mask)
{
	const unsigned known = MCW_EM | MCW_RC | MCW_DN | 0x30000 | 0x40000;
	if (value & mask & ~known) {
		if (now)
			*now = ucrtbase__controlfp(0, 0);
		return crt_invalid(EINVAL);
	}
	unsigned w = ucrtbase__controlfp(value, mask);
	if (now)
		*now = w;
	return 0;
}

WINAPI void
ucrtbase__set_controlfp(unsigned value, unsigned mask)
{
	ucrtbase__controlfp(value, mask);
}

WINAPI unsigned
ucrtbase__statusfp(void)
{
	return words(get_mxcsr(), 0);
}

WINAPI unsigned
ucrtbase__clearfp(void)
{
	uint32_t m = get_mxcsr();
	set_mxcsr(m & ~0x3fu);
	return words(m, 0);
}

WINAPI void
ucrtbase__fpreset(void)
{
	uint16_t cw = 0x27f;
	__asm__ volatile("fninit; fldcw %0" : : "m"(cw));
	set_mxcsr(0x1f80);
}

WINAPI int
ucrtbase___fpe_flt_rounds(void)
{
	static const int rounds[] = { 1, 3, 2, 0 };
	return rounds[get_mxcsr() >> 13 & 3];
}

WINAPI int
ucrtbase__get_FMA3_enable(void)
{
	return 1;
}

WINAPI int
ucrtbase__set_FMA3_enable(int on)
{
	(void)on; /* the host's library chooses by the processor */
	return 1;
}

/* -- fenv.h ------------------------------------------------------------------------------------ */

struct environment {
	uint32_t control, status;
};

enum { FE_ALL = 0x1f };

WINAPI int
ucrtbase_fegetround(void)
{
	return (int)(control(get_mxcsr()) & MCW_RC);
}

WINAPI int
ucrtbase_fesetround(int round)
{
	if (round & ~MCW_RC)
		return 1;
	ucrtbase__controlfp((unsigned)round, MCW_RC);
	return 0;
}

WINAPI int
ucrtbase_fegetenv(struct environment *e)
{
	uint32_t m = get_mxcsr();
	e->control = control(m) & (MCW_EM | MCW_RC);
	e->status = words(m, 0);
	return 0;
}

WINAPI int
ucrtbase_fesetenv(const struct environment *e)
{
	uint32_t m = 0;
	for (size_t i = 0; i < 6; i++)
		if (e->status & bits[i].word)
			m |= 1u << bits[i].bit;
	set_mxcsr(mxcsr_of((control(get_mxcsr()) & MCW_DN) | (e->control & (MCW_EM | MCW_RC)), m));
	return 0;
}

WINAPI int
ucrtbase_feholdexcept(struct environment *e)
{
	ucrtbase_fegetenv(e);
	ucrtbase__clearfp();
	ucrtbase__control87(MCW_EM, MCW_EM);
	return 0;
}

WINAPI int
ucrtbase_feclearexcept(int which)
{
	struct environment e;
	ucrtbase_fegetenv(&e);
	e.status &= ~(uint32_t)(which & FE_ALL);
	return ucrtbase_fesetenv(&e);
}

WINAPI int
ucrtbase_fetestexcept(int which)
{
	return (int)(words(get_mxcsr(), 0) & (uint32_t)which & FE_ALL);
}

WINAPI int
ucrtbase_fegetexceptflag(uint32_t *out, int which)
{
	*out = (uint32_t)ucrtbase_fetestexcept(which);
	return 0;
}

WINAPI int
ucrtbase_fesetexceptflag(const uint32_t *from, int which)
{
	struct environment e;
	uint32_t mask = (uint32_t)which & FE_ALL;
	ucrtbase_fegetenv(&e);
	e.status = (e.status & ~mask) | (*from & mask);
	return ucrtbase_fesetenv(&e);
}

/* -- digits of a number -------------------------------------------------------------------------- */

/* count digits (fixed: so many decimals); where the point is, and the sign. */
static int
digits(char *out, size_t room, double v, int count, bool fixed, int *point, int *sign)
{
	char text[800];
	size_t j = 0;
	REQUIRE(out && room > 0 && point && sign, EINVAL);
	*out = 0;
	if (count < 0)
		count = 0;
	if (count > 400)
		count = 400;
	*sign = __builtin_signbit(v) != 0;
	*point = 0;
	if (!__builtin_isfinite(v)) {
		memcpy(text, v != v ? "1#QNAN" : "1#INF", 7);
		*point = 1;
		j = strlen(text);
	} else {
		char number[800];
		int n = crt_format_double(number, sizeof number, v, fixed ? 'f' : 'e',
		                          fixed       ? count
		                          : count > 0 ? count - 1
		                                      : 0,
		                          false, 0);
		bool seen = false, after = false;
		int exponent = 0;
		for (int i = 0; i < n; i++) {
			if (number[i] == 'e') {
				exponent = (int)strtol(number + i + 1, NULL, 10);
				break;
			}
			if (number[i] == '.') {
				after = true;
				continue;
			}
			seen |= number[i] != '0';
			if (fixed && !seen) {
				if (after)
					--*point;
				continue;
			}
			text[j++] = number[i];
			if (fixed && !after)
				++*point;
		}
		if (!fixed) {
			*point = v == 0 ? 0 : exponent + 1;
			if (count == 0)
				j = 0;
		} else if (v == 0 || !seen) {
			*point = v == 0 ? 0 : -count;
			for (j = 0; v == 0 && j < (size_t)count; j++)
				text[j] = '0';
		}
	}
	text[j] = 0;
	if (j + 1 > room)
		return crt_invalid(ERANGE);
	memcpy(out, text, j + 1);
	return 0;
}

WINAPI int
ucrtbase__ecvt_s(char *out, size_t room, double v, int count, int *point, int *sign)
{
	return digits(out, room, v, count, false, point, sign);
}

WINAPI int
ucrtbase__fcvt_s(char *out, size_t room, double v, int count, int *point, int *sign)
{
	return digits(out, room, v, count, true, point, sign);
}

WINAPI char *
ucrtbase__ecvt(double v, int count, int *point, int *sign)
{
	char *out = crt_thread.cvt;
	return digits(out, sizeof crt_thread.cvt, v, count < 300 ? count : 300, false, point, sign)
	               ? NULL
	               : out;
}

WINAPI char *
ucrtbase__fcvt(double v, int count, int *point, int *sign)
{
	static __thread char out[800];
	return digits(out, sizeof out, v, count, true, point, sign) ? NULL : out;
}

WINAPI int
ucrtbase__gcvt_s(char *out, size_t room, double v, int count)
{
	char text[512];
	int n = 0, decimals = count < 1 ? 1 : count > 400 ? 400 : count;
	REQUIRE(out && room > 0, EINVAL);
	*out = 0;
	REQUIRE(count >= 0 && (size_t)count < room, ERANGE);
	if (__builtin_signbit(v))
		text[n++] = '-';
	if (__builtin_isfinite(v)) {
		n += crt_format_double(text + n, sizeof text - 2, v, 'g', decimals, false,
		                       CRT_FORMAT_STANDARD_ROUNDING);
		/* a whole number keeps its point */
		if (!strpbrk(text, ".e"))
			text[n++] = '.';
	} else {
		memcpy(text + n, v != v ? "nan" : "inf", 3);
		n += 3;
	}
	if ((size_t)n + 1 > room)
		return crt_invalid(ERANGE);
	memcpy(out, text, (size_t)n);
	out[n] = 0;
	return 0;
}

WINAPI char *
ucrtbase__gcvt(double v, int count, char *out)
{
	return ucrtbase__gcvt_s(out, (size_t)count + 16, v, count) ? NULL : out;
}
