/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_nls.c -- code pages, and strings by character: kinds, case, order. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/text/nls.h"

static int
answer(int n)
{
	return n < 0 ? refuse((DWORD)-n) : n;
}

WINAPI int
kernel32_MultiByteToWideChar(UINT page, DWORD flags, const char *s, int n, WCHAR *out, int room)
{
	if (!s || n == 0 || n < -1 || room < 0 ||
	    (room && (!out || (const void *)out == (const void *)s)))
		return refuse(ERROR_INVALID_PARAMETER);
	if (n == -1)
		n = (int)strlen(s) + 1;
	return answer(nls_decode(page, flags, s, n, out, room));
}

WINAPI int
kernel32_WideCharToMultiByte(UINT page, DWORD flags, const WCHAR *s, int n, char *out, int room,
                             const char *otherwise, BOOL *used)
{
	if (!s || n == 0 || n < -1 || room < 0 ||
	    (room && (!out || (const void *)out == (const void *)s)))
		return refuse(ERROR_INVALID_PARAMETER);
	if (n == -1)
		n = (int)nls_length(s) + 1;
	return answer(nls_encode(page, flags, s, n, out, room, otherwise, used));
}

WINAPI UINT
kernel32_GetACP(void)
{
	return NLS_ANSI;
}
WINAPI UINT
kernel32_GetOEMCP(void)
{
	return NLS_OEM;
}
WINAPI BOOL
kernel32_IsValidCodePage(UINT page)
{
	return page > 3 && nls_page_valid(page);
}
WINAPI BOOL
kernel32_IsDBCSLeadByte(BYTE c)
{
	return nls_page_lead(NLS_ANSI, c);
}

WINAPI BOOL
kernel32_IsDBCSLeadByteEx(UINT page, BYTE c)
{
	if (!nls_page_valid(nls_page(page)))
		return refuse(ERROR_INVALID_PARAMETER);
	return nls_page_lead(page, c);
}

struct CPINFO {
	UINT MaxCharSize;
	BYTE DefaultChar[2], LeadByte[12];
};

WINAPI BOOL
kernel32_GetCPInfo(UINT page, struct CPINFO *out)
{
	page = nls_page(page);
	if (!nls_page_valid(page) || !out)
		return refuse(ERROR_INVALID_PARAMETER);
	*out = (struct CPINFO){ page == NLS_UTF8              ? 4
		                : page == NLS_UTF7            ? 5
		                : nls_page_double(page, NULL) ? 2
		                                              : 1,
		                { '?', 0 },
		                { 0 } };
	/* ranges of bytes that lead */
	int n = 0;
	for (int c = 128; c < 256 && n < 10; c++)
		if (nls_page_lead(page, (BYTE)c)) {
			if (c == 128 || !nls_page_lead(page, (BYTE)(c - 1)))
				out->LeadByte[n++] = (BYTE)c;
			if (c == 255 || !nls_page_lead(page, (BYTE)(c + 1)))
				out->LeadByte[n++] = (BYTE)c;
		}
	return TRUE;
}

struct CPINFOEXW {
	UINT MaxCharSize;
	BYTE DefaultChar[2], LeadByte[12];
	WCHAR UnicodeDefaultChar;
	UINT CodePage;
	WCHAR CodePageName[260];
};

static size_t
decimal(UINT v, WCHAR *out)
{
	WCHAR digits[10];
	size_t n = 0, k = 0;
	do
		digits[n++] = (WCHAR)('0' + v % 10);
	while (v /= 10);
	while (n)
		out[k++] = digits[--n];
	out[k] = 0;
	return k;
}

WINAPI BOOL
kernel32_GetCPInfoExW(UINT page, DWORD flags, struct CPINFOEXW *out)
{
	struct CPINFO c;
	if (flags)
		return refuse(ERROR_INVALID_PARAMETER);
	if (!kernel32_GetCPInfo(page, &c))
		return FALSE;
	/* No more of the name than there is: .NET's System.Text.Encoding.CodePages gives 260 bytes
	 * for its 260 characters. */
	memcpy(out, &c, sizeof c);
	out->CodePage = nls_page(page);
	out->UnicodeDefaultChar = out->CodePage == NLS_UTF8 ? 0xfffd : '?';
	nls_page_double(out->CodePage, &out->UnicodeDefaultChar);
	size_t n = decimal(out->CodePage, out->CodePageName);
	if (out->CodePage == NLS_UTF8)
		memcpy(out->CodePageName + n, u" (UTF-8)", sizeof u" (UTF-8)");
	return TRUE;
}

