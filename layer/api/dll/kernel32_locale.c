/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_locale.c -- locales, languages, places. */
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/locale.h"
#include "layer/api/nt/nls.h"

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

WINAPI WORD
kernel32_GetThreadUILanguage(void)
{
	return LOCALE_US;
}
WINAPI WORD
kernel32_SetThreadUILanguage(WORD id)
{
	return id ? id : LOCALE_US;
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
	(void)id, (void)type, (void)s;
	return refuse(ERROR_ACCESS_DENIED);
}

WINAPI BOOL
kernel32_EnumSystemLocalesW(BOOL(WINAPI *f)(WCHAR *), DWORD flags)
{
	WCHAR text[] = u"00000409";
	(void)flags;
	f(text);
	return TRUE;
}

WINAPI BOOL
kernel32_EnumSystemLocalesA(BOOL(WINAPI *f)(char *), DWORD flags)
{
	char text[] = "00000409";
	(void)flags;
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
	f(flags & 8 ? name : number, param);
	return TRUE;
}

/* One language, in whatever form: names are ended by two zeros. */
static BOOL
languages(DWORD flags, ULONG *count, WCHAR *out, ULONG *room)
{
	const WCHAR *text = flags & 4 ? u"0409\0" : u"en-US\0";
	ULONG n = flags & 4 ? 6 : 7;
	if (!count || !room)
		return refuse(ERROR_INVALID_PARAMETER);
	*count = 1;
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
	return languages(f, n, out, room);
}
WINAPI BOOL
kernel32_GetSystemPreferredUILanguages(DWORD f, ULONG *n, WCHAR *out, ULONG *room)
{
	return languages(f, n, out, room);
}
WINAPI BOOL
kernel32_GetThreadPreferredUILanguages(DWORD f, ULONG *n, WCHAR *out, ULONG *room)
{
	return languages(f, n, out, room);
}
WINAPI BOOL
kernel32_GetProcessPreferredUILanguages(DWORD f, ULONG *n, WCHAR *out, ULONG *room)
{
	return languages(f, n, out, room);
}

WINAPI BOOL
kernel32_SetThreadPreferredUILanguages(DWORD flags, const WCHAR *names, ULONG *count)
{
	(void)flags, (void)names;
	if (count)
		*count = 0;
	return TRUE;
}

WINAPI BOOL
kernel32_SetProcessPreferredUILanguages(DWORD flags, const WCHAR *names, ULONG *count)
{
	return kernel32_SetThreadPreferredUILanguages(flags, names, count);
}

struct NLSVERSIONINFOEX {
	DWORD size, version, defined, effective;
	BYTE id[16];
};

static BOOL
version(struct NLSVERSIONINFOEX *v)
{
	if (!v || v->size < 12)
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	v->version = 0x60305;
	v->defined = 0x60305;
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
	return f == 1 && locale_id(name) && v;
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

static const WCHAR *
geo(LONG place, DWORD type)
{
	if (place != 244)
		return NULL;
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
	default: return NULL;
	}
}

WINAPI int
kernel32_GetGeoInfoW(LONG place, DWORD type, WCHAR *out, int room, WORD language)
{
	(void)language;
	const WCHAR *s = geo(place, type);
	return s ? give(s, out, room) : refuse(ERROR_INVALID_PARAMETER);
}

WINAPI int
kernel32_GetGeoInfoA(LONG place, DWORD type, char *out, int room, WORD language)
{
	(void)language;
	const WCHAR *s = geo(place, type);
	return s ? give_narrow(s, out, room) : refuse(ERROR_INVALID_PARAMETER);
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
	(void)locale, (void)reserved;
	return calendar(id, type, out, room, value);
}

WINAPI BOOL
kernel32_EnumCalendarInfoExEx(BOOL(WINAPI *f)(WCHAR *, DWORD, WCHAR *, LONG_PTR),
                              const WCHAR *locale, DWORD id, const WCHAR *reserved, DWORD type,
                              LONG_PTR param)
{
	WCHAR text[80];
	(void)locale, (void)reserved;
	if (id != 1 && id != 0xffffffff)
		return refuse(ERROR_INVALID_PARAMETER);
	if (!calendar(1, type & ~(DWORD)RETURN_NUMBER, text, 80, NULL))
		return FALSE;
	f(text, 1, NULL, param);
	return TRUE;
}
