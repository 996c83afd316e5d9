/* combase.h -- what the files of combase.dll share. */
#ifndef LAYER_API_DLL_COMBASE_H
#define LAYER_API_DLL_COMBASE_H

#include "layer/api/dll/dll.h"

#define HR(x) ((HRESULT)(x))
enum { S_OK, S_FALSE };
#define E_NOTIMPL           HR(0x80004001)
#define E_NOINTERFACE       HR(0x80004002)
#define E_POINTER           HR(0x80004003)
#define E_OUTOFMEMORY       HR(0x8007000e)
#define E_INVALIDARG        HR(0x80070057)
#define CO_E_NOTINITIALIZED HR(0x800401f0)
#define CO_E_CLASSSTRING    HR(0x800401f3)
#define RPC_E_CHANGED_MODE  HR(0x80010106)
#define RPC_E_TOO_LATE      HR(0x80010119)
#define REGDB_E_CLASSNOTREG HR(0x80040154)
#define CO_S_NOTALLINTERFACES HR(0x00080012)

bool combase_in_apartment(void); /* CoInitializeEx was called, or somebody is in the MTA */

#endif
