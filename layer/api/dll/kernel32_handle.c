/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ntdll_handle.h"
#include "layer/api/nt/object/object.h"

enum { HANDLE_FLAG_INHERIT = 1, HANDLE_FLAG_PROTECT_FROM_CLOSE = 2 };

WINAPI BOOL
kernel32_CloseHandle(HANDLE h)
{
	return succeed(handle_close(h));
}

WINAPI BOOL
kernel32_DuplicateHandle(HANDLE from, HANDLE h, HANDLE to, HANDLE *out, DWORD access, BOOL inherit,
                         DWORD options)
{
	return succeed(ntdll_NtDuplicateObject(from, h, to, out, access, inherit ? 2 : 0, options));
}

WINAPI BOOL
kernel32_GetHandleInformation(HANDLE h, DWORD *flags)
{
	bool inherit;
	NTSTATUS s = handle_flags(h, NULL, &inherit);

	if (s >= 0)
		*flags = (inherit ? HANDLE_FLAG_INHERIT : 0) |
		         (handle_protected(h) ? HANDLE_FLAG_PROTECT_FROM_CLOSE : 0);
	return succeed(s);
}

WINAPI BOOL
kernel32_SetHandleInformation(HANDLE h, DWORD mask, DWORD flags)
{
	NTSTATUS s = handle_flags(h, NULL, NULL);

	if (s >= 0 && (mask & HANDLE_FLAG_INHERIT))
		s = handle_inherit(h, flags & HANDLE_FLAG_INHERIT);
	if (s >= 0 && (mask & HANDLE_FLAG_PROTECT_FROM_CLOSE))
		s = handle_protect(h, flags & HANDLE_FLAG_PROTECT_FROM_CLOSE);
	return succeed(s);
}

WINAPI BOOL
kernel32_CompareObjectHandles(HANDLE a, HANDLE b)
{
	return ntdll_NtCompareObjects(a, b) == STATUS_SUCCESS;
}
