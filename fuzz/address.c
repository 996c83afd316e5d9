/* SPDX-License-Identifier: Apache-2.0 */
/* address.c -- addresses of sockets as text, and as the bytes that a program gives. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/socket/socket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int ws2_32_text_parse(const char *text, int family, struct ws_sockaddr *out);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ws_sockaddr a;
	char *text = malloc(n + 1);
	if (!text)
		return 0;
	memcpy(text, data, n);
	text[n] = 0;
	int v4 = ws2_32_text_parse(text, WS_AF_INET, &a),
	    v6 = ws2_32_text_parse(text, WS_AF_INET6, &a);
	if ((v4 != 0 && v4 != 16) || (v6 != 0 && v6 != 28))
		abort();
	free(text);

	/* what the host's form can say comes back as it was */
	struct sockaddr_storage host;
	socklen_t size;
	memset(&a, 0, sizeof a);
	memcpy(&a, data, n < sizeof a ? n : sizeof a);
	if (a.family == WS_AF_UNIX ||
	    socket_address_in(&a, n < sizeof a ? (int)n : (int)sizeof a, &host, &size))
		return 0;
	struct ws_sockaddr back;
	int room = sizeof back;
	if (socket_address_out(&host, size, &back, &room) ||
	    (room > 2 && memcmp(&a, &back, (size_t)room)))
		abort();
	return 0;
}
