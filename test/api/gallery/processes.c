/* SPDX-License-Identifier: Apache-2.0 */
// Every other function about processes: snapshots, jobs by name, native calls, searches.
// needs: joist mingw
// libs: -lntdll -lpsapi -ladvapi32 -luser32
// run: joist run --rm $GUEST
// expect: Process32First 1 Process32Next 1
// expect: Module32FirstW 1 Module32NextW 1 Module32First 1 Module32Next 1
// expect: Thread32First 1 Thread32Next 0
// expect: K32EnumProcessModules 1 K32EnumProcessModulesEx 1
// expect: K32GetProcessImageFileNameW 1 K32GetProcessImageFileNameA 1 QueryFullProcessImageNameA 1
// expect: OpenJobObjectW 1 OpenJobObjectA 1 ERROR_ALREADY_EXISTS 1 not there 2
// expect: CreateProcessAsUserW 1 CreateProcessAsUserA 1
// expect: NtOpenProcess 0 NtQueryInformationProcess 0 1 NtTerminateProcess 0 77
// expect: GetProcessTimes 1 1
// expect: GetProcessHandleCount 1
// expect: SearchPathA 1 GetBinaryTypeA 6 NeedCurrentDirectoryForExePathA 1
// expect: WaitForInputIdle 1 DebugActiveProcess 0
// expect: no such process 87, no such handle 6
#include <windows.h>
#include <psapi.h>
#include <tlhelp32.h>
#include <winternl.h>
#include <stdio.h>
#include <string.h>

NTSTATUS NTAPI NtOpenProcess(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, CLIENT_ID *);
NTSTATUS NTAPI NtTerminateProcess(HANDLE, NTSTATUS);

static void
snapshots(void)
{
	PROCESSENTRY32 p = { .dwSize = sizeof p };
	MODULEENTRY32W m = { .dwSize = sizeof m };
	MODULEENTRY32 n = { .dwSize = sizeof n };
	THREADENTRY32 t = { .dwSize = sizeof t };
	HANDLE h = CreateToolhelp32Snapshot(TH32CS_SNAPALL, 0);
	int a = Process32First(h, &p), b = Process32Next(h, &p);
	printf("Process32First %d Process32Next %d\n", a, b);
	a = Module32FirstW(h, &m), b = Module32NextW(h, &m);
	int c = Module32First(h, &n), d = Module32Next(h, &n);
	printf("Module32FirstW %d Module32NextW %d Module32First %d Module32Next %d\n", a, b, c, d);
	CloseHandle(h);
	h = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
	a = Thread32First(h, &t);
	int own = a && t.th32OwnerProcessID == GetCurrentProcessId();
	for (b = 0; Thread32Next(h, &t);)
		b |= t.th32OwnerProcessID == GetCurrentProcessId();
	printf("Thread32First %d Thread32Next %d\n", own, b);
	CloseHandle(h);
}

