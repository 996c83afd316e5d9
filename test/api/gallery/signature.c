/* SPDX-License-Identifier: Apache-2.0 */
// CNG's keys of two halves: RSA signatures and encryption, ECDSA, secrets that two keys share, with
// answers of OpenSSL and of RFC 6979.
// needs: joist mingw
// libs: -lbcrypt
// run: joist run --rm $GUEST
// expect: rsa keys: ok
// expect: rsa signatures: ok
// expect: rsa encryption: ok
// expect: generated: ok
// expect: ecdsa: ok
// expect: ecdh: ok
// expect: named curves: ok
// expect: bad keys: ok
#define _WIN32_WINNT 0x0A00
#include "check.h"
#include "hex.h"
#include <bcrypt.h>

#define STATUS(e, want) IS((e) == (NTSTATUS)(want))
enum {
	BAD_PARAMETER = (int)0xc000000d,
	SMALL = (int)0xc0000023,
	BAD_SIGNATURE = (int)0xc000a000,
	BAD_HANDLE = (int)0xc0000008,
	UNSUPPORTED = (int)0xc00000bb
};

/* A key of OpenSSL, and what it made of "sample" and of "secret". */
static const char *const
        rsa_p = "fe1914c8f8568d4b89342309d33efecef99cc5a088c4e5fefec3821495ca980e04108d99e4edc126"
                "b97cef89e0b187a9ca0ed32a3212e38680623948ea4a214b",
        *const rsa_q =
                "c79654d247798f3c2d7115a1994877e4f78e30b7fd6f00ce8afa715c062c95fba88617aabcb9fb08"
                "ffc53251f8b73cb61c93ad2e3108055ae50c8e8ac7f5b785",
        *const rsa_n =
                "c61ab60b592365aeecbbc7e2112fa45986c2b3642396691d783742677a91f13caa9744d4b7e04230"
                "109299550d0b09e1aba9c8d9b2a068d7acabff6335f1eae99490fe3812d9e4059fe6e717cfe764a3"
                "6f5fe9ec176b10d66ffb7aa066ef6bad1d2917f7b9d15598e119de13c9801eb53b275a99a1c15d12"
                "7bd4479de016e8f7",
        *const rsa_dp =
                "45e7c48e1db4421f1bda1a21a3da5ae3ba4c651a6b4630385d029090f53ccd645dbde81704a25c57"
                "3904a429fc851adb9d5942c3030fab44dfa1263d672789cd",
        *const rsa_sha256 =
                "b3cc277d675f1de6190b748788bdd82e8c93f3959f6246fbe8048ea2509b7c3de6f94d0e4e0097d5"
                "c4adbd77ceb0f96deb21cca7ec19a5f744e5430c0d5fc1538e94f20b7037e31f6583ca4c17fece14"
                "ae64cecefadbb5d4310800f870cc36aaec8fad814ca7f84190986aec09deebbdd19bd973234dabd6"
                "33bc8bb7691fc58a",
        *const rsa_sha1 =
                "a4b5a778c15f8fc8f4cf1a237b2169009d2ae522291c2e298dea427df04268749fcbaf42f6fd5830"
                "e649052fad95e7b261f52b29ec05db4aa60f9668671de500fe0bb6f24d8a1204c7e5668d3f87de7d"
                "195050b9dbe37a4c7eb93fa3b466193093d898dbca7bb543d2a4272bf953d2bd0ed31fea15b12939"
                "1ae1d19626ea1404",
        *const rsa_pss =
                "c2e408b25166ed4ad639603c76eb6734a5c67b740b52eadbb428d9fb279866cad1e249eeed3d38d6"
                "a7d779633adcf162ca66767a02d09ee692b417e30e20ddbe139a004e7564324153de351a923635cc"
                "c7f597047c816b9f984e0ad57760ad884f689e1694cb351fabb834939e769dddcbc0709578a5f59f"
                "ed58f5a9229ec40c",
        *const rsa_oaep =
                "5c343058116bbef43422c39ff74171dc5689f0154d1476b9aa8de493a5b063837b4b6d15daf9d93b"
                "ac7ad297f595843f86f4682d75e3eea1987fa29ce5436948e6be8854c84950a499865bf54d0866c6"
                "0a34db7632a0fb0f6f43f2b65378d710af019545373943b3f5bb0c6c4e0ccd533fc32c5849039664"
                "b13072d54cfeb60c",
        *const rsa_pkcs1 =
                "18a487004030cbd22f335e7a279aeeddaaa4f8ba11319534de1bd56f5cb9a107a40b55acdeef5e38"
                "562408d9627ccdc17d897a26954694633dd7696fe1e312f133715ed364f7b3d22363dda79270bb15"
                "5757fcc838c167a2f7992f8de44af93d6f82ce3bce92b373a0cd41b45159eaad40a0c451d114a868"
                "64bad5ce4a3a9ca1";

