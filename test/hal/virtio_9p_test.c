/* SPDX-License-Identifier: Apache-2.0 */
/* The transport only; messages are ninep_test's. */
#include "test/hal/driver.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "layer/hal/dev/virtio_9p.h"

static char folder[64];

static struct driver *
share_new(void)
{
	struct err e = { 0 };
	struct driver *d = driver_new();
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_null(virtio_9p_new(d->board, "9p0", "", fd, false, &e));
	struct virtio *v = virtio_9p_new(d->board, "9p0", "home", fd, false, &e);
	assert_non_null(v);
	close(fd);
	driver_plug(d, v);
	return d;
}

/* Send n bytes, whose length is filled in, and return how many come back. */
static uint32_t
say(struct driver *d, const void *message, uint8_t n, uint8_t *reply, uint32_t room)
{
	uint64_t at = driver_bytes(d, message, n), to = driver_room(d, room, 1);
	*(uint8_t *)driver_ptr(d, at) = n;
	struct part p[4] = { { at, 3, false },
		             { at + 3, n - 3u, false },
		             { to, 5, true },
		             { to + 5, room - 5, true } };
	uint32_t got = driver_do(d, 0, p, 4);
	memcpy(reply, driver_ptr(d, to), room);
	return got;
}

static const uint8_t version[] = "\0\0\0\0\144\377\377\0\0\1\0\10\0009P2000.L";
static const uint8_t attach[] = "\0\0\0\0\150\1\0\1\0\0\0\377\377\377\377\0\0\0\0\0\0\0";
static const uint8_t getattr[] = "\0\0\0\0\30\1\0\1\0\0\0\377\7\0\0\0\0\0\0";

static void
messages_go_and_come_back(void **state)
{
	uint8_t r[300], c[8];
	(void)state;
	struct driver *d = share_new();
	assert_int_equal(driver_get(d, 0x008), 9);
	assert_int_equal(driver_offer(d) & 1, 1);
	driver_config(d, 0, c, 8);
	assert_memory_equal(c, "\4\0home\0\0", 8);
	driver_up(d, 1, 8);
	assert_int_equal(say(d, version, 21, r, 300), 21);
	assert_memory_equal(r, "\25\0\0\0\145\377\377\0\0\1\0\10\0009P2000.L", 21);
	assert_int_equal(say(d, attach, 23, r, 300), 20);
	assert_int_equal(r[4], 105);
	assert_int_equal(say(d, getattr, 19, r, 300), 160);
	/* it goes on elsewhere, with its fids */
	struct snap *s = driver_save(d);
	struct driver *t = share_new();
	driver_load(t, d, s);
	assert_int_equal(say(t, getattr, 19, r, 300), 160);
	snap_free(s);
	/* a reset forgets them */
	driver_up(t, 1, 8);
	assert_int_equal(say(t, getattr, 19, r, 300), 11);
	assert_int_equal(r[7], EBADF);
	driver_free(t);
	driver_free(d);
}

static void
too_little_room_and_no_message(void **state)
{
	uint8_t r[300];
	(void)state;
	struct driver *d = share_new();
	driver_up(d, 0, 8);
	say(d, version, 21, r, 300);
	say(d, attach, 23, r, 300);
	assert_int_equal(say(d, getattr, 19, r, 159), 11);
	assert_int_equal(r[4], 7);
	assert_int_equal(r[7], EMSGSIZE);
	assert_int_equal(say(d, getattr, 19, r, 8), 8);
	struct part p = { driver_room(d, 64, 1), 64, true };
	assert_int_equal(driver_do(d, 0, &p, 1), 11);
	p.in = false;
	assert_int_equal(driver_do(d, 0, &p, 1), 0);
	driver_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { TEST(messages_go_and_come_back),
		                            TEST(too_little_room_and_no_message) };
	struct err e;
	snprintf(folder, sizeof folder, "/tmp/joist-9p-XXXXXX");
	if (!mkdtemp(folder))
		return 1;
	int rc = cmocka_run_group_tests(tests, NULL, NULL);
	file_remove(AT_FDCWD, folder, &e);
	return rc;
}
