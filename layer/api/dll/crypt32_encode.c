/* SPDX-License-Identifier: Apache-2.0 */
/* Structures become DER. */
#include <stdlib.h>

#include "layer/api/dll/crypt32_code.h"
#include "layer/api/nt/clock.h"
#include "layer/api/nt/crypto/rsablob.h"
#include "layer/api/nt/text/nls.h"

enum { CONTEXT_0 = DER_CONTEXT | DER_MADE };

/* -- parts ------------------------------------------------------------------------------------------- */

/* Without parameters there is NULL, but for signatures of curves: RFC 5758 3.2. */
static void
algorithm(struct der *d, const struct CRYPT_ALGORITHM_IDENTIFIER *a)
{
	der_begin(d, DER_SEQUENCE);
	der_oid(d, a->pszObjId ? a->pszObjId : "");
	if (a->Parameters.cbData)
		der_raw(d, a->Parameters.pbData, a->Parameters.cbData);
	else if (!a->pszObjId || strncmp(a->pszObjId, "1.2.840.10045.4.", 16))
		der_put(d, DER_NULL, NULL, 0);
	der_end(d);
}

static void
bits(struct der *d, const struct CRYPT_BIT_BLOB *b)
{
	der_bits(d, b->pbData, b->cbData, b->cUnusedBits);
}

/* With the lowest byte first; `sign`: as it is, or else a positive one. */
static void
turned(struct der *d, const struct CRYPT_BLOB *b, bool sign)
{
	BYTE *p = malloc(b->cbData + 1u);
	size_t n = b->cbData, skip = 0;
	if (!p) {
		d->bad = true;
		return;
	}
	if (n)
		memcpy(p, b->pbData, n);
	rsablob_turn(p, n);
	if (sign && n) {
		/* X.690 8.3.2: not nine equal bits at its beginning */
		while (skip + 1 < n && ((p[skip] == 0 && !(p[skip + 1] & 0x80)) ||
		                        (p[skip] == 0xff && p[skip + 1] & 0x80)))
			skip++;
		der_put(d, DER_INTEGER, p + skip, n - skip);
	} else {
		der_integer(d, p, n);
	}
	free(p);
}

/* -- simple ones --------------------------------------------------------------------------------------- */

void
crypt32_encode_octets(struct der *d, const void *from)
{
	const struct CRYPT_BLOB *b = from;
	der_put(d, DER_OCTETS, b->pbData, b->cbData);
}

void
crypt32_encode_bits(struct der *d, const void *from)
{
	bits(d, from);
}

/* Named bits have no zeros at their end: X.690 11.2.2. */
void
crypt32_encode_key_usage(struct der *d, const void *from)
{
	const struct CRYPT_BIT_BLOB *b = from;
	size_t n = b->cbData;
	unsigned unused = 0;
	while (n && !b->pbData[n - 1])
		n--;
	while (n && !(b->pbData[n - 1] >> unused & 1))
		unused++;
	der_bits(d, b->pbData, n, unused);
}

void
crypt32_encode_number(struct der *d, const void *from)
{
	LONG v;
	memcpy(&v, from, sizeof v);
	struct CRYPT_BLOB b = { sizeof v, (BYTE *)&v };
	turned(d, &b, true);
}

void
crypt32_encode_integer(struct der *d, const void *from)
{
	turned(d, from, true);
}

void
crypt32_encode_unsigned(struct der *d, const void *from)
{
	turned(d, from, false);
}

void
crypt32_encode_time(struct der *d, const void *from)
{
	der_time(d, clock_of(from));
}

void
crypt32_encode_oid(struct der *d, const void *from)
{
	der_oid(d, *(const char *const *)from);
}

void
crypt32_encode_algorithm(struct der *d, const void *from)
{
	algorithm(d, from);
}

/* -- keys ------------------------------------------------------------------------------------------------ */

void
crypt32_encode_public_key(struct der *d, const void *from)
{
	const struct CERT_PUBLIC_KEY_INFO *i = from;
	der_begin(d, DER_SEQUENCE);
	algorithm(d, &i->Algorithm);
	bits(d, &i->PublicKey);
	der_end(d);
}

void
crypt32_encode_private_key(struct der *d, const void *from)
{
	const struct CRYPT_PRIVATE_KEY_INFO *i = from;
	der_begin(d, DER_SEQUENCE);
	der_number(d, i->Version);
	algorithm(d, &i->Algorithm);
	der_put(d, DER_OCTETS, i->PrivateKey.pbData, i->PrivateKey.cbData);
	if (i->pAttributes)
		d->bad = true;
	der_end(d);
}

