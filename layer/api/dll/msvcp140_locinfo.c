/* SPDX-License-Identifier: Apache-2.0 */
/* msvcp140_locinfo.c -- _Locinfo, which sets the C run-time's locale for as long as a facet is made
 * of it, and what facets ask of that locale: how characters are classed, compared, named. */
#include <string.h>

#include "layer/api/dll/msvcp140_locinfo.h"
#include "layer/api/nt/text/nls.h"

WINAPI char *ucrtbase_setlocale(int category, const char *name);
WINAPI const struct crt_lconv *ucrtbase_localeconv(void);
WINAPI char *ucrtbase__Getdays(void);
WINAPI char *ucrtbase__Getmonths(void);
WINAPI WCHAR *ucrtbase__W_Getdays(void);
WINAPI WCHAR *ucrtbase__W_Getmonths(void);

/* -- _Yarn ------------------------------------------------------------------------------------------- */

WINAPI struct yarn *
msvcp140_yarn_ctor_empty(struct yarn *y)
{
	*y = (struct yarn){ 0 };
	return y;
}

WINAPI struct yarn *
msvcp140_yarn_ctor(struct yarn *y, const char *s)
{
	return msvcp140_yarn_set(msvcp140_yarn_ctor_empty(y), s);
}

WINAPI struct yarn *
msvcp140_yarn_copy(struct yarn *y, const struct yarn *from)
{
	return msvcp140_yarn_ctor(y, from->s);
}

WINAPI struct yarn *
msvcp140_yarn_assign(struct yarn *y, const struct yarn *from)
{
	return msvcp140_yarn_set(y, from->s);
}

/* -- _Locinfo ---------------------------------------------------------------------------------------- */

/* "*" is what programs take for a name that is not known. */
WINAPI void
msvcp140_locinfo_begin(struct locinfo *l, const char *name)
{
	msvcp140_yarn_set(&l->old, ucrtbase_setlocale(CRT_LC_ALL, NULL));
	if (name)
		name = ucrtbase_setlocale(CRT_LC_ALL, name);
	msvcp140_yarn_set(&l->name, name ? name : "*");
}

WINAPI struct locinfo *
msvcp140_locinfo_Addcats(struct locinfo *l, int categories, const char *name)
{
	const char *got = NULL;
	if (!name)
		msvcp140_Xruntime_error("bad locale name");
	if (strcmp(name, "*") != 0) {
		if (categories == 0)
			got = ucrtbase_setlocale(CRT_LC_ALL, NULL);
		else if (categories == LOCALE_ALL)
			got = ucrtbase_setlocale(CRT_LC_ALL, name);
		else
			/* category n is bit n - 1 */
			for (int i = CRT_LC_COLLATE; i < CRT_LC_COUNT; i++)
				if (categories & 1 << i >> 1)
					got = ucrtbase_setlocale(i, name);
	}
	msvcp140_yarn_set(&l->name, got ? got : "*");
	return l;
}

WINAPI void
msvcp140_locinfo_begin_category(struct locinfo *l, int categories, const char *name)
{
	msvcp140_yarn_set(&l->old, ucrtbase_setlocale(CRT_LC_ALL, NULL));
	msvcp140_locinfo_Addcats(l, categories, name);
}

WINAPI void
msvcp140_locinfo_end(struct locinfo *l)
{
	ucrtbase_setlocale(CRT_LC_ALL, msvcp140_yarn_c_str(&l->old));
}

static struct locinfo *
construct(struct locinfo *l, const char *name)
{
	if (!name)
		msvcp140_Xruntime_error("bad locale name");
	memset(l, 0, sizeof *l);
	msvcp140_Lockit(&l->lock, 0);
	return l;
}

WINAPI struct locinfo *
msvcp140_locinfo_ctor(struct locinfo *l, const char *name)
{
	msvcp140_locinfo_begin(construct(l, name), name);
	return l;
}

WINAPI struct locinfo *
msvcp140_locinfo_ctor_category(struct locinfo *l, int categories, const char *name)
{
	msvcp140_locinfo_begin_category(construct(l, name), categories, name);
	return l;
}

