/* crypt32.h -- certificates and the stores that they are in.
 *
 * A context is what programs see of a certificate (its CERT_CONTEXT comes first).  It is counted by
 * whoever holds it; the one in a store's list is freed with the store, which lives while it is open or
 * anybody holds a certificate of it.  All of that changes under one lock.
 */
#ifndef LAYER_API_DLL_CRYPT32_H
#define LAYER_API_DLL_CRYPT32_H

#include "layer/api/dll/dll.h"
#include "layer/api/nt/crypto/der.h"
#include "layer/api/nt/crypto/x509.h"

#define CRYPT_E_NOT_FOUND 0x80092004
#define CRYPT_E_EXISTS 0x80092005
#define CRYPT_E_NO_KEY_PROPERTY 0x8009200b
#define CRYPT_E_ASN1_BADTAG 0x8009310b
#define CRYPT_E_INVALID_ARGUMENT 0x80070057

struct CRYPT_BLOB {
	DWORD cbData;
	BYTE *pbData;
};

struct CRYPT_BIT_BLOB {
	DWORD cbData;
	BYTE *pbData;
	DWORD cUnusedBits;
};

struct CRYPT_ALGORITHM_IDENTIFIER {
	char *pszObjId;
	struct CRYPT_BLOB Parameters;
};

struct CERT_EXTENSION {
	char *pszObjId;
	BOOL fCritical;
	struct CRYPT_BLOB Value;
};

struct CERT_PUBLIC_KEY_INFO {
	struct CRYPT_ALGORITHM_IDENTIFIER Algorithm;
	struct CRYPT_BIT_BLOB PublicKey;
};

struct CRYPT_PRIVATE_KEY_INFO {
	DWORD Version;
	struct CRYPT_ALGORITHM_IDENTIFIER Algorithm;
	struct CRYPT_BLOB PrivateKey;
	void *pAttributes;
};

struct CERT_SIGNED_CONTENT_INFO {
	struct CRYPT_BLOB ToBeSigned;
	struct CRYPT_ALGORITHM_IDENTIFIER SignatureAlgorithm;
	struct CRYPT_BIT_BLOB Signature;
};

struct CERT_BASIC_CONSTRAINTS2_INFO {
	BOOL fCA, fPathLenConstraint;
	DWORD dwPathLenConstraint;
};

struct CERT_OTHER_NAME {
	char *pszObjId;
	struct CRYPT_BLOB Value;
};

struct CERT_ALT_NAME_ENTRY {
	DWORD dwAltNameChoice;
	union {
		struct CERT_OTHER_NAME *pOtherName;
		WCHAR *pwszText;        /* mail, host, URL */
		struct CRYPT_BLOB Blob; /* directory name, address */
		char *pszRegisteredID;
	};
};

struct CERT_INFO {
	DWORD dwVersion;
	struct CRYPT_BLOB SerialNumber; /* the lowest byte first */
	struct CRYPT_ALGORITHM_IDENTIFIER SignatureAlgorithm;
	struct CRYPT_BLOB Issuer;
	struct FILETIME NotBefore, NotAfter;
	struct CRYPT_BLOB Subject;
	struct CERT_PUBLIC_KEY_INFO SubjectPublicKeyInfo;
	struct CRYPT_BIT_BLOB IssuerUniqueId, SubjectUniqueId;
	DWORD cExtension;
	struct CERT_EXTENSION *rgExtension;
};

struct CERT_CONTEXT {
	DWORD dwCertEncodingType;
	BYTE *pbCertEncoded;
	DWORD cbCertEncoded;
	struct CERT_INFO *pCertInfo;
	void *hCertStore;
};

struct crypt32_property {
	struct crypt32_property *next;
	DWORD id, n;
	BYTE data[];
};

/* The private key's handle: of NCrypt, or of a provider of CryptoAPI; one count of it. */
struct crypt32_key {
	void *handle;           /* own; NULL: there is none */
	DWORD spec;             /* AT_KEYEXCHANGE, AT_SIGNATURE, CERT_NCRYPT_KEY_SPEC */
};
#define CERT_NCRYPT_KEY_SPEC 0xffffffffu

