/* SPDX-License-Identifier: Apache-2.0 */
/* crypt32_protect.c -- CryptProtectData and CryptProtectMemory. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/crypto/protect.h"
#include "layer/api/nt/text/nls.h"

WINAPI void *kernel32_LocalAlloc(UINT flags, SIZE_T n);
WINAPI void *kernel32_LocalFree(void *p);

struct data {
	DWORD size;
	BYTE *bytes;
};
struct prompt {
	DWORD size, flags;
	HWND parent;
	const WCHAR *text;
};

/* Nobody can be asked. */
static bool asks(const struct prompt *p) { return p && p->flags & 3; }

enum { PASSWORD_RESTRICTION = 1325 };

static bool
whole(const struct data *d)
{
	return d && (d->bytes || !d->size);
}

WINAPI BOOL
crypt32_CryptProtectData(const struct data *in, const WCHAR *name, const struct data *entropy,
                         void *reserved, const struct prompt *prompt, DWORD flags, struct data *out)
{
	(void)flags;
	if (!whole(in) || (entropy && !whole(entropy)) || reserved || !out ||
	    (name && nls_length(name) > 32767))
		return refuse(ERROR_INVALID_PARAMETER);
	if (asks(prompt))
		return refuse(PASSWORD_RESTRICTION);
	struct protect p = { in->bytes, in->size, name, entropy ? entropy->bytes : NULL,
		             entropy ? entropy->size : 0 };
	size_t room = protect_room(&p);
	if (room > UINT32_MAX)
		return refuse(ERROR_INVALID_PARAMETER);
	BYTE *blob = kernel32_LocalAlloc(0, room);
	if (!blob)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	NTSTATUS s = protect_seal(&p, blob);
	if (s < 0) {
		kernel32_LocalFree(blob);
		return succeed(s);
	}
	*out = (struct data){ (DWORD)room, blob };
	return TRUE;
}

static WCHAR *
local_copy(const WCHAR *s)
{
	size_t n = (nls_length(s) + 1) * sizeof *s;
	WCHAR *p = kernel32_LocalAlloc(0, n);
	return p ? memcpy(p, s, n) : NULL;
}

WINAPI BOOL
crypt32_CryptUnprotectData(const struct data *in, WCHAR **name, const struct data *entropy,
                           void *reserved, const struct prompt *prompt, DWORD flags,
                           struct data *out)
{
	WCHAR *text = NULL;
	DWORD size = 0;
	(void)flags;
	if (!whole(in) || (entropy && !whole(entropy)) || reserved || !out)
		return refuse(ERROR_INVALID_PARAMETER);
	if (asks(prompt))
		return refuse(PASSWORD_RESTRICTION);
	struct protect p = { in->bytes, in->size, NULL, entropy ? entropy->bytes : NULL,
		             entropy ? entropy->size : 0 };
	BYTE *data = kernel32_LocalAlloc(0, in->size ? in->size : 1);
	if (!data)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	NTSTATUS s = protect_open(&p, data, &size, name ? &text : NULL);
	if (s >= 0 && name && !(*name = local_copy(text)))
		s = STATUS_NO_MEMORY;
	free(text);
	if (s < 0) {
		kernel32_LocalFree(data);
		return s == STATUS_DATA_ERROR ? refuse(ERROR_INVALID_DATA) : succeed(s);
	}
	*out = (struct data){ size, data };
	return TRUE;
}

/* -- memory ------------------------------------------------------------------------------------ */

WINAPI BOOL
crypt32_CryptProtectMemory(void *p, DWORD n, DWORD flags)
{
	return succeed(protect_memory(p, n, flags, true));
}
WINAPI BOOL
crypt32_CryptUnprotectMemory(void *p, DWORD n, DWORD flags)
{
	return succeed(protect_memory(p, n, flags, false));
}
