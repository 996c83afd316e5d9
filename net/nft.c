/* SPDX-License-Identifier: Apache-2.0 */
#include "net/nft.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/str.h"

struct rules {
	struct str prerouting, postrouting, forward, input;
	size_t networks;
};

/* A port on the host's own addresses goes to the machine. */
static void
port(struct rules *r, const char *ip, const json_t *p)
{
	const char *host = json_str(p, "hostIp", "");

	/* Only IPv4 addresses that inet_pton knew come here (bridge.c). */
	if (*host && strcmp(host, "0.0.0.0") != 0)
		str_printf(&r->prerouting, "\t\tip daddr %s ", host);
	else
		str_add(&r->prerouting, "\t\tfib daddr type local ");
	str_printf(&r->prerouting, "%s dport %lld dnat ip to %s:%lld\n",
	           strcmp(json_str(p, "proto", "tcp"), "udp") == 0 ? "udp" : "tcp",
	           (long long)json_int(p, "host", 0), ip, (long long)json_int(p, "guest", 0));
}

static void
network(struct rules *r, const json_t *book)
{
	const char *bridge = json_str(book, "bridge", ""), *subnet = json_str(book, "subnet", "");
	const json_t *leases = json_object_get(book, "leases");
	const char *machine;
	json_t *lease, *p;
	size_t i;

	if (json_object_size(leases) == 0 || !*bridge || !*subnet)
		return;
	r->networks++;
	json_object_foreach((json_t *)leases, machine, lease)
		json_array_foreach(json_object_get(lease, "ports"), i, p)
			port(r, json_str(lease, "ip", "0.0.0.0"), p);
	/* Out: behind the host's address.  To itself by a published port, and
	 * from the host's loopback: answers must come back through the host. */
	str_printf(&r->postrouting, "\t\tip saddr %s ip daddr != %s masquerade\n", subnet, subnet);
	str_printf(&r->postrouting, "\t\tip saddr %s ip daddr %s ct status dnat masquerade\n",
	           subnet, subnet);
	str_printf(&r->postrouting, "\t\tip saddr 127.0.0.0/8 oifname \"%s\" masquerade\n", bridge);
	/* The network's name server is for its own machines. */
	str_printf(&r->input, "\t\tip daddr %s iifname != { \"lo\", \"%s\" } drop\n",
	           json_str(book, "gateway", subnet), bridge);
	/* In: answers and published ports; nothing else, from wherever. */
	str_printf(&r->forward, "\t\toifname \"%s\" ct state established,related accept\n", bridge);
	str_printf(&r->forward, "\t\toifname \"%s\" ct status dnat accept\n", bridge);
	str_printf(&r->forward, "\t\tiifname != \"%s\" oifname \"%s\" drop\n", bridge, bridge);
}

static int
collect(struct rules *r, const char *root, struct err *e)
{
	char *path = xprintf("%s/net", root);
	int dir = file_opendir(AT_FDCWD, path, e);
	DIR *d = dir < 0 ? NULL : fdopendir(dir);
	struct dirent *ent;

	free(path);
	while (d && (ent = readdir(d))) {
		if (!str_ends(ent->d_name, ".json"))
			continue;
		json_t *book = json_file(dirfd(d), ent->d_name, NULL);
		network(r, book);
		json_decref(book);
	}
	if (d)
		closedir(d);
	return d ? 0 : -1;
}

static int
run(const struct str *script, struct err *e)
{
	char *argv[] = { "nft", "-f", "-", NULL };
	int in[2];

	if (pipe2(in, O_CLOEXEC) < 0)
		return fail(e, errno, "cannot make a pipe: %s", strerror(errno));
	pid_t pid = proc_spawn(argv, NULL, (int[3]){ in[0], -1, -1 }, e);
	close(in[0]);
	if (pid < 0) {
		close(in[1]);
		fail(e, ENOENT, "named networks need the program nft");
		return err_hint(e, "install it: apt-get install nftables");
	}
	file_write_all(in[1], script->p, script->n);
	close(in[1]);
	if (proc_wait(pid) == 0)
		return 0;
	fail(e, EIO, "nft refused the network's rules");
	return err_hint(e, "does this kernel have nftables with NAT? Try: nft list ruleset");
}

int
nft_apply(const char *root, struct err *e)
{
	uint32_t hash = (uint32_t)str_hash(root, STR_HASH);
	struct rules r = { 0 };
	struct str s = { 0 };

	int rc = collect(&r, root, e);
	/* Made and deleted, so that deleting is right also when there is none. */
	str_printf(&s, "table inet joist_%08x\ndelete table inet joist_%08x\n", hash, hash);
	/* First of all: no packet from outside is for a loopback address.  On a
	 * bridge with route_localnet the kernel no longer refuses it, and with DNAT
	 * it would look too late. */
	if (r.networks > 0)
		str_printf(
		        &s,
		        "table inet joist_%08x {\n"
		        "\tchain guard {\n\t\ttype filter hook prerouting priority -300\n"
		        "\t\tiifname != \"lo\" ip daddr 127.0.0.0/8 drop\n\t}\n"
		        "\tchain input {\n\t\ttype filter hook input priority 0\n%s\t}\n"
		        "\tchain prerouting {\n\t\ttype nat hook prerouting priority -100\n%s\t}\n"
		        "\tchain output {\n\t\ttype nat hook output priority -100\n%s\t}\n"
		        "\tchain postrouting {\n\t\ttype nat hook postrouting priority 100\n%s\t}\n"
		        "\tchain forward {\n\t\ttype filter hook forward priority 0\n%s\t}\n}\n",
		        hash, str_text(&r.input), str_text(&r.prerouting), str_text(&r.prerouting),
		        str_text(&r.postrouting), str_text(&r.forward));
	if (rc == 0)
		rc = run(&s, e);
	str_free(&r.prerouting);
	str_free(&r.postrouting);
	str_free(&r.forward);
	str_free(&r.input);
	str_free(&s);
	return rc;
}
