/* SPDX-License-Identifier: Apache-2.0 */
// The registry, and who the user is.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: registry: all right
#define _WIN32_WINNT 0x0A00
#include "right.h"
#include <sddl.h>
#include <aclapi.h>

static void
keys(void)
{
	HKEY k, sub;
	DWORD made, type, n, v, names, values, longest;
	WCHAR name[256], text[64];
	char a[64];
	FILETIME t;
	IS(RegCreateKeyExW(HKEY_CURRENT_USER, L"Software\\Joist test", 0, NULL, 0, KEY_ALL_ACCESS,
	                   NULL, &k, &made) == 0 &&
	   made == REG_CREATED_NEW_KEY);
	v = 42;
	IS(RegSetValueExW(k, L"Number", 0, REG_DWORD, (BYTE *)&v, 4) == 0);
	IS(RegSetValueExA(k, "text", 0, REG_SZ, (const BYTE *)"gr\xc3\xbc\xc3\x9f", 7) == 0);
	IS(RegSetValueExW(k, L"path", 0, REG_EXPAND_SZ, (const BYTE *)L"%SystemRoot%\\x", 30) == 0);
	n = sizeof v, v = 0;
	IS(RegQueryValueExW(k, L"NUMBER", NULL, &type, (BYTE *)&v, &n) == 0 && v == 42 &&
	   type == REG_DWORD && n == 4);
	n = 2;
	IS(RegQueryValueExW(k, L"Number", NULL, NULL, (BYTE *)&v, &n) == ERROR_MORE_DATA && n == 4);
	n = sizeof text;
	IS(RegQueryValueExW(k, L"text", NULL, &type, (BYTE *)text, &n) == 0 && n == 10 &&
	   text[2] == 0xfc);
	n = sizeof a;
	IS(RegQueryValueExA(k, "text", NULL, &type, (BYTE *)a, &n) == 0 && n == 7 &&
	   !strcmp(a, "gr\xc3\xbc\xc3\x9f"));
	IS(RegQueryValueExW(k, L"nothing", NULL, NULL, NULL, NULL) == ERROR_FILE_NOT_FOUND);
	n = sizeof text;
	IS(RegGetValueW(k, NULL, L"path", RRF_RT_REG_SZ, &type, text, &n) == 0 &&
	   !wcscmp(text, L"C:\\Windows\\x") && type == REG_SZ);
	n = sizeof text;
	IS(RegGetValueW(k, NULL, L"Number", RRF_RT_REG_SZ, NULL, text, &n) ==
	   ERROR_UNSUPPORTED_TYPE);
	n = sizeof a;
	IS(RegGetValueA(HKEY_CURRENT_USER, "Software\\Joist test", "text", RRF_RT_ANY, NULL, a,
	                &n) == 0 &&
	   n == 7);
	IS(RegCreateKeyExA(k, "a\\b", 0, NULL, 0, KEY_ALL_ACCESS, NULL, &sub, NULL) == 0 &&
	   RegCloseKey(sub) == 0);
	IS(RegOpenKeyExA(k, "A", 0, KEY_READ, &sub) == 0 && RegCloseKey(sub) == 0);
	IS(RegOpenKeyW(k, L"a\\c", &sub) == ERROR_FILE_NOT_FOUND);
	IS(RegQueryInfoKeyW(k, NULL, NULL, NULL, &names, &longest, NULL, &values, NULL, NULL, NULL,
	                    &t) == 0 &&
	   names == 1 && values == 3 && longest == 1);
	n = 256;
	IS(RegEnumKeyExW(k, 0, name, &n, NULL, NULL, NULL, NULL) == 0 && n == 1 && name[0] == 'a');
	n = 256;
	IS(RegEnumKeyExW(k, 1, name, &n, NULL, NULL, NULL, NULL) == ERROR_NO_MORE_ITEMS);
	n = 256;
	IS(RegEnumValueW(k, 0, name, &n, NULL, &type, NULL, NULL) == 0 &&
	   !wcscmp(name, L"Number") && type == REG_DWORD);
	IS(RegDeleteValueW(k, L"Number") == 0 &&
	   RegDeleteValueW(k, L"Number") == ERROR_FILE_NOT_FOUND);
	IS(RegDeleteKeyW(k, L"a") == ERROR_ACCESS_DENIED && RegDeleteTreeW(k, L"a") == 0);
	HANDLE e = CreateEventW(NULL, TRUE, FALSE, NULL);
	IS(RegNotifyChangeKeyValue(k, FALSE, REG_NOTIFY_CHANGE_LAST_SET, e, TRUE) == 0 &&
	   WaitForSingleObject(e, 0) == WAIT_TIMEOUT);
	IS(RegSetKeyValueW(k, NULL, L"x", REG_SZ, L"y", 4) == 0 &&
	   WaitForSingleObject(e, 0) == WAIT_OBJECT_0);
	IS(RegFlushKey(k) == 0 && RegDeleteKeyW(HKEY_CURRENT_USER, L"Software\\Joist test") == 0);
	n = 4;
	IS(RegQueryValueExW(k, L"x", NULL, NULL, (BYTE *)&v, &n) == ERROR_KEY_DELETED &&
	   RegCloseKey(k) == 0);
	n = sizeof text;
	IS(RegGetValueW(HKEY_LOCAL_MACHINE, L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion",
	                L"CurrentBuild", RRF_RT_REG_SZ, NULL, text, &n) == 0 &&
	   !wcscmp(text, L"19045"));
	n = sizeof text * 2;
	IS(RegGetValueW(HKEY_LOCAL_MACHINE, L"SOFTWARE\\Microsoft\\Cryptography", L"MachineGuid",
	                RRF_RT_REG_SZ, NULL, name, &n) == 0 &&
	   n == 74);
	IS(RegCloseKey((HKEY)0x1234) == ERROR_INVALID_HANDLE);
}

