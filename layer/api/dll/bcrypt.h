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
#include "layer/api/nt/crypto/keypair.h"

/* BCRYPT_..._INTERFACE's numbers */
enum bcrypt_class { BCRYPT_CIPHER = 1, BCRYPT_HASH, BCRYPT_ASYMMETRIC, BCRYPT_AGREEMENT, BCRYPT_SIGNATURE,
	            BCRYPT_RANDOM, BCRYPT_DERIVATION };
enum bcrypt_derivation { BCRYPT_PBKDF2, BCRYPT_CAPI_KDF, BCRYPT_HKDF, BCRYPT_SP800_108, BCRYPT_SP800_56A };
enum { BCRYPT_CMAC = DIGEST_KINDS };

struct bcrypt_algorithm {
	char name[20];
	/* kind: enum cipher_kind, digest_kind or BCRYPT_CMAC, bcrypt_derivation, curve_kind (CURVE_KINDS:
	 * of a curve that is named later), or BCRYPT_RSA */
	uint8_t class, kind;
};
enum { BCRYPT_RSA = CURVE_KINDS + 1 };

enum { BCRYPT_PROVIDER = 0x50725076, BCRYPT_HASHING = 0x48615368, BCRYPT_KEY = 0x4b65596b, BCRYPT_PAIR = 0x50614972,
       BCRYPT_SECRET = 0x53654372 };
enum { BCRYPT_HMAC_FLAG = 8, BCRYPT_CAPI_AES_FLAG = 0x10, BCRYPT_REUSABLE_FLAG = 0x20 };

struct bcrypt_provider {
	DWORD magic;
	uint8_t algorithm;      /* a number of the table */
	uint8_t mode;           /* enum cipher_mode */
	bool keyed, reusable;
	bool lent;              /* a part of a hash or a key */
	DWORD segment;          /* of CFB, in bytes */
	DWORD effective;        /* bits of RC2, 0: all */
	uint8_t curve;          /* enum curve_kind; CURVE_KINDS: not named yet */
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

/* A public key, with its private half or without. */
struct bcrypt_pair {
	DWORD magic;
	struct bcrypt_provider set;
	bool ready;             /* it is a key */
	DWORD bits;
	struct keypair pair;
};

const struct bcrypt_algorithm *bcrypt_algorithm(unsigned number);
int bcrypt_algorithm_number(const WCHAR *name);         /* -1: there is none */
struct bcrypt_provider *bcrypt_provider(void *h);       /* NULL: none of ours */
struct bcrypt_hash *bcrypt_hash(void *h);
struct bcrypt_key *bcrypt_key(void *h);
struct bcrypt_pair *bcrypt_pair(void *h);
void bcrypt_pair_destroy(struct bcrypt_pair *k);
/* A key out of one that is read already, which it takes; algorithm: a name of the table that fits it.
 * NULL: no memory. */
struct bcrypt_pair *bcrypt_pair_of(const char *algorithm, struct keypair *own);
NTSTATUS bcrypt_pair_export(struct bcrypt_pair *k, const WCHAR *type, BYTE *out, ULONG room, ULONG *size);
/* k NULL: of the provider */
NTSTATUS bcrypt_pair_property(struct bcrypt_provider *p, struct bcrypt_pair *k, const WCHAR *name, BYTE *out,
                              ULONG room, ULONG *size);
NTSTATUS bcrypt_pair_set(struct bcrypt_provider *p, struct bcrypt_pair *k, const WCHAR *name, const BYTE *in,
                         ULONG n);
NTSTATUS bcrypt_pair_crypt(struct bcrypt_pair *k, bool encrypt, const BYTE *in, ULONG n, const void *info, BYTE *out,
                           ULONG room, ULONG *size, ULONG flags);
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

/* A list of parameters, BCryptBufferDesc. */
struct bcrypt_parameter {
	ULONG size, type;
	const BYTE *data;
};
struct bcrypt_parameters {
	ULONG version, count;
	const struct bcrypt_parameter *list;
};
enum { BCRYPT_P_HASH, BCRYPT_P_PREPEND, BCRYPT_P_APPEND, BCRYPT_P_HMAC_KEY, BCRYPT_P_LABEL, BCRYPT_P_SEED };
const struct bcrypt_parameter *bcrypt_find(const struct bcrypt_parameters *p, ULONG type);
/* A hash by its name, of which size bytes are sure to be there. */
bool bcrypt_hash_named(const BYTE *name, ULONG size, enum digest_kind *k);
/* SP 800-56A's derivation out of a secret. */
NTSTATUS bcrypt_concat(const BYTE *secret, size_t n, enum digest_kind hash, const struct bcrypt_parameters *p,
                       BYTE *out, ULONG size);

#endif
