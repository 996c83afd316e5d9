/* SPDX-License-Identifier: Apache-2.0 */
/* advapi32_acl.c -- access control lists and security descriptors, in memory.  Files and objects
 * have none of their own here: each belongs to the user, who may do everything. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/mem/movable.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/object/object.h"
#include "layer/api/nt/sid.h"

enum {
	ERROR_INVALID_ACL = 1336,
	ERROR_INVALID_SECURITY_DESCR = 1338,
	ERROR_ALLOTTED_SPACE_EXCEEDED = 1344,
	ERROR_UNKNOWN_REVISION = 1305
};

struct ACL {
	BYTE AclRevision, Sbz1;
	WORD AclSize, AceCount, Sbz2;
};

struct ACE {
	BYTE AceType, AceFlags;
	WORD AceSize;
	DWORD Mask;
};

enum {
	SE_OWNER_DEFAULTED = 1,
	SE_GROUP_DEFAULTED = 2,
	SE_DACL_PRESENT = 4,
	SE_DACL_DEFAULTED = 8,
	SE_SACL_PRESENT = 0x10,
	SE_SACL_DEFAULTED = 0x20,
	SE_SELF_RELATIVE = 0x8000
};

struct SD {
	BYTE Revision, Sbz1;
	WORD Control;
	void *Owner, *Group, *Sacl, *Dacl;
};

struct SD_RELATIVE {
	BYTE Revision, Sbz1;
	WORD Control;
	DWORD Owner, Group, Sacl, Dacl;
};

/* -- lists --------------------------------------------------------------------------- */

WINAPI BOOL
advapi32_InitializeAcl(struct ACL *a, DWORD size, DWORD revision)
{
	if (size < sizeof *a || size > 0xfffc || (size & 3) || revision < 2 || revision > 4)
		return refuse(ERROR_INVALID_PARAMETER);
	*a = (struct ACL){ (BYTE)revision, 0, (WORD)size, 0, 0 };
	return TRUE;
}

/* Where the next entry goes; NULL: the list is not one. */
static BYTE *
end_of(const struct ACL *a)
{
	BYTE *p = (BYTE *)(a + 1), *end = (BYTE *)a + a->AclSize;
	for (WORD i = 0; i < a->AceCount; i++) {
		const struct ACE *e = (const struct ACE *)(const void *)p;
		if (p + 4 > end || e->AceSize < 4 || p + e->AceSize > end)
			return NULL;
		p += e->AceSize;
	}
	return p;
}

WINAPI BOOL
advapi32_IsValidAcl(const struct ACL *a)
{
	return a && a->AclRevision >= 2 && a->AclRevision <= 4 && a->AclSize >= sizeof *a &&
	                       end_of(a)
	               ? TRUE
	               : refuse(ERROR_INVALID_ACL);
}

struct ACL_SIZE {
	DWORD count, used, available;
};

WINAPI BOOL
advapi32_GetAclInformation(const struct ACL *a, void *out, DWORD size, int class)
{
	BYTE *end = end_of(a);
	if (!end)
		return refuse(ERROR_INVALID_ACL);
	if (class == 1 && size >= 4) {
		*(DWORD *)out = a->AclRevision;
		return TRUE;
	}
	if (class != 2 || size < sizeof(struct ACL_SIZE))
		return refuse(ERROR_INVALID_PARAMETER);
	DWORD used = (DWORD)(end - (const BYTE *)a);
	*(struct ACL_SIZE *)out = (struct ACL_SIZE){ a->AceCount, used, a->AclSize - used };
	return TRUE;
}

static BOOL
add(struct ACL *a, DWORD revision, BYTE type, DWORD flags, DWORD mask, const struct SID *s)
{
	BYTE *p = end_of(a);
	if (!p)
		return refuse(ERROR_INVALID_ACL);
	if (!sid_valid(s))
		return refuse(1337);
	if (revision < 2 || revision > 4)
		return refuse(ERROR_UNKNOWN_REVISION);
	size_t n = sizeof(struct ACE) + sid_size(s);
	if (p + n > (BYTE *)a + a->AclSize)
		return refuse(ERROR_ALLOTTED_SPACE_EXCEEDED);
	*(struct ACE *)(void *)p = (struct ACE){ type, (BYTE)flags, (WORD)n, mask };
	memcpy(p + sizeof(struct ACE), s, sid_size(s));
	a->AceCount++;
	if (a->AclRevision < revision)
		a->AclRevision = (BYTE)revision;
	return TRUE;
}

