/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/socket/socket_protocol.h"

#include <netinet/in.h>
#include <string.h>

/* What the providers of Windows can: XP1_... and PFL_MATCHES_PROTOCOL_ZERO. */
enum {
	STREAM = 0x20066, /* reliable, in order, graceful close, expedited, IFS handles */
	DATAGRAM =
	        0x20609, /* connectionless, message oriented, broadcast, multicast, IFS handles */
	RAW = 0x20609,
	UNIX = 0x20026,
	ZERO = 8,
};

static const struct entry {
	const char *name;
	DWORD flags, provider, id;
	int family, size, type, protocol, most;
	DWORD message;
	BYTE guid; /* the first bytes of the provider's number */
} entries[SOCKET_PROTOCOLS] = {
	{ "MSAFD Tcpip [TCP/IP]", STREAM, ZERO, 1001, WS_AF_INET, 16, SOCK_STREAM, IPPROTO_TCP, 0,
	  0, 0xa0 },
	{ "MSAFD Tcpip [UDP/IP]", DATAGRAM, ZERO, 1002, WS_AF_INET, 16, SOCK_DGRAM, IPPROTO_UDP, 0,
	  65467, 0xa0 },
	{ "MSAFD Tcpip [RAW/IP]", RAW, ZERO | 4, 1003, WS_AF_INET, 16, SOCK_RAW, 0, 255, 32768,
	  0xa0 },
	{ "MSAFD Tcpip [TCP/IPv6]", STREAM, ZERO, 1004, WS_AF_INET6, 28, SOCK_STREAM, IPPROTO_TCP,
	  0, 0, 0xc0 },
	{ "MSAFD Tcpip [UDP/IPv6]", DATAGRAM, ZERO, 1005, WS_AF_INET6, 28, SOCK_DGRAM, IPPROTO_UDP,
	  0, 65467, 0xc0 },
	{ "MSAFD Tcpip [RAW/IPv6]", RAW, ZERO | 4, 1006, WS_AF_INET6, 28, SOCK_RAW, 0, 255, 32768,
	  0xc0 },
	{ "AF_UNIX", UNIX, ZERO, 1007, WS_AF_UNIX, 110, SOCK_STREAM, 0, 0, 0, 0xd9 },
};

/* {E70F1AA0-AB8B-11CF-8CA3-00805F48A192} and {F9EAB0C0-26D4-11D0-BBBF-00AA006C34E4}: the
 * providers that libuv and wepoll know as those whose sockets AFD can poll.  Then that of
 * local sockets, {A00943D9-9C2E-4633-9B59-0057A3160994}, which they look at with select(). */
static const BYTE guids[3][16] = {
	{ 0xa0, 0x1a, 0x0f, 0xe7, 0x8b, 0xab, 0xcf, 0x11, 0x8c, 0xa3, 0x00, 0x80, 0x5f, 0x48, 0xa1,
	  0x92 },
	{ 0xc0, 0xb0, 0xea, 0xf9, 0xd4, 0x26, 0xd0, 0x11, 0xbb, 0xbf, 0x00, 0xaa, 0x00, 0x6c, 0x34,
	  0xe4 },
	{ 0xd9, 0x43, 0x09, 0xa0, 0x2e, 0x9c, 0x33, 0x46, 0x9b, 0x59, 0x00, 0x57, 0xa3, 0x16, 0x09,
	  0x94 },
};

void
socket_protocol(size_t i, bool wide, void *out, struct WSAPROTOCOL_INFO *p)
{
	const struct entry *e = entries + i;
	*p = (struct WSAPROTOCOL_INFO){
		.dwServiceFlags1 = e->flags,
		.dwProviderFlags = e->provider,
		.dwCatalogEntryId = e->id,
		.ProtocolChain.ChainLen = 1,
		.iVersion = 2,
		.iAddressFamily = e->family,
		.iMaxSockAddr = e->size,
		.iMinSockAddr = e->family == WS_AF_UNIX ? 2 : e->size,
		.iSocketType = e->type,
		.iProtocol = e->protocol,
		.iProtocolMaxOffset = e->most,
		.dwMessageSize = e->message,
	};
	size_t guid = 0;
	while (*guids[guid] != e->guid)
		guid++;
	memcpy(&p->ProviderId, guids[guid], sizeof p->ProviderId);
	memcpy(out, p, sizeof *p);
	char *name = (char *)out + sizeof *p;
	size_t n = strlen(e->name);
	memset(name, 0, wide ? 512 : 256);
	for (size_t j = 0; j < n; j++) {
		if (wide)
			((WCHAR *)name)[j] = (WCHAR)e->name[j];
		else
			name[j] = e->name[j];
	}
}

int
socket_protocol_of(const struct socket *s, bool wide, void *out, int *size)
{
	int need = wide ? SOCKET_INFO_W : SOCKET_INFO_A;
	if (*size < need)
		return WSAEFAULT;
	for (size_t i = 0; i < SOCKET_PROTOCOLS; i++) {
		if (entries[i].family != s->family || entries[i].type != s->type)
			continue;
		struct WSAPROTOCOL_INFO p;
		socket_protocol(i, wide, out, &p);
		*size = need;
		return 0;
	}
	return WSAENOPROTOOPT;
}
