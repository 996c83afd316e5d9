/* SPDX-License-Identifier: Apache-2.0 */
// Files whose operations end in a completion port, in the thread pool, old and new.
// needs: joist mingw
// run: cd $W && joist run --rm $GUEST
// expect: port: ok
// expect: pool: ok
// expect: old callback: ok
// expect: library: ok
#define _WIN32_WINNT 0x0A00
#include "check.h"

static HANDLE event;
static volatile LONG calls, bytes;

static HANDLE
make(const char *name)
{
	return CreateFileA(name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS,
	                   FILE_FLAG_OVERLAPPED, NULL);
}

static BOOL
start(HANDLE f, OVERLAPPED *o)
{
	memset(o, 0, sizeof *o);
	return WriteFile(f, "hello", 5, NULL, o) || GetLastError() == ERROR_IO_PENDING;
}

static void
port(void)
{
	HANDLE f = make("one"), p = CreateIoCompletionPort(f, NULL, 99, 0);
	OVERLAPPED o, *got = NULL;
	ULONG_PTR key = 0;
	DWORD n = 0;

	IS(p != NULL && start(f, &o));
	IS(GetQueuedCompletionStatus(p, &n, &key, &got, 5000) && n == 5 && key == 99 && got == &o);
	ERR(CreateIoCompletionPort(f, p, 1, 0), ERROR_INVALID_PARAMETER);
	CloseHandle(f);
	CloseHandle(p);
	done("port");
}

static VOID CALLBACK
ended(PTP_CALLBACK_INSTANCE i, void *a, void *o, ULONG result, ULONG_PTR n, PTP_IO io)
{
	(void)i;
	(void)io;
	IS(result == NO_ERROR && o != NULL && a == event);
	InterlockedExchangeAdd(&bytes, (LONG)n);
	if (InterlockedIncrement(&calls) == 3)
		SetEvent(event);
}

static void
pool(void)
{
	HANDLE f = make("two");
	PTP_IO io = CreateThreadpoolIo(f, ended, event, NULL);
	OVERLAPPED o[3];

	IS(io != NULL);
	for (int i = 0; i < 3; i++) {
		StartThreadpoolIo(io);
		IS(start(f, &o[i]));
	}
	IS(WaitForSingleObject(event, 5000) == WAIT_OBJECT_0 && bytes == 15);
	StartThreadpoolIo(io);
	CancelThreadpoolIo(io);
	WaitForThreadpoolIoCallbacks(io, FALSE);
	CloseThreadpoolIo(io);
	CloseHandle(f);
	done("pool");
}

static VOID CALLBACK
old(DWORD error, DWORD n, OVERLAPPED *o)
{
	IS(error == 0 && n == 5 && o != NULL);
	SetEvent(event);
}

static void
old_callback(void)
{
	HANDLE f = make("three");
	OVERLAPPED o;

	IS(BindIoCompletionCallback(f, old, 0) && start(f, &o));
	IS(WaitForSingleObject(event, 5000) == WAIT_OBJECT_0);
	CloseHandle(f);
	done("old callback");
}

static VOID CALLBACK
frees(PTP_CALLBACK_INSTANCE i, void *a)
{
	FreeLibraryWhenCallbackReturns(i, a);
	SetEventWhenCallbackReturns(i, event);
}

static void
library(void)
{
	IS(TrySubmitThreadpoolCallback(frees, LoadLibraryA("version"), NULL));
	IS(WaitForSingleObject(event, 5000) == WAIT_OBJECT_0);
	done("library");
}

int
main(void)
{
	event = CreateEventA(NULL, FALSE, FALSE, NULL);
	port();
	pool();
	old_callback();
	library();
	return 0;
}
