/* SPDX-License-Identifier: Apache-2.0 */
/* advapi32_tokeninfo.c -- what a token says, and what of it may be set. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/advapi32_token.h"

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

/* S-1-16-n */
struct label {
	BYTE head[8];
	DWORD level;
};

static struct label
label(const struct token *t)
{
	return (struct label){ { 1, 1, 0, 0, 0, 0, 0, 16 }, t->integrity };
}

static void
put_groups(struct answer *a, const struct token *t)
{
	struct label integrity = label(t);
	DWORD attributes, n = 0;
	while (sid_group(n, &attributes))
		n++;
	DWORD *count = take(a, 8);
	struct SID_AND_ATTRIBUTES *p = take(a, (n + 1) * sizeof *p);
	if (count)
		*count = n + 1;
	for (DWORD i = 0; i <= n; i++) {
		const struct SID *s = i < n ? sid_group(i, &attributes)
		                            : (const struct SID *)(const void *)&integrity;
		const void *sid = put_sid(a, s);
		if (p) {
			p[i].Sid = sid;
			/* enabled and mandatory, for denying only, integrity */
			p[i].Attributes = i == n ? 0x60 : t->denied >> i & 1 ? 0x10 : attributes;
		}
	}
}

static void
put_number(struct answer *a, DWORD v)
{
	DWORD *p = take(a, 4);
	if (p)
		*p = v;
}

static void
put_privileges(struct answer *a, const struct token *t)
{
	DWORD *count = take(a, 4), n = 0;
	for (size_t i = 0; i < ADVAPI32_TOKEN_HELD; i++) {
		if (t->privileges[i].attributes == 4) /* removed */
			continue;
		struct LUID_AND_ATTRIBUTES *p = take(a, sizeof *p);
		if (p)
			*p = t->privileges[i];
		n++;
	}
	if (count)
		*count = n;
}

static void
put_restricting(struct answer *a, const struct token *t)
{
	DWORD *count = take(a, 8);
	struct SID_AND_ATTRIBUTES *p = take(a, t->restricting * sizeof *p);
	if (count)
		*count = t->restricting;
	for (DWORD i = 0; i < t->restricting; i++) {
		const void *sid = put_sid(a, (const struct SID *)(const void *)t->restrict_to[i]);
		if (p)
			p[i] = (struct SID_AND_ATTRIBUTES){ sid, 7 };
	}
}

/* What new objects are given: all rights to the user, when nothing else was said.  ACL with one
 * ACCESS_ALLOWED_ACE. */
