/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/crypto/rsakey.h"

#include <nettle/bignum.h>
#include <nettle/memops.h>
#include <nettle/pss-mgf1.h>
#include <nettle/pss.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/host.h"

static void
chance(void *ctx, size_t n, uint8_t *out)
{
	(void)ctx;
	host_random(out, n);
}

void
rsakey_init(struct rsakey *k)
{
	rsa_public_key_init(&k->pub);
	rsa_private_key_init(&k->priv);
	k->private = false;
}

void
rsakey_clear(struct rsakey *k)
{
	rsa_public_key_clear(&k->pub);
	rsa_private_key_clear(&k->priv);
}

bool
rsakey_generate(struct rsakey *k, unsigned bits)
{
	if (bits < RSAKEY_LEAST || bits > RSAKEY_MOST)
		return false;
	mpz_set_ui(k->pub.e, 65537);
	k->private = rsa_generate_keypair(&k->pub, &k->priv, NULL, chance, NULL, NULL, bits, 0);
	return k->private;
}

/* d, and what of it is for p and for q; false: the parts do not fit each other. */
static bool
complete(struct rsakey *k)
{
	mpz_t p1, q1, phi, n;
	mpz_inits(p1, q1, phi, n, NULL);
	mpz_mul(n, k->priv.p, k->priv.q);
	bool ok = mpz_odd_p(k->priv.p) && mpz_odd_p(k->priv.q) && mpz_cmp(n, k->pub.n) == 0 &&
	          mpz_cmp_ui(k->priv.p, 1) > 0 && mpz_cmp_ui(k->priv.q, 1) > 0;
	mpz_sub_ui(p1, k->priv.p, 1);
	mpz_sub_ui(q1, k->priv.q, 1);
	/* FIPS 186-4 B.3.1: of all that fit the smallest, which others write, too */
	mpz_lcm(phi, p1, q1);
	if (ok && mpz_invert(k->priv.d, k->pub.e, phi) &&
	    mpz_invert(k->priv.c, k->priv.q, k->priv.p)) {
		mpz_fdiv_r(k->priv.a, k->priv.d, p1);
		mpz_fdiv_r(k->priv.b, k->priv.d, q1);
		ok = rsa_private_key_prepare(&k->priv) && k->priv.size == k->pub.size;
	} else {
		ok = false;
	}
	mpz_clears(p1, q1, phi, n, NULL);
	return ok;
}

bool
rsakey_set(struct rsakey *k, struct rsakey_bytes e, struct rsakey_bytes n, struct rsakey_bytes p,
           struct rsakey_bytes q)
{
	if (!n.n || n.n > RSAKEY_MOST / 8 || !e.n || e.n > n.n || p.n > n.n || q.n > n.n)
		return false;
	nettle_mpz_set_str_256_u(k->pub.e, e.n, e.p);
	nettle_mpz_set_str_256_u(k->pub.n, n.n, n.p);
	if (rsakey_bits(k) < RSAKEY_LEAST || mpz_even_p(k->pub.n) || mpz_even_p(k->pub.e) ||
	    mpz_cmp_ui(k->pub.e, 3) < 0 || mpz_cmp(k->pub.e, k->pub.n) >= 0 ||
	    !rsa_public_key_prepare(&k->pub))
		return false;
	if (!p.n && !q.n)
		return true;
	nettle_mpz_set_str_256_u(k->priv.p, p.n, p.p);
	nettle_mpz_set_str_256_u(k->priv.q, q.n, q.p);
	return k->private = complete(k);
}

unsigned
rsakey_bits(const struct rsakey *k)
{
	return (unsigned)mpz_sizeinbase(k->pub.n, 2);
}

size_t
rsakey_size(const struct rsakey *k)
{
	return k->pub.size;
}

static mpz_srcptr
part(const struct rsakey *k, enum rsakey_part which)
{
	switch (which) {
	case RSAKEY_E: return k->pub.e;
	case RSAKEY_N: return k->pub.n;
	case RSAKEY_P: return k->priv.p;
	case RSAKEY_Q: return k->priv.q;
	case RSAKEY_DP: return k->priv.a;
	case RSAKEY_DQ: return k->priv.b;
	case RSAKEY_QINV: return k->priv.c;
	case RSAKEY_D: break;
	}
	return k->priv.d;
}

size_t
rsakey_part_size(const struct rsakey *k, enum rsakey_part which)
{
	return nettle_mpz_sizeinbase_256_u(part(k, which));
}

