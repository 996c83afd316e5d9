/* SPDX-License-Identifier: Apache-2.0 */
// Completion ports and the thread pool, its API of Windows 2000 and that of Vista.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: ports: ok
// expect: work: ok
// expect: pool timers: ok
// expect: pool waits: ok
// expect: groups: ok
// expect: old work: ok
// expect: registered waits: ok
// expect: timer queues: ok
#define _WIN32_WINNT 0x0A00
#include "check.h"

static HANDLE port;

static DWORD WINAPI
take(void *a)
{
	LONG *sum = a;

	for (;;) {
		OVERLAPPED *o;
		ULONG_PTR key;
		DWORD n;

		if (!GetQueuedCompletionStatus(port, &n, &key, &o, INFINITE) || !key)
			return 0;
		InterlockedExchangeAdd(sum, (LONG)n);
	}
}

static void
ports(void)
{
	OVERLAPPED_ENTRY e[4];
	OVERLAPPED *o = (void *)1, mine;
	LONG sum = 0;
	ULONG_PTR key;
	HANDLE t[3];
	DWORD n;

	port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
	ERR(GetQueuedCompletionStatus(port, &n, &key, &o, 0), WAIT_TIMEOUT);
	IS(o == NULL);
	IS(PostQueuedCompletionStatus(port, 5, 6, &mine));
	IS(WaitForSingleObject(port, 0) == WAIT_OBJECT_0);
	IS(GetQueuedCompletionStatus(port, &n, &key, &o, 0) && n == 5 && key == 6 && o == &mine);
	for (DWORD i = 0; i < 3; i++)
		PostQueuedCompletionStatus(port, i, i + 10, NULL);
	IS(GetQueuedCompletionStatusEx(port, e, 4, &n, INFINITE, FALSE) && n == 3);
	IS(e[0].lpCompletionKey == 10 && e[2].dwNumberOfBytesTransferred == 2);
	ERR(GetQueuedCompletionStatusEx(port, e, 4, &n, 3, FALSE), WAIT_TIMEOUT);
	for (int i = 0; i < 3; i++)
		t[i] = CreateThread(NULL, 0, take, &sum, 0, NULL);
	for (DWORD i = 1; i <= 3000; i++)
		PostQueuedCompletionStatus(port, i, 1, NULL);
	for (int i = 0; i < 3; i++)
		PostQueuedCompletionStatus(port, 0, 0, NULL);
	WaitForMultipleObjects(3, t, TRUE, INFINITE);
	IS(sum == 3000 * 3001 / 2);
	for (int i = 0; i < 3; i++)
		CloseHandle(t[i]);
	/* who waits when it is closed is told */
	t[0] = CreateThread(NULL, 0, take, &sum, 0, NULL);
	Sleep(10);
	CloseHandle(port);
	IS(WaitForSingleObject(t[0], 5000) == WAIT_OBJECT_0);
	CloseHandle(t[0]);
	ERR(PostQueuedCompletionStatus(port, 0, 0, NULL), ERROR_INVALID_HANDLE);
	ERR(CreateIoCompletionPort(INVALID_HANDLE_VALUE, (HANDLE)0x7000, 0, 0),
	    ERROR_INVALID_PARAMETER);
	done("ports");
}

static LONG ran, finalized;
static HANDLE event;

static VOID CALLBACK
simple(PTP_CALLBACK_INSTANCE i, void *a)
{
	SetEventWhenCallbackReturns(i, event);
	InterlockedExchangeAdd(&ran, (LONG)(INT_PTR)a);
}

static VOID CALLBACK
work(PTP_CALLBACK_INSTANCE i, void *a, PTP_WORK w)
{
	(void)w;
	IS(CallbackMayRunLong(i));
	Sleep(1);
	InterlockedExchangeAdd(&ran, (LONG)(INT_PTR)a);
}

static VOID CALLBACK
finalize(PTP_CALLBACK_INSTANCE i, void *a)
{
	(void)i;
	(void)a;
	InterlockedIncrement(&finalized);
}

static CRITICAL_SECTION cs;
static HANDLE mutex, semaphore;

static VOID CALLBACK
owns(PTP_CALLBACK_INSTANCE i, void *a)
{
	(void)a;
	EnterCriticalSection(&cs);
	LeaveCriticalSectionWhenCallbackReturns(i, &cs);
	WaitForSingleObject(mutex, INFINITE);
	ReleaseMutexWhenCallbackReturns(i, mutex);
	ReleaseSemaphoreWhenCallbackReturns(i, semaphore, 2);
	DisassociateCurrentThreadFromCallback(i);
}

