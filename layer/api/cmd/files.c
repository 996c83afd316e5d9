/* SPDX-License-Identifier: Apache-2.0 */
/* files.c -- names, folders and variables, asked of Windows and answered in whole strings. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "layer/api/cmd/cmd.h"

WCHAR *
cmd_full(const WCHAR *name)
{
	DWORD n = kernel32_GetFullPathNameW(name, 0, NULL, NULL);

	if (!n)
		return wtext_dup(name);
	WCHAR *p = xmalloc((n + 1) * sizeof *p);
	p[0] = 0;
	if (kernel32_GetFullPathNameW(name, n + 1, p, NULL) == 0) {
		free(p);
		return wtext_dup(name);
	}
	return p;
}

WCHAR *
cmd_current(void)
{
	DWORD n = kernel32_GetCurrentDirectoryW(0, NULL);
	WCHAR *p = xcalloc(n + 2, sizeof *p);

	kernel32_GetCurrentDirectoryW(n + 1, p);
	return p;
}

WCHAR *
cmd_getenv(const WCHAR *name)
{
	DWORD n = kernel32_GetEnvironmentVariableW(name, NULL, 0);

	if (!n)
		return NULL;
	WCHAR *p = xcalloc(n + 1, sizeof *p);
	kernel32_GetEnvironmentVariableW(name, p, n + 1);
	return p;
}

static void
two(struct wtext *t, int v, WCHAR pad)
{
	if (v < 10)
		wtext_addc(t, pad);
	wtext_number(t, v);
}

/* The variables that are not in the environment. */
static bool
dynamic(struct cmd *c, const WCHAR *name, struct wtext *t)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	struct SYSTEMTIME now;

	if (wtext_is(name, "cd")) {
		WCHAR *cd = cmd_current();
		wtext_add(t, cd);
		free(cd);
	} else if (wtext_is(name, "errorlevel")) {
		wtext_number(t, c->errorlevel);
	} else if (wtext_is(name, "cmdcmdline")) {
		wtext_add(t, c->line);
	} else if (wtext_is(name, "cmdextversion")) {
		wtext_addc(t, '2');
	} else if (wtext_is(name, "highestnumanodenumber")) {
		wtext_addc(t, '0');
	} else if (wtext_is(name, "random")) {
		c->random = c->random * 214013 + 2531011;
		wtext_number(t, c->random >> 16 & 0x7fff);
	} else if (wtext_is(name, "date")) {
		kernel32_GetLocalTime(&now);
		wtext_ascii(t, days[now.wDayOfWeek % 7]);
		wtext_addc(t, ' ');
		two(t, now.wMonth, '0');
		wtext_addc(t, '/');
		two(t, now.wDay, '0');
		wtext_addc(t, '/');
		wtext_number(t, now.wYear);
	} else if (wtext_is(name, "time")) {
		kernel32_GetLocalTime(&now);
		two(t, now.wHour, ' ');
		wtext_addc(t, ':');
		two(t, now.wMinute, '0');
		wtext_addc(t, ':');
		two(t, now.wSecond, '0');
		wtext_addc(t, '.');
		two(t, now.wMilliseconds / 10, '0');
	} else {
		return false;
	}
	return true;
}

WCHAR *
cmd_variable(struct cmd *c, const WCHAR *name)
{
	struct wtext t = { 0 };
	WCHAR *own = cmd_getenv(name);

	if (own)
		return own;
	return c->extensions && dynamic(c, name, &t) ? wtext_take(&t) : NULL;
}

bool
cmd_has_wildcard(const WCHAR *name)
{
	return wtext_chr(name, '*') || wtext_chr(name, '?');
}

bool
cmd_exists(const WCHAR *name)
{
	struct WIN32_FIND_DATAW d;

	if (!cmd_has_wildcard(name))
		return kernel32_GetFileAttributesW(name) != (DWORD)INVALID_ATTRIBUTES;
	HANDLE h = kernel32_FindFirstFileW(name, &d);
	if (h == INVALID_HANDLE_VALUE)
		return false;
	kernel32_FindClose(h);
	return true;
}

bool
cmd_is_folder(const WCHAR *name)
{
	DWORD a = kernel32_GetFileAttributesW(name);

	return a != (DWORD)INVALID_ATTRIBUTES && a & FILE_ATTRIBUTE_DIRECTORY;
}

