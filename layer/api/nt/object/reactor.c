/* SPDX-License-Identifier: Apache-2.0 */
/* reactor.c -- descriptors by epoll, one-shot; times by a heap.
 *
 * epoll knows a descriptor once, so all who wait for it share a place, found by its number,
 * and what is asked of epoll is the union.  A callback runs without the lock.
 *
 * At most two threads wait in epoll: our own, and who leads.  Either may get any event, so times
 * are a descriptor too.  The bell is for who leads; our own thread rings again when it hears it.
 * Both descriptors are edge-triggered: nobody has to read them.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/object/reactor.h"
#include "layer/api/nt/object/wait.h"

enum {
	EVENTS = 64,
	HASH = 256,
	/* nanoseconds */
	RING_AGAIN = 1000000,
	ABSENCE = 500000,
	OFTEN = 100000
};

/* What is waited for on one descriptor. */
struct place {
	struct place *next;
	int fd;
	struct reactor_wait *waits; /* armed, once */
	struct reactor_wait *edges; /* armed or not */
};

static _Atomic uint32_t lock;
static int poll_fd = -1, bell_fd = -1, clock_fd = -1;
static struct place *places[HASH], *spare;
static struct reactor_timer **heap; /* own; [0] is the next */
static uint32_t nheap, heap_size;
static uint64_t clock_at; /* when clock_fd is ready; 0: it is not set */
static _Atomic uint32_t nplace;

/* Who looks: our own thread, or a program's that leads.  The place of a thread is in `me`. */
enum { OWN, LEADER, NOBODY };
static _Atomic uint32_t rounds[2]; /* futex: counts; odd while callbacks run */
static _Atomic uint32_t settling;  /* threads that wait for one of them */
static _Thread_local int me = NOBODY;
static _Atomic bool leading;
enum { AWAKE, ASLEEP, RUNG };
static _Atomic uint32_t turns;     /* how often somebody began to lead */
static _Atomic uint32_t followers; /* threads that would lead if nobody did */
static _Atomic uint32_t absent;    /* futex: 1: our own thread stays away from epoll */
static _Atomic uint32_t leader;    /* futex: RUNG: our own thread waits until it is AWAKE */

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
	for (struct reactor_wait *w = p->edges; w; w = w->next)
		events |= w->events;
	/* what is changed is looked at anew: so one that waits once is told in both cases */
	return events | (p->edges ? EPOLLET : EPOLLONESHOT);
}

static int
ask(const struct place *p, bool known)
{
	struct epoll_event e = { .events = wanted(p), .data.fd = p->fd };

	/* what is known was left behind by a wait that is over, or the number is another file's */
	if (known && epoll_ctl(poll_fd, EPOLL_CTL_MOD, p->fd, &e) == 0)
		return 0;
	if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, p->fd, &e) == 0)
		return 0;
	return errno == EEXIST ? epoll_ctl(poll_fd, EPOLL_CTL_MOD, p->fd, &e) : -1;
}

/* Nobody waits there any more. */
static void
remove_place(struct place **at)
{
	struct place *p = *at;

	*at = p->next;
	p->next = spare;
	spare = p;
	atomic_fetch_sub_explicit(&nplace, 1, memory_order_relaxed);
}

static struct place *
place(int fd, bool *known)
{
	struct place **at = find(fd), *p = *at;

	*known = p != NULL;
	if (p)
		return p;
	p = spare;
	if (p)
		spare = p->next;
	else
		p = malloc(sizeof *p);
	if (!p) {
		errno = ENOMEM;
		return NULL;
	}
	*p = (struct place){ .fd = fd };
	*at = p;
	atomic_fetch_add_explicit(&nplace, 1, memory_order_relaxed);
	return p;
}

static void
unlink_wait(struct reactor_wait **x, const struct reactor_wait *w)
{
	while (*x != w)
		x = &(*x)->next;
	*x = w->next;
}

