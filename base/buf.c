/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

uint8_t *
buf_room(struct buf *b, size_t n)
{
	if (b->cap - b->n < n) {
		size_t cap = b->cap ? b->cap * 2 : 64;
		while (cap - b->n < n)
			cap *= 2;
		b->p = xrealloc(b->p, cap);
		b->cap = cap;
	}
	b->n += n;
	return b->p + b->n - n;
}

void
buf_put(struct buf *b, const void *bytes, size_t n)
{
	if (n)
		memcpy(buf_room(b, n), bytes, n);
}

void
buf_u8(struct buf *b, uint8_t v)
{
	*buf_room(b, 1) = v;
}

static void
number(struct buf *b, uint64_t v, int n)
{
	uint8_t *p = buf_room(b, (size_t)n);
	for (int i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

void
buf_u16(struct buf *b, uint16_t v)
{
	number(b, v, 2);
}

void
buf_u32(struct buf *b, uint32_t v)
{
	number(b, v, 4);
}

void
buf_u64(struct buf *b, uint64_t v)
{
	number(b, v, 8);
}

void
buf_uleb(struct buf *b, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		buf_u8(b, (uint8_t)(v | 0x80));
	buf_u8(b, (uint8_t)v);
}

void
buf_sleb(struct buf *b, int64_t v)
{
	for (;;) {
		uint8_t byte = (uint8_t)(v & 0x7f);
		v >>= 7;
		bool last = (v == 0 && !(byte & 0x40)) || (v == -1 && (byte & 0x40));
		buf_u8(b, last ? byte : (uint8_t)(byte | 0x80));
		if (last)
			return;
	}
}

void
buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}
