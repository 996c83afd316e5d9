/* SPDX-License-Identifier: Apache-2.0 */
// CryptoAPI's providers and RSA: containers, blobs, signatures, encryption and keys that are sent
// encrypted, with OpenSSL's answers.
// needs: joist mingw
// libs: -ladvapi32 -lcrypt32
// run: joist run --rm $GUEST
// expect: providers: ok
// expect: containers: ok
// expect: blobs: ok
// expect: signatures: ok
// expect: encryption: ok
// expect: session keys: ok
// expect: parameters: ok
// expect: bad input: ok
// test: a container is a file for its owner only, which another start finds
// run: joist run --name $N $GUEST keep && find $JOIST_ROOT -name 'key-*' -printf '%m\n' && joist start -a $N; find $JOIST_ROOT -name 'key-*' -printf '%m\n'; joist rm $N >/dev/null
// expect: made
// expect: 600
// expect: found and deleted
#include "check.h"
#include "keyed.h"
#include "rsablob.h"

static HCRYPTPROV prov;

static void
turn(BYTE *p, DWORD n)
{
	for (DWORD i = 0; i < n / 2; i++) {
		BYTE b = p[i];
		p[i] = p[n - 1 - i];
		p[n - 1 - i] = b;
	}
}

static void
providers(void)
{
	HCRYPTPROV p = 1;
	WCHAR wide[100];
	char text[100];
	DWORD n, type, count = 0, aes = 0;
	ERR(CryptAcquireContextW(&p, NULL, NULL, 0, CRYPT_VERIFYCONTEXT), 0x80090014);
	IS(!p);
	ERR(CryptAcquireContextW(&p, NULL, NULL, 99, CRYPT_VERIFYCONTEXT), 0x80090017);
	ERR(CryptAcquireContextW(&p, NULL, L"nobody's", PROV_RSA_FULL, CRYPT_VERIFYCONTEXT),
	    0x80090019);
	ERR(CryptAcquireContextW(&p, NULL, MS_ENHANCED_PROV_W, PROV_RSA_AES, CRYPT_VERIFYCONTEXT),
	    0x8009001b);
	ERR(CryptAcquireContextW(&p, L"name", NULL, PROV_RSA_AES, CRYPT_VERIFYCONTEXT),
	    NTE_BAD_FLAGS);
	ERR(CryptAcquireContextA(NULL, NULL, NULL, PROV_RSA_AES, 0), ERROR_INVALID_PARAMETER);
	IS(CryptAcquireContextA(&p, NULL, MS_ENHANCED_PROV_A, PROV_RSA_FULL, CRYPT_VERIFYCONTEXT));
	n = sizeof text;
	IS(CryptGetProvParam(p, PP_NAME, (BYTE *)text, &n, 0) && !strcmp(text, MS_ENHANCED_PROV_A));
	n = sizeof type;
	IS(CryptGetProvParam(p, PP_PROVTYPE, (BYTE *)&type, &n, 0) && type == PROV_RSA_FULL);
	IS(CryptReleaseContext(p, 0));
	for (;; count++) {
		n = 0;
		SetLastError(0);
		if (!CryptEnumProvidersW(count, NULL, 0, &type, NULL, &n))
			break;
		IS(n > 2 && n <= sizeof wide);
		n -= 2;
		ERR(CryptEnumProvidersW(count, NULL, 0, &type, wide, &n), ERROR_MORE_DATA);
		IS(CryptEnumProvidersW(count, NULL, 0, &type, wide, &n));
		aes += type == PROV_RSA_AES && !wcscmp(wide, MS_ENH_RSA_AES_PROV_W);
	}
	IS(GetLastError() == ERROR_NO_MORE_ITEMS && count > 4 && aes == 1);
	n = sizeof text;
	IS(CryptEnumProvidersA(0, NULL, 0, &type, text, &n) && strstr(text, "Microsoft") == text);
	n = sizeof text;
	IS(CryptGetDefaultProviderA(PROV_RSA_AES, NULL, CRYPT_USER_DEFAULT, text, &n) &&
	   !strcmp(text, MS_ENH_RSA_AES_PROV_A));
	n = sizeof wide;
	IS(CryptGetDefaultProviderW(PROV_RSA_FULL, NULL, CRYPT_MACHINE_DEFAULT, wide, &n) &&
	   !wcscmp(wide, MS_STRONG_PROV_W));
	ERR(CryptGetDefaultProviderW(PROV_RSA_FULL, NULL, 0, wide, &n), NTE_BAD_FLAGS);
	done("providers");
}

