/* SPDX-License-Identifier: Apache-2.0 */
// userenv: where profiles are, the environment of a user; netapi32 and netutils: a computer of a
// workgroup, and its user.
// needs: joist mingw
// libs: -luserenv -lnetapi32 -ladvapi32
// run: joist run --rm $GUEST
// expect: folders: ok
// expect: environment: ok
// expect: profile: ok
// expect: memory: ok
// expect: user: ok
// expect: domain: ok
#define _WIN32_WINNT 0x0A00
#include "check.h"
#include <dsgetdc.h>
#include <lm.h>
#include <userenv.h>

static HANDLE token;

static int
same(const WCHAR *path, const char *name)
{
	WCHAR v[300] = L"", w[64];
	MultiByteToWideChar(CP_UTF8, 0, name, -1, w, 64);
	return GetEnvironmentVariableW(w, v, 300) && !lstrcmpiW(path, v);
}

static void
folders(void)
{
	WCHAR w[300] = L"", up[300];
	char a[300] = "";
	DWORD n = 300, need = 0;
	IS(GetUserProfileDirectoryW(token, w, &n) && n == wcslen(w) + 1 && same(w, "USERPROFILE"));
	ERR(GetUserProfileDirectoryW(token, NULL, &need), ERROR_INSUFFICIENT_BUFFER);
	IS(need == n);
	need = 300;
	IS(GetUserProfileDirectoryA(token, a, &need) && need == strlen(a) + 1);
	MultiByteToWideChar(CP_ACP, 0, a, -1, up, 300);
	IS(!wcscmp(up, w));
	need = 2;
	ERR(GetUserProfileDirectoryA(token, a, &need), ERROR_INSUFFICIENT_BUFFER);
	ERR(GetUserProfileDirectoryW(NULL, w, &n), ERROR_INVALID_HANDLE);
	/* profiles are in one folder */
	n = 300;
	IS(GetProfilesDirectoryW(up, &n) && !_wcsnicmp(w, up, wcslen(up)) && w[wcslen(up)] == '\\');
	n = 300;
	IS(GetProfilesDirectoryA(a, &n) && n == wcslen(up) + 1);
	n = 0;
	ERR(GetProfilesDirectoryA(NULL, &n), ERROR_INSUFFICIENT_BUFFER);
	IS(n == wcslen(up) + 1);
	n = 300;
	IS(GetDefaultUserProfileDirectoryW(w, &n) && !_wcsnicmp(w, up, wcslen(up)));
	n = 1;
	ERR(GetDefaultUserProfileDirectoryW(w, &n), ERROR_INSUFFICIENT_BUFFER);
	n = 300;
	IS(GetAllUsersProfileDirectoryW(w, &n) && same(w, "ProgramData"));
	n = 1;
	ERR(GetAllUsersProfileDirectoryW(w, &n), ERROR_INSUFFICIENT_BUFFER);
	done("folders");
}

static void
environment(void)
{
	void *block = NULL;
	WCHAR want[300], out[300];
	int found = 0;
	GetEnvironmentVariableW(L"SystemRoot", want, 300);
	IS(CreateEnvironmentBlock(&block, token, FALSE) && block);
	for (const WCHAR *p = block; p && *p; p += wcslen(p) + 1)
		found |= !_wcsnicmp(p, L"SystemRoot=", 11) && !wcscmp(p + 11, want);
	IS(found);
	/* a child may be given it */
	STARTUPINFOW s = { .cb = sizeof s };
	PROCESS_INFORMATION pi;
	WCHAR line[] = L"cmd.exe /c if not \"%SystemRoot%\"==\"\" exit 7";
	DWORD code = 0;
	IS(CreateProcessW(NULL, line, NULL, NULL, FALSE, CREATE_UNICODE_ENVIRONMENT, block, NULL,
	                  &s, &pi));
	WaitForSingleObject(pi.hProcess, INFINITE);
	IS(GetExitCodeProcess(pi.hProcess, &code) && code == 7);
	CloseHandle(pi.hProcess), CloseHandle(pi.hThread);
	IS(DestroyEnvironmentBlock(block));
	ERR(CreateEnvironmentBlock(NULL, token, FALSE), ERROR_INVALID_PARAMETER);
	IS(ExpandEnvironmentStringsForUserW(token, L"<%SystemRoot%>", out, 300));
	IS(out[0] == '<' && !wcsncmp(out + 1, want, wcslen(want)) && out[wcslen(want) + 1] == '>');
	IS(ExpandEnvironmentStringsForUserW(NULL, L"%no such%", out, 300) &&
	   !wcscmp(out, L"%no such%"));
	ERR(ExpandEnvironmentStringsForUserW(token, L"<%SystemRoot%>", out, 4),
	    ERROR_INSUFFICIENT_BUFFER);
	done("environment");
}

static void
profile(void)
{
	PROFILEINFOW p = { .dwSize = sizeof p, .lpUserName = (WCHAR *)L"somebody" };
	DWORD type = 99;
	IS(GetProfileType(&type) && type == 0); /* neither temporary nor roaming nor mandatory */
	/* loading another's needs privileges that users do not have */
	ERR(LoadUserProfileW(token, &p), ERROR_PRIVILEGE_NOT_HELD);
	p.dwSize = 3;
	ERR(LoadUserProfileW(token, &p), ERROR_INVALID_PARAMETER);
	IS(!UnloadUserProfile(token, NULL));
	done("profile");
}

static FARPROC
of(const char *name)
{
	FARPROC p = GetProcAddress(LoadLibraryA("netutils.dll"), name);
	if (!p)
		printf("no %s\n", name);
	return p;
}

