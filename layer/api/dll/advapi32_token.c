/* SPDX-License-Identifier: Apache-2.0 */
/* advapi32_token.c -- tokens as objects: opened, copied, restricted, lent to threads. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/advapi32_token.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/thread/thread.h"

enum {
	ERROR_NO_TOKEN = 1008,
	ERROR_NO_IMPERSONATION_TOKEN = 1309,
	ERROR_BAD_IMPERSONATION_LEVEL = 1346,
	ERROR_CANT_OPEN_ANONYMOUS = 1347,
	ERROR_BAD_TOKEN_TYPE = 1349,
	MEDIUM = 0x2000,
};

pthread_mutex_t advapi32_token_lock = PTHREAD_MUTEX_INITIALIZER;

static void
destroy(struct object *o)
{
	free(((struct token *)o)->acl);
	free(o);
}
static const struct object_class token_class = { .name = "Token", .destroy = destroy };

/* The process's; it lasts as long. */
static struct token *
process_token(void)
{
	static struct token t = { .integrity = MEDIUM };
	static bool there;
	pthread_mutex_lock(&advapi32_token_lock);
	if (!there) {
		object_init(&t.object, &token_class, 0);
		advapi32_token_privileges(&t);
		there = true;
	}
	pthread_mutex_unlock(&advapi32_token_lock);
	object_ref(&t.object);
	return &t;
}

/* A thread's, counted, or NULL. */
static struct token *
thread_token(struct thread *thread)
{
	pthread_mutex_lock(&advapi32_token_lock);
	struct object *o = thread->token;
	if (o)
		object_ref(o);
	pthread_mutex_unlock(&advapi32_token_lock);
	return (struct token *)o;
}

struct token *
advapi32_token_get(HANDLE h)
{
	struct token *t = NULL;
	struct object *o;
	switch ((intptr_t)h) {
	case -5:
	case -6:
		t = thread_token(teb()->thread);
		if (!t && (intptr_t)h == -5)
			last_error(ERROR_NO_TOKEN);
		return t || (intptr_t)h == -5 ? t : process_token();
	case -4: return process_token();
	default:
		if (handle_get(h, &token_class, &o) < 0) {
			last_error(ERROR_INVALID_HANDLE);
			return NULL;
		}
		return (struct token *)o;
	}
}

/* Takes the count of the token over. */
static BOOL
give(struct token *t, ACCESS_MASK access, HANDLE *out)
{
	*out = handle_new(&t->object, access, false);
	return *out ? TRUE : refuse(ERROR_NOT_ENOUGH_MEMORY);
}

static struct token *
copy(struct token *from, bool impersonation, int level)
{
	struct token *t = calloc(1, sizeof *t);
	if (!t) {
		last_error(ERROR_NOT_ENOUGH_MEMORY);
		return NULL;
	}
	pthread_mutex_lock(&advapi32_token_lock);
	*t = *from;
	if (from->acl) {
		WORD n;
		memcpy(&n, from->acl + 2, 2);
		t->acl = malloc(n);
		if (t->acl)
			memcpy(t->acl, from->acl, n);
	}
	pthread_mutex_unlock(&advapi32_token_lock);
	object_init(&t->object, &token_class, 0);
	t->impersonation = impersonation;
	t->level = impersonation ? level : 0;
	return t;
}

WINAPI BOOL
advapi32_OpenProcessToken(HANDLE process, DWORD access, HANDLE *out)
{
	if (!process || !out)
		return refuse(ERROR_INVALID_HANDLE);
	return give(process_token(), access, out);
}

WINAPI BOOL
advapi32_OpenThreadToken(HANDLE thread, DWORD access, BOOL self, HANDLE *out)
{
	struct object *o;
	(void)self;
	if (!out)
		return refuse(ERROR_INVALID_PARAMETER);
	if (handle_get(thread, &thread_class, &o) < 0)
		return refuse(ERROR_INVALID_HANDLE);
	struct token *t = thread_token((struct thread *)o);
	object_unref(o);
	if (!t)
		return refuse(ERROR_NO_TOKEN);
	if (t->level == 0) {
		object_unref(&t->object);
		return refuse(ERROR_CANT_OPEN_ANONYMOUS);
	}
	return give(t, access, out);
}

WINAPI BOOL
advapi32_DuplicateTokenEx(HANDLE token, DWORD access, const void *security, int level, int type,
                          HANDLE *out)
{
	struct token *from, *t = NULL;
	(void)security;
	if (!out || (type != 1 && type != 2))
		return refuse(ERROR_INVALID_PARAMETER);
	if (!(from = advapi32_token_get(token)))
		return FALSE;
	if (level < 0 || level > 3 ||
	    (from->impersonation && (type == 1 ? from->level < 2 : level > from->level)))
		last_error(ERROR_BAD_IMPERSONATION_LEVEL);
	else
		t = copy(from, type == 2, level);
	object_unref(&from->object);
	return t ? give(t, access ? access : 0xf01ff, out) : FALSE;
}

WINAPI BOOL
advapi32_DuplicateToken(HANDLE token, int level, HANDLE *out)
{
	return advapi32_DuplicateTokenEx(token, 0xc, NULL, level, 2, out);
}

struct SID_AND_ATTRIBUTES {
	const struct SID *Sid;
	DWORD Attributes;
};

