/* rsablob.h -- RSA keys as CryptoAPI's blobs have them, without the BLOBHEADER: the lowest byte first.
 *
 * Learn: "RSA/Schannel Key BLOBs".  What follows from p and q is worked out again when one is read.
 */
#ifndef LAYER_API_NT_CRYPTO_RSABLOB_H
#define LAYER_API_NT_CRYPTO_RSABLOB_H

#include "layer/api/nt/crypto/keypair.h"

/* k is empty before, and when the answer is false. */
bool rsablob_read(struct keypair *k, struct x509_span in, bool private);
void rsablob_put(const struct keypair *k, bool private, struct der *d);
/* The other way round, in place. */
void rsablob_turn(uint8_t *p, size_t n);

#endif
