/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_string.c -- lstr functions. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/nls.h"

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

WINAPI WCHAR *
kernel32_lstrcpyW(WCHAR *to, const WCHAR *from)
{
	return memmove(to, from, (nls_length(from) + 1) * sizeof *to);
}

WINAPI char *
kernel32_lstrcpyA(char *to, const char *from)
{
	return memmove(to, from, strlen(from) + 1);
}

WINAPI WCHAR *
kernel32_lstrcpynW(WCHAR *to, const WCHAR *from, int room)
{
	int i = 0;
	for (; i + 1 < room && from[i]; i++)
		to[i] = from[i];
	if (room > 0)
		to[i] = 0;
	return to;
}

WINAPI char *
kernel32_lstrcpynA(char *to, const char *from, int room)
{
	int i = 0;
	for (; i + 1 < room && from[i]; i++)
		to[i] = from[i];
	if (room > 0)
		to[i] = 0;
	return to;
}

WINAPI WCHAR *
kernel32_lstrcatW(WCHAR *to, const WCHAR *from)
{
	kernel32_lstrcpyW(to + nls_length(to), from);
	return to;
}

WINAPI char *
kernel32_lstrcatA(char *to, const char *from)
{
	kernel32_lstrcpyA(to + strlen(to), from);
	return to;
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
