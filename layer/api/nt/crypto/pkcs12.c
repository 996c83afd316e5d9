/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/crypto/pkcs12.h"

#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/crypto/cipher.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/text/nls.h"

enum { CONTEXT_0 = DER_CONTEXT | DER_MADE, NESTED = 4 };

static const char data_oid[] = "1.2.840.113549.1.7.1", encrypted_oid[] = "1.2.840.113549.1.7.6";
static const char key_bag[] = "1.2.840.113549.1.12.10.1.1",
                  sealed_bag[] = "1.2.840.113549.1.12.10.1.2",
                  cert_bag[] = "1.2.840.113549.1.12.10.1.3",
                  safe_bag[] = "1.2.840.113549.1.12.10.1.6";
static const char x509_oid[] = "1.2.840.113549.1.9.22.1", name_oid[] = "1.2.840.113549.1.9.20",
                  id_oid[] = "1.2.840.113549.1.9.21";

static const struct {
	const char *oid;
	enum digest_kind kind;
} hashes[] = { { "1.3.14.3.2.26", DIGEST_SHA1 },
	       { "2.16.840.1.101.3.4.2.1", DIGEST_SHA256 },
	       { "2.16.840.1.101.3.4.2.2", DIGEST_SHA384 },
	       { "2.16.840.1.101.3.4.2.3", DIGEST_SHA512 } };

struct pkcs12_item *
pkcs12_add(struct pkcs12 *x)
{
	if (x->n == PKCS12_ITEMS)
		return NULL;
	if (!(x->n & (x->n - 1))) { /* full at each power of two */
		struct pkcs12_item *more = realloc(x->item, (x->n ? 2 * x->n : 1) * sizeof *more);
		if (!more)
			return NULL;
		x->item = more;
	}
	struct pkcs12_item *i = &x->item[x->n++];
	memset(i, 0, sizeof *i);
	return i;
}

void
pkcs12_free(struct pkcs12 *x)
{
	for (size_t i = 0; i < x->n; i++) {
		der_free(&x->item[i].der);
		free(x->item[i].name);
	}
	free(x->item);
	*x = (struct pkcs12){ 0 };
}

/* -- the frame --------------------------------------------------------------------------------------- */

struct frame {
	struct x509_span safe; /* what the MAC is of */
	bool has_mac;
	struct x509_span algorithm, mac, salt;
	uint32_t rounds;
};

/* ContentInfo of a kind: what is in its [0]. */
static bool
content(struct x509_span *from, const char *oid, struct x509_span *out)
{
	struct x509_span at = *from;
	struct x509_element all, type, value;
	if (!x509_take(&at, DER_SEQUENCE, &all) || !x509_take(&all.in, DER_OID, &type) ||
	    !x509_oid_is(type.in, oid) || !x509_take(&all.in, CONTEXT_0, &value))
		return false;
	*out = value.in;
	*from = at;
	return true;
}

static bool
read_frame(struct x509_span file, struct frame *f)
{
	struct x509_element all, octets, mac, info, algorithm;
	struct x509_span inner;
	uint32_t version;
	*f = (struct frame){ .rounds = 1 };
	if (!x509_take(&file, DER_SEQUENCE, &all) || !pbe_number(&all.in, &version) ||
	    version != 3 || !content(&all.in, data_oid, &inner) ||
	    !x509_take(&inner, DER_OCTETS, &octets))
		return false;
	f->safe = octets.in;
	if (!x509_take(&all.in, DER_SEQUENCE, &mac))
		return !all.in.n;
	f->has_mac = true;
	struct x509_element value, salt;
	if (!x509_take(&mac.in, DER_SEQUENCE, &info) ||
	    !x509_take(&info.in, DER_SEQUENCE, &algorithm) ||
	    !x509_take(&info.in, DER_OCTETS, &value) || !x509_take(&mac.in, DER_OCTETS, &salt))
		return false;
	f->algorithm = algorithm.in;
	f->mac = value.in;
	f->salt = salt.in;
	return !mac.in.n || pbe_number(&mac.in, &f->rounds);
}

bool
pkcs12_is(struct x509_span file)
{
	struct frame f;
	return read_frame(file, &f);
}

