/* SPDX-License-Identifier: Apache-2.0 */
/* advapi32_value.c -- the registry as Win32 has it: values. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/dll/advapi32_reg.h"
#include "layer/api/nt/env.h"
#include "layer/api/nt/text/nls.h"

WINAPI LONG advapi32_RegOpenKeyExW(HKEY h, const WCHAR *path, DWORD options, ACCESS_MASK access,
                                   HKEY *out);
WINAPI LONG advapi32_RegCreateKeyW(HKEY h, const WCHAR *path, HKEY *out);
WINAPI LONG advapi32_RegCloseKey(HKEY h);

static bool text(DWORD type) { return type == REG_SZ || type == REG_EXPAND_SZ || type == REG_MULTI_SZ; }

WINAPI LONG
advapi32_RegQueryValueExW(HKEY h, const WCHAR *name, DWORD *reserved, DWORD *type, BYTE *data,
                          DWORD *size)
{
	struct registry_node *n;
	struct object *held;
	DWORD e;
	if (reserved || (data && !size))
		return ERROR_INVALID_PARAMETER;
	if ((e = advapi32_reg_node(h, &n, &held)))
		return (LONG)e;
	e = status_error(registry_get(n, name, type, data, size));
	advapi32_reg_done(held);
	return (LONG)e;
}

/* The whole value, however large; to be freed. */
static DWORD
whole(HKEY h, const WCHAR *name, DWORD *type, BYTE **data, DWORD *size)
{
	DWORD room = 256, e;
	*data = NULL;
	for (;;) {
		BYTE *p = realloc(*data, room + 4);
		if (!p) {
			free(*data);
			return ERROR_NOT_ENOUGH_MEMORY;
		}
		*data = p;
		*size = room;
		e = (DWORD)advapi32_RegQueryValueExW(h, name, NULL, type, p, size);
		if (e != ERROR_MORE_DATA)
			break;
		room = *size;
	}
	if (e) {
		free(*data);
		*data = NULL;
	} else {
		memset(*data + *size, 0, 4); /* text that was stored without its end ends here */
	}
	return e;
}

/* Give a value to a caller of an A function, whose text is narrow. */
static DWORD
give_narrow(DWORD type, const BYTE *data, DWORD n, BYTE *out, DWORD *size)
{
	const WCHAR *w = (const WCHAR *)(const void *)data;
	size_t k = text(type) ? nls_8_of_16(w, n / 2, NULL, 0, NULL) : n;
	DWORD room = size ? *size : 0;
	if (size)
		*size = (DWORD)k;
	if (!out)
		return ERROR_SUCCESS;
	if (k > room)
		return ERROR_MORE_DATA;
	if (text(type))
		nls_8_of_16(w, n / 2, (char *)out, k, NULL);
	else
		memcpy(out, data, k);
	return ERROR_SUCCESS;
}

WINAPI LONG
advapi32_RegQueryValueExA(HKEY h, const char *name, DWORD *reserved, DWORD *type, BYTE *data,
                          DWORD *size)
{
	WCHAR *w;
	BYTE *p;
	DWORD t, n, e;
	if (reserved || (data && !size))
		return ERROR_INVALID_PARAMETER;
	w = nls_wide_ansi(name);
	e = whole(h, w, &t, &p, &n);
	free(w);
	if (e)
		return (LONG)e;
	if (type)
		*type = t;
	e = give_narrow(t, p, n, data, size);
	free(p);
	return (LONG)e;
}

WINAPI LONG
advapi32_RegQueryValueW(HKEY h, const WCHAR *path, WCHAR *out, LONG *size)
{
	HKEY k = h;
	LONG e = path && *path ? advapi32_RegOpenKeyExW(h, path, 0, 0x20019, &k) : 0;
	if (e)
		return e;
	DWORD n = size ? (DWORD)*size : 0;
	e = advapi32_RegQueryValueExW(k, NULL, NULL, NULL, (BYTE *)out, &n);
	if (size)
		*size = (LONG)n;
	if (k != h)
		advapi32_RegCloseKey(k);
	return e;
}

