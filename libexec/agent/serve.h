/* serve.h -- the agent's door. */
#ifndef LIBEXEC_AGENT_SERVE_H
#define LIBEXEC_AGENT_SERVE_H

#include <stdbool.h>

#include "base/err.h"

/* Listen on vsock, or on the Unix socket `path`, and serve all who come; returns only when
 * it cannot.  With `root` that folder becomes "/".  Detached, the calling process ends with
 * status 0 as soon as whoever comes is answered, by another one. */
int serve_forever(const char *root, const char *path, bool detached, struct err *e);

#endif
