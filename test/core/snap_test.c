/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "core/snap.h"

enum { ONE = SNAP_TAG('O', 'N', 'E', ' '), TWO = SNAP_TAG('T', 'W', 'O', ' '), PAGE = 4096 };

/* A file in memory that holds n bytes. */
static int
file_of(const void *bytes, size_t n)
{
	int fd = memfd_create("snap", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, 0), n);
	return fd;
}

/* ONE "first", TWO "", and the end; own. */
static struct snap *
small(void)
{
	struct err e = { 0 };
	struct snap *s = snap_new();
	assert_int_equal(snap_put(s, ONE, "first", 5, &e), 0);
	assert_int_equal(snap_put(s, TWO, NULL, 0, &e), 0);
	assert_int_equal(snap_finish(s, &e), 0);
	return s;
}

/* Read what small() wrote; the first error is *e. */
static int
read_small(struct snap *s, struct err *e)
{
	struct cur c;
	if (snap_get(s, ONE, &c, e) < 0)
		return -1;
	assert_int_equal(cur_left(&c), 5);
	assert_memory_equal(cur_bytes(&c, 5), "first", 5);
	if (snap_get(s, TWO, &c, e) < 0)
		return -1;
	assert_int_equal(cur_left(&c), 0);
	return snap_end(s, e);
}

/* The same from a file of n bytes. */
static int
read_file(const void *bytes, size_t n, struct err *e)
{
	*e = (struct err){ 0 };
	int fd = file_of(bytes, n);
	struct snap *s = snap_reader(fd, "night", e);
	int rc = s ? read_small(s, e) : -1;
	snap_free(s);
	close(fd);
	return rc;
}

static int
read_memory(const void *bytes, size_t n, struct err *e)
{
	*e = (struct err){ 0 };
	struct snap *s = snap_of(bytes, n);
	int rc = read_small(s, e);
	snap_free(s);
	return rc;
}

static void
a_checksum_is_castagnolis(void **state)
{
	/* RFC 3720, appendix B.4, and the usual check */
	static const uint8_t zeros[32];
	uint8_t up[32], ones[32];
	(void)state;
	for (uint8_t i = 0; i < 32; i++)
		up[i] = i;
	memset(ones, 0xff, 32);
	assert_int_equal(snap_crc(zeros, 32), 0x8a9136aa);
	assert_int_equal(snap_crc(ones, 32), 0x62a8ab43);
	assert_int_equal(snap_crc(up, 32), 0x46dd794e);
	assert_int_equal(snap_crc("123456789", 9), 0xe3069283);
	assert_int_equal(snap_crc("", 0), 0);
}

static void
what_is_put_comes_back(void **state)
{
	struct err e = { 0 };
	(void)state;
	struct snap *s = small();
	const struct buf *b = snap_bytes(s);
	assert_memory_equal(b->p, "JSTSNAP\x02", 8);
	assert_int_equal(read_memory(b->p, b->n, &e), 0);
	assert_int_equal(read_file(b->p, b->n, &e), 0);

	struct snap *r = snap_of(b->p, b->n);
	struct cur c;
	assert_int_equal(snap_peek(r), ONE);
	assert_int_equal(snap_get(r, ONE, &c, &e), 0);
	assert_int_equal(snap_peek(r), TWO);
	assert_int_equal(snap_get(r, TWO, &c, &e), 0);
	assert_int_equal(snap_peek(r), 0);
	snap_free(r);
	snap_free(s);
}

