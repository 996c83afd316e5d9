/* SPDX-License-Identifier: Apache-2.0 */
/* Network interfaces: GetAdaptersAddresses and names. */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/socket/socket.h"

enum {
	ERROR_BUFFER_OVERFLOW = 111,
	ERROR_NO_DATA = 232,
	ERROR_ADDRESS_NOT_ASSOCIATED = 1228,

	SKIP_UNICAST = 1,
	SKIP_DNS_SERVER = 8,
	INCLUDE_PREFIX = 0x10,

	IF_TYPE_ETHERNET = 6,
	IF_TYPE_LOOPBACK = 24,
	MOST = 64,
};

struct SOCKET_ADDRESS {
	struct ws_sockaddr *lpSockaddr;
	INT iSockaddrLength;
};

struct unicast {
	ULONG Length, Flags;
	struct unicast *Next;
	struct SOCKET_ADDRESS Address;
	int PrefixOrigin, SuffixOrigin, DadState;
	ULONG ValidLifetime, PreferredLifetime, LeaseLifetime;
	BYTE OnLinkPrefixLength;
};

struct server {
	ULONG Length, Reserved;
	struct server *Next;
	struct SOCKET_ADDRESS Address;
};

struct prefix {
	ULONG Length, Flags;
	struct prefix *Next;
	struct SOCKET_ADDRESS Address;
	ULONG PrefixLength;
};

/* IP_ADAPTER_ADDRESSES_LH */
struct adapter {
	ULONG Length, IfIndex;
	struct adapter *Next;
	char *AdapterName;
	struct unicast *FirstUnicastAddress;
	void *FirstAnycastAddress, *FirstMulticastAddress;
	struct server *FirstDnsServerAddress;
	WCHAR *DnsSuffix, *Description, *FriendlyName;
	BYTE PhysicalAddress[8];
	ULONG PhysicalAddressLength, Flags, Mtu, IfType;
	int OperStatus;
	ULONG Ipv6IfIndex, ZoneIndices[16];
	struct prefix *FirstPrefix;
	ULONG64 TransmitLinkSpeed, ReceiveLinkSpeed;
	void *FirstWinsServerAddress, *FirstGatewayAddress;
	ULONG Ipv4Metric, Ipv6Metric;
	ULONG64 Luid;
	struct SOCKET_ADDRESS Dhcpv4Server;
	ULONG CompartmentId;
	BYTE NetworkGuid[16];
	int ConnectionType, TunnelType;
	struct SOCKET_ADDRESS Dhcpv6Server;
	BYTE Dhcpv6ClientDuid[130];
	ULONG Dhcpv6ClientDuidLength, Dhcpv6Iaid;
	void *FirstDnsSuffix;
};

_Static_assert(sizeof(struct adapter) == 448, "IP_ADAPTER_ADDRESSES of x64");
_Static_assert(sizeof(struct unicast) == 64, "IP_ADAPTER_UNICAST_ADDRESS of x64");

/* Where the answer is put: counted first, written when there is room. */
struct space {
	char *at;
	size_t used, room;
};

static void *
take(struct space *s, size_t n)
{
	void *p = s->used + n <= s->room ? s->at + s->used : NULL;
	s->used += (n + 7) & ~(size_t)7;
	if (p)
		memset(p, 0, n);
	return p;
}

static WCHAR *
wide(struct space *s, const char *text)
{
	size_t n = strlen(text) + 1;
	WCHAR *w = take(s, n * sizeof *w);
	for (size_t i = 0; w && i < n; i++)
		w[i] = (BYTE)text[i];
	return w;
}

static struct SOCKET_ADDRESS
address(struct space *s, const struct sockaddr *a)
{
	struct sockaddr_storage theirs = { 0 };
	struct ws_sockaddr w;
	socklen_t n =
	        a->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	int size = sizeof w;
	memcpy(&theirs, a, n);
	(void)socket_address_out(&theirs, n, &w, &size);
	struct ws_sockaddr *p = take(s, (size_t)size);
	if (p)
		memcpy(p, &w, (size_t)size);
	return (struct SOCKET_ADDRESS){ p, size };
}

static BYTE
bits(const struct sockaddr *mask)
{
	const BYTE *p;
	size_t n;
	BYTE count = 0;
	if (!mask)
		return 0;
	if (mask->sa_family == AF_INET) {
		p = (const BYTE *)&((const struct sockaddr_in *)mask)->sin_addr;
		n = 4;
	} else {
		p = (const BYTE *)&((const struct sockaddr_in6 *)mask)->sin6_addr;
		n = 16;
	}
	for (size_t i = 0; i < n; i++)
		count = (BYTE)(count + __builtin_popcount(p[i]));
	return count;
}

