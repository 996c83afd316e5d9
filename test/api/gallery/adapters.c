/* SPDX-License-Identifier: Apache-2.0 */
// DXGI.dll: a program that looks for graphics adapters finds none, and goes on.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: adapters: ok
#include "check.h"

#define CALL(dll, result, name, ...)                                                               \
	((result(WINAPI *)(__VA_ARGS__))(void *)GetProcAddress(LoadLibraryA(dll), #name))
#define DXGI(name, ...) CALL("dxgi.dll", HRESULT, name, __VA_ARGS__)

int
main(void)
{
	GUID id = { 0 };
	void *factory = &id;
	IS(DXGI(CreateDXGIFactory, GUID *, void **)(&id, &factory) == (HRESULT)0x887a0004 &&
	   !factory);
	IS(DXGI(CreateDXGIFactory1, GUID *, void **)(&id, &factory) < 0);
	IS(DXGI(CreateDXGIFactory2, UINT, GUID *, void **)(0, &id, &factory) < 0);
	done("adapters");
	return 0;
}
