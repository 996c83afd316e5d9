/* SPDX-License-Identifier: Apache-2.0 */
// Locales, dates, times and numbers; time zones and calendars.
// needs: joist mingw
// run: TZ=CET-1CEST,M3.5.0,M10.5.0/3 joist run --rm $GUEST
// expect: locale: all right
#define _WIN32_WINNT 0x0A00
#include "right.h"

static void
info(void)
{
	WCHAR w[64];
	char b[64];
	DWORD n;
	IS(GetUserDefaultLCID() == 0x409 && GetSystemDefaultLCID() == 0x409 &&
	   GetUserDefaultLangID() == 0x409);
	IS(GetUserDefaultUILanguage() == 0x409 && GetSystemDefaultUILanguage() == 0x409 &&
	   GetThreadLocale() == 0x409);
	IS(GetUserDefaultLocaleName(w, 64) == 6 && !wcscmp(w, L"en-US") &&
	   GetSystemDefaultLocaleName(w, 64) == 6);
	IS(GetLocaleInfoEx(L"en-US", LOCALE_SDECIMAL, w, 64) == 2 && w[0] == '.');
	IS(GetLocaleInfoW(0x409, LOCALE_SDAYNAME1, w, 64) == 7 && !wcscmp(w, L"Monday"));
	IS(GetLocaleInfoA(0x409, LOCALE_SABBREVMONTHNAME12, b, 64) == 4 && !strcmp(b, "Dec"));
	IS(GetLocaleInfoW(0x409, LOCALE_IDEFAULTANSICODEPAGE | LOCALE_RETURN_NUMBER, (WCHAR *)&n,
	                  2) == 2 &&
	   n == 65001);
	/* from parent to parent, to the end */
	IS(GetLocaleInfoEx(L"en-US", LOCALE_SPARENT, w, 64) == 3 && !wcscmp(w, L"en"));
	IS(GetLocaleInfoEx(w, LOCALE_SPARENT, w, 64) == 1 && !*w);
	IS(GetLocaleInfoEx(L"en", LOCALE_SNAME, w, 64) == 3 && !wcscmp(w, L"en"));
	IS(GetLocaleInfoEx(L"en", LOCALE_INEUTRAL | LOCALE_RETURN_NUMBER, (WCHAR *)&n, 2) == 2 &&
	   n == 1);
	IS(GetLocaleInfoEx(L"en", LOCALE_SMONTHNAME2, w, 64) == 9 && !wcscmp(w, L"February"));
	FAILS(GetLocaleInfoW(0x409, LOCALE_SDAYNAME1, w, 3), ERROR_INSUFFICIENT_BUFFER);
	FAILS(GetLocaleInfoEx(L"no-Such-Locale", LOCALE_SDECIMAL, w, 64), ERROR_INVALID_PARAMETER);
	IS(LocaleNameToLCID(L"de-DE", 0) == 0x407 && LocaleNameToLCID(L"", 0) == 0x7f);
	IS(LCIDToLocaleName(0x407, w, 64, 0) == 6 && !wcscmp(w, L"de-DE"));
	IS(ResolveLocaleName(L"en-US-x", w, 64) == 6 && !wcscmp(w, L"en-US"));
	IS(IsValidLocale(0x409, LCID_INSTALLED) && IsValidLocaleName(L"en-US") &&
	   !IsValidLocaleName(L"xx-YY"));
	IS(GetUserGeoID(GEOCLASS_NATION) == 244 && GetGeoInfoW(244, GEO_ISO2, w, 64, 0) == 3 &&
	   !wcscmp(w, L"US"));
	IS(GetCalendarInfoW(0x409, CAL_GREGORIAN, CAL_SDAYNAME1, w, 64, NULL) == 7 &&
	   !wcscmp(w, L"Monday"));
}

static void
formats(void)
{
	SYSTEMTIME t = { 2024, 2, 0, 29, 15, 4, 5, 6 };
	WCHAR w[64];
	char b[64];
	IS(GetDateFormatEx(L"en-US", 0, &t, NULL, w, 64, NULL) && !wcscmp(w, L"2/29/2024"));
	IS(GetDateFormatW(0x409, DATE_LONGDATE, &t, NULL, w, 64) &&
	   !wcscmp(w, L"Thursday, February 29, 2024"));
	IS(GetDateFormatA(0x409, 0, &t, "yyyy'-'MM'-'dd ddd", b, 64) &&
	   !strcmp(b, "2024-02-29 Thu"));
	IS(GetTimeFormatEx(L"en-US", 0, &t, NULL, w, 64) && !wcscmp(w, L"3:04:05 PM"));
	IS(GetTimeFormatW(0x409, TIME_NOSECONDS, &t, NULL, w, 64) && !wcscmp(w, L"3:04 PM"));
	IS(GetTimeFormatW(0x409, 0, &t, L"HH:mm:ss", w, 64) && !wcscmp(w, L"15:04:05"));
	IS(GetNumberFormatEx(L"en-US", 0, L"-1234567.895", NULL, w, 64) &&
	   !wcscmp(w, L"-1,234,567.90"));
	IS(GetNumberFormatW(0x409, 0, L"0.5", NULL, w, 64) && !wcscmp(w, L"0.50"));
	IS(GetCurrencyFormatEx(L"en-US", 0, L"-1234.5", NULL, w, 64) && !wcscmp(w, L"($1,234.50)"));
	t.wDay = 30;
	FAILS(GetDateFormatW(0x409, 0, &t, NULL, w, 64), ERROR_INVALID_PARAMETER);
}

