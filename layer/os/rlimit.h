/* rlimit.h -- resource limits of a process, config.md#posix-process.
 *
 * Parsed in the monitor, applied in the child.  A hard limit that we have no
 * right to raise costs a warning, not the run.
 */
#ifndef LAYER_OS_RLIMIT_H
#define LAYER_OS_RLIMIT_H

#include <jansson.h>

#include "base/err.h"

struct rlimits;

int rlimits_parse(const json_t *list, struct rlimits **r, struct err *e);
int rlimits_apply(const struct rlimits *r, struct err *e);
void rlimits_free(struct rlimits *r);

#endif
