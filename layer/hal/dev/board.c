/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/board.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/vec.h"
#include "core/snap.h"

#define CLOCK_TAG  SNAP_TAG('C', 'L', 'C', 'K')
#define DEVICE_TAG SNAP_TAG('D', 'E', 'V', 'C')

struct member {
	const struct device *kind;
	char *name; /* own */
	void *self; /* own, through kind->destroy */
};

struct board_source {
	struct board *board; /* lent */
	int fd;              /* lent, or -1: a timer */
	uint32_t events;     /* that it is looked at for; 0: it is not in the set */
	int64_t at;
	board_fn *fn;
	void *ctx;
	bool removed; /* freed once the thread is not between finding and calling it */
};

struct board {
	struct bus *bus; /* own */
	struct vec members, sources;
	int epoll, event, alarm; /* own; event wakes the thread, alarm is the next timer */
	int64_t alarm_at;        /* what alarm is set to */

	/* guest's time = host's monotonic time - behind while it runs, frozen at rest */
	_Atomic bool running;
	_Atomic int64_t behind, frozen;
	int64_t (*clock)(void *ctx);
	void *clock_ctx;

	pthread_t thread;
	bool started, resting, rested, ending;
	pthread_cond_t changed;

	bool raised;
	enum board_event what;
	int status;
	char sentence[256];
	void (*listen)(void *ctx);
	void *listen_ctx;
};

/* -- time ------------------------------------------------------------------------------------ */

static int64_t
monotonic(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t
board_now(const struct board *b)
{
	if (b->clock)
		return b->clock(b->clock_ctx);
	return atomic_load(&b->running) ? monotonic() - atomic_load(&b->behind)
	                                : atomic_load(&b->frozen);
}

void
board_clock(struct board *b, int64_t (*now)(void *ctx), void *ctx)
{
	b->clock = now;
	b->clock_ctx = ctx;
}

static void
go(struct board *b)
{
	atomic_store(&b->behind, monotonic() - atomic_load(&b->frozen));
	atomic_store(&b->running, true);
}

static void
stand(struct board *b)
{
	if (!atomic_load(&b->running))
		return;
	atomic_store(&b->frozen, monotonic() - atomic_load(&b->behind));
	atomic_store(&b->running, false);
}

/* -- sources ----------------------------------------------------------------------------------- */

int64_t
board_next(const struct board *b)
{
	int64_t at = INT64_MAX;
	for (size_t i = 0; i < b->sources.n; i++) {
		const struct board_source *s = b->sources.p[i];
		if (s->fd < 0 && !s->removed && s->at < at)
			at = s->at;
	}
	return at;
}

/* The next timer rings in epoll, too; with a clock of the processor's, not at all. */
static void
wind(struct board *b)
{
	int64_t at = b->clock || !atomic_load(&b->running) ? INT64_MAX : board_next(b);
	if (at == b->alarm_at)
		return;
	b->alarm_at = at;
	struct itimerspec t = { 0 };
	if (at != INT64_MAX) {
		/* what is negative when the guest has lived for longer than the host is up */
		int64_t behind = atomic_load(&b->behind), host;
		if (__builtin_add_overflow(at, behind, &host))
			host = INT64_MAX;
		if (host < 1)
			host = 1;
		t.it_value.tv_sec = host / 1000000000;
		t.it_value.tv_nsec = host % 1000000000;
	}
	timerfd_settime(b->alarm, TFD_TIMER_ABSTIME, &t, NULL);
}

static struct board_source *
source(struct board *b, int fd, board_fn *fn, void *ctx)
{
	struct board_source *s = xcalloc(1, sizeof *s);
	*s = (struct board_source){ .board = b, .fd = fd, .at = INT64_MAX, .fn = fn, .ctx = ctx };
	vec_push(&b->sources, s);
	return s;
}

struct board_source *
board_fd(struct board *b, int fd, uint32_t events, board_fn *fn, void *ctx)
{
	struct board_source *s = source(b, fd, fn, ctx);
	board_events(s, events);
	return s;
}

void
board_events(struct board_source *s, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = s };
	if (s->fd < 0 || s->events == events)
		return;
	/* Without any event epoll still tells of errors: a source that is not to be looked at
	 * is taken out. */
	int what = !events ? EPOLL_CTL_DEL : s->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
	epoll_ctl(s->board->epoll, what, s->fd, &e);
	s->events = events;
}

