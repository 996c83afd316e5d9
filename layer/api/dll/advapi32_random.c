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
