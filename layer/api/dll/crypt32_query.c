/* SPDX-License-Identifier: Apache-2.0 */
/* What a file or some bytes are: a certificate, several of them, or those with a private key.
 *
 * RFC 5280; RFC 5652 5 (of a message that was signed, the certificates); RFC 7292 (only that it is one);
 * each as it is or as text (RFC 7468).
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/api/dll/crypt32.h"
#include "layer/api/nt/crypto/pkcs12.h"

enum { OBJECT_FILE = 1, OBJECT_BLOB };
enum { CONTENT_CERT = 1, CONTENT_PKCS7_SIGNED = 8, CONTENT_PFX = 12 };
enum { FORMAT_BINARY = 1, FORMAT_BASE64 };
enum { SEQUENCE = 0x30, OID = 6, CONTEXT_0 = 0xa0, FILE_MOST = 64 << 20 };
enum { MEMORY = 2, X509_ASN = 1, BOTH = 0x10001, ALWAYS = 4, BASE64_HEADER = 0 };
#define CRYPT_E_NO_MATCH 0x80092009

WINAPI BOOL crypt32_CryptStringToBinaryA(const char *s, DWORD n, DWORD flags, BYTE *out,
                                         DWORD *size, DWORD *skip, DWORD *used);
WINAPI void *
crypt32_CertOpenStore(const char *by, DWORD encoding, void *legacy, DWORD flags, const void *param);
WINAPI BOOL crypt32_CertAddEncodedCertificateToStore(void *store, DWORD encoding, const BYTE *p,
                                                     DWORD n, DWORD how,
                                                     const struct CERT_CONTEXT **out);
WINAPI void *kernel32_CreateFileW(const WCHAR *name, DWORD access, DWORD share, void *security,
                                  DWORD how, DWORD flags, void *template);
WINAPI BOOL kernel32_ReadFile(void *h, void *p, DWORD n, DWORD *got, void *overlapped);
WINAPI BOOL kernel32_GetFileSizeEx(void *h, LONGLONG *size);
WINAPI BOOL kernel32_CloseHandle(void *h);

/* What was found. */
struct found {
	DWORD content, format;
	void *store;                      /* own */
	const struct CERT_CONTEXT *first; /* own */
};

/* -- what they are ------------------------------------------------------------------------------------- */

static bool
add(struct found *f, struct x509_span der)
{
	if (!f->store)
		f->store = crypt32_CertOpenStore((const char *)MEMORY, 0, NULL, 0, NULL);
	return f->store && der.n <= UINT32_MAX &&
	       crypt32_CertAddEncodedCertificateToStore(f->store, X509_ASN, der.p, (DWORD)der.n,
	                                                ALWAYS, f->first ? NULL : &f->first);
}

/* ContentInfo of SignedData: its certificates. */
static bool
add_signed(struct found *f, struct x509_span der)
{
	struct x509_element all, e, data;
	if (!x509_take(&der, SEQUENCE, &all) || !x509_take(&all.in, OID, &e) ||
	    !x509_oid_is(e.in, "1.2.840.113549.1.7.2") || !x509_take(&all.in, CONTEXT_0, &e) ||
	    !x509_take(&e.in, SEQUENCE, &data))
		return false;
	while (x509_next(&data.in, &e) && e.tag != CONTEXT_0)
		;
	if (!f->store)
		f->store = crypt32_CertOpenStore((const char *)MEMORY, 0, NULL, 0, NULL);
	while (f->store && e.tag == CONTEXT_0 && x509_next(&e.in, &all))
		if (all.tag == SEQUENCE && !add(f, all.whole))
			return false;
	return f->store;
}

static bool
identify(struct found *f, struct x509_span der, DWORD kinds)
{
	if (kinds >> CONTENT_CERT & 1 && add(f, der)) {
		f->content = CONTENT_CERT;
		return true;
	}
	if (kinds >> CONTENT_PKCS7_SIGNED & 1 && add_signed(f, der)) {
		f->content = CONTENT_PKCS7_SIGNED;
		return true;
	}
	if (kinds >> CONTENT_PFX & 1 && pkcs12_is(der)) {
		f->content = CONTENT_PFX;
		return true;
	}
	return false;
}

