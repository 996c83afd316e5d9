/* SPDX-License-Identifier: Apache-2.0 */
/* userenv.c -- profiles: folders of users. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/env.h"
#include "layer/api/nt/text/nls.h"

static BOOL
give(const WCHAR *variable, const WCHAR *tail, WCHAR *out, DWORD *size)
{
	WCHAR *base = env_dup(variable);
	if (!base)
		return refuse(ERROR_FILE_NOT_FOUND);
	size_t n = nls_length(base), k = nls_length(tail), room;
	if (!size) {
		free(base);
		return refuse(ERROR_INVALID_PARAMETER);
	}
	room = *size;
	*size = (DWORD)(n + k + 1);
	if (!out || room < n + k + 1) {
		free(base);
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	}
	memcpy(out, base, n * sizeof *out);
	memcpy(out + n, tail, (k + 1) * sizeof *out);
	free(base);
	return TRUE;
}

static BOOL
narrow(const WCHAR *variable, const WCHAR *tail, char *out, DWORD *size)
{
	WCHAR w[MAX_PATH * 2];
	DWORD n = MAX_PATH * 2, room = size ? *size : 0;
	if (!give(variable, tail, w, &n))
		return FALSE;
	n = (DWORD)nls_ansi_to(w, out, out ? room : 0) + 1;
	if (size)
		*size = n;
	return out && n <= room ? TRUE : refuse(ERROR_INSUFFICIENT_BUFFER);
}

WINAPI BOOL
userenv_GetUserProfileDirectoryW(HANDLE token, WCHAR *out, DWORD *size)
{
	return token ? give(u"USERPROFILE", u"", out, size) : refuse(ERROR_INVALID_HANDLE);
}

WINAPI BOOL
userenv_GetUserProfileDirectoryA(HANDLE token, char *out, DWORD *size)
{
	return token ? narrow(u"USERPROFILE", u"", out, size) : refuse(ERROR_INVALID_HANDLE);
}

WINAPI BOOL
userenv_GetProfilesDirectoryW(WCHAR *out, DWORD *size)
{
	return give(u"SystemDrive", u"\\Users", out, size);
}
WINAPI BOOL
userenv_GetProfilesDirectoryA(char *out, DWORD *size)
{
	return narrow(u"SystemDrive", u"\\Users", out, size);
}
WINAPI BOOL
userenv_GetAllUsersProfileDirectoryW(WCHAR *out, DWORD *size)
{
	return give(u"ProgramData", u"", out, size);
}
WINAPI BOOL
userenv_GetDefaultUserProfileDirectoryW(WCHAR *out, DWORD *size)
{
	return give(u"SystemDrive", u"\\Users\\Default", out, size);
}

WINAPI BOOL
userenv_CreateEnvironmentBlock(void **out, HANDLE token, BOOL inherit)
{
	(void)token, (void)inherit;
	if (!out)
		return refuse(ERROR_INVALID_PARAMETER);
	*out = env_block(NULL);
	return *out ? TRUE : refuse(ERROR_NOT_ENOUGH_MEMORY);
}

WINAPI BOOL
userenv_DestroyEnvironmentBlock(void *block)
{
	free(block);
	return block ? TRUE : refuse(ERROR_INVALID_PARAMETER);
}

WINAPI BOOL
userenv_ExpandEnvironmentStringsForUserW(HANDLE token, const WCHAR *s, WCHAR *out, DWORD room)
{
	(void)token;
	if (!s || !out)
		return refuse(ERROR_INVALID_PARAMETER);
	return env_expand(NULL, s, nls_length(s), out, room) < room
	               ? TRUE
	               : refuse(ERROR_INSUFFICIENT_BUFFER);
}

WINAPI BOOL
userenv_GetProfileType(DWORD *flags)
{
	if (!flags)
		return refuse(ERROR_INVALID_PARAMETER);
	*flags = 0; /* local */
	return TRUE;
}

WINAPI BOOL
userenv_LoadUserProfileW(HANDLE token, const DWORD *info)
{
	enum { PROFILEINFO = 56 };
	(void)token;
	if (!info || *info != PROFILEINFO)
		return refuse(ERROR_INVALID_PARAMETER);
	return refuse(1314);
}

WINAPI BOOL
userenv_UnloadUserProfile(HANDLE token, HANDLE profile)
{
	(void)token, (void)profile;
	return refuse(1314);
}
