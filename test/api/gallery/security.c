/* SPDX-License-Identifier: Apache-2.0 */
// advapi32 beyond the registry's wide half: identifiers and lists of rights, descriptors, tokens,
// hashes and random numbers, events, services that are not there, and the registry's narrow half.
// needs: joist mingw
// libs: -ladvapi32
// run: joist run --rm $GUEST
// expect: identifiers: ok
// expect: lists: ok
// expect: descriptors: ok
// expect: tokens: ok
// expect: hashes: ok
// expect: events: ok
// expect: services: ok
// expect: registry: ok
#define _WIN32_WINNT 0x0A00
#include "check.h"
#include <aclapi.h>
#include <evntprov.h>
#include <sddl.h>
#include <wincrypt.h>

static SID_IDENTIFIER_AUTHORITY nt = SECURITY_NT_AUTHORITY;
static union {
	SID sid;
	char room[SECURITY_MAX_SID_SIZE];
} admins, users;

static void
identifiers(void)
{
	char *text = NULL;
	IS(GetSidLengthRequired(2) == 16);
	IS(InitializeSid(&admins.sid, &nt, 2) && InitializeSid(&users.sid, &nt, 2));
	*GetSidSubAuthority(&admins.sid, 0) = *GetSidSubAuthority(&users.sid, 0) = 32;
	*GetSidSubAuthority(&admins.sid, 1) = 544;
	*GetSidSubAuthority(&users.sid, 1) = 545;
	IS(*GetSidSubAuthorityCount(&admins.sid) == 2);
	IS(GetSidIdentifierAuthority(&admins.sid)->Value[5] == 5);
	IS(EqualPrefixSid(&admins.sid, &users.sid) && !EqualSid(&admins.sid, &users.sid));
	IS(ConvertSidToStringSidA(&admins.sid, &text) && !strcmp(text, "S-1-5-32-544"));
	LocalFree(text);
	PSID back = NULL;
	IS(ConvertStringSidToSidA("S-1-5-32-545", &back) && EqualSid(back, &users.sid));
	LocalFree(back);
	char name[64], domain[64];
	DWORD n = sizeof name, d = sizeof domain;
	SID_NAME_USE use;
	IS(LookupAccountSidA(NULL, &admins.sid, name, &n, domain, &d, &use));
	IS(!strcmp(name, "Administrators") && !strcmp(domain, "BUILTIN") && use == SidTypeAlias);
	n = sizeof name;
	IS(GetUserNameA(name, &n) && n == strlen(name) + 1 && n > 1);
	done("identifiers");
}

static void
lists(void)
{
	union {
		ACL acl;
		char room[256];
	} l;
	void *ace = NULL, *end = NULL;
	IS(InitializeAcl(&l.acl, sizeof l, ACL_REVISION));
	IS(AddAccessDeniedAce(&l.acl, ACL_REVISION, GENERIC_WRITE, &users.sid));
	IS(AddAccessAllowedAce(&l.acl, ACL_REVISION, GENERIC_ALL, &admins.sid));
	IS(AddAccessDeniedAceEx(&l.acl, ACL_REVISION, OBJECT_INHERIT_ACE, 1, &users.sid));
	IS(l.acl.AceCount == 3 && GetAce(&l.acl, 1, &ace));
	IS(((ACE_HEADER *)ace)->AceType == ACCESS_ALLOWED_ACE_TYPE);
	IS(EqualSid(&((ACCESS_ALLOWED_ACE *)ace)->SidStart, &admins.sid));
	IS(DeleteAce(&l.acl, 0) && l.acl.AceCount == 2);
	IS(GetAce(&l.acl, 0, &ace) && ((ACE_HEADER *)ace)->AceType == ACCESS_ALLOWED_ACE_TYPE);
	IS(AddAce(&l.acl, ACL_REVISION, MAXDWORD, ace, ((ACE_HEADER *)ace)->AceSize));
	IS(l.acl.AceCount == 3 && FindFirstFreeAce(&l.acl, &end));
	IS((char *)end > l.room && (char *)end < l.room + sizeof l);
	GENERIC_MAPPING m = { 1, 2, 4, 7 };
	DWORD mask = GENERIC_READ | GENERIC_EXECUTE | 16;
	MapGenericMask(&mask, &m);
	IS(mask == (1 | 4 | 16));
	done("lists");
}

