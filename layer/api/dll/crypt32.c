/* SPDX-License-Identifier: Apache-2.0 */
/* crypt32.c -- text forms of bytes. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/text/nls.h"

static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
enum {
	BASE64HEADER,
	BASE64,
	REQUESTHEADER = 3,
	CRLHEADER = 9,
	HEXRAW = 12,
	NOCRLF = 0x40000000,
	NOCR = (int)0x80000000
};

static int
value(char c)
{
	const char *p = c ? strchr(digit, c) : NULL;
	return p ? (int)(p - digit) : -1;
}

/* Base 64 between lines of dashes or without them, or hexadecimal digits. */
static BOOL
to_binary(const char *s, size_t n, DWORD flags, BYTE *out, DWORD *size)
{
	uint32_t bits = 0, have = 0;
	DWORD k = 0, room = *size;
	size_t end = n;
	for (size_t i = 0; i < end; i++) {
		char c = s[i];
		if (c == '-' && flags != HEXRAW) { /* a header: to its line's end */
			if (have || k)             /* the end: what follows is somebody else's */
				break;
			while (i < end && s[i] != '\n')
				i++;
			continue;
		}
		if (c == ' ' || c == '\r' || c == '\n' || c == '\t')
			continue;
		if (c == '=')
			break;
		int v = flags == HEXRAW ? c >= '0' && c <= '9'                 ? c - '0'
		                          : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
		                                                               : -1
		                        : value(c);
		if (v < 0)
			return refuse(ERROR_INVALID_DATA);
		unsigned width = flags == HEXRAW ? 4 : 6;
		bits = bits << width | (uint32_t)v;
		have += width;
		if (have >= 8) {
			have -= 8;
			if (out && k < room)
				out[k] = (BYTE)(bits >> have);
			k++;
		}
	}
	*size = k;
	return !out || k <= room ? TRUE : refuse(ERROR_MORE_DATA);
}

/* Where a line "-----BEGIN" is, or NULL. */
static const char *
header(const char *s, size_t n)
{
	static const char begin[] = "-----BEGIN";
	for (size_t i = 0; i + sizeof begin - 1 <= n; i++)
		if ((!i || s[i - 1] == '\n') && !memcmp(s + i, begin, sizeof begin - 1))
			return s + i;
	return NULL;
}

WINAPI BOOL
crypt32_CryptStringToBinaryA(const char *s, DWORD n, DWORD flags, BYTE *out, DWORD *size,
                             DWORD *skip, DWORD *used)
{
	if (!s || !size)
		return refuse(ERROR_INVALID_PARAMETER);
	DWORD kind = flags & 0xffff;
	size_t length = n ? strnlen(s, n) : strlen(s);
	const char *begin = header(s, length);
	if (kind == 6 || kind == 7) /* with a header or without one */
		kind = begin ? BASE64HEADER : BASE64;
	if (kind != BASE64 && kind != BASE64HEADER && kind != HEXRAW && kind != 4 &&
	    kind != REQUESTHEADER && kind != CRLHEADER)
		return refuse(ERROR_NOT_SUPPORTED);
	bool headed = kind == BASE64HEADER || kind == REQUESTHEADER || kind == CRLHEADER;
	if (headed && !begin)
		return refuse(ERROR_INVALID_DATA);
	if (!headed)
		begin = s;
	if (skip)
		*skip = (DWORD)(begin - s);
	if (used)
		*used = kind;
	if (!headed && kind == BASE64 && memchr(begin, '-', length))
		return refuse(ERROR_INVALID_DATA);
	return to_binary(begin, length - (size_t)(begin - s), kind == 4 ? HEXRAW : kind, out, size);
}

/* -- to text -------------------------------------------------------------------------------- */

/* What does not fit is counted, too. */
struct text {
	char *out;
	size_t room, n;
	const char *line_end;
};

static void
put(struct text *t, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++, t->n++)
		if (t->out && t->n < t->room)
			t->out[t->n] = s[i];
}

static void put_line_end(struct text *t) { put(t, t->line_end, strlen(t->line_end)); }

