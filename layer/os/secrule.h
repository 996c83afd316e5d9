/* secrule.h -- seccomp profiles of one's own as libseccomp's rules: the part of
 * filter.c that runs only when a program is not in the cache. */
#ifndef LAYER_OS_SECRULE_H
#define LAYER_OS_SECRULE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

/* A filter context (opaque, the caller's) of a profile. */
void *secrule_own(const json_t *profile, struct err *e);
int secrule_export(void *context, int fd);
void secrule_free(void *context);       /* NULL is allowed */

/* What the same profile is compiled differently by: a part of the cache's key.
 * The caller's. */
char *secrule_version(void);

bool secrule_notifies(const json_t *profile);

#endif
