/* SPDX-License-Identifier: Apache-2.0 */
/* Named pipes.
 *
 * Who makes a name keeps it, and a socket in the machine's folder under the name's hash, on
 * which other processes ask for an instance.  In the same process the two ends are simply
 * joined.  Each message of a pipe of messages has its length before it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/file/pipe.h"
#include "layer/api/nt/text/utf.h"
#include "layer/api/nt/object/wait.h"

struct name {
	WCHAR *text;           /* own, in upper case, without "pipe\" */
	struct pipe_make like; /* what the first instance was made with */
	struct pipe *instances;
	ULONG count;
	int listener;     /* own, or -1 */
	char socket[108]; /* its path */
	struct reactor_wait wait;
	bool armed;
	struct name *next;
};

struct pipe {
	struct file *file; /* lent: it has us */
	bool server, messages, read_messages, nowait, root;
	_Atomic bool given; /* a child has this end too */
	uint32_t peer;      /* process, or 0 */
	struct pipe_make like;

	/* under `lock` */
	struct name *name; /* of a server */
	struct pipe *next; /* of the name's instances */
	int state;         /* PIPE_..._STATE */
	struct file_pending *connecting;
	int bell; /* own: rung when a client has come; -1 */

	pthread_mutex_t reading, writing;
	/* under reading */
	uint8_t head[4];
	uint32_t head_n, left; /* left: of the message, once head_n is 4 */
	/* under writing */
	size_t wrote; /* of head and message of the write at work */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct name *names;

/* -- reading and writing -------------------------------------------------------------------- */

static NTSTATUS
state_error(const struct pipe *p)
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

static NTSTATUS
named_read(struct file *f, struct file_io *x)
{
	struct pipe *p = f->own;
	int fd = f->fd;
	if (p->root)
		return STATUS_INVALID_DEVICE_REQUEST;
	if (fd < 0)
		return state_error(p);
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

static NTSTATUS
named_write(struct file *f, struct file_io *x)
{
	struct pipe *p = f->own;
	int fd = f->fd;
	if (p->root)
		return STATUS_INVALID_DEVICE_REQUEST;
	if (fd < 0)
		return state_error(p);
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

static NTSTATUS
named_flush(struct file *f)
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

/* -- ends ------------------------------------------------------------------------------------ */

static struct pipe *
pipe_of(struct file *f)
{
	struct pipe *p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	p->file = f;
	p->bell = -1;
	p->state = PIPE_CONNECTED_STATE;
	pthread_mutex_init(&p->reading, NULL);
	pthread_mutex_init(&p->writing, NULL);
	f->own = p;
	return p;
}

static void
forget(struct name *n)
{
	for (struct name **q = &names; *q; q = &(*q)->next)
		if (*q == n) {
			*q = n->next;
			break;
		}
	if (n->listener >= 0) {
		(void)unlink(n->socket);
		if (n->armed && !reactor_cancel(&n->wait)) {
			/* it is just being asked: accept() fails, and the name is left for good */
			(void)shutdown(n->listener, SHUT_RDWR);
			return;
		}
		close(n->listener);
	}
	free(n->text);
	free(n);
}

static void
named_close(struct file *f)
{
	struct pipe *p = f->own;
	pthread_mutex_lock(&lock);
	if (p->name) {
		for (struct pipe **q = &p->name->instances; *q; q = &(*q)->next)
			if (*q == p) {
				*q = p->next;
				break;
			}
		if (--p->name->count == 0)
			forget(p->name);
		p->name = NULL;
	}
	p->state = PIPE_DISCONNECTED_STATE;
	pthread_mutex_unlock(&lock);
	/* A child that was given this end has it still: the other end hears of the last. */
	if (f->fd >= 0 && !p->given)
		(void)shutdown(f->fd, SHUT_RDWR);
}

static void
named_destroy(struct file *f)
{
	struct pipe *p = f->own;
	if (!p)
		return;
	if (p->bell >= 0)
		close(p->bell);
	pthread_mutex_destroy(&p->reading);
	pthread_mutex_destroy(&p->writing);
	free(p);
}

/* A client is there: its descriptor becomes the instance's.  Under lock; what was waiting for it
 * is to be ended behind it. */
static struct file_pending *
join(struct pipe *p, int fd, uint32_t peer)
{
	struct file_pending *waiting = p->connecting;
	p->connecting = NULL;
	p->file->fd = fd;
	p->state = PIPE_CONNECTED_STATE;
	p->peer = peer;
	p->head_n = 0;
	p->wrote = 0;
	if (p->bell >= 0) {
		uint64_t one = 1;
		if (write(p->bell, &one, sizeof one) < 0) {
			/* it is full: it has rung */
		}
	}
	return waiting;
}

/* An instance that waits; those that were asked to connect first.  Under lock. */
static struct pipe *
listening(const struct name *n)
{
	struct pipe *best = NULL;
	for (struct pipe *p = n->instances; p; p = p->next)
		if (p->state == PIPE_LISTENING_STATE &&
		    (!best || (p->connecting && !best->connecting)))
			best = p;
	return best;
}

static struct name *
find(const WCHAR *text)
{
	for (struct name *n = names; n; n = n->next)
		if (!utf_compare(n->text, text))
			return n;
	return NULL;
}

/* -- other processes --------------------------------------------------------------------------- */

/* What the keeper of a name answers. */
struct hello {
	uint32_t ok, process;
	struct pipe_make like;
};

static bool
socket_path(const WCHAR *text, char *out, size_t room)
{
	uint64_t h = UINT64_C(14695981039346656037);
	for (; *text; text++)
		h = (h ^ utf_upper(*text)) * UINT64_C(1099511628211);
	int n = birth.store
	                ? snprintf(out, room, "%s/pipe-%016llx", birth.store, (unsigned long long)h)
	                : -1;
	return n > 0 && (size_t)n < room;
}

static void
asked(struct reactor_wait *w, uint32_t events)
{
	struct name *n = (struct name *)((char *)w - offsetof(struct name, wait));
	struct file_pending *waiting = NULL;
	(void)events;
	pthread_mutex_lock(&lock);
	bool known = false;
	for (struct name *k = names; k; k = k->next)
		known |= k == n;
	int fd = known ? accept4(n->listener, NULL, NULL, SOCK_CLOEXEC) : -1;
	struct pipe *p = fd >= 0 ? listening(n) : NULL;
	struct hello h = { p != NULL, birth.process_id, { 0 } };
	if (known)
		h.like = n->like;
	if (fd >= 0 && send(fd, &h, sizeof h, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof h && p)
		waiting = join(p, fd, 0);
	else if (fd >= 0)
		close(fd);
	if (known)
		(void)reactor_arm(w);
	pthread_mutex_unlock(&lock);
	if (waiting && file_unpend_other(waiting))
		file_end(waiting, STATUS_SUCCESS, 0);
}

static void
listen_for(struct name *n)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	n->listener = -1;
	if (!socket_path(n->text, n->socket, sizeof n->socket))
		return;
	memcpy(a.sun_path, n->socket, sizeof a.sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0 && errno == EADDRINUSE) {
		/* a process that ended by force left it: nobody listens there any more */
		int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		bool alive = probe >= 0 && connect(probe, (struct sockaddr *)&a, sizeof a) == 0;
		if (probe >= 0)
			close(probe);
		if (alive || unlink(n->socket) < 0 ||
		    bind(fd, (struct sockaddr *)&a, sizeof a) < 0) {
			close(fd);
			return;
		}
	}
	if (listen(fd, 64) < 0) {
		close(fd);
		return;
	}
	n->listener = fd;
	n->wait = (struct reactor_wait){ .ready = asked, .fd = fd, .events = EPOLLIN };
	n->armed = reactor_arm(&n->wait) == 0;
}

static NTSTATUS
ask(const WCHAR *text, int *out, struct hello *h)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	if (!socket_path(text, a.sun_path, sizeof a.sun_path))
		return STATUS_OBJECT_NAME_NOT_FOUND;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return status_errno(errno);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0) {
		close(fd);
		return STATUS_OBJECT_NAME_NOT_FOUND;
	}
	/* a keeper that is stopped is one that is busy */
	struct pollfd p = { fd, POLLIN, 0 };
	if (poll(&p, 1, 5000) <= 0 || recv(fd, h, sizeof *h, MSG_WAITALL) != sizeof *h || !h->ok) {
		close(fd);
		return STATUS_PIPE_NOT_AVAILABLE;
	}
	*out = fd;
	return STATUS_SUCCESS;
}

/* -- making and opening -------------------------------------------------------------------------- */

/* Without the folder's name in front. */
static const WCHAR *
bare(const WCHAR *name)
{
	static const WCHAR *const heads[] = { u"pipe\\", u"\\Device\\NamedPipe\\",
		                              u"\\Device\\NamedPipe" };
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		if (!utf_compare_n(name, heads[i], utf_length(heads[i])))
			return name + utf_length(heads[i]);
	return name;
}

static NTSTATUS
add_instance(const WCHAR *text, const struct pipe_make *m, struct pipe *p)
{
	struct name *n = find(text);
	if (n && m->first)
		return STATUS_ACCESS_DENIED;
	if (n && n->count >= n->like.most)
		return STATUS_INSTANCE_NOT_AVAILABLE;
	if (n && (n->like.inbound != m->inbound || n->like.outbound != m->outbound ||
	          n->like.messages != m->messages))
		return STATUS_ACCESS_DENIED;
	if (!n) {
		char path[108];
		struct sockaddr_un a = { .sun_family = AF_UNIX };
		if (m->first && socket_path(text, path, sizeof path) && access(path, F_OK) == 0) {
			int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
			memcpy(a.sun_path, path, sizeof a.sun_path);
			bool taken =
			        probe >= 0 && connect(probe, (struct sockaddr *)&a, sizeof a) == 0;
			if (probe >= 0)
				close(probe);
			if (taken)
				return STATUS_ACCESS_DENIED;
		}
		n = calloc(1, sizeof *n);
		if (!n)
			return STATUS_NO_MEMORY;
		n->text = utf_copy(text, utf_length(text));
		n->like = *m;
		if (!n->text) {
			free(n);
			return STATUS_NO_MEMORY;
		}
		n->next = names;
		names = n;
		listen_for(n);
	}
	p->name = n;
	p->next = n->instances;
	n->instances = p;
	n->count++;
	return STATUS_SUCCESS;
}

NTSTATUS
pipe_make(const WCHAR *name, const struct pipe_make *m, ACCESS_MASK access, DWORD share,
          DWORD options, struct file **out)
{
	static _Atomic uint32_t unnamed;
	WCHAR own[32];
	name = bare(name);
	if (!*name) {
		/* one that is opened by its server's handle alone */
		char text[32];
		int n = snprintf(text, sizeof text, "joist.%x.%x", birth.process_id, ++unnamed);
		own[utf_to_16(own, text, (size_t)n)] = 0;
		name = own;
	}
	struct file *f = file_new(&pipe_named_kind, -1);
	struct pipe *p = f ? pipe_of(f) : NULL;
	if (!p) {
		if (f) {
			f->kind = &file_null;
			file_unref(f);
		}
		return STATUS_NO_MEMORY;
	}
	p->server = true;
	p->like = *m;
	p->messages = m->messages;
	p->read_messages = m->read_messages;
	p->nowait = m->nowait;
	p->state = PIPE_LISTENING_STATE;
	f->access = file_access(access) | FILE_READ_ATTRIBUTES | ACCESS_SYNCHRONIZE;
	if (m->inbound)
		f->access |= FILE_GENERIC_READ;
	if (m->outbound)
		f->access |= FILE_GENERIC_WRITE;
	f->share = share;
	f->options = options;
	f->overlapped = !(options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT));
	f->object.state = !f->overlapped;
	pthread_mutex_lock(&lock);
	NTSTATUS s = add_instance(name, m, p);
	pthread_mutex_unlock(&lock);
	if (s < 0)
		file_unref(f);
	else
		*out = f;
	return s;
}

