/* SPDX-License-Identifier: Apache-2.0 */
/* Receiving and sending, at once or later. */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "layer/api/nt/except/except.h"
#include "layer/api/nt/socket/socket.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/mem/vm.h"

static int
flags_in(int flags)
{
	return (flags & WS_MSG_OOB ? MSG_OOB : 0) | (flags & WS_MSG_PEEK ? MSG_PEEK : 0) |
	       (flags & WS_MSG_DONTROUTE ? MSG_DONTROUTE : 0);
}

static size_t
length(const struct socket_transfer *t)
{
	size_t n = 0;
	for (size_t i = 0; i < t->n; i++)
		n += t->vec[i].iov_len;
	return n;
}

/* What the host takes at once; the rest of a stream follows. */
static size_t
at_once(const struct socket *s, const struct socket_transfer *t)
{
	return s->type == SOCK_STREAM && t->n > IOV_MAX ? IOV_MAX : t->n;
}

/* n bytes of the vector are done. */
static void
advance(struct socket_transfer *t, size_t n)
{
	while (t->n && n >= t->vec->iov_len) {
		n -= t->vec->iov_len;
		t->vec++;
		t->n--;
	}
	if (t->n) {
		t->vec->iov_base = (char *)t->vec->iov_base + n;
		t->vec->iov_len -= n;
	}
}

static bool
touch(const struct socket_transfer *t, bool write)
{
	bool some = false;
	for (size_t i = 0; i < t->n; i++)
		some |= vm_touch(t->vec[i].iov_base, t->vec[i].iov_len, write);
	return some;
}

/* Ancillary data: headers of Winsock have the host's layout but for level and type. */
struct control {
	size_t length;
	int level, type;
};

enum { WS_IP_PKTINFO = 19, WS_IP_TTL = 21, WS_IP_TOS = 40 };

static void
control_out(const struct msghdr *m, struct WSAMSG *w)
{
	ULONG used = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR((struct msghdr *)m, c)) {
		size_t n = c->cmsg_len - CMSG_LEN(0),
		       space = (sizeof(struct control) + n + 7) & ~(size_t)7;
		struct control h = { sizeof h + n, c->cmsg_level, 0 };
		unsigned char data[64];
		memcpy(data, CMSG_DATA(c), n < sizeof data ? n : sizeof data);
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == 8) { /* IP_PKTINFO */
			/* in_pktinfo: interface, address of ours, address; Winsock's: address, interface */
			int index;
			memcpy(&index, CMSG_DATA(c), 4);
			memcpy(data, CMSG_DATA(c) + 8, 4);
			memcpy(data + 4, &index, 4);
			n = 8;
			h.length = sizeof h + n;
			h.type = WS_IP_PKTINFO;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == 50) {
			h.type = WS_IP_PKTINFO;
		} else if (c->cmsg_type == 2 || c->cmsg_type == 52) { /* IP_TTL, IPV6_HOPLIMIT */
			h.type = WS_IP_TTL;
		} else {
			h.type = WS_IP_TOS;
		}
		if (n > sizeof data)
			continue;
		if (used + space > w->Control.len) {
			w->dwFlags |= WS_MSG_CTRUNC;
			break;
		}
		memcpy(w->Control.buf + used, &h, sizeof h);
		memcpy(w->Control.buf + used + sizeof h, data, n);
		used += (ULONG)space;
	}
	w->Control.len = used;
}

