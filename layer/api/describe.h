/* describe.h -- what a Windows program needs, and what of that is not done: `joist inspect`.
 *
 * Reads and checks, never runs.
 */
#ifndef LAYER_API_DESCRIBE_H
#define LAYER_API_DESCRIBE_H

#include <jansson.h>

#include "core/artifact.h"

json_t *describe_program(const struct artifact *a, struct err *e);

#endif
