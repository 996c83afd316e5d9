/* inspect.h -- the harts as JSON, for people: registers by their names, page tables. */
#ifndef LAYER_HAL_RV_INSPECT_H
#define LAYER_HAL_RV_INSPECT_H

#include <jansson.h>

#include "layer/hal/rv/rv.h"

/* A list.  The harts may run: each says what it is between two instructions of its own
 * and goes on, so that no two are of quite the same moment. */
json_t *inspect_harts(struct rv *r);

#endif
