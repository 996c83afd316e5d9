/* SPDX-License-Identifier: Apache-2.0 */
// Devices: there are none, and programs that list them are told so.
// needs: joist mingw
// libs: -lsetupapi -lcfgmgr32
// run: joist run --rm $GUEST
// expect: sets: ok
// expect: the tree: ok
// expect: of hands: ok
#include "check.h"
#include <initguid.h>
#include <setupapi.h>
#include <cfgmgr32.h>
#include <devpropdef.h>

DEFINE_GUID(ports, 0x4d36e978, 0xe325, 0x11ce, 0xbf, 0xc1, 0x08, 0x00, 0x2b, 0xe1, 0x03, 0x18);

static void
sets(void)
{
	SP_DEVINFO_DATA d = { .cbSize = sizeof d };
	SP_DEVICE_INTERFACE_DATA i = { .cbSize = sizeof i };
	WCHAR text[8];
	DWORD n;
	HDEVINFO a = SetupDiGetClassDevsA(&ports, NULL, NULL, DIGCF_PRESENT),
	         w = SetupDiGetClassDevsW(NULL, NULL, NULL, DIGCF_ALLCLASSES);
	IS(a != INVALID_HANDLE_VALUE && w != INVALID_HANDLE_VALUE);
	ERR(SetupDiEnumDeviceInfo(a, 0, &d), ERROR_NO_MORE_ITEMS);
	ERR(SetupDiEnumDeviceInterfaces(w, NULL, &ports, 0, &i), ERROR_NO_MORE_ITEMS);
	ERR(SetupDiGetDeviceRegistryPropertyA(a, &d, SPDRP_FRIENDLYNAME, NULL, NULL, 0, &n),
	    ERROR_NO_SUCH_DEVINST);
	ERR(SetupDiGetDeviceRegistryPropertyW(a, &d, SPDRP_FRIENDLYNAME, NULL, NULL, 0, &n),
	    ERROR_NO_SUCH_DEVINST);
	ERR(SetupDiGetDeviceInstanceIdA(a, &d, (char *)text, 8, &n), ERROR_NO_SUCH_DEVINST);
	ERR(SetupDiGetDeviceInstanceIdW(a, &d, text, 8, &n), ERROR_NO_SUCH_DEVINST);
	ERR(SetupDiGetDeviceInterfaceDetailA(a, &i, NULL, 0, &n, NULL), ERROR_NO_SUCH_DEVINST);
	ERR(SetupDiGetDeviceInterfaceDetailW(a, &i, NULL, 0, &n, NULL), ERROR_NO_SUCH_DEVINST);
	IS(SetupDiOpenDevRegKey(a, &d, DICS_FLAG_GLOBAL, 0, DIREG_DEV, KEY_READ) ==
	   INVALID_HANDLE_VALUE);
	IS(SetupDiDestroyDeviceInfoList(a) && SetupDiDestroyDeviceInfoList(w));
	IS(SetupDiGetClassDevsA(NULL, NULL, NULL, 0) == INVALID_HANDLE_VALUE &&
	   GetLastError() == ERROR_INVALID_PARAMETER);
	ERR(SetupDiDestroyDeviceInfoList(INVALID_HANDLE_VALUE), ERROR_INVALID_HANDLE);
	done("sets");
}

/* By name: not all libraries of imports have them. */
static void *
by_name(const char *name)
{
	return (void *)GetProcAddress(LoadLibraryA("cfgmgr32.dll"), name);
}

