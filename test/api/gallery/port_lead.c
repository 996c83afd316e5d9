/* SPDX-License-Identifier: Apache-2.0 */
// needs: joist mingw
// libs: -lws2_32
// run: joist run --rm $GUEST
// expect: echo 2000
// expect: posted 2000
// expect: two threads 2000
// expect: apc
// expect: cancelled 995
// expect: suspended, done all the same: 64
// expect: resumed 64
// expect: timer 1
// expect: both directions
// expect: closed
// expect: time out 258

/* Threads that wait for a port look for descriptors themselves: whatever else ends their wait must
 * reach them there. */
#include <winsock2.h>
#include <windows.h>
#include <stdio.h>
#include <string.h>

static SOCKET near_end, far_end;
static HANDLE port;

static void
pair(SOCKET *a, SOCKET *b)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	SOCKET l = socket(AF_INET, SOCK_STREAM, 0);
	int n = sizeof at, one = 1;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bind(l, (struct sockaddr *)&at, sizeof at);
	getsockname(l, (struct sockaddr *)&at, &n);
	listen(l, 1);
	*a = WSASocketW(AF_INET, SOCK_STREAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED);
	connect(*a, (struct sockaddr *)&at, sizeof at);
	*b = accept(l, NULL, NULL);
	setsockopt(*a, IPPROTO_TCP, TCP_NODELAY, (char *)&one, sizeof one);
	setsockopt(*b, IPPROTO_TCP, TCP_NODELAY, (char *)&one, sizeof one);
	closesocket(l);
}

static void
receive(SOCKET s, OVERLAPPED *o, char *buf, DWORD n)
{
	WSABUF b = { n, buf };
	DWORD got, flags = 0;

	memset(o, 0, sizeof *o);
	if (WSARecv(s, &b, 1, &got, &flags, o, NULL) && WSAGetLastError() != WSA_IO_PENDING)
		printf("WSARecv: %d\n", WSAGetLastError());
}

static DWORD WINAPI
echo(void *p)
{
	SOCKET s = (SOCKET)p;
	char b[64];
	int n;

	while ((n = recv(s, b, sizeof b, 0)) > 0)
		send(s, b, n, 0);
	return 0;
}

static DWORD WINAPI
post(void *p)
{
	HANDLE tick = p;

	for (int i = 0; i < 2000; i++) {
		PostQueuedCompletionStatus(port, 1, 7, NULL);
		WaitForSingleObject(tick, INFINITE);
	}
	return 0;
}

static LONG taken;

static DWORD WINAPI
take(void *p)
{
	DWORD n;
	ULONG_PTR key;
	OVERLAPPED *o;

	(void)p;
	while (GetQueuedCompletionStatus(port, &n, &key, &o, INFINITE) && key != 99)
		InterlockedIncrement(&taken);
	return 0;
}

static void CALLBACK
called(ULONG_PTR p)
{
	(void)p;
}

static DWORD WINAPI
alert(void *p)
{
	OVERLAPPED_ENTRY e[4];
	ULONG n;
	BOOL ok = GetQueuedCompletionStatusEx(port, e, 4, &n, INFINITE, TRUE);

	(void)p;
	printf("%s\n", !ok && GetLastError() == WAIT_IO_COMPLETION ? "apc" : "no apc");
	return 0;
}

static LONG rang;

static void CALLBACK
ring(void *p, BOOLEAN timed)
{
	(void)p, (void)timed;
	InterlockedIncrement(&rang);
	PostQueuedCompletionStatus(port, 0, 5, NULL);
}

