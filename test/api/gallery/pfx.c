/* SPDX-License-Identifier: Apache-2.0 */
// Files of certificates with private keys (PKCS #12), of OpenSSL and of our own; and single keys that a
// password protects.
// needs: joist mingw
// libs: -lcrypt32 -lncrypt -ladvapi32
// run: joist run --rm $GUEST
// expect: passwords: ok
// expect: modern: ok
// expect: old: ok
// expect: others: ok
// expect: kept: ok
// expect: out: ok
// expect: may not leave: ok
// expect: damage: ok
// expect: single keys: ok
// test: OpenSSL reads what we wrote
// needs: joist mingw openssl
// run: cd $W && joist run --rm $GUEST old Z:old.pfx && joist run --rm $GUEST new Z:new.pfx && for i in old new; do openssl pkcs12 -in $i.pfx -passin pass:secret -nodes -legacy 2>&1 | grep -oE -- '(-----BEGIN|friendlyName).*'; done
// expect: -----BEGIN PRIVATE KEY-----
// expect: friendlyName: a name
// expect: -----BEGIN CERTIFICATE-----
// expect: -----BEGIN PRIVATE KEY-----
// expect: friendlyName: a name
// expect: -----BEGIN CERTIFICATE-----
#define _WIN32_WINNT 0x0A00
#include "check.h"
#include <ncrypt.h>
#include "keyed.h"
#include "pfx.h"

#ifndef CERT_NCRYPT_KEY_HANDLE_PROP_ID
#define CERT_NCRYPT_KEY_HANDLE_PROP_ID 78
#endif
#ifndef PKCS12_EXPORT_PBES2_PARAMS
#define PKCS12_EXPORT_PBES2_PARAMS 0x80
#endif
enum { EPHEMERAL = PKCS12_NO_PERSIST_KEY, BAD_STATE = (int)0x8009000b };

struct pbes2 {
	DWORD size;
	void *descriptor;
	const WCHAR *algorithm;
};

WINCRYPT32API BOOL WINAPI PFXExportCertStoreEx(HCERTSTORE, CRYPT_DATA_BLOB *, LPCWSTR, void *,
                                               DWORD);

static CRYPT_DATA_BLOB
file(const char *text)
{
	DWORD n;
	BYTE *p = der(text, &n);
	return (CRYPT_DATA_BLOB){ n, p };
}

/* Does the key sign for the certificate's public half? */
static int
fits(PCCERT_CONTEXT c)
{
	HCRYPTPROV_OR_NCRYPT_KEY_HANDLE k;
	DWORD spec;
	BOOL mine = FALSE;
	int ok = CryptAcquireCertificatePrivateKey(
	        c, CRYPT_ACQUIRE_ONLY_NCRYPT_KEY_FLAG | CRYPT_ACQUIRE_COMPARE_KEY_FLAG, NULL, &k,
	        &spec, &mine);
	if (mine)
		NCryptFreeObject(k);
	return ok;
}

static void
passwords(void)
{
	CRYPT_DATA_BLOB f = file(modern), cert = file(rsa_cert), none = { 0, NULL };
	IS(PFXIsPFXBlob(&f) && !PFXIsPFXBlob(&cert) && !PFXIsPFXBlob(&none));
	IS(PFXVerifyPassword(&f, L"secret", 0));
	ERR(PFXVerifyPassword(&f, L"Secret", 0), ERROR_INVALID_PASSWORD);
	ERR(PFXVerifyPassword(&f, L"", 0), ERROR_INVALID_PASSWORD);
	ERR(PFXVerifyPassword(&f, NULL, 0), ERROR_INVALID_PASSWORD);
	ERR(PFXImportCertStore(&f, L"wrong", EPHEMERAL), ERROR_INVALID_PASSWORD);
	ERR(PFXImportCertStore(&cert, L"secret", EPHEMERAL), 0x8009310b);
	f = file(empty);
	IS(PFXVerifyPassword(&f, L"", 0) && PFXVerifyPassword(&f, NULL, 0));
	done("passwords");
}

