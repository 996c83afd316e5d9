/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing: at once, waiting in the thread, or later by the reactor. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "layer/api/nt/except/except.h"
#include "layer/api/nt/file/file.h"
#include "layer/api/nt/thread/thread.h"
#include "layer/api/nt/mem/vm.h"
#include "layer/api/nt/object/wait.h"

static uint32_t
own_tid(void)
{
	struct thread *t = thread_self();
	return t ? (uint32_t)t->tid : 0;
}

/* -- what has ended at once --------------------------------------------------------- */

static struct object *
event_of(HANDLE h)
{
	struct object *o;
	/* bit 0 of an OVERLAPPED's event says something about ports */
	h = (HANDLE)((uintptr_t)h & ~(uintptr_t)1);
	return h && handle_get(h, NULL, &o) >= 0 ? o : NULL;
}

void
file_post(struct file *f, const struct file_request *r, NTSTATUS s, ULONG_PTR n)
{
	if (f->overlapped && f->port && !r->apc && r->apc_context)
		(void)port_post(f->port, &(struct packet){ f->key, r->apc_context, s, n });
}

/* A request that failed at once is told by its status alone. */
NTSTATUS
file_at_once(struct file *f, const struct file_request *r, NTSTATUS s, ULONG_PTR n)
{
	if (s < 0 && s != STATUS_BUFFER_OVERFLOW && s != STATUS_END_OF_FILE)
		return s;
	if (r->iosb) {
		r->iosb->Information = n;
		__atomic_store_n(&r->iosb->Status, s, __ATOMIC_RELEASE);
	}
	if (r->event) {
		struct object *o = event_of(r->event);
		if (o) {
			object_signal(o);
			object_unref(o);
		}
	}
	if (!f->overlapped) {
		if (r->apc && s >= 0)
			(void)wait_apc_queue(thread_self(), r->apc, r->apc_context, r->iosb, NULL);
		return s;
	}
	if (!(f->modes & 2)) /* FILE_SKIP_SET_EVENT_ON_HANDLE */
		object_signal(&f->object);
	if (s == STATUS_END_OF_FILE)
		return s;
	if (r->apc)
		(void)wait_apc_queue(thread_self(), r->apc, r->apc_context, r->iosb, NULL);
	/* FILE_SKIP_COMPLETION_PORT_ON_SUCCESS: a part of a message is one */
	else if (!(f->modes & 1))
		file_post(f, r, s, n);
	return s;
}

/* -- what ends later -------------------------------------------------------------- */

struct file_pending *
file_pend(struct file *f, const struct file_request *r)
{
	struct file_pending *p = malloc(sizeof *p);
	if (!p)
		return NULL;
	/* not all of it: see file_new() */
	memset((char *)p + sizeof p->io, 0, sizeof *p - sizeof p->io);
	p->io = (struct io){ 0 };
	p->file = f;
	p->tid = own_tid();
	p->io.iosb = r->iosb;
	p->io.event = event_of(r->event);
	p->io.file = object_ref(&f->object);
	if (p->io.event)
		object_reset(p->io.event);
	if (f->overlapped)
		object_reset(&f->object);
	p->io.apc = r->apc;
	p->io.apc_context = r->apc_context;
	if (r->apc)
		p->io.thread = (struct thread *)object_ref(&thread_self()->object);
	else if (f->port && r->apc_context) {
		p->io.port = object_ref(f->port);
		p->io.key = f->key;
	}
	/* a lock may be held, so that a bad one is no exception here */
	struct IO_STATUS_BLOCK pending = { .Status = STATUS_PENDING };
	if (r->iosb)
		(void)except_copy(r->iosb, &pending, sizeof pending);
	return p;
}

void
file_end(struct file_pending *p, NTSTATUS s, ULONG_PTR n)
{
	port_done(&p->io, s, n);
	free(p->own);
	free(p);
}

void
file_pend_other(struct file_pending *p)
{
	pthread_mutex_lock(&p->file->lock);
	p->next = p->file->others;
	p->file->others = p;
	pthread_mutex_unlock(&p->file->lock);
}

bool
file_unpend_other(struct file_pending *p)
{
	bool found = false;
	struct file *f = p->file;
	pthread_mutex_lock(&f->lock);
	for (struct file_pending **q = &f->others; *q; q = &(*q)->next)
		if (*q == p) {
			*q = p->next;
			found = true;
			break;
		}
	pthread_mutex_unlock(&f->lock);
	return found;
}

