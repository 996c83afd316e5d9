/* SPDX-License-Identifier: Apache-2.0 */
/* What containers ask a network's name server, and what servers far away say. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libexec/dns/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint32_t ip[70] = { 0x0a590002 };
	uint8_t out[PACKET_MOST];
	struct question q;

	int rc = packet_question(data, n, &q);
	if (rc < 0 || n < PACKET_HEAD)
		return 0;
	if (q.end > n || strlen(q.name) > 255)
		abort();
	if (packet_answer(data, &q, rc, ip, 70, NULL, out) > sizeof out)
		abort();
	packet_answer(data, &q, rc, NULL, 0, q.name, out);
	packet_reverse(q.name);
	packet_matches(out, PACKET_HEAD, data, &q, q.id);
	packet_matches(data, n, data, &q, q.id);
	return 0;
}
