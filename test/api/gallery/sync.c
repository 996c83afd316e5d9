/* SPDX-License-Identifier: Apache-2.0 */
// Events, mutexes, semaphores, timers, handles, and the waits for them.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: events: ok
// expect: mutexes: ok
// expect: semaphores: ok
// expect: waits: ok
// expect: names: ok
// expect: handles: ok
// expect: timers: ok
// expect: calls: ok
#define _WIN32_WINNT 0x0A00
#include "check.h"

static HANDLE go, back;
/* which mingw's libraries have no import for */
static BOOL(WINAPI *compare)(HANDLE, HANDLE);
static BOOL(WINAPI *queue2)(PAPCFUNC, HANDLE, ULONG_PTR, DWORD);

static DWORD WINAPI
answer(void *n)
{
	for (INT_PTR i = 0; i < (INT_PTR)n; i++) {
		WaitForSingleObject(go, INFINITE);
		SetEvent(back);
	}
	return 7;
}

static void
events(void)
{
	HANDLE e = CreateEventA(NULL, FALSE, TRUE, NULL), t;

	IS(WaitForSingleObject(e, 0) == WAIT_OBJECT_0);
	IS(WaitForSingleObject(e, 0) == WAIT_TIMEOUT);
	IS(SetEvent(e) && SetEvent(e));
	IS(WaitForSingleObjectEx(e, 10, FALSE) == WAIT_OBJECT_0);
	IS(WaitForSingleObject(e, 1) == WAIT_TIMEOUT);
	CloseHandle(e);
	e = CreateEventW(NULL, TRUE, FALSE, NULL);
	IS(SetEvent(e));
	IS(WaitForSingleObject(e, 0) == WAIT_OBJECT_0 &&
	   WaitForSingleObject(e, 0) == WAIT_OBJECT_0);
	IS(ResetEvent(e));
	IS(WaitForSingleObject(e, 0) == WAIT_TIMEOUT);
	IS(PulseEvent(e));
	IS(WaitForSingleObject(e, 0) == WAIT_TIMEOUT);
	CloseHandle(e);
	ERR(SetEvent(e), ERROR_INVALID_HANDLE);
	ERR(WaitForSingleObject(e, 0) != WAIT_FAILED, ERROR_INVALID_HANDLE);
	e = CreateEventExA(NULL, NULL, CREATE_EVENT_MANUAL_RESET | CREATE_EVENT_INITIAL_SET,
	                   SYNCHRONIZE);
	IS(WaitForSingleObject(e, 0) == WAIT_OBJECT_0);
	ERR(SetEvent(e), ERROR_ACCESS_DENIED);
	CloseHandle(e);
	ERR(CreateEventExW(NULL, NULL, 64, EVENT_ALL_ACCESS), ERROR_INVALID_PARAMETER);
	go = CreateEventA(NULL, FALSE, FALSE, NULL);
	back = CreateEventA(NULL, FALSE, FALSE, NULL);
	t = CreateThread(NULL, 0, answer, (void *)1000, 0, NULL);
	for (int i = 0; i < 999; i++) {
		SetEvent(go);
		IS(WaitForSingleObject(back, INFINITE) == WAIT_OBJECT_0);
	}
	IS(SignalObjectAndWait(go, back, INFINITE, FALSE) == WAIT_OBJECT_0);
	IS(WaitForSingleObject(t, INFINITE) == WAIT_OBJECT_0);
	CloseHandle(t);
	done("events");
}

static HANDLE mutex;

static DWORD WINAPI
leave_it(void *a)
{
	(void)a;
	return WaitForSingleObject(mutex, INFINITE);
}

static DWORD WINAPI
try_it(void *a)
{
	(void)a;
	ERR(ReleaseMutex(mutex), ERROR_NOT_OWNER);
	return WaitForSingleObject(mutex, 10);
}

static DWORD
run(LPTHREAD_START_ROUTINE f)
{
	HANDLE t = CreateThread(NULL, 0, f, NULL, 0, NULL);
	DWORD code = 99;

	WaitForSingleObject(t, INFINITE);
	GetExitCodeThread(t, &code);
	CloseHandle(t);
	return code;
}

