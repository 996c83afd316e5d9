/* net.h -- the network of a container.
 *
 * Four modes, each a const struct of functions (netmode.h): none (only a
 * loopback), host (the host's own), user (the outside through pasta or
 * slirp4netns, no rights needed), and any other name: a bridge of that name
 * shared by machines, with addresses, NAT and names.
 *
 * All calls are the monitor's, but for net_loopback_up, which is the child's.
 */
#ifndef LAYER_OS_NET_H
#define LAYER_OS_NET_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

struct net;

struct net_port {
	char proto[4];          /* tcp or udp */
	char host_ip[46];       /* empty: every address */
	uint16_t host, guest;   /* host 0: any free one */
};

/* All lent for the life of the struct net made from it, but for ports. */
struct net_config {
	const char *mode, *machine, *hostname, *ip;     /* ip may be NULL */
	const char *root;               /* the store's folder, absolute */
	bool rootless;
	char **dns, **dns_search, **add_host, **aliases;        /* NULL-terminated */
	struct net_port *ports;         /* own */
	size_t nports;
};

/* "8080:80/udp", "127.0.0.1:8080:80", "8000-8010:8000-8010", "80": appended to
 * *ports (realloc'ed). */
int net_parse_port(const char *text, struct net_port **ports, size_t *n, struct err *e);

/* Before the container is born: check, and take what must be known early (an
 * address).  *out is NULL for modes that need no care. */
int net_reserve(const struct net_config *c, struct net **out, struct err *e);

/* Its namespaces exist and its program has not begun. */
int net_start(struct net *n, pid_t pid, struct err *e);

/* Take down and free. */
void net_stop(struct net *n);

/* The container's /etc/hosts and /etc/resolv.conf. */
void net_files(const struct net_config *c, const struct net *n, struct str *hosts,
               struct str *resolv);

/* {"mode", "ip", "gateway", "mac", "ports": [{"proto", "hostIp", "host", "guest"}]} */
json_t *net_inspect(const struct net_config *c, const struct net *n);

/* {"rx_bytes", "tx_bytes", "rx_packets", "tx_packets"} of a process's namespace
 * without its loopback; NULL when it cannot be read. */
json_t *net_stats(pid_t pid);

/* Undo all that a killed monitor left of this machine.  Idempotent. */
void net_recover(const char *root, const char *machine);

/* Bring `lo` up in the caller's own namespace; best effort. */
void net_loopback_up(void);

#endif
