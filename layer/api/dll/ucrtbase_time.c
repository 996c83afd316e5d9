/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_time.c -- time, and its text. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"
#include "layer/api/nt/crt/crt_time.h"

#include <string.h>
#include <time.h>

WINAPI char *ucrtbase_getenv(const char *);

struct crt_zone ucrtbase_zone;
char *ucrtbase_zone_names[2] = { ucrtbase_zone.name[0], ucrtbase_zone.name[1] };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic bool zone_known;

static void
read_zone(void)
{
	struct TIME_ZONE_INFORMATION info;
	struct crt_zone z;
	const char *tz = ucrtbase_getenv("TZ");
	pthread_mutex_lock(&lock);
	if (!tz || !*tz || !crt_time_zone_parse(&z, tz)) {
		memset(&info, 0, sizeof info);
		if (kernel32_GetTimeZoneInformation(&info) == 0xffffffff)
			memset(&info, 0, sizeof info);
		crt_time_zone_of(&z, &info);
	}
	if (memcmp(&z, &ucrtbase_zone, sizeof z) != 0)
		ucrtbase_zone = z;
	zone_known = true;
	pthread_mutex_unlock(&lock);
}

static const struct crt_zone *
here(void)
{
	if (!zone_known)
		read_zone();
	return &ucrtbase_zone;
}

WINAPI void
ucrtbase__tzset(void)
{
	read_zone();
}

WINAPI int32_t *
ucrtbase___timezone(void)
{
	here();
	return &ucrtbase_zone.offset;
}

WINAPI int32_t *
ucrtbase___daylight(void)
{
	here();
	return &ucrtbase_zone.daylight;
}

WINAPI int32_t *
ucrtbase___dstbias(void)
{
	here();
	return &ucrtbase_zone.dst_offset;
}

WINAPI char **
ucrtbase___tzname(void)
{
	here();
	return ucrtbase_zone_names;
}

WINAPI int
ucrtbase__get_timezone(int32_t *out)
{
	REQUIRE(out, EINVAL);
	*out = *ucrtbase___timezone();
	return 0;
}

WINAPI int
ucrtbase__get_daylight(int32_t *out)
{
	REQUIRE(out, EINVAL);
	*out = *ucrtbase___daylight();
	return 0;
}

WINAPI int
ucrtbase__get_dstbias(int32_t *out)
{
	REQUIRE(out, EINVAL);
	*out = *ucrtbase___dstbias();
	return 0;
}

WINAPI int
ucrtbase__get_tzname(size_t *n, char *out, size_t room, int which)
{
	REQUIRE(n && which >= 0 && which <= 1 && ((out && room > 0) || (!out && room == 0)),
	        EINVAL);
	const char *s = ucrtbase___tzname()[which];
	*n = strlen(s) + 1;
	if (!out)
		return 0;
	if (*n > room) {
		*out = 0;
		return ERANGE;
	}
	memcpy(out, s, *n);
	return 0;
}

/* -- now -------------------------------------------------------------------------------------- */

static struct timespec
now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return t;
}

WINAPI int64_t
ucrtbase__time64(int64_t *out)
{
	int64_t t = now().tv_sec;
	if (out)
		*out = t;
	return t;
}

WINAPI int32_t
ucrtbase__time32(int32_t *out)
{
	int32_t t = (int32_t)now().tv_sec;
	if (out)
		*out = t;
	return t;
}

struct timespec64_ {
	int64_t sec;
	int32_t nsec;
};

struct timespec32_ {
	int32_t sec, nsec;
};

WINAPI int
ucrtbase__timespec64_get(struct timespec64_ *out, int base)
{
	REQUIRE(out, 0);
	if (base != 1)
		return 0;
	struct timespec t = now();
	out->sec = t.tv_sec;
	out->nsec = (int32_t)(t.tv_nsec / 100 * 100);
	return base;
}

WINAPI int
ucrtbase__timespec32_get(struct timespec32_ *out, int base)
{
	REQUIRE(out, 0);
	if (base != 1)
		return 0;
	struct timespec t = now();
	out->sec = (int32_t)t.tv_sec;
	out->nsec = (int32_t)(t.tv_nsec / 100 * 100);
	return base;
}

struct timeb64 {
	int64_t time;
	uint16_t millitm;
	int16_t timezone, dstflag;
};

struct timeb32 {
	int32_t time;
	uint16_t millitm;
	int16_t timezone, dstflag;
};

