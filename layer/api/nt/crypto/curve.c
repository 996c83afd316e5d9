/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/crypto/curve.h"

#include <nettle/bignum.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecdsa.h>

#include "layer/api/nt/host.h"

static void
chance(void *ctx, size_t n, uint8_t *out)
{
	(void)ctx;
	host_random(out, n);
}

unsigned
curve_bits(enum curve_kind k)
{
	return k == CURVE_P256 ? 256 : k == CURVE_P384 ? 384 : 521;
}

size_t
curve_size(enum curve_kind k)
{
	return (curve_bits(k) + 7) / 8;
}

void
curve_init(struct curve_key *c, enum curve_kind k)
{
	const struct ecc_curve *e = k == CURVE_P256   ? nettle_get_secp_256r1()
	                            : k == CURVE_P384 ? nettle_get_secp_384r1()
	                                              : nettle_get_secp_521r1();
	c->kind = k;
	c->private = false;
	ecc_point_init(&c->point, e);
	ecc_scalar_init(&c->scalar, e);
}

void
curve_clear(struct curve_key *c)
{
	ecc_point_clear(&c->point);
	ecc_scalar_clear(&c->scalar);
}

void
curve_generate(struct curve_key *c)
{
	ecdsa_generate_keypair(&c->point, &c->scalar, NULL, chance);
	c->private = true;
}

bool
curve_set(struct curve_key *c, const uint8_t *x, const uint8_t *y, const uint8_t *d)
{
	size_t n = curve_size(c->kind);
	mpz_t a, b;
	bool ok = true;
	mpz_inits(a, b, NULL);
	if (d) {
		nettle_mpz_set_str_256_u(a, n, d);
		ok = ecc_scalar_set(&c->scalar, a);
		if (ok)
			ecc_point_mul_g(&c->point, &c->scalar);
	}
	if (ok && x && y) {
		mpz_t px, py;
		mpz_inits(px, py, NULL);
		if (d)
			ecc_point_get(&c->point, px, py);
		nettle_mpz_set_str_256_u(a, n, x);
		nettle_mpz_set_str_256_u(b, n, y);
		/* with a private half the point has to be its own */
		ok = d ? mpz_cmp(a, px) == 0 && mpz_cmp(b, py) == 0
		       : ecc_point_set(&c->point, a, b);
		mpz_clears(px, py, NULL);
	}
	mpz_clears(a, b, NULL);
	c->private = ok && d;
	return ok;
}

void
curve_get(const struct curve_key *c, uint8_t *x, uint8_t *y, uint8_t *d)
{
	size_t n = curve_size(c->kind);
	mpz_t a, b;
	mpz_inits(a, b, NULL);
	if (x && y) {
		ecc_point_get(&c->point, a, b);
		nettle_mpz_get_str_256(n, x, a);
		nettle_mpz_get_str_256(n, y, b);
	}
	if (d) {
		ecc_scalar_get(&c->scalar, a);
		nettle_mpz_get_str_256(n, d, a);
	}
	mpz_clears(a, b, NULL);
}

bool
curve_sign(const struct curve_key *c, const uint8_t *hash, size_t n, uint8_t *out)
{
	struct dsa_signature s;
	if (!c->private)
		return false;
	dsa_signature_init(&s);
	ecdsa_sign(&c->scalar, NULL, chance, n, hash, &s);
	nettle_mpz_get_str_256(curve_size(c->kind), out, s.r);
	nettle_mpz_get_str_256(curve_size(c->kind), out + curve_size(c->kind), s.s);
	dsa_signature_clear(&s);
	return true;
}

bool
curve_verify(const struct curve_key *c, const uint8_t *hash, size_t n, const uint8_t *signature)
{
	struct dsa_signature s;
	size_t size = curve_size(c->kind);
	dsa_signature_init(&s);
	nettle_mpz_set_str_256_u(s.r, size, signature);
	nettle_mpz_set_str_256_u(s.s, size, signature + size);
	bool ok = ecdsa_verify(&c->point, n, hash, &s);
	dsa_signature_clear(&s);
	return ok;
}

bool
curve_agree(const struct curve_key *own, const struct curve_key *other, uint8_t *out)
{
	struct ecc_point p;
	mpz_t x;
	if (!own->private || own->kind != other->kind)
		return false;
	ecc_point_init(&p, own->point.ecc);
	ecc_point_mul(&p, &own->scalar, &other->point);
	mpz_init(x);
	ecc_point_get(&p, x, NULL);
	nettle_mpz_get_str_256(curve_size(own->kind), out, x);
	mpz_clear(x);
	ecc_point_clear(&p);
	return true;
}
