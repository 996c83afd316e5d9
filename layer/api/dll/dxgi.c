/* SPDX-License-Identifier: Apache-2.0 */
/* dxgi.c -- graphics adapters: this machine has none, and no driver for one. */
#include "layer/api/dll/dll.h"

enum { DXGI_ERROR_UNSUPPORTED = (int)0x887a0004 };

WINAPI HRESULT
dxgi_CreateDXGIFactory(const void *iid, void **out)
{
	(void)iid;
	*out = NULL;
	return DXGI_ERROR_UNSUPPORTED;
}

WINAPI HRESULT
dxgi_CreateDXGIFactory2(UINT flags, const void *iid, void **out)
{
	(void)flags;
	return dxgi_CreateDXGIFactory(iid, out);
}
