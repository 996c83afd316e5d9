/* SPDX-License-Identifier: Apache-2.0 */
// What a program asks of the system: versions, folders, names, processors, memory, atoms, error
// modes, execution of others' words (environment, package, policy).
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: version: ok
// expect: folders: ok
// expect: environment: ok
// expect: atoms: ok
// expect: processors: ok
// expect: process: ok
// expect: thread: ok
// expect: packages: ok
// expect: modules: ok
// expect: strings: ok
// expect: languages: ok
// expect: clocks: ok
#define _WIN32_WINNT  0x0A00
#define PSAPI_VERSION 2
#include "check.h"
#include <psapi.h>

/* What the import library does not have, and what the header makes a macro. */
static FARPROC
of(const char *name)
{
	FARPROC p = GetProcAddress(GetModuleHandleA("kernel32"), name);
	if (!p)
		p = GetProcAddress(LoadLibraryA("kernelbase"), name);
	if (!p)
		printf("no %s\n", name);
	return p;
}
#define CALL(type, name) ((type)(void *)of(#name))

static void
version(void)
{
	OSVERSIONINFOEXW w = { .dwOSVersionInfoSize = sizeof w };
	OSVERSIONINFOEXA a = { .dwOSVersionInfoSize = sizeof a };
	IS(GetVersionExW((OSVERSIONINFOW *)&w));
	IS(GetVersionExA((OSVERSIONINFOA *)&a));
	IS(w.dwMajorVersion >= 6 && w.dwMajorVersion == a.dwMajorVersion);
	IS(w.dwMinorVersion == a.dwMinorVersion && w.dwBuildNumber == a.dwBuildNumber);
	IS(w.dwPlatformId == VER_PLATFORM_WIN32_NT);
	IS((GetVersion() & 0xff) == w.dwMajorVersion);
	ULONGLONG at_least = VerSetConditionMask(0, VER_MAJORVERSION, VER_GREATER_EQUAL);
	OSVERSIONINFOEXW six = { .dwOSVersionInfoSize = sizeof six, .dwMajorVersion = 6 };
	OSVERSIONINFOEXA six_a = { .dwOSVersionInfoSize = sizeof six_a, .dwMajorVersion = 6 };
	IS(VerifyVersionInfoW(&six, VER_MAJORVERSION, at_least));
	IS(VerifyVersionInfoA(&six_a, VER_MAJORVERSION, at_least));
	six.dwMajorVersion = 99;
	ERR(VerifyVersionInfoW(&six, VER_MAJORVERSION, at_least), ERROR_OLD_WIN_VERSION);
	DWORD kind = 0;
	IS(GetProductInfo(6, 1, 0, 0, &kind) && kind);
	SYSTEM_INFO s, native;
	GetSystemInfo(&s);
	GetNativeSystemInfo(&native);
	IS(s.wProcessorArchitecture == 9 && native.wProcessorArchitecture == 9);
	USHORT process = 1, machine = 0;
	IS(IsWow64Process2(GetCurrentProcess(), &process, &machine));
	IS(process == 0 && machine == 0x8664);
	IS(!IsDebuggerPresent());
	BOOL debugged = TRUE;
	IS(CheckRemoteDebuggerPresent(GetCurrentProcess(), &debugged) && !debugged);
	done("version");
}

static void
folders(void)
{
	char a[MAX_PATH], b[MAX_PATH];
	WCHAR w[MAX_PATH];
	UINT n = GetWindowsDirectoryA(a, sizeof a);
	IS(n == strlen(a) && n > 3 && a[1] == ':');
	IS(GetWindowsDirectoryW(w, MAX_PATH) == n);
	IS(GetSystemWindowsDirectoryA(b, sizeof b) == n && !strcmp(a, b));
	IS(GetSystemWindowsDirectoryW(w, MAX_PATH) == n);
	IS(GetWindowsDirectoryA(b, 2) == n + 1);
	UINT m = GetSystemDirectoryA(b, sizeof b);
	IS(m == strlen(b) && m > n && !_strnicmp(a, b, n));
	IS(GetSystemDirectoryW(w, MAX_PATH) == m && w[m] == 0);
	char name[64];
	WCHAR wide[64];
	DWORD size = sizeof name, units = 64;
	IS(GetComputerNameA(name, &size) && size == strlen(name) && size > 0);
	IS(GetComputerNameW(wide, &units) && units == size);
	size = 1;
	ERR(GetComputerNameA(name, &size), ERROR_BUFFER_OVERFLOW);
	size = sizeof name, units = 64;
	IS(GetComputerNameExA(ComputerNameDnsHostname, name, &size) && size == strlen(name));
	IS(GetComputerNameExW(ComputerNameDnsHostname, wide, &units) && units == size);
	done("folders");
}

