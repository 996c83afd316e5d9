/* SPDX-License-Identifier: Apache-2.0 */
/* advapi32_reg.c -- the registry as Win32 has it: keys. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/dll/advapi32_reg.h"
#include "layer/api/dll/advapi32_token.h"
#include "layer/api/nt/clock.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/object/sync.h"
#include "layer/api/nt/object/wait.h"

enum { KEY_WOW64_32KEY = 0x200, REG_OPTION_VOLATILE = 1 };

/* RegOverridePredefKey: what the predefined keys are instead.  A count each, which is kept for
 * good: whoever asked for a key may use it still. */
static struct registry_node *_Atomic overrides[8];

DWORD
advapi32_reg_node(HKEY h, struct registry_node **node, struct object **held)
{
	uintptr_t v = (uintptr_t)h;
	*held = NULL;
	if ((v >> 32 == 0 || v >> 32 == 0xffffffff) && (v & 0xfffffff0) == 0x80000000) {
		if ((v & 15) == 4) /* HKEY_PERFORMANCE_DATA: no counters */
			return ERROR_INVALID_HANDLE;
		if ((*node = v & 8 ? NULL : overrides[v & 7]))
			return ERROR_SUCCESS;
		return status_error(registry_root((enum registry_root)(v & 15), node));
	}
	NTSTATUS s = handle_get(h, &registry_class, held);
	if (s < 0)
		return ERROR_INVALID_HANDLE;
	*node = ((struct registry_key *)*held)->node;
	return ERROR_SUCCESS;
}

void
advapi32_reg_done(struct object *held)
{
	if (held)
		object_unref(held);
}

static DWORD
open(HKEY root, const WCHAR *path, bool make, DWORD options, ACCESS_MASK access, HKEY *out,
     DWORD *made)
{
	struct registry_node *n;
	struct object *held;
	struct registry_key *k;
	bool fresh;
	size_t length = path ? nls_length(path) : 0;
	DWORD e;
	if (!out)
		return ERROR_INVALID_PARAMETER;
	if (length && path[0] == '\\' && make)
		return 161; /* ERROR_BAD_PATHNAME */
	if ((e = advapi32_reg_node(root, &n, &held)))
		return e;
	/* what 32-bit programs see of the software */
	WCHAR wow[300];
	static const WCHAR software[] = u"SOFTWARE\\";
	struct registry_node *machine;
	if ((access & KEY_WOW64_32KEY) && length > 9 && length < 280 &&
	    nls_compare_case(path, 9, software, 9) == 0 &&
	    registry_root(REGISTRY_MACHINE, &machine) >= 0 && machine == n) {
		memcpy(wow, u"SOFTWARE\\WOW6432Node\\", 21 * sizeof *wow);
		memcpy(wow + 21, path + 9, (length - 8) * sizeof *wow);
		path = wow;
		length += 12;
	}
	NTSTATUS s = registry_open_key(n, path ? path : u"", length, make, options, &k, &fresh);
	advapi32_reg_done(held);
	if (s < 0)
		return status_error(s);
	HANDLE h = handle_new(&k->object, access, false);
	if (!h)
		return ERROR_NOT_ENOUGH_MEMORY;
	*out = h;
	if (made)
		*made = fresh ? 1 : 2;
	return ERROR_SUCCESS;
}

WINAPI LONG
advapi32_RegOpenKeyExW(HKEY root, const WCHAR *path, DWORD options, ACCESS_MASK access, HKEY *out)
{
	(void)options;
	/* a predefined key by itself is given back as it is */
	if (out && (!path || !*path) && (uint32_t)(uintptr_t)root >> 4 == 0x8000000) {
		*out = root;
		return ERROR_SUCCESS;
	}
	return (LONG)open(root, path, false, 0, access, out, NULL);
}

WINAPI LONG
advapi32_RegOpenKeyExA(HKEY root, const char *path, DWORD options, ACCESS_MASK access, HKEY *out)
{
	WCHAR *w = nls_wide_ansi(path);
	LONG r = advapi32_RegOpenKeyExW(root, w, options, access, out);
	free(w);
	return r;
}

