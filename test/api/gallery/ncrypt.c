/* SPDX-License-Identifier: Apache-2.0 */
// NCrypt: keys in memory and keys that the machine keeps, what they say of themselves, how they come in
// and go out, and what is done with them.
// needs: joist mingw
// libs: -lncrypt -lbcrypt -lcrypt32
// run: joist run --rm $GUEST
// expect: provider: ok
// expect: rsa: ok
// expect: curves: ok
// expect: named curve: ok
// expect: secrets: ok
// expect: pkcs8: ok
// expect: capi blobs: ok
// expect: policy: ok
// expect: properties: ok
// expect: kept: ok
// expect: bad handles: ok
// test: a kept key is a file for its owner only, which another start finds and a third does not, once deleted
// run: joist run --name $N $GUEST keep && find $JOIST_ROOT -name 'key-*' -printf '%m\n' && joist start -a $N && joist start -a $N; find $JOIST_ROOT -name 'key-*' -printf '%m\n'; joist rm $N >/dev/null
// expect: made
// expect: 600
// expect: found and deleted
// expect: made
// expect: 600
#define _WIN32_WINNT 0x0A00
#include "check.h"
#include <bcrypt.h>
#include <ncrypt.h>
#include "keyed.h"
#include "rsablob.h"

#ifndef NCRYPTBUFFER_ECC_CURVE_NAME
#define NCRYPTBUFFER_ECC_CURVE_NAME 60
#endif
#define STATUS(e, want) IS((DWORD)(e) == (DWORD)(want))

static NCRYPT_PROV_HANDLE prov;

static void
provider(void)
{
	NCRYPT_PROV_HANDLE p = 1;
	NCryptAlgorithmName *a;
	NCryptProviderName *names;
	WCHAR text[64];
	DWORD n = 0, v = 0, rsa = 0;
	STATUS(NCryptOpenStorageProvider(&prov, MS_KEY_STORAGE_PROVIDER, 0), 0);
	STATUS(NCryptOpenStorageProvider(&p, NULL, 0), 0);
	STATUS(NCryptFreeObject(p), 0);
	STATUS(NCryptOpenStorageProvider(&p, MS_PLATFORM_CRYPTO_PROVIDER, 0), NTE_BAD_KEYSET);
	IS(p == 0);
	STATUS(NCryptOpenStorageProvider(&p, NULL, 0x1000), NTE_BAD_FLAGS);
	STATUS(NCryptOpenStorageProvider(NULL, NULL, 0), NTE_INVALID_PARAMETER);
	STATUS(NCryptIsAlgSupported(prov, L"RSA", 0), 0);
	STATUS(NCryptIsAlgSupported(prov, L"ECDH_P521", NCRYPT_SILENT_FLAG), 0);
	STATUS(NCryptIsAlgSupported(prov, L"AES", 0), NTE_NOT_SUPPORTED);
	STATUS(NCryptEnumAlgorithms(prov, NCRYPT_SIGNATURE_OPERATION, &n, &a, 0), 0);
	for (DWORD i = 0; i < n; i++) {
		IS(a[i].dwAlgOperations & NCRYPT_SIGNATURE_OPERATION);
		rsa += !wcscmp(a[i].pszName, L"RSA");
		IS(wcscmp(a[i].pszName, L"ECDH"));
	}
	IS(n == 5 && rsa == 1);
	NCryptFreeBuffer(a);
	STATUS(NCryptEnumStorageProviders(&n, &names, 0), 0);
	IS(n == 1 && !wcscmp(names[0].pszName, MS_KEY_STORAGE_PROVIDER));
	NCryptFreeBuffer(names);
	STATUS(NCryptGetProperty(prov, NCRYPT_NAME_PROPERTY, (BYTE *)text, sizeof text, &n, 0), 0);
	IS(!wcscmp(text, MS_KEY_STORAGE_PROVIDER) && n == 2 * wcslen(text) + 2);
	STATUS(NCryptGetProperty(prov, NCRYPT_IMPL_TYPE_PROPERTY, (BYTE *)&v, 4, &n, 0), 0);
	IS(v == NCRYPT_IMPL_SOFTWARE_FLAG && n == 4);
	IS(!NCryptIsKeyHandle(prov) && !NCryptIsKeyHandle(0));
	done("provider");
}

