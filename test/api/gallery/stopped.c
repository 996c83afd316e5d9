/* SPDX-License-Identifier: Apache-2.0 */
// A thread that is suspended anywhere holds nothing that others need: they go on meanwhile.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: all went on
#define _WIN32_WINNT 0x0A00
#include "check.h"

static HANDLE mutex, events[2], port, semaphore;
static volatile LONG stop, turns;

static DWORD WINAPI
work(void *a)
{
	while (!stop) {
		HANDLE e = CreateEventA(NULL, FALSE, TRUE, NULL), d;
		ULONG_PTR key;
		OVERLAPPED *o;
		DWORD n;

		WaitForSingleObject(e, 1);
		DuplicateHandle(GetCurrentProcess(), e, GetCurrentProcess(), &d, 0, FALSE,
		                DUPLICATE_SAME_ACCESS);
		CloseHandle(e);
		CloseHandle(d);
		WaitForSingleObject(mutex, INFINITE);
		ReleaseMutex(mutex);
		SetEvent(events[a != NULL]);
		WaitForMultipleObjects(2, events, FALSE, 0);
		PostQueuedCompletionStatus(port, 1, 2, NULL);
		GetQueuedCompletionStatus(port, &n, &key, &o, 0);
		ReleaseSemaphore(semaphore, 1, NULL);
		WaitForSingleObject(semaphore, 1);
		InterlockedIncrement(&turns);
	}
	return 0;
}

int
main(void)
{
	HANDLE t[4];
	LONG before = 0;

	mutex = CreateMutexA(NULL, FALSE, NULL);
	events[0] = CreateEventA(NULL, FALSE, FALSE, NULL);
	events[1] = CreateEventA(NULL, TRUE, FALSE, NULL);
	semaphore = CreateSemaphoreA(NULL, 0, 1000000, NULL);
	port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
	for (INT_PTR i = 0; i < 4; i++)
		t[i] = CreateThread(NULL, 0, work, (void *)(i & 1), 0, NULL);
	for (int i = 0; i < 1500; i++) {
		HANDLE e;
		CONTEXT c;
		DWORD n;
		ULONG_PTR key;
		OVERLAPPED *o;

		IS(SuspendThread(t[i & 3]) == 0);
		c.ContextFlags = CONTEXT_FULL;
		IS(GetThreadContext(t[i & 3], &c) && c.Rip);
		/* what a collector may do now */
		e = CreateEventA(NULL, FALSE, TRUE, NULL);
		IS(WaitForSingleObject(e, 0) == WAIT_OBJECT_0);
		SetEvent(e);
		CloseHandle(e);
		SetEvent(events[0]);
		PostQueuedCompletionStatus(port, 1, 2, NULL);
		GetQueuedCompletionStatus(port, &n, &key, &o, 0);
		ReleaseSemaphore(semaphore, 1, NULL);
		IS(ResumeThread(t[i & 3]) == 1);
		if (i % 100 == 0) {
			for (before = turns; turns == before;)
				Sleep(1);
		}
	}
	stop = 1;
	IS(WaitForMultipleObjects(4, t, TRUE, 20000) == WAIT_OBJECT_0);
	if (!wrong)
		puts("all went on");
	return wrong != 0;
}
