/* SPDX-License-Identifier: Apache-2.0 */
// CNG's symmetric side: ciphers in their modes, with and without authentication, keys and their
// blobs, keys out of passwords and secrets, with the answers of the standards.
// needs: joist mingw
// libs: -lbcrypt
// run: joist run --rm $GUEST
// expect: modes: ok
// expect: padding: ok
// expect: gcm: ok
// expect: gcm in parts: ok
// expect: ccm: ok
// expect: older ciphers: ok
// expect: keys: ok
// expect: properties: ok
// expect: pseudo handles: ok
// expect: macs: ok
// expect: derivation: ok
// expect: lists: ok
#define _WIN32_WINNT 0x0A00
#include "check.h"
#include "hex.h"
#include <bcrypt.h>

#define STATUS(e, want) IS((e) == (NTSTATUS)(want))
enum {
	BAD_PARAMETER = (int)0xc000000d,
	BAD_SIZE = (int)0xc0000206,
	SMALL = (int)0xc0000023,
	BAD_DATA = (int)0xc000003e,
	BAD_TAG = (int)0xc000a002,
	BAD_HANDLE = (int)0xc0000008,
	UNSUPPORTED = (int)0xc00000bb,
	NONE = (int)0xc0000225
};

static const char *const text = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51";
static const char *const aes_key = "2b7e151628aed2a6abf7158809cf4f3c";
static const char *const counting = "000102030405060708090a0b0c0d0e0f";

static BCRYPT_ALG_HANDLE
provider(const WCHAR *name, const WCHAR *mode)
{
	BCRYPT_ALG_HANDLE a = NULL;
	IS(!BCryptOpenAlgorithmProvider(&a, name, NULL, 0));
	if (mode)
		IS(!BCryptSetProperty(a, BCRYPT_CHAINING_MODE, (BYTE *)mode,
		                      (ULONG)(wcslen(mode) + 1) * 2, 0));
	return a;
}

static BCRYPT_KEY_HANDLE
key(BCRYPT_ALG_HANDLE a, const char *digits)
{
	BCRYPT_KEY_HANDLE k = NULL;
	IS(!BCryptGenerateSymmetricKey(a, &k, NULL, 0, hex(digits), (ULONG)strlen(digits) / 2, 0));
	return k;
}

/* Encrypt with an IV of digits (NULL: none) and compare, then decrypt and compare. */
static int
both(BCRYPT_KEY_HANDLE k, const char *iv, const char *plain, ULONG n, const char *want, ULONG flags)
{
	BYTE v[16], out[256], back[256], *from = hex(plain);
	ULONG size = 0, block = iv ? (ULONG)strlen(iv) / 2 : 0;
	BYTE in[256];
	memcpy(in, from, n);
	if (iv)
		memcpy(v, hex(iv), block);
	if (BCryptEncrypt(k, in, n, NULL, iv ? v : NULL, block, out, sizeof out, &size, flags) ||
	    size != strlen(want) / 2 || !hex_is(out, want))
		return 0;
	if (iv)
		memcpy(v, hex(iv), block);
	ULONG m = 0;
	return !BCryptDecrypt(k, out, size, NULL, iv ? v : NULL, block, back, sizeof back, &m,
	                      flags) &&
	       m == n && !memcmp(back, in, n);
}

static void
one(const WCHAR *name, const WCHAR *mode, const char *digits, const char *iv, const char *plain,
    ULONG n, const char *want, int line)
{
	BCRYPT_ALG_HANDLE a = provider(name, mode);
	BCRYPT_KEY_HANDLE k = key(a, digits);
	if (!both(k, iv, plain, n, want, 0)) {
		wrong++;
		printf("line %d: not the answer\n", line);
	}
	IS(!BCryptDestroyKey(k) && !BCryptCloseAlgorithmProvider(a, 0));
}
#define ONE(name, mode, k, iv, plain, n, want) one(name, mode, k, iv, plain, n, want, __LINE__)

