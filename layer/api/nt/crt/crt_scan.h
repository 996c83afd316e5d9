/* crt_scan.h -- the scanf family: from characters and a format to variables.
 *
 * One engine for narrow and wide input, which gives back at most one unit.  Arguments are
 * slots of 8 bytes, as in crt_format.h.
 */
#ifndef LAYER_API_NT_CRT_CRT_SCAN_H
#define LAYER_API_NT_CRT_CRT_SCAN_H

#include "layer/api/nt/crt/crt.h"

enum {
	CRT_SCAN_SECURE = 1,            /* sizes follow the buffers of %s %c %[ */
	CRT_SCAN_LEGACY_WIDE = 2,       /* %s is wide in wide functions */
	CRT_SCAN_LEGACY_MSVCRT = 4,
};

struct crt_in {
	bool wide;
	int (*get)(struct crt_in *in);  /* a unit, or -1 */
	void (*unget)(struct crt_in *in, int unit);
};

/* How many were assigned; -1: the input ended before. */
int crt_scan(struct crt_in *in, uint64_t options, const void *format, const struct crt_locale *l,
             const uint64_t *args);

#endif
