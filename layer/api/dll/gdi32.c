/* SPDX-License-Identifier: Apache-2.0 */
/* gdi32.c -- drawing, of which there is none: no object can be made, so no handle is valid. */
#include "layer/api/dll/dll.h"

WINAPI BOOL
gdi32_DeleteObject(HANDLE h)
{
	(void)h;
	return FALSE;
}
