/* nft.h -- packet rules of all named networks of a store.
 *
 * One table per store, written anew as a whole in one transaction from what
 * the books of leases say: there is nothing to take out singly, and whatever a
 * killed monitor left is gone with the next change.
 */
#ifndef NET_NFT_H
#define NET_NFT_H

#include "base/err.h"

/* The books' lock must be held. */
int nft_apply(const char *root, struct err *e);

#endif