WINAPI BOOL
kernel32_GetCPInfoExA(UINT page, DWORD flags, BYTE *out)
{
	struct CPINFOEXW w;
	if (!kernel32_GetCPInfoExW(page, flags, &w))
		return FALSE;
	/* the same up to its name */
	memcpy(out, &w, offsetof(struct CPINFOEXW, CodePageName));
	nls_ansi_to(w.CodePageName, (char *)out + offsetof(struct CPINFOEXW, CodePageName), 260);
	return TRUE;
}

WINAPI BOOL
kernel32_EnumSystemCodePagesW(BOOL(WINAPI *f)(WCHAR *), DWORD flags)
{
	WCHAR text[12];
	(void)flags;
	for (UINT page = 4; page <= NLS_UTF8; page++) {
		if (!nls_page_valid(page))
			continue;
		decimal(page, text);
		if (!f(text))
			break;
	}
	return TRUE;
}

WINAPI BOOL
kernel32_EnumSystemCodePagesA(BOOL(WINAPI *f)(char *), DWORD flags)
{
	WCHAR text[12];
	char narrow[12];
	(void)flags;
	for (UINT page = 4; page <= NLS_UTF8; page++) {
		if (!nls_page_valid(page))
			continue;
		decimal(page, text);
		nls_ansi_to(text, narrow, sizeof narrow);
		if (!f(narrow))
			break;
	}
	return TRUE;
}

/* -- kinds ------------------------------------------------------------------------ */

WINAPI BOOL
kernel32_GetStringTypeW(DWORD which, const WCHAR *s, int n, WORD *out)
{
	int column = which == 1 ? 0 : which == 2 ? 1 : which == 4 ? 2 : -1;
	if (!s || !out || n == 0 || (const void *)s == (const void *)out)
		return refuse(ERROR_INVALID_PARAMETER);
	if (column < 0)
		return refuse(ERROR_INVALID_PARAMETER);
	if (n < 0)
		n = (int)nls_length(s) + 1;
	for (int i = 0; i < n; i++)
		out[i] = nls_type(s[i])[column];
	return TRUE;
}

WINAPI BOOL
kernel32_GetStringTypeExW(LCID locale, DWORD which, const WCHAR *s, int n, WORD *out)
{
	(void)locale;
	return kernel32_GetStringTypeW(which, s, n, out);
}

WINAPI BOOL
kernel32_GetStringTypeA(LCID locale, DWORD which, const char *s, int n, WORD *out)
{
	(void)locale;
	if (!s || n == 0)
		return refuse(ERROR_INVALID_PARAMETER);
	size_t k = n < 0 ? strlen(s) + 1 : (size_t)n;
	size_t m = nls_16_of_8(s, k, NULL, 0, NULL);
	WCHAR *w = malloc((m + 1) * sizeof *w);
	if (!w)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	nls_16_of_8(s, k, w, m, NULL);
	BOOL ok = kernel32_GetStringTypeW(which, w, (int)m, out);
	free(w);
	return ok;
}

WINAPI BOOL
kernel32_GetStringTypeExA(LCID locale, DWORD which, const char *s, int n, WORD *out)
{
	return kernel32_GetStringTypeA(locale, which, s, n, out);
}

/* -- mapping ----------------------------------------------------------------------- */

enum {
	LCMAP_LOWERCASE = 0x100,
	LCMAP_UPPERCASE = 0x200,
	LCMAP_TITLECASE = 0x300,
	LCMAP_SORTKEY = 0x400,
	LCMAP_BYTEREV = 0x800,
	LCMAP_HASH = 0x40000,
	LCMAP_HIRAGANA = 0x100000,
	LCMAP_KATAKANA = 0x200000,
	LCMAP_HALFWIDTH = 0x400000,
	LCMAP_FULLWIDTH = 0x800000,
	LCMAP_LINGUISTIC_CASING = 0x1000000,
	LCMAP_SORTHANDLE = 0x20000000,
	NORM_IGNORENONSPACE = 2,
	NORM_IGNORESYMBOLS = 4,
};

static WCHAR
map_one(DWORD flags, WCHAR c, bool word)
{
	if ((flags & LCMAP_TITLECASE) == LCMAP_TITLECASE)
		c = word ? nls_low(c) : nls_up(c);
	else if (flags & LCMAP_UPPERCASE)
		c = nls_up(c);
	else if (flags & LCMAP_LOWERCASE)
		c = nls_low(c);
	if ((flags & LCMAP_HIRAGANA) && c >= 0x30a1 && c <= 0x30f6)
		c = (WCHAR)(c - 0x60);
	if ((flags & LCMAP_KATAKANA) && c >= 0x3041 && c <= 0x3096)
		c = (WCHAR)(c + 0x60);
	if (flags & LCMAP_FULLWIDTH)
		c = c == ' ' ? 0x3000 : c > 0x20 && c < 0x7f ? (WCHAR)(c + 0xfee0) : c;
	if (flags & LCMAP_HALFWIDTH)
		c = c == 0x3000 ? ' ' : c > 0xff00 && c < 0xff5f ? (WCHAR)(c - 0xfee0) : c;
	return c;
}