static bool
allowed(const struct pipe_make *m, ACCESS_MASK a)
{
	return !((a & FILE_READ_DATA && !m->outbound) || (a & FILE_WRITE_DATA && !m->inbound));
}

static NTSTATUS
open_root(ACCESS_MASK access, struct file **out)
{
	struct file *f = file_new(&pipe_named_kind, -1);
	struct pipe *p = f ? pipe_of(f) : NULL;
	if (!p)
		return STATUS_NO_MEMORY;
	p->root = true;
	f->access = access;
	*out = f;
	return STATUS_SUCCESS;
}

NTSTATUS
pipe_open(const WCHAR *name, ACCESS_MASK access, DWORD share, DWORD disposition, DWORD options,
          struct file **out)
{
	(void)disposition;
	int pair[2] = { -1, -1 };
	struct hello h = { .process = birth.process_id };
	struct file_pending *waiting = NULL;
	name = bare(name);
	if (!*name)
		return open_root(access, out);
	struct file *f = file_new(&pipe_named_kind, -1);
	struct pipe *p = f ? pipe_of(f) : NULL;
	if (!p)
		return STATUS_NO_MEMORY;
	NTSTATUS s = STATUS_SUCCESS;
	pthread_mutex_lock(&lock);
	struct name *n = find(name);
	if (n) {
		struct pipe *server = listening(n);
		h.like = n->like;
		if (!allowed(&n->like, access))
			s = STATUS_ACCESS_DENIED;
		else if (!server)
			s = STATUS_PIPE_NOT_AVAILABLE;
		else if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
			s = status_errno(errno);
		else
			waiting = join(server, pair[0], birth.process_id);
	}
	pthread_mutex_unlock(&lock);
	if (waiting && file_unpend_other(waiting))
		file_end(waiting, STATUS_SUCCESS, 0);
	if (!n && (s = ask(name, &pair[1], &h)) >= 0 && !allowed(&h.like, access))
		s = STATUS_ACCESS_DENIED;
	f->fd = pair[1];
	if (s < 0) {
		file_unref(f);
		return s;
	}
	p->like = h.like;
	p->messages = h.like.messages;
	p->peer = h.process;
	f->access = access | FILE_READ_ATTRIBUTES | ACCESS_SYNCHRONIZE;
	f->share = share;
	f->options = options;
	f->overlapped = !(options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT));
	f->object.state = !f->overlapped;
	*out = f;
	return s;
}

