/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_locale.c -- setlocale() and what depends on it.
 *
 * A locale is made once for each set of names and then stays, so that pointers into it are
 * always good.  English is what there is beside "C"; a code page may be any that is known.
 */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/msvcrt.h"
#include "layer/api/dll/ucrtbase.h"
#include "layer/api/nt/text/nls.h"

#include <string.h>

static const struct crt_lconv lconv_c = {
	{ ".", "", "", "", "", "", "", "", "", "" },
	{ 127, 127, 127, 127, 127, 127, 127, 127 },
	{ u".", u"", u"", u"", u"", u"", u"", u"" },
};
static const struct crt_lconv lconv_english = {
	{ ".", ",", "\3", "USD", "$", ".", ",", "\3", "", "-" },
	{ 2, 2, 1, 0, 1, 0, 3, 0 },
	{ u".", u",", u"USD", u"$", u".", u",", u"", u"-" },
};

static struct crt_locale *made[256];
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

static bool
equal(const WCHAR *a, const WCHAR *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static void
assign(WCHAR *d, const WCHAR *s)
{
	memcpy(d, s, (crt_wcslen(s) + 1) * sizeof *d);
}

/* Kinds and case of the bytes above 127, in a page of single bytes. */
static void
tables(struct crt_locale *l)
{
	l->own_ctype[0] = 0;
	for (int c = 0; c < 256; c++) {
		char b = (char)c;
		uint32_t point;
		l->own_ctype[c + 1] = crt_ctype_c[c + 1];
		l->own_lower[c] = crt_locale_c.lower[c];
		l->own_upper[c] = crt_locale_c.upper[c];
		if (c < 128 || l->codepage == NLS_UTF8)
			continue;
		if (nls_page_lead(l->codepage, (BYTE)c)) {
			l->own_ctype[c + 1] = CRT_LEADBYTE;
			l->mb_cur_max = 2;
			continue;
		}
		if (crt_decode(l->codepage, &b, 1, &point) != 1 || point > 0xffff)
			continue;
		char other[4];
		l->own_ctype[c + 1] = crt_ctype_wide((WCHAR)point);
		if (crt_encode(l->codepage, crt_ctype_lower((WCHAR)point), other) == 1)
			l->own_lower[c] = (uint8_t)other[0];
		if (crt_encode(l->codepage, crt_ctype_upper((WCHAR)point), other) == 1)
			l->own_upper[c] = (uint8_t)other[0];
	}
	l->pctype = l->own_ctype + 1;
	l->lower = l->own_lower;
	l->upper = l->own_upper;
}

/* The locale that has these names; NULL: no memory. */
static struct crt_locale *
intern(const struct crt_locale *want)
{
	struct crt_locale *found = NULL;
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < sizeof made / sizeof made[0] && !found; i++) {
		struct crt_locale *l = made[i];
		if (!l) {
			l = crt_zalloc(sizeof *l);
			if (!l)
				break;
			memcpy(l->name, want->name, sizeof l->name);
			memcpy(l->bcp, want->bcp, sizeof l->bcp);
			l->codepage = want->codepage;
			l->mb_cur_max = want->codepage == NLS_UTF8 ? 4 : 1;
			l->refs = 1;
			tables(l);
			made[i] = found = l;
			break;
		}
		bool same = l->codepage == want->codepage;
		for (int c = 0; c < CRT_LC_COUNT && same; c++)
			same = equal(l->name[c], want->name[c]);
		if (same)
			found = l;
	}
	pthread_mutex_unlock(&lock);
	return found;
}

/* -- names --------------------------------------------------------------------------------- */

static bool
starts(const WCHAR *s, const char *word, size_t *n)
{
	size_t i = 0;
	for (; word[i]; i++)
		if (crt_ctype_lower(s[i]) != (WCHAR)word[i])
			return false;
	*n = i;
	return true;
}

static const char *const languages[] = {
	"english_united states",
	"english_united kingdom",
	"english_usa",
	"english-us",
	"english-usa",
	"american english",
	"american-english",
	"american",
	"en-us",
	"en_us",
	"en-gb",
	"en_gb",
	"english",
	"enu",
	"usa",
	"us",
	"en",
};

/* A code page behind a point: its number, or 0. */
static unsigned
page_of(const WCHAR *s)
{
	size_t n;
	unsigned v = 0;
	if ((starts(s, "utf-8", &n) && !s[n]) || (starts(s, "utf8", &n) && !s[n]))
		return NLS_UTF8;
	if ((starts(s, "acp", &n) && !s[n]) || (starts(s, "ocp", &n) && !s[n]))
		return crt_acp();
	for (; *s >= '0' && *s <= '9' && v < 100000; s++)
		v = v * 10 + (unsigned)(*s - '0');
	return *s || !nls_page_valid(v) || v == 65000 ? 0 : v;
}

