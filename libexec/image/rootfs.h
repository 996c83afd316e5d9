/* rootfs.h -- an image of one layer, from a root tarball or a root folder.
 *
 * The layer is kept gzip-compressed, as every tool and registry takes it; a
 * tarball that is gzip or zstd already is kept as it is.
 */
#ifndef LIBEXEC_IMAGE_ROOTFS_H
#define LIBEXEC_IMAGE_ROOTFS_H

#include "base/err.h"
#include "img/image.h"
#include "libexec/image/options.h"

/* fd is lent; name NULL: made from the path. */
int rootfs_tarball(struct image_store *s, const struct options *o, int fd, const char *name,
                   const char *path, struct err *e);
int rootfs_folder(struct image_store *s, const struct options *o, int fd, const char *name,
                  const char *path, struct err *e);

#endif
