/* cipher.h -- block ciphers and RC4, their modes, and AES with authentication.
 *
 * Nettle's, under one set of names, as CNG and CryptoAPI count them.  A struct cipher is plain
 * memory: a copy is a key of its own.  Lengths are the caller's duty: whole blocks for ECB and
 * CBC, whole segments for CFB.  FIPS 197, SP 800-38A, C and D, SP 800-67, RFC 2268, RFC 3394.
 */
#ifndef LAYER_API_NT_CRYPTO_CIPHER_H
#define LAYER_API_NT_CRYPTO_CIPHER_H

#include <nettle/aes.h>
#include <nettle/arcfour.h>
#include <nettle/arctwo.h>
#include <nettle/ccm.h>
#include <nettle/cmac.h>
#include <nettle/des.h>
#include <nettle/gcm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cipher_kind { CIPHER_AES, CIPHER_DES, CIPHER_DES3_112, CIPHER_DES3, CIPHER_RC2, CIPHER_RC4, CIPHER_KINDS };
enum cipher_mode { CIPHER_STREAM, CIPHER_ECB, CIPHER_CBC, CIPHER_CFB, CIPHER_GCM, CIPHER_CCM };
enum { CIPHER_BLOCK_MOST = 16, CIPHER_KEY_MOST = 64 };

/* Key lengths in bytes. */
struct cipher_trait {
	uint8_t block, key_least, key_most, key_step;
};

extern const struct cipher_trait cipher_trait[CIPHER_KINDS];

struct cipher {
	enum cipher_kind kind;
	uint8_t key_size;
	union {
		struct { struct aes128_ctx to, from; } aes128;
		struct { struct aes192_ctx to, from; } aes192;
		struct { struct aes256_ctx to, from; } aes256;
		struct des_ctx des;
		struct des3_ctx des3;
		struct arctwo_ctx rc2;
		struct arcfour_ctx rc4;
	} state;
};

bool cipher_key_fits(enum cipher_kind k, size_t n);
/* bits: what RC2 makes of its key, 0 for all of it.  false: no such length. */
bool cipher_start(struct cipher *c, enum cipher_kind k, const uint8_t *key, size_t n, unsigned bits);
/* ECB, CBC, CFB, RC4.  iv goes on to what the next call needs; segment is CFB's, 1 or a block. */
void cipher_run(struct cipher *c, enum cipher_mode m, bool encrypt, uint8_t *iv, size_t segment, uint8_t *out,
                const uint8_t *in, size_t n);

/* AES-GCM in as many steps as one likes: all of the associated data, then all of the data, in
 * whole blocks but for the last of each. */
void cipher_gcm_key(struct gcm_key *g, const struct cipher *c);
void cipher_gcm_start(struct gcm_ctx *x, const struct gcm_key *g, const uint8_t *nonce, size_t n);
/* One that has come so far already: mac is what cipher_gcm_mac() gave then. */
void cipher_gcm_resume(struct gcm_ctx *x, const struct gcm_key *g, const uint8_t *nonce, size_t n,
                       const uint8_t mac[16], uint64_t also, uint64_t data);
void cipher_gcm_mac(const struct gcm_ctx *x, uint8_t mac[16]);
void cipher_gcm_also(struct gcm_ctx *x, const struct gcm_key *g, const uint8_t *p, size_t n);
void cipher_gcm_run(struct gcm_ctx *x, const struct gcm_key *g, const struct cipher *c, bool encrypt,
                    uint8_t *out, const uint8_t *in, size_t n);
void cipher_gcm_tag(struct gcm_ctx *x, const struct gcm_key *g, const struct cipher *c, uint8_t *tag, size_t n);

struct cipher_ccm {
	const uint8_t *nonce, *also;
	size_t nonce_size, also_size, tag_size;
};

/* AES-CCM at once; tag is given or written. */
void cipher_ccm(const struct cipher *c, const struct cipher_ccm *p, bool encrypt, uint8_t *out,
                const uint8_t *in, size_t n, uint8_t *tag);

/* AES-CMAC: RFC 4493. */
struct cipher_cmac {
	struct cipher cipher;
	struct cmac128_key key;
	struct cmac128_ctx state;
};

bool cipher_cmac_start(struct cipher_cmac *m, const uint8_t *key, size_t n);
void cipher_cmac_add(struct cipher_cmac *m, const uint8_t *p, size_t n);
void cipher_cmac_end(struct cipher_cmac *m, uint8_t out[16]);   /* and is as after its start */

/* Wrapped is 8 bytes longer; n is of the plain key, a multiple of 8, at least 16. */
void cipher_wrap(const struct cipher *c, uint8_t *wrapped, const uint8_t *plain, size_t n);
bool cipher_unwrap(const struct cipher *c, uint8_t *plain, size_t n, const uint8_t *wrapped);

/* PKCS #7: how much of n bytes, whole blocks, is text; SIZE_MAX: the padding is wrong. */
size_t cipher_unpadded(const uint8_t *p, size_t n, size_t block);
bool cipher_same(const uint8_t *a, const uint8_t *b, size_t n);        /* in constant time */
void cipher_wipe(void *p, size_t n);

#endif
