/* SPDX-License-Identifier: Apache-2.0 */
/* What goes through named pipes.
 *
 * Each message of a pipe of messages has its length before it; a reader takes a message's bytes
 * and never more, and a writer that is at work keeps its place until the whole message is out.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "layer/api/nt/file/pipe_named.h"

NTSTATUS
pipe_data_unable(const struct pipe *p)
{
	return p->state == PIPE_LISTENING_STATE ? STATUS_PIPE_LISTENING
	       : p->server                      ? STATUS_PIPE_DISCONNECTED
	                                        : STATUS_PIPE_BROKEN;
}

static NTSTATUS
socket_error(void)
{
	switch (errno) {
	case EAGAIN:
	case EINTR: return STATUS_PENDING;
	case ECONNRESET: return STATUS_PIPE_BROKEN;
	case EPIPE: return STATUS_PIPE_CLOSING;
	}
	return status_errno(errno);
}

static bool
readable(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };
	return poll(&p, 1, 0) != 0;
}

static NTSTATUS
take(int fd, void *to, size_t n, size_t *got)
{
	*got = 0;
	ssize_t k = recv(fd, to, n, MSG_DONTWAIT);
	if (k < 0)
		return socket_error();
	*got = (size_t)k;
	return k ? STATUS_SUCCESS : STATUS_PIPE_BROKEN;
}

static NTSTATUS
take_head(struct pipe *p, int fd)
{
	while (p->head_n < 4) {
		size_t got;
		NTSTATUS s = take(fd, p->head + p->head_n, 4 - p->head_n, &got);
		if (s != STATUS_SUCCESS)
			return s;
		p->head_n += (uint32_t)got;
		memcpy(&p->left, p->head, 4);
	}
	return STATUS_SUCCESS;
}

static NTSTATUS
read_message(struct pipe *p, int fd, struct file_io *x)
{
	for (;;) {
		NTSTATUS s = take_head(p, fd);
		if (s != STATUS_SUCCESS)
			return s == STATUS_PENDING && x->done && !p->read_messages ? STATUS_SUCCESS
			                                                           : s;
		size_t want = x->n - x->done < p->left ? x->n - x->done : p->left, got;
		if (want) {
			s = take(fd, x->buf + x->done, want, &got);
			if (s != STATUS_SUCCESS)
				return s == STATUS_PENDING && x->done && !p->read_messages
				               ? STATUS_SUCCESS
				               : s;
			x->done += got;
			p->left -= (uint32_t)got;
			if (p->left && x->done < x->n)
				continue;
		}
		if (p->left)
			return p->read_messages ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
		p->head_n = 0;
		/* bytes of an empty message are none: the next */
		if (p->read_messages || x->done)
			return STATUS_SUCCESS;
	}
}

NTSTATUS
pipe_data_read(struct file *f, struct file_io *x)
{
	struct pipe *p = f->own;
	int fd = f->fd;
	if (p->root)
		return STATUS_INVALID_DEVICE_REQUEST;
	if (fd < 0)
		return pipe_data_unable(p);
	if (!x->n && !p->messages)
		return readable(fd) ? STATUS_SUCCESS : STATUS_PENDING;
	pthread_mutex_lock(&p->reading);
	NTSTATUS s = p->messages ? read_message(p, fd, x) : take(fd, x->buf, x->n, &x->done);
	pthread_mutex_unlock(&p->reading);
	if (s == STATUS_PENDING && p->nowait)
		return STATUS_PIPE_EMPTY;
	if (s == STATUS_PIPE_BROKEN)
		p->state = PIPE_CLOSING_STATE;
	return s;
}

/* One try; under writing. */
static NTSTATUS
put(struct pipe *p, int fd, struct file_io *x)
{
	uint32_t length = (uint32_t)x->n;
	size_t head = p->messages ? 4 : 0;
	while (p->wrote < head + x->n) {
		struct iovec v[2];
		size_t n = 0;
		if (p->wrote < head)
			v[n++] = (struct iovec){ (char *)&length + p->wrote, head - p->wrote };
		size_t at = p->wrote < head ? 0 : p->wrote - head;
		v[n++] = (struct iovec){ x->buf + at, x->n - at };
		struct msghdr m = { .msg_iov = v, .msg_iovlen = n };
		ssize_t k = sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return socket_error();
		p->wrote += (size_t)k;
		x->done = p->wrote > head ? p->wrote - head : 0;
	}
	p->wrote = 0;
	return STATUS_SUCCESS;
}

