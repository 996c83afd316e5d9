/* SPDX-License-Identifier: Apache-2.0 */
/* advapi32_random.c -- RtlGenRandom, whose export has only a number. */
#include "layer/api/dll/dll.h"
#include "layer/api/nt/host.h"

WINAPI BOOLEAN
advapi32_SystemFunction036(void *out, ULONG n)
{
	host_random(out, n);
	return TRUE;
}

/* -- CryptoAPI: a provider for random numbers, which has no keys ----------------------- */

static char provider;

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
