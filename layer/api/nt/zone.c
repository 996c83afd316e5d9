/* SPDX-License-Identifier: Apache-2.0 */
/* zone.c -- the time zone of the host, as a rule for every year. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/clock.h"
#include "layer/api/nt/host.h"

static const char *
name(const char *s, char out[16])
{
	size_t n = 0;
	bool quoted = *s == '<';
	if (quoted)
		s++;
	for (; *s && (quoted ? *s != '>' : isalpha((unsigned char)*s)); s++)
		if (n < 15)
			out[n++] = *s;
	out[n] = 0;
	return quoted && *s ? s + 1 : s;
}

/* [+-]hh[:mm[:ss]] in seconds */
static const char *
seconds(const char *s, int *out)
{
	int sign = 1, value = 0, unit = 3600;
	if (*s == '-' || *s == '+')
		sign = *s++ == '-' ? -1 : 1;
	for (; unit; unit = unit == 3600 ? 60 : unit == 60 ? 1 : 0) {
		char *end;
		long n = strtol(s, &end, 10);
		if (end == s || n < 0 || n > 200)
			break;
		value += (int)n * unit;
		s = end;
		if (*s != ':')
			break;
		s++;
	}
	*out = sign * value;
	return s;
}

static const char *
rule(const char *s, struct zone_rule *r)
{
	char *end;
	memset(r, 0, sizeof *r);
	if (*s != ',' || s[1] != 'M')
		return s; /* Jn and n: nobody's rule today */
	long month = strtol(s + 2, &end, 10), week, day;
	if (*end != '.')
		return s;
	week = strtol(end + 1, &end, 10);
	if (*end != '.')
		return s;
	day = strtol(end + 1, &end, 10);
	if (month < 1 || month > 12 || week < 1 || week > 5 || day < 0 || day > 6)
		return s;
	r->month = (int)month;
	r->week = (int)week;
	r->day = (int)day;
	r->second = 7200;
	s = end;
	if (*s == '/')
		s = seconds(s + 1, &r->second);
	return s;
}

void
zone_parse(const char *tz, struct zone *z)
{
	int offset = 0, other;
	const char *s;
	memset(z, 0, sizeof *z);
	if (!*tz)
		tz = "UTC0";
	s = name(tz, z->standard_name);
	s = seconds(s, &offset);
	z->standard = z->daylight = offset / 60;
	if (!*s || *s == ',')
		return;
	s = name(s, z->daylight_name);
	other = offset - 3600;
	if (*s && *s != ',')
		s = seconds(s, &other);
	z->daylight = other / 60;
	if (!*s)
		s = ",M3.2.0,M11.1.0";
	s = rule(s, &z->begin);
	rule(s, &z->end);
	if (!z->begin.month || !z->end.month)
		z->begin.month = z->end.month = 0;
}

const struct zone *
zone_host(void)
{
	static struct zone z;
	static _Atomic int state;
	int none = 0;
	if (state == 2)
		return &z;
	/* the same is written whoever writes it, but not by two at a time */
	if (__atomic_compare_exchange_n((int *)&state, &none, 1, false, __ATOMIC_SEQ_CST,
	                                __ATOMIC_SEQ_CST)) {
		zone_parse(host.zone, &z);
		state = 2;
	}
	while (state != 2)
		__builtin_ia32_pause();
	return &z;
}

const char *
zone_windows(const char *place)
{
	static const struct {
		const char *place, *name;
	} table[] = {
#define ZONE(place, name) { place, name },
#include "layer/api/nt/zone.def"
#undef ZONE
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (!strcmp(table[i].place, place))
			return table[i].name;
	return NULL;
}

/* The moment of a rule in a year, in local time that had this bias before. */
static int64_t
moment(const struct zone_rule *r, int year, int32_t bias)
{
	int first = clock_weekday(clock_days(year, r->month, 1));
	int day = 1 + (r->day - first + 7) % 7 + (r->week - 1) * 7;
	while (day > clock_month_days(year, r->month))
		day -= 7;
	return clock_days(year, r->month, day) * CLOCK_DAY + (int64_t)r->second * CLOCK_SECOND +
	       (int64_t)bias * 60 * CLOCK_SECOND;
}

int32_t
zone_bias(const struct zone *z, int64_t utc, bool *daylight)
{
	struct SYSTEMTIME t;
	*daylight = false;
	if (!z->begin.month)
		return z->standard;
	clock_fields(utc - (int64_t)z->standard * 60 * CLOCK_SECOND, &t);
	int64_t begin = moment(&z->begin, t.wYear, z->standard);
	int64_t end = moment(&z->end, t.wYear, z->daylight);
	*daylight = begin < end ? utc >= begin && utc < end : utc >= begin || utc < end;
	return *daylight ? z->daylight : z->standard;
}
