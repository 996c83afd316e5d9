/* SPDX-License-Identifier: Apache-2.0 */
// What the registry of a new machine holds, row by row, as a program reads it; that it agrees with
// what the functions say; and the identifiers that are the same everywhere, both ways.
// needs: joist mingw
// libs: -ladvapi32
// run: joist run --rm --hostname a-name-of-more-than-fifteen.letters $GUEST
// expect: rows: ok
// expect: agreement: ok
// expect: identifiers: ok
// expect: accounts: ok
#include "check.h"
#include <sddl.h>
#include <stdlib.h>

static const struct row {
	const char *key, *name;
	DWORD type;
	const char *text;
	DWORD number;
} rows[] = {
#define KEY(key)                     { key, NULL, 0, NULL, 0 },
#define TEXT_(key, name, type, text) { key, name, type, text, 0 },
#define NUMBER(key, name, number)    { key, name, REG_DWORD, NULL, number },
#undef TEXT
#define TEXT TEXT_
#include "../../../layer/api/nt/registry/registry.def"
#undef TEXT
};

static HKEY
root(const char *path, const char **rest)
{
	*rest = strchr(path, '\\') + 1;
	return !strncmp(path, "HKLM", 4)   ? HKEY_LOCAL_MACHINE
	       : !strncmp(path, "HKCU", 4) ? HKEY_CURRENT_USER
	                                   : HKEY_USERS;
}

static void
each_row(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *r = &rows[i];
		const char *rest;
		char data[512] = "";
		DWORD type = 0, n = sizeof data, length = r->text ? (DWORD)strlen(r->text) + 1 : 4;
		HKEY top = root(r->key, &rest), k = NULL;
		int right = !RegOpenKeyExA(top, rest, 0, KEY_READ, &k);
		if (right && r->name) {
			right = !RegQueryValueExA(k, r->name, NULL, &type, (BYTE *)data, &n) &&
			        type == r->type && n == length &&
			        !memcmp(data, r->text ? r->text : (char *)&r->number, length);
			/* the same, wide, with the size asked first */
			WCHAR name[64], wide[512] = L"";
			DWORD size = 0, have;
			MultiByteToWideChar(CP_UTF8, 0, r->name, -1, name, 64);
			have = r->text ? length * 2 : 4;
			right = right && !RegQueryValueExW(k, name, NULL, NULL, NULL, &size) &&
			        size == have;
			size = 1;
			right = right &&
			        RegQueryValueExW(k, name, NULL, NULL, (BYTE *)wide, &size) ==
			                ERROR_MORE_DATA &&
			        size == have;
			right = right && RegQueryValueExA(k, "no such value", NULL, NULL, NULL,
			                                  NULL) == ERROR_FILE_NOT_FOUND;
		}
		if (!right)
			wrong++, printf("%s: %s\n", r->key, r->name ? r->name : "");
		RegCloseKey(k);
	}
	done("rows");
}

/* A value of text, expanded when it is to be. */
static const char *
value(HKEY top, const char *key, const char *name)
{
	static char text[4][512];
	static int turn;
	char *p = text[turn++ & 3];
	DWORD n = 512;
	*p = 0;
	IS(!RegGetValueA(top, key, name, RRF_RT_REG_SZ, NULL, p, &n));
	return p;
}

static int
is_environment(const char *name, const char *path)
{
	char v[512] = "";
	return GetEnvironmentVariableA(name, v, sizeof v) && !strcmp(v, path);
}

