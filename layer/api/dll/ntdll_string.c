/* SPDX-License-Identifier: Apache-2.0 */
/* ntdll_string.c -- counted strings and code pages of the native API. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/guid.h"
#include "layer/api/nt/text/nls.h"

WINAPI void *ntdll_RtlAllocateHeap(HANDLE heap, ULONG flags, SIZE_T n);
WINAPI BOOLEAN ntdll_RtlFreeHeap(HANDLE heap, ULONG flags, void *p);

static void *
get(size_t n)
{
	return ntdll_RtlAllocateHeap(teb()->ProcessEnvironmentBlock->ProcessHeap, 0, n);
}

static void
give_back(void *p)
{
	if (p)
		ntdll_RtlFreeHeap(teb()->ProcessEnvironmentBlock->ProcessHeap, 0, p);
}

WINAPI void
ntdll_RtlInitUnicodeString(struct UNICODE_STRING *s, const WCHAR *text)
{
	size_t n = text ? nls_length(text) * 2 : 0;
	if (n > 0xfffc)
		n = 0xfffc;
	*s = (struct UNICODE_STRING){ (USHORT)n, text ? (USHORT)(n + 2) : 0, (WCHAR *)text };
}

WINAPI NTSTATUS
ntdll_RtlInitUnicodeStringEx(struct UNICODE_STRING *s, const WCHAR *text)
{
	if (text && nls_length(text) * 2 > 0xfffc)
		return STATUS_NAME_TOO_LONG;
	ntdll_RtlInitUnicodeString(s, text);
	return STATUS_SUCCESS;
}

WINAPI void
ntdll_RtlInitAnsiString(struct ANSI_STRING *s, const char *text)
{
	size_t n = text ? strlen(text) : 0;
	if (n > 0xfffe)
		n = 0xfffe;
	*s = (struct ANSI_STRING){ (USHORT)n, text ? (USHORT)(n + 1) : 0, (char *)text };
}

WINAPI NTSTATUS
ntdll_RtlInitAnsiStringEx(struct ANSI_STRING *s, const char *text)
{
	if (text && strlen(text) > 0xfffe)
		return STATUS_NAME_TOO_LONG;
	ntdll_RtlInitAnsiString(s, text);
	return STATUS_SUCCESS;
}

WINAPI BOOLEAN
ntdll_RtlCreateUnicodeString(struct UNICODE_STRING *s, const WCHAR *text)
{
	size_t n = nls_length(text) * 2;
	WCHAR *p = n > 0xfffc ? NULL : get(n + 2);
	if (!p)
		return FALSE;
	memcpy(p, text, n + 2);
	*s = (struct UNICODE_STRING){ (USHORT)n, (USHORT)(n + 2), p };
	return TRUE;
}

WINAPI void
ntdll_RtlFreeUnicodeString(struct UNICODE_STRING *s)
{
	give_back(s->Buffer);
	memset(s, 0, sizeof *s);
}

WINAPI void
ntdll_RtlFreeAnsiString(struct ANSI_STRING *s)
{
	give_back(s->Buffer);
	memset(s, 0, sizeof *s);
}

WINAPI void
ntdll_RtlCopyUnicodeString(struct UNICODE_STRING *to, const struct UNICODE_STRING *from)
{
	to->Length = from ? from->Length < to->MaximumLength ? from->Length : to->MaximumLength : 0;
	if (to->Length)
		memmove(to->Buffer, from->Buffer, to->Length);
	if (to->Buffer && to->Length + 2u <= to->MaximumLength)
		to->Buffer[to->Length / 2] = 0;
}

WINAPI NTSTATUS
ntdll_RtlDuplicateUnicodeString(ULONG flags, const struct UNICODE_STRING *from,
                                struct UNICODE_STRING *to)
{
	size_t n = from->Length;
	if (!n && !(flags & 2)) {
		memset(to, 0, sizeof *to);
		return STATUS_SUCCESS;
	}
	WCHAR *p = get(n + 2);
	if (!p)
		return STATUS_NO_MEMORY;
	memcpy(p, from->Buffer, n);
	p[n / 2] = 0;
	*to = (struct UNICODE_STRING){ (USHORT)n, (USHORT)(n + (flags & 1 ? 2 : 0)), p };
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_RtlAppendUnicodeToString(struct UNICODE_STRING *to, const WCHAR *text)
{
	size_t n = text ? nls_length(text) * 2 : 0;
	if (to->Length + n > to->MaximumLength)
		return STATUS_BUFFER_TOO_SMALL;
	if (n)
		memmove((char *)to->Buffer + to->Length, text, n);
	to->Length = (USHORT)(to->Length + n);
	if (to->Length + 2u <= to->MaximumLength)
		to->Buffer[to->Length / 2] = 0;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_RtlAppendUnicodeStringToString(struct UNICODE_STRING *to, const struct UNICODE_STRING *from)
{
	if (to->Length + from->Length > to->MaximumLength)
		return STATUS_BUFFER_TOO_SMALL;
	if (from->Length)
		memmove((char *)to->Buffer + to->Length, from->Buffer, from->Length);
	to->Length = (USHORT)(to->Length + from->Length);
	if (to->Length + 2u <= to->MaximumLength)
		to->Buffer[to->Length / 2] = 0;
	return STATUS_SUCCESS;
}

/* -- comparing ---------------------------------------------------------------------- */

