/* SPDX-License-Identifier: Apache-2.0 */
/* setupapi.c -- sets of devices (Learn: SetupAPI): each is empty, so nothing is known of any device
 * that is asked about. */
#include <stdlib.h>

#include "layer/api/dll/dll.h"

enum {
	DIGCF_ALLCLASSES = 4,
	MAGIC = 0x54455344,
};
#define ERROR_NO_SUCH_DEVINST 0xe000020b

struct set {
	uint32_t magic;
};

static bool
is_set(const struct set *s)
{
	if (s && s != INVALID_HANDLE_VALUE && s->magic == MAGIC)
		return true;
	last_error(ERROR_INVALID_HANDLE);
	return false;
}

static void *
of_class(const void *class, DWORD flags)
{
	struct set *s;

	if (!class && !(flags & DIGCF_ALLCLASSES)) {
		last_error(ERROR_INVALID_PARAMETER);
		return INVALID_HANDLE_VALUE;
	}
	s = calloc(1, sizeof *s);
	if (!s) {
		last_error(ERROR_NOT_ENOUGH_MEMORY);
		return INVALID_HANDLE_VALUE;
	}
	s->magic = MAGIC;
	return s;
}

WINAPI void *
setupapi_SetupDiGetClassDevsA(const void *class, const char *enumerator, HWND parent, DWORD flags)
{
	(void)enumerator, (void)parent;
	return of_class(class, flags);
}

WINAPI void *
setupapi_SetupDiGetClassDevsW(const void *class, const WCHAR *enumerator, HWND parent, DWORD flags)
{
	(void)enumerator, (void)parent;
	return of_class(class, flags);
}

WINAPI BOOL
setupapi_SetupDiDestroyDeviceInfoList(struct set *s)
{
	if (!is_set(s))
		return FALSE;
	s->magic = 0;
	free(s);
	return TRUE;
}

WINAPI BOOL
setupapi_SetupDiEnumDeviceInfo(struct set *s, DWORD index, void *out)
{
	(void)index;
	if (!is_set(s))
		return FALSE;
	return refuse(out ? ERROR_NO_MORE_ITEMS : ERROR_INVALID_PARAMETER);
}

WINAPI BOOL
setupapi_SetupDiEnumDeviceInterfaces(struct set *s, const void *device, const void *class,
                                     DWORD index, void *out)
{
	(void)device, (void)index;
	if (!is_set(s))
		return FALSE;
	return refuse(class && out ? ERROR_NO_MORE_ITEMS : ERROR_INVALID_PARAMETER);
}

/* -- of a device: none can be of the set --------------------------------------------------------- */

static BOOL
nobody(struct set *s)
{
	return is_set(s) ? refuse(ERROR_NO_SUCH_DEVINST) : FALSE;
}

WINAPI BOOL
setupapi_SetupDiGetDeviceInterfaceDetailW(struct set *s, const void *interface, void *detail,
                                          DWORD size, DWORD *need, void *device)
{
	(void)interface, (void)detail, (void)size, (void)need, (void)device;
	return nobody(s);
}

WINAPI BOOL
setupapi_SetupDiGetDeviceInterfaceDetailA(struct set *s, const void *interface, void *detail,
                                          DWORD size, DWORD *need, void *device)
{
	return setupapi_SetupDiGetDeviceInterfaceDetailW(s, interface, detail, size, need, device);
}

WINAPI BOOL
setupapi_SetupDiGetDeviceRegistryPropertyW(struct set *s, const void *device, DWORD property,
                                           DWORD *type, BYTE *out, DWORD size, DWORD *need)
{
	(void)device, (void)property, (void)type, (void)out, (void)size, (void)need;
	return nobody(s);
}

WINAPI BOOL
setupapi_SetupDiGetDeviceRegistryPropertyA(struct set *s, const void *device, DWORD property,
                                           DWORD *type, BYTE *out, DWORD size, DWORD *need)
{
	return setupapi_SetupDiGetDeviceRegistryPropertyW(s, device, property, type, out, size,
	                                                  need);
}

WINAPI BOOL
setupapi_SetupDiGetDeviceInstanceIdW(struct set *s, const void *device, WCHAR *out, DWORD size,
                                     DWORD *need)
{
	(void)device, (void)out, (void)size, (void)need;
	return nobody(s);
}

WINAPI BOOL
setupapi_SetupDiGetDeviceInstanceIdA(struct set *s, const void *device, char *out, DWORD size,
                                     DWORD *need)
{
	(void)device, (void)out, (void)size, (void)need;
	return nobody(s);
}

WINAPI void *
setupapi_SetupDiOpenDevRegKey(struct set *s, const void *device, DWORD scope, DWORD profile,
                              DWORD type, DWORD access)
{
	(void)device, (void)scope, (void)profile, (void)type, (void)access;
	(void)nobody(s);
	return INVALID_HANDLE_VALUE;
}