NTSTATUS
pipe_data_write(struct file *f, struct file_io *x)
{
	struct pipe *p = f->own;
	int fd = f->fd;
	if (p->root)
		return STATUS_INVALID_DEVICE_REQUEST;
	if (fd < 0)
		return pipe_data_unable(p);
	if (!x->n && !p->messages)
		return STATUS_SUCCESS;
	NTSTATUS s;
	pthread_mutex_lock(&p->writing);
	/* whoever waits keeps its place, so that messages stay whole */
	while ((s = put(p, fd, x)) == STATUS_PENDING && x->wait)
		if ((s = file_wait(f, fd, POLLOUT, -1)) < 0)
			break;
	if (s < 0)
		p->wrote = 0;
	pthread_mutex_unlock(&p->writing);
	return s;
}

NTSTATUS
pipe_data_flush(struct file *f)
{
	struct pipe *p = f->own;
	int left;
	/* over when the other end has read it all, or is no more */
	while (f->fd >= 0 && !p->root && ioctl(f->fd, SIOCOUTQ, &left) == 0 && left > 0) {
		struct pollfd e = { f->fd, 0, 0 };
		if (poll(&e, 1, 1) > 0 && e.revents & (POLLHUP | POLLERR))
			return STATUS_PIPE_BROKEN;
	}
	return STATUS_SUCCESS;
}

NTSTATUS
pipe_data_transceive(struct file *f, const void *in, ULONG nin, void *out, ULONG nout,
                     ULONG_PTR *done)
{
	struct pipe *p = f->own;
	struct file_io w = { (char *)(uintptr_t)in, nin, 0, FILE_CURRENT, true };
	struct file_io r = { out, nout, 0, FILE_CURRENT, true };
	if (!p->messages || !p->read_messages)
		return STATUS_INVALID_PIPE_STATE;
	NTSTATUS s = pipe_data_write(f, &w);
	if (s < 0)
		return s;
	/* the answer is waited for in the thread, also when it was asked for as overlapped */
	while ((s = pipe_data_read(f, &r)) == STATUS_PENDING)
		if ((s = file_wait(f, f->fd, POLLIN, -1)) < 0)
			return s;
	*done = r.done;
	return s;
}

NTSTATUS
pipe_named_peek(struct file *f, void *buf, size_t n, size_t *seen, size_t *available,
                size_t *message)
{
	struct pipe *p = f->own;
	int fd = f->fd, there = 0;
	if (fd < 0)
		return pipe_data_unable(p);
	if (ioctl(fd, FIONREAD, &there) < 0)
		return status_errno(errno);
	if (!there && !(p->head_n == 4)) {
		char c;
		ssize_t k = recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);
		if (k == 0 || (k < 0 && errno == ECONNRESET))
			return STATUS_PIPE_BROKEN;
	}
	*seen = *message = 0;
	*available = (size_t)there;
	if (!p->messages) {
		ssize_t k = n && there ? recv(fd, buf, n, MSG_PEEK | MSG_DONTWAIT) : 0;
		*seen = k > 0 ? (size_t)k : 0;
		return STATUS_SUCCESS;
	}
	/* messages: without the lengths between them */
	pthread_mutex_lock(&p->reading);
	char *all = there ? malloc((size_t)there) : NULL;
	ssize_t got = all ? recv(fd, all, (size_t)there, MSG_PEEK | MSG_DONTWAIT) : 0;
	size_t at = 0, total = 0, left = p->head_n == 4 ? p->left : 0;
	bool first = true, in_message = p->head_n == 4;
	while (got > 0 && at < (size_t)got) {
		if (!in_message) {
			uint32_t length;
			if ((size_t)got - at < 4)
				break;
			memcpy(&length, all + at, 4);
			at += 4;
			left = length;
			in_message = true;
		}
		size_t k = left < (size_t)got - at ? left : (size_t)got - at;
		if (first) {
			size_t show = k < n ? k : n;
			memcpy(buf, all + at, show);
			*seen = show;
			*message = left - show;
			first = false;
		}
		at += k;
		total += k;
		in_message = false;
	}
	*available = total;
	free(all);
	pthread_mutex_unlock(&p->reading);
	return STATUS_SUCCESS;
}
