/* iphlpapi.h -- words that the files of IPHLPAPI share.
 *
 * Addresses are Winsock's outside: SOCKADDR_INET has room for either family.
 */
#ifndef LAYER_API_DLL_IPHLPAPI_H
#define LAYER_API_DLL_IPHLPAPI_H

#include "layer/api/dll/dll.h"
#include "layer/api/nt/socket/netlink.h"
#include "layer/api/nt/socket/socket.h"

enum {
	IPHLPAPI_ERROR_NOT_FOUND = 1168,
	IPHLPAPI_ERROR_NO_DATA = 232,
	IPHLPAPI_NETWORK_UNREACHABLE = 1231,
	IPHLPAPI_ETHERNET = 6,
	IPHLPAPI_LOOPBACK = 24,
};

struct SOCKADDR_INET {
	USHORT family, port;
	union {
		BYTE v4[4];
		struct {
			ULONG flow;
			BYTE v6[16];
			ULONG scope;
		};
	};
};

_Static_assert(sizeof(struct SOCKADDR_INET) == 28, "SOCKADDR_INET of x64");

struct iphlpapi_guid {
	DWORD a;
	WORD b, c;
	BYTE d[8];
};

ULONG64 iphlpapi_luid(ULONG type, ULONG index);
ULONG64 iphlpapi_luid_of(ULONG index); /* 0: there is no such interface */
struct iphlpapi_guid iphlpapi_guid(ULONG index);
void iphlpapi_address(const struct netlink_address *a, ULONG scope, struct SOCKADDR_INET *out);
bool iphlpapi_address_in(const struct SOCKADDR_INET *a, struct netlink_address *out);
/* The host's family of Winsock's; -1: it is neither, nor both. */
int iphlpapi_family(USHORT family);
/* The name by which Windows shows an interface. */
void iphlpapi_alias(const struct netlink_link *l, WCHAR out[257]);

#endif
