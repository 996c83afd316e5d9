/* describe.h -- what is in a module, as JSON for `joist inspect`. */
#ifndef LAYER_LANG_DESCRIBE_H
#define LAYER_LANG_DESCRIBE_H

#include <jansson.h>

#include "base/err.h"

struct artifact;

/* Reads and validates; NULL with e filled when it is not valid. */
json_t *describe_program(const struct artifact *a, struct err *e);

#endif
