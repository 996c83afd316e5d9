/* SPDX-License-Identifier: Apache-2.0 */
/* Names of a certificate as texts: whose it is, who issued it, its other names.
 *
 * RFC 5280 4.1.2.4 and 4.2.1.6; RFC 4514 as Windows writes it: in the order of the certificate, values
 * with special characters between quotation marks.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "layer/api/dll/crypt32.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/text/utf.h"

WINAPI BOOL crypt32_CertGetCertificateContextProperty(const struct CERT_CONTEXT *context, DWORD id,
                                                      void *out, DWORD *size);

enum { OID = 6, SEQUENCE = 0x30, SET = 0x31, OID_MOST = 128 };
/* CertNameToStr()'s types and flags */
enum {
	CERT_SIMPLE_NAME_STR = 1,
	CERT_OID_NAME_STR,
	CERT_X500_NAME_STR,
	FORMAT = 0xffff,
	REVERSE = 0x02000000,
	COMMA = 0x04000000,
	CRLF = 0x08000000,
	NO_QUOTING = 0x10000000,
	NO_PLUS = 0x20000000,
	SEMICOLON = 0x40000000,
};
/* CertGetNameString()'s */
enum {
	NAME_EMAIL = 1,
	NAME_RDN,
	NAME_ATTR,
	NAME_SIMPLE,
	NAME_FRIENDLY,
	NAME_DNS,
	NAME_URL,
	NAME_UPN
};
enum { NAME_ISSUER = 1, NAME_ALL = 2, CERT_FRIENDLY_NAME_PROP_ID = 11 };
/* tags of a GeneralName */
enum { OTHER_NAME = 0xa0, RFC822 = 0x81, DNS = 0x82, URI = 0x86 };

#define COMMON_NAME   "2.5.4.3"
#define EMAIL_ADDRESS "1.2.840.113549.1.9.1"

static const struct {
	const char *oid;
	const WCHAR *key;
} keys[] = {
	{ COMMON_NAME, u"CN" },
	{ "2.5.4.7", u"L" },
	{ "2.5.4.10", u"O" },
	{ "2.5.4.11", u"OU" },
	{ EMAIL_ADDRESS, u"E" },
	{ "2.5.4.6", u"C" },
	{ "2.5.4.8", u"S" },
	{ "2.5.4.9", u"STREET" },
	{ "2.5.4.12", u"T" },
	{ "2.5.4.42", u"G" },
	{ "2.5.4.43", u"I" },
	{ "2.5.4.4", u"SN" },
	{ "2.5.4.5", u"SERIALNUMBER" },
	{ "2.5.4.13", u"Description" },
	{ "2.5.4.17", u"PostalCode" },
	{ "2.5.4.18", u"POBox" },
	{ "2.5.4.20", u"Phone" },
	{ "0.9.2342.19200300.100.1.25", u"DC" },
};

/* -- texts that grow ------------------------------------------------------------------------------- */

static void
put(struct buf *b, const WCHAR *text)
{
	for (; *text; text++)
		buf_u16(b, *text);
}

static void
put_ascii(struct buf *b, const char *text)
{
	for (; *text; text++)
		buf_u16(b, (uint8_t)*text);
}

