/* SPDX-License-Identifier: Apache-2.0 */
// advapi32: tokens that are restricted, changed and lent to threads; privileges; descriptors of
// files, objects and keys; the registry's rarer functions; services and traces that are not there.
// needs: joist mingw
// libs: -ladvapi32
// run: joist run --rm --hostname a-name-of-more-than-fifteen.letters $GUEST
// expect: privileges: ok
// expect: restricted: ok
// expect: impersonation: ok
// expect: settings: ok
// expect: descriptors: ok
// expect: keys: ok
// expect: many values: ok
// expect: services: ok
// expect: traces: ok
#define _WIN32_WINNT 0x0A00
#include "check.h"
#include <aclapi.h>
#include <evntprov.h>
#include <evntrace.h>
#include <sddl.h>

#define LIST(type)                                                                                 \
	union {                                                                                    \
		type head;                                                                         \
		char room[512];                                                                    \
	}
static LIST(SID) everyone, users;
static HANDLE bad = (HANDLE)(ULONG_PTR)0xdead0;

static HANDLE
token(void)
{
	HANDLE t = NULL;
	IS(OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &t));
	return t;
}

/* The attributes of a privilege in a token; MAXDWORD: it has none of it. */
static DWORD
attributes(HANDLE t, const char *name)
{
	LIST(TOKEN_PRIVILEGES) p;
	LUID id;
	DWORD n;
	IS(LookupPrivilegeValueA(NULL, name, &id));
	IS(GetTokenInformation(t, TokenPrivileges, &p, sizeof p, &n));
	for (DWORD i = 0; i < p.head.PrivilegeCount; i++)
		if (!memcmp(&p.head.Privileges[i].Luid, &id, sizeof id))
			return p.head.Privileges[i].Attributes;
	return MAXDWORD;
}

static void
privileges(void)
{
	HANDLE t = token(), again = token();
	PRIVILEGE_SET set = { 1, PRIVILEGE_SET_ALL_NECESSARY, { { { 0 }, 0 } } };
	TOKEN_PRIVILEGES on = { 1, { { { 0 }, SE_PRIVILEGE_ENABLED } } }, old = { 0 };
	BOOL held = FALSE;
	DWORD n = 0;
	/* traversing is everybody's, and on from the beginning */
	LookupPrivilegeValueA(NULL, "SeChangeNotifyPrivilege", &set.Privilege[0].Luid);
	IS(PrivilegeCheck(t, &set, &held) && held);
	IS(set.Privilege[0].Attributes & SE_PRIVILEGE_USED_FOR_ACCESS);
	LookupPrivilegeValueA(NULL, "SeShutdownPrivilege", &set.Privilege[0].Luid);
	IS(PrivilegeCheck(t, &set, &held) && !held);
	on.Privileges[0].Luid = set.Privilege[0].Luid;
	IS(AdjustTokenPrivileges(t, FALSE, &on, sizeof old, &old, &n) && GetLastError() == 0);
	IS(old.PrivilegeCount == 1 && !(old.Privileges[0].Attributes & SE_PRIVILEGE_ENABLED));
	IS(attributes(again, "SeShutdownPrivilege") & SE_PRIVILEGE_ENABLED);
	IS(PrivilegeCheck(again, &set, &held) && held);
	IS(AdjustTokenPrivileges(t, FALSE, &old, 0, NULL, NULL) && GetLastError() == 0);
	IS(PrivilegeCheck(t, &set, &held) && !held);
	LookupPrivilegeValueA(NULL, "SeTcbPrivilege", &on.Privileges[0].Luid);
	SetLastError(0);
	IS(AdjustTokenPrivileges(t, FALSE, &on, 0, NULL, NULL) &&
	   GetLastError() == ERROR_NOT_ALL_ASSIGNED);
	ERR(PrivilegeCheck(bad, &set, &held), ERROR_INVALID_HANDLE);
	ERR(AdjustTokenPrivileges(bad, TRUE, NULL, 0, NULL, NULL), ERROR_INVALID_HANDLE);
	CloseHandle(t), CloseHandle(again);
	done("privileges");
}

