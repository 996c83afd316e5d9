/* SPDX-License-Identifier: Apache-2.0 */
// Processes: made, inherited from, watched, ended, listed, gathered in jobs.
// needs: joist mingw
// libs: -lpsapi
// run: joist run --rm $GUEST
// expect: CreateProcessW 41
// expect: exit code of 32 bits c0ffee42
// expect: inherited pipe: from the child
// expect: only what is listed: 1 0
// expect: environment X=given
// expect: folder is C:\
// expect: suspended, then resumed: 1 5
// expect: terminated 1234
// expect: OpenProcess sees the same: 1
// expect: not there 2 2 267
// expect: bad format 193
// expect: id multiple of 4: 1
// expect: SearchPathW finds cmd: 0
// expect: toolhelp has us and the child: 1 1
// expect: EnumProcesses 1
// expect: in the job 1, and ended with it: 9
// expect: kill on close: 1
// expect: active 2 total 2
// expect: port: 6 7 4
// expect: GetBinaryTypeW 6
// expect: NeedCurrentDirectoryForExePathW 1
// expect: image name: 1
// expect: WinExec 1
// expect: too small 122
#include <windows.h>
#include <psapi.h>
#include <tlhelp32.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static wchar_t self[MAX_PATH];

static int
child(int argc, char **argv)
{
	DWORD n;
	if (strcmp(argv[1], "exit") == 0)
		ExitProcess(strtoul(argv[2], NULL, 16));
	if (strcmp(argv[1], "write") == 0)
		return WriteFile((HANDLE)(ULONG_PTR)strtoull(argv[2], NULL, 10), "from the child",
		                 14, &n, NULL)
		               ? 0
		               : 1;
	if (strcmp(argv[1], "is") ==
	    0) /* the number may be a handle of our own by now, but that is not inheritable */
		return GetHandleInformation((HANDLE)(ULONG_PTR)strtoull(argv[2], NULL, 10), &n) &&
		       (n & HANDLE_FLAG_INHERIT);
	if (strcmp(argv[1], "env") == 0)
		return printf("environment X=%s\n", getenv("X")) < 0;
	if (strcmp(argv[1], "cd") == 0) {
		char cd[MAX_PATH];
		GetCurrentDirectoryA(sizeof cd, cd);
		return printf("folder is %s\n", cd) < 0;
	}
	if (strcmp(argv[1], "sleep") == 0)
		Sleep(20000);
	(void)argc;
	return 0;
}

static BOOL
start(const char *args, DWORD flags, STARTUPINFOEXW *x, void *env, const wchar_t *cd,
      PROCESS_INFORMATION *pi)
{
	wchar_t line[1024];
	STARTUPINFOEXW plain = { .StartupInfo.cb = sizeof(STARTUPINFOW) };
	swprintf(line, 1024, L"\"%ls\" %hs", self, args);
	fflush(stdout);
	return CreateProcessW(NULL, line, NULL, NULL, TRUE, flags, env, cd,
	                      x ? &x->StartupInfo : &plain.StartupInfo, pi);
}

static DWORD
ended(PROCESS_INFORMATION *pi)
{
	DWORD code = 0;
	WaitForSingleObject(pi->hProcess, INFINITE);
	GetExitCodeProcess(pi->hProcess, &code);
	CloseHandle(pi->hProcess);
	CloseHandle(pi->hThread);
	return code;
}

static DWORD
run(const char *args)
{
	PROCESS_INFORMATION pi;
	return start(args, 0, NULL, NULL, NULL, &pi) ? ended(&pi) : 0xdead0000 + GetLastError();
}