static void
put_default_acl(struct answer *a, const struct token *t)
{
	if (t->acl) {
		WORD n;
		memcpy(&n, t->acl + 2, 2);
		BYTE **at = take(a, sizeof *at), *copy = take(a, n);
		if (copy) {
			*at = copy;
			memcpy(copy, t->acl, n);
		}
		return;
	}
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
put_statistics(struct answer *a, const struct token *t)
{
	struct {
		DWORD token[2], logon[2];
		LONGLONG expires;
		int type, level;
		DWORD charged, available, groups, privileges, modified[2];
	} s = { .token = { 0x1234, 0 },
		.logon = { 0x3e7, 0 },
		.expires = INT64_MAX,
		.type = t->impersonation ? 2 : 1,
		.level = t->level,
		.charged = 4096,
		.groups = 7,
		.privileges = ADVAPI32_TOKEN_HELD,
		.modified = { 0x1235, 0 } };
	void *p = take(a, sizeof s);
	if (p)
		memcpy(p, &s, sizeof s);
}

/* False: no such class. */
static bool
put(struct answer *a, int class, const struct token *t)
{
	DWORD attributes;
	struct label integrity = label(t);
	void *p;
	switch (class) {
	case 1: put_one(a, sid_user(), t->denied >> 31 ? 0x10 : 0, true); break;
	case 2: put_groups(a, t); break;
	case 3: put_privileges(a, t); break;
	case 4: put_one(a, sid_user(), 0, false); break;                       /* owner */
	case 5: put_one(a, sid_group(t->group, &attributes), 0, false); break; /* primary group */
	case 6: put_default_acl(a, t); break;
	case 7:
		if ((p = take(a, 16)))
			memcpy(p, "User32 \0\0\0\0\0\0\0\0", 16);
		break;
	case 8: put_number(a, t->impersonation ? 2 : 1); break; /* type */
	case 9: put_number(a, (DWORD)t->level); break;
	case 10: put_statistics(a, t); break;
	case 11: put_restricting(a, t); break;
	case 12: put_number(a, teb()->ProcessEnvironmentBlock->SessionId); break;
	case 15: put_number(a, t->inert); break;
	case 18: put_number(a, 1); break; /* elevation type: default */
	case 20: put_number(a, 0); break; /* elevated: no */
	case 21: put_number(a, t->filtered); break;
	case 23: put_number(a, 0); break; /* virtualisation allowed */
	case 24: put_number(a, t->virtual); break;
	case 25: put_one(a, (const struct SID *)(const void *)&integrity, 0x60, true); break;
	case 26: put_number(a, 0); break; /* UI access */
	case 27: put_number(a, 1); break; /* mandatory policy: no write up */
	case 29: put_number(a, 0); break; /* in an app container: no */
	case 40: put_number(a, t->restricting != 0); break;
	default: return false;
	}
	return true;
}

WINAPI BOOL
advapi32_GetTokenInformation(HANDLE token, int class, void *out, DWORD size, DWORD *need)
{
	struct answer a = { out, out ? size : 0, 0 };
	struct token *t = advapi32_token_get(token);
	if (!t)
		return FALSE;
	pthread_mutex_lock(&advapi32_token_lock);
	bool known = (class != 9 || t->impersonation) && put(&a, class, t);
	pthread_mutex_unlock(&advapi32_token_lock);
	object_unref(&t->object);
	if (!known)
		return refuse(ERROR_INVALID_PARAMETER);
	if (need)
		*need = (DWORD)a.n;
	return a.n <= a.room ? TRUE
	                     : refuse(class == 8 || class == 20 || class == 18
	                                      ? ERROR_BAD_LENGTH
	                                      : ERROR_INSUFFICIENT_BUFFER);
}

/* -- what may be set ---------------------------------------------------------------------- */

enum {
	ERROR_INVALID_OWNER = 1307,
	ERROR_INVALID_PRIMARY_GROUP = 1308,
	ERROR_PRIVILEGE_NOT_HELD = 1314,
	ERROR_INVALID_ACL = 1336,
	ERROR_INVALID_SID = 1337,
};

static DWORD
set_group(struct token *t, const struct SID *s)
{
	DWORD attributes, i = 0;
	if (!sid_valid(s))
		return ERROR_INVALID_SID;
	while (sid_group(i, &attributes) && !sid_equal(s, sid_group(i, &attributes)))
		i++;
	if (!sid_group(i, &attributes))
		return ERROR_INVALID_PRIMARY_GROUP;
	t->group = i;
	return ERROR_SUCCESS;
}

/* It may only be lowered: for more a privilege is needed that nobody here has. */
static DWORD
set_integrity(struct token *t, const struct SID *s)
{
	static const BYTE authority[6] = { 0, 0, 0, 0, 0, 16 };
	if (!sid_valid(s) || s->SubAuthorityCount != 1 ||
	    memcmp(s->IdentifierAuthority, authority, 6))
		return ERROR_INVALID_SID;
	if (s->SubAuthority[0] > t->integrity)
		return ERROR_PRIVILEGE_NOT_HELD;
	t->integrity = s->SubAuthority[0];
	return ERROR_SUCCESS;
}

static DWORD
set_acl(struct token *t, const BYTE *acl)
{
	BYTE *copy = NULL;
	WORD n;
	if (acl) {
		memcpy(&n, acl + 2, 2);
		if (acl[0] < 2 || acl[0] > 4 || n < 8)
			return ERROR_INVALID_ACL;
		if (!(copy = malloc(n)))
			return ERROR_NOT_ENOUGH_MEMORY;
		memcpy(copy, acl, n);
	}
	free(t->acl);
	t->acl = copy;
	return ERROR_SUCCESS;
}

static DWORD
set(struct token *t, int class, const void *in)
{
	const void *first = NULL; /* what most structures begin with */
	if (class != 24)
		memcpy(&first, in, sizeof first);
	switch (class) {
	case 4:
		return !sid_valid(first)              ? ERROR_INVALID_SID
		       : sid_equal(first, sid_user()) ? ERROR_SUCCESS
		                                      : ERROR_INVALID_OWNER;
	case 5: return set_group(t, first);
	case 6: return set_acl(t, first);
	case 24: t->virtual = *(const DWORD *)in != 0; return ERROR_SUCCESS;
	default: return set_integrity(t, first);
	}
}

WINAPI BOOL
advapi32_SetTokenInformation(HANDLE token, int class, void *in, DWORD size)
{
	struct token *t = advapi32_token_get(token);
	DWORD e = ERROR_SUCCESS;
	if (!t)
		return FALSE;
	switch (class) {
	case 4:
	case 5:
	case 6:
	case 24:
	case 25:
		e = !in ? ERROR_INVALID_PARAMETER
		    : size < (class == 24   ? 4u
		              : class == 25 ? 16u
		                            : 8u)
		            ? ERROR_BAD_LENGTH
		            : 0;
		if (e)
			break;
		pthread_mutex_lock(&advapi32_token_lock);
		e = set(t, class, in);
		pthread_mutex_unlock(&advapi32_token_lock);
		break;
	case 12: /* session, origin, UI access, policy: SeTcbPrivilege, SeRelabelPrivilege */
	case 17:
	case 26:
	case 27: e = ERROR_PRIVILEGE_NOT_HELD; break;
	default: e = ERROR_INVALID_PARAMETER;
	}
	object_unref(&t->object);
	return e ? refuse(e) : TRUE;
}