struct board_source *
board_timer(struct board *b, board_fn *fn, void *ctx)
{
	return source(b, -1, fn, ctx);
}

void
board_at(struct board_source *s, int64_t at)
{
	s->at = at;
	wind(s->board);
}

void
board_remove(struct board_source *s)
{
	if (!s)
		return;
	board_events(s, 0);
	s->removed = true;
	s->at = INT64_MAX;
	eventfd_write(s->board->event, 1);
}

static void
sweep(struct board *b)
{
	size_t n = 0;
	for (size_t i = 0; i < b->sources.n; i++) {
		struct board_source *s = b->sources.p[i];
		if (s->removed)
			free(s);
		else
			b->sources.p[n++] = s;
	}
	b->sources.n = n;
}

void
board_ring(struct board *b)
{
	int64_t now = board_now(b);
	/* What a timer's function adds has its turn next time. */
	for (size_t i = 0, n = b->sources.n; i < n; i++) {
		struct board_source *s = b->sources.p[i];
		if (s->fd >= 0 || s->removed || s->at > now)
			continue;
		s->at = INT64_MAX;
		s->fn(s->ctx, 0);
	}
}

/* -- the thread ---------------------------------------------------------------------------------- */

static void
turn(struct board *b, const struct epoll_event *e, int n)
{
	for (int i = 0; i < n; i++) {
		struct board_source *s = e[i].data.ptr;
		uint64_t count;
		if (!s) {
			eventfd_read(b->event, &count);
		} else if (e[i].data.ptr == b) {
			if (read(b->alarm, &count, sizeof count) > 0)
				b->alarm_at = INT64_MAX;
		} else if (!s->removed && !b->resting) {
			s->fn(s->ctx, e[i].events);
		}
	}
	if (!b->clock && !b->resting)
		board_ring(b);
	sweep(b);
	wind(b);
}

static void *
thread(void *ctx)
{
	struct board *b = ctx;
	struct epoll_event e[16];
	pthread_mutex_lock(&b->bus->lock);
	while (!b->ending) {
		if (b->resting) {
			b->rested = true;
			pthread_cond_broadcast(&b->changed);
			pthread_cond_wait(&b->changed, &b->bus->lock);
			continue;
		}
		b->rested = false;
		pthread_mutex_unlock(&b->bus->lock);
		int n = epoll_wait(b->epoll, e, sizeof e / sizeof *e, -1);
		pthread_mutex_lock(&b->bus->lock);
		turn(b, e, n);
	}
	pthread_mutex_unlock(&b->bus->lock);
	return NULL;
}

void
board_rest(struct board *b)
{
	pthread_mutex_lock(&b->bus->lock);
	b->resting = true;
	eventfd_write(b->event, 1);
	while (b->started && !b->rested)
		pthread_cond_wait(&b->changed, &b->bus->lock);
	stand(b);
	wind(b);
	pthread_mutex_unlock(&b->bus->lock);
	for (size_t i = 0; i < b->members.n; i++) {
		const struct member *m = b->members.p[i];
		if (m->kind->rest)
			m->kind->rest(m->self);
	}
}

void
board_wake(struct board *b)
{
	if (atomic_load(&b->running))
		return;
	pthread_mutex_lock(&b->bus->lock);
	go(b);
	b->resting = b->rested = false;
	b->alarm_at = -1;
	wind(b);
	if (!b->started)
		b->started = pthread_create(&b->thread, NULL, thread, b) == 0;
	pthread_cond_broadcast(&b->changed);
	pthread_mutex_unlock(&b->bus->lock);
	for (size_t i = 0; i < b->members.n; i++) {
		const struct member *m = b->members.p[i];
		if (m->kind->wake)
			m->kind->wake(m->self);
	}
}