/* RFC 6979 A.2.5 to A.2.7: the private keys and their points; OpenSSL's other keys, their common secret, its
 * hash, and a signature of "sample". */
static const struct curve {
	const WCHAR *dsa, *dh, *name;
	ULONG n, bits, magic;
	const char *d, *x, *y, *other_x, *other_y, *shared, *sha256, *signature;
} curves[] = {
	{ L"ECDSA_P256", L"ECDH_P256", L"nistP256", 32, 256, BCRYPT_ECDSA_PUBLIC_P256_MAGIC,
	  "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
	  "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
	  "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
	  "9fdf7e2e6cb46c609b29e41ff4924a9e3e6bdeef2dd25247bf840e0ce8166473",
	  "81537900614cf7ee3c820a19b00a828d57e49fe9432a44e3b0d322e0f6bbacb5",
	  "540ee2a65f0b77dfe6ad533624e0746ba3426868576cafe56e1fc01dd63d24cc",
	  "0478df4ca70e9806c0e3936aa9496a24979ef661add36235bf1c1e1784e4334c",
	  "af1a27c2abd1df42cbc7c4168e7d3651ae35a08475c8cfb6f16ba6c0d0b0fc185f524d4e1546dc72"
	  "7339c8057902a671a58d380573d0ee3de43ba2b920905f54" },
	{ L"ECDSA_P384", L"ECDH_P384", L"nistP384", 48, 384, BCRYPT_ECDSA_PUBLIC_P384_MAGIC,
	  "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825"
	  "f872c9ea60d2edf5",
	  "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea90558660"
	  "64a254515480bc13",
	  "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe"
	  "7344fd2533264720",
	  "75aa2fe66a5636e0151e2ba1a69be0630f72e3b28da3937fa85ca4eee6eef81641bd92f1950445a0"
	  "0aa5c26e547a9ec0",
	  "3e456c8b290974e865f3c455e35b9d921946e5011e1a2fb23f86dfa7c72b719f66bfdc6ebcdfcd1f"
	  "3d877b0ed2ce7fe1",
	  "b3b9a05545250b41cc0df54befdbd9a25aacf53fd003662f092ff81587e20be324d4324bd5eceb93"
	  "95975adfc4a1b4e3",
	  "f47adfc45f0607e46da112437555a174dba7f83e61917e6c0d0260ebc929cd19",
	  "97f03237c847ffe7ebbf19f3cc0b37ae2825554b65b749a67cef05bb63d173a90a9d031fef8982b3"
	  "e76650f5e86ddb2c39c9d93e76d8aa9bfa56b38df9163d5a01dce98126b5877969c15ec112c5d375"
	  "3167d5752fa9d430069f6e11bd98c0b8" },
	{ L"ECDSA_P521", L"ECDH_P521", L"nistP521", 66, 521, BCRYPT_ECDSA_PUBLIC_P521_MAGIC,
	  "00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75caa896eb32f1f47c"
	  "70855836a6d16fcc1466f6d8fbec67db89ec0c08b0e996b83538",
	  "01894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5bcd371123d46e45db6b"
	  "5d5370a7f20fb633155d38ffa16d2bd761dcac474b9a2f5023a4",
	  "00493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d6630f746a28a0db25741b5b34"
	  "a828008b22acc23f924faafbd4d33f81ea66956dfeaa2bfdfcf5",
	  "01dfe1bc1dafa6be517ceef5bd0cc3d5c2f1068266b2eb0a02d9693b9cc4d45c35dd0baea8731d8c"
	  "2d7a0305589c8ba2e0695d676bd0f1480ba9fa561927decaaa08",
	  "0170d8ba61c79c925feaf04187df145831f4b17bb5e66c44168d0d4269c987e70178209c0a99bbcc"
	  "b813197bfb669d7bb91df143a4fc02ac444e13ec57bd1892d66f",
	  "00eeb2cff8bd10a04141206483bbc60ca708b4e88eea89afcd9241a9a08d45816add4ccabfb033db"
	  "afed3c19a0f510072ae23146c88161eef0a781d552b6e1a83ae3",
	  "d4d4c730217e65e980b0106bb54a7205a0ab5c5f479c6be85f1858645591d88f",
	  "01a02b580ce50c41f9c1f9ac2e36f14ad6e9664f9095e95f914e4c0030d376abe6ca410177fc0ac5"
	  "7e5aab5d2adbb034452042222ec0d447d68872a4baf8f1bf53600106b686e8f6e50a3ccd4cd66e04"
	  "967b2d1b2167e77d56eb3e9f82d6710d2874edcddb3834bce06cb08a5b61c2d934d148509b3a8679"
	  "7b08a469652121b3495d5774" },
};