WINAPI LONG
advapi32_RegSetValueExW(HKEY h, const WCHAR *name, DWORD reserved, DWORD type, const BYTE *data,
                        DWORD size)
{
	struct registry_node *n;
	struct object *held;
	DWORD e;
	if (reserved || (!data && size))
		return ERROR_INVALID_PARAMETER;
	if ((e = advapi32_reg_node(h, &n, &held)))
		return (LONG)e;
	/* text that lacks only its final zero gets it, as in Windows */
	if (text(type) && size >= 2 && size % 2 == 0 && type != REG_MULTI_SZ) {
		WCHAR last;
		memcpy(&last, data + size - 2, 2);
		if (last) {
			memcpy(&last, data + size, 2);
			size += last ? 0 : 2;
		}
	}
	e = status_error(registry_set(n, name, type, data, size));
	advapi32_reg_done(held);
	return (LONG)e;
}

WINAPI LONG
advapi32_RegSetValueExA(HKEY h, const char *name, DWORD reserved, DWORD type, const BYTE *data,
                        DWORD size)
{
	WCHAR *w = nls_wide_ansi(name), *wide = NULL;
	LONG r;
	if (text(type) && data) {
		size_t n = size;
		if (n && data[n - 1] && type != REG_MULTI_SZ && !data[n])
			n++;
		size_t k = nls_16_of_8((const char *)data, n, NULL, 0, NULL);
		if (!(wide = malloc((k + 1) * sizeof *wide))) {
			free(w);
			return ERROR_NOT_ENOUGH_MEMORY;
		}
		nls_16_of_8((const char *)data, n, wide, k, NULL);
		wide[k] = 1; /* whoever looks behind it finds no end there */
		data = (const BYTE *)wide;
		size = (DWORD)k * 2;
	}
	r = advapi32_RegSetValueExW(h, w, reserved, type, data, size);
	free(wide);
	free(w);
	return r;
}

WINAPI LONG
advapi32_RegSetKeyValueW(HKEY h, const WCHAR *path, const WCHAR *name, DWORD type, const void *data,
                         DWORD size)
{
	HKEY k = h;
	LONG r = path && *path ? advapi32_RegCreateKeyW(h, path, &k) : 0;
	if (r)
		return r;
	r = advapi32_RegSetValueExW(k, name, 0, type, data, size);
	if (k != h)
		advapi32_RegCloseKey(k);
	return r;
}

WINAPI LONG
advapi32_RegSetKeyValueA(HKEY h, const char *path, const char *name, DWORD type, const void *data,
                         DWORD size)
{
	WCHAR *w = nls_wide_ansi(path);
	HKEY k = h;
	LONG r = w && *w ? advapi32_RegCreateKeyW(h, w, &k) : 0;
	free(w);
	if (r)
		return r;
	r = advapi32_RegSetValueExA(k, name, 0, type, data, size);
	if (k != h)
		advapi32_RegCloseKey(k);
	return r;
}

WINAPI LONG
advapi32_RegSetValueW(HKEY h, const WCHAR *path, DWORD type, const WCHAR *data, DWORD size)
{
	(void)size;
	if (type != REG_SZ || !data)
		return ERROR_INVALID_PARAMETER;
	return advapi32_RegSetKeyValueW(h, path, NULL, type, data,
	                                (DWORD)(nls_length(data) + 1) * 2);
}

WINAPI LONG
advapi32_RegDeleteValueW(HKEY h, const WCHAR *name)
{
	struct registry_node *n;
	struct object *held;
	DWORD e = advapi32_reg_node(h, &n, &held);
	if (e)
		return (LONG)e;
	e = status_error(registry_unset(n, name));
	advapi32_reg_done(held);
	return (LONG)e;
}

