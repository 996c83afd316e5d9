/* import.h -- an image from files.
 *
 * SOURCE is an OCI layout (folder or tar), a docker-archive, a root tarball
 * (compressed or not; "-" is standard input) or a root folder: the bytes say
 * which.  A prefix says it too: oci:DIR[:TAG], oci-archive:FILE,
 * docker-archive:FILE, dir:DIR, tar:FILE.
 */
#ifndef LIBEXEC_IMAGE_IMPORT_H
#define LIBEXEC_IMAGE_IMPORT_H

#include "base/err.h"
#include "img/image.h"
#include "libexec/image/options.h"

int import_command(struct image_store *s, const struct options *o, struct err *e);

/* Unpack the layers of a layout so that it can be run from where it is; it
 * gets no name and its blobs stay there. */
int import_unpack(struct image_store *s, const struct options *o, struct err *e);

/* Take an image from a layout (of this tag; NULL: the only one) and give it the
 * name; NULL: the one that it has there, or one made from `fallback`. */
int import_layout(struct image_store *s, const struct options *o, const char *path,
                  const char *tag, const char *name, const char *fallback, struct err *e);

/* Print what came: the name for people, the digest for programs. */
void import_done(const struct options *o, const char *name, const char *digest);

/* A full name from what is at hand: "my rootfs.tar.gz" -> docker.io/library/my-rootfs:latest.
 * The caller's. */
char *import_name(const char *path);

#endif
