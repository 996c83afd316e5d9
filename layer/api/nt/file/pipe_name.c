/* SPDX-License-Identifier: Apache-2.0 */
/* The names of pipes, and the instances that wait behind them.
 *
 * Who makes a name keeps it, and a socket in the machine's folder under the name's hash, on
 * which other processes ask for an instance.  In the same process the two ends are simply
 * joined.
 */
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
		if (p->state == PIPE_LISTENING_STATE &&
		    (!best || (p->connecting && !best->connecting)))
			best = p;
	return best;
}

/* -- other processes --------------------------------------------------------------------------- */

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
	struct pipe_name *n = (struct pipe_name *)((char *)w - offsetof(struct pipe_name, wait));
	struct file_pending *waiting = NULL;
	(void)events;
	pthread_mutex_lock(&pipe_name_lock);
	bool known = false;
	for (struct pipe_name *k = names; k; k = k->next)
		known |= k == n;
	int fd = known ? accept4(n->listener, NULL, NULL, SOCK_CLOEXEC) : -1;
	struct pipe *p = fd >= 0 ? pipe_name_listening(n) : NULL;
	struct pipe_hello h = { p != NULL, birth.process_id, { 0 } };
	if (known)
		h.like = n->like;
	if (fd >= 0 && send(fd, &h, sizeof h, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof h && p)
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
listen_for(struct pipe_name *n)
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

NTSTATUS
pipe_name_ask(const WCHAR *text, int *out, struct pipe_hello *h)
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

/* -- coming and going ------------------------------------------------------------------------- */

NTSTATUS
pipe_name_add(const WCHAR *text, const struct pipe_make *m, struct pipe *p)
{
	struct pipe_name *n = pipe_name_find(text);
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

static void
forget(struct pipe_name *n)
{
	for (struct pipe_name **q = &names; *q; q = &(*q)->next)
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

NTSTATUS
pipe_wait(const WCHAR *name, uint64_t deadline)
{
	char path[108];
	name = pipe_name_bare(name);
	for (;;) {
		pthread_mutex_lock(&pipe_name_lock);
		struct pipe_name *n = pipe_name_find(name);
		bool free_one = n && pipe_name_listening(n);
		pthread_mutex_unlock(&pipe_name_lock);
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
