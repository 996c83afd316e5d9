/* SPDX-License-Identifier: Apache-2.0 */
/* Names of certificates as text, and back. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "layer/api/dll/crypt32_code.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/thread/steady.h"

#define CRYPT_E_INVALID_X500_STRING 0x80092023
enum {
	SIMPLE = 1,
	WITH_OID = 2,
	X500 = 3,
	SEMICOLON = 0x40000000,
	NO_PLUS = 0x20000000,
	NO_QUOTING = 0x10000000,
	CRLF = 0x08000000,
	REVERSE = 0x02000000,
	ENABLE_UTF8 = 0x40000,
	FRIENDLY_NAME = 11
};

/* The first one of an OID is what it is written with; ia5: what is no more than ASCII. */
static const struct {
	const char *oid, *key;
	bool ia5;
} keys[] = {
	{ "2.5.4.3", "CN", false },
	{ "2.5.4.7", "L", false },
	{ "2.5.4.10", "O", false },
	{ "2.5.4.11", "OU", false },
	{ "1.2.840.113549.1.9.1", "E", true },
	{ "1.2.840.113549.1.9.1", "Email", true },
	{ "2.5.4.6", "C", false },
	{ "2.5.4.8", "S", false },
	{ "2.5.4.8", "ST", false },
	{ "2.5.4.9", "STREET", false },
	{ "2.5.4.12", "T", false },
	{ "2.5.4.12", "Title", false },
	{ "2.5.4.42", "G", false },
	{ "2.5.4.42", "GivenName", false },
	{ "2.5.4.43", "I", false },
	{ "2.5.4.43", "Initials", false },
	{ "2.5.4.4", "SN", false },
	{ "0.9.2342.19200300.100.1.25", "DC", true },
	{ "2.5.4.5", "SERIALNUMBER", false },
	{ "2.5.4.13", "Description", false },
	{ "2.5.4.17", "PostalCode", false },
	{ "2.5.4.18", "POBox", false },
	{ "2.5.4.20", "Phone", false },
	{ "2.5.4.46", "dnQualifier", false },
};
enum { KEYS = sizeof keys / sizeof *keys };

/* -- text that grows ------------------------------------------------------------------------------------ */

struct text {
	WCHAR *p; /* own */
	size_t n, room;
	bool bad;
};

static void
add(struct text *t, const WCHAR *s, size_t n)
{
	if (t->n + n + 1 > t->room) {
		size_t room = 2 * (t->n + n) + 32;
		WCHAR *p = realloc(t->p, room * sizeof *p);
		if (!p) {
			t->bad = true;
			return;
		}
		t->p = p;
		t->room = room;
	}
	if (n)
		memcpy(t->p + t->n, s, n * sizeof *s);
	t->n += n;
	t->p[t->n] = 0;
}

static void
add_ascii(struct text *t, const char *s)
{
	for (; *s; s++)
		add(t, &(WCHAR){ (WCHAR)*s }, 1);
}

/* A value of any kind of string. */
static void
add_value(struct text *t, const struct x509_element *e)
{
	if (e->tag == DER_BMP) {
		for (size_t i = 0; i + 1 < e->in.n; i += 2)
			add(t, &(WCHAR){ (WCHAR)(e->in.p[i] << 8 | e->in.p[i + 1]) }, 1);
		return;
	}
	if (e->tag == DER_T61) {
		for (size_t i = 0; i < e->in.n; i++)
			add(t, &(WCHAR){ e->in.p[i] }, 1);
		return;
	}
	size_t n = nls_16_of_8((const char *)e->in.p, e->in.n, NULL, 0, NULL);
	WCHAR *s = malloc(n * sizeof *s + 1);
	if (!s) {
		t->bad = true;
		return;
	}
	nls_16_of_8((const char *)e->in.p, e->in.n, s, n, NULL);
	add(t, s, n);
	free(s);
}

