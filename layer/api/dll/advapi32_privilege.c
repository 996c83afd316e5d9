/* SPDX-License-Identifier: Apache-2.0 */
/* advapi32_privilege.c -- privileges: their names and numbers, and which a token holds. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/advapi32_token.h"
#include "layer/api/nt/text/nls.h"

enum {
	ENABLED = 2, /* SE_PRIVILEGE_... */
	REMOVED = 4,
	USED_FOR_ACCESS = (int)0x80000000,
	ALL_NECESSARY = 1,
	ERROR_NOT_ALL_ASSIGNED = 1300,
};

/* Privileges of an ordinary user: number, name, on or not. */
static const struct {
	DWORD luid;
	const WCHAR *name;
	DWORD attributes; /* UINT32_MAX: known, and not held */
} privileges[] = {
	{ 19, u"SeShutdownPrivilege", 0 },
	{ 23, u"SeChangeNotifyPrivilege", 3 },
	{ 25, u"SeUndockPrivilege", 0 },
	{ 33, u"SeIncreaseWorkingSetPrivilege", 0 },
	{ 34, u"SeTimeZonePrivilege", 0 },
	{ 2, u"SeCreateTokenPrivilege", UINT32_MAX },
	{ 3, u"SeAssignPrimaryTokenPrivilege", UINT32_MAX },
	{ 4, u"SeLockMemoryPrivilege", UINT32_MAX },
	{ 5, u"SeIncreaseQuotaPrivilege", UINT32_MAX },
	{ 7, u"SeTcbPrivilege", UINT32_MAX },
	{ 8, u"SeSecurityPrivilege", UINT32_MAX },
	{ 9, u"SeTakeOwnershipPrivilege", UINT32_MAX },
	{ 10, u"SeLoadDriverPrivilege", UINT32_MAX },
	{ 11, u"SeSystemProfilePrivilege", UINT32_MAX },
	{ 12, u"SeSystemtimePrivilege", UINT32_MAX },
	{ 13, u"SeProfileSingleProcessPrivilege", UINT32_MAX },
	{ 14, u"SeIncreaseBasePriorityPrivilege", UINT32_MAX },
	{ 15, u"SeCreatePagefilePrivilege", UINT32_MAX },
	{ 16, u"SeCreatePermanentPrivilege", UINT32_MAX },
	{ 17, u"SeBackupPrivilege", UINT32_MAX },
	{ 18, u"SeRestorePrivilege", UINT32_MAX },
	{ 20, u"SeDebugPrivilege", UINT32_MAX },
	{ 21, u"SeAuditPrivilege", UINT32_MAX },
	{ 22, u"SeSystemEnvironmentPrivilege", UINT32_MAX },
	{ 24, u"SeRemoteShutdownPrivilege", UINT32_MAX },
	{ 28, u"SeManageVolumePrivilege", UINT32_MAX },
	{ 29, u"SeImpersonatePrivilege", UINT32_MAX },
	{ 30, u"SeCreateGlobalPrivilege", UINT32_MAX },
	{ 35, u"SeCreateSymbolicLinkPrivilege", UINT32_MAX },
};
enum { HELD = ADVAPI32_TOKEN_HELD, PRIVILEGES = sizeof privileges / sizeof *privileges };

void
advapi32_token_privileges(struct token *t)
{
	for (size_t i = 0; i < HELD; i++)
		t->privileges[i] = (struct LUID_AND_ATTRIBUTES){ privileges[i].luid, 0,
			                                         privileges[i].attributes };
}

/* The number of a privilege in the token, HELD when it has none of it. */
static size_t
find(const struct token *t, const struct LUID_AND_ATTRIBUTES *p)
{
	size_t i = 0;
	while (i < HELD && (t->privileges[i].low != p->low || p->high ||
	                    t->privileges[i].attributes == REMOVED))
		i++;
	return i;
}

void
advapi32_token_remove(struct token *t, const struct LUID_AND_ATTRIBUTES *p)
{
	size_t i = find(t, p);
	if (i < HELD)
		t->privileges[i].attributes = REMOVED;
}

WINAPI BOOL
advapi32_LookupPrivilegeValueW(const WCHAR *system, const WCHAR *name, DWORD luid[2])
{
	(void)system;
	for (size_t i = 0; name && i < PRIVILEGES; i++) {
		if (!nls_equal(privileges[i].name, name))
			continue;
		luid[0] = privileges[i].luid;
		luid[1] = 0;
		return TRUE;
	}
	return refuse(1313); /* ERROR_NO_SUCH_PRIVILEGE */
}