/* Text: with its lines of begin and end, or without. */
static bool
identify_text(struct found *f, const BYTE *p, DWORD n, DWORD kinds)
{
	for (DWORD how = BASE64_HEADER; how <= 1; how++) {
		DWORD size = 0;
		if (!crypt32_CryptStringToBinaryA((const char *)p, n, how, NULL, &size, NULL,
		                                  NULL) ||
		    !size)
			continue;
		BYTE *der = malloc(size);
		bool is = der &&
		          crypt32_CryptStringToBinaryA((const char *)p, n, how, der, &size, NULL,
		                                       NULL) &&
		          identify(f, (struct x509_span){ der, size }, kinds);
		free(der);
		if (is)
			return true;
	}
	return false;
}

/* -- asking --------------------------------------------------------------------------------------------- */

/* A file of the program's, for free(). */
static bool
read_file(const WCHAR *name, struct CRYPT_BLOB *out)
{
	enum { GENERIC_READ = (int)0x80000000, SHARE_READ = 1, OPEN_EXISTING = 3 };
	LONGLONG size;
	DWORD got = 0;
	void *h = kernel32_CreateFileW(name, (DWORD)GENERIC_READ, SHARE_READ, NULL, OPEN_EXISTING,
	                               0, NULL);
	if (h == (void *)-1)
		return false;
	bool ok = kernel32_GetFileSizeEx(h, &size) && size <= FILE_MOST;
	out->pbData = ok ? malloc((size_t)size + 1) : NULL;
	ok = out->pbData && kernel32_ReadFile(h, out->pbData, (DWORD)size, &got, NULL);
	kernel32_CloseHandle(h);
	out->cbData = got;
	if (!ok)
		free(out->pbData);
	return ok;
}

static void
drop(struct found *f)
{
	if (f->first)
		crypt32_cert_unref((struct crypt32_cert *)f->first);
	if (f->store)
		crypt32_store_unref(f->store);
}

WINAPI BOOL
crypt32_CryptQueryObject(DWORD what, const void *object, DWORD contents, DWORD formats, DWORD flags,
                         DWORD *encoding, DWORD *content, DWORD *format, void **store,
                         void **message, const void **context)
{
	struct CRYPT_BLOB blob;
	struct found f = { 0 };
	(void)flags;
	if (!object || (what != OBJECT_FILE && what != OBJECT_BLOB))
		return refuse(CRYPT_E_INVALID_ARGUMENT);
	if (what == OBJECT_BLOB)
		blob = *(const struct CRYPT_BLOB *)object;
	else if (!read_file(object, &blob))
		return FALSE;
	f.format = FORMAT_BINARY;
	bool is = formats >> FORMAT_BINARY & 1 &&
	          identify(&f, (struct x509_span){ blob.pbData, blob.cbData }, contents);
	if (!is && formats >> FORMAT_BASE64 & 1) {
		f.format = FORMAT_BASE64;
		is = identify_text(&f, blob.pbData, blob.cbData, contents);
	}
	if (what == OBJECT_FILE)
		free(blob.pbData);
	if (!is) {
		drop(&f);
		return refuse(CRYPT_E_NO_MATCH);
	}
	if (encoding)
		*encoding = f.content == CONTENT_CERT ? X509_ASN : BOTH;
	if (content)
		*content = f.content;
	if (format)
		*format = f.format;
	if (message)
		*message = NULL; /* there is no CryptMsg...() to read it with */
	if (context) {
		*context = f.content == CONTENT_CERT ? f.first : NULL;
		f.first = f.content == CONTENT_CERT ? NULL : f.first;
	}
	if (store) {
		*store = f.content == CONTENT_PFX ? NULL : f.store;
		f.store = NULL;
	}
	drop(&f);
	return TRUE;
}
