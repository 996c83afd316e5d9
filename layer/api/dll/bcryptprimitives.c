/* SPDX-License-Identifier: Apache-2.0 */
/* bcryptprimitives.c -- random numbers, the host's. */
#include "layer/api/dll/dll.h"
#include "layer/api/nt/host.h"

WINAPI BOOL
bcryptprimitives_ProcessPrng(BYTE *out, SIZE_T n)
{
	host_random(out, n);
	return TRUE;
}
