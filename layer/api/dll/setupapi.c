/* SPDX-License-Identifier: Apache-2.0 */
/* setupapi.c -- devices: there are none.  Lists of them can be made, and are empty. */
#include "layer/api/dll/dll.h"

enum { ERROR_NO_MORE_ITEMS_ = 259, ERROR_NO_SUCH_DEVINST_ = (int)0xe000020b };

WINAPI HANDLE
setupapi_SetupDiGetClassDevsW(const void *class, const WCHAR *enumerator, HWND parent, DWORD flags)
{
	static char list;
	(void)class, (void)enumerator, (void)parent, (void)flags;
	return &list;
}

WINAPI HANDLE
setupapi_SetupDiGetClassDevsA(const void *class, const char *enumerator, HWND parent, DWORD flags)
{
	(void)enumerator;
	return setupapi_SetupDiGetClassDevsW(class, NULL, parent, flags);
}

WINAPI BOOL
setupapi_SetupDiDestroyDeviceInfoList(HANDLE list)
{
	(void)list;
	return TRUE;
}

WINAPI BOOL
setupapi_SetupDiEnumDeviceInfo(HANDLE list, DWORD i, void *data)
{
	(void)list, (void)i, (void)data;
	return refuse((DWORD)ERROR_NO_MORE_ITEMS_);
}

WINAPI BOOL
setupapi_SetupDiEnumDeviceInterfaces(HANDLE list, void *data, const void *class, DWORD i, void *out)
{
	(void)list, (void)data, (void)class, (void)i, (void)out;
	return refuse((DWORD)ERROR_NO_MORE_ITEMS_);
}

/* For a device that nobody can have. */
WINAPI HKEY
setupapi_SetupDiOpenDevRegKey(HANDLE list, void *data, DWORD scope, DWORD profile, DWORD kind,
                              DWORD access)
{
	(void)list, (void)data, (void)scope, (void)profile, (void)kind, (void)access;
	refuse((DWORD)ERROR_NO_SUCH_DEVINST_);
	return INVALID_HANDLE_VALUE;
}

WINAPI BOOL
setupapi_SetupDiGetDeviceRegistryPropertyW(HANDLE list, void *data, DWORD property, DWORD *type,
                                           void *out, DWORD n, DWORD *needed)
{
	(void)list, (void)data, (void)property, (void)type, (void)out, (void)n, (void)needed;
	return refuse((DWORD)ERROR_NO_SUCH_DEVINST_);
}
