/* SPDX-License-Identifier: Apache-2.0 */
/* A seccomp profile from anybody: JSON to a filter program. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/json.h"
#include "fuzz/json_mutate.h"
#include "layer/os/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct err e = { 0 };
	struct filter *f = NULL;
	json_t *doc = json_parse((const char *)data, n, "fuzz", &e);

	if (!doc)
		return 0;
	if (filter_prepare(doc, n % 2 ? 0 : ~UINT64_C(0), -1, &f, &e) < 0) {
		if (!e.what[0] || f)
			abort();
	} else if (!f) {
		abort();
	}
	filter_free(f);
	json_decref(doc);
	return 0;
}
