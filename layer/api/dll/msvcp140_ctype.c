/* SPDX-License-Identifier: Apache-2.0 */
/* msvcp140_ctype.c -- ctype<char> and ctype<wchar_t>: kinds and cases of characters. */
#include <string.h>

#include "layer/api/dll/msvcp140_locinfo.h"
#include "layer/api/dll/msvcp140_num.h"
#include "layer/api/dll/msvcp140_unit.h"

struct ctype {
	struct facet facet;
	struct ctypevec v;
};

struct wctype {
	struct ctype base;
	struct cvtvec cvt;
};

_Static_assert(sizeof(struct ctype) == 48 && sizeof(struct wctype) == 96, "ctype");

static inline char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static inline char
upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static inline WCHAR
wide_lower(WCHAR c)
{
	return c >= 'A' && c <= 'Z' ? (WCHAR)(c + 32) : c;
}

static inline WCHAR
wide_upper(WCHAR c)
{
	return c >= 'a' && c <= 'z' ? (WCHAR)(c - 32) : c;
}

static inline char
narrow(WCHAR c, char other)
{
	return c < 256 ? (char)c : other;
}

/* For both: a character, and all of a range. */
#define EACH(name, type)                                                                           \
	WINAPI const type *name##_all(const struct facet *f, type *s, const type *end)             \
	{                                                                                          \
		for (; s < end; s++)                                                               \
			*s = name(f, *s);                                                          \
		return end;                                                                        \
	}

WINAPI char
msvcp140_ctype_do_tolower(const struct facet *f, char c)
{
	(void)f;
	return lower(c);
}
EACH(msvcp140_ctype_do_tolower, char)

WINAPI char
msvcp140_ctype_do_toupper(const struct facet *f, char c)
{
	(void)f;
	return upper(c);
}
EACH(msvcp140_ctype_do_toupper, char)

WINAPI WCHAR
msvcp140_wctype_do_tolower(const struct facet *f, WCHAR c)
{
	(void)f;
	return wide_lower(c);
}
EACH(msvcp140_wctype_do_tolower, WCHAR)

WINAPI WCHAR
msvcp140_wctype_do_toupper(const struct facet *f, WCHAR c)
{
	(void)f;
	return wide_upper(c);
}
EACH(msvcp140_wctype_do_toupper, WCHAR)

WINAPI char
msvcp140_ctype_do_widen(const struct facet *f, char c)
{
	(void)f;
	return c;
}

WINAPI const char *
msvcp140_ctype_do_widen_all(const struct facet *f, const char *s, const char *end, char *to)
{
	(void)f;
	memmove(to, s, (size_t)(end - s));
	return end;
}

WINAPI char
msvcp140_ctype_do_narrow(const struct facet *f, char c, char other)
{
	(void)f, (void)other;
	return c;
}

WINAPI const char *
msvcp140_ctype_do_narrow_all(const struct facet *f, const char *s, const char *end, char other,
                             char *to)
{
	(void)other;
	return msvcp140_ctype_do_widen_all(f, s, end, to);
}

WINAPI WCHAR
msvcp140_wctype_do_widen(const struct facet *f, char c)
{
	(void)f;
	return (unsigned char)c;
}

WINAPI const char *
msvcp140_wctype_do_widen_all(const struct facet *f, const char *s, const char *end, WCHAR *to)
{
	(void)f;
	while (s < end)
		*to++ = (unsigned char)*s++;
	return end;
}

WINAPI char
msvcp140_wctype_do_narrow(const struct facet *f, WCHAR c, char other)
{
	(void)f;
	return narrow(c, other);
}

WINAPI const WCHAR *
msvcp140_wctype_do_narrow_all(const struct facet *f, const WCHAR *s, const WCHAR *end, char other,
                              char *to)
{
	(void)f;
	while (s < end)
		*to++ = narrow(*s++, other);
	return end;
}

