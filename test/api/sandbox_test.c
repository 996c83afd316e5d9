/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "layer/api/nt/sandbox.h"

static const unsigned short allowed[] = {
#define CALL(name, why) SYS_##name,
#include "layer/api/nt/syscall.def"
#undef CALL
};

static char seen[] = "/tmp/joist-seen-XXXXXX";

/* What a child in the sandbox says: 0, or the line that failed. */
#define EXPECT(x)                                                                                  \
	do {                                                                                       \
		if (!(x))                                                                          \
			_exit(__LINE__ % 250 + 1);                                                 \
	} while (0)

static int
inside(void (*check)(void), bool network)
{
	struct birth_path show = { .path = seen };
	struct birth b = { .show = &show, .nshow = 1, .network = network };
	struct err e = { 0 };
	int status;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (sandbox_enter(&b, &e) < 0) {
			fprintf(stderr, "%s\n", e.what);
			_exit(251);
		}
		check();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool
is_allowed(long n)
{
	if (n == SYS_clone || n == SYS_ioctl || n == SYS_socket)
		return true;
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
		if (allowed[i] == n)
			return true;
	return false;
}

/* What is refused is not made at all, so that every number can be asked for. */
static void
only_what_is_listed(void)
{
	for (long n = 0; n < 700; n++)
		/* 335, 336: the kernel's own for probes, past every filter */
		if (!is_allowed(n) && n != 335 && n != 336) {
			errno = 0;
			EXPECT(syscall(n, 0, 0, 0, 0, 0, 0) == -1 && errno == ENOSYS);
		}
	EXPECT(syscall(0x40000000 | SYS_getpid) == -1 && errno == ENOSYS);
	EXPECT(syscall(-1) == -1 && errno == ENOSYS);
	/* of the first word, the second, and a late one */
	EXPECT(syscall(SYS_lseek, -1, 0, 0) == -1 && errno == EBADF);
	EXPECT(syscall(SYS_getpid) > 0);
	EXPECT(syscall(SYS_openat2, -1, "x", NULL, 0) == -1 && errno != ENOSYS);
}

static void
no_namespaces(void)
{
	EXPECT(syscall(SYS_clone, CLONE_NEWUSER | 17, 0, 0, 0, 0) == -1 && errno == EPERM);
	EXPECT(syscall(SYS_clone, CLONE_NEWNS | 17, 0, 0, 0, 0) == -1 && errno == EPERM);
}

static void
nothing_is_typed_for_others(void)
{
	EXPECT(ioctl(0, TIOCSTI, "x") == -1 && errno == EPERM);
	EXPECT(ioctl(-1, FIONREAD, NULL) == -1 && errno == EBADF);
}

static void
no_network(void)
{
	EXPECT(socket(AF_INET, SOCK_STREAM, 0) == -1 && errno == EACCES);
	EXPECT(socket(AF_PACKET, SOCK_RAW, 0) == -1 && errno == EACCES);
	EXPECT(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
}

static void
a_network(void)
{
	EXPECT(socket(AF_INET, SOCK_STREAM, 0) >= 0);
	EXPECT(socket(AF_PACKET, SOCK_RAW, 0) == -1 && errno == EACCES);
}

static void
files(void)
{
	EXPECT(open("/etc/passwd", O_RDONLY) == -1 && errno == EACCES);
	EXPECT(open("/bin", O_RDONLY | O_DIRECTORY) == -1 && errno == EACCES);
	int folder = open(seen, O_RDONLY | O_DIRECTORY);
	EXPECT(folder >= 0);
	EXPECT(openat(folder, "new", O_CREAT | O_WRONLY, 0600) >= 0);
	EXPECT(openat(folder, "../x", O_CREAT | O_WRONLY, 0600) == -1 && errno == EACCES);
	execl("/bin/true", "true", (char *)NULL);
	EXPECT(errno == EACCES);
}

static void
calls(void **state)
{
	(void)state;
	assert_int_equal(inside(only_what_is_listed, false), 0);
	assert_int_equal(inside(no_namespaces, false), 0);
	assert_int_equal(inside(nothing_is_typed_for_others, false), 0);
	assert_int_equal(inside(no_network, false), 0);
	assert_int_equal(inside(a_network, true), 0);
}

static void
paths(void **state)
{
	(void)state;
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 1) {
		puts("# this kernel has no Landlock");
		skip();
	}
	assert_int_equal(inside(files, false), 0);
}

int
main(void)
{
#ifdef __SANITIZE_ADDRESS__
	puts("skipped - the sanitizer makes system calls of its own");
	return 0;
#endif
	const struct CMUnitTest tests[] = { TEST(calls), TEST(paths) };
	char file[sizeof seen + 8];
	if (!mkdtemp(seen))
		return 1;
	int rc = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(file, sizeof file, "%s/new", seen);
	unlink(file);
	rmdir(seen);
	return rc;
}
