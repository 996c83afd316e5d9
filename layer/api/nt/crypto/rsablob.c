/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/crypto/rsablob.h"

#include <stdlib.h>
#include <string.h>

#include "base/cur.h"

enum { PUBLIC = 0x31415352, PRIVATE = 0x32415352 };

void
rsablob_turn(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		uint8_t b = p[i];
		p[i] = p[n - 1 - i];
		p[n - 1 - i] = b;
	}
}

/* A number of the blob, turned, in room that is the caller's. */
static struct rsakey_bytes
number(struct cur *c, size_t n, uint8_t *room)
{
	const uint8_t *p = cur_bytes(c, n);
	if (!p)
		return (struct rsakey_bytes){ NULL, 0 };
	memcpy(room, p, n);
	rsablob_turn(room, n);
	for (; n && !*room; room++)
		n--;
	return (struct rsakey_bytes){ room, n };
}

bool
rsablob_read(struct keypair *k, struct x509_span in, bool private)
{
	struct cur c = cur_of(in.p, in.n);
	uint32_t magic = cur_u32(&c), bits = cur_u32(&c), exponent = cur_u32(&c);
	struct rsakey_bytes p = { NULL, 0 }, q = { NULL, 0 };
	uint8_t e[4] = { (uint8_t)(exponent >> 24), (uint8_t)(exponent >> 16),
		         (uint8_t)(exponent >> 8), (uint8_t)exponent };
	if (c.bad || magic != (private ? PRIVATE : PUBLIC) || bits < RSAKEY_LEAST ||
	    bits > RSAKEY_MOST || bits % 8)
		return false;
	size_t size = bits / 8, half = (size + 1) / 2, skip = 0;
	if (cur_left(&c) < (private ? 2 * size + 5 * half : size))
		return false;
	uint8_t *room = malloc(size + 2 * half);
	if (!room)
		return false;
	while (skip < 3 && !e[skip])
		skip++;
	struct rsakey_bytes n = number(&c, size, room);
	if (private) {
		p = number(&c, half, room + size);
		q = number(&c, half, room + size + half);
	}
	keypair_begin_rsa(k);
	bool ok = !c.bad && (!private || (p.n && q.n)) &&
	          rsakey_set(&k->key, (struct rsakey_bytes){ e + skip, sizeof e - skip }, n, p, q);
	explicit_bzero(room, size + 2 * half);
	free(room);
	if (!ok)
		keypair_clear(k);
	return ok;
}

static void
put32(struct der *d, uint32_t v)
{
	der_raw(d,
	        (uint8_t[4]){ (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
	                      (uint8_t)(v >> 24) },
	        4);
}

static void
put_part(const struct rsakey *r, enum rsakey_part which, size_t n, struct der *d)
{
	uint8_t *p = malloc(n);
	if (!p || rsakey_part_size(r, which) > n) {
		free(p);
		d->bad = true;
		return;
	}
	rsakey_put(r, which, p, n);
	rsablob_turn(p, n);
	der_raw(d, p, n);
	explicit_bzero(p, n);
	free(p);
}

void
rsablob_put(const struct keypair *k, bool private, struct der *d)
{
	static const uint8_t halves[] = { RSAKEY_P, RSAKEY_Q, RSAKEY_DP, RSAKEY_DQ, RSAKEY_QINV };
	const struct rsakey *r = &k->key;
	size_t size = rsakey_size(r), half = (size + 1) / 2;
	uint8_t e[4];
	if (!k->rsa || rsakey_part_size(r, RSAKEY_E) > sizeof e ||
	    (private && !keypair_private(k))) {
		d->bad = true;
		return;
	}
	rsakey_put(r, RSAKEY_E, e, sizeof e);
	put32(d, private ? PRIVATE : PUBLIC);
	put32(d, (uint32_t)size * 8);
	put32(d, (uint32_t)e[0] << 24 | (uint32_t)e[1] << 16 | (uint32_t)e[2] << 8 | e[3]);
	put_part(r, RSAKEY_N, size, d);
	for (size_t i = 0; private && i < sizeof halves; i++)
		put_part(r, (enum rsakey_part)halves[i], half, d);
	if (private)
		put_part(r, RSAKEY_D, size, d);
}
