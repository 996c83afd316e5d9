/* ntdll_once.h -- one-time initialisation, for kernel32's wording of the same functions. */
#ifndef LAYER_API_DLL_NTDLL_ONCE_H
#define LAYER_API_DLL_NTDLL_ONCE_H

#include "layer/api/nt/types.h"

typedef _Atomic uint64_t ntdll_once;
typedef ULONG(WINAPI *ntdll_once_function)(ntdll_once *o, void *parameter, void **context);

WINAPI NTSTATUS ntdll_RtlRunOnceBeginInitialize(ntdll_once *o, ULONG flags, void **context);
WINAPI NTSTATUS ntdll_RtlRunOnceComplete(ntdll_once *o, ULONG flags, void *context);
WINAPI NTSTATUS ntdll_RtlRunOnceExecuteOnce(ntdll_once *o, ntdll_once_function f, void *parameter, void **context);

#endif
