/* needs.h -- what a Windows program needs, and what of that is not done: `joist inspect`.
 *
 * Reads and checks, never runs.
 */
#ifndef LAYER_API_NEEDS_H
#define LAYER_API_NEEDS_H

#include <jansson.h>

#include "core/artifact.h"

json_t *needs_describe(const struct artifact *a, struct err *e);

#endif
