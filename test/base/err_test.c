/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

static char last[600];

static void
keep(const char *sentence)
{
	snprintf(last, sizeof last, "%s", sentence);
}

static void
a_failure_has_two_lines(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(fail(&e, ENOENT, "disk '%s': %s", "a", "gone"), -1);
	assert_int_equal(e.code, ENOENT);
	assert_string_equal(e.what, "disk 'a': gone");
	assert_string_equal(e.hint, "");
	assert_int_equal(err_exit(&e), EXIT_OURS);
	assert_int_equal(err_hint(&e, "make one with: %s", "x"), -1);
	assert_int_equal(err_status(&e, EXIT_NOT_FOUND), -1);
	assert_string_equal(e.hint, "make one with: x");
	assert_int_equal(err_exit(&e), 127);
}

static void
a_new_failure_forgets_the_old_advice(void **state)
{
	struct err e = { 0 };

	(void)state;
	fail(&e, EIO, "one");
	err_hint(&e, "do this");
	err_status(&e, 126);
	fail(&e, EPERM, "two, after %s", e.what);
	assert_string_equal(e.what, "two, after one");
	assert_string_equal(e.hint, "");
	assert_int_equal(err_exit(&e), EXIT_OURS);
}

static void
a_prefix_keeps_what_fits(void **state)
{
	struct err e = { 0 };
	char many[1000];

	(void)state;
	fail(&e, EINVAL, "bad");
	err_prefix(&e, "file '%s'", "x");
	assert_string_equal(e.what, "file 'x': bad");
	memset(many, 'a', sizeof many - 1);
	many[sizeof many - 1] = '\0';
	fail(&e, EINVAL, "%s", many);
	assert_int_equal(strlen(e.what), sizeof e.what - 1);
	err_prefix(&e, "%s", many);
	assert_int_equal(strlen(e.what), sizeof e.what - 1);
}

static void
nobody_has_to_listen(void **state)
{
	(void)state;
	assert_int_equal(fail(NULL, EIO, "x"), -1);
	assert_int_equal(err_hint(NULL, "x"), -1);
	assert_int_equal(err_status(NULL, 1), -1);
	assert_int_equal(err_prefix(NULL, "x"), -1);
	err_warn("dropped %d", 1);
	err_warn_to(keep);
	err_warn("kept %d", 2);
	assert_string_equal(last, "kept 2");
	err_warn_to(NULL);
}

UNIT_MAIN(TEST(a_failure_has_two_lines), TEST(a_new_failure_forgets_the_old_advice),
          TEST(a_prefix_keeps_what_fits), TEST(nobody_has_to_listen))
