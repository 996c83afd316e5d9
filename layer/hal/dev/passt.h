/* passt.h -- a network without rights: passt(1) as the other end of a card's stream.
 *
 * passt speaks frames with a length before each (virtio_net.h, `local`), gives the
 * guest the host's addresses by DHCP, and opens its connections as ordinary sockets.
 */
#ifndef LAYER_HAL_DEV_PASST_H
#define LAYER_HAL_DEV_PASST_H

#include <sys/types.h>

#include "base/err.h"

/* Start it; *fd (the caller's) is the card's end: when it is closed passt goes.  publish is
 * a NULL-terminated list of [ADDRESS:]HOST:GUEST[/udp].  Returns its pid, to be waited for. */
pid_t passt_start(char *const publish[], int *fd, struct err *e);

#endif
