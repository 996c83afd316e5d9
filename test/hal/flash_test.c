/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "core/snap.h"
#include "layer/hal/dev/flash.h"

#define AT UINT64_C(0x20000000)
enum { RAM = 0x10000 };

static char folder_path[] = "/tmp/flash_test.XXXXXX";
static int folder = -1;

static struct board *
board(const char *image, bool readonly)
{
	struct err e = { 0 };
	if (folder < 0)
		folder = open(mkdtemp(folder_path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct board *b = board_new(0x80000000, RAM, &e);
	assert_non_null(b);
	assert_int_equal(flash_new(b, AT, "flash1", image, folder, readonly, &e), 0);
	return b;
}

static uint64_t
get(struct board *b, uint64_t offset, unsigned size)
{
	uint64_t v = 0;
	assert_true(bus_read(board_bus(b), AT + offset, size, &v));
	return v;
}

static void
put(struct board *b, uint64_t offset, uint32_t value)
{
	assert_true(bus_write(board_bus(b), AT + offset, 4, value));
}

/* To both chips. */
static void command(struct board *b, uint64_t offset, unsigned c) { put(b, offset, c | c << 16); }

static void
forget(void)
{
	unlinkat(folder, "flash1", 0);
	unlinkat(folder, "image", 0);
}

static off_t
kept(void)
{
	struct stat st;
	return fstatat(folder, "flash1", &st, 0) < 0 ? -1 : st.st_size;
}

static const char *
image(void)
{
	static char path[100];
	struct err e = { 0 };
	snprintf(path, sizeof path, "%s/image", folder_path);
	assert_int_equal(file_write(AT_FDCWD, path, "firmware", 8, 0600, false, &e), 0);
	return path;
}

/* As memory it has bytes at every address; to be told something it has words. */
static void
reads_as_memory(void **state)
{
	(void)state;
	struct board *b = board(image(), true);
	assert_int_equal(get(b, 1, 4), 0x776d7269); /* "irmw" */
	assert_int_equal(get(b, 3, 2), 0x776d);
	assert_int_equal(get(b, 4, 8), UINT64_C(0xffffffff65726177));
	assert_int_equal(get(b, FLASH_SIZE - 1, 1), 255);
	uint64_t v;
	assert_false(bus_read(board_bus(b), AT + FLASH_SIZE - 1, 2, &v));
	assert_false(bus_write(board_bus(b), AT + 1, 2, 0x9090));
	assert_int_equal(get(b, 0, 4), 0x6d726966);
	board_free(b);
	forget();
}

/* What drivers look for first. */
static void
identifies(void **state)
{
	(void)state;
	struct board *b = board(NULL, false);
	assert_int_equal(get(b, 0, 4), UINT32_MAX);
	command(b, 0x55 * 4, 0x98);
	assert_int_equal(get(b, 0x10 * 4, 4), 'Q' << 16 | 'Q');
	assert_int_equal(get(b, 0x11 * 4, 4), 'R' << 16 | 'R');
	assert_int_equal(get(b, 0x12 * 4, 2), 'Y');
	assert_int_equal(get(b, 0x12 * 4 + 2, 1), 'Y');
	assert_int_equal(get(b, 0x12 * 4 + 3, 1), 0);
	assert_int_equal(get(b, 0x13 * 4, 4), 0x10001);
	/* two chips of 2^24 bytes, of 128 blocks of 512 * 256 each */
	assert_int_equal(get(b, 0x27 * 4, 2), 24);
	assert_int_equal(get(b, 0x2c * 4, 2), 1);
	assert_int_equal(get(b, 0x2d * 4, 2), 127);
	assert_int_equal(get(b, 0x30 * 4, 2), 2);
	assert_int_equal(get(b, 0x31 * 4, 2), 'P');
	assert_int_equal(get(b, 0xff * 4, 4), 0);
	command(b, 0, 0x90);
	assert_int_equal(get(b, 0, 4), 0x890089);
	assert_int_equal(get(b, 4, 4), 0x180018);
	command(b, 0, 0xff);
	assert_int_equal(get(b, 0x40, 8), UINT64_MAX);
	assert_int_equal(get(b, 0x41, 8), UINT64_MAX);
	assert_int_equal(kept(), -1);
	board_free(b);
}

static void
programs(void **state)
{
	(void)state;
	struct board *b = board(NULL, false);
	command(b, 0x100, 0x40);
	put(b, 0x100, 0x12345678);
	assert_int_equal(get(b, 0, 4), 0x800080);
	command(b, 0, 0xff);
	assert_int_equal(get(b, 0x100, 4), 0x12345678);
	assert_int_equal(kept(), FLASH_SIZE);
	/* bits only fall */
	command(b, 0x100, 0x10);
	put(b, 0x100, 0xffff0000);
	command(b, 0, 0xff);
	assert_int_equal(get(b, 0x100, 4), 0x12340000);
	/* and rise together */
	command(b, FLASH_BLOCK, 0x40);
	put(b, FLASH_BLOCK, 0);
	command(b, 0x3fff0, 0x20);
	command(b, 0x3fff0, 0xd0);
	assert_int_equal(get(b, 0, 4), 0x800080);
	command(b, 0, 0xff);
	assert_int_equal(get(b, 0x100, 4), UINT32_MAX);
	assert_int_equal(get(b, FLASH_BLOCK, 4), 0);
	/* not without being asked twice */
	command(b, FLASH_BLOCK, 0x20);
	command(b, FLASH_BLOCK, 0xff);
	assert_int_equal(get(b, 0, 4), 0xb000b0);
	command(b, 0, 0x50);
	assert_int_equal(get(b, FLASH_BLOCK, 4), 0);
	command(b, 0, 0x70);
	assert_int_equal(get(b, 0, 4), 0x800080);
	board_free(b);
	/* it is there the next time */
	b = board(NULL, false);
	assert_int_equal(get(b, FLASH_BLOCK, 4), 0);
	assert_int_equal(get(b, 0x100, 4), UINT32_MAX);
	board_free(b);
	forget();
}

static void
buffers(void **state)
{
	(void)state;
	struct board *b = board(NULL, false);
	/* words less one, as many, and confirmed; they may come in any order */
	command(b, 0x2000, 0xe8);
	assert_int_equal(get(b, 0x2000, 4), 0x800080);
	command(b, 0x2000, 2);
	put(b, 0x2008, 3);
	put(b, 0x2000, 1);
	put(b, 0x2004, 2);
	command(b, 0x2000, 0xd0);
	assert_int_equal(get(b, 0, 4), 0x800080);
	command(b, 0, 0xff);
	assert_int_equal(get(b, 0x2000, 8), UINT64_C(0x200000001));
	assert_int_equal(get(b, 0x2008, 8), UINT64_C(0xffffffff00000003));
	/* not confirmed */
	command(b, 0x2000, 0xe8);
	command(b, 0x2000, 0);
	put(b, 0x2010, 9);
	command(b, 0x2000, 0xff);
	assert_int_equal(get(b, 0, 4), 0xb000b0);
	/* over the end of a buffer */
	command(b, 0, 0xe8);
	command(b, 0, 1);
	put(b, 0xffc, 4);
	put(b, 0x1000, 5);
	command(b, 0, 0xd0);
	assert_int_equal(get(b, 0, 4), 0x900090);
	command(b, 0, 0xff);
	assert_int_equal(get(b, 0x2010, 4), UINT32_MAX);
	assert_int_equal(get(b, 0xffc, 4), UINT32_MAX);
	assert_int_equal(get(b, 0x1000, 4), UINT32_MAX);
	/* the last words there are */
	command(b, FLASH_SIZE - 4, 0xe8);
	command(b, FLASH_SIZE - 4, 0);
	put(b, FLASH_SIZE - 4, 7);
	command(b, FLASH_SIZE - 4, 0xd0);
	command(b, 0, 0xff);
	assert_int_equal(get(b, FLASH_SIZE - 4, 4), 7);
	board_free(b);
	forget();
}

static void
read_only(void **state)
{
	(void)state;
	struct board *b = board(image(), true);
	command(b, 0, 0x40);
	put(b, 0, 0);
	assert_int_equal(get(b, 0, 4), 0x920092);
	command(b, 0, 0x20);
	command(b, 0, 0xd0);
	assert_int_equal(get(b, 0, 4), 0xa200a2);
	command(b, 0, 0xff);
	assert_int_equal(get(b, 4, 4), 'w' | 'a' << 8 | 'r' << 16 | (uint32_t)'e' << 24);
	assert_int_equal(get(b, 8, 8), UINT64_MAX);
	assert_int_equal(kept(), -1);
	board_free(b);
	forget();
}

/* A bank begins with an image, which stays as it is. */
static void
images(void **state)
{
	(void)state;
	struct err e = { 0 };
	char *text;
	size_t n;
	struct board *b = board(image(), false);
	command(b, 0, 0x40);
	put(b, 0, 0x20202020);
	board_free(b);
	assert_int_equal(file_read(folder, "image", 100, &text, &n, &e), 0);
	assert_memory_equal(text, "firmware", n);
	free(text);
	b = board(image(), false);
	assert_int_equal(get(b, 0, 4), 0x20202020);
	board_free(b);
	unlinkat(folder, "flash1", 0);

	b = board_new(0x80000000, RAM, &e);
	assert_int_equal(flash_new(b, AT, "flash1", "/nonexistent", folder, false, &e), -1);
	assert_int_equal(flash_new(b, AT, "flash1", "/dev/null", folder, false, &e), -1);
	assert_string_equal(e.what, "flash '/dev/null' is not a file");
	assert_int_equal(truncate(image(), FLASH_SIZE + 1), 0);
	char path[100];
	snprintf(path, sizeof path, "%s/image", folder_path);
	assert_int_equal(flash_new(b, AT, "flash1", path, folder, false, &e), -1);
	assert_non_null(strstr(e.what, "larger than a bank of 32 MiB"));
	board_free(b);
	forget();
}

/* To a snapshot in the middle of a command and back, also into another machine. */
static void
snapshots(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct board *b = board(NULL, false);
	command(b, 0x100, 0x40);
	put(b, 0x100, 0x12345678);
	command(b, 0x200, 0xe8);
	command(b, 0x200, 1);
	put(b, 0x200, 1);
	struct snap *s = snap_new();
	assert_int_equal(board_save(b, s, &e), 0);
	put(b, 0x204, 2);
	command(b, 0x200, 0xd0);
	command(b, 0x100, 0x40);
	put(b, 0x100, 0);
	for (unsigned other = 0; other < 2; other++) {
		if (other) {
			board_free(b);
			forget();
			b = board(NULL, false);
		}
		struct snap *from = snap_of(snap_bytes(s)->p, snap_bytes(s)->n);
		assert_int_equal(board_load(b, from, &e), 0);
		snap_free(from);
		put(b, 0x204, 3);
		command(b, 0x200, 0xd0);
		command(b, 0, 0xff);
		assert_int_equal(get(b, 0x100, 4), 0x12345678);
		assert_int_equal(get(b, 0x200, 8), UINT64_C(0x300000001));
	}
	board_free(b);
	b = board(NULL, false);
	assert_int_equal(get(b, 0x100, 4), 0x12345678);
	assert_int_equal(get(b, 0x200, 8), UINT64_C(0x300000001));
	board_free(b);
	snap_free(s);
	forget();
	unlinkat(AT_FDCWD, folder_path, AT_REMOVEDIR);
}

UNIT_MAIN(TEST(identifies), TEST(reads_as_memory), TEST(programs), TEST(buffers), TEST(read_only),
          TEST(images), TEST(snapshots))
