/* SPDX-License-Identifier: Apache-2.0 */
/* netapi32.c -- a computer in a workgroup, with one user. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/text/nls.h"

enum {
	NERR_Success = 0,
	NERR_UserNotFound = 2221,
	NERR_NoNetworkDomain = 1355,
	NERR_ServerNotStarted = 2114,
	NERR_GroupNotFound = 2220
};

WINAPI DWORD
netapi32_NetGetJoinInformation(const WCHAR *server, WCHAR **name, int *status)
{
	(void)server;
	if (!name || !status)
		return ERROR_INVALID_PARAMETER;
	*name = nls_dup(u"WORKGROUP");
	*status = 2; /* NetSetupWorkgroupName */
	return *name ? NERR_Success : ERROR_NOT_ENOUGH_MEMORY;
}

WINAPI DWORD
netapi32_NetGetAadJoinInformation(const WCHAR *tenant, void **out)
{
	(void)tenant;
	*out = NULL;
	return 0;
}

/* The fields of USER_INFO_1..4, of which most levels are the beginning. */
struct user_info {
	WCHAR *name, *password;
	DWORD password_age, privilege;
	WCHAR *home, *comment;
	DWORD flags;
	WCHAR *script;
	DWORD auth_flags;
	WCHAR *full_name, *user_comment, *parms, *workstations;
	DWORD last_logon, last_logoff, expires, max_storage, units_per_week;
	BYTE *hours;
	DWORD bad_count, logons;
	WCHAR *server;
	DWORD country, page;
};

static DWORD
user_info(DWORD level, void **out)
{
	static const WCHAR nothing[1];
	WCHAR *name = nls_wide(host.user);
	size_t n = name ? nls_length(name) + 1 : 0;
	char *p = name ? calloc(1, sizeof(struct user_info) + n * 2) : NULL;
	if (!p) {
		free(name);
		return ERROR_NOT_ENOUGH_MEMORY;
	}
	WCHAR *at = (WCHAR *)(void *)(p + sizeof(struct user_info)), *empty = (WCHAR *)nothing;
	memcpy(at, name, n * 2);
	free(name);
	*out = p;
	if (level == 0) {
		*(WCHAR **)(void *)p = at;
	} else if (level == 10) {
		WCHAR **w = (WCHAR **)(void *)p;
		w[0] = at;
		w[1] = w[2] = empty;
		w[3] = at;
	} else {
		struct user_info *u = (struct user_info *)(void *)p;
		u->name = at;
		u->privilege = 1;
		u->home = u->comment = u->script = u->user_comment = u->parms = u->workstations =
		        empty;
		u->server = empty;
		u->full_name = at;
		u->flags = 0x10201; /* a normal account with a script */
		u->expires = u->max_storage = 0xffffffff;
	}
	return NERR_Success;
}

static bool
is_user(const WCHAR *name)
{
	WCHAR *mine = nls_wide(host.user);
	bool same = mine && nls_equal(name, mine);
	free(mine);
	return same;
}

WINAPI DWORD
netapi32_NetUserGetInfo(const WCHAR *server, const WCHAR *user, DWORD level, void **out)
{
	(void)server;
	if (!user || !out)
		return ERROR_INVALID_PARAMETER;
	*out = NULL;
	if (level > 2 && level != 10)
		return 124; /* ERROR_INVALID_LEVEL */
	return is_user(user) ? user_info(level, out) : NERR_UserNotFound;
}

WINAPI DWORD
netapi32_NetUserEnum(const WCHAR *server, DWORD level, DWORD filter, void **out, DWORD most,
                     DWORD *read, DWORD *total, DWORD *resume)
{
	(void)server, (void)filter, (void)most, (void)resume;
	if (level > 2 && level != 10)
		return 124;
	*read = *total = 1;
	return user_info(level, out);
}

WINAPI DWORD
netapi32_NetUserGetLocalGroups(const WCHAR *server, const WCHAR *user, DWORD level, DWORD flags,
                               void **out, DWORD most, DWORD *read, DWORD *total)
{
	static const WCHAR users[] = u"Users";
	(void)server, (void)flags, (void)most;
	if (!user || !out || !read || !total)
		return ERROR_INVALID_PARAMETER;
	*out = NULL;
	*read = *total = 0;
	if (level != 0)
		return 124;
	if (!is_user(user))
		return NERR_UserNotFound;
	char *p = malloc(sizeof(WCHAR *) + sizeof users);
	if (!p)
		return ERROR_NOT_ENOUGH_MEMORY;
	memcpy(p + sizeof(WCHAR *), users, sizeof users);
	*(WCHAR **)(void *)p = (WCHAR *)(void *)(p + sizeof(WCHAR *));
	*out = p;
	*read = *total = 1;
	return NERR_Success;
}

WINAPI DWORD
netapi32_NetGetDCName(const WCHAR *server, const WCHAR *domain, void **out)
{
	(void)server, (void)domain;
	*out = NULL;
	return 2453; /* NERR_DCNotFound */
}

WINAPI DWORD
netapi32_DsGetDcNameW(const WCHAR *computer, const WCHAR *domain, const void *guid,
                      const WCHAR *site, ULONG flags, void **out)
{
	(void)computer, (void)domain, (void)guid, (void)site, (void)flags;
	*out = NULL;
	return NERR_NoNetworkDomain;
}

/* -- shared folders: no server runs here ------------------------------------------------------- */

WINAPI DWORD
netapi32_NetShareAdd(const WCHAR *server, DWORD level, const BYTE *share, DWORD *wrong)
{
	(void)server, (void)level, (void)wrong;
	return share ? NERR_ServerNotStarted : ERROR_INVALID_PARAMETER;
}

WINAPI DWORD
netapi32_NetShareDel(const WCHAR *server, const WCHAR *name, DWORD reserved)
{
	(void)server, (void)reserved;
	return name ? NERR_ServerNotStarted : ERROR_INVALID_PARAMETER;
}

WINAPI DWORD
netapi32_NetShareGetInfo(const WCHAR *server, const WCHAR *name, DWORD level, void **out)
{
	(void)server, (void)level;
	if (!name || !out)
		return ERROR_INVALID_PARAMETER;
	*out = NULL;
	return NERR_ServerNotStarted;
}

WINAPI DWORD
netapi32_NetShareEnum(const WCHAR *server, DWORD level, void **out, DWORD most, DWORD *read,
                      DWORD *total, DWORD *resume)
{
	(void)server, (void)level, (void)most, (void)resume;
	if (!out || !read || !total)
		return ERROR_INVALID_PARAMETER;
	*out = NULL;
	*read = *total = 0;
	return NERR_ServerNotStarted;
}
