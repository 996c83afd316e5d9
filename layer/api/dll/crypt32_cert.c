/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates: contexts, what they say of themselves, and what programs attach to them. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/crypt32.h"
#include "layer/api/nt/clock.h"
#include "layer/api/nt/crypto/digest.h"
#include "layer/api/nt/thread/steady.h"

enum {
	X509_ASN_ENCODING = 1,
	CERT_SHA1_HASH_PROP_ID = 3,
	CERT_MD5_HASH_PROP_ID = 4,
	CERT_KEY_IDENTIFIER_PROP_ID = 20,
	CERT_SHA256_HASH_PROP_ID = 107,
};

static struct CRYPT_BLOB
blob(struct x509_span s)
{
	return (struct CRYPT_BLOB){ (DWORD)s.n, (BYTE *)s.p };
}

static struct CRYPT_BIT_BLOB
bits(struct x509_span s)
{
	return (struct CRYPT_BIT_BLOB){ (DWORD)s.n, (BYTE *)s.p, 0 };
}

/* Texts are put behind the encoded bytes; *at moves on. */
static char *
oid(struct x509_span s, char **at)
{
	char *text = *at;
	size_t n = x509_oid_text(s, text, 4096);
	*at += n;
	return text;
}

static size_t
room(struct x509_span s)
{
	return x509_oid_text(s, NULL, 0);
}

static void
describe(struct crypt32_cert *c, char *at)
{
	const struct x509 *x = &c->x;
	struct CERT_INFO *i = &c->info;
	struct CERT_EXTENSION *e = (struct CERT_EXTENSION *)at;
	BYTE *serial = (BYTE *)(e + x->n);

	at = (char *)serial + x->serial.n;
	for (size_t k = 0; k < x->serial.n; k++)
		serial[k] = x->serial.p[x->serial.n - 1 - k];
	i->dwVersion = (DWORD)x->version;
	i->SerialNumber = (struct CRYPT_BLOB){ (DWORD)x->serial.n, serial };
	i->SignatureAlgorithm.pszObjId = oid(x->algorithm, &at);
	i->SignatureAlgorithm.Parameters = blob(x->algorithm_more);
	i->Issuer = blob(x->issuer);
	i->Subject = blob(x->subject);
	i->NotBefore = clock_filetime(x->from);
	i->NotAfter = clock_filetime(x->until);
	i->SubjectPublicKeyInfo.Algorithm.pszObjId = oid(x->key_algorithm, &at);
	i->SubjectPublicKeyInfo.Algorithm.Parameters = blob(x->key_more);
	i->SubjectPublicKeyInfo.PublicKey = bits(x->key);
	i->IssuerUniqueId = bits(x->issuer_id);
	i->SubjectUniqueId = bits(x->subject_id);
	i->cExtension = (DWORD)x->n;
	i->rgExtension = x->n ? e : NULL;
	for (size_t k = 0; k < x->n; k++)
		e[k] = (struct CERT_EXTENSION){ oid(x->extension[k].oid, &at),
			                        x->extension[k].critical,
			                        blob(x->extension[k].value) };
}

struct crypt32_cert *
crypt32_cert_new(const BYTE *p, size_t n)
{
	struct x509 x;

	if (!x509_read(&x, p, n)) {
		last_error(CRYPT_E_ASN1_BADTAG);
		return NULL;
	}
	n = x.raw.n;
	size_t at = (n + 15) & ~(size_t)15;
	size_t more = x.n * sizeof(struct CERT_EXTENSION) + x.serial.n + room(x.algorithm) +
	              room(x.key_algorithm);
	for (size_t k = 0; k < x.n; k++)
		more += room(x.extension[k].oid);
	struct crypt32_cert *c = calloc(1, sizeof *c + at + more + 16);
	if (!c) {
		last_error(ERROR_NOT_ENOUGH_MEMORY);
		return NULL;
	}
	char *base = (char *)(((uintptr_t)c->bytes + 15) & ~(uintptr_t)15);
	memcpy(base, p, n);
	(void)x509_read(&c->x, (const uint8_t *)base, n);
	describe(c, base + at);
	c->refs = 1;
	c->context =
	        (struct CERT_CONTEXT){ X509_ASN_ENCODING, (BYTE *)base, (DWORD)n, &c->info, NULL };
	return c;
}

void
crypt32_cert_free(struct crypt32_cert *c)
{
	for (struct crypt32_property *p = c->properties, *next; p; p = next) {
		next = p->next;
		free(p);
	}
	crypt32_key_free(&c->key);
	free(c);
}

