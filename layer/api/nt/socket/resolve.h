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
/* Numbers, localhost and /etc/hosts: no server is asked. */
int resolve_local(const char *name, int family, struct resolved *out);

/* A question to the servers, or to those that are given (IPv4, network order). */
struct resolve_question {
	const char *name;
	uint16_t type;
	bool exact;             /* as it is: without the domains of resolv.conf */
	bool tcp, no_recursion;
	const uint32_t *servers;
	size_t nservers;
};
enum resolve_reply { RESOLVE_OK, RESOLVE_NO_RECORDS, RESOLVE_NO_NAME, RESOLVE_FORMAT, RESOLVE_FAILURE,
	             RESOLVE_NOT_DONE, RESOLVE_REFUSED, RESOLVE_BAD_NAME, RESOLVE_TIMEOUT, RESOLVE_NO_SERVER };
/* The message as it came, to be freed, when there is one: it is not looked at here. */
enum resolve_reply resolve_query(const struct resolve_question *q, uint8_t **message, size_t *n);

/* A number is itself; WSATYPE_NOT_FOUND.  protocol: "tcp", "udp", or NULL for any. */
int resolve_service(const char *name, const char *protocol, uint16_t *port, const char **spelled);
const char *resolve_port(uint16_t port, const char *protocol);
int resolve_protocol(const char *name);        /* -1: none */
const char *resolve_protocol_name(int number); /* NULL: none */

#endif
