/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_time.c -- clocks, dates and time zones. */
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/clock.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/text/nls.h"

WINAPI BOOL
kernel32_QueryPerformanceCounter(LONGLONG *out)
{
	*out = (LONGLONG)clock_counter();
	return TRUE;
}

WINAPI BOOL
kernel32_QueryPerformanceFrequency(LONGLONG *out)
{
	*out = CLOCK_FREQUENCY;
	return TRUE;
}

WINAPI DWORD
kernel32_GetTickCount(void)
{
	return (DWORD)clock_ticks();
}
WINAPI ULONGLONG
kernel32_GetTickCount64(void)
{
	return clock_ticks();
}
WINAPI void
kernel32_GetSystemTimeAsFileTime(struct FILETIME *t)
{
	*t = clock_filetime(clock_now());
}

WINAPI void
kernel32_GetSystemTimePreciseAsFileTime(struct FILETIME *t)
{
	*t = clock_filetime(clock_now());
}

WINAPI void
kernel32_QueryInterruptTime(ULONGLONG *t)
{
	*t = clock_interrupt();
}

WINAPI void
kernel32_QueryInterruptTimePrecise(ULONGLONG *t)
{
	*t = clock_interrupt();
}

WINAPI BOOL
kernel32_QueryUnbiasedInterruptTime(ULONGLONG *t)
{
	*t = clock_interrupt();
	return TRUE;
}

WINAPI void
kernel32_QueryUnbiasedInterruptTimePrecise(ULONGLONG *t)
{
	*t = clock_interrupt();
}

static int64_t
local(int64_t utc)
{
	return utc - (int64_t)clock_bias(utc) * 60 * CLOCK_SECOND;
}

WINAPI void
kernel32_GetSystemTime(struct SYSTEMTIME *t)
{
	clock_fields(clock_now(), t);
}
WINAPI void
kernel32_GetLocalTime(struct SYSTEMTIME *t)
{
	clock_fields(local(clock_now()), t);
}

WINAPI BOOL
kernel32_SetSystemTime(const struct SYSTEMTIME *t)
{
	int64_t v;
	return refuse(clock_of_fields(t, &v) ? 1314 : ERROR_INVALID_PARAMETER);
}

WINAPI BOOL
kernel32_SetLocalTime(const struct SYSTEMTIME *t)
{
	int64_t v;
	return refuse(clock_of_fields(t, &v) ? 1314 : ERROR_INVALID_PARAMETER);
}

WINAPI BOOL
kernel32_FileTimeToSystemTime(const struct FILETIME *f, struct SYSTEMTIME *t)
{
	return clock_fields(clock_of(f), t) ? TRUE : refuse(ERROR_INVALID_PARAMETER);
}

WINAPI BOOL
kernel32_SystemTimeToFileTime(const struct SYSTEMTIME *t, struct FILETIME *f)
{
	int64_t v;
	if (!clock_of_fields(t, &v))
		return refuse(ERROR_INVALID_PARAMETER);
	*f = clock_filetime(v);
	return TRUE;
}

/* Both with the bias of now, as documented. */
WINAPI BOOL
kernel32_FileTimeToLocalFileTime(const struct FILETIME *f, struct FILETIME *out)
{
	int64_t bias = (int64_t)clock_bias(clock_now()) * 60 * CLOCK_SECOND;
	if (clock_of(f) < 0)
		return refuse(ERROR_INVALID_PARAMETER);
	*out = clock_filetime(clock_of(f) - bias);
	return TRUE;
}

WINAPI BOOL
kernel32_LocalFileTimeToFileTime(const struct FILETIME *f, struct FILETIME *out)
{
	int64_t bias = (int64_t)clock_bias(clock_now()) * 60 * CLOCK_SECOND;
	if (clock_of(f) < 0)
		return refuse(ERROR_INVALID_PARAMETER);
	*out = clock_filetime(clock_of(f) + bias);
	return TRUE;
}

WINAPI LONG
kernel32_CompareFileTime(const struct FILETIME *a, const struct FILETIME *b)
{
	uint64_t x = (uint64_t)clock_of(a), y = (uint64_t)clock_of(b);
	return x < y ? -1 : x > y;
}

WINAPI BOOL
kernel32_FileTimeToDosDateTime(const struct FILETIME *f, WORD *date, WORD *time)
{
	struct SYSTEMTIME t;
	if (!clock_fields(clock_of(f), &t) || t.wYear < 1980 || t.wYear > 2107)
		return refuse(ERROR_INVALID_PARAMETER);
	*date = (WORD)((t.wYear - 1980) << 9 | t.wMonth << 5 | t.wDay);
	*time = (WORD)(t.wHour << 11 | t.wMinute << 5 | t.wSecond / 2);
	return TRUE;
}

