/* SPDX-License-Identifier: Apache-2.0 */
/* DER becomes structures. */
#include <stdlib.h>

#include "layer/api/dll/bcrypt.h"
#include "layer/api/dll/crypt32_code.h"
#include "layer/api/nt/clock.h"
#include "layer/api/nt/crypto/rsablob.h"
#include "layer/api/nt/text/nls.h"

enum { NO_SIGNATURE_REVERSAL = 8, CONTEXT_0 = DER_CONTEXT | DER_MADE };

#define PLACE(o, type) crypt32_code_place(o, sizeof(type))

/* -- parts ------------------------------------------------------------------------------------------- */

static BYTE *
copy(struct crypt32_room *o, const void *p, size_t n)
{
	BYTE *to = crypt32_code_place(o, n);
	crypt32_code_keep(to, p, n);
	return to;
}

static struct CRYPT_BLOB
blob(struct crypt32_room *o, struct x509_span s)
{
	return (struct CRYPT_BLOB){ (DWORD)s.n, copy(o, s.p, s.n) };
}

/* The lowest byte first. */
static struct CRYPT_BLOB
turned(struct crypt32_room *o, struct x509_span s)
{
	struct CRYPT_BLOB b = blob(o, s);
	if (b.pbData)
		rsablob_turn(b.pbData, s.n);
	return b;
}

static char *
oid_text(struct crypt32_room *o, struct x509_span oid)
{
	size_t n = x509_oid_text(oid, NULL, 0);
	char *to = crypt32_code_place(o, n);
	if (to)
		x509_oid_text(oid, to, n);
	return to;
}

static WCHAR *
wide_text(struct crypt32_room *o, struct x509_span s)
{
	size_t n = nls_16_of_8((const char *)s.p, s.n, NULL, 0, NULL);
	WCHAR *to = crypt32_code_place(o, (n + 1) * sizeof *to);
	if (to) {
		nls_16_of_8((const char *)s.p, s.n, to, n, NULL);
		to[n] = 0;
	}
	return to;
}

static bool
algorithm(struct crypt32_room *o, struct x509_span *from, struct CRYPT_ALGORITHM_IDENTIFIER *out)
{
	struct x509_element all, oid;
	if (!x509_take(from, DER_SEQUENCE, &all) || !x509_take(&all.in, DER_OID, &oid))
		return false;
	out->pszObjId = oid_text(o, oid.in);
	out->Parameters = blob(o, all.in);
	return true;
}

static bool
bits(struct crypt32_room *o, struct x509_span *from, bool turn, struct CRYPT_BIT_BLOB *out)
{
	struct x509_element e;
	if (!x509_take(from, DER_BITS, &e) || !e.in.n || e.in.p[0] > 7 ||
	    (e.in.p[0] && e.in.n == 1))
		return false;
	struct x509_span s = { e.in.p + 1, e.in.n - 1 };
	struct CRYPT_BLOB b = turn ? turned(o, s) : blob(o, s);
	*out = (struct CRYPT_BIT_BLOB){ b.cbData, b.pbData, e.in.p[0] };
	return true;
}

static size_t
count(struct x509_span from)
{
	struct x509_element e;
	size_t n = 0;
	while (x509_next(&from, &e))
		n++;
	return n;
}

/* -- simple ones --------------------------------------------------------------------------------------- */

bool
crypt32_decode_octets(struct crypt32_room *o, struct x509_span in)
{
	void *at = PLACE(o, struct CRYPT_BLOB);
	struct x509_element e;
	if (!x509_take(&in, DER_OCTETS, &e))
		return false;
	struct CRYPT_BLOB b = blob(o, e.in);
	crypt32_code_keep(at, &b, sizeof b);
	return true;
}

bool
crypt32_decode_bits(struct crypt32_room *o, struct x509_span in)
{
	void *at = PLACE(o, struct CRYPT_BIT_BLOB);
	struct CRYPT_BIT_BLOB b;
	if (!bits(o, &in, false, &b))
		return false;
	crypt32_code_keep(at, &b, sizeof b);
	return true;
}

bool
crypt32_decode_key_usage(struct crypt32_room *o, struct x509_span in)
{
	return crypt32_decode_bits(o, in);
}