void
rsakey_put(const struct rsakey *k, enum rsakey_part which, uint8_t *out, size_t n)
{
	nettle_mpz_get_str_256(n, out, part(k, which));
}

/* -- signatures ------------------------------------------------------------------------------- */

/* RFC 8017 9.2, note 1: DER in front of a hash's value. */
static size_t
digest_info(const struct rsakey_padding *p, const uint8_t *hash, size_t n,
            uint8_t out[19 + DIGEST_MOST])
{
	static const uint8_t md5[] = { 0x30, 0x20, 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48,
		                       0x86, 0xf7, 0x0d, 0x02, 0x05, 0x05, 0x00, 0x04, 0x10 };
	static const uint8_t sha1[] = { 0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e,
		                        0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14 };
	static const uint8_t sha2[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
		                        0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };
	const uint8_t *from = p->hash == DIGEST_MD5 ? md5 : p->hash == DIGEST_SHA1 ? sha1 : sha2;
	size_t k = p->hash == DIGEST_MD5    ? sizeof md5
	           : p->hash == DIGEST_SHA1 ? sizeof sha1
	                                    : sizeof sha2;
	if (p->hash == DIGEST_KINDS) {
		if (n > 19 + DIGEST_MOST)
			return 0;
		memcpy(out, hash, n);
		return n;
	}
	if (p->hash < DIGEST_MD5 || n != digest_size(p->hash))
		return 0;
	memcpy(out, from, k);
	if (p->hash == DIGEST_SHA384)
		out[1] = 0x41, out[14] = 2, out[18] = 0x30;
	if (p->hash == DIGEST_SHA512)
		out[1] = 0x51, out[14] = 3, out[18] = 0x40;
	memcpy(out + k, hash, n);
	return k + n;
}

static bool
pss_fits(const struct rsakey *k, const struct rsakey_padding *p, size_t n)
{
	return p->hash < DIGEST_KINDS && n == digest_size(p->hash) && p->salt <= RSAKEY_MOST / 8 &&
	       n + p->salt + 2 <= (rsakey_bits(k) + 6) / 8;
}

bool
rsakey_sign(const struct rsakey *k, const struct rsakey_padding *p, const uint8_t *hash, size_t n,
            uint8_t *out)
{
	uint8_t info[19 + DIGEST_MOST];
	mpz_t m;
	bool ok = false;
	if (!k->private)
		return false;
	mpz_init(m);
	if (p->scheme == RSAKEY_PSS && pss_fits(k, p, n)) {
		uint8_t *salt = malloc(p->salt + 1);
		if (salt) {
			host_random(salt, p->salt);
			ok = pss_encode_mgf1(m, rsakey_bits(k) - 1, digest_method(p->hash), p->salt,
			                     salt, hash) &&
			     rsa_compute_root_tr(&k->pub, &k->priv, NULL, chance, m, m);
		}
		free(salt);
	} else if (p->scheme == RSAKEY_PKCS1) {
		size_t size = digest_info(p, hash, n, info);
		ok = size && rsa_pkcs1_sign_tr(&k->pub, &k->priv, NULL, chance, size, info, m);
	}
	if (ok)
		nettle_mpz_get_str_256(rsakey_size(k), out, m);
	mpz_clear(m);
	return ok;
}

bool
rsakey_verify(const struct rsakey *k, const struct rsakey_padding *p, const uint8_t *hash, size_t n,
              const uint8_t *signature, size_t size)
{
	uint8_t info[19 + DIGEST_MOST];
	mpz_t m;
	bool ok = false;
	if (size != rsakey_size(k))
		return false;
	mpz_init(m);
	nettle_mpz_set_str_256_u(m, size, signature);
	if (mpz_cmp(m, k->pub.n) >= 0) {
		ok = false;
	} else if (p->scheme == RSAKEY_PSS && pss_fits(k, p, n)) {
		mpz_powm(m, m, k->pub.e, k->pub.n);
		ok = pss_verify_mgf1(m, rsakey_bits(k) - 1, digest_method(p->hash), p->salt, hash);
	} else if (p->scheme == RSAKEY_PKCS1) {
		size_t info_size = digest_info(p, hash, n, info);
		ok = info_size && rsa_pkcs1_verify(&k->pub, info_size, info, m);
	}
	mpz_clear(m);
	return ok;
}

/* -- encryption ------------------------------------------------------------------------------- */

static void
mask(enum digest_kind h, const uint8_t *seed, size_t n, uint8_t *to, size_t m)
{
	struct digest d;
	uint8_t x[RSAKEY_MOST / 8];
	digest_start(&d, h);
	digest_add(&d, seed, n);
	pss_mgf1(&d.state, digest_method(h), m, x);
	memxor(to, x, m);
}

