/* SPDX-License-Identifier: Apache-2.0 */
/* The one guest's DHCP server, asked as clients do. */
#include "test/unit.h"

#include <string.h>

#include "layer/hal/dev/dhcp.h"

enum { BOOTP = 14 + 20 + 8, OPTIONS = BOOTP + 240 };
enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM };

static const uint8_t mac[6] = { 2, 0x59, 10, 89, 0, 5 };

static const struct dhcp_lease lease = { .ip = 0x0a590005,
	                                 .mask = 0xffffff00,
	                                 .router = 0x0a590001,
	                                 .dns = { 0x0a590001, 0x08080808 },
	                                 .ndns = 2,
	                                 .host = "riscv",
	                                 .search = "example.org . bad..name lab" };

static void
put(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t
get(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* A client's frame; numbers that are 0 are not in it. */
static size_t
ask(uint8_t out[600], uint8_t type, uint32_t ciaddr, uint32_t wanted, uint32_t server)
{
	static const uint8_t head[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0x59, 10, 89,
		                        0,    5,    8,    0,    0x45, 0,    0, 0,    0,  0,
		                        0,    0,    64,   17,   0,    0,    0, 0,    0,  0,
		                        255,  255,  255,  255,  0,    68,   0, 67 };
	memset(out, 0, 600);
	memcpy(out, head, sizeof head);
	uint8_t *b = out + BOOTP, *o = out + OPTIONS;
	b[0] = b[1] = 1;
	b[2] = 6;
	memcpy(b + 4, "\1\2\3\4", 4);
	put(b + 12, ciaddr);
	memcpy(b + 28, mac, 6);
	put(b + 236, 0x63825363);
	memcpy(o, (uint8_t[]){ 53, 1, type }, 3);
	o += 3;
	*o++ = 0; /* padding may stand anywhere */
	if (wanted) {
		memcpy(o, "\62\4", 2);
		put(o + 2, wanted);
		o += 6;
	}
	if (server) {
		memcpy(o, "\66\4", 2);
		put(o + 2, server);
		o += 6;
	}
	*o++ = 255;
	size_t n = (size_t)(o - out), udp = n - 34, ip = n - 14;
	out[16] = (uint8_t)(ip >> 8);
	out[17] = (uint8_t)ip;
	out[38] = (uint8_t)(udp >> 8);
	out[39] = (uint8_t)udp;
	return n;
}

static uint32_t
sum(const uint8_t *p, size_t n, uint32_t s)
{
	for (size_t i = 0; i < n; i++)
		s += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

/* An option of an answer: its value, *n its length; NULL: it has none. */
static const uint8_t *
option(const uint8_t *frame, size_t size, uint8_t code, size_t *n)
{
	for (size_t at = OPTIONS; at < size && frame[at] != 255; at += 2 + frame[at + 1])
		if (frame[at] == code) {
			*n = frame[at + 1];
			return frame + at + 2;
		}
	return NULL;
}

static void
option_is(const uint8_t *frame, size_t size, uint8_t code, const void *value, size_t want)
{
	size_t n = 0;
	const uint8_t *p = option(frame, size, code, &n);
	assert_non_null(p);
	assert_int_equal(n, want);
	assert_memory_equal(p, value, n);
}

/* The type of the answer, which is well formed; 0 for none. */
static unsigned
answered(const uint8_t *frame, size_t n, uint8_t out[DHCP_MOST], size_t *size)
{
	*size = dhcp_answer(&lease, frame, n, out);
	if (!*size)
		return 0;
	size_t k;
	assert_true(*size >= OPTIONS && *size <= DHCP_MOST);
	assert_memory_equal(out + 6, "\2\x59\12\x59\0\1", 6);
	assert_int_equal(out[16] << 8 | out[17], *size - 14);
	assert_int_equal(out[38] << 8 | out[39], *size - 34);
	assert_int_equal(sum(out + 14, 20, 0), 0xffff);
	assert_int_equal(sum(out + 34, *size - 34, sum(out + 26, 8, 17 + (uint32_t)*size - 34)),
	                 0xffff);
	assert_memory_equal(out + 34, "\0\103\0\104", 4);
	assert_memory_equal(out + BOOTP, "\2\1\6\0\1\2\3\4", 8);
	assert_memory_equal(out + BOOTP + 28, mac, 6);
	option_is(out, *size, 54, "\12\x59\0\1", 4);
	return *option(out, *size, 53, &k);
}

static void
a_lease(void **state)
{
	uint8_t q[600], a[DHCP_MOST];
	size_t n;
	(void)state;
	assert_int_equal(answered(q, ask(q, DISCOVER, 0, 0, 0), a, &n), OFFER);
	assert_int_equal(get(a + BOOTP + 16), lease.ip);
	assert_int_equal(get(a + 30), 0xffffffff);
	/* RFC 2131, 4.3.2: SELECTING */
	assert_int_equal(answered(q, ask(q, REQUEST, 0, lease.ip, lease.router), a, &n), ACK);
	assert_int_equal(get(a + BOOTP + 16), lease.ip);
	option_is(a, n, 51, "\0\0\16\20", 4);
	option_is(a, n, 1, "\377\377\377\0", 4);
	option_is(a, n, 3, "\12\x59\0\1", 4);
	option_is(a, n, 6, "\12\x59\0\1\10\10\10\10", 8);
	option_is(a, n, 12, "riscv", 5);
	option_is(a, n, 28, "\12\x59\0\377", 4);
	option_is(a, n, 119, "\7example\3org\0\3lab", 18);
	/* INIT-REBOOT, RENEWING, and the same with what is another's */
	assert_int_equal(answered(q, ask(q, REQUEST, 0, lease.ip, 0), a, &n), ACK);
	assert_int_equal(answered(q, ask(q, REQUEST, lease.ip, 0, 0), a, &n), ACK);
	assert_int_equal(get(a + 30), lease.ip);
	assert_memory_equal(a, mac, 6);
	assert_int_equal(answered(q, ask(q, REQUEST, 0, lease.ip + 1, 0), a, &n), NAK);
	assert_int_equal(get(a + 30), 0xffffffff);
	assert_int_equal(get(a + BOOTP + 16), 0);
	assert_null(option(a, n, 51, &n));
	assert_int_equal(answered(q, ask(q, REQUEST, lease.ip + 1, 0, 0), a, &n), NAK);
	assert_int_equal(answered(q, ask(q, REQUEST, 0, lease.ip, 0x01020304), a, &n), 0);
	/* it has an address, and wants the rest */
	assert_int_equal(answered(q, ask(q, INFORM, lease.ip, 0, 0), a, &n), ACK);
	assert_int_equal(get(a + BOOTP + 16), 0);
	option_is(a, n, 3, "\12\x59\0\1", 4);
	assert_null(option(a, n, 51, &n));
	assert_int_equal(answered(q, ask(q, RELEASE, lease.ip, 0, 0), a, &n), 0);
	assert_int_equal(answered(q, ask(q, DECLINE, 0, lease.ip, 0), a, &n), 0);
	assert_int_equal(answered(q, ask(q, OFFER, 0, 0, 0), a, &n), 0);
}

static void
long_names_fit(void **state)
{
	struct dhcp_lease l = lease;
	uint8_t q[600], a[DHCP_MOST];
	size_t k;
	(void)state;
	l.ndns = DHCP_SERVERS;
	memset(l.host, 'h', sizeof l.host - 1);
	for (size_t i = 0; i < sizeof l.search - 1; i++)
		l.search[i] = i % 2 ? ' ' : 's';
	l.search[sizeof l.search - 1] = '\0';
	size_t n = dhcp_answer(&l, q, ask(q, DISCOVER, 0, 0, 0), a);
	assert_true(n > 0 && n <= DHCP_MOST);
	assert_non_null(option(a, n, 12, &k));
	assert_int_equal(k, 64);
	assert_non_null(option(a, n, 119, &k));
	assert_int_equal(k, 64 * 3);
}

static void
what_is_no_question(void **state)
{
	uint8_t q[600], a[DHCP_MOST];
	(void)state;
	size_t n = ask(q, DISCOVER, 0, 0, 0);
	assert_true(dhcp_asks(q, n));
	assert_true(dhcp_asks(q, DHCP_PEEK));
	for (size_t i = 0; i < n; i++) {
		/* every cut is no whole packet */
		assert_int_equal(dhcp_answer(&lease, q, i, a), 0);
	}
	static const struct {
		size_t at;
		uint8_t value;
		bool asks;
	} wrong[] = {
		{ 12, 9, false },         { 14, 0x65, false },    { 14, 0x44, false },
		{ 20, 0x20, false },      { 21, 1, false },       { 23, 6, false },
		{ 37, 68, false },        { 39, 7, true },        { 38, 0xff, true },
		{ BOOTP, 2, true },       { BOOTP + 1, 6, true }, { BOOTP + 2, 16, true },
		{ BOOTP + 236, 0, true }, { OPTIONS, 12, true },
	};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		ask(q, DISCOVER, 0, 0, 0);
		q[wrong[i].at] = wrong[i].value;
		assert_int_equal(dhcp_asks(q, n), wrong[i].asks);
		assert_int_equal(dhcp_answer(&lease, q, n, a), 0);
	}
}

UNIT_MAIN(TEST(a_lease), TEST(long_names_fit), TEST(what_is_no_question))
