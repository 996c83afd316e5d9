/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "layer/lang/store.h"

enum { PAGE = 1 << 16 };
#define MIB  ((uint64_t)1 << 20)
#define FULL UINT64_MAX

static struct limits
pages(uint64_t min, uint64_t max)
{
	return (struct limits){ .min = min, .max = max, .has_max = max != FULL, .page = 16 };
}

static struct memory *
made(struct wasm_store *s, struct limits l)
{
	struct err e = { 0 };
	struct memory *m = memory_new(s, &l, &e);
	if (!m)
		fail_msg("%s", e.what);
	return m;
}

static bool
all(const uint8_t *p, size_t n, uint8_t v)
{
	while (n--)
		if (*p++ != v)
			return false;
	return true;
}

/* -- sizes ---------------------------------------------------------------------------- */

static void
grows_with_zeros_to_its_maximum(void **state)
{
	(void)state;
	struct wasm_store *s = store_new(NULL);
	struct memory *m = made(s, pages(1, 5));
	assert_int_equal(memory_pages(m), 1);
	assert_int_equal(m->size, PAGE);
	memset(m->base, 0xaa, PAGE);
	uint8_t *base = m->base;
	assert_int_equal(memory_grow(s, m, 0), 1);
	assert_int_equal(memory_grow(s, m, 2), 1);
	assert_int_equal(memory_grow(s, m, 1), 3);
	assert_ptr_equal(m->base, base);
	assert_true(all(m->base, PAGE, 0xaa));
	assert_true(all(m->base + PAGE, 3 * PAGE, 0));
	memset(m->base, 0xbb, 4 * PAGE);
	assert_true(memory_grow(s, m, 2) == FULL);
	assert_true(memory_grow(s, m, FULL) == FULL);
	assert_int_equal(memory_pages(m), 4);
	assert_int_equal(memory_grow(s, m, 1), 4);
	assert_true(memory_grow(s, m, 1) == FULL);
	struct memory *none = made(s, pages(0, 0));
	assert_int_equal(memory_grow(s, none, 0), 0);
	assert_true(memory_grow(s, none, 1) == FULL);
	store_free(s);
}

static void
reservations(void **state)
{
	(void)state;
	struct wasm_store *s = store_new(NULL);
	struct memory *m = made(s, pages(1, FULL));
	assert_true(m->reserved > 8192 * MIB);
	assert_true(memory_grow(s, m, 65536) == FULL);
	assert_int_equal(memory_grow(s, m, 65535), 1);
	m->base[4096 * MIB - 1] = 1;
	assert_true(memory_grow(s, m, 1) == FULL);
	assert_true(made(s, pages(1, 16))->reserved < 2 * MIB);
	struct limits wide = pages(1, FULL);
	wide.is64 = true;
	m = made(s, wide);
	m->base[0] = 7;
	assert_true(memory_grow(s, m, (uint64_t)1 << 48) == FULL);
	assert_true(memory_grow(s, m, FULL - 1) == FULL);
	assert_int_equal(memory_grow(s, m, 65536 * 5), 1);
	m->base[5 * 4096 * MIB] = 8;
	assert_int_equal(m->base[0], 7);
	store_free(s);
}

static void
pages_of_one_byte(void **state)
{
	(void)state;
	struct wasm_store *s = store_new(NULL);
	struct limits l = { .min = 3, .page = 0 };
	struct memory *m = made(s, l);
	assert_int_equal(m->size, 3);
	assert_int_equal(memory_grow(s, m, 70000), 3);
	assert_int_equal(memory_pages(m), 70003);
	m->base[70002] = 1;
	/* 2^32 would be told as 0 */
	assert_true(memory_grow(s, m, 4096 * MIB - 70003) == FULL);
	assert_int_equal(memory_grow(s, m, 4096 * MIB - 70003 - 1), 70003);
	assert_true(memory_grow(s, m, 1) == FULL);
	assert_int_equal(m->base[70002], 1);
	store_free(s);
}

static void
a_store_has_a_limit(void **state)
{
	(void)state;
	struct wasm_store *s = store_new(&(struct store_limits){ .memory = 10 * PAGE });
	struct err e = { 0 };
	struct limits l = pages(11, FULL);
	assert_null(memory_new(s, &l, &e));
	assert_non_null(strstr(e.what, "beyond the limit"));
	struct memory *a = made(s, pages(4, FULL)), *b = made(s, pages(4, FULL));
	assert_true(memory_grow(s, a, 3) == FULL);
	assert_int_equal(memory_grow(s, a, 2), 4);
	assert_true(memory_grow(s, b, 1) == FULL);
	assert_int_equal(memory_grow(s, b, 0), 4);
	assert_int_equal(s->memory_used, 10 * PAGE);
	store_free(s);
}

