/* SPDX-License-Identifier: Apache-2.0 */
/* What a guest sends to the DHCP server of its network. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layer/hal/dev/dhcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct dhcp_lease l = { .ip = 0x0a590002,
		                .mask = 0xffffff00,
		                .router = 0x0a590001,
		                .dns = { 1, 2, 3 },
		                .ndns = DHCP_SERVERS };
	uint8_t out[DHCP_MOST];
	/* the search list, which is the user's, is taken from the input too */
	size_t k = n < sizeof l.search - 1 ? n : sizeof l.search - 1;
	memcpy(l.search, data, k);
	memset(l.host, 'h', sizeof l.host - 1);
	bool asks = dhcp_asks(data, n);
	if (asks != dhcp_asks(data, n < DHCP_PEEK ? n : DHCP_PEEK) && n >= DHCP_PEEK)
		abort();
	size_t got = dhcp_answer(&l, data, n, out);
	if (got > DHCP_MOST || (got && (!asks || got < 342)))
		abort();
	return 0;
}
