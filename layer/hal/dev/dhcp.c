/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/dhcp.h"

#include <endian.h>
#include <string.h>

#include "base/cur.h"

/* Lengths of headers, and where things stand in Ethernet's, IPv4's and BOOTP's (RFC 951). */
enum {
	ETHER = 14,
	IP = 20,
	UDP = 8,
	BOOTP = 240, /* with the cookie behind it */
	ANSWER = ETHER + IP + UDP,
	OF_FLAGS = 10,
	OF_CIADDR = 12,
	OF_YIADDR = 16,
	OF_SIADDR = 20,
	OF_GIADDR = 24,
	OF_CHADDR = 28,
	OF_COOKIE = 236,
	LEAST = 300, /* RFC 1542, 2.1 */
};

enum { SERVER = 67, CLIENT = 68, PROTO_UDP = 17, LEASE = 3600 };
#define COOKIE UINT32_C(0x63825363)

/* RFC 2132 */
enum {
	PAD = 0,
	MASK = 1,
	ROUTER = 3,
	DNS = 6,
	HOST_NAME = 12,
	BROADCAST = 28,
	WANTED = 50,
	LEASE_TIME = 51,
	TYPE = 53,
	SERVER_ID = 54,
	SEARCH = 119, /* RFC 3397 */
	END = 255,
};
enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM };

struct query {
	const uint8_t *bootp;
	uint8_t type;
	uint32_t ciaddr, wanted, server; /* 0: not said */
};

static uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void
put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

/* -- reading ------------------------------------------------------------------------------ */

/* The UDP header of an IPv4 packet that is whole, or NULL. */
static const uint8_t *
udp_of(const uint8_t *frame, size_t n)
{
	const uint8_t *ip = frame + ETHER;
	if (n < ETHER + IP + UDP || get16(frame + 12) != 0x0800 || ip[0] >> 4 != 4 ||
	    ip[9] != PROTO_UDP || get16(ip + 6) & 0x3fff)
		return NULL;
	size_t head = (size_t)(ip[0] & 15) * 4;
	return head >= IP && n >= ETHER + head + UDP ? ip + head : NULL;
}

bool
dhcp_asks(const uint8_t *frame, size_t n)
{
	const uint8_t *udp = udp_of(frame, n);
	return udp && get16(udp + 2) == SERVER;
}

static void
options(struct cur *c, struct query *q)
{
	uint8_t code;
	while (cur_left(c) > 0 && (code = cur_u8(c)) != END) {
		if (code == PAD)
			continue;
		uint8_t n = cur_u8(c);
		const uint8_t *p = cur_bytes(c, n);
		if (!p)
			return;
		if (code == TYPE && n == 1)
			q->type = *p;
		else if (code == WANTED && n == 4)
			q->wanted = get32(p);
		else if (code == SERVER_ID && n == 4)
			q->server = get32(p);
	}
}

static bool
read_query(const uint8_t *frame, size_t n, struct query *q)
{
	const uint8_t *udp = udp_of(frame, n);
	memset(q, 0, sizeof *q);
	if (!udp || get16(udp + 2) != SERVER)
		return false;
	size_t rest = n - (size_t)(udp - frame), said = get16(udp + 4);
	if (said < UDP || said > rest)
		return false;
	struct cur c = cur_of(udp + UDP, said - UDP);
	const uint8_t *b = q->bootp = cur_bytes(&c, BOOTP);
	/* a request, Ethernet, six bytes of address */
	if (!b || b[0] != 1 || b[1] != 1 || b[2] != 6 || get32(b + OF_COOKIE) != COOKIE)
		return false;
	q->ciaddr = get32(b + OF_CIADDR);
	options(&c, q);
	return true;
}

/* RFC 2131, 4.3: the type of the answer, or 0. */
static uint8_t
judge(const struct dhcp_lease *l, const struct query *q)
{
	switch (q->type) {
	case DISCOVER: return OFFER;
	case INFORM: return ACK;
	case REQUEST:
		/* it took another's offer; there is none, but it is not ours to say */
		if (q->server && q->server != l->router)
			return 0;
		return (q->wanted ? q->wanted : q->ciaddr) == l->ip ? ACK : NAK;
	default: return 0;
	}
}

/* -- writing ------------------------------------------------------------------------------- */

struct writer {
	uint8_t *p, *end;
};

static void
option(struct writer *w, uint8_t code, const void *value, size_t n)
{
	/* one byte stays for the end */
	if (n == 0 || n > 255 || (size_t)(w->end - w->p) < n + 3)
		return;
	*w->p++ = code;
	*w->p++ = (uint8_t)n;
	memcpy(w->p, value, n);
	w->p += n;
}

static void
option32(struct writer *w, uint8_t code, uint32_t value)
{
	value = htobe32(value);
	option(w, code, &value, 4);
}

