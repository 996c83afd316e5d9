/* SPDX-License-Identifier: Apache-2.0 */
/* advapi32_random.c -- RtlGenRandom, whose export has only a number. */
#include "layer/api/dll/dll.h"
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
