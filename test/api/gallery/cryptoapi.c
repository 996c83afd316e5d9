/* SPDX-License-Identifier: Apache-2.0 */
// CryptoAPI of advapi32: keys out of passwords and blobs, ciphers and their parameters, HMAC.
// needs: joist mingw
// libs: -ladvapi32
// run: joist run --rm $GUEST
// expect: provider: ok
// expect: aes: ok
// expect: parts: ok
// expect: derived: ok
// expect: parameters: ok
// expect: streams: ok
// expect: hmac: ok
#include "check.h"
#include "hex.h"
#include <wincrypt.h>

static HCRYPTPROV prov;

static const char *const text = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51";

struct blob {
	BLOBHEADER head;
	DWORD size;
	BYTE data[64];
};

static HCRYPTKEY
import(ALG_ID id, const char *digits, DWORD flags)
{
	struct blob b = { { PLAINTEXTKEYBLOB, CUR_BLOB_VERSION, 0, id },
		          (DWORD)strlen(digits) / 2,
		          { 0 } };
	HCRYPTKEY k = 0;
	memcpy(b.data, hex(digits), b.size);
	IS(CryptImportKey(prov, (BYTE *)&b, 12 + b.size, 0, flags, &k));
	return k;
}

static void
provider(void)
{
	char name[100];
	DWORD n = sizeof name, v = 0;
	IS(CryptAcquireContextW(&prov, NULL, NULL, PROV_RSA_AES, CRYPT_VERIFYCONTEXT));
	IS(CryptContextAddRef(prov, NULL, 0) && CryptReleaseContext(prov, 0));
	IS(CryptGetProvParam(prov, PP_NAME, (BYTE *)name, &n, 0) && strstr(name, "AES"));
	n = 4;
	IS(CryptGetProvParam(prov, PP_PROVTYPE, (BYTE *)&v, &n, 0) && v == PROV_RSA_AES);
	n = 3;
	ERR(CryptGetProvParam(prov, PP_NAME, (BYTE *)name, &n, 0), ERROR_MORE_DATA);
	HCRYPTKEY k = 0;
	ERR(CryptGetUserKey(prov, AT_KEYEXCHANGE, &k), NTE_NO_KEY);
	done("provider");
}

/* SP 800-38A F.2.1, with PKCS #7 behind it */
static void
aes(void)
{
	HCRYPTKEY k = import(CALG_AES_128, "2b7e151628aed2a6abf7158809cf4f3c", CRYPT_EXPORTABLE),
	          two = 0;
	BYTE buf[64];
	DWORD n = 20, mode = CRYPT_MODE_ECB;
	IS(CryptSetKeyParam(k, KP_IV, hex("000102030405060708090a0b0c0d0e0f"), 0));
	IS(CryptEncrypt(k, 0, TRUE, 0, NULL, &n, 0) && n == 32);
	memcpy(buf, hex(text), 32);
	n = 20;
	ERR(CryptEncrypt(k, 0, TRUE, 0, buf, &n, 31), ERROR_MORE_DATA);
	IS(n == 32);
	/* after the last part the IV is the first again */
	for (int i = 0; i < 2; i++) {
		memcpy(buf, hex(text), 32);
		n = 20;
		IS(CryptEncrypt(k, 0, TRUE, 0, buf, &n, sizeof buf) && n == 32);
		IS(hex_is(buf, "7649abac8119b246cee98e9b12e9197d2e013f890472d82217b17f45f6e7f539"));
		IS(CryptDecrypt(k, 0, TRUE, 0, buf, &n) && n == 20 && !memcmp(buf, hex(text), 20));
	}
	IS(CryptDuplicateKey(k, NULL, 0, &two) && CryptDestroyKey(k));
	IS(CryptSetKeyParam(two, KP_MODE, (BYTE *)&mode, 0));
	memcpy(buf, hex(text), 16);
	n = 16;
	IS(CryptEncrypt(two, 0, FALSE, 0, buf, &n, sizeof buf) && n == 16);
	IS(hex_is(buf, "3ad77bb40d7a3660a89ecaf32466ef97"));
	n = 15;
	ERR(CryptEncrypt(two, 0, FALSE, 0, buf, &n, sizeof buf), NTE_BAD_LEN);
	n = 16;
	memset(buf, 1, 16);
	ERR(CryptDecrypt(two, 0, TRUE, 0, buf, &n), NTE_BAD_DATA);
	struct blob b;
	n = sizeof b;
	IS(CryptExportKey(two, 0, PLAINTEXTKEYBLOB, 0, (BYTE *)&b, &n) && n == 28);
	IS(b.head.aiKeyAlg == CALG_AES_128 && b.size == 16 &&
	   hex_is(b.data, "2b7e151628aed2a6abf7158809cf4f3c"));
	IS(CryptDestroyKey(two));
	k = import(CALG_AES_256, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	           0);
	n = sizeof b;
	ERR(CryptExportKey(k, 0, PLAINTEXTKEYBLOB, 0, (BYTE *)&b, &n), NTE_BAD_KEY_STATE);
	IS(CryptDestroyKey(k));
	ERR(CryptDestroyKey(0), NTE_BAD_KEY);
	b.head.bVersion = 1;
	ERR(CryptImportKey(prov, (BYTE *)&b, 28, 0, 0, &k), NTE_BAD_VER);
	b.head.bVersion = 2, b.size = 17;
	ERR(CryptImportKey(prov, (BYTE *)&b, 28, 0, 0, &k), NTE_BAD_DATA);
	b.size = 15;
	ERR(CryptImportKey(prov, (BYTE *)&b, 28, 0, 0, &k), NTE_BAD_LEN);
	done("aes");
}