static void
put_base64(struct text *t, const BYTE *in, DWORD n)
{
	for (DWORD i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)in[i] << 16 | (i + 1 < n ? in[i + 1] << 8 : 0) |
		             (i + 2 < n ? in[i + 2] : 0);
		char four[4] = { digit[v >> 18], digit[v >> 12 & 63],
			         i + 1 < n ? digit[v >> 6 & 63] : '=',
			         i + 2 < n ? digit[v & 63] : '=' };
		put(t, four, 4);
		if (i % 48 == 45 && i + 3 < n)
			put_line_end(t);
	}
}

static void
put_hex(struct text *t, const BYTE *in, DWORD n)
{
	for (DWORD i = 0; i < n; i++)
		put(t, (char[2]){ "0123456789abcdef"[in[i] >> 4], "0123456789abcdef"[in[i] & 15] },
		    2);
}

WINAPI BOOL
crypt32_CryptBinaryToStringA(const BYTE *in, DWORD n, DWORD flags, char *out, DWORD *size)
{
	static const char *const titles[] = { [BASE64HEADER] = "CERTIFICATE-----",
		                              [REQUESTHEADER] = "NEW CERTIFICATE REQUEST-----",
		                              [CRLHEADER] = "X509 CRL-----" };
	DWORD kind = flags & 0xffff;
	if (!in || !size)
		return refuse(ERROR_INVALID_PARAMETER);
	if (kind != BASE64 && kind != HEXRAW &&
	    (kind >= sizeof titles / sizeof *titles || !titles[kind]))
		return refuse(ERROR_NOT_SUPPORTED);
	const char *title = kind == BASE64 || kind == HEXRAW ? NULL : titles[kind];
	struct text t = { out, *size, 0, flags & NOCRLF ? "" : flags & NOCR ? "\n" : "\r\n" };
	if (title) {
		put(&t, "-----BEGIN ", 11);
		put(&t, title, strlen(title));
		put_line_end(&t);
	}
	if (kind == HEXRAW)
		put_hex(&t, in, n);
	else
		put_base64(&t, in, n);
	put_line_end(&t);
	if (title) {
		put(&t, "-----END ", 9);
		put(&t, title, strlen(title));
		put_line_end(&t);
	}
	put(&t, "", 1);
	*size = (DWORD)(out && t.n <= t.room ? t.n - 1 : t.n);
	return !out || t.n <= t.room ? TRUE : refuse(ERROR_MORE_DATA);
}

/* -- the same for wide text --------------------------------------------------------------------- */

WINAPI BOOL
crypt32_CryptStringToBinaryW(const WCHAR *s, DWORD n, DWORD flags, BYTE *out, DWORD *size,
                             DWORD *skip, DWORD *used)
{
	if (!s || !size)
		return refuse(ERROR_INVALID_PARAMETER);
	size_t length = nls_length(s);
	if (n && n < length)
		length = n;
	/* what is not ASCII is no digit of anything */
	char *narrow = malloc(length + 1);
	if (!narrow)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	for (size_t i = 0; i < length; i++)
		narrow[i] = s[i] < 128 ? (char)s[i] : '\x7f';
	narrow[length] = 0;
	BOOL ok = crypt32_CryptStringToBinaryA(narrow, 0, flags, out, size, skip, used);
	explicit_bzero(narrow, length);
	free(narrow);
	return ok;
}

WINAPI BOOL
crypt32_CryptBinaryToStringW(const BYTE *in, DWORD n, DWORD flags, WCHAR *out, DWORD *size)
{
	DWORD need = 0;
	if (!size)
		return refuse(ERROR_INVALID_PARAMETER);
	if (!crypt32_CryptBinaryToStringA(in, n, flags, NULL, &need))
		return FALSE;
	DWORD room = *size;
	*size = need;
	if (!out)
		return TRUE;
	if (room < need)
		return refuse(ERROR_MORE_DATA);
	char *text = malloc(need);
	if (!text)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	*size = need;
	BOOL ok = crypt32_CryptBinaryToStringA(in, n, flags, text, size);
	for (DWORD i = 0; ok && i <= *size; i++)
		out[i] = (BYTE)text[i];
	explicit_bzero(text, need);
	free(text);
	return ok;
}