NTSTATUS
pipe_wait(const WCHAR *name, uint64_t deadline)
{
	char path[108];
	name = bare(name);
	for (;;) {
		pthread_mutex_lock(&lock);
		struct name *n = find(name);
		bool free_one = n && listening(n);
		pthread_mutex_unlock(&lock);
		if (free_one)
			return STATUS_SUCCESS;
		/* another process is asked by opening */
		if (!n)
			return socket_path(name, path, sizeof path) && access(path, F_OK) == 0
			               ? STATUS_SUCCESS
			               : STATUS_OBJECT_NAME_NOT_FOUND;
		uint64_t now = wait_now();
		if (now >= deadline)
			return STATUS_IO_TIMEOUT;
		(void)wait_sleep(false, now + 2000000);
	}
}

WCHAR *
pipe_path(struct file *f)
{
	static const WCHAR root[] = u"\\Device\\NamedPipe";
	struct pipe *p = f->own;
	size_t r = sizeof root / sizeof *root - 1;
	WCHAR *w = NULL;
	pthread_mutex_lock(&lock);
	const WCHAR *text = f->kind == &pipe_named_kind && p->name ? p->name->text : u"";
	size_t n = utf_length(text);
	if (f->kind == &pipe_named_kind && (w = malloc((r + n + 2) * sizeof *w))) {
		memcpy(w, root, sizeof root);
		if (n)
			w[r++] = '\\';
		memcpy(w + r, text, (n + 1) * sizeof *w);
	}
	pthread_mutex_unlock(&lock);
	return w;
}