static BYTE sample256[32], sample1[20];

static BCRYPT_ALG_HANDLE
provider(const WCHAR *name)
{
	BCRYPT_ALG_HANDLE a = NULL;
	IS(!BCryptOpenAlgorithmProvider(&a, name, NULL, 0));
	return a;
}

static ULONG
number(BCRYPT_HANDLE h, const WCHAR *name)
{
	ULONG v = 0, n = 0;
	NTSTATUS s = BCryptGetProperty(h, name, (BYTE *)&v, 4, &n, 0);
	return s ? (ULONG)s : v;
}

static BYTE *
add(BYTE *p, const char *digits)
{
	memcpy(p, hex(digits), strlen(digits) / 2);
	return p + strlen(digits) / 2;
}

static BCRYPT_KEY_HANDLE
rsa_key(BCRYPT_ALG_HANDLE a, int private)
{
	BYTE blob[1000], *p = blob + sizeof(BCRYPT_RSAKEY_BLOB);
	BCRYPT_RSAKEY_BLOB b = { private ? BCRYPT_RSAPRIVATE_MAGIC : BCRYPT_RSAPUBLIC_MAGIC,
		                 1024,
		                 3,
		                 128,
		                 private ? 64 : 0,
		                 private ? 64 : 0 };
	BCRYPT_KEY_HANDLE k = NULL;
	memcpy(blob, &b, sizeof b);
	p = add(add(p, "010001"), rsa_n);
	if (private)
		p = add(add(p, rsa_p), rsa_q);
	IS(!BCryptImportKeyPair(a, NULL, private ? BCRYPT_RSAPRIVATE_BLOB : BCRYPT_RSAPUBLIC_BLOB,
	                        &k, blob, (ULONG)(p - blob), 0));
	return k;
}

static void
rsa_keys(void)
{
	BCRYPT_ALG_HANDLE a = provider(BCRYPT_RSA_ALGORITHM);
	BCRYPT_KEY_HANDLE k = rsa_key(a, 1), pub = rsa_key(a, 0);
	BYTE blob[1000];
	BCRYPT_RSAKEY_BLOB *b = (BCRYPT_RSAKEY_BLOB *)blob;
	ULONG n = 0;
	IS(number(k, BCRYPT_KEY_LENGTH) == 1024 && number(k, BCRYPT_SIGNATURE_LENGTH) == 128 &&
	   number(k, BCRYPT_BLOCK_LENGTH) == 128);
	IS(!BCryptExportKey(k, NULL, BCRYPT_RSAPUBLIC_BLOB, NULL, 0, &n, 0) && n == 24 + 3 + 128);
	STATUS(BCryptExportKey(k, NULL, BCRYPT_RSAPUBLIC_BLOB, blob, 100, &n, 0), SMALL);
	IS(!BCryptExportKey(k, NULL, BCRYPT_RSAFULLPRIVATE_BLOB, blob, sizeof blob, &n, 0) &&
	   n == 24 + 3 + 128 + 5 * 64 + 128);
	IS(b->Magic == BCRYPT_RSAFULLPRIVATE_MAGIC && b->BitLength == 1024 && b->cbPrime1 == 64);
	BYTE *p = blob + 24 + 3 + 128;
	IS(hex_is(p, rsa_p) && hex_is(p + 64, rsa_q) && hex_is(p + 128, rsa_dp));
	/* the private exponent may be any that fits: e times d is 1 */
	BCRYPT_KEY_HANDLE again = NULL;
	IS(!BCryptImportKeyPair(a, NULL, BCRYPT_RSAFULLPRIVATE_BLOB, &again, blob, n, 0) &&
	   !BCryptDestroyKey(again));
	STATUS(BCryptExportKey(pub, NULL, BCRYPT_RSAPRIVATE_BLOB, blob, sizeof blob, &n, 0),
	       BAD_PARAMETER);
	IS(!BCryptExportKey(pub, NULL, BCRYPT_PUBLIC_KEY_BLOB, blob, sizeof blob, &n, 0) &&
	   b->Magic == BCRYPT_RSAPUBLIC_MAGIC);
	IS(!BCryptDestroyKey(k) && !BCryptDestroyKey(pub) && !BCryptCloseAlgorithmProvider(a, 0));
	done("rsa keys");
}

