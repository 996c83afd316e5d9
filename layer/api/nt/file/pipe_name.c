/* SPDX-License-Identifier: Apache-2.0 */
/* The names of pipes, and the instances that wait behind them.
 *
 * Each process that has instances of a name keeps a socket in the machine's folder under the
 * name's hash, on which other processes ask for an instance.  In the same process the two ends
 * are simply joined.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "layer/api/nt/file/pipe.h"
#include "layer/api/nt/file/pipe_named.h"
#include "layer/api/nt/object/shared.h"
#include "layer/api/nt/object/wait.h"
#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/text/utf.h"

pthread_mutex_t pipe_name_lock = PTHREAD_MUTEX_INITIALIZER;
static struct pipe_name *names;

const WCHAR *
pipe_name_bare(const WCHAR *name)
{
	static const WCHAR *const heads[] = { u"pipe\\", u"\\Device\\NamedPipe\\",
		                              u"\\Device\\NamedPipe" };
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		if (!utf_compare_n(name, heads[i], utf_length(heads[i])))
			return name + utf_length(heads[i]);
	return name;
}

struct pipe_name *
pipe_name_find(const WCHAR *text)
{
	for (struct pipe_name *n = names; n; n = n->next)
		if (!utf_compare(n->text, text))
			return n;
	return NULL;
}

struct file_pending *
pipe_name_join(struct pipe *p, int fd, uint32_t peer)
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

struct pipe *
pipe_name_listening(const struct pipe_name *n)
{
	struct pipe *best = NULL;
	for (struct pipe *p = n->instances; p; p = p->next)
		if (p->state == PIPE_LISTENING_STATE && !p->moving &&
		    (!best || (p->connecting && !best->connecting)))
			best = p;
	return best;
}

/* -- other processes --------------------------------------------------------------------------- */

/* The names of the listeners of a pipe begin with this, and end with who made them. */
static bool
socket_prefix(const WCHAR *text, char out[32])
{
	uint64_t h = UINT64_C(14695981039346656037);
	for (; *text; text++)
		h = (h ^ utf_upper(*text)) * UINT64_C(1099511628211);
	return birth.store && snprintf(out, 32, "pipe-%016llx-", (unsigned long long)h) > 0;
}

static bool
socket_of(const WCHAR *text, uint64_t number, struct sockaddr_un *a)
{
	char prefix[32];
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (!socket_prefix(text, prefix))
		return false;
	int n = snprintf(a->sun_path, sizeof a->sun_path, "%s/%s%x.%x", birth.store, prefix,
	                 (unsigned)(number >> 32), (unsigned)number);
	return n > 0 && (size_t)n < sizeof a->sun_path;
}

/* Who only looks has a name of his own, which the host makes. */
static bool
only_looks(socklen_t length)
{
	return length > sizeof(sa_family_t);
}