WINAPI LONG
advapi32_RegOpenKeyW(HKEY root, const WCHAR *path, HKEY *out)
{
	return advapi32_RegOpenKeyExW(root, path, 0, 0x2000000, out);
}

WINAPI LONG
advapi32_RegOpenKeyA(HKEY root, const char *path, HKEY *out)
{
	return advapi32_RegOpenKeyExA(root, path, 0, 0x2000000, out);
}

WINAPI LONG
advapi32_RegOpenCurrentUser(ACCESS_MASK access, HKEY *out)
{
	return (LONG)open((HKEY)(uintptr_t)0x80000001, NULL, false, 0, access, out, NULL);
}

WINAPI LONG
advapi32_RegOpenUserClassesRoot(HANDLE token, DWORD options, ACCESS_MASK access, HKEY *out)
{
	struct token *t = advapi32_token_get(token);
	if (!t)
		return ERROR_INVALID_HANDLE;
	object_unref(&t->object);
	if (options)
		return ERROR_INVALID_PARAMETER;
	return (LONG)open((HKEY)(uintptr_t)0x80000000, NULL, false, 0, access, out, NULL);
}

WINAPI LONG
advapi32_RegCreateKeyExW(HKEY root, const WCHAR *path, DWORD reserved, WCHAR *class, DWORD options,
                         ACCESS_MASK access, const struct SECURITY_ATTRIBUTES *security, HKEY *out,
                         DWORD *made)
{
	(void)class, (void)security;
	if (reserved || !path)
		return ERROR_INVALID_PARAMETER;
	return (LONG)open(root, path, true, options & REG_OPTION_VOLATILE ? REGISTRY_VOLATILE : 0,
	                  access, out, made);
}

WINAPI LONG
advapi32_RegCreateKeyExA(HKEY root, const char *path, DWORD reserved, char *class, DWORD options,
                         ACCESS_MASK access, const struct SECURITY_ATTRIBUTES *security, HKEY *out,
                         DWORD *made)
{
	WCHAR *w = nls_wide_ansi(path);
	(void)class;
	LONG r = advapi32_RegCreateKeyExW(root, w, reserved, NULL, options, access, security, out,
	                                  made);
	free(w);
	return r;
}

WINAPI LONG
advapi32_RegCreateKeyW(HKEY root, const WCHAR *path, HKEY *out)
{
	return advapi32_RegCreateKeyExW(root, path ? path : u"", 0, NULL, 0, 0x2000000, NULL, out,
	                                NULL);
}

WINAPI LONG
advapi32_RegCreateKeyA(HKEY root, const char *path, HKEY *out)
{
	return advapi32_RegCreateKeyExA(root, path ? path : "", 0, NULL, 0, 0x2000000, NULL, out,
	                                NULL);
}

WINAPI LONG
advapi32_RegCloseKey(HKEY h)
{
	struct object *o;
	if ((uint32_t)(uintptr_t)h >> 4 == 0x8000000)
		return ERROR_SUCCESS;
	if (handle_get(h, &registry_class, &o) < 0)
		return ERROR_INVALID_HANDLE;
	object_unref(o);
	return (LONG)status_error(handle_close(h));
}

/* Everything is in the log as soon as it is done. */
WINAPI LONG
advapi32_RegFlushKey(HKEY h)
{
	struct registry_node *n;
	struct object *held;
	DWORD e = advapi32_reg_node(h, &n, &held);
	advapi32_reg_done(held);
	return (LONG)e;
}