static void
a_file_is_what_memory_is(void **state)
{
	struct err e = { 0 };
	char *big = xmalloc(3 << 20), *got = xmalloc(4 << 20);
	(void)state;
	for (size_t i = 0; i < 3 << 20; i++)
		big[i] = (char)(i * 7 + (i >> 12));
	int fd = memfd_create("snap", MFD_CLOEXEC);
	struct snap *s[2] = { snap_new(), snap_writer(fd, "night") };
	for (int i = 0; i < 2; i++) {
		/* small, large and small again: their order holds */
		for (int k = 0; k < 1000; k++)
			assert_int_equal(snap_put(s[i], ONE, &k, sizeof k, &e), 0);
		assert_int_equal(snap_put(s[i], TWO, big, 3 << 20, &e), 0);
		assert_int_equal(snap_put(s[i], ONE, "x", 1, &e), 0);
		assert_int_equal(snap_put(s[i], TWO, big, 600 << 10, &e), 0);
		assert_int_equal(snap_finish(s[i], &e), 0);
	}
	const struct buf *b = snap_bytes(s[0]);
	assert_int_equal(pread(fd, got, 4 << 20, 0), b->n);
	assert_memory_equal(got, b->p, b->n);
	snap_free(s[0]);
	snap_free(s[1]);
	close(fd);
	free(got);
	free(big);
}

static void
a_file_cut_anywhere_is_refused(void **state)
{
	struct err e;
	(void)state;
	struct snap *s = small();
	const struct buf *b = snap_bytes(s);
	for (size_t n = 0; n < b->n; n++) {
		/* a copy of that size, so that a sanitizer sees what lies behind it */
		uint8_t *cut = xmalloc(n + 1);
		memcpy(cut, b->p, n);
		assert_int_equal(read_memory(cut, n, &e), -1);
		assert_int_equal(e.code, EBADMSG);
		assert_true(e.what[0] && e.hint[0]);
		assert_int_equal(read_file(cut, n, &e), -1);
		assert_int_equal(e.code, EBADMSG);
		assert_true(e.what[0] && e.hint[0]);
		free(cut);
	}
	assert_int_equal(read_file(b->p, b->n - 1, &e), -1);
	assert_string_equal(e.what, "snapshot 'night' is damaged: it ends too early");
	assert_string_equal(e.hint, "use another one: joist snaps");
	snap_free(s);
}

static void
a_byte_changed_anywhere_is_noticed(void **state)
{
	struct err e;
	(void)state;
	struct snap *s = small();
	const struct buf *b = snap_bytes(s);
	uint8_t *bad = xmalloc(b->n);
	for (size_t i = 0; i < b->n; i++) {
		memcpy(bad, b->p, b->n);
		bad[i] ^= 0x41;
		assert_int_equal(read_memory(bad, b->n, &e), -1);
		assert_true(e.what[0] && e.hint[0]);
		assert_int_equal(read_file(bad, b->n, &e), -1);
		assert_true(e.what[0] && e.hint[0]);
	}
	/* the payload: head 8, chunk head 16 */
	memcpy(bad, b->p, b->n);
	bad[24] = 'F';
	read_file(bad, b->n, &e);
	assert_string_equal(e.what, "snapshot 'night' is damaged: a checksum is wrong");
	free(bad);
	snap_free(s);
}

static void
other_files_and_versions_are_named(void **state)
{
	struct err e;
	(void)state;
	struct snap *s = small();
	const struct buf *b = snap_bytes(s);
	uint8_t *bad = xmalloc(b->n);
	memcpy(bad, b->p, b->n);
	bad[7] = 200;
	assert_int_equal(read_file(bad, b->n, &e), -1);
	assert_int_equal(e.code, ENOTSUP);
	assert_string_equal(e.what, "snapshot 'night' has version 200, this Joist reads version 2");
	assert_string_equal(e.hint, "use a newer Joist");
	bad[7] = 0;
	assert_int_equal(read_file(bad, b->n, &e), -1);
	assert_string_equal(e.hint, "restore it with the Joist that made it");
	bad[0] = 'X';
	assert_int_equal(read_file(bad, b->n, &e), -1);
	assert_string_equal(e.what, "'night' is no snapshot");
	assert_int_equal(read_file("", 0, &e), -1);
	assert_string_equal(e.what, "'night' is no snapshot");
	free(bad);
	snap_free(s);
}

