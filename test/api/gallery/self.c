/* SPDX-License-Identifier: Apache-2.0 */
// What a process sets of itself is what it is told afterwards; what it is not, it is told too.
// needs: joist mingw
// libs: -lpsapi
// run: joist run --rm $GUEST
// expect: priority and processors: ok
// expect: working set: ok
// expect: information: ok
// expect: packages: ok
// expect: error reports: ok
// expect: recovery: ok
// expect: the rest: ok
// expect: policies: ok
#define _WIN32_WINNT 0x0A00
#include "check.h"
#include <psapi.h>
#include <stdlib.h>

#define DYNAMIC_CODE_BLOCKED 1655
#define SELF                 GetCurrentProcess()
#define NOTHING              ((HANDLE)0x7ffffff0)
/* What the import libraries, or their headers, of some compilers do not have. */
#define CALL(ret, name, ...) ((ret(WINAPI *)(__VA_ARGS__))of(#name))

static void *
of(const char *name)
{
	FARPROC p = GetProcAddress(GetModuleHandleA("kernel32.dll"), name);
	if (!p)
		printf("no %s\n", name), exit(1);
	return (void *)p;
}

static void
processors(void)
{
	DWORD_PTR mine, all, one;
	BOOL off = 7;
	USHORT n = 0, groups[4] = { 9, 9, 9, 9 };
	IS(SetProcessPriorityBoost(SELF, TRUE) && GetProcessPriorityBoost(SELF, &off) && off == 1);
	IS(SetProcessPriorityBoost(SELF, FALSE) && GetProcessPriorityBoost(SELF, &off) && off == 0);
	ERR(SetProcessPriorityBoost(NOTHING, TRUE), ERROR_INVALID_HANDLE);

	IS(GetProcessAffinityMask(SELF, &mine, &all) && mine && !(mine & ~all));
	one = all & -all;
	IS(SetProcessAffinityMask(SELF, one) && GetProcessAffinityMask(SELF, &mine, &all) &&
	   mine == one);
	for (int i = 0; i < 50; i++, Sleep(0))
		IS((DWORD_PTR)1 << GetCurrentProcessorNumber() == one);
	IS(SetProcessAffinityMask(SELF, all) && GetProcessAffinityMask(SELF, &mine, &all) &&
	   mine == all);
	ERR(SetProcessAffinityMask(SELF, 0), ERROR_INVALID_PARAMETER);
	if (all != (DWORD_PTR)-1)
		ERR(SetProcessAffinityMask(SELF, ~all), ERROR_INVALID_PARAMETER);
	ERR(SetProcessAffinityMask(NOTHING, one), ERROR_INVALID_HANDLE);

	ERR(GetProcessGroupAffinity(SELF, &n, groups), ERROR_INSUFFICIENT_BUFFER);
	IS(n == 1);
	n = 4;
	IS(GetProcessGroupAffinity(SELF, &n, groups) && n == 1 && groups[0] == 0);
	IS(CALL(BOOL, SetProcessAffinityUpdateMode, HANDLE, DWORD)(SELF, 1));
	ERR(CALL(BOOL, SetProcessAffinityUpdateMode, HANDLE, DWORD)(SELF, 0x80),
	    ERROR_INVALID_PARAMETER);

	/* sets of processors have the numbers that the system names */
	BOOL(WINAPI * get)(HANDLE, ULONG *, ULONG, ULONG *) = of("GetProcessDefaultCpuSets");
	BOOL(WINAPI * set)(HANDLE, const ULONG *, ULONG) = of("SetProcessDefaultCpuSets");
	ULONG id = 256, got[8] = { 0 }, need = 9;
	IS(get(SELF, got, 8, &need) && need == 0);
	IS(set(SELF, &id, 1) && get(SELF, got, 8, &need) && need == 1 && got[0] == 256);
	ERR(get(SELF, NULL, 0, &need), ERROR_INSUFFICIENT_BUFFER);
	IS(need == 1);
	id = 5;
	ERR(set(SELF, &id, 1), ERROR_INVALID_PARAMETER);
	IS(set(SELF, NULL, 0) && get(SELF, got, 8, &need) && need == 0);
	done("priority and processors");
}