struct crypt32_cert *
crypt32_cert_ref(struct crypt32_cert *c)
{
	steady_lock(&crypt32_lock);
	if (!c->refs++ && c->context.hCertStore)
		crypt32_store_held(c->context.hCertStore);
	steady_unlock(&crypt32_lock);
	return c;
}

void
crypt32_cert_unref(struct crypt32_cert *c)
{
	struct crypt32_store *s = c->context.hCertStore;

	steady_lock(&crypt32_lock);
	if (--c->refs == 0) {
		if (!c->listed)
			crypt32_cert_free(c);
		if (s)
			crypt32_store_left(s);
	}
	steady_unlock(&crypt32_lock);
}

WINAPI const struct CERT_CONTEXT *
crypt32_CertCreateCertificateContext(DWORD encoding, const BYTE *p, DWORD n)
{
	if (!(encoding & X509_ASN_ENCODING) || !p) {
		last_error(CRYPT_E_INVALID_ARGUMENT);
		return NULL;
	}
	struct crypt32_cert *c = crypt32_cert_new(p, n);
	return c ? &c->context : NULL;
}

WINAPI const struct CERT_CONTEXT *
crypt32_CertDuplicateCertificateContext(const struct CERT_CONTEXT *c)
{
	return c ? &crypt32_cert_ref((struct crypt32_cert *)c)->context : NULL;
}

WINAPI BOOL
crypt32_CertFreeCertificateContext(const struct CERT_CONTEXT *c)
{
	if (c)
		crypt32_cert_unref((struct crypt32_cert *)c);
	return TRUE;
}

WINAPI BOOL
crypt32_CertFreeCRLContext(const void *c)
{
	(void)c; /* there are none */
	return TRUE;
}

/* -- properties ------------------------------------------------------------------------------ */

void
crypt32_cert_hash(const struct crypt32_cert *c, DWORD property, BYTE out[64], DWORD *n)
{
	enum digest_kind kind = property == CERT_MD5_HASH_PROP_ID      ? DIGEST_MD5
	                        : property == CERT_SHA256_HASH_PROP_ID ? DIGEST_SHA256
	                                                               : DIGEST_SHA1;
	bool key = property == CERT_KEY_IDENTIFIER_PROP_ID;
	struct x509_span v = c->x.known[X509_SUBJECT_KEY], of = key ? c->x.key_all : c->x.raw;
	struct x509_element id;
	struct digest d;

	if (key && v.p && x509_take(&v, 4, &id) && id.in.n <= 64) {
		*n = (DWORD)id.in.n;
		memcpy(out, id.in.p, id.in.n);
		return;
	}
	digest_start(&d, kind);
	digest_add(&d, of.p, of.n);
	digest_end(&d, out);
	*n = (DWORD)digest_size(kind);
}

BOOL
crypt32_hand(const void *from, DWORD n, void *out, DWORD *size)
{
	DWORD have = *size;

	*size = n;
	if (out && have < n)
		return refuse(ERROR_MORE_DATA);
	if (out)
		memcpy(out, from, n);
	return TRUE;
}

struct crypt32_property *
crypt32_cert_property(struct crypt32_cert *c, DWORD id)
{
	struct crypt32_property *p = c->properties;
	while (p && p->id != id)
		p = p->next;
	return p;
}

static struct crypt32_property **
find(struct crypt32_cert *c, DWORD id)
{
	struct crypt32_property **p = &c->properties;
	while (*p && (*p)->id != id)
		p = &(*p)->next;
	return p;
}

WINAPI BOOL
crypt32_CertGetCertificateContextProperty(const struct CERT_CONTEXT *context, DWORD id, void *out,
                                          DWORD *size)
{
	struct crypt32_cert *c = (struct crypt32_cert *)context;
	BYTE hash[64];
	DWORD n;

	if (!c || !size)
		return refuse(CRYPT_E_INVALID_ARGUMENT);
	if (crypt32_key_property(id))
		return crypt32_key_get(c, id, out, size);
	/* memory of the program is touched without the lock */
	steady_lock(&crypt32_lock);
	struct crypt32_property *p = crypt32_cert_property(c, id),
	                        *copy = p ? malloc(sizeof *p + p->n) : NULL;
	if (copy)
		memcpy(copy, p, sizeof *p + p->n);
	steady_unlock(&crypt32_lock);
	if (p) {
		BOOL ok = copy ? crypt32_hand(copy->data, copy->n, out, size)
		               : refuse(ERROR_NOT_ENOUGH_MEMORY);
		free(copy);
		return ok;
	}
	if (id != CERT_SHA1_HASH_PROP_ID && id != CERT_MD5_HASH_PROP_ID &&
	    id != CERT_KEY_IDENTIFIER_PROP_ID && id != CERT_SHA256_HASH_PROP_ID)
		return refuse(CRYPT_E_NOT_FOUND);
	crypt32_cert_hash(c, id, hash, &n);
	return crypt32_hand(hash, n, out, size);
}