static void
inheriting(void)
{
	SECURITY_ATTRIBUTES sa = { sizeof sa, NULL, TRUE };
	HANDLE r, w, a, b;
	char args[64], text[64] = "";
	DWORD n = 0;
	SIZE_T size = 0;
	PROCESS_INFORMATION pi;

	CreatePipe(&r, &w, &sa, 0);
	snprintf(args, sizeof args, "write %llu", (unsigned long long)(ULONG_PTR)w);
	run(args);
	CloseHandle(w);
	ReadFile(r, text, sizeof text - 1, &n, NULL);
	printf("inherited pipe: %s\n", text);
	CloseHandle(r);

	CreatePipe(&a, &b, &sa, 0);
	STARTUPINFOEXW x = { .StartupInfo.cb = sizeof x };
	InitializeProcThreadAttributeList(NULL, 1, 0, &size);
	x.lpAttributeList = malloc(size);
	InitializeProcThreadAttributeList(x.lpAttributeList, 1, 0, &size);
	UpdateProcThreadAttribute(x.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, &a,
	                          sizeof a, NULL, NULL);
	snprintf(args, sizeof args, "is %llu", (unsigned long long)(ULONG_PTR)a);
	start(args, EXTENDED_STARTUPINFO_PRESENT, &x, NULL, NULL, &pi);
	DWORD first = ended(&pi);
	snprintf(args, sizeof args, "is %llu", (unsigned long long)(ULONG_PTR)b);
	start(args, EXTENDED_STARTUPINFO_PRESENT, &x, NULL, NULL, &pi);
	printf("only what is listed: %lu %lu\n", first, ended(&pi));
	DeleteProcThreadAttributeList(x.lpAttributeList);
	CloseHandle(a);
	CloseHandle(b);
}

