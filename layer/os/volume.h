/* volume.h -- the words for volumes on the command line, as OCI mounts. */
#ifndef LAYER_OS_VOLUME_H
#define LAYER_OS_VOLUME_H

#include <jansson.h>

#include "base/err.h"

/* -v, --mount and --tmpfs of a request, added to a list of mounts. */
int volume_add(json_t *mounts, const json_t *request, struct err *e);

#endif
