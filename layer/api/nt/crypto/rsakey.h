/* rsakey.h -- RSA: keys, signatures, encryption.
 *
 * Nettle's arithmetic behind bytes, most significant first, as blobs have them.  RFC 8017.  What is
 * given from outside is checked before any of it is computed with.
 */
#ifndef LAYER_API_NT_CRYPTO_RSAKEY_H
#define LAYER_API_NT_CRYPTO_RSAKEY_H

#include <nettle/rsa.h>
#include <stdbool.h>

#include "layer/api/nt/crypto/digest.h"

enum { RSAKEY_LEAST = 512, RSAKEY_MOST = 16384 };

struct rsakey {
	struct rsa_public_key pub;
	struct rsa_private_key priv;
	bool private;
};

enum rsakey_part { RSAKEY_E, RSAKEY_N, RSAKEY_P, RSAKEY_Q, RSAKEY_DP, RSAKEY_DQ, RSAKEY_QINV, RSAKEY_D };
enum rsakey_scheme { RSAKEY_RAW, RSAKEY_PKCS1, RSAKEY_OAEP, RSAKEY_PSS };

/* hash DIGEST_KINDS: PKCS #1 without a name of the hash. */
struct rsakey_padding {
	enum rsakey_scheme scheme;
	enum digest_kind hash;
	size_t salt;            /* of PSS */
	const uint8_t *label;   /* of OAEP */
	size_t label_size;
};

struct rsakey_bytes {
	const uint8_t *p;
	size_t n;
};

void rsakey_init(struct rsakey *k);
void rsakey_clear(struct rsakey *k);
bool rsakey_generate(struct rsakey *k, unsigned bits);
/* p and q empty: only the public half.  false: they are no key. */
bool rsakey_set(struct rsakey *k, struct rsakey_bytes e, struct rsakey_bytes n, struct rsakey_bytes p,
                struct rsakey_bytes q);
unsigned rsakey_bits(const struct rsakey *k);
size_t rsakey_size(const struct rsakey *k);             /* of the modulus, in bytes */
size_t rsakey_part_size(const struct rsakey *k, enum rsakey_part which);
void rsakey_put(const struct rsakey *k, enum rsakey_part which, uint8_t *out, size_t n);

/* Signatures have the size of the modulus. */
bool rsakey_sign(const struct rsakey *k, const struct rsakey_padding *p, const uint8_t *hash, size_t n,
                 uint8_t *out);
bool rsakey_verify(const struct rsakey *k, const struct rsakey_padding *p, const uint8_t *hash, size_t n,
                   const uint8_t *signature, size_t m);
/* out has the size of the modulus, also where less comes out. */
bool rsakey_encrypt(const struct rsakey *k, const struct rsakey_padding *p, const uint8_t *in, size_t n,
                    uint8_t *out);
bool rsakey_decrypt(const struct rsakey *k, const struct rsakey_padding *p, const uint8_t *in, size_t n,
                    uint8_t *out, size_t *size);

#endif