static int
listed(HCRYPTPROV p, const char *name)
{
	char text[2000];
	DWORD n = 0, flag = CRYPT_FIRST;
	int found = 0;
	if (!CryptGetProvParam(p, PP_ENUMCONTAINERS, NULL, &n, CRYPT_FIRST))
		return 0;
	while (n = sizeof text, CryptGetProvParam(p, PP_ENUMCONTAINERS, (BYTE *)text, &n, flag)) {
		found += !strcmp(text, name);
		flag = CRYPT_NEXT;
	}
	IS(GetLastError() == ERROR_NO_MORE_ITEMS);
	return found;
}

static void
containers(void)
{
	HCRYPTPROV p = 0, q = 0;
	HCRYPTKEY k = 0, l = 0;
	BYTE one[300], two[300];
	char text[100];
	DWORD n, m;
	ERR(CryptAcquireContextA(&p, "mine", NULL, PROV_RSA_FULL, 0), NTE_BAD_KEYSET);
	ERR(CryptAcquireContextA(&p, "mine", NULL, PROV_RSA_FULL, CRYPT_DELETEKEYSET),
	    NTE_BAD_KEYSET);
	/* nobody has one without a name before it is made */
	ERR(CryptAcquireContextA(&p, NULL, NULL, PROV_RSA_FULL, 0), NTE_BAD_KEYSET);
	IS(CryptAcquireContextA(&p, "mine", NULL, PROV_RSA_FULL, CRYPT_NEWKEYSET));
	ERR(CryptAcquireContextA(&q, "Mine", NULL, PROV_RSA_FULL, CRYPT_NEWKEYSET), NTE_EXISTS);
	ERR(CryptGetUserKey(p, AT_SIGNATURE, &k), NTE_NO_KEY);
	IS(CryptGenKey(p, AT_SIGNATURE, 512u << 16, &k));
	n = sizeof one;
	IS(CryptExportKey(k, 0, PUBLICKEYBLOB, 0, one, &n) && n == 8 + 12 + 64);
	ERR(CryptExportKey(k, 0, PRIVATEKEYBLOB, 0, NULL, &n), NTE_BAD_KEY_STATE);
	IS(CryptDestroyKey(k));
	/* another provider of the same name has the same key */
	IS(CryptAcquireContextW(&q, L"mine", NULL, PROV_RSA_AES, CRYPT_SILENT));
	IS(CryptGetUserKey(q, AT_SIGNATURE, &l));
	ERR(CryptGetUserKey(q, AT_KEYEXCHANGE, &k), NTE_NO_KEY);
	n = 8 + 12 + 64, m = sizeof two;
	IS(CryptExportKey(l, 0, PUBLICKEYBLOB, 0, two, &m) && m == n && !memcmp(one, two, n));
	n = sizeof text;
	IS(CryptGetProvParam(q, PP_CONTAINER, (BYTE *)text, &n, 0) && !strcmp(text, "mine"));
	n = sizeof text;
	IS(CryptGetProvParam(q, PP_UNIQUE_CONTAINER, (BYTE *)text, &n, 0) && n == 65);
	IS(listed(q, "mine") == 1 && !listed(q, "yours"));
	IS(CryptDestroyKey(l) && CryptReleaseContext(p, 0) && CryptReleaseContext(q, 0));
	/* a machine's is another */
	ERR(CryptAcquireContextA(&p, "mine", NULL, PROV_RSA_FULL, CRYPT_MACHINE_KEYSET),
	    NTE_BAD_KEYSET);
	IS(CryptAcquireContextA(&p, "mine", NULL, PROV_RSA_FULL, CRYPT_DELETEKEYSET));
	ERR(CryptAcquireContextA(&p, "mine", NULL, PROV_RSA_FULL, 0), NTE_BAD_KEYSET);
	IS(CryptAcquireContextA(&p, NULL, NULL, PROV_RSA_FULL, CRYPT_NEWKEYSET));
	IS(CryptReleaseContext(p, 0));
	IS(CryptAcquireContextA(&p, NULL, NULL, PROV_RSA_FULL, 0) && CryptReleaseContext(p, 0));
	IS(CryptAcquireContextA(&p, NULL, NULL, PROV_RSA_FULL, CRYPT_DELETEKEYSET));
	done("containers");
}

static HCRYPTKEY
imported(const char *text, DWORD flags)
{
	HCRYPTKEY k = 0;
	DWORD n;
	BYTE *p = der(text, &n);
	IS(CryptImportKey(prov, p, n, 0, flags, &k));
	return k;
}

