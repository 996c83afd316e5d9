/* SPDX-License-Identifier: Apache-2.0 */
#include "base/vec.h"

#include <stdlib.h>

#include "base/arena.h"

static void
room(struct vec *v)
{
	if (v->n + 1 < v->cap)
		return;
	v->cap = v->cap ? v->cap * 2 : 8;
	v->p = xrealloc(v->p, v->cap * sizeof *v->p);
}

void
vec_push(struct vec *v, void *item)
{
	room(v);
	v->p[v->n++] = item;
	v->p[v->n] = NULL;
}

char **
vec_argv(struct vec *v)
{
	room(v);
	v->p[v->n] = NULL;
	return (char **)v->p;
}

void
vec_free(struct vec *v)
{
	free(v->p);
	*v = (struct vec){ 0 };
}
