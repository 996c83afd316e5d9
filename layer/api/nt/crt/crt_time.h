/* crt_time.h -- calendar time as the C run-time of Windows knows it.
 *
 * A time is seconds since 1970; what is before it, or after the year 3000, is refused, as
 * Windows does.  A zone has one rule for all years: TZ's, or the machine's.
 */
#ifndef LAYER_API_NT_CRT_CRT_TIME_H
#define LAYER_API_NT_CRT_CRT_TIME_H

#include "layer/api/nt/crt/crt.h"

#define CRT_TIME_MOST 0x793582affll     /* the last second of year 3000, and half a day */

struct TIME_ZONE_INFORMATION {
	LONG Bias;
	WCHAR StandardName[32];
	struct SYSTEMTIME StandardDate;
	LONG StandardBias;
	WCHAR DaylightName[32];
	struct SYSTEMTIME DaylightDate;
	LONG DaylightBias;
};

struct crt_zone {
	int32_t offset;         /* seconds west of Greenwich: _timezone */
	int32_t daylight;       /* _daylight: is there summer time */
	int32_t dst_offset;     /* _dstbias: -3600 */
	char name[2][64];
	struct SYSTEMTIME to_summer, to_winter; /* month 0: never */
};

void crt_time_zone_of(struct crt_zone *z, const struct TIME_ZONE_INFORMATION *i);
bool crt_time_zone_parse(struct crt_zone *z, const char *tz);   /* TZ */

void crt_time_civil(int64_t t, struct crt_tm *out);     /* Greenwich */
int64_t crt_time_seconds(const struct crt_tm *tm);      /* fields may be out of range */
bool crt_time_is_summer(const struct crt_zone *z, const struct crt_tm *tm);
void crt_time_local(const struct crt_zone *z, int64_t t, struct crt_tm *out);
/* -1: it cannot be said. *tm is made right. */
int64_t crt_time_make(const struct crt_zone *z, struct crt_tm *tm);

bool crt_time_valid(const struct crt_tm *tm);
/* "Wed Jan 02 02:03:55 1980\n" */
void crt_time_text(const struct crt_tm *tm, char out[26]);
/* One conversion of strftime: at most 128 characters of ASCII.  -1: there is none like it. */
int crt_time_format(const struct crt_zone *z, const struct crt_tm *tm, char c, bool alternate, char *out);

#endif
