/* ntdll_section.h -- sections by handle, for ntdll and kernel32. */
#ifndef LAYER_API_DLL_NTDLL_SECTION_H
#define LAYER_API_DLL_NTDLL_SECTION_H

#include "layer/api/nt/mem/section.h"

/* name NULL: it has none.  STATUS_OBJECT_NAME_EXISTS: another one's of this name. */
NTSTATUS
ntdll_section_create(HANDLE file, const struct UNICODE_STRING *name, uint64_t size, DWORD protect,
                     DWORD attributes, bool inherit, ACCESS_MASK access, HANDLE *out);
NTSTATUS ntdll_section_open(const struct UNICODE_STRING *name, bool inherit, ACCESS_MASK access,
                            HANDLE *out);
NTSTATUS ntdll_section_map(HANDLE section, HANDLE process, void **base, uint64_t offset,
                           SIZE_T *size, DWORD type, DWORD protect, const struct vm_where *where);

#endif
