/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "core/pages.h"

enum { ONE = SNAP_TAG('O', 'N', 'E', ' '), PAGE = PAGES_SIZE, ID = 7 };

/* A file in memory that holds n bytes. */
static int
file_of(const void *bytes, size_t n)
{
	int fd = memfd_create("snap", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, 0), n);
	return fd;
}

/* p[0..n) through a snap, by memory and by a file; returns the snap's size. */
static size_t
there_and_back(const uint8_t *p, size_t n)
{
	struct err e = { 0 };
	struct snap *s = snap_new();
	assert_int_equal(pages_put(s, ONE, ID, p, n, &e), 0);
	assert_int_equal(snap_finish(s, &e), 0);
	const struct buf *b = snap_bytes(s);
	size_t size = b->n;
	int fd = file_of(b->p, b->n);
	struct snap *r[2] = { snap_of(b->p, b->n), snap_reader(fd, "night", &e) };
	for (int i = 0; i < 2; i++) {
		uint8_t *to = xcalloc(1, n + 1);
		assert_int_equal(pages_get(r[i], ONE, ID, to, n, &e), 0);
		assert_int_equal(snap_end(r[i], &e), 0);
		if (n)
			assert_memory_equal(to, p, n);
		free(to);
		snap_free(r[i]);
	}
	close(fd);
	snap_free(s);
	return size;
}

/* Bytes that no compressor makes less of. */
static void
noise(uint8_t *p, size_t n, uint64_t seed)
{
	for (size_t i = 0; i < n; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		p[i] = (uint8_t)(seed >> 56);
	}
}

static void
zeros_and_copies_cost_nothing(void **state)
{
	enum { N = 4 << 20 };
	uint8_t *p = xcalloc(1, N);
	(void)state;
	size_t none = there_and_back(p, N);
	assert_true(none < 100);
	assert_int_equal(there_and_back(NULL, 0), none);
	noise(p + 5 * PAGE, PAGE, 1);
	size_t one = there_and_back(p, N);
	assert_true(one > PAGE && one < none + PAGE + 100);
	for (size_t at = 6 * PAGE; at < N; at += PAGE)
		memcpy(p + at, p + 5 * PAGE, PAGE);
	assert_true(there_and_back(p, N) < one + N / PAGE * 8);
	/* what says little takes little */
	for (size_t i = 0; i < N; i++)
		p[i] = (uint8_t)(i / 997);
	assert_true(there_and_back(p, N) < N / 4);
	noise(p, N, 2);
	assert_true(there_and_back(p, N) < N + N / 64);
	free(p);
}

static void
the_last_page_may_be_none(void **state)
{
	enum { N = 40 * PAGE };
	uint8_t *p = xcalloc(1, N);
	(void)state;
	p[N - 1] = 1;
	there_and_back(p, N);
	there_and_back(p, N - 1);
	p[N - PAGE] = 1;
	there_and_back(p, N - PAGE + 1);
	there_and_back(p, 1);
	for (size_t i = 0; i < N; i += 3)
		p[i] = 9;
	there_and_back(p, N - 100);
	/* every other page */
	for (size_t at = 0; at < N; at += 2 * PAGE)
		memset(p + at, 0, PAGE);
	there_and_back(p, N);
	free(p);
}

static void
a_page_is_found_without_the_others(void **state)
{
	enum { N = 100 * PAGE };
	struct err e = { 0 };
	uint8_t *p = xcalloc(1, N), *frame = xmalloc(PAGES_FRAME * PAGE);
	(void)state;
	for (unsigned i = 10; i < 90; i++)
		noise(p + i * PAGE, PAGE, i % 60);
	struct snap *s = snap_new();
	assert_int_equal(pages_put(s, ONE, ID, p, N, &e), 0);
	assert_int_equal(snap_finish(s, &e), 0);
	int fd = file_of(snap_bytes(s)->p, snap_bytes(s)->n);
	struct snap *r = snap_reader(fd, "night", &e);
	struct pages *pages = pages_open(r, ONE, ID, N, &e);
	assert_non_null(pages);
	assert_true(pages_stay(pages));
	assert_int_equal(pages_count(pages), 100);
	/* the snap and its descriptor may go */
	assert_int_equal(snap_end(r, &e), 0);
	snap_free(r);
	close(fd);
	for (unsigned i = 0; i < 100; i++) {
		uint32_t number[PAGES_FRAME];
		unsigned place, n;
		int64_t f = pages_frame(pages, 99 - i, &place);
		if (i < 10 || i >= 90) {
			assert_int_equal(f, -1);
			continue;
		}
		assert_int_equal(pages_read(pages, (uint64_t)f, frame, number, &n, &e), 0);
		assert_true(place < n);
		assert_memory_equal(frame + place * PAGE, p + (99 - i) * PAGE, PAGE);
	}
	pages_close(pages);
	snap_free(s);
	free(frame);
	free(p);
}

/* -- what is wrong though its checksum is right ------------------------------------------- */

static void
head(struct buf *b, uint64_t id, uint32_t kind, uint32_t count)
{
	buf_u64(b, id);
	buf_u32(b, kind);
	buf_u32(b, count);
}

