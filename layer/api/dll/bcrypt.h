/* bcrypt.h -- what is behind CNG's handles.
 *
 * An algorithm is a row of one table; a provider is an algorithm with its settings; hashes and
 * keys copy what they need of their provider, so that it may be closed before them.  Each begins
 * with a word that says what it is, so that a wrong handle is seen.  A pseudo handle is a
 * provider that nobody opened and nobody can change.
 */
#ifndef LAYER_API_DLL_BCRYPT_H
#define LAYER_API_DLL_BCRYPT_H

#include "layer/api/dll/dll.h"
#include "layer/api/nt/crypto/cipher.h"
#include "layer/api/nt/crypto/digest.h"

/* BCRYPT_..._INTERFACE's numbers */
enum bcrypt_class { BCRYPT_CIPHER = 1, BCRYPT_HASH, BCRYPT_ASYMMETRIC, BCRYPT_AGREEMENT, BCRYPT_SIGNATURE,
	            BCRYPT_RANDOM, BCRYPT_DERIVATION };
enum bcrypt_derivation { BCRYPT_PBKDF2, BCRYPT_CAPI_KDF, BCRYPT_HKDF, BCRYPT_SP800_108, BCRYPT_SP800_56A };
enum { BCRYPT_CMAC = DIGEST_KINDS };

struct bcrypt_algorithm {
	char name[20];
	uint8_t class, kind;    /* kind: enum cipher_kind, digest_kind or BCRYPT_CMAC, bcrypt_derivation */
};

enum { BCRYPT_PROVIDER = 0x50725076, BCRYPT_HASHING = 0x48615368, BCRYPT_KEY = 0x4b65596b };
enum { BCRYPT_HMAC_FLAG = 8, BCRYPT_CAPI_AES_FLAG = 0x10, BCRYPT_REUSABLE_FLAG = 0x20 };

struct bcrypt_provider {
	DWORD magic;
	uint8_t algorithm;      /* a number of the table */
	uint8_t mode;           /* enum cipher_mode */
	bool keyed, reusable;
	bool lent;              /* a part of a hash or a key */
	DWORD segment;          /* of CFB, in bytes */
	DWORD effective;        /* bits of RC2, 0: all */
};

struct bcrypt_hash {
	DWORD magic;
	struct bcrypt_provider set;
	bool ended;
	union {
		struct digest plain;
		struct digest_hmac keyed;
		struct cipher_cmac cmac;
	} state;
};

struct bcrypt_key {
	DWORD magic;
	struct bcrypt_provider set;
	DWORD size;
	BYTE *secret;           /* own */
	struct cipher cipher;   /* of a BCRYPT_CIPHER */
	struct gcm_key *gcm;    /* own; NULL: not in that mode */
	BYTE iv[CIPHER_BLOCK_MOST];
	/* of HKDF: set by properties, one after the other */
	bool hkdf_named, hkdf_ready;
	enum digest_kind hkdf_hash;
	DWORD hkdf_size;
	BYTE hkdf_key[DIGEST_MOST];
};

const struct bcrypt_algorithm *bcrypt_algorithm(unsigned number);
int bcrypt_algorithm_number(const WCHAR *name);         /* -1: there is none */
struct bcrypt_provider *bcrypt_provider(void *h);       /* NULL: none of ours */
struct bcrypt_hash *bcrypt_hash(void *h);
struct bcrypt_key *bcrypt_key(void *h);
/* The size of a digest or of CMAC's tag. */
DWORD bcrypt_hash_size(const struct bcrypt_provider *p);
/* An answer of n bytes for a caller with room for `room`. */
NTSTATUS bcrypt_give(const void *data, size_t n, BYTE *out, ULONG room, ULONG *size);
NTSTATUS bcrypt_hash_property(struct bcrypt_provider *p, const WCHAR *name, BYTE *out, ULONG room, ULONG *size);
/* k NULL: of the provider */
NTSTATUS bcrypt_cipher_property(struct bcrypt_provider *p, struct bcrypt_key *k, const WCHAR *name, BYTE *out,
                                ULONG room, ULONG *size);
NTSTATUS bcrypt_cipher_set(struct bcrypt_provider *p, struct bcrypt_key *k, const WCHAR *name, const BYTE *in,
                           ULONG n);
/* bcrypt_derive.c: properties of HKDF's keys; CryptDeriveKey's function (false: n is too much). */
NTSTATUS bcrypt_derive_set(struct bcrypt_key *k, const WCHAR *name, const BYTE *in, ULONG n);
bool bcrypt_capi(enum digest_kind k, const BYTE *value, bool stretch, BYTE *out, ULONG n);

#endif
