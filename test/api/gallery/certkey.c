/* SPDX-License-Identifier: Apache-2.0 */
// Certificates with private keys: handles that they hold, names that keys are kept under, and what is
// found by them.
// needs: joist mingw
// libs: -lcrypt32 -lncrypt -ladvapi32
// run: joist run --rm $GUEST
// expect: properties: ok
// expect: handle: ok
// expect: lifetimes: ok
// expect: name: ok
// expect: wrong key: ok
// expect: container: ok
#define _WIN32_WINNT 0x0A00
#include "check.h"
#include <ncrypt.h>
#include "keyed.h"
#include "rsablob.h"

#ifndef CERT_NCRYPT_KEY_HANDLE_PROP_ID
#define CERT_NCRYPT_KEY_HANDLE_PROP_ID 78
#endif
enum { NO_KEY = (int)0x8009200b, BAD_PROV_TYPE = (int)0x80090014, BAD_PUBLIC = (int)0x80090015 };

static NCRYPT_PROV_HANDLE prov;

static NCRYPT_KEY_HANDLE
key(const char *text)
{
	NCRYPT_KEY_HANDLE k = 0;
	DWORD n;
	BYTE *p = der(text, &n);
	IS(!NCryptImportKey(prov, 0, NCRYPT_PKCS8_PRIVATE_KEY_BLOB, NULL, &k, p, n, 0));
	return k;
}

static int
is_rsa(NCRYPT_KEY_HANDLE k)
{
	WCHAR text[16] = L"";
	DWORD n;
	NCryptGetProperty(k, NCRYPT_ALGORITHM_GROUP_PROPERTY, (BYTE *)text, sizeof text, &n, 0);
	return !wcscmp(text, L"RSA");
}

static void
properties(void)
{
	PCCERT_CONTEXT c = certificate(rsa_cert);
	CRYPT_DATA_BLOB name = { 10, (BYTE *)L"name" };
	BYTE out[64];
	DWORD n = 0;
	ERR(CertGetCertificateContextProperty(c, CERT_FRIENDLY_NAME_PROP_ID, NULL, &n),
	    CRYPT_E_NOT_FOUND);
	IS(CertSetCertificateContextProperty(c, CERT_FRIENDLY_NAME_PROP_ID, 0, &name));
	IS(CertGetCertificateContextProperty(c, CERT_FRIENDLY_NAME_PROP_ID, NULL, &n) && n == 10);
	n = 9;
	ERR(CertGetCertificateContextProperty(c, CERT_FRIENDLY_NAME_PROP_ID, out, &n),
	    ERROR_MORE_DATA);
	IS(n == 10 && CertGetCertificateContextProperty(c, CERT_FRIENDLY_NAME_PROP_ID, out, &n));
	IS(!wcscmp((WCHAR *)out, L"name"));
	IS(CertSetCertificateContextProperty(c, CERT_FRIENDLY_NAME_PROP_ID, 0, NULL));
	ERR(CertGetCertificateContextProperty(c, CERT_FRIENDLY_NAME_PROP_ID, NULL, &n),
	    CRYPT_E_NOT_FOUND);
	CertFreeCertificateContext(c);
	done("properties");
}

