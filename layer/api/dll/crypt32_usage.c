/* SPDX-License-Identifier: Apache-2.0 */
/* What a key may be used for, and what names of algorithms mean.
 */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/crypt32.h"
#include "layer/api/nt/crypto/digest.h"
#include "layer/api/nt/text/utf.h"

enum {
	CALG_MD5 = 0x8003,
	CALG_SHA1,
	CALG_SHA_256 = 0x800c,
	CALG_SHA_384,
	CALG_SHA_512,
	CALG_RSA_KEYX = 0xa400,
	CALG_RSA_SIGN = 0x2400,
	CALG_3DES = 0x6603,
	CALG_AES_128 = 0x660e,
	CALG_AES_192,
	CALG_AES_256,
	CALG_OID_PARAMETERS = (int)0xffffffff
};

/* Of the key usage extension, as many bytes as are asked for. */
WINAPI BOOL
crypt32_CertGetIntendedKeyUsage(DWORD encoding, const struct CERT_INFO *i, BYTE *out, DWORD n)
{
	(void)encoding;
	if (n)
		memset(out, 0, n);
	for (DWORD k = 0; k < i->cExtension; k++) {
		const struct CERT_EXTENSION *e = &i->rgExtension[k];
		struct x509_span v = { e->Value.pbData, e->Value.cbData };
		struct x509_element bits;
		if (strcmp(e->pszObjId, "2.5.29.15"))
			continue;
		if (!x509_take(&v, 3, &bits) || bits.in.n < 2)
			break;
		memcpy(out, bits.in.p + 1, bits.in.n - 1 < n ? bits.in.n - 1 : n);
		return TRUE;
	}
	return refuse(0); /* it says nothing: for everything */
}

/* -- what all of some certificates are good for --------------------------------------------------------- */

static bool
good_for(const struct CERT_CONTEXT **c, DWORD n, const char *oid)
{
	for (DWORD i = 0; i < n; i++)
		if (!x509_good_for(&((const struct crypt32_cert *)c[i])->x, oid))
			return false;
	return true;
}

/* The usages of the first one that has a list; NULL: none has. */
static const struct crypt32_cert *
one_with_list(const struct CERT_CONTEXT **c, DWORD n)
{
	for (DWORD i = 0; i < n; i++) {
		const struct crypt32_cert *k = (const struct crypt32_cert *)c[i];
		if (k->x.known[X509_ENHANCED].p)
			return k;
	}
	return NULL;
}

WINAPI BOOL
crypt32_CertGetValidUsages(DWORD n, const struct CERT_CONTEXT **c, int *count, char **out,
                           DWORD *size)
{
	const struct crypt32_cert *with = one_with_list(c, n);
	struct x509_element all, e;
	char oid[128];
	*count = with ? 0 : -1; /* -1: for everything */
	DWORD have = *size;
	*size = 0;
	if (!with)
		return TRUE;
	struct x509_span v = with->x.known[X509_ENHANCED];
	if (!x509_take(&v, 0x30, &all))
		return TRUE;
	DWORD texts = 0;
	for (struct x509_span s = all.in; x509_take(&s, 6, &e);)
		if (x509_oid_text(e.in, oid, sizeof oid) <= sizeof oid && good_for(c, n, oid)) {
			++*count;
			texts += (DWORD)strlen(oid) + 1;
		}
	*size = (DWORD)*count * (DWORD)sizeof *out + texts;
	if (!out)
		return TRUE;
	if (have < *size)
		return refuse(ERROR_MORE_DATA);
	char *at = (char *)(out + *count);
	int k = 0;
	for (struct x509_span s = all.in; k < *count && x509_take(&s, 6, &e);)
		if (x509_oid_text(e.in, oid, sizeof oid) <= sizeof oid && good_for(c, n, oid)) {
			size_t length = strlen(oid) + 1;
			out[k++] = memcpy(at, oid, length);
			at += length;
		}
	return TRUE;
}

/* -- hashes ------------------------------------------------------------------------------------------------ */