static void
arm(struct file_queue *q)
{
	if (q->armed || !q->first || q->file->fd < 0)
		return;
	q->wait.fd = q->file->fd;
	q->armed = true;
	if (reactor_arm(&q->wait) < 0)
		q->armed = false;
}

/* What the head of a queue can do now; those that have ended are given back, in order. */
static struct file_pending *
run(struct file_queue *q)
{
	struct file_pending *ended = NULL, **last = &ended;
	struct file *f = q->file;
	while (q->first) {
		struct file_pending *p = q->first;
		NTSTATUS s = (q == &f->readers ? f->kind->read : f->kind->write)(f, &p->x);
		if (s == STATUS_PENDING)
			break;
		q->first = p->next;
		p->next = NULL;
		p->code = (ULONG)s;
		*last = p;
		last = &p->next;
	}
	arm(q);
	return ended;
}

static void
end_all(struct file_pending *p)
{
	while (p) {
		struct file_pending *next = p->next;
		file_end(p, (NTSTATUS)p->code, p->x.done);
		p = next;
	}
}

static void
ready(struct reactor_wait *w, uint32_t events)
{
	(void)events;
	struct file_queue *q = (struct file_queue *)((char *)w - offsetof(struct file_queue, wait));
	struct file *f = q->file;
	object_ref(&f->object);
	pthread_mutex_lock(&f->lock);
	q->armed = false;
	struct file_pending *ended = run(q);
	pthread_mutex_unlock(&f->lock);
	end_all(ended);
	file_unref(f);
}

void
file_queue_run(struct file_queue *q)
{
	if (!q->file)
		return;
	struct file *f = q->file;
	pthread_mutex_lock(&f->lock);
	struct file_pending *ended = run(q);
	pthread_mutex_unlock(&f->lock);
	end_all(ended);
}

/* Under the file's lock. */
static void
enqueue(struct file_queue *q, struct file *f, struct file_pending *p, uint32_t events)
{
	q->file = f;
	q->wait.ready = ready;
	q->wait.events = events;
	if (!q->first)
		q->first = p;
	else
		q->last->next = p;
	q->last = p;
	arm(q);
}

/* -- waiting in the thread ------------------------------------------------------------ */

/* A thread that waits for a descriptor, so that it can be woken. */
struct blocked {
	struct file *file;
	uint32_t tid;
	int bell;
	bool cancelled;
	struct blocked *next;
};

static pthread_mutex_t blocked_lock = PTHREAD_MUTEX_INITIALIZER;
static struct blocked *blocked;
static _Thread_local int own_bell = -1;

NTSTATUS
file_wait(struct file *f, int fd, short events, int timeout_ms)
{
	if (own_bell < 0)
		own_bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct blocked b = { f, own_tid(), own_bell, false, NULL };
	pthread_mutex_lock(&blocked_lock);
	b.next = blocked;
	blocked = &b;
	pthread_mutex_unlock(&blocked_lock);
	struct pollfd p[2] = { { fd, events, 0 }, { own_bell, POLLIN, 0 } };
	bool paused = port_pause();
	int n;
	do {
		n = poll(p, own_bell < 0 ? 1 : 2, timeout_ms);
	} while (n < 0 && errno == EINTR && !f->closed);
	port_resume(paused);
	pthread_mutex_lock(&blocked_lock);
	for (struct blocked **q = &blocked; *q; q = &(*q)->next)
		if (*q == &b) {
			*q = b.next;
			break;
		}
	pthread_mutex_unlock(&blocked_lock);
	if (b.cancelled) {
		uint64_t count;
		if (read(own_bell, &count, sizeof count) < 0) {
			/* the bell had no time to ring */
		}
		return STATUS_CANCELLED;
	}
	return n == 0 ? STATUS_TIMEOUT : STATUS_SUCCESS;
}

static bool
wake(const struct file *f, uint32_t tid)
{
	bool found = false;
	pthread_mutex_lock(&blocked_lock);
	for (struct blocked *b = blocked; b; b = b->next)
		if ((!f || b->file == f) && (!tid || b->tid == tid)) {
			b->cancelled = found = true;
			uint64_t one = 1;
			if (write(b->bell, &one, sizeof one) < 0)
				found = false;
		}
	pthread_mutex_unlock(&blocked_lock);
	return found;
}

