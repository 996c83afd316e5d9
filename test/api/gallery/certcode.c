/* SPDX-License-Identifier: Apache-2.0 */
// Structures of certificates as DER and back: what OpenSSL wrote is read, and written again as it was.
// needs: joist mingw
// libs: -lcrypt32
// run: joist run --rm $GUEST
// expect: rows: ok
// expect: keys: ok
// expect: certificate: ok
// expect: extensions: ok
// expect: numbers: ok
// expect: times: ok
// expect: room: ok
// expect: damage: ok
#define _WIN32_WINNT 0x0A00
#include "check.h"
#include "hex.h"
#include "keyed.h"
#include "rsablob.h"

#define TYPE(n) ((LPCSTR)(ULONG_PTR)(n))
enum { BADTAG = (int)0x8009310b, ASN1_ERROR = (int)0x80093100 };

static BYTE room[8192];

/* Decodes into room. */
static BOOL
decode(LPCSTR type, const BYTE *p, DWORD n)
{
	DWORD size = sizeof room;
	memset(room, 0xcc, sizeof room);
	return CryptDecodeObject(X509_ASN_ENCODING, type, p, n, 0, room, &size);
}

static int
encodes(LPCSTR type, const void *from, const BYTE *want, DWORD n)
{
	BYTE out[4096];
	DWORD size = sizeof out;
	return CryptEncodeObject(X509_ASN_ENCODING, type, from, out, &size) && size == n &&
	       !memcmp(out, want, n);
}

/* DER that is read and written again, in all forms that hold what they read. */
static void
rows(void)
{
	static const struct {
		int type;
		const char *text;
	} of[] = {
		{ 74, "300d06092a864886f70d01010b0500" },
		{ 74, "300a06082a8648ce3d040302" },
		{ 14, "030205a0" },
		{ 14, "0303070080" },
		{ 15, "3000" },
		{ 15, "30030101ff" },
		{ 15, "30060101ff020103" },
		{ 36, "301406082b0601050507030106082b06010505070302" },
		{ 25, "0403010203" },
		{ 26, "03020780" },
		{ 27, "020180" },
		{ 27, "02020080" },
		{ 28, "0209ff0000000000000001" },
		{ 38, "0203008001" },
		{ 17, "170d3330303130323033303430355a" },
		{ 30, "180f32303530303130313030303030305a" },
		{ 73, "06032a0304" },
		{ 47, "3008020200ff02020100" },
		{ 12, "300d820b6578616d706c652e636f6d" },
		{ 12, "300687047f000001" },
		{ 12, "3005880355040a" },
		{ 12, "300f8107612040622e63638604683a2f2f" },
		{ 12, "3016a01406032a0304a00d0c0b6120757365722040622e63" },
		{ 12, "300fa40d300b3109300706035504030c00" },
		{ 5, "301e300c0603551d130101ff04023000300e0603551d0f0101ff0404030205a0" },
		{ 7, "3020310b30090603550406130244453111300f06035504030c08746865206e616d65" },
		{ 7, "300f310d300b06035504031e0400410042" },
		{ 20, "300f310d300b06035504031e0400410042" },
	};
	for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
		DWORD n = (DWORD)strlen(of[i].text) / 2, wrong_before = wrong;
		BYTE *p = hex(of[i].text);
		IS(decode(TYPE(of[i].type), p, n));
		IS(encodes(TYPE(of[i].type), room, p, n));
		if ((DWORD)wrong != wrong_before)
			printf("  in row %d\n", (int)i);
	}
	/* by the name of an extension */
	IS(decode("2.5.29.15", hex("030205a0"), 4));
	CRYPT_BIT_BLOB *b = (CRYPT_BIT_BLOB *)room;
	IS(b->cbData == 1 && b->cUnusedBits == 5 && *b->pbData == 0xa0);
	ERR(decode("1.2.3", hex("030205a0"), 4), ERROR_FILE_NOT_FOUND);
	ERR(decode(TYPE(9999), hex("030205a0"), 4), ERROR_FILE_NOT_FOUND);
	done("rows");
}