static void
rsa_signatures(void)
{
	BCRYPT_ALG_HANDLE a = provider(BCRYPT_RSA_ALGORITHM);
	BCRYPT_KEY_HANDLE k = rsa_key(a, 1), pub = rsa_key(a, 0);
	BCRYPT_PKCS1_PADDING_INFO sha256 = { L"SHA256" }, sha1 = { L"SHA1" };
	BCRYPT_PSS_PADDING_INFO pss = { L"SHA256", 20 };
	BYTE s[128];
	ULONG n = 0;
	IS(!BCryptSignHash(k, &sha256, sample256, 32, NULL, 0, &n, BCRYPT_PAD_PKCS1) && n == 128);
	STATUS(BCryptSignHash(k, &sha256, sample256, 32, s, 127, &n, BCRYPT_PAD_PKCS1), SMALL);
	IS(!BCryptSignHash(k, &sha256, sample256, 32, s, 128, &n, BCRYPT_PAD_PKCS1) &&
	   hex_is(s, rsa_sha256));
	IS(!BCryptVerifySignature(pub, &sha256, sample256, 32, s, 128, BCRYPT_PAD_PKCS1));
	STATUS(BCryptVerifySignature(pub, &sha1, sample1, 20, s, 128, BCRYPT_PAD_PKCS1),
	       BAD_SIGNATURE);
	s[5] ^= 1;
	STATUS(BCryptVerifySignature(pub, &sha256, sample256, 32, s, 128, BCRYPT_PAD_PKCS1),
	       BAD_SIGNATURE);
	STATUS(BCryptVerifySignature(pub, &sha256, sample256, 32, s, 127, BCRYPT_PAD_PKCS1),
	       BAD_SIGNATURE);
	IS(!BCryptSignHash(k, &sha1, sample1, 20, s, 128, &n, BCRYPT_PAD_PKCS1) &&
	   hex_is(s, rsa_sha1));
	STATUS(BCryptSignHash(k, &sha256, sample256, 31, s, 128, &n, BCRYPT_PAD_PKCS1),
	       BAD_PARAMETER);
	/* PSS: another's is verified, and our own, which is another one each time */
	memcpy(s, hex(rsa_pss), 128);
	IS(!BCryptVerifySignature(pub, &pss, sample256, 32, s, 128, BCRYPT_PAD_PSS));
	IS(!BCryptSignHash(k, &pss, sample256, 32, s, 128, &n, BCRYPT_PAD_PSS) &&
	   !hex_is(s, rsa_pss));
	IS(!BCryptVerifySignature(pub, &pss, sample256, 32, s, 128, BCRYPT_PAD_PSS));
	sample256[0] ^= 1;
	STATUS(BCryptVerifySignature(pub, &pss, sample256, 32, s, 128, BCRYPT_PAD_PSS),
	       BAD_SIGNATURE);
	sample256[0] ^= 1;
	pss.cbSalt = 120;
	STATUS(BCryptSignHash(k, &pss, sample256, 32, s, 128, &n, BCRYPT_PAD_PSS), BAD_PARAMETER);
	STATUS(BCryptSignHash(pub, &sha256, sample256, 32, s, 128, &n, BCRYPT_PAD_PKCS1),
	       UNSUPPORTED);
	memset(s, 0xff, 128);
	STATUS(BCryptVerifySignature(pub, &sha256, sample256, 32, s, 128, BCRYPT_PAD_PKCS1),
	       BAD_SIGNATURE);
	IS(!BCryptDestroyKey(k) && !BCryptDestroyKey(pub) && !BCryptCloseAlgorithmProvider(a, 0));
	done("rsa signatures");
}

