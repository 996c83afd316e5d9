/* digest.h -- hashes and what is made of them: MD5, SHA-1, SHA-2, HMAC, PBKDF2.
 *
 * RFC 1321, FIPS 180-4, RFC 2104, RFC 8018.  MD5 and SHA-1 are here because programs ask for
 * them; nothing of ours relies on them.
 */
#ifndef LAYER_API_NT_DIGEST_H
#define LAYER_API_NT_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum digest_kind { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512, DIGEST_KINDS };
enum { DIGEST_MOST = 64, DIGEST_BLOCK_MOST = 128 };

struct digest {
	enum digest_kind kind;
	uint64_t length;        /* bytes so far */
	union {
		uint32_t w[8];
		uint64_t d[8];
	} h;
	uint8_t block[DIGEST_BLOCK_MOST];
};

size_t digest_size(enum digest_kind k);
size_t digest_block(enum digest_kind k);
void digest_start(struct digest *d, enum digest_kind k);
void digest_add(struct digest *d, const void *p, size_t n);
void digest_end(struct digest *d, uint8_t *out);

struct digest_hmac {
	struct digest inner, outer;
};

void digest_hmac_start(struct digest_hmac *h, enum digest_kind k, const void *key, size_t n);
void digest_hmac_end(struct digest_hmac *h, uint8_t *out);     /* digest_add(&h->inner, ...) */
void digest_pbkdf2(enum digest_kind k, const void *password, size_t n, const void *salt, size_t m, uint64_t rounds,
                   uint8_t *out, size_t size);

#endif