static void
keys(void)
{
	DWORD n, m;
	BYTE *cert = der(rsa_cert, &n), *p;
	PCCERT_CONTEXT c = certificate(rsa_cert);
	CERT_PUBLIC_KEY_INFO *i = (CERT_PUBLIC_KEY_INFO *)room;
	(void)cert;
	/* the key of the certificate, as CryptoAPI has it, is OpenSSL's blob */
	CRYPT_BIT_BLOB *bits = &c->pCertInfo->SubjectPublicKeyInfo.PublicKey;
	IS(decode(RSA_CSP_PUBLICKEYBLOB, bits->pbData, bits->cbData));
	p = der(public_blob, &m);
	IS(!memcmp(room, p, m));
	IS(encodes(RSA_CSP_PUBLICKEYBLOB, room, bits->pbData, bits->cbData));
	IS(decode(TYPE(72), bits->pbData, bits->cbData) && !memcmp(room, "RSA1", 4));
	/* the private one */
	p = der(rsa_key, &n);
	IS(decode(PKCS_PRIVATE_KEY_INFO, p, n));
	CRYPT_PRIVATE_KEY_INFO k = *(CRYPT_PRIVATE_KEY_INFO *)room;
	BYTE inner[2048];
	IS(!strcmp(k.Algorithm.pszObjId, szOID_RSA_RSA) && k.PrivateKey.cbData < sizeof inner);
	IS(encodes(PKCS_PRIVATE_KEY_INFO, room, p, n));
	memcpy(inner, k.PrivateKey.pbData, n = k.PrivateKey.cbData);
	IS(decode(PKCS_RSA_PRIVATE_KEY, inner, n));
	p = der(private_blob, &m);
	IS(!memcmp(room, p, m));
	IS(encodes(PKCS_RSA_PRIVATE_KEY, room, inner, n));
	/* a public key with what it is for */
	IS(CryptEncodeObject(X509_ASN_ENCODING, X509_PUBLIC_KEY_INFO,
	                     &c->pCertInfo->SubjectPublicKeyInfo, NULL, &n));
	p = LocalAlloc(0, n);
	IS(CryptEncodeObject(X509_ASN_ENCODING, X509_PUBLIC_KEY_INFO,
	                     &c->pCertInfo->SubjectPublicKeyInfo, p, &n));
	IS(decode(X509_PUBLIC_KEY_INFO, p, n) && !strcmp(i->Algorithm.pszObjId, szOID_RSA_RSA));
	IS(CertComparePublicKeyInfo(X509_ASN_ENCODING, i, &c->pCertInfo->SubjectPublicKeyInfo));
	LocalFree(p);
	CertFreeCertificateContext(c);
	done("keys");
}

static void
whole(void)
{
	DWORD n;
	BYTE *p = der(curve_cert, &n);
	PCCERT_CONTEXT c = certificate(curve_cert);
	CERT_SIGNED_CONTENT_INFO s;
	IS(decode(X509_CERT, p, n));
	s = *(CERT_SIGNED_CONTENT_INFO *)room;
	/* the lowest byte of a signature comes first: it ends with the head of a sequence */
	IS(s.Signature.pbData[s.Signature.cbData - 1] == 0x30);
	IS(!strcmp(s.SignatureAlgorithm.pszObjId, szOID_ECDSA_SHA256));
	IS(encodes(X509_CERT, room, p, n));
	/* what is signed, out of what the context says */
	IS(encodes(X509_CERT_TO_BE_SIGNED, c->pCertInfo, s.ToBeSigned.pbData, s.ToBeSigned.cbData));
	IS(decode(X509_NAME, c->pCertInfo->Subject.pbData, c->pCertInfo->Subject.cbData));
	CERT_NAME_INFO *name = (CERT_NAME_INFO *)room;
	IS(name->cRDN == 2 && !strcmp(name->rgRDN[1].rgRDNAttr->pszObjId, szOID_COMMON_NAME));
	IS(name->rgRDN[1].rgRDNAttr->dwValueType == CERT_RDN_UTF8_STRING &&
	   !memcmp(name->rgRDN[1].rgRDNAttr->Value.pbData, "curve", 5));
	IS(encodes(X509_NAME, room, c->pCertInfo->Subject.pbData, c->pCertInfo->Subject.cbData));
	IS(decode(X509_UNICODE_NAME, c->pCertInfo->Subject.pbData, c->pCertInfo->Subject.cbData));
	IS(!wcscmp((WCHAR *)name->rgRDN[1].rgRDNAttr->Value.pbData, L"curve"));
	IS(encodes(X509_UNICODE_NAME, room, c->pCertInfo->Subject.pbData,
	           c->pCertInfo->Subject.cbData));
	CertFreeCertificateContext(c);
	done("certificate");
}

