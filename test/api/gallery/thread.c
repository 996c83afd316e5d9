/* SPDX-License-Identifier: Apache-2.0 */
// Threads: making and ending them, what they say about themselves, storage of their own, fibers.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: threads: ok
// expect: facts: ok
// expect: machine: ok
// expect: storage: ok
// expect: terminated: ok
// expect: fibers: ok
// expect: the last thread's code is the program's
// expect-status: 33
#define _WIN32_WINNT 0x0A00
#include "check.h"

/* which mingw's headers do not have */
HRESULT WINAPI SetThreadDescription(HANDLE h, PCWSTR text);
HRESULT WINAPI GetThreadDescription(HANDLE h, PWSTR *text);

static DWORD WINAPI
give(void *a)
{
	if ((INT_PTR)a & 1)
		ExitThread((DWORD)(INT_PTR)a);
	return (DWORD)(INT_PTR)a;
}

static void
threads(void)
{
	HANDLE t[20], p;
	DWORD id[20], code;

	for (INT_PTR i = 0; i < 20; i++)
		t[i] = CreateThread(NULL, i % 3 ? 0 : 65536, give, (void *)i, 0, &id[i]);
	for (DWORD i = 0; i < 20; i++) {
		IS(WaitForSingleObject(t[i], INFINITE) == WAIT_OBJECT_0);
		IS(GetExitCodeThread(t[i], &code) && code == i);
		IS(GetThreadId(t[i]) == id[i] && id[i] % 4 == 0);
		for (DWORD k = 0; k < i; k++)
			IS(id[k] != id[i]);
		CloseHandle(t[i]);
	}
	t[0] = CreateThread(NULL, 0, give, (void *)6, CREATE_SUSPENDED, id);
	IS(GetExitCodeThread(t[0], &code) && code == STILL_ACTIVE);
	IS(WaitForSingleObject(t[0], 20) == WAIT_TIMEOUT);
	p = OpenThread(THREAD_ALL_ACCESS, FALSE, id[0]);
	IS(p && GetThreadId(p) == id[0]);
	IS(ResumeThread(t[0]) == 1);
	IS(WaitForSingleObject(p, INFINITE) == WAIT_OBJECT_0);
	CloseHandle(p);
	CloseHandle(t[0]);
	ERR(OpenThread(THREAD_ALL_ACCESS, FALSE, 0x7ffffffc), ERROR_INVALID_PARAMETER);
	t[0] = CreateRemoteThread(GetCurrentProcess(), NULL, 0, give, (void *)8, 0, NULL);
	IS(WaitForSingleObject(t[0], INFINITE) == WAIT_OBJECT_0);
	CloseHandle(t[0]);
	t[0] = CreateRemoteThreadEx(GetCurrentProcess(), NULL, 4 << 20, give, (void *)8,
	                            STACK_SIZE_PARAM_IS_A_RESERVATION, NULL, NULL);
	IS(WaitForSingleObject(t[0], INFINITE) == WAIT_OBJECT_0);
	CloseHandle(t[0]);
	done("threads");
}

