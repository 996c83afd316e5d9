/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_locale.c -- locales, languages, places. */
#include <pthread.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/text/locale.h"
#include "layer/api/nt/text/nls.h"

WINAPI LCID
kernel32_GetUserDefaultLCID(void)
{
	return LOCALE_US;
}
WINAPI LCID
kernel32_GetSystemDefaultLCID(void)
{
	return LOCALE_US;
}
WINAPI WORD
kernel32_GetUserDefaultLangID(void)
{
	return LOCALE_US;
}
WINAPI WORD
kernel32_GetSystemDefaultLangID(void)
{
	return LOCALE_US;
}
WINAPI WORD
kernel32_GetUserDefaultUILanguage(void)
{
	return LOCALE_US;
}
WINAPI WORD
kernel32_GetSystemDefaultUILanguage(void)
{
	return LOCALE_US;
}

WINAPI LCID
kernel32_GetThreadLocale(void)
{
	return teb()->CurrentLocale ? teb()->CurrentLocale : LOCALE_US;
}

WINAPI BOOL
kernel32_SetThreadLocale(LCID id)
{
	if (!locale_valid(id))
		return refuse(ERROR_INVALID_PARAMETER);
	teb()->CurrentLocale =
	        id == LOCALE_USER_DEFAULT || id == LOCALE_SYSTEM_DEFAULT ? LOCALE_US : id;
	return TRUE;
}

static int
give(const WCHAR *s, WCHAR *out, int room)
{
	int n = (int)nls_length(s) + 1;
	if (room && n > room)
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	if (room)
		memcpy(out, s, (size_t)n * sizeof *out);
	return n;
}

static int
give_narrow(const WCHAR *s, char *out, int room)
{
	int n = (int)nls_ansi_to(s, NULL, 0) + 1;
	if (room && n > room)
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	if (room)
		nls_ansi_to(s, out, (size_t)room);
	return n;
}

WINAPI int
kernel32_GetUserDefaultLocaleName(WCHAR *out, int room)
{
	return out && room > 0 ? give(u"en-US", out, room) : refuse(ERROR_INVALID_PARAMETER);
}
WINAPI int
kernel32_GetSystemDefaultLocaleName(WCHAR *out, int room)
{
	return out && room > 0 ? give(u"en-US", out, room) : refuse(ERROR_INVALID_PARAMETER);
}

WINAPI LCID
kernel32_LocaleNameToLCID(const WCHAR *name, DWORD flags)
{
	(void)flags;
	LCID id = locale_id(name);
	if (id == 9)
		id = LOCALE_US;
	return id ? id : (LCID)refuse(ERROR_INVALID_PARAMETER);
}

WINAPI int
kernel32_LCIDToLocaleName(LCID id, WCHAR *out, int room, DWORD flags)
{
	(void)flags;
	const WCHAR *name = locale_name(id);
	return name ? give(name, out, room) : refuse(ERROR_INVALID_PARAMETER);
}

WINAPI int
kernel32_ResolveLocaleName(const WCHAR *name, WCHAR *out, int room)
{
	WCHAR text[86];
	size_t n;
	if (!name)
		return give(u"en-US", out, room);
	n = nls_length(name);
	if (n > 84)
		return refuse(ERROR_INVALID_PARAMETER);
	memcpy(text, name, (n + 1) * sizeof *text);
	for (;;) {
		LCID id = locale_id(text);
		if (id)
			return give(id == 9           ? u"en-US"
			            : locale_name(id) ? locale_name(id)
			                              : u"",
			            out, room);
		while (n > 0 && text[n] != '-')
			n--;
		if (!n)
			return give(u"", out, room);
		text[n] = 0;
	}
}

WINAPI BOOL
kernel32_IsValidLocale(LCID id, DWORD flags)
{
	(void)flags;
	return locale_valid(id);
}
WINAPI BOOL
kernel32_IsValidLocaleName(const WCHAR *name)
{
	return name && *name && locale_id(name) && locale_valid(locale_id(name));
}
WINAPI BOOL
kernel32_IsValidLanguageGroup(DWORD group, DWORD flags)
{
	(void)flags;
	return group == 1;
}
WINAPI LCID
kernel32_ConvertDefaultLocale(LCID id)
{
	return id == 0 || id == LOCALE_USER_DEFAULT || id == LOCALE_SYSTEM_DEFAULT || id == 9
	               ? LOCALE_US
	               : id;
}

