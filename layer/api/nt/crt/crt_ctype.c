/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/crt/crt.h"
#include "layer/api/nt/text/nls.h"

#define C  CRT_CONTROL
#define S  (CRT_CONTROL | CRT_SPACE)
#define P  CRT_PUNCT
#define D  (CRT_DIGIT | CRT_HEX)
#define U  CRT_UPPER
#define UX (CRT_UPPER | CRT_HEX)
#define L  CRT_LOWER
#define LX (CRT_LOWER | CRT_HEX)

/* The "C" locale's: above 127 there is nothing. */
/* clang-format off */
const uint16_t crt_ctype_c[257] = {
	0, /* EOF */
	C, C, C, C, C, C, C, C, C, S | CRT_BLANK, S, S, S, S, C, C,
	C, C, C, C, C, C, C, C, C, C, C, C, C, C, C, C,
	CRT_SPACE | CRT_BLANK, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P,
	D, D, D, D, D, D, D, D, D, D, P, P, P, P, P, P,
	P, UX, UX, UX, UX, UX, UX, U, U, U, U, U, U, U, U, U,
	U, U, U, U, U, U, U, U, U, U, U, P, P, P, P, P,
	P, LX, LX, LX, LX, LX, LX, L, L, L, L, L, L, L, L, L,
	L, L, L, L, L, L, L, L, L, L, L, P, P, P, P, C,
};
/* clang-format on */

/* Below 256 ucrt has a table of its own, which is what GetStringType says. */
uint16_t
crt_ctype_wide(WCHAR c)
{
	return nls_type(c)[0] & 0x1ff;
}

WCHAR
crt_ctype_lower(WCHAR c) { return nls_low(c); }

WCHAR
crt_ctype_upper(WCHAR c) { return nls_up(c); }
