/* SPDX-License-Identifier: Apache-2.0 */
// Names of certificates as text and back; certificates that programs make and sign, and whether a
// signature is somebody's; public keys as handles.
// needs: joist mingw
// libs: -lcrypt32 -lncrypt -lbcrypt -ladvapi32
// run: joist run --rm $GUEST
// expect: names: ok
// expect: bad names: ok
// expect: parts: ok
// expect: public keys: ok
// expect: verified: ok
// expect: self-signed: ok
// expect: issued: ok
// test: OpenSSL finds the signature of what we made good
// needs: joist mingw openssl
// run: cd $W && joist run --rm $GUEST Z:own.der && openssl x509 -inform DER -in own.der -out own.pem && openssl verify -CAfile own.pem own.pem && openssl x509 -in own.pem -noout -subject -ext basicConstraints
// expect: own.pem: OK
// expect: subject=C = DE, O = "Joist, Inc.", CN = self
// expect: X509v3 Basic Constraints: critical
// expect:     CA:TRUE
#define _WIN32_WINNT 0x0A00
#include "check.h"
#include <bcrypt.h>
#include <ncrypt.h>
#include "keyed.h"

#ifndef CERT_NCRYPT_KEY_HANDLE_PROP_ID
#define CERT_NCRYPT_KEY_HANDLE_PROP_ID 78
#endif
enum { BAD_X500 = (int)0x80092023 };

static BYTE room[4096];

static CERT_NAME_BLOB
name_of(const WCHAR *s, DWORD type)
{
	static BYTE out[4][512];
	static int turn;
	CERT_NAME_BLOB b = { sizeof out[0], out[turn++ & 3] };
	const WCHAR *where = L"";
	IS(CertStrToNameW(X509_ASN_ENCODING, s, type, NULL, b.pbData, &b.cbData, &where) && !where);
	return b;
}

static int
writes(const WCHAR *from, DWORD in, DWORD out, const WCHAR *want)
{
	CERT_NAME_BLOB b = name_of(from, in);
	WCHAR text[256];
	DWORD n = CertNameToStrW(X509_ASN_ENCODING, &b, out, NULL, 0);
	int ok = CertNameToStrW(X509_ASN_ENCODING, &b, out, text, 256) == n &&
	         n == wcslen(text) + 1 && !wcscmp(text, want);
	if (!ok)
		printf("%ls\n", text);
	return ok;
}

static void
names(void)
{
	const DWORD x = CERT_X500_NAME_STR;
	IS(writes(L"C=DE, O=Joist, CN=a name", x, x, L"C=DE, O=Joist, CN=a name"));
	IS(writes(L"C=DE,O=Joist;CN=a name", x, CERT_SIMPLE_NAME_STR, L"DE, Joist, a name"));
	IS(writes(L"CN=a", x, CERT_OID_NAME_STR, L"2.5.4.3=a"));
	IS(writes(L"2.5.4.3=a, OID.1.2.3.4=b", x, x, L"CN=a, OID.1.2.3.4=b"));
	IS(writes(L"CN=\"Joist, Inc.\"", x, x, L"CN=\"Joist, Inc.\""));
	IS(writes(L"CN=\"say \"\"yes\"\"\"", x, x, L"CN=\"say \"\"yes\"\"\""));
	IS(writes(L"CN=a+OU=b, O=c", x, x, L"CN=a + OU=b, O=c"));
	IS(writes(L"CN=a, O=b", x | CERT_NAME_STR_REVERSE_FLAG, x, L"O=b, CN=a"));
	IS(writes(L"CN=a, O=b", x, x | CERT_NAME_STR_REVERSE_FLAG, L"O=b, CN=a"));
	IS(writes(L"CN=a, O=b", x, x | CERT_NAME_STR_SEMICOLON_FLAG, L"CN=a; O=b"));
	IS(writes(L"CN=a, O=b", x, x | CERT_NAME_STR_CRLF_FLAG, L"CN=a\r\nO=b"));
	IS(writes(L"CN=\x4e2d\xd83d\xde00", x, x, L"CN=\x4e2d\xd83d\xde00"));
	IS(writes(L"CN=\x4e2d", x | CERT_NAME_STR_ENABLE_UTF8_UNICODE_FLAG, x, L"CN=\x4e2d"));
	IS(writes(L"E=a@b.c, DC=local", x, x, L"E=a@b.c, DC=local"));
	IS(writes(L"", x, x, L""));
	/* as much as there is room for */
	CERT_NAME_BLOB b = name_of(L"CN=0123456789", x);
	WCHAR text[6];
	char ansi[6];
	IS(CertNameToStrW(X509_ASN_ENCODING, &b, x, text, 6) == 6 && !wcscmp(text, L"CN=01"));
	IS(CertNameToStrA(X509_ASN_ENCODING, &b, x, ansi, 6) == 6 && !strcmp(ansi, "CN=01"));
	done("names");
}

