/* advapi32_crypt.h -- what is behind CryptoAPI's handles: providers, hashes and keys.
 *
 * Each begins with a word that says what it is, so that a wrong handle is seen.  The provider does
 * for all names and types what the strongest of Microsoft's own does.
 */
#ifndef LAYER_API_DLL_ADVAPI32_CRYPT_H
#define LAYER_API_DLL_ADVAPI32_CRYPT_H

#include "layer/api/dll/advapi32_csp.h"
#include "layer/api/nt/crypto/cipher.h"
#include "layer/api/nt/crypto/digest.h"

#define NTE_BAD_HASH       0x80090002
#define NTE_BAD_KEY        0x80090003
#define NTE_BAD_LEN        0x80090004
#define NTE_BAD_DATA       0x80090005
#define NTE_BAD_VER        0x80090007
#define NTE_BAD_ALGID      0x80090008
#define NTE_BAD_FLAGS      0x80090009
#define NTE_BAD_TYPE       0x8009000a
#define NTE_BAD_KEY_STATE  0x8009000b
#define NTE_BAD_HASH_STATE 0x8009000c
#define NTE_NO_KEY         0x8009000d
#define NTE_BAD_SIGNATURE  0x80090006
#define NTE_EXISTS         0x8009000f
#define NTE_BAD_PROV_TYPE  0x80090014
#define NTE_BAD_KEYSET     0x80090016
#define NTE_PROV_TYPE_NOT_DEF  0x80090017
#define NTE_KEYSET_NOT_DEF     0x80090019
#define NTE_PROV_TYPE_NO_MATCH 0x8009001b
#define NTE_FAIL           0x80090020

enum { ADVAPI32_HASH = 0x4348, ADVAPI32_KEY = 0x434b, ADVAPI32_CSP = 0x4350 };
enum { CALG_MD2 = 0x8001, CALG_MD4, CALG_MD5, CALG_SHA1, CALG_HMAC = 0x8009, CALG_SHA256 = 0x800c, CALG_SHA384,
       CALG_SHA512, CALG_DES = 0x6601, CALG_RC2, CALG_3DES, CALG_3DES_112 = 0x6609, CALG_AES_128 = 0x660e,
       CALG_AES_192, CALG_AES_256, CALG_AES, CALG_RC4 = 0x6801 };

struct advapi32_hash {
	DWORD magic, id;
	struct advapi32_csp *csp;       /* own */
	bool ended, keyed;
	struct digest plain;
	struct digest_hmac hmac;        /* keyed, once its hash is named */
	bool named;
	DWORD key_size;
	BYTE *key;                      /* own: HMAC's */
	BYTE value[DIGEST_MOST];
};

struct advapi32_key {
	DWORD magic, id, flags, size;
	struct advapi32_rsa *rsa;       /* own: it is one of two halves, and nothing of what follows */
	BYTE *secret;                   /* own; more than a cipher's for HMAC */
	bool no_cipher;                 /* only for HMAC */
	struct cipher cipher;
	enum cipher_mode mode;
	DWORD segment, effective, permissions;
	BYTE iv[CIPHER_BLOCK_MOST], at[CIPHER_BLOCK_MOST];     /* the first one, and where it is */
};

/* -- advapi32_rsa.c ------------------------------------------------------------------------------- */

DWORD advapi32_rsa_spec(DWORD id);      /* AT_...; 0: it is none of RSA's */
BOOL advapi32_rsa_generate(struct advapi32_csp *c, DWORD id, DWORD flags, void **out);
BOOL advapi32_rsa_import(struct advapi32_csp *c, const BYTE *in, DWORD n, DWORD flags, void **out);
/* SIMPLEBLOB: a cipher's key in *secret, with its size. */
BOOL advapi32_rsa_unwrap(struct advapi32_csp *c, void *wrapping, const BYTE *in, DWORD n, DWORD flags, BYTE *secret,
                         DWORD *size);
BOOL advapi32_rsa_export(struct advapi32_key *k, DWORD type, BYTE *out, DWORD *size);
BOOL advapi32_rsa_wrap(const struct advapi32_key *k, void *wrapping, DWORD flags, BYTE *out, DWORD *size);
BOOL advapi32_rsa_encrypt(const struct advapi32_key *k, DWORD flags, BYTE *data, DWORD *size, DWORD room);
BOOL advapi32_rsa_decrypt(const struct advapi32_key *k, DWORD flags, BYTE *data, DWORD *size);

struct advapi32_hash *advapi32_crypt_hash(void *h);
struct advapi32_key *advapi32_crypt_key(void *h);
/* The value of a hash, which ends it; false: it cannot have one yet. */
bool advapi32_crypt_end(struct advapi32_hash *x);
enum digest_kind advapi32_crypt_kind(const struct advapi32_hash *x);
void advapi32_crypt_add(struct advapi32_hash *x, const void *p, size_t n);

#endif
