/* SPDX-License-Identifier: Apache-2.0 */
/* shlwapi.c -- strings that are paths, patterns and addresses. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/text/nls.h"

#define E_INVALIDARG ((HRESULT)0x80070057)
#define E_POINTER    ((HRESULT)0x80004003)

WINAPI DWORD kernel32_GetFileAttributesW(const WCHAR *path);

static bool slash(WCHAR c) { return c == '\\' || c == '/'; }

WINAPI WCHAR *
shlwapi_PathFindFileNameW(const WCHAR *p)
{
	const WCHAR *name = p;
	for (; p && *p; p++)
		if ((slash(*p) || *p == ':') && p[1] && !slash(p[1]))
			name = p + 1;
	return (WCHAR *)name;
}

WINAPI WCHAR *
shlwapi_PathFindExtensionW(const WCHAR *p)
{
	const WCHAR *dot = NULL;
	for (; p && *p; p++) {
		if (*p == '\\' || *p == ' ')
			dot = NULL;
		else if (*p == '.')
			dot = p;
	}
	return (WCHAR *)(dot ? dot : p);
}

WINAPI BOOL
shlwapi_PathFileExistsW(const WCHAR *p)
{
	return p && kernel32_GetFileAttributesW(p) != 0xffffffff;
}

WINAPI BOOL
shlwapi_PathFileExistsA(const char *p)
{
	WCHAR *w = nls_wide_ansi(p);
	BOOL there = shlwapi_PathFileExistsW(w);
	free(w);
	return there;
}

WINAPI BOOL
shlwapi_PathIsDirectoryW(const WCHAR *p)
{
	DWORD a = p ? kernel32_GetFileAttributesW(p) : 0xffffffff;
	return a != 0xffffffff && (a & 0x10) ? 0x10 : 0;
}

WINAPI BOOL
shlwapi_PathIsRelativeW(const WCHAR *p)
{
	return !p || !*p || (*p != '\\' && p[1] != ':');
}
WINAPI BOOL
shlwapi_PathIsUNCW(const WCHAR *p)
{
	return p && p[0] == '\\' && p[1] == '\\' && p[2] != '?';
}

WINAPI BOOL
shlwapi_PathIsRootW(const WCHAR *p)
{
	if (!p || !*p)
		return FALSE;
	return (*p == '\\' && !p[1]) || (p[1] == ':' && p[2] == '\\' && !p[3]);
}

WINAPI BOOL
shlwapi_PathRemoveFileSpecW(WCHAR *p)
{
	WCHAR *cut = p;
	bool drive = p && *p && p[1] == ':';
	if (!p)
		return FALSE;
	for (WCHAR *q = p; *q; q++)
		if (*q == '\\')
			cut = q;
	if (cut == p && *p == '\\')
		cut++;
	if (drive && cut <= p + 2)
		cut = p[2] == '\\' ? p + 3 : p + 2;
	if (!*cut)
		return FALSE;
	*cut = 0;
	return TRUE;
}

WINAPI void
shlwapi_PathStripPathW(WCHAR *p)
{
	WCHAR *n = shlwapi_PathFindFileNameW(p);
	memmove(p, n, (nls_length(n) + 1) * sizeof *p);
}
WINAPI void
shlwapi_PathRemoveExtensionW(WCHAR *p)
{
	*shlwapi_PathFindExtensionW(p) = 0;
}

WINAPI WCHAR *
shlwapi_PathAddBackslashW(WCHAR *p)
{
	size_t n = p ? nls_length(p) : MAX_PATH;
	if (n + 1 >= MAX_PATH)
		return NULL;
	if (n && p[n - 1] != '\\')
		p[n++] = '\\';
	p[n] = 0;
	return p + n;
}

WINAPI WCHAR *
shlwapi_PathRemoveBackslashW(WCHAR *p)
{
	size_t n = p ? nls_length(p) : 0;
	if (!p)
		return NULL;
	if (n && p[n - 1] == '\\' && !shlwapi_PathIsRootW(p))
		p[--n] = 0;
	return p + n;
}

/* Without . and ..; out holds as much as in. */
static void
canonical(const WCHAR *p, WCHAR *out)
{
	size_t o = 0, root = 0;
	if (p[0] == '\\' && p[1] == '\\') {
		/* \\server\share\ or \\?\C:\ stays */
		int parts = p[2] == '?' && p[3] == '\\' ? 1 : 2;
		out[o++] = *p++;
		out[o++] = *p++;
		if (parts == 1) {
			out[o++] = *p++;
			out[o++] = *p++;
			if (*p && p[1] == ':')
				out[o++] = *p++, out[o++] = *p++;
			if (*p == '\\')
				out[o++] = *p++;
		} else {
			while (*p && (parts -= *p == '\\') > 0)
				out[o++] = *p++;
			if (*p == '\\')
				out[o++] = *p++;
		}
	} else if (*p && p[1] == ':') {
		out[o++] = *p++;
		out[o++] = *p++;
		if (*p == '\\')
			out[o++] = *p++;
	} else if (*p == '\\') {
		out[o++] = *p++;
	}
	root = o;
	while (*p) {
		size_t n = 0;
		while (p[n] && p[n] != '\\')
			n++;
		if (n == 1 && *p == '.') {
			/* stays where it is */
		} else if (n == 2 && p[0] == '.' && p[1] == '.') {
			if (o > root)
				o--;
			while (o > root && out[o - 1] != '\\')
				o--;
			if (o > root && !p[n])
				o--;
		} else {
			memcpy(out + o, p, n * sizeof *out);
			o += n;
			if (p[n])
				out[o++] = '\\';
		}
		p += n;
		if (*p)
			p++;
		else if (o > root && out[o - 1] == '\\' && n <= 2 && n > 0 && p[-1] == '.')
			o--;
	}
	if (o == 0)
		out[o++] = '\\';
	if (o == 2 && out[1] == ':')
		out[o++] = '\\';
	out[o] = 0;
}