static void
bad_names(void)
{
	static const struct {
		const char *text;
		int at;
	} of[] = { { "CN", 0 },     { "CN=a, =b", 6 },      { "XYZ=a", 0 },
		   { "CN=\"a", 0 }, { "CN=a, 1.2.x=b", 6 }, { "CN=a, 9.9=b", 6 } };
	DWORD n = 0;
	const char *where = NULL;
	for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
		n = sizeof room;
		ERR(CertStrToNameA(X509_ASN_ENCODING, of[i].text, CERT_X500_NAME_STR, NULL, room,
		                   &n, &where),
		    BAD_X500);
		IS(where == of[i].text + of[i].at);
	}
	n = 3;
	ERR(CertStrToNameA(X509_ASN_ENCODING, "CN=a", 3, NULL, room, &n, NULL), ERROR_MORE_DATA);
	IS(CertStrToNameA(X509_ASN_ENCODING, "CN=a", 3, NULL, NULL, &n, NULL) && n == 14);
	done("bad names");
}

static int
part(PCCERT_CONTEXT c, DWORD type, DWORD flags, void *more, const WCHAR *want)
{
	WCHAR text[128];
	DWORD n = CertGetNameStringW(c, type, flags, more, text, 128);
	return n == wcslen(want) + 1 && !wcscmp(text, want);
}

static void
parts(void)
{
	PCCERT_CONTEXT c = certificate(curve_cert);
	DWORD how = CERT_X500_NAME_STR;
	char text[32];
	CRYPT_DATA_BLOB mine = { 8, (BYTE *)L"mine" };
	IS(part(c, CERT_NAME_SIMPLE_DISPLAY_TYPE, 0, NULL, L"curve"));
	IS(part(c, CERT_NAME_RDN_TYPE, 0, &how, L"O=Joist, CN=curve"));
	IS(part(c, CERT_NAME_RDN_TYPE, CERT_NAME_ISSUER_FLAG, &how, L"O=Joist, CN=curve"));
	IS(part(c, CERT_NAME_ATTR_TYPE, 0, szOID_ORGANIZATION_NAME, L"Joist"));
	IS(part(c, CERT_NAME_FRIENDLY_DISPLAY_TYPE, 0, NULL, L"curve"));
	IS(CertSetCertificateContextProperty(c, CERT_FRIENDLY_NAME_PROP_ID, 0, &mine));
	IS(part(c, CERT_NAME_FRIENDLY_DISPLAY_TYPE, 0, NULL, L"mine"));
	IS(part(c, CERT_NAME_DNS_TYPE, 0, NULL, L"curve"));
	IS(part(c, CERT_NAME_EMAIL_TYPE, 0, NULL, L"") &&
	   part(c, CERT_NAME_URL_TYPE, 0, NULL, L""));
	IS(CertGetNameStringA(c, CERT_NAME_SIMPLE_DISPLAY_TYPE, 0, NULL, text, sizeof text) == 6 &&
	   !strcmp(text, "curve"));
	IS(CertGetNameStringW(c, CERT_NAME_SIMPLE_DISPLAY_TYPE, 0, NULL, NULL, 0) == 6);
	CertFreeCertificateContext(c);
	done("parts");
}

static NCRYPT_KEY_HANDLE
key(const char *text)
{
	NCRYPT_PROV_HANDLE prov;
	NCRYPT_KEY_HANDLE k = 0;
	DWORD n;
	BYTE *p = der(text, &n);
	NCryptOpenStorageProvider(&prov, NULL, 0);
	IS(!NCryptImportKey(prov, 0, NCRYPT_PKCS8_PRIVATE_KEY_BLOB, NULL, &k, p, n, 0));
	NCryptFreeObject(prov);
	return k;
}