WINAPI BOOL
advapi32_AddAccessAllowedAce(struct ACL *a, DWORD r, DWORD mask, const struct SID *s)
{
	return add(a, r, 0, 0, mask, s);
}
WINAPI BOOL
advapi32_AddAccessAllowedAceEx(struct ACL *a, DWORD r, DWORD flags, DWORD mask, const struct SID *s)
{
	return add(a, r, 0, flags, mask, s);
}
WINAPI BOOL
advapi32_AddAccessDeniedAce(struct ACL *a, DWORD r, DWORD mask, const struct SID *s)
{
	return add(a, r, 1, 0, mask, s);
}
WINAPI BOOL
advapi32_AddAccessDeniedAceEx(struct ACL *a, DWORD r, DWORD flags, DWORD mask, const struct SID *s)
{
	return add(a, r, 1, flags, mask, s);
}
WINAPI BOOL
advapi32_AddMandatoryAce(struct ACL *a, DWORD r, DWORD flags, DWORD mask, const struct SID *s)
{
	return add(a, r, 0x11, flags, mask, s);
}

WINAPI BOOL
advapi32_AddAce(struct ACL *a, DWORD revision, DWORD at, const void *list, DWORD n)
{
	BYTE *end = end_of(a), *p = (BYTE *)(a + 1);
	WORD count = 0;
	(void)revision;
	for (const BYTE *q = list; q < (const BYTE *)list + n; count++) {
		const struct ACE *e = (const struct ACE *)(const void *)q;
		if (e->AceSize < 4 || q + e->AceSize > (const BYTE *)list + n)
			return refuse(ERROR_INVALID_PARAMETER);
		q += e->AceSize;
	}
	if (!end || end + n > (BYTE *)a + a->AclSize)
		return refuse(end ? ERROR_ALLOTTED_SPACE_EXCEEDED : ERROR_INVALID_ACL);
	for (DWORD i = 0; i < at && p < end; i++)
		p += ((struct ACE *)(void *)p)->AceSize;
	memmove(p + n, p, (size_t)(end - p));
	memcpy(p, list, n);
	a->AceCount = (WORD)(a->AceCount + count);
	return TRUE;
}

WINAPI BOOL
advapi32_GetAce(const struct ACL *a, DWORD i, void **out)
{
	BYTE *p = (BYTE *)(a + 1);
	if (i >= a->AceCount || !end_of(a))
		return refuse(ERROR_INVALID_PARAMETER);
	while (i--)
		p += ((struct ACE *)(void *)p)->AceSize;
	*out = p;
	return TRUE;
}

WINAPI BOOL
advapi32_DeleteAce(struct ACL *a, DWORD i)
{
	void *e;
	BYTE *end = end_of(a);
	if (!end || !advapi32_GetAce(a, i, &e))
		return refuse(ERROR_INVALID_PARAMETER);
	WORD n = ((struct ACE *)e)->AceSize;
	memmove(e, (BYTE *)e + n, (size_t)(end - ((BYTE *)e + n)));
	a->AceCount--;
	return TRUE;
}

WINAPI BOOL
advapi32_FindFirstFreeAce(const struct ACL *a, void **out)
{
	*out = end_of(a);
	return *out ? TRUE : refuse(ERROR_INVALID_ACL);
}

/* -- descriptors ------------------------------------------------------------------------ */

WINAPI BOOL
advapi32_InitializeSecurityDescriptor(struct SD *d, DWORD revision)
{
	if (revision != 1)
		return refuse(ERROR_UNKNOWN_REVISION);
	memset(d, 0, sizeof *d);
	d->Revision = 1;
	return TRUE;
}

static void *
part(const struct SD *d, int which)
{
	if (d->Control & SE_SELF_RELATIVE) {
		const struct SD_RELATIVE *r = (const struct SD_RELATIVE *)(const void *)d;
		DWORD at = (&r->Owner)[which];
		return at ? (BYTE *)d + at : NULL;
	}
	return ((void *const *)&d->Owner)[which];
}

enum { OWNER, GROUP, SACL, DACL };

WINAPI BOOL
advapi32_IsValidSecurityDescriptor(const struct SD *d)
{
	return d && d->Revision == 1;
}

