/* SPDX-License-Identifier: Apache-2.0 */
/* advapi32_token.c -- tokens: who the process runs as.  There is one, the user's; copies of it
 * and restricted ones say the same, as nobody here is more than the user. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/nls.h"
#include "layer/api/nt/object.h"
#include "layer/api/nt/sid.h"

struct token {
	struct object object;
	bool impersonation;
	DWORD session;
};

static void destroy(struct object *o) { free(o); }
static const struct object_class token_class = { .name = "Token", .destroy = destroy };

static BOOL
give(HANDLE *out, ACCESS_MASK access, bool impersonation)
{
	struct token *t = calloc(1, sizeof *t);
	if (!t)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	object_init(&t->object, &token_class, 0);
	t->impersonation = impersonation;
	*out = handle_new(&t->object, access, false);
	return *out ? TRUE : refuse(ERROR_NOT_ENOUGH_MEMORY);
}

WINAPI BOOL
advapi32_OpenProcessToken(HANDLE process, DWORD access, HANDLE *out)
{
	if (!process || !out)
		return refuse(ERROR_INVALID_HANDLE);
	return give(out, access, false);
}

WINAPI BOOL
advapi32_OpenThreadToken(HANDLE thread, DWORD access, BOOL self, HANDLE *out)
{
	(void)thread, (void)access, (void)self, (void)out;
	return refuse(1008); /* ERROR_NO_TOKEN: it impersonates nobody */
}

WINAPI BOOL
advapi32_DuplicateTokenEx(HANDLE token, DWORD access, const void *security, int level, int type,
                          HANDLE *out)
{
	(void)token, (void)security, (void)level;
	return give(out, access, type == 2);
}

WINAPI BOOL
advapi32_DuplicateToken(HANDLE token, int level, HANDLE *out)
{
	(void)token, (void)level;
	return give(out, 0xc, true);
}

WINAPI BOOL
advapi32_CreateRestrictedToken(HANDLE token, DWORD flags, DWORD n, const void *disable, DWORD m,
                               const void *remove, DWORD k, const void *restrict_to, HANDLE *out)
{
	(void)token, (void)flags, (void)n, (void)disable, (void)m, (void)remove, (void)k,
	        (void)restrict_to;
	return give(out, 0xf01ff, false);
}

WINAPI BOOL
advapi32_IsTokenRestricted(HANDLE token)
{
	(void)token;
	return FALSE;
}
WINAPI BOOL
advapi32_RevertToSelf(void)
{
	return TRUE;
}
WINAPI BOOL
advapi32_ImpersonateSelf(int level)
{
	return level >= 0 && level <= 3 ? TRUE : refuse(1346);
}
WINAPI BOOL
advapi32_ImpersonateLoggedOnUser(HANDLE token)
{
	return token ? TRUE : refuse(ERROR_INVALID_HANDLE);
}
WINAPI BOOL
advapi32_ImpersonateAnonymousToken(HANDLE thread)
{
	(void)thread;
	return refuse(ERROR_ACCESS_DENIED);
}
WINAPI BOOL
advapi32_SetThreadToken(HANDLE *thread, HANDLE token)
{
	(void)thread;
	return token ? refuse(1314) : TRUE;
}

/* -- what a token says ----------------------------------------------------------------- */

struct SID_AND_ATTRIBUTES {
	const void *Sid;
	DWORD Attributes;
};

/* A structure with SIDs behind it. */
struct answer {
	BYTE *out;
	size_t room, n;
};

static void *
take(struct answer *a, size_t n)
{
	void *p = a->out && a->n + n <= a->room ? a->out + a->n : NULL;
	a->n += n;
	return p;
}

static const void *
put_sid(struct answer *a, const struct SID *s)
{
	void *p = take(a, (sid_size(s) + 7) & ~(size_t)7);
	if (p)
		memcpy(p, s, sid_size(s));
	return p;
}

static void
put_one(struct answer *a, const struct SID *s, DWORD attributes, bool with_attributes)
{
	struct SID_AND_ATTRIBUTES *p = take(a, with_attributes ? 16 : 8);
	const void *sid = put_sid(a, s);
	if (!p)
		return;
	p->Sid = sid;
	if (with_attributes) {
		p->Attributes = attributes;
	}
}

static void
put_groups(struct answer *a)
{
	DWORD attributes, n = 0;
	while (sid_group(n, &attributes))
		n++;
	DWORD *count = take(a, 8);
	struct SID_AND_ATTRIBUTES *p = take(a, (n + 1) * sizeof *p);
	if (count)
		*count = n + 1;
	for (DWORD i = 0; i <= n; i++) {
		const struct SID *s = i < n ? sid_group(i, &attributes) : sid_integrity();
		const void *sid = put_sid(a, s);
		if (p) {
			p[i].Sid = sid;
			p[i].Attributes = i < n ? attributes : 0x60;
		}
	}
}

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
enum { HELD = 5, PRIVILEGES = sizeof privileges / sizeof *privileges };

struct LUID_AND_ATTRIBUTES {
	DWORD low;
	LONG high;
	DWORD attributes;
};

static void
put_privileges(struct answer *a)
{
	DWORD *count = take(a, 4);
	struct LUID_AND_ATTRIBUTES *p = take(a, HELD * sizeof *p);
	if (count)
		*count = HELD;
	for (size_t i = 0; p && i < HELD; i++)
		p[i] = (struct LUID_AND_ATTRIBUTES){ privileges[i].luid, 0,
			                             privileges[i].attributes };
}

static void
put_number(struct answer *a, DWORD v)
{
	DWORD *p = take(a, 4);
	if (p)
		*p = v;
}

