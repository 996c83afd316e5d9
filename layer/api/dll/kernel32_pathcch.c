/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_pathcch.c -- PathCch functions: paths in buffers whose size is said. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/mem/movable.h"
#include "layer/api/nt/text/nls.h"

#define E_INVALIDARG  ((HRESULT)0x80070057)
#define E_OUTOFMEMORY ((HRESULT)0x8007000e)
#define TOO_LONG      ((HRESULT)0x800700ce)
#define SMALL         ((HRESULT)0x8007007a)

WINAPI BOOL shlwapi_PathIsRelativeW(const WCHAR *p);

/* How much of a path is its root: \\?\, a drive, a server's share. */
static size_t
root(const WCHAR *p)
{
	size_t n = 0;
	if (p[0] == '\\' && p[1] == '\\' && p[2] == '?' && p[3] == '\\')
		n = 4;
	if (p[n] && p[n + 1] == ':')
		return n + 2 + (p[n + 2] == '\\');
	if (n)
		return n;
	if (p[0] == '\\' && p[1] == '\\') {
		int parts = 2;
		for (n = 2; p[n] && (parts -= p[n] == '\\') > 0;)
			n++;
		return n + (p[n] == '\\');
	}
	return p[0] == '\\';
}

/* Without . and .. and without a \\?\ that a short path does not need; to be freed. */
static WCHAR *
canonical(const WCHAR *p, ULONG flags)
{
	size_t length = nls_length(p), r, o;
	WCHAR *out = malloc((length + 8) * sizeof *out);
	if (!out)
		return NULL;
	if (p[0] == '\\' && p[1] == '\\' && p[2] == '?' && p[3] == '\\' && p[4] && p[5] == ':' &&
	    length - 4 < MAX_PATH && !(flags & 0x10))
		p += 4;
	r = o = root(p);
	memcpy(out, p, r * sizeof *out);
	p += r;
	while (*p) {
		size_t n = 0;
		while (p[n] && p[n] != '\\')
			n++;
		bool more = p[n] != 0;
		if (n == 2 && p[0] == '.' && p[1] == '.') {
			if (o > r)
				o--;
			while (o > r && out[o - 1] != '\\')
				o--;
		} else if (!(n == 1 && *p == '.')) {
			/* dots at the end of a part do not count */
			size_t keep = n;
			while (!more && keep > 1 && p[keep - 1] == '.')
				keep--;
			memcpy(out + o, p, keep * sizeof *out);
			o += keep;
			if (more)
				out[o++] = '\\';
		}
		p += n + more;
		if (!more && n && p[-1] == '.' && o > r && out[o - 1] == '\\')
			o--;
	}
	if (o == 2 && out[1] == ':')
		out[o++] = '\\';
	if (!o)
		out[o++] = '\\';
	out[o] = 0;
	return out;
}

static WCHAR *
combine(const WCHAR *dir, const WCHAR *file, ULONG flags)
{
	size_t n = dir ? nls_length(dir) : 0, m = file ? nls_length(file) : 0, o = 0;
	WCHAR *both, *out;
	if (!(both = malloc((n + m + 2) * sizeof *both)))
		return NULL;
	if (m && *file == '\\' && file[1] != '\\' && n)
		memcpy(both, dir, (o = root(dir)) * sizeof *both), o -= o && both[o - 1] == '\\';
	else if (n && (!m || shlwapi_PathIsRelativeW(file)))
		memcpy(both, dir, (o = n) * sizeof *both);
	if (o && m && *file != '\\' && both[o - 1] != '\\')
		both[o++] = '\\';
	memcpy(both + o, m ? file : u"", (m + 1) * sizeof *both);
	out = canonical(both, flags);
	free(both);
	return out;
}

static HRESULT
give(WCHAR *p, WCHAR *out, SIZE_T room, ULONG flags)
{
	size_t n = p ? nls_length(p) : 0;
	HRESULT r = !p                              ? E_OUTOFMEMORY
	            : n >= MAX_PATH && !(flags & 1) ? TOO_LONG
	            : n >= room                     ? SMALL
	                                            : 0;
	if (r == 0)
		memcpy(out, p, (n + 1) * sizeof *out);
	else if (room)
		*out = 0;
	free(p);
	return r;
}