static void
modern_file(void)
{
	CRYPT_DATA_BLOB f = file(modern);
	HCERTSTORE s = PFXImportCertStore(&f, L"secret", EPHEMERAL);
	PCCERT_CONTEXT c = CertEnumCertificatesInStore(s, NULL), want = certificate(rsa_cert);
	WCHAR name[32];
	DWORD n = sizeof name;
	NCRYPT_KEY_HANDLE k;
	IS(c && want && c->cbCertEncoded == want->cbCertEncoded &&
	   !memcmp(c->pbCertEncoded, want->pbCertEncoded, c->cbCertEncoded));
	IS(CertGetCertificateContextProperty(c, CERT_FRIENDLY_NAME_PROP_ID, name, &n) &&
	   !wcscmp(name, L"the name"));
	IS(fits(c));
	n = sizeof k;
	IS(CertGetCertificateContextProperty(c, CERT_NCRYPT_KEY_HANDLE_PROP_ID, &k, &n));
	ERR(CertGetCertificateContextProperty(c, CERT_KEY_PROV_INFO_PROP_ID, NULL, &n),
	    CRYPT_E_NOT_FOUND);
	/* without a flag for it the key does not leave */
	IS(NCryptExportKey(k, 0, L"RSAPRIVATEBLOB", NULL, NULL, 0, &n, 0) == NTE_NOT_SUPPORTED);
	IS(!CertEnumCertificatesInStore(s, c));
	CertFreeCertificateContext(want);
	CertCloseStore(s, 0);
	done("modern");
}

static void
old_file(void)
{
	CRYPT_DATA_BLOB f = file(old);
	HCERTSTORE s = PFXImportCertStore(&f, L"secret", EPHEMERAL | CRYPT_EXPORTABLE);
	PCCERT_CONTEXT c = NULL;
	int with = 0, without = 0;
	while ((c = CertEnumCertificatesInStore(s, c))) {
		DWORD n = 0;
		if (CertGetCertificateContextProperty(c, CERT_NCRYPT_KEY_HANDLE_PROP_ID, NULL, &n))
			with += fits(c);
		else
			without++;
	}
	IS(with == 1 && without == 1);
	CertCloseStore(s, 0);
	done("old");
}

static void
others(void)
{
	static const struct {
		const char *text;
		const WCHAR *password;
	} of[] = { { empty, L"" }, { empty, NULL }, { plain, L"" }, { plain, L"whatever" } };
	for (int i = 0; i < 4; i++) {
		CRYPT_DATA_BLOB f = file(of[i].text);
		HCERTSTORE s = PFXImportCertStore(&f, of[i].password, EPHEMERAL);
		PCCERT_CONTEXT c = s ? CertEnumCertificatesInStore(s, NULL) : NULL;
		IS(s && c && fits(c));
		CertFreeCertificateContext(c);
		CertCloseStore(s, 0);
	}
	done("others");
}

