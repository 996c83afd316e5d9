/* SPDX-License-Identifier: Apache-2.0 */
// Sockets on the loopback: blocking, not blocking, overlapped, selected; and none without the right.
// needs: joist mingw
// libs: -lws2_32 -lmswsock -liphlpapi -lntdll
// run: joist run --rm --net host $GUEST
// expect: startup: 0 202 202, catalogue 7
// expect: echo: 5 hello, peer is client 1, nothing more 0
// expect: options: nodelay 1 type 1 timeout 250 linger 1 5 reuse 0 protocol 6 v6only 1
// expect: would block: 10035, timed out: 10060, available 3
// expect: select: 1 readable, 1 writable, timeout 0
// expect: poll: 1 100, 10 none 0
// expect: refused: 10061
// expect: AcceptEx: pending 997, 3 bytes abc, from the client 1
// expect: iocp: recv pending 997, key 7 n 4 data ping, then send n 2
// expect: cancelled: 995
// expect: wait for all: 8 bytes
// expect: events: accept 8, connect 10, read 1, close 20
// expect: datagram: 4 data, cut 10040 da, from port 1
// expect: file: 6 heABCDta
// expect: ReadFile: 1 2 ok
// expect: routine: 0 2
// expect: reuse: 1 closed 0
// expect: afd: pending 103, then events 1
// expect: names: localhost 1 1, number 127.0.0.1:80, host 1, http 80 tcp 6
// expect: text: 1.2.3.4 [::1]:80 1 2 0 ffffffff 7f000001
// expect: errors: 10038 10022 10047 10093
// expect: adapters: 111 then 0 loopback 1
// run: joist run --rm $GUEST denied
// expect-has: ^outside: (10051|10013), startup 0
#define _WIN32_WINNT 0x0a00
#include <winsock2.h>
#include <mswsock.h>
#include <ws2tcpip.h>
#include <iphlpapi.h>
#include <windows.h>
#include <winternl.h>
#include <stdio.h>
#include <string.h>

static struct sockaddr_in
bound(SOCKET s)
{
	struct sockaddr_in a = { 0 };
	int n = sizeof a;
	a.sin_family = AF_INET;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(s, (struct sockaddr *)&a, sizeof a))
		printf("bind: %d\n", WSAGetLastError());
	getsockname(s, (struct sockaddr *)&a, &n);
	return a;
}

static SOCKET listener;
static struct sockaddr_in where;

static void
pair(SOCKET s[2])
{
	s[0] = WSASocketW(AF_INET, SOCK_STREAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED);
	connect(s[0], (struct sockaddr *)&where, sizeof where);
	s[1] = accept(listener, NULL, NULL);
}

static DWORD WINAPI
echo(void *x)
{
	char b[64];
	int n;
	SOCKET s = accept(listener, NULL, NULL);
	(void)x;
	while ((n = recv(s, b, sizeof b, 0)) > 0)
		send(s, b, n, 0);
	closesocket(s);
	return 0;
}

static void
blocking(void)
{
	HANDLE t = CreateThread(NULL, 0, echo, NULL, 0, NULL);
	SOCKET c = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
	struct sockaddr_in a, b;
	int n = sizeof a, m = sizeof b;
	char buf[64] = "";
	connect(c, (struct sockaddr *)&where, sizeof where);
	send(c, "hello", 5, 0);
	int got = recv(c, buf, sizeof buf, 0);
	getpeername(c, (struct sockaddr *)&a, &n);
	getsockname(c, (struct sockaddr *)&b, &m);
	shutdown(c, SD_SEND);
	printf("echo: %d %s, peer is client %d, nothing more %d\n", got, buf,
	       a.sin_port == where.sin_port && b.sin_port != a.sin_port,
	       recv(c, buf, sizeof buf, 0));
	WaitForSingleObject(t, INFINITE);
	closesocket(c);
}

