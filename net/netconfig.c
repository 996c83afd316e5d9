/* SPDX-License-Identifier: Apache-2.0 */
/* netconfig.c -- what a machine's annotations say of its network (net.h). */
#include <string.h>

#include "base/arena.h"
#include "base/vec.h"
#include "core/layer.h"
#include "core/spec.h"
#include "net/net.h"

/* A list that the command line gave, kept as JSON in an annotation. */
static char **
texts(const struct spec *s, const char *key)
{
	const char *text = spec_note(s, key, NULL);
	json_t *list = text ? json_loads(text, 0, NULL) : NULL, *v;
	struct vec out = { 0 };
	size_t i;

	json_array_foreach(list, i, v)
		if (json_is_string(v))
			vec_push(&out, arena_dup(s->arena, json_string_value(v)));
	json_decref(list);
	char **argv = vec_argv(&out);
	char **kept = arena_array(s->arena, out.n + 1, sizeof *kept);
	memcpy(kept, argv, out.n * sizeof *kept);
	vec_free(&out);
	return kept;
}

int
net_config_read(struct net_config *c, const struct spec *s, const struct home *h, struct err *e)
{
	c->mode = spec_note(s, "net", "none");
	c->machine = h->name;
	c->hostname = s->hostname ? s->hostname : h->name;
	c->ip = spec_note(s, "net.ip", NULL);
	c->root = h->root_path;
	c->rootless = h->rootless;
	c->dns = texts(s, "net.dns");
	c->dns_search = texts(s, "net.dns_search");
	c->add_host = texts(s, "net.add_host");
	c->aliases = texts(s, "net.net_alias");
	for (char **word = texts(s, "net.publish"); *word; word++)
		if (net_parse_port(*word, &c->ports, &c->nports, e) < 0)
			return -1;
	return 0;
}