WINAPI BOOL
shlwapi_PathCanonicalizeW(WCHAR *out, const WCHAR *p)
{
	if (!out || !p || nls_length(p) >= MAX_PATH)
		return refuse(ERROR_INVALID_PARAMETER);
	if (!*p) {
		out[0] = '\\';
		out[1] = 0;
		return TRUE;
	}
	canonical(p, out);
	return TRUE;
}

/* dir and file together; to be freed. */
static WCHAR *
combine(const WCHAR *dir, const WCHAR *file)
{
	size_t n = dir ? nls_length(dir) : 0, m = file ? nls_length(file) : 0;
	WCHAR *both = malloc((n + m + 2) * sizeof *both), *out = malloc((n + m + 8) * sizeof *out);
	size_t o = 0;
	if (!both || !out) {
		free(both);
		free(out);
		return NULL;
	}
	if (m && !shlwapi_PathIsRelativeW(file)) {
		if (*file == '\\' && file[1] != '\\' && n >= 2 && dir[1] == ':') {
			memcpy(both, dir, 2 * sizeof *both);
			o = 2;
		}
	} else if (n) {
		memcpy(both, dir, n * sizeof *both);
		o = n;
		if (m && both[o - 1] != '\\')
			both[o++] = '\\';
	}
	if (m)
		memcpy(both + o, file, m * sizeof *both);
	both[o + m] = 0;
	canonical(both, out);
	free(both);
	return out;
}

WINAPI WCHAR *
shlwapi_PathCombineW(WCHAR *out, const WCHAR *dir, const WCHAR *file)
{
	WCHAR *p = out && (dir || file) ? combine(dir, file) : NULL;
	if (out)
		*out = 0;
	if (!p || nls_length(p) >= MAX_PATH) {
		free(p);
		return NULL;
	}
	memcpy(out, p, (nls_length(p) + 1) * sizeof *out);
	free(p);
	return out;
}

WINAPI BOOL
shlwapi_PathAppendW(WCHAR *p, const WCHAR *more)
{
	while (more && *more == '\\' && more[1] != '\\')
		more++;
	return p && shlwapi_PathCombineW(p, p, more) != NULL;
}

WINAPI BOOL
shlwapi_PathIsPrefixW(const WCHAR *prefix, const WCHAR *p)
{
	size_t n = prefix ? nls_length(prefix) : 0;
	if (!prefix || !p)
		return FALSE;
	if (nls_length(p) < n || nls_compare_case(prefix, n, p, n))
		return FALSE;
	return !p[n] || p[n] == '\\' || (n && prefix[n - 1] == '\\');
}

static bool
match(const WCHAR *s, const WCHAR *p, const WCHAR *end)
{
	for (; p < end; p++, s++) {
		if (*p == '*') {
			for (;; s++) {
				if (match(s, p + 1, end))
					return true;
				if (!*s)
					return false;
			}
		}
		if (!*s || (*p != '?' && nls_up(*p) != nls_up(*s)))
			return false;
	}
	return !*s;
}

WINAPI BOOL
shlwapi_PathMatchSpecW(const WCHAR *s, const WCHAR *spec)
{
	if (!s || !spec)
		return FALSE;
	while (*spec) {
		while (*spec == ' ')
			spec++;
		const WCHAR *end = spec;
		while (*end && *end != ';')
			end++;
		if ((end - spec == 3 && spec[0] == '*' && spec[1] == '.' && spec[2] == '*') ||
		    match(s, spec, end))
			return TRUE;
		spec = *end ? end + 1 : end;
	}
	return FALSE;
}

/* -- strings -------------------------------------------------------------------------- */

WINAPI int
shlwapi_StrCmpLogicalW(const WCHAR *a, const WCHAR *b)
{
	return a && b ? nls_collate(1 | 8, a, nls_length(a), b, nls_length(b)) : 0;
}

