/* SPDX-License-Identifier: Apache-2.0 */
/* Local and global memory.  The Local functions are the same (kernel32.def). */
#include "layer/api/dll/dll.h"
#include "layer/api/nt/mem/movable.h"

WINAPI HANDLE
kernel32_GlobalAlloc(UINT flags, SIZE_T n)
{
	HANDLE h;
	DWORD error = movable_alloc(flags, n, &h);
	if (error)
		last_error(error);
	return h;
}

WINAPI HANDLE
kernel32_GlobalReAlloc(HANDLE h, SIZE_T n, UINT flags)
{
	HANDLE new;
	DWORD error = movable_realloc(h, n, flags, &new);
	if (error)
		last_error(error);
	return new;
}

WINAPI HANDLE
kernel32_GlobalFree(HANDLE h)
{
	DWORD error = movable_free(h);
	if (!error)
		return NULL;
	last_error(error);
	return h;
}

WINAPI void *
kernel32_GlobalLock(HANDLE h)
{
	void *p;
	DWORD error = movable_lock(h, &p);
	if (error)
		last_error(error);
	return p;
}

WINAPI BOOL
kernel32_GlobalUnlock(HANDLE h)
{
	DWORD error;
	bool more = movable_unlock(h, &error);
	/* FALSE with no error: the last lock is gone. */
	if (!more)
		last_error(error);
	return more;
}

WINAPI SIZE_T
kernel32_GlobalSize(HANDLE h)
{
	SIZE_T n;
	DWORD error = movable_size(h, &n);
	if (error)
		last_error(error);
	return n;
}

WINAPI UINT
kernel32_GlobalFlags(HANDLE h)
{
	UINT f = movable_flags(h);
	if (f == GMEM_INVALID_HANDLE)
		last_error(ERROR_INVALID_HANDLE);
	return f;
}

WINAPI HANDLE
kernel32_GlobalHandle(const void *p)
{
	HANDLE h;
	DWORD error = movable_handle(p, &h);
	if (error)
		last_error(error);
	return h;
}

/* The same functions under the names that our own code calls. */
WINAPI HANDLE kernel32_LocalAlloc(UINT flags, SIZE_T n)
        __attribute__((alias("kernel32_GlobalAlloc")));
WINAPI HANDLE kernel32_LocalFree(HANDLE h) __attribute__((alias("kernel32_GlobalFree")));
