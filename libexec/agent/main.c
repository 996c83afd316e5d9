/* SPDX-License-Identifier: Apache-2.0 */
/* main.c -- joist-agent: what runs inside a computer for those who are outside.
 *
 *   joist-agent serve [--root DIR] [--detach]
 *                                    in the guest: whoever comes from the host, by vsock's port
 *                                    1000, may run programs; a process for each.  With --root
 *                                    they see DIR as "/", as after an initial RAM disk; with
 *                                    --detach it goes into the background once it listens, so
 *                                    that who started it may take away what it was started from
 *   joist-agent serve unix:PATH      the same, on a socket; for tests
 *   joist-agent call SOCKET          on the host, started by Joist: its environment is the
 *                                    request (libexec/agent/wire.h), its descriptors are the
 *                                    program's
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libexec/agent/call.h"
#include "libexec/agent/serve.h"

static int
usage(void)
{
	fputs("joist-agent: what shall it do?\n"
	      "       in a guest: joist-agent serve [--root DIR] [--detach]\n",
	      stderr);
	return 2;
}

static int
serve(int argc, char **argv)
{
	struct err e = { 0 };
	const char *root = NULL, *where = NULL;
	bool detached = false;
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--root") == 0 && i + 1 < argc)
			root = argv[++i];
		else if (strcmp(argv[i], "--detach") == 0)
			detached = true;
		else if (strncmp(argv[i], "unix:", 5) == 0 && argv[i][5])
			where = argv[i] + 5;
		else
			return usage();
	}
	serve_forever(root, where, detached, &e);
	fprintf(stderr, "joist-agent: %s\n", e.what);
	if (e.hint[0])
		fprintf(stderr, "       %s\n", e.hint);
	return err_exit(&e);
}

int
main(int argc, char **argv)
{
	/* 0 to 2 are there from now on, whoever started us */
	while (open("/dev/null", O_RDWR) == 0 || fcntl(2, F_GETFD) < 0)
		;
	if (argc >= 2 && strcmp(argv[1], "serve") == 0)
		return serve(argc - 2, argv + 2);
	if (argc == 3 && strcmp(argv[1], "call") == 0)
		return call_run(argv[2]);
	return usage();
}
