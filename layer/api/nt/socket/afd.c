/* SPDX-License-Identifier: Apache-2.0 */
/* \Device\Afd and IOCTL_AFD_POLL: readiness of sockets as an overlapped operation.
 *
 * Not documented by Microsoft, but what wepoll, libuv, mio and Rust's polling are built on; the
 * structure and the bits are those that their sources use. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "layer/api/nt/except/except.h"
#include "layer/api/nt/socket/socket.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/object/wait.h"

enum {
	AFD_POLL_RECEIVE = 1,
	AFD_POLL_RECEIVE_EXPEDITED = 2,
	AFD_POLL_SEND = 4,
	AFD_POLL_DISCONNECT = 8,
	AFD_POLL_ABORT = 0x10,
	AFD_POLL_LOCAL_CLOSE = 0x20,
	AFD_POLL_CONNECT = 0x40,
	AFD_POLL_ACCEPT = 0x80,
	AFD_POLL_CONNECT_FAIL = 0x100,

	MOST = 64,
};

struct handle_info {
	HANDLE handle;
	ULONG events;
	NTSTATUS status;
};

struct poll_info {
	LONGLONG timeout; /* 100 ns; negative relative, INT64_MAX for ever */
	ULONG count, exclusive;
	struct handle_info handle[];
};

/* One socket that is looked at; of struct polled. */
struct socket_poll {
	struct reactor_wait wait;
	struct polled *whole;
	struct socket *socket; /* of file */
	struct file *file;     /* own (a count) */
	HANDLE handle;
	ULONG events;
	bool armed;
	struct socket_poll *next; /* of the socket, under its lock */
};

/* An operation.  Whoever takes it off its file's list ends it; it is freed with the last of
 * those who know it: the operation and each armed wait. */
struct polled {
	_Atomic uint32_t lock; /* of `pending`, which is gone when somebody else has ended it */
	struct file_pending *pending; /* NULL: it has been taken */
	struct poll_info *out;        /* of the program */
	ULONG room;
	_Atomic uint32_t refs;
	struct reactor_timer timer;
	bool timed, exclusive;
	_Atomic bool ended;
	ULONG count;
	struct socket_poll one[];
};

