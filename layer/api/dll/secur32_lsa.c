/* SPDX-License-Identifier: Apache-2.0 */
/* secur32_lsa.c -- logon sessions: one, of the user; and what only the system may do. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/clock.h"
#include "layer/api/nt/sid.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/text/utf.h"

enum { TEXT = 260, INTERACTIVE = 2, TOKEN_STATISTICS = 10 };

enum {
	NO_SUCH_PACKAGE = (int)0xc00000fe,
	NO_SUCH_LOGON_SESSION = (int)0xc000005f,
	PRIVILEGE_NOT_HELD = (int)0xc0000061,
};

struct luid {
	DWORD low;
	LONG high;
};

/* SECURITY_LOGON_SESSION_DATA */
struct session_data {
	ULONG size;
	struct luid id;
	struct UNICODE_STRING user, domain, package;
	ULONG type, session;
	void *sid;
	LONGLONG logon_time;
	struct UNICODE_STRING server, dns_domain, principal;
	ULONG flags;
	struct {
		LONGLONG good, bad;
		ULONG failed;
	} last;
	struct UNICODE_STRING script, profile, home, home_drive;
	LONGLONG logoff, kick_off, password_set, password_can_change, password_must_change;
};

_Static_assert(sizeof(struct session_data) == 272, "SECURITY_LOGON_SESSION_DATA of x64");

WINAPI BOOL advapi32_GetUserNameW(WCHAR *out, DWORD *n);
WINAPI BOOL advapi32_GetTokenInformation(HANDLE token, int class, void *out, DWORD size,
                                         DWORD *need);
WINAPI BOOL kernel32_GetComputerNameW(WCHAR *out, DWORD *n);

/* The session that the process's token says it is in. */
static struct luid
own_session(void)
{
	struct {
		struct luid token, session;
		DWORD rest[10];
	} s = { 0 };
	DWORD n;
	(void)advapi32_GetTokenInformation((HANDLE)(intptr_t)-4, TOKEN_STATISTICS, &s, sizeof s,
	                                   &n);
	return s.session;
}

WINAPI NTSTATUS
secur32_LsaFreeReturnBuffer(void *p)
{
	free(p);
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
secur32_LsaEnumerateLogonSessions(ULONG *count, struct luid **out)
{
	if (!count || !out)
		return STATUS_INVALID_PARAMETER;
	struct luid *p = malloc(sizeof *p);
	if (!p)
		return STATUS_NO_MEMORY;
	*p = own_session();
	*out = p;
	*count = 1;
	return STATUS_SUCCESS;
}

static void
put(struct UNICODE_STRING *s, const WCHAR *text, char **at)
{
	size_t n = (utf_length(text) + 1) * sizeof *text;
	memcpy(*at, text, n);
	*s = (struct UNICODE_STRING){ (USHORT)(n - sizeof *text), (USHORT)n, (WCHAR *)(void *)*at };
	*at += n;
}

WINAPI NTSTATUS
secur32_LsaGetLogonSessionData(const struct luid *id, struct session_data **out)
{
	WCHAR user[TEXT] = u"", computer[TEXT] = u"";
	DWORD n = TEXT, k = TEXT;
	struct luid own = own_session();
	if (!id || !out)
		return STATUS_INVALID_PARAMETER;
	*out = NULL;
	if (id->low != own.low || id->high != own.high)
		return NO_SUCH_LOGON_SESSION;
	struct session_data *d = calloc(1, sizeof *d + SID_MOST + 16 * TEXT);
	if (!d)
		return STATUS_NO_MEMORY;
	(void)advapi32_GetUserNameW(user, &n);
	(void)kernel32_GetComputerNameW(computer, &k);
	char *at = (char *)(d + 1);
	d->size = sizeof *d;
	d->id = own;
	d->sid = memcpy(at, sid_user(), sid_size(sid_user()));
	at += SID_MOST;
	put(&d->user, user, &at);
	put(&d->domain, computer, &at);
	put(&d->server, computer, &at);
	put(&d->package, u"NTLM", &at);
	put(&d->dns_domain, u"", &at);
	put(&d->principal, u"", &at);
	put(&d->script, u"", &at);
	put(&d->profile, u"", &at);
	put(&d->home, u"", &at);
	put(&d->home_drive, u"", &at);
	d->type = INTERACTIVE;
	d->session = teb()->ProcessEnvironmentBlock->SessionId;
	d->logon_time = clock_started();
	d->logoff = d->kick_off = d->password_must_change = INT64_MAX;
	*out = d;
	return STATUS_SUCCESS;
}

/* -- the way to authentication packages, of which none can be called ------------------------------- */

static char connection;

WINAPI NTSTATUS
secur32_LsaConnectUntrusted(HANDLE *out)
{
	if (!out)
		return STATUS_INVALID_PARAMETER;
	*out = &connection;
	return STATUS_SUCCESS;
}

/* For those with SeTcbPrivilege. */
WINAPI NTSTATUS
secur32_LsaRegisterLogonProcess(const void *name, HANDLE *out, ULONG *mode)
{
	(void)mode;
	if (!name || !out)
		return STATUS_INVALID_PARAMETER;
	*out = NULL;
	return PRIVILEGE_NOT_HELD;
}

WINAPI NTSTATUS
secur32_LsaDeregisterLogonProcess(HANDLE h)
{
	return h == &connection ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

WINAPI NTSTATUS
secur32_LsaLookupAuthenticationPackage(HANDLE h, const void *name, ULONG *out)
{
	if (!name || !out)
		return STATUS_INVALID_PARAMETER;
	return h == &connection ? (NTSTATUS)NO_SUCH_PACKAGE : STATUS_INVALID_HANDLE;
}

WINAPI NTSTATUS
secur32_LsaCallAuthenticationPackage(HANDLE h, ULONG package, void *in, ULONG in_size, void **out,
                                     ULONG *size, NTSTATUS *status)
{
	(void)package, (void)in, (void)in_size;
	if (out)
		*out = NULL;
	if (size)
		*size = 0;
	if (status)
		*status = NO_SUCH_PACKAGE;
	return h == &connection ? (NTSTATUS)NO_SUCH_PACKAGE : STATUS_INVALID_HANDLE;
}