static void
options(void)
{
	SOCKET s = socket(AF_INET, SOCK_STREAM, 0), s6 = socket(AF_INET6, SOCK_STREAM, 0);
	BOOL on = TRUE;
	DWORD ms = 250;
	struct linger l = { 1, 5 }, lo = { 0, 0 };
	int v[5] = { 0 }, n = 4;
	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, (char *)&on, sizeof on);
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, (char *)&ms, sizeof ms);
	setsockopt(s, SOL_SOCKET, SO_LINGER, (char *)&l, sizeof l);
	setsockopt(s, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (char *)&on, sizeof on);
	getsockopt(s, IPPROTO_TCP, TCP_NODELAY, (char *)&v[0], &n);
	n = 4;
	getsockopt(s, SOL_SOCKET, SO_TYPE, (char *)&v[1], &n);
	n = 4;
	getsockopt(s, SOL_SOCKET, SO_RCVTIMEO, (char *)&v[2], &n);
	n = sizeof lo;
	getsockopt(s, SOL_SOCKET, SO_LINGER, (char *)&lo, &n);
	n = 4;
	getsockopt(s, SOL_SOCKET, SO_REUSEADDR, (char *)&v[3], &n);
	n = 4;
	getsockopt(s6, IPPROTO_IPV6, IPV6_V6ONLY, (char *)&v[4], &n);
	WSAPROTOCOL_INFOW p;
	n = sizeof p;
	getsockopt(s, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)&p, &n);
	printf("options: nodelay %d type %d timeout %d linger %d %d reuse %d protocol %d v6only "
	       "%d\n",
	       v[0], v[1], v[2], lo.l_onoff, lo.l_linger, v[3], p.iProtocol, v[4]);
	closesocket(s);
	closesocket(s6);
}

static void
not_blocking(void)
{
	SOCKET s[2];
	u_long on = 1, n = 0;
	char b[8];
	DWORD ms = 20;
	pair(s);
	ioctlsocket(s[0], FIONBIO, &on);
	recv(s[0], b, 8, 0);
	int e = WSAGetLastError();
	setsockopt(s[1], SOL_SOCKET, SO_RCVTIMEO, (char *)&ms, sizeof ms);
	recv(s[1], b, 8, 0);
	int t = WSAGetLastError();
	send(s[1], "abc", 3, 0);
	fd_set r, w;
	struct timeval tv = { 5, 0 }, none = { 0, 1000 };
	FD_ZERO(&r);
	FD_SET(s[0], &r);
	int readable = select(0, &r, NULL, NULL, &tv);
	ioctlsocket(s[0], FIONREAD, &n);
	printf("would block: %d, timed out: %d, available %lu\n", e, t, n);
	FD_ZERO(&w);
	FD_SET(s[0], &w);
	int writable = select(0, NULL, &w, NULL, &tv) == 1 && FD_ISSET(s[0], &w);
	FD_ZERO(&r);
	FD_SET(s[1], &r);
	int nothing = select(0, &r, NULL, NULL, &none);
	printf("select: %d readable, %d writable, timeout %d\n", readable, writable, nothing);
	WSAPOLLFD p = { s[0], POLLRDNORM, 0 }, q = { s[1], POLLRDNORM | POLLWRNORM, 0 },
	          z = { s[1], POLLRDNORM, 0 };
	int one = WSAPoll(&p, 1, 1000);
	WSAPoll(&q, 1, 1000);
	printf("poll: %d %x, %x none %d\n", one, p.revents, q.revents, WSAPoll(&z, 1, 0));
	closesocket(s[0]);
	closesocket(s[1]);
	struct sockaddr_in a = where;
	SOCKET d = socket(AF_INET, SOCK_STREAM, 0), x = socket(AF_INET, SOCK_STREAM, 0);
	a = bound(d);
	connect(x, (struct sockaddr *)&a, sizeof a);
	printf("refused: %d\n", WSAGetLastError());
	closesocket(d);
	closesocket(x);
}

static void *
extension(SOCKET s, GUID id)
{
	void *f = NULL;
	DWORD n;
	WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof id, &f, sizeof f, &n, NULL,
	         NULL);
	return f;
}

