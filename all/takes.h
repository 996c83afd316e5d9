/* takes.h -- which of a request's keys a floor has a use for.
 *
 * What it has none for is refused: a limit that nobody keeps, or a port that nobody forwards,
 * must not look as if it were there.
 */
#ifndef ALL_TAKES_H
#define ALL_TAKES_H

#include <jansson.h>

#include "base/err.h"

struct layer;

int takes_check(const struct layer *l, const json_t *request, struct err *e);

#endif
