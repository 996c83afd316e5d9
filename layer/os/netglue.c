/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/netglue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/str.h"
#include "layer/os/guest.h"
#include "net/net.h"

static bool
has_mount(const struct spec *s, const char *dest)
{
	for (size_t i = 0; i < s->nmounts; i++)
		if (strcmp(s->mounts[i].dest, dest) == 0)
			return true;
	return false;
}

/* One file of ours in the machine's folder, shown inside as `dest`. */
static int
show(struct guest *g, const char *name, const char *dest, const char *text, struct err *e)
{
	static char *options[] = { "bind", NULL };

	if (has_mount(g->spec, dest))
		return 0;
	if (file_write(g->home.dir, name, text, strlen(text), 0644, false, e) < 0)
		return -1;
	g->extra[g->nextra++] =
	        (struct mount_spec){ .dest = dest,
		                     .type = "bind",
		                     .options = options,
		                     .source = arena_printf(g->spec->arena, "%s/%s",
		                                            g->home.dir_path, name) };
	return 0;
}

int
netglue_prepare(struct guest *g, struct err *e)
{
	const struct spec *s = g->spec;
	struct net_config *c = &g->net_config;
	struct str hosts = { 0 }, resolv = { 0 };
	char name[80];
	int rc;

	if (net_config_read(c, s, &g->home, e) < 0 || net_reserve(c, &g->net, e) < 0)
		return -1;
	/* A folder or a bundle keeps its own files unless it has a network, or
	 * something was said about names. */
	bool said = c->dns[0] || c->dns_search[0] || c->add_host[0];
	if (g->plain_env || (s->root && strcmp(c->mode, "none") == 0 && !said))
		return 0;
	net_files(c, g->net, &hosts, &resolv);
	snprintf(name, sizeof name, "%s\n", c->hostname);
	rc = show(g, "hosts", "/etc/hosts", str_text(&hosts), e);
	if (rc == 0)
		rc = show(g, "hostname", "/etc/hostname", name, e);
	if (rc == 0)
		rc = show(g, "resolv.conf", "/etc/resolv.conf", str_text(&resolv), e);
	str_free(&hosts);
	str_free(&resolv);
	return rc;
}

int
netglue_start(struct guest *g, struct err *e)
{
	return g->net ? net_start(g->net, g->pid, e) : 0;
}

void
netglue_stop(struct guest *g)
{
	if (g->net)
		net_stop(g->net);
	g->net = NULL;
}

void
netglue_free(struct guest *g)
{
	netglue_stop(g);
	free(g->net_config.ports);
}

void
netglue_stats(struct guest *g, json_t *stats)
{
	json_t *o =
	        g->pid > 0 && !g->ended && g->spec->ns[NS_NETWORK].fresh ? net_stats(g->pid) : NULL;

	if (o)
		json_object_set_new(stats, "network", o);
}

json_t *
netglue_inspect(struct guest *g)
{
	return net_inspect(&g->net_config, g->net);
}

void
netglue_recover(const char *name, const struct home *h)
{
	net_recover(h->root_path, name);
}