WINAPI void
msvcp140_locinfo_dtor(struct locinfo *l)
{
	msvcp140_locinfo_end(l);
	for (struct yarn *y = &l->days; y <= &l->name; y++)
		msvcp140_yarn_end(y);
	msvcp140_Lockit_end(&l->lock);
}

WINAPI const char *
msvcp140_locinfo_Getname(const struct locinfo *l)
{
	return msvcp140_yarn_c_str(&l->name);
}

/* A list that the C run-time has made, kept for as long as this is asked. */
static const void *
keep(const struct yarn *y, void *list)
{
	struct yarn *own = (struct yarn *)(uintptr_t)y;
	if (list) {
		crt_free(own->s);
		own->s = list;
	}
	return own->s ? (void *)own->s : &own->none;
}

WINAPI const char *
msvcp140_locinfo_Getdays(const struct locinfo *l)
{
	return keep(&l->days, ucrtbase__Getdays());
}

WINAPI const char *
msvcp140_locinfo_Getmonths(const struct locinfo *l)
{
	return keep(&l->months, ucrtbase__Getmonths());
}

WINAPI const WCHAR *
msvcp140_locinfo_W_Getdays(const struct locinfo *l)
{
	return keep(&l->wdays, ucrtbase__W_Getdays());
}

WINAPI const WCHAR *
msvcp140_locinfo_W_Getmonths(const struct locinfo *l)
{
	return keep(&l->wmonths, ucrtbase__W_Getmonths());
}

WINAPI const char *
msvcp140_locinfo_Getfalse(const struct locinfo *l)
{
	(void)l;
	return "false";
}

WINAPI const char *
msvcp140_locinfo_Gettrue(const struct locinfo *l)
{
	(void)l;
	return "true";
}

WINAPI const struct crt_lconv *
msvcp140_locinfo_Getlconv(const struct locinfo *l)
{
	(void)l;
	return ucrtbase_localeconv();
}

enum { DATE_NONE, DATE_DMY, DATE_MDY };

WINAPI int
msvcp140__Getdateorder(void)
{
	return DATE_MDY;
}

WINAPI int
msvcp140_locinfo_Getdateorder(const struct locinfo *l)
{
	(void)l;
	return msvcp140__Getdateorder();
}

/* -- _Timevec: names of times, which the C run-time has ----------------------------------------------- */

WINAPI void **
msvcp140_timevec_ctor(void **t, void *names)
{
	*t = names;
	return t;
}

/* It moves what it copies. */
WINAPI void **
msvcp140_timevec_copy(void **t, void **from)
{
	*t = *from;
	*from = NULL;
	return t;
}

WINAPI void
msvcp140_timevec_dtor(void **t)
{
	crt_free(*t);
	*t = NULL;
}

WINAPI void **
msvcp140_timevec_assign(void **t, void **from)
{
	if (t != from) {
		crt_free(*t);
		msvcp140_timevec_copy(t, from);
	}
	return t;
}

WINAPI void *
msvcp140_timevec_Getptr(void *const *t)
{
	return *t;
}

WINAPI void **
msvcp140_locinfo_Gettnames(const struct locinfo *l, void **out)
{
	(void)l;
	*out = NULL;
	return out;
}

WINAPI void **
msvcp140_locinfo_W_Gettnames(const struct locinfo *l, void **out)
{
	return msvcp140_locinfo_Gettnames(l, out);
}

/* -- characters ----------------------------------------------------------------------------------------- */

WINAPI struct collvec *
msvcp140__Getcoll(struct collvec *out)
{
	*out = (struct collvec){ 0 };
	return out;
}

WINAPI struct ctypevec *
msvcp140__Getctype(struct ctypevec *out)
{
	*out = (struct ctypevec){ .table = (const int16_t *)crt_ctype_c + 1 };
	return out;
}

WINAPI struct cvtvec *
msvcp140__Getcvt(struct cvtvec *out)
{
	*out = (struct cvtvec){ .longest = 1, .c = 1 };
	return out;
}