/* Without EPHEMERAL the machine keeps the key; which kind of key is for CNG to have. */
static void
kept(void)
{
	CRYPT_DATA_BLOB f = file(old);
	NCRYPT_PROV_HANDLE prov;
	NCRYPT_KEY_HANDLE k = 0;
	BYTE room[512];
	DWORD n = sizeof room;
	HCERTSTORE s = PFXImportCertStore(&f, L"secret", PKCS12_ALWAYS_CNG_KSP);
	PCCERT_CONTEXT c = CertFindCertificateInStore(s, X509_ASN_ENCODING, 0,
	                                              CERT_FIND_HAS_PRIVATE_KEY, NULL, NULL);
	IS(c && CertGetCertificateContextProperty(c, CERT_KEY_PROV_INFO_PROP_ID, room, &n));
	CRYPT_KEY_PROV_INFO *i = (CRYPT_KEY_PROV_INFO *)room;
	IS(i->dwProvType == 0 && !wcscmp(i->pwszProvName, MS_KEY_STORAGE_PROVIDER));
	IS(fits(c));
	NCryptOpenStorageProvider(&prov, NULL, 0);
	IS(!NCryptOpenKey(prov, &k, i->pwszContainerName, 0, 0));
	IS(!NCryptDeleteKey(k, 0));
	ERR(fits(c), NTE_BAD_KEYSET);
	NCryptFreeObject(prov);
	CertFreeCertificateContext(c);
	CertCloseStore(s, 0);
	/* RSA is in a container of CryptoAPI, when nobody asks for CNG */
	HCRYPTPROV p = 0;
	f = file(modern);
	s = PFXImportCertStore(&f, L"secret", 0);
	c = CertEnumCertificatesInStore(s, NULL);
	n = sizeof room;
	IS(c && CertGetCertificateContextProperty(c, CERT_KEY_PROV_INFO_PROP_ID, room, &n));
	IS(i->dwProvType == PROV_RSA_FULL && i->dwKeySpec == AT_KEYEXCHANGE);
	IS(fits(c));
	IS(CryptAcquireContextW(&p, i->pwszContainerName, i->pwszProvName, i->dwProvType,
	                        CRYPT_DELETEKEYSET));
	IS(!fits(c));
	CertFreeCertificateContext(c);
	CertCloseStore(s, 0);
	done("kept");
}

static HCERTSTORE
full_store(DWORD policy)
{
	HCERTSTORE s = CertOpenStore(CERT_STORE_PROV_MEMORY, 0, 0, 0, NULL);
	PCCERT_CONTEXT c = certificate(curve_cert);
	NCRYPT_PROV_HANDLE prov;
	NCRYPT_KEY_HANDLE k;
	DWORD n;
	BYTE *p = der(curve_key, &n);
	CRYPT_DATA_BLOB name = { 14, (BYTE *)L"a name" };
	NCryptOpenStorageProvider(&prov, NULL, 0);
	IS(!NCryptImportKey(prov, 0, NCRYPT_PKCS8_PRIVATE_KEY_BLOB, NULL, &k, p, n, 0));
	IS(!NCryptSetProperty(k, NCRYPT_EXPORT_POLICY_PROPERTY, (BYTE *)&policy, 4, 0));
	NCryptFreeObject(prov);
	IS(CertSetCertificateContextProperty(c, CERT_NCRYPT_KEY_HANDLE_PROP_ID, 0, (void *)k));
	IS(CertSetCertificateContextProperty(c, CERT_FRIENDLY_NAME_PROP_ID, 0, &name));
	IS(CertAddCertificateContextToStore(s, c, CERT_STORE_ADD_ALWAYS, NULL));
	CertFreeCertificateContext(c);
	return s;
}

static BOOL
write_out(HCERTSTORE s, int aes, CRYPT_DATA_BLOB *out, DWORD flags)
{
	struct pbes2 how = { sizeof how, NULL, L"AES256-SHA256" };
	return aes ? PFXExportCertStoreEx(s, out, L"secret", &how,
	                                  flags | PKCS12_EXPORT_PBES2_PARAMS)
	           : PFXExportCertStore(s, out, L"secret", flags);
}

