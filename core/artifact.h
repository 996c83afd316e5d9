/* artifact.h -- the bytes to run: what are they?
 *
 * The artifact says what it is: by its first bytes (core/artifact.def), or by
 * what stands in its folder.  Nothing is run and nothing is believed because
 * of a file's name.
 */
#ifndef CORE_ARTIFACT_H
#define CORE_ARTIFACT_H

#include <stddef.h>

#include "base/err.h"

enum artifact_kind {
	ARTIFACT_UNKNOWN,       /* a file, but nothing that we know */
	ARTIFACT_IMAGE,         /* an image reference: not a path */
	ARTIFACT_LAYOUT,        /* oci:DIR, or a folder with oci-layout */
	ARTIFACT_BUNDLE,        /* a folder with config.json */
	ARTIFACT_FOLDER,        /* a root folder */
	ARTIFACT_FILE,          /* a file of a kind in artifact.def */
};

struct artifact {
	enum artifact_kind kind;
	char *name;             /* own: as given */
	char *path;             /* own: absolute path, or NULL for an image reference */
	char *tag;              /* own: of oci:DIR:TAG, or NULL */
	const char *type;       /* row of artifact.def: "wasm"; or of the folder: "bundle" */
	const char *about;      /* a sentence */
	const char *floor;      /* layer that would run it, or NULL */
	unsigned char head[512];
	size_t nhead;
};

/* Look at `name`.  A name with a '/' or '.' at its start, or with oci: before
 * it, is a path and must exist; another is a path if a file of that name with
 * known bytes is there, else an image reference. */
struct artifact *artifact_of(const char *name, struct err *e);
void artifact_free(struct artifact *a);

#endif
