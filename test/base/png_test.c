/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/arena.h"
#include "base/png.h"

/* A reader for what we write: it knows the five filters (9.2) and checks every CRC. */

static uint32_t
big(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint8_t
paeth(int a, int b, int c)
{
	int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);
	return (uint8_t)(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
}

static void
unfilter(uint8_t *row, const uint8_t *above, size_t n)
{
	uint8_t kind = row[0];
	for (size_t i = 1; i < n; i++) {
		uint8_t a = i > 3 ? row[i - 3] : 0, b = above ? above[i] : 0;
		uint8_t c = i > 3 && above ? above[i - 3] : 0;
		const uint8_t add[] = { 0, a, b, (uint8_t)((a + b) / 2), paeth(a, b, c) };
		assert_true(kind < sizeof add);
		row[i] = (uint8_t)(row[i] + add[kind]);
	}
}

static uint32_t *
read_png(const struct buf *file, uint32_t *width, uint32_t *height)
{
	struct buf data = { 0 };
	const uint8_t *p = file->p, *end = p + file->n;
	bool ended = false;
	assert_true(file->n > 8 && memcmp(p, "\x89PNG\r\n\x1a\n", 8) == 0);
	for (p += 8; p < end;) {
		assert_true(end - p >= 12);
		uint32_t n = big(p);
		assert_true(n <= (size_t)(end - p) - 12);
		assert_int_equal(big(p + 8 + n), crc32(0, p + 4, n + 4));
		assert_false(ended);
		if (memcmp(p + 4, "IHDR", 4) == 0) {
			assert_int_equal(n, 13);
			*width = big(p + 8);
			*height = big(p + 12);
			assert_memory_equal(p + 16, "\x08\x02\0\0\0", 5);
		} else if (memcmp(p + 4, "IDAT", 4) == 0) {
			buf_put(&data, p + 8, n);
		} else {
			assert_memory_equal(p + 4, "IEND", 4);
			ended = true;
		}
		p += 12 + n;
	}
	assert_true(ended);
	size_t across = 1 + (size_t)*width * 3;
	uLongf n = across * *height;
	uint8_t *rows = xmalloc(n);
	assert_int_equal(uncompress(rows, &n, data.p, data.n), Z_OK);
	assert_int_equal(n, across * *height);
	uint32_t *pixels = xcalloc((size_t)*width * *height, 4);
	for (uint32_t y = 0; y < *height; y++) {
		uint8_t *row = rows + y * across;
		unfilter(row, y ? row - across : NULL, across);
		for (uint32_t x = 0; x < *width; x++)
			pixels[(size_t)y * *width + x] = (uint32_t)row[1 + x * 3] << 16 |
			                                 (uint32_t)row[2 + x * 3] << 8 |
			                                 row[3 + x * 3];
	}
	free(rows);
	buf_free(&data);
	return pixels;
}

static void
comes_back(const uint32_t *pixels, uint32_t width, uint32_t height)
{
	struct buf b = { 0 };
	struct err e = { 0 };
	uint32_t w = 0, h = 0;
	assert_int_equal(png_write(&b, pixels, width, height, &e), 0);
	uint32_t *got = read_png(&b, &w, &h);
	assert_int_equal(w, width);
	assert_int_equal(h, height);
	for (size_t i = 0; i < (size_t)width * height; i++)
		assert_int_equal(got[i], pixels[i] & 0xffffff);
	free(got);
	buf_free(&b);
}

static void
one_pixel(void **state)
{
	static const uint32_t pixel = 0xff123456; /* the highest byte is nothing */
	(void)state;
	comes_back(&pixel, 1, 1);
}

static void
a_line_each_way(void **state)
{
	uint32_t line[300];
	(void)state;
	for (uint32_t i = 0; i < 300; i++)
		line[i] = i * 0x010305;
	comes_back(line, 300, 1);
	comes_back(line, 1, 300);
}

/* More than one chunk: it cannot be compressed. */
static void
noise(void **state)
{
	enum { WIDTH = 517, HEIGHT = 301 };
	uint32_t *p = xcalloc(WIDTH * HEIGHT, 4), x = 1;
	(void)state;
	for (size_t i = 0; i < (size_t)WIDTH * HEIGHT; i++) {
		x ^= x << 13, x ^= x >> 17, x ^= x << 5;
		p[i] = x;
	}
	comes_back(p, WIDTH, HEIGHT);
	free(p);
}

static void
what_is_plain_is_small_and_always_the_same(void **state)
{
	uint32_t *p = xcalloc(1024 * 768, 4);
	struct buf a = { 0 }, b = { 0 };
	(void)state;
	assert_int_equal(png_write(&a, p, 1024, 768, NULL), 0);
	assert_int_equal(png_write(&b, p, 1024, 768, NULL), 0);
	assert_true(a.n < 8192);
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.p, b.p, a.n);
	buf_free(&a);
	buf_free(&b);
	free(p);
}

UNIT_MAIN(TEST(one_pixel), TEST(a_line_each_way), TEST(noise),
          TEST(what_is_plain_is_small_and_always_the_same))
