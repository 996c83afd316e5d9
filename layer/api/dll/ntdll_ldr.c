/* SPDX-License-Identifier: Apache-2.0 */
/* ntdll_ldr.c -- the loader's native face. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/image/ldr.h"
#include "layer/api/nt/image/pe.h"
#include "layer/api/nt/peb.h"
#include "layer/api/nt/image/undone.h"

static WCHAR *
text_of(const struct UNICODE_STRING *u)
{
	WCHAR *w = malloc(u->Length + sizeof *w);
	if (w) {
		memcpy(w, u->Buffer, u->Length);
		w[u->Length / 2] = 0;
	}
	return w;
}

WINAPI NTSTATUS
ntdll_LdrLoadDll(const WCHAR *path, ULONG *flags, const struct UNICODE_STRING *name, HMODULE *out)
{
	struct module *m = NULL;
	WCHAR *w = text_of(name);
	(void)path;
	NTSTATUS s = w ? ldr_load(w, flags ? *flags : 0, &m) : STATUS_NO_MEMORY;
	free(w);
	*out = m ? m->entry.DllBase : NULL;
	return s;
}

WINAPI NTSTATUS
ntdll_LdrGetDllHandle(const WCHAR *path, const ULONG *flags, const struct UNICODE_STRING *name,
                      HMODULE *out)
{
	WCHAR *w = text_of(name);
	(void)path, (void)flags;
	struct module *m = w ? ldr_find(w) : NULL;
	free(w);
	*out = m ? m->entry.DllBase : NULL;
	return m ? STATUS_SUCCESS : STATUS_DLL_NOT_FOUND;
}

WINAPI NTSTATUS
ntdll_LdrGetDllHandleEx(ULONG how, const WCHAR *path, const ULONG *flags,
                        const struct UNICODE_STRING *name, HMODULE *out)
{
	(void)how;
	return ntdll_LdrGetDllHandle(path, flags, name, out);
}

WINAPI NTSTATUS
ntdll_LdrGetProcedureAddress(HMODULE h, const struct ANSI_STRING *name, ULONG ordinal, void **out)
{
	struct module *m = ldr_of(h);
	char text[512];
	if (!m)
		return STATUS_DLL_NOT_FOUND;
	if (name && name->Length < sizeof text) {
		memcpy(text, name->Buffer, name->Length);
		text[name->Length] = '\0';
		*out = ldr_symbol(m, text);
	} else {
		*out = ldr_symbol(m, (const char *)(uintptr_t)(ordinal & 0xffff));
	}
	return *out   ? STATUS_SUCCESS
	       : name ? STATUS_ENTRYPOINT_NOT_FOUND
	              : STATUS_ORDINAL_NOT_FOUND;
}

WINAPI NTSTATUS
ntdll_LdrUnloadDll(HMODULE h)
{
	struct module *m = h ? ldr_of(h) : NULL;
	return m ? ldr_unload(m) : STATUS_DLL_NOT_FOUND;
}

WINAPI NTSTATUS
ntdll_LdrAddRefDll(ULONG flags, HMODULE h)
{
	struct module *m = h ? ldr_of(h) : NULL;
	if (!m)
		return STATUS_DLL_NOT_FOUND;
	ldr_lock();
	if (flags & 1)
		m->refs = UINT32_MAX;
	else if (m->refs != UINT32_MAX)
		m->refs++;
	ldr_unlock();
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_LdrDisableThreadCalloutsForDll(HMODULE h)
{
	struct module *m = h ? ldr_of(h) : NULL;
	if (!m)
		return STATUS_DLL_NOT_FOUND;
	m->entry.Flags |= 0x40000;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_LdrLockLoaderLock(ULONG flags, ULONG *disposition, ULONG_PTR *cookie)
{
	(void)flags;
	ldr_lock();
	if (disposition)
		*disposition = 1;
	*cookie = 1;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_LdrUnlockLoaderLock(ULONG flags, ULONG_PTR cookie)
{
	(void)flags;
	if (!cookie)
		return STATUS_INVALID_PARAMETER;
	ldr_unlock();
	return STATUS_SUCCESS;
}

WINAPI void
ntdll_RtlExitUserProcess(NTSTATUS code)
{
	birth_exit((uint32_t)code);
}

/* -- delay loading ("delayimp.h": ImgDelayDescr) ---------------------------------------------------- */

struct delay {
	uint32_t flags, name, module, table, names, bound, unload, stamp;
};

struct delay_info {
	DWORD size;
	const struct delay *descriptor;
	void **thunk;
	const char *dll;
	DWORD by_name;
	const char *name;
	HMODULE module;
	void *function;
	DWORD error;
};