struct grower {
	struct wasm_store *s;
	struct memory *m;
};

static void *
grow_always(void *arg)
{
	struct grower *g = arg;
	while (memory_grow(g->s, g->m, 1) != FULL)
		;
	return NULL;
}

static void
a_limit_holds_among_threads(void **state)
{
	(void)state;
	struct wasm_store *s = store_new(&(struct store_limits){ .memory = 4000 * (uint64_t)PAGE });
	pthread_t t[4];
	struct grower g[4];
	for (int i = 0; i < 4; i++) {
		g[i] = (struct grower){ s, made(s, pages(0, FULL)) };
		assert_int_equal(pthread_create(&t[i], NULL, grow_always, &g[i]), 0);
	}
	uint64_t sum = 0;
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < 4; i++)
		sum += memory_pages(g[i].m);
	assert_int_equal(sum, 4000);
	store_free(s);
}

/* -- without address space -------------------------------------------------------------- */

/* As `ulimit -v` would leave it: n bytes more than there are. */
static void
only(uint64_t n, struct rlimit *before)
{
	unsigned long used = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lu", &used), 1);
	fclose(f);
	assert_int_equal(getrlimit(RLIMIT_AS, before), 0);
	struct rlimit l = { used * (uint64_t)sysconf(_SC_PAGESIZE) + n, before->rlim_max };
	assert_int_equal(setrlimit(RLIMIT_AS, &l), 0);
}

static void
moves_when_address_space_is_short(void **state)
{
	(void)state;
	struct rlimit before;
	only(600 * MIB, &before);
	struct wasm_store *s = store_new(NULL);
	struct memory *m = made(s, pages(16, FULL));
	assert_true(m->reserved < 100 * MIB);
	memset(m->base, 0x5a, MIB);
	uint64_t old;
	while ((old = memory_grow(s, m, 160)) != FULL) {
		assert_true(all(m->base + old * PAGE, 4096, 0));
		m->base[old * PAGE] = 0x5b;
	}
	/* It fails for want of space, and the memory is as it was. */
	uint64_t n = memory_pages(m);
	assert_true(n * PAGE > 200 * MIB && n * PAGE < 600 * MIB);
	assert_int_equal(s->memory_used, n * PAGE);
	assert_true(all(m->base, MIB, 0x5a));
	for (uint64_t at = 16; at < n; at += 160)
		assert_int_equal(m->base[at * PAGE], 0x5b);
	m->base[n * PAGE - 1] = 1;
	store_free(s);
	setrlimit(RLIMIT_AS, &before);
}

/* A data segment is mapped from its file into the middle: several mappings do not
 * move as one. */
static void
moves_with_pages_of_a_file(void **state)
{
	(void)state;
	struct rlimit before;
	char name[] = "/tmp/joist-memory.XXXXXX";
	int fd = mkstemp(name);
	assert_true(fd >= 0);
	unlink(name);
	assert_int_equal(ftruncate(fd, 2 * PAGE), 0);
	assert_int_equal(pwrite(fd, "segment", 7, PAGE), 7);
	only(900 * MIB, &before);
	struct wasm_store *s = store_new(NULL);
	struct memory *m = made(s, pages(16, FULL));
	assert_true(mmap(m->base + PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED,
	                 fd, 0) != MAP_FAILED);
	m->base[0] = 1;
	m->base[PAGE] = 2;
	m->base[16 * PAGE - 1] = 3;
	for (int i = 0; i < 4; i++)
		assert_true(memory_grow(s, m, 700) != FULL);
	assert_int_equal(memory_pages(m), 16 + 4 * 700);
	assert_int_equal(m->base[0], 1);
	assert_int_equal(m->base[PAGE], 2);
	assert_memory_equal(m->base + 2 * PAGE, "segment", 8);
	assert_int_equal(m->base[16 * PAGE - 1], 3);
	assert_true(all(m->base + 16 * PAGE, PAGE, 0));
	m->base[(16 + 4 * 700) * (uint64_t)PAGE - 1] = 4;
	store_free(s);
	setrlimit(RLIMIT_AS, &before);
	close(fd);
}

