/* dhcp.h -- a DHCP server for one guest (RFC 2131, 2132), without a socket.
 *
 * It reads a frame that the guest sent and writes the one that answers it.  There is
 * one lease, which the machine's network allotted: whoever asks on this card is its
 * owner, and any other address is refused.  What the guest sends is hostile.
 */
#ifndef LAYER_HAL_DEV_DHCP_H
#define LAYER_HAL_DEV_DHCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DHCP_MOST = 590, DHCP_SERVERS = 3, DHCP_PEEK = 82 };

/* Numbers in host order. */
struct dhcp_lease {
	uint32_t ip, mask;
	uint32_t router; /* who answers, too */
	uint32_t dns[DHCP_SERVERS];
	unsigned ndns;
	char host[65];
	char search[129]; /* domains with spaces between them */
};

/* Is it to UDP port 67?  The first DHCP_PEEK bytes of a frame are enough. */
bool dhcp_asks(const uint8_t *frame, size_t n);

/* The answer to a whole frame for which dhcp_asks: its length, or 0 when there is none. */
size_t dhcp_answer(const struct dhcp_lease *l, const uint8_t *frame, size_t n,
                   uint8_t out[DHCP_MOST]);

#endif
