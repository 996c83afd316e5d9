/* SPDX-License-Identifier: Apache-2.0 */
/* Many sockets on one port, with several threads that take packets in batches, while others cancel
 * what is under way and close sockets with operations pending: each operation that was begun
 * ends once, and what came through is what was sent. */
// needs: joist mingw
// libs: -lws2_32
// run: joist run --rm $GUEST 4 0
// expect: every operation ended once
// expect: bytes in order
// expect: some were cancelled, some sockets closed
// run: joist run --rm $GUEST 4 2
// expect: every operation ended once
// expect: bytes in order
// expect: some were cancelled, some sockets closed
// run: joist run --rm $GUEST 1 1
// expect: every operation ended once
// expect: bytes in order
// expect: some were cancelled, some sockets closed
#define _WIN32_WINNT 0x0A00
#include <winsock2.h>
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 24, ROOM = 512, ROUNDS = 60 };

/* One operation under way, of each direction. */
struct op {
	OVERLAPPED o;
	struct line *line;
	volatile LONG pending; /* 0 or 1: begun and not ended */
	WSABUF buf;
	unsigned char data[ROOM];
};

struct line {
	CRITICAL_SECTION lock; /* of the socket's life and of the counts */
	SOCKET near_end, far_end;
	struct op in, out;
	unsigned sent, got; /* bytes; what each is follows from its place */
	int generation, closing;
};

static HANDLE port;
static struct line lines[LINES];
static volatile LONG begun, ended, wrong_bytes, twice, cancelled, closed, stop;
static struct sockaddr_in at;
static SOCKET listener;

static void
pattern(unsigned char *to, unsigned from, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		to[i] = (unsigned char)((from + i) * 7 >> 3);
}

static void
begin(struct op *op, BOOL send)
{
	struct line *l = op->line;
	DWORD flags = 0;
	if (l->closing || op->pending)
		return;
	memset(&op->o, 0, sizeof op->o);
	op->buf.buf = (char *)op->data;
	op->buf.len = send ? 1 + (l->sent * 31 + 17) % ROOM : ROOM;
	if (send)
		pattern(op->data, l->sent, op->buf.len);
	op->pending = 1;
	InterlockedIncrement(&begun);
	int r = send ? WSASend(l->near_end, &op->buf, 1, NULL, 0, &op->o, NULL)
	             : WSARecv(l->near_end, &op->buf, 1, NULL, &flags, &op->o, NULL);
	if (r && WSAGetLastError() != WSA_IO_PENDING) {
		/* it never began */
		op->pending = 0;
		InterlockedDecrement(&begun);
	}
}

/* With the line's lock. */
static void
open_line(struct line *l)
{
	l->near_end = WSASocketA(AF_INET, SOCK_STREAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED);
	connect(l->near_end, (void *)&at, sizeof at);
	l->far_end = accept(listener, NULL, NULL);
	CreateIoCompletionPort((HANDLE)l->near_end, port, (ULONG_PTR)l, 0);
	l->sent = l->got = 0;
	l->closing = 0;
	l->generation++;
}

static void
end_of(struct op *op, DWORD n)
{
	struct line *l = op->line;
	unsigned char want[ROOM];
	EnterCriticalSection(&l->lock);
	if (InterlockedExchange(&op->pending, 0) != 1)
		InterlockedIncrement(&twice);
	InterlockedIncrement(&ended);
	if (op == &l->in) {
		pattern(want, l->got, n);
		if (memcmp(want, op->data, n) != 0)
			InterlockedIncrement(&wrong_bytes);
		l->got += n;
	} else {
		l->sent += n;
	}
	if (!stop && (n || (LONG)op->o.Internal == (LONG)0xc0000120)) /* or STATUS_CANCELLED */
		begin(op, op == &l->out);
	LeaveCriticalSection(&l->lock);
}

static DWORD WINAPI
taker(void *ctx)
{
	OVERLAPPED_ENTRY e[8];
	ULONG n;
	(void)ctx;
	while (GetQueuedCompletionStatusEx(port, e, 8, &n, INFINITE, FALSE))
		for (ULONG i = 0; i < n; i++) {
			if (!e[i].lpOverlapped) {
				/* one call may have taken several of these: it is passed on */
				PostQueuedCompletionStatus(port, 0, 0, NULL);
				return 0;
			}
			end_of((struct op *)e[i].lpOverlapped, e[i].dwNumberOfBytesTransferred);
		}
	return 1;
}

