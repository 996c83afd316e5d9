/* iphlpapi.h -- what GetAdaptersAddresses answers, which the older tables are made of. */
#ifndef LAYER_API_DLL_IPHLPAPI_H
#define LAYER_API_DLL_IPHLPAPI_H

#include "layer/api/dll/dll.h"
#include "layer/api/nt/socket/socket.h"

enum { ERROR_NO_DATA = 232 };

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

WINAPI ULONG iphlpapi_GetAdaptersAddresses(ULONG family, ULONG flags, void *reserved, void *out,
                                           ULONG *size);

#endif
