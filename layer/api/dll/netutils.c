/* SPDX-License-Identifier: Apache-2.0 */
/* netutils.c -- memory that netapi32 gave. */
#include <stdlib.h>

#include "layer/api/dll/dll.h"

WINAPI DWORD
netutils_NetApiBufferFree(void *p)
{
	free(p);
	return ERROR_SUCCESS;
}

WINAPI DWORD
netutils_NetApiBufferAllocate(DWORD n, void **out)
{
	*out = malloc(n ? n : 1);
	return *out ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
}