static void
environment(void)
{
	WCHAR w[64];
	IS(SetEnvironmentVariableW(L"ONE", L"eins"));
	IS(GetEnvironmentVariableW(L"one", w, 64) == 4 && !wcscmp(w, L"eins"));
	IS(GetEnvironmentVariableW(L"ONE", w, 2) == 5);
	IS(ExpandEnvironmentStringsW(L"<%ONE%|%NONE%>", w, 64) == 14);
	IS(!wcscmp(w, L"<eins|%NONE%>"));
	LPWCH block = GetEnvironmentStringsW(), p = block;
	int found = 0;
	for (; *p; p += wcslen(p) + 1)
		found += !wcscmp(p, L"ONE=eins");
	IS(found == 1 && FreeEnvironmentStringsW(block));
	LPCH narrow = (LPCH)(CALL(LPCH(WINAPI *)(void), GetEnvironmentStringsA)()), q = narrow;
	for (found = 0; *q; q += strlen(q) + 1)
		found += !strcmp(q, "ONE=eins");
	IS(found == 1 && FreeEnvironmentStringsA(narrow));
	IS(SetEnvironmentVariableW(L"ONE", NULL));
	ERR(GetEnvironmentVariableW(L"ONE", w, 64), ERROR_ENVVAR_NOT_FOUND);
	IS(CALL(BOOL(WINAPI *)(LPWCH), SetEnvironmentStringsW)((LPWCH)L"A=1\0B=2\0"));
	IS(GetEnvironmentVariableW(L"B", w, 64) == 1 && w[0] == '2');
	IS(wcslen(GetCommandLineW()) == strlen(GetCommandLineA()));
	STARTUPINFOA a = { 0 };
	STARTUPINFOW s = { 0 };
	GetStartupInfoA(&a);
	GetStartupInfoW(&s);
	IS(a.cb == sizeof a && s.cb == sizeof s);
	done("environment");
}

static void
atoms(void)
{
	char name[32];
	WCHAR wide[32];
	IS(InitAtomTable(37));
	ATOM a = AddAtomA("alpha"), b = AddAtomW(L"beta");
	IS(a >= 0xc000 && b >= 0xc000 && a != b);
	IS(AddAtomW(L"ALPHA") == a && FindAtomA("Alpha") == a && FindAtomW(L"beta") == b);
	IS(GetAtomNameA(a, name, sizeof name) == 5 && !strcmp(name, "alpha"));
	IS(GetAtomNameW(b, wide, 32) == 4 && !wcscmp(wide, L"beta"));
	IS(DeleteAtom(a) == 0 && FindAtomA("alpha") == a);
	IS(DeleteAtom(a) == 0 && FindAtomA("alpha") == 0);
	IS(AddAtomA("#77") == 77);
	ATOM g = GlobalAddAtomW(L"everybody's");
	IS(g && GlobalFindAtomW(L"everybody's") == g);
	IS(GlobalGetAtomNameW(g, wide, 32) == 11);
	IS(GlobalDeleteAtom(g) == 0);
	done("atoms");
}