static void
rsa_encryption(void)
{
	BCRYPT_ALG_HANDLE a = provider(BCRYPT_RSA_ALGORITHM);
	BCRYPT_KEY_HANDLE k = rsa_key(a, 1), pub = rsa_key(a, 0);
	BCRYPT_OAEP_PADDING_INFO oaep = { L"SHA1", (BYTE *)"label", 5 },
	                         other = { L"SHA1", (BYTE *)"other", 5 };
	BYTE c[128], back[128], raw[128] = { 0 };
	ULONG n = 0;
	memcpy(c, hex(rsa_oaep), 128);
	IS(!BCryptDecrypt(k, c, 128, &oaep, NULL, 0, back, 128, &n, BCRYPT_PAD_OAEP) && n == 6 &&
	   !memcmp(back, "secret", 6));
	STATUS(BCryptDecrypt(k, c, 128, &other, NULL, 0, back, 128, &n, BCRYPT_PAD_OAEP),
	       BAD_PARAMETER);
	STATUS(BCryptDecrypt(k, c, 128, &oaep, NULL, 0, back, 5, &n, BCRYPT_PAD_OAEP), SMALL);
	memcpy(c, hex(rsa_pkcs1), 128);
	IS(!BCryptDecrypt(k, c, 128, NULL, NULL, 0, back, 128, &n, BCRYPT_PAD_PKCS1) && n == 6 &&
	   !memcmp(back, "secret", 6));
	IS(!BCryptEncrypt(pub, (BYTE *)"hello", 5, &oaep, NULL, 0, NULL, 0, &n, BCRYPT_PAD_OAEP) &&
	   n == 128);
	IS(!BCryptEncrypt(pub, (BYTE *)"hello", 5, &oaep, NULL, 0, c, 128, &n, BCRYPT_PAD_OAEP));
	IS(!BCryptDecrypt(k, c, 128, &oaep, NULL, 0, back, 128, &n, BCRYPT_PAD_OAEP) && n == 5 &&
	   !memcmp(back, "hello", 5));
	IS(!BCryptEncrypt(pub, (BYTE *)"hello", 5, NULL, NULL, 0, c, 128, &n, BCRYPT_PAD_PKCS1));
	IS(!BCryptDecrypt(k, c, 128, NULL, NULL, 0, back, 128, &n, BCRYPT_PAD_PKCS1) && n == 5);
	STATUS(BCryptEncrypt(pub, c, 118, NULL, NULL, 0, back, 128, &n, BCRYPT_PAD_PKCS1),
	       BAD_PARAMETER);
	raw[127] = 2;
	IS(!BCryptEncrypt(pub, raw, 128, NULL, NULL, 0, c, 128, &n, BCRYPT_PAD_NONE));
	IS(!BCryptDecrypt(k, c, 128, NULL, NULL, 0, back, 128, &n, BCRYPT_PAD_NONE) && n == 128 &&
	   !memcmp(raw, back, 128));
	memset(raw, 0xff, 128);
	STATUS(BCryptEncrypt(pub, raw, 128, NULL, NULL, 0, c, 128, &n, BCRYPT_PAD_NONE),
	       BAD_PARAMETER);
	STATUS(BCryptDecrypt(pub, c, 128, NULL, NULL, 0, back, 128, &n, BCRYPT_PAD_PKCS1),
	       BAD_PARAMETER);
	IS(!BCryptDestroyKey(k) && !BCryptDestroyKey(pub) && !BCryptCloseAlgorithmProvider(a, 0));
	done("rsa encryption");
}

static void
generated(void)
{
	BCRYPT_ALG_HANDLE a = provider(BCRYPT_RSA_ALGORITHM);
	BCRYPT_KEY_HANDLE k = NULL, pub = NULL;
	BCRYPT_PKCS1_PADDING_INFO sha256 = { L"SHA256" };
	BYTE s[256], blob[1000];
	ULONG n = 0;
	STATUS(BCryptGenerateKeyPair(a, &k, 1000, 0), BAD_PARAMETER);
	IS(!BCryptGenerateKeyPair(a, &k, 2048, 0));
	STATUS(BCryptSignHash(k, &sha256, sample256, 32, s, 256, &n, BCRYPT_PAD_PKCS1), BAD_HANDLE);
	IS(!BCryptFinalizeKeyPair(k, 0) && number(k, BCRYPT_KEY_LENGTH) == 2048 &&
	   number(k, BCRYPT_KEY_STRENGTH) == 112);
	STATUS(BCryptFinalizeKeyPair(k, 0), BAD_HANDLE);
	IS(!BCryptSignHash(k, &sha256, sample256, 32, s, 256, &n, BCRYPT_PAD_PKCS1) && n == 256);
	IS(!BCryptExportKey(k, NULL, BCRYPT_RSAPUBLIC_BLOB, blob, sizeof blob, &n, 0));
	IS(!BCryptImportKeyPair(a, NULL, BCRYPT_RSAPUBLIC_BLOB, &pub, blob, n, 0));
	IS(!BCryptVerifySignature(pub, &sha256, sample256, 32, s, 256, BCRYPT_PAD_PKCS1));
	IS(!BCryptDestroyKey(k) && !BCryptDestroyKey(pub) && !BCryptCloseAlgorithmProvider(a, 0));
	done("generated");
}

/* A blob of a curve's key; d NULL: of its public half. */
static ULONG
curve_blob(BYTE *out, ULONG magic, const struct curve *c, const char *x, const char *y,
           const char *d)
{
	BCRYPT_ECCKEY_BLOB b = { magic, c->n };
	memcpy(out, &b, sizeof b);
	BYTE *p = add(add(out + sizeof b, x), y);
	return (ULONG)((d ? add(p, d) : p) - out);
}