/* FIPS 197 C; SP 800-38A F.2, F.3 */
static void
modes(void)
{
	const char *block = "00112233445566778899aabbccddeeff";
	ONE(L"AES", BCRYPT_CHAIN_MODE_ECB, counting, NULL, block, 16,
	    "69c4e0d86a7b0430d8cdb78070b4c55a");
	ONE(L"AES", BCRYPT_CHAIN_MODE_ECB, "000102030405060708090a0b0c0d0e0f1011121314151617", NULL,
	    block, 16, "dda97ca4864cdfe06eaf70a0ec0d7191");
	ONE(L"AES", BCRYPT_CHAIN_MODE_ECB,
	    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", NULL, block, 16,
	    "8ea2b7ca516745bfeafc49904b496089");
	ONE(L"AES", NULL, aes_key, counting, text, 32,
	    "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2");
	ONE(L"AES", BCRYPT_CHAIN_MODE_CFB, aes_key, counting, text, 18,
	    "3b79424c9c0dd436bace9e0ed4586a4f32b9");

	BCRYPT_ALG_HANDLE a = provider(L"AES", BCRYPT_CHAIN_MODE_CFB);
	DWORD sixteen = 16, five = 5;
	STATUS(BCryptSetProperty(a, BCRYPT_MESSAGE_BLOCK_LENGTH, (BYTE *)&five, 4, 0),
	       BAD_PARAMETER);
	IS(!BCryptSetProperty(a, BCRYPT_MESSAGE_BLOCK_LENGTH, (BYTE *)&sixteen, 4, 0));
	BCRYPT_KEY_HANDLE k = key(a, aes_key);
	IS(both(k, counting, text, 32,
	        "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b", 0));
	BYTE v[16], out[32];
	ULONG n;
	STATUS(BCryptEncrypt(k, hex(text), 17, NULL, v, 16, out, 32, &n, 0), BAD_SIZE);
	IS(!BCryptDestroyKey(k) && !BCryptCloseAlgorithmProvider(a, 0));

	/* the IV goes on from call to call: the caller's, and else the key's own */
	a = provider(L"AES", BCRYPT_CHAIN_MODE_CBC);
	k = key(a, aes_key);
	memcpy(v, hex(counting), 16);
	BYTE *p = hex(text);
	IS(!BCryptEncrypt(k, p, 16, NULL, v, 16, out, 16, &n, 0) && n == 16);
	IS(!BCryptEncrypt(k, p + 16, 16, NULL, v, 16, out + 16, 16, &n, 0));
	IS(hex_is(out, "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"));
	IS(!BCryptSetProperty(k, BCRYPT_INITIALIZATION_VECTOR, hex(counting), 16, 0));
	p = hex(text);
	IS(!BCryptEncrypt(k, p, 16, NULL, NULL, 0, out, 16, &n, 0));
	IS(!BCryptEncrypt(k, p + 16, 16, NULL, NULL, 0, out + 16, 16, &n, 0));
	IS(hex_is(out, "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"));
	STATUS(BCryptEncrypt(k, p, 16, NULL, v, 15, out, 32, &n, 0), BAD_PARAMETER);
	STATUS(BCryptEncrypt(k, p, 15, NULL, v, 16, out, 32, &n, 0), BAD_SIZE);
	STATUS(BCryptEncrypt(a, p, 16, NULL, v, 16, out, 32, &n, 0), BAD_HANDLE);
	IS(!BCryptDestroyKey(k) && !BCryptCloseAlgorithmProvider(a, 0));
	done("modes");
}

static void
padding(void)
{
	BCRYPT_ALG_HANDLE a = provider(L"AES", BCRYPT_CHAIN_MODE_CBC);
	BCRYPT_KEY_HANDLE k = key(a, aes_key), other = key(a, counting);
	BYTE v[16], buf[48], *p;
	ULONG n = 0;
	IS(both(k, counting, text, 20,
	        "7649abac8119b246cee98e9b12e9197d2e013f890472d82217b17f45f6e7f539",
	        BCRYPT_BLOCK_PADDING));
	memcpy(v, hex(counting), 16);
	p = hex(text);
	/* only how much it would be: the IV stays */
	IS(!BCryptEncrypt(k, p, 20, NULL, v, 16, NULL, 0, &n, BCRYPT_BLOCK_PADDING) && n == 32);
	IS(!BCryptEncrypt(k, p, 32, NULL, v, 16, NULL, 0, &n, BCRYPT_BLOCK_PADDING) && n == 48);
	STATUS(BCryptEncrypt(k, p, 20, NULL, v, 16, buf, 31, &n, BCRYPT_BLOCK_PADDING), SMALL);
	IS(n == 32 && hex_is(v, counting));
	/* in place, and with room for the text alone */
	memcpy(buf, p, 20);
	IS(!BCryptEncrypt(k, buf, 20, NULL, v, 16, buf, sizeof buf, &n, BCRYPT_BLOCK_PADDING) &&
	   n == 32);
	memcpy(v, hex(counting), 16);
	STATUS(BCryptDecrypt(k, buf, 32, NULL, v, 16, buf + 48 - 19, 19, &n, BCRYPT_BLOCK_PADDING),
	       SMALL);
	IS(!BCryptEncrypt(k, memcpy(buf, hex(text), 20), 20, NULL, v, 16, buf, sizeof buf, &n,
	                  BCRYPT_BLOCK_PADDING));
	memcpy(v, hex(counting), 16);
	IS(!BCryptDecrypt(k, buf, 32, NULL, v, 16, buf, 20, &n, BCRYPT_BLOCK_PADDING) && n == 20);
	IS(!memcmp(buf, hex(text), 20));
	/* what another key makes of it is no padding */
	memcpy(buf, hex("7649abac8119b246cee98e9b12e9197d2e013f890472d82217b17f45f6e7f539"), 32);
	memcpy(v, hex(counting), 16);
	STATUS(BCryptDecrypt(other, buf, 32, NULL, v, 16, buf, 48, &n, BCRYPT_BLOCK_PADDING),
	       BAD_DATA);
	STATUS(BCryptDecrypt(k, buf, 31, NULL, v, 16, buf, 48, &n, BCRYPT_BLOCK_PADDING), BAD_SIZE);
	STATUS(BCryptDecrypt(k, buf, 0, NULL, v, 16, buf, 48, &n, BCRYPT_BLOCK_PADDING), BAD_SIZE);
	IS(!BCryptDestroyKey(k) && !BCryptDestroyKey(other) && !BCryptCloseAlgorithmProvider(a, 0));
	done("padding");
}