static void
agreement(void)
{
	static const char nt[] = "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion",
	                  win[] = "SOFTWARE\\Microsoft\\Windows\\CurrentVersion",
	                  control[] = "SYSTEM\\CurrentControlSet\\Control\\";
	char path[256], text[256];
	OSVERSIONINFOEXW v = { .dwOSVersionInfoSize = sizeof v };
	LONG(WINAPI * version)
	(OSVERSIONINFOEXW *) = (void *)GetProcAddress(GetModuleHandleA("ntdll"), "RtlGetVersion");
	DWORD major = 0, n = 4;
	IS(version && !version(&v));
	IS((DWORD)strtoul(value(HKEY_LOCAL_MACHINE, nt, "CurrentBuildNumber"), NULL, 10) ==
	   v.dwBuildNumber);
	IS((DWORD)strtoul(value(HKEY_LOCAL_MACHINE, nt, "CurrentBuild"), NULL, 10) ==
	   v.dwBuildNumber);
	IS(!RegGetValueA(HKEY_LOCAL_MACHINE, nt, "CurrentMajorVersionNumber", RRF_RT_REG_DWORD,
	                 NULL, &major, &n) &&
	   major == v.dwMajorVersion);
	IS(v.wProductType == VER_NT_WORKSTATION &&
	   !strcmp(value(HKEY_LOCAL_MACHINE, "SYSTEM\\CurrentControlSet\\Control\\ProductOptions",
	                 "ProductType"),
	           "WinNT"));
	GetWindowsDirectoryA(text, sizeof text);
	IS(!lstrcmpiA(value(HKEY_LOCAL_MACHINE, nt, "SystemRoot"), text));
	IS(is_environment("ProgramFiles", value(HKEY_LOCAL_MACHINE, win, "ProgramFilesDir")));
	snprintf(path, sizeof path, "%sSession Manager\\Environment", control);
	IS(is_environment("ComSpec", value(HKEY_LOCAL_MACHINE, path, "ComSpec")) ||
	   !lstrcmpiA(value(HKEY_LOCAL_MACHINE, path, "ComSpec"), getenv("ComSpec")));
	IS(is_environment("OS", value(HKEY_LOCAL_MACHINE, path, "OS")));
	SYSTEM_INFO si;
	GetNativeSystemInfo(&si);
	IS(si.wProcessorArchitecture == PROCESSOR_ARCHITECTURE_AMD64 &&
	   !strcmp(value(HKEY_LOCAL_MACHINE, path, "PROCESSOR_ARCHITECTURE"), "AMD64"));
	snprintf(path, sizeof path, "%sNls\\CodePage", control);
	IS((UINT)strtoul(value(HKEY_LOCAL_MACHINE, path, "ACP"), NULL, 10) == GetACP());
	IS((UINT)strtoul(value(HKEY_LOCAL_MACHINE, path, "OEMCP"), NULL, 10) == GetOEMCP());
	snprintf(path, sizeof path, "%sComputerName\\ActiveComputerName", control);
	n = sizeof text;
	IS(GetComputerNameA(text, &n));
	IS(!strcmp(value(HKEY_LOCAL_MACHINE, path, "ComputerName"), text));
	/* the user's own */
	static const char intl[] = "Control Panel\\International";
	IS(strtoul(value(HKEY_CURRENT_USER, intl, "Locale"), NULL, 16) == GetUserDefaultLCID());
	GetLocaleInfoA(LOCALE_USER_DEFAULT, LOCALE_SSHORTDATE, text, sizeof text);
	IS(!strcmp(value(HKEY_CURRENT_USER, intl, "sShortDate"), text));
	GetLocaleInfoA(LOCALE_USER_DEFAULT, LOCALE_SDECIMAL, text, sizeof text);
	IS(!strcmp(value(HKEY_CURRENT_USER, intl, "sDecimal"), text));
	IS(is_environment("APPDATA",
	                  value(HKEY_CURRENT_USER,
	                        "Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\"
	                        "User Shell Folders",
	                        "AppData")));
	/* what the host is */
	snprintf(path, sizeof path, "HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\%lu",
	         si.dwNumberOfProcessors - 1);
	IS(*value(HKEY_LOCAL_MACHINE, path, "ProcessorNameString"));
	done("agreement");
}

static const struct well {
	int type;
	const WCHAR *text, *name, *domain;
	SID_NAME_USE use;
} wells[] = {
#define SID_WELL_KNOWN SidTypeWellKnownGroup
#define SID_DOMAIN     SidTypeDomain
#define SID_ALIAS      SidTypeAlias
#define SID_LABEL      SidTypeLabel
#define WELL(type, text, name, domain, use)                                                        \
	{ type, (const WCHAR *)text, (const WCHAR *)name, (const WCHAR *)domain, use },
#include "../../../layer/api/nt/sid.def"
};