/* What new objects would be given: all rights to the user.  ACL with one ACCESS_ALLOWED_ACE. */
static void
put_default_acl(struct answer *a)
{
	const struct SID *s = sid_user();
	WORD ace = (WORD)(8 + sid_size(s)), size = (WORD)(8 + ace);
	BYTE **pointer = take(a, sizeof *pointer), *acl = take(a, size);
	DWORD all = 0x10000000; /* GENERIC_ALL */
	if (!acl)
		return;
	*pointer = acl;
	memset(acl, 0, 16);
	acl[0] = 2;
	memcpy(acl + 2, &size, 2);
	acl[4] = 1;
	memcpy(acl + 10, &ace, 2);
	memcpy(acl + 12, &all, 4);
	memcpy(acl + 16, s, sid_size(s));
}

static void
put_statistics(struct answer *a, bool impersonation)
{
	struct {
		DWORD token[2], logon[2];
		LONGLONG expires;
		int type, level;
		DWORD charged, available, groups, privileges, modified[2];
	} s = { .token = { 0x1234, 0 },
		.logon = { 0x3e7, 0 },
		.expires = INT64_MAX,
		.type = impersonation ? 2 : 1,
		.level = impersonation ? 2 : 0,
		.charged = 4096,
		.groups = 7,
		.privileges = HELD,
		.modified = { 0x1235, 0 } };
	void *p = take(a, sizeof s);
	if (p)
		memcpy(p, &s, sizeof s);
}

WINAPI BOOL
advapi32_GetTokenInformation(HANDLE token, int class, void *out, DWORD size, DWORD *need)
{
	struct answer a = { out, out ? size : 0, 0 };
	struct object *o = NULL;
	bool impersonation = false;
	DWORD attributes;
	intptr_t pseudo = (intptr_t)token;
	if (pseudo < -6 || pseudo > -4) { /* GetCurrentProcessToken and its kin */
		if (handle_get(token, &token_class, &o) < 0)
			return refuse(ERROR_INVALID_HANDLE);
		impersonation = ((struct token *)o)->impersonation;
		object_unref(o);
	}
	switch (class) {
	case 1: put_one(&a, sid_user(), 0, true); break; /* TokenUser */
	case 2: put_groups(&a); break;
	case 3: put_privileges(&a); break;
	case 4: put_one(&a, sid_user(), 0, false); break;                /* owner */
	case 5: put_one(&a, sid_group(0, &attributes), 0, false); break; /* primary group */
	case 6: put_default_acl(&a); break;
	case 7:
		take(&a, 16);
		if (a.n <= a.room)
			memcpy(out, "User32 \0\0\0\0\0\0\0\0", 16);
		break;
	case 8: put_number(&a, impersonation ? 2 : 1); break; /* type */
	case 9:
		if (!impersonation)
			return refuse(ERROR_INVALID_PARAMETER);
		put_number(&a, 2);
		break;
	case 10: put_statistics(&a, impersonation); break;
	case 11: { /* restricted SIDs: none */
		DWORD *n = take(&a, 8);
		if (n)
			*n = 0;
		break;
	}
	case 12: put_number(&a, teb()->ProcessEnvironmentBlock->SessionId); break;
	case 15: put_number(&a, 0); break; /* sandbox inert */
	case 18: put_number(&a, 1); break; /* elevation type: default */
	case 20: put_number(&a, 0); break; /* elevated: no */
	case 21: put_number(&a, 0); break; /* has restrictions */
	case 23: put_number(&a, 0); break; /* virtualisation allowed */
	case 24: put_number(&a, 0); break;
	case 25: put_one(&a, sid_integrity(), 0x60, true); break;
	case 26: put_number(&a, 0); break; /* UI access */
	case 27: put_number(&a, 1); break; /* mandatory policy: no write up */
	case 29: put_number(&a, 0); break; /* in an app container: no */
	case 40: put_number(&a, 0); break;
	default: return refuse(ERROR_INVALID_PARAMETER);
	}
	if (need)
		*need = (DWORD)a.n;
	return a.n <= a.room ? TRUE
	                     : refuse(class == 8 || class == 20 || class == 18
	                                      ? ERROR_BAD_LENGTH
	                                      : ERROR_INSUFFICIENT_BUFFER);
}

WINAPI BOOL
advapi32_SetTokenInformation(HANDLE token, int class, void *in, DWORD size)
{
	(void)token, (void)size;
	if (!in)
		return refuse(ERROR_INVALID_PARAMETER);
	return class == 6 || class == 4 || class == 5 || class == 25 || class == 24 ? TRUE
	                                                                            : refuse(1314);
}

/* -- privileges -------------------------------------------------------------------------- */

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
	DWORD error = ERROR_SUCCESS;
	(void)token;
	for (DWORD i = 0; !none && in && i < in->count; i++) {
		bool held = false;
		for (size_t k = 0; k < HELD; k++)
			held |= privileges[k].luid == in->row[i].low;
		if (!held)
			error = 1300; /* ERROR_NOT_ALL_ASSIGNED */
	}
	if (before && size >= 4)
		before->count = 0;
	if (need)
		*need = 4;
	last_error(error);
	return TRUE;
}

WINAPI BOOL
advapi32_PrivilegeCheck(HANDLE token, void *set, BOOL *held)
{
	(void)token, (void)set;
	*held = FALSE;
	return TRUE;
}

WINAPI BOOL
advapi32_CheckTokenMembership(HANDLE token, const struct SID *s, BOOL *member)
{
	DWORD attributes;
	(void)token;
	if (!sid_valid(s))
		return refuse(ERROR_INVALID_PARAMETER);
	*member = sid_equal(s, sid_user());
	for (unsigned i = 0; !*member && sid_group(i, &attributes); i++)
		*member = sid_equal(s, sid_group(i, &attributes));
	return TRUE;
}
