/* SPDX-License-Identifier: Apache-2.0 */
#include "net/net.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "net/netmode.h"

/* -- ports ------------------------------------------------------------------- */

/* "80" or "8000-8010" */
static bool
range(const char *text, uint16_t *from, uint16_t *to)
{
	char *copy = xstrdup(text), *dash = strchr(copy, '-');
	uint64_t a = 0, b = 0;

	if (dash)
		*dash++ = '\0';
	bool ok = str_u64(copy, 65535, &a) && (dash ? str_u64(dash, 65535, &b) : (b = a, true)) &&
	          a <= b;
	*from = (uint16_t)a;
	*to = (uint16_t)b;
	free(copy);
	return ok;
}

/* [[IP:]HOST:]GUEST, from the right, because an IPv6 address has colons too;
 * it may stand in brackets. */
static bool
parts(char *text, char **ip, char **host, char **guest)
{
	char *colon = strrchr(text, ':');

	*ip = *host = NULL;
	*guest = text;
	if (!colon)
		return true;
	*guest = colon + 1;
	*colon = '\0';
	if (text[0] != '[' && !strchr(text, ':')) {
		*host = text;
		return true;
	}
	colon = strrchr(text, ':');
	if (!colon || (text[0] == '[' && strchr(text, ']') > colon))
		return false;
	*host = colon + 1;
	*colon = '\0';
	*ip = text;
	if (text[0] == '[') {
		char *end = strchr(text, ']');
		if (!end || end[1])
			return false;
		*end = '\0';
		*ip = text + 1;
	}
	return true;
}

static bool
is_address(const char *ip)
{
	unsigned char buf[16];
	return inet_pton(AF_INET, ip, buf) == 1 || inet_pton(AF_INET6, ip, buf) == 1;
}

int
net_parse_port(const char *text, struct net_port **ports, size_t *n, struct err *e)
{
	char *copy = xstrdup(text), *slash = strchr(copy, '/'), *ip, *host, *guest;
	const char *proto = "tcp";
	uint16_t g0, g1, h0 = 0, h1 = 0;

	if (slash) {
		*slash = '\0';
		proto = slash + 1;
	}
	bool ok = (strcmp(proto, "tcp") == 0 || strcmp(proto, "udp") == 0) &&
	          parts(copy, &ip, &host, &guest) && range(guest, &g0, &g1) && g0 > 0 &&
	          (!ip || is_address(ip)) && (!host || !*host || range(host, &h0, &h1)) &&
	          (h0 == 0 || h1 - h0 == g1 - g0);
	for (unsigned k = 0; ok && g0 + k <= g1; k++) {
		*ports = xrealloc(*ports, (*n + 1) * sizeof **ports);
		struct net_port *p = &(*ports)[(*n)++];
		*p = (struct net_port){ .guest = (uint16_t)(g0 + k),
			                .host = (uint16_t)(h0 ? h0 + k : 0) };
		memcpy(p->proto, proto, 4);
		if (ip)
			snprintf(p->host_ip, sizeof p->host_ip, "%s", ip);
	}
	free(copy);
	if (ok)
		return 0;
	fail(e, EINVAL, "-p '%s' is no port to forward", text);
	return err_hint(e, "write it as HOST:GUEST, ADDRESS:HOST:GUEST, with ranges, with /udp");
}