static void
restricted(void)
{
	HANDLE t = token(), r = NULL, imp = NULL;
	SID_AND_ATTRIBUTES off = { &users, 0 }, to = { &everyone, 0 };
	LIST(TOKEN_GROUPS) g;
	DWORD n = 0, yes = 0;
	BOOL member = FALSE;
	IS(CreateRestrictedToken(t, DISABLE_MAX_PRIVILEGE, 1, &off, 0, NULL, 1, &to, &r) && r);
	IS(IsTokenRestricted(r) && !IsTokenRestricted(t));
	IS(GetTokenInformation(r, TokenHasRestrictions, &yes, sizeof yes, &n) && yes);
	IS(GetTokenInformation(t, TokenHasRestrictions, &yes, sizeof yes, &n) && !yes);
	IS(GetTokenInformation(r, TokenRestrictedSids, &g, sizeof g, &n));
	IS(g.head.GroupCount == 1 && EqualSid(g.head.Groups[0].Sid, &everyone));
	IS(attributes(r, "SeShutdownPrivilege") == MAXDWORD);
	IS(attributes(r, "SeChangeNotifyPrivilege") & SE_PRIVILEGE_ENABLED);
	IS(attributes(t, "SeShutdownPrivilege") != MAXDWORD);
	/* the group is there to deny only */
	IS(GetTokenInformation(r, TokenGroups, &g, sizeof g, &n));
	for (DWORD i = 0; i < g.head.GroupCount; i++)
		if (EqualSid(g.head.Groups[i].Sid, &users))
			yes = g.head.Groups[i].Attributes;
	IS(yes == SE_GROUP_USE_FOR_DENY_ONLY);
	IS(DuplicateTokenEx(r, TOKEN_QUERY, NULL, SecurityImpersonation, TokenImpersonation, &imp));
	IS(CheckTokenMembership(imp, &users, &member) && !member);
	IS(CheckTokenMembership(imp, &everyone, &member) && member);
	IS(CheckTokenMembership(NULL, &users, &member) && member);
	ERR(CheckTokenMembership(t, &users, &member), ERROR_NO_IMPERSONATION_TOKEN);
	CloseHandle(imp), CloseHandle(r);
	ERR(CreateRestrictedToken(bad, 0, 0, NULL, 0, NULL, 0, NULL, &r), ERROR_INVALID_HANDLE);
	/* nothing but a copy */
	IS(CreateRestrictedToken(t, 0, 0, NULL, 0, NULL, 0, NULL, &r) && !IsTokenRestricted(r));
	CloseHandle(r), CloseHandle(t);
	done("restricted");
}

static DWORD WINAPI
idle(void *x)
{
	return WaitForSingleObject(x, INFINITE);
}

