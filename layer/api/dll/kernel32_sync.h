/* kernel32_sync.h -- what functions that make or open named objects share. */
#ifndef LAYER_API_DLL_KERNEL32_SYNC_H
#define LAYER_API_DLL_KERNEL32_SYNC_H

#include "layer/api/nt/object/object.h"

/* Name a new object (NULL: nobody could make it) and give out a handle; last error 0 or
 * ERROR_ALREADY_EXISTS; *fresh (or NULL): it is the new one. */
HANDLE kernel32_sync_give(struct object *o, const WCHAR *name, const struct SECURITY_ATTRIBUTES *a,
                          DWORD access, bool *fresh);
HANDLE kernel32_sync_open(const struct object_class *class, const WCHAR *name, BOOL inherit, DWORD access);
/* GENERIC_... and MAXIMUM_ALLOWED of a right become what the object has. */
DWORD kernel32_sync_access(DWORD access, DWORD all);
/* What wait_...() says, as a wait function of Win32 does. */
DWORD kernel32_sync_waited(NTSTATUS s);

#endif
