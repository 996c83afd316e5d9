/* net.h -- the network of a container, or of a computer.
 *
 * Four modes, each a const struct of functions (netmode.h): none (only a
 * loopback), host (the host's own), user (the outside through pasta or
 * slirp4netns, no rights needed), and any other name: a bridge of that name
 * shared by machines, with addresses, NAT and names.
 *
 * A computer joins a named network by a TAP device (net_tap); its other modes are
 * its own floor's.
 *
 * All calls are the monitor's, but for net_loopback_up, which is the child's.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

struct home;
struct net;
struct spec;

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
	bool tap;                       /* a computer's */
	char **dns, **dns_search, **add_host, **aliases;        /* NULL-terminated */
	struct net_port *ports;         /* own */
	size_t nports;
};

/* "8080:80/udp", "127.0.0.1:8080:80", "8000-8010:8000-8010", "80": appended to
 * *ports (realloc'ed). */
int net_parse_port(const char *text, struct net_port **ports, size_t *n, struct err *e);

/* What a machine's annotations say; mode, names and lists are lent by its spec and home.
 * c->ports is to be freed also after a failure. */
int net_config_read(struct net_config *c, const struct spec *s, const struct home *h,
                    struct err *e);

/* Is a port of the host free?  host 0 becomes one that is. */
int net_port_free(struct net_port *p, struct err *e);

/* Before the container is born: check, and take what must be known early (an
 * address).  *out is NULL for modes that need no care. */
int net_reserve(const struct net_config *c, struct net **out, struct err *e);

/* Its namespaces exist and its program has not begun. */
int net_start(struct net *n, pid_t pid, struct err *e);

/* The same for a computer in a named network: the end that its card has, and what it is to
 * be told.  Frames have virtio headers. */
struct net_tap {
	int fd;                 /* own: the device goes when it is closed */
	uint8_t mac[6];
	uint32_t ip, gateway, mask;     /* host order */
};
int net_tap(struct net *n, struct net_tap *t, struct err *e);

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
