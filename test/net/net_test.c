/* SPDX-License-Identifier: Apache-2.0 */
/* Words for ports, and messages of the name server. */
#include "test/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/net.h"
#include "libexec/dns/packet.h"

static void
ports_are_read(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		unsigned host, guest;
		const char *proto, *ip;
	} good[] = {
		{ "80", 1, 0, 80, "tcp", "" },
		{ "8080:80", 1, 8080, 80, "tcp", "" },
		{ "53:53/udp", 1, 53, 53, "udp", "" },
		{ "127.0.0.1:8080:80", 1, 8080, 80, "tcp", "127.0.0.1" },
		{ "127.0.0.1::80", 1, 0, 80, "tcp", "127.0.0.1" },
		{ "[::1]:8080:80", 1, 8080, 80, "tcp", "::1" },
		{ "8000-8002:9000-9002", 3, 8000, 9000, "tcp", "" },
	};
	static const char *const bad[] = { "",         "x",
		                           "80:x",     "0",
		                           "70000:1",  "1:2:3:4",
		                           "80/sctp",  "8000-8001:9000-9005",
		                           "9-8:9-8",  "300.1.1.1:1:1",
		                           "[::1:1:1", "-1",
		                           "80:" };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct net_port *p = NULL;
		size_t n = 0;
		assert_int_equal(net_parse_port(good[i].text, &p, &n, NULL), 0);
		assert_int_equal(n, good[i].n);
		assert_int_equal(p[0].host, good[i].host);
		assert_int_equal(p[0].guest, good[i].guest);
		assert_string_equal(p[0].proto, good[i].proto);
		assert_string_equal(p[0].host_ip, good[i].ip);
		free(p);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct net_port *p = NULL;
		size_t n = 0;
		assert_int_equal(net_parse_port(bad[i], &p, &n, NULL), -1);
		free(p);
	}
}

static const uint8_t query[] =
        "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03OnE\x00\x00\x01\x00\x01";

enum { QUERY = sizeof query - 1 };

static void
questions_are_read(void **state)
{
	struct question q;
	uint8_t copy[QUERY];

	(void)state;
	assert_int_equal(packet_question(query, QUERY, &q), RCODE_OK);
	assert_string_equal(q.name, "one");
	assert_int_equal(q.type, TYPE_A);
	assert_int_equal(q.end, QUERY);
	for (size_t n = 0; n < PACKET_HEAD; n++)
		assert_int_equal(packet_question(query, n, &q), -1);
	for (size_t n = PACKET_HEAD; n < QUERY; n++)
		assert_int_equal(packet_question(query, n, &q), RCODE_FORMAT);
	memcpy(copy, query, QUERY);
	copy[2] |= 0x80; /* an answer is no question */
	assert_int_equal(packet_question(copy, QUERY, &q), -1);
	memcpy(copy, query, QUERY);
	copy[12] = 0xc0; /* nothing to point to */
	assert_int_equal(packet_question(copy, QUERY, &q), RCODE_FORMAT);
}

static void
answers_are_written(void **state)
{
	static const uint8_t record[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 10, 89, 0, 2 };
	uint32_t ip = 0x0a590002;
	uint8_t out[PACKET_MOST];
	struct question q;

	(void)state;
	packet_question(query, QUERY, &q);
	size_t n = packet_answer(query, &q, RCODE_OK, &ip, 1, NULL, out);
	assert_int_equal(n, QUERY + sizeof record);
	assert_memory_equal(out + QUERY, record, sizeof record);
	assert_true(packet_matches(out, n, query, &q, 0x1234));
	assert_false(packet_matches(out, n, query, &q, 0x1235));
	out[14] = 'x';
	assert_false(packet_matches(out, n, query, &q, 0x1234));
}

static void
addresses_are_turned_round(void **state)
{
	(void)state;
	assert_int_equal(packet_reverse("2.0.89.10.in-addr.arpa"), 0x0a590002);
	assert_int_equal(packet_reverse("2.0.89.in-addr.arpa"), 0);
	assert_int_equal(packet_reverse("256.0.89.10.in-addr.arpa"), 0);
	assert_int_equal(packet_reverse("2.0.89.10.in-addr.arpa.x"), 0);
}

static void
ports_are_tried(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	struct net_port p = { .proto = "tcp" };
	struct err e = { 0 };
	socklen_t n = sizeof a;

	(void)state;
	int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	assert_int_equal(setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), 0);
	assert_int_equal(bind(sock, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(sock, 1), 0);
	assert_int_equal(getsockname(sock, (struct sockaddr *)&a, &n), 0);
	p.host = ntohs(a.sin_port);
	assert_int_equal(net_port_free(&p, &e), -1);
	assert_int_equal(e.code, EADDRINUSE);
	assert_true(e.hint[0]);
	memcpy(p.proto, "udp", 4);
	assert_int_equal(net_port_free(&p, &e), 0);
	/* the end of a connection holds up nobody who wants its port */
	memcpy(p.proto, "tcp", 4);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&a, n), 0);
	int server = accept(sock, NULL, NULL);
	close(server);
	close(client);
	close(sock);
	assert_int_equal(net_port_free(&p, &e), 0);
	p.host = 0;
	assert_int_equal(net_port_free(&p, &e), 0);
	assert_true(p.host > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_are_read),
		cmocka_unit_test(ports_are_tried),
		cmocka_unit_test(questions_are_read),
		cmocka_unit_test(answers_are_written),
		cmocka_unit_test(addresses_are_turned_round),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