static void
default_name(WCHAR *out, unsigned page)
{
	static const WCHAR name[] = u"English_United States.";
	size_t n = sizeof name / sizeof name[0] - 1;
	char digits[12];
	size_t m = 0;
	assign(out, name);
	if (page == NLS_UTF8) {
		assign(out + n, u"utf8");
		return;
	}
	do
		digits[m++] = (char)('0' + page % 10);
	while ((page /= 10) != 0);
	while (m > 0)
		out[n++] = (WCHAR)digits[--m];
	out[n] = 0;
}

/* One name for one category; page is set for LC_CTYPE. */
static bool
resolve(const WCHAR *s, size_t length, WCHAR *name, WCHAR *bcp, unsigned *page)
{
	WCHAR text[86];
	size_t n;
	if (length >= 86)
		return false;
	memcpy(text, s, length * sizeof *text);
	text[length] = 0;
	if ((text[0] == 'C' && !text[1])) {
		assign(name, u"C");
		bcp[0] = 0;
		*page = 0;
		return true;
	}
	assign(bcp, u"en-US");
	*page = crt_acp();
	if (!text[0]) {
		default_name(name, *page);
		return true;
	}
	if (text[0] == '.') {
		*page = page_of(text + 1);
		default_name(name, *page);
		return *page != 0;
	}
	for (size_t i = 0; i < sizeof languages / sizeof languages[0]; i++) {
		if (!starts(text, languages[i], &n) || (text[n] && text[n] != '.'))
			continue;
		if (text[n] == '.' && !(*page = page_of(text + n + 1)))
			return false;
		if (!text[n] && text[2] != '-' && text[2] != '_' && n > 2)
			default_name(name, *page);
		else
			assign(name, text);
		return true;
	}
	return false;
}

static const WCHAR *const category[] = { u"LC_ALL",      u"LC_COLLATE", u"LC_CTYPE",
	                                 u"LC_MONETARY", u"LC_NUMERIC", u"LC_TIME" };

/* "LC_COLLATE=C;LC_CTYPE=..." */
static bool
resolve_parts(const WCHAR *s, struct crt_locale *l)
{
	while (*s) {
		const WCHAR *eq = s, *end;
		unsigned page;
		int c = 1;
		while (*eq && *eq != '=')
			eq++;
		if (!*eq)
			return false;
		for (end = eq; *end && *end != ';'; end++)
			;
		for (; c < CRT_LC_COUNT; c++)
			if (crt_wcslen(category[c]) == (size_t)(eq - s) &&
			    memcmp(category[c], s, (size_t)(eq - s) * sizeof *s) == 0)
				break;
		if (c == CRT_LC_COUNT ||
		    !resolve(eq + 1, (size_t)(end - eq - 1), l->name[c], l->bcp[c], &page))
			return false;
		if (c == CRT_LC_CTYPE)
			l->codepage = page;
		s = *end ? end + 1 : end;
	}
	return true;
}

static struct crt_locale *
change(const struct crt_locale *from, int cat, const WCHAR *name)
{
	struct crt_locale want;
	size_t n;
	memcpy(want.name, from->name, sizeof want.name);
	memcpy(want.bcp, from->bcp, sizeof want.bcp);
	want.codepage = from->codepage;
	if (cat == CRT_LC_ALL && starts(name, "lc_", &n)) {
		if (!resolve_parts(name, &want))
			return NULL;
	} else {
		for (int c = 1; c < CRT_LC_COUNT; c++) {
			unsigned page;
			if (cat != CRT_LC_ALL && c != cat)
				continue;
			if (!resolve(name, crt_wcslen(name), want.name[c], want.bcp[c], &page))
				return NULL;
			if (c == CRT_LC_CTYPE)
				want.codepage = page;
		}
	}
	bool all_c = want.codepage == 0;
	for (int c = 1; c < CRT_LC_COUNT && all_c; c++)
		all_c = !want.bcp[c][0];
	if (all_c)
		return &crt_locale_c;
	/* [0] is what setlocale(LC_ALL, NULL) says */
	bool same = true;
	for (int c = 2; c < CRT_LC_COUNT; c++)
		same = same && equal(want.name[1], want.name[c]);
	memset(want.name[0], 0, sizeof want.name[0]);
	if (same)
		assign(want.name[0], want.name[1]);
	return intern(&want);
}

/* What LC_ALL is called when its parts differ. */
static const WCHAR *
name_of(const struct crt_locale *l, int cat)
{
	static __thread WCHAR all[512];
	WCHAR *p = all;
	if (cat != CRT_LC_ALL || l->name[0][0])
		return l->name[cat];
	for (int c = 1; c < CRT_LC_COUNT; c++) {
		assign(p, category[c]);
		p += crt_wcslen(p);
		*p++ = '=';
		assign(p, l->name[c]);
		p += crt_wcslen(p);
		*p++ = c + 1 < CRT_LC_COUNT ? ';' : 0;
	}
	return all;
}

