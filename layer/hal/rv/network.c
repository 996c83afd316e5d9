/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/rv/network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/proc.h"
#include "core/snap.h"
#include "layer/hal/dev/passt.h"
#include "layer/hal/dev/virtio_net.h"
#include "layer/hal/rv/computer.h"
#include "net/net.h"

struct network {
	struct net_config config;
	struct net *net;         /* own: a named one, or NULL */
	pid_t passt;             /* own, or 0 */
	struct dhcp_lease lease; /* of a named one */
};

static int
user(struct guest *g, struct virtio_net_options *o, struct err *e)
{
	struct network *w = g->network;
	/* an address that is made out of the machine's name */
	uint32_t sum = snap_crc(g->home.name, strlen(g->home.name));
	const uint8_t mac[6] = {
		0x52, 0x54, 0, (uint8_t)sum, (uint8_t)(sum >> 8), (uint8_t)(sum >> 16),
	};
	for (size_t i = 0; i < w->config.nports; i++)
		if (net_port_free(&w->config.ports[i], e) < 0)
			return -1;
	memcpy(o->mac, mac, 6);
	o->local = true;
	o->mtu = PASST_MTU;
	w->passt = passt_start(w->config.ports, w->config.nports, mac, &o->fd, e);
	return w->passt < 0 ? -1 : 0;
}

/* What containers find in /etc/resolv.conf and /etc/hostname. */
static void
tell(struct network *w, const struct net_tap *t)
{
	const struct net_config *c = &w->config;
	struct dhcp_lease *l = &w->lease;
	struct in_addr a;
	size_t n = 0;
	l->ip = t->ip;
	l->mask = t->mask;
	l->router = t->gateway;
	for (char **d = c->dns; *d && l->ndns < DHCP_SERVERS; d++)
		if (inet_pton(AF_INET, *d, &a) == 1)
			l->dns[l->ndns++] = ntohl(a.s_addr);
	if (l->ndns == 0)
		l->dns[l->ndns++] = t->gateway;
	snprintf(l->host, sizeof l->host, "%s", c->hostname);
	for (char **d = c->dns_search; *d; d++) {
		size_t more = strlen(*d);
		if (n + more + 1 >= sizeof l->search)
			break;
		if (n > 0)
			l->search[n++] = ' ';
		memcpy(l->search + n, *d, more + 1);
		n += more;
	}
}

static int
named(struct guest *g, struct virtio_net_options *o, struct err *e)
{
	struct network *w = g->network;
	struct net_tap t;
	w->config.tap = true;
	if (net_reserve(&w->config, &w->net, e) < 0 || net_tap(w->net, &t, e) < 0)
		return -1;
	tell(w, &t);
	memcpy(o->mac, t.mac, 6);
	o->fd = t.fd;
	o->tap = true;
	o->lease = &w->lease;
	return 0;
}

int
network_add(struct guest *g, struct err *e)
{
	struct virtio_net_options o = { .fd = -1 };
	struct network *w = g->network = xcalloc(1, sizeof *w);
	if (net_config_read(&w->config, g->spec, &g->home, e) < 0)
		return -1;
	if (strcmp(w->config.mode, "none") == 0)
		return 0;
	int rc = strcmp(w->config.mode, "user") == 0 ? user(g, &o, e) : named(g, &o, e);
	if (rc < 0)
		return -1;
	struct virtio *v = virtio_net_new(g->board, "net0", &o, e);
	return v ? pci_virtio(g->pci, v, e) : -1;
}

void
network_leave(struct guest *g)
{
	struct network *w = g->network;
	if (!w)
		return;
	if (w->net)
		net_stop(w->net);
	if (w->passt > 0)
		proc_wait(w->passt);
	free(w->config.ports);
	free(w);
	g->network = NULL;
}

json_t *
network_inspect(const struct guest *g)
{
	return net_inspect(&g->network->config, g->network->net);
}

void
network_recover(const char *name, const struct home *h)
{
	net_recover(h->root_path, name);
}
