/* SPDX-License-Identifier: Apache-2.0 */
// A socket that could not be connected tries again, as programs do with one address after the other.
// needs: joist mingw
// libs: -lws2_32
// run: joist run --rm $GUEST
// expect: waiting: 10061, then 0 0
// expect: not waiting: 10035 10061, then 10035 0
// expect: overlapped: 1225, then 0
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <stdio.h>

static struct sockaddr_in shut, open_;

/* A port that nobody listens on, and one where somebody does. */
static void
ports(void)
{
	int n = sizeof shut;
	SOCKET s = socket(AF_INET, SOCK_STREAM, 0), l = socket(AF_INET, SOCK_STREAM, 0);
	shut.sin_family = open_.sin_family = AF_INET;
	shut.sin_addr.s_addr = open_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bind(s, (struct sockaddr *)&shut, n);
	getsockname(s, (struct sockaddr *)&shut, &n);
	closesocket(s);
	bind(l, (struct sockaddr *)&open_, n);
	getsockname(l, (struct sockaddr *)&open_, &n);
	listen(l, 8);
}

static int
try(SOCKET s, const struct sockaddr_in *a)
{
	return connect(s, (const struct sockaddr *)a, sizeof *a) ? WSAGetLastError() : 0;
}

/* What became of one that does not wait. */
static int
outcome(SOCKET s)
{
	fd_set w, e;
	struct timeval t = { 5, 0 };
	int error = 0, n = sizeof error;
	FD_ZERO(&w);
	FD_ZERO(&e);
	FD_SET(s, &w);
	FD_SET(s, &e);
	select(0, NULL, &w, &e, &t);
	getsockopt(s, SOL_SOCKET, SO_ERROR, (char *)&error, &n);
	return error;
}

static DWORD
overlapped(SOCKET s, LPFN_CONNECTEX connect_ex, const struct sockaddr_in *a)
{
	OVERLAPPED o = { .hEvent = CreateEventA(NULL, TRUE, FALSE, NULL) };
	DWORD n, e = 0;
	if (!connect_ex(s, (const struct sockaddr *)a, sizeof *a, NULL, 0, NULL, &o) &&
	    WSAGetLastError() != ERROR_IO_PENDING)
		e = GetLastError();
	else if (!GetOverlappedResult((HANDLE)s, &o, &n, TRUE))
		e = GetLastError();
	CloseHandle(o.hEvent);
	return e;
}

int
main(void)
{
	WSADATA d;
	WSAStartup(0x202, &d);
	ports();
	SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
	int a = try(s, &shut), b = try(s, &open_);
	printf("waiting: %d, then %d %d\n", a, b, send(s, "x", 1, 0) == 1 ? 0 : WSAGetLastError());
	closesocket(s);

	u_long yes = 1;
	s = socket(AF_INET, SOCK_STREAM, 0);
	ioctlsocket(s, FIONBIO, &yes);
	a = try(s, &shut);
	int failed = outcome(s);
	b = try(s, &open_);
	printf("not waiting: %d %d, then %d %d\n", a, failed, b, outcome(s));
	closesocket(s);

	GUID id = WSAID_CONNECTEX;
	LPFN_CONNECTEX connect_ex = NULL;
	DWORD n;
	struct sockaddr_in any = { .sin_family = AF_INET };
	s = socket(AF_INET, SOCK_STREAM, 0);
	bind(s, (struct sockaddr *)&any, sizeof any);
	WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof id, &connect_ex,
	         sizeof connect_ex, &n, NULL, NULL);
	DWORD one = overlapped(s, connect_ex, &shut);
	printf("overlapped: %lu, then %lu\n", one, overlapped(s, connect_ex, &open_));
	return 0;
}
