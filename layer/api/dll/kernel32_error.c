/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_error.c -- the last error, error modes, and what messages say. */
#include "layer/api/dll/dll.h"
#include "layer/api/nt/text/message.h"

WINAPI DWORD
kernel32_GetLastError(void)
{
	return teb()->LastErrorValue;
}
WINAPI void
kernel32_SetLastError(DWORD error)
{
	last_error(error);
}

WINAPI void
kernel32_SetLastErrorEx(DWORD error, DWORD type)
{
	(void)type;
	last_error(error);
}

static _Atomic UINT process_mode;

WINAPI UINT
kernel32_GetErrorMode(void)
{
	return process_mode;
}

WINAPI UINT
kernel32_SetErrorMode(UINT mode)
{
	UINT old = process_mode;
	process_mode = mode;
	return old;
}

static __thread DWORD thread_mode;

WINAPI DWORD
kernel32_GetThreadErrorMode(void)
{
	return thread_mode;
}

WINAPI BOOL
kernel32_SetThreadErrorMode(DWORD mode, DWORD *old)
{
	if (mode & ~0x8003u)
		return refuse(ERROR_INVALID_PARAMETER);
	if (old)
		*old = thread_mode;
	thread_mode = mode;
	return TRUE;
}

WINAPI DWORD
kernel32_FormatMessageW(DWORD flags, const void *source, DWORD id, DWORD language, WCHAR *out,
                        DWORD size, __builtin_ms_va_list *args)
{
	return message_format(flags, source, id, language, out, size, args, true);
}

WINAPI DWORD
kernel32_FormatMessageA(DWORD flags, const void *source, DWORD id, DWORD language, char *out,
                        DWORD size, __builtin_ms_va_list *args)
{
	return message_format(flags, source, id, language, out, size, args, false);
}

WINAPI BOOL
kernel32_Beep(DWORD frequency, DWORD milliseconds)
{
	(void)milliseconds;
	if (frequency < 37 || frequency > 32767)
		return refuse(ERROR_INVALID_PARAMETER);
	return TRUE;
}
