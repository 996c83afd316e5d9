/* SPDX-License-Identifier: Apache-2.0 */
// Sockets, what is used more rarely: WSA forms of the plain calls, a condition of acceptance,
// second handles, names by GetAddrInfoEx, addresses as wide text, Winsock 1's hooks; wsock32's and
// mswsock's own; interfaces by number, LUID and name.
// needs: joist mingw
// libs: -lws2_32 -lmswsock -liphlpapi
// run: joist run --rm --net host $GUEST
// expect: order: ok
// expect: accept: ok
// expect: ends: ok
// expect: datagrams: ok
// expect: second handles: ok
// expect: text: ok
// expect: names: ok
// expect: later: ok
// expect: hooks: ok
// expect: old: ok
// expect: interfaces: ok
#define _WIN32_WINNT 0x0a00
#include <winsock2.h>
#include <mswsock.h>
#include <ws2spi.h>
#include <ws2tcpip.h>
#include <iphlpapi.h>
#include <netioapi.h>
#include <stdlib.h>
#include "check.h"

/* mingw's header lacks them. */
INT WSAAPI GetAddrInfoExOverlappedResult(OVERLAPPED *o);
INT WSAAPI GetAddrInfoExCancel(HANDLE *h);

#define WSA(e, code) (WSASetLastError(0), IS(e), IS(WSAGetLastError() == (code)))

static FARPROC
of(const char *dll, const char *name)
{
	FARPROC p = GetProcAddress(LoadLibraryA(dll), name);
	if (!p)
		printf("no %s of %s\n", name, dll);
	return p;
}
#define CALL(dll, result, name, ...) ((result(WINAPI *)(__VA_ARGS__))(void *)of(dll, #name))

static SOCKET
bound(int type, struct sockaddr_in *a)
{
	int n = sizeof *a;
	SOCKET s = WSASocketA(AF_INET, type, 0, NULL, 0, WSA_FLAG_OVERLAPPED);
	memset(a, 0, sizeof *a);
	a->sin_family = AF_INET;
	a->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	IS(s != INVALID_SOCKET && !bind(s, (struct sockaddr *)a, sizeof *a));
	IS(!getsockname(s, (struct sockaddr *)a, &n));
	return s;
}

static void
order(void)
{
	u_long l = 0;
	u_short h = 0;
	SOCKET s = WSASocketA(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, 0);
	IS(s != INVALID_SOCKET);
	IS(!WSAHtonl(s, 0x01020304, &l) && l == 0x04030201);
	IS(!WSAHtons(s, 0x0102, &h) && h == 0x0201);
	IS(!WSANtohl(s, 0x01020304, &l) && l == 0x04030201);
	IS(!WSANtohs(s, 0x0102, &h) && h == 0x0201);
	WSA(WSAHtonl(INVALID_SOCKET, 1, &l) == SOCKET_ERROR, WSAENOTSOCK);
	WSA(WSANtohs(INVALID_SOCKET, 1, &h) == SOCKET_ERROR, WSAENOTSOCK);
	WSA(WSAHtons(s, 1, NULL) == SOCKET_ERROR, WSAEFAULT);
	WSA(WSASocketA(AF_INET, 77, 0, NULL, 0, 0) == INVALID_SOCKET, WSAESOCKTNOSUPPORT);
	WSASetLastError(WSAEINTR);
	IS(WSAGetLastError() == WSAEINTR && GetLastError() == WSAEINTR);
	closesocket(s);
	done("order");
}

static int asked, answer;
static struct sockaddr_in caller_was;
static int CALLBACK
condition(LPWSABUF caller, LPWSABUF data, LPQOS q, LPQOS g, LPWSABUF callee, LPWSABUF out,
          GROUP *group, DWORD_PTR x)
{
	(void)data, (void)q, (void)g, (void)callee, (void)out, (void)group;
	asked += (int)x;
	memcpy(&caller_was, caller->buf, sizeof caller_was);
	return answer;
}