/* -- kinds --------------------------------------------------------------------------------------------- */

WINAPI const int16_t *
msvcp140_ctype_classic_table(void)
{
	return (const int16_t *)crt_ctype_c + 1;
}

WINAPI const int16_t *
msvcp140_ctype_table_of(const struct ctype *f)
{
	return f->v.table;
}

const size_t msvcp140_ctype_table_size = 256;

WINAPI bool
msvcp140_ctype_is(const struct facet *f, int16_t mask, char c)
{
	return ((const struct ctype *)f)->v.table[(unsigned char)c] & mask;
}

WINAPI const char *
msvcp140_ctype_is_all(const struct ctype *f, const char *s, const char *end, int16_t *to)
{
	while (s < end)
		*to++ = f->v.table[(unsigned char)*s++];
	return end;
}

WINAPI const char *
msvcp140_ctype_scan_is(const struct facet *f, int16_t mask, const char *s, const char *end)
{
	while (s < end && !msvcp140_ctype_is(f, mask, *s))
		s++;
	return s;
}

WINAPI const char *
msvcp140_ctype_scan_not(const struct facet *f, int16_t mask, const char *s, const char *end)
{
	while (s < end && msvcp140_ctype_is(f, mask, *s))
		s++;
	return s;
}

WINAPI bool
msvcp140_wctype_do_is(const struct facet *f, int16_t mask, WCHAR c)
{
	(void)f;
	return crt_ctype_wide(c) & mask;
}

WINAPI const WCHAR *
msvcp140_wctype_do_is_all(const struct facet *f, const WCHAR *s, const WCHAR *end, int16_t *to)
{
	(void)f;
	while (s < end)
		*to++ = (int16_t)crt_ctype_wide(*s++);
	return end;
}

static bool
is(const struct facet *f, int16_t mask, WCHAR c)
{
	return VIRTUAL(f, 4, WINAPI bool (*)(const struct facet *, int16_t, WCHAR), f, mask, c);
}

WINAPI const WCHAR *
msvcp140_wctype_do_scan_is(const struct facet *f, int16_t mask, const WCHAR *s, const WCHAR *end)
{
	while (s < end && !is(f, mask, *s))
		s++;
	return s;
}

WINAPI const WCHAR *
msvcp140_wctype_do_scan_not(const struct facet *f, int16_t mask, const WCHAR *s, const WCHAR *end)
{
	while (s < end && is(f, mask, *s))
		s++;
	return s;
}

/* -- what is called from outside goes to what is in the table ----------------------------------------- */

#define FROM(type)                   const struct facet *f, type
#define GO(slot, result, types, ...) return VIRTUAL(f, slot, WINAPI result(*) types, f, __VA_ARGS__)

WINAPI const char *
msvcp140_ctype_tolower_all(FROM(char *) s, const char *end)
{
	GO(3, const char *, (FROM(char *), const char *), s, end);
}

WINAPI char
msvcp140_ctype_tolower(FROM(char) c)
{
	GO(4, char, (FROM(char)), c);
}

WINAPI const char *
msvcp140_ctype_toupper_all(FROM(char *) s, const char *end)
{
	GO(5, const char *, (FROM(char *), const char *), s, end);
}

WINAPI char
msvcp140_ctype_toupper(FROM(char) c)
{
	GO(6, char, (FROM(char)), c);
}

WINAPI const char *
msvcp140_ctype_widen_all(FROM(const char *) s, const char *end, char *to)
{
	GO(7, const char *, (FROM(const char *), const char *, char *), s, end, to);
}

WINAPI char
msvcp140_ctype_widen(FROM(char) c)
{
	GO(8, char, (FROM(char)), c);
}

WINAPI const char *
msvcp140_ctype_narrow_all(FROM(const char *) s, const char *end, char other, char *to)
{
	GO(9, const char *, (FROM(const char *), const char *, char, char *), s, end, other, to);
}