static void
facts(void)
{
	HANDLE me = GetCurrentThread();
	FILETIME made, ended, kernel, user;
	PROCESSOR_NUMBER ideal = { 0, 0, 0 }, was;
	GROUP_AFFINITY group, other;
	ULONG_PTR low, high;
	ULONG64 cycles, more;
	WCHAR *text;
	DWORD_PTR mask;
	BOOL b;
	MEMORY_PRIORITY_INFORMATION priority = { 1 };
	volatile int spin = 0;

	IS(GetThreadId(me) == GetCurrentThreadId());
	IS(GetProcessIdOfThread(me) == GetCurrentProcessId());
	IS(GetThreadPriority(me) == 0);
	IS(SetThreadPriority(me, THREAD_PRIORITY_HIGHEST) && GetThreadPriority(me) == 2);
	ERR(SetThreadPriority(me, 7), ERROR_INVALID_PARAMETER);
	IS(SetThreadPriority(me, THREAD_PRIORITY_NORMAL));
	IS(SetThreadPriorityBoost(me, TRUE) && GetThreadPriorityBoost(me, &b) && b);
	IS(SUCCEEDED(SetThreadDescription(me, L"main \x00e9")));
	IS(SUCCEEDED(GetThreadDescription(me, &text)) && wcscmp(text, L"main \x00e9") == 0);
	LocalFree(text);
	GetCurrentThreadStackLimits(&low, &high);
	IS(low < (ULONG_PTR)&b && (ULONG_PTR)&b < high && high - low >= 65536);
	IS(QueryThreadCycleTime(me, &cycles));
	while (spin < 1000000)
		spin++;
	IS(QueryThreadCycleTime(me, &more) && more > cycles);
	IS(GetThreadTimes(me, &made, &ended, &kernel, &user) && made.dwHighDateTime &&
	   !ended.dwHighDateTime);
	IS(GetThreadGroupAffinity(me, &group) && group.Mask && group.Group == 0);
	mask = SetThreadAffinityMask(me, group.Mask);
	IS(mask == group.Mask);
	IS(SetThreadGroupAffinity(me, &group, &other) && other.Mask == group.Mask);
	IS(SetThreadIdealProcessorEx(me, &ideal, &was) && GetThreadIdealProcessorEx(me, &was) &&
	   was.Number == 0);
	IS(SetThreadIdealProcessor(me, MAXIMUM_PROCESSORS) == 0);
	IS(GetThreadIOPendingFlag(me, &b) && !b);
	IS(SetThreadInformation(me, ThreadMemoryPriority, &priority, sizeof priority));
	IS(GetThreadInformation(me, ThreadMemoryPriority, &priority, sizeof priority));
	done("facts");
}

static void
machine(void)
{
	HANDLE h = CreateMemoryResourceNotification(HighMemoryResourceNotification);
	BOOL state = 9;

	FlushProcessWriteBuffers();
	IS(h && QueryMemoryResourceNotification(h, &state) && (state == TRUE || state == FALSE));
	IS((WaitForSingleObject(h, 0) == WAIT_OBJECT_0) == state);
	CloseHandle(h);
	ERR(QueryMemoryResourceNotification(h, &state), ERROR_INVALID_HANDLE);
	done("machine");
}

static DWORD low_slot, high_slot, fiber_slot, far_fiber_slot;
static int gone;

static VOID NTAPI
goes(void *value)
{
	gone += (int)(INT_PTR)value;
}

static DWORD WINAPI
store(void *a)
{
	IS(!TlsGetValue(low_slot) && !TlsGetValue(high_slot) && !FlsGetValue(fiber_slot));
	IS(TlsSetValue(low_slot, a) && TlsSetValue(high_slot, a) && FlsSetValue(fiber_slot, a));
	IS(FlsSetValue(far_fiber_slot, a));
	Sleep(1);
	IS(TlsGetValue(low_slot) == a && TlsGetValue(high_slot) == a &&
	   FlsGetValue(fiber_slot) == a);
	return 0;
}

static void
storage(void)
{
	DWORD slots[200];
	HANDLE t[3];

	for (int i = 0; i < 200; i++)
		slots[i] = TlsAlloc();
	low_slot = slots[0];
	high_slot = slots[199];
	IS(low_slot < 64 && high_slot >= 64);
	fiber_slot = FlsAlloc(goes);
	for (int i = 0; i < 300; i++)
		far_fiber_slot = FlsAlloc(goes);
	IS(fiber_slot != FLS_OUT_OF_INDEXES && far_fiber_slot > 255);
	for (INT_PTR i = 0; i < 3; i++)
		t[i] = CreateThread(NULL, 0, store, (void *)(i + 1), 0, NULL);
	WaitForMultipleObjects(3, t, TRUE, INFINITE);
	for (int i = 0; i < 3; i++)
		CloseHandle(t[i]);
	IS(gone == 12);
	IS(TlsSetValue(high_slot, &gone));
	IS(TlsFree(high_slot));
	slots[199] = TlsAlloc();
	IS(slots[199] == high_slot && TlsGetValue(high_slot) == NULL && GetLastError() == 0);
	for (int i = 0; i < 200; i++)
		IS(TlsFree(slots[i]));
	ERR(TlsFree(5000), ERROR_INVALID_PARAMETER);
	ERR(TlsSetValue(5000, NULL), ERROR_INVALID_PARAMETER);
	ERR(TlsGetValue(5000), ERROR_INVALID_PARAMETER);
	IS(FlsSetValue(fiber_slot, (void *)100) && FlsFree(fiber_slot) && gone == 112);
	ERR(FlsSetValue(fiber_slot, NULL), ERROR_INVALID_PARAMETER);
	done("storage");
}