bool
crypt32_decode_number(struct crypt32_room *o, struct x509_span in)
{
	void *at = PLACE(o, LONG);
	struct x509_element e;
	if ((!x509_take(&in, DER_INTEGER, &e) && !x509_take(&in, 10, &e)) || !e.in.n || e.in.n > 4)
		return false;
	DWORD v = e.in.p[0] & 0x80 ? 0xffffffff : 0;
	for (size_t i = 0; i < e.in.n; i++)
		v = v << 8 | e.in.p[i];
	crypt32_code_keep(at, &v, sizeof v);
	return true;
}

static bool
decode_integer(struct crypt32_room *o, struct x509_span in, bool unsigned_one)
{
	void *at = PLACE(o, struct CRYPT_BLOB);
	struct x509_element e;
	if (!x509_take(&in, DER_INTEGER, &e) || !e.in.n)
		return false;
	for (; unsigned_one && e.in.n > 1 && !*e.in.p; e.in.p++)
		e.in.n--;
	struct CRYPT_BLOB b = turned(o, e.in);
	crypt32_code_keep(at, &b, sizeof b);
	return true;
}

bool
crypt32_decode_integer(struct crypt32_room *o, struct x509_span in)
{
	return decode_integer(o, in, false);
}

bool
crypt32_decode_unsigned(struct crypt32_room *o, struct x509_span in)
{
	return decode_integer(o, in, true);
}

bool
crypt32_decode_time(struct crypt32_room *o, struct x509_span in)
{
	void *at = PLACE(o, struct FILETIME);
	int64_t t;
	if (!x509_time(&in, &t))
		return false;
	struct FILETIME f = clock_filetime(t);
	crypt32_code_keep(at, &f, sizeof f);
	return true;
}

bool
crypt32_decode_oid(struct crypt32_room *o, struct x509_span in)
{
	void *at = PLACE(o, char *);
	struct x509_element e;
	if (!x509_take(&in, DER_OID, &e))
		return false;
	char *text = oid_text(o, e.in);
	crypt32_code_keep(at, &text, sizeof text);
	return true;
}

bool
crypt32_decode_algorithm(struct crypt32_room *o, struct x509_span in)
{
	void *at = PLACE(o, struct CRYPT_ALGORITHM_IDENTIFIER);
	struct CRYPT_ALGORITHM_IDENTIFIER a;
	if (!algorithm(o, &in, &a))
		return false;
	crypt32_code_keep(at, &a, sizeof a);
	return true;
}

/* -- keys ------------------------------------------------------------------------------------------------ */

bool
crypt32_decode_public_key(struct crypt32_room *o, struct x509_span in)
{
	void *at = PLACE(o, struct CERT_PUBLIC_KEY_INFO);
	struct CERT_PUBLIC_KEY_INFO i;
	struct x509_element all;
	if (!x509_take(&in, DER_SEQUENCE, &all) || !algorithm(o, &all.in, &i.Algorithm) ||
	    !bits(o, &all.in, false, &i.PublicKey))
		return false;
	crypt32_code_keep(at, &i, sizeof i);
	return true;
}

bool
crypt32_decode_private_key(struct crypt32_room *o, struct x509_span in)
{
	void *at = PLACE(o, struct CRYPT_PRIVATE_KEY_INFO);
	struct CRYPT_PRIVATE_KEY_INFO i = { 0 };
	struct x509_element all, version, key;
	if (!x509_take(&in, DER_SEQUENCE, &all) || !x509_take(&all.in, DER_INTEGER, &version) ||
	    version.in.n != 1 || version.in.p[0] & 0x80 || !algorithm(o, &all.in, &i.Algorithm) ||
	    !x509_take(&all.in, DER_OCTETS, &key))
		return false;
	i.Version = version.in.p[0];
	i.PrivateKey = blob(o, key.in);
	crypt32_code_keep(at, &i, sizeof i);
	return true;
}