/* -- controls -------------------------------------------------------------------------------------- */

enum {
	FSCTL_PIPE_DISCONNECT = 0x110004,
	FSCTL_PIPE_LISTEN = 0x110008,
	FSCTL_PIPE_PEEK = 0x11400c,
	FSCTL_PIPE_TRANSCEIVE = 0x11c017,
	FSCTL_PIPE_WAIT = 0x110018,
};

static void
cancel_connect(struct file_pending *w)
{
	struct pipe *p = w->file->own;
	pthread_mutex_lock(&lock);
	bool mine = p->connecting == w;
	if (mine)
		p->connecting = NULL;
	pthread_mutex_unlock(&lock);
	file_end(w, mine ? STATUS_CANCELLED : STATUS_SUCCESS, 0);
}

/* ConnectNamedPipe.  In the thread of a synchronous file, else later. */
static NTSTATUS
connect_pipe(struct file *f, struct file_pending *(*pend)(void *ctx), void *ctx)
{
	struct pipe *p = f->own;
	NTSTATUS s = STATUS_SUCCESS;
	if (!p->server)
		return STATUS_INVALID_DEVICE_REQUEST;
	pthread_mutex_lock(&lock);
	if (p->state == PIPE_CONNECTED_STATE)
		s = STATUS_PIPE_CONNECTED;
	else if (p->state == PIPE_CLOSING_STATE)
		s = STATUS_PIPE_CLOSING;
	else if (p->connecting)
		s = STATUS_INVALID_PARAMETER;
	else
		p->state = PIPE_LISTENING_STATE;
	if (s < 0 || p->nowait) {
		pthread_mutex_unlock(&lock);
		return s < 0 ? s : STATUS_PIPE_LISTENING;
	}
	if (f->overlapped) {
		struct file_pending *w = pend(ctx);
		if (w) {
			w->cancel = cancel_connect;
			p->connecting = w;
			file_pend_other(w);
		}
		pthread_mutex_unlock(&lock);
		return w ? STATUS_PENDING : STATUS_NO_MEMORY;
	}
	if (p->bell < 0)
		p->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int bell = p->bell;
	pthread_mutex_unlock(&lock);
	for (;;) {
		s = file_wait(f, bell, POLLIN, -1);
		uint64_t count;
		if (read(bell, &count, sizeof count) == sizeof count || s < 0)
			return s;
	}
}