WINAPI char
msvcp140_ctype_narrow(FROM(char) c, char other)
{
	GO(10, char, (FROM(char), char), c, other);
}

WINAPI const WCHAR *
msvcp140_wctype_is_all(FROM(const WCHAR *) s, const WCHAR *end, int16_t *to)
{
	GO(3, const WCHAR *, (FROM(const WCHAR *), const WCHAR *, int16_t *), s, end, to);
}

WINAPI bool
msvcp140_wctype_is(const struct facet *f, int16_t mask, WCHAR c)
{
	return is(f, mask, c);
}

WINAPI const WCHAR *
msvcp140_wctype_scan_is(FROM(int16_t) mask, const WCHAR *s, const WCHAR *end)
{
	GO(5, const WCHAR *, (FROM(int16_t), const WCHAR *, const WCHAR *), mask, s, end);
}

WINAPI const WCHAR *
msvcp140_wctype_scan_not(FROM(int16_t) mask, const WCHAR *s, const WCHAR *end)
{
	GO(6, const WCHAR *, (FROM(int16_t), const WCHAR *, const WCHAR *), mask, s, end);
}

WINAPI const WCHAR *
msvcp140_wctype_tolower_all(FROM(WCHAR *) s, const WCHAR *end)
{
	GO(7, const WCHAR *, (FROM(WCHAR *), const WCHAR *), s, end);
}

WINAPI WCHAR
msvcp140_wctype_tolower(FROM(WCHAR) c)
{
	GO(8, WCHAR, (FROM(WCHAR)), c);
}

WINAPI const WCHAR *
msvcp140_wctype_toupper_all(FROM(WCHAR *) s, const WCHAR *end)
{
	GO(9, const WCHAR *, (FROM(WCHAR *), const WCHAR *), s, end);
}

WINAPI WCHAR
msvcp140_wctype_toupper(FROM(WCHAR) c)
{
	GO(10, WCHAR, (FROM(WCHAR)), c);
}

WINAPI const char *
msvcp140_wctype_widen_all(FROM(const char *) s, const char *end, WCHAR *to)
{
	GO(11, const char *, (FROM(const char *), const char *, WCHAR *), s, end, to);
}

WINAPI WCHAR
msvcp140_wctype_widen(FROM(char) c)
{
	GO(12, WCHAR, (FROM(char)), c);
}

WINAPI const WCHAR *
msvcp140_wctype_narrow_all(FROM(const WCHAR *) s, const WCHAR *end, char other, char *to)
{
	GO(13, const WCHAR *, (FROM(const WCHAR *), const WCHAR *, char, char *), s, end, other,
	   to);
}

WINAPI char
msvcp140_wctype_narrow(FROM(WCHAR) c, char other)
{
	GO(14, char, (FROM(WCHAR), char), c, other);
}

/* -- the facets ------------------------------------------------------------------------------------------ */

TABLE(msvcp140_ctype_slots, 11);
TABLE(msvcp140_wctype_slots, 15);

WINAPI void
msvcp140_ctype_Tidy(struct ctype *f)
{
	if (f->v.own)
		crt_free((void *)(uintptr_t)f->v.table);
	crt_free(f->v.name);
	f->v.own = 0;
	f->v.name = NULL;
}

WINAPI void
msvcp140_ctype_dtor(struct ctype *f)
{
	msvcp140_ctype_Tidy(f);
}

WINAPI static void *delete (struct facet *f, unsigned flags)
{
	msvcp140_ctype_Tidy((struct ctype *)f);
	return msvcp140_facet_end(f, flags);
}

