/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/crypto/keypair.h"

#include <stdlib.h>
#include <string.h>

static const char rsa_oid[] = "1.2.840.113549.1.1.1", pss_oid[] = "1.2.840.113549.1.1.10",
                  curve_oid[] = "1.2.840.10045.2.1";

static const char *const curves[CURVE_KINDS] = {
	[CURVE_P256] = "1.2.840.10045.3.1.7",
	[CURVE_P384] = "1.3.132.0.34",
	[CURVE_P521] = "1.3.132.0.35",
};

enum curve_kind
keypair_curve(const char *oid)
{
	for (int c = 0; c < CURVE_KINDS; c++)
		if (!strcmp(curves[c], oid))
			return (enum curve_kind)c;
	return CURVE_KINDS;
}

const char *
keypair_curve_oid(enum curve_kind c)
{
	return curves[c];
}

void
keypair_begin_rsa(struct keypair *k)
{
	keypair_clear(k);
	rsakey_init(&k->key);
	k->begun = k->rsa = true;
}

void
keypair_begin_curve(struct keypair *k, enum curve_kind c)
{
	keypair_clear(k);
	curve_init(&k->curve, c);
	k->begun = true;
}

void
keypair_clear(struct keypair *k)
{
	if (k->begun && k->rsa)
		rsakey_clear(&k->key);
	else if (k->begun)
		curve_clear(&k->curve);
	memset(k, 0, sizeof *k);
}

bool
keypair_private(const struct keypair *k)
{
	return k->begun && (k->rsa ? k->key.private : k->curve.private);
}

bool
keypair_copy(struct keypair *to, const struct keypair *from)
{
	struct der d = { 0 };
	bool private = keypair_private(from);
	(private ? keypair_put_pkcs8 : keypair_put_public)(from, &d);
	struct x509_span in = { d.p, d.n };
	bool ok = !d.bad && (private ? keypair_read_pkcs8 : keypair_read_public)(to, in);
	der_free(&d);
	return ok;
}

bool
keypair_same(const struct keypair *a, const struct keypair *b)
{
	struct der x = { 0 }, y = { 0 };
	keypair_put_public(a, &x);
	keypair_put_public(b, &y);
	bool same = !x.bad && !y.bad && x.n == y.n && !memcmp(x.p, y.p, x.n);
	der_free(&x);
	der_free(&y);
	return same;
}

/* -- reading ---------------------------------------------------------------------------------- */

/* A positive INTEGER's bytes, without zeros in front. */
static bool
number(struct x509_span *from, struct rsakey_bytes *out)
{
	struct x509_element e;
	if (!x509_take(from, DER_INTEGER, &e) || !e.in.n || e.in.p[0] & 0x80)
		return false;
	for (; e.in.n && !*e.in.p; e.in.p++)
		e.in.n--;
	*out = (struct rsakey_bytes){ e.in.p, e.in.n };
	return true;
}

static bool
set_rsa(struct keypair *k, struct rsakey_bytes e, struct rsakey_bytes n, struct rsakey_bytes p,
        struct rsakey_bytes q)
{
	keypair_begin_rsa(k);
	if (rsakey_set(&k->key, e, n, p, q))
		return true;
	keypair_clear(k);
	return false;
}

bool
keypair_read_rsa_public(struct keypair *k, struct x509_span in)
{
	struct rsakey_bytes n, e, none = { NULL, 0 };
	struct x509_element all;
	return x509_take(&in, DER_SEQUENCE, &all) && number(&all.in, &n) && number(&all.in, &e) &&
	       set_rsa(k, e, n, none, none);
}

/* What follows from p and q is not read: it is worked out again. */
bool
keypair_read_rsa_private(struct keypair *k, struct x509_span in)
{
	struct rsakey_bytes version, n, e, d, p, q;
	struct x509_element all;
	return x509_take(&in, DER_SEQUENCE, &all) && number(&all.in, &version) && !version.n &&
	       number(&all.in, &n) && number(&all.in, &e) && number(&all.in, &d) &&
	       number(&all.in, &p) && number(&all.in, &q) && p.n && q.n && set_rsa(k, e, n, p, q);
}

/* AlgorithmIdentifier: a key's kind, and its curve where it has one. */
static bool
algorithm(struct x509_span *from, bool *rsa, enum curve_kind *c)
{
	struct x509_element all, oid, named;
	char text[64];
	if (!x509_take(from, DER_SEQUENCE, &all) || !x509_take(&all.in, DER_OID, &oid))
		return false;
	*c = CURVE_KINDS;
	*rsa = x509_oid_is(oid.in, rsa_oid) || x509_oid_is(oid.in, pss_oid);
	if (*rsa)
		return true;
	if (!x509_oid_is(oid.in, curve_oid) || !x509_take(&all.in, DER_OID, &named))
		return false;
	x509_oid_text(named.in, text, sizeof text);
	*c = keypair_curve(text);
	return *c != CURVE_KINDS;
}

bool
keypair_read_public(struct keypair *k, struct x509_span info)
{
	struct x509_element all, bits;
	enum curve_kind c;
	bool rsa;
	if (!x509_take(&info, DER_SEQUENCE, &all) || !algorithm(&all.in, &rsa, &c) ||
	    !x509_take(&all.in, DER_BITS, &bits) || !bits.in.n || bits.in.p[0])
		return false;
	struct x509_span key = { bits.in.p + 1, bits.in.n - 1 };
	if (rsa)
		return keypair_read_rsa_public(k, key);
	/* SEC 1 2.3.3: a point in full */
	size_t size = curve_size(c);
	if (key.n != 1 + 2 * size || key.p[0] != 4)
		return false;
	keypair_begin_curve(k, c);
	if (curve_set(&k->curve, key.p + 1, key.p + 1 + size, NULL))
		return true;
	keypair_clear(k);
	return false;
}