/* A frame of `count` plain pages, then a list that says what it is told. */
static int
read_made(uint32_t count, const uint32_t *list, size_t n, uint64_t size, struct err *e)
{
	struct snap *s = snap_new();
	struct buf b = { 0 };
	uint8_t page[PAGE] = { 1 }, *to = xcalloc(3, PAGE);
	if (count) {
		head(&b, ID, 0, count);
		for (uint32_t i = 0; i < count; i++)
			buf_put(&b, page, PAGE);
		snap_put_buf(s, ONE, &b, e);
	}
	b.n = 0;
	head(&b, ID, 2, count > 0);
	buf_u64(&b, size);
	for (size_t i = 0; i < n; i++)
		buf_u32(&b, list[i]);
	snap_put_buf(s, ONE, &b, e);
	snap_finish(s, e);
	struct snap *r = snap_of(snap_bytes(s)->p, snap_bytes(s)->n);
	int rc = pages_get(r, ONE, ID, to, size < 3 * PAGE ? size : 3 * PAGE, e);
	snap_free(r);
	snap_free(s);
	buf_free(&b);
	free(to);
	return rc;
}

static void
pages_stay_inside_their_memory(void **state)
{
	static const struct {
		uint32_t count, list[8];
		size_t n;
		uint64_t size;
	} bad[] = {
		{ 0, { 0, 0 }, 2, 4 * PAGE },    /* another size */
		{ 0, { 1, 0, 0 }, 3, 3 * PAGE }, /* pages in no frame */
		{ 1, { 1, 0, 3 }, 3, 3 * PAGE }, /* outside */
		{ 1, { 1, 0, UINT32_MAX }, 3, 3 * PAGE },
		{ 2, { 2, 0, 1, 1 }, 4, 3 * PAGE },    /* twice the same */
		{ 1, { 1, 0 }, 2, 3 * PAGE },          /* too short */
		{ 1, { 1, 0, 0, 0 }, 4, 3 * PAGE },    /* too long */
		{ 1, { 1, 1, 0, 1, 1 }, 5, 3 * PAGE }, /* a copy of what is not there */
		{ 1, { 1, 1, 0, 3, 0 }, 5, 3 * PAGE }, /* a copy outside */
		{ 1, { 1, 1, 0, 0, 0 }, 5, 3 * PAGE }, /* a copy onto itself */
		{ 1, { 1, 1, 1, 0, 0 }, 5, PAGE + 9 }, /* a copy of half a page */
		{ 1, { 1, 1, 0, 1, 0 }, 5, PAGE + 9 }, /* into half a page */
		{ 4, { 4, 0, 0, 1, 2, 3 }, 6, 3 * PAGE },
	};
	static const uint32_t good[] = { 1, 2, 1, 0, 0, 2, 0 };
	struct err e = { 0 };
	(void)state;
	assert_int_equal(read_made(1, good, 7, 3 * PAGE, &e), 0);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		e = (struct err){ 0 };
		assert_int_equal(read_made(bad[i].count, bad[i].list, bad[i].n, bad[i].size, &e),
		                 -1);
		assert_int_equal(e.code, EBADMSG);
	}
}

/* A chunk that begins well enough, and is no frame. */
static void
frames_are_looked_at(void **state)
{
	static const struct {
		uint64_t id;
		uint32_t kind, count;
		size_t n;
	} bad[] = { { 8, 0, 1, PAGE },   { ID, 0, 0, 0 },    { ID, 0, 2, PAGE },
		    { ID, 0, 33, PAGE }, { ID, 3, 1, PAGE }, { ID, 1, 1, 9 } };
	struct err e = { 0 };
	uint8_t bytes[PAGE] = { 0 }, *to = xcalloc(1, PAGE);
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct snap *s = snap_new();
		struct buf b = { 0 };
		head(&b, bad[i].id, bad[i].kind, bad[i].count);
		buf_put(&b, bytes, bad[i].n);
		snap_put_buf(s, ONE, &b, &e);
		b.n = 0;
		head(&b, ID, 2, 1);
		buf_u64(&b, PAGE);
		buf_u32(&b, 1);
		buf_u32(&b, 0);
		buf_u32(&b, 0);
		snap_put_buf(s, ONE, &b, &e);
		snap_finish(s, &e);
		struct snap *r = snap_of(snap_bytes(s)->p, snap_bytes(s)->n);
		e = (struct err){ 0 };
		assert_int_equal(pages_get(r, ONE, ID, to, PAGE, &e), -1);
		assert_int_equal(e.code, EBADMSG);
		snap_free(r);
		snap_free(s);
		buf_free(&b);
	}
	struct snap *s = snap_new();
	snap_put(s, ONE, "short", 5, &e);
	struct snap *r = snap_of(snap_bytes(s)->p, snap_bytes(s)->n);
	assert_int_equal(pages_get(r, ONE, ID, to, PAGE, &e), -1);
	snap_free(r);
	snap_free(s);
	free(to);
}

static void
pages_that_changed_are_noticed(void **state)
{
	struct err e = { 0 };
	uint8_t p[64] = "what was there", to[64] = { 0 };
	(void)state;
	struct snap *s = snap_new();
	assert_int_equal(pages_put(s, ONE, ID, p, sizeof p, &e), 0);
	size_t n = snap_bytes(s)->n;
	/* any byte but the chunk's own heads, which say so in their own way */
	for (size_t i = 8 + 16 + 16; i < n; i++) {
		struct buf b = { 0 };
		buf_put(&b, snap_bytes(s)->p, n);
		b.p[i] ^= 1;
		struct snap *r = snap_of(b.p, b.n);
		e = (struct err){ 0 };
		assert_int_equal(pages_get(r, ONE, ID, to, sizeof to, &e), -1);
		assert_int_equal(e.code, EBADMSG);
		snap_free(r);
		buf_free(&b);
	}
	snap_free(s);
}

UNIT_MAIN(TEST(zeros_and_copies_cost_nothing), TEST(the_last_page_may_be_none),
          TEST(a_page_is_found_without_the_others), TEST(pages_stay_inside_their_memory),
          TEST(frames_are_looked_at), TEST(pages_that_changed_are_noticed))
