/* keypair.h -- a public key, with its private half or without: of RSA or of a curve; and as DER.
 *
 * RFC 5280 4.1.2.7 (public keys), RFC 5208 and 5958 (PKCS #8), RFC 8017 A.1 and RFC 5915 (what is inside).
 * What is read is a key that can be computed with, or it is refused.
 */
#ifndef LAYER_API_NT_CRYPTO_KEYPAIR_H
#define LAYER_API_NT_CRYPTO_KEYPAIR_H

#include "layer/api/nt/crypto/curve.h"
#include "layer/api/nt/crypto/der.h"
#include "layer/api/nt/crypto/rsakey.h"
#include "layer/api/nt/crypto/x509.h"

/* Zeroed it is empty. */
struct keypair {
	bool begun, rsa;        /* begun: there is something to clear */
	struct rsakey key;
	struct curve_key curve;
};

void keypair_begin_rsa(struct keypair *k);
void keypair_begin_curve(struct keypair *k, enum curve_kind c);
void keypair_clear(struct keypair *k);
bool keypair_private(const struct keypair *k);
bool keypair_copy(struct keypair *to, const struct keypair *from);       /* to is empty before; false: no memory */
bool keypair_same(const struct keypair *a, const struct keypair *b);    /* of the public halves */

/* k is empty before, and when the answer is false. */
bool keypair_read_public(struct keypair *k, struct x509_span info);             /* SubjectPublicKeyInfo */
bool keypair_read_rsa_public(struct keypair *k, struct x509_span in);           /* RSAPublicKey */
bool keypair_read_pkcs8(struct keypair *k, struct x509_span in);
bool keypair_read_rsa_private(struct keypair *k, struct x509_span in);          /* RSAPrivateKey */

void keypair_put_public(const struct keypair *k, struct der *d);
void keypair_put_rsa_public(const struct keypair *k, struct der *d);
void keypair_put_pkcs8(const struct keypair *k, struct der *d);
void keypair_put_rsa_private(const struct keypair *k, struct der *d);

/* A curve by its OID as text; CURVE_KINDS: it is not known. */
enum curve_kind keypair_curve(const char *oid);
const char *keypair_curve_oid(enum curve_kind c);

#endif
