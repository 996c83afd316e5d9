/* netglue.h -- between a container and its network (net.h): reads what the
 * spec's annotations say, and makes the files in /etc that go with it. */
#ifndef LAYER_OS_NETGLUE_H
#define LAYER_OS_NETGLUE_H

#include <jansson.h>

#include "base/err.h"
#include "core/layer.h"

struct guest;

int netglue_prepare(struct guest *g, struct err *e);    /* before the child: config, files */
int netglue_start(struct guest *g, struct err *e);      /* its namespaces exist */
void netglue_stop(struct guest *g);
void netglue_free(struct guest *g);
void netglue_stats(struct guest *g, json_t *stats);
json_t *netglue_inspect(struct guest *g);
void netglue_recover(const char *name, const struct home *h);

#endif
