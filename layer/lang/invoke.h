/* invoke.h -- the function that a program is run for, its arguments and results. */
#ifndef LAYER_LANG_INVOKE_H
#define LAYER_LANG_INVOKE_H

#include "base/err.h"
#include "layer/lang/guest.h"

/* _start; or the function that --invoke names, or "main", whose arguments are the
 * command line's and whose results are printed. */
int invoke_find(struct guest *g, struct err *e);
void invoke_print(struct guest *g, const uint64_t *results);

#endif
