/* digest.h -- hashes and what is made of them: MD2, MD4, MD5, SHA-1, SHA-2, HMAC, PBKDF2, HKDF.
 *
 * Nettle's, under one set of names; each state is plain memory, so that a copy goes on by itself.
 * MD5 and what is older or as weak is here because programs ask for it; nothing of ours relies
 * on it.
 */
#ifndef LAYER_API_NT_CRYPTO_DIGEST_H
#define LAYER_API_NT_CRYPTO_DIGEST_H

#include <nettle/md2.h>
#include <nettle/md4.h>
#include <nettle/md5.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <stddef.h>
#include <stdint.h>

enum digest_kind { DIGEST_MD2, DIGEST_MD4, DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512,
	           DIGEST_KINDS };
enum { DIGEST_MOST = 64, DIGEST_BLOCK_MOST = 128 };

union digest_state {
	struct md2_ctx md2;
	struct md4_ctx md4;
	struct md5_ctx md5;
	struct sha1_ctx sha1;
	struct sha256_ctx sha256;
	struct sha512_ctx sha512;
};

struct digest {
	enum digest_kind kind;
	union digest_state state;
};

struct nettle_hash;
const struct nettle_hash *digest_method(enum digest_kind k);    /* for nettle's own functions */
size_t digest_size(enum digest_kind k);
size_t digest_block(enum digest_kind k);
void digest_start(struct digest *d, enum digest_kind k);
void digest_add(struct digest *d, const void *p, size_t n);
void digest_end(struct digest *d, uint8_t *out);

struct digest_hmac {
	enum digest_kind kind;
	union digest_state outer, inner, state;
};

void digest_hmac_start(struct digest_hmac *h, enum digest_kind k, const void *key, size_t n);
void digest_hmac_add(struct digest_hmac *h, const void *p, size_t n);
void digest_hmac_end(struct digest_hmac *h, uint8_t *out);      /* and is as after its start */

void digest_pbkdf2(enum digest_kind k, const void *password, size_t n, const void *salt, size_t m, uint32_t rounds,
                   uint8_t *out, size_t size);
/* RFC 5869 */
void digest_hkdf_extract(enum digest_kind k, const void *salt, size_t n, const void *secret, size_t m,
                         uint8_t *out);
void digest_hkdf_expand(enum digest_kind k, const uint8_t *key, size_t n, const void *info, size_t m,
                        uint8_t *out, size_t size);

#endif