static void
what_is_shared_has_its_maximum_or_is_not(void **state)
{
	(void)state;
	struct rlimit before;
	only(600 * MIB, &before);
	struct wasm_store *s = store_new(NULL);
	struct err e = { 0 };
	struct limits l = pages(1, 65536);
	l.shared = true;
	assert_null(memory_new(s, &l, &e));
	assert_non_null(strstr(e.what, "no address space"));
	assert_int_equal(s->memory_used, 0);
	l.max = 1600;
	struct memory *m = made(s, l);
	uint8_t *base = m->base;
	assert_int_equal(memory_grow(s, m, 1599), 1);
	assert_ptr_equal(m->base, base);
	m->base[1600 * PAGE - 1] = 1;
	store_free(s);
	setrlimit(RLIMIT_AS, &before);
}

/* -- waiting ------------------------------------------------------------------------------ */

struct sleeper {
	struct thread *t;
	struct memory *m;
	uint64_t address;
	int64_t ns;
	pthread_t host;
	int result;
};

static void *
sleeps(void *arg)
{
	struct sleeper *w = arg;
	w->result = memory_wait(w->t, w->m, w->address, 0, 4, w->ns);
	return NULL;
}

/* Begin, and be back when it waits. */
static void
lie_down(struct sleeper *w)
{
	atomic_store(&w->t->pending, 0);
	assert_int_equal(pthread_create(&w->host, NULL, sleeps, w), 0);
	while (!atomic_load(&w->t->waits_on))
		usleep(100);
}

static int
get_up(struct sleeper *w)
{
	pthread_join(w->host, NULL);
	assert_null(atomic_load(&w->t->waits_on));
	return w->result;
}

static struct memory *
shared(struct wasm_store *s)
{
	struct limits l = pages(1, 2);
	l.shared = true;
	return made(s, l);
}

static void
waits_for_nothing_or_too_long(void **state)
{
	(void)state;
	struct wasm_store *s = store_new(NULL);
	struct memory *m = shared(s);
	struct thread *t = store_thread(s, NULL);
	m->base[9] = 1;
	assert_int_equal(memory_wait(t, m, 8, 0, 4, -1), 1);
	assert_int_equal(memory_wait(t, m, 8, 0, 8, -1), 1);
	assert_int_equal(memory_wait(t, m, 8, 256, 4, 0), 2);
	assert_int_equal(memory_wait(t, m, 8, 256, 8, 2000000), 2);
	assert_int_equal(memory_notify(m, 8, 1), 0);
	store_free(s);
}

static void
wakes_in_order(void **state)
{
	(void)state;
	struct wasm_store *s = store_new(NULL);
	struct memory *m = shared(s);
	struct sleeper w[6];
	for (int i = 0; i < 6; i++) {
		w[i] = (struct sleeper){ store_thread(s, NULL),  m, i == 2 ? 128 : 64,
			                 i & 1 ? -1 : INT64_MAX, 0, -1 };
		lie_down(&w[i]);
	}
	assert_int_equal(memory_notify(m, 60, 10), 0);
	assert_int_equal(memory_notify(m, 64, 0), 0);
	assert_int_equal(memory_notify(m, 64, 2), 2);
	assert_int_equal(get_up(&w[0]), 0);
	assert_int_equal(get_up(&w[1]), 0);
	for (int i = 2; i < 6; i++)
		assert_ptr_equal(atomic_load(&w[i].t->waits_on), m);
	assert_int_equal(memory_notify(m, 64, 1), 1);
	assert_int_equal(get_up(&w[3]), 0);
	assert_int_equal(memory_notify(m, 64, UINT32_MAX), 2);
	assert_int_equal(get_up(&w[4]), 0);
	assert_int_equal(get_up(&w[5]), 0);
	assert_int_equal(memory_notify(m, 128, UINT32_MAX), 1);
	assert_int_equal(get_up(&w[2]), 0);
	store_free(s);
}

static void
a_kick_ends_a_wait(void **state)
{
	(void)state;
	struct wasm_store *s = store_new(NULL);
	struct memory *m = shared(s);
	struct sleeper a = { store_thread(s, NULL), m, 0, -1, 0, -1 };
	struct sleeper b = { store_thread(s, NULL), m, 0, 50000000, 0, -1 };
	lie_down(&a);
	lie_down(&b);
	atomic_store(&a.t->pending, 1);
	memory_wake_thread(a.t);
	assert_int_equal(get_up(&a), 3);
	atomic_store(&b.t->pending, 1);
	memory_wake_thread(b.t);
	assert_int_equal(get_up(&b), 3);
	assert_int_equal(memory_notify(m, 0, 2), 0);
	memory_wake_thread(a.t);
	/* kicked before it lies down */
	assert_int_equal(memory_wait(a.t, m, 0, 0, 4, -1), 3);
	/* b goes on, and only for what is left of its time */
	assert_int_not_equal(b.t->wait_until.tv_sec, 0);
	usleep(60000);
	atomic_store(&b.t->pending, 0);
	b.ns = INT64_MAX;
	assert_int_equal(memory_wait(b.t, m, 0, 0, 4, INT64_MAX), 2);
	assert_int_equal(b.t->wait_until.tv_sec, 0);
	/* what was changed while it was away is not waited for */
	lie_down(&b);
	atomic_store(&b.t->pending, 1);
	memory_wake_thread(b.t);
	assert_int_equal(get_up(&b), 3);
	m->base[0] = 1;
	atomic_store(&b.t->pending, 0);
	assert_int_equal(memory_wait(b.t, m, 0, 0, 4, INT64_MAX), 1);
	assert_int_equal(b.t->wait_until.tv_sec, 0);
	store_free(s);
}

