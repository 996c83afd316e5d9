/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of access control as entries that name a trustee and what he may: SetEntriesInAcl and what its
 * entries are built with.  Order and merging are those of its page: what is denied comes first, and
 * what is allowed before what was allowed already. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/mem/movable.h"
#include "layer/api/nt/sid.h"
#include "layer/api/nt/text/nls.h"

enum {
	ERROR_NONE_MAPPED = 1332,
	ERROR_INVALID_ACL = 1336,
	ERROR_INVALID_SID = 1337,
	ERROR_ALLOTTED_SPACE_EXCEEDED = 1344,

	GRANT_ACCESS = 1,
	SET_ACCESS,
	DENY_ACCESS,
	REVOKE_ACCESS,
	SET_AUDIT_SUCCESS,
	SET_AUDIT_FAILURE,

	IS_SID = 0,
	IS_NAME = 1,

	ALLOWED = 0,
	DENIED = 1,
	AUDIT = 2,
	INHERITED = 0x10,
	SUCCESSFUL = 0x40,
	FAILED = 0x80,

	MOST = 4096, /* entries: a list is 64 KiB at most */
};

struct trustee {
	struct trustee *multiple;
	int operation, form, type;
	void *name; /* or a SID */
};

struct explicit_access {
	DWORD permissions;
	int mode;
	DWORD inheritance;
	struct trustee trustee;
};

_Static_assert(sizeof(struct explicit_access) == 48, "EXPLICIT_ACCESS of x64");

struct ACL {
	BYTE AclRevision, Sbz1;
	WORD AclSize, AceCount, Sbz2;
};

struct ACE {
	BYTE AceType, AceFlags;
	WORD AceSize;
	DWORD Mask;
};

WINAPI BOOL advapi32_IsValidAcl(const struct ACL *a);

/* An entry of the list that is made: an old one as it is, or one of a known type. */
struct entry {
	const struct ACE *old; /* lent: whole; NULL: made of what follows */
	bool added;            /* by this call: in the order of its entries */
	BYTE type, flags;
	DWORD mask;
	BYTE sid[SID_MOST];
};

struct list {
	struct entry *entry; /* own; as many as there were and as there are added */
	size_t n;
};

static const struct SID *
sid_of(const struct entry *e)
{
	return (const struct SID *)(const void *)e->sid;
}

static void
take_out(struct list *l, size_t i)
{
	memmove(l->entry + i, l->entry + i + 1, (l->n - i - 1) * sizeof *l->entry);
	l->n--;
}

static void
put_in(struct list *l, size_t i, const struct entry *e)
{
	memmove(l->entry + i + 1, l->entry + i, (l->n - i) * sizeof *l->entry);
	l->entry[i] = *e;
	l->n++;
}

/* The list is valid: each entry lies in it. */
static void
read_list(struct list *l, const struct ACL *a)
{
	const char *p = (const char *)(a + 1);
	for (WORD i = 0; i < a->AceCount; i++) {
		const struct ACE *ace = (const struct ACE *)(const void *)p;
		struct entry *e = l->entry + l->n++;
		const struct SID *s = (const struct SID *)(const void *)(ace + 1);
		p += ace->AceSize;
		e->old = ace;
		e->type = ace->AceType;
		e->flags = ace->AceFlags;
		/* only those of the plain forms can be another entry's trustee's */
		if (ace->AceType > AUDIT || ace->AceSize < sizeof *ace + 8 ||
		    ace->AceSize < sizeof *ace + sid_size(s) || !sid_valid(s))
			continue;
		e->old = NULL;
		e->mask = ace->Mask;
		memcpy(e->sid, s, sid_size(s));
	}
}

static bool
is_of(const struct entry *e, const struct entry *other)
{
	return !e->old && !(e->flags & INHERITED) && sid_equal(sid_of(e), sid_of(other));
}

/* What was said of the trustee, in the light of what is said now. */
static void
merge(struct list *l, struct entry *now, int mode)
{
	for (size_t i = 0; i < l->n;) {
		struct entry *e = l->entry + i;
		bool same = e->flags == now->flags, gone = false;
		if (!is_of(e, now)) {
			i++;
			continue;
		}
		switch (mode) {
		case SET_ACCESS: gone = e->type != AUDIT; break;
		case REVOKE_ACCESS: gone = e->type != DENIED; break;
		case GRANT_ACCESS:
		case DENY_ACCESS:
			if (e->type == now->type && same) {
				now->mask |= e->mask;
				gone = true;
			} else if (e->type != AUDIT && same) {
				e->mask &= ~now->mask;
				gone = !e->mask;
			}
			break;
		default:
			if (e->type == AUDIT && same) {
				now->mask |= e->mask;
				gone = true;
			}
		}
		if (gone)
			take_out(l, i);
		else
			i++;
	}
}

static size_t
place_of(const struct list *l, BYTE type)
{
	size_t i = 0;
	if (type == AUDIT)
		return l->n;
	while (type == ALLOWED && i < l->n && l->entry[i].type != ALLOWED)
		i++;
	while (i < l->n && l->entry[i].added && l->entry[i].type == type)
		i++;
	return i;
}

