/* SPDX-License-Identifier: Apache-2.0 */
/* How many threads run with packets of a port: as many as it was made for, and another one for
 * each that waits. */
// needs: joist mingw
// libs: -lws2_32
// run: joist run --rm $GUEST
// expect: limit 1: 60 packets, 1 at once
// expect: limit 2: 60 packets, at most 2 at once
// expect: no limit: 60 packets
// expect: waiting lets another run: event section condition sleep socket pipe
// expect: ending lets another run
// expect: another port lets another run
// expect: time out: 258, then 5
// expect: closed while one waits: told
#include <winsock2.h>
#include <windows.h>
#include <stdio.h>

static HANDLE port;
static volatile LONG running, most, taken;

static DWORD WINAPI
runner(void *ctx)
{
	DWORD n;
	ULONG_PTR key;
	OVERLAPPED *o;
	(void)ctx;
	while (GetQueuedCompletionStatus(port, &n, &key, &o, INFINITE) && key) {
		LONG now = InterlockedIncrement(&running), m;
		while ((m = most) < now && InterlockedCompareExchange(&most, now, m) != m)
			;
		ULONGLONG until = GetTickCount64() + 1;
		while (GetTickCount64() < until)
			SwitchToThread();
		InterlockedIncrement(&taken);
		InterlockedDecrement(&running);
	}
	return 0;
}

static void
many(DWORD limit)
{
	HANDLE t[5];
	running = most = taken = 0;
	port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, limit);
	for (int i = 0; i < 30; i++)
		PostQueuedCompletionStatus(port, 0, 1, NULL);
	for (int i = 0; i < 5; i++)
		t[i] = CreateThread(NULL, 0, runner, NULL, 0, NULL);
	for (int i = 0; i < 30; i++) {
		PostQueuedCompletionStatus(port, 0, 1, NULL);
		if (i % 10 == 0)
			Sleep(2);
	}
	for (int i = 0; i < 5; i++)
		PostQueuedCompletionStatus(port, 0, 0, NULL);
	WaitForMultipleObjects(5, t, TRUE, INFINITE);
	for (int i = 0; i < 5; i++)
		CloseHandle(t[i]);
	CloseHandle(port);
}

/* -- threads that wait: the packet that ends the wait is for the other one -------------- */

static HANDLE event, reader, writer;
static CRITICAL_SECTION section;
static CONDITION_VARIABLE condition;
static volatile LONG told;
static SOCKET near_end, far_end;
enum { END, EVENT, SECTION, CONDITION, SLEEP, SOCKETS, PIPE, KINDS };
static const char *const names[] = {
	"", "event", "section", "condition", "sleep", "socket", "pipe"
};

static void
wait_for(int kind)
{
	char c;
	DWORD n;
	switch (kind) {
	case EVENT: WaitForSingleObject(event, INFINITE); break;
	case SECTION:
		EnterCriticalSection(&section);
		LeaveCriticalSection(&section);
		break;
	case CONDITION:
		EnterCriticalSection(&section);
		while (!told)
			SleepConditionVariableCS(&condition, &section, INFINITE);
		LeaveCriticalSection(&section);
		break;
	case SLEEP:
		while (!told)
			Sleep(1);
		break;
	case SOCKETS: recv(near_end, &c, 1, 0); break;
	case PIPE: ReadFile(reader, &c, 1, &n, NULL); break;
	}
}

static void
end_wait(int kind)
{
	DWORD n;
	switch (kind) {
	case EVENT: SetEvent(event); break;
	case SECTION: SetEvent(event); break;
	case CONDITION:
		EnterCriticalSection(&section);
		told = 1;
		LeaveCriticalSection(&section);
		WakeAllConditionVariable(&condition);
		break;
	case SLEEP: told = 1; break;
	case SOCKETS: send(far_end, "x", 1, 0); break;
	case PIPE: WriteFile(writer, "x", 1, &n, NULL); break;
	}
}

static DWORD WINAPI
waiter(void *ctx)
{
	DWORD n;
	ULONG_PTR key;
	OVERLAPPED *o;
	(void)ctx;
	while (GetQueuedCompletionStatus(port, &n, &key, &o, INFINITE) && key != END)
		if (n)
			end_wait((int)key);
		else
			wait_for((int)key);
	return 0;
}

/* Its owner is none of the port's threads. */
static DWORD WINAPI
owner(void *ctx)
{
	EnterCriticalSection(&section);
	SetEvent(ctx);
	WaitForSingleObject(event, INFINITE);
	LeaveCriticalSection(&section);
	return 0;
}