WINAPI void *
ntdll_LdrResolveDelayLoadedAPI(BYTE *base, const struct delay *d,
                               void *(WINAPI *hook)(ULONG what, struct delay_info *i),
                               void *(WINAPI *failed)(const char *dll, const char *name),
                               void **thunk, ULONG flags)
{
	struct module *by = ldr_of(base), *m;
	uint32_t size = by ? by->entry.SizeOfImage : 0;
	const char *dll = pe_text(base, size, d->name), *name;
	HMODULE *slot = (HMODULE *)(uintptr_t)pe_at(base, size, d->module, sizeof *slot);
	size_t i = (size_t)(thunk - (void **)(void *)(base + d->table));
	const uint64_t *at = pe_at(base, size, d->names + (uint32_t)i * 8, 8);
	void *p = NULL;
	(void)flags;
	if (!by || !dll || !slot || !at)
		return NULL;
	name = *at >> 63 ? (const char *)(uintptr_t)(*at & 0xffff)
	                 : pe_text(base, size, (uint32_t)*at + 2);
	if (!*slot) {
		WCHAR wide[260];
		size_t n = 0;
		for (; dll[n] && n < 259; n++)
			wide[n] = (BYTE)dll[n];
		wide[n] = 0;
		if (ldr_load(wide, 0, &m) >= 0)
			*slot = m->entry.DllBase;
	}
	m = *slot ? ldr_of(*slot) : NULL;
	if (m && name)
		p = ldr_symbol(m, name);
	if (!p && hook) {
		enum { GPA_FAILURE = 4 };
		struct delay_info i4 = { .size = sizeof i4,
			                 .descriptor = d,
			                 .thunk = thunk,
			                 .dll = dll,
			                 .by_name = !(*at >> 63),
			                 .name = name,
			                 .module = *slot,
			                 .error = m ? 127 : 126 };
		p = hook(GPA_FAILURE, &i4);
	}
	if (!p && failed)
		p = failed(dll, name);
	if (!p)
		p = undone_stub(dll, *at >> 63 ? "(by ordinal)" : name);
	*thunk = p;
	return p;
}

/* -- headers of an image ------------------------------------------------------------------------------ */

WINAPI void *
ntdll_RtlImageNtHeader(BYTE *base)
{
	uint32_t lfanew;
	if (!base || base == INVALID_HANDLE_VALUE || memcmp(base, "MZ", 2) != 0)
		return NULL;
	memcpy(&lfanew, base + 0x3c, 4);
	return lfanew < PE_MOST_HEADERS && memcmp(base + lfanew, "PE\0", 4) == 0 ? base + lfanew
	                                                                         : NULL;
}

WINAPI NTSTATUS
ntdll_RtlImageNtHeaderEx(ULONG flags, BYTE *base, ULONGLONG size, void **out)
{
	(void)flags, (void)size;
	*out = ntdll_RtlImageNtHeader(base);
	return *out ? STATUS_SUCCESS : STATUS_INVALID_IMAGE_FORMAT;
}

WINAPI void *
ntdll_RtlImageDirectoryEntryToData(BYTE *base, BOOLEAN mapped, USHORT which, ULONG *size)
{
	BYTE *nt = ntdll_RtlImageNtHeader((BYTE *)((uintptr_t)base & ~(uintptr_t)3));
	struct pe_range d;
	(void)mapped; /* images are always laid out in memory here */
	*size = 0;
	if (!nt || which >= PE_DIRECTORIES)
		return NULL;
	memcpy(&d, nt + 0x88 + 8 * which, sizeof d);
	if (!d.rva)
		return NULL;
	*size = d.size;
	return base + d.rva;
}

/* IMAGE_SECTION_HEADER, 40 bytes: VirtualSize at 8, VirtualAddress 12, SizeOfRawData 16,
 * PointerToRawData 20. */
static uint32_t
field(const BYTE *section, unsigned at)
{
	uint32_t v;
	memcpy(&v, section + at, 4);
	return v;
}

WINAPI BYTE *
ntdll_RtlImageRvaToSection(BYTE *nt, BYTE *base, ULONG rva)
{
	uint16_t n, optional;
	(void)base;
	memcpy(&n, nt + 6, 2);
	memcpy(&optional, nt + 20, 2);
	for (BYTE *s = nt + 24 + optional; n--; s += 40)
		if (rva >= field(s, 12) && rva - field(s, 12) < field(s, 16))
			return s;
	return NULL;
}

/* In an image that was mapped as a file. */
WINAPI void *
ntdll_RtlImageRvaToVa(BYTE *nt, BYTE *base, ULONG rva, BYTE **section)
{
	BYTE *s = section && *section ? *section : NULL;
	if (!s || rva < field(s, 12) || rva - field(s, 12) >= field(s, 16))
		s = ntdll_RtlImageRvaToSection(nt, base, rva);
	if (!s)
		return NULL;
	if (section)
		*section = s;
	return base + field(s, 20) + (rva - field(s, 12));
}

WINAPI void *
ntdll_RtlAddressInSectionTable(BYTE *nt, BYTE *base, ULONG rva)
{
	return ntdll_RtlImageRvaToVa(nt, base, rva, NULL);
}