static DWORD delete (HKEY root, const WCHAR *path, bool tree, bool below)
{
	HKEY h;
	struct registry_node *n;
	struct object *held;
	DWORD e = open(root, path, false, 0, 0x2000000, &h, NULL);
	NTSTATUS s = STATUS_SUCCESS;
	if (e)
		return e;
	if (!(e = advapi32_reg_node(h, &n, &held))) {
		WCHAR name[256];
		int64_t when;
		if (!below) {
			s = registry_delete(n, tree);
		} else {
			/* RegDeleteTree of a key itself: what is in it, not the key */
			while (s >= 0 && registry_key_at(n, 0, name, &when) >= 0)
				s = (NTSTATUS) delete (h, name, true, false) ? STATUS_ACCESS_DENIED
				                                             : STATUS_SUCCESS;
			for (;;) {
				WCHAR value[16384];
				DWORD length = 16384;
				if (s < 0 ||
				    registry_value_at(n, 0, value, &length, NULL, NULL, NULL) < 0)
					break;
				s = registry_unset(n, value);
			}
		}
		e = status_error(s);
		advapi32_reg_done(held);
	}
	handle_close(h);
	return e;
}

WINAPI LONG
advapi32_RegDeleteKeyExW(HKEY root, const WCHAR *path, ACCESS_MASK access, DWORD reserved)
{
	(void)access;
	if (!path || reserved)
		return ERROR_INVALID_PARAMETER;
	return (LONG) delete (root, path, false, false);
}

WINAPI LONG
advapi32_RegDeleteKeyExA(HKEY root, const char *path, ACCESS_MASK access, DWORD reserved)
{
	WCHAR *w = nls_wide_ansi(path);
	LONG r = advapi32_RegDeleteKeyExW(root, w, access, reserved);
	free(w);
	return r;
}

WINAPI LONG
advapi32_RegDeleteKeyW(HKEY root, const WCHAR *path)
{
	return advapi32_RegDeleteKeyExW(root, path, 0, 0);
}
WINAPI LONG
advapi32_RegDeleteKeyA(HKEY root, const char *path)
{
	return advapi32_RegDeleteKeyExA(root, path, 0, 0);
}

WINAPI LONG
advapi32_RegDeleteTreeW(HKEY root, const WCHAR *path)
{
	return (LONG) delete (root, path, true, !path || !*path);
}

WINAPI LONG
advapi32_RegDeleteTreeA(HKEY root, const char *path)
{
	WCHAR *w = nls_wide_ansi(path);
	LONG r = advapi32_RegDeleteTreeW(root, w);
	free(w);
	return r;
}

/* The key itself, or one below it. */
WINAPI LONG
advapi32_RegRenameKey(HKEY root, const WCHAR *path, const WCHAR *name)
{
	HKEY h;
	struct registry_node *n;
	struct object *held;
	if (!name)
		return ERROR_INVALID_PARAMETER;
	DWORD e = open(root, path, false, 0, 0x2000000, &h, NULL);
	if (e)
		return (LONG)e;
	if (!(e = advapi32_reg_node(h, &n, &held))) {
		e = status_error(registry_rename(n, name, nls_length(name)));
		advapi32_reg_done(held);
	}
	handle_close(h);
	return (LONG)e;
}

/* -- what is in a key ---------------------------------------------------------------- */

WINAPI LONG
advapi32_RegEnumKeyExW(HKEY h, DWORD i, WCHAR *name, DWORD *length, DWORD *reserved, WCHAR *class,
                       DWORD *class_length, struct FILETIME *when)
{
	struct registry_node *n;
	struct object *held;
	WCHAR text[256];
	int64_t t;
	DWORD e = advapi32_reg_node(h, &n, &held);
	if (e)
		return (LONG)e;
	e = reserved || !name || !length ? ERROR_INVALID_PARAMETER
	                                 : status_error(registry_key_at(n, i, text, &t));
	advapi32_reg_done(held);
	if (e)
		return (LONG)e;
	size_t k = nls_length(text);
	if (k >= *length)
		return ERROR_MORE_DATA;
	memcpy(name, text, (k + 1) * sizeof *name);
	*length = (DWORD)k;
	if (class && class_length && *class_length)
		*class = 0;
	if (class_length)
		*class_length = 0;
	if (when)
		*when = clock_filetime(t);
	return ERROR_SUCCESS;
}

