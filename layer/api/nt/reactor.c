/* SPDX-License-Identifier: Apache-2.0 */
/* reactor.c -- descriptors by epoll, one-shot; times by a heap.
 *
 * epoll knows a descriptor once, so all who wait for it share a place, found by its number,
 * and what is asked of epoll is the union.  A callback runs without the lock.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "layer/api/nt/steady.h"
#include "layer/api/nt/reactor.h"
#include "layer/api/nt/wait.h"

enum { EVENTS = 64, HASH = 256 };

/* What is waited for on one descriptor. */
struct place {
	struct place *next;
	int fd;
	struct reactor_wait *waits;
};

static _Atomic uint32_t lock;
static int poll_fd = -1, kick_fd = -1;
static pthread_t thread;
static struct place *places[HASH], *spare;
static struct reactor_timer **heap; /* own; [0] is the next */
static uint32_t nheap, heap_size;
static uint64_t sleeping_until; /* 0: it is not asleep */
static _Atomic uint32_t rounds; /* futex: counts; odd while callbacks run */

/* -- times: under the lock ------------------------------------------------------ */

static void
put(uint32_t i, struct reactor_timer *t)
{
	heap[i] = t;
	t->place = i;
}

static void
sift(uint32_t i)
{
	struct reactor_timer *t = heap[i];

	while (i && heap[(i - 1) / 2]->when > t->when) {
		put(i, heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	for (;;) {
		uint32_t c = 2 * i + 1;

		if (c + 1 < nheap && heap[c + 1]->when < heap[c]->when)
			c++;
		if (c >= nheap || heap[c]->when >= t->when)
			break;
		put(i, heap[c]);
		i = c;
	}
	put(i, t);
}

static void
unheap(struct reactor_timer *t)
{
	uint32_t i = t->place;

	t->armed = false;
	if (i != --nheap) {
		put(i, heap[nheap]);
		sift(i);
	}
}

/* -- descriptors: under the lock -------------------------------------------------- */

static struct place **
find(int fd)
{
	struct place **at;

	for (at = &places[(unsigned)fd % HASH]; *at && (*at)->fd != fd; at = &(*at)->next)
		;
	return at;
}

static uint32_t
wanted(const struct place *p)
{
	uint32_t events = 0;

	for (struct reactor_wait *w = p->waits; w; w = w->next)
		events |= w->events;
	return events;
}

static int
ask(const struct place *p, bool known)
{
	struct epoll_event e = { .events = wanted(p) | EPOLLONESHOT, .data.fd = p->fd };

	/* what is known was left behind by a wait that is over, or the number is another file's */
	if (known && epoll_ctl(poll_fd, EPOLL_CTL_MOD, p->fd, &e) == 0)
		return 0;
	if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, p->fd, &e) == 0)
		return 0;
	return errno == EEXIST ? epoll_ctl(poll_fd, EPOLL_CTL_MOD, p->fd, &e) : -1;
}

static void
remove_place(struct place **at)
{
	struct place *p = *at;

	*at = p->next;
	p->next = spare;
	spare = p;
}

/* -- the thread ------------------------------------------------------------------- */

static void
ready(int fd, uint32_t events)
{
	struct reactor_wait *due = NULL, **last = &due, **w;
	struct place **at;

	steady_lock(&lock);
	at = find(fd);
	if (*at) {
		for (w = &(*at)->waits; *w;) {
			struct reactor_wait *x = *w;

			if (!(events & (x->events | EPOLLERR | EPOLLHUP))) {
				w = &x->next;
				continue;
			}
			*w = x->next;
			x->armed = false;
			x->next = NULL;
			*last = x;
			last = &x->next;
		}
		if ((*at)->waits)
			ask(*at, true);
		else
			remove_place(at);
	}
	steady_unlock(&lock);
	while (due) {
		struct reactor_wait *x = due;

		due = x->next;
		x->ready(x, events);
	}
}

static void
run_timers(void)
{
	for (;;) {
		struct reactor_timer *t = NULL;

		steady_lock(&lock);
		if (nheap && heap[0]->when <= wait_now()) {
			t = heap[0];
			unheap(t);
		}
		steady_unlock(&lock);
		if (!t)
			return;
		t->due(t);
	}
}

