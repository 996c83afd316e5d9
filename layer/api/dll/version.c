/* SPDX-License-Identifier: Apache-2.0 */
/* version.c -- version resources of files, and of our own DLLs, which have none. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/image/ldr.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/sysinfo.h"

WINAPI HMODULE kernel32_LoadLibraryExW(const WCHAR *name, HANDLE file, DWORD flags);
WINAPI BOOL kernel32_FreeLibrary(HMODULE m);
WINAPI HANDLE kernel32_FindResourceW(HMODULE m, const WCHAR *name, const WCHAR *type);
WINAPI HANDLE kernel32_LoadResource(HMODULE m, HANDLE r);
WINAPI DWORD kernel32_SizeofResource(HMODULE m, HANDLE r);

/* A node: its length, that of its value, its kind, its name; then value and children, each at
 * a multiple of four. */
struct node {
	WORD length, value_length, kind;
	WCHAR name[];
};

struct fixed {
	DWORD signature, struct_version, file_high, file_low, product_high, product_low, mask,
	        flags, os, type, subtype, date_high, date_low;
};

static const struct fixed ours = { 0xfeef04bd, 0x10000,
	                           10 << 16,   (uint32_t)SYSINFO_BUILD << 16 | SYSINFO_REVISION,
	                           10 << 16,   (uint32_t)SYSINFO_BUILD << 16 | SYSINFO_REVISION,
	                           0x3f,       0,
	                           0x40004,    2,
	                           0,          0,
	                           0 };

/* The resource, copied: its size, 0 when there is none. */
static DWORD
read_version(const WCHAR *file, BYTE *out, DWORD room)
{
	static const WCHAR name[] = u"VS_VERSION_INFO";
	DWORD size = 0;
	const WCHAR *base = file;
	for (const WCHAR *p = file; *p; p++)
		if (*p == '\\' || *p == '/')
			base = p + 1;
	struct module *m = ldr_find(base);
	if (m && m->builtin) {
		size = 6 + sizeof name + 2 + sizeof ours;
		if (room >= size) {
			memset(out, 0, size);
			((struct node *)(void *)out)->length = (WORD)size;
			((struct node *)(void *)out)->value_length = sizeof ours;
			memcpy(out + 6, name, sizeof name);
			memcpy(out + 40, &ours, sizeof ours);
		}
		return size;
	}
	HMODULE h = kernel32_LoadLibraryExW(file, NULL, 2); /* as a data file */
	if (!h) {
		if (teb()->LastErrorValue == 126) /* as data it is a file like others */
			last_error(ERROR_FILE_NOT_FOUND);
		return 0;
	}
	HANDLE r = kernel32_FindResourceW(h, (const WCHAR *)1, (const WCHAR *)16);
	const void *p = r ? kernel32_LoadResource(h, r) : NULL;
	if (p) {
		size = kernel32_SizeofResource(h, r);
		if (room)
			memcpy(out, p, size < room ? size : room);
	}
	kernel32_FreeLibrary(h);
	if (!p)
		last_error(1812);
	return size;
}

WINAPI DWORD
version_GetFileVersionInfoSizeExW(DWORD flags, const WCHAR *file, DWORD *zero)
{
	(void)flags;
	if (zero)
		*zero = 0;
	if (!file)
		return (DWORD)refuse(ERROR_INVALID_PARAMETER);
	return read_version(file, NULL, 0);
}

WINAPI DWORD
version_GetFileVersionInfoSizeW(const WCHAR *file, DWORD *zero)
{
	return version_GetFileVersionInfoSizeExW(0, file, zero);
}

WINAPI BOOL
version_GetFileVersionInfoExW(DWORD flags, const WCHAR *file, DWORD zero, DWORD room, void *out)
{
	(void)flags, (void)zero;
	if (!file || !out)
		return refuse(ERROR_INVALID_PARAMETER);
	return read_version(file, out, room) != 0;
}

WINAPI BOOL
version_GetFileVersionInfoW(const WCHAR *file, DWORD zero, DWORD room, void *out)
{
	return version_GetFileVersionInfoExW(0, file, zero, room, out);
}

WINAPI DWORD
version_GetFileVersionInfoSizeA(const char *file, DWORD *zero)
{
	WCHAR *w = nls_wide_ansi(file);
	DWORD n = version_GetFileVersionInfoSizeExW(0, w, zero);
	free(w);
	return n;
}

