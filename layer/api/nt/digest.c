/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/digest.h"

#include <string.h>

/* clang-format off */
/* The first 64 bits of the fractions of the cube roots of the first 80 primes; SHA-256 has the
 * upper halves of the first 64. */
static const uint64_t cube[80] = {
	0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
	0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
	0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
	0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
	0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
	0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
	0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
	0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
	0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
	0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
	0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
	0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
	0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
	0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
	0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
	0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
	0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
	0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
	0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
	0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};

static const uint64_t start512[8] = {
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
	0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static const uint64_t start384[8] = {
	0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
	0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4,
};

static const uint32_t sine[64] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
	0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
	0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
	0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
	0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
	0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
	0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
	0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};
/* clang-format on */

size_t
digest_size(enum digest_kind k)
{
	static const uint8_t size[] = { 16, 20, 32, 48, 64 };
	return size[k];
}

size_t
digest_block(enum digest_kind k)
{
	return k >= DIGEST_SHA384 ? 128 : 64;
}

void
digest_start(struct digest *d, enum digest_kind k)
{
	static const uint32_t old[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
		                         0xc3d2e1f0 };
	memset(d, 0, sizeof *d);
	d->kind = k;
	for (int i = 0; i < 8; i++) {
		if (k <= DIGEST_SHA1)
			d->h.w[i] = i < 5 ? old[i] : 0;
		else if (k == DIGEST_SHA256)
			d->h.w[i] = (uint32_t)(start512[i] >> 32);
	}
	if (k >= DIGEST_SHA384)
		memcpy(d->h.d, k == DIGEST_SHA384 ? start384 : start512, sizeof d->h.d);
}

static uint32_t left(uint32_t v, int n) { return v << n | v >> (32 - n); }
static uint32_t right(uint32_t v, int n) { return v >> n | v << (32 - n); }
static uint64_t right64(uint64_t v, int n) { return v >> n | v << (64 - n); }

static uint32_t
big32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void
md5(uint32_t h[4], const uint8_t *p)
{
	static const uint8_t turn[4][4] = {
		{ 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 }
	};
	uint32_t a = h[0], b = h[1], c = h[2], d = h[3], m[16];
	memcpy(m, p, 64);
	for (int i = 0; i < 64; i++) {
		uint32_t f;
		int g;
		if (i < 16)
			f = (b & c) | (~b & d), g = i;
		else if (i < 32)
			f = (d & b) | (~d & c), g = (5 * i + 1) & 15;
		else if (i < 48)
			f = b ^ c ^ d, g = (3 * i + 5) & 15;
		else
			f = c ^ (b | ~d), g = 7 * i & 15;
		f += a + sine[i] + m[g];
		a = d, d = c, c = b;
		b += left(f, turn[i >> 4][i & 3]);
	}
	h[0] += a, h[1] += b, h[2] += c, h[3] += d;
}

static void
sha1(uint32_t h[5], const uint8_t *p)
{
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
	for (int i = 0; i < 80; i++)
		w[i] = i < 16 ? big32(p + i * 4)
		              : left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (int i = 0; i < 80; i++) {
		uint32_t f = i < 20   ? ((b & c) | (~b & d)) + 0x5a827999
		             : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1
		             : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
		                      : (b ^ c ^ d) + 0xca62c1d6;
		f += left(a, 5) + e + w[i];
		e = d, d = c, c = left(b, 30), b = a, a = f;
	}
	h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
}

static void
sha256(uint32_t h[8], const uint8_t *p)
{
	uint32_t w[64], v[8];
	memcpy(v, h, sizeof v);
	for (int i = 0; i < 64; i++) {
		if (i < 16) {
			w[i] = big32(p + i * 4);
			continue;
		}
		uint32_t x = w[i - 15], y = w[i - 2];
		w[i] = w[i - 16] + w[i - 7] + (right(x, 7) ^ right(x, 18) ^ x >> 3) +
		       (right(y, 17) ^ right(y, 19) ^ y >> 10);
	}
	for (int i = 0; i < 64; i++) {
		uint32_t e = v[4], a = v[0];
		uint32_t t = v[7] + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) +
		             ((e & v[5]) ^ (~e & v[6])) + (uint32_t)(cube[i] >> 32) + w[i];
		uint32_t u = (right(a, 2) ^ right(a, 13) ^ right(a, 22)) +
		             ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
		memmove(v + 1, v, 7 * sizeof *v);
		v[4] += t;
		v[0] = t + u;
	}
	for (int i = 0; i < 8; i++)
		h[i] += v[i];
}