static enum pkcs12_result
check(const struct frame *f, struct pbe *p)
{
	struct x509_span algorithm = f->algorithm;
	struct x509_element oid;
	uint8_t key[DIGEST_MOST], mac[DIGEST_MOST];
	struct digest_hmac h;
	enum digest_kind kind = DIGEST_KINDS;
	if (!f->has_mac)
		return PKCS12_GOOD;
	if (!x509_take(&algorithm, DER_OID, &oid))
		return PKCS12_BAD;
	for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
		if (x509_oid_is(oid.in, hashes[i].oid))
			kind = hashes[i].kind;
	if (kind == DIGEST_KINDS || f->mac.n != digest_size(kind) ||
	    !pbe_derive(p, kind, f->salt, f->rounds, 3, key, digest_size(kind)))
		return PKCS12_BAD;
	digest_hmac_start(&h, kind, key, digest_size(kind));
	digest_hmac_add(&h, f->safe.p, f->safe.n);
	digest_hmac_end(&h, mac);
	explicit_bzero(key, sizeof key);
	explicit_bzero(&h, sizeof h);
	return cipher_same(mac, f->mac.p, f->mac.n) ? PKCS12_GOOD : PKCS12_PASSWORD;
}

/* An empty password is written in two ways: p becomes the one that fits. */
static enum pkcs12_result
check_both(const struct frame *f, struct pbe *p)
{
	enum pkcs12_result r = check(f, p);
	if (r != PKCS12_PASSWORD || p->n)
		return r;
	p->password = p->password ? NULL : u"";
	return check(f, p);
}

static struct pbe
spoken(const WCHAR *password, uint32_t rounds)
{
	return (struct pbe){ password, password ? nls_length(password) : 0, rounds, 0 };
}

enum pkcs12_result
pkcs12_check(struct x509_span file, const WCHAR *password)
{
	struct frame f;
	struct pbe p = spoken(password, PBE_ROUNDS);
	return read_frame(file, &f) ? check_both(&f, &p) : PKCS12_BAD;
}

/* -- bags -------------------------------------------------------------------------------------------- */

static WCHAR *
name_of(struct x509_span text)
{
	size_t n = text.n / 2;
	WCHAR *s = calloc(n + 1, sizeof *s);
	for (size_t i = 0; s && i < n; i++)
		s[i] = (WCHAR)(text.p[2 * i] << 8 | text.p[2 * i + 1]);
	return s;
}

static void
attributes(struct x509_span from, struct pkcs12_item *i)
{
	struct x509_element set, one, oid, values, value;
	if (!x509_take(&from, DER_SET, &set))
		return;
	while (x509_take(&set.in, DER_SEQUENCE, &one)) {
		if (!x509_take(&one.in, DER_OID, &oid) || !x509_take(&one.in, DER_SET, &values) ||
		    !x509_next(&values.in, &value))
			continue;
		if (x509_oid_is(oid.in, name_oid) && value.tag == DER_BMP && !i->name)
			i->name = name_of(value.in);
		if (x509_oid_is(oid.in, id_oid) && value.tag == DER_OCTETS &&
		    value.in.n <= sizeof i->id) {
			memcpy(i->id, value.in.p, value.in.n);
			i->id_size = value.in.n;
		}
	}
}

static enum pkcs12_result
take_cert(struct x509_span value, struct pkcs12_item *i)
{
	struct x509_element all, oid, made, octets;
	if (!x509_take(&value, DER_SEQUENCE, &all) || !x509_take(&all.in, DER_OID, &oid) ||
	    !x509_oid_is(oid.in, x509_oid) || !x509_take(&all.in, CONTEXT_0, &made) ||
	    !x509_take(&made.in, DER_OCTETS, &octets))
		return PKCS12_BAD;
	der_raw(&i->der, octets.in.p, octets.in.n);
	return PKCS12_GOOD;
}

static enum pkcs12_result
take_sealed(struct x509_span value, struct pbe *p, struct pkcs12_item *i)
{
	struct x509_element all, algorithm, octets;
	if (!x509_take(&value, DER_SEQUENCE, &all) ||
	    !x509_take(&all.in, DER_SEQUENCE, &algorithm) ||
	    !x509_take(&all.in, DER_OCTETS, &octets))
		return PKCS12_BAD;
	return pbe_open(p, algorithm.in, octets.in, &i->der) ? PKCS12_GOOD : PKCS12_PASSWORD;
}

static enum pkcs12_result
safe_contents(struct pkcs12 *x, struct x509_span from, struct pbe *p, int depth);