static void
ecdsa(void)
{
	for (int i = 0; i < 3; i++) {
		const struct curve *c = &curves[i];
		BCRYPT_ALG_HANDLE a = provider(c->dsa);
		BCRYPT_KEY_HANDLE k = NULL, pub = NULL, fresh = NULL;
		BYTE blob[300], s[140];
		ULONG n = curve_blob(blob, c->magic, c, c->x, c->y, NULL);
		IS(!BCryptImportKeyPair(a, NULL, BCRYPT_ECCPUBLIC_BLOB, &pub, blob, n, 0));
		n = curve_blob(blob, c->magic + 0x1000000, c, c->x, c->y, c->d);
		IS(!BCryptImportKeyPair(a, NULL, BCRYPT_ECCPRIVATE_BLOB, &k, blob, n, 0));
		IS(number(k, BCRYPT_KEY_LENGTH) == c->bits &&
		   number(k, BCRYPT_SIGNATURE_LENGTH) == 2 * c->n);
		memcpy(s, hex(c->signature), 2 * c->n);
		IS(!BCryptVerifySignature(pub, NULL, sample256, 32, s, 2 * c->n, 0));
		s[c->n] ^= 1;
		STATUS(BCryptVerifySignature(pub, NULL, sample256, 32, s, 2 * c->n, 0),
		       BAD_SIGNATURE);
		memset(s, 0, sizeof s);
		STATUS(BCryptVerifySignature(pub, NULL, sample256, 32, s, 2 * c->n, 0),
		       BAD_SIGNATURE);
		IS(!BCryptSignHash(k, NULL, sample256, 32, s, sizeof s, &n, 0) && n == 2 * c->n);
		IS(!BCryptVerifySignature(pub, NULL, sample256, 32, s, n, 0));
		STATUS(BCryptVerifySignature(pub, NULL, sample256, 32, s, n - 1, 0), BAD_SIGNATURE);
		STATUS(BCryptSignHash(pub, NULL, sample256, 32, s, sizeof s, &n, 0), UNSUPPORTED);
		IS(!BCryptExportKey(k, NULL, BCRYPT_ECCPRIVATE_BLOB, blob, sizeof blob, &n, 0) &&
		   n == 8 + 3 * c->n);
		IS(*(ULONG *)blob == c->magic + 0x1000000 && hex_is(blob + 8, c->x) &&
		   hex_is(blob + 8 + 2 * c->n, c->d));
		IS(!BCryptGenerateKeyPair(a, &fresh, c->bits, 0) &&
		   !BCryptFinalizeKeyPair(fresh, 0));
		IS(!BCryptSignHash(fresh, NULL, sample256, 32, s, sizeof s, &n, 0));
		IS(!BCryptVerifySignature(fresh, NULL, sample256, 32, s, n, 0));
		STATUS(BCryptVerifySignature(pub, NULL, sample256, 32, s, n, 0), BAD_SIGNATURE);
		IS(!BCryptDestroyKey(k) && !BCryptDestroyKey(pub) && !BCryptDestroyKey(fresh));
		STATUS(BCryptGenerateKeyPair(a, &fresh, 100, 0), BAD_PARAMETER);
		IS(!BCryptCloseAlgorithmProvider(a, 0));
	}
	done("ecdsa");
}