static int
map(DWORD flags, const WCHAR *s, size_t n, void *out, int room)
{
	WCHAR *to = out;
	size_t o = 0;
	bool word = false;
	if (flags & LCMAP_SORTKEY) {
		size_t k;
		/* a final zero of the string does not count */
		if (n && s[n - 1] == 0)
			n--;
		k = nls_sort_key(flags & ~(DWORD)(LCMAP_SORTKEY | LCMAP_BYTEREV), s, n, out,
		                 (size_t)room);
		return room && k > (size_t)room ? -ERROR_INSUFFICIENT_BUFFER : (int)k;
	}
	for (size_t i = 0; i < n; i++) {
		const uint16_t *type = nls_type(s[i]);
		if ((flags & NORM_IGNORENONSPACE) && (type[2] & 1))
			continue;
		if ((flags & NORM_IGNORESYMBOLS) && (type[0] & 0x10))
			continue;
		WCHAR c = map_one(flags, s[i], word);
		word = (type[0] & 0x104) || (word && s[i] == '\'');
		if (flags & LCMAP_BYTEREV)
			c = (WCHAR)(c << 8 | c >> 8);
		if (o < (size_t)room)
			to[o] = c;
		o++;
	}
	return room && o > (size_t)room ? -ERROR_INSUFFICIENT_BUFFER : (int)o;
}

static int
map_checked(DWORD flags, const WCHAR *s, int n, void *out, int room)
{
	DWORD known = 0x3b | LCMAP_TITLECASE | LCMAP_SORTKEY | LCMAP_BYTEREV | LCMAP_HASH |
	              LCMAP_HIRAGANA | LCMAP_KATAKANA | LCMAP_HALFWIDTH | LCMAP_FULLWIDTH |
	              LCMAP_LINGUISTIC_CASING | LCMAP_SORTHANDLE | 0x6000000 | NORM_IGNORESYMBOLS |
	              0x31000 | 0x8000000;
	if (!s || n == 0 || room < 0 || (room && !out))
		return refuse(ERROR_INVALID_PARAMETER);
	if ((flags & ~known) || ((flags & LCMAP_HIRAGANA) && (flags & LCMAP_KATAKANA)) ||
	    ((flags & LCMAP_HALFWIDTH) && (flags & LCMAP_FULLWIDTH)) ||
	    (flags & (LCMAP_HASH | LCMAP_SORTHANDLE | 0x6000000)))
		return refuse(ERROR_INVALID_FLAGS);
	if ((const void *)s == out && (flags & ~0x1000b00u))
		return refuse(ERROR_INVALID_FLAGS);
	return answer(map(flags, s, n < 0 ? nls_length(s) + 1 : (size_t)n, out, room));
}

WINAPI int
kernel32_LCMapStringEx(const WCHAR *locale, DWORD flags, const WCHAR *s, int n, WCHAR *out,
                       int room, void *version, void *reserved, LONG_PTR handle)
{
	(void)locale, (void)version, (void)reserved, (void)handle;
	return map_checked(flags, s, n, out, room);
}

WINAPI int
kernel32_LCMapStringW(LCID locale, DWORD flags, const WCHAR *s, int n, WCHAR *out, int room)
{
	(void)locale;
	return map_checked(flags, s, n, out, room);
}

/* Wide, of a length given or with its final zero; to be freed. */
static WCHAR *
widen(const char *s, int n, int *m)
{
	size_t k = n < 0 ? strlen(s) + 1 : (size_t)n, u = nls_16_of_8(s, k, NULL, 0, NULL);
	WCHAR *w = malloc((u + 1) * sizeof *w);
	if (!w) {
		last_error(ERROR_NOT_ENOUGH_MEMORY);
		return NULL;
	}
	nls_16_of_8(s, k, w, u, NULL);
	w[u] = 0;
	*m = (int)u;
	return w;
}

