/* SPDX-License-Identifier: Apache-2.0 */
// What a process uses: its modules, its pages, the machine's memory, and its power.
// needs: joist mingw
// libs: -lpsapi -lpowrprof
// run: joist run --rm $GUEST
// expect: modules: ok
// expect: pages: ok
// expect: machine: ok
// expect: processors' nodes: ok
// expect: power: ok
#define _WIN32_WINNT  0x0A00
#define PSAPI_VERSION 1 /* by their names in psapi.dll */
#include "check.h"
#include <powrprof.h>
#include <psapi.h>
#include <stdlib.h>

/* Of Windows 8, which the headers of mingw do not have, or not for these names. */
#define NOTIFY_CALLBACK 2 /* DEVICE_NOTIFY_CALLBACK */
BOOL WINAPI K32QueryWorkingSetEx(HANDLE, void *, DWORD);
BOOL WINAPI K32GetPerformanceInfo(PERFORMANCE_INFORMATION *, DWORD);
int WINAPI PowerDeterminePlatformRoleEx(ULONG);
DWORD WINAPI PowerRegisterSuspendResumeNotification(DWORD, HANDLE, void **);
DWORD WINAPI PowerUnregisterSuspendResumeNotification(void *);
DWORD WINAPI PowerSettingRegisterNotification(const GUID *, DWORD, HANDLE, void **);
DWORD WINAPI PowerSettingUnregisterNotification(void *);

#define NOTHING ((HANDLE)0x7ffffff0)

static void
modules(void)
{
	HANDLE real = OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ, FALSE,
	                          GetCurrentProcessId());
	HANDLE each[] = { GetCurrentProcess(), real };
	HMODULE k = GetModuleHandleA("kernel32.dll"), wrong_one = (HMODULE)&real;
	IMAGE_NT_HEADERS64 *nt;
	BYTE *self = (BYTE *)GetModuleHandleW(NULL);
	for (int i = 0; i < 2; i++) {
		char a[MAX_PATH], b[MAX_PATH];
		WCHAR w[MAX_PATH], x[MAX_PATH];
		MODULEINFO m = { 0 };
		HANDLE p = each[i];
		DWORD n = GetModuleFileNameExA(p, k, a, MAX_PATH);
		GetModuleFileNameA(k, b, MAX_PATH);
		IS(n == strlen(a) && !_stricmp(a, b));
		n = GetModuleFileNameExW(p, NULL, w, MAX_PATH); /* the program itself */
		GetModuleFileNameW(NULL, x, MAX_PATH);
		IS(n == wcslen(w) && !_wcsicmp(w, x));
		IS(GetModuleBaseNameA(p, k, a, MAX_PATH) == 12 && !_stricmp(a, "kernel32.dll"));
		IS(GetModuleBaseNameW(p, k, w, MAX_PATH) == 12 && !_wcsicmp(w, L"kernel32.dll"));
		/* what does not fit is cut, and ended */
		memset(a, 'z', sizeof a);
		GetModuleBaseNameA(p, k, a, 5);
		IS(!_stricmp(a, "kern"));
		GetModuleBaseNameW(p, k, w, 5);
		IS(!_wcsicmp(w, L"kern"));
		nt = (IMAGE_NT_HEADERS64 *)(self + ((IMAGE_DOS_HEADER *)self)->e_lfanew);
		IS(GetModuleInformation(p, (HMODULE)self, &m, sizeof m) && m.lpBaseOfDll == self &&
		   m.SizeOfImage == nt->OptionalHeader.SizeOfImage &&
		   m.EntryPoint == self + nt->OptionalHeader.AddressOfEntryPoint);
		ERR(GetModuleInformation(p, k, &m, 4), ERROR_INSUFFICIENT_BUFFER);
		ERR(GetModuleInformation(p, wrong_one, &m, sizeof m), ERROR_INVALID_HANDLE);
		ERR(GetModuleFileNameExW(p, wrong_one, w, MAX_PATH), ERROR_INVALID_HANDLE);
		ERR(GetModuleBaseNameA(p, wrong_one, a, MAX_PATH), ERROR_INVALID_HANDLE);
	}
	char a[8];
	WCHAR w[8];
	ERR(GetModuleFileNameExA(NOTHING, k, a, 8), ERROR_INVALID_HANDLE);
	ERR(GetModuleBaseNameW(NOTHING, k, w, 8), ERROR_INVALID_HANDLE);
	IS(CloseHandle(real));
	done("modules");
}

static const char constant[8192] = "read only";