/* Test case 4 of GCM's specification. */
static const char *const gcm_key = "feffe9928665731c6d6a8f9467308308",
                         *const gcm_nonce = "cafebabefacedbaddecaf888",
                         *const gcm_also = "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                         *const gcm_text =
                                 "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                                 "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
                         *const gcm_want =
                                 "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
                                 "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
                         *const gcm_tag = "5bc94fbc3221a5db94fae95ae7121a47";

static void
gcm(void)
{
	BCRYPT_ALG_HANDLE a = provider(L"AES", BCRYPT_CHAIN_MODE_GCM);
	BCRYPT_KEY_HANDLE k = key(a, gcm_key), copy = NULL;
	BCRYPT_AUTHENTICATED_CIPHER_MODE_INFO i;
	BYTE nonce[13], also[20], in[60], out[60], back[60], tag[16];
	ULONG n = 0;
	memcpy(nonce, hex(gcm_nonce), 12);
	memcpy(also, hex(gcm_also), 20);
	memcpy(in, hex(gcm_text), 60);
	BCRYPT_INIT_AUTH_MODE_INFO(i);
	i.pbNonce = nonce, i.cbNonce = 12, i.pbAuthData = also, i.cbAuthData = 20, i.pbTag = tag,
	i.cbTag = 16;
	IS(!BCryptEncrypt(k, in, 60, &i, NULL, 0, NULL, 0, &n, 0) && n == 60);
	STATUS(BCryptEncrypt(k, in, 60, &i, NULL, 0, out, 59, &n, 0), SMALL);
	IS(!BCryptEncrypt(k, in, 60, &i, NULL, 0, out, 60, &n, 0) && n == 60);
	IS(hex_is(out, gcm_want) && hex_is(tag, gcm_tag));
	IS(!BCryptDuplicateKey(k, &copy, NULL, 0, 0) && !BCryptDestroyKey(k));
	IS(!BCryptDecrypt(copy, out, 60, &i, NULL, 0, back, 60, &n, 0) && n == 60 &&
	   !memcmp(in, back, 60));
	tag[0] ^= 1;
	STATUS(BCryptDecrypt(copy, out, 60, &i, NULL, 0, back, 60, &n, 0), BAD_TAG);
	IS(memcmp(in, back, 60));
	tag[0] ^= 1;
	also[19] ^= 1;
	STATUS(BCryptDecrypt(copy, out, 60, &i, NULL, 0, back, 60, &n, 0), BAD_TAG);
	i.cbTag = 11;
	STATUS(BCryptEncrypt(copy, in, 60, &i, NULL, 0, out, 60, &n, 0), BAD_PARAMETER);
	i.cbTag = 12, i.cbNonce = 13;
	STATUS(BCryptEncrypt(copy, in, 60, &i, NULL, 0, out, 60, &n, 0), BAD_PARAMETER);
	STATUS(BCryptEncrypt(copy, in, 60, NULL, NULL, 0, out, 60, &n, 0), BAD_PARAMETER);
	/* no data at all: test case 1 */
	BCRYPT_KEY_HANDLE zero = key(a, "00000000000000000000000000000000");
	memset(nonce, 0, 12);
	i.cbNonce = 12, i.cbAuthData = 0, i.cbTag = 16;
	IS(!BCryptEncrypt(zero, NULL, 0, &i, NULL, 0, NULL, 0, &n, 0) && n == 0);
	IS(hex_is(tag, "58e2fccefa7e3061367f1d57a4e7455a"));
	IS(!BCryptDestroyKey(copy) && !BCryptDestroyKey(zero) &&
	   !BCryptCloseAlgorithmProvider(a, 0));
	done("gcm");
}