static void
tree(void)
{
	DWORD(WINAPI * size)
	(ULONG *, const GUID *, WCHAR *, ULONG) = by_name("CM_Get_Device_Interface_List_SizeW");
	DWORD(WINAPI * list)
	(const GUID *, WCHAR *, WCHAR *, ULONG, ULONG) = by_name("CM_Get_Device_Interface_ListW");
	DWORD(WINAPI * property)
	(const WCHAR *, const void *, ULONG *, BYTE *, ULONG *, ULONG) =
	        by_name("CM_Get_Device_Interface_PropertyW");
	DWORD(WINAPI * of_node)
	(DWORD, const void *, ULONG *, BYTE *, ULONG *, ULONG) =
	        by_name("CM_Get_DevNode_PropertyW");
	DWORD(WINAPI * parent)(DWORD *, DWORD, ULONG) = by_name("CM_Get_Parent");
	DWORD(WINAPI * locate)(DWORD *, WCHAR *, ULONG) = by_name("CM_Locate_DevNodeW");
	WCHAR text[4] = L"xxx";
	ULONG n = 9;
	DWORD node = 0;
	IS(size(&n, &ports, NULL, 0) == CR_SUCCESS && n == 1);
	IS(list(&ports, NULL, text, 4, 0) == CR_SUCCESS && !text[0]);
	IS(property(L"x", NULL, NULL, NULL, &n, 0) == 0x37); /* CR_NO_SUCH_DEVICE_INTERFACE */
	IS(locate(&node, NULL, 0) == CR_NO_SUCH_DEVNODE);
	IS(parent(&node, 1, 0) == CR_INVALID_DEVNODE);
	IS(of_node(1, NULL, NULL, NULL, &n, 0) == CR_INVALID_DEVNODE);
	done("the tree");
}

static void
hands(void)
{
	static const char *const texts[] = { "HidD_GetManufacturerString",
		                             "HidD_GetProductString",
		                             "HidD_GetSerialNumberString",
		                             "HidD_GetFeature",
		                             "HidD_SetFeature",
		                             "HidD_GetInputReport",
		                             "HidD_SetOutputReport" };
	HMODULE m = LoadLibraryA("hid.dll");
	BOOLEAN(WINAPI * text)(HANDLE, void *, ULONG);
	BOOLEAN(WINAPI * two)(HANDLE, void *);
	BOOLEAN(WINAPI * indexed)(HANDLE, ULONG, void *, ULONG);
	void(WINAPI * guid)(GUID *) = (void *)GetProcAddress(m, "HidD_GetHidGuid");
	NTSTATUS(WINAPI * caps)(void *, void *) = (void *)GetProcAddress(m, "HidP_GetCaps");
	HANDLE e = CreateEventA(NULL, FALSE, FALSE, NULL);
	char out[8];
	GUID g;
	guid(&g);
	IS(g.Data1 == 0x4d1e55b2 && g.Data4[7] == 0x30);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		text = (void *)GetProcAddress(m, texts[i]);
		ERR(text(e, out, sizeof out), ERROR_INVALID_FUNCTION);
		ERR(text(NULL, out, sizeof out), ERROR_INVALID_HANDLE);
	}
	indexed = (void *)GetProcAddress(m, "HidD_GetIndexedString");
	ERR(indexed(e, 1, out, sizeof out), ERROR_INVALID_FUNCTION);
	two = (void *)GetProcAddress(m, "HidD_GetAttributes");
	ERR(two(e, out), ERROR_INVALID_FUNCTION);
	two = (void *)GetProcAddress(m, "HidD_GetPreparsedData");
	ERR(two(e, out), ERROR_INVALID_FUNCTION);
	BOOLEAN(WINAPI * buffers)
	(HANDLE, ULONG) = (void *)GetProcAddress(m, "HidD_SetNumInputBuffers");
	ERR(buffers(e, 8), ERROR_INVALID_FUNCTION);
	BOOLEAN(WINAPI * drop)(void *) = (void *)GetProcAddress(m, "HidD_FreePreparsedData");
	ERR(drop(out), ERROR_INVALID_PARAMETER);
	IS(caps(out, out) == (NTSTATUS)0xc0110001);
	done("of hands");
}

int
main(void)
{
	sets();
	tree();
	hands();
	return 0;
}
