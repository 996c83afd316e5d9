/* SPDX-License-Identifier: Apache-2.0 */
// The one session of the user: WTSAPI32, and the logon sessions of the LSA.
// needs: joist mingw
// libs: -lwtsapi32 -lsecur32 -ladvapi32
// run: joist run --rm $GUEST
// expect: sessions: ok
// expect: processes: ok
// expect: logons: ok
// expect: refused: ok
#include <windows.h>
#include <wtsapi32.h>
#include <ntsecapi.h>
#include "check.h"

static int
text(DWORD class, const char *want)
{
	char *p = NULL;
	DWORD n = 0;
	int same = WTSQuerySessionInformationA(WTS_CURRENT_SERVER_HANDLE, WTS_CURRENT_SESSION,
	                                       (WTS_INFO_CLASS) class, &p, &n) &&
	           n == strlen(want) + 1 && !strcmp(p, want);
	WTSFreeMemory(p);
	return same;
}

static void
sessions(void)
{
	WTS_SESSION_INFOW *w;
	WTS_SESSION_INFOA *a;
	DWORD n = 0, own = 99;
	char user[100], computer[100];
	DWORD nu = sizeof user, nc = sizeof computer;
	GetUserNameA(user, &nu), GetComputerNameA(computer, &nc);
	ProcessIdToSessionId(GetCurrentProcessId(), &own);
	HANDLE server = WTSOpenServerA(computer);
	IS(server && WTSOpenServerW((WCHAR *)L"here"));
	IS(WTSEnumerateSessionsW(server, 0, 1, &w, &n) && n == 1 && w->SessionId == own &&
	   w->State == WTSActive && !wcscmp(w->pWinStationName, L"Console"));
	IS(WTSEnumerateSessionsA(server, 0, 1, &a, &n) && n == 1 &&
	   !strcmp(a->pWinStationName, "Console"));
	WTSFreeMemory(w), WTSFreeMemory(a);
	WTSCloseServer(server);
	ERR(WTSEnumerateSessionsA(NULL, 0, 2, &a, &n), ERROR_INVALID_PARAMETER);
	IS(text(WTSUserName, user) && text(WTSDomainName, computer) &&
	   text(WTSWinStationName, "Console") && text(WTSClientName, ""));
	WCHAR *wide;
	IS(WTSQuerySessionInformationW(NULL, own, WTSWinStationName, &wide, &n) && n == 16 &&
	   !wcscmp(wide, L"Console"));
	WTSFreeMemory(wide);
	DWORD *id;
	IS(WTSQuerySessionInformationA(NULL, WTS_CURRENT_SESSION, WTSSessionId, (char **)&id, &n) &&
	   n == 4 && *id == own);
	WTSFreeMemory(id);
	WTSINFOW *info;
	IS(WTSQuerySessionInformationW(NULL, WTS_CURRENT_SESSION, WTSSessionInfo, (WCHAR **)&info,
	                               &n) &&
	   n == sizeof *info && info->SessionId == own && info->LogonTime.QuadPart > 0 &&
	   info->CurrentTime.QuadPart >= info->LogonTime.QuadPart);
	WTSFreeMemory(info);
	WTSINFOA *narrow;
	IS(WTSQuerySessionInformationA(NULL, WTS_CURRENT_SESSION, WTSSessionInfo, (char **)&narrow,
	                               &n) &&
	   n == sizeof *narrow && !strcmp(narrow->WinStationName, "Console"));
	WTSFreeMemory(narrow);
	ERR(WTSQuerySessionInformationW(NULL, 77, WTSSessionId, &wide, &n),
	    ERROR_CTX_WINSTATION_NOT_FOUND);
	ERR(WTSQuerySessionInformationW(NULL, own, (WTS_INFO_CLASS)99, &wide, &n),
	    ERROR_INVALID_PARAMETER);
	done("sessions");
}

