/* bundle.h -- images in one tar file: docker-archive and OCI layout.
 *
 * The file is laid out in a temporary folder of the store as an OCI layout
 * (names from strangers choose nothing there: only expected members are
 * taken, into names of ours) and then imported like one.
 */
#ifndef LIBEXEC_IMAGE_BUNDLE_H
#define LIBEXEC_IMAGE_BUNDLE_H

#include "base/err.h"
#include "img/image.h"
#include "libexec/image/options.h"

enum { BUNDLE_ROOT, BUNDLE_ARCHIVE, BUNDLE_MACHINE };

/* What does a tar file hold?  -1: it is none. */
int bundle_kind(int fd, const char *path, struct err *e);

/* Put what a pipe brings into a file without a name; fd is taken over. */
int bundle_spool(struct image_store *s, int fd, struct err *e);

int bundle_import(struct image_store *s, const struct options *o, int fd, const char *path,
                  const char *name, struct err *e);

#endif
