/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/crt/crt_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const days[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
	                            "Thursday", "Friday", "Saturday" };
static const char *const months[] = { "January",   "February", "March",    "April",
	                              "May",       "June",     "July",     "August",
	                              "September", "October",  "November", "December" };

static bool leap(int y) { return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0; }

static int
month_days(int year, int month)
{
	static const int8_t n[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	return n[month] + (month == 1 && leap(year));
}

/* Days from 1970 to a day of the Gregorian calendar. */
static int64_t
days_of(int64_t year, int month, int64_t day)
{
	year -= month <= 1;
	int64_t era = (year >= 0 ? year : year - 399) / 400, y = year - era * 400;
	int64_t d = (153 * (month + (month > 1 ? -2 : 10)) + 2) / 5;
	return era * 146097 + y * 365 + y / 4 - y / 100 + d - 719468 + day - 1;
}

void
crt_time_civil(int64_t t, struct crt_tm *out)
{
	int64_t day = t / 86400, rest = t % 86400;
	if (rest < 0) {
		rest += 86400;
		day--;
	}
	out->hour = (int)(rest / 3600);
	out->min = (int)(rest / 60 % 60);
	out->sec = (int)(rest % 60);
	out->wday = (int)(((day + 4) % 7 + 7) % 7);
	int64_t z = day + 719468, era = (z >= 0 ? z : z - 146096) / 146097, e = z - era * 146097;
	int64_t y = (e - e / 1460 + e / 36524 - e / 146096) / 365,
	        d = e - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * d + 2) / 153;
	out->mday = (int)(d - (153 * m + 2) / 5 + 1);
	out->mon = (int)(m < 10 ? m + 2 : m - 10);
	int64_t year = y + era * 400 + (out->mon <= 1);
	out->year = (int)(year - 1900);
	out->yday = (int)(day - days_of(year, 0, 1));
	out->isdst = 0;
}

int64_t
crt_time_seconds(const struct crt_tm *tm)
{
	int64_t year = (int64_t)tm->year + 1900 + tm->mon / 12;
	int month = tm->mon % 12;
	if (month < 0) {
		month += 12;
		year--;
	}
	return days_of(year, month, tm->mday) * 86400 + (int64_t)tm->hour * 3600 +
	       (int64_t)tm->min * 60 + tm->sec;
}

/* -- zones --------------------------------------------------------------------------------- */

static void
name_of(char out[64], const WCHAR *s)
{
	size_t n = 0;
	for (; n < 31 && s[n]; n++)
		out[n] = s[n] < 128 ? (char)s[n] : '?';
	out[n] = 0;
}

void
crt_time_zone_of(struct crt_zone *z, const struct TIME_ZONE_INFORMATION *i)
{
	memset(z, 0, sizeof *z);
	z->offset = i->Bias * 60;
	if (i->StandardDate.wMonth)
		z->offset += i->StandardBias * 60;
	if (i->DaylightDate.wMonth && i->DaylightBias) {
		z->daylight = 1;
		z->dst_offset = (i->DaylightBias - i->StandardBias) * 60;
		z->to_summer = i->DaylightDate;
		z->to_winter = i->StandardDate;
	}
	name_of(z->name[0], i->StandardName);
	name_of(z->name[1], i->DaylightName);
}

static int
number(const char **p)
{
	int v = 0;
	while (**p >= '0' && **p <= '9' && v < 10000)
		v = v * 10 + *(*p)++ - '0';
	return v;
}

/* tzn[+|-]hh[:mm[:ss]][dzn]; summer time is that of the United States, as documented. */
bool
crt_time_zone_parse(struct crt_zone *z, const char *tz)
{
	int sign = 1;
	memset(z, 0, sizeof *z);
	if (strlen(tz) < 3)
		return false;
	memcpy(z->name[0], tz, 3);
	tz += 3;
	if (*tz == '-' || *tz == '+')
		sign = *tz++ == '-' ? -1 : 1;
	z->offset = number(&tz) * 3600;
	if (*tz == ':') {
		tz++;
		z->offset += number(&tz) * 60;
		if (*tz == ':') {
			tz++;
			z->offset += number(&tz);
		}
	}
	z->offset *= sign;
	if (*tz) {
		z->daylight = 1;
		z->dst_offset = -3600;
		memcpy(z->name[1], tz, strnlen(tz, 3));
		z->to_summer = (struct SYSTEMTIME){ .wMonth = 3, .wDay = 2, .wHour = 2 };
		z->to_winter = (struct SYSTEMTIME){ .wMonth = 11, .wDay = 1, .wHour = 2 };
	}
	return true;
}