static void
accepting(SOCKET pair[2])
{
	struct sockaddr_in to, from = { 0 }, own;
	int n = sizeof from;
	SOCKET l = bound(SOCK_STREAM, &to), c = bound(SOCK_STREAM, &own), s;
	IS(!listen(l, 5));
	answer = CF_ACCEPT;
	IS(!WSAConnect(c, (struct sockaddr *)&to, sizeof to, NULL, NULL, NULL, NULL));
	s = WSAAccept(l, (struct sockaddr *)&from, &n, condition, 3);
	IS(s != INVALID_SOCKET && asked == 3 && from.sin_port == own.sin_port);
	IS(caller_was.sin_port == own.sin_port);
	WSA(WSAConnect(c, (struct sockaddr *)&to, sizeof to, NULL, NULL, NULL, NULL) ==
	            SOCKET_ERROR,
	    WSAEISCONN);
	pair[0] = c, pair[1] = s;
	/* one that is refused, and one without a condition */
	answer = CF_REJECT;
	c = bound(SOCK_STREAM, &own);
	IS(!WSAConnect(c, (struct sockaddr *)&to, sizeof to, NULL, NULL, NULL, NULL));
	WSA(WSAAccept(l, NULL, NULL, condition, 1) == INVALID_SOCKET, WSAECONNREFUSED);
	IS(asked == 4);
	closesocket(c);
	c = bound(SOCK_STREAM, &own);
	IS(!WSAConnect(c, (struct sockaddr *)&to, sizeof to, NULL, NULL, NULL, NULL));
	s = WSAAccept(l, NULL, NULL, NULL, 0);
	IS(s != INVALID_SOCKET);
	closesocket(s), closesocket(c), closesocket(l);
	/* nobody listens there any more */
	c = bound(SOCK_STREAM, &own);
	WSA(WSAConnect(c, (struct sockaddr *)&to, sizeof to, NULL, NULL, NULL, NULL) ==
	            SOCKET_ERROR,
	    WSAECONNREFUSED);
	closesocket(c);
	done("accept");
}

static void
ends(SOCKET p[2])
{
	char b[8];
	fd_set set;
	FD_ZERO(&set);
	FD_SET(p[0], &set);
	IS(__WSAFDIsSet(p[0], &set) && !__WSAFDIsSet(p[1], &set));
	IS(send(p[0], "x", 1, 0) == 1);
	IS(!WSASendDisconnect(p[0], NULL));
	WSA(send(p[0], "y", 1, 0) == SOCKET_ERROR, WSAESHUTDOWN);
	IS(recv(p[1], b, 8, 0) == 1 && recv(p[1], b, 8, 0) == 0);
	/* the other way is still open */
	IS(send(p[1], "z", 1, 0) == 1 && recv(p[0], b, 8, 0) == 1 && b[0] == 'z');
	IS(!WSARecvDisconnect(p[1], NULL));
	WSA(recv(p[1], b, 8, 0) == SOCKET_ERROR, WSAESHUTDOWN);
	closesocket(p[0]), closesocket(p[1]);
	SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
	WSA(WSASendDisconnect(s, NULL) == SOCKET_ERROR, WSAENOTCONN);
	WSA(WSARecvDisconnect(s, NULL) == SOCKET_ERROR, WSAENOTCONN);
	closesocket(s);
	WSA(WSASendDisconnect(s, NULL) == SOCKET_ERROR, WSAENOTSOCK);
	done("ends");
}