WINAPI WCHAR *
ucrtbase__wsetlocale(int cat, const WCHAR *name)
{
	REQUIRE(cat >= CRT_LC_ALL && cat < CRT_LC_COUNT, NULL);
	if (name) {
		struct crt_locale *l = change(crt_locale(), cat, name);
		if (!l)
			return NULL;
		if (crt_thread.locale_mode == 1)
			crt_thread.locale = l;
		else
			crt_locale_process = l;
		msvcrt_mb_cur_max = crt_locale()->mb_cur_max;
	}
	return (WCHAR *)name_of(crt_locale(), cat);
}

WINAPI char *
ucrtbase_setlocale(int cat, const char *name)
{
	static __thread char out[512];
	WCHAR *w = name ? crt_wide(0, name) : NULL;
	if (name && !w)
		return NULL;
	const WCHAR *r = ucrtbase__wsetlocale(cat, w);
	size_t i = 0;
	crt_free(w);
	if (!r)
		return NULL;
	for (; r[i] && i < sizeof out - 1; i++)
		out[i] = (char)r[i];
	out[i] = 0;
	return out;
}

WINAPI int
ucrtbase__configthreadlocale(int mode)
{
	int before = crt_thread.locale_mode == 1 ? 1 : 2;
	switch (mode) {
	case 0: break;
	case 1: /* _ENABLE_PER_THREAD_LOCALE */
		if (!crt_thread.locale)
			crt_thread.locale = crt_locale_process;
		crt_thread.locale_mode = 1;
		break;
	case 2:
		crt_thread.locale = NULL;
		crt_thread.locale_mode = 2;
		break;
	default: crt_invalid(EINVAL); return -1;
	}
	return before;
}

WINAPI const struct crt_lconv *
ucrtbase_localeconv(void)
{
	static __thread struct crt_lconv mixed;
	const struct crt_locale *l = crt_locale();
	bool number = l->bcp[CRT_LC_NUMERIC][0], money = l->bcp[CRT_LC_MONETARY][0];
	if (number == money)
		return number ? &lconv_english : &lconv_c;
	mixed = money ? lconv_english : lconv_c;
	const struct crt_lconv *n = number ? &lconv_english : &lconv_c;
	for (int i = 0; i < 3; i++)
		mixed.text[i] = n->text[i];
	mixed.wide[0] = n->wide[0];
	mixed.wide[1] = n->wide[1];
	return &mixed;
}

/* -- locales that are arguments ---------------------------------------------------------------- */

WINAPI struct crt_locale_pointers *
ucrtbase__wcreate_locale(int cat, const WCHAR *name)
{
	if (cat < CRT_LC_ALL || cat >= CRT_LC_COUNT || !name)
		return NULL;
	struct crt_locale *l = change(&crt_locale_c, cat, name);
	struct crt_locale_pointers *p = l ? crt_zalloc(sizeof *p) : NULL;
	if (p)
		p->locinfo = l;
	return p;
}

WINAPI struct crt_locale_pointers *
ucrtbase__create_locale(int cat, const char *name)
{
	WCHAR *w = name ? crt_wide(0, name) : NULL;
	struct crt_locale_pointers *p = ucrtbase__wcreate_locale(cat, w);
	crt_free(w);
	return p;
}

WINAPI struct crt_locale_pointers *
ucrtbase__get_current_locale(void)
{
	struct crt_locale_pointers *p = crt_zalloc(sizeof *p);
	if (p)
		p->locinfo = crt_locale();
	return p;
}

WINAPI void
ucrtbase__free_locale(struct crt_locale_pointers *p)
{
	crt_free(p);
}

WINAPI void
ucrtbase__lock_locales(void)
{
	pthread_mutex_lock(&lock);
}

WINAPI void
ucrtbase__unlock_locales(void)
{
	pthread_mutex_unlock(&lock);
}

WINAPI unsigned
ucrtbase____lc_codepage_func(void)
{
	return crt_locale()->codepage;
}

WINAPI unsigned
ucrtbase____lc_collate_cp_func(void)
{
	const struct crt_locale *l = crt_locale();
	return l->bcp[CRT_LC_COLLATE][0] ? (l->codepage ? l->codepage : crt_acp()) : 0;
}

WINAPI WCHAR **
ucrtbase____lc_locale_name_func(void)
{
	static __thread WCHAR *names[CRT_LC_COUNT];
	struct crt_locale *l = crt_locale();
	for (int c = 1; c < CRT_LC_COUNT; c++)
		names[c] = l->bcp[c][0] ? l->bcp[c] : NULL;
	return names;
}

WINAPI int
ucrtbase____mb_cur_max_func(void)
{
	return crt_locale()->mb_cur_max;
}

WINAPI int
ucrtbase____mb_cur_max_l_func(const struct crt_locale_pointers *l)
{
	return crt_locale_of(l)->mb_cur_max;
}

/* lconv_c has CHAR_MAX of signed char; programs built with /J want 255. */
WINAPI void
ucrtbase___initialize_lconv_for_unsigned_char(void)
{
}

WINAPI int
ucrtbase___lconv_init(void)
{
	return 0;
}
