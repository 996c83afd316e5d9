/* curve.h -- elliptic curves of NIST: P-256, P-384, P-521; ECDSA and Diffie-Hellman.
 *
 * Nettle's arithmetic behind bytes, most significant first, of the curve's size each.  FIPS 186-4,
 * SP 800-56A.  A point from outside is on the curve, or it is refused.
 */
#ifndef LAYER_API_NT_CRYPTO_CURVE_H
#define LAYER_API_NT_CRYPTO_CURVE_H

#include <nettle/ecc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum curve_kind { CURVE_P256, CURVE_P384, CURVE_P521, CURVE_KINDS };
enum { CURVE_MOST = 66 };

struct curve_key {
	enum curve_kind kind;
	bool private;
	struct ecc_point point;
	struct ecc_scalar scalar;
};

size_t curve_size(enum curve_kind k);           /* bytes of a coordinate */
unsigned curve_bits(enum curve_kind k);
void curve_init(struct curve_key *c, enum curve_kind k);
void curve_clear(struct curve_key *c);
void curve_generate(struct curve_key *c);
/* d NULL: only the public half.  x and y NULL: the point of d.  false: they are no key. */
bool curve_set(struct curve_key *c, const uint8_t *x, const uint8_t *y, const uint8_t *d);
void curve_get(const struct curve_key *c, uint8_t *x, uint8_t *y, uint8_t *d);  /* each may be NULL */
/* A signature is r and s. */
bool curve_sign(const struct curve_key *c, const uint8_t *hash, size_t n, uint8_t *out);
bool curve_verify(const struct curve_key *c, const uint8_t *hash, size_t n, const uint8_t *signature);
/* The x of what two keys have in common. */
bool curve_agree(const struct curve_key *own, const struct curve_key *other, uint8_t *out);

#endif
