/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot from anywhere: any bytes, read in memory and from a file, which must
 * agree; what is accepted to its end can be written again and is the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "core/pages.h"

enum { PAGES = SNAP_TAG('P', 'A', 'G', 'E'), MEMORY = 16 << 10 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Half of the inputs are taken as chunks without heads, so that a checksum need
 * not be guessed: kind, length, payload.  Kind 0 has its tag, length and checksum as
 * they come. */
static void
dress(struct buf *b, const uint8_t *data, size_t n)
{
	struct cur c = cur_of(data, n);
	buf_put(b, "JSTSNAP\2", 8);
	while (cur_left(&c) > 0) {
		uint8_t kind = cur_u8(&c), len = cur_u8(&c);
		size_t take = len < cur_left(&c) ? len : cur_left(&c);
		const uint8_t *p = cur_bytes(&c, take);
		if (kind != 0 && p) {
			static const uint32_t tags[] = { PAGES, SNAP_TAG('E', 'N', 'D', '.'), 0,
				                         1 };
			buf_u32(b, tags[kind % 4]);
			buf_u32(b, snap_crc(p, take));
			buf_u64(b, take);
		}
		if (p)
			buf_put(b, p, take);
	}
}

/* Take what comes; a sum of all that was read and how it ended. */
static uint32_t
drink(struct snap *s, uint8_t *memory, struct snap *copy)
{
	struct err e = { 0 };
	struct cur c;
	uint32_t tag, sum = 0;
	memset(memory, 0, MEMORY);
	while ((tag = snap_peek(s)) != 0) {
		int rc;
		if (tag == PAGES) {
			rc = pages_get(s, tag, 0, memory, MEMORY, &e);
			sum += snap_crc(memory, MEMORY);
		} else {
			rc = snap_get(s, tag, &c, &e);
			size_t left = cur_left(&c);
			const uint8_t *p = cur_bytes(&c, left);
			sum = sum * 31 + tag + snap_crc(p ? p : memory, p ? left : 0);
			if (rc == 0 && copy)
				snap_put(copy, tag, p, left, &e);
		}
		/* A failure without a sentence and advice tells nobody anything. */
		if (rc < 0 && (!e.what[0] || !e.hint[0]))
			abort();
		if (rc < 0)
			return sum;
	}
	if (snap_end(s, &e) == 0)
		return sum + 1;
	if (!e.what[0])
		abort();
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint8_t memory[MEMORY];
	struct buf b = { 0 };
	struct err e = { 0 };
	if (n > 0 && data[0] % 2 == 0)
		dress(&b, data + 1, n - 1);
	else if (n > 0)
		buf_put(&b, data + 1, n - 1);
	/* of that size, so that a sanitizer sees what lies behind it */
	uint8_t *bytes = xmalloc(b.n + 1);
	if (b.n)
		memcpy(bytes, b.p, b.n);
	struct snap *s = snap_of(bytes, b.n), *copy = snap_new();
	uint32_t in_memory = drink(s, memory, copy);
	snap_free(s);

	/* What was copied can be read. */
	snap_finish(copy, &e);
	s = snap_of(snap_bytes(copy)->p, snap_bytes(copy)->n);
	drink(s, memory, NULL);
	struct err bad = { 0 };
	if (snap_end(s, &bad) < 0)
		abort();
	snap_free(s);
	snap_free(copy);

	static int fd = -1;
	if (fd < 0)
		fd = memfd_create("snap", MFD_CLOEXEC);
	if (fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, bytes, b.n, 0) == (ssize_t)b.n) {
		s = snap_reader(fd, "fuzz", &e);
		/* Only the file is asked for its end before anything else. */
		if (s && drink(s, memory, NULL) != in_memory)
			abort();
		snap_free(s);
	}
	free(bytes);
	buf_free(&b);
	return 0;
}