static void
gcm_parts(void)
{
	BCRYPT_ALG_HANDLE a = provider(L"AES", BCRYPT_CHAIN_MODE_GCM);
	BCRYPT_KEY_HANDLE k = key(a, gcm_key);
	BCRYPT_AUTHENTICATED_CIPHER_MODE_INFO i;
	BYTE nonce[12], also[20], buf[60], tag[16], mac[16] = { 0 }, iv[16] = { 0 };
	ULONG n = 0;
	for (int decrypt = 0; decrypt < 2; decrypt++) {
		NTSTATUS(WINAPI * f)
		(BCRYPT_KEY_HANDLE, BYTE *, ULONG, void *, BYTE *, ULONG, BYTE *, ULONG, ULONG *,
		 ULONG) = decrypt ? BCryptDecrypt : BCryptEncrypt;
		memcpy(nonce, hex(gcm_nonce), 12);
		memcpy(also, hex(gcm_also), 20);
		memcpy(buf, hex(decrypt ? gcm_want : gcm_text), 60);
		BCRYPT_INIT_AUTH_MODE_INFO(i);
		i.pbNonce = nonce, i.cbNonce = 12, i.pbTag = tag, i.cbTag = 16;
		i.pbMacContext = mac, i.cbMacContext = 16;
		i.dwFlags = BCRYPT_AUTH_MODE_CHAIN_CALLS_FLAG;
		i.pbAuthData = also, i.cbAuthData = 16;
		STATUS(f(k, buf, 15, &i, iv, 16, buf, 60, &n, 0), BAD_SIZE);
		IS(!f(k, NULL, 0, &i, iv, 16, NULL, 0, &n, 0));
		IS((i.dwFlags & BCRYPT_AUTH_MODE_IN_PROGRESS_FLAG) && i.cbAAD == 16 &&
		   i.cbData == 0);
		i.pbAuthData = also + 16, i.cbAuthData = 4;
		IS(!f(k, buf, 32, &i, iv, 16, buf, 32, &n, 0) && n == 32 && i.cbData == 32);
		STATUS(f(k, buf + 32, 16, &i, iv, 16, buf + 32, 16, &n, 0), BAD_PARAMETER);
		i.pbAuthData = NULL, i.cbAuthData = 0;
		IS(!f(k, buf + 32, 16, &i, iv, 16, buf + 32, 16, &n, 0));
		i.dwFlags &= ~BCRYPT_AUTH_MODE_CHAIN_CALLS_FLAG;
		IS(!f(k, buf + 48, 12, &i, iv, 16, buf + 48, 12, &n, 0) && n == 12);
		IS(hex_is(buf, decrypt ? gcm_text : gcm_want) && hex_is(tag, gcm_tag));
	}
	IS(!BCryptDestroyKey(k) && !BCryptCloseAlgorithmProvider(a, 0));
	done("gcm in parts");
}

/* SP 800-38C C.1, C.3 */
static void
ccm(void)
{
	BCRYPT_ALG_HANDLE a = provider(L"AES", BCRYPT_CHAIN_MODE_CCM);
	BCRYPT_KEY_HANDLE k = key(a, "404142434445464748494a4b4c4d4e4f");
	BCRYPT_AUTHENTICATED_CIPHER_MODE_INFO i;
	BYTE nonce[16], also[20], in[24], out[24], tag[16];
	ULONG n = 0;
	for (int j = 0; j < 24; j++) {
		in[j] = (BYTE)(0x20 + j);
		if (j < 20)
			also[j] = (BYTE)j;
		if (j < 16)
			nonce[j] = (BYTE)(0x10 + j);
	}
	BCRYPT_INIT_AUTH_MODE_INFO(i);
	i.pbNonce = nonce, i.cbNonce = 7, i.pbAuthData = also, i.cbAuthData = 8, i.pbTag = tag,
	i.cbTag = 4;
	IS(!BCryptEncrypt(k, in, 4, &i, NULL, 0, out, 4, &n, 0) && n == 4);
	IS(hex_is(out, "7162015b") && hex_is(tag, "4dac255d"));
	i.cbNonce = 12, i.cbAuthData = 20, i.cbTag = 8;
	IS(!BCryptEncrypt(k, in, 24, &i, NULL, 0, out, 24, &n, 0));
	IS(hex_is(out, "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5") &&
	   hex_is(tag, "484392fbc1b09951"));
	IS(!BCryptDecrypt(k, out, 24, &i, NULL, 0, out, 24, &n, 0) && !memcmp(in, out, 24));
	STATUS(BCryptDecrypt(k, out, 24, &i, NULL, 0, out, 24, &n, 0), BAD_TAG);
	i.cbTag = 5;
	STATUS(BCryptEncrypt(k, in, 4, &i, NULL, 0, out, 4, &n, 0), BAD_PARAMETER);
	i.cbTag = 8, i.dwFlags = BCRYPT_AUTH_MODE_CHAIN_CALLS_FLAG;
	STATUS(BCryptEncrypt(k, in, 4, &i, NULL, 0, out, 4, &n, 0), UNSUPPORTED);
	IS(!BCryptDestroyKey(k) && !BCryptCloseAlgorithmProvider(a, 0));
	done("ccm");
}