static SOCKET
overlapped(void)
{
	SOCKET c = WSASocketW(AF_INET, SOCK_STREAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED);
	SOCKET s = WSASocketW(AF_INET, SOCK_STREAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED);
	LPFN_ACCEPTEX accept_ex = (LPFN_ACCEPTEX)extension(listener, (GUID)WSAID_ACCEPTEX);
	LPFN_CONNECTEX connect_ex = (LPFN_CONNECTEX)extension(c, (GUID)WSAID_CONNECTEX);
	LPFN_GETACCEPTEXSOCKADDRS addresses =
	        (LPFN_GETACCEPTEXSOCKADDRS)extension(listener, (GUID)WSAID_GETACCEPTEXSOCKADDRS);
	char out[3 + 64] = "";
	OVERLAPPED a = { 0 }, o = { 0 }, r = { 0 }, w = { 0 }, *done;
	DWORD n, sent, flags = 0;
	ULONG_PTR key;
	a.hEvent = WSACreateEvent();
	accept_ex(listener, s, out, 3, 32, 32, &n, &a);
	int e = WSAGetLastError();
	struct sockaddr_in from = bound(c);
	HANDLE port = CreateIoCompletionPort((HANDLE)c, NULL, 7, 0);
	connect_ex(c, (struct sockaddr *)&where, sizeof where, "abc", 3, &sent, &o);
	GetQueuedCompletionStatus(port, &n, &key, &done, 5000);
	setsockopt(c, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0);
	WSAWaitForMultipleEvents(1, &a.hEvent, TRUE, 5000, FALSE);
	WSAGetOverlappedResult(listener, &a, &n, TRUE, &flags);
	setsockopt(s, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (char *)&listener, sizeof listener);
	struct sockaddr *l, *p;
	int nl, np;
	addresses(out, 3, 32, 32, &l, &nl, &p, &np);
	printf("AcceptEx: pending %d, %lu bytes %.3s, from the client %d\n", e, n, out,
	       ((struct sockaddr_in *)p)->sin_port == from.sin_port);
	char b[16] = "";
	WSABUF in = { 16, b }, pong = { 2, "ok" };
	WSARecv(c, &in, 1, NULL, &flags, &r, NULL);
	e = WSAGetLastError();
	send(s, "ping", 4, 0);
	GetQueuedCompletionStatus(port, &n, &key, &done, 5000);
	printf("iocp: recv pending %d, key %d n %lu data %.4s", e, (int)key, n, b);
	WSASend(c, &pong, 1, NULL, 0, &w, NULL);
	GetQueuedCompletionStatus(port, &n, &key, &done, 5000);
	printf(", then send n %lu\n", done == &w ? n : 99);
	WSARecv(c, &in, 1, NULL, &flags, &r, NULL);
	CancelIoEx((HANDLE)c, &r);
	BOOL ok = GetQueuedCompletionStatus(port, &n, &key, &done, 5000);
	printf("cancelled: %lu\n", ok ? 0 : GetLastError());
	flags = MSG_WAITALL;
	in.len = 8;
	WSARecv(c, &in, 1, NULL, &flags, &r, NULL);
	send(s, "1234", 4, 0);
	Sleep(20);
	send(s, "5678", 4, 0);
	GetQueuedCompletionStatus(port, &n, &key, &done, 5000);
	printf("wait for all: %lu bytes\n", n);
	recv(s, b, 2, 0);
	closesocket(s);
	WSACloseEvent(a.hEvent);
	return c;
}

static long
events_of(SOCKET s, WSAEVENT e)
{
	WSANETWORKEVENTS n = { 0 };
	WSAWaitForMultipleEvents(1, &e, FALSE, 5000, FALSE);
	WSAEnumNetworkEvents(s, e, &n);
	return n.lNetworkEvents;
}

static void
events(void)
{
	WSAEVENT a = WSACreateEvent(), c = WSACreateEvent();
	SOCKET s = socket(AF_INET, SOCK_STREAM, 0), t;
	char b[8];
	WSAEventSelect(listener, a, FD_ACCEPT);
	WSAEventSelect(s, c, FD_CONNECT | FD_READ | FD_CLOSE);
	connect(s, (struct sockaddr *)&where, sizeof where);
	long accepted = events_of(listener, a), connected = events_of(s, c);
	t = accept(listener, NULL, NULL);
	WSAEventSelect(t, NULL, 0);
	send(t, "x", 1, 0);
	long readable = events_of(s, c);
	recv(s, b, 8, 0);
	closesocket(t);
	printf("events: accept %lx, connect %lx, read %lx, close %lx\n", accepted, connected,
	       readable, events_of(s, c));
	u_long off = 0;
	WSAEventSelect(listener, NULL, 0);
	ioctlsocket(listener, FIONBIO, &off);
	WSASetEvent(c);
	WSAResetEvent(c);
	WSACloseEvent(a);
	WSACloseEvent(c);
	closesocket(s);
}

static void CALLBACK
routine(DWORD error, DWORD n, OVERLAPPED *o, DWORD flags)
{
	(void)o, (void)flags;
	printf("routine: %lu %lu\n", error, n);
}

