/* SPDX-License-Identifier: Apache-2.0 */
/* bridge.c -- named networks (netmode.h): machines on a bridge of the host,
 * with addresses, NAT, published ports and names.
 *
 * A network is made at first use and written down in a book (lease.h); bridge,
 * rules (nft.h) and name server (libexec/dns) are there while it has machines.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_tun.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/host_linux.h"
#include "base/json.h"
#include "base/proc.h"
#include "net/lease.h"
#include "net/netmode.h"
#include "net/nft.h"
#include "net/rtnl.h"

enum { PREFIX = 24 };

struct place {
	uint32_t ip, gateway;
	char bridge[16], veth[16];
};

/* A device's name has 15 letters; the pair's outer end is found again by it. */
static void
veth_name(const char *root, const char *machine, char name[16])
{
	uint64_t hash = str_hash(machine, str_hash("/", str_hash(root, STR_HASH)));

	snprintf(name, 16, "jv-%08x", (uint32_t)hash);
}

/* -- ports ------------------------------------------------------------------------ */

static int
try_port(struct net_port *p, struct err *e)
{
	struct in_addr a;

	if (!p->host_ip[0] || inet_pton(AF_INET, p->host_ip, &a) == 1)
		return net_port_free(p, e);
	fail(e, EAFNOSUPPORT, "-p '%s': named networks publish IPv4 addresses only", p->host_ip);
	return err_hint(e, "leave the address out, or use --net user");
}

/* Two addresses of the host that one packet could be for: none is every one. */
static bool
overlap(const char *a, const char *b)
{
	bool all = !*a || !*b || strcmp(a, "0.0.0.0") == 0 || strcmp(b, "0.0.0.0") == 0;
	return all || strcmp(a, b) == 0;
}

/* Published ports of other machines are rules, which no bind would meet. */
static int
published(const struct lease_book *b, const char *machine, const struct net_port *p, struct err *e)
{
	const char *other;
	json_t *lease, *o;
	size_t i;

	json_object_foreach(json_object_get(b->doc, "leases"), other, lease) {
		if (strcmp(other, machine) == 0)
			continue;
		json_array_foreach(json_object_get(lease, "ports"), i, o)
			if (json_int(o, "host", 0) == p->host &&
			    strcmp(json_str(o, "proto", ""), p->proto) == 0 &&
			    overlap(json_str(o, "hostIp", ""), p->host_ip)) {
				fail(e, EADDRINUSE, "port %u/%s is published by machine '%s'",
				     p->host, p->proto, other);
				return err_hint(e, "choose another with -p HOST:GUEST");
			}
	}
	return 0;
}

static json_t *
port_list(const struct net_config *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->nports; i++)
		json_array_append_new(list,
		                      json_pack("{s:s, s:s, s:i, s:i}", "proto", c->ports[i].proto,
		                                "hostIp", c->ports[i].host_ip, "host",
		                                c->ports[i].host, "guest", c->ports[i].guest));
	return list;
}

/* -- before birth --------------------------------------------------------------------- */

static int
reserve(struct net *n, struct err *e)
{
	const struct net_config *c = n->config;
	struct lease_book b;

	if (c->rootless) {
		fail(e, EPERM, "only root can use named networks such as '%s'", c->mode);
		return err_hint(e, "use --net user, which needs no rights");
	}
	if (!rtnl_allowed()) {
		fail(e, EPERM, "named networks such as '%s' need the right CAP_NET_ADMIN", c->mode);
		return err_hint(e, "use --net user, which needs no rights");
	}
	if (c->tap && access("/dev/net/tun", R_OK | W_OK) < 0) {
		fail(e, errno, "a computer's network needs /dev/net/tun: %s", strerror(errno));
		return err_hint(e, "load it with: modprobe tun; or use --net user");
	}
	if (!proc_which("nft", NULL, 0)) {
		fail(e, ENOENT, "named networks need the program nft");
		return err_hint(e, "install it: apt-get install nftables");
	}
	if (lease_open(&b, c->root, c->mode, true, e) < 0)
		return -1;
	struct place *p = xcalloc(1, sizeof *p);
	int rc = lease_take(&b, c->machine, c->ip, &p->ip, e);
	for (size_t i = 0; rc == 0 && i < c->nports; i++)
		if (try_port(&c->ports[i], e) < 0 || published(&b, c->machine, &c->ports[i], e) < 0)
			rc = -1;
	if (rc == 0) {
		json_t *lease = json_object_get(json_object_get(b.doc, "leases"), c->machine);
		json_t *names = json_array();
		json_array_append_new(names, json_string(c->machine));
		json_array_append_new(names, json_string(c->hostname));
		for (char **a = c->aliases; a && *a; a++)
			json_array_append_new(names, json_string(*a));
		json_object_set_new(lease, "names", names);
		json_object_set_new(lease, "ports", port_list(c));
		p->gateway = lease_gateway(&b);
		snprintf(p->bridge, sizeof p->bridge, "%s", lease_bridge(&b));
		veth_name(c->root, c->machine, p->veth);
		rc = lease_save(&b, e);
	}
	lease_close(&b);
	if (rc < 0)
		free(p);
	else
		n->own = p;
	return rc;
}

