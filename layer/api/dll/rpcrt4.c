/* SPDX-License-Identifier: Apache-2.0 */
/* rpcrt4.c -- UUIDs; there are no remote procedures. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/guid.h"
#include "layer/api/nt/text/nls.h"

enum { RPC_S_OK = 0, RPC_S_INVALID_STRING_UUID = 1705, RPC_S_OUT_OF_MEMORY = 14 };

WINAPI LONG
rpcrt4_UuidCreate(struct GUID *g)
{
	guid_new(g);
	return RPC_S_OK;
}

/* No address of a network card is given away: it is as random as the others. */
WINAPI LONG
rpcrt4_UuidCreateSequential(struct GUID *g)
{
	guid_new(g);
	return RPC_S_OK;
}

WINAPI LONG
rpcrt4_UuidCreateNil(struct GUID *g)
{
	memset(g, 0, sizeof *g);
	return RPC_S_OK;
}

WINAPI int
rpcrt4_UuidIsNil(const struct GUID *g, LONG *status)
{
	static const struct GUID nil;
	*status = RPC_S_OK;
	return memcmp(g, &nil, sizeof nil) == 0;
}

WINAPI int
rpcrt4_UuidEqual(const struct GUID *a, const struct GUID *b, LONG *status)
{
	*status = RPC_S_OK;
	return memcmp(a, b, sizeof *a) == 0;
}

WINAPI int
rpcrt4_UuidCompare(const struct GUID *a, const struct GUID *b, LONG *status)
{
	*status = RPC_S_OK;
	if (a->Data1 != b->Data1)
		return a->Data1 < b->Data1 ? -1 : 1;
	if (a->Data2 != b->Data2)
		return a->Data2 < b->Data2 ? -1 : 1;
	if (a->Data3 != b->Data3)
		return a->Data3 < b->Data3 ? -1 : 1;
	int r = memcmp(a->Data4, b->Data4, 8);
	return r < 0 ? -1 : r > 0;
}

WINAPI USHORT
rpcrt4_UuidHash(const struct GUID *g, LONG *status)
{
	const BYTE *p = (const BYTE *)g;
	uint32_t h = 0;
	for (size_t i = 0; i < sizeof *g; i++)
		h = h * 31 + p[i];
	*status = RPC_S_OK;
	return (USHORT)(h ^ h >> 16);
}

WINAPI LONG
rpcrt4_UuidToStringW(const struct GUID *g, WCHAR **out)
{
	WCHAR text[39];
	*out = malloc(37 * sizeof **out);
	if (!*out)
		return RPC_S_OUT_OF_MEMORY;
	guid_text(g, text);
	for (int i = 0; i < 36; i++)
		(*out)[i] = nls_low(text[i + 1]);
	(*out)[36] = 0;
	return RPC_S_OK;
}

WINAPI LONG
rpcrt4_UuidToStringA(const struct GUID *g, char **out)
{
	WCHAR text[39];
	*out = malloc(37);
	if (!*out)
		return RPC_S_OUT_OF_MEMORY;
	guid_text(g, text);
	for (int i = 0; i < 36; i++)
		(*out)[i] = (char)nls_low(text[i + 1]);
	(*out)[36] = 0;
	return RPC_S_OK;
}

WINAPI LONG
rpcrt4_UuidFromStringW(const WCHAR *s, struct GUID *g)
{
	WCHAR text[39];
	if (!s)
		return rpcrt4_UuidCreateNil(g);
	if (nls_length(s) != 36)
		return RPC_S_INVALID_STRING_UUID;
	text[0] = '{';
	memcpy(text + 1, s, 72);
	text[37] = '}';
	text[38] = 0;
	return guid_parse(text, g) ? RPC_S_OK : RPC_S_INVALID_STRING_UUID;
}

WINAPI LONG
rpcrt4_UuidFromStringA(const char *s, struct GUID *g)
{
	WCHAR *w = nls_wide_ansi(s);
	LONG r = rpcrt4_UuidFromStringW(w, g);
	free(w);
	return r;
}

WINAPI LONG
rpcrt4_RpcStringFreeW(WCHAR **s)
{
	free(*s);
	*s = NULL;
	return RPC_S_OK;
}

WINAPI LONG
rpcrt4_RpcStringFreeA(char **s)
{
	free(*s);
	*s = NULL;
	return RPC_S_OK;
}