WINAPI int
ucrtbase__ftime64_s(struct timeb64 *out)
{
	struct crt_tm tm;
	REQUIRE(out, EINVAL);
	struct timespec t = now();
	out->time = t.tv_sec;
	out->millitm = (uint16_t)(t.tv_nsec / 1000000);
	out->timezone = (int16_t)(here()->offset / 60);
	crt_time_local(here(), t.tv_sec, &tm);
	out->dstflag = (int16_t)(tm.isdst > 0);
	return 0;
}

WINAPI void
ucrtbase__ftime64(struct timeb64 *out)
{
	ucrtbase__ftime64_s(out);
}

WINAPI int
ucrtbase__ftime32_s(struct timeb32 *out)
{
	struct timeb64 b;
	REQUIRE(out, EINVAL);
	ucrtbase__ftime64_s(&b);
	*out = (struct timeb32){ (int32_t)b.time, b.millitm, b.timezone, b.dstflag };
	return 0;
}

WINAPI void
ucrtbase__ftime32(struct timeb32 *out)
{
	ucrtbase__ftime32_s(out);
}

/* Since the program began, which is when this is first asked or a little before. */
WINAPI int32_t
ucrtbase_clock(void)
{
	static _Atomic int64_t begin;
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	int64_t ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000, zero = 0;
	if (begin == 0)
		__atomic_compare_exchange_n((int64_t *)&begin, &zero, ms, false, __ATOMIC_SEQ_CST,
		                            __ATOMIC_SEQ_CST);
	return (int32_t)(ms - begin);
}

WINAPI double
ucrtbase__difftime64(int64_t a, int64_t b)
{
	REQUIRE(a >= 0 && b >= 0, 0);
	return (double)(a - b);
}

WINAPI double
ucrtbase__difftime32(int32_t a, int32_t b)
{
	REQUIRE(a >= 0 && b >= 0, 0);
	return (double)a - b;
}

WINAPI unsigned
ucrtbase__getsystime(struct crt_tm *out)
{
	struct timespec t = now();
	crt_time_local(here(), t.tv_sec, out);
	return (unsigned)(t.tv_nsec / 1000000);
}

WINAPI unsigned
ucrtbase__setsystime(struct crt_tm *tm, unsigned ms)
{
	(void)tm;
	(void)ms;
	return 1314; /* ERROR_PRIVILEGE_NOT_HELD: a guest does not set its host's clock */
}

/* -- broken down ------------------------------------------------------------------------------ */

enum { HOURS_12 = 12 * 3600 };

static int
broken(struct crt_tm *out, const int64_t *t, bool local)
{
	REQUIRE(out, EINVAL);
	memset(out, 0xff, sizeof *out);
	REQUIRE(t, EINVAL);
	if (*t < (local ? 0 : -HOURS_12) || *t > CRT_TIME_MOST)
		return crt_thread.error = EINVAL;
	if (local)
		crt_time_local(here(), *t, out);
	else
		crt_time_civil(*t, out);
	return 0;
}

WINAPI int
ucrtbase__gmtime64_s(struct crt_tm *out, const int64_t *t)
{
	return broken(out, t, false);
}

WINAPI int
ucrtbase__localtime64_s(struct crt_tm *out, const int64_t *t)
{
	return broken(out, t, true);
}

WINAPI int
ucrtbase__gmtime32_s(struct crt_tm *out, const int32_t *t)
{
	int64_t v = t ? *t : 0;
	return broken(out, t ? &v : NULL, false);
}

WINAPI int
ucrtbase__localtime32_s(struct crt_tm *out, const int32_t *t)
{
	int64_t v = t ? *t : 0;
	return broken(out, t ? &v : NULL, true);
}

WINAPI struct crt_tm *
ucrtbase__gmtime64(const int64_t *t)
{
	return broken(&crt_thread.tm, t, false) ? NULL : &crt_thread.tm;
}

WINAPI struct crt_tm *
ucrtbase__localtime64(const int64_t *t)
{
	return broken(&crt_thread.tm, t, true) ? NULL : &crt_thread.tm;
}

WINAPI struct crt_tm *
ucrtbase__gmtime32(const int32_t *t)
{
	return ucrtbase__gmtime32_s(&crt_thread.tm, t) ? NULL : &crt_thread.tm;
}

WINAPI struct crt_tm *
ucrtbase__localtime32(const int32_t *t)
{
	return ucrtbase__localtime32_s(&crt_thread.tm, t) ? NULL : &crt_thread.tm;
}

