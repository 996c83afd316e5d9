/* vec.h -- a list of pointers that grows.
 *
 * The list is always terminated by a NULL that is not counted, so that a
 * vector of strings is an argv.  A zeroed struct vec is empty.
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stddef.h>

struct vec {
	void **p;       /* own; NULL while empty */
	size_t n, cap;
};

void   vec_push(struct vec *v, void *item);
char **vec_argv(struct vec *v);         /* never NULL */
void   vec_free(struct vec *v);         /* the list, not the items */

#endif