/* One has left. */
static void
fewer(struct place **at)
{
	struct place *p = *at;

	if (p->waits || p->edges) {
		/* more than is asked for does no harm where changes are told */
		if (!p->edges)
			ask(p, true);
		return;
	}
	epoll_ctl(poll_fd, EPOLL_CTL_DEL, p->fd, NULL);
	remove_place(at);
}

static void
forget_edge(struct reactor_wait *w)
{
	struct place **at = find(w->fd);

	w->known = w->armed = false;
	unlink_wait(&(*at)->edges, w);
	if (!(*at)->edges && (*at)->waits)
		ask(*at, true);
	else
		fewer(at);
}

/* -- the thread ------------------------------------------------------------------- */

static bool
meant(const struct reactor_wait *w, uint32_t events)
{
	return events & (w->events | EPOLLERR | EPOLLHUP);
}

/* Those that wait once. */
static struct reactor_wait **
due_once(struct place **at, uint32_t events, struct reactor_wait **last)
{
	for (struct reactor_wait **w = &(*at)->waits; *w;) {
		struct reactor_wait *x = *w;

		if (!meant(x, events)) {
			w = &x->next;
			continue;
		}
		*w = x->next;
		x->armed = false;
		x->next = NULL;
		*last = x;
		last = &x->next;
	}
	if ((*at)->edges)
		return last;
	if ((*at)->waits)
		ask(*at, true);
	else
		remove_place(at);
	return last;
}

static void
ready(int fd, uint32_t events)
{
	struct reactor_wait *due = NULL, *edge[2], *idle = NULL;
	struct place **at;
	int n = 0;

	steady_lock(&lock);
	at = find(fd);
	if (*at) {
		for (struct reactor_wait *w = (*at)->edges; w; w = w->next) {
			if (!meant(w, events))
				continue;
			if (w->armed && n < 2) {
				w->armed = false;
				edge[n++] = w;
			} else if (atomic_exchange(&w->missed, true) &&
			           events & w->events & EPOLLIN)
				idle = w;
		}
		if (idle && !n) /* the second time that nobody cared: until it is armed again */
			forget_edge(idle);
		at = find(fd);
		if (*at)
			due_once(at, events, &due);
	}
	steady_unlock(&lock);
	for (int i = 0; i < n; i++)
		edge[i]->ready(edge[i], events);
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

/* Under the lock: clock_fd is ready when the first is due, or earlier. */
static void
set_clock(void)
{
	struct itimerspec s = { 0 };
	uint64_t when;

	if (!nheap || (clock_at && clock_at <= heap[0]->when))
		return;
	when = heap[0]->when ? heap[0]->when : 1;
	s.it_value.tv_sec = (time_t)(when / 1000000000);
	s.it_value.tv_nsec = (long)(when % 1000000000);
	clock_at = when;
	timerfd_settime(clock_fd, TFD_TIMER_ABSTIME, &s, NULL);
}

static void
ring(void)
{
	uint64_t one = 1;

	if (write(bell_fd, &one, sizeof one) < 0)
		return; /* full after 2^64 times */
}

/* Our own thread heard the bell.  It came to epoll after who leads, and was woken in its place:
 * stay away until that one is. */
static void
pass_on(void)
{
	uint32_t s = ASLEEP;

	if (!atomic_compare_exchange_strong(&leader, &s, RUNG))
		return;
	ring();
	/* who is suspended does not wake: then the bell comes back to us */
	steady_futex_wait(&leader, RUNG, wait_now() + RING_AGAIN);
	s = RUNG;
	atomic_compare_exchange_strong(&leader, &s, ASLEEP);
}

static void
happened(const struct epoll_event *e)
{
	if (e->data.fd == bell_fd) {
		if (me == OWN)
			pass_on();
	} else if (e->data.fd == clock_fd) {
		steady_lock(&lock);
		clock_at = 0;
		steady_unlock(&lock);
		run_timers();
		steady_lock(&lock);
		set_clock();
		steady_unlock(&lock);
	} else
		ready(e->data.fd, e->events);
}

static void
dispatch(const struct epoll_event *e, int n)
{
	_Atomic uint32_t *count = &rounds[me];
	uint32_t now = atomic_load_explicit(count, memory_order_relaxed);

	/* Only we change it.  Whoever cancels in vain finds it changed: what he looks at was
	 * changed by us under the lock, and that after this. */
	atomic_store_explicit(count, now + 1, memory_order_release);
	for (int i = 0; i < n; i++)
		happened(e + i);
	atomic_store(count, now + 2);
	if (atomic_load(&settling))
		steady_futex_wake(count, INT32_MAX);
}

/* Who leads is away for moments only, and an event that comes in one had better find him back than
 * wake us.  So while somebody leads often, and nobody else would take what we bring, we look
 * from time to time whether he still does. */
static void
stay_away(void)
{
	static uint64_t since;
	static uint32_t before;
	uint64_t now = wait_now();
	uint32_t n = atomic_load(&turns);
	bool often = n - before > (now - since) / OFTEN;

	if (now - since < ABSENCE)
		return;
	while (often && !atomic_load(&followers)) {
		before = n;
		atomic_store(&absent, 1);
		if (!atomic_load(&followers))
			steady_futex_wait(&absent, 1, now + ABSENCE);
		atomic_store(&absent, 0);
		now = wait_now();
		n = atomic_load(&turns);
		often = n - before > ABSENCE / OFTEN;
	}
	since = now;
	before = n;
}

static void *
run(void *ctx)
{
	struct epoll_event e[EVENTS];

	(void)ctx;
	me = OWN;
	for (;;) {
		dispatch(e, epoll_wait(poll_fd, e, EVENTS, -1));
		stay_away();
	}
	return NULL;
}

static int
add_edge(int fd)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLET, .data.fd = fd };

	return fd < 0 ? -1 : epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &e);
}