static void
extensions(void)
{
	CERT_ALT_NAME_INFO *names = (CERT_ALT_NAME_INFO *)room;
	IS(decode(X509_ALTERNATE_NAME, hex("3013820b6578616d706c652e636f6d87047f000001"), 21));
	IS(names->cAltEntry == 2 &&
	   names->rgAltEntry[0].dwAltNameChoice == CERT_ALT_NAME_DNS_NAME &&
	   !wcscmp(names->rgAltEntry[0].pwszDNSName, L"example.com"));
	IS(names->rgAltEntry[1].dwAltNameChoice == CERT_ALT_NAME_IP_ADDRESS &&
	   names->rgAltEntry[1].IPAddress.cbData == 4);
	CERT_BASIC_CONSTRAINTS2_INFO *basic = (CERT_BASIC_CONSTRAINTS2_INFO *)room;
	IS(decode(szOID_BASIC_CONSTRAINTS2, hex("30060101ff020103"), 8));
	IS(basic->fCA && basic->fPathLenConstraint && basic->dwPathLenConstraint == 3);
	CERT_ENHKEY_USAGE *usage = (CERT_ENHKEY_USAGE *)room;
	IS(decode(X509_ENHANCED_KEY_USAGE, hex("300a06082b06010505070301"), 12));
	IS(usage->cUsageIdentifier == 1 &&
	   !strcmp(usage->rgpszUsageIdentifier[0], szOID_PKIX_KP_SERVER_AUTH));
	/* zeros at the end of a usage are not written */
	BYTE two[2] = { 0xa0, 0 };
	CRYPT_BIT_BLOB bits = { 2, two, 0 };
	IS(encodes(X509_KEY_USAGE, &bits, hex("030205a0"), 4));
	done("extensions");
}

static void
numbers(void)
{
	static const struct {
		const char *text;
		int value;
	} of[] = { { "020100", 0 },    { "02017f", 127 },    { "02020080", 128 },
		   { "020180", -128 }, { "0202ff7f", -129 }, { "02047fffffff", 0x7fffffff },
		   { "020101", 1 },    { "0201ff", -1 } };
	for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
		IS(decode(X509_INTEGER, hex(of[i].text), (DWORD)strlen(of[i].text) / 2));
		IS(*(int *)room == of[i].value);
		IS(encodes(X509_INTEGER, &of[i].value, hex(of[i].text),
		           (DWORD)strlen(of[i].text) / 2));
	}
	ERR(decode(X509_INTEGER, hex("02050100000000"), 7), BADTAG);
	CERT_ECC_SIGNATURE *s = (CERT_ECC_SIGNATURE *)room;
	IS(decode(X509_ECC_SIGNATURE, hex("3008020200ff02020100"), 10));
	IS(s->r.cbData == 1 && s->r.pbData[0] == 0xff && s->s.cbData == 2 && s->s.pbData[1] == 1);
	done("numbers");
}

