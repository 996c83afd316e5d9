/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_ctype.c -- kinds of characters: by a locale's table, and of wide ones by Unicode. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"

static inline int
kind(const struct crt_locale *l, int c, int mask)
{
	return c >= -1 && c <= 255 ? l->pctype[c] & mask : 0;
}

static inline int
wide_kind(WCHAR c, int mask)
{
	return c == 0xffff ? 0 : crt_ctype_wide(c) & mask;
}

WINAPI int
ucrtbase_isalnum(int c)
{
	return kind(crt_locale(), c, CRT_ALPHA | CRT_DIGIT);
}

WINAPI int
ucrtbase__isalnum_l(int c, const struct crt_locale_pointers *l)
{
	return kind(crt_locale_of(l), c, CRT_ALPHA | CRT_DIGIT);
}

WINAPI int
ucrtbase_iswalnum(WCHAR c)
{
	return wide_kind(c, CRT_ALPHA | CRT_DIGIT);
}

WINAPI int
ucrtbase__iswalnum_l(WCHAR c, const struct crt_locale_pointers *l)
{
	(void)l;
	return wide_kind(c, CRT_ALPHA | CRT_DIGIT);
}

WINAPI int
ucrtbase_isalpha(int c)
{
	return kind(crt_locale(), c, CRT_ALPHA);
}

WINAPI int
ucrtbase__isalpha_l(int c, const struct crt_locale_pointers *l)
{
	return kind(crt_locale_of(l), c, CRT_ALPHA);
}

WINAPI int
ucrtbase_iswalpha(WCHAR c)
{
	return wide_kind(c, CRT_ALPHA);
}

WINAPI int
ucrtbase__iswalpha_l(WCHAR c, const struct crt_locale_pointers *l)
{
	(void)l;
	return wide_kind(c, CRT_ALPHA);
}

WINAPI int
ucrtbase_iscntrl(int c)
{
	return kind(crt_locale(), c, CRT_CONTROL);
}

WINAPI int
ucrtbase__iscntrl_l(int c, const struct crt_locale_pointers *l)
{
	return kind(crt_locale_of(l), c, CRT_CONTROL);
}

WINAPI int
ucrtbase_iswcntrl(WCHAR c)
{
	return wide_kind(c, CRT_CONTROL);
}

WINAPI int
ucrtbase__iswcntrl_l(WCHAR c, const struct crt_locale_pointers *l)
{
	(void)l;
	return wide_kind(c, CRT_CONTROL);
}

WINAPI int
ucrtbase_isdigit(int c)
{
	return kind(crt_locale(), c, CRT_DIGIT);
}

WINAPI int
ucrtbase__isdigit_l(int c, const struct crt_locale_pointers *l)
{
	return kind(crt_locale_of(l), c, CRT_DIGIT);
}

WINAPI int
ucrtbase_iswdigit(WCHAR c)
{
	return wide_kind(c, CRT_DIGIT);
}

WINAPI int
ucrtbase__iswdigit_l(WCHAR c, const struct crt_locale_pointers *l)
{
	(void)l;
	return wide_kind(c, CRT_DIGIT);
}

WINAPI int
ucrtbase_isgraph(int c)
{
	return kind(crt_locale(), c, CRT_PUNCT | CRT_ALPHA | CRT_DIGIT);
}

WINAPI int
ucrtbase__isgraph_l(int c, const struct crt_locale_pointers *l)
{
	return kind(crt_locale_of(l), c, CRT_PUNCT | CRT_ALPHA | CRT_DIGIT);
}

WINAPI int
ucrtbase_iswgraph(WCHAR c)
{
	return wide_kind(c, CRT_PUNCT | CRT_ALPHA | CRT_DIGIT);
}

WINAPI int
ucrtbase__iswgraph_l(WCHAR c, const struct crt_locale_pointers *l)
{
	(void)l;
	return wide_kind(c, CRT_PUNCT | CRT_ALPHA | CRT_DIGIT);
}

WINAPI int
ucrtbase_islower(int c)
{
	return kind(crt_locale(), c, CRT_LOWER);
}

WINAPI int
ucrtbase__islower_l(int c, const struct crt_locale_pointers *l)
{
	return kind(crt_locale_of(l), c, CRT_LOWER);
}

WINAPI int
ucrtbase_iswlower(WCHAR c)
{
	return wide_kind(c, CRT_LOWER);
}

WINAPI int
ucrtbase__iswlower_l(WCHAR c, const struct crt_locale_pointers *l)
{
	(void)l;
	return wide_kind(c, CRT_LOWER);
}

/* A tab is blank, and yet it is not printed. */
WINAPI int
ucrtbase__isprint_l(int c, const struct crt_locale_pointers *l)
{
	return c == '\t' ? 0
	                 : kind(crt_locale_of(l), c, CRT_BLANK | CRT_PUNCT | CRT_ALPHA | CRT_DIGIT);
}