static void
parts(void)
{
	HCRYPTKEY k = import(CALG_AES_128, "2b7e151628aed2a6abf7158809cf4f3c", 0);
	HCRYPTHASH h = 0;
	BYTE buf[64], value[32];
	DWORD n = 16;
	IS(CryptSetKeyParam(k, KP_IV, hex("000102030405060708090a0b0c0d0e0f"), 0));
	IS(CryptCreateHash(prov, CALG_SHA_256, 0, 0, &h));
	memcpy(buf, hex(text), 32);
	IS(CryptEncrypt(k, h, FALSE, 0, buf, &n, 16) && n == 16);
	n = 4;
	IS(CryptEncrypt(k, h, TRUE, 0, buf + 16, &n, 48) && n == 16);
	IS(hex_is(buf, "7649abac8119b246cee98e9b12e9197d2e013f890472d82217b17f45f6e7f539"));
	n = 32;
	/* the hash is of what was readable: the first 20 bytes */
	IS(CryptGetHashParam(h, HP_HASHVAL, value, &n, 0) && n == 32);
	HCRYPTHASH other = 0;
	BYTE again[32];
	IS(CryptCreateHash(prov, CALG_SHA_256, 0, 0, &other) &&
	   CryptHashData(other, hex(text), 20, 0));
	IS(CryptGetHashParam(other, HP_HASHVAL, again, &n, 0) && !memcmp(value, again, 32));
	n = 16;
	ERR(CryptDecrypt(k, h, FALSE, 0, buf, &n), NTE_BAD_HASH_STATE);
	IS(CryptDecrypt(k, 0, FALSE, 0, buf, &n) && n == 16);
	IS(CryptDecrypt(k, 0, TRUE, 0, buf + 16, &n) && n == 4 && !memcmp(buf, hex(text), 20));
	IS(CryptDestroyHash(h) && CryptDestroyHash(other) && CryptDestroyKey(k));
	done("parts");
}

static HCRYPTHASH
hash_of(ALG_ID id, const char *s)
{
	HCRYPTHASH h = 0;
	IS(CryptCreateHash(prov, id, 0, 0, &h) && CryptHashData(h, (BYTE *)s, (DWORD)strlen(s), 0));
	return h;
}

