/* SPDX-License-Identifier: Apache-2.0 */
#include "core/control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/json.h"
#include "core/machine.h"

/* The socket's path may be longer than an address can hold; the folder's
 * descriptor gives it a short name. */
static struct sockaddr_un
address(int dir)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/control", dir);
	return a;
}

int
control_connect(struct machine *m, struct err *e)
{
	struct sockaddr_un a = address(m->dir);
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (sock < 0)
		return fail(e, errno, "cannot make a socket: %s", strerror(errno));
	/* A full backlog is EAGAIN: many clients at once, worth a short wait.  So is a monitor
	 * that lives and has no socket yet. */
	for (int tries = 0; connect(sock, (struct sockaddr *)&a, sizeof a) < 0; tries++) {
		int why = errno;
		bool none = why == ENOENT || why == ECONNREFUSED;
		if (tries < 200 &&
		    (why == EAGAIN || why == EINTR || (none && machine_has_monitor(m)))) {
			poll(NULL, 0, 5);
			continue;
		}
		close(sock);
		if (none) {
			fail(e, ESRCH, "machine '%s' is not running", m->name);
			return err_hint(e, "start it with: joist start %s", m->name);
		}
		return fail(e, why, "machine '%s': its monitor does not answer: %s", m->name,
		            strerror(why));
	}
	return sock;
}

json_t *
control_answer(int sock, struct channel *c, struct err *e)
{
	struct frame f;
	int rc;

	for (;;) {
		while ((rc = channel_next(c, &f, e)) > 0)
			if (f.kind == FRAME_JSON)
				break;
		if (rc != 0)
			break;
		/* The socket may be handed on with this answer (exec, attach). */
		ssize_t n = channel_read_frame(c, sock);
		if (n <= 0)
			/* Also when it closed without reading what we asked: ECONNRESET. */
			return fail(e, EPIPE, "the monitor went away"), NULL;
	}
	if (rc < 0)
		return NULL;
	json_t *doc = json_parse(f.data, f.n, "answer", e);
	const char *what = json_str(doc, "error", NULL);
	if (!what)
		return doc;
	fail(e, (int)json_int(doc, "code", EIO), "%s", what);
	err_hint(e, "%s", json_str(doc, "hint", ""));
	err_status(e, (int)json_int(doc, "status", 0));
	json_decref(doc);
	return NULL;
}

json_t *
control_ask(int sock, struct channel *c, const json_t *request, const int *fds, size_t nfd,
            struct err *e)
{
	/* A monitor that refuses early has answered before we have written all:
	 * its answer tells more than our EPIPE. */
	channel_send_json(sock, request, fds, nfd);
	return control_answer(sock, c, e);
}

int
control_listen(struct machine *m, struct err *e)
{
	struct sockaddr_un a = address(m->dir);
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	unlinkat(m->dir, "control", 0);
	if (sock < 0 || bind(sock, (struct sockaddr *)&a, sizeof a) < 0 || listen(sock, 128) < 0) {
		fail(e, errno, "machine '%s': control socket: %s", m->name, strerror(errno));
		if (sock >= 0)
			close(sock);
		return -1;
	}
	return sock;
}

bool
control_may(int sock)
{
	struct ucred peer;
	socklen_t n = sizeof peer;

	return getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

json_t *
control_error(const struct err *e)
{
	return json_pack("{s:s, s:s, s:i, s:i}", "error", e->what, "hint", e->hint, "code", e->code,
	                 "status", e->status);
}