/* How much it is with its zero; what there is no room for is left out. */
static DWORD
give_wide(struct text *t, WCHAR *out, DWORD room)
{
	size_t n = t->n;
	if (!out || !room) {
		free(t->p);
		return (DWORD)n + 1;
	}
	if (n > room - 1)
		n = room - 1;
	if (n)
		memcpy(out, t->p, n * sizeof *out);
	out[n] = 0;
	free(t->p);
	return (DWORD)n + 1;
}

static DWORD
give_ansi(struct text *t, char *out, DWORD room)
{
	/* zeros between names are a part of it */
	int all = t->n ? nls_encode(0, 0, t->p, (int)t->n, NULL, 0, NULL, NULL) : 0;
	char *s = all > 0 ? malloc((size_t)all) : NULL;
	size_t n = s ? (size_t)all : 0;
	if (s)
		nls_encode(0, 0, t->p, (int)t->n, s, all, NULL, NULL);
	if (out && room) {
		n = n > room - 1 ? room - 1 : n;
		if (n)
			memcpy(out, s, n);
		out[n] = 0;
	}
	free(s);
	free(t->p);
	return (DWORD)n + 1;
}

/* -- a name as text ------------------------------------------------------------------------------------- */

static bool
wants_quotes(const struct text *v)
{
	if (!v->n || v->p[0] == ' ' || v->p[v->n - 1] == ' ')
		return true;
	for (size_t i = 0; i < v->n; i++)
		if (v->p[i] < 128 && strchr(",+=\"\n<>#;", v->p[i]))
			return true;
	return false;
}

static void
add_quoted(struct text *t, const struct text *v)
{
	add_ascii(t, "\"");
	for (size_t i = 0; i < v->n; i++) {
		if (v->p[i] == '"')
			add_ascii(t, "\"");
		add(t, &v->p[i], 1);
	}
	add_ascii(t, "\"");
}

static void
add_key(struct text *t, struct x509_span oid, DWORD type)
{
	char text[128];
	x509_oid_text(oid, text, sizeof text);
	for (int i = 0; type == X500 && i < KEYS; i++)
		if (!strcmp(keys[i].oid, text)) {
			add_ascii(t, keys[i].key);
			add_ascii(t, "=");
			return;
		}
	if (type == X500)
		add_ascii(t, "OID.");
	add_ascii(t, text);
	add_ascii(t, "=");
}

static void
add_rdn(struct text *t, struct x509_span set, DWORD type)
{
	struct x509_element pair, oid, value;
	bool first = true;
	while (x509_take(&set, DER_SEQUENCE, &pair)) {
		struct text v = { 0 };
		if (!x509_take(&pair.in, DER_OID, &oid) || !x509_next(&pair.in, &value))
			continue;
		if (!first)
			add_ascii(t, type & NO_PLUS ? " " : " + ");
		first = false;
		if ((type & 0xffff) != SIMPLE)
			add_key(t, oid.in, type & 0xffff);
		add_value(&v, &value);
		if (!(type & NO_QUOTING) && wants_quotes(&v))
			add_quoted(t, &v);
		else
			add(t, v.p, v.n);
		free(v.p);
	}
}

static void
add_name(struct text *t, struct x509_span name, DWORD type)
{
	enum { MOST = 256 };
	struct x509_span set[MOST];
	struct x509_element all, e;
	size_t n = 0;
	if (!x509_take(&name, DER_SEQUENCE, &all))
		return;
	while (n < MOST && x509_take(&all.in, DER_SET, &e))
		set[n++] = e.in;
	for (size_t i = 0; i < n; i++) {
		if (i)
			add_ascii(t, type & SEMICOLON ? "; " : type & CRLF ? "\r\n" : ", ");
		add_rdn(t, set[type & REVERSE ? n - 1 - i : i], type);
	}
}

static struct x509_span
span(const struct CRYPT_BLOB *b)
{
	return b ? (struct x509_span){ b->pbData, b->cbData } : (struct x509_span){ 0 };
}

WINAPI DWORD
crypt32_CertNameToStrW(DWORD encoding, const struct CRYPT_BLOB *name, DWORD type, WCHAR *out,
                       DWORD room)
{
	struct text t = { 0 };
	(void)encoding;
	add_name(&t, span(name), type);
	return give_wide(&t, out, room);
}

