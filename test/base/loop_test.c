/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/loop.h"

enum { MS = 1000000 };

static struct loop *l;
static struct source *one, *two;
static char order[16];
static int n;

static void
note(void *ctx, uint32_t events)
{
	(void)events;
	order[n++] = *(char *)ctx;
	order[n] = '\0';
}

static void
stop(void *ctx, uint32_t events)
{
	note(ctx, events);
	loop_stop(l);
}

static void
remove_both(void *ctx, uint32_t events)
{
	note(ctx, events);
	loop_remove(one);
	loop_remove(two);
	loop_remove(two);
}

static int again_left;
static struct source *ticker;

static void
tick(void *ctx, uint32_t events)
{
	note(ctx, events);
	if (--again_left > 0)
		loop_again(ticker, MS);
	else
		loop_stop(l);
}

static void
timers_fire_in_time(void **state)
{
	(void)state;
	n = 0;
	l = loop_new(NULL);
	loop_timer(l, 20 * MS, stop, "c");
	loop_timer(l, 10 * MS, note, "b");
	loop_timer(l, 0, note, "a");
	assert_int_equal(loop_run(l, NULL), 0);
	assert_string_equal(order, "abc");
	loop_free(l);
}

static void
a_timer_can_be_set_anew(void **state)
{
	(void)state;
	n = 0;
	again_left = 3;
	l = loop_new(NULL);
	ticker = loop_timer(l, MS, tick, "t");
	assert_int_equal(loop_run(l, NULL), 0);
	assert_string_equal(order, "ttt");
	loop_free(l);
}

/* Both are ready in the same round; whichever comes first removes both. */
static void
a_removed_source_is_not_called(void **state)
{
	int p[2], q[2];

	(void)state;
	n = 0;
	assert_int_equal(pipe2(p, O_CLOEXEC) | pipe2(q, O_CLOEXEC), 0);
	assert_int_equal(write(p[1], "x", 1) + write(q[1], "x", 1), 2);
	l = loop_new(NULL);
	one = loop_fd(l, p[0], EPOLLIN, remove_both, "r", NULL);
	two = loop_fd(l, q[0], EPOLLIN, remove_both, "r", NULL);
	loop_timer(l, 10 * MS, stop, "s");
	assert_int_equal(loop_run(l, NULL), 0);
	assert_string_equal(order, "rs");
	loop_free(l);
	for (int i = 0; i < 2; i++) {
		close(p[i]);
		close(q[i]);
	}
}

static void
what_cannot_be_watched_is_said(void **state)
{
	struct err e = { 0 };
	int fd = open("/dev/null", O_RDONLY);

	(void)state;
	l = loop_new(&e);
	assert_null(loop_fd(l, -1, EPOLLIN, note, "x", &e));
	/* An ordinary file is always ready; epoll(7) refuses it. */
	int file = open("/proc/self/exe", O_RDONLY);
	assert_null(loop_fd(l, file, EPOLLIN, note, "x", &e));
	assert_true(e.code != 0 && e.what[0]);
	loop_free(l);
	loop_free(NULL);
	close(fd);
	close(file);
}

UNIT_MAIN(TEST(timers_fire_in_time), TEST(a_timer_can_be_set_anew),
          TEST(a_removed_source_is_not_called), TEST(what_cannot_be_watched_is_said))
