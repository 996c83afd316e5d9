/* save.h -- an image of the store in the forms that other tools read.
 */
#ifndef LIBEXEC_IMAGE_SAVE_H
#define LIBEXEC_IMAGE_SAVE_H

#include <stddef.h>

#include "base/err.h"
#include "img/image.h"
#include "libexec/image/options.h"

typedef int save_fn(void *ctx, const void *bytes, size_t n, struct err *e);

/* o->args[0] names the image, o->platform its platform. */
int save_oci(struct image_store *s, const struct options *o, save_fn *put, void *ctx,
             struct err *e);
int save_docker(struct image_store *s, const struct options *o, save_fn *put, void *ctx,
                struct err *e);

/* An OCI layout folder, made or added to. */
int save_folder(struct image_store *s, const struct options *o, const char *path, struct err *e);

#endif