/* Under the lock. */
static int
start(void)
{
	sigset_t all, before;
	pthread_attr_t a;
	pthread_t thread;
	int r;

	if (poll_fd >= 0)
		return 0;
	poll_fd = epoll_create1(EPOLL_CLOEXEC);
	bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	clock_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (poll_fd < 0 || add_edge(bell_fd) < 0 || add_edge(clock_fd) < 0)
		goto undo;
	/* Signals of the process are for the program's threads; a fault is the thread's own, when
	 * memory of the program is bad (except_try). */
	sigfillset(&all);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
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
	if (bell_fd >= 0)
		close(bell_fd);
	if (clock_fd >= 0)
		close(clock_fd);
	poll_fd = bell_fd = clock_fd = -1;
	errno = r;
	return -1;
}

/* Under the lock. */
static int
arm_edge(struct reactor_wait *w)
{
	if (w->known && atomic_load(&w->missed))
		return 1;
	w->armed = true;
	return w->known ? 0 : -1;
}

int
reactor_arm(struct reactor_wait *w)
{
	struct reactor_wait **list;
	struct place *p;
	bool known;
	int r = -1;

	steady_lock(&lock);
	if (start() < 0 || (w->edge && (r = arm_edge(w)) >= 0))
		goto out;
	p = place(w->fd, &known);
	if (!p) {
		w->armed = false;
		goto out;
	}
	list = w->edge ? &p->edges : &p->waits;
	w->next = *list;
	*list = w;
	w->armed = true;
	w->known = w->edge;
	r = ask(p, known);
	if (r < 0) {
		int e = errno;

		*list = w->next;
		w->armed = w->known = false;
		if (!p->waits && !p->edges)
			remove_place(find(w->fd));
		errno = e;
	}
out:
	steady_unlock(&lock);
	return r;
}

bool
reactor_cancel(struct reactor_wait *w)
{
	struct place **at;
	bool was;

	steady_lock(&lock);
	was = w->armed;
	w->armed = false;
	if (was && !w->edge) {
		at = find(w->fd);
		unlink_wait(&(*at)->waits, w);
		fewer(at);
	}
	steady_unlock(&lock);
	return was;
}