static void
handle(void)
{
	PCCERT_CONTEXT c = certificate(rsa_cert);
	NCRYPT_KEY_HANDLE k = key(rsa_key), got = 0;
	HCRYPTPROV_OR_NCRYPT_KEY_HANDLE out = 1;
	CERT_KEY_CONTEXT context = { 0 };
	DWORD n = 0, spec = 0;
	BOOL mine = TRUE;
	ERR(CryptAcquireCertificatePrivateKey(c, CRYPT_ACQUIRE_ALLOW_NCRYPT_KEY_FLAG, NULL, &out,
	                                      &spec, &mine),
	    NO_KEY);
	IS(!out);
	ERR(CertGetCertificateContextProperty(c, CERT_NCRYPT_KEY_HANDLE_PROP_ID, NULL, &n),
	    CRYPT_E_NOT_FOUND);
	ERR(CertGetCertificateContextProperty(c, CERT_KEY_CONTEXT_PROP_ID, NULL, &n),
	    CRYPT_E_NOT_FOUND);
	ERR(CertGetCertificateContextProperty(c, CERT_KEY_SPEC_PROP_ID, NULL, &n),
	    CRYPT_E_NOT_FOUND);
	/* the value itself is the handle, which is the certificate's from now on */
	IS(CertSetCertificateContextProperty(c, CERT_NCRYPT_KEY_HANDLE_PROP_ID, 0, (void *)k));
	n = sizeof got;
	IS(CertGetCertificateContextProperty(c, CERT_NCRYPT_KEY_HANDLE_PROP_ID, &got, &n) &&
	   got == k && n == sizeof got);
	n = sizeof context;
	IS(CertGetCertificateContextProperty(c, CERT_KEY_CONTEXT_PROP_ID, &context, &n));
	IS(context.cbSize == sizeof context && context.hCryptProv == k &&
	   context.dwKeySpec == CERT_NCRYPT_KEY_SPEC);
	ERR(CertGetCertificateContextProperty(c, CERT_KEY_PROV_HANDLE_PROP_ID, NULL, &n),
	    CRYPT_E_NOT_FOUND);
	IS(CryptAcquireCertificatePrivateKey(
	        c, CRYPT_ACQUIRE_ONLY_NCRYPT_KEY_FLAG | CRYPT_ACQUIRE_COMPARE_KEY_FLAG, NULL, &out,
	        &spec, &mine));
	IS(out == k && spec == CERT_NCRYPT_KEY_SPEC && !mine && is_rsa(out));
	ERR(CryptAcquireCertificatePrivateKey(c, 0, NULL, &out, &spec, &mine), BAD_PROV_TYPE);
	/* by the structure; and away */
	IS(CertSetCertificateContextProperty(c, CERT_KEY_CONTEXT_PROP_ID, 0, NULL));
	ERR(CertGetCertificateContextProperty(c, CERT_NCRYPT_KEY_HANDLE_PROP_ID, NULL, &n),
	    CRYPT_E_NOT_FOUND);
	context.hCryptProv = key(rsa_key);
	IS(CertSetCertificateContextProperty(c, CERT_KEY_CONTEXT_PROP_ID, 0, &context));
	n = sizeof got;
	IS(CertGetCertificateContextProperty(c, CERT_NCRYPT_KEY_HANDLE_PROP_ID, &got, &n) &&
	   got == context.hCryptProv);
	context.cbSize = 4;
	ERR(CertSetCertificateContextProperty(c, CERT_KEY_CONTEXT_PROP_ID, 0, &context),
	    E_INVALIDARG);
	BYTE none[64] = { 0 };
	ERR(CertSetCertificateContextProperty(c, CERT_NCRYPT_KEY_HANDLE_PROP_ID, 0, none),
	    E_INVALIDARG);
	IS(CertFreeCertificateContext(c));
	done("handle");
}

/* What holds a key keeps it, also when the program lets go of it. */
static void
lifetimes(void)
{
	HCERTSTORE s = CertOpenStore(CERT_STORE_PROV_MEMORY, 0, 0, 0, NULL);
	PCCERT_CONTEXT c = certificate(rsa_cert), plain = certificate(curve_cert), in = NULL;
	NCRYPT_KEY_HANDLE k = key(rsa_key), got = 0;
	DWORD n = sizeof got;
	IS(CertSetCertificateContextProperty(c, CERT_NCRYPT_KEY_HANDLE_PROP_ID,
	                                     CERT_STORE_NO_CRYPT_RELEASE_FLAG, (void *)k));
	IS(is_rsa(k) && !NCryptFreeObject(k));
	IS(CertAddCertificateContextToStore(s, plain, CERT_STORE_ADD_ALWAYS, NULL));
	IS(CertAddCertificateContextToStore(s, c, CERT_STORE_ADD_ALWAYS, NULL));
	IS(CertFreeCertificateContext(c) && CertFreeCertificateContext(plain));
	in = CertFindCertificateInStore(s, X509_ASN_ENCODING, 0, CERT_FIND_HAS_PRIVATE_KEY, NULL,
	                                NULL);
	IS(in && CertGetCertificateContextProperty(in, CERT_NCRYPT_KEY_HANDLE_PROP_ID, &got, &n));
	IS(is_rsa(got));
	in = CertFindCertificateInStore(s, X509_ASN_ENCODING, 0, CERT_FIND_HAS_PRIVATE_KEY, NULL,
	                                in);
	IS(!in);
	IS(CertCloseStore(s, 0));
	done("lifetimes");
}