static void
datagrams(void)
{
	struct sockaddr_in ta, tb, from = { 0 };
	SOCKET a = bound(SOCK_DGRAM, &ta), b = bound(SOCK_DGRAM, &tb);
	char one[4] = "", two[8] = "";
	WSABUF out[2] = { { 3, "abc" }, { 4, "defg" } }, in[2] = { { 4, one }, { 8, two } };
	DWORD n = 0, flags = 0;
	int size = sizeof from;
	OVERLAPPED o = { .hEvent = WSACreateEvent() };
	IS(!WSASendTo(a, out, 2, &n, 0, (struct sockaddr *)&tb, sizeof tb, NULL, NULL) && n == 7);
	IS(!WSARecvFrom(b, in, 2, &n, &flags, (struct sockaddr *)&from, &size, NULL, NULL));
	IS(n == 7 && !memcmp(one, "abcd", 4) && !memcmp(two, "efg", 3));
	IS(from.sin_port == ta.sin_port && size == sizeof from);
	/* overlapped: it waits for what comes later */
	memset(&from, 0, size);
	WSA(WSARecvFrom(b, in, 2, NULL, &flags, (struct sockaddr *)&from, &size, &o, NULL) ==
	            SOCKET_ERROR,
	    WSA_IO_PENDING);
	WSAMSG m = { (struct sockaddr *)&tb, sizeof tb, out, 1, { 0, NULL }, 0 };
	IS(!WSASendMsg(a, &m, 0, &n, NULL, NULL) && n == 3);
	IS(WSAGetOverlappedResult(b, &o, &n, TRUE, &flags) && n == 3);
	IS(from.sin_port == ta.sin_port && !memcmp(one, "abc", 3));
	WSACloseEvent(o.hEvent);
	WSA(WSASendMsg(a, NULL, 0, &n, NULL, NULL) == SOCKET_ERROR, WSAEFAULT);
	/* cut: what fits, and that there was more */
	IS(!WSASendTo(a, out, 2, &n, 0, (struct sockaddr *)&tb, sizeof tb, NULL, NULL));
	WSA(WSARecvFrom(b, in, 1, &n, &flags, NULL, NULL, NULL, NULL) == SOCKET_ERROR, WSAEMSGSIZE);
	IS(sendto(a, "12345", 5, 0, (struct sockaddr *)&tb, sizeof tb) == 5);
	int f = 0;
	IS(WSARecvEx(b, two, 3, &f) == 3 && f == MSG_PARTIAL && !memcmp(two, "123", 3));
	IS(sendto(a, "12", 2, 0, (struct sockaddr *)&tb, sizeof tb) == 2);
	f = 0;
	IS(WSARecvEx(b, two, 8, &f) == 2 && f == 0);
	closesocket(a), closesocket(b);
	WSA(WSASendTo(a, out, 1, &n, 0, (struct sockaddr *)&tb, sizeof tb, NULL, NULL) ==
	            SOCKET_ERROR,
	    WSAENOTSOCK);
	done("datagrams");
}

static void
second_handles(void)
{
	struct sockaddr_in ta, tb;
	SOCKET a = bound(SOCK_DGRAM, &ta), b = bound(SOCK_DGRAM, &tb), again, more;
	WSAPROTOCOL_INFOW w;
	WSAPROTOCOL_INFOA i;
	char buf[8] = "";
	IS(!WSADuplicateSocketW(b, GetCurrentProcessId(), &w) && w.iSocketType == SOCK_DGRAM);
	again = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &w, 0, 0);
	IS(!WSADuplicateSocketA(b, GetCurrentProcessId(), &i) && i.iAddressFamily == AF_INET);
	more = WSASocketA(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &i, 0, 0);
	IS(again != INVALID_SOCKET && again != b && more != INVALID_SOCKET && more != again);
	closesocket(b); /* the socket is there as long as one of its handles */
	IS(sendto(a, "dup", 3, 0, (struct sockaddr *)&tb, sizeof tb) == 3);
	IS(recv(again, buf, 8, 0) == 3 && !strcmp(buf, "dup"));
	closesocket(again), closesocket(more);
	WSA(WSADuplicateSocketW(b, GetCurrentProcessId(), &w) == SOCKET_ERROR, WSAENOTSOCK);
	/* the catalogue, narrow */
	static char list[8192];
	DWORD n = 0;
	WSA(WSAEnumProtocolsA(NULL, NULL, &n) == SOCKET_ERROR, WSAENOBUFS);
	IS(n && n % sizeof(WSAPROTOCOL_INFOA) == 0 && n <= sizeof list);
	int count = WSAEnumProtocolsA(NULL, (WSAPROTOCOL_INFOA *)list, &n);
	IS(count == (int)(n / sizeof(WSAPROTOCOL_INFOA)));
	int tcp = 0, only[] = { IPPROTO_UDP, 0 };
	for (int k = 0; k < count; k++) {
		WSAPROTOCOL_INFOA *p = (WSAPROTOCOL_INFOA *)list + k;
		tcp |= p->iProtocol == IPPROTO_TCP && p->iSocketType == SOCK_STREAM &&
		       strstr(p->szProtocol, "TCP");
	}
	IS(tcp);
	n = sizeof list;
	count = WSAEnumProtocolsA(only, (WSAPROTOCOL_INFOA *)list, &n);
	IS(count > 0);
	for (int k = 0; k < count; k++)
		IS(((WSAPROTOCOL_INFOA *)list)[k].iProtocol == IPPROTO_UDP);
	/* as those ask who provide some */
	INT why = 0;
	n = 0;
	IS(WSCEnumProtocols(NULL, NULL, &n, &why) == SOCKET_ERROR && why == WSAENOBUFS && n);
	n = sizeof list;
	IS(WSCEnumProtocols(only, (WSAPROTOCOL_INFOW *)list, &n, &why) == count);
	closesocket(a);
	done("second handles");
}