void
reactor_expect(struct reactor_wait *w)
{
	if (atomic_load_explicit(&w->missed, memory_order_relaxed))
		atomic_store(&w->missed, false);
}

void
reactor_end(struct reactor_wait *w)
{
	steady_lock(&lock);
	if (w->known)
		forget_edge(w);
	steady_unlock(&lock);
}

int
reactor_at(struct reactor_timer *t, uint64_t when)
{
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
	set_clock();
	r = 0;
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
	for (int who = OWN; who <= LEADER; who++) {
		uint32_t now = atomic_load(&rounds[who]);

		if (!(now & 1) || who == me)
			continue;
		atomic_fetch_add(&settling, 1);
		while (atomic_load(&rounds[who]) == now)
			steady_futex_wait(&rounds[who], now, WAIT_FOREVER);
		atomic_fetch_sub(&settling, 1);
	}
}

/* -- a thread of the program that leads --------------------------------------------- */

bool
reactor_lead(void)
{
	bool none = false;

	if (atomic_load_explicit(&nplace, memory_order_relaxed) && me == NOBODY &&
	    atomic_compare_exchange_strong(&leading, &none, true)) {
		me = LEADER;
		atomic_store_explicit(&turns,
		                      atomic_load_explicit(&turns, memory_order_relaxed) + 1,
		                      memory_order_relaxed);
		return true;
	}
	atomic_fetch_add(&followers, 1);
	if (atomic_exchange(&absent, 0))
		steady_futex_wake(&absent, 1);
	return false;
}

void
reactor_follow(bool led)
{
	if (!led) {
		atomic_fetch_sub(&followers, 1);
		return;
	}
	me = NOBODY;
	atomic_store_explicit(&leading, false, memory_order_release);
}

/* Who leads has mostly been woken long before his deadline, and asks the host neither for the time
 * nor for a timer of its own: one of ours wakes him at some deadline that was, and he sets it
 * again when his own is still to come. */
static struct reactor_timer waker;
static _Atomic uint64_t wakes_at = UINT64_MAX;

static void
wake_due(struct reactor_timer *t)
{
	(void)t;
	atomic_store(&wakes_at, UINT64_MAX);
	if (me == OWN)
		reactor_rouse();
}

static void
awake(void)
{
	if (atomic_exchange(&leader, AWAKE) == RUNG)
		steady_futex_wake(&leader, 1);
}

/* ASLEEP, and sure to be woken at the deadline; ETIMEDOUT: it has come.  Whoever takes the
 * timer away looks whether somebody sleeps afterwards, and so who sleeps looks for it afterwards. */
static int
fall_asleep(uint64_t deadline)
{
	for (;;) {
		atomic_store(&leader, ASLEEP);
		if (atomic_load(&wakes_at) <= deadline)
			return 0;
		awake();
		if (deadline <= wait_now())
			return ETIMEDOUT;
		atomic_store(&wakes_at, deadline);
		waker.due = wake_due;
		if (reactor_at(&waker, deadline) < 0)
			return ENOMEM;
	}
}

int
reactor_look(_Atomic uint32_t *word, uint32_t value, uint64_t deadline)
{
	struct epoll_event e;
	int n = 0, saved = errno, r = fall_asleep(deadline);

	if (r == ENOMEM) {
		/* not sure to be woken: look again soon */
		atomic_store(&wakes_at, UINT64_MAX);
		steady_futex_wait(word, value, wait_now() + RING_AGAIN);
		return 0;
	}
	if (r)
		return r;
	/* One event at a time: what the thread has in hand when it is suspended waits for it. */
	if (atomic_load(word) == value)
		n = (int)syscall(SYS_epoll_wait, poll_fd, &e, 1, -1);
	awake();
	if (n > 0)
		dispatch(&e, 1);
	errno = saved;
	return 0;
}

void
reactor_rouse(void)
{
	if (atomic_load(&leader) != AWAKE)
		ring();
}