static void
name(void)
{
	PCCERT_CONTEXT c = certificate(curve_cert);
	WCHAR container[] = L"web server", provider[] = MS_KEY_STORAGE_PROVIDER;
	CRYPT_KEY_PROV_INFO i = { container, provider, 0, 0, 0, NULL, 0 }, *back;
	HCRYPTPROV_OR_NCRYPT_KEY_HANDLE out = 0, again = 0;
	NCRYPT_KEY_HANDLE k;
	BYTE room[512];
	DWORD n = 0, spec = 0, m;
	BOOL mine = FALSE;
	BYTE *p = der(curve_key, &m);
	NCryptBuffer b = { sizeof container, NCRYPTBUFFER_PKCS_KEY_NAME, container };
	NCryptBufferDesc list = { 0, 1, &b };
	IS(CertSetCertificateContextProperty(c, CERT_KEY_PROV_INFO_PROP_ID, 0, &i));
	ERR(CryptAcquireCertificatePrivateKey(c, CRYPT_ACQUIRE_ALLOW_NCRYPT_KEY_FLAG, NULL, &out,
	                                      &spec, &mine),
	    NTE_BAD_KEYSET);
	IS(!NCryptImportKey(prov, 0, NCRYPT_PKCS8_PRIVATE_KEY_BLOB, &list, &k, p, m, 0));
	NCryptFreeObject(k);
	IS(CertGetCertificateContextProperty(c, CERT_KEY_PROV_INFO_PROP_ID, NULL, &n));
	IS(n > sizeof i && n <= sizeof room);
	n--;
	ERR(CertGetCertificateContextProperty(c, CERT_KEY_PROV_INFO_PROP_ID, room, &n),
	    ERROR_MORE_DATA);
	IS(CertGetCertificateContextProperty(c, CERT_KEY_PROV_INFO_PROP_ID, room, &n));
	back = (CRYPT_KEY_PROV_INFO *)room;
	IS(!wcscmp(back->pwszContainerName, container) && !wcscmp(back->pwszProvName, provider));
	IS((BYTE *)back->pwszContainerName > room && (BYTE *)back->pwszProvName < room + n);
	/* a handle of one's own, or one that the certificate keeps */
	IS(CryptAcquireCertificatePrivateKey(
	        c, CRYPT_ACQUIRE_PREFER_NCRYPT_KEY_FLAG | CRYPT_ACQUIRE_COMPARE_KEY_FLAG, NULL,
	        &out, &spec, &mine));
	IS(mine && spec == CERT_NCRYPT_KEY_SPEC && !is_rsa(out));
	IS(!NCryptFreeObject(out));
	IS(CryptAcquireCertificatePrivateKey(
	        c, CRYPT_ACQUIRE_ALLOW_NCRYPT_KEY_FLAG | CRYPT_ACQUIRE_CACHE_FLAG, NULL, &out, NULL,
	        &mine));
	IS(!mine);
	IS(CryptAcquireCertificatePrivateKey(
	        c, CRYPT_ACQUIRE_ALLOW_NCRYPT_KEY_FLAG | CRYPT_ACQUIRE_CACHE_FLAG, NULL, &again,
	        NULL, &mine));
	IS(!mine && again == out);
	IS(!NCryptOpenKey(prov, &k, container, 0, 0) && !NCryptDeleteKey(k, 0));
	IS(CertSetCertificateContextProperty(c, CERT_KEY_PROV_INFO_PROP_ID, 0, NULL));
	ERR(CertGetCertificateContextProperty(c, CERT_KEY_PROV_INFO_PROP_ID, NULL, &n),
	    CRYPT_E_NOT_FOUND);
	CertFreeCertificateContext(c);
	done("name");
}

