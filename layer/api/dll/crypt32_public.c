/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys of certificates: as handles, out of handles, and what they signed. */
#include <stdlib.h>

#include "layer/api/dll/advapi32_csp.h"
#include "layer/api/dll/bcrypt.h"
#include "layer/api/dll/crypt32_code.h"
#include "layer/api/dll/ncrypt.h"
#include "layer/api/nt/clock.h"

WINAPI LONG crypt32_CertVerifyTimeValidity(const struct FILETIME *when, const struct CERT_INFO *i);

static bool
read_info(const struct CERT_PUBLIC_KEY_INFO *i, struct keypair *k)
{
	struct der d = { 0 };
	crypt32_encode_public_key(&d, i);
	bool ok = !d.bad && keypair_read_public(k, (struct x509_span){ d.p, d.n });
	der_free(&d);
	return ok;
}

/* -- in -------------------------------------------------------------------------------------------- */

/* The algorithm that the program wants to see: CALG_RSA_SIGN, or the usual one. */
WINAPI BOOL
crypt32_CryptImportPublicKeyInfoEx(void *provider, DWORD encoding,
                                   const struct CERT_PUBLIC_KEY_INFO *info, DWORD id, DWORD flags,
                                   void *more, void **out)
{
	struct keypair k = { 0 };
	(void)encoding, (void)flags, (void)more;
	if (!advapi32_csp(provider) || !info || !out)
		return refuse(ERROR_INVALID_PARAMETER);
	if (!read_info(info, &k))
		return refuse(CRYPT_E_ASN1_BADTAG);
	if (!k.rsa) {
		keypair_clear(&k);
		return refuse(ERROR_FILE_NOT_FOUND); /* no provider of CryptoAPI knows curves */
	}
	struct advapi32_rsa *r = advapi32_rsa_of(&k, CRYPT_EXPORTABLE);
	keypair_clear(&k);
	if (!r)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	return advapi32_rsa_handle(r, id == CALG_RSA_SIGN ? AT_SIGNATURE : AT_KEYEXCHANGE, out);
}

WINAPI BOOL
crypt32_CryptImportPublicKeyInfo(void *provider, DWORD encoding,
                                 const struct CERT_PUBLIC_KEY_INFO *info, void **out)
{
	return crypt32_CryptImportPublicKeyInfoEx(provider, encoding, info, 0, 0, NULL, out);
}

/* One of bcrypt; a curve's is for signatures, or for agreements when that is said. */
WINAPI BOOL
crypt32_CryptImportPublicKeyInfoEx2(DWORD encoding, const struct CERT_PUBLIC_KEY_INFO *info,
                                    DWORD flags, void *more, void **out)
{
	enum { OID_INFO_ENCRYPT = 0x40000000 };
	static const char *const names[2][CURVE_KINDS] = {
		{ "ECDSA_P256", "ECDSA_P384", "ECDSA_P521" },
		{ "ECDH_P256", "ECDH_P384", "ECDH_P521" }
	};
	struct keypair k = { 0 };
	(void)encoding, (void)more;
	if (!info || !out)
		return refuse(ERROR_INVALID_PARAMETER);
	if (!read_info(info, &k))
		return refuse(CRYPT_E_ASN1_BADTAG);
	struct bcrypt_pair *p = bcrypt_pair_of(
	        k.rsa ? "RSA" : names[!!(flags & OID_INFO_ENCRYPT)][k.curve.kind], &k);
	keypair_clear(&k);
	if (!p)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	*out = p;
	return TRUE;
}

/* -- out ------------------------------------------------------------------------------------------- */

WINAPI BOOL
crypt32_CryptExportPublicKeyInfoEx(void *handle, DWORD spec, DWORD encoding, const char *oid,
                                   DWORD flags, void *more, void *out, DWORD *size)
{
	struct ncrypt_key *key = handle ? ncrypt_key(handle) : NULL;
	struct advapi32_csp *csp = handle && !key ? advapi32_csp(handle) : NULL;
	struct advapi32_rsa *r = NULL;
	struct der d = { 0 };
	(void)encoding, (void)oid, (void)flags, (void)more;
	if (!size || (!key && !csp) || (csp && spec != AT_KEYEXCHANGE && spec != AT_SIGNATURE))
		return refuse(ERROR_INVALID_PARAMETER);
	if (csp && !(r = advapi32_csp_pair(csp, spec)))
		return refuse(0x8009000d); /* NTE_NO_KEY */
	keypair_put_public(key ? &key->pair->pair : &r->pair, &d);
	if (r)
		advapi32_rsa_unref(r);
	struct x509_span in = { d.p, d.n };
	struct crypt32_room count = { 0 };
	BOOL ok = !d.bad && crypt32_decode_public_key(&count, in) ? TRUE
	                                                          : refuse(ERROR_NOT_ENOUGH_MEMORY);
	DWORD room = *size;
	*size = (DWORD)count.n;
	if (ok && out && room < count.n)
		ok = refuse(ERROR_MORE_DATA);
	else if (ok && out)
		crypt32_decode_public_key(&(struct crypt32_room){ out, count.n, 0, 0 }, in);
	der_free(&d);
	return ok;
}

