/* SPDX-License-Identifier: Apache-2.0 */
/* msvcp140_codecvt.c -- codecvt<char, char, mbstate_t>, which changes nothing, and
 * codecvt<wchar_t, char, mbstate_t>, in whose "C" locale a byte is its own character. */
#include "layer/api/dll/msvcp140_locinfo.h"

enum result { OK, PARTIAL, ERROR, NOCONV };

struct codecvt {
	struct facet facet;
	struct cvtvec cvt; /* the wide one's */
};

enum { ALWAYS_NOCONV = 3, MAX_LENGTH, ENCODING, IN, OUT, UNSHIFT, LENGTH, SLOTS };

extern size_t msvcp140_id_codecvt, msvcp140_id_wcodecvt;

/* -- codecvt_base --------------------------------------------------------------------------------------- */

TABLE(msvcp140_codecvt_base_slots, 6);
TABLE(msvcp140_codecvt_slots, SLOTS);
TABLE(msvcp140_wcodecvt_slots, SLOTS);

WINAPI bool
msvcp140_codecvt_base_do_always_noconv(const struct facet *f)
{
	(void)f;
	return true;
}

WINAPI int
msvcp140_codecvt_base_do_max_length(const struct facet *f)
{
	(void)f;
	return 1;
}

WINAPI int
msvcp140_codecvt_base_do_encoding(const struct facet *f)
{
	(void)f;
	return 1;
}

WINAPI bool
msvcp140_codecvt_base_always_noconv(const struct facet *f)
{
	return VIRTUAL(f, ALWAYS_NOCONV, WINAPI bool (*)(const struct facet *), f);
}

WINAPI int
msvcp140_codecvt_base_max_length(const struct facet *f)
{
	return VIRTUAL(f, MAX_LENGTH, WINAPI int (*)(const struct facet *), f);
}

WINAPI int
msvcp140_codecvt_base_encoding(const struct facet *f)
{
	return VIRTUAL(f, ENCODING, WINAPI int (*)(const struct facet *), f);
}

static msvcp140_function **
base_table(msvcp140_function **table)
{
	msvcp140_function **t = msvcp140_facet_table(table, msvcp140_facet_end);
	t[ALWAYS_NOCONV] = (msvcp140_function *)msvcp140_codecvt_base_do_always_noconv;
	t[MAX_LENGTH] = (msvcp140_function *)msvcp140_codecvt_base_do_max_length;
	t[ENCODING] = (msvcp140_function *)msvcp140_codecvt_base_do_encoding;
	return t;
}

WINAPI struct facet *
msvcp140_codecvt_base_ctor(struct facet *f, size_t refs)
{
	f->table = base_table(msvcp140_codecvt_base_slots);
	f->refs = (int32_t)refs;
	return f;
}

/* -- bytes ----------------------------------------------------------------------------------------------- */

/* do_in and do_out: nothing is converted, and what is read may be taken as it is */
WINAPI int
msvcp140_codecvt_do_in(const struct facet *f, struct crt_mbstate *state, const char *from,
                       const char *end, const char **mid, char *to, char *to_end, char **to_mid)
{
	(void)f, (void)state, (void)end, (void)to_end;
	*mid = from;
	*to_mid = to;
	return NOCONV;
}

WINAPI int
msvcp140_codecvt_do_unshift(const struct facet *f, struct crt_mbstate *state, char *to,
                            char *to_end, char **to_mid)
{
	(void)f, (void)state, (void)to_end;
	*to_mid = to;
	return NOCONV;
}

WINAPI int
msvcp140_codecvt_do_length(const struct facet *f, struct crt_mbstate *state, const char *from,
                           const char *end, size_t most)
{
	(void)f, (void)state;
	return (int)(most < (size_t)(end - from) ? most : (size_t)(end - from));
}

/* -- wide characters ---------------------------------------------------------------------------------------- */

WINAPI bool
msvcp140_wcodecvt_do_always_noconv(const struct facet *f)
{
	(void)f;
	return false;
}

WINAPI int
msvcp140_wcodecvt_do_max_length(const struct facet *f)
{
	(void)f;
	return 5; /* what any code page needs */
}

WINAPI int
msvcp140_wcodecvt_do_encoding(const struct facet *f)
{
	(void)f;
	return 0;
}

WINAPI int
msvcp140_wcodecvt_do_in(const struct facet *f, struct crt_mbstate *state, const char *from,
                        const char *end, const char **mid, WCHAR *to, WCHAR *to_end, WCHAR **to_mid)
{
	(void)f, (void)state;
	while (from < end && to < to_end)
		*to++ = (unsigned char)*from++;
	*mid = from;
	*to_mid = to;
	return from < end ? PARTIAL : OK;
}

WINAPI int
msvcp140_wcodecvt_do_out(const struct facet *f, struct crt_mbstate *state, const WCHAR *from,
                         const WCHAR *end, const WCHAR **mid, char *to, char *to_end, char **to_mid)
{
	int result = OK;
	(void)f, (void)state;
	for (; from < end && to < to_end; from++) {
		if (*from > 255) {
			result = ERROR;
			break;
		}
		*to++ = (char)*from;
	}
	*mid = from;
	*to_mid = to;
	return result == OK && from < end ? PARTIAL : result;
}

