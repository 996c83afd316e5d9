/* manifest.h -- the documents of an image: index, manifest, configuration.
 *
 * They come from strangers.  What these functions return has been checked: a
 * digest is a digest, a size is not negative, numbers of layers are bounded and
 * agree with each other.  OCI image-spec 1.1 and Docker's "schema 2" are read;
 * strings are lent by the documents.
 */
#ifndef IMG_MANIFEST_H
#define IMG_MANIFEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	MANIFEST_MOST = 4 << 20,        /* bytes of a document, as registries limit it */
	MANIFEST_LAYERS = 500,          /* overlayfs takes no more */
};

#define MEDIA_INDEX "application/vnd.oci.image.index.v1+json"
#define MEDIA_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_CONFIG "application/vnd.oci.image.config.v1+json"
#define MEDIA_LAYER "application/vnd.oci.image.layer.v1.tar"
#define MEDIA_LIST_2 "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_MANIFEST_2 "application/vnd.docker.distribution.manifest.v2+json"

/* descriptor.md */
struct descriptor {
	const char *media;      /* never NULL, perhaps "" */
	const char *digest;
	int64_t size;
	const json_t *json;     /* all of it */
};

struct platform {
	char os[32], arch[32], variant[32];     /* variant may be "" */
};

struct manifest {
	json_t *doc;                    /* own */
	struct descriptor config;
	struct descriptor *layers;      /* own; lowest first */
	size_t nlayers;
};

/* What the running kernel is called: linux/amd64. */
struct platform manifest_host(void);

/* "linux/arm64/v8", "arm64" too.  NULL is the host. */
int manifest_platform(const char *text, struct platform *p, struct err *e);
const char *manifest_platform_text(const struct platform *p, char buf[100]);

/* Read one descriptor; `what` names it in errors. */
int manifest_descriptor(const json_t *o, const char *what, struct descriptor *d, struct err *e);

/* Is this an index (a list of manifests), whatever its media type says? */
bool manifest_is_index(const json_t *doc);

/* The member of an index for a platform.  ENOENT: the hint names those that
 * there are. */
int manifest_pick(const json_t *index, const struct platform *p, struct descriptor *d,
                  struct err *e);

/* Does this descriptor's platform fit?  0 no, more is better, 1 unknown. */
int manifest_fits(const json_t *descriptor, const struct platform *p);

/* Take over a manifest (also when it fails). */
int manifest_of(json_t *doc, struct manifest *m, struct err *e);
void manifest_free(struct manifest *m);

/* The diff ids of a configuration, lowest first: n of them, which must be the
 * number of the manifest's layers.  The caller frees the list, the texts are
 * lent. */
int manifest_diff_ids(const json_t *config, size_t n, const char ***ids, struct err *e);

#endif