enum {
	RETURN_NUMBER = 0x20000000,
	RETURN_GENITIVE = 0x10000000,
};

static int
info(LCID id, DWORD type, WCHAR *out, int room)
{
	DWORD number = 0;
	const WCHAR *text;
	if (room < 0 || (room && !out) || !locale_valid(id))
		return refuse(ERROR_INVALID_PARAMETER);
	/* LOCALE_FONTSIGNATURE is no text */
	if ((type & 0xffff) == 0x58) {
		static const WORD signature[16] = {
			0x2eff, 0xe000, 0x785b, 0xc000, 9, 0, 0, 0, 0x1ff, 0, 0, 0, 0x1ff, 0, 0, 0
		};
		if (room && room < 16)
			return refuse(ERROR_INSUFFICIENT_BUFFER);
		if (room)
			memcpy(out, signature, sizeof signature);
		return 16;
	}
	text = locale_text(id, type & 0xffff, &number);
	if (!text)
		return refuse(ERROR_INVALID_FLAGS);
	if (!(type & RETURN_NUMBER))
		return give(text, out, room);
	if (room && room < 2)
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	if (room)
		memcpy(out, &number, 4);
	return 2;
}

WINAPI int
kernel32_GetLocaleInfoEx(const WCHAR *name, DWORD type, WCHAR *out, int room)
{
	LCID id = locale_id(name);
	return id ? info(id, type, out, room) : refuse(ERROR_INVALID_PARAMETER);
}

WINAPI int
kernel32_GetLocaleInfoW(LCID id, DWORD type, WCHAR *out, int room)
{
	return info(id, type, out, room);
}

WINAPI int
kernel32_GetLocaleInfoA(LCID id, DWORD type, char *out, int room)
{
	WCHAR w[256];
	int n = info(id, type, w, 256);
	if (!n)
		return 0;
	if ((type & RETURN_NUMBER) || (type & 0xffff) == 0x58) {
		n *= 2;
		if (room && room < n)
			return refuse(ERROR_INSUFFICIENT_BUFFER);
		if (room)
			memcpy(out, w, (size_t)n);
		return n;
	}
	return give_narrow(w, out, room);
}

WINAPI BOOL
kernel32_SetLocaleInfoW(LCID id, DWORD type, const WCHAR *s)
{
	(void)type;
	if (!s || !locale_valid(id))
		return refuse(ERROR_INVALID_PARAMETER);
	return refuse(12 /* ERROR_INVALID_ACCESS: the user's choice is not ours to change */);
}

enum {
	ENUM_LOCALES = 7u, /* LCID_INSTALLED, _SUPPORTED, _ALTERNATE_SORTS */
	MUI_ID = 4,
	MUI_NAME = 8,
};

WINAPI BOOL
kernel32_EnumSystemLocalesW(BOOL(WINAPI *f)(WCHAR *), DWORD flags)
{
	WCHAR text[] = u"00000409";
	if (!f)
		return refuse(ERROR_INVALID_PARAMETER);
	if (flags & ~ENUM_LOCALES)
		return refuse(ERROR_INVALID_FLAGS);
	f(text);
	return TRUE;
}

WINAPI BOOL
kernel32_EnumSystemLocalesA(BOOL(WINAPI *f)(char *), DWORD flags)
{
	char text[] = "00000409";
	if (!f)
		return refuse(ERROR_INVALID_PARAMETER);
	if (flags & ~ENUM_LOCALES)
		return refuse(ERROR_INVALID_FLAGS);
	f(text);
	return TRUE;
}

WINAPI BOOL
kernel32_EnumSystemLocalesEx(BOOL(WINAPI *f)(WCHAR *, DWORD, LONG_PTR), DWORD flags, LONG_PTR param,
                             void *reserved)
{
	WCHAR invariant[] = u"", neutral[] = u"en", us[] = u"en-US";
	(void)flags, (void)reserved;
	if (f(invariant, 2, param) && f(neutral, 0x10, param))
		f(us, 0x21, param);
	return TRUE;
}

