/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "layer/lang/store.h"

/* Linear memories.  Address space is reserved for all that a memory may become, so
 * that it grows in place, and for a 32-bit one for all that an instruction can name
 * (4 GiB of address and 4 GiB of offset): code without checks could rely on that, the
 * interpreter does not.  Where address space is short the reservation is smaller, down
 * to the size itself, and growing may move it. */

#define GIB ((uint64_t)1 << 30)

static size_t
page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static uint64_t
rounded(uint64_t n)
{
	uint64_t p = page();
	return n > UINT64_MAX - p ? n : (n + p - 1) & ~(p - 1);
}

/* The most pages it may ever have: of one byte, 2^32 would have no number in i32. */
static uint64_t
most(const struct limits *l)
{
	uint64_t hard = l->is64 ? ((uint64_t)1 << 46) >> l->page : (4 * GIB - !l->page) >> l->page;
	return l->has_max && l->max < hard ? l->max : hard;
}

static uint64_t
most_bytes(const struct limits *l)
{
	return rounded(most(l) << l->page);
}

/* More bytes out of what the store may have; false: that is beyond it. */
static bool
take_bytes(struct wasm_store *s, uint64_t n)
{
	uint64_t used = atomic_load(&s->memory_used);
	do
		if (n > s->limits.memory || used > s->limits.memory - n)
			return false;
	while (!atomic_compare_exchange_weak(&s->memory_used, &used, used + n));
	return true;
}

