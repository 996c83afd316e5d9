/* make.h -- from a request to a machine.
 *
 * The artifact says what it is, its image gives defaults, the request's flags
 * go over them, and the layer adds what its floor needs.  The result is a
 * whole OCI config.json; nothing of the request is needed after it.
 */
#ifndef ALL_MAKE_H
#define ALL_MAKE_H

#include <jansson.h>

#include "base/err.h"

struct joist;

/* -e and --env-file of a request, over an environment (also for exec). */
int make_env(json_t *env, const json_t *request, struct err *e);

/* Make a machine for `request`, whose members are the flags of `joist create`
 * and "artifact", "args".  An image that is not in the store is pulled unless
 * the request says pull=never.  *name (the caller's) is the machine's. */
int make_machine(struct joist *j, const json_t *request, char **name, struct err *e);

#endif