/* BLOBHEADER and what CryptoAPI has behind it. */
static bool
csp_blob(struct crypt32_room *o, const struct keypair *k, bool private)
{
	struct der d = { 0 };
	der_raw(&d, (BYTE[8]){ private ? 7 : 6, 2, 0, 0, 0x00, 0xa4, 0, 0 }, 8); /* CALG_RSA_KEYX */
	rsablob_put(k, private, &d);
	bool ok = !d.bad;
	if (ok)
		copy(o, d.p, d.n);
	der_free(&d);
	return ok;
}

bool
crypt32_decode_csp_public(struct crypt32_room *o, struct x509_span in)
{
	struct keypair k = { 0 };
	bool ok = keypair_read_rsa_public(&k, in) && csp_blob(o, &k, false);
	keypair_clear(&k);
	return ok;
}

bool
crypt32_decode_csp_private(struct crypt32_room *o, struct x509_span in)
{
	struct keypair k = { 0 };
	bool ok = keypair_read_rsa_private(&k, in) && csp_blob(o, &k, true);
	keypair_clear(&k);
	return ok;
}

bool
crypt32_decode_cng_public(struct crypt32_room *o, struct x509_span in)
{
	struct keypair k = { 0 };
	ULONG n = 0;
	if (!keypair_read_rsa_public(&k, in))
		return false;
	struct bcrypt_pair *p = bcrypt_pair_of("RSA", &k);
	keypair_clear(&k);
	if (!p)
		return false;
	NTSTATUS s = bcrypt_pair_export(p, u"RSAPUBLICBLOB", NULL, 0, &n);
	BYTE *at = crypt32_code_place(o, n);
	if (s >= 0 && at)
		s = bcrypt_pair_export(p, u"RSAPUBLICBLOB", at, n, &n);
	bcrypt_pair_destroy(p);
	return s >= 0;
}

bool
crypt32_decode_ecc_signature(struct crypt32_room *o, struct x509_span in)
{
	struct CRYPT_BLOB both[2];
	void *at = crypt32_code_place(o, sizeof both);
	struct x509_element all, e;
	if (!x509_take(&in, DER_SEQUENCE, &all))
		return false;
	for (int i = 0; i < 2; i++) {
		if (!x509_take(&all.in, DER_INTEGER, &e) || !e.in.n)
			return false;
		for (; e.in.n > 1 && !*e.in.p; e.in.p++)
			e.in.n--;
		both[i] = turned(o, e.in);
	}
	crypt32_code_keep(at, both, sizeof both);
	return true;
}

/* -- certificates ---------------------------------------------------------------------------------------- */

bool
crypt32_decode_signed(struct crypt32_room *o, struct x509_span in)
{
	void *at = PLACE(o, struct CERT_SIGNED_CONTENT_INFO);
	struct CERT_SIGNED_CONTENT_INFO i;
	struct x509_element all, inner;
	bool turn = !(o->flags & NO_SIGNATURE_REVERSAL);
	if (!x509_take(&in, DER_SEQUENCE, &all) || !x509_take(&all.in, DER_SEQUENCE, &inner) ||
	    !algorithm(o, &all.in, &i.SignatureAlgorithm) || !bits(o, &all.in, turn, &i.Signature))
		return false;
	i.ToBeSigned = blob(o, inner.whole);
	crypt32_code_keep(at, &i, sizeof i);
	return true;
}

static bool
extension(struct crypt32_room *o, struct x509_span in, struct CERT_EXTENSION *out)
{
	struct x509_element oid, b, value;
	if (!x509_take(&in, DER_OID, &oid))
		return false;
	out->fCritical = x509_take(&in, DER_BOOLEAN, &b) && b.in.n == 1 && b.in.p[0];
	if (!x509_take(&in, DER_OCTETS, &value))
		return false;
	out->pszObjId = oid_text(o, oid.in);
	out->Value = blob(o, value.in);
	return true;
}

bool
crypt32_decode_extensions(struct crypt32_room *o, struct x509_span in)
{
	struct {
		DWORD n;
		struct CERT_EXTENSION *list;
	} head = { 0 };
	void *at = crypt32_code_place(o, sizeof head);
	struct x509_element all, e;
	if (!x509_take(&in, DER_SEQUENCE, &all))
		return false;
	head.n = (DWORD)count(all.in);
	head.list = crypt32_code_place(o, head.n * sizeof *head.list);
	for (DWORD i = 0; i < head.n; i++) {
		struct CERT_EXTENSION x;
		if (!x509_take(&all.in, DER_SEQUENCE, &e) || !extension(o, e.in, &x))
			return false;
		crypt32_code_keep(head.list ? &head.list[i] : NULL, &x, sizeof x);
	}
	crypt32_code_keep(at, &head, sizeof head);
	return !all.in.n;
}

