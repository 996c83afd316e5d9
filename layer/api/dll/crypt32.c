/* SPDX-License-Identifier: Apache-2.0 */
/* crypt32.c -- stores of certificates, which are empty, and text forms of bytes. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"

#define CRYPT_E_NOT_FOUND 0x80092004
static char store;

WINAPI void *
crypt32_CertOpenStore(const char *provider, DWORD encoding, void *legacy, DWORD flags,
                      const void *param)
{
	(void)provider, (void)encoding, (void)legacy, (void)flags, (void)param;
	return &store;
}

WINAPI void *
crypt32_CertOpenSystemStoreW(void *legacy, const WCHAR *name)
{
	(void)legacy;
	return name ? &store : NULL;
}
WINAPI void *
crypt32_CertOpenSystemStoreA(void *legacy, const char *name)
{
	(void)legacy;
	return name ? &store : NULL;
}
WINAPI BOOL
crypt32_CertCloseStore(void *s, DWORD flags)
{
	(void)flags;
	return !s || s == &store ? TRUE : refuse(ERROR_INVALID_PARAMETER);
}

WINAPI const void *
crypt32_CertEnumCertificatesInStore(void *s, const void *before)
{
	(void)s, (void)before;
	last_error(CRYPT_E_NOT_FOUND);
	return NULL;
}

WINAPI const void *
crypt32_CertFindCertificateInStore(void *s, DWORD encoding, DWORD flags, DWORD type,
                                   const void *param, const void *before)
{
	(void)s, (void)encoding, (void)flags, (void)type, (void)param, (void)before;
	last_error(CRYPT_E_NOT_FOUND);
	return NULL;
}

WINAPI const void *
crypt32_CertEnumCRLsInStore(void *s, const void *before)
{
	(void)s, (void)before;
	last_error(CRYPT_E_NOT_FOUND);
	return NULL;
}

WINAPI BOOL
crypt32_CertFreeCertificateContext(const void *c)
{
	(void)c;
	return TRUE;
}
WINAPI BOOL
crypt32_CertFreeCRLContext(const void *c)
{
	(void)c;
	return TRUE;
}
WINAPI void
crypt32_CertFreeCertificateChain(const void *c)
{
	(void)c;
}

static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
enum { BASE64HEADER = 0, BASE64 = 1, BINARY = 2, HEXRAW = 12, NOCRLF = 0x40000000 };

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

WINAPI BOOL
crypt32_CryptStringToBinaryA(const char *s, DWORD n, DWORD flags, BYTE *out, DWORD *size,
                             DWORD *skip, DWORD *used)
{
	if (!s || !size)
		return refuse(ERROR_INVALID_PARAMETER);
	DWORD kind = flags & 0xffff;
	if (kind == 6 || kind == 7) /* any of them */
		kind = BASE64;
	if (kind != BASE64 && kind != BASE64HEADER && kind != HEXRAW && kind != 4 && kind != 3 &&
	    kind != 9)
		return refuse(ERROR_NOT_SUPPORTED);
	if (skip)
		*skip = 0;
	if (used)
		*used = kind;
	return to_binary(s, n ? n : strlen(s), kind == 4 ? HEXRAW : kind, out, size);
}

WINAPI BOOL
crypt32_CryptBinaryToStringA(const BYTE *in, DWORD n, DWORD flags, char *out, DWORD *size)
{
	DWORD kind = flags & 0xffff, room = size ? *size : 0;
	size_t k = 0;
	if (!in || !size)
		return refuse(ERROR_INVALID_PARAMETER);
	if (kind != BASE64 && kind != HEXRAW)
		return refuse(ERROR_NOT_SUPPORTED);
#define PUT(c)                                                                                     \
	do {                                                                                       \
		if (out && k < room)                                                               \
			out[k] = (char)(c);                                                        \
		k++;                                                                               \
	} while (0)
	for (DWORD i = 0; kind == BASE64 && i < n; i += 3) {
		uint32_t v = (uint32_t)in[i] << 16 | (i + 1 < n ? in[i + 1] << 8 : 0) |
		             (i + 2 < n ? in[i + 2] : 0);
		PUT(digit[v >> 18]);
		PUT(digit[v >> 12 & 63]);
		PUT(i + 1 < n ? digit[v >> 6 & 63] : '=');
		PUT(i + 2 < n ? digit[v & 63] : '=');
		if (!(flags & NOCRLF) && i % 48 == 45 && i + 3 < n) {
			PUT('\r');
			PUT('\n');
		}
	}
	for (DWORD i = 0; kind == HEXRAW && i < n; i++) {
		PUT("0123456789abcdef"[in[i] >> 4]);
		PUT("0123456789abcdef"[in[i] & 15]);
	}
	if (!(flags & NOCRLF)) {
		PUT('\r');
		PUT('\n');
	}
	PUT(0);
#undef PUT
	*size = (DWORD)(out && k <= room ? k - 1 : k);
	return !out || k <= room ? TRUE : refuse(ERROR_MORE_DATA);
}

WINAPI BOOL
crypt32_CryptProtectData(const void *in, const WCHAR *name, const void *entropy, void *reserved,
                         void *prompt, DWORD flags, void *out)
{
	(void)in, (void)name, (void)entropy, (void)reserved, (void)prompt, (void)flags, (void)out;
	return refuse(ERROR_NOT_SUPPORTED);
}

WINAPI BOOL
crypt32_CryptUnprotectData(const void *in, WCHAR **name, const void *entropy, void *reserved,
                           void *prompt, DWORD flags, void *out)
{
	(void)in, (void)name, (void)entropy, (void)reserved, (void)prompt, (void)flags, (void)out;
	return refuse(ERROR_INVALID_DATA);
}