WINAPI int
shlwapi_StrCmpW(const WCHAR *a, const WCHAR *b)
{
	return nls_collate(0, a, nls_length(a), b, nls_length(b));
}
WINAPI int
shlwapi_StrCmpIW(const WCHAR *a, const WCHAR *b)
{
	return nls_collate(1, a, nls_length(a), b, nls_length(b));
}

static int
first(const WCHAR *a, const WCHAR *b, int n, bool ignore_case)
{
	for (int i = 0; i < n; i++) {
		WCHAR x = ignore_case ? nls_up(a[i]) : a[i], y = ignore_case ? nls_up(b[i]) : b[i];
		if (x != y || !x)
			return x < y ? -1 : x > y;
	}
	return 0;
}

WINAPI int
shlwapi_StrCmpNW(const WCHAR *a, const WCHAR *b, int n)
{
	return first(a, b, n, false);
}
WINAPI int
shlwapi_StrCmpNIW(const WCHAR *a, const WCHAR *b, int n)
{
	return first(a, b, n, true);
}

WINAPI WCHAR *
shlwapi_StrStrW(const WCHAR *s, const WCHAR *what)
{
	int n = (int)nls_length(what);
	for (; n && *s; s++)
		if (!first(s, what, n, false))
			return (WCHAR *)s;
	return NULL;
}

WINAPI WCHAR *
shlwapi_StrStrIW(const WCHAR *s, const WCHAR *what)
{
	int n = (int)nls_length(what);
	for (; n && *s; s++)
		if (!first(s, what, n, true))
			return (WCHAR *)s;
	return NULL;
}

/* -- addresses -------------------------------------------------------------------------- */

static size_t
scheme(const WCHAR *s)
{
	size_t n = 0;
	while ((nls_type(s[n])[0] & 0x104) || s[n] == '+' || s[n] == '-' || s[n] == '.')
		n++;
	return n >= 2 && s[n] == ':' ? n : 0;
}

enum {
	URLIS_URL,
	URLIS_OPAQUE,
	URLIS_NOHISTORY,
	URLIS_FILEURL,
	URLIS_APPLIABLE,
	URLIS_DIRECTORY,
	URLIS_HASQUERY
};

WINAPI BOOL
shlwapi_UrlIsW(const WCHAR *s, int what)
{
	size_t n = s ? scheme(s) : 0;
	switch (what) {
	case URLIS_URL: return n != 0;
	case URLIS_OPAQUE: return n && !slash(s[n + 1]);
	case URLIS_FILEURL: return n == 4 && first(s, u"file", 4, true) == 0;
	case URLIS_DIRECTORY: return n && s[nls_length(s) - 1] == '/';
	case URLIS_HASQUERY:
		for (; s && *s; s++)
			if (*s == '?')
				return TRUE;
		return FALSE;
	default: return FALSE;
	}
}

WINAPI BOOL
shlwapi_PathIsURLW(const WCHAR *s)
{
	return s && scheme(s) != 0;
}

static int hex(WCHAR c) { return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1; }

WINAPI HRESULT
shlwapi_PathCreateFromUrlW(const WCHAR *url, WCHAR *out, DWORD *size, DWORD flags)
{
	size_t o = 0;
	char *narrow;
	(void)flags;
	if (!url || !out || !size || !*size)
		return E_INVALIDARG;
	if (!shlwapi_UrlIsW(url, URLIS_FILEURL))
		return E_INVALIDARG;
	url += 5;
	while (slash(*url))
		url++;
	if (!(narrow = malloc(nls_length(url) * 3 + 1)))
		return (HRESULT)0x8007000e;
	for (const WCHAR *p = url; *p && *p != '?' && *p != '#'; p++) {
		if (*p == '%' && hex(p[1]) >= 0 && hex(p[2]) >= 0) {
			narrow[o++] = (char)(hex(p[1]) << 4 | hex(p[2]));
			p += 2;
		} else if (*p == '/') {
			narrow[o++] = '\\';
		} else if (*p == '|' && o == 1) {
			narrow[o++] = ':';
		} else {
			o += nls_8_of_16(p, 1, narrow + o, 3, NULL);
		}
	}
	narrow[o] = 0;
	size_t n = nls_16_of_8(narrow, o, out, *size - 1, NULL);
	free(narrow);
	if (n >= *size)
		return E_POINTER;
	out[n] = 0;
	*size = (DWORD)n;
	return 0;
}

WINAPI HRESULT
shlwapi_AssocQueryStringW(DWORD flags, int what, const WCHAR *assoc, const WCHAR *extra, WCHAR *out,
                          DWORD *size)
{
	(void)flags, (void)what, (void)assoc, (void)extra, (void)out, (void)size;
	return (HRESULT)0x80070483; /* ERROR_NO_ASSOCIATION */
}

WINAPI HRESULT
shlwapi_SHAutoComplete(HWND w, DWORD flags)
{
	(void)w, (void)flags;
	return (HRESULT)0x80004005;
}