/* Seconds into its year of a change; a day of 5 is the month's last such weekday. */
static int64_t
moment(int year, const struct SYSTEMTIME *r)
{
	int month = r->wMonth - 1, day;
	if (r->wYear) {
		day = r->wDay;
	} else {
		int64_t first = days_of(year, month, 1);
		int wday = (int)(((first + 4) % 7 + 7) % 7);
		day = 1 + (r->wDayOfWeek - wday + 7) % 7 + 7 * (r->wDay - 1);
		while (day > month_days(year, month))
			day -= 7;
	}
	return (days_of(year, month, day) - days_of(year, 0, 1)) * 86400 + r->wHour * 3600 +
	       r->wMinute * 60 + r->wSecond;
}

/* tm is in standard time. */
static bool
summer(const struct crt_zone *z, const struct crt_tm *tm)
{
	if (!z->daylight || !z->to_summer.wMonth || !z->to_winter.wMonth)
		return false;
	int year = tm->year + 1900;
	int64_t now = (int64_t)tm->yday * 86400 + tm->hour * 3600 + tm->min * 60 + tm->sec;
	int64_t a = moment(year, &z->to_summer), b = moment(year, &z->to_winter) + z->dst_offset;
	return a < b ? now >= a && now < b : now >= a || now < b;
}

bool
crt_time_is_summer(const struct crt_zone *z, const struct crt_tm *tm)
{
	return summer(z, tm);
}

void
crt_time_local(const struct crt_zone *z, int64_t t, struct crt_tm *out)
{
	crt_time_civil(t - z->offset, out);
	if (summer(z, out)) {
		crt_time_civil(t - z->offset - z->dst_offset, out);
		out->isdst = 1;
	}
}

int64_t
crt_time_make(const struct crt_zone *z, struct crt_tm *tm)
{
	struct crt_tm test;
	int64_t t = crt_time_seconds(tm);
	int dst = tm->isdst;
	if (dst < 0) {
		/* what the clock would show: tried as summer time, in standard time */
		crt_time_civil(t + z->dst_offset, &test);
		dst = summer(z, &test);
	}
	t += z->offset + (dst > 0 ? z->dst_offset : 0);
	if (t < 0 || t > CRT_TIME_MOST)
		return -1;
	crt_time_local(z, t, tm);
	return t;
}

/* -- text ---------------------------------------------------------------------------------- */

bool
crt_time_valid(const struct crt_tm *tm)
{
	return tm->sec >= 0 && tm->sec <= 60 && tm->min >= 0 && tm->min <= 59 && tm->hour >= 0 &&
	       tm->hour <= 23 && tm->mon >= 0 && tm->mon <= 11 && tm->mday >= 1 &&
	       tm->mday <= month_days(tm->year + 1900, tm->mon) && tm->wday >= 0 && tm->wday <= 6 &&
	       tm->yday >= 0 && tm->yday <= 365 && tm->year >= -1900 && tm->year <= 8099;
}

void
crt_time_text(const struct crt_tm *tm, char out[26])
{
	char text[64];
	snprintf(text, sizeof text, "%.3s %.3s %02d %02d:%02d:%02d %04d\n", days[tm->wday],
	         months[tm->mon], tm->mday, tm->hour, tm->min, tm->sec, tm->year + 1900);
	memcpy(out, text, 25);
	out[25] = 0;
}

/* The year and week of ISO 8601. */
static int
iso_week(const struct crt_tm *tm, int *year)
{
	int wday = (tm->wday + 6) % 7, week = (tm->yday - wday + 10) / 7, y = tm->year + 1900;
	if (week < 1) {
		y--;
		int yday = tm->yday + 365 + leap(y);
		week = (yday - wday + 10) / 7;
	} else if (week == 53) {
		int last = (((int)(days_of(y, 11, 31) % 7) + 4) % 7 + 7) % 7;
		if (last >= 1 && last <= 3) {
			week = 1;
			y++;
		}
	}
	*year = y;
	return week;
}

