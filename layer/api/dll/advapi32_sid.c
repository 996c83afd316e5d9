/* SPDX-License-Identifier: Apache-2.0 */
/* advapi32_sid.c -- security identifiers, and the accounts that they are. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/mem/movable.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/sid.h"

enum { ERROR_INVALID_SID = 1337, ERROR_NONE_MAPPED = 1332, ERROR_NON_ACCOUNT_SID = 1257 };

WINAPI BOOL
advapi32_IsValidSid(const struct SID *s)
{
	return sid_valid(s) ? TRUE : refuse(ERROR_INVALID_SID);
}

WINAPI DWORD
advapi32_GetLengthSid(const struct SID *s)
{
	return sid_valid(s) ? (DWORD)sid_size(s) : (DWORD)refuse(ERROR_INVALID_SID);
}

WINAPI DWORD
advapi32_GetSidLengthRequired(BYTE n)
{
	return 8 + n * 4u;
}

WINAPI BOOL
advapi32_InitializeSid(struct SID *s, const BYTE authority[6], BYTE n)
{
	if (n > SID_SUB_MOST)
		return refuse(ERROR_INVALID_PARAMETER);
	s->Revision = 1;
	s->SubAuthorityCount = n;
	memcpy(s->IdentifierAuthority, authority, 6);
	return TRUE;
}

WINAPI BYTE *
advapi32_GetSidSubAuthorityCount(struct SID *s)
{
	return &s->SubAuthorityCount;
}
WINAPI DWORD *
advapi32_GetSidSubAuthority(struct SID *s, DWORD i)
{
	return &s->SubAuthority[i];
}
WINAPI BYTE *
advapi32_GetSidIdentifierAuthority(struct SID *s)
{
	return s->IdentifierAuthority;
}

WINAPI BOOL
advapi32_CopySid(DWORD room, struct SID *to, const struct SID *from)
{
	if (!sid_valid(from))
		return refuse(ERROR_INVALID_SID);
	if (room < sid_size(from))
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	memcpy(to, from, sid_size(from));
	return TRUE;
}

WINAPI BOOL
advapi32_EqualSid(const struct SID *a, const struct SID *b)
{
	return sid_valid(a) && sid_valid(b) && sid_equal(a, b);
}

WINAPI BOOL
advapi32_EqualPrefixSid(const struct SID *a, const struct SID *b)
{
	return sid_valid(a) && sid_valid(b) && a->SubAuthorityCount == b->SubAuthorityCount &&
	       (!a->SubAuthorityCount || memcmp(a, b, sid_size(a) - 4) == 0);
}

WINAPI BOOL
advapi32_AllocateAndInitializeSid(const BYTE authority[6], BYTE n, DWORD a, DWORD b, DWORD c,
                                  DWORD d, DWORD e, DWORD f, DWORD g, DWORD h, struct SID **out)
{
	const DWORD sub[8] = { a, b, c, d, e, f, g, h };
	if (n > 8 || !out)
		return refuse(ERROR_INVALID_SID);
	*out = calloc(1, 8 + 8 * 4);
	if (!*out)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	advapi32_InitializeSid(*out, authority, n);
	memcpy((*out)->SubAuthority, sub, n * 4u);
	return TRUE;
}

WINAPI void *
advapi32_FreeSid(struct SID *s)
{
	free(s);
	return NULL;
}

static void *
local(const void *from, size_t n)
{
	HANDLE h;
	DWORD e = movable_alloc(0, n, &h);
	if (e) {
		last_error(e);
		return NULL;
	}
	memcpy(h, from, n);
	return h;
}

WINAPI BOOL
advapi32_ConvertSidToStringSidW(const struct SID *s, WCHAR **out)
{
	WCHAR text[200];
	size_t n = sid_text(s, text, 200);
	if (!n)
		return refuse(ERROR_INVALID_SID);
	return (*out = local(text, (n + 1) * sizeof *text)) != NULL;
}

WINAPI BOOL
advapi32_ConvertSidToStringSidA(const struct SID *s, char **out)
{
	WCHAR text[200];
	char narrow[200];
	size_t n = sid_text(s, text, 200);
	if (!n)
		return refuse(ERROR_INVALID_SID);
	nls_ansi_to(text, narrow, sizeof narrow);
	return (*out = local(narrow, n + 1)) != NULL;
}

WINAPI BOOL
advapi32_ConvertStringSidToSidW(const WCHAR *s, struct SID **out)
{
	BYTE b[SID_MOST];
	size_t n;
	if (!s || !out)
		return refuse(ERROR_INVALID_PARAMETER);
	if (!(n = sid_read(s, nls_length(s), b)))
		return refuse(ERROR_INVALID_SID);
	return (*out = local(b, n)) != NULL;
}

WINAPI BOOL
advapi32_ConvertStringSidToSidA(const char *s, struct SID **out)
{
	WCHAR *w = nls_wide_ansi(s);
	BOOL ok = advapi32_ConvertStringSidToSidW(w, out);
	free(w);
	return ok;
}

WINAPI BOOL
advapi32_CreateWellKnownSid(int type, const struct SID *domain, struct SID *out, DWORD *size)
{
	BYTE b[SID_MOST];
	size_t n = sid_well_known(type, b);
	DWORD room;
	(void)domain;
	if (!n || !size)
		return refuse(ERROR_INVALID_PARAMETER);
	room = *size;
	*size = (DWORD)n;
	if (!out || room < n)
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	memcpy(out, b, n);
	return TRUE;
}

WINAPI BOOL
advapi32_IsWellKnownSid(const struct SID *s, int type)
{
	BYTE b[SID_MOST];
	return sid_valid(s) && sid_well_known(type, b) &&
	       sid_equal(s, (const struct SID *)(const void *)b);
}

WINAPI BOOL
advapi32_GetWindowsAccountDomainSid(const struct SID *s, struct SID *out, DWORD *size)
{
	if (!sid_valid(s) || s->SubAuthorityCount < 4 || s->SubAuthority[0] != 21)
		return refuse(ERROR_NON_ACCOUNT_SID);
	if (*size < 24) {
		*size = 24;
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	}
	memcpy(out, s, 24);
	out->SubAuthorityCount = 4;
	*size = 24;
	return TRUE;
}

WINAPI BOOL
advapi32_LookupAccountSidW(const WCHAR *system, const struct SID *s, WCHAR *name, DWORD *name_size,
                           WCHAR *domain, DWORD *domain_size, int *use)
{
	WCHAR n[64], d[64];
	(void)system;
	if (!sid_valid(s))
		return refuse(ERROR_INVALID_SID);
	if (!sid_account(s, n, d, use))
		return refuse(ERROR_NONE_MAPPED);
	DWORD a = (DWORD)nls_length(n), b = (DWORD)nls_length(d);
	if (*name_size <= a || *domain_size <= b) {
		*name_size = a + 1;
		*domain_size = b + 1;
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	}
	if (name)
		memcpy(name, n, (a + 1) * sizeof *n);
	if (domain)
		memcpy(domain, d, (b + 1) * sizeof *d);
	*name_size = a;
	*domain_size = b;
	return TRUE;
}

WINAPI BOOL
advapi32_LookupAccountSidA(const char *system, const struct SID *s, char *name, DWORD *name_size,
                           char *domain, DWORD *domain_size, int *use)
{
	WCHAR n[64], d[64];
	(void)system;
	if (!sid_valid(s))
		return refuse(ERROR_INVALID_SID);
	if (!sid_account(s, n, d, use))
		return refuse(ERROR_NONE_MAPPED);
	DWORD a = (DWORD)nls_ansi_to(n, NULL, 0), b = (DWORD)nls_ansi_to(d, NULL, 0);
	if (*name_size <= a || *domain_size <= b) {
		*name_size = a + 1;
		*domain_size = b + 1;
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	}
	nls_ansi_to(n, name, *name_size);
	nls_ansi_to(d, domain, *domain_size);
	*name_size = a;
	*domain_size = b;
	return TRUE;
}

WINAPI BOOL
advapi32_LookupAccountNameW(const WCHAR *system, const WCHAR *account, struct SID *s, DWORD *size,
                            WCHAR *domain, DWORD *domain_size, int *use)
{
	BYTE b[SID_MOST];
	WCHAR n[64], d[64];
	size_t k;
	(void)system;
	if (!account || !(k = sid_of_account(account, b)) ||
	    !sid_account((const struct SID *)(const void *)b, n, d, use))
		return refuse(ERROR_NONE_MAPPED);
	DWORD room = *size, have = *domain_size, m = (DWORD)nls_length(d);
	*size = (DWORD)k;
	*domain_size = m + 1;
	if (room < k || have <= m)
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	memcpy(s, b, k);
	memcpy(domain, d, (m + 1) * sizeof *d);
	*domain_size = m;
	return TRUE;
}

WINAPI BOOL
advapi32_GetUserNameW(WCHAR *out, DWORD *size)
{
	WCHAR w[64];
	size_t n = nls_16_of_8(host.user, strlen(host.user), w, 63, NULL);
	w[n < 63 ? n : 63] = 0;
	if (!out || *size <= n) {
		*size = (DWORD)n + 1;
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	}
	memcpy(out, w, (n + 1) * sizeof *w);
	*size = (DWORD)n + 1;
	return TRUE;
}

WINAPI BOOL
advapi32_GetUserNameA(char *out, DWORD *size)
{
	size_t n = strlen(host.user);
	if (!out || *size <= n) {
		*size = (DWORD)n + 1;
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	}
	memcpy(out, host.user, n + 1);
	*size = (DWORD)n + 1;
	return TRUE;
}