static void
out(void)
{
	HCERTSTORE s = full_store(NCRYPT_ALLOW_EXPORT_FLAG);
	for (int aes = 0; aes < 2; aes++) {
		BYTE room[4096];
		CRYPT_DATA_BLOB f = { 0, NULL };
		IS(write_out(s, aes, &f, EXPORT_PRIVATE_KEYS) && f.cbData < sizeof room);
		f.pbData = room;
		f.cbData--;
		ERR(write_out(s, aes, &f, EXPORT_PRIVATE_KEYS), ERROR_MORE_DATA);
		IS(write_out(s, aes, &f, EXPORT_PRIVATE_KEYS));
		IS(PFXVerifyPassword(&f, L"secret", 0) && !PFXVerifyPassword(&f, L"x", 0));
		HCERTSTORE back = PFXImportCertStore(&f, L"secret", EPHEMERAL);
		PCCERT_CONTEXT c = back ? CertEnumCertificatesInStore(back, NULL) : NULL;
		WCHAR name[16] = L"";
		DWORD n = sizeof name;
		IS(c && fits(c));
		IS(CertGetCertificateContextProperty(c, CERT_FRIENDLY_NAME_PROP_ID, name, &n) &&
		   !wcscmp(name, L"a name"));
		CertFreeCertificateContext(c);
		CertCloseStore(back, 0);
		/* the certificate alone */
		f.cbData = sizeof room;
		IS(write_out(s, aes, &f, 0));
		back = PFXImportCertStore(&f, L"secret", EPHEMERAL);
		c = back ? CertEnumCertificatesInStore(back, NULL) : NULL;
		ERR(fits(c), 0x8009200b);
		CertFreeCertificateContext(c);
		CertCloseStore(back, 0);
	}
	struct pbes2 unknown = { sizeof unknown, NULL, L"AES512-SHA3" };
	CRYPT_DATA_BLOB f = { 0, NULL };
	ERR(PFXExportCertStoreEx(s, &f, L"secret", &unknown, PKCS12_EXPORT_PBES2_PARAMS),
	    E_INVALIDARG);
	CertCloseStore(s, 0);
	done("out");
}

static void
may_not_leave(void)
{
	HCERTSTORE s = full_store(0);
	CRYPT_DATA_BLOB f = { 0, NULL };
	DWORD with = EXPORT_PRIVATE_KEYS | REPORT_NOT_ABLE_TO_EXPORT_PRIVATE_KEY;
	ERR(PFXExportCertStore(s, &f, L"secret", with), BAD_STATE);
	IS(PFXExportCertStore(s, &f, L"secret", EXPORT_PRIVATE_KEYS)); /* the certificate */
	CertCloseStore(s, 0);
	s = CertOpenStore(CERT_STORE_PROV_MEMORY, 0, 0, 0, NULL);
	PCCERT_CONTEXT c = certificate(curve_cert);
	CertAddCertificateContextToStore(s, c, CERT_STORE_ADD_ALWAYS, NULL);
	with = EXPORT_PRIVATE_KEYS | REPORT_NO_PRIVATE_KEY;
	ERR(PFXExportCertStore(s, &f, L"secret", with), 0x8009200b);
	CertFreeCertificateContext(c);
	CertCloseStore(s, 0);
	done("may not leave");
}

/* Cut short, and changed: the MAC tells, or it is no such file; where there is none nothing happens. */
static void
damage(void)
{
	CRYPT_DATA_BLOB f = file(modern), g = file(plain);
	for (DWORD n = 0; n < f.cbData; n += 97) {
		CRYPT_DATA_BLOB cut = { n, f.pbData };
		IS(!PFXIsPFXBlob(&cut) && !PFXImportCertStore(&cut, L"secret", EPHEMERAL));
	}
	for (DWORD at = 60; at < f.cbData - 100; at += 131) {
		f.pbData[at] ^= 4;
		IS(!PFXImportCertStore(&f, L"secret", EPHEMERAL));
		f.pbData[at] ^= 4;
	}
	for (DWORD at = 0; at < g.cbData; at++) {
		g.pbData[at] ^= 0x21;
		HCERTSTORE s = PFXImportCertStore(&g, L"", EPHEMERAL);
		if (s)
			CertCloseStore(s, 0);
		g.pbData[at] ^= 0x21;
	}
	done("damage");
}

