/* virtio_net.h -- a network card (VIRTIO 1.2, 5.1).
 *
 * Frames go to and come from a descriptor: a stream socket on which the length
 * stands before each in four bytes, most significant first (passt, QEMU's -netdev
 * stream), or a TAP device whose frames have a virtio header (IFF_VNET_HDR).
 * Checksums that the guest leaves to the card are made here for a stream and left
 * to the kernel for a TAP device.  When the peer goes away the link is down.
 *
 * A TAP device may come with a lease: what the guest asks of DHCP is then answered
 * here, and nobody else on the network hears of it.
 */
#ifndef LAYER_HAL_DEV_VIRTIO_NET_H
#define LAYER_HAL_DEV_VIRTIO_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "layer/hal/dev/dhcp.h"
#include "layer/hal/dev/virtio.h"

struct virtio_net_options {
	int fd; /* own from then on; made non-blocking */
	bool tap;
	uint8_t mac[6];
	/* A stream whose peer is the end of all connections (passt): it takes frames of
	 * 64 KiB whatever the MTU is, and what it sends needs no check. */
	bool local;
	uint16_t mtu;                   /* what the guest is told that it is, or 0 */
	const struct dhcp_lease *lease; /* of a TAP device; copied; or NULL */
};

/* On failure the descriptor is closed too. */
struct virtio *virtio_net_new(struct board *b, const char *name, const struct virtio_net_options *o,
                              struct err *e);

#endif
