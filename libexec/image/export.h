/* export.h -- images and machines' roots into files.
 */
#ifndef LIBEXEC_IMAGE_EXPORT_H
#define LIBEXEC_IMAGE_EXPORT_H

#include "base/err.h"
#include "img/image.h"
#include "libexec/image/options.h"

/* An image as OCI layout tar, docker-archive or OCI layout folder (--format
 * oci, docker, oci-dir); with --machine, or when a machine has that name, the
 * machine's root as a tar. */
int export_command(struct image_store *s, const struct options *o, struct err *e);

/* Copy a machine's layers and what it changed into its folder flat/, for hosts
 * where overlayfs is refused. */
int export_flatten(struct image_store *s, const struct options *o, struct err *e);

#endif