bool
crypt32_decode_usages(struct crypt32_room *o, struct x509_span in)
{
	struct {
		DWORD n;
		char **list;
	} head = { 0 };
	void *at = crypt32_code_place(o, sizeof head);
	struct x509_element all, e;
	if (!x509_take(&in, DER_SEQUENCE, &all))
		return false;
	head.n = (DWORD)count(all.in);
	head.list = crypt32_code_place(o, head.n * sizeof *head.list);
	for (DWORD i = 0; i < head.n; i++) {
		if (!x509_take(&all.in, DER_OID, &e))
			return false;
		char *text = oid_text(o, e.in);
		crypt32_code_keep(head.list ? &head.list[i] : NULL, &text, sizeof text);
	}
	crypt32_code_keep(at, &head, sizeof head);
	return !all.in.n;
}

bool
crypt32_decode_basic_constraints(struct crypt32_room *o, struct x509_span in)
{
	struct CERT_BASIC_CONSTRAINTS2_INFO i = { 0 };
	void *at = crypt32_code_place(o, sizeof i);
	struct x509_element all, e;
	if (!x509_take(&in, DER_SEQUENCE, &all))
		return false;
	i.fCA = x509_take(&all.in, DER_BOOLEAN, &e) && e.in.n == 1 && e.in.p[0];
	i.fPathLenConstraint = x509_take(&all.in, DER_INTEGER, &e);
	if (i.fPathLenConstraint && (e.in.n != 1 || e.in.p[0] & 0x80))
		return false;
	i.dwPathLenConstraint = i.fPathLenConstraint ? e.in.p[0] : 0;
	crypt32_code_keep(at, &i, sizeof i);
	return !all.in.n;
}

/* RFC 5280 4.2.1.6: texts, addresses, names and OIDs; others are left as they are. */
static bool
alt_name(struct crypt32_room *o, const struct x509_element *e, struct CERT_ALT_NAME_ENTRY *out)
{
	struct x509_span in = e->in;
	struct x509_element oid, value;
	*out = (struct CERT_ALT_NAME_ENTRY){ .dwAltNameChoice = (e->tag & 31u) + 1 };
	switch (e->tag) {
	case 0x81:
	case 0x82:
	case 0x86: out->pwszText = wide_text(o, in); return true;
	case 0x87: out->Blob = blob(o, in); return true;
	case 0x88: out->pszRegisteredID = oid_text(o, in); return true;
	case 0xa4: out->Blob = blob(o, in); return true;
	case 0xa0: break;
	default: return false;
	}
	struct CERT_OTHER_NAME other, *at = PLACE(o, struct CERT_OTHER_NAME);
	if (!x509_take(&in, DER_OID, &oid) || !x509_take(&in, CONTEXT_0, &value))
		return false;
	other.pszObjId = oid_text(o, oid.in);
	other.Value = blob(o, value.in);
	crypt32_code_keep(at, &other, sizeof other);
	out->pOtherName = at;
	return true;
}

bool
crypt32_decode_alt_name(struct crypt32_room *o, struct x509_span in)
{
	struct {
		DWORD n;
		struct CERT_ALT_NAME_ENTRY *list;
	} head = { 0 };
	void *at = crypt32_code_place(o, sizeof head);
	struct x509_element all, e;
	if (!x509_take(&in, DER_SEQUENCE, &all))
		return false;
	head.n = (DWORD)count(all.in);
	head.list = crypt32_code_place(o, head.n * sizeof *head.list);
	for (DWORD i = 0; i < head.n; i++) {
		struct CERT_ALT_NAME_ENTRY x;
		if (!x509_next(&all.in, &e) || !alt_name(o, &e, &x))
			return false;
		crypt32_code_keep(head.list ? &head.list[i] : NULL, &x, sizeof x);
	}
	crypt32_code_keep(at, &head, sizeof head);
	return !all.in.n;
}