static void
mutexes(void)
{
	mutex = CreateMutexA(NULL, TRUE, NULL);
	IS(WaitForSingleObject(mutex, 0) == WAIT_OBJECT_0);
	IS(run(try_it) == WAIT_TIMEOUT);
	IS(ReleaseMutex(mutex) && ReleaseMutex(mutex));
	ERR(ReleaseMutex(mutex), ERROR_NOT_OWNER);
	IS(run(leave_it) == WAIT_OBJECT_0);
	IS(WaitForSingleObject(mutex, 0) == WAIT_ABANDONED);
	IS(ReleaseMutex(mutex));
	IS(WaitForSingleObject(mutex, 0) == WAIT_OBJECT_0);
	IS(ReleaseMutex(mutex));
	CloseHandle(mutex);
	mutex = CreateMutexExW(NULL, NULL, CREATE_MUTEX_INITIAL_OWNER, MUTEX_ALL_ACCESS);
	IS(ReleaseMutex(mutex));
	CloseHandle(mutex);
	mutex = CreateMutexExA(NULL, NULL, 0, MUTEX_ALL_ACCESS);
	ERR(ReleaseMutex(mutex), ERROR_NOT_OWNER);
	CloseHandle(mutex);
	done("mutexes");
}

static void
semaphores(void)
{
	HANDLE s = CreateSemaphoreA(NULL, 1, 3, NULL);
	LONG before = -1;

	IS(ReleaseSemaphore(s, 2, &before) && before == 1);
	ERR(ReleaseSemaphore(s, 1, &before), ERROR_TOO_MANY_POSTS);
	for (int i = 0; i < 3; i++)
		IS(WaitForSingleObject(s, 0) == WAIT_OBJECT_0);
	IS(WaitForSingleObject(s, 0) == WAIT_TIMEOUT);
	ERR(ReleaseSemaphore(s, 0, NULL), ERROR_INVALID_PARAMETER);
	CloseHandle(s);
	ERR(CreateSemaphoreW(NULL, 4, 3, NULL), ERROR_INVALID_PARAMETER);
	s = CreateSemaphoreExA(NULL, 0, 1, NULL, 0, SEMAPHORE_ALL_ACCESS);
	ERR(SetEvent(s), ERROR_INVALID_HANDLE);
	CloseHandle(s);
	done("semaphores");
}

static HANDLE several[3];

static DWORD WINAPI
set_later(void *a)
{
	for (int i = 0; i < 3; i++) {
		Sleep(5);
		SetEvent(several[i]);
	}
	return (DWORD)(INT_PTR)a;
}

static void
waits(void)
{
	HANDLE t, twice[2];

	for (int i = 0; i < 3; i++)
		several[i] = CreateEventA(NULL, FALSE, i == 1, NULL);
	IS(WaitForMultipleObjects(3, several, FALSE, 0) == WAIT_OBJECT_0 + 1);
	IS(WaitForMultipleObjects(3, several, FALSE, 0) == WAIT_TIMEOUT);
	SetEvent(several[0]);
	IS(WaitForMultipleObjectsEx(3, several, TRUE, 5, FALSE) == WAIT_TIMEOUT);
	/* it took nothing */
	IS(WaitForSingleObject(several[0], 0) == WAIT_OBJECT_0);
	t = CreateThread(NULL, 0, set_later, NULL, 0, NULL);
	IS(WaitForMultipleObjects(3, several, TRUE, INFINITE) == WAIT_OBJECT_0);
	IS(WaitForMultipleObjects(3, several, FALSE, 0) == WAIT_TIMEOUT);
	IS(WaitForSingleObject(t, INFINITE) == WAIT_OBJECT_0);
	CloseHandle(t);
	t = CreateThread(NULL, 0, set_later, NULL, 0, NULL);
	for (DWORD i = 0; i < 3; i++)
		IS(WaitForMultipleObjects(3, several, FALSE, INFINITE) == WAIT_OBJECT_0 + i);
	CloseHandle(t);
	twice[0] = twice[1] = several[0];
	ERR(WaitForMultipleObjects(2, twice, TRUE, 0) != WAIT_FAILED, ERROR_INVALID_PARAMETER);
	ERR(WaitForMultipleObjects(65, twice, TRUE, 0) != WAIT_FAILED, ERROR_INVALID_PARAMETER);
	SwitchToThread();
	done("waits");
}

