/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_format.c -- dates, times, numbers and currency as people write them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/clock.h"
#include "layer/api/nt/text/locale.h"
#include "layer/api/nt/text/nls.h"

struct text {
	WCHAR p[512];
	size_t n;
};

static void
put(struct text *t, WCHAR c)
{
	if (t->n < 511)
		t->p[t->n++] = c;
}

static void
put_text(struct text *t, const WCHAR *s, size_t most)
{
	while (s && *s && most--)
		put(t, *s++);
}

static void
put_number(struct text *t, unsigned v, unsigned digits)
{
	char b[16];
	snprintf(b, sizeof b, "%0*u", (int)digits, v);
	for (const char *p = b; *p; p++)
		put(t, (WCHAR)*p);
}

static const WCHAR *
word(LCID id, DWORD type)
{
	DWORD number;
	return locale_text(id, type, &number);
}

/* A picture: runs of letters, quoted text, and what stands for itself. */
static void
picture(struct text *t, LCID id, const WCHAR *p, const struct SYSTEMTIME *s, bool date, DWORD flags)
{
	while (*p) {
		WCHAR c = *p;
		unsigned n = 1, hour = s->wHour % 12 ? s->wHour % 12 : 12;
		if (c == '\'') {
			for (p++; *p && (*p != '\'' || p[1] == '\''); p++) {
				if (*p == '\'')
					p++;
				put(t, *p);
			}
			p += *p != 0;
			continue;
		}
		while (p[n] == c)
			n++;
		if (date && c == 'd') {
			if (n <= 2)
				put_number(t, s->wDay, n);
			else
				put_text(t,
				         word(id,
				              (n == 3 ? 0x31u : 0x2au) + (s->wDayOfWeek + 6u) % 7),
				         80);
		} else if (date && c == 'M') {
			if (n <= 2)
				put_number(t, s->wMonth, n);
			else
				put_text(t, word(id, (n == 3 ? 0x44u : 0x38u) + s->wMonth - 1u),
				         80);
		} else if (date && c == 'y') {
			put_number(t, n <= 2 ? s->wYear % 100 : s->wYear,
			           n <= 2  ? n
			           : n > 5 ? 5
			                   : n);
		} else if (date && c == 'g') {
			put_text(t, u"A.D.", 80);
		} else if (!date && c == 'h') {
			put_number(t, flags & 8 ? s->wHour : hour, n > 2 ? 2 : n);
		} else if (!date && c == 'H') {
			put_number(t, s->wHour, n > 2 ? 2 : n);
		} else if (!date && c == 'm') {
			put_number(t, s->wMinute, n > 2 ? 2 : n);
		} else if (!date && c == 's') {
			put_number(t, s->wSecond, n > 2 ? 2 : n);
		} else if (!date && c == 't') {
			put_text(t, word(id, s->wHour < 12 ? 0x28 : 0x29), n == 1 ? 1 : 80);
		} else {
			for (unsigned i = 0; i < n; i++)
				put(t, c);
		}
		p += n;
	}
}

static int
give(struct text *t, WCHAR *out, int room)
{
	t->p[t->n] = 0;
	if (room && (size_t)room < t->n + 1)
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	if (room)
		memcpy(out, t->p, (t->n + 1) * sizeof *out);
	return (int)t->n + 1;
}

static bool
when(const struct SYSTEMTIME *in, struct SYSTEMTIME *out, bool date)
{
	int64_t v;
	if (!in) {
		v = clock_now();
		return clock_fields(v - (int64_t)clock_bias(v) * 60 * CLOCK_SECOND, out);
	}
	*out = *in;
	if (!date) {
		out->wYear = 2000, out->wMonth = out->wDay = 1;
		return in->wHour < 24 && in->wMinute < 60 && in->wSecond < 60 &&
		       in->wMilliseconds < 1000;
	}
	out->wHour = out->wMinute = out->wSecond = out->wMilliseconds = 0;
	if (!clock_of_fields(out, &v))
		return false;
	return clock_fields(v, out); /* the day of the week is looked up */
}

static int
date_format(LCID id, DWORD flags, const struct SYSTEMTIME *in, const WCHAR *format, WCHAR *out,
            int room)
{
	struct text t = { .n = 0 };
	struct SYSTEMTIME s;
	if (room < 0 || (room && !out) || !locale_valid(id) || !when(in, &s, true))
		return refuse(ERROR_INVALID_PARAMETER);
	if (format && (flags & ~0x80000030u))
		return refuse(ERROR_INVALID_FLAGS);
	if (!format)
		format = word(id, flags & 2      ? 0x20
		                  : flags & 8    ? 0x1006
		                  : flags & 0x80 ? 0x78
		                                 : 0x1f);
	picture(&t, id, format, &s, true, 0);
	return give(&t, out, room);
}