static void
works(void)
{
	TP_CALLBACK_ENVIRON env;
	TP_POOL_STACK_INFORMATION stack = { 512 * 1024, 4096 };
	PTP_WORK w;
	PTP_POOL p = CreateThreadpool(NULL);

	event = CreateEventA(NULL, FALSE, FALSE, NULL);
	IS(TrySubmitThreadpoolCallback(simple, (void *)3, NULL));
	IS(WaitForSingleObject(event, 5000) == WAIT_OBJECT_0 && ran == 3);
	SetThreadpoolThreadMaximum(p, 2);
	IS(SetThreadpoolStackInformation(p, &stack) && QueryThreadpoolStackInformation(p, &stack));
	IS(stack.StackReserve == 512 * 1024);
	IS(SetThreadpoolThreadMinimum(p, 1));
	InitializeThreadpoolEnvironment(&env);
	SetThreadpoolCallbackPool(&env, p);
	env.FinalizationCallback = finalize;
	w = CreateThreadpoolWork(work, (void *)10, &env);
	for (int i = 0; i < 20; i++)
		SubmitThreadpoolWork(w);
	WaitForThreadpoolWorkCallbacks(w, FALSE);
	IS(ran == 203 && finalized == 20);
	for (int i = 0; i < 50; i++)
		SubmitThreadpoolWork(w);
	WaitForThreadpoolWorkCallbacks(w, TRUE);
	IS(ran < 703);
	CloseThreadpoolWork(w);
	CloseThreadpool(p);
	InitializeCriticalSection(&cs);
	mutex = CreateMutexA(NULL, FALSE, NULL);
	semaphore = CreateSemaphoreA(NULL, 0, 5, NULL);
	IS(TrySubmitThreadpoolCallback(owns, NULL, NULL));
	IS(WaitForSingleObject(semaphore, 5000) == WAIT_OBJECT_0);
	IS(WaitForSingleObject(semaphore, 5000) == WAIT_OBJECT_0);
	IS(WaitForSingleObject(mutex, 5000) == WAIT_OBJECT_0 && TryEnterCriticalSection(&cs));
	done("work");
}

static volatile LONG ticks;

static VOID CALLBACK
tick(PTP_CALLBACK_INSTANCE i, void *a, PTP_TIMER t)
{
	(void)i;
	(void)t;
	if (InterlockedIncrement(&ticks) == 3)
		SetEvent((HANDLE)a);
}

static void
pool_timers(void)
{
	PTP_TIMER t = CreateThreadpoolTimer(tick, event, NULL);
	LONGLONG soon = -20000, late = -600000000LL;

	IS(!IsThreadpoolTimerSet(t));
	SetThreadpoolTimer(t, (FILETIME *)&soon, 2, 0);
	IS(IsThreadpoolTimerSet(t));
	IS(WaitForSingleObject(event, 5000) == WAIT_OBJECT_0);
	IS(SetThreadpoolTimerEx(t, NULL, 0, 0));
	WaitForThreadpoolTimerCallbacks(t, TRUE);
	IS(!IsThreadpoolTimerSet(t));
	ticks = 0;
	SetThreadpoolTimer(t, (FILETIME *)&late, 0, 0);
	IS(IsThreadpoolTimerSet(t));
	Sleep(5);
	IS(ticks == 0);
	CloseThreadpoolTimer(t);
	done("pool timers");
}

static volatile LONG results[2];

static VOID CALLBACK
waited(PTP_CALLBACK_INSTANCE i, void *a, PTP_WAIT w, TP_WAIT_RESULT result)
{
	(void)i;
	(void)w;
	InterlockedIncrement(&results[result == WAIT_TIMEOUT]);
	SetEvent((HANDLE)a);
}

static void
pool_waits(void)
{
	HANDLE e = CreateEventA(NULL, FALSE, FALSE, NULL);
	PTP_WAIT w = CreateThreadpoolWait(waited, event, NULL);
	LONGLONG soon = -50000;

	SetThreadpoolWait(w, e, NULL);
	SetEvent(e);
	IS(WaitForSingleObject(event, 5000) == WAIT_OBJECT_0 && results[0] == 1);
	WaitForThreadpoolWaitCallbacks(w, FALSE);
	SetThreadpoolWait(w, e, (FILETIME *)&soon);
	IS(WaitForSingleObject(event, 5000) == WAIT_OBJECT_0 && results[1] == 1);
	SetThreadpoolWait(w, e, NULL);
	IS(SetThreadpoolWaitEx(w, NULL, NULL, NULL));
	SetEvent(e);
	IS(WaitForSingleObject(event, 20) == WAIT_TIMEOUT);
	IS(WaitForSingleObject(e, 0) == WAIT_OBJECT_0);
	CloseThreadpoolWait(w);
	CloseHandle(e);
	done("pool waits");
}

static void
groups(void)
{
	PTP_CLEANUP_GROUP g = CreateThreadpoolCleanupGroup();
	TP_CALLBACK_ENVIRON env;
	LONGLONG late = -600000000LL;
	PTP_WORK w;
	PTP_TIMER t;

	ran = 0;
	InitializeThreadpoolEnvironment(&env);
	SetThreadpoolCallbackCleanupGroup(&env, g, NULL);
	w = CreateThreadpoolWork(work, (void *)1, &env);
	t = CreateThreadpoolTimer(tick, event, &env);
	SetThreadpoolTimer(t, (FILETIME *)&late, 0, 0);
	for (int i = 0; i < 10; i++)
		SubmitThreadpoolWork(w);
	CloseThreadpoolCleanupGroupMembers(g, FALSE, NULL);
	IS(ran == 10);
	CloseThreadpoolCleanupGroup(g);
	done("groups");
}

