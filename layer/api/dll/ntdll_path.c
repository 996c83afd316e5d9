/* SPDX-License-Identifier: Apache-2.0 */
/* What a path is, and its native form. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/mem/heap.h"
#include "layer/api/nt/file/file.h"
#include "layer/api/nt/file/path.h"
#include "layer/api/nt/object/handle.h"
#include "layer/api/nt/text/utf.h"

WINAPI ULONG
ntdll_RtlDetermineDosPathNameType_U(const WCHAR *p)
{
	return p ? path_kind(p) : PATH_UNKNOWN;
}

/* The offset in bytes and the length of the device's name: 0, no device. */
WINAPI ULONG
ntdll_RtlIsDosDeviceName_U(const WCHAR *p)
{
	const char *name = p ? path_device(p) : NULL;
	if (!name)
		return 0;
	size_t at = utf_length(p);
	while (at > 0 && p[at - 1] != '\\' && p[at - 1] != '/' && !(at == 2 && p[1] == ':'))
		at--;
	return (ULONG)(at * 2) << 16 | (ULONG)strlen(name) * 2;
}

WINAPI ULONG
ntdll_RtlGetFullPathName_U(const WCHAR *p, ULONG bytes, WCHAR *out, WCHAR **part)
{
	WCHAR *full;
	if (path_full(p, &full) < 0)
		return 0;
	size_t n = utf_length(full);
	ULONG r = (ULONG)n * 2;
	if (r + 2 <= bytes) {
		memcpy(out, full, r + 2);
		if (part) {
			size_t at = n;
			while (at > 0 && full[at - 1] != '\\')
				at--;
			*part = full[at] ? out + at : NULL;
		}
	} else {
		r += 2;
	}
	free(full);
	return r;
}

struct RTL_RELATIVE_NAME_U {
	struct UNICODE_STRING RelativeName;
	HANDLE ContainingDirectory;
	void *CurDirRef;
};

/* \??\ and the full path; \\?\ is only another way to write that.  The text is freed by
 * RtlFreeUnicodeString. */
static NTSTATUS
to_native(const WCHAR *p, struct UNICODE_STRING *out, WCHAR **part)
{
	WCHAR *full;
	NTSTATUS s;
	if (!p || !*p)
		return STATUS_OBJECT_NAME_INVALID;
	bool raw = !memcmp(p, u"\\\\?\\", 8) || !memcmp(p, u"\\??\\", 8);
	if (raw)
		s = (full = utf_copy(p, utf_length(p))) ? STATUS_SUCCESS : STATUS_NO_MEMORY;
	else
		s = path_full(p, &full);
	if (s < 0)
		return s;
	enum path_kind k = path_kind(full);
	size_t skip = raw || k == PATH_DEVICE ? 4 : k == PATH_UNC ? 2 : 0;
	const WCHAR *head = k == PATH_UNC && !raw ? u"\\??\\UNC\\" : u"\\??\\";
	size_t n = utf_length(head), rest = utf_length(full + skip);
	if ((n + rest) * 2 > 0xfffc) {
		free(full);
		return STATUS_NAME_TOO_LONG;
	}
	WCHAR *w = heap_alloc(heap_process(), 0, (n + rest + 1) * sizeof *w);
	if (w) {
		memcpy(w, head, n * sizeof *w);
		memcpy(w + n, full + skip, (rest + 1) * sizeof *w);
		*out = (struct UNICODE_STRING){ (USHORT)((n + rest) * 2),
			                        (USHORT)((n + rest + 1) * 2), w };
		if (part) {
			size_t at = n + rest;
			while (w[at - 1] != '\\')
				at--;
			*part = w[at] ? w + at : NULL;
		}
	}
	free(full);
	return w ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

WINAPI NTSTATUS
ntdll_RtlDosPathNameToNtPathName_U_WithStatus(const WCHAR *p, struct UNICODE_STRING *out,
                                              WCHAR **part, struct RTL_RELATIVE_NAME_U *relative)
{
	if (relative)
		memset(relative, 0, sizeof *relative);
	return to_native(p, out, part);
}

WINAPI BOOLEAN
ntdll_RtlDosPathNameToNtPathName_U(const WCHAR *p, struct UNICODE_STRING *out, WCHAR **part,
                                   struct RTL_RELATIVE_NAME_U *relative)
{
	return ntdll_RtlDosPathNameToNtPathName_U_WithStatus(p, out, part, relative) >= 0;
}

WINAPI BOOLEAN
ntdll_RtlDosPathNameToRelativeNtPathName_U(const WCHAR *p, struct UNICODE_STRING *out, WCHAR **part,
                                           struct RTL_RELATIVE_NAME_U *relative)
{
	return ntdll_RtlDosPathNameToNtPathName_U_WithStatus(p, out, part, relative) >= 0;
}

WINAPI NTSTATUS
ntdll_RtlDosPathNameToRelativeNtPathName_U_WithStatus(const WCHAR *p, struct UNICODE_STRING *out,
                                                      WCHAR **part,
                                                      struct RTL_RELATIVE_NAME_U *relative)
{
	return ntdll_RtlDosPathNameToNtPathName_U_WithStatus(p, out, part, relative);
}

WINAPI void
ntdll_RtlReleaseRelativeName(struct RTL_RELATIVE_NAME_U *relative)
{
	(void)relative;
}

WINAPI BOOLEAN
ntdll_RtlDoesFileExists_U(const WCHAR *p)
{
	char *host;
	WCHAR *device;
	bool ok = path_host(p, true, &host, &device) >= 0;
	if (ok) {
		free(host);
		free(device);
	}
	return ok;
}

WINAPI ULONG
ntdll_RtlGetCurrentDirectory_U(ULONG bytes, WCHAR *out)
{
	WCHAR *w = path_current();
	size_t n = w ? utf_length(w) : 0;
	if (n > 3)
		w[--n] = 0;
	ULONG r = (ULONG)n * 2;
	if (r + 2 <= bytes)
		memcpy(out, w, r + 2);
	else
		r += 2;
	free(w);
	return r;
}

/* Programs also find it in their process parameters. */
static void
tell_peb(void)
{
	struct RTL_USER_PROCESS_PARAMETERS *p = teb()->ProcessEnvironmentBlock->ProcessParameters;
	struct UNICODE_STRING *u = &p->CurrentDirectory;
	HANDLE before = p->CurrentDirectoryHandle;
	p->CurrentDirectoryHandle = file_current();
	if (before)
		(void)handle_close(before);
	WCHAR *w = path_current();
	size_t bytes = w ? utf_length(w) * 2 : 0;
	if (w && bytes + 2 <= u->MaximumLength) {
		memcpy(u->Buffer, w, bytes + 2);
		u->Length = (USHORT)bytes;
		free(w);
	} else if (w) {
		/* the old one may be being read */
		u->MaximumLength = 0;
		u->Buffer = w;
		u->Length = (USHORT)bytes;
		u->MaximumLength = (USHORT)(bytes + 2);
	}
}

WINAPI NTSTATUS
ntdll_RtlSetCurrentDirectory_U(const struct UNICODE_STRING *name)
{
	WCHAR *w = malloc(name->Length + sizeof *w);
	if (!w)
		return STATUS_NO_MEMORY;
	if (name->Length)
		memcpy(w, name->Buffer, name->Length);
	w[name->Length / 2] = 0;
	NTSTATUS s = path_set_current(w);
	free(w);
	if (s >= 0)
		tell_peb();
	return s;
}