static void
descriptors(void)
{
	SECURITY_DESCRIPTOR d;
	union {
		SECURITY_DESCRIPTOR_RELATIVE d;
		char room[256];
	} self;
	DWORD size = sizeof self;
	BOOL there = TRUE, byself = TRUE;
	PACL acl = NULL;
	PSID owner = NULL;
	IS(InitializeSecurityDescriptor(&d, SECURITY_DESCRIPTOR_REVISION));
	IS(SetSecurityDescriptorOwner(&d, &admins.sid, FALSE));
	IS(SetSecurityDescriptorGroup(&d, &users.sid, FALSE));
	IS(SetSecurityDescriptorSacl(&d, FALSE, NULL, FALSE));
	IS(GetSecurityDescriptorSacl(&d, &there, &acl, &byself) && !there);
	IS(SetSecurityDescriptorControl(&d, SE_DACL_PROTECTED, SE_DACL_PROTECTED));
	IS(MakeSelfRelativeSD(&d, &self, &size));
	IS(IsValidSecurityDescriptor(&self) && GetSecurityDescriptorLength(&self) == size);
	IS(GetSecurityDescriptorOwner(&self, &owner, &byself) && EqualSid(owner, &admins.sid));
	size = 1;
	ERR(MakeSelfRelativeSD(&d, &self, &size), ERROR_INSUFFICIENT_BUFFER);
	done("descriptors");
}

static void
tokens(void)
{
	HANDLE t = NULL, copy = NULL, primary = NULL;
	WCHAR name[64];
	DWORD n = 64;
	LUID a, w;
	IS(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_DUPLICATE, &t));
	IS(DuplicateToken(t, SecurityImpersonation, &copy) && copy);
	IS(DuplicateTokenEx(t, TOKEN_QUERY, NULL, SecurityImpersonation, TokenPrimary, &primary));
	IS(!IsTokenRestricted(t));
	IS(LookupPrivilegeValueA(NULL, "SeDebugPrivilege", &a));
	IS(LookupPrivilegeValueW(NULL, L"SeDebugPrivilege", &w) && a.LowPart == w.LowPart);
	IS(LookupPrivilegeNameW(NULL, &a, name, &n) && !wcscmp(name, L"SeDebugPrivilege"));
	ERR(LookupPrivilegeValueA(NULL, "SeNone", &a), ERROR_NO_SUCH_PRIVILEGE);
	IS(ImpersonateSelf(SecurityImpersonation) && RevertToSelf());
	CloseHandle(t), CloseHandle(copy), CloseHandle(primary);
	done("tokens");
}

static void
hashes(void)
{
	/* FIPS 180-4's example: SHA-1 of "abc" */
	static const BYTE want[20] = { 0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e,
		                       0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d };
	HCRYPTPROV p = 0, q = 0;
	HCRYPTHASH h = 0, two = 0;
	BYTE got[20], a[16] = { 0 }, b[16] = { 0 };
	DWORD n = sizeof got;
	IS(CryptAcquireContextA(&p, NULL, NULL, PROV_RSA_AES, CRYPT_VERIFYCONTEXT));
	IS(CryptAcquireContextW(&q, NULL, NULL, PROV_RSA_FULL, CRYPT_VERIFYCONTEXT));
	IS(CryptCreateHash(p, CALG_SHA1, 0, 0, &h) && CryptHashData(h, (const BYTE *)"a", 1, 0));
	IS(CryptDuplicateHash(h, NULL, 0, &two) && CryptHashData(two, (const BYTE *)"x", 1, 0));
	IS(CryptHashData(h, (const BYTE *)"bc", 2, 0));
	IS(CryptGetHashParam(h, HP_HASHVAL, got, &n, 0) && n == 20 && !memcmp(got, want, 20));
	IS(CryptGetHashParam(two, HP_HASHVAL, got, &n, 0) && memcmp(got, want, 20));
	IS(CryptDestroyHash(h) && CryptDestroyHash(two));
	IS(CryptGenRandom(p, sizeof a, a) && CryptGenRandom(q, sizeof b, b));
	IS(memcmp(a, b, sizeof a));
	BOOLEAN(WINAPI * random)
	(void *, ULONG) = (void *)GetProcAddress(GetModuleHandleA("advapi32"), "SystemFunction036");
	IS(random && random(b, sizeof b) && memcmp(a, b, sizeof a));
	IS(CryptReleaseContext(p, 0) && CryptReleaseContext(q, 0));
	done("hashes");
}

/* Nobody listens: registering works, nothing is enabled, writing succeeds. */
static void
events(void)
{
	static const GUID provider = { 1, 2, 3, { 5 } };
	static const EVENT_DESCRIPTOR event = { .Id = 1 };
	REGHANDLE h = 0;
	GUID activity = { 0 };
	IS(!EventRegister(&provider, NULL, NULL, &h));
	IS(!EventEnabled(h, &event) && !EventProviderEnabled(h, 4, 1));
	IS(!EventWrite(h, &event, 0, NULL) && !EventWriteTransfer(h, &event, NULL, NULL, 0, NULL));
	IS(!EventWriteString(h, 4, 1, L"words"));
	IS(!EventActivityIdControl(EVENT_ACTIVITY_CTRL_CREATE_ID, &activity) && activity.Data1);
	IS(!EventUnregister(h));
	HANDLE log = RegisterEventSourceW(NULL, L"joist"),
	       narrow = RegisterEventSourceA(NULL, "joist");
	const WCHAR *words = L"words";
	const char *bytes = "words";
	IS(log && ReportEventW(log, EVENTLOG_INFORMATION_TYPE, 0, 1, NULL, 1, 0, &words, NULL));
	IS(narrow &&
	   ReportEventA(narrow, EVENTLOG_INFORMATION_TYPE, 0, 1, NULL, 1, 0, &bytes, NULL));
	IS(DeregisterEventSource(log) && DeregisterEventSource(narrow));
	done("events");
}

