/* SPDX-License-Identifier: Apache-2.0 */
// What some bytes or a file are: a certificate or a PFX file, as they are or as text.
// needs: joist mingw
// libs: -lcrypt32
// run: joist run --rm $GUEST
// expect: bytes: ok
// expect: files: ok
// expect: neither: ok
#define _WIN32_WINNT 0x0A00
#include "check.h"
#include "keyed.h"
#include "pfx.h"

enum { NO_MATCH = (int)0x80092009 };

static DWORD content, format;
static HCERTSTORE store;
static const void *context;

static BOOL
query(DWORD type, const void *what, DWORD contents, DWORD formats)
{
	DWORD encoding;
	HCRYPTMSG message;
	return CryptQueryObject(type, what, contents, formats, 0, &encoding, &content, &format,
	                        &store, &message, &context);
}

/* The certificate, and alone in a store. */
static void
is_cert(const char *text)
{
	PCCERT_CONTEXT want = certificate(text), c = context, in;
	IS(content == CERT_QUERY_CONTENT_CERT && c && c->cbCertEncoded == want->cbCertEncoded &&
	   !memcmp(c->pbCertEncoded, want->pbCertEncoded, c->cbCertEncoded));
	in = CertEnumCertificatesInStore(store, NULL);
	IS(in && in->cbCertEncoded == want->cbCertEncoded);
	IS(!CertEnumCertificatesInStore(store, in));
	CertFreeCertificateContext(c);
	CertFreeCertificateContext(want);
	CertCloseStore(store, 0);
}

static void
bytes(void)
{
	CRYPT_DATA_BLOB b, text;
	char pem[2048];
	DWORD n = sizeof pem;
	b.pbData = der(rsa_cert, &b.cbData);
	IS(query(CERT_QUERY_OBJECT_BLOB, &b, CERT_QUERY_CONTENT_FLAG_ALL,
	         CERT_QUERY_FORMAT_FLAG_ALL));
	IS(format == CERT_QUERY_FORMAT_BINARY);
	is_cert(rsa_cert);
	IS(CryptBinaryToStringA(b.pbData, b.cbData, CRYPT_STRING_BASE64HEADER, pem, &n));
	text = (CRYPT_DATA_BLOB){ n, (BYTE *)pem };
	IS(query(CERT_QUERY_OBJECT_BLOB, &text, CERT_QUERY_CONTENT_FLAG_ALL,
	         CERT_QUERY_FORMAT_FLAG_ALL));
	IS(format == CERT_QUERY_FORMAT_BASE64_ENCODED);
	is_cert(rsa_cert);
	ERR(query(CERT_QUERY_OBJECT_BLOB, &text, CERT_QUERY_CONTENT_FLAG_ALL,
	          CERT_QUERY_FORMAT_FLAG_BINARY),
	    NO_MATCH);
	/* a PFX file is only told */
	b.pbData = der(modern, &b.cbData);
	IS(query(CERT_QUERY_OBJECT_BLOB, &b, CERT_QUERY_CONTENT_FLAG_ALL,
	         CERT_QUERY_FORMAT_FLAG_ALL));
	IS(content == CERT_QUERY_CONTENT_PFX && !store && !context);
	ERR(query(CERT_QUERY_OBJECT_BLOB, &b, CERT_QUERY_CONTENT_FLAG_CERT,
	          CERT_QUERY_FORMAT_FLAG_ALL),
	    NO_MATCH);
	IS(CryptQueryObject(CERT_QUERY_OBJECT_BLOB, &b, CERT_QUERY_CONTENT_FLAG_ALL,
	                    CERT_QUERY_FORMAT_FLAG_ALL, 0, NULL, NULL, NULL, NULL, NULL, NULL));
	done("bytes");
}

static void
files(void)
{
	DWORD n;
	BYTE *p = der(curve_cert, &n);
	WCHAR path[MAX_PATH];
	GetTempPathW(MAX_PATH, path);
	wcscat(path, L"query.cer");
	FILE *f = _wfopen(path, L"wb");
	IS(f && fwrite(p, 1, n, f) == n && !fclose(f));
	IS(query(CERT_QUERY_OBJECT_FILE, path, CERT_QUERY_CONTENT_FLAG_ALL,
	         CERT_QUERY_FORMAT_FLAG_ALL));
	is_cert(curve_cert);
	IS(DeleteFileW(path));
	ERR(query(CERT_QUERY_OBJECT_FILE, path, CERT_QUERY_CONTENT_FLAG_ALL,
	          CERT_QUERY_FORMAT_FLAG_ALL),
	    ERROR_FILE_NOT_FOUND);
	done("files");
}

static void
neither(void)
{
	CRYPT_DATA_BLOB b = { 20, (BYTE *)"a text of no meaning" }, empty = { 0, NULL };
	ERR(query(CERT_QUERY_OBJECT_BLOB, &b, CERT_QUERY_CONTENT_FLAG_ALL,
	          CERT_QUERY_FORMAT_FLAG_ALL),
	    NO_MATCH);
	ERR(query(CERT_QUERY_OBJECT_BLOB, &empty, CERT_QUERY_CONTENT_FLAG_ALL,
	          CERT_QUERY_FORMAT_FLAG_ALL),
	    NO_MATCH);
	ERR(query(9, &b, CERT_QUERY_CONTENT_FLAG_ALL, CERT_QUERY_FORMAT_FLAG_ALL), E_INVALIDARG);
	ERR(query(CERT_QUERY_OBJECT_BLOB, NULL, CERT_QUERY_CONTENT_FLAG_ALL,
	          CERT_QUERY_FORMAT_FLAG_ALL),
	    E_INVALIDARG);
	done("neither");
}

int
main(void)
{
	bytes();
	files();
	neither();
	return wrong;
}