WINAPI BOOL
advapi32_GetSecurityDescriptorControl(const struct SD *d, WORD *control, DWORD *revision)
{
	*control = d->Control;
	*revision = d->Revision;
	return d->Revision == 1 ? TRUE : refuse(ERROR_UNKNOWN_REVISION);
}

WINAPI BOOL
advapi32_SetSecurityDescriptorControl(struct SD *d, WORD which, WORD value)
{
	d->Control = (WORD)((d->Control & ~which) | (value & which));
	return TRUE;
}

static BOOL
set(struct SD *d, int which, void *p, WORD clear, WORD bits)
{
	if (d->Revision != 1 || (d->Control & SE_SELF_RELATIVE))
		return refuse(ERROR_INVALID_SECURITY_DESCR);
	((void **)&d->Owner)[which] = p;
	d->Control = (WORD)((d->Control & ~clear) | bits);
	return TRUE;
}

WINAPI BOOL
advapi32_SetSecurityDescriptorOwner(struct SD *d, void *s, BOOL by_default)
{
	return set(d, OWNER, s, 1, by_default ? 1 : 0);
}
WINAPI BOOL
advapi32_SetSecurityDescriptorGroup(struct SD *d, void *s, BOOL by_default)
{
	return set(d, GROUP, s, 2, by_default ? 2 : 0);
}
WINAPI BOOL
advapi32_SetSecurityDescriptorDacl(struct SD *d, BOOL there, void *a, BOOL by_default)
{
	return set(d, DACL, there ? a : NULL, 0xc, (WORD)((there ? 4 : 0) | (by_default ? 8 : 0)));
}
WINAPI BOOL
advapi32_SetSecurityDescriptorSacl(struct SD *d, BOOL there, void *a, BOOL by_default)
{
	return set(d, SACL, there ? a : NULL, 0x30,
	           (WORD)((there ? 0x10 : 0) | (by_default ? 0x20 : 0)));
}

static BOOL
get(const struct SD *d, int which, void **out, BOOL *by_default, WORD bit)
{
	if (d->Revision != 1)
		return refuse(ERROR_UNKNOWN_REVISION);
	*out = part(d, which);
	if (by_default)
		*by_default = (d->Control & bit) != 0;
	return TRUE;
}

WINAPI BOOL
advapi32_GetSecurityDescriptorOwner(const struct SD *d, void **out, BOOL *by_default)
{
	return get(d, OWNER, out, by_default, 1);
}
WINAPI BOOL
advapi32_GetSecurityDescriptorGroup(const struct SD *d, void **out, BOOL *by_default)
{
	return get(d, GROUP, out, by_default, 2);
}

WINAPI BOOL
advapi32_GetSecurityDescriptorDacl(const struct SD *d, BOOL *there, void **out, BOOL *by_default)
{
	*there = (d->Control & SE_DACL_PRESENT) != 0;
	return *there ? get(d, DACL, out, by_default, SE_DACL_DEFAULTED) : TRUE;
}

WINAPI BOOL
advapi32_GetSecurityDescriptorSacl(const struct SD *d, BOOL *there, void **out, BOOL *by_default)
{
	*there = (d->Control & SE_SACL_PRESENT) != 0;
	return *there ? get(d, SACL, out, by_default, SE_SACL_DEFAULTED) : TRUE;
}

static size_t
part_size(const struct SD *d, int which)
{
	const void *p = part(d, which);
	return !p ? 0 : which < SACL ? sid_size(p) : ((const struct ACL *)p)->AclSize;
}

WINAPI DWORD
advapi32_GetSecurityDescriptorLength(const struct SD *d)
{
	size_t n = d->Control & SE_SELF_RELATIVE ? sizeof(struct SD_RELATIVE) : sizeof *d;
	for (int i = 0; i < 4; i++)
		n += (part_size(d, i) + 3) & ~(size_t)3;
	return (DWORD)n;
}

WINAPI BOOL
advapi32_MakeSelfRelativeSD(const struct SD *d, struct SD_RELATIVE *out, DWORD *size)
{
	size_t n = sizeof *out, room = *size;
	for (int i = 0; i < 4; i++)
		n += (part_size(d, i) + 3) & ~(size_t)3;
	*size = (DWORD)n;
	if (room < n)
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	*out = (struct SD_RELATIVE){ d->Revision, 0, (WORD)(d->Control | SE_SELF_RELATIVE), 0, 0,
		                     0,           0 };
	n = sizeof *out;
	for (int i = 0; i < 4; i++) {
		size_t k = part_size(d, i);
		if (!k)
			continue;
		(&out->Owner)[i] = (DWORD)n;
		memcpy((BYTE *)out + n, part(d, i), k);
		n += (k + 3) & ~(size_t)3;
	}
	return TRUE;
}