static void
names(void)
{
	HANDLE a = CreateEventA(NULL, TRUE, FALSE, "Local\\joist event"), b;

	IS(GetLastError() == 0);
	b = CreateEventW(NULL, FALSE, TRUE, L"joist event");
	IS(b && b != a && GetLastError() == ERROR_ALREADY_EXISTS);
	SetEvent(b);
	IS(WaitForSingleObject(a, 0) == WAIT_OBJECT_0 &&
	   WaitForSingleObject(a, 0) == WAIT_OBJECT_0);
	CloseHandle(b);
	b = OpenEventA(EVENT_ALL_ACCESS, FALSE, "joist event");
	IS(b && compare(a, b));
	CloseHandle(b);
	b = OpenEventW(SYNCHRONIZE, FALSE, L"joist event");
	ERR(ResetEvent(b), ERROR_ACCESS_DENIED);
	CloseHandle(b);
	ERR(CreateMutexA(NULL, FALSE, "joist event"), ERROR_INVALID_HANDLE);
	ERR(OpenMutexA(MUTEX_ALL_ACCESS, FALSE, "joist event"), ERROR_INVALID_HANDLE);
	CloseHandle(a);
	ERR(OpenEventW(SYNCHRONIZE, FALSE, L"joist event"), ERROR_FILE_NOT_FOUND);
	a = CreateMutexW(NULL, FALSE, L"joist mutex");
	b = OpenMutexW(MUTEX_ALL_ACCESS, FALSE, L"joist mutex");
	IS(b && WaitForSingleObject(b, 0) == WAIT_OBJECT_0 && ReleaseMutex(a));
	CloseHandle(a);
	CloseHandle(b);
	a = CreateSemaphoreExW(NULL, 1, 1, L"joist semaphore", 0, SEMAPHORE_ALL_ACCESS);
	b = OpenSemaphoreW(SEMAPHORE_ALL_ACCESS, FALSE, L"joist semaphore");
	IS(b && WaitForSingleObject(b, 0) == WAIT_OBJECT_0 &&
	   WaitForSingleObject(a, 0) == WAIT_TIMEOUT);
	CloseHandle(b);
	b = OpenSemaphoreA(SEMAPHORE_ALL_ACCESS, FALSE, "joist semaphore");
	IS(b != NULL);
	CloseHandle(a);
	CloseHandle(b);
	done("names");
}

static void
handles(void)
{
	HANDLE a = CreateEventA(NULL, TRUE, FALSE, NULL), b = NULL;
	DWORD flags = 9;

	IS(DuplicateHandle(GetCurrentProcess(), a, GetCurrentProcess(), &b, 0, TRUE,
	                   DUPLICATE_SAME_ACCESS));
	IS(GetHandleInformation(b, &flags) && flags == HANDLE_FLAG_INHERIT);
	IS(SetHandleInformation(b, HANDLE_FLAG_INHERIT | HANDLE_FLAG_PROTECT_FROM_CLOSE,
	                        HANDLE_FLAG_PROTECT_FROM_CLOSE));
	IS(GetHandleInformation(b, &flags) && flags == HANDLE_FLAG_PROTECT_FROM_CLOSE);
	ERR(CloseHandle(b), ERROR_INVALID_HANDLE);
	IS(SetHandleInformation(b, HANDLE_FLAG_PROTECT_FROM_CLOSE, 0));
	SetEvent(a);
	IS(WaitForSingleObject(b, 0) == WAIT_OBJECT_0);
	IS(CloseHandle(a) && WaitForSingleObject(b, 0) == WAIT_OBJECT_0);
	IS(DuplicateHandle(GetCurrentProcess(), b, GetCurrentProcess(), &a, SYNCHRONIZE, FALSE,
	                   DUPLICATE_CLOSE_SOURCE));
	ERR(CloseHandle(b), ERROR_INVALID_HANDLE);
	ERR(SetEvent(a), ERROR_ACCESS_DENIED);
	CloseHandle(a);
	IS(DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(), &a, 0,
	                   FALSE, DUPLICATE_SAME_ACCESS));
	IS(GetThreadId(a) == GetCurrentThreadId());
	IS(WaitForSingleObject(a, 0) == WAIT_TIMEOUT);
	CloseHandle(a);
	ERR(CloseHandle(NULL), ERROR_INVALID_HANDLE);
	done("handles");
}

