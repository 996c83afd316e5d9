/* SPDX-License-Identifier: Apache-2.0 */
// crypt32: stores of certificates, which are there and empty; bytes as text and back.
// needs: joist mingw
// libs: -lcrypt32
// run: joist run --rm $GUEST
// expect: stores: ok
// expect: to text: ok
// expect: from text: ok
// expect: wide text: ok
#include "check.h"
#include <wincrypt.h>

static void
stores(void)
{
	HCERTSTORE a = CertOpenSystemStoreA(0, "ROOT"), w = CertOpenSystemStoreW(0, L"MY"),
	           m = CertOpenStore(CERT_STORE_PROV_MEMORY, 0, 0, 0, NULL),
	           s = CertOpenStore(CERT_STORE_PROV_SYSTEM_W, 0, 0, CERT_SYSTEM_STORE_CURRENT_USER,
	                             L"CA");
	HCERTSTORE all[] = { a, w, m, s };
	CRYPT_HASH_BLOB none = { 4, (BYTE *)"none" };
	for (int i = 0; i < 4; i++) {
		IS(all[i]);
		/* how a walk ends, here at once */
		ERR(CertEnumCertificatesInStore(all[i], NULL), CRYPT_E_NOT_FOUND);
		ERR(CertEnumCRLsInStore(all[i], NULL), CRYPT_E_NOT_FOUND);
		ERR(CertFindCertificateInStore(all[i], X509_ASN_ENCODING, 0, CERT_FIND_SHA1_HASH,
		                               &none, NULL),
		    CRYPT_E_NOT_FOUND);
		ERR(CertFindCertificateInStore(all[i], X509_ASN_ENCODING, 0, CERT_FIND_ANY, NULL,
		                               NULL),
		    CRYPT_E_NOT_FOUND);
		IS(CertCloseStore(all[i], 0));
	}
	ERR(CertOpenStore("no such provider", 0, 0, 0, NULL), ERROR_FILE_NOT_FOUND);
	ERR(CertOpenStore((char *)999, 0, 0, 0, NULL), ERROR_FILE_NOT_FOUND);
	/* nothing is freed without harm */
	IS(CertCloseStore(NULL, 0) && CertFreeCertificateContext(NULL) && CertFreeCRLContext(NULL));
	CertFreeCertificateChain(NULL);
	done("stores");
}

static const BYTE words[] = "Many hands make light work."; /* an example of base 64 in many texts */
enum { N = sizeof words - 1 };
static const char base64[] = "TWFueSBoYW5kcyBtYWtlIGxpZ2h0IHdvcmsu";

static void
to_text(void)
{
	char out[512];
	DWORD n = 0;
	BYTE many[96];
	IS(CryptBinaryToStringA(words, N, CRYPT_STRING_BASE64, NULL, &n));
	IS(n == 36 + 2 + 1); /* with the end of the line and of the string */
	IS(CryptBinaryToStringA(words, N, CRYPT_STRING_BASE64, out, &n) && n == 38);
	IS(!memcmp(out, base64, 36) && !strcmp(out + 36, "\r\n"));
	n = sizeof out;
	IS(CryptBinaryToStringA(words, N, CRYPT_STRING_BASE64 | CRYPT_STRING_NOCRLF, out, &n));
	IS(n == 36 && !strcmp(out, base64));
	n = sizeof out;
	IS(CryptBinaryToStringA(words, N, CRYPT_STRING_BASE64 | CRYPT_STRING_NOCR, out, &n));
	IS(n == 37 && out[36] == '\n');
	n = sizeof out;
	IS(CryptBinaryToStringA(words, 1, CRYPT_STRING_BASE64 | CRYPT_STRING_NOCRLF, out, &n) &&
	   !strcmp(out, "TQ=="));
	n = sizeof out;
	IS(CryptBinaryToStringA(words, 4, CRYPT_STRING_HEXRAW | CRYPT_STRING_NOCRLF, out, &n) &&
	   !strcmp(out, "4d616e79"));
	n = sizeof out;
	IS(CryptBinaryToStringA(words, N, CRYPT_STRING_BASE64HEADER, out, &n));
	IS(!strcmp(out, "-----BEGIN CERTIFICATE-----\r\n"
	                "TWFueSBoYW5kcyBtYWtlIGxpZ2h0IHdvcmsu\r\n"
	                "-----END CERTIFICATE-----\r\n"));
	n = sizeof out;
	IS(CryptBinaryToStringA(words, N, CRYPT_STRING_BASE64REQUESTHEADER, out, &n) &&
	   strstr(out, "NEW CERTIFICATE REQUEST"));
	/* 64 characters in a line */
	memset(many, 0, sizeof many);
	n = sizeof out;
	IS(CryptBinaryToStringA(many, sizeof many, CRYPT_STRING_BASE64, out, &n));
	IS(n == 64 + 2 + 64 + 2 && out[64] == '\r' && out[65] == '\n');
	n = 10;
	ERR(CryptBinaryToStringA(words, N, CRYPT_STRING_BASE64, out, &n), ERROR_MORE_DATA);
	done("to text");
}

