/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/crypto/pbe.h"

#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/crypto/cipher.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/text/nls.h"

static const char pbes2[] = "1.2.840.113549.1.5.13", pbkdf2[] = "1.2.840.113549.1.5.12";
static const char aes256[] = "2.16.840.1.101.3.4.1.42", hmac_sha256[] = "1.2.840.113549.2.9";

bool
pbe_number(struct x509_span *from, uint32_t *out)
{
	struct x509_element e;
	if (!x509_take(from, DER_INTEGER, &e) || !e.in.n || e.in.n > 5 || e.in.p[0] & 0x80)
		return false;
	uint64_t v = 0;
	for (size_t i = 0; i < e.in.n; i++)
		v = v << 8 | e.in.p[i];
	*out = (uint32_t)v;
	return v <= UINT32_MAX;
}

static bool
spend(struct pbe *p, uint32_t rounds)
{
	if (!rounds || rounds > p->rounds)
		return false;
	p->rounds -= rounds;
	return true;
}

/* -- RFC 7292 B.2 --------------------------------------------------------------------------------- */

/* As often as it takes to fill whole blocks. */
static size_t
repeat(uint8_t *to, size_t block, const uint8_t *from, size_t n)
{
	size_t size = (n + block - 1) / block * block;
	for (size_t i = 0; i < size; i++)
		to[i] = from[i % n];
	return size;
}

/* a += b + 1 */
static void
add(uint8_t *a, const uint8_t *b, size_t n)
{
	unsigned carry = 1;
	while (n--) {
		carry += (unsigned)a[n] + b[n];
		a[n] = (uint8_t)carry;
		carry >>= 8;
	}
}

/* The password, the highest byte first, with a zero behind it. */
static uint8_t *
password_bytes(const struct pbe *p, size_t *n)
{
	*n = p->password ? (p->n + 1) * 2 : 0;
	uint8_t *b = calloc(1, *n + 1);
	for (size_t i = 0; b && i < p->n; i++) {
		b[2 * i] = (uint8_t)(p->password[i] >> 8);
		b[2 * i + 1] = (uint8_t)p->password[i];
	}
	return b;
}

bool
pbe_derive(struct pbe *p, enum digest_kind k, struct x509_span salt, uint32_t rounds, uint8_t id,
           uint8_t *out, size_t n)
{
	size_t u = digest_size(k), v = digest_block(k), text_size;
	uint8_t d[DIGEST_BLOCK_MOST], a[DIGEST_MOST], b[DIGEST_BLOCK_MOST];
	struct digest h;
	if (salt.n > 1024 || p->n > 65536 || !spend(p, rounds))
		return false;
	uint8_t *text = password_bytes(p, &text_size);
	uint8_t *all = malloc(salt.n + text_size + 2 * v);
	if (!text || !all) {
		free(text);
		free(all);
		return false;
	}
	size_t size = salt.n ? repeat(all, v, salt.p, salt.n) : 0;
	if (text_size)
		size += repeat(all + size, v, text, text_size);
	memset(d, id, v);
	while (n) {
		digest_start(&h, k);
		digest_add(&h, d, v);
		digest_add(&h, all, size);
		digest_end(&h, a);
		for (uint32_t i = 1; i < rounds; i++) {
			digest_start(&h, k);
			digest_add(&h, a, u);
			digest_end(&h, a);
		}
		size_t m = n < u ? n : u;
		memcpy(out, a, m);
		out += m;
		n -= m;
		repeat(b, v, a, u);
		for (size_t i = 0; i < size; i += v)
			add(all + i, b, v);
	}
	explicit_bzero(all, size);
	explicit_bzero(text, text_size);
	explicit_bzero(a, sizeof a);
	explicit_bzero(b, sizeof b);
	free(all);
	free(text);
	return true;
}

/* -- the schemes ------------------------------------------------------------------------------------- */

struct keyed {
	enum cipher_kind kind;
	size_t key_size;
	uint8_t key[CIPHER_KEY_MOST], iv[CIPHER_BLOCK_MOST];
};

static const struct old {
	const char *oid;
	uint8_t kind, key_size;
} old_schemes[] = {
	{ "1.2.840.113549.1.12.1.1", CIPHER_RC4, 16 },
	{ "1.2.840.113549.1.12.1.2", CIPHER_RC4, 5 },
	{ "1.2.840.113549.1.12.1.3", CIPHER_DES3, 24 },
	{ "1.2.840.113549.1.12.1.4", CIPHER_DES3_112, 16 },
	{ "1.2.840.113549.1.12.1.5", CIPHER_RC2, 16 },
	{ "1.2.840.113549.1.12.1.6", CIPHER_RC2, 5 },
};

