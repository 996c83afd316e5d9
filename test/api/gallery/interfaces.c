/* SPDX-License-Identifier: Apache-2.0 */
// Interfaces of the network, addresses, routes, connections, echoes, and news of changes.
// needs: joist mingw
// libs: -liphlpapi -lws2_32
// run: joist run --rm $GUEST && joist run --rm --allow net $GUEST
// expect: interfaces: ok
// expect: addresses: ok
// expect: routes: ok
// expect: connections: ok
// expect: changes: ok
// expect: echoes: ok
// expect: bad arguments: ok
// expect: interfaces: ok
// expect: addresses: ok
// expect: routes: ok
// expect: connections: ok
// expect: changes: ok
// expect: echoes: ok
// expect: bad arguments: ok
#include <winsock2.h>
#include <ws2ipdef.h>
#include <iphlpapi.h>
#include <icmpapi.h>
#include <netioapi.h>
#include <stdbool.h>
#include <stdlib.h>
#include "check.h"

static NET_LUID luid;
static NET_IFINDEX lo;

static void
interfaces(void)
{
	PMIB_IF_TABLE2 t = NULL, x = NULL;
	IS(GetIfTable2(&t) == NO_ERROR && t->NumEntries >= 1);
	IS(GetIfTable2Ex(MibIfTableNormal, &x) == NO_ERROR && x->NumEntries == t->NumEntries);
	MIB_IF_ROW2 *r = NULL;
	for (ULONG i = 0; i < t->NumEntries; i++)
		if (t->Table[i].Type == IF_TYPE_SOFTWARE_LOOPBACK)
			r = &t->Table[i];
	IS(r && r->InterfaceIndex && r->OperStatus == IfOperStatusUp && !r->PhysicalAddressLength);
	IS(!wcscmp(r->Alias, L"Loopback Pseudo-Interface 1") && r->Mtu == 0xffffffff);
	luid = r->InterfaceLuid;
	lo = r->InterfaceIndex;

	MIB_IF_ROW2 one = { .InterfaceIndex = lo };
	IS(GetIfEntry2(&one) == NO_ERROR && one.InterfaceLuid.Value == luid.Value);
	MIB_IF_ROW2 by_luid = { .InterfaceLuid = luid };
	DWORD(WINAPI * ex)
	(int, MIB_IF_ROW2 *) =
	        (void *)GetProcAddress(GetModuleHandleA("iphlpapi"), "GetIfEntry2Ex");
	IS(ex(0, &by_luid) == NO_ERROR && by_luid.InterfaceIndex == lo);
	IS(ex(7, &by_luid) == ERROR_INVALID_PARAMETER);
	MIB_IF_ROW2 none = { .InterfaceIndex = 0x7ffffff };
	IS(GetIfEntry2(&none) == ERROR_FILE_NOT_FOUND);

	ULONG size = 0;
	IS(GetIfTable(NULL, &size, FALSE) == ERROR_INSUFFICIENT_BUFFER && size >= 864);
	MIB_IFTABLE *old = malloc(size);
	IS(GetIfTable(old, &size, TRUE) == NO_ERROR && old->dwNumEntries == t->NumEntries);
	MIB_IFROW row = { .dwIndex = lo };
	IS(GetIfEntry(&row) == NO_ERROR && row.dwType == IF_TYPE_SOFTWARE_LOOPBACK &&
	   row.dwOperStatus == IF_OPER_STATUS_OPERATIONAL);
	row.dwIndex = 0x7ffffff;
	IS(GetIfEntry(&row) == ERROR_INVALID_DATA);
	DWORD n = 0;
	IS(GetNumberOfInterfaces(&n) == NO_ERROR && n == t->NumEntries);
	IS(GetFriendlyIfIndex(0x1000002) == 2);

	WCHAR alias[300];
	char name[300];
	NET_LUID back = { 0 };
	GUID guid;
	IS(ConvertInterfaceLuidToAlias(&luid, alias, 300) == NO_ERROR);
	IS(ConvertInterfaceLuidToAlias(&luid, alias, 3) == ERROR_NOT_ENOUGH_MEMORY);
	IS(ConvertInterfaceAliasToLuid(L"Loopback Pseudo-Interface 1", &back) == NO_ERROR &&
	   back.Value == luid.Value);
	IS(ConvertInterfaceAliasToLuid(L"none of ours", &back) == ERROR_INVALID_PARAMETER);
	IS(ConvertInterfaceLuidToGuid(&luid, &guid) == NO_ERROR);
	back.Value = 0;
	IS(ConvertInterfaceGuidToLuid(&guid, &back) == NO_ERROR && back.Value == luid.Value);
	IS(ConvertInterfaceLuidToNameA(&luid, name, sizeof name) == NO_ERROR);
	back.Value = 0;
	IS(ConvertInterfaceNameToLuidA(name, &back) == NO_ERROR && back.Value == luid.Value);
	IS(ConvertInterfaceLuidToNameA(&luid, name, 2) == ERROR_NOT_ENOUGH_MEMORY);
	free(old);
	FreeMibTable(t);
	FreeMibTable(x);
	done("interfaces");
}

