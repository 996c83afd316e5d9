/* SPDX-License-Identifier: Apache-2.0 */
/* hold.c -- a debugger's connection, and its hold on the guest.
 *
 * One debugger at a time.  While it holds the guest the machine is paused; when it goes,
 * however it goes, the guest goes on, unless it was paused before and never let go.
 */
#include "core/watch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"
#include "core/control.h"
#include "core/event.h"
#include "core/machine.h"

/* A stop that is over sooner is not worth a write of the machine's state: a debugger may
 * make thousands of steps. */
#define SHOWN_AFTER INT64_C(100000000)

struct hold {
	struct watch *w;
	int door, sock; /* own; -1 */
	char *where;    /* own: what a debugger connects to */
	char *path;     /* own: of the socket, if it is one of the file system */
	struct source *door_source, *source, *show;
	struct str out;  /* what its socket has no room for */
	bool local;      /* the door has a path, and who comes has a user */
	bool joined;     /* the guest knows of the debugger */
	bool asked;      /* the guest is on its way to rest for us */
	bool waits;      /* to be held also while there is no debugger yet */
	bool on;         /* held */
	bool was_paused; /* by somebody else before */
	bool shown;      /* the machine's state says so */
};

static void leave(struct hold *h);

/* -- holding ------------------------------------------------------------------------------ */

static void
show(void *ctx, uint32_t events)
{
	struct hold *h = ctx;

	(void)events;
	h->shown = true;
	watch_write(h->w);
}

static void
take(struct hold *h)
{
	struct state *s = &h->w->machine->state;

	h->asked = false;
	if (h->on)
		return;
	h->on = true;
	h->was_paused = s->status == LIFE_PAUSED;
	s->status = LIFE_PAUSED;
	h->shown = h->was_paused;
	if (h->shown)
		return;
	if (h->show)
		loop_again(h->show, SHOWN_AFTER);
	else
		h->show = loop_timer(h->w->loop, SHOWN_AFTER, show, h);
}

static void
release(struct hold *h)
{
	if (!h->on)
		return;
	h->on = h->waits = h->was_paused = false;
	loop_remove(h->show);
	h->show = NULL;
	h->w->machine->state.status = LIFE_RUNNING;
	if (h->shown)
		watch_write(h->w);
	watch_enter(h->w);
}

/* Bring the guest to rest for us, if it is not on its way already. */
static void
ask_for_rest(struct hold *h)
{
	struct watch *w = h->w;

	if (h->on || h->asked)
		return;
	h->asked = true;
	if (!w->pausing && !w->saving)
		w->layer->kick(w->guest);
}

/* -- the conversation ------------------------------------------------------------------------ */

