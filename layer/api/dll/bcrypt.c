/* SPDX-License-Identifier: Apache-2.0 */
/* bcrypt.c -- random numbers; the provider of random numbers is the one there is. */
#include "layer/api/dll/dll.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/nls.h"

static const char rng[] = "RNG";

WINAPI NTSTATUS
bcrypt_BCryptGenRandom(void *algorithm, BYTE *out, ULONG n, ULONG flags)
{
	if (!algorithm && !(flags & 2))
		return STATUS_INVALID_HANDLE;
	if (!out && n)
		return STATUS_INVALID_PARAMETER;
	host_random(out, n);
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
bcrypt_BCryptOpenAlgorithmProvider(const void **out, const WCHAR *id, const WCHAR *provider,
                                   ULONG flags)
{
	(void)provider, (void)flags;
	if (!out || !id)
		return STATUS_INVALID_PARAMETER;
	*out = NULL;
	if (!nls_equal_ascii(id, rng))
		return STATUS_NOT_FOUND;
	*out = rng;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
bcrypt_BCryptCloseAlgorithmProvider(void *algorithm, ULONG flags)
{
	(void)flags;
	return algorithm == rng ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

WINAPI NTSTATUS
bcrypt_BCryptGetFipsAlgorithmMode(BYTE *on)
{
	if (!on)
		return STATUS_INVALID_PARAMETER;
	*on = 0;
	return STATUS_SUCCESS;
}