static void
public_keys(void)
{
	PCCERT_CONTEXT c[2] = { certificate(curve_cert), certificate(rsa_cert) };
	static const char *const keys[] = { curve_key, rsa_key };
	for (int i = 0; i < 2; i++) {
		CERT_PUBLIC_KEY_INFO *info = &c[i]->pCertInfo->SubjectPublicKeyInfo,
		                     *own = (CERT_PUBLIC_KEY_INFO *)room;
		NCRYPT_KEY_HANDLE k = key(keys[i]);
		BCRYPT_KEY_HANDLE pub = NULL;
		BYTE hash[32] = "thirty-two bytes to be signed..", s[256];
		BCRYPT_PKCS1_PADDING_INFO how = { L"SHA256" };
		DWORD n = 0, flags = i ? BCRYPT_PAD_PKCS1 : 0;
		/* what the private key signs, the certificate's public one verifies */
		IS(CryptImportPublicKeyInfoEx2(X509_ASN_ENCODING, info, 0, NULL, &pub));
		IS(!NCryptSignHash(k, i ? &how : NULL, hash, 32, s, sizeof s, &n, flags));
		IS(!BCryptVerifySignature(pub, i ? &how : NULL, hash, 32, s, n, flags));
		IS(!BCryptDestroyKey(pub));
		IS(CryptExportPublicKeyInfo(k, 0, X509_ASN_ENCODING, NULL, &n) && n < sizeof room);
		n--;
		ERR(CryptExportPublicKeyInfo(k, 0, X509_ASN_ENCODING, own, &n), ERROR_MORE_DATA);
		IS(CryptExportPublicKeyInfo(k, 0, X509_ASN_ENCODING, own, &n));
		IS(CertComparePublicKeyInfo(X509_ASN_ENCODING, own, info) &&
		   !strcmp(own->Algorithm.pszObjId, info->Algorithm.pszObjId));
		NCryptFreeObject(k);
	}
	HCRYPTPROV prov;
	HCRYPTKEY k = 0;
	DWORD n = sizeof room;
	IS(CryptAcquireContextW(&prov, NULL, NULL, PROV_RSA_AES, CRYPT_VERIFYCONTEXT));
	IS(CryptImportPublicKeyInfo(prov, X509_ASN_ENCODING, &c[1]->pCertInfo->SubjectPublicKeyInfo,
	                            &k));
	IS(CryptExportKey(k, 0, PUBLICKEYBLOB, 0, room, &n) && n == 20 + 256);
	IS(CryptDestroyKey(k));
	IS(CryptImportPublicKeyInfoEx(prov, X509_ASN_ENCODING,
	                              &c[1]->pCertInfo->SubjectPublicKeyInfo, CALG_RSA_SIGN, 0,
	                              NULL, &k) &&
	   CryptDestroyKey(k));
	IS(!CryptImportPublicKeyInfo(prov, X509_ASN_ENCODING,
	                             &c[0]->pCertInfo->SubjectPublicKeyInfo, &k));
	IS(CryptGenKey(prov, AT_SIGNATURE, 512u << 16, &k));
	n = sizeof room;
	IS(CryptExportPublicKeyInfoEx(prov, AT_SIGNATURE, X509_ASN_ENCODING, NULL, 0, NULL,
	                              (CERT_PUBLIC_KEY_INFO *)room, &n));
	ERR(CryptExportPublicKeyInfo(prov, AT_KEYEXCHANGE, X509_ASN_ENCODING, NULL, &n),
	    NTE_NO_KEY);
	IS(CryptDestroyKey(k) && CryptReleaseContext(prov, 0));
	CertFreeCertificateContext(c[0]);
	CertFreeCertificateContext(c[1]);
	done("public keys");
}

