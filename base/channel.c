/* SPDX-License-Identifier: Apache-2.0 */
#include "base/channel.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cur.h"
#include "base/file.h"

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

/* Bytes that are still missing from the frame at the front: those of its head,
 * then those of its payload. */
static size_t
missing(const struct channel *c)
{
	struct cur cur = cur_of(str_text(&c->in), c->in.n);
	uint32_t n = cur_u32(&cur);

	if (c->in.n < FRAME_HEAD)
		return FRAME_HEAD - c->in.n;
	size_t whole = FRAME_HEAD + (size_t)n;
	return c->in.n < whole ? whole - c->in.n : 1;
}

static ssize_t
take(struct channel *c, int sock, size_t most)
{
	char buf[16384];
	int fds[FRAME_FDS];
	size_t nfd = FRAME_FDS;

	ssize_t n = file_recv_fds(sock, buf, most < sizeof buf ? most : sizeof buf, fds, &nfd);
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

ssize_t
channel_read(struct channel *c, int sock)
{
	drop_taken(c);
	return take(c, sock, SIZE_MAX);
}

ssize_t
channel_read_frame(struct channel *c, int sock)
{
	drop_taken(c);
	return take(c, sock, missing(c));
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