static void
a_missing_part_is_named(void **state)
{
	struct err e = { 0 };
	struct cur c;
	(void)state;
	struct snap *s = small();
	struct snap *r = snap_of(snap_bytes(s)->p, snap_bytes(s)->n);
	assert_int_equal(snap_get(r, TWO, &c, &e), -1);
	assert_string_equal(e.what, "snapshot 'in memory' is damaged: a part is missing");
	/* what was not given out is empty */
	assert_int_equal(cur_left(&c), 0);
	assert_int_equal(snap_end(r, &e), -1);
	assert_string_equal(e.what,
	                    "snapshot 'in memory' is damaged: there is more than belongs to it");
	snap_free(r);
	snap_free(s);
}

static void
what_stands_behind_the_end_is_refused(void **state)
{
	struct err e = { 0 };
	(void)state;
	struct snap *s = small();
	struct buf b = { 0 };
	buf_put(&b, snap_bytes(s)->p, snap_bytes(s)->n);
	buf_put(&b, snap_bytes(s)->p + snap_bytes(s)->n - 16, 16);
	assert_int_equal(read_memory(b.p, b.n, &e), -1);
	assert_int_equal(read_file(b.p, b.n, &e), -1);
	assert_string_equal(e.what,
	                    "snapshot 'night' is damaged: there is more than belongs to it");
	buf_free(&b);
	snap_free(s);
}

static void
a_length_is_not_believed(void **state)
{
	static const uint64_t lengths[] = { 6,          1 << 20,         UINT32_MAX,     INT64_MAX,
		                            UINT64_MAX, UINT64_MAX - 15, UINT64_MAX - 23 };
	struct err e;
	(void)state;
	struct snap *s = small();
	struct buf b = { 0 };
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		b.n = 0;
		buf_put(&b, snap_bytes(s)->p, 16);
		buf_u64(&b, lengths[i]);
		buf_put(&b, snap_bytes(s)->p + 24, snap_bytes(s)->n - 24);
		assert_int_equal(read_memory(b.p, b.n, &e), -1);
		assert_int_equal(e.code, EBADMSG);
		assert_int_equal(read_file(b.p, b.n, &e), -1);
		assert_int_equal(e.code, EBADMSG);
	}
	buf_free(&b);
	snap_free(s);
}

/* -- disks ---------------------------------------------------------------------- */

static void
a_full_disk_is_said_by_each_call(void **state)
{
	struct err e = { 0 };
	char *big = xcalloc(1, 2 << 20);
	(void)state;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		skip();
	struct snap *s = snap_writer(fd, "night");
	assert_int_equal(snap_put(s, ONE, big, 2 << 20, &e), -1);
	assert_int_equal(e.code, ENOSPC);
	assert_string_equal(e.what, "snapshot 'night': No space left on device");
	assert_string_equal(e.hint, "make room on that disk and try again");
	e = (struct err){ 0 };
	assert_int_equal(snap_put(s, ONE, "x", 1, &e), -1);
	assert_int_equal(e.code, ENOSPC);
	e = (struct err){ 0 };
	assert_int_equal(snap_finish(s, &e), -1);
	assert_int_equal(e.code, ENOSPC);
	snap_free(s);

	/* little enough to be noticed only at the end */
	s = snap_writer(fd, "night");
	assert_int_equal(snap_put(s, ONE, "x", 1, &e), 0);
	assert_int_equal(snap_finish(s, &e), -1);
	assert_int_equal(e.code, ENOSPC);
	assert_string_equal(e.hint, "make room on that disk and try again");
	snap_free(s);
	close(fd);
	free(big);
}

UNIT_MAIN(TEST(a_checksum_is_castagnolis), TEST(what_is_put_comes_back),
          TEST(a_file_is_what_memory_is), TEST(a_file_cut_anywhere_is_refused),
          TEST(a_byte_changed_anywhere_is_noticed), TEST(other_files_and_versions_are_named),
          TEST(a_missing_part_is_named), TEST(what_stands_behind_the_end_is_refused),
          TEST(a_length_is_not_believed), TEST(a_full_disk_is_said_by_each_call))