int
main(void)
{
	WSADATA w;
	DWORD n;
	ULONG_PTR key;
	OVERLAPPED o, r, *which;
	char buf[64], out[64] = { 0 };
	HANDLE t[2], tick, timer;
	int done = 0;

	WSAStartup(0x202, &w);
	setvbuf(stdout, NULL, _IONBF, 0);
	pair(&near_end, &far_end);
	port = CreateIoCompletionPort((HANDLE)near_end, NULL, 1, 0);

	t[0] = CreateThread(NULL, 0, echo, (void *)far_end, 0, NULL);
	for (int i = 0; i < 2000; i++) {
		receive(near_end, &o, buf, sizeof buf);
		send(near_end, out, sizeof out, 0);
		for (DWORD got = 0; got < 64; got += n) {
			if (got)
				receive(near_end, &o, buf, 64 - got);
			if (!GetQueuedCompletionStatus(port, &n, &key, &which, 10000) ||
			    which != &o)
				return printf("lost: %lu\n", GetLastError());
		}
		done++;
	}
	printf("echo %d\n", done);

	/* packets of another thread */
	receive(near_end, &o, buf, sizeof buf);
	tick = CreateEventW(NULL, FALSE, FALSE, NULL);
	t[1] = CreateThread(NULL, 0, post, tick, 0, NULL);
	for (done = 0; done < 2000; done++) {
		if (!GetQueuedCompletionStatus(port, &n, &key, &which, 10000) || key != 7)
			break;
		SetEvent(tick);
	}
	printf("posted %d\n", done);
	WaitForSingleObject(t[1], INFINITE);

	/* two threads take; one of them leads */
	HANDLE takers[2];
	for (int i = 0; i < 2; i++)
		takers[i] = CreateThread(NULL, 0, take, NULL, 0, NULL);
	for (int i = 0; i < 2000; i++) {
		PostQueuedCompletionStatus(port, 1, 7, NULL);
		if (i % 100 == 0)
			Sleep(1);
	}
	for (int i = 0; i < 2; i++)
		PostQueuedCompletionStatus(port, 1, 99, NULL);
	WaitForMultipleObjects(2, takers, TRUE, INFINITE);
	printf("two threads %ld\n", taken);

	t[1] = CreateThread(NULL, 0, alert, NULL, 0, NULL);
	Sleep(20);
	QueueUserAPC(called, t[1], 0);
	WaitForSingleObject(t[1], INFINITE);

	CancelIoEx((HANDLE)near_end, &o);
	BOOL ok = GetQueuedCompletionStatus(port, &n, &key, &which, 10000);
	printf("cancelled %lu\n", !ok && which == &o ? GetLastError() : 0);

	/* who leads is suspended: what comes in is done all the same, and told to him later */
	taken = 0;
	t[1] = CreateThread(NULL, 0, take, NULL, 0, NULL);
	receive(near_end, &o, buf, sizeof buf);
	Sleep(20);
	SuspendThread(t[1]);
	send(near_end, out, sizeof out, 0);
	for (int i = 0; i < 1000 && !HasOverlappedIoCompleted(&o); i++)
		Sleep(1);
	printf("suspended, done all the same: %lu\n",
	       HasOverlappedIoCompleted(&o) ? (DWORD)o.InternalHigh : 0);
	ResumeThread(t[1]);
	for (int i = 0; i < 1000 && !taken; i++)
		Sleep(1);
	printf("resumed %lu\n", taken ? (DWORD)o.InternalHigh : 0);
	PostQueuedCompletionStatus(port, 1, 99, NULL);
	WaitForSingleObject(t[1], INFINITE);

	/* a time that is set while somebody leads comes in time */
	receive(near_end, &o, buf, sizeof buf);
	CreateTimerQueueTimer(&timer, NULL, ring, NULL, 30, 0, WT_EXECUTEDEFAULT);
	ok = GetQueuedCompletionStatus(port, &n, &key, &which, 10000);
	printf("timer %ld\n", ok && key == 5 ? rang : 0);

	/* a send that waits for room, and a receive, of one socket */
	static char big[4 << 20];
	WSABUF b = { sizeof big, big };
	memset(&r, 0, sizeof r);
	WSASend(near_end, &b, 1, &n, 0, &r, NULL);
	DWORD back = 0;
	int sent = 0;
	static char more[65536];
	while (back < sizeof big || !sent) {
		if (!GetQueuedCompletionStatus(port, &n, &key, &which, 10000)) {
			printf("lost at %lu\n", back);
			return 1;
		}
		if (which == &r) {
			sent = n == sizeof big;
			continue;
		}
		back += n;
		if (back < sizeof big)
			receive(near_end, &o, more, sizeof more);
	}
	printf("both directions\n");

	/* closed while a thread leads for it */
	taken = 0;
	receive(near_end, &o, buf, sizeof buf);
	closesocket(near_end);
	ok = GetQueuedCompletionStatus(port, &n, &key, &which, 10000);
	printf("%s\n", !ok && which == &o ? "closed" : "not closed");
	WaitForSingleObject(t[0], INFINITE);

	ok = GetQueuedCompletionStatus(port, &n, &key, &which, 30);
	printf("time out %lu\n", ok ? 0 : GetLastError());
	return 0;
}
