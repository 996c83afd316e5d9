/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_string.c -- lstr functions. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/except/except.h"
#include "layer/api/nt/text/nls.h"

WINAPI int
kernel32_lstrlenW(const WCHAR *s)
{
	return s ? (int)nls_length(s) : 0;
}
WINAPI int
kernel32_lstrlenA(const char *s)
{
	return s ? (int)strlen(s) : 0;
}

/* A pointer that faults is no exception to these: their answer is NULL then. */
struct copy {
	void *to;
	const void *from;
	int room; /* 0: as long as it is */
	size_t unit;
	bool append;
};

static size_t
length(const void *s, size_t unit)
{
	return unit == 1 ? strlen(s) : nls_length(s);
}

static void
copy(void *arg)
{
	struct copy *c = arg;
	char *to = c->to;
	size_t n = 0;
	if (c->append)
		to += length(to, c->unit) * c->unit;
	if (!c->room) {
		n = length(c->from, c->unit);
		memmove(to, c->from, n * c->unit);
	} else {
		/* no more is read than there is room for */
		for (; n + 1 < (size_t)c->room; n++) {
			const char *at = (const char *)c->from + n * c->unit;
			if (!(c->unit == 1 ? (WCHAR)*at : *(const WCHAR *)(const void *)at))
				break;
			memcpy(to + n * c->unit, at, c->unit);
		}
	}
	memset(to + n * c->unit, 0, c->unit);
}

static void *
copied(struct copy c)
{
	return except_try(copy, &c) ? c.to : NULL;
}

WINAPI WCHAR *
kernel32_lstrcpyW(WCHAR *to, const WCHAR *from)
{
	return copied((struct copy){ to, from, 0, sizeof *to, false });
}

WINAPI char *
kernel32_lstrcpyA(char *to, const char *from)
{
	return copied((struct copy){ to, from, 0, sizeof *to, false });
}

WINAPI WCHAR *
kernel32_lstrcpynW(WCHAR *to, const WCHAR *from, int room)
{
	return room > 0 ? copied((struct copy){ to, from, room, sizeof *to, false }) : to;
}

WINAPI char *
kernel32_lstrcpynA(char *to, const char *from, int room)
{
	return room > 0 ? copied((struct copy){ to, from, room, sizeof *to, false }) : to;
}

WINAPI WCHAR *
kernel32_lstrcatW(WCHAR *to, const WCHAR *from)
{
	return copied((struct copy){ to, from, 0, sizeof *to, true });
}

WINAPI char *
kernel32_lstrcatA(char *to, const char *from)
{
	return copied((struct copy){ to, from, 0, sizeof *to, true });
}

static int
compare(const WCHAR *a, const WCHAR *b, DWORD flags)
{
	if (!a || !b)
		return a ? 1 : b ? -1 : 0;
	return nls_collate(flags, a, nls_length(a), b, nls_length(b));
}

static int
compare_narrow(const char *a, const char *b, DWORD flags)
{
	WCHAR *x = nls_wide_ansi(a), *y = nls_wide_ansi(b);
	int r = compare(x, y, flags);
	free(x);
	free(y);
	return r;
}

WINAPI int
kernel32_lstrcmpW(const WCHAR *a, const WCHAR *b)
{
	return compare(a, b, 0);
}
WINAPI int
kernel32_lstrcmpA(const char *a, const char *b)
{
	return compare_narrow(a, b, 0);
}
WINAPI int
kernel32_lstrcmpiW(const WCHAR *a, const WCHAR *b)
{
	return compare(a, b, 1);
}
WINAPI int
kernel32_lstrcmpiA(const char *a, const char *b)
{
	return compare_narrow(a, b, 1);
}