void
crypt32_cert_attach(struct crypt32_cert *c, DWORD id, struct crypt32_property *p)
{
	steady_lock(&crypt32_lock);
	struct crypt32_property **at = find(c, id), *old = *at;
	if (old)
		*at = old->next;
	if (p) {
		p->next = c->properties;
		c->properties = p;
	}
	steady_unlock(&crypt32_lock);
	free(old);
}

WINAPI BOOL
crypt32_CertSetCertificateContextProperty(const struct CERT_CONTEXT *context, DWORD id, DWORD flags,
                                          const void *value)
{
	struct crypt32_cert *c = (struct crypt32_cert *)context;
	const struct CRYPT_BLOB *data = value;
	struct crypt32_property *p = NULL;

	if (!c || !id)
		return refuse(CRYPT_E_INVALID_ARGUMENT);
	if (crypt32_key_property(id))
		return crypt32_key_set(c, id, flags, value);
	if (data) {
		p = malloc(sizeof *p + data->cbData);
		if (!p)
			return refuse(ERROR_NOT_ENOUGH_MEMORY);
		p->id = id;
		p->n = data->cbData;
		memcpy(p->data, data->pbData, data->cbData);
	}
	crypt32_cert_attach(c, id, p);
	return TRUE;
}

/* -- questions ---------------------------------------------------------------------------------- */

struct CERT_ENHKEY_USAGE {
	DWORD cUsageIdentifier;
	char **rgpszUsageIdentifier;
};

WINAPI BOOL
crypt32_CertGetEnhancedKeyUsage(const struct CERT_CONTEXT *context, DWORD flags,
                                struct CERT_ENHKEY_USAGE *out, DWORD *size)
{
	const struct crypt32_cert *c = (const struct crypt32_cert *)context;
	struct x509_element all, e;
	DWORD n = 0, need = sizeof *out;

	(void)flags; /* of an extension and a property there is only the extension */
	if (!c || !size)
		return refuse(CRYPT_E_INVALID_ARGUMENT);
	struct x509_span v = c->x.known[X509_ENHANCED];
	bool has = v.p && x509_take(&v, 0x30, &all);
	for (struct x509_span s = has ? all.in : (struct x509_span){ 0 }; x509_take(&s, 6, &e); n++)
		need += (DWORD)(sizeof(char *) + x509_oid_text(e.in, NULL, 0));
	DWORD have = *size;
	*size = need;
	if (!out)
		return TRUE;
	if (have < need)
		return refuse(ERROR_MORE_DATA);
	out->cUsageIdentifier = n;
	out->rgpszUsageIdentifier = (char **)(out + 1);
	char *text = (char *)(out->rgpszUsageIdentifier + n);
	for (DWORD i = 0; i < n && x509_take(&all.in, 6, &e); i++) {
		out->rgpszUsageIdentifier[i] = text;
		text += x509_oid_text(e.in, text, 4096);
	}
	/* without any: for everything, or for nothing */
	last_error(has ? ERROR_SUCCESS : CRYPT_E_NOT_FOUND);
	return TRUE;
}

WINAPI LONG
crypt32_CertVerifyTimeValidity(const struct FILETIME *when, const struct CERT_INFO *i)
{
	int64_t t = when ? clock_of(when) : clock_now();

	return t < clock_of(&i->NotBefore) ? -1 : t > clock_of(&i->NotAfter);
}

WINAPI const struct CERT_EXTENSION *
crypt32_CertFindExtension(const char *id, DWORD n, const struct CERT_EXTENSION *e)
{
	for (DWORD i = 0; id && i < n; i++)
		if (!strcmp(e[i].pszObjId, id))
			return &e[i];
	if (!id)
		last_error(CRYPT_E_INVALID_ARGUMENT);
	return NULL;
}

WINAPI BOOL
crypt32_CertCompareCertificateName(DWORD encoding, const struct CRYPT_BLOB *a,
                                   const struct CRYPT_BLOB *b)
{
	(void)encoding;
	return a->cbData == b->cbData && !memcmp(a->pbData, b->pbData, a->cbData);
}

/* By who issued it and the number that he gave it. */
WINAPI BOOL
crypt32_CertCompareCertificate(DWORD encoding, const struct CERT_INFO *a, const struct CERT_INFO *b)
{
	return crypt32_CertCompareCertificateName(encoding, &a->Issuer, &b->Issuer) &&
	       crypt32_CertCompareCertificateName(encoding, &a->SerialNumber, &b->SerialNumber);
}