WINAPI int
msvcp140_wcodecvt_do_unshift(const struct facet *f, struct crt_mbstate *state, char *to,
                             char *to_end, char **to_mid)
{
	(void)f, (void)state, (void)to_end;
	*to_mid = to;
	return OK;
}

/* -- what is called from outside ------------------------------------------------------------------------------ */

#define STATE const struct facet *f, struct crt_mbstate *state

WINAPI int
msvcp140_codecvt_in(STATE, const void *from, const void *end, const void **mid, void *to,
                    void *to_end, void **to_mid)
{
	return VIRTUAL(f, IN,
	               WINAPI int (*)(STATE, const void *, const void *, const void **, void *,
	                              void *, void **),
	               f, state, from, end, mid, to, to_end, to_mid);
}

WINAPI int
msvcp140_codecvt_out(STATE, const void *from, const void *end, const void **mid, void *to,
                     void *to_end, void **to_mid)
{
	return VIRTUAL(f, OUT,
	               WINAPI int (*)(STATE, const void *, const void *, const void **, void *,
	                              void *, void **),
	               f, state, from, end, mid, to, to_end, to_mid);
}

WINAPI int
msvcp140_codecvt_unshift(STATE, char *to, char *to_end, char **to_mid)
{
	return VIRTUAL(f, UNSHIFT, WINAPI int (*)(STATE, char *, char *, char **), f, state, to,
	               to_end, to_mid);
}

WINAPI int
msvcp140_codecvt_length(STATE, const char *from, const char *end, size_t most)
{
	return VIRTUAL(f, LENGTH, WINAPI int (*)(STATE, const char *, const char *, size_t), f,
	               state, from, end, most);
}

/* -- the facets ----------------------------------------------------------------------------------------------- */

msvcp140_function **
msvcp140_codecvt_table(void)
{
	msvcp140_function **t = base_table(msvcp140_codecvt_slots);
	t[IN] = t[OUT] = (msvcp140_function *)msvcp140_codecvt_do_in;
	t[UNSHIFT] = (msvcp140_function *)msvcp140_codecvt_do_unshift;
	t[LENGTH] = (msvcp140_function *)msvcp140_codecvt_do_length;
	return t;
}

msvcp140_function **
msvcp140_wcodecvt_table(void)
{
	msvcp140_function **t = base_table(msvcp140_wcodecvt_slots);
	t[ALWAYS_NOCONV] = (msvcp140_function *)msvcp140_wcodecvt_do_always_noconv;
	t[MAX_LENGTH] = (msvcp140_function *)msvcp140_wcodecvt_do_max_length;
	t[ENCODING] = (msvcp140_function *)msvcp140_wcodecvt_do_encoding;
	t[IN] = (msvcp140_function *)msvcp140_wcodecvt_do_in;
	t[OUT] = (msvcp140_function *)msvcp140_wcodecvt_do_out;
	t[UNSHIFT] = (msvcp140_function *)msvcp140_wcodecvt_do_unshift;
	t[LENGTH] = (msvcp140_function *)msvcp140_codecvt_do_length;
	return t;
}

WINAPI struct facet *
msvcp140_codecvt_ctor(struct facet *f, size_t refs)
{
	f->table = msvcp140_codecvt_table();
	f->refs = (int32_t)refs;
	return f;
}

WINAPI struct facet *
msvcp140_codecvt_ctor_info(struct facet *f, const struct locinfo *l, size_t refs)
{
	(void)l;
	return msvcp140_codecvt_ctor(f, refs);
}

WINAPI void
msvcp140_codecvt_Init(struct facet *f, const struct locinfo *l)
{
	(void)f, (void)l;
}

WINAPI void
msvcp140_wcodecvt_Init(struct codecvt *f, const struct locinfo *l)
{
	(void)l;
	msvcp140__Getcvt(&f->cvt);
}

WINAPI struct codecvt *
msvcp140_wcodecvt_ctor(struct codecvt *f, size_t refs)
{
	f->facet.table = msvcp140_wcodecvt_table();
	f->facet.refs = (int32_t)refs;
	msvcp140_wcodecvt_Init(f, NULL);
	return f;
}

WINAPI struct codecvt *
msvcp140_wcodecvt_ctor_info(struct codecvt *f, const struct locinfo *l, size_t refs)
{
	(void)l;
	return msvcp140_wcodecvt_ctor(f, refs);
}

WINAPI size_t
msvcp140_codecvt_Getcat(struct facet **out, const struct locale *l)
{
	(void)l;
	if (out && !*out)
		*out = msvcp140_codecvt_ctor(msvcp140_new(sizeof(struct facet)), 0);
	return CRT_LC_CTYPE;
}

WINAPI size_t
msvcp140_wcodecvt_Getcat(struct facet **out, const struct locale *l)
{
	(void)l;
	if (out && !*out)
		*out = &msvcp140_wcodecvt_ctor(msvcp140_new(sizeof(struct codecvt)), 0)->facet;
	return CRT_LC_CTYPE;
}
