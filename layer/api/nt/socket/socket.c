/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/socket/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/mem/vm.h"
#include "layer/api/nt/object/wait.h"

enum {
	IOCTL_AFD_POLL = 0x12024,
	IOCTL_AFD_RECEIVE = 0x12017,
	IOCTL_AFD_RECEIVE_DATAGRAM = 0x1201b
};

static NTSTATUS
read_some(struct file *f, struct file_io *x)
{
	ssize_t n;
	do
		n = recv(f->fd, x->buf, x->n, MSG_DONTWAIT);
	while (n < 0 && (errno == EINTR || (errno == EFAULT && vm_touch(x->buf, x->n, true))));
	if (n < 0)
		return errno == EAGAIN ? STATUS_PENDING : socket_status(errno);
	x->done = (size_t)n;
	socket_event_again(f->own, FD_READ);
	return STATUS_SUCCESS;
}

static NTSTATUS
write_some(struct file *f, struct file_io *x)
{
	while (x->done < x->n) {
		ssize_t n =
		        send(f->fd, x->buf + x->done, x->n - x->done, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? STATUS_PENDING : socket_status(errno);
		x->done += (size_t)n;
	}
	return STATUS_SUCCESS;
}

static NTSTATUS
control(struct file *f, ULONG code, const void *in, ULONG nin, void *out, ULONG nout,
        ULONG_PTR *done, struct file_pending *(*pend)(void *ctx), void *ctx)
{
	if (code == IOCTL_AFD_RECEIVE || code == IOCTL_AFD_RECEIVE_DATAGRAM)
		return socket_afd_receive(f->own, code == IOCTL_AFD_RECEIVE_DATAGRAM, in, nin, done,
		                          pend, ctx);
	if (code == IOCTL_AFD_POLL)
		return afd_poll(f, in, nin, out, nout, done, pend, ctx);
	return STATUS_INVALID_DEVICE_REQUEST;
}

static void
closing(struct file *f)
{
	struct socket *s = f->own;
	socket_event_close(s);
	afd_closed(s);
	socket_wake(s);
}

static void
destroy(struct file *f)
{
	if (f->own)
		socket_io_end(f->own);
	free(f->own);
}

const struct file_kind socket_kind = {
	.type = FILE_TYPE_PIPE, /* what GetFileType says of sockets */
	.device = 0x11,         /* FILE_DEVICE_NAMED_PIPE */
	.read = read_some,
	.write = write_some,
	.control = control,
	.close = closing,
	.destroy = destroy,
};

struct file *
socket_of_fd(int fd, int family, int type, int protocol, bool overlapped)
{
	struct file *f = file_new(&socket_kind, fd);
	struct socket *s = f ? calloc(1, sizeof *s) : NULL;
	if (!s) {
		if (f)
			object_unref(&f->object);
		return NULL;
	}
	f->own = s;
	f->access = FILE_GENERIC_READ | FILE_GENERIC_WRITE;
	f->overlapped = overlapped;
	if (overlapped)
		f->options &= ~(uint32_t)FILE_SYNCHRONOUS_IO_NONALERT;
	s->file = f;
	s->family = family;
	s->type = type;
	s->protocol = protocol;
	s->in.socket = s->out.socket = s;
	s->in.wait.edge = s->out.wait.edge = true;
	return f;
}

/* Operations and events are of the process that began them; what the socket is is everybody's. */
void
socket_give(const struct socket *s, uint64_t number[4])
{
	number[0] = (uint32_t)s->family | (uint64_t)(uint32_t)s->type << 32;
	number[1] = (uint32_t)s->protocol | (uint64_t)s->nonblocking << 32 |
	            (uint64_t)s->bound << 33 | (uint64_t)s->listening << 34 |
	            (uint64_t)s->connected << 35 | (uint64_t)s->connecting << 36 |
	            (uint64_t)s->shut_send << 37 | (uint64_t)s->shut_receive << 38 |
	            (uint64_t)s->exclusive << 39;
	number[2] = (uint64_t)s->send_ms << 32 | s->receive_ms;
	number[3] = s->connected_at;
}

struct file *
socket_remake(int fd, const uint64_t number[4])
{
	uint64_t bits = number[1] >> 32;
	struct file *f = socket_of_fd(fd, (int)(uint32_t)number[0], (int)(number[0] >> 32),
	                              (int)(uint32_t)number[1], false);
	if (!f)
		return NULL;
	struct socket *s = f->own;
	s->nonblocking = bits & 1;
	s->bound = bits >> 1 & 1;
	s->listening = bits >> 2 & 1;
	s->connected = bits >> 3 & 1;
	s->connecting = bits >> 4 & 1;
	s->shut_send = bits >> 5 & 1;
	s->shut_receive = bits >> 6 & 1;
	s->exclusive = bits >> 7 & 1;
	s->send_ms = (uint32_t)(number[2] >> 32);
	s->receive_ms = (uint32_t)number[2];
	s->connected_at = number[3];
	return f;
}

int
socket_new(int family, int type, int protocol, bool overlapped, struct file **out)
{
	int host = socket_family_in(family);
	if (family == 0 && protocol) /* the protocol alone says it */
		host = AF_INET, family = WS_AF_INET;
	if (host <= 0)
		return WSAEAFNOSUPPORT;
	if (type == 0 && protocol)
		type = protocol == IPPROTO_TCP   ? SOCK_STREAM
		       : protocol == IPPROTO_UDP ? SOCK_DGRAM
		                                 : 0;
	if (type < SOCK_STREAM || type > SOCK_RAW)
		return WSAESOCKTNOSUPPORT;
	/* Without the right to the network there are only sockets inside. */
	if (!birth.network && host != AF_UNIX)
		return WSAEACCES;
	int fd = socket(host, type | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		return socket_error(errno);
	int one = 1;
	/* Winsock's default; the host's is both. */
	if (host == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	if (!protocol && host != AF_UNIX)
		protocol = type == SOCK_STREAM ? IPPROTO_TCP : type == SOCK_DGRAM ? IPPROTO_UDP : 0;
	*out = socket_of_fd(fd, family, type, protocol, overlapped);
	return *out ? 0 : WSAENOBUFS;
}

int
socket_get(HANDLE h, struct file **f, struct socket **s)
{
	struct object *o;
	if (handle_get(h, &file_class, &o) < 0)
		return WSAENOTSOCK;
	*f = (struct file *)o;
	if ((*f)->kind != &socket_kind) {
		object_unref(o);
		return WSAENOTSOCK;
	}
	*s = (*f)->own;
	return 0;
}

int
socket_bind(struct socket *s, const struct ws_sockaddr *a, int size)
{
	struct sockaddr_storage host;
	socklen_t n;
	int e = socket_address_in(a, size, &host, &n);
	if (e)
		return e;
	if (a->family != s->family) {
		/* an address that is too short is seen before its family */
		if (s->family == WS_AF_INET6 && size < (int)sizeof(struct sockaddr_in6))
			return WSAEFAULT;
		return s->family == WS_AF_UNIX ? WSAEINVAL : WSAEAFNOSUPPORT;
	}
	if (s->bound)
		return WSAEINVAL;
	/* Windows binds to the port of a connection that has ended, without being asked; the host
	 * keeps two listeners apart also then. */
	int one = 1;
	if (s->type == SOCK_STREAM && s->family != WS_AF_UNIX)
		(void)setsockopt(s->file->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(s->file->fd, (struct sockaddr *)&host, n) < 0)
		return socket_error(errno);
	s->bound = true;
	return 0;
}

int
socket_nonblocking(struct socket *s, bool on)
{
	s->nonblocking = on;
	return 0;
}

static int
host_nonblocking(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);
	return flags < 0 ? -1 : fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

int
socket_listen(struct socket *s, int backlog)
{
	if (s->connected)
		return WSAEISCONN;
	if (!s->bound)
		return WSAEINVAL;
	if (backlog == 0x7fffffff || backlog > SOMAXCONN)
		backlog = SOMAXCONN;
	/* SOMAXCONN_HINT(n) is -n */
	if (backlog < 0)
		backlog = backlog > -SOMAXCONN ? -backlog : SOMAXCONN;
	if (host_nonblocking(s->file->fd, true) < 0 || listen(s->file->fd, backlog) < 0)
		return socket_error(errno);
	s->listening = true;
	if (s->observed)
		socket_event_again(s, FD_ACCEPT);
	return 0;
}

/* Until the descriptor is ready or the socket is closed. */
static int
wait_for(struct socket *s, short events, int ms)
{
	struct pollfd p = { s->file->fd, events, 0 };
	s->blocked++;
	bool paused = port_pause();
	int n;
	do
		n = s->file->closed ? 1 : poll(&p, 1, ms);
	while (n < 0 && errno == EINTR);
	int error = errno;
	port_resume(paused);
	errno = error;
	s->blocked--;
	if (s->file->closed)
		return WSAEINTR;
	return n < 0 ? socket_error(errno) : n == 0 ? WSAETIMEDOUT : 0;
}

int
socket_accept(struct socket *s, struct file **out, struct ws_sockaddr *a, int *size)
{
	struct sockaddr_storage peer;
	socklen_t n;
	int fd, e = 0;
	if (!s->listening)
		return WSAEINVAL;
	for (;;) {
		n = sizeof peer;
		fd = accept4(s->file->fd, (struct sockaddr *)&peer, &n, SOCK_CLOEXEC);
		if (fd >= 0)
			break;
		if (errno == EINTR || errno == ECONNABORTED)
			continue;
		if (errno != EAGAIN)
			return socket_error(errno);
		if (s->nonblocking)
			return WSAEWOULDBLOCK;
		if ((e = wait_for(s, POLLIN, -1)))
			return e;
	}
	if (s->observed)
		socket_event_again(s, FD_ACCEPT);
	if (a && size && (e = socket_address_out(&peer, n, a, size))) {
		close(fd);
		return e;
	}
	*out = socket_of_fd(fd, s->family, s->type, s->protocol, s->file->overlapped);
	if (!*out)
		return WSAENOBUFS;
	struct socket *new = (*out)->own;
	new->nonblocking = (bool)s->nonblocking;
	new->bound = true;
	socket_connected(new);
	return 0;
}

void
socket_connected(struct socket *s)
{
	s->connecting = false;
	s->connected = true;
	s->bound = true;
	s->connected_at = wait_now();
}

int
socket_host_connect(int fd, const struct sockaddr_storage *a, socklen_t n)
{
	int rc = connect(fd, (const struct sockaddr *)a, n);

	/* The host says once that an attempt before has failed, which the program knows; Windows
	 * just tries again, and with another address, too. */
	return rc < 0 && errno == ECONNABORTED ? connect(fd, (const struct sockaddr *)a, n) : rc;
}

int
socket_connect(struct socket *s, const struct ws_sockaddr *a, int size)
{
	struct sockaddr_storage host;
	socklen_t n;
	int e = socket_address_in(a, size, &host, &n), fd = s->file->fd;
	if (e)
		return e;
	if (s->listening)
		return WSAEINVAL;
	if (s->type == SOCK_STREAM && s->connected)
		return WSAEISCONN;
	if (s->connecting && s->nonblocking) {
		struct pollfd p = { fd, POLLOUT, 0 };
		int error = 0;
		socklen_t m = sizeof error;
		if (poll(&p, 1, 0) == 0)
			return WSAEALREADY;
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &m) == 0 && error == 0) {
			socket_connected(s);
			return WSAEISCONN;
		}
		s->connecting = false;
		return socket_error(error);
	}
	bool later = s->nonblocking && s->type == SOCK_STREAM;
	s->error = 0;
	if (later)
		(void)host_nonblocking(fd, true);
	s->blocked++;
	bool paused = !later && port_pause();
	int rc = socket_host_connect(fd, &host, n);
	int error = rc < 0 ? errno : 0;
	port_resume(paused);
	s->blocked--;
	if (later)
		(void)host_nonblocking(fd, false);
	if (error == EINTR && !later) {
		e = wait_for(s, POLLOUT, -1);
		socklen_t m = sizeof error;
		if (e || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &m) < 0)
			return e ? e : socket_error(errno);
	}
	if (error == EINPROGRESS && later) {
		s->connecting = true;
		if (s->observed)
			socket_event_again(s, FD_CONNECT);
		return WSAEWOULDBLOCK;
	}
	if (error == EINPROGRESS || error == EAGAIN) /* SO_SNDTIMEO has passed */
		error = ETIMEDOUT;
	if (error)
		return s->file->closed ? WSAEINTR : socket_error(error);
	socket_connected(s);
	if (s->observed)
		socket_event_again(s, FD_CONNECT | FD_WRITE | FD_READ);
	return 0;
}

int
socket_shutdown(struct socket *s, int how)
{
	if (how < 0 || how > 2)
		return WSAEINVAL;
	if (shutdown(s->file->fd, how) < 0 && !(errno == ENOTCONN && s->connected))
		return socket_error(errno);
	if (how != 0)
		s->shut_send = true;
	if (how != 1)
		s->shut_receive = true;
	return 0;
}

int
socket_name(struct socket *s, bool peer, struct ws_sockaddr *a, int *size)
{
	struct sockaddr_storage host;
	socklen_t n = sizeof host;
	if (!a || !size)
		return WSAEFAULT;
	/* getsockname: what is not bound has no name */
	if (!peer && !s->bound && !s->connecting)
		return WSAEINVAL;
	int rc = peer ? getpeername(s->file->fd, (struct sockaddr *)&host, &n)
	              : getsockname(s->file->fd, (struct sockaddr *)&host, &n);
	if (rc < 0)
		return socket_error(errno);
	return socket_address_out(&host, n, a, size);
}
