/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "img/disk.h"

static char folder[64];
static int dir;

static int
begin(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/joist-disk-XXXXXX");
	assert_non_null(mkdtemp(folder));
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0;
}

static int
end(void **state)
{
	(void)state;
	close(dir);
	return file_remove(AT_FDCWD, folder, NULL);
}

static void
make(const char *name, uint64_t size, struct disk_options o)
{
	struct err e = { 0 };
	if (disk_create(dir, name, size, &o, &e) < 0)
		fail_msg("%s", e.what);
}

static struct disk *
open_it(const char *name, unsigned flags)
{
	struct err e = { 0 };
	struct disk *d = disk_open(dir, name, flags, &e);
	if (!d)
		fail_msg("%s", e.what);
	return d;
}

static int
put(struct disk *d, uint64_t at, const void *bytes, size_t n)
{
	struct iovec v = { (void *)bytes, n };
	return disk_write(d, at, &v, 1);
}

static int
get(struct disk *d, uint64_t at, void *bytes, size_t n)
{
	struct iovec v = { bytes, n };
	return disk_read(d, at, &v, 1);
}

static void
raw_reads_what_was_written(void **state)
{
	(void)state;
	char a[10] = "", b[10];
	make("raw", 1 << 20, (struct disk_options){ 0 });
	struct disk *d = open_it("raw", DISK_WRITE);
	assert_string_equal(disk_format(d), "raw");
	assert_int_equal(disk_size(d), 1 << 20);
	assert_int_equal(get(d, 4090, b, 10), 0);
	assert_memory_equal(a, b, 10);

	/* in pieces, one of them empty */
	struct iovec out[] = { { (char *)"abc", 3 }, { NULL, 0 }, { (char *)"defghij", 7 } };
	assert_int_equal(disk_write(d, 4090, out, 3), 0);
	struct iovec in[] = { { a, 1 }, { a + 1, 9 } };
	assert_int_equal(disk_read(d, 4090, in, 2), 0);
	assert_memory_equal(a, "abcdefghij", 10);

	/* nothing is beyond its end */
	assert_int_equal(put(d, (1 << 20) - 5, a, 10), -EINVAL);
	assert_int_equal(get(d, (1 << 20) - 5, a, 10), -EINVAL);
	assert_int_equal(get(d, UINT64_MAX, a, 10), -EINVAL);
	assert_int_equal(get(d, 1 << 20, a, 0), 0);

	assert_int_equal(disk_flush(d), 0);
	assert_int_equal(disk_zero(d, 4092, 2, true), 0);
	assert_int_equal(get(d, 4090, a, 10), 0);
	assert_memory_equal(a, "ab\0\0efghij", 10);
	assert_int_equal(disk_close(d), 0);

	d = open_it("raw", 0);
	assert_false(disk_writable(d));
	assert_int_equal(get(d, 4090, b, 10), 0);
	assert_memory_equal(a, b, 10);
	assert_int_equal(put(d, 0, a, 10), -EROFS);
	assert_int_equal(disk_discard(d, 0, 10), -EROFS);
	disk_close(d);
}

static void
raw_holes(void **state)
{
	(void)state;
	struct stat st;
	uint64_t n;
	char *m = malloc(1 << 20), *zeros = calloc(1, 1 << 20);
	memset(m, 7, 1 << 20);
	make("holes", 4 << 20, (struct disk_options){ 0 });
	struct disk *d = open_it("holes", DISK_WRITE);
	assert_int_equal(put(d, 1 << 20, m, 1 << 20), 0);
	assert_int_equal(disk_extent(d, 0, UINT64_MAX, &n), DISK_HOLE);
	assert_int_equal(n, 1 << 20);
	assert_int_equal(disk_extent(d, 1 << 20, UINT64_MAX, &n), DISK_DATA);
	assert_int_equal(n, 1 << 20);
	assert_int_equal(disk_extent(d, 4 << 20, UINT64_MAX, &n), -EINVAL);
	assert_int_equal(disk_zero(d, 1 << 20, 1 << 20, true), 0);
	assert_int_equal(get(d, 1 << 20, m, 1 << 20), 0);
	assert_memory_equal(m, zeros, 1 << 20);
	assert_int_equal(disk_close(d), 0);
	assert_int_equal(fstatat(dir, "holes", &st, 0), 0);
	assert_int_equal(st.st_size, 4 << 20);
	assert_true(st.st_blocks * 512 < 1 << 20);
	free(m);
	free(zeros);
}