WINAPI BOOL
kernel32_EnumUILanguagesW(BOOL(WINAPI *f)(WCHAR *, LONG_PTR), DWORD flags, LONG_PTR param)
{
	WCHAR number[] = u"0409", name[] = u"en-US";
	if (!f)
		return refuse(ERROR_INVALID_PARAMETER);
	if (flags & ~(DWORD)(MUI_ID | MUI_NAME | 0x20)) /* MUI_ALL_INSTALLED_LANGUAGES */
		return refuse(ERROR_INVALID_FLAGS);
	f(flags & MUI_NAME ? name : number, param);
	return TRUE;
}

/* -- preferred languages: of the process, of a thread, of the user and the system ------- */

enum { MOST_LANGUAGES = 5, MUI_FLAGS = 0x1ff };

struct languages {
	ULONG n;
	LCID id[MOST_LANGUAGES];
};

static struct languages of_process;
static pthread_mutex_t of_process_lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local struct languages of_thread;
static const struct languages of_user = { 1, { LOCALE_US } };

static void
add(struct languages *l, LCID id)
{
	for (ULONG i = 0; i < l->n; i++)
		if (l->id[i] == id)
			return;
	if (l->n < MOST_LANGUAGES)
		l->id[l->n++] = id;
}

/* One after the other, each with its zero, and a zero behind the last; none: two zeros. */
static BOOL
languages(const struct languages *l, DWORD flags, ULONG *count, WCHAR *out, ULONG *room)
{
	static const WCHAR hex[] = u"0123456789ABCDEF";
	WCHAR text[MOST_LANGUAGES * 90 + 2] = { 0 };
	ULONG n = 0;
	if (!count || !room || flags & ~(DWORD)MUI_FLAGS || (flags & 12) == 12)
		return refuse(ERROR_INVALID_PARAMETER);
	for (ULONG i = 0; i < l->n; i++) {
		const WCHAR *name = locale_name(l->id[i]);
		if (flags & MUI_ID) {
			for (int k = 12; k >= 0; k -= 4)
				text[n++] = hex[l->id[i] >> k & 15];
		} else if (name) {
			memcpy(text + n, name, nls_length(name) * sizeof *text);
			n += (ULONG)nls_length(name);
		}
		n++;
	}
	n += l->n ? 1 : 2;
	*count = l->n;
	if (!out || *room < n) {
		bool asked = !out;
		*room = n;
		return asked ? TRUE : refuse(ERROR_INSUFFICIENT_BUFFER);
	}
	memcpy(out, text, n * sizeof *out);
	*room = n;
	return TRUE;
}

WINAPI BOOL
kernel32_GetUserPreferredUILanguages(DWORD f, ULONG *n, WCHAR *out, ULONG *room)
{
	return languages(&of_user, f, n, out, room);
}
WINAPI BOOL
kernel32_GetSystemPreferredUILanguages(DWORD f, ULONG *n, WCHAR *out, ULONG *room)
{
	return languages(&of_user, f, n, out, room);
}

WINAPI BOOL
kernel32_GetProcessPreferredUILanguages(DWORD f, ULONG *n, WCHAR *out, ULONG *room)
{
	pthread_mutex_lock(&of_process_lock);
	struct languages l = of_process;
	pthread_mutex_unlock(&of_process_lock);
	return languages(&l, f, n, out, room);
}

/* The thread's own (MUI_THREAD_LANGUAGES: these only); behind them those of the process, the
 * user's and the system's. */
WINAPI BOOL
kernel32_GetThreadPreferredUILanguages(DWORD f, ULONG *n, WCHAR *out, ULONG *room)
{
	struct languages l = of_thread, p;
	if (!(f & 0x40)) {
		pthread_mutex_lock(&of_process_lock);
		p = of_process;
		pthread_mutex_unlock(&of_process_lock);
		for (ULONG i = 0; i < p.n; i++)
			add(&l, p.id[i]);
		add(&l, LOCALE_US);
	}
	return languages(&l, f, n, out, room);
}

