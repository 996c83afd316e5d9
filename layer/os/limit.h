/* limit.h -- the words for limits on the command line, as linux.resources. */
#ifndef LAYER_OS_LIMIT_H
#define LAYER_OS_LIMIT_H

#include <jansson.h>

#include "base/err.h"

/* -m, -c, --pids-limit and so on, added to linux.resources. */
int limit_add(json_t *resources, const json_t *request, struct err *e);

/* --ulimit, added to process.rlimits. */
int limit_rlimits(json_t *process, const json_t *request, struct err *e);

/* --device: nodes for linux.devices and rules for linux.resources.devices. */
int limit_devices(json_t *linux_part, json_t *resources, const json_t *request, struct err *e);

#endif