static socklen_t
control_in(const struct WSAMSG *w, char *out, size_t room)
{
	size_t used = 0;
	for (ULONG at = 0; w->Control.buf && at + sizeof(struct control) <= w->Control.len;) {
		struct control h;
		memcpy(&h, w->Control.buf + at, sizeof h);
		if (h.length < sizeof h || h.length > w->Control.len - at)
			break;
		size_t n = h.length - sizeof h;
		const char *data = w->Control.buf + at + sizeof h;
		char info[20] = { 0 };
		struct cmsghdr *c = (struct cmsghdr *)(out + used);
		int type = h.type == WS_IP_TOS     ? (h.level == IPPROTO_IP ? 1 : 67)
		           : h.level == IPPROTO_IP ? 2
		                                   : 52;
		if (h.type == WS_IP_PKTINFO && h.level == IPPROTO_IP && n >= 8) {
			memcpy(info, data + 4, 4);
			memcpy(info + 4, data, 4);
			data = info;
			n = 12;
			type = 8;
		} else if (h.type == WS_IP_PKTINFO) {
			type = 50;
		}
		if (used + CMSG_SPACE(n) > room)
			break;
		c->cmsg_len = CMSG_LEN(n);
		c->cmsg_level = h.level;
		c->cmsg_type = type;
		memcpy(CMSG_DATA(c), data, n);
		used += CMSG_SPACE(n);
		at += (ULONG)((h.length + 7) & ~(size_t)7);
	}
	return (socklen_t)used;
}

/* One buffer and nothing else, which is most of all transfers: the host has calls for that, and
 * they are made without glibc's look whether the thread is cancelled (ours never are). */
static bool
simple(const struct socket_transfer *t)
{
	return t->n == 1 && !t->address && !t->message && !t->flags;
}

static ssize_t
receive_simply(struct socket *s, struct socket_transfer *t, int how)
{
	ssize_t n;
	if (vm_watched)
		(void)touch(t, true);
	do
		n = syscall(SYS_recvfrom, s->file->fd, t->vec->iov_base, t->vec->iov_len, how, NULL,
		            NULL);
	while (n < 0 && !s->file->closed &&
	       (errno == EINTR || (errno == EFAULT && touch(t, true))));
	return n;
}

/* One recvmsg; errno's number, 0 for none. */
static int
receive(struct socket *s, struct socket_transfer *t, int how, size_t *done)
{
	if (s->type == SOCK_STREAM && simple(t)) {
		ssize_t n = receive_simply(s, t, how);
		if (n < 0)
			return s->file->closed ? EINTR : errno;
		*done = (size_t)n;
		return 0;
	}
	struct sockaddr_storage from;
	char space[512];
	struct msghdr m = { .msg_iov = t->vec, .msg_iovlen = at_once(s, t) };
	bool datagram = s->type != SOCK_STREAM;
	if (t->address && (t->address_size || t->message)) {
		m.msg_name = &from;
		m.msg_namelen = sizeof from;
	}
	if (t->message && t->message->Control.buf) {
		m.msg_control = space;
		m.msg_controllen = sizeof space;
	}
	ssize_t n;
	if (vm_watched)
		(void)touch(t, true);
	do
		n = recvmsg(s->file->fd, &m, flags_in(t->flags) | how);
	while (n < 0 && !s->file->closed &&
	       (errno == EINTR || (errno == EFAULT && touch(t, true))));
	if (n < 0)
		return s->file->closed ? EINTR : errno;
	*done = (size_t)n;
	t->flags = m.msg_flags & MSG_OOB ? WS_MSG_OOB : 0;
	if (m.msg_name) {
		/* a connected stream has no sender in it */
		int *size = t->address_size ? t->address_size : &t->message->namelen;
		if (m.msg_namelen)
			(void)socket_address_out(&from, m.msg_namelen, t->address, size);
		else
			*size = 0;
	}
	if (t->message) {
		t->message->dwFlags = m.msg_flags & MSG_TRUNC && datagram ? WS_MSG_TRUNC : 0;
		control_out(&m, t->message);
	}
	if (datagram && m.msg_flags & MSG_TRUNC) {
		t->flags |= WS_MSG_PARTIAL;
		return EMSGSIZE;
	}
	return 0;
}

