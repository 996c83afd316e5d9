/* SPDX-License-Identifier: Apache-2.0 */
// Sockets that another process gets: WSADuplicateSocket, and inheritance.
// needs: joist mingw
// libs: -lws2_32
// run: joist run --rm $GUEST
// expect: duplicated: child 0, answer 'pong', closed by both 0
// expect: ANSI: child 0, answer 'pong', closed by both 0
// expect: taken once: 10022
// expect: a listener: child 0, 'from the child'
// expect: UDP: child 0, 'datagram'
// expect: no such process 10022, no socket 10038
// expect: inherited: child 0, answer 'pong', peer 1 type 1
// expect: overlapped there: child 0, answer 'pong'
#include <winsock2.h>
#include <ws2tcpip.h>
#include "share.h"

/* Parent and child share the protocol's description. */
static struct told {
	WSAPROTOCOL_INFOW wide;
	WSAPROTOCOL_INFOA narrow;
	int ansi;
} * told;
static HANDLE go;

static void
meet(void)
{
	HANDLE m = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 8192, "told");
	told = MapViewOfFile(m, FILE_MAP_WRITE, 0, 0, 0);
	go = CreateEventA(NULL, FALSE, FALSE, "go");
}

static SOCKET
take(DWORD flags)
{
	WaitForSingleObject(go, INFINITE);
	return told->ansi ? WSASocketA(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
	                               &told->narrow, 0, flags)
	                  : WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
	                               &told->wide, 0, flags);
}

static int
answer(SOCKET s)
{
	char text[8] = "";
	if (s == INVALID_SOCKET || recv(s, text, 4, MSG_WAITALL) != 4 || strcmp(text, "ping"))
		return WSAGetLastError();
	return send(s, "pong", 4, 0) == 4 ? closesocket(s) : WSAGetLastError();
}

static int pong(int n, char **v) { (void)n, (void)v; meet(); return answer(take(0)); }

/* A second socket of the same description is none. */
static int
twice(int n, char **v)
{
	(void)n, (void)v;
	meet();
	int r = answer(take(0));
	SetEvent(go);
	SOCKET s = take(0);
	return r ? r : s == INVALID_SOCKET ? WSAGetLastError() : 1;
}

static int
accepts(int n, char **v)
{
	(void)n, (void)v;
	meet();
	SOCKET l = take(0), s = accept(l, NULL, NULL);
	return send(s, "from the child", 14, 0) == 14 ? 0 : WSAGetLastError();
}

static int
datagram(int n, char **v)
{
	struct sockaddr_in a;
	char text[8];
	int size = sizeof a;
	(void)n, (void)v;
	meet();
	SOCKET s = take(0);
	if (recvfrom(s, text, 8, 0, (struct sockaddr *)&a, &size) < 0)
		return WSAGetLastError();
	return sendto(s, "datagram", 8, 0, (struct sockaddr *)&a, size) == 8 ? 0
	                                                                     : WSAGetLastError();
}

static int
inherits(int n, char **v)
{
	struct sockaddr_in a;
	int size = sizeof a, type = 0, length = sizeof type;
	(void)n;
	SOCKET s = (SOCKET)(UINT_PTR)handle(v[0]);
	if (getpeername(s, (struct sockaddr *)&a, &size) ||
	    getsockopt(s, SOL_SOCKET, SO_TYPE, (char *)&type, &length) || type != SOCK_STREAM)
		return WSAGetLastError();
	return answer(s);
}

static int
overlapped(int n, char **v)
{
	char text[8] = "";
	WSABUF b = { 4, text };
	DWORD k, flags = 0;
	OVERLAPPED o = { 0 }, *done;
	ULONG_PTR key;
	(void)n, (void)v;
	meet();
	SOCKET s = take(WSA_FLAG_OVERLAPPED);
	HANDLE port = CreateIoCompletionPort((HANDLE)s, NULL, 5, 0);
	if (!port)
		return (int)GetLastError();
	if (WSARecv(s, &b, 1, NULL, &flags, &o, NULL) && WSAGetLastError() != WSA_IO_PENDING)
		return WSAGetLastError();
	if (!GetQueuedCompletionStatus(port, &k, &key, &done, 10000) || key != 5 || done != &o ||
	    k != 4)
		return 1;
	return send(s, "pong", 4, 0) == 4 ? 0 : WSAGetLastError();
}

static const struct part parts[] = {
	{ "pong", pong },         { "twice", twice },       { "accepts", accepts },
	{ "datagram", datagram }, { "inherits", inherits }, { "overlapped", overlapped },
	{ NULL, NULL },
};