WINAPI int
kernel32_LCMapStringA(LCID locale, DWORD flags, const char *s, int n, char *out, int room)
{
	int m, r = 0;
	WCHAR *w, *mapped;
	(void)locale;
	if (!s || n == 0 || room < 0)
		return refuse(ERROR_INVALID_PARAMETER);
	if (!(w = widen(s, n, &m)))
		return 0;
	if (flags & LCMAP_SORTKEY) {
		r = map_checked(flags, w, m, out, room);
	} else if ((mapped = malloc(((size_t)m + 1) * sizeof *mapped))) {
		int k = map_checked(flags, w, m, mapped, m);
		if (k > 0)
			r = answer(nls_encode(NLS_ANSI, 0, mapped, k, out, room, NULL, NULL));
		free(mapped);
	}
	free(w);
	return r;
}

/* -- comparing ------------------------------------------------------------------------ */

enum { CSTR_LESS_THAN = 1, CSTR_EQUAL, CSTR_GREATER_THAN };

static int
compare(DWORD flags, const WCHAR *a, int n, const WCHAR *b, int m)
{
	if (!a || !b || n < -1 || m < -1)
		return refuse(ERROR_INVALID_PARAMETER);
	if (flags & ~0x1803103fu)
		return refuse(ERROR_INVALID_FLAGS);
	return nls_collate(flags & 0x7ffffff, a, n < 0 ? nls_length(a) : (size_t)n, b,
	                   m < 0 ? nls_length(b) : (size_t)m) +
	       CSTR_EQUAL;
}

WINAPI int
kernel32_CompareStringEx(const WCHAR *locale, DWORD flags, const WCHAR *a, int n, const WCHAR *b,
                         int m, void *version, void *reserved, LONG_PTR param)
{
	(void)locale, (void)version, (void)reserved, (void)param;
	return compare(flags, a, n, b, m);
}

WINAPI int
kernel32_CompareStringW(LCID locale, DWORD flags, const WCHAR *a, int n, const WCHAR *b, int m)
{
	(void)locale;
	return compare(flags, a, n, b, m);
}

WINAPI int
kernel32_CompareStringA(LCID locale, DWORD flags, const char *a, int n, const char *b, int m)
{
	int x, y, r = 0;
	WCHAR *wa, *wb;
	(void)locale;
	if (!a || !b)
		return refuse(ERROR_INVALID_PARAMETER);
	wa = widen(a, n < 0 ? (int)strlen(a) : n, &x);
	wb = widen(b, m < 0 ? (int)strlen(b) : m, &y);
	if (wa && wb)
		r = compare(flags & 0x7fffffff, wa, x, wb, y);
	free(wa);
	free(wb);
	return r;
}

WINAPI int
kernel32_CompareStringOrdinal(const WCHAR *a, int n, const WCHAR *b, int m, BOOL ignore_case)
{
	if (!a || !b || n < -1 || m < -1)
		return refuse(ERROR_INVALID_PARAMETER);
	return (ignore_case ? nls_compare_case : nls_compare)(
	               a, n < 0 ? nls_length(a) : (size_t)n, b, m < 0 ? nls_length(b) : (size_t)m) +
	       CSTR_EQUAL;
}

enum {
	FIND_STARTSWITH = 0x100000,
	FIND_ENDSWITH = 0x200000,
	FIND_FROMSTART = 0x400000,
	FIND_FROMEND = 0x800000
};

/* Where b is in a, by `same`; the length of what was found in *found. */
static int
find(DWORD flags, const WCHAR *a, int n, const WCHAR *b, int m, bool ordinal, DWORD compare_flags,
     int *found)
{
	int last = n - m, from = 0, step = 1;
	if (m == 0) {
		if (found)
			*found = 0;
		return flags & (FIND_ENDSWITH | FIND_FROMEND) ? n : 0;
	}
	if (last < 0)
		return -1;
	if (flags & (FIND_ENDSWITH | FIND_FROMEND)) {
		from = last;
		step = -1;
	}
	for (int i = from; i >= 0 && i <= last; i += step) {
		bool same =
		        ordinal ? (compare_flags ? nls_compare_case
		                                 : nls_compare)(a + i, (size_t)m, b, (size_t)m) == 0
		                : nls_collate(compare_flags, a + i, (size_t)m, b, (size_t)m) == 0;
		if (same) {
			if (found)
				*found = m;
			return i;
		}
		if (flags & (FIND_STARTSWITH | FIND_ENDSWITH))
			break;
	}
	return -1;
}

WINAPI int
kernel32_FindStringOrdinal(DWORD flags, const WCHAR *a, int n, const WCHAR *b, int m,
                           BOOL ignore_case)
{
	if (!a || !b || n < -1 || m < -1) {
		last_error(ERROR_INVALID_PARAMETER);
		return -1;
	}
	last_error(0);
	return find(flags ? flags : FIND_FROMSTART, a, n < 0 ? (int)nls_length(a) : n, b,
	            m < 0 ? (int)nls_length(b) : m, true, ignore_case != 0, NULL);
}

