/* apply.h -- a tar stream becomes a folder.
 *
 * For a layer, names that begin with ".wh." are whiteouts (image-spec,
 * layer.md); for a plain root they are names.  The stream is hostile until its
 * digest is known, which is at its end: what it may cost is limited, and the
 * folder is a temporary one that the caller removes when this fails.
 */
#ifndef LIBEXEC_IMAGE_APPLY_H
#define LIBEXEC_IMAGE_APPLY_H

#include <archive.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "libexec/image/node.h"

struct apply_limits {
	int64_t bytes;          /* contents of all files, holes not counted */
	int64_t room;           /* what the disk has free for them */
	int64_t file;           /* the length of one file, holes counted */
	int64_t entries;
	int64_t devices;
};

struct apply {
	int root;                       /* lent; the folder, empty */
	bool layer;                     /* whiteouts are whiteouts */
	struct node_policy policy;
	struct apply_limits limits;
	const atomic_bool *stop;        /* lent; give up (NULL: never) */

	/* what came of it */
	int64_t bytes, entries, devices;
};

/* The limits for a stream of `compressed` bytes onto the file system of root. */
struct apply_limits apply_limits(int root, int64_t compressed);

/* Read the archive to its end mark. */
int apply_archive(struct apply *p, struct archive *a, struct err *e);

#endif
