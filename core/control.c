/* SPDX-License-Identifier: Apache-2.0 */
#include "core/control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cur.h"
#include "base/file.h"
#include "base/json.h"
#include "core/machine.h"

/* Forget the frame that was given out last. */
static void
drop_taken(struct channel *c)
{
	if (c->taken == 0)
		return;
	memmove(c->in.p, c->in.p + c->taken, c->in.n - c->taken);
	str_cut(&c->in, c->in.n - c->taken);
	c->taken = 0;
}

int
channel_next(struct channel *c, struct frame *f, struct err *e)
{
	drop_taken(c);
	struct cur cur = cur_of(str_text(&c->in), c->in.n);
	uint32_t n = cur_u32(&cur);
	uint8_t kind = cur_u8(&cur);

	if (cur.bad)
		return 0;
	if (n > FRAME_MOST)
		return fail(e, EPROTO, "a message of %u bytes is too long", n);
	if (!kind || !strchr("JIOEW", kind))
		return fail(e, EPROTO, "a message of unknown kind %u", kind);
	if (cur_left(&cur) < n)
		return 0;
	/* It is given out terminated, and the byte behind it belongs to the next
	 * frame: move it over its own header. */
	char *p = c->in.p;
	memmove(p, p + FRAME_HEAD, n);
	f->kind = kind;
	f->data = p;
	f->n = n;
	p[n] = '\0';
	c->taken = FRAME_HEAD + (size_t)n;
	return 1;
}

ssize_t
channel_read(struct channel *c, int sock)
{
	char buf[16384];
	int fds[FRAME_FDS];
	size_t nfd = FRAME_FDS;

	drop_taken(c);
	ssize_t n = file_recv_fds(sock, buf, sizeof buf, fds, &nfd);
	if (n <= 0)
		return n;
	for (size_t i = 0; i < nfd; i++) {
		if (c->nfd < FRAME_FDS)
			c->fd[c->nfd++] = fds[i];
		else
			close(fds[i]);
	}
	str_addn(&c->in, buf, (size_t)n);
	return n;
}

void
channel_free(struct channel *c)
{
	for (size_t i = 0; i < c->nfd; i++)
		close(c->fd[i]);
	str_free(&c->in);
	*c = (struct channel){ 0 };
}

int
channel_send(int sock, enum frame_kind kind, const void *data, size_t n, const int *fds, size_t nfd)
{
	struct str s = { 0 };
	uint32_t len = (uint32_t)n;
	char head[FRAME_HEAD] = { (char)len, (char)(len >> 8), (char)(len >> 16), (char)(len >> 24),
		(char)kind };

	if (n > FRAME_MOST) {
		errno = EMSGSIZE;
		return -1;
	}
	str_addn(&s, head, sizeof head);
	str_addn(&s, data, n);
	size_t at = 0;
	while (at < s.n) {
		ssize_t put = file_send_fds(sock, s.p + at, s.n - at, fds, at == 0 ? nfd : 0);
		if (put < 0 && errno == EAGAIN) {
			struct pollfd p = { .fd = sock, .events = POLLOUT };
			if (poll(&p, 1, 10000) > 0)
				continue;
		}
		if (put < 0)
			break;
		at += (size_t)put;
	}
	int why = errno;
	bool whole = at == s.n;
	str_free(&s);
	errno = why;
	return whole ? 0 : -1;
}

int
channel_send_json(int sock, const json_t *doc, const int *fds, size_t nfd)
{
	char *text = json_dumps(doc, JSON_COMPACT);
	int rc = text ? channel_send(sock, FRAME_JSON, text, strlen(text), fds, nfd) : -1;

	free(text);
	return rc;
}

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
	/* A full backlog is EAGAIN: many clients at once, worth a short wait. */
	for (int tries = 0; connect(sock, (struct sockaddr *)&a, sizeof a) < 0; tries++) {
		int why = errno;
		if ((why == EAGAIN || why == EINTR) && tries < 200) {
			poll(NULL, 0, 5);
			continue;
		}
		close(sock);
		if (why == ENOENT || why == ECONNREFUSED) {
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
		ssize_t n = channel_read(c, sock);
		if (n <= 0)
			return fail(e, n < 0 ? errno : EPIPE, "the monitor went away"), NULL;
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