static NCRYPT_KEY_HANDLE
made(const WCHAR *algorithm, DWORD bits, DWORD policy)
{
	NCRYPT_KEY_HANDLE k = 0;
	STATUS(NCryptCreatePersistedKey(prov, &k, algorithm, NULL, 0, 0), 0);
	if (bits)
		STATUS(NCryptSetProperty(k, NCRYPT_LENGTH_PROPERTY, (BYTE *)&bits, 4, 0), 0);
	STATUS(NCryptSetProperty(k, NCRYPT_EXPORT_POLICY_PROPERTY, (BYTE *)&policy, 4,
	                         NCRYPT_PERSIST_FLAG),
	       0);
	STATUS(NCryptFinalizeKey(k, 0), 0);
	return k;
}

/* Out, and in again. */
static NCRYPT_KEY_HANDLE
copied(NCRYPT_KEY_HANDLE k, const WCHAR *type)
{
	NCRYPT_KEY_HANDLE copy = 0;
	BYTE blob[2048];
	DWORD n = 0, m = 0;
	STATUS(NCryptExportKey(k, 0, type, NULL, NULL, 0, &n, 0), 0);
	STATUS(NCryptExportKey(k, 0, type, NULL, blob, n - 1, &m, 0), NTE_BUFFER_TOO_SMALL);
	STATUS(NCryptExportKey(k, 0, type, NULL, blob, sizeof blob, &m, 0), 0);
	IS(n == m);
	STATUS(NCryptImportKey(prov, 0, type, NULL, &copy, blob, n, 0), 0);
	for (DWORD i = 0; i < n; i += 7) { /* nothing less is a key */
		NCRYPT_KEY_HANDLE none = 0;
		IS(NCryptImportKey(prov, 0, type, NULL, &none, blob, i, 0) && !none);
	}
	return copy;
}

static void
rsa(void)
{
	NCRYPT_KEY_HANDLE k = made(L"RSA", 1024, NCRYPT_ALLOW_PLAINTEXT_EXPORT_FLAG);
	NCRYPT_KEY_HANDLE public = copied(k, L"RSAPUBLICBLOB"),
	                  private = copied(k, L"RSAPRIVATEBLOB"),
	                  full = copied(k, L"RSAFULLPRIVATEBLOB");
	BCRYPT_PKCS1_PADDING_INFO pkcs1 = { L"SHA256" };
	BCRYPT_PSS_PADDING_INFO pss = { L"SHA256", 32 };
	BCRYPT_OAEP_PADDING_INFO oaep = { L"SHA1", NULL, 0 };
	BYTE hash[32] = "a hash of thirty-two bytes here", s[128], text[128];
	DWORD n = 0;
	STATUS(NCryptSignHash(k, &pkcs1, hash, 32, NULL, 0, &n, BCRYPT_PAD_PKCS1), 0);
	IS(n == 128);
	STATUS(NCryptSignHash(k, &pkcs1, hash, 32, s, 127, &n, BCRYPT_PAD_PKCS1),
	       NTE_BUFFER_TOO_SMALL);
	STATUS(NCryptSignHash(k, &pkcs1, hash, 32, s, 128, &n,
	                      BCRYPT_PAD_PKCS1 | NCRYPT_SILENT_FLAG),
	       0);
	STATUS(NCryptVerifySignature(public, &pkcs1, hash, 32, s, n, BCRYPT_PAD_PKCS1), 0);
	s[5] ^= 1;
	STATUS(NCryptVerifySignature(public, &pkcs1, hash, 32, s, n, BCRYPT_PAD_PKCS1),
	       NTE_BAD_SIGNATURE);
	STATUS(NCryptSignHash(private, &pss, hash, 32, s, 128, &n, BCRYPT_PAD_PSS), 0);
	STATUS(NCryptVerifySignature(public, &pss, hash, 32, s, n, BCRYPT_PAD_PSS), 0);
	STATUS(NCryptSignHash(public, &pss, hash, 32, s, 128, &n, BCRYPT_PAD_PSS),
	       NTE_NOT_SUPPORTED);
	STATUS(NCryptEncrypt(public, hash, 32, &oaep, s, 128, &n, NCRYPT_PAD_OAEP_FLAG), 0);
	STATUS(NCryptDecrypt(full, s, n, &oaep, text, 128, &n, NCRYPT_PAD_OAEP_FLAG), 0);
	IS(n == 32 && !memcmp(text, hash, 32));
	STATUS(NCryptEncrypt(public, hash, 32, NULL, s, 128, &n, NCRYPT_PAD_PKCS1_FLAG), 0);
	STATUS(NCryptDecrypt(k, s, n, NULL, text, 128, &n, NCRYPT_PAD_PKCS1_FLAG), 0);
	IS(n == 32 && !memcmp(text, hash, 32));
	IS(NCryptIsKeyHandle(k));
	STATUS(NCryptFreeObject(k), 0);
	STATUS(NCryptFreeObject(public), 0);
	STATUS(NCryptFreeObject(private), 0);
	STATUS(NCryptFreeObject(full), 0);
	done("rsa");
}

