/* SPDX-License-Identifier: Apache-2.0 */
// Waiting for input and for time at once.
// needs: joist wasi

// test: time comes first, then input, then the end
// run: (sleep 0.6; echo input; sleep 0.3) | joist run --rm -i $GUEST
// expect: time is up
// expect: output is possible
// expect: input: input
// expect: end

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
main(void)
{
	char text[64];
	struct pollfd p[2] = { { .fd = 0, .events = POLLIN }, { .fd = 1, .events = POLLOUT } };
	if (poll(p, 1, 100) == 0)
		puts("time is up");
	if (poll(p, 2, -1) == 1 && p[1].revents & POLLOUT)
		puts("output is possible");
	for (;;) {
		p[0].revents = 0;
		if (poll(p, 1, -1) != 1)
			return perror("poll"), 1;
		ssize_t n = read(0, text, sizeof text - 1);
		if (n <= 0)
			break;
		text[n] = '\0';
		printf("input: %s", text);
	}
	puts("end");
	return 0;
}