static void
single_keys(void)
{
	static const char *const texts[] = { sealed_aes, sealed_des3 };
	WCHAR right[] = L"secret", bad[] = L"secreT";
	char oid[] = szOID_PKCS_12_pbeWithSHA1And3KeyTripleDES;
	struct {
		DWORD rounds, salt_size;
		BYTE salt[8];
	} how = { 3000, 8, { 1 } };
	NCryptBuffer b[] = { { sizeof right, NCRYPTBUFFER_PKCS_SECRET, right },
		             { sizeof oid, NCRYPTBUFFER_PKCS_ALG_OID, oid },
		             { sizeof how, NCRYPTBUFFER_PKCS_ALG_PARAM, &how } },
	             w = { sizeof bad, NCRYPTBUFFER_PKCS_SECRET, bad };
	NCryptBufferDesc list = { 0, 1, b }, all = { 0, 3, b }, wrong_list = { 0, 1, &w };
	NCRYPT_PROV_HANDLE prov;
	NCryptOpenStorageProvider(&prov, NULL, 0);
	for (int i = 0; i < 2; i++) {
		NCRYPT_KEY_HANDLE k = 0, back = 0;
		DWORD n, m = 0, v = NCRYPT_ALLOW_EXPORT_FLAG;
		BYTE *p = der(texts[i], &n), blob[512];
		IS(NCryptImportKey(prov, 0, NCRYPT_PKCS8_PRIVATE_KEY_BLOB, &wrong_list, &k, p, n,
		                   0) == NTE_BAD_DATA);
		IS(NCryptImportKey(prov, 0, NCRYPT_PKCS8_PRIVATE_KEY_BLOB, NULL, &k, p, n, 0) ==
		   NTE_BAD_DATA);
		IS(!NCryptImportKey(prov, 0, NCRYPT_PKCS8_PRIVATE_KEY_BLOB, &list, &k, p, n, 0));
		/* out again: encrypted it may, as it is it may not */
		IS(!NCryptSetProperty(k, NCRYPT_EXPORT_POLICY_PROPERTY, (BYTE *)&v, 4, 0));
		IS(NCryptExportKey(k, 0, NCRYPT_PKCS8_PRIVATE_KEY_BLOB, NULL, blob, sizeof blob, &m,
		                   0) == NTE_NOT_SUPPORTED);
		IS(!NCryptExportKey(k, 0, NCRYPT_PKCS8_PRIVATE_KEY_BLOB, &all, blob, sizeof blob,
		                    &m, 0));
		IS(NCryptImportKey(prov, 0, NCRYPT_PKCS8_PRIVATE_KEY_BLOB, &wrong_list, &back, blob,
		                   m, 0) == NTE_BAD_DATA);
		IS(!NCryptImportKey(prov, 0, NCRYPT_PKCS8_PRIVATE_KEY_BLOB, &list, &back, blob, m,
		                    0));
		v = NCRYPT_ALLOW_PLAINTEXT_EXPORT_FLAG;
		IS(!NCryptSetProperty(back, NCRYPT_EXPORT_POLICY_PROPERTY, (BYTE *)&v, 4, 0));
		IS(!NCryptExportKey(back, 0, NCRYPT_PKCS8_PRIVATE_KEY_BLOB, NULL, blob, sizeof blob,
		                    &m, 0));
		p = der(curve_key, &n);
		IS(m == n && !memcmp(blob, p, n));
		NCryptFreeObject(k);
		NCryptFreeObject(back);
	}
	NCryptFreeObject(prov);
	done("single keys");
}

static int
save(int aes, const char *path)
{
	HCERTSTORE s = full_store(NCRYPT_ALLOW_EXPORT_FLAG);
	BYTE room[4096];
	CRYPT_DATA_BLOB f = { sizeof room, room };
	FILE *o = fopen(path, "wb");
	if (!write_out(s, aes, &f, EXPORT_PRIVATE_KEYS) || !o)
		return 1;
	fwrite(f.pbData, 1, f.cbData, o);
	return fclose(o);
}

int
main(int n, char **arg)
{
	if (n == 3)
		return save(!strcmp(arg[1], "new"), arg[2]);
	passwords();
	modern_file();
	old_file();
	others();
	kept();
	out();
	may_not_leave();
	damage();
	single_keys();
	return wrong;
}