static void
pages(void)
{
	BYTE *p = VirtualAlloc(NULL, 16384, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
	PSAPI_WORKING_SET_EX_INFORMATION w[4];
	volatile char c = constant[0];
	(void)c;
	p[5] = 1;
	w[0].VirtualAddress = p + 7;
	w[1].VirtualAddress = p + 8192; /* never touched */
	w[2].VirtualAddress = (void *)constant;
	w[3].VirtualAddress = (void *)16; /* nothing is there */
	for (int i = 0; i < 2; i++) {
		for (int k = 0; k < 4; k++)
			w[k].VirtualAttributes.Flags = (ULONG_PTR)-1;
		IS(i ? K32QueryWorkingSetEx(GetCurrentProcess(), w, sizeof w)
		     : QueryWorkingSetEx(GetCurrentProcess(), w, sizeof w));
		IS(w[0].VirtualAttributes.Valid &&
		   w[0].VirtualAttributes.Win32Protection == PAGE_READWRITE &&
		   !w[0].VirtualAttributes.Shared);
		IS(!w[1].VirtualAttributes.Valid && !w[3].VirtualAttributes.Valid);
		IS(w[2].VirtualAttributes.Valid &&
		   w[2].VirtualAttributes.Win32Protection == PAGE_READONLY);
	}
	ERR(QueryWorkingSetEx(NOTHING, w, sizeof w), ERROR_INVALID_HANDLE);
	ERR(K32QueryWorkingSetEx(NOTHING, w, sizeof w), ERROR_INVALID_HANDLE);
	IS(EmptyWorkingSet(GetCurrentProcess()) && p[5] == 1); /* nothing is lost by it */
	ERR(EmptyWorkingSet(NOTHING), ERROR_INVALID_HANDLE);
	done("pages");
}

static DWORD WINAPI
wait(void *event)
{
	return WaitForSingleObject(event, INFINITE);
}

static void
machine(void)
{
	PERFORMANCE_INFORMATION p = { 0 }, q = { 0 };
	MEMORYSTATUSEX m = { .dwLength = sizeof m };
	HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL), thread;
	IS(GetPerformanceInfo(&p, sizeof p) && p.cb == sizeof p && GlobalMemoryStatusEx(&m));
	IS(p.PageSize == 4096 && p.PhysicalTotal == m.ullTotalPhys / 4096);
	IS(p.PhysicalAvailable <= p.PhysicalTotal && p.CommitTotal <= p.CommitLimit &&
	   p.CommitTotal <= p.CommitPeak && p.HandleCount && p.ProcessCount && p.ThreadCount);
	thread = CreateThread(NULL, 0, wait, event, 0, NULL);
	IS(K32GetPerformanceInfo(&q, sizeof q) && q.ThreadCount > p.ThreadCount);
	SetEvent(event);
	WaitForSingleObject(thread, INFINITE);
	ERR(GetPerformanceInfo(&p, 8), ERROR_BAD_LENGTH);
	done("machine");
}

static void
nodes(void)
{
	PROCESSOR_NUMBER n = { 0 };
	GROUP_AFFINITY a = { 0 };
	ULONGLONG bytes = 0;
	ULONG highest = 99;
	USHORT node = 9;
	UCHAR near_by = 9;
	DWORD_PTR mine, all;
	IS(GetNumaHighestNodeNumber(&highest) && highest < 64);
	IS(GetNumaProcessorNodeEx(&n, &node) && node <= highest);
	n.Group = 77;
	ERR(GetNumaProcessorNodeEx(&n, &node), ERROR_INVALID_PARAMETER);
	IS(node == 0xffff); /* as is documented */
	GetProcessAffinityMask(GetCurrentProcess(), &mine, &all);
	IS(GetNumaNodeProcessorMaskEx(0, &a) && a.Group == 0 && a.Mask && !(a.Mask & ~all));
	ERR(GetNumaNodeProcessorMaskEx((USHORT)(highest + 1), &a), ERROR_INVALID_PARAMETER);
	IS(GetNumaAvailableMemoryNodeEx(0, &bytes) && bytes > 1 << 20);
	ERR(GetNumaAvailableMemoryNodeEx((USHORT)(highest + 1), &bytes), ERROR_INVALID_PARAMETER);
	IS(GetNumaProximityNode(0, &near_by) && near_by <= highest);
	ERR(GetNumaProximityNode(123456, &near_by), ERROR_INVALID_PARAMETER);
	done("processors' nodes");
}

static ULONG CALLBACK
told(void *context, ULONG type, void *setting)
{
	(void)context, (void)type, (void)setting;
	return 0;
}

