/* secrule.h -- seccomp profiles as libseccomp's rules: the part of filter.c
 * that runs only when a program is not in the cache. */
#ifndef LAYER_OS_SECRULE_H
#define LAYER_OS_SECRULE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* A filter context (opaque, the caller's) of the default or of one's own profile. */
void *secrule_usual(uint64_t caps, struct err *e);
void *secrule_own(const json_t *profile, struct err *e);
int secrule_export(void *context, int fd);
void secrule_free(void *context);       /* NULL is allowed */

/* What the default profile is made from, as text: the key of the cache. */
char *secrule_usual_text(uint64_t caps);

bool secrule_notifies(const json_t *profile);

#endif