static void
processors(void)
{
	SYSTEM_INFO s;
	GetSystemInfo(&s);
	IS(GetActiveProcessorGroupCount() == 1 && GetMaximumProcessorGroupCount() == 1);
	IS(GetActiveProcessorCount(0) == s.dwNumberOfProcessors);
	IS(GetActiveProcessorCount(ALL_PROCESSOR_GROUPS) == s.dwNumberOfProcessors);
	IS(GetMaximumProcessorCount(0) >= s.dwNumberOfProcessors);
	PROCESSOR_NUMBER at;
	GetCurrentProcessorNumberEx(&at);
	IS(at.Group == 0 && at.Number < 64 && GetCurrentProcessorNumber() < 64);
	DWORD size = 0, count = 0;
	ERR(GetLogicalProcessorInformation(NULL, &size), ERROR_INSUFFICIENT_BUFFER);
	SYSTEM_LOGICAL_PROCESSOR_INFORMATION *l = malloc(size);
	IS(GetLogicalProcessorInformation(l, &size));
	for (DWORD i = 0; i < size / sizeof *l; i++)
		if (l[i].Relationship == RelationProcessorCore)
			count += (DWORD)__builtin_popcountll(l[i].ProcessorMask);
	IS(count == s.dwNumberOfProcessors);
	size = 0;
	ERR(GetLogicalProcessorInformationEx(RelationAll, NULL, &size), ERROR_INSUFFICIENT_BUFFER);
	char *x = malloc(size), *end = x + size;
	IS(GetLogicalProcessorInformationEx(RelationAll, (void *)x, &size));
	for (; x < end; x += ((SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX *)(void *)x)->Size)
		;
	IS(x == end);
	ULONG node = 9;
	IS(GetNumaHighestNodeNumber(&node) && node < 64);
	ULONGLONG mask = 0, bytes = 0;
	IS(GetNumaNodeProcessorMask(0, &mask) && mask);
	IS(GetNumaAvailableMemoryNode(0, &bytes) && bytes);
	UCHAR where = 9;
	IS(GetNumaProcessorNode(0, &where) && where == 0);
	ULONGLONG kib = 0;
	MEMORYSTATUSEX m = { .dwLength = sizeof m };
	MEMORYSTATUS old;
	IS(GlobalMemoryStatusEx(&m) && m.ullTotalPhys >= m.ullAvailPhys && m.dwMemoryLoad <= 100);
	GlobalMemoryStatus(&old);
	IS(old.dwLength == sizeof old && old.dwTotalPhys == m.ullTotalPhys);
	IS(GetPhysicallyInstalledSystemMemory(&kib) && kib >= m.ullTotalPhys / 1024);
	SYSTEM_POWER_STATUS power;
	IS(GetSystemPowerStatus(&power));
	done("processors");
}

static void
process(void)
{
	HANDLE me = GetCurrentProcess();
	IS(GetPriorityClass(me) == NORMAL_PRIORITY_CLASS);
	IS(SetPriorityClass(me, BELOW_NORMAL_PRIORITY_CLASS));
	IS(GetPriorityClass(me) == BELOW_NORMAL_PRIORITY_CLASS);
	BOOL off = 7;
	IS(GetProcessPriorityBoost(me, &off) && !off);
	SIZE_T low = 0, high = 0;
	IS(GetProcessWorkingSetSize(me, &low, &high) && low && low <= high);
	DWORD level = 0, flags = 9, session = 9, size = 0;
	IS(GetProcessShutdownParameters(&level, &flags) && level == 0x280 && flags == 0);
	IS(ProcessIdToSessionId(GetCurrentProcessId(), &session));
	IS(WTSGetActiveConsoleSessionId() == session);
	IO_COUNTERS io;
	IS(GetProcessIoCounters(me, &io));
	UINT before = SetErrorMode(SEM_FAILCRITICALERRORS);
	IS(GetErrorMode() == SEM_FAILCRITICALERRORS);
	IS(SetErrorMode(before) == SEM_FAILCRITICALERRORS);
	DWORD thread_before;
	IS(SetThreadErrorMode(SEM_FAILCRITICALERRORS, &thread_before));
	IS(GetThreadErrorMode() == SEM_FAILCRITICALERRORS);
	PROCESS_MEMORY_COUNTERS c = { .cb = sizeof c };
	IS(K32GetProcessMemoryInfo(me, &c, sizeof c) && c.WorkingSetSize > 4096);
	PERFORMANCE_INFORMATION info = { .cb = sizeof info };
	IS(K32GetPerformanceInfo(&info, sizeof info) && info.PageSize == 4096);
	DWORD ids[1024], here = 0;
	IS(K32EnumProcesses(ids, sizeof ids, &size) && size >= 4);
	for (DWORD i = 0; i < size / 4; i++)
		here += ids[i] == GetCurrentProcessId();
	IS(here == 1);
	IS(RegisterApplicationRestart(NULL, 0) == S_OK);
	IS(UnregisterApplicationRestart() == S_OK);
	ULONG64 cycles = 0;
	IS(QueryProcessCycleTime(me, &cycles) && cycles);
	FILETIME idle, kernel, user;
	IS(GetSystemTimes(&idle, &kernel, &user));
	void *coded = EncodePointer(&cycles), *plain = NULL;
	IS(DecodePointer(coded) == &cycles);
	IS(CALL(HRESULT(WINAPI *)(HANDLE, void *, void **), EncodeRemotePointer)(me, me, &plain) ==
	   S_OK);
	IS(CALL(HRESULT(WINAPI *)(HANDLE, void *, void **), DecodeRemotePointer)(me, plain,
	                                                                         &plain) == S_OK);
	IS(plain == me);
	OutputDebugStringA("nobody hears\n");
	OutputDebugStringW(L"this\n");
	IS(SetHandleCount(99) == 99);
	done("process");
}

