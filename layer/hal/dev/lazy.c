/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/lazy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"

enum {
	PAGE = PAGES_SIZE,
	GAP = 512,  /* pages of zeros that are not worth a piece of their own */
	ZEROS = 32, /* as many are made at once */
	STACK = 128 << 10,
};

struct lazy {
	struct bus *bus;
	struct pages *pages; /* own */
	uint64_t count;
	int faults, stop; /* own */
	pthread_t thread;
	void (*damaged)(void *ctx);
	void *ctx;
	_Atomic bool failed;
	struct err err; /* when failed */

	pthread_mutex_t lock; /* what follows, and who puts or discards pages */
	uint8_t *gone;        /* own: a bit per page: discarded */
	int64_t frame;        /* the one that is in `bytes`, or -1 */
	uint32_t number[PAGES_FRAME];
	unsigned n;
	uint8_t bytes[PAGES_FRAME * PAGES_SIZE];
};

static bool
is_gone(const struct lazy *l, uint64_t page)
{
	return l->gone[page / 8] >> page % 8 & 1;
}

/* -- putting pages: lock held -------------------------------------------------------------- */

static int
copy(const struct lazy *l, uint64_t page, const uint8_t *from, uint64_t n)
{
	struct uffdio_copy c = { .dst = (uintptr_t)l->bus->ram + page * PAGE,
		                 .src = (uintptr_t)from,
		                 .len = n * PAGE };
	return ioctl(l->faults, UFFDIO_COPY, &c);
}

/* Pages that are here already stay as they are. */
static void
put(const struct lazy *l, uint64_t page, const uint8_t *from, uint64_t n)
{
	if (copy(l, page, from, n) == 0)
		return;
	for (uint64_t i = 0; i < n; i++)
		while (copy(l, page + i, from + i * PAGE, 1) < 0 && errno == EAGAIN)
			;
}

static void
put_zeros(const struct lazy *l, uint64_t page, uint64_t n)
{
	struct uffdio_zeropage z = { .range = { (uintptr_t)l->bus->ram + page * PAGE, n * PAGE } };
	if (ioctl(l->faults, UFFDIO_ZEROPAGE, &z) == 0)
		return;
	for (uint64_t i = 0; i < n; i++) {
		z.range.start = (uintptr_t)l->bus->ram + (page + i) * PAGE;
		z.range.len = PAGE;
		while (ioctl(l->faults, UFFDIO_ZEROPAGE, &z) < 0 && errno == EAGAIN)
			;
	}
}

static void
put_frame(const struct lazy *l)
{
	for (unsigned i = 0, k; i < l->n; i = k) {
		for (k = i; k < l->n && !is_gone(l, l->number[k]) &&
		            l->number[k] == l->number[i] + (k - i);)
			k++;
		if (k > i)
			put(l, l->number[i], l->bytes + (size_t)i * PAGE, k - i);
		else
			k++;
	}
}

static bool
read_frame(struct lazy *l, int64_t frame)
{
	struct err e = { 0 };
	if (l->frame == frame)
		return true;
	l->frame = -1;
	if (pages_read(l->pages, (uint64_t)frame, l->bytes, l->number, &l->n, &e) < 0) {
		if (!atomic_load(&l->failed)) {
			l->err = e;
			atomic_store(&l->failed, true);
			l->damaged(l->ctx);
		}
		return false;
	}
	l->frame = frame;
	return true;
}

static int64_t
frame_of(const struct lazy *l, uint64_t page, unsigned *place)
{
	return is_gone(l, page) ? -1 : pages_frame(l->pages, page, place);
}

static void
bring(struct lazy *l, uint64_t page)
{
	unsigned place = 0, other;
	int64_t frame = frame_of(l, page, &place);
	uint64_t n = 1;
	if (frame < 0) {
		while (n < ZEROS && page + n < l->count && frame_of(l, page + n, &other) < 0)
			n++;
		put_zeros(l, page, n);
	} else if (!read_frame(l, frame)) {
		put_zeros(l, page, 1);
	} else {
		if (l->number[place] != page)
			put(l, page, l->bytes + (size_t)place * PAGE, 1);
		put_frame(l);
	}
	struct uffdio_range woken = { (uintptr_t)l->bus->ram + page * PAGE, PAGE };
	ioctl(l->faults, UFFDIO_WAKE, &woken);
}

