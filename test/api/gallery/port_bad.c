/* SPDX-License-Identifier: Apache-2.0 */
/* Operations that end when the program's memory for them is gone: whoever waits for the port does
 * the work of the end, and no exception may begin there.  Exceptions of callbacks themselves are
 * the program's. */
// needs: joist mingw
// libs: -lws2_32 -lmswsock
// run: cd $W && joist run --rm $GUEST
// expect: OVERLAPPED gone: key 7, 64 bytes read
// expect: address gone: 998
// expect: accept: came, address gone
// expect: changes: 998
// expect: callback: 3 faults, 3 ends
// expect: wait given up
// expect: echo goes on: 100
// expect: exceptions: 0
#define _WIN32_WINNT 0x0A00
#include <winsock2.h>
#include <mswsock.h>
#include <windows.h>
#include <stdio.h>
#include <string.h>

static HANDLE port;
static volatile LONG strange, faults, ends;
static char *volatile nowhere;

static void *
page(void)
{
	return VirtualAlloc(NULL, 4096, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}

/* Skips the store of fault(); everything else is counted. */
static LONG CALLBACK
handler(EXCEPTION_POINTERS *e)
{
	const unsigned char *ip = (const void *)e->ContextRecord->Rip;
	if (e->ExceptionRecord->ExceptionCode != EXCEPTION_ACCESS_VIOLATION)
		return EXCEPTION_CONTINUE_SEARCH;
	if (ip[0] == 0xc6 && ip[1] == 0x00 && ip[2] == 0x2a) {
		e->ContextRecord->Rip += 3;
		InterlockedIncrement(&faults);
		return EXCEPTION_CONTINUE_EXECUTION;
	}
	InterlockedIncrement(&strange);
	return EXCEPTION_CONTINUE_SEARCH;
}

static void
fault(void)
{
	__asm__ volatile("movb $0x2a, (%0)" : : "a"(nowhere) : "memory");
}

static void
pair(SOCKET *a, SOCKET *b)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int n = sizeof at;
	SOCKET l = socket(AF_INET, SOCK_STREAM, 0);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bind(l, (void *)&at, sizeof at);
	getsockname(l, (void *)&at, &n);
	listen(l, 1);
	*a = WSASocketA(AF_INET, SOCK_STREAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED);
	connect(*a, (void *)&at, sizeof at);
	*b = accept(l, NULL, NULL);
	closesocket(l);
}

struct later {
	SOCKET s;
	const char *name;
	struct sockaddr_in at;
	int what;
};

/* What makes the operation end, while the main thread waits for the port. */
static DWORD WINAPI
later(void *ctx)
{
	struct later *l = ctx;
	char b[64] = { 0 };
	Sleep(30);
	if (l->what == 0) {
		send(l->s, b, sizeof b, 0);
	} else if (l->what == 1) {
		sendto(l->s, b, sizeof b, 0, (void *)&l->at, sizeof l->at);
	} else if (l->what == 2) {
		connect(l->s, (void *)&l->at, sizeof l->at);
	} else {
		CloseHandle(CreateFileA(l->name, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL));
	}
	return 0;
}

static DWORD
take(struct later *l, DWORD *n, ULONG_PTR *key)
{
	OVERLAPPED *o = NULL;
	HANDLE t = CreateThread(NULL, 0, later, l, 0, NULL);
	BOOL ok = GetQueuedCompletionStatus(port, n, key, &o, 10000);
	DWORD e = ok ? 0 : o ? GetLastError() : 1;
	WaitForSingleObject(t, INFINITE);
	CloseHandle(t);
	return e;
}

static void
overlapped_gone(SOCKET a, SOCKET b)
{
	char buf[64];
	WSABUF w = { sizeof buf, buf };
	DWORD n = 0, flags = 0;
	ULONG_PTR key = 0;
	OVERLAPPED *o = page();
	WSARecv(a, &w, 1, NULL, &flags, o, NULL);
	VirtualFree(o, 0, MEM_RELEASE);
	take(&(struct later){ .s = b, .what = 0 }, &n, &key);
	printf("OVERLAPPED gone: key %d, %lu bytes read\n", (int)key, n);
}

static void
address_gone(void)
{
	char buf[64];
	WSABUF w = { sizeof buf, buf };
	DWORD n = 0, flags = 0;
	ULONG_PTR key = 0;
	OVERLAPPED o = { 0 };
	struct sockaddr_in at = { .sin_family = AF_INET }, *from = page();
	int size = sizeof at, *from_size = (int *)(from + 1);
	SOCKET u = WSASocketA(AF_INET, SOCK_DGRAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED),
	       v = socket(AF_INET, SOCK_DGRAM, 0);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bind(u, (void *)&at, sizeof at);
	getsockname(u, (void *)&at, &size);
	CreateIoCompletionPort((HANDLE)u, port, 8, 0);
	*from_size = sizeof at;
	WSARecvFrom(u, &w, 1, NULL, &flags, (void *)from, from_size, &o, NULL);
	VirtualFree(from, 0, MEM_RELEASE);
	printf("address gone: %lu\n",
	       take(&(struct later){ .s = v, .at = at, .what = 1 }, &n, &key));
	closesocket(u);
	closesocket(v);
}