static bool
old_key(struct pbe *p, const struct old *o, struct x509_span salt, uint32_t rounds, struct keyed *k)
{
	size_t block = cipher_trait[o->kind].block;
	k->kind = (enum cipher_kind)o->kind;
	k->key_size = o->key_size;
	return pbe_derive(p, DIGEST_SHA1, salt, rounds, 1, k->key, k->key_size) &&
	       (block == 1 || pbe_derive(p, DIGEST_SHA1, salt, rounds, 2, k->iv, block));
}

static bool
read_old(struct pbe *p, const struct old *o, struct x509_span more, struct keyed *k)
{
	struct x509_element all, salt;
	uint32_t rounds;
	return x509_take(&more, DER_SEQUENCE, &all) && x509_take(&all.in, DER_OCTETS, &salt) &&
	       pbe_number(&all.in, &rounds) && old_key(p, o, salt.in, rounds, k);
}

/* PKCS #5 hashes passwords as bytes: everybody takes UTF-8. */
static bool
derive_new(struct pbe *p, enum digest_kind prf, struct x509_span salt, uint32_t rounds,
           struct keyed *k)
{
	size_t n = p->n ? nls_8_of_16(p->password, p->n, NULL, 0, NULL) : 0;
	if (salt.n > 1024 || p->n > 65536 || !spend(p, rounds))
		return false;
	char *text = malloc(n + 1);
	if (!text)
		return false;
	if (n)
		nls_8_of_16(p->password, p->n, text, n, NULL);
	digest_pbkdf2(prf, text, n, salt.p, salt.n, rounds, k->key, k->key_size);
	explicit_bzero(text, n);
	free(text);
	return true;
}

static bool
read_prf(struct x509_span *from, enum digest_kind *prf)
{
	static const struct {
		const char *oid;
		enum digest_kind kind;
	} known[] = { { "1.2.840.113549.2.7", DIGEST_SHA1 },
		      { hmac_sha256, DIGEST_SHA256 },
		      { "1.2.840.113549.2.10", DIGEST_SHA384 },
		      { "1.2.840.113549.2.11", DIGEST_SHA512 } };
	struct x509_element all, oid;
	*prf = DIGEST_SHA1;
	if (!from->n)
		return true;
	if (!x509_take(from, DER_SEQUENCE, &all) || !x509_take(&all.in, DER_OID, &oid))
		return false;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (x509_oid_is(oid.in, known[i].oid)) {
			*prf = known[i].kind;
			return true;
		}
	return false;
}

static bool
read_cipher(struct x509_span *from, struct keyed *k)
{
	static const struct {
		const char *oid;
		uint8_t kind, key_size;
	} known[] = { { "2.16.840.1.101.3.4.1.2", CIPHER_AES, 16 },
		      { "2.16.840.1.101.3.4.1.22", CIPHER_AES, 24 },
		      { aes256, CIPHER_AES, 32 },
		      { "1.2.840.113549.3.7", CIPHER_DES3, 24 } };
	struct x509_element all, oid, iv;
	if (!x509_take(from, DER_SEQUENCE, &all) || !x509_take(&all.in, DER_OID, &oid) ||
	    !x509_take(&all.in, DER_OCTETS, &iv))
		return false;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (x509_oid_is(oid.in, known[i].oid)) {
			k->kind = (enum cipher_kind)known[i].kind;
			k->key_size = known[i].key_size;
			if (iv.in.n != cipher_trait[k->kind].block)
				return false;
			memcpy(k->iv, iv.in.p, iv.in.n);
			return true;
		}
	return false;
}

static bool
read_new(struct pbe *p, struct x509_span more, struct keyed *k)
{
	struct x509_element all, kdf, oid, with, salt;
	enum digest_kind prf;
	uint32_t rounds, size;
	if (!x509_take(&more, DER_SEQUENCE, &all) || !x509_take(&all.in, DER_SEQUENCE, &kdf) ||
	    !x509_take(&kdf.in, DER_OID, &oid) || !x509_oid_is(oid.in, pbkdf2) ||
	    !x509_take(&kdf.in, DER_SEQUENCE, &with) || !x509_take(&with.in, DER_OCTETS, &salt) ||
	    !pbe_number(&with.in, &rounds) || !read_cipher(&all.in, k))
		return false;
	if (with.in.n && with.in.p[0] == DER_INTEGER &&
	    (!pbe_number(&with.in, &size) || size != k->key_size))
		return false;
	return read_prf(&with.in, &prf) && derive_new(p, prf, salt.in, rounds, k);
}