static int
pair(SOCKET s[2])
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int n = sizeof a;
	SOCKET l = socket(AF_INET, SOCK_STREAM, 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(l, (struct sockaddr *)&a, n) || listen(l, 1) ||
	    getsockname(l, (struct sockaddr *)&a, &n))
		return WSAGetLastError();
	s[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(s[0], (struct sockaddr *)&a, n))
		return WSAGetLastError();
	s[1] = accept(l, NULL, NULL);
	closesocket(l);
	return s[1] == INVALID_SOCKET;
}

/* Our own handle is closed behind it. */
static int
give(SOCKET s, HANDLE process, int ansi)
{
	told->ansi = ansi;
	int e = ansi ? WSADuplicateSocketA(s, GetProcessId(process), &told->narrow)
	             : WSADuplicateSocketW(s, GetProcessId(process), &told->wide);
	if (e)
		printf("WSADuplicateSocket: %d\n", WSAGetLastError());
	closesocket(s);
	SetEvent(go);
	return e;
}

static const char *
ask(SOCKET s)
{
	static char text[8];
	memset(text, 0, sizeof text);
	send(s, "ping", 4, 0);
	recv(s, text, 4, MSG_WAITALL);
	return text;
}

static void
duplicated(int ansi)
{
	SOCKET s[2];
	pair(s);
	HANDLE p = start("pong");
	give(s[1], p, ansi);
	const char *text = ask(s[0]);
	int code = end(p);
	char c;
	printf("%s: child %d, answer '%s', closed by both %d\n", ansi ? "ANSI" : "duplicated", code,
	       text, recv(s[0], &c, 1, 0));
	closesocket(s[0]);
}

static void
once(void)
{
	SOCKET s[2];
	pair(s);
	HANDLE p = start("twice");
	give(s[1], p, 0);
	ask(s[0]);
	printf("taken once: %d\n", end(p));
	closesocket(s[0]);
}

static void
listener(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int n = sizeof a;
	char text[32] = "";
	SOCKET l = socket(AF_INET, SOCK_STREAM, 0), s = socket(AF_INET, SOCK_STREAM, 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bind(l, (struct sockaddr *)&a, n);
	listen(l, 1);
	getsockname(l, (struct sockaddr *)&a, &n);
	HANDLE p = start("accepts");
	give(l, p, 0);
	connect(s, (struct sockaddr *)&a, n);
	recv(s, text, 14, MSG_WAITALL);
	printf("a listener: child %d, '%s'\n", end(p), text);
	closesocket(s);
}

static void
udp(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int n = sizeof a;
	char text[32] = "";
	SOCKET u = socket(AF_INET, SOCK_DGRAM, 0), s = socket(AF_INET, SOCK_DGRAM, 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bind(u, (struct sockaddr *)&a, n);
	getsockname(u, (struct sockaddr *)&a, &n);
	HANDLE p = start("datagram");
	give(u, p, 0);
	sendto(s, "x", 1, 0, (struct sockaddr *)&a, n);
	recv(s, text, 31, 0);
	printf("UDP: child %d, '%s'\n", end(p), text);
	closesocket(s);
}

static void
errors(void)
{
	SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
	int none = WSADuplicateSocketW(s, 4, &told->wide) ? WSAGetLastError() : 0;
	closesocket(s);
	int no = WSADuplicateSocketW(s, GetCurrentProcessId(), &told->wide) ? WSAGetLastError() : 0;
	printf("no such process %d, no socket %d\n", none, no);
}

static void
inherited(void)
{
	struct sockaddr_in a;
	int n = sizeof a, type = 0, size = sizeof type;
	SOCKET s[2];
	pair(s);
	SetHandleInformation((HANDLE)s[1], HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
	HANDLE p = start("inherits %llx", (UINT64)s[1]);
	const char *text = ask(s[0]);
	int code = end(p), peer = !getpeername(s[1], (struct sockaddr *)&a, &n);
	getsockopt(s[1], SOL_SOCKET, SO_TYPE, (char *)&type, &size);
	printf("inherited: child %d, answer '%s', peer %d type %d\n", code, text, peer, type);
	closesocket(s[0]);
	closesocket(s[1]);
}

static void
ports(void)
{
	SOCKET s[2];
	pair(s);
	HANDLE p = start("overlapped");
	give(s[1], p, 0);
	const char *text = ask(s[0]);
	printf("overlapped there: child %d, answer '%s'\n", end(p), text);
	closesocket(s[0]);
}

int
main(int argc, char **argv)
{
	WSADATA w;
	WSAStartup(0x202, &w);
	int code = part(parts, argc, argv);

	if (code >= 0)
		return code;
	setvbuf(stdout, NULL, _IONBF, 0);
	meet();
	duplicated(0);
	duplicated(1);
	once();
	listener();
	udp();
	errors();
	inherited();
	ports();
	return 0;
}
