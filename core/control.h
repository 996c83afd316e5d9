/* control.h -- the messages that a monitor understands.
 *
 * A connection to a machine's control socket carries frames (base/channel.h).
 * The first frame of a connection is a JSON request, {"do": VERB, ...}; the answer is a JSON frame
 * {"ok": true, ...} or {"error": WHAT, "hint": .., "code": .., "status": ..}.
 *
 *   state {inspect}             what top wants to know; inspect: and what is in the guest
 *   stop {time, signal}         answered when the machine has ended
 *   kill {signal}
 *   pause, resume
 *   snapshot {label}            answered when it is written
 *   debug {socket, port, wait}  {"target": WHERE} that a debugger can connect to
 *   exec {process} + 3 fds      a terminal's master side comes with the answer;
 *                               a second frame {"exit": N} at its end
 *   attach {stdin}              then FRAME_OUT and FRAME_ERR from the monitor,
 *                               FRAME_IN and FRAME_SIZE to it; {"exit": N} last
 *   picture                     {width, height} of its screen, and a descriptor of a file
 *                               of that many pixels (core/layer.h)
 *   wait                        {"exit": N} when the machine has ended
 */
#ifndef CORE_CONTROL_H
#define CORE_CONTROL_H

#include <jansson.h>
#include <stdbool.h>

#include "base/channel.h"
#include "base/err.h"

struct machine;

/* -- the client's side ------------------------------------------------------ */

/* Connect to a machine's monitor; ESRCH with a sentence when it has none. */
int control_connect(struct machine *m, struct err *e);

/* Send a request and wait for the answer (own), whose error becomes *e.
 * fd[0..*nfd) go along and come back as those of the answer. */
json_t *control_ask(int sock, struct channel *c, const json_t *request, const int *fds, size_t nfd,
                    struct err *e);

/* Wait for the next JSON frame. */
json_t *control_answer(int sock, struct channel *c, struct err *e);

/* -- the monitor's side ------------------------------------------------------ */

int control_listen(struct machine *m, struct err *e);   /* a listening socket */
bool control_may(int sock);             /* is the peer our user, or root? */
json_t *control_error(const struct err *e);

#endif
