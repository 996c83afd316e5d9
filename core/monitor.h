/* monitor.h -- the one process that owns one running machine.
 *
 * There is no daemon.  A foreground run is its own monitor; a machine in the
 * background has one small process of its own.  It has two threads: this one
 * waits for events (the control socket, output, timers), the guest's thread is
 * inside the layer's enter() or waits to go back in.  The monitor holds the
 * machine's lock from before the guest exists until after it is gone.
 */
#ifndef CORE_MONITOR_H
#define CORE_MONITOR_H

#include <stdbool.h>

#include "base/err.h"

struct machine;

enum monitor_mode {
	MONITOR_DIRECT,         /* the guest gets our standard descriptors; no log */
	MONITOR_TEE,            /* its output goes to our descriptors and to the log */
	MONITOR_QUIET,          /* to the log (and to who attaches) only */
};

/* Run the machine until it ends and its restart policy lets it rest.  *status
 * is the exit status.  Returns -1 when the machine could not be run; *e and
 * the machine's state say why. */
int monitor_run(struct machine *m, enum monitor_mode mode, int *status, struct err *e);

/* Fork a monitor into the background and wait until the guest's first program
 * runs or cannot. */
int monitor_spawn(struct machine *m, struct err *e);

/* The same without waiting, with the caller attached before the first word is
 * written.  Returns the socket of the conversation (core/control.h, attach). */
int monitor_spawn_attached(struct machine *m, bool input, struct err *e);

#endif
