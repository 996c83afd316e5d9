/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/dll/msvcp140_time.h"

#include <string.h>

WINAPI size_t ucrtbase_strftime(char *out, size_t room, const char *f, const struct crt_tm *tm);

static const char days[7][10] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
	                          "Thursday", "Friday", "Saturday" };
static const char months[12][10] = { "January",   "February", "March",    "April",
	                             "May",       "June",     "July",     "August",
	                             "September", "October",  "November", "December" };
static const char halves[2][10] = { "AM", "PM" };

size_t
msvcp140_time_write(char *to, size_t room, const struct crt_tm *tm, char conversion, char modifier)
{
	char format[4] = { '%', modifier ? modifier : conversion, modifier ? conversion : 0, 0 };
	return ucrtbase_strftime(to, room, format, tm);
}

static bool
space(int c)
{
	return c == ' ' || (c >= 9 && c <= 13);
}

static void
skip(struct reader *r)
{
	while (space(r->peek(r)))
		r->next(r);
}

/* A number of at most so many digits. */
static int
number(struct reader *r, int digits, int least, int most, int *out)
{
	int v = 0, n = 0, c;
	skip(r);
	if ((c = r->peek(r)) == '+' || c == '-')
		return IOS_FAIL;
	for (; n < digits && (c = r->peek(r)) >= '0' && c <= '9'; n++) {
		v = v * 10 + c - '0';
		r->next(r);
	}
	int state = r->peek(r) < 0 ? IOS_EOF : 0;
	if (!n || v < least || v > most)
		return state | IOS_FAIL;
	*out = v;
	return state;
}

static int
lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

/* The longest of some names, or the first three characters of one. */
static int
name(struct reader *r, const char (*names)[10], size_t n, int *out)
{
	char text[10] = { 0 };
	size_t k = 0;
	int c;
	while (k < 9 && (c = lower(r->peek(r))) > 0) {
		size_t i = 0;
		text[k] = (char)c;
		while (i < n) {
			size_t j = 0;
			while (j <= k && lower(names[i][j]) == text[j])
				j++;
			if (j > k)
				break;
			i++;
		}
		if (i == n)
			break;
		k++;
		r->next(r);
	}
	int state = r->peek(r) < 0 ? IOS_EOF : 0;
	for (size_t i = 0; i < n; i++) {
		size_t j = 0;
		while (j < k && lower(names[i][j]) == text[j])
			j++;
		if (j == k && k && (k == 3 || k == strlen(names[i]))) {
			*out = (int)i;
			return state;
		}
	}
	return state | IOS_FAIL;
}

static int
all(struct reader *r, struct crt_tm *tm, const char *format)
{
	int state = 0;
	for (; *format && !(state & IOS_FAIL); format++) {
		if (*format == '%') {
			state = msvcp140_time_read(r, tm, *++format);
		} else if (*format == ' ') {
			skip(r);
		} else if (r->peek(r) == *format) {
			r->next(r);
			state = r->peek(r) < 0 ? IOS_EOF : 0;
		} else {
			state = IOS_FAIL | (r->peek(r) < 0 ? IOS_EOF : 0);
		}
	}
	return state;
}

static int
year(struct reader *r, struct crt_tm *tm, bool century)
{
	int v, state = number(r, century ? 4 : 2, 0, century ? 9999 : 99, &v);
	if (!(state & IOS_FAIL))
		tm->year = century ? v - 1900 : v < 69 ? v + 100 : v;
	return state;
}

static int
half(struct reader *r, struct crt_tm *tm)
{
	int v, state = name(r, halves, 2, &v);
	if (!(state & IOS_FAIL))
		tm->hour = tm->hour % 12 + 12 * v;
	return state;
}

int
msvcp140_time_read(struct reader *r, struct crt_tm *tm, char conversion)
{
	int v, state;
	switch (conversion) {
	case 'a':
	case 'A': return name(r, days, 7, &tm->wday);
	case 'b':
	case 'B':
	case 'h': return name(r, months, 12, &tm->mon);
	case 'd':
	case 'e': return number(r, 2, 1, 31, &tm->mday);
	case 'H': return number(r, 2, 0, 23, &tm->hour);
	case 'M': return number(r, 2, 0, 59, &tm->min);
	case 'S': return number(r, 2, 0, 60, &tm->sec);
	case 'w': return number(r, 1, 0, 6, &tm->wday);
	case 'U':
	case 'W': return number(r, 2, 0, 53, &v);
	case 'y': return year(r, tm, false);
	case 'Y': return year(r, tm, true);
	case 'p': return half(r, tm);
	case 'D':
	case 'x': return all(r, tm, "%m/%d/%y");
	case 'F': return all(r, tm, "%Y-%m-%d");
	case 'R': return all(r, tm, "%H:%M");
	case 'r': return all(r, tm, "%I:%M:%S %p");
	case 'T':
	case 'X': return all(r, tm, "%H:%M:%S");
	case 'c': return all(r, tm, "%a %b %d %H:%M:%S %Y");
	case 'n':
	case 't': skip(r); return r->peek(r) < 0 ? IOS_EOF : 0;
	case '%':
		if (r->peek(r) != '%')
			return IOS_FAIL;
		r->next(r);
		return r->peek(r) < 0 ? IOS_EOF : 0;
	case 'm':
		if (!((state = number(r, 2, 1, 12, &v)) & IOS_FAIL))
			tm->mon = v - 1;
		return state;
	case 'j':
		if (!((state = number(r, 3, 1, 366, &v)) & IOS_FAIL))
			tm->yday = v - 1;
		return state;
	case 'I':
		if (!((state = number(r, 2, 1, 12, &v)) & IOS_FAIL))
			tm->hour = v % 12;
		return state;
	case 'C':
		if (!((state = number(r, 2, 0, 99, &v)) & IOS_FAIL))
			tm->year = v * 100 - 1900;
		return state;
	default: return IOS_FAIL;
	}
}