/* A string of ASN.1 (X.680 8.1.2); what is none, as its bytes. */
static void
put_value(struct buf *b, const struct x509_element *e)
{
	enum { UTF8 = 12, NUMERIC = 18, VISIBLE = 26, UNIVERSAL = 28, BMP = 30 };
	static const char digits[] = "0123456789abcdef";
	const uint8_t *p = e->in.p;
	size_t n = e->in.n;
	switch (e->tag) {
	case UTF8: {
		WCHAR *w = utf_wide_n((const char *)p, n);
		for (size_t i = 0, k = w ? utf_length(w) : 0; i < k; i++)
			buf_u16(b, w[i]);
		free(w);
		break;
	}
	case BMP:
		for (size_t i = 0; i + 1 < n; i += 2)
			buf_u16(b, (uint16_t)(p[i] << 8 | p[i + 1]));
		break;
	case UNIVERSAL:
		for (size_t i = 0; i + 3 < n; i += 4) {
			uint32_t c = (uint32_t)p[i] << 24 | (uint32_t)p[i + 1] << 16 |
			             p[i + 2] << 8 | p[i + 3];
			if (c > 0xffff && c < 0x110000) {
				buf_u16(b, (uint16_t)(0xd800 + ((c - 0x10000) >> 10)));
				c = 0xdc00 | (c & 0x3ff);
			}
			buf_u16(b, c > 0x10ffff ? 0xfffd : (uint16_t)c);
		}
		break;
	default: /* numeric, printable, T.61, IA5, visible: a byte each */
		if (e->tag < NUMERIC || e->tag > VISIBLE) {
			buf_u16(b, '#');
			for (size_t i = 0; i < e->whole.n; i++) {
				buf_u16(b, (uint8_t)digits[e->whole.p[i] >> 4]);
				buf_u16(b, (uint8_t)digits[e->whole.p[i] & 15]);
			}
			break;
		}
		for (size_t i = 0; i < n; i++)
			buf_u16(b, p[i]);
	}
}

static void
put_quoted(struct buf *b, const struct x509_element *e, DWORD how)
{
	static const WCHAR special[] = u",+=\"\n<>#;";
	struct buf v = { 0 };
	put_value(&v, e);
	const WCHAR *w = (const WCHAR *)(const void *)v.p;
	size_t n = v.n / sizeof *w;
	bool quote = !n || w[0] == ' ' || w[n - 1] == ' ';
	for (size_t i = 0; i < n && !quote; i++)
		for (const WCHAR *s = special; *s && !quote; s++)
			quote = w[i] == *s;
	quote = quote && !(how & NO_QUOTING);
	if (quote)
		buf_u16(b, '"');
	for (size_t i = 0; i < n; i++) {
		buf_u16(b, w[i]);
		if (quote && w[i] == '"')
			buf_u16(b, '"');
	}
	if (quote)
		buf_u16(b, '"');
	buf_free(&v);
}

static void
put_key(struct buf *b, const char *oid, DWORD how)
{
	for (size_t i = 0; (how & FORMAT) == CERT_X500_NAME_STR && i < sizeof keys / sizeof *keys;
	     i++)
		if (!strcmp(oid, keys[i].oid)) {
			put(b, keys[i].key);
			buf_u16(b, '=');
			return;
		}
	if ((how & FORMAT) == CERT_X500_NAME_STR)
		put(b, u"OID.");
	if ((how & FORMAT) != CERT_SIMPLE_NAME_STR) {
		put_ascii(b, oid);
		buf_u16(b, '=');
	}
}

/* -- whole names -------------------------------------------------------------------------------------- */

/* Sets of one name, each of attributes; the sets that it has. */
enum { SETS = 64 };

static size_t
sets_of(struct x509_span name, struct x509_span out[SETS])
{
	struct x509_element all, set;
	size_t n = 0;
	if (x509_take(&name, SEQUENCE, &all))
		while (n < SETS && x509_take(&all.in, SET, &set))
			out[n++] = set.in;
	return n;
}

static bool
next_attribute(struct x509_span *set, char oid[OID_MOST], struct x509_element *value)
{
	struct x509_element pair, id;
	return x509_take(set, SEQUENCE, &pair) && x509_take(&pair.in, OID, &id) &&
	       x509_next(&pair.in, value) && x509_oid_text(id.in, oid, OID_MOST) <= OID_MOST;
}