WCHAR *
cmd_join(const WCHAR *folder, const WCHAR *name)
{
	struct wtext t = { 0 };

	wtext_add(&t, folder);
	if (t.n && t.p[t.n - 1] != '\\' && t.p[t.n - 1] != '/' && t.p[t.n - 1] != ':')
		wtext_addc(&t, '\\');
	wtext_add(&t, name);
	return wtext_take(&t);
}

const WCHAR *
cmd_base_of(const WCHAR *path)
{
	const WCHAR *base = path;

	for (const WCHAR *p = path; *p; p++)
		if (*p == '\\' || *p == '/' || (*p == ':' && p == path + 1))
			base = p + 1;
	return base;
}

WCHAR *
cmd_folder_of(const WCHAR *path)
{
	return wtext_dupn(path, (size_t)(cmd_base_of(path) - path));
}

static int
by_name(const void *a, const void *b)
{
	const struct WIN32_FIND_DATAW *x = a, *y = b;

	return wtext_icmp(x->cFileName, y->cFileName);
}

struct found
cmd_find(const WCHAR *pattern, bool dots)
{
	struct found f = { 0 };
	struct WIN32_FIND_DATAW d;
	HANDLE h = kernel32_FindFirstFileW(pattern, &d);

	if (h == INVALID_HANDLE_VALUE)
		return f;
	do {
		bool dot = wtext_is(d.cFileName, ".") || wtext_is(d.cFileName, "..");
		if (dot && !dots)
			continue;
		f.p = xrealloc(f.p, (f.n + 1) * sizeof *f.p);
		f.p[f.n++] = d;
	} while (kernel32_FindNextFileW(h, &d));
	kernel32_FindClose(h);
	/* NTFS keeps its folders sorted, and whoever lists one relies on it. */
	if (f.n)
		qsort(f.p, f.n, sizeof *f.p, by_name);
	return f;
}

WCHAR *
cmd_read(HANDLE h)
{
	size_t n = 0, cap = 1 << 16;
	char *bytes = xmalloc(cap);
	struct wtext t = { 0 };
	DWORD got;

	while (kernel32_ReadFile(h, bytes + n, (DWORD)(cap - n), &got, NULL) && got) {
		n += got;
		if (n == cap)
			bytes = xrealloc(bytes, cap *= 2);
	}
	if (n >= 2 && (BYTE)bytes[0] == 0xff && (BYTE)bytes[1] == 0xfe) {
		for (size_t i = 2; i + 1 < n; i += 2)
			wtext_addc(&t, (WCHAR)((BYTE)bytes[i] | (BYTE)bytes[i + 1] << 8));
	} else {
		size_t from = n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
		wtext_utf8(&t, bytes + from, n - from);
	}
	free(bytes);
	return wtext_take(&t);
}

/* Byte by byte: what stands behind the line belongs to whoever reads next. */
bool
cmd_read_line(struct cmd *c, HANDLE h, struct wtext *line)
{
	char *bytes = NULL, b;
	size_t n = 0, cap = 0;
	bool any = false;
	DWORD got;

	(void)c;
	while (kernel32_ReadFile(h, &b, 1, &got, NULL) && got) {
		any = true;
		if (b == '\n')
			break;
		if (n == cap)
			bytes = xrealloc(bytes, cap = cap * 2 + 80);
		bytes[n++] = b;
	}
	if (n && bytes[n - 1] == '\r')
		n--;
	if (n)
		wtext_utf8(line, bytes, n);
	free(bytes);
	return any;
}

void
cmd_stamp(const struct FILETIME *t, struct wtext *out)
{
	struct FILETIME local;
	struct SYSTEMTIME s;

	if (!kernel32_FileTimeToLocalFileTime(t, &local) ||
	    !kernel32_FileTimeToSystemTime(&local, &s))
		return;
	two(out, s.wMonth, '0');
	wtext_addc(out, '/');
	two(out, s.wDay, '0');
	wtext_addc(out, '/');
	wtext_number(out, s.wYear);
	wtext_ascii(out, "  ");
	two(out, s.wHour % 12 ? s.wHour % 12 : 12, '0');
	wtext_addc(out, ':');
	two(out, s.wMinute, '0');
	wtext_ascii(out, s.wHour < 12 ? " AM" : " PM");
}
