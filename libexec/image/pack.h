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

typedef int pack_put(void *ctx, const void *bytes, size_t n, struct err *e);

/* fd is lent, a folder.  `put` takes the bytes; -1 when it fails, having
 * filled e. */
int pack_folder(int fd, pack_put *put, void *ctx, struct err *e);

/* The same without the folder itself, whose owner and mode are nobody's business. */
int pack_entries(int fd, pack_put *put, void *ctx, struct err *e);

/* Piece by piece: each function but pack_end may be called any number of times, and
 * returns -1 with e, which is lent until the end, filled. */
struct packer *pack_begin(pack_put *put, void *ctx, struct err *e);
int pack_text(struct packer *p, const char *as, const char *text);
/* A file, or a folder with all that is in it. */
int pack_one(struct packer *p, int dir, const char *name, const char *as);
/* rc is what came of it all; so is the result. */
int pack_end(struct packer *p, int rc);

#endif
