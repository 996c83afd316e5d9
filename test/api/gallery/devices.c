/* SPDX-License-Identifier: Apache-2.0 */
// SETUPAPI.dll and DXGI.dll: a program that looks for devices finds none, and goes on.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: devices: ok
// expect: adapters: ok
#include "check.h"

#define CALL(dll, result, name, ...)                                                               \
	((result(WINAPI *)(__VA_ARGS__))(void *)GetProcAddress(LoadLibraryA(dll), #name))
#define SETUP(result, name, ...) CALL("setupapi.dll", result, name, __VA_ARGS__)
#define DXGI(name, ...)          CALL("dxgi.dll", HRESULT, name, __VA_ARGS__)

int
main(void)
{
	DWORD data[8] = { sizeof data }, type;
	HANDLE all = SETUP(HANDLE, SetupDiGetClassDevsW, void *, void *, HWND, DWORD)(NULL, NULL,
	                                                                              NULL, 4);
	IS(all != INVALID_HANDLE_VALUE);
	IS(SETUP(HANDLE, SetupDiGetClassDevsA, void *, void *, HWND, DWORD)(NULL, NULL, NULL, 4) !=
	   INVALID_HANDLE_VALUE);
	ERR(SETUP(BOOL, SetupDiEnumDeviceInfo, HANDLE, DWORD, void *)(all, 0, data),
	    ERROR_NO_MORE_ITEMS);
	ERR(SETUP(BOOL, SetupDiEnumDeviceInterfaces, HANDLE, void *, void *, DWORD,
	          void *)(all, NULL, data, 0, data),
	    ERROR_NO_MORE_ITEMS);
	ERR(SETUP(HKEY, SetupDiOpenDevRegKey, HANDLE, void *, DWORD, DWORD, DWORD,
	          DWORD)(all, data, 1, 0, 1, 1) != (HKEY)INVALID_HANDLE_VALUE,
	    0xe000020b);
	ERR(SETUP(BOOL, SetupDiGetDeviceRegistryPropertyW, HANDLE, void *, DWORD, DWORD *, void *,
	          DWORD, DWORD *)(all, data, 0, &type, data, 4, NULL),
	    0xe000020b);
	IS(SETUP(BOOL, SetupDiDestroyDeviceInfoList, HANDLE)(all));
	done("devices");
	void *factory = data;
	GUID id = { 0 };
	IS(DXGI(CreateDXGIFactory, GUID *, void **)(&id, &factory) == (HRESULT)0x887a0004 &&
	   !factory);
	IS(DXGI(CreateDXGIFactory1, GUID *, void **)(&id, &factory) < 0);
	IS(DXGI(CreateDXGIFactory2, UINT, GUID *, void **)(0, &id, &factory) < 0);
	done("adapters");
	return 0;
}