/* Two threads throw a ball; every wait must meet its notify. */
struct player {
	struct thread *t;
	struct memory *m;
	uint32_t mine;
	bool bad;
};

static void *
play(void *arg)
{
	struct player *p = arg;
	uint32_t *ball = (uint32_t *)(void *)p->m->base;
	for (int i = 0; i < 2000; i++) {
		while (__atomic_load_n(ball, __ATOMIC_SEQ_CST) != p->mine)
			if (memory_wait(p->t, p->m, 0, !p->mine, 4, (int64_t)20 * 1000000000) > 1)
				p->bad = true;
		__atomic_store_n(ball, !p->mine, __ATOMIC_SEQ_CST);
		memory_notify(p->m, 0, 1);
	}
	return NULL;
}

static void
no_wake_is_lost(void **state)
{
	(void)state;
	struct wasm_store *s = store_new(NULL);
	struct memory *m = shared(s);
	struct player p[2];
	pthread_t t[2];
	for (uint32_t i = 0; i < 2; i++) {
		p[i] = (struct player){ store_thread(s, NULL), m, i, false };
		assert_int_equal(pthread_create(&t[i], NULL, play, &p[i]), 0);
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(t[i], NULL);
		assert_false(p[i].bad);
	}
	store_free(s);
}

/* -- tables --------------------------------------------------------------------------------- */

static void
tables_grow(void **state)
{
	(void)state;
	struct wasm_store *s = store_new(&(struct store_limits){ .table = 1000 });
	struct err e = { 0 };
	struct limits l = { .min = 10, .max = 900, .has_max = true };
	struct table *t = table_new(s, T_EXTERNREF, &l, 12, &e);
	assert_non_null(t);
	assert_int_equal(t->elem[9], 12);
	assert_int_equal(table_grow(s, t, 5, 20), 10);
	assert_int_equal(t->elem[9], 12);
	assert_int_equal(t->elem[14], 20);
	assert_int_equal(table_grow(s, t, 0, 0), 15);
	assert_true(table_grow(s, t, 886, 0) == FULL);
	assert_int_equal(table_grow(s, t, 885, 0), 15);
	struct limits wide = { .min = 0, .is64 = true };
	struct table *u = table_new(s, T_FUNCREF, &wide, 0, &e);
	assert_true(table_grow(s, u, 101, 0) == FULL);
	assert_true(table_grow(s, u, FULL, 0) == FULL);
	assert_int_equal(table_grow(s, u, 100, 2), 0);
	assert_int_equal(s->table_used, 1000);
	l.min = 1;
	assert_null(table_new(s, T_FUNCREF, &l, 0, &e));
	store_free(s);
	/* without a limit the sum must not wrap */
	s = store_new(&(struct store_limits){ .table = FULL });
	u = table_new(s, T_FUNCREF, &wide, 0, &e);
	assert_int_equal(table_grow(s, u, 1, 0), 0);
	assert_true(table_grow(s, u, ((uint64_t)1 << 61) - 1, 0) == FULL);
	assert_true(table_grow(s, u, ((uint64_t)1 << 62), 0) == FULL);
	assert_int_equal(u->size, 1);
	store_free(s);
}

UNIT_MAIN(TEST(grows_with_zeros_to_its_maximum), TEST(reservations), TEST(pages_of_one_byte),
          TEST(a_store_has_a_limit), TEST(a_limit_holds_among_threads),
          TEST(moves_when_address_space_is_short), TEST(moves_with_pages_of_a_file),
          TEST(what_is_shared_has_its_maximum_or_is_not), TEST(waits_for_nothing_or_too_long),
          TEST(wakes_in_order), TEST(a_kick_ends_a_wait), TEST(no_wake_is_lost), TEST(tables_grow))