static enum pkcs12_result
bag(struct pkcs12 *x, struct x509_span from, struct pbe *p, int depth)
{
	struct x509_element oid, made;
	enum pkcs12_result r = PKCS12_GOOD;
	if (!x509_take(&from, DER_OID, &oid) || !x509_take(&from, CONTEXT_0, &made))
		return PKCS12_BAD;
	if (x509_oid_is(oid.in, safe_bag))
		return safe_contents(x, made.in, p, depth + 1);
	bool plain = x509_oid_is(oid.in, key_bag), sealed = x509_oid_is(oid.in, sealed_bag);
	if (!plain && !sealed && !x509_oid_is(oid.in, cert_bag))
		return PKCS12_GOOD; /* revocations and secrets, which nobody asks for */
	struct pkcs12_item *i = pkcs12_add(x);
	if (!i)
		return PKCS12_NO_MEMORY;
	i->key = plain || sealed;
	if (plain)
		der_raw(&i->der, made.in.p, made.in.n);
	else
		r = sealed ? take_sealed(made.in, p, i) : take_cert(made.in, i);
	attributes(from, i);
	return r == PKCS12_GOOD && i->der.bad ? PKCS12_NO_MEMORY : r;
}

static enum pkcs12_result
safe_contents(struct pkcs12 *x, struct x509_span from, struct pbe *p, int depth)
{
	struct x509_element all, one;
	if (depth > NESTED || !x509_take(&from, DER_SEQUENCE, &all))
		return PKCS12_BAD;
	while (all.in.n) {
		enum pkcs12_result r = x509_take(&all.in, DER_SEQUENCE, &one)
		                               ? bag(x, one.in, p, depth)
		                               : PKCS12_BAD;
		if (r != PKCS12_GOOD)
			return r;
	}
	return PKCS12_GOOD;
}

/* EncryptedData of RFC 5652 8. */
static enum pkcs12_result
open_content(struct pkcs12 *x, struct x509_span value, struct pbe *p)
{
	struct x509_element all, info, oid, algorithm, octets;
	struct der plain = { 0 };
	uint32_t version;
	if (!x509_take(&value, DER_SEQUENCE, &all) || !pbe_number(&all.in, &version) ||
	    !x509_take(&all.in, DER_SEQUENCE, &info) || !x509_take(&info.in, DER_OID, &oid) ||
	    !x509_take(&info.in, DER_SEQUENCE, &algorithm) ||
	    !x509_take(&info.in, DER_CONTEXT, &octets))
		return PKCS12_BAD;
	if (!pbe_open(p, algorithm.in, octets.in, &plain))
		return PKCS12_PASSWORD;
	enum pkcs12_result r = safe_contents(x, (struct x509_span){ plain.p, plain.n }, p, 0);
	der_free(&plain);
	return r;
}

static enum pkcs12_result
contents(struct pkcs12 *x, struct x509_span safe, struct pbe *p)
{
	struct x509_element all, octets;
	struct x509_span value;
	enum pkcs12_result r = PKCS12_GOOD;
	if (!x509_take(&safe, DER_SEQUENCE, &all))
		return PKCS12_BAD;
	while (r == PKCS12_GOOD && all.in.n) {
		if (content(&all.in, encrypted_oid, &value))
			r = open_content(x, value, p);
		else if (content(&all.in, data_oid, &value) &&
		         x509_take(&value, DER_OCTETS, &octets))
			r = safe_contents(x, octets.in, p, 0);
		else
			r = PKCS12_BAD;
	}
	return r;
}

enum pkcs12_result
pkcs12_read(struct pkcs12 *x, struct x509_span file, const WCHAR *password, uint32_t rounds)
{
	struct pbe p = spoken(password, rounds);
	struct frame f;
	if (!read_frame(file, &f))
		return PKCS12_BAD;
	enum pkcs12_result r = check_both(&f, &p);
	if (r == PKCS12_GOOD)
		r = contents(x, f.safe, &p);
	if (r != PKCS12_GOOD)
		pkcs12_free(x);
	return r;
}

/* -- writing ------------------------------------------------------------------------------------------- */

static void
put_attributes(const struct pkcs12_item *i, struct der *d)
{
	if (!i->name && !i->id_size)
		return;
	der_begin(d, DER_SET);
	if (i->id_size) {
		der_begin(d, DER_SEQUENCE);
		der_oid(d, id_oid);
		der_begin(d, DER_SET);
		der_put(d, DER_OCTETS, i->id, i->id_size);
		der_end(d);
		der_end(d);
	}
	if (i->name) {
		der_begin(d, DER_SEQUENCE);
		der_oid(d, name_oid);
		der_begin(d, DER_SET);
		der_begin(d, DER_BMP);
		for (const WCHAR *s = i->name; *s; s++)
			der_raw(d, (uint8_t[2]){ (uint8_t)(*s >> 8), (uint8_t)*s }, 2);
		der_end(d);
		der_end(d);
		der_end(d);
	}
	der_end(d);
}

