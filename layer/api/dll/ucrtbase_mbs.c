/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_mbs.c -- multibyte strings of code pages with lead bytes.
 *
 * The machine's code page is UTF-8, which has no lead bytes in the sense of these functions:
 * each byte is a character to them, as on a Windows with that code page.  Most are therefore
 * functions on plain strings under another name (ucrtbase.def); here is the rest.
 */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"
#include "layer/api/nt/text/nls.h"

#include <string.h>

enum { MB_SBCS = 0, MB_OEM = -2, MB_ANSI = -3, MB_LOCALE = -4, MB_UTF8 = 65001 };

/* [0] is of EOF; no byte is a lead or a trail byte */
uint8_t ucrtbase_mbctype[257], ucrtbase_mbcasemap[256];
static int page;

WINAPI char *ucrtbase_strtok_s(char *s, const char *set, char **rest);

WINAPI uint8_t *
ucrtbase___p__mbctype(void)
{
	return ucrtbase_mbctype;
}

WINAPI uint8_t *
ucrtbase___p__mbcasemap(void)
{
	return ucrtbase_mbcasemap;
}

WINAPI int
ucrtbase__getmbcp(void)
{
	return page;
}

/* Pages that have lead bytes are refused. */
WINAPI int
ucrtbase__setmbcp(int cp)
{
	if (cp == MB_OEM || cp == MB_ANSI || cp == MB_LOCALE)
		cp = (int)crt_acp();
	if (cp != MB_SBCS) {
		if (cp < 0 || !nls_page_valid((UINT)cp) || cp == 65000)
			return crt_error(EINVAL);
		for (int c = 128; c < 256; c++)
			if (nls_page_lead((UINT)cp, (BYTE)c))
				return crt_error(EINVAL);
	}
	page = cp == MB_UTF8 ? MB_UTF8 : 0;
	return 0;
}

static int
kind(unsigned c, int mask)
{
	return c < 256 ? crt_locale()->pctype[c] & mask : 0;
}

WINAPI int
ucrtbase__ismbbalnum(unsigned c)
{
	return kind(c, CRT_ALPHA | CRT_DIGIT);
}

WINAPI int
ucrtbase__ismbbalpha(unsigned c)
{
	return kind(c, CRT_ALPHA);
}

WINAPI int
ucrtbase__ismbbgraph(unsigned c)
{
	return kind(c, CRT_PUNCT | CRT_ALPHA | CRT_DIGIT);
}

WINAPI int
ucrtbase__ismbbprint(unsigned c)
{
	return kind(c, CRT_BLANK | CRT_PUNCT | CRT_ALPHA | CRT_DIGIT);
}

WINAPI int
ucrtbase__ismbbpunct(unsigned c)
{
	return kind(c, CRT_PUNCT);
}

WINAPI int
ucrtbase__ismbbblank(unsigned c)
{
	return kind(c, CRT_BLANK);
}

WINAPI int
ucrtbase__ismbcalnum(unsigned c)
{
	return kind(c, CRT_ALPHA | CRT_DIGIT);
}

WINAPI int
ucrtbase__ismbcalpha(unsigned c)
{
	return kind(c, CRT_ALPHA);
}

WINAPI int
ucrtbase__ismbcgraph(unsigned c)
{
	return kind(c, CRT_PUNCT | CRT_ALPHA | CRT_DIGIT);
}

WINAPI int
ucrtbase__ismbcprint(unsigned c)
{
	return kind(c, CRT_BLANK | CRT_PUNCT | CRT_ALPHA | CRT_DIGIT);
}

WINAPI int
ucrtbase__ismbcpunct(unsigned c)
{
	return kind(c, CRT_PUNCT);
}

WINAPI int
ucrtbase__ismbcblank(unsigned c)
{
	return kind(c, CRT_BLANK);
}

WINAPI int
ucrtbase__ismbcdigit(unsigned c)
{
	return kind(c, CRT_DIGIT);
}