static int
transmit(struct socket *s, struct socket_transfer *t, int how, size_t *done)
{
	struct sockaddr_storage to;
	char space[512];
	struct msghdr m = { .msg_iov = t->vec, .msg_iovlen = at_once(s, t) };
	*done = 0;
	if (t->address) {
		/* a connected stream ignores it */
		int e = s->type == SOCK_STREAM ? 0
		                               : socket_address_in(t->address, t->address_length,
		                                                   &to, &m.msg_namelen);
		if (e)
			return e == WSAEFAULT         ? EFAULT
			       : e == WSAEAFNOSUPPORT ? EAFNOSUPPORT
			                              : EINVAL;
		m.msg_name = m.msg_namelen ? &to : NULL;
	}
	if (t->message && t->message->Control.len) {
		m.msg_control = space;
		m.msg_controllen = control_in(t->message, space, sizeof space);
	}
	ssize_t n;
	do
		n = simple(t) ? syscall(SYS_sendto, s->file->fd, t->vec->iov_base, t->vec->iov_len,
		                        how | MSG_NOSIGNAL, NULL, 0)
		              : sendmsg(s->file->fd, &m, flags_in(t->flags) | how | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR && !s->file->closed);
	if (n < 0) {
		if (errno == EPIPE && s->shut_send)
			return ESHUTDOWN;
		if (errno == EPIPE && !s->connected)
			return ENOTCONN;
		return s->file->closed ? EINTR : errno;
	}
	if (s->type != SOCK_STREAM)
		s->bound = true;
	*done = (size_t)n;
	return 0;
}

int
socket_receive(struct socket *s, struct socket_transfer *t, size_t *done)
{
	bool wait = !s->nonblocking, all = t->flags & WS_MSG_WAITALL && s->type == SOCK_STREAM;
	*done = 0;
	if (s->shut_receive)
		return WSAESHUTDOWN;
	if (s->type == SOCK_DGRAM && !s->bound && s->family != WS_AF_UNIX)
		return WSAEINVAL;
	if (wait)
		s->blocked++;
	bool paused = wait && port_pause();
	int error =
	        receive(s, t, (wait ? 0 : MSG_DONTWAIT) | (wait && all ? MSG_WAITALL : 0), done);
	port_resume(paused);
	if (wait)
		s->blocked--;
	if (s->observed)
		socket_event_again(s, FD_READ);
	if (error == EAGAIN)
		return wait ? WSAETIMEDOUT : WSAEWOULDBLOCK;
	/* what a datagram's receiver refused is told like that */
	if (error == ECONNREFUSED && s->type == SOCK_DGRAM)
		error = ECONNRESET;
	return error ? socket_error(error) : 0;
}

int
socket_send(struct socket *s, struct socket_transfer *t, size_t *done)
{
	bool wait = !s->nonblocking;
	size_t want = length(t), n;
	int error;
	*done = 0;
	if (s->shut_send)
		return WSAESHUTDOWN;
	if (wait)
		s->blocked++;
	bool paused = wait && port_pause();
	do {
		error = transmit(s, t, wait ? 0 : MSG_DONTWAIT, &n);
		*done += n;
		/* a stream takes all of it when it may wait: a signal may have come between */
		if (wait && !error && s->type == SOCK_STREAM)
			advance(t, n);
	} while (wait && !error && s->type == SOCK_STREAM && *done < want);
	port_resume(paused);
	if (wait)
		s->blocked--;
	if (error == EAGAIN && !wait && s->observed)
		socket_event_again(s, FD_WRITE);
	if (error == EAGAIN)
		return wait ? WSAETIMEDOUT : WSAEWOULDBLOCK;
	return error ? socket_error(error) : 0;
}

/* -- later ---------------------------------------------------------------------- */

struct socket_op *
socket_op_new(struct socket *s, enum socket_what what)
{
	struct socket_op *op = calloc(1, sizeof *op);
	if (op)
		socket_op_init(op, s, what);
	return op;
}

void
socket_op_init(struct socket_op *op, struct socket *s, enum socket_what what)
{
	op->what = what;
	op->socket = s;
	op->t.vec = op->few;
}