static void
power(void)
{
	static const GUID balanced = {
		0x381b4222, 0xf694, 0x41f0, { 0x96, 0x85, 0xff, 0x5b, 0xb2, 0x60, 0xdf, 0x2e }
	};
	static const GUID display = {
		0x6fe69556, 0x704a, 0x47a0, { 0x8f, 0x24, 0xc2, 0x8d, 0x93, 0x6f, 0xda, 0x47 }
	};
	struct {
		ULONG number, most, current, limit, idle_most, idle;
	} cpu[64];
	SYSTEM_BATTERY_STATE battery;
	SYSTEM_POWER_STATUS status;
	SYSTEM_INFO si;
	struct {
		ULONG(CALLBACK *f)(void *, ULONG, void *);
		void *context;
	} want = { told, NULL };
	void *h = NULL;
	GUID *scheme = NULL;
	GetSystemInfo(&si);
	IS(CallNtPowerInformation(ProcessorInformation, NULL, 0, cpu,
	                          si.dwNumberOfProcessors * sizeof *cpu) == 0);
	for (DWORD i = 0; i < si.dwNumberOfProcessors; i++)
		IS(cpu[i].number == i && cpu[i].most >= cpu[i].current && cpu[i].current > 0);
	IS(CallNtPowerInformation(ProcessorInformation, NULL, 0, cpu, 4) == (LONG)0xc0000023);
	IS(CallNtPowerInformation(SystemBatteryState, NULL, 0, &battery, sizeof battery) == 0);
	IS(GetSystemPowerStatus(&status) && battery.AcOnLine == (status.ACLineStatus == 1) &&
	   battery.BatteryPresent == !(status.BatteryFlag & 128));
	IS(CallNtPowerInformation(SystemBatteryState, NULL, 0, &battery, 4) == (LONG)0xc0000023);

	/* there always is a scheme; it is to be freed */
	IS(PowerGetActiveScheme(NULL, &scheme) == ERROR_SUCCESS && scheme &&
	   !memcmp(scheme, &balanced, sizeof balanced) && !LocalFree(scheme));
	IS(PowerGetActiveScheme(NULL, NULL) == ERROR_INVALID_PARAMETER);
	/* V1 knows fewer: 1 is a desktop, 0 is not specified, 8 the first that is none of V1 */
	IS(PowerDeterminePlatformRoleEx(1) >= 0 && (int)PowerDeterminePlatformRoleEx(1) < 8);

	if (!IsPwrHibernateAllowed())
		IS(!SetSuspendState(TRUE, FALSE, FALSE));
	if (!IsPwrSuspendAllowed())
		IS(!SetSuspendState(FALSE, FALSE, FALSE));
	/* to shut down is a privilege, which is off at the start */
	ERR(SetSuspendState(TRUE, FALSE, FALSE), ERROR_PRIVILEGE_NOT_HELD);
	/* a machine of ours has no power that it could switch off */
	IS(!IsPwrShutdownAllowed());
	IS(!IsSystemResumeAutomatic()); /* a user started it, nothing woke it */

	IS(PowerRegisterSuspendResumeNotification(NOTIFY_CALLBACK, &want, &h) == 0 && h);
	IS(PowerUnregisterSuspendResumeNotification(h) == 0);
	IS(PowerRegisterSuspendResumeNotification(NOTIFY_CALLBACK, NULL, &h) ==
	   ERROR_INVALID_PARAMETER);
	IS(PowerSettingRegisterNotification(&display, NOTIFY_CALLBACK, &want, &h) == 0 && h);
	IS(PowerSettingUnregisterNotification(h) == 0);
	IS(PowerSettingRegisterNotification(&display, NOTIFY_CALLBACK, NULL, &h) ==
	   ERROR_INVALID_PARAMETER);
	IS(PowerUnregisterSuspendResumeNotification(NULL) == ERROR_INVALID_PARAMETER);
	IS(PowerSettingUnregisterNotification(NULL) == ERROR_INVALID_PARAMETER);

	BOOL on = 9;
	HANDLE disk = CreateFileW(L"C:\\power.txt", GENERIC_READ | GENERIC_WRITE, 0, NULL,
	                          CREATE_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE, NULL);
	IS(GetDevicePowerState(disk, &on) && on == TRUE);
	ERR(GetDevicePowerState(NOTHING, &on), ERROR_INVALID_HANDLE);
	CloseHandle(disk);
	done("power");
}

int
main(void)
{
	modules();
	pages();
	machine();
	nodes();
	power();
	return 0;
}