static int
compose(const struct crt_zone *z, const struct crt_tm *tm, const char *format, bool alternate,
        char *out)
{
	int n = 0;
	for (; *format; format++) {
		if (*format == '%')
			n += crt_time_format(z, tm, *++format, alternate, out + n);
		else
			out[n++] = *format;
	}
	out[n] = 0;
	return n;
}

int
crt_time_format(const struct crt_zone *z, const struct crt_tm *tm, char c, bool alternate,
                char *out)
{
	int hour12 = tm->hour % 12 ? tm->hour % 12 : 12, year = tm->year + 1900, iso;
	/* # takes leading zeros away */
	const char *two = alternate ? "%d" : "%02d";
	switch (c) {
	case 'a': return snprintf(out, 100, "%.3s", days[tm->wday]);
	case 'A': return snprintf(out, 100, "%s", days[tm->wday]);
	case 'b':
	case 'h': return snprintf(out, 100, "%.3s", months[tm->mon]);
	case 'B': return snprintf(out, 100, "%s", months[tm->mon]);
	case 'c':
		/* the long form with #, else the "C" locale's */
		return compose(z, tm, alternate ? "%A, %B %d, %Y %H:%M:%S" : "%a %b %e %H:%M:%S %Y",
		               false, out);
	case 'C': return snprintf(out, 100, two, year / 100);
	case 'd': return snprintf(out, 100, two, tm->mday);
	case 'D': return compose(z, tm, "%m/%d/%y", alternate, out);
	case 'e': return snprintf(out, 100, alternate ? "%d" : "%2d", tm->mday);
	case 'F': return compose(z, tm, "%Y-%m-%d", alternate, out);
	case 'g': iso_week(tm, &iso); return snprintf(out, 100, two, iso % 100);
	case 'G': iso_week(tm, &iso); return snprintf(out, 100, "%d", iso);
	case 'H': return snprintf(out, 100, two, tm->hour);
	case 'I': return snprintf(out, 100, two, hour12);
	case 'j': return snprintf(out, 100, alternate ? "%d" : "%03d", tm->yday + 1);
	case 'm': return snprintf(out, 100, two, tm->mon + 1);
	case 'M': return snprintf(out, 100, two, tm->min);
	case 'n': return snprintf(out, 100, "\n");
	case 'p': return snprintf(out, 100, "%s", tm->hour < 12 ? "AM" : "PM");
	case 'r': return compose(z, tm, "%I:%M:%S %p", false, out);
	case 'R': return compose(z, tm, "%H:%M", alternate, out);
	case 'S': return snprintf(out, 100, two, tm->sec);
	case 't': return snprintf(out, 100, "\t");
	case 'T':
	case 'X': return compose(z, tm, "%H:%M:%S", alternate && c == 'T', out);
	case 'u': return snprintf(out, 100, "%d", tm->wday ? tm->wday : 7);
	case 'U': return snprintf(out, 100, two, (tm->yday + 7 - tm->wday) / 7);
	case 'V': return snprintf(out, 100, two, iso_week(tm, &iso));
	case 'w': return snprintf(out, 100, "%d", tm->wday);
	case 'W': return snprintf(out, 100, two, (tm->yday + 7 - (tm->wday + 6) % 7) / 7);
	case 'x': return compose(z, tm, alternate ? "%A, %B %d, %Y" : "%m/%d/%y", false, out);
	case 'y': return snprintf(out, 100, two, ((year % 100) + 100) % 100);
	case 'Y': return snprintf(out, 100, alternate ? "%d" : "%04d", year);
	case 'z': {
		int minutes = -(z->offset + (tm->isdst > 0 ? z->dst_offset : 0)) / 60;
		int m = minutes < 0 ? -minutes : minutes;
		return snprintf(out, 100, "%c%02d%02d", minutes < 0 ? '-' : '+', m / 60, m % 60);
	}
	case 'Z': return snprintf(out, 100, "%.60s", z->name[tm->isdst > 0]);
	case '%': return snprintf(out, 100, "%%");
	default: return -1;
	}
}
