/* blob.h -- bytes on their way into the store.
 *
 * They are kept in images/partial/ until they are whole and their digest is
 * right; what was cut off stays there and is gone on with.  One process at a
 * time brings a blob in: a second one waits and then finds it done.
 */
#ifndef LIBEXEC_IMAGE_BLOB_H
#define LIBEXEC_IMAGE_BLOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "img/image.h"
#include "libexec/image/feed.h"
#include "libexec/image/hash.h"

struct blob {
	struct image_store *store;      /* lent */
	char digest[80];                /* "" while it is not known */
	int64_t size;                   /* -1 while it is not known */
	int64_t have;
	bool present;                   /* it is in the store: only read it */
	int fd, lock;                   /* own */
	char *partial;                  /* own; its path below the store */
	struct hash *hash;              /* own; of the first `have` bytes */
	struct feed *feed;              /* own; for who reads it meanwhile */
};

/* digest NULL: not known, nothing to go on with.  Waits for who else brings
 * it in.  On failure b owns nothing. */
int blob_open(struct blob *b, struct image_store *s, const char *digest, int64_t size,
              struct err *e);

/* More of it; more than its size is refused. */
int blob_write(struct blob *b, const void *bytes, size_t n, struct err *e);

/* Check it and put it into its place; the feed ends.  A wrong one is removed.
 * The digest is known after this. */
int blob_commit(struct blob *b, struct err *e);

/* Let go; what is not committed stays partial if its digest is known.  The
 * lock is kept until here. */
void blob_close(struct blob *b);

/* A small document: checked against digest (NULL: any; "digest" receives it). */
int blob_put(struct image_store *s, const void *bytes, size_t n, const char *digest, char out[80],
             struct err *e);

#endif
