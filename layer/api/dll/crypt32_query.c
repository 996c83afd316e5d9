/* SPDX-License-Identifier: Apache-2.0 */
/* CryptQueryObject: what a file or some bytes are, a certificate or a PFX file, as they are or as text. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/crypt32.h"
#include "layer/api/nt/crypto/pkcs12.h"

WINAPI void *
crypt32_CertOpenStore(const char *by, DWORD encoding, void *legacy, DWORD flags, const void *param);
WINAPI BOOL crypt32_CertAddCertificateContextToStore(void *store,
                                                     const struct CERT_CONTEXT *context, DWORD how,
                                                     const struct CERT_CONTEXT **out);
WINAPI BOOL crypt32_CryptStringToBinaryA(const char *s, DWORD n, DWORD flags, BYTE *out,
                                         DWORD *size, DWORD *skip, DWORD *used);
WINAPI HANDLE kernel32_CreateFileW(const WCHAR *name, DWORD access, DWORD share, void *security,
                                   DWORD how, DWORD flags, HANDLE template);
WINAPI BOOL kernel32_ReadFile(HANDLE h, void *to, DWORD n, DWORD *done, void *overlapped);
WINAPI BOOL kernel32_CloseHandle(HANDLE h);

#define CRYPT_E_NO_MATCH 0x80092009
enum { OBJECT_FILE = 1, OBJECT_BLOB, CONTENT_CERT = 1, CONTENT_PFX = 12, BINARY = 1, BASE64 };
enum { FILE_MOST = 16 << 20, BASE64_ANY = 6, MEMORY_STORE = 2, ADD_ALWAYS = 4 };

struct answer {
	DWORD content, format;
	struct crypt32_cert *cert; /* own; NULL: it is none */
};

static bool
look(struct x509_span in, DWORD wanted, struct answer *a)
{
	if (wanted & 1u << CONTENT_CERT && (a->cert = crypt32_cert_new(in.p, in.n)))
		a->content = CONTENT_CERT;
	else if (wanted & 1u << CONTENT_PFX && pkcs12_is(in))
		a->content = CONTENT_PFX;
	return a->content != 0;
}

static bool
look_at_text(struct x509_span in, DWORD wanted, struct answer *a)
{
	DWORD n = 0;
	bool ok = false;
	char *text = in.n < FILE_MOST ? malloc(in.n + 1) : NULL;
	if (!text)
		return false;
	memcpy(text, in.p, in.n);
	text[in.n] = 0;
	BYTE *der = NULL;
	if (crypt32_CryptStringToBinaryA(text, 0, BASE64_ANY, NULL, &n, NULL, NULL) && n &&
	    (der = malloc(n)) &&
	    crypt32_CryptStringToBinaryA(text, 0, BASE64_ANY, der, &n, NULL, NULL))
		ok = look((struct x509_span){ der, n }, wanted, a);
	free(der);
	free(text);
	return ok;
}

static BOOL
judge(struct x509_span in, DWORD contents, DWORD formats, struct answer *a)
{
	if (formats & 1u << BINARY && in.n && look(in, contents, a))
		a->format = BINARY;
	else if (formats & 1u << BASE64 && in.n && look_at_text(in, contents, a))
		a->format = BASE64;
	else
		return refuse(CRYPT_E_NO_MATCH);
	return TRUE;
}

/* All of a file, to be freed; NULL: with the last error. */
static BYTE *
read_all(const WCHAR *name, size_t *n)
{
	enum { READ = (int)0x80000000, SHARE_READ = 1, OPEN_EXISTING = 3 };
	HANDLE h =
	        kernel32_CreateFileW(name, (DWORD)READ, SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
	BYTE *p = NULL;
	DWORD done = 0;
	size_t room = 0;
	if (h == (HANDLE)-1)
		return NULL;
	*n = 0;
	do {
		if (*n == room) {
			BYTE *more = room < FILE_MOST ? realloc(p, room = 2 * room + 8192) : NULL;
			if (!more) {
				last_error(ERROR_NOT_ENOUGH_MEMORY);
				free(p);
				p = NULL;
				break;
			}
			p = more;
		}
		if (!kernel32_ReadFile(h, p + *n, (DWORD)(room - *n), &done, NULL)) {
			free(p);
			p = NULL;
			break;
		}
		*n += done;
	} while (done);
	kernel32_CloseHandle(h);
	return p;
}

/* The certificate in a store, alone; what is not asked for is not made. */
static BOOL
hand_over(struct answer *a, void **store, const void **context)
{
	BOOL ok = TRUE;
	if (store)
		*store = NULL;
	if (context)
		*context = NULL;
	if (a->cert && store) {
		*store = crypt32_CertOpenStore((const char *)MEMORY_STORE, 0, NULL, 0, NULL);
		ok = *store && crypt32_CertAddCertificateContextToStore(*store, &a->cert->context,
		                                                        ADD_ALWAYS, NULL);
	}
	if (a->cert && context && ok)
		*context = &a->cert->context;
	else if (a->cert)
		crypt32_cert_unref(a->cert);
	return ok;
}

WINAPI BOOL
crypt32_CryptQueryObject(DWORD type, const void *object, DWORD contents, DWORD formats, DWORD flags,
                         DWORD *encoding, DWORD *content, DWORD *format, void **store,
                         void **message, const void **context)
{
	const struct CRYPT_BLOB *blob = object;
	struct answer a = { 0 };
	BYTE *file = NULL;
	size_t n = 0;
	if (!object || flags || (type != OBJECT_FILE && type != OBJECT_BLOB))
		return refuse(CRYPT_E_INVALID_ARGUMENT);
	if (type == OBJECT_FILE && !(file = read_all(object, &n)))
		return FALSE;
	struct x509_span in = { file ? file : blob->pbData, file ? n : blob->cbData };
	BOOL ok = judge(in, contents, formats, &a);
	free(file);
	if (!ok)
		return FALSE;
	if (encoding)
		*encoding = 1; /* X509_ASN_ENCODING */
	if (content)
		*content = a.content;
	if (format)
		*format = a.format;
	if (message)
		*message = NULL;
	return hand_over(&a, store, context);
}