WINAPI int64_t
ucrtbase__mktime64(struct crt_tm *tm)
{
	REQUIRE(tm, -1);
	int64_t t = crt_time_make(here(), tm);
	return t < 0 ? crt_error(EINVAL) : t;
}

WINAPI int32_t
ucrtbase__mktime32(struct crt_tm *tm)
{
	int64_t t = ucrtbase__mktime64(tm);
	return t > INT32_MAX ? crt_error(EINVAL) : (int32_t)t;
}

WINAPI int64_t
ucrtbase__mkgmtime64(struct crt_tm *tm)
{
	REQUIRE(tm, -1);
	int64_t t = crt_time_seconds(tm);
	if (t < -HOURS_12 || t > CRT_TIME_MOST)
		return crt_error(EINVAL);
	crt_time_civil(t, tm);
	return t;
}

WINAPI int32_t
ucrtbase__mkgmtime32(struct crt_tm *tm)
{
	int64_t t = ucrtbase__mkgmtime64(tm);
	return t > INT32_MAX ? crt_error(EINVAL) : (int32_t)t;
}

/* -- as text ------------------------------------------------------------------------------------ */

WINAPI int
ucrtbase_asctime_s(char *out, size_t room, const struct crt_tm *tm)
{
	REQUIRE(out && room > 0, EINVAL);
	*out = 0;
	REQUIRE(room >= 26 && tm && crt_time_valid(tm), EINVAL);
	crt_time_text(tm, out);
	return 0;
}

WINAPI char *
ucrtbase_asctime(const struct crt_tm *tm)
{
	return ucrtbase_asctime_s(crt_thread.asctime, 26, tm) ? NULL : crt_thread.asctime;
}

static void
widen(WCHAR *out, const char *s)
{
	do
		*out++ = (unsigned char)*s;
	while (*s++);
}

WINAPI int
ucrtbase__wasctime_s(WCHAR *out, size_t room, const struct crt_tm *tm)
{
	char text[26];
	REQUIRE(out && room > 0, EINVAL);
	*out = 0;
	REQUIRE(room >= 26 && tm && crt_time_valid(tm), EINVAL);
	crt_time_text(tm, text);
	widen(out, text);
	return 0;
}

WINAPI WCHAR *
ucrtbase__wasctime(const struct crt_tm *tm)
{
	return ucrtbase__wasctime_s(crt_thread.wasctime, 26, tm) ? NULL : crt_thread.wasctime;
}

WINAPI int
ucrtbase__ctime64_s(char *out, size_t room, const int64_t *t)
{
	struct crt_tm tm;
	REQUIRE(out && room > 0, EINVAL);
	*out = 0;
	REQUIRE(room >= 26, EINVAL);
	int e = broken(&tm, t, true);
	return e ? e : ucrtbase_asctime_s(out, room, &tm);
}

WINAPI char *
ucrtbase__ctime64(const int64_t *t)
{
	return ucrtbase__ctime64_s(crt_thread.asctime, 26, t) ? NULL : crt_thread.asctime;
}

WINAPI int
ucrtbase__ctime32_s(char *out, size_t room, const int32_t *t)
{
	int64_t v = t ? *t : 0;
	return ucrtbase__ctime64_s(out, room, t ? &v : NULL);
}

WINAPI char *
ucrtbase__ctime32(const int32_t *t)
{
	return ucrtbase__ctime32_s(crt_thread.asctime, 26, t) ? NULL : crt_thread.asctime;
}

WINAPI int
ucrtbase__wctime64_s(WCHAR *out, size_t room, const int64_t *t)
{
	struct crt_tm tm;
	REQUIRE(out && room > 0, EINVAL);
	*out = 0;
	REQUIRE(room >= 26, EINVAL);
	int e = broken(&tm, t, true);
	return e ? e : ucrtbase__wasctime_s(out, room, &tm);
}

WINAPI WCHAR *
ucrtbase__wctime64(const int64_t *t)
{
	return ucrtbase__wctime64_s(crt_thread.wasctime, 26, t) ? NULL : crt_thread.wasctime;
}

WINAPI int
ucrtbase__wctime32_s(WCHAR *out, size_t room, const int32_t *t)
{
	int64_t v = t ? *t : 0;
	return ucrtbase__wctime64_s(out, room, t ? &v : NULL);
}

