/* SPDX-License-Identifier: Apache-2.0 */
/* registry.c -- the registry's log: records out of any bytes stay within them. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/registry/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t *p = malloc(n ? n : 1);
	struct registry_record r;
	size_t at = 0, k;
	unsigned sum = 0;
	if (!p)
		return 0;
	memcpy(p, data, n);
	for (; (k = registry_log_parse(p + at, n - at, &r)); at += k) {
		if (k > n - at)
			abort();
		for (size_t i = 0; i < r.path_length; i++)
			sum += r.path[i];
		for (size_t i = 0; i < r.name_length; i++)
			sum += r.name[i];
		for (size_t i = 0; i < r.size; i++)
			sum += r.data[i];
	}
	free(p);
	return sum == 0x7fffffff;
}