WINAPI BOOL
version_GetFileVersionInfoA(const char *file, DWORD zero, DWORD room, void *out)
{
	WCHAR *w = nls_wide_ansi(file);
	BOOL ok = version_GetFileVersionInfoExW(0, w, zero, room, out);
	free(w);
	return ok;
}

static size_t up4(size_t n) { return (n + 3) & ~(size_t)3; }

/* Where value and children of a node begin, in bytes from it; 0: it is none. */
static size_t
value_at(const struct node *n, size_t room)
{
	if (room < 8 || n->length < 8 || n->length > room)
		return 0;
	size_t units = (n->length - 6u) / 2, i = 0;
	while (i < units && n->name[i])
		i++;
	return i < units ? up4(6 + (i + 1) * 2) : 0;
}

static const struct node *
child(const struct node *n, const WCHAR *name, size_t length)
{
	size_t at = value_at(n, n->length);
	if (!at)
		return NULL;
	at = up4(at + n->value_length * (n->kind == 1 ? 2u : 1u));
	while (at + 8 <= n->length) {
		const struct node *c = (const struct node *)(const void *)((const BYTE *)n + at);
		if (!value_at(c, n->length - at))
			return NULL;
		size_t k = nls_length(c->name);
		if (k == length && nls_compare_case(c->name, k, name, length) == 0)
			return c;
		at += up4(c->length);
	}
	return NULL;
}

WINAPI BOOL
version_VerQueryValueW(const void *block, const WCHAR *path, void **out, UINT *length)
{
	const struct node *n = block;
	if (!n || !path || !value_at(n, n->length))
		return refuse(ERROR_INVALID_DATA);
	while (*path) {
		size_t k = 0;
		if (*path == '\\') {
			path++;
			continue;
		}
		while (path[k] && path[k] != '\\')
			k++;
		if (!(n = child(n, path, k))) {
			last_error(1813);
			return FALSE;
		}
		path += k;
	}
	*out = (BYTE *)(uintptr_t)n + value_at(n, n->length);
	if (length)
		*length = n->value_length;
	return TRUE;
}

/* A narrow text lasts as long as the program: each is kept once, however often it is asked for. */
static const char *
keep(char *text)
{
	static struct kept {
		struct kept *next;
		char *text;
	} * all;
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	pthread_mutex_lock(&lock);
	struct kept *k = all;
	while (k && strcmp(k->text, text))
		k = k->next;
	if (k) {
		free(text);
	} else if ((k = malloc(sizeof *k))) {
		*k = (struct kept){ all, text };
		all = k;
	} else {
		free(text);
	}
	pthread_mutex_unlock(&lock);
	return k ? k->text : NULL;
}

WINAPI BOOL
version_VerQueryValueA(const void *block, const char *path, void **out, UINT *length)
{
	WCHAR *w = nls_wide_ansi(path);
	UINT n = 0;
	BOOL ok = w && version_VerQueryValueW(block, w, out, &n);
	if (ok && nls_length(w) > 16 && nls_compare_case(w, 16, u"\\StringFileInfo\\", 16) == 0) {
		char *narrow = nls_ansi(*out);
		const char *text = narrow ? keep(narrow) : NULL;
		if (!text)
			ok = refuse(ERROR_NOT_ENOUGH_MEMORY);
		else
			n = (UINT)strlen(text) + 1, *out = (char *)(uintptr_t)text;
	}
	if (ok && length)
		*length = n;
	free(w);
	return ok;
}

WINAPI DWORD version_VerLanguageNameW(DWORD language, WCHAR *out, DWORD room);

WINAPI DWORD
version_VerLanguageNameA(DWORD language, char *out, DWORD room)
{
	WCHAR w[64];
	DWORD n = version_VerLanguageNameW(language, w, 64);
	/* all names are ASCII */
	for (DWORD i = 0; room && i <= n && i < room; i++)
		out[i] = (char)w[i];
	if (room && n >= room)
		out[room - 1] = 0;
	return n;
}

WINAPI DWORD
version_VerLanguageNameW(DWORD language, WCHAR *out, DWORD room)
{
	const WCHAR *s = language == 0x409 ? u"English (United States)" : u"Language Neutral";
	size_t n = nls_length(s);
	/* what does not fit is cut, and the answer is its whole length */
	if (room) {
		size_t k = n < room ? n : room - 1;
		memcpy(out, s, k * sizeof *out);
		out[k] = 0;
	}
	return (DWORD)n;
}