WINAPI BOOL
crypt32_CryptExportPublicKeyInfo(void *handle, DWORD spec, DWORD encoding, void *out, DWORD *size)
{
	return crypt32_CryptExportPublicKeyInfoEx(handle, spec, encoding, NULL, 0, NULL, out, size);
}

/* -- signatures ------------------------------------------------------------------------------------ */

/* SIGNED: a sequence of what is signed, how, and the bits of the signature. */
static bool
signed_by(struct x509_span in, const struct keypair *k)
{
	struct x509_element all, inner, how, oid, sign;
	return x509_take(&in, DER_SEQUENCE, &all) && x509_take(&all.in, DER_SEQUENCE, &inner) &&
	       x509_take(&all.in, DER_SEQUENCE, &how) && x509_take(&how.in, DER_OID, &oid) &&
	       x509_take(&all.in, DER_BITS, &sign) && sign.in.n > 1 && !sign.in.p[0] &&
	       x509_signature_good(k, oid.in, how.in, inner.whole,
	                           (struct x509_span){ sign.in.p + 1, sign.in.n - 1 });
}

static bool
subject(DWORD type, const void *from, struct x509_span *out)
{
	const struct CRYPT_BLOB *b = from;
	const struct CERT_CONTEXT *c = from;
	if (!from || (type != 1 && type != 2))
		return false;
	*out = type == 1 ? (struct x509_span){ b->pbData, b->cbData }
	                 : (struct x509_span){ c->pbCertEncoded, c->cbCertEncoded };
	return true;
}

WINAPI BOOL
crypt32_CryptVerifyCertificateSignatureEx(void *provider, DWORD encoding, DWORD type,
                                          const void *what, DWORD issuer_type, const void *issuer,
                                          DWORD flags, void *more)
{
	struct keypair k = { 0 };
	struct x509_span in;
	const struct CERT_CONTEXT *c = issuer;
	(void)provider, (void)encoding, (void)flags, (void)more;
	if (!subject(type, what, &in) || !issuer || (issuer_type != 1 && issuer_type != 2))
		return refuse(CRYPT_E_INVALID_ARGUMENT);
	if (!read_info(issuer_type == 1 ? issuer : &c->pCertInfo->SubjectPublicKeyInfo, &k))
		return refuse(CRYPT_E_ASN1_BADTAG);
	bool ok = signed_by(in, &k);
	keypair_clear(&k);
	return ok ? TRUE : refuse((DWORD)NTE_BAD_SIGNATURE);
}

WINAPI BOOL
crypt32_CryptVerifyCertificateSignature(void *provider, DWORD encoding, const BYTE *p, DWORD n,
                                        const struct CERT_PUBLIC_KEY_INFO *key)
{
	struct CRYPT_BLOB b = { n, (BYTE *)p };
	return crypt32_CryptVerifyCertificateSignatureEx(provider, encoding, 1, &b, 1, key, 0,
	                                                 NULL);
}

/* What is found to be so is taken out of the flags. */
WINAPI BOOL
crypt32_CertVerifySubjectCertificateContext(const struct CERT_CONTEXT *s,
                                            const struct CERT_CONTEXT *issuer, DWORD *flags)
{
	enum { SIGNATURE = 1, TIME = 2, REVOCATION = 4, NO_CRL = 0x10000 };
	if (!s || !flags || *flags & ~7u)
		return refuse(CRYPT_E_INVALID_ARGUMENT);
	if (!issuer && *flags & (SIGNATURE | REVOCATION))
		return refuse(CRYPT_E_INVALID_ARGUMENT);
	if (*flags & SIGNATURE &&
	    crypt32_CryptVerifyCertificateSignatureEx(NULL, 1, 2, s, 2, issuer, 0, NULL))
		*flags &= ~(DWORD)SIGNATURE;
	if (*flags & TIME && !crypt32_CertVerifyTimeValidity(NULL, s->pCertInfo))
		*flags &= ~(DWORD)TIME;
	if (*flags & REVOCATION) /* there are no lists */
		*flags |= NO_CRL;
	return TRUE;
}

WINAPI BOOL
crypt32_CertComparePublicKeyInfo(DWORD encoding, const struct CERT_PUBLIC_KEY_INFO *a,
                                 const struct CERT_PUBLIC_KEY_INFO *b)
{
	(void)encoding;
	return a->PublicKey.cbData == b->PublicKey.cbData &&
	       a->PublicKey.cUnusedBits == b->PublicKey.cUnusedBits &&
	       !memcmp(a->PublicKey.pbData, b->PublicKey.pbData, a->PublicKey.cbData);
}