static void
impersonation(void)
{
	HANDLE t = token(), mine = NULL, imp = NULL, none = NULL;
	DWORD n, level = 9;
	ERR(OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &mine), ERROR_NO_TOKEN);
	IS(ImpersonateSelf(SecurityImpersonation));
	IS(OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &mine) && mine);
	IS(GetTokenInformation(mine, TokenType, &level, 4, &n) && level == TokenImpersonation);
	IS(GetTokenInformation(mine, TokenImpersonationLevel, &level, 4, &n) &&
	   level == SecurityImpersonation);
	CloseHandle(mine);
	IS(RevertToSelf());
	ERR(OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &mine), ERROR_NO_TOKEN);
	IS(ImpersonateLoggedOnUser(t));
	IS(OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, FALSE, &mine));
	CloseHandle(mine);
	IS(SetThreadToken(NULL, NULL));
	ERR(OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &mine), ERROR_NO_TOKEN);
	ERR(ImpersonateLoggedOnUser(bad), ERROR_INVALID_HANDLE);
	ERR(ImpersonateSelf((SECURITY_IMPERSONATION_LEVEL)9), ERROR_BAD_IMPERSONATION_LEVEL);
	/* another thread is given one */
	HANDLE stop = CreateEventA(NULL, TRUE, FALSE, NULL),
	       th = CreateThread(NULL, 0, idle, stop, 0, NULL);
	IS(DuplicateToken(t, SecurityIdentification, &imp));
	IS(SetThreadToken(&th, imp));
	IS(OpenThreadToken(th, TOKEN_QUERY, TRUE, &mine));
	IS(GetTokenInformation(mine, TokenImpersonationLevel, &level, 4, &n) &&
	   level == SecurityIdentification);
	ERR(OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &none), ERROR_NO_TOKEN);
	/* a level is not raised */
	ERR(DuplicateTokenEx(mine, 0, NULL, SecurityDelegation, TokenImpersonation, &none),
	    ERROR_BAD_IMPERSONATION_LEVEL);
	CloseHandle(mine);
	ERR(SetThreadToken(&th, t), ERROR_BAD_TOKEN_TYPE);
	ERR(SetThreadToken(&th, bad), ERROR_INVALID_HANDLE);
	ERR(SetThreadToken(&bad, imp), ERROR_INVALID_HANDLE);
	ERR(ImpersonateAnonymousToken(bad), ERROR_INVALID_HANDLE);
	/* it is allowed, or there is nobody such */
	IS(ImpersonateAnonymousToken(GetCurrentThread()) ? RevertToSelf()
	                                                 : GetLastError() == ERROR_ACCESS_DENIED);
	SetEvent(stop);
	WaitForSingleObject(th, INFINITE);
	CloseHandle(th), CloseHandle(stop), CloseHandle(imp), CloseHandle(t);
	done("impersonation");
}

static void
settings(void)
{
	HANDLE t = token(), copy = NULL;
	LIST(TOKEN_MANDATORY_LABEL) l;
	LIST(SID) low, high;
	LIST(ACL) acl;
	LIST(TOKEN_DEFAULT_DACL) d;
	DWORD n = sizeof low, session = 0;
	IS(CreateWellKnownSid(WinLowLabelSid, NULL, &low, &n));
	n = sizeof high;
	IS(CreateWellKnownSid(WinSystemLabelSid, NULL, &high, &n));
	IS(DuplicateTokenEx(t, TOKEN_ALL_ACCESS, NULL, SecurityImpersonation, TokenPrimary, &copy));
	TOKEN_MANDATORY_LABEL to = { { &low, SE_GROUP_INTEGRITY } };
	IS(SetTokenInformation(copy, TokenIntegrityLevel, &to, sizeof to + n));
	IS(GetTokenInformation(copy, TokenIntegrityLevel, &l, sizeof l, &n));
	IS(EqualSid(l.head.Label.Sid, &low));
	IS(GetTokenInformation(t, TokenIntegrityLevel, &l, sizeof l, &n));
	IS(!EqualSid(l.head.Label.Sid, &low));
	to.Label.Sid = &high;
	ERR(SetTokenInformation(copy, TokenIntegrityLevel, &to, sizeof to + n),
	    ERROR_PRIVILEGE_NOT_HELD);
	IS(InitializeAcl(&acl.head, 128, ACL_REVISION));
	IS(AddAccessAllowedAce(&acl.head, ACL_REVISION, GENERIC_READ, &everyone));
	TOKEN_DEFAULT_DACL dd = { &acl.head };
	IS(SetTokenInformation(copy, TokenDefaultDacl, &dd, sizeof dd));
	IS(GetTokenInformation(copy, TokenDefaultDacl, &d, sizeof d, &n));
	IS(d.head.DefaultDacl->AceCount == 1 && d.head.DefaultDacl->AclSize == 128 &&
	   !memcmp(d.head.DefaultDacl, &acl, 28));
	TOKEN_PRIMARY_GROUP g = { &users };
	LIST(TOKEN_PRIMARY_GROUP) got;
	IS(SetTokenInformation(copy, TokenPrimaryGroup, &g, sizeof g));
	IS(GetTokenInformation(copy, TokenPrimaryGroup, &got, sizeof got, &n) &&
	   EqualSid(got.head.PrimaryGroup, &users));
	g.PrimaryGroup = &high;
	ERR(SetTokenInformation(copy, TokenPrimaryGroup, &g, sizeof g),
	    ERROR_INVALID_PRIMARY_GROUP);
	TOKEN_OWNER o = { &everyone };
	ERR(SetTokenInformation(copy, TokenOwner, &o, sizeof o), ERROR_INVALID_OWNER);
	ERR(SetTokenInformation(copy, TokenOwner, &o, 2), ERROR_BAD_LENGTH);
	ERR(SetTokenInformation(copy, TokenSessionId, &session, 4), ERROR_PRIVILEGE_NOT_HELD);
	ERR(SetTokenInformation(bad, TokenDefaultDacl, &dd, sizeof dd), ERROR_INVALID_HANDLE);
	CloseHandle(copy), CloseHandle(t);
	done("settings");
}