static BOOL
hash(enum digest_kind kind, const BYTE *p, DWORD n, BYTE *out, DWORD *size)
{
	struct digest d;
	BYTE sum[DIGEST_MOST];
	digest_start(&d, kind);
	digest_add(&d, p, n);
	digest_end(&d, sum);
	return crypt32_hand(sum, (DWORD)digest_size(kind), out, size);
}

WINAPI BOOL
crypt32_CryptHashCertificate(void *provider, DWORD algorithm, DWORD flags, const BYTE *p, DWORD n,
                             BYTE *out, DWORD *size)
{
	static const struct {
		DWORD algorithm;
		enum digest_kind kind;
	} kinds[] = { { 0, DIGEST_SHA1 },
		      { CALG_SHA1, DIGEST_SHA1 },
		      { CALG_MD5, DIGEST_MD5 },
		      { CALG_SHA_256, DIGEST_SHA256 },
		      { CALG_SHA_384, DIGEST_SHA384 },
		      { CALG_SHA_512, DIGEST_SHA512 } };
	(void)provider, (void)flags;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].algorithm == algorithm)
			return hash(kinds[i].kind, p, n, out, size);
	return refuse(0x80090008); /* NTE_BAD_ALGID */
}

WINAPI BOOL
crypt32_CryptHashCertificate2(const WCHAR *name, DWORD flags, void *reserved, const BYTE *p,
                              DWORD n, BYTE *out, DWORD *size)
{
	static const struct {
		const WCHAR *name;
		enum digest_kind kind;
	} kinds[] = { { u"MD5", DIGEST_MD5 },
		      { u"SHA1", DIGEST_SHA1 },
		      { u"SHA256", DIGEST_SHA256 },
		      { u"SHA384", DIGEST_SHA384 },
		      { u"SHA512", DIGEST_SHA512 } };
	(void)flags, (void)reserved;
	for (size_t i = 0; name && i < sizeof kinds / sizeof *kinds; i++)
		if (!utf_compare(kinds[i].name, name))
			return hash(kinds[i].kind, p, n, out, size);
	return refuse(0x80090029); /* NTE_NOT_SUPPORTED */
}

/* -- names of algorithms --------------------------------------------------------------------------------- */

struct CRYPT_OID_INFO {
	DWORD cbSize;
	const char *pszOID;
	const WCHAR *pwszName;
	DWORD dwGroupId, Algid;
	struct CRYPT_BLOB ExtraInfo;
	const WCHAR *pwszCNGAlgid, *pwszCNGExtraAlgid;
};

/* CRYPT_HASH_ALG_OID_GROUP_ID ... */
enum { GROUP_HASH = 1, GROUP_ENCRYPT, GROUP_PUBKEY, GROUP_SIGN, GROUP_RDN, GROUP_EXT, GROUP_USAGE };
/* What a key is: an OID, a name, an ALG_ID, two of them, a name of CNG. */
enum { KEY_OID = 1, KEY_NAME, KEY_ALGID, KEY_SIGN, KEY_CNG_ALGID, KEY_CNG_SIGN, KEY_MASK = 0xf };

#define ROW(oid, name, group, id, cng, extra)                                                      \
	{                                                                                          \
		sizeof(struct CRYPT_OID_INFO), oid, name, group, (DWORD)(id), { 0, NULL }, cng,    \
		        extra                                                                      \
	}