static NTSTATUS
disconnect(struct file *f)
{
	struct pipe *p = f->own;
	if (!p->server)
		return STATUS_INVALID_DEVICE_REQUEST;
	(void)file_cancel(f, NULL, 0);
	pthread_mutex_lock(&lock);
	int fd = f->fd;
	NTSTATUS s =
	        p->state == PIPE_DISCONNECTED_STATE ? STATUS_PIPE_DISCONNECTED : STATUS_SUCCESS;
	f->fd = -1;
	p->state = PIPE_DISCONNECTED_STATE;
	pthread_mutex_unlock(&lock);
	if (fd >= 0) {
		(void)shutdown(fd, SHUT_RDWR);
		close(fd);
	}
	return s;
}

static NTSTATUS
peek(struct file *f, void *out, ULONG nout, ULONG_PTR *done)
{
	struct {
		ULONG state, available, messages, length;
	} r = { 0, 0, 0, 0 };
	size_t seen, available, message;
	if (nout < sizeof r)
		return STATUS_INFO_LENGTH_MISMATCH;
	NTSTATUS s = pipe_named_peek(f, (char *)out + 16, nout - 16, &seen, &available, &message);
	if (s < 0)
		return s;
	r.state = (ULONG)((struct pipe *)f->own)->state;
	r.available = (ULONG)available;
	r.messages = available != 0;
	r.length = (ULONG)message;
	memcpy(out, &r, sizeof r);
	*done = sizeof r + seen;
	return available > seen && nout > 16 ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

static NTSTATUS
transceive(struct file *f, const void *in, ULONG nin, void *out, ULONG nout, ULONG_PTR *done,
           struct file_pending *(*pend)(void *ctx), void *ctx)
{
	struct pipe *p = f->own;
	struct file_io w = { (char *)(uintptr_t)in, nin, 0, FILE_CURRENT, true };
	struct file_io r = { out, nout, 0, FILE_CURRENT, true };
	(void)pend, (void)ctx;
	if (!p->messages || !p->read_messages)
		return STATUS_INVALID_PIPE_STATE;
	NTSTATUS s = named_write(f, &w);
	if (s < 0)
		return s;
	/* the answer is waited for in the thread, also when it was asked for as overlapped */
	while ((s = named_read(f, &r)) == STATUS_PENDING)
		if ((s = file_wait(f, f->fd, POLLIN, -1)) < 0)
			return s;
	*done = r.done;
	return s;
}

static NTSTATUS
named_control(struct file *f, ULONG code, const void *in, ULONG nin, void *out, ULONG nout,
              ULONG_PTR *done, struct file_pending *(*pend)(void *ctx), void *ctx)
{
	*done = 0;
	switch (code) {
	case FSCTL_PIPE_LISTEN: return connect_pipe(f, pend, ctx);
	case FSCTL_PIPE_DISCONNECT: return disconnect(f);
	case FSCTL_PIPE_PEEK: return peek(f, out, nout, done);
	case FSCTL_PIPE_TRANSCEIVE: return transceive(f, in, nin, out, nout, done, pend, ctx);
	case FSCTL_PIPE_WAIT: {
		/* FILE_PIPE_WAIT_FOR_BUFFER: timeout, length, whether it is given, the name */
		int64_t timeout;
		ULONG length;
		if (nin < 14)
			return STATUS_INVALID_PARAMETER;
		memcpy(&timeout, in, 8);
		memcpy(&length, (const char *)in + 8, 4);
		if (length > nin - 14)
			return STATUS_INVALID_PARAMETER;
		WCHAR *text = calloc(length / 2 + 1, sizeof *text);
		if (!text)
			return STATUS_NO_MEMORY;
		memcpy(text, (const char *)in + 14, length & ~1u);
		uint64_t deadline =
		        timeout < 0 ? wait_now() + (uint64_t)-timeout * 100 : WAIT_FOREVER;
		NTSTATUS s = pipe_wait(text, deadline);
		free(text);
		return s;
	}
	}
	return STATUS_INVALID_DEVICE_REQUEST;
}

const struct file_kind pipe_named_kind = {
	.type = FILE_TYPE_PIPE,
	.device = 0x11, /* FILE_DEVICE_NAMED_PIPE */
	.read = named_read,
	.write = named_write,
	.control = named_control,
	.flush = named_flush,
	.close = named_close,
	.destroy = named_destroy,
};

/* -- what is known of one ------------------------------------------------------------------------------ */

NTSTATUS
pipe_named_peek(struct file *f, void *buf, size_t n, size_t *seen, size_t *available,
                size_t *message)
{
	struct pipe *p = f->own;
	int fd = f->fd, there = 0;
	if (fd < 0)
		return state_error(p);
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

NTSTATUS
pipe_named_local(struct file *f, struct pipe_local *out)
{
	struct pipe *p = f->own;
	size_t seen, available = 0, message;
	if (f->fd >= 0)
		(void)pipe_named_peek(f, NULL, 0, &seen, &available, &message);
	pthread_mutex_lock(&lock);
	*out = (struct pipe_local){
		.NamedPipeType = p->messages,
		.NamedPipeConfiguration = p->like.inbound && p->like.outbound ? 2
		                          : p->like.inbound                   ? 0
		                                                              : 1,
		.MaximumInstances = p->like.most,
		.CurrentInstances = p->name ? p->name->count : 1,
		.InboundQuota = p->like.in_quota,
		.ReadDataAvailable = (ULONG)available,
		.OutboundQuota = p->like.out_quota,
		.WriteQuotaAvailable = p->like.out_quota,
		.NamedPipeState = (ULONG)p->state,
		.NamedPipeEnd = p->server,
	};
	pthread_mutex_unlock(&lock);
	return STATUS_SUCCESS;
}

NTSTATUS
pipe_named_modes(struct file *f, ULONG *read_mode, ULONG *wait_mode)
{
	struct pipe *p = f->own;
	*read_mode = p->read_messages;
	*wait_mode = p->nowait;
	return STATUS_SUCCESS;
}

NTSTATUS
pipe_named_set_modes(struct file *f, ULONG read_mode, ULONG wait_mode)
{
	struct pipe *p = f->own;
	if (read_mode > 1 || wait_mode > 1 || (read_mode && !p->messages))
		return STATUS_INVALID_PARAMETER;
	p->read_messages = read_mode;
	p->nowait = wait_mode;
	return STATUS_SUCCESS;
}

uint32_t
pipe_peer(struct file *f, bool *server)
{
	struct pipe *p = f->own;
	struct ucred c;
	socklen_t n = sizeof c;
	*server = p->server;
	if (p->peer || f->fd < 0)
		return p->peer;
	return getsockopt(f->fd, SOL_SOCKET, SO_PEERCRED, &c, &n) == 0 ? (uint32_t)c.pid : 0;
}

/* -- a child's ------------------------------------------------------------------------------------------ */

bool
pipe_give(struct file *f, uint64_t number[2])
{
	struct pipe *p = f->own;
	if (f->fd < 0 || p->root)
		return false;
	p->given = true;
	number[0] = (uint64_t)p->server | (uint64_t)p->messages << 1 |
	            (uint64_t)p->read_messages << 2 | (uint64_t)p->nowait << 3 |
	            (uint64_t)p->like.inbound << 4 | (uint64_t)p->like.outbound << 5 |
	            (uint64_t)p->like.most << 32;
	number[1] = (uint64_t)p->like.in_quota << 32 | p->like.out_quota;
	return true;
}

struct file *
pipe_remake(int fd, const uint64_t number[2])
{
	struct file *f = file_new(&pipe_named_kind, fd);
	struct pipe *p = f ? pipe_of(f) : NULL;
	if (!p)
		return NULL;
	uint64_t n = number[0];
	p->server = n & 1;
	p->messages = n >> 1 & 1;
	p->read_messages = n >> 2 & 1;
	p->nowait = n >> 3 & 1;
	p->like.inbound = n >> 4 & 1;
	p->like.outbound = n >> 5 & 1;
	p->like.most = (ULONG)(n >> 32);
	p->like.in_quota = (ULONG)(number[1] >> 32);
	p->like.out_quota = (ULONG)number[1];
	return f;
}