static void
times(void)
{
	SYSTEMTIME t = { 2024, 7, 0, 1, 12, 0, 0, 250 }, u, l;
	FILETIME f, g;
	LARGE_INTEGER a, b, hz;
	WORD d, c;
	TIME_ZONE_INFORMATION z;
	DYNAMIC_TIME_ZONE_INFORMATION dz;
	IS(SystemTimeToFileTime(&t, &f) && FileTimeToSystemTime(&f, &u) && u.wYear == 2024 &&
	   u.wDayOfWeek == 1 && u.wMilliseconds == 250);
	IS(f.dwHighDateTime == 0x1dacbae && FileTimeToLocalFileTime(&f, &g) &&
	   LocalFileTimeToFileTime(&g, &g) && !CompareFileTime(&f, &g));
	IS(FileTimeToDosDateTime(&f, &d, &c) && d == ((44 << 9) | (7 << 5) | 1) && c == 12 << 11 &&
	   DosDateTimeToFileTime(d, c, &g));
	t.wMonth = 13;
	FAILS(SystemTimeToFileTime(&t, &f), ERROR_INVALID_PARAMETER);
	t.wMonth = 7;
	IS(GetTimeZoneInformation(&z) != TIME_ZONE_ID_INVALID && z.Bias == -60 &&
	   z.DaylightBias == -60 && z.DaylightDate.wMonth == 3 && z.StandardDate.wMonth == 10);
	IS(GetDynamicTimeZoneInformation(&dz) != TIME_ZONE_ID_INVALID && dz.Bias == -60 &&
	   !wcscmp(dz.StandardName, L"CET"));
	IS(SystemTimeToTzSpecificLocalTime(&z, &t, &l) && l.wHour == 14 &&
	   TzSpecificLocalTimeToSystemTime(NULL, &l, &u) && u.wHour == 12);
	t.wMonth = 1;
	IS(SystemTimeToTzSpecificLocalTime(NULL, &t, &l) && l.wHour == 13);
	IS(QueryPerformanceFrequency(&hz) && hz.QuadPart == 10000000 &&
	   QueryPerformanceCounter(&a) && QueryPerformanceCounter(&b) && b.QuadPart >= a.QuadPart);
	GetSystemTimeAsFileTime(&f);
	GetSystemTimePreciseAsFileTime(&g);
	IS(CompareFileTime(&f, &g) <= 0);
	GetSystemTime(&u);
	GetLocalTime(&l);
	IS(u.wYear >= 2024 && l.wYear >= 2024 && GetTickCount64() >= GetTickCount() - 1000);
	/* what programs read without a call, which a thread of ours keeps */
	volatile ULONG *tick = (volatile ULONG *)0x7ffe0008;
	ULONG before = *tick;
	Sleep(20);
	IS(*tick - before > 100000 && *(ULONG *)0x7ffe026c == 10 && *(ULONG *)0x7ffe0260 == 19045);
}

static WCHAR listed[100];

static BOOL CALLBACK
list(WCHAR *text, LPARAM most)
{
	wcscat(wcscat(listed, text), L"|");
	return wcslen(listed) < (size_t)most;
}

static BOOL CALLBACK
list_all(WCHAR *text)
{
	return list(text, 100);
}

static void
time_formats(void)
{
	IS(EnumTimeFormatsEx(list, L"en-US", 0, 20) && !wcscmp(listed, L"h:mm:ss tt|hh:mm:ss tt|"));
	*listed = 0;
	IS(EnumTimeFormatsW(list_all, 0x409, TIME_NOSECONDS) &&
	   !wcscmp(listed, L"h:mm tt|hh:mm tt|H:mm|HH:mm|"));
	*listed = 0;
	IS(EnumTimeFormatsEx(list, L"", 0, 100) && !wcscmp(listed, L"HH:mm:ss|"));
	FAILS(EnumTimeFormatsEx(list, L"xx-YY", 0, 100), ERROR_INVALID_PARAMETER);
	FAILS(EnumTimeFormatsW(list_all, 0x409, 0x40), ERROR_INVALID_FLAGS);
}

int
main(void)
{
	info();
	formats();
	times();
	time_formats();
	return done("locale");
}