WINAPI BOOL
advapi32_LookupPrivilegeValueA(const char *system, const char *name, DWORD luid[2])
{
	WCHAR *w = nls_wide_ansi(name);
	(void)system;
	BOOL ok = advapi32_LookupPrivilegeValueW(NULL, w, luid);
	free(w);
	return ok;
}

WINAPI BOOL
advapi32_LookupPrivilegeNameW(const WCHAR *system, const DWORD luid[2], WCHAR *out, DWORD *size)
{
	(void)system;
	for (size_t i = 0; i < PRIVILEGES; i++) {
		if (privileges[i].luid != luid[0] || luid[1])
			continue;
		DWORD n = (DWORD)nls_length(privileges[i].name);
		if (*size <= n) {
			*size = n + 1;
			return refuse(ERROR_INSUFFICIENT_BUFFER);
		}
		memcpy(out, privileges[i].name, (n + 1) * sizeof *out);
		*size = n;
		return TRUE;
	}
	return refuse(1313);
}

struct TOKEN_PRIVILEGES {
	DWORD count;
	struct LUID_AND_ATTRIBUTES row[];
};

WINAPI BOOL
advapi32_AdjustTokenPrivileges(HANDLE token, BOOL none, const struct TOKEN_PRIVILEGES *in,
                               DWORD size, struct TOKEN_PRIVILEGES *before, DWORD *need)
{
	DWORD error = ERROR_SUCCESS, n = 0, want[HELD];
	struct LUID_AND_ATTRIBUTES old[HELD];
	struct token *t;
	if ((before && !need) || (!none && !in))
		return refuse(ERROR_INVALID_PARAMETER);
	if (!(t = advapi32_token_get(token)))
		return FALSE;
	pthread_mutex_lock(&advapi32_token_lock);
	for (size_t i = 0; i < HELD; i++)
		want[i] = none && t->privileges[i].attributes != REMOVED
		                  ? t->privileges[i].attributes & ~(DWORD)ENABLED
		                  : t->privileges[i].attributes;
	for (DWORD k = 0; !none && k < in->count; k++) {
		size_t i = find(t, &in->row[k]);
		if (i == HELD)
			error = ERROR_NOT_ALL_ASSIGNED;
		else if (in->row[k].attributes & REMOVED)
			want[i] = REMOVED;
		else
			want[i] = (want[i] & ~(DWORD)ENABLED) | (in->row[k].attributes & ENABLED);
	}
	for (size_t i = 0; i < HELD; i++)
		if (want[i] != t->privileges[i].attributes)
			old[n++] = t->privileges[i];
	DWORD bytes = 4 + n * (DWORD)sizeof *old;
	bool fits = !before || size >= bytes;
	for (size_t i = 0; fits && i < HELD; i++)
		t->privileges[i].attributes = want[i];
	pthread_mutex_unlock(&advapi32_token_lock);
	object_unref(&t->object);
	if (need)
		*need = bytes;
	if (!fits)
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	if (before) {
		before->count = n;
		memcpy(before->row, old, n * sizeof *old);
	}
	last_error(error);
	return TRUE;
}

struct PRIVILEGE_SET {
	DWORD count, control;
	struct LUID_AND_ATTRIBUTES row[];
};

WINAPI BOOL
advapi32_PrivilegeCheck(HANDLE token, struct PRIVILEGE_SET *set, BOOL *held)
{
	DWORD have = 0;
	struct token *t;
	if (!set || !held)
		return refuse(ERROR_INVALID_PARAMETER);
	if (!(t = advapi32_token_get(token)))
		return FALSE;
	pthread_mutex_lock(&advapi32_token_lock);
	for (DWORD k = 0; k < set->count; k++) {
		size_t i = find(t, &set->row[k]);
		if (i < HELD && t->privileges[i].attributes & ENABLED) {
			set->row[k].attributes |= USED_FOR_ACCESS;
			have++;
		}
	}
	pthread_mutex_unlock(&advapi32_token_lock);
	object_unref(&t->object);
	*held = set->control & ALL_NECESSARY ? have == set->count : have > 0;
	return TRUE;
}