/* -- start --------------------------------------------------------------------------------- */

/* The container's own end is configured from inside its namespace. */
static _Noreturn void
inside(const struct place *p, pid_t pid, int report)
{
	struct err e = { 0 };
	char path[40];

	snprintf(path, sizeof path, "/proc/%d/ns/net", (int)pid);
	int ns = open(path, O_RDONLY | O_CLOEXEC);
	if (ns < 0 || setns(ns, CLONE_NEWNET) < 0)
		fail(&e, errno, "cannot enter the container's network: %s", strerror(errno));
	else if (rtnl_address("eth0", p->ip, PREFIX, &e) == 0 && rtnl_up("eth0", &e) == 0)
		rtnl_default_route(p->gateway, &e);
	file_write_all(report, &e, sizeof e);
	_exit(0);
}

static int
configure_inside(const struct place *p, pid_t pid, struct err *e)
{
	struct clone_args a = { .flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD };
	struct err got = { .code = EIO, .what = "the container's network could not be set up" };
	struct err heard;
	int report[2];

	if (pipe2(report, O_CLOEXEC) < 0)
		return fail(e, errno, "cannot make a pipe: %s", strerror(errno));
	pid_t child = host_clone3(&a);
	if (child == 0)
		inside(p, pid, report[1]);
	close(report[1]);
	size_t have = 0;
	ssize_t k = 1;
	while (child > 0 && have < sizeof heard && (k > 0 || errno == EINTR))
		if ((k = read(report[0], (char *)&heard + have, sizeof heard - have)) > 0)
			have += (size_t)k;
		else if (k == 0)
			break;
	if (have == sizeof heard)
		got = heard;
	close(report[0]);
	if (child > 0)
		proc_wait(child);
	return got.code ? fail(e, got.code, "%s", got.what) : 0;
}

static void
sysctl(const char *path, const char *value)
{
	char now[16];

	/* Writing what is there already would reset other things (ip_forward). */
	if (file_peek(AT_FDCWD, path, now, sizeof now) < 0 || strcmp(now, value) != 0)
		file_poke(AT_FDCWD, path, value);
}

static int
host_side(const struct place *p, struct err *e)
{
	char path[80];

	if (rtnl_bridge(p->bridge, e) < 0 || rtnl_address(p->bridge, p->gateway, PREFIX, e) < 0 ||
	    rtnl_up(p->bridge, e) < 0)
		return -1;
	sysctl("/proc/sys/net/ipv4/ip_forward", "1");
	/* 127.0.0.1:PORT of the host leads to the machine too (nft.c). */
	snprintf(path, sizeof path, "/proc/sys/net/ipv4/conf/%s/route_localnet", p->bridge);
	sysctl(path, "1");
	return 0;
}

/* It goes into the background when it listens, and ends with the network's
 * last machine; a second one finds the first and ends at once. */
static void
name_server(const struct net_config *c)
{
	char *program = proc_libexec("joist-dns");
	char *argv[] = { program, (char *)c->root, (char *)c->mode, NULL };
	struct err e = { 0 };
	char *out = NULL;

	if (proc_run(argv, &out, &e) != 0)
		err_warn("names of network '%s' are not answered: %s", c->mode,
		         e.what[0] ? e.what
		         : out     ? out
		                   : "joist-dns failed");
	free(out);
	free(program);
}

static void
mac_of(uint32_t ip, uint8_t mac[6])
{
	const uint8_t all[6] = {
		0x02,        0x59, (uint8_t)(ip >> 24), (uint8_t)(ip >> 16), (uint8_t)(ip >> 8),
		(uint8_t)ip,
	};
	memcpy(mac, all, 6);
}

/* A container's end is one of a pair, and is configured by us. */
static int
plug_veth(const struct place *p, pid_t pid, struct err *e)
{
	uint8_t mac[6];

	mac_of(p->ip, mac);
	if (rtnl_veth(p->veth, p->bridge, "eth0", pid, mac, e) < 0 || rtnl_up(p->veth, e) < 0)
		return -1;
	return configure_inside(p, pid, e);
}

