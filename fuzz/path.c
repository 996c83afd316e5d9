/* SPDX-License-Identifier: Apache-2.0 */
/* path.c -- names of files as programs write them: full paths, the host's, wildcards.  The first
 * byte says what is asked, the rest is UTF-16. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/file/dir.h"
#include "layer/api/nt/file/path.h"
#include "layer/api/nt/text/utf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
one(const WCHAR *w)
{
	/* below what is no folder: nothing can be made there */
	static struct drive drives[] = { { u'C', "/dev/null/c", false }, { u'Z', "", false } };
	WCHAR *full, *again;
	struct path p;
	birth.drives = drives;
	birth.ndrive = 2;
	birth.cwd = "/dev/null/at/all";
	if (path_full(w, &full) >= 0) {
		/* a full path is its own */
		if (path_full(full, &again) < 0)
			abort();
		free(again);
		free(full);
	}
	if (path_parse(w, &p) >= 0) {
		if (!p.host == !p.device || (p.host && p.root > strlen(p.host)))
			abort();
		/* nothing leads out of a drive */
		if (p.host && strstr(p.host, "/../"))
			abort();
		path_free(&p);
	}
	(void)path_kind(w);
	(void)path_device(w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 1 || n > 4096)
		return 0;
	size_t units = (n - 1) / 2;
	WCHAR *w = calloc(units + 1, sizeof *w);
	if (!w)
		return 0;
	memcpy(w, data + 1, units * 2);
	if (data[0] & 1) {
		size_t k = units ? data[0] % units : 0;
		(void)dir_match(w, k, w + k, units - k);
	} else {
		one(w);
		char *s = utf_narrow_n(w, units);
		WCHAR *back = s ? utf_wide(s) : NULL;
		free(back);
		free(s);
	}
	free(w);
	return 0;
}