WINAPI DWORD
crypt32_CertNameToStrA(DWORD encoding, const struct CRYPT_BLOB *name, DWORD type, char *out,
                       DWORD room)
{
	struct text t = { 0 };
	(void)encoding;
	add_name(&t, span(name), type);
	return give_ansi(&t, out, room);
}

/* -- parts of one ------------------------------------------------------------------------------------------ */

static bool
add_attribute(struct text *t, struct x509_span name, const char *want)
{
	struct x509_element all, set, pair, oid, value;
	if (!x509_take(&name, DER_SEQUENCE, &all))
		return false;
	while (x509_take(&all.in, DER_SET, &set))
		while (x509_take(&set.in, DER_SEQUENCE, &pair))
			if (x509_take(&pair.in, DER_OID, &oid) && x509_next(&pair.in, &value) &&
			    (!want || x509_oid_is(oid.in, want))) {
				add_value(t, &value);
				return true;
			}
	return false;
}

/* Tags of a GeneralName (RFC 5280 4.2.1.6); a user's principal name is one of the others. */
enum { RFC822 = 0x81, DNS = 0x82, URI = 0x86, OTHER = 0xa0 };
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
enum { NAME_ISSUER = 1, NAME_ALL = 2 };

static bool
is_upn(struct x509_span in, struct x509_element *value)
{
	struct x509_element oid, made;
	return x509_take(&in, DER_OID, &oid) && x509_oid_is(oid.in, "1.3.6.1.4.1.311.20.2.3") &&
	       x509_take(&in, OTHER, &made) && x509_next(&made.in, value);
}

/* Other names of a kind: the first, or all of them, each with its zero. */
static bool
add_alt_name(struct text *t, const struct crypt32_cert *c, DWORD flags, uint8_t tag)
{
	struct x509_element list, e, value;
	struct x509_span names = { 0 };
	bool all = flags & NAME_ALL, any = false;
	for (size_t i = 0; i < c->x.n; i++)
		if (x509_oid_is(c->x.extension[i].oid,
		                flags & NAME_ISSUER ? "2.5.29.18" : "2.5.29.17"))
			names = c->x.extension[i].value;
	if (!names.p || !x509_take(&names, DER_SEQUENCE, &list))
		return false;
	while ((all || !any) && x509_next(&list.in, &e)) {
		value = e;
		if (e.tag != tag || (tag == OTHER && !is_upn(e.in, &value)))
			continue;
		add_value(t, &value);
		if (all)
			add(t, u"", 1);
		any = true;
	}
	return any;
}

static void
add_simple(struct text *t, const struct crypt32_cert *c, DWORD flags, struct x509_span name)
{
	static const char *const order[] = { "2.5.4.3", "2.5.4.11", "2.5.4.10",
		                             "1.2.840.113549.1.9.1" };
	for (size_t i = 0; i < sizeof order / sizeof *order; i++)
		if (add_attribute(t, name, order[i]))
			return;
	if (!add_alt_name(t, c, flags & NAME_ISSUER, RFC822))
		add_attribute(t, name, NULL);
}

static bool
add_friendly(struct text *t, struct crypt32_cert *c)
{
	steady_lock(&crypt32_lock);
	struct crypt32_property *p = crypt32_cert_property(c, FRIENDLY_NAME);
	for (DWORD i = 0; p && i + 1 < p->n; i += 2) {
		WCHAR w = (WCHAR)(p->data[i] | p->data[i + 1] << 8);
		if (!w)
			break;
		add(t, &w, 1);
	}
	steady_unlock(&crypt32_lock);
	return p != NULL;
}