static int rang;

static VOID CALLBACK
ring(void *a, DWORD low, DWORD high)
{
	rang += (int)(INT_PTR)a;
	IS(high > 0x01d00000);
	(void)low;
}

static void
timers(void)
{
	HANDLE t = CreateWaitableTimerA(NULL, FALSE, NULL), m;
	LARGE_INTEGER due = { .QuadPart = -50000 };
	ULONGLONG t0 = GetTickCount64();

	IS(WaitForSingleObject(t, 0) == WAIT_TIMEOUT);
	IS(SetWaitableTimer(t, &due, 0, NULL, NULL, FALSE));
	IS(WaitForSingleObject(t, 5000) == WAIT_OBJECT_0);
	IS(GetTickCount64() - t0 < 5000);
	IS(WaitForSingleObject(t, 20) == WAIT_TIMEOUT);
	IS(SetWaitableTimer(t, &due, 2, NULL, NULL, FALSE));
	for (int i = 0; i < 3; i++)
		IS(WaitForSingleObject(t, 5000) == WAIT_OBJECT_0);
	IS(CancelWaitableTimer(t));
	WaitForSingleObject(t, 0);
	IS(WaitForSingleObject(t, 20) == WAIT_TIMEOUT);
	IS(SetWaitableTimerEx(t, &due, 0, ring, (void *)5, NULL, 0));
	IS(SleepEx(5000, TRUE) == WAIT_IO_COMPLETION && rang == 5);
	CloseHandle(t);
	m = CreateWaitableTimerExW(NULL, L"joist timer", CREATE_WAITABLE_TIMER_MANUAL_RESET,
	                           TIMER_ALL_ACCESS);
	t = OpenWaitableTimerW(TIMER_ALL_ACCESS, FALSE, L"joist timer");
	IS(t && SetWaitableTimer(t, &due, 0, NULL, NULL, FALSE));
	IS(WaitForSingleObject(m, 5000) == WAIT_OBJECT_0 &&
	   WaitForSingleObject(m, 0) == WAIT_OBJECT_0);
	CloseHandle(t);
	t = OpenWaitableTimerA(TIMER_ALL_ACCESS, FALSE, "joist timer");
	IS(t != NULL);
	CloseHandle(t);
	CloseHandle(m);
	t = CreateWaitableTimerExA(NULL, NULL, 2, TIMER_ALL_ACCESS);
	m = CreateWaitableTimerW(NULL, TRUE, NULL);
	IS(t && m);
	CloseHandle(t);
	CloseHandle(m);
	done("timers");
}

static int called;

static VOID CALLBACK
call(ULONG_PTR n)
{
	called += (int)n;
}

static DWORD WINAPI
sleeper(void *a)
{
	(void)a;
	return SleepEx(INFINITE, TRUE);
}

static void
calls(void)
{
	HANDLE e = CreateEventA(NULL, TRUE, FALSE, NULL), t;
	DWORD code;

	IS(QueueUserAPC(call, GetCurrentThread(), 3));
	IS(WaitForSingleObject(e, 1) == WAIT_TIMEOUT && called == 0);
	IS(WaitForSingleObjectEx(e, 1, TRUE) == WAIT_IO_COMPLETION && called == 3);
	IS(queue2(call, GetCurrentThread(), 4, 0));
	IS(WaitForMultipleObjectsEx(1, &e, FALSE, 1, TRUE) == WAIT_IO_COMPLETION && called == 7);
	t = CreateThread(NULL, 0, sleeper, NULL, 0, NULL);
	Sleep(10);
	IS(QueueUserAPC(call, t, 10));
	IS(WaitForSingleObject(t, 5000) == WAIT_OBJECT_0 && called == 17);
	IS(GetExitCodeThread(t, &code) && code == WAIT_IO_COMPLETION);
	IS(!QueueUserAPC(call, t, 10));
	CloseHandle(t);
	done("calls");
}

int
main(void)
{
	HMODULE k = GetModuleHandleA("kernelbase");

	compare = (void *)GetProcAddress(k, "CompareObjectHandles");
	queue2 = (void *)GetProcAddress(k, "QueueUserAPC2");
	events();
	mutexes();
	semaphores();
	waits();
	names();
	handles();
	timers();
	calls();
	return 0;
}
