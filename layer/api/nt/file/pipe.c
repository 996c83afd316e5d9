/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/file/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static bool
can(int fd, short events)
{
	struct pollfd p = { fd, events, 0 };
	return poll(&p, 1, 0) != 0;
}

static NTSTATUS
pipe_error(void)
{
	switch (errno) {
	case EAGAIN:
	case EINTR: return STATUS_PENDING;
	case EBADF: return STATUS_ACCESS_DENIED;
	case ECONNRESET: return STATUS_PIPE_BROKEN;
	}
	return status_errno(errno);
}

/* A read of nothing is over when there is something to read: so do programs wait. */
static NTSTATUS
read_ended(struct file_io *x, ssize_t n)
{
	if (n < 0)
		return pipe_error();
	x->done = (size_t)n;
	return n == 0 && x->n ? STATUS_PIPE_BROKEN : STATUS_SUCCESS;
}

static NTSTATUS
host_read(struct file *f, struct file_io *x)
{
	if (!x->n)
		return can(f->fd, POLLIN) ? STATUS_SUCCESS : STATUS_PENDING;
	struct iovec v = { x->buf, x->n };
	ssize_t n = preadv2(f->fd, &v, 1, -1, RWF_NOWAIT);
	if (n < 0 && (errno == EOPNOTSUPP || errno == ENOSYS || errno == ESPIPE)) {
		if (!can(f->fd, POLLIN))
			return STATUS_PENDING;
		n = read(f->fd, x->buf, x->n);
	}
	return read_ended(x, n);
}

