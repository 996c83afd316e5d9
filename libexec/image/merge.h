/* merge.h -- what overlayfs would show, as a copy.
 *
 * For hosts where overlayfs is refused.  Layers are laid over each other from
 * the lowest up; whiteouts and opaque folders do what they say.  A container
 * may have written the uppermost: no link in it is followed.
 */
#ifndef LIBEXEC_IMAGE_MERGE_H
#define LIBEXEC_IMAGE_MERGE_H

#include "base/err.h"

/* Lay the folder `from` over `to`; both are lent descriptors. */
int merge_layer(int from, int to, struct err *e);

#endif
