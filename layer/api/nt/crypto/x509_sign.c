/* SPDX-License-Identifier: Apache-2.0 */
/* Who signed a certificate.  RFC 3279, 4055, 5758. */
#include <string.h>

#include "layer/api/nt/crypto/curve.h"
#include "layer/api/nt/crypto/rsakey.h"
#include "layer/api/nt/crypto/x509.h"

enum { INTEGER = 2, OID = 6, SEQUENCE = 0x30 };

/* An OID's bytes, and the hash that it names.  Hashes for which somebody can make two texts with
 * one value (MD5, SHA-1) are not among them. */
struct named {
	const char *oid;
	enum digest_kind hash;
};

static const struct named rsa[] = {
	{ "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", DIGEST_SHA256 },
	{ "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c", DIGEST_SHA384 },
	{ "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d", DIGEST_SHA512 },
	{ NULL, 0 },
};
static const struct named ecdsa[] = {
	{ "\x2a\x86\x48\xce\x3d\x04\x03\x02", DIGEST_SHA256 },
	{ "\x2a\x86\x48\xce\x3d\x04\x03\x03", DIGEST_SHA384 },
	{ "\x2a\x86\x48\xce\x3d\x04\x03\x04", DIGEST_SHA512 },
	{ NULL, 0 },
};
static const struct named hashes[] = {
	{ "\x60\x86\x48\x01\x65\x03\x04\x02\x01", DIGEST_SHA256 },
	{ "\x60\x86\x48\x01\x65\x03\x04\x02\x02", DIGEST_SHA384 },
	{ "\x60\x86\x48\x01\x65\x03\x04\x02\x03", DIGEST_SHA512 },
	{ NULL, 0 },
};
static const char rsa_pss[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
static const char rsa_key[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
static const char ec_key[] = "\x2a\x86\x48\xce\x3d\x02\x01";

static bool
is(struct x509_span oid, const char *bytes)
{
	return oid.n == strlen(bytes) && !memcmp(oid.p, bytes, oid.n);
}

static bool
find(const struct named *t, struct x509_span oid, enum digest_kind *out)
{
	for (; t->oid; t++)
		if (is(oid, t->oid)) {
			*out = t->hash;
			return true;
		}
	return false;
}

/* RSASSA-PSS-params: without them it would be SHA-1 */
static bool
pss(struct x509_span from, struct rsakey_padding *p)
{
	struct x509_element all, e, a, oid;

	p->scheme = RSAKEY_PSS;
	p->salt = 20;
	if (!x509_take(&from, SEQUENCE, &all) || !x509_take(&all.in, 0xa0, &e) ||
	    !x509_take(&e.in, SEQUENCE, &a) || !x509_take(&a.in, OID, &oid) ||
	    !find(hashes, oid.in, &p->hash))
		return false;
	(void)x509_take(&all.in, 0xa1, &e); /* the mask's hash: nettle takes the same one */
	if (x509_take(&all.in, 0xa2, &e)) {
		if (!x509_take(&e.in, INTEGER, &a) || a.in.n != 1)
			return false;
		p->salt = a.in.p[0];
	}
	return true;
}

static bool
by_rsa(const struct x509 *x, const struct x509 *issuer, const struct rsakey_padding *p,
       const uint8_t *hash)
{
	struct x509_span key = issuer->key;
	struct x509_element all, n, e;
	struct rsakey k;
	const struct rsakey_bytes none = { NULL, 0 };

	if (!is(issuer->key_algorithm, rsa_key) && !is(issuer->key_algorithm, rsa_pss))
		return false;
	if (!x509_take(&key, SEQUENCE, &all) || !x509_take(&all.in, INTEGER, &n) ||
	    !x509_take(&all.in, INTEGER, &e))
		return false;
	rsakey_init(&k);
	for (; n.in.n && !*n.in.p; n.in.p++)
		n.in.n--;
	bool ok = rsakey_set(&k, (struct rsakey_bytes){ e.in.p, e.in.n },
	                     (struct rsakey_bytes){ n.in.p, n.in.n }, none, none) &&
	          rsakey_bits(&k) >= 1024 &&
	          rsakey_verify(&k, p, hash, digest_size(p->hash), x->signature.p, x->signature.n);
	rsakey_clear(&k);
	return ok;
}

static bool
fixed(struct x509_span *from, uint8_t *out, size_t size)
{
	struct x509_element e;

	if (!x509_take(from, INTEGER, &e))
		return false;
	for (; e.in.n && !*e.in.p; e.in.p++)
		e.in.n--;
	if (e.in.n > size)
		return false;
	memset(out, 0, size - e.in.n);
	memcpy(out + size - e.in.n, e.in.p, e.in.n);
	return true;
}

static bool
by_curve(const struct x509 *x, const struct x509 *issuer, enum digest_kind kind,
         const uint8_t *hash)
{
	static const struct {
		const char *oid;
		enum curve_kind kind;
	} curves[] = { { "\x2a\x86\x48\xce\x3d\x03\x01\x07", CURVE_P256 },
		       { "\x2b\x81\x04\x00\x22", CURVE_P384 },
		       { "\x2b\x81\x04\x00\x23", CURVE_P521 } };
	struct x509_span more = issuer->key_more, s = x->signature;
	struct x509_element oid, both;
	uint8_t rs[2 * CURVE_MOST];
	struct curve_key c;

	if (!is(issuer->key_algorithm, ec_key) || !x509_take(&more, OID, &oid) ||
	    !x509_take(&s, SEQUENCE, &both))
		return false;
	for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
		size_t size = curve_size(curves[i].kind);
		/* oid's last bytes may be 0: lengths differ from strlen() of none of them */
		if (oid.in.n != (curves[i].kind == CURVE_P256 ? 8u : 5u) ||
		    memcmp(oid.in.p, curves[i].oid, oid.in.n))
			continue;
		if (issuer->key.n != 1 + 2 * size || issuer->key.p[0] != 4 ||
		    !fixed(&both.in, rs, size) || !fixed(&both.in, rs + size, size))
			return false;
		curve_init(&c, curves[i].kind);
		bool ok = curve_set(&c, issuer->key.p + 1, issuer->key.p + 1 + size, NULL) &&
		          curve_verify(&c, hash, digest_size(kind), rs);
		curve_clear(&c);
		return ok;
	}
	return false;
}

bool
x509_signed_by(const struct x509 *x, const struct x509 *issuer)
{
	struct rsakey_padding p = { .scheme = RSAKEY_PKCS1 };
	uint8_t hash[DIGEST_MOST];
	enum digest_kind kind;
	struct digest d;
	bool curve = find(ecdsa, x->algorithm, &kind);

	if (is(x->algorithm, rsa_pss)) {
		if (!pss(x->algorithm_more, &p))
			return false;
	} else if (!curve && !find(rsa, x->algorithm, &p.hash)) {
		return false;
	}
	if (!curve)
		kind = p.hash;
	digest_start(&d, kind);
	digest_add(&d, x->signed_part.p, x->signed_part.n);
	digest_end(&d, hash);
	return curve ? by_curve(x, issuer, kind, hash) : by_rsa(x, issuer, &p, hash);
}