/* -- of files and objects: the user's, and nothing is refused ------------------------------- */

enum { FILE_ALL = 0x1f01ff };

/* A self-relative descriptor of what was asked for, with all rights to the user; its size. */
size_t
advapi32_acl_own(DWORD what, DWORD rights, BYTE *out, size_t room)
{
	DWORD attributes;
	struct {
		struct ACL acl;
		struct ACE ace;
		BYTE sid[SID_MOST];
	} list;
	struct SD d = { .Revision = 1 };
	DWORD n = (DWORD)room;
	if (what & 1)
		d.Owner = (void *)(uintptr_t)sid_user();
	if (what & 2)
		d.Group = (void *)(uintptr_t)sid_group(0, &attributes);
	if (what & 4) {
		memcpy(list.sid, sid_user(), sid_size(sid_user()));
		list.ace = (struct ACE){ 0, 0, (WORD)(8 + sid_size(sid_user())), rights };
		list.acl = (struct ACL){ 2, 0, (WORD)(16 + sid_size(sid_user())), 1, 0 };
		d.Dacl = &list;
		d.Control |= SE_DACL_PRESENT;
	}
	advapi32_MakeSelfRelativeSD(&d, (struct SD_RELATIVE *)(void *)out, &n);
	return n;
}

static DWORD
info(DWORD what, void **owner, void **group, void **dacl, void **sacl, void **out)
{
	size_t n = advapi32_acl_own(what, FILE_ALL, NULL, 0);
	HANDLE h;
	DWORD e = movable_alloc(0, n, &h);
	if (e)
		return e;
	advapi32_acl_own(what, FILE_ALL, h, n);
	if (owner)
		*owner = part(h, OWNER);
	if (group)
		*group = part(h, GROUP);
	if (dacl)
		*dacl = part(h, DACL);
	if (sacl)
		*sacl = NULL;
	if (out)
		*out = h;
	else
		movable_free(h);
	return ERROR_SUCCESS;
}

WINAPI DWORD kernel32_GetFileAttributesW(const WCHAR *path);

/* Is it a handle of an object (SE_OBJECT_TYPE)? */
static bool
object_there(HANDLE h, int type)
{
	struct object *o;
	if (type == 4 && (uint32_t)(uintptr_t)h >> 4 == 0x8000000) /* a predefined key */
		return true;
	if (type != 1 && type != 4 && type != 6) /* a window ...: not an object of ours */
		return h != NULL;
	if (handle_get(h, NULL, &o) < 0)
		return false;
	object_unref(o);
	return true;
}

WINAPI DWORD
advapi32_GetNamedSecurityInfoW(const WCHAR *name, int type, DWORD what, void **owner, void **group,
                               void **dacl, void **sacl, void **out)
{
	if (!name)
		return ERROR_INVALID_PARAMETER;
	if (type == 1 && kernel32_GetFileAttributesW(name) == 0xffffffff)
		return teb()->LastErrorValue;
	return info(what, owner, group, dacl, sacl, out);
}

WINAPI DWORD
advapi32_GetSecurityInfo(HANDLE h, int type, DWORD what, void **owner, void **group, void **dacl,
                         void **sacl, void **out)
{
	return object_there(h, type) ? info(what, owner, group, dacl, sacl, out)
	                             : ERROR_INVALID_HANDLE;
}

/* The owner stays the user; a list that would shut others out is true already: nobody else is here. */
WINAPI DWORD
advapi32_SetNamedSecurityInfoW(WCHAR *name, int type, DWORD what, void *owner, void *group,
                               void *dacl, void *sacl)
{
	(void)group, (void)dacl, (void)sacl;
	if (type == 1 && kernel32_GetFileAttributesW(name) == 0xffffffff)
		return teb()->LastErrorValue;
	return (what & 1) && owner && !sid_equal(owner, sid_user()) ? 1307 : ERROR_SUCCESS;
}

WINAPI DWORD
advapi32_SetSecurityInfo(HANDLE h, int type, DWORD what, void *owner, void *group, void *dacl,
                         void *sacl)
{
	(void)group, (void)dacl, (void)sacl;
	if (!object_there(h, type))
		return ERROR_INVALID_HANDLE;
	return (what & 1) && owner && !sid_equal(owner, sid_user()) ? 1307 : ERROR_SUCCESS;
}

