/* ntdll_handle.h -- handles, for kernel32's wording of the same functions. */
#ifndef LAYER_API_DLL_NTDLL_HANDLE_H
#define LAYER_API_DLL_NTDLL_HANDLE_H

#include "layer/api/nt/types.h"

WINAPI NTSTATUS ntdll_NtDuplicateObject(HANDLE from, HANDLE h, HANDLE to, HANDLE *out, ACCESS_MASK access,
                                        ULONG attributes, ULONG options);
WINAPI NTSTATUS ntdll_NtCompareObjects(HANDLE a, HANDLE b);

#endif
