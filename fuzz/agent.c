/* SPDX-License-Identifier: Apache-2.0 */
/* agent.c -- what a guest's agent is told, and what a guest tells us: frames and requests. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "libexec/agent/request.h"
#include "libexec/agent/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct wire w = { .fd = -1 };
	struct frame f;
	size_t total = 0;
	/* the bytes come in two pieces, and the first may end anywhere */
	size_t cut = n ? data[0] % n : 0;
	buf_put(&w.in, data, cut);
	for (int part = 0; part < 2; part++) {
		while (wire_next(&w, &f) > 0) {
			struct request r;
			struct err e = { 0 };
			total += f.n;
			if (total > n)
				abort();
			request_read(&r, (const char *)f.p, f.n, &e);
			request_free(&r);
		}
		if (part == 0)
			buf_put(&w.in, data + cut, n - cut);
	}
	buf_free(&w.in);
	return 0;
}
