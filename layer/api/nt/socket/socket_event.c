/* SPDX-License-Identifier: Apache-2.0 */
/* WSAEventSelect: an event object is set when something has happened, and what is remembered.
 *
 * An event that was told is not told again until the call that answers it was made (recv for
 * FD_READ, accept for FD_ACCEPT, a send that would wait for FD_WRITE), as its documentation
 * says; then what is there is told at once. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>

#include "layer/api/nt/socket/socket.h"
#include "layer/api/nt/thread/steady.h"

/* FD_READ is 1 << FD_READ_BIT and so on: their places in an array of errors. */
enum { READ_BIT, WRITE_BIT, OOB_BIT, ACCEPT_BIT, CONNECT_BIT, CLOSE_BIT };

/* Under the lock: which of the wanted events are due now. */
static uint32_t
look(struct socket *s, int errors[FD_EVENTS])
{
	struct pollfd p = { s->file->fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0 };
	uint32_t due = 0;
	if (poll(&p, 1, 0) < 0)
		return 0;
	if (s->listening)
		return p.revents & POLLIN ? FD_ACCEPT : 0;
	if (s->connecting) {
		if (!(p.revents & (POLLOUT | POLLERR | POLLHUP)))
			return 0;
		int error = 0;
		socklen_t n = sizeof error;
		if (getsockopt(s->file->fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0)
			error = errno;
		if (error) {
			s->connecting = false;
			s->error = error;
			errors[CONNECT_BIT] = socket_error(error);
			return FD_CONNECT;
		}
		socket_connected(s);
		due |= FD_CONNECT;
	}
	if (s->type == SOCK_STREAM && !s->connected)
		return due;
	bool over = p.revents & (POLLHUP | POLLERR);
	if (p.revents & POLLIN) {
		/* the end of a stream is FD_CLOSE, and comes after all that can be read */
		char c;
		ssize_t n = s->type == SOCK_STREAM
		                    ? recv(s->file->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT)
		                    : 1;
		if (n > 0)
			due |= FD_READ;
		else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
			due |= FD_CLOSE;
			errors[CLOSE_BIT] = n == 0 ? 0 : socket_error(errno);
		}
	} else if (over && s->type == SOCK_STREAM) {
		due |= FD_CLOSE;
		errors[CLOSE_BIT] = p.revents & POLLERR ? WSAECONNRESET : 0;
	}
	if (p.revents & POLLPRI)
		due |= FD_OOB;
	if (p.revents & POLLOUT && !over)
		due |= FD_WRITE;
	return due;
}

static void ready(struct reactor_wait *w, uint32_t events);

/* Under the lock: tell what is due, and wait for the rest. */
static void
update(struct socket *s)
{
	int errors[FD_EVENTS] = { 0 };
	if (!s->event || s->file->closed)
		return;
	uint32_t due = look(s, errors) & s->mask & ~s->disabled;
	if (due) {
		for (int i = 0; i < FD_EVENTS; i++)
			if (due >> i & 1)
				s->errors[i] = errors[i];
		s->recorded |= due;
		s->disabled |= due;
		object_signal(s->event);
	}
	uint32_t left = s->mask & ~s->disabled, events = 0;
	if (left & (FD_READ | FD_ACCEPT))
		events |= EPOLLIN;
	if (left & FD_CLOSE)
		events |= EPOLLRDHUP;
	if (left & FD_OOB)
		events |= EPOLLPRI;
	if (left & FD_CONNECT ? s->connecting : (left & FD_WRITE) && s->connected)
		events |= EPOLLOUT;
	/* a socket that is nothing yet is hung up for the host */
	if (!s->listening && !s->connecting && !s->connected && s->type == SOCK_STREAM)
		events = 0;
	if (s->event_armed) {
		if (s->event_wait.events == events || !reactor_cancel(&s->event_wait))
			return;
		s->event_armed = false;
		object_unref(&s->file->object);
	}
	/* FD_CLOSE behind data that nobody reads would be ready for ever: recv() looks again */
	if (left & FD_CLOSE && s->disabled & FD_READ && look(s, errors) & FD_READ)
		events &= ~(uint32_t)EPOLLRDHUP;
	if (!events)
		return;
	s->event_wait.fd = s->file->fd;
	s->event_wait.events = events;
	s->event_wait.ready = ready;
	s->event_armed = true;
	object_ref(&s->file->object);
	if (reactor_arm(&s->event_wait) < 0) {
		s->event_armed = false;
		object_unref(&s->file->object);
	}
}

static void
ready(struct reactor_wait *w, uint32_t events)
{
	(void)events;
	struct socket *s = (struct socket *)((char *)w - offsetof(struct socket, event_wait));
	struct file *f = s->file;
	steady_lock(&s->lock);
	s->event_armed = false;
	update(s);
	steady_unlock(&s->lock);
	object_unref(&f->object);
}

int
socket_event_select(struct socket *s, struct object *event, uint32_t mask)
{
	struct object *old;
	if (!event && mask)
		return WSAEINVAL;
	steady_lock(&s->lock);
	old = s->event;
	s->event = event && mask ? object_ref(event) : NULL;
	s->mask = mask;
	s->recorded = s->disabled = 0;
	memset(s->errors, 0, sizeof s->errors);
	if (s->event) {
		s->nonblocking = true; /* as documented */
		s->observed = true;
		/* a connection that was there is told by FD_CONNECT only when it comes about now */
		update(s);
	}
	steady_unlock(&s->lock);
	if (old)
		object_unref(old);
	return 0;
}

void
socket_event_take(struct socket *s, uint32_t *events, int errors[FD_EVENTS])
{
	steady_lock(&s->lock);
	*events = s->recorded;
	memcpy(errors, s->errors, sizeof s->errors);
	s->recorded = 0;
	memset(s->errors, 0, sizeof s->errors);
	steady_unlock(&s->lock);
}

void
socket_event_again(struct socket *s, uint32_t events)
{
	if (!s->observed)
		return;
	steady_lock(&s->lock);
	s->disabled &= ~events;
	update(s);
	afd_changed(s);
	steady_unlock(&s->lock);
}

void
socket_event_close(struct socket *s)
{
	bool disarmed = false;
	struct object *old;
	steady_lock(&s->lock);
	old = s->event;
	s->event = NULL;
	if (s->event_armed && reactor_cancel(&s->event_wait)) {
		s->event_armed = false;
		disarmed = true;
	}
	steady_unlock(&s->lock);
	if (disarmed)
		object_unref(&s->file->object);
	if (old)
		object_unref(old);
}
