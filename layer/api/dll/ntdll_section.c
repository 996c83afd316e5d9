/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "layer/api/dll/dll.h"
#include "layer/api/dll/ntdll_section.h"
#include "layer/api/dll/ntdll_vm.h"
#include "layer/api/nt/object/name.h"
#include "layer/api/nt/mem/section.h"
#include "layer/api/nt/mem/section_share.h"

/* A new section becomes the one of this name when there is one. */
static NTSTATUS
named(struct object **o, const struct UNICODE_STRING *name)
{
	WCHAR *text;
	NTSTATUS s = name_plain(name, &text);
	if (s >= 0) {
		s = section_share((struct section *)*o, text);
		free(text);
	}
	if (s < 0) {
		object_unref(*o);
		return s;
	}
	NTSTATUS t = name_give(o, name);
	return t == STATUS_SUCCESS ? s : t;
}

NTSTATUS
ntdll_section_create(HANDLE file, const struct UNICODE_STRING *name, uint64_t size, DWORD protect,
                     DWORD attributes, bool inherit, ACCESS_MASK access, HANDLE *out)
{
	struct object *o;
	NTSTATUS s = STATUS_SUCCESS;
	if (name && name->Length && name_open(&section_class, name, &o) >= 0)
		s = STATUS_OBJECT_NAME_EXISTS;
	else
		s = section_new(file, size, protect, attributes, &o);
	if (s < 0)
		return s;
	if (s == STATUS_SUCCESS && name && name->Length)
		s = named(&o, name);
	if (s < 0)
		return s;
	*out = handle_new(o, access, inherit);
	return *out ? s : STATUS_NO_MEMORY;
}

