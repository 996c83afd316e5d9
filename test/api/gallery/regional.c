/* SPDX-License-Identifier: Apache-2.0 */
// Lists of locales and languages, calendars, money, places; and the clocks, which only those set
// who may.
// needs: joist mingw
// libs: -lntdll -lwinmm
// run: joist run --rm $GUEST
// expect: lists: ok
// expect: languages: ok
// expect: calendars: ok
// expect: money and places: ok
// expect: versions: ok
// expect: clocks: ok
// expect: zones: ok
#define _WIN32_WINNT 0x0A00
#include "check.h"
#include <mmsystem.h>
#include <winternl.h>

static int count, stop_at;
static WCHAR last[100];

static BOOL CALLBACK
locale_w(WCHAR *s)
{
	wcsncpy(last, s, 99);
	return ++count != stop_at;
}
static BOOL CALLBACK
locale_a(char *s)
{
	MultiByteToWideChar(CP_ACP, 0, s, -1, last, 100);
	return ++count != stop_at;
}
static BOOL CALLBACK
language(WCHAR *s, LONG_PTR arg)
{
	wcsncpy(last, s, 99);
	return arg == 7 && ++count != stop_at;
}
static BOOL CALLBACK
calendar(WCHAR *s, DWORD id, WCHAR *reserved, LONG_PTR arg)
{
	if (id == CAL_GREGORIAN && !reserved && arg == 7)
		wcsncpy(last, s, 99);
	return ++count != stop_at;
}

static void
lists(void)
{
	count = 0;
	IS(EnumSystemLocalesW(locale_w, LCID_INSTALLED) && count >= 1 && wcslen(last) == 8);
	IS(IsValidLocale(wcstoul(last, NULL, 16), LCID_INSTALLED));
	count = 0;
	IS(EnumSystemLocalesA(locale_a, LCID_SUPPORTED) && count >= 1 && wcslen(last) == 8);
	ERR(EnumSystemLocalesW(NULL, LCID_INSTALLED), ERROR_INVALID_PARAMETER);
	ERR(EnumSystemLocalesA(NULL, LCID_INSTALLED), ERROR_INVALID_PARAMETER);
	ERR(EnumSystemLocalesW(locale_w, 0x8000), ERROR_INVALID_FLAGS);
	ERR(EnumSystemLocalesA(locale_a, 0x8000), ERROR_INVALID_FLAGS);
	count = 0;
	IS(EnumUILanguagesW(language, MUI_LANGUAGE_NAME, 7) && count >= 1 &&
	   IsValidLocaleName(last));
	IS(EnumUILanguagesW(language, MUI_LANGUAGE_ID, 7) && !wcscmp(last, L"0409"));
	ERR(EnumUILanguagesW(NULL, MUI_LANGUAGE_ID, 7), ERROR_INVALID_PARAMETER);
	ERR(EnumUILanguagesW(language, 0x8000, 7), ERROR_INVALID_FLAGS);
	IS(IsValidLanguageGroup(LGRPID_WESTERN_EUROPE, LGRPID_INSTALLED));
	IS(!IsValidLanguageGroup(99, LGRPID_INSTALLED));
	done("lists");
}

