/* passt.h -- a network without rights: passt(1) as the other end of a card's stream.
 *
 * passt speaks frames with a length before each (virtio_net.h, `local`), gives the
 * guest the host's addresses by DHCP, and opens its connections as ordinary sockets.
 */
#ifndef LAYER_HAL_DEV_PASST_H
#define LAYER_HAL_DEV_PASST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "net/net.h"

/* The longest packet that it takes: there is no wire behind it that wants shorter ones. */
enum { PASST_MTU = 65520 };

/* Start it, and come back when it answers for the card whose address is `mac`, or with what
 * it said.  *fd (the caller's) is the card's end: when it is closed passt goes.  Returns its
 * pid, to be waited for. */
pid_t
passt_start(const struct net_port *ports, size_t n, const uint8_t mac[6], int *fd, struct err *e);

#endif
