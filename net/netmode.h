/* netmode.h -- one way of giving a container a network.
 *
 * A mode keeps what it needs in net->own, which it allocates in reserve and
 * frees in stop.  NULL: nothing to do.
 */
#ifndef NET_NETMODE_H
#define NET_NETMODE_H

#include "net/net.h"

struct netmode;

struct net {
	const struct net_config *config;        /* lent */
	const struct netmode *mode;
	void *own;
};

struct netmode {
	int (*reserve)(struct net *n, struct err *e);
	int (*start)(struct net *n, pid_t pid, struct err *e);
	int (*tap)(struct net *n, struct net_tap *t, struct err *e);    /* in place of start */
	void (*stop)(struct net *n);
	/* Lines of its own; the common ones are net.c's.  A mode that names no
	 * server leaves resolv to net.c, which then takes the host's. */
	void (*files)(const struct net *n, struct str *hosts, struct str *resolv);
	void (*inspect)(const struct net *n, json_t *o);
	void (*recover)(const char *root, const char *machine);
	/* The host's address as the machine sees it (--add-host NAME:host-gateway). */
	void (*gateway)(const struct net *n, char text[16]);
};

extern const struct netmode netuser_mode;       /* netuser.c */
extern const struct netmode bridge_mode;        /* bridge.c */

/* The host's name servers, but for those on its loopback. */
void net_host_servers(struct str *resolv);

#endif
