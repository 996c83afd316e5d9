/* socket_protocol.h -- the catalogue of protocols: what WSAEnumProtocols lists. */
#ifndef LAYER_API_NT_SOCKET_SOCKET_PROTOCOL_H
#define LAYER_API_NT_SOCKET_SOCKET_PROTOCOL_H

#include "layer/api/nt/socket/socket.h"

struct WSAPROTOCOL_INFO {
	DWORD dwServiceFlags1, dwServiceFlags2, dwServiceFlags3, dwServiceFlags4, dwProviderFlags;
	struct {
		DWORD Data1;
		WORD Data2, Data3;
		BYTE Data4[8];
	} ProviderId;
	DWORD dwCatalogEntryId;
	struct {
		INT ChainLen;
		DWORD ChainEntries[7];
	} ProtocolChain;
	INT iVersion, iAddressFamily, iMaxSockAddr, iMinSockAddr, iSocketType, iProtocol,
	        iProtocolMaxOffset, iNetworkByteOrder, iSecurityScheme;
	DWORD dwMessageSize, dwProviderReserved;
};

enum { SOCKET_PROTOCOLS = 7, SOCKET_PROTOCOL_NAME = 256, SOCKET_INFO_W = 628, SOCKET_INFO_A = 372 };

_Static_assert(sizeof(struct WSAPROTOCOL_INFO) + 512 == SOCKET_INFO_W, "WSAPROTOCOL_INFOW of x64");

/* Entry i, SOCKET_INFO_W or SOCKET_INFO_A bytes; what it is is in *p. */
void socket_protocol(size_t i, bool wide, void *out, struct WSAPROTOCOL_INFO *p);
int socket_protocol_of(const struct socket *s, bool wide, void *out, int *size);

#endif
