/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/passt.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/proc.h"
#include "base/vec.h"

/* [ADDRESS:]HOST:GUEST[/udp] as passt's -t or -u [ADDRESS/]HOST:GUEST. */
static int
forward(struct vec *argv, const char *text, struct err *e)
{
	char *copy = xstrdup(text), *slash = strrchr(copy, '/');
	bool udp = slash && strcmp(slash, "/udp") == 0;
	if (slash && (udp || strcmp(slash, "/tcp") == 0))
		*slash = '\0';
	char *guest = strrchr(copy, ':');
	if (!guest || guest == copy || !guest[1]) {
		free(copy);
		fail(e, EINVAL, "-p '%s' cannot be read", text);
		return err_hint(e, "write it as -p HOST:GUEST or -p HOST:GUEST/udp");
	}
	*guest++ = '\0';
	char *host = strrchr(copy, ':');
	if (host)
		*host++ = '\0';
	vec_push(argv, xstrdup(udp ? "-u" : "-t"));
	vec_push(argv,
	         host ? xprintf("%s/%s:%s", copy, host, guest) : xprintf("%s:%s", copy, guest));
	free(copy);
	return 0;
}

pid_t
passt_start(char *const publish[], int *fd, struct err *e)
{
	static const char *const fixed[] = { "passt", "--foreground", "--quiet", "--fd", "0" };
	struct vec argv = { 0 };
	int pair[2], rc = 0;
	pid_t pid = -1;
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		vec_push(&argv, xstrdup(fixed[i]));
	for (size_t i = 0; rc == 0 && publish[i]; i++)
		rc = forward(&argv, publish[i], e);
	if (rc == 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		rc = fail(e, errno, "no sockets for the network: %s", strerror(errno));
	if (rc == 0) {
		const int std[3] = { pair[1], -1, -1 };
		pid = proc_spawn(vec_argv(&argv), NULL, std, e);
		close(pair[1]);
		*fd = pair[0];
		if (pid < 0) {
			close(pair[0]);
			if (e && e->code == ENOENT)
				err_hint(e, "install passt (apt install passt), or run it with "
				            "--net none");
		}
	}
	for (size_t i = 0; i < argv.n; i++)
		free(argv.p[i]);
	vec_free(&argv);
	return pid;
}