static void
verified(void)
{
	PCCERT_CONTEXT a = certificate(curve_cert), b = certificate(rsa_cert);
	DWORD flags = CERT_STORE_SIGNATURE_FLAG | CERT_STORE_TIME_VALIDITY_FLAG, n;
	IS(CertVerifySubjectCertificateContext(a, a, &flags) && !flags);
	flags = CERT_STORE_SIGNATURE_FLAG;
	IS(CertVerifySubjectCertificateContext(a, b, &flags) && flags == CERT_STORE_SIGNATURE_FLAG);
	IS(CryptVerifyCertificateSignature(0, X509_ASN_ENCODING, a->pbCertEncoded, a->cbCertEncoded,
	                                   &a->pCertInfo->SubjectPublicKeyInfo));
	ERR(CryptVerifyCertificateSignatureEx(
	            0, X509_ASN_ENCODING, CRYPT_VERIFY_CERT_SIGN_SUBJECT_CERT, (void *)a,
	            CRYPT_VERIFY_CERT_SIGN_ISSUER_CERT, (void *)b, 0, NULL),
	    NTE_BAD_SIGNATURE);
	IS(CryptVerifyCertificateSignatureEx(
	        0, X509_ASN_ENCODING, CRYPT_VERIFY_CERT_SIGN_SUBJECT_CERT, (void *)b,
	        CRYPT_VERIFY_CERT_SIGN_ISSUER_CERT, (void *)b, 0, NULL));
	BYTE *p = der(rsa_cert, &n);
	p[150] ^= 1;
	ERR(CryptVerifyCertificateSignature(0, X509_ASN_ENCODING, p, n,
	                                    &b->pCertInfo->SubjectPublicKeyInfo),
	    NTE_BAD_SIGNATURE);
	CertFreeCertificateContext(a);
	CertFreeCertificateContext(b);
	done("verified");
}

static PCCERT_CONTEXT
own_certificate(NCRYPT_KEY_HANDLE k)
{
	BYTE basic[] = { 0x30, 3, 1, 1, 0xff };
	CERT_EXTENSION e = { szOID_BASIC_CONSTRAINTS2, TRUE, { sizeof basic, basic } };
	CERT_EXTENSIONS x = { 1, &e };
	CERT_NAME_BLOB name = name_of(L"C=DE, O=\"Joist, Inc.\", CN=self", CERT_X500_NAME_STR);
	CRYPT_ALGORITHM_IDENTIFIER how = { szOID_ECDSA_SHA256, { 0, NULL } };
	SYSTEMTIME until = { 2060, 2, 0, 29, 12, 0, 0, 0 };
	return CertCreateSelfSignCertificate(k, &name, 0, NULL, &how, NULL, &until, &x);
}

static void
self_signed(void)
{
	NCRYPT_KEY_HANDLE k = key(curve_key), got = 0;
	PCCERT_CONTEXT c = own_certificate(k);
	DWORD flags = CERT_STORE_SIGNATURE_FLAG | CERT_STORE_TIME_VALIDITY_FLAG, n = sizeof got;
	IS(c && CertVerifySubjectCertificateContext(c, c, &flags) && !flags);
	SYSTEMTIME t;
	IS(FileTimeToSystemTime(&c->pCertInfo->NotAfter, &t) && t.wYear == 2060 && t.wDay == 29);
	IS(c->pCertInfo->dwVersion == CERT_V3 && c->pCertInfo->cExtension == 1);
	IS(CertGetCertificateContextProperty(c, CERT_NCRYPT_KEY_HANDLE_PROP_ID, &got, &n) &&
	   got == k);
	NCryptFreeObject(k);
	IS(NCryptIsKeyHandle(got)); /* the certificate has it, too */
	CertFreeCertificateContext(c);
	/* without a key one is made; by a name it is kept */
	CERT_NAME_BLOB name = name_of(L"CN=made", CERT_X500_NAME_STR);
	WCHAR container[] = L"self", provider[] = MS_KEY_STORAGE_PROVIDER;
	CRYPT_KEY_PROV_INFO info = { container, provider, 0, 0, 0, NULL, 0 };
	HCRYPTPROV_OR_NCRYPT_KEY_HANDLE h = 0;
	BOOL mine = FALSE;
	c = CertCreateSelfSignCertificate(0, &name, 0, &info, NULL, NULL, NULL, NULL);
	flags = CERT_STORE_SIGNATURE_FLAG;
	IS(c && CertVerifySubjectCertificateContext(c, c, &flags) && !flags);
	IS(CryptAcquireCertificatePrivateKey(
	           c, CRYPT_ACQUIRE_ONLY_NCRYPT_KEY_FLAG | CRYPT_ACQUIRE_COMPARE_KEY_FLAG, NULL, &h,
	           NULL, &mine) &&
	   mine);
	IS(!NCryptDeleteKey(h, 0));
	CertFreeCertificateContext(c);
	CRYPT_ALGORITHM_IDENTIFIER wrong_one = { szOID_RSA_SHA256RSA, { 0, NULL } };
	k = key(curve_key);
	ERR(CertCreateSelfSignCertificate(k, &name, 0, NULL, &wrong_one, NULL, NULL, NULL),
	    NTE_BAD_ALGID);
	NCryptFreeObject(k);
	done("self-signed");
}