static const struct CRYPT_OID_INFO known[] = {
	ROW("1.3.14.3.2.26", u"sha1", GROUP_HASH, CALG_SHA1, u"SHA1", u""),
	ROW("1.2.840.113549.2.5", u"md5", GROUP_HASH, CALG_MD5, u"MD5", u""),
	ROW("2.16.840.1.101.3.4.2.1", u"sha256", GROUP_HASH, CALG_SHA_256, u"SHA256", u""),
	ROW("2.16.840.1.101.3.4.2.2", u"sha384", GROUP_HASH, CALG_SHA_384, u"SHA384", u""),
	ROW("2.16.840.1.101.3.4.2.3", u"sha512", GROUP_HASH, CALG_SHA_512, u"SHA512", u""),
	ROW("1.2.840.113549.3.7", u"3des", GROUP_ENCRYPT, CALG_3DES, u"3DES", u""),
	ROW("2.16.840.1.101.3.4.1.2", u"aes128", GROUP_ENCRYPT, CALG_AES_128, u"AES", u""),
	ROW("2.16.840.1.101.3.4.1.22", u"aes192", GROUP_ENCRYPT, CALG_AES_192, u"AES", u""),
	ROW("2.16.840.1.101.3.4.1.42", u"aes256", GROUP_ENCRYPT, CALG_AES_256, u"AES", u""),
	ROW("1.2.840.113549.1.1.1", u"RSA", GROUP_PUBKEY, CALG_RSA_KEYX, u"RSA", u""),
	ROW("1.2.840.10045.2.1", u"ECC", GROUP_PUBKEY, CALG_OID_PARAMETERS,
	    u"CryptOIDInfoECCParameters", u""),
	ROW("1.2.840.10045.3.1.7", u"nistP256", GROUP_PUBKEY, CALG_OID_PARAMETERS,
	    u"CryptOIDInfoECCParameters", u"nistP256"),
	ROW("1.3.132.0.34", u"nistP384", GROUP_PUBKEY, CALG_OID_PARAMETERS,
	    u"CryptOIDInfoECCParameters", u"nistP384"),
	ROW("1.3.132.0.35", u"nistP521", GROUP_PUBKEY, CALG_OID_PARAMETERS,
	    u"CryptOIDInfoECCParameters", u"nistP521"),
	ROW("1.2.840.113549.1.1.4", u"md5RSA", GROUP_SIGN, CALG_MD5, u"MD5", u"RSA"),
	ROW("1.2.840.113549.1.1.5", u"sha1RSA", GROUP_SIGN, CALG_SHA1, u"SHA1", u"RSA"),
	ROW("1.2.840.113549.1.1.11", u"sha256RSA", GROUP_SIGN, CALG_SHA_256, u"SHA256", u"RSA"),
	ROW("1.2.840.113549.1.1.12", u"sha384RSA", GROUP_SIGN, CALG_SHA_384, u"SHA384", u"RSA"),
	ROW("1.2.840.113549.1.1.13", u"sha512RSA", GROUP_SIGN, CALG_SHA_512, u"SHA512", u"RSA"),
	ROW("1.2.840.10045.4.1", u"sha1ECDSA", GROUP_SIGN, CALG_SHA1, u"SHA1", u"ECDSA"),
	ROW("1.2.840.10045.4.3.2", u"sha256ECDSA", GROUP_SIGN, CALG_SHA_256, u"SHA256", u"ECDSA"),
	ROW("1.2.840.10045.4.3.3", u"sha384ECDSA", GROUP_SIGN, CALG_SHA_384, u"SHA384", u"ECDSA"),
	ROW("1.2.840.10045.4.3.4", u"sha512ECDSA", GROUP_SIGN, CALG_SHA_512, u"SHA512", u"ECDSA"),
	ROW("2.5.4.3", u"CN", GROUP_RDN, 0, u"", u""),
	ROW("2.5.4.6", u"C", GROUP_RDN, 0, u"", u""),
	ROW("2.5.4.7", u"L", GROUP_RDN, 0, u"", u""),
	ROW("2.5.4.8", u"S", GROUP_RDN, 0, u"", u""),
	ROW("2.5.4.10", u"O", GROUP_RDN, 0, u"", u""),
	ROW("2.5.4.11", u"OU", GROUP_RDN, 0, u"", u""),
	ROW("0.9.2342.19200300.100.1.25", u"DC", GROUP_RDN, 0, u"", u""),
	ROW("2.5.29.14", u"Subject Key Identifier", GROUP_EXT, 0, u"", u""),
	ROW("2.5.29.15", u"Key Usage", GROUP_EXT, 0, u"", u""),
	ROW("2.5.29.17", u"Subject Alternative Name", GROUP_EXT, 0, u"", u""),
	ROW("2.5.29.19", u"Basic Constraints", GROUP_EXT, 0, u"", u""),
	ROW("2.5.29.30", u"Name Constraints", GROUP_EXT, 0, u"", u""),
	ROW("2.5.29.31", u"CRL Distribution Points", GROUP_EXT, 0, u"", u""),
	ROW("2.5.29.32", u"Certificate Policies", GROUP_EXT, 0, u"", u""),
	ROW("2.5.29.35", u"Authority Key Identifier", GROUP_EXT, 0, u"", u""),
	ROW("2.5.29.37", u"Enhanced Key Usage", GROUP_EXT, 0, u"", u""),
	ROW("1.3.6.1.5.5.7.1.1", u"Authority Information Access", GROUP_EXT, 0, u"", u""),
	ROW("1.3.6.1.5.5.7.3.1", u"Server Authentication", GROUP_USAGE, 0, u"", u""),
	ROW("1.3.6.1.5.5.7.3.2", u"Client Authentication", GROUP_USAGE, 0, u"", u""),
	ROW("1.3.6.1.5.5.7.3.3", u"Code Signing", GROUP_USAGE, 0, u"", u""),
	ROW("1.3.6.1.5.5.7.3.4", u"Secure Email", GROUP_USAGE, 0, u"", u""),
	ROW("1.3.6.1.5.5.7.3.8", u"Time Stamping", GROUP_USAGE, 0, u"", u""),
	ROW("1.3.6.1.5.5.7.3.9", u"OCSP Signing", GROUP_USAGE, 0, u"", u""),
};

