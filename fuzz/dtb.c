/* SPDX-License-Identifier: Apache-2.0 */
/* A device tree of a user's: whatever is taken is one again with what we add to it, and
 * has room behind it. */
#include <libfdt.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "layer/hal/rv/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint8_t seed[32] = { 1, 2, 3 };
	struct err e = { 0 };
	struct buf out = { 0 };
	/* of that size, so that a sanitizer sees what lies behind it; aligned as a file is */
	void *file = xmalloc(n ? n : 1);
	if (n)
		memcpy(file, data, n);
	struct tree t = { .bootargs = n % 2 ? "console=ttyS0" : NULL,
		          .initrd = 0x88000000,
		          .initrd_end = 0x88000000 + n % 3,
		          .seed = n % 5 ? seed : NULL };
	int whole = tree_check(file, n, "fuzz", &e);
	int rc = tree_take(&t, file, n, "fuzz", &out, &e);
	if (rc < 0 && (!e.what[0] || !e.hint[0] || out.n))
		abort();
	if (rc == 0 && (whole < 0 || tree_check(out.p, out.n, "fuzz", &e) < 0))
		abort();
	if (rc == 0 && t.bootargs) {
		const char *line =
		        fdt_getprop(out.p, fdt_path_offset(out.p, "/chosen"), "bootargs", NULL);
		if (!line || strcmp(line, t.bootargs))
			abort();
	}
	buf_free(&out);
	free(file);
	return 0;
}
