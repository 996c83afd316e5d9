/* SPDX-License-Identifier: Apache-2.0 */
// Names of accounts by the local security authority.
// needs: joist mingw
// libs: -ladvapi32
// run: joist run --rm $GUEST
// expect: names: ok
// expect: identifiers: ok
// expect: the computer: ok
#include "check.h"
#include <ntsecapi.h>
#include <sddl.h>

static LSA_HANDLE policy;

static void
names(void)
{
	PSID sid[3];
	PLSA_REFERENCED_DOMAIN_LIST d = NULL;
	PLSA_TRANSLATED_NAME n = NULL;
	ConvertStringSidToSidW(L"S-1-5-32-544", &sid[0]);
	ConvertStringSidToSidW(L"S-1-5-32-545", &sid[1]);
	ConvertStringSidToSidW(L"S-1-5-21-1-2-3-9999", &sid[2]);
	IS(LsaLookupSids(policy, 2, sid, &d, &n) == 0);
	IS(d->Entries == 1 && d->Domains[0].Name.Length == 14 &&
	   !memcmp(d->Domains[0].Name.Buffer, L"BUILTIN", 14));
	IS(n[0].Use == SidTypeAlias && n[0].DomainIndex == 0 && n[1].DomainIndex == 0);
	IS(n[0].Name.Length == 28 && !memcmp(n[0].Name.Buffer, L"Administrators", 28));
	IS(LsaFreeMemory(d) == 0 && LsaFreeMemory(n) == 0);
	/* one that nobody has: its own text */
	IS(LsaLookupSids(policy, 2, sid + 1, &d, &n) == 0x107);
	IS(n[1].Use == SidTypeUnknown && n[1].DomainIndex == -1);
	IS(!wcsncmp(n[1].Name.Buffer, L"S-1-5-21-1-2-3-9999", 19));
	LsaFreeMemory(d);
	LsaFreeMemory(n);
	IS(LsaLookupSids(policy, 1, sid + 2, &d, &n) == (NTSTATUS)0xc0000073);
	IS(LsaNtStatusToWinError((NTSTATUS)0xc0000073) == ERROR_NONE_MAPPED);
	LsaFreeMemory(d);
	LsaFreeMemory(n);
	for (int i = 0; i < 3; i++)
		LocalFree(sid[i]);
	done("names");
}

static void
identifiers(void)
{
	LSA_UNICODE_STRING name[2] = { { 16, 18, L"Everyone" }, { 8, 10, L"nope" } };
	PLSA_REFERENCED_DOMAIN_LIST d = NULL;
	PLSA_TRANSLATED_SID2 s = NULL;
	PSID everyone;
	ConvertStringSidToSidW(L"S-1-1-0", &everyone);
	IS(LsaLookupNames2(policy, 0, 2, name, &d, &s) == 0x107);
	IS(s[0].Use == SidTypeWellKnownGroup && EqualSid(s[0].Sid, everyone));
	IS(s[1].Use == SidTypeUnknown && !s[1].Sid && s[1].DomainIndex == -1);
	LsaFreeMemory(d);
	LsaFreeMemory(s);
	LocalFree(everyone);
	done("identifiers");
}

static void
computer(void)
{
	POLICY_ACCOUNT_DOMAIN_INFO *a = NULL;
	POLICY_PRIMARY_DOMAIN_INFO *p = NULL;
	WCHAR name[64];
	DWORD n = 64;
	GetComputerNameW(name, &n);
	IS(LsaQueryInformationPolicy(policy, PolicyAccountDomainInformation, (void **)&a) == 0);
	IS(a->DomainName.Length == n * 2 && !_wcsnicmp(a->DomainName.Buffer, name, n));
	IS(IsValidSid(a->DomainSid) && *GetSidSubAuthorityCount(a->DomainSid) == 4);
	IS(LsaQueryInformationPolicy(policy, PolicyPrimaryDomainInformation, (void **)&p) == 0);
	IS(p->Name.Length && !p->Sid);
	LsaFreeMemory(a);
	LsaFreeMemory(p);
	done("the computer");
}

int
main(void)
{
	LSA_OBJECT_ATTRIBUTES a = { .Length = sizeof a };
	if (LsaOpenPolicy(NULL, &a, POLICY_LOOKUP_NAMES, &policy))
		return 1;
	names();
	identifiers();
	computer();
	return LsaClose(policy) ? 2 : 0;
}
