/* movable.h -- memory of LocalAlloc and GlobalAlloc, which are one.
 *
 * Fixed memory is a block of the process' heap.  Movable memory has a handle, which is never a
 * multiple of 16 as blocks are; it is where the block's address is found, and counts its locks.
 */
#ifndef LAYER_API_NT_MEM_MOVABLE_H
#define LAYER_API_NT_MEM_MOVABLE_H

#include "layer/api/nt/status.h"
#include "layer/api/nt/types.h"

enum {
	GMEM_MOVEABLE = 2,
	GMEM_ZEROINIT = 0x40,
	GMEM_MODIFY = 0x80,
	GMEM_DISCARDABLE = 0x100,
	GMEM_DISCARDED = 0x4000,
	GMEM_INVALID_HANDLE = 0x8000,
};

/* Errors are Win32's, 0 for none. */
DWORD movable_alloc(UINT flags, SIZE_T n, HANDLE *out);
DWORD movable_realloc(HANDLE h, SIZE_T n, UINT flags, HANDLE *out);
DWORD movable_free(HANDLE h);
DWORD movable_lock(HANDLE h, void **out);
/* true: it is still locked; *error is ERROR_NOT_LOCKED when it was not. */
bool movable_unlock(HANDLE h, DWORD *error);
DWORD movable_size(HANDLE h, SIZE_T *out);
UINT movable_flags(HANDLE h);
DWORD movable_handle(const void *p, HANDLE *out);

#endif