WINAPI LONG
advapi32_RegDeleteValueA(HKEY h, const char *name)
{
	WCHAR *w = nls_wide_ansi(name);
	LONG r = advapi32_RegDeleteValueW(h, w);
	free(w);
	return r;
}

WINAPI LONG
advapi32_RegDeleteKeyValueW(HKEY h, const WCHAR *path, const WCHAR *name)
{
	HKEY k = h;
	LONG r = path && *path ? advapi32_RegOpenKeyExW(h, path, 0, 2, &k) : 0;
	if (r)
		return r;
	r = advapi32_RegDeleteValueW(k, name);
	if (k != h)
		advapi32_RegCloseKey(k);
	return r;
}

WINAPI LONG
advapi32_RegEnumValueW(HKEY h, DWORD i, WCHAR *name, DWORD *length, DWORD *reserved, DWORD *type,
                       BYTE *data, DWORD *size)
{
	struct registry_node *n;
	struct object *held;
	DWORD e;
	if (reserved || !name || !length || (data && !size))
		return ERROR_INVALID_PARAMETER;
	if ((e = advapi32_reg_node(h, &n, &held)))
		return (LONG)e;
	e = status_error(registry_value_at(n, i, name, length, type, data, size));
	advapi32_reg_done(held);
	return (LONG)e;
}

WINAPI LONG
advapi32_RegEnumValueA(HKEY h, DWORD i, char *name, DWORD *length, DWORD *reserved, DWORD *type,
                       BYTE *data, DWORD *size)
{
	struct registry_node *n;
	struct object *held;
	WCHAR *w = malloc(16384 * sizeof *w);
	DWORD wn = 16384, t, e = ERROR_NOT_ENOUGH_MEMORY, k;
	BYTE *p = NULL;
	if (!w || reserved || !name || !length || (data && !size)) {
		free(w);
		return w ? ERROR_INVALID_PARAMETER : ERROR_NOT_ENOUGH_MEMORY;
	}
	if (!(e = advapi32_reg_node(h, &n, &held))) {
		e = status_error(registry_value_at(n, i, w, &wn, &t, NULL, NULL));
		advapi32_reg_done(held);
	}
	if (!e)
		e = whole(h, w, &t, &p, &k);
	if (!e) {
		size_t m = nls_8_of_16(w, wn, NULL, 0, NULL);
		if (m >= *length) {
			e = ERROR_MORE_DATA;
		} else {
			nls_ansi_to(w, name, *length);
			*length = (DWORD)m;
			if (type)
				*type = t;
			e = give_narrow(t, p, k, data, size);
		}
	}
	free(p);
	free(w);
	return (LONG)e;
}

/* -- RegGetValue: with its type looked at, its end assured, its variables expanded ------- */

enum {
	RRF_RT_REG_SZ = 2,
	RRF_RT_REG_EXPAND_SZ = 4,
	RRF_RT_ANY = 0xffff,
	RRF_NOEXPAND = 0x10000000,
	RRF_ZEROONFAILURE = 0x20000000,
	ERROR_UNSUPPORTED_TYPE = 1630,
};

