/* image.h -- the store of images.
 *
 *   images/          an OCI image layout: oci-layout index.json blobs/sha256/
 *   images/partial/  downloads that were cut off and can be resumed
 *   images/lock      who reads or adds holds it shared, who collects exclusive
 *   layers/ID/fs     a layer unpacked, ready to be a lowerdir; ID is the hex of
 *                    its diff id.  It is renamed into place complete.
 *
 * A name is the full spelling of ref.h in the descriptor's ref.name annotation;
 * one name may stand for several platforms.  What a machine uses is said by
 * its configuration's annotations dev.joist.image.digest and
 * dev.joist.image.layers (ids with commas, lowest first): collection never
 * takes these.  One broken image does not hinder the others.
 *
 * A struct image_store may be used by one thread at a time.
 */
#ifndef IMG_IMAGE_H
#define IMG_IMAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "img/layout.h"
#include "img/manifest.h"

struct image_store {
	char *root;             /* own; absolute path of the whole store */
	int dir;                /* own; of root */
	struct layout layout;   /* own; images/ */
	int lock;               /* own; images/lock, or -1 */
};

/* An image that is ready to run.  All own. */
struct image {
	char *name;             /* full spelling, or NULL when it was not asked for by name */
	char *digest;           /* of the manifest */
	json_t *manifest, *config;
	size_t nlayers;
	char **ids;             /* of the unpacked layers, lowest first; NULL-terminated */
	char **paths;           /* their folders, absolute; likewise */
	char *layers;           /* the ids with commas, for the annotation */
};

/* Open the store in folder `root` (made when missing).  On failure s owns
 * nothing. */
int image_store_open(struct image_store *s, const char *root, struct err *e);
void image_store_close(struct image_store *s);          /* lets go of the lock too */

/* Keep collectors away (many may), or be the only one.  Held until
 * image_release or image_store_close.  With `wait_ms` 0 it is tried once;
 * EBUSY when it stays taken.  image_share waits as long as it takes. */
int image_share(struct image_store *s, struct err *e);
int image_exclude(struct image_store *s, int wait_ms, struct err *e);
void image_release(struct image_store *s);

/* Find an image by name, by digest or by 6 or more first digits of its digest.
 * Takes the shared lock and keeps it: whoever makes a machine lets go
 * (image_release) only when its configuration is written.
 * ENOENT: it is not in the store (or not for this platform; platform NULL is
 * the host's).  ENODATA: it is there, but something of it is missing. */
int image_resolve(struct image_store *s, const char *text, const char *platform,
                  struct image *im, struct err *e);

/* The same for a layout outside of the store (tag may be NULL).  ENODATA: its
 * layers are not yet unpacked: run `joist-image unpack DIR[:TAG]` and ask again. */
int image_resolve_layout(struct image_store *s, const char *path, const char *tag,
                         const char *platform, struct image *im, struct err *e);
void image_free(struct image *im);

/* Find a digest by a name or id: the descriptor in the store's index, lent by
 * `index`.  ENOENT with the hint to pull. */
const json_t *image_lookup(const json_t *index, const char *text, const char *platform,
                           struct err *e);

/* Give the manifest described by `descriptor` (taken over; its ref.name is
 * set) the name; what had the name for the same platform loses it. */
int image_tag(struct image_store *s, const char *name, json_t *descriptor, struct err *e);

/* Where a layer is or will be: "layers/<hex>" of a diff id. */
const char *image_layer(const char *diff_id, char buf[80]);
bool image_has_layer(const struct image_store *s, const char *diff_id);

#endif