static void
working_set(void)
{
	SIZE_T least, most;
	DWORD flags = 0;
	IS(SetProcessWorkingSetSize(SELF, 1 << 20, 8 << 20) &&
	   GetProcessWorkingSetSize(SELF, &least, &most) && least == 1 << 20 && most == 8 << 20);
	ERR(SetProcessWorkingSetSize(SELF, 8 << 20, 1 << 20), ERROR_INVALID_PARAMETER);
	ERR(SetProcessWorkingSetSize(NOTHING, 1 << 20, 8 << 20), ERROR_INVALID_HANDLE);
	IS(SetProcessWorkingSetSize(SELF, (SIZE_T)-1, (SIZE_T)-1)); /* empty it */
	IS(GetProcessWorkingSetSizeEx(SELF, &least, &most, &flags) && most == 8 << 20 &&
	   flags == (QUOTA_LIMITS_HARDWS_MIN_DISABLE | QUOTA_LIMITS_HARDWS_MAX_DISABLE));
	DWORD hard = QUOTA_LIMITS_HARDWS_MIN_ENABLE | QUOTA_LIMITS_HARDWS_MAX_DISABLE;
	IS(SetProcessWorkingSetSizeEx(SELF, 2 << 20, 9 << 20, hard) &&
	   GetProcessWorkingSetSizeEx(SELF, &least, &most, &flags) && least == 2 << 20 &&
	   most == 9 << 20 && flags == hard);
	ERR(SetProcessWorkingSetSizeEx(SELF, 2 << 20, 9 << 20, 3), ERROR_INVALID_PARAMETER);
	IS(EmptyWorkingSet(SELF) && K32EmptyWorkingSet(SELF));
	ERR(K32EmptyWorkingSet(NOTHING), ERROR_INVALID_HANDLE);
	done("working set");
}