static bool
read_algorithm(struct pbe *p, struct x509_span algorithm, struct keyed *k)
{
	struct x509_element oid;
	if (!x509_take(&algorithm, DER_OID, &oid))
		return false;
	if (x509_oid_is(oid.in, pbes2))
		return read_new(p, algorithm, k);
	for (size_t i = 0; i < sizeof old_schemes / sizeof *old_schemes; i++)
		if (x509_oid_is(oid.in, old_schemes[i].oid))
			return read_old(p, &old_schemes[i], algorithm, k);
	return false;
}

bool
pbe_open(struct pbe *p, struct x509_span algorithm, struct x509_span in, struct der *out)
{
	struct keyed k = { 0 };
	struct cipher c;
	bool ok =
	        read_algorithm(p, algorithm, &k) && cipher_start(&c, k.kind, k.key, k.key_size, 0);
	size_t block = cipher_trait[k.kind].block;
	if (ok && in.n && in.n % block == 0) {
		der_raw(out, in.p, in.n);
		if (!out->bad)
			cipher_run(&c, block == 1 ? CIPHER_STREAM : CIPHER_CBC, false, k.iv, 1,
			           out->p, in.p, in.n);
		size_t n = out->bad     ? SIZE_MAX
		           : block == 1 ? in.n
		                        : cipher_unpadded(out->p, in.n, block);
		ok = n != SIZE_MAX;
		if (ok)
			out->n = n;
	} else {
		ok = false;
	}
	if (!ok)
		der_free(out);
	explicit_bzero(&k, sizeof k);
	explicit_bzero(&c, sizeof c);
	return ok;
}

/* -- writing ------------------------------------------------------------------------------------------ */

static void
put_old(const struct old *o, const uint8_t *salt, uint32_t rounds, struct der *d)
{
	der_begin(d, DER_SEQUENCE);
	der_oid(d, o->oid);
	der_begin(d, DER_SEQUENCE);
	der_put(d, DER_OCTETS, salt, 8);
	der_number(d, rounds);
	der_end(d);
	der_end(d);
}

static void
put_new(const uint8_t *salt, uint32_t rounds, const uint8_t *iv, struct der *d)
{
	der_begin(d, DER_SEQUENCE);
	der_oid(d, pbes2);
	der_begin(d, DER_SEQUENCE);
	der_begin(d, DER_SEQUENCE);
	der_oid(d, pbkdf2);
	der_begin(d, DER_SEQUENCE);
	der_put(d, DER_OCTETS, salt, 8);
	der_number(d, rounds);
	der_algorithm(d, hmac_sha256);
	der_end(d);
	der_end(d);
	der_begin(d, DER_SEQUENCE);
	der_oid(d, aes256);
	der_put(d, DER_OCTETS, iv, 16);
	der_end(d);
	der_end(d);
	der_end(d);
}

void
pbe_seal(struct pbe *p, enum pbe_scheme s, uint8_t tag, const uint8_t *in, size_t n, struct der *d)
{
	uint8_t salt[8];
	struct x509_span by = { salt, sizeof salt };
	struct keyed k = { 0 };
	struct cipher c;
	uint32_t rounds = p->cost ? p->cost : PBE_OWN_ROUNDS;
	bool ok;
	host_random(salt, sizeof salt);
	if (s == PBE_SHA256_AES) {
		k.kind = CIPHER_AES;
		k.key_size = 32;
		host_random(k.iv, sizeof k.iv);
		put_new(salt, rounds, k.iv, d);
		ok = derive_new(p, DIGEST_SHA256, by, rounds, &k);
	} else {
		const struct old *o = &old_schemes[s == PBE_SHA1_DES3 ? 2 : 5];
		put_old(o, salt, rounds, d);
		ok = old_key(p, o, by, rounds, &k);
	}
	size_t block = cipher_trait[k.kind].block, size = (n / block + 1) * block;
	uint8_t *text = malloc(size);
	if (ok && text && cipher_start(&c, k.kind, k.key, k.key_size, 0)) {
		if (n)
			memcpy(text, in, n);
		memset(text + n, (int)(size - n), size - n);
		cipher_run(&c, CIPHER_CBC, true, k.iv, 1, text, text, size);
		der_put(d, tag, text, size);
		explicit_bzero(&c, sizeof c);
	} else {
		d->bad = true;
	}
	explicit_bzero(&k, sizeof k);
	free(text);
}