/* One that lasts. */
static struct socket_op *
keep(struct socket_op *op)
{
	if (!op->lent)
		return op;
	struct socket_op *kept = malloc(sizeof *kept);
	if (!kept)
		return NULL;
	*kept = *op;
	kept->lent = false;
	if (!op->many)
		kept->t.vec = kept->few + (op->t.vec - op->few);
	return kept;
}

/* What it holds; itself is freed with its pending operation. */
static void
let_go(struct socket_op *op)
{
	if (op->accepted)
		object_unref(&op->accepted->object);
	if (op->source)
		object_unref(&op->source->object);
	free(op->many);
	op->accepted = op->source = NULL;
	op->many = NULL;
}

void
socket_op_free(struct socket_op *op)
{
	let_go(op);
	if (!op->lent)
		free(op);
}

NTSTATUS
socket_try_receive(struct socket_op *op)
{
	struct socket *s = op->socket;
	size_t n = 0, want = length(&op->t);
	/* of nothing: until there is something */
	if (!want && s->type == SOCK_STREAM) {
		struct pollfd p = { s->file->fd, POLLIN, 0 };
		return poll(&p, 1, 0) == 0 ? STATUS_PENDING : STATUS_SUCCESS;
	}
	int flags = op->t.flags;
	int error = receive(s, &op->t, MSG_DONTWAIT, &n);
	if (error == EAGAIN)
		return STATUS_PENDING;
	op->done += n;
	if (!error && flags & WS_MSG_WAITALL && s->type == SOCK_STREAM && n && n < want) {
		advance(&op->t, n);
		op->t.flags = flags;
		return STATUS_PENDING;
	}
	if (op->flags_out)
		*op->flags_out = (DWORD)op->t.flags;
	if (error == ECONNREFUSED && s->type == SOCK_DGRAM)
		error = ECONNRESET;
	return error ? socket_status(error) : STATUS_SUCCESS;
}

NTSTATUS
socket_try_send(struct socket_op *op)
{
	for (;;) {
		size_t n, left = length(&op->t);
		int error = transmit(op->socket, &op->t, MSG_DONTWAIT, &n);
		if (error == EAGAIN)
			return STATUS_PENDING;
		op->done += n;
		if (error)
			return socket_status(error);
		if (op->socket->type != SOCK_STREAM || n >= left)
			return STATUS_SUCCESS;
		advance(&op->t, n);
	}
}

static struct socket_queue *
queue_of(const struct socket_op *op)
{
	bool in = op->what == SOCKET_RECEIVE || op->what == SOCKET_ACCEPT;
	return in ? &op->socket->in : &op->socket->out;
}

static void
try_it(void *a)
{
	struct socket_op *op = a;
	switch (op->what) {
	case SOCKET_RECEIVE: op->status = socket_try_receive(op); break;
	case SOCKET_SEND: op->status = socket_try_send(op); break;
	case SOCKET_ACCEPT: op->status = socket_try_accept(op); break;
	case SOCKET_CONNECT: op->status = socket_try_connect(op); break;
	case SOCKET_DISCONNECT: op->status = socket_try_disconnect(op); break;
	case SOCKET_FILE: op->status = socket_try_file(op); break;
	}
}

/* Under the lock, perhaps in the reactor: addresses and counts of the program that are bad are an
 * error of the operation and no exception. */
static NTSTATUS
try(struct socket_op *op)
{
	reactor_expect(&queue_of(op)->wait);
	return except_try(try_it, op) ? op->status : STATUS_ACCESS_VIOLATION;
}

static void ready(struct reactor_wait *w, uint32_t events);
static void ready_accepted(struct reactor_wait *w, uint32_t events);

