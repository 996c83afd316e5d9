/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/thread/queue.h"

#include <pthread.h>
#include <stdlib.h>

#include "layer/api/nt/clock.h"
#include "layer/api/nt/object/sync.h"
#include "layer/api/nt/teb.h"
#include "layer/api/nt/object/wait.h"

enum { WM_QUIT = 0x12, WM_TIMER = 0x113, MOST = 10000 };

struct entry {
	struct MSG m;
	struct entry *next;
};

struct timer {
	HWND window;
	ULONG_PTR id;
	uint64_t period, due;
	void *f;
	struct timer *next;
};

struct queue {
	DWORD thread;
	struct object *event; /* own */
	struct entry *first, **last;
	size_t n;
	bool quit;
	int code;
	struct timer *timers; /* the thread's own */
	struct queue *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct queue *queues;

static DWORD self(void) { return (DWORD)(uintptr_t)teb()->ClientId.UniqueThread; }

static struct queue *
find(DWORD thread)
{
	struct queue *q = queues;
	while (q && q->thread != thread)
		q = q->next;
	return q;
}

static struct queue *
mine(void)
{
	pthread_mutex_lock(&lock);
	struct queue *q = find(self());
	if (!q && (q = calloc(1, sizeof *q))) {
		q->thread = self();
		q->event = sync_event(true, false);
		q->last = &q->first;
		q->next = queues;
		queues = q;
	}
	pthread_mutex_unlock(&lock);
	return q;
}

bool
queue_post(DWORD thread, const struct MSG *m)
{
	struct entry *e = malloc(sizeof *e);
	bool there = false;
	if (thread == self())
		mine();
	pthread_mutex_lock(&lock);
	struct queue *q = find(thread);
	if (q && e && q->n < MOST) {
		*e = (struct entry){ *m, NULL };
		e->m.time = (DWORD)clock_ticks();
		*q->last = e;
		q->last = &e->next;
		q->n++;
		there = true;
		sync_set(q->event, NULL);
	}
	pthread_mutex_unlock(&lock);
	if (!there)
		free(e);
	return there;
}

void
queue_quit(int code)
{
	struct queue *q = mine();
	if (!q)
		return;
	pthread_mutex_lock(&lock);
	q->quit = true;
	q->code = code;
	sync_set(q->event, NULL);
	pthread_mutex_unlock(&lock);
}

struct object *
queue_event(void)
{
	struct queue *q = mine();
	return q ? q->event : NULL;
}

static bool
fits(const struct MSG *m, HWND w, UINT first, UINT last)
{
	if (w && m->hwnd != w && !(w == (HWND)(intptr_t)-1 && !m->hwnd))
		return false;
	return (!first && !last) || (m->message >= first && m->message <= last);
}

/* One that lies there; under the lock. */
static bool
look(struct queue *q, struct MSG *m, HWND w, UINT first, UINT last, bool remove)
{
	for (struct entry **p = &q->first; *p; p = &(*p)->next) {
		struct entry *e = *p;
		if (!fits(&e->m, w, first, last))
			continue;
		*m = e->m;
		if (remove) {
			*p = e->next;
			if (!e->next)
				q->last = p;
			q->n--;
			free(e);
		}
		return true;
	}
	if (q->quit) {
		*m = (struct MSG){ .message = WM_QUIT, .wParam = (ULONG_PTR)(LONG_PTR)q->code };
		if (remove)
			q->quit = false;
		return true;
	}
	return false;
}

/* A timer that is due is a message when no other is there; *next is when one will be. */
static bool
due(struct queue *q, struct MSG *m, HWND w, UINT first, UINT last, bool remove, uint64_t *next)
{
	uint64_t now = wait_now();
	for (struct timer *t = q->timers; t; t = t->next) {
		struct MSG x = { t->window, WM_TIMER, t->id, (LONG_PTR)t->f, (DWORD)clock_ticks(),
			         0,         0 };
		if (!fits(&x, w, first, last))
			continue;
		if (t->due <= now) {
			*m = x;
			if (remove)
				t->due = now + t->period;
			return true;
		}
		if (t->due < *next)
			*next = t->due;
	}
	return false;
}

bool
queue_take(struct MSG *m, HWND w, UINT first, UINT last, bool remove, uint64_t deadline)
{
	struct queue *q = mine();
	if (!q)
		return false;
	for (;;) {
		uint64_t next = deadline;
		pthread_mutex_lock(&lock);
		bool got = look(q, m, w, first, last, remove);
		if (!q->first && !q->quit)
			sync_reset(q->event, NULL);
		pthread_mutex_unlock(&lock);
		if (got || due(q, m, w, first, last, remove, &next))
			return true;
		if (!deadline)
			return false;
		if (q->n) { /* only what does not fit lies there: look again after a while */
			wait_sleep(false, wait_now() + 1000000);
			continue;
		}
		NTSTATUS s = wait_objects(1, &q->event, false, false, next);
		if (s == STATUS_TIMEOUT && next == deadline)
			return false;
	}
}

ULONG_PTR
queue_timer(HWND w, ULONG_PTR id, DWORD ms, void *f)
{
	struct queue *q = mine();
	struct timer *t;
	static _Atomic ULONG_PTR fresh = 0x7fff;
	if (!q)
		return 0;
	if (!w)
		id = 0;
	for (t = q->timers; t && !(id && t->window == w && t->id == id);)
		t = t->next;
	if (!t) {
		if (!(t = calloc(1, sizeof *t)))
			return 0;
		t->window = w;
		t->id = id ? id : fresh--;
		t->next = q->timers;
		q->timers = t;
	}
	t->period = (uint64_t)(ms < 10 ? 10 : ms) * 1000000;
	t->due = wait_now() + t->period;
	t->f = f;
	return t->id;
}

bool
queue_no_timer(HWND w, ULONG_PTR id)
{
	struct queue *q = mine();
	for (struct timer **p = q ? &q->timers : NULL; p && *p; p = &(*p)->next) {
		struct timer *t = *p;
		if (t->window != w || t->id != id)
			continue;
		*p = t->next;
		free(t);
		return true;
	}
	return false;
}