/* One that another's key signs, CryptoAPI's or CNG's. */
static void
issued(void)
{
	PCCERT_CONTEXT ca = certificate(curve_cert), subject = certificate(rsa_cert), made;
	CERT_INFO i = *subject->pCertInfo;
	NCRYPT_KEY_HANDLE k = key(curve_key);
	CRYPT_ALGORITHM_IDENTIFIER how = { szOID_ECDSA_SHA384, { 0, NULL } },
	                           rsa = { szOID_RSA_SHA512RSA, { 0, NULL } };
	DWORD n = sizeof room, flags = CERT_STORE_SIGNATURE_FLAG, m = 0;
	HCRYPTPROV prov;
	HCRYPTKEY pair;
	BYTE s[256];
	i.Issuer = ca->pCertInfo->Subject;
	i.SignatureAlgorithm = how;
	IS(CryptSignAndEncodeCertificate(k, 0, X509_ASN_ENCODING, X509_CERT_TO_BE_SIGNED, &i, &how,
	                                 NULL, room, &n));
	made = CertCreateCertificateContext(X509_ASN_ENCODING, room, n);
	IS(made && CertVerifySubjectCertificateContext(made, ca, &flags) && !flags);
	IS(CertCompareCertificateName(X509_ASN_ENCODING, &made->pCertInfo->Subject,
	                              &subject->pCertInfo->Subject));
	CertFreeCertificateContext(made);
	n = 100;
	ERR(CryptSignAndEncodeCertificate(k, 0, X509_ASN_ENCODING, X509_CERT_TO_BE_SIGNED, &i, &how,
	                                  NULL, room, &n),
	    ERROR_MORE_DATA);
	IS(n > 100);
	ERR(CryptSignAndEncodeCertificate(k, 0, X509_ASN_ENCODING, X509_CERT_TO_BE_SIGNED, &i, &rsa,
	                                  NULL, room, &n),
	    NTE_BAD_ALGID);
	IS(CryptAcquireContextW(&prov, NULL, NULL, PROV_RSA_AES, CRYPT_VERIFYCONTEXT));
	ERR(CryptSignCertificate(prov, AT_SIGNATURE, X509_ASN_ENCODING, room, 10, &rsa, NULL, NULL,
	                         &m),
	    NTE_BAD_KEYSET);
	IS(CryptGenKey(prov, AT_SIGNATURE, 1024u << 16, &pair));
	m = sizeof s;
	IS(CryptSignCertificate(prov, AT_SIGNATURE, X509_ASN_ENCODING, room, 10, &rsa, NULL, s,
	                        &m) &&
	   m == 128);
	HCRYPTHASH h;
	IS(CryptCreateHash(prov, CALG_SHA_512, 0, 0, &h) && CryptHashData(h, room, 10, 0));
	IS(CryptVerifySignatureW(h, s, m, pair, NULL, 0));
	IS(CryptDestroyHash(h) && CryptDestroyKey(pair) && CryptReleaseContext(prov, 0));
	NCryptFreeObject(k);
	CertFreeCertificateContext(ca);
	CertFreeCertificateContext(subject);
	done("issued");
}

int
main(int n, char **arg)
{
	if (n > 1) {
		PCCERT_CONTEXT c = own_certificate(key(curve_key));
		FILE *o = fopen(arg[1], "wb");
		if (!c || !o)
			return 1;
		fwrite(c->pbCertEncoded, 1, c->cbCertEncoded, o);
		return fclose(o);
	}
	names();
	bad_names();
	parts();
	public_keys();
	verified();
	self_signed();
	issued();
	return wrong;
}