static void
user(void)
{
	HANDLE token;
	BYTE b[256], sid[68];
	DWORD n, m;
	WCHAR name[64], domain[64], *text;
	SID_NAME_USE use;
	SID_IDENTIFIER_AUTHORITY nt = SECURITY_NT_AUTHORITY;
	PSID admins, other;
	BOOL member = TRUE;
	LUID luid;
	IS(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
	FAILS(GetTokenInformation(token, TokenUser, NULL, 0, &n), ERROR_INSUFFICIENT_BUFFER);
	IS(GetTokenInformation(token, TokenUser, b, sizeof b, &n));
	PSID me = ((TOKEN_USER *)b)->User.Sid;
	IS(IsValidSid(me) && GetLengthSid(me) == 28 && CopySid(68, sid, me) && EqualSid(sid, me));
	IS(ConvertSidToStringSidW(me, &text) && !wcsncmp(text, L"S-1-5-21-", 9) &&
	   ConvertStringSidToSidW(text, &other) && EqualSid(other, me));
	LocalFree(text);
	LocalFree(other);
	n = m = 64;
	IS(LookupAccountSidW(NULL, me, name, &n, domain, &m, &use) && use == SidTypeUser);
	n = 64;
	WCHAR again[64];
	IS(GetUserNameW(again, &n) && !wcscmp(name, again));
	IS(AllocateAndInitializeSid(&nt, 2, SECURITY_BUILTIN_DOMAIN_RID, DOMAIN_ALIAS_RID_ADMINS, 0,
	                            0, 0, 0, 0, 0, &admins));
	IS(CheckTokenMembership(NULL, admins, &member) && !member);
	n = sizeof sid;
	IS(CreateWellKnownSid(WinBuiltinAdministratorsSid, NULL, sid, &n) &&
	   EqualSid(sid, admins) && IsWellKnownSid(admins, WinBuiltinAdministratorsSid));
	IS(!FreeSid(admins));
	IS(GetTokenInformation(token, TokenElevation, b, 4, &n) && *(DWORD *)b == 0);
	IS(LookupPrivilegeValueW(NULL, L"SeDebugPrivilege", &luid) && luid.LowPart == 20);
	TOKEN_PRIVILEGES p = { 1, { { luid, SE_PRIVILEGE_ENABLED } } };
	IS(AdjustTokenPrivileges(token, FALSE, &p, 0, NULL, NULL) &&
	   GetLastError() == ERROR_NOT_ALL_ASSIGNED);
	FAILS(OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token), ERROR_NO_TOKEN);
	IS(CloseHandle(token));
}

static void
lists(void)
{
	BYTE acl[256], everyone[68];
	DWORD n = sizeof everyone, granted;
	SECURITY_DESCRIPTOR d;
	ACL_SIZE_INFORMATION s;
	BOOL there, by_default, ok;
	PACL a;
	void *ace;
	GENERIC_MAPPING map = { FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE,
		                FILE_ALL_ACCESS };
	IS(CreateWellKnownSid(WinWorldSid, NULL, everyone, &n));
	IS(InitializeAcl((ACL *)acl, sizeof acl, ACL_REVISION));
	IS(AddAccessAllowedAceEx((ACL *)acl, ACL_REVISION, 0, GENERIC_READ, everyone));
	IS(GetAclInformation((ACL *)acl, &s, sizeof s, AclSizeInformation) && s.AceCount == 1 &&
	   s.AclBytesInUse == 28);
	IS(GetAce((ACL *)acl, 0, &ace) && ((ACCESS_ALLOWED_ACE *)ace)->Mask == GENERIC_READ &&
	   IsValidAcl((ACL *)acl));
	IS(InitializeSecurityDescriptor(&d, SECURITY_DESCRIPTOR_REVISION) &&
	   SetSecurityDescriptorDacl(&d, TRUE, (ACL *)acl, FALSE));
	IS(GetSecurityDescriptorDacl(&d, &there, &a, &by_default) && there && a == (ACL *)acl &&
	   IsValidSecurityDescriptor(&d));
	PRIVILEGE_SET ps;
	DWORD pn = sizeof ps;
	IS(AccessCheck(&d, NULL, FILE_READ_DATA, &map, &ps, &pn, &granted, &ok) && ok &&
	   granted == FILE_READ_DATA);
	IS(AccessCheck(&d, NULL, FILE_WRITE_DATA, &map, &ps, &pn, &granted, &ok) && !ok);
	PSID owner;
	PSECURITY_DESCRIPTOR sd;
	IS(GetNamedSecurityInfoW((WCHAR *)L".", SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, &owner,
	                         NULL, NULL, NULL, &sd) == 0 &&
	   IsValidSid(owner));
	LocalFree(sd);
}

int
main(void)
{
	keys();
	user();
	lists();
	return done("registry");
}