static void
processes(void)
{
	WTS_PROCESS_INFOW *w;
	WTS_PROCESS_INFOA *a;
	DWORD n = 0;
	int found = 0;
	char self[MAX_PATH], line[] = "cmd /c pause";
	STARTUPINFOA si = { .cb = sizeof si };
	PROCESS_INFORMATION pi;
	GetModuleFileNameA(NULL, self, MAX_PATH);
	IS(WTSEnumerateProcessesW(NULL, 0, 1, &w, &n) && n >= 1 && IsValidSid(w->pUserSid));
	WTSFreeMemory(w);
	IS(WTSEnumerateProcessesA(NULL, 0, 1, &a, &n));
	for (DWORD i = 0; i < n; i++)
		found |= a[i].ProcessId == GetCurrentProcessId() &&
		         !strcmp(a[i].pProcessName, strrchr(self, '\\') + 1);
	IS(found);
	WTSFreeMemory(a);
	IS(CreateProcessA(NULL, line, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &si, &pi));
	IS(WTSTerminateProcess(NULL, pi.dwProcessId, 9));
	WaitForSingleObject(pi.hProcess, INFINITE);
	IS(GetExitCodeProcess(pi.hProcess, &n) && n == 9);
	IS(!WTSTerminateProcess(NULL, 0x7fff0000, 9));
	done("processes");
}

static void
logons(void)
{
	ULONG n = 0;
	LUID *list, none = { 1, 1 };
	SECURITY_LOGON_SESSION_DATA *d;
	TOKEN_STATISTICS t;
	HANDLE token;
	DWORD size;
	WCHAR user[100];
	DWORD nu = 100;
	GetUserNameW(user, &nu);
	IS(LsaEnumerateLogonSessions(&n, &list) == 0 && n == 1);
	OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token);
	GetTokenInformation(token, TokenStatistics, &t, sizeof t, &size);
	IS(list->LowPart == t.AuthenticationId.LowPart &&
	   list->HighPart == t.AuthenticationId.HighPart);
	IS(LsaGetLogonSessionData(list, &d) == 0 && d->LogonType == Interactive &&
	   d->UserName.Length == (nu - 1) * 2 &&
	   !memcmp(d->UserName.Buffer, user, d->UserName.Length) && IsValidSid(d->Sid));
	IS(LsaFreeReturnBuffer(d) == 0);
	IS(LsaGetLogonSessionData(&none, &d) == (NTSTATUS)0xc000005f && !d);
	LsaFreeReturnBuffer(list);
	HANDLE h = NULL, system = &none;
	LSA_STRING name = { 4, 5, (char *)"NTLM" };
	ULONG package;
	LSA_OPERATIONAL_MODE mode;
	NTSTATUS status = 0;
	void *out = &n;
	IS(LsaConnectUntrusted(&h) == 0 && h);
	IS(LsaLookupAuthenticationPackage(h, &name, &package) == (NTSTATUS)0xc00000fe);
	IS(LsaCallAuthenticationPackage(h, 0, NULL, 0, &out, &n, &status) == (NTSTATUS)0xc00000fe &&
	   !out);
	IS(LsaRegisterLogonProcess(&name, &system, &mode) == (NTSTATUS)0xc0000061 && !system);
	IS(LsaDeregisterLogonProcess(h) == 0 && LsaDeregisterLogonProcess((HANDLE)8) < 0);
	done("logons");
}

int
main(void)
{
	sessions();
	processes();
	logons();
	HANDLE h = NULL;
	ERR(WTSQueryUserToken(WTSGetActiveConsoleSessionId(), &h), ERROR_PRIVILEGE_NOT_HELD);
	ERR(WTSDisconnectSession(NULL, WTS_CURRENT_SESSION, FALSE), ERROR_ACCESS_DENIED);
	ERR(WTSLogoffSession(NULL, WTS_CURRENT_SESSION, FALSE), ERROR_ACCESS_DENIED);
	ERR(WTSRegisterSessionNotification(NULL, 0), ERROR_INVALID_WINDOW_HANDLE);
	ERR(WTSUnRegisterSessionNotification(NULL), ERROR_INVALID_WINDOW_HANDLE);
	done("refused");
	return 0;
}