int
net_port_free(struct net_port *p, struct err *e)
{
	struct sockaddr_storage all = { .ss_family = strchr(p->host_ip, ':') ? AF_INET6 : AF_INET };
	struct sockaddr_in *four = (struct sockaddr_in *)&all;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&all;
	bool udp = p->proto[0] == 'u';
	socklen_t n = all.ss_family == AF_INET ? sizeof *four : sizeof *six;
	void *address = all.ss_family == AF_INET ? (void *)&four->sin_addr : &six->sin6_addr;
	int sock = socket(all.ss_family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	int one = 1, rc;

	/* the port stands at the same place in both */
	four->sin_port = htons(p->host);
	if (p->host_ip[0])
		inet_pton(all.ss_family, p->host_ip, address);
	/* What is left of a connection that has ended is in nobody's way, which only
	 * listening tells from a server. */
	if (!udp)
		setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	rc = sock < 0 ? -1 : bind(sock, (struct sockaddr *)&all, n);
	if (rc == 0 && !udp)
		rc = listen(sock, 1);
	int why = errno;
	if (rc == 0 && p->host == 0 && getsockname(sock, (struct sockaddr *)&all, &n) == 0)
		p->host = ntohs(four->sin_port);
	if (sock >= 0)
		close(sock);
	if (rc == 0)
		return 0;
	fail(e, why, "port %u/%s cannot be published: %s", p->host, p->proto, strerror(why));
	return err_hint(e, why == EACCES ? "only root can publish ports under 1024"
	                                 : "see who has it: ss -ltnup; or choose another with "
	                                   "-p HOST:GUEST");
}

/* -- the modes ----------------------------------------------------------------- */

static const struct netmode *
mode_of(const char *name)
{
	if (strcmp(name, "none") == 0 || strcmp(name, "host") == 0)
		return NULL;
	return strcmp(name, "user") == 0 ? &netuser_mode : &bridge_mode;
}

int
net_reserve(const struct net_config *c, struct net **out, struct err *e)
{
	const struct netmode *m = mode_of(c->mode);

	*out = NULL;
	if (!m)
		return 0;
	struct net *n = xcalloc(1, sizeof *n);
	n->config = c;
	n->mode = m;
	if (m->reserve && m->reserve(n, e) < 0) {
		free(n);
		return -1;
	}
	*out = n;
	return 0;
}

int
net_start(struct net *n, pid_t pid, struct err *e)
{
	return n->mode->start ? n->mode->start(n, pid, e) : 0;
}

int
net_tap(struct net *n, struct net_tap *t, struct err *e)
{
	return n->mode->tap(n, t, e);
}

void
net_stop(struct net *n)
{
	if (n->mode->stop)
		n->mode->stop(n);
	free(n);
}

void
net_recover(const char *root, const char *machine)
{
	static const struct netmode *const modes[] = { &netuser_mode, &bridge_mode };

	for (size_t i = 0; i < 2; i++)
		if (modes[i]->recover)
			modes[i]->recover(root, machine);
}

/* -- files ---------------------------------------------------------------------- */

void
net_host_servers(struct str *resolv)
{
	/* systemd-resolved keeps the real servers in a file of its own. */
	static const char *const files[] = { "/run/systemd/resolve/resolv.conf",
		                             "/etc/resolv.conf" };
	char *text = NULL, *rest, *line;

	for (size_t i = 0; i < 2 && !text; i++)
		file_read_if(AT_FDCWD, files[i], 1 << 16, &text, NULL, NULL);
	rest = text;
	while (rest && (line = strsep(&rest, "\n"))) {
		if (strncmp(line, "nameserver", 10) == 0) {
			const char *ip = line + 10 + strspn(line + 10, " \t");
			if (strncmp(ip, "127.", 4) == 0 || strncmp(ip, "::1", 3) == 0)
				continue;
		}
		if (isalpha((unsigned char)*line))
			str_printf(resolv, "%s\n", line);
	}
	free(text);
}

void
net_files(const struct net_config *c, const struct net *n, struct str *hosts, struct str *resolv)
{
	bool alone = strcmp(c->mode, "none") == 0;

	str_add(hosts, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
	for (char **a = c->add_host; a && *a; a++) {
		const char *colon = strchr(*a, ':'), *ip = colon ? colon + 1 : "";
		char gateway[16] = "";
		if (strcmp(ip, "host-gateway") == 0) {
			if (n && n->mode->gateway)
				n->mode->gateway(n, gateway);
			ip = gateway;
		}
		if (*ip)
			str_printf(hosts, "%s\t%.*s\n", ip, (int)(colon - *a), *a);
	}
	/* Its own name, where no network gives it an address. */
	if (strcmp(c->mode, "none") == 0 || strcmp(c->mode, "user") == 0)
		str_printf(hosts, "127.0.1.1\t%s\n", c->hostname);
	if (n && n->mode->files)
		n->mode->files(n, hosts, resolv);
	else if (!alone)
		net_host_servers(resolv);
	if (c->dns && c->dns[0]) {
		str_cut(resolv, 0);
		for (char **d = c->dns; *d; d++)
			str_printf(resolv, "nameserver %s\n", *d);
	}
	if (c->dns_search && c->dns_search[0]) {
		str_add(resolv, "search");
		for (char **d = c->dns_search; *d; d++)
			str_printf(resolv, " %s", *d);
		str_addc(resolv, '\n');
	}
}

/* -- looking ---------------------------------------------------------------------- */

json_t *
net_inspect(const struct net_config *c, const struct net *n)
{
	json_t *ports = json_array();
	json_t *o = json_pack("{s:s, s:o}", "mode", c->mode, "ports", ports);

	for (size_t i = 0; i < c->nports; i++)
		json_array_append_new(ports,
		                      json_pack("{s:s, s:s, s:i, s:i}", "proto", c->ports[i].proto,
		                                "hostIp", c->ports[i].host_ip, "host",
		                                c->ports[i].host, "guest", c->ports[i].guest));
	if (n && n->mode->inspect)
		n->mode->inspect(n, o);
	return o;
}

json_t *
net_stats(pid_t pid)
{
	char path[40], *text, *rest, *line;
	long long in = 0, out = 0, inp = 0, outp = 0;

	snprintf(path, sizeof path, "/proc/%d/net/dev", (int)pid);
	if (file_read(AT_FDCWD, path, 1 << 20, &text, NULL, NULL) < 0)
		return NULL;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		char *colon = strchr(line, ':');
		long long v[10];
		if (!colon || strstr(line, " lo:"))
			continue;
		if (sscanf(colon + 1, "%lld %lld %lld %lld %lld %lld %lld %lld %lld %lld", &v[0],
		           &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &v[8], &v[9]) != 10)
			continue;
		in += v[0];
		inp += v[1];
		out += v[8];
		outp += v[9];
	}
	free(text);
	return json_pack("{s:I, s:I, s:I, s:I}", "rx_bytes", (json_int_t)in, "tx_bytes",
	                 (json_int_t)out, "rx_packets", (json_int_t)inp, "tx_packets",
	                 (json_int_t)outp);
}

void
net_loopback_up(void)
{
	struct ifreq r = { .ifr_flags = IFF_UP };
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(r.ifr_name, "lo", 3);
	if (sock < 0)
		return;
	ioctl(sock, SIOCSIFFLAGS, &r);
	close(sock);
}
