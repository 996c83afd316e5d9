/* intake.h -- an image comes into the store, wherever it comes from.
 *
 * A source (a registry, a layout) brings bytes; intake checks them, keeps them,
 * unpacks the layers while they come, several at a time, and gives the image
 * its name last.  A failure that is the network's (ECOMM) or the user's (EINTR)
 * keeps what came for the next time; after any other nothing new is left.
 */
#ifndef LIBEXEC_IMAGE_INTAKE_H
#define LIBEXEC_IMAGE_INTAKE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "img/image.h"
#include "img/manifest.h"
#include "libexec/image/blob.h"
#include "libexec/image/progress.h"

struct intake {
	struct image_store *store;      /* lent */
	bool quiet;
	const char *verb;               /* of what is done to a layer: "fetched" */

	/* Bring the bytes of a blob from b->have on; called by several threads. */
	int (*bring)(void *ctx, const struct descriptor *d, struct blob *b, struct progress_row *row,
	             struct err *e);
	void *ctx;
};

/* Take in all blobs of a manifest (its text and digest, which was checked):
 * configuration and layers, unpacked.  Returns the descriptor for image_tag. */
json_t *intake_manifest(struct intake *in, const char *text, size_t n, const char *digest,
                        struct err *e);

/* Only keep the blobs: the manifest of another platform. */
json_t *intake_foreign(struct intake *in, const char *text, size_t n, const char *digest,
                       struct err *e);

/* A descriptor for index.json; the platform is the configuration's (may be
 * NULL). */
json_t *intake_descriptor(const char *media, const char *digest, size_t n, const json_t *config);

/* After a failure: remove what came, unless it is worth keeping. */
void intake_failed(struct image_store *s, const struct err *e);

#endif