static HRESULT
give_local(WCHAR *p, WCHAR **out, ULONG flags)
{
	size_t n = p ? nls_length(p) : 0;
	HANDLE h;
	*out = NULL;
	if (!p || (n >= MAX_PATH && !(flags & 1))) {
		free(p);
		return p ? TOO_LONG : E_OUTOFMEMORY;
	}
	DWORD e = movable_alloc(0, (n + 1) * sizeof *p, &h);
	if (!e) {
		memcpy(h, p, (n + 1) * sizeof *p);
		*out = h;
	}
	free(p);
	return e ? E_OUTOFMEMORY : 0;
}

WINAPI HRESULT
kernel32_PathAllocCanonicalize(const WCHAR *p, ULONG flags, WCHAR **out)
{
	return p && out ? give_local(canonical(p, flags), out, flags) : E_INVALIDARG;
}
WINAPI HRESULT
kernel32_PathAllocCombine(const WCHAR *dir, const WCHAR *file, ULONG flags, WCHAR **out)
{
	return (dir || file) && out ? give_local(combine(dir, file, flags), out, flags)
	                            : E_INVALIDARG;
}
WINAPI HRESULT
kernel32_PathCchCanonicalizeEx(WCHAR *out, SIZE_T room, const WCHAR *p, ULONG flags)
{
	return p && out ? give(canonical(p, flags), out, room, flags) : E_INVALIDARG;
}
WINAPI HRESULT
kernel32_PathCchCanonicalize(WCHAR *out, SIZE_T room, const WCHAR *p)
{
	return kernel32_PathCchCanonicalizeEx(out, room, p, 0);
}
WINAPI HRESULT
kernel32_PathCchCombineEx(WCHAR *out, SIZE_T room, const WCHAR *dir, const WCHAR *file, ULONG flags)
{
	return out && (dir || file) ? give(combine(dir, file, flags), out, room, flags)
	                            : E_INVALIDARG;
}
WINAPI HRESULT
kernel32_PathCchCombine(WCHAR *out, SIZE_T room, const WCHAR *dir, const WCHAR *file)
{
	return kernel32_PathCchCombineEx(out, room, dir, file, 0);
}
WINAPI HRESULT
kernel32_PathCchAppendEx(WCHAR *p, SIZE_T room, const WCHAR *more, ULONG flags)
{
	return p && more ? give(combine(p, more, flags), p, room, flags) : E_INVALIDARG;
}
WINAPI HRESULT
kernel32_PathCchAppend(WCHAR *p, SIZE_T room, const WCHAR *more)
{
	return kernel32_PathCchAppendEx(p, room, more, 0);
}

WINAPI HRESULT
kernel32_PathCchRemoveFileSpec(WCHAR *p, SIZE_T room)
{
	if (!p || !room || room > 32768)
		return E_INVALIDARG;
	size_t r = root(p), n = nls_length(p), cut = n;
	while (cut > r && p[cut - 1] != '\\')
		cut--;
	if (cut > r)
		cut--;
	if (cut == n)
		return 1; /* S_FALSE: nothing to take away */
	p[cut] = 0;
	return 0;
}

WINAPI HRESULT
kernel32_PathCchAddBackslash(WCHAR *p, SIZE_T room)
{
	size_t n = p ? nls_length(p) : 0;
	if (!p)
		return E_INVALIDARG;
	if (n && p[n - 1] == '\\')
		return 1;
	if (n + 2 > room)
		return SMALL;
	p[n] = '\\';
	p[n + 1] = 0;
	return 0;
}

WINAPI BOOL
kernel32_PathCchIsRoot(const WCHAR *p)
{
	return p && *p && root(p) == nls_length(p);
}

WINAPI HRESULT
kernel32_PathCchSkipRoot(const WCHAR *p, const WCHAR **out)
{
	if (!p || !out || !root(p))
		return E_INVALIDARG;
	*out = p + root(p);
	return 0;
}

WINAPI HRESULT
kernel32_PathCchFindExtension(const WCHAR *p, SIZE_T room, const WCHAR **out)
{
	const WCHAR *dot = NULL, *end = p;
	(void)room;
	if (!p || !out)
		return E_INVALIDARG;
	for (; *end; end++)
		dot = *end == '.' ? end : *end == '\\' || *end == ' ' ? NULL : dot;
	*out = dot ? dot : end;
	return 0;
}