static void
curves(void)
{
	static const WCHAR *const names[] = { L"ECDSA_P256", L"ECDSA_P384", L"ECDSA_P521" };
	for (int i = 0; i < 3; i++) {
		NCRYPT_KEY_HANDLE k = made(names[i], 0, NCRYPT_ALLOW_PLAINTEXT_EXPORT_FLAG),
		                  public = copied(k, L"ECCPUBLICBLOB"),
		                  private = copied(k, L"ECCPRIVATEBLOB");
		BYTE hash[20] = "twenty bytes of it", s[132];
		WCHAR text[16];
		DWORD n, m;
		STATUS(NCryptSignHash(private, NULL, hash, 20, s, sizeof s, &n, 0), 0);
		STATUS(NCryptVerifySignature(public, NULL, hash, 20, s, n, 0), 0);
		hash[0]++;
		STATUS(NCryptVerifySignature(public, NULL, hash, 20, s, n, 0), NTE_BAD_SIGNATURE);
		STATUS(NCryptGetProperty(public, NCRYPT_ALGORITHM_PROPERTY, (BYTE *)text,
		                         sizeof text * 2, &m, 0),
		       0);
		IS(!wcscmp(text, names[i]));
		NCryptFreeObject(k);
		NCryptFreeObject(public);
		NCryptFreeObject(private);
	}
	done("curves");
}

/* As programs do that name the curve by itself. */
static void
named_curve(void)
{
	NCRYPT_KEY_HANDLE k, copy = 0;
	WCHAR name[] = L"nistP384", text[32];
	BYTE blob[256];
	BCryptBuffer b = { sizeof name, NCRYPTBUFFER_ECC_CURVE_NAME, name };
	BCryptBufferDesc list = { 0, 1, &b };
	DWORD n, v = NCRYPT_ALLOW_PLAINTEXT_EXPORT_FLAG;
	STATUS(NCryptCreatePersistedKey(prov, &k, L"ECDSA", NULL, 0, 0), 0);
	STATUS(NCryptFinalizeKey(k, 0), NTE_INVALID_PARAMETER);
	STATUS(NCryptSetProperty(k, L"ECCCurveName", (BYTE *)name, sizeof name, 0), 0);
	STATUS(NCryptSetProperty(k, L"Export Policy", (BYTE *)&v, 4, 0), 0);
	STATUS(NCryptFinalizeKey(k, 0), 0);
	STATUS(NCryptGetProperty(k, L"ECCCurveName", (BYTE *)text, sizeof text, &n, 0), 0);
	IS(!wcscmp(text, name));
	STATUS(NCryptGetProperty(k, L"Algorithm Name", (BYTE *)text, sizeof text, &n, 0), 0);
	IS(!wcscmp(text, L"ECDSA"));
	STATUS(NCryptGetProperty(k, L"Length", (BYTE *)&v, 4, &n, 0), 0);
	IS(v == 384);
	STATUS(NCryptExportKey(k, 0, L"ECCPRIVATEBLOB", NULL, blob, sizeof blob, &n, 0), 0);
	IS(!memcmp(blob, "ECDV", 4) && n == 8 + 3 * 48);
	IS(NCryptImportKey(prov, 0, L"ECCPRIVATEBLOB", NULL, &copy, blob, n, 0) && !copy);
	STATUS(NCryptImportKey(prov, 0, L"ECCPRIVATEBLOB", &list, &copy, blob, n, 0), 0);
	STATUS(NCryptGetProperty(copy, L"ECCCurveName", (BYTE *)text, sizeof text, &n, 0), 0);
	IS(!wcscmp(text, name));
	NCryptFreeObject(k);
	NCryptFreeObject(copy);
	done("named curve");
}

