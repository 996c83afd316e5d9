/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel, firmware or initial RAM disk from anywhere.  What is taken lies in RAM, with
 * its entry inside; what is refused has a sentence, and says what to do.
 *
 * The first byte chooses: as a kernel, behind firmware, as firmware, or with what
 * follows packed by us, so that a checksum need not be guessed. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/arena.h"
#include "layer/hal/rv/loader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define RAM UINT64_C(0x80000000)
enum { SIZE = 4 << 20, BEHIND = 2 << 20 };

static void
pack(struct buf *b, const uint8_t *p, size_t n)
{
	z_stream z = { .next_in = (Bytef *)p, .avail_in = (uInt)n };
	if (deflateInit2(&z, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	size_t most = deflateBound(&z, n);
	z.next_out = buf_room(b, most);
	z.avail_out = (uInt)most;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	b->n = most - z.avail_out;
	deflateEnd(&z);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct bus *bus;
	struct err e = { 0 };
	struct buf b = { 0 };
	struct loaded l = { 0 };
	uint64_t at = 0, end = RAM + SIZE;
	if (!bus)
		bus = bus_new(RAM, SIZE, &e);
	if (!n)
		return 0;
	unsigned how = data[0] % 4;
	if (how == 3)
		pack(&b, data + 1, n - 1);
	else
		buf_put(&b, data + 1, n - 1);
	/* of that size, so that a sanitizer sees what lies behind it */
	uint8_t *file = xmalloc(b.n ? b.n : 1);
	if (b.n)
		memcpy(file, b.p, b.n);

	int rc = how == 2 ? loader_firmware(bus, file, b.n, "fuzz", &l, &e)
	                  : loader_kernel(bus, file, b.n, "fuzz", how == 1 ? RAM + BEHIND : RAM, &l,
	                                  &e);
	if (rc < 0 && (!e.what[0] || !e.hint[0]))
		abort();
	if (rc == 0 && (l.start < RAM || l.end > end || l.start >= l.end || l.entry < RAM ||
	                l.entry > end - 2 || l.entry % 2))
		abort();
	uint64_t above = rc == 0 ? l.end : RAM;
	rc = loader_high(bus, file, b.n, "fuzz", above, end, &at, &e);
	if (rc == 0 && (at < above || at > end || b.n > end - at || at % 4096 ||
	                (b.n && memcmp(bus_ram(bus, at, b.n), file, b.n))))
		abort();
	free(file);
	buf_free(&b);
	return 0;
}