static void
text(void)
{
	struct sockaddr_in a = { 0 };
	struct sockaddr_in6 b = { 0 };
	int size = sizeof a;
	WCHAR w[64];
	char c[64];
	DWORD n = 64;
	IS(!WSAStringToAddressW(L"10.1.2.3:8080", AF_INET, NULL, (struct sockaddr *)&a, &size));
	IS(a.sin_addr.s_addr == htonl(0x0a010203) && a.sin_port == htons(8080) && size == 16);
	IS(!WSAAddressToStringW((struct sockaddr *)&a, sizeof a, NULL, w, &n));
	IS(!wcscmp(w, L"10.1.2.3:8080") && n == 14);
	n = 3;
	WSA(WSAAddressToStringW((struct sockaddr *)&a, sizeof a, NULL, w, &n) == SOCKET_ERROR,
	    WSAEFAULT);
	IS(n == 14);
	size = sizeof b, n = 64;
	IS(!WSAStringToAddressW(L"[fe80::1]:1", AF_INET6, NULL, (struct sockaddr *)&b, &size));
	IS(!WSAAddressToStringW((struct sockaddr *)&b, sizeof b, NULL, w, &n) &&
	   !wcscmp(w, L"[fe80::1]:1"));
	size = sizeof a;
	WSA(WSAStringToAddressW(L"1.2.3.4.5", AF_INET, NULL, (struct sockaddr *)&a, &size) ==
	            SOCKET_ERROR,
	    WSAEINVAL);
	size = 4;
	WSA(WSAStringToAddressW(L"1.2.3.4", AF_INET, NULL, (struct sockaddr *)&a, &size) ==
	            SOCKET_ERROR,
	    WSAEFAULT);
	IS(inet_ntop(AF_INET, &a.sin_addr, c, sizeof c) == c && !strcmp(c, "10.1.2.3"));
	IS(inet_ntop(AF_INET6, &b.sin6_addr, c, sizeof c) == c && !strcmp(c, "fe80::1"));
	ERR(inet_ntop(AF_INET, &a.sin_addr, c, 4), ERROR_INVALID_PARAMETER);
	WSA(inet_ntop(99, &a.sin_addr, c, 64) == NULL, WSAEAFNOSUPPORT);
	done("text");
}

