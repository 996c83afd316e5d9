/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/agent/serve.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "libexec/agent/session.h"
#include "libexec/agent/wire.h"

enum { BACKLOG = 64, BREATH = 100 /* ms */ };

static int
listen_vsock(struct err *e)
{
	struct sockaddr_vm a = { .svm_family = AF_VSOCK,
		                 .svm_cid = VMADDR_CID_ANY,
		                 .svm_port = WIRE_PORT };
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		fail(e, errno, "this kernel has no vsock: %s", strerror(errno));
		return err_hint(e, "load the module vmw_vsock_virtio_transport");
	}
	if (bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	fail(e, errno, "vsock port %d: %s", WIRE_PORT, strerror(errno));
	if (errno == EADDRINUSE)
		err_hint(e, "an agent runs already");
	close(fd);
	return -1;
}

static int
listen_unix(const char *path, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof a.sun_path)
		return fail(e, ENAMETOOLONG, "'%s' is too long for a socket", path);
	memcpy(a.sun_path, path, strlen(path));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	fail(e, errno, "socket '%s': %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* What the computer's vsock does on the host: "CONNECT port\n", "OK number\n". */
static bool
greeted(int fd)
{
	char c = 0;
	while (c != '\n')
		if (recv(fd, &c, 1, 0) != 1)
			return false;
	return send(fd, "OK 1\n", 5, MSG_NOSIGNAL) == 5;
}

/* The host is CID 2; other programs of the guest, and other guests, have no business here. */
static bool
from_host(int fd)
{
	struct sockaddr_vm a = { 0 };
	socklen_t n = sizeof a;
	return getpeername(fd, (struct sockaddr *)&a, &n) == 0 && a.svm_family == AF_VSOCK &&
	       a.svm_cid == VMADDR_CID_HOST;
}

/* The door is open: whoever started us may go on, and has nothing to do with us any more. */
static void
detach(void)
{
	pid_t pid = fork();
	if (pid > 0)
		_exit(0);
	/* where there can be no other process, who started us waits */
	if (pid == 0)
		setsid();
}

int
serve_forever(const char *root, const char *path, bool detached, struct err *e)
{
	int door = path ? listen_unix(path, e) : listen_vsock(e);
	if (door < 0)
		return -1;
	if (root && (chdir(root) < 0 || chroot(".") < 0))
		return fail(e, errno, "--root '%s': %s", root, strerror(errno));
	if (detached)
		detach();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN); /* nobody waits for them */
	for (;;) {
		int fd = accept4(door, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0) {
			/* of descriptors or memory there will be more */
			poll(NULL, 0, BREATH);
			continue;
		}
		if (fork() == 0) {
			signal(SIGCHLD, SIG_DFL);
			close(door);
			if (path ? greeted(fd) : from_host(fd))
				session_serve(fd);
			_exit(0);
		}
		close(fd);
	}
}
