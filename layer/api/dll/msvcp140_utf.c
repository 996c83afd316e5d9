/* SPDX-License-Identifier: Apache-2.0 */
/* msvcp140_utf.c -- codecvt<char16_t, char, mbstate_t> and codecvt<char32_t, char, mbstate_t>. */
#include <string.h>

#include "layer/api/dll/msvcp140.h"

enum result { OK, PARTIAL, ERROR };
enum { GENERATE = 2, CONSUME = 4 }; /* codecvt_mode */
enum { ALWAYS_NOCONV = 3, MAX_LENGTH, ENCODING, IN, OUT, UNSHIFT, LENGTH, SLOTS };
enum { UTF8 = 65001, MARK = 0xfeff, BEGUN = 1 };

struct codecvt {
	struct facet facet;
	uint32_t most; /* the largest code point */
	int mode;
};

static bool
mark_expected(const struct codecvt *f, const struct crt_mbstate *state)
{
	return f->mode & CONSUME && !state->wchar;
}

static int
encode32(uint32_t c, uint32_t *to)
{
	*to = c;
	return 1;
}

static int
decode32(const uint32_t *s, size_t n, uint32_t *c)
{
	(void)n;
	*c = *s;
	return *s > 0x10ffff || (*s >= 0xd800 && *s < 0xe000) ? -1 : 1;
}

/* -2: the second half is not there yet */
static int
decode16(const WCHAR *s, size_t n, uint32_t *c)
{
	if ((*s & 0xfc00) == 0xd800 && n < 2)
		return -2;
	int used = crt_decode16(s, n, c);
	return used == 1 && *c >= 0xd800 && *c < 0xe000 ? -1 : used;
}

WINAPI bool
msvcp140_utf_do_always_noconv(const struct codecvt *f)
{
	(void)f;
	return false;
}

WINAPI int
msvcp140_utf_do_unshift(const struct codecvt *f, struct crt_mbstate *state, char *to, char *to_end,
                        char **to_mid)
{
	(void)f, (void)state, (void)to_end;
	*to_mid = to;
	return OK;
}

WINAPI void
msvcp140_utf_Init(struct codecvt *f, const struct locinfo *l)
{
	(void)f, (void)l;
}

#define UNIT    WCHAR
#define C(name) msvcp140_utf16_##name
#define ENCODE  crt_encode16
#define DECODE  decode16
#define MARKED  7
#define DEPENDS 0
#include "layer/api/dll/msvcp140_utf.inc"
#undef UNIT
#undef C
#undef ENCODE
#undef DECODE
#undef MARKED
#undef DEPENDS
#define UNIT    uint32_t
#define C(name) msvcp140_utf32_##name
#define ENCODE  encode32
#define DECODE  decode32
#define MARKED  9
#define DEPENDS (-1)
#include "layer/api/dll/msvcp140_utf.inc"