static ULONG
events_now(struct socket *s, ULONG wanted)
{
	struct pollfd p = { s->file->fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0 };
	ULONG due = 0;
	if (s->file->closed)
		return AFD_POLL_LOCAL_CLOSE;
	if (poll(&p, 1, 0) < 0)
		return 0;
	if (s->listening)
		return p.revents & POLLIN ? wanted & (AFD_POLL_ACCEPT | AFD_POLL_RECEIVE) : 0;
	bool stream = s->type == SOCK_STREAM;
	if (s->error && !s->connected)
		return wanted & (AFD_POLL_CONNECT_FAIL | AFD_POLL_ABORT);
	/* a stream that is nothing yet is hung up for the host; for AFD it waits */
	if (stream && !s->connected && !s->connecting)
		return 0;
	if (s->connecting && p.revents & (POLLOUT | POLLERR | POLLHUP)) {
		int error = 0;
		socklen_t n = sizeof error;
		if (getsockopt(s->file->fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 && !error) {
			socket_connected(s);
			due |= AFD_POLL_CONNECT;
		} else {
			s->connecting = false;
			s->error = error;
			return wanted & (AFD_POLL_CONNECT_FAIL | AFD_POLL_ABORT);
		}
	}
	if (s->connecting)
		return 0;
	if (p.revents & POLLIN)
		due |= AFD_POLL_RECEIVE;
	if (p.revents & POLLPRI)
		due |= AFD_POLL_RECEIVE_EXPEDITED;
	if (p.revents & POLLOUT)
		due |= AFD_POLL_SEND;
	if (stream && p.revents & (POLLRDHUP | POLLHUP))
		due |= AFD_POLL_DISCONNECT;
	if (stream && p.revents & POLLERR)
		due |= AFD_POLL_ABORT;
	return due & wanted;
}

/* What is due, into the program's memory; how many. */
static ULONG
collect(struct polled *p, ULONG_PTR *size)
{
	ULONG n = 0;
	for (ULONG i = 0; i < p->count; i++) {
		struct socket_poll *x = p->one + i;
		ULONG due = events_now(x->socket, x->events | AFD_POLL_LOCAL_CLOSE);
		struct handle_info h = { x->handle, due, STATUS_SUCCESS };
		/* what is bad by now is nobody's */
		if (due && sizeof *p->out + (n + 1) * sizeof *p->out->handle <= p->room &&
		    except_copy(p->out->handle + n, &h, sizeof h))
			n++;
	}
	(void)except_copy(&p->out->count, &n, sizeof n);
	*size = sizeof *p->out + n * sizeof *p->out->handle;
	return n;
}

static void
unref(struct polled *p)
{
	if (atomic_fetch_sub(&p->refs, 1) != 1)
		return;
	for (ULONG i = 0; i < p->count; i++)
		object_unref(&p->one[i].file->object);
	free(p);
}

/* Out of the sockets' lists; whoever ended the operation. */
static void
let_go(struct polled *p)
{
	for (ULONG i = 0; i < p->count; i++) {
		struct socket_poll *x = p->one + i;
		bool disarmed = false;
		steady_lock(&x->socket->lock);
		for (struct socket_poll **at = &x->socket->polls; *at; at = &(*at)->next)
			if (*at == x) {
				*at = x->next;
				break;
			}
		if (x->armed && reactor_cancel(&x->wait)) {
			x->armed = false;
			disarmed = true;
		}
		steady_unlock(&x->socket->lock);
		if (disarmed)
			unref(p);
	}
	if (p->timed && reactor_forget(&p->timer))
		unref(p);
}

/* Off the file's list, to be ended; NULL: somebody else does. */
static struct file_pending *
take(struct polled *p)
{
	steady_lock(&p->lock);
	struct file_pending *pending = p->pending;
	if (pending && !file_unpend_other(pending))
		pending = NULL; /* whoever cancels waits for the lock */
	if (pending)
		p->pending = NULL;
	steady_unlock(&p->lock);
	return pending;
}

/* It has been taken off the file's list: its end. */
static void
end(struct polled *p, struct file_pending *pending, NTSTATUS s, ULONG_PTR size)
{
	p->ended = true;
	let_go(p);
	unref(p);
	file_end(pending, s, size);
}

static void
cancel(struct file_pending *pending)
{
	struct polled *p = *(struct polled **)pending->own;
	steady_lock(&p->lock);
	p->pending = NULL;
	steady_unlock(&p->lock);
	end(p, pending, STATUS_CANCELLED, 0);
}

static void arm(struct socket_poll *x);

static void
ready(struct reactor_wait *w, uint32_t events)
{
	(void)events;
	struct socket_poll *x =
	        (struct socket_poll *)((char *)w - offsetof(struct socket_poll, wait));
	struct polled *p = x->whole;
	struct file_pending *pending;
	ULONG_PTR size;
	steady_lock(&x->socket->lock);
	x->armed = false;
	steady_unlock(&x->socket->lock);
	if (!events_now(x->socket, x->events | AFD_POLL_LOCAL_CLOSE)) {
		/* something else: go on waiting unless it has ended */
		steady_lock(&x->socket->lock);
		for (struct socket_poll *y = x->socket->polls; y; y = y->next)
			if (y == x) {
				arm(x);
				break;
			}
		steady_unlock(&x->socket->lock);
	} else if ((pending = take(p))) {
		collect(p, &size);
		end(p, pending, STATUS_SUCCESS, size);
	}
	unref(p);
}

/* Under the socket's lock. */
static void
arm(struct socket_poll *x)
{
	struct socket *s = x->socket;
	uint32_t events = 0;
	if (x->events & (AFD_POLL_RECEIVE | AFD_POLL_ACCEPT))
		events |= EPOLLIN;
	if (x->events & AFD_POLL_RECEIVE_EXPEDITED)
		events |= EPOLLPRI;
	if (x->events & AFD_POLL_SEND || s->connecting)
		events |= EPOLLOUT;
	if (x->events & AFD_POLL_DISCONNECT)
		events |= EPOLLRDHUP;
	/* what is nothing yet waits until it is something: afd_changed() */
	if (x->armed ||
	    (s->type == SOCK_STREAM && !s->connected && !s->connecting && !s->listening))
		return;
	x->wait.fd = s->file->fd;
	x->wait.events = events;
	x->wait.ready = ready;
	x->armed = true;
	atomic_fetch_add(&x->whole->refs, 1);
	if (reactor_arm(&x->wait) < 0) {
		x->armed = false;
		atomic_fetch_sub(&x->whole->refs, 1);
	}
}

static void
due(struct reactor_timer *t)
{
	struct polled *p = (struct polled *)((char *)t - offsetof(struct polled, timer));
	struct file_pending *pending = take(p);
	if (pending) {
		ULONG none = 0;
		(void)except_copy(&p->out->count, &none, sizeof none);
		end(p, pending, STATUS_TIMEOUT, sizeof *p->out);
	}
	unref(p);
}

static struct polled *
polled_new(const struct poll_info *in, void *out, ULONG nout, NTSTATUS *s)
{
	struct polled *p = calloc(1, sizeof *p + in->count * sizeof *p->one);
	*s = STATUS_NO_MEMORY;
	if (!p)
		return NULL;
	p->refs = 1;
	p->out = out;
	p->room = nout;
	for (ULONG i = 0; i < in->count; i++) {
		struct socket_poll *x = p->one + i;
		if (socket_get(in->handle[i].handle, &x->file, &x->socket)) {
			*s = STATUS_INVALID_HANDLE;
			unref(p);
			return NULL;
		}
		x->handle = in->handle[i].handle;
		x->events = in->handle[i].events;
		x->whole = p;
		x->socket->observed = true;
		p->count++;
	}
	return p;
}

/* An exclusive poll ends the exclusive one before it on its socket: libuv changes what it looks
 * for, and stops looking, so. */
static void
displace(struct socket *s)
{
	for (;;) {
		struct polled *p = NULL;
		steady_lock(&s->lock);
		struct socket_poll **at = &s->polls;
		while (*at && !(*at)->whole->exclusive)
			at = &(*at)->next;
		if (*at) {
			p = (*at)->whole;
			*at = (*at)->next;
			atomic_fetch_add(&p->refs, 1);
		}
		steady_unlock(&s->lock);
		if (!p)
			return;
		struct file_pending *pending = take(p);
		if (pending)
			end(p, pending, STATUS_CANCELLED, 0);
		unref(p);
	}
}

NTSTATUS
afd_poll(struct file *f, const void *input, ULONG nin, void *out, ULONG nout, ULONG_PTR *done,
         struct file_pending *(*pend)(void *ctx), void *ctx)
{
	const struct poll_info *in = input;
	NTSTATUS s;
	(void)f;
	if (nin < sizeof *in || nout < sizeof *in || in->count > MOST ||
	    nin < sizeof *in + in->count * sizeof *in->handle)
		return STATUS_INVALID_PARAMETER;
	LONGLONG timeout = in->timeout;
	struct polled *p = polled_new(in, out, nout, &s);
	if (!p)
		return s;
	p->exclusive = in->exclusive;
	for (ULONG i = 0; p->exclusive && i < p->count; i++)
		displace(p->one[i].socket);
	p->out->timeout = timeout;
	if (collect(p, done) || timeout == 0) {
		s = p->out->count ? STATUS_SUCCESS : STATUS_TIMEOUT;
		unref(p);
		return s;
	}
	struct polled **own = malloc(sizeof *own);
	struct file_pending *pending = own ? pend(ctx) : NULL;
	if (!pending) {
		free(own);
		unref(p);
		return STATUS_NO_MEMORY;
	}
	*own = p;
	pending->own = own;
	pending->cancel = cancel;
	p->pending = pending;
	atomic_fetch_add(&p->refs, 1); /* ours, until it is armed */
	file_pend_other(pending);
	if (timeout != INT64_MAX) {
		p->timer.due = due;
		p->timed = true;
		atomic_fetch_add(&p->refs, 1);
		if (reactor_at(&p->timer, wait_deadline_nt(&timeout)) < 0) {
			p->timed = false;
			atomic_fetch_sub(&p->refs, 1);
		}
	}
	for (ULONG i = 0; i < p->count; i++) {
		struct socket_poll *x = p->one + i;
		steady_lock(&x->socket->lock);
		x->next = x->socket->polls;
		x->socket->polls = x;
		arm(x);
		steady_unlock(&x->socket->lock);
	}
	if (p->ended) /* while it was armed */
		let_go(p);
	unref(p);
	return STATUS_PENDING;
}

void
afd_changed(struct socket *s)
{
	for (struct socket_poll *x = s->polls; x; x = x->next)
		arm(x);
}

void
afd_closed(struct socket *s)
{
	for (;;) {
		steady_lock(&s->lock);
		struct socket_poll *x = s->polls;
		struct polled *p = x ? x->whole : NULL;
		if (x) {
			s->polls = x->next;
			atomic_fetch_add(&p->refs, 1);
		}
		steady_unlock(&s->lock);
		if (!p)
			return;
		struct file_pending *pending = take(p);
		if (pending) {
			ULONG_PTR size;
			collect(p, &size);
			end(p, pending, STATUS_SUCCESS, size);
		}
		unref(p);
	}
}

static NTSTATUS
control(struct file *f, ULONG code, const void *in, ULONG nin, void *out, ULONG nout,
        ULONG_PTR *done, struct file_pending *(*pend)(void *ctx), void *ctx)
{
	enum { IOCTL_AFD_POLL = 0x12024 };
	if (code != IOCTL_AFD_POLL)
		return STATUS_INVALID_DEVICE_REQUEST;
	return afd_poll(f, in, nin, out, nout, done, pend, ctx);
}

static const struct file_kind afd_kind = {
	.type = FILE_TYPE_PIPE,
	.device = 0x11,
	.control = control,
};

NTSTATUS
afd_open(const WCHAR *name, ACCESS_MASK access, DWORD share, DWORD disposition, DWORD options,
         struct file **out)
{
	(void)name, (void)share, (void)disposition;
	*out = file_new(&afd_kind, -1);
	if (!*out)
		return STATUS_NO_MEMORY;
	(*out)->access = file_access(access);
	(*out)->options = options;
	(*out)->overlapped =
	        !(options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT));
	return STATUS_SUCCESS;
}