/* Who writes into a full pipe waits where he can be cancelled, not in the host. */
static NTSTATUS
host_write(struct file *f, struct file_io *x)
{
	while (x->done < x->n) {
		struct iovec v = { x->buf + x->done, x->n - x->done };
		ssize_t n = pwritev2(f->fd, &v, 1, -1, RWF_NOWAIT);
		if (n < 0 && (errno == EOPNOTSUPP || errno == ENOSYS || errno == ESPIPE)) {
			if (!x->wait && !can(f->fd, POLLOUT))
				return STATUS_PENDING;
			n = write(f->fd, v.iov_base, v.iov_len);
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return pipe_error();
		x->done += (size_t)n;
	}
	return STATUS_SUCCESS;
}

static NTSTATUS
socket_read(struct file *f, struct file_io *x)
{
	if (!x->n)
		return can(f->fd, POLLIN) ? STATUS_SUCCESS : STATUS_PENDING;
	return read_ended(x, recv(f->fd, x->buf, x->n, MSG_DONTWAIT));
}

static NTSTATUS
socket_write(struct file *f, struct file_io *x)
{
	while (x->done < x->n) {
		ssize_t n =
		        send(f->fd, x->buf + x->done, x->n - x->done, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return pipe_error();
		x->done += (size_t)n;
	}
	return STATUS_SUCCESS;
}

const struct file_kind pipe_host_kind = {
	.type = FILE_TYPE_PIPE,
	.device = 0x11, /* FILE_DEVICE_NAMED_PIPE */
	.read = host_read,
	.write = host_write,
};

const struct file_kind pipe_socket_kind = {
	.type = FILE_TYPE_PIPE,
	.device = 0x11,
	.read = socket_read,
	.write = socket_write,
};

NTSTATUS
pipe_new(struct file **reader, struct file **writer, size_t size)
{
	int fd[2];
	if (pipe2(fd, O_CLOEXEC) < 0)
		return status_errno(errno);
	if (size > 65536)
		(void)fcntl(fd[0], F_SETPIPE_SZ, (int)(size < 1 << 20 ? size : 1 << 20));
	struct file *r = file_new(&pipe_host_kind, fd[0]);
	struct file *w = file_new(&pipe_host_kind, fd[1]);
	if (!r || !w) {
		if (r)
			file_unref(r);
		if (w)
			file_unref(w);
		return STATUS_NO_MEMORY;
	}
	r->access = FILE_GENERIC_READ | FILE_WRITE_ATTRIBUTES;
	w->access = FILE_GENERIC_WRITE | FILE_READ_ATTRIBUTES;
	*reader = r;
	*writer = w;
	return STATUS_SUCCESS;
}

/* The host's pipes have no look without taking: tee() doubles what is there into another pipe. */
static ssize_t
look(int fd, void *buf, size_t n)
{
	int p[2];
	if (pipe2(p, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	ssize_t got = tee(fd, p[1], n, SPLICE_F_NONBLOCK), done = 0;
	while (done < got) {
		ssize_t k = read(p[0], (char *)buf + done, (size_t)(got - done));
		if (k == 0 || (k < 0 && errno != EINTR))
			break;
		done += k > 0 ? k : 0;
	}
	if (got > 0)
		got = done;
	close(p[0]);
	close(p[1]);
	return got;
}

static NTSTATUS
peek_host(struct file *f, void *buf, size_t n, size_t *seen, size_t *available)
{
	int there = 0;
	if (ioctl(f->fd, FIONREAD, &there) < 0)
		return pipe_error();
	if (!there) {
		struct pollfd p = { f->fd, POLLIN, 0 };
		/* its end: readable, with nothing to read */
		if (poll(&p, 1, 0) > 0 && p.revents && ioctl(f->fd, FIONREAD, &there) == 0 &&
		    !there)
			return STATUS_PIPE_BROKEN;
	}
	*available = (size_t)there;
	*seen = 0;
	if (n && there) {
		ssize_t got = f->kind == &pipe_socket_kind
		                      ? recv(f->fd, buf, n, MSG_PEEK | MSG_DONTWAIT)
		                      : look(f->fd, buf, n);
		if (got < 0)
			return pipe_error();
		*seen = (size_t)got;
	}
	return STATUS_SUCCESS;
}

NTSTATUS
pipe_peek(struct file *f, void *buf, size_t n, size_t *seen, size_t *available, size_t *message)
{
	*seen = *available = *message = 0;
	if (f->kind == &pipe_named_kind)
		return pipe_named_peek(f, buf, n, seen, available, message);
	if (f->kind->type != FILE_TYPE_PIPE)
		return STATUS_INVALID_PARAMETER;
	return peek_host(f, buf, n, seen, available);
}

NTSTATUS
pipe_local(struct file *f, struct pipe_local *out)
{
	if (f->kind == &pipe_named_kind)
		return pipe_named_local(f, out);
	if (f->kind->type != FILE_TYPE_PIPE)
		return STATUS_INVALID_PARAMETER;
	size_t seen, there = 0;
	if (f->access & FILE_READ_DATA)
		(void)peek_host(f, NULL, 0, &seen, &there);
	bool r = f->access & FILE_READ_DATA, w = f->access & FILE_WRITE_DATA;
	*out = (struct pipe_local){
		.NamedPipeConfiguration = r && w ? 2
		                          : r    ? 0
		                                 : 1,
		.MaximumInstances = 1,
		.CurrentInstances = 1,
		.InboundQuota = 65536,
		.ReadDataAvailable = (ULONG)there,
		.OutboundQuota = 65536,
		.WriteQuotaAvailable = 65536,
		.NamedPipeState = PIPE_CONNECTED_STATE,
		/* of an anonymous pipe the reader is the server */
		.NamedPipeEnd = r,
	};
	return STATUS_SUCCESS;
}

NTSTATUS
pipe_modes(struct file *f, ULONG *read_mode, ULONG *wait_mode)
{
	if (f->kind == &pipe_named_kind)
		return pipe_named_modes(f, read_mode, wait_mode);
	if (f->kind->type != FILE_TYPE_PIPE)
		return STATUS_INVALID_PARAMETER;
	*read_mode = *wait_mode = 0;
	return STATUS_SUCCESS;
}

NTSTATUS
pipe_set_modes(struct file *f, ULONG read_mode, ULONG wait_mode)
{
	if (f->kind == &pipe_named_kind)
		return pipe_named_set_modes(f, read_mode, wait_mode);
	/* bytes, and calls that wait, are all that there is */
	if (f->kind->type != FILE_TYPE_PIPE || read_mode || wait_mode)
		return STATUS_INVALID_PARAMETER;
	return STATUS_SUCCESS;
}
