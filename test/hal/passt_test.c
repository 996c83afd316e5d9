/* SPDX-License-Identifier: Apache-2.0 */
/* The start of passt, which this program is itself when it is called so. */
#include "test/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/proc.h"
#include "layer/hal/dev/passt.h"

static const uint8_t mac[6] = { 0x52, 0x54, 0, 1, 2, 3 };

static int
room(int fd)
{
	int size = 0;
	socklen_t n = sizeof size;
	return getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &n) < 0 ? -1 : size;
}

/* Take the frame that it is tried with, and say how much its end holds. */
static int
passt(void)
{
	uint8_t frame[64];
	int size = room(0);
	for (size_t n = 0; n < sizeof frame;) {
		ssize_t k = read(0, frame + n, sizeof frame - n);
		if (k <= 0)
			return 1;
		n += (size_t)k;
	}
	if (memcmp(frame + 10, mac, 6) != 0 || write(0, &size, sizeof size) < 0)
		return 1;
	/* until the other end is closed */
	return read(0, frame, 1) == 0 ? 0 : 1;
}

/* What does not fit into its end at once is lost. */
static void
a_window_fits(void **state)
{
	char dir[] = "/tmp/joist-passt.XXXXXX";
	struct err e = { 0 };
	int fd = -1, size = 0, pair[2];
	(void)state;
	assert_non_null(mkdtemp(dir));
	char *path = xprintf("%s/passt", dir), *self = realpath("/proc/self/exe", NULL);
	assert_int_equal(symlink(self, path), 0);
	assert_int_equal(setenv("PATH", dir, 1), 0);
	pid_t pid = passt_start(NULL, 0, mac, &fd, &e);
	assert_string_equal(e.what, "");
	assert_true(pid > 0);
	assert_int_equal(read(fd, &size, sizeof size), sizeof size);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_true(size > room(pair[0]));
	assert_int_equal(size, room(fd));
	close(pair[0]);
	close(pair[1]);
	close(fd);
	assert_int_equal(proc_wait(pid), 0);
	unlink(path);
	rmdir(dir);
	free(path);
	free(self);
}

int
main(int argc, char *argv[])
{
	const char *name = strrchr(argv[0], '/');
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_window_fits) };
	if (argc > 1 && strcmp(name ? name + 1 : argv[0], "passt") == 0)
		return passt();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