static void
blobs(void)
{
	static const char *const texts[] = { private_blob, public_blob };
	for (int i = 0; i < 2; i++) {
		HCRYPTKEY k = imported(texts[i], CRYPT_EXPORTABLE), none = 0;
		DWORD n, m = 0, type = i ? PUBLICKEYBLOB : PRIVATEKEYBLOB;
		BYTE *p = der(texts[i], &n), out[2048];
		IS(CryptExportKey(k, 0, type, 0, NULL, &m) && m == n);
		m--;
		ERR(CryptExportKey(k, 0, type, 0, out, &m), ERROR_MORE_DATA);
		IS(CryptExportKey(k, 0, type, 0, out, &m) && m == n && !memcmp(out, p, n));
		if (i)
			ERR(CryptExportKey(k, 0, PRIVATEKEYBLOB, 0, NULL, &m), NTE_BAD_KEY);
		ERR(CryptExportKey(k, 0, PLAINTEXTKEYBLOB, 0, NULL, &m), NTE_BAD_TYPE);
		for (DWORD cut = 0; cut < n; cut += 3)
			ERR(CryptImportKey(prov, p, cut, 0, 0, &none), NTE_BAD_DATA);
		/* a modulus or a prime that is another is none */
		p[i ? 20 : 300] ^= 1;
		ERR(CryptImportKey(prov, p, n, 0, 0, &none), NTE_BAD_DATA);
		IS(CryptDestroyKey(k));
	}
	done("blobs");
}

static HCRYPTHASH
hashed(const char *s, ALG_ID id)
{
	HCRYPTHASH h = 0;
	IS(CryptCreateHash(prov, id, 0, 0, &h));
	IS(CryptHashData(h, (const BYTE *)s, (DWORD)strlen(s), 0));
	return h;
}

static void
signatures(void)
{
	HCRYPTKEY k = imported(private_blob, 0), pub = imported(public_blob, 0);
	HCRYPTHASH h = hashed("sample", CALG_SHA_256), other = hashed("simple", CALG_SHA_256);
	BYTE out[256], *want;
	DWORD n = 0, m;
	IS(CryptSignHashW(h, AT_KEYEXCHANGE, NULL, 0, NULL, &n) && n == 256);
	n = 255;
	ERR(CryptSignHashA(h, AT_KEYEXCHANGE, NULL, 0, out, &n), ERROR_MORE_DATA);
	IS(CryptSignHashA(h, AT_KEYEXCHANGE, NULL, 0, out, &n) && n == 256);
	want = der(signature_256, &m);
	turn(want, m);
	IS(m == 256 && !memcmp(out, want, 256));
	IS(CryptVerifySignatureW(h, out, 256, pub, NULL, 0));
	ERR(CryptVerifySignatureA(other, out, 256, pub, NULL, 0), NTE_BAD_SIGNATURE);
	ERR(CryptVerifySignatureW(h, out, 255, pub, NULL, 0), NTE_BAD_SIGNATURE);
	out[9] ^= 1;
	ERR(CryptVerifySignatureW(h, out, 256, pub, NULL, 0), NTE_BAD_SIGNATURE);
	/* without the name of the hash */
	IS(CryptSignHashW(h, AT_KEYEXCHANGE, NULL, CRYPT_NOHASHOID, out, &n));
	IS(memcmp(out, want, 256) &&
	   CryptVerifySignatureW(h, out, 256, pub, NULL, CRYPT_NOHASHOID));
	ERR(CryptVerifySignatureW(h, out, 256, pub, NULL, 0), NTE_BAD_SIGNATURE);
	ERR(CryptSignHashW(h, AT_SIGNATURE, NULL, 0, out, &n), NTE_NO_KEY);
	ERR(CryptSignHashW(h, 3, NULL, 0, out, &n), ERROR_INVALID_PARAMETER);
	ERR(CryptSignHashW(0, 1, NULL, 0, out, &n), NTE_BAD_HASH);
	ERR(CryptVerifySignatureW(h, out, 256, 0, NULL, 0), NTE_BAD_KEY);
	IS(CryptDestroyHash(h) && CryptDestroyHash(other) && CryptDestroyKey(k) &&
	   CryptDestroyKey(pub));
	done("signatures");
}

