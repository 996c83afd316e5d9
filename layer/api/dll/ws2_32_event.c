/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for sockets: select, WSAPoll, WSAEventSelect. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/ws2_32.h"
#include "layer/api/nt/object/sync.h"
#include "layer/api/nt/object/wait.h"

struct ws_fd_set {
	UINT count;
	HANDLE array[];
};

struct ws_timeval {
	LONG sec, usec;
};

enum { MOST = 65536 };

/* One socket that is waited for. */
struct one {
	struct file *file; /* own (a count); NULL: none */
	struct socket *socket;
};

/* What to ask the host; nothing of a stream that is not anything yet, which would never wait. */
static void
ask(const struct one *x, short events, struct pollfd *p)
{
	const struct socket *s = x->socket;
	bool nothing = s->type == SOCK_STREAM && !s->connected && !s->connecting && !s->listening;
	*p = (struct pollfd){ nothing ? -1 : s->file->fd, events, 0 };
}

/* A connection that was under way has come about or failed; true: it failed. */
static bool
connected(struct socket *s, short revents)
{
	if (!s->connecting || !(revents & (POLLOUT | POLLERR | POLLHUP)))
		return false;
	int error = 0;
	socklen_t n = sizeof error;
	if (getsockopt(s->file->fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0)
		error = errno;
	if (!error) {
		socket_connected(s);
		return false;
	}
	s->connecting = false;
	s->error = error;
	return true;
}

static int
wait_all(struct pollfd *p, size_t n, int64_t ns)
{
	uint64_t end = ns < 0 ? WAIT_FOREVER : wait_now() + (uint64_t)ns;
	for (;;) {
		struct timespec t = { 0 };
		uint64_t now = ns < 0 ? 0 : wait_now();
		uint64_t left = end > now ? end - now : 0;
		t.tv_sec = (time_t)(left / 1000000000);
		t.tv_nsec = (long)(left % 1000000000);
		int rc = ppoll(p, n, ns < 0 ? NULL : &t, NULL);
		if (rc >= 0 || errno != EINTR)
			return rc;
	}
}

enum { READ, WRITE, EXCEPT };

static bool
is_due(struct socket *s, int set, short revents, bool failed)
{
	switch (set) {
	case READ: return !failed && revents & (POLLIN | POLLHUP | POLLERR | POLLRDHUP);
	case WRITE: return !failed && revents & POLLOUT;
	default: return failed || (revents & POLLPRI) || (s->error && !s->connected);
	}
}

static int
select_all(struct ws_fd_set *set[3], struct one *x, struct pollfd *p, int64_t ns)
{
	static const short events[3] = { POLLIN | POLLRDHUP, POLLOUT, POLLPRI };
	size_t n = 0;
	for (int k = 0; k < 3; k++)
		for (UINT i = 0; set[k] && i < set[k]->count; i++, n++) {
			int e = socket_get(set[k]->array[i], &x[n].file, &x[n].socket);
			if (e)
				return wsa(e);
			/* how a connection comes out is writing or an exception */
			ask(x + n, events[k], p + n);
			if (k == EXCEPT && x[n].socket->connecting)
				p[n].events |= POLLOUT;
		}
	bool early = false;
	for (size_t i = 0; i < n; i++)
		early |= x[i].socket->error && !x[i].socket->connected;
	uint64_t begin = wait_now();
	int due;
	do {
		int64_t left = early ? 0 : ns;
		if (ns > 0 && !early) {
			uint64_t spent = wait_now() - begin;
			left = spent < (uint64_t)ns ? ns - (int64_t)spent : 0;
		}
		int rc = wait_all(p, n, left);
		if (rc < 0)
			return wsa(socket_error(errno));
		due = 0;
		size_t at = 0;
		for (int k = 0; k < 3; k++) {
			if (!set[k])
				continue;
			UINT keep = 0, count = set[k]->count;
			for (UINT i = 0; i < count; i++, at++) {
				struct socket *s = x[at].socket;
				bool failed =
				        connected(s, p[at].revents) || (s->error && !s->connected);
				if (is_due(s, k, p[at].revents, failed))
					/* the sets are only changed when something has come out */
					p[at].events |= (short)0x4000, keep++;
			}
			due += (int)keep;
		}
		/* EXCEPT asked for POLLOUT only to see a failure */
		if (!due && rc > 0)
			for (size_t i = 0; i < n; i++)
				if (p[i].revents & POLLOUT && p[i].events & POLLPRI)
					p[i].events &= ~POLLOUT;
		if (!due && (rc == 0 || early))
			break;
	} while (!due);
	size_t at = 0;
	for (int k = 0; k < 3; k++) {
		if (!set[k])
			continue;
		UINT keep = 0, count = set[k]->count;
		for (UINT i = 0; i < count; i++, at++)
			if (p[at].events & 0x4000)
				set[k]->array[keep++] = set[k]->array[i];
		set[k]->count = keep;
	}
	return due;
}

WINAPI int
ws2_32_select(int n, struct ws_fd_set *r, struct ws_fd_set *w, struct ws_fd_set *e,
              const struct ws_timeval *t)
{
	struct ws_fd_set *set[3] = { r, w, e };
	size_t total = 0;
	(void)n;
	if (!ws2_32_started())
		return wsa(WSANOTINITIALISED);
	for (int k = 0; k < 3; k++)
		total += set[k] ? set[k]->count : 0;
	if (!total || total > MOST || (t && (t->sec < 0 || t->usec < 0)))
		return wsa(WSAEINVAL);
	struct one few[64] = { 0 }, *x = total > 64 ? calloc(total, sizeof *x) : few;
	struct pollfd some[64], *p = total > 64 ? calloc(total, sizeof *p) : some;
	int rc = x && p ? select_all(set, x, p, t ? t->sec * 1000000000LL + t->usec * 1000LL : -1)
	                : wsa(WSAENOBUFS);
	for (size_t i = 0; x && i < total; i++)
		if (x[i].file)
			object_unref(&x[i].file->object);
	if (total > 64) {
		free(x);
		free(p);
	}
	return rc;
}

WINAPI int
ws2_32___WSAFDIsSet(HANDLE h, const struct ws_fd_set *set)
{
	for (UINT i = 0; set && i < set->count; i++)
		if (set->array[i] == h)
			return 1;
	return 0;
}

struct WSAPOLLFD {
	HANDLE fd;
	SHORT events, revents;
};

enum {
	WS_POLLERR = 1,
	WS_POLLHUP = 2,
	WS_POLLNVAL = 4,
	WS_POLLWRNORM = 0x10,
	WS_POLLWRBAND = 0x20,
	WS_POLLRDNORM = 0x100,
	WS_POLLRDBAND = 0x200,
	WS_POLLPRI = 0x400,
};

static SHORT
poll_out(const struct socket *s, SHORT events, short revents, bool failed)
{
	SHORT out = 0;
	if (failed)
		return (SHORT)(WS_POLLERR | WS_POLLHUP | (events & WS_POLLWRNORM));
	if (revents & POLLIN && events & WS_POLLRDNORM)
		out |= WS_POLLRDNORM;
	if (revents & POLLPRI)
		out |= (SHORT)(events & (WS_POLLRDBAND | WS_POLLPRI));
	if (revents & POLLOUT && events & WS_POLLWRNORM)
		out |= WS_POLLWRNORM;
	if (s->type == SOCK_STREAM && revents & (POLLHUP | POLLRDHUP))
		out |= WS_POLLHUP;
	if (revents & POLLERR)
		out |= WS_POLLERR;
	return out;
}

WINAPI int
ws2_32_WSAPoll(struct WSAPOLLFD *list, ULONG n, INT timeout)
{
	if (!ws2_32_started())
		return wsa(WSANOTINITIALISED);
	if (!list || !n || n > MOST)
		return wsa(WSAEINVAL);
	struct one *x = calloc(n, sizeof *x);
	struct pollfd *p = calloc(n, sizeof *p);
	int due = 0, valid = 0;
	if (!x || !p) {
		free(x);
		free(p);
		return wsa(WSAENOBUFS);
	}
	bool early = false;
	for (ULONG i = 0; i < n; i++) {
		p[i].fd = -1;
		/* a negative number is left out */
		if ((intptr_t)list[i].fd < 0 || socket_get(list[i].fd, &x[i].file, &x[i].socket)) {
			early |= (intptr_t)list[i].fd >= 0;
			continue;
		}
		valid++;
		SHORT e = list[i].events;
		ask(x + i,
		    (short)((e & WS_POLLRDNORM ? POLLIN : 0) | (e & WS_POLLWRNORM ? POLLOUT : 0) |
		            (e & (WS_POLLRDBAND | WS_POLLPRI) ? POLLPRI : 0) | POLLRDHUP),
		    p + i);
		early |= x[i].socket->error && !x[i].socket->connected;
	}
	int rc = valid || timeout >= 0 ? wait_all(p, n,
	                                          early         ? 0
	                                          : timeout < 0 ? -1
	                                                        : timeout * 1000000LL)
	                               : 0;
	for (ULONG i = 0; rc >= 0 && i < n; i++) {
		list[i].revents = 0;
		if (x[i].file) {
			struct socket *s = x[i].socket;
			bool failed = connected(s, p[i].revents) || (s->error && !s->connected);
			list[i].revents = poll_out(s, list[i].events, p[i].revents, failed);
		} else if ((intptr_t)list[i].fd >= 0) {
			list[i].revents = WS_POLLNVAL;
		}
		due += list[i].revents != 0;
	}
	for (ULONG i = 0; i < n; i++)
		if (x[i].file)
			object_unref(&x[i].file->object);
	free(x);
	free(p);
	if (rc < 0)
		return wsa(socket_error(errno));
	return !valid && !due ? wsa(WSAENOTSOCK) : due;
}

/* -- events ------------------------------------------------------------------------ */

WINAPI HANDLE
ws2_32_WSACreateEvent(void)
{
	struct object *o = sync_event(true, false);
	HANDLE h = o ? handle_new(o, 0x1f0003, false) : NULL; /* EVENT_ALL_ACCESS */
	if (!h)
		last_error(ERROR_NOT_ENOUGH_MEMORY);
	return h;
}

WINAPI BOOL
ws2_32_WSACloseEvent(HANDLE h)
{
	return handle_close(h) < 0 ? refuse(ERROR_INVALID_HANDLE) : TRUE;
}

static BOOL
change(HANDLE h, void (*how)(struct object *, LONG *))
{
	struct object *o;
	if (handle_get(h, &sync_event_class, &o) < 0)
		return refuse(ERROR_INVALID_HANDLE);
	how(o, NULL);
	object_unref(o);
	return TRUE;
}

WINAPI BOOL
ws2_32_WSASetEvent(HANDLE h)
{
	return change(h, sync_set);
}

WINAPI BOOL
ws2_32_WSAResetEvent(HANDLE h)
{
	return change(h, sync_reset);
}

WINAPI DWORD
ws2_32_WSAWaitForMultipleEvents(DWORD n, const HANDLE *h, BOOL all, DWORD ms, BOOL alertable)
{
	if (!n || n > WAIT_MOST || !h) {
		last_error(WSAEINVAL);
		return (DWORD)-1;
	}
	NTSTATUS s = wait_handles(n, h, all, alertable, wait_deadline_ms(ms));
	if (s < 0) {
		last_error(status_error(s));
		return (DWORD)-1;
	}
	return (DWORD)s; /* WSA_WAIT_EVENT_0, WSA_WAIT_TIMEOUT, WSA_WAIT_IO_COMPLETION */
}

WINAPI int
ws2_32_WSAEventSelect(HANDLE h, HANDLE event, LONG mask)
{
	struct file *f;
	struct socket *s;
	struct object *o = NULL;
	int e = socket_get(h, &f, &s);
	if (e)
		return wsa(e);
	if (event && handle_get(event, &sync_event_class, &o) < 0)
		e = WSAEINVAL;
	if (!e)
		e = socket_event_select(s, o, (uint32_t)mask & 0x3ff);
	if (o)
		object_unref(o);
	object_unref(&f->object);
	return wsa(e);
}

struct WSANETWORKEVENTS {
	LONG lNetworkEvents;
	int iErrorCode[FD_EVENTS];
};

WINAPI int
ws2_32_WSAEnumNetworkEvents(HANDLE h, HANDLE event, struct WSANETWORKEVENTS *out)
{
	struct file *f;
	struct socket *s;
	uint32_t events;
	if (!out)
		return wsa(WSAEFAULT);
	int e = socket_get(h, &f, &s);
	if (e)
		return wsa(e);
	int errors[FD_EVENTS];
	struct object *o;
	if (event && handle_get(event, &sync_event_class, &o) >= 0) {
		sync_reset(o, NULL);
		object_unref(o);
	}
	socket_event_take(s, &events, errors);
	out->lNetworkEvents = (LONG)events;
	memcpy(out->iErrorCode, errors, sizeof errors);
	object_unref(&f->object);
	return 0;
}