static DWORD
get_value(HKEY h, const WCHAR *path, const WCHAR *name, DWORD flags, DWORD *type, BYTE **data,
          DWORD *size)
{
	static const DWORD bit[] = { 1, 2, 4, 8, 0x10, 0, 0, 0x20, 0, 0, 0, 0x40 };
	HKEY k = h;
	DWORD e = path && *path ? (DWORD)advapi32_RegOpenKeyExW(h, path, 0,
	                                                        0x20019 | (flags >> 8 & 0x300), &k)
	                        : 0;
	*data = NULL;
	if (e)
		return e;
	e = whole(k, name, type, data, size);
	if (k != h)
		advapi32_RegCloseKey(k);
	if (e)
		return e;
	if (*type == REG_EXPAND_SZ && !(flags & RRF_NOEXPAND) &&
	    ((flags & RRF_RT_REG_SZ) || (flags & RRF_RT_ANY) == RRF_RT_ANY)) {
		const WCHAR *from = (const WCHAR *)(void *)*data;
		size_t n = env_expand(NULL, from, nls_length(from), NULL, 0);
		WCHAR *to = malloc((n + 1) * sizeof *to);
		if (!to) {
			free(*data);
			return ERROR_NOT_ENOUGH_MEMORY;
		}
		env_expand(NULL, from, nls_length(from), to, n + 1);
		free(*data);
		*data = (BYTE *)to;
		*size = (DWORD)(n + 1) * 2;
		*type = REG_SZ;
	} else if (text(*type) && (*size < 2 || (*data)[*size - 1] || (*data)[*size - 2])) {
		*size = (*size & ~1u) + 2; /* whole() has put zeros there */
	}
	if ((flags & RRF_RT_ANY) != RRF_RT_ANY && (*type >= 12 || !(flags & bit[*type])) &&
	    !((flags & 0x10) && *type == REG_DWORD) && !((flags & 8) && *type == REG_BINARY)) {
		free(*data);
		*data = NULL;
		return ERROR_UNSUPPORTED_TYPE;
	}
	return ERROR_SUCCESS;
}

WINAPI LONG
advapi32_RegGetValueW(HKEY h, const WCHAR *path, const WCHAR *name, DWORD flags, DWORD *type,
                      void *out, DWORD *size)
{
	BYTE *data;
	DWORD t, n, e, room = size ? *size : 0;
	if (out && !size)
		return ERROR_INVALID_PARAMETER;
	e = get_value(h, path, name, flags, &t, &data, &n);
	if (!e) {
		if (type)
			*type = t;
		if (size)
			*size = n;
		if (out && n > room)
			e = ERROR_MORE_DATA;
		else if (out)
			memcpy(out, data, n);
	}
	if (e && out && (flags & RRF_ZEROONFAILURE))
		memset(out, 0, room);
	free(data);
	return (LONG)e;
}

WINAPI LONG
advapi32_RegGetValueA(HKEY h, const char *path, const char *name, DWORD flags, DWORD *type,
                      void *out, DWORD *size)
{
	WCHAR *p = nls_wide_ansi(path), *v = nls_wide_ansi(name);
	BYTE *data;
	DWORD t, n, e, room = size ? *size : 0;
	if (out && !size) {
		free(p);
		free(v);
		return ERROR_INVALID_PARAMETER;
	}
	e = get_value(h, p, v, flags, &t, &data, &n);
	if (!e) {
		if (type)
			*type = t;
		e = give_narrow(t, data, n, out, size);
	}
	if (e && out && (flags & RRF_ZEROONFAILURE))
		memset(out, 0, room);
	free(data);
	free(p);
	free(v);
	return (LONG)e;
}

struct VALENTW {
	WCHAR *name;
	DWORD length;
	DWORD_PTR data;
	DWORD type;
};

WINAPI LONG
advapi32_RegQueryMultipleValuesW(HKEY h, struct VALENTW *list, DWORD n, WCHAR *out, DWORD *total)
{
	DWORD room = *total, used = 0;
	LONG result = ERROR_SUCCESS;
	for (DWORD i = 0; i < n; i++) {
		DWORD size = 0, e = (DWORD)advapi32_RegQueryValueExW(h, list[i].name, NULL,
		                                                     &list[i].type, NULL, &size);
		if (e)
			return (LONG)e;
		used = (used + 3) & ~3u;
		if (out && used + size <= room)
			advapi32_RegQueryValueExW(h, list[i].name, NULL, NULL, (BYTE *)out + used,
			                          &size);
		else
			result = ERROR_MORE_DATA;
		list[i].length = size;
		list[i].data = (DWORD_PTR)((BYTE *)out + used);
		used += size;
	}
	*total = used;
	return result;
}
