/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration from an unknown bundle: config.json to struct spec. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "core/spec.h"
#include "fuzz/json_mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct err e = { 0 };
	json_t *doc = json_parse((const char *)data, n, "fuzz", &e);

	if (!doc)
		return 0;
	struct spec *s = spec_of(doc, n % 2 ? "/bundle" : NULL, "fuzz", &e);
	if (!s) {
		/* A failure without a sentence tells nobody anything. */
		if (!e.what[0])
			abort();
		return 0;
	}
	/* What was taken over can be used without asking again. */
	for (size_t i = 0; s->process.args && s->process.args[i]; i++)
		(void)strlen(s->process.args[i]);
	for (size_t i = 0; i < s->nmounts; i++)
		if (!s->mounts[i].dest)
			abort();
	for (size_t i = 0; i < s->ndevices; i++)
		if (s->devices[i].path[0] != '/')
			abort();
	spec_free(s);
	return 0;
}