/* The interfaces of the host; this machine alone without the right to the network. */
static struct ifaddrs *
interfaces(bool *own)
{
	static struct sockaddr_in v4, m4;
	static struct sockaddr_in6 v6, m6;
	static char lo[] = "lo";
	static struct ifaddrs two[2] = {
		{ .ifa_next = &two[1],
		  .ifa_name = lo,
		  .ifa_flags = IFF_UP | IFF_RUNNING | IFF_LOOPBACK },
		{ .ifa_name = lo, .ifa_flags = IFF_UP | IFF_RUNNING | IFF_LOOPBACK },
	};
	struct ifaddrs *list;
	*own = false;
	if (birth.network && getifaddrs(&list) == 0)
		return list;
	*own = true;
	v4 = (struct sockaddr_in){ .sin_family = AF_INET,
		                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	m4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(0xff000000) };
	v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	m6 = v6;
	memset(&m6.sin6_addr, 0xff, sizeof m6.sin6_addr);
	two[0].ifa_addr = (struct sockaddr *)&v4;
	two[0].ifa_netmask = (struct sockaddr *)&m4;
	two[1].ifa_addr = (struct sockaddr *)&v6;
	two[1].ifa_netmask = (struct sockaddr *)&m6;
	return two;
}

static ULONG
index_of(const char *name, bool own)
{
	return own ? 1 : if_nametoindex(name);
}

static ULONG64
luid(ULONG type, ULONG index)
{
	return (ULONG64)type << 48 | (ULONG64)index << 24;
}

static struct server *
servers(struct space *s, ULONG family)
{
	char line[256];
	struct server *first = NULL, **last = &first;
	FILE *f = fopen("/etc/resolv.conf", "re");
	while (f && fgets(line, sizeof line, f)) {
		char text[64];
		struct sockaddr_in v4 = { .sin_family = AF_INET };
		struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
		const struct sockaddr *a = NULL;
		if (sscanf(line, " nameserver %63s", text) != 1)
			continue;
		if (family != AF_INET6 && inet_pton(AF_INET, text, &v4.sin_addr) == 1)
			a = (struct sockaddr *)&v4;
		else if (family != AF_INET && inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
			a = (struct sockaddr *)&v6;
		if (!a)
			continue;
		struct server *p = take(s, sizeof *p);
		struct SOCKET_ADDRESS x = address(s, a);
		if (!p)
			continue;
		p->Length = sizeof *p;
		p->Address = x;
		*last = p;
		last = &p->Next;
	}
	if (f)
		(void)fclose(f);
	return first;
}

static void
unicasts(struct space *s, struct adapter *a, const struct ifaddrs *list, const char *name,
         int family, ULONG flags)
{
	struct unicast **last = a ? &a->FirstUnicastAddress : NULL;
	struct prefix **end = a ? &a->FirstPrefix : NULL;
	for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
		int f = i->ifa_addr ? i->ifa_addr->sa_family : 0;
		if (strcmp(i->ifa_name, name) || (f != AF_INET && f != AF_INET6) ||
		    (family && f != family))
			continue;
		if (!(flags & SKIP_UNICAST)) {
			struct unicast *u = take(s, sizeof *u);
			struct SOCKET_ADDRESS x = address(s, i->ifa_addr);
			if (u && last) {
				*u = (struct unicast){
					.Length = sizeof *u,
					.Flags = 1, /* IP_ADAPTER_ADDRESS_DNS_ELIGIBLE */
					.Address = x,
					.PrefixOrigin = 1, /* manual */
					.SuffixOrigin = 1,
					.DadState = 4, /* preferred */
					.ValidLifetime = UINT32_MAX,
					.PreferredLifetime = UINT32_MAX,
					.LeaseLifetime = UINT32_MAX,
					.OnLinkPrefixLength = bits(i->ifa_netmask),
				};
				*last = u;
				last = &u->Next;
			}
		}
		if (flags & INCLUDE_PREFIX) {
			struct prefix *p = take(s, sizeof *p);
			struct SOCKET_ADDRESS x = address(s, i->ifa_addr);
			if (p && end) {
				*p = (struct prefix){ .Length = sizeof *p,
					              .Address = x,
					              .PrefixLength = bits(i->ifa_netmask) };
				*end = p;
				end = &p->Next;
			}
		}
	}
}

