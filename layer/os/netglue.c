/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/netglue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/str.h"
#include "base/vec.h"
#include "layer/os/guest.h"
#include "layer/os/net.h"

/* A list that the command line gave, kept as JSON in an annotation. */
static char **
texts(struct guest *g, const char *key)
{
	const char *text = spec_note(g->spec, key, NULL);
	json_t *list = text ? json_loads(text, 0, NULL) : NULL, *v;
	struct vec out = { 0 };
	size_t i;

	json_array_foreach(list, i, v)
		if (json_is_string(v))
			vec_push(&out, arena_dup(g->spec->arena, json_string_value(v)));
	json_decref(list);
	char **argv = vec_argv(&out);
	char **kept = arena_array(g->spec->arena, out.n + 1, sizeof *kept);
	memcpy(kept, argv, out.n * sizeof *kept);
	vec_free(&out);
	return kept;
}

static int
ports(struct guest *g, struct net_config *c, struct err *e)
{
	char **words = texts(g, "net.publish");

	for (; *words; words++)
		if (net_parse_port(*words, &c->ports, &c->nports, e) < 0)
			return -1;
	return 0;
}

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

	c->mode = spec_note(s, "net", "none");
	c->machine = g->home.name;
	c->hostname = s->hostname ? s->hostname : g->home.name;
	c->ip = spec_note(s, "net.ip", NULL);
	c->root = g->home.root_path;
	c->rootless = g->home.rootless;
	c->dns = texts(g, "net.dns");
	c->dns_search = texts(g, "net.dns_search");
	c->add_host = texts(g, "net.add_host");
	c->aliases = texts(g, "net.net_alias");
	if (ports(g, c, e) < 0 || net_reserve(c, &g->net, e) < 0)
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
