/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/wasi/inner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/arena.h"
#include "layer/lang/wasi/wasi.h"

/* A program gets no memory of ours for nothing. */
enum { SUBSCRIPTIONS = 1 << 20 };
enum { CLOCK, READ, WRITE };
enum { SUBSCRIPTION = 48, SUBSCRIPTION_UNSTABLE = 56, EVENT = 32 };
enum { ABSTIME = 1, HANGUP = 1 };

struct sub {
	uint64_t userdata;
	int error; /* known at once */
	uint8_t what;
	bool realtime;     /* a clock: which */
	uint64_t deadline; /* of its clock */
	uint32_t fd, at;   /* a descriptor: where it is in the poll's list */
};

struct poll {
	struct sub *sub; /* own */
	uint32_t n;
	struct wasi_file **file; /* own, each held: those that are waited for */
	struct pollfd *fd;       /* own: beside them */
	uint32_t nfile, cap;
};

static void
poll_free(struct poll *p)
{
	for (uint32_t i = 0; i < p->nfile; i++)
		wasi_file_put(p->file[i]);
	free(p->file);
	free(p->fd);
	free(p->sub);
}

/* -- reading what is asked for ------------------------------------------------------- */

/* The descriptor in the list, once however often it is asked for: the kernel
 * takes no longer list than there may be open files. */
static uint32_t
place(struct poll *p, uint32_t *seen, size_t nseen, uint32_t fd, struct wasi_file *f, short events)
{
	uint32_t i = fd < nseen ? seen[fd] : 0;
	if (i && p->file[i - 1] == f) {
		wasi_file_put(f);
	} else {
		if (p->nfile == p->cap) {
			p->cap = p->cap ? p->cap * 2 : 8;
			p->file = xrealloc(p->file, p->cap * sizeof(struct wasi_file *));
			p->fd = xrealloc(p->fd, p->cap * sizeof *p->fd);
		}
		i = ++p->nfile;
		p->file[i - 1] = f;
		p->fd[i - 1] = (struct pollfd){ .fd = f->fd };
		if (fd < nseen)
			seen[fd] = i;
	}
	p->fd[i - 1].events |= events;
	return i - 1;
}

static void
ask_clock(struct wasi_call *c, struct sub *s, const uint8_t *q, uint64_t since)
{
	/* snapshot 0 has a name of its own for each clock before the rest */
	q += c->unstable ? 8 : 0;
	uint32_t id = (uint32_t)wasi_get_le(q, 4), flags = (uint32_t)wasi_get_le(q + 24, 2);
	uint64_t timeout = wasi_get_le(q + 8, 8);
	if (id > 3 || flags & ~(uint32_t)ABSTIME)
		s->error = EINVAL;
	else if (id > 1 || (flags & ABSTIME && !c->w->clocks))
		s->error = EOPNOTSUPP;
	if (flags & ABSTIME) {
		s->realtime = id == 0;
		s->deadline = timeout;
	} else {
		/* From now on is the same on both clocks, and this one is never set. */
		s->deadline = timeout > UINT64_MAX - since ? UINT64_MAX : since + timeout;
	}
}

static int
ask(struct wasi_call *c, struct poll *p, const uint8_t *in, uint64_t since)
{
	struct wasi *w = c->w;
	size_t size = c->unstable ? SUBSCRIPTION_UNSTABLE : SUBSCRIPTION;
	pthread_mutex_lock(&w->lock);
	size_t nseen = w->nfile;
	pthread_mutex_unlock(&w->lock);
	uint32_t *seen = xcalloc(nseen ? nseen : 1, sizeof *seen);
	int r = 0;
	for (uint32_t i = 0; i < p->n && !r; i++, in += size) {
		struct sub *s = &p->sub[i];
		uint8_t q[SUBSCRIPTION_UNSTABLE];
		memcpy(q, in, size);
		*s = (struct sub){ .userdata = wasi_get_le(q, 8), .what = q[8], .at = UINT32_MAX };
		if (s->what > WRITE) {
			r = EINVAL;
		} else if (s->what == CLOCK) {
			ask_clock(c, s, q + 16, since);
		} else {
			uint64_t right = RIGHT_(POLL_FD_READWRITE) |
			                 (s->what == READ ? RIGHT_(FD_READ) : RIGHT_(FD_WRITE));
			s->fd = (uint32_t)wasi_get_le(q + 16, 4);
			struct wasi_file *f = wasi_file_ref(w, s->fd);
			/* Who listens may wait for callers; it is not read. */
			if (f && f->kind == KIND_LISTENER)
				right = RIGHT_(POLL_FD_READWRITE);
			if (!f || (f->base & right) != right) {
				s->error = f ? ENOTCAPABLE : EBADF;
				wasi_file_put(f);
				continue;
			}
			s->at = place(p, seen, nseen, s->fd, f, s->what == READ ? POLLIN : POLLOUT);
		}
	}
	free(seen);
	return r;
}

/* -- saying what happened --------------------------------------------------------------- */

static uint64_t
bytes(const struct wasi_file *f, uint8_t what)
{
	struct stat st;
	int n = 0;
	if (what == WRITE)
		return PIPE_BUF; /* as many as POLLOUT promises */
	if (f->kind == KIND_LISTENER)
		return 0;
	if (f->type == TYPE_REGULAR) {
		off_t at = lseek(f->fd, 0, SEEK_CUR);
		return at >= 0 && fstat(f->fd, &st) == 0 && st.st_size > at
		               ? (uint64_t)(st.st_size - at)
		               : 0;
	}
	return ioctl(f->fd, FIONREAD, &n) == 0 && n > 0 ? (uint64_t)n : 0;
}

