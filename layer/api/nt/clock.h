/* clock.h -- what time it is, and calendars.
 *
 * Times are 100 ns since 1601, as FILETIME.  Of KUSER_SHARED_DATA, the page at 0x7ffe0000 that
 * programs read without a call, the first read is a fault: clock_page() then maps it and a
 * thread of the host keeps its times, each millisecond.  A program that never looks pays
 * nothing.  Whoever waited may call clock_tick(), so that a program that has just been woken reads
 * a time that is not before the one it waited for.
 */
#ifndef LAYER_API_NT_CLOCK_H
#define LAYER_API_NT_CLOCK_H

#include "layer/api/nt/types.h"

#define CLOCK_SECOND INT64_C(10000000)
#define CLOCK_DAY (INT64_C(86400) * CLOCK_SECOND)
#define CLOCK_UNIX INT64_C(116444736000000000)  /* 1970 */
enum { CLOCK_FREQUENCY = 10000000 };
#define CLOCK_PAGE UINT64_C(0x7ffe0000)

int64_t clock_now(void);                /* system time */
uint64_t clock_counter(void);           /* QueryPerformanceCounter */
uint64_t clock_ticks(void);             /* milliseconds since the host was started */
uint64_t clock_interrupt(void);         /* 100 ns since then, without sleep */
int64_t clock_started(void);            /* when this process began */

/* Of the proleptic Gregorian calendar, days since 1601-01-01. */
int64_t clock_days(int year, int month, int day);
int clock_month_days(int year, int month);
int clock_weekday(int64_t days);        /* 0 is Sunday */
/* false: before 1601 or after 30827 */
bool clock_fields(int64_t t, struct SYSTEMTIME *out);
bool clock_of_fields(const struct SYSTEMTIME *t, int64_t *out);
int32_t clock_bias(int64_t utc);        /* minutes, of the host's zone */

/* A fault at this address: true when it was the page and the program may try again. */
bool clock_page(uint64_t address);
void clock_tick(void);

static inline int64_t
clock_of(const struct FILETIME *f)
{
	return (int64_t)((uint64_t)f->dwHighDateTime << 32 | f->dwLowDateTime);
}

static inline struct FILETIME
clock_filetime(int64_t t)
{
	return (struct FILETIME){(DWORD)t, (DWORD)((uint64_t)t >> 32)};
}

#endif
