/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cur.h"

struct cur
cur_of(const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	return (struct cur){ .p = p, .end = p + n };
}

size_t
cur_left(const struct cur *c)
{
	return (size_t)(c->end - c->p);
}

const uint8_t *
cur_bytes(struct cur *c, size_t n)
{
	if (c->bad || cur_left(c) < n) {
		c->bad = true;
		return NULL;
	}
	const uint8_t *p = c->p;
	c->p += n;
	return p;
}

static uint64_t
number(struct cur *c, size_t n)
{
	const uint8_t *p = cur_bytes(c, n);
	uint64_t v = 0;

	for (size_t i = 0; p && i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

uint8_t  cur_u8(struct cur *c) { return (uint8_t)number(c, 1); }
uint16_t cur_u16(struct cur *c) { return (uint16_t)number(c, 2); }
uint32_t cur_u32(struct cur *c) { return (uint32_t)number(c, 4); }
uint64_t cur_u64(struct cur *c) { return number(c, 8); }
