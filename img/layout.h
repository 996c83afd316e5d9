/* layout.h -- a folder in the form of an OCI image layout (image-layout.md).
 *
 * Our own store of images is one, and so is what `joist run oci:DIR` is given.
 * index.json is only ever replaced as a whole: a reader needs no lock.  Who
 * changes it holds layout_lock from reading to saving.  A blob is only ever
 * renamed into place complete, so one that is there is whole.
 */
#ifndef IMG_LAYOUT_H
#define IMG_LAYOUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "img/manifest.h"

#define LAYOUT_REF "org.opencontainers.image.ref.name"

struct layout {
	char *path;             /* own */
	int dir;                /* own */
};

/* Open a layout; with `make` a missing one is made.  On failure l owns nothing. */
int layout_open(struct layout *l, const char *path, bool make, struct err *e);
void layout_close(struct layout *l);

/* index.json; an absent one is an empty index.  The caller's. */
json_t *layout_index(const struct layout *l, struct err *e);

/* Exclusive among all who change the index; close the descriptor to let go. */
int layout_lock(const struct layout *l, struct err *e);
int layout_save(const struct layout *l, const json_t *index, struct err *e);

/* "blobs/sha256/<hex>" of a valid digest. */
const char *layout_blob(const char *digest, char buf[80]);

/* Is a blob there, of that size (-1: of any)? */
bool layout_has(const struct layout *l, const char *digest, int64_t size);

/* A blob that is a JSON document; `what` names it in errors. */
json_t *layout_json(const struct layout *l, const char *digest, const char *what, struct err *e);

/* Find the manifest for a platform: that named `tag`, or the only one when tag
 * is NULL.  Indexes within the index are followed.  The text is the caller's. */
char *layout_find(const struct layout *l, const char *tag, const struct platform *p,
                  struct err *e);

/* Follow indexes from a descriptor down to a manifest's digest; likewise. */
char *layout_follow(const struct layout *l, const struct descriptor *d, const struct platform *p,
                    struct err *e);

#endif
