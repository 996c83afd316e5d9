/* SPDX-License-Identifier: Apache-2.0 */
/* Names of images, as users of other tools write them. */
#include "test/unit.h"

#include <stdlib.h>
#include <string.h>

#include "img/ref.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
full_names(void **state)
{
	static const char *const names[][2] = {
		{ "alpine", "docker.io/library/alpine:latest" },
		{ "alpine:3.18", "docker.io/library/alpine:3.18" },
		{ "user/app", "docker.io/user/app:latest" },
		{ "docker.io/alpine", "docker.io/library/alpine:latest" },
		{ "index.docker.io/alpine", "docker.io/library/alpine:latest" },
		{ "localhost/app", "localhost/app:latest" },
		{ "localhost:5000/a/b/c:v1", "localhost:5000/a/b/c:v1" },
		{ "[::1]:5000/a", "[::1]:5000/a:latest" },
		{ "quay.io/x/y_z__w-v.u:T_1.2-3", "quay.io/x/y_z__w-v.u:T_1.2-3" },
		{ "alpine@sha256:" HEX, "docker.io/library/alpine@sha256:" HEX },
		{ "alpine:3@sha256:" HEX, "docker.io/library/alpine@sha256:" HEX },
		{ "a--b", "docker.io/library/a--b:latest" },
	};
	struct ref r;
	(void)state;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		assert_int_equal(ref_parse(names[i][0], &r, NULL), 0);
		char *name = ref_name(&r);
		assert_string_equal(name, names[i][1]);
		free(name);
		ref_free(&r);
	}
}

static void
refused_names(void **state)
{
	static const char *const names[] = {
		"",
		"Alpine",
		"a//b",
		"/a",
		"a/",
		"a:",
		"a:-x",
		"a b",
		"a@sha256:12",
		"a@md5:" HEX,
		"-a",
		"a-",
		"a___b",
		"a..b",
		"host.io:99999999/a",
		"host.io:x/a",
		"../a",
		"a:t:t",
		"a\nb",
		"a@sha256:" HEX "0",
		"[::1/a",
		".a.io/b",
		"a;b",
	};
	struct ref r;
	struct err e;
	(void)state;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		e = (struct err){ 0 };
		if (ref_parse(names[i], &r, &e) == 0)
			print_error("'%s' was taken\n", names[i]);
		assert_true(e.what[0] && e.hint[0]);
		assert_null(r.path);
	}
	char *much = malloc(5000);
	memset(much, 'a', 4999);
	much[4999] = '\0';
	assert_int_equal(ref_parse(much, &r, NULL), -1);
	free(much);
}

static void
short_names(void **state)
{
	(void)state;
	assert_string_equal(ref_short("docker.io/library/alpine:3"), "alpine:3");
	assert_string_equal(ref_short("docker.io/user/app:1"), "user/app:1");
	assert_string_equal(ref_short("quay.io/library/app:1"), "quay.io/library/app:1");
}

static void
digests(void **state)
{
	(void)state;
	assert_true(ref_is_digest("sha256:" HEX));
	assert_string_equal(ref_hex("sha256:" HEX), HEX);
	assert_false(ref_is_digest(NULL));
	assert_false(ref_is_digest(""));
	assert_false(ref_is_digest("sha256:"));
	assert_false(ref_is_digest("sha256:" HEX "/"));
	assert_false(ref_is_digest(
	        "sha256:../../../../../../../../../../../../../../../../../../etc/pas"));
	assert_false(ref_is_digest("sha512:" HEX));
}

UNIT_MAIN(TEST(full_names), TEST(refused_names), TEST(short_names), TEST(digests))