/* Its event when it is ready. */
static bool
event(struct wasi_call *c, const struct poll *p, const struct sub *s, uint8_t to[EVENT])
{
	memset(to, 0, EVENT);
	wasi_put64(to, s->userdata);
	to[10] = s->what;
	if (s->error) {
		wasi_put16(to + 8, (uint16_t)wasi_errno(s->error));
		return true;
	}
	if (s->what == CLOCK)
		return wasi_clock_now(c->w, s->realtime) >= s->deadline;
	short ready = p->fd[s->at].revents, end = POLLHUP | POLLERR | POLLNVAL;
	if (!(ready & ((s->what == READ ? POLLIN : POLLOUT) | end)))
		return false;
	wasi_put64(to + 16, bytes(p->file[s->at], s->what));
	wasi_put16(to + 24, ready & (POLLHUP | POLLERR) ? HANGUP : 0);
	return true;
}

/* Nanoseconds until a clock may have something to say; 0 when there is something
 * already, -1 for ever. */
static int64_t
until(struct wasi_call *c, const struct poll *p)
{
	uint64_t least = UINT64_MAX;
	for (uint32_t i = 0; i < p->n; i++) {
		const struct sub *s = &p->sub[i];
		if (s->error)
			return 0;
		if (s->what != CLOCK)
			continue;
		uint64_t now = wasi_clock_now(c->w, s->realtime);
		uint64_t left = s->deadline > now ? s->deadline - now : 0;
		/* Whoever sets the host's clock does not wake us: look again. */
		if (s->realtime && left > 1000000000)
			left = 1000000000;
		if (left < least)
			least = left;
	}
	return least == UINT64_MAX ? -1 : least > INT64_MAX ? INT64_MAX : (int64_t)least;
}

/* -- when it is called again --------------------------------------------------------------- */

/* Since when this very call has been waiting.  It ends when the answer is not AGAIN. */
static uint64_t
since(struct wasi_call *c, const uint64_t *a)
{
	struct wasi *w = c->w;
	uint64_t now = wasi_clock_now(w, false);
	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < w->nsleep; i++) {
		struct wasi_sleep *s = &w->sleep[i];
		if (s->thread == c->t->number) {
			if (s->in == (uint32_t)a[0] && s->out == (uint32_t)a[1] &&
			    s->n == (uint32_t)a[2])
				now = s->since;
			/* This is what it waits for now, or nothing. */
			*s = w->sleep[--w->nsleep];
			break;
		}
	}
	pthread_mutex_unlock(&w->lock);
	return now;
}

static void
remember(struct wasi_call *c, const uint64_t *a, uint64_t begin)
{
	struct wasi *w = c->w;
	pthread_mutex_lock(&w->lock);
	w->sleep = xrealloc(w->sleep, (w->nsleep + 1) * sizeof *w->sleep);
	w->sleep[w->nsleep++] = (struct wasi_sleep){ .thread = c->t->number,
		                                     .in = (uint32_t)a[0],
		                                     .out = (uint32_t)a[1],
		                                     .n = (uint32_t)a[2],
		                                     .since = begin };
	pthread_mutex_unlock(&w->lock);
}

/* Until there is an event; nothing of the program's memory is touched before, for
 * its events may go where its subscriptions stand.  How many in *n, each at `out`. */
static int
wait_for(struct wasi_call *c, struct poll *p, uint8_t *out, uint32_t *n)
{
	for (*n = 0;;) {
		int ready, r = wasi_wait(c, p->fd, p->nfile, until(c, p), &ready);
		if (r && r != EINTR)
			return r;
		if (r == EINTR)
			for (uint32_t i = 0; i < p->nfile; i++)
				p->fd[i].revents = 0;
		uint8_t one[EVENT];
		for (uint32_t i = 0; i < p->n; i++)
			if (event(c, p, &p->sub[i], one))
				memcpy(out + (size_t)(*n)++ * EVENT, one, EVENT);
		if (*n)
			return 0;
	}
}

/* subscriptions, where to put events, how many subscriptions, where to say how many
 * events */
int
wasi_poll_oneoff(struct wasi_call *c, const uint64_t *a)
{
	struct poll p = { .n = (uint32_t)a[2] };
	uint32_t n;
	size_t size = c->unstable ? SUBSCRIPTION_UNSTABLE : SUBSCRIPTION;
	const uint8_t *in = wasi_mem(c, a[0], (uint64_t)p.n * size);
	uint8_t *out = wasi_mem(c, a[1], (uint64_t)p.n * EVENT), *said = wasi_mem(c, a[3], 4);
	if (!in || !out || !said)
		return EFAULT;
	if (!p.n || p.n > SUBSCRIPTIONS)
		return EINVAL;
	p.sub = calloc(p.n, sizeof *p.sub);
	if (!p.sub)
		return ENOMEM;
	uint64_t begin = since(c, a);
	int r = ask(c, &p, in, begin);
	if (!r)
		r = wait_for(c, &p, out, &n);
	if (r == WASI_AGAIN)
		remember(c, a, begin);
	else if (!r)
		wasi_put32(said, n);
	poll_free(&p);
	return r;
}
