/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "core/artifact.h"

static char place[64];

static const struct {
	const char *type;
	size_t at;
	const char *bytes;
	size_t n;
	const char *floor;
} rows[] = {
#define MAGIC(type, at, bytes, n, floor, about) { type, at, bytes, n, floor },
#include "core/artifact.def"
#undef MAGIC
};

static int
make_place(void **state)
{
	(void)state;
	snprintf(place, sizeof place, "/tmp/joist-artifact-XXXXXX");
	return mkdtemp(place) ? 0 : -1;
}

static int
remove_place(void **state)
{
	(void)state;
	return file_remove(AT_FDCWD, place, NULL);
}

static const char *
file(const char *name, size_t at, const void *bytes, size_t n)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/%s", place, name);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, (off_t)at), n);
	close(fd);
	return path;
}

static void
every_row_is_known_by_its_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct err e = { 0 };
		struct artifact *a =
		        artifact_of(file("magic", rows[i].at, rows[i].bytes, rows[i].n), &e);
		assert_non_null(a);
		assert_int_equal(a->kind, ARTIFACT_FILE);
		assert_string_equal(a->type, rows[i].type);
		assert_true(a->about && a->about[0]);
		if (rows[i].floor)
			assert_string_equal(a->floor, rows[i].floor);
		else
			assert_null(a->floor);
		artifact_free(a);
	}
}

/* One byte too few is another file. */
static void
half_a_row_is_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct err e = { 0 };
		struct artifact *a =
		        artifact_of(file("half", rows[i].at, rows[i].bytes, rows[i].n - 1), &e);
		assert_non_null(a);
		if (a->kind != ARTIFACT_UNKNOWN)
			print_message("# half of %s is %s\n", rows[i].type, a->type);
		assert_int_equal(a->kind, ARTIFACT_UNKNOWN);
		artifact_free(a);
	}
}

static void
expect(const char *name, enum artifact_kind kind, const char *tag)
{
	struct err e = { 0 };
	struct artifact *a = artifact_of(name, &e);

	if (!a || a->kind != kind)
		print_message("# %s: kind %d, expected %d %s\n", name, a ? (int)a->kind : -1, kind,
		              e.what);
	assert_non_null(a);
	assert_int_equal(a->kind, kind);
	if (tag)
		assert_string_equal(a->tag, tag);
	artifact_free(a);
}

static void
folders_by_what_is_in_them(void **state)
{
	char path[160], layout[200];

	(void)state;
	snprintf(path, sizeof path, "%s/root", place);
	assert_int_equal(file_mkdirs(AT_FDCWD, path, 0700, NULL), 0);
	expect(path, ARTIFACT_FOLDER, NULL);
	file("root/config.json", 0, "{}", 2);
	expect(path, ARTIFACT_BUNDLE, NULL);
	snprintf(path, sizeof path, "%s/layout", place);
	assert_int_equal(file_mkdirs(AT_FDCWD, path, 0700, NULL), 0);
	file("layout/oci-layout", 0, "{\"imageLayoutVersion\":\"1.0.0\"}", 30);
	expect(path, ARTIFACT_LAYOUT, NULL);
	snprintf(layout, sizeof layout, "oci:%s", path);
	expect(layout, ARTIFACT_LAYOUT, NULL);
	snprintf(layout, sizeof layout, "oci:%s:v1", path);
	expect(layout, ARTIFACT_LAYOUT, "v1");
}

static void
names_of_images(void **state)
{
	struct err e = { 0 };

	(void)state;
	expect("alpine", ARTIFACT_IMAGE, NULL);
	expect("alpine:3", ARTIFACT_IMAGE, NULL);
	expect("localhost:5000/a/b:c", ARTIFACT_IMAGE, NULL);
	assert_null(artifact_of("./not-there", &e));
	assert_int_equal(e.code, ENOENT);
	assert_non_null(strstr(e.what, "not-there"));
	artifact_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_row_is_known_by_its_bytes),
		TEST(half_a_row_is_not),
		TEST(folders_by_what_is_in_them),
		TEST(names_of_images),
	};
	return cmocka_run_group_tests(tests, make_place, remove_place);
}
