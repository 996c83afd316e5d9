/* SPDX-License-Identifier: Apache-2.0 */
/* pdh_format.c -- what raw values mean, by their types. */
#include "layer/api/dll/pdh.h"
#include "layer/api/nt/clock.h"

enum { TICKS = 10000000 /* 100 ns in a second; QueryPerformanceFrequency, too */ };

static bool
needs_two(DWORD type)
{
	return type == PDH_RATE || type == PDH_TIME || type == PDH_TIME_INV;
}

/* 0 and *v, or why there is none. */
static pdh_status
calculate(DWORD type, const struct pdh_raw *now, const struct pdh_raw *old, double *v)
{
	double passed = old ? (double)now->second - (double)old->second : 0;
	double more = old ? (double)now->first - (double)old->first : 0;
	if (needs_two(type)) {
		if (!old)
			return PDH_CSTATUS_INVALID_DATA;
		if (passed < 0)
			return PDH_CALC_NEGATIVE_DENOMINATOR;
		if (passed == 0)
			return PDH_CSTATUS_INVALID_DATA;
		if (more < 0)
			return PDH_CALC_NEGATIVE_VALUE;
	}
	switch (type) {
	case PDH_RATE: *v = more / (passed / TICKS); break;
	case PDH_TIME: *v = 100 * more / passed; break;
	case PDH_TIME_INV: *v = 100 * (1 - more / passed); break;
	case PDH_FRACTION:
		if (now->second <= 0)
			return PDH_CSTATUS_INVALID_DATA;
		*v = 100 * (double)now->first / (double)now->second;
		break;
	case PDH_ELAPSED: *v = ((double)now->second - (double)now->first) / TICKS; break;
	default: *v = (double)now->first; break;
	}
	/* the host counts in hundredths of a second: a rest may be a little less than nothing */
	if (type == PDH_TIME_INV && *v < 0)
		*v = 0;
	return 0;
}

pdh_status
pdh_format(DWORD type, LONG scale, DWORD format, const struct pdh_raw *now,
           const struct pdh_raw *old, struct pdh_formatted *out)
{
	double v = 0;
	*out = (struct pdh_formatted){ 0 };
	pdh_status s = now->status > PDH_NEW_DATA          ? (pdh_status)now->status
	               : old && old->status > PDH_NEW_DATA ? PDH_CSTATUS_INVALID_DATA
	                                                   : calculate(type, now, old, &v);
	out->status = (DWORD)s;
	if (s)
		return s == PDH_CALC_NEGATIVE_DENOMINATOR || s == PDH_CALC_NEGATIVE_VALUE
		               ? s
		               : PDH_INVALID_DATA;
	bool share = type == PDH_TIME || type == PDH_TIME_INV || type == PDH_FRACTION;
	if (share && v > 100 && !(format & PDH_FMT_NOCAP100))
		v = 100;
	if (format & PDH_FMT_1000)
		v *= 1000;
	else if (!(format & PDH_FMT_NOSCALE))
		for (LONG i = scale; i; i += i > 0 ? -1 : 1)
			v = i > 0 ? v * 10 : v / 10;
	if (format & PDH_FMT_DOUBLE)
		out->d = v;
	else if (format & PDH_FMT_LARGE)
		out->q = v >= 9.2e18 ? INT64_MAX : v <= -9.2e18 ? INT64_MIN : (int64_t)v;
	else /* as what is cut off */
		out->l = (LONG)(uint32_t)(v >= 9.2e18    ? INT64_MAX
		                          : v <= -9.2e18 ? INT64_MIN
		                                         : (int64_t)v);
	return 0;
}
