/* SPDX-License-Identifier: Apache-2.0 */
/* cfgmgr32.c -- the tree of devices: nothing is in it. */
#include "layer/api/dll/dll.h"

enum {
	CR_SUCCESS = 0,
	CR_INVALID_POINTER = 3,
	CR_INVALID_DEVNODE = 5,
	CR_NO_SUCH_DEVNODE = 13,
	CR_BUFFER_SMALL = 26,
	CR_NO_SUCH_DEVICE_INTERFACE = 55,
};

/* A list of texts is ended by an empty one. */
WINAPI DWORD
cfgmgr32_CM_Get_Device_Interface_List_SizeW(DWORD *n, const void *class, const WCHAR *device,
                                            DWORD flags)
{
	(void)device, (void)flags;
	if (!n || !class)
		return CR_INVALID_POINTER;
	*n = 1;
	return CR_SUCCESS;
}

WINAPI DWORD
cfgmgr32_CM_Get_Device_Interface_ListW(const void *class, const WCHAR *device, WCHAR *out, DWORD n,
                                       DWORD flags)
{
	(void)device, (void)flags;
	if (!class || !out)
		return CR_INVALID_POINTER;
	if (!n)
		return CR_BUFFER_SMALL;
	*out = 0;
	return CR_SUCCESS;
}

WINAPI DWORD
cfgmgr32_CM_Get_Device_Interface_PropertyW(const WCHAR *interface, const void *key, DWORD *type,
                                           BYTE *out, DWORD *n, DWORD flags)
{
	(void)key, (void)type, (void)out, (void)n, (void)flags;
	return interface ? CR_NO_SUCH_DEVICE_INTERFACE : CR_INVALID_POINTER;
}

WINAPI DWORD
cfgmgr32_CM_Locate_DevNodeW(DWORD *node, const WCHAR *id, DWORD flags)
{
	(void)id, (void)flags;
	return node ? CR_NO_SUCH_DEVNODE : CR_INVALID_POINTER;
}

WINAPI DWORD
cfgmgr32_CM_Get_Parent(DWORD *parent, DWORD node, DWORD flags)
{
	(void)node, (void)flags;
	return parent ? CR_INVALID_DEVNODE : CR_INVALID_POINTER;
}

WINAPI DWORD
cfgmgr32_CM_Get_DevNode_PropertyW(DWORD node, const void *key, DWORD *type, BYTE *out, DWORD *n,
                                  DWORD flags)
{
	(void)node, (void)key, (void)type, (void)out, (void)flags;
	return n ? CR_INVALID_DEVNODE : CR_INVALID_POINTER;
}