/* RFC 5915: of the point, which may be there, too, nothing is needed. */
static bool
read_curve(struct keypair *k, enum curve_kind c, struct x509_span in)
{
	struct x509_element all, version, d;
	uint8_t scalar[CURVE_MOST];
	size_t size = curve_size(c);
	if (!x509_take(&in, DER_SEQUENCE, &all) || !x509_take(&all.in, DER_INTEGER, &version) ||
	    version.in.n != 1 || version.in.p[0] != 1 || !x509_take(&all.in, DER_OCTETS, &d))
		return false;
	for (; d.in.n > size && !*d.in.p; d.in.p++)
		d.in.n--;
	if (!d.in.n || d.in.n > size)
		return false;
	memset(scalar, 0, sizeof scalar);
	memcpy(scalar + size - d.in.n, d.in.p, d.in.n);
	keypair_begin_curve(k, c);
	bool ok = curve_set(&k->curve, NULL, NULL, scalar);
	explicit_bzero(scalar, sizeof scalar);
	if (!ok)
		keypair_clear(k);
	return ok;
}

bool
keypair_read_pkcs8(struct keypair *k, struct x509_span in)
{
	struct x509_element all, version, key;
	enum curve_kind c;
	bool rsa;
	if (!x509_take(&in, DER_SEQUENCE, &all) || !x509_take(&all.in, DER_INTEGER, &version) ||
	    version.in.n != 1 || version.in.p[0] > 1 || !algorithm(&all.in, &rsa, &c) ||
	    !x509_take(&all.in, DER_OCTETS, &key))
		return false;
	return rsa ? keypair_read_rsa_private(k, key.in) : read_curve(k, c, key.in);
}

/* -- writing ------------------------------------------------------------------------------------ */

static void
put_part(const struct rsakey *r, enum rsakey_part which, struct der *d)
{
	size_t n = rsakey_part_size(r, which);
	uint8_t *p = malloc(n ? n : 1);
	if (!p) {
		d->bad = true;
		return;
	}
	rsakey_put(r, which, p, n);
	der_integer(d, p, n);
	explicit_bzero(p, n);
	free(p);
}

void
keypair_put_rsa_public(const struct keypair *k, struct der *d)
{
	der_begin(d, DER_SEQUENCE);
	put_part(&k->key, RSAKEY_N, d);
	put_part(&k->key, RSAKEY_E, d);
	der_end(d);
}

void
keypair_put_rsa_private(const struct keypair *k, struct der *d)
{
	static const uint8_t parts[] = { RSAKEY_N, RSAKEY_E,  RSAKEY_D,  RSAKEY_P,
		                         RSAKEY_Q, RSAKEY_DP, RSAKEY_DQ, RSAKEY_QINV };
	der_begin(d, DER_SEQUENCE);
	der_number(d, 0);
	for (size_t i = 0; i < sizeof parts; i++)
		put_part(&k->key, (enum rsakey_part)parts[i], d);
	der_end(d);
}

static void
put_algorithm(const struct keypair *k, struct der *d)
{
	if (k->rsa) {
		der_algorithm(d, rsa_oid);
		return;
	}
	der_begin(d, DER_SEQUENCE);
	der_oid(d, curve_oid);
	der_oid(d, curves[k->curve.kind]);
	der_end(d);
}

static void
put_point(const struct keypair *k, struct der *d)
{
	uint8_t point[1 + 2 * CURVE_MOST] = { 4 };
	size_t size = curve_size(k->curve.kind);
	curve_get(&k->curve, point + 1, point + 1 + size, NULL);
	der_bits(d, point, 1 + 2 * size, 0);
}

void
keypair_put_public(const struct keypair *k, struct der *d)
{
	struct der key = { 0 };
	der_begin(d, DER_SEQUENCE);
	put_algorithm(k, d);
	if (k->rsa) {
		keypair_put_rsa_public(k, &key);
		d->bad |= key.bad;
		der_bits(d, key.p, key.bad ? 0 : key.n, 0);
	} else {
		put_point(k, d);
	}
	der_end(d);
	der_free(&key);
}

static void
put_curve(const struct keypair *k, struct der *d)
{
	uint8_t scalar[CURVE_MOST];
	curve_get(&k->curve, NULL, NULL, scalar);
	der_begin(d, DER_SEQUENCE);
	der_number(d, 1);
	der_put(d, DER_OCTETS, scalar, curve_size(k->curve.kind));
	der_begin(d, DER_CONTEXT | DER_MADE | 1);
	put_point(k, d);
	der_end(d);
	der_end(d);
	explicit_bzero(scalar, sizeof scalar);
}

void
keypair_put_pkcs8(const struct keypair *k, struct der *d)
{
	if (!keypair_private(k)) {
		d->bad = true;
		return;
	}
	der_begin(d, DER_SEQUENCE);
	der_number(d, 0);
	put_algorithm(k, d);
	der_begin(d, DER_OCTETS);
	if (k->rsa)
		keypair_put_rsa_private(k, d);
	else
		put_curve(k, d);
	der_end(d);
	der_end(d);
}