static void
failing(void)
{
	STARTUPINFOW s = { .cb = sizeof s };
	PROCESS_INFORMATION pi;
	wchar_t none[] = L"no_such_program", line[] = L"x", dir[] = L"C:\\";
	DWORD a, b, c, n;

	CreateProcessW(NULL, none, NULL, NULL, FALSE, 0, NULL, NULL, &s, &pi);
	a = GetLastError();
	CreateProcessW(L"C:\\none.exe", line, NULL, NULL, FALSE, 0, NULL, NULL, &s, &pi);
	b = GetLastError();
	CreateProcessW(self, line, NULL, NULL, FALSE, 0, NULL, L"C:\\no\\such", &s, &pi);
	c = GetLastError();
	printf("not there %lu %lu %lu\n", a, b, c);
	HANDLE h = CreateFileW(L"C:\\bad.exe", GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
	WriteFile(h, "no program", 10, &n, NULL);
	CloseHandle(h);
	CreateProcessW(L"C:\\bad.exe", line, NULL, NULL, FALSE, 0, NULL, dir, &s, &pi);
	printf("bad format %lu\n", GetLastError());
}

static void
lists(void)
{
	PROCESS_INFORMATION pi;
	PROCESSENTRY32W e = { .dwSize = sizeof e };
	DWORD ids[256], n;
	int us = 0, it = 0, listed = 0;

	start("sleep", 0, NULL, NULL, NULL, &pi);
	printf("id multiple of 4: %d\n", pi.dwProcessId % 4 == 0);
	printf("SearchPathW finds cmd: %lu\n",
	       SearchPathW(NULL, L"no_such_thing", L".exe", 0, NULL, NULL));
	HANDLE h = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
	for (BOOL is = Process32FirstW(h, &e); is; is = Process32NextW(h, &e)) {
		us |= e.th32ProcessID == GetCurrentProcessId();
		it |= e.th32ProcessID == pi.dwProcessId &&
		      e.th32ParentProcessID == GetCurrentProcessId();
	}
	CloseHandle(h);
	printf("toolhelp has us and the child: %d %d\n", us, it);
	EnumProcesses(ids, sizeof ids, &n);
	for (DWORD i = 0; i < n / 4; i++)
		listed |= ids[i] == pi.dwProcessId;
	printf("EnumProcesses %d\n", listed);
	TerminateProcess(pi.hProcess, 1);
	ended(&pi);
}

static void
jobs(void)
{
	PROCESS_INFORMATION pi, pj;
	JOBOBJECT_EXTENDED_LIMIT_INFORMATION l = { .BasicLimitInformation.LimitFlags =
		                                           JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE };
	JOBOBJECT_BASIC_ACCOUNTING_INFORMATION a;
	BOOL in = FALSE;
	HANDLE job = CreateJobObjectW(NULL, NULL);

	start("sleep", CREATE_SUSPENDED, NULL, NULL, NULL, &pi);
	AssignProcessToJobObject(job, pi.hProcess);
	IsProcessInJob(pi.hProcess, job, &in);
	ResumeThread(pi.hThread);
	TerminateJobObject(job, 9);
	printf("in the job %d, and ended with it: %lu\n", in, ended(&pi));
	CloseHandle(job);

	job = CreateJobObjectW(NULL, NULL);
	SetInformationJobObject(job, JobObjectExtendedLimitInformation, &l, sizeof l);
	start("sleep", 0, NULL, NULL, NULL, &pi);
	AssignProcessToJobObject(job, pi.hProcess);
	CloseHandle(job);
	printf("kill on close: %d\n", WaitForSingleObject(pi.hProcess, 10000) == WAIT_OBJECT_0);
	ended(&pi);

	job = CreateJobObjectW(NULL, NULL);
	HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
	start("sleep", 0, NULL, NULL, NULL, &pi);
	start("sleep", 0, NULL, NULL, NULL, &pj);
	AssignProcessToJobObject(job, pi.hProcess);
	AssignProcessToJobObject(job, pj.hProcess);
	QueryInformationJobObject(job, JobObjectBasicAccountingInformation, &a, sizeof a, NULL);
	printf("active %lu total %lu\n", a.ActiveProcesses, a.TotalProcesses);
	TerminateProcess(pj.hProcess, 0);
	ended(&pj);
	JOBOBJECT_ASSOCIATE_COMPLETION_PORT with = { job, port };
	SetInformationJobObject(job, JobObjectAssociateCompletionPortInformation, &with,
	                        sizeof with);
	TerminateProcess(pi.hProcess, 0);
	ended(&pi);
	DWORD what[3];
	for (int i = 0; i < 3; i++) {
		ULONG_PTR key;
		OVERLAPPED *o;
		what[i] = 0;
		GetQueuedCompletionStatus(port, &what[i], &key, &o, 10000);
	}
	printf("port: %lu %lu %lu\n", what[0], what[1], what[2]);
	CloseHandle(job);
}

int
main(int argc, char **argv)
{
	PROCESS_INFORMATION pi;
	DWORD code, n;

	GetModuleFileNameW(NULL, self, MAX_PATH);
	if (argc > 1)
		return child(argc, argv);
	printf("CreateProcessW %lu\n", run("exit 29"));
	printf("exit code of 32 bits %lx\n", run("exit c0ffee42"));
	inheriting();
	start("env", CREATE_UNICODE_ENVIRONMENT, NULL, L"X=given\0", NULL, &pi);
	ended(&pi);
	start("cd", 0, NULL, NULL, L"C:\\", &pi);
	ended(&pi);
	start("exit 5", CREATE_SUSPENDED, NULL, NULL, NULL, &pi);
	n = WaitForSingleObject(pi.hProcess, 50) == WAIT_TIMEOUT;
	ResumeThread(pi.hThread);
	printf("suspended, then resumed: %lu %lu\n", n, ended(&pi));
	start("sleep", 0, NULL, NULL, NULL, &pi);
	HANDLE h = OpenProcess(PROCESS_ALL_ACCESS, FALSE, pi.dwProcessId);
	int same = h && GetProcessId(h) == pi.dwProcessId;
	TerminateProcess(h, 1234);
	WaitForSingleObject(h, INFINITE);
	GetExitCodeProcess(h, &code);
	CloseHandle(h);
	printf("terminated %lu\n", ended(&pi));
	printf("OpenProcess sees the same: %d\n", same && code == 1234);
	failing();
	lists();
	jobs();
	GetBinaryTypeW(self, &code);
	printf("GetBinaryTypeW %lu\n", code);
	printf("NeedCurrentDirectoryForExePathW %d\n", NeedCurrentDirectoryForExePathW(L"x"));
	wchar_t name[MAX_PATH];
	n = MAX_PATH;
	QueryFullProcessImageNameW(GetCurrentProcess(), 0, name, &n);
	printf("image name: %d\n", wcscmp(name, self) == 0);
	printf("WinExec %d\n", WinExec("cmd /c exit 0", 0) > 31);
	n = 1;
	QueryFullProcessImageNameW(GetCurrentProcess(), 0, name, &n);
	printf("too small %lu\n", GetLastError());
	return 0;
}
