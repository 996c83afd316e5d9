/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/agent/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cur.h"

enum { HEAD = 5, PIECE = 64 << 10 };

void
wire_open(struct wire *w, int fd)
{
	*w = (struct wire){ .fd = fd };
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

void
wire_close(struct wire *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	buf_free(&w->in);
	buf_free(&w->out);
}

bool
wire_read(struct wire *w)
{
	if (w->in_at) {
		memmove(w->in.p, w->in.p + w->in_at, w->in.n - w->in_at);
		w->in.n -= w->in_at;
		w->in_at = 0;
	}
	size_t before = w->in.n;
	ssize_t n = recv(w->fd, buf_room(&w->in, PIECE), PIECE, 0);
	w->in.n = before + (n > 0 ? (size_t)n : 0);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

int
wire_next(struct wire *w, struct frame *f)
{
	struct cur c = cur_of(w->in.p + w->in_at, w->in.n - w->in_at);
	uint32_t n = cur_u32(&c);
	f->kind = cur_u8(&c);
	if (c.bad)
		return 0;
	if (n > WIRE_MOST)
		return -1;
	f->n = n;
	f->p = cur_bytes(&c, n);
	if (c.bad)
		return 0;
	w->in_at += HEAD + n;
	return 1;
}

void
wire_put(struct wire *w, enum wire_kind kind, const void *bytes, size_t n)
{
	buf_u32(&w->out, (uint32_t)n);
	buf_u8(&w->out, (uint8_t)kind);
	buf_put(&w->out, bytes, n);
}

void
wire_put_u32(struct wire *w, enum wire_kind kind, uint32_t v, const char *text)
{
	size_t n = strlen(text);
	buf_u32(&w->out, (uint32_t)(4 + n));
	buf_u8(&w->out, (uint8_t)kind);
	buf_u32(&w->out, v);
	buf_put(&w->out, text, n);
}

size_t
wire_waiting(const struct wire *w)
{
	return w->out.n - w->out_at;
}

bool
wire_write(struct wire *w)
{
	while (wire_waiting(w)) {
		ssize_t n = send(w->fd, w->out.p + w->out_at, wire_waiting(w), MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		w->out_at += (size_t)n;
	}
	w->out.n = w->out_at = 0;
	return true;
}

void
wire_finish(struct wire *w)
{
	while (wire_waiting(w) && wire_write(w)) {
		struct pollfd p = { .fd = w->fd, .events = POLLOUT };
		if (wire_waiting(w))
			poll(&p, 1, -1);
	}
}