/* -- its life ----------------------------------------------------------------------------------------- */

static int
watch(struct board *b, int fd, void *tag)
{
	return fd < 0 ? -1
	              : epoll_ctl(b->epoll, EPOLL_CTL_ADD, fd,
	                          &(struct epoll_event){ .events = EPOLLIN, .data.ptr = tag });
}

struct board *
board_new(uint64_t ram_start, uint64_t ram_size, struct err *e)
{
	struct bus *bus = bus_new(ram_start, ram_size, e);
	if (!bus)
		return NULL;
	struct board *b = xcalloc(1, sizeof *b);
	b->bus = bus;
	b->resting = true;
	b->alarm_at = INT64_MAX;
	pthread_cond_init(&b->changed, NULL);
	b->epoll = epoll_create1(EPOLL_CLOEXEC);
	b->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	b->alarm = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (b->epoll < 0 || watch(b, b->event, NULL) < 0 || watch(b, b->alarm, b) < 0) {
		fail(e, errno, "a computer cannot be made: %s", strerror(errno));
		board_free(b);
		return NULL;
	}
	return b;
}

void
board_free(struct board *b)
{
	if (!b)
		return;
	if (b->started) {
		pthread_mutex_lock(&b->bus->lock);
		b->ending = true;
		pthread_cond_broadcast(&b->changed);
		pthread_mutex_unlock(&b->bus->lock);
		eventfd_write(b->event, 1);
		pthread_join(b->thread, NULL);
	}
	for (size_t i = b->members.n; i-- > 0;) {
		struct member *m = b->members.p[i];
		if (m->kind->destroy)
			m->kind->destroy(m->self);
		free(m->name);
		free(m);
	}
	for (size_t i = 0; i < b->sources.n; i++)
		free(b->sources.p[i]);
	vec_free(&b->members);
	vec_free(&b->sources);
	if (b->epoll >= 0)
		close(b->epoll);
	if (b->event >= 0)
		close(b->event);
	if (b->alarm >= 0)
		close(b->alarm);
	pthread_cond_destroy(&b->changed);
	bus_free(b->bus);
	free(b);
}

struct bus *
board_bus(const struct board *b)
{
	return b->bus;
}

void
board_add(struct board *b, const struct device *d, const char *name, void *self)
{
	struct member *m = xmalloc(sizeof *m);
	*m = (struct member){ d, xstrdup(name), self };
	vec_push(&b->members, m);
}

void
board_reset(struct board *b)
{
	pthread_mutex_lock(&b->bus->lock);
	for (size_t i = 0; i < b->members.n; i++) {
		const struct member *m = b->members.p[i];
		if (m->kind->reset)
			m->kind->reset(m->self);
	}
	pthread_mutex_unlock(&b->bus->lock);
}

/* -- snapshots --------------------------------------------------------------------------------------------- */

static void
put_name(struct buf *b, const char *s)
{
	buf_u8(b, (uint8_t)strlen(s));
	buf_put(b, s, strlen(s));
}

static int
save_member(const struct member *m, struct snap *s, struct err *e)
{
	static const struct field none[] = { { NULL, FIELD_U8, 0, 0 } };
	struct buf b = { 0 };
	put_name(&b, m->name);
	put_name(&b, m->kind->type);
	field_save(&b, m->kind->fields ? m->kind->fields : none, m->self);
	int rc = snap_put_buf(s, DEVICE_TAG, &b, e);
	buf_free(&b);
	return rc < 0 || !m->kind->save ? rc : m->kind->save(m->self, s, e);
}

int
board_save(struct board *b, struct snap *s, struct err *e)
{
	struct buf c = { 0 };
	buf_u64(&c, (uint64_t)board_now(b));
	buf_u32(&c, (uint32_t)b->members.n);
	int rc = snap_put_buf(s, CLOCK_TAG, &c, e);
	buf_free(&c);
	pthread_mutex_lock(&b->bus->lock);
	for (size_t i = 0; rc == 0 && i < b->members.n; i++)
		rc = save_member(b->members.p[i], s, e);
	pthread_mutex_unlock(&b->bus->lock);
	return rc;
}