static void
policies(void)
{
	PROCESS_MITIGATION_DEP_POLICY dep = { 0 };
	PROCESS_MITIGATION_CHILD_PROCESS_POLICY child = { 0 };
	PROCESS_MITIGATION_DYNAMIC_CODE_POLICY code = { 0 };
	PROCESS_MITIGATION_EXTENSION_POINT_DISABLE_POLICY points = { 0 };
	STARTUPINFOW si = { .cb = sizeof si };
	PROCESS_INFORMATION pi;
	WCHAR self[MAX_PATH];
	DWORD flags, old;
	BOOL permanent;

	IS(GetProcessMitigationPolicy(SELF, ProcessDEPPolicy, &dep, sizeof dep) && dep.Enable &&
	   dep.Permanent);
	ERR(GetProcessMitigationPolicy(SELF, 99, &dep, sizeof dep), ERROR_INVALID_PARAMETER);
	ERR(SetProcessMitigationPolicy(99, &dep, sizeof dep), ERROR_INVALID_PARAMETER);
	points.DisableExtensionPoints = 1;
	IS(SetProcessMitigationPolicy(ProcessExtensionPointDisablePolicy, &points, sizeof points));
	points.Flags = 0;
	IS(GetProcessMitigationPolicy(SELF, ProcessExtensionPointDisablePolicy, &points,
	                              sizeof points) &&
	   points.DisableExtensionPoints);

	/* no new code, and nobody is started: held to, or not promised */
	IS(GetProcessMitigationPolicy(SELF, ProcessDynamicCodePolicy, &code, sizeof code) &&
	   !code.ProhibitDynamicCode);
	BYTE *data = VirtualAlloc(NULL, 4096, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
	IS(VirtualProtect(data, 4096, PAGE_EXECUTE_READ, &old));
	code.ProhibitDynamicCode = 1;
	if (SetProcessMitigationPolicy(ProcessDynamicCodePolicy, &code, sizeof code)) {
		code.Flags = 0;
		IS(GetProcessMitigationPolicy(SELF, ProcessDynamicCodePolicy, &code, sizeof code) &&
		   code.ProhibitDynamicCode);
		ERR(VirtualAlloc(NULL, 4096, MEM_COMMIT, PAGE_EXECUTE_READWRITE),
		    DYNAMIC_CODE_BLOCKED);
	} else
		IS(VirtualAlloc(NULL, 4096, MEM_COMMIT, PAGE_EXECUTE_READWRITE));
	child.NoChildProcessCreation = 1;
	GetModuleFileNameW(NULL, self, MAX_PATH);
	if (SetProcessMitigationPolicy(ProcessChildProcessPolicy, &child, sizeof child)) {
		ERR(CreateProcessW(self, NULL, NULL, NULL, FALSE, 0, NULL, NULL, &si, &pi),
		    ERROR_ACCESS_DENIED);
		/* and it is never taken back */
		child.Flags = 0;
		IS(!SetProcessMitigationPolicy(ProcessChildProcessPolicy, &child, sizeof child));
		IS(GetProcessMitigationPolicy(SELF, ProcessChildProcessPolicy, &child,
		                              sizeof child) &&
		   child.NoChildProcessCreation);
	}

	/* these are of 32-bit programs */
	ERR(GetProcessDEPPolicy(SELF, &flags, &permanent), ERROR_NOT_SUPPORTED);
	ERR(SetProcessDEPPolicy(PROCESS_DEP_ENABLE), ERROR_NOT_SUPPORTED);
	IS((int)GetSystemDEPPolicy() >= 0 && GetSystemDEPPolicy() <= 3);
	done("policies");
}

static void
information(void)
{
	BOOL(WINAPI * get)(HANDLE, int, void *, DWORD) = of("GetProcessInformation");
	BOOL(WINAPI * set)(HANDLE, int, void *, DWORD) = of("SetProcessInformation");
	ULONG memory = 9, level = 0;
	struct {
		ULONG version, control, state;
	} power = { 1, 1, 1 };
	IS(get(SELF, 0, &memory, 4) && memory == MEMORY_PRIORITY_NORMAL);
	memory = MEMORY_PRIORITY_LOW;
	IS(set(SELF, 0, &memory, 4));
	memory = 0;
	IS(get(SELF, 0, &memory, 4) && memory == MEMORY_PRIORITY_LOW);
	memory = 77;
	ERR(set(SELF, 0, &memory, 4), ERROR_INVALID_PARAMETER);
	IS(set(SELF, 4, &power, sizeof power)); /* ProcessPowerThrottling */
	power.state = power.control = 0;
	IS(get(SELF, 4, &power, sizeof power) && power.control == 1 && power.state == 1);
	power.version = 5;
	IS(!set(SELF, 4, &power, sizeof power));
	/* ProcessProtectionLevelInfo: a plain program has none, that is -2 */
	IS(get(SELF, 7, &level, 4) && level == 0xfffffffe);
	struct {
		USHORT machine, reserved;
		DWORD attributes;
	} machine = { 0 };
	IS(get(SELF, 9, &machine, sizeof machine) && machine.machine == IMAGE_FILE_MACHINE_AMD64 &&
	   machine.attributes & 1);
	IS(!get(SELF, 9, &machine, 2) && !get(SELF, 99, &machine, sizeof machine));
	ERR(get(NOTHING, 0, &memory, 4), ERROR_INVALID_HANDLE);
	ERR(set(SELF, 99, &memory, 4), ERROR_INVALID_PARAMETER);
	done("information");
}

static void
packages(void)
{
	UINT n = 0, count = 0;
	IS(CALL(LONG, GetPackageFullName, HANDLE, UINT *, WCHAR *)(SELF, &n, NULL) == 15700);
	IS(CALL(LONG, GetPackageFamilyName, HANDLE, UINT *, WCHAR *)(SELF, &n, NULL) == 15700);
	IS(CALL(LONG, GetApplicationUserModelId, HANDLE, UINT *, WCHAR *)(SELF, &n, NULL) == 15703);
	IS(CALL(LONG, GetCurrentPackageInfo, DWORD, UINT *, BYTE *, UINT *)(0x10, &n, NULL,
	                                                                    &count) == 15700);
	IS(CALL(LONG, GetPackageFullName, HANDLE, UINT *, WCHAR *)(SELF, NULL, NULL) == 87);
	IS(CALL(LONG, GetPackageFamilyName, HANDLE, UINT *, WCHAR *)(SELF, NULL, NULL) == 87);
	IS(CALL(LONG, GetApplicationUserModelId, HANDLE, UINT *, WCHAR *)(SELF, NULL, NULL) == 87);
	IS(CALL(LONG, GetCurrentPackageInfo, DWORD, UINT *, BYTE *, UINT *)(0x10, NULL, NULL,
	                                                                    NULL) == 87);
	done("packages");
}

#define OF_WIN32(e)    ((HRESULT)(0x80070000 | (e)))
#define TOO_MANY       OF_WIN32(ERROR_INSUFFICIENT_BUFFER)
#define NOT_REGISTERED OF_WIN32(ERROR_NOT_FOUND)

static void
reports(void)
{
	HRESULT(WINAPI * flags_of)(HANDLE, DWORD *) = of("WerGetFlags");
	HRESULT(WINAPI * set_flags)(DWORD) = of("WerSetFlags");
	HRESULT(WINAPI * block)(void *, DWORD) = of("WerRegisterMemoryBlock");
	HRESULT(WINAPI * no_block)(void *) = of("WerUnregisterMemoryBlock");
	HRESULT(WINAPI * file)(const WCHAR *, int, DWORD) = of("WerRegisterFile");
	HRESULT(WINAPI * no_file)(const WCHAR *) = of("WerUnregisterFile");
	HRESULT(WINAPI * module)(const WCHAR *, void *) = of("WerRegisterRuntimeExceptionModule");
	HRESULT(WINAPI * no_module)
	(const WCHAR *, void *) = of("WerUnregisterRuntimeExceptionModule");
	static BYTE blocks[600];
	DWORD f = 99;
	int n = 0;
	IS(flags_of(SELF, &f) == S_OK && f == 0);
	IS(set_flags(4) == S_OK && flags_of(SELF, &f) == S_OK && f == 4); /* queue it */
	IS(set_flags(0) == S_OK);
	IS(block(blocks, 16) == S_OK && no_block(blocks) == S_OK);
	IS(no_block(blocks) == NOT_REGISTERED);
	IS(file(L"C:\\notes.txt", 3, 0) == S_OK && no_file(L"C:\\notes.txt") == S_OK);
	IS(no_file(L"C:\\notes.txt") == NOT_REGISTERED);
	/* WER_MAX_REGISTERED_ENTRIES, of both kinds together */
	IS(file(L"C:\\notes.txt", 3, 0) == S_OK);
	while (n < 600 && block(blocks + n, 1) == S_OK)
		n++;
	IS(n == 511 && block(blocks + n, 1) == TOO_MANY && file(L"C:\\x", 3, 0) == TOO_MANY);
	while (n > 0)
		IS(no_block(blocks + --n) == S_OK);
	IS(no_file(L"C:\\notes.txt") == S_OK);
	IS(module(L"C:\\m.dll", blocks) == S_OK && no_module(L"C:\\m.dll", blocks) == S_OK);
	IS(FAILED(no_module(L"C:\\m.dll", blocks)));
	done("error reports");
}

static DWORD WINAPI
recover(void *p)
{
	(void)p;
	return 0;
}

static void
recovery(void)
{
	/* the interval is five minutes at most */
	IS(RegisterApplicationRecoveryCallback(recover, NULL, 0, 0) == S_OK);
	IS(RegisterApplicationRecoveryCallback(recover, NULL, 300000, 0) == S_OK);
	IS(RegisterApplicationRecoveryCallback(recover, NULL, 300001, 0) == E_INVALIDARG);
	IS(UnregisterApplicationRecoveryCallback() == S_OK);
	done("recovery");
}

static void
rest(void)
{
	BYTE *base = (BYTE *)GetModuleHandleW(NULL);
	IMAGE_OPTIONAL_HEADER64 *h =
	        &((IMAGE_NT_HEADERS64 *)(base + ((IMAGE_DOS_HEADER *)base)->e_lfanew))
	                 ->OptionalHeader;
	DWORD level = 0, flags = 9;
	BOOL can = 9;
	/* the version of the system that the program wants */
	IS(GetProcessVersion(0) ==
	   (DWORD)MAKELONG(h->MinorSubsystemVersion, h->MajorSubsystemVersion));
	IS(GetProcessVersion(GetCurrentProcessId()) == GetProcessVersion(0));
	ERR(GetProcessVersion(0x7ffffff0), ERROR_INVALID_PARAMETER);
	IS(GetProcessShutdownParameters(&level, &flags) && level == 0x280 && flags == 0);
	IS(SetProcessShutdownParameters(0x300, SHUTDOWN_NORETRY) &&
	   GetProcessShutdownParameters(&level, &flags) && level == 0x300 &&
	   flags == SHUTDOWN_NORETRY);
	IS(CALL(HRESULT, IsWow64GuestMachineSupported, USHORT, BOOL *)(0x14c, &can) == S_OK &&
	   !can);
	CALL(void, SetLastErrorEx, DWORD, DWORD)(4711, 1);
	IS(GetLastError() == 4711);
	/* there are no 32-bit programs here, hence not their folder */
	char a[MAX_PATH];
	WCHAR w[MAX_PATH];
	ERR(GetSystemWow64DirectoryA(a, MAX_PATH), ERROR_CALL_NOT_IMPLEMENTED);
	ERR(GetSystemWow64DirectoryW(w, MAX_PATH), ERROR_CALL_NOT_IMPLEMENTED);
	IS(Beep(440, 1));
	ERR(Beep(36, 1), ERROR_INVALID_PARAMETER);
	ERR(Beep(32768, 1), ERROR_INVALID_PARAMETER);
	/* as many strings as the wide block has, and the same */
	char *s = (CALL(char *, GetEnvironmentStrings, void))();
	WCHAR *ws = GetEnvironmentStringsW();
	int same = 0;
	for (char *p = s; *p; p += strlen(p) + 1)
		same++;
	for (WCHAR *p = ws; *p; p += wcslen(p) + 1)
		same--;
	IS(s && *s && same == 0 && FreeEnvironmentStringsA(s) && FreeEnvironmentStringsW(ws));
	done("the rest");
}

int
main(void)
{
	processors();
	working_set();
	information();
	packages();
	reports();
	recovery();
	rest();
	policies();
	return 0;
}
