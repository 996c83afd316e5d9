/* SPDX-License-Identifier: Apache-2.0 */
#include "base/png.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/arena.h"

enum { DEPTH = 8, COLOUR = 2, FILTER_UP = 2, CHUNK = 64 << 10 };

static void
big(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* Length, type, data, and a CRC of the last two (5.3). */
static void
chunk(struct buf *out, const char *type, const void *data, uint32_t n)
{
	uint8_t *p = buf_room(out, 12 + (size_t)n);
	big(p, n);
	memcpy(p + 4, type, 4);
	if (n)
		memcpy(p + 8, data, n);
	big(p + 8 + n, (uint32_t)crc32(0, p + 4, n + 4));
}

/* A row as what differs from the row above (9.2): screens are full of straight lines. */
static void
filter(uint8_t *to, const uint32_t *row, const uint32_t *above, uint32_t width)
{
	*to++ = FILTER_UP;
	for (uint32_t x = 0; x < width; x++) {
		uint32_t a = above ? above[x] : 0;
		for (int shift = 16; shift >= 0; shift -= 8)
			*to++ = (uint8_t)((row[x] >> shift) - (a >> shift));
	}
}

/* Compress what the stream has and put it into chunks. */
static bool
squeeze(struct buf *out, z_stream *z, int flush)
{
	uint8_t bytes[CHUNK];
	int rc;
	do {
		z->next_out = bytes;
		z->avail_out = sizeof bytes;
		rc = deflate(z, flush);
		if (rc == Z_STREAM_ERROR)
			return false;
		if (z->avail_out < sizeof bytes)
			chunk(out, "IDAT", bytes, (uint32_t)(sizeof bytes - z->avail_out));
	} while (z->avail_out == 0);
	return true;
}

int
png_write(struct buf *out, const uint32_t *pixels, uint32_t width, uint32_t height, struct err *e)
{
	static const uint8_t signature[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
	uint8_t head[13] = { [8] = DEPTH, [9] = COLOUR };
	z_stream z = { 0 };
	if (deflateInit(&z, Z_DEFAULT_COMPRESSION) != Z_OK)
		return fail(e, ENOMEM, "no memory to compress a picture");
	size_t n = 1 + (size_t)width * 3;
	uint8_t *row = xmalloc(n);
	bool good = true;
	buf_put(out, signature, sizeof signature);
	big(head, width);
	big(head + 4, height);
	chunk(out, "IHDR", head, sizeof head);
	for (uint32_t y = 0; good && y < height; y++) {
		const uint32_t *p = pixels + (size_t)y * width;
		filter(row, p, y ? p - width : NULL, width);
		z.next_in = row;
		z.avail_in = (uInt)n;
		good = squeeze(out, &z, y + 1 < height ? Z_NO_FLUSH : Z_FINISH);
	}
	chunk(out, "IEND", NULL, 0);
	deflateEnd(&z);
	free(row);
	return good ? 0 : fail(e, EINVAL, "the picture cannot be compressed");
}
