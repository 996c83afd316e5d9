/* netlink.h -- what the host's kernel says of its network: links, addresses, routes, neighbours,
 * connections.
 *
 * It is asked each time (rtnetlink(7), sock_diag(7)); without the right to the network there is
 * the loopback link alone, with its two addresses.  A list is made for the caller, who frees it.
 */
#ifndef LAYER_API_NT_SOCKET_NETLINK_H
#define LAYER_API_NT_SOCKET_NETLINK_H

#include <netinet/in.h>

#include "layer/api/nt/types.h"

struct netlink_address {
	int family; /* of the host; 0: none */
	BYTE byte[16];
};

struct netlink_link {
	uint32_t index, flags, mtu; /* flags: IFF_... */
	char name[16];
	BYTE address[32];
	uint32_t address_length;
	uint64_t speed; /* bits in a second */
	struct {
		uint64_t bytes, packets, multicast, drops, errors;
	} in, out;
};

struct netlink_unicast {
	uint32_t index, length; /* bits of the prefix */
	uint32_t valid, preferred; /* seconds; UINT32_MAX: for ever */
	bool tentative;
	struct netlink_address address;
};

struct netlink_route {
	uint32_t index, length, metric, protocol;
	bool local; /* to this host itself */
	struct netlink_address destination, gateway, source;
};

struct netlink_neighbour {
	uint32_t index, state; /* NUD_... */
	bool router;
	struct netlink_address address;
	BYTE physical[32];
	uint32_t length;
};

struct netlink_socket {
	int family;
	uint32_t state, inode; /* TCP_... of the host */
	bool own;              /* it is one of this process */
	struct netlink_address local, remote;
	uint16_t local_port, remote_port; /* as on the wire */
};

/* false: no memory, or the kernel does not answer.  family 0: both. */
bool netlink_links(struct netlink_link **out, size_t *n);
bool netlink_unicasts(int family, struct netlink_unicast **out, size_t *n);
bool netlink_routes(int family, struct netlink_route **out, size_t *n);
bool netlink_neighbours(int family, struct netlink_neighbour **out, size_t *n);
bool netlink_sockets(int family, int protocol, struct netlink_socket **out, size_t *n);
/* The way to one address; index 0: by any link.  0, or an errno. */
int netlink_way(const struct netlink_address *to, uint32_t index, struct netlink_route *out);
/* A descriptor that can be read when links, addresses or routes change; -1: none. */
int netlink_watch(void);

#endif
