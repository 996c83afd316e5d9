/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool
parse(const char *text, union address *a, socklen_t *n)
{
	const char *colon = strrchr(text, ':');
	uint64_t port;
	char host[64];
	size_t len = (size_t)(colon - text);
	if (!str_u64(colon + 1, 65535, &port) || len >= sizeof host)
		return false;
	bool v6 = len > 2 && text[0] == '[' && text[len - 1] == ']';
	memcpy(host, text + v6, len - 2 * v6);
	host[len - 2 * v6] = '\0';
	memset(a, 0, sizeof *a);
	if (v6) {
		a->v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6,
			                       .sin6_port = htons((uint16_t)port) };
		*n = sizeof a->v6;
		return inet_pton(AF_INET6, host, &a->v6.sin6_addr) == 1;
	}
	a->v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	*n = sizeof a->v4;
	return inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host,
	                 &a->v4.sin_addr) == 1;
}

int
listen_on(const char *text, struct err *e)
{
	union address a;
	socklen_t n;
	int one = 1;
	if (!parse(text, &a, &n)) {
		fail(e, EINVAL, "--allow 'net:%s' is no address and port", text);
		return err_hint(e, "write it as --allow net:127.0.0.1:8080");
	}
	int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(e, errno, "--allow 'net:%s': %s", text, strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, &a.any, n) < 0 || listen(fd, 128) < 0) {
		fail(e, errno, "--allow 'net:%s': %s", text, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}
