/* SPDX-License-Identifier: Apache-2.0 */
/* advapi32_random.c -- RtlGenRandom, whose export has only a number. */
#include <string.h>

#include "layer/api/dll/advapi32_crypt.h"
#include "layer/api/nt/crypto/protect.h"
#include "layer/api/nt/host.h"

WINAPI BOOLEAN
advapi32_SystemFunction036(void *out, ULONG n)
{
	host_random(out, n);
	return TRUE;
}

/* RtlEncryptMemory and RtlDecryptMemory, which have only numbers, too. */
WINAPI NTSTATUS
advapi32_SystemFunction040(void *p, ULONG n, ULONG scope)
{
	return protect_memory(p, n, scope, true);
}
WINAPI NTSTATUS
advapi32_SystemFunction041(void *p, ULONG n, ULONG scope)
{
	return protect_memory(p, n, scope, false);
}

/* -- CryptoAPI: one provider for all names, which keeps no keys ------------------------------ */

static char provider;

bool
advapi32_crypt_provider(const void *p)
{
	return p == &provider;
}

static BOOL
acquire(void **out, DWORD flags)
{
	if (!out)
		return refuse(ERROR_INVALID_PARAMETER);
	*out = flags & 0x10 ? NULL : &provider; /* CRYPT_DELETEKEYSET: there was none */
	return TRUE;
}

WINAPI BOOL
advapi32_CryptAcquireContextW(void **out, const WCHAR *container, const WCHAR *name, DWORD type,
                              DWORD flags)
{
	(void)container, (void)name, (void)type;
	return acquire(out, flags);
}

WINAPI BOOL
advapi32_CryptAcquireContextA(void **out, const char *container, const char *name, DWORD type,
                              DWORD flags)
{
	(void)container, (void)name, (void)type;
	return acquire(out, flags);
}

WINAPI BOOL
advapi32_CryptContextAddRef(void *p, DWORD *reserved, DWORD flags)
{
	return p == &provider && !reserved && !flags ? TRUE : refuse(ERROR_INVALID_PARAMETER);
}

WINAPI BOOL
advapi32_CryptReleaseContext(void *p, DWORD flags)
{
	return p == &provider && !flags ? TRUE : refuse(ERROR_INVALID_PARAMETER);
}

WINAPI BOOL
advapi32_CryptGenRandom(void *p, DWORD n, BYTE *out)
{
	if (p != &provider || (!out && n))
		return refuse(ERROR_INVALID_PARAMETER);
	host_random(out, n);
	return TRUE;
}

/* What it is: the one that Windows takes for PROV_RSA_AES. */
WINAPI BOOL
advapi32_CryptGetProvParam(void *p, DWORD what, BYTE *out, DWORD *size, DWORD flags)
{
	enum {
		PP_IMPTYPE = 3,
		PP_NAME,
		PP_VERSION,
		PP_CONTAINER,
		PP_PROVTYPE = 16,
		PP_KEYSPEC = 39
	};
	static const char name[] = "Microsoft Enhanced RSA and AES Cryptographic Provider";
	const void *from;
	DWORD v, n = 4, room;
	if (p != &provider || !size || flags)
		return refuse(ERROR_INVALID_PARAMETER);
	room = *size;
	from = &v;
	switch (what) {
	case PP_IMPTYPE: v = 2; break; /* CRYPT_IMPL_SOFTWARE */
	case PP_VERSION: v = 0x200; break;
	case PP_PROVTYPE: v = 24; break; /* PROV_RSA_AES */
	case PP_KEYSPEC: v = 3; break;   /* exchange and signature */
	case PP_NAME: from = name, n = sizeof name; break;
	case PP_CONTAINER: from = "", n = 1; break;
	default: return refuse(NTE_BAD_TYPE);
	}
	*size = n;
	if (!out)
		return TRUE;
	if (room < n)
		return refuse(ERROR_MORE_DATA);
	memcpy(out, from, n);
	return TRUE;
}