static void
descriptors(void)
{
	LIST(SECURITY_DESCRIPTOR) d;
	SECURITY_DESCRIPTOR set, wrong_one = { .Revision = 7 };
	LIST(ACL) acl;
	LIST(SID) label;
	DWORD n = 0, size = sizeof label;
	PSID owner = NULL, group = NULL;
	PACL dacl = NULL;
	PSECURITY_DESCRIPTOR all = NULL;
	void *ace;
	BOOL by;
	const SECURITY_INFORMATION what =
	        OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
	HANDLE f = CreateFileW(L"owned", GENERIC_ALL, 0, NULL, CREATE_ALWAYS,
	                       FILE_FLAG_DELETE_ON_CLOSE, NULL),
	       e = CreateEventA(NULL, FALSE, FALSE, NULL);
	ERR(GetFileSecurityW(L"owned", what, &d, 4, &n), ERROR_INSUFFICIENT_BUFFER);
	IS(n > 40 && n <= sizeof d && GetFileSecurityW(L"owned", what, &d, sizeof d, &n));
	IS(IsValidSecurityDescriptor(&d) && GetSecurityDescriptorLength(&d) == n);
	IS(GetSecurityDescriptorOwner(&d, &owner, &by) && IsValidSid(owner));
	ERR(GetFileSecurityW(L"no such file", what, &d, sizeof d, &n), ERROR_FILE_NOT_FOUND);
	IS(GetKernelObjectSecurity(e, what, &d, sizeof d, &n) && IsValidSecurityDescriptor(&d));
	ERR(GetKernelObjectSecurity(e, what, &d, 4, &n), ERROR_INSUFFICIENT_BUFFER);
	ERR(GetKernelObjectSecurity(bad, what, &d, sizeof d, &n), ERROR_INVALID_HANDLE);
	IS(!GetSecurityInfo(f, SE_FILE_OBJECT, what, &owner, &group, &dacl, NULL, &all));
	IS(IsValidSid(owner) && IsValidSid(group) && IsValidAcl(dacl));
	IS(GetSecurityInfo(bad, SE_KERNEL_OBJECT, what, &owner, NULL, NULL, NULL, &all) ==
	   ERROR_INVALID_HANDLE);
	/* what is there may be set again; nobody else may become the owner */
	IS(InitializeSecurityDescriptor(&set, SECURITY_DESCRIPTOR_REVISION) &&
	   SetSecurityDescriptorDacl(&set, TRUE, dacl, FALSE));
	IS(SetFileSecurityW(L"owned", DACL_SECURITY_INFORMATION, &set));
	IS(SetKernelObjectSecurity(e, DACL_SECURITY_INFORMATION, &set));
	IS(!SetSecurityInfo(f, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, dacl, NULL));
	IS(!SetNamedSecurityInfoW((WCHAR *)L"owned", SE_FILE_OBJECT,
	                          OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, owner,
	                          NULL, dacl, NULL));
	IS(SetNamedSecurityInfoW((WCHAR *)L"owned", SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION,
	                         &everyone, NULL, NULL, NULL) == ERROR_INVALID_OWNER);
	IS(SetSecurityInfo(f, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, &everyone, NULL, NULL,
	                   NULL) == ERROR_INVALID_OWNER);
	ERR(SetFileSecurityW(L"no such file", DACL_SECURITY_INFORMATION, &set),
	    ERROR_FILE_NOT_FOUND);
	ERR(SetFileSecurityW(L"owned", DACL_SECURITY_INFORMATION, &wrong_one),
	    ERROR_INVALID_SECURITY_DESCR);
	IS(SetNamedSecurityInfoW((WCHAR *)L"no such file", SE_FILE_OBJECT,
	                         DACL_SECURITY_INFORMATION, NULL, NULL, dacl,
	                         NULL) == ERROR_FILE_NOT_FOUND);
	IS(SetSecurityInfo(bad, SE_KERNEL_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, dacl,
	                   NULL) == ERROR_INVALID_HANDLE);
	ERR(SetKernelObjectSecurity(bad, DACL_SECURITY_INFORMATION, &set), ERROR_INVALID_HANDLE);
	LocalFree(all);
	CloseHandle(e), CloseHandle(f);
	/* labels */
	IS(CreateWellKnownSid(WinLowLabelSid, NULL, &label, &size));
	IS(InitializeAcl(&acl.head, 64, ACL_REVISION));
	IS(AddMandatoryAce(&acl.head, ACL_REVISION, CONTAINER_INHERIT_ACE,
	                   SYSTEM_MANDATORY_LABEL_NO_WRITE_UP, &label));
	IS(acl.head.AceCount == 1 && GetAce(&acl.head, 0, &ace));
	SYSTEM_MANDATORY_LABEL_ACE *m = ace;
	IS(m->Header.AceType == SYSTEM_MANDATORY_LABEL_ACE_TYPE && m->Header.AceSize == 20 &&
	   m->Header.AceFlags == CONTAINER_INHERIT_ACE && m->Mask == 1 &&
	   EqualSid(&m->SidStart, &label));
	IS(InitializeAcl(&acl.head, 16, ACL_REVISION));
	ERR(AddMandatoryAce(&acl.head, ACL_REVISION, 0, 1, &label), ERROR_ALLOTTED_SPACE_EXCEEDED);
	done("descriptors");
}