static void
turn(void)
{
	struct epoll_event e[EVENTS];
	struct timespec left = { 0 };
	uint64_t until, now;
	int n;

	steady_lock(&lock);
	until = nheap ? heap[0]->when : WAIT_FOREVER;
	sleeping_until = until ? until : 1;
	steady_unlock(&lock);
	now = until == WAIT_FOREVER ? 0 : wait_now();
	if (until > now) {
		left.tv_sec = (time_t)((until - now) / 1000000000);
		left.tv_nsec = (long)((until - now) % 1000000000);
	}
	n = epoll_pwait2(poll_fd, e, EVENTS, until == WAIT_FOREVER ? NULL : &left, NULL);
	steady_lock(&lock);
	sleeping_until = 0;
	steady_unlock(&lock);
	atomic_fetch_add(&rounds, 1);
	for (int i = 0; i < n; i++) {
		uint64_t count;

		if (e[i].data.fd != kick_fd)
			ready(e[i].data.fd, e[i].events);
		else if (read(kick_fd, &count, sizeof count) < 0)
			continue;
	}
	run_timers();
	atomic_fetch_add(&rounds, 1);
	steady_futex_wake(&rounds, INT32_MAX);
}

static void *
run(void *ctx)
{
	(void)ctx;
	for (;;)
		turn();
	return NULL;
}

/* Under the lock. */
static int
start(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	sigset_t all, before;
	pthread_attr_t a;
	int r;

	if (poll_fd >= 0)
		return 0;
	poll_fd = epoll_create1(EPOLL_CLOEXEC);
	kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	e.data.fd = kick_fd;
	if (poll_fd < 0 || kick_fd < 0 || epoll_ctl(poll_fd, EPOLL_CTL_ADD, kick_fd, &e) < 0)
		goto undo;
	/* signals of the process are for the program's threads */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 256 * 1024);
	pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
	r = pthread_create(&thread, &a, run, NULL);
	pthread_attr_destroy(&a);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r == 0)
		return 0;
	errno = r;
undo:
	r = errno;
	if (poll_fd >= 0)
		close(poll_fd);
	if (kick_fd >= 0)
		close(kick_fd);
	poll_fd = kick_fd = -1;
	errno = r;
	return -1;
}

int
reactor_arm(struct reactor_wait *w)
{
	struct place **at, *p;
	bool known;
	int r = -1;

	steady_lock(&lock);
	if (start() < 0)
		goto out;
	at = find(w->fd);
	known = *at != NULL;
	if (!known) {
		p = spare;
		if (p)
			spare = p->next;
		else
			p = malloc(sizeof *p);
		if (!p) {
			errno = ENOMEM;
			goto out;
		}
		p->next = NULL;
		p->fd = w->fd;
		p->waits = NULL;
		*at = p;
	}
	w->next = (*at)->waits;
	(*at)->waits = w;
	w->armed = true;
	r = ask(*at, known);
	if (r < 0) {
		int e = errno;

		(*at)->waits = w->next;
		w->armed = false;
		if (!(*at)->waits)
			remove_place(at);
		errno = e;
	}
out:
	steady_unlock(&lock);
	return r;
}

bool
reactor_cancel(struct reactor_wait *w)
{
	struct reactor_wait **x;
	struct place **at;
	bool was;

	steady_lock(&lock);
	was = w->armed;
	if (was) {
		w->armed = false;
		at = find(w->fd);
		for (x = &(*at)->waits; *x != w; x = &(*x)->next)
			;
		*x = w->next;
		if ((*at)->waits) {
			ask(*at, true);
		} else {
			epoll_ctl(poll_fd, EPOLL_CTL_DEL, w->fd, NULL);
			remove_place(at);
		}
	}
	steady_unlock(&lock);
	return was;
}

int
reactor_at(struct reactor_timer *t, uint64_t when)
{
	uint64_t one = 1;
	bool kick;
	int r = -1;

	steady_lock(&lock);
	if (start() < 0)
		goto out;
	if (!t->armed && nheap == heap_size) {
		uint32_t size = heap_size ? heap_size * 2 : 32;
		struct reactor_timer **new = realloc(heap, size * sizeof(*new));

		if (!new)
			goto out;
		heap = new;
		heap_size = size;
	}
	t->when = when;
	if (!t->armed) {
		t->armed = true;
		put(nheap++, t);
	}
	sift(t->place);
	/* it sleeps too long now; when it has not gone to sleep yet, it will look */
	kick = sleeping_until && when < sleeping_until;
	if (kick)
		sleeping_until = when ? when : 1;
	r = 0;
	if (kick && write(kick_fd, &one, sizeof one) < 0)
		r = 0; /* full: it will look anyway */
out:
	steady_unlock(&lock);
	return r;
}

bool
reactor_forget(struct reactor_timer *t)
{
	bool was;

	steady_lock(&lock);
	was = t->armed;
	if (was)
		unheap(t);
	steady_unlock(&lock);
	return was;
}

void
reactor_settle(void)
{
	uint32_t now = atomic_load(&rounds);

	if (!(now & 1) || pthread_equal(pthread_self(), thread))
		return;
	while (atomic_load(&rounds) == now)
		steady_futex_wait(&rounds, now, WAIT_FOREVER);
}
