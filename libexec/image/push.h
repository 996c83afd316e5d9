/* push.h -- an image from the store to a registry.
 */
#ifndef LIBEXEC_IMAGE_PUSH_H
#define LIBEXEC_IMAGE_PUSH_H

#include "base/err.h"
#include "img/image.h"
#include "libexec/image/options.h"

int push_command(struct image_store *s, const struct options *o, struct err *e);

#endif
