/* stats.h -- how the guest is, as its kernel tells it (proc(5)). */
#ifndef LIBEXEC_AGENT_STATS_H
#define LIBEXEC_AGENT_STATS_H

#include "base/str.h"

/* One JSON object: {"memory": {"total", "used"}, "processes", "load", "uptime"}; bytes and
 * seconds. */
void stats_write(struct str *out);

#endif
