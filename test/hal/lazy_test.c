/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "core/pages.h"
#include "layer/hal/dev/lazy.h"

enum { RAM = SNAP_TAG('R', 'A', 'M', ' '), PAGE = PAGES_SIZE, PAGES = 4000, THREADS = 4 };

static _Atomic int damages;

static void
damaged(void *ctx)
{
	(void)ctx;
	damages++;
}

static uint8_t
value(unsigned page)
{
	return page < 100 || (page > 900 && page < 3000) ? 0 : (uint8_t)(1 + page % 50);
}

/* A snapshot of memory by value(), in a file. */
static int
saved(void)
{
	struct err e = { 0 };
	uint8_t *p = xcalloc(PAGES, PAGE);
	for (unsigned i = 0; i < PAGES; i++)
		memset(p + (size_t)i * PAGE, value(i), PAGE);
	for (unsigned i = 0; i < PAGES; i += 7)
		if (value(i))
			memcpy(p + (size_t)i * PAGE + 8, &i, sizeof i);
	int fd = memfd_create("snap", MFD_CLOEXEC);
	struct snap *s = snap_writer(fd, "night");
	assert_int_equal(pages_put(s, RAM, 0, p, (uint64_t)PAGES * PAGE, &e), 0);
	assert_int_equal(snap_finish(s, &e), 0);
	snap_free(s);
	free(p);
	return fd;
}

static struct bus *
begun(int fd)
{
	struct err e = { 0 };
	struct bus *b = bus_new(0x80000000, (uint64_t)PAGES * PAGE, &e);
	struct snap *s = snap_reader(fd, "night", &e);
	struct pages *p = pages_open(s, RAM, 0, (uint64_t)PAGES * PAGE, &e);
	assert_non_null(p);
	snap_free(s);
	if (!lazy_begin(b, p, damaged, NULL)) {
		pages_close(p);
		bus_free(b);
		close(fd);
		skip(); /* no userfaultfd here */
	}
	return b;
}

static void *
walk(void *ctx)
{
	const struct bus *b = ctx;
	static _Atomic unsigned seed = 1;
	unsigned at = seed++ * 977 % PAGES, wrong = 0;
	for (unsigned i = 0; i < PAGES; i++, at = (at + 1237) % PAGES)
		wrong += ((volatile uint8_t *)b->ram)[(size_t)at * PAGE + 100] != value(at);
	return wrong ? ctx : NULL;
}

static void
pages_come_when_they_are_wanted(void **state)
{
	pthread_t t[THREADS];
	void *wrong;
	(void)state;
	int fd = saved();
	struct bus *b = begun(fd);
	close(fd);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, walk, b), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], &wrong);
		assert_null(wrong);
	}
	for (unsigned i = 0, n; i < PAGES; i += 7)
		if (value(i)) {
			memcpy(&n, b->ram + (size_t)i * PAGE + 8, sizeof n);
			assert_int_equal(n, i);
		}
	assert_int_equal(lazy_error(b->lazy, NULL), 0);
	lazy_end(b);
	assert_null(b->lazy);
	bus_free(b);
}

/* The kernel does not wait for us: who gives it a place has made sure that it is there. */
static void
a_system_call_finds_them_too(void **state)
{
	(void)state;
	int fd = saved(), pipes[2];
	struct bus *b = begun(fd);
	uint8_t got[3 * PAGE];
	close(fd);
	assert_int_equal(pipe(pipes), 0);
	void *p = bus_ram(b, 0x80000000 + 200 * PAGE + 50, 2 * PAGE);
	assert_int_equal(write(pipes[1], p, 2 * PAGE), 2 * PAGE);
	assert_int_equal(read(pipes[0], got, sizeof got), 2 * PAGE);
	assert_int_equal(got[0], value(200));
	assert_int_equal(got[2 * PAGE - 1], value(202));
	close(pipes[0]);
	close(pipes[1]);
	lazy_end(b);
	bus_free(b);
}

static void
what_is_discarded_does_not_come_back(void **state)
{
	(void)state;
	int fd = saved();
	struct bus *b = begun(fd);
	close(fd);
	b->ram[500 * PAGE] = 77;
	assert_int_equal(bus_discard(b, 0x80000000 + 500 * PAGE, 10 * PAGE), 0);
	for (unsigned i = 500; i < 510; i++)
		assert_int_equal(b->ram[i * PAGE], 0);
	assert_int_equal(b->ram[510 * PAGE + 100], value(510));
	assert_int_equal(b->ram[499 * PAGE + 100], value(499));
	assert_int_equal(bus_discard(b, 0x80000000, UINT64_MAX), -1);
	lazy_end(b);
	bus_free(b);
}

static void
damage_is_told_once(void **state)
{
	struct err e = { 0 };
	uint8_t byte;
	(void)state;
	int fd = saved();
	off_t at = 60; /* within the first frame */
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	struct bus *b = begun(fd);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
	damages = 0;
	assert_int_equal(b->ram[100 * PAGE], 0);
	assert_int_equal(b->ram[101 * PAGE], 0);
	assert_int_equal(damages, 1);
	assert_int_equal(lazy_error(b->lazy, &e), -1);
	assert_string_equal(e.what, "snapshot 'night' is damaged: a checksum is wrong");
	lazy_end(b);
	bus_free(b);
}

UNIT_MAIN(TEST(pages_come_when_they_are_wanted), TEST(a_system_call_finds_them_too),
          TEST(what_is_discarded_does_not_come_back), TEST(damage_is_told_once))