static DWORD WINAPI
leave(void *m)
{
	FreeLibraryAndExitThread(m, 42);
	return 1;
}

static void
thread(void)
{
	DWORD code = 0;
	HANDLE h = CreateThread(NULL, 0, leave, LoadLibraryExA("version.dll", NULL, 0), 0, NULL);
	IS(WaitForSingleObject(h, INFINITE) == 0 && GetExitCodeThread(h, &code) && code == 42);
	CloseHandle(h);
	IS(SetThreadExecutionState(ES_CONTINUOUS) & ES_CONTINUOUS);
	IS(SetThreadLocale(0x409) && GetThreadLocale() == 0x409);
	IS(GetThreadUILanguage() == 0x409);
	IS(!IsBadStringPtrA("good", 4) && IsBadStringPtrA((char *)8, 4));
	IS(!IsBadHugeReadPtr(&code, 4) && IsBadHugeWritePtr((void *)16, 4));
	done("thread");
}

/* A desktop program is no package, and no policy but the usual holds for it. */
static void
packages(void)
{
	typedef LONG(WINAPI * text_of)(UINT32 *, PWSTR);
	typedef LONG(WINAPI * policy_of)(HANDLE, int *);
	UINT32 n = 0;
	int policy = 99;
	IS(CALL(text_of, GetCurrentPackageFullName)(&n, NULL) == APPMODEL_ERROR_NO_PACKAGE);
	IS(CALL(text_of, GetCurrentPackageFamilyName)(&n, NULL) == APPMODEL_ERROR_NO_PACKAGE);
	IS(CALL(text_of, GetCurrentPackagePath)(&n, NULL) == APPMODEL_ERROR_NO_PACKAGE);
	IS(CALL(LONG(WINAPI *)(UINT32 *, BYTE *), GetCurrentPackageId)(&n, NULL) ==
	   APPMODEL_ERROR_NO_PACKAGE);
	IS(CALL(text_of, GetCurrentApplicationUserModelId)(&n, NULL) ==
	   APPMODEL_ERROR_NO_APPLICATION);
	HANDLE token = (HANDLE)(LONG_PTR)-6;
	IS(!CALL(policy_of, AppPolicyGetProcessTerminationMethod)(token, &policy) && policy == 0);
	IS(!CALL(policy_of, AppPolicyGetThreadInitializationType)(token, &policy) && policy == 0);
	IS(!CALL(policy_of, AppPolicyGetShowDeveloperDiagnostic)(token, &policy) && policy == 1);
	IS(!CALL(policy_of, AppPolicyGetWindowingModel)(token, &policy) && policy == 2);
	IS(!CALL(policy_of, AppPolicyGetCreateFileAccess)(token, &policy) && policy == 0);
	IS(!CALL(policy_of, AppPolicyGetLifecycleManagement)(token, &policy) && policy == 0);
	done("packages");
}

static void
modules(void)
{
	char name[MAX_PATH];
	WCHAR wide[MAX_PATH];
	HMODULE k = GetModuleHandleA("kernel32");
	HANDLE me = GetCurrentProcess();
	IS(K32GetModuleBaseNameA(me, k, name, sizeof name) && !_stricmp(name, "kernel32.dll"));
	IS(K32GetModuleBaseNameW(me, k, wide, MAX_PATH) && !_wcsicmp(wide, L"kernel32.dll"));
	DWORD n = K32GetModuleFileNameExA(me, k, name, sizeof name);
	IS(n > 12 && !_stricmp(name + n - 13, "\\kernel32.dll"));
	IS(K32GetModuleFileNameExW(me, k, wide, MAX_PATH) == n);
	MODULEINFO info;
	IS(K32GetModuleInformation(me, k, &info, sizeof info) && info.lpBaseOfDll == k);
	IS((char *)of("Sleep") > (char *)k);
	ERR(LoadLibraryExA("there-is-none.dll", NULL, 0), ERROR_MOD_NOT_FOUND);
	IS(!FreeResource(NULL));
	done("modules");
}