static void
accept_gone(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int size = sizeof at;
	DWORD n = 0;
	ULONG_PTR key = 0;
	OVERLAPPED o = { 0 };
	char *buf = page();
	SOCKET l = WSASocketA(AF_INET, SOCK_STREAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED),
	       s = WSASocketA(AF_INET, SOCK_STREAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED),
	       c = socket(AF_INET, SOCK_STREAM, 0);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bind(l, (void *)&at, sizeof at);
	getsockname(l, (void *)&at, &size);
	listen(l, 1);
	CreateIoCompletionPort((HANDLE)l, port, 9, 0);
	AcceptEx(l, s, buf, 0, 32, 32, &n, &o);
	VirtualFree(buf, 0, MEM_RELEASE);
	DWORD e = take(&(struct later){ .s = c, .at = at, .what = 2 }, &n, &key);
	printf("accept: %s, address %s\n", key == 9 ? "came" : "lost", e ? "gone" : "there");
	closesocket(l);
	closesocket(s);
	closesocket(c);
}

static void
changes_gone(void)
{
	DWORD n = 0;
	ULONG_PTR key = 0;
	OVERLAPPED o = { 0 };
	char *buf = page();
	CreateDirectoryA("bad.d", NULL);
	HANDLE d = CreateFileA("bad.d", FILE_LIST_DIRECTORY, 7, NULL, OPEN_EXISTING,
	                       FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OVERLAPPED, NULL);
	CreateIoCompletionPort(d, port, 10, 0);
	ReadDirectoryChangesW(d, buf, 4096, FALSE, FILE_NOTIFY_CHANGE_FILE_NAME, NULL, &o, NULL);
	VirtualFree(buf, 0, MEM_RELEASE);
	printf("changes: %lu\n", take(&(struct later){ .name = "bad.d\\x", .what = 3 }, &n, &key));
	CloseHandle(d);
	DeleteFileA("bad.d\\x");
	RemoveDirectoryA("bad.d");
}

static VOID CALLBACK
received(PTP_CALLBACK_INSTANCE i, void *ctx, void *o, ULONG result, ULONG_PTR n, PTP_IO io)
{
	(void)i, (void)ctx, (void)o, (void)result, (void)n, (void)io;
	fault();
	InterlockedIncrement(&ends);
}

static void
callback_faults(void)
{
	SOCKET a, b;
	char buf[8];
	pair(&a, &b);
	PTP_IO io = CreateThreadpoolIo((HANDLE)a, received, NULL, NULL);
	for (int i = 0; i < 3; i++) {
		OVERLAPPED o = { 0 };
		WSABUF w = { sizeof buf, buf };
		DWORD flags = 0;
		StartThreadpoolIo(io);
		WSARecv(a, &w, 1, NULL, &flags, &o, NULL);
		send(b, "x", 1, 0);
		while (ends <= i)
			Sleep(1);
	}
	WaitForThreadpoolIoCallbacks(io, FALSE);
	CloseThreadpoolIo(io);
	closesocket(a);
	closesocket(b);
	printf("callback: %ld faults, %ld ends\n", faults, ends);
}

static VOID CALLBACK
nothing(void *ctx, BOOLEAN late)
{
	(void)ctx, (void)late;
}

static DWORD WINAPI
echo(void *ctx)
{
	SOCKET s = *(SOCKET *)ctx;
	char b[64];
	int n;
	while ((n = recv(s, b, sizeof b, 0)) > 0)
		send(s, b, n, 0);
	return 0;
}

int
main(void)
{
	WSADATA data;
	SOCKET a, b;
	HANDLE wait, never = CreateEvent(NULL, FALSE, FALSE, NULL);
	setvbuf(stdout, NULL, _IONBF, 0);
	WSAStartup(0x202, &data);
	AddVectoredExceptionHandler(1, handler);
	port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
	pair(&a, &b);
	CreateIoCompletionPort((HANDLE)a, port, 7, 0);
	overlapped_gone(a, b);
	address_gone();
	accept_gone();
	changes_gone();
	callback_faults();

	/* it waits for the callbacks that are running */
	for (int i = 0; i < 20; i++) {
		RegisterWaitForSingleObject(&wait, never, nothing, NULL, 1, WT_EXECUTEDEFAULT);
		if (i & 1)
			Sleep(1);
		UnregisterWaitEx(wait, INVALID_HANDLE_VALUE);
	}
	puts("wait given up");

	int done = 0;
	HANDLE t = CreateThread(NULL, 0, echo, &b, 0, NULL);
	for (int i = 0; i < 100; i++) {
		char buf[64] = { 0 };
		WSABUF w = { sizeof buf, buf };
		OVERLAPPED o = { 0 }, *got = NULL;
		DWORD n, flags = 0;
		ULONG_PTR key;
		WSARecv(a, &w, 1, NULL, &flags, &o, NULL);
		send(a, buf, sizeof buf, 0);
		done += GetQueuedCompletionStatus(port, &n, &key, &got, 10000) && got == &o &&
		        n == 64;
	}
	printf("echo goes on: %d\n", done);
	closesocket(a);
	WaitForSingleObject(t, 10000);
	printf("exceptions: %ld\n", strange);
	return 0;
}
