/* subid.h -- being root among one's own ids.
 *
 * A user with ranges in /etc/subuid and /etc/subgid owns files of many ids, but
 * may only make and remove them inside a user namespace that maps these:
 * 0 is the user, 1.. are the range, as a rootless container sees them.
 * newuidmap and newgidmap write the maps and check the ranges.
 */
#ifndef IMG_SUBID_H
#define IMG_SUBID_H

#include <stdbool.h>

#include "base/err.h"

/* Is this user not root, and are there ranges and programs for it? */
bool subid_possible(void);

/* Go into such a namespace for good.  Only while there is one thread. */
int subid_enter(struct err *e);

/* Run fn in a child that is in such a namespace.  Its error comes back. */
int subid_run(int (*fn)(void *ctx, struct err *e), void *ctx, struct err *e);

#endif