WINAPI BOOL
advapi32_CreateRestrictedToken(HANDLE token, DWORD flags, DWORD n,
                               const struct SID_AND_ATTRIBUTES *disable, DWORD m,
                               const struct LUID_AND_ATTRIBUTES *remove, DWORD k,
                               const struct SID_AND_ATTRIBUTES *restrict_to, HANDLE *out)
{
	enum { DISABLE_MAX_PRIVILEGE = 1, SANDBOX_INERT = 2, CHANGE_NOTIFY = 23 };
	struct token *from, *t;
	DWORD attributes;
	if (!out || flags & ~15u || (n && !disable) || (m && !remove) || (k && !restrict_to) ||
	    k > ADVAPI32_TOKEN_RESTRICTING)
		return refuse(ERROR_INVALID_PARAMETER);
	for (DWORD i = 0; i < n; i++)
		if (!sid_valid(disable[i].Sid))
			return refuse(ERROR_INVALID_PARAMETER);
	for (DWORD i = 0; i < k; i++)
		if (!sid_valid(restrict_to[i].Sid))
			return refuse(ERROR_INVALID_PARAMETER);
	if (!(from = advapi32_token_get(token)))
		return FALSE;
	t = copy(from, from->impersonation, from->level);
	object_unref(&from->object);
	if (!t)
		return FALSE;
	t->filtered = t->filtered || n || m || k || flags;
	t->inert |= (flags & SANDBOX_INERT) != 0;
	for (DWORD i = 0; i < n; i++) {
		if (sid_equal(disable[i].Sid, sid_user()))
			t->denied |= 1u << 31;
		for (unsigned g = 0; sid_group(g, &attributes); g++)
			if (sid_equal(disable[i].Sid, sid_group(g, &attributes)))
				t->denied |= 1u << g;
	}
	for (DWORD i = 0; i < m; i++)
		advapi32_token_remove(t, &remove[i]);
	for (size_t i = 0; flags & DISABLE_MAX_PRIVILEGE && i < ADVAPI32_TOKEN_HELD; i++)
		if (t->privileges[i].low != CHANGE_NOTIFY)
			advapi32_token_remove(t, &t->privileges[i]);
	if (k && !t->restricting)
		t->restricting = k;
	for (DWORD i = 0; i < k; i++)
		memcpy(t->restrict_to[i], restrict_to[i].Sid, sid_size(restrict_to[i].Sid));
	return give(t, 0xf01ff, out);
}

WINAPI BOOL
advapi32_IsTokenRestricted(HANDLE token)
{
	struct token *t = advapi32_token_get(token);
	if (!t)
		return FALSE;
	BOOL yes = t->restricting != 0;
	object_unref(&t->object);
	return yes;
}

/* -- impersonation ------------------------------------------------------------------------ */

/* Takes the count of the token over; NULL: the thread is itself again. */
static void
lend(struct thread *thread, struct token *t)
{
	pthread_mutex_lock(&advapi32_token_lock);
	struct object *old = thread->token;
	thread->token = t ? &t->object : NULL;
	pthread_mutex_unlock(&advapi32_token_lock);
	if (old)
		object_unref(old);
}

WINAPI BOOL
advapi32_RevertToSelf(void)
{
	lend(teb()->thread, NULL);
	return TRUE;
}

WINAPI BOOL
advapi32_ImpersonateSelf(int level)
{
	if (level < 0 || level > 3)
		return refuse(ERROR_BAD_IMPERSONATION_LEVEL);
	struct token *from = process_token(), *t = copy(from, true, level);
	object_unref(&from->object);
	if (t)
		lend(teb()->thread, t);
	return t != NULL;
}

WINAPI BOOL
advapi32_ImpersonateLoggedOnUser(HANDLE token)
{
	struct token *from = advapi32_token_get(token), *t;
	if (!from)
		return FALSE;
	t = copy(from, true, from->impersonation ? from->level : 2);
	object_unref(&from->object);
	if (t)
		lend(teb()->thread, t);
	return t != NULL;
}

/* There is nobody but the user. */
WINAPI BOOL
advapi32_ImpersonateAnonymousToken(HANDLE thread)
{
	struct object *o;
	if (handle_get(thread, &thread_class, &o) < 0)
		return refuse(ERROR_INVALID_HANDLE);
	object_unref(o);
	return refuse(ERROR_ACCESS_DENIED);
}

WINAPI BOOL
advapi32_SetThreadToken(const HANDLE *thread, HANDLE token)
{
	struct token *t = NULL;
	struct object *o;
	if (token && !(t = advapi32_token_get(token)))
		return FALSE;
	if (t && !t->impersonation) {
		object_unref(&t->object);
		return refuse(ERROR_BAD_TOKEN_TYPE);
	}
	if (handle_get(thread ? *thread : (HANDLE)-2, &thread_class, &o) < 0) {
		if (t)
			object_unref(&t->object);
		return refuse(ERROR_INVALID_HANDLE);
	}
	lend((struct thread *)o, t);
	object_unref(o);
	return TRUE;
}

/* Is the identifier in it, and not only to deny? */
WINAPI BOOL
advapi32_CheckTokenMembership(HANDLE token, const struct SID *s, BOOL *member)
{
	DWORD attributes;
	if (!sid_valid(s) || !member)
		return refuse(ERROR_INVALID_PARAMETER);
	struct token *t = advapi32_token_get(token ? token : (HANDLE)-6);
	if (!t)
		return FALSE;
	bool asked = token != NULL, impersonation = t->impersonation;
	*member = !(t->denied >> 31) && sid_equal(s, sid_user());
	for (unsigned i = 0; !*member && sid_group(i, &attributes); i++)
		*member = !(t->denied >> i & 1) && sid_equal(s, sid_group(i, &attributes));
	/* a restricted one needs it in both lists */
	bool among = !t->restricting;
	for (DWORD i = 0; i < t->restricting; i++)
		among |= sid_equal(s, (const struct SID *)(const void *)t->restrict_to[i]);
	*member = *member && among;
	object_unref(&t->object);
	return !asked || impersonation ? TRUE : refuse(ERROR_NO_IMPERSONATION_TOKEN);
}
