/* SPDX-License-Identifier: Apache-2.0 */
#include "test/hal/driver.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "layer/hal/dev/virtio_console.h"

enum { INPUT = 0, OUTPUT = 1 };

/* The terminal's end of the console in *us. */
static struct driver *
console_new(int *us)
{
	struct err e = { 0 };
	int s[2];
	struct driver *d = driver_new();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, s), 0);
	/* one descriptor for both, as a terminal is */
	struct virtio *v = virtio_console_new(d->board, "console0", s[1], s[1], &e);
	assert_non_null(v);
	close(s[1]);
	driver_plug(d, v);
	*us = s[0];
	return d;
}

static void
expect(int fd, const char *text)
{
	char got[256];
	size_t n = 0, want = strlen(text);
	while (n < want) {
		struct pollfd p = { fd, POLLIN, 0 };
		assert_int_equal(poll(&p, 1, 10000), 1);
		ssize_t k = read(fd, got + n, want - n);
		assert_true(k > 0);
		n += (size_t)k;
	}
	assert_memory_equal(got, text, want);
}

static void
what_the_guest_writes_comes_out(void **state)
{
	int us;
	(void)state;
	struct driver *d = console_new(&us);
	assert_int_equal(driver_get(d, 0x008), 3);
	assert_int_equal(driver_offer(d) & 7, 1);
	driver_up(d, 0, 8);
	struct part p[2] = { { driver_bytes(d, "hello, ", 7), 7, false },
		             { driver_bytes(d, "world", 5), 5, false } };
	assert_int_equal(driver_do(d, OUTPUT, p, 2), 0);
	assert_int_equal(driver_do(d, OUTPUT, p + 1, 1), 0);
	expect(us, "hello, worldworld");
	driver_free(d);
	close(us);
}

static void
what_is_typed_comes_in(void **state)
{
	int us;
	(void)state;
	struct driver *d = console_new(&us);
	driver_up(d, 1, 8);
	/* typed before anybody reads */
	assert_int_equal(write(us, "abcdef", 6), 6);
	struct part p = { driver_room(d, 4, 1), 4, true };
	assert_int_equal(driver_do(d, INPUT, &p, 1), 4);
	assert_memory_equal(driver_ptr(d, p.at), "abcd", 4);
	assert_int_equal(driver_do(d, INPUT, &p, 1), 2);
	assert_memory_equal(driver_ptr(d, p.at), "ef", 2);
	/* a reader that waits */
	uint16_t head = driver_add(d, INPUT, &p, 1);
	driver_kick(d, INPUT);
	driver_nap();
	assert_int_equal(driver_used_index(d, INPUT), 2);
	assert_int_equal(write(us, "x", 1), 1);
	assert_int_equal(driver_wait(d, INPUT, head), 1);
	/* a buffer that is not for writing comes back as it is */
	p.in = false;
	head = driver_add(d, INPUT, &p, 1);
	driver_kick(d, INPUT);
	assert_int_equal(write(us, "x", 1), 1);
	assert_int_equal(driver_wait(d, INPUT, head), 0);
	driver_free(d);
	close(us);
}

/* A terminal that is not read holds up the guest's output and nothing else; what
 * is half written goes on where it stood, in another process too. */
static void
output_waits_for_its_reader(void **state)
{
	enum { BIG = 1 << 20 };
	int us, us2;
	(void)state;
	struct driver *d = console_new(&us), *t = console_new(&us2);
	driver_up(d, 0, 8);
	uint64_t at = driver_room(d, BIG, 1);
	uint8_t *p = driver_ptr(d, at), *got = xmalloc(BIG);
	for (size_t i = 0; i < BIG; i++)
		p[i] = (uint8_t)(i * 13 + (i >> 8));
	struct part part[2] = { { at, 1000, false }, { at + 1000, BIG - 1000, false } };
	uint16_t head = driver_add(d, OUTPUT, part, 2);
	driver_kick(d, OUTPUT);
	assert_int_equal(driver_used_index(d, OUTPUT), 0);
	size_t n = 0;
	ssize_t k = read(us, got, 5000);
	assert_true(k > 0);
	n = (size_t)k;
	driver_nap();
	struct snap *s = driver_save(d);
	while ((k = read(us, got + n, BIG - n)) > 0)
		n += (size_t)k;
	assert_true(n < BIG);
	driver_load(t, d, s);
	snap_free(s);
	while (n < BIG) {
		struct pollfd f = { us2, POLLIN, 0 };
		assert_int_equal(poll(&f, 1, 10000), 1);
		k = read(us2, got + n, BIG - n);
		assert_true(k > 0);
		n += (size_t)k;
	}
	driver_wait(t, OUTPUT, head);
	assert_memory_equal(got, p, BIG);
	free(got);
	driver_free(t);
	driver_free(d);
	close(us);
	close(us2);
}

static void
a_terminal_that_went_away(void **state)
{
	int us;
	(void)state;
	struct driver *d = console_new(&us);
	driver_up(d, 0, 8);
	struct part p = { driver_room(d, 4, 1), 4, true };
	uint16_t head = driver_add(d, INPUT, &p, 1);
	driver_kick(d, INPUT);
	close(us);
	driver_nap();
	p.in = false;
	assert_int_equal(driver_do(d, OUTPUT, &p, 1), 0);
	assert_int_equal(driver_used_index(d, INPUT), 0);
	(void)head;
	driver_free(d);
}

static void
no_terminal_at_all(void **state)
{
	struct err e = { 0 };
	(void)state;
	struct driver *d = driver_new();
	assert_null(virtio_console_new(d->board, "console0", 9999, -1, &e));
	assert_string_equal(e.what, "console0: Bad file descriptor");
	driver_plug(d, virtio_console_new(d->board, "console0", -1, -1, &e));
	driver_up(d, 0, 8);
	struct part p = { driver_room(d, 4, 1), 4, false };
	assert_int_equal(driver_do(d, OUTPUT, &p, 1), 0);
	driver_free(d);
}

static void
the_window_changes_its_size(void **state)
{
	int us;
	uint8_t c[12];
	(void)state;
	struct driver *d = console_new(&us);
	driver_up(d, 1, 8);
	for (int i = 0; i < 2; i++) {
		pthread_mutex_lock(&d->bus->lock);
		virtio_console_resize(d->v, 300, 40);
		pthread_mutex_unlock(&d->bus->lock);
		/* the same size is no change */
		assert_int_equal(driver_ack(d), i == 0 ? 2 : 0);
	}
	driver_config(d, 0, c, 12);
	assert_memory_equal(c, "\x2c\x01\x28\0\0\0\0\0\0\0\0\0", 12);
	driver_free(d);
	close(us);
}

static void
a_reset_forgets_half_a_line(void **state)
{
	int us;
	(void)state;
	struct driver *d = console_new(&us);
	driver_up(d, 0, 8);
	struct part p = { driver_room(d, 1 << 20, 1), 1 << 20, false };
	driver_add(d, OUTPUT, &p, 1);
	driver_kick(d, OUTPUT);
	driver_up(d, 0, 8);
	char drop[4096];
	while (read(us, drop, sizeof drop) > 0)
		;
	p = (struct part){ driver_bytes(d, "new", 3), 3, false };
	driver_do(d, OUTPUT, &p, 1);
	expect(us, "new");
	driver_free(d);
	close(us);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_the_guest_writes_comes_out),
		TEST(what_is_typed_comes_in),
		TEST(output_waits_for_its_reader),
		TEST(a_terminal_that_went_away),
		TEST(no_terminal_at_all),
		TEST(the_window_changes_its_size),
		TEST(a_reset_forgets_half_a_line),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