static void
identifiers(void)
{
	for (size_t i = 0; i < sizeof wells / sizeof *wells; i++) {
		const struct well *w = &wells[i];
		WCHAR name[64], domain[64], full[132], *text = NULL;
		DWORD n = 64, d = 64, size = SECURITY_MAX_SID_SIZE;
		char sid[SECURITY_MAX_SID_SIZE], back[SECURITY_MAX_SID_SIZE];
		SID_NAME_USE use = 0;
		PSID made = NULL;
		int right = ConvertStringSidToSidW(w->text, &made);
		right = right && LookupAccountSidW(NULL, made, name, &n, domain, &d, &use) &&
		        !wcscmp(name, w->name) && !wcscmp(domain, w->domain) && use == w->use &&
		        n == wcslen(name) && d == wcslen(domain);
		if (w->type >= 0)
			right = right && CreateWellKnownSid(w->type, NULL, sid, &size) &&
			        EqualSid(sid, made) && IsWellKnownSid(made, w->type) &&
			        !IsWellKnownSid(made, WinNtAuthoritySid + 1 +
			                                      (w->type == WinNtAuthoritySid + 1));
		right = right && ConvertSidToStringSidW(made, &text) && !wcscmp(text, w->text);
		/* and from the name, without the domain and with it */
		if (right && *w->name) {
			size = sizeof back, d = 64;
			right = LookupAccountNameW(NULL, w->name, back, &size, domain, &d, &use) &&
			        EqualSid(back, made) && use == w->use;
			swprintf_s(full, 132, L"%ls\\%ls", w->domain, w->name);
			size = sizeof back, d = 64;
			right = right &&
			        (!*w->domain ||
			         (LookupAccountNameW(NULL, full, back, &size, domain, &d, &use) &&
			          EqualSid(back, made)));
		}
		if (!right)
			wrong++, printf("%ls\n", w->text);
		LocalFree(text), LocalFree(made);
	}
	/* what the documentation of well-known SIDs says of some */
	char sid[SECURITY_MAX_SID_SIZE];
	char *text = NULL;
	DWORD size = sizeof sid;
	IS(CreateWellKnownSid(84 /* WinBuiltinAnyPackageSid */, NULL, sid, &size) && size == 16);
	IS(ConvertSidToStringSidA(sid, &text) && !strcmp(text, "S-1-15-2-1"));
	LocalFree(text);
	size = sizeof sid;
	IS(CreateWellKnownSid(WinLocalSystemSid, NULL, sid, &size));
	IS(ConvertSidToStringSidA(sid, &text) && !strcmp(text, "S-1-5-18"));
	LocalFree(text);
	size = 4;
	ERR(CreateWellKnownSid(WinLocalSystemSid, NULL, sid, &size), ERROR_INSUFFICIENT_BUFFER);
	IS(size == 12);
	done("identifiers");
}

static void
accounts(void)
{
	WCHAR user[64], computer[64], full[132], domain[64];
	char sid[SECURITY_MAX_SID_SIZE], two[SECURITY_MAX_SID_SIZE], token[128];
	DWORD n = 64, m = 64, size = sizeof sid, d = 64;
	SID_NAME_USE use = 0;
	HANDLE t = NULL;
	IS(GetUserNameW(user, &n) && GetComputerNameW(computer, &m));
	IS(LookupAccountNameW(NULL, user, sid, &size, domain, &d, &use) && use == SidTypeUser);
	IS(d == wcslen(domain) && !wcscmp(domain, computer));
	IS(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &t));
	IS(GetTokenInformation(t, TokenUser, token, sizeof token, &n));
	IS(EqualSid(((TOKEN_USER *)token)->User.Sid, sid));
	CloseHandle(t);
	swprintf_s(full, 132, L"%ls\\%ls", computer, user);
	size = sizeof two, d = 64;
	IS(LookupAccountNameW(NULL, full, two, &size, domain, &d, &use) && EqualSid(sid, two));
	size = 0, d = 0;
	ERR(LookupAccountNameW(NULL, user, NULL, &size, NULL, &d, &use), ERROR_INSUFFICIENT_BUFFER);
	IS(size == GetLengthSid(sid) && d == wcslen(computer) + 1);
	size = sizeof two, d = 64;
	ERR(LookupAccountNameW(NULL, L"nobody of that name", two, &size, domain, &d, &use),
	    ERROR_NONE_MAPPED);
	size = sizeof two, d = 64;
	ERR(LookupAccountNameW(NULL, L"NOSUCHDOMAIN\\Users", two, &size, domain, &d, &use),
	    ERROR_NONE_MAPPED);
	/* the domain of an account is its identifier without the last part */
	size = sizeof two;
	IS(GetWindowsAccountDomainSid(sid, two, &size) && size == 24);
	IS(*GetSidSubAuthorityCount(two) == 4 && *GetSidSubAuthority(two, 0) == 21);
	IS(!memcmp((char *)two + 8, (char *)sid + 8, 16));
	size = 8;
	ERR(GetWindowsAccountDomainSid(sid, two, &size), ERROR_INSUFFICIENT_BUFFER);
	IS(size == 24);
	n = sizeof sid, size = sizeof two;
	IS(CreateWellKnownSid(WinWorldSid, NULL, sid, &n));
	ERR(GetWindowsAccountDomainSid(sid, two, &size), ERROR_NON_ACCOUNT_SID);
	done("accounts");
}

int
main(void)
{
	each_row();
	agreement();
	identifiers();
	accounts();
	return 0;
}