static void
wrong_key(void)
{
	PCCERT_CONTEXT c = certificate(curve_cert);
	HCRYPTPROV_OR_NCRYPT_KEY_HANDLE out = 0;
	DWORD spec;
	BOOL mine;
	IS(CertSetCertificateContextProperty(c, CERT_NCRYPT_KEY_HANDLE_PROP_ID, 0,
	                                     (void *)key(rsa_key)));
	ERR(CryptAcquireCertificatePrivateKey(
	            c, CRYPT_ACQUIRE_ONLY_NCRYPT_KEY_FLAG | CRYPT_ACQUIRE_COMPARE_KEY_FLAG, NULL,
	            &out, &spec, &mine),
	    BAD_PUBLIC);
	IS(!out);
	ERR(CryptAcquireCertificatePrivateKey(NULL, 0, NULL, &out, &spec, &mine), E_INVALIDARG);
	CertFreeCertificateContext(c);
	done("wrong key");
}

/* CryptoAPI's: by its provider, and by its name. */
static void
container(void)
{
	PCCERT_CONTEXT c = certificate(rsa_cert);
	WCHAR text[] = L"a container", provider[] = L"Microsoft Strong Cryptographic Provider";
	CRYPT_KEY_PROV_INFO i = { text, provider, PROV_RSA_FULL, 0, 0, NULL, AT_KEYEXCHANGE };
	HCRYPTPROV p = 0;
	HCRYPTKEY k = 0;
	HCRYPTPROV_OR_NCRYPT_KEY_HANDLE out = 0;
	DWORD n, spec = 0, v = 0;
	BOOL mine = FALSE;
	BYTE *blob = der(private_blob, &n);
	IS(CryptAcquireContextW(&p, text, NULL, PROV_RSA_FULL, CRYPT_NEWKEYSET));
	IS(CryptImportKey(p, blob, n, 0, CRYPT_EXPORTABLE, &k) && CryptDestroyKey(k));
	IS(CertSetCertificateContextProperty(c, CERT_KEY_PROV_INFO_PROP_ID, 0, &i));
	n = sizeof v;
	IS(CertGetCertificateContextProperty(c, CERT_KEY_SPEC_PROP_ID, &v, &n) &&
	   v == AT_KEYEXCHANGE);
	IS(CryptAcquireCertificatePrivateKey(c, CRYPT_ACQUIRE_COMPARE_KEY_FLAG, NULL, &out, &spec,
	                                     &mine));
	IS(mine && spec == AT_KEYEXCHANGE && !NCryptIsKeyHandle(out));
	IS(CryptGetUserKey(out, spec, &k) && CryptDestroyKey(k) && CryptReleaseContext(out, 0));
	/* as one of NCrypt, for who knows only that */
	IS(CryptAcquireCertificatePrivateKey(
	        c, CRYPT_ACQUIRE_ONLY_NCRYPT_KEY_FLAG | CRYPT_ACQUIRE_COMPARE_KEY_FLAG, NULL, &out,
	        &spec, &mine));
	IS(mine && spec == CERT_NCRYPT_KEY_SPEC && is_rsa(out) && !NCryptFreeObject(out));
	IS(CertSetCertificateContextProperty(c, CERT_KEY_PROV_INFO_PROP_ID, 0, NULL));
	/* the provider itself, which the certificate has from now on */
	IS(CertSetCertificateContextProperty(c, CERT_KEY_PROV_HANDLE_PROP_ID, 0, (void *)p));
	n = sizeof out;
	IS(CertGetCertificateContextProperty(c, CERT_KEY_PROV_HANDLE_PROP_ID, &out, &n) &&
	   out == p);
	ERR(CertGetCertificateContextProperty(c, CERT_NCRYPT_KEY_HANDLE_PROP_ID, NULL, &n),
	    CRYPT_E_NOT_FOUND);
	IS(CryptAcquireCertificatePrivateKey(c, CRYPT_ACQUIRE_CACHE_FLAG, NULL, &out, &spec,
	                                     &mine) &&
	   out == p && !mine && spec == AT_KEYEXCHANGE);
	CertFreeCertificateContext(c);
	IS(CryptAcquireContextW(&p, text, NULL, PROV_RSA_FULL, CRYPT_DELETEKEYSET));
	done("container");
}

int
main(void)
{
	NCryptOpenStorageProvider(&prov, NULL, 0);
	properties();
	handle();
	lifetimes();
	name();
	wrong_key();
	container();
	return wrong;
}
