/* SPDX-License-Identifier: Apache-2.0 */
/* Who signed a certificate.  RFC 3279, 4055, 5758. */
#include <string.h>

#include "layer/api/nt/crypto/keypair.h"

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

bool
x509_signature_good(const struct keypair *k, struct x509_span oid, struct x509_span more,
                    struct x509_span text, struct x509_span signature)
{
	struct rsakey_padding p = { .scheme = RSAKEY_PKCS1 };
	uint8_t hash[DIGEST_MOST], rs[2 * CURVE_MOST];
	struct x509_element both;
	enum digest_kind kind;
	struct digest d;
	bool curve = find(ecdsa, oid, &kind);

	if (is(oid, rsa_pss)) {
		if (!pss(more, &p))
			return false;
	} else if (!curve && !find(rsa, oid, &p.hash)) {
		return false;
	}
	if (curve == k->rsa)
		return false;
	if (!curve)
		kind = p.hash;
	digest_start(&d, kind);
	digest_add(&d, text.p, text.n);
	digest_end(&d, hash);
	if (!curve)
		return rsakey_bits(&k->key) >= 1024 &&
		       rsakey_verify(&k->key, &p, hash, digest_size(kind), signature.p,
		                     signature.n);
	size_t size = curve_size(k->curve.kind);
	return x509_take(&signature, SEQUENCE, &both) && fixed(&both.in, rs, size) &&
	       fixed(&both.in, rs + size, size) &&
	       curve_verify(&k->curve, hash, digest_size(kind), rs);
}

bool
x509_signed_by(const struct x509 *x, const struct x509 *issuer)
{
	struct keypair k = { 0 };
	bool ok = keypair_read_public(&k, issuer->key_all) &&
	          x509_signature_good(&k, x->algorithm, x->algorithm_more, x->signed_part,
	                              x->signature);

	keypair_clear(&k);
	return ok;
}