static void
keys(void)
{
	static const char path[] = "Software\\Joist rights";
	LIST(SECURITY_DESCRIPTOR) d;
	HKEY k = NULL, o = NULL, c = NULL;
	DWORD n = 4, v = 5;
	HANDLE t = token();
	IS(!RegCreateKeyA(HKEY_CURRENT_USER, path, &k));
	IS(RegGetKeySecurity(k, OWNER_SECURITY_INFORMATION, &d, &n) == ERROR_INSUFFICIENT_BUFFER);
	IS(n > 20 && !RegGetKeySecurity(k, OWNER_SECURITY_INFORMATION, &d, &n));
	IS(IsValidSecurityDescriptor(&d) && !RegSetKeySecurity(k, DACL_SECURITY_INFORMATION, &d));
	IS(RegGetKeySecurity((HKEY)bad, OWNER_SECURITY_INFORMATION, &d, &n) ==
	   ERROR_INVALID_HANDLE);
	IS(RegSetKeySecurity((HKEY)bad, OWNER_SECURITY_INFORMATION, &d) == ERROR_INVALID_HANDLE);
	/* another key in the place of a predefined one */
	IS(!RegSetKeyValueA(k, "inner", "v", REG_DWORD, &v, sizeof v));
	IS(!RegOverridePredefKey(HKEY_CURRENT_USER, k));
	IS(!RegOpenKeyExA(HKEY_CURRENT_USER, "inner", 0, KEY_READ, &o) && !RegCloseKey(o));
	IS(RegOpenKeyA(HKEY_CURRENT_USER, "Environment", &o) == ERROR_FILE_NOT_FOUND);
	IS(!RegOverridePredefKey(HKEY_CURRENT_USER, NULL));
	IS(!RegOpenKeyA(HKEY_CURRENT_USER, "Environment", &o) && !RegCloseKey(o));
	IS(RegOverridePredefKey(k, k) == ERROR_INVALID_HANDLE);
	IS(RegOverridePredefKey(HKEY_CURRENT_USER, (HKEY)bad) == ERROR_INVALID_HANDLE);
	/* the registry of this computer, and of one that is not there */
	WCHAR name[64] = L"\\\\";
	DWORD m = 60;
	IS(GetComputerNameW(name + 2, &m));
	IS(!RegConnectRegistryW(NULL, HKEY_LOCAL_MACHINE, &c) && !RegOpenKeyA(c, "SOFTWARE", &o) &&
	   !RegCloseKey(o) && !RegCloseKey(c));
	IS(!RegConnectRegistryW(name, HKEY_USERS, &c) && !RegCloseKey(c));
	IS(RegConnectRegistryW(L"\\\\no-such-computer", HKEY_LOCAL_MACHINE, &c) ==
	   ERROR_BAD_NETPATH);
	IS(RegConnectRegistryW(NULL, k, &c) == ERROR_INVALID_HANDLE);
	IS(!RegOpenUserClassesRoot(t, 0, KEY_READ, &c) && !RegCloseKey(c));
	IS(RegOpenUserClassesRoot(bad, 0, KEY_READ, &c) == ERROR_INVALID_HANDLE);
	IS(!RegDisablePredefinedCacheEx());
	IS(!RegDisableReflectionKey(k) &&
	   RegDisableReflectionKey((HKEY)bad) == ERROR_INVALID_HANDLE);
	IS(!RegCloseKey(k) && !RegDeleteTreeA(HKEY_CURRENT_USER, path));
	CloseHandle(t);
	done("keys");
}