/* false: the connection is broken. */
static bool
flush_out(struct hold *h)
{
	while (h->out.n) {
		ssize_t n = send(h->sock, h->out.p, h->out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			return false;
		memmove(h->out.p, h->out.p + n, h->out.n - (size_t)n);
		str_cut(&h->out, h->out.n - (size_t)n);
	}
	/* Who does not take its answers is not listened to. */
	if (h->source)
		loop_events(h->source, h->out.n ? EPOLLOUT : EPOLLIN);
	return true;
}

static void
kill_guest(struct watch *w)
{
	w->machine->state.stopped_by_user = true;
	w->stopping = true;
	watch_signal(w, SIGKILL, NULL);
}

static void
converse(struct hold *h, enum debug_event what, const void *bytes, size_t n)
{
	struct watch *w = h->w;
	enum debug_wish wish = w->layer->debug(w->guest, what, bytes, n, &h->out);

	while (wish != WISH_NOTHING) {
		enum debug_event then = DEBUG_SAYS;
		switch (wish) {
		case WISH_GO: release(h); break;
		case WISH_REST:
			if (w->machine->state.status == LIFE_PAUSED) {
				take(h);
				then = DEBUG_RESTS;
			} else {
				ask_for_rest(h);
			}
			break;
		case WISH_KILL:
		case WISH_LEAVE:
			flush_out(h);
			leave(h);
			if (wish == WISH_KILL)
				kill_guest(w);
			return;
		default: break;
		}
		wish = w->layer->debug(w->guest, then, NULL, 0, &h->out);
	}
	if (!flush_out(h))
		leave(h);
}

static void
heard(void *ctx, uint32_t events)
{
	struct hold *h = ctx;
	char bytes[8192];

	if (events & EPOLLOUT && !flush_out(h)) {
		leave(h);
		return;
	}
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	ssize_t n = recv(h->sock, bytes, sizeof bytes, MSG_DONTWAIT);
	if (n > 0)
		converse(h, DEBUG_SAYS, bytes, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		leave(h);
}

/* The guest is at rest and held: the debugger may speak. */
static void
join(struct hold *h)
{
	h->source = loop_fd(h->w->loop, h->sock, EPOLLIN, heard, h, NULL);
	h->joined = true;
	event_add(h->w->machine->store, "debug", h->w->machine->name, "a debugger came");
	converse(h, DEBUG_COMES, NULL, 0);
}

static void
hang_up(struct hold *h)
{
	loop_remove(h->source);
	h->source = NULL;
	if (h->sock >= 0)
		close(h->sock);
	h->sock = -1;
	str_free(&h->out);
}

/* The guest is at rest: nothing that the debugger wanted is left in it. */
static void
part(struct hold *h)
{
	struct str nobody = { 0 };

	if (!h->joined)
		return;
	h->joined = false;
	h->w->layer->debug(h->w->guest, DEBUG_LEAVES, NULL, 0, &nobody);
	str_free(&nobody);
	event_add(h->w->machine->store, "debug", h->w->machine->name, "the debugger left");
}

static void
leave(struct hold *h)
{
	hang_up(h);
	if (h->on) {
		bool stays = h->was_paused;
		part(h);
		if (stays)
			h->on = h->waits = false;
		else
			release(h);
	} else if (h->joined) {
		ask_for_rest(h);
	}
}

static void
knock(void *ctx, uint32_t events)
{
	struct hold *h = ctx;
	struct watch *w = h->w;
	int one = 1;

	(void)events;
	int sock = accept4(h->door, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (sock < 0)
		return;
	if (h->sock >= 0 || h->joined || !w->guest || w->over || (h->local && !control_may(sock))) {
		close(sock);
		return;
	}
	setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	h->sock = sock;
	if (w->machine->state.status == LIFE_PAUSED) {
		take(h);
		join(h);
	} else {
		ask_for_rest(h);
	}
}

/* -- the door --------------------------------------------------------------------------------- */

static void
close_door(struct hold *h)
{
	loop_remove(h->door_source);
	h->door_source = NULL;
	if (h->door >= 0)
		close(h->door);
	h->door = -1;
	if (h->path)
		unlink(h->path);
	free(h->path);
	free(h->where);
	h->path = h->where = NULL;
}

static int
local_door(const char *path, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct stat st;

	if (strlen(path) >= sizeof a.sun_path) {
		fail(e, ENAMETOOLONG, "'%s' is too long for the name of a socket", path);
		return err_hint(e, "give a shorter one with --socket, or a --port");
	}
	memcpy(a.sun_path, path, strlen(path));
	/* What a killed monitor left; nothing else. */
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
	int door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (door < 0 || bind(door, (struct sockaddr *)&a, sizeof a) < 0 || listen(door, 4) < 0) {
		fail(e, errno, "debugger's socket '%s': %s", path, strerror(errno));
		if (door >= 0)
			close(door);
		return -1;
	}
	return door;
}

static int
port_door(unsigned port, unsigned *real, struct err *e)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		                 .sin_port = htons((uint16_t)port),
		                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;
	int one = 1, door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (door >= 0)
		setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (door < 0 || bind(door, (struct sockaddr *)&a, sizeof a) < 0 || listen(door, 4) < 0 ||
	    getsockname(door, (struct sockaddr *)&a, &n) < 0) {
		fail(e, errno, "debugger's port %u: %s", port, strerror(errno));
		if (door >= 0)
			close(door);
		return -1;
	}
	*real = ntohs(a.sin_port);
	return door;
}

const char *
hold_open(struct watch *w, const char *path, int port, struct err *e)
{
	struct hold *h = w->hold;
	unsigned real = 0;

	if (layer_debugs(w->layer, e) < 0)
		return NULL;
	if (!h) {
		h = w->hold = xcalloc(1, sizeof *h);
		*h = (struct hold){ .w = w, .door = -1, .sock = -1 };
	}
	if (h->door >= 0 && !path && port < 0)
		return h->where;
	close_door(h);
	h->local = port < 0;
	if (h->local) {
		h->where = path ? xstrdup(path) : xprintf("%s/gdb", w->machine->path);
		h->door = local_door(h->where, e);
		h->path = h->door < 0 ? NULL : xstrdup(h->where);
	} else {
		h->door = port_door((unsigned)port, &real, e);
		h->where = xprintf("127.0.0.1:%u", real);
	}
	if (h->door >= 0)
		h->door_source = loop_fd(w->loop, h->door, EPOLLIN, knock, h, e);
	if (h->door_source)
		return h->where;
	close_door(h);
	return NULL;
}

/* -- what the monitor tells ------------------------------------------------------------------- */

bool
hold_on(const struct watch *w)
{
	return w->hold && w->hold->on;
}

bool
hold_joined(const struct watch *w)
{
	return w->hold && w->hold->joined;
}

void
hold_wait(struct watch *w)
{
	struct hold *h = w->hold;

	if (h->on || h->sock >= 0)
		return;
	h->waits = true;
	if (w->machine->state.status == LIFE_PAUSED)
		take(h);
	else
		ask_for_rest(h);
}

void
hold_begins(struct watch *w)
{
	struct hold *h = w->hold;

	take(h);
	h->waits = true;
	show(h, 0);
	if (h->sock >= 0)
		join(h);
}

bool
hold_rests(struct watch *w, bool broke)
{
	struct hold *h = w->hold;

	if (!h)
		return false;
	bool ours = h->asked || broke;
	h->asked = false;
	if (h->sock < 0)
		part(h);
	if (!h->waits && (h->sock < 0 || !ours))
		return false;
	take(h);
	if (h->sock >= 0 && !h->joined)
		join(h);
	else if (h->joined)
		converse(h, DEBUG_RESTS, NULL, 0);
	return true;
}

int
hold_resume(struct watch *w, struct err *e)
{
	struct hold *h = w->hold;

	if (h->sock < 0 || !e) {
		release(h);
		return 0;
	}
	fail(e, EBUSY, "machine '%s' is held by a debugger", w->machine->name);
	return err_hint(e, "let it go on there: type continue or detach into gdb");
}

void
hold_ended(struct watch *w)
{
	struct hold *h = w->hold;

	if (!h)
		return;
	if (h->joined) {
		w->layer->debug(w->guest, DEBUG_ENDS, NULL, 0, &h->out);
		flush_out(h);
	}
	loop_remove(h->show);
	h->show = NULL;
	hang_up(h);
	h->joined = h->asked = h->waits = h->on = h->was_paused = false;
}

void
hold_close(struct watch *w)
{
	struct hold *h = w->hold;

	if (!h)
		return;
	hang_up(h);
	close_door(h);
	free(h);
	w->hold = NULL;
}