/* SP 800-67 B; RFC 6229; RFC 2268 5 */
static void
older(void)
{
	const char *three = "0123456789abcdef23456789abcdef01456789abcdef0123";
	const char *fox = "54686520717566636b2062726f776e20666f78206a756d70",
	           *iv = "0001020304050607";
	ONE(L"3DES", BCRYPT_CHAIN_MODE_ECB, three, NULL, fox, 24,
	    "a826fd8ce53b855fcce21c8112256fe668d5c05dd9b6b900");
	ONE(L"3DES", NULL, three, iv, fox, 24, "f368d06f3bbd614e60f2d0245cad3f818d5c69f2cb3fd5c7");
	ONE(L"3DES_112", BCRYPT_CHAIN_MODE_ECB, "0123456789abcdef23456789abcdef01", NULL, fox, 24,
	    "c44862f70cf2fbdc9077d0909fa91b884cabd61fc58e0cbb");
	ONE(L"DES", BCRYPT_CHAIN_MODE_ECB, "0123456789abcdef", NULL, fox, 24,
	    "a28e91724c4bba31167e47ec24f71d632c1a917234425365");

	BCRYPT_ALG_HANDLE a = provider(L"RC4", NULL);
	BCRYPT_KEY_HANDLE k = key(a, "0102030405");
	BYTE out[16], zero[16] = { 0 };
	ULONG n = 0;
	/* the stream goes on */
	IS(!BCryptEncrypt(k, zero, 5, NULL, NULL, 0, out, 16, &n, 0) && n == 5);
	IS(!BCryptEncrypt(k, zero, 11, NULL, NULL, 0, out + 5, 11, &n, 0));
	IS(hex_is(out, "b2396305f03dc027ccc3524a0a1118a8"));
	IS(!BCryptDestroyKey(k) && !BCryptCloseAlgorithmProvider(a, 0));

	a = provider(L"RC2", BCRYPT_CHAIN_MODE_ECB);
	k = key(a, "88bca90e90875a7f0f79c384627bafb2");
	DWORD bits = 64;
	IS(both(k, NULL, "0000000000000000", 8, "2269552ab0f85ca6", 0));
	IS(!BCryptSetProperty(k, BCRYPT_EFFECTIVE_KEY_LENGTH, (BYTE *)&bits, 4, 0));
	IS(both(k, NULL, "0000000000000000", 8, "1a807d272bbe5db1", 0));
	IS(!BCryptDestroyKey(k) && !BCryptCloseAlgorithmProvider(a, 0));
	STATUS(BCryptOpenAlgorithmProvider(&a, L"ROT13", NULL, 0), NONE);
	STATUS(BCryptOpenAlgorithmProvider(&a, L"AES", L"Nobody's Provider", 0), NONE);
	done("older ciphers");
}

static void
keys(void)
{
	BCRYPT_ALG_HANDLE a = provider(L"AES", BCRYPT_CHAIN_MODE_ECB);
	BCRYPT_KEY_HANDLE k = key(a, counting), again = NULL,
	                  inner = key(a, "00112233445566778899aabbccddeeff");
	struct {
		BCRYPT_KEY_DATA_BLOB_HEADER head;
		BYTE data[52];
	} blob;
	ULONG n = 0;
	STATUS(BCryptGenerateSymmetricKey(a, &again, NULL, 0, hex(counting), 15, 0), BAD_PARAMETER);
	IS(!BCryptExportKey(k, NULL, BCRYPT_KEY_DATA_BLOB, NULL, 0, &n, 0) && n == 28);
	STATUS(BCryptExportKey(k, NULL, BCRYPT_KEY_DATA_BLOB, (BYTE *)&blob, 27, &n, 0), SMALL);
	IS(!BCryptExportKey(k, NULL, BCRYPT_KEY_DATA_BLOB, (BYTE *)&blob, sizeof blob, &n, 0) &&
	   n == 28);
	IS(blob.head.dwMagic == BCRYPT_KEY_DATA_BLOB_MAGIC && blob.head.dwVersion == 1 &&
	   blob.head.cbKeyData == 16);
	IS(hex_is(blob.data, counting));
	IS(!BCryptImportKey(a, NULL, BCRYPT_KEY_DATA_BLOB, &again, NULL, 0, (BYTE *)&blob, 28, 0));
	IS(both(again, NULL, "00112233445566778899aabbccddeeff", 16,
	        "69c4e0d86a7b0430d8cdb78070b4c55a", 0));
	IS(!BCryptDestroyKey(again));
	STATUS(BCryptImportKey(a, NULL, BCRYPT_KEY_DATA_BLOB, &again, NULL, 0, (BYTE *)&blob, 27,
	                       0),
	       BAD_PARAMETER);
	blob.head.dwMagic++;
	STATUS(BCryptImportKey(a, NULL, BCRYPT_KEY_DATA_BLOB, &again, NULL, 0, (BYTE *)&blob, 28,
	                       0),
	       BAD_PARAMETER);
	/* an opaque blob comes back as the same key */
	IS(!BCryptExportKey(k, NULL, BCRYPT_OPAQUE_KEY_BLOB, (BYTE *)&blob, sizeof blob, &n, 0));
	IS(!BCryptImportKey(a, NULL, BCRYPT_OPAQUE_KEY_BLOB, &again, NULL, 0, (BYTE *)&blob, n, 0));
	IS(both(again, NULL, "00112233445566778899aabbccddeeff", 16,
	        "69c4e0d86a7b0430d8cdb78070b4c55a", 0));
	IS(!BCryptDestroyKey(again));
	/* RFC 3394 4.1 */
	IS(!BCryptExportKey(inner, k, BCRYPT_AES_WRAP_KEY_BLOB, (BYTE *)&blob, sizeof blob, &n,
	                    0) &&
	   n == 24);
	IS(hex_is(&blob, "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"));
	IS(!BCryptImportKey(a, k, BCRYPT_AES_WRAP_KEY_BLOB, &again, NULL, 0, (BYTE *)&blob, 24, 0));
	BYTE x[16], y[16];
	IS(!BCryptEncrypt(again, hex(counting), 16, NULL, NULL, 0, x, 16, &n, 0));
	IS(!BCryptEncrypt(inner, hex(counting), 16, NULL, NULL, 0, y, 16, &n, 0) &&
	   !memcmp(x, y, 16));
	((BYTE *)&blob)[3] ^= 4;
	BCRYPT_KEY_HANDLE none = NULL;
	IS(BCryptImportKey(a, k, BCRYPT_AES_WRAP_KEY_BLOB, &none, NULL, 0, (BYTE *)&blob, 24, 0) &&
	   !none);
	IS(!BCryptDestroyKey(again) && !BCryptDestroyKey(inner) && !BCryptDestroyKey(k));
	STATUS(BCryptDestroyKey(NULL), BAD_HANDLE);
	IS(!BCryptCloseAlgorithmProvider(a, 0));
	done("keys");
}