static void
secrets(void)
{
	NCRYPT_KEY_HANDLE a = made(L"ECDH_P256", 0, 0), b = made(L"ECDH_P256", 0, 0),
	                  other = made(L"ECDH_P384", 0, 0), signs = made(L"ECDSA_P256", 0, 0);
	NCRYPT_SECRET_HANDLE x, y, z = 0;
	BYTE one[32], two[32], raw[32];
	DWORD n;
	WCHAR sha[] = L"SHA256";
	BCryptBuffer hash = { sizeof sha, KDF_HASH_ALGORITHM, sha };
	BCryptBufferDesc list = { 0, 1, &hash };
	STATUS(NCryptSecretAgreement(a, b, &x, 0), 0);
	STATUS(NCryptSecretAgreement(b, a, &y, NCRYPT_SILENT_FLAG), 0);
	STATUS(NCryptDeriveKey(x, L"HASH", &list, one, 32, &n, 0), 0);
	STATUS(NCryptDeriveKey(y, L"HASH", &list, two, 32, &n, 0), 0);
	IS(n == 32 && !memcmp(one, two, 32));
	STATUS(NCryptDeriveKey(y, L"TRUNCATE", NULL, raw, 32, &n, 0), 0);
	IS(memcmp(one, raw, 32));
	STATUS(NCryptDeriveKey(a, L"HASH", &list, one, 32, &n, 0), NTE_INVALID_HANDLE);
	IS(NCryptSecretAgreement(a, other, &z, 0) && !z);
	STATUS(NCryptSecretAgreement(signs, b, &z, 0), NTE_NOT_SUPPORTED);
	STATUS(NCryptFreeObject(x), 0);
	STATUS(NCryptFreeObject(y), 0);
	NCryptFreeObject(a), NCryptFreeObject(b), NCryptFreeObject(other), NCryptFreeObject(signs);
	done("secrets");
}

/* What OpenSSL wrote is what we write. */
static void
pkcs8(void)
{
	static const char *const texts[] = { curve_key, rsa_key };
	for (int i = 0; i < 2; i++) {
		NCRYPT_KEY_HANDLE k = 0, none = 0;
		DWORD n, m = 0, v = NCRYPT_ALLOW_PLAINTEXT_EXPORT_FLAG;
		BYTE *p = der(texts[i], &n), out[2048], bad[2048];
		STATUS(NCryptImportKey(prov, 0, NCRYPT_PKCS8_PRIVATE_KEY_BLOB, NULL, &k, p, n, 0),
		       0);
		STATUS(NCryptExportKey(k, 0, NCRYPT_PKCS8_PRIVATE_KEY_BLOB, NULL, out, sizeof out,
		                       &m, 0),
		       NTE_NOT_SUPPORTED);
		STATUS(NCryptSetProperty(k, NCRYPT_EXPORT_POLICY_PROPERTY, (BYTE *)&v, 4,
		                         NCRYPT_PERSIST_FLAG),
		       0);
		STATUS(NCryptExportKey(k, 0, NCRYPT_PKCS8_PRIVATE_KEY_BLOB, NULL, out, sizeof out,
		                       &m, 0),
		       0);
		IS(m == n && !memcmp(out, p, n));
		NCryptFreeObject(k);
		for (DWORD cut = 0; cut < n; cut += 5)
			STATUS(NCryptImportKey(prov, 0, NCRYPT_PKCS8_PRIVATE_KEY_BLOB, NULL, &none,
			                       p, cut, 0),
			       NTE_BAD_DATA);
		/* damaged ones are refused, or are another key; none does harm */
		for (DWORD at = 0; at < 64; at++) {
			memcpy(bad, p, n);
			bad[at] ^= 0x55;
			if (!NCryptImportKey(prov, 0, NCRYPT_PKCS8_PRIVATE_KEY_BLOB, NULL, &none,
			                     bad, n, 0))
				NCryptFreeObject(none);
		}
	}
	done("pkcs8");
}

