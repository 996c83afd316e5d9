/* SPDX-License-Identifier: Apache-2.0 */
/* What AcceptEx, ConnectEx, DisconnectEx and TransmitFile do when they can. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "layer/api/nt/socket/socket.h"

/* Each address stands in 16 bytes more than it may be long: AcceptEx's documentation. */
static void
address(const struct sockaddr_storage *a, socklen_t n, char *out, DWORD room)
{
	/* GetAcceptExSockaddrs finds the length in front of the address */
	int size = room > 4 ? (int)room - 4 : 0;
	struct ws_sockaddr w;
	int whole = sizeof w;
	(void)socket_address_out(a, n, &w, &whole);
	if (whole > size)
		whole = size;
	memcpy(out, &whole, room >= 4 ? 4 : 0);
	memcpy(out + 4, &w, (size_t)whole);
}

/* Local and remote address of the new connection, behind the data. */
static void
addresses(struct socket_op *op)
{
	struct sockaddr_storage a;
	socklen_t n = sizeof a;
	if (!op->buffer)
		return;
	if (op->local && getsockname(op->accepted->fd, (struct sockaddr *)&a, &n) == 0)
		address(&a, n, op->buffer + op->receive, op->local);
	n = sizeof a;
	if (op->remote && getpeername(op->accepted->fd, (struct sockaddr *)&a, &n) == 0)
		address(&a, n, op->buffer + op->receive + op->local, op->remote);
}

NTSTATUS
socket_try_accept(struct socket_op *op)
{
	struct socket *s = op->socket, *new = op->accepted->own;
	if (op->phase == 0) {
		int fd;
		do
			fd = accept4(s->file->fd, NULL, NULL, SOCK_CLOEXEC);
		while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
		if (fd < 0)
			return errno == EAGAIN ? STATUS_PENDING : socket_status(errno);
		/* the socket that the program made for it becomes this one, under its number */
		if (dup3(fd, op->accepted->fd, O_CLOEXEC) < 0) {
			int error = errno;
			close(fd);
			return socket_status(error);
		}
		close(fd);
		socket_connected(new);
		addresses(op);
		op->phase = 1;
		if (!op->receive)
			return STATUS_SUCCESS;
	}
	ssize_t n;
	do
		n = recv(op->accepted->fd, op->buffer, op->receive, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? STATUS_PENDING : socket_status(errno);
	op->done = (size_t)n;
	return STATUS_SUCCESS;
}

NTSTATUS
socket_try_connect(struct socket_op *op)
{
	struct socket *s = op->socket;
	int fd = s->file->fd;
	if (op->phase == 0) {
		struct sockaddr_storage host;
		socklen_t n;
		int e = socket_address_in(op->t.address, op->t.address_length, &host, &n);
		if (e)
			return e == WSAEAFNOSUPPORT ? STATUS_NOT_SUPPORTED
			                            : STATUS_INVALID_PARAMETER;
		int flags = fcntl(fd, F_GETFL);
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
		int rc = socket_host_connect(fd, &host, n), error = errno;
		(void)fcntl(fd, F_SETFL, flags);
		op->t.address = NULL;
		op->phase = 1;
		s->connecting = true;
		if (rc < 0 && (error == EINPROGRESS || error == EAGAIN))
			return STATUS_PENDING;
		if (rc < 0) {
			s->connecting = false;
			return socket_status(error);
		}
	} else if (op->phase == 1) {
		struct pollfd p = { fd, POLLOUT, 0 };
		int error = 0;
		socklen_t n = sizeof error;
		if (poll(&p, 1, 0) == 0)
			return STATUS_PENDING;
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0)
			error = errno;
		if (error) {
			s->connecting = false;
			return socket_status(error);
		}
	}
	if (op->phase == 1) {
		socket_connected(s);
		op->phase = 2;
	}
	return op->t.n ? socket_try_send(op) : STATUS_SUCCESS;
}

/* TF_DISCONNECT is 1, TF_REUSE_SOCKET 2: a new socket under the number of the old one. */
static NTSTATUS
disconnect(struct socket *s, DWORD options)
{
	int fd = s->file->fd;
	if (shutdown(fd, SHUT_WR) < 0 && errno != ENOTCONN)
		return socket_status(errno);
	s->shut_send = true;
	if (!(options & 2))
		return STATUS_SUCCESS;
	int new = socket(socket_family_in(s->family), s->type | SOCK_CLOEXEC, s->protocol);
	if (new < 0)
		return socket_status(errno);
	int rc = dup3(new, fd, O_CLOEXEC), error = errno;
	close(new);
	if (rc < 0)
		return socket_status(error);
	s->connected = s->bound = s->shut_send = s->shut_receive = false;
	s->connected_at = 0;
	return STATUS_SUCCESS;
}

NTSTATUS
socket_try_disconnect(struct socket_op *op) { return disconnect(op->socket, op->options); }

static NTSTATUS
send_part(struct socket_op *op, struct iovec *v, int more)
{
	while (v->iov_len) {
		ssize_t n = send(op->socket->file->fd, v->iov_base, v->iov_len,
		                 MSG_DONTWAIT | MSG_NOSIGNAL | more);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? STATUS_PENDING : socket_status(errno);
		v->iov_base = (char *)v->iov_base + n;
		v->iov_len -= (size_t)n;
		op->done += (size_t)n;
	}
	return STATUS_SUCCESS;
}

NTSTATUS
socket_try_file(struct socket_op *op)
{
	int fd = op->socket->file->fd;
	NTSTATUS s = send_part(op, &op->head, op->left ? MSG_MORE : 0);
	while (s == STATUS_SUCCESS && op->left) {
		/* sendfile waits as the descriptor does; so ask first, and give it what has room */
		struct pollfd p = { fd, POLLOUT, 0 };
		if (poll(&p, 1, 0) == 0)
			return STATUS_PENDING;
		int flags = fcntl(fd, F_GETFL);
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
		off_t at = (off_t)op->offset;
		ssize_t n = sendfile(fd, op->source->fd, &at,
		                     op->left < 0x100000 ? op->left : 0x100000);
		int error = errno;
		(void)fcntl(fd, F_SETFL, flags);
		if (n < 0 && error == EINTR)
			continue;
		if (n < 0)
			return error == EAGAIN ? STATUS_PENDING : socket_status(error);
		if (!n) /* the file is shorter than it was */
			op->left = 0;
		op->offset += n;
		op->left -= (size_t)n;
		op->done += (size_t)n;
	}
	if (s == STATUS_SUCCESS)
		s = send_part(op, &op->tail, 0);
	if (s == STATUS_SUCCESS && op->options & 3)
		s = disconnect(op->socket, op->options);
	return s;
}
