/* SPDX-License-Identifier: Apache-2.0 */
// SetEntriesInAcl: whom entries name, where they go, and what becomes of what was there.
// needs: joist mingw
// libs: -ladvapi32
// run: joist run --rm $GUEST
// expect: trustees: ok
// expect: merged: ok
// expect: refused: ok
#define _WIN32_WINNT 0x0A00
#include "check.h"
#include <aclapi.h>
#include <sddl.h>

static PSID everyone, users, system_;

static EXPLICIT_ACCESSW
entry(PSID s, DWORD rights, ACCESS_MODE mode)
{
	EXPLICIT_ACCESSW x = { rights, mode, NO_INHERITANCE, { 0 } };
	BuildTrusteeWithSidW(&x.Trustee, s);
	return x;
}

/* "A 1 everyone" ...: kind, rights and whose it is. */
static int
is(ACL *a, const char *wanted)
{
	char text[256] = "";
	for (WORD i = 0; i < a->AceCount; i++) {
		ACCESS_ALLOWED_ACE *e;
		GetAce(a, i, (void **)&e);
		PSID s = &e->SidStart;
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%c%lx%c", i ? " " : "",
		         "ADU"[e->Header.AceType], e -> Mask,
		         EqualSid(s, everyone)  ? 'e'
		         : EqualSid(s, users)   ? 'u'
		         : EqualSid(s, system_) ? 's'
		                                : '?');
	}
	if (strcmp(text, wanted))
		printf("%s, not %s\n", text, wanted);
	return !strcmp(text, wanted) && IsValidAcl(a);
}

static void
trustees(void)
{
	EXPLICIT_ACCESSW w;
	EXPLICIT_ACCESSA x;
	TRUSTEEA t;
	ACL *a = NULL;
	BuildExplicitAccessWithNameW(&w, L"Everyone", 1, GRANT_ACCESS, 3);
	IS(GetTrusteeFormW(&w.Trustee) == TRUSTEE_IS_NAME &&
	   GetTrusteeTypeW(&w.Trustee) == TRUSTEE_IS_UNKNOWN &&
	   !wcscmp(GetTrusteeNameW(&w.Trustee), L"Everyone"));
	IS(!SetEntriesInAclW(1, &w, NULL, &a) && is(a, "A1e"));
	ACE_HEADER *h;
	IS(GetAce(a, 0, (void **)&h) && h->AceFlags == 3);
	LocalFree(a);
	BuildExplicitAccessWithNameA(&x, "SYSTEM", 2, DENY_ACCESS, 0);
	IS(GetTrusteeFormA(&x.Trustee) == TRUSTEE_IS_NAME && GetTrusteeTypeA(&x.Trustee) == 0 &&
	   !strcmp(GetTrusteeNameA(&x.Trustee), "SYSTEM"));
	IS(!SetEntriesInAclA(1, &x, NULL, &a) && is(a, "D2s"));
	LocalFree(a);
	BuildTrusteeWithSidA(&x.Trustee, users);
	IS(!SetEntriesInAclA(1, &x, NULL, &a) && is(a, "D2u") && !GetTrusteeNameA(&x.Trustee));
	LocalFree(a);
	BuildTrusteeWithNameA(&t, "CURRENT_USER");
	x.Trustee = t;
	IS(!SetEntriesInAclA(1, &x, NULL, &a) && a->AceCount == 1 && is(a, "D2?"));
	LocalFree(a);
	BuildTrusteeWithNameW(&w.Trustee, L"nobody at all");
	IS(SetEntriesInAclW(1, &w, NULL, &a) == ERROR_NONE_MAPPED && !a);
	done("trustees");
}

static void
merged(void)
{
	ACL *a = NULL, *b = NULL;
	EXPLICIT_ACCESSW x[3] = { entry(everyone, 1, GRANT_ACCESS), entry(users, 2, GRANT_ACCESS),
		                  entry(system_, 8, DENY_ACCESS) };
	IS(!SetEntriesInAclW(3, x, NULL, &a) && is(a, "D8s A1e A2u"));
	/* rights of the same are one entry, before the others */
	x[0] = entry(users, 4, GRANT_ACCESS);
	IS(!SetEntriesInAclW(1, x, a, &b) && is(b, "D8s A6u A1e"));
	LocalFree(b);
	/* what is allowed is denied no more, and the other way round */
	x[0] = entry(system_, 9, GRANT_ACCESS);
	x[1] = entry(everyone, 3, DENY_ACCESS);
	IS(!SetEntriesInAclW(2, x, a, &b) && is(b, "D3e A9s A2u"));
	LocalFree(b);
	x[0] = entry(everyone, 0x10, SET_ACCESS);
	IS(!SetEntriesInAclW(1, x, a, &b) && is(b, "D8s A10e A2u"));
	LocalFree(b);
	x[0] = entry(everyone, 0, REVOKE_ACCESS);
	x[1] = entry(system_, 0, REVOKE_ACCESS); /* leaves what is denied */
	IS(!SetEntriesInAclW(2, x, a, &b) && is(b, "D8s A2u"));
	LocalFree(b);
	x[0] = entry(everyone, 1, SET_AUDIT_FAILURE);
	IS(!SetEntriesInAclW(1, x, a, &b) && is(b, "D8s A1e A2u U1e"));
	ACE_HEADER *h;
	IS(GetAce(b, 3, (void **)&h) && h->AceFlags == FAILED_ACCESS_ACE_FLAG);
	LocalFree(b);
	IS(!SetEntriesInAclW(0, NULL, a, &b) && is(b, "D8s A1e A2u"));
	LocalFree(b);
	LocalFree(a);
	b = (ACL *)1;
	IS(!SetEntriesInAclW(0, NULL, NULL, &b) && !b);
	done("merged");
}

static void
refused(void)
{
	ACL *a = NULL;
	char bad[8] = { 1, 20 };
	EXPLICIT_ACCESSW x = entry(everyone, 1, NOT_USED_ACCESS);
	IS(SetEntriesInAclW(1, &x, NULL, &a) == ERROR_INVALID_PARAMETER);
	x = entry(bad, 1, GRANT_ACCESS);
	IS(SetEntriesInAclW(1, &x, NULL, &a) == ERROR_INVALID_SID);
	x = entry(NULL, 1, GRANT_ACCESS);
	IS(SetEntriesInAclW(1, &x, NULL, &a) == ERROR_INVALID_PARAMETER);
	x = entry(everyone, 1, GRANT_ACCESS);
	ACL odd = { 2, 0, sizeof odd, 3, 0 };
	IS(SetEntriesInAclW(1, &x, &odd, &a) == ERROR_INVALID_ACL);
	IS(SetEntriesInAclW(1, &x, NULL, NULL) == ERROR_INVALID_PARAMETER);
	IS(SetEntriesInAclW(1, NULL, NULL, &a) == ERROR_INVALID_PARAMETER);
	/* more than a list can hold */
	static EXPLICIT_ACCESSW many[4000];
	for (int i = 0; i < 4000; i++) {
		many[i] = entry(everyone, 1, GRANT_ACCESS);
		many[i].grfInheritance = (DWORD)i & 15;
	}
	IS(!SetEntriesInAclW(4000, many, NULL, &a) && a->AceCount == 16);
	LocalFree(a);
	done("refused");
}

int
main(void)
{
	ConvertStringSidToSidA("S-1-1-0", &everyone);
	ConvertStringSidToSidA("S-1-5-32-545", &users);
	ConvertStringSidToSidA("S-1-5-18", &system_);
	trustees();
	merged();
	refused();
	return 0;
}