/* CryptoAPI's, as OpenSSL wrote them. */
static void
capi_blobs(void)
{
	static const char *const texts[] = { private_blob, public_blob };
	static const WCHAR *const types[] = { L"CAPIPRIVATEBLOB", L"CAPIPUBLICBLOB" };
	NCRYPT_KEY_HANDLE curve = made(L"ECDSA_P256", 0, NCRYPT_ALLOW_PLAINTEXT_EXPORT_FLAG);
	for (int i = 0; i < 2; i++) {
		NCRYPT_KEY_HANDLE k = 0, none = 0;
		DWORD n, m = 0, v = NCRYPT_ALLOW_PLAINTEXT_EXPORT_FLAG;
		BYTE *p = der(texts[i], &n), out[2048];
		STATUS(NCryptImportKey(prov, 0, types[i], NULL, &k, p, n, 0), 0);
		STATUS(NCryptSetProperty(k, NCRYPT_EXPORT_POLICY_PROPERTY, (BYTE *)&v, 4, 0), 0);
		STATUS(NCryptExportKey(k, 0, types[i], NULL, out, sizeof out, &m, 0), 0);
		IS(m == n && !memcmp(out, p, n));
		for (DWORD cut = 0; cut < n; cut += 11)
			STATUS(NCryptImportKey(prov, 0, types[i], NULL, &none, p, cut, 0),
			       NTE_BAD_DATA);
		STATUS(NCryptImportKey(prov, 0, types[!i], NULL, &none, p, n, 0), NTE_BAD_DATA);
		STATUS(NCryptExportKey(curve, 0, types[i], NULL, NULL, 0, &m, 0),
		       NTE_NOT_SUPPORTED);
		NCryptFreeObject(k);
	}
	NCryptFreeObject(curve);
	done("capi blobs");
}

static void
policy(void)
{
	NCRYPT_KEY_HANDLE k = made(L"ECDSA_P256", 0, 0), s;
	BYTE blob[256], hash[20] = { 1 };
	DWORD n = 0, v = NCRYPT_ALLOW_DECRYPT_FLAG;
	STATUS(NCryptExportKey(k, 0, L"ECCPRIVATEBLOB", NULL, blob, sizeof blob, &n, 0),
	       NTE_NOT_SUPPORTED);
	STATUS(NCryptExportKey(k, 0, L"ECCPUBLICBLOB", NULL, blob, sizeof blob, &n, 0), 0);
	/* one that may not sign */
	STATUS(NCryptCreatePersistedKey(prov, &s, L"ECDSA_P256", NULL, 0, 0), 0);
	STATUS(NCryptSetProperty(s, NCRYPT_KEY_USAGE_PROPERTY, (BYTE *)&v, 4, 0), 0);
	STATUS(NCryptSignHash(s, NULL, hash, 20, blob, sizeof blob, &n, 0), NTE_BAD_KEY_STATE);
	STATUS(NCryptFinalizeKey(s, 0), 0);
	STATUS(NCryptFinalizeKey(s, 0), NTE_INVALID_HANDLE);
	STATUS(NCryptSignHash(s, NULL, hash, 20, blob, sizeof blob, &n, 0), NTE_PERM);
	NCryptFreeObject(k);
	NCryptFreeObject(s);
	done("policy");
}