static void
asked(struct reactor_wait *w, uint32_t events)
{
	struct pipe_name *n = (struct pipe_name *)((char *)w - offsetof(struct pipe_name, wait));
	struct file_pending *waiting = NULL;
	struct sockaddr_un from;
	socklen_t length = sizeof from;
	(void)events;
	pthread_mutex_lock(&pipe_name_lock);
	bool known = false;
	for (struct pipe_name *k = names; k; k = k->next)
		known |= k == n && !k->passed;
	int fd = known ? accept4(n->listener, (struct sockaddr *)&from, &length, SOCK_CLOEXEC) : -1;
	struct pipe *p = fd >= 0 ? pipe_name_listening(n) : NULL;
	struct pipe_hello h = { .ok = p != NULL, .process = birth.process_id };
	if (known) {
		h.like = n->like;
		h.count = n->count;
	}
	if (fd >= 0 && send(fd, &h, sizeof h, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof h && p &&
	    !only_looks(length))
		waiting = pipe_name_join(p, fd, 0);
	else if (fd >= 0)
		close(fd);
	if (known)
		(void)reactor_arm(w);
	/* whoever cancels it waits for the lock, and frees it then */
	if (waiting && !file_unpend_other(waiting))
		waiting = NULL;
	pthread_mutex_unlock(&pipe_name_lock);
	if (waiting)
		file_end(waiting, STATUS_SUCCESS, 0);
}

static void
serve(struct pipe_name *n, int fd)
{
	n->listener = fd;
	n->wait = (struct reactor_wait){ .ready = asked, .fd = fd, .events = EPOLLIN };
	n->armed = reactor_arm(&n->wait) == 0;
}

static void
listen_for(struct pipe_name *n)
{
	static uint32_t made;
	struct sockaddr_un a;
	n->listener = -1;
	n->number = (uint64_t)birth.process_id << 32 | ++made;
	if (!socket_of(n->text, n->number, &a))
		return;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	/* one of our number that was killed left it */
	if ((bind(fd, (struct sockaddr *)&a, sizeof a) < 0 &&
	     (errno != EADDRINUSE || unlink(a.sun_path) < 0 ||
	      bind(fd, (struct sockaddr *)&a, sizeof a) < 0)) ||
	    listen(fd, 64) < 0) {
		close(fd);
		return;
	}
	serve(n, fd);
}

/* What a keeper of the name answers; *out: connected.  false: nobody listens there. */
static bool
ask(const char *path, int *out, struct pipe_hello *h)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX }, none = a;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
	/* a keeper that is stopped is one that is busy */
	struct pollfd p = { fd, POLLIN, 0 };
	*h = (struct pipe_hello){ 0 };
	if (fd < 0)
		return false;
	if ((!out && bind(fd, (struct sockaddr *)&none, sizeof(sa_family_t)) < 0) ||
	    connect(fd, (struct sockaddr *)&a, sizeof a) < 0 ||
	    (poll(&p, 1, 5000) > 0 && recv(fd, h, sizeof *h, MSG_WAITALL) != sizeof *h)) {
		close(fd);
		return false;
	}
	if (out && h->ok)
		*out = fd;
	else
		close(fd);
	return true;
}

/* The keepers of a name one after the other, until f is content. */
static bool
each_other(const WCHAR *text, bool (*f)(void *ctx, const char *path), void *ctx)
{
	char prefix[32], path[sizeof((struct sockaddr_un *)0)->sun_path];
	bool content = false;
	DIR *d = socket_prefix(text, prefix) ? opendir(birth.store) : NULL;
	struct dirent *e;
	size_t length = d ? strlen(prefix) : 0;
	while (d && !content && (e = readdir(d))) {
		int n = strncmp(e->d_name, prefix, length)
		                ? 0
		                : snprintf(path, sizeof path, "%s/%s", birth.store, e->d_name);
		if (n > 0 && (size_t)n < sizeof path)
			content = f(ctx, path);
	}
	if (d)
		closedir(d);
	return content;
}

struct asking {
	int *out;
	struct pipe_hello *h;
	bool there;
	ULONG count;
};

static bool
ask_one(void *ctx, const char *path)
{
	struct asking *a = ctx;
	if (!ask(path, a->out, a->h))
		return false;
	a->there = true;
	a->count += a->h->count;
	return a->h->ok;
}

NTSTATUS
pipe_name_ask(const WCHAR *text, int *out, struct pipe_hello *h)
{
	struct asking a = { .out = out, .h = h };
	return each_other(text, ask_one, &a) ? STATUS_SUCCESS
	       : a.there                     ? STATUS_PIPE_NOT_AVAILABLE
	                                     : STATUS_OBJECT_NAME_NOT_FOUND;
}

static bool
count_one(void *ctx, const char *path)
{
	(void)ask_one(ctx, path);
	return false;
}

ULONG
pipe_name_others(const WCHAR *text)
{
	struct pipe_hello h;
	struct asking a = { .h = &h };
	/* who is alone has nobody to ask, and who keeps the name would ask himself */
	pthread_mutex_lock(&pipe_name_lock);
	bool ours = pipe_name_find(text);
	pthread_mutex_unlock(&pipe_name_lock);
	if (shared && !ours)
		(void)each_other(text, count_one, &a);
	return a.count;
}

/* -- coming and going ------------------------------------------------------------------------- */

/* A name that is new here; listener -1: its own. */
static NTSTATUS
begin(const WCHAR *text, const struct pipe_make *m, int listener, uint64_t number,
      struct pipe_name **out)
{
	struct pipe_name *n = calloc(1, sizeof *n);
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
	n->number = number;
	if (listener >= 0)
		serve(n, listener);
	else
		listen_for(n);
	*out = n;
	return STATUS_SUCCESS;
}