WINAPI LONG
ntdll_RtlCompareUnicodeStrings(const WCHAR *a, SIZE_T n, const WCHAR *b, SIZE_T m,
                               BOOLEAN ignore_case)
{
	for (SIZE_T i = 0; i < n && i < m; i++) {
		WCHAR x = ignore_case ? nls_up(a[i]) : a[i], y = ignore_case ? nls_up(b[i]) : b[i];
		if (x != y)
			return (LONG)x - y;
	}
	return (LONG)(n - m);
}

WINAPI LONG
ntdll_RtlCompareUnicodeString(const struct UNICODE_STRING *a, const struct UNICODE_STRING *b,
                              BOOLEAN ignore_case)
{
	return ntdll_RtlCompareUnicodeStrings(a->Buffer, a->Length / 2, b->Buffer, b->Length / 2,
	                                      ignore_case);
}

WINAPI BOOLEAN
ntdll_RtlEqualUnicodeString(const struct UNICODE_STRING *a, const struct UNICODE_STRING *b,
                            BOOLEAN ignore_case)
{
	return a->Length == b->Length && ntdll_RtlCompareUnicodeString(a, b, ignore_case) == 0;
}

WINAPI BOOLEAN
ntdll_RtlPrefixUnicodeString(const struct UNICODE_STRING *a, const struct UNICODE_STRING *b,
                             BOOLEAN ignore_case)
{
	return a->Length <= b->Length &&
	       ntdll_RtlCompareUnicodeStrings(a->Buffer, a->Length / 2, b->Buffer, a->Length / 2,
	                                      ignore_case) == 0;
}

/* x65599, the only algorithm that is documented. */
WINAPI NTSTATUS
ntdll_RtlHashUnicodeString(const struct UNICODE_STRING *s, BOOLEAN ignore_case, ULONG algorithm,
                           ULONG *hash)
{
	ULONG h = 0;
	if (!s || !hash || algorithm > 1)
		return STATUS_INVALID_PARAMETER;
	for (size_t i = 0; i < s->Length / 2u; i++)
		h = h * 65599 + (ignore_case ? nls_up(s->Buffer[i]) : s->Buffer[i]);
	*hash = h;
	return STATUS_SUCCESS;
}

WINAPI WCHAR
ntdll_RtlUpcaseUnicodeChar(WCHAR c)
{
	return nls_up(c);
}
WINAPI WCHAR
ntdll_RtlDowncaseUnicodeChar(WCHAR c)
{
	return nls_low(c);
}