static void
properties(void)
{
	NCRYPT_KEY_HANDLE k = made(L"RSA", 1024, 0);
	NCRYPT_PROV_HANDLE p = 0;
	NCRYPT_SUPPORTED_LENGTHS lengths;
	WCHAR text[64];
	BYTE data[8];
	DWORD n, v = 0;
	STATUS(NCryptGetProperty(k, NCRYPT_ALGORITHM_GROUP_PROPERTY, NULL, 0, &n, 0), 0);
	IS(n == 8);
	STATUS(NCryptGetProperty(k, NCRYPT_ALGORITHM_GROUP_PROPERTY, (BYTE *)text, 7, &n, 0),
	       NTE_BUFFER_TOO_SMALL);
	STATUS(NCryptGetProperty(k, NCRYPT_ALGORITHM_GROUP_PROPERTY, (BYTE *)text, 8, &n, 0), 0);
	IS(!wcscmp(text, L"RSA"));
	STATUS(NCryptGetProperty(k, NCRYPT_LENGTH_PROPERTY, (BYTE *)&v, 4, &n, 0), 0);
	IS(v == 1024);
	STATUS(NCryptGetProperty(k, NCRYPT_BLOCK_LENGTH_PROPERTY, (BYTE *)&v, 4, &n, 0), 0);
	IS(v == 128);
	STATUS(NCryptGetProperty(k, NCRYPT_LENGTHS_PROPERTY, (BYTE *)&lengths, sizeof lengths, &n,
	                         0),
	       0);
	IS(lengths.dwMinLength == 512 && lengths.dwMaxLength == 16384 &&
	   lengths.dwDefaultLength == 2048);
	STATUS(NCryptGetProperty(k, NCRYPT_KEY_TYPE_PROPERTY, (BYTE *)&v, 4, &n, 0), 0);
	IS(v == 0);
	STATUS(NCryptGetProperty(k, NCRYPT_KEY_USAGE_PROPERTY, (BYTE *)&v, 4, &n, 0), 0);
	IS(v == NCRYPT_ALLOW_ALL_USAGES);
	STATUS(NCryptGetProperty(k, NCRYPT_NAME_PROPERTY, (BYTE *)text, sizeof text, &n, 0),
	       NTE_NOT_SUPPORTED);
	STATUS(NCryptGetProperty(k, NCRYPT_PROVIDER_HANDLE_PROPERTY, (BYTE *)&p, sizeof p, &n, 0),
	       0);
	STATUS(NCryptIsAlgSupported(p, L"RSA", 0), 0);
	STATUS(NCryptFreeObject(p), 0);
	/* what a program attaches */
	STATUS(NCryptGetProperty(k, L"CLR IsEphemeral", data, sizeof data, &n,
	                         NCRYPT_PERSIST_ONLY_FLAG),
	       NTE_NOT_FOUND);
	STATUS(NCryptSetProperty(k, L"CLR IsEphemeral", (BYTE *)"\1", 1, NCRYPT_PERSIST_ONLY_FLAG),
	       0);
	STATUS(NCryptSetProperty(k, L"CLR IsEphemeral", (BYTE *)"\2\3", 2,
	                         NCRYPT_PERSIST_ONLY_FLAG),
	       0);
	STATUS(NCryptGetProperty(k, L"CLR IsEphemeral", data, sizeof data, &n,
	                         NCRYPT_PERSIST_ONLY_FLAG),
	       0);
	IS(n == 2 && !memcmp(data, "\2\3", 2));
	v = 512;
	STATUS(NCryptSetProperty(k, NCRYPT_LENGTH_PROPERTY, (BYTE *)&v, 4, 0), NTE_NOT_SUPPORTED);
	STATUS(NCryptGetProperty(k, L"nothing like it", data, sizeof data, &n, 0),
	       NTE_NOT_SUPPORTED);
	NCryptFreeObject(k);
	done("properties");
}

