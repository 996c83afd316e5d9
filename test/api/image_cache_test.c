/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/api/nt/image/image_cache.h"

static char folder[] = "/tmp/joist-cache-XXXXXX";

static void
file(const char *name, size_t n, time_t used)
{
	static char bytes[1 << 16];
	char path[100];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
	assert_true(fd >= 0);
	for (; n > 0; n -= n < sizeof bytes ? n : sizeof bytes)
		assert_true(write(fd, bytes, n < sizeof bytes ? n : sizeof bytes) > 0);
	struct timespec t[2] = { { used, 0 }, { 1000, 0 } };
	assert_int_equal(futimens(fd, t), 0);
	close(fd);
}

static bool
is_there(const char *name)
{
	char path[100];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

static void
the_oldest_go(void **state)
{
	(void)state;
	file("old", 100 << 10, 5000);
	file("older", 100 << 10, 4000);
	file("new", 100 << 10, 6000);
	image_cache_trim(folder, 1 << 20);
	assert_true(is_there("old") && is_there("older") && is_there("new"));
	image_cache_trim(folder, 250 << 10);
	assert_true(is_there("old") && !is_there("older") && is_there("new"));
	image_cache_trim(folder, 150 << 10);
	assert_true(!is_there("old") && is_there("new"));
	image_cache_trim(folder, 0);
	assert_false(is_there("new"));
	image_cache_trim("/nowhere/at/all", 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { TEST(the_oldest_go) };
	if (!mkdtemp(folder))
		return 1;
	int rc = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(folder);
	return rc;
}
