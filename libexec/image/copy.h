/* copy.h -- files between a machine and the outside (joist cp).
 *
 * A machine's path is looked up with the machine's root as the top and without
 * /proc's links, and every folder is gone through by descriptor without
 * following links: what the guest does meanwhile leads nowhere else.
 */
#ifndef LIBEXEC_IMAGE_COPY_H
#define LIBEXEC_IMAGE_COPY_H

#include "base/err.h"
#include "img/image.h"
#include "libexec/image/options.h"

int copy_command(struct image_store *s, const struct options *o, struct err *e);

#endif