WINAPI BOOL
kernel32_DosDateTimeToFileTime(WORD date, WORD time, struct FILETIME *f)
{
	struct SYSTEMTIME t = { (WORD)(1980 + (date >> 9)),
		                date >> 5 & 15,
		                0,
		                date & 31,
		                time >> 11,
		                time >> 5 & 63,
		                (WORD)((time & 31) * 2),
		                0 };
	return kernel32_SystemTimeToFileTime(&t, f);
}

/* -- time zones ------------------------------------------------------------------ */

struct TIME_ZONE_INFORMATION {
	LONG Bias;
	WCHAR StandardName[32];
	struct SYSTEMTIME StandardDate;
	LONG StandardBias;
	WCHAR DaylightName[32];
	struct SYSTEMTIME DaylightDate;
	LONG DaylightBias;
};

struct DYNAMIC_TIME_ZONE_INFORMATION {
	struct TIME_ZONE_INFORMATION zone;
	WCHAR TimeZoneKeyName[128];
	BOOLEAN DynamicDaylightTimeDisabled;
};

static void
text(WCHAR *to, size_t room, const char *from)
{
	size_t n = nls_16_of_8(from, strlen(from), to, room - 1, NULL);
	to[n < room ? n : room - 1] = 0;
}

static void
date(struct SYSTEMTIME *t, const struct zone_rule *r)
{
	memset(t, 0, sizeof *t);
	t->wMonth = (WORD)r->month;
	t->wDay = (WORD)r->week;
	t->wDayOfWeek = (WORD)r->day;
	t->wHour = (WORD)(r->second > 0 ? r->second / 3600 % 24 : 0);
	t->wMinute = (WORD)(r->second > 0 ? r->second / 60 % 60 : 0);
}

static DWORD
zone_of_host(struct DYNAMIC_TIME_ZONE_INFORMATION *d)
{
	const struct zone *z = zone_host();
	const char *key = zone_windows(host.place);
	struct TIME_ZONE_INFORMATION *t = &d->zone;
	bool daylight;
	char name[64];

	memset(d, 0, sizeof *d);
	t->Bias = z->standard;
	if (!key && z->standard == 0 && !z->begin.month)
		key = "UTC";
	if (key) {
		text(d->TimeZoneKeyName, 128, key);
		text(t->StandardName, 32, strcmp(key, "UTC") ? key : "Coordinated Universal Time");
		text(t->DaylightName, 32, strcmp(key, "UTC") ? key : "Coordinated Universal Time");
		size_t n = strlen(key);
		if (n > 13 && !strcmp(key + n - 13, "Standard Time") && n < sizeof name) {
			memcpy(name, key, n - 13);
			memcpy(name + n - 13, "Daylight Time", 14);
			text(t->DaylightName, 32, name);
		}
	} else {
		text(t->StandardName, 32, z->standard_name);
		text(t->DaylightName, 32, z->daylight_name);
	}
	if (!z->begin.month) {
		d->DynamicDaylightTimeDisabled = FALSE;
		return 0; /* TIME_ZONE_ID_UNKNOWN: it has no daylight time */
	}
	t->DaylightBias = z->daylight - z->standard;
	date(&t->DaylightDate, &z->begin);
	date(&t->StandardDate, &z->end);
	zone_bias(z, clock_now(), &daylight);
	return daylight ? 2 : 1;
}

WINAPI DWORD
kernel32_GetTimeZoneInformation(struct TIME_ZONE_INFORMATION *t)
{
	struct DYNAMIC_TIME_ZONE_INFORMATION d;
	DWORD id = zone_of_host(&d);
	*t = d.zone;
	return id;
}

WINAPI DWORD
kernel32_GetDynamicTimeZoneInformation(struct DYNAMIC_TIME_ZONE_INFORMATION *d)
{
	return zone_of_host(d);
}

/* One rule for all years is what there is. */
WINAPI BOOL
kernel32_GetTimeZoneInformationForYear(USHORT year, struct DYNAMIC_TIME_ZONE_INFORMATION *d,
                                       struct TIME_ZONE_INFORMATION *out)
{
	struct DYNAMIC_TIME_ZONE_INFORMATION mine;
	(void)year;
	if (!d) {
		zone_of_host(&mine);
		d = &mine;
	}
	*out = d->zone;
	return TRUE;
}

WINAPI DWORD
kernel32_EnumDynamicTimeZoneInformation(DWORD index, struct DYNAMIC_TIME_ZONE_INFORMATION *d)
{
	if (!d)
		return ERROR_INVALID_PARAMETER;
	if (index)
		return ERROR_NO_MORE_ITEMS;
	zone_of_host(d);
	return ERROR_SUCCESS;
}