static int
is(const char *text, DWORD flags)
{
	BYTE out[64];
	DWORD n = sizeof out;
	return CryptStringToBinaryA(text, 0, flags, out, &n, NULL, NULL) && n == N &&
	       !memcmp(out, words, N);
}

static void
from_text(void)
{
	static const char headed[] = "of whom it is\n-----BEGIN CERTIFICATE-----\n"
	                             "TWFueSBoYW5kcyBtYWtl\nIGxpZ2h0IHdvcmsu\n"
	                             "-----END CERTIFICATE-----\nand more\n";
	BYTE out[64];
	DWORD n = 0, skip = 9, used = 99;
	IS(is(base64, CRYPT_STRING_BASE64) && is(base64, CRYPT_STRING_BASE64_ANY));
	IS(is("TWFueSBoYW5kcyBt\r\nYWtlIGxpZ2h0IHdvcmsu\r\n", CRYPT_STRING_BASE64));
	IS(is(headed, CRYPT_STRING_BASE64HEADER) && is(headed, CRYPT_STRING_BASE64_ANY));
	IS(CryptStringToBinaryA(base64, 8, CRYPT_STRING_BASE64, NULL, &n, NULL, NULL) && n == 6);
	n = sizeof out;
	IS(CryptStringToBinaryA(headed, 0, CRYPT_STRING_BASE64_ANY, out, &n, &skip, &used));
	IS(skip == 14 && used == CRYPT_STRING_BASE64HEADER);
	n = sizeof out;
	IS(CryptStringToBinaryA(base64, 0, CRYPT_STRING_BASE64_ANY, out, &n, &skip, &used));
	IS(skip == 0 && used == CRYPT_STRING_BASE64);
	n = sizeof out;
	IS(CryptStringToBinaryA("4D 61 6e79", 0, CRYPT_STRING_HEX, out, &n, NULL, NULL) && n == 4 &&
	   !memcmp(out, "Many", 4));
	n = 3;
	ERR(CryptStringToBinaryA(base64, 0, CRYPT_STRING_BASE64, out, &n, NULL, NULL),
	    ERROR_MORE_DATA);
	n = sizeof out;
	ERR(CryptStringToBinaryA("not * base", 0, CRYPT_STRING_BASE64, out, &n, NULL, NULL),
	    ERROR_INVALID_DATA);
	n = sizeof out;
	ERR(CryptStringToBinaryA(base64, 0, CRYPT_STRING_BASE64HEADER, out, &n, NULL, NULL),
	    ERROR_INVALID_DATA);
	done("from text");
}

static void
wide_text(void)
{
	WCHAR out[64];
	BYTE data[64];
	DWORD n = 0, skip, used;
	IS(CryptBinaryToStringW(words, N, CRYPT_STRING_BASE64 | CRYPT_STRING_NOCRLF, NULL, &n) &&
	   n == 37);
	n = 36;
	ERR(CryptBinaryToStringW(words, N, CRYPT_STRING_BASE64 | CRYPT_STRING_NOCRLF, out, &n),
	    ERROR_MORE_DATA);
	IS(CryptBinaryToStringW(words, N, CRYPT_STRING_BASE64 | CRYPT_STRING_NOCRLF, out, &n));
	IS(n == 36 && wcslen(out) == 36);
	n = sizeof data;
	IS(CryptStringToBinaryW(out, 0, CRYPT_STRING_BASE64_ANY, data, &n, &skip, &used));
	IS(n == N && !memcmp(data, words, N) && used == CRYPT_STRING_BASE64);
	n = sizeof data;
	IS(CryptStringToBinaryW(out, 8, CRYPT_STRING_BASE64, data, &n, NULL, NULL) && n == 6);
	ERR(CryptStringToBinaryW(L"TWF\x4e6e", 0, CRYPT_STRING_BASE64, data, &n, NULL, NULL),
	    ERROR_INVALID_DATA);
	done("wide text");
}

int
main(void)
{
	stores();
	to_text();
	from_text();
	wide_text();
	return 0;
}
