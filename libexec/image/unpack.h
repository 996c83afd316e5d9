/* unpack.h -- a compressed layer becomes a folder that overlayfs can use.
 *
 * Three things go on at once: the feed is filled (by whoever fills it), one
 * thread inflates, and the caller's thread hashes the tar stream, reads it and
 * makes files.  The folder gets its name, and its place in the store, only
 * when all of it is on the disk and the digest of the tar stream is right;
 * before that it is a temporary one, removed on any failure.
 */
#ifndef LIBEXEC_IMAGE_UNPACK_H
#define LIBEXEC_IMAGE_UNPACK_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/err.h"
#include "img/image.h"
#include "libexec/image/apply.h"
#include "libexec/image/feed.h"

struct archive;

/* Unpack a layer of `compressed` bytes.  diff_id is what the tar stream's
 * digest must be, or "" and receives it. */
int unpack_layer(struct image_store *s, struct feed *f, int64_t compressed, char diff_id[80],
                 const atomic_bool *stop, struct err *e);

/* The same into any folder, without taking a place in the store. */
int unpack_into(struct apply *p, struct feed *f, char diff_id[80], struct err *e);

/* A reader of tar, and nothing but tar, that takes its bytes from `read`. */
struct archive *unpack_tar_reader(void *ctx,
                                  ssize_t (*read)(struct archive *, void *, const void **));

/* A temporary folder in layers/ with an empty "fs" in it: its path below the
 * store (the caller's), and "fs" open in *fd. */
char *unpack_temporary(struct image_store *s, int *fd, struct err *e);

/* Put a temporary folder whose contents are `bytes` in place as diff_id. */
int unpack_place(struct image_store *s, const char *temporary, const char *diff_id, int64_t bytes,
                 int64_t entries, struct err *e);

#endif