static void
languages(void)
{
	WCHAR out[100];
	ULONG n = 9, size = 100;
	IS(SetThreadUILanguage(0x407) == 0x407 && GetThreadUILanguage() == 0x407);
	IS(SetThreadUILanguage(0x409) == 0x409 && GetThreadUILanguage() == 0x409);
	IS(SetThreadUILanguage(0) == GetThreadUILanguage()); /* the system chooses */
	/* none: two zeros */
	IS(GetProcessPreferredUILanguages(MUI_LANGUAGE_NAME, &n, out, &size) && n == 0 &&
	   size == 2 && !out[0] && !out[1]);
	n = 9;
	IS(SetProcessPreferredUILanguages(MUI_LANGUAGE_NAME, L"de-DE\0en-US\0", &n) && n == 2);
	size = 100;
	IS(GetProcessPreferredUILanguages(MUI_LANGUAGE_NAME, &n, out, &size) && n == 2 &&
	   size == 13 && !memcmp(out, L"de-DE\0en-US\0", 26));
	size = 100;
	IS(GetProcessPreferredUILanguages(MUI_LANGUAGE_ID, &n, out, &size) && n == 2 &&
	   size == 11 &&
	   !memcmp(out,
	           L"0407\0"
	           L"0409\0",
	           22));
	size = 5;
	ERR(GetProcessPreferredUILanguages(MUI_LANGUAGE_NAME, &n, out, &size),
	    ERROR_INSUFFICIENT_BUFFER);
	IS(size == 13);
	IS(SetProcessPreferredUILanguages(MUI_LANGUAGE_NAME, NULL, &n) && n == 0);
	size = 100;
	IS(GetProcessPreferredUILanguages(MUI_LANGUAGE_NAME, &n, out, &size) && n == 0);
	ERR(SetProcessPreferredUILanguages(0x8000, L"en-US\0", &n), ERROR_INVALID_PARAMETER);

	IS(SetThreadPreferredUILanguages(MUI_LANGUAGE_ID, L"0407\0", &n) && n == 1);
	size = 100;
	IS(GetThreadPreferredUILanguages(MUI_LANGUAGE_NAME | MUI_THREAD_LANGUAGES, &n, out,
	                                 &size) &&
	   n == 1 && !memcmp(out, L"de-DE\0", 14));
	size = 100; /* and those of the system behind it */
	IS(GetThreadPreferredUILanguages(MUI_LANGUAGE_NAME | MUI_UI_FALLBACK, &n, out, &size) &&
	   n >= 2 && !memcmp(out, L"de-DE\0", 12));
	IS(SetThreadPreferredUILanguages(0, NULL, &n));
	size = 100;
	IS(GetThreadPreferredUILanguages(MUI_LANGUAGE_NAME | MUI_UI_FALLBACK, &n, out, &size) &&
	   n == 1 && !memcmp(out, L"en-US\0", 14));
	ERR(SetThreadPreferredUILanguages(0x8000, L"en-US\0", &n), ERROR_INVALID_PARAMETER);
	done("languages");
}

static void
calendars(void)
{
	WCHAR w[100];
	DWORD v = 0;
	IS(GetCalendarInfoEx(L"en-US", CAL_GREGORIAN, NULL, CAL_SMONTHNAME1, w, 100, NULL) == 8 &&
	   !wcscmp(w, L"January"));
	IS(GetCalendarInfoEx(L"en-US", CAL_GREGORIAN, NULL, CAL_SABBREVDAYNAME7, w, 100, NULL) &&
	   !wcscmp(w, L"Sun"));
	IS(GetCalendarInfoEx(NULL, CAL_GREGORIAN, NULL, CAL_SMONTHNAME12, NULL, 0, NULL) == 9);
	IS(GetCalendarInfoEx(L"en-US", CAL_GREGORIAN, NULL, CAL_ICALINTVALUE | CAL_RETURN_NUMBER,
	                     NULL, 0, &v) &&
	   v == 1);
	ERR(GetCalendarInfoEx(L"en-US", CAL_GREGORIAN, NULL, CAL_SMONTHNAME1, w, 3, NULL),
	    ERROR_INSUFFICIENT_BUFFER);
	ERR(GetCalendarInfoEx(L"zz-ZZ", CAL_GREGORIAN, NULL, CAL_SMONTHNAME1, w, 100, NULL),
	    ERROR_INVALID_PARAMETER);
	ERR(GetCalendarInfoEx(L"en-US", 999, NULL, CAL_SMONTHNAME1, w, 100, NULL),
	    ERROR_INVALID_PARAMETER);
	ERR(GetCalendarInfoEx(L"en-US", CAL_GREGORIAN, NULL, 0x7fff, w, 100, NULL),
	    ERROR_INVALID_FLAGS);
	count = 0;
	IS(EnumCalendarInfoExEx(calendar, L"en-US", ENUM_ALL_CALENDARS, NULL, CAL_SDAYNAME1, 7) &&
	   count >= 1 && !wcscmp(last, L"Monday"));
	ERR(EnumCalendarInfoExEx(calendar, L"zz-ZZ", ENUM_ALL_CALENDARS, NULL, CAL_SDAYNAME1, 7),
	    ERROR_INVALID_PARAMETER);
	ERR(EnumCalendarInfoExEx(NULL, L"en-US", ENUM_ALL_CALENDARS, NULL, CAL_SDAYNAME1, 7),
	    ERROR_INVALID_PARAMETER);
	ERR(EnumCalendarInfoExEx(calendar, L"en-US", 999, NULL, CAL_SDAYNAME1, 7),
	    ERROR_INVALID_PARAMETER);
	done("calendars");
}