static DWORD
apply(struct list *l, const struct explicit_access *x)
{
	static const BYTE types[] = { 0, ALLOWED, ALLOWED, DENIED, 0, AUDIT, AUDIT };
	struct entry e = { .added = true,
		           .flags = (BYTE)(x->inheritance & 0xf),
		           .mask = x->permissions };
	if (x->mode < GRANT_ACCESS || x->mode > SET_AUDIT_FAILURE)
		return ERROR_INVALID_PARAMETER;
	e.type = types[x->mode];
	if (e.type == AUDIT)
		e.flags |= x->mode == SET_AUDIT_SUCCESS ? SUCCESSFUL : FAILED;
	const struct SID *s = x->trustee.name;
	if (!s || x->trustee.multiple || x->trustee.form < IS_SID || x->trustee.form > IS_NAME)
		return ERROR_INVALID_PARAMETER;
	if (x->trustee.form == IS_SID) {
		if (!sid_valid(s))
			return ERROR_INVALID_SID;
		memcpy(e.sid, s, sid_size(s));
	} else if (nls_equal_ascii(x->trustee.name, "CURRENT_USER")) {
		memcpy(e.sid, sid_user(), sid_size(sid_user()));
	} else if (!sid_of_account(x->trustee.name, e.sid)) {
		return ERROR_NONE_MAPPED;
	}
	merge(l, &e, x->mode);
	if (x->mode != REVOKE_ACCESS)
		put_in(l, place_of(l, e.type), &e);
	return ERROR_SUCCESS;
}

static DWORD
write_list(const struct list *l, BYTE revision, struct ACL **out)
{
	size_t size = sizeof **out;
	for (size_t i = 0; i < l->n; i++)
		size += l->entry[i].old ? l->entry[i].old->AceSize
		                        : sizeof(struct ACE) + sid_size(sid_of(l->entry + i));
	if (size > 0xfffc)
		return ERROR_ALLOTTED_SPACE_EXCEEDED;
	HANDLE h;
	DWORD error = movable_alloc(0, size, &h);
	if (error)
		return error;
	struct ACL *a = h;
	*a = (struct ACL){ revision, 0, (WORD)size, (WORD)l->n, 0 };
	char *p = (char *)(a + 1);
	for (size_t i = 0; i < l->n; i++) {
		const struct entry *e = l->entry + i;
		if (e->old) {
			memcpy(p, e->old, e->old->AceSize);
			p += e->old->AceSize;
			continue;
		}
		size_t n = sid_size(sid_of(e));
		struct ACE ace = { e->type, e->flags, (WORD)(sizeof ace + n), e->mask };
		memcpy(p, &ace, sizeof ace);
		memcpy(p + sizeof ace, e->sid, n);
		p += sizeof ace + n;
	}
	*out = a;
	return ERROR_SUCCESS;
}

WINAPI DWORD
advapi32_SetEntriesInAclW(ULONG n, const struct explicit_access *x, const struct ACL *old,
                          struct ACL **out)
{
	DWORD e = ERROR_SUCCESS;
	if (!out || n > MOST || (n && !x))
		return ERROR_INVALID_PARAMETER;
	*out = NULL;
	if (old && !advapi32_IsValidAcl(old))
		return ERROR_INVALID_ACL;
	if (!n && !old)
		return ERROR_SUCCESS;
	size_t room = n + (old ? old->AceCount : 0u);
	struct list l = { calloc(room ? room : 1, sizeof *l.entry), 0 };
	if (!l.entry)
		return ERROR_NOT_ENOUGH_MEMORY;
	if (old)
		read_list(&l, old);
	for (ULONG i = 0; i < n && !e; i++)
		e = apply(&l, x + i);
	if (!e)
		e = write_list(&l, old ? old->AclRevision : 2, out);
	free(l.entry);
	return e;
}

WINAPI DWORD
advapi32_SetEntriesInAclA(ULONG n, const struct explicit_access *x, const struct ACL *old,
                          struct ACL **out)
{
	DWORD e = ERROR_SUCCESS;
	if (!out || n > MOST || (n && !x))
		return ERROR_INVALID_PARAMETER;
	struct explicit_access *w = calloc(n ? n : 1, sizeof *w);
	if (!w)
		return ERROR_NOT_ENOUGH_MEMORY;
	for (ULONG i = 0; i < n; i++) {
		w[i] = x[i];
		if (x[i].trustee.form == IS_NAME && x[i].trustee.name &&
		    !(w[i].trustee.name = nls_wide_ansi(x[i].trustee.name)))
			e = ERROR_NOT_ENOUGH_MEMORY;
	}
	if (!e)
		e = advapi32_SetEntriesInAclW(n, w, old, out);
	for (ULONG i = 0; i < n; i++)
		if (x[i].trustee.form == IS_NAME)
			free(w[i].trustee.name);
	free(w);
	return e;
}

/* -- what entries are built with: the same with narrow and wide names, which are only kept --- */

WINAPI void
advapi32_BuildTrusteeWithSidW(struct trustee *t, void *sid)
{
	*t = (struct trustee){ .form = IS_SID, .name = sid };
}

WINAPI void
advapi32_BuildTrusteeWithNameW(struct trustee *t, void *name)
{
	*t = (struct trustee){ .form = IS_NAME, .name = name };
}

WINAPI void
advapi32_BuildExplicitAccessWithNameW(struct explicit_access *x, void *name, DWORD permissions,
                                      int mode, DWORD inheritance)
{
	*x = (struct explicit_access){ .permissions = permissions,
		                       .mode = mode,
		                       .inheritance = inheritance,
		                       .trustee = { .form = IS_NAME, .name = name } };
}

WINAPI int
advapi32_GetTrusteeFormW(const struct trustee *t)
{
	return t->form;
}

WINAPI int
advapi32_GetTrusteeTypeW(const struct trustee *t)
{
	return t->type;
}

WINAPI void *
advapi32_GetTrusteeNameW(const struct trustee *t)
{
	return t->form == IS_NAME ? t->name : NULL;
}
