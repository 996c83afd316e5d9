/* pull.h -- an image from a registry into the store.
 */
#ifndef LIBEXEC_IMAGE_PULL_H
#define LIBEXEC_IMAGE_PULL_H

#include "base/err.h"
#include "img/image.h"
#include "libexec/image/options.h"

int pull_command(struct image_store *s, const struct options *o, struct err *e);

#endif