static void
addresses(void)
{
	PMIB_UNICASTIPADDRESS_TABLE t;
	bool found = false;
	IS(GetUnicastIpAddressTable(AF_UNSPEC, &t) == NO_ERROR && t->NumEntries >= 1);
	for (ULONG i = 0; i < t->NumEntries; i++)
		found |= t->Table[i].Address.si_family == AF_INET &&
		         t->Table[i].Address.Ipv4.sin_addr.s_addr == htonl(INADDR_LOOPBACK) &&
		         t->Table[i].OnLinkPrefixLength == 8 &&
		         t->Table[i].InterfaceLuid.Value == luid.Value &&
		         t->Table[i].DadState == IpDadStatePreferred;
	IS(found);
	FreeMibTable(t);
	MIB_UNICASTIPADDRESS_ROW r = { .InterfaceIndex = lo };
	r.Address.si_family = AF_INET;
	r.Address.Ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	IS(GetUnicastIpAddressEntry(&r) == NO_ERROR && r.OnLinkPrefixLength == 8);
	r.Address.Ipv4.sin_addr.s_addr = htonl(0x7f7f7f7f);
	IS(GetUnicastIpAddressEntry(&r) == ERROR_NOT_FOUND);
	PMIB_ANYCASTIPADDRESS_TABLE any = (void *)&r;
	IS(GetAnycastIpAddressTable(AF_INET, &any) == ERROR_NOT_FOUND && !any);

	ULONG size = 0;
	IS(GetIpAddrTable(NULL, &size, FALSE) == ERROR_INSUFFICIENT_BUFFER);
	MIB_IPADDRTABLE *old = malloc(size);
	found = false;
	IS(GetIpAddrTable(old, &size, FALSE) == NO_ERROR);
	for (DWORD i = 0; i < old->dwNumEntries; i++)
		found |= old->table[i].dwAddr == htonl(INADDR_LOOPBACK) &&
		         old->table[i].dwMask == htonl(0xff000000) && old->table[i].dwIndex == lo;
	IS(found);
	free(old);

	/* who has none but loopback has no adapter; who has one sees it in all of these */
	size = 0;
	DWORD e = GetAdaptersInfo(NULL, &size);
	IS(e == ERROR_BUFFER_OVERFLOW || e == ERROR_NO_DATA);
	if (e == ERROR_BUFFER_OVERFLOW) {
		IP_ADAPTER_INFO *a = malloc(size);
		IP_INTERFACE_INFO *i;
		ULONG per = 0, index = 0, info = 0;
		IS(GetAdaptersInfo(a, &size) == NO_ERROR && a->Type == MIB_IF_TYPE_ETHERNET);
		IS(a->Index && a->AdapterName[0] == '{' &&
		   strchr(a->IpAddressList.IpAddress.String, '.'));
		IS(GetPerAdapterInfo(a->Index, NULL, &per) == ERROR_BUFFER_OVERFLOW);
		IP_PER_ADAPTER_INFO *p = malloc(per);
		IS(GetPerAdapterInfo(a->Index, p, &per) == NO_ERROR && !p->AutoconfigEnabled);
		IS(GetInterfaceInfo(NULL, &info) == ERROR_INSUFFICIENT_BUFFER);
		i = malloc(info);
		IS(GetInterfaceInfo(i, &info) == NO_ERROR && i->NumAdapters >= 1);
		IS(GetAdapterIndex(i->Adapter[0].Name, &index) == NO_ERROR &&
		   index == i->Adapter[0].Index);
		free(a), free(p), free(i);
	}
	PMIB_IPNET_TABLE2 beside = NULL;
	e = GetIpNetTable2(AF_UNSPEC, &beside);
	IS(e == ERROR_NOT_FOUND ? !beside : e == NO_ERROR && beside->NumEntries);
	FreeMibTable(beside);
	size = 0;
	e = GetIpNetTable(NULL, &size, FALSE);
	IS(e == ERROR_NO_DATA || e == ERROR_INSUFFICIENT_BUFFER);
	BYTE mac[8];
	size = 0;
	IS(SendARP(htonl(INADDR_LOOPBACK), 0, mac, &size) == ERROR_INVALID_PARAMETER);
	size = sizeof mac;
	IS(SendARP(htonl(0xc633644d), 0, mac, &size) == ERROR_BAD_NET_NAME);
	done("addresses");
}

