/* layers.h -- the floors of this build, in the order in which they are asked
 * about an artifact. */
#ifndef ALL_LAYERS_H
#define ALL_LAYERS_H

#include "core/layer.h"

extern const struct layer *const layers_all[];

#endif
