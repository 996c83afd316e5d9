/* SPDX-License-Identifier: Apache-2.0 */
#include "core/layer.h"

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