/* How long a blob is, it says itself. */
static void
csp_blob(struct der *d, const BYTE *p, bool private)
{
	struct keypair k = { 0 };
	DWORD bit_count;
	memcpy(&bit_count, p + 12, sizeof bit_count);
	size_t size = bit_count / 8, half = (size + 1) / 2;
	size_t n = 12 + size + (private ? size + 5 * half : 0);
	if (p[0] == (private ? 7 : 6) && bit_count <= RSAKEY_MOST &&
	    rsablob_read(&k, (struct x509_span){ p + 8, n }, private))
		(private ? keypair_put_rsa_private : keypair_put_rsa_public)(&k, d);
	else
		d->bad = true;
	keypair_clear(&k);
}

void
crypt32_encode_csp_public(struct der *d, const void *from)
{
	csp_blob(d, from, false);
}

void
crypt32_encode_csp_private(struct der *d, const void *from)
{
	csp_blob(d, from, true);
}

void
crypt32_encode_ecc_signature(struct der *d, const void *from)
{
	const struct CRYPT_BLOB *both = from;
	der_begin(d, DER_SEQUENCE);
	turned(d, &both[0], false);
	turned(d, &both[1], false);
	der_end(d);
}

/* -- certificates ---------------------------------------------------------------------------------------- */

static void
extensions(struct der *d, DWORD n, const struct CERT_EXTENSION *e)
{
	der_begin(d, DER_SEQUENCE);
	for (DWORD i = 0; i < n; i++) {
		der_begin(d, DER_SEQUENCE);
		der_oid(d, e[i].pszObjId ? e[i].pszObjId : "");
		if (e[i].fCritical)
			der_put(d, DER_BOOLEAN, "\xff", 1);
		der_put(d, DER_OCTETS, e[i].Value.pbData, e[i].Value.cbData);
		der_end(d);
	}
	der_end(d);
}

void
crypt32_encode_extensions(struct der *d, const void *from)
{
	const struct {
		DWORD n;
		struct CERT_EXTENSION *list;
	} *x = from;
	extensions(d, x->n, x->list);
}

void
crypt32_encode_usages(struct der *d, const void *from)
{
	const struct {
		DWORD n;
		char **list;
	} *x = from;
	der_begin(d, DER_SEQUENCE);
	for (DWORD i = 0; i < x->n; i++)
		der_oid(d, x->list[i]);
	der_end(d);
}

void
crypt32_encode_basic_constraints(struct der *d, const void *from)
{
	const struct CERT_BASIC_CONSTRAINTS2_INFO *i = from;
	der_begin(d, DER_SEQUENCE);
	if (i->fCA)
		der_put(d, DER_BOOLEAN, "\xff", 1);
	if (i->fPathLenConstraint)
		der_number(d, i->dwPathLenConstraint);
	der_end(d);
}

static void
text8(struct der *d, BYTE tag, const WCHAR *s)
{
	char *text = s ? nls_utf8(s) : NULL;
	if (text)
		der_put(d, tag, text, strlen(text));
	else
		d->bad = true;
	free(text);
}

static void
alt_name(struct der *d, const struct CERT_ALT_NAME_ENTRY *e)
{
	struct der oid = { 0 };
	switch (e->dwAltNameChoice) {
	case 2:
	case 3:
	case 7: text8(d, (BYTE)(DER_CONTEXT + e->dwAltNameChoice - 1), e->pwszText); return;
	case 8: der_put(d, 0x87, e->Blob.pbData, e->Blob.cbData); return;
	case 5: der_put(d, 0xa4, e->Blob.pbData, e->Blob.cbData); return;
	case 9:
		der_oid(&oid, e->pszRegisteredID);
		d->bad |= oid.bad;
		if (!oid.bad)
			oid.p[0] = 0x88;
		der_raw(d, oid.p, oid.bad ? 0 : oid.n);
		der_free(&oid);
		return;
	case 1:
		der_begin(d, CONTEXT_0);
		der_oid(d, e->pOtherName->pszObjId);
		der_put(d, CONTEXT_0, e->pOtherName->Value.pbData, e->pOtherName->Value.cbData);
		der_end(d);
		return;
	}
	d->bad = true;
}

void
crypt32_encode_alt_name(struct der *d, const void *from)
{
	const struct {
		DWORD n;
		struct CERT_ALT_NAME_ENTRY *list;
	} *x = from;
	der_begin(d, DER_SEQUENCE);
	for (DWORD i = 0; i < x->n; i++)
		alt_name(d, &x->list[i]);
	der_end(d);
}