/* TIME_NOMINUTESORSECONDS 1, NOSECONDS 2, NOTIMEMARKER 4, FORCE24HOURFORMAT 8 */
static void
trim(const WCHAR *format, DWORD flags, WCHAR out[128])
{
	size_t n = 0;
	for (const WCHAR *p = format; *p && n < 126; p++) {
		bool drop = ((flags & 3) && *p == 's') || ((flags & 1) && *p == 'm') ||
		            ((flags & 4) && *p == 't');
		if (!drop) {
			out[n++] = *p;
			continue;
		}
		/* with it goes what separates it */
		while (n && (out[n - 1] == ':' || out[n - 1] == ' ' || out[n - 1] == '.'))
			n--;
	}
	out[n] = 0;
}

static int
time_format(LCID id, DWORD flags, const struct SYSTEMTIME *in, const WCHAR *format, WCHAR *out,
            int room)
{
	struct text t = { .n = 0 };
	struct SYSTEMTIME s;
	WCHAR trimmed[128];
	if (room < 0 || (room && !out) || !locale_valid(id) || !when(in, &s, false))
		return refuse(ERROR_INVALID_PARAMETER);
	if (!in)
		when(NULL, &s, false);
	trim(format ? format : word(id, 0x1003), flags, trimmed);
	picture(&t, id, trimmed, &s, false, flags);
	return give(&t, out, room);
}

WINAPI int
kernel32_GetDateFormatEx(const WCHAR *locale, DWORD flags, const struct SYSTEMTIME *t,
                         const WCHAR *format, WCHAR *out, int room, const WCHAR *calendar)
{
	(void)calendar;
	LCID id = locale_id(locale);
	return id ? date_format(id, flags, t, format, out, room) : refuse(ERROR_INVALID_PARAMETER);
}

WINAPI int
kernel32_GetDateFormatW(LCID id, DWORD flags, const struct SYSTEMTIME *t, const WCHAR *format,
                        WCHAR *out, int room)
{
	return date_format(id, flags, t, format, out, room);
}

WINAPI int
kernel32_GetTimeFormatEx(const WCHAR *locale, DWORD flags, const struct SYSTEMTIME *t,
                         const WCHAR *format, WCHAR *out, int room)
{
	LCID id = locale_id(locale);
	return id ? time_format(id, flags, t, format, out, room) : refuse(ERROR_INVALID_PARAMETER);
}

WINAPI int
kernel32_GetTimeFormatW(LCID id, DWORD flags, const struct SYSTEMTIME *t, const WCHAR *format,
                        WCHAR *out, int room)
{
	return time_format(id, flags, t, format, out, room);
}

static int
narrow(int (*f)(LCID, DWORD, const struct SYSTEMTIME *, const WCHAR *, WCHAR *, int), LCID id,
       DWORD flags, const struct SYSTEMTIME *t, const char *format, char *out, int room)
{
	WCHAR *w = nls_wide_ansi(format), text[512];
	int n = f(id, flags, t, w, text, 512);
	free(w);
	if (!n)
		return 0;
	n = (int)nls_ansi_to(text, NULL, 0) + 1;
	if (room && n > room)
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	if (room)
		nls_ansi_to(text, out, (size_t)room);
	return n;
}

WINAPI int
kernel32_GetDateFormatA(LCID id, DWORD flags, const struct SYSTEMTIME *t, const char *format,
                        char *out, int room)
{
	return narrow(date_format, id, flags, t, format, out, room);
}

WINAPI int
kernel32_GetTimeFormatA(LCID id, DWORD flags, const struct SYSTEMTIME *t, const char *format,
                        char *out, int room)
{
	return narrow(time_format, id, flags, t, format, out, room);
}

/* -- numbers -------------------------------------------------------------------------- */

struct NUMBERFMTW {
	UINT NumDigits, LeadingZero, Grouping;
	WCHAR *lpDecimalSep, *lpThousandSep;
	UINT NegativeOrder;
};

struct CURRENCYFMTW {
	UINT NumDigits, LeadingZero, Grouping;
	WCHAR *lpDecimalSep, *lpThousandSep;
	UINT NegativeOrder, PositiveOrder;
	WCHAR *lpCurrencySymbol;
};