static void
money(void)
{
	CURRENCYFMTW f = { 3, 1, 3, L",", L".", 8, 3, L"EUR" };
	WCHAR w[100];
	char a[100];
	IS(GetCurrencyFormatW(0x409, 0, L"1234567.895", NULL, w, 100) == 14 &&
	   !wcscmp(w, L"$1,234,567.90"));
	IS(GetCurrencyFormatW(0x409, 0, L"1234.5", &f, w, 100) && !wcscmp(w, L"1.234,500 EUR"));
	IS(GetCurrencyFormatW(0x409, 0, L"-0.25", &f, w, 100) && !wcscmp(w, L"-0,250 EUR"));
	IS(GetCurrencyFormatW(0x409, 0, L"12", NULL, NULL, 0) == 7);
	ERR(GetCurrencyFormatW(0x409, 0, L"12a", NULL, w, 100), ERROR_INVALID_PARAMETER);
	ERR(GetCurrencyFormatW(0x409, 0, L"12", NULL, w, 4), ERROR_INSUFFICIENT_BUFFER);
	ERR(GetCurrencyFormatW(0x3fff, 0, L"12", NULL, w, 100), ERROR_INVALID_PARAMETER);

	IS(GetGeoInfoA(244, GEO_ISO2, a, 100, 0) == 3 && !strcmp(a, "US"));
	IS(GetGeoInfoA(244, GEO_ISO3, NULL, 0, 0) == 4);
	ERR(GetGeoInfoA(244, GEO_ISO2, a, 2, 0), ERROR_INSUFFICIENT_BUFFER);
	ERR(GetGeoInfoA(-5, GEO_ISO2, a, 100, 0), ERROR_INVALID_PARAMETER);
	ERR(GetGeoInfoA(244, 0x7777, a, 100, 0), ERROR_INVALID_FLAGS);
	int(WINAPI * name)(WCHAR *, int) =
	        (void *)GetProcAddress(GetModuleHandleA("kernel32"), "GetUserDefaultGeoName");
	IS(name && name(w, 100) == 3 && !wcscmp(w, L"US") && name(NULL, 0) == 3);
	ERR(name(w, 2), ERROR_INSUFFICIENT_BUFFER);

	/* what a user chose is not changed from within: one of the documented reasons */
	ERR(SetLocaleInfoW(0x409, LOCALE_SLIST, L";"), ERROR_INVALID_ACCESS);
	ERR(SetLocaleInfoW(0x409, LOCALE_SLIST, NULL), ERROR_INVALID_PARAMETER);
	IS(GetLocaleInfoW(0x409, LOCALE_SLIST, w, 100) && !wcscmp(w, L","));
	done("money and places");
}

static void
versions(void)
{
	NLSVERSIONINFO v = { .dwNLSVersionInfoSize = sizeof v };
	NLSVERSIONINFOEX x = { .dwNLSVersionInfoSize = sizeof x };
	DWORD(WINAPI * valid)
	(DWORD, const WCHAR *, NLSVERSIONINFOEX *) =
	        (void *)GetProcAddress(GetModuleHandleA("kernel32"), "IsValidNLSVersion");
	IS(GetNLSVersion(COMPARE_STRING, 0x409, &v) && v.dwNLSVersion);
	IS(GetNLSVersionEx(COMPARE_STRING, L"en-US", &x) && x.dwNLSVersion == v.dwNLSVersion);
	IS(valid && valid(COMPARE_STRING, L"en-US", &x));
	x.dwNLSVersion += 0x1000000; /* a later major version */
	IS(!valid(COMPARE_STRING, L"en-US", &x));
	IS(!valid(COMPARE_STRING, L"zz-ZZ", &x));
	v.dwNLSVersionInfoSize = 4;
	ERR(GetNLSVersion(COMPARE_STRING, 0x409, &v), ERROR_INSUFFICIENT_BUFFER);
	IS(!GetNLSVersion(77, 0x409, &v));
	done("versions");
}

NTSYSAPI ULONG NTAPI NtGetTickCount(void);
NTSYSAPI NTSTATUS NTAPI NtSetSystemTime(LARGE_INTEGER *, LARGE_INTEGER *);
NTSYSAPI NTSTATUS NTAPI NtSetTimerResolution(ULONG, BOOLEAN, ULONG *);
NTSYSAPI NTSTATUS NTAPI NtQueryTimerResolution(ULONG *, ULONG *, ULONG *);
NTSYSAPI NTSTATUS NTAPI NtSetSystemInformation(ULONG, void *, ULONG);