WINAPI LONG
advapi32_RegEnumKeyExA(HKEY h, DWORD i, char *name, DWORD *length, DWORD *reserved, char *class,
                       DWORD *class_length, struct FILETIME *when)
{
	WCHAR w[256];
	DWORD n = 256;
	if (!name || !length)
		return ERROR_INVALID_PARAMETER;
	LONG r = advapi32_RegEnumKeyExW(h, i, w, &n, reserved, NULL, NULL, when);
	if (r)
		return r;
	size_t k = nls_8_of_16(w, n, NULL, 0, NULL);
	if (k >= *length)
		return ERROR_MORE_DATA;
	nls_ansi_to(w, name, *length);
	*length = (DWORD)k;
	if (class && class_length && *class_length)
		*class = 0;
	if (class_length)
		*class_length = 0;
	return ERROR_SUCCESS;
}

WINAPI LONG
advapi32_RegEnumKeyW(HKEY h, DWORD i, WCHAR *name, DWORD length)
{
	return advapi32_RegEnumKeyExW(h, i, name, &length, NULL, NULL, NULL, NULL);
}

WINAPI LONG
advapi32_RegEnumKeyA(HKEY h, DWORD i, char *name, DWORD length)
{
	return advapi32_RegEnumKeyExA(h, i, name, &length, NULL, NULL, NULL, NULL);
}

WINAPI LONG
advapi32_RegQueryInfoKeyW(HKEY h, WCHAR *class, DWORD *class_length, DWORD *reserved, DWORD *keys,
                          DWORD *longest_key, DWORD *longest_class, DWORD *values,
                          DWORD *longest_name, DWORD *longest_value, DWORD *security,
                          struct FILETIME *when)
{
	struct registry_node *n;
	struct object *held;
	struct registry_info info;
	DWORD e = advapi32_reg_node(h, &n, &held);
	if (e)
		return (LONG)e;
	e = reserved ? ERROR_INVALID_PARAMETER : status_error(registry_info(n, &info));
	advapi32_reg_done(held);
	if (e)
		return (LONG)e;
	if (class && class_length && *class_length)
		*class = 0;
	if (class_length)
		*class_length = 0;
	if (keys)
		*keys = info.keys;
	if (longest_key)
		*longest_key = info.longest_key;
	if (longest_class)
		*longest_class = 0;
	if (values)
		*values = info.values;
	if (longest_name)
		*longest_name = info.longest_name;
	if (longest_value)
		*longest_value = info.longest_value;
	if (security)
		*security = 0;
	if (when)
		*when = clock_filetime(info.when);
	return ERROR_SUCCESS;
}

/* Lengths are bytes here: of UTF-8, three for a unit at most. */
WINAPI LONG
advapi32_RegQueryInfoKeyA(HKEY h, char *class, DWORD *class_length, DWORD *reserved, DWORD *keys,
                          DWORD *longest_key, DWORD *longest_class, DWORD *values,
                          DWORD *longest_name, DWORD *longest_value, DWORD *security,
                          struct FILETIME *when)
{
	LONG r = advapi32_RegQueryInfoKeyW(h, NULL, class_length, reserved, keys, longest_key,
	                                   longest_class, values, longest_name, longest_value,
	                                   security, when);
	if (r)
		return r;
	if (class && class_length)
		*class = 0;
	if (longest_key)
		*longest_key *= 3;
	if (longest_name)
		*longest_name *= 3;
	if (longest_value)
		*longest_value = *longest_value * 3 / 2 + 1;
	return r;
}

/* -- the rest -------------------------------------------------------------------------- */