static void
ecdh(void)
{
	for (int i = 0; i < 3; i++) {
		const struct curve *c = &curves[i];
		BCRYPT_ALG_HANDLE a = provider(c->dh);
		BCRYPT_KEY_HANDLE k = NULL, pub = NULL;
		BCRYPT_SECRET_HANDLE s = NULL;
		BYTE blob[300], out[100], hmac[20];
		ULONG n, dh = c->magic - BCRYPT_ECDSA_PUBLIC_P256_MAGIC +
		              BCRYPT_ECDH_PUBLIC_P256_MAGIC;
		WCHAR hash[] = L"SHA256";
		BCryptBuffer list[2] = { { sizeof hash, KDF_HASH_ALGORITHM, hash },
			                 { 3, KDF_SECRET_APPEND, "end" } };
		BCryptBufferDesc d = { BCRYPTBUFFER_VERSION, 1, list };
		n = curve_blob(blob, dh + 0x1000000, c, c->x, c->y, c->d);
		IS(!BCryptImportKeyPair(a, NULL, BCRYPT_ECCPRIVATE_BLOB, &k, blob, n, 0));
		n = curve_blob(blob, dh, c, c->other_x, c->other_y, NULL);
		IS(!BCryptImportKeyPair(a, NULL, BCRYPT_ECCPUBLIC_BLOB, &pub, blob, n, 0));
		IS(!BCryptSecretAgreement(k, pub, &s, 0));
		IS(!BCryptDeriveKey(s, BCRYPT_KDF_HASH, &d, out, sizeof out, &n, 0) && n == 32 &&
		   hex_is(out, c->sha256));
		IS(!BCryptDeriveKey(s, BCRYPT_KDF_HASH, &d, NULL, 0, &n, 0) && n == 32);
		d.cBuffers = 2;
		IS(!BCryptDeriveKey(s, BCRYPT_KDF_HASH, &d, out, sizeof out, &n, 0) &&
		   !hex_is(out, c->sha256));
		/* the secret itself, as a number of this machine */
		IS(!BCryptDeriveKey(s, BCRYPT_KDF_RAW_SECRET, NULL, out, sizeof out, &n, 0) &&
		   n == c->n);
		BYTE *shared = hex(c->shared);
		for (ULONG j = 0; j < n; j++)
			IS(out[j] == shared[n - 1 - j]);
		IS(!BCryptDeriveKey(s, BCRYPT_KDF_HMAC, NULL, hmac, 20, &n,
		                    KDF_USE_SECRET_AS_HMAC_KEY_FLAG) &&
		   n == 20);
		STATUS(BCryptDeriveKey(s, BCRYPT_KDF_HMAC, NULL, hmac, 20, &n, 0), BAD_PARAMETER);
		STATUS(BCryptDeriveKey(s, L"ROT13", NULL, hmac, 20, &n, 0), UNSUPPORTED);
		IS(!BCryptDestroySecret(s));
		STATUS(BCryptSecretAgreement(pub, k, &s, 0), BAD_PARAMETER);
		STATUS(BCryptSignHash(k, NULL, sample256, 32, out, 100, &n, 0), UNSUPPORTED);
		IS(!BCryptDestroyKey(k) && !BCryptDestroyKey(pub) &&
		   !BCryptCloseAlgorithmProvider(a, 0));
	}
	STATUS(BCryptDestroySecret(NULL), BAD_HANDLE);
	done("ecdh");
}

/* "ECDSA" and "ECDH" of no curve: it is named later. */
static void
named(void)
{
	BCRYPT_ALG_HANDLE a = provider(L"ECDH");
	BCRYPT_KEY_HANDLE one = NULL, two = NULL;
	BCRYPT_SECRET_HANDLE s = NULL, t = NULL;
	BYTE x[32], y[32], blob[200];
	WCHAR name[20];
	ULONG n = 0;
	STATUS(BCryptSetProperty(a, L"ECCCurveName", (BYTE *)L"curve9000", 20, 0), UNSUPPORTED);
	IS(!BCryptSetProperty(a, L"ECCCurveName", (BYTE *)L"nistP256", 18, 0));
	IS(!BCryptGetProperty(a, L"ECCCurveName", (BYTE *)name, sizeof name, &n, 0) &&
	   !wcscmp(name, L"nistP256"));
	IS(!BCryptGenerateKeyPair(a, &one, 256, 0) && !BCryptFinalizeKeyPair(one, 0));
	IS(!BCryptGenerateKeyPair(a, &two, 0, 0) && !BCryptFinalizeKeyPair(two, 0));
	IS(!BCryptSecretAgreement(one, two, &s, 0) && !BCryptSecretAgreement(two, one, &t, 0));
	IS(!BCryptDeriveKey(s, BCRYPT_KDF_RAW_SECRET, NULL, x, 32, &n, 0) &&
	   !BCryptDeriveKey(t, BCRYPT_KDF_RAW_SECRET, NULL, y, 32, &n, 0));
	IS(!memcmp(x, y, 32));
	IS(!BCryptExportKey(one, NULL, BCRYPT_ECCPUBLIC_BLOB, blob, sizeof blob, &n, 0) &&
	   *(ULONG *)blob == 0x504b4345);
	IS(!BCryptDestroySecret(s) && !BCryptDestroySecret(t) && !BCryptDestroyKey(one) &&
	   !BCryptDestroyKey(two));
	IS(!BCryptCloseAlgorithmProvider(a, 0));
	/* BCRYPT_ECDSA_P256_ALG_HANDLE, and one without a curve */
	IS(!BCryptGenerateKeyPair((BCRYPT_ALG_HANDLE)0x2e1, &one, 256, 0) &&
	   !BCryptFinalizeKeyPair(one, 0) && !BCryptDestroyKey(one));
	IS(!BCryptGenerateKeyPair((BCRYPT_ALG_HANDLE)0xf1, &one, 0, 0));
	STATUS(BCryptFinalizeKeyPair(one, 0), BAD_PARAMETER);
	IS(!BCryptSetProperty(one, L"ECCCurveName", (BYTE *)L"nistP384", 18, 0) &&
	   !BCryptFinalizeKeyPair(one, 0));
	IS(number(one, BCRYPT_KEY_LENGTH) == 384 && !BCryptDestroyKey(one));
	done("named curves");
}