/* RFC 5280 4.1: what is signed. */
void
crypt32_encode_info(struct der *d, const void *from)
{
	const struct CERT_INFO *i = from;
	der_begin(d, DER_SEQUENCE);
	if (i->dwVersion) {
		der_begin(d, CONTEXT_0);
		der_number(d, i->dwVersion);
		der_end(d);
	}
	turned(d, &i->SerialNumber, true);
	algorithm(d, &i->SignatureAlgorithm);
	der_raw(d, i->Issuer.pbData, i->Issuer.cbData);
	der_begin(d, DER_SEQUENCE);
	der_time(d, clock_of(&i->NotBefore));
	der_time(d, clock_of(&i->NotAfter));
	der_end(d);
	der_raw(d, i->Subject.pbData, i->Subject.cbData);
	crypt32_encode_public_key(d, &i->SubjectPublicKeyInfo);
	if (i->cExtension) {
		der_begin(d, CONTEXT_0 | 3);
		extensions(d, i->cExtension, i->rgExtension);
		der_end(d);
	}
	der_end(d);
}

void
crypt32_encode_signed(struct der *d, const void *from)
{
	const struct CERT_SIGNED_CONTENT_INFO *i = from;
	BYTE *p = malloc(i->Signature.cbData + 1u);
	if (!p) {
		d->bad = true;
		return;
	}
	if (i->Signature.cbData)
		memcpy(p, i->Signature.pbData, i->Signature.cbData);
	rsablob_turn(p, i->Signature.cbData);
	der_begin(d, DER_SEQUENCE);
	der_raw(d, i->ToBeSigned.pbData, i->ToBeSigned.cbData);
	algorithm(d, &i->SignatureAlgorithm);
	der_bits(d, p, i->Signature.cbData, i->Signature.cUnusedBits);
	der_end(d);
	free(p);
}

/* -- names -------------------------------------------------------------------------------------------------- */

static const BYTE tags[] = { 0,  0,  DER_OCTETS, 18, DER_PRINTABLE, DER_T61, 21, DER_IA5,
	                     25, 26, 27,         28, DER_BMP,       DER_UTF8 };

static size_t
wide_length(const struct CRYPT_BLOB *b)
{
	return b->cbData ? b->cbData / 2 : b->pbData ? nls_length((WCHAR *)(void *)b->pbData) : 0;
}

/* In the high byte's order; the type says what the program has: bytes, or UTF-16. */
static void
value(struct der *d, const struct CERT_RDN_ATTR *a, bool wide)
{
	DWORD type = a->dwValueType & 0xff;
	const WCHAR *text = (const WCHAR *)(const void *)a->Value.pbData;
	if (type == 1) { /* encoded already */
		der_raw(d, a->Value.pbData, a->Value.cbData);
	} else if (type >= sizeof tags || (!wide && type < 2)) {
		d->bad = true;
	} else if (type == 12) {
		der_begin(d, DER_BMP);
		for (size_t i = 0; i < wide_length(&a->Value); i++)
			der_raw(d, (BYTE[2]){ (BYTE)(text[i] >> 8), (BYTE)text[i] }, 2);
		der_end(d);
	} else if (!wide) {
		der_put(d, tags[type], a->Value.pbData, a->Value.cbData);
	} else {
		char *s = NULL;
		size_t n = wide_length(&a->Value), m = nls_8_of_16(text, n, NULL, 0, NULL);
		if (!(s = malloc(m + 1))) {
			d->bad = true;
			return;
		}
		nls_8_of_16(text, n, s, m, NULL);
		der_put(d, type ? tags[type] : DER_UTF8, s, m);
		free(s);
	}
}

static void
name(struct der *d, const struct CERT_NAME_INFO *n, bool wide)
{
	der_begin(d, DER_SEQUENCE);
	for (DWORD i = 0; i < n->cRDN; i++) {
		der_begin(d, DER_SET);
		for (DWORD k = 0; k < n->rgRDN[i].cRDNAttr; k++) {
			const struct CERT_RDN_ATTR *a = &n->rgRDN[i].rgRDNAttr[k];
			der_begin(d, DER_SEQUENCE);
			der_oid(d, a->pszObjId ? a->pszObjId : "");
			value(d, a, wide);
			der_end(d);
		}
		der_end(d);
	}
	der_end(d);
}

void
crypt32_encode_name(struct der *d, const void *from)
{
	name(d, from, false);
}

void
crypt32_encode_wide_name(struct der *d, const void *from)
{
	name(d, from, true);
}