static bool
matches(const struct CRYPT_OID_INFO *i, DWORD kind, const void *key)
{
	const DWORD *id = key;
	const WCHAR *const *cng = key;
	switch (kind) {
	case KEY_OID: return !strcmp(i->pszOID, key);
	case KEY_NAME: return !utf_compare(i->pwszName, key);
	case KEY_ALGID: return i->dwGroupId <= GROUP_PUBKEY && i->Algid == *id;
	case KEY_SIGN:
		return i->dwGroupId == GROUP_SIGN && i->Algid == id[0] &&
		       (id[1] == CALG_RSA_SIGN) == !utf_compare(i->pwszCNGExtraAlgid, u"RSA");
	case KEY_CNG_ALGID:
		return i->dwGroupId <= GROUP_PUBKEY && !utf_compare(i->pwszCNGAlgid, key);
	case KEY_CNG_SIGN:
		return i->dwGroupId == GROUP_SIGN && !utf_compare(i->pwszCNGAlgid, cng[0]) &&
		       !utf_compare(i->pwszCNGExtraAlgid, cng[1]);
	default: return false;
	}
}

/* group 0: any; its upper half is a length of key that is wished for. */
WINAPI const struct CRYPT_OID_INFO *
crypt32_CryptFindOIDInfo(DWORD kind, const void *key, DWORD group)
{
	enum { GROUP_MASK = 0xffff, LARGEST = 9 };
	group &= GROUP_MASK;
	if (group > LARGEST) /* flags: prefer one of CNG, do not look elsewhere */
		group = 0;
	for (size_t i = 0; key && i < sizeof known / sizeof *known; i++)
		if ((!group || known[i].dwGroupId == group) &&
		    matches(&known[i], kind & KEY_MASK, key))
			return &known[i];
	return NULL;
}

/* OID to ALG_ID and back; 0 or NULL: there is none. */
WINAPI DWORD
crypt32_CertOIDToAlgId(const char *oid)
{
	const struct CRYPT_OID_INFO *i = crypt32_CryptFindOIDInfo(KEY_OID, oid, 0);
	return i ? i->Algid : 0;
}

WINAPI const char *
crypt32_CertAlgIdToOID(DWORD id)
{
	const struct CRYPT_OID_INFO *i = crypt32_CryptFindOIDInfo(KEY_ALGID, &id, 0);
	return i ? i->pszOID : NULL;
}