static void
sha512(uint64_t h[8], const uint8_t *p)
{
	uint64_t w[80], v[8];
	memcpy(v, h, sizeof v);
	for (int i = 0; i < 80; i++) {
		if (i < 16) {
			w[i] = (uint64_t)big32(p + i * 8) << 32 | big32(p + i * 8 + 4);
			continue;
		}
		uint64_t x = w[i - 15], y = w[i - 2];
		w[i] = w[i - 16] + w[i - 7] + (right64(x, 1) ^ right64(x, 8) ^ x >> 7) +
		       (right64(y, 19) ^ right64(y, 61) ^ y >> 6);
	}
	for (int i = 0; i < 80; i++) {
		uint64_t e = v[4], a = v[0];
		uint64_t t = v[7] + (right64(e, 14) ^ right64(e, 18) ^ right64(e, 41)) +
		             ((e & v[5]) ^ (~e & v[6])) + cube[i] + w[i];
		uint64_t u = (right64(a, 28) ^ right64(a, 34) ^ right64(a, 39)) +
		             ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
		memmove(v + 1, v, 7 * sizeof *v);
		v[4] += t;
		v[0] = t + u;
	}
	for (int i = 0; i < 8; i++)
		h[i] += v[i];
}

static void
turn(struct digest *d, const uint8_t *p)
{
	switch (d->kind) {
	case DIGEST_MD5: md5(d->h.w, p); break;
	case DIGEST_SHA1: sha1(d->h.w, p); break;
	case DIGEST_SHA256: sha256(d->h.w, p); break;
	default: sha512(d->h.d, p); break;
	}
}

void
digest_add(struct digest *d, const void *data, size_t n)
{
	const uint8_t *p = data;
	size_t block = digest_block(d->kind), have = (size_t)(d->length % block);
	d->length += n;
	if (have && have + n >= block) {
		memcpy(d->block + have, p, block - have);
		turn(d, d->block);
		p += block - have;
		n -= block - have;
		have = 0;
	}
	for (; n >= block; p += block, n -= block)
		turn(d, p);
	if (n)
		memcpy(d->block + have, p, n);
}

void
digest_end(struct digest *d, uint8_t *out)
{
	static const uint8_t pad[DIGEST_BLOCK_MOST] = { 0x80 };
	size_t block = digest_block(d->kind), tail = block / 8, have = (size_t)(d->length % block);
	uint8_t length[16] = { 0 };
	uint64_t bits = d->length * 8;
	for (int i = 0; i < 8; i++)
		length[d->kind == DIGEST_MD5 ? (size_t)i : tail - 1 - (size_t)i] =
		        (uint8_t)(bits >> (8 * i));
	digest_add(d, pad, have < block - tail ? block - tail - have : 2 * block - tail - have);
	digest_add(d, length, tail);
	for (size_t i = 0; i < digest_size(d->kind); i++) {
		if (d->kind == DIGEST_MD5)
			out[i] = (uint8_t)(d->h.w[i / 4] >> (8 * (i & 3)));
		else if (d->kind <= DIGEST_SHA256)
			out[i] = (uint8_t)(d->h.w[i / 4] >> (24 - 8 * (i & 3)));
		else
			out[i] = (uint8_t)(d->h.d[i / 8] >> (56 - 8 * (i & 7)));
	}
}

void
digest_hmac_start(struct digest_hmac *h, enum digest_kind k, const void *key, size_t n)
{
	uint8_t pad[DIGEST_BLOCK_MOST] = { 0 };
	size_t block = digest_block(k);
	if (n > block) {
		digest_start(&h->inner, k);
		digest_add(&h->inner, key, n);
		digest_end(&h->inner, pad);
	} else if (n) {
		memcpy(pad, key, n);
	}
	digest_start(&h->inner, k);
	digest_start(&h->outer, k);
	for (size_t i = 0; i < block; i++)
		pad[i] ^= 0x36;
	digest_add(&h->inner, pad, block);
	for (size_t i = 0; i < block; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	digest_add(&h->outer, pad, block);
}

void
digest_hmac_end(struct digest_hmac *h, uint8_t *out)
{
	size_t n = digest_size(h->inner.kind);
	digest_end(&h->inner, out);
	digest_add(&h->outer, out, n);
	digest_end(&h->outer, out);
}

void
digest_pbkdf2(enum digest_kind k, const void *password, size_t n, const void *salt, size_t m,
              uint64_t rounds, uint8_t *out, size_t size)
{
	struct digest_hmac key, h;
	size_t step = digest_size(k);
	digest_hmac_start(&key, k, password, n);
	for (uint32_t block = 1; size; block++) {
		uint8_t u[DIGEST_MOST], t[DIGEST_MOST];
		uint8_t number[4] = { (uint8_t)(block >> 24), (uint8_t)(block >> 16),
			              (uint8_t)(block >> 8), (uint8_t)block };
		h = key;
		digest_add(&h.inner, salt, m);
		digest_add(&h.inner, number, 4);
		digest_hmac_end(&h, u);
		memcpy(t, u, step);
		for (uint64_t i = 1; i < rounds; i++) {
			h = key;
			digest_add(&h.inner, u, step);
			digest_hmac_end(&h, u);
			for (size_t j = 0; j < step; j++)
				t[j] ^= u[j];
		}
		size_t give = size < step ? size : step;
		memcpy(out, t, give);
		out += give;
		size -= give;
	}
}