static uint8_t *
reserve(uint64_t n)
{
	void *p = mmap(NULL, n, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

static bool
take_space(struct memory *m, uint64_t size)
{
	uint64_t max = most_bytes(&m->limits), now = rounded(size);
	/* A shared memory cannot move; any other need not have room for all that it might be. */
	uint64_t ample = max > 64 * GIB && !m->limits.shared ? now + 64 * GIB : max;
	uint64_t want[] = { 8 * GIB + page(), ample + page(), now + 64 * 1024 * 1024,
		            now + page() };
	unsigned first = m->limits.is64 || max < GIB ? 1 : 0;
	for (unsigned i = first; i < 4; i++) {
		if (m->limits.shared && want[i] < max)
			break;
		m->base = reserve(want[i]);
		if (m->base) {
			m->reserved = want[i];
			return true;
		}
	}
	return false;
}

struct memory *
memory_new(struct wasm_store *s, const struct limits *l, struct err *e)
{
	unsigned long long pages = l->min;
	uint64_t size = l->min << l->page;
	if (l->min > most(l) || !take_bytes(s, size)) {
		fail(e, ENOMEM, "a memory of %llu pages is beyond the limit", pages);
		return NULL;
	}
	struct memory *m = xcalloc(1, sizeof *m);
	m->limits = *l;
	if (!take_space(m, size)) {
		fail(e, ENOMEM, "no address space for a memory of %llu pages", pages);
		goto give_back;
	}
	if (size && mprotect(m->base, rounded(size), PROT_READ | PROT_WRITE) < 0) {
		fail(e, errno, "no memory of %llu pages: %s", pages, strerror(errno));
		goto unmap;
	}
	atomic_store(&m->size, size);
	pthread_mutex_init(&m->lock, NULL);
	store_add(s, &s->memory, m, &m->number);
	return m;
unmap:
	munmap(m->base, m->reserved);
give_back:
	atomic_fetch_sub(&s->memory_used, size);
	free(m);
	return NULL;
}

void
memory_free(struct memory *m)
{
	if (!m)
		return;
	munmap(m->base, m->reserved);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

uint64_t
memory_pages(const struct memory *m)
{
	return atomic_load(&m->size) >> m->limits.page;
}

/* A copy of the pages in use in a reservation elsewhere. */
static bool
copy(struct memory *m, uint64_t now, uint64_t reserved)
{
	uint8_t *to = reserve(reserved);
	if (!to)
		return false;
	if (mprotect(to, now, PROT_READ | PROT_WRITE) < 0) {
		munmap(to, reserved);
		return false;
	}
	memcpy(to, m->base, now);
	munmap(m->base, m->reserved);
	m->base = to;
	m->reserved = reserved;
	return true;
}

/* A reservation that is too small: a bigger one elsewhere, with the same pages. */
static bool
move(struct memory *m, uint64_t now, uint64_t size)
{
	if (m->limits.shared)
		return false;
	/* One mapping can go where there is room, which takes no more address space than
	 * what is new.  Pages that come from a file (link.c) are a mapping of their own;
	 * then it is a copy, with room to spare for the next time. */
	munmap(m->base + now, m->reserved - now);
	m->reserved = now;
	void *p = now ? mremap(m->base, now, size, MREMAP_MAYMOVE) : MAP_FAILED;
	if (p == MAP_FAILED)
		return copy(m, now, rounded(size + size / 2)) || copy(m, now, size);
	m->base = p;
	m->reserved = size;
	return true;
}

static uint64_t
grow(struct wasm_store *s, struct memory *m, uint64_t pages)
{
	uint64_t was = atomic_load(&m->size), old = was >> m->limits.page;
	if (pages > most(&m->limits) - old)
		return UINT64_MAX;
	uint64_t more = pages << m->limits.page, now = rounded(was), size = rounded(was + more);
	if (!take_bytes(s, more))
		return UINT64_MAX;
	if ((size > m->reserved && !move(m, now, size)) ||
	    (size > now && mprotect(m->base + now, size - now, PROT_READ | PROT_WRITE) < 0)) {
		atomic_fetch_sub(&s->memory_used, more);
		return UINT64_MAX;
	}
	atomic_store(&m->size, was + more);
	return old;
}

uint64_t
memory_grow(struct wasm_store *s, struct memory *m, uint64_t pages)
{
	pthread_mutex_lock(&m->lock);
	uint64_t old = grow(s, m, pages);
	pthread_mutex_unlock(&m->lock);
	return old;
}

/* -- waiting (proposal threads) ------------------------------------------------------------ */

struct waiter {
	struct waiter *next;
	struct thread *thread;
	uint64_t address;
	pthread_cond_t woken;
	bool done;
};

static void
leave(struct memory *m, struct waiter *w)
{
	for (struct waiter **p = &m->waiters; *p; p = &(*p)->next)
		if (*p == w) {
			*p = w->next;
			return;
		}
}

uint32_t
memory_notify(struct memory *m, uint64_t address, uint32_t count)
{
	uint32_t n = 0;
	pthread_mutex_lock(&m->lock);
	for (struct waiter *w = m->waiters, *next; w && n < count; w = next) {
		next = w->next;
		if (w->address != address)
			continue;
		leave(m, w);
		w->done = true;
		pthread_cond_signal(&w->woken);
		n++;
	}
	pthread_mutex_unlock(&m->lock);
	return n;
}

static void
deadline(struct timespec *t, int64_t ns)
{
	clock_gettime(CLOCK_MONOTONIC, t);
	t->tv_sec += ns / 1000000000;
	t->tv_nsec += ns % 1000000000;
	if (t->tv_nsec >= 1000000000) {
		t->tv_nsec -= 1000000000;
		t->tv_sec++;
	}
}

static void
make_cond(pthread_cond_t *c)
{
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(c, &attr);
	pthread_condattr_destroy(&attr);
}

static uint64_t
value(const struct memory *m, uint64_t address, int bytes)
{
	const uint8_t *p = m->base + address;
	return bytes == 4 ? __atomic_load_n((const uint32_t *)(const void *)p, __ATOMIC_SEQ_CST)
	                  : __atomic_load_n((const uint64_t *)(const void *)p, __ATOMIC_SEQ_CST);
}

int
memory_wait(struct thread *t, struct memory *m, uint64_t address, uint64_t expected, int bytes,
            int64_t ns)
{
	struct timespec until = { 0 };
	/* A wait that was kicked goes on with what is left of its time.  It compares again:
	 * who changed the value meanwhile found nobody to wake. */
	if (t->wait_until.tv_sec)
		until = t->wait_until;
	else if (ns >= 0)
		deadline(&until, ns);
	pthread_mutex_lock(&m->lock);
	if (value(m, address, bytes) != expected) {
		pthread_mutex_unlock(&m->lock);
		t->wait_until = (struct timespec){ 0 };
		return 1;
	}
	struct waiter w = { .thread = t, .address = address }, **end = &m->waiters;
	make_cond(&w.woken);
	while (*end)
		end = &(*end)->next;
	*end = &w;
	/* Before we look at t->pending: who sets that looks here behind it. */
	atomic_store(&t->waits_on, m);
	int r = 0;
	while (!w.done && r == 0) {
		if (atomic_load(&t->pending))
			r = 3;
		else if (ns < 0)
			pthread_cond_wait(&w.woken, &m->lock);
		else if (pthread_cond_timedwait(&w.woken, &m->lock, &until) == ETIMEDOUT)
			r = 2;
	}
	if (w.done)
		r = 0;
	else
		leave(m, &w);
	atomic_store(&t->waits_on, NULL);
	pthread_mutex_unlock(&m->lock);
	pthread_cond_destroy(&w.woken);
	t->wait_until = r == 3 && ns >= 0 ? until : (struct timespec){ 0 };
	return r;
}

void
memory_wake_thread(struct thread *t)
{
	struct memory *m = atomic_load(&t->waits_on);
	if (!m)
		return;
	pthread_mutex_lock(&m->lock);
	for (struct waiter *w = m->waiters; w; w = w->next)
		if (w->thread == t)
			pthread_cond_signal(&w->woken);
	pthread_mutex_unlock(&m->lock);
}