/* The other ends send back what they get. */
static DWORD WINAPI
echo(void *ctx)
{
	struct line *l = ctx;
	char b[4096];
	SOCKET s = l->far_end;
	int n;
	while ((n = recv(s, b, sizeof b, 0)) > 0)
		for (int at_byte = 0, k; at_byte < n; at_byte += k)
			if ((k = send(s, b + at_byte, n - at_byte, 0)) <= 0)
				goto out;
out:
	closesocket(s);
	return 0;
}

/* Cancel now this, now that; now and then close a line with all that is under way, and make it
 * anew when its operations have ended. */
static void
trouble(int round, HANDLE echoes[LINES])
{
	struct line *l = &lines[round * 7 % LINES];
	EnterCriticalSection(&l->lock);
	if (round % 5 == 4) {
		l->closing = 1;
		closesocket(l->near_end);
		InterlockedIncrement(&closed);
		LeaveCriticalSection(&l->lock);
		WaitForSingleObject(echoes[l - lines], INFINITE);
		CloseHandle(echoes[l - lines]);
		while (l->in.pending || l->out.pending)
			Sleep(0);
		EnterCriticalSection(&l->lock);
		open_line(l);
		echoes[l - lines] = CreateThread(NULL, 65536, echo, l, 0, NULL);
		begin(&l->in, FALSE);
		begin(&l->out, TRUE);
	} else if (CancelIoEx((HANDLE)l->near_end, round & 1 ? NULL : &l->in.o)) {
		InterlockedIncrement(&cancelled);
	}
	LeaveCriticalSection(&l->lock);
}

int
main(int n, char **v)
{
	WSADATA data;
	HANDLE takers[8], echoes[LINES];
	int size = sizeof at, threads = n > 1 ? (int)strtol(v[1], NULL, 10) : 4,
	    limit = n > 2 ? (int)strtol(v[2], NULL, 10) : 0;
	WSAStartup(0x202, &data);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	at.sin_family = AF_INET;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bind(listener, (void *)&at, sizeof at);
	getsockname(listener, (void *)&at, &size);
	listen(listener, LINES);
	port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, (DWORD)limit);
	for (int i = 0; i < threads; i++)
		takers[i] = CreateThread(NULL, 0, taker, NULL, 0, NULL);
	for (int i = 0; i < LINES; i++) {
		struct line *l = &lines[i];
		InitializeCriticalSection(&l->lock);
		l->in.line = l->out.line = l;
		EnterCriticalSection(&l->lock);
		open_line(l);
		echoes[i] = CreateThread(NULL, 65536, echo, l, 0, NULL);
		begin(&l->in, FALSE);
		begin(&l->out, TRUE);
		LeaveCriticalSection(&l->lock);
	}
	for (int round = 0; round < ROUNDS || (!cancelled && round < 10000); round++) {
		trouble(round, echoes);
		if (round % 3 == 0)
			Sleep(1);
	}
	InterlockedExchange(&stop, 1);
	for (int i = 0; i < LINES; i++) {
		struct line *l = &lines[i];
		EnterCriticalSection(&l->lock);
		l->closing = 1;
		closesocket(l->near_end);
		LeaveCriticalSection(&l->lock);
	}
	WaitForMultipleObjects(LINES, echoes, TRUE, INFINITE);
	for (int tries = 0; tries < 1000 && ended < begun; tries++)
		Sleep(1);
	PostQueuedCompletionStatus(port, 0, 0, NULL);
	WaitForMultipleObjects((DWORD)threads, takers, TRUE, INFINITE);
	if (begun == ended && !twice)
		puts("every operation ended once");
	else
		printf("begun %ld, ended %ld, twice %ld\n", begun, ended, twice);
	puts(wrong_bytes ? "bytes are wrong" : "bytes in order");
	puts(cancelled && closed ? "some were cancelled, some sockets closed"
	                         : "nothing was disturbed");
	return 0;
}
