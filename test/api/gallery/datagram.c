/* SPDX-License-Identifier: Apache-2.0 */
// Datagrams that are longer than what receives them, told by a port: once each, with what there was
// room for; and transfers of more buffers than the host takes at once.
// needs: joist mingw
// libs: -lws2_32
// run: joist run --rm $GUEST
// expect: there before: later 1, packets 1, error 10040, 19 bytes 'READ SIZE ERROR TES'
// expect: comes after: later 1, packets 1, error 10040, 19 bytes 'READ SIZE ERROR TES'
// expect: without packets for success: later 1, packets 1, error 10040, 19 bytes 'READ SIZE ERROR TES'
// expect: at once: 10040, flags 32768
// expect: 3000 buffers: sent 3000, received 3000, right 1
#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
#include <stdio.h>
#include <string.h>

static const char text[] = "READ SIZE ERROR TEST";
static SOCKET from, to;
static HANDLE port;

static SOCKET
bound(int type)
{
	SOCKET s = WSASocketW(AF_INET, type, 0, NULL, 0, WSA_FLAG_OVERLAPPED);
	struct sockaddr_in a = { .sin_family = AF_INET };
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bind(s, (struct sockaddr *)&a, sizeof a);
	return s;
}

static void
send_it(void)
{
	struct sockaddr_in a;
	int n = sizeof a;
	getsockname(to, (struct sockaddr *)&a, &n);
	sendto(from, text, 20, 0, (struct sockaddr *)&a, sizeof a);
}

static void
receive(const char *title, int before)
{
	char room[20] = { 0 };
	WSABUF b = { 19, room };
	OVERLAPPED o = { 0 }, *which;
	DWORD n = 0, flags = 0, packets = 0, moved;
	ULONG_PTR key;
	if (before)
		send_it();
	int r = WSARecvFrom(to, &b, 1, &n, &flags, NULL, NULL, &o, NULL);
	int later = r == SOCKET_ERROR && WSAGetLastError() == WSA_IO_PENDING;
	if (!before)
		send_it();
	while (GetQueuedCompletionStatus(port, &moved, &key, &which, packets ? 50 : 10000) || which)
		packets++;
	int ok = WSAGetOverlappedResult(to, &o, &n, FALSE, &flags);
	printf("%s: later %d, packets %lu, error %d, %lu bytes '%s'\n", title, later, packets,
	       ok ? 0 : WSAGetLastError(), n, room);
}

static void
many(void)
{
	enum { MANY = 3000 };
	static WSABUF out[MANY], in[MANY];
	static char sent[MANY], got[MANY];
	struct sockaddr_in a;
	int n = sizeof a;
	SOCKET l = bound(SOCK_STREAM), c = bound(SOCK_STREAM);
	listen(l, 1);
	getsockname(l, (struct sockaddr *)&a, &n);
	connect(c, (struct sockaddr *)&a, sizeof a);
	SOCKET s = accept(l, NULL, NULL);
	for (int i = 0; i < MANY; i++) {
		sent[i] = (char)i;
		out[i] = (WSABUF){ 1, &sent[i] };
		in[i] = (WSABUF){ 1, &got[i] };
	}
	OVERLAPPED o = { .hEvent = CreateEventA(NULL, TRUE, FALSE, NULL) };
	DWORD flags = 0, moved = 0, all = 0, k;
	if (WSASend(c, out, MANY, NULL, 0, &o, NULL) && WSAGetLastError() != WSA_IO_PENDING)
		printf("no: %d\n", WSAGetLastError());
	WSAGetOverlappedResult(c, &o, &moved, TRUE, &flags);
	while (all < MANY && !WSARecv(s, in + all, MANY - all, &k, &flags, NULL, NULL) && k)
		all += k;
	printf("%d buffers: sent %lu, received %lu, right %d\n", MANY, moved, all,
	       !memcmp(sent, got, MANY));
}

int
main(void)
{
	WSADATA w;
	WSAStartup(0x202, &w);
	from = bound(SOCK_DGRAM);
	to = bound(SOCK_DGRAM);
	port = CreateIoCompletionPort((HANDLE)to, NULL, 1, 0);
	receive("there before", 1);
	receive("comes after", 0);
	SetFileCompletionNotificationModes((HANDLE)to, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS);
	receive("without packets for success", 1);
	char room[4];
	WSABUF b = { 4, room };
	DWORD n, flags = 0;
	send_it();
	int r = WSARecvFrom(to, &b, 1, &n, &flags, NULL, NULL, NULL, NULL);
	printf("at once: %d, flags %lu\n", r ? WSAGetLastError() : 0, flags);
	many();
	return 0;
}