static void
names(void)
{
	struct sockaddr_in a = { 0 };
	WCHAR host[NI_MAXHOST], port[NI_MAXSERV];
	a.sin_family = AF_INET;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons(80);
	IS(!GetNameInfoW((struct sockaddr *)&a, sizeof a, host, NI_MAXHOST, port, NI_MAXSERV,
	                 NI_NUMERICHOST));
	IS(!wcscmp(host, L"127.0.0.1") && !wcscmp(port, L"http"));
	IS(!GetNameInfoW((struct sockaddr *)&a, sizeof a, NULL, 0, port, NI_MAXSERV,
	                 NI_NUMERICSERV | NI_NUMERICHOST) &&
	   !wcscmp(port, L"80"));
	IS(GetNameInfoW((struct sockaddr *)&a, sizeof a, host, 3, NULL, 0, NI_NUMERICHOST));
	IS(GetNameInfoW((struct sockaddr *)&a, 2, host, NI_MAXHOST, NULL, 0, 0) == WSAEFAULT);
	struct hostent *h = gethostbyaddr((char *)&a.sin_addr, 4, AF_INET);
	if (h) {
		IS(h->h_addrtype == AF_INET && h->h_length == 4 && *h->h_name);
		IS(!memcmp(h->h_addr_list[0], &a.sin_addr, 4) && !h->h_addr_list[1]);
	} else {
		IS(WSAGetLastError() == WSAHOST_NOT_FOUND || WSAGetLastError() == WSANO_DATA);
	}
	WSA(gethostbyaddr((char *)&a.sin_addr, 3, AF_INET) == NULL, WSAEFAULT);
	WSA(gethostbyaddr((char *)&a.sin_addr, 4, AF_INET6) == NULL, WSAEFAULT);
	WSA(gethostbyaddr((char *)&a.sin_addr, 4, 99) == NULL, WSAEAFNOSUPPORT);
	done("names");
}

struct awaited {
	OVERLAPPED o;
	HANDLE event;
	DWORD error;
};

static void CALLBACK
resolved(DWORD error, DWORD n, OVERLAPPED *o)
{
	struct awaited *a = (struct awaited *)o;
	(void)n;
	a->error = error;
	SetEvent(a->event);
}

static void
later(void)
{
	ADDRINFOEXW hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM }, *l = NULL;
	IS(!GetAddrInfoExW(L"127.0.0.1", L"80", NS_DNS, NULL, &hints, &l, NULL, NULL, NULL, NULL));
	IS(l && l->ai_family == AF_INET && l->ai_socktype == SOCK_STREAM && !l->ai_next);
	IS(((struct sockaddr_in *)l->ai_addr)->sin_port == htons(80));
	FreeAddrInfoExW(l);
	l = NULL;
	IS(GetAddrInfoExW(NULL, NULL, NS_DNS, NULL, &hints, &l, NULL, NULL, NULL, NULL) ==
	   WSAHOST_NOT_FOUND);
	/* with an event */
	OVERLAPPED o = { .hEvent = CreateEventA(NULL, TRUE, FALSE, NULL) };
	int r = GetAddrInfoExW(L"localhost", NULL, NS_ALL, NULL, &hints, &l, NULL, &o, NULL, NULL);
	IS(r == WSA_IO_PENDING || r == 0);
	IS(WaitForSingleObject(o.hEvent, INFINITE) == WAIT_OBJECT_0);
	IS(GetAddrInfoExOverlappedResult(&o) == 0 && l);
	IS(((struct sockaddr_in *)l->ai_addr)->sin_addr.s_addr == htonl(INADDR_LOOPBACK));
	FreeAddrInfoExW(l);
	CloseHandle(o.hEvent);
	/* with a routine, which may not stand beside an event */
	struct awaited x = { { 0 }, CreateEventA(NULL, TRUE, FALSE, NULL), 99 };
	HANDLE cancel = NULL;
	l = NULL;
	r = GetAddrInfoExW(L"localhost", NULL, NS_ALL, NULL, &hints, &l, NULL, &x.o, resolved,
	                   &cancel);
	IS(r == WSA_IO_PENDING);
	IS(WaitForSingleObject(x.event, INFINITE) == WAIT_OBJECT_0 && !x.error && l);
	FreeAddrInfoExW(l);
	CloseHandle(x.event);
	IS(GetAddrInfoExOverlappedResult(NULL) == WSAEINVAL);
	HANDLE none = NULL;
	IS(GetAddrInfoExCancel(&none) == WSA_INVALID_HANDLE);
	done("later");
}

static INT_PTR WINAPI
nothing(void)
{
	return 0;
}