static void
label_hash(const struct rsakey_padding *p, uint8_t out[DIGEST_MOST])
{
	struct digest d;
	digest_start(&d, p->hash);
	digest_add(&d, p->label, p->label_size);
	digest_end(&d, out);
}

/* RFC 8017 7.1.1: 0, a seed that is masked by what follows, and what follows masked by the seed:
 * the label's hash, zeros, 1, the text. */
static bool
oaep_encode(const struct rsakey_padding *p, const uint8_t *in, size_t n, uint8_t *em, size_t size)
{
	size_t h = p->hash < DIGEST_KINDS ? digest_size(p->hash) : 0;
	if (!h || size < 2 * h + 2 || n > size - 2 * h - 2)
		return false;
	uint8_t *seed = em + 1, *db = em + 1 + h, first[DIGEST_MOST];
	size_t m = size - 1 - h;
	memset(em, 0, size);
	label_hash(p, first);
	memcpy(db, first, h);
	db[m - n - 1] = 1;
	memcpy(db + m - n, in, n);
	host_random(seed, h);
	mask(p->hash, seed, h, db, m);
	mask(p->hash, db, m, seed, h);
	return true;
}

static bool
oaep_decode(const struct rsakey_padding *p, uint8_t *em, size_t size, uint8_t *out, size_t *n)
{
	size_t h = p->hash < DIGEST_KINDS ? digest_size(p->hash) : 0;
	if (!h || size < 2 * h + 2)
		return false;
	uint8_t *seed = em + 1, *db = em + 1 + h, want[DIGEST_MOST];
	size_t m = size - 1 - h, at = h;
	mask(p->hash, db, m, seed, h);
	mask(p->hash, seed, h, db, m);
	label_hash(p, want);
	while (at < m && !db[at])
		at++;
	/* one answer for all that is wrong */
	if ((em[0] != 0) | !memeql_sec(db, want, h) | (at == m || db[at] != 1))
		return false;
	*n = m - at - 1;
	memcpy(out, db + at + 1, *n);
	return true;
}

bool
rsakey_encrypt(const struct rsakey *k, const struct rsakey_padding *p, const uint8_t *in, size_t n,
               uint8_t *out)
{
	size_t size = rsakey_size(k);
	mpz_t m;
	bool ok = false;
	mpz_init(m);
	if (p->scheme == RSAKEY_PKCS1) {
		ok = n + 11 <= size && rsa_encrypt(&k->pub, NULL, chance, n, in, m);
	} else if (p->scheme == RSAKEY_OAEP) {
		if ((ok = oaep_encode(p, in, n, out, size)))
			nettle_mpz_set_str_256_u(m, size, out);
	} else if (p->scheme == RSAKEY_RAW && n == size) {
		nettle_mpz_set_str_256_u(m, n, in);
		ok = mpz_cmp(m, k->pub.n) < 0;
	}
	if (ok && p->scheme != RSAKEY_PKCS1)
		mpz_powm(m, m, k->pub.e, k->pub.n);
	if (ok)
		nettle_mpz_get_str_256(size, out, m);
	mpz_clear(m);
	return ok;
}

bool
rsakey_decrypt(const struct rsakey *k, const struct rsakey_padding *p, const uint8_t *in, size_t n,
               uint8_t *out, size_t *size)
{
	mpz_t m;
	bool ok = false;
	if (!k->private || n != rsakey_size(k))
		return false;
	mpz_init(m);
	nettle_mpz_set_str_256_u(m, n, in);
	if (mpz_cmp(m, k->pub.n) >= 0) {
		ok = false;
	} else if (p->scheme == RSAKEY_PKCS1) {
		*size = n;
		ok = rsa_decrypt_tr(&k->pub, &k->priv, NULL, chance, size, out, m);
	} else if (rsa_compute_root_tr(&k->pub, &k->priv, NULL, chance, m, m)) {
		uint8_t *em = malloc(n);
		if (em)
			nettle_mpz_get_str_256(n, em, m);
		if (em && p->scheme == RSAKEY_OAEP) {
			ok = oaep_decode(p, em, n, out, size);
		} else if (em && p->scheme == RSAKEY_RAW) {
			memcpy(out, em, n);
			*size = n;
			ok = true;
		}
		if (em)
			explicit_bzero(em, n);
		free(em);
	}
	mpz_clear(m);
	return ok;
}
