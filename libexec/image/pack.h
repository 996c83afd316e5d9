/* pack.h -- a folder as a tar stream.
 *
 * The form is pax with the attribute names that container tools read
 * (SCHILY.xattr).  Hard links, sparse files and all attributes but overlayfs's
 * own are kept; sockets are left out, as tar has no word for them.
 */
#ifndef LIBEXEC_IMAGE_PACK_H
#define LIBEXEC_IMAGE_PACK_H

#include <stddef.h>

#include "base/err.h"

/* fd is lent, a folder.  `put` takes the bytes; -1 when it fails, having
 * filled e. */
int pack_folder(int fd, int (*put)(void *ctx, const void *bytes, size_t n, struct err *e),
                void *ctx, struct err *e);

/* The same without the folder itself, whose owner and mode are nobody's business. */
int pack_entries(int fd, int (*put)(void *ctx, const void *bytes, size_t n, struct err *e),
                 void *ctx, struct err *e);

#endif
