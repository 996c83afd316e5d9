/* SPDX-License-Identifier: Apache-2.0 */
/* The small readers of text that flags and files go through. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cur.h"
#include "base/proc.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *s = xmalloc(n + 1), buf[40];
	uint64_t u;
	int64_t i;

	memcpy(s, data, n);
	s[n] = '\0';
	if (str_size(s, &u) && u > INT64_MAX)
		abort();
	if (str_duration(s, &i) && i < 0)
		abort();
	if (str_u64(s, 1000, &u) && u > 1000)
		abort();
	if (str_i64(s, -5, 5, &i) && (i < -5 || i > 5))
		abort();
	i = proc_time_parse(s);
	/* What we write, we read. */
	if (i >= 0 && proc_time_parse(proc_time_text(i, buf)) != i)
		abort();
	free(s);

	struct cur c = cur_of(data, n);
	while (!c.bad) {
		uint8_t k = cur_u8(&c);
		const uint8_t *p = cur_bytes(&c, k);
		if (p && k && p + k > data + n)
			abort();
		cur_u64(&c);
	}
	return 0;
}
