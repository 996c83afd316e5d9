/* pbe.h -- encryption with a password: PKCS #5's second scheme (RFC 8018) and PKCS #12's (RFC 7292 B, C).
 *
 * Who wrote a file says how many rounds a password costs.  `rounds` is what the reader is willing to
 * spend on all of a file; what costs more is refused, so that nobody waits for ever.
 */
#ifndef LAYER_API_NT_CRYPTO_PBE_H
#define LAYER_API_NT_CRYPTO_PBE_H

#include "layer/api/nt/crypto/der.h"
#include "layer/api/nt/crypto/digest.h"
#include "layer/api/nt/crypto/x509.h"
#include "layer/api/nt/types.h"

enum { PBE_ROUNDS = 4000000, PBE_OWN_ROUNDS = 2000 };

struct pbe {
	const WCHAR *password;  /* lent; NULL: none at all, which is another key than an empty one */
	size_t n;
	uint32_t rounds;        /* that are left */
	uint32_t cost;          /* of what is written, in rounds; 0: PBE_OWN_ROUNDS */
};

enum pbe_scheme { PBE_NONE, PBE_SHA1_DES3, PBE_SHA1_RC2_40, PBE_SHA256_AES };

/* RFC 7292 B.2; id: 1 a key, 2 an initial vector, 3 a key for a MAC.  false: too many rounds. */
bool pbe_derive(struct pbe *p, enum digest_kind k, struct x509_span salt, uint32_t rounds, uint8_t id, uint8_t *out,
                size_t n);
/* algorithm: an AlgorithmIdentifier's contents; out is empty before and to be freed.  false: it is not
 * known, or the password is wrong. */
bool pbe_open(struct pbe *p, struct x509_span algorithm, struct x509_span in, struct der *out);
/* Writes the AlgorithmIdentifier, and an element of this tag with what it makes of n bytes. */
void pbe_seal(struct pbe *p, enum pbe_scheme s, uint8_t tag, const uint8_t *in, size_t n, struct der *d);
/* A small positive INTEGER. */
bool pbe_number(struct x509_span *from, uint32_t *out);

#endif