static int
number(BCRYPT_HANDLE h, const WCHAR *name)
{
	DWORD v = 0;
	ULONG n = 0;
	NTSTATUS s = BCryptGetProperty(h, name, (BYTE *)&v, 4, &n, 0);
	return s ? (int)s : (int)v;
}

static void
properties(void)
{
	BCRYPT_ALG_HANDLE a = provider(L"AES", NULL), three = provider(L"3DES", NULL);
	BCRYPT_KEY_LENGTHS_STRUCT l;
	WCHAR name[40];
	ULONG n = 0;
	IS(number(a, BCRYPT_BLOCK_LENGTH) == 16 && number(three, BCRYPT_BLOCK_LENGTH) == 8);
	IS(number(a, BCRYPT_OBJECT_LENGTH) > 0 && number(a, BCRYPT_KEY_LENGTH) == UNSUPPORTED);
	IS(number(a, BCRYPT_BLOCK_SIZE_LIST) == 16 &&
	   number(a, BCRYPT_PRIMITIVE_TYPE) == BCRYPT_CIPHER_INTERFACE);
	IS(!BCryptGetProperty(a, BCRYPT_KEY_LENGTHS, (BYTE *)&l, sizeof l, &n, 0) && n == 12);
	IS(l.dwMinLength == 128 && l.dwMaxLength == 256 && l.dwIncrement == 64);
	IS(!BCryptGetProperty(three, BCRYPT_KEY_LENGTHS, (BYTE *)&l, sizeof l, &n, 0) &&
	   l.dwMinLength == 192);
	IS(!BCryptGetProperty(a, BCRYPT_CHAINING_MODE, (BYTE *)name, sizeof name, &n, 0) &&
	   n == 32);
	IS(!wcscmp(name, BCRYPT_CHAIN_MODE_CBC));
	IS(!BCryptGetProperty(a, BCRYPT_ALGORITHM_NAME, (BYTE *)name, sizeof name, &n, 0) &&
	   !wcscmp(name, L"AES"));
	STATUS(BCryptGetProperty(a, BCRYPT_ALGORITHM_NAME, (BYTE *)name, 7, &n, 0), SMALL);
	STATUS(BCryptGetProperty(a, BCRYPT_AUTH_TAG_LENGTH, (BYTE *)&l, sizeof l, &n, 0),
	       UNSUPPORTED);
	IS(!BCryptSetProperty(a, BCRYPT_CHAINING_MODE, (BYTE *)BCRYPT_CHAIN_MODE_GCM,
	                      sizeof BCRYPT_CHAIN_MODE_GCM, 0));
	IS(!BCryptGetProperty(a, BCRYPT_AUTH_TAG_LENGTH, (BYTE *)&l, sizeof l, &n, 0));
	IS(l.dwMinLength == 12 && l.dwMaxLength == 16 && l.dwIncrement == 1);
	STATUS(BCryptSetProperty(three, BCRYPT_CHAINING_MODE, (BYTE *)BCRYPT_CHAIN_MODE_GCM,
	                         sizeof BCRYPT_CHAIN_MODE_GCM, 0),
	       UNSUPPORTED);
	STATUS(BCryptSetProperty(a, BCRYPT_CHAINING_MODE, (BYTE *)L"ChainingModeXYZ", 32, 0),
	       BAD_PARAMETER);
	BCRYPT_KEY_HANDLE k = key(a, counting);
	IS(number(k, BCRYPT_KEY_LENGTH) == 128 && number(k, BCRYPT_KEY_STRENGTH) == 128);
	BCRYPT_ALG_HANDLE of = NULL;
	IS(!BCryptGetProperty(k, BCRYPT_PROVIDER_HANDLE, (BYTE *)&of, sizeof of, &n, 0) && of);
	IS(number(of, BCRYPT_BLOCK_LENGTH) == 16);
	/* a key may live longer than its provider */
	IS(!BCryptCloseAlgorithmProvider(a, 0) && !BCryptCloseAlgorithmProvider(three, 0));
	IS(!BCryptSetProperty(k, BCRYPT_CHAINING_MODE, (BYTE *)BCRYPT_CHAIN_MODE_ECB,
	                      sizeof BCRYPT_CHAIN_MODE_ECB, 0));
	IS(both(k, NULL, "00112233445566778899aabbccddeeff", 16, "69c4e0d86a7b0430d8cdb78070b4c55a",
	        0));
	IS(!BCryptDestroyKey(k));
	done("properties");
}

