/* SPDX-License-Identifier: Apache-2.0 */
#include "core/layer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct layer *const *layers;

void
layer_list(const struct layer *const *list)
{
	layers = list;
}

const struct layer *
layer_at(size_t i)
{
	for (size_t k = 0; layers && layers[k]; k++)
		if (k == i)
			return layers[k];
	return NULL;
}

const struct layer *
layer_find(const char *name)
{
	for (size_t i = 0; layers && layers[i]; i++)
		if (strcmp(layers[i]->name, name) == 0)
			return layers[i];
	return NULL;
}

int
layer_again(const struct layer *const *list, int argc, char **argv)
{
	int status = -1;

	if (argc < 1 || strcmp(argv[0], LAYER_AGAIN) != 0)
		return -1;
	for (; *list && status < 0; list++)
		if ((*list)->again)
			status = (*list)->again(argc, argv);
	return status;
}

int
layer_debugs(const struct layer *l, struct err *e)
{
	char can[64] = "";
	const struct layer *x;

	if (l->debug)
		return 0;
	for (size_t i = 0, n = 0; (x = layer_at(i)); i++)
		if (x->debug && n < sizeof can)
			n += (size_t)snprintf(can + n, sizeof can - n, "%s%s", n ? ", " : "",
			                      x->name);
	fail(e, ENOSYS, "a machine of the floor '%s' has no debugger", l->name);
	return err_hint(e, "floors that have one: %s", *can ? can : "none");
}