static void
routes(void)
{
	PMIB_IPFORWARD_TABLE2 t;
	MIB_IPFORWARD_ROW2 r = { 0 };
	MIB_IPFORWARDROW old;
	SOCKADDR_INET to = { .Ipv4 = { .sin_family = AF_INET } }, best = { 0 };
	DWORD index = 0;
	IS(GetIpForwardTable2(AF_INET, &t) == NO_ERROR && t->NumEntries >= 1);
	IS(t->Table[0].DestinationPrefix.Prefix.si_family == AF_INET);
	FreeMibTable(t);
	ULONG size = 0;
	IS(GetIpForwardTable(NULL, &size, FALSE) == ERROR_INSUFFICIENT_BUFFER && size >= 60);
	MIB_IPFORWARDTABLE *f = malloc(size);
	IS(GetIpForwardTable(f, &size, TRUE) == NO_ERROR && f->dwNumEntries >= 1);
	free(f);
	to.Ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	IS(GetBestRoute2(NULL, 0, NULL, &to, 0, &r, &best) == NO_ERROR && r.InterfaceIndex == lo &&
	   r.InterfaceLuid.Value == luid.Value && best.si_family == AF_INET &&
	   best.Ipv4.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
	IS(GetBestRoute2(NULL, 0x7fffff, NULL, &to, 0, &r, &best) == ERROR_FILE_NOT_FOUND);
	IS(GetBestRoute(htonl(INADDR_LOOPBACK), 0, &old) == NO_ERROR && old.dwForwardIfIndex == lo);
	IS(GetBestInterface(htonl(INADDR_LOOPBACK), &index) == NO_ERROR && index == lo);
	index = 0;
	IS(GetBestInterfaceEx((struct sockaddr *)&to, &index) == NO_ERROR && index == lo);
	done("routes");
}

static void *
table(DWORD(WINAPI *get)(void *, ULONG *, BOOL))
{
	ULONG size = 0;
	IS(get(NULL, &size, FALSE) == ERROR_INSUFFICIENT_BUFFER && size >= 4);
	size += 4096;
	DWORD *p = malloc(size);
	IS(get(p, &size, FALSE) == NO_ERROR);
	return p;
}

static void
connections(void)
{
	WSADATA d;
	struct sockaddr_in a = { .sin_family = AF_INET };
	int n = sizeof a;
	bool found = false, plain = false;
	WSAStartup(0x202, &d);
	SOCKET s = socket(AF_INET, SOCK_STREAM, 0), u = socket(AF_INET, SOCK_DGRAM, 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	IS(!bind(s, (struct sockaddr *)&a, n) && !listen(s, 1) &&
	   !getsockname(s, (struct sockaddr *)&a, &n));
	char buf[65536];
	ULONG size = sizeof buf;
	MIB_TCPTABLE_OWNER_PID *t = (void *)buf;
	IS(GetExtendedTcpTable(buf, &size, FALSE, AF_INET, TCP_TABLE_OWNER_PID_LISTENER, 0) ==
	   NO_ERROR);
	for (DWORD i = 0; i < t->dwNumEntries; i++) {
		IS(t->table[i].dwState == MIB_TCP_STATE_LISTEN);
		found |= (USHORT)t->table[i].dwLocalPort == a.sin_port &&
		         t->table[i].dwOwningPid == GetCurrentProcessId();
	}
	IS(found);
	MIB_TCPTABLE *old = table((void *)GetTcpTable);
	for (DWORD i = 0; i < old->dwNumEntries; i++)
		plain |= (USHORT)old->table[i].dwLocalPort == a.sin_port;
	IS(plain);
	free(old);
	MIB_TCPTABLE2 *two = table((void *)GetTcpTable2);
	IS(two->dwNumEntries >= 1);
	free(two);
	a.sin_port = 0;
	IS(!bind(u, (struct sockaddr *)&a, n) && !getsockname(u, (struct sockaddr *)&a, &n));
	size = sizeof buf;
	MIB_UDPTABLE_OWNER_PID *v = (void *)buf;
	IS(GetExtendedUdpTable(buf, &size, FALSE, AF_INET, UDP_TABLE_OWNER_PID, 0) == NO_ERROR);
	found = false;
	for (DWORD i = 0; i < v->dwNumEntries; i++)
		found |= (USHORT)v->table[i].dwLocalPort == a.sin_port &&
		         v->table[i].dwOwningPid == GetCurrentProcessId();
	IS(found);
	MIB_UDPTABLE *w = table((void *)GetUdpTable);
	IS(w->dwNumEntries >= 1);
	free(w);
	size = sizeof buf;
	IS(GetExtendedTcpTable(buf, &size, FALSE, AF_INET6, TCP_TABLE_OWNER_PID_ALL, 0) ==
	   NO_ERROR);
	IS(GetExtendedTcpTable(buf, &size, FALSE, AF_INET6, TCP_TABLE_BASIC_ALL, 0) ==
	   ERROR_NOT_SUPPORTED);
	/* what the host keeps to itself */
	MIB_TCPSTATS ts;
	MIB_IPSTATS is;
	MIB_UDPSTATS us;
	MIB_ICMP cs;
	IS(GetTcpStatistics(&ts) == ERROR_NOT_SUPPORTED &&
	   GetIpStatistics(&is) == ERROR_NOT_SUPPORTED);
	IS(GetUdpStatistics(&us) == ERROR_NOT_SUPPORTED &&
	   GetIcmpStatistics(&cs) == ERROR_NOT_SUPPORTED);
	IS(GetTcpStatisticsEx(&ts, AF_INET) == ERROR_NOT_SUPPORTED &&
	   GetIpStatisticsEx(&is, AF_INET) == ERROR_NOT_SUPPORTED &&
	   GetUdpStatisticsEx(&us, AF_INET) == ERROR_NOT_SUPPORTED &&
	   GetTcpStatisticsEx(&ts, 99) == ERROR_INVALID_PARAMETER);
	closesocket(s), closesocket(u);
	done("connections");
}

static int initials;

static void WINAPI
address_changed(void *context, PMIB_UNICASTIPADDRESS_ROW row, MIB_NOTIFICATION_TYPE type)
{
	IS(context == &initials && !row && type == MibInitialNotification);
	initials++;
}

static void WINAPI
interface_changed(void *context, PMIB_IPINTERFACE_ROW row, MIB_NOTIFICATION_TYPE type)
{
	IS(context == &initials && !row && type == MibInitialNotification);
	initials++;
}

static void WINAPI
route_changed(void *context, PMIB_IPFORWARD_ROW2 row, MIB_NOTIFICATION_TYPE type)
{
	IS(context == &initials && !row && type == MibInitialNotification);
	initials++;
}

static void
changes(void)
{
	HANDLE a = NULL, b = NULL, c = NULL, d = NULL;
	IS(NotifyUnicastIpAddressChange(AF_UNSPEC, address_changed, &initials, TRUE, &a) ==
	           NO_ERROR &&
	   a);
	IS(NotifyIpInterfaceChange(AF_INET, interface_changed, &initials, TRUE, &b) == NO_ERROR &&
	   b);
	IS(NotifyRouteChange2(AF_INET6, route_changed, &initials, TRUE, &c) == NO_ERROR && c);
	IS(initials == 3);
	IS(CancelMibChangeNotify2(a) == NO_ERROR && CancelMibChangeNotify2(b) == NO_ERROR &&
	   CancelMibChangeNotify2(c) == NO_ERROR);
	IS(CancelMibChangeNotify2(a) == ERROR_INVALID_PARAMETER);
	OVERLAPPED o = { .hEvent = CreateEventA(NULL, TRUE, FALSE, NULL) };
	IS(NotifyAddrChange(&d, &o) == ERROR_IO_PENDING && d);
	IS(WaitForSingleObject(o.hEvent, 20) == WAIT_TIMEOUT);
	IS(CancelIPChangeNotify(&o) && !CancelIPChangeNotify(&o));
	IS(NotifyRouteChange(&d, &o) == ERROR_IO_PENDING && CancelIPChangeNotify(&o));
	done("changes");
}

static void NTAPI called(void *context) { *(int *)context = 1; }

/* A host may refuse its users echoes: then every way says so. */
static void
echoes(void)
{
	HANDLE h = IcmpCreateFile(), h6 = Icmp6CreateFile();
	char reply[256], data[] = "echo";
	ICMP_ECHO_REPLY *r = (void *)reply;
	IN_ADDR lo4 = { .s_addr = htonl(INADDR_LOOPBACK) };
	IS(h != INVALID_HANDLE_VALUE && h6 != INVALID_HANDLE_VALUE);
	ERR(IcmpSendEcho(h, lo4.s_addr, data, 4, NULL, reply, 8, 1000), IP_BUF_TOO_SMALL);
	DWORD n = IcmpSendEcho(h, lo4.s_addr, data, 4, NULL, reply, sizeof reply, 1000);
	DWORD e = GetLastError();
	IS(n ? n == 1 && r->Status == IP_SUCCESS && r->Address == lo4.s_addr && r->DataSize == 4 &&
	                   !memcmp(r->Data, data, 4)
	     : e == ERROR_ACCESS_DENIED);
	bool may = n;
	HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
	ERR(IcmpSendEcho2(h, event, NULL, NULL, lo4.s_addr, data, 4, NULL, reply, sizeof reply,
	                  1000),
	    ERROR_IO_PENDING);
	IS(WaitForSingleObject(event, 5000) == WAIT_OBJECT_0);
	n = IcmpParseReplies(reply, sizeof reply);
	IS(may ? n == 1 && !memcmp(r + 1, data, 4) : !n && GetLastError() == ERROR_ACCESS_DENIED);
	int was_called = 0;
	ERR(IcmpSendEcho2Ex(h, NULL, (void *)called, &was_called, 0, lo4.s_addr, data, 4, NULL,
	                    reply, sizeof reply, 1000),
	    ERROR_IO_PENDING);
	for (int i = 0; i < 50 && !was_called; i++)
		SleepEx(100, TRUE);
	IS(was_called);
	struct sockaddr_in6 from = { .sin6_family = AF_INET6 }, to = from;
	to.sin6_addr.s6_addr[15] = 1;
	n = Icmp6SendEcho2(h6, NULL, NULL, NULL, &from, &to, data, 4, NULL, reply, sizeof reply,
	                   1000);
	IS(n ? Icmp6ParseReplies(reply, sizeof reply) == 1 && !memcmp(reply + 36, data, 4)
	     : GetLastError() != 12345);
	ERR(Icmp6ParseReplies(reply, 3), IP_BUF_TOO_SMALL);
	ERR(Icmp6SendEcho2(h, NULL, NULL, NULL, &from, &to, data, 4, NULL, reply, sizeof reply, 1),
	    ERROR_INVALID_PARAMETER);
	IS(IcmpCloseHandle(h) && IcmpCloseHandle(h6) && !IcmpCloseHandle(h));
	done("echoes");
}

static void
bad_arguments(void)
{
	PMIB_UNICASTIPADDRESS_TABLE t;
	HANDLE h;
	ULONG size = 0;
	IS(GetIfTable2(NULL) == ERROR_INVALID_PARAMETER);
	IS(GetUnicastIpAddressTable(77, &t) == ERROR_INVALID_PARAMETER);
	IS(GetIfTable(NULL, NULL, FALSE) == ERROR_INVALID_PARAMETER);
	IS(GetBestInterfaceEx(NULL, &size) == ERROR_INVALID_PARAMETER);
	IS(GetExtendedTcpTable(NULL, &size, FALSE, 99, 5, 0) == ERROR_INVALID_PARAMETER);
	IS(GetExtendedUdpTable(NULL, &size, FALSE, AF_INET, 9, 0) == ERROR_INVALID_PARAMETER);
	IS(GetPerAdapterInfo(0x7ffffff, NULL, &size) == ERROR_INVALID_PARAMETER);
	IS(NotifyIpInterfaceChange(AF_INET, NULL, NULL, FALSE, &h) == ERROR_INVALID_PARAMETER);
	IS(!CancelIPChangeNotify(NULL));
	done("bad arguments");
}

int
main(void)
{
	interfaces();
	addresses();
	routes();
	connections();
	changes();
	echoes();
	bad_arguments();
	return 0;
}
