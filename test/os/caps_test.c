/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "layer/os/caps.h"

static const struct {
	const char *name;
	int number, given;
} rows[] = {
#define CAP(name, number, given) { "CAP_" #name, number, given },
#include "layer/os/caps.def"
#undef CAP
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static void
every_row_has_a_name_and_a_number(void **state)
{
	(void)state;
	/* All that this kernel's headers know, in their order. */
	assert_true(ROWS >= CAP_LAST_CAP + 1);
	for (int i = 0; i < ROWS; i++) {
		assert_int_equal(rows[i].number, i);
		assert_int_equal(caps_number(rows[i].name), i);
		assert_int_equal(caps_number(rows[i].name + 4), i);
		assert_string_equal(caps_name(i), rows[i].name);
	}
	assert_int_equal(caps_number("cap_chown"), CAP_CHOWN);
	assert_int_equal(caps_number("CAP_"), -1);
	assert_int_equal(caps_number("FLY"), -1);
	assert_int_equal(caps_number(""), -1);
	assert_null(caps_name(ROWS));
	assert_null(caps_name(-1));
}

static bool
holds(const json_t *caps, const char *set, const char *name)
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(caps, set), i, v)
		if (strcmp(json_string_value(v), name) == 0)
			return true;
	return false;
}

static json_t *
of_request(const char *add, const char *drop, bool privileged, struct err *e)
{
	json_t *a = add ? json_loads(add, 0, NULL) : NULL,
	       *d = drop ? json_loads(drop, 0, NULL) : NULL;
	json_t *caps = caps_of_request(a, d, privileged, e);

	json_decref(a);
	json_decref(d);
	return caps;
}

static void
the_default_set_is_that_of_the_field(void **state)
{
	struct err e = { 0 };
	int n = 0;

	(void)state;
	json_t *caps = of_request(NULL, NULL, false, &e);
	for (int i = 0; i < ROWS; i++) {
		assert_int_equal(holds(caps, "bounding", rows[i].name), rows[i].given);
		assert_int_equal(holds(caps, "effective", rows[i].name), rows[i].given);
		n += rows[i].given;
	}
	assert_int_equal(n, 14);
	assert_false(holds(caps, "ambient", "CAP_CHOWN"));
	json_decref(caps);
}

static void
add_and_drop(void **state)
{
	struct err e = { 0 };

	(void)state;
	json_t *caps = of_request("[\"NET_ADMIN\"]", "[\"cap_chown\"]", false, &e);
	assert_true(holds(caps, "effective", "CAP_NET_ADMIN"));
	assert_false(holds(caps, "effective", "CAP_CHOWN"));
	assert_true(holds(caps, "effective", "CAP_KILL"));
	json_decref(caps);
	caps = of_request("[\"CHOWN\"]", "[\"ALL\"]", false, &e);
	assert_true(holds(caps, "effective", "CAP_CHOWN"));
	assert_false(holds(caps, "effective", "CAP_KILL"));
	json_decref(caps);
	caps = of_request("[\"ALL\"]", "[\"SYS_ADMIN\"]", false, &e);
	assert_true(holds(caps, "effective", "CAP_SYS_BOOT"));
	assert_false(holds(caps, "effective", "CAP_SYS_ADMIN"));
	json_decref(caps);
	caps = of_request(NULL, NULL, true, &e);
	assert_true(holds(caps, "effective", "CAP_SYS_ADMIN"));
	json_decref(caps);
	assert_null(of_request("[\"FLY\"]", NULL, false, &e));
	assert_non_null(strstr(e.what, "FLY"));
	assert_true(e.hint[0]);
}

static void
hostile_sets(void **state)
{
	static const char *const bad[] = { "{\"effective\":\"CAP_KILL\"}", "{\"effective\":[1]}",
		                           "{\"bounding\":{}}" };
	struct caps *c = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct err e = { 0 };
		json_t *o = json_loads(bad[i], 0, NULL);
		int rc = caps_parse(o, &c, &e);
		if (rc == 0)
			print_message("# taken: %s\n", bad[i]);
		assert_int_equal(rc, -1);
		assert_true(e.what[0]);
		json_decref(o);
	}
	struct err e = { 0 };
	assert_int_equal(caps_parse(NULL, &c, &e), 0);
	assert_int_equal(c->bounding | c->effective | c->permitted, 0);
	caps_free(c);
	json_t *o = json_loads("{\"effective\":[\"CAP_KILL\"],\"permitted\":[\"CAP_KILL\"],"
	                       "\"bounding\":[\"CAP_KILL\"]}",
	                       0, NULL);
	assert_int_equal(caps_parse(o, &c, &e), 0);
	assert_int_equal(c->effective, UINT64_C(1) << CAP_KILL);
	assert_int_equal(c->bounding, UINT64_C(1) << CAP_KILL);
	assert_int_equal(c->ambient, 0);
	assert_int_equal(caps_effective(c), UINT64_C(1) << CAP_KILL);
	caps_free(c);
	json_decref(o);
}

UNIT_MAIN(TEST(every_row_has_a_name_and_a_number), TEST(the_default_set_is_that_of_the_field),
          TEST(add_and_drop), TEST(hostile_sets))