static void
bad_keys(void)
{
	BCRYPT_ALG_HANDLE rsa = provider(BCRYPT_RSA_ALGORITHM),
	                  p256 = provider(BCRYPT_ECDSA_P256_ALGORITHM),
	                  aes = provider(BCRYPT_AES_ALGORITHM);
	BCRYPT_KEY_HANDLE k = NULL;
	BYTE blob[400];
	const struct curve *c = &curves[0];
	ULONG n = curve_blob(blob, c->magic, c, c->x, c->x, NULL);
	/* not on the curve, cut short, of another curve, a scalar of 0 or too large, another's point */
	STATUS(BCryptImportKeyPair(p256, NULL, BCRYPT_ECCPUBLIC_BLOB, &k, blob, n, 0),
	       BAD_PARAMETER);
	n = curve_blob(blob, c->magic, c, c->x, c->y, NULL);
	STATUS(BCryptImportKeyPair(p256, NULL, BCRYPT_ECCPUBLIC_BLOB, &k, blob, n - 1, 0),
	       BAD_PARAMETER);
	n = curve_blob(blob, curves[1].magic, &curves[1], curves[1].x, curves[1].y, NULL);
	STATUS(BCryptImportKeyPair(p256, NULL, BCRYPT_ECCPUBLIC_BLOB, &k, blob, n, 0),
	       BAD_PARAMETER);
	n = curve_blob(blob, c->magic + 0x1000000, c, c->other_x, c->other_y, c->d);
	STATUS(BCryptImportKeyPair(p256, NULL, BCRYPT_ECCPRIVATE_BLOB, &k, blob, n, 0),
	       BAD_PARAMETER);
	memset(blob + 72, 0, 32);
	STATUS(BCryptImportKeyPair(p256, NULL, BCRYPT_ECCPRIVATE_BLOB, &k, blob, n, 0),
	       BAD_PARAMETER);
	memset(blob + 72, 0xff, 32);
	STATUS(BCryptImportKeyPair(p256, NULL, BCRYPT_ECCPRIVATE_BLOB, &k, blob, n, 0),
	       BAD_PARAMETER);
	/* a modulus that is even, primes that are not its own, lengths beyond the blob */
	BCRYPT_RSAKEY_BLOB b = { BCRYPT_RSAPRIVATE_MAGIC, 1024, 3, 128, 64, 64 };
	memcpy(blob, &b, sizeof b);
	n = (ULONG)(add(add(add(add(blob + sizeof b, "010001"), rsa_n), rsa_p), rsa_p) - blob);
	STATUS(BCryptImportKeyPair(rsa, NULL, BCRYPT_RSAPRIVATE_BLOB, &k, blob, n, 0),
	       BAD_PARAMETER);
	((BCRYPT_RSAKEY_BLOB *)blob)->cbModulus = 0xfffffff0;
	STATUS(BCryptImportKeyPair(rsa, NULL, BCRYPT_RSAPRIVATE_BLOB, &k, blob, n, 0),
	       BAD_PARAMETER);
	b.Magic = BCRYPT_RSAPUBLIC_MAGIC;
	memcpy(blob, &b, sizeof b);
	blob[sizeof b + 3 + 127] &= 0xfe;
	STATUS(BCryptImportKeyPair(rsa, NULL, BCRYPT_RSAPUBLIC_BLOB, &k, blob, 24 + 3 + 128, 0),
	       BAD_PARAMETER);
	STATUS(BCryptImportKeyPair(aes, NULL, BCRYPT_RSAPUBLIC_BLOB, &k, blob, n, 0), UNSUPPORTED);
	STATUS(BCryptGenerateKeyPair(aes, &k, 128, 0), UNSUPPORTED);
	STATUS(BCryptGenerateSymmetricKey(rsa, &k, NULL, 0, blob, 16, 0), UNSUPPORTED);
	IS(!k && !BCryptCloseAlgorithmProvider(rsa, 0) && !BCryptCloseAlgorithmProvider(p256, 0) &&
	   !BCryptCloseAlgorithmProvider(aes, 0));
	done("bad keys");
}

int
main(void)
{
	IS(!BCryptHash((BCRYPT_ALG_HANDLE)0x41, NULL, 0, (BYTE *)"sample", 6, sample256, 32));
	IS(!BCryptHash((BCRYPT_ALG_HANDLE)0x31, NULL, 0, (BYTE *)"sample", 6, sample1, 20));
	rsa_keys();
	rsa_signatures();
	rsa_encryption();
	generated();
	ecdsa();
	ecdh();
	named();
	bad_keys();
	return 0;
}