static void
encryption(void)
{
	HCRYPTKEY k = imported(private_blob, 0), pub = imported(public_blob, 0);
	BYTE data[256] = "secret", *theirs;
	DWORD n = 6;
	IS(CryptEncrypt(pub, 0, TRUE, 0, NULL, &n, 0) && n == 256);
	n = 6;
	ERR(CryptEncrypt(pub, 0, TRUE, 0, data, &n, 255), ERROR_MORE_DATA);
	for (int oaep = 0; oaep < 2; oaep++) {
		DWORD flags = oaep ? CRYPT_OAEP : 0;
		n = 6;
		IS(CryptEncrypt(pub, 0, TRUE, flags, data, &n, sizeof data) && n == 256);
		if (oaep)
			ERR(CryptDecrypt(k, 0, TRUE, 0, data, &n), NTE_BAD_DATA);
		IS(CryptDecrypt(k, 0, TRUE, flags, data, &n) && n == 6 &&
		   !memcmp(data, "secret", 6));
	}
	theirs = der(oaep_secret, &n);
	turn(theirs, n);
	IS(n == 256 && CryptDecrypt(k, 0, TRUE, CRYPT_OAEP, theirs, &n) && n == 6 &&
	   !memcmp(theirs, "secret", 6));
	n = 246; /* with the padding there is room for 245 */
	ERR(CryptEncrypt(pub, 0, TRUE, 0, data, &n, sizeof data), NTE_BAD_LEN);
	IS(n == 246);
	n = 256;
	ERR(CryptDecrypt(pub, 0, TRUE, 0, data, &n), NTE_NO_KEY);
	n = 255;
	ERR(CryptDecrypt(k, 0, TRUE, 0, data, &n), NTE_BAD_LEN);
	IS(CryptDestroyKey(k) && CryptDestroyKey(pub));
	done("encryption");
}

/* A cipher's key, sent to who has the pair. */
static void
session_keys(void)
{
	HCRYPTKEY pair = imported(private_blob, 0), pub = imported(public_blob, 0), aes = 0,
	          there = 0, hidden = 0;
	for (int own = 0; own < 2; own++) {
		BYTE blob[300], data[32] = "something to send";
		DWORD n = 0, m = 17, flags = own ? CRYPT_OAEP : 0;
		IS(CryptGenKey(prov, CALG_AES_256, CRYPT_EXPORTABLE, &aes));
		IS(CryptExportKey(aes, pub, SIMPLEBLOB, flags, NULL, &n) && n == 12 + 256);
		n = sizeof blob;
		IS(CryptExportKey(aes, pub, SIMPLEBLOB, flags, blob, &n) && n == 12 + 256);
		/* by the pair that is named, or by the provider's */
		IS(CryptImportKey(prov, blob, n, own ? 0 : pair, flags, &there));
		IS(CryptEncrypt(aes, 0, TRUE, 0, data, &m, 32) && m == 32);
		IS(CryptDecrypt(there, 0, TRUE, 0, data, &m) && m == 17);
		IS(!memcmp(data, "something to send", 17));
		IS(CryptDestroyKey(there));
		blob[30] ^= 1;
		IS(!CryptImportKey(prov, blob, n, pair, flags, &there));
		ERR(CryptImportKey(prov, blob, 12, pair, flags, &there), NTE_BAD_LEN);
		ERR(CryptImportKey(prov, blob, n, aes, flags, &there), NTE_BAD_KEY);
		ERR(CryptExportKey(aes, 0, SIMPLEBLOB, flags, NULL, &n), NTE_BAD_KEY);
		IS(CryptDestroyKey(aes));
	}
	DWORD n = 0;
	IS(CryptGenKey(prov, CALG_AES_128, 0, &hidden));
	ERR(CryptExportKey(hidden, pub, SIMPLEBLOB, 0, NULL, &n), NTE_BAD_KEY_STATE);
	IS(CryptDestroyKey(hidden) && CryptDestroyKey(pair) && CryptDestroyKey(pub));
	done("session keys");
}

