/* listing.h -- what the store of images holds, as JSON.
 *
 * A broken image is listed with what is wrong with it and hinders no other.
 */
#ifndef IMG_LISTING_H
#define IMG_LISTING_H

#include <jansson.h>

#include "base/err.h"
#include "img/image.h"

/* A list of objects, one per name and platform: name (short), digest, id (12
 * digits of it), platform, created (RFC 3339), size (bytes of its blobs),
 * unpacked (bytes on disk), layers (how many), machines (names of those that
 * use it), broken (a sentence; only when it is).  filter (NULL: all) is a
 * name, a name without its tag, or the beginning of an id. */
json_t *listing_all(struct image_store *s, const char *filter, struct err *e);

/* All that is known of one: names, digest, platform, manifest, config, layers
 * (digest, id, size, unpacked), machines. */
json_t *listing_one(struct image_store *s, const char *text, struct err *e);

#endif