static void
clocks(void)
{
	SYSTEMTIME t = { 2030, 5, 0, 6, 7, 8, 9, 10 }, now;
	LARGE_INTEGER l = { .QuadPart = 1 };
	MMTIME m = { .wType = 0x77 };
	ULONG least, most, current = 0;
	/* not by an ordinary user; what is no time is seen first */
	ERR(SetSystemTime(&t), ERROR_PRIVILEGE_NOT_HELD);
	ERR(SetLocalTime(&t), ERROR_PRIVILEGE_NOT_HELD);
	ERR(SetSystemTimeAdjustment(156250, FALSE), ERROR_PRIVILEGE_NOT_HELD);
	t.wMonth = 13;
	ERR(SetSystemTime(&t), ERROR_INVALID_PARAMETER);
	ERR(SetLocalTime(&t), ERROR_INVALID_PARAMETER);
	IS(NtSetSystemTime(&l, NULL) == (NTSTATUS)0xc0000061);
	IS(NtSetSystemInformation(28, &l, sizeof l) == (NTSTATUS)0xc0000061); /* time adjustment */
	GetSystemTime(&now);
	IS(now.wYear != 2030 || now.wMonth != 5 || now.wDay != 6);

	ULONG a = GetTickCount(), b = NtGetTickCount(), c = GetTickCount();
	IS(b - a <= c - a);
	a = timeGetTime();
	IS(timeGetSystemTime(&m, sizeof m) == TIMERR_NOERROR && m.wType == TIME_MS);
	c = timeGetTime();
	IS(m.u.ms - a <= c - a);
	IS(timeGetSystemTime(&m, 0) != TIMERR_NOERROR && timeGetSystemTime(NULL, sizeof m));
	IS(NtQueryTimerResolution(&least, &most, &current) == 0 && least >= most);
	IS(NtSetTimerResolution(most, TRUE, &current) == 0 && current >= most && current <= least);
	IS(NtSetTimerResolution(most, FALSE, &current) == 0 && current >= most && current <= least);
	done("clocks");
}

static void
zones(void)
{
	DWORD(WINAPI * zone)
	(DWORD, DYNAMIC_TIME_ZONE_INFORMATION *) = (void *)GetProcAddress(
	        LoadLibraryA("kernelbase.dll"), "EnumDynamicTimeZoneInformation");
	/* an hour ahead, summer time from the last Sunday of March to that of October */
	DYNAMIC_TIME_ZONE_INFORMATION d = { .Bias = -60,
		                            .DaylightBias = -60,
		                            .StandardDate = { 0, 10, 0, 5, 3, 0, 0, 0 },
		                            .DaylightDate = { 0, 3, 0, 5, 2, 0, 0, 0 } },
	                              e = { 0 };
	SYSTEMTIME summer = { 2024, 7, 0, 1, 12, 0, 0, 0 },
	           winter = { 2024, 1, 0, 1, 23, 30, 0, 0 }, l, u;
	BOOL(WINAPI * local)
	(const DYNAMIC_TIME_ZONE_INFORMATION *, const SYSTEMTIME *, SYSTEMTIME *) =
	        (void *)GetProcAddress(GetModuleHandleA("kernel32"),
	                               "SystemTimeToTzSpecificLocalTimeEx");
	BOOL(WINAPI * utc)
	(const DYNAMIC_TIME_ZONE_INFORMATION *, const SYSTEMTIME *, SYSTEMTIME *) =
	        (void *)GetProcAddress(GetModuleHandleA("kernel32"),
	                               "TzSpecificLocalTimeToSystemTimeEx");
	IS(local(&d, &summer, &l) && l.wHour == 14 && l.wDay == 1);
	IS(utc(&d, &l, &u) && u.wHour == 12);
	IS(local(&d, &winter, &l) && l.wHour == 0 && l.wMinute == 30 && l.wDay == 2);
	IS(utc(&d, &l, &u) && u.wHour == 23 && u.wDay == 1);
	summer.wMonth = 13;
	ERR(local(&d, &summer, &l), ERROR_INVALID_PARAMETER);
	ERR(utc(&d, &summer, &l), ERROR_INVALID_PARAMETER);
	IS(zone && zone(0, &e) == ERROR_SUCCESS && e.StandardName[0] && e.Bias > -900 &&
	   e.Bias < 900);
	IS(zone(100000, &e) == ERROR_NO_MORE_ITEMS);
	IS(zone(0, NULL) == ERROR_INVALID_PARAMETER);
	done("zones");
}

int
main(void)
{
	lists();
	languages();
	calendars();
	money();
	versions();
	clocks();
	zones();
	return 0;
}