static DWORD WINAPI
old(void *a)
{
	if (InterlockedIncrement(&ran) == 30)
		SetEvent((HANDLE)a);
	return 0;
}

static VOID CALLBACK
old_call(void *a, BOOLEAN fired)
{
	InterlockedIncrement(&results[fired != 0]);
	SetEvent((HANDLE)a);
}

static void
old_work(void)
{
	ran = 0;
	for (int i = 0; i < 30; i++)
		IS(QueueUserWorkItem(old, event, WT_EXECUTEDEFAULT));
	IS(WaitForSingleObject(event, 5000) == WAIT_OBJECT_0 && ran == 30);
	done("old work");
}

static HANDLE volatile hasty;
static volatile LONG ended;

/* As libuv does for a terminal: the callback unregisters, while the other thread still registers. */
static VOID CALLBACK
end_itself(void *a, BOOLEAN timed_out)
{
	(void)a, (void)timed_out;
	UnregisterWait(hasty);
	InterlockedIncrement(&ended);
}

static int
hasty_waits(void)
{
	HANDLE e = CreateEventA(NULL, TRUE, TRUE, NULL);
	int n = 0;
	for (; n < 20000; n++) {
		hasty = NULL;
		if (!RegisterWaitForSingleObject((HANDLE *)&hasty, e, end_itself, NULL, INFINITE,
		                                 WT_EXECUTEINWAITTHREAD | WT_EXECUTEONLYONCE))
			break;
		while (ended <= n)
			SwitchToThread();
	}
	CloseHandle(e);
	return n;
}

static void
registered_waits(void)
{
	HANDLE e = CreateEventA(NULL, FALSE, FALSE, NULL), w,
	       finished = CreateEventA(NULL, TRUE, FALSE, NULL);

	results[0] = results[1] = 0;
	IS(RegisterWaitForSingleObject(&w, e, old_call, event, INFINITE, WT_EXECUTEDEFAULT));
	for (LONG i = 1; i <= 3; i++) {
		SetEvent(e);
		IS(WaitForSingleObject(event, 5000) == WAIT_OBJECT_0 && results[0] == i);
	}
	IS(UnregisterWaitEx(w, INVALID_HANDLE_VALUE));
	SetEvent(e);
	IS(WaitForSingleObject(event, 20) == WAIT_TIMEOUT);
	ResetEvent(e);
	IS(RegisterWaitForSingleObject(&w, e, old_call, event, 5, WT_EXECUTEONLYONCE));
	IS(WaitForSingleObject(event, 5000) == WAIT_OBJECT_0 && results[1] == 1);
	Sleep(10);
	UnregisterWaitEx(w, finished);
	IS(WaitForSingleObject(finished, 5000) == WAIT_OBJECT_0);
	IS(RegisterWaitForSingleObject(&w, e, old_call, event, INFINITE, WT_EXECUTEONLYONCE));
	IS(UnregisterWait(w));
	CloseHandle(e);
	IS(hasty_waits() == 20000);
	done("registered waits");
}

static void
timer_queues(void)
{
	HANDLE q = CreateTimerQueue(), t;

	results[0] = results[1] = 0;
	IS(CreateTimerQueueTimer(&t, q, old_call, event, 5, 0, 0));
	IS(WaitForSingleObject(event, 5000) == WAIT_OBJECT_0 && results[1] == 1);
	IS(ChangeTimerQueueTimer(q, t, 3, 2));
	for (int i = 0; i < 3; i++)
		IS(WaitForSingleObject(event, 5000) == WAIT_OBJECT_0);
	IS(DeleteTimerQueueTimer(q, t, INVALID_HANDLE_VALUE));
	ResetEvent(event);
	IS(WaitForSingleObject(event, 20) == WAIT_TIMEOUT);
	IS(CreateTimerQueueTimer(&t, NULL, old_call, event, 1, 0, WT_EXECUTEONLYONCE));
	IS(WaitForSingleObject(event, 5000) == WAIT_OBJECT_0);
	DeleteTimerQueueTimer(NULL, t, NULL);
	IS(CreateTimerQueueTimer(&t, q, old_call, event, 100000, 0, 0));
	IS(DeleteTimerQueueEx(q, INVALID_HANDLE_VALUE));
	IS(DeleteTimerQueue(CreateTimerQueue()));
	done("timer queues");
}

int
main(void)
{
	ports();
	works();
	pool_timers();
	pool_waits();
	groups();
	old_work();
	registered_waits();
	timer_queues();
	return 0;
}