static void
name_string(struct text *t, struct crypt32_cert *c, DWORD type, DWORD flags, const void *more)
{
	struct x509_span name = flags & NAME_ISSUER ? c->x.issuer : c->x.subject;
	switch (type) {
	case NAME_EMAIL:
		if (!add_alt_name(t, c, flags, RFC822))
			add_attribute(t, name, "1.2.840.113549.1.9.1");
		return;
	case NAME_RDN: add_name(t, name, more ? *(const DWORD *)more : SIMPLE); return;
	case NAME_ATTR: add_attribute(t, name, more ? more : "2.5.4.3"); return;
	case NAME_FRIENDLY:
		if (!add_friendly(t, c))
			add_simple(t, c, flags, name);
		return;
	case NAME_SIMPLE: add_simple(t, c, flags, name); return;
	case NAME_DNS:
		if (!add_alt_name(t, c, flags, DNS) && add_attribute(t, name, "2.5.4.3") &&
		    flags & NAME_ALL)
			add(t, u"", 1);
		return;
	case NAME_URL: add_alt_name(t, c, flags, URI); return;
	case NAME_UPN: add_alt_name(t, c, flags, OTHER); return;
	default: return;
	}
}

WINAPI DWORD
crypt32_CertGetNameStringW(const struct CERT_CONTEXT *c, DWORD type, DWORD flags, const void *more,
                           WCHAR *out, DWORD room)
{
	struct text t = { 0 };
	if (c)
		name_string(&t, (struct crypt32_cert *)c, type, flags, more);
	return give_wide(&t, out, room);
}

WINAPI DWORD
crypt32_CertGetNameStringA(const struct CERT_CONTEXT *c, DWORD type, DWORD flags, const void *more,
                           char *out, DWORD room)
{
	struct text t = { 0 };
	if (c)
		name_string(&t, (struct crypt32_cert *)c, type, flags, more);
	return give_ansi(&t, out, room);
}

/* -- out of text -------------------------------------------------------------------------------------------- */

static const WCHAR *
blanks(const WCHAR *s)
{
	while (*s == ' ' || *s == '\t' || *s == '\r' || *s == '\n')
		s++;
	return s;
}

/* The OID of a key, into room; where its value begins, or NULL. */
static const WCHAR *
read_key(const WCHAR *s, char oid[64], bool *ia5)
{
	char key[64];
	size_t n = 0;
	for (; *s && *s != '=' && n < sizeof key - 1; s++)
		if (*s >= 128)
			return NULL;
		else
			key[n++] = (char)*s;
	while (n && key[n - 1] == ' ')
		n--;
	key[n] = 0;
	if (*s != '=' || !n)
		return NULL;
	*ia5 = false;
	for (int i = 0; i < KEYS; i++)
		if (!strcasecmp(keys[i].key, key)) {
			*ia5 = keys[i].ia5;
			snprintf(oid, 64, "%s", keys[i].oid);
			return s + 1;
		}
	const char *digits = strncasecmp(key, "OID.", 4) ? key : key + 4;
	if (*digits < '0' || *digits > '9')
		return NULL;
	snprintf(oid, 64, "%s", digits);
	return s + 1;
}

static bool
ends(WCHAR c, DWORD type)
{
	if (!c || (c == '+' && !(type & NO_PLUS)))
		return true;
	return type & SEMICOLON ? c == ';'
	       : type & CRLF    ? c == '\r' || c == '\n'
	                        : c == ',' || c == ';';
}

/* In quotes, where each quote of its own is doubled; or to the separator.  NULL: no end. */
static const WCHAR *
read_value(const WCHAR *s, DWORD type, struct text *v)
{
	s = blanks(s);
	if (*s == '"' && !(type & NO_QUOTING)) {
		for (s++;; s++) {
			if (!*s)
				return NULL;
			if (*s == '"' && *++s != '"')
				break;
			add(v, s, 1);
		}
		s = blanks(s);
		return ends(*s, type) ? s : NULL;
	}
	for (; !ends(*s, type); s++)
		add(v, s, 1);
	while (v->n && v->p[v->n - 1] == ' ')
		v->n--;
	return s;
}

static bool
printable(const struct text *v)
{
	for (size_t i = 0; i < v->n; i++) {
		WCHAR c = v->p[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    (!c || c >= 128 || !strchr(" '()+,-./:=?", c)))
			return false;
	}
	return true;
}