static void
pseudo(void)
{
	BCRYPT_ALG_HANDLE cbc = (BCRYPT_ALG_HANDLE)0x1a1, ecb = (BCRYPT_ALG_HANDLE)0x1b1,
	                  gcm_alg = (BCRYPT_ALG_HANDLE)0x1e1, sha256 = (BCRYPT_ALG_HANDLE)0x41;
	BCRYPT_KEY_HANDLE k = key(cbc, aes_key);
	BYTE out[64];
	IS(both(k, counting, text, 32,
	        "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2", 0));
	IS(!BCryptDestroyKey(k));
	k = key(ecb, counting);
	IS(both(k, NULL, "00112233445566778899aabbccddeeff", 16, "69c4e0d86a7b0430d8cdb78070b4c55a",
	        0));
	IS(!BCryptDestroyKey(k));
	IS(number(gcm_alg, BCRYPT_BLOCK_LENGTH) == 16);
	IS(BCryptSetProperty(cbc, BCRYPT_CHAINING_MODE, (BYTE *)BCRYPT_CHAIN_MODE_ECB,
	                     sizeof BCRYPT_CHAIN_MODE_ECB, 0));
	IS(!BCryptHash(sha256, NULL, 0, (BYTE *)"abc", 3, out, 32));
	IS(hex_is(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
	STATUS(BCryptHash((BCRYPT_ALG_HANDLE)0x42, NULL, 0, (BYTE *)"abc", 3, out, 32), BAD_HANDLE);
	IS(!BCryptHash((BCRYPT_ALG_HANDLE)0x11, NULL, 0, (BYTE *)"abc", 3, out, 16));
	IS(hex_is(out, "a448017aaf21d8525fc10ae87aa6729d")); /* RFC 1320 A.5 */
	IS(!BCryptHash((BCRYPT_ALG_HANDLE)1, NULL, 0, (BYTE *)"abc", 3, out, 16));
	IS(hex_is(out, "da853b0d3f88d99b30283a69e6ded6bb")); /* RFC 1319 A.5 */
	done("pseudo handles");
}

/* RFC 4493 4, RFC 4231 2 */
static void
macs(void)
{
	BCRYPT_ALG_HANDLE a = provider(L"AES-CMAC", NULL), hmac = NULL;
	BCRYPT_HASH_HANDLE h = NULL;
	BYTE out[32];
	IS(!BCryptCreateHash(a, &h, NULL, 0, hex(aes_key), 16, BCRYPT_HASH_REUSABLE_FLAG));
	for (int i = 0; i < 2; i++) {
		IS(!BCryptHashData(h, hex(text), 32, 0) &&
		   !BCryptHashData(h, hex("30c81c46a35ce411"), 8, 0));
		IS(!BCryptFinishHash(h, out, 16, 0) &&
		   hex_is(out, "dfa66747de9ae63030ca32611497c827"));
	}
	IS(!BCryptDestroyHash(h));
	STATUS(BCryptCreateHash(a, &h, NULL, 0, hex(aes_key), 5, 0), BAD_PARAMETER);
	IS(number(a, BCRYPT_HASH_LENGTH) == 16 && number(a, BCRYPT_IS_KEYED_HASH) == 1);
	IS(!BCryptOpenAlgorithmProvider(&hmac, L"SHA256", NULL, BCRYPT_ALG_HANDLE_HMAC_FLAG));
	IS(!BCryptHash(hmac, (BYTE *)"Jefe", 4, (BYTE *)"what do ya want for nothing?", 28, out,
	               32));
	IS(hex_is(out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
	/* what has ended is over, unless it is reusable */
	IS(!BCryptCreateHash(hmac, &h, NULL, 0, (BYTE *)"Jefe", 4, 0) &&
	   !BCryptFinishHash(h, out, 32, 0));
	STATUS(BCryptHashData(h, out, 1, 0), BAD_HANDLE);
	IS(!BCryptDestroyHash(h));
	IS(!BCryptCloseAlgorithmProvider(a, 0) && !BCryptCloseAlgorithmProvider(hmac, 0));
	done("macs");
}

static int
derive(const WCHAR *name, const void *secret, ULONG n, BCryptBuffer *list, ULONG count, ULONG flags,
       const char *want)
{
	BCRYPT_ALG_HANDLE a = provider(name, NULL);
	BCRYPT_KEY_HANDLE k = NULL;
	BCryptBufferDesc d = { BCRYPTBUFFER_VERSION, count, list };
	BYTE out[64];
	ULONG got = 0;
	IS(!BCryptGenerateSymmetricKey(a, &k, NULL, 0, (BYTE *)secret, n, 0));
	NTSTATUS s = BCryptKeyDerivation(k, &d, out, (ULONG)strlen(want) / 2, &got, flags);
	IS(!BCryptDestroyKey(k) && !BCryptCloseAlgorithmProvider(a, 0));
	return !s && got == strlen(want) / 2 && hex_is(out, want);
}

static void
derivation(void)
{
	ULONGLONG rounds = 4096;
	WCHAR hash[] = L"SHA256", sha1[] = L"SHA1";
	BCryptBuffer pbkdf2[] = { { sizeof hash, KDF_HASH_ALGORITHM, hash },
		                  { 4, KDF_SALT, "salt" },
		                  { 8, KDF_ITERATION_COUNT, &rounds } };
	IS(derive(L"PBKDF2", "password", 8, pbkdf2, 3, 0,
	          "c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134af7ad98c1b458ce3"
	          "f"));
	BCryptBuffer counter[] = { { sizeof hash, KDF_HASH_ALGORITHM, hash },
		                   { 5, KDF_LABEL, "label" },
		                   { 7, KDF_CONTEXT, "context" } };
	IS(derive(L"SP800_108_CTR_HMAC", "secret key", 10, counter, 3, 0,
	          "be2acb1e38f658f3259a01527d2b3d3de11af39155fca0e4bbb110a1d70cce75b5f27dc873564b7"
	          "6"));
	BCryptBuffer concat[] = { { sizeof hash, KDF_HASH_ALGORITHM, hash },
		                  { 3, KDF_ALGORITHMID, "alg" },
		                  { 1, KDF_PARTYUINFO, "U" },
		                  { 1, KDF_PARTYVINFO, "V" } };
	IS(derive(L"SP800_56A_CONCAT", "shared", 6, concat, 4, 0,
	          "1f225bfd4e4f8b2717010dc464e6e00596821e752452ce23dfaf0b2066f0d4197e681bfd44219f1"
	          "7"));
	IS(!derive(L"SP800_56A_CONCAT", "shared", 6, concat, 3, 0, "00"));
	BCryptBuffer capi[] = { { sizeof sha1, KDF_HASH_ALGORITHM, sha1 } };
	IS(derive(L"CAPI_KDF", "password", 8, capi, 1, 0, "5baa61e4c9b93f3f0682250b6cf8331b"));
	IS(derive(L"CAPI_KDF", "password", 8, capi, 1, BCRYPT_CAPI_AES_FLAG,
	          "a3bc508753274827cf2515600eaea32c"));

	/* BCryptDeriveKeyCapi: from a hash */
	BCRYPT_ALG_HANDLE a = provider(L"SHA1", NULL), aes = provider(L"AES", NULL);
	BCRYPT_HASH_HANDLE h = NULL;
	BYTE out[64];
	IS(!BCryptCreateHash(a, &h, NULL, 0, NULL, 0, 0) &&
	   !BCryptHashData(h, (BYTE *)"password", 8, 0));
	STATUS(BCryptDeriveKeyCapi(h, aes, out, 41, 0), BAD_PARAMETER);
	IS(!BCryptDeriveKeyCapi(h, aes, out, 32, 0));
	IS(hex_is(out, "a3bc508753274827cf2515600eaea32c226a7895c0533fcc0a67de054e4822f0"));
	IS(!BCryptDestroyHash(h) && !BCryptCloseAlgorithmProvider(a, 0) &&
	   !BCryptCloseAlgorithmProvider(aes, 0));

	/* RFC 5869 A.1 */
	BCRYPT_KEY_HANDLE k = NULL;
	BYTE secret[22];
	ULONG n = 0;
	memset(secret, 0x0b, 22);
	a = provider(L"HKDF", NULL);
	IS(!BCryptGenerateSymmetricKey(a, &k, NULL, 0, secret, 22, 0));
	BCryptBuffer info = { 10, 0x14, hex("f0f1f2f3f4f5f6f7f8f9") };
	BCryptBufferDesc d = { BCRYPTBUFFER_VERSION, 1, &info };
	STATUS(BCryptKeyDerivation(k, &d, out, 42, &n, 0), BAD_PARAMETER);
	IS(!BCryptSetProperty(k, L"HkdfHashAlgorithm", (BYTE *)hash, sizeof hash, 0));
	IS(!BCryptSetProperty(k, L"HkdfSaltAndFinalize", hex("000102030405060708090a0b0c"), 13, 0));
	info.pvBuffer = hex("f0f1f2f3f4f5f6f7f8f9");
	IS(!BCryptKeyDerivation(k, &d, out, 42, &n, 0) && n == 42);
	IS(hex_is(out, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b"
	               "887185865"));
	IS(!BCryptDestroyKey(k) && !BCryptCloseAlgorithmProvider(a, 0));
	done("derivation");
}

static void
lists(void)
{
	BCRYPT_ALGORITHM_IDENTIFIER *a = NULL;
	BCRYPT_PROVIDER_NAME *p = NULL;
	ULONG n = 0;
	int aes = 0;
	IS(!BCryptEnumAlgorithms(BCRYPT_CIPHER_OPERATION, &n, &a, 0) && n >= 6);
	for (ULONG i = 0; i < n; i++)
		aes += !wcscmp(a[i].pszName, L"AES") && a[i].dwClass == BCRYPT_CIPHER_INTERFACE;
	IS(aes == 1);
	BCryptFreeBuffer(a);
	IS(!BCryptEnumProviders(L"AES", &n, &p, 0) && n == 1);
	IS(!wcscmp(p[0].pszProviderName, MS_PRIMITIVE_PROVIDER));
	BCryptFreeBuffer(p);
	STATUS(BCryptEnumProviders(L"ROT13", &n, &p, 0), NONE);
	done("lists");
}

int
main(void)
{
	modes();
	padding();
	gcm();
	gcm_parts();
	ccm();
	older();
	keys();
	properties();
	pseudo();
	macs();
	derivation();
	lists();
	return 0;
}
