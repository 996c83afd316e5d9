/* SPDX-License-Identifier: Apache-2.0 */
/* comctl32.c -- common controls, of which a program of the console has none. */
#include "layer/api/dll/dll.h"

/* "Under Comctl32.dll version 6.0 and later, InitCommonControls does nothing" (its page). */
WINAPI void
comctl32_InitCommonControls(void)
{
}

/* INITCOMMONCONTROLSEX; java.exe begins with it. */
struct common_controls {
	DWORD size, kinds;
};

WINAPI BOOL
comctl32_InitCommonControlsEx(const struct common_controls *c)
{
	/* the kinds that its page names: ICC_LISTVIEW_CLASSES to ICC_LINK_CLASS */
	return c && c->size == sizeof *c && c->kinds && !(c->kinds & ~0xffffu)
	               ? TRUE
	               : refuse(ERROR_INVALID_PARAMETER);
}
