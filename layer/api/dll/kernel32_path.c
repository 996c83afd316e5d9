/* SPDX-License-Identifier: Apache-2.0 */
/* Names: full, long and short ones, the current folder, places for what is temporary. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/env.h"
#include "layer/api/nt/file/file_fs.h"
#include "layer/api/nt/text/utf.h"

/* What fits with its zero, else how much room it takes. */
static DWORD
give(const WCHAR *text, WCHAR *out, DWORD room)
{
	size_t n = utf_length(text);
	if (n + 1 > room)
		return (DWORD)n + 1;
	memcpy(out, text, (n + 1) * sizeof *out);
	return (DWORD)n;
}

/* The same in the machine's code page; frees the text. */
static DWORD
give_a(WCHAR *text, char *out, DWORD room)
{
	char *s = text ? utf_narrow(text) : NULL;
	free(text);
	if (!s) {
		last_error(ERROR_NOT_ENOUGH_MEMORY);
		return 0;
	}
	size_t n = strlen(s);
	if (n + 1 <= room)
		memcpy(out, s, n + 1);
	else
		n++;
	free(s);
	return (DWORD)n;
}

static DWORD
failed(NTSTATUS s)
{
	succeed(s);
	return 0;
}

/* -- full paths --------------------------------------------------------------------------- */

/* Where the last part begins; NULL when the path ends with a backslash. */
static size_t
last_part(const WCHAR *p)
{
	size_t n = utf_length(p);
	while (n > 0 && p[n - 1] != '\\')
		n--;
	return p[n] ? n : 0;
}

WINAPI DWORD
kernel32_GetFullPathNameW(const WCHAR *name, DWORD room, WCHAR *out, WCHAR **part)
{
	WCHAR *full;
	NTSTATUS s = path_full(name, &full);
	if (s < 0)
		return failed(s);
	DWORD n = give(full, out, room);
	if (part) {
		size_t at = last_part(full);
		*part = n < room && at ? out + at : NULL;
	}
	free(full);
	return n;
}

WINAPI DWORD
kernel32_GetFullPathNameA(const char *name, DWORD room, char *out, char **part)
{
	WCHAR *w = name ? utf_wide(name) : NULL, *full;
	NTSTATUS s = path_full(w, &full);
	free(w);
	if (s < 0)
		return failed(s);
	DWORD n = give_a(full, out, room);
	if (part) {
		char *at = n && n < room ? strrchr(out, '\\') : NULL;
		*part = at && at[1] ? at + 1 : NULL;
	}
	return n;
}

/* -- the current folder -------------------------------------------------------------------- */

WINAPI DWORD
kernel32_GetCurrentDirectoryW(DWORD room, WCHAR *out)
{
	WCHAR *w = path_current();
	if (!w)
		return failed(STATUS_NO_MEMORY);
	size_t n = utf_length(w);
	if (n > 3)
		w[n - 1] = 0;
	DWORD r = give(w, out, room);
	free(w);
	return r;
}

WINAPI DWORD
kernel32_GetCurrentDirectoryA(DWORD room, char *out)
{
	WCHAR *w = path_current();
	size_t n = w ? utf_length(w) : 0;
	if (n > 3)
		w[n - 1] = 0;
	return give_a(w, out, room);
}

WINAPI NTSTATUS ntdll_RtlSetCurrentDirectory_U(const struct UNICODE_STRING *name);

WINAPI BOOL
kernel32_SetCurrentDirectoryW(const WCHAR *name)
{
	size_t n = name ? utf_length(name) : 0;
	struct UNICODE_STRING u = { .Length = (USHORT)(n * 2), .Buffer = (WCHAR *)(uintptr_t)name };
	NTSTATUS s = n < 0x7fff ? ntdll_RtlSetCurrentDirectory_U(&u) : STATUS_NAME_TOO_LONG;
	return s == STATUS_OBJECT_NAME_NOT_FOUND ? refuse(ERROR_FILE_NOT_FOUND) : succeed(s);
}

WINAPI BOOL
kernel32_SetCurrentDirectoryA(const char *name)
{
	WCHAR *w = name ? utf_wide(name) : NULL;
	BOOL ok = kernel32_SetCurrentDirectoryW(w);
	free(w);
	return ok;
}

/* -- long and short names ------------------------------------------------------------------- */