/* A computer's is a device of ours, and it asks for its address itself. */
static int
plug_tap(const struct place *p, struct net_tap *t, struct err *e)
{
	struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };

	t->fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	memcpy(r.ifr_name, p->veth, sizeof p->veth);
	if (t->fd < 0 || ioctl(t->fd, TUNSETIFF, &r) < 0) {
		fail(e, errno, "cannot make the network device '%s': %s", p->veth, strerror(errno));
		goto undo;
	}
	if (rtnl_master(p->veth, p->bridge, e) < 0 || rtnl_up(p->veth, e) < 0)
		goto undo;
	mac_of(p->ip, t->mac);
	t->ip = p->ip;
	t->gateway = p->gateway;
	t->mask = ~(UINT32_MAX >> PREFIX);
	return 0;
undo:
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
	return -1;
}

/* `t` for a computer, else the container's pid. */
static int
join(struct net *n, pid_t pid, struct net_tap *t, struct err *e)
{
	const struct net_config *c = n->config;
	struct place *p = n->own;
	struct lease_book b;

	/* The lock of the books keeps all who change the host's side apart. */
	if (lease_open(&b, c->root, c->mode, true, e) < 0)
		return -1;
	rtnl_delete(p->veth, NULL);
	int rc = host_side(p, e);
	if (rc == 0)
		rc = t ? plug_tap(p, t, e) : plug_veth(p, pid, e);
	if (rc == 0)
		rc = nft_apply(c->root, e);
	if (rc == 0)
		name_server(c);
	else if (t && t->fd >= 0) {
		close(t->fd);
		t->fd = -1;
	}
	lease_close(&b);
	return rc;
}

static int
start(struct net *n, pid_t pid, struct err *e)
{
	return join(n, pid, NULL, e);
}

static int
tap(struct net *n, struct net_tap *t, struct err *e)
{
	t->fd = -1;
	return join(n, 0, t, e);
}

/* -- the end ----------------------------------------------------------------------------------- */

static void
leave(const char *root, const char *network, const char *machine)
{
	struct lease_book b;
	char veth[16];

	veth_name(root, machine, veth);
	rtnl_delete(veth, NULL);
	if (lease_open(&b, root, network, false, NULL) < 0)
		return;
	lease_give_back(&b, machine);
	lease_save(&b, NULL);
	nft_apply(root, NULL);
	if (lease_count(&b) == 0)
		rtnl_delete(lease_bridge(&b), NULL);
	lease_close(&b);
}

static void
stop(struct net *n)
{
	if (n->own)
		leave(n->config->root, n->config->mode, n->config->machine);
	free(n->own);
}

static void
recover(const char *root, const char *machine)
{
	char **networks = lease_networks_of(root, machine);

	for (size_t i = 0; networks[i]; i++) {
		leave(root, networks[i], machine);
		free(networks[i]);
	}
	free(networks);
}

/* -- looking ------------------------------------------------------------------------------------- */

static void
dotted(uint32_t ip, char text[16])
{
	snprintf(text, 16, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
}

static void
files(const struct net *n, struct str *hosts, struct str *resolv)
{
	const struct place *p = n->own;
	const struct net_config *c = n->config;
	char ip[16], gateway[16];

	dotted(p->ip, ip);
	dotted(p->gateway, gateway);
	str_printf(hosts, "%s\t%s", ip, c->hostname);
	if (strcmp(c->hostname, c->machine) != 0)
		str_printf(hosts, " %s", c->machine);
	str_addc(hosts, '\n');
	str_printf(resolv, "nameserver %s\n", gateway);
}

static void
gateway_of(const struct net *n, char text[16])
{
	dotted(((const struct place *)n->own)->gateway, text);
}

static void
inspect(const struct net *n, json_t *o)
{
	const struct place *p = n->own;
	char ip[16], gateway[16];

	dotted(p->ip, ip);
	dotted(p->gateway, gateway);
	json_object_set_new(o, "ip", json_string(ip));
	json_object_set_new(o, "prefix", json_integer(PREFIX));
	json_object_set_new(o, "gateway", json_string(gateway));
	json_object_set_new(o, "mac",
	                    json_sprintf("02:59:%02x:%02x:%02x:%02x", p->ip >> 24,
	                                 p->ip >> 16 & 255, p->ip >> 8 & 255, p->ip & 255));
	json_object_set_new(o, "bridge", json_string(p->bridge));
}

const struct netmode bridge_mode = {
	.reserve = reserve,
	.start = start,
	.tap = tap,
	.stop = stop,
	.files = files,
	.inspect = inspect,
	.recover = recover,
	.gateway = gateway_of,
};