WINAPI int
ucrtbase__ismbclower(unsigned c)
{
	return kind(c, CRT_LOWER);
}

WINAPI int
ucrtbase__ismbcupper(unsigned c)
{
	return kind(c, CRT_UPPER);
}

WINAPI int
ucrtbase__ismbcspace(unsigned c)
{
	return kind(c, CRT_SPACE);
}

/* No byte is a lead byte, of a Japanese script, or one of two. */
WINAPI int
ucrtbase__ismbclegal(unsigned c)
{
	(void)c;
	return 0;
}

WINAPI int
ucrtbase__ismbslead(const unsigned char *s, const unsigned char *p)
{
	(void)s;
	(void)p;
	return 0;
}

WINAPI unsigned
ucrtbase__mbctolower(unsigned c)
{
	return c < 256 ? crt_locale()->lower[c] : c;
}

WINAPI unsigned
ucrtbase__mbctoupper(unsigned c)
{
	return c < 256 ? crt_locale()->upper[c] : c;
}

/* Between half and full width, JIS and Shift-JIS, the two kana: nothing changes. */
WINAPI unsigned
ucrtbase__mbbtombc(unsigned c)
{
	return c;
}

WINAPI unsigned
ucrtbase__mbcjistojms(unsigned c)
{
	(void)c;
	crt_error(EINVAL);
	return 0;
}

WINAPI size_t
ucrtbase__mbclen(const unsigned char *s)
{
	(void)s;
	return 1;
}

WINAPI int
ucrtbase__mbbtype(unsigned char c, int before)
{
	(void)before;
	return kind(c, CRT_BLANK | CRT_PUNCT | CRT_ALPHA | CRT_DIGIT) || c > 127 ? 0 : -1;
}

WINAPI int
ucrtbase__mbsbtype(const unsigned char *s, size_t n)
{
	REQUIRE(s, -1);
	for (size_t i = 0; i < n; i++)
		if (!s[i])
			return -1;
	return ucrtbase__mbbtype(s[n], 0);
}

WINAPI unsigned char *
ucrtbase__mbsinc(const unsigned char *s)
{
	return s ? (unsigned char *)s + 1 : NULL;
}

WINAPI unsigned char *
ucrtbase__mbsdec(const unsigned char *s, const unsigned char *p)
{
	REQUIRE(s && p, NULL);
	return s < p ? (unsigned char *)p - 1 : NULL;
}

WINAPI unsigned char *
ucrtbase__mbsninc(const unsigned char *s, size_t n)
{
	return s ? (unsigned char *)s + strnlen((const char *)s, n) : NULL;
}

WINAPI unsigned
ucrtbase__mbsnextc(const unsigned char *s)
{
	REQUIRE(s, 0);
	return *s;
}

WINAPI size_t
ucrtbase__mbsnbcnt(const unsigned char *s, size_t n)
{
	REQUIRE(s || n == 0, 0);
	return n ? strnlen((const char *)s, n) : 0;
}

WINAPI unsigned char *
ucrtbase__mbsspnp(const unsigned char *s, const unsigned char *set)
{
	REQUIRE(s && set, NULL);
	s += strspn((const char *)s, (const char *)set);
	return *s ? (unsigned char *)s : NULL;
}

WINAPI void
ucrtbase__mbccpy(unsigned char *d, const unsigned char *s)
{
	*d = *s;
}

WINAPI int
ucrtbase__mbccpy_s(unsigned char *d, size_t room, int *n, const unsigned char *s)
{
	if (n)
		*n = 0;
	REQUIRE(d && room > 0, EINVAL);
	*d = 0;
	REQUIRE(s, EINVAL);
	*d = *s;
	if (n)
		*n = 1;
	return 0;
}

WINAPI unsigned char *
ucrtbase__mbstok(unsigned char *s, const unsigned char *set)
{
	REQUIRE(set && (s || crt_thread.mbstok), NULL);
	return (unsigned char *)ucrtbase_strtok_s((char *)s, (const char *)set,
	                                          (char **)&crt_thread.mbstok);
}