static void
put_name(struct buf *b, struct x509_span name, DWORD how)
{
	struct x509_span set[SETS];
	struct x509_element value;
	char oid[OID_MOST];
	size_t n = sets_of(name, set);
	const WCHAR *between = how & CRLF ? u"\r\n" : how & SEMICOLON ? u"; " : u", ";
	for (size_t i = 0; i < n; i++) {
		struct x509_span s = set[how & REVERSE ? n - 1 - i : i];
		for (bool first = true; next_attribute(&s, oid, &value); first = false) {
			if (b->n)
				put(b, first ? between : how & NO_PLUS ? u" " : u" + ");
			put_key(b, oid, how);
			put_quoted(b, &value, how);
		}
	}
}

/* The first attribute of a kind; false: it has none. */
static bool
put_attribute(struct buf *b, struct x509_span name, const char *kind)
{
	struct x509_span set[SETS];
	struct x509_element value;
	char oid[OID_MOST];
	size_t n = sets_of(name, set);
	for (size_t i = 0; i < n; i++)
		while (next_attribute(&set[i], oid, &value))
			if (!strcmp(oid, kind)) {
				put_value(b, &value);
				return true;
			}
	return false;
}

/* A text for the program, with its zero; how many units that are.  Without room for all it is cut. */
static DWORD
hand(struct buf *b, WCHAR *out, DWORD room)
{
	buf_u16(b, 0);
	DWORD n = (DWORD)(b->n / sizeof *out);
	if (out && room) {
		n = n < room ? n : room;
		memcpy(out, b->p, n * sizeof *out);
		out[n - 1] = 0;
	}
	buf_free(b);
	return n;
}

/* The same in bytes of the ANSI code page. */
static DWORD
hand_narrow(struct buf *b, char *out, DWORD room)
{
	buf_u16(b, 0);
	const WCHAR *w = (const WCHAR *)(const void *)b->p;
	int units = (int)(b->n / sizeof *w), n = nls_encode(0, 0, w, units, NULL, 0, NULL, NULL);
	char *s = n > 0 ? malloc((size_t)n) : NULL;
	if (s)
		nls_encode(0, 0, w, units, s, n, NULL, NULL);
	buf_free(b);
	DWORD k = s ? (DWORD)n : 1;
	if (out && room) {
		k = k < room ? k : room;
		if (s)
			memcpy(out, s, k);
		out[k - 1] = 0;
	}
	free(s);
	return k;
}

WINAPI DWORD
crypt32_CertNameToStrW(DWORD encoding, const struct CRYPT_BLOB *name, DWORD how, WCHAR *out,
                       DWORD room)
{
	struct buf b = { 0 };
	(void)encoding;
	put_name(&b, (struct x509_span){ name->pbData, name->cbData }, how);
	return hand(&b, out, room);
}

WINAPI DWORD
crypt32_CertNameToStrA(DWORD encoding, const struct CRYPT_BLOB *name, DWORD how, char *out,
                       DWORD room)
{
	struct buf b = { 0 };
	(void)encoding;
	put_name(&b, (struct x509_span){ name->pbData, name->cbData }, how);
	return hand_narrow(&b, out, room);
}

/* -- one name of a certificate -------------------------------------------------------------------------- */

/* Other names of a kind, all of them or the first; each ended by a zero when there may be more. */
static bool
put_others(struct buf *b, struct x509_span v, uint8_t tag, bool all)
{
	static const uint8_t upn[] = { 0x2b, 6, 1, 4, 1, 0x82, 0x37, 20, 2, 3 };
	struct x509_element list, e, id, value;
	bool any = false;
	if (!v.p || !x509_take(&v, SEQUENCE, &list))
		return false;
	while ((all || !any) && x509_next(&list.in, &e)) {
		if (e.tag != tag)
			continue;
		value = e;
		value.tag = 22; /* IA5String */
		if (tag == OTHER_NAME) {
			struct x509_span in = e.in;
			if (!x509_take(&in, OID, &id) ||
			    !x509_same(id.in, (struct x509_span){ upn, sizeof upn }) ||
			    !x509_take(&in, 0xa0, &e) || !x509_next(&e.in, &value))
				continue;
		}
		put_value(b, &value);
		if (all)
			buf_u16(b, 0);
		any = true;
	}
	return any;
}