static LCID
by_number(const WCHAR *s)
{
	LCID id = 0;
	for (; *s; s++) {
		WCHAR c = *s | 0x20;
		if ((*s < '0' || *s > '9') && (c < 'a' || c > 'f'))
			return 0;
		id = id << 4 | (LCID)(*s <= '9' ? *s - '0' : c - 'a' + 10);
	}
	return locale_name(id) ? id : 0;
}

/* Those of the names that are known, five at most. */
static bool
parse(DWORD flags, const WCHAR *names, struct languages *l)
{
	l->n = 0;
	if (flags & ~(DWORD)(MUI_ID | MUI_NAME | 0x300) || (flags & 12) == 12)
		return false;
	for (; names && *names; names += nls_length(names) + 1) {
		LCID id = flags & MUI_ID ? by_number(names) : locale_id(names);
		if (id && l->n < MOST_LANGUAGES)
			add(l, id == 9 ? LOCALE_US : id);
	}
	return true;
}

WINAPI BOOL
kernel32_SetThreadPreferredUILanguages(DWORD flags, const WCHAR *names, ULONG *count)
{
	struct languages l;
	if (!parse(flags, names, &l))
		return refuse(ERROR_INVALID_PARAMETER);
	of_thread = l;
	if (count)
		*count = l.n;
	return TRUE;
}

WINAPI BOOL
kernel32_SetProcessPreferredUILanguages(DWORD flags, const WCHAR *names, ULONG *count)
{
	struct languages l;
	if (!parse(flags, names, &l))
		return refuse(ERROR_INVALID_PARAMETER);
	pthread_mutex_lock(&of_process_lock);
	of_process = l;
	pthread_mutex_unlock(&of_process_lock);
	if (count)
		*count = l.n;
	return TRUE;
}

/* The first of the thread's languages. */
WINAPI WORD
kernel32_GetThreadUILanguage(void)
{
	return (WORD)(of_thread.n ? of_thread.id[0] : LOCALE_US);
}

WINAPI WORD
kernel32_SetThreadUILanguage(WORD id)
{
	if (id && !locale_name(id))
		return (WORD)refuse(ERROR_INVALID_PARAMETER);
	of_thread = (struct languages){ id ? 1 : 0, { id } };
	return id ? id : LOCALE_US;
}

enum { SORT_VERSION = 0x60305 };

struct NLSVERSIONINFOEX {
	DWORD size, version, defined, effective;
	BYTE id[16];
};

static BOOL
version(struct NLSVERSIONINFOEX *v)
{
	if (!v || v->size < 12)
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	v->version = SORT_VERSION;
	v->defined = SORT_VERSION;
	if (v->size >= sizeof *v) {
		v->effective = LOCALE_US;
		memset(v->id, 0, 16);
	}
	return TRUE;
}

WINAPI BOOL
kernel32_GetNLSVersion(DWORD f, LCID id, struct NLSVERSIONINFOEX *v)
{
	return f == 1 && locale_valid(id) ? version(v) : refuse(ERROR_INVALID_PARAMETER);
}
WINAPI BOOL
kernel32_GetNLSVersionEx(DWORD f, const WCHAR *name, struct NLSVERSIONINFOEX *v)
{
	return f == 1 && locale_id(name) ? version(v) : refuse(ERROR_INVALID_PARAMETER);
}
WINAPI DWORD
kernel32_IsValidNLSVersion(DWORD f, const WCHAR *name, struct NLSVERSIONINFOEX *v)
{
	/* of another major version are other orders */
	return f == 1 && locale_id(name) && v && v->size >= 12 &&
	       v->version >> 8 == SORT_VERSION >> 8;
}

WINAPI BOOL
kernel32_IsNLSDefinedString(DWORD f, DWORD flags, const struct NLSVERSIONINFOEX *v, const WCHAR *s,
                            int n)
{
	(void)flags, (void)v;
	if (f != 1 || !s || n < -1)
		return refuse(ERROR_INVALID_PARAMETER);
	for (int i = 0; n < 0 ? s[i] != 0 : i < n; i++)
		if (!nls_type(s[i])[0] && (s[i] & 0xf800) != 0xd800)
			return FALSE;
	return TRUE;
}

/* -- places ---------------------------------------------------------------------------- */