static void
others(void)
{
	SOCKET a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in to = bound(a), own = bound(b), from = { 0 };
	int size = sizeof from;
	char buf[8] = "";
	DWORD n, flags = 0;
	sendto(b, "data", 4, 0, (struct sockaddr *)&to, sizeof to);
	int got = recvfrom(a, buf, 8, 0, (struct sockaddr *)&from, &size);
	printf("datagram: %d %s", got, buf);
	sendto(b, "data", 4, 0, (struct sockaddr *)&to, sizeof to);
	memset(buf, 0, 8);
	recv(a, buf, 2, 0);
	printf(", cut %d %s, from port %d\n", WSAGetLastError(), buf,
	       from.sin_port == own.sin_port);
	closesocket(a);
	closesocket(b);

	SOCKET s[2];
	pair(s);
	HANDLE f = CreateFileA("sent", GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS,
	                       FILE_FLAG_DELETE_ON_CLOSE, NULL);
	WriteFile(f, "xABCD", 5, &n, NULL);
	SetFilePointer(f, 1, NULL, FILE_BEGIN);
	TRANSMIT_FILE_BUFFERS t = { "he", 2, "ta", 2 };
	TransmitFile(s[0], f, 0, 0, NULL, &t, 0);
	char all[16] = "";
	int sum = 0;
	while (sum < 8 && (got = recv(s[1], all + sum, 16 - sum, 0)) > 0)
		sum += got;
	printf("file: %d %s\n", sum - 2, all);
	CloseHandle(f);
	OVERLAPPED o = { 0 }, r = { 0 };
	o.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
	send(s[0], "ok", 2, 0);
	memset(buf, 0, 8);
	int read = ReadFile((HANDLE)s[1], buf, 2, NULL, &o) || GetLastError() == ERROR_IO_PENDING;
	GetOverlappedResult((HANDLE)s[1], &o, &n, TRUE);
	printf("ReadFile: %d %lu %s\n", read, n, buf);
	WSABUF w = { 8, buf };
	WSARecv(s[1], &w, 1, NULL, &flags, &r, routine);
	send(s[0], "ok", 2, 0);
	SleepEx(5000, TRUE);
	LPFN_DISCONNECTEX disconnect = (LPFN_DISCONNECTEX)extension(s[0], (GUID)WSAID_DISCONNECTEX);
	BOOL d = disconnect(s[0], NULL, TF_REUSE_SOCKET, 0);
	printf("reuse: %d closed %d\n", d, recv(s[1], buf, 8, 0));
	closesocket(s[0]);
	closesocket(s[1]);
}

struct poll {
	LARGE_INTEGER timeout;
	ULONG count, exclusive;
	struct {
		HANDLE h;
		ULONG events;
		LONG status;
	} one[1];
};

static void
afd(void)
{
	SOCKET s[2];
	HANDLE h;
	UNICODE_STRING name;
	OBJECT_ATTRIBUTES a;
	IO_STATUS_BLOCK io, first;
	struct poll p = { .count = 1 };
	NTSTATUS(NTAPI * control)
	(HANDLE, HANDLE, void *, void *, IO_STATUS_BLOCK *, ULONG, void *, ULONG, void *, ULONG) =
	        (void *)GetProcAddress(GetModuleHandleA("ntdll"), "NtDeviceIoControlFile");
	name.Buffer = L"\\Device\\Afd\\Test";
	name.Length = (USHORT)(2 * wcslen(name.Buffer));
	name.MaximumLength = name.Length;
	InitializeObjectAttributes(&a, &name, 0, NULL, NULL);
	NtCreateFile(&h, SYNCHRONIZE, &a, &first, NULL, 0, FILE_SHARE_READ | FILE_SHARE_WRITE,
	             FILE_OPEN, 0, NULL, 0);
	HANDLE port = CreateIoCompletionPort(h, NULL, 3, 0);
	pair(s);
	SOCKET base = 0;
	DWORD n;
	WSAIoctl(s[0], SIO_BASE_HANDLE, NULL, 0, &base, sizeof base, &n, NULL, NULL);
	p.timeout.QuadPart = 0x7fffffffffffffffll;
	p.one[0].h = (HANDLE)base;
	p.one[0].events = 1 | 8;
	NTSTATUS st = control(h, NULL, NULL, &io, &io, 0x12024, &p, sizeof p, &p, sizeof p);
	send(s[1], "x", 1, 0);
	ULONG_PTR key;
	OVERLAPPED *o;
	GetQueuedCompletionStatus(port, &n, &key, &o, 5000);
	printf("afd: pending %lx, then events %lx\n", (unsigned long)st, p.one[0].events);
	closesocket(s[0]);
	closesocket(s[1]);
	CloseHandle(h);
}