static NTSTATUS
change(struct UNICODE_STRING *to, const struct UNICODE_STRING *from, BOOLEAN make,
       WCHAR (*f)(WCHAR))
{
	if (make) {
		to->MaximumLength = from->Length;
		to->Buffer = get(from->Length ? from->Length : 2);
		if (!to->Buffer)
			return STATUS_NO_MEMORY;
	} else if (to->MaximumLength < from->Length) {
		return STATUS_BUFFER_OVERFLOW;
	}
	for (size_t i = 0; i < from->Length / 2u; i++)
		to->Buffer[i] = f(from->Buffer[i]);
	to->Length = from->Length;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_RtlUpcaseUnicodeString(struct UNICODE_STRING *to, const struct UNICODE_STRING *from,
                             BOOLEAN make)
{
	return change(to, from, make, nls_up);
}

WINAPI NTSTATUS
ntdll_RtlDowncaseUnicodeString(struct UNICODE_STRING *to, const struct UNICODE_STRING *from,
                               BOOLEAN make)
{
	return change(to, from, make, nls_low);
}

/* -- code pages ---------------------------------------------------------------------- */

/* STATUS_SOME_NOT_MAPPED when something was replaced. */
WINAPI NTSTATUS
ntdll_RtlUnicodeToUTF8N(char *out, ULONG room, ULONG *count, const WCHAR *s, ULONG bytes)
{
	bool bad = false;
	size_t n;
	if (!s || (!out && !count))
		return STATUS_INVALID_PARAMETER;
	n = nls_8_of_16(s, bytes / 2, out, room, &bad);
	if (out && n > room) {
		/* what there is room for has been written: whole characters */
		size_t fit = 0, units = bytes / 2;
		for (size_t i = 0; i < units;) {
			size_t step = (s[i] & 0xfc00) == 0xd800 && i + 1 < units ? 2 : 1;
			size_t k = nls_8_of_16(s + i, step, NULL, 0, NULL);
			if (fit + k > room)
				break;
			fit += k;
			i += step;
		}
		if (count)
			*count = (ULONG)fit;
		return STATUS_BUFFER_TOO_SMALL;
	}
	if (count)
		*count = (ULONG)n;
	return bad ? STATUS_SOME_NOT_MAPPED : STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_RtlUTF8ToUnicodeN(WCHAR *out, ULONG room, ULONG *count, const char *s, ULONG bytes)
{
	bool bad = false;
	size_t n;
	if (!s || (!out && !count))
		return STATUS_INVALID_PARAMETER;
	n = nls_16_of_8(s, bytes, out, room / 2, &bad);
	if (out && n > room / 2) {
		if (count)
			*count = room & ~1u;
		return STATUS_BUFFER_TOO_SMALL;
	}
	if (count)
		*count = (ULONG)n * 2;
	return bad ? STATUS_SOME_NOT_MAPPED : STATUS_SUCCESS;
}

/* The system's own code page (UTF-8): what there is room for. */
WINAPI NTSTATUS
ntdll_RtlMultiByteToUnicodeN(WCHAR *out, ULONG room, ULONG *count, const char *s, ULONG bytes)
{
	size_t n = nls_16_of_8(s, bytes, out, room / 2, NULL);
	if (count)
		*count = (ULONG)(n < room / 2 ? n : room / 2) * 2;
	return n > room / 2 ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_RtlMultiByteToUnicodeSize(ULONG *size, const char *s, ULONG bytes)
{
	*size = (ULONG)nls_16_of_8(s, bytes, NULL, 0, NULL) * 2;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_RtlUnicodeToMultiByteN(char *out, ULONG room, ULONG *count, const WCHAR *s, ULONG bytes)
{
	NTSTATUS r = ntdll_RtlUnicodeToUTF8N(out, room, count, s, bytes);
	return r == STATUS_BUFFER_TOO_SMALL ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_RtlUnicodeToMultiByteSize(ULONG *size, const WCHAR *s, ULONG bytes)
{
	*size = (ULONG)nls_8_of_16(s, bytes / 2, NULL, 0, NULL);
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_RtlAnsiStringToUnicodeString(struct UNICODE_STRING *to, const struct ANSI_STRING *from,
                                   BOOLEAN make)
{
	size_t n = nls_16_of_8(from->Buffer, from->Length, NULL, 0, NULL) * 2;
	if (n + 2 > 0xffff)
		return STATUS_INVALID_PARAMETER_2;
	if (make) {
		to->MaximumLength = (USHORT)(n + 2);
		if (!(to->Buffer = get(n + 2)))
			return STATUS_NO_MEMORY;
	} else if (n + 2 > to->MaximumLength) {
		return STATUS_BUFFER_OVERFLOW;
	}
	nls_16_of_8(from->Buffer, from->Length, to->Buffer, n / 2, NULL);
	to->Buffer[n / 2] = 0;
	to->Length = (USHORT)n;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_RtlUnicodeStringToAnsiString(struct ANSI_STRING *to, const struct UNICODE_STRING *from,
                                   BOOLEAN make)
{
	size_t n = nls_8_of_16(from->Buffer, from->Length / 2, NULL, 0, NULL);
	if (n + 1 > 0xffff)
		return STATUS_INVALID_PARAMETER_2;
	if (make) {
		to->MaximumLength = (USHORT)(n + 1);
		if (!(to->Buffer = get(n + 1)))
			return STATUS_NO_MEMORY;
	} else if (n + 1 > to->MaximumLength) {
		return STATUS_BUFFER_OVERFLOW;
	}
	nls_8_of_16(from->Buffer, from->Length / 2, to->Buffer, n, NULL);
	to->Buffer[n] = 0;
	to->Length = (USHORT)n;
	return STATUS_SUCCESS;
}

WINAPI ULONG
ntdll_RtlUnicodeStringToAnsiSize(const struct UNICODE_STRING *s)
{
	return (ULONG)nls_8_of_16(s->Buffer, s->Length / 2, NULL, 0, NULL) + 1;
}

WINAPI ULONG
ntdll_RtlAnsiStringToUnicodeSize(const struct ANSI_STRING *s)
{
	return (ULONG)nls_16_of_8(s->Buffer, s->Length, NULL, 0, NULL) * 2 + 2;
}

/* -- numbers --------------------------------------------------------------------------- */

WINAPI NTSTATUS
ntdll_RtlUnicodeStringToInteger(const struct UNICODE_STRING *s, ULONG base, ULONG *out)
{
	size_t i = 0, n = s->Length / 2u;
	ULONG v = 0;
	bool minus = false;
	if (base && base != 2 && base != 8 && base != 10 && base != 16)
		return STATUS_INVALID_PARAMETER;
	while (i < n && s->Buffer[i] <= ' ')
		i++;
	if (i < n && (s->Buffer[i] == '-' || s->Buffer[i] == '+'))
		minus = s->Buffer[i++] == '-';
	if (!base) {
		base = 10;
		if (i + 1 < n && s->Buffer[i] == '0') {
			WCHAR c = s->Buffer[i + 1];
			base = c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 10;
			i += base != 10 ? 2 : 0;
		}
	}
	for (; i < n; i++) {
		WCHAR c = nls_up(s->Buffer[i]);
		ULONG d = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'Z' ? c - 'A' + 10 : 99;
		if (d >= base)
			break;
		v = v * base + d;
	}
	*out = minus ? -v : v;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_RtlIntegerToUnicodeString(ULONG v, ULONG base, struct UNICODE_STRING *out)
{
	WCHAR digits[33];
	size_t n = 33;
	if (!base)
		base = 10;
	if (base != 2 && base != 8 && base != 10 && base != 16)
		return STATUS_INVALID_PARAMETER;
	digits[--n] = 0;
	do
		digits[--n] = (WCHAR) "0123456789ABCDEF"[v % base];
	while (v /= base);
	size_t bytes = (32 - n) * 2;
	if (bytes > out->MaximumLength)
		return STATUS_BUFFER_OVERFLOW;
	memcpy(out->Buffer, digits + n, bytes);
	if (bytes + 2 <= out->MaximumLength)
		out->Buffer[bytes / 2] = 0;
	out->Length = (USHORT)bytes;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_RtlStringFromGUID(const struct GUID *g, struct UNICODE_STRING *out)
{
	WCHAR *p = get(39 * sizeof *p);
	if (!p)
		return STATUS_NO_MEMORY;
	guid_text(g, p);
	*out = (struct UNICODE_STRING){ 76, 78, p };
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_RtlGUIDFromString(const struct UNICODE_STRING *s, struct GUID *g)
{
	WCHAR text[39] = { 0 };
	if (s->Length < 76)
		return STATUS_INVALID_PARAMETER;
	memcpy(text, s->Buffer, 76);
	return guid_parse(text, g) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

/* -- memory: macros for C, functions for others -------------------------------------- */

WINAPI void
ntdll_RtlMoveMemory(void *to, const void *from, SIZE_T n)
{
	memmove(to, from, n);
}

WINAPI void
ntdll_RtlFillMemory(void *to, SIZE_T n, int byte)
{
	memset(to, byte, n);
}

WINAPI void
ntdll_RtlZeroMemory(void *to, SIZE_T n)
{
	memset(to, 0, n);
}
