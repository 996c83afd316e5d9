/* SPDX-License-Identifier: Apache-2.0 */
/* oleaut32_date.c -- dates of automation: days since 1899-12-30, times as parts of a day. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "layer/api/dll/oleaut32.h"
#include "layer/api/nt/clock.h"

/* Days of the year 1 January 1 to 30 December 1899, of a calendar that was always as it is now. */
static int64_t
days_of(int64_t y, int m, int d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400, of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 693899;
}

static void
fields_of(int64_t days, int *y, int *m, int *d)
{
	days += 693899;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097, of_era = days - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t rest = of_era - (365 * year + year / 4 - year / 100), month = (5 * rest + 2) / 153;
	*d = (int)(rest - (153 * month + 2) / 5 + 1);
	*m = (int)(month < 10 ? month + 3 : month - 9);
	*y = (int)(year + era * 400 + (*m <= 2));
}

static bool
leap(int64_t y)
{
	return y % 4 == 0 && (y % 100 || y % 400 == 0);
}

static bool
valid(int64_t y, int m, int d)
{
	static const BYTE most[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	return y >= 100 && y <= 9999 && m >= 1 && m <= 12 && d >= 1 &&
	       d <= most[m - 1] + (m == 2 && leap(y));
}

/* The time of a day counts away from 0 on both sides of it. */
static double
join(int64_t days, double seconds)
{
	double part = seconds / 86400.0;
	return days < 0 ? (double)days - part : (double)days + part;
}

static bool
split(double date, int64_t *days, double *seconds)
{
	if (!(date > -657435.0 && date < 2958466.0))
		return false;
	double whole = trunc(date);
	*days = (int64_t)whole;
	*seconds = fabs(date - whole) * 86400.0;
	return true;
}

WINAPI int
oleaut32_SystemTimeToVariantTime(const struct SYSTEMTIME *t, double *out)
{
	int64_t y = t->wYear;
	if (y < 30)
		y += 2000;
	else if (y < 100)
		y += 1900;
	if (!valid(y, t->wMonth, t->wDay) || t->wHour > 23 || t->wMinute > 59 || t->wSecond > 59)
		return FALSE;
	*out = join(days_of(y, t->wMonth, t->wDay),
	            t->wHour * 3600.0 + t->wMinute * 60.0 + t->wSecond);
	return TRUE;
}

WINAPI int
oleaut32_VariantTimeToSystemTime(double date, struct SYSTEMTIME *t)
{
	int64_t days;
	double seconds;
	int y, m, d;
	if (!split(date, &days, &seconds))
		return FALSE;
	int s = (int)(seconds + 0.5);
	if (s == 86400) {
		s = 0;
		days++;
	}
	fields_of(days, &y, &m, &d);
	/* the first day was a Saturday */
	int week = (int)((days % 7 + 7 + 6) % 7);
	*t = (struct SYSTEMTIME){ (WORD)y,          (WORD)m,
		                  (WORD)week,       (WORD)d,
		                  (WORD)(s / 3600), (WORD)(s / 60 % 60),
		                  (WORD)(s % 60),   0 };
	return TRUE;
}

WINAPI int
oleaut32_DosDateTimeToVariantTime(USHORT date, USHORT time, double *out)
{
	int64_t y = 1980 + (date >> 9);
	int m = date >> 5 & 15, d = date & 31, s = (time & 31) * 2;
	if (!valid(y, m, d) || time >> 11 > 23 || (time >> 5 & 63) > 59 || s > 59)
		return FALSE;
	*out = join(days_of(y, m, d), (time >> 11) * 3600.0 + (time >> 5 & 63) * 60.0 + s);
	return TRUE;
}

WINAPI int
oleaut32_VariantTimeToDosDateTime(double date, USHORT *day, USHORT *time)
{
	struct SYSTEMTIME t;
	if (!oleaut32_VariantTimeToSystemTime(date, &t) || t.wYear < 1980 || t.wYear > 2099)
		return FALSE;
	*day = (USHORT)((t.wYear - 1980) << 9 | t.wMonth << 5 | t.wDay);
	*time = (USHORT)(t.wHour << 11 | t.wMinute << 5 | t.wSecond / 2);
	return TRUE;
}

/* As in the United States: no date when it is the first day, no time when it is midnight. */
size_t
oleaut32_date_text(double date, WCHAR out[64])
{
	struct SYSTEMTIME t;
	char text[64];
	int n = 0;
	if (!oleaut32_VariantTimeToSystemTime(date, &t))
		return 0;
	bool time = t.wHour || t.wMinute || t.wSecond;
	bool first = t.wYear == 1899 && t.wMonth == 12 && t.wDay == 30;
	if (!first || !time)
		n = snprintf(text, sizeof text, "%d/%d/%d", t.wMonth, t.wDay, t.wYear);
	if (time)
		n += snprintf(text + n, sizeof text - (size_t)n, "%s%d:%02d:%02d %s", n ? " " : "",
		              t.wHour % 12 ? t.wHour % 12 : 12, t.wMinute, t.wSecond,
		              t.wHour < 12 ? "AM" : "PM");
	for (int i = 0; i < n; i++)
		out[i] = (WCHAR)text[i];
	return (size_t)n;
}

/* -- a text ------------------------------------------------------------------------------------- */

struct scan {
	const WCHAR *s;
	size_t n;
};

static void
skip(struct scan *c)
{
	while (c->n && (*c->s <= ' ' || *c->s == ','))
		c->s++, c->n--;
}

static bool
digits(struct scan *c, int *out)
{
	int v = 0, k = 0;
	for (; c->n && *c->s >= '0' && *c->s <= '9' && k < 5; c->s++, c->n--, k++)
		v = v * 10 + *c->s - '0';
	*out = v;
	return k > 0 && k < 5;
}

static bool
sign(struct scan *c, WCHAR a, WCHAR b)
{
	if (!c->n || (*c->s != a && *c->s != b))
		return false;
	c->s++, c->n--;
	return true;
}

/* A month by the first three letters of its name, or all of them. */
static int
month(struct scan *c)
{
	static const char names[12][10] = { "january",   "february", "march",    "april",
		                            "may",       "june",     "july",     "august",
		                            "september", "october",  "november", "december" };
	size_t k = 0;
	while (k < c->n && ((c->s[k] | 32) >= 'a' && (c->s[k] | 32) <= 'z'))
		k++;
	for (int m = 0; m < 12; m++) {
		size_t i = 0;
		while (i < k && names[m][i] && (c->s[i] | 32) == names[m][i])
			i++;
		if (i == k && (k == 3 || !names[m][k])) {
			c->s += k, c->n -= k;
			return m + 1;
		}
	}
	return 0;
}

/* h:mm[:ss] [AM|PM] */
static bool
time_of(struct scan *c, double *seconds)
{
	int h, m = 0, s = 0;
	bool colon = false;
	if (!digits(c, &h))
		return false;
	if (sign(c, ':', ':')) {
		colon = true;
		if (!digits(c, &m) || (sign(c, ':', ':') && !digits(c, &s)))
			return false;
	}
	skip(c);
	if (c->n >= 2 && (c->s[1] | 32) == 'm' && ((*c->s | 32) == 'a' || (*c->s | 32) == 'p')) {
		if (h < 1 || h > 12)
			return false;
		h = h % 12 + ((*c->s | 32) == 'p' ? 12 : 0);
		c->s += 2, c->n -= 2;
	} else if (!colon) {
		return false;
	}
	*seconds = h * 3600.0 + m * 60.0 + s;
	return h < 24 && m < 60 && s < 60;
}

/* m/d[/y], y-m-d, d month [y], month d[,] [y] */
static bool
date_of(struct scan *c, int64_t *days)
{
	int y = 0, m, d;
	bool year = true;
	if ((m = month(c))) {
		skip(c);
		if (!digits(c, &d))
			return false;
		struct scan before = *c;
		skip(c);
		if (!(year = digits(c, &y) && (!c->n || *c->s != ':')))
			*c = before;
	} else if (!digits(c, &m)) {
		return false;
	} else if (sign(c, '/', '-')) {
		if (!digits(c, &d))
			return false;
		if ((year = sign(c, '/', '-')) && !digits(c, &y))
			return false;
		if (m > 31) { /* the year came first */
			int first = m;
			m = d, d = y, y = first;
		}
	} else {
		skip(c);
		d = m;
		if (!(m = month(c)))
			return false;
		struct scan before = *c;
		skip(c);
		if (!(year = digits(c, &y) && (!c->n || *c->s != ':')))
			*c = before;
	}
	if (!year) {
		struct SYSTEMTIME now;
		clock_fields(clock_now(), &now);
		y = now.wYear;
	} else if (y < 100) {
		y += y < 30 ? 2000 : 1900;
	}
	*days = days_of(y, m, d);
	return valid(y, m, d);
}

bool
oleaut32_date(const WCHAR *s, size_t n, double *out)
{
	struct scan c = { s, n };
	int64_t days = 0;
	double seconds = 0;
	skip(&c);
	struct scan start = c;
	if (!c.n)
		return false;
	if (time_of(&c, &seconds)) {
		skip(&c);
		if (c.n && !date_of(&c, &days))
			return false;
	} else {
		c = start;
		seconds = 0;
		if (!date_of(&c, &days))
			return false;
		if (c.n > 1 && (*c.s | 32) == 't')
			c.s++, c.n--;
		skip(&c);
		if (c.n && !time_of(&c, &seconds))
			return false;
	}
	skip(&c);
	*out = join(days, seconds);
	return c.n == 0;
}