/* Under the lock.  A queue that is armed holds a count of the file.  false: try again. */
static bool
arm(struct socket_queue *q)
{
	if (q->armed || !q->first)
		return true;
	struct socket *s = q->socket;
	struct socket_op *op = q->first;
	struct reactor_wait *w = &q->wait;
	w->fd = s->file->fd;
	w->ready = ready;
	if (op->what == SOCKET_ACCEPT && op->phase == 1) {
		w = &q->accepted;
		w->fd = op->accepted->fd;
		w->ready = ready_accepted;
	}
	w->events = q == &s->in ? EPOLLIN | EPOLLRDHUP : EPOLLOUT;
	q->armed = true;
	object_ref(&s->file->object);
	int r = reactor_arm(w);
	if (r) {
		q->armed = false;
		object_unref(&s->file->object);
	}
	return r <= 0;
}

/* Under the lock: those at the head that have ended, and that nobody is about to cancel: whoever takes
 * an operation off the file's list ends it, and it may be gone as soon as the lock is. */
static struct socket_op *
run(struct socket_queue *q)
{
	struct socket_op *ended = NULL, **last = &ended;
	do {
		while (q->first) {
			struct socket_op *op = q->first;
			NTSTATUS s = try(op);
			if (s == STATUS_PENDING)
				break;
			op->status = s;
			op->finished = true;
			q->first = op->next;
			op->next = NULL;
			if (!file_unpend_other(op->pending))
				continue;
			*last = op;
			last = &op->next;
		}
	} while (!arm(q));
	return ended;
}

static void
finish(struct socket_op *op)
{
	struct file_pending *p = op->pending;
	NTSTATUS s = op->status;
	size_t n = op->done;
	let_go(op);
	file_end(p, s, n); /* frees op too */
}

static void
end_all(struct socket_op *ended)
{
	while (ended) {
		struct socket_op *next = ended->next;
		finish(ended);
		ended = next;
	}
}

static void
go_on(struct socket_queue *q)
{
	struct socket *s = q->socket;
	struct file *f = s->file;
	steady_lock(&s->lock);
	q->armed = false;
	struct socket_op *ended = run(q);
	steady_unlock(&s->lock);
	end_all(ended);
	object_unref(&f->object); /* of arm() */
}

static void
ready(struct reactor_wait *w, uint32_t events)
{
	(void)events;
	go_on((struct socket_queue *)((char *)w - offsetof(struct socket_queue, wait)));
}

static void
ready_accepted(struct reactor_wait *w, uint32_t events)
{
	(void)events;
	go_on((struct socket_queue *)((char *)w - offsetof(struct socket_queue, accepted)));
}

void
socket_io_end(struct socket *s)
{
	reactor_end(&s->in.wait);
	reactor_end(&s->out.wait);
}

static void
cancel(struct file_pending *p)
{
	struct socket_op *op = p->own;
	struct socket *s = op->socket;
	struct socket_queue *q = queue_of(op);
	bool disarmed = false;
	steady_lock(&s->lock);
	if (!op->finished) {
		struct socket_op *before = NULL, **at = &q->first;
		while (*at && *at != op) {
			before = *at;
			at = &before->next;
		}
		if (*at)
			*at = op->next;
		if (q->last == op)
			q->last = before;
		op->status = STATUS_CANCELLED;
	}
	if (!q->first && q->armed && (reactor_cancel(&q->wait) || reactor_cancel(&q->accepted))) {
		q->armed = false;
		disarmed = true;
	}
	steady_unlock(&s->lock);
	struct file *f = s->file;
	finish(op);
	if (disarmed)
		object_unref(&f->object);
}