static void WINAPI never(DWORD n, LPSTR *a) { (void)n, (void)a, wrong++; }

static void
services(void)
{
	SERVICE_TABLE_ENTRYA table[] = { { "joist", never }, { NULL, NULL } };
	ERR(StartServiceCtrlDispatcherA(table), ERROR_FAILED_SERVICE_CONTROLLER_CONNECT);
	SC_HANDLE m = OpenSCManagerA(NULL, NULL, SC_MANAGER_CONNECT);
	if (m) {
		ERR(OpenServiceA(m, "no-such-service", SERVICE_QUERY_STATUS),
		    ERROR_SERVICE_DOES_NOT_EXIST);
		ERR(OpenServiceW(m, L"no-such-service", SERVICE_QUERY_STATUS),
		    ERROR_SERVICE_DOES_NOT_EXIST);
		IS(CloseServiceHandle(m));
	} else {
		IS(GetLastError() == ERROR_ACCESS_DENIED ||
		   GetLastError() == RPC_S_SERVER_UNAVAILABLE);
	}
	done("services");
}

static void
registry(void)
{
	HKEY k = NULL, sub = NULL, user = NULL;
	char name[64], data[64];
	WCHAR wide[64];
	DWORD n = sizeof name, size = sizeof data, type = 0, keys = 0, values = 0;
	IS(!RegCreateKeyA(HKEY_CURRENT_USER, "Software\\Joist test", &k));
	IS(!RegCreateKeyW(k, L"below", &sub) && !RegCloseKey(sub));
	IS(!RegOpenKeyA(k, "BELOW", &sub) && !RegCloseKey(sub));
	IS(!RegOpenKeyExW(k, L"below", 0, KEY_READ, &sub) && !RegCloseKey(sub));
	IS(!RegSetKeyValueA(k, NULL, "colour", REG_SZ, "green", 6));
	IS(!RegSetValueW(k, L"below", REG_SZ, L"word", 8));
	LONG bytes = sizeof wide;
	IS(!RegQueryValueW(k, L"below", wide, &bytes) && !wcscmp(wide, L"word"));
	IS(!RegQueryInfoKeyA(k, NULL, NULL, NULL, &keys, NULL, NULL, &values, NULL, NULL, NULL,
	                     NULL));
	IS(keys == 1 && values == 1);
	IS(!RegEnumValueA(k, 0, name, &n, NULL, &type, (BYTE *)data, &size));
	IS(n == 6 && size == 6 && type == REG_SZ && !strcmp(name, "colour") &&
	   !strcmp(data, "green"));
	n = sizeof name;
	IS(!RegEnumKeyExA(k, 0, name, &n, NULL, NULL, NULL, NULL) && n == 5 &&
	   !strcmp(name, "below"));
	IS(!RegEnumKeyA(k, 0, name, sizeof name) && !RegEnumKeyW(k, 0, wide, 64));
	IS(RegEnumKeyA(k, 1, name, sizeof name) == ERROR_NO_MORE_ITEMS);
	IS(!RegDeleteKeyValueW(k, NULL, L"colour"));
	IS(RegDeleteValueA(k, "colour") == ERROR_FILE_NOT_FOUND);
	IS(!RegOpenCurrentUser(KEY_READ, &user) && !RegCloseKey(user));
	IS(!RegDeleteKeyA(k, "below") && RegDeleteKeyExA(k, "below", 0, 0) == ERROR_FILE_NOT_FOUND);
	IS(RegDeleteKeyExW(k, L"below", 0, 0) == ERROR_FILE_NOT_FOUND);
	IS(!RegCloseKey(k) && !RegDeleteTreeA(HKEY_CURRENT_USER, "Software\\Joist test"));
	IS(RegOpenKeyA(HKEY_CURRENT_USER, "Software\\Joist test", &k) == ERROR_FILE_NOT_FOUND);
	IS(!RegDisablePredefinedCache());
	done("registry");
}

int
main(void)
{
	identifiers();
	lists();
	descriptors();
	tokens();
	hashes();
	events();
	services();
	registry();
	return 0;
}
