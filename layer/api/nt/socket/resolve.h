/* resolve.h -- names of hosts and services to numbers, and back.
 *
 * c-ares does it: /etc/hosts, then the servers of /etc/resolv.conf; a static program has no
 * name service of the C library.  Without the right to the network only files are asked.
 * localhost is what RFC 6761 says, and never asked for.  Errors are Winsock's.
 */
#ifndef LAYER_API_NT_SOCKET_RESOLVE_H
#define LAYER_API_NT_SOCKET_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RESOLVE_MOST = 64, RESOLVE_NAME = 256 };

struct resolve_address {
	int family; /* the host's: AF_INET, AF_INET6 */
	uint8_t bytes[16];
	uint32_t scope;
	int ttl;
};

struct resolved {
	size_t n;
	struct resolve_address a[RESOLVE_MOST];
	char canonical[RESOLVE_NAME];
};

/* family AF_UNSPEC: both.  numeric: it must be a number already. */
int resolve_name(const char *name, int family, bool numeric, struct resolved *out);
int resolve_address(const struct resolve_address *a, char *name, size_t room);

/* A number is itself; WSATYPE_NOT_FOUND.  protocol: "tcp", "udp", or NULL for any. */
int resolve_service(const char *name, const char *protocol, uint16_t *port, const char **spelled);
const char *resolve_port(uint16_t port, const char *protocol);
int resolve_protocol(const char *name);        /* -1: none */
const char *resolve_protocol_name(int number); /* NULL: none */

#endif