int
socket_start(struct socket_op *op, const struct file_request *r, size_t *done)
{
	struct socket *s = op->socket;
	struct socket_queue *q = queue_of(op);
	struct file *f = s->file;
	/* behind those who came earlier; trying is under the lock so that bytes keep their order */
	steady_lock(&s->lock);
	NTSTATUS st = q->first ? STATUS_PENDING : try(op);
	if (st == STATUS_PENDING) {
		struct socket_op *kept = keep(op);
		struct file_pending *p = kept ? file_pend(f, r) : NULL;
		if (!p) {
			steady_unlock(&s->lock);
			socket_op_free(kept ? kept : op);
			return WSAENOBUFS;
		}
		op = kept;
		p->own = op;
		p->cancel = cancel;
		op->pending = p;
		op->flags_out =
		        NULL; /* lent for the call; later WSAGetOverlappedResult says them */
		file_pend_other(p);
		if (!q->first)
			q->first = op;
		else
			q->last->next = op;
		q->last = op;
		struct socket_op *ended = arm(q) ? NULL : run(q);
		steady_unlock(&s->lock);
		end_all(ended);
		return WSA_IO_PENDING;
	}
	steady_unlock(&s->lock);
	*done = op->done;
	socket_op_free(op);
	if (st < 0 && st != STATUS_BUFFER_OVERFLOW)
		return socket_error_of(st);
	(void)file_at_once(f, r, st, *done);
	/* a datagram that is longer than the buffers is told like one that comes later, also where
	 * the port is skipped: support.microsoft.com, KB 2568167 */
	if (st < 0 && f->modes & 1)
		file_post(f, r, st, *done);
	return st < 0 ? WSA_IO_PENDING : 0;
}

/* IOCTL_AFD_RECEIVE and IOCTL_AFD_RECEIVE_DATAGRAM, which libuv calls itself. */
NTSTATUS
socket_afd_receive(struct socket *s, bool datagram, const void *in, ULONG nin, ULONG_PTR *done,
                   struct file_pending *(*pend)(void *ctx), void *ctx)
{
	enum { TDI_RECEIVE_EXPEDITED = 0x40, TDI_RECEIVE_PEEK = 0x80, FEW = 4 };
	struct {
		struct WSABUF *buffers;
		ULONG count, afd, tdi;
		struct ws_sockaddr *address;
		int *address_size;
	} info = { 0 };
	if (nin < 20 || (datagram && nin < sizeof info))
		return STATUS_INVALID_PARAMETER;
	memcpy(&info, in, nin < sizeof info ? nin : sizeof info);
	if (info.count > FEW || !info.buffers)
		return STATUS_INVALID_PARAMETER;
	struct socket_op *op = socket_op_new(s, SOCKET_RECEIVE);
	if (!op)
		return STATUS_NO_MEMORY;
	for (ULONG i = 0; i < info.count; i++)
		op->few[i] = (struct iovec){ info.buffers[i].buf, info.buffers[i].len };
	op->t.n = info.count;
	op->t.flags = (info.tdi & TDI_RECEIVE_PEEK ? WS_MSG_PEEK : 0) |
	              (info.tdi & TDI_RECEIVE_EXPEDITED ? WS_MSG_OOB : 0);
	if (datagram) {
		op->t.address = info.address;
		op->t.address_size = info.address_size;
	}
	steady_lock(&s->lock);
	NTSTATUS st = s->in.first ? STATUS_PENDING : try(op);
	struct file_pending *p = st == STATUS_PENDING ? pend(ctx) : NULL;
	struct socket_op *ended = NULL;
	if (p) {
		p->own = op;
		p->cancel = cancel;
		op->pending = p;
		file_pend_other(p);
		*(s->in.first ? &s->in.last->next : &s->in.first) = op;
		s->in.last = op;
		ended = arm(&s->in) ? NULL : run(&s->in);
	}
	steady_unlock(&s->lock);
	end_all(ended);
	if (p)
		return STATUS_PENDING;
	*done = op->done;
	socket_op_free(op);
	return st == STATUS_PENDING ? STATUS_NO_MEMORY : st;
}

void
socket_wake(struct socket *s)
{
	/* A thread that waits in the host holds the descriptor: only this wakes it. */
	if (s->blocked)
		(void)shutdown(s->file->fd, SHUT_RDWR);
}