static void
pair(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int n = sizeof at;
	SOCKET l = socket(AF_INET, SOCK_STREAM, 0);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bind(l, (void *)&at, sizeof at);
	getsockname(l, (void *)&at, &n);
	listen(l, 1);
	near_end = socket(AF_INET, SOCK_STREAM, 0);
	connect(near_end, (void *)&at, sizeof at);
	far_end = accept(l, NULL, NULL);
	closesocket(l);
}

static void
waits(void)
{
	HANDLE t[2], own = NULL, has = CreateEvent(NULL, FALSE, FALSE, NULL);
	pair();
	CreatePipe(&reader, &writer, NULL, 0);
	event = CreateEvent(NULL, FALSE, FALSE, NULL);
	InitializeCriticalSection(&section);
	port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
	printf("waiting lets another run:");
	for (int kind = EVENT; kind < KINDS; kind++) {
		told = 0;
		if (kind == SECTION) {
			own = CreateThread(NULL, 0, owner, has, 0, NULL);
			WaitForSingleObject(has, INFINITE);
		}
		for (int i = 0; i < 2; i++)
			t[i] = CreateThread(NULL, 0, waiter, NULL, 0, NULL);
		PostQueuedCompletionStatus(port, 0, (ULONG_PTR)kind, NULL);
		Sleep(kind & 1 ? 5 : 0);
		PostQueuedCompletionStatus(port, 1, (ULONG_PTR)kind, NULL);
		for (int i = 0; i < 2; i++)
			PostQueuedCompletionStatus(port, 0, END, NULL);
		if (WaitForMultipleObjects(2, t, TRUE, 10000) == WAIT_OBJECT_0)
			printf(" %s", names[kind]);
		else
			printf(" (%s hangs)", names[kind]);
		if (kind == SECTION)
			WaitForSingleObject(own, 10000);
	}
	puts("");
}

/* -- threads that go ------------------------------------------------------------------------ */

static DWORD WINAPI
one(void *ctx)
{
	DWORD n;
	ULONG_PTR key;
	OVERLAPPED *o;
	GetQueuedCompletionStatus(port, &n, &key, &o, INFINITE);
	if (ctx)
		GetQueuedCompletionStatus(ctx, &n, &key, &o, INFINITE);
	return 0;
}

static BOOL
two_of(HANDLE other)
{
	HANDLE t[2];
	port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
	for (int i = 0; i < 2; i++) {
		t[i] = CreateThread(NULL, 0, one, other, 0, NULL);
		PostQueuedCompletionStatus(port, 0, 1, NULL);
	}
	if (other) {
		/* both are there when neither has a packet of the first any more */
		Sleep(10);
		PostQueuedCompletionStatus(other, 0, 1, NULL);
		PostQueuedCompletionStatus(other, 0, 1, NULL);
	}
	return WaitForMultipleObjects(2, t, TRUE, 10000) == WAIT_OBJECT_0;
}

static DWORD WINAPI
left_over(void *ctx)
{
	DWORD n;
	ULONG_PTR key;
	OVERLAPPED *o;
	(void)ctx;
	return GetQueuedCompletionStatus(port, &n, &key, &o, INFINITE) ? 0 : GetLastError();
}

static void
ends(void)
{
	DWORD n, e;
	ULONG_PTR key = 0;
	OVERLAPPED *o;
	port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
	PostQueuedCompletionStatus(port, 0, 4, NULL);
	GetQueuedCompletionStatus(port, &n, &key, &o, INFINITE);
	GetQueuedCompletionStatus(port, &n, &key, &o, 5);
	e = GetLastError();
	PostQueuedCompletionStatus(port, 0, 5, NULL);
	GetQueuedCompletionStatus(port, &n, &key, &o, 0);
	printf("time out: %lu, then %d\n", e, (int)key);
	HANDLE t = CreateThread(NULL, 0, left_over, NULL, 0, NULL);
	Sleep(5);
	CloseHandle(port);
	WaitForSingleObject(t, 10000);
	GetExitCodeThread(t, &e);
	/* ERROR_ABANDONED_WAIT_0, or it came too late to wait at all: ERROR_INVALID_HANDLE */
	printf("closed while one waits: %s\n", e == 735 || e == 6 ? "told" : "lost");
}

int
main(void)
{
	WSADATA data;
	setvbuf(stdout, NULL, _IONBF, 0);
	WSAStartup(0x202, &data);
	many(1);
	printf("limit 1: %ld packets, %ld at once\n", taken, most);
	many(2);
	printf("limit 2: %ld packets, %s\n", taken,
	       most <= 2 ? "at most 2 at once" : "more at once");
	many(0);
	printf("no limit: %ld packets\n", taken);
	waits();
	puts(two_of(NULL) ? "ending lets another run" : "ending hangs");
	puts(two_of(CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0))
	             ? "another port lets another run"
	             : "another port hangs");
	ends();
	return 0;
}
