/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static char place[64];
static int dir;

static int
make_place(void **state)
{
	(void)state;
	snprintf(place, sizeof place, "/tmp/joist-file-XXXXXX");
	return mkdtemp(place) && (dir = open(place, O_RDONLY | O_DIRECTORY)) >= 0 ? 0 : -1;
}

static int
remove_place(void **state)
{
	(void)state;
	close(dir);
	return file_remove(AT_FDCWD, place, NULL);
}

static void
what_is_written_is_read(void **state)
{
	struct err e = { 0 };
	char *data;
	size_t n;

	(void)state;
	assert_int_equal(file_write(dir, "a", "he\0lo", 5, 0640, true, &e), 0);
	assert_int_equal(file_read(dir, "a", 5, &data, &n, &e), 0);
	assert_int_equal(n, 5);
	assert_memory_equal(data, "he\0lo", 6);
	free(data);
	assert_int_equal(file_read(dir, "a", 4, &data, NULL, &e), -1);
	assert_int_equal(e.code, EFBIG);
	assert_null(data);
	assert_int_equal(file_read(dir, "none", 4, &data, NULL, &e), -1);
	assert_int_equal(e.code, ENOENT);
	assert_non_null(strstr(e.what, "'none'"));
	assert_int_equal(file_read_if(dir, "none", 4, &data, &n, &e), 0);
	assert_null(data);
	assert_int_equal(n, 0);
	assert_int_equal(file_read(AT_FDCWD, place, 4, &data, NULL, &e), -1);
	assert_int_equal(e.code, EISDIR);
}

static void
a_failed_write_leaves_the_old_file_and_no_other(void **state)
{
	struct err e = { 0 };
	struct stat st;
	char *data, tmp[64];

	(void)state;
	assert_int_equal(file_write(dir, "keep", "old", 3, 0600, false, &e), 0);
	assert_int_equal(mkdirat(dir, "folder", 0700), 0);
	assert_int_equal(file_write(dir, "folder", "new", 3, 0600, false, &e), -1);
	snprintf(tmp, sizeof tmp, "folder.%d.tmp", (int)getpid());
	assert_int_equal(fstatat(dir, tmp, &st, 0), -1);
	assert_int_equal(file_write(dir, "keep", "new", 3, 0600, false, &e), 0);
	assert_int_equal(file_read(dir, "keep", 9, &data, NULL, &e), 0);
	assert_string_equal(data, "new");
	free(data);
}

static void
a_small_file_is_written_over(void **state)
{
	struct err e = { 0 };
	char *data, big[FILE_OVER_MAX + 2];

	(void)state;
	assert_int_equal(file_write(dir, "over", "longer", 6, 0600, false, &e), 0);
	assert_int_equal(file_over(dir, "over", "new", &e), 0);
	assert_int_equal(file_read(dir, "over", 9, &data, NULL, &e), 0);
	assert_string_equal(data, "new\n\n\n");
	free(data);
	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	assert_int_equal(file_over(dir, "over", big, &e), -1);
	assert_int_equal(e.code, ENOSPC);
	big[FILE_OVER_MAX] = '\0';
	assert_int_equal(file_over(dir, "over", big, &e), 0);
	assert_int_equal(file_write(dir, "over", big, FILE_OVER_MAX, 0600, false, &e), 0);
	assert_int_equal(file_over(dir, "none", "new", &e), -1);
	assert_int_equal(e.code, ENOENT);
	assert_non_null(strstr(e.what, "'none'"));
}

static void
kernel_files_lose_their_newline(void **state)
{
	char buf[8];

	(void)state;
	assert_int_equal(file_poke(dir, "keep", "12\n\n"), 0);
	assert_int_equal(file_peek(dir, "keep", buf, sizeof buf), 2);
	assert_string_equal(buf, "12");
	assert_int_equal(file_peek(dir, "none", buf, sizeof buf), -1);
	assert_int_equal(errno, ENOENT);
}

static void
folders_below_folders(void **state)
{
	struct err e = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(file_mkdirs(dir, "x/y/z", 0755, &e), 0);
	assert_int_equal(file_mkdirs(dir, "x/y/z", 0755, &e), 0);
	assert_int_equal(file_mkdirs(dir, "keep/y", 0755, &e), -1);
	assert_int_equal(e.code, ENOTDIR);
	char path[128];
	snprintf(path, sizeof path, "%s/abs/b", place);
	assert_int_equal(file_mkdirs(AT_FDCWD, path, 0755, &e), 0);

	/* Removal follows no link and has no need of permission bits. */
	assert_int_equal(symlinkat("/", dir, "x/link"), 0);
	assert_int_equal(file_write(dir, "x/y/f", "", 0, 0600, false, &e), 0);
	assert_int_equal(fchmodat(dir, "x/y", 0, 0), 0);
	assert_int_equal(file_remove(dir, "x", &e), 0);
	assert_int_equal(fstatat(dir, "x", &st, 0), -1);
	assert_int_equal(file_remove(dir, "x", &e), 0);
	assert_int_equal(file_opendir(dir, "x", &e), -1);
	assert_non_null(strstr(e.what, "'x'"));
}

static void
descriptors_travel(void **state)
{
	int s[2], fds[16], got[4];
	char text[8];
	size_t n = 4;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s), 0);
	for (int i = 0; i < 16; i++)
		fds[i] = open("/dev/null", O_RDONLY);
	int next = open("/dev/null", O_RDONLY);
	close(next);
	assert_int_equal(file_send_fds(s[0], "hi", 2, fds, 16), 2);
	assert_int_equal(file_recv_fds(s[1], text, sizeof text, got, &n), 2);
	assert_int_equal(n, 4);
	/* Those for which there was no room are closed, not leaked. */
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(fcntl(got[i], F_GETFD), FD_CLOEXEC);
		close(got[i]);
	}
	int again = open("/dev/null", O_RDONLY);
	assert_int_equal(again, next);
	close(again);
	errno = 0;
	assert_int_equal(file_send_fds(s[0], "hi", 2, fds, 17), -1);
	assert_int_equal(errno, EINVAL);
	for (int i = 0; i < 16; i++)
		close(fds[i]);
	close(s[0]);
	close(s[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_written_is_read),
		TEST(a_failed_write_leaves_the_old_file_and_no_other),
		TEST(a_small_file_is_written_over),
		TEST(kernel_files_lose_their_newline),
		TEST(folders_below_folders),
		TEST(descriptors_travel),
	};
	return cmocka_run_group_tests(tests, make_place, remove_place);
}
