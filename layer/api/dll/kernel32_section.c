/* SPDX-License-Identifier: Apache-2.0 */
/* File mappings. */
#include <stdlib.h>

#include "layer/api/dll/dll.h"
#include "layer/api/dll/ntdll_section.h"
#include "layer/api/dll/ntdll_vm.h"
#include "layer/api/nt/text/nls.h"

enum {
	FILE_MAP_COPY = 1,
	FILE_MAP_WRITE = 2,
	FILE_MAP_READ = 4,
	FILE_MAP_EXECUTE = 0x20,
};

static bool
name_of(const WCHAR *text, struct UNICODE_STRING *out)
{
	size_t n = 0;
	while (text[n] && n < 32767)
		n++;
	out->Buffer = (WCHAR *)text;
	out->Length = (USHORT)(n * 2);
	out->MaximumLength = (USHORT)(n * 2);
	return n < 32767;
}

static HANDLE
create(HANDLE file, const struct SECURITY_ATTRIBUTES *sa, DWORD protect, DWORD attributes,
       uint64_t size, const WCHAR *text)
{
	struct UNICODE_STRING name;
	HANDLE h = NULL;
	if (text && !name_of(text, &name)) {
		last_error(206); /* ERROR_FILENAME_EXCED_RANGE */
		return NULL;
	}
	if (file == INVALID_HANDLE_VALUE) {
		file = NULL;
		if (!size) {
			last_error(ERROR_INVALID_PARAMETER);
			return NULL;
		}
	} else if (!file) {
		last_error(ERROR_INVALID_HANDLE);
		return NULL;
	}
	NTSTATUS s = ntdll_section_create(file, text ? &name : NULL, size, protect, attributes,
	                                  sa && sa->bInheritHandle, SECTION_ALL_ACCESS, &h);
	if (s < 0) {
		/* another kind of object has the name */
		last_error(s == STATUS_OBJECT_TYPE_MISMATCH ? ERROR_INVALID_HANDLE
		                                            : status_error(s));
		return NULL;
	}
	last_error(s == STATUS_OBJECT_NAME_EXISTS ? ERROR_ALREADY_EXISTS : ERROR_SUCCESS);
	return h;
}

WINAPI HANDLE
kernel32_CreateFileMappingW(HANDLE file, const struct SECURITY_ATTRIBUTES *sa, DWORD protect,
                            DWORD high, DWORD low, const WCHAR *name)
{
	DWORD attributes = protect & ~(DWORD)0xfff;
	return create(file, sa, protect & 0xfff, attributes ? attributes : SEC_COMMIT,
	              (uint64_t)high << 32 | low, name);
}

WINAPI HANDLE
kernel32_CreateFileMappingA(HANDLE file, const struct SECURITY_ATTRIBUTES *sa, DWORD protect,
                            DWORD high, DWORD low, const char *name)
{
	WCHAR *w = name ? nls_wide_ansi(name) : NULL;
	if (name && !w) {
		last_error(ERROR_NOT_ENOUGH_MEMORY);
		return NULL;
	}
	HANDLE h = kernel32_CreateFileMappingW(file, sa, protect, high, low, w);
	free(w);
	return h;
}

WINAPI HANDLE
kernel32_CreateFileMappingNumaW(HANDLE file, const struct SECURITY_ATTRIBUTES *sa, DWORD protect,
                                DWORD high, DWORD low, const WCHAR *name, DWORD node)
{
	(void)node;
	return kernel32_CreateFileMappingW(file, sa, protect, high, low, name);
}

WINAPI HANDLE
kernel32_CreateFileMappingNumaA(HANDLE file, const struct SECURITY_ATTRIBUTES *sa, DWORD protect,
                                DWORD high, DWORD low, const char *name, DWORD node)
{
	(void)node;
	return kernel32_CreateFileMappingA(file, sa, protect, high, low, name);
}

WINAPI HANDLE
kernel32_CreateFileMappingFromApp(HANDLE file, const struct SECURITY_ATTRIBUTES *sa, ULONG protect,
                                  ULONG64 size, const WCHAR *name)
{
	return kernel32_CreateFileMappingW(file, sa, protect, (DWORD)(size >> 32), (DWORD)size,
	                                   name);
}

WINAPI HANDLE
kernel32_CreateFileMapping2(HANDLE file, const struct SECURITY_ATTRIBUTES *sa, ULONG access,
                            ULONG protect, ULONG attributes, ULONG64 size, const WCHAR *name,
                            struct MEM_EXTENDED_PARAMETER *p, ULONG n)
{
	struct vm_where w;
	(void)access;
	if (!succeed(ntdll_vm_where(p, n, &w)))
		return NULL;
	return create(file, sa, protect, attributes ? attributes : SEC_COMMIT, size, name);
}

