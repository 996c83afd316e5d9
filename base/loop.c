/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/proc.h"

struct source {
	struct loop *loop; /* lent */
	struct source *next;
	loop_fn *fn;
	void *ctx;
	int fd;      /* -1: a timer */
	int64_t due; /* timers: monotonic ns, or -1 when it rests */
	bool dead;   /* removed; freed when no handler can hold it */
};

struct loop {
	int epoll;
	bool stop;
	struct source *sources; /* own */
};

struct loop *
loop_new(struct err *e)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);
	if (fd < 0)
		return fail(e, errno, "cannot make an event loop: %s", strerror(errno)), NULL;
	struct loop *l = xcalloc(1, sizeof *l);
	l->epoll = fd;
	return l;
}

void
loop_free(struct loop *l)
{
	if (!l)
		return;
	for (struct source *s = l->sources, *next; s; s = next) {
		next = s->next;
		free(s);
	}
	close(l->epoll);
	free(l);
}

static struct source *
add(struct loop *l, int fd, loop_fn *fn, void *ctx)
{
	struct source *s = xcalloc(1, sizeof *s);
	*s = (struct source){
		.loop = l, .next = l->sources, .fn = fn, .ctx = ctx, .fd = fd, .due = -1
	};
	l->sources = s;
	return s;
}

struct source *
loop_fd(struct loop *l, int fd, uint32_t events, loop_fn *fn, void *ctx, struct err *e)
{
	struct source *s = add(l, fd, fn, ctx);
	struct epoll_event ev = { .events = events, .data.ptr = s };

	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev) < 0) {
		fail(e, errno, "cannot watch descriptor %d: %s", fd, strerror(errno));
		s->dead = true;
		return NULL;
	}
	return s;
}

int
loop_events(struct source *s, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = s };
	return epoll_ctl(s->loop->epoll, EPOLL_CTL_MOD, s->fd, &ev);
}

struct source *
loop_timer(struct loop *l, int64_t ns, loop_fn *fn, void *ctx)
{
	struct source *s = add(l, -1, fn, ctx);
	loop_again(s, ns);
	return s;
}

void
loop_again(struct source *s, int64_t ns)
{
	s->due = proc_monotonic() + ns;
}

void
loop_remove(struct source *s)
{
	if (!s || s->dead)
		return;
	if (s->fd >= 0)
		epoll_ctl(s->loop->epoll, EPOLL_CTL_DEL, s->fd, NULL);
	s->dead = true;
}

static void
sweep(struct loop *l)
{
	for (struct source **p = &l->sources; *p;) {
		struct source *s = *p;
		if (s->dead) {
			*p = s->next;
			free(s);
		} else {
			p = &s->next;
		}
	}
}

/* Milliseconds until the next timer, rounded up; -1 for never. */
static int
patience(struct loop *l)
{
	int64_t first = -1;

	for (struct source *s = l->sources; s; s = s->next)
		if (!s->dead && s->due >= 0 && (first < 0 || s->due < first))
			first = s->due;
	if (first < 0)
		return -1;
	int64_t left = (first - proc_monotonic() + 999999) / 1000000;
	return left < 0 ? 0 : left > 1 << 30 ? 1 << 30 : (int)left;
}

int
loop_run(struct loop *l, struct err *e)
{
	struct epoll_event ev[16];

	l->stop = false;
	while (!l->stop) {
		int n = epoll_wait(l->epoll, ev, 16, patience(l));
		if (n < 0 && errno != EINTR)
			return fail(e, errno, "cannot wait for events: %s", strerror(errno));
		for (int i = 0; i < n && !l->stop; i++) {
			struct source *s = ev[i].data.ptr;
			if (!s->dead)
				s->fn(s->ctx, ev[i].events);
		}
		int64_t now = proc_monotonic();
		for (struct source *s = l->sources; s && !l->stop; s = s->next) {
			if (s->dead || s->due < 0 || s->due > now)
				continue;
			s->due = -1;
			s->fn(s->ctx, 0);
		}
		sweep(l);
	}
	return 0;
}

void
loop_stop(struct loop *l)
{
	l->stop = true;
}