static void
enter(struct pipe_name *n, struct pipe *p)
{
	p->name = n;
	p->next = n->instances;
	n->instances = p;
	n->count++;
}

NTSTATUS
pipe_name_add(const WCHAR *text, const struct pipe_make *m, struct pipe *p, ULONG others)
{
	struct pipe_name *n = pipe_name_find(text);
	if ((n || others) && m->first)
		return STATUS_ACCESS_DENIED;
	if (n ? n->count >= n->like.most : others >= m->most)
		return STATUS_INSTANCE_NOT_AVAILABLE;
	if (n && (n->like.inbound != m->inbound || n->like.outbound != m->outbound ||
	          n->like.messages != m->messages))
		return STATUS_ACCESS_DENIED;
	NTSTATUS s = n ? STATUS_SUCCESS : begin(text, m, -1, 0, &n);
	if (s >= 0)
		enter(n, p);
	return s;
}

static void
forget(struct pipe_name *n)
{
	struct sockaddr_un a;
	for (struct pipe_name **q = &names; *q; q = &(*q)->next)
		if (*q == n) {
			*q = n->next;
			break;
		}
	if (n->listener >= 0) {
		if (!n->passed && socket_of(n->text, n->number, &a))
			(void)unlink(a.sun_path);
		if (n->armed && !reactor_cancel(&n->wait)) {
			/* it is just being asked: accept() fails, and the name is left for good */
			if (!n->passed)
				(void)shutdown(n->listener, SHUT_RDWR);
			return;
		}
		if (!n->passed)
			close(n->listener);
	}
	free(n->text);
	free(n);
}

void
pipe_name_leave(struct pipe *p)
{
	for (struct pipe **q = &p->name->instances; *q; q = &(*q)->next)
		if (*q == p) {
			*q = p->next;
			break;
		}
	if (--p->name->count == 0)
		forget(p->name);
	p->name = NULL;
}

bool
pipe_name_move(struct pipe *p, int *listener, uint64_t *number)
{
	pthread_mutex_lock(&pipe_name_lock);
	struct pipe_name *n = p->name;
	bool can = n && !p->connecting && !p->moving;
	*listener = -1;
	if (can) {
		p->moving = true;
		*number = n->number;
		if (n->count == 1 && n->listener >= 0) {
			n->passed = true;
			*listener = p->passed = n->listener;
		}
	}
	pthread_mutex_unlock(&pipe_name_lock);
	return can;
}

NTSTATUS
pipe_name_moved(const WCHAR *text, struct pipe *p, int listener, uint64_t number)
{
	struct sockaddr_un a;
	pthread_mutex_lock(&pipe_name_lock);
	struct pipe_name *n = pipe_name_find(text);
	NTSTATUS s = STATUS_SUCCESS;
	if (!n) {
		s = begin(text, &p->like, listener, number, &n);
		listener = s < 0 ? listener : -1;
	}
	if (s >= 0)
		enter(n, p);
	pthread_mutex_unlock(&pipe_name_lock);
	if (listener >= 0) {
		/* who has come to this one asks again */
		if (socket_of(text, number, &a))
			(void)unlink(a.sun_path);
		close(listener);
	}
	return s;
}

NTSTATUS
pipe_wait(const WCHAR *name, uint64_t deadline)
{
	struct pipe_hello h;
	name = pipe_name_bare(name);
	for (;;) {
		pthread_mutex_lock(&pipe_name_lock);
		struct pipe_name *n = pipe_name_find(name);
		bool free_one = n && pipe_name_listening(n);
		pthread_mutex_unlock(&pipe_name_lock);
		NTSTATUS s = free_one ? STATUS_SUCCESS : pipe_name_ask(name, NULL, &h);
		if (s >= 0 || (s == STATUS_OBJECT_NAME_NOT_FOUND && !n))
			return s < 0 ? s : STATUS_SUCCESS;
		uint64_t now = wait_now();
		if (now >= deadline)
			return STATUS_IO_TIMEOUT;
		(void)wait_sleep(false, now + 2000000);
	}
}