WINAPI struct collvec *
msvcp140_locinfo_Getcoll(const struct locinfo *l, struct collvec *out)
{
	(void)l;
	return msvcp140__Getcoll(out);
}

WINAPI struct ctypevec *
msvcp140_locinfo_Getctype(const struct locinfo *l, struct ctypevec *out)
{
	(void)l;
	return msvcp140__Getctype(out);
}

WINAPI struct cvtvec *
msvcp140_locinfo_Getcvt(const struct locinfo *l, struct cvtvec *out)
{
	(void)l;
	return msvcp140__Getcvt(out);
}

WINAPI int
msvcp140__Tolower(int c, const struct ctypevec *v)
{
	(void)v;
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

WINAPI int
msvcp140__Toupper(int c, const struct ctypevec *v)
{
	(void)v;
	return c >= 'a' && c <= 'z' ? c - 32 : c;
}

/* The "C" locale changes the case of ASCII only. */
WINAPI WCHAR
msvcp140__Towlower(WCHAR c, const struct ctypevec *v)
{
	return (WCHAR)msvcp140__Tolower(c, v);
}

WINAPI WCHAR
msvcp140__Towupper(WCHAR c, const struct ctypevec *v)
{
	return (WCHAR)msvcp140__Toupper(c, v);
}

WINAPI int16_t
msvcp140__Getwctype(WCHAR c, const struct ctypevec *v)
{
	(void)v;
	return (int16_t)crt_ctype_wide(c);
}

WINAPI const WCHAR *
msvcp140__Getwctypes(const WCHAR *s, const WCHAR *end, int16_t *out, const struct ctypevec *v)
{
	while (s < end)
		*out++ = msvcp140__Getwctype(*s++, v);
	return end;
}

static int
compare(int c, ptrdiff_t n, ptrdiff_t m)
{
	return c ? (c < 0 ? -1 : 1) : n < m ? -1 : n > m;
}

WINAPI int
msvcp140__Strcoll(const char *a, const char *a_end, const char *b, const char *b_end,
                  const struct collvec *v)
{
	ptrdiff_t n = a_end - a, m = b_end - b;
	(void)v;
	return compare(memcmp(a, b, (size_t)(n < m ? n : m)), n, m);
}

WINAPI int
msvcp140__Wcscoll(const WCHAR *a, const WCHAR *a_end, const WCHAR *b, const WCHAR *b_end,
                  const struct collvec *v)
{
	ptrdiff_t n = a_end - a, m = b_end - b;
	(void)v;
	for (; a < a_end && b < b_end; a++, b++)
		if (*a != *b)
			return *a < *b ? -1 : 1;
	return compare(0, n, m);
}

/* How long the key is, which is the text itself; written when there is room. */
WINAPI size_t
msvcp140__Strxfrm(char *to, char *to_end, const char *s, const char *end, const struct collvec *v)
{
	size_t n = (size_t)(end - s);
	(void)v;
	if (n <= (size_t)(to_end - to))
		memcpy(to, s, n);
	return n;
}

WINAPI size_t
msvcp140__Wcsxfrm(WCHAR *to, WCHAR *to_end, const WCHAR *s, const WCHAR *end,
                  const struct collvec *v)
{
	size_t n = (size_t)(end - s);
	(void)v;
	if (n <= (size_t)(to_end - to))
		memcpy(to, s, n * sizeof *s);
	return n;
}

/* A character of the locale: 0 for the zero, 1, or -1; no bytes are -2. */
WINAPI int
msvcp140__Mbrtowc(WCHAR *to, const char *s, size_t n, struct crt_mbstate *state,
                  const struct cvtvec *v)
{
	(void)state, (void)v;
	if (!n || !s)
		return s ? -2 : 0;
	if (to)
		*to = (unsigned char)*s;
	return *s != 0;
}

WINAPI int
msvcp140__Wcrtomb(char *to, WCHAR c, struct crt_mbstate *state, const struct cvtvec *v)
{
	(void)state, (void)v;
	if (c > 255)
		return crt_error(CRT_EILSEQ);
	*to = (char)c;
	return 1;
}
