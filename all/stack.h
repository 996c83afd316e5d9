/* stack.h -- floors that stand in a floor: --in os/win, os/wasm.
 *
 * A stack is no layer: the outermost floor is given our own binary as its first program, told
 * to run the same artifact in the floors that are left, as the user would tell it.  Neither
 * floor knows.  What the user asked of the machine (limits, network, life) is asked of the
 * outer floor; what he asked of the program goes inwards; the files that it may see are shown
 * in both.
 */
#ifndef ALL_STACK_H
#define ALL_STACK_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

struct artifact;
struct store;

/* Is it a name of more than one floor? */
bool stack_is(const char *in);

/* The request for the outermost floor of "os/win": a new object; NULL: no such stack, or the
 * artifact is no file. */
json_t *
stack_request(struct store *s, const struct artifact *a, const json_t *request, struct err *e);

#endif