WINAPI WCHAR *
ucrtbase__wctime32(const int32_t *t)
{
	return ucrtbase__wctime32_s(crt_thread.wasctime, 26, t) ? NULL : crt_thread.wasctime;
}

static size_t
format(void *out, size_t room, bool wide, const void *f, const struct crt_tm *tm)
{
	size_t j = 0;
	REQUIRE(out && room > 0, 0);
	if (wide)
		*(WCHAR *)out = 0;
	else
		*(char *)out = 0;
	REQUIRE(f && tm && crt_time_valid(tm), 0);
	for (size_t i = 0;;) {
		char text[256];
		unsigned c = wide ? ((const WCHAR *)f)[i] : ((const unsigned char *)f)[i];
		int n = 1;
		bool plain = c != '%';
		i++;
		if (c == 0)
			break;
		if (c == '%') {
			bool alternate = false;
			do {
				c = wide ? ((const WCHAR *)f)[i] : ((const unsigned char *)f)[i];
				i++;
				if (c == '#')
					alternate = true;
			} while (c == '#' || c == 'E' || c == 'O');
			n = crt_time_format(here(), tm, (char)c, alternate, text);
			REQUIRE(n >= 0, 0);
		} else if (!wide) {
			text[0] = (char)c;
		}
		for (int k = 0; k < n; k++) {
			if (j + 1 >= room) {
				if (wide)
					*(WCHAR *)out = 0;
				else
					*(char *)out = 0;
				crt_error(ERANGE);
				return 0;
			}
			if (wide)
				((WCHAR *)out)[j++] = plain ? (WCHAR)c : (unsigned char)text[k];
			else
				((char *)out)[j++] = text[k];
		}
	}
	if (wide)
		((WCHAR *)out)[j] = 0;
	else
		((char *)out)[j] = 0;
	return j;
}

WINAPI size_t
ucrtbase_strftime(char *out, size_t room, const char *f, const struct crt_tm *tm)
{
	return format(out, room, false, f, tm);
}

WINAPI size_t
ucrtbase__strftime_l(char *out, size_t room, const char *f, const struct crt_tm *tm,
                     const struct crt_locale_pointers *l)
{
	(void)l;
	return format(out, room, false, f, tm);
}

WINAPI size_t
ucrtbase_wcsftime(WCHAR *out, size_t room, const WCHAR *f, const struct crt_tm *tm)
{
	return format(out, room, true, f, tm);
}

WINAPI size_t
ucrtbase__wcsftime_l(WCHAR *out, size_t room, const WCHAR *f, const struct crt_tm *tm,
                     const struct crt_locale_pointers *l)
{
	(void)l;
	return format(out, room, true, f, tm);
}

/* mm/dd/yy and hh:mm:ss of now */
static int
stamp(char *out, size_t room, bool date)
{
	struct crt_tm tm;
	REQUIRE(out && room > 0, EINVAL);
	*out = 0;
	if (room < 9)
		return crt_invalid(ERANGE);
	crt_time_local(here(), now().tv_sec, &tm);
	format(out, room, false, date ? "%m/%d/%y" : "%H:%M:%S", &tm);
	return 0;
}

WINAPI int
ucrtbase__strdate_s(char *out, size_t room)
{
	return stamp(out, room, true);
}

WINAPI char *
ucrtbase__strdate(char *out)
{
	stamp(out, 9, true);
	return out;
}

WINAPI int
ucrtbase__strtime_s(char *out, size_t room)
{
	return stamp(out, room, false);
}

WINAPI char *
ucrtbase__strtime(char *out)
{
	stamp(out, 9, false);
	return out;
}

static int
wide_stamp(WCHAR *out, size_t room, bool date)
{
	char text[9];
	REQUIRE(out && room > 0, EINVAL);
	*out = 0;
	if (room < 9)
		return crt_invalid(ERANGE);
	stamp(text, sizeof text, date);
	widen(out, text);
	return 0;
}

WINAPI int
ucrtbase__wstrdate_s(WCHAR *out, size_t room)
{
	return wide_stamp(out, room, true);
}

WINAPI WCHAR *
ucrtbase__wstrdate(WCHAR *out)
{
	wide_stamp(out, 9, true);
	return out;
}

WINAPI int
ucrtbase__wstrtime_s(WCHAR *out, size_t room)
{
	return wide_stamp(out, room, false);
}

WINAPI WCHAR *
ucrtbase__wstrtime(WCHAR *out)
{
	wide_stamp(out, 9, false);
	return out;
}