static void
memory(void)
{
	char *p = NULL, *q = NULL;
	NET_API_STATUS(WINAPI * allocate)(DWORD, void **) = (void *)of("NetApiBufferAllocate");
	NET_API_STATUS(WINAPI * release)(void *) = (void *)of("NetApiBufferFree");
	IS(NetApiBufferAllocate(100, (void **)&p) == NERR_Success && p);
	memset(p, 1, 100);
	IS(allocate && allocate(100, (void **)&q) == NERR_Success && q && q != p);
	memset(q, 2, 100);
	IS(p[99] == 1);
	/* they are the same memory */
	IS(NetApiBufferFree(q) == NERR_Success && release && release(p) == NERR_Success);
	IS(NetApiBufferFree(NULL) == NERR_Success);
	done("memory");
}

static void
user(void)
{
	WCHAR name[64];
	DWORD n = 64, read = 0, total = 0;
	USER_INFO_0 *u0 = NULL;
	USER_INFO_1 *u1 = NULL;
	USER_INFO_10 *u10 = NULL;
	LOCALGROUP_USERS_INFO_0 *g = NULL;
	IS(GetUserNameW(name, &n));
	IS(!NetUserGetInfo(NULL, name, 0, (BYTE **)&u0) && !lstrcmpiW(u0->usri0_name, name));
	IS(!NetUserGetInfo(NULL, name, 1, (BYTE **)&u1) && !lstrcmpiW(u1->usri1_name, name));
	IS(u1->usri1_priv == USER_PRIV_USER && (u1->usri1_flags & UF_NORMAL_ACCOUNT) &&
	   !(u1->usri1_flags & UF_ACCOUNTDISABLE) && !u1->usri1_password);
	IS(!NetUserGetInfo(NULL, name, 10, (BYTE **)&u10) && !lstrcmpiW(u10->usri10_name, name) &&
	   u10->usri10_full_name);
	IS(!NetApiBufferFree(u0) && !NetApiBufferFree(u1) && !NetApiBufferFree(u10));
	IS(NetUserGetInfo(NULL, L"nobody of that name", 0, (BYTE **)&u0) == NERR_UserNotFound);
	IS(NetUserGetInfo(NULL, name, 77, (BYTE **)&u0) == ERROR_INVALID_LEVEL);
	IS(!NetUserEnum(NULL, 0, FILTER_NORMAL_ACCOUNT, (BYTE **)&u0, MAX_PREFERRED_LENGTH, &read,
	                &total, NULL));
	int mine = 0;
	for (DWORD i = 0; i < read; i++)
		mine |= !lstrcmpiW(u0[i].usri0_name, name);
	IS(mine && total == read && !NetApiBufferFree(u0));
	IS(NetUserEnum(NULL, 77, 0, (BYTE **)&u0, MAX_PREFERRED_LENGTH, &read, &total, NULL) ==
	   ERROR_INVALID_LEVEL);
	IS(!NetUserGetLocalGroups(NULL, name, 0, LG_INCLUDE_INDIRECT, (BYTE **)&g,
	                          MAX_PREFERRED_LENGTH, &read, &total));
	/* no server shares folders here */
	SHARE_INFO_0 share = { 0 }, *shares;
	WCHAR none[] = L"none";
	IS(NetShareAdd(NULL, 0, (BYTE *)&share, NULL) == NERR_ServerNotStarted);
	IS(NetShareDel(NULL, none, 0) == NERR_ServerNotStarted);
	IS(NetShareGetInfo(NULL, none, 0, (BYTE **)&shares) == NERR_ServerNotStarted && !shares);
	DWORD shared = 9, all = 9;
	IS(NetShareEnum(NULL, 0, (BYTE **)&shares, MAX_PREFERRED_LENGTH, &shared, &all, NULL) ==
	           NERR_ServerNotStarted &&
	   !shared && !all);
	mine = 0;
	for (DWORD i = 0; i < read; i++)
		mine |= !wcscmp(g[i].lgrui0_name, L"Users");
	IS(mine && total == read && !NetApiBufferFree(g));
	IS(NetUserGetLocalGroups(NULL, L"nobody of that name", 0, 0, (BYTE **)&g,
	                         MAX_PREFERRED_LENGTH, &read, &total) == NERR_UserNotFound);
	IS(NetUserGetLocalGroups(NULL, name, 77, 0, (BYTE **)&g, MAX_PREFERRED_LENGTH, &read,
	                         &total) == ERROR_INVALID_LEVEL);
	done("user");
}

static void
domain(void)
{
	WCHAR *name = NULL;
	NETSETUP_JOIN_STATUS s = NetSetupUnknownStatus;
	DOMAIN_CONTROLLER_INFOW *dc = NULL;
	BYTE *b = NULL;
	void *aad = &s;
	HRESULT(WINAPI * cloud)
	(const WCHAR *, void **) =
	        (void *)GetProcAddress(LoadLibraryA("netapi32.dll"), "NetGetAadJoinInformation");
	IS(!NetGetJoinInformation(NULL, &name, &s) && s == NetSetupWorkgroupName && *name);
	IS(!NetApiBufferFree(name));
	IS(NetGetJoinInformation(NULL, NULL, &s) == ERROR_INVALID_PARAMETER);
	/* so there is no domain, and nobody who controls one */
	IS(DsGetDcNameW(NULL, NULL, NULL, NULL, 0, &dc) == ERROR_NO_SUCH_DOMAIN && !dc);
	IS(NetGetDCName(NULL, NULL, &b) == NERR_DCNotFound && !b);
	IS(cloud && cloud(NULL, &aad) == S_OK && !aad);
	done("domain");
}

int
main(void)
{
	IS(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
	folders();
	environment();
	profile();
	memory();
	user();
	domain();
	return 0;
}