static struct adapter *
adapter(struct space *s, const struct ifaddrs *list, const struct ifaddrs *i, bool own, int family,
        ULONG flags)
{
	struct adapter *a = take(s, sizeof *a);
	bool loop = i->ifa_flags & IFF_LOOPBACK;
	ULONG index = index_of(i->ifa_name, own), type = loop ? IF_TYPE_LOOPBACK : IF_TYPE_ETHERNET;
	char guid[40];
	(void)snprintf(guid, sizeof guid, "{4A4F4953-5400-4000-8000-%012X}", index);
	char *name = take(s, sizeof guid);
	WCHAR *friendly = wide(s, loop ? "Loopback Pseudo-Interface 1" : i->ifa_name);
	WCHAR *description = wide(s, loop ? "Software Loopback Interface 1" : "Ethernet");
	WCHAR *suffix = wide(s, "");
	if (a) {
		a->Length = sizeof *a;
		a->IfIndex = a->Ipv6IfIndex = index;
		a->AdapterName = name;
		a->FriendlyName = friendly;
		a->Description = description;
		a->DnsSuffix = suffix;
		a->IfType = type;
		a->OperStatus = i->ifa_flags & IFF_RUNNING ? 1 : 2; /* up, down */
		a->Flags = 0x80 | 0x100;                            /* IPv4 and IPv6 are enabled */
		a->Mtu = loop ? UINT32_MAX : 1500;
		a->TransmitLinkSpeed = a->ReceiveLinkSpeed = 1000000000;
		a->Luid = luid(type, index);
		a->CompartmentId = 1;
		a->ConnectionType = 1; /* dedicated */
		a->Ipv4Metric = a->Ipv6Metric = loop ? 75 : 25;
		for (const struct ifaddrs *k = list; k; k = k->ifa_next) {
			if (strcmp(k->ifa_name, i->ifa_name) || !k->ifa_addr ||
			    k->ifa_addr->sa_family != AF_PACKET || loop)
				continue;
			memcpy(a->PhysicalAddress,
			       ((const struct sockaddr_ll *)k->ifa_addr)->sll_addr, 6);
			a->PhysicalAddressLength = 6;
		}
	}
	if (name)
		memcpy(name, guid, sizeof guid);
	unicasts(s, a, list, i->ifa_name, family, flags);
	if (!(flags & SKIP_DNS_SERVER) && !loop) {
		struct server *d = servers(s, (ULONG)family);
		if (a)
			a->FirstDnsServerAddress = d;
	}
	return a;
}

WINAPI ULONG
iphlpapi_GetAdaptersAddresses(ULONG family, ULONG flags, void *reserved, void *out, ULONG *size)
{
	int inside = socket_family_in((int)family);
	(void)reserved;
	if (!size || inside < 0 || inside == AF_UNIX)
		return ERROR_INVALID_PARAMETER;
	bool own;
	struct ifaddrs *list = interfaces(&own);
	struct space s = { out, 0, out ? *size : 0 };
	struct adapter *first = NULL, **last = &first;
	const char *seen[MOST];
	size_t n = 0;
	for (struct ifaddrs *i = list; i && n < MOST; i = i->ifa_next) {
		bool old = false;
		for (size_t k = 0; k < n; k++)
			old |= !strcmp(seen[k], i->ifa_name);
		if (old)
			continue;
		seen[n++] = i->ifa_name;
		struct adapter *a = adapter(&s, list, i, own, inside, flags);
		if (a) {
			*last = a;
			last = &a->Next;
		}
	}
	if (!own)
		freeifaddrs(list);
	if (!n)
		return ERROR_NO_DATA;
	bool fits = out && s.used <= *size;
	*size = (ULONG)s.used;
	return fits ? ERROR_SUCCESS : ERROR_BUFFER_OVERFLOW;
}

/* -- names, numbers, LUIDs -------------------------------------------------------------- */

WINAPI ULONG
iphlpapi_if_nametoindex(const char *name)
{
	if (!birth.network)
		return !strcmp(name, "lo") ? 1 : 0;
	return if_nametoindex(name);
}

WINAPI char *
iphlpapi_if_indextoname(ULONG index, char *name)
{
	if (!birth.network)
		return index == 1 ? memcpy(name, "lo", 3) : NULL;
	return if_indextoname(index, name);
}

