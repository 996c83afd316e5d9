/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/clock.h"

#include <time.h>

#include "layer/api/nt/host.h"

static int64_t
read_clock(clockid_t which)
{
	struct timespec t;
	clock_gettime(which, &t);
	return (int64_t)t.tv_sec * CLOCK_SECOND + t.tv_nsec / 100;
}

int64_t clock_now(void) { return read_clock(CLOCK_REALTIME) + CLOCK_UNIX; }
uint64_t clock_counter(void) { return (uint64_t)read_clock(CLOCK_MONOTONIC); }
uint64_t clock_interrupt(void) { return (uint64_t)read_clock(CLOCK_MONOTONIC); }
uint64_t clock_ticks(void) { return (uint64_t)read_clock(CLOCK_BOOTTIME) / 10000; }

int64_t
clock_started(void)
{
	/* what has passed of the process's own life is not known exactly, and needs not be */
	static _Atomic int64_t when;
	int64_t t = when;
	if (!t)
		when = t = clock_now() - read_clock(CLOCK_PROCESS_CPUTIME_ID);
	return t;
}

static bool
leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int
clock_month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	return days[month - 1] + (month == 2 && leap(year));
}

int64_t
clock_days(int year, int month, int day)
{
	int64_t y = year - (month <= 2), m = month + (month <= 2 ? 9 : -3);
	/* days since 0000-03-01, less those until 1601-01-01 */
	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 584694;
}

int
clock_weekday(int64_t days)
{
	return (int)((days + 1) % 7); /* 1601-01-01 was a Monday */
}

bool
clock_fields(int64_t t, struct SYSTEMTIME *out)
{
	int64_t days = t / CLOCK_DAY, rest = t % CLOCK_DAY / 10000, z, era, doe, yoe, doy, mp;
	if (t < 0)
		return false;
	z = days + 584694;
	era = z / 146097;
	doe = z % 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	out->wDay = (WORD)(doy - (153 * mp + 2) / 5 + 1);
	out->wMonth = (WORD)(mp < 10 ? mp + 3 : mp - 9);
	out->wYear = (WORD)(yoe + era * 400 + (out->wMonth <= 2));
	out->wDayOfWeek = (WORD)clock_weekday(days);
	out->wMilliseconds = (WORD)(rest % 1000);
	out->wSecond = (WORD)(rest / 1000 % 60);
	out->wMinute = (WORD)(rest / 60000 % 60);
	out->wHour = (WORD)(rest / 3600000);
	return true;
}

bool
clock_of_fields(const struct SYSTEMTIME *t, int64_t *out)
{
	if (t->wYear < 1601 || t->wYear > 30827 || t->wMonth < 1 || t->wMonth > 12 || t->wDay < 1 ||
	    t->wDay > clock_month_days(t->wYear, t->wMonth) || t->wHour > 23 || t->wMinute > 59 ||
	    t->wSecond > 59 || t->wMilliseconds > 999)
		return false;
	*out = clock_days(t->wYear, t->wMonth, t->wDay) * CLOCK_DAY +
	       (((t->wHour * INT64_C(60) + t->wMinute) * 60 + t->wSecond) * 1000 +
	        t->wMilliseconds) *
	               10000;
	return true;
}

int32_t
clock_bias(int64_t utc)
{
	bool summer;
	return zone_bias(zone_host(), utc, &summer);
}
