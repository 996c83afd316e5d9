/* SPDX-License-Identifier: Apache-2.0 */
/* Serial ports.  There are none: COM1 and its like cannot be opened, and what is open is something
 * else, which these calls say.  Programs ask them of what they were given as standard input. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/file/console.h"

static BOOL
no_port(HANDLE h)
{
	struct file *f;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return succeed(s);
	bool console = f->kind == &console_kind;
	file_unref(f);
	return refuse(console ? ERROR_INVALID_HANDLE : ERROR_INVALID_FUNCTION);
}

WINAPI BOOL
kernel32_ClearCommBreak(HANDLE h)
{
	return no_port(h);
}

WINAPI BOOL
kernel32_ClearCommError(HANDLE h, DWORD *errors, void *status)
{
	(void)errors, (void)status;
	return no_port(h);
}

WINAPI BOOL
kernel32_EscapeCommFunction(HANDLE h, DWORD function)
{
	(void)function;
	return no_port(h);
}

WINAPI BOOL
kernel32_GetCommMask(HANDLE h, DWORD *mask)
{
	(void)mask;
	return no_port(h);
}

WINAPI BOOL
kernel32_GetCommModemStatus(HANDLE h, DWORD *status)
{
	(void)status;
	return no_port(h);
}

WINAPI BOOL
kernel32_GetCommProperties(HANDLE h, void *properties)
{
	(void)properties;
	return no_port(h);
}

WINAPI BOOL
kernel32_GetCommState(HANDLE h, void *dcb)
{
	(void)dcb;
	return no_port(h);
}

WINAPI BOOL
kernel32_GetCommTimeouts(HANDLE h, void *timeouts)
{
	(void)timeouts;
	return no_port(h);
}

WINAPI BOOL
kernel32_PurgeComm(HANDLE h, DWORD flags)
{
	(void)flags;
	return no_port(h);
}

WINAPI BOOL
kernel32_SetCommBreak(HANDLE h)
{
	return no_port(h);
}

WINAPI BOOL
kernel32_SetCommMask(HANDLE h, DWORD mask)
{
	(void)mask;
	return no_port(h);
}

WINAPI BOOL
kernel32_SetCommState(HANDLE h, const void *dcb)
{
	(void)dcb;
	return no_port(h);
}

WINAPI BOOL
kernel32_SetCommTimeouts(HANDLE h, const void *timeouts)
{
	(void)timeouts;
	return no_port(h);
}

WINAPI BOOL
kernel32_SetupComm(HANDLE h, DWORD in, DWORD out)
{
	(void)in, (void)out;
	return no_port(h);
}

WINAPI BOOL
kernel32_TransmitCommChar(HANDLE h, char c)
{
	(void)c;
	return no_port(h);
}

WINAPI BOOL
kernel32_WaitCommEvent(HANDLE h, DWORD *mask, void *overlapped)
{
	(void)mask, (void)overlapped;
	return no_port(h);
}