static DWORD
count(const WCHAR *name)
{
	NCryptKeyName *k;
	void *state = NULL;
	DWORD n = 0;
	SECURITY_STATUS e;
	while (!(e = NCryptEnumKeys(prov, NULL, &k, &state, 0))) {
		if (!wcscmp(k->pszName, name)) {
			IS(!wcscmp(k->pszAlgid, L"RSA"));
			n++;
		}
		NCryptFreeBuffer(k);
	}
	STATUS(e, NTE_NO_MORE_ITEMS);
	NCryptFreeBuffer(state);
	return n;
}

static void
kept(void)
{
	NCRYPT_KEY_HANDLE k = 0, again = 0, none = 0;
	BCRYPT_PKCS1_PADDING_INFO sha = { L"SHA1" };
	BYTE hash[20] = "a hash", s[128], blob[1024];
	WCHAR text[80], unique[80];
	DWORD n, v = 1024;
	IS(count(L"My Key") == 0);
	STATUS(NCryptOpenKey(prov, &none, L"My Key", 0, 0), NTE_BAD_KEYSET);
	STATUS(NCryptCreatePersistedKey(prov, &k, L"RSA", L"My Key", 0, 0), 0);
	STATUS(NCryptSetProperty(k, NCRYPT_LENGTH_PROPERTY, (BYTE *)&v, 4, 0), 0);
	STATUS(NCryptOpenKey(prov, &none, L"My Key", 0, 0), NTE_BAD_KEYSET);
	STATUS(NCryptFinalizeKey(k, 0), 0);
	STATUS(NCryptOpenKey(prov, &again, L"my key", 0, 0), 0); /* without case */
	IS(count(L"My Key") == 1);
	STATUS(NCryptCreatePersistedKey(prov, &none, L"RSA", L"My Key", 0, 0), NTE_EXISTS);
	STATUS(NCryptOpenKey(prov, &none, L"My Key", 0, NCRYPT_MACHINE_KEY_FLAG), NTE_BAD_KEYSET);
	STATUS(NCryptSignHash(again, &sha, hash, 20, s, 128, &n, BCRYPT_PAD_PKCS1), 0);
	STATUS(NCryptVerifySignature(k, &sha, hash, 20, s, n, BCRYPT_PAD_PKCS1), 0);
	STATUS(NCryptGetProperty(k, NCRYPT_NAME_PROPERTY, (BYTE *)text, sizeof text, &n, 0), 0);
	IS(!wcscmp(text, L"My Key"));
	STATUS(NCryptGetProperty(k, NCRYPT_UNIQUE_NAME_PROPERTY, (BYTE *)unique, sizeof unique * 2,
	                         &n, 0),
	       0);
	IS(wcslen(unique) == 64);
	/* what may not leave does not come to be allowed to */
	v = NCRYPT_ALLOW_PLAINTEXT_EXPORT_FLAG;
	STATUS(NCryptSetProperty(again, NCRYPT_EXPORT_POLICY_PROPERTY, (BYTE *)&v, 4, 0),
	       NTE_NOT_SUPPORTED);
	STATUS(NCryptExportKey(again, 0, L"RSAPRIVATEBLOB", NULL, blob, sizeof blob, &n, 0),
	       NTE_NOT_SUPPORTED);
	/* with the key */
	STATUS(NCryptSetProperty(again, L"note", (BYTE *)"hello", 5,
	                         NCRYPT_PERSIST_ONLY_FLAG | NCRYPT_PERSIST_FLAG),
	       0);
	NCryptFreeObject(again);
	STATUS(NCryptOpenKey(prov, &again, L"My Key", 0, 0), 0);
	STATUS(NCryptGetProperty(again, L"note", blob, sizeof blob, &n, NCRYPT_PERSIST_ONLY_FLAG),
	       0);
	IS(n == 5 && !memcmp(blob, "hello", 5));
	STATUS(NCryptDeleteKey(again, 0), 0);
	STATUS(NCryptOpenKey(prov, &none, L"My Key", 0, 0), NTE_BAD_KEYSET);
	STATUS(NCryptDeleteKey(k, 0), NTE_BAD_KEYSET);
	NCryptFreeObject(k);
	/* in place of another */
	for (int i = 0; i < 2; i++) {
		STATUS(NCryptCreatePersistedKey(prov, &k, L"ECDSA_P256", L"two", 0,
		                                i ? NCRYPT_OVERWRITE_KEY_FLAG : 0),
		       0);
		STATUS(NCryptFinalizeKey(k, 0), 0);
		if (!i)
			NCryptFreeObject(k);
	}
	STATUS(NCryptDeleteKey(k, 0), 0);
	STATUS(NCryptCreatePersistedKey(prov, &k, L"RSA", L"", 0, 0), NTE_INVALID_PARAMETER);
	done("kept");
}