enum { CERT_KEY_PROV_HANDLE_PROP_ID = 1, CERT_KEY_PROV_INFO_PROP_ID, CERT_KEY_CONTEXT_PROP_ID = 5,
       CERT_KEY_SPEC_PROP_ID, CERT_NCRYPT_KEY_HANDLE_PROP_ID = 78, CERT_HCRYPTPROV_OR_NCRYPT_KEY_HANDLE_PROP_ID,
       CERT_STORE_NO_CRYPT_RELEASE_FLAG = 1 };

struct CRYPT_KEY_PROV_INFO {
	WCHAR *pwszContainerName, *pwszProvName;
	DWORD dwProvType, dwFlags, cProvParam;
	void *rgProvParam;
	DWORD dwKeySpec;
};

struct crypt32_store;

struct crypt32_cert {
	struct CERT_CONTEXT context;
	struct x509 x;
	struct CERT_INFO info;
	/* under the lock */
	uint32_t refs;                          /* of those outside of the store */
	bool listed;
	struct crypt32_cert *next;              /* of the store */
	struct crypt32_property *properties;    /* own */
	struct crypt32_key key;                 /* own */
	BYTE bytes[];                           /* the encoded one; and texts of OIDs */
};

/* -- crypt32_cert.c: a count, or NULL with the last error -------------------------------------- */

struct crypt32_cert *crypt32_cert_new(const BYTE *p, size_t n);
struct crypt32_cert *crypt32_cert_ref(struct crypt32_cert *c);
void crypt32_cert_unref(struct crypt32_cert *c);
void crypt32_cert_free(struct crypt32_cert *c); /* whose counts and list are gone */
void crypt32_cert_hash(const struct crypt32_cert *c, DWORD property, BYTE out[64], DWORD *n);

/* Under the lock. */
struct crypt32_property *crypt32_cert_property(struct crypt32_cert *c, DWORD id);
/* Takes p, whose id it has; NULL: it is removed. */
void crypt32_cert_attach(struct crypt32_cert *c, DWORD id, struct crypt32_property *p);
/* Gives as much as was asked for, by *size. */
BOOL crypt32_hand(const void *from, DWORD n, void *out, DWORD *size);

/* -- crypt32_key.c: private keys ---------------------------------------------------------------- */

bool crypt32_key_property(DWORD id);            /* one that is about the private key */
BOOL crypt32_key_get(struct crypt32_cert *c, DWORD id, void *out, DWORD *size);
BOOL crypt32_key_set(struct crypt32_cert *c, DWORD id, DWORD flags, const void *data);
bool crypt32_key_there(struct crypt32_cert *c);
/* Under the lock: what one certificate has, for another. */
void crypt32_key_copy(struct crypt32_key *to, const struct crypt32_key *from);
void crypt32_key_free(struct crypt32_key *k);
/* The certificate's private key as PKCS #8 (RFC 5208), for der_free(); false: it has none.  *der is
 * empty before. */
bool crypt32_private_key(const struct CERT_CONTEXT *cert, struct der *der);
/* The same for one that may leave; FALSE with the reason. */
BOOL crypt32_key_export(struct crypt32_cert *c, struct der *der);

/* -- crypt32_store.c ----------------------------------------------------------------------------- */

extern _Atomic uint32_t crypt32_lock;   /* steady.h's */
/* Under the lock: somebody outside holds a certificate of the store, or does no longer. */
void crypt32_store_held(struct crypt32_store *s);
void crypt32_store_left(struct crypt32_store *s);
/* The next one of a store, or of those that it is made of; before NULL: the first.  Counted. */
struct crypt32_cert *crypt32_store_next(void *store, struct crypt32_cert *before);
bool crypt32_store_is(void *store);     /* false: with the last error */
/* What everybody trusts: the host's authorities, and what was put into ROOT. */
void *crypt32_store_roots(void);
void *crypt32_store_named(const WCHAR *name);   /* one more use of it */
void *crypt32_store_ref(void *store);
void crypt32_store_unref(void *store);

/* -- crypt32_chain.c ----------------------------------------------------------------------------- */

/* The certificate and those that lead up from it, as far as they are known; counts. */
size_t crypt32_way_up(const struct CERT_CONTEXT *c, struct crypt32_cert **out, size_t most);
/* What speaks against it as the end of a connection (CERT_E_..., TRUST_E_...), or 0.  roots: whom one
 * trusts, NULL: whom the system trusts; host: whom it must be for, NULL: anybody. */
DWORD crypt32_verdict(const struct CERT_CONTEXT *c, void *roots, bool server, const WCHAR *host);

#endif