static int
derives(ALG_ID hash, ALG_ID id, DWORD flags, const char *want)
{
	HCRYPTHASH h = hash_of(hash, "password");
	HCRYPTKEY k = 0;
	struct blob b;
	DWORD n = sizeof b;
	int ok = CryptDeriveKey(prov, id, h, flags | CRYPT_EXPORTABLE, &k) &&
	         CryptExportKey(k, 0, PLAINTEXTKEYBLOB, 0, (BYTE *)&b, &n) &&
	         b.size == strlen(want) / 2 && hex_is(b.data, want);
	CryptDestroyKey(k);
	CryptDestroyHash(h);
	return ok;
}

/* The documented derivation, worked out by hand: the hash itself, or for AES and 3DES with an
 * old hash SHA1(0x36... ^ hash) and SHA1(0x5c... ^ hash). */
static void
derived(void)
{
	IS(derives(CALG_SHA1, CALG_RC4, 0, "5baa61e4c9b93f3f0682250b6cf8331b"));
	IS(derives(CALG_SHA1, CALG_RC4, 40 << 16, "5baa61e4c9"));
	IS(derives(CALG_SHA1, CALG_AES_128, 0, "a3bc508753274827cf2515600eaea32c"));
	IS(derives(CALG_SHA1, CALG_AES_256, 0,
	           "a3bc508753274827cf2515600eaea32c226a7895c0533fcc0a67de054e4822f0"));
	IS(derives(CALG_SHA_256, CALG_AES_256, 0,
	           "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"));
	HCRYPTHASH h = hash_of(CALG_SHA1, "x");
	HCRYPTKEY k = 0;
	ERR(CryptDeriveKey(prov, CALG_SHA1, h, 0, &k), NTE_BAD_ALGID);
	ERR(CryptDeriveKey(prov, CALG_AES_128, 0, 0, &k), NTE_BAD_HASH);
	ERR(CryptDeriveKey(prov, CALG_AES_128, h, 100 << 16, &k), NTE_BAD_FLAGS);
	IS(CryptDestroyHash(h));
	done("derived");
}

static DWORD
number(HCRYPTKEY k, DWORD what)
{
	DWORD v = 0, n = 4;
	return CryptGetKeyParam(k, what, (BYTE *)&v, &n, 0) ? v : GetLastError();
}

static void
parameters(void)
{
	HCRYPTKEY k = 0, three = 0;
	BYTE iv[16] = { 0 };
	DWORD n = 16, v = 3;
	IS(CryptGenKey(prov, CALG_AES_192, 0, &k) &&
	   CryptGenKey(prov, CALG_3DES, CRYPT_EXPORTABLE, &three));
	IS(number(k, KP_KEYLEN) == 192 && number(k, KP_BLOCKLEN) == 128 &&
	   number(k, KP_ALGID) == CALG_AES_192);
	IS(number(k, KP_MODE) == CRYPT_MODE_CBC && number(k, KP_PADDING) == PKCS5_PADDING);
	IS(number(three, KP_KEYLEN) == 192 && number(three, KP_EFFECTIVE_KEYLEN) == 168);
	IS(number(three, KP_BLOCKLEN) == 64);
	IS((number(three, KP_PERMISSIONS) & CRYPT_EXPORT) &&
	   !(number(k, KP_PERMISSIONS) & CRYPT_EXPORT));
	IS(CryptSetKeyParam(k, KP_IV, hex("000102030405060708090a0b0c0d0e0f"), 0));
	IS(CryptGetKeyParam(k, KP_IV, iv, &n, 0) && n == 16 &&
	   hex_is(iv, "000102030405060708090a0b0c0d0e0f"));
	ERR(CryptSetKeyParam(k, KP_PADDING, (BYTE *)&v, 0), NTE_BAD_DATA);
	v = CRYPT_MODE_CFB;
	IS(CryptSetKeyParam(k, KP_MODE, (BYTE *)&v, 0) && number(k, KP_MODE) == CRYPT_MODE_CFB);
	IS(number(k, KP_MODE_BITS) == 8);
	v = CRYPT_MODE_CTS;
	ERR(CryptSetKeyParam(k, KP_MODE, (BYTE *)&v, 0), NTE_BAD_DATA);
	ERR(CryptGetKeyParam(k, 999, (BYTE *)&v, &n, 0), NTE_BAD_TYPE);
	ERR(CryptGenKey(prov, CALG_SHA1, 0, &k), NTE_BAD_ALGID);
	IS(CryptDestroyKey(k) && CryptDestroyKey(three));
	/* RFC 2268 5 */
	k = import(CALG_RC2, "88bca90e90875a7f0f79c384627bafb2", 0);
	BYTE buf[16] = { 0 };
	v = CRYPT_MODE_ECB, n = 8;
	IS(CryptSetKeyParam(k, KP_MODE, (BYTE *)&v, 0) &&
	   CryptEncrypt(k, 0, FALSE, 0, buf, &n, 16));
	IS(hex_is(buf, "2269552ab0f85ca6"));
	v = 64;
	memset(buf, 0, 16);
	IS(CryptSetKeyParam(k, KP_EFFECTIVE_KEYLEN, (BYTE *)&v, 0) &&
	   CryptEncrypt(k, 0, FALSE, 0, buf, &n, 16));
	IS(hex_is(buf, "1a807d272bbe5db1"));
	IS(CryptDestroyKey(k));
	done("parameters");
}