static bool
is_named(struct cur *c, const char *name)
{
	size_t n = cur_u8(c);
	const uint8_t *p = cur_bytes(c, n);
	return p && n == strlen(name) && memcmp(p, name, n) == 0;
}

static int
load_member(const struct member *m, struct snap *s, struct err *e)
{
	static const struct field none[] = { { NULL, FIELD_U8, 0, 0 } };
	struct cur c;
	if (snap_get(s, DEVICE_TAG, &c, e) < 0)
		return -1;
	if (!is_named(&c, m->name) || !is_named(&c, m->kind->type)) {
		fail(e, EBADMSG, "the snapshot is of a computer with other devices: no %s",
		     m->name);
		return err_hint(e, "restore it with the flags that its machine was made with");
	}
	if (field_load(&c, m->kind->fields ? m->kind->fields : none, m->self, m->name, e) < 0)
		return -1;
	return m->kind->load ? m->kind->load(m->self, s, e) : 0;
}

int
board_load(struct board *b, struct snap *s, struct err *e)
{
	struct cur c;
	if (snap_get(s, CLOCK_TAG, &c, e) < 0)
		return -1;
	int64_t now = (int64_t)cur_u64(&c);
	uint32_t n = cur_u32(&c);
	if (c.bad || now < 0 || now > BOARD_OLDEST) {
		fail(e, EBADMSG, "the snapshot's clock is damaged");
		return err_hint(e, "use another one: joist snaps");
	}
	if (n != b->members.n) {
		fail(e, EBADMSG, "the snapshot is of a computer with %u devices, this one has %zu",
		     n, b->members.n);
		return err_hint(e, "restore it with the flags that its machine was made with");
	}
	atomic_store(&b->frozen, now);
	int rc = 0;
	pthread_mutex_lock(&b->bus->lock);
	for (size_t i = 0; rc == 0 && i < b->members.n; i++)
		rc = load_member(b->members.p[i], s, e);
	for (size_t i = 0; rc == 0 && i < b->members.n; i++) {
		const struct member *m = b->members.p[i];
		if (m->kind->loaded)
			m->kind->loaded(m->self);
	}
	pthread_mutex_unlock(&b->bus->lock);
	return rc;
}

json_t *
board_inspect(struct board *b)
{
	json_t *all = json_object();
	pthread_mutex_lock(&b->bus->lock);
	for (size_t i = 0; i < b->members.n; i++) {
		const struct member *m = b->members.p[i];
		json_t *o = m->kind->fields ? field_json(m->kind->fields, m->self) : json_object();
		if (m->kind->inspect) {
			json_t *more = m->kind->inspect(m->self);
			json_object_update(o, more);
			json_decref(more);
		}
		json_object_set_new(o, "type", json_string(m->kind->type));
		json_object_set_new(all, m->name, o);
	}
	pthread_mutex_unlock(&b->bus->lock);
	return all;
}

/* -- news for the whole machine -------------------------------------------------------------------------------- */

void
board_raise(struct board *b, enum board_event what, int status, const char *sentence)
{
	bool first = !b->raised || (b->what == BOARD_STUCK && what != BOARD_STUCK);
	if (first) {
		b->raised = true;
		b->what = what;
		b->status = status;
		snprintf(b->sentence, sizeof b->sentence, "%s", sentence ? sentence : "");
	}
	if (first && b->listen)
		b->listen(b->listen_ctx);
}

void
board_listen(struct board *b, void (*fn)(void *ctx), void *ctx)
{
	b->listen = fn;
	b->listen_ctx = ctx;
}

bool
board_raised(struct board *b, enum board_event *what, int *status, struct err *e)
{
	pthread_mutex_lock(&b->bus->lock);
	bool raised = b->raised;
	b->raised = false;
	if (raised) {
		*what = b->what;
		*status = b->status;
		if (b->sentence[0])
			fail(e, EIO, "%s", b->sentence);
	}
	pthread_mutex_unlock(&b->bus->lock);
	return raised;
}
