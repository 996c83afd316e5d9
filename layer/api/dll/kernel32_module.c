/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_module.c -- modules, their functions and their resources. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/dll/table.h"
#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/image/ldr.h"
#include "layer/api/nt/image/seek.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/image/resource.h"
#include "layer/api/nt/thread/thread.h"

enum { FROM_ADDRESS = 4, UNCHANGED_REFCOUNT = 2, PIN = 1, DATAFILE = 2, IMAGE_RESOURCE = 0x20 };

/* -- loading ---------------------------------------------------------------------------------- */

WINAPI HMODULE
kernel32_LoadLibraryExW(const WCHAR *name, HANDLE file, DWORD flags)
{
	struct module *m = NULL;
	if (!name || file) {
		last_error(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	if (!succeed(ldr_load(name, flags, &m)))
		return NULL;
	uintptr_t mark = m->resources_only ? (flags & DATAFILE         ? 1
	                                      : flags & IMAGE_RESOURCE ? 2
	                                                               : 0)
	                                   : 0;
	return (HMODULE)((uintptr_t)m->entry.DllBase | mark);
}

WINAPI HMODULE
kernel32_LoadLibraryExA(const char *name, HANDLE file, DWORD flags)
{
	WCHAR *w = nls_wide_ansi(name);
	HMODULE h = kernel32_LoadLibraryExW(w, file, flags);
	free(w);
	return h;
}

WINAPI HMODULE
kernel32_LoadLibraryW(const WCHAR *name)
{
	return kernel32_LoadLibraryExW(name, NULL, 0);
}

WINAPI HMODULE
kernel32_LoadLibraryA(const char *name)
{
	return kernel32_LoadLibraryExA(name, NULL, 0);
}

WINAPI BOOL
kernel32_FreeLibrary(HMODULE h)
{
	struct module *m = h ? ldr_of(h) : NULL;
	return m ? succeed(ldr_unload(m)) : refuse(ERROR_MOD_NOT_FOUND);
}

WINAPI void
kernel32_FreeLibraryAndExitThread(HMODULE h, DWORD code)
{
	kernel32_FreeLibrary(h);
	thread_exit(code);
}

WINAPI BOOL
kernel32_DisableThreadLibraryCalls(HMODULE h)
{
	struct module *m = h ? ldr_of(h) : NULL;
	if (!m)
		return refuse(ERROR_INVALID_HANDLE);
	m->entry.Flags |= 0x40000; /* LDRP_DONT_CALL_FOR_THREADS */
	return TRUE;
}

/* -- where they are looked for ------------------------------------------------------------------ */

WINAPI BOOL
kernel32_SetDefaultDllDirectories(DWORD flags)
{
	if (!flags || flags & ~(DWORD)(SEEK_FLAGS & ~SEEK_DLL_LOAD_DIR))
		return refuse(ERROR_INVALID_PARAMETER);
	seek_default(flags);
	return TRUE;
}

WINAPI BOOL
kernel32_SetDllDirectoryW(const WCHAR *path)
{
	return succeed(seek_set_folder(path));
}

WINAPI BOOL
kernel32_SetDllDirectoryA(const char *path)
{
	WCHAR *w = path ? nls_wide_ansi(path) : NULL;
	if (path && !w)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	BOOL ok = kernel32_SetDllDirectoryW(w);
	free(w);
	return ok;
}

/* The length without the zero; with it when there is no room. */
WINAPI DWORD
kernel32_GetDllDirectoryW(DWORD room, WCHAR *out)
{
	WCHAR *w = seek_folder();
	DWORD n = w ? (DWORD)nls_length(w) : 0;
	if (room > n && out)
		memcpy(out, w ? w : u"", (n + 1) * sizeof *out);
	free(w);
	return room > n ? n : n + 1;
}

WINAPI DWORD
kernel32_GetDllDirectoryA(DWORD room, char *out)
{
	WCHAR *w = seek_folder();
	size_t k = w ? nls_length(w) : 0;
	DWORD n = w ? (DWORD)nls_8_of_16(w, k, NULL, 0, NULL) : 0;
	if (room > n && out) {
		if (w)
			nls_8_of_16(w, k, out, n, NULL);
		out[n] = '\0';
	}
	free(w);
	return room > n ? n : n + 1;
}

WINAPI void *
kernel32_AddDllDirectory(const WCHAR *path)
{
	void *cookie = NULL;
	if (!path)
		last_error(ERROR_INVALID_PARAMETER);
	else
		succeed(seek_add(path, &cookie));
	return cookie;
}

WINAPI BOOL
kernel32_RemoveDllDirectory(void *cookie)
{
	return succeed(seek_remove(cookie));
}

/* -- asking ------------------------------------------------------------------------------------- */

static struct module *
named(const WCHAR *name)
{
	return name ? ldr_find(name) : ldr_main();
}

WINAPI BOOL
kernel32_GetModuleHandleExW(DWORD flags, const WCHAR *name, HMODULE *out)
{
	if (!out || flags & ~7u || (flags & PIN && flags & UNCHANGED_REFCOUNT))
		return refuse(ERROR_INVALID_PARAMETER);
	struct module *m = flags & FROM_ADDRESS ? ldr_at(name) : named(name);
	*out = m ? m->entry.DllBase : NULL;
	if (!m)
		return refuse(ERROR_MOD_NOT_FOUND);
	ldr_lock();
	if (flags & PIN)
		m->refs = UINT32_MAX;
	else if (!(flags & UNCHANGED_REFCOUNT) && m->refs != UINT32_MAX)
		m->refs++;
	ldr_unlock();
	return TRUE;
}

WINAPI BOOL
kernel32_GetModuleHandleExA(DWORD flags, const char *name, HMODULE *out)
{
	if (flags & FROM_ADDRESS)
		return kernel32_GetModuleHandleExW(flags, (const WCHAR *)(const void *)name, out);
	WCHAR *w = nls_wide_ansi(name);
	BOOL ok = kernel32_GetModuleHandleExW(flags, w, out);
	free(w);
	return ok;
}

WINAPI HMODULE
kernel32_GetModuleHandleW(const WCHAR *name)
{
	struct module *m = named(name);
	if (!m)
		last_error(ERROR_MOD_NOT_FOUND);
	return m ? m->entry.DllBase : NULL;
}

WINAPI HMODULE
kernel32_GetModuleHandleA(const char *name)
{
	struct module *m =
	        name ? ldr_find_ascii(strrchr(name, '\\') ? strrchr(name, '\\') + 1 : name)
	             : ldr_main();
	if (!m)
		last_error(ERROR_MOD_NOT_FOUND);
	return m ? m->entry.DllBase : NULL;
}

WINAPI DWORD
kernel32_GetModuleFileNameW(HMODULE h, WCHAR *out, DWORD room)
{
	struct module *m = ldr_of(h);
	if (!m) {
		last_error(ERROR_MOD_NOT_FOUND);
		return 0;
	}
	DWORD n = m->entry.FullDllName.Length / 2;
	if (room == 0) {
		last_error(ERROR_INSUFFICIENT_BUFFER);
		return 0;
	}
	DWORD k = n < room ? n : room - 1;
	memcpy(out, m->entry.FullDllName.Buffer, k * sizeof *out);
	out[k] = 0;
	last_error(k < n ? ERROR_INSUFFICIENT_BUFFER : ERROR_SUCCESS);
	return k < n ? room : n;
}

WINAPI DWORD
kernel32_GetModuleFileNameA(HMODULE h, char *out, DWORD room)
{
	struct module *m = ldr_of(h);
	if (!m || room == 0) {
		last_error(m ? ERROR_INSUFFICIENT_BUFFER : ERROR_MOD_NOT_FOUND);
		return 0;
	}
	char *s = nls_ansi(m->entry.FullDllName.Buffer);
	size_t n = s ? strlen(s) : 0, k = n < room ? n : room - 1;
	memcpy(out, s ? s : "", k);
	out[k] = '\0';
	free(s);
	last_error(k < n ? ERROR_INSUFFICIENT_BUFFER : ERROR_SUCCESS);
	return k < n ? room : (DWORD)n;
}

WINAPI void *
kernel32_GetProcAddress(HMODULE h, const char *name)
{
	struct module *m = ldr_of(h);
	if (!m) {
		last_error(ERROR_MOD_NOT_FOUND);
		return NULL;
	}
	void *p = ldr_symbol(m, name);
	if (!p)
		last_error((uintptr_t)name < 65536 ? 182 /* ERROR_INVALID_ORDINAL */
		                                   : ERROR_PROC_NOT_FOUND);
	return p;
}

/* -- resources ------------------------------------------------------------------------------------- */

WINAPI const void *
kernel32_FindResourceExW(HMODULE h, const WCHAR *type, const WCHAR *name, WORD language)
{
	struct module *m = ldr_of(h);
	const void *d = m ? resource_find(m, type, name, language) : NULL;
	if (!d)
		last_error(1814 /* ERROR_RESOURCE_NAME_NOT_FOUND */);
	return d;
}

WINAPI const void *
kernel32_FindResourceW(HMODULE h, const WCHAR *name, const WCHAR *type)
{
	return kernel32_FindResourceExW(h, type, name, 0);
}

static WCHAR *
id_or_wide(const char *s)
{
	return (uintptr_t)s < 65536 ? (WCHAR *)(uintptr_t)s : nls_wide_ansi(s);
}

static void
id_free(WCHAR *w)
{
	if ((uintptr_t)w >= 65536)
		free(w);
}

WINAPI const void *
kernel32_FindResourceExA(HMODULE h, const char *type, const char *name, WORD language)
{
	WCHAR *t = id_or_wide(type), *n = id_or_wide(name);
	const void *d = kernel32_FindResourceExW(h, t, n, language);
	id_free(t);
	id_free(n);
	return d;
}

WINAPI const void *
kernel32_FindResourceA(HMODULE h, const char *name, const char *type)
{
	return kernel32_FindResourceExA(h, type, name, 0);
}

WINAPI const void *
kernel32_LoadResource(HMODULE h, const struct resource_data *d)
{
	struct module *m = ldr_of(h);
	if (!m || !d) {
		last_error(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	return resource_bytes(m, d);
}

WINAPI const void *
kernel32_LockResource(const void *bytes)
{
	return bytes;
}

WINAPI BOOL
kernel32_FreeResource(const void *bytes)
{
	(void)bytes;
	return FALSE;
}

WINAPI DWORD
kernel32_SizeofResource(HMODULE h, const struct resource_data *d)
{
	(void)h;
	return d ? d->size : 0;
}

typedef BOOL(WINAPI *enum_types)(HMODULE h, WCHAR *type, LONG_PTR arg);
typedef BOOL(WINAPI *enum_names)(HMODULE h, const WCHAR *type, WCHAR *name, LONG_PTR arg);
typedef BOOL(WINAPI *enum_languages)(HMODULE h, const WCHAR *type, const WCHAR *name, WORD language,
                                     LONG_PTR arg);

struct enumeration {
	HMODULE h;
	enum_types types;
	enum_names names;
	enum_languages languages;
	const WCHAR *type, *name;
	LONG_PTR arg;
};

static bool
found(void *ctx, const WCHAR *name, size_t n, uint32_t next)
{
	struct enumeration *x = ctx;
	WCHAR text[260], *shown = (WCHAR *)(uintptr_t)name;
	(void)next;
	if ((uintptr_t)name >= 65536) {
		if (n >= sizeof text / sizeof *text)
			return true;
		memcpy(text, name, n * sizeof *text);
		text[n] = 0;
		shown = text;
	}
	if (x->types)
		return x->types(x->h, shown, x->arg);
	if (x->names)
		return x->names(x->h, x->type, shown, x->arg);
	return x->languages(x->h, x->type, x->name, (WORD)(uintptr_t)shown, x->arg);
}

static BOOL
enumerate(struct enumeration *x)
{
	struct module *m = ldr_of(x->h);
	struct resource r;
	uint32_t at = 0;
	if (!m || !resource_root(m, &r))
		return refuse(1812 /* ERROR_RESOURCE_DATA_NOT_FOUND */);
	if (x->type && !resource_level(&r, 0, x->type, &at))
		return refuse(ERROR_RESOURCE_TYPE_NOT_FOUND);
	if (x->name && !resource_level(&r, at & 0x7fffffff, x->name, &at))
		return refuse(1814 /* ERROR_RESOURCE_NAME_NOT_FOUND */);
	return resource_each(&r, at, found, x) ? TRUE
	                                       : refuse(15106 /* ERROR_RESOURCE_ENUM_USER_STOP */);
}

WINAPI BOOL
kernel32_EnumResourceTypesW(HMODULE h, enum_types f, LONG_PTR arg)
{
	return enumerate(&(struct enumeration){ .h = h, .types = f, .arg = arg });
}

WINAPI BOOL
kernel32_EnumResourceNamesW(HMODULE h, const WCHAR *type, enum_names f, LONG_PTR arg)
{
	return enumerate(&(struct enumeration){ .h = h, .names = f, .type = type, .arg = arg });
}

WINAPI BOOL
kernel32_EnumResourceLanguagesW(HMODULE h, const WCHAR *type, const WCHAR *name, enum_languages f,
                                LONG_PTR arg)
{
	return enumerate(&(struct enumeration){
	        .h = h, .languages = f, .type = type, .name = name, .arg = arg });
}

/* Is there a DLL behind an API set?  Its name without .dll, in any case. */
WINAPI BOOL
kernel32_IsApiSetImplemented(const char *name)
{
	char low[64];
	size_t n = 0;

	if (!name)
		return FALSE;
	for (; name[n] && n < sizeof low - 1; n++)
		low[n] = (char)(name[n] >= 'A' && name[n] <= 'Z' ? name[n] + 32 : name[n]);
	low[n] = 0;
	return table_of_set(low) != NULL;
}

/* -- the end ------------------------------------------------------------------------------------------- */

/* Packed programs end themselves by a jump, from a stack that is not as it should be. */
WINAPI __attribute__((force_align_arg_pointer)) void
kernel32_ExitProcess(UINT code)
{
	birth_exit(code);
}