static void
many_values(void)
{
	WCHAR one[] = L"one", two[] = L"two", none[] = L"three", room[64];
	VALENTW v[2] = { { .ve_valuename = one }, { .ve_valuename = two } };
	DWORD number = 0x12345678, total = sizeof room;
	HKEY k = NULL;
	IS(!RegCreateKeyA(HKEY_CURRENT_USER, "Software\\Joist many", &k));
	IS(!RegSetValueExW(k, one, 0, REG_SZ, (BYTE *)L"text", 10));
	IS(!RegSetValueExW(k, two, 0, REG_DWORD, (BYTE *)&number, 4));
	IS(!RegQueryMultipleValuesW(k, v, 2, room, &total) && total >= 14 && total <= 20);
	IS(v[0].ve_type == REG_SZ && v[0].ve_valuelen == 10 &&
	   !wcscmp((WCHAR *)v[0].ve_valueptr, L"text"));
	IS(v[1].ve_type == REG_DWORD && v[1].ve_valuelen == 4 &&
	   *(DWORD *)v[1].ve_valueptr == number);
	IS((WCHAR *)v[1].ve_valueptr >= room && (WCHAR *)v[1].ve_valueptr < room + 64);
	DWORD need = 4;
	IS(RegQueryMultipleValuesW(k, v, 2, room, &need) == ERROR_MORE_DATA && need == total);
	v[1].ve_valuename = none;
	total = sizeof room;
	IS(RegQueryMultipleValuesW(k, v, 2, room, &total) != ERROR_SUCCESS);
	IS(RegQueryMultipleValuesW((HKEY)bad, v, 1, room, &total) == ERROR_INVALID_HANDLE);
	IS(!RegCloseKey(k) && !RegDeleteTreeA(HKEY_CURRENT_USER, "Software\\Joist many"));
	done("many values");
}

