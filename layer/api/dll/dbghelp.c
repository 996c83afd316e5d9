/* SPDX-License-Identifier: Apache-2.0 */
/* dbghelp.c -- symbols: none are read, so addresses stay addresses. */
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/ldr.h"

static _Atomic DWORD options = 6;

WINAPI DWORD
dbghelp_SymGetOptions(void)
{
	return options;
}

WINAPI DWORD
dbghelp_SymSetOptions(DWORD o)
{
	options = o;
	return o;
}

WINAPI BOOL
dbghelp_SymInitialize(HANDLE process, const char *path, BOOL invade)
{
	(void)path, (void)invade;
	return process ? TRUE : refuse(ERROR_INVALID_HANDLE);
}

WINAPI BOOL
dbghelp_SymInitializeW(HANDLE process, const WCHAR *path, BOOL invade)
{
	(void)path, (void)invade;
	return process ? TRUE : refuse(ERROR_INVALID_HANDLE);
}

WINAPI BOOL
dbghelp_SymCleanup(HANDLE process)
{
	return process ? TRUE : refuse(ERROR_INVALID_HANDLE);
}

WINAPI BOOL
dbghelp_SymRefreshModuleList(HANDLE process)
{
	return process ? TRUE : refuse(ERROR_INVALID_HANDLE);
}

WINAPI BOOL
dbghelp_SymFromAddr(HANDLE process, DWORD64 address, DWORD64 *away, void *symbol)
{
	(void)process, (void)address, (void)away, (void)symbol;
	return refuse(126);
}

WINAPI BOOL
dbghelp_SymFromAddrW(HANDLE process, DWORD64 address, DWORD64 *away, void *symbol)
{
	(void)process, (void)address, (void)away, (void)symbol;
	return refuse(126);
}

WINAPI BOOL
dbghelp_SymGetLineFromAddr64(HANDLE process, DWORD64 address, DWORD *away, void *line)
{
	(void)process, (void)address, (void)away, (void)line;
	return refuse(487);
}

WINAPI BOOL
dbghelp_SymGetLineFromAddrW64(HANDLE process, DWORD64 address, DWORD *away, void *line)
{
	(void)process, (void)address, (void)away, (void)line;
	return refuse(487);
}

WINAPI DWORD64
dbghelp_SymGetModuleBase64(HANDLE process, DWORD64 address)
{
	(void)process;
	struct module *m = ldr_at((const void *)(uintptr_t)address);
	return m ? (DWORD64)(uintptr_t)m->entry.DllBase : (DWORD64)refuse(126);
}

WINAPI BOOL
dbghelp_SymSetSearchPathW(HANDLE process, const WCHAR *path)
{
	(void)path;
	return process ? TRUE : refuse(ERROR_INVALID_HANDLE);
}

WINAPI BOOL
dbghelp_SymGetSearchPathW(HANDLE process, WCHAR *out, DWORD room)
{
	if (!process || !room)
		return refuse(ERROR_INVALID_PARAMETER);
	*out = 0;
	return TRUE;
}

WINAPI BOOL
dbghelp_MiniDumpWriteDump(HANDLE process, DWORD id, HANDLE file, int type, void *exception,
                          void *user, void *callback)
{
	(void)process, (void)id, (void)file, (void)type, (void)exception, (void)user,
	        (void)callback;
	return refuse(ERROR_NOT_SUPPORTED);
}

/* A name that nobody can take apart stays as it is. */
WINAPI DWORD
dbghelp_UnDecorateSymbolName(const char *name, char *out, DWORD room, DWORD flags)
{
	size_t n = strlen(name);
	(void)flags;
	if (!room)
		return (DWORD)refuse(ERROR_INSUFFICIENT_BUFFER);
	if (n >= room)
		n = room - 1;
	memcpy(out, name, n);
	out[n] = 0;
	return (DWORD)n;
}
