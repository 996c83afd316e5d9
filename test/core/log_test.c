/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/str.h"
#include "core/log.h"

static char place[64];
static int dir;
static struct str got[3];

static int
make_place(void **state)
{
	(void)state;
	snprintf(place, sizeof place, "/tmp/joist-log-XXXXXX");
	return mkdtemp(place) && (dir = open(place, O_RDONLY | O_DIRECTORY)) >= 0 ? 0 : -1;
}

static int
remove_place(void **state)
{
	(void)state;
	close(dir);
	str_free(&got[1]);
	str_free(&got[2]);
	return file_remove(AT_FDCWD, place, NULL);
}

static bool
keep(void *ctx, int stream, int64_t when, const char *text, size_t n)
{
	(void)ctx;
	(void)when;
	str_addn(&got[stream], text, n);
	return true;
}

static void
read_back(int64_t tail, int64_t since, int64_t until)
{
	struct log_query q = { .tail = tail, .since = since, .until = until, .fn = keep };

	str_cut(&got[1], 0);
	str_cut(&got[2], 0);
	assert_int_equal(log_read(dir, &q, NULL), 0);
}

static void
what_goes_in_comes_out(void **state)
{
	struct log *l = log_open(dir, 0, 1, NULL);
	char *big = xmalloc(50000);

	(void)state;
	log_put(l, 1, "one\ntw", 6);
	log_put(l, 2, "wrong\n", 6);
	log_put(l, 1, "o\n\n", 3);
	/* A line longer than a piece, without an end, with bytes of all kinds. */
	for (int i = 0; i < 50000; i++)
		big[i] = (char)(i % 251 == '\n' ? 'n' : i % 251);
	log_put(l, 1, big, 50000);
	log_close(l);
	read_back(-1, 0, 0);
	assert_string_equal(str_text(&got[2]), "wrong\n");
	assert_int_equal(got[1].n, 9 + 50000);
	assert_memory_equal(got[1].p, "one\ntwo\n\n", 9);
	assert_memory_equal(got[1].p + 9, big, 50000);
	free(big);
	log_close(NULL);
}

static void
the_last_lines(void **state)
{
	struct log *l = log_open(dir, 4000, 3, NULL);
	char line[64];

	(void)state;
	for (int i = 0; i < 300; i++) {
		int n = snprintf(line, sizeof line, "line %d\n", i);
		log_put(l, 1, line, (size_t)n);
	}
	read_back(0, 0, 0);
	assert_string_equal(str_text(&got[1]), "");
	read_back(2, 0, 0);
	assert_string_equal(str_text(&got[1]), "line 298\nline 299\n");
	/* More than one file holds. */
	read_back(100, 0, 0);
	assert_true(str_starts(got[1].p, "line 200\n"));
	read_back(-1, 0, 0);
	assert_true(str_ends(got[1].p, "line 298\nline 299\n"));
	log_close(l);
}

static void
no_more_files_than_allowed(void **state)
{
	struct stat st;
	off_t sum = 0;

	(void)state;
	assert_int_equal(fstatat(dir, "log.3", &st, 0), -1);
	for (int i = 0; i < 3; i++) {
		char name[16];
		snprintf(name, sizeof name, i ? "log.%d" : "log", i);
		assert_int_equal(fstatat(dir, name, &st, 0), 0);
		assert_true(st.st_size <= 60000);
		sum += st.st_size;
	}
	assert_true(sum > 4000);
}

static void
between_two_times(void **state)
{
	(void)state;
	int64_t now = proc_now();
	struct log *l = log_open(dir, 0, 1, NULL);
	log_put(l, 1, "after\n", 6);
	log_close(l);
	read_back(-1, now, 0);
	assert_string_equal(str_text(&got[1]), "after\n");
	read_back(-1, now, now);
	assert_string_equal(str_text(&got[1]), "");
}

static void
damage_is_passed_over(void **state)
{
	(void)state;
	assert_int_equal(file_write(dir, "log",
	                            "\n\nno time\n2024-01-01T00:00:00Z\n2024-01-01T00:00:00Z x\n"
	                            "2024-01-01T00:00:00.0Z stdout F good\n2024-01-01T00:0",
	                            95, 0600, false, NULL),
	                 0);
	for (int i = 1; i < 4; i++) {
		char name[16];
		snprintf(name, sizeof name, "log.%d", i);
		unlinkat(dir, name, 0);
	}
	read_back(-1, 0, 0);
	assert_string_equal(str_text(&got[1]), "good\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_goes_in_comes_out),     TEST(the_last_lines),
		TEST(no_more_files_than_allowed), TEST(between_two_times),
		TEST(damage_is_passed_over),
	};
	return cmocka_run_group_tests(tests, make_place, remove_place);
}