static void
put_bag(const struct pkcs12_item *i, struct pbe *p, enum pbe_scheme s, struct der *d)
{
	der_begin(d, DER_SEQUENCE);
	der_oid(d, i->key ? sealed_bag : cert_bag);
	der_begin(d, CONTEXT_0);
	der_begin(d, DER_SEQUENCE);
	if (i->key) {
		pbe_seal(p, s, DER_OCTETS, i->der.p, i->der.n, d);
	} else {
		der_oid(d, x509_oid);
		der_begin(d, CONTEXT_0);
		der_put(d, DER_OCTETS, i->der.p, i->der.n);
		der_end(d);
	}
	der_end(d);
	der_end(d);
	put_attributes(i, d);
	der_end(d);
}

static void
put_safe(const struct pkcs12 *x, bool keys, struct pbe *p, enum pbe_scheme s, struct der *d)
{
	der_begin(d, DER_SEQUENCE);
	for (size_t i = 0; i < x->n; i++)
		if (x->item[i].key == keys)
			put_bag(&x->item[i], p, s, d);
	der_end(d);
}

static void
put_keys(const struct pkcs12 *x, struct pbe *p, enum pbe_scheme s, struct der *d)
{
	der_begin(d, DER_SEQUENCE);
	der_oid(d, data_oid);
	der_begin(d, CONTEXT_0);
	der_begin(d, DER_OCTETS);
	put_safe(x, true, p, s, d);
	der_end(d);
	der_end(d);
	der_end(d);
}

static void
put_certs(const struct pkcs12 *x, struct pbe *p, enum pbe_scheme s, struct der *d)
{
	struct der plain = { 0 };
	put_safe(x, false, p, s, &plain);
	d->bad |= plain.bad;
	der_begin(d, DER_SEQUENCE);
	der_oid(d, encrypted_oid);
	der_begin(d, CONTEXT_0);
	der_begin(d, DER_SEQUENCE);
	der_number(d, 0);
	der_begin(d, DER_SEQUENCE);
	der_oid(d, data_oid);
	pbe_seal(p, s, DER_CONTEXT, plain.p, plain.bad ? 0 : plain.n, d);
	der_end(d);
	der_end(d);
	der_end(d);
	der_end(d);
	der_free(&plain);
}

static void
put_mac(struct pbe *p, bool sha1, const uint8_t *in, size_t n, struct der *d)
{
	uint8_t salt[8], key[DIGEST_MOST], mac[DIGEST_MOST];
	enum digest_kind kind = sha1 ? DIGEST_SHA1 : DIGEST_SHA256;
	struct digest_hmac h;
	host_random(salt, sizeof salt);
	if (!pbe_derive(p, kind, (struct x509_span){ salt, sizeof salt }, PBE_OWN_ROUNDS, 3, key,
	                digest_size(kind)))
		d->bad = true;
	digest_hmac_start(&h, kind, key, digest_size(kind));
	digest_hmac_add(&h, in, n);
	digest_hmac_end(&h, mac);
	der_begin(d, DER_SEQUENCE);
	der_begin(d, DER_SEQUENCE);
	der_algorithm(d, hashes[!sha1].oid);
	der_put(d, DER_OCTETS, mac, digest_size(kind));
	der_end(d);
	der_put(d, DER_OCTETS, salt, sizeof salt);
	der_number(d, PBE_OWN_ROUNDS);
	der_end(d);
	explicit_bzero(key, sizeof key);
	explicit_bzero(&h, sizeof h);
}

void
pkcs12_write(const struct pkcs12 *x, const WCHAR *password, enum pbe_scheme s, struct der *d)
{
	struct pbe p = spoken(password, UINT32_MAX);
	struct der safe = { 0 };
	der_begin(&safe, DER_SEQUENCE);
	put_keys(x, &p, s, &safe);
	put_certs(x, &p, s, &safe);
	der_end(&safe);
	d->bad |= safe.bad;
	der_begin(d, DER_SEQUENCE);
	der_number(d, 3);
	der_begin(d, DER_SEQUENCE);
	der_oid(d, data_oid);
	der_begin(d, CONTEXT_0);
	der_put(d, DER_OCTETS, safe.p, safe.bad ? 0 : safe.n);
	der_end(d);
	der_end(d);
	if (!safe.bad)
		put_mac(&p, s != PBE_SHA256_AES, safe.p, safe.n, d);
	der_end(d);
	der_free(&safe);
}