/* "one.example two" as names of DNS; what is no name is left out. */
static void
search(struct writer *w, const char *text)
{
	uint8_t names[2 * sizeof((struct dhcp_lease *)0)->search];
	size_t n = 0;
	while (*text) {
		size_t start = n, word = strcspn(text, " ");
		const char *end = text + word;
		bool good = word > 0;
		while (good && text < end) {
			size_t label = strcspn(text, ". ");
			good = label > 0 && label < 64;
			if (!good)
				break;
			names[n++] = (uint8_t)label;
			memcpy(names + n, text, label);
			n += label;
			text += label + (text[label] == '.');
		}
		if (good)
			names[n++] = 0;
		else
			n = start;
		text = end + (*end == ' ');
	}
	option(w, SEARCH, names, n);
}

static void
put_options(struct writer *w, const struct dhcp_lease *l, const struct query *q, uint8_t type)
{
	uint32_t dns[DHCP_SERVERS];
	option(w, TYPE, &type, 1);
	option32(w, SERVER_ID, l->router);
	if (type != NAK) {
		if (q->type != INFORM)
			option32(w, LEASE_TIME, LEASE);
		option32(w, MASK, l->mask);
		option32(w, BROADCAST, l->ip | ~l->mask);
		option32(w, ROUTER, l->router);
		for (unsigned i = 0; i < l->ndns; i++)
			dns[i] = htobe32(l->dns[i]);
		option(w, DNS, dns, 4 * (size_t)l->ndns);
		option(w, HOST_NAME, l->host, strnlen(l->host, sizeof l->host));
		search(w, l->search);
	}
	*w->p++ = END;
}

static void
put_bootp(uint8_t *b, const struct dhcp_lease *l, const struct query *q, uint8_t type)
{
	b[0] = 2;
	b[1] = 1;
	b[2] = 6;
	memcpy(b + 4, q->bootp + 4, 4); /* the client's number */
	memcpy(b + OF_FLAGS, q->bootp + OF_FLAGS, 2);
	if (type != NAK && q->type != DISCOVER)
		put32(b + OF_CIADDR, q->ciaddr);
	if (type != NAK && q->type != INFORM)
		put32(b + OF_YIADDR, l->ip);
	memcpy(b + OF_GIADDR, q->bootp + OF_GIADDR, 4);
	memcpy(b + OF_CHADDR, q->bootp + OF_CHADDR, 16);
	put32(b + OF_COOKIE, COOKIE);
}

static uint32_t
sum(const uint8_t *p, size_t n, uint32_t s)
{
	for (; n > 1; n -= 2, p += 2)
		s += get16(p);
	return n ? s + (uint32_t)*p * 256 : s;
}

static uint32_t
fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return ~s & 0xffff;
}

/* The headers before n bytes of BOOTP, to an address. */
static void
put_headers(uint8_t *out, const struct dhcp_lease *l, const uint8_t mac[6], uint32_t to, size_t n)
{
	uint8_t *ip = out + ETHER, *udp = ip + IP;
	uint32_t s;
	if (to == UINT32_MAX)
		memset(out, 0xff, 6);
	else
		memcpy(out, mac, 6);
	/* ours: as the network's machines have theirs; the router's is nobody else's */
	out[6] = 0x02;
	out[7] = 0x59;
	put32(out + 8, l->router);
	put16(out + 12, 0x0800);
	memset(ip, 0, IP + UDP);
	ip[0] = 0x45;
	put16(ip + 2, (uint32_t)(IP + UDP + n));
	put16(ip + 6, 0x4000);
	ip[8] = 64;
	ip[9] = PROTO_UDP;
	put32(ip + 12, l->router);
	put32(ip + 16, to);
	put16(ip + 10, fold(sum(ip, IP, 0)));
	put16(udp, SERVER);
	put16(udp + 2, CLIENT);
	put16(udp + 4, (uint32_t)(UDP + n));
	s = fold(sum(udp, UDP + n, sum(ip + 12, 8, PROTO_UDP + (uint32_t)(UDP + n))));
	put16(udp + 6, s ? s : 0xffff);
}

size_t
dhcp_answer(const struct dhcp_lease *l, const uint8_t *frame, size_t n, uint8_t out[DHCP_MOST])
{
	struct query q;
	uint8_t type;
	if (!read_query(frame, n, &q) || !(type = judge(l, &q)))
		return 0;
	memset(out, 0, DHCP_MOST);
	uint8_t *b = out + ANSWER;
	struct writer w = { b + BOOTP, out + DHCP_MOST };
	put_bootp(b, l, &q, type);
	put_options(&w, l, &q, type);
	size_t size = (size_t)(w.p - b);
	/* RFC 2131, 4.1: to the address that it has; with none, and with a wrong one, to all */
	uint32_t to = type != NAK && q.ciaddr == l->ip ? l->ip : UINT32_MAX;
	if (size < LEAST)
		size = LEAST;
	put_headers(out, l, frame + 6, to, size);
	return ANSWER + size;
}