static void
parameters(void)
{
	HCRYPTKEY k = 0, copy = 0;
	PROV_ENUMALGS a;
	PROV_ENUMALGS_EX x;
	DWORD v = 0, n = 4, count = 0, seen = 0;
	IS(CryptGenKey(prov, AT_SIGNATURE, 1032u << 16 | CRYPT_EXPORTABLE, &k));
	IS(CryptDuplicateKey(k, NULL, 0, &copy) && CryptDestroyKey(k));
	IS(CryptGetKeyParam(copy, KP_ALGID, (BYTE *)&v, &n, 0) && v == CALG_RSA_SIGN);
	IS(CryptGetKeyParam(copy, KP_KEYLEN, (BYTE *)&v, &n, 0) && v == 1032);
	IS(CryptGetKeyParam(copy, KP_BLOCKLEN, (BYTE *)&v, &n, 0) && v == 1032);
	IS(CryptGetKeyParam(copy, KP_PERMISSIONS, (BYTE *)&v, &n, 0) && (v & CRYPT_EXPORT));
	ERR(CryptGetKeyParam(copy, KP_IV, (BYTE *)&v, &n, 0), NTE_BAD_TYPE);
	ERR(CryptSetKeyParam(copy, KP_IV, (BYTE *)&v, 0), NTE_BAD_TYPE);
	IS(CryptDestroyKey(copy));
	for (DWORD flag = CRYPT_FIRST;; flag = CRYPT_NEXT, count++) {
		n = sizeof a;
		if (!CryptGetProvParam(prov, PP_ENUMALGS, (BYTE *)&a, &n, flag))
			break;
		seen += a.aiAlgid == CALG_RSA_KEYX && !strcmp(a.szName, "RSA_KEYX");
	}
	IS(GetLastError() == ERROR_NO_MORE_ITEMS && count > 10 && seen == 1);
	n = sizeof x;
	IS(CryptGetProvParam(prov, PP_ENUMALGS_EX, (BYTE *)&x, &n, CRYPT_FIRST) && n == sizeof x);
	IS(x.dwNameLen == strlen(x.szName) + 1 && x.dwLongNameLen == strlen(x.szLongName) + 1);
	ERR(CryptGetProvParam(prov, PP_UNIQUE_CONTAINER, (BYTE *)&x, &n, 0), NTE_BAD_TYPE);
	done("parameters");
}

static void
bad_input(void)
{
	BYTE none[64] = { 0 };
	HCRYPTPROV bad[] = { 0, 1, (HCRYPTPROV)none };
	HCRYPTKEY k = 0;
	DWORD n = 0;
	for (int i = 0; i < 3; i++) {
		ERR(CryptReleaseContext(bad[i], 0), ERROR_INVALID_PARAMETER);
		ERR(CryptGenKey(bad[i], AT_SIGNATURE, 0, &k), ERROR_INVALID_PARAMETER);
		ERR(CryptGetProvParam(bad[i], PP_NAME, NULL, &n, 0), ERROR_INVALID_PARAMETER);
		ERR(CryptExportKey(bad[i], 0, PUBLICKEYBLOB, 0, NULL, &n), NTE_BAD_KEY);
	}
	ERR(CryptGenKey(prov, AT_SIGNATURE, 100u << 16, &k), NTE_BAD_FLAGS);
	ERR(CryptGenKey(prov, AT_SIGNATURE, 1025u << 16, &k), NTE_BAD_FLAGS);
	HCRYPTKEY pair = imported(private_blob, 0);
	HCRYPTHASH h = 0;
	ERR(CryptCreateHash(prov, CALG_HMAC, pair, 0, &h), NTE_BAD_KEY);
	h = hashed("x", CALG_SHA1);
	ERR(CryptHashSessionKey(h, pair, 0), NTE_BAD_KEY);
	ERR(CryptEncrypt(pair, h, TRUE, 0, NULL, &n, 0), NTE_BAD_HASH);
	ERR(CryptEncrypt(pair, 0, TRUE, 0x100, NULL, &n, 0), NTE_BAD_FLAGS);
	IS(CryptDestroyHash(h) && CryptDestroyKey(pair));
	done("bad input");
}

static int
keep(void)
{
	HCRYPTPROV p;
	HCRYPTKEY k;
	if (CryptAcquireContextA(&p, "kept", NULL, PROV_RSA_AES, 0)) {
		puts(CryptGetUserKey(p, AT_KEYEXCHANGE, &k) &&
		                     CryptAcquireContextA(&p, "kept", NULL, PROV_RSA_AES,
		                                          CRYPT_DELETEKEYSET)
		             ? "found and deleted"
		             : "wrong");
		return 0;
	}
	if (!CryptAcquireContextA(&p, "kept", NULL, PROV_RSA_AES, CRYPT_NEWKEYSET) ||
	    !CryptGenKey(p, AT_KEYEXCHANGE, 512u << 16, &k))
		return 1;
	puts("made");
	return 0;
}

int
main(int n, char **arg)
{
	if (n > 1)
		return strcmp(arg[1], "keep") ? 1 : keep();
	IS(CryptAcquireContextW(&prov, NULL, NULL, PROV_RSA_AES, CRYPT_VERIFYCONTEXT));
	providers();
	containers();
	blobs();
	signatures();
	encryption();
	session_keys();
	parameters();
	bad_input();
	IS(CryptReleaseContext(prov, 0));
	return wrong;
}