static void
times(void)
{
	SYSTEMTIME t;
	FILETIME f;
	IS(decode(PKCS_UTC_TIME, hex("170d3939313233313233353935395a"), 15));
	IS(FileTimeToSystemTime((FILETIME *)room, &t) && t.wYear == 1999 && t.wMonth == 12 &&
	   t.wDay == 31 && t.wSecond == 59);
	/* each way round, over leap years and the ends of centuries */
	static const WORD years[] = { 1950, 1999, 2000, 2024, 2049, 2050, 2100, 2400, 9999 };
	for (size_t i = 0; i < sizeof years / sizeof *years; i++)
		for (WORD m = 1; m <= 12; m++) {
			SYSTEMTIME in = { years[i], m, 0, 28, 23, 59, 58, 0 };
			BYTE out[32];
			DWORD n = sizeof out;
			IS(SystemTimeToFileTime(&in, &f));
			IS(CryptEncodeObject(X509_ASN_ENCODING, X509_CHOICE_OF_TIME, &f, out, &n));
			IS(out[0] == (years[i] < 2050 ? 0x17 : 0x18));
			IS(decode(X509_CHOICE_OF_TIME, out, n) && !memcmp(room, &f, sizeof f));
		}
	done("times");
}

static void *WINAPI
mine(size_t n)
{
	return HeapAlloc(GetProcessHeap(), 0, n);
}

static void WINAPI
not_mine(void *p)
{
	HeapFree(GetProcessHeap(), 0, p);
}

static void
sizes(void)
{
	BYTE *p = hex("0403010203"), *out = NULL;
	CRYPT_DATA_BLOB *b = NULL;
	CRYPT_DECODE_PARA how = { sizeof how, mine, not_mine };
	DWORD n = 0, m;
	IS(CryptDecodeObject(X509_ASN_ENCODING, X509_OCTET_STRING, p, 5, 0, NULL, &n));
	IS(n > sizeof *b);
	m = n - 1;
	ERR(CryptDecodeObject(X509_ASN_ENCODING, X509_OCTET_STRING, p, 5, 0, room, &m),
	    ERROR_MORE_DATA);
	IS(m == n);
	IS(CryptDecodeObjectEx(X509_ASN_ENCODING, X509_OCTET_STRING, p, 5, CRYPT_DECODE_ALLOC_FLAG,
	                       NULL, &b, &n));
	IS(b->cbData == 3 && !memcmp(b->pbData, "\1\2\3", 3));
	IS(CryptEncodeObjectEx(X509_ASN_ENCODING, X509_OCTET_STRING, b, CRYPT_ENCODE_ALLOC_FLAG,
	                       NULL, &out, &m));
	IS(m == 5 && !memcmp(out, p, 5));
	LocalFree(b), LocalFree(out);
	IS(CryptDecodeObjectEx(X509_ASN_ENCODING, X509_OCTET_STRING, p, 5, CRYPT_DECODE_ALLOC_FLAG,
	                       &how, &b, &n));
	IS(HeapFree(GetProcessHeap(), 0, b));
	CRYPT_DATA_BLOB x = { 3, (BYTE *)"abc" };
	m = 4;
	ERR(CryptEncodeObject(X509_ASN_ENCODING, X509_OCTET_STRING, &x, room, &m), ERROR_MORE_DATA);
	IS(m == 5);
	char *bad_oid = "1.2.x";
	ERR(CryptEncodeObject(X509_ASN_ENCODING, X509_OBJECT_IDENTIFIER, &bad_oid, room, &m),
	    ASN1_ERROR);
	done("room");
}

/* Of bytes that are cut short or changed every structure is refused, or is another; none does harm. */
static void
damage(void)
{
	static const int types[] = { 1,  5,  7,  8,  12, 14, 15, 17, 19, 20, 25, 26,
		                     27, 28, 30, 36, 38, 43, 44, 47, 72, 73, 74 };
	DWORD n;
	BYTE *p = der(curve_cert, &n), bad[1024];
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		for (DWORD at = 0; at < n; at += 3) {
			decode(TYPE(types[i]), p + at, n - at);
			memcpy(bad, p, n);
			bad[at] ^= 0x83;
			decode(TYPE(types[i]), bad, n);
			decode(TYPE(types[i]), bad + at, n - at);
		}
	for (DWORD cut = 0; cut < n; cut++)
		ERR(decode(X509_CERT, p, cut), BADTAG);
	done("damage");
}

int
main(void)
{
	rows();
	keys();
	whole();
	extensions();
	numbers();
	times();
	sizes();
	damage();
	return wrong;
}
