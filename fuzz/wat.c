/* SPDX-License-Identifier: Apache-2.0 */
/* A program in the text format: what is encoded is a module for the reader of binaries,
 * which may refuse it; as a script it is parsed and no more. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layer/lang/module.h"
#include "layer/lang/text/script.h"
#include "layer/lang/text/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* A failure has a sentence, which ends with a place. */
static void
check_error(const struct err *e)
{
	if (!strstr(e->what, " at "))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf b = { 0 };
	struct err e = { 0 };
	struct script s;
	struct script_item i;

	if (text_module((const char *)data, n, &b, &e) == 0) {
		/* (module binary) is no bytes at all */
		struct module *m = module_read(b.p ? b.p : data, b.n, &e);
		if (!m)
			check_error(&e);
		module_free(m);
	} else {
		check_error(&e);
		if (b.n)
			abort();
	}
	if (script_open(&s, (const char *)data, n, &e) == 0) {
		int more;
		while ((more = script_next(&s, &i, &e)) != 0)
			if (more < 0)
				check_error(&e);
		script_close(&s);
	}
	buf_free(&b);
	return 0;
}
