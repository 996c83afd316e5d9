/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"

static json_t *
of(const char *text)
{
	struct err e = { 0 };
	return json_parse(text, strlen(text), "test", &e);
}

static void
an_error_says_where(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_null(json_parse("{\n \"a\": }", 9, "my.json", &e));
	assert_non_null(strstr(e.what, "'my.json'"));
	assert_non_null(strstr(e.what, "line 2"));
	/* Which of two would count?  A reader and its checker may differ. */
	assert_null(of("{\"a\": 1, \"a\": 2}"));
	assert_null(of("{\"a\": \"\\u0000\"}"));
	assert_null(of("\xff"));
	assert_null(of(""));
}

static void
a_tower_of_brackets_is_refused(void **state)
{
	struct err e = { 0 };
	size_t n = 4 << 20;
	char *deep = xmalloc(n);

	(void)state;
	memset(deep, '[', n);
	assert_null(json_parse(deep, n, "deep", &e));
	assert_int_equal(e.code, EINVAL);
	free(deep);
}

static void
absence_is_fine_and_a_wrong_type_is_not(void **state)
{
	json_t *o = of("{\"s\":\"x\",\"b\":true,\"i\":5,\"o\":{},\"a\":[],\"n\":null,\"r\":1.5}");
	struct err e = { 0 };
	const char *s = "unset";
	bool b = false;
	int64_t i = -1;
	json_t *v = NULL;

	(void)state;
	assert_int_equal(json_opt_str(o, "none", &s, &e), 0);
	assert_int_equal(json_opt_str(o, "n", &s, &e), 0);
	assert_string_equal(s, "unset");
	assert_int_equal(json_opt_str(o, "s", &s, &e), 0);
	assert_string_equal(s, "x");
	assert_int_equal(json_opt_bool(o, "b", &b, &e), 0);
	assert_true(b);
	assert_int_equal(json_opt_int(o, "i", &i, &e), 0);
	assert_int_equal(i, 5);
	assert_int_equal(json_opt_obj(o, "o", &v, &e), 0);
	assert_true(json_is_object(v));
	assert_int_equal(json_opt_arr(o, "a", &v, &e), 0);
	assert_true(json_is_array(v));

	assert_int_equal(json_opt_str(o, "i", &s, &e), -1);
	assert_non_null(strstr(e.what, "'i' must be a string"));
	assert_int_equal(json_opt_bool(o, "i", &b, &e), -1);
	assert_int_equal(json_opt_int(o, "r", &i, &e), -1);
	assert_int_equal(json_opt_obj(o, "a", &v, &e), -1);
	assert_int_equal(json_opt_arr(o, "o", &v, &e), -1);
	assert_string_equal(json_str(o, "i", "fallback"), "fallback");
	assert_int_equal(json_int(o, "s", 9), 9);
	assert_false(json_yes(o, "s"));
	assert_true(json_yes(o, "b"));
	assert_int_equal(json_int(NULL, "s", 9), 9);
	json_decref(o);
}

static void
what_is_saved_is_read(void **state)
{
	char place[] = "/tmp/joist-json-XXXXXX";
	struct err e = { 0 };
	json_t *o = of("{\"a\":[1,2,{\"b\":\"\\u20ac\"}]}");

	(void)state;
	assert_non_null(mkdtemp(place));
	int dir = file_opendir(AT_FDCWD, place, &e);
	assert_int_equal(json_save(dir, "f", o, true, &e), 0);
	json_t *p = json_file(dir, "f", &e);
	assert_true(json_equal(o, p));
	json_decref(p);
	assert_null(json_file(dir, "none", &e));
	assert_int_equal(e.code, ENOENT);
	/* A sparse file of any size costs nothing to make; it must cost nothing to refuse. */
	int fd = openat(dir, "huge", O_WRONLY | O_CREAT, 0600);
	assert_int_equal(ftruncate(fd, 100 << 20), 0);
	close(fd);
	assert_null(json_file(dir, "huge", &e));
	assert_int_equal(e.code, EFBIG);
	json_decref(o);
	close(dir);
	assert_int_equal(file_remove(AT_FDCWD, place, &e), 0);
}

UNIT_MAIN(TEST(an_error_says_where), TEST(a_tower_of_brackets_is_refused),
          TEST(absence_is_fine_and_a_wrong_type_is_not), TEST(what_is_saved_is_read))