WINAPI BOOL
advapi32_GetFileSecurityW(const WCHAR *path, DWORD what, BYTE *out, DWORD size, DWORD *need)
{
	if (kernel32_GetFileAttributesW(path) == 0xffffffff)
		return FALSE;
	*need = (DWORD)advapi32_acl_own(what, FILE_ALL, out, size);
	return *need <= size ? TRUE : refuse(ERROR_INSUFFICIENT_BUFFER);
}

WINAPI BOOL
advapi32_SetFileSecurityW(const WCHAR *path, DWORD what, const struct SD *d)
{
	(void)what;
	if (!d || d->Revision != 1)
		return refuse(ERROR_INVALID_SECURITY_DESCR);
	return kernel32_GetFileAttributesW(path) != 0xffffffff;
}

WINAPI BOOL
advapi32_GetKernelObjectSecurity(HANDLE h, DWORD what, BYTE *out, DWORD size, DWORD *need)
{
	if (!object_there(h, 6))
		return refuse(ERROR_INVALID_HANDLE);
	*need = (DWORD)advapi32_acl_own(what, FILE_ALL, out, size);
	return *need <= size ? TRUE : refuse(ERROR_INSUFFICIENT_BUFFER);
}

WINAPI BOOL
advapi32_SetKernelObjectSecurity(HANDLE h, DWORD what, const struct SD *d)
{
	(void)what;
	return !object_there(h, 6)     ? refuse(ERROR_INVALID_HANDLE)
	       : d && d->Revision == 1 ? TRUE
	                               : refuse(ERROR_INVALID_SECURITY_DESCR);
}

struct GENERIC_MAPPING {
	DWORD read, write, execute, all;
};

WINAPI void
advapi32_MapGenericMask(DWORD *mask, const struct GENERIC_MAPPING *m)
{
	if (*mask & 0x80000000)
		*mask |= m->read;
	if (*mask & 0x40000000)
		*mask |= m->write;
	if (*mask & 0x20000000)
		*mask |= m->execute;
	if (*mask & 0x10000000)
		*mask |= m->all;
	*mask &= 0x0fffffff;
}

/* The list decides, as documented: the first entries that deny or grant what is asked. */
WINAPI BOOL
advapi32_AccessCheck(const struct SD *d, HANDLE token, DWORD wanted,
                     const struct GENERIC_MAPPING *m, void *set_of, DWORD *set_size, DWORD *granted,
                     BOOL *ok)
{
	(void)token, (void)set_of, (void)set_size;
	struct ACL *a = d->Control & SE_DACL_PRESENT ? part(d, DACL) : NULL;
	DWORD left, got = 0, attributes;
	advapi32_MapGenericMask(&wanted, m);
	bool most = wanted & 0x02000000;
	left = most ? m->all : wanted;
	*granted = 0;
	*ok = FALSE;
	if (!a) {
		*granted = left;
		*ok = TRUE;
		return TRUE;
	}
	BYTE *p = (BYTE *)(a + 1);
	if (!end_of(a))
		return refuse(ERROR_INVALID_ACL);
	if (part(d, OWNER) && sid_equal(part(d, OWNER), sid_user()))
		got |= left & 0x60000; /* READ_CONTROL, WRITE_DAC */
	for (WORD i = 0; i < a->AceCount; p += ((struct ACE *)(void *)p)->AceSize, i++) {
		const struct ACE *e = (const struct ACE *)(const void *)p;
		const struct SID *s = (const struct SID *)(const void *)(e + 1);
		bool mine = e->AceType <= 1 && sid_equal(s, sid_user());
		for (unsigned k = 0; !mine && e->AceType <= 1 && sid_group(k, &attributes); k++)
			mine = sid_equal(s, sid_group(k, &attributes));
		if (!mine || (e->AceFlags & 8))
			continue;
		DWORD mask = e->Mask;
		advapi32_MapGenericMask(&mask, m);
		if (e->AceType == 0)
			got |= mask & left;
		else if (!most && (mask & left & ~got))
			break;
		else
			left &= ~(mask & ~got);
	}
	if (most ? got != 0 : (wanted & ~got) == 0) {
		*granted = most ? got : wanted;
		*ok = TRUE;
		return TRUE;
	}
	last_error(ERROR_ACCESS_DENIED);
	return TRUE;
}