WINAPI DWORD
iphlpapi_ConvertInterfaceIndexToLuid(ULONG index, ULONG64 *out)
{
	char name[IF_NAMESIZE];
	if (!out)
		return ERROR_INVALID_PARAMETER;
	if (!iphlpapi_if_indextoname(index, name))
		return ERROR_FILE_NOT_FOUND;
	*out = luid(!strcmp(name, "lo") ? IF_TYPE_LOOPBACK : IF_TYPE_ETHERNET, index);
	return ERROR_SUCCESS;
}

WINAPI DWORD
iphlpapi_ConvertInterfaceLuidToIndex(const ULONG64 *l, ULONG *out)
{
	char name[IF_NAMESIZE];
	if (!l || !out)
		return ERROR_INVALID_PARAMETER;
	ULONG index = (ULONG)(*l >> 24 & 0xffffff);
	if (!iphlpapi_if_indextoname(index, name))
		return ERROR_FILE_NOT_FOUND;
	*out = index;
	return ERROR_SUCCESS;
}

WINAPI DWORD
iphlpapi_ConvertInterfaceLuidToNameW(const ULONG64 *l, WCHAR *out, SIZE_T room)
{
	char text[32];
	ULONG index;
	DWORD e = iphlpapi_ConvertInterfaceLuidToIndex(l, &index);
	if (e || !out)
		return e ? e : ERROR_INVALID_PARAMETER;
	bool loop = *l >> 48 == IF_TYPE_LOOPBACK;
	(void)snprintf(text, sizeof text, "%s_%u", loop ? "loopback" : "ethernet", index);
	size_t n = strlen(text) + 1;
	if (room < n)
		return ERROR_NOT_ENOUGH_MEMORY;
	for (size_t i = 0; i < n; i++)
		out[i] = (BYTE)text[i];
	return ERROR_SUCCESS;
}

WINAPI DWORD
iphlpapi_ConvertInterfaceNameToLuidW(const WCHAR *name, ULONG64 *out)
{
	if (!name || !out)
		return ERROR_INVALID_PARAMETER;
	char *text = nls_utf8(name), *number = text ? strrchr(text, '_') : NULL;
	ULONG index = number ? (ULONG)strtoul(number + 1, NULL, 10) : 0;
	DWORD e = iphlpapi_ConvertInterfaceIndexToLuid(index, out);
	free(text);
	WCHAR back[32];
	if (e || iphlpapi_ConvertInterfaceLuidToNameW(out, back, 32) || !nls_equal(back, name))
		return 123; /* ERROR_INVALID_NAME */
	return ERROR_SUCCESS;
}

WINAPI DWORD
iphlpapi_ConvertLengthToIpv4Mask(ULONG n, ULONG *out)
{
	if (!out)
		return ERROR_INVALID_PARAMETER;
	if (n > 32) {
		*out = INADDR_NONE;
		return ERROR_INVALID_PARAMETER;
	}
	*out = n ? htonl(UINT32_MAX << (32 - n)) : 0;
	return ERROR_SUCCESS;
}

WINAPI void
iphlpapi_FreeMibTable(void *table)
{
	free(table);
}

/* FIXED_INFO */
struct address_string {
	struct address_string *Next;
	char IpAddress[16], IpMask[16];
	DWORD Context;
};

struct fixed_info {
	char HostName[132], DomainName[132];
	struct address_string *CurrentDnsServer, DnsServerList;
	UINT NodeType;
	char ScopeId[260];
	UINT EnableRouting, EnableProxy, EnableDns;
};

WINAPI DWORD
iphlpapi_GetNetworkParams(struct fixed_info *out, ULONG *size)
{
	if (!size)
		return ERROR_INVALID_PARAMETER;
	if (!out || *size < sizeof *out) {
		*size = sizeof *out;
		return ERROR_BUFFER_OVERFLOW;
	}
	memset(out, 0, sizeof *out);
	host_name(out->HostName);
	out->NodeType = 8; /* hybrid */
	char line[256], text[64], domain[128];
	FILE *f = fopen("/etc/resolv.conf", "re");
	while (f && fgets(line, sizeof line, f)) {
		if (!out->DnsServerList.IpAddress[0] &&
		    sscanf(line, " nameserver %63s", text) == 1 && strlen(text) < 16)
			memcpy(out->DnsServerList.IpAddress, text, strlen(text) + 1);
		if (sscanf(line, " domain %127s", domain) == 1 ||
		    sscanf(line, " search %127s", domain) == 1)
			memcpy(out->DomainName, domain, strlen(domain) + 1);
	}
	if (f)
		(void)fclose(f);
	return ERROR_SUCCESS;
}