WINAPI int
kernel32_FindNLSStringEx(const WCHAR *locale, DWORD flags, const WCHAR *a, int n, const WCHAR *b,
                         int m, int *found, void *version, void *reserved, LONG_PTR handle)
{
	(void)locale, (void)version, (void)reserved, (void)handle;
	if (!a || !b || n < -1 || m < -1 || n == 0 || m == 0) {
		last_error(ERROR_INVALID_PARAMETER);
		return -1;
	}
	last_error(0);
	return find(flags & 0xf00000, a, n < 0 ? (int)nls_length(a) : n, b,
	            m < 0 ? (int)nls_length(b) : m, false, flags & 0x3003f, found);
}

WINAPI int
kernel32_FindNLSString(LCID locale, DWORD flags, const WCHAR *a, int n, const WCHAR *b, int m,
                       int *found)
{
	(void)locale;
	return kernel32_FindNLSStringEx(NULL, flags, a, n, b, m, found, NULL, NULL, 0);
}

/* -- normal forms ----------------------------------------------------------------------- */

WINAPI int
kernel32_NormalizeString(int form, const WCHAR *s, int n, WCHAR *out, int room)
{
	size_t count, bad, k;
	WCHAR *w;
	if ((form != 1 && form != 2 && form != 5 && form != 6) || !s || n < -1 || room < 0)
		return refuse(ERROR_INVALID_PARAMETER);
	k = n < 0 ? nls_length(s) + 1 : (size_t)n;
	w = nls_normalize((unsigned)form, s, k, &count, &bad);
	if (!w) {
		last_error(bad != SIZE_MAX ? ERROR_NO_UNICODE_TRANSLATION
		                           : ERROR_NOT_ENOUGH_MEMORY);
		return bad != SIZE_MAX ? -(int)bad : 0;
	}
	last_error(0);
	if (room && count > (size_t)room) {
		free(w);
		last_error(ERROR_INSUFFICIENT_BUFFER);
		return -(int)count;
	}
	if (room)
		memcpy(out, w, count * sizeof *w);
	free(w);
	return (int)count;
}

WINAPI BOOL
kernel32_IsNormalizedString(int form, const WCHAR *s, int n)
{
	size_t count, bad, k;
	WCHAR *w;
	BOOL same;
	if ((form != 1 && form != 2 && form != 5 && form != 6) || !s || n < -1)
		return refuse(ERROR_INVALID_PARAMETER);
	k = n < 0 ? nls_length(s) : (size_t)n;
	w = nls_normalize((unsigned)form, s, k, &count, &bad);
	if (!w)
		return refuse(bad != SIZE_MAX ? ERROR_NO_UNICODE_TRANSLATION
		                              : ERROR_NOT_ENOUGH_MEMORY);
	same = nls_compare(s, k, w, count) == 0;
	last_error(0);
	free(w);
	return same;
}

WINAPI int
kernel32_FoldStringW(DWORD flags, const WCHAR *s, int n, WCHAR *out, int room)
{
	enum { FOLDCZONE = 0x10, PRECOMPOSED = 0x20, COMPOSITE = 0x40, FOLDDIGITS = 0x80 };
	size_t count, bad, k;
	WCHAR *w;
	if (!s || n == 0 || room < 0 || s == out)
		return refuse(ERROR_INVALID_PARAMETER);
	if (!flags || (flags & ~0x20f0u))
		return refuse(ERROR_INVALID_FLAGS);
	k = n < 0 ? nls_length(s) + 1 : (size_t)n;
	w = nls_normalize(flags & FOLDCZONE ? 5 : flags & COMPOSITE ? 2 : 1, s, k, &count, &bad);
	if (!w)
		return refuse(ERROR_NO_UNICODE_TRANSLATION);
	for (size_t i = 0; (flags & FOLDDIGITS) && i < count; i++) {
		/* digits of a script are ten in a row, and their zero ends in 0 or 6 */
		if (w[i] < 128 || !(nls_type(w[i])[0] & 4))
			continue;
		WCHAR zero = w[i];
		while ((nls_type((WCHAR)(zero - 1))[0] & 4) && w[i] - zero < 9)
			zero--;
		w[i] = (WCHAR)('0' + (w[i] - zero));
	}
	if (room && count > (size_t)room) {
		free(w);
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	}
	if (room)
		memcpy(out, w, count * sizeof *w);
	free(w);
	return (int)count;
}