/* -- names -------------------------------------------------------------------------------------------------- */

/* CERT_RDN_...: of the tags, those that have a number. */
static DWORD
value_type(uint8_t tag)
{
	static const uint8_t tags[] = { [DER_OCTETS] = 2, [18] = 3,  [DER_PRINTABLE] = 4,
		                        [DER_T61] = 5,    [21] = 6,  [DER_IA5] = 7,
		                        [25] = 8,         [26] = 9,  [27] = 10,
		                        [28] = 11,        [30] = 12, [DER_UTF8] = 13 };
	return tag < sizeof tags ? tags[tag] : 0;
}

/* Any text as UTF-16. */
static struct CRYPT_BLOB
wide_value(struct crypt32_room *o, const struct x509_element *e)
{
	if (e->tag != DER_BMP) {
		WCHAR *text = wide_text(o, e->in);
		size_t n = nls_16_of_8((const char *)e->in.p, e->in.n, NULL, 0, NULL);
		return (struct CRYPT_BLOB){ (DWORD)(n * 2), (BYTE *)text };
	}
	size_t n = e->in.n / 2;
	WCHAR *to = crypt32_code_place(o, (n + 1) * 2);
	for (size_t i = 0; to && i < n; i++)
		to[i] = (WCHAR)(e->in.p[2 * i] << 8 | e->in.p[2 * i + 1]);
	if (to)
		to[n] = 0;
	return (struct CRYPT_BLOB){ (DWORD)(n * 2), (BYTE *)to };
}

static bool
attribute(struct crypt32_room *o, struct x509_span in, bool wide, struct CERT_RDN_ATTR *out)
{
	struct x509_element oid, value;
	if (!x509_take(&in, DER_OID, &oid) || !x509_next(&in, &value))
		return false;
	out->pszObjId = oid_text(o, oid.in);
	out->dwValueType = value_type(value.tag);
	out->Value = (wide && out->dwValueType) || value.tag == DER_BMP ? wide_value(o, &value)
	             : out->dwValueType                                 ? blob(o, value.in)
	                                                                : blob(o, value.whole);
	if (!out->dwValueType)
		out->dwValueType = 1; /* CERT_RDN_ENCODED_BLOB */
	return true;
}

static bool
rdn(struct crypt32_room *o, struct x509_span in, bool wide, struct CERT_RDN *out)
{
	struct x509_element e;
	out->cRDNAttr = (DWORD)count(in);
	out->rgRDNAttr = crypt32_code_place(o, out->cRDNAttr * sizeof *out->rgRDNAttr);
	for (DWORD i = 0; i < out->cRDNAttr; i++) {
		struct CERT_RDN_ATTR a;
		if (!x509_take(&in, DER_SEQUENCE, &e) || !attribute(o, e.in, wide, &a))
			return false;
		crypt32_code_keep(out->rgRDNAttr ? &out->rgRDNAttr[i] : NULL, &a, sizeof a);
	}
	return true;
}

static bool
name(struct crypt32_room *o, struct x509_span in, bool wide)
{
	struct CERT_NAME_INFO head = { 0 };
	void *at = crypt32_code_place(o, sizeof head);
	struct x509_element all, e;
	if (!x509_take(&in, DER_SEQUENCE, &all))
		return false;
	head.cRDN = (DWORD)count(all.in);
	head.rgRDN = crypt32_code_place(o, head.cRDN * sizeof *head.rgRDN);
	for (DWORD i = 0; i < head.cRDN; i++) {
		struct CERT_RDN r;
		if (!x509_take(&all.in, DER_SET, &e) || !rdn(o, e.in, wide, &r))
			return false;
		crypt32_code_keep(head.rgRDN ? &head.rgRDN[i] : NULL, &r, sizeof r);
	}
	crypt32_code_keep(at, &head, sizeof head);
	return !all.in.n;
}

bool
crypt32_decode_name(struct crypt32_room *o, struct x509_span in)
{
	return name(o, in, false);
}

bool
crypt32_decode_wide_name(struct crypt32_room *o, struct x509_span in)
{
	return name(o, in, true);
}