NTSTATUS
file_cancel_thread(uint32_t tid) { return wake(NULL, tid) ? STATUS_SUCCESS : STATUS_NOT_FOUND; }

/* -- requests ------------------------------------------------------------------- */

static NTSTATUS
transfer(struct file *f, const struct file_request *r, struct file_io *x, bool write)
{
	NTSTATUS (*try)(struct file *, struct file_io *) = write ? f->kind->write : f->kind->read;
	if (!try)
		return STATUS_INVALID_DEVICE_REQUEST;
	if (!f->overlapped) {
		NTSTATUS s;
		x->wait = true;
		while ((s = try(f, x)) == STATUS_PENDING)
			if ((s = file_wait(f, f->fd, write ? POLLOUT : POLLIN, -1)) < 0)
				break;
		return file_at_once(f, r, s, x->done);
	}
	struct file_queue *q = write ? &f->writers : &f->readers;
	if (f->kind == &file_disk) {
		NTSTATUS s = try(f, x); /* before x->done is looked at */
		return file_at_once(f, r, s, x->done);
	}
	pthread_mutex_lock(&f->lock);
	/* behind those who came earlier */
	NTSTATUS s = q->first ? STATUS_PENDING : try(f, x);
	if (s == STATUS_PENDING) {
		struct file_pending *p = file_pend(f, r);
		if (p) {
			p->x = *x;
			enqueue(q, f, p, write ? EPOLLOUT : EPOLLIN | EPOLLRDHUP);
		} else {
			s = STATUS_NO_MEMORY;
		}
		pthread_mutex_unlock(&f->lock);
		return s;
	}
	pthread_mutex_unlock(&f->lock);
	return file_at_once(f, r, s, x->done);
}

NTSTATUS
file_begin_read(struct file *f, const struct file_request *r, void *buf, size_t n, int64_t offset)
{
	struct file_io x = { buf, n, 0, offset, false };
	if (vm_watched)
		(void)vm_touch(buf, n, true);
	return transfer(f, r, &x, false);
}

NTSTATUS
file_begin_write(struct file *f, const struct file_request *r, const void *buf, size_t n,
                 int64_t offset)
{
	struct file_io x = { (char *)(uintptr_t)buf, n, 0, offset, false };
	return transfer(f, r, &x, true);
}

/* -- cancelling ------------------------------------------------------------------- */

static bool
meant(const struct file_pending *p, const struct IO_STATUS_BLOCK *iosb, uint32_t tid)
{
	return (!iosb || p->io.iosb == iosb) && (!tid || p->tid == tid);
}

static void
pull(struct file_queue *q, const struct IO_STATUS_BLOCK *iosb, uint32_t tid,
     struct file_pending **to)
{
	struct file_pending **p = &q->first, *before = NULL;
	while (*p) {
		if (!meant(*p, iosb, tid)) {
			before = *p;
			p = &(*p)->next;
			continue;
		}
		struct file_pending *one = *p;
		*p = one->next;
		one->next = *to;
		*to = one;
	}
	q->last = before;
	if (!q->first && q->armed && reactor_cancel(&q->wait))
		q->armed = false;
}

NTSTATUS
file_cancel(struct file *f, struct IO_STATUS_BLOCK *iosb, uint32_t tid)
{
	struct file_pending *ended = NULL, *other;
	bool found = false;
	pthread_mutex_lock(&f->lock);
	pull(&f->readers, iosb, tid, &ended);
	pull(&f->writers, iosb, tid, &ended);
	pthread_mutex_unlock(&f->lock);
	while (ended) {
		struct file_pending *next = ended->next;
		/* what was written of a message is written */
		file_end(ended, STATUS_CANCELLED, ended->x.done);
		found = true;
		ended = next;
	}
	do {
		pthread_mutex_lock(&f->lock);
		struct file_pending **q = &f->others;
		while (*q && !meant(*q, iosb, tid))
			q = &(*q)->next;
		if ((other = *q))
			*q = other->next;
		pthread_mutex_unlock(&f->lock);
		if (other) {
			found = true;
			other->cancel(other);
		}
	} while (other);
	if (!iosb && wake(f, tid))
		found = true;
	else if (iosb && !f->overlapped && wake(f, tid))
		found = true;
	return found ? STATUS_SUCCESS : STATUS_NOT_FOUND;
}