/* RFC 6229: the first bytes of the stream for 0102030405 */
static void
streams(void)
{
	HCRYPTKEY k = import(CALG_RC4, "0102030405", 0);
	BYTE buf[16] = { 0 };
	DWORD n = 5;
	IS(CryptEncrypt(k, 0, FALSE, 0, buf, &n, 16) && n == 5);
	n = 11;
	IS(CryptEncrypt(k, 0, TRUE, 0, buf + 5, &n, 11) && n == 11);
	IS(hex_is(buf, "b2396305f03dc027ccc3524a0a1118a8"));
	n = 16;
	IS(CryptDecrypt(k, 0, TRUE, 0, buf, &n) && n == 16);
	for (int i = 0; i < 16; i++)
		IS(buf[i] == 0);
	IS(number(k, KP_BLOCKLEN) == 0);
	ERR(CryptSetKeyParam(k, KP_IV, buf, 0), NTE_BAD_TYPE);
	IS(CryptDestroyKey(k));
	done("streams");
}

/* RFC 4231 2: the key is imported as if it were one of RC2 */
static void
hmac(void)
{
	HCRYPTKEY k = import(CALG_RC2, "4a656665", CRYPT_IPSEC_HMAC_KEY);
	HCRYPTHASH h = 0, two = 0;
	HMAC_INFO i = { .HashAlgid = CALG_SHA_256 };
	BYTE value[32];
	DWORD n = 32;
	ERR(CryptCreateHash(prov, CALG_HMAC, 0, 0, &h), NTE_BAD_KEY);
	IS(CryptCreateHash(prov, CALG_HMAC, k, 0, &h));
	ERR(CryptHashData(h, (BYTE *)"x", 1, 0), NTE_BAD_HASH_STATE);
	IS(CryptSetHashParam(h, HP_HMAC_INFO, (BYTE *)&i, 0));
	IS(CryptHashData(h, (BYTE *)"what do ya want ", 16, 0) &&
	   CryptDuplicateHash(h, NULL, 0, &two));
	IS(CryptDestroyHash(h) && CryptHashData(two, (BYTE *)"for nothing?", 12, 0));
	IS(CryptGetHashParam(two, HP_HASHVAL, value, &n, 0) && n == 32);
	IS(hex_is(value, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
	IS(CryptDestroyHash(two) && CryptDestroyKey(k));
	/* the bytes of a key as data */
	k = import(CALG_RC4, "6162636465", 0);
	h = 0;
	IS(CryptCreateHash(prov, CALG_SHA1, 0, 0, &h) && CryptHashSessionKey(h, k, 0));
	n = 20;
	IS(CryptGetHashParam(h, HP_HASHVAL, value, &n, 0));
	IS(hex_is(value, "03de6c570bfe24bfc328ccd7ca46b76eadaf4334"));
	IS(CryptDestroyHash(h) && CryptDestroyKey(k) && CryptReleaseContext(prov, 0));
	done("hmac");
}

int
main(void)
{
	provider();
	aes();
	parts();
	derived();
	parameters();
	streams();
	hmac();
	return 0;
}