WINAPI int
ucrtbase_isprint(int c)
{
	return ucrtbase__isprint_l(c, NULL);
}

WINAPI int
ucrtbase_iswprint(WCHAR c)
{
	return c == '\t' ? 0 : wide_kind(c, CRT_BLANK | CRT_PUNCT | CRT_ALPHA | CRT_DIGIT);
}

WINAPI int
ucrtbase__iswprint_l(WCHAR c, const struct crt_locale_pointers *l)
{
	(void)l;
	return ucrtbase_iswprint(c);
}

WINAPI int
ucrtbase_ispunct(int c)
{
	return kind(crt_locale(), c, CRT_PUNCT);
}

WINAPI int
ucrtbase__ispunct_l(int c, const struct crt_locale_pointers *l)
{
	return kind(crt_locale_of(l), c, CRT_PUNCT);
}

WINAPI int
ucrtbase_iswpunct(WCHAR c)
{
	return wide_kind(c, CRT_PUNCT);
}

WINAPI int
ucrtbase__iswpunct_l(WCHAR c, const struct crt_locale_pointers *l)
{
	(void)l;
	return wide_kind(c, CRT_PUNCT);
}

WINAPI int
ucrtbase_isspace(int c)
{
	return kind(crt_locale(), c, CRT_SPACE);
}

WINAPI int
ucrtbase__isspace_l(int c, const struct crt_locale_pointers *l)
{
	return kind(crt_locale_of(l), c, CRT_SPACE);
}

WINAPI int
ucrtbase_iswspace(WCHAR c)
{
	return wide_kind(c, CRT_SPACE);
}

WINAPI int
ucrtbase__iswspace_l(WCHAR c, const struct crt_locale_pointers *l)
{
	(void)l;
	return wide_kind(c, CRT_SPACE);
}

WINAPI int
ucrtbase_isupper(int c)
{
	return kind(crt_locale(), c, CRT_UPPER);
}

WINAPI int
ucrtbase__isupper_l(int c, const struct crt_locale_pointers *l)
{
	return kind(crt_locale_of(l), c, CRT_UPPER);
}

WINAPI int
ucrtbase_iswupper(WCHAR c)
{
	return wide_kind(c, CRT_UPPER);
}

WINAPI int
ucrtbase__iswupper_l(WCHAR c, const struct crt_locale_pointers *l)
{
	(void)l;
	return wide_kind(c, CRT_UPPER);
}

WINAPI int
ucrtbase_isxdigit(int c)
{
	return kind(crt_locale(), c, CRT_HEX);
}

WINAPI int
ucrtbase__isxdigit_l(int c, const struct crt_locale_pointers *l)
{
	return kind(crt_locale_of(l), c, CRT_HEX);
}

WINAPI int
ucrtbase_iswxdigit(WCHAR c)
{
	return wide_kind(c, CRT_HEX);
}

WINAPI int
ucrtbase__iswxdigit_l(WCHAR c, const struct crt_locale_pointers *l)
{
	(void)l;
	return wide_kind(c, CRT_HEX);
}

WINAPI int
ucrtbase_isblank(int c)
{
	return c == '\t' ? CRT_BLANK : kind(crt_locale(), c, CRT_BLANK);
}

WINAPI int
ucrtbase__isblank_l(int c, const struct crt_locale_pointers *l)
{
	return c == '\t' ? CRT_BLANK : kind(crt_locale_of(l), c, CRT_BLANK);
}

WINAPI int
ucrtbase_iswblank(WCHAR c)
{
	return c == '\t' ? CRT_BLANK : wide_kind(c, CRT_BLANK);
}

WINAPI int
ucrtbase__iswblank_l(WCHAR c, const struct crt_locale_pointers *l)
{
	(void)l;
	return ucrtbase_iswblank(c);
}

WINAPI int
ucrtbase__isctype(int c, int mask)
{
	return kind(crt_locale(), c, mask);
}

WINAPI int
ucrtbase__isctype_l(int c, int mask, const struct crt_locale_pointers *l)
{
	return kind(crt_locale_of(l), c, mask);
}

WINAPI int
ucrtbase_iswctype(WCHAR c, uint16_t mask)
{
	return wide_kind(c, mask);
}

WINAPI int
ucrtbase__iswctype_l(WCHAR c, uint16_t mask, const struct crt_locale_pointers *l)
{
	(void)l;
	return wide_kind(c, mask);
}

WINAPI int
ucrtbase_isleadbyte(int c)
{
	return kind(crt_locale(), c & 0xff, CRT_LEADBYTE);
}

WINAPI int
ucrtbase__isleadbyte_l(int c, const struct crt_locale_pointers *l)
{
	return kind(crt_locale_of(l), c & 0xff, CRT_LEADBYTE);
}

