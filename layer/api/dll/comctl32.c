/* SPDX-License-Identifier: Apache-2.0 */
/* comctl32.c -- common controls, of which a program of the console has none. */
#include "layer/api/dll/dll.h"

/* "Under Comctl32.dll version 6.0 and later, InitCommonControls does nothing" (its page). */
WINAPI void
comctl32_InitCommonControls(void)
{
}