/* Version 2 has no blocking hooks: what it says of them is an error. */
static void
hooks(void)
{
	IS(!WSAIsBlocking());
	WSASetLastError(0);
	IS(WSACancelBlockingCall() == SOCKET_ERROR);
	IS(WSAGetLastError() == WSAEINVAL || WSAGetLastError() == WSAEOPNOTSUPP);
	WSA(WSASetBlockingHook((FARPROC)nothing) == NULL, WSAEOPNOTSUPP);
	WSA(WSAUnhookBlockingHook() == SOCKET_ERROR, WSAEOPNOTSUPP);
	done("hooks");
}

/* wsock32: the same, by its own names. */
static void
old(void)
{
	static const char w[] = "wsock32.dll";
	struct sockaddr_in ta, tb;
	SOCKET a = bound(SOCK_DGRAM, &ta), b = bound(SOCK_DGRAM, &tb);
	char buf[64] = "";
	int flags = 0;
	fd_set set;
	CALL(w, void, WSASetLastError, int)(WSAEMFILE);
	IS(WSAGetLastError() == WSAEMFILE);
	IS(sendto(a, "12345", 5, 0, (struct sockaddr *)&tb, sizeof tb) == 5);
	IS(CALL(w, int, WSARecvEx, SOCKET, char *, int, int *)(b, buf, 3, &flags) == 3 &&
	   flags == MSG_PARTIAL);
	FD_ZERO(&set);
	FD_SET(a, &set);
	IS(CALL(w, int, __WSAFDIsSet, SOCKET, fd_set *)(a, &set) == 1);
	IS(CALL(w, int, __WSAFDIsSet, SOCKET, fd_set *)(b, &set) == 0);
	IS(!CALL(w, BOOL, WSAIsBlocking, void)());
	IS(CALL(w, int, WSACancelBlockingCall, void)() == SOCKET_ERROR);
	IS(CALL(w, int, WSAUnhookBlockingHook, void)() == SOCKET_ERROR);
	IS(!CALL(w, void *, WSASetBlockingHook, void *)((void *)nothing));
	WSA(!CALL(w, void *, gethostbyaddr, const void *, int, int)(&ta.sin_addr, 4, 99),
	    WSAEAFNOSUPPORT);
	closesocket(a), closesocket(b);
	/* the addresses that AcceptEx leaves behind the data, by both */
	struct sockaddr_in to, own;
	SOCKET l = bound(SOCK_STREAM, &to), c = bound(SOCK_STREAM, &own),
	       s = socket(AF_INET, SOCK_STREAM, 0);
	OVERLAPPED o = { .hEvent = WSACreateEvent() };
	char out[64] = "";
	DWORD n = 0, f = 0;
	IS(!listen(l, 1));
	IS(AcceptEx(l, s, out, 0, 32, 32, &n, &o) || WSAGetLastError() == WSA_IO_PENDING);
	IS(!connect(c, (struct sockaddr *)&to, sizeof to));
	IS(WSAGetOverlappedResult(l, &o, &n, TRUE, &f));
	struct sockaddr *here = NULL, *there = NULL, *h2 = NULL, *t2 = NULL;
	int nh = 0, nt = 0, nh2 = 0, nt2 = 0;
	GetAcceptExSockaddrs(out, 0, 32, 32, &here, &nh, &there, &nt);
	IS(nh == 16 && nt == 16 && ((struct sockaddr_in *)here)->sin_port == to.sin_port);
	IS(((struct sockaddr_in *)there)->sin_port == own.sin_port);
	CALL(w, void, GetAcceptExSockaddrs, void *, DWORD, DWORD, DWORD, void *, int *, void *,
	     int *)
	(out, 0, 32, 32, &h2, &nh2, &t2, &nt2);
	IS(h2 == here && t2 == there && nh2 == nh && nt2 == nt);
	WSACloseEvent(o.hEvent);
	closesocket(l), closesocket(c), closesocket(s);
	done("old");
}

static void CALLBACK
changed(void *context, MIB_IPINTERFACE_ROW *row, MIB_NOTIFICATION_TYPE type)
{
	(void)context, (void)row, (void)type;
}