/* -- services and the event log: there are none ------------------------------------------------ */

enum { ERROR_FAILED_SERVICE_CONTROLLER_CONNECT = 1063, RPC_S_SERVER_UNAVAILABLE = 1722 };

WINAPI BOOL
advapi32_StartServiceCtrlDispatcherW(const void *table)
{
	(void)table;
	return refuse(ERROR_FAILED_SERVICE_CONTROLLER_CONNECT);
}
WINAPI BOOL
advapi32_StartServiceCtrlDispatcherA(const void *table)
{
	(void)table;
	return refuse(ERROR_FAILED_SERVICE_CONTROLLER_CONNECT);
}
WINAPI HANDLE
advapi32_RegisterServiceCtrlHandlerA(const char *name, void *f)
{
	(void)name, (void)f;
	refuse(1083);
	return NULL;
}
WINAPI HANDLE
advapi32_RegisterServiceCtrlHandlerW(const WCHAR *name, void *f)
{
	(void)name, (void)f;
	refuse(1083);
	return NULL;
}
WINAPI HANDLE
advapi32_RegisterServiceCtrlHandlerExW(const WCHAR *name, void *f, void *c)
{
	(void)name, (void)f, (void)c;
	refuse(1083);
	return NULL;
}
WINAPI BOOL
advapi32_SetServiceStatus(HANDLE h, void *s)
{
	(void)h, (void)s;
	return refuse(ERROR_INVALID_HANDLE);
}
WINAPI HANDLE
advapi32_OpenSCManagerW(const WCHAR *machine, const WCHAR *base, DWORD access)
{
	(void)machine, (void)base, (void)access;
	refuse(RPC_S_SERVER_UNAVAILABLE);
	return NULL;
}
WINAPI HANDLE
advapi32_OpenSCManagerA(const char *machine, const char *base, DWORD access)
{
	(void)machine, (void)base, (void)access;
	refuse(RPC_S_SERVER_UNAVAILABLE);
	return NULL;
}
WINAPI HANDLE
advapi32_OpenServiceW(HANDLE m, const WCHAR *name, DWORD access)
{
	(void)m, (void)name, (void)access;
	refuse(ERROR_INVALID_HANDLE);
	return NULL;
}
WINAPI HANDLE
advapi32_OpenServiceA(HANDLE m, const char *name, DWORD access)
{
	(void)m, (void)name, (void)access;
	refuse(ERROR_INVALID_HANDLE);
	return NULL;
}
WINAPI BOOL
advapi32_CloseServiceHandle(HANDLE h)
{
	(void)h;
	return refuse(ERROR_INVALID_HANDLE);
}
WINAPI BOOL
advapi32_QueryServiceStatus(HANDLE h, void *s)
{
	(void)h, (void)s;
	return refuse(ERROR_INVALID_HANDLE);
}
WINAPI BOOL
advapi32_DeleteService(HANDLE h)
{
	(void)h;
	return refuse(ERROR_INVALID_HANDLE);
}

/* Reports go nowhere, as in a log that nobody opens. */
WINAPI HANDLE
advapi32_RegisterEventSourceW(const WCHAR *server, const WCHAR *source)
{
	(void)server;
	return source ? (HANDLE)(uintptr_t)0x78 : NULL;
}
WINAPI HANDLE
advapi32_RegisterEventSourceA(const char *server, const char *source)
{
	(void)server;
	return source ? (HANDLE)(uintptr_t)0x78 : NULL;
}
WINAPI BOOL
advapi32_DeregisterEventSource(HANDLE h)
{
	return h ? TRUE : refuse(ERROR_INVALID_HANDLE);
}

WINAPI BOOL
advapi32_ReportEventW(HANDLE h, WORD type, WORD category, DWORD id, void *user, WORD n, DWORD size,
                      const WCHAR **strings, void *data)
{
	(void)type, (void)category, (void)id, (void)user, (void)n, (void)size, (void)strings,
	        (void)data;
	return h ? TRUE : refuse(ERROR_INVALID_HANDLE);
}

WINAPI BOOL
advapi32_ReportEventA(HANDLE h, WORD type, WORD category, DWORD id, void *user, WORD n, DWORD size,
                      const char **strings, void *data)
{
	(void)type, (void)category, (void)id, (void)user, (void)n, (void)size, (void)strings,
	        (void)data;
	return h ? TRUE : refuse(ERROR_INVALID_HANDLE);
}
