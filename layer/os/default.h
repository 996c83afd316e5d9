/* default.h -- from what the user asked for to a whole OCI configuration.
 *
 * The defaults are those that users of container tools expect: namespaces,
 * mounts, fourteen capabilities, masked paths, devices.  Two differ, because
 * authority is given and not taken: no network unless asked for, and a seccomp
 * profile that cannot be forgotten (annotation dev.joist.seccomp).
 */
#ifndef LAYER_OS_DEFAULT_H
#define LAYER_OS_DEFAULT_H

#include <jansson.h>

#include "base/err.h"

/* As layer.complete (core/layer.h). */
int default_complete(json_t *config, const json_t *request, struct err *e);

#endif