static void
interfaces(void)
{
	NET_LUID luid, back = { 0 };
	NET_IFINDEX i = 0;
	WCHAR name[NDIS_IF_MAX_STRING_SIZE + 1];
	char narrow[IF_NAMESIZE];
	ULONG mask = 0;
	IS(!ConvertInterfaceIndexToLuid(1, &luid) && luid.Info.IfType == IF_TYPE_SOFTWARE_LOOPBACK);
	IS(!ConvertInterfaceLuidToIndex(&luid, &i) && i == 1);
	IS(!ConvertInterfaceLuidToNameW(&luid, name, NDIS_IF_MAX_STRING_SIZE + 1) && name[0]);
	IS(!ConvertInterfaceNameToLuidW(name, &back) && back.Value == luid.Value);
	IS(ConvertInterfaceLuidToNameW(&luid, name, 3) == ERROR_NOT_ENOUGH_MEMORY);
	IS(ConvertInterfaceNameToLuidW(L"nonsense_1", &back) == ERROR_INVALID_NAME);
	IS(ConvertInterfaceNameToLuidW(NULL, &back) == ERROR_INVALID_PARAMETER);
	IS(ConvertInterfaceIndexToLuid(0xfffffe, &luid) == ERROR_FILE_NOT_FOUND);
	IS(ConvertInterfaceIndexToLuid(1, NULL) == ERROR_INVALID_PARAMETER);
	IS(if_indextoname(1, narrow) == narrow && if_nametoindex(narrow) == 1);
	IS(!if_indextoname(0xfffffe, narrow) && if_nametoindex("none of that name") == 0);
	IS(!ConvertLengthToIpv4Mask(24, &mask) && mask == htonl(0xffffff00));
	IS(!ConvertLengthToIpv4Mask(0, &mask) && mask == 0);
	IS(ConvertLengthToIpv4Mask(33, &mask) == ERROR_INVALID_PARAMETER && mask == INADDR_NONE);
	ULONG n = 0;
	char host[256];
	IS(GetNetworkParams(NULL, &n) == ERROR_BUFFER_OVERFLOW && n >= sizeof(FIXED_INFO));
	FIXED_INFO *f = calloc(1, n);
	IS(!GetNetworkParams(f, &n) && !gethostname(host, sizeof host));
	IS(!strncmp(f->HostName, host, strlen(f->HostName)) && f->HostName[0] && f->NodeType);
	free(f);
	IS(GetNetworkParams(NULL, NULL) == ERROR_INVALID_PARAMETER);
	/* changes: told, or said that they are not */
	HANDLE h = NULL;
	IS(NotifyIpInterfaceChange(77, changed, NULL, FALSE, &h) == ERROR_INVALID_PARAMETER);
	DWORD e = NotifyIpInterfaceChange(AF_UNSPEC, changed, NULL, FALSE, &h);
	IS(e ? e == ERROR_NOT_SUPPORTED && !h : h && !CancelMibChangeNotify2(h));
	IS(CancelMibChangeNotify2(NULL) == ERROR_INVALID_PARAMETER);
	MIB_IPFORWARD_ROW2 row;
	SOCKADDR_INET to = { .Ipv4 = { AF_INET,
		                       0,
		                       { .S_un.S_addr = htonl(INADDR_LOOPBACK) },
		                       { 0 } } },
	              best = { 0 };
	IS(GetBestRoute2(NULL, 0, NULL, NULL, 0, &row, &best) == ERROR_INVALID_PARAMETER);
	e = GetBestRoute2(NULL, 0, NULL, &to, 0, &row, &best);
	IS(e ? e == ERROR_NOT_SUPPORTED : best.Ipv4.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
	FreeMibTable(NULL);
	done("interfaces");
}

int
main(void)
{
	WSADATA d;
	SOCKET p[2];
	IS(WSAStartup(MAKEWORD(2, 2), &d) == 0);
	order();
	accepting(p);
	ends(p);
	datagrams();
	second_handles();
	text();
	names();
	later();
	hooks();
	old();
	interfaces();
	WSACleanup();
	return 0;
}
