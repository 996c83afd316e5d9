/* serve.h -- the agent's door. */
#ifndef LIBEXEC_AGENT_SERVE_H
#define LIBEXEC_AGENT_SERVE_H

#include "base/err.h"

/* Listen on vsock, or on the Unix socket `path`, and serve all who come; returns only when
 * it cannot.  With `root` that folder becomes "/". */
int serve_forever(const char *root, const char *path, struct err *e);

#endif
