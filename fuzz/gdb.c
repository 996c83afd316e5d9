/* SPDX-License-Identifier: Apache-2.0 */
/* A debugger of the worst kind: any bytes, in any pieces, to a computer of two harts.
 *
 * The first byte says how long the pieces are.  What it says is also said with checksums
 * put right, so that more comes through than is refused. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layer/hal/rv/debug.h"
#include "layer/hal/rv/gdb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define RAM UINT64_C(0x80000000)

enum { SIZE = 1 << 20 };

static struct board *board;
static struct rv *computer;

static void
unmake(void)
{
	rv_leave(computer);
	board_free(board);
	rv_free(computer);
}

static void
make(void)
{
	struct err e = { 0 };
	board = board_new(RAM, SIZE, &e);
	computer = board ? rv_new(board, 2, true, &e) : NULL;
	if (!computer || atexit(unmake))
		abort();
}

/* The sums of all packets, as they should be; *n is their length with what is between. */
static uint8_t *
corrected(const uint8_t *data, size_t *n)
{
	uint8_t *out = malloc(*n * 4 + 4), sum = 0;
	size_t k = 0;
	bool inside = false;
	for (size_t i = 0; i < *n; i++) {
		if (data[i] == '\n') { /* what seeds separate packets with */
			inside = true;
			sum = 0;
			out[k++] = '$';
		} else if (inside && data[i] == '#') {
			char text[4];
			snprintf(text, sizeof text, "#%02x", sum);
			memcpy(out + k, text, 3);
			k += 3;
			inside = false;
		} else {
			sum = (uint8_t)(sum + data[i]);
			out[k++] = data[i];
		}
	}
	*n = k;
	return out;
}

static void
tell(const uint8_t *data, size_t n, size_t piece)
{
	struct debug *d = debug_new(computer);
	struct gdb *g = gdb_new(computer);
	struct str answer = { 0 };
	bool here = true;
	for (size_t at = 0; here && at < n; at += piece) {
		size_t now = n - at < piece ? n - at : piece;
		enum debug_wish wish = gdb_says(g, data + at, now, &answer);
		for (unsigned turns = 0; wish != WISH_NOTHING; turns++) {
			if (wish == WISH_KILL || wish == WISH_LEAVE)
				here = false;
			if (!here)
				break;
			/* each time it goes on it is at rest again at once */
			if (turns < 8)
				gdb_rests(g, &answer);
			wish = gdb_says(g, NULL, 0, &answer);
		}
		if (answer.n > 64 << 20)
			abort();
		str_cut(&answer, 0);
	}
	gdb_ends(g, 0, &answer);
	gdb_free(g);
	debug_free(d);
	str_free(&answer);
	if (computer->debugger || computer->debug)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (!computer)
		make();
	if (!n)
		return 0;
	size_t piece = 1 + *data++;
	n--;
	tell(data, n, piece);
	uint8_t *right = corrected(data, &n);
	tell(right, n, piece);
	free(right);
	for (unsigned i = 0; i < 2; i++)
		hart_reset(computer->hart[i]);
	return 0;
}
