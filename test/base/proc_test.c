/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/proc.h"

static char *
say(const char *script, int *status)
{
	struct err e = { 0 };
	char *out = NULL;
	char *argv[] = { "sh", "-c", (char *)script, NULL };

	*status = proc_run(argv, &out, &e);
	return out;
}

static void
a_program_runs_to_its_end(void **state)
{
	int status;

	(void)state;
	char *out = say("echo out; echo err >&2; exit 3", &status);
	assert_int_equal(status, 3);
	assert_string_equal(out, "out\nerr\n");
	free(out);
	out = say("kill -TERM $$", &status);
	assert_int_equal(status, 128 + SIGTERM);
	free(out);
}

/* What we have open, block or ignore is no business of the program's. */
static void
it_inherits_nothing(void **state)
{
	int status;
	sigset_t set;

	(void)state;
	int fd = open("/dev/null", O_RDONLY);
	fcntl(fd, F_DUPFD, 200);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* 32 and 33 are the C library's own, which no program can set. */
	char *out =
	        say("ls /proc/self/fd; cat /proc/self/status | while read -r k v; do case $k in "
	            "SigBlk: | SigIgn:) echo $k $((0x$v & ~0x180000000)) ;; esac; done",
	            &status);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGPIPE, SIG_DFL);
	assert_string_equal(out, "0\n1\n2\n3\nSigBlk: 0\nSigIgn: 0\n");
	free(out);
}

static void
output_has_a_limit(void **state)
{
	int status;

	(void)state;
	char *out = say("head -c 1000000 /dev/zero | tr '\\0' x", &status);
	assert_int_equal(status, 0);
	assert_in_range(strlen(out), 64 << 10, (64 << 10) + 4096);
	free(out);
}

static void
a_missing_program_is_127(void **state)
{
	struct err e = { 0 };
	char *argv[] = { "joist-no-such-program", NULL };

	(void)state;
	assert_int_equal(proc_run(argv, NULL, &e), -1);
	assert_int_equal(e.code, ENOENT);
	assert_int_equal(err_exit(&e), 127);
	char *folder[] = { "/tmp/", NULL };
	assert_int_equal(proc_run(folder, NULL, &e), -1);
	assert_int_equal(e.code, EACCES);
	assert_false(proc_which("joist-no-such-program", NULL, 0));
	char path[64];
	assert_true(proc_which("sh", path, sizeof path));
	assert_int_equal(path[0], '/');
}

static void
standard_descriptors_may_be_in_any_order(void **state)
{
	struct err e = { 0 };
	char *argv[] = { "sh", "-c", "echo one; echo two >&2", NULL }, buf[32] = "";
	int p[2], q[2];

	(void)state;
	assert_int_equal(pipe(p) | pipe(q), 0);
	pid_t pid = proc_spawn(argv, NULL, (int[3]){ -1, q[1], p[1] }, &e);
	assert_true(pid > 0);
	assert_int_equal(proc_wait(pid), 0);
	assert_int_equal(read(q[0], buf, sizeof buf), 4);
	assert_memory_equal(buf, "one\n", 4);
	assert_int_equal(read(p[0], buf, sizeof buf), 4);
	assert_memory_equal(buf, "two\n", 4);
	for (int i = 0; i < 2; i++) {
		close(p[i]);
		close(q[i]);
	}
}

static void
a_process_has_one_start(void **state)
{
	(void)state;
	assert_true(proc_start_time(getpid()) > 0);
	assert_int_equal(proc_start_time(getpid()), proc_start_time(getpid()));
	assert_int_equal(proc_start_time(0), 0);
	assert_int_equal(proc_start_time(0x3fffffff), 0);
	assert_int_equal(strlen(proc_boot_id()), 36);
}

static void
times_are_written_and_read(void **state)
{
	static const char *const bad[] = { "",
		                           "now",
		                           "2024-01-01",
		                           "2024-01-01T00:00:00",
		                           "2024-13-01T00:00:00Z",
		                           "2024-01-01T00:00:00+xx:00",
		                           "2024-01-01T00:00:00Z ",
		                           "2024-01-01T00:00:00+1:00",
		                           "1969-12-31T23:59:59Z",
		                           "2568-01-01T00:00:00Z",
		                           "99999-01-01T00:00:00Z" };
	char buf[40];

	(void)state;
	assert_string_equal(proc_time_text(0, buf), "1970-01-01T00:00:00.000000000Z");
	assert_string_equal(proc_time_text(1700000000123456789, buf),
	                    "2023-11-14T22:13:20.123456789Z");
	assert_int_equal(proc_time_parse(buf), 1700000000123456789);
	assert_int_equal(proc_time_parse("2023-11-14T23:13:20+01:00"), 1700000000000000000);
	assert_int_equal(proc_time_parse("2023-11-14T22:13:20.5Z"), 1700000000500000000);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(proc_time_parse(bad[i]), -1);
	int64_t a = proc_monotonic();
	assert_true(proc_monotonic() >= a && proc_now() > 0);
}

static void
the_helpers_are_found(void **state)
{
	(void)state;
	setenv("JOIST_LIBEXEC", "/x", 1);
	char *p = proc_libexec("joist-image");
	assert_string_equal(p, "/x/joist-image");
	free(p);
	unsetenv("JOIST_LIBEXEC");
	p = proc_libexec("joist-image");
	assert_non_null(strstr(p, "libexec/"));
	free(p);
}

UNIT_MAIN(TEST(a_program_runs_to_its_end), TEST(it_inherits_nothing), TEST(output_has_a_limit),
          TEST(a_missing_program_is_127), TEST(standard_descriptors_may_be_in_any_order),
          TEST(a_process_has_one_start), TEST(times_are_written_and_read),
          TEST(the_helpers_are_found))
