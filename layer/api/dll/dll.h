/* dll.h -- how a function of a system DLL is written.
 *
 * A DLL is a table, layer/api/dll/NAME.def, and files NAME_topic.c with a function per row:
 *
 *	WINAPI DWORD
 *	kernel32_GetCurrentThreadId(void)
 *
 * The row is what declares it: image.S makes an export directory out of the tables, so a
 * row without its function does not link.  These functions are thin: they check and
 * translate, and what they do is done by layer/api/nt, whose functions have the host's
 * calling convention and speak NTSTATUS.
 */
#ifndef LAYER_API_DLL_DLL_H
#define LAYER_API_DLL_DLL_H

#include "layer/api/nt/status.h"
#include "layer/api/nt/teb.h"
#include "layer/api/nt/types.h"

/* The tables declare them. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

static inline void
last_error(DWORD error)
{
	teb()->LastErrorValue = error;
}

/* FALSE, NULL, 0: with the reason. */
static inline BOOL
refuse(DWORD error)
{
	last_error(error);
	return FALSE;
}

/* TRUE, or FALSE with the Win32 error of a status. */
static inline BOOL
succeed(NTSTATUS s)
{
	if (s >= 0)
		return TRUE;
	last_error(status_error(s));
	return FALSE;
}

#endif