/* Each part as it is spelled in its folder; the file must be there. */
static NTSTATUS
spelled(const WCHAR *name, WCHAR **out)
{
	struct path p;
	struct stat st;
	NTSTATUS s = path_parse(name, &p);
	if (s < 0)
		return s;
	if (p.device) {
		*out = utf_copy(name, utf_length(name));
		path_free(&p);
		return *out ? STATUS_SUCCESS : STATUS_NO_MEMORY;
	}
	if (lstat(p.host, &st) < 0)
		s = path_search(&p, true);
	WCHAR *full = NULL, *w = s >= 0 ? path_windows(p.host) : NULL;
	if (s >= 0 && !w)
		s = STATUS_OBJECT_PATH_NOT_FOUND;
	path_free(&p);
	if (s < 0)
		return s;
	/* the answer has the form of the question: as many parts from the end as that has */
	size_t n = utf_length(name), m = utf_length(w);
	enum path_kind k = path_kind(name);
	if (k == PATH_DEVICE || k == PATH_DRIVE_ABSOLUTE) {
		size_t skip = k == PATH_DEVICE ? 4 : 0;
		full = malloc((m + skip + 2) * sizeof *full);
		if (full) {
			memcpy(full, name, skip * sizeof *full);
			memcpy(full + skip, w, (m + 1) * sizeof *full);
			full[skip] = name[skip];
			m += skip;
			if (n > skip + 3 && (name[n - 1] == '\\' || name[n - 1] == '/') &&
			    full[m - 1] != '\\') {
				full[m++] = '\\';
				full[m] = 0;
			}
		}
	} else if ((full = utf_copy(name, n))) {
		size_t i = n, j = m;
		while (i > 0 && j > 0 &&
		       utf_upper(full[i - 1] == '/' ? '\\' : full[i - 1]) == utf_upper(w[j - 1])) {
			if (full[i - 1] != '/')
				full[i - 1] = w[j - 1];
			i--;
			j--;
		}
	}
	free(w);
	*out = full;
	return full ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

WINAPI DWORD
kernel32_GetLongPathNameW(const WCHAR *name, WCHAR *out, DWORD room)
{
	WCHAR *w;
	if (!name)
		return failed(STATUS_INVALID_PARAMETER);
	NTSTATUS s = spelled(name, &w);
	if (s < 0)
		return failed(s);
	DWORD n = give(w, out, room);
	free(w);
	return n;
}

/* There are no short names: a file's only name is what a volume without them answers. */
WINAPI DWORD
kernel32_GetShortPathNameW(const WCHAR *name, WCHAR *out, DWORD room)
{
	return kernel32_GetLongPathNameW(name, out, room);
}

WINAPI DWORD
kernel32_GetLongPathNameA(const char *name, char *out, DWORD room)
{
	WCHAR *v = name ? utf_wide(name) : NULL, *w;
	NTSTATUS s = v ? spelled(v, &w) : STATUS_INVALID_PARAMETER;
	free(v);
	return s < 0 ? failed(s) : give_a(w, out, room);
}

WINAPI DWORD
kernel32_GetShortPathNameA(const char *name, char *out, DWORD room)
{
	return kernel32_GetLongPathNameA(name, out, room);
}

/* -- places for temporary files --------------------------------------------------------------- */

/* TMP, TEMP, USERPROFILE, or the Windows folder; ends with a backslash. */
static WCHAR *
temp_path(void)
{
	static const WCHAR *const names[] = { u"TMP", u"TEMP", u"USERPROFILE" };
	WCHAR *full = NULL;
	for (size_t i = 0; i < sizeof names / sizeof *names && !full; i++) {
		WCHAR *v = env_dup(names[i]);
		if (v && *v && path_full(v, &full) < 0)
			full = NULL;
		free(v);
	}
	if (!full)
		full = utf_copy(u"C:\\Windows\\Temp", 15);
	size_t n = full ? utf_length(full) : 0;
	if (n && full[n - 1] != '\\') {
		WCHAR *longer = realloc(full, (n + 2) * sizeof *full);
		if (!longer)
			return full;
		full = longer;
		full[n] = '\\';
		full[n + 1] = 0;
	}
	return full;
}

WINAPI DWORD
kernel32_GetTempPathW(DWORD room, WCHAR *out)
{
	WCHAR *w = temp_path();
	if (!w)
		return failed(STATUS_NO_MEMORY);
	DWORD n = give(w, out, room);
	free(w);
	return n;
}

WINAPI DWORD
kernel32_GetTempPathA(DWORD room, char *out)
{
	return give_a(temp_path(), out, room);
}

WINAPI DWORD
kernel32_GetTempPath2W(DWORD room, WCHAR *out)
{
	return kernel32_GetTempPathW(room, out);
}

WINAPI DWORD
kernel32_GetTempPath2A(DWORD room, char *out)
{
	return kernel32_GetTempPathA(room, out);
}

/* path\preXXXX.TMP: up to three units of the prefix and four hexadecimal digits.  With a
 * number of 0 the file is made. */
WINAPI UINT
kernel32_GetTempFileNameW(const WCHAR *folder, const WCHAR *prefix, UINT unique, WCHAR *out)
{
	static const char digits[] = "0123456789ABCDEF";
	static _Atomic uint32_t last;
	size_t n = folder ? utf_length(folder) : 0;
	if (n > MAX_PATH - 14)
		return (UINT)refuse(111); /* ERROR_BUFFER_OVERFLOW */
	DWORD a;
	struct path p;
	struct file_facts x;
	NTSTATUS s = folder ? path_parse(folder, &p) : STATUS_INVALID_PARAMETER;
	if (s >= 0) {
		s = file_facts_of(&p, &x);
		path_free(&p);
	}
	if (s < 0 || !((a = x.attributes) & FILE_ATTRIBUTE_DIRECTORY))
		return (UINT)refuse(267); /* ERROR_DIRECTORY */
	memmove(out, folder, n * sizeof *out);
	if (n && out[n - 1] != '\\' && out[n - 1] != '/')
		out[n++] = '\\';
	for (int i = 0; prefix && i < 3 && prefix[i]; i++)
		out[n++] = prefix[i];
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	uint32_t start = (uint32_t)(now.tv_nsec >> 10) + (uint32_t)getpid() * 77 + last++;
	for (uint32_t i = 0; i < 65536; i++) {
		uint32_t number = unique ? unique & 0xffff : (start + i) & 0xffff;
		if (!number)
			continue;
		size_t at = n;
		for (int shift = 12; shift >= 0; shift -= 4)
			if (number >> shift || !shift)
				out[at++] = (WCHAR)digits[number >> shift & 15];
		memcpy(out + at, u".TMP", 5 * sizeof *out);
		if (unique)
			return number;
		struct file *f;
		ULONG_PTR what;
		if ((s = path_parse(out, &p)) < 0)
			break;
		s = file_create(&p, FILE_GENERIC_WRITE, 0, 7, FILE_CREATE,
		                FILE_NON_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT, &f, &what);
		path_free(&p);
		if (s >= 0) {
			file_unref(f);
			return number;
		}
		if (s != STATUS_OBJECT_NAME_COLLISION)
			break;
	}
	return (UINT)succeed(s);
}

WINAPI UINT
kernel32_GetTempFileNameA(const char *folder, const char *prefix, UINT unique, char *out)
{
	WCHAR w[MAX_PATH + 16];
	WCHAR *f = folder ? utf_wide(folder) : NULL, *p = prefix ? utf_wide(prefix) : NULL;
	UINT n = kernel32_GetTempFileNameW(f, p, unique, w);
	free(f);
	free(p);
	if (n) {
		WCHAR *copy = utf_copy(w, utf_length(w));
		if (!copy || give_a(copy, out, MAX_PATH) >= MAX_PATH)
			return (UINT)refuse(111);
	}
	return n;
}

/* A functions speak UTF-8 whatever is set. */
WINAPI BOOL
kernel32_AreFileApisANSI(void)
{
	return TRUE;
}

WINAPI void
kernel32_SetFileApisToANSI(void)
{
}

WINAPI void
kernel32_SetFileApisToOEM(void)
{
}

WINAPI BOOL
kernel32_CheckNameLegalDOS8Dot3W(const WCHAR *name, char *oem, DWORD size, BOOL *spaces,
                                 BOOL *legal)
{
	if (!name || !legal || (oem && !size))
		return refuse(ERROR_INVALID_PARAMETER);
	size_t n = utf_length(name), base = 0, ext = 0;
	bool dot = false, ok = n > 0, space = false;
	for (size_t i = 0; i < n && ok; i++) {
		if (name[i] == '.') {
			ok = !dot && i > 0;
			dot = true;
		} else {
			space |= name[i] == ' ';
			ok = name[i] < 0x80 && name[i] > 31 &&
			     !strchr("\"*+,/:;<=>?[\\]|", name[i]);
			(*(dot ? &ext : &base))++;
		}
	}
	*legal = ok && base >= 1 && base <= 8 && ext <= 3 && (!dot || ext);
	if (spaces)
		*spaces = space;
	if (*legal && oem)
		for (size_t i = 0; i <= n && i < size; i++)
			oem[i] = (char)utf_upper(name[i]);
	return TRUE;
}