static void
bad_handles(void)
{
	NCRYPT_KEY_HANDLE k = made(L"ECDSA_P256", 0, 0), none = 0;
	BYTE data[128] = { 0 };
	DWORD n = 0;
	NCRYPT_HANDLE bad[] = { 0, 1, 0xffff, (NCRYPT_HANDLE)data };
	for (int i = 0; i < 4; i++) {
		NCRYPT_HANDLE h = bad[i];
		STATUS(NCryptFreeObject(h), NTE_INVALID_HANDLE);
		STATUS(NCryptFinalizeKey(h, 0), NTE_INVALID_HANDLE);
		STATUS(NCryptDeleteKey(h, 0), NTE_INVALID_HANDLE);
		STATUS(NCryptGetProperty(h, L"Name", data, 8, &n, 0), NTE_INVALID_HANDLE);
		STATUS(NCryptSetProperty(h, L"Name", data, 8, 0), NTE_INVALID_HANDLE);
		STATUS(NCryptCreatePersistedKey(h, &none, L"RSA", NULL, 0, 0), NTE_INVALID_HANDLE);
		STATUS(NCryptSignHash(h, NULL, data, 20, data, 64, &n, 0), NTE_INVALID_HANDLE);
		STATUS(NCryptDecrypt(h, data, 20, NULL, data, 64, &n, 2), NTE_INVALID_HANDLE);
		STATUS(NCryptDeriveKey(h, L"HASH", NULL, data, 20, &n, 0), NTE_INVALID_HANDLE);
	}
	STATUS(NCryptCreatePersistedKey(prov, &none, L"AES", NULL, 0, 0), NTE_NOT_SUPPORTED);
	STATUS(NCryptCreatePersistedKey(prov, &none, L"RSA", NULL, 0, 1), NTE_BAD_FLAGS);
	STATUS(NCryptImportKey(prov, 0, L"RSAPUBLICBLOB", NULL, &none, data, 128, 0), NTE_BAD_DATA);
	STATUS(NCryptExportKey(k, 0, L"no such blob", NULL, data, 128, &n, 0), NTE_NOT_SUPPORTED);
	NCryptFreeObject(k);
	done("bad handles");
}

/* In one start it is made, in the next one it is found and deleted. */
static int
keep(void)
{
	NCRYPT_KEY_HANDLE k;
	if (NCryptOpenKey(prov, &k, L"kept", 0, 0) == 0) {
		puts(NCryptDeleteKey(k, 0) ? "not deleted" : "found and deleted");
		return 0;
	}
	if (NCryptCreatePersistedKey(prov, &k, L"ECDSA_P256", L"kept", 0, 0) ||
	    NCryptFinalizeKey(k, 0))
		return 1;
	puts("made");
	return 0;
}

int
main(int n, char **arg)
{
	if (n > 1) {
		NCryptOpenStorageProvider(&prov, NULL, 0);
		return strcmp(arg[1], "keep") ? 1 : keep();
	}
	provider();
	rsa();
	curves();
	named_curve();
	secrets();
	pkcs8();
	capi_blobs();
	policy();
	properties();
	kept();
	bad_handles();
	STATUS(NCryptFreeObject(prov), 0);
	return wrong;
}