static ACCESS_MASK
access_of(DWORD access)
{
	if ((access & SECTION_ALL_ACCESS) == SECTION_ALL_ACCESS)
		return SECTION_ALL_ACCESS;
	return (access & FILE_MAP_WRITE ? SECTION_MAP_WRITE | SECTION_MAP_READ : 0u) |
	       (access & (FILE_MAP_READ | FILE_MAP_COPY) ? SECTION_MAP_READ : 0u) |
	       (access & FILE_MAP_EXECUTE ? SECTION_MAP_EXECUTE : 0u) | SECTION_QUERY;
}

WINAPI HANDLE
kernel32_OpenFileMappingW(DWORD access, BOOL inherit, const WCHAR *text)
{
	struct UNICODE_STRING name;
	HANDLE h = NULL;
	if (!text || !name_of(text, &name)) {
		last_error(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	return succeed(ntdll_section_open(&name, inherit, access_of(access), &h)) ? h : NULL;
}

WINAPI HANDLE
kernel32_OpenFileMappingA(DWORD access, BOOL inherit, const char *name)
{
	WCHAR *w = name ? nls_wide_ansi(name) : NULL;
	HANDLE h = kernel32_OpenFileMappingW(access, inherit, w);
	free(w);
	return h;
}

static DWORD
protect_of(DWORD access)
{
	bool execute = access & FILE_MAP_EXECUTE;
	if (access & FILE_MAP_WRITE)
		return execute ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE;
	if (access & FILE_MAP_COPY)
		return execute ? PAGE_EXECUTE_WRITECOPY : PAGE_WRITECOPY;
	if (access & FILE_MAP_READ)
		return execute ? PAGE_EXECUTE_READ : PAGE_READONLY;
	return execute ? PAGE_EXECUTE : PAGE_NOACCESS;
}

static void *
map(HANDLE h, void *base, uint64_t offset, SIZE_T size, DWORD type, DWORD protect,
    const struct vm_where *w)
{
	NTSTATUS s = ntdll_section_map(h, NULL, &base, offset, &size, type, protect, w);
	/* a view that the section does not allow is ERROR_ACCESS_DENIED */
	if (s == STATUS_SECTION_PROTECTION)
		s = STATUS_ACCESS_DENIED;
	return succeed(s) ? base : NULL;
}

WINAPI void *
kernel32_MapViewOfFileEx(HANDLE h, DWORD access, DWORD high, DWORD low, SIZE_T size, void *base)
{
	return map(h, base, (uint64_t)high << 32 | low, size, 0, protect_of(access), NULL);
}

WINAPI void *
kernel32_MapViewOfFile(HANDLE h, DWORD access, DWORD high, DWORD low, SIZE_T size)
{
	return kernel32_MapViewOfFileEx(h, access, high, low, size, NULL);
}

WINAPI void *
kernel32_MapViewOfFileExNuma(HANDLE h, DWORD access, DWORD high, DWORD low, SIZE_T size, void *base,
                             DWORD node)
{
	(void)node;
	return kernel32_MapViewOfFileEx(h, access, high, low, size, base);
}

WINAPI void *
kernel32_MapViewOfFileFromApp(HANDLE h, ULONG access, ULONG64 offset, SIZE_T size)
{
	return map(h, NULL, offset, size, 0, protect_of(access), NULL);
}

WINAPI void *
kernel32_MapViewOfFile3(HANDLE h, HANDLE process, void *base, ULONG64 offset, SIZE_T size,
                        ULONG type, ULONG protect, struct MEM_EXTENDED_PARAMETER *p, ULONG n)
{
	struct vm_where w;
	if ((process && !succeed(ntdll_vm_own(process))) || !succeed(ntdll_vm_where(p, n, &w)))
		return NULL;
	return map(h, base, offset, size, type & (MEM_TOP_DOWN | MEM_REPLACE_PLACEHOLDER), protect,
	           base ? NULL : &w);
}

WINAPI void *
kernel32_MapViewOfFileNuma2(HANDLE h, HANDLE process, ULONG64 offset, void *base, SIZE_T size,
                            ULONG type, ULONG protect, ULONG node)
{
	(void)node;
	return kernel32_MapViewOfFile3(h, process, base, offset, size, type, protect, NULL, 0);
}

WINAPI BOOL
kernel32_UnmapViewOfFile(const void *base)
{
	return succeed(section_unmap((void *)base, false));
}

WINAPI BOOL
kernel32_UnmapViewOfFileEx(void *base, ULONG flags)
{
	return succeed(section_unmap(base, flags & MEM_PRESERVE_PLACEHOLDER));
}

WINAPI BOOL
kernel32_UnmapViewOfFile2(HANDLE process, void *base, ULONG flags)
{
	return succeed(ntdll_vm_own(process)) && kernel32_UnmapViewOfFileEx(base, flags);
}

WINAPI BOOL
kernel32_FlushViewOfFile(const void *base, SIZE_T size)
{
	return succeed(section_flush(base, &size));
}
