/* ncrypt.h -- what is behind NCrypt's handles: the software key storage provider and its keys.
 *
 * A key is a pair of bcrypt's with a name, with what may be done with it, and with properties that
 * programs attach.  It is counted, for certificates hold keys, too: a handle is one count.  What has
 * a name is in the machine's folder (keystore.h) from the moment it is finalized.  Functions
 * answer SECURITY_STATUS: 0, or NTE_...
 */
#ifndef LAYER_API_DLL_NCRYPT_H
#define LAYER_API_DLL_NCRYPT_H

#include "layer/api/dll/bcrypt.h"
#include "layer/api/nt/crypto/keystore.h"

enum {
	NTE_BAD_SIGNATURE = (int)0x80090006,
	NTE_BAD_FLAGS = (int)0x80090009,
	NTE_BAD_TYPE = (int)0x8009000a,
	NTE_BAD_KEY_STATE = (int)0x8009000b,
	NTE_NO_MEMORY = (int)0x8009000e,
	NTE_EXISTS = (int)0x8009000f,
	NTE_PERM = (int)0x80090010,
	NTE_NOT_FOUND = (int)0x80090011,
	NTE_BAD_DATA = (int)0x80090005,
	NTE_BAD_KEYSET = (int)0x80090016,
	NTE_FAIL = (int)0x80090020,
	NTE_INVALID_HANDLE = (int)0x80090026,
	NTE_INVALID_PARAMETER = (int)0x80090027,
	NTE_BUFFER_TOO_SMALL = (int)0x80090028,
	NTE_NOT_SUPPORTED = (int)0x80090029,
	NTE_NO_MORE_ITEMS = (int)0x8009002a
};

enum { NCRYPT_PROVIDER = 0x5076634e, NCRYPT_KEY = 0x4b76634e, NCRYPT_SECRET = 0x5376634e };
enum { NCRYPT_MACHINE_KEY_FLAG = 0x20, NCRYPT_SILENT_FLAG = 0x40, NCRYPT_OVERWRITE_KEY_FLAG = 0x80,
       NCRYPT_NO_KEY_VALIDATION = 8, NCRYPT_DO_NOT_FINALIZE_FLAG = 0x400, NCRYPT_WRITE_KEY_TO_LEGACY_STORE_FLAG = 0x200,
       NCRYPT_PERSIST_ONLY_FLAG = 0x40000000 };
#define NCRYPT_PERSIST_FLAG 0x80000000u
enum { NCRYPT_ALLOW_EXPORT_FLAG = 1, NCRYPT_ALLOW_PLAINTEXT_EXPORT_FLAG = 2, NCRYPT_ALLOW_ALL_USAGES = 0xffffff };
/* Parameters of imports and exports */
enum { NCRYPTBUFFER_PKCS_ALG_OID = 41, NCRYPTBUFFER_PKCS_ALG_PARAM, NCRYPTBUFFER_PKCS_KEY_NAME = 45,
       NCRYPTBUFFER_PKCS_SECRET, NCRYPTBUFFER_ECC_CURVE_NAME = 60 };

struct ncrypt_provider {
	DWORD magic;
};

/* One that a program made. */
struct ncrypt_property {
	struct ncrypt_property *next;
	bool kept;              /* in the machine's folder, with the key */
	WCHAR *name;            /* own */
	size_t n;
	BYTE data[];
};

struct ncrypt_key {
	DWORD magic;
	_Atomic uint32_t refs;
	struct bcrypt_pair *pair;               /* own */
	WCHAR *name;                            /* own; NULL: it is kept nowhere */
	bool machine, replace, final;
	DWORD policy, usage;
	struct ncrypt_property *properties;     /* own */
};

/* One count of a key that is read already, which it takes; ecdh: a curve's is for agreements.  NULL: no memory. */
struct ncrypt_key *ncrypt_of(struct keypair *own, bool ecdh, DWORD policy);
/* The same of a pair of bcrypt's, not final yet. */
struct ncrypt_key *ncrypt_around(struct bcrypt_pair *pair);
struct ncrypt_key *ncrypt_key(void *h);         /* NULL: it is none of ours */
struct ncrypt_key *ncrypt_ref(struct ncrypt_key *k);
void ncrypt_unref(struct ncrypt_key *k);
enum keystore_kind ncrypt_kind(bool machine);
LONG ncrypt_open(const WCHAR *name, bool machine, struct ncrypt_key **out);
/* Into the machine's folder, if it has a name. */
LONG ncrypt_keep(const struct ncrypt_key *k, bool replace);
LONG ncrypt_status(NTSTATUS s);
struct ncrypt_provider *ncrypt_provider(void *h);
struct ncrypt_provider *ncrypt_provider_new(void);
bool ncrypt_provider_named(const WCHAR *name);
void ncrypt_properties_free(struct ncrypt_key *k);
void ncrypt_secret_free(void *h);

#endif
