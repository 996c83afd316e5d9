/* agent.h -- programs inside the guest, by way of the agent that runs there.
 *
 * The guest's joist-agent (libexec/agent) listens on vsock; for each program that
 * is asked for, `joist-agent call` carries its bytes between there and the user's
 * descriptors.  The monitor is in nobody's way, and whoever kills the carrier ends
 * the program.
 */
#ifndef LAYER_HAL_RV_AGENT_H
#define LAYER_HAL_RV_AGENT_H

#include <jansson.h>

#include "layer/hal/rv/computer.h"

/* The socket in the machine's folder. */
#define AGENT_SOCKET "vsock"

/* The layer's exec, reap and cancel (core/layer.h). */
int
agent_exec(struct guest *g, const struct process *p, const int fd[3], int *console, struct err *e);
int agent_reap(struct guest *g, int fd);
void agent_cancel(struct guest *g, int fd);

/* What the guest says of itself (libexec/agent/stats.h), or NULL when it does not say it
 * soon. */
json_t *agent_stats(struct guest *g);

/* Let the guest's clock be right after a rest, and its /dev/console as large as the terminal,
 * as soon as its agent is there (core/layer.h: settle). */
void agent_settle(struct guest *g);

void agent_free(struct guest *g);

#endif