static void
rule_of(const struct SYSTEMTIME *t, struct zone_rule *r)
{
	r->month = t->wMonth;
	r->week = t->wDay;
	r->day = t->wDayOfWeek;
	r->second = t->wHour * 3600 + t->wMinute * 60 + t->wSecond;
}

static bool
zone_of(const struct TIME_ZONE_INFORMATION *t, struct zone *z)
{
	if (!t) {
		*z = *zone_host();
		return true;
	}
	memset(z, 0, sizeof *z);
	z->standard = t->Bias + t->StandardBias;
	z->daylight = t->Bias + t->DaylightBias;
	if (!t->StandardDate.wMonth || !t->DaylightDate.wMonth)
		return true;
	/* a date of one year is not a rule: nobody gives one */
	if (t->StandardDate.wYear || t->DaylightDate.wYear || t->StandardDate.wMonth > 12 ||
	    t->DaylightDate.wMonth > 12 || t->StandardDate.wDay < 1 || t->StandardDate.wDay > 5 ||
	    t->DaylightDate.wDay < 1 || t->DaylightDate.wDay > 5)
		return false;
	rule_of(&t->DaylightDate, &z->begin);
	rule_of(&t->StandardDate, &z->end);
	return true;
}

WINAPI BOOL
kernel32_SystemTimeToTzSpecificLocalTime(const struct TIME_ZONE_INFORMATION *t,
                                         const struct SYSTEMTIME *in, struct SYSTEMTIME *out)
{
	struct zone z;
	int64_t v;
	bool daylight;
	if (!zone_of(t, &z) || !clock_of_fields(in, &v))
		return refuse(ERROR_INVALID_PARAMETER);
	v -= (int64_t)zone_bias(&z, v, &daylight) * 60 * CLOCK_SECOND;
	return clock_fields(v, out) ? TRUE : refuse(ERROR_INVALID_PARAMETER);
}

WINAPI BOOL
kernel32_TzSpecificLocalTimeToSystemTime(const struct TIME_ZONE_INFORMATION *t,
                                         const struct SYSTEMTIME *in, struct SYSTEMTIME *out)
{
	struct zone z;
	int64_t v;
	int32_t bias;
	bool daylight;
	if (!zone_of(t, &z) || !clock_of_fields(in, &v))
		return refuse(ERROR_INVALID_PARAMETER);
	/* what holds at the moment that it would be with the bias that holds there */
	bias = zone_bias(&z, v + (int64_t)z.standard * 60 * CLOCK_SECOND, &daylight);
	bias = zone_bias(&z, v + (int64_t)bias * 60 * CLOCK_SECOND, &daylight);
	v += (int64_t)bias * 60 * CLOCK_SECOND;
	return clock_fields(v, out) ? TRUE : refuse(ERROR_INVALID_PARAMETER);
}

WINAPI BOOL
kernel32_SystemTimeToTzSpecificLocalTimeEx(const struct DYNAMIC_TIME_ZONE_INFORMATION *d,
                                           const struct SYSTEMTIME *in, struct SYSTEMTIME *out)
{
	return kernel32_SystemTimeToTzSpecificLocalTime(d ? &d->zone : NULL, in, out);
}

WINAPI BOOL
kernel32_TzSpecificLocalTimeToSystemTimeEx(const struct DYNAMIC_TIME_ZONE_INFORMATION *d,
                                           const struct SYSTEMTIME *in, struct SYSTEMTIME *out)
{
	return kernel32_TzSpecificLocalTimeToSystemTime(d ? &d->zone : NULL, in, out);
}

WINAPI BOOL
kernel32_GetSystemTimeAdjustment(DWORD *adjustment, DWORD *increment, BOOL *disabled)
{
	*adjustment = *increment = 156250;
	*disabled = TRUE;
	return TRUE;
}

WINAPI BOOL
kernel32_SetSystemTimeAdjustment(DWORD adjustment, BOOL disabled)
{
	(void)adjustment, (void)disabled;
	return refuse(1314);
}

WINAPI BOOL
kernel32_GetSystemTimes(struct FILETIME *idle, struct FILETIME *kernel, struct FILETIME *user)
{
	struct host_times t = host_times(-1);
	if (idle)
		*idle = clock_filetime((int64_t)t.idle);
	if (kernel)
		*kernel = clock_filetime((int64_t)(t.kernel + t.idle));
	if (user)
		*user = clock_filetime((int64_t)t.user);
	return TRUE;
}