int
main(void)
{
	STARTUPINFOA sa = { .cb = sizeof sa };
	STARTUPINFOW sw = { .cb = sizeof sw };
	PROCESS_INFORMATION pi;
	wchar_t wide[MAX_PATH], line[] = L"cmd /c pause";
	char text[MAX_PATH], narrow[] = "cmd /c exit 3";
	HMODULE list[100];
	DWORD n, m;

	CreateProcessW(NULL, line, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &sw, &pi);
	snapshots();
	int a = EnumProcessModules(GetCurrentProcess(), list, sizeof list, &n) && n >= 16;
	int b = EnumProcessModulesEx(GetCurrentProcess(), list, sizeof list, &n, 3) && n >= 16;
	printf("K32EnumProcessModules %d K32EnumProcessModulesEx %d\n", a, b);
	a = GetProcessImageFileNameW(pi.hProcess, wide, MAX_PATH) > 3;
	b = GetProcessImageFileNameA(pi.hProcess, text, MAX_PATH) > 3;
	n = MAX_PATH;
	int c = QueryFullProcessImageNameA(pi.hProcess, 0, text, &n) &&
	        strcmp(text, "C:\\Windows\\System32\\cmd.exe") == 0;
	printf("K32GetProcessImageFileNameW %d K32GetProcessImageFileNameA %d "
	       "QueryFullProcessImageNameA %d\n",
	       a, b, c);

	HANDLE j = CreateJobObjectA(NULL, "a job"),
	       k = OpenJobObjectW(JOB_OBJECT_ALL_ACCESS, FALSE, L"a job");
	HANDLE l = OpenJobObjectA(JOB_OBJECT_ALL_ACCESS, FALSE, "a job");
	CreateJobObjectW(NULL, L"a job");
	n = GetLastError() == ERROR_ALREADY_EXISTS;
	OpenJobObjectW(JOB_OBJECT_ALL_ACCESS, FALSE, L"another");
	printf("OpenJobObjectW %d OpenJobObjectA %d ERROR_ALREADY_EXISTS %lu not there %lu\n",
	       k != NULL, l != NULL, n, GetLastError());
	CloseHandle(j);

	PROCESS_INFORMATION pj;
	wchar_t once[] = L"cmd /c exit 3";
	a = CreateProcessAsUserW(NULL, NULL, once, NULL, NULL, FALSE, 0, NULL, NULL, &sw, &pj);
	WaitForSingleObject(pj.hProcess, INFINITE);
	b = CreateProcessAsUserA(NULL, NULL, narrow, NULL, NULL, FALSE, 0, NULL, NULL, &sa, &pj);
	WaitForSingleObject(pj.hProcess, INFINITE);
	printf("CreateProcessAsUserW %d CreateProcessAsUserA %d\n", a, b);

	OBJECT_ATTRIBUTES oa = { sizeof oa };
	CLIENT_ID id = { (HANDLE)(ULONG_PTR)pi.dwProcessId };
	HANDLE h = NULL;
	PROCESS_BASIC_INFORMATION pbi = { 0 };
	LONG s = NtOpenProcess(&h, PROCESS_ALL_ACCESS, &oa, &id);
	LONG q = NtQueryInformationProcess(h, 0, &pbi, sizeof pbi, &n);
	LONG t = NtTerminateProcess(h, 77);
	WaitForSingleObject(pi.hProcess, INFINITE);
	GetExitCodeProcess(pi.hProcess, &m);
	printf("NtOpenProcess %ld NtQueryInformationProcess %ld %d NtTerminateProcess %ld %lu\n", s,
	       q, pbi.UniqueProcessId == pi.dwProcessId, t, m);
	FILETIME f[4];
	a = GetProcessTimes(pi.hProcess, &f[0], &f[1], &f[2], &f[3]);
	printf("GetProcessTimes %d %d\n", a, CompareFileTime(&f[0], &f[1]) < 0);
	printf("GetProcessHandleCount %d\n",
	       GetProcessHandleCount(GetCurrentProcess(), &n) && n > 3);
	GetModuleFileNameA(NULL, text, MAX_PATH);
	char found[MAX_PATH], *base = strrchr(text, '\\') + 1;
	a = SearchPathA(NULL, base, NULL, MAX_PATH, found, NULL) > 0 && strcmp(found, text) == 0;
	GetBinaryTypeA(text, &n);
	printf("SearchPathA %d GetBinaryTypeA %lu NeedCurrentDirectoryForExePathA %d\n", a, n,
	       NeedCurrentDirectoryForExePathA("x"));
	printf("WaitForInputIdle %d", WaitForInputIdle(pi.hProcess, 10) == WAIT_FAILED);
	printf(" DebugActiveProcess %d\n", DebugActiveProcess(pi.dwProcessId));
	OpenProcess(PROCESS_ALL_ACCESS, FALSE, 0x7fff0000);
	n = GetLastError();
	TerminateProcess((HANDLE)0x7ffc, 1);
	printf("no such process %lu, no such handle %lu\n", n, GetLastError());
	return 0;
}