msvcp140_function **
msvcp140_ctype_table(void)
{
	msvcp140_function **t = msvcp140_facet_table(msvcp140_ctype_slots, delete);
	t[3] = (msvcp140_function *)msvcp140_ctype_do_tolower_all;
	t[4] = (msvcp140_function *)msvcp140_ctype_do_tolower;
	t[5] = (msvcp140_function *)msvcp140_ctype_do_toupper_all;
	t[6] = (msvcp140_function *)msvcp140_ctype_do_toupper;
	t[7] = (msvcp140_function *)msvcp140_ctype_do_widen_all;
	t[8] = (msvcp140_function *)msvcp140_ctype_do_widen;
	t[9] = (msvcp140_function *)msvcp140_ctype_do_narrow_all;
	t[10] = (msvcp140_function *)msvcp140_ctype_do_narrow;
	return t;
}

msvcp140_function **
msvcp140_wctype_table(void)
{
	msvcp140_function **t = msvcp140_facet_table(msvcp140_wctype_slots, delete);
	t[3] = (msvcp140_function *)msvcp140_wctype_do_is_all;
	t[4] = (msvcp140_function *)msvcp140_wctype_do_is;
	t[5] = (msvcp140_function *)msvcp140_wctype_do_scan_is;
	t[6] = (msvcp140_function *)msvcp140_wctype_do_scan_not;
	t[7] = (msvcp140_function *)msvcp140_wctype_do_tolower_all;
	t[8] = (msvcp140_function *)msvcp140_wctype_do_tolower;
	t[9] = (msvcp140_function *)msvcp140_wctype_do_toupper_all;
	t[10] = (msvcp140_function *)msvcp140_wctype_do_toupper;
	t[11] = (msvcp140_function *)msvcp140_wctype_do_widen_all;
	t[12] = (msvcp140_function *)msvcp140_wctype_do_widen;
	t[13] = (msvcp140_function *)msvcp140_wctype_do_narrow_all;
	t[14] = (msvcp140_function *)msvcp140_wctype_do_narrow;
	return t;
}

WINAPI void
msvcp140_ctype_Init(struct ctype *f, const struct locinfo *l)
{
	(void)l;
	msvcp140__Getctype(&f->v);
}

WINAPI void
msvcp140_wctype_Init(struct wctype *f, const struct locinfo *l)
{
	msvcp140_ctype_Init(&f->base, l);
	msvcp140__Getcvt(&f->cvt);
}

WINAPI struct ctype *
msvcp140_ctype_ctor_info(struct ctype *f, const struct locinfo *l, size_t refs)
{
	f->facet.table = msvcp140_ctype_table();
	f->facet.refs = (int32_t)refs;
	msvcp140_ctype_Init(f, l);
	return f;
}

/* Of a table of its own. */
WINAPI struct ctype *
msvcp140_ctype_ctor(struct ctype *f, const int16_t *table, bool delete_it, size_t refs)
{
	msvcp140_ctype_ctor_info(f, NULL, refs);
	if (table) {
		f->v.table = table;
		f->v.own = delete_it;
	}
	return f;
}

WINAPI struct wctype *
msvcp140_wctype_ctor_info(struct wctype *f, const struct locinfo *l, size_t refs)
{
	f->base.facet.table = msvcp140_wctype_table();
	f->base.facet.refs = (int32_t)refs;
	msvcp140_wctype_Init(f, l);
	return f;
}

WINAPI struct wctype *
msvcp140_wctype_ctor(struct wctype *f, size_t refs)
{
	return msvcp140_wctype_ctor_info(f, NULL, refs);
}

WINAPI size_t
msvcp140_ctype_Getcat(struct facet **out, const struct locale *l)
{
	(void)l;
	if (out && !*out)
		*out = (struct facet *)msvcp140_ctype_ctor_info(msvcp140_new(sizeof(struct ctype)),
		                                                NULL, 0);
	return CRT_LC_CTYPE;
}

WINAPI size_t
msvcp140_wctype_Getcat(struct facet **out, const struct locale *l)
{
	(void)l;
	if (out && !*out)
		*out = (struct facet *)msvcp140_wctype_ctor(msvcp140_new(sizeof(struct wctype)), 0);
	return CRT_LC_CTYPE;
}
