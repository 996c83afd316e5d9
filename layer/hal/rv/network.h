/* network.h -- a computer's card, and what is behind it: passt, or a named network's bridge.
 *
 * A named network is the same one that containers join (net/net.h).  There the card's
 * address and the machine's are those that its lease has, and the guest hears of them
 * by DHCP; with passt the host's addresses are given on.
 */
#ifndef LAYER_HAL_RV_NETWORK_H
#define LAYER_HAL_RV_NETWORK_H

#include <jansson.h>

#include "base/err.h"
#include "core/layer.h"

struct guest;
struct network;

/* Put a card into the computer if it has a network. */
int network_add(struct guest *g, struct err *e);
/* When the board is gone. */
void network_leave(struct guest *g);

json_t *network_inspect(const struct guest *g);
/* What a killed monitor left of it. */
void network_recover(const char *name, const struct home *h);

#endif