static void
names(void)
{
	struct addrinfo *l, hints = { 0 };
	int v4 = 0, v6 = 0;
	getaddrinfo("localhost", "80", NULL, &l);
	for (struct addrinfo *i = l; i; i = i->ai_next) {
		v4 |= i->ai_family == AF_INET;
		v6 |= i->ai_family == AF_INET6;
	}
	freeaddrinfo(l);
	hints.ai_flags = AI_NUMERICHOST;
	getaddrinfo("127.0.0.1", "80", &hints, &l);
	char host[64] = "", port[16] = "", own[256] = "";
	getnameinfo(l->ai_addr, (int)l->ai_addrlen, host, sizeof host, port, sizeof port,
	            NI_NUMERICHOST | NI_NUMERICSERV);
	freeaddrinfo(l);
	gethostname(own, sizeof own);
	WCHAR wide[256];
	ADDRINFOW *w;
	GetAddrInfoW(L"localhost", NULL, NULL, &w);
	FreeAddrInfoW(w);
	struct hostent *h = gethostbyname("127.0.0.1");
	printf("names: localhost %d %d, number %s:%s, host %d", v4, v6, host, port,
	       own[0] && GetHostNameW(wide, 256) == 0 && h && h->h_length == 4);
	struct servent *s = getservbyname("http", "tcp");
	struct protoent *p = getprotobyname("tcp");
	printf(", http %d %s %d\n", s ? ntohs((u_short)s->s_port) : 0,
	       getservbyport(htons(80), "tcp")->s_proto, p && getprotobynumber(6) ? p->p_proto : 0);
	struct sockaddr_in6 a6 = { 0 };
	struct in_addr a4;
	char text[64];
	DWORD n = sizeof text;
	int size = sizeof a6;
	a4.s_addr = inet_addr("1.2.3.4");
	printf("text: %s", inet_ntoa(a4));
	WSAStringToAddressA("[::1]:80", AF_INET6, NULL, (struct sockaddr *)&a6, &size);
	WSAAddressToStringA((struct sockaddr *)&a6, sizeof a6, NULL, text, &n);
	printf(" %s %d", text, inet_pton(AF_INET, "127.0.0.1", &a4));
	printf(" %d %d %lx %x\n",
	       InetPtonW(AF_INET6, L"::2", &a6.sin6_addr) +
	               (InetNtopW(AF_INET6, &a6.sin6_addr, wide, 64) != NULL),
	       inet_pton(AF_INET, "1.2.3", &a4), inet_addr("x"), (unsigned)ntohl(a4.s_addr));
}

static void
last(void)
{
	char b[1];
	recv((SOCKET)GetCurrentProcess(), b, 1, 0);
	int a = WSAGetLastError();
	SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
	listen(s, 1);
	int c = WSAGetLastError();
	socket(99, SOCK_STREAM, 0);
	int d = WSAGetLastError();
	closesocket(s);
	ULONG n = 0;
	DWORD e = GetAdaptersAddresses(AF_UNSPEC, 0, NULL, NULL, &n);
	IP_ADAPTER_ADDRESSES *x = malloc(n);
	DWORD f = GetAdaptersAddresses(AF_UNSPEC, 0, NULL, x, &n);
	int loop = 0;
	for (IP_ADAPTER_ADDRESSES *i = x; i; i = i->Next)
		loop |= i->IfType == IF_TYPE_SOFTWARE_LOOPBACK && i->FirstUnicastAddress;
	while (WSACleanup() == 0)
		;
	socket(AF_INET, SOCK_STREAM, 0);
	printf("errors: %d %d %d %d\n", a, c, d, WSAGetLastError());
	printf("adapters: %lu then %lu loopback %d\n", e, f, loop);
}

int
main(int argc, char **argv)
{
	WSADATA w;
	int r = WSAStartup(0x202, &w);
	(void)argv;
	if (argc > 1) {
		/* a network of its own, which ends at the loopback, or none at all */
		SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
		struct sockaddr_in a = { 0 };
		a.sin_family = AF_INET;
		a.sin_port = htons(80);
		a.sin_addr.s_addr = inet_addr("192.0.2.1");
		if (s != INVALID_SOCKET)
			connect(s, (struct sockaddr *)&a, sizeof a);
		printf("outside: %d, startup %d\n", WSAGetLastError(), r);
		return 0;
	}
	DWORD n = 0;
	WSAEnumProtocolsW(NULL, NULL, &n);
	printf("startup: %d %x %x, catalogue %d\n", r, w.wVersion, w.wHighVersion,
	       (int)(n / sizeof(WSAPROTOCOL_INFOW)));
	listener = socket(AF_INET, SOCK_STREAM, 0);
	where = bound(listener);
	listen(listener, SOMAXCONN);
	blocking();
	options();
	not_blocking();
	closesocket(overlapped());
	events();
	others();
	afd();
	names();
	last();
	return 0;
}