/* The digits of a plain number ("-1234.567"), rounded half up. */
static bool
digits(struct text *t, const WCHAR *s, const struct NUMBERFMTW *f, bool *minus)
{
	char whole[256] = "0", part[64] = "";
	size_t n = 1, k = 0;
	*minus = *s == '-';
	if (*minus)
		s++;
	for (; *s >= '0' && *s <= '9'; s++)
		if (n < 250)
			whole[n++] = (char)*s;
	if (*s == '.')
		for (s++; *s >= '0' && *s <= '9'; s++)
			if (k < 60)
				part[k++] = (char)*s;
	if (*s || f->NumDigits > 50)
		return false;
	while (k < f->NumDigits + 1)
		part[k++] = '0';
	if (part[f->NumDigits] >= '5') {
		size_t i = f->NumDigits;
		bool carry = true;
		while (carry && i-- > 0) {
			carry = part[i] == '9';
			part[i] = carry ? '0' : (char)(part[i] + 1);
		}
		for (i = n; carry && i-- > 0;) {
			carry = whole[i] == '9';
			whole[i] = carry ? '0' : (char)(whole[i] + 1);
		}
	}
	size_t first = 0;
	while (first < n && whole[first] == '0')
		first++;
	if (first == n && f->LeadingZero)
		first--;
	for (size_t i = first; i < n; i++) {
		put(t, (WCHAR)whole[i]);
		if (f->Grouping && i + 1 < n &&
		    (n - 1 - i) % (f->Grouping % 10 ? f->Grouping % 10 : 3) == 0)
			put_text(t, f->lpThousandSep, 8);
	}
	if (f->NumDigits) {
		put_text(t, f->lpDecimalSep, 8);
		for (size_t i = 0; i < f->NumDigits; i++)
			put(t, (WCHAR)part[i]);
	}
	return true;
}

static int
number_format(const WCHAR *s, const struct NUMBERFMTW *f, WCHAR *out, int room)
{
	static const struct NUMBERFMTW us = { 2, 1, 3, (WCHAR *)u".", (WCHAR *)u",", 1 };
	static const char *const order[] = { "(n)", "-n", "- n", "n-", "n -" };
	struct text t = { .n = 0 }, d = { .n = 0 };
	bool minus;
	if (!f)
		f = &us;
	if (!s || room < 0 || f->NegativeOrder > 4 || !digits(&d, s, f, &minus))
		return refuse(ERROR_INVALID_PARAMETER);
	d.p[d.n] = 0;
	for (const char *p = minus ? order[f->NegativeOrder] : "n"; *p; p++) {
		if (*p == 'n')
			put_text(&t, d.p, 400);
		else
			put(&t, (WCHAR)*p);
	}
	return give(&t, out, room);
}

static int
currency_format(const WCHAR *s, const struct CURRENCYFMTW *f, WCHAR *out, int room)
{
	static const struct CURRENCYFMTW us = {
		2, 1, 3, (WCHAR *)u".", (WCHAR *)u",", 0, 0, (WCHAR *)u"$"
	};
	static const char *const positive[] = { "$n", "n$", "$ n", "n $" };
	static const char *const negative[] = { "($n)", "-$n",  "$-n",   "$n-",  "(n$)", "-n$",
		                                "n-$",  "n$-",  "-n $",  "-$ n", "n $-", "$ n-",
		                                "$ -n", "n- $", "($ n)", "(n $)" };
	struct text t = { .n = 0 }, d = { .n = 0 };
	bool minus;
	if (!f)
		f = &us;
	struct NUMBERFMTW plain = { f->NumDigits,    f->LeadingZero,   f->Grouping,
		                    f->lpDecimalSep, f->lpThousandSep, 1 };
	if (!s || room < 0 || f->NegativeOrder > 15 || f->PositiveOrder > 3 ||
	    !digits(&d, s, &plain, &minus))
		return refuse(ERROR_INVALID_PARAMETER);
	d.p[d.n] = 0;
	for (const char *p = minus ? negative[f->NegativeOrder] : positive[f->PositiveOrder]; *p;
	     p++) {
		if (*p == 'n')
			put_text(&t, d.p, 400);
		else if (*p == '$')
			put_text(&t, f->lpCurrencySymbol, 16);
		else
			put(&t, (WCHAR)*p);
	}
	return give(&t, out, room);
}

WINAPI int
kernel32_GetNumberFormatEx(const WCHAR *locale, DWORD flags, const WCHAR *s,
                           const struct NUMBERFMTW *f, WCHAR *out, int room)
{
	(void)flags;
	return locale_id(locale) ? number_format(s, f, out, room) : refuse(ERROR_INVALID_PARAMETER);
}

WINAPI int
kernel32_GetNumberFormatW(LCID id, DWORD flags, const WCHAR *s, const struct NUMBERFMTW *f,
                          WCHAR *out, int room)
{
	(void)flags;
	return locale_valid(id) ? number_format(s, f, out, room) : refuse(ERROR_INVALID_PARAMETER);
}

WINAPI int
kernel32_GetCurrencyFormatEx(const WCHAR *locale, DWORD flags, const WCHAR *s,
                             const struct CURRENCYFMTW *f, WCHAR *out, int room)
{
	(void)flags;
	return locale_id(locale) ? currency_format(s, f, out, room)
	                         : refuse(ERROR_INVALID_PARAMETER);
}

WINAPI int
kernel32_GetCurrencyFormatW(LCID id, DWORD flags, const WCHAR *s, const struct CURRENCYFMTW *f,
                            WCHAR *out, int room)
{
	(void)flags;
	return locale_valid(id) ? currency_format(s, f, out, room)
	                        : refuse(ERROR_INVALID_PARAMETER);
}