static volatile LONG turns;

static DWORD WINAPI
for_ever(void *a)
{
	for (;;)
		if (a)
			Sleep(INFINITE);
		else
			turns++;
}

static void
terminated(void)
{
	for (int i = 0; i < 2; i++) {
		HANDLE t = CreateThread(NULL, 0, for_ever, (void *)(INT_PTR)i, 0, NULL);
		DWORD code = 0;

		Sleep(10);
		IS(TerminateThread(t, 55));
		IS(WaitForSingleObject(t, 10000) == WAIT_OBJECT_0);
		IS(GetExitCodeThread(t, &code) && code == 55);
		CloseHandle(t);
	}
	done("terminated");
}

static void *first, *second;
static int steps;

static VOID CALLBACK
other(void *a)
{
	volatile double x = 1.5;
	ULONG_PTR low, high;

	IS(a == (void *)77 && GetFiberData() == a && GetCurrentFiber() == second &&
	   IsThreadAFiber());
	IS(FlsGetValue(far_fiber_slot) == NULL);
	FlsSetValue(far_fiber_slot, (void *)1000);
	GetCurrentThreadStackLimits(&low, &high);
	IS(low < (ULONG_PTR)&x && (ULONG_PTR)&x < high);
	for (;;) {
		steps++;
		SwitchToFiber(first);
		IS(x == 1.5);
	}
}

static DWORD WINAPI
with_fibers(void *a)
{
	double sum = 0;

	(void)a;
	IS(!IsThreadAFiber());
	first = ConvertThreadToFiber((void *)66);
	IS(first && GetFiberData() == (void *)66);
	FlsSetValue(far_fiber_slot, (void *)500);
	second = CreateFiber(0, other, (void *)77);
	for (int i = 0; i < 100; i++) {
		sum += i * 0.5;
		SwitchToFiber(second);
		IS(FlsGetValue(far_fiber_slot) == (void *)500);
	}
	IS(steps == 100 && sum == 2475);
	gone = 0;
	DeleteFiber(second);
	IS(gone == 1000);
	second = CreateFiberEx(4096, 256 * 1024, FIBER_FLAG_FLOAT_SWITCH, other, (void *)77);
	SwitchToFiber(second);
	DeleteFiber(second);
	IS(ConvertFiberToThread() && !IsThreadAFiber());
	ERR(ConvertFiberToThread(), 1281);
	first = ConvertThreadToFiberEx(NULL, FIBER_FLAG_FLOAT_SWITCH);
	IS(first != NULL && ConvertFiberToThread());
	return 0;
}

static DWORD WINAPI
last(void *a)
{
	(void)a;
	Sleep(30);
	puts("the last thread's code is the program's");
	fflush(stdout);
	return 33;
}

int
main(void)
{
	HANDLE t;

	threads();
	facts();
	machine();
	storage();
	terminated();
	t = CreateThread(NULL, 0, with_fibers, NULL, 0, NULL);
	WaitForSingleObject(t, INFINITE);
	CloseHandle(t);
	done("fibers");
	CloseHandle(CreateThread(NULL, 0, last, NULL, 0, NULL));
	ExitThread(44);
}