static void WINAPI never(DWORD n, WCHAR **a) { (void)n, (void)a, wrong++; }
static void WINAPI handler(DWORD c) { (void)c, wrong++; }
static DWORD WINAPI handler_ex(DWORD c, DWORD t, void *d, void *x) { (void)c, (void)t, (void)d, (void)x; return 0; }

static void
services(void)
{
	SERVICE_TABLE_ENTRYW table[] = { { (WCHAR *)L"joist", never }, { NULL, NULL } };
	SERVICE_STATUS s = { SERVICE_WIN32_OWN_PROCESS, SERVICE_RUNNING, 0, 0, 0, 0, 0 };
	/* a console program was not started by the control manager */
	ERR(StartServiceCtrlDispatcherW(table), ERROR_FAILED_SERVICE_CONTROLLER_CONNECT);
	ERR(RegisterServiceCtrlHandlerW(L"joist", handler), ERROR_SERVICE_NOT_IN_EXE);
	ERR(RegisterServiceCtrlHandlerA("joist", handler), ERROR_SERVICE_NOT_IN_EXE);
	ERR(RegisterServiceCtrlHandlerExW(L"joist", handler_ex, NULL), ERROR_SERVICE_NOT_IN_EXE);
	ERR(SetServiceStatus(NULL, &s), ERROR_INVALID_HANDLE);
	ERR(QueryServiceStatus(NULL, &s), ERROR_INVALID_HANDLE);
	ERR(DeleteService(NULL), ERROR_INVALID_HANDLE);
	SC_HANDLE m = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
	IS(m ? CloseServiceHandle(m)
	     : GetLastError() == RPC_S_SERVER_UNAVAILABLE || GetLastError() == ERROR_ACCESS_DENIED);
	done("services");
}

static ULONG WINAPI control(WMIDPREQUESTCODE c, void *x, ULONG *n, void *b) { (void)c, (void)x, (void)n, (void)b; return 0; }

static void
traces(void)
{
	GUID id = { 0x4a6f6973, 1, 2, { 3 } }, event = { 0x4a6f6973, 1, 3, { 3 } };
	TRACE_GUID_REGISTRATION g = { &event, NULL };
	TRACEHANDLE h = 0;
	REGHANDLE r = 0;
	ULONG(WINAPI * set)
	(REGHANDLE, int, void *, ULONG) =
	        (void *)GetProcAddress(GetModuleHandleA("advapi32"), "EventSetInformation");
	IS(!RegisterTraceGuidsW(control, NULL, &id, 1, &g, NULL, NULL, &h) && h);
	IS(!UnregisterTraceGuids(h));
	IS(RegisterTraceGuidsW(control, NULL, NULL, 1, &g, NULL, NULL, &h) ==
	   ERROR_INVALID_PARAMETER);
	IS(RegisterTraceGuidsW(NULL, NULL, &id, 1, &g, NULL, NULL, &h) == ERROR_INVALID_PARAMETER);
	IS(RegisterTraceGuidsW(control, NULL, &id, 1, NULL, NULL, NULL, &h) ==
	   ERROR_INVALID_PARAMETER);
	IS(UnregisterTraceGuids(0) == ERROR_INVALID_PARAMETER);
	/* traits: size, name, no more */
	static const char traits[] = "\x08\0joist";
	IS(!EventRegister(&id, NULL, NULL, &r));
	IS(set && !set(r, 2 /* EventProviderSetTraits */, (void *)traits, 8));
	IS(set && set(0, 2, (void *)traits, 8) != ERROR_SUCCESS);
	IS(!EventUnregister(r));
	done("traces");
}

int
main(void)
{
	DWORD n = sizeof everyone;
	IS(CreateWellKnownSid(WinWorldSid, NULL, &everyone, &n));
	n = sizeof users;
	IS(CreateWellKnownSid(WinBuiltinUsersSid, NULL, &users, &n));
	privileges();
	restricted();
	impersonation();
	settings();
	descriptors();
	keys();
	many_values();
	services();
	traces();
	return 0;
}
