/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/crypto/digest.h"

#include <nettle/hkdf.h>
#include <nettle/hmac.h>
#include <nettle/nettle-meta.h>
#include <nettle/pbkdf2.h>

const struct nettle_hash *
digest_method(enum digest_kind k)
{
	switch (k) {
	case DIGEST_MD2: return &nettle_md2;
	case DIGEST_MD4: return &nettle_md4;
	case DIGEST_MD5: return &nettle_md5;
	case DIGEST_SHA1: return &nettle_sha1;
	case DIGEST_SHA256: return &nettle_sha256;
	case DIGEST_SHA384: return &nettle_sha384;
	case DIGEST_SHA512: return &nettle_sha512;
	case DIGEST_KINDS: break;
	}
	return NULL;
}

size_t
digest_size(enum digest_kind k)
{
	return digest_method(k)->digest_size;
}

size_t
digest_block(enum digest_kind k)
{
	return digest_method(k)->block_size;
}

void
digest_start(struct digest *d, enum digest_kind k)
{
	d->kind = k;
	digest_method(k)->init(&d->state);
}

void
digest_add(struct digest *d, const void *p, size_t n)
{
	digest_method(d->kind)->update(&d->state, n, p);
}

void
digest_end(struct digest *d, uint8_t *out)
{
	digest_method(d->kind)->digest(&d->state, digest_size(d->kind), out);
}

void
digest_hmac_start(struct digest_hmac *h, enum digest_kind k, const void *key, size_t n)
{
	h->kind = k;
	hmac_set_key(&h->outer, &h->inner, &h->state, digest_method(k), n, key);
}

void
digest_hmac_add(struct digest_hmac *h, const void *p, size_t n)
{
	digest_method(h->kind)->update(&h->state, n, p);
}

void
digest_hmac_end(struct digest_hmac *h, uint8_t *out)
{
	hmac_digest(&h->outer, &h->inner, &h->state, digest_method(h->kind), digest_size(h->kind),
	            out);
}

/* As nettle calls it for PBKDF2 and HKDF. */
static void
update(void *h, size_t n, const uint8_t *p)
{
	digest_hmac_add(h, p, n);
}

static void
end(void *h, size_t n, uint8_t *out)
{
	struct digest_hmac *x = h;
	hmac_digest(&x->outer, &x->inner, &x->state, digest_method(x->kind), n, out);
}

void
digest_pbkdf2(enum digest_kind k, const void *password, size_t n, const void *salt, size_t m,
              uint32_t rounds, uint8_t *out, size_t size)
{
	struct digest_hmac h;
	digest_hmac_start(&h, k, password, n);
	pbkdf2(&h, update, end, digest_size(k), rounds, m, salt, size, out);
}

void
digest_hkdf_extract(enum digest_kind k, const void *salt, size_t n, const void *secret, size_t m,
                    uint8_t *out)
{
	struct digest_hmac h;
	digest_hmac_start(&h, k, salt, n);
	hkdf_extract(&h, update, end, digest_size(k), m, secret, out);
}

void
digest_hkdf_expand(enum digest_kind k, const uint8_t *key, size_t n, const void *info, size_t m,
                   uint8_t *out, size_t size)
{
	struct digest_hmac h;
	digest_hmac_start(&h, k, key, n);
	hkdf_expand(&h, update, end, digest_size(k), m, info, size, out);
}