/* -- the thread ----------------------------------------------------------------------------- */

static void *
serve(void *ctx)
{
	struct lazy *l = ctx;
	struct pollfd p[] = { { l->faults, POLLIN, 0 }, { l->stop, POLLIN, 0 } };
	struct uffd_msg m;
	while (poll(p, 2, -1) >= 0 || errno == EINTR) {
		if (p[1].revents)
			break;
		if (read(l->faults, &m, sizeof m) != sizeof m || m.event != UFFD_EVENT_PAGEFAULT)
			continue;
		pthread_mutex_lock(&l->lock);
		bring(l, (m.arg.pagefault.address - (uintptr_t)l->bus->ram) / PAGE);
		pthread_mutex_unlock(&l->lock);
	}
	return NULL;
}

/* -- beginning and end ------------------------------------------------------------------------ */

static int
open_faults(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	long fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
	if (fd >= 0 && ioctl((int)fd, UFFDIO_API, &api) < 0) {
		close((int)fd);
		return -1;
	}
	return (int)fd;
}

static bool
watch(const struct lazy *l, uint64_t first, uint64_t n)
{
	struct uffdio_register r = {
		.range = { (uintptr_t)l->bus->ram + first * PAGE, n * PAGE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	return ioctl(l->faults, UFFDIO_REGISTER, &r) == 0;
}

/* Only where there is something: all else is ordinary memory. */
static bool
watch_all(const struct lazy *l)
{
	unsigned place;
	uint64_t first = 0, end = 0;
	bool ok = true;
	for (uint64_t i = 0; ok && i < l->count; i++) {
		if (pages_frame(l->pages, i, &place) < 0)
			continue;
		if (end && i > end + GAP) {
			ok = watch(l, first, end - first);
			first = i;
		}
		if (!end)
			first = i;
		end = i + 1;
	}
	return ok && (!end || watch(l, first, end - first));
}

static void
forget(struct lazy *l)
{
	if (l->faults >= 0)
		close(l->faults);
	if (l->stop >= 0)
		close(l->stop);
	pthread_mutex_destroy(&l->lock);
	free(l->gone);
	free(l);
}

bool
lazy_begin(struct bus *b, struct pages *p, void (*damaged)(void *ctx), void *ctx)
{
	pthread_attr_t attr;
	struct lazy *l = xcalloc(1, sizeof *l);
	l->bus = b;
	l->pages = p;
	l->count = pages_count(p);
	l->damaged = damaged;
	l->ctx = ctx;
	l->frame = -1;
	l->gone = xcalloc(l->count / 8 + 1, 1);
	pthread_mutex_init(&l->lock, NULL);
	l->faults = open_faults();
	l->stop = eventfd(0, EFD_CLOEXEC);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	bool ok = l->faults >= 0 && l->stop >= 0 && watch_all(l) &&
	          pthread_create(&l->thread, &attr, serve, l) == 0;
	pthread_attr_destroy(&attr);
	if (!ok) {
		forget(l);
		return false;
	}
	b->lazy = l;
	return true;
}

void
lazy_end(struct bus *b)
{
	struct lazy *l = b->lazy;
	uint64_t one = 1;
	if (!l)
		return;
	b->lazy = NULL;
	ssize_t put = write(l->stop, &one, sizeof one);
	(void)put;
	pthread_join(l->thread, NULL);
	pages_close(l->pages);
	forget(l);
}

int
lazy_error(struct lazy *l, struct err *e)
{
	if (!l || !atomic_load(&l->failed))
		return 0;
	*e = l->err;
	return -1;
}

int
lazy_discard(struct lazy *l, uint64_t at, uint64_t n)
{
	pthread_mutex_lock(&l->lock);
	for (uint64_t i = at / PAGE; i < (at + n) / PAGE && i < l->count; i++)
		l->gone[i / 8] |= (uint8_t)(1 << i % 8);
	int rc = madvise(l->bus->ram + at, n, MADV_DONTNEED);
	pthread_mutex_unlock(&l->lock);
	return rc;
}