static struct x509_span
other_names(const struct crypt32_cert *c, bool issuer)
{
	static const uint8_t issuer_names[] = { 0x55, 0x1d, 0x12 };
	const struct x509_span none = { NULL, 0 };
	if (!issuer)
		return c->x.known[X509_NAMES];
	for (size_t i = 0; i < c->x.n; i++)
		if (x509_same(c->x.extension[i].oid,
		              (struct x509_span){ issuer_names, sizeof issuer_names }))
			return c->x.extension[i].value;
	return none;
}

/* For a person to read: the first of these that there is. */
static void
put_simple(struct buf *b, struct x509_span name, struct x509_span others)
{
	static const char *const order[] = { COMMON_NAME, "2.5.4.11", "2.5.4.10", EMAIL_ADDRESS };
	struct x509_span set[SETS];
	struct x509_element value;
	char oid[OID_MOST];
	for (size_t i = 0; i < sizeof order / sizeof *order; i++)
		if (put_attribute(b, name, order[i]))
			return;
	if (put_others(b, others, RFC822, false))
		return;
	if (sets_of(name, set) && next_attribute(&set[0], oid, &value))
		put_value(b, &value);
}

static void
put_friendly(struct buf *b, const struct CERT_CONTEXT *c)
{
	DWORD n = 0;
	if (!crypt32_CertGetCertificateContextProperty(c, CERT_FRIENDLY_NAME_PROP_ID, NULL, &n))
		return;
	WCHAR *w = calloc(1, n + sizeof *w);
	if (w && crypt32_CertGetCertificateContextProperty(c, CERT_FRIENDLY_NAME_PROP_ID, w, &n))
		put(b, w);
	free(w);
}

static void
put_kind(struct buf *b, const struct CERT_CONTEXT *context, DWORD kind, DWORD flags,
         const void *more)
{
	const struct crypt32_cert *c = (const struct crypt32_cert *)context;
	bool issuer = flags & NAME_ISSUER, all = flags & NAME_ALL;
	struct x509_span name = issuer ? c->x.issuer : c->x.subject,
	                 others = other_names(c, issuer);
	switch (kind) {
	case NAME_EMAIL:
		if (!put_others(b, others, RFC822, all))
			put_attribute(b, name, EMAIL_ADDRESS);
		break;
	case NAME_RDN: put_name(b, name, more ? *(const DWORD *)more : CERT_SIMPLE_NAME_STR); break;
	case NAME_ATTR: put_attribute(b, name, more ? more : COMMON_NAME); break;
	case NAME_FRIENDLY:
		put_friendly(b, context);
		if (b->n)
			break;
		/* fall through */
	case NAME_SIMPLE: put_simple(b, name, others); break;
	case NAME_DNS:
		if (!put_others(b, others, DNS, all) && put_attribute(b, name, COMMON_NAME) && all)
			buf_u16(b, 0);
		break;
	case NAME_URL: put_others(b, others, URI, all); break;
	case NAME_UPN: put_others(b, others, OTHER_NAME, all); break;
	default: break;
	}
}

WINAPI DWORD
crypt32_CertGetNameStringW(const struct CERT_CONTEXT *c, DWORD kind, DWORD flags, const void *more,
                           WCHAR *out, DWORD room)
{
	struct buf b = { 0 };
	put_kind(&b, c, kind, flags, more);
	return hand(&b, out, room);
}

WINAPI DWORD
crypt32_CertGetNameStringA(const struct CERT_CONTEXT *c, DWORD kind, DWORD flags, const void *more,
                           char *out, DWORD room)
{
	struct buf b = { 0 };
	put_kind(&b, c, kind, flags, more);
	return hand_narrow(&b, out, room);
}