static void
two_do_not_write_one_image(void **state)
{
	(void)state;
	struct err e = { 0 };
	make("mine", 4096, (struct disk_options){ 0 });
	struct disk *d = open_it("mine", DISK_WRITE);
	assert_null(disk_open(dir, "mine", DISK_WRITE, &e));
	assert_int_equal(e.code, EBUSY);
	assert_null(disk_open(dir, "mine", 0, &e));
	disk_close(open_it("mine", DISK_UNLOCKED));
	/* nor is it made anew */
	struct disk_options o = { 0 };
	assert_int_equal(disk_create(dir, "mine", 4096, &o, &e), -1);
	assert_int_equal(e.code, EBUSY);
	assert_int_equal(disk_close(d), 0);

	/* any number may read */
	d = open_it("mine", 0);
	struct disk *d2 = open_it("mine", 0);
	assert_null(disk_open(dir, "mine", DISK_WRITE, &e));
	assert_int_equal(e.code, EBUSY);
	disk_close(d);
	disk_close(d2);
	disk_close(open_it("mine", DISK_WRITE));
}

/* The exit status of `qemu-img info`, 127 when it is not there. */
static int
others(const char *name)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);
		dup2(null, 1);
		dup2(null, 2);
		if (fchdir(dir) == 0)
			execlp("qemu-img", "qemu-img", "info", name, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
nor_does_qemu(void **state)
{
	(void)state;
	make("ours", 1 << 20, (struct disk_options){ .format = "qcow2" });
	if (others("ours") == 127)
		skip();
	struct disk *d = open_it("ours", DISK_WRITE);
	assert_int_equal(others("ours"), 1);
	assert_int_equal(disk_close(d), 0);
	d = open_it("ours", 0);
	assert_int_equal(others("ours"), 0);
	assert_int_equal(disk_close(d), 0);
}

static void
what_is_no_disk(void **state)
{
	(void)state;
	struct err e = { 0 };
	assert_null(disk_open(dir, "absent", 0, &e));
	assert_int_equal(e.code, ENOENT);
	assert_string_not_equal(e.hint, "");
	assert_int_equal(mkdirat(dir, "folder", 0755), 0);
	assert_null(disk_open(dir, "folder", 0, &e));
	assert_int_equal(e.code, EISDIR);
	assert_int_equal(mkfifoat(dir, "fifo", 0644), 0);
	assert_null(disk_open(dir, "fifo", 0, &e));
	assert_int_equal(e.code, EINVAL);
}

static void
a_raw_disk_cannot_dress_up(void **state)
{
	(void)state;
	char a[8] = "QFI\xfb\0\0\0\3";
	make("sly", 1 << 20, (struct disk_options){ 0 });
	struct disk *d = open_it("sly", DISK_WRITE);
	assert_int_equal(put(d, 0, a, 8), -EPERM);
	assert_int_equal(put(d, 0, a, 2), 0);
	assert_int_equal(put(d, 2, a + 2, 6), -EPERM);
	assert_int_equal(put(d, 4, a + 4, 4), 0);
	disk_close(d);
	/* who said that it is raw may */
	d = open_it("sly", DISK_WRITE | DISK_RAW);
	assert_int_equal(put(d, 0, a, 8), 0);
	disk_close(d);
	disk_close(open_it("sly", DISK_WRITE | DISK_RAW));
}

static void
fill(const char *name, char with)
{
	struct disk *d = open_it(name, DISK_WRITE);
	char *m = malloc(disk_size(d));
	memset(m, with, disk_size(d));
	assert_int_equal(put(d, 0, m, disk_size(d)), 0);
	assert_int_equal(disk_close(d), 0);
	free(m);
}

static char
byte_at(struct disk *d, uint64_t at)
{
	char c;
	assert_int_equal(get(d, at, &c, 1), 0);
	return c;
}

static void
a_scratch_leaves_no_trace(void **state)
{
	(void)state;
	char many[70000];
	memset(many, 'b', sizeof many);
	make("below", 1 << 20, (struct disk_options){ 0 });
	fill("below", 'a');
	struct disk *d = open_it("below", DISK_SCRATCH), *other = open_it("below", DISK_SCRATCH);
	assert_true(disk_writable(d));
	assert_int_equal(disk_size(d), 1 << 20);
	assert_int_equal(put(d, 1000, many, sizeof many), 0);
	assert_int_equal(disk_zero(d, 200000, 300000, true), 0);
	assert_int_equal(disk_flush(d), 0);
	assert_int_equal(byte_at(d, 999), 'a');
	assert_int_equal(byte_at(d, 1000), 'b');
	assert_int_equal(byte_at(d, 70999), 'b');
	assert_int_equal(byte_at(d, 71000), 'a');
	assert_int_equal(byte_at(d, 200000), 0);
	assert_int_equal(byte_at(other, 1000), 'a');
	assert_int_equal(disk_close(d), 0);
	assert_int_equal(disk_close(other), 0);
	d = open_it("below", 0);
	assert_int_equal(byte_at(d, 1000), 'a');
	disk_close(d);
}

static void
names_are_seen_from_the_image(void **state)
{
	(void)state;
	struct err e = { 0 };
	assert_int_equal(mkdirat(dir, "sub", 0755), 0);
	assert_int_equal(mkdirat(dir, "sub/deep", 0755), 0);
	make("sub/base", 100000, (struct disk_options){ 0 });
	fill("sub/base", 'x');
	make("sub/deep/mid", 0, (struct disk_options){ .format = "qcow2", .backing = "../base" });
	make("top", 200000,
	     (struct disk_options){
	             .format = "qcow2", .backing = "sub/deep/mid", .backing_format = "qcow2" });
	struct disk *d = open_it("top", DISK_WRITE);
	assert_int_equal(disk_size(d), 200000);
	assert_int_equal(byte_at(d, 99999), 'x');
	assert_int_equal(byte_at(d, 100000), 0);
	assert_int_equal(put(d, 99990, "hello", 5), 0);
	assert_int_equal(byte_at(d, 99989), 'x');
	assert_int_equal(byte_at(d, 99994), 'o');
	assert_int_equal(byte_at(d, 99995), 'x');
	/* who stands on it keeps others from writing to it */
	assert_null(disk_open(dir, "sub/base", DISK_WRITE, &e));
	assert_int_equal(e.code, EBUSY);
	assert_int_equal(disk_close(d), 0);
	assert_int_equal(unlinkat(dir, "sub/base", 0), 0);
	assert_null(disk_open(dir, "top", 0, &e));
	assert_int_equal(e.code, ENOENT);
	/* but what it is can be said */
	d = open_it("top", DISK_ALONE);
	json_t *info = disk_info(d, &e);
	assert_string_equal(json_string_value(json_object_get(info, "backing-filename")),
	                    "sub/deep/mid");
	json_decref(info);
	disk_close(d);
}

/* An image that stands on itself is made by giving it the place of its base. */
static void
no_image_stands_on_itself(void **state)
{
	(void)state;
	struct err e = { 0 };
	make("ring0", 4096, (struct disk_options){ .format = "qcow2" });
	make("ring1", 0, (struct disk_options){ .format = "qcow2", .backing = "ring0" });
	make("ring2", 0, (struct disk_options){ .format = "qcow2", .backing = "ring1" });
	assert_int_equal(renameat(dir, "ring2", dir, "ring0"), 0);
	assert_null(disk_open(dir, "ring1", 0, &e));
	assert_int_equal(e.code, ELOOP);
	assert_null(disk_open(dir, "ring0", DISK_WRITE, &e));

	/* nor is there an end to a ladder */
	char name[16] = "step0", next[16];
	make(name, 4096, (struct disk_options){ .format = "qcow2" });
	int i, rc = 0;
	for (i = 1; i < 150 && rc == 0; i++) {
		snprintf(next, sizeof next, "step%d", i);
		struct disk_options o = { .format = "qcow2",
			                  .backing = name,
			                  .backing_format = "qcow2" };
		rc = disk_create(dir, next, 4096, &o, &e);
		memcpy(name, next, sizeof name);
	}
	assert_int_equal(rc, -1);
	assert_int_equal(e.code, ELOOP);
	assert_true(i > 90);
}

static void
what_a_file_is_not(void **state)
{
	(void)state;
	static const char *const names[] = { "nbd:localhost:1", "json:{\"driver\":\"raw\"}",
		                             "ssh://host/disk" };
	struct err e = { 0 };
	for (int i = 0; i < 3; i++) {
		struct disk_options o = { .format = "qcow2", .backing = names[i] };
		assert_int_equal(disk_create(dir, "far", 4096, &o, &e), -1);
		assert_int_equal(e.code, ENOTSUP);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(raw_reads_what_was_written),
		TEST(raw_holes),
		TEST(two_do_not_write_one_image),
		TEST(nor_does_qemu),
		TEST(what_is_no_disk),
		TEST(a_raw_disk_cannot_dress_up),
		TEST(a_scratch_leaves_no_trace),
		TEST(names_are_seen_from_the_image),
		TEST(no_image_stands_on_itself),
		TEST(what_a_file_is_not),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