static void
strings(void)
{
	char b[16];
	IS(!strcmp(lstrcpyA(b, "ab"), "ab") && !strcmp(lstrcatA(b, "cd"), "abcd"));
	IS(lstrlenA(b) == 4 && lstrlenA(NULL) == 0 && lstrcmpA(b, "abce") < 0);
	IS(lstrcmpiA(b, "ABCD") == 0 && !strcmp(lstrcpynA(b, "wxyz", 3), "wx"));
	WCHAR w[64];
	IS(FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, 5, 0, w,
	                  64, NULL));
	IS(!wcscmp(w, L"Access is denied.\r\n"));
	IS(NormalizeString(1, L"e\x301", -1, w, 64) == 2 && w[0] == 0xe9);
	IS(IsNormalizedString(1, L"\xe9", -1) && !IsNormalizedString(1, L"e\x301", -1));
	done("strings");
}

static int count;
static BOOL CALLBACK
locale_seen(LPWSTR name, DWORD flags, LPARAM p)
{
	(void)flags, (void)p;
	count += !wcscmp(name, L"en-US");
	return TRUE;
}
static BOOL CALLBACK
page_seen(LPSTR name)
{
	count += !strcmp(name, "65001");
	return TRUE;
}

static void
languages(void)
{
	ULONG n = 0, size = 0;
	IS(GetSystemDefaultLangID() == 0x409);
	IS(GetUserPreferredUILanguages(MUI_LANGUAGE_NAME, &n, NULL, &size) && n == 1 && size == 7);
	IS(GetSystemPreferredUILanguages(MUI_LANGUAGE_NAME, &n, NULL, &size) && n == 1);
	IS(GetThreadPreferredUILanguages(MUI_LANGUAGE_NAME | MUI_UI_FALLBACK, &n, NULL, &size) &&
	   n);
	count = 0;
	IS(EnumSystemLocalesEx(locale_seen, 0, 0, NULL) && count == 1);
	count = 0;
	IS(EnumSystemCodePagesA(page_seen, CP_INSTALLED) && count == 1);
	IS(ConvertDefaultLocale(LOCALE_USER_DEFAULT) == 0x409);
	char t[32];
	SYSTEMTIME at = { 2020, 2, 6, 29, 13, 4, 5, 0 };
	IS(GetTimeFormatA(0x409, 0, &at, "HH:mm:ss", t, sizeof t) == 9 && !strcmp(t, "13:04:05"));
	NLSVERSIONINFOEX v = { .dwNLSVersionInfoSize = sizeof v };
	IS(GetNLSVersionEx(COMPARE_STRING, L"en-US", &v) && v.dwNLSVersion);
	IS(IsNLSDefinedString(COMPARE_STRING, 0, (NLSVERSIONINFO *)&v, L"abc", 3));
	done("languages");
}

static void
clocks(void)
{
	ULONGLONG a = 0, b = 0;
	typedef void(WINAPI * now)(ULONGLONG *);
	CALL(now, QueryInterruptTime)(&a);
	CALL(now, QueryInterruptTimePrecise)(&b);
	IS(a && b >= a);
	IS(QueryUnbiasedInterruptTime(&a) && a);
	CALL(now, QueryUnbiasedInterruptTimePrecise)(&b);
	IS(b >= a);
	TIME_ZONE_INFORMATION z;
	IS(GetTimeZoneInformationForYear(2020, NULL, &z));
	DWORD adjustment, increment;
	BOOL off;
	IS(GetSystemTimeAdjustment(&adjustment, &increment, &off) && increment);
	IS((GetEnabledXStateFeatures() & 3) == 3);
	done("clocks");
}

int
main(void)
{
	version();
	folders();
	environment();
	atoms();
	processors();
	process();
	thread();
	packages();
	modules();
	strings();
	languages();
	clocks();
	return 0;
}