NTSTATUS
ntdll_section_open(const struct UNICODE_STRING *name, bool inherit, ACCESS_MASK access, HANDLE *out)
{
	struct object *o;
	NTSTATUS s = name_open(&section_class, name, &o);
	if (s == STATUS_OBJECT_NAME_NOT_FOUND) {
		WCHAR *text;
		if ((s = name_plain(name, &text)) >= 0) {
			s = section_share_open(text, &o);
			free(text);
		}
		if (s >= 0 && (s = name_give(&o, name)) == STATUS_OBJECT_NAME_EXISTS)
			s = STATUS_SUCCESS;
	}
	if (s < 0)
		return s;
	*out = handle_new(o, access, inherit);
	return *out ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

NTSTATUS
ntdll_section_map(HANDLE h, HANDLE process, void **base, uint64_t offset, SIZE_T *size, DWORD type,
                  DWORD protect, const struct vm_where *where)
{
	struct object *o;
	ACCESS_MASK access;
	NTSTATUS s = process ? ntdll_vm_own(process) : STATUS_SUCCESS;
	if (s >= 0)
		s = handle_get(h, &section_class, &o);
	if (s < 0)
		return s;
	bool copy = (protect & 0xff) & (PAGE_WRITECOPY | PAGE_EXECUTE_WRITECOPY);
	int prot = vm_prot(protect);
	ACCESS_MASK need =
	        (prot > 0 && prot & PROT_WRITE && !copy ? SECTION_MAP_WRITE : SECTION_MAP_READ);
	s = handle_flags(h, &access, NULL);
	if (s >= 0 && need & ~access)
		s = STATUS_ACCESS_DENIED;
	if (s >= 0)
		s = section_map(o, base, offset, size, type, protect, where);
	object_unref(o);
	return s;
}

WINAPI NTSTATUS
ntdll_NtCreateSection(HANDLE *out, ACCESS_MASK access, const struct OBJECT_ATTRIBUTES *a,
                      const LONGLONG *size, ULONG protect, ULONG attributes, HANDLE file)
{
	bool inherit = a && a->Attributes & 2;    /* OBJ_INHERIT */
	bool or_open = a && a->Attributes & 0x80; /* OBJ_OPENIF */
	HANDLE h;
	if (size && *size < 0)
		return STATUS_INVALID_PARAMETER;
	NTSTATUS s =
	        ntdll_section_create(file, a ? a->ObjectName : NULL, size ? (uint64_t)*size : 0,
	                             protect, attributes, inherit, access, &h);
	if (s == STATUS_OBJECT_NAME_EXISTS && !or_open) {
		handle_close(h);
		return STATUS_OBJECT_NAME_COLLISION;
	}
	if (s >= 0)
		*out = h;
	return s;
}

WINAPI NTSTATUS
ntdll_NtOpenSection(HANDLE *out, ACCESS_MASK access, const struct OBJECT_ATTRIBUTES *a)
{
	HANDLE h;
	if (!a || !a->ObjectName)
		return STATUS_INVALID_PARAMETER;
	NTSTATUS s = ntdll_section_open(a->ObjectName, a->Attributes & 2, access, &h);
	if (s >= 0)
		*out = h;
	return s;
}

WINAPI NTSTATUS
ntdll_NtMapViewOfSection(HANDLE section, HANDLE process, void **base, ULONG_PTR zero_bits,
                         SIZE_T commit, LONGLONG *offset, SIZE_T *size, ULONG inherit, ULONG type,
                         ULONG protect)
{
	(void)commit;
	(void)inherit;
	void *b = *base;
	SIZE_T n = *size;
	struct vm_where w = { 0 };
	if (zero_bits && zero_bits <= 21)
		w.high = 1ull << (32 - zero_bits);
	if (offset && *offset < 0)
		return STATUS_INVALID_PARAMETER;
	/* MEM_RESERVE here: the view may grow with its file; we map what there is */
	NTSTATUS s = ntdll_section_map(section, process, &b, offset ? (uint64_t)*offset : 0, &n,
	                               type & MEM_TOP_DOWN, protect, b ? NULL : &w);
	if (s >= 0) {
		*base = b;
		*size = n;
	}
	return s;
}

WINAPI NTSTATUS
ntdll_NtMapViewOfSectionEx(HANDLE section, HANDLE process, void **base, LONGLONG *offset,
                           SIZE_T *size, ULONG type, ULONG protect,
                           const struct MEM_EXTENDED_PARAMETER *p, ULONG n)
{
	struct vm_where w;
	void *b = *base;
	SIZE_T m = *size;
	NTSTATUS s = ntdll_vm_where(p, n, &w);
	if (s < 0 || (offset && *offset < 0))
		return s < 0 ? s : STATUS_INVALID_PARAMETER;
	s = ntdll_section_map(section, process, &b, offset ? (uint64_t)*offset : 0, &m,
	                      type & (MEM_TOP_DOWN | MEM_REPLACE_PLACEHOLDER), protect, &w);
	if (s >= 0) {
		*base = b;
		*size = m;
	}
	return s;
}

WINAPI NTSTATUS
ntdll_NtUnmapViewOfSection(HANDLE process, void *base)
{
	NTSTATUS s = ntdll_vm_own(process);
	return s < 0 ? s : section_unmap(base, false);
}

WINAPI NTSTATUS
ntdll_NtUnmapViewOfSectionEx(HANDLE process, void *base, ULONG flags)
{
	NTSTATUS s = ntdll_vm_own(process);
	return s < 0 ? s : section_unmap(base, flags & MEM_PRESERVE_PLACEHOLDER);
}

WINAPI NTSTATUS
ntdll_NtExtendSection(HANDLE h, LONGLONG *size)
{
	struct object *o;
	NTSTATUS s = handle_get(h, &section_class, &o);
	if (s < 0)
		return s;
	uint64_t n = (uint64_t)*size;
	s = *size < 0 ? STATUS_INVALID_PARAMETER : section_extend(o, &n);
	*size = (LONGLONG)n;
	object_unref(o);
	return s;
}

WINAPI NTSTATUS
ntdll_NtQuerySection(HANDLE h, int class, void *out, SIZE_T room, SIZE_T *returned)
{
	struct {
		void *BaseAddress;
		ULONG AllocationAttributes;
		LONGLONG MaximumSize;
	} basic = { 0 };
	struct object *o;
	NTSTATUS s = handle_get(h, &section_class, &o);
	if (s < 0)
		return s;
	const struct section *x = (const struct section *)o;
	if (class == 1) /* SectionImageInformation: it is none */
		s = STATUS_SECTION_NOT_IMAGE;
	else if (class)
		s = STATUS_INVALID_INFO_CLASS;
	else if (room < sizeof basic)
		s = STATUS_INFO_LENGTH_MISMATCH;
	basic.AllocationAttributes = x->attributes;
	basic.MaximumSize = (LONGLONG)x->size;
	object_unref(o);
	if (s < 0)
		return s;
	memcpy(out, &basic, sizeof basic);
	if (returned)
		*returned = sizeof basic;
	return s;
}

struct IO_STATUS_BLOCK;

WINAPI NTSTATUS
ntdll_NtFlushVirtualMemory(HANDLE process, void **base, SIZE_T *size, struct IO_STATUS_BLOCK *io)
{
	NTSTATUS s = ntdll_vm_own(process);
	if (s >= 0)
		s = section_flush(*base, size);
	if (s >= 0 && io) {
		io->Status = s;
		io->Information = 0;
	}
	return s;
}