WINAPI int
ucrtbase_iswascii(WCHAR c)
{
	return c < 128;
}

WINAPI int
ucrtbase___isascii(int c)
{
	return (unsigned)c < 128;
}

WINAPI int
ucrtbase___toascii(int c)
{
	return c & 127;
}

WINAPI int
ucrtbase___iscsym(int c)
{
	return c == '_' || kind(crt_locale(), c, CRT_ALPHA | CRT_DIGIT);
}

WINAPI int
ucrtbase___iscsymf(int c)
{
	return c == '_' || kind(crt_locale(), c, CRT_ALPHA);
}

WINAPI int
ucrtbase___iswcsym(WCHAR c)
{
	return c == '_' || wide_kind(c, CRT_ALPHA | CRT_DIGIT);
}

WINAPI int
ucrtbase___iswcsymf(WCHAR c)
{
	return c == '_' || wide_kind(c, CRT_ALPHA);
}

WINAPI int
ucrtbase__iswcsym_l(WCHAR c, const struct crt_locale_pointers *l)
{
	(void)l;
	return ucrtbase___iswcsym(c);
}

WINAPI int
ucrtbase__iswcsymf_l(WCHAR c, const struct crt_locale_pointers *l)
{
	(void)l;
	return ucrtbase___iswcsymf(c);
}

WINAPI int
ucrtbase_tolower(int c)
{
	return (unsigned)c < 256 ? crt_locale()->lower[c] : c;
}

WINAPI int
ucrtbase_toupper(int c)
{
	return (unsigned)c < 256 ? crt_locale()->upper[c] : c;
}

WINAPI int
ucrtbase__tolower_l(int c, const struct crt_locale_pointers *l)
{
	return (unsigned)c < 256 ? crt_locale_of(l)->lower[c] : c;
}

WINAPI int
ucrtbase__toupper_l(int c, const struct crt_locale_pointers *l)
{
	return (unsigned)c < 256 ? crt_locale_of(l)->upper[c] : c;
}

/* These two do not look whether c is a capital. */
WINAPI int
ucrtbase__tolower(int c)
{
	return c - 'A' + 'a';
}

WINAPI int
ucrtbase__toupper(int c)
{
	return c - 'a' + 'A';
}

WINAPI const uint16_t *
ucrtbase___pctype_func(void)
{
	return crt_locale()->pctype;
}

static uint16_t wide_table[257];

static void
fill(void)
{
	for (int c = 0; c < 256; c++)
		wide_table[c + 1] = crt_ctype_wide((WCHAR)c);
}

WINAPI const uint16_t *
ucrtbase___pwctype_func(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, fill);
	return wide_table + 1;
}

static const struct {
	const char *name;
	uint16_t mask;
} properties[] = {
	{ "alnum", CRT_ALPHA | CRT_DIGIT },
	{ "alpha", CRT_ALPHA },
	{ "cntrl", CRT_CONTROL },
	{ "digit", CRT_DIGIT },
	{ "graph", CRT_PUNCT | CRT_ALPHA | CRT_DIGIT },
	{ "lower", CRT_LOWER },
	{ "print", CRT_BLANK | CRT_PUNCT | CRT_ALPHA | CRT_DIGIT },
	{ "punct", CRT_PUNCT },
	{ "space", CRT_SPACE },
	{ "upper", CRT_UPPER },
	{ "xdigit", CRT_HEX },
	{ "blank", CRT_BLANK },
};

WINAPI uint16_t
ucrtbase_wctype(const char *name)
{
	for (size_t i = 0; name && i < sizeof properties / sizeof properties[0]; i++) {
		size_t n = 0;
		while (properties[i].name[n] && properties[i].name[n] == name[n])
			n++;
		if (!properties[i].name[n] && !name[n])
			return properties[i].mask;
	}
	return 0;
}

WINAPI uint16_t
ucrtbase_wctrans(const char *name)
{
	static const char lower[] = "tolower", upper[] = "toupper";
	for (size_t i = 0; name && i < sizeof lower; i++) {
		if (name[i] != lower[i])
			break;
		if (!name[i])
			return 1;
	}
	for (size_t i = 0; name && i < sizeof upper; i++) {
		if (name[i] != upper[i])
			break;
		if (!name[i])
			return 2;
	}
	return 0;
}

WINAPI WCHAR ucrtbase_towlower(WCHAR c);
WINAPI WCHAR ucrtbase_towupper(WCHAR c);

WINAPI WCHAR
ucrtbase_towctrans(WCHAR c, uint16_t how)
{
	if (how != 1 && how != 2) {
		crt_error(EINVAL);
		return c;
	}
	return how == 1 ? ucrtbase_towlower(c) : ucrtbase_towupper(c);
}
