/* arith.h -- the arithmetic of set /a: 32 bits that wrap, C's operators and precedence, and
 * names that are variables (0 when they are undefined or no number).
 */
#ifndef LAYER_API_CMD_ARITH_H
#define LAYER_API_CMD_ARITH_H

#include "layer/api/cmd/wtext.h"

struct arith {
	void *ctx;
	WCHAR *(*get)(void *ctx, const WCHAR *name);    /* the caller's, or NULL */
	void (*set)(void *ctx, const WCHAR *name, int32_t value);
};

/* 0, or an exit code with *why (lent).  Assignments that came before an error stay. */
int32_t arith_run(const struct arith *a, const WCHAR *expression, int32_t *value, const char **why);

#endif