static void
put_value(struct der *d, const struct text *v, bool ia5, DWORD type)
{
	bool ascii = true;
	for (size_t i = 0; i < v->n; i++)
		ascii &= v->p[i] < 128;
	if (!ascii && !(type & ENABLE_UTF8)) {
		der_begin(d, DER_BMP);
		for (size_t i = 0; i < v->n; i++)
			der_raw(d, (BYTE[2]){ (BYTE)(v->p[i] >> 8), (BYTE)v->p[i] }, 2);
		der_end(d);
		return;
	}
	size_t n = nls_8_of_16(v->p, v->n, NULL, 0, NULL);
	char *s = malloc(n + 1);
	if (!s) {
		d->bad = true;
		return;
	}
	if (n)
		nls_8_of_16(v->p, v->n, s, n, NULL);
	der_put(d,
	        ia5 && ascii           ? DER_IA5
	        : !ia5 && printable(v) ? DER_PRINTABLE
	        : type & ENABLE_UTF8   ? DER_UTF8
	                               : DER_T61,
	        s, n);
	free(s);
}

/* One attribute; where it ends, or NULL. */
static const WCHAR *
read_attribute(const WCHAR *s, DWORD type, struct der *d)
{
	char oid[64];
	bool ia5;
	struct text v = { 0 };
	const WCHAR *at = read_key(s, oid, &ia5);
	const WCHAR *end = at ? read_value(at, type, &v) : NULL;
	struct der probe = { 0 };
	if (end) {
		der_oid(&probe, oid);
		if (probe.bad)
			end = NULL;
		der_free(&probe);
	}
	if (end) {
		der_begin(d, DER_SEQUENCE);
		der_oid(d, oid);
		put_value(d, &v, ia5, type);
		der_end(d);
		d->bad |= v.bad;
	}
	free(v.p);
	return end;
}

/* NULL, or where it is wrong. */
static const WCHAR *
read_name(const WCHAR *s, DWORD type, struct der *d)
{
	enum { MOST = 256 };
	struct der part[MOST] = { 0 };
	const WCHAR *wrong = NULL;
	size_t n = 0;
	for (s = blanks(s); *s && !wrong; s = blanks(s)) {
		const WCHAR *end = n < MOST ? s : NULL;
		if (end) {
			der_begin(&part[n], DER_SET);
			while ((end = read_attribute(end, type, &part[n])) && *end == '+' &&
			       !(type & NO_PLUS))
				end = blanks(end + 1);
			der_end(&part[n++]);
		}
		wrong = end ? NULL : s;
		s = !end ? s : *end ? end + 1 : end;
	}
	der_begin(d, DER_SEQUENCE);
	for (size_t i = 0; i < n; i++) {
		struct der *p = &part[type & REVERSE ? n - 1 - i : i];
		d->bad |= p->bad;
		der_raw(d, p->p, p->bad ? 0 : p->n);
	}
	der_end(d);
	for (size_t i = 0; i < n; i++)
		der_free(&part[i]);
	return wrong;
}

WINAPI BOOL
crypt32_CertStrToNameW(DWORD encoding, const WCHAR *s, DWORD type, void *reserved, BYTE *out,
                       DWORD *size, const WCHAR **where)
{
	struct der d = { 0 };
	(void)encoding, (void)reserved;
	if (!s || !size)
		return refuse(CRYPT_E_INVALID_ARGUMENT);
	const WCHAR *wrong = read_name(s, type, &d);
	if (where)
		*where = wrong;
	if (wrong) {
		der_free(&d);
		*size = 0;
		return refuse(CRYPT_E_INVALID_X500_STRING);
	}
	return crypt32_encode_give(&d, 0, out, size);
}

WINAPI BOOL
crypt32_CertStrToNameA(DWORD encoding, const char *s, DWORD type, void *reserved, BYTE *out,
                       DWORD *size, const char **where)
{
	const WCHAR *wrong = NULL;
	WCHAR *w = nls_wide_ansi(s);
	if (s && !w)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	BOOL ok = crypt32_CertStrToNameW(encoding, w, type, reserved, out, size, &wrong);
	if (where)
		*where = wrong ? s + nls_8_of_16(w, (size_t)(wrong - w), NULL, 0, NULL) : NULL;
	free(w);
	return ok;
}