WINAPI LONG
advapi32_RegNotifyChangeKeyValue(HKEY h, BOOL below, DWORD filter, HANDLE event, BOOL asynchronous)
{
	struct registry_node *n;
	struct object *held, *o = NULL;
	DWORD e;
	if (!(filter & 0xf))
		return ERROR_INVALID_PARAMETER;
	if (asynchronous && !event)
		return ERROR_INVALID_PARAMETER;
	if ((e = advapi32_reg_node(h, &n, &held)))
		return (LONG)e;
	if (asynchronous)
		e = status_error(handle_get(event, NULL, &o));
	else if (!(o = sync_event(true, false)))
		e = ERROR_NOT_ENOUGH_MEMORY;
	if (!e && !asynchronous) {
		object_ref(o);
		e = status_error(registry_watch(n, below != 0, o));
		if (!e)
			wait_objects(1, &o, false, false, WAIT_FOREVER);
		object_unref(o);
	} else if (!e) {
		e = status_error(registry_watch(n, below != 0, o));
	}
	advapi32_reg_done(held);
	return (LONG)e;
}

size_t advapi32_acl_own(DWORD what, DWORD rights, BYTE *out, size_t room);

WINAPI LONG
advapi32_RegGetKeySecurity(HKEY h, DWORD what, void *out, DWORD *size)
{
	enum { KEY_ALL = 0xf003f, ERROR_INSUFFICIENT = 122 };
	struct registry_node *n;
	struct object *held;
	if (!size)
		return ERROR_INVALID_PARAMETER;
	DWORD e = advapi32_reg_node(h, &n, &held), room = *size;
	advapi32_reg_done(held);
	if (e)
		return (LONG)e;
	*size = (DWORD)advapi32_acl_own(what, KEY_ALL, out, out ? room : 0);
	return out && *size <= room ? ERROR_SUCCESS : ERROR_INSUFFICIENT;
}

WINAPI LONG
advapi32_RegSetKeySecurity(HKEY h, DWORD what, const BYTE *descriptor)
{
	struct registry_node *n;
	struct object *held;
	DWORD e = advapi32_reg_node(h, &n, &held);
	(void)what;
	advapi32_reg_done(held);
	if (e)
		return (LONG)e;
	return !descriptor ? ERROR_INVALID_PARAMETER : descriptor[0] == 1 ? ERROR_SUCCESS : 1338;
}

/* Of this computer, without its name or with it. */
WINAPI LONG
advapi32_RegConnectRegistryW(const WCHAR *machine, HKEY root, HKEY *out)
{
	uint32_t v = (uint32_t)(uintptr_t)root;
	char name[65], computer[16];
	if (!out)
		return ERROR_INVALID_PARAMETER;
	if (v != 0x80000002 && v != 0x80000003 && v != 0x80000004)
		return ERROR_INVALID_HANDLE;
	if (machine && *machine) {
		while (*machine == '\\')
			machine++;
		host_name(name);
		host_short(name, computer);
		name[strcspn(name, ".")] = 0;
		if (!nls_equal_ascii(machine, name) && !nls_equal_ascii(machine, computer))
			return 53; /* ERROR_BAD_NETPATH */
	}
	*out = root;
	return ERROR_SUCCESS;
}

/* NULL: it is itself again. */
WINAPI LONG
advapi32_RegOverridePredefKey(HKEY root, HKEY to)
{
	struct registry_node *n = NULL;
	struct object *held = NULL;
	uint32_t v = (uint32_t)(uintptr_t)root;
	if (v >> 3 != 0x10000000 || (v & 7) == 4)
		return ERROR_INVALID_HANDLE;
	DWORD e = to ? advapi32_reg_node(to, &n, &held) : ERROR_SUCCESS;
	if (e)
		return (LONG)e;
	if (n)
		registry_hold(n);
	overrides[v & 7] = n;
	advapi32_reg_done(held);
	return ERROR_SUCCESS;
}

WINAPI LONG
advapi32_RegDisablePredefinedCache(void)
{
	return ERROR_SUCCESS;
}
WINAPI LONG
advapi32_RegDisablePredefinedCacheEx(void)
{
	return ERROR_SUCCESS;
}

/* Nothing is reflected: there is one registry for all programs. */
WINAPI LONG
advapi32_RegDisableReflectionKey(HKEY h)
{
	return advapi32_RegFlushKey(h);
}