WINAPI LONG
kernel32_GetUserGeoID(DWORD class)
{
	(void)class;
	return 244;
}

WINAPI int
kernel32_GetUserDefaultGeoName(WCHAR *out, int room)
{
	return give(u"US", out, room);
}

/* NULL, with its reason. */
static const WCHAR *
geo(LONG place, DWORD type)
{
	if (place != 244) {
		last_error(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	switch (type) {
	case 1: return u"244"; /* GEO_NATION */
	case 2: return u"39.450";
	case 3: return u"-98.908";
	case 4: return u"US"; /* ISO2 */
	case 5: return u"USA";
	case 8: return u"United States"; /* friendly, official */
	case 9: return u"United States of America";
	case 12: return u"840";
	case 15: return u"USD";
	case 16: return u"$";
	default: last_error(ERROR_INVALID_FLAGS); return NULL;
	}
}

WINAPI int
kernel32_GetGeoInfoW(LONG place, DWORD type, WCHAR *out, int room, WORD language)
{
	(void)language;
	const WCHAR *s = geo(place, type);
	return s ? give(s, out, room) : 0;
}

WINAPI int
kernel32_GetGeoInfoA(LONG place, DWORD type, char *out, int room, WORD language)
{
	(void)language;
	const WCHAR *s = geo(place, type);
	return s ? give_narrow(s, out, room) : 0;
}

/* -- calendars: the Gregorian one -------------------------------------------------------- */

static int
calendar(DWORD id, DWORD type, WCHAR *out, int room, DWORD *value)
{
	DWORD number = 0, t = type & 0xffff;
	const WCHAR *s = NULL;
	if (id != 1)
		return refuse(ERROR_INVALID_PARAMETER);
	if (t == 1)
		s = u"1", number = 1; /* CAL_ICALINTVALUE */
	else if (t == 2)
		s = u"Gregorian Calendar";
	else if (t == 0x30)
		s = u"2029", number = 2029; /* CAL_ITWODIGITYEARMAX */
	else if (t == 4)
		s = u"A.D.";
	else if (t == 5)
		s = locale_text(LOCALE_US, 0x1f, &number);
	else if (t == 6)
		s = locale_text(LOCALE_US, 0x20, &number);
	else if (t >= 7 && t <= 0x2d)
		s = t == 0x21 || t == 0x2e
		            ? u""
		            : locale_text(LOCALE_US, 0x2a + t - 7 - (t > 0x21), &number);
	else if (t == 0x2f)
		s = locale_text(LOCALE_US, 0x1006, &number);
	if (!s)
		return refuse(ERROR_INVALID_FLAGS);
	if (type & RETURN_NUMBER) {
		if (!value)
			return refuse(ERROR_INVALID_PARAMETER);
		*value = number;
		return 2;
	}
	return give(s, out, room);
}

WINAPI int
kernel32_GetCalendarInfoW(LCID locale, DWORD id, DWORD type, WCHAR *out, int room, DWORD *value)
{
	(void)locale;
	return calendar(id, type, out, room, value);
}

WINAPI int
kernel32_GetCalendarInfoEx(const WCHAR *locale, DWORD id, const WCHAR *reserved, DWORD type,
                           WCHAR *out, int room, DWORD *value)
{
	if (reserved || !locale_id(locale) || !locale_valid(locale_id(locale)))
		return refuse(ERROR_INVALID_PARAMETER);
	return calendar(id, type, out, room, value);
}

WINAPI BOOL
kernel32_EnumCalendarInfoExEx(BOOL(WINAPI *f)(WCHAR *, DWORD, WCHAR *, LONG_PTR),
                              const WCHAR *locale, DWORD id, const WCHAR *reserved, DWORD type,
                              LONG_PTR param)
{
	WCHAR text[80];
	if (!f || reserved || !locale_id(locale) || !locale_valid(locale_id(locale)))
		return refuse(ERROR_INVALID_PARAMETER);
	if (id != 1 && id != 0xffffffff)
		return refuse(ERROR_INVALID_PARAMETER);
	if (!calendar(1, type & ~(DWORD)RETURN_NUMBER, text, 80, NULL))
		return FALSE;
	f(text, 1, NULL, param);
	return TRUE;
}
