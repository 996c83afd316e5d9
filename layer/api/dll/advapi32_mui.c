/* SPDX-License-Identifier: Apache-2.0 */
/* advapi32_mui.c -- texts of the registry that stand in a DLL's resources: "@tzres.dll,-320". */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/dll/advapi32_reg.h"
#include "layer/api/nt/text/nls.h"

enum { REG_MUI_STRING_TRUNCATE = 1, LOAD_AS_DATA = 2, ROOM = 1024 };

WINAPI LONG advapi32_RegQueryValueExW(HKEY h, const WCHAR *name, DWORD *reserved, DWORD *type,
                                      BYTE *data, DWORD *size);
WINAPI HMODULE kernel32_LoadLibraryExW(const WCHAR *name, HANDLE file, DWORD flags);
WINAPI BOOL kernel32_FreeLibrary(HMODULE h);
WINAPI DWORD kernel32_ExpandEnvironmentStringsW(const WCHAR *s, WCHAR *out, DWORD room);
WINAPI int user32_LoadStringW(HMODULE module, UINT id, WCHAR *out, int room);

/* "@FILE,-ID" or "@FILE,-ID;what it says": the text of that resource, in place.  A folder stands
 * before a file that has none. */
static DWORD
from_resource(WCHAR *text, const WCHAR *folder)
{
	WCHAR path[ROOM + 1], *comma = NULL, *p = path;
	HMODULE module;
	UINT id = 0;
	for (WCHAR *c = text; *c; c++)
		if (*c == ',')
			comma = c;
	if (!comma || comma[1] != '-')
		return ERROR_INVALID_DATA;
	for (const WCHAR *c = comma + 2; *c >= '0' && *c <= '9'; c++)
		id = id * 10 + (UINT)(*c - '0');
	*comma = 0;
	if (folder) {
		size_t n = nls_length(folder);
		if (n + 1 + nls_length(text) > ROOM)
			return ERROR_INVALID_PARAMETER;
		memcpy(p, folder, n * 2);
		p += n;
		if (n && p[-1] != '\\')
			*p++ = '\\';
	}
	memcpy(p, text + 1, nls_length(text) * 2);
	module = kernel32_LoadLibraryExW(path, NULL, LOAD_AS_DATA);
	if (!module)
		return ERROR_FILE_NOT_FOUND;
	int n = user32_LoadStringW(module, id, text, ROOM);
	kernel32_FreeLibrary(module);
	return n ? ERROR_SUCCESS : ERROR_FILE_NOT_FOUND;
}

/* The texts of Windows' own DLLs stand in English beside their references: Std for MUI_Std. */
static bool
beside(HKEY h, const WCHAR *name, WCHAR text[ROOM + 1])
{
	DWORD type = 0, n = ROOM * 2;
	if (!name || memcmp(name, u"MUI_", 8) != 0 ||
	    advapi32_RegQueryValueExW(h, name + 4, NULL, &type, (BYTE *)text, &n) || type != REG_SZ)
		return false;
	text[n / 2] = 0;
	return true;
}

WINAPI LONG
advapi32_RegLoadMUIStringW(HKEY h, const WCHAR *name, WCHAR *out, DWORD room, DWORD *size,
                           DWORD flags, const WCHAR *folder)
{
	WCHAR raw[ROOM + 1], text[ROOM + 1];
	DWORD type = 0, n = ROOM * 2, need, e;
	if (flags & ~(DWORD)REG_MUI_STRING_TRUNCATE || (room && !out) || room % 2 ||
	    (flags && size))
		return ERROR_INVALID_PARAMETER;
	e = (DWORD)advapi32_RegQueryValueExW(h, name, NULL, &type, (BYTE *)raw, &n);
	if (e)
		return (LONG)e;
	if (type != REG_SZ && type != REG_EXPAND_SZ)
		return ERROR_INVALID_DATA;
	raw[n / 2] = 0;
	need = kernel32_ExpandEnvironmentStringsW(raw, text, ROOM);
	if (!need || need > ROOM)
		return ERROR_INVALID_DATA;
	if (*text == '@' && (e = from_resource(text, folder)) && !beside(h, name, text))
		return (LONG)e;
	need = (DWORD)(nls_length(text) + 1) * 2;
	if (size)
		*size = need;
	if (need > room && !flags)
		return ERROR_MORE_DATA;
	if (room) {
		memcpy(out, text, need < room ? need : room);
		out[(need < room ? need : room) / 2 - 1] = 0;
	}
	return ERROR_SUCCESS;
}

/* "The ANSI version of this function returns ERROR_CALL_NOT_IMPLEMENTED" (its page). */
WINAPI LONG
advapi32_RegLoadMUIStringA(HKEY h, const char *name, char *out, DWORD room, DWORD *size,
                           DWORD flags, const char *folder)
{
	(void)h, (void)name, (void)out, (void)room, (void)size, (void)flags, (void)folder;
	return ERROR_CALL_NOT_IMPLEMENTED;
}
