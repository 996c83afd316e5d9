/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/dns/packet.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/cur.h"

static uint16_t
big16(struct cur *c)
{
	uint16_t v = cur_u16(c);
	return (uint16_t)(v << 8 | v >> 8);
}

/* RFC 1035 4.1.2: labels, each with its length, ended by an empty one.  A
 * question has nothing before it that a pointer could point to. */
static bool
name(struct cur *c, char out[256])
{
	size_t k = 0;

	for (;;) {
		uint8_t len = cur_u8(c);
		const uint8_t *label = len ? cur_bytes(c, len) : NULL;
		if (c->bad || len > 63 || k + len + 2 > 255)
			return false;
		if (!len)
			break;
		if (k)
			out[k++] = '.';
		for (uint8_t i = 0; i < len; i++)
			out[k++] = label[i] ? (char)tolower(label[i]) : '?';
	}
	out[k] = '\0';
	return true;
}

int
packet_question(const uint8_t *p, size_t n, struct question *q)
{
	struct cur c = cur_of(p, n);

	*q = (struct question){ .end = PACKET_HEAD };
	q->id = big16(&c);
	uint16_t flags = big16(&c), questions = big16(&c);
	cur_bytes(&c, 6);
	if (c.bad || flags & 0x8000)
		return -1;
	if ((flags >> 11 & 15) != 0)
		return RCODE_NONE;
	if (questions != 1 || !name(&c, q->name))
		return RCODE_FORMAT;
	q->type = big16(&c);
	q->class = big16(&c);
	if (c.bad)
		return RCODE_FORMAT;
	q->end = (size_t)(c.p - p);
	return RCODE_OK;
}

static void
put16(uint8_t **p, unsigned v)
{
	*(*p)++ = (uint8_t)(v >> 8);
	*(*p)++ = (uint8_t)v;
}

static size_t
put_name(uint8_t *p, const char *text)
{
	uint8_t *start = p;

	while (*text) {
		size_t k = strcspn(text, ".");
		if (k == 0 || k > 63)
			break;
		*p++ = (uint8_t)k;
		memcpy(p, text, k);
		p += k;
		text += k + (text[k] == '.');
	}
	*p++ = 0;
	return (size_t)(p - start);
}

size_t
packet_answer(const uint8_t *p, const struct question *q, int rcode, const uint32_t *ip,
              size_t count, const char *ptr, uint8_t out[PACKET_MOST])
{
	/* Ours is the last word (AA) on what we answer; recursion is available. */
	unsigned flags = 0x8000u | 0x0400u | 0x0080u | (p[2] & 1u) << 8 | (unsigned)rcode;
	size_t answers = ptr ? 1 : count > 64 ? 64 : count;
	uint8_t *w = out;

	put16(&w, q->id);
	put16(&w, flags);
	put16(&w, q->end > PACKET_HEAD);
	put16(&w, (unsigned)answers);
	put16(&w, 0);
	put16(&w, 0);
	memcpy(w, p + PACKET_HEAD, q->end - PACKET_HEAD);
	w += q->end - PACKET_HEAD;
	for (size_t i = 0; i < answers; i++) {
		put16(&w, 0xc000 | PACKET_HEAD); /* the name of the question */
		put16(&w, ptr ? TYPE_PTR : TYPE_A);
		put16(&w, CLASS_IN);
		put16(&w, 0);
		put16(&w, 5); /* machines come and go */
		if (ptr) {
			size_t n = put_name(w + 2, ptr);
			put16(&w, (unsigned)n);
			w += n;
		} else {
			put16(&w, 4);
			put16(&w, ip[i] >> 16);
			put16(&w, ip[i] & 0xffff);
		}
	}
	return (size_t)(w - out);
}

bool
packet_matches(const uint8_t *r, size_t rn, const uint8_t *p, const struct question *q, uint16_t id)
{
	return rn >= q->end && r[0] == id >> 8 && r[1] == (id & 255) && (r[2] & 0x80) &&
	       r[4] == 0 && r[5] == 1 &&
	       memcmp(r + PACKET_HEAD, p + PACKET_HEAD, q->end - PACKET_HEAD) == 0;
}

uint32_t
packet_reverse(const char *text)
{
	unsigned a, b, c, d;
	int n = 0;

	if (sscanf(text, "%3u.%3u.%3u.%3u.in-addr.arpa%n", &d, &c, &b, &a, &n) != 4 || !n ||
	    text[n] || a > 255 || b > 255 || c > 255 || d > 255)
		return 0;
	return a << 24 | b << 16 | c << 8 | d;
}
